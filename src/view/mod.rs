//! Everything about looking: what is focused, selected, filtered and scrolled. Plain data; nothing here draws.

pub mod columns;
pub mod export;
pub mod figure;
pub mod graph;
pub mod layout;
pub mod list;
pub mod log;
pub mod marks;
pub mod natural;
pub mod order;
pub mod parse;
pub mod query;
mod repair;
#[cfg(test)]
pub mod sample;
pub mod selector;
pub mod table;
pub mod within;

use crate::model::{Timestamp, attention::Severity, kubernetes::Selectors, object::ObjectRef};
use compact_str::CompactString;
use layout::Placed;
use list::ListState;
use std::collections::BTreeMap;

/// The state of looking.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Index into the configured pages.
    pub page: usize,
    /// The focused pane of each page, by the page's index.
    pub focus: BTreeMap<usize, &'static str>,
    /// The pane shown in a cell that holds several, by the name of the cell's first pane.
    pub tabs: BTreeMap<&'static str, &'static str>,
    /// Whether the focused pane fills the work area.
    pub zoom: bool,
    /// Whether an incident is running, which has a line below the header.
    pub has_strip: bool,
    /// Pages of objects opened one from another; the last is shown. Empty: the page itself.
    pub stack: Vec<ObjectPage>,
    /// State of each pane by its name, made at first use.
    pub panes: BTreeMap<&'static str, PaneState>,
    /// Cells of the page that is shown, computed from size, page and zoom; never by drawing.
    pub placed: Vec<Placed>,
    /// Where the shared time cursor stands; `None` is now.
    pub cursor: Option<Timestamp>,
    /// Index into [`GRAPH_SPANS`]: how far back graphs reach.
    pub graph_span: usize,
    /// What graphs are drawn with, where the terminal can show it.
    pub graph_mode: graph::GraphMode,
    /// Messages to the user, newest last; those not yet expired are shown.
    pub notices: Vec<Notice>,
    /// What was chosen in the palette, newest last.
    pub recent: Vec<String>,
    /// Sources that the user switched on or off here, by name.
    pub chosen: BTreeMap<CompactString, bool>,
    /// The log viewer, while one is open.
    pub logs: Option<Box<log::Viewer>>,
    /// How the log viewer shows lines.
    pub log_taste: log::Taste,
    /// The kind of Kubernetes resource that the resource table shows, as `plural` or `plural.group`.
    pub resource: Option<CompactString>,
    /// By what its server narrows that table.
    pub selectors: Selectors,
    /// What the lists of Kubernetes objects are narrowed to.
    pub within: within::Within,
    /// Namespaces that were chosen before, newest last.
    pub recent_namespaces: Vec<CompactString>,
    /// Which link of an object's page is selected.
    pub links: BTreeMap<ObjectRef, usize>,
}

/// How far back graphs can reach, in seconds.
pub const GRAPH_SPANS: &[u32] = &[60, 5 * 60, 10 * 60, 30 * 60];

/// The page of one object.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectPage {
    pub object: ObjectRef,
    /// Index into the page's tabs.
    pub tab: usize,
    pub scroll: usize,
}

/// What a pane remembers.
#[derive(Debug, Clone, Default)]
pub struct PaneState {
    pub list: ListState,
    /// First line shown, in panes that scroll text.
    pub scroll: usize,
    /// Whether a list that can be a tree is one.
    pub tree: bool,
    /// Columns that the state of the list is about, where they follow from the data.
    pub columns: Option<&'static [table::Column]>,
}

/// A message to the user. All are kept for the history; each is shown for a while.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    pub at: Timestamp,
    pub severity: Severity,
    pub text: String,
}

impl View {
    /// State of a pane; the empty state where it was never touched.
    pub fn pane(&self, name: &str) -> &PaneState {
        static EMPTY: std::sync::LazyLock<PaneState> = std::sync::LazyLock::new(PaneState::default);
        self.panes.get(name).unwrap_or(&EMPTY)
    }

    /// State of a pane, to be changed.
    pub fn pane_mut(&mut self, name: &'static str) -> &mut PaneState {
        self.panes.entry(name).or_default()
    }

    /// The pane that has the focus on the page that is shown.
    pub fn focused(&self) -> Option<&'static str> {
        let wanted = self.focus.get(&self.page).copied();
        let all = || self.placed.iter().flat_map(|placed| placed.panes.iter().copied());
        wanted.filter(|wanted| all().any(|name| name == *wanted)).or_else(|| all().next())
    }

    /// The pane that a cell shows.
    pub fn shown_in(&self, placed: &Placed) -> Option<&'static str> {
        let first = *placed.panes.first()?;
        let tab = self.tabs.get(first).copied().unwrap_or(first);
        Some(if placed.panes.contains(&tab) { tab } else { first })
    }

    /// Names of the panes that are on the screen.
    pub fn visible(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.placed.iter().filter_map(|placed| self.shown_in(placed))
    }
}
