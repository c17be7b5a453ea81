//! Two made-up clusters, the same at every run: pods in many states, a rollout that is stuck, nodes, events, any kind of resource,
//! one object whole. A third context is known and not watched.
//!
//! Shared by the unit tests and the golden screens: the including module has `model` in scope.

use super::model::{
    Timestamp,
    attention::Severity,
    health::Health,
    kubernetes::*,
    object::{ObjectKind, ObjectRef},
    rows::Delta,
    source::{SourceReport, SourceState},
    topic::{Topic, TopicSet},
    update::Update,
};
use compact_str::{CompactString, format_compact};
use jiff::SignedDuration;
use std::{collections::BTreeMap, sync::Arc};

const GIB: u64 = 1 << 30;
const MIB: u64 = 1 << 20;

/// The cluster in which things go wrong.
pub const PROD: &str = "prod-eu";
/// The cluster of which not everything may be seen, and which is silent now.
pub const STAGING: &str = "staging";

type Text = CompactString;

/// What the made-up clusters tell at `now`.
pub fn reports() -> Vec<SourceReport> {
    let report = |context: &str, state, reason: Option<&str>, hint: Option<&str>| SourceReport {
        name: format_compact!("kube/{context}"),
        kind: "kube".into(),
        topics: TopicSet::of(&[Topic::Pods, Topic::Workloads, Topic::Nodes, Topic::KubeEvents, Topic::KubeTable]),
        state,
        reason: reason.map(Into::into),
        hint: hint.map(Into::into),
        cadence_seconds: (state != SourceState::Off).then_some(600.0),
    };
    let refused = "https://10.2.0.1:6443: connection refused";
    vec![
        report(PROD, SourceState::Ok, None, None),
        report(STAGING, SourceState::Down, Some(refused), Some("it is asked again in 20 s")),
        report("dr-us", SourceState::Off, Some("not chosen"), None),
    ]
}

/// The news, by the name of the source.
pub fn news(now: Timestamp) -> Vec<(&'static str, Vec<Update>)> {
    let of = |context: &str, part| Update::Kube(Box::new(KubeNews { context: context.into(), part }));
    let shared = |pods: Vec<Pod>| pods.into_iter().map(Arc::new).collect::<Vec<_>>();
    let at = At(now);
    let prod = vec![
        of(PROD, KubePart::Cluster(Box::new(prod_cluster()))),
        of(PROD, KubePart::Pods(Delta::All(shared(pods(at))))),
        of(PROD, KubePart::Workloads(Delta::All(workloads(at).into_iter().map(Arc::new).collect()))),
        of(PROD, KubePart::Nodes(Delta::All(nodes(at).into_iter().map(Arc::new).collect()))),
        of(PROD, KubePart::Events(Delta::All(events(at).into_iter().map(Arc::new).collect()))),
        of(PROD, KubePart::PodUsage(pod_usage())),
        of(PROD, KubePart::NodeUsage(node_usage())),
        of(PROD, KubePart::Table(Box::new(services(at)))),
        of(PROD, KubePart::Details(Box::new(details(at)))),
    ];
    let staging = vec![
        of(STAGING, KubePart::Cluster(Box::new(staging_cluster()))),
        of(STAGING, KubePart::Pods(Delta::More(shared(staging_pods(at))))),
        of(STAGING, KubePart::Table(Box::new(forbidden()))),
    ];
    vec![("kube/prod-eu", prod), ("kube/staging", staging)]
}

#[derive(Clone, Copy)]
struct At(Timestamp);

impl At {
    fn ago(self, seconds: i64) -> Option<Timestamp> {
        self.0.checked_sub(SignedDuration::from_secs(seconds)).ok()
    }
}

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

fn labels(pairs: &[(&str, &str)]) -> Vec<(Text, Text)> {
    pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
}

fn prod_cluster() -> Cluster {
    let resource = |group: &str, kind: &str, plural: &str, short: &[&str], namespaced| ApiResource {
        group: group.into(),
        version: "v1".into(),
        kind: kind.into(),
        plural: plural.into(),
        short_names: short.iter().map(|name| (*name).into()).collect(),
        namespaced,
        verbs: ["get", "list", "watch"].map(Into::into).into(),
    };
    Cluster {
        context: PROD.into(),
        cluster: "eu-1".into(),
        user: "ada".into(),
        file: "/home/ada/.kube/config".into(),
        server: "https://10.1.0.1:6443".into(),
        current: true,
        namespace: "shop".into(),
        version: "v1.34.1".into(),
        namespaces: ["batch", "default", "kube-system", "shop"].map(Into::into).into(),
        denied: Vec::new(),
        partly: Vec::new(),
        loading: Vec::new(),
        resources: vec![
            resource("", "Service", "services", &["svc"], true),
            resource("", "ConfigMap", "configmaps", &["cm"], true),
            resource("", "Secret", "secrets", &[], true),
            resource("", "PersistentVolumeClaim", "persistentvolumeclaims", &["pvc"], true),
            resource("networking.k8s.io", "Ingress", "ingresses", &["ing"], true),
            resource("autoscaling", "HorizontalPodAutoscaler", "horizontalpodautoscalers", &["hpa"], true),
            resource("policy", "PodDisruptionBudget", "poddisruptionbudgets", &["pdb"], true),
            resource("example.com", "Widget", "widgets", &["wd"], true),
        ],
        usage_from: "metrics-server".into(),
    }
}

fn staging_cluster() -> Cluster {
    let denied = |resource: &str, verb: &str| Denied {
        resource: resource.into(),
        verb: verb.into(),
        namespace: Text::default(),
    };
    Cluster {
        context: STAGING.into(),
        cluster: "stage".into(),
        user: "viewer".into(),
        file: "/home/ada/.kube/config".into(),
        server: "https://10.2.0.1:6443".into(),
        namespace: "team-a".into(),
        version: "v1.33.4".into(),
        namespaces: vec!["team-a".into()],
        denied: vec![denied("nodes", "list"), denied("secrets", "list"), denied("events", "watch")],
        loading: vec![("pods".into(), 2)],
        usage_from: "no metrics-server, and the kubelets may not be asked".into(),
        ..Cluster::default()
    }
}

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
fn pods(at: At) -> Vec<Pod> {
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

fn staging_pods(at: At) -> Vec<Pod> {
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
fn workloads(at: At) -> Vec<Workload> {
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

fn node(at: At, name: &str, status: &str, health: Health, reason: &str) -> Node {
    let ready = if status.starts_with("Ready") { "True" } else { "Unknown" };
    let condition = |kind: &str, status: &str, message: &str| Condition {
        kind: kind.into(),
        status: status.into(),
        reason: "KubeletReady".into(),
        message: message.into(),
        since: at.ago(41 * DAY),
    };
    Node {
        context: PROD.into(),
        name: name.into(),
        uid: format_compact!("uid-{name}"),
        status: status.into(),
        roles: if name == "node-1" { vec!["control-plane".into()] } else { Vec::new() },
        version: "v1.34.1".into(),
        internal_ip: "10.1.0.11".into(),
        os_image: "Debian GNU/Linux 13".into(),
        kernel: "6.12.48".into(),
        runtime: "containerd://2.1.4".into(),
        unschedulable: status.contains("Disabled"),
        taints: if status.contains("Disabled") {
            vec![Taint {
                key: "node.kubernetes.io/unschedulable".into(),
                value: Text::default(),
                effect: "NoSchedule".into(),
            }]
        } else {
            Vec::new()
        },
        conditions: vec![
            condition("MemoryPressure", "False", ""),
            condition("Ready", ready, "kubelet is posting ready status"),
        ],
        cpu_allocatable_cores: Some(8.0),
        memory_allocatable_bytes: Some(31 * GIB),
        pods_allocatable: Some(110),
        created_at: at.ago(41 * DAY),
        health,
        reason: reason.into(),
        labels: labels(&[("kubernetes.io/hostname", name), ("topology.kubernetes.io/zone", "eu-1a")]),
    }
}

fn nodes(at: At) -> Vec<Node> {
    vec![
        node(at, "node-1", "Ready", Health::Ok, ""),
        node(at, "node-2", "Ready,SchedulingDisabled", Health::Ok, ""),
        node(at, "node-3", "NotReady", Health::Failing, "kubelet stopped posting node status"),
    ]
}

#[rustfmt::skip]
fn events(at: At) -> Vec<KubeEvent> {
    let event = |name: &str, warning, (kind, about): (&str, &str), reason: &str, message: &str, count, last| KubeEvent {
        context: PROD.into(),
        namespace: if kind == "Node" { "default" } else { "shop" }.into(),
        name: name.into(),
        about_kind: kind.into(),
        about_name: about.into(),
        about_field: Text::default(),
        warning,
        reason: reason.into(),
        message: message.into(),
        count,
        first_at: at.ago(12 * MINUTE),
        last_at: at.ago(last),
        reporter: "kubelet".into(),
    };
    vec![
        event("a", true, ("Pod", "checkout-7d9f5c-x2k4p"), "BackOff", "Back-off restarting failed container app in pod checkout-7d9f5c-x2k4p", 81, 9),
        event("b", true, ("Pod", "search-66c4d-q5mms"), "Failed", "Failed to pull image \"registry.example.com/search:2.O\": not found", 6, 70),
        event("c", false, ("Deployment", "checkout"), "ScalingReplicaSet", "Scaled up replica set checkout-7d9f5c from 0 to 2", 1, 12 * MINUTE),
        event("d", true, ("Node", "node-3"), "NodeNotReady", "Node node-3 status is now: NodeNotReady", 1, 8 * MINUTE),
        event("e", false, ("Pod", "orders-84bb6-lgwzr"), "Scheduled", "Successfully assigned shop/orders-84bb6-lgwzr to node-2", 1, 40),
    ]
}

fn pod_usage() -> BTreeMap<Text, Usage> {
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

fn node_usage() -> BTreeMap<Text, NodeUsage> {
    let usage = |node: &str, cpu, gibibytes: u64| {
        let usage = NodeUsage {
            cpu_cores: Some(cpu),
            memory_bytes: Some(gibibytes * GIB),
            disk_used_bytes: Some(60 * GIB),
            disk_total_bytes: Some(96 * GIB),
        };
        (Text::from(node), usage)
    };
    BTreeMap::from([usage("node-1", 2.31, 12), usage("node-2", 0.82, 6)])
}

fn services(at: At) -> KubeTable {
    let column = |name: &str, priority, kind: &str| TableColumn { name: name.into(), priority, kind: kind.into() };
    let row = |name: &str, cells: [&str; 7]| TableRow {
        namespace: "shop".into(),
        name: name.into(),
        created_at: at.ago(41 * DAY),
        labels: vec![("app".into(), name.into())],
        cells: cells.map(Into::into).into(),
    };
    KubeTable {
        resource: "services".into(),
        kind: "Service".into(),
        namespaced: true,
        columns: vec![
            column("Name", 0, "string"),
            column("Type", 0, "string"),
            column("Cluster-IP", 0, "string"),
            column("External-IP", 0, "string"),
            column("Port(s)", 0, "string"),
            column("Age", 0, "string"),
            column("Selector", 1, "string"),
        ],
        rows: vec![
            row("checkout", ["checkout", "ClusterIP", "10.96.4.12", "<none>", "80/TCP", "41d", "app=checkout"]),
            row("web", ["web", "LoadBalancer", "10.96.0.9", "192.0.2.7", "443:31443/TCP", "41d", "app=web"]),
        ],
        ..KubeTable::default()
    }
}

fn forbidden() -> KubeTable {
    KubeTable {
        resource: "services".into(),
        kind: "Service".into(),
        namespaced: true,
        problem: Some("you may not list services here".into()),
        ..KubeTable::default()
    }
}

/// The object that is told whole: the deployment whose rollout is stuck.
pub fn open() -> ObjectRef {
    ObjectRef::in_cluster(ObjectKind::Deployment, PROD, "shop", "checkout")
}

fn details(at: At) -> KubeDetails {
    let pod = |name| Some(ObjectRef::in_cluster(ObjectKind::Pod, PROD, "shop", name));
    let finding = |severity, text: &str, evidence: &[&str], leads_to| Finding {
        severity,
        text: text.into(),
        evidence: evidence.iter().map(|line| (*line).to_owned()).collect(),
        leads_to,
    };
    let revision = |number, kept_by: &str, age, image: &str, replicas, diff: &str| Revision {
        number,
        kept_by: kept_by.into(),
        created_at: at.ago(age),
        images: vec![image.into()],
        cause: (number == 31).then(|| "ci-bot: release 1.4.3".to_owned()),
        replicas: Some(replicas),
        ready: Some(if number == 30 { 1 } else { 0 }),
        template: format!("spec:\n  containers:\n  - name: app\n    image: {image}\n"),
        diff: diff.into(),
    };
    let images = "@@ -3,4 +3,4 @@\n   - name: app\n-    image: registry.example.com/checkout:1.4.2\n+    image: registry.example.com/checkout:1.4.3\n     resources:\n";
    let json = serde_json::json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": "checkout", "namespace": "shop", "labels": { "app": "checkout" }, "annotations": { "team": "payments" } },
        "spec": { "replicas": 3, "strategy": { "type": "RollingUpdate", "rollingUpdate": { "maxSurge": 1, "maxUnavailable": 0 } } },
    });
    KubeDetails {
        object: open(),
        yaml: "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: checkout\n  namespace: shop\nspec:\n  replicas: 3\n".into(),
        json,
        events: events(at).into_iter().filter(|event| event.about_name == "checkout").collect(),
        findings: vec![
            finding(Severity::Error, "rollout of revision 31 is stuck: 2 of 3 updated, progress deadline passed 2m ago", &[], None),
            finding(
                Severity::Error,
                "container app of 2 pods: OOMKilled, exit 137, 17 restarts; limit 256 MiB",
                &["loading catalogue (412 MiB) into cache", "\u{1b}[31mKilled"],
                pod("checkout-7d9f5c-x2k4p"),
            ),
            finding(Severity::Info, "what changed 12m ago: image 1.4.2 → 1.4.3", &[], None),
        ],
        revisions: vec![
            revision(31, "checkout-7d9f5c", 12 * MINUTE, "registry.example.com/checkout:1.4.3", 2, images),
            revision(30, "checkout-6b8f4d", 6 * DAY, "registry.example.com/checkout:1.4.2", 1, "@@ -9,2 +9,2 @@\n-    value: info\n+    value: debug\n"),
            revision(29, "checkout-59ccd7", 30 * DAY, "registry.example.com/checkout:1.4.1", 0, ""),
        ],
        applied_diff: Some("@@ -2,1 +2,1 @@\n-  replicas: 2\n+  replicas: 3\n".into()),
        seen_diff: None,
        problems: Vec::new(),
    }
}
