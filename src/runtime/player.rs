//! Plays a recording: pure but for the time, which it is told. It answers with the events that are to be taken now.

use super::recorder::{
    format::OpenError,
    lines::{LineKind, Lines},
    read::Recording,
};
use crate::{
    app::{
        effect::{PlayerCommand, SPEEDS},
        event::{Event, EventKind, PlayerState},
    },
    model::{Timestamp, series::SeriesStore},
};
use jiff::SignedDuration;
use std::time::{Duration, Instant};

/// Events that follow each other faster are taken together.
const GATHER: Duration = Duration::from_millis(15);

/// The embedded recording that `--demo` plays.
pub static DEMO: &[u8] = include_bytes!("../../assets/demo.flightdeck");

/// A recording and the place in it.
pub struct Player {
    recording: Recording,
    chunk: usize,
    lines: Lines,
    /// Events of the chunk that have been taken.
    taken: usize,
    position: Timestamp,
    playing: bool,
    speed: f64,
    /// When the position was what: the position moves on from here while playing.
    anchor: Option<(Instant, Timestamp)>,
}

impl Player {
    /// A player at the recording's start, standing still.
    ///
    /// # Errors
    /// Where the first chunk cannot be read.
    pub fn new(recording: Recording) -> Result<Self, OpenError> {
        let lines = recording.lines(0).ok_or_else(|| OpenError::Empty("the first chunk cannot be read".into()))?;
        let position = recording.first();
        let mut player =
            Self { recording, chunk: 0, lines, taken: 0, position, playing: false, speed: 1.0, anchor: None };
        player.taken = player.lines.until(position);
        Ok(player)
    }

    /// A player of the embedded demonstration.
    ///
    /// # Errors
    /// None, unless the program was built with a damaged recording.
    pub fn demo() -> Result<Self, OpenError> {
        Self::new(Recording::read(DEMO)?)
    }

    /// What is played.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// History over the whole recording. Reads all of it.
    pub fn series(&self) -> SeriesStore {
        self.recording.series()
    }

    /// Where the recording stands.
    pub fn state(&self) -> PlayerState {
        PlayerState {
            first: self.recording.first(),
            last: self.recording.last(),
            position: self.position,
            playing: self.playing,
            speed: self.speed,
        }
    }

    /// The world where the recording stands, as an event.
    pub fn world(&self) -> Option<Event> {
        let world = self.lines.world_after(self.taken)?;
        Some(Event { at: world.now, kind: EventKind::World(world) })
    }

    /// Does what the player was told, and returns the events that follow from it.
    pub fn command(&mut self, command: PlayerCommand, now: Instant) -> Vec<Event> {
        let mut events = self.due(now);
        match command {
            PlayerCommand::Toggle if self.playing => self.playing = false,
            PlayerCommand::Toggle => {
                if self.position >= self.recording.last() {
                    events = self.seek(self.recording.first());
                }
                self.playing = true;
            }
            PlayerCommand::Skip(seconds) => {
                let to = self.position.checked_add(SignedDuration::from_secs_f64(seconds));
                events = self.seek(to.unwrap_or(self.position));
            }
            PlayerCommand::Seek(to) => events = self.seek(to),
            PlayerCommand::Speed(speed) => self.speed = speed.clamp(*SPEEDS.start(), *SPEEDS.end()),
            PlayerCommand::Step(step) => {
                self.playing = false;
                for _ in 0..step.unsigned_abs().min(1_000) {
                    let stepped = if step > 0 { self.step_forward() } else { self.step_back() };
                    events.extend(stepped);
                }
            }
        }
        self.anchor = self.playing.then_some((now, self.position));
        events
    }

    /// When there is something to be taken next; `None` while standing still.
    pub fn next_at(&self) -> Option<Instant> {
        let (when, from) = self.anchor.filter(|_| self.playing)?;
        let next = self.peek().unwrap_or_else(|| self.recording.last());
        let seconds = next.duration_since(from).as_secs_f64().max(0.0) / self.speed;
        let wait = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX).min(Duration::from_secs(86_400));
        Some(when + wait.max(GATHER))
    }

    /// Events whose time has come.
    pub fn due(&mut self, now: Instant) -> Vec<Event> {
        let Some((when, from)) = self.anchor.filter(|_| self.playing) else { return Vec::new() };
        let passed = now.saturating_duration_since(when).as_secs_f64() * self.speed;
        let to = from.checked_add(SignedDuration::from_secs_f64(passed)).unwrap_or(Timestamp::MAX);
        let mut events = Vec::new();
        while self.peek().is_some_and(|at| at <= to) {
            events.extend(self.take());
        }
        self.position = to.min(self.recording.last()).max(self.position);
        if self.peek().is_none() && self.position >= self.recording.last() {
            self.playing = false;
            self.anchor = None;
        } else {
            self.anchor = Some((now, self.position));
        }
        events
    }

    /// Time of the next event.
    fn peek(&self) -> Option<Timestamp> {
        let here = self.lines.events.get(self.taken).map(|line| line.at);
        here.or_else(|| self.recording.start_of(self.chunk + 1))
    }

    /// Takes the next event, if it is one that changes the world.
    fn take(&mut self) -> Option<Event> {
        if self.taken >= self.lines.events.len() {
            return self.enter_next();
        }
        let index = self.taken;
        self.taken += 1;
        let line = &self.lines.events[index];
        self.position = self.position.max(line.at);
        if line.kind == LineKind::Other { None } else { self.lines.event(index) }
    }

    /// Goes on to the next chunk. Where something is missing before it, or it cannot be read, the world is taken from it anew.
    fn enter_next(&mut self) -> Option<Event> {
        let next = self.chunk + 1;
        let gap = self.recording.is_after_gap(next);
        self.chunk = next;
        self.taken = 0;
        match self.recording.lines(next) {
            Some(lines) => self.lines = lines,
            None => self.lines.events.clear(),
        }
        if gap { self.world() } else { None }
    }

    /// Goes to a time.
    fn seek(&mut self, to: Timestamp) -> Vec<Event> {
        let to = to.clamp(self.recording.first(), self.recording.last());
        if !self.load(self.recording.chunk_at(to)) {
            return Vec::new();
        }
        self.taken = self.lines.until(to);
        self.position = to;
        self.world().into_iter().collect()
    }

    fn load(&mut self, chunk: usize) -> bool {
        if chunk != self.chunk {
            let Some(lines) = self.recording.lines(chunk) else { return false };
            self.lines = lines;
            self.chunk = chunk;
        }
        true
    }

    /// Takes events up to the next news.
    fn step_forward(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(at) = self.peek() {
            let news = self.lines.events.get(self.taken).is_some_and(|line| line.kind == LineKind::News);
            events.extend(self.take());
            if news {
                self.position = at;
                break;
            }
        }
        events
    }

    /// Goes to just behind the news before, so that a step forward and a step back are each other's undoing.
    fn step_back(&mut self) -> Vec<Event> {
        let is_news = |lines: &Lines, index: usize| lines.events[index].kind == LineKind::News;
        let before = |lines: &Lines, end: usize| (0..end).rev().find(|index| is_news(lines, *index));
        if self.taken == 0 && self.chunk > 0 && self.load(self.chunk - 1) {
            self.taken = self.lines.events.len();
        }
        let seen = |lines: &Lines, index: &usize| lines.events[*index].kind != LineKind::Other;
        let mut end = (0..self.taken).rev().find(|index| seen(&self.lines, index)).map_or(0, |index| index + 1);
        // Standing behind news, those are left; standing behind something later, they are gone back to.
        let mut leave = end == 0 || is_news(&self.lines, end - 1);
        loop {
            match before(&self.lines, end) {
                Some(index) if leave => {
                    leave = false;
                    end = index;
                }
                Some(index) => return self.stand_behind(index + 1),
                None if self.chunk == 0 || !self.load(self.chunk - 1) => return self.stand_behind(0),
                None => end = self.lines.events.len(),
            }
        }
    }

    fn stand_behind(&mut self, taken: usize) -> Vec<Event> {
        self.taken = taken;
        let at = taken.checked_sub(1).and_then(|index| self.lines.events.get(index)).map(|line| line.at);
        self.position = at.unwrap_or_else(|| self.recording.first());
        self.world().into_iter().collect()
    }
}
