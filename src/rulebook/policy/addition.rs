//! What a person adds to the files of the rules: waivers, an attestation, old debt that the baseline accepts. Plain data; `pen` writes it.

use super::{Waiver, attest::Attestation, waiver::place_of};
use crate::model::{
    Timestamp,
    finding::{Finding, Level, Scope, Status},
};
use compact_str::CompactString;
use jiff::{SignedDuration, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::{fmt, path::PathBuf};

/// Days that a waiver holds unless another end is asked for.
pub const WAIVER_DAYS: i64 = 14;
/// The same of an attestation: a quarter.
pub const ATTESTATION_DAYS: i64 = 90;

/// What is added.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Addition {
    Waive(Vec<NewWaiver>),
    Attest(Box<Attestation>),
    Accept(Vec<Accepted>),
}

/// Which file it goes into.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleFile {
    /// The policy, or the baseline, of the repository in this folder.
    Repository(PathBuf),
    /// The user's own configuration, which is this file.
    User(PathBuf),
}

/// A file as it would be, to be looked at before it is written.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Draft {
    pub path: PathBuf,
    /// SHA-256 of what stands there now, in hexadecimal digits; `None` where there is no such file.
    pub was: Option<String>,
    /// The whole new text.
    pub text: String,
    /// What is new in it, as a unified diff, for a person.
    pub diff: String,
}

/// A waiver to be written.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NewWaiver {
    pub waiver: Waiver,
    /// What it is about, for whoever reads the file later.
    pub about: String,
    /// Whether what it accepts stops the line.
    pub blocks: bool,
    /// How many findings it names now, where that was looked for; 0 otherwise.
    pub covers: usize,
}

/// A finding that the baseline is to accept.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Accepted {
    pub check: CompactString,
    pub scope: Scope,
    /// As the baseline names it.
    pub place: String,
    pub fingerprint: CompactString,
    /// Whether it could not be judged.
    pub is_unknown: bool,
    pub blocks: bool,
}

/// What a waiver is to cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Covers {
    /// Everything that the check finds in the same file, or of the same object.
    Place,
    /// This finding alone.
    Finding,
}

impl NewWaiver {
    /// A waiver of a finding. Who answers for it, why and until when has to be said.
    pub fn of(finding: &Finding, covers: Covers) -> Self {
        let target = match covers {
            Covers::Place => target_of(finding),
            Covers::Finding => finding.fingerprint.to_string(),
        };
        Self {
            waiver: Waiver { rule: finding.check.to_string(), target, ..Waiver::default() },
            about: format!("{}: {}", finding.title, about_place(finding)),
            blocks: finding.level == Level::Block,
            covers: 0,
        }
    }
}

impl Accepted {
    /// What the baseline needs to know of a finding.
    pub fn of(finding: &Finding) -> Self {
        Self {
            check: finding.check.clone(),
            scope: finding.scope,
            place: place_of(finding),
            fingerprint: finding.fingerprint.clone(),
            is_unknown: finding.status == Status::Unknown,
            blocks: finding.level == Level::Block,
        }
    }
}

/// The target by which a waiver names the place of a finding. A place with signs that patterns are made of would name other places
/// too, or none: the fingerprint stands for it.
pub fn target_of(finding: &Finding) -> String {
    let place = place_of(finding);
    if place.contains(['*', '?', '[', ']', '{', '}', '\\']) { finding.fingerprint.to_string() } else { place }
}

/// Where a finding is, for a person: with its line, where it has one.
pub fn about_place(finding: &Finding) -> String {
    match (&finding.file, finding.span) {
        (Some(file), Some(span)) => format!("{file}:{}", span.line),
        _ => place_of(finding),
    }
}

/// The last day of so many, as a policy writes it: `2026-12-31`.
pub fn day_after(now: Timestamp, days: i64) -> String {
    let end = now.checked_add(SignedDuration::from_hours(days * 24)).unwrap_or(now);
    end.to_zoned(TimeZone::UTC).date().to_string()
}

impl Addition {
    /// The word in actions and in rules of the configuration.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Waive(_) => "waive",
            Self::Attest(_) => "attest",
            Self::Accept(_) => "accept",
        }
    }

    /// How many entries it writes.
    pub fn count(&self) -> usize {
        match self {
            Self::Waive(waivers) => waivers.len(),
            Self::Attest(_) => 1,
            Self::Accept(accepted) => accepted.len(),
        }
    }

    /// Why it should not be done by one key, where it lifts what stops the line.
    pub fn danger(&self) -> Option<&'static str> {
        let blocks = match self {
            Self::Waive(waivers) => waivers.iter().any(|new| new.blocks),
            Self::Attest(attestation) => attestation.rule == 20,
            Self::Accept(accepted) => accepted.iter().any(|one| one.blocks),
        };
        blocks.then_some("it lifts what stops the line")
    }

    /// Takes what another one adds, where both are of one kind; gives it back otherwise.
    ///
    /// # Errors
    /// The other one, unchanged.
    pub fn join(&mut self, other: Self) -> Result<(), Self> {
        match (self, other) {
            (Self::Waive(all), Self::Waive(more)) => {
                let is_new = |all: &[NewWaiver], new: &NewWaiver| !all.iter().any(|known| known.waiver == new.waiver);
                for new in more {
                    if is_new(all, &new) {
                        all.push(new);
                    } else if let Some(known) = all.iter_mut().find(|known| known.waiver == new.waiver) {
                        known.blocks |= new.blocks;
                    }
                }
                Ok(())
            }
            (Self::Accept(all), Self::Accept(more)) => {
                all.extend(more);
                Ok(())
            }
            (_, other) => Err(other),
        }
    }
}

impl fmt::Display for Addition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waive(waivers) => {
                let names: Vec<_> =
                    waivers.iter().map(|new| format!("{} of {}", new.waiver.rule, new.waiver.target)).collect();
                write!(f, "waive {}", few(&names))
            }
            Self::Attest(attestation) => {
                write!(f, "attest rule {}", attestation.rule)?;
                if attestation.subject.is_empty() { Ok(()) } else { write!(f, " of {}", attestation.subject) }
            }
            Self::Accept(accepted) => {
                let names: Vec<_> = accepted.iter().map(|one| format!("{} in {}", one.check, one.place)).collect();
                write!(f, "accept {}", few(&names))
            }
        }
    }
}

/// The first of several names, and how many more there are.
fn few(names: &[String]) -> String {
    match names {
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
        [] => "nothing".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Span;

    fn finding(file: Option<&str>) -> Finding {
        Finding {
            check: "11f".into(),
            fingerprint: "0123456789abcdef".into(),
            title: "container runs privileged".into(),
            level: Level::Block,
            status: Status::Fail,
            scope: if file.is_some() { Scope::Repo } else { Scope::Kube },
            resource: "Pod shop/web".into(),
            origin: "prod".into(),
            file: file.map(Into::into),
            span: Some(Span::on_line(4, 5, 2)),
            pointer: None,
            observed: String::new(),
            expected: String::new(),
            fix: Default::default(),
            owner: None,
            waiver: None,
        }
    }

    #[test]
    fn a_place_is_named_so_that_nothing_else_is() {
        assert_eq!(target_of(&finding(Some("deploy/compose.yml"))), "deploy/compose.yml");
        assert_eq!(target_of(&finding(None)), "prod: Pod shop/web");
        assert_eq!(target_of(&finding(Some("a/[id].yml"))), "0123456789abcdef");
        let new = NewWaiver::of(&finding(Some("a.yml")), Covers::Finding);
        assert_eq!((new.waiver.target.as_str(), new.blocks), ("0123456789abcdef", true));
        assert_eq!(new.about, "container runs privileged: a.yml:4");
    }

    #[test]
    fn additions_of_one_kind_are_joined_and_said_once() {
        let waive = |file| Addition::Waive(vec![NewWaiver::of(&finding(Some(file)), Covers::Place)]);
        let mut all = waive("a.yml");
        for file in ["a.yml", "b.yml"] {
            all.join(waive(file)).expect("of one kind");
        }
        assert_eq!((all.count(), all.to_string().as_str()), (2, "waive 11f of a.yml and 1 more"));
        let other = Addition::Accept(vec![Accepted::of(&finding(None))]);
        assert_eq!(all.join(other.clone()), Err(other));
        assert!(all.danger().is_some());
    }

    #[test]
    fn days_are_written_as_policies_read_them() {
        let now = "2026-11-28T23:30:00Z".parse().expect("a time");
        assert_eq!(day_after(now, WAIVER_DAYS), "2026-12-12");
    }
}
