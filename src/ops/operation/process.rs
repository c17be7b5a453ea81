//! Signals to processes.

use serde::{Deserialize, Serialize};

/// Signals that the cockpit offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

    /// The signal of this name, with or without `SIG`, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_uppercase();
        let bare = name.trim_start_matches("SIG");
        Self::ALL.iter().copied().find(|signal| signal.name().trim_start_matches("SIG") == bare)
    }
}
