//! Tests of how runbooks are read.

use super::{BUILT_IN, Catalogue, Definition, Layer, Occasion, lint, read, schema};
use crate::{
    model::{
        finding::Level,
        object::{ObjectKind, ObjectRef},
    },
    runbook::sample::built_in,
};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

/// A sound runbook, which tests break in one place.
const SOUND: &str = r#"
title = "Put {{name}} right"
about = "for tests"

[target]
object = { context = "{{context}}", kind = "deployment", namespace = "shop", name = "{{name}}" }

[[variable]]
name = "context"
title = "context"

[[variable]]
name = "name"
title = "name"

[[variable]]
name = "key"
title = "key"
type = "secret"

[[preflight]]
id = "rollout"
title = "it is there"
ask = { kubernetes = "rollout" }
pin = ["uid"]
expect = [{ path = "exists", is = true }]

[[step]]
id = "confirm"
title = "confirm"
confirm = { text = "sure?" }

[[step]]
id = "restart"
title = "restart"
timeout = "30s"
kubernetes = "restart"
no-undo = "it cannot be undone"
[[step.verify]]
ask = { kubernetes = "rollout" }
within = "10m"
expect = [{ path = "available", same-as = "desired" }]
[step.observe]
ask = { kubernetes = "rollout" }
patience = "15s"
done = [{ path = "template_hash", is-not = "{{rollout.template_hash}}" }]

[[step]]
id = "look"
title = "look"
timeout = "30s"
http = { url = "https://example.com", headers = { authorization = "Bearer {{key}}" } }
expect = [{ path = "status", is = 200 }]

[[step]]
id = "which"
title = "which"
branch = { when = [{ value = "{{steps.look.status}}", is = 200 }], then = "end", else = "tell" }

[[step]]
id = "tell"
title = "tell"
note = "{{steps.look.status}}"
"#;

/// The faults after one replacement, as people read them.
fn broken(from: &str, to: &str) -> Vec<String> {
    assert!(SOUND.contains(from), "{from} is not in the sample");
    lint("runbooks/right.toml", &SOUND.replacen(from, to, 1)).iter().map(ToString::to_string).collect()
}

#[test]
fn the_sample_is_sound() {
    assert_eq!(lint("right.toml", SOUND), []);
    let (definition, _) = read("right.toml", SOUND);
    assert_eq!(definition.map(|definition| definition.id), Some("right".into()));
}

#[test]
fn every_fault_names_its_place_and_what_to_do() {
    let cases = [
        // What is written wrong.
        ("title = \"Put", "titel = \"Put", "2:1: error: there is no key «titel» (did you mean «title»?)"),
        ("[target]", "target = 3\n[other]", "5:10: error: "),
        (
            "kubernetes = \"restart\"",
            "kubernetes = \"restrat\"",
            "37:14: error: there is no «restrat» here (did you mean «restart»?)",
        ),
        (
            "timeout = \"30s\"\nkubernetes",
            "timeuot = \"30s\"\nkubernetes",
            "36:1: error: there is no key «timeuot» here (did you mean «timeout»?)",
        ),
        ("id = \"tell\"\n", "", "60:1: error: `id` is missing"),
        ("note = \"{{steps.look.status}}\"", "note = \"{{steps.look.status\"", "63:8: error: `{{` is not closed"),
        ("about = \"for tests\"\n", "", "1:1: error: `about` is missing"),
        ("[[step]]\nid = \"tell\"", "[[stpe]]\nid = \"tell\"", "error: there is no key «stpe» (did you mean «step»?)"),
        // Names that nothing has.
        (
            "note = \"{{steps.look.status}}\"",
            "note = \"{{steps.lok.status}}\"",
            "63:11: error: tell: «steps.lok.status» has no value: there is no step «lok» (did you mean «look»?)",
        ),
        (
            "note = \"{{steps.look.status}}\"",
            "note = \"{{steps.look.state}}\"",
            "63:11: error: tell: «steps.look.state» has no value: the step «look» has no «state»",
        ),
        (
            "note = \"{{steps.look.status}}\"",
            "note = \"{{nmae}}\"",
            "«nmae» has no value: there is no such variable, preflight question or step (did you mean «name»?)",
        ),
        (
            "note = \"{{steps.look.status}}\"",
            "note = \"{{run.idd}}\"",
            "a run knows id, mode, requester, started_at (did you mean «id»?)",
        ),
        ("{{rollout.template_hash}}", "{{rollout.hash}}", "the answer «rollout» has no «hash»"),
        ("text = \"sure?\"", "text = \"{{steps.look.status}}\"", "the step «look» does not come before"),
        ("path = \"available\"", "path = \"availabel\"", "the answer has no «availabel» (did you mean «available»?)"),
        ("pin = [\"uid\"]", "pin = [\"uidd\"]", "rollout: the answer has no «uidd» (did you mean «uid»?)"),
        ("name = \"{{name}}\" }", "name = \"{{rollout.uid}}\" }", "is asked later, or this is"),
        ("title = \"it is there\"", "title = \"{{steps.look.status}}\"", "no step has been done yet"),
        // Where steps lead.
        ("else = \"tell\"", "else = \"tel\"", "58:90: error: which: there is no step «tel» (did you mean «tell»?)"),
        ("then = \"end\"", "then = \"look\"", "the way back to it has no end: give the branch on it `at-most = 3`"),
        ("else = \"tell\"", "else = \"end\"", "61:7: error: tell: no way leads to it"),
        ("note = \"{{", "next = \"confirm\"\nnote = \"{{", "the way back to it has no end"),
        ("note = \"{{steps.look.status}}\"", "parallel = [\"look\"]", "name at least two steps"),
        (
            "note = \"{{steps.look.status}}\"",
            "parallel = [\"confirm\", \"restart\"]",
            "a `confirm` cannot go on beside others",
        ),
        // What makes an act safe.
        ("timeout = \"30s\"\nkubernetes", "kubernetes", "restart: `timeout` is missing"),
        ("no-undo = \"it cannot be undone\"\n", "", "restart: it changes something: write `[step.undo]`, or `no-undo"),
        (
            "[[step.verify]]\nask = { kubernetes = \"rollout\" }\nwithin = \"10m\"\nexpect = [{ path = \"available\", same-as = \"desired\" }]\n",
            "",
            "`[[step.verify]]` is missing",
        ),
        (
            "[step.observe]\nask = { kubernetes = \"rollout\" }\npatience = \"15s\"\ndone = [{ path = \"template_hash\", is-not = \"{{rollout.template_hash}}\" }]\n",
            "",
            "`[step.observe]` is missing",
        ),
        ("confirm = { text = \"sure?\" }", "note = \"sure?\"", "restart: nobody has confirmed before it"),
        // What does not go together.
        (
            "kubernetes = \"restart\"",
            "kubernetes = \"restart\"\nnote = \"x\"",
            "a step is one thing, and this is `kubernetes` and `note`",
        ),
        ("note = \"{{steps.look.status}}\"\n", "", "tell: it says nothing that is done; add one of confirm, input"),
        ("kubernetes = \"restart\"", "kubernetes = { set-image = { container = \"c\" } }", "`image` is missing"),
        (
            "kubernetes = \"restart\"",
            "docker = { restart = { grace = \"10s\" } }",
            "«docker restart» is done to a container, and the target is a object",
        ),
        ("kubernetes = \"restart\"", "patroni = \"pause\"", "is done to a patroni cluster"),
        (
            "ask = { kubernetes = \"rollout\" }\npin",
            "ask = { docker = \"container\" }\npin",
            "is asked about a container",
        ),
        ("within = \"10m\"", "within = \"soon\"", "restart: «soon» is no span of time"),
        (
            "url = \"https://example.com\"",
            "url = \"https://example.com/{{key}}\"",
            "look: «key» is a secret: secrets may stand in headers",
        ),
        ("note = \"{{steps.look.status}}\"", "note = \"{{key}}\"", "tell: «key» is a secret"),
        (
            "title = \"key\"\ntype = \"secret\"",
            "title = \"key\"\ntype = \"enum\"",
            "key: `options` goes with `type = \"enum\"`",
        ),
        ("name = \"key\"", "name = \"rollout\"", "a second «rollout»"),
        ("id = \"tell\"", "id = \"look\"", "a second step «look»"),
        ("id = \"tell\"", "id = \"Tell it\"", "«Tell it» cannot be the name of a step"),
        ("Bearer {{key}}", "Bearer", "the variable «key» is not used"),
        (
            "expect = [{ path = \"exists\", is = true }]",
            "expect = [{ path = \"exists\" }]",
            "a condition needs a comparison",
        ),
        ("when = [{ value", "when = [{ path", "there is no answer here that a `path` could lead into"),
    ];
    let mut missed = Vec::new();
    for (from, to, expected) in cases {
        let found = broken(from, to);
        let hit = found.iter().any(|fault| fault.starts_with("runbooks/right.toml:") && fault.contains(expected));
        if !hit {
            missed.push(format!("{from} → {to}\nwanted: {expected}\nfound: {found:#?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n\n"));
}

#[test]
fn several_faults_are_found_in_one_go() {
    let text = SOUND.replace("pin = [\"uid\"]", "pins = []").replace("id = \"confirm\"", "ide = \"confirm\"");
    let found = lint("x.toml", &text);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found.is_sorted_by_key(|fault| (fault.line, fault.column)));
}

#[test]
fn no_value_becomes_part_of_a_line_for_a_shell() {
    let step = |argv: &str| {
        let act = "kubernetes = \"restart\"";
        broken(act, &format!("command = {{ argv = {argv} }}"))
            .into_iter()
            .filter(|fault| fault.contains("a shell reads"))
            .count()
    };
    for wrong in [
        r#"["sh", "-c", "kill {{name}}"]"#,
        r#"["/bin/bash", "-c", "{{name}}"]"#,
        r#"["sudo", "sh", "-c", "x", "{{name}}"]"#,
        r#"["ssh", "host", "restart {{name}}"]"#,
        r#"["ssh", "--", "{{name}}", "restart", "{{name}}"]"#,
        r#"["ssh", "{{name}}", "uptime"]"#,
        r#"["kubectl", "exec", "pod", "--", "sh", "-c", "echo {{name}}"]"#,
    ] {
        assert_eq!(step(wrong), 1, "{wrong}");
    }
    for right in [
        r#"["systemctl", "restart", "--", "{{name}}"]"#,
        r#"["ssh", "--", "{{name}}", "uptime"]"#,
        r#"["sh", "-c", "df -h | head"]"#,
    ] {
        assert_eq!(step(right), 0, "{right}");
    }
}

#[test]
fn values_go_beside_a_statement() {
    let text = SOUND.replace(
        "object = { context = \"{{context}}\", kind = \"deployment\", namespace = \"shop\", name = \"{{name}}\" }",
        "postgres = { server = \"{{context}}\" }",
    );
    let with = |sql: &str| {
        let text = text
            .replace("http = { url = \"https://example.com\", headers = { authorization = \"Bearer {{key}}\" } }", sql);
        lint("x.toml", &text).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let found = with("sql = { statement = \"select '{{name}}'\" }");
    assert!(found.contains("values go beside a statement"), "{found}");
    let found = with("sql = { statement = \"select $1, $2\", parameters = [\"{{name}}\"] }");
    assert!(found.contains("the statement has 2 parameters, and 1 are given"), "{found}");
    let found = with("sql = { statement = \"select $1\", parameters = [\"{{name}}\"] }");
    assert!(!found.contains("statement"), "{found}");
}

#[test]
fn the_version_is_of_what_it_says_and_not_of_how_it_is_laid_out() {
    let version = |text: &str| read("right.toml", text).0.expect("is sound").version();
    let laid_out = SOUND.replace("\n[[step]]", "\n\n# A remark.\n[[step]]");
    assert_eq!(version(SOUND), version(&laid_out));
    assert_ne!(version(SOUND), version(&SOUND.replace("30s", "31s")));
}

#[test]
fn commands_act_and_requests_look_unless_they_say_otherwise() {
    use super::{Deed, Kind};
    let kind = |step: &str| {
        let text = SOUND.replace("http = { url = \"https://example.com\", headers = { authorization = \"Bearer {{key}}\" } }\nexpect = [{ path = \"status\", is = 200 }]", step);
        read("x.toml", &text).1.into_iter().filter(|fault| fault.text.contains("it changes something, and")).count()
    };
    assert_eq!(kind("command = { argv = [\"x\"] }"), 1);
    assert_eq!(kind("command = { argv = [\"x\"] }\nchanges = false"), 0);
    assert_eq!(kind("http = { url = \"https://x\" }"), 0);
    assert_eq!(kind("http = { url = \"https://x\", method = \"POST\" }"), 1);
    assert_eq!(kind("http = { url = \"https://x\", method = \"POST\" }\nchanges = false"), 0);
    let steps = built_in("postgres-restore-test").steps;
    assert!(steps.iter().any(|step| matches!(step.kind, Kind::Do(Deed::Manual(_)))));
}

#[test]
fn the_schema_takes_what_comes_with_the_program() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).expect("is a schema");
    for (name, text) in BUILT_IN {
        let table: toml::Table = text.parse().expect("is TOML");
        let json = serde_json::to_value(&table).expect("is JSON");
        let faults: Vec<String> =
            validator.iter_errors(&json).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
        assert!(faults.is_empty(), "{name}: {faults:#?}");
    }
    let wrong: toml::Table =
        SOUND.replace("kubernetes = \"restart\"", "kubernetes = \"restrat\"").parse().expect("is TOML");
    assert!(!validator.is_valid(&serde_json::to_value(&wrong).expect("is JSON")));
}

#[test]
fn what_comes_with_the_program_has_the_variables_that_scripts_give() {
    let promised: &[(&str, &[&str])] = &[
        ("k8s-rollback", &["kind", "context", "namespace", "name", "revision"]),
        ("container-rollback", &["engine", "name", "image"]),
        ("compose-rollback", &["engine", "project", "service", "image"]),
        ("helm-rollback", &["context", "namespace", "release", "revision"]),
        ("patroni-switchover", &["endpoint", "candidate", "max_lag_bytes"]),
        ("patroni-failover", &["endpoint", "candidate"]),
        ("patroni-promote-cluster", &["endpoint", "candidate"]),
        ("postgres-promote", &["primary", "standby"]),
        ("postmortem", &["incident"]),
    ];
    for (name, variables) in promised {
        let definition = built_in(name);
        for variable in *variables {
            assert!(definition.variable(variable).is_some(), "{name} has no {variable}");
        }
        let others = definition.variables.iter().filter(|one| !variables.contains(&one.name.as_str()));
        let asked: Vec<_> = others.filter(|one| one.default.is_none()).map(|one| &one.name).collect();
        assert!(asked.is_empty(), "{name} asks for {asked:?}, too");
    }
}

#[test]
fn the_fitting_runbook_is_offered_with_its_variables() {
    let catalogue = Catalogue::built_in();
    let occasion = Occasion {
        object: Some(ObjectRef::in_cluster(ObjectKind::Deployment, "prod-eu", "shop", "checkout")),
        check: "kube-workload".into(),
        cause: "2/6 ready".into(),
        ..Occasion::default()
    };
    let found = catalogue.suggestions(&occasion);
    let names: Vec<_> = found.iter().map(|one| one.definition.id.as_str()).collect();
    assert_eq!(names, ["k8s-rollback", "restart-workload"]);
    let variables = json!({ "kind": "deployment", "context": "prod-eu", "namespace": "shop", "name": "checkout" });
    assert_eq!(serde_json::to_value(&found[0].variables).expect("is written"), variables);
    let gpu = Occasion {
        object: Some(ObjectRef::new(ObjectKind::Gpu, "GPU-1")),
        check: "gpu-health".into(),
        cause: "XID 79: the GPU fell off the bus".into(),
        ..Occasion::default()
    };
    assert_eq!(catalogue.suggestions(&gpu)[0].definition.id, "gpu-off-the-bus");
    let hot = Occasion { cause: "too hot".into(), ..gpu };
    assert!(catalogue.suggestions(&hot).is_empty());
    let alert = Occasion {
        alert: "TLSCertificateExpiry".into(),
        labels: [("instance".to_owned(), "shop.example:443".to_owned())].into(),
        ..Occasion::default()
    };
    let found = catalogue.suggestions(&alert);
    assert_eq!(found[0].definition.id, "certificate-expiring");
    assert_eq!(found[0].variables["address"], Json::from("shop.example:443"));
    assert!(catalogue.suggestions(&Occasion::default()).is_empty());
}

#[test]
fn a_later_layer_takes_the_place_of_an_earlier_one() {
    let mut catalogue = Catalogue::built_in();
    catalogue.add(Layer::User, "/home/x/runbooks/drain-node.toml", SOUND);
    let title = |catalogue: &Catalogue| catalogue.find("drain-node").map(|it: &Definition| it.title.to_string());
    assert_eq!(title(&catalogue), Ok("Put ‹name› right".into()));
    catalogue.add(Layer::Repository, "runbooks/drain-node.toml", &SOUND.replace("Put ", "Set "));
    assert_eq!(title(&catalogue), Ok("Set ‹name› right".into()));
    catalogue.add(Layer::User, "/home/x/runbooks/drain-node.toml", SOUND);
    assert_eq!(title(&catalogue), Ok("Set ‹name› right".into()));
}

proptest! {
    /// Whatever stands in a file, it is read without a panic, and a runbook comes out only where there is no error.
    #[test]
    fn any_damage_is_told_and_never_panics(at in 0..SOUND.len(), length in 0_usize..40, put in "[\"{}\\[\\]=a-z0-9.\\n-]{0,12}") {
        let mut end = (at + length).min(SOUND.len());
        while !SOUND.is_char_boundary(end) { end -= 1; }
        let text = format!("{}{put}{}", &SOUND[..at], &SOUND[end.max(at)..]);
        let (definition, faults) = read("x.toml", &text);
        let has_errors = faults.iter().any(|fault| fault.level >= Level::Error);
        prop_assert_eq!(definition.is_some(), !has_errors);
        let lines = text.lines().count().max(1) + 1;
        prop_assert!(faults.iter().all(|fault| fault.line >= 1 && fault.line <= lines && !fault.text.is_empty()));
    }
}
