//! The program is killed at random moments of a run, by SIGKILL, and gone on with: the API server's own audit counts what was done, and each
//! operation is there once.

use crate::{
    bed::{self, Random, amount, tell},
    heads::head,
    home::Home,
    pty::Pty,
    servers::{IMAGE, Server, Servers},
    wait,
};
use rustix::process::Signal;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, ChildStdout, Stdio},
    time::Duration,
};

const PATIENCE: Duration = Duration::from_secs(120);
/// How many operations the run below has.
const OPERATIONS: usize = 3;
/// Of so many trials one is begun in the cockpit, the others by `flightdeck runbook run`.
const IN_COCKPIT: u64 = 4;

/// What is done, and what tells that it was done: each that is done twice is a request too many.
const ACTS: [(&str, &str, &str); OPERATIONS] = [
    ("\"restart\"", "template_hash", "is-not = \"{{steps.before1.template_hash}}\""),
    ("{ scale = { replicas = 3 } }", "desired", "is = 3"),
    ("{ set-image = { container = \"busybox\", image = \"other:1\" } }", "images.0", "is = \"other:1\""),
];

/// How the effects of these begin, in the words of a run.
const EFFECTS: [&str; OPERATIONS] = ["Rolls ", "Scales ", "Sets the image "];

fn runbook() -> String {
    let target = r#"object = { context = "testbed", kind = "deployment", namespace = "default", name = "{{name}}" }"#;
    let mut text = head("Change {{name}} three times", Some("{{name}}"), target, &[("name", "")]);
    text.push_str(CONFIRM);
    for (at, (act, path, now)) in ACTS.iter().enumerate() {
        let number = (at + 1).to_string();
        let before = format!("is = \"{{{{steps.before{number}.{path}}}}}\"");
        let step = STEP.replace("NUMBER", &number).replace("ACT", act).replace("PATH", path);
        text.push_str(&step.replace("NOW", now).replace("BEFORE", &before));
    }
    text
}

const CONFIRM: &str = r#"
[[fits]]
objects = ["deployment"]
fill = { name = "{{object.name}}" }
[[step]]
id = "confirm"
title = "Confirm"
confirm = { text = "Changes it." }
"#;

const STEP: &str = r#"
[[step]]
id = "beforeNUMBER"
title = "Look"
timeout = "1m"
look = { kubernetes = "rollout" }
[[step]]
id = "actNUMBER"
title = "Change it"
timeout = "30s"
kubernetes = ACT
no-undo = "what it was before is not kept"
[[step.verify]]
title = "it is changed"
ask = { kubernetes = "rollout" }
within = "30s"
expect = [{ path = "PATH", NOW }]
[step.observe]
ask = { kubernetes = "rollout" }
patience = "10s"
done = [{ path = "PATH", NOW }]
not-done = [{ path = "PATH", BEFORE }]
"#;

/// The bed of all trials: one journal, one API server.
struct Trials {
    home: Home,
    servers: Servers,
    runs: BTreeSet<String>,
    random: Random,
    kills: u64,
    /// Kills at which nothing had been recorded yet.
    early: u64,
    /// Kills at which an operation had been begun of which nobody knew how it went.
    in_doubt: u64,
    /// Kills that came after the run was over.
    late: u64,
}

impl Trials {
    /// How often the API server changed the workload, by its audit.
    fn changes(&self, name: &str) -> usize {
        let audit = fs::read_to_string(self.servers.path("kubernetes/audit.log")).expect("written");
        let is_change = |line: &Value| {
            let verb = line["verb"].as_str().unwrap_or_default();
            let tried = line["requestURI"].as_str().is_some_and(|uri| uri.contains("dryRun"));
            let done = line["responseStatus"]["code"].as_u64().is_some_and(|code| code < 300);
            line["objectRef"]["name"] == name && matches!(verb, "patch" | "update") && done && !tried
        };
        audit.lines().filter_map(|line| serde_json::from_str(line).ok()).filter(is_change).count()
    }

    /// The run that is in the journal since it was asked the last time.
    fn new_run(&mut self) -> Option<String> {
        let all = self.home.json(&["runbook", "history", "thrice", "--json"]);
        let names = all.as_array().expect("a list").iter().filter_map(|run| run["run"].as_str().map(String::from));
        let found: Vec<_> = names.filter(|name| !self.runs.contains(name)).collect();
        assert!(found.len() < 2, "one run was begun, there are {found:?}");
        self.runs.extend(found.iter().cloned());
        found.into_iter().next()
    }

    /// Begins a command, which tells what it does a line each.
    fn begin(&self, arguments: &[&str]) -> (Child, BufReader<ChildStdout>) {
        let mut command = self.home.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it runs");
        let out = BufReader::new(child.stdout.take().expect("piped"));
        (child, out)
    }

    /// Lets a command go on for a random part of `whole` from its first word on, and kills it; one in eight is killed before that. Answers
    /// whether it had ended before.
    fn killed(&mut self, arguments: &[&str], whole: Duration) -> bool {
        let (mut child, mut out) = self.begin(arguments);
        if self.random.below(8) > 0 {
            let _ = out.read_line(&mut String::new());
        }
        let moment = Duration::from_micros(self.random.below(whole.as_micros() as u64));
        let ended = wait::process_end(child.id() as i32, moment).is_some();
        child.kill().and_then(|()| child.wait()).expect("a child of ours");
        self.kills += u64::from(!ended);
        self.late += u64::from(ended);
        ended
    }

    /// Notes what the journal knew when the process died.
    fn note(&mut self, run: &str, name: &str) {
        let told = self.home.json(&["runbook", "history", run, "--json"]);
        let entries = told["entries"].as_array().expect("entries");
        let last = entries.last().expect("it had begun");
        // The last that it says of a step that has begun is what the step does.
        let begun = last["text"].as_str().is_some_and(|text| EFFECTS.iter().any(|effect| text.starts_with(effect)));
        self.in_doubt += u64::from(begun);
        assert!(self.changes(name) <= OPERATIONS, "{last}");
    }

    /// Ends what was begun, and looks from outside at what was done.
    fn ended(&mut self, name: &str, whole: Duration) {
        let Some(run) = self.new_run() else {
            assert_eq!(self.changes(name), 0, "nothing is done before it is recorded");
            self.early += 1;
            self.home.plain(&["runbook", "run", "thrice", "--set", &format!("name={name}"), "--yes", "--json"]);
            self.new_run().expect("it is recorded");
            return;
        };
        self.note(&run, name);
        // Whoever goes on may be killed as well.
        while self.random.below(3) == 0 && !self.killed(&["runbook", "resume", &run, "--yes", "--json"], whole) {}
        let said = self.home.plain(&["runbook", "resume", &run, "--yes", "--json"]);
        assert!(said.contains("\"succeeded\""), "{said}");
    }
}

/// Begins the run by keys, and kills the cockpit at some moment of it.
fn in_cockpit(trials: &mut Trials, name: &str, whole: Duration) {
    let mut pty = trials.home.setup().size(120, 40).flightdeck(&trials.home.arguments(&[]));
    pty.wait_for_cockpit();
    pty.send("A5:workloads\r");
    until(&pty, name);
    until(&pty, "ARMED");
    pty.send("r");
    until(&pty, "thrice");
    let screen = pty.seen().screen().contents();
    let line = screen.lines().find(|line| line.contains("thrice")).expect("offered");
    pty.send(line.trim_matches(|c: char| !c.is_ascii_digit()).chars().next().expect("a digit").to_string());
    until(&pty, "all is as it has to be");
    pty.send("\r");
    until(&pty, &format!("type {name} to go on"));
    pty.send(format!("{name}\r"));
    let moment = Duration::from_micros(trials.random.below(whole.as_micros() as u64));
    assert!(wait::process_end(pty.pid(), moment).is_none(), "the cockpit has left by itself");
    pty.signal(Signal::KILL);
    pty.exit(PATIENCE);
    trials.kills += 1;
}

fn until(pty: &Pty, words: &str) {
    bed::until(pty, words, |screen| screen.contains(words));
}

#[test]
fn a_run_whose_process_is_killed_at_any_moment_does_nothing_twice() {
    const TEST: &str = "killed_cockpit::a_run_whose_process_is_killed_at_any_moment_does_nothing_twice";
    let Some(servers) = Servers::start(TEST, &[Server::Api]) else { return };
    let home = Home::of_cluster(&servers.kubeconfig());
    home.write("runbooks/thrice.toml", &runbook());
    let (random, seed) = Random::new();
    let runs = BTreeSet::new();
    let mut trials = Trials { home, servers, runs, random, kills: 0, early: 0, in_doubt: 0, late: 0 };
    let wanted = amount(4, 100);
    // One that nobody kills tells how long a run is.
    let create =
        |trials: &Trials, name: &str| trials.servers.kubectl(&["create", "deployment", name, "--image", IMAGE]);
    create(&trials, "whole");
    let (mut child, mut out) = trials.begin(&["runbook", "run", "thrice", "--set", "name=whole", "--yes", "--json"]);
    out.read_line(&mut String::new()).expect("it begins");
    let began = wait::now();
    out.read_to_string(&mut String::new()).expect("it goes on");
    assert!(child.wait().expect("it ends").success());
    let whole = began.elapsed();
    assert_eq!((trials.new_run().is_some(), trials.changes("whole")), (true, OPERATIONS), "seed {seed}");
    trials.servers.kubectl(&["delete", "deployment", "whole"]);
    let mut operations = 0;
    for trial in 0.. {
        if trials.kills >= wanted {
            break;
        }
        let name = format!("trial-{trial}");
        create(&trials, &name);
        if trial % IN_COCKPIT == IN_COCKPIT - 1 {
            in_cockpit(&mut trials, &name, whole);
        } else {
            let set = format!("name={name}");
            trials.killed(&["runbook", "run", "thrice", "--set", &set, "--yes", "--json"], whole);
        }
        trials.ended(&name, whole);
        assert_eq!(trials.changes(&name), OPERATIONS, "{name}, seed {seed}: operations that the API server did");
        trials.servers.kubectl(&["delete", "deployment", &name]);
        operations += OPERATIONS;
    }
    let verified = trials.home.plain(&["incident", "verify"]);
    let Trials { kills, early, in_doubt, late, .. } = trials;
    tell(
        "cockpit killed",
        &format!(
            "SIGKILL at {kills} random moments of a run (seed {seed}): {early} before anything was recorded, {in_doubt} with an operation whose outcome nobody knew, {late} that came too late; {operations} operations wanted, {operations} done by the API server's audit, 0 doubled, 0 missing; {}",
            verified.lines().next().unwrap_or_default()
        ),
    );
}
