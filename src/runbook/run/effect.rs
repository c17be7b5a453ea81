//! What goes into a run, and what comes out of it. Both are data: the house asks, acts, writes and waits.

use super::record::{ActResult, Choice, Entry, Mode, Why};
use crate::{
    model::{
        Timestamp,
        journal::{Actor, Digest, EventId},
    },
    runbook::{
        act::Act,
        ask::{Answer, Ask},
        definition::Variable,
        target::Target,
    },
};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// What the house tells a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// Begin, or go on after [`super::Run::restore`].
    Start,
    /// The lease was got. Its token is higher than every one before.
    Leased { token: u64 },
    /// Somebody else holds the lease.
    LeaseRefused { why: String },
    /// The lease was lost: from now on nothing leaves this run.
    LeaseLost { why: String },
    /// An entry is written down, durably.
    Journaled { sequence: u64 },
    /// What came of an order.
    Executed { ticket: u64, result: ActResult, text: String, answer: Option<Json> },
    /// What came of a question about the world.
    Looked { ticket: u64, answer: Answer },
    /// What a person said to a question.
    Answered { ticket: u64, by: Actor, reply: Reply },
    /// Somebody approves a plan, or does not; here or from elsewhere.
    Approved { by: Actor, binding: Digest, approved: bool, at: Timestamp, text: String, event: Option<EventId> },
    /// Undo a run that is over.
    WayBack { by: Actor },
    /// Call it off.
    Cancel { by: Actor },
    /// Halt before the next step.
    Halt { by: Actor },
    /// Remark something.
    Note { by: Actor, text: String },
    /// Time has passed.
    Tick,
}

/// What a person says to a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// What was typed to confirm.
    Typed(String),
    /// What was filled in. Of a secret the house keeps the value, under `steps.STEP.FIELD`, and gives its name in `secrets`.
    Filled {
        values: BTreeMap<String, Json>,
        secrets: Vec<String>,
    },
    /// It was done by hand, or taken note of.
    Done,
    /// Which way a branch goes, at a table.
    Takes(bool),
    Chosen {
        choice: Choice,
        text: String,
    },
    /// No.
    Declined,
}

/// What the house is to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Get the lease of this key, with a token above `above`, renew it, and say [`Input::Leased`]; or that it is lost.
    TakeLease { key: String, above: u64 },
    /// Give it back.
    ReleaseLease { key: String, token: u64 },
    /// Write this down, and say [`Input::Journaled`] once that is durable. Until then nothing else leaves the run.
    Journal(Box<Entry>),
    /// Do this, through the gate, and say [`Input::Executed`].
    Execute(Box<Order>),
    /// Ask this, and say [`Input::Looked`].
    Look(Box<Glance>),
    /// Ask a person. It takes the place of the question before it.
    Ask(Box<Question>),
    /// There is no question any more.
    Unask,
    /// Say [`Input::Tick`] at this time, or later. It takes the place of the one before it.
    WakeAt(Timestamp),
    /// Tell the person.
    Tell(String),
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub ticket: u64,
    pub run: CompactString,
    pub step: String,
    /// Whether it is the way back.
    pub back: bool,
    /// The same order has the same key, also after a crash: what the house writes down about it, and what a server is told so that it
    /// does it once, goes by it.
    pub key: String,
    /// The fencing token of the lease.
    pub token: u64,
    pub mode: Mode,
    pub target: Target,
    pub act: Act,
    /// In one sentence.
    pub effect: String,
    /// After this the run takes the outcome to be unknown.
    pub until: Timestamp,
}

/// Something to be asked of the world.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Glance {
    pub ticket: u64,
    pub run: CompactString,
    pub step: Option<String>,
    pub target: Target,
    pub ask: Ask,
    /// After this the run takes it that nobody answered.
    pub until: Timestamp,
}

/// Something to be asked of a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    pub ticket: u64,
    pub step: Option<String>,
    pub asking: Asking,
    /// After this the run pauses.
    pub until: Option<Timestamp>,
}

/// What a person is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Asking {
    /// To go on, by typing this.
    Confirm { text: String, typed: String },
    /// To fill in a form.
    Input { fields: Vec<Variable> },
    /// Others are asked to approve.
    Approval { text: String, binding: Digest, people: u32, given: Vec<Actor>, role: Option<String>, requester: Actor },
    /// To do something by hand, and say so.
    Manual { text: String },
    /// To take note of what would be done.
    TalkThrough { text: String },
    /// Which way a branch goes.
    Way { text: String, then: String, otherwise: String },
    /// What to do about a run that has paused.
    Choose { why: Why, text: String, choices: Vec<Choice> },
}
