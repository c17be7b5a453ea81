//! What is recorded of operations: that one is intended, before it is begun; how it went, afterwards; and what the gate refused.

use super::{
    execute::{Deed, Failure},
    gate::{Permit, Stop},
    operation::Operation,
};
use crate::model::{
    Timestamp,
    journal::{Actor, Body, Draft, EventId, OperationStage},
};
use compact_str::format_compact;

/// Where it is recorded. The journal is one; so that this room does not know it, it is told as this.
pub trait Ledger: Send + Sync {
    /// The time.
    fn now(&self) -> Timestamp;
    /// Writes it down, and returns once that is durable. What cannot be written is kept in memory and said on the screen: an operation
    /// does not wait for a disk that is full. `None` where nothing is recorded at all.
    fn record(&self, draft: Draft) -> Option<EventId>;
}

/// Records nothing but to the log: for where no journal may be kept.
#[derive(Debug)]
pub struct LogOnly;

impl Ledger for LogOnly {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
    fn record(&self, _: Draft) -> Option<EventId> {
        None
    }
}

/// One operation's record, from its intent to its outcome.
#[derive(Debug, Clone)]
pub struct Record {
    operation: Operation,
    actor: Actor,
    intended: Option<EventId>,
}

impl Record {
    /// Records what is intended.
    pub fn begin(permit: &Permit, ledger: &dyn Ledger) -> Self {
        let (operation, actor) = (permit.operation().clone(), permit.actor().clone());
        tracing::info!(operation = %operation, actor = actor.name.as_str(), "intended");
        let mut draft = draft(&operation, actor.clone(), permit.at(), OperationStage::Intended, "");
        if let Body::Operation { data, .. } = &mut draft.body {
            *data = serde_json::to_value(&operation).ok();
        }
        let intended = ledger.record(draft);
        Self { operation, actor, intended }
    }

    /// What is recorded.
    pub const fn operation(&self) -> &Operation {
        &self.operation
    }

    /// Records how it went, and says it in words.
    ///
    /// # Errors
    /// What was being done, on what, and what went wrong.
    pub fn end(self, ledger: &dyn Ledger, outcome: Result<Deed, Failure>) -> Result<Deed, String> {
        let operation = self.operation.clone();
        self.close(ledger, outcome)
            .map(|deed| Deed { text: format!("{operation}: {}", deed.text), ..deed })
            .map_err(|failure| format!("{operation}: {failure}"))
    }

    /// Records how it went, and hands it on.
    ///
    /// # Errors
    /// That of the outcome.
    pub fn close(self, ledger: &dyn Ledger, outcome: Result<Deed, Failure>) -> Result<Deed, Failure> {
        let Self { operation, actor, intended } = self;
        let name = actor.name.to_string();
        let (stage, detail) = match &outcome {
            Ok(deed) => {
                tracing::info!(operation = %operation, actor = name, "done");
                (OperationStage::Done, deed.text.clone())
            }
            Err(Failure::Failed(why)) => {
                tracing::error!(operation = %operation, actor = name, why, "failed");
                (OperationStage::Failed, why.clone())
            }
            Err(Failure::Unknown(why)) => {
                tracing::error!(operation = %operation, actor = name, why, "outcome unknown");
                (OperationStage::Unknown, why.clone())
            }
        };
        let mut draft = draft(&operation, actor, ledger.now(), stage, &detail);
        if let Body::Operation { intended: of, .. } = &mut draft.body {
            *of = intended;
        }
        ledger.record(draft);
        outcome
    }
}

/// What is recorded where the rule book stopped an operation: that it was refused, why, and to whom that was taken.
pub fn refused(operation: &Operation, stop: &Stop, actor: Actor, at: Timestamp) -> Draft {
    let mut draft = draft(operation, actor, at, OperationStage::Refused, &stop.why);
    if let Body::Operation { escalated_to, .. } = &mut draft.body {
        *escalated_to = stop.owners.clone();
    }
    // The same key pressed again within the minute is the same refusal.
    draft.key = Some(format_compact!("refused:{operation}:{}:{}", draft.actor.name, at.as_second() / 60));
    draft
}

fn draft(operation: &Operation, actor: Actor, at: Timestamp, stage: OperationStage, detail: &str) -> Draft {
    let body = Body::Operation {
        stage,
        operation: operation.to_string(),
        detail: crate::model::redact::text(detail).into_owned(),
        intended: None,
        escalated_to: Vec::new(),
        data: None,
    };
    let draft = Draft { object: Some(operation.target()), ..Draft::new(None, at, actor, body) };
    match operation {
        Operation::Notify(telling) => {
            let key = (stage == OperationStage::Done).then(|| telling.told_key());
            Draft { incident: Some(telling.incident), key, ..draft }
        }
        _ => draft,
    }
}
