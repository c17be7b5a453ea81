//! Incidents as the cockpit knows them: the journal's events that it was told, and what they come to.

use crate::{
    incident::{
        self, Incident, Record,
        duties::{Followed, duties, followed},
        manners::Manners,
        timeline::{self, Look, Row, RowId},
        unfinished::unfinished,
        update::{Cadence, Due, due},
    },
    model::{
        duty::Duty,
        journal::{
            Event, EventId, IncidentId, Sev,
            news::{Attached, JournalNews, JournalState, StretchFrom, StretchWanted},
        },
    },
};
use compact_str::CompactString;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// Events that belong to no incident and are kept without being asked for: what the newest incident may need.
const AMBIENT: usize = 3_000;

/// What is recorded of a world's incidents; the rest is derived.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    is_known: bool,
    events: Arc<BTreeMap<EventId, Arc<Event>>>,
    chosen: Option<IncidentId>,
    all: bool,
    earlier: Option<IncidentId>,
    state: JournalState,
    attached: Vec<Attached>,
    /// When runbooks last passed as drills; `None` until the journal says.
    drills: Option<BTreeMap<CompactString, Timestamp>>,
    /// As the configuration says.
    #[serde(skip)]
    manners: Arc<Manners>,
}

/// The incidents, and the timeline of the one that is shown.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Kept", into = "Kept")]
pub struct Incidents {
    kept: Kept,
    /// The newest first.
    incidents: Vec<Arc<Incident>>,
    folded: Arc<incident::Incidents>,
    rows: Arc<Vec<Row>>,
    /// Tasks and actions of all of them.
    actions: Arc<Vec<Followed>>,
    /// How often all that was derived anew.
    folds: u64,
}

impl From<Kept> for Incidents {
    fn from(kept: Kept) -> Self {
        let mut incidents = Self { kept, ..Self::default() };
        incidents.fold();
        incidents
    }
}

impl From<Incidents> for Kept {
    fn from(incidents: Incidents) -> Self {
        incidents.kept
    }
}

impl Incidents {
    /// Takes news of the journal.
    pub(super) fn apply(&mut self, news: JournalNews) {
        let kept = &mut self.kept;
        kept.is_known = true;
        if let Some(state) = news.state {
            kept.state = state;
        }
        if let Some(attached) = news.attached {
            kept.attached = attached;
        }
        if let Some(drills) = news.drills {
            kept.drills = Some(drills);
        }
        let stretch = news.stretch.as_ref().map(|stretch| stretch.events.as_slice()).unwrap_or_default();
        if let Some(stretch) = &news.stretch {
            kept.earlier = stretch.has_earlier.then_some(stretch.incident);
        }
        if news.events.is_empty() && stretch.is_empty() && news.erased.is_empty() {
            return;
        }
        let events = Arc::make_mut(&mut kept.events);
        for event in news.events.iter().chain(stretch) {
            events.insert(event.header.id, Arc::clone(event));
        }
        for id in &news.erased {
            if let Some(event) = events.get_mut(id) {
                *event = Arc::new(Event { header: event.header.clone(), body: None });
            }
        }
        self.forget_old();
        self.fold();
    }

    /// The oldest of those that belong to no incident go, beyond those that are kept; the journal has them.
    fn forget_old(&mut self) {
        let events = Arc::make_mut(&mut self.kept.events);
        let ambient =
            events.values().filter(|event| event.header.incident.is_none() && event.header.kind != "declared");
        let mut orders: Vec<_> = ambient.map(|event| (event.order(), event.header.id)).collect();
        if orders.len() > AMBIENT * 2 {
            orders.sort_unstable();
            let excess = orders.len() - AMBIENT;
            orders.iter().take(excess).for_each(|(_, id)| {
                events.remove(id);
            });
        }
    }

    fn record(&self) -> Record<'_> {
        Record::of(self.kept.events.values().map(|event| &**event))
    }

    fn fold(&mut self) {
        self.folds += 1;
        let folded = incident::Incidents::of(&self.record());
        let mut all: Vec<_> = folded.all().iter().cloned().map(Arc::new).collect();
        all.sort_by_key(|incident| std::cmp::Reverse((incident.declared_at, incident.id)));
        self.actions = Arc::new(followed(folded.all()));
        self.incidents = all;
        self.folded = Arc::new(folded);
        self.lay_out();
    }

    /// The rows of the incident that is shown.
    fn lay_out(&mut self) {
        let rows = self.shown().map(|incident| {
            let look = Look { all: self.kept.all, ..Look::default() };
            timeline::rows(incident, &self.record(), self.folded.names(), &look)
        });
        let mut rows = rows.unwrap_or_default();
        rows.reverse();
        self.rows = Arc::new(rows);
    }

    /// Operations that were intended and whose outcome nobody heard of, in events of the last day.
    pub fn unfinished(&self, now: jiff::Timestamp) -> Vec<&Event> {
        unfinished(self.kept.events.values().map(|event| &**event), now)
    }

    /// Whether the journal has been read.
    pub fn is_known(&self) -> bool {
        self.kept.is_known
    }

    /// Every incident, the newest first.
    pub fn all(&self) -> &[Arc<Incident>] {
        &self.incidents
    }

    /// The incident of this identity.
    pub fn get(&self, id: &str) -> Option<&Arc<Incident>> {
        self.incidents.iter().find(|incident| incident.id.to_string() == id)
    }

    /// What a person means by `INC-7`, `7`, or the beginning of an identity.
    ///
    /// # Errors
    /// There is none, or there are several.
    pub fn resolve(&self, text: &str) -> Result<IncidentId, String> {
        self.folded.resolve(text).map(|incident| incident.id).map_err(|error| error.to_string())
    }

    /// The number that the next one gets.
    pub fn next_number(&self) -> u32 {
        self.folded.next_number()
    }

    /// The one that is shown: which was chosen, or the worst that is open, the newest of those.
    pub fn shown(&self) -> Option<&Arc<Incident>> {
        let chosen = self.kept.chosen.and_then(|id| self.incidents.iter().find(|incident| incident.id == id));
        let running = self.incidents.iter().filter(|incident| incident.is_running());
        chosen.or_else(|| running.min_by_key(|incident| incident.severity.unwrap_or(Sev::Sev4)))
    }

    /// The one that is shown, where it goes on.
    pub fn running(&self) -> Option<&Arc<Incident>> {
        self.shown().filter(|incident| incident.is_running())
    }

    /// Chooses which is shown; `None` is the worst that is open.
    pub fn choose(&mut self, id: Option<IncidentId>) {
        self.kept.chosen = id;
        self.lay_out();
    }

    /// Whether the timeline shows every event.
    pub fn shows_all(&self) -> bool {
        self.kept.all
    }

    /// Shows every event, or the story.
    pub fn show_all(&mut self, all: bool) {
        self.kept.all = all;
        self.lay_out();
    }

    /// The timeline of the one that is shown, the newest first.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Tasks and actions of all incidents.
    pub fn actions(&self) -> &[Followed] {
        &self.actions
    }

    /// When runbooks last passed as drills; `None` until the journal says.
    pub fn drills(&self) -> Option<&BTreeMap<CompactString, Timestamp>> {
        self.kept.drills.as_ref()
    }

    /// What is owed after incidents.
    pub fn duties(&self) -> Vec<Duty> {
        self.incidents.iter().flat_map(|incident| duties(incident)).collect()
    }

    /// The event of a row.
    pub fn event_at(&self, row: usize) -> Option<Arc<Event>> {
        let id = event_of(self.rows.get(row)?)?;
        self.kept.events.get(&id).cloned()
    }

    /// The event of this identity.
    pub fn event(&self, id: &str) -> Option<&Arc<Event>> {
        self.kept.events.get(&EventId(id.parse().ok()?))
    }

    /// All that is known, in order, with edits seen to.
    pub fn whole_record(&self) -> Record<'_> {
        self.record()
    }

    /// What is another whenever the record is: what is derived from it can be kept until then.
    pub fn stamp(&self) -> (u64, usize) {
        (self.folds, self.kept.events.len())
    }

    /// Whether the journal has older events of the one that is shown than are here.
    pub fn has_earlier(&self) -> bool {
        self.kept.earlier.is_some() && self.kept.earlier == self.shown().map(|incident| incident.id)
    }

    /// The stretch that belongs to the incident that is shown: its newest events, or those before the oldest that is here.
    pub fn wanted(&self, earlier: bool) -> Option<StretchWanted> {
        let incident = self.shown()?;
        let (from, to) = incident.window();
        let end = to.unwrap_or(jiff::Timestamp::MAX);
        let oldest = self.kept.events.values().filter(|event| event.header.incident == Some(incident.id));
        let oldest = oldest.map(|event| event.order()).min();
        let from_there = match oldest {
            Some(oldest) if earlier => StretchFrom::Before(oldest),
            _ => StretchFrom::Newest,
        };
        Some(StretchWanted { incident: incident.id, window: (from, end), from: from_there })
    }

    /// How the journal is doing.
    pub fn state(&self) -> &JournalState {
        &self.kept.state
    }

    /// Who else looks at the journal.
    pub fn attached(&self) -> &[Attached] {
        &self.kept.attached
    }

    /// How often status updates are due.
    pub fn cadence(&self) -> Cadence {
        self.kept.manners.cadence
    }

    /// The status update that is due next.
    pub fn due(&self) -> Option<Due> {
        due(self.shown()?, &self.kept.manners.cadence)
    }

    /// Names of all incidents.
    pub fn names(&self) -> &incident::names::Names {
        self.folded.names()
    }

    /// How the team works on incidents.
    pub fn manners(&self) -> &Manners {
        &self.kept.manners
    }

    /// Sets how the team works on incidents.
    pub fn set_manners(&mut self, manners: Arc<Manners>) {
        self.kept.manners = manners;
    }

    /// What is wrong with the journal itself, in words.
    pub fn trouble(&self) -> Option<String> {
        let state = &self.kept.state;
        if let (None, Some(conflict)) = (&state.problem, &state.conflict) {
            return Some(format!("the shared journal does not fit: {conflict}"));
        }
        let why = state.problem.as_deref()?;
        Some(match state.unwritten {
            0 => format!("the journal cannot be written: {why}"),
            count => format!("{count} events wait in memory, the journal cannot be written: {why}"),
        })
    }

    /// When something that is shown of incidents changes by itself: a countdown that shows another minute.
    pub(super) fn next_change(&self, now: jiff::Timestamp) -> Option<jiff::Timestamp> {
        let left = self.due()?.at.duration_since(now).as_secs().abs();
        let step = if left <= 60 { 1 } else { 60 };
        now.checked_add(SignedDuration::from_secs(step - left.rem_euclid(step).min(step - 1))).ok()
    }
}

/// The event that a row stands for; a milestone stands for the one that it was taken from.
pub fn event_of(row: &Row) -> Option<EventId> {
    match row.id {
        RowId::Event(id) => Some(id),
        RowId::Milestone(_) => row.members.first().copied(),
    }
}
