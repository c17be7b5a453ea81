//! What needs no services: lists, mistakes in files, a run at a table, approvals.

use crate::{bed::Home, heads::head};
use serde_json::Value;

#[test]
fn runbooks_are_listed_and_shown() {
    let home = Home::new(None);
    let (code, all, errors) = home.json(&["list", "--json"]);
    assert_eq!(code, 0, "{errors}");
    let names: Vec<_> = all.as_array().expect("a list").iter().filter_map(|it| it["name"].as_str()).collect();
    for name in
        ["k8s-rollback", "container-rollback", "compose-rollback", "helm-rollback", "patroni-switchover", "postmortem"]
    {
        assert!(names.contains(&name), "{names:?}");
    }
    let (code, shown, _) = home.json(&["show", "k8s-rollback", "--json"]);
    assert_eq!(code, 0);
    let variables: Vec<_> =
        shown["variables"].as_array().expect("a list").iter().filter_map(|it| it["name"].as_str()).collect();
    for name in ["kind", "context", "namespace", "name", "revision"] {
        assert!(variables.contains(&name), "{variables:?}");
    }
    let unknown = home.output(&["show", "k8s-rolback"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("did you mean «k8s-rollback»?"));
    let lint = home.output(&["lint"]);
    assert_eq!((lint.status.code(), lint.stdout.len()), (Some(0), 0), "{}", String::from_utf8_lossy(&lint.stdout));
    let told = String::from_utf8_lossy(&lint.stderr);
    assert!(told.contains(" runbooks looked at: nothing is wrong\n"), "{told}");
    let json = home.output(&["lint", "--json"]);
    assert_eq!((json.stdout.as_slice(), json.stderr.as_slice()), (&b"[]\n"[..], &b""[..]));
    let said = |arguments: &[&str]| String::from_utf8_lossy(&home.output(arguments).stderr).into_owned();
    assert_eq!(said(&["history"]), "flightdeck: the journal has no runs yet\n");
    assert_eq!(said(&["history", "k8s-rollback"]), "flightdeck: the journal has no run of k8s-rollback\n");
    let (code, schema, _) = home.json(&["schema"]);
    assert!(code == 0 && schema["title"].is_string(), "{schema:#}");
}

#[test]
fn mistakes_are_named_with_file_line_and_what_to_do() {
    let home = Home::new(None);
    let text = "title = \"t\"\nabout = \"a\"\n[target]\nhost = { host = \"{{hots}}\" }\n[[variable]]\nname = \"host\"\ntitle = \"h\"\n[[step]]\nid = \"n\"\ntitle = \"n\"\nnote = \"n\"\n";
    let file = home.write("runbooks/wrong.toml", text);
    let said = home.output(&["lint", &file.to_string_lossy()]);
    let out = String::from_utf8_lossy(&said.stdout);
    assert_eq!(said.status.code(), Some(1), "{out}");
    assert!(out.contains(&format!("{}:4:", file.display())) && out.contains("did you mean «host»?"), "{out}");
    let told = String::from_utf8_lossy(&said.stderr);
    assert!(told.contains("1 file looked at: 2 things are wrong\n"), "{told}{out}");
    let (_, faults, _) = home.json(&["lint", "--json"]);
    assert_eq!((&faults[0]["line"], &faults[0]["severity"]), (&Value::from(4), &Value::from("error")), "{faults:#}");
    // It is not run, and says why.
    let run = home.output(&["run", "wrong", "--set", "host=a", "--yes"]);
    assert_eq!(run.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&run.stderr).contains("has errors and is not run"));
}

/// A runbook that needs nothing but people.
fn talk() -> String {
    head("Talk about {{host}}", None, HOST, &[("host", "")]) + PEOPLE + GO
}

/// A runbook that should pass as a drill every month.
fn walk() -> String {
    "drill-days = 31\n".to_owned() + &head("Walk to {{host}}", None, HOST, &[("host", "")]) + GO
}

const HOST: &str = r#"host = { host = "{{host}}" }"#;

const PEOPLE: &str = r#"
[[step]]
id = "who"
title = "Who does it"
[[step.input]]
name = "person"
title = "the person"
[[step]]
id = "second"
title = "A second person"
[step.approval]
text = "{{steps.who.person}} goes to {{host}}"
valid = "1h"
"#;

const GO: &str = r#"
[[step]]
id = "go"
title = "Go there"
timeout = "1m"
manual = "go to {{host}}"
no-undo = "nobody is the worse for it"
[[step.verify]]
title = "the machine is there"
ask = { command = { argv = ["uname", "-s"] } }
within = "10s"
expect = [{ path = "stdout", matches = "Linux" }]
"#;

#[test]
fn people_answer_by_flags_and_a_second_person_approves() {
    let home = Home::new(None);
    let file = home.write("runbooks/talk.toml", &talk());
    let lint = home.output(&["lint", &file.to_string_lossy()]);
    assert_eq!(lint.status.code(), Some(0), "{}", String::from_utf8_lossy(&lint.stdout));
    let missing = home.output(&["run", "talk", "--yes"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("--set host="));

    let asks = home.said(&["run", "talk", "--set", "host=board", "--yes", "--json"]);
    assert_eq!((asks.code, asks.outcome()), (1, "paused"), "{}", asks.all());
    assert!(asks.last()["text"].as_str().expect("a text").contains("--answer who.person="), "{}", asks.all());
    let run = asks.run().to_owned();
    let waits = home.said(&["resume", &run, "--answer", "who.person=ann", "--json"]);
    assert_eq!((waits.code, waits.outcome()), (1, "paused"), "{}", waits.all());
    assert!(waits.last()["text"].as_str().expect("a text").contains("runbook approve"), "{}", waits.all());

    // Who asked for it cannot approve it.
    let own = home.output(&["approve", &run]);
    assert_eq!(own.status.code(), Some(4), "{}", String::from_utf8_lossy(&own.stderr));
    let other = home.command("ops-b", &["approve", &run, "--json"]).output().expect("it runs");
    assert_eq!(other.status.code(), Some(0), "{}", String::from_utf8_lossy(&other.stderr));
    let by_hand = home.said(&["resume", &run, "--json"]);
    assert!(by_hand.last()["text"].as_str().expect("a text").contains("--done go"), "{}", by_hand.all());
    let done = home.said(&["resume", &run, "--done", "go", "--json"]);
    assert_eq!((done.code, done.outcome()), (0, "succeeded"), "{}", done.all());
    let (_, history, _) = home.json(&["history", &run, "--json"]);
    let told = history["entries"].to_string();
    assert!(told.contains("approved by ops-b") && told.contains("filled in: person"), "{history:#}");

    // Once it is over, nothing that is said changes it.
    for wrong in ["nosuch.x=1", "who.age=1"] {
        let refused = home.output(&["resume", &run, "--yes", "--answer", wrong]);
        let told = String::from_utf8_lossy(&refused.stderr);
        assert!(refused.status.code() == Some(2) && told.contains(wrong.split('=').next().expect("a name")), "{told}");
    }
    let over = home.said(&["resume", &run, "--yes", "--json"]);
    let told = over.last()["text"].as_str().expect("a text");
    assert!(over.code == 0 && told.starts_with("it is over already, so nothing was done now: "), "{told}");
}

#[test]
fn a_look_says_what_it_found() {
    let home = Home::new(None);
    let run = ["run", "daily-check", "--set", "scope=test", "--yes", "--answer", "findings.remarks=none"];
    let said = home.output(&run);
    let text = String::from_utf8_lossy(&said.stdout);
    for found in
        ["verified: sources: down ", "verified: attention: critical ", "incidents_open 0", "nothing for days_ago"]
    {
        assert!(text.contains(found), "{found} in {text}{}", String::from_utf8_lossy(&said.stderr));
    }
    assert!(text.lines().all(|line| !line.trim_end().ends_with(':')), "{text}");
    let (_, all, _) = home.json(&["history", "daily-check", "--json"]);
    let page = home.output(&["history", all[0]["run"].as_str().expect("a run"), "--format", "markdown"]).stdout;
    let page = String::from_utf8_lossy(&page);
    assert!(page.contains("shift: ") && page.contains("total "), "{page}");
}

#[test]
fn a_drill_that_passed_is_counted_from_and_reported() {
    let home = Home::new(None);
    home.write("runbooks/walk.toml", &walk());
    home.write("config.toml", "[runbooks]\nisolated = [\"host/board\"]\n");
    let drill_of = |home: &Home| {
        let (_, all, errors) = home.json(&["list", "--json"]);
        let all = all.as_array().unwrap_or_else(|| panic!("{errors}")).clone();
        let found = all.into_iter().find(|one| one["name"] == "walk").expect("is listed");
        found["drill"].clone()
    };
    let never = drill_of(&home);
    assert_eq!((&never["last_passed_at"], &never["overdue"]), (&Value::Null, &Value::from(true)));
    let arguments = ["run", "walk", "--set", "host=board", "--yes", "--done", "go", "--json"];
    let live = home.said(&arguments);
    assert_eq!(live.outcome(), "succeeded", "{}", live.all());
    assert_eq!(drill_of(&home)["last_passed_at"], Value::Null, "what is done in earnest is no drill");
    let drill = home.said(&[&arguments[..], &["--mode", "drill"]].concat());
    assert_eq!(drill.outcome(), "succeeded", "{}", drill.all());
    let passed = drill_of(&home);
    assert_eq!((&passed["last_passed_days_ago"], &passed["overdue"]), (&Value::from(0), &Value::from(false)));
    assert_eq!(passed["run"], drill.run());
    for arguments in [&["show", "walk"][..], &["history", "walk"], &["list"]] {
        let out = home.output(arguments).stdout;
        let text = String::from_utf8_lossy(&out);
        assert!(text.contains("drill last passed 0 days ago"), "{arguments:?}: {text}");
    }
    let (_, told, _) = home.json(&["history", drill.run(), "--json"]);
    let report = &told["report"];
    assert_eq!(
        (&report["steps"][0]["verdict"], &report["recovered_by"]),
        (&"verified".into(), &"go".into()),
        "{report:#}"
    );
    assert!(report["recovery_seconds"].is_number() && report["recovery_point"].is_null(), "{report:#}");
    let page = home.output(&["history", drill.run(), "--format", "markdown"]).stdout;
    let page = String::from_utf8_lossy(&page);
    assert!(page.contains("- Mode: drill") && page.contains("| Go there |") && page.contains("verified"), "{page}");
}

#[test]
fn at_a_table_nothing_is_done() {
    let home = Home::new(None);
    home.write("runbooks/talk.toml", &talk());
    let said = home.said(&[
        "run",
        "talk",
        "--set",
        "host=board",
        "--mode",
        "tabletop",
        "--yes",
        "--answer",
        "who.person=ann",
        "--json",
    ]);
    assert_eq!((said.code, said.outcome()), (0, "succeeded"), "{}", said.all());
    let again = home.said(&["resume", said.run(), "--json"]);
    assert_eq!((again.code, again.outcome()), (0, "succeeded"), "{}", again.all());
    let none = home.output(&["resume", "talk-none"]);
    assert_eq!(none.status.code(), Some(2));
}
