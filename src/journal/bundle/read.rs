//! Checks a bundle. It needs no journal, and trusts nothing in it.

use super::{EventLine, FORM, Manifest, WriterLine};
use crate::{
    journal::{
        encode,
        error::JournalError,
        key, merkle,
        sqlite::row,
        verify::{Anchor, Misfit, Reasons, VerifiedWriter},
    },
    model::{
        Timestamp,
        journal::{Digest, Event, EventId, Header, IncidentId, WriterId},
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use compact_str::CompactString;
use serde::de::DeserializeOwned;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, Read},
    path::Path,
};

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub enum BundleVerdict {
    /// Everything fits.
    Fits(Box<BundleContents>),
    /// The first event that does not.
    Broken(Box<Misfit>),
}

/// What is in a bundle.
#[derive(Debug, Clone, PartialEq)]
pub struct BundleContents {
    pub incident: IncidentId,
    pub made_at: Timestamp,
    /// Name of the host where it was made.
    pub made_on: String,
    /// In display order.
    pub events: Vec<Event>,
    /// Those that no checkpoint proves: their writers had not signed them yet.
    pub unproved: Vec<EventId>,
    /// Bodies that are gone, each with an event that says why.
    pub erased: u64,
    /// Whose keys and checkpoints the proofs lead to; `events` counts those of the bundle.
    pub writers: Vec<VerifiedWriter>,
    /// Writers whose key was compared with one that was kept elsewhere.
    pub known_keys: usize,
}

/// A bundle is no larger than this when it is unpacked.
const MAX_BYTES: u64 = 1 << 30;

/// Checks a bundle, and compares it with checkpoints that were kept elsewhere.
///
/// # Errors
/// It cannot be read, or is no bundle of a form that this version knows.
pub fn verify_bundle(path: &Path, anchors: &[Anchor]) -> Result<BundleVerdict, JournalError> {
    let wrong = |why: String| JournalError::Bundle { path: path.to_owned(), why };
    let mut files = unpack(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let mut take = |name: &str| files.remove(name).ok_or_else(|| wrong(format!("has no {name}: it is no bundle")));
    let parse = |name: &str, error: serde_json::Error| wrong(format!("has a {name} that cannot be read: {error}"));
    let manifest: Manifest =
        serde_json::from_slice(&take("manifest.json")?).map_err(|error| parse("manifest.json", error))?;
    if manifest.form != FORM {
        return Err(wrong(format!("has the form {:?}, and this version knows {FORM} only", manifest.form)));
    }
    let writers: Vec<WriterLine> = lines(&take("writers.jsonl")?).map_err(|error| parse("writers.jsonl", error))?;
    let events: Vec<EventLine> = lines(&take("events.jsonl")?).map_err(|error| parse("events.jsonl", error))?;
    Ok(match check(manifest, writers, &events, anchors) {
        Ok(contents) => BundleVerdict::Fits(Box::new(contents)),
        Err(misfit) => BundleVerdict::Broken(misfit),
    })
}

fn unpack(path: &Path) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let unpacked = zstd::Decoder::new(fs::File::open(path)?)?.take(MAX_BYTES);
    let mut archive = tar::Archive::new(unpacked);
    let mut files = BTreeMap::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        files.insert(name, bytes);
    }
    Ok(files)
}

fn lines<T: DeserializeOwned>(bytes: &[u8]) -> Result<Vec<T>, serde_json::Error> {
    bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(serde_json::from_slice).collect()
}

/// A writer whose checkpoint is signed with its key.
struct Known {
    line: WriterLine,
    events: u64,
    head: Digest,
}

fn check(
    manifest: Manifest,
    writers: Vec<WriterLine>,
    lines: &[EventLine],
    anchors: &[Anchor],
) -> Result<BundleContents, Box<Misfit>> {
    let (mut known, known_keys) = keys(writers, anchors)?;
    let mut read = Vec::with_capacity(lines.len());
    for line in lines {
        let writer = known.get_mut(&line.writer);
        let host = writer.as_ref().map(|writer| writer.line.host.clone()).unwrap_or_default();
        let header = event(line, writer).map_err(|what| {
            let header = header(line).ok();
            Box::new(Misfit {
                writer: line.writer,
                host: host.into(),
                sequence: line.sequence,
                local: None,
                id: header.as_ref().map(|header| header.id),
                incident: header.as_ref().and_then(|header| header.incident),
                kind: header.map(|header| header.kind).unwrap_or_default(),
                what,
            })
        })?;
        read.push((header, line));
    }
    let erased = gone(&read)?;
    let unproved = read.iter().filter(|(_, line)| line.path.is_none()).map(|(header, _)| header.id).collect();
    let mut events: Vec<Event> = read
        .into_iter()
        .map(|(header, line)| {
            let body = line.body.as_ref().map(|json| row::body(&header.kind, json.as_bytes()));
            Event { header, body }
        })
        .collect();
    events.sort_by_key(Event::order);
    let Manifest { incident, made_at, made_on, .. } = manifest;
    let writers = known.into_values().map(Known::verified).collect();
    Ok(BundleContents { incident, made_at, made_on, events, unproved, erased, writers, known_keys })
}

impl Known {
    fn verified(self) -> VerifiedWriter {
        let Self { line, events, head } = self;
        VerifiedWriter { writer: line.id, host: line.host.into(), events, head, checkpoint: line.checkpoint }
    }
}

/// A misfit of a writer rather than of one of its events.
fn of_writer(line: &WriterLine, what: String) -> Box<Misfit> {
    let sequence = line.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size);
    let (host, kind) = (line.host.as_str().into(), CompactString::const_new("checkpoint"));
    Box::new(Misfit { writer: line.id, host, sequence, local: None, id: None, incident: None, kind, what })
}

/// Looks at keys and signatures, and at what was kept of them elsewhere. Answers how many keys were compared with one.
fn keys(writers: Vec<WriterLine>, anchors: &[Anchor]) -> Result<(BTreeMap<WriterId, Known>, usize), Box<Misfit>> {
    let mut known = BTreeMap::new();
    let mut compared = BTreeSet::new();
    for line in writers {
        let key = key::unhex(&line.public_key).and_then(|key| <[u8; 32]>::try_from(key).ok());
        let Some(key) = key else { return Err(of_writer(&line, "its public key cannot be read".to_owned())) };
        if let Some(checkpoint) = &line.checkpoint {
            key::check(line.id, &key, checkpoint).map_err(|what| of_writer(&line, what))?;
        }
        for anchor in anchors.iter().filter(|anchor| anchor.writer == line.id) {
            key::check(line.id, &key, &anchor.checkpoint).map_err(|_| {
                of_writer(&line, "the checkpoint that was kept elsewhere is not signed with its key".to_owned())
            })?;
            let same_size = line.checkpoint.as_ref().filter(|checkpoint| checkpoint.size == anchor.checkpoint.size);
            if same_size.is_some_and(|checkpoint| checkpoint.root != anchor.checkpoint.root) {
                return Err(of_writer(
                    &line,
                    "its checkpoint has another root than the one that was kept elsewhere".to_owned(),
                ));
            }
            compared.insert(line.id);
        }
        known.insert(line.id, Known { line, events: 0, head: Digest::default() });
    }
    Ok((known, compared.len()))
}

fn header(line: &EventLine) -> Result<Header, String> {
    let bytes = STANDARD.decode(&line.header).map_err(|_| "its header is no base64".to_owned())?;
    encode::decode(&bytes).map_err(|error| format!("its header cannot be read: {error}"))
}

/// Looks at an event: header, body, and the path to what its writer signed.
fn event(line: &EventLine, writer: Option<&mut Known>) -> Result<Header, String> {
    let header = header(line)?;
    let writer = writer.ok_or("its writer is not in the bundle")?;
    if (header.writer, header.sequence) != (line.writer, line.sequence) {
        return Err("its header says that it stands elsewhere".to_owned());
    }
    match (&line.salt, &line.body) {
        (Some(salt), Some(body)) => {
            let salt = key::unhex(salt).ok_or("its salt cannot be read")?;
            if encode::body_digest(&salt, body.as_bytes()) != header.body_hash {
                return Err("its body is not the one that was written".to_owned());
            }
        }
        (None, None) => {}
        _ => return Err("it has a salt without a body, or a body without a salt".to_owned()),
    }
    if let Some(path) = &line.path {
        let checkpoint = writer.line.checkpoint.as_ref().ok_or("it has a proof, but its writer has signed nothing")?;
        let path: Vec<Digest> = path.iter().map(|digest| digest.parse()).collect::<Result<_, String>>()?;
        let index = header.sequence.checked_sub(1).ok_or("it has no place in its chain")?;
        if merkle::root_of_path(&header.hash, index, checkpoint.size, &path) != Some(checkpoint.root) {
            return Err("its proof does not lead to what its writer signed".to_owned());
        }
    }
    writer.events += 1;
    writer.head = header.hash;
    Ok(header)
}

/// Looks for why bodies are gone. Answers how many.
fn gone(read: &[(Header, &EventLine)]) -> Result<u64, Box<Misfit>> {
    let mut reasons = Reasons::default();
    for (header, line) in read {
        if let Some(json) = &line.body {
            reasons.add(&row::body(&header.kind, json.as_bytes()));
        }
    }
    let mut erased = 0;
    for (header, _) in read.iter().filter(|(_, line)| line.body.is_none()) {
        erased += 1;
        if !reasons.cover(header) {
            return Err(Box::new(Misfit {
                writer: header.writer,
                host: CompactString::default(),
                sequence: header.sequence,
                local: None,
                id: Some(header.id),
                incident: header.incident,
                kind: header.kind.clone(),
                what: "its body is gone, and no event says why".to_owned(),
            }));
        }
    }
    Ok(erased)
}
