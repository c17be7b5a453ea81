//! How two states of an object differ.

use super::{hidden, yaml};
use serde_json::{Map, Number, Value};
use similar::TextDiff;

/// The annotation in which kubectl keeps what was applied.
pub const APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A unified diff; empty where the two are the same.
pub fn unified(old: &str, new: &str, old_name: &str, new_name: &str) -> String {
    TextDiff::from_lines(old, new).unified_diff().context_radius(3).header(old_name, new_name).to_string()
}

/// How an object differs from what was last applied: of the fields that were applied, those that are otherwise now. `None` where
/// nothing says what was.
pub fn applied(json: &Value) -> Option<String> {
    let text = json.pointer("/metadata/annotations")?.get(APPLIED)?.as_str()?;
    let mut applied: Value = serde_json::from_str(text).ok()?;
    hidden::hide(&mut applied);
    // kubectl writes it empty where there are none.
    for key in ["annotations", "labels"] {
        let metadata = applied.get_mut("metadata").and_then(Value::as_object_mut);
        if let Some(metadata) =
            metadata.filter(|metadata| metadata.get(key).is_some_and(|v| v.as_object().is_some_and(Map::is_empty)))
        {
            metadata.remove(key);
        }
    }
    let live = like(json, &applied);
    Some(unified(&yaml(&applied), &yaml(&live), "last applied", "live"))
}

/// The part of `live` that `applied` speaks of; what is added by defaults and controllers is left out.
fn like(live: &Value, applied: &Value) -> Value {
    match (live, applied) {
        (Value::Object(live), Value::Object(applied)) => {
            let parts = applied.iter().filter_map(|(key, applied)| Some((key.clone(), like(live.get(key)?, applied))));
            Value::Object(parts.collect())
        }
        (Value::Array(live), Value::Array(applied)) => {
            let name = |value: &Value| value.get("name").and_then(Value::as_str).map(str::to_owned);
            let like_its_own = |(at, item): (usize, &Value)| {
                let own = match name(item) {
                    Some(own) => applied.iter().find(|other| name(other).as_ref() == Some(&own)),
                    None => applied.get(at),
                };
                own.map_or_else(|| item.clone(), |own| like(item, own))
            };
            Value::Array(live.iter().enumerate().map(like_its_own).collect())
        }
        // `cpu: 1` was applied, `cpu: "1"` is kept.
        (Value::String(live), Value::Number(applied)) if live.parse().is_ok_and(|live: Number| live == *applied) => {
            applied.clone().into()
        }
        (live, _) => live.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_was_applied_is_compared() {
        let applied = json!({
            "kind": "Deployment", "metadata": { "name": "web", "annotations": {} },
            "spec": { "replicas": 3, "template": { "spec": { "containers": [{ "name": "a", "image": "a:1", "cpu": 1 }] } } },
        });
        let mut live = json!({
            "kind": "Deployment",
            "metadata": { "name": "web", "uid": "x", "annotations": { APPLIED: applied.to_string() } },
            "spec": { "replicas": 3, "paused": false, "template": { "spec": { "containers": [
                { "name": "a", "image": "a:1", "cpu": "1", "terminationMessagePath": "/dev" }] } } },
            "status": { "replicas": 3 },
        });
        assert_eq!(super::applied(&live).as_deref(), Some(""), "the same");
        live["spec"]["template"]["spec"]["containers"][0]["image"] = json!("a:2");
        live["spec"]["template"]["spec"]["containers"]
            .as_array_mut()
            .expect("a list")
            .push(json!({ "name": "injected" }));
        let diff = super::applied(&live).expect("applied");
        assert!(
            diff.contains("-") && diff.contains("a:1") && diff.contains("a:2") && diff.contains("injected"),
            "{diff}"
        );
        assert!(!diff.contains("terminationMessagePath") && !diff.contains("uid"), "{diff}");
        assert_eq!(super::applied(&json!({ "metadata": {} })), None);
    }
}
