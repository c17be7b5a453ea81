//! The report for a person at a terminal: what weighs most first, the fix once a check, then what is known of each of the twenty
//! rules, what could not be read, and what the run comes to.

use super::{
    Report,
    columns::{Paint, padded, width, wrapped},
    plural, rule_title,
};
use crate::{
    model::{
        Timestamp,
        finding::{Finding, Level, Status},
        text::{clean, clean_to},
    },
    rulebook::{
        RULES,
        policy::{attest, since::Change, waiver::place_of},
    },
};
use std::collections::{BTreeMap, HashMap};

/// How it is written.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Cells of a line.
    pub width: usize,
    /// Whether the terminal shows colours.
    pub colour: bool,
    /// From which level on a run fails.
    pub fail_on: Level,
}

impl Default for Style {
    fn default() -> Self {
        Self { width: 100, colour: false, fail_on: Level::Error }
    }
}

/// The report as lines, each ended by a line break.
pub fn write(report: &Report, style: &Style) -> String {
    let mut page = Page { lines: Vec::new(), paint: Paint(style.colour), width: style.width.clamp(40, 400) };
    findings(report, &mut page);
    waived(report, &mut page);
    scoreboard(report, &mut page);
    rest(report, &mut page);
    closing(report, style.fail_on, &mut page);
    let mut text = page.lines.join("\n");
    text.push('\n');
    text
}

struct Page {
    lines: Vec<String>,
    paint: Paint,
    width: usize,
}

impl Page {
    /// A heading, apart from what is above.
    fn heading(&mut self, text: String) {
        if !self.lines.is_empty() {
            self.lines.push(String::new());
        }
        self.lines.push(text);
    }

    /// Text with an indent, in as many lines as it needs.
    fn paragraph(&mut self, indent: usize, text: &str) {
        for line in wrapped(text, self.width - indent) {
            self.lines.push(format!("{}{line}", " ".repeat(indent)));
        }
    }

    /// A place, and beside it what is said of it: below it, where the place is long.
    fn row(&mut self, place: &str, column: usize, said: &str) {
        const INDENT: usize = 4;
        let place = clean(place);
        let beside = width(&place) <= column;
        let (mut head, indent) = if beside {
            (Some(format!("{}{}  ", " ".repeat(INDENT), padded(&place, column))), INDENT + column + 2)
        } else {
            self.lines.push(format!("{}{place}", " ".repeat(INDENT)));
            (None, INDENT * 2)
        };
        for line in wrapped(said, self.width.saturating_sub(indent)) {
            let start = head.take().unwrap_or_else(|| " ".repeat(indent));
            self.lines.push(format!("{start}{line}"));
        }
        if let Some(head) = head {
            self.lines.push(head.trim_end().to_owned());
        }
    }
}

/// Findings of one check, under one title.
struct Group<'r> {
    check: &'r str,
    title: &'r str,
    findings: Vec<&'r Finding>,
}

fn groups<'r>(findings: impl Iterator<Item = &'r Finding>) -> Vec<Group<'r>> {
    let mut groups: Vec<Group<'r>> = Vec::new();
    let mut at: HashMap<(&str, &str), usize> = HashMap::new();
    for finding in findings {
        let (check, title) = (finding.check.as_str(), finding.title.as_str());
        let at = *at.entry((check, title)).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.findings.push(finding),
            None => groups.push(Group { check, title, findings: vec![finding] }),
        }
    }
    groups
}

/// What is violated or could not be judged: by severity, then by check.
fn findings(report: &Report, page: &mut Page) {
    let changes = report.changes();
    let open: Vec<&Finding> = report.sorted().into_iter().filter(|found| found.status != Status::Waived).collect();
    for level in Level::ALL.into_iter().rev() {
        let of: Vec<&Finding> = open.iter().copied().filter(|finding| finding.level == level).collect();
        if of.is_empty() {
            continue;
        }
        let unknown = of.iter().filter(|finding| finding.status == Status::Unknown).count();
        let mut count = plural(of.len(), "finding");
        if unknown > 0 {
            count.push_str(&format!(", {unknown} of them unknown"));
        }
        page.heading(format!("{}  {count}", page.paint.level(level, &level.word().to_uppercase())));
        for group in groups(of.into_iter()) {
            let title = format!("{} {}", clean(group.check), clean(group.title));
            page.lines.push(format!("  {}", page.paint.bold(&title)));
            rows(report, &group, &changes, page);
        }
    }
}

/// A row a finding, and the fix at the end, unless a finding has its own.
fn rows(report: &Report, group: &Group<'_>, changes: &HashMap<&str, Change>, page: &mut Page) {
    let places: Vec<String> = group.findings.iter().map(|finding| place(finding)).collect();
    let column = column(&places, page.width);
    let common = group.findings.first().map_or("", |finding| finding.fix.as_str());
    for (finding, place) in group.findings.iter().zip(&places) {
        let mut said = if finding.status == Status::Unknown { "unknown: ".to_owned() } else { String::new() };
        said.push_str(&finding.observed);
        let aside = aside(report, finding, changes.get(finding.fingerprint.as_str()).copied());
        if !aside.is_empty() {
            said.push_str(&format!(" ({aside})"));
        }
        page.row(place, column, &said);
        if finding.fix != common && !finding.fix.is_empty() {
            page.paragraph(8, &format!("fix: {}", finding.fix));
        }
    }
    if !common.is_empty() {
        page.paragraph(4, &format!("fix: {common}"));
    }
}

/// How wide the column of places is: as the widest, but no more than half of the page.
fn column(places: &[String], page: usize) -> usize {
    let fitting = places.iter().map(|place| width(&clean(place))).filter(|width| *width <= page / 2);
    fitting.max().unwrap_or_default()
}

/// `path:line:column`, or where the object is; the object too, where it is not the file.
fn place(finding: &Finding) -> String {
    let place = place_of(finding);
    match finding.span.filter(|span| span.line > 0) {
        Some(span) if finding.file.is_some() => format!("{place}:{}:{}", span.line, span.column.max(1)),
        _ => place,
    }
}

/// The object, its owner, the age, and whether it is new.
fn aside(report: &Report, finding: &Finding, change: Option<Change>) -> String {
    let mut parts = Vec::new();
    if finding.file.as_ref().is_some_and(|file| *file != finding.resource) {
        parts.push(finding.resource.to_string());
    }
    parts.extend(finding.owner.as_ref().map(|owner| format!("owner {owner}")));
    match change {
        Some(Change::New) => parts.push("new".into()),
        Some(Change::Changed) => parts.push("changed".into()),
        Some(Change::Unchanged) | None => {
            let first = report.first_seen.get(&finding.fingerprint);
            parts.extend(first.and_then(|first| age(*first, report.finished_at)).map(|age| format!("for {age}")));
        }
    }
    parts.join(", ")
}

/// `3 d`, `5 h`, `12 min`; nothing under a minute.
fn age(from: Timestamp, to: Timestamp) -> Option<String> {
    let minutes = to.duration_since(from).as_secs() / 60;
    match minutes {
        ..=0 => None,
        1..=119 => Some(format!("{minutes} min")),
        120..=2_879 => Some(format!("{} h", minutes / 60)),
        _ => Some(format!("{} d", minutes / 1_440)),
    }
}

/// What was accepted, and by whom.
fn waived(report: &Report, page: &mut Page) {
    let waived: Vec<&Finding> = report.sorted().into_iter().filter(|found| found.status == Status::Waived).collect();
    if waived.is_empty() {
        return;
    }
    page.heading(format!("{}  {}", page.paint.bold("WAIVED"), plural(waived.len(), "finding")));
    for group in groups(waived.into_iter()) {
        page.lines.push(format!("  {} {}", clean(group.check), clean(group.title)));
        let places: Vec<String> = group.findings.iter().map(|finding| place(finding)).collect();
        let column = column(&places, page.width);
        for (finding, place) in group.findings.iter().zip(&places) {
            let said = finding.waiver.as_ref().map_or_else(String::new, |note| {
                let until = note.expires.map_or_else(String::new, |time| format!(" until {time}"));
                format!("{}{until}: {}", note.owner, note.reason)
            });
            page.row(place, column, &said);
        }
    }
}

/// The twenty rules, and how many judgements of each came out how. `-` where nothing was judged, which is not a pass.
fn scoreboard(report: &Report, page: &mut Page) {
    // What the numbers leave, and no more than the longest title needs.
    let column = page.width.saturating_sub(31).clamp(8, 42);
    let counts = report.by_rule();
    let head = format!("{}{:>6} {:>6} {:>8} {:>7}", padded("RULES", column), "pass", "fail", "unknown", "waived");
    page.heading(page.paint.bold(&head));
    let known = (1..=RULES.len()).filter_map(|rule| u8::try_from(rule).ok());
    let itself = counts.contains_key(&0).then_some(0);
    for rule in known.chain(itself) {
        let of = counts.get(&rule).copied().unwrap_or_default();
        let cell = |count: usize| if of.is_empty() { "-".to_owned() } else { count.to_string() };
        let title = match rule {
            0 => format!("   {}", rule_title(0)),
            1..=9 => format!(" {}", rule_title(rule)),
            _ => rule_title(rule),
        };
        let line = format!(
            "{}{:>6} {:>6} {:>8} {:>7}",
            padded(&clean_to(&title, column), column),
            cell(of.pass),
            cell(of.fail),
            cell(of.unknown),
            cell(of.waived)
        );
        page.lines.push(if of.is_empty() { page.paint.dim(&line) } else { line });
    }
}

/// What could not be read, waivers to look at, a baseline that accepts too much, attestations that do not hold.
fn rest(report: &Report, page: &mut Page) {
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            page.heading(page.paint.bold(title));
            for line in lines {
                page.paragraph(2, &line);
            }
        }
    };
    let notes = report.notes.iter().map(|note| format!("{}: {}", note.source, note.message));
    section("NOT READ, SO UNKNOWN", notes.collect());
    let waivers = report.waivers.iter().filter(|used| used.is_notable());
    section("WAIVERS TO LOOK AT", waivers.map(ToString::to_string).collect());
    section("BASELINE", report.lowered.iter().map(ToString::to_string).collect());
    let attested = report.attestations.iter().filter(|attested| attested.state != attest::State::Valid);
    let attested = attested.map(|attested| {
        let when = match (attested.state, attested.expires) {
            (attest::State::Expired, Some(time)) => format!("expired at {time}"),
            (state, _) => state.word().to_owned(),
        };
        format!("{}: {}: {when}", rule_title(attested.rule), attested.subject)
    });
    section("ATTESTATIONS", attested.collect());
}

/// The counts, and what they mean for who asked.
fn closing(report: &Report, fail_on: Level, page: &mut Page) {
    if let Some(since) = &report.since {
        let mut text = format!(
            "since {}: {} new, {} gone, {} changed, {} unchanged",
            since.before,
            since.new.len(),
            since.gone.len(),
            since.changed.len(),
            since.unchanged.len()
        );
        if !since.unseen.is_empty() {
            text.push_str(&format!(", {} not looked at this time", since.unseen.len()));
        }
        page.lines.push(String::new());
        page.paragraph(0, &text);
    }
    let counts = report.counts();
    let levels: BTreeMap<_, _> = report.by_level(Status::Fail).into_iter().filter(|(_, count)| *count > 0).collect();
    let levels: Vec<String> = levels.iter().rev().map(|(level, count)| format!("{count} {}", level.word())).collect();
    let levels = if levels.is_empty() { String::new() } else { format!(" ({})", levels.join(", ")) };
    let seconds = report.finished_at.duration_since(report.started_at).as_secs_f64();
    let summary = format!(
        "{}{levels}, {} unknown, {} waived, {} passed in {seconds:.1} s",
        plural(counts.fail, "violation"),
        counts.unknown,
        counts.waived,
        counts.pass
    );
    page.lines.push(String::new());
    for line in wrapped(&summary, page.width) {
        page.lines.push(page.paint.bold(&line));
    }
    let word = fail_on.word();
    let verdict = match report.counting(fail_on) {
        0 => format!("passed: nothing at or above {word} (--fail-on)"),
        count => format!("failed: {count} at or above {word} (--fail-on), what is unknown counted in"),
    };
    page.paragraph(0, &verdict);
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
