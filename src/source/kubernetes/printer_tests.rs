//! Every branch of the printer, and that no pod makes it fail.
//!
//! What servers print up to 1.20 is compared with the testbed's own (`tests/it/kubernetes.rs`). Newer ones cannot be had there; what they
//! print is taken from `TestPrintPod`, `TestPrintPodWithRestartableInitContainer` and the code that these test, `printPod`, in Kubernetes'
//! `pkg/printers/internalversion/printers_test.go` and `printers.go`, at the versions that [`Dialect`] names.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn pod(value: Value) -> SlimPod {
    serde_json::from_value(value).expect("a pod")
}

fn shown(value: Value, dialect: Dialect) -> (String, String, u32) {
    let printed = print(&pod(value), dialect);
    (printed.status.into(), format!("{}/{}", printed.ready, printed.total), printed.restarts)
}

/// A pod with one container that runs and is ready, changed by `patch` (merged key by key).
fn with(patch: Value) -> Value {
    let mut pod = json!({
        "metadata": {},
        "spec": { "containers": [{ "name": "a" }], "initContainers": [] },
        "status": {
            "phase": "Running",
            "conditions": [{ "type": "Ready", "status": "True" }],
            "containerStatuses": [{ "name": "a", "ready": true, "restartCount": 0, "state": { "running": {} } }],
        },
    });
    merge(&mut pod, patch);
    pod
}

fn merge(into: &mut Value, patch: Value) {
    match (into, patch) {
        (Value::Object(into), Value::Object(patch)) => {
            for (key, value) in patch {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, patch) => *into = patch,
    }
}

fn main_state(state: Value) -> Value {
    json!({ "status": { "containerStatuses": [{ "name": "a", "ready": false, "restartCount": 3, "state": state }] } })
}

fn init_states(states: &[Value]) -> Value {
    let names = (0..states.len()).map(|n| json!({ "name": format!("i{n}") }));
    let statuses = states.iter().enumerate().map(|(n, state)| {
        json!({ "name": format!("i{n}"), "restartCount": 2, "state": state,
                "lastState": { "terminated": { "exitCode": 1, "finishedAt": "2026-11-23T02:00:00Z" } } })
    });
    json!({
        "spec": { "initContainers": names.collect::<Value>() },
        "status": { "phase": "Pending", "initContainerStatuses": statuses.collect::<Value>() },
    })
}

#[test]
fn main_containers() {
    let cases = [
        (json!({}), ("Running", "1/1", 0)),
        (
            json!({ "status": { "phase": "Failed", "reason": "Evicted", "containerStatuses": null } }),
            ("Evicted", "0/1", 0),
        ),
        (main_state(json!({ "waiting": { "reason": "CrashLoopBackOff" } })), ("CrashLoopBackOff", "0/1", 3)),
        (main_state(json!({ "waiting": {} })), ("Running", "0/1", 3)),
        (main_state(json!({ "terminated": { "exitCode": 1, "reason": "Error" } })), ("Error", "0/1", 3)),
        (main_state(json!({ "terminated": { "exitCode": 137, "signal": 9 } })), ("Signal:9", "0/1", 3)),
        (main_state(json!({ "terminated": { "exitCode": 3 } })), ("ExitCode:3", "0/1", 3)),
        (main_state(json!({})), ("Running", "0/1", 3)),
        (main_state(json!({ "running": {} })), ("Running", "0/1", 3)),
    ];
    for (patch, (status, ready, restarts)) in cases {
        assert_eq!(shown(with(patch.clone()), Dialect::NEWEST), (status.into(), ready.into(), restarts), "{patch}");
    }
}

#[test]
fn the_lowest_container_wins_and_completed_gives_way_to_running() {
    let two = |first: Value, ready: &str| {
        with(json!({
            "spec": { "containers": [{ "name": "a" }, { "name": "b" }] },
            "status": {
                "conditions": [{ "type": "Ready", "status": ready }],
                "containerStatuses": [
                    { "name": "a", "restartCount": 1, "state": first },
                    { "name": "b", "ready": true, "restartCount": 1, "state": { "running": {} } },
                ],
            },
        }))
    };
    let crash = two(json!({ "waiting": { "reason": "CrashLoopBackOff" } }), "False");
    assert_eq!(
        shown(crash, Dialect::NEWEST),
        ("CrashLoopBackOff".into(), "1/2".into(), 2),
        "a running last hides nothing"
    );
    let done = json!({ "terminated": { "exitCode": 0, "reason": "Completed" } });
    assert_eq!(shown(two(done.clone(), "True"), Dialect::NEWEST).0, "Running");
    assert_eq!(shown(two(done, "False"), Dialect::NEWEST).0, "NotReady");
}

#[test]
fn init_containers() {
    let done = json!({ "terminated": { "exitCode": 0, "reason": "Completed" } });
    let cases = [
        (vec![done.clone(), json!({ "running": {} })], "Init:1/2"),
        (vec![json!({ "waiting": { "reason": "PodInitializing" } })], "Init:0/1"),
        (vec![json!({ "waiting": { "reason": "ErrImagePull" } })], "Init:ErrImagePull"),
        (vec![json!({ "terminated": { "exitCode": 1, "reason": "Error" } })], "Init:Error"),
        (vec![json!({ "terminated": { "exitCode": 137, "signal": 9 } })], "Init:Signal:9"),
        (vec![json!({ "terminated": { "exitCode": 4 } })], "Init:ExitCode:4"),
        (vec![json!({})], "Init:0/1"),
    ];
    for (states, expected) in cases {
        let count = 2 * states.len() as u32;
        let (status, _, restarts) = shown(with(init_states(&states)), Dialect::NEWEST);
        assert_eq!((status.as_str(), restarts), (expected, count));
    }
    let (status, ready, restarts) = shown(with(init_states(&[done])), Dialect::NEWEST);
    assert_eq!(
        (status.as_str(), ready.as_str(), restarts),
        ("Pending", "1/1", 0),
        "restarts of what is over do not count"
    );
}

#[test]
fn the_condition_initialized_outweighs_init_containers() {
    let mut value = with(init_states(&[json!({ "running": {} })]));
    merge(&mut value, json!({ "status": { "conditions": [{ "type": "Initialized", "status": "True" }] } }));
    assert_eq!(shown(value.clone(), Dialect::NEWEST).1, "1/1");
    assert_eq!(shown(value.clone(), Dialect::NEWEST).0, "Init:0/1", "nothing else has a word");
    assert_eq!(shown(value, Dialect::of(20)), ("Init:0/1".into(), "0/1".into(), 2));
}

#[test]
fn sidecars_count() {
    let sidecar = |started: bool, ready: bool| {
        with(json!({
            "spec": { "initContainers": [{ "name": "s", "restartPolicy": "Always" }] },
            "status": { "initContainerStatuses": [{
                "name": "s", "ready": ready, "started": started, "restartCount": 4, "state": { "running": {} },
                "lastState": { "terminated": { "exitCode": 1, "finishedAt": "2026-11-23T02:00:00Z" } },
            }] },
        }))
    };
    assert_eq!(shown(sidecar(true, true), Dialect::NEWEST), ("Running".into(), "2/2".into(), 4));
    assert_eq!(shown(sidecar(true, false), Dialect::NEWEST), ("Running".into(), "1/2".into(), 4));
    assert_eq!(shown(sidecar(false, false), Dialect::NEWEST), ("Init:0/1".into(), "0/2".into(), 4));
    let at = print(&pod(sidecar(true, true)), Dialect::NEWEST).restarted_at;
    assert_eq!(at, "2026-11-23T02:00:00Z".parse().ok());
}

#[test]
fn gates_and_deletion() {
    let gated = json!({ "status": { "phase": "Pending", "containerStatuses": null,
        "conditions": [{ "type": "PodScheduled", "status": "False", "reason": "SchedulingGated" }] } });
    assert_eq!(shown(with(gated.clone()), Dialect::NEWEST).0, "SchedulingGated");
    assert_eq!(shown(with(gated), Dialect::of(25)).0, "Pending");
    let deleted =
        |status: Value| with(json!({ "metadata": { "deletionTimestamp": "2026-11-23T02:00:00Z" }, "status": status }));
    assert_eq!(shown(deleted(json!({})), Dialect::NEWEST).0, "Terminating");
    assert_eq!(shown(deleted(json!({ "reason": "NodeLost" })), Dialect::NEWEST).0, "Unknown");
    let ended = json!({ "phase": "Failed", "containerStatuses": null });
    assert_eq!(shown(deleted(ended.clone()), Dialect::NEWEST).0, "Failed");
    assert_eq!(shown(deleted(ended), Dialect::of(31)).0, "Terminating");
}

#[test]
fn the_last_restart_is_the_latest() {
    let entry = |name: &str, restarts: u32, at: &str| {
        json!({ "name": name, "restartCount": restarts, "state": { "running": {} },
                "lastState": { "terminated": { "exitCode": 1, "finishedAt": at } } })
    };
    let value = |restarts| {
        with(json!({ "status": { "containerStatuses": [
            entry("a", restarts, "2026-11-23T02:10:00Z"), entry("b", restarts, "2026-11-23T02:05:00Z"),
        ] } }))
    };
    assert_eq!(print(&pod(value(2)), Dialect::NEWEST).restarted_at, "2026-11-23T02:10:00Z".parse().ok());
    assert_eq!(print(&pod(value(0)), Dialect::NEWEST).restarted_at, None, "without restarts there is no age");
}

fn any_state() -> impl Strategy<Value = Value> {
    let reason = "|Error|Completed|CrashLoopBackOff|PodInitializing";
    prop_oneof![
        Just(json!({})),
        Just(json!({ "running": {} })),
        reason.prop_map(|reason| json!({ "waiting": { "reason": reason } })),
        (any::<i32>(), any::<i32>(), reason).prop_map(
            |(code, signal, reason)| json!({ "terminated": { "exitCode": code, "signal": signal, "reason": reason } })
        ),
    ]
}

fn any_statuses() -> impl Strategy<Value = Value> {
    let one = (any_state(), any::<bool>(), any::<Option<bool>>(), any::<u32>(), "[a-c]").prop_map(
        |(state, ready, started, restarts, name)| {
            json!({ "name": name, "ready": ready, "started": started, "restartCount": restarts, "state": state })
        },
    );
    prop::collection::vec(one, 0..4).prop_map(Value::from)
}

proptest! {
    #[test]
    fn any_pod_is_printed(
        init in any_statuses(), main in any_statuses(), deleted in any::<bool>(),
        phase in "Pending|Running|Succeeded|Failed|Unknown", minor in 18_u32..40,
        conditions in prop::collection::vec(("Ready|Initialized|PodScheduled", "True|False"), 0..3),
    ) {
        let conditions: Value = conditions.into_iter().map(|(kind, status)| json!({ "type": kind, "status": status })).collect();
        let pod = pod(json!({
            "metadata": { "deletionTimestamp": deleted.then_some("2026-11-23T02:00:00Z") },
            "spec": { "containers": [{ "name": "a" }, { "name": "b" }, { "name": "c" }, { "name": "d" }],
                      "initContainers": [{ "name": "a", "restartPolicy": "Always" }, { "name": "b" }] },
            "status": { "phase": phase, "conditions": conditions, "initContainerStatuses": init, "containerStatuses": main },
        }));
        let printed = print(&pod, Dialect::of(minor));
        prop_assert!(!printed.status.is_empty());
        prop_assert!(printed.restarts > 0 || printed.restarted_at.is_none());
        if deleted && pod.status.phase != "Succeeded" && pod.status.phase != "Failed" {
            prop_assert_eq!(printed.status, "Terminating");
        }
    }
}
