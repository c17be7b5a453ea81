//! What people write into postmortems, in the cockpit: texts that are not saved yet, which nothing loses, and what is written into the
//! journal.

use super::App;
use crate::{
    incident::{Incident, postmortem},
    model::{
        attention::Severity,
        journal::{Body, EventId, IncidentId, ReviewState, Section},
        redact,
    },
};
use std::collections::BTreeMap;

/// A text that somebody writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsaved {
    pub text: String,
    /// The version that it began from, or that stood there when it was sent; `None` where there was none.
    pub over: Option<EventId>,
    /// Whether it is on its way into the journal.
    pub sent: bool,
}

/// Texts of postmortems that the journal does not have yet.
#[derive(Debug, Default)]
pub struct Drafts {
    texts: BTreeMap<(IncidentId, Section), Unsaved>,
    /// Whether somebody who wanted to leave was told of them.
    warned: bool,
}

impl Drafts {
    /// Those that nobody has saved.
    fn open(&self) -> impl Iterator<Item = &(IncidentId, Section)> {
        self.texts.iter().filter(|(_, unsaved)| !unsaved.sent).map(|(key, _)| key)
    }
}

impl App {
    /// What was written into a section here and is not in the record yet.
    pub fn unsaved(&self, incident: &Incident, section: Section) -> Option<&Unsaved> {
        let unsaved = self.drafts.texts.get(&(incident.id, section))?;
        let arrived = unsaved.sent && written(incident, section) != unsaved.over;
        (!arrived).then_some(unsaved)
    }

    /// Keeps what is being written; what stands in the record anyway needs no keeping.
    pub fn keep_unsaved(&mut self, incident: &Incident, section: Section, text: String, over: Option<EventId>) {
        self.drafts.warned = false;
        let key = (incident.id, section);
        if text == stands(incident, section) {
            self.drafts.texts.remove(&key);
        } else {
            self.drafts.texts.insert(key, Unsaved { text, over, sent: false });
        }
    }

    /// Throws away what was written and not saved.
    pub fn drop_unsaved(&mut self, incident: IncidentId, section: Section) {
        self.drafts.texts.remove(&(incident, section));
    }

    /// Writes a section into the record; says whether that may be.
    pub fn save_account(&mut self, incident: &Incident, section: Section, text: &str) -> bool {
        let plain = redact::text(text.trim_end()).into_owned();
        let hidden = plain != text.trim_end();
        let body = Body::Account { section, text: plain.clone() };
        let draft = self.draft(Some(incident.id), body);
        if !self.record(vec![draft]) {
            return false;
        }
        let unsaved = Unsaved { text: plain, over: written(incident, section), sent: true };
        self.drafts.texts.insert((incident.id, section), unsaved);
        let secret = if hidden { "; what looked like a secret is left out" } else { "" };
        self.notice(Severity::Info, format!("{}: {} is written down{secret}", incident.name, section.title()));
        true
    }

    /// Takes the postmortem to its next state.
    ///
    /// # Errors
    /// What is missing.
    pub fn review_next(&mut self, incident: &Incident) -> Result<(), Vec<String>> {
        let from = incident.postmortem.state();
        let to =
            postmortem::next(from).ok_or_else(|| vec![format!("it is {}: nothing comes after that", from.word())])?;
        let mut lacks = postmortem::check_step(incident, to).err().unwrap_or_default();
        let unsaved = self.drafts.open().filter(|(of, _)| *of == incident.id);
        lacks.extend(unsaved.map(|(_, section)| format!("what was written into {:?} is not saved", section.title())));
        if lacks.is_empty() {
            self.review(incident, to, "");
            return Ok(());
        }
        Err(lacks)
    }

    /// Writes how far the postmortem is.
    pub fn review(&mut self, incident: &Incident, to: ReviewState, text: &str) {
        let body = Body::Review { state: to, text: redact::text(text).into_owned() };
        let draft = self.draft(Some(incident.id), body);
        if self.record(vec![draft]) {
            self.notice(Severity::Info, format!("{}: its postmortem is {}", incident.name, to.word()));
        }
    }

    /// Whether somebody who wants to leave has to know first that texts are not saved; that is said once.
    pub(super) fn holds_back_for_drafts(&mut self) -> bool {
        let count = self.drafts.open().count();
        if count == 0 || std::mem::replace(&mut self.drafts.warned, true) {
            return false;
        }
        let text = format!(
            "{count} texts of postmortems are not saved and would be lost: incident-postmortem (V) has them; once more leaves"
        );
        self.notice(Severity::Warn, text);
        true
    }
}

/// What the record has of a section.
fn stands(incident: &Incident, section: Section) -> &str {
    incident.postmortem.sections.get(&section).map_or("", |written| written.text.as_str())
}

/// The event that wrote what the record has of a section.
pub fn written(incident: &Incident, section: Section) -> Option<EventId> {
    incident.postmortem.sections.get(&section).map(|written| written.event)
}
