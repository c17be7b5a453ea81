//! What a run asks a server beside its state: the sessions of its clients, where a standby follows, and a statement that reads.

use super::{APPLICATION, Session, words};
use serde_json::Value as Json;
use sqlx::{
    Connection, Postgres, Row,
    postgres::{PgArguments, PgRow},
    query::Query,
};

/// Rows that an answer may have.
const MOST_ROWS: usize = 200;
/// Bytes that all of them may have.
const MOST_BYTES: usize = 256 << 10;

/// Sessions of clients at a server, without those of the cockpit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sessions {
    pub clients: u64,
    /// Of them those that began before the server read its configuration last: settings of now may not hold for them.
    pub old: u64,
}

/// Where a standby receives from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    pub host: String,
    pub port: u16,
    /// Whether it is receiving at this moment.
    pub receives: bool,
}

impl Session {
    /// The sessions of clients.
    ///
    /// # Errors
    /// Why there is no answer, in words.
    pub async fn sessions(&mut self) -> Result<Sessions, String> {
        let question = "SELECT count(*) AS clients, count(*) FILTER (WHERE backend_start < pg_conf_load_time()) AS old
            FROM pg_stat_activity
            WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name <> $1";
        let row = sqlx::query(question).bind(APPLICATION).fetch_one(&mut self.connection).await;
        let row = row.map_err(|error| words(&error))?;
        let count = |name: &str| row.try_get::<i64, _>(name).map(i64::unsigned_abs).map_err(|error| words(&error));
        Ok(Sessions { clients: count("clients")?, old: count("old")? })
    }

    /// Where a standby follows, by its own setting; `None` where it has none. Nothing else of the setting leaves the server: a password may
    /// stand there.
    ///
    /// # Errors
    /// Why there is no answer, in words; who may not read all settings is refused.
    pub async fn follows(&mut self) -> Result<Option<Way>, String> {
        let question = r"SELECT substring(c FROM $$\mhost\s*=\s*'?([^\s']+)$$) AS host,
                coalesce(substring(c FROM $$\mport\s*=\s*'?(\d+)$$), '5432') AS port,
                EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming') AS receives
            FROM current_setting('primary_conninfo') AS c WHERE pg_is_in_recovery()";
        let row = sqlx::query(question).fetch_optional(&mut self.connection).await.map_err(|error| words(&error))?;
        let Some(row) = row else { return Ok(None) };
        let text = |name: &str| row.try_get::<Option<String>, _>(name).ok().flatten();
        let (Some(host), Some(port)) = (text("host"), text("port").and_then(|port| port.parse().ok())) else {
            return Ok(None);
        };
        Ok(Some(Way { host, port, receives: row.try_get("receives").unwrap_or_default() }))
    }

    /// Runs a `SELECT` in a transaction that is read-only, with its parameters beside it, each as text.
    ///
    /// # Errors
    /// Why there is no answer, in words; one that is too long is none.
    pub async fn query(&mut self, statement: &str, parameters: &[String]) -> Result<Found, String> {
        let mut asking = self.connection.begin_with("BEGIN READ ONLY").await.map_err(|error| words(&error))?;
        let whole = as_json("", &format!("(\n{}\n)", plain(statement)));
        let rows = bound(&whole, parameters).fetch_all(&mut *asking).await.map_err(|error| words(&error))?;
        asking.rollback().await.map_err(|error| words(&error))?;
        found(&rows)
    }
}

/// The rows of an answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    /// Each is an object.
    pub rows: Vec<Json>,
    /// In the order of the first row; none where there are no rows.
    pub columns: Vec<String>,
}

impl Found {
    /// Of the first row's first column.
    pub fn value(&self) -> Json {
        let first = self.columns.first().and_then(|name| self.rows.first()?.get(name));
        first.cloned().unwrap_or(Json::Null)
    }
}

/// A statement without what ends it.
pub(super) fn plain(statement: &str) -> &str {
    statement.trim().trim_end_matches(';').trim_end()
}

/// Has the rows of `from` come as JSON, with their columns in order; `with` stands before it.
pub(super) fn as_json(with: &str, from: &str) -> String {
    let keys = "(SELECT json_agg(k) FROM json_object_keys(row_to_json(q)) AS k)::text";
    format!("{with}SELECT row_to_json(q)::text AS row, {keys} AS keys FROM {from} AS q LIMIT {}", MOST_ROWS + 1)
}

/// A statement with its parameters beside it.
pub(super) fn bound<'q>(statement: &'q str, parameters: &'q [String]) -> Query<'q, Postgres, PgArguments> {
    parameters.iter().fold(sqlx::query(sqlx::AssertSqlSafe(statement)), |query, parameter| query.bind(parameter))
}

/// What rows hold that [`as_json`] asked for.
pub(super) fn found(rows: &[PgRow]) -> Result<Found, String> {
    if rows.len() > MOST_ROWS {
        return Err(format!("there are more than {MOST_ROWS} rows: ask for less"));
    }
    let text = |row: &PgRow, name: &str| row.try_get::<String, _>(name).map_err(|error| words(&error));
    let unread = |error: serde_json::Error| format!("a row cannot be read: {error}");
    let columns = rows.first().map(|row| serde_json::from_str(&text(row, "keys")?).map_err(unread)).transpose()?;
    let mut bytes = 0;
    let read = |row: &PgRow| {
        let text = text(row, "row")?;
        bytes += text.len();
        if bytes > MOST_BYTES {
            return Err(format!("the rows have more than {MOST_BYTES} bytes: ask for less"));
        }
        serde_json::from_str(&text).map_err(unread)
    };
    let rows = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Found { rows, columns: columns.unwrap_or_default() })
}
