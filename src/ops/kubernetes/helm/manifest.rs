//! The objects of a release's manifest: which there are, how two manifests differ, and what the newer one has put into an object that
//! the older one does not have.

use crate::ops::kubernetes::{edit, history};
use kube::api::DynamicObject;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The most objects that a manifest may have.
const MOST: usize = 2_000;
/// By which the items of a list are told apart, the most telling first.
const KEYS: &[&str] = &["mountPath", "containerPort", "port", "name"];

/// An object of a manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub api_version: String,
    pub kind: String,
    /// That of the release where the manifest names none; it means nothing where the kind has no namespaces.
    pub namespace: String,
    pub name: String,
    pub body: Value,
}

impl Item {
    /// Whether both are the same object, in whatever version of its API.
    pub fn is(&self, other: &Self) -> bool {
        self.id() == other.id()
    }

    fn id(&self) -> (&str, &str, &str, &str) {
        let group = self.api_version.split_once('/').map_or("", |(group, _)| group);
        (group, &self.kind, &self.namespace, &self.name)
    }

    /// In words: `Deployment shop/web`.
    pub fn words(&self) -> String {
        format!("{} {}/{}", self.kind, self.namespace, self.name)
    }

    /// Whether its author wants it to outlive the release.
    pub fn is_kept(&self) -> bool {
        let policy = self.body.pointer("/metadata/annotations/helm.sh~1resource-policy").and_then(Value::as_str);
        policy.is_some_and(|policy| policy.trim().eq_ignore_ascii_case("keep"))
    }

    /// Whether all objects of a kind go when it goes.
    pub fn is_definition(&self) -> bool {
        self.kind == "CustomResourceDefinition"
    }

    /// The tool of GitOps that keeps it, by what the manifest says.
    pub fn keeper(&self) -> Option<&'static str> {
        let object: DynamicObject = serde_json::from_value(self.body.clone()).ok()?;
        history::keeper(&object).filter(|keeper| *keeper != "helm")
    }
}

/// Reads the objects of a manifest, in its order. Helm reads YAML 1.1: `0644` is a mode.
///
/// # Errors
/// It is not YAML, or what it has is no object.
pub fn items(manifest: &str, namespace: &str) -> Result<Vec<Item>, String> {
    let options = serde_saphyr::options! { legacy_octal_numbers: true };
    let documents: Vec<Value> = serde_saphyr::from_multiple_with_options(manifest, options).map_err(|error| {
        format!("the manifest cannot be read: {}", error.to_string().lines().next().unwrap_or_default())
    })?;
    let mut all = Vec::new();
    for document in documents {
        let inner = document
            .get("items")
            .and_then(Value::as_array)
            .filter(|_| document.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("List")));
        match inner {
            Some(inner) => all.extend(inner.iter().cloned()),
            None if document.is_null() => {}
            None => all.push(document),
        }
    }
    if all.len() > MOST {
        return Err(format!("the manifest has more than {MOST} objects"));
    }
    all.into_iter().map(|body| item(body, namespace)).collect()
}

fn item(mut body: Value, namespace: &str) -> Result<Item, String> {
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (api_version, kind, name) = (text("/apiVersion"), text("/kind"), text("/metadata/name"));
    if api_version.is_empty() || kind.is_empty() || name.is_empty() {
        return Err("the manifest has something that is no object: apiVersion, kind or name is missing".into());
    }
    for part in ["labels", "annotations"] {
        if body.pointer(&format!("/metadata/{part}")).is_some_and(|part| !part.is_object() && !part.is_null()) {
            return Err(format!("the {part} of {kind} {name} are no map"));
        }
    }
    let own = text("/metadata/namespace");
    let namespace = if own.is_empty() { namespace.to_owned() } else { own };
    if let Some(fields) = body.as_object_mut() {
        fields.remove("status");
    }
    Ok(Item { api_version, kind, namespace, name, body })
}

/// What would change from one manifest to another, as a unified diff without the values of Secrets and without what looks like one.
pub fn diff(from: &[Item], to: &[Item]) -> String {
    let mut all: BTreeMap<_, (Option<&Item>, Option<&Item>)> = BTreeMap::new();
    from.iter().for_each(|item| all.entry(item.id()).or_default().0 = Some(item));
    to.iter().for_each(|item| all.entry(item.id()).or_default().1 = Some(item));
    let text = |item: Option<&Item>| item.map(yaml).unwrap_or_default();
    let changed = all.values().filter(|(from, to)| from.map(|item| &item.body) != to.map(|item| &item.body));
    let texts = changed.map(|(from, to)| {
        let words = from.or(*to).map(Item::words).unwrap_or_default();
        let (from, to) = (text(*from), text(*to));
        let diff = similar::TextDiff::from_lines(from.as_str(), to.as_str());
        let text = diff.unified_diff().context_radius(2).to_string();
        let text = if text.is_empty() { "only values that are not shown change\n".into() } else { text };
        format!("# {words}\n{text}")
    });
    crate::model::redact::text(&texts.collect::<String>()).into_owned()
}

fn yaml(item: &Item) -> String {
    let text = serde_saphyr::to_string(&item.body).unwrap_or_default();
    let mut text = if item.kind == "Secret" { edit::hidden(&text) } else { text };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// Takes out of an object what one manifest has put into it and another has not; whether there was anything. What neither has stays: it
/// is the server's, or somebody else's.
pub fn prune(from: &Value, to: &Value, object: &mut Value) -> bool {
    let mut has_changed = false;
    for part in ["labels", "annotations"] {
        let pointer = format!("/metadata/{part}");
        let wanted = to.pointer(&pointer).and_then(Value::as_object);
        let Some(had) = from.pointer(&pointer).and_then(Value::as_object) else { continue };
        let Some(has) = object.pointer_mut(&pointer).and_then(Value::as_object_mut) else { continue };
        for key in had.keys().filter(|key| wanted.is_none_or(|wanted| !wanted.contains_key(*key))) {
            has_changed |= has.remove(key).is_some();
        }
    }
    let (Some(from), Some(to), Some(object)) = (from.as_object(), to.as_object(), object.as_object_mut()) else {
        return has_changed;
    };
    let is_body = |key: &String| !["apiVersion", "kind", "metadata", "status"].contains(&key.as_str());
    // What a Secret is given as text lies in its data.
    let (from, to) = (with_data(from), with_data(to));
    fields(&from, &to, object, &is_body) || has_changed
}

fn with_data(body: &Map<String, Value>) -> Map<String, Value> {
    let mut body = body.clone();
    if let Some(Value::Object(texts)) = body.remove("stringData") {
        let data = body.entry("data").or_insert_with(|| Value::Object(Map::new()));
        if let Some(data) = data.as_object_mut() {
            data.extend(texts);
        }
    }
    body
}

fn fields(
    from: &Map<String, Value>,
    to: &Map<String, Value>,
    object: &mut Map<String, Value>,
    takes: &dyn Fn(&String) -> bool,
) -> bool {
    let mut has_changed = false;
    for (key, had) in from.iter().filter(|(key, had)| takes(key) && !had.is_null()) {
        match to.get(key).filter(|wanted| !wanted.is_null()) {
            None => has_changed |= object.remove(key).is_some(),
            Some(wanted) => {
                if let Some(has) = object.get_mut(key) {
                    has_changed |= value(had, wanted, has);
                }
            }
        }
    }
    has_changed
}

fn value(from: &Value, to: &Value, object: &mut Value) -> bool {
    match (from, to, object) {
        (Value::Object(from), Value::Object(to), Value::Object(object)) => fields(from, to, object, &|_| true),
        (Value::Array(from), Value::Array(to), Value::Array(object)) => list(from, to, object),
        _ => false,
    }
}

/// Lists whose items have a name each, as the API server tells them apart; others the server has replaced whole.
fn list(from: &[Value], to: &[Value], object: &mut Vec<Value>) -> bool {
    let tells = |key: &str, items: &[Value]| {
        let mut seen: Vec<&Value> = Vec::new();
        items.iter().all(|item| {
            item.get(key).is_some_and(|id| {
                let is_new = !seen.contains(&id);
                seen.push(id);
                is_new
            })
        })
    };
    let Some(key) = KEYS.iter().find(|key| tells(key, from) && tells(key, to) && tells(key, object)) else {
        return false;
    };
    let at = |items: &[Value], item: &Value| items.iter().position(|other| other.get(key) == item.get(key));
    let before = object.len();
    object.retain(|item| at(from, item).is_none() || at(to, item).is_some());
    let mut has_changed = object.len() != before;
    for item in object {
        if let (Some(had), Some(wanted)) = (at(from, item), at(to, item)) {
            has_changed |= value(&from[had], &to[wanted], item);
        }
    }
    has_changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_manifest_is_read_as_helm_reads_it() {
        let text = "---\n# Source: a\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: \"1\"\n---\n# nothing\n---\n\
                    apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: w, namespace: other, annotations: {helm.sh/resource-policy: keep}}\n\
                    spec: {mode: 0644}\nstatus: {}\n";
        let all = items(text, "shop").expect("read");
        assert_eq!(all.iter().map(Item::words).collect::<Vec<_>>(), ["ConfigMap shop/a", "Deployment other/w"]);
        assert_eq!(all[1].body["spec"]["mode"], 420);
        assert!(all[1].is_kept() && !all[0].is_kept() && all[1].body.get("status").is_none());
        assert_eq!(items("", "shop").expect("read"), []);
        assert!(items("kind: X\n", "shop").expect_err("no object").contains("missing"));
        let odd = "apiVersion: v1\nkind: X\nmetadata: {name: a, labels: odd}\n";
        assert!(items(odd, "shop").expect_err("no map").contains("no map"));
        assert!(items("a: [\n", "shop").expect_err("no YAML").contains("cannot be read"));
    }

    #[test]
    fn differences_hide_what_is_secret() {
        let text = |password: &str| {
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{p: {password}}}\n---\n\
                 apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata: {{password: {password}, size: {}}}\n",
                password.len()
            )
        };
        let of = |password: &str| items(&text(password), "n").expect("read");
        let text = diff(&of("hunter2"), &of("hunter12345"));
        assert!(!text.contains("hunter"), "{text}");
        assert!(text.contains("# Secret n/s") && text.contains("-  size: 7") && text.contains("+  size: 11"), "{text}");
        assert_eq!(diff(&of("a"), &of("a")), "");
    }

    #[test]
    fn what_only_the_newer_manifest_has_is_taken_out() {
        let newer = json!({ "metadata": { "labels": { "a": "1", "b": "2" } }, "spec": { "paused": true, "containers": [
            { "name": "app", "env": [{ "name": "OLD", "value": "1" }, { "name": "NEW", "value": "1" }], "args": ["x"] }, { "name": "side" }] } });
        let older = json!({ "metadata": { "labels": { "a": "1" } }, "spec": { "containers": [
            { "name": "app", "env": [{ "name": "OLD", "value": "1" }], "args": ["y"] }] } });
        let mut object = json!({ "metadata": { "labels": { "a": "1", "b": "2", "theirs": "3" }, "uid": "u" }, "spec": { "paused": true, "replicas": 3,
            "containers": [{ "name": "app", "env": [{ "name": "OLD", "value": "1" }, { "name": "NEW", "value": "1" }], "args": ["y"] },
                { "name": "side" }, { "name": "injected" }] } });
        assert!(prune(&newer, &older, &mut object));
        let wanted = json!({ "metadata": { "labels": { "a": "1", "theirs": "3" }, "uid": "u" }, "spec": { "replicas": 3,
            "containers": [{ "name": "app", "env": [{ "name": "OLD", "value": "1" }], "args": ["y"] }, { "name": "injected" }] } });
        assert_eq!(object, wanted);
        assert!(!prune(&newer, &older, &mut object), "there is nothing more");
        let (newer, older) = (json!({ "stringData": { "a": "1", "b": "2" } }), json!({ "data": { "a": "MQ==" } }));
        let mut secret = json!({ "data": { "a": "MQ==", "b": "Mg==", "c": "x" } });
        assert!(prune(&newer, &older, &mut secret));
        assert_eq!(secret, json!({ "data": { "a": "MQ==", "c": "x" } }));
    }
}
