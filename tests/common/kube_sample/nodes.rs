//! The nodes, and what they use.

use super::{
    At, DAY, GIB, PROD, Text, labels,
    model::{health::Health, kubernetes::*},
};
use compact_str::format_compact;
use std::collections::BTreeMap;

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

pub fn all(at: At) -> Vec<Node> {
    vec![
        node(at, "node-1", "Ready", Health::Ok, ""),
        node(at, "node-2", "Ready,SchedulingDisabled", Health::Ok, ""),
        node(at, "node-3", "NotReady", Health::Failing, "kubelet stopped posting node status"),
    ]
}

pub fn usage() -> BTreeMap<Text, NodeUsage> {
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
