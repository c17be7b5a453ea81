//! What picks alerts by their labels: matchers of silences, and what they mean to Alertmanager.

use crate::model::metric::Labels;
use compact_str::CompactString;
use regex::Regex;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One condition on a label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Matcher {
    pub name: CompactString,
    pub value: CompactString,
    pub is_regex: bool,
    /// Whether the label has to be so, or must not be so. Servers before 0.22 do not say: it has to be.
    #[serde(default = "yes")]
    pub is_equal: bool,
}

const fn yes() -> bool {
    true
}

impl Matcher {
    /// The label has this value.
    pub fn equal(name: impl Into<CompactString>, value: impl Into<CompactString>) -> Self {
        Self { name: name.into(), value: value.into(), is_regex: false, is_equal: true }
    }

    /// `=`, `!=`, `=~` or `!~`.
    pub const fn operator(&self) -> &'static str {
        match (self.is_equal, self.is_regex) {
            (true, false) => "=",
            (false, false) => "!=",
            (true, true) => "=~",
            (false, true) => "!~",
        }
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}\"", self.name, self.operator())?;
        for c in self.value.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                '\n' => f.write_str("\\n")?,
                c => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}

/// A matcher that can be asked.
#[derive(Debug, Clone)]
pub struct Compiled {
    name: CompactString,
    test: Test,
    is_equal: bool,
}

#[derive(Debug, Clone)]
enum Test {
    Value(CompactString),
    Pattern(Regex),
}

/// Makes matchers ready to be asked.
///
/// # Errors
/// The pattern that is none, and why.
pub fn compile(matchers: &[Matcher]) -> Result<Vec<Compiled>, String> {
    matchers.iter().map(Compiled::new).collect()
}

impl Compiled {
    /// Patterns have to fit the whole value, as Alertmanager anchors them.
    fn new(matcher: &Matcher) -> Result<Self, String> {
        let test = if matcher.is_regex {
            // By itself first, so that what is wrong is said of what was written, and a stray `)` cannot escape the anchors.
            Regex::new(&matcher.value).map_err(|error| fault(matcher, &error))?;
            Test::Pattern(Regex::new(&format!("^(?:{})$", matcher.value)).map_err(|error| fault(matcher, &error))?)
        } else {
            Test::Value(matcher.value.clone())
        };
        Ok(Self { name: matcher.name.clone(), test, is_equal: matcher.is_equal })
    }

    fn fits(&self, value: &str) -> bool {
        let fits = match &self.test {
            Test::Value(wanted) => wanted == value,
            Test::Pattern(pattern) => pattern.is_match(value),
        };
        fits == self.is_equal
    }

    /// Whether labels fulfil it. A label that is not there is an empty one.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.fits(labels.get(&self.name).map_or("", CompactString::as_str))
    }

    /// Whether it is fulfilled where the label is not there.
    pub fn matches_absence(&self) -> bool {
        self.fits("")
    }
}

/// The last line of the library's words says what is wrong; those before draw it.
fn fault(matcher: &Matcher, error: &regex::Error) -> String {
    let words = error.to_string();
    let last = words.lines().last().unwrap_or_default().trim_start_matches("error: ").trim();
    format!("the pattern of {} cannot be read: {last}", matcher.name)
}
