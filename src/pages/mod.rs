//! The page of one object: the same tabs in the same order for every kind. A kind of object is one file and one line in the
//! list below.

mod k8s;
mod links;
mod tabs;
mod yaml;

use crate::{
    model::{
        attention::Severity,
        logs::has_logs,
        object::{ObjectKind, ObjectRef},
        series::SeriesKey,
        text::clean,
        topic::{Topic, TopicSet},
        units,
    },
    panes,
    ui::{
        graph::{self, Graph, Scale},
        lines::{self, Line, Link},
        paint,
        scene::Scene,
        theme::Role,
    },
    view::{ObjectPage, layout::Area},
    world::World,
};
use ratatui::{buffer::Buffer, layout::Rect};

/// A tab of an object's page. The order of declaration is that on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    Summary,
    Why,
    Logs,
    Events,
    Yaml,
    History,
}

impl Tab {
    /// The word in the tab bar.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Summary => "Summary",
            Self::Why => "Why",
            Self::Events => "Events",
            Self::Logs => "Logs",
            Self::Yaml => "YAML",
            Self::History => "History",
        }
    }
}

/// A figure whose history is drawn.
pub struct Kept {
    pub word: &'static str,
    pub key: SeriesKey,
    pub scale: Scale,
}

/// What is told of objects of some kinds.
pub trait Details: Sync {
    /// The kinds that it tells of.
    fn kinds(&self) -> &'static [ObjectKind];
    /// The name that a person knows the object by.
    fn name(&self, _world: &World, object: &ObjectRef) -> String {
        object.id.to_string()
    }
    /// How bad it is; by the attention list, where that is not known by the object itself.
    fn severity(&self, world: &World, object: &ObjectRef) -> Option<Severity> {
        panes::severity_of(world, object.kind, &object.id)
    }
    /// A word or two on its state.
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String;
    /// Everything that is known of it; `None` where it is not there.
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>>;
    /// Its data as they are held, as YAML.
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String>;
    /// What leads from its state to the cause, above what the attention list says of it.
    fn why(&self, _scene: &Scene<'_>, _object: &ObjectRef) -> Vec<Line> {
        Vec::new()
    }
    /// Events that its own world tells of it, above what has changed since the cockpit looks.
    fn events(&self, _scene: &Scene<'_>, _object: &ObjectRef) -> Vec<Line> {
        Vec::new()
    }
    /// Whether it writes lines that can be followed.
    fn has_logs(&self) -> bool {
        false
    }
    /// Whether it has revisions; they are the history of what has no figures.
    fn has_revisions(&self) -> bool {
        false
    }
    /// Its revisions and how they differ.
    fn revisions(&self, _scene: &Scene<'_>, _object: &ObjectRef) -> Vec<Line> {
        Vec::new()
    }
    /// Its histories.
    fn history(&self, _object: &ObjectRef) -> Vec<Kept> {
        Vec::new()
    }
}

/// One line a family of kinds: its file and its type.
macro_rules! pages {
    ($($file:ident::$details:ident,)*) => {
        $(mod $file;)*
        static PAGES: &[&dyn Details] = &[$(&$file::$details,)*];
    };
}

pages! {
    host::HostDetails,
    process::ProcessPage,
    mount::MountDetails,
    device::DeviceDetails,
    network::NetworkDetails,
    cgroup::CgroupDetails,
    unit::UnitDetails,
    sensor::SensorDetails,
    gpu::GpuPage,
    source::SourceDetails,
    incident::IncidentPage,
    event::EventPage,
    violation::ViolationDetails,
    alert::AlertDetails,
    silence::SilenceDetails,
    slo::SloDetails,
    instance::InstanceDetails,
    postgres::PostgresDetails,
    container::ContainerPage,
    stored::StoredPage,
    engine::EnginePage,
    pod::PodPage,
    workload::WorkloadPage,
    node::NodePage,
    cluster::ClusterPage,
    resource::ResourcePage,
    logs::LogsDetails,
}

pub use links::{link_at, links};
pub(crate) use process::find as process;

fn details(kind: ObjectKind) -> Option<&'static dyn Details> {
    PAGES.iter().copied().find(|page| page.kinds().contains(&kind))
}

/// The place of the tab that says what is wrong.
pub fn why_tab(object: &ObjectRef) -> usize {
    tabs(object).iter().position(|tab| *tab == Tab::Why).unwrap_or(0)
}

/// The place of the tab that shows lines, where there is one.
pub fn logs_tab(object: &ObjectRef) -> Option<usize> {
    tabs(object).iter().position(|tab| *tab == Tab::Logs)
}

/// Whether a page shows lines now.
pub fn shows_logs(page: &ObjectPage) -> bool {
    shown_tab(page) == Tab::Logs
}

/// Where the log viewer lies on a page of this area: below the tabs, without a blank row.
fn logs_body(page: &ObjectPage, area: Area) -> Area {
    let framed = area.height >= 3 && area.width >= 6;
    let edge = u16::from(framed);
    let (width, height) = (area.width - 2 * edge, area.height - 2 * edge);
    let head = (1 + bar_at(&page.object, width).1).min(height);
    Area { x: area.x + edge, y: area.y + edge + head, width, height: height - head }
}

/// Columns and rows that the log viewer has for lines, on a page of this area.
pub fn logs_size(page: &ObjectPage, area: Area) -> (u16, u16) {
    let body = logs_body(page, area);
    logs::size((body.width, body.height))
}

/// The tabs of an object's page: those that have a meaning for its kind, in their fixed order.
pub fn tabs(object: &ObjectRef) -> Vec<Tab> {
    let details = details(object.kind);
    let has_history = details.is_some_and(|details| details.has_revisions() || !details.history(object).is_empty());
    if object.kind == ObjectKind::Logs {
        return vec![Tab::Logs];
    }
    let has_logs = has_logs(object.kind) || details.is_some_and(Details::has_logs);
    let has = |tab: &Tab| match tab {
        Tab::History => has_history,
        Tab::Logs => has_logs,
        _ => true,
    };
    [Tab::Summary, Tab::Why, Tab::Logs, Tab::Events, Tab::Yaml, Tab::History].into_iter().filter(has).collect()
}

/// The name that a person knows the object by.
pub fn name(world: &World, object: &ObjectRef) -> String {
    details(object.kind).map_or_else(|| object.id.to_string(), |details| details.name(world, object))
}

/// A word or two on the state of an object; nothing for a kind that is not known.
pub fn state(scene: &Scene<'_>, object: &ObjectRef) -> Option<String> {
    details(object.kind).map(|details| details.state(scene, object))
}

/// Lines of the tab that is shown, broken to fit the width. Empty for the tab that draws graphs.
fn lines(scene: &Scene<'_>, page: &ObjectPage, width: u16) -> Vec<Line> {
    let Some(details) = details(page.object.kind) else {
        return vec![Line::of(Role::Unknown, "nothing more is known of this kind of object")];
    };
    let lines = match shown_tab(page) {
        Tab::Summary => details.summary(scene, &page.object).unwrap_or_else(|| tabs::gone(scene, page)),
        Tab::Why => match details.why(scene, &page.object) {
            // Its own world says what is wrong: that no rule has anything to add is no news.
            own if !own.is_empty() && !tabs::has_why(scene, &page.object) => own,
            own => after(own, tabs::why(scene, &page.object)),
        },
        Tab::Events => after(details.events(scene, &page.object), tabs::events(scene, &page.object)),
        Tab::Yaml => match details.yaml(scene.world, &page.object) {
            Some(text) => text.lines().map(|line| Line::of(Role::Text, line)).collect(),
            None => tabs::gone(scene, page),
        },
        Tab::History if details.has_revisions() => details.revisions(scene, &page.object),
        Tab::Logs | Tab::History => Vec::new(),
    };
    lines::wrap(lines, width)
}

/// The text of the tab that is shown, below the object's name.
pub fn text(scene: &Scene<'_>, page: &ObjectPage) -> String {
    let head = format!("{} {}", page.object.kind.word(), name(scene.world, &page.object));
    let lines = lines(scene, page, u16::MAX).into_iter().map(|line| line.plain().trim_end().to_owned());
    let mut text = std::iter::once(clean(&head).into_owned()).chain(lines).collect::<Vec<_>>().join("\n");
    text.push('\n');
    text
}

/// What is said of every object goes below what its kind says of it.
fn after(mut own: Vec<Line>, common: Vec<Line>) -> Vec<Line> {
    if !own.is_empty() {
        own.push(Line::empty());
    }
    own.extend(common);
    own
}

fn shown_tab(page: &ObjectPage) -> Tab {
    let tabs = tabs(&page.object);
    tabs.get(page.tab.min(tabs.len() - 1)).copied().unwrap_or(Tab::Summary)
}

/// Rows of the page above what scrolls.
const HEAD: u16 = 2;

/// How far the page can be scrolled in an area of this size, its frame included: what a scroll position is limited to.
pub fn most_scroll(scene: &Scene<'_>, page: &ObjectPage, width: u16, height: u16) -> usize {
    let lines = lines(scene, page, width.saturating_sub(2)).len();
    lines.saturating_sub(usize::from(height.saturating_sub(2 + HEAD)))
}

/// Where one has come from: the pane, then every object up to this one.
fn crumbs(scene: &Scene<'_>) -> String {
    let pane = scene.view.focused().and_then(panes::find).map(|pane| pane.title().to_owned());
    let objects = scene.view.stack.iter();
    let objects = objects.map(|page| format!("{} {}", page.object.kind.word(), name(scene.world, &page.object)));
    let words: Vec<_> = pane.into_iter().chain(objects).collect();
    words.join(if scene.glyphs.ascii { " > " } else { " › " })
}

/// Draws an object's page into the area, with its frame.
pub fn draw(scene: &Scene<'_>, page: &ObjectPage, area: Rect, buffer: &mut Buffer) {
    let scene = &Scene { focused: true, ..*scene };
    paint::fill(buffer, area, scene.style(Role::Text));
    let inner = paint::frame(scene, buffer, area, &crumbs(scene), "");
    draw_head(scene, page, inner, buffer);
    let head = HEAD.min(inner.height);
    let body = Rect { y: inner.y + head, height: inner.height - head, ..inner };
    let has_revisions = details(page.object.kind).is_some_and(Details::has_revisions);
    match shown_tab(page) {
        Tab::History if !has_revisions => return draw_history(scene, page, body, buffer),
        Tab::Logs => return logs::draw(scene, Rect::from(logs_body(page, Area::from(area))), buffer),
        _ => {}
    }
    let mut lines = lines(scene, page, body.width);
    let link = links::mark(scene, page, &mut lines);
    let first = lines::clamp(page.scroll, lines.len(), body.height);
    lines::draw(scene, &lines, first, body, buffer);
    if let Some(words) = link {
        links::hint(scene, &words, area, buffer);
    }
    let below = lines.len().saturating_sub(first + usize::from(body.height));
    if below > 0 && area.height > 2 {
        let last = Rect { y: area.bottom() - 1, height: 1, width: area.width.saturating_sub(1), ..area };
        paint::put_right(buffer, last, (0, 0), &format!(" {below} more lines below "), scene.style(Role::Dim));
    }
}

/// What the page of an object needs while it is open.
pub fn topics(object: &ObjectRef) -> TopicSet {
    match object.kind {
        ObjectKind::Container => {
            return TopicSet::of(&[Topic::ContainerDetails, Topic::ContainerUsage, Topic::Containers]);
        }
        ObjectKind::Image | ObjectKind::Volume | ObjectKind::EngineNetwork | ObjectKind::Engine => {
            return TopicSet::of(&[Topic::ContainerDetails, Topic::EngineStores, Topic::Containers]);
        }
        ObjectKind::Violation => return Topic::Rules.into(),
        ObjectKind::Alert => return TopicSet::of(&[Topic::Alerts, Topic::MetricRules, Topic::AlertDetails]),
        ObjectKind::Silence | ObjectKind::Alertmanager => return Topic::Alerts.into(),
        ObjectKind::Slo => return Topic::Slos.into(),
        ObjectKind::Instance => return Topic::Fleet.into(),
        ObjectKind::Postgres => return Topic::Postgres.into(),
        ObjectKind::Gpu => return TopicSet::of(&[Topic::Gpus, Topic::GpuTraffic, Topic::Processes]),
        _ => {}
    }
    if object.in_kube().is_none() {
        return TopicSet::of(&[Topic::Processes, Topic::ProcessDetails]);
    }
    TopicSet::of(&[Topic::KubeDetails, Topic::Pods, Topic::PodUsage, Topic::Workloads, Topic::Nodes, Topic::KubeEvents])
}

/// Columns that the name keeps beside the tab bar; where there are fewer, the bar goes below.
const NAME: u16 = 30;

/// Where the tab bar stands in the inside of the page's frame: its first column, and its row.
fn bar_at(object: &ObjectRef, width: u16) -> (u16, u16) {
    let bar: u16 = tabs(object).iter().map(|tab| paint::width(tab.word()) + 2).sum();
    // A long name, its kind and its state come first.
    let name = NAME.max(paint::width(&object.id).saturating_add(24));
    if width >= bar.saturating_add(name) { (width - bar, 0) } else { (0, 1) }
}

/// The tab whose word lies at a place of the screen, where the page is drawn in this area.
pub fn tab_at(page: &ObjectPage, area: Area, (column, row): (u16, u16)) -> Option<usize> {
    let inner = area.width.saturating_sub(2);
    let (from, below) = bar_at(&page.object, inner);
    if row != area.y + 1 + below {
        return None;
    }
    let mut x = area.x + 1 + from;
    tabs(&page.object).iter().position(|tab| {
        let end = x + paint::width(tab.word()) + 2;
        let hit = (x..end).contains(&column);
        x = end;
        hit
    })
}

fn draw_head(scene: &Scene<'_>, page: &ObjectPage, area: Rect, buffer: &mut Buffer) {
    let object = &page.object;
    let severity = details(object.kind).and_then(|details| details.severity(scene.world, object));
    let role = severity.map_or(Role::Text, Scene::severity_role);
    let (from, below) = bar_at(object, area.width);
    let room = Rect { width: if below == 0 { from } else { area.width }, ..area };
    let mut x = 0;
    if let Some(severity) = severity {
        let text = format!("{} {} ", scene.glyphs.severity(severity), severity.word());
        x += paint::put(buffer, room, (x, 0), &text, scene.style(role));
    }
    x += paint::put(buffer, room, (x, 0), &format!("{} ", object.kind.word()), scene.style(Role::Dim));
    let state = details(object.kind).map(|details| details.state(scene, object)).unwrap_or_default();
    // Of a long name the end goes; the state is what one has come for.
    let kept = (paint::width(&state) + 2).min(room.width.saturating_sub(x) / 2);
    let for_name = Rect { width: room.width.saturating_sub(if state.is_empty() { 0 } else { kept }), ..room };
    x += paint::put_cut(scene, buffer, for_name, (x, 0), &name(scene.world, object), scene.style(Role::Title));
    paint::put_cut(scene, buffer, room, (x + 2, 0), &state, scene.style(role));
    draw_bar(scene, page, area, (from, below), buffer);
}

/// The tabs; where they do not fit, the one that is shown and its number.
fn draw_bar(scene: &Scene<'_>, page: &ObjectPage, area: Rect, (mut x, y): (u16, u16), buffer: &mut Buffer) {
    let (tabs, shown) = (tabs(&page.object), shown_tab(page));
    let wanted: u16 = tabs.iter().map(|tab| paint::width(tab.word()) + 2).sum();
    if x + wanted > area.width {
        let number = tabs.iter().position(|tab| *tab == shown).map_or(1, |at| at + 1);
        let text = format!("[{}] {number} of {}", shown.word(), tabs.len());
        paint::put(buffer, area, (x, y), &text, scene.style(Role::Title));
        return;
    }
    for tab in tabs {
        let (text, role) = match tab == shown {
            true => (format!("[{}]", tab.word()), Role::Title),
            false => (format!(" {} ", tab.word()), Role::Dim),
        };
        x += paint::put(buffer, area, (x, y), &text, scene.style(role));
    }
}

/// The least rows that a graph is worth drawing in.
const GRAPH_ROWS: u16 = 4;

fn draw_history(scene: &Scene<'_>, page: &ObjectPage, area: Rect, buffer: &mut Buffer) {
    let kept = details(page.object.kind).map(|details| details.history(&page.object)).unwrap_or_default();
    let fitting = usize::from((area.height / GRAPH_ROWS).max(1));
    let first = page.scroll.min(kept.len().saturating_sub(fitting));
    let shown = kept.len().min(fitting).max(1) as u16;
    let height = area.height / shown;
    for (at, kept) in kept.iter().skip(first).take(usize::from(shown)).enumerate() {
        let y = area.y + at as u16 * height;
        let row = Rect { y, height: height.min(area.bottom().saturating_sub(y)), ..area };
        let series = scene.history(kept.key.clone());
        let last = series.and_then(|series| series.last()).map_or(units::UNKNOWN.into(), |last| kept.scale.print(last));
        // At a moment of the past the graph itself says the figure, beside the cursor.
        let title = if scene.view.cursor.is_some() { kept.word.to_owned() } else { format!("{}  {last}", kept.word) };
        paint::put(buffer, row, (0, 0), &title, scene.style(Role::Text));
        let below = Rect { y: y + 1, height: row.height.saturating_sub(1), ..row };
        graph::draw(scene, &Graph::of(kept.scale, "", series), below, buffer);
    }
}

#[cfg(test)]
mod tests;
