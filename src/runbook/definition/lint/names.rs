//! Names in templates: whether something has them where they stand.

use super::super::{Definition, ValueKind, flow::Flow, step::Kind};
use crate::{
    model::nearest::did_you_mean,
    runbook::template::{Found, Scope},
};
use serde_json::Value as Json;
use std::{cell::RefCell, collections::BTreeSet};

/// What a run knows of itself.
pub const OF_RUN: &[&str] = &["id", "mode", "requester", "started_at"];

/// Where a template stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Where everything is known before the run: only variables, and answers to these many preflight questions.
    Plan { preflight: usize },
    /// In a step.
    Step(usize),
    /// In a condition that is asked at any time.
    Stop,
}

/// The names that a runbook has.
pub struct Names<'d> {
    definition: &'d Definition,
    flow: &'d Flow,
    pub place: Place,
    used: RefCell<BTreeSet<String>>,
}

impl<'d> Names<'d> {
    pub const fn of(definition: &'d Definition, flow: &'d Flow) -> Self {
        Self { definition, flow, place: Place::Plan { preflight: 0 }, used: RefCell::new(BTreeSet::new()) }
    }

    /// Whether a variable was asked for.
    pub fn is_used(&self, variable: &str) -> bool {
        self.used.borrow().contains(variable)
    }

    fn of_run(&self, field: &str) -> Result<(), String> {
        if matches!(self.place, Place::Plan { .. }) {
            return Err("the run does not exist yet when this is asked".into());
        }
        if OF_RUN.contains(&field) {
            return Ok(());
        }
        Err(format!("a run knows {}{}", OF_RUN.join(", "), did_you_mean(field, OF_RUN.iter().copied())))
    }

    fn of_step(&self, rest: &str) -> Result<(), String> {
        let Place::Step(index) = self.place else { return Err("no step has been done yet when this is asked".into()) };
        let Some((id, path)) = rest.split_once('.') else {
            return Err("name a part of its answer: steps.NAME.PART".into());
        };
        let steps = &self.definition.steps;
        let Some(at) = self.definition.step_at(id) else {
            let near = did_you_mean(id, steps.iter().map(|step| step.id.as_str()));
            return Err(format!("there is no step «{id}»{near}"));
        };
        if !self.flow.precedes(steps, at, index) && at != index {
            return Err(format!("the step «{id}» does not come before"));
        }
        let step = &steps[at];
        let known: Vec<&str> = match (&step.kind, step.answering(), step.act()) {
            (Kind::Input(fields), ..) => fields.iter().map(|field| field.name.as_str()).collect(),
            (_, Some(check), _) => check.ask.fields().to_vec(),
            (.., Some(act)) => act.fields().to_vec(),
            _ => Vec::new(),
        };
        has(path, &known, &format!("the step «{id}»"))
    }

    fn of_preflight(&self, name: &str) -> Option<Result<(), String>> {
        let (id, path) = name.split_once('.').unwrap_or((name, ""));
        let at = self.definition.preflight.iter().position(|question| question.id == id)?;
        Some(match self.place {
            Place::Plan { preflight } if at >= preflight => {
                Err(format!("the preflight question «{id}» is asked later, or this is"))
            }
            _ if path.is_empty() => Err(format!("name a part of its answer: {id}.PART")),
            _ => has(path, self.definition.preflight[at].ask.fields(), &format!("the answer «{id}»")),
        })
    }

    fn look_up(&self, name: &str) -> Result<Found, String> {
        // A value that every kind of field takes.
        let sample = || Ok(Found::Value(Json::from(1)));
        if let Some(variable) = self.definition.variable(name) {
            self.used.borrow_mut().insert(name.to_owned());
            if variable.kind == ValueKind::Secret {
                return Ok(Found::Secret(name.to_owned()));
            }
            return sample();
        }
        if let Some(field) = name.strip_prefix("run.") {
            self.of_run(field)?;
            return sample();
        }
        if let Some(rest) = name.strip_prefix("steps.") {
            self.of_step(rest)?;
            return if self.is_secret_input(rest) { Ok(Found::Secret(name.to_owned())) } else { sample() };
        }
        if let Some(found) = self.of_preflight(name) {
            found?;
            return sample();
        }
        let variables = self.definition.variables.iter().map(|variable| variable.name.as_str());
        let known = variables.chain(self.definition.preflight.iter().map(|question| question.id.as_str()));
        let root = name.split('.').next().unwrap_or(name);
        Err(format!("there is no such variable, preflight question or step{}", did_you_mean(root, known)))
    }

    fn is_secret_input(&self, rest: &str) -> bool {
        let Some((id, field)) = rest.split_once('.') else { return false };
        let step = self.definition.step_at(id).map(|at| &self.definition.steps[at].kind);
        matches!(step, Some(Kind::Input(fields))
            if fields.iter().any(|one| one.name == field && one.kind == ValueKind::Secret))
    }
}

impl Scope for Names<'_> {
    fn find(&self, name: &str) -> Found {
        self.look_up(name).unwrap_or_else(Found::Missing)
    }
}

/// Whether a path begins with one of the known fields.
pub fn has(path: &str, known: &[&str], what: &str) -> Result<(), String> {
    let root = crate::runbook::condition::root(path);
    if known.contains(&root) {
        return Ok(());
    }
    let near = did_you_mean(root, known.iter().copied());
    let all = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
    Err(format!("{what} has no «{root}»{near}; it has {all}"))
}
