//! What is told of one step: what it does, what has to be so after it, the way back, what came of it.

use crate::{
    model::units,
    runbook::{
        definition::Kind,
        plan::{Asked, Plan, Planned},
        run::{ActResult, Entry, Record, StepView, Verdict},
    },
    ui::{lines::Line, theme::Role},
};

/// What a step would do.
pub fn planned(step: &Planned) -> Vec<Line> {
    let mut text = vec![Line::of(Role::Text, &step.effect)];
    let about = step.step.about.to_string();
    if !about.is_empty() {
        text.push(Line::of(Role::Dim, about.trim()));
    }
    if let Some(diff) = &step.diff {
        text.push(Line::empty());
        text.extend(diff.lines().filter(|line| !line.starts_with("@@")).map(diff_line));
        text.push(Line::empty());
    }
    // What only waits or asks has said already what it expects.
    let verify = if step.step.changes() { step.verify_words() } else { Vec::new() };
    text.extend(verify.into_iter().map(|words| Line::pair("then", words)));
    if let Some(undo) = step.undo_words() {
        text.push(Line::pair("way back", undo));
    }
    text
}

/// A line of a diff in its colour.
fn diff_line(line: &str) -> Line {
    let role = match line.trim_start().chars().next() {
        Some('+') => Role::Ok,
        Some('-') => Role::Error,
        _ => Role::Dim,
    };
    Line::of(role, line)
}

/// What was asked before.
pub fn asked(asked: &Asked) -> Vec<Line> {
    let (role, word) = match asked.ok {
        Some(true) => (Role::Ok, "it is so"),
        Some(false) => (Role::Error, "it is not so"),
        None => (Role::Unknown, "nobody can say"),
    };
    vec![
        Line::of(Role::Text, &asked.title),
        Line::of(role, word),
        Line::empty(),
        Line::pair("found", &asked.detail),
        Line::pair("asked about", asked.target.to_string()),
    ]
}

/// What a person agrees to by a step: what would be done after it, up to the next person who is asked.
pub fn agreed(plan: &Plan, id: &str) -> Vec<Line> {
    let at = plan.at(id).unwrap_or(plan.steps.len());
    let asks = matches!(plan.steps.get(at).map(|it| &it.step.kind), Some(Kind::Confirm(_) | Kind::Approval(_)));
    let after = plan.steps.iter().skip(at + 1).filter(|step| asks && step.left_out.is_none());
    let until = after.take_while(|step| !matches!(step.step.kind, Kind::Confirm(_) | Kind::Approval(_)));
    let told = until.filter(|step| step.step.changes()).flat_map(|step| {
        let head = [Line::empty(), Line::heading(&step.title)];
        head.into_iter().chain(planned(step))
    });
    told.collect()
}

/// A step in a run: what it does, how it stands, and what was written of it.
pub fn running<'e>(
    view: &StepView,
    (plan, step): (&Plan, &Planned),
    entries: impl Iterator<Item = &'e Entry>,
) -> Vec<Line> {
    let mut text = Vec::new();
    if !view.text.is_empty() && view.text != step.effect {
        text.extend([Line::of(Role::Title, &view.text), Line::empty()]);
    }
    text.extend(planned(step));
    text.extend(agreed(plan, &view.id));
    let told: Vec<_> = entries.map(entry).collect();
    if !told.is_empty() {
        text.push(Line::empty());
        text.extend(told);
    }
    text
}

/// An entry of a run in a line.
pub fn entry(entry: &Entry) -> Line {
    let (role, word) = match &entry.record {
        Record::Acted { result, .. } => match result {
            ActResult::Done => (Role::Ok, "done"),
            ActResult::Failed => (Role::Error, "FAILED"),
            ActResult::Refused => (Role::Warn, "REFUSED"),
            ActResult::Unknown => (Role::Unknown, "UNKNOWN"),
        },
        Record::Judged { verdict, .. } => match verdict {
            Verdict::Verified => (Role::Ok, "verified"),
            Verdict::Failed => (Role::Error, "NOT so"),
            Verdict::Inconclusive => (Role::Unknown, "unknown"),
        },
        Record::Paused { .. } => (Role::Warn, "paused"),
        Record::Noted { .. } => (Role::Text, "note"),
        Record::Finished { .. } => (Role::Title, "over"),
        _ => (Role::Dim, ""),
    };
    let word = if word.is_empty() { String::new() } else { format!("{word}: ") };
    let by = match &entry.record {
        Record::Noted { .. } | Record::Approved { .. } | Record::Answered { .. } | Record::Chosen { .. } => {
            format!(" ({})", entry.by.name)
        }
        _ => String::new(),
    };
    Line::of(Role::Dim, format!("{} ", units::clock(entry.at)))
        .and(role, word)
        .and(Role::Text, entry.text())
        .and(Role::Dim, by)
}
