//! How a command ends otherwise than it should, and printing that may end one.

use super::render;
use crate::cli::exit;
use std::{fmt::Display, io::Write};

/// Why a command ends otherwise than it should: the exit code, and what is said.
pub type Ended = (u8, String);

/// It was asked rightly and did not come about.
pub fn failed(error: impl Display) -> Ended {
    (exit::FINDINGS, error.to_string())
}

/// It was asked wrongly.
pub fn usage(error: impl Display) -> Ended {
    (exit::USAGE, error.to_string())
}

/// How much is wrong, for who looked it through: `nothing is wrong`, `2 things are wrong`.
pub fn how_much_is_wrong(count: usize) -> String {
    match count {
        0 => "nothing is wrong".into(),
        1 => "1 thing is wrong".into(),
        count => format!("{count} things are wrong"),
    }
}

/// A line of data, made harmless.
///
/// # Errors
/// As [`render::lines`].
pub fn line(out: &mut dyn Write, text: &str) -> Result<(), Ended> {
    render::line(text, out).map_err(failed)
}

/// A value as indented JSON.
///
/// # Errors
/// As [`render::json`].
pub fn print_json(out: &mut dyn Write, value: &serde_json::Value) -> Result<(), Ended> {
    render::json(value, out).map_err(failed)
}
