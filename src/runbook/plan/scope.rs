//! The values that are known before a run.

use super::{Facts, Variables};
use crate::runbook::{
    ask::Answer,
    condition::lookup,
    definition::{Definition, ValueKind},
    template::{Found, Scope},
};
use serde_json::Value as Json;

/// Variables, and answers to preflight questions.
pub struct Known<'a> {
    pub definition: &'a Definition,
    pub variables: &'a Variables,
    pub facts: &'a Facts,
}

impl Scope for Known<'_> {
    fn find(&self, name: &str) -> Found {
        if name.starts_with("run.") || name.starts_with("steps.") {
            return Found::Later;
        }
        if let Some(variable) = self.definition.variable(name) {
            if variable.kind == ValueKind::Secret {
                return Found::Secret(name.to_owned());
            }
            return self.variables.values.get(name).map_or_else(
                || Found::Missing(format!("give it: --set {name}=…")),
                |value| Found::Value(value.clone()),
            );
        }
        let Some((id, path)) = name.split_once('.') else { return Found::Missing("there is no such variable".into()) };
        match self.facts.answers.get(id) {
            Some(Answer::Known(answer)) => match lookup(answer, path) {
                None | Some(Json::Null) => Found::Missing("it is not known".into()),
                Some(value) => Found::Value(value.clone()),
            },
            Some(Answer::Silent(why)) => Found::Missing(why.clone()),
            None => Found::Missing(format!("«{id}» was not asked")),
        }
    }
}
