//! Puts a bundle together.

use super::{EventLine, FORM, Manifest, WriterLine};
use crate::{
    journal::{
        encode,
        error::JournalError,
        handle::Journal,
        merkle::Tree,
        sqlite::{
            self, Site, append,
            raw::{self, Raw},
            read, row,
        },
        verify::Reasons,
    },
    model::{
        Timestamp,
        journal::{Header, IncidentId, WriterId},
        text::hex,
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;
use sqlx::SqliteConnection;
use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// What is to be bundled, and where.
#[derive(Debug, Clone)]
pub struct BundleRequest {
    pub incident: IncidentId,
    /// The time of which what belongs to no incident is bundled as well.
    pub ambient: Option<(Timestamp, Timestamp)>,
    /// The file; one that is there is replaced.
    pub path: PathBuf,
}

/// What was bundled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bundled {
    pub events: usize,
    /// How many of them a signed checkpoint proves.
    pub proved: usize,
    pub bytes: u64,
}

/// zstd's own default.
const LEVEL: i32 = 3;

impl Journal {
    /// Writes an incident into a file that proves itself. A checkpoint is signed for it first.
    ///
    /// # Errors
    /// There is no such incident, or a file cannot be read or written.
    pub async fn bundle(&self, request: BundleRequest) -> Result<Bundled, JournalError> {
        // Where nothing can be signed now, an earlier checkpoint proves what it covers.
        match self.checkpoint().await {
            Ok(_) | Err(JournalError::Local { .. }) => {}
            Err(error) => return Err(error),
        }
        self.long("bundle", move |site, connection| Box::pin(bundle(site, connection, request))).await
    }
}

async fn bundle(
    site: &Site,
    connection: &mut SqliteConnection,
    request: BundleRequest,
) -> Result<Bundled, JournalError> {
    let error = |error: sqlx::Error| sqlite::failed("bundle from", &site.path, &error);
    let raws = raw::of_incident(connection, request.incident, request.ambient).await.map_err(error)?;
    if raws.is_empty() {
        return Err(JournalError::Missing(format!("incident {} in this journal", request.incident)));
    }
    let mut chosen = decode(site, raws)?;
    add_reasons(site, connection, &mut chosen).await?;
    chosen.sort_by_key(|(header, _)| (header.occurred_at, header.clock, header.writer, header.sequence));
    let (writers, trees) = writers(connection, &chosen).await.map_err(error)?;
    let lines: Vec<EventLine> = chosen
        .iter()
        .map(|(header, raw)| line(header, raw, trees.get(&header.writer)))
        .collect::<Result<_, _>>()
        .map_err(|why| JournalError::local("bundle from", &site.path, why))?;
    let manifest = Manifest {
        form: FORM.to_owned(),
        incident: request.incident,
        made_at: site.now.get(),
        made_on: site.host.clone(),
    };
    let bytes = pack(&request.path, &manifest, &writers, &lines)
        .map_err(|error| JournalError::Bundle { path: request.path, why: format!("cannot be written: {error}") })?;
    let proved = lines.iter().filter(|line| line.path.is_some()).count();
    Ok(Bundled { events: lines.len(), proved, bytes })
}

type Chosen = Vec<(Header, Raw)>;

fn decode(site: &Site, raws: Vec<Raw>) -> Result<Chosen, JournalError> {
    raws.into_iter()
        .map(|raw| match encode::decode(&raw.header) {
            Ok(header) => Ok((header, raw)),
            Err(error) => {
                let why =
                    format!("the event {} cannot be read: {error}; run `flightdeck incident verify`", raw.columns.id);
                Err(JournalError::local("bundle from", &site.path, why))
            }
        })
        .collect()
}

/// Adds the events that say why bodies of chosen ones are gone.
async fn add_reasons(site: &Site, connection: &mut SqliteConnection, chosen: &mut Chosen) -> Result<(), JournalError> {
    let gone: Vec<Header> =
        chosen.iter().filter(|(_, raw)| raw.body.is_none()).map(|(header, _)| header.clone()).collect();
    if gone.is_empty() {
        return Ok(());
    }
    let error = |error: sqlx::Error| sqlite::failed("bundle from", &site.path, &error);
    let saying = decode(site, raw::saying(connection).await.map_err(error)?)?;
    for (header, raw) in saying {
        let mut reasons = Reasons::default();
        if let Some((_, json)) = &raw.body {
            reasons.add(&row::body(&header.kind, json));
        }
        let there = chosen.iter().any(|(known, _)| known.id == header.id);
        if !there && gone.iter().any(|gone| reasons.cover(gone)) {
            chosen.push((header, raw));
        }
    }
    Ok(())
}

/// The tree that a writer's newest checkpoint signs.
struct Signed {
    size: u64,
    tree: Tree,
}

type Writers = (Vec<WriterLine>, BTreeMap<WriterId, Signed>);

/// The writers of these events, and their trees.
async fn writers(connection: &mut SqliteConnection, chosen: &Chosen) -> Result<Writers, sqlx::Error> {
    let (mut lines, mut trees) = (Vec::new(), BTreeMap::new());
    for writer in read::writers(connection).await? {
        if !chosen.iter().any(|(header, _)| header.writer == writer.id) {
            continue;
        }
        let checkpoint = append::newest(connection, writer.id).await?.map(|signed| signed.body);
        if let Some(checkpoint) = &checkpoint {
            let hashes = raw::hashes(connection, writer.id, checkpoint.size).await?;
            // Of a chain that lacks something nothing can be proved.
            if hashes.len() as u64 == checkpoint.size {
                trees.insert(writer.id, Signed { size: checkpoint.size, tree: Tree::new(&hashes) });
            }
        }
        lines.push(WriterLine {
            id: writer.id,
            host: writer.host.to_string(),
            public_key: hex(&writer.public_key),
            begun_at: writer.begun_at,
            checkpoint,
        });
    }
    Ok((lines, trees))
}

fn line(header: &Header, raw: &Raw, signed: Option<&Signed>) -> Result<EventLine, String> {
    let covering = signed.filter(|signed| header.sequence <= signed.size);
    let path = covering.map(|signed| {
        let path = signed.tree.path(header.sequence as usize - 1);
        path.iter().map(ToString::to_string).collect()
    });
    let body = match &raw.body {
        None => None,
        Some((_, json)) => match String::from_utf8(json.clone()) {
            Ok(json) => Some(json),
            Err(_) => return Err(format!("the body of the event {} is no text", header.id)),
        },
    };
    Ok(EventLine {
        writer: header.writer,
        sequence: header.sequence,
        header: STANDARD.encode(&raw.header),
        salt: raw.body.as_ref().map(|(salt, _)| hex(salt)),
        body,
        path,
    })
}

/// Writes the archive beside its place, and puts it there when it is whole.
fn pack(path: &Path, manifest: &Manifest, writers: &[WriterLine], events: &[EventLine]) -> io::Result<u64> {
    let mut begun = path.as_os_str().to_owned();
    begun.push(".new");
    let begun = PathBuf::from(begun);
    let file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&begun)?;
    let mut archive = tar::Builder::new(zstd::Encoder::new(file, LEVEL)?);
    let at = u64::try_from(manifest.made_at.as_second()).unwrap_or(0);
    add(&mut archive, "manifest.json", at, &lines(std::slice::from_ref(manifest))?)?;
    add(&mut archive, "writers.jsonl", at, &lines(writers)?)?;
    add(&mut archive, "events.jsonl", at, &lines(events)?)?;
    let mut file = archive.into_inner()?.finish()?;
    file.flush()?;
    file.sync_all()?;
    let bytes = file.metadata()?.len();
    fs::rename(&begun, path)?;
    Ok(bytes)
}

fn lines<T: Serialize>(items: &[T]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for item in items {
        serde_json::to_writer(&mut bytes, item)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

fn add<W: io::Write>(archive: &mut tar::Builder<W>, name: &str, at: u64, bytes: &[u8]) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(at);
    archive.append_data(&mut header, name, bytes)
}
