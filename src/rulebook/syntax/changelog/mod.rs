//! A CHANGELOG in the manner of Keep a Changelog (<https://keepachangelog.com/en/1.1.0/>): sections by version, entries by category. An
//! entry may tell when, who, why and to what effect:
//!
//! ```text
//! - 2026-11-28T14:00Z (ops-a) moved web to port 8081. Why: 8080 is taken. Impact: clients reconnect. Authorised-by: cto
//! ```
//!
//! Other forms are taken too: `Who: ops-a`, a bullet for each of these under a common heading, the columns of a table.

mod fields;

use super::markdown::{Block, Page, Table};
use crate::model::{Timestamp, finding::Span};
use compact_str::CompactString;
pub use fields::Fields;
use jiff::civil::Date;
use regex::Regex;
use std::sync::LazyLock;

/// A CHANGELOG.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changelog {
    pub sections: Vec<Section>,
}

/// What belongs to one version.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Section {
    /// `None` for what is not released, and for a section that is named by its date alone.
    pub version: Option<CompactString>,
    pub is_unreleased: bool,
    pub date: Option<Date>,
    /// Its heading; `None` for entries that stand before any.
    pub span: Option<Span>,
    pub entries: Vec<Entry>,
}

/// One thing that was done.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The heading below the version: `Added`, `Removed`; empty for none.
    pub category: CompactString,
    pub text: String,
    pub span: Span,
    pub fields: Fields,
}

impl Entry {
    /// What of UTC time, who, why and impact it does not tell, in words for a person.
    pub fn missing(&self) -> Vec<&'static str> {
        let Fields { at, local_time, who, why, impact, .. } = &self.fields;
        let time = match (at, local_time) {
            (Some(_), _) => None,
            (None, Some(_)) => Some("a time in UTC (its time is not)"),
            (None, None) => Some("a time in UTC"),
        };
        let word = |value: &Option<String>, word| value.is_none().then_some(word);
        [time, word(who, "who"), word(why, "why"), word(impact, "impact")].into_iter().flatten().collect()
    }

    /// Whether it says that something breaks for others.
    pub fn is_breaking(&self) -> bool {
        static BREAKING: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"(?i)\bbreaking\b|\bincompatible\b").expect("is an expression"));
        static DENIED: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"(?i)\b(?:non|not|no|without)[- ]breaking\b").expect("is an expression"));
        let says = |text: &str| BREAKING.is_match(&DENIED.replace_all(text, ""));
        says(&self.category) || says(&self.text)
    }
}

impl Changelog {
    /// Reads a page as a CHANGELOG.
    pub fn of(page: &Page) -> Self {
        let mut sections: Vec<Section> = Vec::new();
        let mut category = CompactString::default();
        let mut parts: Vec<Part<'_>> = page.headings.iter().map(Part::Heading).collect();
        parts.extend(page.blocks.iter().map(Part::Block));
        parts.extend(page.tables.iter().map(Part::Table));
        parts.sort_by_key(Part::line);
        let mut at = 0;
        while let Some(part) = parts.get(at) {
            at += 1;
            match part {
                Part::Heading(heading) => match version(&heading.text) {
                    Some(section) if heading.level <= 3 => {
                        sections.push(Section { span: Some(heading.span), ..section });
                        category = CompactString::default();
                    }
                    _ => category = heading.text.as_str().into(),
                },
                Part::Block(block) => {
                    let fielded = parts[at..].iter().map_while(|part| part.field(block));
                    let more: Vec<&Block> = if is_field(block) { fielded.collect() } else { Vec::new() };
                    at += more.len();
                    let entry = entry(&category, block, &more);
                    push(&mut sections, entry);
                }
                Part::Table(table) => {
                    for entry in rows(&category, table) {
                        push(&mut sections, entry);
                    }
                }
            }
        }
        Self { sections }
    }

    /// Every entry with its section, the newest first.
    pub fn entries(&self) -> impl Iterator<Item = (&Section, &Entry)> {
        self.sections.iter().flat_map(|section| section.entries.iter().map(move |entry| (section, entry)))
    }
}

enum Part<'p> {
    Heading(&'p super::markdown::Heading),
    Block(&'p Block),
    Table(&'p Table),
}

impl<'p> Part<'p> {
    fn line(&self) -> u32 {
        match self {
            Part::Heading(heading) => heading.span.line,
            Part::Block(block) => block.span.line,
            Part::Table(table) => table.span.line,
        }
    }

    /// The item, where it carries on what `first` began: one field of it.
    fn field(&self, first: &Block) -> Option<&'p Block> {
        match self {
            Part::Block(block) if block.is_item == first.is_item && is_field(block) => Some(block),
            _ => None,
        }
    }
}

/// Whether an item is nothing but one field: `Who: ops-a`.
fn is_field(block: &Block) -> bool {
    fields::begins_with_label(&block.text)
}

fn push(sections: &mut Vec<Section>, entry: Entry) {
    if sections.is_empty() {
        sections.push(Section::default());
    }
    if let Some(section) = sections.last_mut() {
        section.entries.push(entry);
    }
}

/// The entry of an item, and of the items after it that carry it on. A heading such as `2026-11-28T14:00Z ops-a` gives what they lack.
fn entry(category: &CompactString, block: &Block, more: &[&Block]) -> Entry {
    let mut text = block.text.clone();
    let mut span = block.span;
    for block in more {
        text.push('\n');
        text.push_str(&block.text);
        span = span.to(block.span);
    }
    let mut fields = Fields::of(&text);
    let above = Fields::of(category);
    if fields.at.is_none() && fields.local_time.is_none() {
        (fields.at, fields.local_time) = (above.at, above.local_time);
        fields.who = fields.who.or(above.who);
    }
    Entry { category: category.clone(), text, span, fields }
}

/// The entries in the rows of a table whose columns are named as fields are.
fn rows(category: &CompactString, table: &Table) -> Vec<Entry> {
    let row = |cells: &Vec<super::markdown::Cell>| {
        let (first, last) = (cells.first()?, cells.last()?);
        let named = table.header.iter().zip(cells);
        let lines: Vec<String> = named
            .map(|(name, cell)| match fields::label(&name.text) {
                Some(label) => format!("{label}: {}", cell.text),
                None => cell.text.clone(),
            })
            .collect();
        let text = lines.join("\n");
        let fields = Fields::of_lines(&text, table.header.iter().any(|name| name.text.contains("UTC")));
        Some(Entry { category: category.clone(), text, span: first.span.to(last.span), fields })
    };
    table.rows.iter().filter_map(row).collect()
}

/// The section that a heading begins, if it does.
fn version(heading: &str) -> Option<Section> {
    static VERSION: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?x)^(?:version\s+|release\s+)?\[?(?:(?P<none>(?i:unreleased|next|upcoming))
            |(?P<date>\d{4}-\d{2}-\d{2})|[vV]?(?P<version>\d+(?:\.\w+){1,3}(?:[-+][\w.+-]+)?))\b\]?(?P<rest>.*)$",
        )
        .expect("is an expression")
    });
    static DATE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\d{4}-\d{2}-\d{2}").expect("is an expression"));
    let found = VERSION.captures(heading.trim())?;
    let date = found.name("date").or_else(|| DATE.find(found.name("rest")?.as_str()));
    // `2026-11-28T14:00Z ops-a` heads an entry, not a section.
    if found.name("date").is_some() && !super::markdown::times_in(heading).is_empty() {
        return None;
    }
    Some(Section {
        version: found.name("version").map(|version| version.as_str().into()),
        is_unreleased: found.name("none").is_some(),
        date: date.and_then(|date| date.as_str().parse().ok()),
        span: None,
        entries: Vec::new(),
    })
}

/// The moment that an entry tells, or the end of its section's day: by it an entry is older or newer than something.
pub fn moment(section: &Section, entry: &Entry) -> Option<Timestamp> {
    let day = || section.date?.at(23, 59, 59, 0).to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    entry.fields.at.or_else(day)
}

#[cfg(test)]
mod tests;
