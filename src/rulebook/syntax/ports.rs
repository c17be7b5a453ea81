//! The registry of ports: every table of a Markdown page that has a column for ports.

use crate::model::finding::Span;

/// A port that is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    pub first: u16,
    pub last: u16,
    /// `tcp`, `udp` or `sctp`; any where it is not said.
    pub protocol: Option<String>,
    /// What stands in the column of services, as it is written.
    pub service: String,
    /// The host that it is for, where there is a column for hosts.
    pub host: String,
    pub span: Span,
}

/// Reads every row of every table with a column for ports. Rows without a port are passed over.
pub fn parse(text: &str) -> Vec<Registered> {
    let mut all = Vec::new();
    let mut columns: Option<Columns> = None;
    let mut before: Option<Vec<Cell<'_>>> = None;
    let mut fence: Option<&str> = None;
    for (line, number) in text.lines().zip(1_u32..) {
        let trimmed = line.trim_start();
        if let Some(mark) = ["```", "~~~"].into_iter().find(|mark| trimmed.starts_with(mark)) {
            fence = if fence == Some(mark) { None } else { fence.or(Some(mark)) };
            continue;
        }
        if fence.is_some() || !line.contains('|') {
            (columns, before) = (None, None);
            continue;
        }
        let row = cells(line);
        if is_rule(&row) && columns.is_none() {
            columns = before.take().and_then(|header| Columns::of(&header));
        } else if let Some(columns) = &columns {
            columns.row(&row, number, &mut all);
        } else {
            before = Some(row);
        }
    }
    all
}

/// A cell's text and the column, in characters, where it begins.
#[derive(Debug, Clone, Copy)]
struct Cell<'t> {
    text: &'t str,
    column: u32,
}

fn cells(line: &str) -> Vec<Cell<'_>> {
    let (mut all, mut start, mut column, mut begin) = (Vec::new(), 0, 1_u32, 1_u32);
    let mut is_escaped = false;
    for (at, c) in line.char_indices() {
        if c == '|' && !is_escaped {
            all.push(cell(&line[start..at], begin));
            (start, begin) = (at + 1, column.saturating_add(1));
        }
        is_escaped = c == '\\' && !is_escaped;
        column = column.saturating_add(1);
    }
    all.push(cell(&line[start..], begin));
    // The strokes at both ends make cells of nothing.
    if all.first().is_some_and(|cell| cell.text.is_empty()) {
        all.remove(0);
    }
    if all.len() > 1 && all.last().is_some_and(|cell| cell.text.is_empty()) {
        all.pop();
    }
    all
}

fn cell(text: &str, column: u32) -> Cell<'_> {
    let lead = text.chars().take_while(|c| c.is_whitespace()).count();
    Cell { text: text.trim(), column: column.saturating_add(u32::try_from(lead).unwrap_or(u32::MAX)) }
}

fn is_rule(row: &[Cell<'_>]) -> bool {
    row.iter().all(|cell| cell.text.contains('-') && cell.text.chars().all(|c| matches!(c, '-' | ':')))
}

struct Columns {
    port: usize,
    protocol: Option<usize>,
    service: Option<usize>,
    host: Option<usize>,
}

impl Columns {
    /// `None` where no column is for ports.
    fn of(header: &[Cell<'_>]) -> Option<Self> {
        let names: Vec<String> = header.iter().map(|cell| plain(cell.text).to_lowercase()).collect();
        let find = |is: &dyn Fn(&str) -> bool| names.iter().position(|name| is(name));
        let is_inner = |name: &str| ["container", "internal", "target", "inner"].iter().any(|word| name.contains(word));
        let is_outer = |name: &str| ["host", "external", "published", "public"].iter().any(|word| name.contains(word));
        let has_port =
            |name: &str| name.split(|c: char| !c.is_alphanumeric()).any(|word| matches!(word, "port" | "ports"));
        let port = find(&|name| matches!(name, "port" | "ports"))
            .or_else(|| find(&|name| has_port(name) && is_outer(name)))
            .or_else(|| find(&|name| has_port(name) && !is_inner(name)))?;
        let service =
            find(&|name| ["service", "container", "application", "app", "name", "used by", "owner"].contains(&name));
        Some(Self {
            port,
            protocol: find(&|name| matches!(name, "protocol" | "proto")),
            service,
            host: find(&|name| {
                matches!(name, "host" | "server" | "machine" | "node" | "environment" | "env" | "address" | "interface")
            }),
        })
    }

    fn row(&self, row: &[Cell<'_>], line: u32, all: &mut Vec<Registered>) {
        let Some(cell) = row.get(self.port) else { return };
        let text = |at: Option<usize>| at.and_then(|at| row.get(at)).map(|cell| plain(cell.text)).unwrap_or_default();
        let protocol = text(self.protocol).to_lowercase();
        // `8080, 8081/udp` and `8080 and 8081` are several.
        let mut column = cell.column;
        for part in cell.text.split_inclusive([',', ' ', ';']) {
            let begin = column;
            column = column.saturating_add(u32::try_from(part.chars().count()).unwrap_or(u32::MAX));
            let lead = part.chars().take_while(|c| matches!(c, '`' | '*' | '_' | ':')).count();
            let word = part.trim_matches(|c: char| matches!(c, '`' | '*' | '_' | ',' | ';' | ' ' | ':'));
            let (number, own) = word.split_once('/').map_or((word, None), |(number, own)| (number, Some(own)));
            let Some((first, last)) = range(number) else { continue };
            let protocols: Vec<&str> =
                own.unwrap_or(&protocol).split(['/', '+', ',', ' ']).filter(|one| !one.is_empty()).collect();
            let known = |one: &str| matches!(one.to_lowercase().as_str(), "tcp" | "udp" | "sctp");
            let one = (protocols.len() == 1 && known(protocols[0])).then(|| protocols[0].to_lowercase());
            let span = Span::on_line(
                line,
                begin.saturating_add(u32::try_from(lead).unwrap_or(0)),
                u32::try_from(word.chars().count()).unwrap_or(1),
            );
            let (service, host) = (text(self.service), text(self.host));
            all.push(Registered { first, last, protocol: one, service, host, span });
        }
    }
}

/// A text without marks of emphasis, code and links.
fn plain(text: &str) -> String {
    let text = text.trim_matches(|c: char| matches!(c, '`' | '*' | '_' | ' '));
    let link = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    link.map_or(text, |(name, _)| name).to_owned()
}

fn range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once(['-', '–']).unwrap_or((text, text));
    let (first, last) = (first.parse::<u16>().ok()?, last.parse::<u16>().ok()?);
    (first > 0 && first <= last).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(text: &str) -> Vec<String> {
        let one = |port: Registered| {
            let (line, column, end) = (port.span.line, port.span.column, port.span.end_column);
            format!(
                "{}-{} {} {} {line}:{column}-{end}",
                port.first,
                port.last,
                port.protocol.as_deref().unwrap_or("any"),
                port.service
            )
        };
        parse(text).into_iter().map(one).collect()
    }

    #[test]
    fn tables_of_every_form() {
        let text = "# Ports\n\n| Service | Port | Notes |\n|---|---:|---|\n| web | 8080 | x |\n| **dns** | `53/udp` | |\n| many | 1-3, 9000 | |\n| none | tbd | |\n\ntext | 9999\n\nPort | Proto | App\n:-- | --- | ---\n5432 | TCP | [db](db.md)\n";
        assert_eq!(
            told(text),
            [
                "8080-8080 any web 5:9-13",
                "53-53 udp dns 6:14-20",
                "1-3 any many 7:10-13",
                "9000-9000 any many 7:15-19",
                "5432-5432 tcp db 14:1-5"
            ]
        );
    }

    #[test]
    fn the_right_column_is_taken() {
        let text = "|Container port|Host port|Name|\n|-|-|-|\n|80|8080|web|\n\n|Name|Version|\n|-|-|\n|x|443|\n";
        assert_eq!(told(text), ["8080-8080 any web 3:5-9"]);
        assert_eq!(told("```\n|Port|\n|-|\n|1|\n```\n"), Vec::<String>::new());
        assert_eq!(told("|Ports|Protocol|\n|-|-|\n|7|tcp/udp|\n"), ["7-7 any  3:2-3"]);
        assert_eq!(told("| Port |\n|---|\n| 0 |\n| 70000 |\n| 8 - x |\n").len(), 1);
    }

    #[test]
    fn hostile_texts_take_no_long_time() {
        parse(&"|".repeat(1_000_000));
        parse(&"|Port|\n|-|\n|1,1,1,1|\n".repeat(50_000));
        parse(&format!("|Port|\n|-|\n|{}|\n", "1,".repeat(300_000)));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in any::<String>(), table in "[|\\-P:orts 0-9\n`,]{0,80}") {
            parse(&text);
            parse(&format!("|Port|\n|-|\n{table}"));
        }
    }
}
