//! The baseline: how much old debt is accepted, by check and place. New debt is refused, also of the same check in the same place:
//! where there is more than the baseline accepts, what it does not know is a violation.

use super::{addition::Accepted, waiver::place_of};
use crate::model::{
    Timestamp,
    finding::{Finding, Scope, Status, WaiverNote},
};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
};

/// The version of the file that is written and read.
const VERSION: u32 = 1;

/// Who owns what a baseline accepts, in its note.
const OWNER: &str = "baseline";
const ACCEPTED: &str = "old debt, accepted by the baseline";
const ACCEPTED_UNKNOWN: &str = "could not be judged when the baseline was made, and cannot now";

/// How much is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    version: u32,
    /// By check, scope and place.
    entries: Vec<Entry>,
}

/// What is accepted of a check in a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub check: CompactString,
    pub scope: Scope,
    /// Path; for what is in no file, where it lives and its label.
    pub place: String,
    /// Violations.
    #[serde(default, skip_serializing_if = "is_none")]
    pub fail: usize,
    /// What could not be judged. Counted by itself: a new violation never takes its room.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unknown: usize,
    /// What was counted, so that of too many the new ones are named.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub fingerprints: BTreeSet<CompactString>,
}

impl Entry {
    /// One that accepts nothing yet.
    const fn none(check: CompactString, scope: Scope, place: String) -> Self {
        Self { check, scope, place, fail: 0, unknown: 0, fingerprints: BTreeSet::new() }
    }
}

fn is_none(count: &usize) -> bool {
    *count == 0
}

/// A baseline that accepts more than there is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Lowered {
    pub check: CompactString,
    pub place: String,
    pub accepted: usize,
    pub found: usize,
}

impl fmt::Display for Lowered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { check, place, accepted, found } = self;
        write!(f, "the baseline of {check} in {place} can be lowered from {accepted} to {found}")
    }
}

/// Why a baseline could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaselineError {
    #[error("this is no baseline (line {line}, column {column}): {why}; make it anew")]
    NoBaseline { line: usize, column: usize, why: String },
    #[error("it is a baseline of version {0}, and this program reads version {VERSION}; make it anew")]
    Version(u32),
}

type Key = (CompactString, Scope, String);

fn key(finding: &Finding) -> Key {
    (finding.check.clone(), finding.scope, place_of(finding))
}

/// What a finding counts as: not at all where a waiver accepts it, as what it was where a baseline does.
fn counts_as(finding: &Finding) -> Option<Status> {
    let note = finding.waiver.as_ref().filter(|note| note.owner == OWNER && note.expires.is_none());
    match (finding.status, note) {
        (Status::Waived, Some(note)) if note.reason == ACCEPTED_UNKNOWN => Some(Status::Unknown),
        (Status::Waived, Some(_)) => Some(Status::Fail),
        (Status::Waived, None) => None,
        (status, _) => Some(status),
    }
}

impl Baseline {
    /// Accepts what there is, but for what waivers accept already.
    pub fn of<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Self {
        let mut entries: BTreeMap<Key, Entry> = BTreeMap::new();
        for finding in findings {
            let Some(status) = counts_as(finding) else { continue };
            let (check, scope, place) = key(finding);
            let key = (check.clone(), scope, place.clone());
            let entry = entries.entry(key).or_insert_with(|| Entry::none(check, scope, place));
            *(if status == Status::Unknown { &mut entry.unknown } else { &mut entry.fail }) += 1;
            entry.fingerprints.insert(finding.fingerprint.clone());
        }
        Self { version: VERSION, entries: entries.into_values().collect() }
    }

    /// Accepts these besides, each as one more of its check in its place: they are there though it accepts what it accepts.
    pub fn accept_more<'a>(&mut self, more: impl IntoIterator<Item = &'a Accepted>) {
        let mut entries = self.by_key();
        for one in more {
            let key = (one.check.clone(), one.scope, one.place.clone());
            let entry =
                entries.entry(key).or_insert_with(|| Entry::none(one.check.clone(), one.scope, one.place.clone()));
            *(if one.is_unknown { &mut entry.unknown } else { &mut entry.fail }) += 1;
            entry.fingerprints.insert(one.fingerprint.clone());
        }
        self.entries = entries.into_values().collect();
    }

    /// One that accepts nothing.
    pub const fn none() -> Self {
        Self { version: VERSION, entries: Vec::new() }
    }

    /// Reads a baseline.
    ///
    /// # Errors
    /// It is none, or of another version.
    pub fn read(text: &str) -> Result<Self, BaselineError> {
        let no_baseline = |error: serde_json::Error| BaselineError::NoBaseline {
            line: error.line(),
            column: error.column(),
            why: error.to_string(),
        };
        // A file of a later version may have keys that this one does not know.
        let raw: serde_json::Value = serde_json::from_str(text).map_err(no_baseline)?;
        match raw.get("version").and_then(serde_json::Value::as_u64) {
            Some(version) if version != u64::from(VERSION) => {
                Err(BaselineError::Version(u32::try_from(version).unwrap_or(u32::MAX)))
            }
            _ => serde_json::from_str(text).map_err(no_baseline),
        }
    }

    /// The file: indented, in a stable order, so that a diff of it says what changed.
    pub fn write(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// What it accepts.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Marks as waived what it accepts, of what it may accept: of each check in each place as many as it counts. Those that it knows come
    /// first, then those that were seen first; what was never seen before is the newest.
    pub fn accept(
        &self,
        findings: &mut [Finding],
        first_seen: &dyn Fn(&str) -> Option<Timestamp>,
        may: &dyn Fn(&Finding) -> bool,
    ) {
        let entries = self.by_key();
        let mut groups: HashMap<Key, Vec<usize>> = HashMap::new();
        let open = |finding: &Finding| finding.status != Status::Waived && may(finding);
        for (at, finding) in findings.iter().enumerate().filter(|(_, finding)| open(finding)) {
            groups.entry(key(finding)).or_default().push(at);
        }
        for (key, mut group) in groups {
            let Some(entry) = entries.get(&key) else { continue };
            group.sort_by_cached_key(|at| {
                let finding = &findings[*at];
                let seen = first_seen(&finding.fingerprint);
                let is_new = !entry.fingerprints.contains(&finding.fingerprint);
                (is_new, seen.is_none(), seen, finding.span, finding.fingerprint.clone(), *at)
            });
            let (mut fail, mut unknown) = (entry.fail, entry.unknown);
            for at in group {
                let finding = &mut findings[at];
                let (room, reason) = match finding.status {
                    Status::Unknown => (&mut unknown, ACCEPTED_UNKNOWN),
                    _ => (&mut fail, ACCEPTED),
                };
                if *room > 0 {
                    *room -= 1;
                    finding.status = Status::Waived;
                    finding.waiver = Some(WaiverNote { owner: OWNER.into(), reason: reason.into(), expires: None });
                }
            }
        }
    }

    fn by_key(&self) -> BTreeMap<Key, Entry> {
        let mut entries: BTreeMap<Key, Entry> = BTreeMap::new();
        for entry in &self.entries {
            let key = (entry.check.clone(), entry.scope, entry.place.clone());
            match entries.get_mut(&key) {
                // Two files may have been put together by hand.
                Some(same) => {
                    same.fail = same.fail.saturating_add(entry.fail);
                    same.unknown = same.unknown.saturating_add(entry.unknown);
                    same.fingerprints.extend(entry.fingerprints.iter().cloned());
                }
                None => drop(entries.insert(key, entry.clone())),
            }
        }
        entries
    }

    /// Where it accepts more than there is, in the scopes that were looked at.
    pub fn lowered(&self, findings: &[Finding], scopes: &[Scope]) -> Vec<Lowered> {
        let now = Self::of(findings).by_key();
        let accepted = self.by_key().into_iter().filter(|((_, scope, _), _)| scopes.contains(scope));
        let lowered = accepted.filter_map(|(key, entry)| {
            let (fail, unknown) = now.get(&key).map_or((0, 0), |now| (now.fail, now.unknown));
            let found = fail.min(entry.fail) + unknown.min(entry.unknown);
            let accepted = entry.fail.saturating_add(entry.unknown);
            (found < accepted).then_some(Lowered { check: entry.check, place: entry.place, accepted, found })
        });
        lowered.collect()
    }
}

#[cfg(test)]
#[path = "baseline_tests.rs"]
mod tests;
