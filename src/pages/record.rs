//! An object's data as they are held.

use serde::Serialize;

/// The data as JSON, one field a line.
pub fn json(value: &impl Serialize) -> Option<String> {
    serde_json::to_string_pretty(value).ok()
}
