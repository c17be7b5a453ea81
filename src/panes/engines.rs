//! Container engines: what they are, and what their stores take.

use super::{
    Pane,
    fields::{self, fields},
    sources::severity,
};
use crate::{
    model::{
        attention::Severity,
        container::{ContainerState, Engine},
        object::{ObjectKind, ObjectRef},
        observed::SourceStatus,
        source::SourceState,
        topic::{Topic, TopicSet},
    },
    ui::{
        self,
        lines::{self, Line},
        scene::Scene,
        theme::Role,
    },
    view::table::{Column, Table, Value},
    world::World,
};
use compact_str::{CompactString, format_compact};
use ratatui::{buffer::Buffer, layout::Rect};
use std::borrow::Cow;

/// The list of engines.
pub struct EnginesPane;

struct EnginesTable;

fields! { SourceStatus;
    "severity" "" Text 1 [] "whether it can be reached" => |s, w| fields::severity(severity(s, w)),
    "engine" "ENGINE" Text 14 [grow] "name" => |s, _| Value::text(name(s)),
    "state" "STATE" Text 8 [] "ok, waiting, stale, down or off" => |s, w| Value::text(s.state(w.now).word()),
    "product" "PRODUCT" Text 8 [] "Docker or Podman" => |s, w| text(engine(s, w).map(|e| &e.product)),
    "version" "VERSION" Text 14 [] "version of the engine" => |s, w| text(engine(s, w).map(|e| &e.version)),
    "api" "API" Text 5 [] "version of the API that is spoken with it" => |s, w| text(engine(s, w).map(|e| &e.api_version)),
    "running" "RUN" Count 5 [] "containers that run" => |s, w| Value::Number(count(s, w, true)),
    "containers" "ALL" Count 5 [] "containers" => |s, w| Value::Number(count(s, w, false)),
    "images" "IMAGES" Bytes 8 [] "what images take" => |s, w| disk(s, w, |d| d.images_bytes),
    "images-unused" "UNUSED" Bytes 8 [] "of that, what no container uses: what prune of all unused images would free" => |s, w| disk(s, w, |d| d.images_unused_bytes),
    "volumes" "VOLUMES" Bytes 8 [] "what volumes take" => |s, w| disk(s, w, |d| d.volumes_bytes),
    "volumes-unused" "UNUSED" Bytes 8 [] "of that, what no container uses" => |s, w| disk(s, w, |d| d.volumes_unused_bytes),
    "layers" "LAYERS" Bytes 8 [] "what containers wrote" => |s, w| disk(s, w, |d| d.containers_bytes),
    "layers-unused" "UNUSED" Bytes 8 [] "of that, what containers wrote that do not run: what prune of containers would free" => |s, w| disk(s, w, |d| d.containers_unused_bytes),
    "cache" "CACHE" Bytes 8 [] "build cache" => |s, w| disk(s, w, |d| d.build_cache_bytes),
    "os" "OS" Text 20 [] "operating system of its machine" => |s, w| text(engine(s, w).map(|e| &e.os)),
    "kernel" "KERNEL" Text 16 [hide] "kernel of its machine" => |s, w| text(engine(s, w).map(|e| &e.kernel)),
    "cgroup" "CGROUP" Number 6 [hide] "version of the cgroup hierarchy" => |s, w| Value::number(engine(s, w).and_then(|e| e.cgroup_version)),
    "driver" "DRIVER" Text 10 [hide] "storage driver" => |s, w| text(engine(s, w).map(|e| &e.storage_driver)),
    "endpoint" "ENDPOINT" Text 28 [grow] "where it is reached, or why it is not" => endpoint,
}

/// An engine's name, by its source.
pub(crate) fn name(status: &SourceStatus) -> &str {
    status.report.name.strip_prefix("docker/").unwrap_or(&status.report.name)
}

fn engine<'w>(status: &SourceStatus, world: &'w World) -> Option<&'w Engine> {
    world.observed.containers.engines.get(name(status))
}

fn text(value: Option<&CompactString>) -> Value<'_> {
    value.map_or(Value::Unknown, |value| Value::text(value))
}

fn count(status: &SourceStatus, world: &World, running: bool) -> f64 {
    let all = world.observed.containers.containers.of(name(status));
    all.iter().filter(|container| !running || container.state == ContainerState::Running).count() as f64
}

fn disk(
    status: &SourceStatus,
    world: &World,
    part: fn(&crate::model::container::EngineDisk) -> Option<u64>,
) -> Value<'static> {
    Value::whole(engine(status, world).and_then(|engine| engine.disk.as_ref()).and_then(part))
}

fn endpoint<'w>(status: &'w SourceStatus, world: &'w World) -> Value<'w> {
    match (&status.report.reason, engine(status, world)) {
        (Some(reason), _) => Value::text(reason),
        (None, Some(engine)) if engine.rootless => Value::Text(Cow::Owned(format!("{} (rootless)", engine.endpoint))),
        (None, Some(engine)) => Value::text(&engine.endpoint),
        (None, None) => Value::Unknown,
    }
}

/// The sources of engines that are known, those that nobody watches too.
pub(crate) fn rows(world: &World) -> impl Iterator<Item = &SourceStatus> {
    world.observed.sources.values().filter(|status| status.report.kind == "docker")
}

impl Table for EnginesTable {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (fields::index(COLUMNS, "engine"), false)
    }
    fn len(&self, world: &World) -> usize {
        rows(world).count()
    }
    fn key(&self, world: &World, at: usize) -> CompactString {
        rows(world).nth(at).map(|status| status.report.name.clone()).unwrap_or_default()
    }
    fn object(&self, world: &World, at: usize) -> Option<ObjectRef> {
        rows(world).nth(at).map(|status| ObjectRef::new(ObjectKind::Engine, name(status)))
    }
    fn value<'w>(&self, world: &'w World, at: usize, column: usize) -> Value<'w> {
        rows(world).nth(at).map_or(Value::Unknown, |status| READ[column](status, world))
    }
    fn severity(&self, world: &World, at: usize) -> Option<Severity> {
        severity(rows(world).nth(at)?, world)
    }
}

const NO_ENGINE: &str = "no container engine was found: DOCKER_HOST, Docker contexts and the usual sockets lead to none; name one with --docker";

/// Draws a list of what engines hold, or why there is nothing in it.
pub(super) fn draw_of_engines(
    scene: &Scene<'_>,
    (name, table): (&'static str, &dyn Table),
    none: &str,
    area: Rect,
    buffer: &mut Buffer,
) {
    if !table.is_empty(scene.world) {
        ui::table::draw(scene, table, &scene.view.pane(name).list, area, buffer);
        return;
    }
    let text = why_empty(scene.world, none).into_iter().map(|(text, role)| Line::of(role, text)).collect();
    lines::draw(scene, &lines::wrap(text, area.width), 0, area, buffer);
}

/// Whether a column of a list of what engines hold says anything: the engine does where there are several.
pub(super) fn is_needed(world: &World, columns: &[Column], column: usize) -> bool {
    columns[column].name != "engine" || world.observed.containers.has_several_engines()
}

/// Whether what an engine told is old: it is silent.
pub(super) fn is_old(world: &World, engine: &str) -> bool {
    let status = world.observed.sources.get(&format_compact!("docker/{engine}"));
    status.is_some_and(|status| status.state(world.now).is_silent())
}

/// One line an engine that does not answer; that nothing is there only where one does.
fn why_empty(world: &World, none: &str) -> Vec<(String, Role)> {
    let mut lines = Vec::new();
    let mut answered = false;
    for status in rows(world) {
        let engine = name(status);
        match (status.state(world.now), &status.report.reason) {
            (SourceState::Ok, _) => answered = true,
            (SourceState::Waiting, _) => {
                lines.push((format!("? waiting for the first answer of {engine}"), Role::Unknown))
            }
            (SourceState::Off, _) => {}
            (state, reason) => {
                let reason = reason.as_deref().unwrap_or("no answer");
                lines.push((format!("? {engine} is {}: {reason}", state.word()), Role::Unknown));
                let hint = status.report.hint.as_deref();
                lines.extend(hint.map(|hint| (format!("  {hint}"), Role::Dim)));
            }
        }
    }
    if lines.is_empty() && !answered {
        let known = rows(world).count();
        let text = match known {
            0 => NO_ENGINE.into(),
            _ => format!("none of {known} engines is watched: engines (D) chooses"),
        };
        return vec![(text, Role::Dim)];
    }
    if answered {
        lines.insert(0, (none.into(), Role::Dim));
    }
    lines
}

impl Pane for EnginesPane {
    fn name(&self) -> &'static str {
        "engines"
    }
    fn title(&self) -> &'static str {
        "Engines"
    }
    fn status(&self, scene: &Scene<'_>) -> String {
        let ok = rows(scene.world).filter(|status| status.state(scene.world.now) == SourceState::Ok).count();
        fields::status(scene, (self.name(), &EnginesTable), &format!("{ok} ok"))
    }
    fn about(&self) -> &'static str {
        "Container engines that were found or named, with what their images, volumes and containers take, and how much of that nothing uses. What is not used is what a prune would free. The space bar watches the selected one, or stops watching it; D chooses among all."
    }
    fn topics(&self) -> TopicSet {
        TopicSet::of(&[Topic::Containers, Topic::EngineStores])
    }
    fn table(&self) -> Option<&'static dyn Table> {
        Some(&EnginesTable)
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        draw_of_engines(scene, (self.name(), &EnginesTable), NO_ENGINE, area, buffer);
    }
}
