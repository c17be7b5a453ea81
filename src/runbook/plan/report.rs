//! A plan as `runbook plan --json` prints it.

use super::{Plan, Planned, check_words, make::reported};
use crate::runbook::{
    act::ActForm,
    definition::{Deed, Kind, Undo},
    field::Templated as _,
    template::Template,
};
use serde_json::{Map, Value as Json, json};

impl Plan {
    /// The plan as `runbook plan --json` prints it. Steps that are left out are not in it.
    pub fn report(&self) -> Json {
        let steps = self.steps.iter().filter(|planned| planned.left_out.is_none());
        json!({
            "runbook": self.runbook,
            "title": self.title,
            "version_hash": self.version_hash,
            "plan_hash": self.plan_hash,
            "target": self.target.to_string(),
            "typed": self.typed,
            "variables": self.variables.values,
            "preflight": self.preflight.iter().map(reported).collect::<Vec<_>>(),
            "steps": steps.map(step).collect::<Vec<_>>(),
            "stops": self.stops.iter().map(|stop| stop.title.to_string()).collect::<Vec<_>>(),
            "drill_days": self.drill_days,
        })
    }
}

impl Planned {
    /// The way back, in words; nothing where the step leaves nothing to be undone.
    pub fn undo_words(&self) -> Option<String> {
        self.step.undo.as_ref().map(|undo| match undo {
            Undo::None(why) => format!("none: {why}"),
            Undo::Way(way) => match &way.deed {
                Deed::Act(act) => act.effect(&self.target.to_string()),
                Deed::Manual(text) => format!("by hand: {text}"),
            },
        })
    }

    /// What has to be so after it, in words.
    pub fn verify_words(&self) -> Vec<String> {
        let checks = match &self.step.kind {
            Kind::Look(check) | Kind::WaitUntil(check) | Kind::Gate(check) if !check.expect.is_empty() => vec![check],
            _ => self.step.verify.iter().collect(),
        };
        checks.into_iter().map(check_words).collect()
    }
}

fn step(planned: &Planned) -> Json {
    let step = &planned.step;
    let (undo, verify) = (planned.undo_words(), planned.verify_words());
    json!({
        "id": step.id,
        "title": planned.title,
        "kind": step.word,
        "target": planned.target.to_string(),
        "effect": planned.effect,
        "operation": step.act().map(|act| operation(act, planned)),
        "verify": if verify.is_empty() { Json::Null } else { verify.join("; ").into() },
        "undo": undo,
        "diff": planned.diff,
        "about": if step.about.is_empty() { Json::Null } else { step.about.to_string().into() },
    })
}

/// What is done, as data: its words, its target, its parameters.
fn operation(act: &ActForm, planned: &Planned) -> Json {
    // `{"kubernetes": {"rollback": {…}}}`, or `{"kubernetes": "restart"}`.
    let mut shown = act.clone();
    // What is not known yet, and what is secret, is shown as a person sees it.
    let _ = shown.each(&mut |template| {
        *template = Template::literal(template.to_string());
        Ok(())
    });
    let written = serde_json::to_value(&shown).unwrap_or(Json::Null);
    let inner = written.as_object().and_then(|fields| fields.values().next());
    let parameters = match (act, inner) {
        (ActForm::Sql(_) | ActForm::Command(_) | ActForm::Http(_), Some(inner)) => inner.clone(),
        (_, Some(Json::Object(fields))) => fields.values().next().cloned().unwrap_or(Json::Null),
        _ => Json::Object(Map::new()),
    };
    json!({ "words": act.words(), "target": planned.target.key(), "parameters": in_snake_case(parameters) })
}

/// With the names of fields as all of Flightdeck's JSON has them. What lies in a field has names of its own: headers, variables.
fn in_snake_case(value: Json) -> Json {
    match value {
        Json::Object(fields) => {
            Json::Object(fields.into_iter().map(|(key, value)| (key.replace('-', "_"), value)).collect())
        }
        other => other,
    }
}
