//! One pod: its containers with their states and ends, what they use of what they may, and where it runs.

use super::{Details, k8s, yaml};
use crate::{
    model::{
        kubernetes::{ContainerRole, Pod, PodContainer, Resources, Run},
        object::{ObjectKind, ObjectRef},
        units,
    },
    panes::{self, kube_tree, pods},
    ui::{lines::Line, scene::Scene, theme::Role},
    view::table::Value as Cell,
    world::World,
};
use serde_json::Value;

/// One pod.
pub struct PodPage;

fn find<'w>(world: &'w World, object: &ObjectRef) -> Option<&'w Pod> {
    world.observed.kube.pod(object)
}

fn restarts(pod: &Pod, world: &World) -> String {
    match pods::restarts(pod, world) {
        Cell::Text(text) => text.into_owned(),
        _ => units::UNKNOWN.into(),
    }
}

/// `0.12 of 1 (asks for 0.25)`.
fn figures(scene: &Scene<'_>, pod: &Pod) -> [Line; 2] {
    let usage = pods::usage(pod, scene.world);
    let set = |limit: Option<String>, request: Option<String>| {
        let limit = limit.map_or_else(|| " (no limit".to_owned(), |limit| format!(" of {limit} ("));
        let comma = if limit.ends_with('(') { "" } else { ", " };
        let request = request.map_or_else(|| "asks for nothing".into(), |request| format!("asks for {request}"));
        format!("{limit}{comma}{request})")
    };
    let bytes = |bytes: u64| units::bytes(bytes as f64);
    let cores = panes::k8s::cores;
    let line = |label, used: Option<String>, set: String| Line::maybe(label, used, |used| used).and(Role::Dim, set);
    [
        line(
            "cpu",
            usage.and_then(|u| u.cpu_cores).map(cores),
            set(pod.limits.cpu_cores.map(cores), pod.requests.cpu_cores.map(cores)),
        ),
        line(
            "memory",
            usage.and_then(|u| u.memory_bytes).map(bytes),
            set(pod.limits.memory_bytes.map(bytes), pod.requests.memory_bytes.map(bytes)),
        ),
    ]
}

fn resources(label: &str, resources: &Resources) -> String {
    let cpu = resources.cpu_cores.map(|cores| format!("cpu {}", panes::k8s::cores(cores)));
    let memory = resources.memory_bytes.map(|bytes| format!("memory {}", units::bytes(bytes as f64)));
    let parts: Vec<_> = cpu.into_iter().chain(memory).collect();
    format!("{label} {}", if parts.is_empty() { "none".into() } else { parts.join(", ") })
}

/// How a run ended: `OOMKilled, exit 137, 5m ago, ran 40s: message`.
fn end(scene: &Scene<'_>, run: &Run) -> String {
    let mut words = vec![if run.reason.is_empty() { "ended".to_owned() } else { run.reason.to_string() }];
    words.push(if run.signal != 0 { format!("signal {}", run.signal) } else { format!("exit {}", run.exit_code) });
    if let Some(at) = run.finished_at {
        words.push(format!("{} ago", units::age(scene.now, at)));
        words.extend(run.started_at.map(|from| format!("ran {}", units::age(at, from))));
    }
    let message = if run.message.is_empty() { String::new() } else { format!(": {}", run.message.trim_end()) };
    words.join(", ") + &message
}

/// A container: its state, why, its last end, what it may use, its probes.
fn container(scene: &Scene<'_>, container: &PodContainer, json: Option<&Value>) -> Vec<Line> {
    let state = if container.state.is_empty() { "not started" } else { &container.state };
    let well = container.ready
        || (container.state == "terminated" && container.ended.as_ref().is_none_or(|end| end.exit_code == 0));
    let waits = container.role == ContainerRole::Init && container.state == "waiting";
    let role = if well {
        Role::Text
    } else if waits {
        Role::Info
    } else {
        Role::Warn
    };
    let reason = if container.reason.is_empty() { String::new() } else { format!(" {}", container.reason) };
    let since = container.since.map_or_else(String::new, |at| format!(" for {}", units::age(scene.now, at)));
    let ready = if container.ready { ", ready" } else { ", not ready" };
    let head = format!("{} {}", kube_tree::role(container.role), container.name);
    let mut lines = vec![Line::empty(), Line::heading(&head).and(role, format!("  {state}{reason}{since}{ready}"))];
    if !container.message.is_empty() {
        lines.push(Line::pair("  says", &container.message));
    }
    if let Some(run) = &container.ended {
        lines.push(Line::pair("  ended", end(scene, run)));
    }
    if let Some(run) = &container.last {
        lines.push(Line::pair("  last end", "").and(Role::Warn, end(scene, run)));
    }
    lines.push(Line::pair("  restarts", container.restarts.to_string()));
    lines.push(Line::pair("  image", &container.image));
    let set = format!("{}; {}", resources("asks for", &container.requests), resources("may use", &container.limits));
    lines.push(Line::pair("  resources", set));
    lines.extend(json.into_iter().flat_map(told));
    lines
}

/// What the object says of a container beyond its row: command, ports, probes, environment, mounts.
fn told(json: &Value) -> Vec<Line> {
    let mut lines = Vec::new();
    for (label, key) in [("  command", "command"), ("  arguments", "args")] {
        if let Some(list) = json[key].as_array() {
            let words: Vec<_> = list.iter().filter_map(Value::as_str).collect();
            lines.push(Line::pair(label, words.join(" ")));
        }
    }
    let list = |key: &str| json[key].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let ports: Vec<_> = list("ports")
        .iter()
        .map(|port| format!("{}/{} {}", port["containerPort"], text(port, "protocol"), text(port, "name")))
        .collect();
    if !ports.is_empty() {
        lines.push(Line::pair("  ports", ports.join(", ")));
    }
    for (label, key) in
        [("  startup", "startupProbe"), ("  readiness", "readinessProbe"), ("  liveness", "livenessProbe")]
    {
        lines.extend(probe(&json[key]).map(|words| Line::pair(label, words)));
    }
    let environment = list("env").iter().map(|variable| {
        let from = ["configMapKeyRef", "secretKeyRef", "fieldRef", "resourceFieldRef"]
            .iter()
            .find(|key| variable["valueFrom"][**key].is_object());
        let value = from.map_or_else(
            || text(variable, "value"),
            |key| {
                let from = &variable["valueFrom"][*key];
                format!(
                    "from {} {} {}{}",
                    key.trim_end_matches("Ref"),
                    text(from, "name"),
                    text(from, "key"),
                    text(from, "fieldPath")
                )
            },
        );
        format!("{}={value}", text(variable, "name"))
    });
    lines.extend(environment.map(|words| Line::pair("  environment", words)));
    let mounts = list("volumeMounts").iter().map(|mount| {
        let only = if mount["readOnly"].as_bool() == Some(true) { ", read-only" } else { "" };
        format!("{} from {}{only}", text(mount, "mountPath"), text(mount, "name"))
    });
    lines.extend(mounts.map(|words| Line::pair("  mount", words)));
    lines
}

/// A probe in words, as `kubectl describe` has it.
fn probe(json: &Value) -> Option<String> {
    let number = |key: &str, default: u64| json[key].as_u64().unwrap_or(default);
    let how = if let Some(get) = json.get("httpGet") {
        let (path, port) = (get["path"].as_str().unwrap_or("/"), get["port"].to_string());
        format!("http get :{}{path}", port.trim_matches('"'))
    } else if let Some(socket) = json.get("tcpSocket") {
        format!("tcp :{}", socket["port"].to_string().trim_matches('"'))
    } else if let Some(exec) = json.get("exec") {
        let words: Vec<_> = exec["command"].as_array()?.iter().filter_map(Value::as_str).collect();
        format!("exec {}", words.join(" "))
    } else {
        format!("grpc :{}", json.get("grpc")?["port"])
    };
    Some(format!(
        "{how}, every {}s after {}s, timeout {}s, fails after {}",
        number("periodSeconds", 10),
        number("initialDelaySeconds", 0),
        number("timeoutSeconds", 1),
        number("failureThreshold", 3)
    ))
}

fn placement(json: &Value) -> Vec<Line> {
    let spec = &json["spec"];
    let text = |key: &str| spec[key].as_str().filter(|text| !text.is_empty());
    let mut lines = Vec::new();
    for (label, key) in [
        ("service account", "serviceAccountName"),
        ("priority", "priorityClassName"),
        ("restart policy", "restartPolicy"),
        ("scheduler", "schedulerName"),
    ] {
        lines.extend(text(key).map(|text| Line::pair(label, text)));
    }
    if let Some(selector) = spec["nodeSelector"].as_object() {
        let pairs: Vec<_> =
            selector.iter().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
        lines.push(Line::pair("node selector", pairs.join(", ")));
    }
    let tolerations = spec["tolerations"].as_array().map(Vec::as_slice).unwrap_or_default().iter().map(|toleration| {
        let text = |key: &str| toleration[key].as_str().unwrap_or_default();
        let value = if text("value").is_empty() { String::new() } else { format!("={}", text("value")) };
        let seconds = toleration["tolerationSeconds"].as_u64().map_or_else(String::new, |s| format!(" for {s}s"));
        format!(
            "{}{value}:{}{seconds}",
            if text("key").is_empty() { "*" } else { text("key") },
            if text("effect").is_empty() { "*" } else { text("effect") }
        )
    });
    let tolerations: Vec<_> = tolerations.collect();
    if !tolerations.is_empty() {
        lines.push(Line::pair("tolerates", tolerations.join(", ")));
    }
    lines
}

fn head(scene: &Scene<'_>, object: &ObjectRef, pod: &Pod) -> Vec<Line> {
    let role = Scene::health_role(pod.health);
    let mut lines =
        vec![Line::pair("status", "").and(role, format!("{}, {}/{} ready", pod.status, pod.ready, pod.total))];
    if !pod.reason.is_empty() {
        lines.push(Line::pair("reason", "").and(role, &pod.reason));
    }
    lines.push(Line::pair("restarts", restarts(pod, scene.world)));
    lines.push(k8s::moment(scene, "created", pod.created_at));
    if pod.deleted_at.is_some() {
        lines.push(k8s::moment(scene, "deletion asked", pod.deleted_at));
    }
    lines.push(k8s::owner(scene, object, pod.owner.as_ref()));
    lines.push(if pod.node.is_empty() {
        Line::pair("node", "").and(Role::Warn, "none: it is not scheduled")
    } else {
        let node = ObjectRef::in_cluster(ObjectKind::Node, &pod.context, "", &pod.node);
        Line::pair("node", "").leading_to(node.clone(), "Summary", &k8s::short(&node))
    });
    lines.extend(figures(scene, pod));
    lines.push(Line::pair("address", if pod.ip.is_empty() { "none" } else { &pod.ip }));
    lines.push(Line::pair("class of service", &pod.qos));
    lines
}

/// The working set of a pod beside its limit, where one of its containers was killed for want of memory, or will be soon.
fn memory(scene: &Scene<'_>, pod: &Pod) -> Option<Line> {
    let ends = pod.containers.iter().flat_map(|container| [&container.ended, &container.last]).flatten();
    let killed = ends.into_iter().any(|end| end.reason == "OOMKilled");
    let used = scene.world.observed.kube.usage_of(pod).and_then(|usage| usage.memory_bytes);
    let near = units::near(used, pod.limits.memory_bytes);
    if !killed && !near {
        return None;
    }
    let print = |bytes: u64| units::bytes(bytes as f64);
    let working = used.map_or_else(|| units::UNKNOWN.to_owned(), print);
    let limit = pod
        .limits
        .memory_bytes
        .map_or_else(|| "no limit of its own".to_owned(), |limit| format!("a limit of {}", print(limit)));
    let role = if near { Role::Warn } else { Role::Text };
    Some(Line::of(Role::Dim, "memory  ").and(role, format!("working set {working} now, {limit} (the whole pod)")))
}

/// What is known before the API server has told more.
fn known(scene: &Scene<'_>, pod: &Pod) -> Vec<Line> {
    let mut lines = Vec::new();
    let role = Scene::health_role(pod.health);
    if !pod.reason.is_empty() {
        lines.push(Line::of(role, &pod.reason));
    }
    for container in pod.containers.iter().filter(|container| !container.ready) {
        let said = [container.reason.as_str(), container.message.as_str()];
        let words: Vec<_> = said.into_iter().filter(|text| !text.is_empty()).collect();
        if !words.is_empty() {
            lines.push(Line::of(
                Role::Text,
                format!("{} {}: {}", kube_tree::role(container.role), container.name, words.join(": ")),
            ));
        }
        if let Some(run) = &container.last {
            lines.push(Line::of(Role::Dim, "  last end: ").and(Role::Text, end(scene, run)));
        }
    }
    lines
}

impl Details for PodPage {
    fn kinds(&self) -> &'static [ObjectKind] {
        &[ObjectKind::Pod]
    }
    fn name(&self, world: &World, object: &ObjectRef) -> String {
        k8s::name(world, object)
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        let Some(pod) = find(scene.world, object) else { return units::UNKNOWN.into() };
        let restarts =
            if pod.restarts > 0 { format!(", restarts {}", restarts(pod, scene.world)) } else { String::new() };
        format!("{} {}/{}{restarts}", pod.status, pod.ready, pod.total)
    }
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>> {
        let pod = find(scene.world, object)?;
        let json = k8s::details(scene.world, object).map(|details| &details.json);
        let of = |name: &str| {
            let spec = &json?["spec"];
            let lists = ["containers", "initContainers", "ephemeralContainers"];
            lists.iter().filter_map(|list| spec[*list].as_array()).flatten().find(|c| c["name"] == name)
        };
        let mut lines = head(scene, object, pod);
        lines.extend(k8s::asking(scene, object));
        // Those that are not well first, else in the order of the pod.
        let mut containers: Vec<_> = pod.containers.iter().collect();
        containers.sort_by_key(|container| container.ready || container.role == ContainerRole::Init);
        lines.extend(containers.iter().flat_map(|one| container(scene, one, of(&one.name))));
        if let Some(json) = json {
            lines.extend([Line::empty(), Line::heading("placement")]);
            lines.extend(placement(json));
            lines.extend(k8s::conditions(scene, &k8s::conditions_of(json)));
            lines.extend(k8s::part("volumes", &json["spec"]["volumes"]));
        }
        lines.extend(k8s::labels("labels", &pod.labels));
        lines.extend(json.map(k8s::annotations).unwrap_or_default());
        Some(lines)
    }
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String> {
        k8s::yaml(world, object, find(world, object).and_then(yaml::of))
    }
    fn why(&self, scene: &Scene<'_>, object: &ObjectRef) -> Vec<Line> {
        let pod = find(scene.world, object);
        let mut lines = k8s::why(scene, object, pod.map(|pod| known(scene, pod)).unwrap_or_default());
        lines.extend(pod.and_then(|pod| memory(scene, pod)));
        lines
    }
    fn events(&self, scene: &Scene<'_>, object: &ObjectRef) -> Vec<Line> {
        k8s::events(scene, object)
    }
    fn has_logs(&self) -> bool {
        true
    }
}
