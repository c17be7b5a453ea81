//! The rows of an incident's timeline.
//!
//! The usual view has what turned the incident: its declaration, severities, status, roles, updates, milestones, operations, deploys,
//! its end, and whatever somebody pinned. Everything else that happened in its time is one key away.

mod fold;
mod look;

pub use look::{KINDS, Look, TURNS};

use super::{
    names::Names,
    record::{Entry, Record, Version},
    roles::NoEffect,
    sentence::{Tone, one_line, told, tone},
    state::Incident,
};
use crate::model::{
    Timestamp,
    journal::{Body, EventId, Header, KnownBy, Milestone, StepStage},
    object::ObjectRef,
    units,
};
use compact_str::CompactString;
use std::collections::{HashMap, HashSet};

/// A writer whose clock is off by more seconds than this is told of.
const SKEW_SECONDS: f64 = 5.0;

/// What a row is, the same for as long as it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowId {
    /// An entry, or one version of a task.
    Event(EventId),
    /// A moment of the figures.
    Milestone(Milestone),
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub id: RowId,
    pub at: Timestamp,
    /// When the last of several that are folded happened.
    pub until: Option<Timestamp>,
    /// In words, in one line.
    pub text: String,
    pub tone: Tone,
    /// Word of the kind, as [`KINDS`] has them.
    pub kind: CompactString,
    pub actor: CompactString,
    /// Whether the cockpit saw it by itself.
    pub by_program: bool,
    pub object: Option<ObjectRef>,
    /// By how many seconds it was written down late.
    pub late_seconds: Option<f64>,
    /// By how many seconds the clock of its writer is off, as far as that can be told.
    pub skew_seconds: Option<f64>,
    /// Whether it was written otherwise at first; see [`history`].
    pub edited: bool,
    /// Why it was withdrawn, where it was.
    pub withdrawn: Option<String>,
    pub pinned: bool,
    /// Whether it belongs to the incident by itself, and was not only seen in its time.
    pub own: bool,
    /// For a role: why it has no effect.
    pub without_effect: Option<String>,
    /// How many it stands for.
    pub count: u32,
    /// The events of a row that several are folded into; one otherwise.
    pub members: Vec<EventId>,
    /// What makes rows alike, where they may be folded.
    alike: Option<CompactString>,
}

/// What the pane draws from top to bottom.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// A new day, UTC: `2026-11-23`.
    Day(CompactString),
    Row(Box<Row>),
}

/// One earlier version of an entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Earlier {
    pub event: EventId,
    /// When that version was written down.
    pub recorded_at: Timestamp,
    /// The time that it gave.
    pub at: Timestamp,
    pub by: CompactString,
    pub text: String,
}

/// Every version of an entry, the oldest first, for who wants to see what was changed.
pub fn history(entry: &Entry<'_>, names: &Names) -> Vec<Earlier> {
    let earlier = |version: &Version<'_>| {
        let header = &version.event.header;
        Earlier {
            event: header.id,
            recorded_at: header.recorded_at,
            at: header.occurred_at,
            by: one_line(&header.actor.name).into(),
            text: told(header, version.body, names),
        }
    };
    entry.versions().iter().map(earlier).collect()
}

/// The rows of an incident's timeline that are to be looked at, in order, with the days between them.
pub fn lines(incident: &Incident, record: &Record<'_>, names: &Names, look: &Look) -> Vec<Line> {
    let mut rows = rows(incident, record, names, look);
    if look.newest_first {
        rows.reverse();
    }
    let mut lines = Vec::with_capacity(rows.len() + 4);
    let mut day = CompactString::default();
    for row in rows {
        let of_row: CompactString = units::day(row.at).into();
        if of_row != day {
            day = of_row;
            lines.push(Line::Day(day.clone()));
        }
        lines.push(Line::Row(Box::new(row)));
    }
    lines
}

/// The rows without the days, the oldest first.
pub fn rows(incident: &Incident, record: &Record<'_>, names: &Names, look: &Look) -> Vec<Row> {
    let seen = incident.seen(record);
    let makes = Maker::new(incident, ended_operations(&seen, record), names, look);
    let mut rows: Vec<Row> = seen.into_iter().flat_map(|entry| makes.rows(entry)).collect();
    rows.extend(makes.milestones());
    rows.retain(|row| look.takes(row));
    // What happened at one time stays in the record's order; a milestone stands before what it was taken from.
    rows.sort_by_key(|row| (row.at, matches!(row.id, RowId::Event(_))));
    if look.unfolded { rows } else { fold::fold(rows) }
}

/// Operations of which one of these entries tells the end.
pub fn ended_operations(entries: &[&Entry<'_>], record: &Record<'_>) -> HashSet<EventId> {
    let intended = |entry: &&Entry<'_>| match entry.body()? {
        Body::Operation { intended, .. } => intended.map(|event| record.root(event)),
        _ => None,
    };
    entries.iter().filter_map(intended).collect()
}

/// Whether a run of a runbook begins with it, or is over. Its steps are one key away, and what they did are operations.
fn is_turn_of_run(version: Version<'_>) -> bool {
    match version.body {
        Some(Body::Step { stage: StepStage::Begun, .. }) => version.event.header.step.is_none(),
        Some(Body::Step { stage: StepStage::Finished, .. }) => true,
        _ => false,
    }
}

struct Maker<'a> {
    incident: &'a Incident,
    names: &'a Names,
    look: &'a Look,
    /// Operations whose end is told by another entry.
    ended: HashSet<EventId>,
    without_effect: HashMap<EventId, &'a NoEffect>,
}

impl<'a> Maker<'a> {
    fn new(incident: &'a Incident, ended: HashSet<EventId>, names: &'a Names, look: &'a Look) -> Self {
        let without_effect = incident.roles.values().flat_map(|state| &state.without_effect);
        Self { incident, names, look, ended, without_effect: without_effect.map(|none| (none.event, none)).collect() }
    }

    fn rows(&self, entry: &Entry<'_>) -> Vec<Row> {
        let shown = entry.shown();
        let header = &shown.event.header;
        let pinned = self.incident.pins.contains(&entry.id);
        let usual = pinned || self.look.all || TURNS.contains(&header.kind.as_str()) || is_turn_of_run(shown);
        // The milestones have rows of their own, at the time that they name.
        let by_itself = header.kind == "milestone" && !self.look.all;
        let told_by_its_end = self.ended.contains(&entry.id) && !self.look.all;
        if !usual || by_itself || told_by_its_end || !self.look.takes_kind(&header.kind) {
            return Vec::new();
        }
        // Each version of a task is something that happened.
        if header.kind == "task" && entry.withdrawn().is_none() {
            return entry.versions().iter().map(|version| self.row(entry, *version, pinned)).collect();
        }
        vec![self.row(entry, shown, pinned)]
    }

    fn row(&self, entry: &Entry<'_>, version: Version<'_>, pinned: bool) -> Row {
        let header = &version.event.header;
        let is_task = header.kind == "task";
        let without_effect = self.without_effect.get(&entry.id).map(|none| none.why.clone());
        let mut text = told(header, version.body, self.names);
        if let Some(why) = &without_effect {
            text = format!("{text}: {}", one_line(why));
        }
        let late = || (header.recorded_at.duration_since(header.occurred_at).as_secs_f64()).max(0.0);
        Row {
            id: RowId::Event(if is_task { header.id } else { entry.id }),
            at: header.occurred_at,
            until: None,
            text,
            tone: tone(version.body),
            kind: header.kind.clone(),
            actor: one_line(&header.actor.name).into(),
            by_program: header.actor.known_by == KnownBy::Program,
            object: header.object.clone(),
            late_seconds: if is_task {
                Some(late()).filter(|late| *late > super::record::LATE_SECONDS)
            } else {
                entry.late_seconds()
            },
            skew_seconds: skew(header),
            edited: !is_task && entry.is_edited(),
            withdrawn: entry.withdrawn().map(one_line),
            pinned,
            own: entry.incident() == Some(self.incident.id),
            without_effect,
            count: count(version.body),
            members: vec![entry.id],
            alike: fold::alike(header, version.body),
        }
    }

    fn milestones(&self) -> Vec<Row> {
        if !self.look.takes_kind("milestone") {
            return Vec::new();
        }
        let row = |(milestone, moment): (&Milestone, &super::milestones::Moment)| {
            let is_set = moment.known == super::milestones::Known::Set;
            let how = if is_set { String::new() } else { format!(", as it seems: {}", one_line(&moment.why)) };
            Row {
                id: RowId::Milestone(*milestone),
                at: moment.at,
                until: None,
                text: format!("{}{how}", milestone.words()),
                tone: Tone::Mark,
                kind: "milestone".into(),
                actor: CompactString::default(),
                by_program: !is_set,
                object: None,
                late_seconds: None,
                skew_seconds: None,
                edited: false,
                withdrawn: None,
                pinned: false,
                own: true,
                without_effect: None,
                count: 1,
                members: vec![moment.event],
                alike: None,
            }
        };
        self.incident.milestones.iter().map(row).collect()
    }
}

fn count(body: Option<&Body>) -> u32 {
    match body {
        Some(Body::Health { count, .. }) => (*count).max(1),
        _ => 1,
    }
}

/// By how many seconds a writer's clock is off: behind what it had heard of from others, or behind what it says has happened.
fn skew(header: &Header) -> Option<f64> {
    let behind_others = (header.clock.wall_ms - header.recorded_at.as_millisecond()) as f64 / 1e3;
    let behind_itself = header.occurred_at.duration_since(header.recorded_at).as_secs_f64();
    let skew = behind_others.max(behind_itself);
    (skew > SKEW_SECONDS).then_some(skew)
}

#[cfg(test)]
#[path = "timeline_tests.rs"]
mod tests;
