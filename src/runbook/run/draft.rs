//! A run's entries as events of the journal, and back.

use super::{ActResult, Entry, Record, Verdict, record::Sighting};
use crate::{
    model::journal::{Actor, Body, Draft, Event, IncidentId, StepStage},
    runbook::plan::Plan,
};
use compact_str::{CompactString, format_compact};

/// What is written into the journal for an entry: the entry itself, and the milestone that its step reaches.
pub fn drafts(entry: &Entry, plan: &Plan, incident: Option<IncidentId>) -> Vec<Draft> {
    let step = entry.key().map(|key| CompactString::from(key.step));
    let body = Body::Step {
        runbook: plan.runbook.as_str().into(),
        stage: stage(entry),
        text: entry.text(),
        data: serde_json::to_value(entry).ok(),
    };
    let mut draft = Draft::new(incident, entry.at, entry.by.clone(), body);
    draft.run = Some(entry.run.clone());
    draft.object = plan.target.object();
    draft.step.clone_from(&step);
    draft.key = Some(format_compact!("run:{}:{}:{}", entry.run, entry.token, entry.sequence));
    let mut drafts = vec![draft];
    if let Record::Judged { key, verdict: Verdict::Verified, .. } = &entry.record
        && !key.back
        && let Some(milestone) = plan.step(&key.step).and_then(|planned| planned.step.milestone)
    {
        let body = Body::Milestone { milestone, at: entry.at, proposed: true };
        let mut draft = Draft::new(incident, entry.at, Actor::program(), body);
        draft.run = Some(entry.run.clone());
        draft.step = step;
        draft.key = Some(format_compact!("run:{}:{}:{}:milestone", entry.run, entry.token, entry.sequence));
        drafts.push(draft);
    }
    drafts
}

/// The entry that an event holds, where it is one of a run.
pub fn entry_of(event: &Event) -> Option<Entry> {
    match event.body.as_ref()? {
        Body::Step { data: Some(data), .. } => serde_json::from_value(data.clone()).ok(),
        _ => None,
    }
}

fn stage(entry: &Entry) -> StepStage {
    match &entry.record {
        Record::Begun { .. } | Record::StepBegun { .. } => StepStage::Begun,
        Record::Acted { result, .. } => match result {
            ActResult::Done => StepStage::Acted,
            ActResult::Failed => StepStage::Failed,
            ActResult::Refused => StepStage::Refused,
            ActResult::Unknown => StepStage::Unknown,
        },
        Record::Sighted { sighting, .. } => match sighting {
            Sighting::Done => StepStage::Acted,
            Sighting::NotDone | Sighting::Unknown => StepStage::Unknown,
        },
        Record::Judged { verdict, key, .. } => match verdict {
            Verdict::Verified if key.back => StepStage::Undone,
            Verdict::Verified => StepStage::Verified,
            Verdict::Failed => StepStage::Failed,
            Verdict::Inconclusive => StepStage::Inconclusive,
        },
        Record::Skipped { .. } => StepStage::Skipped,
        Record::Branched { .. } | Record::Opened { .. } => StepStage::Verified,
        Record::Answered { .. } => StepStage::Answered,
        Record::Approved { .. } | Record::Noted { .. } => StepStage::Noted,
        Record::Paused { .. } | Record::CancelAsked { .. } => StepStage::Paused,
        Record::Resumed { .. } | Record::Chosen { .. } => StepStage::Resumed,
        Record::Finished { .. } => StepStage::Finished,
    }
}
