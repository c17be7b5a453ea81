//! A text that goes to a server and nowhere else: neither the screen, the log, the journal nor a recording gets it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A text that may be secret. Its debug form, and what it is written as, hold none of it.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Concealed(String);

impl Concealed {
    /// Conceals a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for who sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Concealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(super::redact::REDACTED)
    }
}

impl Serialize for Concealed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(super::redact::REDACTED)
    }
}

/// What was written holds nothing: what is read is never the text that it once was.
impl<'de> Deserialize<'de> for Concealed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_to_who_asks_for_it_alone() {
        let concealed = Concealed::new("hunter2");
        let written = serde_json::to_string(&concealed).expect("written");
        assert!(!format!("{concealed:?}{written}").contains("hunter2"));
        assert_eq!(concealed.reveal(), "hunter2");
        let read: Concealed = serde_json::from_str(&written).expect("read");
        assert_ne!(read, concealed);
    }
}
