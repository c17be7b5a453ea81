//! How a recording lies in a file.
//!
//! A line of text first: the magic words and a JSON object with the format's version. Then chunks, each of which can be read
//! without the others: mark, length, CRC-32, times of its first and last event, length unpacked, and a zstd frame. Unpacked it
//! is lines of JSON: the world as it was before the first event, then the events. Numbers are little-endian, times are
//! nanoseconds since the Unix epoch.

use crate::model::{Timestamp, text::clean_to};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use std::{io, sync::Arc};
use zstd::zstd_safe::CParameter;

/// The first bytes of every recording.
pub const MAGIC: &[u8] = b"FLIGHTDECK RECORDING ";
/// Version of the format that this program writes, and the newest that it reads.
pub const VERSION: u32 = 1;
/// The first bytes of every chunk; 0xF1 stands in no UTF-8 text of ours.
const MARK: [u8; 4] = [0xF1, b'D', b'C', b'K'];
/// Bytes of a chunk before its frame.
const HEAD: usize = 32;
/// No chunk is larger unpacked: what claims to be is damaged.
pub const LARGEST: usize = 64 << 20;
/// Longest header line.
const HEADER_LIMIT: usize = 4_096;
/// Longest version of a program that is shown.
const VERSION_LIMIT: usize = 40;

/// What a recording says about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Version of the format.
    pub version: u32,
    /// Version of the program that wrote it.
    pub program: CompactString,
    /// Where it was made, if that was known when it began.
    #[serde(default)]
    pub hostname: Option<CompactString>,
    pub started: Timestamp,
}

impl Header {
    /// A header of this program's version.
    pub fn new(started: Timestamp, hostname: Option<CompactString>) -> Self {
        Self { version: VERSION, program: env!("CARGO_PKG_VERSION").into(), hostname, started }
    }

    /// The line that a file begins with.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        // Plain data into memory cannot fail.
        let _ = serde_json::to_writer(&mut bytes, self);
        bytes.push(b'\n');
        bytes
    }

    /// Reads the line that a file begins with; returns its length too.
    ///
    /// # Errors
    /// Where the file is no recording, or was written by a newer program.
    pub fn read(data: &[u8]) -> Result<(Self, usize), OpenError> {
        let rest = data.strip_prefix(MAGIC).ok_or(OpenError::NotARecording)?;
        let window = &rest[..rest.len().min(HEADER_LIMIT)];
        let end = window.iter().position(|byte| *byte == b'\n').ok_or(OpenError::NotARecording)?;
        let line = &window[..end];
        let version: Version = serde_json::from_slice(line).map_err(|_| OpenError::NotARecording)?;
        if version.version > VERSION {
            let program = clean_to(&version.program.unwrap_or_default(), VERSION_LIMIT).into();
            return Err(OpenError::Newer { found: version.version, program });
        }
        let header = serde_json::from_slice(line).map_err(|_| OpenError::NotARecording)?;
        Ok((header, MAGIC.len() + end + 1))
    }
}

/// The part of the header that every version has.
#[derive(Deserialize)]
struct Version {
    version: u32,
    #[serde(default)]
    program: Option<CompactString>,
}

/// Why a recording cannot be played at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("this is no flightdeck recording, or its first line is damaged")]
    NotARecording,
    #[error(
        "the recording has format {found} (written by flightdeck {program}), and this is flightdeck {} that reads up to \
         format {VERSION}: play it with the newer program",
        env!("CARGO_PKG_VERSION")
    )]
    Newer { found: u32, program: CompactString },
    #[error("the recording holds no whole chunk: {0}")]
    Empty(String),
    #[error("cannot read it: {0}")]
    Io(#[from] io::Error),
}

/// A stretch of events with the world before them, packed.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// Time of the first event.
    pub first: Timestamp,
    /// Time of the last event.
    pub last: Timestamp,
    /// Length unpacked.
    pub raw_len: u32,
    /// A zstd frame.
    pub packed: Arc<[u8]>,
}

impl Chunk {
    /// Packs lines of JSON.
    ///
    /// # Errors
    /// Where zstd has no memory, or the lines are longer than [`LARGEST`].
    pub fn pack(first: Timestamp, last: Timestamp, raw: &[u8], level: i32) -> io::Result<Self> {
        Self::of_frames(first, last, pack(raw, level)?, raw.len())
    }

    /// A chunk of lines that are packed already, in one or more frames one behind the other.
    ///
    /// # Errors
    /// Where the lines are longer than [`LARGEST`].
    pub fn of_frames(first: Timestamp, last: Timestamp, packed: Vec<u8>, raw_len: usize) -> io::Result<Self> {
        if raw_len > LARGEST {
            return Err(io::Error::other("larger than a chunk may be"));
        }
        Ok(Self { first, last, raw_len: raw_len as u32, packed: packed.into() })
    }

    /// The lines of JSON; `None` where the frame is damaged.
    pub fn unpack(&self) -> Option<Vec<u8>> {
        unpack(&self.packed, self.raw_len as usize)
    }

    /// The chunk as it stands in a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(HEAD + self.packed.len());
        body.extend(MARK);
        body.extend((self.packed.len() as u32).to_le_bytes());
        body.extend([0; 4]);
        body.extend(nanoseconds(self.first).to_le_bytes());
        body.extend(nanoseconds(self.last).to_le_bytes());
        body.extend(self.raw_len.to_le_bytes());
        body.extend_from_slice(&self.packed);
        let check = crc32(&body[12..]);
        body[8..12].copy_from_slice(&check.to_le_bytes());
        body
    }

    /// Bytes that it takes in memory.
    pub fn bytes(&self) -> usize {
        self.packed.len() + size_of::<Self>()
    }
}

/// The window that is packed in, as a power of two, and the size of its table at fast levels: what is packed often must not cost
/// memory.
pub const WINDOW_LOG: u32 = 19;
pub const HASH_LOG: u32 = 16;

/// Packs bytes into a frame.
///
/// # Errors
/// Where zstd has no memory.
pub fn pack(raw: &[u8], level: i32) -> io::Result<Vec<u8>> {
    // Made anew for each chunk (one in ten seconds or so): its tables would stay resident otherwise.
    let mut packer = zstd::bulk::Compressor::new(level)?;
    packer.set_parameter(CParameter::WindowLog(WINDOW_LOG))?;
    if level < 3 {
        packer.set_parameter(CParameter::HashLog(HASH_LOG))?;
    }
    packer.compress(raw)
}

/// Where a whole chunk lies in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub first: Timestamp,
    pub last: Timestamp,
    /// Offset of the frame.
    pub start: usize,
    /// Offset behind the frame.
    pub end: usize,
    pub raw_len: usize,
    /// Whether something is missing before it.
    pub after_gap: bool,
}

impl Place {
    /// The lines of JSON; `None` where the frame is damaged.
    pub fn unpack(&self, data: &[u8]) -> Option<Vec<u8>> {
        unpack(data.get(self.start..self.end)?, self.raw_len)
    }

    /// The chunk that begins at an offset, if it is whole.
    fn read(data: &[u8], at: usize) -> Option<Self> {
        let head = data.get(at..at + HEAD)?;
        if head[..4] != MARK {
            return None;
        }
        let length = u32_at(head, 4)? as usize;
        let (start, end) = (at + HEAD, (at + HEAD).checked_add(length)?);
        let raw_len = u32_at(head, 28)? as usize;
        let checked = data.get(at + 12..end)?;
        if raw_len > LARGEST || crc32(checked) != u32_at(head, 8)? {
            return None;
        }
        let (first, last) = (time_at(head, 12)?, time_at(head, 20)?);
        Some(Self { first, last, start, end, raw_len, after_gap: false })
    }
}

/// Every whole chunk from an offset on, and the number of bytes that belong to none.
pub fn scan(data: &[u8], from: usize) -> (Vec<Place>, usize) {
    let (mut places, mut lost, mut at) = (Vec::new(), 0, from);
    let mut gap = false;
    // A file made of false marks must not take for ever.
    let mut patience = data.len().saturating_mul(4);
    while at < data.len() {
        if let Some(mut place) = Place::read(data, at) {
            place.after_gap = std::mem::take(&mut gap);
            at = place.end;
            places.push(place);
        } else {
            let claimed =
                data.get(at + 4..at + 8).and_then(|bytes| u32_at(bytes, 0)).map_or(0, |length| length as usize);
            patience = patience.saturating_sub(claimed.min(data.len() - at));
            let rest = if patience == 0 { &[][..] } else { &data[at + 1..] };
            let next = rest.windows(MARK.len()).position(|window| window == MARK);
            let skipped = next.map_or(data.len() - at, |next| next + 1);
            gap = true;
            lost += skipped;
            at += skipped;
        }
    }
    (places, lost)
}

fn unpack(packed: &[u8], raw_len: usize) -> Option<Vec<u8>> {
    let raw = zstd::bulk::decompress(packed, raw_len.min(LARGEST)).ok()?;
    (raw.len() == raw_len).then_some(raw)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn time_at(bytes: &[u8], at: usize) -> Option<Timestamp> {
    let nanoseconds = i64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?);
    Timestamp::from_nanosecond(nanoseconds.into()).ok()
}

fn nanoseconds(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap_or(if at < Timestamp::UNIX_EPOCH { i64::MIN } else { i64::MAX })
}

/// CRC-32 as zip and PNG use it (ISO 3309, polynomial 0xEDB88320 reflected).
pub fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut n = 0;
        while n < 256 {
            let (mut value, mut bit) = (n as u32, 0);
            while bit < 8 {
                value = if value & 1 == 1 { 0xEDB8_8320 ^ (value >> 1) } else { value >> 1 };
                bit += 1;
            }
            table[n] = value;
            n += 1;
        }
        table
    };
    !bytes.iter().fold(!0, |crc, byte| TABLE[usize::from((crc as u8) ^ byte)] ^ (crc >> 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_standard() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn a_newer_format_names_both_versions() {
        let line = [MAGIC, br#"{"version":9,"program":"7.1.0","wings":2}"#, b"\n"].concat();
        let error = Header::read(&line).expect_err("newer").to_string();
        assert!(error.contains("format 9") && error.contains("7.1.0") && error.contains("up to format 1"), "{error}");
        let line = [MAGIC, br#"{"version":9,"program":"\u001b[2J\u202e7"}"#, b"\n"].concat();
        let error = Header::read(&line).expect_err("newer").to_string();
        assert!(error.contains("flightdeck \u{fffd}[2J\u{fffd}7)"), "{error:?}");
        assert!(matches!(Header::read(b"PNG"), Err(OpenError::NotARecording)));
        let header = Header::new(Timestamp::UNIX_EPOCH, None);
        let bytes = header.to_bytes();
        assert_eq!(Header::read(&bytes).expect("reads back"), (header, bytes.len()));
    }
}
