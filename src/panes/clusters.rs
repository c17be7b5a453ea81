//! Contexts: which are watched, how fresh each is, what may not be seen there, where usage comes from.

use super::{
    Pane,
    fields::{self, fields},
    k8s,
};
use crate::{
    model::{
        attention::Severity,
        kubernetes::Cluster,
        object::{ObjectKind, ObjectRef},
        observed::SourceStatus,
        source::SourceState,
        topic::{Topic, TopicSet},
        units,
    },
    ui::{paint, scene::Scene, theme::Role},
    view::table::{Column, Table, Value},
    world::World,
};
use compact_str::CompactString;
use ratatui::{buffer::Buffer, layout::Rect};
use std::borrow::Cow;

/// The list of contexts.
pub struct ClustersPane;

struct ClustersTable;

/// The name of a context; what is known of it is looked up.
type Context = str;

fields! { Context;
    "severity" "" Text 1 [] "whether it is heard" => |c, w| fields::severity(severity(w, c)),
    "context" "CONTEXT" Text 16 [grow] "its name in the kubeconfig; * where it is the current one" => name,
    "state" "STATE" Text 8 [] "ok, waiting, stale, down, or off where nobody watches it" => |c, w| k8s::source(w, c).map_or(Value::Unknown, |s| Value::text(s.state(w.now).word())),
    "answered" "ANSWERED" Time 8 [] "age of its last answer" => |c, w| k8s::source(w, c).and_then(|s| s.answered_at).map_or(Value::None, Value::Time),
    "version" "VERSION" Text 12 [] "version of its API server" => |c, w| cluster(w, c).map_or(Value::None, |k| k8s::text(&k.version)),
    "reason" "WHAT IS MISSING" Text 30 [grow] "why it is not heard, what is still being read, what may not be seen" => |c, w| Value::Text(Cow::Owned(missing(w, c))),
    "usage" "USAGE FROM" Text 16 [] "where usage comes from, or why there is none" => |c, w| cluster(w, c).map_or(Value::None, |k| k8s::text(&k.usage_from)),
    "server" "SERVER" Text 26 [] "where it is reached" => |c, w| cluster(w, c).map_or(Value::None, |k| k8s::text(&k.server)),
    "user" "USER" Text 12 [] "user of the kubeconfig" => |c, w| cluster(w, c).map_or(Value::None, |k| k8s::text(&k.user)),
    "namespace" "NAMESPACE" Text 12 [] "namespace of the context" => |c, w| cluster(w, c).map_or(Value::None, |k| k8s::text(&k.namespace)),
    "file" "FILE" Text 24 [hide] "kubeconfig that it is from" => |c, w| cluster(w, c).map_or(Value::None, |k| k8s::text(&k.file)),
}

fn cluster<'w>(world: &'w World, context: &str) -> Option<&'w Cluster> {
    world.observed.kube.clusters.get(context)
}

fn name<'w>(context: &'w str, world: &'w World) -> Value<'w> {
    match cluster(world, context) {
        Some(cluster) if cluster.current => Value::Text(Cow::Owned(format!("{context} *"))),
        _ => Value::text(context),
    }
}

fn severity(world: &World, context: &str) -> Option<Severity> {
    match k8s::source(world, context).map(|source| source.state(world.now))? {
        SourceState::Ok if cluster(world, context).is_some_and(|c| !c.denied.is_empty()) => Some(Severity::Info),
        SourceState::Ok | SourceState::Waiting | SourceState::Off => None,
        SourceState::Stale => Some(Severity::Unknown),
        SourceState::Down => Some(Severity::Error),
    }
}

/// Lists that are still being read, in words.
pub(crate) fn loading(cluster: &Cluster) -> Option<String> {
    let of =
        |name| cluster.expected.iter().find(|(n, _)| n == name).map_or_else(String::new, |(_, of)| format!(" of {of}"));
    let parts = cluster.loading.iter().map(|(name, n)| format!("{name} {}{}", units::count(*n as f64), of(name)));
    let parts: Vec<_> = parts.collect();
    (!parts.is_empty()).then(|| format!("reading {}", parts.join(", ")))
}

fn missing(world: &World, context: &str) -> String {
    let reason = |source: &SourceStatus| match source.state(world.now) {
        SourceState::Ok => None,
        SourceState::Waiting => Some("waiting for the first answer".into()),
        _ => source.report.reason.as_ref().map(ToString::to_string),
    };
    let mut words: Vec<String> = k8s::source(world, context).and_then(reason).into_iter().collect();
    if let Some(cluster) = cluster(world, context) {
        words.extend(loading(cluster));
        words.extend(cluster.denials());
    }
    words.join("; ")
}

impl Table for ClustersTable {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (fields::index(COLUMNS, "context"), false)
    }
    fn len(&self, world: &World) -> usize {
        k8s::contexts(world).len()
    }
    fn key(&self, world: &World, row: usize) -> CompactString {
        k8s::contexts(world).get(row).map(|context| (*context).into()).unwrap_or_default()
    }
    fn object(&self, world: &World, row: usize) -> Option<ObjectRef> {
        k8s::contexts(world).get(row).map(|context| ObjectRef::new(ObjectKind::Cluster, *context))
    }
    fn value<'w>(&self, world: &'w World, row: usize, column: usize) -> Value<'w> {
        k8s::contexts(world).get(row).map_or(Value::Unknown, |context| READ[column](context, world))
    }
    fn severity(&self, world: &World, row: usize) -> Option<Severity> {
        severity(world, k8s::contexts(world).get(row)?)
    }
    fn is_old(&self, world: &World, row: usize) -> bool {
        k8s::contexts(world).get(row).is_some_and(|context| !k8s::is_watched(world, context))
    }
    fn first_to_go(&self) -> &'static [usize] {
        &[9, 8, 7, 6]
    }
}

impl Pane for ClustersPane {
    fn name(&self) -> &'static str {
        "clusters"
    }
    fn title(&self) -> &'static str {
        "Contexts"
    }
    fn status(&self, scene: &Scene<'_>) -> String {
        let contexts = k8s::contexts(scene.world);
        let watched = contexts.iter().filter(|context| k8s::is_watched(scene.world, context)).count();
        format!("{watched} of {} watched", contexts.len())
    }
    fn about(&self) -> &'static str {
        "The contexts of the kubeconfig. The space bar watches the selected one, or stops watching it; several can be watched at once. What may not be seen is named with the verb that is missing; the rest works."
    }
    fn topics(&self) -> TopicSet {
        Topic::Pods.into()
    }
    fn rows_below(&self, width: u16, height: u16) -> u16 {
        k8s::rows_below(width, height)
    }
    fn table(&self) -> Option<&'static dyn Table> {
        Some(&ClustersTable)
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        if ClustersTable.is_empty(scene.world) {
            let text = "no kubeconfig: set KUBECONFIG, write ~/.kube/config, or start with --context";
            paint::put_cut(scene, buffer, area, (0, 0), text, scene.style(Role::Dim));
            return;
        }
        k8s::draw_with_reason(scene, (self.name(), &ClustersTable), (&[], "no context"), area, buffer);
    }
}
