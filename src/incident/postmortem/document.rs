//! A postmortem as a document: Markdown for people, JSON for programs.

use super::{Cited, Postmortem};
use crate::incident::{
    export::{
        markdown::{Document, actions, milestones, moment, roles, timeline},
        markdown_text as md, redacted,
    },
    figures,
    timeline::Row,
};
use crate::model::{
    journal::{ReviewState, Section},
    redact, text, units,
};
use serde_json::{Value, json};

/// What belongs into a section, for who is to write it.
pub const fn guidance(section: Section) -> &'static str {
    match section {
        Section::Summary => {
            "In two or three sentences for somebody who was not there: what did not work, for whom and for how long, and what brought it back."
        }
        Section::Impact => {
            "Who noticed what, and how much of it: users, requests, money, data. Give figures, and where they are from."
        }
        Section::ContributingFactors => {
            "What had to come together for this to happen, and what made it last. There is seldom only one thing. Ask how it made sense at \
             that time to do what was done."
        }
        Section::WentWell => "What found it, limited it or mended it, and should stay as it is.",
        Section::WentBadly => {
            "What was slow, missing, misleading or hard, in tools, in the system, in how people worked together."
        }
        Section::Luck => "What could have made it worse, and only by chance did not.",
    }
}

/// The postmortem as Markdown.
pub fn markdown(postmortem: &Postmortem<'_>) -> String {
    let incident = &*postmortem.incident;
    let mut page = Document::default();
    page.head(1, &format!("Postmortem of {}: {}", incident.name, md(&incident.title)));
    head(&mut page, postmortem);
    section(&mut page, postmortem, Section::Summary);
    section(&mut page, postmortem, Section::Impact);
    measured(&mut page, postmortem);
    milestones(&mut page, incident);
    severities(&mut page, postmortem);
    roles(&mut page, incident);
    page.head(2, "Timeline");
    page.line("All times are UTC. The last column is the end of the event's identity in the journal.");
    let cite = |row: &Row| format!("`{}`", postmortem.cite(row.members[0]));
    timeline(&mut page, &postmortem.timeline, Some(&cite));
    cited(&mut page, postmortem, "Alerts", "No alert fired.", &postmortem.alerts);
    let none = "Nothing that is known was rolled out in the 24 hours before or while it lasted.";
    cited(&mut page, postmortem, "What was rolled out", none, &postmortem.deploys);
    cited(
        &mut page,
        postmortem,
        "Operations and runbooks",
        "Nothing was done through flightdeck.",
        &postmortem.operations,
    );
    for part in [Section::ContributingFactors, Section::WentWell, Section::WentBadly, Section::Luck] {
        section(&mut page, postmortem, part);
    }
    if incident.tasks.iter().any(|task| task.action.is_some()) {
        actions(&mut page, 2, incident, postmortem.now);
    } else {
        page.head(2, "Actions");
        page.line(
            "> What is to change, each to investigate, mitigate, repair, detect or prevent, with one owner and a date.",
        );
    }
    open_points(&mut page, postmortem);
    page.finish()
}

fn head(page: &mut Document, postmortem: &Postmortem<'_>) {
    let state = postmortem.incident.postmortem.state();
    let mut line = format!("State: **{}**.", state.word());
    if let Some(due) = postmortem.due.filter(|_| state < ReviewState::Reviewed) {
        let late = if postmortem.is_overdue() { ", and is overdue" } else { "" };
        line.push_str(&format!(" The review is due by {}{late}.", moment(due)));
    }
    line.push_str(&format!(" As of {}.", moment(postmortem.now)));
    page.line(line);
    page.line("");
    for step in &postmortem.incident.postmortem.steps {
        let text = md(&step.text);
        let text = if text.is_empty() { String::new() } else { format!(": {text}") };
        let cite = postmortem.cite(step.event);
        page.line(format!("- {} at {} by {}{text} (`{cite}`)", step.to.word(), moment(step.at), md(&step.by)));
    }
}

/// What people wrote, or what they are asked to write.
fn section(page: &mut Document, postmortem: &Postmortem<'_>, section: Section) {
    page.head(2, section.title());
    let written = postmortem.incident.postmortem.sections.get(&section);
    match written.filter(|written| !written.text.trim().is_empty()) {
        None => page.line(format!("> {}", guidance(section))),
        Some(written) => {
            page.line(prose(&written.text));
            page.line("");
            page.line(format!(
                "*Written by {} at {} (`{}`)*",
                md(&written.by),
                moment(written.at),
                postmortem.cite(written.event)
            ));
        }
    }
}

/// What people wrote may be Markdown, and stays it; only what could do harm is taken out: secrets, control characters, HTML, and headers
/// that would break up the document.
fn prose(written: &str) -> String {
    let redacted = redact::text(written);
    let line = |line: &str| {
        let line = text::clean(line.trim_end()).replace('<', "\\<");
        let is_header = line.trim_start().starts_with('#')
            || line.trim_start().starts_with("===")
            || line.trim_start().starts_with("---");
        if is_header { format!("\\{}", line.trim_start()) } else { line }
    };
    redacted.trim().lines().map(line).collect::<Vec<_>>().join("\n")
}

fn measured(page: &mut Document, postmortem: &Postmortem<'_>) {
    let measured = &postmortem.measured;
    let seconds = |seconds: Option<f64>| seconds.map_or_else(|| "? (not measured)".to_owned(), units::span);
    let budget = measured.error_budget_spent_ratio.map_or_else(|| "? (not measured)".to_owned(), units::percent);
    page.line("");
    page.table(
        &["Measured", ""],
        &[
            vec!["Error budget spent".into(), budget],
            vec!["Recovery time (RTO reached)".into(), seconds(measured.recovery_time_seconds)],
            vec![
                "Recovery point (RPO reached)".into(),
                measured.recovery_point.as_deref().map_or_else(|| "? (not measured)".to_owned(), md),
            ],
        ],
    );
}

fn severities(page: &mut Document, postmortem: &Postmortem<'_>) {
    page.head(2, "Severity");
    let row = |interval: &super::SeverityInterval| {
        let until = interval.to.map_or_else(|| "now".to_owned(), moment);
        let cite = format!("`{}`", postmortem.cite(interval.event));
        vec![interval.severity.word().to_owned(), moment(interval.from), until, cite]
    };
    page.table(&["Severity", "From", "Until", "Event"], &postmortem.severities.iter().map(row).collect::<Vec<_>>());
}

fn cited(page: &mut Document, postmortem: &Postmortem<'_>, title: &str, none: &str, found: &[Cited]) {
    page.head(2, title);
    if found.is_empty() {
        page.line(none);
        return;
    }
    for cited in found {
        page.line(format!("- {}: {} (`{}`)", moment(cited.at), md(&cited.text), postmortem.cite(cited.event)));
    }
}

fn open_points(page: &mut Document, postmortem: &Postmortem<'_>) {
    if postmortem.remarks.is_empty() && postmortem.lacks.is_empty() {
        return;
    }
    page.head(2, "Before it can be closed");
    for lack in &postmortem.lacks {
        page.line(format!("- [ ] {}", md(lack)));
    }
    for (section, remark) in &postmortem.remarks {
        let place = format!("{}, line {}", section.title(), remark.line);
        page.line(format!("- [ ] {place}: \"{}\" {}; {}", md(&remark.found), remark.why, remark.instead));
    }
}

/// The postmortem as JSON: times RFC 3339, durations seconds, what is not known null.
pub fn json(postmortem: &Postmortem<'_>) -> Value {
    let incident = &*postmortem.incident;
    let figures = figures::of(incident);
    let figures: serde_json::Map<_, _> = figures
        .iter()
        .map(|(figure, took)| (format!("{}_seconds", figure.word().to_lowercase()), json!(took.seconds())))
        .collect();
    let sections: serde_json::Map<_, _> = Section::ALL
        .into_iter()
        .map(|section| {
            let written = incident.postmortem.sections.get(&section);
            (section.word().to_owned(), json!({"guidance": guidance(section), "written": written}))
        })
        .collect();
    let row = |row: &Row| json!({"at": row.at, "text": row.text, "kind": row.kind, "actor": row.actor, "event": row.members[0]});
    redacted(json!({
        "incident": {"id": incident.id, "name": incident.name, "title": incident.title},
        "state": incident.postmortem.state(),
        "steps": incident.postmortem.steps,
        "due_at": postmortem.due,
        "overdue": postmortem.is_overdue(),
        "severities": postmortem.severities,
        "milestones": incident.milestones,
        "figures": figures,
        "measured": postmortem.measured,
        "roles": incident.roles,
        "timeline": postmortem.timeline.iter().map(row).collect::<Vec<_>>(),
        "alerts": postmortem.alerts,
        "deploys": postmortem.deploys,
        "operations": postmortem.operations,
        "sections": sections,
        "actions": incident.tasks.iter().filter(|task| task.action.is_some()).collect::<Vec<_>>(),
        "remarks": postmortem.remarks.iter().map(|(section, remark)| json!({"section": section, "remark": remark})).collect::<Vec<_>>(),
        "lacks": postmortem.lacks,
    }))
}
