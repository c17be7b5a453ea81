//! YAML (and JSON, which is YAML) as documents of [`Node`]s with places. Scalars are read by YAML 1.2's core schema, with the `yes` and
//! `no` of 1.1 left as texts, as Kubernetes and compose take them.

use super::{
    Fault,
    node::{Data, Entry, Node},
};
use crate::model::finding::Span;
use compact_str::CompactString;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, StrInput};
use std::collections::HashMap;

/// Nodes that a file may have, those that aliases repeat included.
const MOST_NODES: usize = 1_000_000;
/// How deep a file may be nested.
const DEEPEST: usize = 100;

/// Reads every document. An empty document is left out.
///
/// # Errors
/// What is no YAML, and what is too large: aliases that multiply, nesting without end.
pub fn parse(text: &str) -> Result<Vec<Node>, Fault> {
    let fault = match read(text, &[]) {
        Err(fault) if text.len() <= LARGEST_MENDED && is_of_indentation(&fault) => fault,
        read => return read,
    };
    // Every other reader takes a `]` or `}` that closes at the column of its key, or left of it; this parser does not.
    let mut shifted = Vec::new();
    let (mut text, mut at) = (text.to_owned(), fault.span);
    while let Some(line) = at.filter(|_| shifted.len() < MOST_MENDED).and_then(|span| closing_line(&text, span.line)) {
        if shifted.last() == Some(&line.1) {
            break;
        }
        text.insert_str(line.0, &" ".repeat(SHIFT));
        shifted.push(line.1);
        match read(&text, &shifted) {
            Ok(documents) => return Ok(documents),
            Err(other) => at = other.span.filter(|_| is_of_indentation(&other)),
        }
    }
    Err(fault)
}

/// Larger texts are not mended, and no more lines than this: each is another reading.
const LARGEST_MENDED: usize = 256 << 10;
const MOST_MENDED: usize = 40;
/// By how much a line is moved to the right.
const SHIFT: usize = 80;

/// Whether a fault is that something stands too far left.
fn is_of_indentation(fault: &Fault) -> bool {
    fault.message.contains("invalid indentation")
}

/// Where the line at a fault, or the next that is not empty, begins, and its number, if it begins with what closes a list or a map.
fn closing_line(text: &str, number: u32) -> Option<(usize, u32)> {
    let mut start = 0;
    for (line, at) in text.split_inclusive('\n').zip(1_u32..) {
        if at >= number && !line.trim().is_empty() {
            return line.trim_start().starts_with([']', '}']).then_some((start, at));
        }
        start += line.len();
    }
    None
}

/// Reads it as it is; the columns of lines that were shifted are those that they had before.
fn read(text: &str, shifted: &[u32]) -> Result<Vec<Node>, Fault> {
    let mut reader = Reader { parser: Parser::new_from_str(text), anchors: HashMap::new(), nodes: 0, shifted };
    let mut documents = Vec::new();
    while let Some((event, span)) = reader.next()? {
        match event {
            Event::StreamEnd => break,
            Event::DocumentStart(_) => reader.anchors.clear(),
            Event::DocumentEnd | Event::StreamStart | Event::Nothing => {}
            event => {
                let node = reader.node(event, span, 0)?;
                if !node.is_null() {
                    documents.push(node);
                }
            }
        }
    }
    Ok(documents)
}

/// Reads the only document; null where there is none.
///
/// # Errors
/// As [`parse`]; also where there are several.
pub fn parse_one(text: &str) -> Result<Node, Fault> {
    let mut documents = parse(text)?;
    if let Some(second) = documents.get(1) {
        return Err(Fault::at(second.span, "several documents where one is expected"));
    }
    Ok(documents.pop().unwrap_or(Node::of(Data::Null)))
}

/// The values that have a tag of their own (`!reset`, `!override`, `!vault`), by the line and column where they begin.
///
/// # Errors
/// What is no YAML.
pub fn tags(text: &str) -> Result<HashMap<(u32, u32), CompactString>, Fault> {
    let mut parser = Parser::new_from_str(text);
    let mut tags = HashMap::new();
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| fault(&error))?;
        let tag = match event {
            Event::StreamEnd => break,
            Event::Scalar(_, _, _, tag) | Event::SequenceStart(_, tag) | Event::MappingStart(_, tag) => tag,
            _ => None,
        };
        if let Some(tag) = tag.filter(|tag| tag.handle == "!") {
            tags.insert(mark(&span.start), tag.suffix.as_str().into());
        }
    }
    Ok(tags)
}

struct Reader<'t> {
    parser: Parser<'t, StrInput<'t>>,
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
    /// Lines that were moved to the right.
    shifted: &'t [u32],
}

impl<'t> Reader<'t> {
    /// A place as it was before lines were moved.
    fn place(&self, span: &saphyr_parser::Span) -> Span {
        let mut place = place(span);
        let back = |line: u32, column: u32| {
            if self.shifted.contains(&line) { column.saturating_sub(SHIFT as u32).max(1) } else { column }
        };
        place.column = back(place.line, place.column);
        place.end_column = back(place.end_line, place.end_column);
        place
    }

    fn next(&mut self) -> Result<Option<(Event<'t>, Span)>, Fault> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok((event, span))) => Ok(Some((event, self.place(&span)))),
            Some(Err(error)) => Err(fault(&error)),
        }
    }

    fn count(&mut self, nodes: usize, span: Span) -> Result<(), Fault> {
        self.nodes += nodes;
        if self.nodes > MOST_NODES {
            return Err(Fault::at(span, format!("more than {MOST_NODES} values, aliases included; it is not read on")));
        }
        Ok(())
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Node, Fault> {
        if depth > DEEPEST {
            return Err(Fault::at(span, format!("nested deeper than {DEEPEST}; it is not read on")));
        }
        self.count(1, span)?;
        let before = self.nodes;
        let (anchor, node) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let forced = tag.as_ref().is_some_and(|tag| tag.suffix == "str" || tag.handle == "!");
                let plain = style == ScalarStyle::Plain && !forced;
                let data = if plain { scalar(&text) } else { Data::Text(text.into()) };
                (anchor, Node { span: Some(span), data })
            }
            Event::SequenceStart(anchor, _) => (anchor, self.list(span, depth)?),
            Event::MappingStart(anchor, _) => (anchor, self.map(span, depth)?),
            Event::Alias(anchor) => {
                let Some((node, nodes)) = self.anchors.get(&anchor).cloned() else {
                    return Err(Fault::at(span, "an alias of something that is not complete"));
                };
                self.count(nodes, span)?;
                return Ok(node);
            }
            _ => return Err(Fault::at(span, "a value is missing")),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), self.nodes - before + 1));
        }
        Ok(node)
    }

    fn list(&mut self, start: Span, depth: usize) -> Result<Node, Fault> {
        let mut items: Vec<Node> = Vec::new();
        loop {
            match self.next()? {
                Some((Event::SequenceEnd, end)) => {
                    let end = items.last().and_then(|item| item.span).unwrap_or(end);
                    return Ok(Node { span: Some(start.to(end)), data: Data::List(items.into()) });
                }
                Some((event, span)) => items.push(self.node(event, span, depth + 1)?),
                None => return Err(Fault::at(start, "the list has no end")),
            }
        }
    }

    fn map(&mut self, start: Span, depth: usize) -> Result<Node, Fault> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut merged: Vec<Entry> = Vec::new();
        loop {
            let (event, key_span) = match self.next()? {
                Some((Event::MappingEnd, end)) => {
                    let last = entries.last().and_then(|entry| entry.value.span.or(entry.key_span));
                    let end = last.unwrap_or(end);
                    // What is merged in stands below what is written out.
                    merged.retain(|entry| !entries.iter().any(|own| own.key == entry.key));
                    merged.append(&mut entries);
                    return Ok(Node { span: Some(start.to(end)), data: Data::Map(merged.into()) });
                }
                Some(next) => next,
                None => return Err(Fault::at(start, "the map has no end")),
            };
            let key_node = self.node(event, key_span, depth + 1)?;
            let key = key_node.scalar().map_or_else(|| key_of(&key_node), CompactString::from);
            let Some((event, span)) = self.next()? else { return Err(Fault::at(key_span, "the key has no value")) };
            let value = self.node(event, span, depth + 1)?;
            if key == "<<" {
                let parts = if value.items().is_empty() { std::slice::from_ref(&value) } else { value.items() };
                for entry in parts.iter().flat_map(Node::entries) {
                    if !merged.iter().any(|known| known.key == entry.key) {
                        merged.push(entry.clone());
                    }
                }
            } else {
                entries.push(Entry { key, key_span: Some(key_span), value });
            }
        }
    }
}

/// The text of a key that is no scalar.
fn key_of(key: &Node) -> CompactString {
    if key.is_null() { CompactString::const_new("null") } else { key.to_json().to_string().into() }
}

/// What a plain scalar is, by the core schema (<https://yaml.org/spec/1.2.2/#103-core-schema>).
fn scalar(text: &str) -> Data {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Data::Null,
        "true" | "True" | "TRUE" => return Data::Bool(true),
        "false" | "False" | "FALSE" => return Data::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Data::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" => return Data::Float(f64::INFINITY),
        "-.inf" => return Data::Float(f64::NEG_INFINITY),
        _ => {}
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let starts = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if !starts {
        return Data::Text(text.into());
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(number) = text.strip_prefix(prefix).and_then(|digits| i64::from_str_radix(digits, radix).ok()) {
            return Data::Int(number);
        }
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return text
            .parse()
            .map_or_else(|_| text.parse().map_or_else(|_| Data::Text(text.into()), Data::Float), Data::Int);
    }
    let is_float = digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    match text.parse() {
        Ok(number) if is_float => Data::Float(number),
        _ => Data::Text(text.into()),
    }
}

fn place(span: &saphyr_parser::Span) -> Span {
    let (line, column) = mark(&span.start);
    let (end_line, end_column) = mark(&span.end);
    Span { line, column, end_line, end_column }
}

fn mark(mark: &Marker) -> (u32, u32) {
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    (number(mark.line()).max(1), number(mark.col()).saturating_add(1))
}

fn fault(error: &ScanError) -> Fault {
    let (line, column) = mark(error.marker());
    // The parser's words for brackets without end.
    let is_too_deep = error.info().contains("recursion limit");
    let message = if is_too_deep { "nested too deep; it is not read on" } else { error.info() };
    Fault::at(Span::on_line(line, column, 1), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Node {
        parse_one(text).expect("is YAML")
    }

    fn at(node: &Node, pointer: &str) -> (u32, u32) {
        let span = node.span_of(pointer).expect("has a place");
        (span.line, span.column)
    }

    #[test]
    fn values_and_their_places() {
        let node = one("a: 1\nb:\n  - x: yes\n    y: 0x10\n  - 1.5\nc: {d: null, e: 'true'}\n");
        assert_eq!(node.at("/b/0/x").and_then(Node::as_str), Some("yes"));
        assert_eq!(node.at("/b/0/y").and_then(Node::as_int), Some(16));
        assert_eq!(node.at("/b/1").and_then(Node::as_f64), Some(1.5));
        assert_eq!(node.at("/c/e").and_then(Node::as_str), Some("true"));
        assert!(node.at("/c/d").expect("there").is_null());
        assert_eq!((at(&node, "/a"), at(&node, "/b"), at(&node, "/b/0/y")), ((1, 4), (2, 1), (4, 8)));
        assert_eq!(at(&node, "/b/0/missing/deep"), (3, 5), "the nearest part above it");
        assert_eq!(at(&node, "/c/zzz"), (6, 1));
    }

    #[test]
    fn what_closes_may_stand_at_its_key() {
        let node =
            one("a:\n  b: [\n    1,\n    2\n  ]\n  c: {\n    x: 1\n  }\nd: [\n  3\n]\ne: [{\n  f: 4\n}, 5]\ng: é\n");
        assert_eq!(node.at("/a/b/1").and_then(Node::as_int), Some(2));
        assert_eq!(node.at("/a/c/x").and_then(Node::as_int), Some(1));
        assert_eq!(
            (at(&node, "/d/0"), at(&node, "/e/0/f"), at(&node, "/e/1"), at(&node, "/g")),
            ((10, 3), (13, 6), (14, 4), (15, 4))
        );
        for text in ["a: ]\n", "a:\n  b: 1\n ]\n", "a: [1,\nb: 2\n", "}\n", "a: |\n  x\n]\n"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn lines_go_on_over_documents() {
        let documents = parse("a: 1\n---\n---\nb: 2\n").expect("is YAML");
        assert_eq!(documents.len(), 2);
        assert_eq!(at(&documents[1], "/b"), (4, 4));
        assert!(parse_one("a: 1\n---\nb: 2\n").is_err());
        assert!(one("# nothing\n").is_null());
    }

    #[test]
    fn merges_and_aliases() {
        let node = one("base: &b {x: 1, y: 2}\nown:\n  <<: *b\n  y: 3\n");
        assert_eq!(node.at("/own/x").and_then(Node::as_int), Some(1));
        assert_eq!(node.at("/own/y").and_then(Node::as_int), Some(3));
    }

    #[test]
    fn tags_are_found_where_their_values_begin() {
        let text = "a: !reset []\nb: !override\n  c: 1\nd: !reset\ne: !reset null\nf: !!str 1\n";
        let (tags, node) = (tags(text).expect("is YAML"), one(text));
        let tag = |key: &str| {
            let span = node.get(key).and_then(|node| node.span).expect("has a place");
            tags.get(&(span.line, span.column)).map(CompactString::as_str)
        };
        assert_eq!(
            ["a", "b", "d", "e", "f"].map(tag),
            [Some("reset"), Some("override"), Some("reset"), Some("reset"), None]
        );
    }

    #[test]
    fn what_is_wrong_has_a_place() {
        let fault = parse("a: 1\nb: [1,\nc: 2\n").expect_err("is no YAML");
        assert!(fault.span.is_some_and(|span| span.line >= 2), "{fault:?}");
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for n in 1..10 {
            let items = vec![format!("*a{}", n - 1); 10].join(", ");
            bomb.push_str(&format!("a{n}: &a{n} [{items}]\n"));
        }
        assert!(parse(&bomb).expect_err("too much").message.contains("aliases"));
        assert!(parse(&"[".repeat(5_000)).is_err());
        assert!(parse(&"- ".repeat(5_000)).is_err());
    }
}
