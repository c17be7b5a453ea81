//! The file's form, and how an older one is brought to it.

use super::{Site, failed};
use crate::journal::error::JournalError;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};
use std::{
    fs,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

/// What leads from one version of the form to the next; the first makes it.
pub const MIGRATIONS: &[&str] = &[include_str!("migrations/001.sql")];

/// Tells a journal from other SQLite files: "FLJ1" in `application_id`.
const APPLICATION: i64 = 0x464c_4a31;

/// How often an empty file is looked at again that another process is making a journal of.
const TRIES: u32 = 50;

/// What a file says of itself.
struct Form {
    application: i64,
    version: i64,
    tables: i64,
}

async fn form(connection: &mut SqliteConnection) -> Result<Form, sqlx::Error> {
    let row = sqlx::query(
        "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), \
         (SELECT count(*) FROM sqlite_schema)",
    )
    .fetch_one(connection)
    .await?;
    Ok(Form { application: row.try_get(0)?, version: row.try_get(1)?, tables: row.try_get(2)? })
}

impl Form {
    /// Whether it is a journal that this version can use, perhaps after bringing it up.
    fn check(&self, path: &Path, latest: i64) -> Result<(), JournalError> {
        if self.application != APPLICATION && self.tables > 0 {
            return Err(JournalError::refused(path, "it is the SQLite file of something else; choose another path"));
        }
        if self.version > latest {
            return Err(JournalError::refused(
                path,
                format!(
                    "a newer Flightdeck wrote it (form {}; this one knows forms up to {latest}); use that version, or another file",
                    self.version
                ),
            ));
        }
        Ok(())
    }
}

/// Looks whether a file that is only read has this version's form.
///
/// # Errors
/// It is something else, newer, or not yet brought up.
pub async fn check(
    connection: &mut SqliteConnection,
    site: &Site,
    migrations: &[&'static str],
) -> Result<(), JournalError> {
    let form = form(connection).await.map_err(|error| failed("read", &site.path, &error))?;
    let latest = migrations.len() as i64;
    form.check(&site.path, latest)?;
    if form.version < latest {
        let why = format!("it has form {}, and is brought to form {latest} only where it can be written", form.version);
        return Err(JournalError::local("read", &site.path, why));
    }
    Ok(())
}

/// Looks whether a file that is open still has the form that it was opened with.
///
/// # Errors
/// A newer version has changed it meanwhile.
pub fn still(path: &Path, form: i64) -> Result<(), JournalError> {
    if form == MIGRATIONS.len() as i64 {
        return Ok(());
    }
    let why =
        format!("another version of Flightdeck has brought it to form {form} meanwhile; leave and start that version");
    Err(JournalError::local("write", path, why))
}

/// Brings a file to this version's form, after a copy of it was put beside.
///
/// # Errors
/// It is something else or newer, or cannot be written.
pub async fn migrate(
    connection: &mut SqliteConnection,
    site: &Site,
    migrations: &[&'static str],
) -> Result<(), JournalError> {
    let path = &site.path;
    let latest = migrations.len() as i64;
    let mut tries = 0;
    loop {
        let found = form(connection).await.map_err(|error| failed("read", path, &error))?;
        found.check(path, latest)?;
        if found.version == latest {
            return Ok(());
        }
        match bring_up(connection, site, found.version, migrations).await {
            Ok(()) => return Ok(()),
            // Another process is doing the same.
            Err(Failure::Sql(error)) if is_busy(&error) && tries < TRIES => {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(Failure::Sql(error)) => return Err(failed("prepare", path, &error)),
            Err(Failure::Copy(error)) => return Err(error),
        }
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()).and_then(|code| code.parse::<i32>().ok());
    code.is_some_and(|code| matches!(code & 0xff, 5 | 6))
}

/// What a migration fails by.
enum Failure {
    Sql(sqlx::Error),
    Copy(JournalError),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

async fn bring_up(
    connection: &mut SqliteConnection,
    site: &Site,
    from: i64,
    migrations: &[&'static str],
) -> Result<(), Failure> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    // Another process may have come before.
    if form(&mut transaction).await?.version == from {
        if from > 0 {
            back_up(site, from).await.map_err(Failure::Copy)?;
        }
        for migration in migrations.iter().skip(usize::try_from(from).unwrap_or(0)) {
            sqlx::raw_sql(*migration).execute(&mut *transaction).await?;
        }
        let marks = format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {}", migrations.len());
        sqlx::raw_sql(AssertSqlSafe(marks)).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}

/// Puts a copy of the file beside it, `journal.db.form-1.backup`, while the one who calls keeps others from writing.
async fn back_up(site: &Site, version: i64) -> Result<(), JournalError> {
    let what = "copy, before it is brought to a newer form,";
    let path = &site.path;
    let backup = backup_path(path, version);
    let begun = backup.with_extension("backup.new");
    let io = |error: std::io::Error| JournalError::local(what, path, error);
    match fs::remove_file(&begun) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(error)),
        _ => {}
    }
    // SQLite fills an empty file; this one is closed to others from the start.
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&begun).map_err(io)?;
    let mut reader = super::connect(site, super::Access::Copy).await?;
    let copy = sqlx::query("VACUUM INTO ?").bind(begun.to_string_lossy().into_owned());
    copy.execute(&mut reader).await.map_err(|error| failed(what, path, &error))?;
    fs::File::open(&begun).and_then(|file| file.sync_all()).map_err(io)?;
    fs::rename(&begun, &backup).map_err(io)
}

/// Where the copy of a form lies.
fn backup_path(path: &Path, version: i64) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".form-{version}.backup"));
    name.into()
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
