//! What can be done to the focused list or text.

use super::App;
use crate::{
    modals::{columns::ColumnsModal, filter::FilterModal},
    model::{attention::Severity, input::Mouse, topic::TopicSet},
    panes::{
        self,
        violations::{self, By},
    },
    ui,
    view::{PaneState, columns, list::ListState, query::QueryError, table::Table},
    world::{Changed, World},
};

/// Cells by which columns scroll sideways.
const SIDEWAYS: isize = 8;

/// A list's state together with what it is a list of.
pub struct Listing<'a> {
    pub list: &'a mut ListState,
    pub table: &'static dyn Table,
    /// The world that is shown.
    pub world: &'a World,
    pub tree: bool,
    /// Rows of data on the screen.
    pub height: usize,
}

impl Listing<'_> {
    /// Computes the order anew.
    pub fn refresh(&mut self) {
        self.list.refresh(self.table, self.world, self.tree, self.height);
    }

    fn move_to(&mut self, at: usize) {
        self.list.move_to(at, self.table, self.world, self.height);
    }
}

impl App {
    /// Rows of data that a pane shows.
    pub fn pane_height(&self, name: &str) -> usize {
        let shown = self.view.placed.iter().find(|placed| self.view.shown_in(placed) == Some(name));
        shown.map_or(1, |placed| usize::from(placed.area.height.saturating_sub(2)))
    }

    /// Columns of the screen inside a pane's frame.
    pub fn pane_width(&self, name: &str) -> u16 {
        let shown = self.view.placed.iter().find(|placed| self.view.shown_in(placed) == Some(name));
        shown.map_or(0, |placed| placed.area.width.saturating_sub(2))
    }

    /// Computes the order of every visible list anew.
    pub fn refresh_lists(&mut self) {
        let visible: Vec<_> = self.view.visible().collect();
        for name in visible {
            self.with_list(name, |mut listing| listing.refresh());
        }
    }

    /// The same for those lists that a change of the world can have touched: sorting ten thousand rows for another list's news is
    /// work for nothing.
    pub(super) fn refresh_lists_after(&mut self, changed: Changed) {
        let visible: Vec<_> = self.view.visible().collect();
        let is_covered = !self.modals.is_empty();
        for name in visible {
            let topics = panes::find(name).map_or(TopicSet::EMPTY, |pane| pane.topics_in(&self.view));
            let touched = topics.is_empty() || topics.intersects(changed.topics);
            self.with_list(name, |mut listing| {
                listing.list.hold(is_covered);
                if touched || ((changed.attention || changed.sources) && listing.table.follows_sources()) {
                    listing.refresh();
                }
            });
        }
    }

    /// Lends out a pane's list together with the world that is shown; `None` where the pane shows no list.
    pub fn with_list<T>(&mut self, name: &'static str, change: impl FnOnce(Listing<'_>) -> T) -> Option<T> {
        let world = self.moment.as_deref().unwrap_or(&self.world);
        let table = panes::find(name)?.table_in(world)?;
        let inner = self.pane_height(name) as u16;
        let below = panes::find(name).map_or(0, |pane| pane.rows_below(self.pane_width(name), inner));
        let height = usize::from(ui::table::body_height(inner.saturating_sub(below)));
        let world = self.moment.as_deref().unwrap_or(&self.world);
        let fresh = || PaneState { tree: table.starts_as_tree(), ..PaneState::default() };
        let state = self.view.panes.entry(name).or_insert_with(fresh);
        // Columns that follow from the data: what was said of others means nothing here.
        if state.columns.is_none_or(|columns| !std::ptr::eq(columns, table.columns())) {
            if state.columns.is_some() {
                state.list = ListState::default();
            }
            state.columns = Some(table.columns());
        }
        if state.list.within != self.view.within {
            state.list.within = self.view.within.clone();
        }
        let tree = state.tree;
        Some(change(Listing { list: &mut state.list, table, world, tree, height }))
    }

    /// Lends out the focused list, and computes its order anew.
    fn change_focused(&mut self, change: impl FnOnce(&mut Listing<'_>)) {
        let Some(name) = self.view.focused() else { return };
        self.with_list(name, |mut listing| {
            change(&mut listing);
            listing.refresh();
        });
    }

    /// The focused list.
    pub fn focused_table(&self) -> Option<(&'static str, &'static dyn Table)> {
        let pane = panes::find(self.view.focused()?)?;
        Some((pane.name(), pane.table_in(self.shown())?))
    }

    /// Moves the cursor of the focused list, or scrolls the focused text.
    pub fn move_rows(&mut self, step: isize) {
        if self.with_logs(|viewer, taste, size| viewer.step(step, taste, size)).is_some() {
            return;
        }
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
        let page = |height: u16| step * isize::from(height as i16 - 1).max(1);
        if self.with_logs(|viewer, taste, size| viewer.step(page(size.1), taste, size)).is_some() {
            return;
        }
        let height = self.view.focused().map_or(1, |name| self.pane_height(name)) as isize;
        self.move_rows(step * (height - 2).max(1));
    }

    /// Moves to the first row and pins the cursor there, or scrolls the text to its beginning.
    pub fn move_first(&mut self) {
        if self.with_logs(|viewer, taste, size| viewer.stand_at(0, taste, size)).is_some() {
            return;
        }
        if self.view.stack.is_empty() {
            self.change_focused(|listing| listing.list.move_home(listing.table, listing.world, listing.height));
        }
        if self.focused_table().is_none() || !self.view.stack.is_empty() {
            self.move_rows(isize::MIN);
        }
    }

    /// Moves to the last row, or scrolls the text to its end.
    pub fn move_last(&mut self) {
        if self.with_logs(|viewer, _, _| viewer.follow = true).is_some() {
            return;
        }
        if self.view.stack.is_empty() {
            self.move_rows(isize::MAX);
        }
    }

    pub(super) fn scroll_pane(&mut self, name: &'static str, step: isize) {
        let Some(pane) = panes::find(name) else { return };
        let moved =
            self.with_list(name, |mut listing| listing.move_to(listing.list.cursor.saturating_add_signed(step)));
        if moved.is_none() {
            let most = pane.lines(&self.scene()).saturating_sub(self.pane_height(name));
            let state = self.view.pane_mut(name);
            state.scroll = state.scroll.saturating_add_signed(step).min(most);
        }
    }

    /// A press on a row selects it; on a heading sorts by its column.
    pub(super) fn point_at_row(&mut self, name: &'static str, mouse: Mouse) {
        let Some(area) = self.view.placed.iter().map(|p| p.area).find(|area| area.holds(mouse.column, mouse.row))
        else {
            return;
        };
        let inside = |width: u16| mouse.column.checked_sub(area.x + 1).filter(|x| *x < width);
        let Some(line) = mouse.row.checked_sub(area.y + 1) else { return };
        let width = area.width.saturating_sub(2);
        self.with_list(name, |mut listing| match (usize::from(line).checked_sub(1), inside(width)) {
            (Some(line), _) => {
                let at = listing.list.offset + line;
                if at < listing.list.order.len() && line < listing.height {
                    listing.move_to(at);
                }
            }
            (None, Some(x)) => {
                let shown = listing.list.shown_in(listing.table, listing.world);
                let places = columns::place(listing.table, &shown, width, listing.list.scroll_x);
                if let Some(place) = places.iter().find(|place| (place.x..place.x + place.width).contains(&x)) {
                    listing.list.sort_by(place.index, listing.table);
                    listing.refresh();
                }
            }
            (None, None) => {}
        });
    }

    /// Looks at the violations by the next of what they can be looked at by: the list is in that order, and shows its column.
    pub fn next_violations_view(&mut self) {
        let (before, next) = (By::of(&self.view), By::next(&self.view));
        self.with_list(violations::PANE.name, |mut listing| {
            let hidden = |by: By| !listing.table.columns()[by.column()].shown;
            if let Some(before) = before.filter(|before| hidden(*before)) {
                listing.list.toggled.remove(&before.column());
            }
            if hidden(next) {
                listing.list.toggled.insert(next.column());
            }
            listing.list.sort = (next != By::Severity).then(|| (next.column(), false));
            listing.list.column = None;
            listing.refresh();
        });
        self.notice(Severity::Info, format!("violations by {}", next.word()));
    }

    /// Opens the object of the selected row where it says what is wrong with it.
    pub fn open_why(&mut self) {
        self.open_selected();
        if let Some(page) = self.view.stack.last_mut() {
            page.tab = crate::pages::why_tab(&page.object);
        }
    }

    /// Opens the object of the selected row.
    pub fn open_selected(&mut self) {
        let Some((name, table)) = self.focused_table() else { return };
        let row = self.view.pane(name).list.row().filter(|row| *row < table.len(self.shown()));
        if let Some(object) = row.and_then(|row| table.object(self.shown(), row)) {
            self.open(object);
        }
    }

    /// Scrolls the columns of the focused list sideways.
    pub fn scroll_columns(&mut self, step: isize) {
        let Some((name, table)) = self.focused_table() else { return };
        let width = self.pane_width(name);
        let shown = self.view.pane(name).list.shown_in(table, self.shown());
        let most = columns::most_scroll(table, &shown, width);
        let list = &mut self.view.pane_mut(name).list;
        list.scroll_x = list.scroll_x.min(most).saturating_add_signed(step * SIDEWAYS).min(most);
    }

    /// Lets the user type a filter for the focused list.
    pub fn open_filter(&mut self) {
        let Some((name, table)) = self.focused_table() else { return };
        let modal = FilterModal::new(name, table, self.view.pane(name).list.clone());
        self.open_modal(Box::new(modal));
    }

    /// Filters a list; a filter with a fault changes nothing.
    ///
    /// # Errors
    /// What is wrong with the filter.
    pub fn filter_list(&mut self, name: &'static str, filter: &str) -> Result<(), QueryError> {
        self.touch();
        let set = |Listing { list, table, world, tree, height }: Listing<'_>| {
            list.set_filter(filter, table, world, tree, height)
        };
        self.with_list(name, set).unwrap_or(Ok(()))
    }

    /// Shows every row of the focused list again.
    pub fn clear_filter(&mut self) {
        let Some((name, _)) = self.focused_table() else { return };
        // The empty filter has no fault.
        let _ = self.filter_list(name, "");
    }

    /// Sorts the focused list by the chosen column; once more, the other way round.
    pub fn sort_by_chosen(&mut self) {
        self.change_focused(|listing| listing.list.sort_by(listing.list.chosen_column(listing.table), listing.table));
    }

    /// Chooses another column of the focused list.
    pub fn choose_column(&mut self, step: isize) {
        self.change_focused(|listing| listing.list.choose_column(step, listing.table));
    }

    /// Shows the columns of the focused list, to be chosen.
    pub fn open_columns(&mut self) {
        let Some((name, table)) = self.focused_table() else { return };
        let chosen = self.view.pane(name).list.chosen_column(table);
        self.open_modal(Box::new(ColumnsModal::new(name, table, chosen)));
    }

    /// Marks the selected row of the focused list and moves down.
    pub fn mark_row(&mut self) {
        self.change_focused(|listing| {
            listing.list.toggle_mark(listing.table, listing.world);
            listing.move_to(listing.list.cursor + 1);
        });
    }

    /// Marks every row that the focused list shows.
    pub fn mark_shown(&mut self) {
        self.change_focused(|listing| listing.list.mark_shown(listing.table, listing.world));
    }

    /// Takes every mark of the focused list away.
    pub fn clear_marks(&mut self) {
        self.change_focused(|listing| listing.list.clear_marks());
    }

    /// Shows the focused list as a tree, or the tree as a list.
    pub fn toggle_tree(&mut self) {
        let Some((name, table)) = self.focused_table() else { return };
        if !table.can_be_tree() {
            return self.notice(Severity::Info, "this list has no tree");
        }
        let state = self.view.pane_mut(name);
        state.tree = !state.tree;
        self.refresh_lists();
    }

    /// Folds the selected branch of the focused tree, or opens it.
    pub fn toggle_fold(&mut self) {
        let Some((name, table)) = self.focused_table() else { return };
        let state = self.view.pane(name);
        let reason = match (state.tree && table.can_be_tree(), state.list.query.is_empty()) {
            (false, _) => "the list is no tree: nothing can be folded",
            (true, false) => "a filter looks into every branch: clear it to fold one",
            (true, true) => {
                return self.change_focused(|listing| listing.list.toggle_fold(listing.table, listing.world));
            }
        };
        self.notice(Severity::Info, reason);
    }

    /// Folds every branch of the focused tree.
    pub fn fold_all(&mut self) {
        self.change_focused(|listing| listing.list.fold_all(listing.table, listing.world));
    }

    /// Opens every branch of the focused tree.
    pub fn unfold_all(&mut self) {
        self.change_focused(|listing| listing.list.folded.clear());
    }
}

#[cfg(test)]
#[path = "lists_tests.rs"]
mod tests;
