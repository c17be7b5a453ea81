//! What is taken out of an object before it goes anywhere: secrets, and what nobody reads.

use super::diff::APPLIED;
use crate::model::redact::{self, REDACTED};
use serde_json::Value;
use std::borrow::Cow;

/// Takes `managedFields` out, and hides values of Secrets, of environments and of arguments that hold secrets, and whatever is known by
/// its shape.
pub fn hide(object: &mut Value) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    match object.get("kind").and_then(Value::as_str) {
        Some("Secret") => hide_secret(object),
        Some("ConfigMap") => {
            for (key, value) in object.get_mut("data").and_then(Value::as_object_mut).into_iter().flatten() {
                hide_text(value, |text| redact::value(key, text).into_owned());
            }
        }
        _ => {}
    }
    hide_annotations(object);
    walk(object);
}

fn hide_text(value: &mut Value, shown: impl Fn(&str) -> String) {
    if let Value::String(text) = value {
        *text = shown(text);
    }
}

fn hide_secret(object: &mut Value) {
    for part in ["data", "stringData"] {
        for value in object.get_mut(part).and_then(Value::as_object_mut).into_iter().flatten().map(|(_, value)| value) {
            *value = REDACTED.into();
        }
    }
    let annotations = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
    if let Some(applied) = annotations.and_then(|annotations| annotations.get_mut(APPLIED)) {
        *applied = REDACTED.into();
    }
}

/// What was applied is an object of its own, inside a string.
fn hide_annotations(object: &mut Value) {
    let annotations = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
    for (key, value) in annotations.into_iter().flatten() {
        hide_text(value, |text| match serde_json::from_str::<Value>(text) {
            Ok(mut inner) if key == APPLIED => {
                hide(&mut inner);
                inner.to_string()
            }
            _ => redact::value(key, text).into_owned(),
        });
    }
}

/// Environments and arguments, wherever they stand, and texts that hold a secret. A name tells nothing here: `secretName` is none.
fn walk(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(shown) = redact::text(text) {
                *text = shown;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(walk),
        Value::Object(fields) => {
            for (key, value) in fields.iter_mut() {
                match (key.as_str(), &mut *value) {
                    ("env", Value::Array(variables)) => variables.iter_mut().for_each(hide_variable),
                    ("command" | "args", Value::Array(arguments)) => hide_arguments(arguments),
                    _ => walk(value),
                }
            }
        }
        _ => {}
    }
}

fn hide_variable(variable: &mut Value) {
    let name = variable.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Some(value) = variable.get_mut("value") {
        hide_text(value, |text| redact::value(&name, text).into_owned());
    }
}

fn hide_arguments(arguments: &mut [Value]) {
    let texts: Vec<_> = arguments.iter().map(|value| value.as_str().unwrap_or_default().to_owned()).collect();
    let shown = redact::arguments(texts.iter().map(String::as_str));
    for (value, shown) in arguments.iter_mut().zip(shown) {
        hide_text(value, |_| shown.clone().into_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn no_secret_is_left() {
        let applied = json!({ "kind": "Secret", "data": { "password": "aHVudGVyMg==" } }).to_string();
        let mut secret = json!({
            "kind": "Secret", "metadata": { "managedFields": [{}], "annotations": { APPLIED: applied } },
            "data": { "password": "aHVudGVyMg==" }, "stringData": { "user": "hunter2" },
        });
        hide(&mut secret);
        assert!(!secret.to_string().contains("hunter2") && !secret.to_string().contains("aHVudGVyMg"), "{secret}");
        assert!(secret["metadata"].get("managedFields").is_none());

        let spec = json!({ "template": { "spec": { "containers": [{
            "env": [{ "name": "DB_PASSWORD", "value": "hunter2" }, { "name": "MODE", "value": "production" }],
            "command": ["app", "--token=hunter2", "--port=1"],
        }] } } });
        let applied = json!({ "kind": "Deployment", "spec": spec.clone() }).to_string();
        let mut deployment =
            json!({ "kind": "Deployment", "metadata": { "annotations": { APPLIED: applied } }, "spec": spec });
        hide(&mut deployment);
        let text = deployment.to_string();
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains("production") && text.contains("--port=1"), "{text}");

        let mut map = json!({ "kind": "ConfigMap", "data": { "api-token": "hunter2", "log.level": "info" } });
        hide(&mut map);
        assert_eq!(map["data"], json!({ "api-token": REDACTED, "log.level": "info" }));
    }
}
