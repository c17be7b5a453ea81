//! Everything that comes in. One queue, one type, stamped with the time by the caller; what can be recorded is serialisable.

use crate::{
    app::{runs::Planned, settings::Settings},
    model::{
        Timestamp,
        input::{Key, Mouse},
        kubernetes::Access,
        log::LogLine,
        logs::LogBatch,
        object::ObjectRef,
        series::SeriesStore,
        source::SourceReport,
        update::Update,
    },
    ops::{access::Said, execute::Revealed, forward::ForwardState, operation::Operation, rehearse::Rehearsal},
    runbook::{definition::Catalogue, run::Standing},
    world::World,
};
use compact_str::CompactString;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Stands for a letter that is not kept.
const STAND_IN: char = '·';

/// Something that happened, and when.
#[derive(Debug, Serialize, Deserialize)]
pub struct Event {
    pub at: Timestamp,
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", content = "data", rename_all = "kebab-case")]
pub enum EventKind {
    Key(Key),
    Mouse(Mouse),
    Paste(String),
    Resize {
        columns: u16,
        rows: u16,
    },
    /// A source's news.
    Updates {
        source: CompactString,
        updates: Vec<Update>,
    },
    /// How a run of a runbook stands that is carried on here.
    Run(Box<Standing>),
    /// A source's state changed.
    Report(SourceReport),
    /// The time came that [`super::App::next_wake`] named.
    Wake,
    /// An effect is done.
    Done(Done),
    /// The program logged something.
    Log(LogLine),
    /// Lines that were asked for by [`super::effect::Effect::Logs`]. Not recorded: what others write is theirs to keep.
    #[serde(skip)]
    Logs(LogBatch),
    /// The recorder's or the player's state changed.
    Player(PlayerState),
    /// The moment of the past that was asked for; `None` where nothing that old is kept.
    #[serde(skip)]
    Moment(Option<Box<World>>),
    /// The player went to another place of its recording.
    #[serde(skip)]
    World(Box<World>),
    /// The configuration was read anew.
    #[serde(skip)]
    Settings(Box<Settings>),
    /// The runbooks were read, and what is wrong with them.
    #[serde(skip)]
    Runbooks(Arc<Catalogue>, Vec<String>),
    /// The history of the recording that is played has been read.
    #[serde(skip)]
    History(Box<SeriesStore>),
    /// An API server said what may be done there.
    Access {
        context: CompactString,
        /// What it was asked; what it did not answer is not known.
        asked: Vec<Access>,
        said: Vec<Said>,
    },
    /// What was asked for an operation: for the screen alone, never recorded.
    #[serde(skip)]
    Answer(Box<Answer>),
    /// The machine's clock was set back; `by_seconds` is negative.
    ClockStepped {
        by_seconds: f64,
    },
}

impl EventKind {
    /// What may be kept of it in a file: what is pasted, and what is typed where something lies over the panes (`is_typing`), may be a
    /// secret that nothing tells from a word. Of it only the length is kept. `None` where it may be kept as it is.
    pub fn hidden(&self, is_typing: bool) -> Option<Self> {
        match self {
            Self::Key(key) if is_typing && key.typed().is_some() => Some(Self::Key(Key::char(STAND_IN))),
            Self::Paste(text) => Some(Self::Paste(text.chars().map(|_| STAND_IN).collect())),
            _ => None,
        }
    }
}

/// What was asked for an operation.
#[derive(Debug)]
pub enum Answer {
    /// What would happen.
    Rehearsed(Rehearsal),
    /// The values of a Secret.
    Revealed(Revealed),
    /// The state of a port that is forwarded.
    Forward(ForwardState),
    /// What was written in the editor, to be confirmed.
    Edited(Operation),
    /// The plan of a runbook, or why there is none.
    Planned(Planned),
    /// What became of a run that was to begin: its name, or why it did not.
    Begun { ticket: u64, run: Result<CompactString, String> },
}

/// By how much a clock was set, of [`EventKind::ClockStepped`]: whole milliseconds, as all times are, or what is moved by it would come to lie in
/// the future by what a figure with a point cannot say.
pub fn clock_step(by_seconds: f64) -> SignedDuration {
    let whole = SignedDuration::try_from_secs_f64(by_seconds).unwrap_or_default();
    whole.round(jiff::Unit::Millisecond).unwrap_or(whole)
}

/// How an effect ended, in words for the user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Done {
    pub ok: bool,
    pub text: String,
    /// What an operation acted on; `None` for what changes nothing outside. Operations belong into the time column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<ObjectRef>,
    /// Whether it goes on, and this is only how far it has come.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub progress: bool,
}

impl Done {
    /// The end of something that changed nothing outside.
    pub fn new(ok: bool, text: impl Into<String>) -> Self {
        Self { ok, text: text.into(), target: None, progress: false }
    }
}

/// Where a recording stands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PlayerState {
    pub first: Timestamp,
    pub last: Timestamp,
    pub position: Timestamp,
    pub playing: bool,
    /// Times real speed.
    pub speed: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_not_kept() {
        let key = |text: &str| EventKind::Key(text.parse().expect("a key"));
        let hidden = |kind: EventKind, is_typing| format!("{:?}", kind.hidden(is_typing));
        assert_eq!(hidden(key("s"), true), format!("{:?}", Some(key("·"))));
        assert_eq!(hidden(key("s"), false), "None", "a command");
        assert_eq!(hidden(key("enter"), true), "None");
        assert_eq!(hidden(key("ctrl-u"), true), "None");
        assert_eq!(
            hidden(EventKind::Paste("hé2".into()), false),
            format!("{:?}", Some(EventKind::Paste("···".into())))
        );
    }
}
