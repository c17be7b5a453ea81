//! What events say, by kind.

use super::{super::attention::Severity, Digest, EventId, IncidentId, WriterId};
use crate::model::{Timestamp, object::ObjectRef};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// How bad an incident is: 1 is the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sev {
    Sev1,
    Sev2,
    Sev3,
    Sev4,
}

/// How far the work on an incident is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    Investigating,
    Identified,
    Mitigating,
    Monitoring,
    Resolved,
}

/// What somebody is in an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Commander,
    Deputy,
    Scribe,
    Communications,
    SubjectExpert,
}

/// What happens to a role. Each names the newest event of that role that was known: where another came between, it has no effect
/// (compare and set), and is shown as having come too late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoleChange {
    Claimed,
    Released,
    /// Its holder offers it to `person`, with a brief.
    Offered,
    /// `person` takes what was offered.
    Accepted,
}

/// A moment that the figures of an incident are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Milestone {
    ImpactStarted,
    Detected,
    Acknowledged,
    Mitigated,
    Resolved,
}

/// How far an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OperationStage {
    Intended,
    Done,
    Failed,
    /// Nobody can say whether it was done.
    Unknown,
    /// The gate said no.
    Refused,
}

/// How far a runbook's step is, or its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepStage {
    Begun,
    /// It was done, and is not verified yet.
    Acted,
    /// Nobody can say whether it was done.
    Unknown,
    /// Nothing of it was done.
    Refused,
    Verified,
    Failed,
    Inconclusive,
    Skipped,
    Undone,
    /// A person confirmed, filled in, or did by hand.
    Answered,
    Noted,
    Paused,
    Resumed,
    /// The run is over.
    Finished,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskState {
    Open,
    Done,
    Dropped,
}

/// How one incident has to do with something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkKind {
    Related,
    CausedBy,
    /// A page outside: a ticket, a call, a document.
    Page,
}

/// What an action of a postmortem is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionKind {
    /// Find out what is not known.
    Investigate,
    /// Make it hurt less.
    Mitigate,
    /// Put right what broke.
    Repair,
    /// Notice it sooner.
    Detect,
    /// Keep it from happening again.
    Prevent,
}

/// The parts of a postmortem that people write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Section {
    Summary,
    Impact,
    ContributingFactors,
    WentWell,
    WentBadly,
    Luck,
}

/// How far a postmortem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewState {
    Draft,
    InReview,
    Reviewed,
    Closed,
}

/// What an event says. A kind that this version does not know is kept as [`Body::Other`], so that nothing is lost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Body {
    /// An incident begins. Its event's identity is the incident's.
    Declared {
        title: String,
        severity: Sev,
        /// `INC-7`. Two that were declared while their journals could not hear each other may have the same; the later one is shown
        /// with a letter.
        number: u32,
        #[serde(default)]
        drill: bool,
    },
    Title {
        title: String,
    },
    Severity {
        severity: Sev,
        #[serde(default)]
        reason: String,
    },
    /// How far the work is.
    Status {
        phase: Phase,
        #[serde(default)]
        text: String,
    },
    Role {
        role: Role,
        change: RoleChange,
        person: CompactString,
        /// The newest event of this role that was known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<EventId>,
        /// What the next one has to know.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        brief: String,
    },
    Note {
        text: String,
    },
    /// Another event is worth being read by everybody.
    Pin {
        event: EventId,
        pinned: bool,
    },
    /// Something went bad, changed, or is over.
    Health {
        severity: Severity,
        /// Whether it is over.
        cleared: bool,
        text: String,
        /// The check of the attention list that saw it; empty for what was only observed.
        #[serde(default)]
        check: CompactString,
        /// Since when it had been so when it was seen, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        began: Option<Timestamp>,
        /// How many alike it stands for.
        count: u32,
        /// The first few of them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        members: Vec<ObjectRef>,
    },
    /// A rule of the rule book is violated, or no longer.
    Rule {
        check: CompactString,
        cleared: bool,
        text: String,
    },
    /// Something was rolled out: the marker that graphs and postmortems show.
    Deploy {
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        revision: Option<String>,
    },
    /// What passed the gate, before it was done and after; or what the gate refused.
    Operation {
        stage: OperationStage,
        /// In words, with the target.
        operation: String,
        /// What came of it, or why not.
        #[serde(default)]
        detail: String,
        /// The event that intended it, on the one that ends it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        intended: Option<EventId>,
        /// For a refusal by the rule book: who was told, as the policy's owners say.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        escalated_to: Vec<String>,
        /// The operation as data, so that the target can be looked at when the outcome is not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<serde_json::Value>,
    },
    /// A step of a runbook.
    Step {
        runbook: CompactString,
        stage: StepStage,
        text: String,
        /// The run's own entry, from which it is restored.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<serde_json::Value>,
    },
    Approval {
        /// Hash of the plan that is approved.
        plan: CompactString,
        approved: bool,
        #[serde(default)]
        text: String,
    },
    /// A status update went out.
    Update {
        audience: CompactString,
        text: String,
    },
    /// A task; its event's identity is the task's, and later ones supersede it.
    Task {
        title: String,
        owner: CompactString,
        due: Option<Timestamp>,
        state: TaskState,
        /// For an action of the postmortem: what it is to do.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        action: Option<ActionKind>,
    },
    Link {
        link: LinkKind,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        incident: Option<IncidentId>,
        #[serde(default)]
        target: String,
    },
    /// This incident is the same as another, where it goes on.
    Merged {
        into: IncidentId,
    },
    Milestone {
        milestone: Milestone,
        at: Timestamp,
        /// Whether the cockpit proposed it and nobody has said otherwise.
        #[serde(default)]
        proposed: bool,
    },
    /// An event was a mistake; it stays, struck out. Goes with `supersedes`.
    Withdrawn {
        reason: String,
    },
    Resolved {
        #[serde(default)]
        text: String,
    },
    Reopened {
        reason: String,
    },
    /// A file that belongs to the incident: a recording, an output.
    Attached {
        what: String,
        path: String,
        digest: Digest,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    },
    /// The person on call was called, or should have been: a level of the escalation policy.
    Escalated {
        level: u32,
        to: Vec<CompactString>,
        text: String,
    },
    /// The body of another event was erased, and why.
    Erased {
        event: EventId,
        reason: String,
    },
    /// A part of the postmortem that people write; of each section the newest counts.
    Account {
        section: Section,
        text: String,
    },
    /// How far the postmortem is.
    Review {
        state: ReviewState,
        #[serde(default)]
        text: String,
    },
    /// The bodies of all events of a writer that belong to no incident and are older than a time were erased.
    Expired(ExpiredBody),
    /// The tree of all that its writer wrote so far, signed.
    Checkpoint(CheckpointBody),
    /// A kind that this version does not know.
    #[serde(untagged)]
    Other(serde_json::Value),
}

/// Which bodies have served their time. Events of an incident, and those that say what an incident is, are never among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpiredBody {
    /// Whose events.
    pub writer: WriterId,
    /// Those that both happened and were written down before this.
    pub before: Timestamp,
    /// How many bodies there were where this was written.
    pub count: u64,
    pub reason: String,
}

/// A signed head of a writer's chain, as a Merkle tree (RFC 6962, section 2.1) over the hashes of its events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointBody {
    /// How many events, from the writer's first on.
    pub size: u64,
    pub root: Digest,
    /// Ed25519, hexadecimal.
    pub public_key: CompactString,
    /// Over writer, size and root, hexadecimal.
    pub signature: String,
}

impl Body {
    /// The kind's word, as JSON has it.
    pub fn kind(&self) -> CompactString {
        let word = match self {
            Self::Declared { .. } => "declared",
            Self::Title { .. } => "title",
            Self::Severity { .. } => "severity",
            Self::Status { .. } => "status",
            Self::Role { .. } => "role",
            Self::Note { .. } => "note",
            Self::Pin { .. } => "pin",
            Self::Health { .. } => "health",
            Self::Rule { .. } => "rule",
            Self::Deploy { .. } => "deploy",
            Self::Operation { .. } => "operation",
            Self::Step { .. } => "step",
            Self::Approval { .. } => "approval",
            Self::Update { .. } => "update",
            Self::Task { .. } => "task",
            Self::Link { .. } => "link",
            Self::Merged { .. } => "merged",
            Self::Milestone { .. } => "milestone",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Resolved { .. } => "resolved",
            Self::Reopened { .. } => "reopened",
            Self::Attached { .. } => "attached",
            Self::Escalated { .. } => "escalated",
            Self::Erased { .. } => "erased",
            Self::Account { .. } => "account",
            Self::Review { .. } => "review",
            Self::Expired(_) => "expired",
            Self::Checkpoint(_) => "checkpoint",
            Self::Other(value) => return value.get("kind").and_then(|kind| kind.as_str()).unwrap_or("?").into(),
        };
        word.into()
    }

    /// The kinds that change what their incident is (title, roles, milestones …) rather than only standing in its timeline. Of these there
    /// are few; they are read whole, while the rest is read as it is scrolled to.
    pub const STATE_KINDS: &[&str] = &[
        "declared",
        "title",
        "severity",
        "status",
        "role",
        "pin",
        "update",
        "task",
        "link",
        "merged",
        "milestone",
        "withdrawn",
        "resolved",
        "reopened",
        "attached",
        "escalated",
        "account",
        "review",
    ];

    /// Whether a kind is one of [`Body::STATE_KINDS`].
    pub fn is_state(kind: &str) -> bool {
        Self::STATE_KINDS.contains(&kind)
    }
}
