//! How table panes declare their columns, and what they show while there is no row.

use crate::{
    model::{attention::Severity, observed::SourceStatus, source::SourceState, topic::Topic},
    ui::{
        self,
        lines::{self, Line},
        paint,
        scene::Scene,
        theme::Role,
    },
    view::table::{Column, Table, Unit, Value},
    world::World,
};
use ratatui::{buffer::Buffer, layout::Rect};

/// A column that is shown; chained with [`Column::grow`] or [`Column::hide`].
pub(super) const fn column(
    name: &'static str,
    title: &'static str,
    unit: Unit,
    width: u16,
    about: &'static str,
) -> Column {
    Column { name, title, unit, width, grows: false, shown: true, about }
}

impl Column {
    /// The column that takes what is left over.
    #[must_use]
    pub const fn grow(mut self) -> Self {
        self.grows = true;
        self
    }

    /// Shown only when it is chosen.
    #[must_use]
    pub const fn hide(mut self) -> Self {
        self.shown = false;
        self
    }
}

/// Reads the value of a column from a row.
pub(super) type Read<Row> = for<'w> fn(&'w Row, &'w World) -> Value<'w>;

/// Declares the columns of a table of `Row`s, each with the function that reads its value:
/// `fields! { Row; "name" "TITLE" Unit width [flags] "about." => |row, world| value, }`, where flags are `grow` and `hide`.
macro_rules! fields {
    ($row:ty; $($name:literal $title:literal $unit:ident $width:literal [$($flag:ident)?] $about:literal => $read:expr,)*) => {
        static COLUMNS: &[crate::view::table::Column] = &[
            $($crate::panes::fields::column($name, $title, crate::view::table::Unit::$unit, $width, $about)$(.$flag())?,)*
        ];
        static READ: &[crate::panes::fields::Read<$row>] = &[$($read,)*];
    };
}
pub(super) use fields;

/// The index of a column by its name.
pub(super) fn index(columns: &[Column], name: &str) -> usize {
    columns.iter().position(|column| column.name == name).unwrap_or(0)
}

/// The word of a severity, for exports; on the screen it is a sign.
pub(super) fn severity(severity: Option<Severity>) -> Value<'static> {
    severity.map_or(Value::None, |severity| Value::text(severity.word()))
}

/// The name of a container where an engine tells it, else its id.
pub(super) fn container<'w>(world: &'w World, id: Option<&'w str>) -> Value<'w> {
    match id.and_then(|id| world.observed.containers.by_id(id)) {
        Some(container) => Value::Text(container.title()),
        None => id.map_or(Value::None, Value::text),
    }
}

/// Rows that are shown, of how many, with which filter, how many of them marked; and the pane's own words.
pub(super) fn status(scene: &Scene<'_>, (name, table): (&'static str, &dyn Table), words: &str) -> String {
    let list = &scene.view.pane(name).list;
    let all = table.len(scene.world);
    let mut status = match list.filter.as_str() {
        "" => all.to_string(),
        filter => format!("{} of {all} {filter}", list.order.len()),
    };
    if !list.marked.is_empty() {
        status += &format!(", {} marked", list.marked.len());
    }
    if !words.is_empty() {
        status += &format!(", {words}");
    }
    status
}

/// Draws the list, or why there is nothing in it.
pub(super) fn draw(
    scene: &Scene<'_>,
    (name, table): (&'static str, &dyn Table),
    (topic, known, none): (Topic, bool, &str),
    area: Rect,
    buffer: &mut Buffer,
) {
    if !table.is_empty(scene.world) {
        ui::table::draw(scene, table, &scene.view.pane(name).list, area, buffer);
    } else if known {
        paint::put_cut(scene, buffer, area, (0, 0), none, scene.style(Role::Dim));
    } else {
        draw_unknown(scene, topic, area, buffer);
    }
}

/// Draws why nothing is known of a topic.
pub(super) fn draw_unknown(scene: &Scene<'_>, topic: Topic, area: Rect, buffer: &mut Buffer) {
    let mut text = vec![Line::of(Role::Unknown, unknown(scene.world, topic))];
    let hint = source_of(scene.world, topic).map_or(configured_by(topic), |source| source.report.hint.as_deref());
    text.extend(hint.map(|hint| Line::of(Role::Dim, hint)));
    lines::draw(scene, &lines::wrap(text, area.width), 0, area, buffer);
}

/// What of the configuration names sources of a topic, where nothing else does.
const fn configured_by(topic: Topic) -> Option<&'static str> {
    match topic {
        Topic::Alerts => Some("[[alertmanager]] in config.toml names one"),
        Topic::MetricRules | Topic::Slos | Topic::Fleet => Some("[[prometheus]] in config.toml names one"),
        Topic::Postgres => Some("[[postgres]] in config.toml names a cluster"),
        _ => None,
    }
}

fn source_of(world: &World, topic: Topic) -> Option<&SourceStatus> {
    world.observed.sources.values().find(|source| source.report.topics.contains(topic))
}

/// Draws a text, scrolled as its pane is.
pub(super) fn draw_text(scene: &Scene<'_>, name: &str, text: &[Line], area: Rect, buffer: &mut Buffer) {
    let first = lines::clamp(scene.view.pane(name).scroll, text.len(), area.height);
    lines::draw(scene, text, first, area, buffer);
}

/// Why nothing is known of a topic.
pub(crate) fn unknown(world: &World, topic: Topic) -> String {
    let Some(source) = source_of(world, topic) else {
        return format!("? nothing is known yet: no source of {} has reported", topic.word());
    };
    let name = &source.report.name;
    match (source.state(world.now), &source.report.reason) {
        (SourceState::Waiting | SourceState::Ok, _) => format!("? waiting for the first answer of {name}"),
        (state, Some(reason)) => format!("? {name} is {}: {reason}", state.word()),
        (state, None) => format!("? {name} is {}", state.word()),
    }
}
