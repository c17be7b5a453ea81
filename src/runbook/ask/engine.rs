//! What can be asked about containers, Compose services and engines, and what an answer holds.

use crate::runbook::{field::forms, template::Template};

forms! {
    /// What is asked about what an engine holds.
    DockerAsk, DockerAskForm {
        /// A container.
        Container = "container",
        /// The containers of a Compose service, together.
        Service = "service",
        /// An image of the engine.
        Image { image: Template } = "image",
        /// What takes room on the engine's disk.
        Disk = "disk",
    }
}

impl DockerAskForm {
    /// What an answer holds. `health` is `healthy`, `unhealthy`, `starting` or `none`; of a service the worst.
    pub const fn fields(&self) -> &'static [&'static str] {
        match self {
            Self::Container => &[
                "exists",
                "id",
                "image",
                "image_id",
                "image_digest",
                "previous_image",
                "state",
                "health",
                "exit_code",
                "restarts",
                "running_seconds",
                "reason",
            ],
            Self::Service => &[
                "exists",
                "containers",
                "running",
                "healthy",
                "unhealthy",
                "image",
                "image_id",
                "image_digest",
                "previous_image",
                "images_agree",
                "health",
                "running_seconds",
                "reason",
            ],
            Self::Image { .. } => &["exists", "id", "digest", "created_at", "size_bytes"],
            Self::Disk => &[
                "images_bytes",
                "containers_bytes",
                "volumes_bytes",
                "build_cache_bytes",
                "reclaimable_bytes",
                "reclaimable_images_bytes",
                "reclaimable_build_cache_bytes",
            ],
        }
    }
}
