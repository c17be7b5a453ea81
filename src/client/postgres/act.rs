//! What changes a server: a promotion, a checkpoint, replay that goes on, and the canary that is written after a move. Nothing here is
//! repeated: a session that breaks off in the middle leaves [`Outcome::Unknown`] behind.

use super::{Session, words};
use crate::model::{
    Timestamp,
    postgres::{lsn::Lsn, outcome::Outcome},
};
use sqlx::Row;
use uuid::Uuid;

/// A row that was written to see whether writes arrive, and remain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canary {
    /// Cluster that it was written for: one row each, so that nothing grows.
    pub cluster: String,
    pub token: Uuid,
    /// By the server's clock.
    pub written_at: Timestamp,
    /// Where the log was after it was committed: whoever has this position has the canary.
    pub lsn: Lsn,
}

/// Where the canaries are.
const TABLE: &str = "flightdeck.canary";

impl Session {
    /// Writes a canary, and makes its schema and table where there is none. The commit is waited for as the server is set to.
    ///
    /// # Errors
    /// Why it could not be written, in words; whether it was is not known where the connection broke.
    pub async fn write_canary(&mut self, cluster: &str, token: Uuid) -> Result<Canary, String> {
        let failed = |error: sqlx::Error| format!("the canary could not be written to {TABLE}: {}", words(&error));
        let there = "SELECT to_regclass('flightdeck.canary') IS NOT NULL AS has_table,
            to_regnamespace('flightdeck') IS NOT NULL AS has_schema";
        let row = sqlx::query(there).fetch_one(&mut self.connection).await.map_err(failed)?;
        let has = |name: &str| row.try_get::<bool, _>(name).unwrap_or_default();
        if !has("has_schema") {
            sqlx::query("CREATE SCHEMA flightdeck").execute(&mut self.connection).await.map_err(failed)?;
        }
        if !has("has_table") {
            let table = "CREATE TABLE IF NOT EXISTS flightdeck.canary
                (cluster text PRIMARY KEY, token uuid NOT NULL, written_at timestamptz NOT NULL)";
            sqlx::query(table).execute(&mut self.connection).await.map_err(failed)?;
        }
        let write = "INSERT INTO flightdeck.canary AS c VALUES ($1, $2::uuid, clock_timestamp())
            ON CONFLICT (cluster) DO UPDATE SET token = excluded.token, written_at = excluded.written_at
            RETURNING (extract(epoch FROM c.written_at) * 1000000)::bigint AS written";
        let written = sqlx::query(write).bind(cluster).bind(token.to_string());
        let row = written.fetch_one(&mut self.connection).await.map_err(failed)?;
        let after = sqlx::query("SELECT pg_current_wal_lsn()::text AS lsn").fetch_one(&mut self.connection).await;
        let after: String = after.and_then(|row| row.try_get("lsn")).map_err(failed)?;
        Ok(Canary {
            cluster: cluster.into(),
            token,
            written_at: micros(&row, "written").unwrap_or_default(),
            lsn: after.parse().map_err(|error| format!("{error}"))?,
        })
    }

    /// The token of a cluster's canary, and when it was written; `None` where there is none here. It only reads.
    ///
    /// # Errors
    /// Why it could not be read, in words.
    pub async fn read_canary(&mut self, cluster: &str) -> Result<Option<(Uuid, Timestamp)>, String> {
        let failed = |error: sqlx::Error| format!("the canary could not be read from {TABLE}: {}", words(&error));
        let question = "SELECT token::text AS token, (extract(epoch FROM written_at) * 1000000)::bigint AS written
            FROM flightdeck.canary WHERE cluster = $1";
        let row = sqlx::query(question).bind(cluster).fetch_optional(&mut self.connection).await.map_err(failed)?;
        let Some(row) = row else { return Ok(None) };
        let token: String = row.try_get("token").map_err(failed)?;
        let token = token.parse().map_err(|error| format!("the canary's token is none: {error}"))?;
        Ok(Some((token, micros(&row, "written").unwrap_or_default())))
    }

    /// Promotes a standby, and waits so many seconds for it: `pg_promote(true, seconds)`
    /// (<https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-RECOVERY-CONTROL>). That it answers `false` says only
    /// that it is not done yet.
    pub async fn promote(&mut self, wait_seconds: u32) -> Outcome {
        let wait = i32::try_from(wait_seconds.max(1)).unwrap_or(i32::MAX);
        let asked =
            sqlx::query("SELECT pg_promote(true, $1) AS promoted").bind(wait).fetch_one(&mut self.connection).await;
        match asked.and_then(|row| row.try_get::<bool, _>("promoted")) {
            Ok(true) => Outcome::Done { leader: None, said: "promoted".into() },
            Ok(false) => {
                Outcome::Unknown { said: format!("pg_promote: not done within {wait} s, and it may still be running") }
            }
            Err(error) => refused_or_unknown(&error),
        }
    }

    /// Has a checkpoint made: the control file of a promoted server is on its new timeline then, which `pg_rewind` needs.
    pub async fn checkpoint(&mut self) -> Outcome {
        self.plainly("CHECKPOINT").await
    }

    /// Lets a standby replay again.
    pub async fn resume_replay(&mut self) -> Outcome {
        self.plainly("SELECT pg_wal_replay_resume()").await
    }

    async fn plainly(&mut self, statement: &'static str) -> Outcome {
        match sqlx::query(statement).execute(&mut self.connection).await {
            Ok(_) => Outcome::Done { leader: None, said: statement.into() },
            Err(error) => refused_or_unknown(&error),
        }
    }
}

/// Classes of errors with which a server says that it did nothing: no such function, no right, not in this state, bad arguments
/// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
const REFUSALS: &[&str] = &["42", "55", "22", "25", "0A"];

fn refused_or_unknown(error: &sqlx::Error) -> Outcome {
    let said = words(error);
    let code = error.as_database_error().and_then(|error| error.code());
    if code.is_some_and(|code| REFUSALS.iter().any(|class| code.starts_with(class))) {
        Outcome::NotStarted { said }
    } else {
        Outcome::Unknown { said }
    }
}

fn micros(row: &sqlx::postgres::PgRow, name: &str) -> Option<Timestamp> {
    Timestamp::from_microsecond(row.try_get(name).ok()?).ok()
}
