//! What a step can do to a Patroni cluster, and to a PostgreSQL server.

use crate::runbook::{
    field::{Period, forms},
    template::Template,
};

forms! {
    /// What is done to a Patroni cluster, by its REST interface (<https://patroni.readthedocs.io/en/latest/rest_api.html>).
    PatroniAct, PatroniActForm {
        /// Makes the candidate leader, in good order. 412 means that nothing was started; 503 that nobody can say.
        Switchover { leader: Template, candidate: Template } = "switchover",
        /// Makes the candidate leader where there is none, or in place of one that is lost.
        Failover { candidate: Template } = "failover",
        /// Makes a standby cluster a cluster of its own: `PATCH /config` without `standby_cluster`. How the cluster that it followed is
        /// kept from writes is said.
        PromoteCluster { fenced: Template } = "promote-cluster",
        /// Restarts the PostgreSQL of a member.
        Restart { member: Template } = "restart",
        /// Throws a replica's data away and copies them anew from the leader.
        Reinitialise { member: Template } = "reinitialise",
        /// Maintenance mode: nobody fails over by itself.
        Pause = "pause",
        /// Ends maintenance mode.
        Resume = "resume",
    }
}

impl PatroniActForm {
    /// Its effect, in one sentence.
    pub fn effect(&self, on: &str) -> String {
        match self {
            Self::Switchover { leader, candidate } => {
                format!("Makes {candidate} the leader in place of {leader} on the {on}; writes stop for some seconds.")
            }
            Self::Failover { candidate } => {
                format!("Makes {candidate} the leader on the {on}; what it has not received is lost.")
            }
            Self::PromoteCluster { .. } => {
                format!(
                    "Makes the {on} a cluster of its own: its leader takes writes, what it has not received is lost."
                )
            }
            Self::Restart { member } => format!("Restarts the PostgreSQL of {member} on the {on}."),
            Self::Reinitialise { member } => {
                format!("Throws the data of {member} away and copies them anew from the leader, on the {on}.")
            }
            Self::Pause => format!("Puts the {on} into maintenance mode: nobody fails over by itself."),
            Self::Resume => format!("Ends maintenance mode of the {on}."),
        }
    }

    /// What goes on where the cockpit goes away in the middle of it.
    pub const fn in_flight(&self) -> &'static str {
        match self {
            Self::Switchover { .. } | Self::Failover { .. } | Self::PromoteCluster { .. } => {
                "Patroni carries it on after the cockpit goes away: it is not repeated, the cluster is looked at"
            }
            Self::Reinitialise { .. } => "Patroni carries the copying on after the cockpit goes away",
            _ => "Patroni carries it out by itself",
        }
    }
}

forms! {
    /// What is done to a PostgreSQL server.
    PostgresAct, PostgresActForm {
        /// Makes a standby primary: `pg_promote(true, wait)`, of which `false` says nothing
        /// (<https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-RECOVERY-CONTROL>).
        Promote { wait: Period } = "promote",
        /// Writes a checkpoint.
        Checkpoint = "checkpoint",
        /// Writes a row with this token into `flightdeck.canary`, which it makes where it is missing.
        CanaryWrite { token: Template } = "canary-write",
        /// Has every new transaction begin read-only and ends the sessions of clients, until it is undone. Who asks for it by name
        /// (`SET transaction_read_only`) can still write: it keeps programs off that do not, and is no wall.
        Fence = "fence",
        /// Undoes `fence`.
        Unfence = "unfence",
    }
}

impl PostgresActForm {
    /// Its effect, in one sentence.
    pub fn effect(&self, on: &str) -> String {
        match self {
            Self::Promote { .. } => {
                format!("Promotes {on}: it ends recovery, takes writes, and begins a new timeline.")
            }
            Self::Checkpoint => format!("Writes a checkpoint on {on}."),
            Self::CanaryWrite { .. } => format!("Writes one row into the table flightdeck.canary on {on}."),
            Self::Fence => format!(
                "Has new transactions on {on} begin read-only and ends the sessions of its clients; who asks for it by name can still write."
            ),
            Self::Unfence => format!("Lets {on} take writes again."),
        }
    }

    /// What goes on where the cockpit goes away in the middle of it.
    pub const fn in_flight(&self) -> &'static str {
        match self {
            Self::Promote { .. } => "the server carries the promotion on by itself",
            _ => "the server ends the statement when the connection breaks, or has done it already",
        }
    }
}
