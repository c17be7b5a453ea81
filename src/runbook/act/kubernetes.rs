//! What a step can do to an object of a cluster.

use crate::runbook::{
    field::{Field as _, Hidden, Number, Period, forms},
    template::Template,
};

forms! {
    /// What is done to an object of a cluster.
    KubernetesAct, KubernetesActForm {
        /// Brings back the pod template of a revision of a Deployment, StatefulSet or DaemonSet; 0 is the one before. It reads the object,
        /// and changes it only if nobody else did meanwhile (`test` on `/metadata/resourceVersion`).
        Rollback { revision: Number } = "rollback",
        /// Deletes, one by one, the pods of a StatefulSet that are not ready and not of the newest revision: it does not replace them
        /// by itself (<https://github.com/kubernetes/kubernetes/issues/67250>).
        DeleteWedged = "delete-wedged",
        /// Rolls the pods of a workload over to the same template.
        Restart = "restart",
        /// Sets the number of pods.
        Scale { replicas: Number } = "scale",
        /// Sets the image of a container of the template.
        SetImage { container: Template, image: Template } = "set-image",
        /// Halts a Deployment's rollouts.
        Pause = "pause",
        /// Lets a Deployment's rollouts go on.
        Resume = "resume",
        /// Keeps new pods off a node.
        Cordon = "cordon",
        /// Lets new pods onto a node again.
        Uncordon = "uncordon",
        /// Cordons a node and evicts its pods. `unmanaged` takes pods that nothing makes anew, `local-data` those with emptyDir volumes.
        Drain {
            grace: Option<Period>,
            #[serde(default)]
            unmanaged: bool,
            #[serde(default)]
            local_data: bool,
            patience: Period,
        } = "drain",
        /// Deletes it.
        Delete { grace: Option<Period> } = "delete",
        /// Sets one key of a Secret.
        SetSecret { key: Template, value: Hidden } = "set-secret",
        /// Makes a Job of a CronJob now.
        Trigger = "trigger",
    }
}

impl KubernetesActForm {
    /// Its effect, in one sentence.
    pub fn effect(&self, on: &str) -> String {
        match self {
            Self::Rollback { revision } if revision.ready() == Ok(0) => {
                format!("Brings back the pod template of the revision before on {on}: a rollout begins.")
            }
            Self::Rollback { revision } => {
                format!("Brings back the pod template of revision {revision} on {on}: a rollout begins.")
            }
            Self::DeleteWedged => {
                format!("Deletes, one by one, the pods of {on} that are not ready and not of its newest revision.")
            }
            Self::Restart => format!("Rolls every pod of {on} over to the same template, as its strategy says."),
            Self::Scale { replicas } => format!("Scales {on} to {replicas}."),
            Self::SetImage { container, image } => {
                format!("Sets the image of container {container} of {on} to {image}: a rollout begins.")
            }
            Self::Pause => format!("Halts the rollouts of {on}: changes to its template wait."),
            Self::Resume => format!("Lets the rollouts of {on} go on."),
            Self::Cordon => format!("Keeps new pods off {on}; those on it stay."),
            Self::Uncordon => format!("Lets new pods onto {on} again."),
            Self::Drain { unmanaged, local_data, .. } => {
                let also = match (unmanaged, local_data) {
                    (true, true) => ", pods that nothing makes anew and emptyDir data too",
                    (true, false) => ", pods that nothing makes anew too",
                    (false, true) => ", with the data of emptyDir volumes",
                    (false, false) => "",
                };
                format!("Cordons {on} and evicts its pods{also}; PodDisruptionBudgets may hold it up.")
            }
            Self::Delete { .. } => format!("Deletes {on}."),
            Self::SetSecret { key, .. } => format!("Sets the key {key} of {on}; who reads it gets the new value."),
            Self::Trigger => format!("Makes a Job of {on} now, beside its schedule."),
        }
    }

    /// What goes on where the cockpit goes away in the middle of it.
    pub const fn in_flight(&self) -> &'static str {
        match self {
            Self::Rollback { .. } | Self::Restart | Self::SetImage { .. } | Self::Scale { .. } => {
                "once the API server has it, the controller carries the rollout on by itself"
            }
            Self::Drain { .. } => {
                "the node stays cordoned, and pods that were evicted are gone; no further one is evicted without the cockpit"
            }
            Self::DeleteWedged => "the pod that is being deleted goes; no further one is deleted without the cockpit",
            Self::Trigger => "the Job runs to its end by itself",
            _ => "the API server does it whole or not at all",
        }
    }
}
