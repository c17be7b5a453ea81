//! What is read around an object that is open: its events, its pods, their logs.

use crate::{
    clock,
    model::{
        kubernetes::{KubeEvent, Pod},
        logs::clean,
        redact,
    },
    source::kubernetes::{
        api::{Api, Trouble},
        node, pod,
        reflect::Origin,
    },
};
use compact_str::CompactString;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

/// Last words: so many lines of so many characters, from so many bytes.
const LINES: usize = 12;
const LONGEST: usize = 300;
const BYTES: u32 = 32_768;
/// Events that are kept.
const EVENTS: usize = 100;
/// Pods that are read of one workload.
const PODS: u32 = 500;

/// A look around. Parts that cannot be read become problems, and the rest is told.
pub struct Look<'a> {
    pub api: &'a Api,
    pub origin: &'a Origin,
    pub problems: Vec<String>,
}

#[derive(Deserialize)]
struct List {
    #[serde(default, deserialize_with = "crate::source::kubernetes::slim::or_default")]
    items: Vec<Box<RawValue>>,
}

/// A text as part of a query.
pub fn query(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

impl Look<'_> {
    fn note(&mut self, what: &str, trouble: &Trouble) {
        // An object that belongs to nothing any more, or a log that is gone, is no problem to tell.
        if !matches!(trouble, Trouble::Missing) {
            self.problems.push(format!("{what}: {}", trouble.words()));
        }
    }

    async fn list(&mut self, what: &str, url: &str) -> Vec<Box<RawValue>> {
        match self.api.json::<List>(url).await {
            Ok(list) => list.items,
            Err(trouble) => {
                self.note(what, &trouble);
                Vec::new()
            }
        }
    }

    /// Objects as they are.
    pub async fn values(&mut self, what: &str, url: &str) -> Vec<Value> {
        let items = self.list(what, url).await;
        items.iter().filter_map(|item| serde_json::from_str(item.get()).ok()).collect()
    }

    /// One object.
    pub async fn value(&mut self, what: &str, url: &str) -> Option<Value> {
        self.api.json(url).await.inspect_err(|trouble| self.note(what, trouble)).ok()
    }

    /// Events about an object, newest first.
    pub async fn events(&mut self, namespace: &str, name: &str, kind: &str) -> Vec<KubeEvent> {
        let selector = query(&format!("involvedObject.name={name},involvedObject.kind={kind}"));
        let url = match namespace {
            "" => format!("/api/v1/events?fieldSelector={selector}"),
            namespace => format!("/api/v1/namespaces/{namespace}/events?fieldSelector={selector}"),
        };
        let items = self.list("events", &url).await;
        let context = &self.origin.context;
        let mut events: Vec<_> =
            items.iter().filter_map(|item| node::read_event(context, item.get().as_bytes()).ok()).collect();
        events.sort_by_key(|event| std::cmp::Reverse(event.last_at));
        events.truncate(EVENTS);
        for event in &mut events {
            event.message = redact::text(&event.message).into_owned();
        }
        events
    }

    /// Pods that a selector finds, worst first.
    pub async fn pods(&mut self, namespace: &str, selector: &str) -> Vec<Pod> {
        let url = format!("/api/v1/namespaces/{namespace}/pods?limit={PODS}&labelSelector={}", query(selector));
        self.read_pods(&url).await
    }

    /// Pods on a node, worst first.
    pub async fn pods_on(&mut self, node: &str) -> Vec<Pod> {
        let selector = query(&format!("spec.nodeName={node}"));
        self.read_pods(&format!("/api/v1/pods?limit={PODS}&fieldSelector={selector}")).await
    }

    async fn read_pods(&mut self, url: &str) -> Vec<Pod> {
        let items = self.list("pods", url).await;
        let mut pods: Vec<_> = items.iter().filter_map(|item| self.pod(item.get())).collect();
        pods.sort_by(|a, b| {
            b.health.cmp(&a.health).then(b.restarts.cmp(&a.restarts)).then_with(|| a.name.cmp(&b.name))
        });
        pods
    }

    /// The row of a pod.
    pub fn pod(&self, json: &str) -> Option<Pod> {
        let slim = serde_json::from_str(json).ok()?;
        Some(pod::row(slim, &self.origin.context, self.origin.dialect, clock::now()))
    }

    /// The last lines of a container's log, harmless and without secrets; empty where there are none.
    pub async fn last_words(&mut self, pod: &Pod, container: &str, previous: bool) -> Vec<String> {
        let url = format!(
            "/api/v1/namespaces/{}/pods/{}/log?container={container}&previous={previous}&tailLines={LINES}&limitBytes={BYTES}",
            pod.namespace, pod.name
        );
        match self.api.bytes(&url, "*/*").await {
            Ok(bytes) => lines(&bytes),
            Err(Trouble::Denied(words)) => {
                self.problems.push(format!("log: {words}"));
                Vec::new()
            }
            // Of a container that never ran there is none.
            Err(_) => Vec::new(),
        }
    }
}

fn lines(log: &[u8]) -> Vec<String> {
    let mut lines = clean::lines(log, LONGEST);
    lines.iter_mut().for_each(|line| line.truncate(line.trim_end().len()));
    lines.retain(|line| !line.is_empty());
    lines.split_off(lines.len().saturating_sub(LINES))
}

/// `a=b,c=d` from `matchLabels` and `matchExpressions` of a selector.
pub fn selector(selector: &Value) -> String {
    let text = |value: &Value| CompactString::from(value.as_str().unwrap_or_default());
    let labels =
        selector["matchLabels"].as_object().into_iter().flatten().map(|(key, value)| format!("{key}={}", text(value)));
    let expression = |expression: &Value| {
        let key = text(&expression["key"]);
        let values: Vec<_> = expression["values"].as_array().into_iter().flatten().map(text).collect();
        let values = values.join(",");
        match expression["operator"].as_str().unwrap_or_default() {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.into(),
        }
    };
    let expressions = selector["matchExpressions"].as_array().into_iter().flatten().map(expression);
    labels.chain(expressions).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn selectors_and_last_words() {
        let value = json!({ "matchLabels": { "app": "web" },
            "matchExpressions": [{ "key": "tier", "operator": "In", "values": ["a", "b"] }, { "key": "x", "operator": "Exists" }] });
        assert_eq!(selector(&value), "app=web,tier in (a,b),x");
        assert_eq!(query("tier in (a)"), "tier%20in%20%28a%29");
        let log = format!("{}\n\nlast \u{1b}[31m--password=hunter2\n", "line\n".repeat(40));
        let lines = lines(log.as_bytes());
        assert_eq!(lines.len(), LINES);
        assert_eq!(lines[LINES - 1], "last --password=[redacted]");
    }
}
