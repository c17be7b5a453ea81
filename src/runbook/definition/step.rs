//! Steps, checks and questions of a runbook.

use super::variable::Variable;
use crate::{
    model::journal::Milestone,
    runbook::{
        act::ActForm,
        ask::AskForm,
        condition::Condition,
        field::{Period, Templated, Visit},
        target::TargetForm,
        template::{Template, Unbound},
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A question whose answer has to be as expected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Check {
    /// What is checked, for a person.
    #[serde(default)]
    pub title: Template,
    /// What is asked about; the step's target otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<TargetForm>,
    /// What is asked.
    pub ask: AskForm,
    /// What has to be so.
    #[serde(default)]
    pub expect: Vec<Condition>,
    /// Where all of these hold, it has failed, and waiting is over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fail_when: Vec<Condition>,
    /// For how long it is waited for; the step's timeout otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Period>,
    /// How often it is asked; every 2 s otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
    /// For how long it has to stay so before it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settle: Option<Period>,
}

/// When a preflight question is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Repeat {
    /// Right before the first step that changes something: later the run itself has changed what was asked.
    #[default]
    Once,
    /// Right before every step that changes something.
    Every,
}

/// A question that is asked for the plan, and again right before something is done. Its answer is known to all steps by its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Preflight {
    /// The name by which its answer is known: `{{rollout.revision}}`.
    pub id: String,
    /// What is checked, for a person.
    pub title: Template,
    /// Where these do not all hold, it is not asked: the others decide.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<Condition>,
    /// What is asked about; the runbook's target otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<TargetForm>,
    /// What is asked.
    pub ask: AskForm,
    /// What has to be so.
    #[serde(default)]
    pub expect: Vec<Condition>,
    /// Parts of the answer that must not have changed between plan and act.
    #[serde(default)]
    pub pin: Vec<String>,
    /// When it is asked again.
    #[serde(default)]
    pub repeat: Repeat,
}

/// A condition that pauses the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Stop {
    /// Why one stops, for a person.
    pub title: Template,
    /// What is asked about; the runbook's target otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<TargetForm>,
    /// What is asked.
    pub ask: AskForm,
    /// Where all of these hold, the run pauses.
    pub when: Vec<Condition>,
    /// How often it is asked while the run waits for something; it is always asked right before something is done.
    pub every: Period,
    /// Whether the run goes on where nobody can say. It pauses otherwise.
    #[serde(default)]
    pub may_be_blind: bool,
}

/// How to find out, after a crash, whether an act was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Observe {
    /// What is asked about; the step's target otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<TargetForm>,
    /// What is asked.
    pub ask: AskForm,
    /// Where all of these hold, it was done.
    pub done: Vec<Condition>,
    /// Where all of these still hold after `patience`, it was not done, and is done now. Without them a person has to say so.
    #[serde(default)]
    pub not_done: Vec<Condition>,
    /// How often it is asked; every 2 s otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
    /// For how long what was begun may still be on its way.
    pub patience: Period,
}

/// Asks a person to go on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Confirm {
    /// What a person has to know.
    pub text: Template,
    /// What has to be typed; the runbook's `typed`, or the target's name otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typed: Option<Template>,
}

/// Goes on at one of two steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Branch {
    /// Conditions on values.
    pub when: Vec<Condition>,
    /// The step where all hold; `end` ends the run.
    pub then: String,
    /// The step where one does not hold; `end` ends the run.
    #[serde(rename = "else")]
    pub otherwise: String,
    /// How often it may lead back to a step before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u32>,
}

/// Asks other people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Approval {
    /// What they have to know.
    pub text: Template,
    /// How many have to approve, none of whom asked for the run.
    #[serde(default = "one")]
    pub people: u32,
    /// In which role, for the reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// For how long an approval holds.
    pub valid: Period,
}

const fn one() -> u32 {
    1
}

/// Something that changes the world: by the cockpit, or by hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    Act(ActForm),
    /// A person does it, and says so.
    Manual(Template),
}

/// What a step is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Confirm(Confirm),
    Input(Vec<Variable>),
    /// Asks once, and keeps the answer.
    Look(Check),
    /// Asks until the answer is as expected.
    WaitUntil(Check),
    /// Asks whether rules, service levels and alerts let one go on.
    Gate(Check),
    Do(Deed),
    Branch(Branch),
    /// Steps that go on side by side.
    Parallel(Vec<String>),
    Timer(Period),
    Approval(Approval),
    Note(Template),
}

/// How an act is undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Undo {
    Way(Box<WayBack>),
    /// It cannot be undone, and why.
    None(String),
}

/// The way back from an act.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WayBack {
    pub on: Option<TargetForm>,
    pub deed: Deed,
    pub timeout: Option<Period>,
    pub verify: Vec<Check>,
    pub observe: Option<Observe>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub id: String,
    pub title: Template,
    /// What a person has to know about it.
    pub about: Template,
    /// Where these do not all hold, the step is left out.
    pub when: Vec<Condition>,
    /// What it acts on or asks about; the runbook's target otherwise.
    pub on: Option<TargetForm>,
    /// Its kind, as it is written.
    pub word: String,
    pub kind: Kind,
    pub timeout: Option<Period>,
    pub verify: Vec<Check>,
    pub observe: Option<Observe>,
    pub undo: Option<Undo>,
    /// The step after it; the next one in the file otherwise, `end` for none.
    pub next: Option<String>,
    /// The milestone of the incident that is reached with it.
    pub milestone: Option<Milestone>,
}

impl Step {
    /// What it does through the house, where it does something.
    pub const fn act(&self) -> Option<&ActForm> {
        match &self.kind {
            Kind::Do(Deed::Act(act)) => Some(act),
            _ => None,
        }
    }

    /// Whether it changes something outside of the journal.
    pub const fn changes(&self) -> bool {
        match &self.kind {
            Kind::Do(Deed::Manual(_)) => true,
            Kind::Do(Deed::Act(act)) => !act.is_record(),
            _ => false,
        }
    }

    /// Whether a person has to answer.
    pub const fn asks_person(&self) -> bool {
        matches!(self.kind, Kind::Confirm(_) | Kind::Input(_) | Kind::Approval(_) | Kind::Do(Deed::Manual(_)))
    }

    /// The question whose answer is known as `steps.ID`.
    pub const fn answering(&self) -> Option<&Check> {
        match &self.kind {
            Kind::Look(check) | Kind::WaitUntil(check) | Kind::Gate(check) => Some(check),
            _ => None,
        }
    }
}

/// Shows every template of the named parts.
macro_rules! parts {
    ($type:ty { $($part:ident),* }) => {
        impl Templated for $type {
            fn each(&mut self, visit: Visit<'_>) -> Result<(), Unbound> {
                $(self.$part.each(visit)?;)*
                Ok(())
            }
        }
    };
}
parts!(Check { title, on, ask, expect, fail_when, within, every, settle });
parts!(Preflight { title, when, on, ask, expect });
parts!(Stop { title, on, ask, when, every });
parts!(Observe { on, ask, done, not_done, every, patience });
parts!(Confirm { text, typed });
parts!(Branch { when });
parts!(Approval { text, valid });
parts!(WayBack { on, deed, timeout, verify, observe });
parts!(Step { title, about, when, on, kind, timeout, verify, observe, undo });

impl Templated for Deed {
    fn each(&mut self, visit: Visit<'_>) -> Result<(), Unbound> {
        match self {
            Self::Act(act) => act.each(visit),
            Self::Manual(text) => text.each(visit),
        }
    }
}

impl Templated for Undo {
    fn each(&mut self, visit: Visit<'_>) -> Result<(), Unbound> {
        match self {
            Self::Way(way) => way.each(visit),
            Self::None(_) => Ok(()),
        }
    }
}

impl Templated for Kind {
    fn each(&mut self, visit: Visit<'_>) -> Result<(), Unbound> {
        match self {
            Self::Confirm(confirm) => confirm.each(visit),
            Self::Look(check) | Self::WaitUntil(check) | Self::Gate(check) => check.each(visit),
            Self::Do(deed) => deed.each(visit),
            Self::Branch(branch) => branch.each(visit),
            Self::Timer(period) => period.each(visit),
            Self::Approval(approval) => approval.each(visit),
            Self::Note(text) => text.each(visit),
            Self::Input(_) | Self::Parallel(_) => Ok(()),
        }
    }
}
