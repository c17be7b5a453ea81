//! What lists cost: drawing must follow the viewport and not the data, and a refresh of ten thousand rows must be cheap while
//! nothing changes places.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use compact_str::CompactString;
use divan::{Bencher, black_box};
use flightdeck::{
    keymap::Keymap,
    model::{
        Timestamp,
        object::{ObjectKind, ObjectRef},
        process::Process,
        update::Update,
    },
    ui::{glyphs, scene::Scene, table, theme::Theme},
    view::{
        View,
        list::ListState,
        table::{Column, Table, Unit, Value},
    },
    world::World,
};
use ratatui::{buffer::Buffer, layout::Rect};

fn main() {
    divan::main();
}

struct Processes;

const fn column(name: &'static str, title: &'static str, unit: Unit, width: u16) -> Column {
    Column { name, title, unit, width, grows: false, shown: true, about: "" }
}

static COLUMNS: &[Column] = &[
    column("pid", "PID", Unit::Number, 8),
    column("user", "USER", Unit::Text, 10),
    column("cpu", "CPU", Unit::Ratio, 8),
    column("mem", "MEM", Unit::Bytes, 9),
    column("started", "AGE", Unit::Time, 8),
    Column { grows: true, ..column("command", "COMMAND", Unit::Text, 30) },
];

impl Table for Processes {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (2, true)
    }
    fn len(&self, world: &World) -> usize {
        world.observed.processes.as_ref().map_or(0, Vec::len)
    }
    fn key(&self, world: &World, row: usize) -> CompactString {
        rows(world)[row].key()
    }
    fn object(&self, world: &World, row: usize) -> Option<ObjectRef> {
        Some(ObjectRef::new(ObjectKind::Process, self.key(world, row)))
    }
    fn value<'w>(&self, world: &'w World, row: usize, column: usize) -> Value<'w> {
        let process = &rows(world)[row];
        match column {
            0 => Value::Number(process.pid.into()),
            1 => process.user.as_deref().map_or(Value::Unknown, Value::text),
            2 => Value::number(process.cpu_ratio),
            3 => Value::whole(process.memory_bytes),
            4 => process.started_at.map_or(Value::Unknown, Value::Time),
            _ => Value::text(&process.command),
        }
    }
    fn parent(&self, world: &World, row: usize) -> Option<CompactString> {
        let parent = rows(world)[row].parent;
        let at = rows(world).binary_search_by_key(&parent, |process| process.pid).ok()?;
        Some(rows(world)[at].key())
    }
    fn can_be_tree(&self) -> bool {
        true
    }
}

fn rows(world: &World) -> &[Process] {
    world.observed.processes.as_deref().unwrap_or_default()
}

fn start() -> Timestamp {
    Timestamp::from_second(1_800_000_000).expect("in range")
}

/// Most processes idle, as on a real host; `seed` moves the few that do not.
fn world(count: usize, seed: usize) -> World {
    let process = |n: usize| Process {
        pid: n as i32 + 1,
        start_ticks: 1_000 + n as u64,
        parent: (n / 7) as i32,
        name: "worker".into(),
        command: compact_str::format_compact!("/usr/lib/example/worker --shard {n} --config /etc/example/{n}.toml"),
        user: Some(if n.is_multiple_of(3) { "root".into() } else { compact_str::format_compact!("svc-{}", n % 20) }),
        cpu_ratio: Some(if n.is_multiple_of(50) { ((n * 31 + seed * 17) % 997) as f64 / 997.0 } else { 0.0 }),
        memory_bytes: Some((n as u64 * 7_919 % 65_536) << 12),
        state: 'S',
        started_at: Some(start()),
        ..Process::default()
    };
    let mut world = World::at(start());
    world.apply(start(), "bench", vec![Update::Processes((0..count).map(process).collect())]);
    world
}

const COUNTS: [usize; 3] = [100, 1_000, 10_000];

/// A 160×48 terminal, the cursor in the middle of the list, ten rows marked.
#[divan::bench(args = COUNTS)]
fn draw(bencher: Bencher<'_, '_>, count: usize) {
    let world = world(count, 0);
    let mut list = ListState::default();
    list.refresh(&Processes, &world, false, 47);
    for _ in 0..10 {
        list.toggle_mark(&Processes, &world);
        list.move_to(list.cursor + 1, &Processes, &world, 47);
    }
    list.move_to(count / 2, &Processes, &world, 47);
    let (view, theme, keymap) = (View::default(), Theme::monochrome(), Keymap::default());
    let scene = Scene {
        world: &world,
        series: &world.series,
        view: &view,
        theme: &theme,
        glyphs: &glyphs::UNICODE,
        keymap: &keymap,
        now: start(),
        focused: true,
    };
    let mut buffer = Buffer::empty(Rect::new(0, 0, 160, 48));
    bencher.bench_local(|| {
        let area = buffer.area;
        table::draw(&scene, &Processes, black_box(&list), area, &mut buffer);
    });
}

/// Nothing changed since the last refresh.
#[divan::bench(args = COUNTS)]
fn refresh_idle(bencher: Bencher<'_, '_>, count: usize) {
    refresh_between(bencher, count, "", false, 0);
}

/// One process in fifty has another CPU figure each time.
#[divan::bench(args = COUNTS)]
fn refresh_busy(bencher: Bencher<'_, '_>, count: usize) {
    refresh_between(bencher, count, "", false, 1);
}

/// As a tree.
#[divan::bench(args = COUNTS)]
fn refresh_tree(bencher: Bencher<'_, '_>, count: usize) {
    refresh_between(bencher, count, "", true, 1);
}

/// With a filter over text and figures.
#[divan::bench(args = COUNTS)]
fn refresh_filtered(bencher: Bencher<'_, '_>, count: usize) {
    refresh_between(bencher, count, "worker mem>64MiB !user=root", false, 1);
}

fn refresh_between(bencher: Bencher<'_, '_>, count: usize, filter: &str, tree: bool, seed: usize) {
    let worlds = [world(count, 0), world(count, seed)];
    let mut list = ListState::default();
    list.set_filter(filter, &Processes, &worlds[0], tree, 47).expect("a filter");
    list.move_to(20, &Processes, &worlds[0], 47);
    let mut turn = 0;
    bencher.bench_local(|| {
        turn += 1;
        list.refresh(&Processes, &worlds[turn % 2], tree, 47);
    });
}
