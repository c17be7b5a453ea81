//! Packing a recording anew, as small as it gets: for one that is embedded or sent.

use super::{
    format::{Chunk, Header},
    lines::{self, LineKind},
    read::Recording,
};
use crate::{
    app::event::{Event, EventKind},
    model::Timestamp,
    world::World,
};
use std::io;

/// Seconds of events in a chunk: longer chunks pack better, shorter ones are gone to faster.
const CHUNK_SECONDS: i64 = 60;
/// zstd's strongest level that needs little memory to unpack.
const LEVEL: i32 = 19;

/// The same recording without keys, messages and the log, in long chunks. `change` may leave out what is nobody's business.
///
/// # Errors
/// Where zstd has no memory.
pub fn repack(recording: &Recording, mut change: impl FnMut(&mut Event)) -> io::Result<Vec<u8>> {
    let mut packer = Packer::new(&recording.header);
    for index in 0..recording.len() {
        let Some(lines) = recording.lines(index) else { continue };
        if index == 0 || recording.is_after_gap(index) {
            packer.close()?;
            packer.world = lines.world_after(0).unwrap_or_default();
        }
        for n in (0..lines.events.len()).filter(|n| lines.events[*n].kind != LineKind::Other) {
            if let Some(mut event) = lines.event(n) {
                change(&mut event);
                packer.take(event)?;
            }
        }
    }
    packer.finish()
}

/// A recording of events that happened to nobody: from a scenario.
///
/// # Errors
/// Where zstd has no memory.
pub fn from_events(events: impl Iterator<Item = (Timestamp, EventKind)>) -> io::Result<Vec<u8>> {
    let mut events = events.peekable();
    let started = events.peek().map_or(Timestamp::UNIX_EPOCH, |(at, _)| *at);
    let mut packer = Packer::new(&Header::new(started, None));
    packer.world = Box::new(World::at(started));
    for (at, kind) in events {
        packer.take(Event { at, kind })?;
    }
    packer.finish()
}

struct Packer {
    packed: Vec<u8>,
    world: Box<World>,
    lines: Vec<u8>,
    first: Timestamp,
    last: Timestamp,
    clock: Timestamp,
}

impl Packer {
    fn new(header: &Header) -> Self {
        Self {
            packed: header.to_bytes(),
            world: Box::default(),
            lines: Vec::new(),
            first: Timestamp::MIN,
            last: Timestamp::MIN,
            clock: Timestamp::MIN,
        }
    }

    fn take(&mut self, event: Event) -> io::Result<()> {
        self.clock = self.clock.max(event.at);
        if !self.lines.is_empty() && self.clock.duration_since(self.first).as_secs() >= CHUNK_SECONDS {
            self.close()?;
        }
        if self.lines.is_empty() {
            self.first = self.clock;
            serde_json::to_writer(&mut self.lines, &*self.world)?;
            self.lines.push(b'\n');
        }
        serde_json::to_writer(&mut self.lines, &event)?;
        self.lines.push(b'\n');
        self.last = self.clock;
        lines::apply(&mut self.world, event);
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        if !self.lines.is_empty() {
            self.packed.extend(Chunk::pack(self.first, self.last, &self.lines, LEVEL)?.to_bytes());
            self.lines.clear();
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<Vec<u8>> {
        self.close()?;
        Ok(self.packed)
    }
}
