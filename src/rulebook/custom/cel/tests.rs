//! Assertions: what they are refused for, what they cost.

use super::*;
use crate::model::finding::Scope;
use crate::rulebook::{
    resource::Resource,
    syntax::node::{Data, Node},
    tree::{File, Listed},
};
use proptest::prelude::*;
use std::collections::HashSet;

fn resource(spec: serde_json::Value) -> Resource {
    Resource {
        scope: Scope::Kube,
        kind: "A".into(),
        api_version: "v1".into(),
        origin: "c".into(),
        namespace: "n".into(),
        name: "a".into(),
        file: None,
        spec: Arc::new(spec.into()),
        observed_at: None,
        merged: None,
    }
}

fn holds(source: &str, spec: serde_json::Value) -> Result<bool, String> {
    let assertion = Assertion::compile(source, Kind::Resource).map_err(|fault| fault.message)?;
    let resource = resource(spec);
    let params = Node::of(Data::Map([].into()));
    let variables = Variables {
        resource: Some(&resource),
        container: None,
        file: None,
        about_file: None,
        params: &params,
        names: &assertion.names,
    };
    assertion.holds(variables)
}

fn of_text(source: &str, text: &str) -> Result<bool, String> {
    let assertion = Assertion::compile(source, Kind::File).map_err(|fault| fault.message)?;
    let listed = Listed { path: "a.sh".into(), size_bytes: text.len() as u64, ..Listed::default() };
    let file = File::new(listed, text.as_bytes(), &HashSet::new());
    let about = crate::rulebook::custom::subject::of_file(&file);
    let params = Node::of(Data::Map([].into()));
    assertion.holds(Variables {
        resource: None,
        container: None,
        file: Some(&file),
        about_file: Some(&about),
        params: &params,
        names: &assertion.names,
    })
}

#[test]
fn the_language() {
    let spec = || serde_json::json!({"metadata": {"labels": {"team": "a", "x/y": "1"}}, "spec": {"c": [{"n": 1, "i": "r/x:1"}, {"n": 2, "i": "r/y"}]}});
    for source in [
        "labels.team == 'a' && labels['x/y'] == \"1\"",
        "spec.c.all(c, c.i.startsWith('r/'))",
        "spec.c.exists_one(c, c.i.contains(':'))",
        "spec.c.map(c, c.n) == [1, 2] && spec.c.filter(c, c.n > 1).size() == 1",
        "size(spec.c) == 2 && spec.c[1].n % 2 == 0",
        "spec.c.all(c, c.i.matches('^r/[a-z](:[0-9]+)?$'))",
        "spec.c.all(c, spec.c.exists(d, d.n == c.n))",
        "object.metadata.labels == labels && type(spec.c) == list && kind == 'A'",
        "!has(spec.d) && (has(spec.c) ? true : false) && 'team' in labels",
        "int('3') == 3 && string(4) == '4' && double(1) < 1.5",
        "annotations == {}",
        "labels.all(key, key != 'b')",
    ] {
        assert_eq!(holds(source, spec()), Ok(true), "{source}");
    }
    assert_eq!(holds("spec.d == 1 || true", spec()), Ok(true), "as CEL has it");
    assert!(holds("path == ''", spec()).expect_err("live").contains("no path"));
    assert!(holds("spec.c[9].n == 1", spec()).is_err());
    assert!(holds("spec.c + 1 == 2", spec()).is_err());
    assert!(holds("1 / 0 == 1", spec()).expect_err("division").contains("zero"));
}

#[test]
fn what_is_refused() {
    let refused = |source: &str| Assertion::compile(source, Kind::Resource).expect_err(source).message;
    assert!(refused(&" ".repeat(5_000)).contains("4096"));
    assert!(refused("[1].all(a, [1].all(b, [1].all(c, true)))").contains("nested deeper than 2"));
    assert!(refused("foo.bar == 1").contains("no «foo»"));
    assert!(refused("[1].all(a, true) && a == 1").contains("no «a»"));
    assert!(refused("timestamp('x') == 1").contains("no function"));
    assert!(refused("A{b: 1} == 1").contains("not known"));
    assert!(refused("spec.?a == 1").contains("no CEL"));
    assert!(refused("").contains("no CEL"));
    assert_eq!(Assertion::compile("name ==\n  'ä' && nme", Kind::Resource).expect_err("typo").offset, 18);
    let container = |source: &str| Assertion::compile(source, Kind::Container).expect_err(source).message;
    assert!(container("container.privilegd").contains("«privileged»"));
    let file = |source: &str| Assertion::compile(source, Kind::File).expect_err(source).message;
    assert!(file("name == 'a'").contains("a file has no «name»"));
}

#[test]
fn hostile_sources_do_not_reach_the_parser_or_the_end_of_a_stack() {
    for source in [
        "(".repeat(2_000) + &")".repeat(2_000),
        "1".to_owned() + &"+1".repeat(2_000),
        "1".to_owned() + &"+1".repeat(200) + " == 201",
        "[".repeat(20) + &"]".repeat(20) + " == []",
        "!".repeat(200) + "true",
        "-".repeat(200) + "1 == 1",
        "true".to_owned() + &" && true".repeat(120),
        "true".to_owned() + &" ? true : true".repeat(100),
        "{1:".repeat(20) + "1" + &"}".repeat(20) + " == {}",
        "object".to_owned() + &".a".repeat(240) + " == 1",
        "f(".repeat(2_000),
        "\"".repeat(4_000),
        "'''".repeat(1_000),
    ] {
        let judged =
            std::thread::Builder::new().stack_size(1 << 20).spawn(move || holds(&source, serde_json::json!({})));
        let _ = judged.expect("starts").join().expect("does not panic");
    }
}

#[test]
fn what_is_spent_takes_little_time() {
    let lines = "some text of a line that is not so short\n".repeat(20_000);
    for source in [
        "lines.all(a, !lines.exists(b, b != a && b == 'x')) || true",
        "lines.all(a, !text.contains(a + 'x')) || true",
        "[lines].map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x) == []",
        "[text].map(x, x + x + x + x + x).map(x, x + x + x + x + x).map(x, x + x + x + x + x).map(x, x + x + x + x) == []",
        "[lines].map(x, [x, x, x, x]).map(x, [x, x, x, x]).map(x, [x, x, x, x]).map(x, [x, x, x, x]) == []",
        "lines.map(a, lines).size() == 1",
        "lines.map(a, {'a': text, 'b': text + text}).size() == 1",
        "lines.filter(a, text.matches('(a|b|c)*d' )).size() == 1",
    ] {
        let started = clock();
        let judged = of_text(source, &lines);
        let took = started.elapsed();
        assert!(judged.is_err_and(|why| why.contains("too much work")), "{source}");
        // A build without optimisation on a busy machine; with it a tenth.
        assert!(took.as_secs() < 5, "{source}: {took:?}");
        eprintln!("{took:?} {source}");
    }
}

#[test]
fn ordinary_work_is_within_the_budget() {
    let lines = "some text of a line that is not so short\n".repeat(20_000);
    assert_eq!(of_text("lines.all(a, a.startsWith('some') && !a.contains('password'))", &lines), Ok(true));
    assert_eq!(of_text("!text.contains('x-y') && text.matches('line')", &lines), Ok(true));
    let pods: Vec<_> =
        (0..40).map(|n| serde_json::json!({"name": format!("c{n}"), "ports": [{"p": n}, {"p": n + 100}]})).collect();
    let spec = serde_json::json!({"spec": {"c": pods}});
    assert_eq!(holds("spec.c.all(a, spec.c.exists_one(b, a.name == b.name))", spec), Ok(true));
}

#[expect(clippy::disallowed_methods, reason = "the test is of the time that is taken")]
fn clock() -> std::time::Instant {
    std::time::Instant::now()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_source_is_judged_without_a_panic(source in "[a-z0-9 .()\\[\\]{}'\"+*=!<>&|?:,\\\\-]{0,40}") {
        let _ = holds(&source, serde_json::json!({"spec": {"a": 1}}));
    }

    #[test]
    fn what_is_put_together_is_judged_without_a_panic(parts in prop::collection::vec(prop::sample::select(vec![
        "spec", ".", "a", "(", ")", "[", "]", "1", "-", "'x'", "==", "&&", "||", "!", "in", "labels", "size(", ".all(x,", ".map(x, x)", "x",
        "?", ":", "has(", "9223372036854775807", "+", "*", "/", "%", "0", "1.5", "{'a':", "}", ",", "null", "true", "b'a'", "1u", "int(",
    ]), 0..14)) {
        let _ = holds(&parts.concat(), serde_json::json!({"spec": {"a": 1, "b": [1, {"c": null}]}}));
    }
}
