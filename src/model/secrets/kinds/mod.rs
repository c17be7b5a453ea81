//! The kinds of secrets, as a table: what each is called, the words without which it is not there, its shape, and how random it is at
//! least. The shapes are those that their issuers document or print; a regular expression
//! is compiled when its keyword is met first.

mod ai;
mod clouds;
mod code;
mod operations;
mod services;

use regex::Regex;

/// The tables, in the order in which they win where two kinds claim the same stretch.
pub const TABLES: &[&[Kind]] = &[ai::KINDS, clouds::KINDS, code::KINDS, operations::KINDS, services::KINDS, LAST];

/// How many kinds there are.
pub const COUNT: usize = {
    let (mut count, mut table) = (0, 0);
    while table < TABLES.len() {
        count += TABLES[table].len();
        table += 1;
    }
    count
};

/// What the beginning of a token tells, when it is cut short or of a length that its issuer does not document: to be hidden, and no
/// ground for a finding. `sk-` alone also begins the names of style classes.
const LAST: &[Kind] = &[Kind::only_hidden(
    "token",
    &[
        "akia",
        "asia",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
        "glpat-",
        "xoxb-",
        "xoxp-",
        "xoxa-",
        "xoxr-",
        "xoxs-",
        "sk_live_",
        "rk_live_",
        "sk_test_",
        "rk_test_",
        "sk-",
        "hvs.",
        "aiza",
        "npm_",
        "dckr_pat_",
        "eyj",
    ],
    r"(?:AKIA|ASIA)[A-Za-z0-9_.=+/-]{16,}|(?:gh[pousr]_|github_pat_|npm_)[A-Za-z0-9_.=+/-]{9,}|(?:glpat-|xox[bpars]-|[sr]k_(?:live|test)_|hvs\.|dckr_pat_)[A-Za-z0-9_.=+/-]{7,}|sk-[A-Za-z0-9_.=+/-]{21,}|AIza[A-Za-z0-9_.=+/-]{31,}|eyJ[A-Za-z0-9_-]*={0,2}(?:\.[A-Za-z0-9_=+/-]*){2,}",
)];

/// One kind of secret.
#[derive(Debug)]
pub struct Kind {
    /// What a person calls it.
    pub name: &'static str,
    /// In lower case. A secret of the kind begins with one of them, whatever the case; but see `place`.
    pub keywords: &'static [&'static str],
    pub place: Place,
    /// The shape, without anchors. Group 1 is the secret, where there is one.
    pub pattern: &'static str,
    /// Bits of Shannon entropy per sign that a secret of the kind has at least; less is a placeholder.
    pub entropy: f64,
    /// Whether it is a ground for a finding, or only to be hidden from those who read logs.
    pub is_finding: bool,
}

/// Where the pattern stands as seen from the keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The pattern begins with it.
    Begins,
    /// It stands so many bytes after the beginning of the pattern.
    After(usize),
    /// The pattern begins with the digits before it, of which there are at most so many.
    AfterDigits(usize),
    /// The keyword begins a name; the pattern is the value that is given to that name.
    Named,
}

/// What stands between the keyword that begins a name and the value: the rest of the name, quotes, a sign that assigns.
const ASSIGNED: &str =
    r#"\A[A-Za-z0-9_.-]{0,40}(?:\\?["'`\]]){0,2}[ \t]{0,20}(?:=>|:=|[=:,>(])[ \t]{0,20}(?:\\?["'`])?"#;

impl Kind {
    /// A token that its beginning tells.
    const fn token(name: &'static str, keywords: &'static [&'static str], pattern: &'static str, entropy: f64) -> Self {
        Self { name, keywords, place: Place::Begins, pattern, entropy, is_finding: true }
    }

    /// A token that something in its middle tells, `lead` bytes after its beginning.
    const fn inner(
        name: &'static str,
        keywords: &'static [&'static str],
        lead: usize,
        pattern: &'static str,
        entropy: f64,
    ) -> Self {
        Self { name, keywords, place: Place::After(lead), pattern, entropy, is_finding: true }
    }

    /// A token that begins with digits, and that something behind them tells.
    const fn after_digits(
        name: &'static str,
        keywords: &'static [&'static str],
        most: usize,
        pattern: &'static str,
        entropy: f64,
    ) -> Self {
        Self { name, keywords, place: Place::AfterDigits(most), pattern, entropy, is_finding: true }
    }

    /// A value that only its name tells from others.
    const fn named(name: &'static str, keywords: &'static [&'static str], pattern: &'static str, entropy: f64) -> Self {
        Self { name, keywords, place: Place::Named, pattern, entropy, is_finding: true }
    }

    const fn only_hidden(name: &'static str, keywords: &'static [&'static str], pattern: &'static str) -> Self {
        Self { name, keywords, place: Place::Begins, pattern, entropy: 0.0, is_finding: false }
    }

    /// Its expression, compiled: anchored where the keyword begins it.
    pub fn compile(&self) -> Regex {
        let pattern = match self.place {
            Place::Begins | Place::After(_) | Place::AfterDigits(_) => format!(r"\A(?:{})", self.pattern),
            Place::Named => format!("{ASSIGNED}({})", self.pattern),
        };
        Regex::new(&pattern).expect("a test compiles every kind")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_compiles_and_is_well_formed() {
        let kinds: Vec<&Kind> = TABLES.iter().copied().flatten().collect();
        assert!(kinds.len() >= 60, "{}", kinds.len());
        let mut names: Vec<_> = kinds.iter().map(|kind| kind.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), kinds.len(), "names are told apart");
        for kind in kinds {
            let groups = kind.compile().captures_len();
            assert!(groups <= 2, "{}: one group at most, other groups do not capture", kind.name);
            assert!(!kind.keywords.is_empty() && kind.keywords.iter().all(|word| word.len() >= 2), "{}", kind.name);
            assert!(kind.keywords.iter().all(|word| *word == word.to_ascii_lowercase()), "{}", kind.name);
        }
    }
}
