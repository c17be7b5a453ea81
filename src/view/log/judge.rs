//! What filter and search say of a line: `text "two words" !not /regex/i level>=warn from:web`. Small letters find capitals too.

use crate::model::logs::{Level, LineKind, LogLine, LogOrigin};
use compact_str::CompactString;
use regex::{Regex, RegexBuilder};
use std::collections::BTreeSet;

/// Longest compiled pattern, in bytes: one that is typed needs no more.
const PATTERN: usize = 1 << 20;

/// Filter, search, and the origins that are hidden.
#[derive(Debug, Clone, Default)]
pub struct Judge {
    /// The filter as it was typed.
    pub filter: String,
    /// The search as it was typed.
    pub find: String,
    /// The least level, set by a key beside the filter.
    pub least: Level,
    /// Origins that are not shown, by name: they stay hidden when the lines are read anew.
    pub hidden: BTreeSet<CompactString>,
    terms: Vec<Term>,
    pattern: Option<Regex>,
    /// Whether each origin passes.
    origins: Vec<bool>,
}

#[derive(Debug, Clone)]
struct Term {
    not: bool,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Text(Regex),
    Level(fn(&Level, &Level) -> bool, Level),
    From(Regex),
}

impl Judge {
    /// Filters by this; a filter with a fault changes nothing.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn set_filter(&mut self, text: &str) -> Result<(), String> {
        self.terms = words(text)?.into_iter().map(|word| term(&word)).collect::<Result<_, _>>()?;
        text.clone_into(&mut self.filter);
        Ok(())
    }

    /// Searches for this: `/regex/`, or text.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn set_find(&mut self, text: &str) -> Result<(), String> {
        self.pattern = if text.is_empty() { None } else { Some(pattern(text)?) };
        text.clone_into(&mut self.find);
        Ok(())
    }

    /// Looks again at which origins pass.
    pub fn see_origins(&mut self, origins: &[LogOrigin]) {
        let passes = |origin: &LogOrigin| {
            let from = self.terms.iter().all(|term| match &term.what {
                What::From(pattern) => pattern.is_match(&origin.name) != term.not,
                _ => true,
            });
            from && !self.hidden.contains(&origin.name)
        };
        self.origins = origins.iter().map(passes).collect();
    }

    /// Whether a line passes the filter, and whether the search finds something in it.
    pub fn both(&self, line: &LogLine) -> (bool, bool) {
        let passes = self.passes(line);
        (passes, passes && self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(&line.text)))
    }

    fn passes(&self, line: &LogLine) -> bool {
        if !self.origins.get(usize::from(line.origin)).copied().unwrap_or(true) {
            return false;
        }
        // What this program says between the lines is no line of the log, and always said.
        if line.kind == LineKind::Marker {
            return true;
        }
        line.level >= self.least
            && self.terms.iter().all(|term| match &term.what {
                What::Text(pattern) => pattern.is_match(&line.text) != term.not,
                What::Level(compare, level) => {
                    (line.level != Level::Unknown && compare(&line.level, level)) != term.not
                }
                What::From(_) => true,
            })
    }

    /// The parts of a text that filter and search look for, in order and without overlaps.
    pub fn found_in(&self, text: &str) -> Vec<(usize, usize)> {
        let wanted = self.terms.iter().filter(|term| !term.not).filter_map(|term| match &term.what {
            What::Text(pattern) => Some(pattern),
            _ => None,
        });
        let mut found: Vec<_> = wanted
            .chain(&self.pattern)
            .flat_map(|pattern| pattern.find_iter(text).map(|part| (part.start(), part.end())))
            .filter(|(start, end)| start < end)
            .collect();
        found.sort_unstable();
        let mut until = 0;
        found.retain(|(start, end)| {
            let apart = *start >= until;
            until = if apart { *end } else { until };
            apart
        });
        found
    }

    /// Whether anything is hidden by it.
    pub fn hides(&self) -> bool {
        !self.terms.is_empty() || self.least != Level::Unknown || !self.hidden.is_empty()
    }
}

/// Divides a filter at blanks, except in quotes and patterns.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let start = usize::from(rest.starts_with('!'));
        let close = rest[start..].chars().next().filter(|c| matches!(c, '"' | '/'));
        let end = match close {
            Some(sign) => {
                let inner = start + 1;
                let mut escaped = false;
                let found = rest[inner..].char_indices().find(|(_, c)| {
                    let ends = *c == sign && !escaped;
                    escaped = *c == '\\' && !escaped;
                    ends
                });
                let Some((at, _)) = found else {
                    let what = if sign == '"' { "quote" } else { "pattern" };
                    return Err(format!("the {what} is not ended: write another {sign}"));
                };
                let after = inner + at + 1;
                after + rest[after..].find(char::is_whitespace).unwrap_or(rest.len() - after)
            }
            None => rest.find(char::is_whitespace).unwrap_or(rest.len()),
        };
        words.push(rest[..end].to_owned());
        rest = rest[end..].trim_start();
    }
    Ok(words)
}

fn term(word: &str) -> Result<Term, String> {
    let (not, word) = word.strip_prefix('!').map_or((false, word), |rest| (true, rest));
    let rest = word.strip_prefix("level").or_else(|| word.strip_prefix("lvl"));
    if let Some((sign, level)) = rest.and_then(comparison) {
        let Some(level) = Level::of_word(level.as_bytes()) else {
            return Err(format!("«{level}» is no level: write trace, debug, info, warn, error or fatal"));
        };
        return Ok(Term { not, what: What::Level(sign, level) });
    }
    for name in ["from:", "from=", "pod:", "pod=", "container:", "container="] {
        if let Some(rest) = word.strip_prefix(name) {
            return Ok(Term { not, what: What::From(pattern(rest)?) });
        }
    }
    Ok(Term { not, what: What::Text(pattern(word)?) })
}

type Compare = fn(&Level, &Level) -> bool;

fn comparison(rest: &str) -> Option<(Compare, &str)> {
    const SIGNS: &[(&str, Compare)] = &[
        (">=", Level::ge),
        ("<=", Level::le),
        ("!=", Level::ne),
        (">", Level::gt),
        ("<", Level::lt),
        ("=", Level::eq),
        (":", Level::ge),
    ];
    SIGNS.iter().find_map(|(sign, compare)| Some((*compare, rest.strip_prefix(sign)?)))
}

/// `/regex/`, `/regex/i`, `"text"` or text. Without a capital in it, capitals do not matter.
fn pattern(word: &str) -> Result<Regex, String> {
    let small = !word.chars().any(char::is_uppercase);
    let (source, insensitive) = match word.strip_prefix('/') {
        Some(rest) if rest.ends_with("/i") => (rest[..rest.len() - 2].to_owned(), true),
        Some(rest) if rest.len() > 1 && rest.ends_with('/') => (rest[..rest.len() - 1].to_owned(), false),
        _ => {
            let inner = word.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(word);
            (regex::escape(inner), small)
        }
    };
    RegexBuilder::new(&source).case_insensitive(insensitive).size_limit(PATTERN).build().map_err(|error| {
        let words = error.to_string();
        format!("the pattern has a fault: {}", words.lines().last().unwrap_or_default().trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Timestamp, logs::OriginState};

    fn line(level: Level, origin: u16, text: &str) -> LogLine {
        let (at, kind, inks) = (Timestamp::UNIX_EPOCH, LineKind::Out, Box::default());
        LogLine { at, origin, kind, level, json: false, text: text.into(), inks }
    }

    fn passes(filter: &str, level: Level, text: &str) -> bool {
        let mut judge = Judge::default();
        judge.set_filter(filter).expect("a filter");
        judge.both(&line(level, 0, text)).0
    }

    #[test]
    fn filters_are_understood() {
        for (filter, level, text, expected) in [
            ("", Level::Unknown, "x", true),
            ("time out", Level::Unknown, "out of Time", true),
            ("\"time out\"", Level::Unknown, "out of time", false),
            ("Time", Level::Unknown, "time", false),
            ("!time", Level::Unknown, "time", false),
            ("/t[aeiou]me$/", Level::Unknown, "the tame", true),
            ("/TIME/i", Level::Unknown, "time", true),
            ("/a b/ c", Level::Unknown, "a b c", true),
            ("!/a b/", Level::Unknown, "a b c", false),
            ("level>=warn", Level::Error, "x", true),
            ("level>=warn", Level::Info, "x", false),
            ("level>=warn", Level::Unknown, "x", false),
            ("!level>=warn", Level::Unknown, "x", true),
            ("level=info", Level::Info, "x", true),
            ("level:error", Level::Fatal, "x", true),
            ("levels", Level::Unknown, "levels", true),
            ("a.b", Level::Unknown, "axb", false),
        ] {
            assert_eq!(passes(filter, level, text), expected, "{filter}: {text}");
        }
        for fault in ["/a(/", "/a", "\"a", "level>=high"] {
            assert!(Judge::default().set_filter(fault).is_err(), "{fault}");
        }
    }

    #[test]
    fn origins_are_chosen_and_hidden() {
        let origin = |name: &str| LogOrigin { name: name.into(), state: OriginState::Open };
        let origins = [origin("web-1/app"), origin("web-2/app"), origin("db-0")];
        let mut judge = Judge::default();
        judge.set_filter("from:web").expect("a filter");
        judge.hidden.insert("web-2/app".into());
        judge.see_origins(&origins);
        let shown: Vec<_> = (0..3).map(|at| judge.both(&line(Level::Info, at, "x")).0).collect();
        assert_eq!(shown, [true, false, false]);
    }

    #[test]
    fn what_is_looked_for_is_found() {
        let mut judge = Judge::default();
        judge.set_filter("ab !x level>=info").expect("a filter");
        judge.set_find("bc").expect("a pattern");
        assert_eq!(judge.found_in("abc ab bc"), [(0, 2), (4, 6), (7, 9)]);
        assert_eq!(judge.both(&line(Level::Info, 0, "abc")), (true, true));
        assert_eq!(judge.both(&line(Level::Info, 0, "ab")), (true, false));
        assert_eq!(judge.both(&line(Level::Info, 0, "abcx")), (false, false));
    }
}
