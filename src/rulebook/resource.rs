//! An object that is judged, wherever it was found: in a file, in a cluster, at an engine.

use super::syntax::node::Node;
use crate::model::{
    Timestamp,
    finding::{Scope, Span},
};
use compact_str::{CompactString, format_compact};
use std::{collections::BTreeMap, sync::Arc};

/// An object.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// [`Scope::Repo`] in a file, [`Scope::Docker`] or [`Scope::Kube`] live.
    pub scope: Scope,
    /// As its own system calls it: `Deployment`, `service` (of a compose project), `container`, `image`, `volume`.
    pub kind: CompactString,
    /// `apps/v1`; empty for what is no object of a cluster.
    pub api_version: CompactString,
    /// Path of its file, name of its engine, name of its context.
    pub origin: CompactString,
    /// Namespace of a cluster, project of a compose service; empty where there is none.
    pub namespace: CompactString,
    pub name: CompactString,
    /// Its file, where it is in one.
    pub file: Option<CompactString>,
    /// The object whole, with the places of its parts where it came from a file.
    pub spec: Arc<Node>,
    /// When it was seen, where it is live.
    pub observed_at: Option<Timestamp>,
    /// Where its parts stand, if several files make it up.
    pub merged: Option<Arc<Merged>>,
}

/// Where the parts of an object stand that several files make up: a service of compose files that lie over each other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Merged {
    /// Files of the parts that stand in another file than the part above them, by pointer.
    pub files: BTreeMap<String, CompactString>,
    /// Files that are judged as a part of something else: what is found in them is left out here, so that it is told once.
    pub elsewhere: Vec<CompactString>,
}

impl Resource {
    /// What a person calls it: `Deployment shop/checkout`, `service web`.
    pub fn label(&self) -> CompactString {
        let name = if self.name.is_empty() { "(no name)" } else { &self.name };
        if self.namespace.is_empty() {
            format_compact!("{} {name}", self.kind)
        } else {
            format_compact!("{} {}/{name}", self.kind, self.namespace)
        }
    }

    /// What is at a pointer.
    pub fn at(&self, pointer: &str) -> Option<&Node> {
        self.spec.at(pointer)
    }

    /// The file in which what a pointer names stands (if it is not there, the nearest part above it).
    pub fn file_of(&self, pointer: &str) -> Option<&CompactString> {
        let Some(merged) = &self.merged else { return self.file.as_ref() };
        let mut nearest = pointer;
        while !nearest.is_empty() && self.spec.at(nearest).is_none() {
            nearest = above(nearest);
        }
        loop {
            if let Some(file) = merged.files.get(nearest) {
                return Some(file);
            }
            if nearest.is_empty() {
                return self.file.as_ref();
            }
            nearest = above(nearest);
        }
    }

    /// The file and the place of what a pointer names, or of the nearest part above it.
    pub fn place_of(&self, pointer: &str) -> (Option<&CompactString>, Option<Span>) {
        (self.file_of(pointer), self.spec.span_of(pointer))
    }

    /// Whether what is found at a pointer is told here. It is not where its file is judged as a part of something else: a compose file
    /// lies over another, and only what itself adds is its own. The same goes for what is missing, if the object itself is from there.
    pub fn is_told(&self, pointer: &str) -> bool {
        let Some(merged) = &self.merged else { return true };
        let is_elsewhere = |pointer| self.file_of(pointer).is_some_and(|file| merged.elsewhere.contains(file));
        merged.elsewhere.is_empty() || !(is_elsewhere(pointer) || is_elsewhere("") && self.spec.at(pointer).is_none())
    }

    /// Whether it is an object of a cluster, in a file or live.
    pub fn is_kubernetes(&self) -> bool {
        !self.api_version.is_empty()
    }
}

/// A pointer less its last step.
fn above(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(above, _)| above)
}

/// An object of a cluster as it stands in a file `object.yaml`, for tests.
#[cfg(test)]
pub fn object(text: &str) -> Resource {
    let spec = super::syntax::yaml::parse_one(text).expect("is YAML");
    let part = |pointer: &str| spec.at(pointer).and_then(Node::scalar).unwrap_or_default().into();
    Resource {
        scope: Scope::Repo,
        kind: part("/kind"),
        api_version: part("/apiVersion"),
        origin: "object.yaml".into(),
        namespace: part("/metadata/namespace"),
        name: part("/metadata/name"),
        file: Some("object.yaml".into()),
        spec: Arc::new(spec),
        observed_at: None,
        merged: None,
    }
}

/// A live object of an engine, for tests.
#[cfg(test)]
pub fn live_object(kind: &str, name: &str, spec: serde_json::Value) -> Resource {
    Resource {
        scope: Scope::Docker,
        kind: kind.into(),
        api_version: CompactString::default(),
        origin: "local".into(),
        namespace: CompactString::default(),
        name: name.into(),
        file: None,
        spec: Arc::new(spec.into()),
        observed_at: None,
        merged: None,
    }
}
