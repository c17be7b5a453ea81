//! Rule files, read and judged.

use super::*;
use crate::rulebook::{
    resource::Resource,
    run::line,
    subject::container::{Container, Declared, Known, Prop},
    syntax::yaml,
    tree::{File, Listed},
};
use proptest::prelude::*;
use std::{collections::HashSet, sync::Arc};

const HEAD: &str = "[[rule]]\nid = \"x-a\"\ntitle = \"T\"\nseverity = \"error\"\nwhy = \"W\"\nfix = \"F\"\n";

fn rules(text: &str) -> CustomRules {
    let (rules, faults) = load(&[("r.toml", text)]);
    assert_eq!(faults, [], "{}", faults.first().map(ToString::to_string).unwrap_or_default());
    rules
}

/// The faults of a rule that begins with [`HEAD`]; six lines are before.
fn faults(rest: &str) -> Vec<String> {
    load(&[("r.toml", &format!("{HEAD}{rest}"))]).1.iter().map(ToString::to_string).collect()
}

fn object(text: &str) -> Resource {
    let spec = yaml::parse(text).expect("is YAML").remove(0);
    let text = |pointer: &str| spec.at(pointer).and_then(Node::as_str).unwrap_or_default().into();
    Resource {
        scope: Scope::Repo,
        kind: text("/kind"),
        api_version: "v1".into(),
        origin: "a.yaml".into(),
        namespace: text("/metadata/namespace"),
        name: text("/metadata/name"),
        file: Some("a.yaml".into()),
        spec: Arc::new(spec),
        observed_at: None,
        merged: None,
    }
}

fn told_of(rules: &CustomRules, subject: Subject<'_>) -> Vec<String> {
    let verdict = rules.judge(subject, Scope::Repo, &Policy::default(), Timestamp::UNIX_EPOCH);
    verdict.findings.iter().map(line).collect()
}

fn told(rest: &str, yaml: &str) -> Vec<String> {
    told_of(&rules(&format!("{HEAD}{rest}")), Subject::Resource(&object(yaml)))
}

fn file(path: &str, text: &str) -> File {
    let listed = Listed { path: path.into(), size_bytes: text.len() as u64, ..Listed::default() };
    File::new(listed, text.as_bytes(), &HashSet::new())
}

#[test]
fn the_examples_pass_their_own_cases() {
    let files = [
        ("labels.toml", include_str!("../../../examples/rules/labels.toml")),
        ("files.toml", include_str!("../../../examples/rules/files.toml")),
    ];
    let (rules, faults) = load(&files);
    assert_eq!(faults, []);
    let report = run_tests(&rules.rules);
    assert_eq!(report.failed(), 0, "{}", report.text());
    assert!(report.untested.is_empty() && report.results.len() >= 11, "{}", report.text());
}

#[test]
fn the_example_about_containers_passes_its_own_cases() {
    let (rules, faults) = load(&[("registry.toml", include_str!("../../../examples/rules/registry.toml"))]);
    assert_eq!(faults, []);
    let report = run_tests(&rules.rules);
    assert_eq!(report.failed(), 0, "{}", report.text());
}

#[test]
fn findings_are_at_the_value_and_keep_their_identity() {
    let rule = "[[rule.match]]\npointer = \"/spec/replicas\"\nmax = 3\nmessage = \"{kind} {name}: {value}\"";
    assert_eq!(told(rule, "kind: A\nmetadata: {name: b}\nspec:\n  replicas: 5\n"), ["a.yaml:4:13 A b: 5"]);
    assert_eq!(told(rule, "kind: A\nspec:\n  replicas: 2\n"), [""; 0]);
    let rules = rules(&format!("{HEAD}{rule}"));
    let judged = |text: &str| {
        let object = object(text);
        let mut found =
            rules.judge(Subject::Resource(&object), Scope::Repo, &Policy::default(), Timestamp::UNIX_EPOCH).findings;
        found.remove(0)
    };
    let first = judged("kind: A\nspec: {replicas: 5}\n");
    assert_eq!((first.check.as_str(), first.level, first.title.as_str()), ("x-a", Level::Error, "T"));
    assert_eq!((first.expected.as_str(), first.fix.as_str(), first.rule()), ("at most 3", "F", 0));
    assert_eq!(first.fingerprint, judged("# a line\n\nkind: A\nspec: {replicas: 5}\n").fingerprint);
    assert_ne!(first.fingerprint, judged("kind: A\nspec: {replicas: 6}\n").fingerprint);
}

#[test]
fn a_missing_field_is_unknown_and_not_a_pass() {
    let rule = "assert = \"object.spec.replicas < 5\"";
    assert_eq!(told(rule, "kind: A\nspec: {replicas: 2}\n"), [""; 0]);
    assert_eq!(told(rule, "kind: A\nspec: {replicas: 9}\n"), ["a.yaml:1:1 T"]);
    assert_eq!(
        told(rule, "kind: A\nspec: {}\n"),
        ["? a.yaml:1:1 there is no «replicas»; ask `has(….replicas)` first if it may be missing"]
    );
    assert_eq!(
        told("assert = \"spec.replicas\"", "kind: A\nspec: {replicas: 2}\n"),
        ["? a.yaml:1:1 the assertion gives a int, not true or false"]
    );
    assert_eq!(told("assert = \"spec == spec\"", "kind: A\n"), ["? a.yaml:1:1 the object has no spec"]);
}

#[test]
fn what_is_not_known_is_unknown() {
    let node = Node { span: None, data: crate::rulebook::syntax::node::Data::Opaque("${N}".into()) };
    let mut object = object("kind: A\nspec: {n: 1, m: 1}\nlabels: {}\n");
    let spec = Arc::make_mut(&mut object.spec);
    let crate::rulebook::syntax::node::Data::Map(entries) = &mut spec.data else { panic!("a map") };
    for entry in Arc::make_mut(entries).iter_mut().filter(|entry| entry.key == "spec") {
        let crate::rulebook::syntax::node::Data::Map(inner) = &mut entry.value.data else { panic!("a map") };
        Arc::make_mut(inner)[0].value = node.clone();
    }
    let told = |rest: &str| told_of(&rules(&format!("{HEAD}{rest}")), Subject::Resource(&object));
    let unknown = ["? a.yaml:1:1 it depends on «${N}», which cannot be known from here"];
    for source in
        ["spec.n == 1", "1 == spec.n", "'a' != spec.n", "spec.n in [1, 2]", "[spec.n] == [1]", "spec.n.all(x, x)"]
    {
        assert_eq!(told(&format!("assert = \"{source}\"")), unknown, "{source}");
    }
    for source in ["spec.m == 1", "has(spec.n)", "spec.m == 1 || spec.n == 2", "size(spec) == 2", "'n' in spec"] {
        assert_eq!(told(&format!("assert = \"{source}\"")), [""; 0], "{source}");
    }
    for source in ["spec.n < 5", "spec.n.startsWith('a')"] {
        assert!(told(&format!("assert = \"{source}\""))[0].starts_with("? "), "{source}");
    }
    assert_eq!(
        told("[[rule.match]]\npointer = \"/spec/n\"\nmax = 1"),
        ["? a.yaml:2:8 «${N}» cannot be known from here"]
    );
    assert_eq!(told("[[rule.match]]\npointer = \"/spec/n\"\nexists = true"), [""; 0]);
}

#[test]
fn containers_are_judged_by_their_fields() {
    let object =
        object("kind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n    - name: web\n      image: nginx\n");
    fn prop<T>(value: Known<T>, pointer: &str) -> Prop<T> {
        Prop { value, pointer: format!("/spec/containers/0{pointer}") }
    }
    let absent = || prop(Known::Absent, "/securityContext");
    let container = Container {
        cpu_request_cores: Prop { value: Known::Absent, pointer: String::new() },
        resource: &object,
        pointer: "/spec/containers/0".into(),
        declared: Declared::Pod,
        name: "web".into(),
        is_init: false,
        is_batch: false,
        image: prop(Known::Is("nginx".into()), "/image"),
        is_built: false,
        user: prop(Known::Unknown, "/user"),
        run_as_non_root: absent(),
        privileged: absent(),
        health_check: absent(),
        health: None,
        memory_limit_bytes: prop(Known::Is(5_000), "/resources/limits/memory"),
        memory_request_bytes: prop(Known::Absent, "/resources"),
        cpu_limit_cores: prop(Known::Is(0.5), "/resources"),
        pids_limit: prop(Known::Absent, ""),
        gpus: prop(Known::Absent, ""),
        host_network: absent(),
        host_pid: absent(),
        host_ipc: absent(),
        host_mounts: Vec::new(),
        capabilities_added: vec![prop(Known::Is("SYS_ADMIN".into()), "/name")],
        capabilities_dropped: Vec::new(),
        allow_privilege_escalation: absent(),
        seccomp: prop(Known::Absent, ""),
        read_only_root: absent(),
        environment: vec![("A".into(), prop(Known::Is("b".into()), "/env/0/value"))],
        ports: Vec::new(),
        command: Vec::new(),
    };
    let told = |rest: &str| {
        let rules = rules(&format!("{HEAD}{rest}\n[rule.select]\nsubject = \"container\"\n"));
        told_of(&rules, Subject::Container(&container))
    };
    assert_eq!(told("match = [{field = \"image\", matches = \":\"}]"), ["a.yaml:6:14 nginx"]);
    assert_eq!(told("match = [{pointer = \"/image\", matches = \":\"}]"), ["a.yaml:6:14 nginx"]);
    assert_eq!(told("match = [{field = \"user\", equals = \"1000\"}]").len(), 1);
    assert!(told("match = [{field = \"user\", equals = \"1000\"}]")[0].starts_with("? "));
    assert_eq!(told("match = [{field = \"pids_limit\", exists = true}]"), ["a.yaml:5:7 (absent)"]);
    let added = "match = [{field = \"capabilities_added\", each = \"\", not-in = [\"SYS_ADMIN\"]}]";
    assert_eq!(told(added), ["a.yaml:5:13 SYS_ADMIN"]);
    assert_eq!(told("match = [{field = \"environment\", each = \"\", equals = \"c\"}]"), ["a.yaml:5:7 b"]);
    assert_eq!(told("assert = \"container.memory_limit_bytes > 4000 && container.image == 'nginx'\""), [""; 0]);
    assert_eq!(told("assert = \"name == 'web' && container.name in ['a']\"\nmessage = \"{image} {user}\"").len(), 1);
    assert!(told("assert = \"container.pids_limit > 1\"")[0].contains("there is no «pids_limit»"));
    assert_eq!(told("assert = \"!has(container.pids_limit)\""), [""; 0]);
}

#[test]
fn files_are_judged_by_text_line_and_pointer() {
    let head = |rest: &str| format!("{HEAD}{rest}\n[rule.select]\nsubject = \"file\"\npath = \"*\"\n");
    let told = |rest: &str, file: &File| told_of(&rules(&head(rest)), Subject::File(file));
    let script = file("a/b.sh", "#!/bin/sh\nécho prod\n");
    assert_eq!(told("match = [{field = \"line\", not-matches = \"pro.\"}]", &script), ["a/b.sh:2:6 écho prod"]);
    assert_eq!(
        told("match = [{field = \"text\", not-matches = \"prod\"}]", &script),
        ["a/b.sh:2:6 #!/bin/sh·écho prod·"]
    );
    assert_eq!(
        told("match = [{field = \"folder\", equals = \"a\"}, {field = \"extension\", equals = \"sh\"}]", &script),
        [""; 0]
    );
    assert_eq!(
        told("assert = \"lines[0].startsWith('#!') && size(lines) == 2 && file.kind == 'shell'\"", &script),
        [""; 0]
    );
    assert_eq!(told("match = [{pointer = \"/a\", exists = true}]", &script).len(), 1);
    let values = file("v.yaml", "a: 1\n---\nb: 2\n");
    assert_eq!(told("match = [{pointer = \"/a\", equals = 2}]", &values), ["v.yaml:1:4 1", "v.yaml:3:1 (absent)"]);
    assert_eq!(told("assert = \"documents.exists(d, has(d.b) && d.b == 2)\"", &values), [""; 0]);
    let binary = file("x.bin", "\0\0");
    assert!(told("match = [{field = \"line\", not-matches = \"a\"}]", &binary)[0].starts_with("? "));
    assert!(told("assert = \"text != ''\"", &binary)[0].starts_with("? "));
    let long = file("l.sh", &"a\n".repeat(5_000));
    assert_eq!(told("match = [{field = \"line\", not-matches = \"a\"}]", &long).len(), 101);
}

#[test]
fn secrets_are_not_shown() {
    // The detector is the rule book's; here only that it is asked, by both names.
    let text = message::shown("DB_PASSWORD", Some(&Node::from(serde_json::json!("x"))));
    let hidden = crate::model::secrets::of_pair("DB_PASSWORD", "x").is_some();
    assert_eq!(text, if hidden { "(hidden)" } else { "x" });
}

#[test]
fn parameters_are_set_by_the_policy() {
    let rules = rules(&format!("{HEAD}assert = \"spec.n <= params.most\"\n[rule.params]\nmost = 3\n"));
    let object = object("kind: A\nspec: {n: 5}\n");
    let policy: Policy = toml::from_str("[checks.x-a]\nmost = 7\nother = 1\n").expect("is a policy");
    let found = |policy: &Policy| rules.judge(Subject::Resource(&object), Scope::Repo, policy, Timestamp::UNIX_EPOCH);
    assert_eq!((found(&Policy::default()).findings.len(), found(&policy).findings.len()), (1, 0));
    assert_eq!(found(&policy).passed, 1);
    assert_eq!(rules.find("x-a").expect("is there").parameters().collect::<Vec<_>>(), ["most"]);
}

#[test]
fn selection() {
    let of = |select: &str, object: &Resource, scope| {
        let rules = rules(&format!("{HEAD}match = [{{pointer = \"/x\", exists = true}}]\n[rule.select]\n{select}\n"));
        let verdict = rules.judge(Subject::Resource(object), scope, &Policy::default(), Timestamp::UNIX_EPOCH);
        verdict.findings.len()
    };
    let pod = object("kind: Pod\nmetadata: {name: web-1, namespace: shop, labels: {app: web}}\n");
    for select in [
        "",
        "kind = \"P*\"",
        "name = [\"web-*\"]",
        "namespace = \"shop\"",
        "labels = {app = \"w*\"}",
        "path = \"a.yaml\"",
    ] {
        assert_eq!(of(select, &pod, Scope::Repo), 1, "{select}");
    }
    for select in [
        "kind = \"Job\"",
        "name = \"!web-*\"",
        "labels = {app = \"x\"}",
        "labels = {b = \"*\"}",
        "path = \"k8s/**\"",
        "scope = [\"kube\"]",
    ] {
        assert_eq!(of(select, &pod, Scope::Repo), 0, "{select}");
    }
    assert_eq!(of("scope = [\"kube\"]", &pod, Scope::Kube), 1);
    assert_eq!(of("subject = \"container\"", &pod, Scope::Repo), 0);
}

#[test]
fn one_bad_rule_does_not_lose_the_others() {
    let good = |id: &str| format!("{}match = [{{pointer = \"/x\", exists = true}}]\n", HEAD.replace("x-a", id));
    let text = format!("{}{}{}", good("x-one"), good("x-two").replace("exists", "exsists"), good("x-three"));
    let (rules, faults) = load(&[("a.toml", &text), ("b.toml", &good("x-one")), ("c.toml", "[[rule\n")]);
    assert_eq!(rules.rules.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(), ["x-one", "x-three"]);
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(faults.len(), 3, "{faults:#?}");
    assert!(faults[0].starts_with("a.toml:14:27: x-two: unknown field `exsists`"), "{}", faults[0]);
    assert!(faults[0].ends_with("(did you mean «exists»?)"), "{}", faults[0]);
    assert!(
        faults[1].starts_with("b.toml:2:6: x-one: a second rule with this id; the first is in a.toml:2:6"),
        "{}",
        faults[1]
    );
    assert!(faults[2].starts_with("c.toml:1:"), "{}", faults[2]);
}

#[test]
fn faults_name_the_place_and_what_to_do() {
    let first = |rest: &str| faults(rest).into_iter().next().unwrap_or_default();
    assert_eq!(
        first("assert = \"spec.a == nme\""),
        "r.toml:7:21: x-a: assert: a resource has no «nme» (did you mean «name»?); \
        there are object, kind, api_version, namespace, name, metadata, spec, labels, annotations, path, params"
    );
    assert!(
        first("assert = '''\nname == 'a'\n  && foo()'''").starts_with("r.toml:9:"),
        "{}",
        first("assert = '''\nname == 'a'\n  && foo()'''")
    );
    assert!(
        first("assert = \"(name\"").starts_with("r.toml:7:16: x-a: assert: no CEL"),
        "{}",
        first("assert = \"(name\"")
    );
    assert!(first("assert = \"name.matches('(')\"").contains("unclosed group"));
    assert!(first("assert = \"name.matches(kind)\"").contains("written out"));
    assert!(first("assert = \"true\"\nmessage = \"äb {nme}\"").starts_with("r.toml:8:15: x-a: message: no «{nme}»"));
    assert!(first("match = [{pointer = \"spec.x\", exists = true}]").contains("did you mean «/spec/x»?"));
    assert!(first("match = [{pointer = \"/x\"}]").contains("says nothing of its value"));
    assert!(first("match = [{exists = true}]").contains("without `pointer`"));
    let fault = first("match = [{pointer = \"/x\", matches = \"(\"}]");
    assert!(fault.starts_with("r.toml:7:37: x-a: no regular expression"), "{fault}");
    assert!(first("").contains("says nothing that has to be so"));
    assert!(
        first("assert = \"true\"\n[[rule.test]]\nname = \"n\"\nexpect = \"pass\"").contains("without `yaml` or `file`")
    );
    assert!(
        first("assert = \"true\"\n[rule.select]\nkind = \"a[\"").starts_with("r.toml:9:8: x-a: «a[» is no pattern")
    );
    assert!(first("assert = \"true\"\n[rule.select]\nsubject = \"file\"\nkind = \"A\"").contains("use `path`"));
    assert!(first("assert = \"true\"\n[rule.select]\nsubject = \"file\"\nscope = [\"kube\"]").contains("\"repo\""));
    assert!(
        first("match = [{field = \"imge\", exists = true}]\n[rule.select]\nsubject = \"container\"")
            .contains("«image»")
    );
    let named = |id: &str| load(&[("r.toml", &format!("{}assert = \"true\"", HEAD.replace("x-a", id)))]).1.len();
    assert_eq!((named("11a"), named("x-"), named("x-A"), named("x-a--b"), named("x-a1-b")), (1, 1, 1, 1, 0));
    assert!(load(&[("r.toml", "rules = []")]).1[0].message.contains("did you mean «rule»?"));
    assert!(load(&[("r.toml", "rule = 1")]).1[0].message.contains("[[rule]]"));
}

#[test]
fn cases_that_come_out_otherwise_are_told() {
    let text = format!(
        "{HEAD}match = [{{pointer = \"/a\", equals = 1}}]\n[[rule.test]]\nname = \"wrong\"\nexpect = \"pass\"\nyaml = \"kind: A\"\n\
         [[rule.test]]\nname = \"count\"\nexpect = \"fail\"\ncount = 2\nyaml = \"kind: A\"\n\
         [[rule.test]]\nname = \"no kind\"\nexpect = \"fail\"\nyaml = \"a: 2\"\n\
         [[rule.test]]\nname = \"told kind\"\nexpect = \"pass\"\nkind = \"service\"\nyaml = \"a: 1\"\n\
         [[rule.test]]\nname = \"no yaml\"\nexpect = \"pass\"\nyaml = \"[\"\n"
    );
    let report = run_tests(&rules(&text).rules);
    let text = report.text();
    assert!(text.contains("FAIL  x-a: wrong (r.toml:9:8)\n      expected pass, came fail: (absent)"), "{text}");
    assert!(text.contains("expected 2 findings, came 1"), "{text}");
    assert!(text.contains("an object without `kind`"), "{text}");
    assert!(text.contains("cannot be read: line"), "{text}");
    assert!(text.contains("ok    x-a: told kind\n"), "{text}");
    assert!(text.contains("1 passed, 4 failed"), "{text}");
    assert!(
        run_tests(&rules(&format!("{HEAD}assert = \"true\"")).rules).text().contains("without a [[rule.test]]: x-a")
    );
}

#[test]
fn the_schema_knows_every_key() {
    let schema = serde_json::to_string(&schema()).expect("writes");
    for key in
        ["\"rule\"", "\"not-matches\"", "\"severity\"", "\"not-applicable\"", "\"subject\"", "\"each\"", "\"in\""]
    {
        assert!(schema.contains(key), "{key} in {schema}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in ".{0,200}", source in "[ -~\n]{0,60}") {
        let _ = load(&[("r.toml", &text)]);
        let quoted = toml::Value::String(source).to_string();
        let _ = load(&[("r.toml", &format!("{HEAD}assert = {quoted}\nmessage = {quoted}\n"))]);
    }
}
