//! What the cockpit records by itself: changes and what is not as it should be, grouped; and the proposal to declare an incident.

use super::App;
use crate::{
    incident::{
        capture::{Capture, Limits},
        declare::Proposal,
        oncall::escalation::due,
        propose::{Patience, Proposer},
        unfinished::unknown,
    },
    model::{Timestamp, attention::Severity, journal::IncidentId},
};
use std::{collections::BTreeSet, sync::Arc};

/// What is on its way into the journal, and what might become an incident.
#[derive(Debug, Default)]
pub struct Watch {
    capture: Option<Capture>,
    proposer: Proposer,
    /// Whether the attention list changed since it was last looked at.
    pub(super) attention: bool,
    /// Whether it was looked after operations that never ended.
    has_looked_back: bool,
    /// The incident whose timeline was read.
    pub(super) read: Option<IncidentId>,
    /// When the next level of an escalation policy is due.
    escalates_at: Option<Timestamp>,
    /// Levels that were called from here.
    called: BTreeSet<String>,
    /// What is proposed now.
    pub proposal: Option<Proposal>,
}

impl Watch {
    /// Whether an incident is proposed, and was not before.
    fn propose(&mut self, proposal: Option<Proposal>) -> bool {
        let is_new = proposal.is_some() && self.proposal.is_none();
        self.proposal = proposal;
        is_new
    }
}

impl App {
    /// Takes what changed to the journal, and looks whether an incident should be proposed.
    pub(super) fn follow_capture(&mut self) {
        let attention = std::mem::take(&mut self.watch.attention);
        let changes = self.world.take_captured();
        if self.player.is_some() || !self.settings.config.journal.enabled {
            return;
        }
        let now = self.now;
        let incident_runs = self.world.incidents.all().iter().any(|incident| incident.is_running());
        if self.settings.config.journal.capture || incident_runs {
            let capture = self.watch.capture.get_or_insert_with(|| {
                let facts = self.world.observed.facts.as_ref();
                Capture::new(facts.map_or("", |facts| &facts.hostname), Limits::default())
            });
            for (context, cluster) in &self.world.observed.kube.clusters {
                // Two people seldom call a cluster the same; its server is the same for both.
                capture.know_cluster(context, &cluster.server);
            }
            changes.iter().for_each(|change| capture.change(now, change));
            if attention {
                capture.attention(now, &self.world.attention);
            }
            let drafts = capture.due(now);
            if !drafts.is_empty() {
                self.ask(super::effect::Effect::Record(drafts));
            }
        }
        self.tell_unfinished();
        self.follow_proposal();
        self.follow_escalation();
    }

    /// Says at the start which operations were begun before and never ended: their outcome is unknown, and nothing is done again blindly.
    fn tell_unfinished(&mut self) {
        if self.watch.has_looked_back || !self.world.incidents.is_known() {
            return;
        }
        self.watch.has_looked_back = true;
        let open = self.world.incidents.unfinished(self.now);
        let drafts: Vec<_> = open.iter().filter_map(|intent| unknown(intent, self.now)).collect();
        let objects: Vec<_> = drafts.iter().filter_map(|draft| draft.object.clone()).collect();
        for object in objects {
            let text = "an operation was begun and nobody heard how it went: look before it is done again";
            self.world.note_operation(self.now, object, false, text);
        }
        if !drafts.is_empty() {
            let count = drafts.len();
            let text =
                format!("{count} operations were begun and their outcome is unknown: see what changed, and page 7");
            self.notice(Severity::Error, text);
            self.ask(super::effect::Effect::Record(drafts));
        }
    }

    /// Calls the next level of the escalation policy where nobody has taken the incident up. The call is recorded, and said here.
    fn follow_escalation(&mut self) {
        self.watch.escalates_at = None;
        let running = self.world.incidents.all().iter().filter(|incident| incident.is_running());
        let mut drafts = Vec::new();
        let mut said = Vec::new();
        for incident in running {
            let asked = due(&self.settings.manners.on_call, incident, self.now);
            self.watch.escalates_at = self.watch.escalates_at.into_iter().chain(asked.next).min();
            for call in asked.calls {
                let key = format!("{} {}", incident.id, call.level);
                // Until the call has come back from the journal it is not made again.
                if self.watch.called.insert(key) {
                    said.push(format!("{}: {}", incident.name, call.text));
                    drafts.push(call.draft(incident, self.now));
                }
            }
        }
        said.into_iter().for_each(|text| self.notice(Severity::Error, text));
        if !drafts.is_empty() {
            self.ask(super::effect::Effect::Record(drafts));
        }
    }

    fn follow_proposal(&mut self) {
        if !self.settings.config.incidents.propose || !self.world.incidents.is_known() {
            return;
        }
        let incidents: Vec<_> = self.world.incidents.all().iter().map(|incident| &**incident).collect();
        let (rows, changes) = (&self.world.attention, &self.world.changes);
        let proposal = self.watch.proposer.look(self.now, rows, changes, &incidents);
        if self.watch.propose(proposal)
            && let Some(proposal) = &self.watch.proposal
        {
            let text = format!("declare an incident? «{}» goes on: I declares it, alt-i says no", proposal.title);
            self.notice(Severity::Error, text);
        }
    }

    /// Takes a no to the proposed incident; it is not proposed again within the hour.
    pub fn dismiss_proposal(&mut self) {
        self.watch.proposer.dismiss(self.now);
        if self.watch.proposal.take().is_some() {
            self.notice(Severity::Info, "no incident is declared; what goes on is not proposed again within the hour");
        }
    }

    /// Sets how the team works on incidents, by the configuration.
    pub(super) fn set_manners(&mut self) {
        self.world.incidents.set_manners(Arc::new(self.settings.manners.clone()));
        let patience =
            Patience { after_minutes: self.settings.config.incidents.propose_after_minutes, ..Patience::default() };
        self.watch.proposer = Proposer::new(patience);
    }

    /// When something is to be recorded or proposed though nothing arrives.
    pub(super) fn capture_wake(&self) -> Option<Timestamp> {
        if self.player.is_some() {
            return None;
        }
        let capture = self.watch.capture.as_ref().and_then(Capture::next_wake);
        [capture, self.watch.proposer.next_wake(), self.watch.escalates_at].into_iter().flatten().min()
    }
}
