//! `flightdeck incident`: what can be asked of the record of incidents, and written into it.

use crate::model::journal::{ActionKind, LinkKind, Milestone, Phase, Role, Sev};
use clap::{Args, Subcommand, ValueEnum};
use serde::de::DeserializeOwned;
use std::path::PathBuf;

/// What can be done. An incident is named by `INC-7`, by `7`, or by the beginning of its identity.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum IncidentCommand {
    /// Declare an incident.
    Declare {
        /// What is wrong, in a few words.
        #[arg(long)]
        title: String,
        /// sev1, the worst, to sev4.
        #[arg(long, value_parser = word::<Sev>)]
        severity: Sev,
        /// Practice: it is left out of the figures.
        #[arg(long)]
        drill: bool,
        /// When users began to be hurt (2026-11-28T02:10:00Z, or 02:10 in UTC, 20m for so long ago); left open unless given, and set later with `incident milestone`.
        #[arg(long, value_name = "TIME")]
        started: Option<String>,
        #[command(flatten)]
        form: Form,
    },
    /// List incidents, the newest first.
    List {
        /// Only those that are not resolved.
        #[arg(long)]
        open: bool,
        /// Only those declared since then.
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        #[command(flatten)]
        form: Form,
    },
    /// Show one incident with its timeline.
    Show {
        /// The incident.
        incident: String,
        /// Every event, not only the story.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        form: Form,
    },
    /// Write a note into the timeline.
    Note {
        /// The incident.
        incident: String,
        /// The note; `-` reads it from standard input.
        text: String,
        #[command(flatten)]
        when: When,
        /// Take the place of this event; the old text stays to be seen.
        #[arg(long, value_name = "EVENT")]
        supersedes: Option<String>,
    },
    /// Say how far the work is.
    Status {
        /// The incident.
        incident: String,
        /// investigating, identified, mitigating, monitoring.
        #[arg(value_parser = word::<Phase>)]
        phase: Phase,
        /// In words.
        #[arg(default_value = "")]
        text: String,
    },
    /// Change title or severity.
    Set {
        /// The incident.
        incident: String,
        /// The new title.
        #[arg(long, required_unless_present = "severity")]
        title: Option<String>,
        /// The new severity.
        #[arg(long, value_parser = word::<Sev>)]
        severity: Option<Sev>,
        /// Why.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Take, give back or hand over a role.
    Role {
        /// The incident.
        incident: String,
        /// What is done with it.
        #[arg(value_enum)]
        change: RoleWord,
        /// commander, deputy, scribe, communications, subject-expert.
        #[arg(value_parser = word::<Role>)]
        role: Role,
        /// Who takes it, or to whom it is offered; who is acting unless given.
        #[arg(long, value_name = "NAME")]
        person: Option<String>,
        /// What the next one has to know; made from the record unless given.
        #[arg(long)]
        brief: Option<String>,
    },
    /// Give somebody a task, or say that it is done.
    Task {
        /// The incident.
        incident: String,
        /// A new task; or one that there is, by the beginning or the end of its identity.
        task: String,
        /// Who does it; who is acting unless given.
        #[arg(long, value_name = "NAME")]
        owner: Option<String>,
        /// By when (a time, or 2h from now).
        #[arg(long, value_name = "TIME")]
        due: Option<String>,
        /// An action that is to come of the incident: investigate, mitigate, repair, detect, prevent.
        #[arg(long, value_parser = word::<ActionKind>)]
        kind: Option<ActionKind>,
        /// It is done.
        #[arg(long, conflicts_with = "dropped")]
        done: bool,
        /// It is not going to be done.
        #[arg(long)]
        dropped: bool,
    },
    /// List what is to be done after all incidents: overdue first.
    Tasks {
        /// Only of this incident.
        #[arg(long, value_name = "INCIDENT")]
        incident: Option<String>,
        /// open (overdue ones among them), overdue, done, dropped, all.
        #[arg(long, value_enum, default_value_t)]
        state: TaskWord,
        /// Only those of this person.
        #[arg(long, value_name = "NAME")]
        owner: Option<String>,
        /// Only actions of this kind: investigate, mitigate, repair, detect, prevent.
        #[arg(long, value_parser = word::<ActionKind>)]
        kind: Option<ActionKind>,
        #[command(flatten)]
        form: Form,
    },
    /// Set the time of a milestone.
    Milestone {
        /// The incident.
        incident: String,
        /// impact-started, detected, acknowledged, mitigated, resolved.
        #[arg(value_parser = word::<Milestone>)]
        milestone: Milestone,
        /// When it was (a time, or 02:10 in UTC, 20m for so long ago).
        time: String,
    },
    /// Record that a status update went out, or print what it could say.
    Update {
        /// The incident.
        incident: String,
        /// What went out; without it, only what the template says is printed.
        text: Option<String>,
        /// For whom: internal, customer, or one of your own templates.
        #[arg(long, default_value = "internal")]
        audience: String,
    },
    /// Mark that something was rolled out, for graphs and postmortems; belongs to no incident by itself.
    Deploy {
        /// In words.
        text: String,
        /// The object, as KIND NAME (deployment prod/shop/web).
        #[arg(long)]
        object: Option<String>,
        /// What ran before.
        #[arg(long)]
        from: Option<String>,
        /// What runs now.
        #[arg(long)]
        to: Option<String>,
        #[command(flatten)]
        when: When,
    },
    /// Name something that it has to do with.
    Link {
        /// The incident.
        incident: String,
        /// The other incident, or the address of a page.
        target: String,
        /// related, caused-by, page.
        #[arg(long, value_parser = word::<LinkKind>)]
        kind: Option<LinkKind>,
    },
    /// Say that it is the same as another, where it goes on.
    Merge {
        /// The incident that ends.
        incident: String,
        /// The one that goes on.
        into: String,
    },
    /// Put an event where everybody reads it, or take it away again.
    Pin {
        /// The incident.
        incident: String,
        /// The event, by the beginning or the end of its identity.
        event: String,
        /// Take it away.
        #[arg(long)]
        remove: bool,
    },
    /// Strike an event out that was a mistake; it stays to be seen.
    Withdraw {
        /// The incident.
        incident: String,
        /// The event, by the beginning or the end of its identity.
        event: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// It is over.
    Resolve {
        /// The incident.
        incident: String,
        /// How.
        #[arg(default_value = "")]
        text: String,
    },
    /// It is not over after all.
    Reopen {
        /// The incident.
        incident: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Write an incident out.
    Export {
        /// The incident.
        incident: String,
        /// How.
        #[arg(long, value_enum, default_value_t)]
        format: ExportFormat,
        /// Into this file, which must not exist; a bundle needs one.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Prove the journal, or a bundle, unchanged; or name the first event that does not fit.
    Verify {
        /// A bundle; the journal unless given.
        bundle: Option<PathBuf>,
        #[command(flatten)]
        form: Form,
    },
    /// Erase an event's text for good (a secret, a name): the record stays provable.
    Erase {
        /// The event, by the beginning or the end of its identity.
        event: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Times to detect, acknowledge, mitigate and resolve, over past incidents.
    Figures {
        /// Since then; the last 90 days unless given.
        #[arg(long, value_name = "TIME", default_value = "90d")]
        since: String,
        #[command(flatten)]
        form: Form,
    },
    /// Who is on call, by the rota of the configuration.
    OnCall {
        /// At this time; now unless given.
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
        #[command(flatten)]
        form: Form,
    },
    /// Begin the postmortem: filled in from the record, with the parts that people write.
    Postmortem {
        /// The incident.
        incident: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
        /// Into this file, which must not exist.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Check the wording of this document instead: it shall blame nobody.
        #[arg(long, value_name = "FILE")]
        check: Option<PathBuf>,
    },
}

/// How something is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Args)]
pub struct Form {
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// When something was, and how it is told from the same thing written twice.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct When {
    /// When it was (a time, or 02:10 in UTC, 20m for so long ago); now unless given.
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// What is written with the same key is written once.
    #[arg(long)]
    pub key: Option<String>,
}

/// What is done with a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum RoleWord {
    Claim,
    Release,
    Offer,
    Accept,
}

/// Which tasks are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
#[allow(missing_docs)]
pub enum TaskWord {
    #[default]
    Open,
    Overdue,
    Done,
    Dropped,
    All,
}

impl TaskWord {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Overdue => "overdue",
            Self::Done => "done",
            Self::Dropped => "dropped",
            Self::All => "all",
        }
    }
}

/// How an incident is written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ExportFormat {
    /// For people.
    #[default]
    Markdown,
    /// One CloudEvent a line.
    Jsonl,
    /// Everything with its proof, for `incident verify` on another machine.
    Bundle,
}

/// A word that the journal writes (`sev2`, `identified`).
fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let read = serde_json::from_value(serde_json::Value::String(text.to_owned()));
    read.map_err(|error: serde_json::Error| error.to_string())
}
