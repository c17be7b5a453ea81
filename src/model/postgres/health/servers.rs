//! What servers say of themselves by SQL, with and without Patroni.

use super::{Judge, LAG, REPLAY, SERVER, SLOT, STREAMING, TIMELINE, bytes};
use crate::model::{
    attention::Severity,
    postgres::server::{Server, ServerState, Slot},
};

impl Judge<'_> {
    pub(super) fn servers(&mut self) {
        let cluster = self.cluster;
        for server in &cluster.servers {
            if let Some(state) = &server.state {
                if cluster.patroni.is_none() {
                    self.standby(server, state);
                }
                self.replay(server, state);
                for slot in &state.slots {
                    self.slot(server, slot);
                }
            } else if let Some(why) = &server.problem {
                let severity = if cluster.patroni.is_some() { Severity::Warn } else { Severity::Error };
                let cause = format!("{} does not answer: {why}", server.address);
                self.one(SERVER, severity, &server.name, cause, "see its machine, its log, and whether we may connect");
                self.since(server.problem_since);
            }
        }
    }

    /// A plain standby: under Patroni its members tell this.
    fn standby(&mut self, server: &Server, state: &ServerState) {
        if !state.in_recovery {
            return;
        }
        if !state.is_receiving() {
            let receiver = state.receiver.as_ref().map_or("none", |receiver| receiver.status.as_str());
            let cause = format!("receives no stream (receiver: {receiver}): it falls behind");
            self.one(STREAMING, Severity::Warn, &server.name, cause, "see its log, primary_conninfo and pg_hba.conf");
        }
        // A position of another moment would show what was written since as lag.
        let Some(sample) = self.cluster.sample.as_ref().filter(|sample| sample.at == self.cluster.at) else { return };
        let most = self.cluster.limits.lag_bytes;
        if let Some(lag) =
            state.position().map(|position| sample.lsn.bytes_ahead_of(position)).filter(|lag| *lag > most)
        {
            let cause = format!("{} behind {}, more than {}", bytes(lag), sample.server, bytes(most));
            self.one(LAG, Severity::Warn, &server.name, cause, "see its disk, its network, and long queries on it");
        }
        if let (Some(leads), Some(on)) = (sample.timeline, state.timeline)
            && leads != on
        {
            let cause = format!("on timeline {on}, {} is on {leads}: it does not follow", sample.server);
            self.one(TIMELINE, Severity::Error, &server.name, cause, "pg_rewind or a new base backup brings it back");
        }
    }

    fn replay(&mut self, server: &Server, state: &ServerState) {
        if state.is_replay_paused == Some(true) {
            let behind =
                state.received.zip(state.replayed).map(|(received, replayed)| received.bytes_ahead_of(replayed));
            let behind = behind.map_or_else(String::new, |behind| format!("; {} wait", bytes(behind)));
            let cause = format!("its replay is paused{behind}");
            self.one(REPLAY, Severity::Warn, &server.name, cause, "resume it: SELECT pg_wal_replay_resume()");
        }
    }

    fn slot(&mut self, server: &Server, slot: &Slot) {
        let (name, kind) = (&slot.name, &slot.kind);
        let status = slot.wal_status.as_deref().unwrap_or_default();
        if matches!(status, "lost" | "unreserved") {
            let what = if status == "lost" { "is gone" } else { "goes at the next checkpoint" };
            let cause = format!("WAL that the {kind} slot {name} needs {what} (wal_status {status})");
            self.one(SLOT, Severity::Error, &server.name, cause, "build its reader anew, and drop the slot");
            return;
        }
        let most = self.cluster.limits.slot_bytes;
        let Some(held) = slot.retained_bytes.filter(|held| *held > most) else { return };
        if slot.is_active || slot.is_temporary {
            return;
        }
        let safe = slot.safe_bytes.map_or_else(
            || "; nothing limits it: the disk can fill".to_owned(),
            |safe| format!("; {} more until it is lost", bytes(safe.max(0) as u64)),
        );
        let cause = format!("the {kind} slot {name} has no reader and holds {} of WAL back{safe}", bytes(held));
        self.one(SLOT, Severity::Warn, &server.name, cause, "start its reader, or drop the slot when nobody needs it");
    }
}
