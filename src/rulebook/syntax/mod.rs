//! Readers of the formats that infrastructure is written in. Each keeps the place of what it reads, takes any bytes without a panic, in
//! bounded time and memory, and says where it cannot go on. One file a format.

pub mod alike;
pub mod changelog;
pub mod codeowners;
pub mod dockerfile;
pub mod dotenv;
pub mod hcl;
pub mod interpolate;
pub mod markdown;
pub mod node;
pub mod places;
pub mod ports;
pub mod python;
pub mod requirements;
pub mod scan;
pub mod shell;
pub mod yaml;

use crate::model::finding::Span;

/// Why a text could not be read, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    pub span: Option<Span>,
    pub message: String,
}

impl Fault {
    /// A fault at a place.
    pub fn at(span: impl Into<Option<Span>>, message: impl Into<String>) -> Self {
        Self { span: span.into(), message: message.into() }
    }
}
