//! The store that machines share: PostgreSQL. Own events are pushed there and others' are pulled from it.

pub mod pull;
pub mod push;
pub mod replicate;
pub mod schema;

use super::{error::JournalError, options::SharedOptions};
use sqlx::{ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use std::{future::Future, str::FromStr, time::Duration};

/// Where the store is, and how long it may take.
#[derive(Clone)]
pub struct Store {
    pub options: PgConnectOptions,
    /// Host and database, for words: no password.
    pub name: String,
    pub deadline: Duration,
}

impl Store {
    /// The store that options name.
    ///
    /// # Errors
    /// The URL cannot be read. It is not repeated: it may hold a password.
    pub fn new(options: &SharedOptions) -> Result<Self, JournalError> {
        let parsed = PgConnectOptions::from_str(&options.url).map_err(|error| JournalError::Shared {
            what: "read the URL of",
            name: "store".to_owned(),
            why: format!("{error}; write it as postgres://USER@HOST/DATABASE"),
        })?;
        let name = format!("{}/{}", parsed.get_host(), parsed.get_database().unwrap_or("postgres"));
        // A client that is cut off must not keep others from writing: the server ends what it has begun.
        let milliseconds = options.deadline.as_millis().max(1).to_string();
        let parsed = parsed
            .application_name("flightdeck")
            .options([
                ("statement_timeout", milliseconds.as_str()),
                ("lock_timeout", milliseconds.as_str()),
                ("idle_in_transaction_session_timeout", milliseconds.as_str()),
                ("tcp_keepalives_idle", "15"),
                ("tcp_keepalives_interval", "5"),
                ("tcp_keepalives_count", "3"),
            ])
            .disable_statement_logging();
        Ok(Self { options: parsed, name, deadline: options.deadline })
    }

    /// Connects.
    ///
    /// # Errors
    /// It cannot be reached, or refuses.
    pub async fn connect(&self) -> Result<PgConnection, JournalError> {
        self.timed("connect to", PgConnection::connect_with(&self.options)).await
    }

    /// Does something within the deadline. Where it is exceeded the connection is of no more use: drop it.
    ///
    /// # Errors
    /// What the server answers, or that it did not.
    pub async fn timed<T>(
        &self,
        what: &'static str,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, JournalError> {
        match tokio::time::timeout(self.deadline, work).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(self.failed(what, words(&error))),
            Err(_) => Err(self.failed(what, format!("no answer within {} s", self.deadline.as_secs_f64()))),
        }
    }

    /// Something could not be done.
    pub fn failed(&self, what: &'static str, why: impl Into<String>) -> JournalError {
        JournalError::Shared { what, name: self.name.clone(), why: why.into() }
    }
}

/// An error in words, with what to do where that is known.
fn words(error: &sqlx::Error) -> String {
    let code = error.as_database_error().and_then(|error| error.code());
    let advice = match code.as_deref() {
        Some("28P01" | "28000") => "; look at user, password and pg_hba.conf",
        Some("3D000") => "; create the database, or name another",
        Some("42501") => "; an administrator has to run what `flightdeck journal grants` prints",
        Some("53300") => "; the server has too many clients",
        Some("57P01" | "57P02" | "57P03") => "; it is being restarted, and tried again",
        _ => "",
    };
    format!("{error}{advice}")
}
