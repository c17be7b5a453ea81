//! What keeps the pods running.

use super::{
    At, DAY, MINUTE, PROD, Text, labels,
    model::{health::Health, kubernetes::*, object::ObjectKind},
};
use compact_str::format_compact;

fn workload(at: At, kind: ObjectKind, namespace: &str, name: &str, counts: [u32; 4], age: i64) -> Workload {
    let [ready, desired, updated, available] = counts.map(Some);
    Workload {
        context: PROD.into(),
        kind,
        namespace: namespace.into(),
        name: name.into(),
        uid: format_compact!("uid-{name}"),
        desired,
        ready,
        updated,
        available,
        current: desired,
        failed: None,
        revision: None,
        health: Health::Ok,
        reason: Text::default(),
        created_at: at.ago(age),
        paused: false,
        owner: None,
        images: Vec::new(),
        selector: labels(&[("app", name)]),
        labels: labels(&[("app", name)]),
        conditions: Vec::new(),
        schedule: Text::default(),
        last_at: None,
    }
}

#[rustfmt::skip]
pub fn all(at: At) -> Vec<Workload> {
    use ObjectKind::{CronJob, DaemonSet, Deployment, Job, ReplicaSet, StatefulSet};
    let owned = |kind: &str, name: &str| Some(Owner { kind: kind.into(), name: name.into() });
    let progress = Condition {
        kind: "Progressing".into(),
        status: "False".into(),
        reason: "ProgressDeadlineExceeded".into(),
        message: "ReplicaSet \"checkout-7d9f5c\" has timed out progressing.".into(),
        since: at.ago(2 * MINUTE),
    };
    let image = |image: &str| vec![Text::from(image)];
    vec![
        Workload { revision: Some(31), health: Health::Failing, reason: "rollout of revision 31 is stuck: 2 of 3 updated, 1 of 3 available".into(), conditions: vec![progress], images: image("registry.example.com/checkout:1.4.3"), ..workload(at, Deployment, "shop", "checkout", [1, 3, 2, 1], 90 * DAY) },
        Workload { revision: Some(31), health: Health::Failing, reason: "0 of 2 ready".into(), owner: owned("Deployment", "checkout"), images: image("registry.example.com/checkout:1.4.3"), ..workload(at, ReplicaSet, "shop", "checkout-7d9f5c", [0, 2, 2, 0], 12 * MINUTE) },
        Workload { revision: Some(30), owner: owned("Deployment", "checkout"), images: image("registry.example.com/checkout:1.4.2"), ..workload(at, ReplicaSet, "shop", "checkout-6b8f4d", [1, 1, 1, 1], 6 * DAY) },
        Workload { revision: Some(29), health: Health::Done, owner: owned("Deployment", "checkout"), images: image("registry.example.com/checkout:1.4.1"), ..workload(at, ReplicaSet, "shop", "checkout-59ccd7", [0, 0, 0, 0], 30 * DAY) },
        Workload { revision: Some(7), images: image("nginx:1.27"), ..workload(at, Deployment, "shop", "web", [1, 1, 1, 1], 41 * DAY) },
        Workload { revision: Some(7), owner: owned("Deployment", "web"), images: image("nginx:1.27"), ..workload(at, ReplicaSet, "shop", "web-5f7b9", [1, 1, 1, 1], 3 * DAY) },
        Workload { revision: Some(2), health: Health::Failing, reason: "0 of 1 ready".into(), images: image("registry.example.com/search:2.O"), ..workload(at, Deployment, "shop", "search", [0, 1, 1, 0], 41 * DAY) },
        Workload { revision: Some(2), health: Health::Failing, owner: owned("Deployment", "search"), images: image("registry.example.com/search:2.O"), ..workload(at, ReplicaSet, "shop", "search-66c4d", [0, 1, 1, 0], 25 * MINUTE) },
        Workload { revision: Some(8), health: Health::Progressing, reason: "rolling out: 1 of 2 updated".into(), images: image("registry.example.com/orders:7"), ..workload(at, Deployment, "shop", "orders", [1, 2, 1, 1], 41 * DAY) },
        Workload { revision: Some(8), health: Health::Progressing, owner: owned("Deployment", "orders"), images: image("registry.example.com/orders:7"), ..workload(at, ReplicaSet, "shop", "orders-84bb6", [0, 1, 1, 0], 40) },
        Workload { revision: Some(3), images: image("postgres:17"), ..workload(at, StatefulSet, "shop", "db", [1, 1, 1, 1], 41 * DAY) },
        Workload { images: image("registry.example.com/agent:2"), ..workload(at, DaemonSet, "kube-system", "agent", [2, 2, 2, 2], 41 * DAY) },
        Workload { health: Health::Done, last_at: at.ago(6 * DAY), images: image("registry.example.com/migrate:9"), ..workload(at, Job, "shop", "migrate-v9", [1, 1, 1, 1], 6 * DAY) },
        Workload { health: Health::Failing, reason: "failed: BackoffLimitExceeded".into(), failed: Some(1), owner: owned("CronJob", "report"), images: image("registry.example.com/report:3"), ..workload(at, Job, "batch", "report-28101", [0, 1, 0, 0], 41 * MINUTE) },
        Workload { desired: None, ready: None, updated: None, available: None, current: Some(0), schedule: "*/30 * * * *".into(), last_at: at.ago(41 * MINUTE), images: image("registry.example.com/report:3"), ..workload(at, CronJob, "batch", "report", [0, 0, 0, 0], 90 * DAY) },
    ]
}
