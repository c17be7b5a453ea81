//! What is gone through before work on a repository begins: what a machine has looked at, and what a person confirms.

use super::Timestamp;
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// The list, as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Preflight {
    pub items: Vec<Item>,
    /// SHA-256 over the authority's documents, which a person confirms to have read; `None` where there are none.
    pub documents: Option<String>,
    /// The last time that it was gone through.
    pub last: Option<Last>,
}

/// The last time that it was gone through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Last {
    pub at: Timestamp,
    pub actor: String,
    pub passed: bool,
}

/// One point of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// `authority`, `read`, `changelog`, `searched`, `placeholders`.
    pub id: CompactString,
    /// What has to be so.
    pub title: String,
    pub state: State,
    /// What says so.
    pub evidence: String,
}

/// How it stands with a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Ok,
    Violated,
    /// It could not be judged. Never a pass.
    Unknown,
    /// A person has to confirm it.
    Open,
    /// A person has confirmed it.
    Confirmed,
    /// There is nothing here that it could be about.
    NotAsked,
}

impl State {
    /// The word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Violated => "violated",
            Self::Unknown => "unknown",
            Self::Open => "open",
            Self::Confirmed => "confirmed",
            Self::NotAsked => "not asked",
        }
    }

    /// Whether it lets work begin.
    pub const fn passes(self) -> bool {
        matches!(self, Self::Ok | Self::Confirmed | Self::NotAsked)
    }
}

/// The list as somebody went through it, to be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    pub at: Timestamp,
    pub actor: String,
    /// Folder of the repository.
    pub root: String,
    pub passed: bool,
    /// What was confirmed to have been read.
    pub documents: Option<String>,
    pub items: Vec<Item>,
}

impl Preflight {
    /// With what a person confirms; only what is open can be confirmed.
    #[must_use]
    pub fn confirmed(mut self, ids: &[&str]) -> Self {
        let open = self.items.iter_mut().filter(|item| item.state == State::Open);
        open.filter(|item| ids.contains(&item.id.as_str())).for_each(|item| item.state = State::Confirmed);
        self
    }

    /// Whether work may begin. A list without a point says nothing, and does not pass.
    pub fn passes(&self) -> bool {
        !self.items.is_empty() && self.items.iter().all(|item| item.state.passes())
    }

    /// As it is kept.
    pub fn into_kept(self, at: Timestamp, actor: &str, root: &str) -> Kept {
        Kept {
            at,
            actor: actor.into(),
            root: root.into(),
            passed: self.passes(),
            documents: self.documents,
            items: self.items,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(states: &[(&str, State)]) -> Preflight {
        let items = states.iter().map(|(id, state)| Item {
            id: (*id).into(),
            title: String::new(),
            state: *state,
            evidence: String::new(),
        });
        Preflight { items: items.collect(), ..Preflight::default() }
    }

    #[test]
    fn what_is_open_is_confirmed_and_what_is_violated_is_not() {
        let all = list(&[("a", State::Ok), ("b", State::Open), ("c", State::NotAsked)]);
        assert!(!all.passes() && all.clone().confirmed(&["b"]).passes() && !all.confirmed(&["a"]).passes());
        for state in [State::Violated, State::Unknown] {
            assert!(!list(&[("a", state)]).confirmed(&["a"]).passes(), "{state:?}");
        }
        assert!(!Preflight::default().passes());
    }
}
