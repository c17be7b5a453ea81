//! What can be done to PostgreSQL clusters and their members: under Patroni by its interface, without it by SQL.

use super::acts;
use crate::model::{object::ObjectRef, units};
use serde::{Deserialize, Serialize};

acts! {
    /// What can be done to a PostgreSQL cluster or one of its members.
    PostgresAct {
        /// Moves the leader to a replica that is at most so far behind, while the leader is there.
        Switchover { from: String, candidate: String, max_lag_bytes: u64 } = "switchover",
        /// Makes a replica the leader of a cluster that lost its own, where at most so much is lost.
        Failover { candidate: String, max_loss_bytes: u64 } = "failover",
        /// Switches automatic failover off.
        Pause = "pause",
        /// Switches automatic failover on again.
        Resume = "resume",
        /// Restarts the server of a member; `only_pending`: only where a setting waits for it.
        Restart { only_pending: bool, leads: bool } = "restart",
        /// Deletes the data of a member and copies them anew from the leader.
        Reinitialize = "reinitialize",
        /// Promotes a standby without Patroni; `fenced` says how the old primary is kept from writes.
        Promote { fenced: String, max_loss_bytes: u64 } = "promote",
    }
}

impl PostgresAct {
    /// Whether it is done to the cluster, whatever of it was chosen.
    pub const fn is_of_cluster(&self) -> bool {
        matches!(self, Self::Switchover { .. } | Self::Failover { .. } | Self::Pause | Self::Resume)
    }

    /// Its effect in one sentence.
    pub fn effect(&self, target: &ObjectRef) -> String {
        let (cluster, member) = target.in_postgres().unwrap_or((&target.id, None));
        let member = member.unwrap_or_default();
        let bytes = |count: &u64| units::bytes(*count as f64);
        match self {
            Self::Switchover { from, candidate, max_lag_bytes } => format!(
                "moves the leader of {cluster} from {from} to {candidate}, if it is at most {} behind: writes stop for seconds, connections break.",
                bytes(max_lag_bytes)
            ),
            Self::Failover { candidate, max_loss_bytes } => format!(
                "makes {candidate} the leader of {cluster}, if at most {} are lost: what it has not received is gone.",
                bytes(max_loss_bytes)
            ),
            Self::Pause => format!("pauses {cluster}: nobody takes over when its leader is lost, until it is resumed."),
            Self::Resume => format!("resumes {cluster}: Patroni elects a leader by itself again."),
            Self::Restart { only_pending, .. } => {
                let only = if *only_pending { ", if a setting waits for it" } else { "" };
                format!("restarts PostgreSQL on {member} of {cluster}{only}: its connections break.")
            }
            Self::Reinitialize => {
                format!("deletes the data of {member} of {cluster} and copies them anew from the leader.")
            }
            Self::Promote { max_loss_bytes, .. } => format!(
                "promotes {member} of {cluster}, if at most {} are lost: it takes writes on a timeline of its own.",
                bytes(max_loss_bytes)
            ),
        }
    }

    /// Why the name has to be typed, where it has.
    pub const fn danger(&self) -> Option<&'static str> {
        match self {
            Self::Switchover { .. } => Some("writes stop while the leader moves"),
            Self::Failover { .. } => Some("what was not replicated is lost"),
            Self::Promote { .. } => Some("an old primary that is not fenced goes on beside it"),
            Self::Reinitialize => Some("the data of the member are deleted"),
            Self::Restart { leads: true, .. } => Some("it leads: writes stop meanwhile"),
            Self::Pause | Self::Resume | Self::Restart { .. } => None,
        }
    }

    /// What tells it from others of its word, for one line of a log.
    pub(super) fn parameters(&self) -> String {
        match self {
            Self::Switchover { from, candidate, .. } => format!(" from {from} to {candidate} of"),
            Self::Failover { candidate, .. } => format!(" to {candidate} of"),
            _ => String::new(),
        }
    }
}
