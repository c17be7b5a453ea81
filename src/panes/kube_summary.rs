//! The clusters in one line each: pods, nodes, rollouts, what is not heard.

use super::{
    Pane,
    k8s::{self, Sight},
};
use crate::{
    model::{
        health::Health,
        object::ObjectKind,
        source::SourceState,
        topic::{Topic, TopicSet},
        units,
    },
    ui::{figures::Figure, paint, scene::Scene, theme::Role},
    world::World,
};
use ratatui::{buffer::Buffer, layout::Rect};

/// The clusters at a glance.
pub struct KubeSummaryPane;

/// What is counted of one cluster, or of all.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    pods: usize,
    pods_fine: usize,
    failing: usize,
    nodes: usize,
    nodes_ready: usize,
    workloads: usize,
    stuck: usize,
    rolling: usize,
}

/// Counts over the context, or over all of them. Pods that have ended as they should are not waited for.
fn count(world: &World, context: &str) -> Counts {
    let kube = &world.observed.kube;
    let mut counts = Counts::default();
    for health in kube.pods.health_of(context) {
        counts.pods += usize::from(health != Health::Done);
        counts.pods_fine += usize::from(health == Health::Ok);
        counts.failing += usize::from(health >= Health::Degraded);
    }
    for node in kube.nodes.of(context) {
        counts.nodes += 1;
        counts.nodes_ready += usize::from(node.status == "Ready" || node.status.starts_with("Ready,"));
    }
    let rolls = [ObjectKind::Deployment, ObjectKind::StatefulSet, ObjectKind::DaemonSet];
    for workload in kube.workloads.of(context).iter().filter(|workload| rolls.contains(&workload.kind)) {
        counts.workloads += 1;
        counts.stuck += usize::from(workload.health >= Health::Degraded);
        counts.rolling += usize::from(workload.health == Health::Progressing);
    }
    counts
}

/// Figures of a context; what may not be seen is said to be denied, and a part to be one.
fn figures(scene: &Scene<'_>, context: &str) -> Vec<Figure> {
    let counts = count(scene.world, context);
    let cluster = scene.world.observed.kube.clusters.get(context);
    let of = |resource, label, known: bool, text: String, role| match cluster
        .map(|cluster| k8s::sight(cluster, resource))
    {
        Some(Sight::Denied) => Figure::new(label, "denied".into(), 0).role(Role::Warn),
        Some(Sight::Part(seen)) => {
            // A part must not be taken for the whole.
            let place =
                if let [namespace] = seen[..] { namespace.to_owned() } else { format!("{} namespaces", seen.len()) };
            Figure::new(label, format!("{text} in {place}"), 0).role(role)
        }
        Some(Sight::All) if known => Figure::new(label, text, 0).role(role),
        _ => Figure::new(label, units::UNKNOWN.into(), 0).role(Role::Unknown),
    };
    let role = |bad: usize| if bad > 0 { Role::Error } else { Role::Text };
    let number = |n: usize| units::count(n as f64);
    let pods = format!("{}/{}", number(counts.pods_fine), number(counts.pods));
    let nodes = format!("{}/{}", counts.nodes_ready, counts.nodes);
    let mut figures = vec![
        of("pods", "pods", true, pods, role(counts.failing)),
        of("nodes", "nodes", counts.nodes > 0, nodes, role(counts.nodes - counts.nodes_ready)),
    ];
    if counts.stuck > 0 {
        figures.push(Figure::new("stuck", number(counts.stuck), 0).role(Role::Error));
    }
    if counts.rolling > 0 {
        figures.push(Figure::new("rolling", number(counts.rolling), 0).role(Role::Info));
    }
    figures.push(of("deployments.apps", "workloads", counts.workloads > 0, number(counts.workloads), Role::Dim));
    figures
}

/// Columns of the names.
const NAME: u16 = 12;

/// One line for all: namespaces that are looked at, who is silent, and the figures of each that is heard, as far as there is room.
fn draw_strip(scene: &Scene<'_>, watched: &[&&str], area: Rect, buffer: &mut Buffer) {
    let mut x = 0;
    let within = scene.view.within.words();
    if !within.is_empty() {
        x += paint::put_cut(scene, buffer, area, (x, 0), &format!("in {within}  "), scene.style(Role::Key));
    }
    for context in watched {
        if x + NAME > area.width {
            paint::put_right(buffer, area, (0, 0), "  …", scene.style(Role::Dim));
            return;
        }
        let rest = Rect { x: area.x + x, width: area.width - x, ..area };
        x += draw_context(scene, context, (NAME.min(paint::width(context)), rest), buffer) + 3;
    }
}

/// Draws a context; returns the columns that it took.
fn draw_context(scene: &Scene<'_>, context: &str, (width, area): (u16, Rect), buffer: &mut Buffer) -> u16 {
    let state = k8s::source(scene.world, context).map(|source| source.state(scene.now));
    let role = match state {
        Some(SourceState::Ok) => Role::Dim,
        Some(state) => Scene::source_role(state),
        None => Role::Unknown,
    };
    let sign = state.map_or(scene.glyphs.unknown, |state| scene.glyphs.source(state));
    paint::put(buffer, area, (0, 0), &sign.to_string(), scene.style(role));
    let name = Rect { x: area.x + 2.min(area.width), width: width.min(area.width.saturating_sub(2)), ..area };
    paint::put_cut(scene, buffer, name, (0, 0), context, scene.style(role));
    let from = (width + 4).min(area.width);
    let mut rest = Rect { x: area.x + from, width: area.width - from, ..area };
    if let Some(source) = k8s::source(scene.world, context).filter(|_| state != Some(SourceState::Ok)) {
        let word = source.state(scene.now).word();
        let age = source.age_seconds(scene.now).map_or_else(String::new, |age| format!(" {}", units::span(age)));
        let took = paint::put(buffer, rest, (0, 0), &format!("{word}{age}"), scene.style(role)) + 2;
        rest = Rect { x: rest.x + took.min(rest.width), width: rest.width.saturating_sub(took), ..rest };
        if source.answered_at.is_none() {
            let reason = source.report.reason.as_deref().unwrap_or_default();
            return rest.x - area.x + paint::put_cut(scene, buffer, rest, (0, 0), reason, scene.style(Role::Dim));
        }
    }
    let mut x = 0;
    for figure in figures(scene, context) {
        let wanted = paint::width(figure.label) + 1 + paint::width(&figure.value);
        if x + wanted > rest.width {
            break;
        }
        x += paint::put(buffer, rest, (x, 0), figure.label, scene.style(Role::Dim)) + 1;
        x += paint::put(buffer, rest, (x, 0), &figure.value, scene.style(figure.role)) + 2;
    }
    rest.x - area.x + x
}

impl Pane for KubeSummaryPane {
    fn name(&self) -> &'static str {
        "kube-summary"
    }
    fn title(&self) -> &'static str {
        "Kubernetes"
    }
    fn status(&self, scene: &Scene<'_>) -> String {
        let contexts = k8s::contexts(scene.world);
        let watched = contexts.iter().filter(|context| k8s::is_watched(scene.world, context)).count();
        if contexts.is_empty() { String::new() } else { format!("{watched} of {} watched", contexts.len()) }
    }
    fn about(&self) -> &'static str {
        "The clusters that are watched: pods and nodes that are well, of how many, and in which namespaces where you may not see them all; workloads that are stuck and those that are rolling out."
    }
    fn topics(&self) -> TopicSet {
        TopicSet::of(&[Topic::Pods, Topic::Nodes, Topic::Workloads])
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let contexts = k8s::contexts(scene.world);
        let mut watched: Vec<_> = contexts.iter().filter(|context| k8s::is_watched(scene.world, context)).collect();
        if watched.is_empty() {
            let text = match contexts.len() {
                0 => "no cluster is known".to_owned(),
                count => format!("none of {count} contexts is watched: contexts (C) chooses"),
            };
            paint::put_cut(scene, buffer, area, (0, 0), &text, scene.style(Role::Dim));
            return;
        }
        if area.height < 2 {
            return draw_strip(scene, &watched, area, buffer);
        }
        // Where there is room for some only, those that are not well come first.
        let height = usize::from(area.height.max(1));
        if watched.len() > height {
            let is_fine = |context: &&&str| {
                let heard = k8s::source(scene.world, context).is_some_and(|s| s.state(scene.now) == SourceState::Ok);
                let counts = count(scene.world, context);
                heard && counts.failing + counts.stuck == 0
            };
            watched.sort_by_key(is_fine);
        }
        for (y, context) in watched.iter().take(height).enumerate() {
            let line = Rect { y: area.y + y as u16, height: 1, ..area };
            draw_context(scene, context, (NAME, line), buffer);
        }
        if watched.len() > height {
            let more = format!(" and {} more ", watched.len() - height);
            let last = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
            paint::put_right(buffer, last, (0, 0), &more, scene.style(Role::Dim));
        }
    }
}
