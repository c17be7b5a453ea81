//! The last question before something is done: what, to what, with which effect. The default is no.

use super::{Modal, Outcome, window};
use crate::{
    app::App,
    model::{
        attention::Severity,
        input::{Key, KeyCode},
    },
    ops::{
        gate::{Confirmation, Decision, Gate},
        operation::{KubeAct, Operation},
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
        Self { operations, confirmation, typed: String::new() }
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
        app.execute(&self.operations);
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
            let Some(rehearsal) = app.desk.rehearsal(operation) else { continue };
            match &rehearsal.outcome {
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
        if let [Operation::Kube { act: KubeAct::Apply { diff, .. }, .. }] = self.operations.as_slice() {
            text.extend(diff.lines().map(|line| {
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

impl Modal for Confirm {
    fn name(&self) -> &'static str {
        "confirm"
    }

    fn draw(&self, app: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let width = 76.min(area.width);
        let inner_width = width.saturating_sub(4);
        let text = lines::wrap(self.text(app), inner_width);
        let question = lines::wrap(vec![self.question(scene.glyphs.ascii)], inner_width);
        let height = (text.len() + question.len()) as u16;
        let window = window::place(area, (width, height + 2));
        let inner = window::draw(scene, buffer, window, "Confirm", "");
        // The question is always seen; on a small screen the list gives way.
        let below = (question.len() as u16).min(inner.height);
        let above = Rect { height: inner.height - below, ..inner };
        lines::draw(scene, &text, 0, above, buffer);
        lines::draw(scene, &question, 0, Rect { y: above.bottom(), height: below, ..inner }, buffer);
        if usize::from(above.height) < text.len() && above.height > 0 {
            let more = format!(" {} more lines ", text.len() - usize::from(above.height));
            paint::put_right(buffer, above, (0, above.height - 1), &more, scene.style(Role::Warn));
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Outcome {
        if key.code == KeyCode::Esc {
            return Outcome::Close;
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
