//! State of looking at a list: order, filter, selection, marks, columns.
//!
//! Until the user moves, the cursor stays on the first line: who watches the top of a list sorted by CPU wants to see the top.
//! Once moved, the selection follows its row wherever the order takes it; going to the first line pins it there again.

use super::{
    order::{self, Branch, Keys},
    query::{Query, QueryError},
    repair::MadeFrom,
    table::{Column, Table},
    within::Within,
};
use crate::world::World;
use compact_str::CompactString;
use std::collections::BTreeSet;

/// Filters that the history of a list keeps.
const FILTERS: usize = 50;

/// What a list remembers. The order is computed when data or query change, never while drawing.
#[derive(Debug, Clone, Default)]
pub struct ListState {
    /// Column and whether descending; `None` is the table's own.
    pub sort: Option<(usize, bool)>,
    /// The filter as it was typed, and as it was understood. Both are always those of the last filter without a fault.
    pub filter: String,
    pub query: Query,
    /// Filters of this session, newest last.
    pub filters: Vec<String>,
    /// Rows that pass the filter, sorted, with their depth in a tree.
    pub order: Vec<(u32, u16)>,
    /// For a tree, whether each row of the order has children; empty otherwise.
    pub branches: Vec<Branch>,
    /// Rows before filtering.
    pub total: usize,
    /// Key of the selected row; the selection follows it when the order changes.
    pub selected: Option<CompactString>,
    /// The row that was selected when something was laid over the list: whoever comes back from there finds it selected, wherever it went
    /// meanwhile.
    pub(super) held: Option<CompactString>,
    /// Whether the user moved the cursor off the first line, so that it belongs to a row.
    pub moved: bool,
    /// Where the selected row stands in `order`.
    pub cursor: usize,
    /// First row on the screen, as an index into `order`.
    pub offset: usize,
    /// First column on the screen, in cells, of those that scroll.
    pub scroll_x: usize,
    /// Column that was chosen for sorting and copying; `None` is the sorted one.
    pub column: Option<usize>,
    /// Keys of marked rows.
    pub marked: BTreeSet<CompactString>,
    /// Columns shown though not by default, and hidden though shown by default, by index.
    pub toggled: BTreeSet<usize>,
    /// Keys of tree rows that are folded.
    pub folded: BTreeSet<CompactString>,
    /// What is looked at of the rows, for tables that can be narrowed.
    pub within: Within,
    /// What the order was made from, where it can be repaired.
    pub(super) made_from: Option<MadeFrom>,
}

impl ListState {
    /// Computes the order anew and puts the cursor back on its row; where that row is gone, on the row that took its place.
    pub fn refresh(&mut self, table: &dyn Table, world: &World, tree: bool, height: usize) {
        let keys = Keys::of(table, world);
        self.forget_vanished(&keys);
        let made_from = MadeFrom::now(self, table, world, tree);
        let before = std::mem::replace(&mut self.made_from, made_from);
        match self.repaired(before.as_ref(), &keys) {
            Some(rows) => {
                self.total = rows.len();
                self.set_flat(rows);
            }
            None => self.sort_all(&keys, tree),
        }
        self.follow(table, world, height);
    }

    /// The order, where few rows changed since the last.
    fn repaired(&self, before: Option<&MadeFrom>, keys: &Keys<'_>) -> Option<Vec<u32>> {
        self.made_from.as_ref()?.repair(before?, &self.order, keys, |row| self.is_within(keys, row))
    }

    fn is_within(&self, keys: &Keys<'_>, row: u32) -> bool {
        !keys.table.can_be_narrowed() || keys.table.is_within(keys.world, row as usize, &self.within)
    }

    fn sort_all(&mut self, keys: &Keys<'_>, tree: bool) {
        let (table, world) = (keys.table, keys.world);
        let mut rows = order::in_former_order(&self.order, table.len(world));
        rows.retain(|row| self.is_within(keys, *row));
        self.total = rows.len();
        let sorting = self.sorting(table);
        if tree && table.can_be_tree() {
            let parents = order::parents(table, world, keys.all());
            if !self.query.is_empty() {
                let kept = order::with_ancestors(&parents, &self.query, table, world);
                rows.retain(|row| kept[*row as usize]);
            }
            order::sort(&mut rows, keys, sorting);
            // A filter looks into folded branches too: what it finds is never hidden.
            let open = BTreeSet::new();
            let folded = if self.query.is_empty() { &self.folded } else { &open };
            let arranged = order::arrange(&rows, &parents, keys.all(), folded);
            (self.order, self.branches) = (arranged.order, arranged.branches);
        } else {
            rows.retain(|row| !table.only_in_tree(world, *row as usize));
            if !self.query.is_empty() {
                rows.retain(|row| self.query.matches(table, world, *row as usize));
            }
            order::sort(&mut rows, keys, sorting);
            self.set_flat(rows);
        }
    }

    fn set_flat(&mut self, rows: Vec<u32>) {
        self.order.clear();
        self.order.extend(rows.into_iter().map(|row| (row, 0)));
        self.branches.clear();
    }

    /// Holds the selected row for as long as something lies over the list.
    pub fn hold(&mut self, is_covered: bool) {
        if !is_covered {
            self.held = None;
        } else if self.held.is_none() && self.moved {
            self.held.clone_from(&self.selected);
        }
    }

    /// Puts the cursor back on its row. The row moves over a screen that stands still; where it leaves the screen, the screen
    /// follows and the row keeps its line.
    fn follow(&mut self, table: &dyn Table, world: &World, height: usize) {
        if self.order.is_empty() {
            // The selection is kept: rows that come back after a gap find it.
            (self.cursor, self.offset) = (0, 0);
            return;
        }
        let line = self.cursor.saturating_sub(self.offset);
        if !self.moved {
            self.cursor = 0;
        } else if let Some(at) = self.held.iter().chain(&self.selected).find_map(|key| self.place_of(key, table, world))
        {
            self.cursor = at;
            if !(self.offset..self.offset + height.max(1)).contains(&at) {
                self.offset = at.saturating_sub(line);
            }
        }
        self.settle(height);
        self.selected = self.row().map(|row| table.key(world, row));
    }

    /// Where in the order the row with this key stands: mostly where it stood before.
    fn place_of(&self, key: &str, table: &dyn Table, world: &World) -> Option<usize> {
        if self.row().is_some_and(|row| table.key(world, row) == key) {
            return Some(self.cursor);
        }
        let found = table.find(world, key)? as u32;
        self.order.iter().position(|(row, _)| *row == found)
    }

    /// Keeps the cursor within the order, and the screen around the cursor.
    fn settle(&mut self, height: usize) {
        self.cursor = self.cursor.min(self.order.len().saturating_sub(1));
        let height = height.max(1);
        self.offset = self.offset.clamp((self.cursor + 1).saturating_sub(height), self.cursor);
        self.offset = self.offset.min(self.order.len().saturating_sub(height));
    }

    /// Moves the cursor to a place in the order, and the screen with it. From now on the selection follows its row.
    pub fn move_to(&mut self, at: usize, table: &dyn Table, world: &World, height: usize) {
        self.cursor = at;
        self.settle(height);
        let total = table.len(world);
        if let Some(row) = self.row().filter(|row| *row < total) {
            self.moved = true;
            self.selected = Some(table.key(world, row));
        }
    }

    /// Moves the cursor to the first line and pins it there.
    pub fn move_home(&mut self, table: &dyn Table, world: &World, height: usize) {
        self.move_to(0, table, world, height);
        self.moved = false;
    }

    /// The selected row of the table.
    pub fn row(&self) -> Option<usize> {
        self.order.get(self.cursor).map(|(row, _)| *row as usize)
    }

    /// Takes a filter as it was typed. One with a fault changes nothing. Where the selected row does not pass, the cursor goes
    /// to the best row that does.
    ///
    /// # Errors
    /// What is wrong with the filter.
    pub fn set_filter(
        &mut self,
        text: &str,
        table: &dyn Table,
        world: &World,
        tree: bool,
        height: usize,
    ) -> Result<(), QueryError> {
        self.query = Query::parse(text, table.columns())?;
        self.filter = text.trim().to_owned();
        let selected = self.selected.clone();
        // As much of the top as the selected row allows: what is worst stands there, and must not lie above the screen.
        self.offset = 0;
        self.refresh(table, world, tree, height);
        self.offset = (self.cursor + 1).saturating_sub(height.max(1));
        if self.moved && self.selected != selected && !self.order.is_empty() {
            self.move_to(0, table, world, height);
        }
        Ok(())
    }

    /// Puts the filter in force into the history.
    pub fn remember_filter(&mut self) {
        if self.filter.is_empty() {
            return;
        }
        self.filters.retain(|filter| *filter != self.filter);
        self.filters.push(self.filter.clone());
        let excess = self.filters.len().saturating_sub(FILTERS);
        self.filters.drain(..excess);
    }

    /// The column that the list is sorted by, and whether descending.
    pub fn sorting(&self, table: &dyn Table) -> (usize, bool) {
        self.sort.filter(|(column, _)| *column < table.columns().len()).unwrap_or_else(|| table.default_sort())
    }

    /// The column that sorting and copying work on.
    pub fn chosen_column(&self, table: &dyn Table) -> usize {
        self.column.filter(|column| self.shows(table.columns(), *column)).unwrap_or_else(|| self.sorting(table).0)
    }

    /// Chooses the next column that is shown, or the one before.
    pub fn choose_column(&mut self, step: isize, table: &dyn Table) {
        let shown = self.shown_columns(table.columns());
        let chosen = self.chosen_column(table);
        let at = shown.iter().position(|column| *column == chosen).unwrap_or(0) as isize;
        if !shown.is_empty() {
            self.column = Some(shown[(at + step).rem_euclid(shown.len() as isize) as usize]);
        }
    }

    /// Sorts by a column: figures from the greatest, words from A; by the sorted one, the other way round.
    pub fn sort_by(&mut self, column: usize, table: &dyn Table) {
        let Some(Column { unit, .. }) = table.columns().get(column) else { return };
        let severity = super::table::severity_column(table.columns()) == Some(column);
        let (sorted, descending) = self.sorting(table);
        self.sort = Some((column, if sorted == column { !descending } else { unit.is_figure() || severity }));
    }

    /// Whether a column is shown.
    pub fn shows(&self, columns: &[Column], index: usize) -> bool {
        columns.get(index).is_some_and(|column| column.shown != self.toggled.contains(&index))
    }

    /// The columns that are shown, by index, in order. Never none: the first one stands in.
    pub fn shown_columns(&self, columns: &[Column]) -> Vec<usize> {
        let mut shown: Vec<usize> = (0..columns.len()).filter(|index| self.shows(columns, *index)).collect();
        if shown.is_empty() && !columns.is_empty() {
            shown.push(0);
        }
        shown
    }

    /// The columns that are shown and say something in this world.
    pub fn shown_in(&self, table: &dyn Table, world: &World) -> Vec<usize> {
        let mut shown = self.shown_columns(table.columns());
        shown.retain(|column| table.is_needed(world, *column));
        shown
    }

    /// Shows a column, or hides it; the last one stays.
    pub fn toggle_column(&mut self, index: usize, columns: &[Column]) {
        if self.shown_columns(columns) == [index] {
            return;
        }
        if !self.toggled.remove(&index) {
            self.toggled.insert(index);
        }
    }

    /// Folds the selected branch of a tree, or opens it; on a leaf, folds the branch that it lies on.
    pub fn toggle_fold(&mut self, table: &dyn Table, world: &World) {
        let row = self.row().filter(|row| *row < table.len(world));
        let (Some(branch), Some(row)) = (self.branches.get(self.cursor), row) else { return };
        let key = match branch {
            Branch::Leaf => table.parent(world, row).filter(|_| self.order[self.cursor].1 > 0),
            Branch::Open | Branch::Folded => Some(table.key(world, row)),
        };
        let Some(key) = key else { return };
        if !self.folded.remove(&key) {
            if *branch == Branch::Leaf {
                self.selected = Some(key.clone());
            }
            self.folded.insert(key);
        }
    }

    /// Folds every branch that is shown. The selection goes to the root that its row then lies under.
    pub fn fold_all(&mut self, table: &dyn Table, world: &World) {
        let root =
            self.order.iter().take(self.cursor + 1).rfind(|(_, depth)| *depth == 0).map(|(row, _)| *row as usize);
        if let Some(root) = root.filter(|root| *root < table.len(world)) {
            self.selected = Some(table.key(world, root));
        }
        let total = table.len(world);
        let lines = self.order.iter().zip(&self.branches).filter(|((row, _), _)| (*row as usize) < total);
        let branches = lines.filter(|(_, branch)| **branch != Branch::Leaf);
        self.folded.extend(branches.map(|((row, _), _)| table.key(world, *row as usize)));
    }
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
