//! Rules of the configuration on what is protected and how things are confirmed, and what they are matched with.

use super::Confirmation;
use crate::{
    model::object::{ObjectKind, ObjectRef},
    ops::operation::Operation,
    world::World,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Targets that nothing may be done to. Every pattern that is given has to match; `*` stands for any text, `?` for one sign.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Protect {
    /// Kind of the target: `container`, `pod`, `deployment`, `node`, `process` …
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace, in a cluster.
    pub namespace: String,
    /// A label that it has: `key` or `key=value`.
    pub label: String,
    /// The cluster's context or the engine.
    pub context: String,
    /// Why, for who is refused.
    pub reason: String,
}

/// How operations have to be confirmed. The first rule that matches decides instead of the built-in ones.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ConfirmRule {
    /// The cluster's context or the engine, as a pattern.
    pub context: String,
    /// The namespace, as a pattern.
    pub namespace: String,
    /// Kind of the target, as a pattern.
    pub kind: String,
    /// What is done, as a pattern: `restart`, `scale`, `delete` …
    pub action: String,
    /// What is asked for.
    pub ask: Ask,
    /// The most targets at once; 0 is any number.
    pub at_most: u32,
}

/// What is asked for before something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Ask {
    Deny,
    #[default]
    YesNo,
    TypeName,
}

/// Whether a text fits a pattern, where `*` stands for any text and `?` for one sign. The empty pattern fits everything.
pub fn fits(pattern: &str, text: &str) -> bool {
    if pattern.is_empty() {
        return true;
    }
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last star stood, and how much of the text it has taken.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p, t));
            p += 1;
        } else if pattern.get(p).is_some_and(|c| *c == '?' || *c == text[t]) {
            (p, t) = (p + 1, t + 1);
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            (p, t) = (at + 1, taken + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

impl Protect {
    /// Whether it is about this target.
    fn is_about(&self, operation: &Operation, labels: &[(String, String)]) -> bool {
        let has_label = || {
            let (key, value) = self.label.split_once('=').unwrap_or((&self.label, ""));
            labels.iter().any(|(k, v)| fits(key, k) && fits(value, v))
        };
        fits(&self.kind, kind_word(&operation.target()))
            && fits(&self.name, operation.target_name())
            && fits(&self.namespace, operation.namespace())
            && fits(&self.context, operation.place())
            && (self.label.is_empty() || has_label())
            // A rule without any pattern protects nothing rather than everything.
            && ![&self.kind, &self.name, &self.namespace, &self.label, &self.context].iter().all(|text| text.is_empty())
    }
}

/// The refusal of the first rule that protects the target.
pub fn protected(rules: &[Protect], operation: &Operation, world: &World) -> Option<String> {
    if rules.is_empty() || operation.only_looks() {
        return None;
    }
    let labels = labels(world, &operation.target());
    let rule = rules.iter().find(|rule| rule.is_about(operation, &labels))?;
    let why = if rule.reason.is_empty() { String::new() } else { format!(": {}", rule.reason) };
    Some(format!("{} is protected by the configuration{why}", operation.target_name()))
}

/// The kind's word, for resources without a word of their own the API's.
pub fn kind_word(target: &ObjectRef) -> &str {
    match (target.kind, target.in_kube()) {
        (ObjectKind::Resource, Some(path)) => path.resource,
        (kind, _) => kind.word(),
    }
}

/// Labels of a target, as far as they are known.
pub fn labels(world: &World, target: &ObjectRef) -> Vec<(String, String)> {
    let (engines, kube) = (&world.observed.containers, &world.observed.kube);
    let pairs = |labels: &[(compact_str::CompactString, compact_str::CompactString)]| {
        labels.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
    };
    if let Some((engine, id)) = target.engine_and_id() {
        let row = engines.containers.get(engine, id).filter(|_| target.kind == ObjectKind::Container);
        return row.into_iter().flat_map(|row| &row.labels).map(|(k, v)| (k.to_string(), v.clone())).collect();
    }
    if let Some(alert) = world.observed.watch.alert(target) {
        return alert.labels.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    }
    let Some(path) = target.in_kube() else { return Vec::new() };
    let found = match target.kind {
        ObjectKind::Pod => super::kubernetes::pod(kube, path).map(|pod| pairs(&pod.labels)),
        ObjectKind::Node => kube.nodes.get(path.context, path.name).map(|node| pairs(&node.labels)),
        _ => super::kubernetes::workload(kube, target).map(|workload| pairs(&workload.labels)),
    };
    found.unwrap_or_else(|| details_labels(world, target))
}

/// Labels of the object that is open, from the object itself.
fn details_labels(world: &World, target: &ObjectRef) -> Vec<(String, String)> {
    let details = world.observed.kube.details.as_ref().filter(|details| details.object == *target);
    let labels = details.and_then(|details| details.json.pointer("/metadata/labels")?.as_object());
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    labels.into_iter().flatten().map(|(key, value)| (key.clone(), text(value))).collect()
}

impl ConfirmRule {
    fn is_about(&self, operation: &Operation) -> bool {
        fits(&self.context, operation.place())
            && fits(&self.namespace, operation.namespace())
            && fits(&self.kind, kind_word(&operation.target()))
            && fits(&self.action, operation.word())
    }

    fn words(&self) -> String {
        let parts = [("context", &self.context), ("namespace", &self.namespace), ("kind", &self.kind)];
        let parts = parts.into_iter().chain([("action", &self.action)]).filter(|(_, pattern)| !pattern.is_empty());
        let words: Vec<_> = parts.map(|(word, pattern)| format!("{word} {pattern}")).collect();
        if words.is_empty() { "everything".into() } else { words.join(", ") }
    }
}

/// What a rule of the configuration asks for, and why; `Err` where it denies. `None` where no rule is about it.
pub fn asked(rules: &[ConfirmRule], operation: &Operation) -> Option<Result<(Confirmation, String), String>> {
    let rule = rules.iter().find(|rule| rule.is_about(operation))?;
    let why = format!("the configuration's rule for {}", rule.words());
    Some(match rule.ask {
        Ask::Deny => Err(format!("{why} denies it")),
        Ask::YesNo => Ok((Confirmation::YesNo, why)),
        Ask::TypeName => Ok((Confirmation::TypeName, why)),
    })
}

/// The fewest targets at once that a rule about any of these allows, and the rule's words.
pub fn at_most(rules: &[ConfirmRule], operations: &[Operation]) -> Option<(u32, String)> {
    let about = |rule: &&ConfirmRule| rule.at_most > 0 && operations.iter().any(|operation| rule.is_about(operation));
    rules.iter().filter(about).map(|rule| (rule.at_most, rule.words())).min()
}

/// Names of contexts, engines and namespaces that are taken for production where no rule says otherwise.
const PRODUCTION: &[&str] =
    &["prod", "prod-*", "*-prod", "*-prod-*", "production*", "*-production*", "prd", "prd-*", "*-prd"];
/// Namespaces that hold the cluster up.
const SYSTEM: &[&str] = &["kube-system", "kube-public", "kube-node-lease", "*-system"];

/// What is asked for where no rule of the configuration is about it, and why.
pub fn built_in(operation: &Operation) -> (Confirmation, String) {
    let any = |patterns: &[&str], text: &str| !text.is_empty() && patterns.iter().any(|pattern| fits(pattern, text));
    if operation.only_looks() {
        return (Confirmation::None, String::new());
    }
    if let Some(why) = operation.danger() {
        return (Confirmation::TypeName, why.into());
    }
    let (place, namespace) = (operation.place(), operation.namespace());
    let special = if any(PRODUCTION, place) {
        Some(format!("{place} is named like production"))
    } else if any(PRODUCTION, namespace) {
        Some(format!("namespace {namespace} is named like production"))
    } else if any(SYSTEM, namespace) {
        Some(format!("namespace {namespace} holds the cluster up"))
    } else {
        None
    };
    match special {
        Some(why) if operation.takes_terminal() => (Confirmation::YesNo, why),
        Some(why) => (Confirmation::TypeName, why),
        // What is to be run was just typed or looked at: that is the question.
        None if operation.takes_terminal() => (Confirmation::None, String::new()),
        None => (Confirmation::YesNo, String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit() {
        for (pattern, text) in [
            ("", "x"),
            ("*", ""),
            ("etcd*", "etcd-0"),
            ("*-prod", "eu-prod"),
            ("a?c", "abc"),
            ("*a*b*", "xaybz"),
            ("*aab", "aaab"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("etcd", "etcd-0"), ("?", ""), ("a*b", "ac"), ("*-prod", "prod")] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_rule_without_patterns_protects_nothing() {
        let operation = Operation::SignalProcess {
            pid: 5,
            start_ticks: 1,
            name: "x".into(),
            signal: crate::ops::operation::Signal::Term,
        };
        assert!(!Protect::default().is_about(&operation, &[]));
        assert!(Protect { kind: "process".into(), ..Protect::default() }.is_about(&operation, &[]));
    }
}
