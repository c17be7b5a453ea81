//! Filters: text, `/regex/`, `!not`, column queries (`cpu>50% user=root mem>1GiB`), label selectors (`label:app=web,tier!=db` or
//! `-l app=web`) and field selectors (`field:status.phase=Running` or `--field-selector status.phase=Running`). All terms of a filter must hold.
//!
//! A value that is not known matches nothing but `column=?`. Figures are equal where the screen prints them alike.

use super::{
    natural,
    selector::Selector,
    table::{Column, Table, Unit, Value, severity_column},
};
use crate::{
    model::{Timestamp, attention::Severity},
    world::World,
};
use regex::Regex;
use std::cmp::Ordering;

/// A filter as it was understood. The empty one lets everything pass.
#[derive(Debug, Clone, Default)]
pub struct Query {
    pub(super) terms: Vec<Term>,
}

/// What is wrong with a filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {at}: {what}; {next}")]
pub struct QueryError {
    /// Where, in characters counted from 1.
    pub at: usize,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub next: String,
}

/// One condition of a filter.
#[derive(Debug, Clone)]
pub(super) struct Term {
    pub negated: bool,
    pub test: Test,
}

/// What a term asks.
#[derive(Debug, Clone)]
pub(super) enum Test {
    /// That some text of the row matches.
    Anywhere(Regex),
    /// That a column compares to an operand.
    Compare { column: usize, relation: Relation, operand: Operand },
    /// That a column's text matches.
    Matches { column: usize, pattern: Regex },
    /// That the row's labels are selected.
    Labels(Selector),
    /// That the row's fields have exactly these values, or not: column, relation, value.
    Fields(Vec<(usize, Relation, String)>),
    /// That a column is not known (or, the other way round, that it is).
    Unknown { column: usize, unknown: bool },
}

/// How two values have to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What a column is compared with.
#[derive(Debug, Clone)]
pub(super) enum Operand {
    Figure(f64),
    Severity(Severity),
    /// With whether case counts.
    Text(String, bool),
}

impl Relation {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Unequal => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

impl Query {
    /// Understands a filter for a list with these columns.
    ///
    /// # Errors
    /// What is wrong, where, and what to write instead.
    pub fn parse(text: &str, columns: &[Column]) -> Result<Self, QueryError> {
        super::parse::parse(text, columns)
    }

    /// Whether everything passes.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether a row passes.
    pub fn matches(&self, table: &dyn Table, world: &World, row: usize) -> bool {
        self.terms.iter().all(|term| term.test.holds(table, world, row) != term.negated)
    }
}

impl Test {
    fn holds(&self, table: &dyn Table, world: &World, row: usize) -> bool {
        match self {
            Self::Anywhere(pattern) => table.columns().iter().enumerate().any(|(index, column)| {
                column.unit == Unit::Text
                    && text_matches(pattern, &table.value(world, row, index), column.unit, world.now)
            }),
            Self::Matches { column, pattern } => {
                let value = table.value(world, row, *column);
                value != Value::Unknown && text_matches(pattern, &value, table.columns()[*column].unit, world.now)
            }
            Self::Labels(selector) => selector.matches(table.labels(world, row)),
            Self::Fields(wanted) => wanted.iter().all(|(column, relation, wanted)| {
                let is = match table.value(world, row, *column) {
                    Value::Text(text) => text == *wanted,
                    _ => wanted.is_empty(),
                };
                is == (*relation == Relation::Equal)
            }),
            Self::Unknown { column, unknown } => (table.value(world, row, *column) == Value::Unknown) == *unknown,
            Self::Compare { column, relation, operand } => {
                compare(table, world, row, *column, *relation, operand).unwrap_or(false)
            }
        }
    }
}

fn text_matches(pattern: &Regex, value: &Value<'_>, unit: Unit, now: Timestamp) -> bool {
    match value {
        Value::Unknown => false,
        Value::None => pattern.is_match(""),
        Value::Text(text) => pattern.is_match(text),
        other => pattern.is_match(&other.printed(unit, now)),
    }
}

/// `None` where the two cannot be compared.
fn compare(
    table: &dyn Table,
    world: &World,
    row: usize,
    column: usize,
    relation: Relation,
    operand: &Operand,
) -> Option<bool> {
    let unit = table.columns()[column].unit;
    match operand {
        Operand::Severity(wanted) => {
            debug_assert_eq!(severity_column(table.columns()), Some(column));
            Some(relation.holds(table.severity(world, row)?.cmp(wanted)))
        }
        Operand::Figure(wanted) => {
            let value = figure(&table.value(world, row, column), world.now)?;
            let exact = matches!(relation, Relation::Less | Relation::Greater);
            Some(relation.holds(compare_figures(value, *wanted, unit, exact)?))
        }
        Operand::Text(wanted, case) => match table.value(world, row, column) {
            Value::Text(text) => Some(relation.holds(compare_texts(&text, wanted, *case))),
            Value::None => Some(relation.holds(compare_texts("", wanted, *case))),
            Value::Unknown => None,
            other => Some(relation.holds(compare_texts(&other.printed(unit, world.now), wanted, *case))),
        },
    }
}

/// The figure that a value is compared by; a moment counts by its age, in seconds.
pub(super) fn figure(value: &Value<'_>, now: Timestamp) -> Option<f64> {
    match value {
        Value::Number(value) => Some(*value).filter(|value| !value.is_nan()),
        Value::Time(at) => Some(now.duration_since(*at).as_secs_f64()),
        Value::Unknown | Value::None | Value::Text(_) => None,
    }
}

/// Unless they are compared exactly, figures that the screen prints alike are equal; identifying numbers only where they are.
fn compare_figures(value: f64, wanted: f64, unit: Unit, exact: bool) -> Option<Ordering> {
    let ordering = value.partial_cmp(&wanted)?;
    if exact || ordering.is_eq() || matches!(unit, Unit::Number | Unit::Text) {
        return Some(ordering);
    }
    let unit = if unit == Unit::Time { Unit::Seconds } else { unit };
    let print = |value: f64| Value::Number(value).printed(unit, Timestamp::UNIX_EPOCH).into_owned();
    Some(if print(value) == print(wanted) { Ordering::Equal } else { ordering })
}

fn compare_texts(text: &str, wanted: &str, case: bool) -> Ordering {
    let ordering = if case { text.cmp(wanted) } else { natural::compare(text, wanted) };
    // `007` and `7` stand together in a list, yet they are not the same name.
    match ordering {
        Ordering::Equal if !case && text.to_lowercase() != wanted.to_lowercase() => text.cmp(wanted),
        other => other,
    }
}
