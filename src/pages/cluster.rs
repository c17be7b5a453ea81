//! One context: how its API server is reached, how fresh it is, and what may not be seen there.

use super::{Details, k8s, yaml};
use crate::{
    model::{
        kubernetes::Cluster,
        object::{ObjectKind, ObjectRef},
        source::SourceState,
        units,
    },
    panes::{self, clusters},
    ui::{lines::Line, scene::Scene, theme::Role},
    world::World,
};

/// One context.
pub struct ClusterPage;

fn find<'w>(world: &'w World, object: &ObjectRef) -> Option<&'w Cluster> {
    world.observed.kube.clusters.get(&object.id)
}

fn freshness(scene: &Scene<'_>, object: &ObjectRef) -> Vec<Line> {
    let Some(source) = panes::k8s::source(scene.world, &object.id) else { return Vec::new() };
    let state = source.state(scene.now);
    let mut lines = vec![Line::pair("state", "").and(Scene::source_role(state), state.word())];
    lines.extend(source.report.reason.as_ref().map(|reason| Line::pair("reason", reason)));
    lines.extend(source.report.hint.as_ref().map(|hint| Line::pair("what to do", hint)));
    if state == SourceState::Off {
        lines.push(Line::pair("watched", "no: the space bar in the pane Contexts, or contexts (C), watches it"));
    }
    lines.push(k8s::moment(scene, "last answer", source.answered_at));
    lines
}

fn facts(cluster: &Cluster) -> Vec<Line> {
    let or = |text: &str, none: &str| if text.is_empty() { none.to_owned() } else { text.to_owned() };
    vec![
        Line::pair("server", or(&cluster.server, units::UNKNOWN)),
        Line::pair("version", or(&cluster.version, units::UNKNOWN)),
        Line::pair("cluster", or(&cluster.cluster, "none")),
        Line::pair("user", or(&cluster.user, "none")),
        Line::pair("namespace", or(&cluster.namespace, "default")),
        Line::pair("kubeconfig", or(&cluster.file, "none: inside the cluster")),
        Line::pair("current context", if cluster.current { "yes" } else { "no" }),
        Line::pair("usage from", or(&cluster.usage_from, units::UNKNOWN)),
        Line::pair("namespaces", cluster.namespaces.len().to_string()),
        Line::pair("kinds", cluster.resources.len().to_string()),
    ]
}

impl Details for ClusterPage {
    fn kinds(&self) -> &'static [ObjectKind] {
        &[ObjectKind::Cluster]
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        let state = panes::k8s::source(scene.world, &object.id).map(|source| source.state(scene.now));
        state.map_or_else(|| units::UNKNOWN.into(), |state| state.word().into())
    }
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>> {
        let mut lines = freshness(scene, object);
        let cluster = find(scene.world, object);
        if lines.is_empty() && cluster.is_none() {
            return None;
        }
        let Some(cluster) = cluster else { return Some(lines) };
        lines.extend(facts(cluster));
        lines.extend(clusters::loading(cluster).map(|words| Line::pair("loading", words)));
        let denied = cluster.denials();
        lines.extend([Line::empty(), Line::heading("what you may not see")]);
        lines.extend(denied.iter().map(|words| Line::of(Role::Warn, format!("you {words}"))));
        if denied.is_empty() {
            lines.push(Line::of(Role::Dim, "nothing that the panes ask for is denied"));
        }
        lines.extend([Line::empty(), Line::heading("namespaces"), Line::of(Role::Text, cluster.namespaces.join("  "))]);
        Some(lines)
    }
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String> {
        find(world, object).and_then(yaml::of).or_else(|| panes::k8s::source(world, &object.id).and_then(yaml::of))
    }
    fn why(&self, scene: &Scene<'_>, object: &ObjectRef) -> Vec<Line> {
        freshness(scene, object)
    }
}
