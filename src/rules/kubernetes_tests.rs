//! One cause is one row.

use super::*;
use crate::model::{
    Timestamp,
    kubernetes::{Cluster, KubeNews, KubePart, Owner, Usage},
    observed::Observed,
    rows::{Delta, Keyed},
};
use std::sync::Arc;

fn pod(name: &str, owner: Option<(&str, &str)>, health: Health, reason: &str) -> Pod {
    Pod {
        context: "c".into(),
        namespace: "shop".into(),
        name: name.into(),
        status: "CrashLoopBackOff".into(),
        owner: owner.map(|(kind, name)| Owner { kind: kind.into(), name: name.into() }),
        health,
        reason: reason.into(),
        ..Pod::default()
    }
}

fn workload(kind: ObjectKind, name: &str, owner: Option<(&str, &str)>, health: Health, reason: &str) -> Workload {
    let text = format!(
        r#"{{"context":"c","kind":"{}","namespace":"shop","name":"{name}","desired":6,"ready":2,"updated":4,"available":2,"current":6,
            "revision":1,"health":"{}","reason":"{reason}","created_at":null,"owner":null,"images":[],"selector":[],"labels":[],
            "conditions":[]}}"#,
        kind.word(),
        health.word()
    );
    let mut workload: Workload = serde_json::from_str(&text).expect("a workload");
    workload.owner = owner.map(|(kind, name)| Owner { kind: kind.into(), name: name.into() });
    workload
}

fn conditions(check: &dyn Check, pods: Vec<Pod>, workloads: Vec<Workload>) -> Vec<Condition> {
    let mut observed = Observed::default();
    for part in [
        KubePart::Cluster(Box::new(Cluster { context: "c".into(), ..Cluster::default() })),
        KubePart::Pods(Delta::All(pods.into_iter().map(Arc::new).collect())),
        KubePart::Workloads(Delta::All(workloads.into_iter().map(Arc::new).collect())),
    ] {
        observed.kube.apply(KubeNews { context: "c".into(), part });
    }
    let mut found = Vec::new();
    check.examine(&Context::at(Timestamp::UNIX_EPOCH, &observed), &mut found);
    found
}

#[test]
fn pods_are_told_by_their_deployment() {
    let pods = || {
        let oom = "crash loop in container app: OOM killed, limit 256 MiB, 17 restarts";
        (0..4)
            .map(|n| pod(&format!("checkout-1-{n}"), Some(("ReplicaSet", "checkout-1")), Health::Failing, oom))
            .collect()
    };
    let workloads = |health| {
        vec![
            workload(ObjectKind::Deployment, "checkout", None, health, "rolling out: 4 of 6 updated, 2/6 available"),
            workload(
                ObjectKind::ReplicaSet,
                "checkout-1",
                Some(("Deployment", "checkout")),
                Health::Failing,
                "0/4 available",
            ),
        ]
    };
    for health in [Health::Degraded, Health::Progressing] {
        let rows = conditions(&KubeWorkload, pods(), workloads(health));
        assert_eq!(rows.len(), 1, "the ReplicaSet is told by its Deployment");
        assert_eq!((rows[0].kind.as_str(), rows[0].name.as_str()), ("deploy", "shop/checkout"));
        assert_eq!(rows[0].cause, "2/6 ready: crash loop in container app: OOM killed, limit 256 MiB, 17 restarts");
        assert!(rows[0].next_step.contains("rolls back"), "{}", rows[0].next_step);
        assert!(conditions(&KubePod, pods(), workloads(health)).is_empty());
    }
    assert!(conditions(&KubeWorkload, vec![], workloads(Health::Progressing)).is_empty(), "a rollout that goes well");
    assert_eq!(conditions(&KubePod, pods(), workloads(Health::Ok)).len(), 4, "no row of a workload tells them");
}

#[test]
fn pods_of_nobody_are_rows_and_many_of_them_one() {
    let pods = |count| {
        let one = |n| pod(&format!("p{n}"), None, Health::Failing, "crash loop in container app");
        (0..count).map(one).chain([pod("well", None, Health::Ok, "")]).collect::<Vec<_>>()
    };
    let few = conditions(&KubePod, pods(2), vec![]);
    assert_eq!(few.iter().map(|row| row.count).collect::<Vec<_>>(), [1, 1]);
    let many = conditions(&KubePod, pods(50), vec![]);
    assert_eq!(many.len(), 1);
    assert_eq!((many[0].count, many[0].cause.as_str()), (50, "50 pods are not well: 50 CrashLoopBackOff"));
}

#[test]
fn want_of_memory_is_told_with_the_working_set() {
    let oom = pod("web", None, Health::Failing, "crash loop in container app: OOM killed, limit 256 MiB, 3 restarts");
    let other = pod("api", None, Health::Failing, "crash loop in container app: exit 1");
    let mut kube = Kube::default();
    let usage = |megabytes: u64| Usage { cpu_cores: None, memory_bytes: Some(megabytes << 20) };
    let of_pods = [(oom.key(), usage(240)), (other.key(), usage(10))].into();
    kube.apply(KubeNews { context: "c".into(), part: KubePart::PodUsage(of_pods) });
    assert!(
        reason(&kube, &oom).ends_with("limit 256 MiB, 3 restarts; working set 240 MiB now"),
        "{}",
        reason(&kube, &oom)
    );
    assert_eq!(reason(&kube, &other), other.reason);
    assert_eq!(reason(&Kube::default(), &oom), oom.reason, "nothing is made up where it is not known");
}
