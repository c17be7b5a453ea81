//! The line into which the selectors of the resource table are typed. They go to the server with Enter; what it does not take, it
//! says itself, in the table.

use super::{
    Modal, Outcome,
    window::{self, Line},
};
use crate::{
    app::App,
    model::{
        input::{Key, KeyCode},
        kubernetes::Selectors,
    },
    ui::{paint, scene::Scene, theme::Role},
};
use ratatui::{buffer::Buffer, layout::Rect};

struct SelectorModal {
    line: Line,
}

/// Opens the line with the selectors in force.
pub fn open(app: &mut App) {
    let line = Line(app.view.selectors.words());
    window::open(app, Box::new(SelectorModal { line }));
}

const HINT: &str = "-l app=web,tier!=db  -l 'app in (a,b)'  --field-selector status.phase=Running · Enter asks the server, empty shows all";

impl Modal for SelectorModal {
    fn name(&self) -> &'static str {
        "selector"
    }

    fn draw(&self, _: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let Some((bottom, above)) = window::last_lines(scene, buffer, area) else { return };
        self.line.draw(scene, buffer, bottom, "selector ");
        if let Some(above) = above {
            paint::put_cut(scene, buffer, above, (0, 0), HINT, scene.style(Role::Dim));
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Outcome {
        if window::closes(key, app) || key == (Key { ctrl: true, ..Key::char('c') }) {
            return Outcome::Close;
        }
        if key.code == KeyCode::Enter || (key.ctrl && matches!(key.code, KeyCode::Char('m' | 'j'))) {
            app.view.selectors = Selectors::read(&self.line.0);
            app.touch();
            return Outcome::Close;
        }
        self.line.on_key(key);
        Outcome::Stay
    }

    fn on_paste(&mut self, text: &str, _: &mut App) -> Outcome {
        self.line.paste(text);
        Outcome::Stay
    }
}
