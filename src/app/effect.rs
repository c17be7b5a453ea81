//! Everything that `App` wants done. The runtime does it, and answers with an event where there is something to say.

use super::runs::{PlanWanted, RunWanted, Secrets};
use crate::{
    incident::declare::{Declaration, Proposal},
    model::{
        Timestamp,
        journal::{Draft, news::StretchWanted},
        kubernetes::Access,
        logs::LogRequest,
        preflight::Kept,
    },
    ops::gate::{Permit, Trial},
    runbook::run::Input,
    source::supervisor::Demand,
};
use compact_str::CompactString;
use std::path::PathBuf;

/// The longest text that terminals take into the clipboard: 100,000 bytes of base64
/// (<https://invisible-island.net/xterm/ctlseqs/ctlseqs.html>, OSC 52; tmux and others cut or drop what is longer).
pub const CLIPBOARD_BYTES: usize = 74_994;

/// Something to be done outside.
#[derive(Debug)]
pub enum Effect {
    /// Leave.
    Quit,
    /// Give the terminal back and stop until the shell continues us.
    Suspend,
    /// Draw every cell anew.
    Repaint,
    /// Tell the sources what is needed.
    Demand(Demand),
    /// Put text into the user's clipboard by way of the terminal (OSC 52).
    Copy { text: String, what: String },
    /// Write a file that does not exist yet; `{stamp}` in the name becomes the time.
    Write { name: PathBuf, content: String, what: String },
    /// Declare an incident; its identity is made where this is done.
    Declare(Box<(Declaration, Proposal)>),
    /// Write events into the journal.
    Record(Vec<Draft>),
    /// Read a stretch of an incident's timeline.
    Stretch(StretchWanted),
    /// Do what the gate permitted.
    Execute(Permit),
    /// Keep that somebody went through the pre-flight list.
    KeepPreflight(Box<Kept>),
    /// Ask what would happen.
    Rehearse(Trial),
    /// Ask an API server what it would allow.
    Review { context: CompactString, wanted: Vec<Access> },
    /// Ask what a runbook would do.
    Plan(Box<PlanWanted>),
    /// Begin a run.
    BeginRun(Box<RunWanted>),
    /// Go on with a run of the journal; `true` where it has to be undone that is over.
    ResumeRun { run: CompactString, way_back: bool },
    /// Say something to a run that is carried on here; secrets stand in files or variables.
    TellRun { run: CompactString, input: Input, secrets: Secrets },
    /// Leave a run that is carried on here as it stands.
    LeaveRun(CompactString),
    /// Stop forwarding a port.
    StopForward(u64),
    /// Bring the moment of the past that was kept last before this time; `None` is back to now.
    Moment(Option<Timestamp>),
    /// Read and follow these lines, and no others any more; `None` is none at all.
    Logs(Option<LogRequest>),
    /// Drive the player.
    Player(PlayerCommand),
    /// Start or stop recording into a file.
    ToggleRecording,
    /// Read the configuration anew.
    ReloadConfig,
    /// Let the terminal report the mouse, or not.
    Mouse(bool),
}

/// Speeds that a recording can be played at, times real speed.
pub const SPEEDS: std::ops::RangeInclusive<f64> = 0.25..=64.0;

/// What the player can be told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PlayerCommand {
    Toggle,
    /// Seconds forward or, negative, back.
    Skip(f64),
    /// The next or the previous event.
    Step(i32),
    Seek(Timestamp),
    /// Times real speed, within [`SPEEDS`].
    Speed(f64),
}
