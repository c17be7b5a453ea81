//! Doors for tests: a recording or a scenario goes in, screens come out. No terminal, no clock.

use super::{
    recorder::{Limits, Recorder, read::Recording},
    screen::Screen,
};
use crate::{
    app::{
        App,
        effect::Effect,
        event::{Event, EventKind},
        settings::Settings,
    },
    model::{Timestamp, attention::Attention},
    ops::gate::Policy,
    source::script::{Check, Scenario, What},
};
use ratatui::buffer::Buffer;

/// A cockpit without a terminal. It has the flight recorder, so that going back in time works as in the live one.
pub struct Rehearsal {
    pub app: App,
    recorder: Recorder,
}

impl Rehearsal {
    /// A cockpit that knows nothing yet.
    pub fn new(settings: Settings, now: Timestamp, size: (u16, u16)) -> Self {
        let app = App::new(settings, Policy::default(), now, size);
        Self { app, recorder: Recorder::new(Limits::default(), std::sync::Arc::default()) }
    }

    /// Takes an event and answers what the app asks the recorder for; returns the other effects.
    pub fn take(&mut self, event: Event) -> Vec<Effect> {
        let at = event.at;
        let _ = self.recorder.record(&event, &self.app.world);
        let mut left = Vec::new();
        for effect in self.app.update(event) {
            match effect {
                Effect::Moment(Some(asked)) => {
                    let reachable = self.recorder.oldest().map_or(asked, |oldest| asked.max(oldest));
                    let moment = self.recorder.moment(reachable);
                    left.extend(self.app.update(Event { at, kind: EventKind::Moment(moment) }));
                }
                other => left.push(other),
            }
        }
        left
    }

    /// The screen as it is now.
    pub fn screen(&self) -> Buffer {
        Screen::picture(&self.app)
    }
}

impl From<What> for EventKind {
    /// What happens in a scenario, as an event; looking is a [`EventKind::Wake`].
    fn from(what: What) -> Self {
        match what {
            What::Updates { source, updates } => Self::Updates { source, updates },
            What::Report(report) => Self::Report(report),
            What::Key(key) => Self::Key(key),
            What::Paste(text) => Self::Paste(text),
            What::Resize(columns, rows) => Self::Resize { columns, rows },
            What::Wake | What::Check(_) => Self::Wake,
        }
    }
}

/// Plays a scenario in a fresh cockpit. `look` is called at each check with the cockpit as it is then.
pub fn rehearse(scenario: &Scenario, settings: Settings, mut look: impl FnMut(&Rehearsal, &Check)) -> Rehearsal {
    let mut rehearsal = Rehearsal::new(settings, scenario.start, scenario.size);
    for step in &scenario.steps {
        rehearsal.take(Event { at: step.at, kind: step.what.clone().into() });
        if let What::Check(check) = &step.what {
            look(&rehearsal, check);
        }
    }
    rehearsal
}

/// What does not hold of a check, in words; empty where all does.
pub fn failures(rehearsal: &Rehearsal, check: &Check) -> Vec<String> {
    let rows: Vec<String> = rehearsal.app.shown().attention.iter().map(row_text).collect();
    let screen = buffer_text(&rehearsal.screen());
    let mut failures = Vec::new();
    for wanted in check.attention.iter().filter(|wanted| !rows.iter().any(|row| row.contains(*wanted))) {
        failures.push(format!("no row of the attention list says {wanted:?}; it says {rows:#?}"));
    }
    if check.quiet && !rows.is_empty() {
        failures.push(format!("the attention list is not empty: {rows:#?}"));
    }
    for wanted in check.expect.iter().filter(|wanted| !screen.contains(*wanted)) {
        failures.push(format!("the screen does not say {wanted:?}:\n{screen}"));
    }
    for unwanted in check.absent.iter().filter(|unwanted| screen.contains(*unwanted)) {
        failures.push(format!("the screen says {unwanted:?}:\n{screen}"));
    }
    failures
}

fn row_text(row: &Attention) -> String {
    let condition = &row.condition;
    format!("{} {}: {}", condition.severity.word(), condition.subject(), condition.cause)
}

/// The text of a screen, a line a row, without trailing blanks.
pub fn buffer_text(buffer: &Buffer) -> String {
    let area = buffer.area;
    let line = |y: u16| {
        let mut line = String::new();
        let mut x = area.left();
        while x < area.right() {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            // A wide character covers the cell behind it.
            x += unicode_width::UnicodeWidthStr::width(symbol).clamp(1, 2) as u16;
        }
        line.trim_end().to_owned()
    };
    (area.top()..area.bottom()).map(line).collect::<Vec<_>>().join("\n")
}

/// Applies every event of a recording, keys and sizes included, to a fresh cockpit, and returns the screen after each event
/// that changed something that is shown. The last one is what the recorded cockpit showed at the end.
pub fn replay_screens(recording: &Recording, size: (u16, u16), settings: Settings) -> Vec<(Timestamp, Buffer)> {
    let mut rehearsal = Rehearsal::new(settings, recording.first(), size);
    if let Some(world) = recording.lines(0).and_then(|lines| lines.world_after(0)) {
        rehearsal.app.world = *world;
    }
    rehearsal.app.set_recording(true);
    let mut screens = Vec::new();
    for lines in (0..recording.len()).filter_map(|index| recording.lines(index)) {
        for event in (0..lines.events.len()).filter_map(|index| lines.event(index)) {
            rehearsal.take(event);
            if rehearsal.app.take_dirty() {
                screens.push((rehearsal.app.now, rehearsal.screen()));
            }
        }
    }
    screens
}
