//! What a server says of itself: a few questions, of which each costs it next to nothing. A user with `pg_monitor` may ask all of them;
//! servers from PostgreSQL 13 on answer (<https://www.postgresql.org/docs/current/monitoring-stats.html>).

use super::{Session, words};
use crate::model::{
    Timestamp,
    postgres::{
        lsn::{Lsn, file_of, timeline_of_file},
        server::{Receiver, Sender, ServerState, Slot},
    },
};
use compact_str::{CompactString, format_compact};
use sqlx::{Connection, Decode, PgConnection, Postgres, Row, Type, postgres::PgRow};

/// Functions that ask for the position of writing refuse in recovery, and those of replay outside of it: `CASE` keeps them apart.
const STATE: &str = "
SELECT r AS in_recovery,
    current_setting('server_version_num')::int AS version,
    extract(epoch FROM pg_postmaster_start_time())::float8 AS started,
    (SELECT system_identifier::text FROM pg_control_system()) AS identifier,
    (SELECT timeline_id FROM pg_control_checkpoint()) AS control_timeline,
    CASE WHEN NOT r THEN pg_current_wal_lsn()::text END AS written,
    CASE WHEN NOT r THEN pg_walfile_name(pg_current_wal_lsn()) END AS file,
    CASE WHEN r THEN pg_last_wal_receive_lsn()::text END AS received,
    CASE WHEN r THEN pg_last_wal_replay_lsn()::text END AS replayed,
    CASE WHEN r THEN extract(epoch FROM pg_last_xact_replay_timestamp())::float8 END AS replayed_at,
    CASE WHEN r THEN pg_is_wal_replay_paused() END AS paused,
    current_setting('default_transaction_read_only')::bool AS read_only,
    current_setting('synchronous_standby_names') AS synchronous,
    pg_size_bytes(current_setting('wal_segment_size')) AS file_bytes
FROM (SELECT pg_is_in_recovery() AS r) AS recovery";

/// The newest of what a standby is sent; `received_tli` is 0 before anything has come.
const RECEIVER: &str = "
SELECT status, sender_host, sender_port, slot_name, nullif(received_tli, 0) AS timeline FROM pg_stat_wal_receiver";

const SENDERS: &str = "
SELECT application_name, host(client_addr) AS address, state, sync_state, sent_lsn::text AS sent, flush_lsn::text AS flushed,
    replay_lsn::text AS replayed, extract(epoch FROM replay_lag)::float8 AS lag
FROM pg_stat_replication ORDER BY application_name, pid LIMIT 200";

const SLOTS: &str = "
SELECT slot_name, slot_type, active, temporary, restart_lsn::text AS restart, wal_status, safe_wal_size
FROM pg_replication_slots ORDER BY slot_name LIMIT 200";

/// The newest timeline on which the server has a file of the log.
const LAST_FILE: &str = "
SELECT max(name) AS file FROM pg_ls_waldir() WHERE length(name) = 24 AND right(name, 16) = $1";

impl Session {
    /// Asks the server how it is, stamped with `at`, in a transaction that cannot write.
    ///
    /// # Errors
    /// Why there is no answer, in words. The session is of no use then.
    pub async fn state(&mut self, at: Timestamp) -> Result<ServerState, String> {
        let mut asking = self.connection.begin_with("BEGIN READ ONLY").await.map_err(|error| words(&error))?;
        let row = sqlx::query(STATE).fetch_one(&mut *asking).await.map_err(|error| words(&error))?;
        let file_bytes = get::<i64>(&row, "file_bytes").and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
        let mut state = state(&row, at);
        if state.in_recovery {
            state.receiver = rows(&mut asking, RECEIVER).await?.first().map(receiver);
            let streamed = state.receiver.as_ref().and_then(|receiver| receiver.timeline);
            state.timeline = match streamed {
                Some(timeline) => Some(timeline),
                None => timeline_of_last_file(&mut asking, &state, file_bytes).await?.or(state.control_timeline),
            };
        }
        state.senders = rows(&mut asking, SENDERS).await?.iter().map(sender).collect();
        let end = state.position();
        state.slots = rows(&mut asking, SLOTS).await?.iter().map(|row| slot(row, end)).collect();
        asking.rollback().await.map_err(|error| words(&error))?;
        Ok(state)
    }
}

/// The timeline of a standby that nobody streams to: that of the file that ends its log. The control file follows at restart points only,
/// and says the timeline before for a while.
async fn timeline_of_last_file(
    asking: &mut PgConnection,
    state: &ServerState,
    file_bytes: u64,
) -> Result<Option<u32>, String> {
    let Some(file) = state.position().and_then(|end| file_of(end, file_bytes)) else { return Ok(None) };
    let row = sqlx::query(LAST_FILE).bind(file).fetch_one(asking).await.map_err(|error| words(&error))?;
    Ok(get::<&str>(&row, "file").and_then(timeline_of_file))
}

async fn rows(asking: &mut PgConnection, question: &'static str) -> Result<Vec<PgRow>, String> {
    sqlx::query(question).fetch_all(asking).await.map_err(|error| words(&error))
}

fn state(row: &PgRow, at: Timestamp) -> ServerState {
    let in_recovery: bool = get(row, "in_recovery").unwrap_or_default();
    let control_timeline = count(row, "control_timeline");
    let file: Option<String> = get(row, "file");
    ServerState {
        at,
        version: count(row, "version").unwrap_or_default(),
        started_at: time(row, "started"),
        in_recovery,
        timeline: file.as_deref().and_then(timeline_of_file).or(control_timeline.filter(|_| in_recovery)),
        control_timeline,
        system_identifier: word(row, "identifier"),
        written: lsn(row, "written"),
        received: lsn(row, "received"),
        replayed: lsn(row, "replayed"),
        replayed_at: time(row, "replayed_at"),
        is_replay_paused: get(row, "paused"),
        is_read_only: get(row, "read_only").unwrap_or_default(),
        synchronous_standbys: word(row, "synchronous").unwrap_or_default(),
        ..ServerState::default()
    }
}

fn receiver(row: &PgRow) -> Receiver {
    let host = word(row, "sender_host");
    let port: Option<i32> = get(row, "sender_port");
    Receiver {
        status: word(row, "status").unwrap_or_default(),
        from: host.zip(port).map(|(host, port)| format_compact!("{host}:{port}")),
        slot: word(row, "slot_name"),
        timeline: count(row, "timeline"),
    }
}

fn sender(row: &PgRow) -> Sender {
    Sender {
        application: word(row, "application_name").unwrap_or_default(),
        address: word(row, "address"),
        state: word(row, "state").unwrap_or_default(),
        sync_state: word(row, "sync_state").unwrap_or_default(),
        sent: lsn(row, "sent"),
        flushed: lsn(row, "flushed"),
        replayed: lsn(row, "replayed"),
        replay_lag_seconds: get(row, "lag"),
    }
}

fn slot(row: &PgRow, end: Option<Lsn>) -> Slot {
    let restart = lsn(row, "restart");
    Slot {
        name: word(row, "slot_name").unwrap_or_default(),
        kind: word(row, "slot_type").unwrap_or_default(),
        is_active: get(row, "active").unwrap_or_default(),
        is_temporary: get(row, "temporary").unwrap_or_default(),
        restart,
        retained_bytes: end.zip(restart).map(|(end, restart)| end.bytes_ahead_of(restart)),
        wal_status: word(row, "wal_status"),
        safe_bytes: get(row, "safe_wal_size"),
    }
}

/// A value, where the server says one that is of this kind.
fn get<'r, T: Decode<'r, Postgres> + Type<Postgres>>(row: &'r PgRow, name: &str) -> Option<T> {
    row.try_get::<Option<T>, _>(name).ok().flatten()
}

fn word(row: &PgRow, name: &str) -> Option<CompactString> {
    get::<&str>(row, name).filter(|text| !text.is_empty()).map(CompactString::from)
}

fn count(row: &PgRow, name: &str) -> Option<u32> {
    get::<i32>(row, name).and_then(|number| number.try_into().ok())
}

fn lsn(row: &PgRow, name: &str) -> Option<Lsn> {
    get::<&str>(row, name).and_then(|text| text.parse().ok())
}

fn time(row: &PgRow, name: &str) -> Option<Timestamp> {
    let micros = (get::<f64>(row, name)? * 1e6).round();
    Timestamp::from_microsecond(micros as i64).ok()
}
