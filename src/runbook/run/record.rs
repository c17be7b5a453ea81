//! What a run writes into the journal. A run is what its entries say: whoever has the plan and the entries has the run.

use crate::{
    model::{
        Timestamp,
        journal::{Actor, Digest, EventId},
    },
    runbook::plan::Plan,
};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::{collections::BTreeMap, sync::Arc};

/// How a run is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Live,
    /// On targets that are marked as isolated, and on no others.
    Drill,
    /// Nothing is done and nothing is asked: people talk it through.
    Tabletop,
}

impl Mode {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Drill => "drill",
            Self::Tabletop => "tabletop",
        }
    }
}

/// How a run stands, or ended, as `runbook run` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Everything was done and verified.
    Succeeded,
    /// It ended before that; what was done has been undone, or stands as the text says.
    Failed,
    /// It waits for a person.
    Paused,
    /// Nothing was done.
    Refused,
    /// It ended while nobody could say whether a step was done.
    Unknown,
}

impl Outcome {
    /// The word for it, as in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Paused => "paused",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }
}

/// Which step, in which direction.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    pub step: String,
    /// Whether it is its way back.
    #[serde(default)]
    pub back: bool,
}

impl Key {
    /// A step, forwards.
    pub fn forward(step: &str) -> Self {
        Self { step: step.to_owned(), back: false }
    }
}

/// What came of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActResult {
    Done,
    /// It was begun and failed; some of it may have been done.
    Failed,
    /// It was not begun: the gate, the server or the target said no.
    Refused,
    /// Nobody can say.
    Unknown,
}

/// What a look at the target after a doubt has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sighting {
    Done,
    NotDone,
    Unknown,
}

/// What a verification has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Verified,
    Failed,
    Inconclusive,
}

/// Why a run has paused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// An act failed.
    Failed(Key),
    /// An act was refused after others had been done.
    Refused(Key),
    /// What was to be verified is not so.
    Unverified(Key),
    /// It cannot be said whether it is so.
    Inconclusive(Key),
    /// Nobody can say whether an act was done.
    InDoubt(Key),
    /// A preflight question is not answered as it has to be any more, or not at all.
    Preflight,
    /// A condition that stops the run.
    Stopped,
    /// A condition cannot be decided, or a value is missing.
    Undecided(Key),
    /// Nobody answered in time.
    Unanswered(Key),
    /// Somebody who was asked to approve said no.
    Disapproved,
    /// A person called it off.
    Cancelled,
    /// A person halted it.
    Halted,
}

/// What a person can have done about a run that has paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// Goes on where it stood.
    GoOn,
    /// Looks again.
    LookAgain,
    /// Vouches for what could not be verified.
    Accept,
    /// Begins the step again, which was refused.
    Again,
    /// Vouches that the step was done.
    WasDone,
    /// Vouches that the step was not done: it is done now.
    WasNotDone,
    /// Undoes what was done, the last first.
    WayBack,
    /// Ends the run as it stands.
    Stop,
}

impl Choice {
    /// Its word, on the command line and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::GoOn => "go-on",
            Self::LookAgain => "look-again",
            Self::Accept => "accept",
            Self::Again => "again",
            Self::WasDone => "was-done",
            Self::WasNotDone => "was-not-done",
            Self::WayBack => "way-back",
            Self::Stop => "stop",
        }
    }

    /// What it means, for a person.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::GoOn => "go on where it stood",
            Self::LookAgain => "look again",
            Self::Accept => "I have looked myself: it is as it should be",
            Self::Again => "begin the step again: nothing of it was done",
            Self::WasDone => "I have looked myself: it was done",
            Self::WasNotDone => "I have looked myself: it was not done; do it now",
            Self::WayBack => "undo what was done, the last first",
            Self::Stop => "end the run as it stands",
        }
    }
}

/// What happened. Its fields stand beside those of its [`Entry`], and have other names than these.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Record {
    /// The run begins.
    Begun { plan: Arc<Plan>, mode: Mode },
    /// Another process, or the same one after a break, goes on with it. What was written under older tokens after `after` does not count.
    Resumed { after: u64 },
    /// Preflight questions that nobody could answer for the plan are answered now.
    Opened { text: String },
    /// A step begins: this is written before anything of it leaves.
    StepBegun {
        key: Key,
        visit: u32,
        attempt: u32,
        text: String,
        /// What it gives up, in words, as it was found right before: the recovery point of a failover.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lost: Option<String>,
    },
    /// What came of an act.
    Acted { key: Key, result: ActResult, text: String, answer: Option<Json> },
    /// What the target showed after a doubt.
    Sighted { key: Key, sighting: Sighting, text: String },
    /// What came of a verification, a question, a timer.
    Judged { key: Key, verdict: Verdict, text: String, answer: Option<Json> },
    /// A step was left out.
    Skipped { key: Key, text: String },
    /// A branch leads here; nowhere at its end.
    Branched { step: String, to: Option<String>, text: String },
    /// A person confirmed, filled in, did by hand, or took note.
    Answered { key: Key, values: BTreeMap<String, Json>, text: String },
    /// Somebody approved, or said no.
    Approved {
        person: Actor,
        binding: Digest,
        approved: bool,
        given_at: Timestamp,
        text: String,
        event: Option<EventId>,
    },
    /// The run waits for a person.
    Paused { why: Why, text: String },
    /// What the person had done about it.
    Chosen { choice: Choice, text: String },
    /// Somebody called the run off; what is in flight is waited for.
    CancelAsked { text: String },
    /// Somebody, or the run itself, remarked something.
    Noted { text: String },
    /// The run is over.
    Finished { outcome: Outcome, text: String },
}

/// One entry of a run's journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub run: CompactString,
    /// Counts from 1 over the whole run.
    pub sequence: u64,
    /// The fencing token of the lease under which it was written: the highest one counts.
    pub token: u64,
    pub at: Timestamp,
    pub by: Actor,
    #[serde(flatten)]
    pub record: Record,
}

impl Entry {
    /// What it says, in words.
    pub fn text(&self) -> String {
        match &self.record {
            Record::Begun { plan, mode } => format!("{}: begins ({})", plan.title, mode.word()),
            Record::Resumed { .. } => "goes on with the run".to_owned(),
            Record::Opened { text }
            | Record::StepBegun { text, .. }
            | Record::Acted { text, .. }
            | Record::Sighted { text, .. }
            | Record::Judged { text, .. }
            | Record::Skipped { text, .. }
            | Record::Branched { text, .. }
            | Record::Answered { text, .. }
            | Record::Approved { text, .. }
            | Record::Paused { text, .. }
            | Record::Chosen { text, .. }
            | Record::CancelAsked { text }
            | Record::Noted { text }
            | Record::Finished { text, .. } => text.clone(),
        }
    }

    /// The step that it is about.
    pub fn key(&self) -> Option<Key> {
        match &self.record {
            Record::StepBegun { key, .. }
            | Record::Acted { key, .. }
            | Record::Sighted { key, .. }
            | Record::Judged { key, .. }
            | Record::Skipped { key, .. }
            | Record::Answered { key, .. } => Some(key.clone()),
            Record::Branched { step, .. } => Some(Key::forward(step)),
            _ => None,
        }
    }
}
