//! What a pane that shows a list must tell about its rows. Sorting, filtering, marking, copying and exporting then work on it
//! without the pane's help.

use super::within::Within;
use crate::{
    model::{Timestamp, attention::Severity, object::ObjectRef, units},
    world::World,
};
use compact_str::CompactString;
use std::{borrow::Cow, cmp::Ordering};

/// What a column's figures mean; decides how they are printed, aligned and compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Text,
    /// A plain number that identifies (a pid): printed whole.
    Number,
    /// A number of things: printed with k, M, G.
    Count,
    Bytes,
    BytesPerSecond,
    /// 0–1, printed as percent.
    Ratio,
    /// 0–1, printed as whole percent, and sorted as printed: what changes from sample to sample by a clock tick moves no row.
    WholePercent,
    /// A duration in seconds.
    Seconds,
    /// A latency in seconds.
    Latency,
    Celsius,
    /// A moment, printed as an age.
    Time,
    /// A moment, printed as time of day; one before today as day of the month and minute. Sorted and compared by its age.
    Clock,
}

impl Unit {
    /// Figures stand to the right, words to the left.
    pub const fn is_figure(self) -> bool {
        !matches!(self, Self::Text)
    }
}

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Column {
    /// Word in queries (`cpu>50%`), in the column chooser and as heading of exports.
    pub name: &'static str,
    /// Heading on the screen.
    pub title: &'static str,
    pub unit: Unit,
    /// Columns of the screen that it wants.
    pub width: u16,
    /// Whether it takes what is left over.
    pub grows: bool,
    /// Whether it is shown unless chosen otherwise.
    pub shown: bool,
    /// Help text.
    pub about: &'static str,
}

/// What stands in one cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// Not known; printed `?`, sorted last.
    Unknown,
    /// Does not apply to this row; printed blank, sorted last.
    None,
    /// From outside: not yet made harmless.
    Text(Cow<'a, str>),
    Number(f64),
    Time(Timestamp),
}

impl<'a> Value<'a> {
    /// Text that is borrowed from the world.
    pub fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// A number that may be unknown.
    pub fn number(value: Option<impl Into<f64>>) -> Self {
        value.map_or(Self::Unknown, |value| Self::Number(value.into()))
    }

    /// A size or a counter that may be unknown.
    pub fn whole(value: Option<u64>) -> Self {
        value.map_or(Self::Unknown, |value| Self::Number(value as f64))
    }

    /// As it is printed on the screen. Not made harmless: the drawing room does that for every cell.
    pub fn printed(&self, unit: Unit, now: Timestamp) -> Cow<'_, str> {
        match self {
            Self::Unknown => Cow::Borrowed(units::UNKNOWN),
            Self::None => Cow::Borrowed(""),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Time(at) if unit == Unit::Clock => Cow::Owned(units::clock_or_day(now, *at)),
            Self::Time(at) => Cow::Owned(units::age(now, *at)),
            Self::Number(value) => Cow::Owned(match unit {
                Unit::Bytes => units::bytes(*value),
                Unit::BytesPerSecond => units::bytes_per_second(*value),
                Unit::Ratio => units::percent_fine(*value),
                Unit::WholePercent => units::percent_whole(*value),
                Unit::Seconds => units::span(*value),
                Unit::Latency => units::latency(*value),
                Unit::Celsius => format!("{value:.0} °C"),
                Unit::Count => units::count(*value),
                Unit::Number | Unit::Text | Unit::Time | Unit::Clock => format!("{value}"),
            }),
        }
    }
}

/// The column that tells how bad a row is: the one called `severity`. It is drawn as a sign and compared by how bad it is.
pub fn severity_column(columns: &[Column]) -> Option<usize> {
    columns.iter().position(|column| column.name == "severity")
}

/// The rows of a list, as they lie in the world.
pub trait Table: Sync {
    /// The columns, in order.
    fn columns(&self) -> &'static [Column];
    /// Column and whether descending, until the user sorts otherwise.
    fn default_sort(&self) -> (usize, bool);
    /// Number of rows, unfiltered.
    fn len(&self, world: &World) -> usize;
    /// Whether there is no row.
    fn is_empty(&self, world: &World) -> bool {
        self.len(world) == 0
    }
    /// Identity of a row, which it keeps when the order changes. Unique in the table.
    fn key(&self, world: &World, row: usize) -> CompactString;
    /// Compares the keys of two rows as a person would order them, for a long list that can do so without making them.
    fn compare_keys(&self, _world: &World, _a: usize, _b: usize) -> Option<Ordering> {
        None
    }
    /// The row with this key.
    fn find(&self, world: &World, key: &str) -> Option<usize> {
        (0..self.len(world)).find(|row| self.key(world, *row) == key)
    }
    /// A number for each row, in order: a row that changed has a greater one than any row had before. For a long list, which is then put
    /// in order again where it changed only. Where there is one, [`Table::severity`] and [`Table::urgency`] follow from the row alone,
    /// and no row is [`Table::only_in_tree`].
    fn stamps(&self, _world: &World) -> Option<Vec<u64>> {
        None
    }
    /// Whether rows or their order follow the state of sources or the attention list too. A long list that says no is spared work.
    fn follows_sources(&self) -> bool {
        true
    }
    /// What the row is about, to be opened.
    fn object(&self, world: &World, row: usize) -> Option<ObjectRef>;
    /// What stands in a cell.
    fn value<'w>(&self, world: &'w World, row: usize, column: usize) -> Value<'w>;
    /// How the row is doing, where it has a say in that.
    fn severity(&self, _world: &World, _row: usize) -> Option<Severity> {
        None
    }
    /// How urgent a row is among those that are as bad, 0–1: what a list that is sorted by how bad its rows are shows first. Rows that
    /// are not bad at all come behind, in the same order. Changes in steps, so that rows keep their places.
    fn urgency(&self, _world: &World, _row: usize) -> f64 {
        0.0
    }
    /// Whether the rows lie in the world in an order that means something and does not flicker: rows that are equal in the
    /// sorted column then keep it. Otherwise they are ordered by their keys.
    fn is_ordered(&self) -> bool {
        false
    }
    /// Whether the data has arrived at all; an empty list of unknown rows says that it waits, not that nothing is there.
    fn is_known(&self, _world: &World) -> bool {
        true
    }
    /// How many columns from the left identify a row: they stay when the others scroll, and are never dropped.
    fn fixed_columns(&self) -> usize {
        if severity_column(self.columns()) == Some(0) { 2 } else { 1 }
    }
    /// Columns that go first when room is short, before any word is cut, in this order.
    fn first_to_go(&self) -> &'static [usize] {
        &[]
    }
    /// The labels of a row, for selectors.
    fn labels<'w>(&self, _world: &'w World, _row: usize) -> &'w [(CompactString, CompactString)] {
        &[]
    }
    /// Whether the list follows what all lists of Kubernetes objects are narrowed to; only then [`Table::is_within`] is asked.
    fn can_be_narrowed(&self) -> bool {
        false
    }
    /// Whether a row lies within what is looked at.
    fn is_within(&self, _world: &World, _row: usize, _within: &Within) -> bool {
        true
    }
    /// Whether a column says anything in this world; one that does not is left out: the context, where there is only one.
    fn is_needed(&self, _world: &World, _column: usize) -> bool {
        true
    }
    /// Whether the data of a row is old: its source is silent, and the row is drawn dim.
    fn is_old(&self, _world: &World, _row: usize) -> bool {
        false
    }
    /// Whether the list is a tree until the user says otherwise.
    fn starts_as_tree(&self) -> bool {
        false
    }
    /// For a list that can be a tree: the key of the row's parent.
    fn parent(&self, _world: &World, _row: usize) -> Option<CompactString> {
        None
    }
    /// Whether a row is there only to hold others together, and has no place in a plain list.
    fn only_in_tree(&self, _world: &World, _row: usize) -> bool {
        false
    }
    /// The column that shows the branches of a tree, where it is not the one that grows.
    fn tree_column(&self) -> Option<usize> {
        None
    }
    /// Whether the list can be a tree at all.
    fn can_be_tree(&self) -> bool {
        false
    }
}
