//! Tables for tests: a small one with every kind of value, and one that is made from whatever a test says.

use super::table::{Column, Table, Unit, Value};
use crate::{
    model::{
        Timestamp,
        attention::Severity,
        object::{ObjectKind, ObjectRef},
    },
    world::World,
};
use compact_str::{CompactString, ToCompactString};

pub const fn column(name: &'static str, title: &'static str, unit: Unit, width: u16) -> Column {
    Column { name, title, unit, width, grows: false, shown: true, about: "for tests" }
}

pub static COLUMNS: &[Column] = &[
    column("severity", "", Unit::Text, 1),
    column("pid", "PID", Unit::Number, 5),
    column("name", "NAME", Unit::Text, 10),
    column("user", "USER", Unit::Text, 6),
    column("cpu", "CPU", Unit::Ratio, 7),
    column("memory", "MEM", Unit::Bytes, 8),
    column("age", "AGE", Unit::Time, 7),
    Column { grows: true, ..column("text", "TEXT", Unit::Text, 20) },
];

/// A small table with every kind of value.
pub struct Sample;
pub static SAMPLE: Sample = Sample;

type Row = (u32, &'static str, Option<&'static str>, Option<f64>, Option<u64>, Option<i64>, &'static str);

const MIB: u64 = 1 << 20;
const ROWS: [Row; 6] = [
    (7, "web-1", Some("root"), Some(0.5), Some(100 * MIB), Some(60), "serves"),
    (8, "web-10", Some("ops"), Some(0.97), Some(1536 * MIB), Some(3_000), "serves"),
    (9, "db", Some("pg"), Some(3.2), Some(61 << 30), Some(90_000), "out of memory"),
    (10, "Web-2", Some("ops"), None, None, None, "=HYPERLINK(\"x\")"),
    (4711, "ghost", None, None, None, None, "\u{1b}[2Jescape\u{202e}"),
    (1, "init", Some("root"), Some(0.0), Some(9 * MIB), Some(900_000), "/usr/bin/init"),
];

/// A world at a fixed time.
pub fn world() -> World {
    World::at(Timestamp::from_second(1_800_000_000).expect("in range"))
}

impl Sample {
    pub fn name(&self, row: usize) -> &'static str {
        ROWS[row].1
    }
}

impl Table for Sample {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (4, true)
    }
    fn len(&self, _: &World) -> usize {
        ROWS.len()
    }
    fn key(&self, _: &World, row: usize) -> CompactString {
        ROWS[row].0.to_compact_string()
    }
    fn object(&self, _: &World, row: usize) -> Option<ObjectRef> {
        Some(ObjectRef::new(ObjectKind::Process, ROWS[row].0.to_compact_string()))
    }
    fn value<'w>(&self, world: &'w World, row: usize, column: usize) -> Value<'w> {
        let row = &ROWS[row];
        match COLUMNS[column].name {
            "pid" => Value::Number(row.0.into()),
            "name" => Value::text(row.1),
            "user" => row.2.map_or(Value::Unknown, Value::text),
            "cpu" => Value::number(row.3),
            "memory" => Value::whole(row.4),
            "age" => row.5.map_or(Value::None, |age| {
                Value::Time(Timestamp::from_second(world.now.as_second() - age).expect("in range"))
            }),
            "text" => Value::text(row.6),
            _ => Value::None,
        }
    }
    fn severity(&self, _: &World, row: usize) -> Option<Severity> {
        [Some(Severity::Warn), None, Some(Severity::Critical), None, Some(Severity::Unknown), None][row]
    }
}

/// A row of [`Made`].
#[derive(Debug, Clone, PartialEq)]
pub struct MadeRow {
    pub key: u16,
    pub parent: Option<u16>,
    pub figure: Option<f64>,
    pub text: String,
}

/// A table of whatever a test says. Keys need not be unique, nor parents exist.
#[derive(Debug, Clone, Default)]
pub struct Made(pub Vec<MadeRow>);

pub static MADE: &[Column] = &[
    column("key", "KEY", Unit::Text, 6),
    column("figure", "FIGURE", Unit::Count, 8),
    Column { grows: true, ..column("text", "TEXT", Unit::Text, 12) },
];

impl Made {
    /// Rows of a key and a figure each.
    pub fn of(rows: &[(u16, f64)]) -> Self {
        let row = |(key, figure): &(u16, f64)| MadeRow {
            key: *key,
            parent: None,
            figure: Some(*figure),
            text: format!("row {key}"),
        };
        Self(rows.iter().map(row).collect())
    }

    /// Rows of a key and a parent each; 0 is no parent.
    pub fn tree(rows: &[(u16, u16)]) -> Self {
        let row = |(key, parent): &(u16, u16)| MadeRow {
            key: *key,
            parent: (*parent > 0).then_some(*parent),
            figure: Some(f64::from(*key)),
            text: format!("row {key}"),
        };
        Self(rows.iter().map(row).collect())
    }
}

impl Table for Made {
    fn columns(&self) -> &'static [Column] {
        MADE
    }
    fn default_sort(&self) -> (usize, bool) {
        (1, true)
    }
    fn len(&self, _: &World) -> usize {
        self.0.len()
    }
    fn key(&self, _: &World, row: usize) -> CompactString {
        self.0[row].key.to_compact_string()
    }
    fn object(&self, _: &World, _: usize) -> Option<ObjectRef> {
        None
    }
    fn value<'w>(&self, _: &'w World, row: usize, column: usize) -> Value<'w> {
        let row = &self.0[row];
        match column {
            0 => Value::Text(row.key.to_string().into()),
            1 => Value::number(row.figure),
            _ => Value::Text(row.text.clone().into()),
        }
    }
    fn parent(&self, _: &World, row: usize) -> Option<CompactString> {
        self.0[row].parent.map(|parent| parent.to_compact_string())
    }
    fn can_be_tree(&self) -> bool {
        true
    }
}
