//! What pods and nodes use: by the kubelet of the testbed's node, and by the metrics API. A metrics-server cannot be had here; its API is
//! served by the testbed's own API server from CustomResourceDefinitions of the same names, with figures of ours.

use crate::{
    kubernetes::{Watched, apply, kubeconfig, kubectl, kubectl_command, snapshot},
    need::testbed,
    pty::Setup,
    wait::PATIENCE,
};
use serde_json::Value;
use std::path::Path;

const KINDS: &[(&str, &str, &str)] = &[("pods", "PodMetrics", "Namespaced"), ("nodes", "NodeMetrics", "Cluster")];
/// The pod of ours, the cores that it uses, and the bytes.
const POD: &str = "used-by-nobody";
const USED: (f64, u64) = (0.107, 24 << 20);

/// The metrics API, served; it is gone when this is dropped, so that the kubelets are asked again.
struct Metrics<'a>(&'a Path);

impl<'a> Metrics<'a> {
    fn serve(folder: &'a Path) -> Self {
        let metrics = Self(folder);
        for (plural, kind, scope) in KINDS {
            apply(
                folder,
                &format!(
                    r#"{{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                    "metadata": {{"name": "{plural}.metrics.k8s.io", "annotations":
                        {{"api-approved.kubernetes.io": "https://github.com/kubernetes/metrics"}}}},
                    "spec": {{"group": "metrics.k8s.io", "scope": "{scope}", "names": {{"plural": "{plural}", "singular": "{}",
                        "kind": "{kind}", "listKind": "{kind}List"}}, "versions": [{{"name": "v1beta1", "served": true, "storage": true,
                        "schema": {{"openAPIV3Schema": {{"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}}}}]}}}}"#,
                    kind.to_lowercase()
                ),
            );
            let name = format!("crd/{plural}.metrics.k8s.io");
            kubectl(folder, &["wait", "--for=condition=established", "--timeout=30s", &name]);
        }
        metrics
    }

    /// Says what a pod of ours and the node use. (Of the testbed's own pods an autoscaler looks at the figures.)
    fn tell(&self, space: &Space<'_>) {
        // A nanocore and a KiB are what metrics-server counts in; two containers are summed up.
        apply(
            self.0,
            &format!(
                r#"{{"apiVersion": "metrics.k8s.io/v1beta1", "kind": "PodMetrics", "metadata": {{"name": "{POD}", "namespace": "{}"}},
                "timestamp": "2026-01-01T00:00:00Z", "window": "30s", "containers": [
                {{"name": "app", "usage": {{"cpu": "100000000n", "memory": "20480Ki"}}}},
                {{"name": "side", "usage": {{"cpu": "7m", "memory": "4Mi"}}}}]}}"#,
                space.name
            ),
        );
        apply(
            self.0,
            r#"{"apiVersion": "metrics.k8s.io/v1beta1", "kind": "NodeMetrics", "metadata": {"name": "node-1"},
            "timestamp": "2026-01-01T00:00:00Z", "window": "30s", "usage": {"cpu": "1234567890n", "memory": "2097152Ki"}}"#,
        );
    }
}

/// A namespace with a pod of ours; it is gone when this is dropped.
struct Space<'a> {
    folder: &'a Path,
    name: String,
}

impl<'a> Space<'a> {
    fn new(folder: &'a Path) -> Self {
        let name = format!("usage-{}", std::process::id());
        kubectl(folder, &["create", "namespace", &name]);
        let space = Self { folder, name };
        let container = |name: &str| {
            format!(
                r#"{{"name": "{name}", "image": "testbed/busybox:1.35", "imagePullPolicy": "Never", "command": ["sleep", "1000000"],
                "resources": {{"requests": {{"cpu": "5m", "memory": "4Mi"}}, "limits": {{"cpu": "100m", "memory": "16Mi"}}}}}}"#
            )
        };
        apply(
            folder,
            &format!(
                r#"{{"apiVersion": "v1", "kind": "Pod", "metadata": {{"name": "{POD}", "namespace": "{}"}}, "spec":
                {{"terminationGracePeriodSeconds": 0, "containers": [{}, {}]}}}}"#,
                space.name,
                container("app"),
                container("side")
            ),
        );
        space
    }
}

impl Drop for Space<'_> {
    fn drop(&mut self) {
        let _ = kubectl_command(self.folder).args(["delete", "namespace", "--wait=false", &self.name]).output();
    }
}

impl Drop for Metrics<'_> {
    fn drop(&mut self) {
        for (plural, _, _) in KINDS {
            let name = format!("{plural}.metrics.k8s.io");
            let _ = kubectl_command(self.0).args(["delete", "crd", "--ignore-not-found", &name]).output();
        }
    }
}

/// A row of a snapshot's list of pods.
fn pod<'v>(value: &'v Value, name: &str) -> &'v Value {
    let all = value["pods"].as_array().expect("a list");
    all.iter().find(|pod| pod["name"] == name).unwrap_or_else(|| panic!("no {name} in {all:?}"))
}

fn by_the_kubelet(folder: &Path) {
    let mut watched = Watched::start(folder, "testbed");
    watched.until("the node's usage", |world| {
        let usage = world.observed.kube.node_usage.get("testbed").and_then(|nodes| nodes.get("node-1"));
        usage.is_some_and(|usage| usage.cpu_cores.is_some() && usage.memory_bytes.is_some_and(|bytes| bytes > 0))
    });
    watched
        .until("where it comes from", |world| world.observed.kube.clusters.values().any(|c| c.usage_from == "kubelet"));
    watched.until("the usage of every pod of checkout", |world| {
        let kube = &world.observed.kube;
        let mut pods = kube.pods.iter().filter(|pod| pod.name.starts_with("checkout-")).peekable();
        pods.peek().is_some()
            && pods.all(|pod| {
                let usage = kube.usage_of(pod).copied().unwrap_or_default();
                usage.cpu_cores.is_some() && usage.memory_bytes.is_some_and(|bytes| bytes > 100_000)
            })
    });
}

fn by_the_metrics_api(folder: &Path) {
    let space = Space::new(folder);
    let metrics = Metrics::serve(folder);
    metrics.tell(&space);
    let mut watched = Watched::start(folder, "testbed");
    watched.until("where it comes from", |world| {
        world.observed.kube.clusters.values().any(|cluster| cluster.usage_from == "metrics-server")
    });
    let node = watched.world.observed.kube.node_usage["testbed"]["node-1"];
    let cores = node.cpu_cores.expect("known");
    assert!((cores - 1.23456789).abs() < 1e-9 && node.memory_bytes == Some(2 << 30), "{node:?}");

    let (code, value, errors) = snapshot(folder, &["--only", "pods"]);
    assert_eq!(code, 0, "{errors}");
    let told = pod(&value, POD);
    let figures = |keys: [&str; 3]| keys.map(|key| told[key].clone());
    let cpu = figures(["cpu_cores", "cpu_request_cores", "cpu_limit_cores"]);
    assert!((cpu[0].as_f64().expect("known") - USED.0).abs() < 1e-9, "{told}");
    assert_eq!(cpu[1..], [Value::from(0.01), Value::from(0.2)]);
    let memory = figures(["memory_bytes", "memory_request_bytes", "memory_limit_bytes"]);
    assert_eq!(memory, [USED.1, 8 << 20, 32 << 20].map(Value::from));
    // Of a pod that the API does not tell, nothing is known.
    assert_eq!(pod(&value, "db-0")["cpu_cores"], Value::Null);
    in_the_pane(folder);
}

fn in_the_pane(folder: &Path) {
    let config = kubeconfig(folder).display().to_string();
    let mut pty = Setup::new().size(200, 40).env("KUBECONFIG", &config).flightdeck(&["--docker", "none"]);
    pty.wait_for_cockpit();
    pty.send("5/");
    pty.send(POD);
    pty.send("\r");
    let figures = ["0.11 0.01/0.2 ", "24 MiB 8.0Mi/32Mi "];
    let is_row = |line: &str| line.contains(POD) && figures.iter().all(|figure| line.contains(figure));
    pty.wait_for("its figures", |seen| seen.screen().contents().lines().any(is_row));
    pty.send("q");
    pty.ends_well(PATIENCE);
}

/// One after the other: while the metrics API is served, the kubelets are not asked.
#[test]
fn usage_comes_from_the_kubelets_and_from_the_metrics_api() {
    let Some(folder) = testbed("a cluster", "kubernetes/kubeconfig") else { return };
    by_the_kubelet(&folder);
    by_the_metrics_api(&folder);
}
