//! Tables of what Alertmanagers and Prometheus know: one for rows that lie in several lists, by the name of who told them.

use super::fields::{self, Read};
use crate::{
    model::{attention::Severity, object::ObjectRef},
    view::table::{Column, Table, Value},
    world::World,
};
use compact_str::CompactString;

/// Rows of one kind, of all who tell of them.
pub(super) struct WatchTable<T: 'static> {
    pub columns: &'static [Column],
    pub read: &'static [Read<T>],
    /// Column that it is sorted by at first, and whether descending.
    pub sort: (&'static str, bool),
    pub len: fn(&World) -> usize,
    /// A row and who told it.
    pub row: for<'w> fn(&'w World, usize) -> Option<(&'w CompactString, &'w T)>,
    pub object: fn(&str, &T) -> ObjectRef,
    pub severity: fn(&T) -> Option<Severity>,
    /// How urgent a row is among those that are as bad, 0–1.
    pub urgency: fn(&T) -> f64,
}

impl<T> WatchTable<T> {
    fn at<'w>(&self, world: &'w World, row: usize) -> (&'w CompactString, &'w T) {
        (self.row)(world, row).expect("the table has so many rows")
    }
}

/// The row of that number in lists that are laid behind each other.
pub(super) fn nth<'w, T>(
    lists: impl Iterator<Item = (&'w CompactString, &'w [T])>,
    mut at: usize,
) -> Option<(&'w CompactString, &'w T)> {
    for (place, list) in lists {
        match list.get(at) {
            Some(row) => return Some((place, row)),
            None => at -= list.len(),
        }
    }
    None
}

impl<T: Sync> Table for WatchTable<T> {
    fn columns(&self) -> &'static [Column] {
        self.columns
    }
    fn default_sort(&self) -> (usize, bool) {
        (fields::index(self.columns, self.sort.0), self.sort.1)
    }
    fn len(&self, world: &World) -> usize {
        (self.len)(world)
    }
    fn key(&self, world: &World, row: usize) -> CompactString {
        let (place, row) = self.at(world, row);
        (self.object)(place, row).id
    }
    fn object(&self, world: &World, row: usize) -> Option<ObjectRef> {
        let (place, row) = self.at(world, row);
        Some((self.object)(place, row))
    }
    fn value<'w>(&self, world: &'w World, row: usize, column: usize) -> Value<'w> {
        let (place, row) = self.at(world, row);
        match self.columns[column].name {
            "severity" => fields::severity((self.severity)(row)),
            "from" => Value::text(place),
            _ => self.read[column](row, world),
        }
    }
    fn severity(&self, world: &World, row: usize) -> Option<Severity> {
        (self.severity)(self.at(world, row).1)
    }
    fn urgency(&self, world: &World, row: usize) -> f64 {
        (self.urgency)(self.at(world, row).1)
    }
    fn is_ordered(&self) -> bool {
        true
    }
    fn is_needed(&self, world: &World, column: usize) -> bool {
        // Who told it says nothing where there is only one.
        let watch = &world.observed.watch;
        let several = watch.alertmanagers.len().max(watch.prometheus.len()) > 1;
        self.columns[column].name != "from" || several
    }
    fn is_old(&self, world: &World, row: usize) -> bool {
        let (place, row) = self.at(world, row);
        let source = (self.object)(place, row).source();
        let status = source.and_then(|name| world.observed.sources.get(&name));
        status.is_some_and(|status| status.state(world.now).is_silent())
    }
}
