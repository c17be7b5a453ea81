//! What people owe after an incident, or month by month: actions, postmortems, drills; and runs that wait for somebody. Told from the
//! record, judged by the rules.

use super::{Timestamp, object::ObjectRef};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// What is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DutyKind {
    /// A task of an incident, or an action of its postmortem.
    Action,
    /// The review of a postmortem.
    Postmortem,
    /// A drill of a runbook.
    Drill,
    /// A run of a runbook that is not over, and waits for somebody.
    Run,
}

impl DutyKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Action, Self::Postmortem, Self::Drill, Self::Run];

    /// The word in the attention list.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Postmortem => "postmortem",
            Self::Drill => "drill",
            Self::Run => "run",
        }
    }

    /// Whether a row of the attention list is of such a kind: it concerns people, and says nothing of how systems are.
    pub fn is_word(word: &str) -> bool {
        Self::ALL.iter().any(|kind| kind.word() == word)
    }
}

/// Something that is owed by a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Duty {
    pub kind: DutyKind,
    /// What it is about; of one object there may be several of a kind.
    pub object: ObjectRef,
    /// The object's name for people.
    pub name: CompactString,
    /// What is to be done, and by whom, in words.
    pub text: String,
    /// `None` where it was due ever since: a drill that never was. Of a run, since when it waits.
    pub due: Option<Timestamp>,
}

impl Duty {
    /// Whether its time is over.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.due.is_none_or(|due| due < now)
    }
}
