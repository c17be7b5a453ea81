//! 12d: what was deployed is not up.

use crate::model::finding::{Level, Scope};
use crate::rulebook::{
    check::{Check, Judged, Meta, Parameter, Value},
    out::Out,
    resource::Resource,
    subject::{
        container::{Container, Declared},
        health::{self, Health},
        objects::is_owned,
    },
};

/// Unhealthy or unavailable after a deploy.
pub struct Unhealthy;

static META: Meta = Meta {
    id: "12d",
    title: "unhealthy or unavailable after a deploy",
    level: Level::Block,
    scopes: &[Scope::Docker, Scope::Kube],
    why: "What is live does less than was asked for. The next change on top of it hides which of the two broke it.",
    fix: "Look at its events and logs; roll it back if the last deploy brought this.",
    precedent: &["POP-501", "POP-204"],
    references: &["https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#failed-deployment"],
    parameters: &[Parameter {
        name: "settle-seconds",
        about: "seconds after a change in availability before it is judged",
        default: Value::Number(60.0),
    }],
};

impl Check for Unhealthy {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn resource(&self, resource: &Resource, out: &mut Out<'_>) -> Judged {
        if resource.scope != Scope::Kube || is_owned(resource) {
            return Judged::No;
        }
        match health::of(resource, out.now, out.number("settle-seconds")) {
            Health::None => return Judged::No,
            Health::Up => {}
            // How many replicas are missing changes by itself; that some are is one finding.
            Health::Down(pointer, seen) => {
                out.on(resource, pointer).key("down").observed(seen).expected("all of it available").fail();
            }
            Health::Unsettled(pointer, seen) => out.on(resource, pointer).key("unsettled").unknown(seen),
        }
        Judged::Yes
    }

    fn container(&self, container: &Container<'_>, out: &mut Out<'_>) -> Judged {
        if container.declared != Declared::Engine {
            return Judged::No;
        }
        match container.health.as_deref() {
            Some("unhealthy") => {
                let pointer = format!("{}/State/Health/Status", container.pointer);
                out.on(container.resource, &pointer).observed("unhealthy").expected("healthy").fail();
            }
            Some("healthy" | "starting") => {}
            _ => return Judged::No,
        }
        Judged::Yes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::subject::objects::told_live;

    fn deployment(status: &str) -> Vec<String> {
        let text = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: shop, generation: 4}}\nspec: {{replicas: 3}}\nstatus: {status}\n"
        );
        told_live(&Unhealthy, &text, &[])
    }

    #[test]
    fn a_deployment_is_judged_by_what_it_wants() {
        assert_eq!(deployment("{observedGeneration: 4, availableReplicas: 3, updatedReplicas: 3}"), [""; 0]);
        assert_eq!(
            deployment("{observedGeneration: 4, updatedReplicas: 3, availableReplicas: 2}"),
            ["Deployment shop/web /status/availableReplicas 2 of 3 replicas available"]
        );
        assert_eq!(deployment("{observedGeneration: 4, availableReplicas: 3}"), [""; 0]);
        let late = "{observedGeneration: 4, updatedReplicas: 1, availableReplicas: 3, conditions: [{type: Progressing, status: 'False', reason: ProgressDeadlineExceeded}]}";
        assert_eq!(
            deployment(late),
            ["Deployment shop/web /status/conditions ProgressDeadlineExceeded, 3 of 3 replicas available"]
        );
        let quota = "{observedGeneration: 4, conditions: [{type: Progressing, status: 'True', reason: NewReplicaSetCreated}, {type: ReplicaFailure, status: 'True', reason: FailedCreate}]}";
        assert_eq!(
            deployment(quota),
            ["Deployment shop/web /status/conditions FailedCreate, 0 of 3 replicas available"]
        );
    }

    #[test]
    fn what_is_rolling_out_is_unknown() {
        assert_eq!(deployment("{observedGeneration: 3, availableReplicas: 3}").len(), 1);
        let rolling = "{observedGeneration: 4, updatedReplicas: 1, availableReplicas: 2, conditions: [{type: Progressing, status: 'True', reason: ReplicaSetUpdated}]}";
        assert_eq!(
            deployment(rolling),
            ["? Deployment shop/web /status/availableReplicas rolling out, 2 of 3 replicas available"]
        );
        let recent = "{observedGeneration: 4, updatedReplicas: 3, availableReplicas: 2, conditions: [{type: Available, status: 'False', lastTransitionTime: '2025-12-31T23:59:50Z'}]}";
        assert!(deployment(recent)[0].starts_with("? "));
    }

    #[test]
    fn other_workloads_and_pods() {
        let of = |text: &str| told_live(&Unhealthy, text, &[]);
        let set = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec: {replicas: 2}\nstatus: {availableReplicas: 1, updatedReplicas: 2, currentRevision: a, updateRevision: a}\n";
        assert_eq!(of(set), ["StatefulSet db /status/availableReplicas 1 of 2 available"]);
        assert!(
            of(&set
                .replace("updatedReplicas: 2", "updatedReplicas: 1")
                .replace("updateRevision: a", "updateRevision: b"))[0]
                .starts_with("? ")
        );
        let daemon = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: d}\nstatus: {desiredNumberScheduled: 0, numberReady: 0}\n";
        assert_eq!(of(daemon), [""; 0]);
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nstatus: {phase: Running, containerStatuses: [{name: c, state: {waiting: {reason: CrashLoopBackOff}}}, {name: e, state: {running: {}}}]}\n";
        assert_eq!(of(pod), ["Pod p /status/containerStatuses CrashLoopBackOff of container c"]);
        let owned = pod.replace("{name: p}", "{name: p, ownerReferences: [{kind: ReplicaSet}]}");
        assert_eq!(of(&owned), [""; 0], "its owner is judged");
    }

    #[test]
    fn files_say_nothing_of_health() {
        let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: 3}\n";
        assert_eq!(crate::rulebook::run::told(&Unhealthy, &[("a.yaml", text)]), [""; 0]);
    }
}
