//! What objects point at: by a selector of pods, or by a name.

use super::world::{WORKLOADS, World, written};
use crate::rulebook::{
    check::Judged,
    out::Out,
    resource::Resource,
    subject::{
        kubernetes::is,
        objects::annotation,
        workload::{Selector, has_variable, is_open},
    },
    syntax::node::Node,
};

/// Judges what one object points at.
pub fn judge(world: &World<'_>, resource: &Resource, out: &mut Out<'_>) -> Judged {
    let named = |group: &str, kind: &str| is(resource, group, kind);
    if named("", "Service") {
        let is_external = resource.at("/spec/type").and_then(Node::as_str) == Some("ExternalName");
        if is_external {
            return Judged::No;
        }
        selector(world, resource, ("/spec/selector", true), out)
    } else if named("networking.k8s.io", "NetworkPolicy") {
        selector(world, resource, ("/spec/podSelector", false), out)
    } else if named("policy", "PodDisruptionBudget") {
        selector(world, resource, ("/spec/selector", false), out)
    } else if named("networking.k8s.io", "Ingress") {
        ingress(world, resource, out)
    } else if named("autoscaling", "HorizontalPodAutoscaler") {
        autoscaler(world, resource, out)
    } else if named("apps", "StatefulSet") {
        object(world, resource, "Service", "/spec/serviceName", out)
    } else if named("rbac.authorization.k8s.io", "RoleBinding") {
        match resource.at("/roleRef/kind").and_then(Node::as_str) {
            Some("Role") => object(world, resource, "Role", "/roleRef/name", out),
            Some("ClusterRole") => object(world, resource, "ClusterRole", "/roleRef/name", out),
            _ => Judged::No,
        }
    } else if named("rbac.authorization.k8s.io", "ClusterRoleBinding") {
        object(world, resource, "ClusterRole", "/roleRef/name", out)
    } else {
        Judged::No
    }
}

/// A selector of pods at a pointer, and whether it is labels by themselves. An empty one is meant to be empty.
fn selector(world: &World<'_>, resource: &Resource, at: (&str, bool), out: &mut Out<'_>) -> Judged {
    let (pointer, is_plain) = at;
    let Some(node) = resource.at(pointer) else { return Judged::No };
    let selector = if is_plain { Selector::plain(node) } else { Selector::of(node) };
    if selector.is_empty() || !world.would_know("Pod", &resource.namespace) {
        return Judged::No;
    }
    if !world.selects(selector, &resource.namespace) {
        out.on(resource, pointer)
            .observed(format!("selects no pods: {}", written(node)))
            .expected("labels of a pod template")
            .fail();
    }
    Judged::Yes
}

/// An object of a kind, whose name stands at a pointer.
fn object(world: &World<'_>, resource: &Resource, kind: &str, pointer: &str, out: &mut Out<'_>) -> Judged {
    let namespace = if kind == "ClusterRole" { "" } else { &*resource.namespace };
    let Some(name) = resource.at(pointer).and_then(Node::as_str).filter(|name| !name.is_empty()) else {
        return Judged::No;
    };
    if has_variable(name) || !world.would_know(kind, namespace) {
        return Judged::No;
    }
    if !world.has(kind, namespace, name) {
        missing(resource, kind, name, pointer, out);
    }
    Judged::Yes
}

fn missing(resource: &Resource, kind: &str, name: &str, pointer: &str, out: &mut Out<'_>) {
    out.on(resource, pointer)
        .observed(format!("{kind} {name}, which is not there"))
        .expected(format!("a {kind} of this name"))
        .fail();
}

fn autoscaler(world: &World<'_>, resource: &Resource, out: &mut Out<'_>) -> Judged {
    let kind = resource.at("/spec/scaleTargetRef/kind").and_then(Node::as_str).unwrap_or_default();
    if !WORKLOADS.contains(&kind) {
        return Judged::No;
    }
    object(world, resource, kind, "/spec/scaleTargetRef/name", out)
}

/// Every backend of an Ingress: the Service is there, and has the port.
fn ingress(world: &World<'_>, resource: &Resource, out: &mut Out<'_>) -> Judged {
    let mut judged = Judged::No;
    let mut said: Vec<(String, String)> = Vec::new();
    for (pointer, backend) in backends(resource) {
        let (name, port) = match backend.get("service") {
            Some(_) => (format!("{pointer}/service/name"), port_of(backend, &pointer)),
            None => (format!("{pointer}/serviceName"), Some(format!("{pointer}/servicePort"))),
        };
        let port_node = port.as_deref().and_then(|port| resource.at(port));
        let service = resource.at(&name).and_then(Node::as_str).unwrap_or_default();
        if is_action(resource, service, port_node) {
            continue;
        }
        let port_text = port_node.and_then(Node::scalar).unwrap_or_default();
        let pair = (service.to_owned(), port_text.clone());
        // Many paths lead to one Service: what is wrong with it is said once.
        let is_said = said.contains(&pair);
        said.push(pair);
        if is_said || object_is_there(world, resource, &name, out, &mut judged).is_none() {
            continue;
        }
        let Some(port) = port.filter(|_| port_node.is_some_and(|port| !is_open(port))) else { continue };
        let mut services = world.objects.named("Service", &resource.namespace, service).peekable();
        if services.peek().is_some() && services.all(|service| lacks_port(service, &port_text)) {
            out.on(resource, &port)
                .observed(format!("Service {service} has no port {port_text}"))
                .expected("a port of the Service")
                .fail();
        }
    }
    judged
}

/// Says so where the Service is not there; `Some` where it is.
fn object_is_there(
    world: &World<'_>,
    resource: &Resource,
    pointer: &str,
    out: &mut Out<'_>,
    judged: &mut Judged,
) -> Option<()> {
    let name = resource.at(pointer).and_then(Node::as_str)?;
    if object(world, resource, "Service", pointer, out) == Judged::No {
        return None;
    }
    *judged = Judged::Yes;
    world.has("Service", &resource.namespace, name).then_some(())
}

/// Backends with their pointers, of today's form and that of `v1beta1`.
fn backends(resource: &Resource) -> Vec<(String, &Node)> {
    let mut found = Vec::new();
    for pointer in ["/spec/defaultBackend", "/spec/backend"] {
        found.extend(resource.at(pointer).map(|backend| (pointer.to_owned(), backend)));
    }
    let rules = resource.at("/spec/rules").map(Node::items).unwrap_or_default();
    for (rule_at, rule) in rules.iter().enumerate() {
        let paths = rule.at("/http/paths").map(Node::items).unwrap_or_default();
        for (at, path) in paths.iter().enumerate() {
            let pointer = format!("/spec/rules/{rule_at}/http/paths/{at}/backend");
            found.extend(path.get("backend").map(|backend| (pointer, backend)));
        }
    }
    found
}

fn port_of(backend: &Node, pointer: &str) -> Option<String> {
    let port = backend.at("/service/port")?;
    let key = ["number", "name"].into_iter().find(|key| port.get(key).is_some())?;
    Some(format!("{pointer}/service/port/{key}"))
}

/// Whether the name is that of an action of the AWS load balancer controller
/// (<https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/#actions>).
fn is_action(resource: &Resource, service: &str, port: Option<&Node>) -> bool {
    port.and_then(Node::as_str) == Some("use-annotation")
        || annotation(resource, &format!("alb.ingress.kubernetes.io/actions.{service}")).is_some()
}

fn lacks_port(service: &Resource, wanted: &str) -> bool {
    let ports = service.at("/spec/ports").map(Node::items).unwrap_or_default();
    let is_it = |port: &Node| {
        ["port", "name"].iter().filter_map(|key| port.get(key)).any(|value| value.scalar().as_deref() == Some(wanted))
    };
    !ports.is_empty() && !ports.iter().any(is_it)
}
