//! Asks what a plan needs, and has it made.

use super::{House, Refusal, act, choices, look};
use crate::{
    model::nearest::did_you_mean,
    ops::gate::rules::fits,
    runbook::{
        ask::Answer,
        definition::{Definition, ValueKind},
        field::Field as _,
        plan::{Facts, Plan, Unplanned, Variables, make, questions, settle},
    },
};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Values as they were written, `name=value` each.
///
/// # Errors
/// Everything that is wrong with them.
pub fn values(definition: &Definition, given: &[(String, String)]) -> Result<BTreeMap<String, Json>, Vec<String>> {
    let mut values = BTreeMap::new();
    let mut faults = Vec::new();
    for (name, text) in given {
        let Some(variable) = definition.variable(name) else {
            let known = definition.variables.iter().map(|variable| variable.name.as_str());
            let near = did_you_mean(name, known.clone());
            faults
                .push(format!("there is no variable «{name}»{near}; known: {}", known.collect::<Vec<_>>().join(", ")));
            continue;
        };
        if variable.kind == ValueKind::Secret {
            faults.push(format!(
                "{name} is a secret: give it as --secret {name}=FILE or --secret {name}=$VARIABLE, never as --set"
            ));
            continue;
        }
        match variable.parse(text) {
            Ok(value) => {
                values.insert(name.clone(), value);
            }
            Err(why) => faults.push(why),
        }
    }
    if faults.is_empty() { Ok(values) } else { Err(faults) }
}

/// Gives a variable for which there is only one choice its value.
pub fn discover(house: &House, definition: &Definition, given: &mut BTreeMap<String, Json>) {
    for variable in &definition.variables {
        // An engine or a cluster that is the only one need not be named, whatever the default.
        let is_place = matches!(variable.choices.as_deref(), Some("contexts" | "engines" | "member-servers"));
        // Whom something is handed to is never whoever alone has been seen, nor is a certificate that of the only server known here.
        let is_meant = matches!(variable.choices.as_deref(), Some("people" | "endpoints"));
        if given.contains_key(&variable.name) || is_meant || (variable.default.is_some() && !is_place) {
            continue;
        }
        if let Some([only]) = choices::choices(house, variable, given).as_deref() {
            given.insert(variable.name.clone(), Json::String(only.clone()));
        }
    }
}

/// Asks every preflight question, and puts the plan together. `isolated` are patterns of the targets that a drill may act on.
///
/// # Errors
/// Everything that keeps it from being one.
pub fn plan(
    house: &House,
    definition: &Definition,
    given: &BTreeMap<String, Json>,
    secrets: Vec<String>,
    isolated: &[String],
) -> Result<Plan, Unplanned> {
    let faults = |faults| Unplanned { faults, preflight: Vec::new() };
    let variables = settle(definition, given, secrets).map_err(faults)?;
    let facts = facts(house, definition, &variables)?;
    let plan = make(definition, &variables, &facts)?;
    let marked: Vec<_> = plan.steps.iter().map(|step| step.target.key()).collect();
    let is_isolated = |key: &String| isolated.iter().any(|pattern| !pattern.is_empty() && fits(pattern, key));
    let facts = Facts { isolated: marked.into_iter().filter(is_isolated).collect(), ..facts };
    if facts.isolated.is_empty() { Ok(plan) } else { make(definition, &variables, &facts) }
}

/// The answers to the preflight questions, each asked as soon as what it needs is known.
fn facts(house: &House, definition: &Definition, variables: &Variables) -> Result<Facts, Unplanned> {
    let mut facts = Facts::default();
    // Every round answers one question at least.
    for _ in 0..=definition.preflight.len() {
        let open = questions(definition, variables, &facts)?;
        if open.is_empty() {
            break;
        }
        for question in open {
            let answer = look::answer(house, &question.target, &question.ask);
            if let Answer::Known(known) = &answer
                && let Some(diff) = known.get("diff").and_then(Json::as_str).filter(|diff| !diff.is_empty())
                && let Some(step) = definition.steps.iter().find(|step| step.changes())
            {
                facts.diffs.insert(step.id.clone(), diff.to_owned());
            }
            facts.answers.insert(question.id, answer);
        }
    }
    Ok(facts)
}

/// What the gate says to the steps of a plan that are known whole: asked before anything begins. To what comes after the first step that
/// acts only what lasts is said: the run itself changes the state that it will find.
///
/// # Errors
/// The first refusal, with the step.
pub fn gate(house: &House, plan: &Plan) -> Result<(), (String, Refusal)> {
    let mut is_first = true;
    for planned in plan.steps.iter().filter(|planned| planned.left_out.is_none()) {
        let Some(Ok(act)) = planned.step.act().map(|act| act.ready()) else { continue };
        // What cannot be said now is said when its turn comes.
        let Ok(operations) = act::operations(house, &planned.target, &act) else { continue };
        for operation in operations {
            match house.around.would_permit(&operation) {
                Err(refusal) if is_first || refusal.lasts => return Err((planned.step.id.clone(), refusal)),
                _ => {}
            }
        }
        is_first = false;
    }
    Ok(())
}
