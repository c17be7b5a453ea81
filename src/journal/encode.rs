//! The bytes that hashes are made of, and the bytes that headers are stored as: the same ones.
//!
//! A header is written as a row of fields in a fixed order. A field is its length (4 bytes, big-endian) and its bytes. One that may be
//! absent has a mark before it: 0 for absent, and then nothing, or 1. Numbers are 8 bytes, big-endian, in two's complement; identities are
//! their 16 bytes, digests their 32, words and texts UTF-8. No two headers have the same bytes, and a field cannot run into the next.
//!
//! | # | field | |
//! | --- | --- | --- |
//! | 1 | domain | `flightdeck.event.v1` |
//! | 2 | id | |
//! | 3 | incident | may be absent |
//! | 4 | writer | |
//! | 5 | sequence | |
//! | 6, 7 | clock: milliseconds, counter | |
//! | 8, 9 | occurred at, recorded at | microseconds after 1970-01-01T00:00:00Z |
//! | 10, 11 | actor's name, how it is known | |
//! | 12 | where the actor is | may be absent |
//! | 13 | kind | |
//! | 14, 15 | object's kind, object's identity | may be absent |
//! | 16, 17 | run, step | may be absent |
//! | 18, 19 | supersedes, key | may be absent |
//! | 20 | body's digest | |
//! | 21 | digest of the writer's event before | zeros for its first |
//!
//! An event's hash is the SHA-256 of these bytes. A body's digest is the SHA-256 of three fields: the domain `flightdeck.body.v1`, the
//! 32 random bytes of its salt, and its JSON exactly as it is stored.

use crate::model::{
    Timestamp,
    journal::{Actor, Digest, EventId, Header, HybridClock, IncidentId, KnownBy, WriterId},
    object::{ObjectKind, ObjectRef},
};
use compact_str::CompactString;
use serde::{Deserialize, Serialize, de::IntoDeserializer};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Domain of event hashes.
const EVENT: &[u8] = b"flightdeck.event.v1";
/// Domain of body digests.
const BODY: &[u8] = b"flightdeck.body.v1";

/// Bytes of a body's salt.
pub const SALT_BYTES: usize = 32;

/// SHA-256 of these pieces, one after another.
pub fn sha256(pieces: &[&[u8]]) -> Digest {
    let mut hasher = Sha256::new();
    for piece in pieces {
        hasher.update(piece);
    }
    Digest(hasher.finalize().into())
}

/// Writes fields as this module's first lines describe.
#[derive(Default)]
pub struct Fields(Vec<u8>);

impl Fields {
    /// A field.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let length = u32::try_from(bytes.len()).expect("fields are checked to be far below 4 GiB");
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }

    /// A number.
    pub fn number(&mut self, number: i64) -> &mut Self {
        self.bytes(&number.to_be_bytes())
    }

    /// A field that may be absent.
    pub fn maybe(&mut self, bytes: Option<&[u8]>) -> &mut Self {
        match bytes {
            None => self.0.push(0),
            Some(bytes) => {
                self.0.push(1);
                self.bytes(bytes);
            }
        }
        self
    }

    /// What was written.
    pub fn done(self) -> Vec<u8> {
        self.0
    }
}

/// Why bytes are no header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("they end within the field {0}")]
    Short(&'static str),
    #[error("the field {0} holds what it cannot")]
    Wrong(&'static str),
    #[error("their first field is not flightdeck.event.v1: they come from a version that this one does not know")]
    Domain,
    #[error("{0} bytes are left over")]
    Long(usize),
}

/// Takes fields off their front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize, name: &'static str) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(DecodeError::Short(name))?;
        self.0 = rest;
        Ok(taken)
    }

    fn bytes(&mut self, name: &'static str) -> Result<&'a [u8], DecodeError> {
        let length = self.take(4, name)?.try_into().map_err(|_| DecodeError::Short(name))?;
        self.take(u32::from_be_bytes(length) as usize, name)
    }

    fn fixed<const N: usize>(&mut self, name: &'static str) -> Result<[u8; N], DecodeError> {
        self.bytes(name)?.try_into().map_err(|_| DecodeError::Wrong(name))
    }

    fn number(&mut self, name: &'static str) -> Result<i64, DecodeError> {
        self.fixed(name).map(i64::from_be_bytes)
    }

    fn time(&mut self, name: &'static str) -> Result<Timestamp, DecodeError> {
        Timestamp::from_microsecond(self.number(name)?).map_err(|_| DecodeError::Wrong(name))
    }

    fn uuid(&mut self, name: &'static str) -> Result<Uuid, DecodeError> {
        self.fixed(name).map(Uuid::from_bytes)
    }

    fn text(&mut self, name: &'static str) -> Result<CompactString, DecodeError> {
        let text = std::str::from_utf8(self.bytes(name)?).map_err(|_| DecodeError::Wrong(name))?;
        Ok(text.into())
    }

    fn maybe<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Self, &'static str) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, DecodeError> {
        match self.take(1, name)? {
            [0] => Ok(None),
            [1] => read(self, name).map(Some),
            _ => Err(DecodeError::Wrong(name)),
        }
    }
}

/// The word of an enum's variant, as JSON has it.
fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// The variant for a word; `None` for one that this version does not know.
fn variant<'de, T: Deserialize<'de>>(word: &'de str) -> Option<T> {
    let deserializer: serde::de::value::StrDeserializer<'de, serde::de::value::Error> = word.into_deserializer();
    T::deserialize(deserializer).ok()
}

/// The bytes of a header; its `hash` is not among them.
pub fn header(header: &Header) -> Vec<u8> {
    let object = header.object.as_ref();
    let mut fields = Fields(Vec::with_capacity(320));
    fields
        .bytes(EVENT)
        .bytes(header.id.0.as_bytes())
        .maybe(header.incident.as_ref().map(|id| id.0.as_bytes().as_slice()))
        .bytes(header.writer.0.as_bytes())
        .number(header.sequence.cast_signed())
        .number(header.clock.wall_ms)
        .number(header.clock.counter.into())
        .number(header.occurred_at.as_microsecond())
        .number(header.recorded_at.as_microsecond())
        .bytes(header.actor.name.as_bytes())
        .bytes(word(&header.actor.known_by).as_bytes())
        .maybe(header.actor.from.as_ref().map(|from| from.as_bytes()))
        .bytes(header.kind.as_bytes())
        .maybe(object.map(|object| object.kind.word().as_bytes()))
        .maybe(object.map(|object| object.id.as_bytes()))
        .maybe(header.run.as_ref().map(|run| run.as_bytes()))
        .maybe(header.step.as_ref().map(|step| step.as_bytes()))
        .maybe(header.supersedes.as_ref().map(|id| id.0.as_bytes().as_slice()))
        .maybe(header.key.as_ref().map(|key| key.as_bytes()))
        .bytes(&header.body_hash.0)
        .bytes(&header.previous.0);
    fields.done()
}

/// A header from its bytes, with the hash that they have. How an actor is known, or an object's kind, in a word of a later version, is
/// read as the weakest one and as no object; the bytes keep it.
///
/// # Errors
/// What is wrong with them.
pub fn decode(bytes: &[u8]) -> Result<Header, DecodeError> {
    let mut reader = Reader(bytes);
    if reader.bytes("domain")? != EVENT {
        return Err(DecodeError::Domain);
    }
    let header = Header {
        id: EventId(reader.uuid("id")?),
        incident: reader.maybe("incident", Reader::uuid)?.map(IncidentId),
        writer: WriterId(reader.uuid("writer")?),
        sequence: reader.number("sequence")?.cast_unsigned(),
        clock: clock(&mut reader)?,
        occurred_at: reader.time("occurred_at")?,
        recorded_at: reader.time("recorded_at")?,
        actor: Actor {
            name: reader.text("actor")?,
            known_by: variant(&reader.text("known_by")?).unwrap_or(KnownBy::Stated),
            from: reader.maybe("from", Reader::text)?,
        },
        kind: reader.text("kind")?,
        object: object(&mut reader)?,
        run: reader.maybe("run", Reader::text)?,
        step: reader.maybe("step", Reader::text)?,
        supersedes: reader.maybe("supersedes", Reader::uuid)?.map(EventId),
        key: reader.maybe("key", Reader::text)?,
        body_hash: Digest(reader.fixed("body_hash")?),
        previous: Digest(reader.fixed("previous")?),
        hash: sha256(&[bytes]),
    };
    if reader.0.is_empty() { Ok(header) } else { Err(DecodeError::Long(reader.0.len())) }
}

fn clock(reader: &mut Reader<'_>) -> Result<HybridClock, DecodeError> {
    let wall_ms = reader.number("clock")?;
    let counter = u32::try_from(reader.number("counter")?).map_err(|_| DecodeError::Wrong("counter"))?;
    Ok(HybridClock { wall_ms, counter })
}

fn object(reader: &mut Reader<'_>) -> Result<Option<ObjectRef>, DecodeError> {
    let kind = reader.maybe("object's kind", Reader::text)?;
    let id = reader.maybe("object", Reader::text)?;
    match (kind, id) {
        (None, None) => Ok(None),
        (Some(kind), Some(id)) => Ok(variant::<ObjectKind>(&kind).map(|kind| ObjectRef { kind, id })),
        _ => Err(DecodeError::Wrong("object")),
    }
}

/// The digest of a body that is stored as these bytes with this salt.
pub fn body_digest(salt: &[u8], body: &[u8]) -> Digest {
    let mut fields = Fields(Vec::with_capacity(BODY.len() + salt.len() + 12));
    fields.bytes(BODY).bytes(salt);
    let length = u32::try_from(body.len()).expect("bodies are checked to be far below 4 GiB");
    sha256(&[&fields.done(), &length.to_be_bytes(), body])
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
