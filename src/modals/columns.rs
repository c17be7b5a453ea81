//! The columns of a list: which are shown, and which one it is sorted by. What is chosen holds at once.

use super::{Modal, Outcome};
use crate::{
    app::App,
    model::input::{Key, KeyCode},
    ui::{paint, scene::Scene, theme::Role},
    view::table::Table,
};
use ratatui::{buffer::Buffer, layout::Rect};

/// Widest that it gets.
const WIDTH: u16 = 72;
/// What the keys do.
const HINT: &str = "space show or hide  s sort by it, again turns round  d as at first  Enter done";

/// The chooser.
pub struct ColumnsModal {
    pane: &'static str,
    table: &'static dyn Table,
    cursor: usize,
}

impl ColumnsModal {
    /// A chooser that points at a column.
    pub fn new(pane: &'static str, table: &'static dyn Table, cursor: usize) -> Self {
        Self { pane, table, cursor }
    }

    fn move_by(&mut self, step: isize) {
        let last = self.table.columns().len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(step).min(last);
    }
}

impl Modal for ColumnsModal {
    fn name(&self) -> &'static str {
        "columns"
    }

    fn draw(&self, _app: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let columns = self.table.columns();
        let width = area.width.min(WIDTH);
        let height = area.height.min(columns.len() as u16 + 3);
        let x = area.x + (area.width - width) / 2;
        let outer = Rect { x, y: area.y + (area.height - height) / 2, width, height };
        let scene = Scene { focused: true, ..*scene };
        paint::fill(buffer, outer, scene.style(Role::Text));
        let inner = paint::frame(&scene, buffer, outer, "Columns", "");
        let rows = usize::from(inner.height.saturating_sub(1)).max(1);
        let offset = (self.cursor + 1).saturating_sub(rows);
        let list = &scene.view.pane(self.pane).list;
        let (sorted, descending) = list.sorting(self.table);
        for (line, (index, column)) in columns.iter().enumerate().skip(offset).take(rows).enumerate() {
            let line = Rect { y: inner.y + line as u16, height: 1, ..inner };
            let role = if index == self.cursor { Role::Selected } else { Role::Text };
            paint::fill(buffer, line.intersection(inner), scene.style(role));
            let arrow = match (index == sorted, descending) {
                (true, true) => scene.glyphs.descending,
                (true, false) => scene.glyphs.ascending,
                _ => ' ',
            };
            let shown = if list.shows(columns, index) { 'x' } else { ' ' };
            let text = format!(" [{shown}] {arrow} {:<14} {}", column.name, column.about);
            paint::put_cut(&scene, buffer, line.intersection(inner), (0, 0), &text, scene.style(role));
        }
        if inner.height > 1 {
            let hint = Rect { y: inner.bottom() - 1, height: 1, ..inner };
            paint::put_cut(&scene, buffer, hint, (1, 0), HINT, scene.style(Role::Dim));
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Outcome {
        match key.code {
            KeyCode::Esc | KeyCode::Enter => return Outcome::Close,
            KeyCode::Char('q') => return Outcome::Close,
            KeyCode::Down | KeyCode::Char('j') => self.move_by(1),
            KeyCode::Up | KeyCode::Char('k') => self.move_by(-1),
            KeyCode::Home | KeyCode::Char('g') => self.cursor = 0,
            KeyCode::End | KeyCode::Char('G') => self.move_by(isize::MAX),
            KeyCode::Char(' ' | 's' | 'd') => {
                let (cursor, key) = (self.cursor, key.code);
                app.with_list(self.pane, |mut listing| {
                    match key {
                        KeyCode::Char(' ') => listing.list.toggle_column(cursor, listing.table.columns()),
                        KeyCode::Char('s') => listing.list.sort_by(cursor, listing.table),
                        _ => {
                            listing.list.toggled.clear();
                            listing.list.sort = None;
                            listing.list.column = None;
                        }
                    }
                    listing.refresh();
                });
            }
            _ => {}
        }
        Outcome::Stay
    }
}
