//! The JSON schema of the configuration, and what it knows about single keys: whether they exist, and what to write there.

use super::Config;
use crate::model::nearest::did_you_mean;
use serde_json::Value as Json;
use std::sync::LazyLock;
use toml::Value;

/// The schema, draft 2020-12.
pub fn json() -> &'static Json {
    static SCHEMA: LazyLock<Json> = LazyLock::new(|| {
        let settings =
            schemars::generate::SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
        let mut schema = settings.into_generator().into_root_schema_for::<Config>().to_value();
        if let Some(root) = schema.as_object_mut() {
            root.insert("title".into(), "Flightdeck configuration".into());
        }
        schema
    });
    &SCHEMA
}

/// What the schema says about a key.
///
/// # Errors
/// The key is not known: which part of it, and what may be meant.
pub fn node(path: &[String]) -> Result<&'static Json, String> {
    let mut node = json();
    for (depth, key) in path.iter().enumerate() {
        node = child(node, key).ok_or_else(|| {
            let table = if depth == 0 { String::new() } else { format!(" in [{}]", path[..depth].join(".")) };
            format!("there is no key «{key}»{table}{}", did_you_mean(key, names(node)))
        })?;
    }
    Ok(node)
}

/// Names of the keys that a table may hold.
pub fn names(node: &'static Json) -> impl Iterator<Item = &'static str> {
    node.get("properties").and_then(Json::as_object).into_iter().flatten().map(|(name, _)| name.as_str())
}

fn child(node: &'static Json, key: &str) -> Option<&'static Json> {
    if let Some(found) = node.get("properties").and_then(|properties| properties.get(key)) {
        return Some(follow(found));
    }
    if let Some(found) = node.get("additionalProperties").filter(|more| more.is_object()) {
        return Some(follow(found));
    }
    alternatives(node).find_map(|other| child(other, key))
}

fn alternatives(node: &'static Json) -> impl Iterator<Item = &'static Json> {
    ["anyOf", "oneOf"].into_iter().filter_map(|word| node.get(word)?.as_array()).flatten().map(follow)
}

/// The node that a reference leads to.
fn follow(node: &'static Json) -> &'static Json {
    let target = node.get("$ref").and_then(Json::as_str).and_then(|target| target.strip_prefix('#'));
    target.and_then(|pointer| json().pointer(pointer)).unwrap_or(node)
}

/// Words that a key may hold, where they are counted.
pub fn choices(node: &'static Json) -> Vec<&'static Json> {
    if let Some(words) = node.get("enum").and_then(Json::as_array) {
        return words.iter().filter(|word| !word.is_null()).collect();
    }
    alternatives(node).filter_map(|other| other.get("const")).collect()
}

/// Whether a value may stand here.
pub fn fits(node: &'static Json, value: &Value) -> bool {
    let choices = choices(node);
    if !choices.is_empty() {
        return choices.iter().any(|choice| serde_json::to_value(value).is_ok_and(|value| value == **choice));
    }
    let mut others = alternatives(node).peekable();
    if others.peek().is_some() {
        return others.any(|other| fits(other, value));
    }
    let number = value.as_float().or_else(|| value.as_integer().map(|number| number as f64));
    let bound = |word: &str| node.get(word).and_then(Json::as_f64);
    let in_range = |number: f64| {
        bound("minimum").is_none_or(|least| number >= least) && bound("maximum").is_none_or(|most| number <= most)
    };
    let types = types(node);
    types.is_empty()
        || types.iter().any(|word| match (*word, value) {
            ("boolean", Value::Boolean(_)) | ("string", Value::String(_)) | ("object", Value::Table(_)) => true,
            ("array", Value::Array(elements)) => {
                node.get("items").is_none_or(|items| elements.iter().all(|element| fits(follow(items), element)))
            }
            ("integer", Value::Integer(_)) | ("number", Value::Integer(_) | Value::Float(_)) => {
                number.is_some_and(in_range)
            }
            _ => false,
        })
}

/// The schema's words for what may stand here: `boolean`, `string`, `integer` …
pub fn types(node: &'static Json) -> Vec<&'static str> {
    match node.get("type") {
        Some(Json::String(word)) => vec![word],
        Some(Json::Array(words)) => words.iter().filter_map(Json::as_str).filter(|word| *word != "null").collect(),
        _ => Vec::new(),
    }
}

/// What to write here, in words.
pub fn expected(node: &'static Json) -> String {
    let choices = choices(node);
    if !choices.is_empty() {
        return format!("one of {}", choices.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
    }
    let range = match (node.get("minimum"), node.get("maximum")) {
        (Some(least), Some(most)) => format!(" from {least} to {most}"),
        _ => String::new(),
    };
    match types(node).first().copied() {
        Some("boolean") => "true or false".into(),
        Some("integer") => format!("a whole number{range}"),
        Some("number") => format!("a number{range}"),
        Some("array") if node.get("items").is_some_and(|items| items.get("type") == Some(&Json::from("string"))) => {
            "a list of texts, such as [\"a\", \"b\"]".into()
        }
        Some("array") => "a list of tables, [[…]]".into(),
        Some("object") => "a table".into(),
        _ => "a text in quotes".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(key: &str) -> Vec<String> {
        key.split('.').map(String::from).collect()
    }

    #[test]
    fn every_key_is_described() {
        fn check(node: &'static Json, at: &str) {
            for name in names(node) {
                let node = child(node, name).expect("is a property");
                assert!(node.get("description").is_some(), "{at}{name} has no description");
                check(node, &format!("{at}{name}."));
            }
        }
        check(json(), "");
    }

    #[test]
    fn keys_are_found_and_near_ones_offered() {
        assert!(node(&path("recorder.minutes")).is_ok());
        assert!(node(&path("sources.host/processes.seconds")).is_ok());
        assert!(node(&path("keys.pane.processes.x")).is_ok());
        assert_eq!(
            node(&path("recorder.minuts")),
            Err("there is no key «minuts» in [recorder] (did you mean «minutes»?)".into())
        );
        assert_eq!(node(&path("zzz")), Err("there is no key «zzz»".into()));
    }

    #[test]
    fn values_are_judged() {
        let minutes = node(&path("recorder.minutes")).expect("known");
        assert!(fits(minutes, &Value::Integer(30)));
        assert!(!fits(minutes, &Value::Integer(0)));
        assert_eq!(expected(minutes), "a whole number from 1 to 1440");
        let ascii = node(&path("ascii")).expect("known");
        assert!(fits(ascii, &Value::Boolean(true)) && fits(ascii, &Value::String("auto".into())));
        assert_eq!(expected(ascii), r#"one of "auto", true, false"#);
        let level = node(&path("log.level")).expect("known");
        assert_eq!(expected(level), r#"one of "error", "warn", "info", "debug", "trace""#);
        let protected = node(&path("protected-processes")).expect("known");
        assert!(!fits(protected, &Value::Array(vec![Value::Integer(1)])));
    }
}
