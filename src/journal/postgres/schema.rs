//! The shared store's form, and who may do what there.

use super::Store;
use crate::journal::error::JournalError;
use sqlx::{Connection, PgConnection, Row};
use uuid::Uuid;

/// What leads from one version of the form to the next; the first makes it.
const MIGRATIONS: &[&str] = &[include_str!("migrations/001.sql")];

/// Only one client at a time brings the store to a new form: "FLIGHTDE" as a number.
const LOCK: i64 = 0x464c_4947_4854_4445;

/// Which store it is, if it has been made.
async fn form(connection: &mut PgConnection) -> Result<Option<(Uuid, i32)>, sqlx::Error> {
    let there: Option<String> =
        sqlx::query_scalar("SELECT to_regclass('flightdeck.store')::text").fetch_one(&mut *connection).await?;
    if there.is_none() {
        return Ok(None);
    }
    let row = sqlx::query("SELECT id, form FROM flightdeck.store").fetch_optional(connection).await?;
    row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
}

/// Brings the store to this version's form where it is not, and answers which store it is.
///
/// # Errors
/// It is of a newer version, or this role may not make it.
pub async fn prepare(connection: &mut PgConnection, store: &Store) -> Result<Uuid, JournalError> {
    let latest = MIGRATIONS.len() as i32;
    let found = store.timed("look at", form(connection)).await?;
    match found {
        Some((id, form)) if form == latest => Ok(id),
        Some((_, form)) if form > latest => Err(store.failed(
            "use",
            format!("a newer Flightdeck made it (form {form}; this one knows forms up to {latest}); use that version"),
        )),
        _ => store.timed("prepare", bring_up(connection)).await,
    }
}

async fn bring_up(connection: &mut PgConnection) -> Result<Uuid, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *transaction).await?;
    // Another client may have come before.
    let from = form(&mut transaction).await?.map_or(0, |(_, form)| form);
    if from == 0 {
        sqlx::raw_sql("CREATE SCHEMA IF NOT EXISTS flightdeck").execute(&mut *transaction).await?;
    }
    for migration in MIGRATIONS.iter().skip(usize::try_from(from).unwrap_or(0)) {
        sqlx::raw_sql(*migration).execute(&mut *transaction).await?;
    }
    let latest = MIGRATIONS.len() as i32;
    let sql = "INSERT INTO flightdeck.store (form) VALUES ($1) ON CONFLICT (alone) DO UPDATE SET form = greatest(store.form, $1) \
               RETURNING id";
    let id = sqlx::query_scalar(sql).bind(latest).fetch_one(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(id)
}

/// SQL that lets a role write and read events, and change or delete none. An administrator runs it, after the first cockpit that may has
/// made the schema.
pub fn grants_sql(role: &str) -> String {
    let role = format!("\"{}\"", role.replace('"', "\"\""));
    format!(
        "GRANT USAGE ON SCHEMA flightdeck TO {role};\n\
         GRANT SELECT ON ALL TABLES IN SCHEMA flightdeck TO {role};\n\
         GRANT INSERT ON flightdeck.writers, flightdeck.events, flightdeck.bodies, flightdeck.erasures, flightdeck.expiries TO {role};\n\
         -- Who is here, and leases, are no part of the record.\n\
         GRANT INSERT, UPDATE, DELETE ON flightdeck.presence TO {role};\n\
         GRANT INSERT, UPDATE ON flightdeck.leases TO {role};\n"
    )
}
