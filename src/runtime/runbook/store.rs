//! Runs as the journal has them.

use crate::{
    journal::{self, Journal},
    model::{
        Timestamp,
        journal::{Actor, Body, Digest, EventId, IncidentId},
        nearest::did_you_mean,
    },
    runbook::run::{Entry, Input, Mode, Outcome, Run, entry_of},
};
use compact_str::CompactString;
use std::{collections::BTreeMap, time::Duration};

/// How long the journal may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// The fewest letters of a name's end that stand for the whole.
const SHORTEST_END: usize = 4;

/// A run that was found.
#[derive(Debug, Clone)]
pub struct Kept {
    pub entries: Vec<Entry>,
    pub incident: Option<IncidentId>,
}

/// A run in one line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub run: CompactString,
    pub runbook: String,
    pub target: String,
    pub mode: Mode,
    pub begun_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub by: CompactString,
    /// How it stands: `None` while it goes on, or has broken off.
    pub outcome: Option<Outcome>,
    pub text: String,
    pub incident: Option<IncidentId>,
}

/// Reads a run, by its name or by an end of it that no other has.
///
/// # Errors
/// There is none, the end is that of several, or the journal cannot be read.
pub fn read(journal: &Journal, run: &str) -> Result<Kept, String> {
    if let Some(kept) = of_name(journal, run)? {
        return Ok(kept);
    }
    let known: Vec<_> = list(journal)?.into_iter().map(|line| line.run).collect();
    let kept = of_name(journal, whole(run, &known)?)?;
    kept.ok_or_else(|| format!("there is no run «{run}» any more"))
}

fn of_name(journal: &Journal, run: &str) -> Result<Option<Kept>, String> {
    let entries = journal.run(run.into()).wait(PATIENCE).map_err(|error| error.to_string())?;
    let incident = entries.iter().find_map(|entry| entry.event.header.incident);
    let entries: Vec<_> = entries.iter().filter_map(|entry| entry_of(&entry.event)).collect();
    Ok((!entries.is_empty()).then_some(Kept { entries, incident }))
}

/// The name that ends so.
fn whole<'n>(end: &str, known: &'n [CompactString]) -> Result<&'n str, String> {
    let is_long = end.len() >= SHORTEST_END;
    let found: Vec<_> = known.iter().filter(|name| is_long && name.ends_with(end)).collect();
    match found.as_slice() {
        [name] => Ok(name),
        [] => {
            let near = did_you_mean(end, known.iter().map(CompactString::as_str));
            Err(format!("there is no run «{end}»{near}: `flightdeck runbook history` lists them"))
        }
        [first, second, ..] => {
            Err(format!("{} runs end in «{end}», {first} and {second} among them: write more of it", found.len()))
        }
    }
}

/// All runs, the newest last.
///
/// # Errors
/// The journal cannot be read.
pub fn list(journal: &Journal) -> Result<Vec<Line>, String> {
    let entries = journal.runs().wait(PATIENCE).map_err(|error| error.to_string())?;
    let mut runs: BTreeMap<CompactString, Kept> = BTreeMap::new();
    for entry in entries {
        let Some(of_run) = entry_of(&entry.event) else { continue };
        let kept = runs.entry(of_run.run.clone()).or_insert(Kept { entries: Vec::new(), incident: None });
        kept.incident = kept.incident.or(entry.event.header.incident);
        kept.entries.push(of_run);
    }
    let mut lines: Vec<_> = runs.values().filter_map(line).collect();
    lines.sort_by_key(|line| line.begun_at);
    Ok(lines)
}

fn line(kept: &Kept) -> Option<Line> {
    let run = Run::restore(&kept.entries, Actor::program()).ok()?;
    let state = run.state();
    let outcome = run.outcome();
    let is_over = matches!(outcome, Some(Outcome::Succeeded | Outcome::Failed | Outcome::Refused | Outcome::Unknown));
    Some(Line {
        run: run.id().into(),
        runbook: run.plan().runbook.clone(),
        target: run.plan().target.to_string(),
        mode: state.mode,
        begun_at: state.begun_at?,
        ended_at: state.last_at.filter(|_| is_over),
        by: state.requester.name.clone(),
        outcome,
        text: run.view().next,
        incident: kept.incident,
    })
}

/// When a runbook last passed as a drill.
///
/// # Errors
/// The journal cannot be read.
pub fn last_drill(journal: &Journal, runbook: &str) -> Result<Option<Timestamp>, String> {
    let passed =
        |line: &Line| line.runbook == runbook && line.mode == Mode::Drill && line.outcome == Some(Outcome::Succeeded);
    Ok(list(journal)?.iter().filter(|line| passed(line)).filter_map(|line| line.ended_at).max())
}

/// Approvals of a run that the journal holds, each with its event.
///
/// # Errors
/// The journal cannot be read.
pub fn approvals(journal: &Journal, run: &str) -> Result<Vec<(EventId, Input)>, String> {
    let entries = journal.run(run.into()).wait(PATIENCE).map_err(|error| error.to_string())?;
    let approval = |entry: &journal::Entry| {
        let header = &entry.event.header;
        let Some(Body::Approval { plan, approved, text }) = &entry.event.body else { return None };
        let binding: Digest = plan.parse().ok()?;
        let input = Input::Approved {
            by: header.actor.clone(),
            binding,
            approved: *approved,
            at: header.occurred_at,
            text: text.clone(),
            event: Some(header.id),
        };
        Some((header.id, input))
    };
    Ok(entries.iter().filter_map(approval).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_known_by_an_end_that_no_other_has() {
        let known =
            ["k8s-rollback-20261129T020000Z-a1b2", "k8s-rollback-20261129T030000Z-c1b2"].map(CompactString::from);
        assert_eq!(whole("a1b2", &known), Ok(known[0].as_str()));
        assert_eq!(whole("030000Z-c1b2", &known), Ok(known[1].as_str()));
        assert!(whole("1b2", &known).is_err(), "short ends mean nothing");
        assert!(whole("9f9f", &known).is_err_and(|why| why.contains("no run")));
        let twins = ["x-a1b2", "y-a1b2"].map(CompactString::from);
        assert!(whole("a1b2", &twins).is_err_and(|why| why.contains("x-a1b2 and y-a1b2")));
    }
}
