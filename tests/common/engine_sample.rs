//! Two made-up engines, the same at every run: containers in many states, a compose project, a pod, images, volumes, networks, one
//! container whole. The second engine is silent now.
//!
//! Shared by the unit tests and the golden screens: the including module has `model` and `moment` in scope.

use super::{
    model::{
        Timestamp,
        container::*,
        container_health::judge,
        object::{ObjectKind, ObjectRef},
        rows::Delta,
        source::{SourceReport, SourceState},
        topic::{Topic, TopicSet},
        update::Update,
    },
    moment::before,
};
use compact_str::{CompactString, format_compact};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;

/// The engine that answers.
pub const DOCKER: &str = "docker";
const BUILD: &str = "build-2";

/// How the sources of the engines stand.
pub fn reports() -> Vec<SourceReport> {
    let report = |engine: &str, state, reason: Option<&str>| SourceReport {
        name: format_compact!("docker/{engine}"),
        kind: "docker".into(),
        topics: TopicSet::of(&[Topic::Containers, Topic::ContainerUsage, Topic::EngineStores, Topic::ContainerDetails]),
        state,
        reason: reason.map(Into::into),
        hint: reason.map(|_| "the engine is not running: systemctl start docker".into()),
        cadence_seconds: Some(600.0),
    };
    vec![
        report(DOCKER, SourceState::Ok, None),
        report(BUILD, SourceState::Down, Some("connection refused by tcp://build-2:2375")),
    ]
}

/// What the engines tell at `now`, by source.
pub fn news(now: Timestamp) -> Vec<(&'static str, Vec<Update>)> {
    vec![("docker/docker", docker(now)), ("docker/build-2", build(now))]
}

/// The pages that are looked at.
#[allow(dead_code, reason = "the golden screens look at them")]
pub fn objects() -> Vec<ObjectRef> {
    vec![
        ObjectRef::in_engine(ObjectKind::Container, DOCKER, &id(2)),
        ObjectRef::in_engine(ObjectKind::Image, DOCKER, &format!("sha256:{}", id(101))),
        ObjectRef::in_engine(ObjectKind::Volume, DOCKER, "shop_data"),
        ObjectRef::in_engine(ObjectKind::EngineNetwork, DOCKER, &id(201)),
        ObjectRef::new(ObjectKind::Engine, DOCKER),
    ]
}

fn id(number: u32) -> String {
    format!("{number:064x}")
}

/// A row, from the fields that matter.
fn of<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("a row")
}

fn told(engine: &str, part: EnginePart) -> Update {
    Update::Engine(Box::new(EngineNews { engine: engine.into(), part }))
}

fn container(now: Timestamp, engine: &str, number: u32, name: &str, age: i64, fields: Value) -> Arc<Container> {
    let mut whole = json!({
        "engine": engine, "id": id(number), "name": name, "image": "registry/shop/web:1.4.3",
        "image_id": format!("sha256:{}", id(101)), "command": "/app/web --port 8080", "state": "running", "restarts": 0,
        "restart_policy": "unless-stopped", "created_at": before(now, age + 60), "started_at": before(now, age), "privileged": false,
        "networks": ["shop_default"], "labels": {},
    });
    let fields = fields.as_object().expect("fields").clone();
    whole.as_object_mut().expect("an object").extend(fields);
    let mut row: Container = of(whole);
    (row.health, row.reason) = judge(&row, now);
    Arc::new(row)
}

fn containers(now: Timestamp) -> Vec<Arc<Container>> {
    let shop = |service: &str| json!({ "project": "shop", "service": service, "working_dir": "/srv/shop", "config_files": ["/srv/shop/compose.yaml"] });
    let pod = |name: &str| json!({ "io.kubernetes.pod.namespace": "infra", "io.kubernetes.pod.name": "agent-x2k", "io.kubernetes.container.name": name });
    let port = json!([{ "private": 8080, "public": 80, "address": "0.0.0.0", "protocol": "tcp" }]);
    let probe = |seconds, output: &str| json!({ "at": before(now, seconds), "exit_code": 1, "output": output });
    let one = |number, name: &str, age, fields| container(now, DOCKER, number, name, age, fields);
    vec![
        one(
            1,
            "shop-web-1",
            532_000,
            json!({ "compose": shop("web"), "check": "healthy", "ports": port, "memory_limit_bytes": 268_435_456 }),
        ),
        one(
            2,
            "shop-db-1",
            720,
            json!({ "compose": shop("db"), "image": "postgres:17", "check": "unhealthy", "failing_streak": 12,
            "unhealthy_since": before(now, 700), "volumes": ["shop_data"],
            "probes": [probe(35, "could not connect to server: connection refused"), probe(5, "could not connect to server: connection refused")] }),
        ),
        one(
            3,
            "shop-worker-1",
            9,
            json!({ "compose": shop("worker"), "state": "restarting", "exit_code": 1, "restarts": 17,
            "finished_at": before(now, 4) }),
        ),
        one(
            4,
            "migrate",
            4_000,
            json!({ "state": "exited", "exit_code": 137, "oom_killed": true, "restart_policy": "no",
            "finished_at": before(now, 3_600), "memory_limit_bytes": 67_108_864 }),
        ),
        one(
            5,
            "backup",
            90_000,
            json!({ "state": "exited", "exit_code": 0, "restart_policy": "no", "finished_at": before(now, 86_000) }),
        ),
        one(6, "dbg", 180, json!({ "state": "paused", "image": "busybox", "privileged": true })),
        one(7, "k8s_agent_agent-x2k_infra_0", 40_000, json!({ "labels": pod("agent"), "image": "registry/agent:2" })),
        one(8, "k8s_POD_agent-x2k_infra_0", 40_000, json!({ "labels": pod("POD"), "image": "pause:3.10" })),
    ]
}

fn usage(number: u32, cpu: f64, memory: u64) -> (CompactString, ContainerUsage) {
    let usage = ContainerUsage {
        cpu_ratio: Some(cpu),
        memory_bytes: Some(memory << 20),
        memory_limit_bytes: Some(32 << 30),
        received_bytes_per_second: Some(cpu * 2e6),
        sent_bytes_per_second: Some(cpu * 5e5),
        read_bytes_per_second: Some(0.0),
        written_bytes_per_second: Some(cpu * 1e5),
        pids: Some(7 + u64::from(number)),
        ..ContainerUsage::default()
    };
    (id(number).into(), usage)
}

fn docker(now: Timestamp) -> Vec<Update> {
    let engine: Engine = of(json!({
        "name": DOCKER, "endpoint": "unix:///var/run/docker.sock", "product": "Docker", "version": "28.5.1", "api_version": "1.51",
        "os": "Debian GNU/Linux 13 (trixie)", "kernel": "6.12.48-amd64", "cgroup_version": 2, "storage_driver": "overlay2",
        "cores": 8, "memory_bytes": 34_359_738_368_u64, "host": "bastion-1", "warnings": ["No swap limit support"],
        "disk": { "images_bytes": 8_100_000_000_u64, "images_unused_bytes": 3_200_000_000_u64, "containers_bytes": 41_000_000,
            "containers_unused_bytes": 1_200_000, "volumes_bytes": 52_000_000_000_u64, "volumes_unused_bytes": 900_000_000,
            "build_cache_bytes": 2_100_000_000, "build_cache_unused_bytes": 2_100_000_000 },
    }));
    let image = |number: u32, tags: Value, size: u64, users: Value| -> Arc<Image> {
        of(
            json!({ "engine": DOCKER, "id": format!("sha256:{}", id(number)), "tags": tags, "digests": [], "size_bytes": size,
            "created_at": before(now, 86_400 * 9), "used_by": users }),
        )
    };
    let volume = |name: &str, size: u64, users: Value| -> Arc<Volume> {
        of(
            json!({ "engine": DOCKER, "name": name, "driver": "local", "mountpoint": format!("/var/lib/docker/volumes/{name}/_data"),
            "size_bytes": size, "created_at": before(now, 86_400 * 40), "used_by": users }),
        )
    };
    let network = |number: u32, name: &str, users: Value| -> Arc<EngineNetwork> {
        of(json!({ "engine": DOCKER, "id": id(number), "name": name, "driver": "bridge", "subnets": ["172.18.0.0/16"],
            "created_at": before(now, 86_400 * 40), "used_by": users, "builtin": name == "bridge" }))
    };
    let project = json!(["shop-db-1", "shop-web-1", "shop-worker-1"]);
    let usage = [(1, 0.42, 201), (2, 0.08, 1_310), (6, 0.0, 1), (7, 0.02, 48), (8, 0.0, 1)];
    vec![
        told(DOCKER, EnginePart::Engine(Box::new(engine))),
        told(DOCKER, EnginePart::Containers(Delta::All(containers(now)))),
        told(DOCKER, EnginePart::Usage(usage.map(|(number, cpu, memory)| self::usage(number, cpu, memory)).to_vec())),
        told(
            DOCKER,
            EnginePart::Images(Delta::All(vec![
                image(101, json!(["registry/shop/web:1.4.3"]), 412_000_000, project.clone()),
                image(102, json!(["registry/shop/web:1.4.2"]), 409_000_000, json!([])),
                image(103, json!([]), 1_900_000_000, json!([])),
            ])),
        ),
        told(
            DOCKER,
            EnginePart::Volumes(Delta::All(vec![
                volume("shop_data", 51_000_000_000, json!(["shop-db-1"])),
                volume("old_data", 900_000_000, json!([])),
            ])),
        ),
        told(
            DOCKER,
            EnginePart::Networks(Delta::All(vec![
                network(201, "shop_default", project),
                network(202, "bridge", json!([])),
            ])),
        ),
        told(DOCKER, EnginePart::Details(Box::new(details()))),
    ]
}

fn details() -> ContainerDetails {
    of(json!({
        "engine": DOCKER, "id": id(2),
        "inspect": { "Id": id(2), "Name": "/shop-db-1", "State": { "Status": "running", "Health": { "Status": "unhealthy" } } },
        "processes": [
            { "pid": 2201, "user": "postgres", "cpu": "0.4", "time": "00:01:12", "command": "postgres -c shared_buffers=1GB" },
            { "pid": 2260, "user": "postgres", "cpu": "0.1", "time": "00:00:09", "command": "postgres: walwriter" },
        ],
        "mounts": [{ "kind": "volume", "source": "shop_data", "destination": "/var/lib/postgresql", "writable": true }],
        "environment": [["POSTGRES_DB", "shop"], ["POSTGRES_PASSWORD", "[redacted]"]],
        "last_lines": ["LOG: database system is starting up", "FATAL: could not open file \"pg_hba.conf\""],
        "drift": [
            { "field": "image", "file": "postgres:16", "live": "postgres:17" },
            { "field": "environment.POSTGRES_PASSWORD", "file": "[redacted]", "live": "[redacted], another" },
        ],
        "drift_unknown": "not compared: command: the variable DB_FLAGS is not in .env",
    }))
}

fn build(now: Timestamp) -> Vec<Update> {
    let engine: Engine = of(json!({
        "name": BUILD, "endpoint": "tcp://build-2:2375", "product": "Podman", "version": "5.6.2", "api_version": "1.41",
        "os": "fedora", "kernel": "6.16.7", "cgroup_version": 2, "storage_driver": "overlay", "rootless": true,
    }));
    let runner = container(now, BUILD, 9, "runner", 7_000, json!({ "image": "ci/runner:7" }));
    vec![
        told(BUILD, EnginePart::Engine(Box::new(engine))),
        told(BUILD, EnginePart::Containers(Delta::All(vec![runner]))),
    ]
}
