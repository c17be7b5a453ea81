//! The pods, and what they use.

use super::{
    At, DAY, HOUR, MIB, MINUTE, PROD, STAGING, Text, labels,
    model::{health::Health, kubernetes::*},
};
use compact_str::format_compact;
use std::collections::BTreeMap;

fn resources(cpu: f64, mebibytes: u64) -> Resources {
    Resources { cpu_cores: Some(cpu), memory_bytes: Some(mebibytes * MIB) }
}

fn container(name: &str, image: &str, state: &str, reason: &str) -> PodContainer {
    PodContainer {
        name: name.into(),
        image: image.into(),
        ready: state == "running",
        state: state.into(),
        reason: reason.into(),
        requests: resources(0.25, 128),
        limits: resources(1.0, 256),
        ..PodContainer::default()
    }
}

struct Row<'a> {
    namespace: &'a str,
    name: &'a str,
    status: &'a str,
    counts: (u32, u32, u32),
    age: i64,
    owner: Option<(&'a str, &'a str)>,
    node: &'a str,
    health: Health,
    reason: &'a str,
}

fn pod(at: At, row: &Row<'_>, containers: Vec<PodContainer>) -> Pod {
    let app = row.owner.map_or(row.name, |(_, owner)| owner.split('-').next().unwrap_or(owner));
    Pod {
        context: PROD.into(),
        namespace: row.namespace.into(),
        name: row.name.into(),
        uid: format_compact!("uid-{}", row.name),
        status: row.status.into(),
        ready: row.counts.0,
        total: row.counts.1,
        restarts: row.counts.2,
        restarted_at: (row.counts.2 > 0).then(|| at.ago(5 * MINUTE)).flatten(),
        phase: if row.node.is_empty() { "Pending" } else { "Running" }.into(),
        node: row.node.into(),
        ip: if row.node.is_empty() { Text::default() } else { format_compact!("10.42.0.{}", row.name.len()) },
        created_at: at.ago(row.age),
        owner: row.owner.map(|(kind, name)| Owner { kind: kind.into(), name: name.into() }),
        health: row.health,
        reason: row.reason.into(),
        labels: labels(&[("app", app), ("tier", if app == "db" { "data" } else { "front" })]),
        requests: resources(0.25 * containers.len() as f64, 128 * containers.len() as u64),
        limits: resources(containers.len() as f64, 256 * containers.len() as u64),
        containers,
        qos: "Burstable".into(),
        ..Pod::default()
    }
}

fn oom(at: At) -> PodContainer {
    let run = |from, to| Run {
        exit_code: 137,
        signal: 0,
        reason: "OOMKilled".into(),
        message: Text::default(),
        started_at: at.ago(from),
        finished_at: at.ago(to),
    };
    PodContainer {
        ready: false,
        restarts: 17,
        since: at.ago(5 * MINUTE),
        message: "back-off 5m0s restarting failed container=app pod=checkout-7d9f5c-x2k4p_shop".into(),
        last: Some(run(5 * MINUTE + 40, 5 * MINUTE)),
        ..container("app", "registry.example.com/checkout:1.4.3", "waiting", "CrashLoopBackOff")
    }
}

#[rustfmt::skip]
pub fn all(at: At) -> Vec<Pod> {
    use Health::{Done, Failing, Ok, Progressing};
    let rs = "ReplicaSet";
    let row = |namespace, name, status, counts, age, owner, node, health, reason| Row { namespace, name, status, counts, age, owner, node, health, reason };
    let run = |image: &str| vec![container("app", image, "running", "")];
    let why = "OOM kill in container app: exit 137, 17 restarts, limit 256 MiB";
    let init = PodContainer { role: ContainerRole::Init, ..container("schema", "registry.example.com/migrate:9", "waiting", "PodInitializing") };
    let sidecar = PodContainer { role: ContainerRole::Sidecar, ..container("proxy", "envoyproxy/envoy:v1.31", "running", "") };
    let pull = PodContainer { message: "Back-off pulling image \"registry.example.com/search:2.O\": not found".into(), ..container("app", "registry.example.com/search:2.O", "waiting", "ImagePullBackOff") };
    let ended = PodContainer { ended: Some(Run { exit_code: 1, reason: "Error".into(), finished_at: at.ago(40 * MINUTE), ..Run::default() }), ..container("report", "registry.example.com/report:3", "terminated", "Error") };
    let done = container("migrate", "registry.example.com/migrate:9", "terminated", "Completed");
    vec![
        pod(at, &row("shop", "checkout-7d9f5c-x2k4p", "CrashLoopBackOff", (0, 1, 17), 12 * MINUTE, Some((rs, "checkout-7d9f5c")), "node-1", Failing, why), vec![oom(at)]),
        pod(at, &row("shop", "checkout-7d9f5c-m8w2q", "CrashLoopBackOff", (0, 1, 17), 12 * MINUTE, Some((rs, "checkout-7d9f5c")), "node-2", Failing, why), vec![oom(at)]),
        pod(at, &row("shop", "checkout-6b8f4d-7hj2k", "Running", (1, 1, 0), 6 * DAY, Some((rs, "checkout-6b8f4d")), "node-1", Ok, ""), run("registry.example.com/checkout:1.4.2")),
        pod(at, &row("shop", "web-5f7b9-2wl5c", "Running", (2, 2, 1), 3 * DAY, Some((rs, "web-5f7b9")), "node-2", Ok, ""), vec![sidecar, container("app", "nginx:1.27", "running", "")]),
        pod(at, &row("shop", "search-66c4d-q5mms", "ImagePullBackOff", (0, 1, 0), 25 * MINUTE, Some((rs, "search-66c4d")), "node-1", Failing, "image of container app cannot be pulled: not found"), vec![pull]),
        pod(at, &row("shop", "orders-84bb6-lgwzr", "Init:0/1", (0, 1, 0), 40, Some((rs, "orders-84bb6")), "node-2", Progressing, ""), vec![init, container("app", "registry.example.com/orders:7", "waiting", "PodInitializing")]),
        pod(at, &row("shop", "db-0", "Running", (1, 1, 0), 41 * DAY, Some(("StatefulSet", "db")), "node-1", Ok, ""), run("postgres:17")),
        pod(at, &row("batch", "train-0", "Pending", (0, 1, 0), 2 * HOUR, None, "", Failing, "no node has room: 0/3 nodes are available: 3 Insufficient cpu"), vec![container("train", "registry.example.com/train:1", "", "")]),
        pod(at, &row("batch", "report-28101-9k2lm", "Error", (0, 1, 0), 41 * MINUTE, Some(("Job", "report-28101")), "node-2", Failing, "container report ended with exit 1"), vec![ended]),
        pod(at, &row("shop", "migrate-v9-p95rr", "Completed", (0, 1, 0), 6 * DAY, Some(("Job", "migrate-v9")), "node-1", Done, ""), vec![done]),
        pod(at, &row("kube-system", "agent-6dwwf", "Running", (1, 1, 0), 41 * DAY, Some(("DaemonSet", "agent")), "node-1", Ok, ""), run("registry.example.com/agent:\u{1b}[31m2")),
        pod(at, &row("kube-system", "agent-kk2vp", "Terminating", (1, 1, 0), 41 * DAY, Some(("DaemonSet", "agent")), "node-3", Progressing, ""), run("registry.example.com/agent:2")),
    ]
}

pub fn staging(at: At) -> Vec<Pod> {
    let of = |name, status, ready, health| Pod {
        context: STAGING.into(),
        ..pod(
            at,
            &Row {
                namespace: "team-a",
                name,
                status,
                counts: (ready, 1, 0),
                age: 2 * DAY,
                owner: None,
                node: "stage-1",
                health,
                reason: "",
            },
            vec![container("app", "nginx:1.27", "running", "")],
        )
    };
    vec![of("web-0", "Running", 1, Health::Ok), of("web-1", "Running", 0, Health::Progressing)]
}

pub fn usage() -> BTreeMap<Text, Usage> {
    let usage = |pod: &str, cpu, mebibytes: u64| {
        (Text::from(pod), Usage { cpu_cores: Some(cpu), memory_bytes: Some(mebibytes * MIB) })
    };
    BTreeMap::from([
        usage("shop/checkout-6b8f4d-7hj2k", 0.12, 214),
        usage("shop/web-5f7b9-2wl5c", 0.34, 61),
        usage("shop/db-0", 1.21, 255),
        usage("kube-system/agent-6dwwf", 0.004, 24),
    ])
}
