//! What editing an object needs of its server: its YAML, and whether an edited one would be taken.

use super::{change, connect, failure, resource};
use crate::{
    client::Clients,
    model::{Timestamp, object::ObjectRef},
    ops::{
        execute::{Failure, in_time, within},
        operation::{KubeAct, path_of},
    },
};
use serde_json::Value;
use std::time::Duration;

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The object as YAML, without managedFields.
///
/// # Errors
/// Where the server does not give it.
pub fn fetch(target: &ObjectRef, clients: &Clients) -> Result<String, Failure> {
    within(in_time(PATIENCE, async {
        let path = path_of(target);
        let client = connect(path.context, clients).await?;
        let mut object = resource::api(&client, path).await?.get(path.name).await.map_err(failure)?;
        object.metadata.managed_fields = None;
        let value = serde_json::to_value(&object).map_err(|error| Failure::failed(error.to_string()))?;
        serde_saphyr::to_string(&value).map_err(|error| Failure::failed(error.to_string()))
    }))
}

/// Whether an edited text is the same object and would be taken by the server (dry run); returns it as JSON.
///
/// # Errors
/// Why not, for who edits it.
pub fn check(target: &ObjectRef, text: &str, at: Timestamp, clients: &Clients) -> Result<String, String> {
    let value: Value = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    let path = path_of(target);
    let field = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    if field("/metadata/name") != path.name || field("/metadata/namespace") != path.namespace {
        return Err("name and namespace cannot be changed".into());
    }
    if field("/metadata/resourceVersion").is_empty() {
        return Err("metadata.resourceVersion is missing: it says what was edited".into());
    }
    let manifest = value.to_string();
    let act = KubeAct::Apply { manifest: manifest.clone(), diff: String::new(), file: String::new() };
    let tried = within(in_time(PATIENCE, async {
        let client = connect(path.context, clients).await?;
        change(&client, target, &act, at, true).await
    }));
    tried.map(|_| manifest).map_err(Failure::into_why)
}

/// What was changed, as a unified diff. The values of a Secret do not stand in it.
pub fn diff(target: &ObjectRef, before: &str, after: &str) -> String {
    let secret = path_of(target).resource == "secrets";
    let (before, after) = if secret { (hidden(before), hidden(after)) } else { (before.to_owned(), after.to_owned()) };
    let diff = similar::TextDiff::from_lines(before.trim_end(), after.trim_end());
    let text = diff.unified_diff().context_radius(2).to_string();
    if text.is_empty() { "only values that are not shown were changed".into() } else { text }
}

/// A Secret's YAML with a fingerprint in the place of every value.
pub fn hidden(yaml: &str) -> String {
    let Ok(mut value) = serde_saphyr::from_str::<Value>(yaml) else { return String::new() };
    for part in ["data", "stringData"] {
        let Some(values) = value.get_mut(part).and_then(Value::as_object_mut) else { continue };
        for value in values.values_mut() {
            *value = format!("({} signs, hidden)", value.as_str().map_or(0, str::len)).into();
        }
    }
    // What was last applied holds the values too.
    if let Some(annotations) = value.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
    serde_saphyr::to_string(&value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_shown_and_secrets_are_not() {
        let deployment = ObjectRef::resource("c", "configmaps", "n", "x");
        let text = diff(&deployment, "a: 1\nb: 2\n", "a: 1\nb: 3\n");
        assert!(text.contains("-b: 2") && text.contains("+b: 3"), "{text}");
        let secret = ObjectRef::resource("c", "secrets", "n", "x");
        let text = diff(&secret, "data:\n  p: aHVudGVyMg==\n", "data:\n  p: aHVudGVyMw==\n  q: eA==\n");
        assert!(!text.contains("aHVud") && text.contains("+  q:"), "{text}");
    }

    #[test]
    fn yaml_keeps_its_types() {
        let value = serde_json::json!({"a": "yes", "b": "1.0", "c": "0x1f", "d": 7, "e": null, "f": "a\nb\n", "g": "", "h": "~", "i": [], "j": {}, "k": "12:30:45"});
        let text = serde_saphyr::to_string(&value).expect("written");
        let back: Value = serde_saphyr::from_str(&text).expect("read");
        assert_eq!(back, value, "{text}");
    }
}
