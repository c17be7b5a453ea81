//! A run as a person looks at it.

use super::{
    Asking, Outcome, Question, Run, Status,
    act::Doing,
    state::{Mark, Stage},
};
use crate::runbook::definition::Undo;
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// How a step stands, for glyph and colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tone {
    Ahead,
    /// It is the step that the run is at.
    Now,
    Good,
    LeftOut,
    /// It waits for a person.
    Waiting,
    Bad,
    Undone,
}

/// One line of the checklist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepView {
    pub id: String,
    pub title: String,
    pub kind: String,
    pub tone: Tone,
    /// How it stands, in words.
    pub text: String,
    /// Whether it stands and can be undone.
    pub can_be_undone: bool,
}

/// The whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct View {
    pub steps: Vec<StepView>,
    /// The step that the run is at.
    pub at: Option<String>,
    /// What happens next, or why nothing does.
    pub next: String,
}

/// How a run stands at who carries it on: more than its entries say, and gone with the process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    pub run: CompactString,
    pub view: View,
    /// What waits for a person.
    pub question: Option<Question>,
    pub outcome: Option<Outcome>,
    /// Whether something is being done that nobody can call back.
    pub is_in_flight: bool,
    /// What the person was told last.
    pub remark: Option<String>,
    /// Why it is not carried on here any more; nothing while it is.
    pub ended: Option<String>,
}

impl Run {
    /// How it stands here.
    pub fn standing(&self, remark: Option<&str>) -> Standing {
        Standing {
            run: self.id.clone(),
            view: self.view(),
            question: self.question().cloned(),
            outcome: self.outcome(),
            is_in_flight: self.is_in_flight(),
            remark: remark.map(ToOwned::to_owned),
            ended: None,
        }
    }

    /// The run as a person looks at it. Steps that are left out by the plan are not in it.
    pub fn view(&self) -> View {
        let steps = self.plan.steps.iter().enumerate().filter(|(_, planned)| planned.left_out.is_none());
        let steps: Vec<_> = steps.map(|(index, _)| self.step_view(index)).collect();
        let at = self.state.back.as_ref().and_then(|queue| queue.first().cloned());
        let at = at.or_else(|| self.state.at.map(|index| self.plan.steps[index].step.id.clone()));
        View { steps, at, next: self.next_words() }
    }

    fn step_view(&self, index: usize) -> StepView {
        let planned = &self.plan.steps[index];
        let id = &planned.step.id;
        let open = self.state.open.iter().find(|(key, _)| key.step == *id);
        let is_standing = self.state.standing().any(|step| step == id);
        let (tone, text) = match (open, self.state.marks.get(id)) {
            (Some((key, progress)), _) => {
                let tone = match progress.stage {
                    Stage::Failed | Stage::Refused | Stage::Unverified => Tone::Bad,
                    Stage::Inconclusive | Stage::Doubtful => Tone::Waiting,
                    _ => Tone::Now,
                };
                let live = self.live.doing.get(key).and_then(|doing| match doing {
                    Doing::Judging(judging) => judging.standing(),
                    _ => None,
                });
                (tone, live.unwrap_or_else(|| progress.text.clone()))
            }
            _ if self.state.at == Some(index) && self.state.back.is_none() => match &self.live.question {
                Some(_) => (Tone::Waiting, "waits for a person".into()),
                None => (Tone::Now, String::new()),
            },
            (None, Some(Mark::Verified)) => (Tone::Good, "verified".into()),
            (None, Some(Mark::Skipped)) => (Tone::LeftOut, "left out".into()),
            (None, Some(Mark::Undone)) => (Tone::Undone, "undone".into()),
            (None, Some(Mark::Kept)) => (Tone::Bad, "stands: there is no way back".into()),
            (None, None) => (Tone::Ahead, String::new()),
        };
        StepView {
            id: id.clone(),
            title: planned.title.clone(),
            kind: planned.step.word.clone(),
            tone,
            text,
            can_be_undone: is_standing && matches!(planned.step.undo, Some(Undo::Way(_))),
        }
    }

    fn next_words(&self) -> String {
        match &self.state.status {
            Status::Finished(_, text) | Status::Paused(_, text) => text.clone(),
            Status::Running if self.state.is_cancelled => {
                self.in_flight_text().unwrap_or_else(|| "it is being called off".into())
            }
            Status::Running => match self.live.question.as_ref().map(|question| &question.asking) {
                Some(Asking::Confirm { typed, .. }) => format!("type {typed} to go on"),
                Some(Asking::Input { .. }) => "fill in the form to go on".into(),
                Some(Asking::Approval { people, given, .. }) => {
                    format!("{} of {people} have approved; flightdeck runbook approve", given.len())
                }
                Some(Asking::Manual { text } | Asking::TalkThrough { text } | Asking::Way { text, .. }) => text.clone(),
                Some(Asking::Choose { text, .. }) => text.clone(),
                None => self.state.at.map_or_else(String::new, |index| self.plan.steps[index].effect.clone()),
            },
        }
    }
}
