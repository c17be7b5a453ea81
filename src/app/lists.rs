//! What can be done to the focused list or text.

use super::App;
use crate::{model::input::Mouse, panes, ui, view::table::Table};

impl App {
    /// Rows of data that a pane shows.
    pub fn pane_height(&self, name: &str) -> usize {
        let shown = self.view.placed.iter().find(|placed| self.view.shown_in(placed) == Some(name));
        shown.map_or(1, |placed| usize::from(placed.area.height.saturating_sub(2)))
    }

    /// Computes the order of every visible list anew.
    pub fn refresh_lists(&mut self) {
        let visible: Vec<_> = self.view.visible().filter_map(panes::find).collect();
        for pane in visible {
            let Some(table) = pane.table() else { continue };
            self.with_list(pane.name(), |list, world, tree, height| list.refresh(table, world, tree, height));
        }
    }

    /// Lends out a list's state together with the world that is shown.
    fn with_list(
        &mut self,
        name: &'static str,
        change: impl FnOnce(&mut crate::view::list::ListState, &crate::world::World, bool, usize),
    ) {
        let height = usize::from(ui::table::body_height(self.pane_height(name) as u16));
        let world = self.moment.as_deref().unwrap_or(&self.world);
        let state = self.view.panes.entry(name).or_default();
        let tree = state.tree;
        change(&mut state.list, world, tree, height);
    }

    /// The focused list.
    pub fn focused_table(&self) -> Option<(&'static str, &'static dyn Table)> {
        let pane = panes::find(self.view.focused()?)?;
        Some((pane.name(), pane.table()?))
    }

    /// Moves the cursor of the focused list, or scrolls the focused text.
    pub fn move_rows(&mut self, step: isize) {
        if let Some(page) = self.view.stack.last_mut() {
            page.scroll = page.scroll.saturating_add_signed(step);
            return;
        }
        if let Some(name) = self.view.focused() {
            self.scroll_pane(name, step);
        }
    }

    /// Moves by whole screens of the focused pane.
    pub fn move_pages(&mut self, step: isize) {
        let height = self.view.focused().map_or(1, |name| self.pane_height(name)) as isize;
        self.move_rows(step * (height - 2).max(1));
    }

    pub(super) fn scroll_pane(&mut self, name: &'static str, step: isize) {
        let Some(pane) = panes::find(name) else { return };
        if let Some(table) = pane.table() {
            self.with_list(name, |list, world, _, height| {
                list.move_to(list.cursor.saturating_add_signed(step), table, world, height);
            });
        } else {
            let most = pane.lines(&self.scene()).saturating_sub(self.pane_height(name));
            let state = self.view.pane_mut(name);
            state.scroll = state.scroll.saturating_add_signed(step).min(most);
        }
    }

    pub(super) fn point_at_row(&mut self, name: &'static str, mouse: Mouse) {
        let Some(table) = panes::find(name).and_then(panes::Pane::table) else { return };
        let placed = self.view.placed.iter().find(|placed| placed.area.holds(mouse.column, mouse.row));
        let Some(line) = placed.and_then(|placed| mouse.row.checked_sub(placed.area.y + 2)) else { return };
        self.with_list(name, |list, world, _, height| {
            let at = list.offset + usize::from(line);
            if at < list.order.len() && usize::from(line) < height {
                list.move_to(at, table, world, height);
            }
        });
    }

    /// Opens the object of the selected row.
    pub fn open_selected(&mut self) {
        let Some((name, table)) = self.focused_table() else { return };
        let row = self.view.pane(name).list.row();
        if let Some(object) = row.and_then(|row| table.object(self.shown(), row)) {
            self.open(object);
        }
    }
}
