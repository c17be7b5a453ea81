//! An operation is data: what is to be done, on what, and its effect in one sentence.

use crate::model::object::{ObjectKind, ObjectRef};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Signals that the cockpit offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Signal {
    Term,
    Int,
    Hup,
    Usr1,
    Usr2,
    Stop,
    Cont,
    Kill,
}

impl Signal {
    /// All of them, mild ones first.
    pub const ALL: &'static [Self] =
        &[Self::Term, Self::Int, Self::Hup, Self::Usr1, Self::Usr2, Self::Stop, Self::Cont, Self::Kill];

    /// Name as `kill -l` prints it, with `SIG` before it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Term => "SIGTERM",
            Self::Int => "SIGINT",
            Self::Hup => "SIGHUP",
            Self::Usr1 => "SIGUSR1",
            Self::Usr2 => "SIGUSR2",
            Self::Stop => "SIGSTOP",
            Self::Cont => "SIGCONT",
            Self::Kill => "SIGKILL",
        }
    }

    /// What it does to a process that does not handle it.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Term => "asks it to end",
            Self::Int => "interrupts it, as Ctrl-C does",
            Self::Hup => "asks it to reload, or to end",
            Self::Usr1 => "means what the program makes of it; ends one that makes nothing of it",
            Self::Usr2 => "means what the program makes of it; ends one that makes nothing of it",
            Self::Stop => "freezes it until SIGCONT",
            Self::Cont => "lets a frozen one go on",
            Self::Kill => "ends it at once: nothing is saved, nothing is cleaned up",
        }
    }
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Sends a signal to the process with this identity, and to no other that has come to bear its pid.
    SignalProcess { pid: i32, start_ticks: u64, name: String, signal: Signal },
}

impl Operation {
    /// What it acts on.
    pub fn target(&self) -> ObjectRef {
        match self {
            Self::SignalProcess { pid, start_ticks, .. } => {
                ObjectRef::new(ObjectKind::Process, compact_str::format_compact!("{pid}/{start_ticks}"))
            }
        }
    }

    /// The name that a person types to confirm.
    pub fn target_name(&self) -> &str {
        match self {
            Self::SignalProcess { name, .. } => name,
        }
    }

    /// Its effect in one sentence.
    pub fn effect(&self) -> String {
        match self {
            Self::SignalProcess { pid, name, signal, .. } => {
                format!("{} to process {pid} ({name}): {}.", signal.name(), signal.meaning())
            }
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignalProcess { pid, name, signal, .. } => write!(f, "{} to process {pid} ({name})", signal.name()),
        }
    }
}
