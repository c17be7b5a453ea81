//! What can be asked about objects of a cluster and Helm releases, and what an answer holds.

use crate::runbook::{
    field::{Number, forms},
    template::Template,
};

forms! {
    /// What is asked about an object of a cluster.
    KubernetesAsk, KubernetesAskForm {
        /// The object itself.
        Object = "object",
        /// How far the rollout of a Deployment, StatefulSet or DaemonSet is.
        Rollout = "rollout",
        /// A revision of a workload; 0 is the one before.
        Revision { revision: Number } = "revision",
        /// What the server would say to the rollback, and what would change.
        RollbackDryRun { revision: Number } = "rollback-dry-run",
        /// Whether this user may do it.
        Access {
            verb: Template,
            #[serde(default)]
            subresource: Template,
        } = "access",
        /// Pods of a StatefulSet that are not ready and not of the newest revision.
        Wedged = "wedged",
        /// A node, and what runs on it.
        Node = "node",
        /// The newest Job that a CronJob made, or that was made of it.
        Job = "job",
    }
}

impl KubernetesAskForm {
    /// What an answer holds. `was` says in words what a revision had and for how long. `asked_for_seconds` is how long a revision was what was asked for, from when it was made until the next one
    /// was: whether it ran well in that time nobody has kept. `managed_by` is `argocd`, `flux`, `helm` or null. `template_hash` is SHA-256 of the pod template without the
    /// label `pod-template-hash`, of a rollout that of the object itself, so that it says at once what was asked for.
    pub const fn fields(&self) -> &'static [&'static str] {
        match self {
            Self::Object => &["exists", "uid", "resource_version", "generation", "managed_by", "owner"],
            Self::Rollout => &[
                "exists",
                "uid",
                "resource_version",
                "generation",
                "observed_generation",
                "paused",
                "desired",
                "updated",
                "total",
                "available",
                "ready",
                "revision",
                "previous_revision",
                "revisions",
                "template_hash",
                "strategy",
                "partition",
                "deadline_exceeded",
                "failing",
                "stuck",
                "reason",
                "images",
                "managed_by",
            ],
            Self::Revision { .. } => &[
                "exists",
                "revision",
                "images",
                "age_seconds",
                "change_cause",
                "asked_for_seconds",
                "was",
                "is_current",
                "template_hash",
            ],
            Self::RollbackDryRun { .. } => &["accepted", "reason", "diff"],
            Self::Access { .. } => &["allowed", "reason"],
            Self::Wedged => &["count", "pods"],
            Self::Node => &[
                "exists",
                "uid",
                "ready",
                "schedulable",
                "boot_id",
                "pods",
                "evictable",
                "unmanaged",
                "with_local_data",
                "blocked_by_budget",
            ],
            Self::Job => &["exists", "name", "started_at", "finished_at", "succeeded", "failed", "active"],
        }
    }
}

forms! {
    /// What is asked about a Helm release.
    HelmAsk, HelmAskForm {
        /// The release.
        Release = "release",
        /// A revision of it; 0 is the one before.
        Revision { revision: Number } = "revision",
        /// The objects of its manifest.
        Resources = "resources",
    }
}

impl HelmAskForm {
    /// What an answer holds. `unfinished` is a revision that a rollback from here has begun and not finished: the others are as they were
    /// before it. `managed_by` is the tool of GitOps that keeps its objects, or null.
    pub const fn fields(&self) -> &'static [&'static str] {
        match self {
            Self::Release => &[
                "exists",
                "revision",
                "previous_revision",
                "status",
                "chart",
                "app_version",
                "description",
                "updated_at",
                "managed_by",
                "unfinished",
            ],
            Self::Revision { .. } => &["exists", "revision", "status", "chart", "app_version", "age_seconds", "diff"],
            Self::Resources => &["total", "ready", "not_ready", "reason"],
        }
    }
}
