//! Where panes lie, which one has the focus, and which page is shown.

use super::App;
use crate::{
    modals::wizard,
    model::{
        attention::Severity,
        input::Mouse,
        object::{ObjectKind, ObjectRef},
    },
    panes,
    view::{
        ObjectPage,
        layout::{Area, Page, Placed},
    },
};
use std::collections::BTreeMap;

/// Rows of the header and of the footer, by the terminal's height: a tiny terminal shows content only.
pub const fn bars(rows: u16) -> (u16, u16) {
    match rows {
        0..=3 => (0, 0),
        4..=7 => (1, 0),
        _ => (1, 1),
    }
}

/// From this height on an incident has a line of its own.
const ROOMY: u16 = 16;

impl App {
    pub(super) fn resize(&mut self, size: (u16, u16)) {
        if self.view.size != size {
            self.view.size = size;
            self.relayout();
        }
    }

    /// Rows above the panes and below them: below the header the incident that is running has a line of its own.
    pub fn bars(&self) -> (u16, u16) {
        let rows = self.view.size.1;
        let (top, bottom) = bars(rows);
        (top + u16::from(rows >= ROOMY && self.view.has_strip), bottom)
    }

    /// Makes room for the line of an incident, or gives it back.
    pub(super) fn settle_strip(&mut self) {
        self.read_shown();
        let has_strip = self.shown().incidents.running().is_some();
        if self.view.has_strip != has_strip {
            self.view.has_strip = has_strip;
            self.relayout();
        }
    }

    /// The part of the screen between header and footer.
    pub fn work_area(&self) -> Area {
        let (width, rows) = self.view.size;
        let (top, bottom) = self.bars();
        Area { x: 0, y: top, width, height: rows.saturating_sub(top + bottom) }
    }

    /// Computes the cells anew: after a change of size, page, zoom or configuration.
    pub fn relayout(&mut self) {
        self.dirty = true;
        let area = self.work_area();
        self.view.page = self.view.page.min(self.settings.pages.len().saturating_sub(1));
        let page = self.settings.pages.get(self.view.page);
        let layout = page.and_then(|page| page.layout_for(self.view.size));
        self.view.placed = layout.map_or_else(Vec::new, |layout| layout.cell.arrange(area, &panes::known));
        self.focus_a_list();
        self.show_focused_tab();
        if self.view.zoom
            && let Some(name) = self.view.focused()
        {
            self.view.placed = vec![Placed { area, panes: vec![name] }];
        }
        self.refresh_lists();
    }

    /// A page that is seen for the first time has the focus on its first list, so that the arrow keys move in it.
    fn focus_a_list(&mut self) {
        if self.view.focus.contains_key(&self.view.page) {
            return;
        }
        let is_list = |name: &&'static str| panes::find(name).is_some_and(|pane| pane.table().is_some());
        let list = self.view.placed.iter().filter_map(|placed| self.view.shown_in(placed)).find(is_list);
        if let Some(name) = list {
            self.view.focus.insert(self.view.page, name);
        }
    }

    /// Shows a page, by its place in the tab bar.
    pub fn show_page(&mut self, page: usize) {
        if page < self.settings.pages.len() {
            self.view.page = page;
            self.view.stack.clear();
            self.view.zoom = false;
            self.relayout();
        }
    }

    /// Shows the page whose digit this is.
    pub fn show_page_of_key(&mut self, key: char) {
        match self.settings.pages.iter().position(|page| page.key == key) {
            Some(page) => self.show_page(page),
            None => self.notice(Severity::Info, format!("there is no page {key} yet")),
        }
    }

    /// Gives a pane the focus, and the cell that it shares with others.
    pub fn focus(&mut self, name: &'static str) {
        self.view.focus.insert(self.view.page, name);
        self.show_focused_tab();
        self.refresh_lists();
    }

    /// Shows a pane, on this page or on the first that has it, and gives it the focus.
    pub fn show_pane(&mut self, name: &'static str) {
        self.view.stack.clear();
        let has = |placed: &[Placed]| placed.iter().any(|placed| placed.panes.contains(&name));
        if !has(&self.view.placed) {
            let (area, size) = (self.work_area(), self.view.size);
            let holds = |page: &Page| {
                page.layout_for(size).is_some_and(|layout| has(&layout.cell.arrange(area, &panes::known)))
            };
            match self.settings.pages.iter().position(holds) {
                Some(page) => self.show_page(page),
                None => return self.notice(Severity::Info, format!("no page shows the pane {name}")),
            }
        }
        let zoomed = self.view.zoom;
        self.focus(name);
        if zoomed {
            self.relayout();
        }
    }

    /// A cell that holds the focused pane shows it, at every size.
    fn show_focused_tab(&mut self) {
        let Some(name) = self.view.focused() else { return };
        for placed in &self.view.placed {
            if let Some(first) = placed.panes.first()
                && placed.panes.contains(&name)
            {
                self.view.tabs.insert(first, name);
            }
        }
    }

    /// Gives the focus to a pane by its place on the page, those behind tabs included.
    pub fn focus_nth(&mut self, place: usize) {
        let name = self.view.placed.iter().flat_map(|placed| placed.panes.iter().copied()).nth(place);
        match name {
            Some(name) => self.focus(name),
            None => self.notice(Severity::Info, format!("this page has no pane {}", place + 1)),
        }
    }

    /// Moves the focus along the panes of the page, those behind tabs included.
    pub fn move_focus(&mut self, step: isize) {
        let zoomed = std::mem::take(&mut self.view.zoom);
        if zoomed {
            self.relayout();
        }
        let all: Vec<_> = self.view.placed.iter().flat_map(|placed| placed.panes.iter().copied()).collect();
        if !all.is_empty() {
            let now = self.view.focused().and_then(|name| all.iter().position(|other| *other == name)).unwrap_or(0);
            self.focus(all[(now as isize + step).rem_euclid(all.len() as isize) as usize]);
        }
        if zoomed {
            self.view.zoom = true;
            self.relayout();
        }
    }

    /// Lets the focused pane fill the work area, or not.
    pub fn toggle_zoom(&mut self) {
        self.view.zoom = !self.view.zoom;
        self.relayout();
    }

    /// Opens an object's page over what is shown.
    pub fn open(&mut self, object: ObjectRef) {
        // These have a screen of their own, into which one also speaks.
        match object.kind {
            ObjectKind::Run => return wizard::watch(self, &object.id),
            ObjectKind::Runbook => return wizard::prepare(self, &object.id, BTreeMap::new()),
            _ => {}
        }
        if self.view.stack.last().is_none_or(|page| page.object != object) {
            self.view.stack.push(ObjectPage { object, tab: 0, scroll: 0 });
        }
        self.dirty = true;
    }

    /// One step back: closes the object's page, then the zoom, then returns to now.
    pub fn back(&mut self) {
        if self.view.stack.pop().is_some() {
            self.refresh_lists();
        } else if self.view.zoom {
            self.toggle_zoom();
        } else if self.moment.is_some() {
            self.go_to(None);
        }
    }

    /// A press on the header: the page whose title lies there.
    pub(super) fn point_at_bar(&mut self, mouse: Mouse) {
        if mouse.row == 0
            && let Some(page) = crate::screen::header::page_at(self, mouse.column)
        {
            self.show_page(page);
        }
    }
}
