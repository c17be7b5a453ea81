//! 11e: a container without limits.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        fixture::NOT_BELOW,
        out::Out,
        subject::container::{Container, Declared, Known, Prop},
    },
};

/// 11e. Without a memory limit it is an error; without one of the others a warning, because a lack of CPU or a storm of processes slows a
/// machine where a lack of memory kills its neighbours.
pub struct Limits;

static META: Meta = Meta {
    id: "11e",
    title: "container without limits",
    level: Level::Error,
    scopes: &[Scope::Repo, Scope::Docker, Scope::Kube],
    why: "One container that leaks memory or spins takes the whole machine down, with everything else that runs there.",
    fix: "Set a limit for memory, and for CPU and processes too (compose: `deploy.resources.limits`; Kubernetes: `resources.limits`).",
    precedent: &["CIS 5.11", "CIS 5.12", "CIS 5.29", "KSV-0018", "KSV-0011", "kube-linter unset-memory-requirements"],
    references: &[
        "https://docs.docker.com/reference/compose-file/deploy/#resources",
        "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/",
    ],
    parameters: &[NOT_BELOW],
};

impl Check for Limits {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn container(&self, container: &Container<'_>, out: &mut Out<'_>) -> Judged {
        let memory = &container.memory_limit_bytes;
        if container.is_ephemeral() || (memory.is_unknown() && !container.is_given(memory)) {
            return Judged::No;
        }
        if memory.is_unknown() {
            let draft = out.on(container.resource, &memory.pointer).expected("a memory limit that can be read");
            draft.unknown("the memory limit cannot be known from here");
        }
        let missing = missing(container);
        let Some((_, pointer, level)) = missing.first() else { return Judged::Yes };
        let names: Vec<&str> = missing.iter().map(|(name, ..)| *name).collect();
        let observed = match names.as_slice() {
            [one] => format!("no {one} limit"),
            [start @ .., last] => format!("no {} or {last} limit", start.join(", ")),
            [] => String::new(),
        };
        // What is missing may change while the container stays at fault.
        let key = format!("{} {}", container.pointer, names[0]);
        let draft = out.on(container.resource, pointer).level(*level).observed(observed).key(key);
        draft.expected(format!("a limit for {}", names.join(", "))).fail();
        Judged::Yes
    }
}

/// What has no limit, the weightiest first.
fn missing<'c>(container: &'c Container<'_>) -> Vec<(&'static str, &'c str, Level)> {
    let mut missing = Vec::new();
    if !is_set(&container.memory_limit_bytes, |bytes| *bytes > 0) {
        missing.push(("memory", container.memory_limit_bytes.pointer.as_str(), Level::Error));
    }
    // In a cluster a share of the CPU that is asked for is kept, and many set no limit above it on purpose.
    let is_pod = container.declared == Declared::Pod;
    let asks = is_pod && is_set(&container.cpu_request_cores, |cores| *cores > 0.0);
    if !asks && !is_set(&container.cpu_limit_cores, |cores| *cores > 0.0) {
        missing.push(("CPU", container.cpu_limit_cores.pointer.as_str(), Level::Warn));
    }
    // A cluster limits processes by its nodes' configuration.
    if !is_pod && !is_set(&container.pids_limit, |limit| *limit > 0) {
        missing.push(("pids", container.pids_limit.pointer.as_str(), Level::Warn));
    }
    missing
}

/// Whether a limit is set; one that cannot be known is taken for one.
fn is_set<T>(limit: &Prop<T>, is_limit: impl Fn(&T) -> bool) -> bool {
    match &limit.value {
        Known::Is(value) => is_limit(value),
        Known::Unknown => true,
        Known::Absent => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{
        resource::{live_object, object},
        run::{told, told_of},
    };

    fn compose(text: &str) -> Vec<String> {
        told(&Limits, &[("compose.yaml", &format!("services:\n  web:\n    image: a\n{text}"))])
    }

    #[test]
    fn services() {
        assert_eq!(compose(""), ["compose.yaml:2:3 no memory, CPU or pids limit"]);
        assert_eq!(
            compose("    mem_limit: 0\n    cpus: 1\n    pids_limit: 9\n"),
            ["compose.yaml:4:16 no memory limit"]
        );
        assert_eq!(
            compose("    mem_limit: 1g\n    cpus: 1\n    pids_limit: -1\n"),
            ["compose.yaml:6:17 no pids limit"]
        );
        assert_eq!(compose("    mem_limit: 1g\n"), ["compose.yaml:2:3 no CPU or pids limit"]);
        let deploy = "    deploy:\n      resources:\n        limits: {memory: 1g, cpus: '1', pids: 9}\n";
        assert!(compose(deploy).is_empty());
        let reserved = "    deploy:\n      resources:\n        reservations: {memory: 1g}\n";
        assert_eq!(compose(reserved), ["compose.yaml:5:7 no memory, CPU or pids limit"]);
        let unknown = "    mem_limit: ${MEM}\n    cpus: ${CPU}\n    pids_limit: 9\n";
        assert_eq!(compose(unknown), ["? compose.yaml:4:16 the memory limit cannot be known from here"]);
        assert!(compose("    mem_limit: ${MEM:-1g}\n    cpus: 1\n    pids_limit: 9\n").is_empty());
    }

    #[test]
    fn layers_and_parts_are_not_told_twice() {
        let base = "services:\n  web: {image: a}\n";
        let files = [
            ("docker-compose.yml", base),
            ("docker-compose.prod.yml", "services:\n  web:\n    deploy: {replicas: 2}\n"),
        ];
        assert_eq!(told(&Limits, &files).len(), 1);
        let over = "services:\n  web: {mem_limit: 1g, cpus: 1, pids_limit: 9}\n";
        assert!(told(&Limits, &[("docker-compose.yml", base), ("docker-compose.override.yml", over)]).is_empty());
        assert!(compose("    extends: {file: ../out.yml, service: x}\n").is_empty());
    }

    #[test]
    fn pods_and_live_containers() {
        let pod = |resources: &str| {
            object(&format!(
                "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - name: a\n      resources: {resources}\n  ephemeralContainers:\n    - name: e\n"
            ))
        };
        assert_eq!(told_of(&Limits, &pod("{}")), ["object.yaml:6:18 no memory or CPU limit"]);
        assert!(told_of(&Limits, &pod("{limits: {memory: 1Gi}, requests: {cpu: 100m}}")).is_empty());
        assert!(told_of(&Limits, &pod("{limits: {memory: 1Gi, cpu: 1}}")).is_empty());
        let live = |host: serde_json::Value| live_object("container", "web", serde_json::json!({"HostConfig": host}));
        assert_eq!(
            told_of(&Limits, &live(serde_json::json!({"Memory": 0, "PidsLimit": 0})))[0],
            "container web no memory, CPU or pids limit"
        );
        let limited =
            serde_json::json!({"Memory": 1 << 30, "CpuQuota": 100_000, "CpuPeriod": 100_000, "PidsLimit": 100});
        assert!(told_of(&Limits, &live(limited)).is_empty());
    }
}
