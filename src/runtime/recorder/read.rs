//! Reading a recording back, as far as it is whole.

use super::{
    format::{self, Header, OpenError, Place},
    lines::{self, LineKind, Lines},
};
use crate::{
    model::{Timestamp, series::SeriesStore, units},
    world::World,
};
use std::{borrow::Cow, fs, path::Path, sync::Arc};

/// A recording with an index of its chunks. Clones share its bytes.
#[derive(Debug, Clone)]
pub struct Recording {
    pub header: Header,
    data: Arc<Cow<'static, [u8]>>,
    chunks: Vec<Place>,
    /// What is missing, in words for the user.
    pub damage: Option<String>,
}

impl Recording {
    /// Reads a recording from a file.
    ///
    /// # Errors
    /// Where it cannot be read, is no recording, is of a newer format, or holds nothing whole.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Self::read(fs::read(path)?)
    }

    /// Reads a recording from memory.
    ///
    /// # Errors
    /// Where it is no recording, is of a newer format, or holds nothing whole.
    pub fn read(data: impl Into<Cow<'static, [u8]>>) -> Result<Self, OpenError> {
        let data = data.into();
        let (header, start) = Header::read(&data)?;
        let (mut chunks, lost) = format::scan(&data, start);
        // Times only ever rise; a chunk that goes back belongs to another recording.
        let mut latest = Timestamp::MIN;
        chunks.retain(|chunk| {
            let fits = chunk.first >= latest && chunk.last >= chunk.first;
            latest = if fits { chunk.last } else { latest };
            fits
        });
        let whole = data.len() - start - lost;
        let damage = (lost > 0).then(|| {
            let size = |bytes: usize| units::bytes(bytes as f64);
            format!("the recording is damaged: {} of {} are whole and played", size(whole), size(data.len() - start))
        });
        if chunks.is_empty() {
            return Err(OpenError::Empty(damage.unwrap_or_else(|| "it ends after its first line".into())));
        }
        Ok(Self { header, data: Arc::new(data), chunks, damage })
    }

    /// Number of whole chunks.
    pub fn len(&self) -> usize {
        self.chunks.len()
    }

    /// Whether there is no whole chunk; there always is one.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Time of the first event.
    pub fn first(&self) -> Timestamp {
        self.chunks.first().map_or(self.header.started, |chunk| chunk.first)
    }

    /// Time of the last event.
    pub fn last(&self) -> Timestamp {
        self.chunks.last().map_or(self.header.started, |chunk| chunk.last)
    }

    /// The chunk that holds a time: the last one that begins until then.
    pub fn chunk_at(&self, at: Timestamp) -> usize {
        self.chunks.partition_point(|chunk| chunk.first <= at).saturating_sub(1)
    }

    /// When a chunk begins; `None` where there is none.
    pub fn start_of(&self, index: usize) -> Option<Timestamp> {
        self.chunks.get(index).map(|chunk| chunk.first)
    }

    /// Whether something is missing before a chunk.
    pub fn is_after_gap(&self, index: usize) -> bool {
        self.chunks.get(index).is_some_and(|chunk| chunk.after_gap)
    }

    /// Unpacks a chunk; `None` where there is none or its content cannot be read.
    pub fn lines(&self, index: usize) -> Option<Lines> {
        let chunk = self.chunks.get(index)?;
        Lines::new(chunk.unpack(&self.data)?, chunk.first)
    }

    /// History of every figure over the whole recording.
    pub fn series(&self) -> SeriesStore {
        let mut world = World::at(self.first());
        world.series = SeriesStore::keeping(i64::MAX / 4);
        for lines in (0..self.len()).filter_map(|index| self.lines(index)) {
            for index in 0..lines.events.len() {
                if lines.events[index].kind == LineKind::News
                    && has_figures(lines.text(index))
                    && let Some(event) = lines.event(index)
                {
                    lines::apply(&mut world, event);
                }
            }
        }
        world.series
    }
}

/// Whether an event may hold figures that are kept as history. The process table, the longest of all, holds none.
fn has_figures(line: &[u8]) -> bool {
    let text = str::from_utf8(line).unwrap_or_default();
    [r#"{"gauges":"#, r#"{"mounts":"#, r#"{"sensors":"#].iter().any(|word| text.contains(word))
}
