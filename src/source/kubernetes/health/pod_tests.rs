//! What pods are judged as, one case a state.

use super::*;
use crate::source::kubernetes::{pod as rows, printer::Dialect};
use proptest::prelude::*;
use serde_json::{Value, json};

const NOW: &str = "2026-11-23T02:14:00Z";

fn judged(value: Value) -> (Health, String) {
    let slim = serde_json::from_value(value).expect("a pod");
    let now = NOW.parse().expect("a time");
    let row = rows::row(slim, &"c".into(), Dialect::NEWEST, now);
    (row.health, row.reason.into())
}

fn one(state: Value, status: Value) -> Value {
    let mut container = json!({ "name": "app", "ready": false, "restartCount": 0, "state": state });
    for (key, value) in status.as_object().into_iter().flatten() {
        container[key] = value.clone();
    }
    json!({
        "metadata": { "name": "p", "namespace": "n", "creationTimestamp": "2026-11-23T02:13:30Z" },
        "spec": { "nodeName": "n1", "containers": [
            { "name": "app", "image": "shop/app:1", "resources": { "limits": { "memory": "256Mi" } } }] },
        "status": { "phase": "Running", "containerStatuses": [container] },
    })
}

#[test]
fn containers_say_what_is_wrong() {
    let oom = json!({ "terminated": { "exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-11-23T02:12:00Z" } });
    let crash = json!({ "waiting": { "reason": "CrashLoopBackOff", "message": "back-off 5m0s" } });
    let exit = json!({ "terminated": { "exitCode": 1, "reason": "Error", "finishedAt": "2026-11-23T02:12:00Z" } });
    let running = json!({ "running": { "startedAt": "2026-11-23T01:00:00Z" } });
    let fresh = json!({ "running": { "startedAt": "2026-11-23T02:13:40Z" } });
    let cases = [
        (
            crash.clone(),
            json!({ "restartCount": 17, "lastState": exit }),
            Health::Failing,
            "crash loop in container app: exit 1, 17 restarts",
        ),
        (
            crash,
            json!({ "restartCount": 1, "lastState": oom }),
            Health::Failing,
            "crash loop in container app: OOM killed, limit 256 MiB, 1 restart",
        ),
        (
            json!({ "waiting": { "reason": "ImagePullBackOff", "message": "x" } }),
            json!({}),
            Health::Failing,
            "container app: image shop/app:1 does not come: ImagePullBackOff",
        ),
        (
            json!({ "waiting": { "reason": "CreateContainerConfigError", "message": "secret \"a\" not found" } }),
            json!({}),
            Health::Failing,
            "container app: CreateContainerConfigError: secret \"a\" not found",
        ),
        (
            json!({ "waiting": { "reason": "ContainerCreating" } }),
            json!({}),
            Health::Progressing,
            "container app being created",
        ),
        (oom.clone(), json!({}), Health::Failing, "container app ended: OOM killed, limit 256 MiB"),
        (running.clone(), json!({}), Health::Failing, "container app runs but is not ready"),
        (fresh, json!({}), Health::Progressing, "container app starts"),
        (running.clone(), json!({ "ready": true }), Health::Ok, ""),
        (
            running.clone(),
            json!({ "ready": true, "restartCount": 2, "lastState": oom }),
            Health::Degraded,
            "container app was restarted: OOM killed, limit 256 MiB, 2 restarts",
        ),
        (
            json!({ "terminated": { "exitCode": 143, "signal": 15 } }),
            json!({}),
            Health::Failing,
            "container app ended: signal 15",
        ),
    ];
    for (state, status, health, reason) in cases {
        assert_eq!(judged(one(state.clone(), status)), (health, reason.to_owned()), "{state}");
    }
    let mut old = one(running, json!({ "ready": true, "restartCount": 2, "lastState": oom }));
    old["status"]["containerStatuses"][0]["lastState"]["terminated"]["finishedAt"] = json!("2026-11-22T02:12:00Z");
    assert_eq!(judged(old).0, Health::Ok, "a restart of yesterday is over");
}

#[test]
fn the_pod_as_a_whole() {
    let ready = json!({ "ready": true });
    let running = json!({ "running": { "startedAt": "2026-11-23T01:00:00Z" } });
    let pod = || one(running.clone(), ready.clone());
    let mut deleted = pod();
    deleted["metadata"]["deletionTimestamp"] = json!("2026-11-23T02:13:50Z");
    assert_eq!(judged(deleted.clone()), (Health::Progressing, "terminating".into()));
    deleted["metadata"]["deletionTimestamp"] = json!("2026-11-23T02:00:00Z");
    assert_eq!(judged(deleted.clone()).0, Health::Degraded);
    deleted["metadata"]["finalizers"] = json!(["x.example/hold"]);
    assert_eq!(judged(deleted).1, "terminating: held by the finalizer x.example/hold");

    let bare =
        |status: Value| json!({ "metadata": {}, "spec": { "containers": [{ "name": "app" }] }, "status": status });
    let unschedulable =
        json!([{ "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes" }]);
    let gated = json!([{ "type": "PodScheduled", "status": "False", "reason": "SchedulingGated", "message": "gated" }]);
    let cases = [
        (json!({ "phase": "Succeeded" }), Health::Done, ""),
        (
            json!({ "phase": "Failed", "reason": "Evicted", "message": "low on memory" }),
            Health::Failing,
            "evicted: low on memory",
        ),
        (json!({ "phase": "Unknown" }), Health::Unknown, "its node does not say how it is"),
        (json!({ "phase": "Pending", "conditions": unschedulable }), Health::Failing, "unschedulable: 0/3 nodes"),
        (json!({ "phase": "Pending", "conditions": gated }), Health::Progressing, "held back by a scheduling gate"),
        (json!({ "phase": "Pending" }), Health::Progressing, "waits for a node"),
    ];
    for (status, health, reason) in cases {
        assert_eq!(judged(bare(status.clone())), (health, reason.to_owned()), "{status}");
    }
    let mut gate = pod();
    gate["status"]["conditions"] =
        json!([{ "type": "Ready", "status": "False", "lastTransitionTime": "2026-11-23T02:00:00Z" }]);
    assert_eq!(judged(gate).0, Health::Degraded, "a readiness gate");
}

#[test]
fn init_containers_and_the_first_of_equals() {
    let crash = json!({ "waiting": { "reason": "CrashLoopBackOff" } });
    let value = json!({
        "metadata": {}, "spec": { "nodeName": "n", "initContainers": [{ "name": "setup" }], "containers": [{ "name": "app" }] },
        "status": { "phase": "Pending",
            "initContainerStatuses": [{ "name": "setup", "restartCount": 3, "state": crash }],
            "containerStatuses": [{ "name": "app", "state": { "waiting": { "reason": "PodInitializing" } } }] },
    });
    assert_eq!(judged(value), (Health::Failing, "crash loop in init container setup, 3 restarts".into()));
    let two = json!({
        "metadata": {}, "spec": { "nodeName": "n", "containers": [{ "name": "a" }, { "name": "b" }] },
        "status": { "phase": "Running", "containerStatuses": [
            { "name": "a", "state": crash }, { "name": "b", "ready": true, "state": { "running": {} } }] },
    });
    assert_eq!(judged(two).1, "crash loop in container a", "a running last one hides nothing");
}

proptest! {
    #[test]
    fn what_is_not_well_has_a_reason(
        phase in "Pending|Running|Succeeded|Failed|Unknown", kind in "running|waiting|terminated",
        reason in "|Error|CrashLoopBackOff|ErrImagePull|ContainerCreating|Odd", ready in any::<bool>(), code in 0_i32..3,
    ) {
        let state = json!({ kind: { "reason": reason, "exitCode": code } });
        let mut value = one(state, json!({ "ready": ready }));
        value["status"]["phase"] = json!(phase);
        let (health, why) = judged(value);
        prop_assert_eq!(matches!(health, Health::Ok | Health::Done), why.is_empty());
    }
}
