//! Lines of a page that lead to other objects: one of them is selected, and can be followed.

use super::{Link, Tab, lines, shown_tab, tabs};
use crate::{
    model::object::ObjectRef,
    ui::{lines::Line, paint, scene::Scene, theme::Role},
    view::ObjectPage,
};
use ratatui::{buffer::Buffer, layout::Rect};

/// The lines that lead somewhere, by their place on a page of this width, and which of them is selected.
pub fn links(scene: &Scene<'_>, page: &ObjectPage, width: u16) -> (Vec<(usize, Link)>, usize) {
    let lines = lines(scene, page, width.saturating_sub(2));
    let all: Vec<_> = lines.iter().enumerate().filter_map(|(at, line)| Some((at, line.link()?.clone()))).collect();
    let selected = scene.view.links.get(&page.object).copied().unwrap_or(0).min(all.len().saturating_sub(1));
    (all, selected)
}

/// Where the line leads that lies in this row of the screen, on a page that is drawn into an area from this row on.
pub fn link_at(scene: &Scene<'_>, page: &ObjectPage, width: u16, row: u16, top: u16) -> Option<usize> {
    let line = usize::from(row.checked_sub(top + 1 + super::HEAD)?) + page.scroll;
    links(scene, page, width).0.iter().position(|(at, _)| *at == line)
}

/// The place of the tab with this word among the tabs of an object; the first where it has none.
pub(super) fn tab_named(object: &ObjectRef, word: &str) -> usize {
    tabs(object).iter().position(|tab: &Tab| tab.word() == word).unwrap_or(0)
}

impl Link {
    /// The place of its tab on the page that it leads to.
    pub fn tab_of(&self) -> usize {
        tab_named(&self.object, self.tab)
    }
}

/// Shows which link is selected: from the start where the page says what is wrong, elsewhere once one was chosen. Says in words
/// what can be done, where there is a link at all.
pub(super) fn mark(scene: &Scene<'_>, page: &ObjectPage, lines: &mut [Line]) -> Option<String> {
    let all: Vec<usize> =
        lines.iter().enumerate().filter(|(_, line)| line.link().is_some()).map(|(at, _)| at).collect();
    let last = all.len().checked_sub(1)?;
    let chosen = scene.view.links.get(&page.object).copied();
    let selected = chosen.or((shown_tab(page) == Tab::Why).then_some(0)).map(|at| at.min(last));
    if let Some(at) = selected {
        let line = &mut lines[all[at]];
        *line = std::mem::take(line).all_in(Role::Selected);
    }
    let number = selected.unwrap_or(0) + 1;
    Some(match (selected, all.len()) {
        (_, 1) => "Enter follow".into(),
        (None, _) => "n choose where to go".into(),
        (Some(_), count) => format!("Enter follow  n next ({number} of {count})"),
    })
}

/// Writes those words into the lower edge of the page's frame.
pub(super) fn hint(scene: &Scene<'_>, words: &str, area: Rect, buffer: &mut Buffer) {
    if area.height > 2 && area.width > 50 {
        let last = Rect { x: area.x + 2, y: area.bottom() - 1, height: 1, width: area.width - 4 };
        paint::put(buffer, last, (0, 0), &format!(" {words} "), scene.style(Role::Dim));
    }
}
