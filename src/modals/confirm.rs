//! The last question before something is done: what, to what, with which effect. The default is no.

use super::{
    Modal, Outcome,
    window::{self, Motion},
};
use crate::{
    app::App,
    model::{
        attention::Severity,
        input::{Key, KeyCode},
    },
    ops::{
        gate::{Confirmation, Decision, Gate},
        operation::{KubeAct, Operation},
        rehearse::Rehearsal,
    },
    pages,
    ui::{
        lines::{self, Line},
        paint,
        scene::Scene,
        theme::Role,
    },
};
use ratatui::{buffer::Buffer, layout::Rect};

/// Asks for the confirmation that the gate demands, then takes the operations through the gate once more and asks for them to
/// be done.
pub struct Confirm {
    operations: Vec<Operation>,
    confirmation: Confirmation,
    typed: String,
    /// First line of the text that is shown, where not all of it fits.
    scroll: usize,
}

/// Targets that are listed one by one; the rest is counted.
const LISTED: usize = 8;
/// Lines of what would happen that are listed.
const REHEARSED: usize = 30;
/// Longest text that is taken.
const TYPED: usize = 64;

impl Confirm {
    /// Asks for these operations to be confirmed like this.
    pub fn new(operations: Vec<Operation>, confirmation: Confirmation) -> Self {
        Self { operations, confirmation, typed: String::new(), scroll: 0 }
    }

    /// What has to be typed: the target's name; for several of different names, or for a name that no keyboard has, what is to
    /// be done to how many.
    fn phrase(&self) -> String {
        let first = self.operations.first().map_or("", Operation::target_name);
        let same = self.operations.iter().all(|operation| operation.target_name() == first);
        let typeable =
            !first.is_empty() && first.len() <= TYPED && first.chars().all(|c| c.is_ascii_graphic() || c == ' ');
        if same && typeable { first.to_owned() } else { format!("yes to {}", self.operations.len()) }
    }

    /// Has it done, unless nobody can judge it yet: what would happen is still being asked.
    fn permit(&self, app: &mut App) -> Outcome {
        let waits = |operation: &&Operation| operation.must_be_rehearsed() && app.desk.rehearsal(operation).is_none();
        if self.operations.iter().any(|operation| waits(&operation)) {
            app.notice(Severity::Info, "what would happen is still being asked: nothing is done before it is known");
            return Outcome::Stay;
        }
        let refused = |operation: &Operation| match (operation, app.desk.rehearsal(operation)) {
            (Operation::Rules(_), Some(Rehearsal { outcome: Err(why), .. })) => Some(why.clone()),
            _ => None,
        };
        if let Some(why) = self.operations.iter().find_map(refused) {
            app.notice(Severity::Warn, format!("{why}; nothing was done"));
            return Outcome::Close;
        }
        // What was looked at, and nothing else.
        let exact: Vec<Operation> = self.operations.iter().map(|operation| app.desk.exact(operation).clone()).collect();
        app.execute(&exact);
        Outcome::Close
    }

    /// What the gate says of it now, what the servers say that would happen, and how the object would differ.
    fn known(&self, app: &App, text: &mut Vec<Line>) {
        match Gate::decide_all(&self.operations, app.shown(), &app.policy) {
            Decision::Refused(why) => text.push(Line::of(Role::Critical, format!("refused: {why}"))),
            Decision::Allowed(terms) => {
                if !terms.why.is_empty() {
                    text.push(Line::of(Role::Dim, format!("asked for like this because {}", terms.why)));
                }
                text.extend(terms.warnings.iter().map(|warning| Line::of(Role::Warn, warning)));
                if let Some(access) = terms.unknown.first() {
                    text.push(Line::of(Role::Dim, format!("whether you may {} is not known yet", access.words())));
                }
            }
        }
        for operation in self.operations.iter().take(LISTED) {
            let Some(rehearsal) = app.desk.rehearsal(operation) else {
                if operation.must_be_rehearsed() {
                    text.push(Line::of(Role::Dim, "what would happen is being asked"));
                }
                continue;
            };
            match &rehearsal.outcome {
                Ok(_) if rehearsal.exact.is_some() => {}
                Ok(lines) if lines.is_empty() => text.push(Line::of(Role::Dim, "nothing would go")),
                Ok(lines) => {
                    text.extend(lines.iter().take(REHEARSED).map(|line| Line::of(Role::Dim, line)));
                    if lines.len() > REHEARSED {
                        text.push(Line::of(Role::Warn, format!("and {} more", lines.len() - REHEARSED)));
                    }
                }
                Err(why) => text.push(Line::of(Role::Critical, format!("it would be refused: {why}"))),
            }
        }
        for operation in self.operations.iter().take(LISTED) {
            text.extend(difference(app.desk.exact(operation)).lines().map(|line| {
                let role = match line.as_bytes().first() {
                    Some(b'+') => Role::Ok,
                    Some(b'-') => Role::Critical,
                    _ => Role::Dim,
                };
                Line::of(role, line)
            }));
        }
    }

    fn text(&self, app: &App) -> Vec<Line> {
        let mut text = Vec::new();
        if self.operations.len() > 1 {
            text.push(Line::heading(&format!("{} operations:", self.operations.len())));
        }
        for operation in self.operations.iter().take(LISTED) {
            text.push(Line::of(Role::Text, operation.effect()));
        }
        if self.operations.len() > LISTED {
            text.push(Line::of(Role::Warn, format!("and {} more alike", self.operations.len() - LISTED)));
        }
        if let [operation] = self.operations.as_slice()
            && let Some(process) = pages::process(app.shown(), &operation.target())
        {
            let user = lines::known(process.user.as_deref());
            text.push(Line::of(Role::Dim, format!("user {user}: {}", process.command)));
        }
        self.known(app, &mut text);
        text.push(Line::empty());
        text
    }

    fn lay(&self, app: &App, area: Rect) -> Laid {
        let width = 76.min(area.width);
        let text = lines::wrap(self.text(app), width.saturating_sub(4));
        let question = lines::wrap(vec![self.question(app.settings.glyphs.ascii)], width.saturating_sub(4));
        let height = (text.len() + question.len()) as u16;
        Laid { text, question, window: window::place(area, (width, height + 2)) }
    }

    fn question(&self, ascii: bool) -> Line {
        match self.confirmation {
            Confirmation::None => Line::of(Role::Key, "Enter")
                .and(Role::Text, " or ")
                .and(Role::Key, "y")
                .and(Role::Text, ": do it   Esc: leave it"),
            Confirmation::YesNo => Line::of(Role::Key, "y")
                .and(Role::Text, " do it   ")
                .and(Role::Key, "n")
                .and(Role::Text, ", Enter or Esc: leave it [default]"),
            Confirmation::TypeName => {
                Line::of(Role::Text, format!("type «{}» and Enter to do it, Esc to leave: ", self.phrase()))
                    .and(Role::Key, format!("{}{}", self.typed, if ascii { '_' } else { '▌' }))
            }
        }
    }
}

/// The window with what is in it.
struct Laid {
    text: Vec<Line>,
    question: Vec<Line>,
    window: Rect,
}

/// Where the text stands, and below it the question, which is always seen: on a small screen the text gives way.
fn divided(inner: Rect, question: usize) -> (Rect, Rect) {
    let below = (question as u16).min(inner.height);
    let above = Rect { height: inner.height - below, ..inner };
    (above, Rect { y: above.bottom(), height: below, ..inner })
}

/// How what it is done to would differ, where that is known.
fn difference(operation: &Operation) -> &str {
    match operation {
        Operation::Kube { act: KubeAct::Apply { diff, .. }, .. } => diff,
        Operation::Rules(change) => change.draft.as_ref().map_or("", |draft| &draft.diff),
        _ => "",
    }
}

impl Modal for Confirm {
    fn name(&self) -> &'static str {
        "confirm"
    }

    fn draw(&self, app: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let Laid { text, question, window } = self.lay(app, area);
        let inner = window::draw(scene, buffer, window, "Confirm", "");
        let (above, below) = divided(inner, question.len());
        let first = lines::clamp(self.scroll, text.len(), above.height);
        lines::draw(scene, &text, first, above, buffer);
        lines::draw(scene, &question, 0, below, buffer);
        let left = text.len().saturating_sub(first + usize::from(above.height));
        if left > 0 && above.height > 0 {
            let more = format!(" {left} more lines, PgDn ");
            paint::put_right(buffer, above, (0, above.height - 1), &more, scene.style(Role::Warn));
        }
    }

    fn step(&mut self, motion: Motion, app: &mut App) {
        let Laid { text, question, window } = self.lay(app, window::screen(app));
        let height = usize::from(divided(window::inside(window), question.len()).0.height);
        self.scroll = motion.from(self.scroll, text.len().saturating_sub(height), height);
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Outcome {
        if key.code == KeyCode::Esc {
            return Outcome::Close;
        }
        let moves = matches!(
            key.code,
            KeyCode::PageDown | KeyCode::PageUp | KeyCode::Up | KeyCode::Down | KeyCode::Home | KeyCode::End
        );
        if let Some(motion) = Motion::of(key, app, true).filter(|_| moves) {
            self.step(motion, app);
            return Outcome::Stay;
        }
        match (self.confirmation, key.code) {
            (Confirmation::YesNo, KeyCode::Char('y')) if key == Key::char('y') => self.permit(app),
            (Confirmation::None, KeyCode::Enter) => self.permit(app),
            (Confirmation::None, _) if key.typed() == Some('y') => self.permit(app),
            (Confirmation::None, _) if matches!(key.typed(), Some('n' | 'q')) => Outcome::Close,
            (Confirmation::None, _) => Outcome::Stay,
            (Confirmation::YesNo, KeyCode::Enter) => Outcome::Close,
            (Confirmation::YesNo, _) if matches!(key.typed(), Some('n' | 'N' | 'q')) => Outcome::Close,
            (Confirmation::YesNo, _) => Outcome::Stay,
            (Confirmation::TypeName, KeyCode::Enter) if self.typed == self.phrase() => self.permit(app),
            (Confirmation::TypeName, KeyCode::Enter) => {
                app.notice(Severity::Info, format!("«{}» is not «{}»: nothing is done", self.typed, self.phrase()));
                self.typed.clear();
                Outcome::Stay
            }
            (Confirmation::TypeName, KeyCode::Backspace) => {
                self.typed.pop();
                Outcome::Stay
            }
            (Confirmation::TypeName, _) => {
                // Pasting is not taken: a name that is typed was read.
                self.typed.extend(key.typed().filter(|_| self.typed.len() < TYPED));
                Outcome::Stay
            }
        }
    }
}
