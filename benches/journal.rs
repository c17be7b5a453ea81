//! What the journal costs: durable appends beside those of the `sqlite3` program on the same disk in the same run, opening a file with a
//! million events, a page of a timeline, and sixteen writers on one PostgreSQL server.
//!
//! Folders are made in `BENCH_DIR`, or beside the build: on a disk, not in memory. `BENCH_EVENTS` is the size of the large file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a bench prints what it measured")]

use flightdeck::{
    clock,
    journal::{Filter, Journal, Options, PageRequest, Place, SharedOptions},
    model::{
        Timestamp,
        journal::{Actor, Body, Draft, IncidentId, KnownBy, Phase, Sev},
        object::{ObjectKind, ObjectRef},
    },
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const LONG: Duration = Duration::from_secs(600);
/// How many appends are timed in a round, and how many rounds there are.
const ROUND: i64 = 1000;
const ROUNDS: i64 = 3;

#[path = "../src/journal/tests/server.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod server;

fn seconds(since: Instant) -> f64 {
    clock::instant().duration_since(since).as_secs_f64()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_750_000_000 + second).unwrap()
}

fn folder(name: &str) -> PathBuf {
    let base = std::env::var_os("BENCH_DIR").map_or_else(|| PathBuf::from("target/bench-journal"), PathBuf::from);
    let folder = base.join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn event(incident: Option<IncidentId>, second: i64) -> Draft {
    let actor = Actor { name: "ada".into(), known_by: KnownBy::Ssh, from: Some("bastion-1 pts/3 10.0.0.9".into()) };
    let text = format!(
        "restarted the checkout pods, {second} requests had failed with 503 until then; watching the error rate"
    );
    let mut draft = Draft::new(incident, at(second), actor, Body::Note { text });
    draft.object = Some(ObjectRef::new(ObjectKind::Pod, "prod-eu/shop/checkout-5d9f7c6b8d-x2x7k"));
    draft
}

fn declare(journal: &Journal, number: u32, second: i64) -> IncidentId {
    let body = Body::Declared { title: format!("checkout fails {number}"), severity: Sev::Sev2, number, drill: false };
    let draft = Draft::new(None, at(second), Actor::program(), body);
    journal.append_blocking(vec![draft], LONG).unwrap()[0].header.incident.unwrap()
}

fn main() {
    let wanted = std::env::var("BENCH_ONLY").unwrap_or_default();
    for (name, bench) in [("appends", appends as fn()), ("shared", shared), ("large", large)] {
        if wanted.is_empty() || wanted == name {
            bench();
        }
    }
}

/// Single durable appends by one caller that waits for each, in turns with the `sqlite3` program that writes the same rows, one a
/// transaction, into the same tables; then by sixteen callers at once.
fn appends() {
    let folder = folder("appends");
    let journal = Journal::open(Options::new(folder.join("journal.db"))).unwrap();
    let incident = declare(&journal, 1, 0);
    let write = |count: i64| {
        for second in 0..count {
            journal.append_blocking(vec![event(Some(incident), second)], LONG).unwrap();
        }
    };
    write(ROUND * (ROUNDS + 1));
    let oracle = Oracle::new(&folder);
    let (mut ours, mut theirs) = (0.0, 0.0);
    for round in 0..ROUNDS {
        let begun = clock::instant();
        write(ROUND);
        ours += seconds(begun);
        theirs += oracle.as_ref().map_or(f64::NAN, |oracle| oracle.round(round));
    }
    let [ours, theirs] = [ours, theirs].map(|seconds| (ROUND * ROUNDS) as f64 / seconds);
    println!("durable appends, one at a time: {ours:.0}/s");
    match oracle {
        Some(_) => println!(
            "sqlite3 with the same rows, one a transaction (WAL, synchronous=FULL), in turns: {theirs:.0}/s; ratio {:.2}",
            ours / theirs
        ),
        None => println!("sqlite3 is not installed: nothing to compare with"),
    }
    let begun = clock::instant();
    thread::scope(|scope| (0..16).for_each(|_| drop(scope.spawn(|| write(ROUND / 4)))));
    println!("durable appends by sixteen callers at once: {:.0}/s", (ROUND * 4) as f64 / seconds(begun));
    journal.close(LONG).wait(LONG).unwrap();
}

/// The `sqlite3` program, and scripts that write the journal's own rows into a file with the same tables.
struct Oracle {
    file: PathBuf,
    scripts: Vec<PathBuf>,
}

fn sqlite3(file: &Path, script: &Path) -> Option<String> {
    let output = Command::new("sqlite3")
        .arg(file)
        .stdin(Stdio::from(fs::File::open(script).unwrap()))
        .stderr(Stdio::inherit())
        .output()
        .ok()?;
    assert!(output.status.success());
    String::from_utf8(output.stdout).ok()
}

impl Oracle {
    fn new(folder: &Path) -> Option<Self> {
        let script = |name: &str, sql: &str| {
            let path = folder.join(name);
            fs::write(&path, format!(".timeout 5000\n{sql}\n")).unwrap();
            path
        };
        let columns = "id, writer, sequence, incident, occurred_at, wall_ms, counter, kind, actor, object, run, supersedes, key, hash, \
                       header, arrived_at";
        let quoted = columns.split(", ").map(|name| format!("quote(e.{name})")).collect::<Vec<_>>().join(" || ',' || ");
        let select = format!(
            "SELECT 'BEGIN IMMEDIATE; INSERT INTO events ({columns}) VALUES (' || {quoted} || '); INSERT INTO bodies VALUES \
             (last_insert_rowid(), ' || quote(b.salt) || ',' || quote(b.json) || '); COMMIT;' \
             FROM events e JOIN bodies b ON b.event = e.local WHERE e.kind = 'note' ORDER BY e.local;"
        );
        let journal = folder.join("journal.db");
        let rows = sqlite3(&journal, &script("rows.sql", &select))?;
        let writer = "SELECT 'INSERT INTO writers VALUES (' || quote(id) || ',''host'',' || quote(public_key) || ',0,NULL,NULL,NULL);' \
                      FROM writers;";
        let writer = sqlite3(&journal, &script("writer.sql", writer))?;
        let file = folder.join("oracle.db");
        let schema = include_str!("../src/journal/sqlite/migrations/001.sql");
        sqlite3(&file, &script("schema.sql", &format!("PRAGMA journal_mode=WAL; {schema} {writer}")))?;
        let rows: Vec<_> = rows.lines().collect();
        let pragmas = "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;";
        let mut scripts = rows
            .chunks(ROUND as usize)
            .enumerate()
            .map(|(round, rows)| script(&format!("round-{round}.sql"), &format!("{pragmas}\n{}", rows.join("\n"))));
        // The first round fills the file.
        sqlite3(&file, &scripts.next()?)?;
        let scripts = scripts.collect();
        Some(Self { file, scripts })
    }

    /// Seconds that a round takes.
    fn round(&self, round: i64) -> f64 {
        let begun = clock::instant();
        sqlite3(&self.file, &self.scripts[round as usize]).unwrap();
        seconds(begun)
    }
}

fn left_out(bench: &str, why: &str) {
    println!("left out: {bench}: {why}");
}

/// Sixteen writers, each with a file of its own, and a reader, all on one PostgreSQL server.
fn shared() {
    let Some(mut server) = server::Server::prepare("sixteen writers on PostgreSQL") else { return };
    let folder = folder("shared");
    let open = |name: String| {
        let shared = SharedOptions {
            interval: Duration::from_secs(1),
            longest_backoff: Duration::from_millis(200),
            ..SharedOptions::new(server.url())
        };
        let options = Options {
            machine: Some(name.clone()),
            shared: Some(shared),
            ..Options::new(folder.join(name).join("j.db"))
        };
        Journal::open(options).unwrap()
    };
    let (reader, writers) = (open("reader".to_owned()), (0..16).map(|name| open(name.to_string())).collect::<Vec<_>>());
    // What was written while there was no server.
    for writer in &writers {
        (0..10).for_each(|_| {
            drop(writer.append_blocking((0..100).map(|second| event(None, second)).collect(), LONG).unwrap())
        });
    }
    let mut news = reader.news();
    let mut wait_for = |count: u64| {
        while reader.newest().wait(LONG).unwrap() < count {
            news.wait(LONG).unwrap();
        }
    };
    let begun = clock::instant();
    server.run();
    wait_for(16_000);
    println!(
        "16 writers of 1,000 events each, merged by another when PostgreSQL is there: {:.0} events/s",
        16_000.0 / seconds(begun)
    );
    let before = reader.newest().wait(LONG).unwrap();
    let begun = clock::instant();
    thread::scope(|scope| {
        for writer in &writers {
            scope.spawn(move || {
                (0..100).for_each(|second| drop(writer.append_blocking(vec![event(None, second)], LONG).unwrap()))
            });
        }
    });
    let written = seconds(begun);
    wait_for(before + 1600);
    let [written, merged] = [written, seconds(begun)].map(|seconds| 1600.0 / seconds);
    println!(
        "16 writers one event at a time: {written:.0}/s durable in their files, {merged:.0}/s until another has them all"
    );
    for journal in writers.iter().chain([&reader]) {
        journal.close(LONG).wait(LONG).unwrap();
    }
}

/// A file with many events: opening it, reading the incidents, and pages.
fn large() {
    let count: i64 = std::env::var("BENCH_EVENTS").ok().and_then(|count| count.parse().ok()).unwrap_or(1_000_000);
    let folder = folder("large");
    let path = folder.join("journal.db");
    let journal = Journal::open(Options::new(&path)).unwrap();
    let begun = clock::instant();
    let mut incident = declare(&journal, 1, 0);
    // 300 incidents with 8 state events each, 300 other events in each, and the rest of no incident.
    let (mut second, mut number) = (0, 1);
    let each = count / 300;
    while second < count {
        if second / each >= number {
            number += 1;
            incident = declare(&journal, number as u32, second);
            let status = Body::Status { phase: Phase::Identified, text: "it is the new release".into() };
            let states = (0..7).map(|_| Draft::new(Some(incident), at(second), Actor::program(), status.clone()));
            journal.append_blocking(states.collect(), LONG).unwrap();
        }
        let own = second % each < 300;
        let drafts = (0..100).map(|index| event(own.then_some(incident), second + index));
        journal.append_blocking(drafts.collect(), LONG).unwrap();
        second += 100;
    }
    println!("{count} events written in batches of 100: {:.0}/s", count as f64 / seconds(begun));
    journal.close(LONG).wait(LONG).unwrap();
    println!("the file has {} MB", fs::metadata(&path).unwrap().len() / 1_000_000);
    let warm = opened(&path, incident);
    println!("open, incidents, one page: {warm} with the file in memory");
    if fs::write("/proc/sys/vm/drop_caches", "3").is_ok() {
        println!("open, incidents, one page: {} with the file not in memory", opened(&path, incident));
    }
    pages(&path, incident);
}

fn newest(incident: IncidentId) -> PageRequest {
    PageRequest {
        incident: Some(incident),
        ambient: Some((at(0), Timestamp::MAX)),
        filter: Filter::default(),
        place: Place::Newest,
        limit: 100,
    }
}

fn opened(path: &Path, incident: IncidentId) -> String {
    let begun = clock::instant();
    let journal = Journal::open(Options::new(path)).unwrap();
    let open = seconds(begun);
    let incidents = journal.incidents().wait(LONG).unwrap();
    let listed = seconds(begun);
    let page = journal.page(newest(incident)).wait(LONG).unwrap();
    let whole = seconds(begun);
    assert!(incidents.len() > 2000 && page.entries.len() == 100);
    journal.close(LONG).wait(LONG).unwrap();
    let [open, list, page] = [open, listed - open, whole - listed].map(|seconds| seconds * 1e3);
    format!("{:.1} ms ({open:.1} open, {list:.1} for {} state events, {page:.1} page)", whole * 1e3, incidents.len())
}

fn pages(path: &Path, incident: IncidentId) {
    let journal = Journal::open(Options::new(path)).unwrap();
    let mut request = newest(incident);
    let begun = clock::instant();
    for _ in 0..200 {
        let page = journal.page(request.clone()).wait(LONG).unwrap();
        request.place = Place::Before(page.entries[0].event.order());
    }
    println!("a page of 100 events, going back: {:.2} ms", seconds(begun) / 200.0 * 1e3);
    journal.close(LONG).wait(LONG).unwrap();
}
