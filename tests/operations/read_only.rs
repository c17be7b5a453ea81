//! Read-only is read-only: nothing in the tables of operations and actions gets past the gate, and nothing that changes something reaches
//! an engine.

use crate::{
    bed::{armed, on_testbed},
    everything::{every_operation, now, operation, targets, world},
};
use flightdeck::{
    action,
    app::{
        App,
        effect::Effect,
        event::{Event, EventKind},
        settings::{self, Terminal},
    },
    client::{self, Wanted},
    config::layers,
    model::{
        input::{Key, KeyCode},
        object::{ObjectKind, ObjectRef},
        source::SourceState,
    },
    ops::ledger::LogOnly,
    ops::{
        execute::execute,
        gate::{Decision, Gate, Past, Policy, rules::Protect},
        offer,
        operation::{AlertAct, EngineAct, KubeAct, Operation, PostgresAct, rules},
    },
    runbook::definition::Catalogue,
    world::World,
};
use std::{
    collections::BTreeSet,
    io::{Read as _, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    sync::{Arc, Mutex},
    thread,
};

#[test]
fn no_operation_passes_a_gate_that_is_closed() {
    let world = world("e", "c");
    let all = every_operation(&world, "e", "c");
    assert!(all.len() > 60, "{}", all.len());
    let closed = [
        ("READ-ONLY", Policy { armed: false, ..armed() }),
        ("READ-ONLY", Policy { locked: true, ..armed() }),
        ("the past", Policy { past: Some(Past::Earlier), ..armed() }),
    ];
    for (why, policy) in &closed {
        for operation in &all {
            let refused = [
                Gate::permit(operation.clone(), &world, policy).map(|_| ()),
                Gate::trial(operation.clone(), &world, policy).map(|_| ()),
            ];
            for refused in refused {
                assert!(refused.as_ref().is_err_and(|text| text.contains(why)), "{operation}: {refused:?}");
            }
            let decision = Gate::decide_all(std::slice::from_ref(operation), &world, policy);
            assert!(matches!(decision, Decision::Refused(_)), "{operation}");
        }
    }
    // Each passes one that is open on one of its objects: what is refused above is refused for that reason.
    let open: BTreeSet<_> = all
        .iter()
        .filter(|operation| matches!(Gate::decide(operation, &world, &armed()), Decision::Allowed(_)))
        .map(Operation::word)
        .collect();
    let words = EngineAct::WORDS
        .iter()
        .chain(KubeAct::WORDS)
        .chain(rules::WORDS)
        .chain(AlertAct::WORDS)
        .chain(PostgresAct::WORDS);
    let shut: Vec<_> = words.filter(|word| !open.contains(*word)).collect();
    assert!(shut.is_empty(), "never allowed: {shut:?}");
    let count = all.len() * closed.len();
    tell(
        "operations while read-only",
        &format!(
            "{} operations under {} closed gates, for real and in trial: {} refused, 0 permitted",
            all.len(),
            closed.len(),
            count * 2
        ),
    );
}

#[test]
fn what_is_protected_or_old_is_never_changed() {
    let mut world = world("e", "c");
    let all = every_operation(&world, "e", "c");
    let rules = [
        Protect { context: "e".into(), ..Protect::default() },
        Protect { context: "c".into(), ..Protect::default() },
        Protect { context: "a".into(), ..Protect::default() },
        Protect { kind: "postgres".into(), ..Protect::default() },
        Protect { kind: "process".into(), ..Protect::default() },
        Protect { kind: "violation".into(), ..Protect::default() },
        Protect { kind: "host".into(), ..Protect::default() },
    ];
    let policy = Policy { protect: rules.to_vec(), ..armed() };
    for operation in all.iter().filter(|operation| !operation.only_looks()) {
        let refused = Gate::permit(operation.clone(), &world, &policy);
        assert!(refused.as_ref().is_err_and(|why| why.contains("protected")), "{operation}: {refused:?}");
    }
    for name in ["docker/e", "kube/c", "alertmanager/a", "postgres/g", "postgres/h", "postgres/i", "postgres/j"] {
        let mut report = world.observed.sources[name].report.clone();
        report.state = SourceState::Stale;
        world.report(now(), report);
    }
    // Files of the rules are of no source: whether they are still what was looked at is asked when they are written.
    let is_of_none =
        |operation: &&Operation| matches!(operation.target().kind, ObjectKind::Violation | ObjectKind::Host);
    for operation in all.iter().filter(|operation| !is_of_none(operation)) {
        assert!(Gate::permit(operation.clone(), &world, &armed()).is_err(), "{operation}");
    }
}

/// Says what was tried, for the table of faults, past the test runner.
fn tell(name: &str, figures: &str) {
    let _ = writeln!(std::io::stderr(), "fault: {name}: {figures}");
}

/// A cockpit of what is shipped, on this world.
fn app(world: World, policy: Policy) -> App {
    let settings = settings::build(&layers::resolve(&[]), &Terminal::default());
    let mut app = App::new(settings, policy, now(), (120, 40));
    app.world = world;
    app.world.runbooks = Some(Arc::new(Catalogue::built_in()));
    app.now = now();
    app.relayout();
    app
}

/// Runs an action on the page of an object and answers every question with yes; returns what was asked of the runtime.
fn run(app: &mut App, target: &ObjectRef, action: &'static str) -> Vec<Effect> {
    app.modals.clear();
    app.view.stack.clear();
    app.open(target.clone());
    app.run(action);
    let mut effects = Vec::new();
    for key in [Key::plain(KeyCode::Enter), Key::char('y'), Key::plain(KeyCode::Enter)] {
        effects.extend(app.update(Event { at: now(), kind: EventKind::Key(key) }));
    }
    effects
}

#[test]
fn no_action_of_the_table_has_anything_done_while_read_only() {
    let mut app = app(world("e", "c"), Policy { armed: false, locked: true, ..armed() });
    let mut tried = 0;
    for target in targets("e", "c") {
        for action in action::all().filter(|action| !["quit", "suspend"].contains(&action.name)) {
            for effect in run(&mut app, &target, action.name) {
                let acts = matches!(effect, Effect::Execute(_) | Effect::Rehearse(_) | Effect::Review { .. });
                assert!(!acts, "{} on {target}: {effect:?}", action.name);
            }
            tried += 1;
        }
    }
    tell(
        "actions while read-only",
        &format!("{tried} actions on objects of every kind, each question answered with yes: 0 leave the cockpit"),
    );
}

/// Stands before an engine's socket and notes the methods of the requests.
fn watched_socket(to: std::path::PathBuf, at: &std::path::Path) -> Arc<Mutex<Vec<String>>> {
    let listener = UnixListener::bind(at).expect("bound");
    let noted = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&noted);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (server, notes) = (UnixStream::connect(&to).expect("the engine"), Arc::clone(&notes));
            let (mut from, mut into) = (client.try_clone().expect("cloned"), server.try_clone().expect("cloned"));
            thread::spawn(move || {
                let mut bytes = vec![0; 64 << 10];
                while let Ok(read @ 1..) = from.read(&mut bytes) {
                    let text = String::from_utf8_lossy(&bytes[..read]).into_owned();
                    let starts = ["GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "PATCH "];
                    notes.lock().expect("sound").extend(
                        text.lines().filter(|line| starts.iter().any(|word| line.starts_with(word))).map(String::from),
                    );
                    if into.write_all(&bytes[..read]).is_err() {
                        return;
                    }
                }
                let _ = into.shutdown(std::net::Shutdown::Write);
            });
            let (mut from, mut into) = (server, client);
            thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut into);
                let _ = into.shutdown(std::net::Shutdown::Both);
            });
        }
    });
    noted
}

#[test]
fn nothing_that_changes_something_reaches_an_engine_while_read_only() {
    on_testbed("read_only::nothing_that_changes_something_reaches_an_engine_while_read_only", |bed| {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("docker.sock");
        let noted = watched_socket(bed.folder.join("docker/docker.sock"), &socket);
        let clients = client::discover(&Wanted {
            docker: vec![format!("unix://{}", socket.display())],
            contexts: vec!["none".into()],
            ..Wanted::default()
        });
        let world = bed.world_of(&clients);
        let engine = clients.docker[0].name.to_string();
        let containers: Vec<_> = world
            .observed
            .containers
            .containers
            .iter()
            .map(|row| ObjectRef::in_engine(ObjectKind::Container, &row.engine, &row.id))
            .collect();
        assert!(containers.len() > 5, "the sources went by way of the watched socket");
        let writes = |noted: &Arc<Mutex<Vec<String>>>| -> Vec<String> {
            noted
                .lock()
                .expect("sound")
                .iter()
                .filter(|line| !line.starts_with("GET ") && !line.starts_with("HEAD "))
                .cloned()
                .collect()
        };
        assert!(!noted.lock().expect("sound").is_empty());
        let policy = Policy { armed: false, ..armed() };
        let mut app = app(world.clone(), policy.clone());
        let mut tried = 0;
        for target in containers.iter().take(3).chain([&ObjectRef::new(ObjectKind::Engine, engine.as_str())]) {
            for action in action::all().filter(|action| action.name.starts_with("operate")) {
                for effect in run(&mut app, target, action.name) {
                    // What a runtime would do with it.
                    if let Effect::Execute(permit) = effect {
                        let _ = execute(permit, &clients, &|_| {}, &LogOnly);
                    }
                }
                tried += 1;
            }
            for offer in offer::of(target) {
                if let Ok(permit) = Gate::permit(operation(offer, target, &world), &world, &policy) {
                    let _ = execute(permit, &clients, &|_| {}, &LogOnly);
                }
                tried += 1;
            }
        }
        assert!(tried > 100 && writes(&noted).is_empty(), "{tried}: {:?}", writes(&noted));
        tell(
            "requests while read-only",
            &format!("{tried} actions and operations on a real engine: 0 requests that change something reach it"),
        );
        // The same way does reach the engine once it is armed: the counting counts.
        let target = containers.iter().find(|target| target.engine_and_id().is_some()).expect("one");
        let missing =
            Operation::Engine { target: target.clone(), name: "x".into(), act: EngineAct::Rename { to: "x/y".into() } };
        let permit = Gate::permit(missing, &world, &armed()).expect("allowed");
        assert!(execute(permit, &clients, &|_| {}, &LogOnly).is_err(), "that is no name");
        assert_eq!(writes(&noted).len(), 1, "{:?}", writes(&noted));
    });
}
