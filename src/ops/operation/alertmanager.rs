//! What can be done at an Alertmanager: silences.

use super::acts;
use crate::model::{
    Timestamp,
    alert::{Draft, Matcher},
    object::{ObjectKind, ObjectRef},
    units,
};
use compact_str::CompactString;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// The silence that another takes the place of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Changed {
    pub id: CompactString,
    /// It keeps its identity only with the same begin.
    pub starts_at: Option<Timestamp>,
}

acts! {
    /// What can be done at an Alertmanager.
    AlertAct {
        /// Keeps alerts quiet that fit, from now on for so long; in the place of a silence that is changed.
        Silence { matchers: Vec<Matcher>, seconds: u64, comment: String, changes: Option<Changed> } = "silence",
        /// Ends a silence now.
        Expire = "expire",
    }
}

impl AlertAct {
    /// Its effect in one sentence.
    pub fn effect(&self, target: &ObjectRef, name: &str) -> String {
        let place = place_of(target);
        match self {
            Self::Silence { matchers, seconds, changes, .. } => {
                let verb = if changes.is_some() { "changes a silence:" } else { "silences" };
                let span = units::span(*seconds as f64);
                format!("{verb} {} for {span} at {place}: nobody is told of what fits.", text(matchers))
            }
            Self::Expire => format!("ends the silence of {name} at {place}: alerts that it fits are told again."),
        }
    }

    /// The silence as it is sent, at the time that it is permitted; `None` where none is made.
    pub fn draft(&self, at: Timestamp, actor: &str) -> Option<Draft> {
        let Self::Silence { matchers, seconds, comment, changes } = self else { return None };
        let seconds = SignedDuration::from_secs(i64::try_from(*seconds).unwrap_or(i64::MAX));
        let begun = changes.as_ref().and_then(|changes| changes.starts_at);
        Some(Draft {
            id: changes.as_ref().map(|changes| changes.id.clone()),
            matchers: matchers.clone(),
            starts_at: begun.unwrap_or(at),
            ends_at: at.saturating_add(seconds).unwrap_or(Timestamp::MAX),
            created_by: if actor.is_empty() { "flightdeck".into() } else { actor.into() },
            comment: comment.as_str().into(),
        })
    }
}

/// Matchers as people write them.
pub(super) fn text(matchers: &[Matcher]) -> String {
    matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The Alertmanager that an object belongs to.
pub fn place_of(target: &ObjectRef) -> &str {
    if target.kind == ObjectKind::Alertmanager {
        return &target.id;
    }
    target.in_watch().map_or("", |(place, _)| place)
}
