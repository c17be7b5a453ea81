//! The runbooks themselves: list, show, lint, schema.

use super::{Ended, Surroundings, drill::Drills, failed, how_much_is_wrong, line, note, print_json, setting, usage};
use crate::{
    cli::{exit, incident::Form, runbook::Values},
    clock,
    model::finding::Level,
    rulebook::report::plural,
    runbook::definition::{self, Definition, Fault, Shelved, Step, ValueKind, Variable},
    runtime::runbook::{choices, prepare, shelf},
};
use serde_json::{Value as Json, json};
use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
};

/// `runbook list`.
pub fn list(around: &Surroundings<'_>, form: Form, out: &mut dyn Write) -> Result<u8, Ended> {
    let drills = Drills::read(around, clock::now());
    if form.json {
        let all: Vec<_> = around.catalogue.iter().map(|(name, shelved)| listed(name, shelved, &drills)).collect();
        print_json(out, &Json::Array(all))?;
        return Ok(exit::OK);
    }
    let width = around.catalogue.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    for (name, shelved) in around.catalogue.iter() {
        let title = match &shelved.definition {
            Some(definition) => definition.summary(),
            None => "has errors: flightdeck runbook lint".into(),
        };
        line(out, &format!("{name:<width$} {:<10} {}", shelved.layer.word(), title.trim()))?;
        let drill = drills.words(name, shelved.definition.as_ref().and_then(|it| it.drill_days));
        if !drill.is_empty() {
            line(out, &format!("{:<width$} {:<10} {drill}", "", ""))?;
        }
    }
    Ok(exit::OK)
}

fn listed(name: &str, shelved: &Shelved, drills: &Drills) -> Json {
    let definition = shelved.definition.as_ref();
    json!({
        "name": name,
        "layer": shelved.layer.word(),
        "file": shelved.file,
        "title": definition.map(|it| it.title.to_string()),
        "about": definition.map(|it| it.about.trim()),
        "version_hash": definition.map(definition::Definition::version),
        "drill_days": definition.and_then(|it| it.drill_days),
        "drill": drills.json(name, definition.and_then(|it| it.drill_days)),
        "errors": shelved.faults.iter().filter(|fault| fault.level >= Level::Error).count(),
    })
}

/// `runbook show`.
pub fn show(
    around: &Surroundings<'_>,
    name: &str,
    values: &Values,
    form: Form,
    out: &mut dyn Write,
) -> Result<u8, Ended> {
    let definition = around.catalogue.find(name).map_err(usage)?;
    let given = prepare::values(definition, &values.set).map_err(|faults| usage(faults.join("\n")))?;
    let mut known = given.clone();
    for variable in &definition.variables {
        if let (false, Some(Ok(default))) = (known.contains_key(&variable.name), variable.default_value()) {
            known.insert(variable.name.clone(), default);
        }
    }
    // What may be chosen is asked for only where somebody narrows it down.
    let found = if given.is_empty() { Found::new() } else { choices_of(around, definition, &known)? };
    let drills = Drills::read(around, clock::now());
    match form.json {
        true => print_json(out, &shown_json(definition, &found, &drills))?,
        false => shown_lines(definition, &found, &drills).iter().try_for_each(|text| line(out, text))?,
    }
    Ok(exit::OK)
}

/// What may be chosen, by variable.
type Found = BTreeMap<String, Vec<String>>;

fn choices_of(
    around: &Surroundings<'_>,
    definition: &Definition,
    known: &BTreeMap<String, Json>,
) -> Result<Found, Ended> {
    let wanted = |source: &str| setting::is_needed(source, definition, known);
    let setting = setting::Setting::open(around, &wanted, BTreeMap::new())?;
    let chosen =
        |variable: &Variable| Some((variable.name.clone(), choices::choices(&setting.house, variable, known)?));
    Ok(definition.variables.iter().filter_map(chosen).collect())
}

fn shown_json(definition: &Definition, found: &Found, drills: &Drills) -> Json {
    let variable = |variable: &Variable| {
        json!({
            "name": variable.name,
            "title": variable.title,
            "type": variable.kind,
            "wanted": variable.wanted(),
            "default": variable.default_value().and_then(Result::ok),
            "choices": found.get(&variable.name),
        })
    };
    let step = |step: &Step| json!({ "id": step.id, "title": step.title.to_string(), "kind": step.word, "changes": step.changes() });
    json!({
        "name": definition.id,
        "title": definition.title.to_string(),
        "about": definition.about.trim(),
        "version_hash": definition.version(),
        "drill_days": definition.drill_days,
        "drill": drills.json(&definition.id, definition.drill_days),
        "variables": definition.variables.iter().map(variable).collect::<Vec<_>>(),
        "preflight": definition.preflight.iter().map(|it| it.title.to_string()).collect::<Vec<_>>(),
        "steps": definition.steps.iter().map(step).collect::<Vec<_>>(),
    })
}

fn shown_lines(definition: &Definition, found: &Found, drills: &Drills) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", definition.id, definition.title)];
    lines.extend(definition.about.lines().map(str::to_owned));
    lines.extend(Some(drills.words(&definition.id, definition.drill_days)).filter(|drill| !drill.is_empty()));
    lines.push(String::new());
    for variable in &definition.variables {
        // As it was written: 10m, and not how many seconds that is.
        let default = variable.default.as_ref().map(crate::runbook::condition::shown);
        let default = default.map_or_else(String::new, |text| match text.as_str() {
            "" => ", nothing unless given".into(),
            text => format!(", {text} unless given"),
        });
        let wanted = match variable.options.as_slice() {
            [] => variable.wanted().to_owned(),
            options => format!("one of {}", options.join(", ")),
        };
        let secret = if variable.kind == ValueKind::Secret { "--secret" } else { "--set" };
        lines.push(format!("{secret} {}=…  {} ({wanted}{default})", variable.name, variable.title));
        let found = found.get(&variable.name).filter(|found| !found.is_empty() && variable.options.is_empty());
        lines.extend(found.map(|found| format!("      {}", found.join(", "))));
    }
    lines.push(String::new());
    for (index, step) in definition.steps.iter().enumerate() {
        let mark = if step.changes() { "changes" } else { "" };
        lines.push(format!("{:>2}  {:<10} {:<8} {}", index + 1, step.word, mark, step.title));
    }
    lines
}

/// `runbook lint`.
pub fn lint(
    around: &Surroundings<'_>,
    files: &[PathBuf],
    form: Form,
    (out, errors): (&mut dyn Write, &mut dyn Write),
) -> Result<u8, Ended> {
    let mut faults: Vec<Fault> = Vec::new();
    if files.is_empty() {
        around.catalogue.iter().for_each(|(_, shelved)| faults.extend(shelved.faults.iter().cloned()));
    }
    for file in files {
        faults.extend(of_file(file)?);
    }
    let has_errors = faults.iter().any(|fault| fault.level >= Level::Error);
    if form.json {
        let all = faults.iter().map(|fault| {
            json!({ "file": fault.file, "line": fault.line, "column": fault.column, "severity": fault.level.word(), "text": fault.text })
        });
        print_json(out, &Json::Array(all.collect()))?;
    } else {
        for fault in &faults {
            line(out, &fault.to_string())?;
        }
        // Silence would leave open whether anything was read.
        let count = if files.is_empty() { around.catalogue.iter().count() } else { files.len() };
        let looked = plural(count, if files.is_empty() { "runbook" } else { "file" });
        note(errors, &format!("{looked} looked at: {}", how_much_is_wrong(faults.len()))).map_err(failed)?;
    }
    Ok(if has_errors { exit::FINDINGS } else { exit::OK })
}

fn of_file(file: &Path) -> Result<Vec<Fault>, Ended> {
    let text = shelf::read(file).map_err(|why| usage(format!("{}: {why}", file.display())))?;
    Ok(definition::read(&file.to_string_lossy(), &text).1)
}

/// `runbook schema`.
pub fn schema(out: &mut dyn Write) -> Result<u8, Ended> {
    let schema = serde_json::to_value(definition::schema()).map_err(failed)?;
    print_json(out, &schema)?;
    Ok(exit::OK)
}
