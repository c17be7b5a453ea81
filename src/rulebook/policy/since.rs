//! Compares a run with the one before: what is new, what is gone, what changed; and keeps when each finding was first seen, so that
//! it has an age.

use crate::model::{
    Timestamp,
    finding::{Finding, Level, Scope, Status},
};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// The version of the file that is written and read.
const VERSION: u32 = 1;

/// A run as it is kept for the next one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRun {
    version: u32,
    pub finished_at: Timestamp,
    /// In the order of their fingerprints.
    pub findings: Vec<Stored>,
}

/// A finding as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stored {
    pub fingerprint: CompactString,
    pub check: CompactString,
    pub status: Status,
    pub level: Level,
    pub scope: Scope,
    pub title: CompactString,
    pub resource: CompactString,
    pub origin: CompactString,
    pub file: Option<CompactString>,
    pub first_seen: Timestamp,
}

/// What differs from the run before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// When the run before was finished.
    pub before: Timestamp,
    pub new: Vec<Stored>,
    pub gone: Vec<Stored>,
    pub unchanged: Vec<Stored>,
    /// As they are now, with the status that they had.
    pub changed: Vec<(Status, Stored)>,
    /// Known from before, and not looked at this time: another scope, or a source that did not answer. Neither there nor gone.
    pub unseen: Vec<Stored>,
}

/// What a comparison says of one finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    New,
    Changed,
    Unchanged,
}

/// Why a stored run could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoredRunError {
    #[error("this is no stored run (line {line}, column {column}): {why}")]
    NoRun { line: usize, column: usize, why: String },
    #[error("it was stored in version {0}, and this program reads version {VERSION}")]
    Version(u32),
}

impl Stored {
    fn of(finding: &Finding, first_seen: Timestamp) -> Self {
        Self {
            fingerprint: finding.fingerprint.clone(),
            check: finding.check.clone(),
            status: finding.status,
            level: finding.level,
            scope: finding.scope,
            title: finding.title.clone(),
            resource: finding.resource.clone(),
            origin: finding.origin.clone(),
            file: finding.file.clone(),
            first_seen,
        }
    }
}

impl StoredRun {
    /// A run to be kept. What the run before knew keeps the time when it was first seen; what was not looked at this time
    /// (`was_seen` says no) is kept as it was.
    pub fn of(
        findings: &[Finding],
        previous: Option<&Self>,
        finished_at: Timestamp,
        was_seen: &dyn Fn(&Stored) -> bool,
    ) -> Self {
        let first = previous.map(Self::first_seen).unwrap_or_default();
        let first_of = |finding: &Finding| first.get(&finding.fingerprint).copied().unwrap_or(finished_at);
        let mut stored: Vec<Stored> = findings.iter().map(|finding| Stored::of(finding, first_of(finding))).collect();
        if let Some(previous) = previous {
            let compared = Comparison::of(previous, findings, finished_at, was_seen);
            stored.extend(compared.unseen);
        }
        stored.sort();
        Self { version: VERSION, finished_at, findings: stored }
    }

    /// When each fingerprint was first seen.
    pub fn first_seen(&self) -> BTreeMap<CompactString, Timestamp> {
        let mut first: BTreeMap<CompactString, Timestamp> = BTreeMap::new();
        for stored in &self.findings {
            let time = first.entry(stored.fingerprint.clone()).or_insert(stored.first_seen);
            *time = stored.first_seen.min(*time);
        }
        first
    }

    /// Reads a stored run.
    ///
    /// # Errors
    /// It is none, or of another version.
    pub fn read(text: &str) -> Result<Self, StoredRunError> {
        let no_run = |error: serde_json::Error| StoredRunError::NoRun {
            line: error.line(),
            column: error.column(),
            why: error.to_string(),
        };
        let raw: serde_json::Value = serde_json::from_str(text).map_err(no_run)?;
        match raw.get("version").and_then(serde_json::Value::as_u64) {
            Some(version) if version != u64::from(VERSION) => {
                Err(StoredRunError::Version(u32::try_from(version).unwrap_or(u32::MAX)))
            }
            _ => serde_json::from_str(text).map_err(no_run),
        }
    }

    /// The file.
    pub fn write(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

impl Comparison {
    /// Compares by fingerprint. One fingerprint may stand several times (the same value twice in one file): each is compared once,
    /// those of equal status with each other first. `finished_at` is the time of this run, at which what is new was first seen;
    /// `was_seen` says whether this run looked at where a former finding was.
    pub fn of(
        before: &StoredRun,
        findings: &[Finding],
        finished_at: Timestamp,
        was_seen: &dyn Fn(&Stored) -> bool,
    ) -> Self {
        let first = before.first_seen();
        let mut old: HashMap<&str, Vec<&Stored>> = HashMap::new();
        for stored in &before.findings {
            old.entry(&stored.fingerprint).or_default().push(stored);
        }
        let mut compared = Self {
            before: before.finished_at,
            new: Vec::new(),
            gone: Vec::new(),
            unchanged: Vec::new(),
            changed: Vec::new(),
            unseen: Vec::new(),
        };
        // In an order of their own, so that it does not matter in which they were found.
        let mut findings: Vec<&Finding> = findings.iter().collect();
        findings.sort_by(|a, b| (&a.fingerprint, a.status).cmp(&(&b.fingerprint, b.status)));
        let mut left = Vec::new();
        for finding in findings {
            let same = old.get_mut(finding.fingerprint.as_str());
            let at = same.as_ref().and_then(|same| same.iter().position(|stored| stored.status == finding.status));
            match (same, at) {
                (Some(same), Some(at)) => {
                    let first_seen = same.swap_remove(at).first_seen;
                    compared.unchanged.push(Stored::of(finding, first_seen));
                }
                _ => left.push(finding),
            }
        }
        for finding in left {
            match old.get_mut(finding.fingerprint.as_str()).and_then(Vec::pop) {
                Some(stored) => compared.changed.push((stored.status, Stored::of(finding, stored.first_seen))),
                None => {
                    let first_seen = first.get(&finding.fingerprint).copied().unwrap_or(finished_at);
                    compared.new.push(Stored::of(finding, first_seen));
                }
            }
        }
        for stored in old.into_values().flatten() {
            let list = if was_seen(stored) { &mut compared.gone } else { &mut compared.unseen };
            list.push(stored.clone());
        }
        compared.sort();
        compared
    }

    fn sort(&mut self) {
        for list in [&mut self.new, &mut self.gone, &mut self.unchanged, &mut self.unseen] {
            list.sort();
        }
        self.changed.sort_by(|(a_status, a), (b_status, b)| (a, a_status).cmp(&(b, b_status)));
    }

    /// What it says of each fingerprint that is there now; where one stands several times, the most notable.
    pub fn changes(&self) -> HashMap<&str, Change> {
        let mut changes = HashMap::new();
        for stored in &self.unchanged {
            changes.insert(stored.fingerprint.as_str(), Change::Unchanged);
        }
        for (_, stored) in &self.changed {
            changes.insert(stored.fingerprint.as_str(), Change::Changed);
        }
        for stored in &self.new {
            changes.insert(stored.fingerprint.as_str(), Change::New);
        }
        changes
    }
}

#[cfg(test)]
#[path = "since_tests.rs"]
mod tests;
