//! An operation is data: what is to be done, on what, and its effect in one sentence.

mod alertmanager;
mod container;
mod errand;
mod kubernetes;
mod postgres;
mod process;
pub mod rules;
mod telling;

pub use alertmanager::{AlertAct, Changed, place_of};
pub use container::{EngineAct, Prune};
pub use errand::{Errand, What};
pub use kubernetes::{KubeAct, on};
pub use postgres::{PROMOTION_SECONDS, PostgresAct};
pub use process::Signal;
pub use rules::{OpenFile, RuleChange};
pub use telling::{Telling, told_key};

use crate::model::{
    concealed::Concealed,
    kubernetes::Access,
    object::{KubePath, ObjectKind, ObjectRef},
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Declares what can be done, each with its word, so that the list of words holds them all.
macro_rules! acts {
    ($(#[$about:meta])* $name:ident {
        $($(#[$doc:meta])* $act:ident $({ $($field:ident: $type:ty),* })? = $word:literal,)*
    }) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[allow(missing_docs)]
        pub enum $name { $($(#[$doc])* $act $({ $($field: $type),* })?,)* }

        impl $name {
            /// The words of all of them.
            pub const WORDS: &'static [&'static str] = &[$($word,)*];
            /// Its word, in actions and in the configuration's rules.
            pub const fn word(&self) -> &'static str {
                match self { $(Self::$act { .. } => $word,)* }
            }
        }
    };
}
use acts;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Sends a signal to the process with this identity, and to no other that has come to bear its pid.
    SignalProcess { pid: i32, start_ticks: u64, name: String, signal: Signal },
    /// Does something to what an engine holds, or to the engine.
    Engine { target: ObjectRef, name: String, act: EngineAct },
    /// Does something to an object of a cluster.
    Kube { target: ObjectRef, act: KubeAct },
    /// Adds something to a file of the rules.
    Rules(Box<RuleChange>),
    /// Opens a file of a repository in the user's editor.
    OpenFile(Box<OpenFile>),
    /// Does something at an Alertmanager.
    Alertmanager { target: ObjectRef, name: String, act: AlertAct },
    /// Tells somebody outside of an incident.
    Notify(Box<Telling>),
    /// Does something to a PostgreSQL cluster or one of its members.
    Postgres { target: ObjectRef, act: PostgresAct },
    /// Runs a program here, or sends a request.
    Errand(Box<Errand>),
}

impl Operation {
    /// What it acts on.
    pub fn target(&self) -> ObjectRef {
        match self {
            Self::SignalProcess { pid, start_ticks, .. } => {
                ObjectRef::new(ObjectKind::Process, compact_str::format_compact!("{pid}/{start_ticks}"))
            }
            Self::Engine { target, .. }
            | Self::Kube { target, .. }
            | Self::Alertmanager { target, .. }
            | Self::Postgres { target, .. } => target.clone(),
            Self::Rules(change) => change.target.clone(),
            Self::OpenFile(file) => file.target.clone(),
            Self::Notify(telling) => telling.target(),
            Self::Errand(errand) => errand.target.clone(),
        }
    }

    /// The name that a person types to confirm.
    pub fn target_name(&self) -> &str {
        match self {
            // Its matchers are long; the beginning of its identity names it as well.
            Self::Alertmanager { target, name, act: AlertAct::Expire } => {
                target.in_watch().map_or(name, |(_, id)| id.get(..8).unwrap_or(id))
            }
            Self::SignalProcess { name, .. } | Self::Engine { name, .. } | Self::Alertmanager { name, .. } => name,
            Self::Kube { target, .. } => target.in_kube().map_or(target.id.as_str(), |path| path.name),
            Self::Rules(change) => change.name(),
            Self::OpenFile(file) => file.name(),
            Self::Notify(telling) => &telling.receiver,
            Self::Errand(errand) => &errand.name,
            Self::Postgres { target, .. } => {
                target.in_postgres().map_or(&target.id, |(name, member)| member.unwrap_or(name))
            }
        }
    }

    /// What is done, as actions and rules of the configuration call it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::SignalProcess { .. } => "signal",
            Self::Engine { act, .. } => act.word(),
            Self::Kube { act, .. } => act.word(),
            Self::Rules(change) => change.addition.word(),
            Self::OpenFile(_) => "edit",
            Self::Notify(_) => "notify",
            Self::Errand(errand) => errand.word(),
            Self::Alertmanager { act, .. } => act.word(),
            Self::Postgres { act, .. } => act.word(),
        }
    }

    /// The engine or the context that it goes to; empty for this host.
    pub fn place(&self) -> &str {
        match self {
            Self::SignalProcess { .. } | Self::Rules(_) | Self::OpenFile(_) | Self::Notify(_) => "",
            Self::Errand(errand) => place_of_errand(&errand.target),
            Self::Engine { target, .. } => engine_of(target),
            Self::Kube { target, .. } => target.in_kube().map_or("", |path| path.context),
            Self::Alertmanager { target, .. } => place_of(target),
            Self::Postgres { target, .. } => target.in_postgres().map_or("", |(cluster, _)| cluster),
        }
    }

    /// The namespace of its target; empty where there is none.
    pub fn namespace(&self) -> &str {
        match self {
            Self::Kube { target, .. } => target.in_kube().map_or("", |path| path.namespace),
            Self::Errand(errand) => errand.target.in_kube().map_or("", |path| path.namespace),
            _ => "",
        }
    }

    /// Its effect in one sentence.
    pub fn effect(&self) -> String {
        match self {
            Self::SignalProcess { pid, name, signal, .. } => {
                format!("{} to process {pid} ({name}): {}.", signal.name(), signal.meaning())
            }
            Self::Engine { target, name, act } => act.effect(target.kind, name, engine_of(target)),
            Self::Kube { target, act } => act.effect(target.kind, path_of(target)),
            Self::Rules(change) => change.effect(),
            Self::OpenFile(file) => file.effect(),
            Self::Notify(telling) => telling.effect(),
            Self::Errand(errand) => errand.effect(),
            Self::Alertmanager { target, name, act } => act.effect(target, name),
            Self::Postgres { target, act } => act.effect(target),
        }
    }

    /// Whether it needs the terminal, so that the cockpit gives it away meanwhile.
    pub const fn takes_terminal(&self) -> bool {
        match self {
            Self::SignalProcess { .. }
            | Self::Rules(_)
            | Self::Alertmanager { .. }
            | Self::Notify(_)
            | Self::Errand(_)
            | Self::Postgres { .. } => false,
            Self::Engine { act, .. } => act.takes_terminal(),
            Self::Kube { act, .. } => act.takes_terminal(),
            Self::OpenFile(_) => true,
        }
    }

    /// Whether it changes nothing by itself: it only looks, or opens something that asks again.
    pub const fn only_looks(&self) -> bool {
        matches!(
            self,
            Self::Engine { act: EngineAct::CopyOut { .. }, .. }
                | Self::Kube { act: KubeAct::Edit | KubeAct::CopyOut { .. } | KubeAct::PortForward { .. }, .. }
        )
    }

    /// Why the target's name has to be typed, where it has.
    pub fn danger(&self) -> Option<&'static str> {
        match self {
            Self::SignalProcess { signal: Signal::Kill, .. } => Some("nothing is saved"),
            Self::SignalProcess { .. } | Self::Alertmanager { .. } | Self::Notify(_) => None,
            Self::Engine { act, .. } => act.danger(),
            Self::Kube { act, .. } => act.danger(),
            Self::Rules(change) => change.addition.danger(),
            Self::Postgres { act, .. } => act.danger(),
            Self::OpenFile(_) => None,
            Self::Errand(_) => Some("nobody here knows what it does"),
        }
    }

    /// What it sends that must not stand in what is told of it: servers and programs repeat what they do not like.
    pub fn conceals(&self) -> Vec<&Concealed> {
        match self {
            Self::Errand(errand) => errand.hidden.iter().collect(),
            Self::Kube { act: KubeAct::SetSecret { value, .. }, .. } => vec![value],
            Self::Postgres { act: PostgresAct::Sql { parameters, .. }, .. } => parameters.iter().collect(),
            _ => Vec::new(),
        }
    }

    /// What the cluster has to allow for it.
    pub fn needs(&self) -> Vec<Access> {
        match self {
            Self::Kube { target, act } => target.in_kube().map(|path| act.needs(path)).unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// Whether what would happen can be asked for before.
    pub const fn can_be_rehearsed(&self) -> bool {
        match self {
            Self::SignalProcess { .. }
            | Self::OpenFile(_)
            | Self::Alertmanager { .. }
            | Self::Notify(_)
            | Self::Errand(_)
            | Self::Postgres { .. } => false,
            Self::Rules(change) => change.draft.is_none(),
            Self::Engine { act, .. } => matches!(act, EngineAct::Prune { .. }),
            Self::Kube { act, .. } => act.has_dry_run(),
        }
    }

    /// Whether the configuration has ordered it once for all, so that nobody presses a key for it: the cockpit need not be armed. Read-only
    /// by flag or configuration stops it all the same.
    pub const fn is_standing_order(&self) -> bool {
        matches!(self, Self::Notify(_))
    }

    /// Whether nobody can judge it before what would happen is known.
    pub fn must_be_rehearsed(&self) -> bool {
        match self {
            Self::Engine { act: EngineAct::Prune { .. }, .. } | Self::Kube { act: KubeAct::Drain { .. }, .. } => true,
            Self::Rules(change) => change.draft.is_none(),
            _ => false,
        }
    }

    /// How many things it is done to.
    pub fn count(&self) -> usize {
        match self {
            Self::Rules(change) => change.addition.count(),
            _ => 1,
        }
    }

    /// The same, with what is added to one file as one operation: one difference to look at, and one file to write.
    pub fn joined(operations: Vec<Self>) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::with_capacity(operations.len());
        for operation in operations {
            let Self::Rules(change) = operation else {
                all.push(operation);
                continue;
            };
            let mut changes = all.iter_mut().filter_map(|known| match known {
                Self::Rules(known) => Some(known),
                _ => None,
            });
            let left = changes.try_fold(change, |change, known| known.join(change).err());
            all.extend(left.map(Self::Rules));
        }
        all
    }
}

/// The engine that an object belongs to.
pub fn engine_of(target: &ObjectRef) -> &str {
    target.engine_and_id().map_or(target.id.as_str(), |(engine, _)| engine)
}

/// The engine or context of what an errand is about.
fn place_of_errand(target: &ObjectRef) -> &str {
    target.engine_and_id().map(|(engine, _)| engine).or_else(|| Some(target.in_kube()?.context)).unwrap_or_default()
}

/// Where an object of a cluster is; one that is not in a cluster is nowhere.
pub fn path_of(target: &ObjectRef) -> KubePath<'_> {
    target.in_kube().unwrap_or(KubePath { context: "", resource: "", namespace: "", name: target.id.as_str() })
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignalProcess { pid, name, signal, .. } => write!(f, "{} to process {pid} ({name})", signal.name()),
            Self::Engine { target, name, act } => {
                write!(
                    f,
                    "{}{} {} {name} ({})",
                    act.word(),
                    parameters_of_engine(act),
                    target.kind.word(),
                    engine_of(target)
                )
            }
            Self::Kube { target, act } => {
                write!(f, "{}{} {}", act.word(), parameters_of_kube(act), on(target.kind, path_of(target)))
            }
            Self::Rules(change) => change.fmt(f),
            Self::OpenFile(file) => file.fmt(f),
            Self::Errand(errand) => write!(f, "{} {} about {}", errand.word(), errand.line(), errand.name),
            Self::Notify(telling) => write!(f, "message to {}: {}", telling.receiver, telling.message.summary),
            Self::Alertmanager { target, name, act: AlertAct::Silence { matchers, .. } } => {
                write!(
                    f,
                    "silence of {} from {} {name} ({})",
                    alertmanager::text(matchers),
                    target.kind.word(),
                    place_of(target)
                )
            }
            Self::Postgres { target, act } => write!(f, "{}{} {target}", act.word(), act.parameters()),
            Self::Alertmanager { target, name, act } => {
                write!(f, "{} {} {name} ({})", act.word(), target.kind.word(), place_of(target))
            }
        }
    }
}

/// What tells this operation from others of its word; no more than a line of a log takes.
fn parameters_of_engine(act: &EngineAct) -> String {
    match act {
        EngineAct::Kill { signal } => format!(" with {} of", signal.name()),
        EngineAct::Recreate { image } => format!(" from {image} of"),
        EngineAct::Rename { to } => format!(" to {to} of"),
        EngineAct::Prune { what } => format!(" of {} of", what.word()),
        EngineAct::Pull { image } => format!(" of {image} into"),
        EngineAct::Tag { image, name } => format!(" of {image} as {name} in"),
        EngineAct::CopyOut { from, .. } => format!(" of {from} of"),
        EngineAct::CopyIn { to, .. } => format!(" into {to} of"),
        EngineAct::Limits { .. } => " of".into(),
        _ => String::new(),
    }
}

fn parameters_of_kube(act: &KubeAct) -> String {
    match act {
        KubeAct::Scale { replicas } => format!(" to {replicas} of"),
        KubeAct::Rollback { revision } => format!(" to revision {revision} of"),
        KubeAct::RollbackRelease { revision, .. } => format!(" to revision {revision} of"),
        KubeAct::SetSecret { key, .. } => format!(" {key} of"),
        KubeAct::SetImage { container, image } => format!(" {container}={image} of"),
        KubeAct::PortForward { remote, .. } => format!(" to {remote} of"),
        KubeAct::CopyOut { from, .. } => format!(" of {from} of"),
        KubeAct::CopyIn { to, .. } => format!(" into {to} of"),
        _ => String::new(),
    }
}
