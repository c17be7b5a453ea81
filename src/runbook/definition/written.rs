//! A runbook as it is written. Its doc comments are what the JSON schema tells editors.

use super::{
    fits::Fits,
    step::{Approval, Branch, Check, Confirm, Observe, Preflight, Stop},
    variable::Variable,
};
use crate::runbook::{
    act::{
        ActForm, CommandForm, DockerActForm, HelmActForm, HttpForm, KubernetesActForm, PatroniActForm, PostgresActForm,
        RecordActForm, SqlForm,
    },
    ask::{AskForm, PromQlForm},
    condition::Condition,
    field::Period,
    target::TargetForm,
    template::Template,
};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

/// A runbook of Flightdeck.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(
    dead_code,
    reason = "only its schema is used: parts are read one by one, so that every fault is found in one go"
)]
pub struct Runbook {
    /// What it does, in one line; `{{name}}` stands for a value.
    pub title: Template,
    /// What it is for, and when not to use it.
    pub about: String,
    /// Days after which it has to have passed as a drill again.
    #[serde(default)]
    pub drill_days: Option<u32>,
    /// What a person types to confirm; the target's name where it is not given.
    #[serde(default)]
    pub typed: Option<Template>,
    /// What it acts on.
    pub target: TargetForm,
    /// What it has to be told.
    #[serde(default)]
    pub variable: Vec<Variable>,
    /// What is asked before, and again right before something is done.
    #[serde(default)]
    pub preflight: Vec<Preflight>,
    /// What is done, in this order.
    pub step: Vec<Step>,
    /// What pauses it.
    #[serde(default)]
    pub stop: Vec<Stop>,
    /// What it is offered for.
    #[serde(default)]
    pub fits: Vec<Fits>,
}

/// A milestone of an incident.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Milestone {
    ImpactStarted,
    Detected,
    Acknowledged,
    Mitigated,
    Resolved,
}

/// A step. It has exactly one of the keys that say what it is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Step {
    /// Its name: small letters, digits and `-`.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// What it does, in a few words.
    pub title: Template,
    /// What a person has to know about it.
    #[serde(default)]
    pub about: Template,
    /// It is left out where one of these does not hold.
    #[serde(default)]
    pub when: Vec<Condition>,
    /// What it acts on or asks about; the runbook's target otherwise.
    #[serde(default)]
    pub on: Option<TargetForm>,
    /// For how long it is waited for.
    #[serde(default)]
    pub timeout: Option<Period>,
    /// The step after it: the next one otherwise; `end` ends the run.
    #[serde(default)]
    pub next: Option<String>,
    /// The milestone of the incident that is reached with it.
    #[serde(default)]
    pub milestone: Option<Milestone>,
    /// For a command, a request or a statement: whether it changes something. Commands do, statements do not, requests by their method.
    #[serde(default)]
    pub changes: Option<bool>,
    /// For a step that asks: what has to be so.
    #[serde(default)]
    pub expect: Vec<Condition>,
    /// For a step that changes something: what has to be so afterwards.
    #[serde(default)]
    pub verify: Vec<Check>,
    /// For a step that changes something: how to find out after a crash whether it was done.
    #[serde(default)]
    pub observe: Option<Observe>,
    /// The way back.
    #[serde(default)]
    pub undo: Option<Undo>,
    /// Why there is no way back.
    #[serde(default)]
    pub no_undo: Option<String>,
    /// A person confirms.
    #[serde(default)]
    pub confirm: Option<Confirm>,
    /// A person fills in a form. The answers are known as `steps.ID.NAME`.
    #[serde(default)]
    pub input: Option<Vec<Variable>>,
    /// A program is run.
    #[serde(default)]
    pub command: Option<CommandForm>,
    /// A request is sent.
    #[serde(default)]
    pub http: Option<HttpForm>,
    /// A query is asked.
    #[serde(default)]
    pub promql: Option<PromQlForm>,
    /// A statement is run.
    #[serde(default)]
    pub sql: Option<SqlForm>,
    /// An object of a cluster is acted on.
    #[serde(default)]
    pub kubernetes: Option<KubernetesActForm>,
    /// A container, a Compose service or an engine is acted on.
    #[serde(default)]
    pub docker: Option<DockerActForm>,
    /// A Helm release is acted on.
    #[serde(default)]
    pub helm: Option<HelmActForm>,
    /// A Patroni cluster is acted on.
    #[serde(default)]
    pub patroni: Option<PatroniActForm>,
    /// A PostgreSQL server is acted on.
    #[serde(default)]
    pub postgres: Option<PostgresActForm>,
    /// Something is written into the record of an incident, or the journal.
    #[serde(default)]
    pub record: Option<RecordActForm>,
    /// Something is asked, once. The answer is known as `steps.ID`.
    #[serde(default)]
    pub look: Option<AskForm>,
    /// Something is asked until the answer is as expected.
    #[serde(default)]
    pub wait_until: Option<Check>,
    /// Rules, service levels and alerts have to let one go on.
    #[serde(default)]
    pub gate: Option<Gate>,
    /// Goes on at one of two steps.
    #[serde(default)]
    pub branch: Option<Branch>,
    /// Steps that go on side by side.
    #[serde(default)]
    pub parallel: Option<Vec<String>>,
    /// Time passes.
    #[serde(default)]
    pub timer: Option<Period>,
    /// Other people approve.
    #[serde(default)]
    pub approval: Option<Approval>,
    /// Something is told.
    #[serde(default)]
    pub note: Option<Template>,
    /// A person does something by hand, and says so.
    #[serde(default)]
    pub manual: Option<Template>,
}

/// What has to be clear.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Gate {
    /// Whether rules that block count.
    pub rules: bool,
    /// Service levels whose burn rate counts.
    pub slo: Vec<Template>,
    /// Whether alerts count that fire and concern the target.
    pub alerts: bool,
    /// For how long all has to stay clear.
    pub settle: Option<Period>,
    /// How often it is asked.
    pub every: Option<Period>,
}

/// The way back from a step: `act` or `manual`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Undo {
    /// What it acts on; the step's target otherwise.
    #[serde(default)]
    pub on: Option<TargetForm>,
    /// What is done.
    #[serde(default)]
    pub act: Option<ActForm>,
    /// What a person does by hand.
    #[serde(default)]
    pub manual: Option<Template>,
    /// For how long it is waited for; as long as for the step otherwise.
    #[serde(default)]
    pub timeout: Option<Period>,
    /// What has to be so afterwards.
    #[serde(default)]
    pub verify: Vec<Check>,
    /// How to find out after a crash whether it was done.
    #[serde(default)]
    pub observe: Option<Observe>,
}
