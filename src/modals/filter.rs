//! The line at the bottom into which a filter is typed. The list follows while it is typed; a filter with a fault leaves the
//! list as it is, and the fault stands above the line.

use super::{Modal, Outcome, window};
use crate::{
    app::App,
    model::{
        input::{Key, KeyCode},
        text,
    },
    ui::{paint, scene::Scene, theme::Role},
    view::{list::ListState, query::QueryError, table::Table},
};
use ratatui::{buffer::Buffer, layout::Rect, style::Modifier, widgets::Widget};
use tui_textarea::{CursorMove, TextArea};

/// The filter's line.
pub struct FilterModal {
    pane: &'static str,
    table: &'static dyn Table,
    line: TextArea<'static>,
    /// The list as it was, to go back to.
    before: ListState,
    error: Option<QueryError>,
    /// Place in the history, counted from its newest end; 0 is what was typed.
    back: usize,
    typed: String,
}

impl FilterModal {
    /// A line that holds the filter in force.
    pub fn new(pane: &'static str, table: &'static dyn Table, before: ListState) -> Self {
        let typed = before.filter.clone();
        Self { pane, table, line: line(&typed), before, error: None, back: 0, typed }
    }

    fn text(&self) -> &str {
        self.line.lines().first().map_or("", String::as_str)
    }

    fn apply(&mut self, app: &mut App) {
        self.error = app.filter_list(self.pane, self.text()).err();
    }

    /// Fetches an older filter of this session, or a newer one.
    fn fetch(&mut self, step: isize, app: &mut App) {
        if self.back == 0 {
            self.typed = self.text().to_owned();
        }
        self.back = self.back.saturating_add_signed(step).min(self.before.filters.len());
        let text = match self.back {
            0 => &self.typed,
            back => &self.before.filters[self.before.filters.len() - back],
        };
        self.line = line(text);
        self.apply(app);
    }

    /// Completes the name of a column that stands before the cursor.
    fn complete(&mut self) {
        let before: String = self.text().chars().take(self.line.cursor().1).collect();
        let begun = before.rsplit(|c: char| c.is_whitespace() || c == '!').next().unwrap_or_default();
        let names = self.table.columns().iter().map(|column| column.name);
        let rest = names.filter_map(|name| name.strip_prefix(begun)).find(|rest| !rest.is_empty());
        if let Some(rest) = rest.filter(|_| !begun.is_empty()) {
            self.line.insert_str(rest);
        }
    }

    fn restore(&mut self, app: &mut App) {
        let before = std::mem::take(&mut self.before);
        app.with_list(self.pane, |mut listing| {
            *listing.list = before;
            listing.refresh();
        });
    }
}

fn line(text: &str) -> TextArea<'static> {
    let mut line = TextArea::new(vec![window::harmless(text)]);
    line.set_cursor_line_style(ratatui::style::Style::new());
    line.move_cursor(CursorMove::End);
    line
}

impl Modal for FilterModal {
    fn name(&self) -> &'static str {
        "filter"
    }

    fn draw(&self, _app: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let Some((bottom, above)) = window::last_lines(scene, buffer, area) else { return };
        let list = &scene.view.pane(self.pane).list;
        let count = format!("{}/{}", list.order.len(), list.total);
        paint::put(buffer, bottom, (0, 0), "/", scene.style(Role::Key));
        let right = paint::width(&count) + 1;
        let field = Rect { x: bottom.x + 1, width: bottom.width.saturating_sub(right + 1), ..bottom };
        if !field.is_empty() {
            let mut line = self.line.clone();
            line.set_style(scene.style(Role::Text));
            line.set_cursor_style(scene.style(Role::Text).add_modifier(Modifier::REVERSED));
            line.render(field, buffer);
        }
        paint::put_right(buffer, bottom, (0, 0), &count, scene.style(Role::Dim));
        let Some(above) = above else { return };
        match &self.error {
            Some(error) => {
                paint::put_cut(scene, buffer, above, (0, 0), &error.to_string(), scene.style(Role::Error));
            }
            None => {
                let names: Vec<_> = self.table.columns().iter().map(|column| column.name).collect();
                let hint = format!("text \"quoted\" /regex/i !not column>1GiB · {}", names.join(" "));
                paint::put_cut(scene, buffer, above, (0, 0), &hint, scene.style(Role::Dim));
            }
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Outcome {
        match (key.code, key.ctrl) {
            _ if window::closes(key, app) || key == (Key { ctrl: true, ..Key::char('c') }) => {
                self.restore(app);
                return Outcome::Close;
            }
            (KeyCode::Enter, _) | (KeyCode::Char('m' | 'j'), true) => {
                // What has a fault is not kept, and not thrown away either.
                if self.error.is_some() {
                    return Outcome::Stay;
                }
                app.with_list(self.pane, |listing| listing.list.remember_filter());
                return Outcome::Close;
            }
            (KeyCode::Up, _) | (KeyCode::Char('p'), true) => self.fetch(1, app),
            (KeyCode::Down, _) | (KeyCode::Char('n'), true) => self.fetch(-1, app),
            (KeyCode::Tab, _) => {
                self.complete();
                self.apply(app);
            }
            (KeyCode::Char('u'), true) => {
                self.line.delete_line_by_head();
                self.apply(app);
            }
            (KeyCode::Char(c), false) if !text::is_harmless(c) => {}
            _ => {
                if self.line.input(window::field_input(key)) {
                    self.back = 0;
                    self.apply(app);
                }
            }
        }
        Outcome::Stay
    }

    fn on_paste(&mut self, text: &str, app: &mut App) -> Outcome {
        self.line.insert_str(window::harmless(text));
        self.apply(app);
        Outcome::Stay
    }
}
