//! What a check of the rule book found: where, what was seen, what should be, and what to do about it.

use super::Timestamp;
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// The twenty rules, by their number less one.
pub const RULES: [&str; 20] = [
    "real implementation only",
    "never break what works",
    "analyse the whole",
    "consolidate first",
    "professional standards",
    "central documentation",
    "script organisation",
    "Python quality",
    "single source",
    "investigate before removal",
    "container standards",
    "one deploy script",
    "no waste",
    "sign-offs by specialists",
    "documentation quality, UTC",
    "local AI workloads and their resources",
    "canonical authority",
    "mandatory review and CHANGELOG",
    "change tracking",
    "protected critical servers",
];

/// How much a violation weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Info,
    Warn,
    Error,
    /// Stops the line: an operation that it concerns is refused.
    Block,
}

impl Level {
    /// Every level, the lightest first.
    pub const ALL: [Self; 4] = [Self::Info, Self::Warn, Self::Error, Self::Block];

    /// The word in reports and configuration.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Block => "block",
        }
    }
}

/// Where a check looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Files of a repository.
    Repo,
    /// What changed in it against a base.
    Diff,
    /// Live objects of container engines.
    Docker,
    /// Live objects of clusters.
    Kube,
    /// This host.
    Host,
}

impl Scope {
    /// Every scope, in the order of reports.
    pub const ALL: [Self; 5] = [Self::Repo, Self::Diff, Self::Docker, Self::Kube, Self::Host];

    /// The word in reports and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Repo => "repo",
            Self::Diff => "diff",
            Self::Docker => "docker",
            Self::Kube => "kube",
            Self::Host => "host",
        }
    }
}

/// What a finding says. What passes makes no finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The rule is violated.
    Fail,
    /// It could not be judged: unreadable, not permitted, not decidable. Never a pass.
    Unknown,
    /// Violated, and accepted for now by a waiver or a baseline.
    Waived,
}

impl Status {
    /// The word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::Waived => "waived",
        }
    }
}

/// How many there are of each result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    pub pass: usize,
    pub fail: usize,
    pub unknown: usize,
    pub waived: usize,
}

impl Counts {
    /// Counts one more.
    pub fn count(&mut self, status: Status) {
        *match status {
            Status::Fail => &mut self.fail,
            Status::Unknown => &mut self.unknown,
            Status::Waived => &mut self.waived,
        } += 1;
    }

    /// Whether nothing was judged.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// A stretch of a text. Lines and columns count from 1, columns in characters; the end is exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
}

impl Span {
    /// The stretch of so many characters on one line.
    pub const fn on_line(line: u32, column: u32, length: u32) -> Self {
        Self { line, column, end_line: line, end_column: column + length }
    }

    /// From where one begins to where the other ends.
    #[must_use]
    pub const fn to(self, end: Self) -> Self {
        Self { line: self.line, column: self.column, end_line: end.end_line, end_column: end.end_column }
    }
}

/// What accepts a violation for now.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WaiverNote {
    pub owner: CompactString,
    pub reason: String,
    /// `None` for a baseline, which does not expire.
    pub expires: Option<Timestamp>,
}

/// A violation, or what could not be judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Identity of the check: `11f`.
    pub check: CompactString,
    /// Identity over time: check, resource, pointer and value, never a line number. Sixteen hexadecimal digits.
    pub fingerprint: CompactString,
    pub title: CompactString,
    pub level: Level,
    pub status: Status,
    pub scope: Scope,
    /// What it is about, for a person: a path, `Deployment shop/checkout`, `service web`, `container web`.
    pub resource: CompactString,
    /// Where that lives: a path, an engine's name, a cluster's context.
    pub origin: CompactString,
    /// Path in the repository.
    pub file: Option<CompactString>,
    pub span: Option<Span>,
    /// JSON pointer (RFC 6901) into the object.
    pub pointer: Option<CompactString>,
    /// What was seen; secrets are never in it.
    pub observed: String,
    pub expected: String,
    pub fix: CompactString,
    pub owner: Option<CompactString>,
    pub waiver: Option<WaiverNote>,
}

impl Finding {
    /// The number of the rule: 11 of `11f`; 0 for what belongs to none.
    pub fn rule(&self) -> u8 {
        rule_of(&self.check)
    }

    /// Whether it counts against the one who asked: violated, and not accepted.
    pub fn is_violation(&self) -> bool {
        self.status == Status::Fail
    }
}

/// The number of the rule that a check belongs to.
pub fn rule_of(check: &str) -> u8 {
    let digits = check.find(|c: char| !c.is_ascii_digit()).unwrap_or(check.len());
    check[..digits].parse().unwrap_or_default()
}
