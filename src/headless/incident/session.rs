//! A journal that is open for one command, with what it says of incidents.

use crate::{
    incident::{Incident, Incidents, Record, sentence::is_meant, update::Cadence},
    journal::{Entry, Filter, Journal, JournalError, Options, PageRequest, Place},
    model::{
        Timestamp,
        journal::{Event, EventId, IncidentId},
    },
};
use std::{collections::BTreeMap, time::Duration};

/// How long a command waits for the journal.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// Events of a page.
const PAGE: u32 = 10_000;
/// Shortest beginning of an identity that names an event.
const SHORTEST: usize = 8;

/// The journal, and its events as far as they were read.
pub struct Session {
    pub journal: Journal,
    events: BTreeMap<EventId, Event>,
    incidents: Incidents,
    /// How often status updates are due.
    pub cadence: Cadence,
}

impl Session {
    /// Opens the journal and reads what incidents are.
    ///
    /// # Errors
    /// Why not.
    pub fn open(options: Options, cadence: Cadence) -> Result<Self, JournalError> {
        let journal = Journal::open(options)?;
        let entries = journal.incidents().wait(PATIENCE)?;
        let mut session = Self { journal, events: BTreeMap::new(), incidents: Incidents::default(), cadence };
        session.take(entries);
        Ok(session)
    }

    fn take(&mut self, entries: Vec<Entry>) {
        self.events.extend(entries.into_iter().map(|entry| (entry.event.header.id, entry.event)));
        self.incidents = Incidents::of(&self.record());
    }

    /// Reads everything that stands in an incident's timeline.
    ///
    /// # Errors
    /// The journal could not be read.
    pub fn read_whole(&mut self, id: IncidentId) -> Result<(), JournalError> {
        let entries = self.journal.incident(id).wait(PATIENCE)?;
        self.take(entries);
        let Some(incident) = self.incidents.get(id) else { return Ok(()) };
        let (from, to) = incident.window();
        let window = Some((from, to.unwrap_or(Timestamp::MAX)));
        let mut place = Place::Oldest;
        loop {
            let request =
                PageRequest { incident: None, ambient: window, filter: Filter::default(), place, limit: PAGE };
            let page = self.journal.page(request).wait(PATIENCE)?;
            let last = page.entries.last().map(|entry| entry.event.order());
            let more = page.more_after;
            self.take(page.entries.into_iter().chain(page.edits).collect());
            match last.filter(|_| more) {
                Some(last) => place = Place::After(last),
                None => return Ok(()),
            }
        }
    }

    /// Reads what stands in the timelines of all that were declared since then: what was only seen, and belongs to no incident, tells of
    /// their beginnings and ends too, of which figures are made.
    ///
    /// # Errors
    /// The journal could not be read.
    pub fn read_since(&mut self, since: Timestamp) -> Result<(), JournalError> {
        let young = self.incidents.all().iter().filter(|incident| incident.declared_at >= since);
        let young: Vec<_> = young.map(|incident| incident.id).collect();
        young.into_iter().try_for_each(|id| self.read_whole(id))
    }

    /// Reads what an identity may be the beginning or the end of: of notes and of what was seen only the state of incidents is read at first.
    ///
    /// # Errors
    /// The journal could not be read.
    pub fn read_for(&mut self, text: &str) -> Result<(), JournalError> {
        let is_known = text.parse::<uuid::Uuid>().is_ok() || self.event(text).is_ok();
        if is_known || text.len() < SHORTEST {
            return Ok(());
        }
        let all: Vec<_> = self.incidents.all().iter().map(|incident| incident.id).collect();
        all.into_iter().try_for_each(|id| self.read_whole(id))
    }

    /// Events in order, edits seen to.
    pub fn record(&self) -> Record<'_> {
        Record::of(self.events.values())
    }

    /// All incidents.
    pub fn incidents(&self) -> &Incidents {
        &self.incidents
    }

    /// What a person means.
    ///
    /// # Errors
    /// There is none, or there are several.
    pub fn incident(&self, text: &str) -> Result<&Incident, String> {
        self.incidents.resolve(text).map_err(|error| error.to_string())
    }

    /// The event that the beginning or the end of an identity means.
    ///
    /// # Errors
    /// There is none, or there are several.
    pub fn event(&self, text: &str) -> Result<EventId, String> {
        if let Ok(id) = text.parse() {
            return Ok(EventId(id));
        }
        if text.len() < SHORTEST {
            return Err(format!("«{text}» is too short to name an event: write {SHORTEST} signs of it or more"));
        }
        let found: Vec<_> = self.events.keys().filter(|id| is_meant(**id, text)).collect();
        match found.as_slice() {
            [id] => Ok(**id),
            [] => Err(format!("no event begins or ends with «{text}»: incident show INCIDENT --all --json lists them")),
            several => Err(format!("{} events begin or end with «{text}»: write more of it", several.len())),
        }
    }
}
