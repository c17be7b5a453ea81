//! What can be done to PostgreSQL clusters and their members: under Patroni by its interface, without it by SQL.

use super::acts;
use crate::model::{concealed::Concealed, object::ObjectRef, text::clean_to, units};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long a server waits for its own promotion where nothing else is said, in seconds.
pub const PROMOTION_SECONDS: u32 = 60;

acts! {
    /// What can be done to a PostgreSQL cluster or one of its members.
    PostgresAct {
        /// Moves the leader to a replica that is at most so far behind, while the leader is there.
        Switchover { from: String, candidate: String, max_lag_bytes: u64 } = "switchover",
        /// Makes a replica the leader of a cluster that lost its own, where at most so much is lost.
        Failover { candidate: String, max_loss_bytes: u64 } = "failover",
        /// Has a standby cluster become a cluster of its own; `fenced` says how the cluster that it followed is kept from writes.
        PromoteCluster { fenced: String } = "promote-cluster",
        /// Switches automatic failover off.
        Pause = "pause",
        /// Switches automatic failover on again.
        Resume = "resume",
        /// Restarts the server of a member; `only_pending`: only where a setting waits for it.
        Restart { only_pending: bool, leads: bool } = "restart",
        /// Deletes the data of a member and copies them anew from the leader.
        Reinitialize = "reinitialize",
        /// Promotes a standby without Patroni, and waits so long for it; `fenced` says how the old primary is kept from writes.
        Promote { fenced: String, max_loss_bytes: u64, wait_seconds: u32 } = "promote",
        /// Has a server write a checkpoint.
        Checkpoint = "checkpoint",
        /// Writes a row with this token, to see whether writes arrive and remain.
        Canary { token: Uuid } = "canary",
        /// Has every new transaction begin read-only, and ends the sessions of clients.
        Fence = "fence",
        /// Undoes it.
        Unfence = "unfence",
        /// Runs a statement that writes; what is not its text is neither shown nor recorded.
        Sql { statement: String, parameters: Vec<Concealed>, database: Option<String> } = "sql",
    }
}

impl PostgresAct {
    /// Whether it is done to the cluster, whatever of it was chosen.
    pub const fn is_of_cluster(&self) -> bool {
        matches!(
            self,
            Self::Switchover { .. } | Self::Failover { .. } | Self::PromoteCluster { .. } | Self::Pause | Self::Resume
        )
    }

    /// Whether it is done to one server by SQL.
    pub const fn is_by_sql(&self) -> bool {
        matches!(
            self,
            Self::Promote { .. }
                | Self::Checkpoint
                | Self::Canary { .. }
                | Self::Fence
                | Self::Unfence
                | Self::Sql { .. }
        )
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
            Self::PromoteCluster { .. } => format!(
                "makes the standby cluster {cluster} a cluster of its own: its leader takes writes, and what it has not received is lost."
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
            Self::Checkpoint => format!("has {member} of {cluster} write a checkpoint."),
            Self::Canary { .. } => {
                format!(
                    "writes one row into flightdeck.canary on {member} of {cluster}, which it makes where it is missing."
                )
            }
            Self::Fence => format!(
                "has new transactions on {member} of {cluster} begin read-only, and ends the sessions of its clients; who asks for it by name can still write."
            ),
            Self::Unfence => format!("lets new transactions on {member} of {cluster} write again."),
            Self::Sql { statement, .. } => format!("runs on {member} of {cluster}: {}", one_line(statement)),
        }
    }

    /// Why the name has to be typed, where it has.
    pub const fn danger(&self) -> Option<&'static str> {
        match self {
            Self::Switchover { .. } => Some("writes stop while the leader moves"),
            Self::Failover { .. } => Some("what was not replicated is lost"),
            Self::Promote { .. } => Some("an old primary that is not fenced goes on beside it"),
            Self::PromoteCluster { .. } => Some("a cluster that it followed and that is not fenced goes on beside it"),
            Self::Reinitialize => Some("the data of the member are deleted"),
            Self::Restart { leads: true, .. } => Some("it leads: writes stop meanwhile"),
            Self::Fence => Some("its clients are cut off, and write no more"),
            Self::Sql { .. } => Some("what it writes stays"),
            Self::Pause
            | Self::Resume
            | Self::Restart { .. }
            | Self::Checkpoint
            | Self::Canary { .. }
            | Self::Unfence => None,
        }
    }

    /// What tells it from others of its word, for one line of a log.
    pub(super) fn parameters(&self) -> String {
        match self {
            Self::Switchover { from, candidate, .. } => format!(" from {from} to {candidate} of"),
            Self::Failover { candidate, .. } => format!(" to {candidate} of"),
            Self::Sql { statement, .. } => format!(" «{}» on", one_line(statement)),
            _ => String::new(),
        }
    }
}

fn one_line(statement: &str) -> String {
    let words = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    clean_to(&words, 200).into_owned()
}
