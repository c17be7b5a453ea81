//! Wording that looks for somebody to blame, or is wise after the event. It is a hint for who writes, never a refusal.
//!
//! After what is known of blameless postmortems: <https://sre.google/sre-book/postmortem-culture/> and
//! <https://www.etsy.com/codeascraft/blameless-postmortems>. The words are our own.

use regex::{Regex, RegexBuilder};
use serde::Serialize;

/// A place in a text, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// Line and column, counted from 1, columns in characters.
    pub line: usize,
    pub column: usize,
    /// The words that are meant.
    pub found: String,
    pub why: &'static str,
    /// What to write.
    pub instead: &'static str,
}

/// What is looked for, why, and what to write.
#[derive(Debug)]
struct Pattern {
    /// `WHO` stands for words that mean people, the participants' names among them.
    pattern: &'static str,
    why: &'static str,
    instead: &'static str,
}

const PATTERNS: &[Pattern] = &[
    Pattern {
        pattern: r"\b(should|ought to)(n't| not| never)? (have|of)\b",
        why: "says what was known only afterwards",
        instead: "say what could be seen then, and what would have made it easy to do otherwise",
    },
    Pattern {
        pattern: r"\b(human|user|operator|pilot) (error|mistake)s?\b",
        why: "ends where the question begins",
        instead: "say what made it easy to do that, and what did not catch it",
    },
    Pattern {
        pattern: r"\b(careless(ly|ness)?|negligen(t|tly|ce)|reckless(ly)?|incompeten(t|ce)|stupid(ly)?|sloppy|lazy|irresponsibl[ey])\b",
        why: "judges a person",
        instead: "say what was done, and what it looked like from there",
    },
    Pattern {
        pattern: r"\b(to blame|blames?|at fault|culprit|guilty|fault of|WHO'?s? fault)\b",
        why: "looks for somebody to blame",
        instead: "say what came together",
    },
    Pattern {
        pattern: r"\bWHO (\w+ )?(failed|forgot|neglected|ignored|overlooked|missed|broke|caused|messed up|screwed up)\b",
        why: "makes a person the cause",
        instead: "make the system the subject: what allowed it, what did not show it",
    },
    Pattern {
        pattern: r"\b(obviously|of course|clearly|common sense|simply had to|just had to)\b",
        why: "was not obvious to those who were there",
        instead: "leave it out, or say what pointed to it at that time",
    },
    Pattern {
        pattern: r"\b(if only|why didn't|why did(n't| not) (he|she|they|anyone|anybody|someone|somebody))\b",
        why: "imagines another past",
        instead: "say what happened, and make an action of what should be otherwise",
    },
];

/// Words that mean people.
const PEOPLE: &str = "he|she|they|we|i|you|someone|somebody|(?:the |an? |our )?(?:engineer|operator|developer|admin(?:istrator)?|on-?call(?: engineer)?|responder|commander|team)s?";

/// What is looked for among these people, ready to look through many texts.
#[derive(Debug)]
pub struct Wording(Vec<(Regex, &'static Pattern)>);

impl Wording {
    /// What is looked for where these names count as persons.
    pub fn among(people: &[&str]) -> Self {
        Self(compiled(people))
    }

    /// Looks through a text. Quoted lines and code are left alone: they are not the writer's words.
    pub fn check(&self, text: &str) -> Vec<Remark> {
        let mut remarks = Vec::new();
        for (number, line) in prose(text) {
            for (regex, pattern) in &self.0 {
                for found in regex.find_iter(&line) {
                    remarks.push(Remark {
                        line: number,
                        column: line[..found.start()].chars().count() + 1,
                        found: found.as_str().into(),
                        why: pattern.why,
                        instead: pattern.instead,
                    });
                }
            }
        }
        remarks.sort_by_key(|remark| (remark.line, remark.column));
        remarks
    }
}

/// Looks through one text. `people` are names that count as persons.
pub fn check(text: &str, people: &[&str]) -> Vec<Remark> {
    Wording::among(people).check(text)
}

fn compiled(people: &[&str]) -> Vec<(Regex, &'static Pattern)> {
    let names = people.iter().filter(|name| !name.trim().is_empty()).map(|name| regex::escape(name));
    let who = [PEOPLE.to_owned()].into_iter().chain(names).collect::<Vec<_>>().join("|");
    let who = format!("(?:{who})");
    let compile = |pattern: &'static Pattern| {
        let regex = RegexBuilder::new(&pattern.pattern.replace("WHO", &who)).case_insensitive(true).build().ok()?;
        Some((regex, pattern))
    };
    PATTERNS.iter().filter_map(compile).collect()
}

/// The lines that are the writer's own, with their numbers, and what is code in them blanked out.
fn prose(text: &str) -> impl Iterator<Item = (usize, String)> {
    let mut in_code = false;
    text.lines().enumerate().filter_map(move |(number, line)| {
        let start = line.trim_start();
        if start.starts_with("```") || start.starts_with("~~~") {
            in_code = !in_code;
            return None;
        }
        let is_own = !in_code && !start.starts_with('>');
        is_own.then(|| (number + 1, without_code(line)))
    })
}

/// A line in which what stands between backticks is blank.
fn without_code(line: &str) -> String {
    let mut inside = false;
    line.chars()
        .map(|c| {
            if c == '`' {
                inside = !inside;
            }
            if inside && c != '`' { ' ' } else { c }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(text: &str) -> Vec<(usize, usize, String)> {
        check(text, &["ops-c", "Ann"]).into_iter().map(|remark| (remark.line, remark.column, remark.found)).collect()
    }

    #[test]
    fn blame_and_hindsight_are_found() {
        for (text, words) in [
            ("ops-c should have seen that.", "should have"),
            ("It shouldn't have been done.", "shouldn't have"),
            ("The cause was human error.", "human error"),
            ("A careless change.", "careless"),
            ("This was the fault of the team.", "fault of"),
            ("Ann forgot the limit.", "Ann forgot"),
            ("The on-call engineer completely missed the alert.", "The on-call engineer completely missed"),
            ("They ignored it.", "They ignored"),
            ("Obviously it was the limit.", "Obviously"),
            ("If only we had known.", "If only"),
        ] {
            assert!(found(text).iter().any(|(.., found)| found == words), "{text}: {:?}", found(text));
        }
    }

    #[test]
    fn machines_may_fail_and_others_may_be_quoted() {
        for text in [
            "The health check failed to start, and the readiness probe missed its deadline.",
            "The deploy broke checkout.",
            "> ops-c should have seen that",
            "The log said `they failed`.",
            "```\nhuman error\n```",
            "We could have users see a page that explains it.",
            "The error of the user's client was caught.",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn places_are_those_of_the_text() {
        assert_eq!(found("fine\nAün: it was human error"), [(2, 13, "human error".into())]);
    }

    #[test]
    fn every_pattern_is_one_and_says_what_to_write() {
        assert_eq!(compiled(&["a.b(c"]).len(), PATTERNS.len());
        assert!(PATTERNS.iter().all(|pattern| !pattern.why.is_empty() && !pattern.instead.is_empty()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn any_text_is_looked_through(text in any::<String>(), name in any::<String>()) {
            let _ = check(&text, &[&name]);
        }
    }
}
