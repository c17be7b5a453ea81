//! The cockpit's desk at the journal: what is to be recorded goes in here.

use crate::ops::ledger::{Ledger, LogOnly};
use std::sync::Arc;

/// The desk.
pub struct Desk {
    ledger: Arc<dyn Ledger>,
}

impl Desk {
    /// Without a journal: operations go to the log only.
    pub fn closed() -> Self {
        Self { ledger: Arc::new(LogOnly) }
    }

    /// Where operations are recorded.
    pub fn ledger(&self) -> Arc<dyn Ledger> {
        Arc::clone(&self.ledger)
    }
}
