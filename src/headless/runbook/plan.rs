//! `runbook plan`: what a run would do, and what has to be so before.

use super::{
    Ended, Surroundings, line, print_json,
    setting::{self, Setting},
    usage,
};
use crate::{
    cli::{exit, incident::Form, runbook::Values},
    runbook::{
        definition::{Definition, ValueKind},
        plan::{Plan, Unplanned},
    },
    runtime::runbook::{Refusal, choices, prepare},
};
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, io::Write};

/// A plan, with what it was made in.
pub struct Prepared {
    pub setting: Setting,
    pub plan: Plan,
    /// What the gate says to it: the step, and why not.
    pub gate: Result<(), (String, Refusal)>,
}

/// Why there is no plan, and what is to be shown of that.
pub struct NoPlan {
    pub code: u8,
    pub why: String,
    pub preflight: Vec<(String, Option<bool>, String)>,
}

impl From<Ended> for NoPlan {
    fn from((code, why): Ended) -> Self {
        Self { code, why, preflight: Vec::new() }
    }
}

/// Asks everything that a plan needs.
///
/// # Errors
/// Why there is none: wrong values, a no, or nobody who answers.
pub fn prepare(around: &Surroundings<'_>, name: &str, values: &Values) -> Result<Prepared, NoPlan> {
    let definition = around.catalogue.find(name).map_err(usage)?;
    let mut given = prepare::values(definition, &values.set).map_err(|faults| usage(faults.join("\n")))?;
    let secrets = setting::secrets(&values.secret)?;
    let names = secrets.keys().cloned().collect();
    let mut known = given.clone();
    for variable in &definition.variables {
        if let (false, Some(Ok(default))) = (known.contains_key(&variable.name), variable.default_value()) {
            known.insert(variable.name.clone(), default);
        }
    }
    let single = |choices: Option<&str>| match choices {
        Some("contexts") => around
            .clients
            .kube
            .all()
            .first()
            .filter(|_| around.clients.kube.all().len() == 1)
            .map(|it| it.name.to_string()),
        Some("engines") => {
            around.clients.docker.first().filter(|_| around.clients.docker.len() == 1).map(|it| it.name.to_string())
        }
        _ => None,
    };
    for variable in &definition.variables {
        // An engine or a cluster that is the only one need not be named, whatever the default.
        if !given.contains_key(&variable.name)
            && let Some(only) = single(variable.choices.as_deref())
        {
            known.insert(variable.name.clone(), Json::String(only.clone()));
            given.insert(variable.name.clone(), Json::String(only));
        }
    }
    let wanted = |source: &str| setting::is_needed(source, definition, &known);
    let setting = Setting::open(around, &wanted, secrets)?;
    prepare::discover(&setting.house, definition, &mut given);
    match prepare::plan(&setting.house, definition, &given, names, &around.isolated) {
        Ok(plan) => {
            let gate = prepare::gate(&setting.house, &plan);
            Ok(Prepared { setting, plan, gate })
        }
        Err(unplanned) => Err(not_planned(&setting, definition, &given, unplanned)),
    }
}

fn not_planned(
    setting: &Setting,
    definition: &Definition,
    given: &BTreeMap<String, Json>,
    unplanned: Unplanned,
) -> NoPlan {
    let says_no = unplanned.preflight.iter().any(|(_, ok, _)| *ok == Some(false));
    let is_silent = unplanned.preflight.iter().any(|(_, ok, _)| ok.is_none());
    let code = match (unplanned.preflight.is_empty(), says_no, is_silent) {
        (true, ..) => exit::USAGE,
        (_, true, _) => exit::REFUSED,
        (_, _, true) => exit::UNREACHABLE,
        _ => exit::USAGE,
    };
    let mut why = unplanned.to_string();
    // What may be chosen, where something is missing.
    let missing = definition.variables.iter().filter(|variable| {
        let is_open = variable.kind != ValueKind::Secret && variable.default.is_none();
        is_open && !given.contains_key(&variable.name) && unplanned.preflight.is_empty()
    });
    for variable in missing {
        let (name, found) = (&variable.name, choices::choices(&setting.house, variable, given).unwrap_or_default());
        let there = if found.is_empty() { String::new() } else { format!(", there are {}", found.join(", ")) };
        why += &format!("\n{name}: --set {name}=… gives it{there}");
    }
    NoPlan { code, why, preflight: unplanned.preflight }
}

/// `runbook plan`.
pub fn plan(
    around: &Surroundings<'_>,
    name: &str,
    values: &Values,
    form: Form,
    out: &mut dyn Write,
) -> Result<u8, Ended> {
    let prepared = match prepare(around, name, values) {
        Ok(prepared) => prepared,
        Err(no) => {
            if form.json && !no.preflight.is_empty() {
                let asked =
                    no.preflight.iter().map(|(name, ok, detail)| json!({ "name": name, "ok": ok, "detail": detail }));
                print_json(
                    out,
                    &json!({ "runbook": name, "plan_hash": null, "preflight": asked.collect::<Vec<_>>(), "steps": [], "faults": no.why }),
                )?;
            }
            return Err((no.code, no.why));
        }
    };
    let Prepared { plan, gate, .. } = &prepared;
    if form.json {
        print_json(out, &report(plan, gate))?;
    } else {
        text(plan, gate, out)?;
    }
    let is_clear = gate.is_ok() && plan.preflight.iter().all(|asked| asked.ok == Some(true));
    Ok(if is_clear { exit::OK } else { exit::FINDINGS })
}

fn report(plan: &Plan, gate: &Result<(), (String, Refusal)>) -> Json {
    let mut report = plan.report();
    let said = match gate {
        Ok(()) => json!({ "name": "the gate lets it pass", "ok": true, "detail": "" }),
        Err((step, refusal)) => {
            json!({ "name": "the gate lets it pass", "ok": false, "detail": format!("{step}: {}", refusal.words()) })
        }
    };
    if let Some(preflight) = report.get_mut("preflight").and_then(Json::as_array_mut) {
        preflight.push(said);
    }
    report
}

fn text(plan: &Plan, gate: &Result<(), (String, Refusal)>, out: &mut dyn Write) -> Result<(), Ended> {
    line(out, &plan.title)?;
    line(out, &format!("on {}", plan.target))?;
    line(out, "")?;
    for asked in &plan.preflight {
        let word = match asked.ok {
            Some(true) => "ok",
            Some(false) => "NO",
            None => "unknown",
        };
        line(out, &format!("{word:<8} {}: {}", asked.title, asked.detail))?;
    }
    match gate {
        Ok(()) => line(out, "ok       the gate lets it pass")?,
        Err((step, refusal)) => line(out, &format!("NO       the gate: {step}: {}", refusal.words()))?,
    }
    line(out, "")?;
    let steps = plan.steps.iter().filter(|planned| planned.left_out.is_none());
    for (index, planned) in steps.enumerate() {
        line(out, &format!("{:>2}  {:<10} {}", index + 1, planned.step.word, planned.title))?;
        line(out, &format!("    {}", planned.effect))?;
        for text in planned.diff.iter().flat_map(|diff| diff.lines()) {
            line(out, &format!("    | {text}"))?;
        }
    }
    line(out, "")?;
    line(out, &format!("plan {}", plan.plan_hash))
}
