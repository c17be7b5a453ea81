//! What is read of an engine while somebody looks at it.

use crate::clock;
use std::time::{Duration, Instant};

/// How often what is open is read anew, and the stores at most.
const REREAD: Duration = Duration::from_secs(5);

/// Something that is read while somebody looks at it.
#[derive(Default)]
pub(super) struct Wanted {
    pub asked: bool,
    /// Whether what was read is old.
    pub fresh: bool,
    pub read_at: Option<Instant>,
}

impl Wanted {
    pub fn is_due(&self, now: Instant) -> bool {
        let rested = self.read_at.is_none_or(|at| now.saturating_duration_since(at) >= REREAD);
        !self.asked && !self.fresh && rested
    }

    pub fn ask(&mut self) {
        (self.asked, self.fresh) = (true, true);
    }

    pub fn done(&mut self) {
        (self.asked, self.read_at) = (false, Some(clock::instant()));
    }
}
