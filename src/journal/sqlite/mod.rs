//! The local file: SQLite in write-ahead mode, every commit on the disk before it is acknowledged.

pub mod append;
pub mod erase;
pub mod file;
pub mod merge;
pub mod page;
pub mod raw;
pub mod read;
pub mod row;
pub mod schema;
pub mod verify;
pub mod writer;

use super::{
    error::JournalError,
    options::{Now, Options},
};
use file::FileId;
use sqlx::{
    ConnectOptions, Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// What the parts of a journal need to know about its file.
#[derive(Debug, Clone)]
pub struct Site {
    /// Absolute.
    pub path: PathBuf,
    pub host: String,
    /// A digest of what tells this machine from others.
    pub machine: String,
    pub busy: Duration,
    pub checkpoint_every: u64,
    pub now: Now,
}

impl Site {
    /// The site that options describe.
    ///
    /// # Errors
    /// The path cannot be made absolute.
    pub fn new(options: &Options) -> Result<Arc<Self>, JournalError> {
        let path = std::path::absolute(&options.path)
            .map_err(|error| JournalError::refused(&options.path, format!("there is no such path: {error}")))?;
        Ok(Arc::new(Self {
            path,
            host: options.host.clone(),
            machine: file::machine(options.machine.as_deref()),
            busy: options.busy,
            checkpoint_every: options.checkpoint_every.max(1),
            now: options.now.clone(),
        }))
    }
}

/// The connection that writes, and the file that it was opened on.
pub struct Writing {
    pub connection: SqliteConnection,
    pub file: FileId,
    pub writer: writer::Writer,
    /// Whether a transaction was begun and neither ended nor undone: then the connection is of no more use.
    pub midway: bool,
}

impl Writing {
    /// Lets commits that follow reach the disk with the next one that has to: for what can be had again, or passes. The file stays whole
    /// whatever happens. Until [`Writing::strict`] the connection is good for nothing else.
    ///
    /// # Errors
    /// The file cannot be used.
    pub async fn relax(&mut self) -> Result<(), sqlx::Error> {
        self.midway = true;
        sqlx::query("PRAGMA synchronous = NORMAL").execute(&mut self.connection).await.map(drop)
    }

    /// From here on commits are on the disk when they are done.
    ///
    /// # Errors
    /// The file cannot be used.
    pub async fn strict(&mut self) -> Result<(), sqlx::Error> {
        sqlx::query("PRAGMA synchronous = FULL").execute(&mut self.connection).await?;
        self.midway = false;
        Ok(())
    }
}

/// Opens the file for writing: makes it where there is none, and brings it to this version's form.
///
/// # Errors
/// [`JournalError::Refused`] where trying again is of no use.
pub async fn open(site: &Site) -> Result<Writing, JournalError> {
    let path = &site.path;
    file::check(path)?;
    let made = file::make_folder(path)?;
    let mut connection = connect(site, Access::Write).await?;
    if made {
        let done = file::close_to_others(path).and_then(|()| file::sync_folder(path));
        done.map_err(|error| JournalError::local("make", path, error))?;
    }
    schema::migrate(&mut connection, site, schema::MIGRATIONS).await?;
    let file = file::identity(path).map_err(|error| JournalError::local("look at", path, error))?;
    let writer = writer::current(&mut connection, site, file).await?;
    Ok(Writing { connection, file, writer, midway: false })
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Write,
    Read,
    /// Reading as well, for a copy of the file.
    Copy,
}

/// Connects to the file.
///
/// # Errors
/// It cannot be opened, or is no database.
pub async fn connect(site: &Site, access: Access) -> Result<SqliteConnection, JournalError> {
    let options = SqliteConnectOptions::new()
        .filename(&site.path)
        .busy_timeout(site.busy)
        .foreign_keys(true)
        .pragma("trusted_schema", "OFF")
        .disable_statement_logging();
    let options = match access {
        // What is erased is overwritten with zeros, and a log that has grown is cut again.
        Access::Write => options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("secure_delete", "ON")
            .pragma("journal_size_limit", "16777216"),
        // Where nobody can write, neither can the index of a log be made; nor is it needed.
        Access::Read if file::is_read_only(&site.path) => options.immutable(true).read_only(true),
        Access::Read => options.pragma("query_only", "ON"),
        Access::Copy => options,
    };
    let what = if access == Access::Write { "open" } else { "read" };
    SqliteConnection::connect_with(&options).await.map_err(|error| failed(what, &site.path, &error))
}

/// Connects for reading. What cannot be written, a file on a read-only file system, is read all the same.
///
/// # Errors
/// It cannot be read either.
pub async fn connect_reader(site: &Site) -> Result<SqliteConnection, JournalError> {
    let mut connection = connect(site, Access::Read).await?;
    schema::check(&mut connection, site, schema::MIGRATIONS).await?;
    Ok(connection)
}

/// SQLite's primary result codes that need other words than its own.
fn words(code: i32) -> Option<&'static str> {
    Some(match code & 0xff {
        5 | 6 => "another process holds it locked; it is tried again",
        7 => "there is not enough memory",
        8 => "it is read-only; make the file and its folder writable for this user",
        10 => "the disk reports an error; look at the kernel log",
        11 => "it is damaged; keep it, run `flightdeck incident verify`, and go on with another file or a backup",
        13 => "the disk is full; make room",
        14 => "the file cannot be opened; look at its folder and permissions",
        26 => "it is not a database",
        _ => return None,
    })
}

/// An error of SQLite in words.
pub fn failed(what: &'static str, path: &Path, error: &sqlx::Error) -> JournalError {
    let code = match error {
        sqlx::Error::Database(database) => database.code().and_then(|code| code.parse::<i32>().ok()),
        _ => None,
    };
    // A file that cannot be opened for writing is said to be missing, whatever the reason.
    let code = if code.is_some_and(|code| code & 0xff == 14) && file::is_read_only(path) { Some(8) } else { code };
    let why = match code.and_then(|code| Some((code, words(code)?))) {
        Some((26, why)) => return JournalError::refused(path, format!("{why}; choose another file")),
        Some((_, why)) => format!("{why} ({error})"),
        None => error.to_string(),
    };
    JournalError::local(what, path, why)
}
