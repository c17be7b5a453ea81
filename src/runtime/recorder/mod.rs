//! The flight recorder: what happened in the last half hour is kept in memory, packed, and written to a file when asked for.
//!
//! Events are grouped into chunks that begin with the world as it was; a moment of the past is the world of a chunk with the
//! chunk's events applied to it.

pub mod file;
pub mod format;
mod keyframe;
pub mod lines;
pub mod read;
pub mod repack;

use crate::{
    app::event::{Event, EventKind},
    model::{Timestamp, own::OwnCounters},
    world::World,
};
use file::FileSink;
use format::Chunk;
use keyframe::Keyframe;
use lines::Lines;
use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
};

/// How much is kept, and how it is cut.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// How far back the ring reaches, in seconds.
    pub keep_seconds: i64,
    /// Bytes of packed chunks in the ring.
    pub keep_bytes: usize,
    /// A chunk is closed after this many seconds of events.
    pub chunk_seconds: i64,
    /// The same while a file is written, so that a crash loses no more.
    pub file_chunk_seconds: i64,
    /// A chunk is closed at this many bytes before packing, unless the world itself is as large.
    pub chunk_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            keep_seconds: 30 * 60,
            keep_bytes: 8 << 20,
            chunk_seconds: 30,
            file_chunk_seconds: 5,
            chunk_bytes: 512 << 10,
        }
    }
}

/// zstd's fastest level: packing is done on the event loop.
const LEVEL: i32 = 1;

/// The recorder.
pub struct Recorder {
    limits: Limits,
    ring: VecDeque<Chunk>,
    ring_bytes: usize,
    open: Open,
    file: Option<FileSink>,
    /// The latest time of any event so far: events are taken in order, but some carry an earlier time.
    clock: Timestamp,
    counters: Arc<OwnCounters>,
}

/// The chunk that is still being filled.
struct Open {
    /// The first line, the world; `None` where no chunk is open.
    keyframe: Option<Keyframe>,
    /// Packed lines, those that came first.
    packed: Vec<u8>,
    /// Length of those, not packed.
    packed_raw: usize,
    /// Lines that are not packed yet.
    lines: Vec<u8>,
    first: Timestamp,
    last: Timestamp,
    /// When it was begun, by the machine's clock, which may have been set back since an event before.
    begun: Timestamp,
}

/// The recording into the file ended by itself, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped(pub String);

impl Recorder {
    /// A recorder that holds nothing yet.
    pub fn new(limits: Limits, counters: Arc<OwnCounters>) -> Self {
        let (first, last, begun) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
        Self {
            limits,
            ring: VecDeque::new(),
            ring_bytes: 0,
            open: Open { keyframe: None, packed: Vec::new(), packed_raw: 0, lines: Vec::new(), first, last, begun },
            file: None,
            clock: Timestamp::MIN,
            counters,
        }
    }

    /// Takes an event and the world before it. Says so where the file can take no more.
    pub fn record(&mut self, event: &Event, before: &World) -> Option<Stopped> {
        if !self.keeps(&event.kind) {
            return None;
        }
        self.clock = self.clock.max(event.at);
        let seconds = self.chunk_seconds();
        let mut stopped = None;
        // Times only ever rise in a recording: behind a clock that was set back they stand still, and what comes is cut by the
        // machine's clock.
        let passed = self.clock.duration_since(self.open.first).max(event.at.duration_since(self.open.begun));
        let stepped = matches!(event.kind, EventKind::ClockStepped { .. });
        if self.open.keyframe.is_some() && (stepped || passed.as_secs() >= seconds) {
            stopped = self.close();
        }
        if self.open.keyframe.is_none() && !self.begin(before, event.at) {
            return stopped;
        }
        self.append(event);
        let keyframe = self.open.keyframe.as_mut().map_or(0, Keyframe::raw_len);
        let length = self.open.packed_raw + self.open.lines.len();
        if keyframe + length >= self.limits.chunk_bytes && length >= keyframe {
            stopped = stopped.or(self.close());
        } else if self.open.lines.len() >= self.limits.chunk_bytes {
            self.pack_lines();
        }
        self.counters.recorder_bytes.store(self.bytes() as u64, Ordering::Relaxed);
        stopped
    }

    /// Whether an event is recorded. The ring needs what changes the world; a file needs what changes the screen as well.
    fn keeps(&self, kind: &EventKind) -> bool {
        match kind {
            EventKind::Updates { .. } | EventKind::Report(_) | EventKind::Wake | EventKind::Run(_) => true,
            EventKind::ClockStepped { .. } => true,
            EventKind::Moment(_) | EventKind::World(_) | EventKind::Settings(_) => false,
            EventKind::Runbooks(..) => false,
            EventKind::Player(_) | EventKind::History(_) | EventKind::Logs(_) | EventKind::Answer(_) => false,
            _ => self.file.is_some(),
        }
    }

    /// How long a chunk is. With a large world chunks are longer, so that worlds leave room for what happened between them.
    fn chunk_seconds(&mut self) -> i64 {
        if self.file.is_some() {
            return self.limits.file_chunk_seconds;
        }
        let packed = self.open.keyframe.as_mut().map_or(0, Keyframe::packed_len);
        let share = self.limits.keep_seconds.saturating_mul(packed as i64) / (self.limits.keep_bytes as i64 / 2).max(1);
        share.clamp(self.limits.chunk_seconds, self.limits.chunk_seconds.saturating_mul(4))
    }

    fn begin(&mut self, before: &World, at: Timestamp) -> bool {
        match Keyframe::begin(before) {
            Ok(keyframe) => self.open.keyframe = Some(keyframe),
            Err(error) => {
                tracing::error!(%error, "the world cannot be recorded");
                return false;
            }
        }
        self.open.first = self.clock;
        self.open.begun = at;
        self.open.last = self.clock;
        true
    }

    /// Packs the lines that are open, so that a busy half minute takes little room.
    fn pack_lines(&mut self) {
        let open = &mut self.open;
        match format::pack(&open.lines, LEVEL) {
            Ok(mut packed) => {
                open.packed.append(&mut packed);
                open.packed_raw += open.lines.len();
                open.lines.clear();
            }
            Err(error) => tracing::error!(%error, "lines could not be packed"),
        }
    }

    fn append(&mut self, event: &Event) {
        let lines = &mut self.open.lines;
        let before = lines.len();
        let written = serde_json::to_writer(&mut *lines, event);
        lines.push(b'\n');
        if written.is_err() || lines.len() > format::LARGEST {
            lines.truncate(before);
            tracing::warn!("an event could not be recorded");
            return;
        }
        self.open.last = self.clock;
    }

    /// Packs what is open, into the ring and into the file.
    fn close(&mut self) -> Option<Stopped> {
        let chunk = self.open.chunk();
        let open = &mut self.open;
        open.keyframe.take()?;
        open.lines.clear();
        open.lines.shrink_to(self.limits.chunk_bytes);
        (open.packed, open.packed_raw) = (Vec::new(), 0);
        let chunk = match chunk {
            Some(Ok(chunk)) => chunk,
            Some(Err(error)) => {
                tracing::error!(%error, "a chunk could not be packed");
                return None;
            }
            None => return None,
        };
        let stopped = self.file.as_mut().and_then(|file| file.append(chunk.to_bytes()).err());
        self.keep(chunk);
        stopped.map(|why| {
            let file = self.file.take().map(FileSink::let_go);
            let path = file.map(|path| path.display().to_string()).unwrap_or_default();
            Stopped(format!("recording into {path} stopped: {why}"))
        })
    }

    fn keep(&mut self, chunk: Chunk) {
        self.ring_bytes += chunk.bytes();
        let newest = chunk.last;
        self.ring.push_back(chunk);
        while let Some(oldest) = self.ring.front() {
            let too_old = newest.duration_since(oldest.last).as_secs() > self.limits.keep_seconds;
            if !too_old && self.ring_bytes <= self.limits.keep_bytes {
                break;
            }
            self.ring_bytes -= oldest.bytes();
            self.ring.pop_front();
        }
    }

    /// Bytes held: the ring, and the chunk that is open.
    pub fn bytes(&self) -> usize {
        let keyframe = self.open.keyframe.as_ref().map_or(0, Keyframe::bytes);
        self.ring_bytes + self.open.lines.capacity() + self.open.packed.capacity() + keyframe
    }

    /// Bytes of packed chunks in the ring.
    pub fn ring_bytes(&self) -> usize {
        self.ring_bytes
    }

    /// The oldest moment that is kept.
    pub fn oldest(&self) -> Option<Timestamp> {
        let open = self.open.keyframe.as_ref().map(|_| self.open.first);
        self.ring.front().map(|chunk| chunk.first).or(open)
    }

    /// What a moment of the past is made from; `None` where nothing that old is kept. Cheap: a reference, or a copy of the open
    /// chunk.
    pub fn find(&mut self, at: Timestamp) -> Option<Kept> {
        if self.open.keyframe.is_some() && self.open.first <= at {
            let chunk = self.open.chunk()?.ok()?;
            return Some(Kept { first: self.open.first, chunk });
        }
        let index = self.ring.partition_point(|chunk| chunk.first <= at).checked_sub(1)?;
        let chunk = self.ring.get(index)?;
        Some(Kept { first: chunk.first, chunk: chunk.clone() })
    }

    /// The world as of the last event until `at`, without its series; `None` where nothing that old is kept.
    pub fn moment(&mut self, at: Timestamp) -> Option<Box<World>> {
        self.find(at)?.world(at)
    }

    /// Everything that is kept, as a recording that can be played, and the times from which to which; `None` where nothing is. The chunk that is
    /// open is packed for it, the others are copied.
    pub fn dump(&mut self) -> Option<(Vec<u8>, Timestamp, Timestamp)> {
        let open = self.open.chunk().and_then(Result::ok);
        let chunks: Vec<&Chunk> = self.ring.iter().chain(open.as_ref()).collect();
        let (first, last) = (chunks.first()?.first, chunks.last()?.last);
        let mut bytes = format::Header::new(first, None).to_bytes();
        chunks.iter().for_each(|chunk| bytes.extend(chunk.to_bytes()));
        Some((bytes, first, last))
    }

    /// Whether a file is being written.
    pub fn is_recording(&self) -> bool {
        self.file.is_some()
    }

    /// Begins to write into a file, from the next event on.
    pub fn start_file(&mut self, file: FileSink) {
        let _ = self.stop_file();
        self.close();
        self.file = Some(file);
    }

    /// Ends the file and hands it out, with what is left on its way into it: whoever has it may wait for the disk.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub fn end_file(&mut self) -> Option<Result<FileSink, String>> {
        self.file.as_ref()?;
        if let Some(Stopped(why)) = self.close() {
            return Some(Err(why));
        }
        self.file.take().map(Ok)
    }

    /// Writes what is left and ends the file; waits for the disk. Says where it lies and how long it is.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub fn stop_file(&mut self) -> Option<Result<(std::path::PathBuf, u64), String>> {
        Some(self.end_file()?.and_then(FileSink::end))
    }
}

impl Drop for Recorder {
    /// Also while a panic unwinds: what was recorded last is what matters then.
    fn drop(&mut self) {
        let _ = self.stop_file();
    }
}

impl Open {
    /// What is open as a chunk of its own; waits for the world in it to be packed.
    fn chunk(&mut self) -> Option<std::io::Result<Chunk>> {
        let keyframe = self.keyframe.as_mut()?;
        let mut pack = || -> std::io::Result<Chunk> {
            let (mut packed, mut raw) = keyframe.packed(LEVEL)?;
            raw += self.packed_raw + self.lines.len();
            packed.extend_from_slice(&self.packed);
            packed.extend(format::pack(&self.lines, LEVEL)?);
            Chunk::of_frames(self.first, self.last, packed, raw)
        };
        Some(pack())
    }
}

/// A chunk, ready to be read on another thread.
#[derive(Debug)]
pub struct Kept {
    first: Timestamp,
    chunk: Chunk,
}

impl Kept {
    /// The world as of the last event until `at`.
    pub fn world(self, at: Timestamp) -> Option<Box<World>> {
        let lines = Lines::new(self.chunk.unpack()?, self.first)?;
        lines.world_after(lines.until(at))
    }
}
