//! Telling somebody outside of an incident.

use crate::model::{
    journal::IncidentId,
    message::Message,
    object::{ObjectKind, ObjectRef},
};
use compact_str::{CompactString, format_compact};
use serde::{Deserialize, Serialize};

/// One message for one receiver.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Telling {
    /// Its name in the configuration.
    pub receiver: String,
    pub incident: IncidentId,
    pub message: Message,
}

impl Telling {
    /// The incident.
    pub fn target(&self) -> ObjectRef {
        ObjectRef::new(ObjectKind::Incident, format_compact!("{}", self.incident))
    }

    /// Its effect in one sentence.
    pub fn effect(&self) -> String {
        format!("tells {}: {}", self.receiver, self.message.summary)
    }

    /// By which it is known that the receiver has been told, whoever told it.
    pub fn told_key(&self) -> CompactString {
        told_key(&self.receiver, &self.message.event)
    }
}

/// By which it is known that a receiver has been told of an event.
pub fn told_key(receiver: &str, event: &str) -> CompactString {
    format_compact!("told/{receiver}/{event}")
}
