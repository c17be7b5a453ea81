//! Telling receivers outside of an incident: attempt after attempt, recorded as one operation.

use super::{
    execute::{Deed, Failure},
    gate::Permit,
    ledger::{Ledger, Record},
    operation::{Operation, Telling},
};
use crate::client::{
    Clients,
    receiver::{Outcome, send},
};
use std::time::Duration;

/// How long a receiver may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// One attempt to tell a receiver.
pub async fn attempt(telling: &Telling, clients: &Clients) -> Outcome {
    let Some(receiver) = clients.receivers.iter().find(|receiver| receiver.name == telling.receiver) else {
        return Outcome::Refused(format!("the configuration has no receiver {}", telling.receiver));
    };
    match receiver.way.request(&telling.message) {
        Ok(outgoing) => send(&outgoing, PATIENCE).await,
        // A secret that is not there may be there later.
        Err(why) => Outcome::Again { why, after: None },
    }
}

/// What an attempt comes to, where it is the only one.
pub(super) async fn once(telling: &Telling, clients: &Clients) -> Result<Deed, Failure> {
    match attempt(telling, clients).await {
        Outcome::Taken => Ok("told".into()),
        Outcome::Again { why, .. } | Outcome::Refused(why) => Err(Failure::Failed(why)),
    }
}

/// A message on its way: its intent is recorded, its first failure too, and its end.
#[derive(Debug)]
pub struct OnItsWay {
    telling: Telling,
    record: Record,
    /// Why the first attempt was none.
    failed: Option<String>,
}

impl OnItsWay {
    /// Records what is intended; `None` where the permit is for something else.
    pub fn begin(permit: &Permit, ledger: &dyn Ledger) -> Option<Self> {
        let Operation::Notify(telling) = permit.operation() else { return None };
        let record = Record::begin(permit, ledger);
        Some(Self { telling: Telling::clone(telling), record, failed: None })
    }

    /// What is told to whom.
    pub fn telling(&self) -> &Telling {
        &self.telling
    }

    /// Why it was not taken at first.
    pub fn why(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    /// Records what came of an attempt. Of those that are to be followed by others only the first is written down. Whether it was the last.
    pub fn take(&mut self, outcome: &Outcome, ledger: &dyn Ledger) -> bool {
        let outcome = match outcome {
            Outcome::Taken => Ok("told".into()),
            Outcome::Refused(why) => Err(Failure::Failed(why.clone())),
            Outcome::Again { .. } if self.failed.is_some() => return false,
            Outcome::Again { why, .. } => {
                self.failed = Some(why.clone());
                let _ = self.record.clone().end(ledger, Err(Failure::Failed(format!("{why}; it is tried again"))));
                return false;
            }
        };
        let _ = self.record.clone().end(ledger, outcome);
        true
    }
}
