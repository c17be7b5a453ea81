//! What the panes of Kubernetes share: how a row is doing, which contexts are heard, and why there is nothing to see, in words.

use crate::{
    model::{
        kubernetes::{Cluster, Owner, Resources},
        object::{ObjectKind, ObjectRef},
        observed::SourceStatus,
        source::SourceState,
        units,
    },
    ui::{
        self,
        lines::{self, Line},
        paint,
        scene::Scene,
        theme::Role,
    },
    view::table::{Column, Table, Value},
    world::World,
};
use compact_str::{CompactString, format_compact};
use ratatui::{buffer::Buffer, layout::Rect};
use std::borrow::Cow;

/// Family of the sources that watch clusters, and the beginning of their names.
const KIND: &str = "kube";

/// Name of the source that watches a context.
pub(crate) fn source_name(context: &str) -> CompactString {
    format_compact!("{KIND}/{context}")
}

/// The source that watches a context.
pub(crate) fn source<'w>(world: &'w World, context: &str) -> Option<&'w SourceStatus> {
    world.observed.sources.get(&source_name(context))
}

/// Every context that is known, with its source: those of the kubeconfig that nobody watches too.
pub(crate) fn contexts(world: &World) -> Vec<&str> {
    let sources = world.observed.sources.values().filter(|source| source.report.kind == KIND);
    let names = sources.filter_map(|source| source.report.name.strip_prefix("kube/"));
    let mut names: Vec<&str> = names.chain(world.observed.kube.clusters.keys().map(CompactString::as_str)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Whether a context is watched, or tried to be.
pub(crate) fn is_watched(world: &World, context: &str) -> bool {
    source(world, context).is_some_and(|source| source.report.state != SourceState::Off)
}

/// Whether rows of several contexts stand in the lists, so that each must say where it is from.
fn several(world: &World) -> bool {
    world.observed.kube.clusters.len() > 1
}

/// Whether a column says anything: the context does where there are several.
pub(super) fn is_needed(world: &World, columns: &[Column], column: usize) -> bool {
    columns[column].name != "context" || several(world)
}

/// Whether what is known of a context is old: its API server is silent.
pub(super) fn is_old(world: &World, context: &str) -> bool {
    source(world, context).is_some_and(|source| source.state(world.now).is_silent())
}

/// `kind/name` of an owner, the kind in small letters as kubectl writes it.
pub(super) fn owner(owner: Option<&Owner>) -> Value<'static> {
    owner.map_or(Value::None, |owner| Value::Text(Cow::Owned(format!("{}/{}", owner.kind.to_lowercase(), owner.name))))
}

/// Labels as one text, for a column and for searching.
pub(super) fn labels(labels: &[(CompactString, CompactString)]) -> Value<'static> {
    if labels.is_empty() {
        return Value::None;
    }
    let pairs: Vec<_> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    Value::Text(Cow::Owned(pairs.join(",")))
}

/// A text that is blank where it is empty.
pub(super) fn text(text: &str) -> Value<'_> {
    if text.is_empty() { Value::None } else { Value::text(text) }
}

/// Cores with as many decimals as mean something: `0.004`, `0.12`, `1.2`, `12`.
pub(crate) fn cores(value: f64) -> String {
    let decimals = match value.abs() {
        0.0 => 0,
        v if v < 0.095 => 3,
        v if v < 9.95 => 2,
        v if v < 99.5 => 1,
        _ => 0,
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Cores as a figure that is printed with few digits and sorted by its worth.
pub(super) fn cores_value(value: Option<f64>) -> Value<'static> {
    value.map_or(Value::Unknown, |value| Value::Number(cores(value).parse().unwrap_or(value)))
}

/// What is asked for and what is allowed: `0.25/1`; `-` where nothing is set, blank where neither is.
pub(super) fn request_and_limit(request: Option<String>, limit: Option<String>) -> Value<'static> {
    match (request, limit) {
        (None, None) => Value::None,
        (request, limit) => {
            let or = |text: Option<String>| text.unwrap_or_else(|| "-".into());
            Value::Text(Cow::Owned(format!("{}/{}", or(request), or(limit))))
        }
    }
}

/// CPU that is asked for and allowed.
pub(super) fn cpu_set(requests: &Resources, limits: &Resources) -> Value<'static> {
    request_and_limit(requests.cpu_cores.map(cores), limits.cpu_cores.map(cores))
}

/// Memory that is asked for and allowed, in short.
pub(super) fn memory_set(requests: &Resources, limits: &Resources) -> Value<'static> {
    let print = |bytes: u64| units::bytes(bytes as f64).replace(' ', "").replace("iB", "i");
    request_and_limit(requests.memory_bytes.map(print), limits.memory_bytes.map(print))
}

/// The object that a kind and a name stand for, as events and owners name it.
pub(crate) fn object_of_kind(world: &World, context: &str, kind: &str, namespace: &str, name: &str) -> ObjectRef {
    use ObjectKind::{CronJob, DaemonSet, Deployment, Job, Node, Pod, ReplicaSet, StatefulSet};
    let known = [Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob, Node];
    if let Some(known) = known.into_iter().find(|known| known.word().eq_ignore_ascii_case(kind)) {
        return ObjectRef::in_cluster(known, context, namespace, name);
    }
    let cluster = world.observed.kube.clusters.get(context);
    let resource = cluster.and_then(|cluster| cluster.resources.iter().find(|resource| resource.kind == kind));
    let plural = resource.map_or_else(|| format_compact!("{}s", kind.to_lowercase()), |resource| resource.name());
    let namespace = if resource.is_some_and(|resource| !resource.namespaced) { "" } else { namespace };
    ObjectRef::resource(context, &plural, namespace, name)
}

/// The object that a resource and a name stand for: of the kinds that have pages of their own, that page.
pub(crate) fn object_of_resource(context: &str, resource: &str, namespace: &str, name: &str) -> ObjectRef {
    use ObjectKind::{CronJob, DaemonSet, Deployment, Job, Node, Pod, ReplicaSet, StatefulSet};
    let known = [Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob, Node];
    match known.into_iter().find(|kind| kind.resource() == Some(resource)) {
        Some(kind) => ObjectRef::in_cluster(kind, context, namespace, name),
        None => ObjectRef::resource(context, resource, namespace, name),
    }
}

/// How much a context sees of a resource.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sight<'w> {
    All,
    /// Only these namespaces; where others were asked for, they are denied.
    Part(Vec<&'w str>),
    Denied,
}

/// How much a context sees of a resource.
pub(super) fn sight<'w>(cluster: &'w Cluster, resource: &str) -> Sight<'w> {
    if cluster.denied.iter().all(|denied| denied.resource != resource || !denied.namespace.is_empty()) {
        return Sight::All;
    }
    let seen: Vec<&str> =
        cluster.partly.iter().filter(|(name, _)| name == resource).map(|(_, namespace)| namespace.as_str()).collect();
    if seen.is_empty() { Sight::Denied } else { Sight::Part(seen) }
}

/// What a context may not see of a resource, in words; `None` where it may.
fn denied(cluster: &Cluster, resource: &str) -> Option<String> {
    let of: Vec<_> = cluster.denied.iter().filter(|denied| denied.resource == resource).collect();
    let verb = &of.first()?.verb;
    let places: Vec<&str> = of.iter().map(|denied| denied.namespace.as_str()).filter(|name| !name.is_empty()).collect();
    let places = places.join(", ");
    Some(match (sight(cluster, resource), places.is_empty()) {
        (Sight::Part(seen), true) => format!("you may {verb} {resource} in {} only", seen.join(", ")),
        (Sight::Part(seen), false) => format!("you may {verb} {resource} in {} only, not in {places}", seen.join(", ")),
        (Sight::Denied, false) => format!("you may not {verb} {resource}, nor in {places}"),
        (Sight::All, false) => format!("you may not {verb} {resource} in {places}"),
        (_, true) => format!("you may not {verb} {resource}"),
    })
}

/// How many of these resources are here while their lists are still being read, and how many there are where every server told.
fn loading<'c>(clusters: impl Iterator<Item = &'c Cluster>, resources: &[&str]) -> Option<(u64, Option<u64>)> {
    let count =
        |list: &[(CompactString, u64)], name: &str| list.iter().find(|(n, _)| n == name).map(|(_, count)| *count);
    let lists = clusters.flat_map(|cluster| {
        resources.iter().filter_map(|name| Some((count(&cluster.loading, name)?, count(&cluster.expected, name))))
    });
    lists.reduce(|(here, of), (more, of_more)| (here + more, of.zip(of_more).map(|(of, more)| of + more)))
}

/// The right end of a pane's frame: namespaces, rows, what is still coming, who is silent, what is denied.
pub(super) fn status(scene: &Scene<'_>, pane: &str, resources: &[&str]) -> String {
    let within = scene.view.within.words();
    let status = status_of_all(scene, pane, resources);
    if within.is_empty() { status } else { format!("in {within}, {status}") }
}

/// The same of a list that no namespace narrows.
pub(super) fn status_of_all(scene: &Scene<'_>, pane: &str, resources: &[&str]) -> String {
    let mut words = vec![ui::table::status(scene, pane)];
    let clusters = &scene.world.observed.kube.clusters;
    let heard = clusters.values().filter(|cluster| !is_old(scene.world, &cluster.context));
    match loading(heard, resources) {
        Some((here, Some(of))) => words.push(format!("loading: {here} of {of}")),
        Some((here @ 1.., None)) => words.push(format!("loading: {} so far", units::count(here as f64))),
        _ => {}
    }
    for context in contexts(scene.world) {
        if let Some(source) = source(scene.world, context).filter(|_| is_old(scene.world, context)) {
            let age =
                source.age_seconds(scene.now).map_or_else(String::new, |age| format!(" {} old", units::span(age)));
            words.push(format!("{context} {}{age}", source.state(scene.now).word()));
        } else if let Some(cluster) = clusters.get(context) {
            words.extend(resources.iter().find_map(|resource| in_part(cluster, resource)));
        }
    }
    words.join(", ")
}

/// That a context's rows are not all that there are, in short; `None` where they are.
fn in_part(cluster: &Cluster, resource: &str) -> Option<String> {
    let context = &cluster.context;
    let refused = cluster.denied.iter().filter(|denied| denied.resource == resource && !denied.namespace.is_empty());
    let refused: Vec<&str> = refused.map(|denied| denied.namespace.as_str()).collect();
    match sight(cluster, resource) {
        Sight::All => None,
        Sight::Denied => Some(format!("{context} denied")),
        Sight::Part(seen) if refused.is_empty() => Some(format!("{context} in {} only", seen.join("+"))),
        Sight::Part(seen) => Some(format!("{context} in {} only, {} denied", seen.join("+"), refused.join("+"))),
    }
}

/// Draws a list of Kubernetes objects, or why there is nothing in it.
pub(super) fn draw(
    scene: &Scene<'_>,
    (pane, table): (&'static str, &dyn Table),
    (resources, none): (&[&str], &str),
    area: Rect,
    buffer: &mut Buffer,
) {
    let list = &scene.view.pane(pane).list;
    let filtered = !list.filter.is_empty() && list.total > 0;
    if list.order.is_empty() && !filtered {
        let narrowed = table.can_be_narrowed();
        let lines = lines::wrap(why_empty(scene, resources, none, narrowed), area.width);
        return lines::draw(scene, &lines, 0, area, buffer);
    }
    ui::table::draw(scene, table, list, area, buffer);
}

/// Narrower lists have no room for the reasons: the selected row's stands below the list.
const REASON_FROM: u16 = 200;

/// Rows for the reason below a list of this size.
pub(super) const fn rows_below(width: u16, height: u16) -> u16 {
    (width < REASON_FROM && height > 5) as u16
}

/// Draws a list whose column `reason` stands below it where there is no room for it in the list.
pub(super) fn draw_with_reason(
    scene: &Scene<'_>,
    (pane, table): (&'static str, &dyn Table),
    (resources, none): (&[&str], &str),
    area: Rect,
    buffer: &mut Buffer,
) {
    let below = rows_below(area.width, area.height);
    let rows = Rect { height: area.height - below, ..area };
    draw(scene, (pane, table), (resources, none), rows, buffer);
    let row = scene.view.pane(pane).list.row().filter(|row| below > 0 && *row < table.len(scene.world));
    let column = table.columns().iter().position(|column| column.name == "reason");
    let (Some(row), Some(column)) = (row, column) else { return };
    if let Value::Text(reason) = table.value(scene.world, row, column) {
        let line = Rect { y: rows.bottom(), height: 1, ..area };
        let severity = table.severity(scene.world, row);
        let sign = severity.map_or(' ', |severity| scene.glyphs.severity(severity));
        let role = severity.map_or(Role::Dim, Scene::severity_role);
        let took = paint::put(buffer, line, (1, 0), &format!("{sign} "), scene.style(role));
        paint::put_cut(scene, buffer, line, (1 + took, 0), &reason, scene.style(Role::Text));
    }
}

/// Why no row is there: one line a context that has something to say.
pub(super) fn why_empty(scene: &Scene<'_>, resources: &[&str], none: &str, narrowed: bool) -> Vec<Line> {
    let contexts = contexts(scene.world);
    if contexts.is_empty() {
        let text = "no cluster is known: there is no kubeconfig (KUBECONFIG, ~/.kube/config), and this is not inside a cluster";
        return vec![Line::of(Role::Dim, text)];
    }
    let watched: Vec<_> = contexts.iter().filter(|context| is_watched(scene.world, context)).collect();
    if watched.is_empty() {
        let text = format!("none of {} contexts is watched: contexts (C) chooses", contexts.len());
        return vec![Line::of(Role::Dim, text)];
    }
    let mut lines: Vec<Line> = watched.iter().filter_map(|context| context_line(scene, context, resources)).collect();
    if lines.len() < watched.len() {
        let within = scene.view.within.words();
        let place = if within.is_empty() || !narrowed {
            String::new()
        } else {
            format!(" in {within}: namespace (n) shows others")
        };
        lines.insert(0, Line::of(Role::Dim, format!("{none}{place}")));
    }
    lines
}

/// What keeps rows of a context from being seen; `None` where there is just none.
fn context_line(scene: &Scene<'_>, context: &str, resources: &[&str]) -> Option<Line> {
    let world = scene.world;
    let status = source(world, context)?;
    let state = status.state(scene.now);
    let cluster = world.observed.kube.clusters.get(context);
    let line = |role, text: String| Some(Line::of(role, format!("{context}: {text}")));
    match state {
        SourceState::Waiting => return line(Role::Unknown, "waiting for the first answer".into()),
        SourceState::Down | SourceState::Stale => {
            let reason = status.report.reason.as_deref().unwrap_or("no answer");
            let hint = status.report.hint.as_deref().map_or_else(String::new, |hint| format!("; {hint}"));
            return line(Role::Error, format!("{}: {reason}{hint}", state.word()));
        }
        SourceState::Ok | SourceState::Off => {}
    }
    let Some(cluster) = cluster else { return line(Role::Unknown, "nothing is known yet".into()) };
    if let Some(words) = resources.iter().find_map(|resource| denied(cluster, resource)) {
        return line(Role::Warn, words);
    }
    let coming = resources.iter().find_map(|name| Some((name, loading([cluster].into_iter(), &[*name])?)));
    let words =
        |(here, of): (u64, Option<u64>)| of.map_or_else(|| format!("{here} so far"), |of| format!("{here} of {of}"));
    coming.and_then(|(resource, count)| line(Role::Unknown, format!("reading {resource}: {}", words(count))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_have_the_digits_that_mean_something() {
        for (value, expected) in
            [(0.0, "0"), (0.0042, "0.004"), (0.12, "0.12"), (1.0, "1"), (1.25, "1.25"), (12.34, "12.3"), (640.0, "640")]
        {
            assert_eq!(cores(value), expected);
        }
    }
}
