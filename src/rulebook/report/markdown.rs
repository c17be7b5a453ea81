//! The report as Markdown, for the comment on a change and for the page of a build.

use super::{Report, links::uri, plural, rule_title};
use crate::{
    model::{
        finding::{Finding, Level, Status},
        text::clean_to,
    },
    rulebook::policy::{attest, waiver::place_of},
};
use std::{collections::BTreeMap, fmt::Write};

/// How it is written.
#[derive(Debug, Clone)]
pub struct Style {
    /// Most findings that are listed; the rest is counted.
    pub most: usize,
    /// What stands before a path in a link: empty for a page at the root, `https://host/owner/repository/blob/REVISION/`.
    pub base: String,
}

impl Default for Style {
    fn default() -> Self {
        Self { most: 200, base: String::new() }
    }
}

/// Longer texts are cut.
const LONGEST: usize = 300;

/// The report as a page.
pub fn write(report: &Report, style: &Style) -> String {
    let mut page = String::from("# Rule book\n\n");
    let counts = report.counts();
    // Writing into a string cannot fail, here and below.
    let _ = writeln!(
        page,
        "**{}**, {} unknown, {} waived, {} passed; {} to {}.\n",
        plural(counts.fail, "violation"),
        counts.unknown,
        counts.waived,
        counts.pass,
        report.started_at,
        report.finished_at
    );
    if let Some(since) = &report.since {
        let (new, gone, changed, same) =
            (since.new.len(), since.gone.len(), since.changed.len(), since.unchanged.len());
        let _ =
            writeln!(page, "Since {}: {new} new, {gone} gone, {changed} changed, {same} unchanged.\n", since.before);
    }
    table(report, &mut page);
    let listed: Vec<&Finding> =
        report.sorted().into_iter().filter(|finding| finding.status != Status::Waived).collect();
    findings(&listed[..listed.len().min(style.most)], style, &mut page);
    if listed.len() > style.most {
        let _ = writeln!(page, "\n… and {} more.", listed.len() - style.most);
    }
    waived(report, style, &mut page);
    rest(report, &mut page);
    page
}

/// Violations by rule and severity.
fn table(report: &Report, page: &mut String) {
    let mut rules: BTreeMap<u8, [usize; 4]> = report.by_rule().keys().map(|rule| (*rule, [0; 4])).collect();
    for finding in report.findings.iter().filter(|finding| finding.status == Status::Fail) {
        rules.entry(finding.rule()).or_default()[finding.level as usize] += 1;
    }
    if rules.is_empty() {
        return;
    }
    page.push_str("| Rule | block | error | warn | info | unknown | waived | passed |\n|:-|-:|-:|-:|-:|-:|-:|-:|\n");
    let counts = report.by_rule();
    for (rule, [info, warn, error, block]) in rules {
        let of = counts.get(&rule).copied().unwrap_or_default();
        let cells = [block, error, warn, info, of.unknown, of.waived, of.pass];
        let cells: Vec<String> =
            cells.iter().map(|count| if *count == 0 { "·".into() } else { count.to_string() }).collect();
        let _ = writeln!(page, "| {} | {} |", rule_title(rule), cells.join(" | "));
    }
}

/// Findings by severity, then by rule.
fn findings(findings: &[&Finding], style: &Style, page: &mut String) {
    for level in Level::ALL.into_iter().rev() {
        let mut of: BTreeMap<u8, Vec<&Finding>> = BTreeMap::new();
        for finding in findings.iter().filter(|finding| finding.level == level) {
            of.entry(finding.rule()).or_default().push(finding);
        }
        if !of.is_empty() {
            let _ = write!(page, "\n## {}\n", level.word());
        }
        for (rule, findings) in of {
            let _ = write!(page, "\n### {}\n\n", rule_title(rule));
            for finding in findings {
                entry(finding, style, page);
            }
        }
    }
}

fn entry(finding: &Finding, style: &Style, page: &mut String) {
    let Finding { check, title, observed, expected, fix, .. } = finding;
    let unknown = if finding.status == Status::Unknown { "**unknown** · " } else { "" };
    let _ = write!(page, "- {unknown}**{}** {} · {}", escaped(check), escaped(title), place(finding, style));
    if finding.file.as_ref() != Some(&finding.resource) && finding.file.is_some() {
        let _ = write!(page, " · {}", escaped(&finding.resource));
    }
    if !observed.is_empty() {
        let _ = write!(page, ": {}", code(observed));
    }
    if !expected.is_empty() {
        let _ = write!(page, "; expected: {}", escaped(expected));
    }
    if let Some(owner) = &finding.owner {
        let _ = write!(page, "; owner {}", code(owner));
    }
    page.push('\n');
    if !fix.is_empty() {
        let _ = writeln!(page, "  - {}", escaped(fix));
    }
}

/// What was accepted, folded.
fn waived(report: &Report, style: &Style, page: &mut String) {
    let waived: Vec<&Finding> =
        report.sorted().into_iter().filter(|finding| finding.status == Status::Waived).collect();
    if waived.is_empty() {
        return;
    }
    let _ = write!(page, "\n<details><summary>{} waived</summary>\n\n", waived.len());
    for finding in waived.iter().take(style.most) {
        let _ =
            write!(page, "- **{}** {} · {}", escaped(&finding.check), escaped(&finding.title), place(finding, style));
        if let Some(note) = &finding.waiver {
            let until = note.expires.map(|time| format!(", until {time}")).unwrap_or_default();
            let _ = write!(page, ": {} ({}{until})", escaped(&note.reason), code(&note.owner));
        }
        page.push('\n');
    }
    if waived.len() > style.most {
        let _ = writeln!(page, "\n… and {} more.", waived.len() - style.most);
    }
    page.push_str("\n</details>\n");
}

/// What could not be read, waivers to look at, attestations that do not hold.
fn rest(report: &Report, page: &mut String) {
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            let _ = write!(page, "\n## {title}\n\n");
            for line in lines {
                let _ = writeln!(page, "- {line}");
            }
        }
    };
    let notes = report.notes.iter().map(|note| format!("{}: {}", code(&note.source), escaped(&note.message)));
    section("Not read", notes.collect());
    let waivers = report.waivers.iter().filter(|used| used.is_notable());
    section("Waivers to look at", waivers.map(|used| escaped(&used.to_string())).collect());
    section("Baseline", report.lowered.iter().map(|lowered| escaped(&lowered.to_string())).collect());
    let attested = report.attestations.iter().filter(|attested| attested.state != attest::State::Valid);
    let attested = attested.map(|attested| {
        format!("{}: {} is {}", rule_title(attested.rule), escaped(&attested.subject), attested.state.word())
    });
    section("Attestations", attested.collect());
}

/// Where it is, as a link where it is in a file.
fn place(finding: &Finding, style: &Style) -> String {
    let Some(file) = &finding.file else { return code(&place_of(finding)) };
    let span = finding.span.filter(|span| span.line > 0);
    let (shown, anchor) =
        span.map_or_else(Default::default, |span| (format!(":{}", span.line), format!("#L{}", span.line)));
    format!("[{}{shown}]({}{}{anchor})", escaped(file), style.base, uri(file))
}

/// Text as code, in as many backticks as it needs.
fn code(text: &str) -> String {
    let text = clean_to(text, LONGEST);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Text that means nothing to Markdown, HTML or the names of users.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in clean_to(text, LONGEST).chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            // A mention would tell somebody.
            '@' => safe.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' => {
                safe.push('\\');
                safe.push(c);
            }
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
#[path = "markdown_tests.rs"]
mod tests;
