//! What an event says, in one line, for timelines, exports and the command line alike; and how it is meant.

use super::names::Names;
use crate::model::{
    Timestamp,
    attention::Severity,
    journal::{
        Body, Event, EventId, Header, IncidentId, LinkKind, OperationStage, Role, RoleChange, StepStage, TaskState,
    },
    redact, text, units,
};
use std::borrow::Cow;

/// How a row is meant: chooses glyph and colour, beside the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tone {
    /// Something is wrong, or was done in vain.
    Bad,
    /// Something may go wrong.
    Warn,
    /// Nobody knows.
    Unknown,
    /// It is over, or done.
    Good,
    /// Something was rolled out.
    Deploy,
    /// Somebody is doing something.
    Act,
    /// Somebody said something.
    Said,
    /// Who is what.
    People,
    /// A moment that the figures are made of, or a turn of the incident.
    Mark,
    /// Everything else.
    Plain,
}

/// A text from outside as it may be shown in one line: without secrets, without line breaks, harmless.
pub fn one_line(text: &str) -> String {
    let joined = if text.contains(['\n', '\r', '\t']) {
        Cow::Owned(text.split_whitespace().collect::<Vec<_>>().join(" "))
    } else {
        Cow::Borrowed(text.trim())
    };
    text::clean(&redact::text(&joined)).into_owned()
}

/// What an event says, in one line, with identities where other incidents are meant.
pub fn sentence(event: &Event) -> String {
    told(&event.header, event.body.as_ref(), &Names::default())
}

/// What a header and what is left of its body say, with the names of other incidents.
pub fn told(header: &Header, body: Option<&Body>, names: &Names) -> String {
    let Some(body) = body else { return format!("{}: erased", one_line(&header.kind)) };
    one_line(&Teller { who: &header.actor.name, step: header.step.as_deref(), names }.tell(body))
}

struct Teller<'a> {
    who: &'a str,
    step: Option<&'a str>,
    names: &'a Names,
}

/// `head: tail`, or the head alone where there is no tail.
fn with(head: impl AsRef<str>, tail: &str) -> String {
    let (head, tail) = (head.as_ref(), tail.trim());
    if tail.is_empty() { head.to_owned() } else { format!("{head}: {tail}") }
}

fn clock(at: Timestamp) -> String {
    units::date_clock(at)
}

impl Teller<'_> {
    fn tell(&self, body: &Body) -> String {
        let who = self.who;
        match body {
            Body::Declared { title, severity, number, drill } => {
                let drill = if *drill { "the drill " } else { "" };
                format!("{who} declared {drill}INC-{number}, {}: {title}", severity.word())
            }
            Body::Title { title } => format!("{who} called it: {title}"),
            Body::Severity { severity, reason } => with(format!("{who} set {}", severity.word()), reason),
            Body::Status { phase, text } => with(phase.word(), text),
            Body::Role { role, change, person, brief, .. } => self.role(*role, *change, person, brief),
            Body::Note { text } => with(who, text),
            Body::Pin { pinned, .. } => format!("{who} {} an entry", if *pinned { "pinned" } else { "unpinned" }),
            Body::Resolved { text } => with(format!("{who} resolved it"), text),
            Body::Reopened { reason } => with(format!("{who} reopened it"), reason),
            Body::Withdrawn { reason } => with(format!("{who} withdrew an entry"), reason),
            Body::Erased { reason, .. } => with(format!("{who} erased an entry"), reason),
            Body::Expired(expired) => {
                let (count, before) = (expired.count, clock(expired.before));
                format!("{who} erased {count} entries outside of incidents from before {before}: {}", expired.reason)
            }
            Body::Merged { into } => format!("{who} merged it into {}", self.incident(*into)),
            Body::Link { link, incident, target } => self.link(*link, *incident, target),
            Body::Milestone { milestone, at, proposed: true } => {
                format!("{} at {}, as it seems", milestone.words(), clock(*at))
            }
            Body::Milestone { milestone, at, .. } => format!("{who} set {} to {}", milestone.words(), clock(*at)),
            Body::Update { audience, text } => with(format!("status update, {audience}"), text),
            Body::Task { title, owner, due, state, .. } => task(title, owner, *due, *state),
            Body::Attached { what, path, .. } => format!("{who} attached {what}: {path}"),
            Body::Escalated { level, to, text } => escalated(*level, to, text),
            Body::Account { section, .. } => format!("{who} wrote into the postmortem: {}", section.title()),
            Body::Review { state, text } => with(format!("postmortem {}", state.word()), text),
            _ => self.seen_or_done(body),
        }
    }

    /// What the cockpit saw, and what was done through it.
    fn seen_or_done(&self, body: &Body) -> String {
        let who = self.who;
        match body {
            Body::Health { text, .. } => text.clone(),
            Body::Rule { check, cleared, text } => {
                with(format!("rule {check} {}", if *cleared { "kept again" } else { "violated" }), text)
            }
            Body::Deploy { text, from, to, revision } => {
                deploy(text, from.as_deref(), to.as_deref(), revision.as_deref())
            }
            Body::Operation { stage, operation, detail, escalated_to, .. } => {
                let done = operation_words(operation, *stage, detail);
                if escalated_to.is_empty() { done } else { format!("{done} (told: {})", escalated_to.join(", ")) }
            }
            Body::Step { runbook, stage, text, .. } => {
                let step = self.step.map_or_else(String::new, |step| format!(" {step}"));
                format!("{}, {}", with(format!("{runbook}{step}"), text), step_word(*stage))
            }
            Body::Approval { plan, approved, text } => {
                let how = if *approved { "approved" } else { "did not approve" };
                with(format!("{who} {how} plan {}", plan.chars().take(12).collect::<String>()), text)
            }
            Body::Checkpoint(checkpoint) => format!("checkpoint of {} events", checkpoint.size),
            Body::Other(value) => {
                let text = value.get("text").and_then(|text| text.as_str()).unwrap_or_default();
                with(format!("{} (a kind that this version does not know)", body.kind()), text)
            }
            // All others are told above.
            other => other.kind().to_string(),
        }
    }

    fn role(&self, role: Role, change: RoleChange, person: &str, brief: &str) -> String {
        let name = role.title().to_lowercase();
        let is_command = role == Role::Commander;
        let by = if self.who == person { String::new() } else { format!(" (entered by {})", self.who) };
        match change {
            RoleChange::Claimed if is_command => format!("{person} took command{by}"),
            RoleChange::Claimed => format!("{person} became {name}{by}"),
            RoleChange::Released if is_command => format!("{person} gave up command{by}"),
            RoleChange::Released => format!("{person} is no longer {name}{by}"),
            RoleChange::Offered => {
                let what = if is_command { "command".to_owned() } else { format!("the role of {name}") };
                with(format!("{} offered {what} to {person}", self.who), brief)
            }
            RoleChange::Accepted if is_command => format!("{person} took over command{by}"),
            RoleChange::Accepted => format!("{person} took over as {name}{by}"),
        }
    }

    fn link(&self, link: LinkKind, incident: Option<IncidentId>, target: &str) -> String {
        let what = incident.map_or_else(|| target.to_owned(), |id| with(self.incident(id), target));
        match link {
            LinkKind::Related => format!("{} linked it with {what}", self.who),
            LinkKind::CausedBy => format!("{} said that it was caused by {what}", self.who),
            LinkKind::Page => format!("{} linked {what}", self.who),
        }
    }

    fn incident(&self, id: IncidentId) -> String {
        self.names.name(id).map_or_else(|| id.to_string(), ToString::to_string)
    }
}

fn task(title: &str, owner: &str, due: Option<Timestamp>, state: TaskState) -> String {
    let owner = if owner.is_empty() { "nobody yet" } else { owner };
    match state {
        TaskState::Open => {
            let due = due.map_or_else(String::new, |due| format!(", due {}", clock(due)));
            format!("task for {owner}: {title}{due}")
        }
        TaskState::Done => format!("task done: {title} ({owner})"),
        TaskState::Dropped => format!("task dropped: {title}"),
    }
}

fn escalated(level: u32, to: &[compact_str::CompactString], text: &str) -> String {
    let to = if to.is_empty() { "nobody is on call".to_owned() } else { to.join(", ") };
    with(format!("escalated to level {level}, {to}"), text)
}

fn deploy(text: &str, from: Option<&str>, to: Option<&str>, revision: Option<&str>) -> String {
    let mut said = text.trim().to_owned();
    // The words may hold it already.
    let mut add = |part: String, held: bool| {
        if !held {
            said.push_str(if said.is_empty() { "" } else { ", " });
            said.push_str(&part);
        }
    };
    match (from, to) {
        (Some(from), Some(to)) => add(format!("{from} → {to}"), text.contains(from) && text.contains(to)),
        (None, Some(to)) => add(to.to_owned(), text.contains(to)),
        _ => {}
    }
    if let Some(revision) = revision {
        add(format!("rev {revision}"), text.contains(&format!("rev {revision}")));
    }
    if said.is_empty() { "deploy".into() } else { said }
}

fn operation_words(operation: &str, stage: OperationStage, detail: &str) -> String {
    match stage {
        OperationStage::Intended => with(format!("{operation}: begun"), detail),
        OperationStage::Done => with(format!("{operation}: done"), detail),
        OperationStage::Failed => with(format!("{operation}: failed"), detail),
        OperationStage::Unknown => with(format!("{operation}: nobody knows whether it was done"), detail),
        OperationStage::Refused => with(format!("{operation}: refused"), detail),
    }
}

/// The word for how far a step is.
pub const fn step_word(stage: StepStage) -> &'static str {
    match stage {
        StepStage::Begun => "begun",
        StepStage::Verified => "verified",
        StepStage::Failed => "failed",
        StepStage::Inconclusive => "inconclusive",
        StepStage::Skipped => "skipped",
        StepStage::Undone => "undone",
        StepStage::Acted => "done",
        StepStage::Unknown => "unknown",
        StepStage::Refused => "refused",
        StepStage::Answered => "answered",
        StepStage::Noted => "noted",
        StepStage::Paused => "paused",
        StepStage::Resumed => "resumed",
        StepStage::Finished => "finished",
    }
}

/// How an event is meant.
pub fn tone(body: Option<&Body>) -> Tone {
    match body {
        None => Tone::Plain,
        Some(Body::Health { cleared: true, .. } | Body::Rule { cleared: true, .. }) => Tone::Good,
        Some(Body::Health { severity, .. }) => of_severity(*severity),
        Some(Body::Rule { .. }) => Tone::Bad,
        Some(Body::Deploy { .. }) => Tone::Deploy,
        Some(Body::Operation { stage, .. }) => match stage {
            OperationStage::Intended => Tone::Act,
            OperationStage::Done => Tone::Good,
            OperationStage::Failed => Tone::Bad,
            OperationStage::Unknown => Tone::Unknown,
            OperationStage::Refused => Tone::Warn,
        },
        Some(Body::Step { stage, .. }) => match stage {
            StepStage::Begun | StepStage::Acted => Tone::Act,
            StepStage::Verified | StepStage::Undone => Tone::Good,
            StepStage::Failed => Tone::Bad,
            StepStage::Inconclusive | StepStage::Unknown => Tone::Unknown,
            StepStage::Refused | StepStage::Paused => Tone::Warn,
            StepStage::Skipped | StepStage::Resumed | StepStage::Finished => Tone::Plain,
            StepStage::Answered | StepStage::Noted => Tone::Said,
        },
        Some(Body::Task { state: TaskState::Done, .. }) => Tone::Good,
        Some(Body::Note { .. } | Body::Status { .. } | Body::Update { .. } | Body::Task { .. }) => Tone::Said,
        Some(Body::Role { .. } | Body::Escalated { .. } | Body::Approval { .. }) => Tone::People,
        Some(Body::Declared { .. } | Body::Severity { .. } | Body::Milestone { .. } | Body::Reopened { .. }) => {
            Tone::Mark
        }
        Some(Body::Resolved { .. }) => Tone::Good,
        Some(_) => Tone::Plain,
    }
}

const fn of_severity(severity: Severity) -> Tone {
    match severity {
        Severity::Info => Tone::Plain,
        Severity::Warn => Tone::Warn,
        Severity::Unknown => Tone::Unknown,
        Severity::Error | Severity::Critical => Tone::Bad,
    }
}

/// The end of an identity by which events are cited, as long as it has to be to name one of those in a record. An identity begins with
/// its time, which events of a minute share, and ends with what is drawn by lot: its end tells them apart in few signs.
#[derive(Debug, Clone, Default)]
pub struct Cites {
    length: usize,
}

/// Shortest part of an identity that cites an event.
const SHORTEST_CITE: usize = 8;

impl Cites {
    /// The shortest length at which all of these differ; eight signs at least.
    pub fn of(events: impl IntoIterator<Item = EventId>) -> Self {
        let mut ids: Vec<String> = events.into_iter().map(|id| id.to_string().chars().rev().collect()).collect();
        ids.sort();
        ids.dedup();
        let shared = |pair: &[String]| pair[0].bytes().zip(pair[1].bytes()).take_while(|(a, b)| a == b).count();
        let length = ids.windows(2).map(shared).max().map_or(0, |shared| shared + 1);
        Self { length: length.max(SHORTEST_CITE) }
    }

    /// The end of an event's identity.
    pub fn cite(&self, event: EventId) -> String {
        let id = event.to_string();
        let from = id.len().saturating_sub(self.length);
        id[from..].trim_start_matches('-').to_owned()
    }
}

/// Whether somebody means this event: by its identity, by the beginning or by the end of it.
pub fn is_meant(event: EventId, typed: &str) -> bool {
    let (id, typed) = (event.to_string(), typed.trim().to_ascii_lowercase());
    !typed.is_empty() && (id.starts_with(&typed) || id.ends_with(&typed))
}

#[cfg(test)]
#[path = "sentence_tests.rs"]
mod tests;
