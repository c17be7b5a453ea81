//! A service as compose files have it: one file, and how one lies over another.

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

/// A line of a file of variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Assignment {
    pub name: String,
    /// `None` where the shell gives the value.
    pub value: Option<String>,
    /// Whether it stands in single quotes, and no variable is filled in.
    pub literal: bool,
}

/// The lines of a `.env` file, or of an `env_file`.
pub(super) fn assignments(text: &str) -> Vec<Assignment> {
    let one = |line: &str| {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line);
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let Some((name, value)) = line.split_once('=') else {
            return Some(Assignment { name: line.to_owned(), value: None, literal: false });
        };
        let value = value.trim();
        let quoted =
            |quote: char| value.strip_prefix(quote).and_then(|rest| rest.rsplit_once(quote)).map(|(inside, _)| inside);
        let literal = quoted('"').is_none() && quoted('\'').is_some();
        let value = quoted('"')
            .or_else(|| quoted('\''))
            .unwrap_or_else(|| value.split(" #").next().unwrap_or(value).trim_end());
        Some(Assignment { name: name.trim().to_owned(), value: Some(value.to_owned()), literal })
    };
    text.lines().filter_map(one).collect()
}

/// The variables of a `.env` file.
pub(super) fn variables(text: &str) -> BTreeMap<String, String> {
    assignments(text).into_iter().filter_map(|line| Some((line.name, line.value?))).collect()
}

/// Reads a file.
///
/// # Errors
/// It is no compose file.
pub(super) fn document(file: &str, text: &str) -> Result<Map<String, Value>, String> {
    let whole: Value = serde_saphyr::from_str(text)
        .map_err(|error| format!("{file} is no YAML: {}", first_line(&error.to_string())))?;
    let Value::Object(whole) = whole else { return Err(format!("{file} is no compose file")) };
    Ok(whole)
}

impl Service {
    /// A service as a document has it, without what it extends; `None` where it has none of this name.
    pub fn of(document: &Map<String, Value>, name: &str, variables: &BTreeMap<String, String>) -> Option<Self> {
        let mut service = Self::default();
        let fields = document.get("services")?.get(name)?;
        // A service of no fields is written as nothing.
        for (field, value) in fields.as_object().into_iter().flatten() {
            let value = fill(value, variables, field, &mut service.unknown);
            service.fields.insert(field.clone(), value);
        }
        Some(service)
    }

    /// Takes the names of a document's volumes; those that are known already keep theirs.
    pub fn name_volumes(&mut self, document: &Map<String, Value>, project: &str) {
        for (volume, options) in document.get("volumes").and_then(Value::as_object).into_iter().flatten() {
            let own = options.get("name").and_then(Value::as_str).map(str::to_owned);
            let external = options.get("external").and_then(Value::as_bool).unwrap_or(false);
            let usual = if external { volume.clone() } else { format!("{project}_{volume}") };
            if own.is_some() || !self.volumes.contains_key(volume) {
                self.volumes.insert(volume.clone(), own.unwrap_or(usual));
            }
        }
    }

    /// Lays another one over this: a later file, or the service that extends this one. A field that is set anew is known again, unless
    /// it adds to what is not.
    pub fn lay_over(&mut self, other: Self) {
        for (field, value) in other.fields {
            let before = self.fields.remove(&field);
            self.fields.insert(field.clone(), lay_over(&field, before, value));
        }
        self.unknown.extend(other.unknown);
    }
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
        ("ports" | "volumes" | "env_file", Value::Array(mut before), Value::Array(value)) => {
            before.extend(value);
            Value::Array(before)
        }
        (_, Value::Object(mut before), Value::Object(value)) => {
            for (name, value) in value {
                let under = before.remove(&name);
                before.insert(name, lay_over("", under, value));
            }
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
