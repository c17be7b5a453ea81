//! What no machine can check, and a person vouches for: who, in which role, when, with which evidence, until when.

use crate::{
    model::{Timestamp, text::hex},
    rulebook::tree::Tree,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Somebody vouches for something: `[[attestation]]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Attestation {
    /// Number of the rule.
    pub rule: u8,
    /// What it is about: a service, a change, a backup; empty where it is about the whole repository.
    pub subject: String,
    /// Who vouches.
    pub by: String,
    /// In which role: `security`, `architecture`, `on-call`.
    pub role: String,
    /// When, in UTC: `2026-01-31T14:00:00Z`.
    pub at: String,
    /// Where the proof lies: a path in the repository, or an address.
    pub evidence: String,
    /// SHA-256 of the proof, in hexadecimal digits; needed where the proof is a file of the repository.
    pub sha256: Option<String>,
    /// Until when it holds, in UTC.
    pub expires: String,
    /// Who asked for it, or made the change: where a second person is needed, it must be somebody else.
    pub requested_by: Option<String>,
}

/// Something that has to be vouched for: `[[require]]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Required {
    /// Number of the rule.
    pub rule: u8,
    /// As in the attestation.
    pub subject: String,
    /// In which role somebody has to vouch; any, where it is not given.
    pub role: Option<String>,
}

/// A rule of which a part is vouched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attested {
    pub rule: u8,
    /// What is vouched for.
    pub what: &'static str,
    /// Nobody vouches for oneself here.
    pub needs_second: bool,
}

/// Every rule of which a part is vouched for.
pub const ATTESTED: [Attested; 16] = [
    attested(1, "six months in production elsewhere, and three case studies"),
    attested(2, "the monthly rollback drill"),
    attested(3, "disaster recovery and compliance impact reviewed"),
    attested(4, "a search for an existing solution"),
    attested(5, "the restore of a backup tested, and access reviewed"),
    attested(6, "training"),
    attested(9, "a search for an existing solution"),
    attested(10, "one business cycle of usage data"),
    attested(12, "a recovery drill"),
    Attested { rule: 14, what: "sign-off by security, quality and architecture", needs_second: true },
    attested(15, "accessibility"),
    attested(16, "the choice of the model"),
    attested(17, "the authority's documents read"),
    attested(18, "the authority's documents read"),
    attested(19, "an impact analysis"),
    Attested { rule: 20, what: "the explicit authorisation", needs_second: true },
];

const fn attested(rule: u8, what: &'static str) -> Attested {
    Attested { rule, what, needs_second: false }
}

/// What is vouched for in a rule; nothing where machines check all of it.
pub fn attested_of(rule: u8) -> Option<&'static Attested> {
    ATTESTED.iter().find(|attested| attested.rule == rule)
}

/// Whether somebody vouches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Valid,
    /// It held once: its time is over, or the proof is another one now.
    Expired,
    /// Nobody vouches, or what was written down does not count.
    Missing,
}

impl State {
    /// The word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expired => "expired",
            Self::Missing => "missing",
        }
    }
}

/// How it stands with something that is vouched for, or has to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    pub rule: u8,
    pub subject: String,
    pub state: State,
    pub by: Option<String>,
    pub at: Option<Timestamp>,
    pub expires: Option<Timestamp>,
    /// Why it is not valid; empty where it is.
    pub why: String,
    /// Whether the policy requires it.
    #[serde(skip)]
    pub is_required: bool,
}

/// How it stands with everything that is required, and then with what is vouched for besides.
pub fn standings(
    required: &[Required],
    attestations: &[Attestation],
    tree: Option<&Tree>,
    now: Timestamp,
) -> Vec<Standing> {
    let mut found: Vec<Standing> = Vec::new();
    for wanted in required {
        let fits = |made: &&Attestation| {
            let role = wanted.role.as_ref().is_none_or(|role| role.eq_ignore_ascii_case(&made.role));
            made.rule == wanted.rule && made.subject == wanted.subject && role
        };
        // The best one counts: the newest of those that hold longest.
        let made = attestations.iter().filter(fits).map(|made| made.standing(tree, now));
        let best = made.min_by_key(|standing| (standing.state, std::cmp::Reverse(standing.expires)));
        let missing = || Standing {
            rule: wanted.rule,
            subject: wanted.subject.clone(),
            state: State::Missing,
            by: None,
            at: None,
            expires: None,
            why: wanted.role.as_ref().map_or_else(
                || "nobody vouches for it".into(),
                |role| format!("nobody in the role {role} vouches for it"),
            ),
            is_required: true,
        };
        found.push(best.map_or_else(missing, |standing| Standing { is_required: true, ..standing }));
    }
    for made in attestations {
        if !required.iter().any(|wanted| wanted.rule == made.rule && wanted.subject == made.subject) {
            found.push(made.standing(tree, now));
        }
    }
    found
}

impl Attestation {
    /// How it stands with it by itself.
    pub fn standing(&self, tree: Option<&Tree>, now: Timestamp) -> Standing {
        let (at, expires) = (utc(&self.at), utc(&self.expires));
        let (state, why) = match self.fault(at, expires, tree, now) {
            Some((state, why)) => (state, why),
            None => (State::Valid, String::new()),
        };
        let (subject, by) = (self.subject.clone(), Some(self.by.clone()).filter(|by| !by.is_empty()));
        Standing { rule: self.rule, subject, state, by, at, expires, why, is_required: false }
    }

    /// What is wrong with it, if something is.
    fn fault(
        &self,
        at: Option<Timestamp>,
        expires: Option<Timestamp>,
        tree: Option<&Tree>,
        now: Timestamp,
    ) -> Option<(State, String)> {
        let missing = |why: &str| Some((State::Missing, why.to_owned()));
        let expired = |why: String| Some((State::Expired, why));
        for (value, name) in [(&self.by, "by"), (&self.role, "role"), (&self.evidence, "evidence")] {
            if value.trim().is_empty() {
                return missing(&format!("`{name}` is not given"));
            }
        }
        if attested_of(self.rule).is_some_and(|rule| rule.needs_second) {
            match &self.requested_by {
                None => {
                    return missing(
                        "`requested-by` is not given, so it cannot be told whether a second person vouches",
                    );
                }
                Some(asked) if is_same_person(asked, &self.by) => {
                    return missing("nobody vouches for oneself: `by` and `requested-by` are the same");
                }
                Some(_) => {}
            }
        }
        let (Some(at), Some(expires)) = (at, expires) else {
            return expired("`at` or `expires` is no time in UTC: `2026-01-31T14:00:00Z`".into());
        };
        if at > now {
            return missing("its time is in the future");
        }
        if expires <= now {
            return expired(format!("it held until {expires}"));
        }
        self.evidence_fault(tree)
    }

    /// What is wrong with the proof: it is not there, or is another one now. Of an address nothing is asked.
    fn evidence_fault(&self, tree: Option<&Tree>) -> Option<(State, String)> {
        let path = self.evidence.trim().trim_start_matches("file:").trim_start_matches("./");
        if path.contains("://") {
            return None;
        }
        let Some(file) = tree?.file(path) else {
            return Some((State::Missing, format!("the evidence {path} is not there")));
        };
        let Some(wanted) = &self.sha256 else {
            return Some((State::Missing, "`sha256` of the evidence is not given".into()));
        };
        let is_same = file.sha256.is_some_and(|hash| hex(&hash).eq_ignore_ascii_case(wanted.trim()));
        (!is_same).then(|| (State::Expired, format!("the evidence {path} has changed since")))
    }
}

/// A time that says that it is UTC.
fn utc(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let is_utc = text.ends_with(['Z', 'z']) || text.ends_with("+00:00");
    text.parse().ok().filter(|_| is_utc)
}

fn is_same_person(one: &str, other: &str) -> bool {
    let plain = |text: &str| text.trim().trim_start_matches('@').to_lowercase();
    plain(one) == plain(other)
}

#[cfg(test)]
mod tests;
