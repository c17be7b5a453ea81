//! What a cluster tells that is full of secrets, as news, for the tests of whatever must not show one.

use super::{details::hidden, node, pod, printer::Dialect};
use crate::{
    clock,
    model::{
        kubernetes::{KubeDetails, KubeNews, KubePart},
        object::ObjectRef,
        rows::Delta,
        secrets::planted::Planted,
        update::Update,
    },
};
use serde_json::json;
use std::sync::Arc;

/// A pod whose environment, arguments, annotations and last words hold the secret, an event that tells it, and both as their page has
/// them.
pub(in crate::source) fn news(planted: &Planted) -> Vec<Update> {
    let context = "testbed".into();
    let (line, variable) = (planted.line(), planted.variable());
    let applied = json!({ "kind": "Pod", "spec": { "containers": [{ "args": [line] }] } }).to_string();
    let ended = json!({ "terminated": { "exitCode": 1, "message": line } });
    let mut object = json!({
        "kind": "Pod",
        "metadata": { "name": "a", "namespace": "n", "annotations": {
            planted.name.as_str(): planted.value, "note": line, "kubectl.kubernetes.io/last-applied-configuration": applied,
        } },
        "spec": { "containers": [{
            "name": "c", "env": [{ "name": planted.name, "value": planted.value }], "command": ["sh", "-c", line], "args": [variable],
            "livenessProbe": { "httpGet": { "httpHeaders": [{ "name": "x", "value": line }] } },
        }] },
        "status": { "phase": "Failed", "message": line, "conditions": [{ "type": "Ready", "status": "False", "message": line }],
            "containerStatuses": [{ "name": "c", "state": ended, "lastState": ended }] },
    });
    let slim = serde_json::from_value(object.clone()).expect("as the API answers");
    let row = pod::row(slim, &context, Dialect::of(33), clock::now());
    let event =
        json!({ "metadata": { "name": "e", "namespace": "n" }, "message": line, "involvedObject": { "name": "a" } });
    let event = node::read_event(&context, event.to_string().as_bytes()).expect("as the API answers");
    hidden::hide(&mut object);
    let yaml = serde_saphyr::to_string(&object).expect("can be written");
    let mut map = json!({ "kind": "ConfigMap", "data": { planted.name.as_str(): planted.value, "app.conf": line } });
    hidden::hide(&mut map);
    let page = |json, yaml, events| {
        let object = ObjectRef::resource("testbed", "pods", "n", "a");
        let (findings, revisions, problems) = (Vec::new(), Vec::new(), Vec::new());
        let (applied_diff, seen_diff) = (None, None);
        let page = KubeDetails { object, json, yaml, events, findings, revisions, applied_diff, seen_diff, problems };
        KubePart::Details(Box::new(page))
    };
    let parts = [
        KubePart::Pods(Delta::All(vec![Arc::new(row)])),
        KubePart::Events(Delta::All(vec![Arc::new(event.clone())])),
        page(map, String::new(), Vec::new()),
        page(object, yaml, vec![event]),
    ];
    parts.into_iter().map(|part| Update::Kube(Box::new(KubeNews { context: context.clone(), part }))).collect()
}
