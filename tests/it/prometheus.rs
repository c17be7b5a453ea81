//! A real Prometheus, Alertmanager and node_exporter (`tests/testbed/prometheus`): alerts, silences through the gate, objectives and hosts.

use crate::{need::need, wait::until};
use flightdeck::{
    client::{
        Clients,
        http::{Http, Server},
        named::Named,
    },
    config::{
        layers::{Layer, resolve},
        watch::watch,
    },
    model::{
        Timestamp,
        alert::{Alert, AlertState, SilenceState},
        attention::Severity,
        journal::Actor,
        metric::{Evaluated, Labels},
        object::{ObjectKind, ObjectRef},
        slo::{Reading, Window},
        source::{SourceReport, SourceState},
        topic::TopicSet,
        update::Update,
        watch::GraphAsked,
    },
    ops::{
        execute::execute,
        gate::{Decision, Gate, Policy},
        ledger::LogOnly,
        offer,
        operation::Operation,
    },
    source::{
        Request, Source,
        alertmanager::AlertSource,
        prometheus::{Api, PrometheusSource},
    },
    world::World,
};
use jiff::SignedDuration;
use std::{fs, path::PathBuf, process::Command, sync::Arc, time::Duration};

/// The three servers; they end with this.
struct Bed {
    folder: tempfile::TempDir,
    prometheus: String,
    alertmanager: String,
    runtime: tokio::runtime::Runtime,
}

impl Bed {
    /// Starts them; `None` where the machine has none.
    fn start() -> Option<Self> {
        let programs = ["prometheus", "prometheus-alertmanager", "prometheus-node-exporter", "curl", "setsid"];
        if !need("Prometheus, Alertmanager and node_exporter", &programs) {
            return None;
        }
        let folder = tempfile::Builder::new().prefix("fd-prom").tempdir_in("/tmp").expect("a folder");
        let output = script("up", folder.path()).output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let told = String::from_utf8(output.stdout).expect("text");
        let value = |name: &str| {
            let line = told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            line.unwrap_or_else(|| panic!("{name} in {told}")).to_owned()
        };
        let (prometheus, alertmanager) = (value("prometheus_url"), value("alertmanager_url"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("an event loop");
        Some(Self { folder, prometheus, alertmanager, runtime })
    }

    /// Asks a source as its supervisor does, on a thread for work that blocks, and takes what it says.
    fn ask(&self, source: &mut Option<Box<dyn Source>>, request: Request, world: &mut World) -> Vec<Update> {
        let mut asked = source.take().expect("put back");
        let at = request.at;
        let spec = asked.spec();
        let (back, answer) = self.runtime.block_on(async move {
            let work = move || {
                let answer = asked.collect(&request);
                (asked, answer)
            };
            tokio::task::spawn_blocking(work).await.expect("no panic")
        });
        *source = Some(back);
        let updates = answer.expect("an answer");
        if !world.observed.sources.contains_key(&spec.name) {
            let report = SourceReport {
                name: spec.name.clone(),
                kind: spec.kind.clone(),
                topics: spec.topics,
                state: SourceState::Ok,
                reason: None,
                hint: None,
                cadence_seconds: Some(15.0),
            };
            world.report(at, report);
        }
        world.apply(at, &spec.name, updates.clone());
        updates
    }

    fn write(&self, text: &str) {
        // Renamed into place, so that no half of it is read.
        let (new, path) = (self.folder.path().join("new"), self.folder.path().join("textfile/shop.prom"));
        fs::write(&new, text).expect("written");
        fs::rename(new, path).expect("renamed");
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        let _ = script("down", self.folder.path()).output();
    }
}

fn script(verb: &str, folder: &std::path::Path) -> Command {
    let mut command = Command::new(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/testbed/prometheus"));
    command.arg(verb).arg(folder);
    command
}

fn now() -> Timestamp {
    flightdeck::clock::now()
}

fn request() -> Request {
    Request { at: now(), wanted: TopicSet::all(), visible: TopicSet::all(), ..Request::default() }
}

fn find<'w>(world: &'w World, name: &str) -> Option<&'w Arc<Alert>> {
    world.observed.watch.alerts().find(|alert| alert.name() == name)
}

fn in_attention(world: &World, name: &str) -> bool {
    world.attention.iter().any(|row| row.condition.rule == "alert" && row.condition.name.starts_with(name))
}

/// The operation of an offer with these values for its fields.
fn operation(word: &str, target: &ObjectRef, world: &World, values: &[&str]) -> Operation {
    let offer = offer::find(word, target).expect("is offered");
    offer.operation(target, world, values).unwrap_or_else(|wrong| panic!("{}", wrong.why))
}

struct Hand {
    clients: Arc<Clients>,
    policy: Policy,
}

impl Hand {
    /// Takes it through the gate, and does it; what the gate warned of, and what was done.
    fn act(&self, operation: Operation, world: &World) -> (Vec<String>, String) {
        let terms = match Gate::decide(&operation, world, &self.policy) {
            Decision::Allowed(terms) => terms,
            Decision::Refused(why) => panic!("{operation}: {why}"),
        };
        let permit = Gate::permit(operation, world, &self.policy).expect("permitted");
        (terms.warnings, execute(permit, &self.clients, &|_| {}, &LogOnly).expect("done").text)
    }
}

#[test]
fn an_alert_is_silenced_changed_and_let_go_again() {
    let Some(bed) = Bed::start() else { return };
    let text = format!("[[alertmanager]]\nname = \"bed\"\nurls = [\"http://127.0.0.1:1\", \"{}\"]\n", bed.alertmanager);
    let named = watch(&resolve(&[Layer::File { path: "c".into(), text }]).config, &[]).alertmanagers;
    let mut source: Option<Box<dyn Source>> = Some(Box::new(AlertSource::new(named[0].clone())));
    let clients = Arc::new(Clients { alertmanagers: named, ..Clients::default() });
    let policy = Policy { armed: true, actor: Actor { name: "ops-a".into(), ..Actor::default() }, ..Policy::default() };
    let hand = Hand { clients, policy };
    let mut world = World::at(now());
    let mut wait = |what: &str, world: &mut World, is_so: &dyn Fn(&World) -> bool| {
        let mut look = || {
            bed.ask(&mut source, request(), world);
            is_so(world).then_some(())
        };
        until(what, &mut look, || "see the alerts of the testbed");
    };

    wait("the alert fires", &mut world, &|world| in_attention(world, "TestbedAlways"));
    let alert = Arc::clone(find(&world, "TestbedAlways").expect("known"));
    assert_eq!(
        (alert.severity, alert.state, alert.receivers[0].as_str()),
        (Severity::Critical, AlertState::Active, "nobody")
    );
    wait("the watchdog is known", &mut world, &|world| find(world, "TestbedWatchdog").is_some());
    assert!(!in_attention(&world, "TestbedWatchdog"), "what only informs is no trouble");
    let members = &world.observed.watch.alertmanagers["bed"].members;
    assert!(
        members[0].problem.is_some() && members[1].version.is_some(),
        "one member is gone, the other tells: {members:?}"
    );

    // Its fields are filled in with what fits it alone; only the reason is missing.
    let target = alert.object();
    let offer = offer::find("silence", &target).expect("is offered");
    let defaults = offer.defaults(&target, &world);
    assert_eq!(defaults[0], r#"alertname="TestbedAlways", severity="page", team="testbed""#);
    let values: Vec<&str> = defaults.iter().map(String::as_str).collect();
    assert!(offer.operation(&target, &world, &values).is_err_and(|wrong| wrong.field == 2));
    let silence = operation("silence", &target, &world, &[values[0], "1h", "the testbed is too loud"]);
    let (warnings, text) = hand.act(silence, &world);
    assert_eq!(warnings[0], "silences 1 alert of 2");
    assert!(warnings.contains(&"1 of them is critical".to_owned()), "{warnings:?}");
    assert!(text.contains(": silence ") && text.contains(" until "), "{text}");
    wait("nobody is told of it", &mut world, &|world| {
        find(world, "TestbedAlways").is_some_and(|alert| alert.state == AlertState::Suppressed)
    });
    assert!(!in_attention(&world, "TestbedAlways"));
    let first = Arc::clone(&world.observed.watch.alertmanagers["bed"].silences[0]);
    assert_eq!((first.created_by.as_str(), first.comment.as_str()), ("ops-a", "the testbed is too loud"));
    assert_eq!(find(&world, "TestbedAlways").expect("known").silenced_by, std::slice::from_ref(&first.id));

    // A longer time keeps the silence; other matchers make another, and the old one ends.
    let of = |id: &str| ObjectRef::new(ObjectKind::Silence, format!("bed/{id}"));
    let longer = operation("silence", &of(&first.id), &world, &[&first.text(), "3h", "still too loud"]);
    let (warnings, text) = hand.act(longer, &world);
    assert!(text.contains(first.id.as_str()) && !text.contains("in the place"), "{text}");
    assert!(!warnings.iter().any(|warning| warning.contains("another identity")), "{warnings:?}");
    wait("it is longer", &mut world, &|world| {
        world.observed.watch.silence(&of(&first.id)).is_some_and(|silence| silence.comment == "still too loud")
    });
    let wider = operation("silence", &of(&first.id), &world, &["alertname=~\"Testbed.*\"", "1h", "all of it"]);
    let (warnings, text) = hand.act(wider, &world);
    assert!(warnings.contains(&"it fits everything: all 2 alerts that are known".to_owned()), "{warnings:?}");
    assert!(warnings.contains(&"a new silence takes its place, with another identity: other matchers".to_owned()));
    assert!(text.ends_with("in the place of the old one"), "{text}");
    wait("the old one has ended", &mut world, &|world| {
        let ended = world.observed.watch.silence(&of(&first.id));
        ended.is_some_and(|silence| silence.state == SilenceState::Expired)
            && find(world, "TestbedWatchdog").is_some_and(|alert| alert.state == AlertState::Suppressed)
    });
    let second = world.observed.watch.alertmanagers["bed"].silences[0].id.clone();
    assert_ne!(second, first.id);
    let again = Gate::decide(&operation("expire", &of(&first.id), &world, &[]), &world, &hand.policy);
    assert_eq!(again, Decision::Refused("the silence has ended already".into()));

    hand.act(operation("expire", &of(&second), &world, &[]), &world);
    wait("it is told again", &mut world, &|world| in_attention(world, "TestbedAlways"));
}

/// By how much each series rose between its first and its last sample in the window, of the samples themselves.
fn rise(reply: &Evaluated, is_it: impl Fn(&Labels) -> bool) -> f64 {
    let Evaluated::Matrix(series) = reply else { panic!("samples: {reply:?}") };
    let of = |points: &[flightdeck::model::metric::Point]| {
        let value = |at: Option<&flightdeck::model::metric::Point>| at.and_then(|point| point.value.finite());
        value(points.last()).expect("a sample") - value(points.first()).expect("a sample")
    };
    series.iter().filter(|series| is_it(&series.labels)).map(|series| of(&series.points)).sum()
}

#[test]
fn an_objective_of_real_counters_burns_as_worked_out_by_hand() {
    let Some(bed) = Bed::start() else { return };
    bed.write("shop_total{code=\"200\"} 100000\nshop_total{code=\"500\"} 1000\n");
    let server = Server::at(&bed.prometheus);
    let http = Http::to(&server, Duration::from_secs(10), 1 << 20).expect("usable");
    let api = Api::new(server.clone(), http, 5);
    let sum = |expression: &str| {
        let reply = bed.runtime.block_on(api.query(expression, now())).expect("an answer");
        reply.number().expect("one number")
    };
    until(
        "the counters are scraped",
        || (sum("sum(shop_total)") == Some(101_000.0)).then_some(()),
        || sum("sum(shop_total)"),
    );
    // 900 good and 100 bad ones: 10 % where 1 % is allowed.
    bed.write("shop_total{code=\"200\"} 100900\nshop_total{code=\"500\"} 1100\n");
    until("they rose", || (sum("sum(shop_total)") == Some(102_000.0)).then_some(()), || sum("sum(shop_total)"));

    let text = "[[slo]]\nname = \"shop\"\ntarget = 0.99\ntimeWindow = \"30d\"\n\
                ratioMetric.good = 'sum(increase(shop_total{code=\"200\"}[{{window}}]))'\nratioMetric.total = 'shop_total'\n";
    let (definitions, problems) = flightdeck::slo::read("slo.toml", text);
    assert_eq!(problems, []);
    let named = Named { name: "bed".into(), servers: vec![server] };
    let mut source: Option<Box<dyn Source>> = Some(Box::new(PrometheusSource::new(named, definitions)));
    let mut world = World::at(now());
    let alert = ObjectRef::new(ObjectKind::Alert, "bed/1");
    let graph = GraphAsked {
        prometheus: "bed".into(),
        object: alert.clone(),
        expression: "vector(1)".into(),
        labels: Labels::new(),
    };
    let at = now();
    let since = at - SignedDuration::from_secs(300);
    let asked = Request { at, graph: Some(graph), incident_since: Some(since), ..request() };
    bed.ask(&mut source, asked, &mut world);

    let watch = &world.observed.watch;
    let slo = watch.objectives().next().expect("the objective");
    for window in &slo.windows {
        let Reading::Events { bad, total } = window.reading else { panic!("{window:?}") };
        // The same samples, without the server's own arithmetic.
        let raw = format!("shop_total[{}s]", window.seconds);
        let at = window.at.expect("was asked for");
        let samples = bed.runtime.block_on(api.query(&raw, at)).expect("an answer").result;
        let expected = rise(&samples, |labels| labels["code"] == "500") / rise(&samples, |_| true);
        assert!((bad / total - expected).abs() < 1e-9 && expected == 0.1, "{window:?}: {expected}");
        let burn = slo.burn(window.seconds).expect("judged");
        assert!((burn - 10.0).abs() < 1e-6, "0.1 / 0.01 is a burn of 10: {burn}");
    }
    // 10 does not page at 14.4, but at 6.
    assert!(!slo.pairs[0].fires() && slo.pairs[1].fires());
    assert_eq!(slo.severity(), Some(Severity::Critical));
    assert!(
        slo.budget_left.is_some_and(|left| (left + 9.0).abs() < 1e-6),
        "1 - 0.1 / 0.01 is -9: {:?}",
        slo.budget_left
    );
    assert!(world.attention.iter().any(|row| row.condition.rule == "slo"), "{:?}", world.attention);
    // What was spent since an incident began: its bad events, of those that a period allows.
    let bad = bed.runtime.block_on(api.query("sum(increase(shop_total{code=\"500\"}[300s]))", at)).expect("an answer");
    let Some(Window { reading: Reading::Events { total, .. }, .. }) = slo.windows.last() else { panic!("{slo:?}") };
    let expected = bad.number().expect("one number").expect("counted") / (0.01 * total);
    let spent = slo.incident.as_ref().expect("was asked for");
    assert!(
        spent.since == since && spent.share.is_some_and(|share| (share - expected).abs() < 1e-6 * expected),
        "{spent:?}: {expected}"
    );

    let about = &watch.prometheus["bed"];
    assert!(about.version.is_some() && about.problems.is_empty(), "{about:?}");
    assert!(about.rules.iter().any(|rule| rule.name == "TestbedAlways" && rule.query == "vector(1)"));
    assert_eq!((about.recording_rules, about.targets), (1, 2));
    assert!(about.targets_down.iter().any(|target| target.job == "gone"), "{:?}", about.targets_down);
    let graph = watch.graph.as_ref().expect("a graph");
    assert!(
        graph.problems.is_empty() && graph.points.iter().all(|(_, value)| *value == 1.0) && !graph.points.is_empty()
    );
    let host = &watch.fleets["bed"][0];
    assert_eq!((watch.fleets["bed"].len(), host.up, host.job.as_str()), (1, Some(true), "node"));
    assert!(
        host.hostname.is_some() && host.cores > Some(0) && host.memory_used_ratio() > Some(0.0) && host.disk.is_some()
    );
}
