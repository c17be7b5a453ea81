//! The theme chooser: each theme is in force while it is selected. Enter keeps it, Esc brings the old one back.

use super::{
    Modal, Outcome,
    window::{self, List, Motion},
};
use crate::{
    app::App,
    model::{
        attention::Severity,
        input::{Key, KeyCode},
    },
    ui::{
        paint,
        scene::Scene,
        theme::{Role, Theme},
    },
};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

/// The theme chooser.
pub struct Themes {
    cursor: usize,
    /// The theme that was in force before.
    before: Theme,
}

/// Columns that the chooser wants.
const WIDTH: u16 = 34;
/// Columns of the names.
const NAMES: u16 = 17;

impl Themes {
    /// A chooser that stands on the theme in force.
    pub fn new(app: &App) -> Self {
        let before = app.settings.theme.clone();
        let cursor = app.settings.themes.iter().position(|theme| theme.name == before.name).unwrap_or(0);
        Self { cursor, before }
    }

    fn show(&mut self, at: usize, app: &mut App) {
        if let Some(theme) = app.settings.themes.get(at) {
            self.cursor = at;
            app.settings.theme = theme.clone();
        }
    }

    fn keep(&self, app: &mut App) -> Outcome {
        let name = app.settings.theme.name.clone();
        if name != self.before.name {
            app.notice(Severity::Info, format!("theme {name}; to keep it, write theme = \"{name}\" in config.toml"));
        }
        Outcome::Close
    }

    /// The window lies at the right, so that the panes can be seen under the theme.
    fn window(area: Rect, themes: usize) -> Rect {
        let placed = window::place(area, (WIDTH, themes as u16 + 2));
        Rect { x: area.right().saturating_sub(placed.width), ..placed }
    }
}

impl Modal for Themes {
    fn name(&self) -> &'static str {
        "themes"
    }

    fn draw(&self, app: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let themes = &app.settings.themes;
        let inner = window::draw(scene, buffer, Self::window(area, themes.len()), "Theme", "Enter keep  Esc undo");
        for (at, line) in (List { area: inner, rows: themes.len() }).shown(self.cursor) {
            let theme = &themes[at];
            let role = if at == self.cursor { Role::Selected } else { Role::Text };
            paint::fill(buffer, Rect { width: NAMES.min(line.width), ..line }, scene.style(role));
            paint::put(buffer, Rect { width: NAMES.min(line.width), ..line }, (1, 0), &theme.name, scene.style(role));
            let sample = Rect { x: line.x + NAMES.min(line.width), width: line.width.saturating_sub(NAMES), ..line };
            draw_sample(scene, theme, sample, buffer);
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Outcome {
        if window::closes(key, app) {
            app.settings.theme = self.before.clone();
            return Outcome::Close;
        }
        if key.code == KeyCode::Enter {
            return self.keep(app);
        }
        if let Some(motion) = Motion::of(key, app, false) {
            self.step(motion, app);
        }
        Outcome::Stay
    }

    fn step(&mut self, motion: Motion, app: &mut App) {
        let last = app.settings.themes.len().saturating_sub(1);
        self.show(motion.from(self.cursor, last, last + 1), app);
    }

    fn press(&mut self, place: Position, app: &mut App) -> Outcome {
        let rows = app.settings.themes.len();
        let area = window::inside(Self::window(window::screen(app), rows));
        if let Some(at) = (List { area, rows }).at(self.cursor, place) {
            self.show(at, app);
        }
        Outcome::Stay
    }
}

/// A few words in the theme's own colours.
fn draw_sample(scene: &Scene<'_>, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    paint::fill(buffer, area, theme.style(Role::Text));
    let signs = [
        (Role::Critical, scene.glyphs.critical),
        (Role::Error, scene.glyphs.error),
        (Role::Warn, scene.glyphs.warn),
        (Role::Unknown, scene.glyphs.unknown),
        (Role::Ok, scene.glyphs.ok),
        (Role::Graph1, scene.glyphs.bars[5]),
        (Role::Graph2, scene.glyphs.bars[5]),
    ];
    for (at, (role, sign)) in signs.into_iter().enumerate() {
        paint::put(buffer, area, (1 + 2 * at as u16, 0), &sign.to_string(), theme.style(role));
    }
}
