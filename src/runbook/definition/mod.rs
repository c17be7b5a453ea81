//! What a runbook is: variables, questions to ask before, steps, conditions that stop it. Runbooks are data in TOML; reading one finds
//! every fault in one go, and names file, line and column.

mod catalogue;
mod fault;
mod fits;
pub(super) mod flow;
mod lint;
mod read;
mod schema;
mod settle;
mod step;
mod variable;
mod written;

pub use catalogue::{BUILT_IN, Catalogue, Layer, Shelved};
pub use fault::Fault;
pub use fits::{Fits, Occasion, Suggestion};
pub use flow::Flow;
pub use lint::lint;
pub use read::read;
pub use schema::schema;
pub use step::{Approval, Branch, Check, Confirm, Deed, Kind, Observe, Preflight, Repeat, Step, Stop, Undo, WayBack};
pub use variable::{DISCOVERIES, ValueKind, Variable};

use super::{target::TargetForm, template::Template};
use crate::model::{canonical, journal::Digest};
use serde::Serialize;

/// A runbook.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Definition {
    /// Its name: that of its file.
    pub id: String,
    pub title: Template,
    /// What it is for, and when not to use it.
    pub about: String,
    pub target: TargetForm,
    /// What a person types to confirm; the target's name where it is not given.
    pub typed: Option<Template>,
    /// Days after which it has to have passed as a drill again.
    pub drill_days: Option<u32>,
    pub variables: Vec<Variable>,
    pub preflight: Vec<Preflight>,
    pub steps: Vec<Step>,
    pub stops: Vec<Stop>,
    pub fits: Vec<Fits>,
}

impl Definition {
    /// Its version: SHA-256 of what it says, whatever its layout and comments.
    pub fn version(&self) -> Digest {
        canonical::hash(self)
    }

    /// What it does, in a sentence.
    pub fn summary(&self) -> String {
        self.about.split(". ").next().unwrap_or_default().trim().trim_end_matches('.').to_owned()
    }

    /// A variable by name.
    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.iter().find(|variable| variable.name == name)
    }

    /// Place of a step among the steps.
    pub fn step_at(&self, id: &str) -> Option<usize> {
        self.steps.iter().position(|step| step.id == id)
    }
}

#[cfg(test)]
mod tests;
