//! What can be done to the objects of a cluster.

use super::acts;
use crate::model::{
    concealed::Concealed,
    kubernetes::Access,
    object::{KubePath, ObjectKind},
};
use serde::{Deserialize, Serialize};

acts! {
    /// What can be done to an object of a cluster.
    KubeAct {
        /// Deletes it. `force` does not wait for the kubelet.
        Delete { grace_seconds: Option<u32>, force: bool } = "delete",
        /// Asks for a pod's eviction, which PodDisruptionBudgets may refuse.
        Evict { grace_seconds: Option<u32> } = "evict",
        /// Rolls the pods of a workload over to the same template.
        Restart = "restart",
        /// Brings back the pod template of a revision of a Deployment, StatefulSet or DaemonSet; 0 is the one before.
        Rollback { revision: u64 } = "rollback",
        /// Deletes the pods of a StatefulSet that are neither ready nor of its newest revision: it does not replace them by itself.
        DeleteWedged = "delete-wedged",
        /// Applies the stored manifest of a revision of a Helm release and records that as a new revision; 0 is the one before.
        RollbackRelease { revision: u64, timeout_seconds: u32 } = "helm-rollback",
        /// Sets the number of pods.
        Scale { replicas: u32 } = "scale",
        /// Sets the image of a container of the template.
        SetImage { container: String, image: String } = "set-image",
        /// Halts a Deployment's rollouts.
        Pause = "pause",
        /// Lets a Deployment's rollouts go on.
        Resume = "resume",
        /// Keeps new pods off a node.
        Cordon = "cordon",
        /// Lets new pods onto a node again.
        Uncordon = "uncordon",
        /// Cordons a node and evicts its pods. `unmanaged` takes pods that nothing makes anew, `local_data` those with emptyDir volumes.
        Drain { grace_seconds: Option<u32>, unmanaged: bool, local_data: bool, timeout_seconds: u32 } = "drain",
        /// Runs a program in a container of a pod, on this terminal.
        Exec { container: String, command: Vec<String> } = "exec",
        /// Joins this terminal to the first process of a container of a pod.
        Attach { container: String } = "attach",
        /// Leads connections to a port here on to a port of a pod; `local` 0 takes any that is free.
        PortForward { local: u16, remote: u16 } = "port-forward",
        /// Opens it in the editor. Nothing is changed by that.
        Edit = "edit",
        /// Replaces it by what was edited, unless it was changed meanwhile. The manifest is JSON and carries its resourceVersion.
        Apply { manifest: String, diff: String, file: String } = "apply",
        /// Makes a Job of a CronJob now.
        Trigger = "trigger",
        /// Keeps a CronJob from running.
        Suspend = "suspend",
        /// Lets a CronJob run again.
        Unsuspend = "unsuspend",
        /// Copies a path of a container of a pod into a folder here.
        CopyOut { container: String, from: String, to: String } = "copy-out",
        /// Copies a path from here into a folder of a container of a pod.
        CopyIn { container: String, from: String, to: String } = "copy-in",
        /// Shows the values of a Secret.
        Reveal = "reveal",
        /// Sets one key of a Secret.
        SetSecret { key: String, value: Concealed } = "set-secret",
    }
}

impl KubeAct {
    /// Its effect on this object, in one sentence.
    pub fn effect(&self, kind: ObjectKind, path: KubePath<'_>) -> String {
        let on = on(kind, path);
        match self {
            Self::Delete { grace_seconds, force } => delete_effect(kind, &on, *grace_seconds, *force),
            Self::Evict { grace_seconds } => {
                format!("Evicts {on}{}, unless a PodDisruptionBudget refuses.", grace(*grace_seconds))
            }
            Self::Restart => format!("Rolls every pod of {on} over to the same template, as its strategy says."),
            Self::Rollback { revision: 0 } => {
                format!("Brings back the pod template of the revision before on {on}: a rollout begins.")
            }
            Self::Rollback { revision } => {
                format!("Brings back the pod template of revision {revision} on {on}: a rollout begins.")
            }
            Self::DeleteWedged => {
                format!("Deletes the pods of {on} that are neither ready nor of its newest revision.")
            }
            Self::RollbackRelease { revision, .. } => {
                let to = if *revision == 0 { "the revision before".into() } else { format!("revision {revision}") };
                format!(
                    "Applies the manifest of {to} of Helm release {}/{} ({}) and deletes what only the newer one has; hooks are not run. It would not bring back data of volumes, custom resource definitions, nor what hooks have done.",
                    path.namespace, path.name, path.context
                )
            }
            Self::Scale { replicas: 0 } => format!("Scales {on} to 0: none of its pods is left."),
            Self::Scale { replicas } => format!("Scales {on} to {replicas}."),
            Self::SetImage { container, image } => {
                format!("Sets the image of container {container} of {on} to {image}: a rollout begins.")
            }
            Self::Pause => format!("Halts the rollouts of {on}: changes to its template wait."),
            Self::Resume => format!("Lets the rollouts of {on} go on."),
            Self::Cordon => format!("Keeps new pods off {on}; those on it stay."),
            Self::Uncordon => format!("Lets new pods onto {on} again."),
            Self::Drain { unmanaged, local_data, timeout_seconds, .. } => {
                let also = match (unmanaged, local_data) {
                    (true, true) => ", pods that nothing makes anew and emptyDir data too",
                    (true, false) => ", pods that nothing makes anew too",
                    (false, true) => ", with the data of emptyDir volumes",
                    (false, false) => "",
                };
                format!(
                    "Cordons {on} and evicts its pods{also}; DaemonSet pods stay, and PodDisruptionBudgets may hold it up, {timeout_seconds} s at most."
                )
            }
            Self::Exec { container, command } => {
                format!("Runs {} in container {container} of {on}, on this terminal.", command.join(" "))
            }
            Self::Attach { container } => {
                format!("Joins this terminal to container {container} of {on}: what is typed goes to it.")
            }
            Self::PortForward { local: 0, remote } => {
                format!("Leads a free port of 127.0.0.1 to port {remote} of {on}.")
            }
            Self::PortForward { local, remote } => format!("Leads 127.0.0.1:{local} to port {remote} of {on}."),
            Self::Edit => format!("Opens {on} in the editor; nothing changes before its differences are confirmed."),
            Self::Apply { .. } => format!("Replaces {on} by what was edited, unless it was changed meanwhile."),
            Self::Trigger => format!("Makes a Job of {on} now, beside its schedule."),
            Self::Suspend => format!("Suspends {on}: it starts no Job until it is resumed; Jobs that run go on."),
            Self::Unsuspend => format!("Lets {on} start Jobs again."),
            Self::CopyOut { container, from, to } => {
                format!("Copies {from} of container {container} of {on} into {to} here.")
            }
            Self::CopyIn { container, from, to } => {
                format!("Copies {from} from here into {to} of container {container} of {on}; files there are replaced.")
            }
            Self::SetSecret { key, .. } => {
                format!("Sets the key {key} of {on}: who reads it gets the new value, and the old one is not kept.")
            }
            Self::Reveal => format!("Shows the values of {on} on this screen; they are neither recorded nor logged."),
        }
    }

    /// Whether the terminal is needed for it.
    pub const fn takes_terminal(&self) -> bool {
        matches!(self, Self::Exec { .. } | Self::Attach { .. } | Self::Edit)
    }

    /// Why its target has to be typed, where it has.
    pub fn danger(&self) -> Option<&'static str> {
        match self {
            Self::Delete { .. } => Some("what is deleted does not come back by itself"),
            Self::Drain { .. } => Some("every pod of the node goes"),
            Self::Scale { replicas: 0 } => Some("nothing is left to serve"),
            Self::SetSecret { .. } => Some("the old value is not kept"),
            _ => None,
        }
    }

    /// Whether the server can be asked what it would say without doing it.
    pub const fn has_dry_run(&self) -> bool {
        matches!(
            self,
            Self::Delete { .. }
                | Self::Evict { .. }
                | Self::Restart
                | Self::Rollback { .. }
                | Self::RollbackRelease { .. }
                | Self::Scale { .. }
                | Self::SetImage { .. }
                | Self::Pause
                | Self::Resume
                | Self::Cordon
                | Self::Uncordon
                | Self::Drain { .. }
                | Self::Apply { .. }
                | Self::Trigger
                | Self::Suspend
                | Self::Unsuspend
                | Self::SetSecret { .. }
        )
    }

    /// What the server has to allow for it.
    pub fn needs(&self, path: KubePath<'_>) -> Vec<Access> {
        let on = |verb: &str, resource: &str, sub: &str| Access::new(verb, resource, sub, path.namespace, path.name);
        match self {
            Self::Delete { .. } => vec![on("delete", path.resource, "")],
            Self::Evict { .. } => vec![on("create", "pods", "eviction")],
            Self::Scale { .. } => vec![on("patch", path.resource, "scale")],
            Self::Rollback { .. } => {
                let kept =
                    if path.resource == "deployments.apps" { "replicasets.apps" } else { "controllerrevisions.apps" };
                vec![on("patch", path.resource, ""), Access::new("list", kept, "", path.namespace, "")]
            }
            // What its objects need is known with its manifest: the server's dry run asks for it.
            Self::RollbackRelease { .. } => {
                ["list", "create", "update"].map(|verb| Access::new(verb, "secrets", "", path.namespace, "")).to_vec()
            }
            Self::DeleteWedged => vec![Access::new("delete", "pods", "", path.namespace, "")],
            Self::Restart
            | Self::SetImage { .. }
            | Self::Pause
            | Self::Resume
            | Self::Cordon
            | Self::Uncordon
            | Self::Suspend
            | Self::Unsuspend
            | Self::SetSecret { .. } => vec![on("patch", path.resource, "")],
            Self::Drain { .. } => vec![
                on("patch", "nodes", ""),
                Access::new("list", "pods", "", "", ""),
                Access::new("create", "pods", "eviction", "", ""),
            ],
            // Over a web socket the request is a GET, which the server takes for `get`.
            Self::Exec { .. } | Self::CopyOut { .. } | Self::CopyIn { .. } => vec![on("get", "pods", "exec")],
            Self::Attach { .. } => vec![on("get", "pods", "attach")],
            Self::PortForward { .. } if path.resource == "pods" => vec![on("get", "pods", "portforward")],
            Self::PortForward { .. } => {
                vec![on("get", path.resource, ""), Access::new("get", "pods", "portforward", path.namespace, "")]
            }
            Self::Edit | Self::Apply { .. } => vec![on("get", path.resource, ""), on("update", path.resource, "")],
            Self::Trigger => {
                vec![on("get", path.resource, ""), Access::new("create", "jobs.batch", "", path.namespace, "")]
            }
            Self::Reveal => vec![on("get", path.resource, "")],
        }
    }
}

fn grace(seconds: Option<u32>) -> String {
    seconds.map_or_else(String::new, |seconds| format!(" with {seconds} s to end"))
}

fn delete_effect(kind: ObjectKind, on: &str, seconds: Option<u32>, force: bool) -> String {
    let (with, also) = (grace(seconds), dependants(kind));
    if force {
        format!("Deletes {on} at once{also}: the kubelet is not waited for, and its processes may still run.")
    } else {
        format!("Deletes {on}{with}{also}.")
    }
}

/// What goes with an object of this kind.
const fn dependants(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Deployment | ObjectKind::StatefulSet | ObjectKind::DaemonSet | ObjectKind::ReplicaSet => {
            ", and all its pods"
        }
        ObjectKind::Job => ", and its pods",
        ObjectKind::CronJob => ", and its Jobs",
        _ => "",
    }
}

/// The object in words: `deployment shop/web (prod)`.
pub fn on(kind: ObjectKind, path: KubePath<'_>) -> String {
    let word = if kind == ObjectKind::Resource { path.resource } else { kind.word() };
    let within = if path.namespace.is_empty() { String::new() } else { format!("{}/", path.namespace) };
    format!("{word} {within}{} ({})", path.name, path.context)
}
