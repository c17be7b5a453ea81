//! A plain pair, promoted by its runbook: fenced first, approved by a second person, verified, and done once, whatever kills the process.

use crate::{
    bed::Bed,
    runbook::{lines, verdict},
};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Output, Stdio},
};

/// A home with a configuration that names the pair.
struct Home(tempfile::TempDir);

impl Home {
    fn of(bed: &Bed) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = folder.path().join("config/flightdeck");
        fs::create_dir_all(&config).expect("made");
        let servers: Vec<_> = bed.options.servers.iter().map(|(name, url)| format!("{name} = {url:?}")).collect();
        let text = format!(
            "[[postgres]]\nname = \"pair\"\nservers = {{ {} }}\npassword-file = {:?}\noperator = \"postgres\"\noperator-password-file = {:?}\n",
            servers.join(", "),
            bed.folder.join("monitor.password"),
            bed.folder.join("superuser.password"),
        );
        fs::write(config.join("config.toml"), text).expect("written");
        Self(folder)
    }

    fn command(&self, actor: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flightdeck"));
        let home = self.0.path();
        command.env_remove("FLIGHTDECK_TESTBED").current_dir(home);
        command.env("HOME", home).env("XDG_CONFIG_HOME", home.join("config")).env("XDG_STATE_HOME", home.join("state"));
        command.args(["--docker", "none", "--context", "none", "--actor", actor, "runbook"]).args(arguments);
        command
    }

    fn run(&self, actor: &str, arguments: &[&str]) -> Output {
        self.command(actor, arguments).output().expect("it runs")
    }

    /// Begins, which goes on until a second person is needed, and has that one approve. The run's name.
    fn approved(&self) -> String {
        let pair = ["--set", "primary=pair/primary", "--set", "standby=pair/standby"];
        let begun = self.run("ann", &[&["run", "postgres-promote", "--yes", "--json"][..], &pair].concat());
        let end = verdict(&begun);
        assert_eq!((begun.status.code(), &end["outcome"]), (Some(1), &"paused".into()), "{end}");
        let said = end["text"].as_str().unwrap_or_default();
        assert!(said.contains("What would be lost: 0 B missing: primary was at "), "{said}");
        let run = end["run"].as_str().expect("its name").to_owned();
        let approved = self.run("bob", &["approve", &run]);
        assert_eq!(approved.status.code(), Some(0), "{}", String::from_utf8_lossy(&approved.stderr));
        run
    }
}

fn timeline(bed: &mut Bed, node: &str) -> String {
    bed.sql(node, "SELECT timeline_id FROM pg_control_checkpoint()")
}

#[test]
fn a_primary_that_answers_is_fenced_and_its_standby_promoted() {
    let Some(mut bed) = Bed::pair("promote") else { return };
    let home = Home::of(&bed);
    let run = home.approved();
    // A client of before could still write: it is cut off.
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/testbed/patroni");
    let sleeps = ["primary", "-c", "SELECT pg_sleep(600)"];
    let client =
        Command::new(script).args(["streaming", "psql"]).arg(&bed.folder).args(sleeps).stderr(Stdio::piped()).spawn();
    let client = client.expect("it runs");
    let asks = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)' AND state = 'active'";
    while bed.sql("primary", asks) == "0" {}
    let ended = home.run("ann", &["resume", &run, "--yes", "--json"]);
    let end = verdict(&ended);
    assert_eq!((ended.status.code(), &end["outcome"]), (Some(0), &"succeeded".into()), "{:#?}", lines(&ended));
    let cut_off = client.wait_with_output().expect("it has ended");
    assert!(String::from_utf8_lossy(&cut_off.stderr).contains("terminating connection due to administrator command"));
    assert_eq!(bed.sql("standby", "SELECT pg_is_in_recovery()"), "f");
    assert_eq!(timeline(&mut bed, "standby"), "2");
    let canaries = bed.sql("standby", "SELECT count(*) FROM flightdeck.canary WHERE cluster = 'pair'");
    assert_eq!(canaries, "1");
    assert_eq!(bed.sql("primary", "SHOW default_transaction_read_only"), "on", "it is fenced still");
    bed.script(&["rejoin"], &["primary"]);
    bed.wait_until("the old primary follows", |cluster| {
        let state = cluster.server("primary").and_then(|server| server.state.as_ref());
        state.is_some_and(|state| state.in_recovery && state.is_receiving() && state.timeline == Some(2))
    });
    assert_eq!(bed.sql("primary", "SHOW default_transaction_read_only"), "off", "what pg_rewind took along");
}

#[test]
fn a_primary_that_is_gone_is_fenced_by_a_person() {
    let Some(mut bed) = Bed::pair("promote-gone") else { return };
    let home = Home::of(&bed);
    let run = home.approved();
    bed.script(&["kill-node"], &["primary"]);
    let waits = home.run("ann", &["resume", &run, "--yes", "--json"]);
    let said = verdict(&waits)["text"].as_str().unwrap_or_default().to_owned();
    assert!(said.contains("to be done by hand") && said.contains("--done fence-by-hand"), "{said}");
    assert_eq!(bed.sql("standby", "SELECT pg_is_in_recovery()"), "t", "nobody has said that it is fenced");
    let ended = home.run("ann", &["resume", &run, "--done", "fence-by-hand", "--yes", "--json"]);
    let end = verdict(&ended);
    assert_eq!((ended.status.code(), &end["outcome"]), (Some(0), &"succeeded".into()), "{:#?}", lines(&ended));
    assert_eq!(timeline(&mut bed, "standby"), "2");
}

#[test]
fn a_promotion_that_is_killed_goes_on_and_promotes_once() {
    for boundary in ["step-begun", "acted"] {
        let Some(mut bed) = Bed::pair(&format!("killed-{boundary}")) else { return };
        let home = Home::of(&bed);
        let run = home.approved();
        let begin = ["resume", &run, "--yes", "--json"];
        let mut process = home.command("ann", &begin).stdout(Stdio::piped()).spawn().expect("it runs");
        let mut all = Vec::new();
        for line in BufReader::new(process.stdout.take().expect("piped")).lines().map_while(Result::ok) {
            let value: Value = serde_json::from_str(&line).unwrap_or_default();
            let is_there = value["step"] == "promote" && value["what"] == boundary;
            all.push(value);
            if is_there {
                process.kill().expect("killed");
                break;
            }
        }
        let ended = process.wait().expect("ended");
        assert!(!ended.success(), "it was killed at {boundary}: {all:#?}");
        let resumed = home.run("ann", &["resume", &run, "--yes", "--json"]);
        let end = verdict(&resumed);
        assert_eq!((resumed.status.code(), &end["outcome"]), (Some(0), &"succeeded".into()), "{boundary}: {end}");
        assert_eq!(timeline(&mut bed, "standby"), "2", "{boundary}: promoted once");
    }
}

#[test]
fn a_restored_backup_is_looked_into_and_signed_for() {
    let Some(mut bed) = Bed::pair("restored") else { return };
    let home = Home::of(&bed);
    bed.sql("primary", "CREATE TABLE orders AS SELECT g AS id FROM generate_series(1, 1000) g");
    bed.wait_until("it has arrived", |cluster| {
        let state = |name: &str| cluster.server(name).and_then(|server| server.state.clone());
        state("standby").and_then(|state| state.replayed) >= state("primary").and_then(|state| state.written)
    });
    let begin =
        ["run", "postgres-restore-test", "--set", "server=pair/standby", "--set", "backup=orders", "--yes", "--json"];
    let waits = home.run("ann", &begin);
    let end = verdict(&waits);
    assert!(end["text"].as_str().is_some_and(|text| text.contains("--done restore")), "{:#?}", lines(&waits));
    let run = end["run"].as_str().expect("its name").to_owned();
    // What the testbed made by pg_basebackup recovers to its end.
    bed.sql("standby", "SELECT pg_promote()");
    let answers = ["--answer", "findings.newest=2026-11-28T10:00:00Z", "--answer", "findings.minutes=3"];
    let ended = home.run("ann", &[&["resume", &run, "--done", "restore", "--yes", "--json"][..], &answers].concat());
    let end = verdict(&ended);
    assert_eq!((ended.status.code(), &end["outcome"]), (Some(0), &"succeeded".into()), "{:#?}", lines(&ended));
    let of = |step: &str| lines(&ended).into_iter().find(|line| line["step"] == step && line["answer"].is_object());
    let tables = of("tables").map(|line| line["answer"]["value"].clone());
    assert_eq!(tables, Some(1.into()), "{:#?}", lines(&ended));
}
