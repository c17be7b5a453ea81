//! Values that are known only while a run goes on.

use super::{Run, state::State};
use crate::runbook::{
    condition::lookup,
    definition::{Deed, Kind, Undo, ValueKind},
    field::Templated as _,
    plan::Plan,
    template::{Found, Scope},
};
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// What a run knows: of itself, and of the steps that it has gone through.
pub struct Late<'r> {
    id: &'r str,
    plan: &'r Plan,
    state: &'r State,
}

impl Run {
    pub(super) fn scope(&self) -> Late<'_> {
        Late { id: &self.id, plan: &self.plan, state: &self.state }
    }
}

impl Scope for Late<'_> {
    fn find(&self, name: &str) -> Found {
        let missing = |why: &str| Found::Missing(why.to_owned());
        let text = |text: String| Found::Value(Json::String(text));
        if let Some(field) = name.strip_prefix("run.") {
            return match field {
                "id" => text(self.id.to_owned()),
                "mode" => text(self.state.mode.word().to_owned()),
                "requester" => text(self.state.requester.name.to_string()),
                "started_at" => {
                    self.state.begun_at.map_or_else(|| missing("it has not begun"), |at| text(at.to_string()))
                }
                _ => missing("a run does not know that"),
            };
        }
        let Some((step, path)) = name.strip_prefix("steps.").and_then(|rest| rest.split_once('.')) else {
            return missing("there is no such value");
        };
        if is_secret(self.plan, step, path) {
            return Found::Secret(name.to_owned());
        }
        let Some(answer) = self.state.values.get(step) else {
            return missing("the step has not been done, or gave no answer");
        };
        match lookup(answer, path) {
            None | Some(Json::Null) => missing("the step gave no such value"),
            Some(value) => Found::Value(value.clone()),
        }
    }
}

/// Whether a field of a form is a secret.
fn is_secret(plan: &Plan, step: &str, field: &str) -> bool {
    matches!(plan.step(step).map(|planned| &planned.step.kind), Some(Kind::Input(fields))
        if fields.iter().any(|one| one.name == field && one.kind == ValueKind::Secret))
}

/// Steps whose answers an act, or its way back, needs. Approvals are bound to them, too.
pub fn needed(plan: &Plan) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut note = |deed: &Deed| {
        let _ = deed.clone().each(&mut |template| {
            let steps = template.names().filter_map(|name| name.strip_prefix("steps.")?.split('.').next());
            found.extend(steps.map(str::to_owned));
            Ok(())
        });
    };
    for planned in &plan.steps {
        if let Kind::Do(deed) = &planned.step.kind {
            note(deed);
        }
        if let Some(Undo::Way(way)) = &planned.step.undo {
            note(&way.deed);
        }
    }
    found
}
