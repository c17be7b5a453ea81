//! Panes: one file a pane, and one line in the list below.

use crate::{model::topic::TopicSet, ui::scene::Scene, view::table::Table};
use ratatui::{buffer::Buffer, layout::Rect};

/// A part of the screen with a subject.
pub trait Pane: Sync {
    /// Name in layouts, key maps and the help.
    fn name(&self) -> &'static str;
    /// Heading.
    fn title(&self) -> &'static str;
    /// A few words of state for the right end of the frame (`5`, `1,204 of 1,219`).
    fn status(&self, _scene: &Scene<'_>) -> String {
        String::new()
    }
    /// What it shows and how to use it, for the help overlay.
    fn about(&self) -> &'static str;
    /// What it needs while it is visible.
    fn topics(&self) -> TopicSet;
    /// Draws the inside of the frame. No I/O, no clock; the cost follows the area.
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer);
    /// The list that it shows, if it is one.
    fn table(&self) -> Option<&'static dyn Table> {
        None
    }
    /// Whether it shows graphs, so that the time cursor and zoom belong to it.
    fn has_graph(&self) -> bool {
        false
    }
    /// Number of lines of text, in panes that scroll text; 0 otherwise.
    fn lines(&self, _scene: &Scene<'_>) -> usize {
        0
    }
}

/// One line a pane: its file and its type.
macro_rules! panes {
    ($($file:ident::$pane:ident,)*) => {
        $(mod $file;)*
        /// Every pane.
        pub static PANES: &[&dyn Pane] = &[$(&$file::$pane,)*];
    };
}

panes! {
    attention::AttentionPane,
    changes::ChangesPane,
    log::LogPane,
}

/// The pane of this name.
pub fn find(name: &str) -> Option<&'static dyn Pane> {
    PANES.iter().copied().find(|pane| pane.name() == name)
}

/// The static name of the pane of this name.
pub fn known(name: &str) -> Option<&'static str> {
    find(name).map(Pane::name)
}
