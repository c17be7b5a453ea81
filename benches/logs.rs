//! What log lines cost: cleaning them on their own thread, taking them with filter and search, and drawing, which must follow the
//! viewport and not what is held.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use divan::{Bencher, black_box, counter::ItemsCount};
use flightdeck::{
    app::{
        App,
        event::{Event, EventKind},
        settings::{self, Terminal},
    },
    config::layers::resolve,
    model::{
        Timestamp,
        logs::{LineKind, LogBatch, LogLine, clean::Cleaner},
        object::{ObjectKind, ObjectRef},
    },
    ops::gate::Policy,
    screen,
    view::log::{Viewer, store::Limits},
};
use ratatui::{buffer::Buffer, layout::Rect};

fn main() {
    divan::main();
}

/// What ordinary services write.
const SORTS: [&str; 6] = [
    r#"{"time":1795436758,"level":"debug","msg":"request 940795 served","status":500,"ms":921,"path":"/cart/45"}"#,
    "\u{1b}[32mINFO\u{1b}[0m worker 4: job 940796 done in 231 ms",
    "2026-11-23T12:25:58Z [pool-1] WARN shop.Cart - item 940797 added",
    "level=error component=db msg=\"query took 415 ms\" rows=1",
    "10.0.0.49 - - \"GET /item/940799 HTTP/1.1\" 500 4799",
    "connecting to postgres://shop:s3cret@db:5432/shop with password=hunter2",
];

const BATCH: usize = 1_000;

fn start() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn lines(count: usize, from: i64) -> Vec<LogLine> {
    let mut cleaner = Cleaner::default();
    let line = |at: usize| {
        let cleaned = cleaner.line(SORTS[at % SORTS.len()].as_bytes());
        LogLine {
            at: start().checked_add(jiff::SignedDuration::from_micros(from + at as i64)).unwrap(),
            origin: 0,
            kind: LineKind::Out,
            level: cleaned.level,
            json: cleaned.json,
            text: cleaned.text,
            inks: cleaned.inks,
        }
    };
    (0..count).map(line).collect()
}

fn batch(id: u64, from: i64) -> LogBatch {
    LogBatch { id, lines: lines(BATCH, from), ..LogBatch::default() }
}

/// Escapes, secrets, level: what is done for each line on the thread of its stream.
#[divan::bench]
fn clean(bencher: Bencher<'_, '_>) {
    let mut cleaner = Cleaner::default();
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        for at in 0..BATCH {
            black_box(cleaner.line(black_box(SORTS[at % SORTS.len()].as_bytes())));
        }
    });
}

/// The cheapest and the dearest sort of line.
#[divan::bench(args = [0, 4, 5])]
fn clean_sort(bencher: Bencher<'_, '_>, sort: usize) {
    let mut cleaner = Cleaner::default();
    bencher.counter(ItemsCount::new(1usize)).bench_local(|| cleaner.line(black_box(SORTS[sort].as_bytes())));
}

fn full(filter: &str, find: &str) -> Viewer {
    let object = ObjectRef::in_engine(ObjectKind::Container, "docker", "abc");
    let mut viewer = Viewer::new(object, 1, Limits::default());
    viewer.judge.set_filter(filter).unwrap();
    viewer.judge.set_find(find).unwrap();
    viewer.take(LogBatch { id: 1, lines: lines(100_000, 0), ..LogBatch::default() });
    viewer
}

/// Taking a batch where the store is full, with a filter and a search.
#[divan::bench(args = [("", ""), ("level>=warn", ""), ("!GET /item|job/", "took"), ("request", "/ser.ed/i")])]
fn take(bencher: Bencher<'_, '_>, (filter, find): (&str, &str)) {
    let mut viewer = full(filter, find);
    let mut from = 1_000_000;
    bencher
        .counter(ItemsCount::new(BATCH))
        .with_inputs(|| {
            from += BATCH as i64;
            batch(1, from)
        })
        .bench_local_values(|batch| viewer.take(batch));
}

/// A new filter over all that is held, in slices: the first is what a key waits for.
#[divan::bench]
fn filter_slice(bencher: Bencher<'_, '_>) {
    let mut viewer = full("", "");
    viewer.judge.set_filter("took /4[0-9]+/").unwrap();
    bencher.bench_local(|| viewer.judge_anew());
}

/// The whole screen, with this many lines held.
#[divan::bench(args = [1_000, 100_000])]
fn draw(bencher: Bencher<'_, '_>, held: usize) {
    let terminal = Terminal { term: "xterm-256color".into(), ..Terminal::default() };
    let mut app = App::new(settings::build(&resolve(&[]), &terminal), Policy::default(), start(), (160, 50));
    app.open(ObjectRef::in_engine(ObjectKind::Container, "docker", "abc"));
    app.open_logs();
    app.update(Event { at: start(), kind: EventKind::Wake });
    let id = app.view.logs.as_ref().unwrap().id;
    let lines = lines(held, 0);
    app.update(Event { at: start(), kind: EventKind::Logs(LogBatch { id, lines, ..LogBatch::default() }) });
    let mut buffer = Buffer::empty(Rect::new(0, 0, 160, 50));
    bencher.bench_local(|| {
        buffer.reset();
        screen::draw(black_box(&app), &mut buffer);
    });
}
