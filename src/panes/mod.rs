//! Panes: one file a pane, and one line in the list below.

mod engine_list;
mod fields;
mod host_list;
pub(crate) mod k8s;
mod kube_list;
pub(crate) mod kube_tree;
mod watch_list;

use crate::{
    model::{
        attention::Severity,
        object::{ObjectKind, ObjectRef},
        topic::TopicSet,
    },
    ui::{self, scene::Scene, theme::Role},
    view::{View, table::Table},
    world::World,
};
use ratatui::{buffer::Buffer, layout::Rect};

/// A part of the screen with a subject.
pub trait Pane: Sync {
    /// Name in layouts, key maps and the help.
    fn name(&self) -> &'static str;
    /// Heading.
    fn title(&self) -> &'static str;
    /// A few words of state for the right end of the frame (`5`, `3/12 of 345 «web»`).
    fn status(&self, scene: &Scene<'_>) -> String {
        if self.table().is_some() { ui::table::status(scene, self.name()) } else { String::new() }
    }
    /// What it shows and how to use it, for the help overlay.
    fn about(&self) -> &'static str;
    /// What it needs while it is visible.
    fn topics(&self) -> TopicSet;
    /// What it needs while it is looked at like this; more than [`Pane::topics`] where a column that costs more is shown.
    fn topics_in(&self, _view: &View) -> TopicSet {
        self.topics()
    }
    /// Draws the inside of the frame. No I/O, no clock; the cost follows the area.
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer);
    /// The list that it shows, if it is one.
    fn table(&self) -> Option<&'static dyn Table> {
        None
    }
    /// The list with the columns that this world has; differs from [`Pane::table`] where columns follow from the data. The same
    /// columns are the same table.
    fn table_in(&self, _world: &World) -> Option<&'static dyn Table> {
        self.table()
    }
    /// The pane beside which it stands as the last tab on the built-in pages, where no layout names it.
    fn beside(&self) -> Option<&'static str> {
        None
    }
    /// Whether it shows graphs, so that the time cursor and zoom belong to it.
    fn has_graph(&self) -> bool {
        false
    }
    /// Rows below the list that say more of the selected row, in an area of this size inside the frame.
    fn rows_below(&self, _width: u16, _height: u16) -> u16 {
        0
    }
    /// Number of lines of text, in panes that scroll text; 0 otherwise.
    fn lines(&self, _scene: &Scene<'_>) -> usize {
        0
    }
}

/// One line a pane: its file and its name there.
macro_rules! panes {
    ($($file:ident::$pane:ident,)*) => {
        $(pub(crate) mod $file;)*
        /// Every pane.
        pub static PANES: &[&dyn Pane] = &[$(&$file::$pane,)*];
    };
}

panes! {
    attention::AttentionPane,
    changes::ChangesPane,
    host::HostPane,
    cpu::CpuPane,
    memory::MemoryPane,
    pressure::PressurePane,
    processes::ProcessesPane,
    disks::PANE,
    devices::PANE,
    network::PANE,
    cgroups::CgroupsPane,
    sensors::PANE,
    gpus::PANE,
    ai_models::PANE,
    gpu_processes::PANE,
    gpu_links::GpuLinksPane,
    gpu_summary::GpuSummaryPane,
    incidents::PANE,
    runs::PANE,
    runbooks::PANE,
    timeline::PANE,
    actions::PANE,
    incident_now::IncidentNowPane,
    alerts::PANE,
    slos::PANE,
    silences::PANE,
    fleet::PANE,
    postgres::PANE,
    violations::PANE,
    scoreboard::ScoreboardPane,
    containers::ContainersPane,
    images::PANE,
    volumes::PANE,
    engine_networks::PANE,
    engines::EnginesPane,
    system::SystemPane,
    sources::SourcesPane,
    log::LogPane,
    own::OwnPane,
    pods::PANE,
    workloads::PANE,
    xray::PANE,
    nodes::PANE,
    by_node::PANE,
    kube_events::PANE,
    resources::ResourcesPane,
    clusters::ClustersPane,
    kube_summary::KubeSummaryPane,
}

/// The pane of this name.
pub fn find(name: &str) -> Option<&'static dyn Pane> {
    PANES.iter().copied().find(|pane| pane.name() == name)
}

/// The static name of the pane of this name.
pub fn known(name: &str) -> Option<&'static str> {
    find(name).map(Pane::name)
}

pub(crate) use fields::unknown;

/// How an object is doing, as the attention list says: the one judgement that there is.
pub(crate) fn severity_of(world: &World, kind: ObjectKind, id: &str) -> Option<Severity> {
    let is_it = |object: &ObjectRef| object.kind == kind && object.id == id;
    let about_it = world.attention.iter().filter(|item| item.members.iter().any(is_it));
    about_it.map(|item| item.condition.severity).max()
}

/// The role for an object's figures: a colour only where it deviates.
pub(crate) fn role_of(world: &World, kind: ObjectKind, id: &str) -> Role {
    severity_of(world, kind, id).map_or(Role::Text, Scene::severity_role)
}

#[cfg(test)]
pub(crate) mod tests;
