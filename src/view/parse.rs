//! Reads a filter's line into terms. Every error says where it is, what is wrong, and what to write instead.

use super::{
    figure,
    query::{Operand, Query, QueryError, Relation, Term, Test},
    selector::Selector,
    table::{Column, Unit, severity_column},
};
use crate::model::attention::Severity;
use regex::{Regex, RegexBuilder};

/// Longest filter that is read; nobody types more, and what is pasted by mistake costs nothing.
const LONGEST: usize = 500;
/// Bytes that a compiled pattern may take, and its automaton.
const PATTERN_BYTES: usize = 1 << 20;

/// Fields that API servers select by, and the columns that say the same.
const FIELDS: &[(&str, &str)] = &[
    ("metadata.name", "name"),
    ("metadata.namespace", "namespace"),
    ("spec.nodeName", "node"),
    ("status.phase", "phase"),
    ("status.podIP", "ip"),
];

struct Parser<'a> {
    chars: Vec<char>,
    at: usize,
    columns: &'a [Column],
}

/// Reads a filter.
pub(super) fn parse(text: &str, columns: &[Column]) -> Result<Query, QueryError> {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() > LONGEST {
        let what = format!("the filter is longer than {LONGEST} characters");
        return Err(QueryError { at: LONGEST + 1, what, next: "shorten it".into() });
    }
    let mut parser = Parser { chars, at: 0, columns };
    let mut terms = Vec::new();
    loop {
        parser.skip_blanks();
        if parser.peek().is_none() {
            return Ok(Query { terms });
        }
        terms.push(parser.term()?);
    }
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn fail<T>(&self, at: usize, what: impl Into<String>, next: impl Into<String>) -> Result<T, QueryError> {
        Err(QueryError { at: at + 1, what: what.into(), next: next.into() })
    }

    fn text(&self, from: usize, to: usize) -> String {
        self.chars[from..to].iter().collect()
    }

    fn term(&mut self) -> Result<Term, QueryError> {
        let mut negated = false;
        while self.peek() == Some('!') {
            negated = !negated;
            self.at += 1;
        }
        let test = match self.peek() {
            None => return self.fail(self.at, "nothing follows the !", "write what must not match, as in !web"),
            Some(c) if c.is_whitespace() => {
                return self.fail(self.at, "a blank follows the !", "write the term directly after it, as in !web");
            }
            Some('"') => Test::Anywhere(self.quoted()?.1),
            Some('/') => Test::Anywhere(self.pattern()?),
            Some(_) => self.word()?,
        };
        Ok(Term { negated, test })
    }

    /// Text in quotes, and a pattern that finds it. `\"` stands for a quote.
    fn quoted(&mut self) -> Result<(String, Regex), QueryError> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            match self.peek() {
                None => return self.fail(start, "the quote is not closed", "write \" at its end"),
                Some('"') => break,
                Some('\\') if self.chars.get(self.at + 1) == Some(&'"') => {
                    text.push('"');
                    self.at += 1;
                }
                Some(c) => text.push(c),
            }
            self.at += 1;
        }
        self.at += 1;
        let pattern = self.literal(start, &text)?;
        Ok((text, pattern))
    }

    /// A regular expression between strokes, with its flags. `\/` stands for a stroke.
    fn pattern(&mut self) -> Result<Regex, QueryError> {
        let start = self.at;
        self.at += 1;
        let mut source = String::new();
        loop {
            match self.peek() {
                None => {
                    let quote = "write / at its end, or quote it to search for the text itself: \"/…\"";
                    return self.fail(start, "the regular expression is not closed", quote);
                }
                Some('/') => break,
                Some('\\') => {
                    self.at += 1;
                    match self.peek() {
                        Some('/') => source.push('/'),
                        Some(c) => source.extend(['\\', c]),
                        None => source.push('\\'),
                    }
                }
                Some(c) => source.push(c),
            }
            self.at += 1;
        }
        self.at += 1;
        let flags = self.at;
        let mut any_case = false;
        while let Some(c) = self.peek().filter(|c| !c.is_whitespace()) {
            if c != 'i' {
                let next = "after the closing / only i may follow; to search for text with strokes, quote it: \"/…/…\"";
                return self.fail(flags, format!("«{c}» is no flag of a regular expression"), next);
            }
            any_case = true;
            self.at += 1;
        }
        self.compile(start, &source, any_case)
    }

    fn compile(&self, at: usize, source: &str, any_case: bool) -> Result<Regex, QueryError> {
        let built = RegexBuilder::new(source)
            .case_insensitive(any_case)
            .size_limit(PATTERN_BYTES)
            .dfa_size_limit(PATTERN_BYTES)
            .nest_limit(50)
            .build();
        match built {
            Ok(pattern) => Ok(pattern),
            Err(regex::Error::CompiledTooBig(_)) => {
                self.fail(at, "the regular expression is too big", "use smaller repetitions")
            }
            Err(error) => {
                let text = error.to_string();
                let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ").trim().to_owned();
                let next = "mend it, or quote it to search for the text itself";
                self.fail(at, format!("the regular expression is wrong: {reason}"), next)
            }
        }
    }

    /// A pattern that finds this text; case counts where a letter is upper case.
    fn literal(&self, at: usize, text: &str) -> Result<Regex, QueryError> {
        self.compile(at, &regex::escape(text), !has_upper(text))
    }

    /// Whether one of these words stands here, which a blank ends where it is a flag; goes behind it.
    fn announced(&mut self, words: [&str; 2]) -> bool {
        let found = words.into_iter().find(|word| {
            let there = word.chars().enumerate().all(|(i, c)| self.chars.get(self.at + i) == Some(&c));
            let end = self.chars.get(self.at + word.len());
            there && (!word.starts_with('-') || end.is_some_and(|c| c.is_whitespace() || *c == '='))
        });
        let Some(word) = found else { return false };
        self.at += word.len();
        if word.starts_with('-') && self.peek() == Some('=') {
            self.at += 1;
        }
        self.skip_blanks();
        true
    }

    /// A field selector behind `field:` or `--field-selector`; `None` where none begins here.
    fn field_selector(&mut self) -> Option<Result<Test, QueryError>> {
        if !self.announced(["field:", "--field-selector"]) {
            return None;
        }
        let start = self.at;
        let text = self.run();
        let known = || FIELDS.iter().filter_map(|(field, name)| Some((*field, find(self.columns, name)?)));
        if !self.columns.iter().any(|column| column.name == "labels") {
            let next = "quote it to search for the text itself";
            return Some(self.fail(start, "what is listed here has no fields to select by", next));
        }
        let mut wanted = Vec::new();
        for part in text.split(',') {
            let Some((field, value)) = part.split_once('=') else {
                let next = "field selectors are a=b and a!=b, with commas between";
                return Some(self.fail(start, format!("«{part}» is no field selector"), next));
            };
            let (field, relation) = match field.strip_suffix('!') {
                Some(field) => (field, Relation::Unequal),
                None => (field, Relation::Equal),
            };
            let value = value.strip_prefix('=').unwrap_or(value);
            let Some((_, column)) = known().find(|(known, _)| *known == field) else {
                let names: Vec<_> = known().map(|(field, _)| field).collect();
                let what = format!("{field} is no field that is known of these");
                return Some(self.fail(start, what, format!("there are {}", names.join(", "))));
            };
            wanted.push((column, relation, value.to_owned()));
        }
        Some(Ok(Test::Fields(wanted)))
    }

    /// A label selector behind `label:` or `-l`; `None` where none begins here.
    fn selector(&mut self) -> Option<Result<Test, QueryError>> {
        if !self.announced(["label:", "-l"]) {
            return None;
        }
        if !self.columns.iter().any(|column| column.name == "labels") {
            return Some(self.fail(
                self.at,
                "what is listed here has no labels",
                "quote it to search for the text itself",
            ));
        }
        Some(match Selector::read(&self.chars, self.at) {
            Ok((selector, end)) => {
                self.at = end;
                Ok(Test::Labels(selector))
            }
            Err((at, what, next)) => self.fail(at, what, next),
        })
    }

    /// A plain word, or a column with a relation and an operand.
    fn word(&mut self) -> Result<Test, QueryError> {
        if let Some(selector) = self.selector().or_else(|| self.field_selector()) {
            return selector;
        }
        let start = self.at;
        while self.peek().is_some_and(|c| !c.is_whitespace()) && self.relation().is_none() {
            self.at += 1;
        }
        let end = self.at;
        let name = self.text(start, end);
        let column = find(self.columns, &name);
        if column.is_some() {
            self.skip_blanks();
        }
        let Some((relation, length)) = self.relation() else {
            self.at = end;
            return Ok(Test::Anywhere(self.literal(start, &name)?));
        };
        let Some(column) = column else {
            let what =
                if name.is_empty() { "no column is named".into() } else { format!("no column is called {name}") };
            let names: Vec<_> = self.columns.iter().map(|column| column.name).collect();
            let next = format!("there are {}; quote it to search for the text itself", names.join(", "));
            return self.fail(start, what, next);
        };
        self.at += length;
        self.skip_blanks();
        self.comparison(column, relation)
    }

    /// The relation that stands here and its length; `None` in it is `~`.
    fn relation(&self) -> Option<(Option<Relation>, usize)> {
        let equals = self.chars.get(self.at + 1) == Some(&'=');
        match (self.peek()?, equals) {
            ('!', true) => Some((Some(Relation::Unequal), 2)),
            ('>', true) => Some((Some(Relation::GreaterOrEqual), 2)),
            ('<', true) => Some((Some(Relation::LessOrEqual), 2)),
            ('>', false) => Some((Some(Relation::Greater), 1)),
            ('<', false) => Some((Some(Relation::Less), 1)),
            ('=', true) => Some((Some(Relation::Equal), 2)),
            ('=', false) => Some((Some(Relation::Equal), 1)),
            ('~', _) => Some((None, 1)),
            _ => None,
        }
    }

    fn comparison(&mut self, column: usize, relation: Option<Relation>) -> Result<Test, QueryError> {
        let start = self.at;
        let Some(relation) = relation else { return Ok(Test::Matches { column, pattern: self.wanted_pattern()? }) };
        if self.peek() == Some('"') {
            let (text, _) = self.quoted()?;
            return self.operand(start, column, relation, text, true);
        }
        let text = self.run();
        self.operand(start, column, relation, text, false)
    }

    /// Text up to the next blank.
    fn run(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(|c| !c.is_whitespace()) {
            self.at += 1;
        }
        self.text(start, self.at)
    }

    fn wanted_pattern(&mut self) -> Result<Regex, QueryError> {
        let start = self.at;
        match self.peek() {
            None => self.fail(start, "nothing follows the ~", "write a pattern, as in ~^web"),
            Some('"') => Ok(self.quoted()?.1),
            Some('/') => self.pattern(),
            Some(_) => {
                let source = self.run();
                self.compile(start, &source, !has_upper(&source))
            }
        }
    }

    fn operand(
        &self,
        at: usize,
        column: usize,
        relation: Relation,
        text: String,
        quoted: bool,
    ) -> Result<Test, QueryError> {
        let Column { name, unit, .. } = self.columns[column];
        if text == "?" && !quoted {
            return match relation {
                Relation::Equal => Ok(Test::Unknown { column, unknown: true }),
                Relation::Unequal => Ok(Test::Unknown { column, unknown: false }),
                _ => {
                    let next = format!("write {name}=? or {name}!=?");
                    self.fail(at, "what is not known is neither less nor more than anything", next)
                }
            };
        }
        if text.is_empty() && !quoted {
            let next = "write a value; \"\" is the empty text, ? is what is not known";
            return self.fail(at, format!("{name} is compared with nothing"), next);
        }
        let operand = if severity_column(self.columns) == Some(column) {
            let all = [Severity::Info, Severity::Warn, Severity::Unknown, Severity::Error, Severity::Critical];
            match all.into_iter().find(|severity| severity.word().eq_ignore_ascii_case(&text)) {
                Some(severity) => Operand::Severity(severity),
                None => {
                    let next = format!("the words are {}", all.map(Severity::word).join(", "));
                    return self.fail(at, format!("{text} is no severity"), next);
                }
            }
        } else if unit == Unit::Text {
            let case = has_upper(&text);
            Operand::Text(text, case)
        } else {
            match figure::parse(&text, unit) {
                Ok(figure) => Operand::Figure(figure),
                Err(wrong) => {
                    return self.fail(
                        at,
                        format!("{name} cannot be compared with {text}"),
                        format!("write {}", wrong.0),
                    );
                }
            }
        };
        Ok(Test::Compare { column, relation, operand })
    }
}

fn has_upper(text: &str) -> bool {
    text.chars().any(char::is_uppercase)
}

/// The column of this name or heading.
fn find(columns: &[Column], name: &str) -> Option<usize> {
    let named = columns.iter().position(|column| column.name.eq_ignore_ascii_case(name));
    named.or_else(|| columns.iter().position(|c| !name.is_empty() && c.title.eq_ignore_ascii_case(name)))
}

#[cfg(test)]
#[path = "query_tests.rs"]
mod tests;
