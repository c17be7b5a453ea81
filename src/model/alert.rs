//! Alerts as Alertmanager knows them, with the groups that it sends and the silences that keep it quiet.
//!
//! Meanings are those of Alertmanager's API v2 (<https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>).

mod matcher;
mod merge;
mod parse;
mod preview;
mod silence;
#[cfg(test)]
mod tests;

pub use matcher::{Compiled, Matcher, compile};
pub use merge::{Held, merged};
pub use parse::matchers;
pub use preview::{Preview, preview};
pub use silence::{Draft, Edited, Silence, SilenceState};

use super::{
    Timestamp,
    attention::Severity,
    metric::Labels,
    object::{ObjectKind, ObjectRef},
    redact::REDACTED,
};
use compact_str::{CompactString, format_compact};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Alertmanager's identity of the set of labels.
    pub fingerprint: CompactString,
    /// The Alertmanager, as the configuration calls it.
    pub place: CompactString,
    pub severity: Severity,
    pub state: AlertState,
    pub labels: Labels,
    pub annotations: Labels,
    pub starts_at: Option<Timestamp>,
    /// When it ends unless it is told again.
    pub ends_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    /// Identities of the silences that keep it quiet.
    pub silenced_by: Vec<CompactString>,
    /// Fingerprints of the alerts that keep it quiet.
    pub inhibited_by: Vec<CompactString>,
    /// Names of the time intervals that keep it quiet.
    pub muted_by: Vec<CompactString>,
    /// Who is told.
    pub receivers: Vec<CompactString>,
    /// Where its rule is shown, by who made it.
    pub generator_url: Option<CompactString>,
}

/// What Alertmanager does with an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    /// Somebody is told.
    Active,
    /// It has not been looked at yet.
    Unprocessed,
    /// A word that is not known.
    #[default]
    Unknown,
    /// Nobody is told: it is silenced, inhibited or muted.
    Suppressed,
}

impl AlertState {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Unprocessed => "unprocessed",
            Self::Unknown => "unknown",
            Self::Suppressed => "suppressed",
        }
    }
}

impl Alert {
    /// Label `alertname`; empty where it has none.
    pub fn name(&self) -> &str {
        self.labels.get("alertname").map_or("", CompactString::as_str)
    }

    /// What it is about, in one line: its summary, else its description, else its labels.
    pub fn summary(&self) -> String {
        let told = ["summary", "title", "message", "description"].iter().find_map(|name| self.annotations.get(*name));
        let first = told.and_then(|text| text.lines().map(str::trim).find(|line| !line.is_empty()));
        let or_name = || Some(self.target()).filter(|text| !text.is_empty()).unwrap_or_else(|| self.name().to_owned());
        first.map_or_else(or_name, ToOwned::to_owned)
    }

    /// The labels that tell it from others of its name: all but name and severity, as `a=b, c=d`.
    pub fn target(&self) -> String {
        let telling = self.labels.iter().filter(|(name, _)| !matches!(name.as_str(), "alertname" | "severity"));
        telling.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ")
    }

    /// Matchers that fit it alone: all its labels, but those that hold a secret.
    pub fn matchers(&self) -> Vec<Matcher> {
        let open = self.labels.iter().filter(|(_, value)| !value.contains(REDACTED));
        open.map(|(name, value)| Matcher::equal(name.clone(), value.clone())).collect()
    }

    /// Its name as an object: place and fingerprint.
    pub fn object(&self) -> ObjectRef {
        ObjectRef::new(ObjectKind::Alert, format_compact!("{}/{}", self.place, self.fingerprint))
    }

    /// Whether somebody is told of it, or would be if Alertmanager had come to it.
    pub const fn is_loud(&self) -> bool {
        !matches!(self.state, AlertState::Suppressed)
    }

    /// Why nobody is told, in words; empty where somebody is.
    pub fn hush(&self) -> String {
        let list = |word: &str, ids: &[CompactString]| {
            (!ids.is_empty())
                .then(|| format!("{word} {}", ids.iter().map(|id| short(id)).collect::<Vec<_>>().join(", ")))
        };
        let all = [
            list("silenced by", &self.silenced_by),
            list("inhibited by", &self.inhibited_by),
            list("muted by", &self.muted_by),
        ];
        all.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }
}

/// The first part of a long identity.
fn short(id: &str) -> &str {
    id.split_once('-').map_or(id, |(first, _)| first)
}

/// How bad an alert is, by the label `severity` in the words that are in use. A word that nobody knows cannot be judged.
pub fn severity(word: Option<&str>) -> Severity {
    match word.unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "page" | "critical" | "crit" | "emergency" | "fatal" | "disaster" | "p0" | "p1" | "sev0" | "sev1" => {
            Severity::Critical
        }
        "error" | "err" | "high" | "major" | "p2" | "sev2" => Severity::Error,
        "warning" | "warn" | "ticket" | "medium" | "average" | "minor" | "p3" | "sev3" => Severity::Warn,
        "info" | "information" | "informational" | "notice" | "low" | "none" | "debug" | "p4" | "p5" | "sev4"
        | "sev5" => Severity::Info,
        _ => Severity::Unknown,
    }
}

/// Alerts that are sent together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertGroup {
    /// What they have in common.
    pub labels: Labels,
    pub receiver: CompactString,
    /// Fingerprints.
    pub alerts: Vec<CompactString>,
}

/// One of the servers that together are an Alertmanager.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Member {
    /// Scheme, host and port.
    pub address: CompactString,
    pub version: Option<CompactString>,
    /// `ready`, `settling` or `disabled`.
    pub cluster: Option<CompactString>,
    /// How many it knows of its cluster, itself among them.
    pub peers: Option<u32>,
    /// Why it does not answer, in words.
    pub problem: Option<String>,
}

/// An Alertmanager, which may be a cluster of several: what it holds, each alert once.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Alertmanager {
    /// As the configuration calls it.
    pub name: CompactString,
    pub members: Vec<Member>,
    /// The worst first, then by age.
    pub alerts: Vec<Arc<Alert>>,
    pub groups: Vec<AlertGroup>,
    /// Those that count first, then by when they end.
    pub silences: Vec<Arc<Silence>>,
    /// What could not be read, in words.
    pub problems: Vec<String>,
}

impl Alertmanager {
    /// The alert of that fingerprint.
    pub fn alert(&self, fingerprint: &str) -> Option<&Arc<Alert>> {
        self.alerts.iter().find(|alert| alert.fingerprint == fingerprint)
    }

    /// The silence of that identity.
    pub fn silence(&self, id: &str) -> Option<&Arc<Silence>> {
        self.silences.iter().find(|silence| silence.id == id)
    }
}
