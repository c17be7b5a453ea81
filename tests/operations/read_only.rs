//! Read-only is read-only: nothing in the tables of operations and actions gets past the gate, and nothing that changes something reaches
//! an engine.

use crate::{
    bed::{IMAGE, armed, on_testbed},
    clusters,
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
        Timestamp,
        alert::{Alert, AlertState, Alertmanager, Matcher, Silence, SilenceState},
        attention::Severity,
        concealed::Concealed,
        container::{Container, ContainerState, Engine, EngineNetwork, EngineNews, EnginePart, Image, Volume},
        input::{Key, KeyCode},
        kubernetes::{Cluster, KubeNews, KubePart, Node, Pod, PodContainer, Workload},
        object::{ObjectKind, ObjectRef},
        rows::Delta,
        ruling::{RuleNews, Ruling},
        source::{SourceReport, SourceState},
        topic::TopicSet,
        update::Update,
    },
    ops::ledger::LogOnly,
    ops::{
        execute::execute,
        gate::{Decision, Gate, Policy, rules::Protect},
        offer,
        operation::{AlertAct, EngineAct, Errand, KubeAct, Operation, PostgresAct, Signal, What, rules},
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

fn now() -> Timestamp {
    "2026-11-23T02:14:07Z".parse().expect("a time")
}

fn report(world: &mut World, name: &str) {
    let report = SourceReport {
        name: name.into(),
        kind: "test".into(),
        topics: TopicSet::EMPTY,
        state: SourceState::Ok,
        reason: None,
        hint: None,
        cadence_seconds: None,
    };
    world.report(now(), report);
}

/// A world with one object of every kind that something can be done to, on an engine and a cluster of these names.
fn world(engine: &str, context: &str) -> World {
    let mut world = World::at(now());
    let (docker, kube) = (format!("docker/{engine}"), format!("kube/{context}"));
    report(&mut world, &docker);
    report(&mut world, &kube);
    for part in engine_parts(engine) {
        world.apply(now(), &docker, vec![Update::Engine(Box::new(EngineNews { engine: engine.into(), part }))]);
    }
    world.apply(now(), "rules/repo", vec![Update::Rules(Box::new(violations()))]);
    for part in kube_parts(context) {
        world.apply(now(), &kube, vec![Update::Kube(Box::new(KubeNews { context: context.into(), part }))]);
    }
    report(&mut world, "postgres/g");
    report(&mut world, "postgres/h");
    report(&mut world, "postgres/i");
    report(&mut world, "postgres/j");
    for cluster in clusters::clusters(now()) {
        let source = format!("postgres/{}", cluster.name);
        world.apply(now(), &source, vec![Update::Postgres(Box::new(cluster))]);
    }
    report(&mut world, "alertmanager/a");
    world.apply(now(), "alertmanager/a", vec![Update::Alerts(Box::new(alertmanager()))]);
    world
}

/// A repository with a finding of the rule book.
fn violations() -> RuleNews {
    let finding = serde_json::json!({
        "check": "11f", "fingerprint": "f", "title": "t", "level": "warn", "status": "fail", "scope": "repo", "resource": "a.yml",
        "origin": "a.yml", "file": "a.yml", "span": {"line": 3, "column": 1, "end_line": 3, "end_column": 2}, "pointer": null,
        "observed": "", "expected": "", "fix": "", "owner": null, "waiver": null,
    });
    let finding = serde_json::from_value(finding).expect("a finding");
    let rulings = vec![Ruling { finding, first_seen: now(), is_new: false, history: Vec::new() }];
    RuleNews { source: "rules/repo".into(), root: Some("/nowhere".into()), rulings, ..RuleNews::default() }
}

fn alertmanager() -> Alertmanager {
    let alert = Alert {
        fingerprint: "1".into(),
        place: "a".into(),
        severity: Severity::Critical,
        state: AlertState::Active,
        labels: [("alertname".into(), "Down".into())].into(),
        annotations: [].into(),
        starts_at: Some(now()),
        ends_at: None,
        updated_at: None,
        silenced_by: vec![],
        inhibited_by: vec![],
        muted_by: vec![],
        receivers: vec![],
        generator_url: None,
    };
    let silence = Silence {
        id: "s".into(),
        state: SilenceState::Active,
        matchers: vec![Matcher::equal("alertname", "Other")],
        starts_at: Some(now()),
        ends_at: "2026-11-23T09:00:00Z".parse().ok(),
        updated_at: None,
        created_by: "ann".into(),
        comment: "x".into(),
    };
    let (alerts, silences) = (vec![Arc::new(alert)], vec![Arc::new(silence)]);
    Alertmanager { name: "a".into(), alerts, silences, ..Alertmanager::default() }
}

fn engine_parts(engine: &str) -> Vec<EnginePart> {
    let container = |(id, state): (&str, ContainerState)| {
        Arc::new(Container {
            engine: engine.into(),
            id: id.into(),
            name: id.into(),
            state,
            image: IMAGE.into(),
            ..Container::default()
        })
    };
    let containers =
        [("run", ContainerState::Running), ("stopped", ContainerState::Exited), ("frozen", ContainerState::Paused)];
    let image = Image { engine: engine.into(), id: "i".into(), ..Image::default() };
    let volume = Volume { engine: engine.into(), name: "v".into(), ..Volume::default() };
    let network = EngineNetwork { engine: engine.into(), id: "n".into(), ..EngineNetwork::default() };
    vec![
        EnginePart::Engine(Box::new(Engine { name: engine.into(), ..Engine::default() })),
        EnginePart::Containers(Delta::All(containers.map(container).to_vec())),
        EnginePart::Images(Delta::All(vec![Arc::new(image)])),
        EnginePart::Volumes(Delta::All(vec![Arc::new(volume)])),
        EnginePart::Networks(Delta::All(vec![Arc::new(network)])),
    ]
}

fn kube_parts(context: &str) -> Vec<KubePart> {
    use ObjectKind::{CronJob, DaemonSet, Deployment, Job, ReplicaSet, StatefulSet};
    let pod = Pod {
        context: context.into(),
        namespace: "n".into(),
        name: "p".into(),
        containers: vec![PodContainer { name: "c".into(), state: "running".into(), ..PodContainer::default() }],
        ..Pod::default()
    };
    let workload = |kind, name: &str, paused| {
        let value = serde_json::json!({
            "context": context, "kind": kind, "namespace": "n", "name": name, "desired": 2, "ready": 2, "updated": 2, "available": 2,
            "current": 2, "revision": 1, "health": "unknown", "reason": "", "created_at": null, "paused": paused, "owner": null,
            "images": ["old:1"], "selector": [], "labels": [], "conditions": [],
        });
        Arc::new(serde_json::from_value::<Workload>(value).expect("a workload"))
    };
    let kinds = [Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob];
    let paused = [workload(Deployment, "paused", true), workload(CronJob, "paused", true)];
    let workloads = kinds.into_iter().map(|kind| workload(kind, "w", false)).chain(paused);
    let node = |name: &str, unschedulable| {
        Arc::new(Node { context: context.into(), name: name.into(), unschedulable, ..Node::default() })
    };
    vec![
        KubePart::Cluster(Box::new(Cluster { context: context.into(), ..Cluster::default() })),
        KubePart::Pods(Delta::All(vec![Arc::new(pod)])),
        KubePart::Workloads(Delta::All(workloads.collect())),
        KubePart::Nodes(Delta::All(vec![node("open", false), node("cordoned", true)])),
    ]
}

fn targets(engine: &str, context: &str) -> Vec<ObjectRef> {
    use ObjectKind::{
        Container, CronJob, DaemonSet, Deployment, EngineNetwork, Image, Job, Node, Pod, ReplicaSet, StatefulSet,
        Volume,
    };
    let in_engine = |kind, id| ObjectRef::in_engine(kind, engine, id);
    let in_cluster = |kind, name| ObjectRef::in_cluster(kind, context, if kind == Node { "" } else { "n" }, name);
    let mut all = vec![
        in_engine(Container, "run"),
        in_engine(Container, "stopped"),
        in_engine(Container, "frozen"),
        in_engine(Image, "i"),
        in_engine(Volume, "v"),
        in_engine(EngineNetwork, "n"),
        ObjectRef::new(ObjectKind::Engine, engine),
        in_cluster(Node, "open"),
        in_cluster(Node, "cordoned"),
        in_cluster(Pod, "p"),
        in_cluster(Deployment, "paused"),
        in_cluster(CronJob, "paused"),
        ObjectRef::new(ObjectKind::Alert, "a/1"),
        ObjectRef::new(ObjectKind::Silence, "a/s"),
        ObjectRef::new(ObjectKind::Postgres, "g"),
        ObjectRef::new(ObjectKind::Postgres, "g/7"),
        ObjectRef::new(ObjectKind::Postgres, "h"),
        ObjectRef::new(ObjectKind::Postgres, "i/s"),
        ObjectRef::resource(context, "secrets", "n", "s"),
        ObjectRef::resource(context, "services", "n", "s"),
        ObjectRef::new(ObjectKind::Violation, "f:3"),
    ];
    all.extend([Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob].map(|kind| in_cluster(kind, "w")));
    all
}

/// Values with which an offer makes an operation, whatever its fields ask for.
fn operation(offer: &offer::Offer, target: &ObjectRef, world: &World) -> Operation {
    let defaults = offer.defaults(target, world);
    let count = defaults.len();
    let defaults: Vec<&str> = defaults.iter().map(String::as_str).collect();
    let with = |first: &'static str, rest: &'static str| [vec![first], vec![rest; count.saturating_sub(1)]].concat();
    let tries = [
        vec!["7"; count],
        vec!["/x"; count],
        vec!["KILL"; count],
        vec!["no"; count],
        vec!["volumes"; count],
        with("c", "/x"),
        with("c", "7"),
        with("1.5", "64MiB"),
        with("newname", "x"),
        vec!["alertname=x", "1h", "because"],
        vec!["", "no"],
        vec!["because", "ann", "9d", "place", "repository"],
        vec!["5", "", "https://wiki/x", "ann", "dba", "", "9d"],
        vec!["", "no", "no", "9"],
        vec![""; count],
        defaults,
    ];
    let mut tries = tries.iter().filter(|values| values.len() >= count);
    tries
        .find_map(|values| offer.operation(target, world, &values[..count]).ok())
        .unwrap_or_else(|| panic!("no values for {}", offer.word))
}

/// Every operation that there is: every offer on every object, and what only follows from another.
fn every_operation(world: &World, engine: &str, context: &str) -> Vec<Operation> {
    let mut all: Vec<_> = targets(engine, context)
        .iter()
        .flat_map(|target| offer::of(target).map(|offer| operation(offer, target, world)).collect::<Vec<_>>())
        .collect();
    let target = ObjectRef::in_cluster(ObjectKind::Deployment, context, "n", "w");
    let manifest = r#"{"metadata": {"name": "w", "namespace": "n", "resourceVersion": "1"}}"#.to_owned();
    // What a runbook alone does.
    all.push(Operation::Kube { target: target.clone(), act: KubeAct::Rollback { revision: 1 } });
    let wedged = ObjectRef::in_cluster(ObjectKind::StatefulSet, context, "n", "w");
    all.push(Operation::Kube { target: wedged, act: KubeAct::DeleteWedged });
    let release = ObjectRef::resource(context, "releases.helm.sh", "n", "w");
    let act = KubeAct::RollbackRelease { revision: 1, timeout_seconds: 60 };
    all.push(Operation::Kube { target: release, act });
    let container = ObjectRef::in_engine(ObjectKind::Container, engine, "run");
    let act = EngineAct::Recreate { image: "old:1".into() };
    all.push(Operation::Engine { target: container, name: "run".into(), act });
    let secret = ObjectRef::resource(context, "secrets", "n", "s");
    let act = KubeAct::SetSecret { key: "k".into(), value: Concealed::new("hunter2") };
    all.push(Operation::Kube { target: secret, act });
    for what in [
        What::Command { argv: vec!["true".into()], environment: Vec::new(), input: None, directory: None },
        What::Request { method: "POST".into(), url: "http://h/".into(), headers: Vec::new(), body: None },
    ] {
        // About this host, and about an object of a cluster.
        for target in
            [ObjectRef::new(ObjectKind::Host, ""), ObjectRef::in_cluster(ObjectKind::Deployment, context, "n", "w")]
        {
            all.push(Operation::Errand(Box::new(Errand {
                target,
                name: "w".into(),
                what: what.clone(),
                hidden: Vec::new(),
                limit_seconds: 1,
            })));
        }
    }
    let whole_engine = ObjectRef::new(ObjectKind::Engine, engine);
    let act = EngineAct::Tag { image: "old:1".into(), name: "kept:1".into() };
    all.push(Operation::Engine { target: whole_engine, name: engine.into(), act });
    let by_sql = [
        PostgresAct::Checkpoint,
        PostgresAct::Canary { token: uuid::Uuid::nil() },
        PostgresAct::Fence,
        PostgresAct::Unfence,
        PostgresAct::Sql { statement: "VACUUM".into(), parameters: Vec::new(), database: None },
    ];
    let server = ObjectRef::new(ObjectKind::Postgres, "i/s");
    all.extend(by_sql.map(|act| Operation::Postgres { target: server.clone(), act }));
    let act = PostgresAct::PromoteCluster { fenced: "switched off".into() };
    all.push(Operation::Postgres { target: ObjectRef::new(ObjectKind::Postgres, "j"), act });
    all.push(Operation::Kube { target, act: KubeAct::Apply { manifest, diff: String::new(), file: String::new() } });
    all.push(Operation::SignalProcess { pid: 4242, start_ticks: 1, name: "x".into(), signal: Signal::Term });
    let words: BTreeSet<_> = all.iter().map(Operation::word).collect();
    let known = EngineAct::WORDS
        .iter()
        .chain(KubeAct::WORDS)
        .chain(rules::WORDS)
        .chain(AlertAct::WORDS)
        .chain(PostgresAct::WORDS);
    let known: BTreeSet<_> = known.chain(Errand::WORDS).copied().chain(["signal"]).collect();
    assert_eq!(words, known, "an operation that this list forgets is not tested");
    all
}

#[test]
fn no_operation_passes_a_gate_that_is_closed() {
    let world = world("e", "c");
    let all = every_operation(&world, "e", "c");
    assert!(all.len() > 60, "{}", all.len());
    let closed = [
        ("READ-ONLY", Policy { armed: false, ..armed() }),
        ("READ-ONLY", Policy { locked: true, ..armed() }),
        ("the past", Policy { past: true, ..armed() }),
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
    let mut settings = settings::build(&layers::resolve(&[]), &Terminal::default());
    settings.runbooks = Arc::new(Catalogue::built_in());
    let mut app = App::new(settings, policy, now(), (120, 40));
    app.world = world;
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
