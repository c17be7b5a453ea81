//! What can be done to containers, images, volumes, networks and engines.

use super::{Signal, acts};
use crate::model::{object::ObjectKind, units};
use serde::{Deserialize, Serialize};

/// A store of an engine that can be pruned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prune {
    /// Containers that do not run.
    Containers,
    /// Images without a name that no container uses.
    DanglingImages,
    /// Images that no container uses.
    Images,
    /// Volumes that no container uses.
    Volumes,
    /// Networks that no container uses.
    Networks,
    /// Build caches that no build uses now.
    BuildCache,
}

impl Prune {
    /// All of them.
    pub const ALL: &'static [Self] =
        &[Self::Containers, Self::DanglingImages, Self::Images, Self::Volumes, Self::Networks, Self::BuildCache];

    /// The word that is typed and shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Containers => "containers",
            Self::DanglingImages => "dangling-images",
            Self::Images => "images",
            Self::Volumes => "volumes",
            Self::Networks => "networks",
            Self::BuildCache => "build-cache",
        }
    }

    /// What goes.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Containers => "every container that does not run, with what it wrote",
            Self::DanglingImages => "every image without a name that no container uses",
            Self::Images => "every image that no container uses",
            Self::Volumes => "every volume that no container uses, with its data",
            Self::Networks => "every network that no container uses",
            Self::BuildCache => "every build cache that no build uses now",
        }
    }

    /// The store of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|what| what.word() == word.trim())
    }
}

acts! {
    /// What can be done to what an engine holds.
    EngineAct {
        /// Starts a container.
        Start = "start",
        /// Asks a container to end; kills it after the grace.
        Stop { grace_seconds: u32 } = "stop",
        /// Stops and starts a container.
        Restart { grace_seconds: u32 } = "restart",
        /// Freezes all processes of a container.
        Pause = "pause",
        /// Lets a frozen container go on.
        Unpause = "unpause",
        /// Sends a signal to the first process of a container.
        Kill { signal: Signal } = "kill",
        /// Removes a container, an image, a volume or a network. `volumes` takes a container's anonymous volumes with it.
        Remove { force: bool, volumes: bool } = "remove",
        /// Makes a container anew from this image: same name, configuration, networks and mounts.
        Recreate { image: String } = "recreate",
        /// Gives a container another name.
        Rename { to: String } = "rename",
        /// Sets the limits of a container; `None` leaves one as it is.
        Limits { cpu_milli: Option<u64>, memory_bytes: Option<u64> } = "limits",
        /// Runs a program in a container, on this terminal.
        Exec { command: Vec<String> } = "exec",
        /// Joins this terminal to the first process of a container.
        Attach = "attach",
        /// Copies a path of a container into a folder here.
        CopyOut { from: String, to: String } = "copy-out",
        /// Copies a path from here into a folder of a container.
        CopyIn { from: String, to: String } = "copy-in",
        /// Gives an image of the engine another name.
        Tag { image: String, name: String } = "tag",
        /// Fetches an image from its registry.
        Pull { image: String } = "pull",
        /// Removes what is not used.
        Prune { what: Prune } = "prune",
    }
}

impl EngineAct {
    /// Its effect on an object of this kind and name, in one sentence.
    pub fn effect(&self, kind: ObjectKind, name: &str, engine: &str) -> String {
        let on = format!("{} {name} ({engine})", kind.word());
        match self {
            Self::Start => format!("Starts {on}."),
            Self::Stop { grace_seconds } => {
                format!("Stops {on}: SIGTERM, and SIGKILL after {grace_seconds} s.")
            }
            Self::Restart { grace_seconds } => {
                format!("Restarts {on}: SIGTERM, SIGKILL after {grace_seconds} s, and a new start.")
            }
            Self::Pause => format!("Freezes every process of {on}; connections stay open and time out."),
            Self::Unpause => format!("Lets the processes of {on} go on."),
            Self::Kill { signal } => format!("{} to the first process of {on}: {}.", signal.name(), signal.meaning()),
            Self::Remove { force, volumes } => remove_effect(kind, &on, *force, *volumes),
            Self::Recreate { image } => {
                format!("Makes {on} anew from image {image}, with the same configuration; it is away for that time.")
            }
            Self::Rename { to } => format!("Renames {on} to {to}; who knows the old name loses it."),
            Self::Limits { cpu_milli, memory_bytes } => format!("Sets {on} to {}.", limits(*cpu_milli, *memory_bytes)),
            Self::Exec { command } => format!("Runs {} in {on}, on this terminal.", command.join(" ")),
            Self::Attach => format!("Joins this terminal to the first process of {on}: what is typed goes to it."),
            Self::CopyOut { from, to } => format!("Copies {from} of {on} into {to} here."),
            Self::CopyIn { from, to } => {
                format!("Copies {from} from here into {to} of {on}; files there are replaced.")
            }
            Self::Tag { image, name } => {
                format!("Names image {image} also {name} in {engine}; what had the name before loses it.")
            }
            Self::Pull { image } => format!("Fetches image {image} into {engine}; its name then means the new one."),
            Self::Prune { what } => format!("Removes from {engine} {}.", what.meaning()),
        }
    }

    /// Whether the terminal is needed for it.
    pub const fn takes_terminal(&self) -> bool {
        matches!(self, Self::Exec { .. } | Self::Attach)
    }

    /// Why its target has to be typed, where it has.
    pub fn danger(&self) -> Option<&'static str> {
        match self {
            Self::Remove { .. } => Some("what is removed does not come back"),
            Self::Kill { .. } => Some("nothing is saved"),
            Self::Prune { .. } => Some("what is pruned does not come back"),
            _ => None,
        }
    }
}

fn remove_effect(kind: ObjectKind, on: &str, force: bool, volumes: bool) -> String {
    let forced = if force { ", by force" } else { "" };
    match kind {
        ObjectKind::Container if volumes => {
            format!("Removes {on}{forced}, with what it wrote and its anonymous volumes.")
        }
        ObjectKind::Container => format!("Removes {on}{forced}, with what it wrote; its volumes stay."),
        ObjectKind::Volume => format!("Removes {on}{forced}, with all its data."),
        _ => format!("Removes {on}{forced}."),
    }
}

/// Limits in words.
fn limits(cpu_milli: Option<u64>, memory_bytes: Option<u64>) -> String {
    let cpu = cpu_milli.map(|milli| format!("{} cores", milli as f64 / 1000.0));
    let memory = memory_bytes.map(|bytes| format!("{} of memory", units::bytes(bytes as f64)));
    let words: Vec<_> = [cpu, memory].into_iter().flatten().collect();
    if words.is_empty() { "the limits that it has".into() } else { words.join(" and ") }
}
