//! Files of variables: `.env`, and what compose calls an `env_file`. Rules of syntax:
//! <https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax>.

use super::interpolate::{self, Filled};
use crate::model::finding::Span;
use std::collections::BTreeMap;

/// A line that sets a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub name: String,
    pub name_span: Span,
    /// Without its quotes; `None` where the line has a name only, and the shell gives the value.
    pub value: Option<String>,
    /// The value with its quotes.
    pub value_span: Option<Span>,
    /// Whether it stands in single quotes, and no variable is filled in.
    pub is_literal: bool,
}

/// Every line that sets a variable, in their order. A line that cannot be understood is passed over, as a shell's comment would be.
pub fn parse(text: &str) -> Vec<Assignment> {
    let mut lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines().zip(1_u32..).peekable();
    let mut all = Vec::new();
    while let Some((line, number)) = lines.next() {
        let Some((mut one, at)) = head(line, number) else { continue };
        let Some(at) = at else {
            all.push(one);
            continue;
        };
        let raw = &line[at..];
        let lead = raw.len() - raw.trim_start().len();
        let raw = raw[lead..].trim_end();
        let column = columns(&line[..at + lead]) + 1;
        let quote = raw.chars().next().filter(|c| matches!(c, '"' | '\''));
        let mut span = Span::on_line(number, column, columns(raw));
        let value = match quote {
            None => {
                let plain = uncommented(raw);
                span = Span::on_line(number, column, columns(plain));
                plain.to_owned()
            }
            Some(quote) => {
                let (mut inside, mut end) = quoted(&raw[1..], quote);
                if let Some(end) = end {
                    span = Span::on_line(number, column, columns(&raw[..end + 2]));
                }
                // A quoted value may go on over lines; one whose quote never closes is that line only.
                let mut further = lines.clone();
                while end.is_none() && further.peek().is_some() {
                    let Some((line, next)) = further.next() else { break };
                    let (more, closes) = quoted(line, quote);
                    inside.push('\n');
                    inside.push_str(&more);
                    if let Some(at) = closes {
                        end = closes;
                        span.end_line = next;
                        span.end_column = columns(&line[..at]) + 2;
                        lines = further.clone();
                    } else if next - number > LONGEST {
                        break;
                    }
                }
                if end.is_some() { inside } else { raw.to_owned() }
            }
        };
        one.is_literal = quote == Some('\'');
        one.value = Some(value);
        one.value_span = Some(span);
        all.push(one);
    }
    all
}

/// Lines over which a quoted value may go on: a key or a certificate.
const LONGEST: u32 = 100;

/// The name of a line, and the byte where its value begins, if it has one.
fn head(line: &str, number: u32) -> Option<(Assignment, Option<usize>)> {
    let mut at = line.len() - line.trim_start().len();
    if line[at..].starts_with('#') {
        return None;
    }
    if let Some(rest) = line[at..].strip_prefix("export ") {
        at = line.len() - rest.trim_start().len();
    }
    let rest = &line[at..];
    let length = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '-'))).unwrap_or(rest.len());
    let name = &rest[..length];
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let after = rest[length..].trim_start();
    let value = match after.chars().next() {
        None | Some('#') => None,
        Some('=' | ':') => Some(line.len() - after.len() + 1),
        Some(_) => return None,
    };
    let name_span = Span::on_line(number, columns(&line[..at]) + 1, columns(name));
    let one = Assignment { name: name.to_owned(), name_span, value: None, value_span: None, is_literal: false };
    Some((one, value))
}

/// What stands before the quote that closes, with escapes resolved; and the byte of that quote.
fn quoted(text: &str, quote: char) -> (String, Option<usize>) {
    let mut inside = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return (inside, Some(at)),
            '\\' if quote == '"' => match chars.next() {
                Some((_, 'n')) => inside.push('\n'),
                Some((_, 'r')) => inside.push('\r'),
                Some((_, 't')) => inside.push('\t'),
                Some((_, c @ ('"' | '\\'))) => inside.push(c),
                Some((_, c)) => inside.extend(['\\', c]),
                None => inside.push('\\'),
            },
            '\\' if text[at + 1..].starts_with(quote) => inside.extend(chars.next().map(|(_, c)| c)),
            c => inside.push(c),
        }
    }
    (inside, None)
}

/// A value without quotes, up to the comment: `#` after a blank.
fn uncommented(raw: &str) -> &str {
    if raw.starts_with('#') {
        return "";
    }
    let end = raw.match_indices('#').map(|(at, _)| at).find(|at| raw[..*at].ends_with([' ', '\t']));
    raw[..end.unwrap_or(raw.len())].trim_end()
}

fn columns(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

/// The variables of a file, those before it filled in; `known` are those from before. A value that needs a variable which nobody knows is
/// left out.
pub fn variables(text: &str, known: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut all = known.clone();
    for one in parse(text) {
        let Some(value) = one.value else { continue };
        let value = if one.is_literal {
            value
        } else {
            match interpolate::fill(&value, &|name| all.get(name).cloned()) {
                Filled { value: Some(value), .. } => value,
                Filled { .. } => {
                    all.remove(&one.name);
                    continue;
                }
            }
        };
        all.insert(one.name, value);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(text: &str) -> Vec<(String, Option<String>)> {
        parse(text).into_iter().map(|one| (one.name, one.value)).collect()
    }

    fn one(name: &str, value: &str) -> (String, Option<String>) {
        (name.to_owned(), Some(value.to_owned()))
    }

    #[test]
    fn lines_of_every_form() {
        let text = "# no\nA=1\n export B = two words # rest\nC='$x # y'\nD=\"a\\\"b\\n\" # c\nE=a#b\nF=\nG\nH: x\n=3\n1=2\nnot one\n";
        let expected = vec![
            one("A", "1"),
            one("B", "two words"),
            one("C", "$x # y"),
            one("D", "a\"b\n"),
            one("E", "a#b"),
            one("F", ""),
            ("G".to_owned(), None),
            one("H", "x"),
        ];
        assert_eq!(values(text), expected);
    }

    #[test]
    fn places_are_those_of_name_and_value() {
        let all = parse("\n  export KEY=\"a b\" # x\n");
        assert_eq!(all[0].name_span, Span::on_line(2, 10, 3));
        assert_eq!(all[0].value_span, Some(Span::on_line(2, 14, 5)));
    }

    #[test]
    fn quoted_values_go_on_over_lines() {
        let text = "KEY=\"one\ntwo\"\nNEXT=1\nBAD=\"open\nLAST=2\n";
        let expected = vec![one("KEY", "one\ntwo"), one("NEXT", "1"), one("BAD", "\"open"), one("LAST", "2")];
        assert_eq!(values(text), expected);
        let span = parse(text)[0].value_span.expect("has a place");
        assert_eq!((span.line, span.column, span.end_line, span.end_column), (1, 5, 2, 5));
    }

    #[test]
    fn earlier_variables_are_filled_in() {
        let all = variables("A=1\nB=${A}2\nC='${A}'\nD=$NOBODY\nE=${NOBODY:-x}\n", &BTreeMap::new());
        let all: Vec<_> = all.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(all, ["A=1", "B=12", "C=${A}", "E=x"]);
    }

    #[test]
    fn hostile_texts_take_no_long_time() {
        parse(&"A=\"\n".repeat(20_000));
        parse(&format!("A={}", "\"".repeat(1_000_000)));
        parse(&"#".repeat(1_000_000));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in any::<String>()) {
            for one in parse(&text) {
                prop_assert!(one.name_span.line > 0 && one.name_span.column > 0);
            }
            variables(&text, &BTreeMap::new());
        }
    }
}
