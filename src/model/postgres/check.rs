//! Named checks of what has to hold before or after something dangerous, each with the figures that it was judged by.

use serde::{Deserialize, Serialize};

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Ok,
    /// Could not be told: never as good as `Ok`.
    Unknown,
    Failed,
}

impl Verdict {
    /// The word that screens and JSON print.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
        }
    }
}

/// A check that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Stable identity, in kebab case.
    pub id: String,
    pub verdict: Verdict,
    /// In words, with the figures.
    pub detail: String,
}

impl Check {
    /// One that holds.
    pub fn ok(id: &str, detail: impl Into<String>) -> Self {
        Self::new(id, Verdict::Ok, detail)
    }

    /// One that does not hold.
    pub fn failed(id: &str, detail: impl Into<String>) -> Self {
        Self::new(id, Verdict::Failed, detail)
    }

    /// One that cannot be told.
    pub fn unknown(id: &str, detail: impl Into<String>) -> Self {
        Self::new(id, Verdict::Unknown, detail)
    }

    /// One that holds or does not.
    pub fn of(id: &str, holds: bool, detail: impl Into<String>) -> Self {
        Self::new(id, if holds { Verdict::Ok } else { Verdict::Failed }, detail)
    }

    fn new(id: &str, verdict: Verdict, detail: impl Into<String>) -> Self {
        Self { id: id.into(), verdict, detail: detail.into() }
    }
}

/// What comes of all together: the worst. None at all tell nothing.
pub fn verdict(checks: &[Check]) -> Verdict {
    checks.iter().map(|check| check.verdict).max().unwrap_or(Verdict::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_counts() {
        let (good, open, bad) = (Check::ok("a", ""), Check::unknown("b", ""), Check::of("c", false, ""));
        assert_eq!(verdict(&[]), Verdict::Unknown);
        assert_eq!(verdict(std::slice::from_ref(&good)), Verdict::Ok);
        assert_eq!(verdict(&[good.clone(), open.clone()]), Verdict::Unknown);
        assert_eq!(verdict(&[good, bad, open]), Verdict::Failed);
    }
}
