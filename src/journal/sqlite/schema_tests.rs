//! Older files are brought up, with a copy beside them, or left as they were.

use super::*;
use crate::{
    journal::{
        Options,
        sqlite::{Access, Site, connect},
    },
    model::journal::Body,
};
use std::os::unix::fs::PermissionsExt;

fn site(folder: &Path) -> std::sync::Arc<Site> {
    Site::new(&Options::new(folder.join("j.db"))).unwrap()
}

async fn version(connection: &mut SqliteConnection) -> i64 {
    form(connection).await.map(|form| form.version).unwrap()
}

const SECOND: &[&str] = &[MIGRATIONS[0], "CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT"];

#[tokio::test]
async fn an_older_file_is_copied_and_brought_up_once_though_several_want_to() {
    let folder = tempfile::tempdir().unwrap();
    let site = site(folder.path());
    let mut first = connect(&site, Access::Write).await.unwrap();
    migrate(&mut first, &site, MIGRATIONS).await.unwrap();
    assert_eq!(version(&mut first).await, 1);
    let backup = backup_path(&site.path, 1);
    assert!(!backup.exists());
    sqlx::raw_sql("INSERT INTO presence VALUES (x'00', 'me', 1, 1)").execute(&mut first).await.unwrap();
    let mut second = connect(&site, Access::Write).await.unwrap();
    let (one, other) = tokio::join!(migrate(&mut first, &site, SECOND), migrate(&mut second, &site, SECOND));
    assert_eq!((one, other), (Ok(()), Ok(())));
    assert_eq!(version(&mut first).await, 2);
    assert_eq!(fs::metadata(&backup).unwrap().permissions().mode() & 0o777, 0o600);

    // The copy is a journal of the older form, with everything in it.
    fs::rename(&backup, folder.path().join("old")).unwrap();
    let old = Site::new(&Options::new(folder.path().join("old"))).unwrap();
    let mut copy = connect(&old, Access::Read).await.unwrap();
    assert_eq!(version(&mut copy).await, 1);
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM presence").fetch_one(&mut copy).await.unwrap();
    assert_eq!(rows, 1);
    // Whoever only reads does not bring it up, and says so.
    let error = check(&mut copy, &old, SECOND).await.unwrap_err().to_string();
    assert!(error.contains("brought to form 2 only where it can be written"), "{error}");
    // Who knows the first form only leaves the second alone.
    let error = migrate(&mut second, &site, MIGRATIONS).await.unwrap_err().to_string();
    assert!(error.contains("a newer Flightdeck wrote it (form 2; this one knows forms up to 1)"), "{error}");
}

#[tokio::test]
async fn what_fails_halfway_leaves_the_file_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let site = site(folder.path());
    let mut connection = connect(&site, Access::Write).await.unwrap();
    migrate(&mut connection, &site, MIGRATIONS).await.unwrap();
    let bad: &[&'static str] = &[MIGRATIONS[0], "CREATE TABLE later (id INTEGER PRIMARY KEY); CREATE TABLE later (id)"];
    assert!(migrate(&mut connection, &site, bad).await.is_err());
    drop(connection);
    let mut connection = connect(&site, Access::Write).await.unwrap();
    assert_eq!(version(&mut connection).await, 1);
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'later'")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(tables, 0);
    // A copy of an attempt before is replaced by one of now.
    migrate(&mut connection, &site, SECOND).await.unwrap();
    assert!(backup_path(&site.path, 1).exists());
}

/// Words in quotation marks, behind the last mention of a word.
fn kinds<'s>(sql: &'s str, after: &str) -> Vec<&'s str> {
    let list = &sql[sql.rfind(after).unwrap()..];
    let list = &list[..list.find(')').unwrap()];
    list.split('\'').skip(1).step_by(2).collect()
}

#[test]
fn every_list_of_state_kinds_is_the_one_of_the_model() {
    let model = Body::STATE_KINDS.to_vec();
    let staying = ["erased", "expired", "checkpoint"];
    let sqlite = MIGRATIONS[0];
    let index = &sqlite[sqlite.find("CREATE INDEX events_state").unwrap()..];
    assert_eq!(kinds(&index[..index.find(';').unwrap()], "kind IN"), model);
    let both: Vec<&str> = staying.into_iter().chain(model.iter().copied()).collect();
    let view = &sqlite[sqlite.find("CREATE VIEW erasable").unwrap()..];
    assert_eq!(kinds(&view[..view.find(';').unwrap()], "kind NOT IN"), both);
    let postgres = include_str!("../postgres/migrations/001.sql");
    let function = &postgres[postgres.find("CREATE FUNCTION flightdeck.erasable").unwrap()..];
    assert_eq!(kinds(&function[..function.find(';').unwrap()], "kind NOT IN"), both);
    assert_eq!(kinds(concat!("IN ", super::super::read::state_kinds!()), "IN"), model);
    assert_eq!(kinds(super::super::erase::ambient!(), "kind NOT IN"), both);
}
