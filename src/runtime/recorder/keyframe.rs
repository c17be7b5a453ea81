//! The world that a chunk begins with. A large one is written and packed on a thread of its own, straight into packed form, so that
//! the event loop does not wait and the text of ten thousand pods never stands in memory.

use super::format;
use crate::world::World;
use std::{
    io::{self, Write},
    thread::{self, JoinHandle},
};
use zstd::zstd_safe::CParameter;

/// From so many watched rows on a world is large.
const LARGE: usize = 1_000;

type Packed = (Vec<u8>, usize);

/// The first line of a chunk.
pub struct Keyframe(State);

enum State {
    /// As text.
    Text(Vec<u8>),
    /// Being packed.
    Packing(Option<JoinHandle<io::Result<Packed>>>),
    Packed(Vec<u8>, usize),
    Lost,
}

impl Keyframe {
    /// Begins to keep a world.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn begin(world: &World) -> io::Result<Self> {
        if world.observed.watched_rows() < LARGE {
            let mut text = serde_json::to_vec(world)?;
            text.push(b'\n');
            return Ok(Self(State::Text(text)));
        }
        let moment = world.moment();
        let packing = thread::Builder::new().name("keyframe".into()).spawn(move || pack(&moment))?;
        Ok(Self(State::Packing(Some(packing))))
    }

    /// Length of the line; 0 while that is not known.
    pub fn raw_len(&mut self) -> usize {
        self.settle(false);
        match &self.0 {
            State::Text(text) => text.len(),
            State::Packed(_, raw) => *raw,
            State::Packing(_) => usize::MAX / 2,
            State::Lost => 0,
        }
    }

    /// Length of the line once it is packed, of a large world; 0 otherwise.
    pub fn packed_len(&mut self) -> usize {
        self.settle(false);
        if let State::Packed(packed, _) = &self.0 { packed.len() } else { 0 }
    }

    /// Bytes that it takes in memory.
    pub fn bytes(&self) -> usize {
        match &self.0 {
            State::Text(text) => text.capacity(),
            State::Packed(packed, _) => packed.capacity(),
            State::Packing(_) | State::Lost => 0,
        }
    }

    /// The line as a frame, and its length not packed. Waits until it is packed.
    ///
    /// # Errors
    /// Where it could not be packed.
    pub fn packed(&mut self, level: i32) -> io::Result<Packed> {
        self.settle(true);
        match &self.0 {
            State::Text(text) => Ok((format::pack(text, level)?, text.len())),
            State::Packed(packed, raw) => Ok((packed.clone(), *raw)),
            State::Packing(_) | State::Lost => Err(io::Error::other("the world of this chunk could not be packed")),
        }
    }

    /// Takes the packed line where it is there, or waits for it.
    fn settle(&mut self, wait: bool) {
        let State::Packing(packing) = &mut self.0 else { return };
        if !wait && !packing.as_ref().is_some_and(JoinHandle::is_finished) {
            return;
        }
        let packed = packing.take().map(JoinHandle::join);
        self.0 = match packed {
            Some(Ok(Ok((packed, raw)))) => State::Packed(packed, raw),
            _ => State::Lost,
        };
    }
}

/// Counts what goes through.
struct Counting<W> {
    inner: W,
    count: usize,
}

impl<W: Write> Write for Counting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.count += written;
        Ok(written)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn pack(world: &World) -> io::Result<Packed> {
    let mut packer = zstd::stream::write::Encoder::new(Vec::new(), super::LEVEL)?;
    packer.set_parameter(CParameter::WindowLog(format::WINDOW_LOG))?;
    packer.set_parameter(CParameter::HashLog(format::HASH_LOG))?;
    let buffered = io::BufWriter::with_capacity(64 << 10, packer);
    let mut counting = Counting { inner: buffered, count: 0 };
    serde_json::to_writer(&mut counting, world)?;
    counting.write_all(b"\n")?;
    let Counting { inner, count } = counting;
    let packer = inner.into_inner().map_err(io::IntoInnerError::into_error)?;
    let mut packed = packer.finish()?;
    packed.shrink_to_fit();
    Ok((packed, count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{
            Timestamp,
            kubernetes::{KubeNews, KubePart, Pod},
            rows::Delta,
        },
        runtime::recorder::format::Chunk,
    };
    use std::sync::Arc;

    #[test]
    fn a_large_world_is_packed_beside_and_reads_back() {
        let mut world = World::default();
        let pod =
            |n| Arc::new(Pod { context: "c".into(), name: compact_str::format_compact!("{n}"), ..Pod::default() });
        let part = KubePart::Pods(Delta::All((0..LARGE).map(pod).collect()));
        world.observed.kube.apply(KubeNews { context: "c".into(), part });
        let mut keyframe = Keyframe::begin(&world).expect("begins");
        assert!(matches!(keyframe.0, State::Packing(_)));
        let (packed, raw) = keyframe.packed(1).expect("packed");
        assert_eq!((keyframe.raw_len(), keyframe.packed_len()), (raw, packed.len()));
        let more = format::pack(b"{}\n", 1).expect("packs");
        let at = Timestamp::UNIX_EPOCH;
        let chunk = Chunk::of_frames(at, at, [packed, more].concat(), raw + 3).expect("a chunk");
        let text = chunk.unpack().expect("frames one behind the other read as one");
        let line = text.split(|byte| *byte == b'\n').next().expect("a line");
        let back: World = serde_json::from_slice(line).expect("reads back");
        assert_eq!(back.observed, world.observed);
    }
}
