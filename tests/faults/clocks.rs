//! The machine's clock jumps, forward and back, by seconds and by years: under the real program, whose C library is told another time, and
//! under what is told the time anyway.

use crate::{
    bed::{Random, amount, tell, until},
    home::Home,
    need, stage,
    wait::PATIENCE,
};
use flightdeck::{
    app::{
        App,
        event::{Event, EventKind},
    },
    journal::{Journal, Now, Options},
    model::{
        attention::Attention,
        journal::{Actor, Body, Draft},
    },
    ops::gate::Policy,
    runtime::{
        recorder::{Limits, Recorder},
        screen::Screen,
    },
};
use jiff::{SignedDuration, Timestamp};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// How long anything may take that waits for a disk.
const LONG: Duration = Duration::from_secs(60);

/// A jump of any size: most are small, some are years.
fn jump(random: &mut Random) -> SignedDuration {
    let seconds = [1, 3, 60, 3_600, 86_400, 31_536_000, 315_360_000][random.below(7) as usize];
    let by = 1 + random.below(seconds as u64 * 1_000) as i64;
    SignedDuration::from_millis(if random.below(2) == 0 { by } else { -by })
}

/// A time that the jumps do not leave: 1990 to 2200.
fn within(at: Timestamp) -> bool {
    (631_152_000..7_258_118_400).contains(&at.as_second())
}

#[test]
fn cockpit_recorder_and_journal_follow_a_clock_that_jumps() {
    let (mut random, seed) = Random::new();
    let jumps = amount(60, 2_000);
    let folder = tempfile::tempdir().expect("a folder");
    let story = stage::story();
    let mut now = story[0].at;
    let clock = Arc::new(AtomicI64::new(now.as_millisecond()));
    let told = Arc::clone(&clock);
    let tells = move || Timestamp::from_millisecond(told.load(Ordering::Relaxed)).expect("in range");
    let options = Options { now: Now::new(tells), ..Options::new(folder.path().join("journal.db")) };
    let journal = Journal::open(options).expect("opened");
    let mut app = App::new(stage::settings(), Policy::default(), now, (120, 40));
    let mut recorder = Recorder::new(Limits::default(), Arc::default());
    let mut screen = Screen::new();
    let (mut back, mut events) = (0, 0);
    let mut pieces = story.chunks(12).cycle();
    for number in 0..jumps {
        let by = jump(&mut random);
        let Some(next) = now.checked_add(by).ok().filter(|next| within(*next)) else { continue };
        now = next;
        clock.store(now.as_millisecond(), Ordering::Relaxed);
        // As the event loop does where its clock is behind what it has seen.
        let behind = app.now.duration_since(now);
        let mut take = |app: &mut App, kind| {
            let event = Event { at: now, kind };
            recorder.record(&event, &app.world);
            app.update(event);
        };
        if behind > SignedDuration::from_secs(2) {
            back += 1;
            take(&mut app, EventKind::ClockStepped { by_seconds: -behind.as_secs_f64() });
        }
        for event in pieces.next().expect("again and again") {
            if let Ok(kind) = serde_json::to_value(event).and_then(serde_json::from_value::<Event>).map(|it| it.kind) {
                take(&mut app, kind);
                events += 1;
            }
        }
        take(&mut app, EventKind::Wake);
        let context = format!("after jump {number} by {by} to {now}, seed {seed}");
        let ahead = app.now.duration_since(now).abs();
        assert!(ahead <= SignedDuration::from_secs(2), "{context}: the cockpit is at {}", app.now);
        assert!(app.next_wake().is_none_or(|wake| wake > app.now), "{context}: {:?}", app.next_wake());
        // What a server tells of when something began is by that server's clock.
        let is_late = |row: &&Attention| row.began > app.now && row.condition.since.is_none();
        let late = app.world.attention.iter().find(is_late);
        assert!(late.is_none(), "{context}: {late:?} has yet to begin");
        screen.frame(&app).expect("into memory");
        assert!(recorder.ring_bytes() <= Limits::default().keep_bytes, "{context}");
        let note = Body::Note { text: format!("jump {number}") };
        let written = journal.append_blocking(vec![Draft::new(None, now, Actor::program(), note)], LONG);
        written.unwrap_or_else(|error| panic!("{context}: {error}"));
    }
    let oldest = recorder.oldest().expect("something is kept");
    assert!(recorder.moment(oldest).is_some(), "the past can be shown, seed {seed}");
    let verdict = journal.verify(vec![]).wait(LONG).expect("looked at");
    assert!(format!("{verdict:?}").starts_with("Fits"), "{verdict:?}, seed {seed}");
    journal.close(LONG).wait(LONG).expect("closed");
    tell(
        "clock jumps, told",
        &format!(
            "{jumps} jumps of a second to ten years (seed {seed}), {back} of them back, {events} pieces of news: 0 panics, every wake ahead, no condition begins in the future, the journal's chain fits"
        ),
    );
}

/// The time by another name: what a program of this library asks for is moved by as many seconds as stand in a file.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
static volatile long *offset;
int clock_gettime(clockid_t id, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    if (!offset) {
        const char *name = getenv("CLOCK_OFFSET");
        int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
        void *mapped = file < 0 ? MAP_FAILED : mmap(0, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
        if (mapped != MAP_FAILED) offset = mapped;
        if (file >= 0) close(file);
    }
    int result = real(id, at);
    if (!result && id == CLOCK_REALTIME && offset) at->tv_sec += *offset;
    return result;
}
"#;

/// The clock of a program.
struct Clock(PathBuf);

impl Clock {
    /// What a program gets into its environment.
    fn new(home: &mut Home) -> Self {
        let (source, shim, file) = (home.path("clock.c"), home.path("clock.so"), home.path("offset"));
        fs::write(&source, SHIM).expect("written");
        let mut cc = Command::new("cc");
        let made = cc.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&shim).arg(&source).arg("-ldl").output();
        let made = made.expect("cc is there");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        fs::write(&file, 0_i64.to_ne_bytes()).expect("written");
        let text = |path: &Path| path.to_string_lossy().into_owned();
        home.variables.push(("LD_PRELOAD".into(), text(&shim)));
        home.variables.push(("CLOCK_OFFSET".into(), text(&file)));
        Self(file)
    }

    fn set(&self, seconds: i64) {
        use std::os::unix::fs::FileExt as _;
        let file = fs::File::options().write(true).open(&self.0).expect("there");
        file.write_all_at(&seconds.to_ne_bytes(), 0).expect("written");
    }
}

/// Whether the header's clock is that of now moved by so much; it shows minutes.
fn shows(screen: &str, offset: i64) -> bool {
    let now = flightdeck::clock::now().checked_add(SignedDuration::from_secs(offset)).expect("in range");
    let minutes = [0, 60].map(|before| now.checked_sub(SignedDuration::from_secs(before)).expect("in range"));
    let header = screen.lines().next().unwrap_or_default();
    let clock = header.split_whitespace().last().unwrap_or_default();
    minutes.iter().any(|at| clock.starts_with(&at.strftime("%H:%M").to_string()))
}

#[test]
fn the_real_cockpit_follows_a_clock_that_is_set() {
    const TEST: &str = "clocks::the_real_cockpit_follows_a_clock_that_is_set";
    if !need::need(TEST, &["cc"]) {
        return;
    }
    let mut home = Home::new();
    let clock = Clock::new(&mut home);
    let (mut random, seed) = Random::new();
    let jumps = amount(4, 40);
    let mut pty = home.setup().size(160, 50).flightdeck(&home.arguments(&[]));
    pty.wait_for_cockpit();
    pty.send("9");
    until(&pty, "its clock", |screen| shows(screen, 0));
    let mut offset = 0;
    for number in 0..jumps {
        // Hours that the header can show, and days beside them.
        offset = (random.below(20) as i64 - 10) * 3_600
            + 7_200 * i64::from(number % 2 == 0)
            + (random.below(800) as i64 - 400) * 86_400;
        clock.set(offset);
        pty.send("\t");
        until(&pty, &format!("the clock moved by {offset} s (seed {seed})"), |screen| shows(screen, offset));
        // News of the new time arrive.
        until(&pty, "the host is heard", |screen| {
            screen.lines().any(|line| line.contains("host/gauges") && line.split_whitespace().any(|word| word == "ok"))
        });
    }
    pty.send("q");
    pty.ends_well(PATIENCE);
    pty.assert_restored();
    let verified = home.plain(&["incident", "verify"]);
    tell(
        "clock set under a cockpit",
        &format!(
            "the clock of a real cockpit set {jumps} times, by up to 400 days either way (seed {seed}; last {offset} s): 0 exits, header and sources follow each time; {}",
            verified.lines().next().unwrap_or_default()
        ),
    );
}
