//! How long until something is tried again.

use super::random;
use std::{pin::Pin, time::Duration};
use tokio::time::{Sleep, sleep};

/// Twice as long each time, up to a longest wait, and never quite the same: many that lost the same server do not come back as one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backoff {
    next: Duration,
    longest: Duration,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(100);

    pub fn new(longest: Duration) -> Self {
        Self { next: Self::FIRST.min(longest), longest }
    }

    /// The wait after one more failure.
    pub fn wait(&mut self) -> Duration {
        let wait = self.next;
        self.next = (wait * 2).min(self.longest);
        let random = random::bytes().map_or(u32::MAX / 2, u32::from_be_bytes);
        let jitter = f64::from(random) / f64::from(u32::MAX);
        wait.mul_f64(0.5 + jitter)
    }

    /// Something succeeded.
    pub fn reset(&mut self) {
        *self = Self::new(self.longest);
    }

    /// The same as [`Backoff::wait`], to be awaited.
    pub fn sleep(&mut self) -> Pin<Box<Sleep>> {
        Box::pin(sleep(self.wait()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_differ() {
        let longest = Duration::from_secs(2);
        let mut backoff = Backoff::new(longest);
        let waits: Vec<_> = (0..40).map(|_| backoff.wait()).collect();
        assert!(waits.iter().all(|wait| *wait <= longest.mul_f64(1.5)));
        assert!(waits[0] <= Duration::from_millis(150) && waits[10..].iter().all(|wait| *wait >= longest / 2));
        assert!(waits[10..].windows(2).any(|pair| pair[0] != pair[1]));
        backoff.reset();
        assert!(backoff.wait() <= Duration::from_millis(150));
    }
}
