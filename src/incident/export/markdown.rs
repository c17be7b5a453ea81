//! An incident as a Markdown document that reads well to somebody who was not there.

use super::{markdown_text as md, told_rows};
use crate::incident::{
    figures::{self, Figure, Took},
    milestones::Known,
    names::Names,
    record::Record,
    state::Incident,
    tasks::Task,
    timeline::{Row, RowId, ended_operations},
};
use crate::model::{
    Timestamp,
    journal::{Body, LinkKind, Milestone, OperationStage, Role, TaskState},
    units,
};
use std::fmt::Write;

/// `2026-11-23 02:14:07 UTC`.
pub fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Lines of a document. Writing into a string cannot fail.
#[derive(Debug, Default)]
pub struct Document(String);

impl Document {
    /// A line, and a line break.
    pub fn line(&mut self, line: impl AsRef<str>) {
        self.0.push_str(line.as_ref());
        self.0.push('\n');
    }

    /// A header of this depth, with blank lines around it. The text is our own or has been escaped.
    pub fn head(&mut self, depth: usize, text: &str) {
        if !self.0.is_empty() {
            self.line("");
        }
        let _ = writeln!(self.0, "{} {text}\n", "#".repeat(depth));
    }

    /// A table. Cells are our own or have been escaped.
    pub fn table(&mut self, head: &[&str], rows: &[Vec<String>]) {
        let _ = writeln!(self.0, "| {} |", head.join(" | "));
        let _ = writeln!(self.0, "|{}", " --- |".repeat(head.len()));
        for row in rows {
            let _ = writeln!(self.0, "| {} |", row.join(" | "));
        }
    }

    /// The text.
    pub fn finish(self) -> String {
        self.0
    }
}

/// The document of an incident, as it stands at `now`.
pub fn incident(incident: &Incident, record: &Record<'_>, names: &Names, now: Timestamp) -> String {
    let mut page = Document::default();
    page.head(1, &format!("{}: {}", incident.name, md(&incident.title)));
    page.line(lead(incident, names, now));
    page.line("");
    facts(&mut page, incident, now);
    milestones(&mut page, incident);
    severities(&mut page, incident, now);
    roles(&mut page, incident);
    page.head(2, "Timeline");
    page.line("All times are UTC.");
    timeline(&mut page, &told_rows(incident, record, names), None);
    operations(&mut page, incident, record);
    tasks(&mut page, incident, now);
    links(&mut page, incident, names);
    let escalations = incident.escalations.len();
    page.line("");
    let called =
        if escalations > 0 { format!(" Levels of escalation that were called: {escalations}.") } else { String::new() };
    page.line(format!(
        "Written by flightdeck at {} from {} entries of the journal; identity `{}`.{called}",
        moment(now),
        incident.entries,
        incident.id
    ));
    page.finish()
}

/// A few sentences that say what it was.
fn lead(incident: &Incident, names: &Names, now: Timestamp) -> String {
    let severity = incident.worst_severity().map_or("of unknown severity", |severity| severity.word());
    let kind = if incident.drill { "A drill" } else { "An incident" };
    let by = md(&incident.declared_by.name);
    let mut lead = format!("{kind}, {severity} at its worst, declared by {by} at {}.", moment(incident.declared_at));
    if let Some(reason) = &incident.withdrawn {
        let _ = write!(lead, " It was withdrawn: {}.", md(reason));
    } else if let Some(into) = incident.merged_into {
        let name = names.name(into).map_or_else(|| into.to_string(), ToString::to_string);
        let _ = write!(lead, " It goes on as {name}.");
    } else if let Some(resolved) = &incident.resolved {
        let open = units::span(incident.open_seconds(now));
        let _ = write!(lead, " Resolved by {} at {}, after {open}", md(&resolved.by), moment(resolved.at));
        let said = md(&resolved.text);
        lead.push_str(&if said.is_empty() { ".".to_owned() } else { format!(": {said}.") });
    } else {
        let open = units::span(incident.open_seconds(now));
        let _ = write!(lead, " It is open for {open}, and in the phase *{}*.", incident.phase.word());
    }
    if incident.spells.len() > 1 {
        let _ = write!(lead, " It was reopened {} times.", incident.spells.len() - 1);
    }
    lead
}

fn facts(page: &mut Document, incident: &Incident, now: Timestamp) {
    let severity = incident.severity.map_or("?", |severity| severity.word());
    let mut rows = vec![
        vec!["Severity".to_owned(), severity.to_owned()],
        vec!["Phase".to_owned(), incident.phase.word().to_owned()],
        vec!["Open for".to_owned(), units::span(incident.open_seconds(now))],
    ];
    if incident.drill {
        rows.push(vec!["Drill".to_owned(), "yes; it does not count in figures".to_owned()]);
    }
    let objects = crate::incident::wrong::names_of(&incident.objects, 5);
    if !objects.is_empty() {
        rows.push(vec!["What it is about".to_owned(), md(&objects)]);
    }
    let people: Vec<_> = incident.participants.iter().map(|person| md(&person.name)).collect();
    rows.push(vec!["Who took part".to_owned(), people.join(", ")]);
    page.table(&["", ""], &rows);
}

/// The figures and the moments that they are made of.
pub fn milestones(page: &mut Document, incident: &Incident) {
    page.head(2, "Milestones and figures");
    let row = |milestone: Milestone| {
        let (at, how) = match incident.milestones.get(&milestone) {
            None => ("not known".to_owned(), String::new()),
            Some(moment_of) => {
                let how = if moment_of.known == Known::Set { "" } else { "as it seems: " };
                (moment(moment_of.at), format!("{how}{}", md(&moment_of.why)))
            }
        };
        let mut words = milestone.words().to_owned();
        words[..1].make_ascii_uppercase();
        vec![words, at, how]
    };
    page.table(&["Milestone", "When", "How it is known"], &Milestone::ALL.map(row));
    page.line("");
    let row =
        |(figure, took): (&Figure, &Took)| vec![figure.word().to_owned(), figure.words().to_owned(), took_words(*took)];
    page.table(&["Figure", "", ""], &figures::of(incident).iter().map(row).collect::<Vec<_>>());
}

/// `34m`, or why there is no figure.
pub fn took_words(took: Took) -> String {
    match took {
        Took::Seconds(seconds) => units::span(seconds),
        Took::Negative(seconds) => format!("? (it ends {} before it begins)", units::span(seconds)),
        Took::Missing(milestone) => format!("? (*{}* is not known)", milestone.words()),
    }
}

fn severities(page: &mut Document, incident: &Incident, now: Timestamp) {
    if incident.severities.len() < 2 {
        return;
    }
    page.head(2, "Severity");
    let ends = incident.severities.iter().skip(1).map(|next| next.at);
    let end = incident.resolved.as_ref().map_or(now, |resolved| resolved.at);
    let row = |(severed, until): (&crate::incident::state::Severed, Timestamp)| {
        let lasted = units::span(until.duration_since(severed.at).as_secs_f64());
        vec![severed.severity.word().to_owned(), moment(severed.at), lasted, md(&severed.by), md(&severed.reason)]
    };
    let rows: Vec<_> = incident.severities.iter().zip(ends.chain([end])).map(row).collect();
    page.table(&["Severity", "From", "For", "By", "Why"], &rows);
}

/// Who was what.
pub fn roles(page: &mut Document, incident: &Incident) {
    let mut rows = Vec::new();
    for role in Role::ALL {
        for held in incident.roles.get(&role).map_or(&[][..], |state| &state.history) {
            let until = held.until.map_or_else(|| "the end".to_owned(), moment);
            rows.push(vec![role.title().to_owned(), md(&held.person), moment(held.since), until]);
        }
    }
    if !rows.is_empty() {
        page.head(2, "Who was what");
        page.table(&["Role", "Who", "From", "Until"], &rows);
    }
}

/// Rows of a timeline, a table for each day. `cite` gives what an event is cited by, where it is cited.
pub fn timeline(page: &mut Document, rows: &[Row], cite: Option<&dyn Fn(&Row) -> String>) {
    let mut day = String::new();
    for row in rows {
        let of_row = units::day(row.at);
        if of_row != day {
            page.head(3, &of_row);
            day = of_row;
            page.line(if cite.is_some() { "| Time | What | Who | Event |" } else { "| Time | What | Who |" });
            page.line(if cite.is_some() { "| --- | --- | --- | --- |" } else { "| --- | --- | --- |" });
        }
        let time = match row.until.filter(|until| *until != row.at) {
            Some(until) => format!("{} – {}", row.at.strftime("%H:%M:%S"), until.strftime("%H:%M:%S")),
            None => row.at.strftime("%H:%M:%S").to_string(),
        };
        let who = if row.by_program { String::new() } else { md(&row.actor) };
        let cite = cite.map_or_else(String::new, |cite| format!(" {} |", cite(row)));
        page.line(format!("| {time} | {} | {who} |{cite}", told(row)));
    }
}

fn told(row: &Row) -> String {
    let text = md(&row.text);
    let mut told = match (&row.withdrawn, row.id) {
        (Some(reason), _) => format!("~~{text}~~ (withdrawn: {})", md(reason)),
        (None, RowId::Milestone(_)) => format!("**{text}**"),
        (None, RowId::Event(_)) => text,
    };
    let mut marks = Vec::new();
    if row.pinned {
        marks.push("pinned".to_owned());
    }
    if row.edited {
        marks.push("edited".to_owned());
    }
    if let Some(late) = row.late_seconds {
        marks.push(format!("written down {} later", units::span(late)));
    }
    if let Some(skew) = row.skew_seconds {
        marks.push(format!("by a clock that is off by {}", units::span(skew)));
    }
    if !marks.is_empty() {
        let _ = write!(told, " *({})*", marks.join(", "));
    }
    told
}

/// What was done through the gate, and with what outcome.
pub fn operations(page: &mut Document, incident: &Incident, record: &Record<'_>) {
    let mut rows = Vec::new();
    let seen = incident.seen(record);
    let ended = ended_operations(&seen, record);
    for entry in seen.into_iter().filter(|entry| !ended.contains(&entry.id)) {
        let Some(Body::Operation { stage, operation, detail, .. }) = entry.body() else { continue };
        let outcome = match stage {
            OperationStage::Intended => "begun, and no outcome known",
            OperationStage::Done => "done",
            OperationStage::Failed => "failed",
            OperationStage::Unknown => "nobody knows",
            OperationStage::Refused => "refused",
        };
        let outcome = if detail.trim().is_empty() { outcome.to_owned() } else { format!("{outcome}: {}", md(detail)) };
        rows.push(vec![moment(entry.at()), md(operation), outcome, md(&entry.shown().event.header.actor.name)]);
    }
    if !rows.is_empty() {
        page.head(2, "Operations");
        page.table(&["When", "What", "Outcome", "Who"], &rows);
    }
}

fn tasks(page: &mut Document, incident: &Incident, now: Timestamp) {
    let row = |task: &Task| {
        let owner = if task.owner.is_empty() { "nobody yet".to_owned() } else { md(&task.owner) };
        let state = task_state(task, now).to_owned();
        vec![md(&task.title), owner, task.due.map_or_else(|| "?".to_owned(), moment), state]
    };
    let of_incident = incident.tasks.iter().filter(|task| task.action.is_none());
    let rows: Vec<_> = of_incident.map(row).collect();
    if !rows.is_empty() {
        page.head(2, "Tasks");
        page.table(&["Task", "Owner", "Due", "State"], &rows);
    }
    actions(page, 2, incident, now);
}

/// The actions that are to come of an incident; nothing where there are none.
pub fn actions(page: &mut Document, depth: usize, incident: &Incident, now: Timestamp) {
    let row = |task: &Task| {
        let owner = if task.owner.is_empty() { "nobody yet".to_owned() } else { md(&task.owner) };
        let kind = task.action.map_or("", |action| action.word()).to_owned();
        let state = task_state(task, now).to_owned();
        vec![kind, md(&task.title), owner, task.due.map_or_else(|| "?".to_owned(), moment), state]
    };
    let rows: Vec<_> = incident.tasks.iter().filter(|task| task.action.is_some()).map(row).collect();
    if !rows.is_empty() {
        page.head(depth, "Actions");
        page.table(&["To", "What", "Owner", "Due", "State"], &rows);
    }
}

fn task_state(task: &Task, now: Timestamp) -> &'static str {
    match task.state {
        TaskState::Done => "done",
        TaskState::Dropped => "dropped",
        TaskState::Open if task.is_overdue(now) => "open, overdue",
        TaskState::Open => "open",
    }
}

fn links(page: &mut Document, incident: &Incident, names: &Names) {
    if incident.links.is_empty() && incident.files.is_empty() {
        return;
    }
    page.head(2, "Links and files");
    for link in &incident.links {
        let to = link.incident.map(|id| names.name(id).map_or_else(|| id.to_string(), ToString::to_string));
        let to =
            to.into_iter().chain((!link.target.is_empty()).then(|| md(&link.target))).collect::<Vec<_>>().join(", ");
        let how = match link.link {
            LinkKind::Related => "related: ",
            LinkKind::CausedBy => "caused by: ",
            LinkKind::Page => "",
        };
        page.line(format!("- {how}{to}"));
    }
    for file in &incident.files {
        page.line(format!("- {}: {} (SHA-256 `{}`)", md(&file.what), md(&file.path), file.digest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::{
        Incidents,
        sample::{Story, at, golden, outage},
    };
    use crate::model::text::is_harmless;
    use pulldown_cmark::{Event, Options, Parser};

    fn document(events: &[crate::model::journal::Event], typed: &str, now: &str) -> String {
        let record = Record::of(events);
        let incidents = Incidents::of(&record);
        let found = incidents.resolve(typed).expect("is declared");
        incident(found, &record, incidents.names(), at(now))
    }

    #[test]
    fn the_document_of_an_outage() {
        golden("incident.md", &document(&outage(), "INC-7", "24 09:00"));
    }

    #[test]
    fn the_document_of_one_that_has_just_begun() {
        let mut story = Story::new();
        story.declared("02:00", "checkout down");
        golden("incident-begun.md", &document(&story.events(), "7", "02:03"));
    }

    #[test]
    fn hostile_texts_mean_nothing() {
        let mut story = Story::new();
        let hostile = "</td><script>alert(1)</script> | ![x](http://evil) \u{1b}[2J\n# head";
        story.declared("02:00", hostile);
        story.says("02:01", hostile, Body::Note { text: hostile.into() });
        story.says("02:02", hostile, Body::Link { link: LinkKind::Page, incident: None, target: hostile.into() });
        story.says("02:03", hostile, Body::Resolved { text: hostile.into() });
        let page = document(&story.events(), "7", "02:10");
        assert!(page.chars().all(|c| c == '\n' || is_harmless(c)));
        for event in Parser::new_ext(&page, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
            let bad = matches!(event, Event::Html(_) | Event::InlineHtml(_))
                || matches!(event, Event::Start(pulldown_cmark::Tag::Link { .. } | pulldown_cmark::Tag::Image { .. }));
            assert!(!bad, "{event:?}");
        }
    }
}
