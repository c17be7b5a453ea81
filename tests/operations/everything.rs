//! A world with everything in it that something can be done to, and every operation that there is.

use crate::{bed::IMAGE, clusters};
use flightdeck::{
    model::{
        Timestamp,
        alert::{Alert, AlertState, Alertmanager, Matcher, Silence, SilenceState},
        attention::Severity,
        concealed::Concealed,
        container::{Container, ContainerState, Engine, EngineNetwork, EngineNews, EnginePart, Image, Volume},
        kubernetes::{Cluster, KubeNews, KubePart, Node, Pod, PodContainer, Workload},
        object::{ObjectKind, ObjectRef},
        rows::Delta,
        ruling::{RuleNews, Ruling},
        source::{SourceReport, SourceState},
        topic::TopicSet,
        update::Update,
    },
    ops::{
        offer,
        operation::{AlertAct, EngineAct, Errand, KubeAct, Operation, PostgresAct, Signal, What, rules},
    },
    world::World,
};
use std::{collections::BTreeSet, sync::Arc};

/// When it is looked at.
pub fn now() -> Timestamp {
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
pub fn world(engine: &str, context: &str) -> World {
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

/// The objects of that world.
pub fn targets(engine: &str, context: &str) -> Vec<ObjectRef> {
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
pub fn operation(offer: &offer::Offer, target: &ObjectRef, world: &World) -> Operation {
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
pub fn every_operation(world: &World, engine: &str, context: &str) -> Vec<Operation> {
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
