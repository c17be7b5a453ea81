//! State of looking at a list: order, filter, selection, marks, columns.

use super::{query::Query, table::Table};
use crate::world::World;
use compact_str::CompactString;
use std::collections::BTreeSet;

/// What a list remembers. The order is computed when data or query change, never while drawing.
#[derive(Debug, Clone, Default)]
pub struct ListState {
    /// Column and whether descending; `None` is the table's own.
    pub sort: Option<(usize, bool)>,
    /// The filter as it was typed, and as it was understood.
    pub filter: String,
    pub query: Query,
    /// Rows that pass the filter, sorted, with their depth in a tree.
    pub order: Vec<(u32, u16)>,
    /// Rows before filtering.
    pub total: usize,
    /// Key of the selected row; the selection follows it when the order changes.
    pub selected: Option<CompactString>,
    /// Where the selected row stands in `order`.
    pub cursor: usize,
    /// First row on the screen, as an index into `order`.
    pub offset: usize,
    /// First column on the screen, in cells, of those that scroll.
    pub scroll_x: usize,
    /// Column that is chosen for sorting and copying.
    pub column: usize,
    /// Keys of marked rows.
    pub marked: BTreeSet<CompactString>,
    /// Columns shown though not by default, and hidden though shown by default, by index.
    pub toggled: BTreeSet<usize>,
    /// Keys of tree rows that are folded.
    pub folded: BTreeSet<CompactString>,
}

impl ListState {
    /// Computes the order anew and puts the cursor back on its row; where that row is gone, on the row that took its place.
    pub fn refresh(&mut self, table: &dyn Table, world: &World, _tree: bool, height: usize) {
        self.total = table.len(world);
        self.order = (0..self.total as u32).map(|row| (row, 0)).collect();
        self.follow(table, world, height);
    }

    fn follow(&mut self, table: &dyn Table, world: &World, height: usize) {
        if let Some(selected) = &self.selected
            && let Some(at) = self.order.iter().position(|(row, _)| table.key(world, *row as usize) == *selected)
        {
            self.cursor = at;
        }
        self.move_to(self.cursor, table, world, height);
    }

    /// Moves the cursor to a place in the order, and the screen with it.
    pub fn move_to(&mut self, at: usize, table: &dyn Table, world: &World, height: usize) {
        self.cursor = at.min(self.order.len().saturating_sub(1));
        self.selected = self.order.get(self.cursor).map(|(row, _)| table.key(world, *row as usize));
        let height = height.max(1);
        self.offset = self.offset.clamp((self.cursor + 1).saturating_sub(height), self.cursor);
        self.offset = self.offset.min(self.order.len().saturating_sub(height));
    }

    /// The selected row of the table.
    pub fn row(&self) -> Option<usize> {
        self.order.get(self.cursor).map(|(row, _)| *row as usize)
    }
}
