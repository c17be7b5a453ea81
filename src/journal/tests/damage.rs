//! Whoever changes a file behind the journal's back is found out.

use super::*;
use crate::journal::{chain, encode, sqlite};
use crate::model::journal::WriterId;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};
use std::fs;

/// A journal with two incidents, notes and checkpoints, closed.
fn filled(folder: &Path) -> Vec<Entry> {
    let journal = Journal::open(Options { checkpoint_every: 8, ..options(folder) }).unwrap();
    for number in 1..=2 {
        let incident = declare(&journal, i64::from(number) * 100, number);
        for index in 0..12 {
            one(&journal, note(Some(incident), i64::from(number) * 100 + index, &format!("note {number}-{index}.")));
        }
    }
    let entries = journal.since(0, 999).wait(LONG).unwrap();
    close(&journal);
    entries
}

fn verdict(folder: &Path, anchors: Vec<Anchor>) -> Result<Verdict, JournalError> {
    let journal = Journal::open(options(folder))?;
    let verdict = journal.verify(anchors).wait(LONG);
    let _ = journal.close(LONG).wait(LONG);
    verdict
}

fn misfit(folder: &Path) -> Misfit {
    match verdict(folder, vec![]) {
        Ok(Verdict::Broken { first, .. }) => *first,
        other => panic!("nothing was found: {other:?}"),
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes.windows(wanted.len()).position(|window| window == wanted).unwrap()
}

#[test]
fn one_byte_changed_in_a_body_a_header_a_salt_or_a_hash_names_the_event() {
    let folder = tempfile::tempdir().unwrap();
    let entries = filled(folder.path());
    let file = folder.path().join("j.db");
    let good = fs::read(&file).unwrap();
    let entry = entries.iter().find(|entry| texts(&[(*entry).clone()]) == ["note 1-7."]).unwrap();
    let header = &entry.event.header;
    let bytes = encode::header(header);
    let json = serde_json::to_vec(entry.event.body.as_ref().unwrap()).unwrap();
    let places = [
        (find(&good, &json) + json.len() - 3, "its body is not the one"),
        // The salt stands right before it.
        (find(&good, &json) - 5, "its body is not the one"),
        (find(&good, &bytes) + 100, "but"),
        (find(&good, &bytes) + bytes.len() - 1, "but"),
        // The hash stands right before the header.
        (find(&good, &bytes) - 1, "but"),
    ];
    for (place, words) in places {
        let mut bad = good.clone();
        bad[place] ^= 1;
        fs::write(&file, &bad).unwrap();
        let found = misfit(folder.path());
        assert_eq!((found.id, found.sequence), (Some(header.id), header.sequence), "{found}");
        assert_eq!((found.incident, found.writer), (header.incident, header.writer));
        assert!(found.what.contains(words), "{found}");
        assert!(
            found.to_string().contains(&header.id.to_string()) && found.to_string().contains(&found.host.to_string())
        );
        fs::write(&file, &good).unwrap();
    }
    assert!(matches!(verdict(folder.path(), vec![]), Ok(Verdict::Fits(_))));
}

#[test]
fn no_byte_can_be_changed_so_that_an_event_reads_differently_and_everything_seems_to_fit() {
    let folder = tempfile::tempdir().unwrap();
    let entries = filled(folder.path());
    let file = folder.path().join("j.db");
    let good = fs::read(&file).unwrap();
    let mut found = 0;
    // Every page of the file is hit; a step that is odd, so that places differ within pages.
    for place in (0..good.len()).step_by((good.len() / 100) | 1) {
        let mut bad = good.clone();
        bad[place] ^= 0x10;
        fs::write(&file, &bad).unwrap();
        let _ = fs::remove_file(folder.path().join("j.db-wal"));
        let _ = fs::remove_file(folder.path().join("j.db-shm"));
        match verdict(folder.path(), vec![]) {
            Ok(Verdict::Fits(_)) => {
                let journal = open(folder.path());
                let now = journal.since(0, 999).wait(LONG).unwrap();
                let events = |entries: &[Entry]| entries.iter().map(|entry| entry.event.clone()).collect::<Vec<_>>();
                assert_eq!(events(&now), events(&entries), "byte {place}");
                close(&journal);
            }
            _ => found += 1,
        }
    }
    assert!(found > 10, "{found} were found");
}

/// Changes the file as somebody would who knows SQL.
fn tamper(folder: &Path, work: impl AsyncFnOnce(&mut SqliteConnection)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("j.db")).foreign_keys(false);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'trigger'";
        let triggers: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap();
        for trigger in triggers {
            let sql = format!("DROP TRIGGER {trigger}");
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        }
        work(&mut connection).await;
        connection.close().await.unwrap();
    });
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(connection).await.unwrap();
}

#[test]
fn triggers_refuse_what_sql_would_do_to_it() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("j.db"));
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        for (sql, words) in [
            ("DELETE FROM events WHERE local = 3", "events of a journal are never deleted"),
            ("UPDATE events SET actor = 'mallory'", "events of a journal are never changed"),
            ("DELETE FROM bodies WHERE event = 3", "only after an event has said why"),
            ("UPDATE bodies SET json = x'7b7d'", "never changed"),
            ("DELETE FROM writers", "never deleted"),
            ("UPDATE writers SET public_key = zeroblob(32)", "never changed"),
            (
                "INSERT INTO erasures SELECT id, id FROM events WHERE kind = 'note'",
                "said by an event of the kind erased",
            ),
            ("INSERT INTO expiries SELECT writer, 1, id FROM events", "said by an event of the kind expired"),
        ] {
            let error = sqlx::raw_sql(sql).execute(&mut connection).await.unwrap_err().to_string();
            assert!(error.contains(words), "{sql}: {error}");
        }
    });
}

#[test]
fn a_missing_event_a_gap_and_a_missing_body_are_named() {
    for (sql, sequence, words) in [
        ("DELETE FROM events WHERE sequence = 5", 6, "number 5 must come"),
        ("DELETE FROM bodies WHERE event = (SELECT local FROM events WHERE sequence = 5)", 5, "no event says why"),
        ("UPDATE events SET actor = 'mallory' WHERE sequence = 5", 5, "its column actor"),
        ("UPDATE events SET incident = NULL WHERE sequence = 5", 5, "its column incident"),
        ("UPDATE events SET occurred_at = occurred_at + 1 WHERE sequence = 5", 5, "its column occurred_at"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        filled(folder.path());
        tamper(folder.path(), async |connection: &mut SqliteConnection| run(connection, sql).await);
        let found = misfit(folder.path());
        assert_eq!(found.sequence, sequence, "{sql}: {found}");
        assert!(found.what.contains(words), "{sql}: {found}");
    }
}

#[test]
fn a_chain_that_was_cut_off_fits_by_itself_but_not_with_a_checkpoint_that_was_kept_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let Ok(Verdict::Fits(summary)) = verdict(folder.path(), vec![]) else { panic!("it fits") };
    let writer = &summary.writers[0];
    let checkpoint = writer.checkpoint.clone().unwrap();
    let anchor = Anchor { writer: writer.writer, checkpoint };
    assert!(matches!(verdict(folder.path(), vec![anchor.clone()]), Ok(Verdict::Fits(_))));
    tamper(folder.path(), async |connection: &mut SqliteConnection| {
        run(connection, "DELETE FROM bodies WHERE event > 12; DELETE FROM events WHERE local > 12; DELETE FROM trees")
            .await;
    });
    assert!(matches!(verdict(folder.path(), vec![]), Ok(Verdict::Fits(_))));
    let Ok(Verdict::Broken { first, chains: 1 }) = verdict(folder.path(), vec![anchor]) else {
        panic!("it is cut off")
    };
    assert_eq!((first.sequence, first.id), (13, None));
    assert!(first.what.contains("its end was cut off"), "{first}");
}

/// Writes the whole chain anew with other words, as somebody would who knows how hashes are made but has no key.
async fn forge(connection: &mut SqliteConnection, writer: WriterId) {
    let raws = sqlite::raw::chain(connection, writer, 0, 999).await.unwrap();
    let mut previous = chain::Head::default();
    for raw in raws {
        let mut header = encode::decode(&raw.header).unwrap();
        let (salt, json) = raw.body.unwrap();
        let json = String::from_utf8(json).unwrap().replace("note 1-3.", "all was well").into_bytes();
        header.body_hash = encode::body_digest(&salt, &json);
        header.previous = previous.hash;
        let bytes = encode::header(&header);
        header.hash = encode::sha256(&[&bytes]);
        previous.hash = header.hash;
        let query = sqlx::query("UPDATE events SET hash = ?, header = ? WHERE local = ?");
        let query = query.bind(header.hash.0.as_slice()).bind(bytes).bind(raw.local.cast_signed());
        query.execute(&mut *connection).await.unwrap();
        let query = sqlx::query("UPDATE bodies SET json = ? WHERE event = ?").bind(json).bind(raw.local.cast_signed());
        query.execute(&mut *connection).await.unwrap();
    }
}

#[test]
fn a_history_that_was_written_anew_does_not_fit_its_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    tamper(folder.path(), async |connection: &mut SqliteConnection| {
        let row = sqlx::query("SELECT id FROM writers").fetch_one(&mut *connection).await.unwrap();
        forge(connection, WriterId(row.get(0))).await;
    });
    let found = misfit(folder.path());
    // The first checkpoint after what was changed.
    assert_eq!((found.sequence, found.kind.as_str()), (9, "checkpoint"), "{found}");
    assert!(found.what.contains("its checkpoint signs 8 events with the root"), "{found}");
}
