//! The clusters themselves, and what they print of a kind of resource.

use super::{At, DAY, PROD, STAGING, Text, model::kubernetes::*};

pub fn prod() -> Cluster {
    let resource = |group: &str, kind: &str, plural: &str, short: &[&str], namespaced| ApiResource {
        group: group.into(),
        version: "v1".into(),
        kind: kind.into(),
        plural: plural.into(),
        short_names: short.iter().map(|name| (*name).into()).collect(),
        namespaced,
        verbs: ["get", "list", "watch"].map(Into::into).into(),
    };
    Cluster {
        context: PROD.into(),
        cluster: "eu-1".into(),
        user: "ada".into(),
        file: "/home/ada/.kube/config".into(),
        server: "https://10.1.0.1:6443".into(),
        current: true,
        namespace: "shop".into(),
        version: "v1.34.1".into(),
        namespaces: ["batch", "default", "kube-system", "shop"].map(Into::into).into(),
        denied: Vec::new(),
        partly: Vec::new(),
        loading: Vec::new(),
        expected: Vec::new(),
        resources: vec![
            resource("", "Service", "services", &["svc"], true),
            resource("", "ConfigMap", "configmaps", &["cm"], true),
            resource("", "Secret", "secrets", &[], true),
            resource("", "PersistentVolumeClaim", "persistentvolumeclaims", &["pvc"], true),
            resource("networking.k8s.io", "Ingress", "ingresses", &["ing"], true),
            resource("autoscaling", "HorizontalPodAutoscaler", "horizontalpodautoscalers", &["hpa"], true),
            resource("policy", "PodDisruptionBudget", "poddisruptionbudgets", &["pdb"], true),
            resource("example.com", "Widget", "widgets", &["wd"], true),
        ],
        usage_from: "metrics-server".into(),
    }
}

pub fn staging() -> Cluster {
    let denied = |resource: &str, verb: &str| Denied {
        resource: resource.into(),
        verb: verb.into(),
        namespace: Text::default(),
    };
    Cluster {
        context: STAGING.into(),
        cluster: "stage".into(),
        user: "viewer".into(),
        file: "/home/ada/.kube/config".into(),
        server: "https://10.2.0.1:6443".into(),
        namespace: "team-a".into(),
        version: "v1.33.4".into(),
        namespaces: vec!["team-a".into()],
        denied: vec![denied("nodes", "list"), denied("secrets", "list"), denied("events", "watch")],
        loading: vec![("pods".into(), 2)],
        expected: vec![("pods".into(), 9)],
        usage_from: "no metrics-server, and the kubelets may not be asked".into(),
        ..Cluster::default()
    }
}

pub fn services(at: At) -> KubeTable {
    let column = |name: &str, priority, kind: &str| TableColumn { name: name.into(), priority, kind: kind.into() };
    let row = |name: &str, cells: [&str; 7]| TableRow {
        namespace: "shop".into(),
        name: name.into(),
        created_at: at.ago(41 * DAY),
        labels: vec![("app".into(), name.into())],
        cells: cells.map(Into::into).into(),
    };
    KubeTable {
        resource: "services".into(),
        kind: "Service".into(),
        namespaced: true,
        columns: vec![
            column("Name", 0, "string"),
            column("Type", 0, "string"),
            column("Cluster-IP", 0, "string"),
            column("External-IP", 0, "string"),
            column("Port(s)", 0, "string"),
            column("Age", 0, "string"),
            column("Selector", 1, "string"),
        ],
        rows: vec![
            row("checkout", ["checkout", "ClusterIP", "10.96.4.12", "<none>", "80/TCP", "41d", "app=checkout"]),
            row("web", ["web", "LoadBalancer", "10.96.0.9", "192.0.2.7", "443:31443/TCP", "41d", "app=web"]),
        ],
        ..KubeTable::default()
    }
}

pub fn forbidden() -> KubeTable {
    KubeTable {
        resource: "services".into(),
        kind: "Service".into(),
        namespaced: true,
        problem: Some("you may not list services here".into()),
        ..KubeTable::default()
    }
}
