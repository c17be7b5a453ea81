//! The lines of an unpacked chunk: the world before, then the events.

use crate::{
    app::event::{Event, EventKind, clock_step},
    model::Timestamp,
    world::World,
};
use serde::Deserialize;
use std::ops::Range;

/// An unpacked chunk, with the places of those events that change the world.
#[derive(Debug, Clone)]
pub struct Lines {
    raw: Vec<u8>,
    keyframe: Range<usize>,
    /// In the order in which they were taken.
    pub events: Vec<Line>,
}

/// Where an event lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When it was taken: its own time, or that of an event before it that carries a later one.
    pub at: Timestamp,
    pub kind: LineKind,
    place: Range<usize>,
}

/// What an event does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// News of a source, or about it.
    News,
    /// Lets time pass, or sets it back.
    Wake,
    /// Nothing: keys, the log, messages.
    Other,
}

/// The part of an event that says when and what.
#[derive(Deserialize)]
struct Head<'a> {
    at: Timestamp,
    event: &'a str,
}

impl Lines {
    /// Finds the lines. `first` is the time of the chunk's first event. `None` where it is not a chunk's content.
    pub fn new(raw: Vec<u8>, first: Timestamp) -> Option<Self> {
        let end = raw.iter().position(|byte| *byte == b'\n')?;
        let (mut events, mut start, mut clock) = (Vec::new(), end + 1, first);
        for line in raw[start..].split_inclusive(|byte| *byte == b'\n') {
            let place = start..start + line.len();
            start = place.end;
            let Ok(head) = serde_json::from_slice::<Head<'_>>(line) else { continue };
            clock = clock.max(head.at);
            let kind = match head.event {
                "updates" | "report" => LineKind::News,
                "wake" | "clock-stepped" => LineKind::Wake,
                _ => LineKind::Other,
            };
            events.push(Line { at: clock, kind, place });
        }
        Some(Self { raw, keyframe: 0..end, events })
    }

    /// The text of an event.
    pub fn text(&self, index: usize) -> &[u8] {
        self.events.get(index).map_or(&[], |line| &self.raw[line.place.clone()])
    }

    /// An event; `None` where it cannot be read.
    pub fn event(&self, index: usize) -> Option<Event> {
        serde_json::from_slice(self.text(index)).ok()
    }

    /// Number of events that were taken until a time.
    pub fn until(&self, at: Timestamp) -> usize {
        self.events.partition_point(|line| line.at <= at)
    }

    /// The world after the first `count` events; `None` where the keyframe cannot be read.
    pub fn world_after(&self, count: usize) -> Option<Box<World>> {
        let mut world: Box<World> = serde_json::from_slice(&self.raw[self.keyframe.clone()]).ok()?;
        for index in 0..count.min(self.events.len()) {
            if self.events[index].kind != LineKind::Other
                && let Some(event) = self.event(index)
            {
                apply(&mut world, event);
            }
        }
        Some(world)
    }
}

/// Does to a world what an event did to the live one.
pub fn apply(world: &mut World, event: Event) {
    match event.kind {
        EventKind::Updates { source, updates } => {
            world.apply(event.at, &source, updates);
        }
        EventKind::Report(report) => {
            world.report(event.at, report);
        }
        EventKind::Run(standing) => {
            world.stand(event.at, *standing);
        }
        EventKind::Wake => {
            world.pass(event.at);
        }
        EventKind::ClockStepped { by_seconds } => {
            world.shift_time(clock_step(by_seconds));
        }
        _ => {}
    }
}
