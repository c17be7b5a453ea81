//! Ways to PostgreSQL servers by SQL: what they say of themselves is in [`read`], what changes something in [`act`] alone.

pub mod act;
mod options;
mod query;
pub mod read;
#[cfg(test)]
mod tests;

pub use options::ClusterOptions;
pub use query::{Found, Sessions, Way};

use super::{Unreachable, secret::SecretFrom};
use sqlx::{
    ConnectOptions, Connection, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use std::{str::FromStr, time::Duration};

/// How a server is reached and who asks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Login {
    /// `postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full&sslrootcert=FILE`, without a password
    /// (<https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS>).
    pub url: String,
    /// Where the password is; otherwise `PGPASSFILE` and `~/.pgpass` are looked into, as all of PostgreSQL's programs do.
    pub password: Option<SecretFrom>,
    /// Another server than the one in the address, with the same user and settings: a member of a cluster.
    pub server: Option<(String, u16)>,
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// For questions, on which the server gives up soon.
    Look,
    Change,
}

/// A connection. It is of no use after an error.
#[derive(Debug)]
pub struct Session {
    connection: PgConnection,
}

/// How sessions of the cockpit are called at the server.
const APPLICATION: &str = "flightdeck";

/// What the server is asked to give up on by itself, in milliseconds: a session that is gone must not go on.
const STATEMENT_MILLISECONDS: &str = "4000";

impl Login {
    fn options(&self) -> Result<PgConnectOptions, Unreachable> {
        let wrong = |what: String| Unreachable {
            reason: what,
            hint: "write postgres://USER@HOST:PORT/DATABASE, with the password in a file".into(),
        };
        let mut url = self.url.clone();
        let Some(rest) = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://")) else {
            return Err(wrong("the address of a PostgreSQL server begins with postgres://".into()));
        };
        // What is configured is shown.
        let user = rest.split(['/', '?']).next().and_then(|place| place.rsplit_once('@')).map_or("", |(user, _)| user);
        if user.contains(':') || rest.contains("password=") {
            return Err(wrong("there is a password in the address".into()));
        }
        if let Some((host, port)) = &self.server {
            // It comes from outside, and becomes a part of an address.
            if host.is_empty() || !host.chars().all(|c| c.is_ascii_alphanumeric() || "-._:".contains(c)) {
                return Err(wrong(format!("«{}» is no host", crate::model::text::clean_to(host, 60))));
            }
            let join = if url.contains('?') { '&' } else { '?' };
            url = format!("{url}{join}host={host}&port={port}");
        }
        let options = PgConnectOptions::from_str(&url).map_err(|error| wrong(format!("no address: {error}")))?;
        let options = options.application_name(APPLICATION).disable_statement_logging();
        let Some(from) = &self.password else { return Ok(options) };
        let password = from.read().map_err(wrong)?;
        Ok(options.password(password.reveal()))
    }

    /// The same, for another database.
    ///
    /// # Errors
    /// That is no plain name.
    pub fn in_database(&self, name: &str) -> Result<Self, String> {
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c)) {
            return Err(format!("«{}» is no plain name of a database", crate::model::text::clean_to(name, 60)));
        }
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("postgres", &self.url));
        let (place, settings) = rest.split_once('?').map_or((rest, None), |(place, settings)| (place, Some(settings)));
        let place = place.split('/').next().unwrap_or_default();
        let settings = settings.map(|settings| format!("?{settings}")).unwrap_or_default();
        Ok(Self { url: format!("{scheme}://{place}/{name}{settings}"), ..self.clone() })
    }

    /// `HOST:PORT`, for words.
    pub fn address(&self) -> String {
        self.options().map_or_else(|_| "an address that cannot be read".into(), |options| place(&options))
    }

    /// What is wrong with what is configured.
    ///
    /// # Errors
    /// What is wrong, and what to write.
    pub fn check(&self) -> Result<(), Unreachable> {
        let without_secret = Self { password: None, ..self.clone() };
        without_secret.options().map(|_| ())
    }

    /// Whether the server has to prove who it is before it is told who we are.
    pub fn is_verified(&self) -> bool {
        self.options().is_ok_and(|options| matches!(options.get_ssl_mode(), PgSslMode::VerifyFull))
    }

    /// Connects.
    ///
    /// # Errors
    /// Why not, in words.
    pub async fn connect(&self, purpose: Purpose, deadline: Duration) -> Result<Session, Unreachable> {
        let options = self.options()?;
        let at = place(&options);
        let failed = |reason: String, hint: &str| Unreachable { reason, hint: hint.into() };
        // A promotion and a checkpoint take as long as they take; who asks for them has a deadline of its own.
        let patience = if purpose == Purpose::Look { STATEMENT_MILLISECONDS } else { "0" };
        let options = options.options([("statement_timeout", patience)]);
        match tokio::time::timeout(deadline, options.connect()).await {
            Ok(Ok(connection)) => Ok(Session { connection }),
            Ok(Err(error)) => Err(failed(words(&error), "see its log, pg_hba.conf, the user and the password")),
            Err(_late) => {
                let reason = format!("no connection to {at} within {} s", deadline.as_secs());
                Err(failed(reason, "see its machine, and the way there"))
            }
        }
    }
}

impl Session {
    /// Says goodbye.
    pub async fn close(self) {
        // Who leaves does not wait for an answer.
        let _ = self.connection.close().await;
    }
}

fn place(options: &PgConnectOptions) -> String {
    let host = options.get_host();
    if host.contains(':') {
        format!("[{host}]:{}", options.get_port())
    } else {
        format!("{host}:{}", options.get_port())
    }
}

/// What the server or the way to it says, in one line.
fn words(error: &sqlx::Error) -> String {
    let text = match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        sqlx::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    };
    crate::model::text::clean_to(&text, 300).into_owned()
}
