//! How objects of a cluster are doing, and why, in words: pure functions of what the API says and of the time. Words hold no
//! ages, so that a row changes only where the judgement does.

mod node;
mod pod;
mod workload;

pub use node::node;
pub use pod::pod;
pub use workload::{Facts, cron_job, daemon_set, deployment, job, replica_set, stateful_set};

use crate::model::health::Health;
use compact_str::CompactString;

/// A judgement and its reason; the reason is empty where nothing is wrong.
pub type Judged = (Health, CompactString);

/// Nothing is wrong.
fn fine() -> Judged {
    (Health::Ok, CompactString::default())
}
