//! From the readers to the screen: lines are gathered, handed over in batches, and where the screen cannot take them, the oldest
//! are dropped and counted.

use super::pace::Pace;
use crate::{
    clock,
    model::{
        Timestamp,
        logs::{
            Level, LineKind, LogBatch, LogLine, LogOrigin, OriginState,
            clean::{Cleaned, Cleaner},
        },
    },
};
use compact_str::CompactString;
use std::{
    cell::RefCell,
    collections::VecDeque,
    rc::Rc,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

/// How long lines are gathered before they are handed over.
const GATHER: Duration = Duration::from_millis(50);
/// So many lines are handed over whatever the time.
const MANY: usize = 2_000;
/// Most lines of one batch: what the screen takes between two keys.
const BATCH: usize = 1_000;
/// Most lines, and bytes of lines, that wait to be taken.
const WAITING: (usize, usize) = (40_000, 16 << 20);

/// So little may one line of an origin be older than the line before it, and keep its place.
const DISORDER: jiff::SignedDuration = jiff::SignedDuration::from_secs(1);

/// What lies between the readers and the screen.
#[derive(Default)]
pub(super) struct Shared {
    waiting: Mutex<Waiting>,
    ready: Notify,
}

#[derive(Default)]
struct Waiting {
    lines: VecDeque<LogLine>,
    bytes: usize,
    dropped: u64,
    origins: Option<Vec<LogOrigin>>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next batch; waits until there is one.
    pub(super) async fn next(&self, id: u64) -> LogBatch {
        loop {
            self.ready.notified().await;
            let batch = self.take(id);
            if !batch.lines.is_empty() || batch.origins.is_some() {
                return batch;
            }
        }
    }

    fn take(&self, id: u64) -> LogBatch {
        let mut waiting = self.lock();
        let count = waiting.lines.len().min(BATCH);
        let lines: Vec<_> = waiting.lines.drain(..count).collect();
        waiting.bytes -= lines.iter().map(LogLine::bytes).sum::<usize>();
        if !waiting.lines.is_empty() {
            self.ready.notify_one();
        }
        LogBatch { id, origins: waiting.origins.take(), lines, dropped: std::mem::take(&mut waiting.dropped) }
    }

    fn add(&self, lines: &mut Vec<LogLine>, origins: Option<Vec<LogOrigin>>, left_out: u64) {
        let mut waiting = self.lock();
        waiting.dropped += left_out;
        waiting.bytes += lines.iter().map(LogLine::bytes).sum::<usize>();
        waiting.lines.extend(lines.drain(..));
        while waiting.lines.len() > WAITING.0 || waiting.bytes > WAITING.1 {
            let Some(oldest) = waiting.lines.pop_front() else { break };
            waiting.bytes -= oldest.bytes();
            waiting.dropped += 1;
        }
        if origins.is_some() {
            waiting.origins = origins;
        }
        drop(waiting);
        self.ready.notify_one();
    }

    /// A word about the whole request.
    pub(super) fn marker(&self, text: &str) {
        self.add(&mut vec![marker(0, text)], None, 0);
    }
}

/// A word of this program between the lines.
fn marker(origin: u16, text: &str) -> LogLine {
    let text = crate::model::redact::text(&crate::model::text::clean(text)).into();
    let (kind, level) = (LineKind::Marker, Level::Unknown);
    LogLine { at: clock::now(), origin, kind, level, json: false, text, inks: Box::default() }
}

/// Where the readers of a request put their lines.
pub(super) struct Sink {
    shared: Arc<Shared>,
    gathered: RefCell<Gathered>,
    fresh: Notify,
}

#[derive(Default)]
struct Gathered {
    lines: Vec<LogLine>,
    origins: Vec<LogOrigin>,
    changed: bool,
    /// Lines that were left out, to keep up.
    left_out: u64,
}

impl Sink {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, gathered: RefCell::default(), fresh: Notify::new() }
    }

    /// A new origin of lines.
    pub(super) fn origin(self: &Rc<Self>, name: impl Into<CompactString>) -> Writer {
        let mut gathered = self.gathered.borrow_mut();
        let origin = u16::try_from(gathered.origins.len()).unwrap_or(u16::MAX);
        gathered.origins.push(LogOrigin { name: name.into(), state: OriginState::Waiting });
        gathered.changed = true;
        drop(gathered);
        self.fresh.notify_one();
        Writer {
            sink: Rc::clone(self),
            origin,
            cleaner: Cleaner::default(),
            last: None,
            resume: None,
            noted: false,
            pace: Pace::default(),
        }
    }

    fn put(&self, line: LogLine) {
        let mut gathered = self.gathered.borrow_mut();
        gathered.lines.push(line);
        if gathered.lines.len() >= MANY {
            drop(gathered);
            self.flush();
        } else if gathered.lines.len() == 1 {
            self.fresh.notify_one();
        }
    }

    fn flush(&self) {
        let mut gathered = self.gathered.borrow_mut();
        let origins = std::mem::take(&mut gathered.changed).then(|| gathered.origins.clone());
        if origins.is_some() || !gathered.lines.is_empty() {
            let left_out = std::mem::take(&mut gathered.left_out);
            self.shared.add(&mut gathered.lines, origins, left_out);
        }
    }

    /// Hands over what was gathered, a little after it came, for ever.
    pub(super) async fn hand_over(&self) {
        loop {
            self.fresh.notified().await;
            tokio::time::sleep(GATHER).await;
            self.flush();
        }
    }
}

/// Writes the lines of one origin.
pub(super) struct Writer {
    sink: Rc<Sink>,
    origin: u16,
    cleaner: Cleaner,
    /// Time of the last line.
    last: Option<Timestamp>,
    /// Lines up to this time were written before.
    resume: Option<Timestamp>,
    /// Whether it was said that it does not answer.
    noted: bool,
    pace: Pace,
}

impl Writer {
    /// Takes a line that begins with its time, as engines and the kubelet write it; `more` bytes of its end were not kept.
    pub(super) fn timed(&mut self, kind: LineKind, raw: &[u8], more: usize) {
        let (at, raw) = split_time(raw);
        if at.is_some() && at <= self.resume {
            return;
        }
        if at.is_some_and(|at| self.pace.leaves_out(at, || (clock::now(), clock::instant()))) {
            self.last = at;
            self.sink.gathered.borrow_mut().left_out += 1;
            return;
        }
        let cleaned = self.cleaner.beginning(raw, more);
        self.put(at, kind, cleaned);
    }

    /// Takes a line and what is known of it.
    pub(super) fn line(&mut self, at: Option<Timestamp>, level: Level, raw: &[u8]) {
        let mut cleaned = self.cleaner.line(raw);
        if level != Level::Unknown {
            cleaned.level = level;
        }
        self.put(at, LineKind::Out, cleaned);
    }

    fn put(&mut self, at: Option<Timestamp>, kind: LineKind, cleaned: Cleaned) {
        // Output and errors are stamped apart: a little disorder in time is order as it was written.
        let at = at.map(|at| self.last.filter(|last| *last > at && last.duration_since(at) < DISORDER).unwrap_or(at));
        self.last = at.or(self.last);
        let Cleaned { text, inks, level, json } = cleaned;
        let at = at.unwrap_or_else(clock::now);
        self.sink.put(LogLine { at, origin: self.origin, kind, level, json, text, inks });
    }

    /// A word of this program between the lines.
    pub(super) fn marker(&self, text: &str) {
        let mut line = marker(self.origin, text);
        // Below the lines that it follows, though the engine's clock may be ahead of ours.
        line.at = self.last.map_or(line.at, |last| last.max(line.at));
        self.sink.put(line);
    }

    /// How the stream stands.
    pub(super) fn state(&self, state: OriginState) {
        let mut gathered = self.sink.gathered.borrow_mut();
        if let Some(origin) = gathered.origins.get_mut(usize::from(self.origin)).filter(|o| o.state != state) {
            origin.state = state;
            gathered.changed = true;
            self.sink.fresh.notify_one();
        }
    }

    /// Names the origin, once that is known.
    pub(super) fn name(&self, name: impl Into<CompactString>) {
        let mut gathered = self.sink.gathered.borrow_mut();
        if let Some(origin) = gathered.origins.get_mut(usize::from(self.origin)) {
            origin.name = name.into();
            gathered.changed = true;
            self.sink.fresh.notify_one();
        }
    }

    /// Says that there is no answer, once until there is one.
    pub(super) fn down(&mut self, why: &str) {
        self.state(OriginState::Down);
        if !std::mem::replace(&mut self.noted, true) {
            self.marker(&format!("no answer, asked again: {why}"));
        }
    }

    /// Says that there is an answer.
    pub(super) fn open(&mut self) {
        self.state(OriginState::Open);
        if std::mem::take(&mut self.noted) {
            self.marker("it answers again");
        }
    }

    /// Goes on after the last line when the stream is opened again; what is sent a second time is left out.
    pub(super) fn resume(&mut self) -> Option<Timestamp> {
        self.resume = self.last;
        self.last
    }
}

/// The time at the beginning of a line, and the rest.
pub(super) fn split_time(raw: &[u8]) -> (Option<Timestamp>, &[u8]) {
    let Some(blank) = raw.iter().take(40).position(|byte| *byte == b' ') else {
        // An empty line may have lost its blank.
        return (parse_time(raw), if parse_time(raw).is_some() { &[] } else { raw });
    };
    match parse_time(&raw[..blank]) {
        Some(at) => (Some(at), &raw[blank + 1..]),
        None => (None, raw),
    }
}

fn parse_time(text: &[u8]) -> Option<Timestamp> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    if text.len() < 20 || text.len() > 36 {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sink() -> (Arc<Shared>, Rc<Sink>) {
        let shared = Arc::new(Shared::default());
        (Arc::clone(&shared), Rc::new(Sink::new(shared)))
    }

    #[test]
    fn times_are_split_off() {
        let (at, rest) = split_time(b"2026-11-23T12:25:58.464670668Z {\"a\":1}");
        assert_eq!(
            (at.map(|at| at.to_string()), rest),
            (Some("2026-11-23T12:25:58.464670668Z".into()), &b"{\"a\":1}"[..])
        );
        assert_eq!(split_time(b"no time here"), (None, &b"no time here"[..]));
        assert_eq!(split_time(b"2026-11-23T12:25:58Z\n").1, b"");
    }

    #[test]
    fn what_is_sent_twice_is_left_out() {
        let (shared, sink) = sink();
        let mut writer = sink.origin("a");
        writer.timed(LineKind::Out, b"2026-11-23T12:00:01Z one", 0);
        writer.timed(LineKind::Out, b"2026-11-23T12:00:02Z two", 0);
        assert_eq!(writer.resume().map(|at| at.as_second()), Some(1_795_435_202));
        writer.timed(LineKind::Out, b"2026-11-23T12:00:02Z two", 0);
        writer.timed(LineKind::Err, b"2026-11-23T12:00:03Z three", 0);
        sink.flush();
        let batch = shared.take(7);
        let texts: Vec<_> = batch.lines.iter().map(|line| &*line.text).collect();
        assert_eq!((texts, batch.id), (vec!["one", "two", "three"], 7));
        assert_eq!(batch.origins.map(|origins| origins.len()), Some(1));
    }

    #[test]
    fn a_flood_drops_the_oldest_and_counts_them() {
        let (shared, sink) = sink();
        let mut writer = sink.origin("a");
        let lines = WAITING.0 + 500;
        for at in 0..lines {
            writer.line(None, Level::Info, format!("line {at}").as_bytes());
        }
        sink.flush();
        let first = shared.take(1);
        assert_eq!((first.dropped, &*first.lines[0].text), (500, "line 500"));
        let mut count = first.lines.len();
        loop {
            let batch = shared.take(1);
            assert_eq!(batch.dropped, 0);
            if batch.lines.is_empty() {
                break;
            }
            assert!(batch.lines.len() <= BATCH);
            count += batch.lines.len();
        }
        assert_eq!(count, WAITING.0);
    }
}
