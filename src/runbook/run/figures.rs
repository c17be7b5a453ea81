//! What a run came to in the two figures of a recovery: the step by which things worked again, and what was given up for it.

use super::{Entry, Record, Run, Verdict};
use crate::model::{Timestamp, journal::Milestone};
use serde_json::Value as Json;

/// The step by which things worked again, and when: the first one verified after an act that reaches the milestone; in a runbook without
/// one, the last that was verified.
pub fn recovered(run: &Run, entries: &[&Entry]) -> Option<(String, Timestamp)> {
    // What a person says to have done by hand counts, too.
    let is_act =
        |record: &Record| matches!(record, Record::Acted { key, .. } | Record::Answered { key, .. } if !key.back);
    let acted = entries.iter().position(|entry| is_act(&entry.record))?;
    let verified = entries.iter().skip(acted).filter_map(|entry| match &entry.record {
        Record::Judged { key, verdict: Verdict::Verified, .. } if !key.back => Some((key.step.clone(), entry.at)),
        _ => None,
    });
    let verified: Vec<_> = verified.collect();
    let mitigates = |id: &str| {
        let planned = run.plan().steps.iter().find(|planned| planned.step.id == id);
        planned.is_some_and(|planned| planned.step.milestone == Some(Milestone::Mitigated))
    };
    verified.iter().find(|(step, _)| mitigates(step)).or(verified.last()).cloned()
}

/// What was given up, in words: as it was found right before the act, or else as the last step said that asked.
pub fn given_up(entries: &[&Entry]) -> Option<String> {
    let before = entries.iter().rev().find_map(|entry| match &entry.record {
        Record::StepBegun { lost, .. } => lost.clone(),
        _ => None,
    });
    before.or_else(|| entries.iter().rev().filter_map(|entry| answer(entry)).find_map(lost))
}

fn answer(entry: &Entry) -> Option<&Json> {
    match &entry.record {
        Record::Acted { answer, .. } | Record::Judged { answer, .. } => answer.as_ref(),
        _ => None,
    }
}

/// What an answer says would be lost.
pub(super) fn lost(answer: &Json) -> Option<String> {
    match answer {
        Json::Object(map) => match map.get("rpo") {
            Some(Json::String(text)) => Some(text.clone()),
            _ => map.values().find_map(lost),
        },
        Json::Array(all) => all.iter().find_map(lost),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_would_be_lost_is_found_in_any_answer() {
        let answer = json!({"members": [{"name": "db-1"}, {"name": "db-2", "rpo": "12 MiB, of 14 s ago"}]});
        assert_eq!(lost(&answer).as_deref(), Some("12 MiB, of 14 s ago"));
        assert_eq!(lost(&json!({"rpo": 5, "name": "db-1"})), None);
    }
}
