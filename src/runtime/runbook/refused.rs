//! What the rule book refuses of a run is written down, with whom it was taken to.

use super::{House, Refusal, act};
use crate::{
    clock,
    model::journal::IncidentId,
    ops::ledger::refused,
    runbook::{field::Field as _, plan::Plan},
};
use std::time::Duration;

/// How long the journal may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Writes down that a step was refused, where it was the rule book that did.
pub fn document(house: &House, plan: &Plan, step: &str, refusal: &Refusal, incident: Option<IncidentId>) {
    let Some(stop) = &refusal.stop else { return };
    let act = plan.step(step).and_then(|planned| Some((planned.target.clone(), planned.step.act()?)));
    let Some((target, act)) = act else { return };
    let ready = act.ready().map_err(|why| why.to_string());
    let Ok(operations) = ready.and_then(|act| act::operations(house, &target, &act)) else { return };
    let drafts: Vec<_> = operations
        .iter()
        .map(|operation| {
            let mut draft = refused(operation, stop, house.actor.clone(), clock::now());
            draft.incident = incident;
            draft
        })
        .collect();
    if let Err(error) = house.journal.append_blocking(drafts, PATIENCE) {
        tracing::warn!(%error, "a refusal could not be recorded");
    }
}
