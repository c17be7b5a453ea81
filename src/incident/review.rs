//! How far the postmortem of an incident is, and what people wrote into it.

use super::record::Entry;
use crate::model::{
    Timestamp,
    journal::{Body, EventId, ReviewState, Section},
};
use compact_str::CompactString;
use serde::Serialize;
use std::collections::BTreeMap;

/// What somebody wrote into a section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Written {
    pub text: String,
    pub at: Timestamp,
    pub by: CompactString,
    pub event: EventId,
    /// How often it was written, the first time included.
    pub versions: usize,
}

/// A step from one state to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    pub to: ReviewState,
    pub at: Timestamp,
    pub by: CompactString,
    pub text: String,
    pub event: EventId,
}

/// The postmortem, as far as people wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Postmortem {
    pub sections: BTreeMap<Section, Written>,
    /// The steps that it took, in order; without any it is a draft.
    pub steps: Vec<Step>,
    /// Steps that leave one out, which have no effect.
    pub without_effect: Vec<EventId>,
}

impl Postmortem {
    /// How far it is.
    pub fn state(&self) -> ReviewState {
        self.steps.last().map_or(ReviewState::Draft, |step| step.to)
    }

    /// Whether anybody wrote anything.
    pub fn is_begun(&self) -> bool {
        !(self.sections.is_empty() && self.steps.is_empty())
    }
}

/// Whether one state may follow another: one step on, or any step back.
pub fn may_follow(from: ReviewState, to: ReviewState) -> bool {
    to < from || to as u8 == from as u8 + 1
}

/// Folds what people did to the postmortem. Of each section the newest text counts, by what was known when it was written.
pub(super) fn review(entries: &[&Entry<'_>]) -> Postmortem {
    let mut by_clock: Vec<_> = entries.to_vec();
    by_clock.sort_by_key(|entry| entry.versions().last().map(|version| super::record::clock_order(version.event)));
    let mut postmortem = Postmortem::default();
    for entry in by_clock {
        let (at, event, by) = (entry.at(), entry.id, entry.shown().event.header.actor.name.clone());
        match entry.body() {
            Some(Body::Account { section, text }) => {
                let before = postmortem.sections.get(section).map_or(0, |written| written.versions);
                let versions = before + entry.versions().len();
                postmortem.sections.insert(*section, Written { text: text.clone(), at, by, event, versions });
            }
            Some(Body::Review { state, text }) => {
                if may_follow(postmortem.state(), *state) {
                    postmortem.steps.push(Step { to: *state, at, by, text: text.clone(), event });
                } else {
                    postmortem.without_effect.push(event);
                }
            }
            _ => {}
        }
    }
    postmortem
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::{record::Record, sample::Story, state::Incident};

    #[test]
    fn the_newest_text_of_a_section_counts_and_no_step_is_left_out() {
        let mut story = Story::new();
        let id = story.declared("02:00", "checkout down");
        let step = |state| Body::Review { state, text: String::new() };
        let account = |text: &str| Body::Account { section: Section::Summary, text: text.into() };
        story.says("09:00", "ops-a", account("first"));
        story.says("09:01", "ops-b", account("second"));
        story.says("09:02", "ops-a", step(ReviewState::Reviewed));
        story.says("09:03", "ops-a", step(ReviewState::InReview));
        story.says("09:04", "ops-b", step(ReviewState::Reviewed));
        story.says("09:05", "ops-b", step(ReviewState::Draft));
        let events = story.events();
        let postmortem = Incident::of(id, &Record::of(&events)).expect("is declared").postmortem;
        let summary = &postmortem.sections[&Section::Summary];
        assert_eq!((summary.text.as_str(), summary.by.as_str(), summary.versions), ("second", "ops-b", 2));
        assert_eq!(postmortem.without_effect.len(), 1);
        assert_eq!(postmortem.steps.len(), 3);
        assert_eq!(postmortem.state(), ReviewState::Draft, "a step back is taken");
        assert!(postmortem.is_begun());
    }
}
