//! For tests: a container about which nothing is known, to be filled in, and what a check says of it.

use super::container::{Container, Declared, Known, Prop};
use crate::{
    model::finding::Scope,
    rulebook::{
        check::Check,
        policy::Policy,
        resource::Resource,
        run::{Subject, judge, line},
        syntax::node::{Data, Node},
    },
};
use std::sync::Arc;

/// What a check says of a container that `fill` has filled in, each as `pointer observed`; `passed` where it was judged and is right,
/// nothing where it is not for the check.
pub fn told_of(check: &dyn Check, declared: Declared, fill: impl FnOnce(&mut Container<'_>)) -> Vec<String> {
    let resource = Resource {
        scope: Scope::Repo,
        kind: "thing".into(),
        api_version: "".into(),
        origin: "origin".into(),
        namespace: "".into(),
        name: "it".into(),
        file: None,
        spec: Arc::new(Node::of(Data::Null)),
        observed_at: None,
        merged: None,
    };
    let mut container = of(&resource, declared);
    fill(&mut container);
    let now = "2026-01-01T00:00:00Z".parse().expect("a time");
    let verdict = judge(check, Subject::Container(&container), Scope::Repo, &Policy::default(), now);
    let mut told: Vec<String> = verdict
        .findings
        .iter()
        .map(|finding| line(finding).replace("thing it", finding.pointer.as_deref().unwrap_or_default()))
        .collect();
    told.extend((verdict.passed > 0).then(|| "passed".to_owned()));
    told
}

/// A value that is given.
pub fn is<T>(value: T) -> Known<T> {
    Known::Is(value)
}

fn absent<T>(pointer: &str) -> Prop<T> {
    Prop { value: Known::Absent, pointer: pointer.to_owned() }
}

fn of(resource: &Resource, declared: Declared) -> Container<'_> {
    Container {
        resource,
        pointer: String::new(),
        declared,
        name: "web".into(),
        is_init: false,
        is_batch: false,
        image: absent("/image"),
        is_built: false,
        user: absent("/user"),
        run_as_non_root: absent("/runAsNonRoot"),
        privileged: absent("/privileged"),
        health_check: absent("/healthcheck"),
        health: None,
        memory_limit_bytes: absent("/memory"),
        memory_request_bytes: absent("/memoryRequest"),
        cpu_limit_cores: absent("/cpu"),
        cpu_request_cores: absent("/cpuRequest"),
        pids_limit: absent("/pids"),
        gpus: absent("/gpus"),
        host_network: absent("/network"),
        host_pid: absent("/pid"),
        host_ipc: absent("/ipc"),
        host_mounts: Vec::new(),
        capabilities_added: Vec::new(),
        capabilities_dropped: Vec::new(),
        allow_privilege_escalation: absent("/escalation"),
        seccomp: absent("/seccomp"),
        read_only_root: absent("/readOnly"),
        environment: Vec::new(),
        ports: Vec::new(),
        command: Vec::new(),
    }
}
