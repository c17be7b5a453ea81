//! Rules of one's own: TOML files in the user's `rules` folder and in a repository (`.flightdeck/rules/*.toml`). A rule selects what it
//! looks at and says what has to be so, by simple statements (`matcher`) or an assertion in CEL (`cel`). It is judged as a built-in
//! check is, and what cannot be judged is unknown. Its file holds the cases that show what it does (`case`).
//!
//! Reading is `load`: files in, rules and faults out; who calls it looks for changes of the files.

mod case;
mod cel;
mod judge;
mod load;
mod matcher;
mod message;
mod place;
mod select;
mod subject;
mod written;

use self::{cel::Assertion, matcher::Matcher, message::Message, select::Select};
use super::{
    policy::Policy,
    run::{Subject, Verdict},
    syntax::node::Node,
};
use crate::model::{
    Timestamp,
    finding::{Level, Scope, Span},
};
use compact_str::CompactString;
use std::fmt;

pub use case::{CaseReport, CaseResult, run_tests};
pub use load::load;

/// A rule of one's own, read and found sound.
#[derive(Debug, Clone)]
pub struct CustomRule {
    /// Its name, which begins with `x-`.
    pub id: CompactString,
    /// What is wrong, in a few words.
    pub title: String,
    pub level: Level,
    pub why: String,
    pub fix: String,
    pub references: Vec<String>,
    /// The file that it stands in, and where.
    pub path: String,
    pub place: Span,
    select: Select,
    matchers: Vec<Matcher>,
    assertion: Option<Assertion>,
    /// What the assertion is about: a pointer.
    at: String,
    message: Option<Message>,
    params: Node,
    cases: Vec<(Span, written::Case)>,
}

impl CustomRule {
    /// Where it looks.
    pub fn scopes(&self) -> &[Scope] {
        &self.select.scopes
    }

    /// The names of what the configuration can set, `[checks.x-…]`.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        self.params.entries().iter().map(|entry| entry.key.as_str())
    }

    /// Shows one subject to it.
    pub fn judge(&self, subject: Subject<'_>, scope: Scope, policy: &Policy, now: Timestamp) -> Verdict {
        judge::judge(self, subject, scope, policy, now)
    }
}

/// Every rule of one's own.
#[derive(Debug, Clone, Default)]
pub struct CustomRules {
    /// In the order of the files and of what stands in them.
    pub rules: Vec<CustomRule>,
}

impl CustomRules {
    /// The rule of this name.
    pub fn find(&self, id: &str) -> Option<&CustomRule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// Shows one subject to every rule.
    pub fn judge(&self, subject: Subject<'_>, scope: Scope, policy: &Policy, now: Timestamp) -> Verdict {
        let mut all = Verdict::default();
        for rule in &self.rules {
            all.take(rule.judge(subject, scope, policy, now));
        }
        all
    }
}

/// What is wrong with a rule file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFault {
    pub path: String,
    pub span: Span,
    /// The rule that is left out because of it; `None` where it is the file's.
    pub rule: Option<String>,
    pub message: String,
}

impl fmt::Display for RuleFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.path, self.span.line, self.span.column)?;
        if let Some(rule) = &self.rule {
            write!(f, "{rule}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for RuleFault {}

/// The JSON schema of rule files, for editors.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(written::RuleFile)
}

#[cfg(test)]
mod tests;
