//! Sending a signal: which one, then the gate, then a confirmation. Nothing is opened where the gate would refuse anyway.

use super::{Modal, Outcome, confirm::Confirm, window};
use crate::{
    app::App,
    model::{
        attention::Severity,
        input::{Key, KeyCode},
        object::{ObjectKind, ObjectRef},
        process::Process,
    },
    ops::{
        gate::{Confirmation, Decision, Gate},
        operation::{Operation, Signal},
    },
    ui::{paint, scene::Scene, theme::Role},
};
use compact_str::CompactString;
use ratatui::{buffer::Buffer, layout::Rect};

/// A process as it was when it was chosen: pid and start name it, and no other that comes to bear its pid.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    pid: i32,
    start_ticks: u64,
    name: String,
}

impl Target {
    fn operation(&self, signal: Signal) -> Operation {
        Operation::SignalProcess { pid: self.pid, start_ticks: self.start_ticks, name: self.name.clone(), signal }
    }
}

/// Lists the signals that can be sent.
struct ChooseSignal {
    targets: Vec<Target>,
    chosen: usize,
}

/// Asks which signal to send: to the process whose page is open, otherwise to the marked rows of the process list, otherwise to
/// the selected one. Refused at once, with the reason, where the gate would refuse.
pub fn open(app: &mut App) {
    let keys = chosen(app);
    if keys.is_empty() {
        let text = if app.view.stack.is_empty() && !app.view.pane("processes").list.marked.is_empty() {
            "the filter hides every marked process: clear the filter or the marks first"
        } else {
            "no process is selected"
        };
        return app.notice(Severity::Info, text);
    }
    let targets: Vec<_> = keys.iter().filter_map(|key| find(app, key).map(target)).collect();
    if targets.len() < keys.len() {
        let gone = keys.len() - targets.len();
        return app
            .notice(Severity::Warn, format!("{gone} of {} chosen processes have ended: nothing is sent", keys.len()));
    }
    // The mildest signal stands for all: what the gate says of it, it says of the others.
    let mildest: Vec<_> = targets.iter().map(|target| target.operation(Signal::Term)).collect();
    match decide(app, &mildest) {
        Ok(_) => app.open_modal(Box::new(ChooseSignal { targets, chosen: 0 })),
        Err(why) => app.notice(Severity::Warn, why),
    }
}

fn chosen(app: &App) -> Vec<CompactString> {
    if let Some(page) = app.view.stack.last() {
        return (page.object.kind == ObjectKind::Process).then(|| page.object.id.clone()).into_iter().collect();
    }
    let Some(table) = crate::panes::find("processes").and_then(crate::panes::Pane::table) else { return Vec::new() };
    let (list, world) = (&app.view.pane("processes").list, app.shown());
    if list.marked.is_empty() {
        return list.selected.iter().cloned().collect();
    }
    // Marks that a filter hides are not acted upon: nobody sees them.
    list.marked_rows(table, world).into_iter().map(|row| table.key(world, row)).collect()
}

fn find<'a>(app: &'a App, key: &CompactString) -> Option<&'a Process> {
    crate::pages::process(app.shown(), &ObjectRef::new(ObjectKind::Process, key.clone()))
}

fn target(process: &Process) -> Target {
    Target { pid: process.pid, start_ticks: process.start_ticks, name: process.name.to_string() }
}

/// The strictest confirmation that the gate asks for, or the first refusal.
fn decide(app: &App, operations: &[Operation]) -> Result<Confirmation, String> {
    match Gate::decide_all(operations, app.shown(), &app.policy) {
        Decision::Allowed(terms) => Ok(terms.confirmation),
        Decision::Refused(why) => Err(why),
    }
}

impl ChooseSignal {
    fn send(&self, app: &mut App) -> Outcome {
        let Some(signal) = Signal::ALL.get(self.chosen) else { return Outcome::Stay };
        let operations: Vec<_> = self.targets.iter().map(|target| target.operation(*signal)).collect();
        match decide(app, &operations) {
            Ok(confirmation) => app.open_modal(Box::new(Confirm::new(operations, confirmation))),
            Err(why) => app.notice(Severity::Warn, why),
        }
        Outcome::Close
    }

    fn title(&self) -> String {
        match self.targets.as_slice() {
            [target] => format!("Signal to process {} ({})", target.pid, target.name),
            targets => format!("Signal to {} processes", targets.len()),
        }
    }
}

impl Modal for ChooseSignal {
    fn name(&self) -> &'static str {
        "choose-signal"
    }

    fn draw(&self, _app: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let window = window::place(area, (76, Signal::ALL.len() as u16 + 4));
        let inner = window::draw(scene, buffer, window, &self.title(), "");
        let rows = usize::from(inner.height.saturating_sub(2).max(1));
        let first = (self.chosen + 1).saturating_sub(rows);
        for (line, (at, signal)) in Signal::ALL.iter().enumerate().skip(first).take(rows).enumerate() {
            let role = if at == self.chosen { Role::Selected } else { Role::Text };
            let text = format!(" {} {:<8} {} ", at + 1, signal.name(), signal.meaning());
            paint::put_cut(scene, buffer, inner, (0, line as u16), &text, scene.style(role));
        }
        if inner.height > 2 {
            let hint = "Enter or its digit goes on to the confirmation   Esc leaves";
            paint::put_cut(scene, buffer, inner, (1, inner.height - 1), hint, scene.style(Role::Dim));
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Outcome {
        let last = Signal::ALL.len() - 1;
        match key.code {
            KeyCode::Esc => return Outcome::Close,
            KeyCode::Enter => return self.send(app),
            KeyCode::Down => self.chosen = (self.chosen + 1).min(last),
            KeyCode::Up => self.chosen = self.chosen.saturating_sub(1),
            KeyCode::Home => self.chosen = 0,
            KeyCode::End => self.chosen = last,
            _ => match key.typed() {
                Some('j') => self.chosen = (self.chosen + 1).min(last),
                Some('k') => self.chosen = self.chosen.saturating_sub(1),
                Some('q') => return Outcome::Close,
                Some(digit @ '1'..='9') if (digit as usize - '1' as usize) <= last => {
                    self.chosen = digit as usize - '1' as usize;
                    return self.send(app);
                }
                _ => {}
            },
        }
        Outcome::Stay
    }
}
