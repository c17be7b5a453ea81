//! What a step can do to containers and Compose services, and to Helm releases.

use crate::runbook::{
    field::{Number, Period, forms},
    template::Template,
};

forms! {
    /// What is done to what an engine holds.
    DockerAct, DockerActForm {
        /// Makes a container, or every container of a service, anew from this image: same name, configuration, networks and mounts. The image
        /// that ran before is tagged, so that it is kept. Where the new one does not start, the old one is put back.
        Recreate { image: Template } = "recreate",
        /// Stops and starts it.
        Restart { grace: Period } = "restart",
        /// Starts it.
        Start = "start",
        /// Asks it to end; kills it after the grace.
        Stop { grace: Period } = "stop",
        /// Gives an image another name.
        Tag { image: Template, name: Template } = "tag",
        /// Fetches an image from its registry.
        Pull { image: Template } = "pull",
        /// Removes what is not used: `containers`, `dangling-images`, `images`, `networks`, `build-cache`.
        Prune { what: Template } = "prune",
    }
}

impl DockerActForm {
    /// Its effect, in one sentence.
    pub fn effect(&self, on: &str) -> String {
        match self {
            Self::Recreate { image } => {
                format!("Makes {on} anew from image {image}, with the same configuration; it is away for that time.")
            }
            Self::Restart { grace } => format!("Restarts {on}: SIGTERM, SIGKILL after {grace}, and a new start."),
            Self::Start => format!("Starts {on}."),
            Self::Stop { grace } => format!("Stops {on}: SIGTERM, and SIGKILL after {grace}."),
            Self::Tag { image, name } => format!("Names image {image} also {name} on {on}, so that it is kept."),
            Self::Pull { image } => format!("Fetches image {image} for {on}; its name then means the new one."),
            Self::Prune { what } => format!("Removes from {on} the {what} that nothing uses."),
        }
    }

    /// What goes on where the cockpit goes away in the middle of it.
    pub const fn in_flight(&self) -> &'static str {
        match self {
            Self::Recreate { .. } => {
                "the old container may be stopped and renamed, the new one made or not: it is looked at before anything goes on"
            }
            Self::Pull { .. } => "the engine ends the fetching when the cockpit goes away",
            _ => "the engine carries it out by itself",
        }
    }
}

forms! {
    /// What is done to a Helm release.
    HelmAct, HelmActForm {
        /// Applies the stored manifest of a revision, and records that as a new revision.
        Rollback { revision: Number, patience: Period } = "rollback",
    }
}

impl HelmActForm {
    /// Its effect, in one sentence.
    pub fn effect(&self, on: &str) -> String {
        let Self::Rollback { revision, .. } = self;
        format!("Applies the stored manifest of revision {revision} of {on}, and records it as a new revision.")
    }

    /// What goes on where the cockpit goes away in the middle of it.
    pub const fn in_flight(&self) -> &'static str {
        "what was applied stays applied, and the release stands as pending-rollback until the run is gone on with"
    }
}
