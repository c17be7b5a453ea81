//! What a declaration proposes from what is wrong now, so that declaring takes one key: title, severity and why, start of the impact, and
//! what it is about.

use super::{related::related, sentence::one_line, state::LEAD};
use crate::model::{
    Timestamp,
    attention::{Attention, Severity},
    change::{Change, ChangeKind},
    duty::DutyKind,
    journal::{Actor, Body, Draft, EventId, IncidentId, Milestone, Sev},
    object::ObjectRef,
    text,
};
use compact_str::{CompactString, format_compact};
use jiff::SignedDuration;

/// A title is no longer than this, so that it fits a header.
const TITLE_LENGTH: usize = 70;
/// What began no longer than this before or after the worst thing belongs to it.
const TOGETHER: SignedDuration = SignedDuration::from_hours(1);
/// So many objects that fail at once are many.
const MANY: u32 = 10;
/// How many rows and changes a declaration takes along.
const EVIDENCE: usize = 10;
const SUSPECTS: usize = 5;

/// What a declaration starts from. All of it can be changed before and after.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Empty where nothing is wrong that it could be called by.
    pub title: String,
    pub severity: Sev,
    /// Why that severity, in words.
    pub reason: String,
    /// When the first began of what matters; `None` where nothing is wrong.
    pub impact_started: Option<Timestamp>,
    /// What is wrong and belongs to it, the worst first.
    pub rows: Vec<Attention>,
    /// Deploys and operations shortly before and since, the newest first.
    pub suspects: Vec<Change>,
}

/// Proposes a declaration from the rows of the attention list and from what changed.
pub fn propose<'a>(rows: &[Attention], changes: impl IntoIterator<Item = &'a Change>, now: Timestamp) -> Proposal {
    let matter = matter(rows);
    let Some(worst) = matter.first() else {
        let reason = "nothing is known to be wrong: say how bad it is".to_owned();
        let suspects = suspects(changes, now, &[]);
        return Proposal {
            title: String::new(),
            severity: Sev::Sev3,
            reason,
            impact_started: None,
            rows: vec![],
            suspects,
        };
    };
    let (severity, reason) = severity(&matter);
    let began = matter.iter().map(|row| row.began).min().unwrap_or(now);
    let suspects = suspects(changes, began, &matter);
    Proposal {
        title: title(worst),
        severity,
        reason,
        impact_started: Some(began),
        rows: matter.into_iter().take(EVIDENCE).cloned().collect(),
        suspects,
    }
}

/// Whether a row tells of what users notice.
pub(super) fn is_noticed(row: &Attention) -> bool {
    matches!(row.condition.kind.as_str(), "alert" | "slo") && row.condition.severity >= Severity::Error
}

/// Whether a row says that a workload has nothing left that is ready.
fn is_down(row: &Attention) -> bool {
    row.condition
        .cause
        .split([':', ',', ';'])
        .next()
        .is_some_and(|first| first.starts_with("0/") && first.ends_with(" ready"))
}

/// The rows that belong to what is worst: serious, and begun at about the same time. The worst and biggest is the first.
fn matter(rows: &[Attention]) -> Vec<&Attention> {
    // What people owe is no outage.
    let rows: Vec<_> = rows.iter().filter(|row| !DutyKind::is_word(&row.condition.kind)).collect();
    // A rule of the book and a silent source seldom are what an incident is about.
    let is_aside = |row: &Attention| matches!(row.condition.kind.as_str(), "rule" | "source");
    let rank = |row: &Attention| {
        let condition = &row.condition;
        (!is_aside(row), condition.severity, is_down(row), is_noticed(row), condition.count, row.began)
    };
    let Some(worst) = rows.iter().copied().max_by_key(|row| rank(row)) else { return Vec::new() };
    let belongs = |row: &&Attention| {
        let apart = row.began.duration_since(worst.began).abs();
        let serious = row.condition.severity >= worst.condition.severity.min(Severity::Error);
        serious && apart <= TOGETHER && is_aside(row) == is_aside(worst)
    };
    let mut matter: Vec<_> = rows.iter().copied().filter(belongs).collect();
    matter.sort_by_key(|row| std::cmp::Reverse(rank(row)));
    matter
}

fn title(row: &Attention) -> String {
    let condition = &row.condition;
    let cause = condition.cause.split([':', ',', ';', '(']).next().unwrap_or_default().trim();
    let said = if cause.is_empty() { condition.name.to_string() } else { format!("{}: {cause}", condition.name) };
    text::clean_to(&one_line(&said), TITLE_LENGTH).into_owned()
}

/// A rule of thumb, in words. It looks at what users notice, at what is down as a whole, and at how much fails at once.
fn severity(rows: &[&Attention]) -> (Sev, String) {
    let critical = rows.iter().filter(|row| row.condition.severity == Severity::Critical).count();
    let noticed: Vec<_> = rows.iter().filter(|row| is_noticed(row)).collect();
    let down: Vec<_> = rows.iter().filter(|row| is_down(row)).collect();
    let failing: u32 =
        rows.iter().filter(|row| row.condition.severity >= Severity::Error).map(|row| row.condition.count.max(1)).sum();
    let name = |row: &&&Attention| one_line(&row.condition.name);
    let page = noticed.iter().find(|row| row.condition.severity == Severity::Critical);
    if let (Some(page), Some(down)) = (page, down.first()) {
        return (Sev::Sev1, format!("users notice it ({}) and nothing of {} is ready", name(page), name(down)));
    }
    if noticed.len() >= 2 && page.is_some() {
        return (Sev::Sev1, format!("users notice it, by {} alerts and burn rates", noticed.len()));
    }
    if critical >= 3 {
        return (Sev::Sev1, format!("{critical} things are critical at once"));
    }
    if let Some(noticed) = noticed.first() {
        return (Sev::Sev2, format!("users notice it: {}", name(noticed)));
    }
    if let Some(down) = down.first() {
        return (Sev::Sev2, format!("nothing of {} is ready", name(down)));
    }
    if let Some(row) = rows.iter().find(|row| row.condition.severity == Severity::Critical) {
        return (Sev::Sev2, format!("{} is critical", one_line(&row.condition.name)));
    }
    if failing >= MANY {
        return (Sev::Sev2, format!("{failing} things fail at once"));
    }
    match failing {
        0 => (Sev::Sev4, "there are only warnings".into()),
        1 => (Sev::Sev3, "one thing fails, and nothing tells that users notice it".into()),
        several => (Sev::Sev3, format!("{several} things fail, and nothing tells that users notice it")),
    }
}

/// What was rolled out or done shortly before it began, and since: what concerns the same objects first.
fn suspects<'a>(changes: impl IntoIterator<Item = &'a Change>, began: Timestamp, rows: &[&Attention]) -> Vec<Change> {
    let from = began.saturating_sub(LEAD).unwrap_or(began);
    let is_suspect = |change: &&Change| matches!(change.kind, ChangeKind::Deploy | ChangeKind::Operation);
    let concerns = |change: &Change| {
        let objects = rows.iter().flat_map(|row| row.members.iter().chain([&row.condition.object]));
        objects.into_iter().any(|object| related(object, &change.object))
    };
    let mut found: Vec<_> = changes.into_iter().filter(is_suspect).filter(|change| change.at >= from).collect();
    found.sort_by_key(|change| (std::cmp::Reverse(concerns(change)), std::cmp::Reverse(change.at)));
    found.into_iter().take(SUSPECTS).cloned().collect()
}

/// What a person made of a proposal.
#[derive(Debug, Clone, PartialEq)]
pub struct Declaration {
    /// Identity of the incident, and of the event that declares it.
    pub id: EventId,
    pub number: u32,
    pub title: String,
    pub severity: Sev,
    pub drill: bool,
    /// Whether a person said when users began to be hurt; otherwise it is a guess.
    pub says_began: bool,
    /// When it happened: now, unless somebody backdates it.
    pub at: Timestamp,
    pub actor: Actor,
}

impl Declaration {
    /// What is to be written: the declaration, the start of the impact, and what was wrong, so that the incident knows
    /// what it is about.
    pub fn drafts(self, proposal: &Proposal) -> Vec<Draft> {
        let incident = IncidentId(self.id.0);
        let Self { title, severity, number, drill, says_began, .. } = self;
        let by = if says_began { self.actor.clone() } else { Actor::program() };
        let mut declared =
            Draft::new(Some(incident), self.at, self.actor, Body::Declared { title, severity, number, drill });
        declared.id = Some(self.id);
        declared.object = proposal.rows.first().map(|row| row.condition.object.clone());
        let mut drafts = vec![declared];
        if let Some(at) = proposal.impact_started {
            let body = Body::Milestone { milestone: Milestone::ImpactStarted, at, proposed: !says_began };
            drafts.push(Draft::new(Some(incident), self.at, by, body));
        }
        drafts.extend(proposal.rows.iter().map(|row| evidence(incident, self.at, row)));
        drafts
    }
}

/// A row of the attention list, as it is put into an incident.
pub fn evidence(incident: IncidentId, at: Timestamp, row: &Attention) -> Draft {
    let condition = &row.condition;
    let grouped = row.members.len() > 1;
    let body = Body::Health {
        severity: condition.severity,
        cleared: false,
        text: format!("{}: {}", condition.subject(), condition.cause),
        check: condition.rule.clone(),
        began: Some(row.began),
        count: condition.count.max(1),
        members: if grouped { row.members.iter().take(super::capture::MEMBERS).cloned().collect() } else { vec![] },
    };
    let mut draft = Draft::new(Some(incident), at, Actor::program(), body);
    draft.object = Some(condition.object.clone());
    draft.key = Some(evidence_key(incident, &condition.rule, &condition.object));
    draft
}

fn evidence_key(incident: IncidentId, rule: &str, object: &ObjectRef) -> CompactString {
    format_compact!("evidence/{incident}/{rule}/{object}")
}

#[cfg(test)]
#[path = "declare_tests.rs"]
mod tests;
