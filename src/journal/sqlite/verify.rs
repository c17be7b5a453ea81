//! Takes the chains of the local file to [`crate::journal::verify`].

use super::{
    Site, failed, raw, read,
    row::{self, entry_columns},
};
use crate::{
    journal::{
        error::JournalError,
        verify::{Anchor, ChainCheck, Misfit, Reasons, Summary, Verdict},
    },
    model::journal::WriterId,
};
use compact_str::CompactString;
use sqlx::{Row, SqliteConnection};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How many events are read at a time.
const PAGE: u32 = 256;

/// Looks at every event in the file.
///
/// # Errors
/// The file cannot be read.
pub async fn verify(
    connection: &mut SqliteConnection,
    site: &Site,
    anchors: &[Anchor],
) -> Result<Verdict, JournalError> {
    let error = |error: sqlx::Error| failed("verify", &site.path, &error);
    let reasons = reasons(connection).await.map_err(error)?;
    let mut summary = Summary::default();
    let mut misfits: Vec<Box<Misfit>> = Vec::new();
    for (writer, known) in writers(connection, anchors).await.map_err(error)? {
        let Known { host, key } = known;
        let mut check = ChainCheck::new(writer, key.unwrap_or_default(), anchors);
        let result = match key {
            Some(_) => chain(connection, &mut check, writer, &reasons).await,
            None => Err(missing(writer, 1, "its writer is not known here".to_owned())),
        };
        let result = result.and_then(|()| {
            let next = check.events() + 1;
            check.end(host.clone()).map_err(|what| missing(writer, next, what))
        });
        match result {
            Ok((writer, erased)) => {
                summary.events += writer.events;
                summary.erased += erased;
                summary.writers.push(writer);
            }
            Err(misfit) => misfits.push(Box::new(Misfit { host, ..*misfit })),
        }
    }
    let chains = misfits.len();
    if let Some(first) = misfits.into_iter().min_by_key(|misfit| misfit.local.unwrap_or(u64::MAX)) {
        return Ok(Verdict::Broken { first, chains });
    }
    sound(connection, site).await?;
    Ok(Verdict::Fits(summary))
}

/// A misfit that is no event of this file.
fn missing(writer: WriterId, sequence: u64, what: String) -> Box<Misfit> {
    let (host, kind) = (CompactString::default(), CompactString::default());
    Box::new(Misfit { writer, host, sequence, local: None, id: None, incident: None, kind, what })
}

/// Goes along a chain.
async fn chain(
    connection: &mut SqliteConnection,
    check: &mut ChainCheck,
    writer: WriterId,
    reasons: &Reasons,
) -> Result<(), Box<Misfit>> {
    let mut after = 0;
    loop {
        let page = raw::chain(connection, writer, after, PAGE).await;
        let page =
            page.map_err(|error| missing(writer, after + 1, format!("the file cannot be read there: {error}")))?;
        for raw in &page {
            let columns = &raw.columns;
            check.take(raw, reasons).map_err(|what| {
                Box::new(Misfit {
                    writer,
                    host: CompactString::default(),
                    sequence: columns.sequence,
                    local: Some(raw.local),
                    id: Some(columns.id),
                    incident: columns.incident,
                    kind: columns.kind.as_str().into(),
                    what,
                })
            })?;
            after = columns.sequence;
        }
        if page.len() < PAGE as usize {
            return Ok(());
        }
    }
}

/// What is known of a writer.
#[derive(Default)]
struct Known {
    host: CompactString,
    key: Option<[u8; 32]>,
}

/// All writers that are known, that events name, or that something was kept of elsewhere.
async fn writers(
    connection: &mut SqliteConnection,
    anchors: &[Anchor],
) -> Result<BTreeMap<WriterId, Known>, sqlx::Error> {
    let mut writers: BTreeMap<_, _> = anchors.iter().map(|anchor| (anchor.writer, Known::default())).collect();
    for row in sqlx::query("SELECT DISTINCT writer FROM events").fetch_all(&mut *connection).await? {
        writers.entry(WriterId(row.try_get::<Uuid, _>(0)?)).or_default();
    }
    for writer in read::writers(connection).await? {
        writers.insert(writer.id, Known { host: writer.host, key: Some(writer.public_key) });
    }
    Ok(writers)
}

/// Everything that events say about bodies that are gone.
async fn reasons(connection: &mut SqliteConnection) -> Result<Reasons, sqlx::Error> {
    let sql = concat!(
        "SELECT ",
        entry_columns!(),
        " FROM events e JOIN bodies b ON b.event = e.local WHERE e.kind IN ('erased', 'expired', 'checkpoint') \
         AND e.kind <> 'checkpoint'"
    );
    let mut reasons = Reasons::default();
    for row in sqlx::query(sql).fetch_all(connection).await? {
        // One that cannot be read says nothing; the chain names it.
        if let Ok(body) = row.try_get::<&[u8], _>(3).map(|json| row::body("", json)) {
            reasons.add(&body);
        }
    }
    Ok(reasons)
}

/// Lets SQLite look at what no event stands in: its indexes and lists of free pages.
async fn sound(connection: &mut SqliteConnection, site: &Site) -> Result<(), JournalError> {
    let found: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(3)")
        .fetch_all(connection)
        .await
        .map_err(|error| failed("verify", &site.path, &error))?;
    if found == ["ok"] {
        return Ok(());
    }
    let why = format!(
        "all events fit, but SQLite finds the file itself damaged: {}; copy it with `sqlite3 FILE .recover` or fetch a backup",
        found.join("; ")
    );
    Err(JournalError::local("verify", &site.path, why))
}
