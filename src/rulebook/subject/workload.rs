//! What runs pods: where its pod template is, how many it wants, whom its labels answer to, and what its pods need to be there.

use super::kubernetes::{group_of, is_built_in};
use crate::rulebook::{
    resource::Resource,
    syntax::node::{Data, Node},
};
use std::borrow::Cow;

/// The pointer to the pod template of an object that runs pods: to what holds `metadata` and `spec` of the pods. Empty for a pod.
pub fn template(resource: &Resource) -> Option<&'static str> {
    let group = group_of(&resource.api_version);
    let known =
        resource.is_kubernetes() && (is_built_in(group) || matches!(group, "apps.openshift.io" | "argoproj.io"));
    let pointer = match &*resource.kind {
        "Pod" => "",
        "PodTemplate" => "/template",
        "CronJob" => "/spec/jobTemplate/spec/template",
        "Deployment"
        | "StatefulSet"
        | "DaemonSet"
        | "ReplicaSet"
        | "ReplicationController"
        | "Job"
        | "DeploymentConfig"
        | "Rollout" => "/spec/template",
        _ => return None,
    };
    (known && resource.at(pointer).is_some()).then_some(pointer)
}

/// The pod's specification with its pointer.
pub fn pod_spec(resource: &Resource) -> Option<(String, &Node)> {
    let template = template(resource)?;
    let spec = resource.at(template)?.get("spec")?;
    Some((format!("{template}/spec"), spec))
}

/// The labels of the pods; `None` where they have none.
pub fn pod_labels(resource: &Resource) -> Option<&Node> {
    resource.at(template(resource)?)?.at("/metadata/labels")
}

/// Containers of the pods with their pointers, those that run first included.
pub fn pod_containers(resource: &Resource) -> Vec<(String, &Node)> {
    let Some((pointer, spec)) = pod_spec(resource) else { return Vec::new() };
    ["initContainers", "containers", "ephemeralContainers"]
        .into_iter()
        .flat_map(|key| {
            let items = spec.get(key).map(Node::items).unwrap_or_default();
            let pointer = &pointer;
            items.iter().enumerate().map(move |(at, item)| (format!("{pointer}/{key}/{at}"), item))
        })
        .collect()
}

/// How many pods it wants: `None` where what is written there is no number (a variable). Not given is one.
pub fn replicas(resource: &Resource) -> Option<i64> {
    match resource.at("/spec/replicas") {
        None => Some(1),
        Some(node) if node.is_null() => Some(1),
        Some(node) => node.as_int(),
    }
}

/// A selector of labels.
#[derive(Debug, Clone, Copy)]
pub struct Selector<'a> {
    node: &'a Node,
    /// Labels by themselves, as in a Service, and not a `LabelSelector`.
    is_plain: bool,
}

impl<'a> Selector<'a> {
    /// Labels with the values that they have to have, as in a Service.
    pub const fn plain(node: &'a Node) -> Self {
        Self { node, is_plain: true }
    }

    /// A `LabelSelector`: `matchLabels` and `matchExpressions`.
    pub const fn of(node: &'a Node) -> Self {
        Self { node, is_plain: false }
    }

    fn pairs(&self) -> &'a [crate::rulebook::syntax::node::Entry] {
        let node = if self.is_plain { Some(self.node) } else { self.node.get("matchLabels") };
        node.map(Node::entries).unwrap_or_default()
    }

    fn expressions(&self) -> &'a [Node] {
        if self.is_plain { &[] } else { self.node.get("matchExpressions").map(Node::items).unwrap_or_default() }
    }

    /// Whether it asks for nothing, which some take for everything and others for nothing.
    pub fn is_empty(&self) -> bool {
        self.pairs().is_empty() && self.expressions().is_empty()
    }

    /// Every value that it asks for.
    pub fn values(&self) -> Vec<String> {
        let listed = self.expressions().iter().filter_map(|item| item.get("values")).flat_map(Node::items);
        self.pairs().iter().map(|entry| &entry.value).chain(listed).filter_map(Node::scalar).collect()
    }

    /// Whether a part of it cannot be known from the file.
    pub fn is_open(&self) -> bool {
        self.pairs().iter().any(|entry| is_open(&entry.value)) || self.values().iter().any(|value| has_variable(value))
    }

    /// Whether labels answer to it; `more` are labels that every object gets besides its own.
    pub fn matches(&self, labels: Option<&Node>, more: &[(String, String)]) -> bool {
        let value_of = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(text_of);
        let has = |key: &str, wanted: &str| {
            value_of(key).as_deref() == Some(wanted) || more.iter().any(|(name, value)| name == key && value == wanted)
        };
        let exists = |key: &str| value_of(key).is_some() || more.iter().any(|(name, _)| name == key);
        let pair = |key: &str, value: &Node| text_of(value).is_some_and(|wanted| has(key, &wanted));
        let expression = |item: &Node| {
            let key = item.get("key").and_then(Node::as_str).unwrap_or_default();
            let values = item.get("values").map(Node::items).unwrap_or_default();
            let is_among = values.iter().filter_map(Node::scalar).any(|value| has(key, &value));
            match item.get("operator").and_then(Node::as_str) {
                Some("In") => is_among,
                Some("NotIn") => !is_among,
                Some("Exists") => exists(key),
                Some("DoesNotExist") => !exists(key),
                _ => true,
            }
        };
        self.pairs().iter().all(|entry| pair(&entry.key, &entry.value)) && self.expressions().iter().all(expression)
    }
}

/// As [`Node::scalar`], without a copy where it is a text.
fn text_of(node: &Node) -> Option<Cow<'_, str>> {
    node.as_str().map_or_else(|| node.scalar().map(Cow::Owned), |text| Some(Cow::Borrowed(text)))
}

/// Something that the pods of an object need to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// `ConfigMap`, `Secret`, `ServiceAccount` or `PersistentVolumeClaim`.
    pub kind: &'static str,
    pub name: String,
    /// The key that has to be in it, where one is named.
    pub key: Option<String>,
    /// Where its name stands.
    pub pointer: String,
    /// Where the key stands.
    pub key_pointer: String,
    /// The pods start without it too.
    pub is_optional: bool,
}

/// Everything that the pods of an object need to be there, in the order of the file.
pub fn references(resource: &Resource) -> Vec<Reference> {
    let mut found = References { found: Vec::new() };
    let Some((pointer, spec)) = pod_spec(resource) else { return found.found };
    let account = ["serviceAccountName", "serviceAccount"].iter().find(|key| spec.get(key).is_some());
    if let Some(key) = account {
        found.add("ServiceAccount", spec, &pointer, key, None);
    }
    for (at, item) in items(spec, "imagePullSecrets") {
        // The kubelet pulls without one that is not there; the pod starts where the image is public.
        found.add_optional("Secret", item, &format!("{pointer}/imagePullSecrets/{at}"), "name");
    }
    for (at, volume) in items(spec, "volumes") {
        found.volume(volume, &format!("{pointer}/volumes/{at}"));
    }
    for (pointer, container) in pod_containers(resource) {
        for (at, source) in items(container, "envFrom") {
            let pointer = format!("{pointer}/envFrom/{at}");
            found.named(source, &pointer, "configMapRef", "ConfigMap", "name", None);
            found.named(source, &pointer, "secretRef", "Secret", "name", None);
        }
        for (at, variable) in items(container, "env") {
            let pointer = format!("{pointer}/env/{at}/valueFrom");
            let Some(source) = variable.get("valueFrom") else { continue };
            found.named(source, &pointer, "configMapKeyRef", "ConfigMap", "name", Some("key"));
            found.named(source, &pointer, "secretKeyRef", "Secret", "name", Some("key"));
        }
    }
    found.found
}

fn items<'n>(node: &'n Node, key: &str) -> impl Iterator<Item = (usize, &'n Node)> {
    node.get(key).map(Node::items).unwrap_or_default().iter().enumerate()
}

struct References {
    found: Vec<Reference>,
}

impl References {
    fn add(&mut self, kind: &'static str, node: &Node, pointer: &str, name: &str, key: Option<&str>) {
        let text =
            |key: &str| node.get(key).and_then(Node::as_str).filter(|text| !text.is_empty() && !has_variable(text));
        let Some(found) = text(name) else { return };
        self.found.push(Reference {
            kind,
            name: found.to_owned(),
            key: key.and_then(text).map(str::to_owned),
            pointer: format!("{pointer}/{name}"),
            key_pointer: key.map(|key| format!("{pointer}/{key}")).unwrap_or_default(),
            is_optional: node.get("optional").and_then(Node::as_bool).unwrap_or(false),
        });
    }

    fn add_optional(&mut self, kind: &'static str, node: &Node, pointer: &str, name: &str) {
        let before = self.found.len();
        self.add(kind, node, pointer, name, None);
        for found in &mut self.found[before..] {
            found.is_optional = true;
        }
    }

    fn named(&mut self, node: &Node, pointer: &str, part: &str, kind: &'static str, name: &str, key: Option<&str>) {
        if let Some(reference) = node.get(part) {
            self.add(kind, reference, &format!("{pointer}/{part}"), name, key);
        }
    }

    fn volume(&mut self, volume: &Node, pointer: &str) {
        self.named(volume, pointer, "configMap", "ConfigMap", "name", None);
        self.named(volume, pointer, "secret", "Secret", "secretName", None);
        self.named(volume, pointer, "persistentVolumeClaim", "PersistentVolumeClaim", "claimName", None);
        let Some(projected) = volume.get("projected") else { return };
        for (at, source) in items(projected, "sources") {
            let pointer = format!("{pointer}/projected/sources/{at}");
            self.named(source, &pointer, "configMap", "ConfigMap", "name", None);
            self.named(source, &pointer, "secret", "Secret", "name", None);
        }
    }
}

/// Whether a text holds a variable that somebody fills in before it reaches a cluster: `${NAME}`, `{{ name }}`, `<name>`.
pub fn has_variable(text: &str) -> bool {
    text.contains("${") || text.contains("{{") || text.contains("$(") || text.starts_with('$') || text.starts_with('<')
}

/// Whether a value cannot be known from the file.
pub fn is_open(node: &Node) -> bool {
    match &node.data {
        Data::Opaque(_) => true,
        Data::Text(text) => has_variable(text),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{subject::kubernetes, syntax::yaml};

    fn object(text: &str) -> Resource {
        kubernetes::read("a.yaml", &yaml::parse(text).expect("is YAML")).objects.remove(0)
    }

    #[test]
    fn templates_of_every_kind() {
        let of = |kind: &str, version: &str, spec: &str| {
            template(&object(&format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {spec}\n")))
        };
        assert_eq!(of("Pod", "v1", "{}"), Some(""));
        assert_eq!(of("Deployment", "apps/v1", "{template: {}}"), Some("/spec/template"));
        assert_eq!(
            of("CronJob", "batch/v1", "{jobTemplate: {spec: {template: {}}}}"),
            Some("/spec/jobTemplate/spec/template")
        );
        assert_eq!(of("Deployment", "apps/v1", "{replicas: 2}"), None, "a part of one");
        assert_eq!(of("Job", "example.com/v1", "{template: {}}"), None, "somebody else's");
    }

    #[test]
    fn selectors_match_as_the_api_server_does() {
        let labels = yaml::parse_one("{app: web, tier: '1'}").expect("is YAML");
        let matches = |selector: &str, is_plain: bool| {
            let node = yaml::parse_one(selector).expect("is YAML");
            Selector { node: &node, is_plain }.matches(Some(&labels), &[("env".into(), "prod".into())])
        };
        assert!(matches("{app: web, tier: 1}", true) && matches("{env: prod}", true) && !matches("{app: api}", true));
        assert!(matches("matchLabels: {app: web}\nmatchExpressions: [{key: tier, operator: Exists}]", false));
        assert!(matches("matchExpressions: [{key: app, operator: In, values: [api, web]}]", false));
        assert!(!matches("matchExpressions: [{key: app, operator: NotIn, values: [api, web]}]", false));
        assert!(!matches("matchExpressions: [{key: app, operator: DoesNotExist}]", false));
    }

    #[test]
    fn references_with_their_places() {
        let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  serviceAccountName: robot\n  volumes:\n  - name: v\n    secret: {secretName: s1, optional: true}\n  - name: w\n    projected: {sources: [{configMap: {name: c1}}]}\n  - name: x\n    persistentVolumeClaim: {claimName: p1}\n  containers:\n  - name: c\n    envFrom: [{configMapRef: {name: c2}}]\n    env:\n    - name: E\n      valueFrom: {secretKeyRef: {name: s2, key: k}}\n    - name: F\n      valueFrom: {secretKeyRef: {name: '${X}', key: k}}\n";
        let found = references(&object(text));
        let told: Vec<String> = found
            .iter()
            .map(|found| {
                format!("{} {} {}{}", found.kind, found.name, found.pointer, if found.is_optional { " ?" } else { "" })
            })
            .collect();
        assert_eq!(
            told,
            [
                "ServiceAccount robot /spec/serviceAccountName",
                "Secret s1 /spec/volumes/0/secret/secretName ?",
                "ConfigMap c1 /spec/volumes/1/projected/sources/0/configMap/name",
                "PersistentVolumeClaim p1 /spec/volumes/2/persistentVolumeClaim/claimName",
                "ConfigMap c2 /spec/containers/0/envFrom/0/configMapRef/name",
                "Secret s2 /spec/containers/0/env/0/valueFrom/secretKeyRef/name",
            ]
        );
        assert_eq!(found[5].key.as_deref(), Some("k"));
    }
}
