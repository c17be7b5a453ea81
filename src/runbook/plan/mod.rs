//! What a run would do: every step with its effect, what is asked before and after, the way back, and a hash that approvals are bound to.
//!
//! The house asks the questions of [`questions`] until none is left, and then has [`make()`] put the plan together.

mod make;
mod report;
mod scope;
mod words;

pub(super) use make::pins;
pub use make::{Question, make, questions, settle};
pub use words::{check_words, step_effect};

use super::{
    ask::{Answer, AskForm},
    condition::Condition,
    definition::{Flow, Kind, Preflight, Repeat, Step, Stop},
    target::Target,
};
use crate::model::{canonical, journal::Digest};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// The values of a runbook's variables. Secrets are named, not held.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Variables {
    pub values: BTreeMap<String, Json>,
    /// Secrets that were given: the house holds them, in memory only.
    pub secrets: BTreeSet<String>,
}

/// What the house found out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// Answers to the preflight questions, by their names.
    pub answers: BTreeMap<String, Answer>,
    /// Keys ([`Target::key`]) of targets that are marked as isolated, so that a drill may act on them.
    pub isolated: BTreeSet<String>,
    /// What a step would change, line by line, by its name.
    pub diffs: BTreeMap<String, String>,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub runbook: String,
    pub title: String,
    pub about: String,
    /// SHA-256 of what the runbook says.
    pub version_hash: Digest,
    /// SHA-256 of what would be done, to what, and on which facts that rests.
    pub plan_hash: Digest,
    pub target: Target,
    /// What a person types to confirm.
    pub typed: String,
    pub variables: Variables,
    pub preflight: Vec<Asked>,
    pub steps: Vec<Planned>,
    pub stops: Vec<Stop>,
    /// Keys of targets that a drill may act on.
    pub isolated: BTreeSet<String>,
    pub drill_days: Option<u32>,
}

/// A preflight question, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    pub question: Preflight,
    pub title: String,
    pub target: Target,
    /// Whether all is as it has to be; nothing where nobody can say.
    pub ok: Option<bool>,
    pub detail: String,
    /// Parts of the answer that must not change before something is done.
    pub pins: BTreeMap<String, Json>,
}

/// A step, with every value that is known before the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    pub step: Step,
    pub title: String,
    pub target: Target,
    /// Its effect, in one sentence.
    pub effect: String,
    /// What it would change, line by line.
    pub diff: Option<String>,
    /// Why it is left out, where that is known already.
    pub left_out: Option<String>,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Unplanned {
    /// What is wrong: variables, values, answers.
    pub faults: Vec<String>,
    /// What came of the preflight questions that could be asked: name, whether it is so, and what was found.
    pub preflight: Vec<(String, Option<bool>, String)>,
}

impl std::fmt::Display for Unplanned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let failed = self.preflight.iter().filter(|(_, ok, _)| *ok != Some(true));
        let lines = failed.map(|(name, _, detail)| format!("{name}: {detail}")).chain(self.faults.iter().cloned());
        f.write_str(&lines.collect::<Vec<_>>().join("\n"))
    }
}

impl std::error::Error for Unplanned {}

impl Asked {
    fn hashed(&self) -> HashedQuestion<'_> {
        let Preflight { id, ask, expect, repeat, .. } = &self.question;
        HashedQuestion { id, target: &self.target, ask, expect, repeat: *repeat, pins: &self.pins }
    }
}

/// What a plan's hash is of.
#[derive(Serialize)]
struct Hashed<'p> {
    version: Digest,
    target: &'p Target,
    typed: &'p str,
    variables: &'p Variables,
    preflight: Vec<HashedQuestion<'p>>,
    steps: Vec<(&'p Step, &'p Target, bool)>,
    stops: &'p [Stop],
    isolated: &'p BTreeSet<String>,
}

/// What of a preflight question is in the hash: all but its title, in which figures may stand that change.
#[derive(Serialize)]
struct HashedQuestion<'p> {
    id: &'p str,
    target: &'p Target,
    ask: &'p AskForm,
    expect: &'p [Condition],
    repeat: Repeat,
    pins: &'p BTreeMap<String, Json>,
}

impl Plan {
    /// The hash of what it says.
    fn hash(&self) -> Digest {
        canonical::hash(&Hashed {
            version: self.version_hash,
            target: &self.target,
            typed: &self.typed,
            variables: &self.variables,
            preflight: self.preflight.iter().map(Asked::hashed).collect(),
            steps: self.steps.iter().map(|it| (&it.step, &it.target, it.left_out.is_some())).collect(),
            stops: &self.stops,
            isolated: &self.isolated,
        })
    }

    /// Whether its hash is that of what it says: a plan that was kept may have been changed.
    pub fn is_intact(&self) -> bool {
        self.hash() == self.plan_hash
    }

    /// A step by name.
    pub fn step(&self, id: &str) -> Option<&Planned> {
        self.steps.iter().find(|planned| planned.step.id == id)
    }

    /// Place of a step by its name.
    pub fn at(&self, id: &str) -> Option<usize> {
        self.steps.iter().position(|planned| planned.step.id == id)
    }

    /// The order of its steps.
    pub fn flow(&self) -> Flow {
        let steps: Vec<Step> = self.steps.iter().map(|planned| planned.step.clone()).collect();
        Flow::of(&steps)
    }

    /// The first step that is not left out, from this place on.
    pub fn from(&self, flow: &Flow, at: Option<usize>) -> Option<usize> {
        let mut at = at;
        // No more than once over each: a runbook that leads in a circle of steps that are left out ends.
        for _ in 0..=self.steps.len() {
            match at {
                Some(index) if self.steps.get(index).is_some_and(|it| it.left_out.is_some()) => at = flow.after(index),
                at => return at,
            }
        }
        None
    }

    /// Whether everything that it acts on is marked as isolated.
    ///
    /// # Errors
    /// What is not.
    pub fn may_drill(&self) -> Result<(), String> {
        let acts = self.steps.iter().filter(|planned| planned.left_out.is_none() && planned.step.changes());
        let open = acts.map(|planned| &planned.target).find(|target| !self.isolated.contains(&target.key()));
        open.map_or(Ok(()), |target| Err(format!("{target} is not marked as isolated: a drill does not act on it")))
    }

    /// Whether anything in it changes something.
    pub fn changes(&self) -> bool {
        self.steps.iter().any(|planned| planned.left_out.is_none() && planned.step.changes())
    }

    /// The preflight questions that are asked again right before a step is done.
    pub fn asked_before(&self, is_first: bool) -> impl Iterator<Item = &Asked> {
        self.preflight.iter().filter(move |asked| is_first || asked.question.repeat == Repeat::Every)
    }

    /// The steps that go on side by side with this one as their leader.
    pub fn members(&self, index: usize) -> Vec<usize> {
        match &self.steps[index].step.kind {
            Kind::Parallel(members) => {
                let places = members.iter().filter_map(|id| self.at(id));
                places.filter(|at| self.steps[*at].left_out.is_none()).collect()
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
