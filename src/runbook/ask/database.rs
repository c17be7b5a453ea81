//! What can be asked about Patroni clusters and PostgreSQL servers, and what an answer holds.

use crate::runbook::{
    field::{Number, forms},
    template::Template,
};

forms! {
    /// What is asked about a Patroni cluster.
    PatroniAsk, PatroniAskForm {
        /// The cluster: `GET /cluster`, `/config` and `/history`, put together.
        Cluster = "cluster",
        /// One member: its entry in `/cluster`, and what its own `/primary` and `/replica` say.
        Member { member: Template } = "member",
        /// Whether a member can take over: `/replica?lag=` of that member.
        Candidate { candidate: Template, max_lag: Number } = "candidate",
    }
}

impl PatroniAskForm {
    /// What an answer holds. `leader` is null where there is none; `scheduled` says whether a switchover or restart is; lags are bytes; `rpo`
    /// says in words what would be lost, also that nobody can say; of a whole cluster only where it is a `standby_cluster`, of what the
    /// cluster that it follows has written.
    pub const fn fields(&self) -> &'static [&'static str] {
        match self {
            Self::Cluster => &[
                "scope",
                "system_id",
                "leader",
                "leaders",
                "members",
                "replicas",
                "streaming",
                "timeline",
                "timelines",
                "max_lag_bytes",
                "paused",
                "scheduled",
                "synchronous",
                "sync_standbys",
                "best_candidate",
                "standby_cluster",
                "rpo",
                "reason",
            ],
            Self::Member { .. } => {
                &["exists", "role", "state", "timeline", "lag_bytes", "is_primary", "is_replica", "system_id", "reason"]
            }
            Self::Candidate { .. } => {
                &["exists", "is_ready", "lag_bytes", "timeline", "is_sync", "no_failover", "rpo", "reason"]
            }
        }
    }
}

forms! {
    /// What is asked about a PostgreSQL server.
    PostgresAsk, PostgresAskForm {
        /// The server.
        Status = "status",
        /// How far its received WAL is behind the position of another server that was last seen:
        /// `pg_wal_lsn_diff(last primary LSN, receive LSN)`.
        LagBehind { primary: Template } = "lag-behind",
        /// Whether the row with this token can be read.
        Canary { token: Template } = "canary",
        /// From how many places it is seen: from here, by its port, and from each standby that answers and follows it, by whether it
        /// receives. One that does not answer is not fenced.
        Reach = "reach",
    }
}

impl PostgresAskForm {
    /// What an answer holds. `rpo` says in words what would be lost, also that nobody can say; `system_id` is that of `pg_control_system()`;
    /// `lag_bytes` is null where no position was ever seen. `clients` are sessions of clients without those of the cockpit, `old_clients`
    /// of them those that began before the server read its configuration last: what a fence sets may not hold for them.
    pub const fn fields(&self) -> &'static [&'static str] {
        match self {
            Self::Status => &[
                "in_recovery",
                "read_only",
                "timeline",
                "system_id",
                "current_lsn",
                "receive_lsn",
                "replay_lsn",
                "replay_paused",
                "standbys",
                "streaming",
                "clients",
                "old_clients",
                "version",
            ],
            Self::LagBehind { .. } => {
                &["lag_bytes", "sample_age_seconds", "primary_lsn", "receive_lsn", "same_system", "rpo"]
            }
            Self::Canary { .. } => &["found", "written_at"],
            Self::Reach => &["asked_from", "reachable_from", "places", "seen_from"],
        }
    }
}
