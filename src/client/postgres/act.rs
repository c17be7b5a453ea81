//! What changes a server: a promotion, a checkpoint, replay that goes on, a fence of words, a statement, and the canary that is written
//! after a move. Nothing here is repeated: a session that breaks off in the middle leaves [`Outcome::Unknown`] behind.

use super::{
    Session,
    query::{Found, as_json, bound, found, plain},
    words,
};
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

/// How often one looks whether a setting is in force; a tenth of a second each.
const READING: usize = 50;

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

    /// Has every new transaction begin read-only, and ends the sessions of clients: those that began before could still write. It holds over
    /// a restart, until [`Session::unfence`]. It is no wall: who asks for it by `SET transaction_read_only`, or by a setting of a role or a
    /// database, writes on (<https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-DEFAULT-TRANSACTION-READ-ONLY>).
    pub async fn fence(&mut self) -> Outcome {
        for statement in ["ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"] {
            match self.plainly(statement).await {
                Outcome::Done { .. } => {}
                other => return other,
            }
        }
        if let Err(error) = self.until_read_only().await {
            return refused_or_unknown(&error);
        }
        let end = "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) AS ended FROM pg_stat_activity
            WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name <> $1";
        let asked = sqlx::query(end).bind(super::APPLICATION).fetch_one(&mut self.connection).await;
        match asked.and_then(|row| row.try_get::<i64, _>("ended")) {
            Ok(ended) => Outcome::Done {
                leader: None,
                said: format!("new transactions are read-only; {ended} sessions were ended"),
            },
            // The setting stands already.
            Err(error) => {
                Outcome::Unknown { said: format!("new transactions are read-only; sessions: {}", words(&error)) }
            }
        }
    }

    /// Waits until the server has read its configuration anew, as this session sees it: who connects from then on is read-only.
    async fn until_read_only(&mut self) -> Result<(), sqlx::Error> {
        let question = "SELECT current_setting('default_transaction_read_only')::bool AS on FROM pg_sleep(0.1)";
        for _ in 0..READING {
            let row = sqlx::query(question).fetch_one(&mut self.connection).await?;
            if row.try_get::<bool, _>("on")? {
                return Ok(());
            }
        }
        let why =
            "the setting does not take: the role, the database or the command line of the server has one of its own";
        Err(sqlx::Error::Protocol(why.into()))
    }

    /// Undoes [`Session::fence`].
    pub async fn unfence(&mut self) -> Outcome {
        match self.plainly("ALTER SYSTEM RESET default_transaction_read_only").await {
            Outcome::Done { .. } => self.plainly("SELECT pg_reload_conf()").await,
            other => other,
        }
    }

    /// Runs one statement that writes, with its parameters beside it, each as text; what it returns is read where it says `RETURNING`.
    ///
    /// # Errors
    /// What came of it where it is not done for sure.
    pub async fn write(&mut self, statement: &str, parameters: &[String]) -> Result<(u64, Found), Outcome> {
        let statement = plain(statement);
        let first = statement.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
        if matches!(first.as_str(), "select" | "values" | "table") {
            return self.returned(&as_json("", &format!("(\n{statement}\n)")), parameters).await;
        }
        if !statement.to_ascii_lowercase().contains("returning") {
            let done = bound(statement, parameters).execute(&mut self.connection).await;
            return done
                .map(|done| (done.rows_affected(), Found::default()))
                .map_err(|error| refused_or_unknown(&error));
        }
        self.returned(&as_json(&format!("WITH returned AS (\n{statement}\n) "), "returned"), parameters).await
    }

    async fn returned(&mut self, whole: &str, parameters: &[String]) -> Result<(u64, Found), Outcome> {
        let rows = bound(whole, parameters).fetch_all(&mut self.connection).await;
        let rows = rows.map_err(|error| refused_or_unknown(&error))?;
        // What it wrote is written, whatever can be read of it.
        let unread = |why| Outcome::Unknown { said: format!("it was done, but what it returned is not known: {why}") };
        Ok((rows.len() as u64, found(&rows).map_err(unread)?))
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
    // A statement that broke a constraint did nothing, nor did one that was cancelled.
    let none = code.as_deref().is_some_and(|code| code.starts_with("23") || code == "57014");
    if none {
        return Outcome::NotStarted { said };
    }
    if code.is_some_and(|code| REFUSALS.iter().any(|class| code.starts_with(class))) {
        Outcome::NotStarted { said }
    } else {
        Outcome::Unknown { said }
    }
}

fn micros(row: &sqlx::postgres::PgRow, name: &str) -> Option<Timestamp> {
    Timestamp::from_microsecond(row.try_get(name).ok()?).ok()
}
