//! Waivers: a violation that somebody answers for, until a day.

use crate::model::{
    Timestamp,
    finding::{Finding, rule_of},
};
use jiff::{civil::Date, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// A waiver. Without a rule, a target, an owner, a reason and a time it waives nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Waiver {
    /// A check (`11f`), or the number of a rule (`11`) for all of its checks.
    #[serde(deserialize_with = "word")]
    pub rule: String,
    /// Path from the root (`deploy/*.yml`), label of an object (`Deployment shop/*`, `prod: Deployment shop/*`), or fingerprint.
    pub target: String,
    /// Who answers for it.
    pub owner: String,
    /// Why it is accepted.
    pub reason: String,
    /// Last day (`2026-12-31`, to its end in UTC), or a time (`2026-12-31T12:00:00Z`).
    #[serde(deserialize_with = "word")]
    pub expires: String,
    /// Who approved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// Where it is written: `.flightdeck.toml:12:1`.
    #[serde(skip)]
    pub place: String,
}

/// A text, a whole number, or a time that TOML understands, as a text.
fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Word {
        Text(String),
        Number(u32),
        Time(toml::value::Datetime),
    }
    Ok(match Word::deserialize(deserializer)? {
        Word::Text(text) => text,
        Word::Number(number) => number.to_string(),
        Word::Time(time) => time.to_string(),
    })
}

/// The instant after which something that `expires` names is over.
///
/// A day (`2026-12-31`) lasts to its end in UTC; a time has its offset (RFC 3339, <https://www.rfc-editor.org/rfc/rfc3339>).
pub fn expiry(text: &str) -> Option<Timestamp> {
    if text.len() == "2026-12-31".len() && text.split('-').count() == 3 {
        let day: Date = text.parse().ok()?;
        return Some(day.at(23, 59, 59, 0).to_zoned(TimeZone::UTC).ok()?.timestamp());
    }
    let has_time = text.get(10..11).is_some_and(|sign| matches!(sign, "T" | "t" | " "));
    if has_time && text.is_ascii() && !text.contains('[') { text.parse().ok() } else { None }
}

impl Waiver {
    /// Whether it speaks of a check.
    pub fn names(&self, check: &str) -> bool {
        let is_number = !self.rule.is_empty() && self.rule.bytes().all(|byte| byte.is_ascii_digit());
        self.rule == check || is_number && rule_of(check) > 0 && self.rule.parse() == Ok(rule_of(check))
    }

    /// The keys that are missing.
    pub fn missing(&self) -> Vec<&'static str> {
        let keys = [
            ("rule", &self.rule),
            ("target", &self.target),
            ("owner", &self.owner),
            ("reason", &self.reason),
            ("expires", &self.expires),
        ];
        keys.into_iter().filter(|(_, text)| text.trim().is_empty()).map(|(key, _)| key).collect()
    }

    /// How it stands by itself, at a time.
    pub fn standing(&self, now: Timestamp) -> Standing {
        match (self.missing().is_empty(), expiry(&self.expires)) {
            (false, _) => Standing::Incomplete,
            (true, None) => Standing::Malformed,
            (true, Some(end)) if end < now => Standing::Expired,
            (true, Some(_)) => Standing::Valid,
        }
    }
}

/// How a waiver stands by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    Valid,
    /// Its time is over.
    Expired,
    /// Its time cannot be read; that counts as over.
    Malformed,
    /// Something is missing; it never waived anything.
    Incomplete,
    /// The user's or the system's configuration sets the check to block: only a waiver there counts.
    Overruled,
}

/// What came of a waiver in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaiverUse {
    pub waiver: Waiver,
    pub standing: Standing,
    /// Findings that it names: waived where it is valid, still there otherwise.
    pub matched: usize,
}

impl WaiverUse {
    /// Whether somebody should look at it: over, not in order, or of no use in this run.
    pub fn is_notable(&self) -> bool {
        self.standing != Standing::Valid || self.matched == 0
    }
}

impl fmt::Display for WaiverUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Waiver { rule, target, owner, expires, place, .. } = &self.waiver;
        if !place.is_empty() {
            write!(f, "{place}: ")?;
        }
        write!(f, "waiver of {rule} for «{target}» ({owner}) ")?;
        match (self.standing, self.matched) {
            (Standing::Valid, 0) => write!(f, "waived nothing in this run: remove it if that stays so"),
            (Standing::Valid, matched) => write!(f, "waives {matched} until {expires}"),
            (Standing::Expired, matched) => {
                write!(f, "expired on {expires}; {matched} of its findings are still there")
            }
            (Standing::Malformed, _) => {
                write!(f, "counts as expired: «{expires}» is no date: write 2026-12-31 or 2026-12-31T12:00:00Z")
            }
            (Standing::Incomplete, _) => write!(f, "waives nothing: it lacks {}", self.waiver.missing().join(", ")),
            (Standing::Overruled, _) => {
                write!(f, "waives nothing: the user's configuration sets {rule} to block, so it has to stand there")
            }
        }
    }
}

/// The words that an expired waiver adds to what it named.
pub(super) fn expired_words(waiver: &Waiver, standing: Standing) -> String {
    match standing {
        Standing::Malformed => {
            format!("waiver of {} counts as expired: its date «{}» cannot be read", waiver.rule, waiver.expires)
        }
        _ => format!("waiver of {} expired on {}", waiver.rule, waiver.expires),
    }
}

/// Where a finding is, as a waiver or a baseline names it: its path; for what is in no file, where it lives and its label
/// (`prod: Deployment shop/web`).
pub fn place_of(finding: &Finding) -> String {
    match &finding.file {
        Some(file) => file.to_string(),
        None if finding.origin.is_empty() || finding.origin == finding.resource => finding.resource.to_string(),
        None => format!("{}: {}", finding.origin, finding.resource),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_date_or_a_time_with_an_offset_is_one() {
        let text = |text: &str| expiry(text).map(|time| time.to_string());
        assert_eq!(text("2026-12-31").as_deref(), Some("2026-12-31T23:59:59Z"));
        assert_eq!(text("2026-12-31T12:00:00+02:00").as_deref(), Some("2026-12-31T10:00:00Z"));
        assert_eq!(text("2026-12-31T12:00:00Z").as_deref(), Some("2026-12-31T12:00:00Z"));
        for wrong in [
            "",
            "2026-02-30",
            "2026-13-01",
            "20261231",
            "31.12.2026",
            "never",
            "2026-12-31T12:00:00",
            "2026-1-1",
            "+002026-12",
            "2026-12-31T12:00:00Z[UTC]",
        ] {
            assert_eq!(text(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_number_stands_for_all_checks_of_a_rule() {
        let waiver = |rule: &str| Waiver { rule: rule.into(), ..Waiver::default() };
        assert!(
            waiver("11f").names("11f")
                && waiver("11").names("11f")
                && waiver("5").names("05a")
                && waiver("05").names("05a")
        );
        assert!(
            !waiver("11f").names("11g")
                && !waiver("1").names("11f")
                && !waiver("").names("11f")
                && !waiver("0").names("own")
        );
        assert!(waiver("own").names("own"));
    }

    #[test]
    fn toml_may_hold_numbers_and_times() {
        let text = "rule = 11\ntarget = \"a\"\nowner = \"o\"\nreason = \"r\"\nexpires = 2026-12-31\n";
        let waiver: Waiver = toml::from_str(text).expect("reads");
        assert_eq!((waiver.rule.as_str(), waiver.expires.as_str()), ("11", "2026-12-31"));
        let time: Waiver = toml::from_str("expires = 2026-12-31T10:00:00Z").expect("reads");
        assert_eq!(time.expires, "2026-12-31T10:00:00Z");
        assert_eq!(time.missing(), ["rule", "target", "owner", "reason"]);
    }
}
