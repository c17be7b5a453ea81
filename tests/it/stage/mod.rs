//! A cockpit over a made-up host, the same at every run: what golden screens, pictures and property tests look at.

mod host;

use flightdeck::{
    action::Action,
    app::{
        App,
        event::{Event, EventKind},
        settings::{self, Settings, Terminal},
    },
    config::layers,
    keymap::Scope,
    model::{
        self, Timestamp,
        input::Key,
        log::LogLine,
        object::{ObjectKind, ObjectRef},
        source::SourceState,
        topic::Topic,
        update::Update,
    },
    ops::{gate::Policy, offer},
    panes,
    runbook::{self, definition::Catalogue, run::Mode},
    screen,
    view::layout::{Cell, Layout, Page},
    world::World,
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::sync::{Arc, LazyLock};

/// Sizes at which everything is looked at: the smallest that people use, a laptop's half, a laptop, a wall.
pub const SIZES: &[(u16, u16)] = &[(40, 10), (80, 24), (120, 40), (200, 60)];

#[path = "../../common/moment.rs"]
mod moment;

#[path = "../../common/kube_sample/mod.rs"]
pub mod kube_sample;

#[path = "../../common/engine_sample.rs"]
pub mod engine_sample;

#[path = "../../common/ai_sample.rs"]
pub mod ai_sample;

#[path = "../../common/incident_sample.rs"]
pub mod incident_sample;
#[path = "../../common/rule_sample.rs"]
pub mod rule_sample;

#[path = "../../common/watch_sample.rs"]
pub mod watch_sample;

#[path = "../../common/postgres_sample.rs"]
pub mod postgres_sample;

#[path = "../../common/run_sample.rs"]
pub mod run_sample;

#[path = "../../common/gpu_sample.rs"]
pub mod gpu_sample;

/// How long the story lasts before it is looked at, and its step.
const STORY_SECONDS: i64 = 600;
const STEP_SECONDS: i64 = 5;

/// When the story is looked at.
pub fn now() -> Timestamp {
    "2026-11-23T02:14:07Z".parse().expect("a time")
}

fn at(seconds_before: i64) -> Timestamp {
    moment::before(now(), seconds_before)
}

fn leaf(pane: &str) -> Cell {
    Cell { panes: vec![pane.into()], ..Cell::default() }
}

fn page(name: &str, key: char, cell: Cell) -> Page {
    let layouts = vec![Layout { min_columns: 0, min_rows: 0, cell }];
    Page { name: name.into(), title: name.into(), short: None, key, layouts }
}

/// What the program ships: its pages, keys and theme, on a terminal with all colours.
pub fn settings() -> Settings {
    static SHIPPED: LazyLock<Settings> = LazyLock::new(|| {
        let terminal = Terminal {
            term: "xterm-256color".into(),
            colorterm: "truecolor".into(),
            locale: "C.UTF-8".into(),
            ..Terminal::default()
        };
        let settings = settings::build(&layers::resolve(&[]), &terminal);
        assert_eq!(settings.warnings, [""; 0], "what is shipped is flawless");
        settings
    });
    SHIPPED.clone()
}

/// Settings with one page that holds every pane at once.
pub fn settings_of_all() -> Settings {
    let half = panes::PANES.len().div_ceil(2);
    let column = |panes: &[&dyn panes::Pane]| Cell {
        rows: panes.iter().map(|pane| leaf(pane.name())).collect(),
        ..Cell::default()
    };
    let every = Cell { columns: vec![column(&panes::PANES[..half]), column(&panes::PANES[half..])], ..Cell::default() };
    Settings { pages: vec![page("every", '1', every)], ..settings() }
}

/// Settings with one page of one pane.
pub fn settings_of_pane(name: &str) -> Settings {
    Settings { pages: vec![page(name, '1', leaf(name))], ..settings() }
}

/// A cockpit that has lived through the story.
pub fn app(settings: Settings, size: (u16, u16)) -> App {
    // Living through it takes a while, and comes to the same for everybody.
    static END: LazyLock<World> = LazyLock::new(|| {
        let mut app = empty(self::settings(), (80, 24));
        app.world.runbooks = Some(Arc::new(Catalogue::built_in()));
        for event in story() {
            app.update(event);
        }
        app.world
    });
    let mut app = empty(settings, size);
    app.world = END.clone();
    app.now = now();
    app.relayout();
    app
}

/// The same on a host with GPUs: other screens are looked at without, since most hosts have none.
pub fn app_with_gpus(settings: Settings, size: (u16, u16)) -> App {
    let mut app = app(settings, size);
    give(&mut app, EventKind::Report(gpu_sample::report()));
    let updates = gpu_sample::news(now());
    give(&mut app, EventKind::Updates { source: "gpu/nvml".into(), updates });
    give(&mut app, EventKind::Report(ai_sample::report()));
    give(&mut app, EventKind::Updates { source: "ai/local".into(), updates: ai_sample::news() });
    app
}

/// The same with a repository that violates rules.
pub fn app_with_rules(settings: Settings, size: (u16, u16)) -> App {
    let mut app = app(settings, size);
    give(&mut app, EventKind::Report(rule_sample::report()));
    give(&mut app, EventKind::Updates { source: "rules/repo".into(), updates: rule_sample::news(now()) });
    app
}

/// The same with an incident that is running.
pub fn app_with_incident(settings: Settings, size: (u16, u16)) -> App {
    let mut app = app(settings, size);
    give(&mut app, EventKind::Report(incident_sample::report()));
    give(&mut app, EventKind::Updates { source: "journal".into(), updates: incident_sample::news(now()) });
    app
}

/// The same with a run that waits for a person.
pub fn app_with_runs(settings: Settings, size: (u16, u16)) -> App {
    let mut app = app_with_incident(settings, size);
    let cluster = run_sample::Cluster::default();
    let plan = cluster.plan("k8s-rollback", &run_sample::values()).expect("a plan");
    let mut carried = run_sample::Carried::begin(plan, Mode::Live, cluster, now());
    tell_of(&mut app, &mut carried);
    app
}

/// Has the journal, and whoever carries it on here, tell of a run.
pub fn tell_of(app: &mut App, carried: &mut run_sample::Carried) {
    let (update, standing) = (carried.news(None), carried.standing());
    give(app, EventKind::Updates { source: "journal".into(), updates: vec![update] });
    give(app, EventKind::Run(Box::new(standing)));
}

/// The same once the incident is over: its postmortem is being written.
pub fn app_after_incident(settings: Settings, size: (u16, u16)) -> App {
    let mut app = app(settings, size);
    give(&mut app, EventKind::Report(incident_sample::report()));
    give(&mut app, EventKind::Updates { source: "journal".into(), updates: incident_sample::news_after(now()) });
    app
}

/// The same with an Alertmanager and a Prometheus.
pub fn app_with_watch(settings: Settings, size: (u16, u16)) -> App {
    let mut app = app(settings, size);
    for report in watch_sample::reports() {
        give(&mut app, EventKind::Report(report));
    }
    for (source, updates) in watch_sample::news(now()) {
        give(&mut app, EventKind::Updates { source: source.into(), updates });
    }
    app
}

/// The same with PostgreSQL clusters.
pub fn app_with_postgres(settings: Settings, size: (u16, u16)) -> App {
    let mut app = app(settings, size);
    for report in postgres_sample::reports() {
        give(&mut app, EventKind::Report(report));
    }
    for (source, updates) in postgres_sample::news(now()) {
        give(&mut app, EventKind::Updates { source: source.into(), updates });
    }
    app
}

/// The host on which a pane or a page has something to show.
pub fn made_for(name: &str) -> fn(Settings, (u16, u16)) -> App {
    match name {
        "ai-models" => app_with_gpus,
        "alerts" | "silences" | "slos" | "fleet" => app_with_watch,
        "postgres" => app_with_postgres,
        "violations" | "scoreboard" | "rules" => app_with_rules,
        "actions" => app_after_incident,
        "incidents" | "timeline" | "incident-now" => app_with_incident,
        "runs" | "runbooks" => app_with_runs,
        name if name.starts_with("gpu") => app_with_gpus,
        _ => app,
    }
}

/// A cockpit in which the action means something: its pane has the focus, a row is selected, and keys can do harm.
pub fn app_for(action: &Action, size: (u16, u16)) -> App {
    let with_list =
        || panes::known("processes").or_else(|| Some(panes::PANES.iter().find(|p| p.table().is_some())?.name()));
    let with_graph = || Some(panes::PANES.iter().find(|pane| pane.has_graph())?.name());
    let pane = match action.scope {
        Scope::Pane(name) => Some(name),
        Scope::List => with_list(),
        Scope::Graph => with_graph(),
        _ => None,
    };
    let watched = matches!(action.name, "operate-silence" | "operate-expire");
    let of_rules = ["preflight", "violations-view", "operate-waive", "operate-attest", "operate-accept"];
    let of_postgres = ["operate-switchover", "operate-failover", "operate-reinitialize", "operate-promote"];
    let of_postgres = of_postgres.iter().position(|name| *name == action.name);
    let made = match () {
        () if watched => app_with_watch,
        () if action.name == "incident-postmortem" => app_after_incident,
        () if of_postgres.is_some() => app_with_postgres,
        () if of_rules.contains(&action.name) => app_with_rules,
        () => app,
    };
    let mut app = made(pane.map_or_else(settings, settings_of_pane), size);
    app.policy.armed = true;
    if watched {
        let is_alert = action.name == "operate-silence";
        app.open(watch_sample::objects().swap_remove(usize::from(!is_alert)));
        return app;
    }
    app.policy.actor.name = "ann".into();
    if let Some(at) = of_postgres {
        app.open(ObjectRef::new(ObjectKind::Postgres, ["orders", "orders", "orders/db-3", "ledger/ledger-b"][at]));
        return app;
    }
    if let Some(word) = action.name.strip_prefix("operate") {
        let word = word.trim_start_matches('-');
        let kube = &app.world.observed.kube;
        let pods =
            kube.pods.iter().map(|row| ObjectRef::in_cluster(ObjectKind::Pod, &row.context, &row.namespace, &row.name));
        let workloads =
            kube.workloads.iter().map(|row| ObjectRef::in_cluster(row.kind, &row.context, &row.namespace, &row.name));
        let nodes = kube.nodes.iter().map(|row| ObjectRef::in_cluster(ObjectKind::Node, &row.context, "", &row.name));
        let offers = |target: &ObjectRef| word.is_empty() || offer::find(word, target).is_some();
        let violations = [ObjectRef::new(ObjectKind::Violation, rule_sample::first())];
        if let Some(target) = pods.chain(workloads).chain(nodes).chain(violations).find(offers) {
            app.open(target);
        }
    }
    if action.scope == Scope::Object {
        app.open(ObjectRef::new(ObjectKind::Process, "2310/3310"));
    }
    if action.scope == Scope::Logs {
        crate::log_lines::open(&mut app);
    }
    app
}

/// A cockpit that knows nothing yet.
pub fn empty(settings: Settings, size: (u16, u16)) -> App {
    App::new(settings, Policy { own_pid: 4_242, ..Policy::default() }, at(STORY_SECONDS), size)
}

/// Gives the cockpit an event of this moment.
pub fn give(app: &mut App, kind: EventKind) {
    let at = app.now;
    app.update(Event { at, kind });
}

/// Presses keys, named as in key maps and separated by blanks.
pub fn press(app: &mut App, keys: &str) {
    for key in keys.split_whitespace() {
        give(app, EventKind::Key(key.parse::<Key>().expect("a key")));
    }
}

/// What is on the screen.
pub fn draw(app: &App) -> Buffer {
    let (width, height) = app.view.size;
    let mut buffer = Buffer::empty(Rect { x: 0, y: 0, width, height });
    screen::draw(app, &mut buffer);
    buffer
}

/// Everything that happens: ten quiet minutes in which a disk fills, a file server stops answering, and a service fails.
pub fn story() -> Vec<Event> {
    let mut events = Vec::new();
    let mut say = |at, kind| events.push(Event { at, kind });
    for (name, topic) in host::SOURCES {
        say(at(STORY_SECONDS), EventKind::Report(host::report(name, *topic, SourceState::Ok, None)));
    }
    let updates = |source: &str, updates| EventKind::Updates { source: source.into(), updates };
    let mut before = STORY_SECONDS;
    while before >= 0 {
        let now = at(before);
        if before == STORY_SECONDS {
            say(now, updates("host/facts", vec![Update::Facts(Box::new(host::facts()))]));
            say(now, updates("host/sensors", vec![Update::Sensors(host::sensors())]));
        }
        say(now, updates("host/gauges", vec![Update::Gauges(Box::new(host::gauges(before)))]));
        say(now, updates("host/mounts", vec![Update::Mounts(host::mounts(before))]));
        say(now, updates("host/processes", vec![Update::Processes(host::processes(before))]));
        if before % 30 == 0 {
            say(now, updates("host/cgroups", vec![Update::Cgroups(Box::new(host::cgroups()))]));
            say(now, updates("host/sensors", vec![Update::Sensors(host::sensors())]));
            say(now, updates("host/facts", vec![Update::Facts(Box::new(host::facts()))]));
            say(now, updates("host/units", vec![Update::Units(host::units(before))]));
        }
        say(now, updates("host/own", vec![Update::Own(host::own())]));
        before -= STEP_SECONDS;
    }
    for report in kube_sample::reports().into_iter().chain(engine_sample::reports()) {
        say(at(30), EventKind::Report(report));
    }
    for (source, news) in kube_sample::news(now()).into_iter().chain(engine_sample::news(now())) {
        say(at(30), updates(source, news));
    }
    for report in kube_sample::reports().into_iter().chain(engine_sample::reports()) {
        say(at(20), EventKind::Report(report));
    }
    let down = host::report("host/sensors", Topic::Sensors, SourceState::Down, Some("no answer within 2 s"));
    say(at(0), EventKind::Report(down));
    let details = vec![Update::ProcessDetails(Box::new(host::process_details()))];
    say(at(0), updates("host/processes", details));
    let warning =
        LogLine { at: now(), level: "WARN".into(), target: "source".into(), text: "host/sensors is down".into() };
    say(at(0), EventKind::Log(warning));
    events
}
