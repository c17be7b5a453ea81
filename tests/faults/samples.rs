//! One of everything that sources tell, and the list of all that they can tell: a new kind of news has to come here before a test passes.

use crate::stage::{
    self, ai_sample, engine_sample, gpu_sample, incident_sample, kube_sample, postgres_sample, rule_sample, run_sample,
    watch_sample,
};
use flightdeck::{
    app::{
        App,
        event::{Done, Event, EventKind},
        settings::Settings,
    },
    model::{
        attention::Severity,
        container::EnginePart,
        hardware::{Array, ArrayWork, Bond, BondMember, Hardware, MemoryController},
        kubernetes::{Access, KubePart},
        object::{ObjectKind, ObjectRef},
        reading::{Reading, Readings},
        update::Update,
    },
    runbook::run::Mode,
};
use std::{collections::BTreeSet, sync::LazyLock};

/// Every kind of news; [`kinds`] names them without a rest, so that the compiler asks for a new one.
const KINDS: &[&str] = &[
    "facts",
    "gauges",
    "mounts",
    "processes",
    "process-details",
    "cgroups",
    "sensors",
    "units",
    "hardware",
    "readings",
    "own",
    "gpus",
    "ai",
    "rules",
    "rule-lines",
    "journal",
    "alerts",
    "prometheus",
    "postgres",
    "engine",
    "containers",
    "container-usage",
    "images",
    "volumes",
    "networks",
    "container-details",
    "cluster",
    "pods",
    "workloads",
    "nodes",
    "kube-events",
    "pod-usage",
    "node-usage",
    "table",
    "kube-details",
    "run",
    "report",
    "done",
    "log",
    "access",
    "paste",
];

/// What an event tells of.
fn kinds(event: &Event) -> Vec<&'static str> {
    match &event.kind {
        EventKind::Updates { updates, .. } => updates.iter().map(kind).collect(),
        EventKind::Run(_) => vec!["run"],
        EventKind::Report(_) => vec!["report"],
        EventKind::Done(_) => vec!["done"],
        EventKind::Log(_) => vec!["log"],
        EventKind::Access { .. } => vec!["access"],
        EventKind::Paste(_) => vec!["paste"],
        // Figures, keys, and what is made of other news; lines of logs and answers have tests of their own.
        EventKind::Key(_) | EventKind::Mouse(_) | EventKind::Resize { .. } | EventKind::Wake => vec![],
        EventKind::Player(_) | EventKind::Moment(_) | EventKind::World(_) | EventKind::Settings(_) => vec![],
        EventKind::Runbooks(..) => vec![],
        EventKind::History(_) | EventKind::ClockStepped { .. } | EventKind::Logs(_) | EventKind::Answer(_) => vec![],
    }
}

fn kind(update: &Update) -> &'static str {
    match update {
        Update::Facts(_) => "facts",
        Update::Gauges(_) => "gauges",
        Update::Mounts(_) => "mounts",
        Update::Processes(_) => "processes",
        Update::ProcessDetails(_) => "process-details",
        Update::Cgroups(_) => "cgroups",
        Update::Sensors(_) => "sensors",
        Update::Units(_) => "units",
        Update::Hardware(_) => "hardware",
        Update::Readings(_) => "readings",
        Update::Own(_) => "own",
        Update::Gpus(_) => "gpus",
        Update::Ai(_) => "ai",
        Update::Rules(_) => "rules",
        Update::RuleLines(_) => "rule-lines",
        Update::Journal(_) => "journal",
        Update::Alerts(_) => "alerts",
        Update::Prometheus(_) => "prometheus",
        Update::Postgres(_) => "postgres",
        Update::Engine(news) => match &news.part {
            EnginePart::Engine(_) => "engine",
            EnginePart::Containers(_) => "containers",
            EnginePart::Usage(_) => "container-usage",
            EnginePart::Images(_) => "images",
            EnginePart::Volumes(_) => "volumes",
            EnginePart::Networks(_) => "networks",
            EnginePart::Details(_) => "container-details",
        },
        Update::Kube(news) => match &news.part {
            KubePart::Cluster(_) => "cluster",
            KubePart::Pods(_) => "pods",
            KubePart::Workloads(_) => "workloads",
            KubePart::Nodes(_) => "nodes",
            KubePart::Events(_) => "kube-events",
            KubePart::PodUsage(_) => "pod-usage",
            KubePart::NodeUsage(_) => "node-usage",
            KubePart::Table(_) => "table",
            KubePart::Details(_) => "kube-details",
        },
    }
}

/// Arrays, bonds and memory controllers.
fn hardware() -> Hardware {
    let work = Some(ArrayWork { name: "recover".into(), done_ratio: Some(0.4) });
    let (level, state, members) = ("raid1".into(), "clean".into(), Some(2));
    let array = Array { name: "md0".into(), level, state, members, missing: Some(1), work };
    let member = BondMember { name: "eth0".into(), is_up: false };
    let bond = Bond { name: "bond0".into(), mode: "active-backup".into(), members: vec![member] };
    let controller = MemoryController { name: "mc0".into(), corrected: Some(3), uncorrected: Some(1) };
    Hardware { arrays: vec![array], bonds: vec![bond], controllers: vec![controller] }
}

/// What a small source reads.
fn readings() -> Readings {
    let all = vec![Reading::number("drift_ppm", Some(12.5)), Reading::text("source", Some("tsc".into()))];
    Readings { source: "host/clock".into(), all }
}

/// What every source says, at the moment of the story at which everything is there.
fn told() -> Vec<EventKind> {
    let now = stage::now();
    let mut all = Vec::new();
    let reports = [gpu_sample::report(), ai_sample::report(), rule_sample::report(), incident_sample::report()];
    let reports = reports.into_iter().chain(watch_sample::reports()).chain(postgres_sample::reports());
    all.extend(reports.map(EventKind::Report));
    let news = [
        ("gpu/nvml", gpu_sample::news(now)),
        ("ai/local", ai_sample::news()),
        ("host/hardware", vec![Update::Hardware(Box::new(hardware()))]),
        ("host/clock", vec![Update::Readings(readings())]),
        ("rules/repo", rule_sample::news(now)),
        ("journal", incident_sample::news(now)),
    ];
    let news = news.into_iter().chain(watch_sample::news(now)).chain(postgres_sample::news(now));
    let news = news.chain(kube_sample::news(now)).chain(engine_sample::news(now));
    all.extend(news.map(|(source, updates)| EventKind::Updates { source: source.into(), updates }));
    let cluster = run_sample::Cluster::default();
    let plan = cluster.plan("k8s-rollback", &run_sample::values()).expect("a plan");
    let mut carried = run_sample::Carried::begin(plan, Mode::Live, cluster, now);
    let (update, standing) = (carried.news(None), carried.standing());
    all.push(EventKind::Updates { source: "journal".into(), updates: vec![update] });
    all.push(EventKind::Run(Box::new(standing)));
    let target = Some(ObjectRef::new(ObjectKind::Process, "2310/3310"));
    all.push(EventKind::Done(Done { target, ..Done::new(false, "it was refused") }));
    let asked = Access { verb: "patch".into(), ..Access::default() };
    let said = (asked.clone(), false, "no role says so".into());
    all.push(EventKind::Access { context: "prod-eu".into(), asked: vec![asked], said: vec![said] });
    all.push(EventKind::Paste("pasted".into()));
    all
}

/// One event of every kind, the last that the story has of each, and everything that all sources say beside it.
pub fn events() -> Vec<Event> {
    let mut seen = BTreeSet::new();
    let mut events: Vec<_> = stage::story()
        .into_iter()
        .rev()
        .filter(|event| {
            let kind = match &event.kind {
                EventKind::Report(report) => format!("{} {:?}", report.name, report.state),
                EventKind::Updates { source, .. } => format!("{source} {:?}", kinds(event)),
                _ => format!("{:?}", kinds(event)),
            };
            seen.insert(kind)
        })
        .collect();
    events.reverse();
    events.extend(told().into_iter().map(|kind| Event { at: stage::now(), kind }));
    events
}

/// A cockpit that has lived through the story and has heard of everything.
pub fn app(settings: Settings, size: (u16, u16)) -> App {
    static WORLD: LazyLock<flightdeck::world::World> = LazyLock::new(|| {
        let mut app = stage::app(stage::settings(), (120, 40));
        told().into_iter().for_each(|kind| stage::give(&mut app, kind));
        app.world
    });
    let mut app = stage::app(settings, size);
    app.world = WORLD.clone();
    app.relayout();
    app.notice(Severity::Info, "a notice");
    app
}

#[test]
fn everything_that_can_be_told_is_among_the_samples() {
    let told: BTreeSet<_> = events().iter().flat_map(kinds).collect();
    let known: BTreeSet<_> = KINDS.iter().copied().collect();
    let missing: Vec<_> = known.difference(&told).collect();
    let unknown: Vec<_> = told.difference(&known).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "no sample of {missing:?}; not in the list: {unknown:?}");
}
