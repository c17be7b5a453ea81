//! A service as its compose files have it: several files merged, variables filled in.

use super::words;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A service.
#[derive(Debug, Clone, Default)]
pub(super) struct Service {
    pub fields: Map<String, Value>,
    /// Names that volumes of the file have at the engine.
    pub volumes: BTreeMap<String, String>,
    /// Fields that cannot be told, with the reason.
    pub unknown: BTreeMap<String, String>,
}

/// The variables of a `.env` file.
pub(super) fn variables(text: &str) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for line in text.lines() {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else { continue };
        let value = value.trim();
        let quoted =
            |quote: char| value.strip_prefix(quote).and_then(|rest| rest.rsplit_once(quote)).map(|(inside, _)| inside);
        let value = quoted('"')
            .or_else(|| quoted('\''))
            .unwrap_or_else(|| value.split(" #").next().unwrap_or(value).trim_end());
        variables.insert(name.trim().to_owned(), value.to_owned());
    }
    variables
}

/// Reads a service out of files, of which later ones lie over earlier ones.
///
/// # Errors
/// What is wrong with the files.
pub(super) fn service(
    files: &[(String, String)],
    name: &str,
    project: &str,
    variables: &BTreeMap<String, String>,
) -> Result<Service, String> {
    let mut merged = Service::default();
    let mut found = false;
    for (file, text) in files {
        let whole: Value = serde_saphyr::from_str(text)
            .map_err(|error| format!("{file} is no YAML: {}", first_line(&error.to_string())))?;
        let Value::Object(whole) = whole else { return Err(format!("{file} is no compose file")) };
        if whole.contains_key("include") {
            merged.unknown.insert("include".into(), "what the file includes is not read".into());
        }
        for (volume, options) in whole.get("volumes").and_then(Value::as_object).into_iter().flatten() {
            let own = options.get("name").and_then(Value::as_str).map(str::to_owned);
            let external = options.get("external").and_then(Value::as_bool).unwrap_or(false);
            let usual = if external { volume.clone() } else { format!("{project}_{volume}") };
            merged.volumes.insert(volume.clone(), own.unwrap_or(usual));
        }
        let Some(Value::Object(fields)) = whole.get("services").and_then(|all| all.get(name)) else { continue };
        found = true;
        for (field, value) in fields {
            let value = fill(value, variables, field, &mut merged.unknown);
            let before = merged.fields.remove(field);
            merged.fields.insert(field.clone(), lay_over(field, before, value));
        }
    }
    if !found {
        let names: Vec<_> = files.iter().map(|(file, _)| file.as_str()).collect();
        return Err(format!("{} has no service {name} any more", names.join(", ")));
    }
    if merged.fields.contains_key("extends") {
        merged.unknown.insert("extends".into(), "what the service extends is not read".into());
    }
    Ok(merged)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// Fills in variables; a field with one that nobody knows is unknown.
fn fill(
    value: &Value,
    variables: &BTreeMap<String, String>,
    field: &str,
    unknown: &mut BTreeMap<String, String>,
) -> Value {
    match value {
        Value::String(text) => match words::interpolated(text, variables) {
            Ok(text) => Value::String(text),
            Err(name) => {
                unknown.insert(field.to_owned(), format!("the variable {name} is not in .env"));
                Value::Null
            }
        },
        Value::Array(list) => Value::Array(list.iter().map(|value| fill(value, variables, field, unknown)).collect()),
        Value::Object(map) => {
            let filled = map.iter().map(|(name, value)| {
                let field = if field == "environment" { format!("environment.{name}") } else { field.to_owned() };
                (name.clone(), fill(value, variables, &field, unknown))
            });
            Value::Object(filled.collect())
        }
        other => other.clone(),
    }
}

/// Later files replace what is one, and add to what are many; environments are merged name by name.
fn lay_over(field: &str, before: Option<Value>, value: Value) -> Value {
    let Some(before) = before else { return value };
    match (field, before, value) {
        ("environment", before, value) => {
            let mut all = environment(&before);
            all.extend(environment(&value));
            let value = |value: Option<String>| value.map_or(Value::Null, Value::String);
            Value::Object(all.into_iter().map(|(name, text)| (name, value(text))).collect())
        }
        ("ports" | "volumes", Value::Array(mut before), Value::Array(value)) => {
            before.extend(value);
            Value::Array(before)
        }
        ("deploy", Value::Object(mut before), Value::Object(value)) => {
            before.extend(value);
            Value::Object(before)
        }
        (_, _, value) => value,
    }
}

/// A scalar as text.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// An environment, written as a map or as a list; `None` is a variable that the shell gave.
pub(super) fn environment(value: &Value) -> BTreeMap<String, Option<String>> {
    match value {
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), scalar(value))).collect(),
        Value::Array(list) => {
            let one = |value: &Value| {
                let text = scalar(value)?;
                Some(match text.split_once('=') {
                    Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                    None => (text, None),
                })
            };
            list.iter().filter_map(one).collect()
        }
        _ => BTreeMap::new(),
    }
}
