//! Pods as a cluster lists them, judged at once and then a few again.

use crate::timed;
use flightdeck::{
    model::{Timestamp, finding::Scope},
    rulebook::{engine::Book, resource::Resource, subject::live::Live, syntax::node::Node},
};
use serde_json::{Value, json};
use std::sync::Arc;

const PODS: usize = 10_000;
const SETS: usize = 500;

/// Measures 10,000 pods of 500 ReplicaSets of 500 Deployments.
pub fn measure() {
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a time");
    let texts: Vec<String> = (0..PODS).map(|at| pod(at).to_string()).collect();
    let owners: Vec<Value> = (0..SETS).flat_map(|at| [owner("ReplicaSet", at), owner("Deployment", at)]).collect();
    println!("{PODS} pods of {} bytes each", texts[0].len());
    let values: Vec<Value> =
        timed("JSON of pods", || texts.iter().filter_map(|text| serde_json::from_str(text).ok()).collect());
    drop(texts);
    let pods: Vec<Arc<Resource>> =
        timed("objects of pods", || values.into_iter().map(|value| Arc::new(object(value))).collect());
    let owners: Vec<Arc<Resource>> = owners.into_iter().map(|value| Arc::new(object(value))).collect();
    let book = Book::default();
    let found = timed("judge pods by themselves", || book.objects(pods.iter().map(|pod| &**pod), now));
    println!("  {} findings", found.findings.len());
    drop(found);
    timed("judge owners by themselves", || book.objects(owners.iter().map(|one| &**one), now));
    let live = Live { kube: pods.iter().chain(&owners).cloned().collect(), ..Live::default() };
    let found = timed("judge what is live together", || book.live(&live, None, Scope::Kube, now));
    println!("  {} findings", found.findings.len());
    timed("judge 10 pods again", || book.objects(pods.iter().take(10).map(|pod| &**pod), now));
}

fn object(value: Value) -> Resource {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().into();
    Resource {
        scope: Scope::Kube,
        kind: text("/kind"),
        api_version: text("/apiVersion"),
        origin: "prod".into(),
        namespace: text("/metadata/namespace"),
        name: text("/metadata/name"),
        file: None,
        spec: Arc::new(Node::from(value)),
        observed_at: None,
        merged: None,
    }
}

fn namespace(set: usize) -> String {
    format!("team-{}", set % 25)
}

fn spec(set: usize) -> Value {
    let container = |name: &str, port: u16| {
        json!({"name": name, "image": format!("registry.example.com/team/{name}-{set}:1.{}.0", set % 30), "imagePullPolicy": "IfNotPresent",
            "args": ["serve", "--listen", format!("0.0.0.0:{port}"), "--log-format=json"],
            "env": [{"name": "LOG_LEVEL", "value": "info"}, {"name": "DB_HOST", "value": format!("db.{}.svc", namespace(set))},
                {"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
                {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}],
            "ports": [{"name": "http", "containerPort": port, "protocol": "TCP"}],
            "resources": {"limits": {"cpu": "500m", "memory": "512Mi"}, "requests": {"cpu": "100m", "memory": "256Mi"}},
            "livenessProbe": {"httpGet": {"path": "/healthz", "port": "http", "scheme": "HTTP"}, "periodSeconds": 10, "timeoutSeconds": 1},
            "readinessProbe": {"httpGet": {"path": "/ready", "port": "http", "scheme": "HTTP"}, "periodSeconds": 10, "timeoutSeconds": 1},
            "securityContext": {"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}},
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
            "volumeMounts": [{"name": "config", "mountPath": "/etc/app", "readOnly": true},
                {"name": "kube-api-access", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": true}]})
    };
    json!({"serviceAccountName": format!("app-{set}"), "restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler",
        "terminationGracePeriodSeconds": 30, "securityContext": {"runAsNonRoot": true, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container("app", 8080), container("proxy", 9090)],
        "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}],
        "volumes": [{"name": "config", "configMap": {"name": format!("app-{set}-config"), "defaultMode": 420}},
            {"name": "kube-api-access", "projected": {"defaultMode": 420, "sources": [{"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}}]}}]})
}

fn owned_by(kind: &str, set: usize) -> Value {
    json!([{"apiVersion": "apps/v1", "kind": kind, "name": format!("app-{set}"), "uid": format!("u-{kind}-{set}"), "controller": true}])
}

fn owner(kind: &str, set: usize) -> Value {
    let mut metadata = json!({"name": format!("app-{set}"), "namespace": namespace(set), "uid": format!("u-{kind}-{set}"), "labels": {"app": format!("app-{set}")}});
    if kind == "ReplicaSet" {
        metadata["ownerReferences"] = owned_by("Deployment", set);
    }
    json!({"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": {"replicas": PODS / SETS, "selector": {"matchLabels": {"app": format!("app-{set}")}},
        "template": {"metadata": {"labels": {"app": format!("app-{set}")}}, "spec": spec(set)}}, "status": {"replicas": PODS / SETS, "readyReplicas": PODS / SETS}})
}

fn pod(at: usize) -> Value {
    let set = at % SETS;
    let mut spec = spec(set);
    spec["nodeName"] = format!("node-{}", at % 200).into();
    let status = |name: &str| {
        json!({"name": name, "ready": true, "started": true, "restartCount": at % 3, "image": format!("registry.example.com/team/{name}-{set}:1.0.0"),
            "imageID": format!("registry.example.com/team/{name}@sha256:{at:064x}"), "containerID": format!("containerd://{at:064x}"),
            "lastState": {}, "state": {"running": {"startedAt": "2025-12-30T08:00:00Z"}}})
    };
    let condition = |kind: &str| json!({"type": kind, "status": "True", "lastProbeTime": null, "lastTransitionTime": "2025-12-30T08:00:00Z"});
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("app-{set}-{at:05}"), "namespace": namespace(set), "uid": format!("p-{at:08}"), "resourceVersion": format!("{}", 900_000 + at),
            "creationTimestamp": "2025-12-30T08:00:00Z", "labels": {"app": format!("app-{set}"), "pod-template-hash": format!("{set:08x}")},
            "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "9090"}, "ownerReferences": owned_by("ReplicaSet", set)},
        "spec": spec,
        "status": {"phase": "Running", "podIP": format!("10.0.{}.{}", at / 250, at % 250), "hostIP": "192.0.2.7", "qosClass": "Burstable", "startTime": "2025-12-30T08:00:00Z",
            "conditions": (["Initialized", "Ready", "ContainersReady", "PodScheduled"].map(condition)),
            "containerStatuses": (["app", "proxy"].map(status))}})
}
