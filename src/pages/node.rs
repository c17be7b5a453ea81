//! One node of a cluster: conditions, what is used and promised of it, and its pods.

use super::{Details, k8s, yaml};
use crate::{
    model::{
        kubernetes::{Node, Pod},
        object::{ObjectKind, ObjectRef},
        units,
    },
    panes::{self, nodes},
    ui::{lines::Line, scene::Scene, theme::Role},
    world::World,
};

/// One node.
pub struct NodePage;

/// Most pods that the page lists.
const MOST: usize = 120;

fn find<'w>(world: &'w World, object: &ObjectRef) -> Option<&'w Node> {
    let path = object.in_kube()?;
    world.observed.kube.nodes.get(path.context, path.name).map(AsRef::as_ref)
}

/// `2.3 used, 4.5 asked for, 8 allocatable`.
fn figure(label: &str, used: Option<String>, asked: Option<String>, whole: Option<String>) -> Line {
    let or = |text: Option<String>| text.unwrap_or_else(|| units::UNKNOWN.into());
    Line::pair(
        label,
        format!("{} used, {} asked for, {} allocatable", or(used), asked.unwrap_or_else(|| "0".into()), or(whole)),
    )
}

fn head(scene: &Scene<'_>, node: &Node) -> Vec<Line> {
    let role = Scene::health_role(node.health);
    let usage = nodes::usage(node, scene.world);
    let load = scene.world.observed.kube.load_of(&node.context, &node.name);
    let cores = panes::k8s::cores;
    let bytes = |bytes: u64| units::bytes(bytes as f64);
    let mut lines = vec![Line::pair("status", "").and(role, &node.status)];
    if !node.reason.is_empty() {
        lines.push(Line::pair("reason", "").and(role, &node.reason));
    }
    let most = node.pods_allocatable.map_or_else(|| units::UNKNOWN.into(), |most| most.to_string());
    lines.extend([
        figure(
            "cpu",
            usage.and_then(|u| u.cpu_cores).map(cores),
            load.requests.cpu_cores.map(cores),
            node.cpu_allocatable_cores.map(cores),
        ),
        figure(
            "memory",
            usage.and_then(|u| u.memory_bytes).map(bytes),
            load.requests.memory_bytes.map(bytes),
            node.memory_allocatable_bytes.map(bytes),
        ),
        Line::pair("pods", format!("{} of {most}", load.pods)),
    ]);
    if let Some((used, total)) = usage.and_then(|usage| Some((usage.disk_used_bytes?, usage.disk_total_bytes?))) {
        lines.push(Line::pair("disk", format!("{} of {} used", bytes(used), bytes(total))));
    }
    lines.extend([
        k8s::moment(scene, "created", node.created_at),
        Line::pair("roles", if node.roles.is_empty() { "none".into() } else { node.roles.join(", ") }),
        Line::pair("kubelet", &node.version),
        Line::pair("address", &node.internal_ip),
        Line::pair("system", format!("{}, kernel {}", node.os_image, node.kernel)),
        Line::pair("runtime", &node.runtime),
        Line::pair("takes new pods", if node.unschedulable { "no: it is cordoned" } else { "yes" }),
    ]);
    lines.extend(nodes::taint_texts(node).into_iter().map(|taint| Line::pair("taint", taint)));
    lines
}

fn pods(scene: &Scene<'_>, node: &Node) -> Vec<Line> {
    let all = scene.world.observed.kube.pods.of(&node.context).iter().map(AsRef::as_ref);
    let mut pods: Vec<&Pod> = all.filter(|pod: &&Pod| pod.node == node.name).collect();
    pods.sort_by_key(|pod| std::cmp::Reverse(pod.health));
    let mut lines = vec![Line::empty(), Line::heading(&format!("pods ({})", pods.len()))];
    lines.extend(pods.iter().take(MOST).map(|pod| {
        let role = Scene::health_role(pod.health);
        let object = ObjectRef::in_cluster(ObjectKind::Pod, &pod.context, &pod.namespace, &pod.name);
        Line::of(role, format!("{:<18} ", pod.status))
            .and(Role::Text, format!("{}/{} ", pod.ready, pod.total))
            .leading_to(object, "Summary", &format!("{}/{}", pod.namespace, pod.name))
    }));
    if pods.len() > MOST {
        lines.push(Line::of(Role::Dim, format!("… {} more in the pane By node", pods.len() - MOST)));
    }
    lines
}

impl Details for NodePage {
    fn kinds(&self) -> &'static [ObjectKind] {
        &[ObjectKind::Node]
    }
    fn name(&self, world: &World, object: &ObjectRef) -> String {
        k8s::name(world, object)
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        find(scene.world, object).map_or_else(|| units::UNKNOWN.into(), |node| node.status.to_string())
    }
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>> {
        let node = find(scene.world, object)?;
        let mut lines = head(scene, node);
        lines.extend(k8s::conditions(scene, &node.conditions));
        lines.extend(pods(scene, node));
        lines.extend(k8s::labels("labels", &node.labels));
        if let Some(details) = k8s::details(scene.world, object) {
            lines.extend(k8s::annotations(&details.json));
            lines.extend(k8s::part("specification", &details.json["spec"]));
        }
        Some(lines)
    }
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String> {
        k8s::yaml(world, object, find(world, object).and_then(yaml::of))
    }
    fn why(&self, scene: &Scene<'_>, object: &ObjectRef) -> Vec<Line> {
        let known = find(scene.world, object).filter(|node| !node.reason.is_empty());
        let role = |node: &Node| Scene::health_role(node.health);
        k8s::why(scene, object, known.map(|node| Line::of(role(node), &node.reason)).into_iter().collect())
    }
    fn events(&self, scene: &Scene<'_>, object: &ObjectRef) -> Vec<Line> {
        k8s::events(scene, object)
    }
}
