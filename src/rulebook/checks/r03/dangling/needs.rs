//! What pods need to be there before they start.

use super::world::World;
use crate::rulebook::{
    check::Judged,
    out::Out,
    resource::Resource,
    subject::workload::{Reference, references},
    syntax::node::Node,
};

/// Objects that the cluster, or an extension of it, puts into every namespace.
const EVERYWHERE: &[&str] = &["kube-root-ca.crt", "openshift-service-ca.crt", "istio-ca-root-cert", "default"];

/// Judges what the pods of one object need.
pub fn judge(world: &World<'_>, resource: &Resource, out: &mut Out<'_>) -> Judged {
    let mut judged = Judged::No;
    let mut said: Vec<(&str, String)> = Vec::new();
    for reference in references(resource) {
        let Reference { kind, name, .. } = &reference;
        let is_known = world.would_know(kind, &resource.namespace);
        if reference.is_optional || !is_known || EVERYWHERE.contains(&name.as_str()) {
            continue;
        }
        judged = Judged::Yes;
        if !world.has(kind, &resource.namespace, name) {
            // One that many variables take something from is missed once.
            let missing = (*kind, name.clone());
            if !said.contains(&missing) {
                let what = format!("{kind} {name}, which is not there");
                out.on(resource, &reference.pointer).observed(what).expected(format!("a {kind} of this name")).fail();
                said.push(missing);
            }
        } else if let Some(key) = reference.key.as_ref().filter(|key| lacks_key(world, resource, &reference, key)) {
            out.on(resource, &reference.key_pointer)
                .observed(format!("{kind} {name} has no key {key}"))
                .expected("a key of it")
                .fail();
        }
    }
    judged
}

/// Whether every object of that name shows its keys, and none has this one.
fn lacks_key(world: &World<'_>, resource: &Resource, reference: &Reference, key: &str) -> bool {
    let Reference { kind, name, .. } = reference;
    let may_be_more = world.changes.patches(kind, name)
        || world.is_generated(kind, &resource.namespace, name)
        || world.is_made_elsewhere(name);
    let mut found = world.objects.named(kind, &resource.namespace, name).peekable();
    !may_be_more && found.peek().is_some() && found.all(|object| shows_keys_without(object, key))
}

fn shows_keys_without(object: &Resource, key: &str) -> bool {
    let parts = ["/data", "/stringData", "/binaryData"].into_iter().filter_map(|part| object.at(part));
    let mut keys = parts.flat_map(Node::entries).map(|entry| &entry.key).peekable();
    keys.peek().is_some() && keys.all(|known| known != key)
}
