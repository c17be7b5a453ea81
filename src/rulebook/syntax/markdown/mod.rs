//! Markdown pages: CommonMark with GitHub's tables and footnotes (<https://github.github.com/gfm/>), read by `pulldown-cmark`. Kept is what
//! a check asks of a page: headings with their anchors, links, tables, times, paragraphs and list items, code blocks, and the front matter.

mod html;
mod places;
mod reader;
mod slug;
mod times;

use super::{Fault, node::Node, yaml};
use crate::model::{Timestamp, finding::Span};
use compact_str::CompactString;
pub use slug::slug;
pub use times::Zone;

/// A page.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// The YAML between `---` at the very top.
    pub front: Option<Node>,
    /// Why the front matter cannot be read, if it cannot.
    pub front_fault: Option<Fault>,
    pub headings: Vec<Heading>,
    pub links: Vec<Link>,
    pub tables: Vec<Table>,
    /// Paragraphs and list items that stand in nothing else.
    pub blocks: Vec<Block>,
    pub code: Vec<CodeBlock>,
    pub times: Vec<Time>,
    /// Anchors that HTML in the page sets, or a heading by `{#name}`.
    pub anchors: Vec<CompactString>,
}

/// A heading.
#[derive(Debug, Clone, PartialEq)]
pub struct Heading {
    /// From 1.
    pub level: u8,
    pub text: String,
    /// Its anchor, as GitHub makes it.
    pub slug: String,
    pub span: Span,
}

/// A link, an image, or the definition that links refer to.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// As it is written, unescaped.
    pub target: String,
    /// Where the target stands.
    pub span: Span,
    pub is_image: bool,
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub header: Vec<Cell>,
    pub rows: Vec<Vec<Cell>>,
    pub span: Span,
}

/// A cell of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// What is read there, without marks of Markdown.
    pub text: String,
    pub span: Span,
}

/// A paragraph or a list item (with all that is in it).
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    pub is_item: bool,
    /// What is read there, without marks of Markdown.
    pub text: String,
    pub span: Span,
}

/// A block of code.
#[derive(Debug, Clone, PartialEq)]
pub struct CodeBlock {
    /// What stands after the fence: `sh`; empty for none.
    pub language: CompactString,
    pub text: String,
    pub span: Span,
}

/// A time of day that stands in the text; not in code.
#[derive(Debug, Clone, PartialEq)]
pub struct Time {
    pub text: String,
    pub span: Span,
    pub zone: Zone,
    pub has_date: bool,
    pub is_half_day: bool,
    /// The moment, where it can be told.
    pub at: Option<Timestamp>,
}

/// Times of day in any text: what they are, and the bytes where they stand.
pub fn times_in(text: &str) -> Vec<times::Time> {
    times::times(text)
}

impl Page {
    /// Gives back the room for more: it is kept as long as the file is there.
    fn shrink(&mut self) {
        self.headings.shrink_to_fit();
        self.links.shrink_to_fit();
        for table in &mut self.tables {
            table.header.shrink_to_fit();
            table.rows.iter_mut().for_each(Vec::shrink_to_fit);
            table.rows.shrink_to_fit();
            table.header.iter_mut().chain(table.rows.iter_mut().flatten()).for_each(|cell| cell.text.shrink_to_fit());
        }
        self.tables.shrink_to_fit();
        self.blocks.iter_mut().for_each(|block| block.text.shrink_to_fit());
        self.blocks.shrink_to_fit();
        self.code.iter_mut().for_each(|code| code.text.shrink_to_fit());
        self.code.shrink_to_fit();
        self.times.shrink_to_fit();
    }

    /// The heading that a line stands under.
    pub fn heading_above(&self, line: u32) -> Option<&Heading> {
        self.headings.iter().take_while(|heading| heading.span.line <= line).last()
    }

    /// Whether something in the page can be linked to by this name.
    pub fn has_anchor(&self, name: &str) -> bool {
        self.headings.iter().any(|heading| heading.slug == name) || self.anchors.iter().any(|anchor| anchor == name)
    }

    /// Its first heading, or nothing.
    pub fn title(&self) -> Option<&Heading> {
        self.headings.first()
    }
}

/// Reads a text. Any text is a page; what is wrong with the front matter is in [`Page::front_fault`].
///
/// # Errors
/// None at present; readers of all formats have this shape.
pub fn parse(text: &str) -> Result<Page, Fault> {
    let (front, body) = front_matter(text);
    let mut page = reader::read(text, body);
    page.shrink();
    match front.map(yaml::parse_one) {
        Some(Ok(node)) => page.front = Some(node),
        Some(Err(fault)) => page.front_fault = Some(fault),
        None => {}
    }
    Ok(page)
}

/// The front matter with the line that opens it (so that lines are the file's), and where the page itself begins.
fn front_matter(text: &str) -> (Option<&str>, usize) {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut at = start;
    for (number, line) in text[start..].split_inclusive('\n').enumerate() {
        let mark = line.trim_end();
        match (number, mark) {
            (0, "---") => {}
            (0, _) => break,
            (_, "---" | "...") => return (Some(&text[start..at]), at + line.len()),
            _ => {}
        }
        at += line.len();
    }
    (None, start)
}

#[cfg(test)]
mod tests;
