//! When runbooks last passed as drills, by the steps that the journal has of their runs.

use super::{Body, Event, StepStage};
use crate::model::Timestamp;
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};

/// The last drill of each runbook that passed: runs that were begun as drills, and whose end says that they succeeded.
pub fn passed<'a>(steps: impl IntoIterator<Item = &'a Event>) -> BTreeMap<CompactString, Timestamp> {
    let mut drills = BTreeSet::new();
    let mut ended = Vec::new();
    for event in steps {
        let (Some(run), Some(Body::Step { runbook, data: Some(data), .. })) = (&event.header.run, &event.body) else {
            continue;
        };
        let is = |key: &str, word: &str| data.get(key).and_then(|value| value.as_str()) == Some(word);
        if is("what", "begun") && is("mode", "drill") {
            drills.insert(run.clone());
        } else if is("what", "finished") && is("outcome", "succeeded") {
            ended.push((run.clone(), runbook.clone(), event.header.occurred_at));
        }
    }
    let mut passed = BTreeMap::new();
    for (_, runbook, at) in ended.into_iter().filter(|(run, ..)| drills.contains(run)) {
        let last = passed.entry(runbook).or_insert(at);
        *last = at.max(*last);
    }
    passed
}

/// Whether an event is the end of a run, so that drills have to be looked at anew.
pub fn ends_run(event: &Event) -> bool {
    matches!(event.body, Some(Body::Step { stage: StepStage::Finished, .. }))
}
