//! What a run came to, for the record of a drill: each step with its times and its verdict, how long it took until things worked again, and
//! what would have been lost.

use crate::{
    incident::export::markdown_text as md,
    model::{Timestamp, redact, text::clean, units},
    runbook::run::{ActResult, Entry, Record, Run, Verdict, figures},
};
use compact_str::CompactString;
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::fmt::Write as _;

/// A step of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepReport {
    pub id: String,
    pub title: String,
    pub begun_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub seconds: Option<f64>,
    /// How often it was begun.
    pub attempts: u32,
    /// `verified`, `failed`, `inconclusive`, `undone`, `skipped`, `answered`, `done`, `refused`, `unknown`; `None` where the run did not
    /// come so far.
    pub verdict: Option<&'static str>,
    pub by: Option<CompactString>,
    pub text: String,
}

/// A run in all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub steps: Vec<StepReport>,
    pub begun_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// From the beginning of the run to the step by which things worked again: the one that reaches `mitigated`, else the last that was
    /// verified after something was done. Where the run belongs to an outage, its own recovery time runs from the start of the impact.
    pub recovery_seconds: Option<f64>,
    /// That step.
    pub recovered_by: Option<String>,
    /// What would be lost, as it was told to who decided; `None` where no step asked.
    pub recovery_point: Option<String>,
}

impl Report {
    /// What the entries of a run come to, in the order of the plan.
    pub fn of(run: &Run, entries: &[&Entry]) -> Self {
        let planned = run.plan().steps.iter().filter(|planned| planned.left_out.is_none());
        let steps: Vec<_> = planned.map(|planned| step(&planned.step.id, &planned.title, entries)).collect();
        let state = run.state();
        let recovered = figures::recovered(run, entries);
        let seconds = |at: Timestamp| Some(at.duration_since(state.begun_at?).as_secs_f64());
        Self {
            steps,
            begun_at: state.begun_at,
            ended_at: entries.iter().rev().find(|entry| matches!(entry.record, Record::Finished { .. })).map(|e| e.at),
            recovery_seconds: recovered.as_ref().and_then(|(_, at)| seconds(*at)),
            recovered_by: recovered.map(|(step, _)| step),
            recovery_point: figures::given_up(entries),
        }
    }

    /// As JSON.
    pub fn json(&self) -> Json {
        json!(self)
    }

    /// As a page of Markdown. `head` are the lines on what ran.
    pub fn markdown(&self, title: &str, head: &[(&str, String)]) -> String {
        let mut page = format!("# {}\n\n", md(title));
        for (word, value) in head {
            let _ = writeln!(page, "- {word}: {}", md(value));
        }
        let seconds = |seconds: Option<f64>| seconds.map_or_else(|| "? (not reached)".to_owned(), units::span);
        let by = self.recovered_by.as_ref().map_or_else(String::new, |step| format!(", by the step «{}»", md(step)));
        let _ = writeln!(page, "- Recovery time (RTO reached): {}{by}", seconds(self.recovery_seconds));
        let lost = self.recovery_point.as_deref().map_or_else(|| "? (no step asked)".to_owned(), md);
        let _ = writeln!(page, "- Recovery point (RPO): {lost}");
        page.push_str(
            "\n## Steps\n\nAll times are UTC.\n\n| Step | Begun | Took | Verdict | Who | What came of it |\n",
        );
        page.push_str("| --- | --- | --- | --- | --- | --- |\n");
        for step in &self.steps {
            let begun = step.begun_at.map_or_else(|| "not reached".to_owned(), units::date_clock);
            let took = step.seconds.map_or_else(String::new, units::span);
            let verdict = step.verdict.unwrap_or_default();
            let again = if step.attempts > 1 { format!(" ({} times)", step.attempts) } else { String::new() };
            let (title, by) = (md(&step.title), md(step.by.as_deref().unwrap_or_default()));
            let text = md(&clean(&redact::text(&step.text)));
            let _ = writeln!(page, "| {title} | {begun} | {took} | {verdict}{again} | {by} | {text} |");
        }
        page
    }
}

fn step(id: &str, title: &str, entries: &[&Entry]) -> StepReport {
    let own: Vec<_> = entries.iter().filter(|entry| entry.key().is_some_and(|key| key.step == id)).collect();
    let begun: Vec<_> = own.iter().filter(|entry| matches!(entry.record, Record::StepBegun { .. })).collect();
    let begun_at = begun.first().or(own.first().as_ref()).map(|entry| entry.at);
    let last = own.iter().rev().find(|entry| verdict(&entry.record).is_some());
    let ended_at = last.map(|entry| entry.at);
    StepReport {
        id: id.into(),
        title: title.into(),
        begun_at,
        ended_at,
        seconds: begun_at.zip(ended_at).map(|(from, to)| to.duration_since(from).as_secs_f64()),
        attempts: begun.len() as u32,
        verdict: last.and_then(|entry| verdict(&entry.record)),
        by: last.map(|entry| entry.by.name.clone()),
        text: last.map_or_else(String::new, |entry| entry.text()),
    }
}

fn verdict(record: &Record) -> Option<&'static str> {
    Some(match record {
        Record::Judged { verdict: Verdict::Verified, key, .. } if key.back => "undone",
        Record::Judged { verdict, .. } => match verdict {
            Verdict::Verified => "verified",
            Verdict::Failed => "failed",
            Verdict::Inconclusive => "inconclusive",
        },
        Record::Acted { result, .. } => match result {
            ActResult::Done => "done",
            ActResult::Failed => "failed",
            ActResult::Refused => "refused",
            ActResult::Unknown => "unknown",
        },
        Record::Skipped { .. } => "skipped",
        Record::Answered { .. } | Record::Branched { .. } => "answered",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::run::Key;

    #[test]
    fn every_end_of_a_step_has_a_word() {
        let judged = |verdict, back| Record::Judged {
            key: Key { back, ..Key::forward("go") },
            verdict,
            text: String::new(),
            answer: None,
        };
        assert_eq!(verdict(&judged(Verdict::Verified, false)), Some("verified"));
        assert_eq!(verdict(&judged(Verdict::Verified, true)), Some("undone"));
        assert_eq!(verdict(&judged(Verdict::Inconclusive, false)), Some("inconclusive"));
        assert_eq!(verdict(&Record::Noted { text: String::new() }), None);
    }
}
