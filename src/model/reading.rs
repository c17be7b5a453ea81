//! What a small source reads: named values, for those who show them and for checks. A source that has nothing but these needs no kind of news of
//! its own.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// Everything that one source read last.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Readings {
    /// The source's name: `host/entropy`.
    pub source: CompactString,
    /// In the order in which they are shown.
    pub all: Vec<Reading>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Reading {
    /// What it is of, with its unit where it has one: `load_1m`, `pool_bits`.
    pub name: CompactString,
    /// `None` where it is not known.
    pub value: Option<Value>,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    Number(f64),
    Text(CompactString),
}

impl Reading {
    /// A number; `None` where it is not known.
    pub fn number(name: &str, value: Option<f64>) -> Self {
        Self { name: name.into(), value: value.map(Value::Number) }
    }

    /// A text; `None` where it is not known.
    pub fn text(name: &str, value: Option<CompactString>) -> Self {
        Self { name: name.into(), value: value.map(Value::Text) }
    }
}

impl Readings {
    /// The number of this name, where it is known.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.all.iter().find(|reading| reading.name == name)?.value {
            Some(Value::Number(number)) => Some(number),
            _ => None,
        }
    }
}
