//! The ledger of a run: what its orders do is recorded with run, step and incident.

use crate::{
    clock,
    journal::Journal,
    model::{
        Timestamp,
        journal::{Body, Draft, EventId, IncidentId, OperationStage},
    },
    ops::ledger::Ledger,
    runbook::run::Order,
};
use compact_str::{CompactString, format_compact};
use std::time::Duration;

/// How long an order waits until its intent is on the disk.
const PATIENCE: Duration = Duration::from_secs(20);

/// Records the operations of one order.
pub struct RunLedger {
    pub journal: Journal,
    pub incident: Option<IncidentId>,
    run: CompactString,
    step: CompactString,
    key: String,
}

impl RunLedger {
    /// For an order.
    pub fn new(journal: Journal, incident: Option<IncidentId>, order: &Order) -> Self {
        Self { journal, incident, run: order.run.clone(), step: order.step.as_str().into(), key: order.key.clone() }
    }
}

impl Ledger for RunLedger {
    fn now(&self) -> Timestamp {
        clock::now()
    }

    fn record(&self, mut draft: Draft) -> Option<EventId> {
        draft.run = Some(self.run.clone());
        draft.step = Some(self.step.clone());
        draft.incident = self.incident;
        if let Body::Operation { stage: OperationStage::Intended, operation, .. } = &draft.body {
            draft.key = Some(format_compact!("run:{}:{operation}", self.key));
        }
        let written = self.journal.append_blocking(vec![draft], PATIENCE);
        match written {
            Ok(written) => written.first().map(|written| written.header.id),
            Err(error) => {
                tracing::error!(%error, "an operation of a run could not be recorded yet");
                None
            }
        }
    }
}
