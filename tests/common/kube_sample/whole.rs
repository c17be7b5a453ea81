//! Events, and the object that is told whole.

use super::{
    At, DAY, MINUTE, PROD, Text,
    model::{
        attention::Severity,
        kubernetes::*,
        object::{ObjectKind, ObjectRef},
    },
};

#[rustfmt::skip]
pub fn events(at: At) -> Vec<KubeEvent> {
    let event = |name: &str, warning, (kind, about): (&str, &str), reason: &str, message: &str, count, last| KubeEvent {
        context: PROD.into(),
        namespace: if kind == "Node" { "default" } else { "shop" }.into(),
        name: name.into(),
        about_kind: kind.into(),
        about_name: about.into(),
        about_field: Text::default(),
        warning,
        reason: reason.into(),
        message: message.into(),
        count,
        first_at: at.ago(12 * MINUTE),
        last_at: at.ago(last),
        reporter: "kubelet".into(),
    };
    vec![
        event("a", true, ("Pod", "checkout-7d9f5c-x2k4p"), "BackOff", "Back-off restarting failed container app in pod checkout-7d9f5c-x2k4p", 81, 9),
        event("b", true, ("Pod", "search-66c4d-q5mms"), "Failed", "Failed to pull image \"registry.example.com/search:2.O\": not found", 6, 70),
        event("c", false, ("Deployment", "checkout"), "ScalingReplicaSet", "Scaled up replica set checkout-7d9f5c from 0 to 2", 1, 12 * MINUTE),
        event("d", true, ("Node", "node-3"), "NodeNotReady", "Node node-3 status is now: NodeNotReady", 1, 8 * MINUTE),
        event("e", false, ("Pod", "orders-84bb6-lgwzr"), "Scheduled", "Successfully assigned shop/orders-84bb6-lgwzr to node-2", 1, 40),
    ]
}

pub fn details(at: At) -> KubeDetails {
    let pod = |name| Some(ObjectRef::in_cluster(ObjectKind::Pod, PROD, "shop", name));
    let finding = |severity, text: &str, evidence: &[&str], leads_to| Finding {
        severity,
        text: text.into(),
        evidence: evidence.iter().map(|line| (*line).to_owned()).collect(),
        leads_to,
    };
    let revision = |number, kept_by: &str, age, image: &str, replicas, diff: &str| Revision {
        number,
        kept_by: kept_by.into(),
        created_at: at.ago(age),
        images: vec![image.into()],
        cause: (number == 31).then(|| "ci-bot: release 1.4.3".to_owned()),
        replicas: Some(replicas),
        ready: Some(if number == 30 { 1 } else { 0 }),
        template: format!("spec:\n  containers:\n  - name: app\n    image: {image}\n"),
        diff: diff.into(),
    };
    let images = "@@ -3,4 +3,4 @@\n   - name: app\n-    image: registry.example.com/checkout:1.4.2\n+    image: registry.example.com/checkout:1.4.3\n     resources:\n";
    let json = serde_json::json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": "checkout", "namespace": "shop", "labels": { "app": "checkout" }, "annotations": { "team": "payments" } },
        "spec": { "replicas": 3, "strategy": { "type": "RollingUpdate", "rollingUpdate": { "maxSurge": 1, "maxUnavailable": 0 } } },
    });
    KubeDetails {
        object: super::open(),
        yaml: "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: checkout\n  namespace: shop\nspec:\n  replicas: 3\n".into(),
        json,
        events: events(at).into_iter().filter(|event| event.about_name == "checkout").collect(),
        findings: vec![
            finding(Severity::Error, "rollout of revision 31 is stuck: 2 of 3 updated, progress deadline passed 2m ago", &[], None),
            finding(
                Severity::Error,
                "container app of 2 pods: OOMKilled, exit 137, 17 restarts; limit 256 MiB",
                &["loading catalogue (412 MiB) into cache", "\u{1b}[31mKilled"],
                pod("checkout-7d9f5c-x2k4p"),
            ),
            finding(Severity::Info, "what changed 12m ago: image 1.4.2 → 1.4.3", &[], None),
        ],
        revisions: vec![
            revision(31, "checkout-7d9f5c", 12 * MINUTE, "registry.example.com/checkout:1.4.3", 2, images),
            revision(30, "checkout-6b8f4d", 6 * DAY, "registry.example.com/checkout:1.4.2", 1, "@@ -9,2 +9,2 @@\n-    value: info\n+    value: debug\n"),
            revision(29, "checkout-59ccd7", 30 * DAY, "registry.example.com/checkout:1.4.1", 0, ""),
        ],
        applied_diff: Some("@@ -2,1 +2,1 @@\n-  replicas: 2\n+  replicas: 3\n".into()),
        seen_diff: None,
        problems: Vec::new(),
    }
}
