//! Marked rows of a list. Marks belong to rows, not to places: they survive sorting and filtering, and go with their row.

use super::{list::ListState, order::Keys, table::Table};
use crate::world::World;
use compact_str::CompactString;
use std::collections::HashSet;

impl ListState {
    /// Marks the selected row, or takes its mark away.
    pub fn toggle_mark(&mut self, table: &dyn Table, world: &World) {
        let Some(key) = self.row().filter(|row| *row < table.len(world)).map(|row| table.key(world, row)) else {
            return;
        };
        if !self.marked.remove(&key) {
            self.marked.insert(key);
        }
    }

    /// Marks every row that is shown; where all are marked already, takes those marks away.
    pub fn mark_shown(&mut self, table: &dyn Table, world: &World) {
        let total = table.len(world);
        let rows = self.order.iter().map(|(row, _)| *row as usize).filter(|row| *row < total);
        let keys: Vec<_> = rows.map(|row| table.key(world, row)).collect();
        if keys.iter().all(|key| self.marked.contains(key)) {
            for key in &keys {
                self.marked.remove(key);
            }
        } else {
            self.marked.extend(keys);
        }
    }

    /// Takes every mark away.
    pub fn clear_marks(&mut self) {
        self.marked.clear();
    }

    /// The marked rows that are shown, in the order in which they are shown. What a filter hides is not acted upon.
    pub fn marked_rows(&self, table: &dyn Table, world: &World) -> Vec<usize> {
        if self.marked.is_empty() {
            return Vec::new();
        }
        let total = table.len(world);
        let rows = self.order.iter().map(|(row, _)| *row as usize).filter(|row| *row < total);
        rows.filter(|row| self.marked.contains(&table.key(world, *row))).collect()
    }

    /// Forgets marks and folds of rows that are gone.
    pub(super) fn forget_vanished(&mut self, keys: &Keys<'_>) {
        if self.marked.is_empty() && self.folded.is_empty() {
            return;
        }
        let keys: HashSet<&str> = keys.all().iter().map(CompactString::as_str).collect();
        self.marked.retain(|key| keys.contains(key.as_str()));
        self.folded.retain(|key| keys.contains(key.as_str()));
    }
}
