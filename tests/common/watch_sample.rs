//! An Alertmanager and a Prometheus with alerts, a silence, objectives and hosts in every state. Made up.
//!
//! The including module has `model` and `moment` in scope.

use super::{
    model::{
        Timestamp,
        alert::{Alert, AlertState, Alertmanager, Matcher, Member, Silence, SilenceState, severity},
        fleet::{Fullest, Instance, worst_first},
        host::{Pressure, Pressures},
        metric::{AlertRule, Labels, Prometheus},
        object::{ObjectKind, ObjectRef},
        slo::{Pair, Reading, Slo, Urgency, Window},
        source::{SourceReport, SourceState},
        topic::{Topic, TopicSet},
        update::Update,
        watch::{Graph, GraphAsked, PrometheusNews, PrometheusPart},
    },
    moment::before,
};
use jiff::SignedDuration;
use std::sync::Arc;

const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;

/// The sources that tell of them.
pub fn reports() -> Vec<SourceReport> {
    let report = |name: &str, kind: &str, topics| SourceReport {
        name: name.into(),
        kind: kind.into(),
        topics,
        state: SourceState::Ok,
        reason: None,
        hint: None,
        cadence_seconds: Some(10.0),
    };
    let metrics = TopicSet::of(&[Topic::MetricRules, Topic::Slos, Topic::Fleet, Topic::AlertDetails]);
    vec![
        report("alertmanager/prod", "alertmanager", Topic::Alerts.into()),
        report("prometheus/prod", "prometheus", metrics),
    ]
}

/// What they tell, by source.
pub fn news(now: Timestamp) -> Vec<(&'static str, Vec<Update>)> {
    let part = |part| Update::Prometheus(Box::new(PrometheusNews { name: "prod".into(), part }));
    vec![
        ("alertmanager/prod", vec![Update::Alerts(Box::new(manager(now)))]),
        (
            "prometheus/prod",
            vec![
                part(PrometheusPart::About(about())),
                part(PrometheusPart::Slos(slos(now))),
                part(PrometheusPart::Fleet(fleet(now))),
                part(PrometheusPart::Graph(graph(now))),
            ],
        ),
    ]
}

/// An object of each kind.
pub fn objects() -> Vec<ObjectRef> {
    [
        (ObjectKind::Alert, "prod/8d06cbb6b6c2d1a1"),
        (ObjectKind::Silence, "prod/d3a1b0c4-7c7e-4a8f-9a51-0f5f3f6f2a11"),
        (ObjectKind::Slo, "prod/checkout"),
        (ObjectKind::Instance, "prod/node/web-2:9100"),
    ]
    .map(|(kind, id)| ObjectRef::new(kind, id))
    .into()
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

fn alert(now: Timestamp, fingerprint: &str, seconds: i64, pairs: &[(&str, &str)], summary: &str) -> Alert {
    let labels = labels(pairs);
    Alert {
        fingerprint: fingerprint.into(),
        place: "prod".into(),
        severity: severity(labels.get("severity").map(|word| word.as_str())),
        state: AlertState::Active,
        labels,
        annotations: Labels::from([("summary".into(), summary.into())]),
        starts_at: Some(before(now, seconds)),
        ends_at: None,
        updated_at: Some(now),
        silenced_by: Vec::new(),
        inhibited_by: Vec::new(),
        muted_by: Vec::new(),
        receivers: vec!["shop".into()],
        generator_url: Some("http://prometheus:9090/graph?g0.expr=up".into()),
    }
}

fn manager(now: Timestamp) -> Alertmanager {
    let errors = [("alertname", "CheckoutErrors"), ("service", "checkout"), ("severity", "page")];
    let mut errors = alert(now, "8d06cbb6b6c2d1a1", 130, &errors, "2.1 % of checkouts fail");
    errors.annotations.insert("runbook_url".into(), "https://wiki.example.org/checkout-errors".into());
    let slow =
        [("alertname", "DiskFilling"), ("instance", "web-2:9100"), ("mountpoint", "/var"), ("severity", "warning")];
    let slow = alert(now, "0b1c2d3e4f506172", 2_400, &slow, "/var is full in 3 h");
    let quiet = [("alertname", "NodeDown"), ("instance", "web-3:9100"), ("severity", "page")];
    let quiet = Alert {
        state: AlertState::Suppressed,
        silenced_by: vec!["d3a1b0c4-7c7e-4a8f-9a51-0f5f3f6f2a11".into()],
        ..alert(now, "1f2e3d4c5b6a7988", 9_000, &quiet, "web-3 does not answer")
    };
    let watchdog =
        alert(now, "2a2b2c2d2e2f2021", 700_000, &[("alertname", "Watchdog"), ("severity", "none")], "always");
    let silence = Silence {
        id: "d3a1b0c4-7c7e-4a8f-9a51-0f5f3f6f2a11".into(),
        state: SilenceState::Active,
        matchers: vec![Matcher::equal("instance", "web-3:9100")],
        starts_at: Some(before(now, 1_800)),
        ends_at: now.checked_add(SignedDuration::from_secs(5_400)).ok(),
        updated_at: Some(before(now, 1_800)),
        created_by: "ops-a".into(),
        comment: "its disk is being replaced".into(),
    };
    Alertmanager {
        name: "prod".into(),
        members: vec![Member { address: "http://am-1:9093".into(), ..Member::default() }],
        alerts: [errors, slow, watchdog, quiet].map(Arc::new).into(),
        groups: Vec::new(),
        silences: vec![Arc::new(silence)],
        problems: Vec::new(),
    }
}

fn about() -> Prometheus {
    let rule = AlertRule {
        name: "CheckoutErrors".into(),
        group: "shop".into(),
        file: "/etc/prometheus/shop.yml".into(),
        query: "sum(rate(requests_total{service=\"checkout\", code=~\"5..\"}[5m]))\n  / sum(rate(requests_total{service=\"checkout\"}[5m])) > 0.01".into(),
        for_seconds: 120.0,
        labels: labels(&[("severity", "page")]),
        firing: 1,
        pending: 0,
        problem: None,
    };
    Prometheus {
        name: "prod".into(),
        address: "http://prometheus:9090".into(),
        version: Some("2.42.0".into()),
        rules: vec![rule],
        targets: 3,
        ..Prometheus::default()
    }
}

fn graph(now: Timestamp) -> Graph {
    let value = |at: i64| if at < 130 { 0.021 } else { 0.004 + 0.001 * (at % 7) as f64 };
    Graph {
        asked: GraphAsked {
            prometheus: "prod".into(),
            object: objects().swap_remove(0),
            expression: about().rules[0].query.clone(),
            labels: Labels::new(),
        },
        points: (0..60).rev().map(|at| (before(now, at * 10), value(at * 10))).collect(),
        series: 1,
        problems: Vec::new(),
    }
}

fn slos(now: Timestamp) -> Vec<Slo> {
    let pair = |urgency, long_seconds, short_seconds, threshold, long, short| Pair {
        urgency,
        long_seconds,
        short_seconds,
        threshold,
        long_burn: Some(long),
        short_burn: Some(short),
        is_reachable: true,
    };
    let window = |seconds, bad, total| Window { seconds, at: Some(now), reading: Reading::Events { bad, total } };
    let slo = |name: &str, title: &str, burns: [f64; 2], left: f64, gone: f64| Slo {
        name: name.into(),
        title: title.into(),
        service: "shop".into(),
        prometheus: "prod".into(),
        target: 0.999,
        period_seconds: 30 * DAY,
        windows: vec![
            window(300, burns[1] * 2.0, 2_000.0),
            window(HOUR, burns[0] * 24.0, 24_000.0),
            window(30 * DAY, (1.0 - left) * 17_000.0, 17_000_000.0),
        ],
        pairs: vec![
            pair(Urgency::Page, HOUR, 300, 14.4, burns[0], burns[1]),
            pair(Urgency::Ticket, DAY, 2 * HOUR, 3.0, burns[0] / 8.0, burns[1] / 8.0),
        ],
        budget_left: Some(left),
        exhausted_in_seconds: Some(gone),
        incident: None,
        warnings: Vec::new(),
        place: "/etc/flightdeck/slos/shop.toml:1:1".into(),
    };
    let unknown = Slo {
        windows: vec![Window { seconds: 300, at: Some(now), reading: Reading::Absent("total".into()) }],
        pairs: Vec::new(),
        budget_left: None,
        exhausted_in_seconds: None,
        ..slo("mail", "Mail is sent", [0.0, 0.0], 0.0, 0.0)
    };
    let fine = Slo { exhausted_in_seconds: None, ..slo("search", "Search answers", [0.2, 0.1], 0.91, 0.0) };
    vec![slo("checkout", "Checkout answers", [22.0, 31.5], 0.31, 36_000.0), fine, unknown]
}

fn fleet(now: Timestamp) -> Vec<Instance> {
    const GIB: u64 = 1 << 30;
    let host = |name: &str, cpu: f64, available: u64, disk: f64| Instance {
        instance: format!("{name}:9100").into(),
        job: "node".into(),
        hostname: Some(name.into()),
        kernel: Some("6.1.0-28-amd64".into()),
        up: Some(true),
        booted_at: Some(before(now, 3_000_000)),
        cores: Some(8),
        cpu_used_ratio: Some(cpu),
        cpu_iowait_ratio: Some(0.02),
        cpu_steal_ratio: Some(0.0),
        load: Some([cpu * 8.0, cpu * 7.0, cpu * 6.0]),
        memory_total_bytes: Some(32 * GIB),
        memory_available_bytes: Some(available * GIB),
        memory_cached_bytes: Some(4 * GIB),
        swap_total_bytes: Some(0),
        swap_used_bytes: Some(0),
        pressure: Pressures {
            cpu: Pressure { some10: Some(0.04), full10: None },
            memory: Pressure { some10: Some(0.001), full10: Some(0.0) },
            io: Pressure { some10: Some(0.01), full10: Some(0.0) },
        },
        disk: Some(Fullest { mount: "/var".into(), used_ratio: disk }),
    };
    let down = Instance { up: Some(false), instance: "web-3:9100".into(), job: "node".into(), ..Instance::default() };
    let mut all = vec![host("web-1", 0.42, 20, 0.5), host("web-2", 0.61, 12, 0.96), down];
    worst_first(&mut all);
    all
}
