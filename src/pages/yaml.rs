//! An object's data as they are held, as YAML.

use serde::Serialize;

/// The data as YAML. What cannot be written so is said in a comment, not hidden.
pub fn of(value: &impl Serialize) -> Option<String> {
    Some(serde_saphyr::to_string(value).unwrap_or_else(|error| format!("# cannot be shown: {error}")))
}
