//! Days of operation on a clock that runs ahead: a quarter of an hour after the other in which a disk fills, a file server hangs and services
//! fail, with other pods and processes each time. Memory stays where it was, and recorder and journal keep to their bounds.

use crate::{
    bed::{Held, amount, said, tell},
    samples, stage,
};
use flightdeck::{
    app::{
        App,
        effect::Effect,
        event::{Event, EventKind},
    },
    journal::{Journal, Now, Options},
    model::Timestamp,
    ops::gate::Policy,
    runtime::{
        recorder::{Limits, Recorder},
        screen::Screen,
    },
};
use jiff::SignedDuration;
use std::{
    env,
    io::{self, Write as _},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// How long the story is that is told again and again, in seconds.
const STORY: i64 = 615;
/// A screen is drawn every so many events.
const DRAWN: u64 = 40;
/// What the memory may grow by once every history has been as long as it gets.
const GROWTH_KIB: u64 = 16 << 10;
/// How long anything may take that waits for a disk.
const LONG: Duration = Duration::from_secs(60);

/// The variable by which the program is told that it is the one that lives through it, and for how many hours.
const HOURS: &str = "FLIGHTDECK_TEST_HOURS";

/// The clock of the days that pass.
#[derive(Clone)]
struct Ahead(Arc<AtomicI64>);

impl Ahead {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::Relaxed)).expect("in range")
    }
}

/// The story with other names: what died does not come back, as in a cluster where something is deployed all day.
struct Story {
    /// Events that name what comes and goes, as JSON, and the others as they are.
    events: Vec<(SignedDuration, Result<String, EventKind>)>,
}

impl Story {
    fn new() -> Self {
        let all = stage::story().into_iter().chain(samples::events());
        let begin = stage::story()[0].at;
        let events = all.map(|event| {
            let since = event.at.duration_since(begin);
            let text = serde_json::to_string(&event).expect("an event can be written");
            let is_named = ["checkout", "nightly", "shop-"].iter().any(|name| text.contains(name));
            (since, if is_named { Ok(text) } else { Err(event.kind) })
        });
        Self { events: events.collect() }
    }

    /// As it is told the `round`th time.
    fn told(&self, begin: Timestamp, round: i64) -> impl Iterator<Item = Event> + '_ {
        self.events.iter().map(move |(since, event)| {
            let kind = match event {
                Ok(text) => {
                    let text = text
                        .replace("checkout", &format!("checkout-{round}"))
                        .replace("nightly", &format!("nightly-{round}"))
                        .replace("shop-", &format!("shop-{round}-"));
                    serde_json::from_str::<Event>(&text).expect("as it was written").kind
                }
                Err(kind) => again(kind),
            };
            Event { at: begin.checked_add(*since).expect("in range"), kind }
        })
    }
}

/// The same news once more.
fn again(kind: &EventKind) -> EventKind {
    match kind {
        EventKind::Updates { source, updates } => {
            EventKind::Updates { source: source.clone(), updates: updates.clone() }
        }
        EventKind::Report(report) => EventKind::Report(report.clone()),
        EventKind::Log(line) => EventKind::Log(line.clone()),
        _ => EventKind::Wake,
    }
}

/// What lives through it: the cockpit, its recorder, its journal.
struct Cockpit {
    app: App,
    recorder: Recorder,
    journal: Journal,
    screen: Screen,
    clock: Ahead,
    events: u64,
    recorded: u64,
    most_ring: usize,
}

impl Cockpit {
    fn take(&mut self, event: Event) {
        self.clock.0.fetch_max(event.at.as_millisecond(), Ordering::Relaxed);
        self.recorder.record(&event, &self.app.world);
        self.most_ring = self.most_ring.max(self.recorder.ring_bytes());
        self.events += 1;
        for effect in self.app.update(event) {
            if let Effect::Record(drafts) = effect {
                self.recorded += drafts.len() as u64;
                drop(self.journal.append_blocking(drafts, LONG).expect("written"));
            }
        }
        if self.events.is_multiple_of(DRAWN) {
            self.screen.frame(&self.app).expect("into memory");
        }
    }
}

/// Lives through so many hours, and says what was held half way and at the end.
fn live(hours: i64) {
    let story = Story::new();
    let begin = stage::story()[0].at;
    let clock = Ahead(Arc::new(AtomicI64::new(begin.as_millisecond())));
    let folder = tempfile::tempdir().expect("a folder");
    let told = clock.clone();
    let options = Options { now: Now::new(move || told.now()), ..Options::new(folder.path().join("journal.db")) };
    let journal = Journal::open(options).expect("opened");
    let mut cockpit = Cockpit {
        app: App::new(stage::settings(), Policy { own_pid: 4_242, ..Policy::default() }, begin, (120, 40)),
        recorder: Recorder::new(Limits::default(), Arc::default()),
        journal,
        screen: Screen::new(),
        clock,
        events: 0,
        recorded: 0,
        most_ring: 0,
    };
    let rounds = (hours * 3_600).div_euclid(STORY).max(4);
    let own = std::process::id() as i32;
    let mut warm = Held::by(own);
    for round in 0..rounds {
        let begin = begin.checked_add(SignedDuration::from_secs(round * STORY)).expect("in range");
        story.told(begin, round).for_each(|event| cockpit.take(event));
        if round == rounds / 2 {
            warm = Held::by(own);
        }
    }
    let end = Held::by(own);
    let lived = cockpit.app.now.duration_since(begin).as_secs() as f64 / 3_600.0;
    let ring_seconds = cockpit.app.now.duration_since(cockpit.recorder.oldest().expect("something is kept")).as_secs();
    cockpit.journal.close(LONG).wait(LONG).expect("closed");
    let journal_kib = folder.path().join("journal.db").metadata().expect("written").len() >> 10;
    let _ = writeln!(
        io::stdout(),
        "\nhours={lived:.1}\nevents={}\nwarm={}\nend={}\nrecorded={}\njournal={journal_kib}\nring={}\nring_seconds={ring_seconds}\nthreads={}",
        cockpit.events,
        warm.memory_kib,
        end.memory_kib,
        cockpit.recorded,
        cockpit.most_ring,
        end.threads
    );
}

#[test]
fn days_pass_and_memory_stays() {
    if let Some(hours) = env::var(HOURS).ok().and_then(|hours| hours.parse().ok()) {
        return live(hours);
    }
    // A process of its own: other tests of this one need memory as well.
    let own = env::current_exe().expect("this program has a path");
    let mut command = Command::new(own);
    command.args(["--exact", "hours::days_pass_and_memory_stays", "--nocapture"]);
    let done = command.env(HOURS, amount(2, 72).to_string()).output().expect("it runs");
    let out = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{out}\n{}", String::from_utf8_lossy(&done.stderr));
    let figure = |name: &str| said(&out, name).parse::<u64>().expect("a number");
    let (warm, end) = (figure("warm"), figure("end"));
    tell(
        "days on a clock that runs ahead",
        &format!(
            "{} hours, {} events; memory {:.1} MiB half way, {:.1} at the end; the flight recorder held {:.1} MiB at most and reached back {} min; {} events in a journal of {:.1} MiB",
            said(&out, "hours"),
            figure("events"),
            warm as f64 / 1024.0,
            end as f64 / 1024.0,
            figure("ring") as f64 / 1024.0 / 1024.0,
            figure("ring_seconds") / 60,
            figure("recorded"),
            figure("journal") as f64 / 1024.0,
        ),
    );
    let limits = Limits::default();
    assert!(figure("ring") <= limits.keep_bytes as u64, "the recorder keeps to its bound");
    assert!(figure("ring_seconds") as i64 <= limits.keep_seconds + 4 * limits.chunk_seconds, "and to its time");
    assert!(end < warm + GROWTH_KIB, "memory grew from {warm} to {end} KiB");
}
