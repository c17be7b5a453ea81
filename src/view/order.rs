//! The order of a list: which rows pass, in which order, and how deep they lie in a tree.
//!
//! What is not known stands last in both directions. Rows that are equal in the sorted column are ordered by their keys (or
//! keep the order of the world, where that means something), so that they never change places by themselves.

use super::{
    natural,
    query::{Query, figure},
    table::{Table, Unit, Value, severity_column},
};
use crate::{model::units, world::World};
use compact_str::CompactString;
use std::{
    borrow::Cow,
    cell::OnceCell,
    cmp::Ordering,
    collections::{BTreeSet, HashMap},
};

/// The keys of a table's rows, made when they are needed: most refreshes of a long list need none.
pub(super) struct Keys<'a> {
    pub table: &'a dyn Table,
    pub world: &'a World,
    made: OnceCell<Vec<CompactString>>,
}

impl<'a> Keys<'a> {
    pub(super) fn of(table: &'a dyn Table, world: &'a World) -> Self {
        Self { table, world, made: OnceCell::new() }
    }

    /// All of them.
    pub(super) fn all(&self) -> &[CompactString] {
        self.made.get_or_init(|| (0..self.table.len(self.world)).map(|row| self.table.key(self.world, row)).collect())
    }

    fn compare(&self, a: usize, b: usize) -> Ordering {
        let without = self.table.compare_keys(self.world, a, b);
        without.unwrap_or_else(|| natural::compare(&self.all()[a], &self.all()[b]))
    }
}

/// What a cell is sorted by.
#[derive(Debug, Clone, PartialEq)]
enum Rank<'w> {
    Figure(f64),
    Text(Cow<'w, str>),
    Missing,
}

impl Rank<'_> {
    fn compare(&self, other: &Self, descending: bool) -> Ordering {
        let ordering = match (self, other) {
            (Self::Missing, Self::Missing) => return Ordering::Equal,
            (Self::Missing, _) => return Ordering::Greater,
            (_, Self::Missing) => return Ordering::Less,
            (Self::Figure(a), Self::Figure(b)) => a.total_cmp(b),
            (Self::Text(a), Self::Text(b)) => natural::compare(a, b),
            (Self::Figure(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), Self::Figure(_)) => Ordering::Greater,
        };
        if descending { ordering.reverse() } else { ordering }
    }
}

fn rank<'w>(table: &dyn Table, world: &'w World, row: usize, column: usize) -> Rank<'w> {
    if severity_column(table.columns()) == Some(column) {
        let urgency = table.urgency(world, row);
        return match table.severity(world, row) {
            Some(severity) => Rank::Figure(f64::from(severity as u8) + urgency),
            None if urgency > 0.0 => Rank::Figure(urgency - 1.0),
            None => Rank::Missing,
        };
    }
    match table.value(world, row, column) {
        Value::Text(text) => Rank::Text(text),
        // Zero has one rank, whatever its sign.
        value => figure(&value, world.now).map_or(Rank::Missing, |figure| match table.columns()[column].unit {
            Unit::WholePercent => Rank::Figure(units::whole_percent(figure)),
            _ => Rank::Figure(figure + 0.0),
        }),
    }
}

/// The rows in the order of a column. `rows` is best given in the former order: then little is left to sort.
pub(super) fn sort(rows: &mut [u32], keys: &Keys<'_>, (column, descending): (usize, bool)) {
    let (table, world) = (keys.table, keys.world);
    let column = column.min(table.columns().len().saturating_sub(1));
    let mut ranks = vec![Rank::Missing; table.len(world)];
    for row in rows.iter() {
        ranks[*row as usize] = rank(table, world, *row as usize, column);
    }
    rows.sort_by(|a, b| {
        let by_rank = ranks[*a as usize].compare(&ranks[*b as usize], descending);
        by_rank.then_with(|| among_equals(keys, *a, *b))
    });
}

/// The order of rows that are equal in the sorted column.
fn among_equals(keys: &Keys<'_>, a: u32, b: u32) -> Ordering {
    let by_key = if keys.table.is_ordered() { Ordering::Equal } else { keys.compare(a as usize, b as usize) };
    by_key.then(a.cmp(&b))
}

/// Puts a few rows where they belong among rows that are in order.
pub(super) fn merge(
    sorted: &[u32],
    mut few: Vec<u32>,
    keys: &Keys<'_>,
    (column, descending): (usize, bool),
) -> Vec<u32> {
    let rank = |row: u32| rank(keys.table, keys.world, row as usize, column);
    let compare = |a: u32, b: u32| rank(a).compare(&rank(b), descending).then_with(|| among_equals(keys, a, b));
    few.sort_by(|a, b| compare(*a, *b));
    let mut merged = Vec::with_capacity(sorted.len() + few.len());
    let mut rest = sorted;
    for row in few {
        let (before, after) = rest.split_at(rest.partition_point(|other| compare(*other, row).is_lt()));
        merged.extend_from_slice(before);
        merged.push(row);
        rest = after;
    }
    merged.extend_from_slice(rest);
    merged
}

/// All rows: first those of the former order, then the others.
pub(super) fn in_former_order(former: &[(u32, u16)], total: usize) -> Vec<u32> {
    let mut seen = vec![false; total];
    let mut rows = Vec::with_capacity(total);
    for (row, _) in former {
        if let Some(seen) = seen.get_mut(*row as usize).filter(|seen| !**seen) {
            *seen = true;
            rows.push(*row);
        }
    }
    rows.extend((0..total as u32).filter(|row| !seen[*row as usize]));
    rows
}

/// Whether a row of a tree has children, and whether they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Branch {
    #[default]
    Leaf,
    Open,
    Folded,
}

/// A tree in the order in which it is drawn: row, depth and branch of each line.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub order: Vec<(u32, u16)>,
    pub branches: Vec<Branch>,
}

/// Stands for no row.
const NOBODY: u32 = u32::MAX;

/// The parent of each row, circles broken at the row with the least key.
pub(super) fn parents(table: &dyn Table, world: &World, keys: &[CompactString]) -> Vec<u32> {
    let rows: HashMap<&str, u32> = keys.iter().enumerate().map(|(row, key)| (key.as_str(), row as u32)).collect();
    let parent = |row: usize| table.parent(world, row).and_then(|key| rows.get(key.as_str()).copied());
    let mut parents: Vec<u32> =
        (0..keys.len()).map(|row| parent(row).filter(|parent| *parent as usize != row).unwrap_or(NOBODY)).collect();
    // The number of the walk that reached a row first; a walk that meets its own trace went in a circle.
    let mut walks = vec![0_u32; keys.len()];
    for start in 0..keys.len() {
        let walk = start as u32 + 1;
        let mut row = start as u32;
        while row != NOBODY && walks[row as usize] == 0 {
            walks[row as usize] = walk;
            row = parents[row as usize];
        }
        if row != NOBODY && walks[row as usize] == walk {
            break_circle(&mut parents, row, keys);
        }
    }
    parents
}

fn break_circle(parents: &mut [u32], first: u32, keys: &[CompactString]) {
    let (mut least, mut row) = (first, parents[first as usize]);
    while row != first {
        if (&keys[row as usize], row) < (&keys[least as usize], least) {
            least = row;
        }
        row = parents[row as usize];
    }
    parents[least as usize] = NOBODY;
}

/// Which rows a filtered tree shows: those that pass, and their ancestors.
pub(super) fn with_ancestors(parents: &[u32], query: &Query, table: &dyn Table, world: &World) -> Vec<bool> {
    let mut kept = vec![false; parents.len()];
    for row in 0..parents.len() {
        if query.matches(table, world, row) {
            let mut at = row as u32;
            while at != NOBODY && !std::mem::replace(&mut kept[at as usize], true) {
                at = parents[at as usize];
            }
        }
    }
    kept
}

/// Arranges sorted rows as a tree: parents before children, children in the order of `rows`.
pub(super) fn arrange(rows: &[u32], parents: &[u32], keys: &[CompactString], folded: &BTreeSet<CompactString>) -> Tree {
    // Each row's first child and next sibling; filled from the last row on, so that chains run in order.
    let mut first_child = vec![NOBODY; parents.len()];
    let mut next_sibling = vec![NOBODY; parents.len()];
    let mut root = NOBODY;
    for row in rows.iter().rev() {
        let parent = parents[*row as usize];
        let head = if parent == NOBODY { &mut root } else { &mut first_child[parent as usize] };
        next_sibling[*row as usize] = std::mem::replace(head, *row);
    }
    let mut tree = Tree { order: Vec::with_capacity(rows.len()), branches: Vec::with_capacity(rows.len()) };
    let mut stack = vec![(root, 0_u16)];
    while let Some((row, depth)) = stack.pop() {
        if row == NOBODY {
            continue;
        }
        stack.push((next_sibling[row as usize], depth));
        let child = first_child[row as usize];
        let branch = if child == NOBODY {
            Branch::Leaf
        } else if !folded.is_empty() && folded.contains(&keys[row as usize]) {
            Branch::Folded
        } else {
            stack.push((child, depth.saturating_add(1)));
            Branch::Open
        };
        tree.order.push((row, depth));
        tree.branches.push(branch);
    }
    tree
}
