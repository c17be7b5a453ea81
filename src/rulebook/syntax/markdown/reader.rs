//! From the events of `pulldown-cmark` to a page.

use super::{
    Block, Cell, CodeBlock, Heading, Link, Page, Table, Time,
    html::{Attribute, attributes},
    places::Places,
    slug::Slugs,
    times::times,
};
use pulldown_cmark::{CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};
use std::ops::Range;

/// Reads the page that begins at `body` in a text.
pub fn read(text: &str, body: usize) -> Page {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let events = Parser::new_ext(&text[body..], options).into_offset_iter();
    let mut reader = Reader::new(text);
    let definitions = events.reference_definitions().iter();
    let mut definitions: Vec<(String, Range<usize>)> =
        definitions.map(|(_, link)| (link.dest.to_string(), moved(&link.span, body))).collect();
    definitions.sort_by_key(|(_, range)| range.start);
    for (target, range) in definitions {
        let after = text[range.clone()].find("]:").map_or(range.start, |at| range.start + at + 2);
        reader.link(target, after, false);
    }
    for (event, range) in events {
        reader.event(event, moved(&range, body));
    }
    reader.flush();
    let mut page = reader.page;
    page.links.sort_by_key(|link| link.span);
    page
}

fn moved(range: &Range<usize>, by: usize) -> Range<usize> {
    range.start + by..range.end + by
}

/// A text that is being gathered, and where it stands.
type Gathered = (String, Range<usize>);

struct Reader<'t> {
    text: &'t str,
    places: Places<'t>,
    page: Page,
    slugs: Slugs,
    heading: Option<Gathered>,
    block: Option<Gathered>,
    cell: Option<Gathered>,
    code: Option<CodeBlock>,
    table: Option<Table>,
    /// Depth in lists.
    lists: u32,
    /// For each open link: its target (none where a definition has it), where its text ends as far as it is read, whether it is an image.
    links: Vec<(Option<String>, usize, bool)>,
    /// Text without a gap that is still to be looked at for times.
    run: Range<usize>,
    is_html_block: bool,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            places: Places::new(text),
            page: Page::default(),
            slugs: Slugs::default(),
            heading: None,
            block: None,
            cell: None,
            code: None,
            table: None,
            lists: 0,
            links: Vec::new(),
            run: 0..0,
            is_html_block: false,
        }
    }

    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        let is_end = matches!(event, Event::End(_));
        if let Some(link) = self.links.last_mut()
            && !is_end
        {
            link.1 = link.1.max(if matches!(event, Event::Start(_)) { range.start } else { range.end });
        }
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag, range),
            Event::Text(text) => self.words(&text, range),
            Event::Code(text) => self.push(&text),
            Event::SoftBreak | Event::HardBreak => self.push(" "),
            Event::InlineHtml(_) => self.html(range),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        match tag {
            Tag::Heading { .. } => self.heading = Some((String::new(), range)),
            Tag::Paragraph if self.lists == 0 && self.table.is_none() => self.block = Some((String::new(), range)),
            Tag::Item | Tag::Paragraph if self.lists > 1 || self.block.is_some() => self.push("\n"),
            Tag::Item => self.block = Some((String::new(), range)),
            Tag::List(_) => self.lists += 1,
            Tag::CodeBlock(kind) => {
                let language = match kind {
                    CodeBlockKind::Fenced(info) => info.split_whitespace().next().unwrap_or_default().into(),
                    CodeBlockKind::Indented => Default::default(),
                };
                self.code = Some(CodeBlock { language, text: String::new(), span: self.places.span(range) });
            }
            Tag::Table(_) => {
                self.table = Some(Table { header: Vec::new(), rows: Vec::new(), span: self.places.span(range) });
            }
            Tag::TableRow => {
                if let Some(table) = &mut self.table {
                    table.rows.push(Vec::new());
                }
            }
            Tag::TableCell => self.cell = Some((String::new(), range)),
            Tag::Link { link_type, dest_url, .. } => self.open_link(link_type, &dest_url, range.start + 1, false),
            Tag::Image { link_type, dest_url, .. } => self.open_link(link_type, &dest_url, range.start + 2, true),
            Tag::HtmlBlock => {
                self.is_html_block = true;
                self.html(range);
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd, range: Range<usize>) {
        match tag {
            TagEnd::Heading(level) => self.end_heading(level as u8),
            TagEnd::Paragraph if self.lists == 0 => self.end_block(false),
            TagEnd::Item if self.lists == 1 => self.end_block(true),
            TagEnd::List(_) => self.lists = self.lists.saturating_sub(1),
            TagEnd::CodeBlock => self.page.code.extend(self.code.take()),
            TagEnd::Table => self.page.tables.extend(self.table.take()),
            TagEnd::TableCell => self.end_cell(),
            TagEnd::HtmlBlock => self.is_html_block = false,
            TagEnd::Link | TagEnd::Image => {
                if let Some((target, at, is_image)) = self.links.pop() {
                    if let Some(target) = target {
                        let after = self.text[at..range.end.max(at)].find("](").map_or(at, |gap| at + gap + 2);
                        self.link(target, after, is_image);
                    }
                    if let Some(outer) = self.links.last_mut() {
                        outer.1 = range.end;
                    }
                }
            }
            _ => {}
        }
    }

    /// Opens a link whose text begins at `at`; an address by itself (`<https://…>`) stands there already.
    fn open_link(&mut self, kind: LinkType, target: &str, at: usize, is_image: bool) {
        match kind {
            LinkType::Inline => self.links.push((Some(target.to_owned()), at, is_image)),
            LinkType::Autolink | LinkType::Email => {
                self.link(target.to_owned(), at, false);
                self.links.push((None, at, false));
            }
            _ => self.links.push((None, at, is_image)),
        }
    }

    /// Adds a link whose target stands at the first sign that is no blank.
    fn link(&mut self, target: String, after: usize, is_image: bool) {
        let rest = &self.text[after..];
        let mut start = after + (rest.len() - rest.trim_start().len());
        let is_quoted = self.text[start..].starts_with('<');
        start += usize::from(is_quoted);
        let rest = &self.text[start..];
        let written = if rest.starts_with(target.as_str()) {
            target.len()
        } else {
            let ends = |c: char| if is_quoted { matches!(c, '>' | '\n') } else { c.is_whitespace() || c == ')' };
            rest.find(ends).unwrap_or(rest.len())
        };
        let span = self.places.span(start..start + written);
        self.page.links.push(Link { target, span, is_image });
    }

    fn end_heading(&mut self, level: u8) {
        let Some((text, range)) = self.heading.take() else { return };
        let mut text = text.trim().to_owned();
        let span = self.places.span(range);
        // `## Title {#name}` of other makers of pages: both anchors are good.
        let slug = self.slugs.next(&text);
        if let Some((title, attributes)) = text.strip_suffix('}').and_then(|text| text.rsplit_once('{')) {
            let names = attributes.split_whitespace().filter_map(|word| word.trim_start_matches(':').strip_prefix('#'));
            self.page.anchors.extend(names.map(Into::into));
            self.page.anchors.push(super::slug(title.trim()).into());
            text = title.trim().to_owned();
        }
        self.page.headings.push(Heading { level, text, slug, span });
    }

    fn end_block(&mut self, is_item: bool) {
        if let Some((text, range)) = self.block.take() {
            let span = self.places.span(range);
            self.page.blocks.push(Block { is_item, text: text.trim().to_owned(), span });
        }
    }

    fn end_cell(&mut self) {
        let Some((text, range)) = self.cell.take() else { return };
        let written = &self.text[range.clone()];
        let blanks = written.len() - written.trim_start_matches(['|', ' ', '\t']).len();
        let start = if blanks < written.len() { range.start + blanks } else { range.start };
        let end = start + self.text[start..range.end].trim_end_matches(['|', ' ', '\t']).len();
        let cell = Cell { text: text.trim().to_owned(), span: self.places.span(start..end) };
        if let Some(table) = &mut self.table {
            // Cells before the first row are the header's.
            table.rows.last_mut().unwrap_or(&mut table.header).push(cell);
        }
    }

    fn words(&mut self, text: &str, range: Range<usize>) {
        if let Some(code) = &mut self.code {
            code.text.push_str(text);
            return;
        }
        if self.is_html_block {
            return;
        }
        self.push(text);
        if self.run.end != range.start {
            self.flush();
            self.run.start = range.start;
        }
        self.run.end = range.end;
    }

    /// Adds to whatever is being gathered.
    fn push(&mut self, text: &str) {
        for (gathered, _) in [&mut self.heading, &mut self.block, &mut self.cell].into_iter().flatten() {
            gathered.push_str(text);
        }
    }

    /// Looks for times and anchors in the text that was met without a gap.
    fn flush(&mut self) {
        let run = std::mem::take(&mut self.run);
        let text = &self.text[run.clone()];
        // `{ #name }` after a paragraph or an item.
        for (at, _) in text.match_indices('{') {
            // A name that is longer is none.
            let end = text[at + 1..].char_indices().nth(100).map_or(text.len(), |(end, _)| at + 1 + end);
            let rest = text[at + 1..end].trim_start_matches([':', ' ']);
            let name =
                rest.strip_prefix('#').and_then(|rest| rest.split(|c: char| c.is_whitespace() || c == '}').next());
            self.page.anchors.extend(name.filter(|name| !name.is_empty()).map(Into::into));
        }
        for time in times(text) {
            let range = run.start + time.range.start..run.start + time.range.end;
            self.page.times.push(Time {
                text: text[time.range].to_owned(),
                span: self.places.span(range),
                zone: time.zone,
                has_date: time.has_date,
                is_half_day: time.is_half_day,
                at: time.at,
            });
        }
    }

    fn html(&mut self, range: Range<usize>) {
        for attribute in attributes(&self.text[range.clone()]) {
            match attribute {
                Attribute::Anchor(name) => self.page.anchors.push(name.into()),
                Attribute::Target(target, within) => self.link(target, range.start + within.start, false),
            }
        }
    }
}
