//! Moments of the samples. The including module has `model` in scope.

use super::model::Timestamp;
use jiff::SignedDuration;

/// So many seconds before.
pub fn before(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_sub(SignedDuration::from_secs(seconds)).expect("in range")
}
