//! The night, from the first alarm to the postmortem.

use crate::{
    bed::{Bed, Home, leader, until},
    faults::{ALERT, BROKEN, DISK, GOOD, LEAK, Night, PRIVILEGED},
    screen::{Cockpit, ENTER, SAVE},
};
use flightdeck::{model::Timestamp, runtime::recorder::read::Recording};
use serde_json::Value;
use std::{fs, path::Path, thread};

/// What the postmortem says, in the order of its parts.
const ACCOUNT: [(&str, &str); 3] = [
    ("Summary", "Release 1.4.3 named an image that was never pushed, while the database had lost its leader."),
    ("Impact", "Three of ten checkouts failed until the release was rolled back; no order was lost."),
    ("Contributing factors", "The pipeline tags before it pushes. Failover had been left paused since the afternoon."),
];
const ACTION: &str = "have the pipeline push before it tags";

#[test]
#[ignore = "it restarts the API server and kills the leader of PostgreSQL: tests/scenarios/bad-night runs it"]
fn everything_goes_wrong_and_is_mended_from_the_cockpit() {
    let Some(bed) = Bed::find("the bad night") else { return };
    let mut night = Night::fall(&bed);
    let home = Home::of(&bed);
    let recording = home.path().join("night.flightdeck");
    let ann = Cockpit::start(&home, "ann", &recording);
    ann.until("pods 3/3");
    let killed = goes_wrong(&bed, &mut night, &ann);
    declares(&ann);
    rolls_back(&bed, &night, &ann);
    fails_over(&bed, &mut night, &home, &ann, &killed);
    tidies_up(&night, &ann);
    resolves(&ann);
    writes(&ann);
    ann.leave();
    if let Ok(path) = std::env::var("FLIGHTDECK_NIGHT_RECORDING") {
        fs::copy(&recording, path).expect("the recording is kept");
    }
    timeline(&home, &killed.0);
    papers(&home);
    plays(&recording);
}

/// Seven faults, each of them seen from outside and on the screen. Returns who led the database, and on which timeline.
fn goes_wrong(bed: &Bed, night: &mut Night<'_>, ann: &Cockpit) -> (String, u64) {
    night.leak();
    night.bad_release();
    ann.row(&["deploy", "store/checkout", "ready"]);
    night.errors("0.31");
    until("the alert fires", || bed.fires(ALERT).then_some(()), String::new);
    ann.row(&["alert", ALERT, "31% of checkouts fail"]);
    night.privileged();
    assert_eq!(night.privileged_state().as_deref(), Some("true running"));
    ann.row(&["rule", "11f", PRIVILEGED]);
    night.fill();
    ann.row(&["disk", DISK, "100 % used: full"]);
    let killed = night.kill_leader();
    night.is_leaderless();
    ann.row(&["postgres", "no leader"]);
    night.leak_is_killed();
    ann.row(&["contain", LEAK, "killed for want of memory"]);
    // The page of a row says which rule it is of.
    for (row, rule) in
        [("store/checkout", "kube-workload"), (LEAK, "container-oom"), ("no leader", "postgres-no-leader")]
    {
        ann.go_to(&[row]);
        ann.press_until("w", rule);
        ann.back_from(rule);
    }
    killed
}

/// The cockpit proposes an incident, and it is declared as proposed.
fn declares(ann: &Cockpit) {
    ann.press_until("N", "┌ Notices");
    ann.until("declare an incident?");
    ann.back_from("┌ Notices");
    // About all that is wrong, and not about the row that was looked at.
    ann.press("\x1b[H");
    ann.press_until("I", "Declare an incident");
    ann.until("sev1");
    ann.press_until(ENTER, "INC-1");
    ann.until("IC ann");
    ann.say("the incident is declared");
}

/// The release goes back to what ran before, while the API server is restarted.
fn rolls_back(bed: &Bed, night: &Night<'_>, ann: &Cockpit) {
    assert_eq!(night.checkout().0, BROKEN);
    ann.press_until("A", "ARMED");
    ann.go_to(&["deploy", "store/checkout"]);
    ann.press_until("r", "k8s-rollback");
    ann.plan_is_clear();
    ann.press_until(ENTER, "type checkout to go on");
    ann.press("checkout");
    ann.press_until(ENTER, "waiting whether it stays so");
    thread::scope(|scope| {
        let restart = scope.spawn(|| bed.script("kubernetes", "restart-apiserver", &[]));
        ann.until("kube ✖");
        ann.say("the API server is away");
        restart.join().expect("it was restarted");
    });
    ann.until("succeeded:");
    assert_eq!(night.checkout(), (GOOD.to_owned(), "3".to_owned()));
    ann.say("the release is rolled back");
    night.errors("0.002");
    close_run(ann);
    until("the alert is over", || (!bed.fires(ALERT)).then_some(()), String::new);
    ann.row_gone(ALERT);
    ann.row_gone("store/checkout");
}

fn close_run(ann: &Cockpit) {
    ann.press("q");
    ann.until_gone("┌ Run ─");
}

/// Another member becomes leader, once a second person has looked at it and approved.
fn fails_over(bed: &Bed, night: &mut Night<'_>, home: &Home, ann: &Cockpit, killed: &(String, u64)) {
    ann.go_to(&["no leader"]);
    ann.press_until("r", "Left and Right go through");
    ann.press("\x1b[C");
    ann.press(ENTER);
    ann.plan_is_clear();
    ann.press_until(ENTER, "type testbed to go on");
    ann.press("testbed");
    ann.press_until(ENTER, "another person approves it");
    approves(bed, home);
    ann.until("succeeded:");
    let cluster = bed.cluster().expect("it answers");
    let now = leader(&cluster).unwrap_or_else(|| panic!("nobody leads: {cluster}"));
    assert!(now.0 != killed.0 && now.1 == killed.1 + 1, "{now:?} after {killed:?}");
    ann.say(&format!("{} leads", now.0));
    close_run(ann);
    ann.row_gone("no leader");
    // What had been left paused goes on.
    ann.go_to(&["paused: automatic"]);
    ann.press_until("a", "resume failover");
    ann.press_until("u", "y do it");
    ann.press("y");
    let is_on = || bed.cluster().filter(|cluster| cluster["pause"] != true).map(drop);
    until("failover is automatic again", is_on, || format!("{:?}", bed.cluster()));
    night.start_again();
    ann.row_gone("postgres");
}

/// The second person, over ssh.
fn approves(bed: &Bed, home: &Home) {
    let bob = Cockpit::over_ssh(bed, home, "bob");
    bob.press_until("8", "live");
    bob.press_until(ENTER, "1 approve");
    bob.press("1");
    bob.press_until(ENTER, "approved");
    bob.say("the failover is approved");
    bob.press("q");
    bob.until_gone("┌ Run ─");
    bob.leave();
}

/// What is left: a privileged container is taken away, and for the others their runbooks are offered.
fn tidies_up(night: &Night<'_>, ann: &Cockpit) {
    ann.go_to(&["11f", PRIVILEGED]);
    ann.press_until(ENTER, "what to do");
    ann.press_until(ENTER, "as good as root on the machine");
    // What the rule forbids is refused, and what mends it is not.
    ann.press_until("a", "rule 11f is violated");
    ann.press_until("t", "ctrl-u empties it");
    ann.fill("1");
    ann.press_until(ENTER, "y do it");
    ann.press("y");
    until("it is stopped", || (night.privileged_state()? == "true exited").then_some(()), || ann.shown());
    ann.until("exited");
    ann.press_until("a", "Do to container");
    ann.press_until("D", "ctrl-u empties it");
    ann.press_until(ENTER, &format!("type «{PRIVILEGED}»"));
    ann.press(PRIVILEGED);
    ann.press(ENTER);
    until("it is gone", || night.privileged_state().is_none().then_some(()), || ann.shown());
    ann.back_from("┌ Attention ›");
    ann.row_gone(PRIVILEGED);
    for (row, runbook, plan) in
        [(DISK, "disk-full", "Enter begins"), (LEAK, "container-rollback", "Left and Right go through")]
    {
        ann.go_to(&[row]);
        ann.press_until("r", runbook);
        ann.until(plan);
        ann.back_from("┌ Runbook ─");
    }
    night.free();
    ann.row_gone(DISK);
}

fn resolves(ann: &Cockpit) {
    ann.press_until("7", "Timeline");
    ann.press_until("a", "take a role");
    ann.press("resolve");
    ann.until("it is over");
    ann.press_until(ENTER, "what ended it");
    ann.press("rolled back, failed over");
    ann.press_until(ENTER, "no incident is open");
    ann.say("the incident is resolved");
}

fn writes(ann: &Cockpit) {
    ann.press_until("V", "Postmortem of INC-1");
    for (part, text) in ACCOUNT {
        ann.press("j");
        ann.press_until(ENTER, "ctrl-s save");
        ann.press(text);
        ann.press_until(SAVE, &format!("{part} is written down"));
    }
    ann.press_until("t", "one person");
    ann.press("\t");
    ann.press(ACTION);
    ann.press("\t");
    ann.press("bob");
    ann.press_until(ENTER, &format!("INC-1: {ACTION}"));
    ann.until_gone("┌ INC-1");
    ann.until("✓ Contributing");
    ann.press_until("n", "in-review ·");
    ann.say("the postmortem is in review");
    ann.press("q");
    ann.until_gone("┌ Postmortem");
}

/// The whole story stands in the timeline, in the order in which it happened.
fn timeline(home: &Home, killed: &str) {
    let events = home.timeline();
    let texts: Vec<_> = events.iter().map(Value::to_string).collect();
    let has = |words: &[&str]| texts.iter().any(|text| words.iter().all(|word| text.contains(word)));
    let release = format!("image {GOOD} → {BROKEN}");
    for words in [
        &["incident.deploy", &*release][..],
        // Several that a container violates at once are one event.
        &["incident.health", "rule-violated", "violation"],
        &["incident.health", "31% of checkouts fail"],
        &["incident.health", "100 % used: full"],
        &["incident.health", "no leader"],
        &["incident.health", LEAK, "killed for want of memory"],
        &["incident.health", "source-down", "kube/prod-eu"],
        &["incident.declared", "\"ann\""],
        &["incident.operation", "rollback to revision 1", "\"done\""],
        &["incident.approval", "\"bob\"", "\"approved\":true"],
        &["incident.operation", "failover to", "\"done\""],
        &["incident.operation", "resume postgres orders", "\"done\""],
        &["incident.operation", PRIVILEGED, "\"done\""],
        &["incident.resolved", "rolled back, failed over"],
        &["incident.account", "Failover had been left paused"],
        &["incident.health", killed],
    ] {
        assert!(has(words), "{words:?} is not in\n{}", told(&events));
    }
    let time = |event: &Value| event["time"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
    assert!(events.iter().all(|event| time(event).is_some()) && events.is_sorted_by_key(time));
}

/// What events say, a line each.
fn told(events: &[Value]) -> String {
    events.iter().map(|event| format!("{} {}\n", event["type"], event["data"]["text"])).collect()
}

/// Runs, record and postmortem, as they are on paper.
fn papers(home: &Home) {
    let runs: Value = serde_json::from_str(&home.flightdeck(&["runbook", "history", "--json"])).expect("JSON");
    let outcomes: Vec<_> = runs.as_array().expect("a list").iter().map(|run| run["outcome"].as_str()).collect();
    assert_eq!(outcomes, [Some("succeeded"); 2], "{runs}");
    home.flightdeck(&["incident", "verify"]);
    let postmortem = home.flightdeck(&["incident", "postmortem", "1"]);
    for text in ACCOUNT.iter().map(|(_, text)| *text).chain([ACTION, BROKEN, "failover to"]) {
        assert!(postmortem.contains(text), "«{text}» is not in\n{postmortem}");
    }
}

/// The recording is whole, and shows how it ended.
fn plays(recording: &Path) {
    let read = Recording::open(recording).expect("it was written");
    assert!(read.len() > 1, "{} chunks", read.len());
    let player = Cockpit::replay(recording);
    player.press("\x1b[F");
    player.press_until("8", "patroni-failover");
    player.until("succeeded");
    player.leave();
}
