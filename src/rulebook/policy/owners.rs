//! Who owns a path or an object: `[owners]` of the policy, then CODEOWNERS, then the labels of the object.

use super::{Policy, globs::Patterns};
use crate::rulebook::resource::Resource;
use compact_str::CompactString;

/// Longer names are not taken from labels.
const LONGEST: usize = 200;

/// The owners that a policy names, compiled. The pattern that says most holds, wherever it stands.
#[derive(Debug, Clone)]
pub struct Owners {
    patterns: Patterns,
    /// How much each pattern says, and its owner.
    owners: Vec<(usize, CompactString)>,
}

impl Owners {
    /// The owners of a policy.
    pub fn of(policy: &Policy) -> Self {
        let owners = policy.owners.iter().map(|(pattern, owner)| (weight(pattern), owner.as_str().into()));
        Self { patterns: Patterns::new(policy.owners.keys().map(String::as_str)), owners: owners.collect() }
    }

    /// The owner of a path.
    pub fn owner(&self, path: &str) -> Option<CompactString> {
        let matching = self.patterns.which(path).filter_map(|at| self.owners.get(at));
        matching.max_by_key(|(weight, _)| *weight).map(|(_, owner)| owner.clone())
    }
}

/// How much a pattern says: its signs that stand for themselves.
fn weight(pattern: &str) -> usize {
    pattern.chars().filter(|c| !matches!(c, '*' | '?' | '[' | ']' | '{' | '}')).count()
}

/// The owner that an object's own labels (or annotations) name: `owner`, then `team`.
pub fn owner_label(resource: &Resource) -> Option<CompactString> {
    let places = [
        "/metadata/labels",
        "/metadata/annotations",
        "/spec/template/metadata/labels",
        "/labels",
        "/Config/Labels",
        "/Labels",
    ];
    let tables = || places.iter().filter_map(|place| resource.at(place));
    ["owner", "team"].into_iter().find_map(|key| {
        tables().find_map(|labels| {
            let listed = || {
                labels.items().iter().find_map(|item| item.as_str()?.split_once('=').filter(|(name, _)| *name == key))
            };
            let named = labels.get(key).and_then(|value| value.as_str().map(str::to_owned));
            let owner = named.or_else(|| listed().map(|(_, owner)| owner.to_owned()))?;
            let owner = owner.trim();
            (!owner.is_empty() && owner.chars().count() <= LONGEST).then(|| owner.into())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::finding::Scope, rulebook::syntax::node::Node};
    use std::sync::Arc;

    #[test]
    fn the_pattern_that_says_most_holds() {
        let owners = [("*", "all"), ("deploy/", "ops"), ("deploy/db/*.yml", "dba"), ("*.md", "docs")];
        let policy = Policy { owners: owners.map(|(at, who)| (at.into(), who.into())).into(), ..Policy::default() };
        let of = |path: &str| policy.owner_of(path).map(String::from);
        assert_eq!(of("deploy/web.yml").as_deref(), Some("ops"));
        assert_eq!(of("deploy/db/x.yml").as_deref(), Some("dba"));
        assert_eq!(of("a/README.md").as_deref(), Some("docs"));
        assert_eq!(of("x").as_deref(), Some("all"));
        assert_eq!(Policy::default().owner_of("x"), None);
    }

    #[test]
    fn labels_name_owners_in_every_system() {
        let owner = |json: &str| {
            let spec: Node = serde_json::from_str::<serde_json::Value>(json).expect("JSON").into();
            owner_label(&Resource {
                scope: Scope::Kube,
                kind: "Pod".into(),
                api_version: "v1".into(),
                origin: "prod".into(),
                namespace: "".into(),
                name: "web".into(),
                file: None,
                spec: Arc::new(spec),
                observed_at: None,
                merged: None,
            })
        };
        assert_eq!(owner(r#"{"metadata": {"labels": {"team": "b", "owner": "a"}}}"#).as_deref(), Some("a"));
        assert_eq!(owner(r#"{"metadata": {"labels": {"team": "b"}}}"#).as_deref(), Some("b"));
        assert_eq!(owner(r#"{"labels": ["x=1", "team=b=c"]}"#).as_deref(), Some("b=c"));
        assert_eq!(owner(r#"{"Config": {"Labels": {"owner": "a"}}}"#).as_deref(), Some("a"));
        assert_eq!(owner(r#"{"metadata": {"labels": {"owner": " ", "app.kubernetes.io/managed-by": "Helm"}}}"#), None);
        assert_eq!(owner(r#"{"labels": 3}"#), None);
    }
}
