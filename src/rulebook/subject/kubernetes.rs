//! Objects of a cluster as files declare them: every document, lists unrolled. Also what a chart and a kustomization are.

use crate::model::finding::{Scope, Span};
use crate::rulebook::{
    resource::Resource,
    syntax::{
        Fault,
        node::{Data, Node},
    },
};
use compact_str::CompactString;
use std::sync::Arc;

/// What a file declares, and what in it is no object although it should be one.
#[derive(Debug, Clone, Default)]
pub struct Read {
    pub objects: Vec<Resource>,
    pub faults: Vec<Fault>,
}

/// API groups that the API server itself serves (<https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.34/>). The group of
/// `v1` is the empty one.
const BUILT_IN: &[&str] = &[
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "settings.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];

/// Whether the API server itself serves a group, and no extension.
pub fn is_built_in(group: &str) -> bool {
    BUILT_IN.contains(&group)
}

/// The group of an `apiVersion`: `apps` of `apps/v1`, the empty one of `v1`.
pub fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// Whether an object is of a kind that the API server itself serves: `extensions` held for a while what is now in other groups.
pub fn is(resource: &Resource, group: &str, kind: &str) -> bool {
    let own = group_of(&resource.api_version);
    resource.kind == kind && resource.is_kubernetes() && (own == group || (own == "extensions" && is_built_in(group)))
}

/// Reads the documents of a file.
pub fn read(path: &str, documents: &[Node]) -> Read {
    let mut read = Read::default();
    for document in documents {
        object(path, document, ("", ""), &mut read);
    }
    read
}

/// Reads one object; `of` are the version and the kind that the list around it gives to items without their own.
fn object(path: &str, node: &Node, of: (&str, &str), read: &mut Read) {
    if !matches!(node.data, Data::Map(_)) {
        read.faults.push(Fault::at(line_of(node), "no object of a cluster: it is no map"));
        return;
    }
    let (Some(api_version), Some(kind)) =
        (text(node, "apiVersion", of.0, &mut read.faults), text(node, "kind", of.1, &mut read.faults))
    else {
        return;
    };
    if let Some(items) = node.get("items").filter(|items| kind.ends_with("List") && matches!(items.data, Data::List(_)))
    {
        let single = kind.strip_suffix("List").unwrap_or(kind);
        let of = if single.is_empty() { ("", "") } else { (api_version, single) };
        for item in items.items() {
            object(path, item, of, read);
        }
        return;
    }
    let metadata = node.get("metadata");
    let needs_no_name = kind == "Config" || kind.ends_with("Review") || !is_built_in(group_of(api_version));
    if metadata.is_none() && needs_no_name {
        // A tool's configuration that is written in the same way (kubeadm, kind, Skaffold, a kubeconfig), or a question to the server.
        return;
    }
    let name = name_of(node, &mut read.faults);
    read.objects.push(Resource {
        scope: Scope::Repo,
        kind: kind.into(),
        api_version: api_version.into(),
        origin: path.into(),
        namespace: metadata
            .and_then(|metadata| metadata.get("namespace"))
            .and_then(Node::scalar)
            .unwrap_or_default()
            .into(),
        name,
        file: Some(path.into()),
        spec: Arc::new(node.clone()),
        observed_at: None,
        merged: None,
    });
}

/// The name of an object, or what its name will begin with.
fn name_of(node: &Node, faults: &mut Vec<Fault>) -> CompactString {
    let metadata = node.get("metadata");
    let given = ["name", "generateName"].iter().find_map(|key| metadata?.get(key).filter(|name| !name.is_null()));
    let Some(given) = given else {
        faults.push(Fault::at(node.span_of("/metadata").map(first_line), "an object without a name (`metadata.name`)"));
        return CompactString::default();
    };
    if given.as_str().is_none() && !given.is_opaque() {
        faults.push(Fault::at(given.span, "the name (`metadata.name`) is no text: it has to be quoted"));
    }
    given.scalar().unwrap_or_default().into()
}

/// The text of a key, or what stands for it.
fn text<'n>(node: &'n Node, key: &str, otherwise: &'n str, faults: &mut Vec<Fault>) -> Option<&'n str> {
    match node.get(key) {
        None if !otherwise.is_empty() => Some(otherwise),
        None => {
            faults.push(Fault::at(line_of(node), format!("no object of a cluster: it has no `{key}`")));
            None
        }
        Some(value) => {
            let found = value.as_str().filter(|text| !text.is_empty());
            if found.is_none() {
                faults.push(Fault::at(value.span, format!("no object of a cluster: its `{key}` is no text")));
            }
            found
        }
    }
}

fn line_of(node: &Node) -> Option<Span> {
    node.span.map(first_line)
}

/// A place that spans many lines, shortened to where it begins.
fn first_line(span: Span) -> Span {
    if span.end_line == span.line { span } else { Span::on_line(span.line, span.column, 1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::syntax::yaml;
    use proptest::prelude::*;

    fn told(text: &str) -> Vec<String> {
        let read = read("a.yaml", &yaml::parse(text).expect("is YAML"));
        let fault = |fault: &Fault| format!("{} {}", fault.span.map_or(0, |span| span.line), fault.message);
        read.objects
            .iter()
            .map(|object| format!("{} {}", object.api_version, object.label()))
            .chain(read.faults.iter().map(fault))
            .collect()
    }

    #[test]
    fn documents_and_lists_become_objects() {
        let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: a, namespace: shop}\n  spec: {replicas: 1}\n- apiVersion: v1\n  kind: List\n  items:\n  - {apiVersion: v1, kind: Service, metadata: {generateName: b-}}\n---\napiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata: {name: c}\n---\n# nothing\n";
        assert_eq!(told(text), ["apps/v1 Deployment shop/a", "v1 Service b-", "v1 ConfigMap c"]);
        let read = read("a.yaml", &yaml::parse(text).expect("is YAML"));
        let span = read.objects[0].spec.span_of("/spec/replicas").expect("has a place");
        assert_eq!((span.line, span.column), (7, 20), "the pointer is the item's, the place the file's");
    }

    #[test]
    fn an_object_whose_kind_ends_like_a_list_is_one() {
        let text = "apiVersion: example.com/v1\nkind: AllowList\nmetadata: {name: a}\nspec: {}\n";
        assert_eq!(told(text), ["example.com/v1 AllowList a"]);
    }

    #[test]
    fn json_is_read_too() {
        let text = "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"Service\",\n\t\"metadata\": {\"name\": \"a\"}\n}\n";
        assert_eq!(told(text), ["v1 Service a"]);
    }

    #[test]
    fn what_is_no_object_is_a_fault() {
        assert_eq!(
            told("apiVersion: v1\nkind: 5\nmetadata: {name: a}\n"),
            ["2 no object of a cluster: its `kind` is no text"]
        );
        assert_eq!(
            told("apiVersion: v1\nkind: Pod\nmetadata:\n  labels: {a: b}\n"),
            ["v1 Pod (no name)", "3 an object without a name (`metadata.name`)"]
        );
        assert_eq!(
            told("apiVersion: v1\nkind: Pod\nmetadata: {name: 12}\n")[1..],
            ["3 the name (`metadata.name`) is no text: it has to be quoted"]
        );
        assert_eq!(
            told("- 1\n---\nkind: Pod\n"),
            ["1 no object of a cluster: it is no map", "3 no object of a cluster: it has no `apiVersion`"]
        );
    }

    #[test]
    fn configuration_of_tools_is_no_object() {
        assert_eq!(told("apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\nnodes: []\n"), [""; 0]);
        assert_eq!(told("apiVersion: v1\nkind: Config\nclusters: []\n"), [""; 0]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "[a-zA-Z:{}\\[\\]\\-\n ,\"0-9]{0,200}") {
            if let Ok(documents) = yaml::parse(&format!("apiVersion: v1\nkind: List\nitems: [{text}]\n")) {
                read("a.yaml", &documents);
            }
            if let Ok(documents) = yaml::parse(&text) {
                read("a.yaml", &documents);
            }
        }
    }
}
