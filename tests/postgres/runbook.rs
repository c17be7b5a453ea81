//! Runbooks on a real cluster under Patroni, by the command line: what is refused with its figure, moved once, approved by a second person,
//! and gone on with after the process was killed.

use crate::bed::{Bed, moves, roles, whole};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Output, Stdio},
};

/// A home with a configuration that names the cluster.
pub struct Home {
    folder: tempfile::TempDir,
    pub endpoint: String,
}

impl Home {
    pub fn of(bed: &Bed) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = folder.path().join("config/flightdeck");
        fs::create_dir_all(&config).expect("made");
        let all = bed.bases.iter().map(|base| format!("{base:?}")).collect::<Vec<_>>().join(", ");
        let text = format!(
            "[[postgres]]\nname = \"bed\"\npatroni = [{all}]\nmember-url = \"postgres://flightdeck@member/postgres\"\npassword-file = {:?}\n",
            bed.folder.join("monitor.password")
        );
        fs::write(config.join("config.toml"), text).expect("written");
        Self { folder, endpoint: bed.bases[0].clone() }
    }

    fn command(&self, flags: &[&str], arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flightdeck"));
        let home = self.folder.path();
        command.env_remove("FLIGHTDECK_TESTBED");
        command.env("HOME", home).env("XDG_CONFIG_HOME", home.join("config")).env("XDG_STATE_HOME", home.join("state"));
        command.args(["--docker", "none", "--context", "none"]).args(flags).arg("runbook").args(arguments);
        command
    }

    pub fn run(&self, flags: &[&str], arguments: &[&str]) -> Output {
        self.command(flags, arguments).output().expect("it runs")
    }

    fn start(&self, name: &str, candidate: &str) -> Vec<String> {
        let server = format!("bed/{candidate}");
        let values = [("endpoint", self.endpoint.as_str()), ("candidate", candidate), ("server", &server)];
        let values = values.iter().flat_map(|(name, value)| ["--set".to_owned(), format!("{name}={value}")]);
        ["run".to_owned(), name.to_owned()]
            .into_iter()
            .chain(values)
            .chain(["--yes", "--json"].map(str::to_owned))
            .collect()
    }
}

pub fn words(all: &[String]) -> Vec<&str> {
    all.iter().map(String::as_str).collect()
}

pub fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"))).collect()
}

/// The last line: how it ended.
pub fn verdict(output: &Output) -> Value {
    lines(output).pop().unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn a_switchover_moves_the_leader_and_verifies_or_refuses_with_the_figure() {
    let Some(mut bed) = Bed::patroni("a switchover by its runbook") else { return };
    let home = Home::of(&bed);
    let before = bed.look();
    let (leader, candidate, other) = roles(&before);
    let start = home.start("patroni-switchover", &candidate);
    let read_only = home.run(&["--read-only"], &words(&start));
    assert_eq!((read_only.status.code(), &verdict(&read_only)["outcome"]), (Some(4), &"refused".into()));
    bed.script(&["freeze"], &[&other]);
    bed.sql(&leader, "DROP TABLE IF EXISTS filler");
    bed.sql(&leader, "CREATE TABLE filler AS SELECT repeat(md5(g::text), 40) FROM generate_series(1, 20000) g");
    bed.wait_until("it lags", |cluster| {
        cluster.member(&other).and_then(|member| member.lag_bytes).is_some_and(|lag| lag > 8 << 20)
    });
    let lagging = home.run(&[], &words(&home.start("patroni-switchover", &other)));
    let said = verdict(&lagging)["text"].as_str().unwrap_or_default().to_owned();
    assert_eq!(lagging.status.code(), Some(4), "{said}");
    assert!(said.contains("MiB"), "{said}");
    bed.script(&["thaw"], &[&other]);
    bed.sql(&leader, "DROP TABLE filler");
    let caught_up = bed.wait_until("it has caught up", whole);
    assert_eq!((roles(&caught_up).0, moves(&caught_up)), (leader, moves(&before)), "nothing was moved");

    let moved = home.run(&[], &words(&start));
    let end = verdict(&moved);
    assert_eq!((moved.status.code(), &end["outcome"]), (Some(0), &"succeeded".into()), "{end}");
    let canary = bed.sql(&candidate, "SELECT count(*) FROM flightdeck.canary WHERE cluster = 'bed'");
    assert_eq!(canary, "1", "it was written, and read back");
    let after = bed.wait_until("it is whole again", whole);
    assert_eq!((roles(&after).0, moves(&after)), (candidate, moves(&before) + 1));
}

#[test]
fn a_switchover_that_is_killed_goes_on_and_moves_the_leader_once() {
    let Some(mut bed) = Bed::patroni("a switchover that is killed") else { return };
    let home = Home::of(&bed);
    // Where the act has begun, and where it is done and not verified.
    for boundary in ["step-begun", "acted"] {
        let before = bed.wait_until("it is whole", whole);
        let (_, candidate, _) = roles(&before);
        let start = home.start("patroni-switchover", &candidate);
        let mut process = home.command(&[], &words(&start)).stdout(Stdio::piped()).spawn().expect("it runs");
        let mut run = None;
        for line in BufReader::new(process.stdout.take().expect("piped")).lines().map_while(Result::ok) {
            let value: Value = serde_json::from_str(&line).unwrap_or_default();
            run = run.or_else(|| value["run"].as_str().map(str::to_owned));
            if value["step"] == "switchover" && value["what"] == boundary {
                process.kill().expect("killed");
                break;
            }
        }
        let ended = process.wait().expect("ended");
        assert!(!ended.success(), "it was killed at {boundary}");
        let run = run.expect("it had begun");
        let resumed = home.run(&[], &["resume", &run, "--yes", "--json"]);
        let end = verdict(&resumed);
        assert_eq!((resumed.status.code(), &end["outcome"]), (Some(0), &"succeeded".into()), "{boundary}: {end}");
        let after = bed.wait_until("it is whole again", whole);
        assert_eq!((roles(&after).0, moves(&after)), (candidate, moves(&before) + 1), "{boundary}");
    }
}

#[test]
fn a_failover_asks_for_a_second_person_and_says_what_would_be_lost() {
    let Some(mut bed) = Bed::patroni("a failover by its runbook") else { return };
    let home = Home::of(&bed);
    let before = bed.look();
    let (leader, candidate, other) = roles(&before);
    // Nobody takes over by itself while the cluster is paused.
    let writer = bed.writer();
    let bases = bed.all_bases();
    let paused = bed.wait(flightdeck::client::patroni::act::pause(&writer, &bases));
    println!("{paused:?}");
    bed.wait_until("all members know of the pause", |cluster| {
        cluster.members().iter().all(|member| member.own.as_ref().is_some_and(|own| own.is_paused))
    });
    bed.script(&["kill-node"], &[&leader]);
    bed.wait_until("the leader's key has ended", |cluster| {
        cluster.patroni.as_ref().is_some_and(|patroni| patroni.leader().is_none()) && cluster.primaries().is_empty()
    });
    let endpoint = bed.base(&other);
    let home = Home { endpoint, ..home };
    let start = home.run(&["--actor", "ann"], &words(&home.start("patroni-failover", &candidate)));
    let end = verdict(&start);
    assert_eq!((start.status.code(), &end["outcome"]), (Some(1), &"paused".into()), "{end}");
    let said = end["text"].as_str().unwrap_or_default();
    assert!(said.contains("What would be lost") && said.contains("runbook approve"), "{said}");
    let run = end["run"].as_str().expect("its name").to_owned();
    // Not by the one who asked for it.
    home.run(&["--actor", "ann"], &["approve", &run]);
    let alone = home.run(&["--actor", "ann"], &["resume", &run, "--yes", "--json"]);
    assert_eq!(verdict(&alone)["outcome"], "paused", "one person is no second person");
    let approved = home.run(&["--actor", "bob"], &["approve", &run]);
    assert_eq!(approved.status.code(), Some(0), "{}", String::from_utf8_lossy(&approved.stderr));
    let resumed = home.run(&["--actor", "ann"], &["resume", &run, "--yes", "--json"]);
    let end = verdict(&resumed);
    assert_eq!((resumed.status.code(), &end["outcome"]), (Some(0), &"succeeded".into()), "{end}");
    bed.wait(flightdeck::client::patroni::act::resume(&writer, &bases));
    bed.script(&["start-node"], &[&leader]);
    let after = bed.wait_until("the old leader follows", whole);
    assert_eq!((roles(&after).0, moves(&after)), (candidate, moves(&before) + 1));
}
