//! Fields to be filled in, one below the other: what forms share.

use super::window::{self, Line};
use crate::{
    model::input::{Key, KeyCode},
    ops::offer::{Field, Wrong},
    ui::{paint, scene::Scene, theme::Role},
};
use ratatui::{buffer::Buffer, layout::Rect};

/// Fields, and the one that is typed into.
pub struct Fields {
    fields: Vec<(Field, Line)>,
    at: usize,
    /// Whether the field still holds what stood there first, so that typing replaces it.
    fresh: bool,
    pub wrong: Option<Wrong>,
}

/// Columns of the labels: at least, and at most.
const LABEL: (u16, u16) = (15, 26);

impl Fields {
    /// Fields that hold what they begin with.
    pub fn new(fields: Vec<Field>) -> Self {
        let fields = fields.into_iter().map(|field| (field.clone(), Line(field.value))).collect();
        Self { fields, at: 0, fresh: true, wrong: None }
    }

    /// Types into this field.
    pub fn go_to(&mut self, at: usize) {
        self.at = at.min(self.fields.len().saturating_sub(1));
    }

    /// Which field is typed into.
    pub const fn at(&self) -> usize {
        self.at
    }

    /// Puts something else into the field that is typed into.
    pub fn put(&mut self, text: &str) {
        self.wrong = None;
        if let Some((_, line)) = self.fields.get_mut(self.at) {
            line.0 = text.to_owned();
        }
    }

    /// What stands in them.
    pub fn values(&self) -> Vec<&str> {
        self.fields.iter().map(|(_, line)| line.0.as_str()).collect()
    }

    /// What was written into each, where that is another than it began with.
    pub fn written(&self) -> Vec<Option<String>> {
        self.fields.iter().map(|(field, line)| (line.0 != field.value).then(|| line.0.clone())).collect()
    }

    /// Puts back what was written before; typing goes on behind the first of it.
    pub fn restore(&mut self, written: Vec<Option<String>>) {
        self.at = written.iter().position(Option::is_some).unwrap_or(self.at);
        self.fresh = false;
        for ((_, line), text) in self.fields.iter_mut().zip(written) {
            line.0 = text.unwrap_or_else(|| std::mem::take(&mut line.0));
        }
    }

    /// Goes to the field that is wrong, and says why.
    pub fn refuse(&mut self, wrong: Wrong) {
        self.at = wrong.field.min(self.fields.len().saturating_sub(1));
        self.wrong = Some(wrong);
        self.fresh = true;
    }

    fn go(&mut self, step: isize) {
        let count = self.fields.len().max(1) as isize;
        self.at = (self.at as isize + step).rem_euclid(count) as usize;
        self.fresh = true;
    }

    /// Takes a key that neither sends nor leaves the form.
    pub fn on_key(&mut self, key: Key) {
        match key.code {
            KeyCode::Tab if key.shift => self.go(-1),
            KeyCode::Tab | KeyCode::Down => self.go(1),
            KeyCode::Up => self.go(-1),
            _ => {
                self.wrong = None;
                let fresh = std::mem::take(&mut self.fresh);
                if let Some((_, line)) = self.fields.get_mut(self.at) {
                    // What stands there is replaced; what is corrected is begun with Backspace or an arrow.
                    if fresh && key.typed().is_some() {
                        line.0.clear();
                    }
                    line.on_key(key);
                }
            }
        }
    }

    /// Takes pasted text.
    pub fn on_paste(&mut self, text: &str) {
        self.wrong = None;
        let fresh = std::mem::take(&mut self.fresh);
        if let Some((_, line)) = self.fields.get_mut(self.at) {
            if fresh {
                line.0.clear();
            }
            line.paste(text);
        }
    }

    /// Columns that the labels take, with a blank before and after them.
    fn label_width(&self) -> u16 {
        let longest = self.fields.iter().map(|(field, _)| paint::width(&field.label) + 2).max();
        longest.unwrap_or(0).clamp(LABEL.0, LABEL.1)
    }

    /// Draws the fields in a window of their own, with a verdict below them.
    pub fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer, title: &str, (role, verdict): (Role, &str)) {
        let width = 78.min(area.width);
        let verdict = window::wrap(verdict, width.saturating_sub(4));
        let wanted = self.fields.len() as u16 * 2 + verdict.len() as u16 + 4;
        let window = window::place(area, (width, wanted));
        let inner = window::draw(scene, buffer, window, title, "");
        let mut y = 0;
        let roomy = inner.height >= wanted.saturating_sub(2);
        // On a low screen the field that is typed into is always there.
        let first = if roomy { 0 } else { self.at };
        for (at, (field, line)) in self.fields.iter().enumerate().skip(first) {
            let chosen = at == self.at;
            let label = if chosen { Role::Key } else { Role::Dim };
            paint::put_cut(scene, buffer, inner, (1, y), &field.label, scene.style(label));
            let x = self.label_width().min(inner.width);
            let place = Rect { x: inner.x + x, y: inner.y + y, width: inner.width - x, height: 1 };
            if y < inner.height && chosen && self.fresh && !line.0.is_empty() {
                // Typing replaces it.
                paint::put_cut(scene, buffer, place, (0, 0), &line.0, scene.style(Role::Selected));
            } else if y < inner.height && chosen {
                line.draw(scene, buffer, place, "");
            } else {
                paint::put_cut(scene, buffer, inner, (x, y), &line.0, scene.style(Role::Text));
            }
            if chosen || roomy {
                paint::put_cut(scene, buffer, inner, (x, y + 1), &field.hint, scene.style(Role::Dim));
                y += 1;
            }
            y += 1;
        }
        // The last line belongs to the keys.
        let room = usize::from(inner.height.saturating_sub(y + u16::from(inner.height > 3)));
        let cut = verdict.len() > room;
        for (at, line) in verdict.iter().take(if cut { room.saturating_sub(1) } else { room }).enumerate() {
            paint::put_cut(scene, buffer, inner, (1, y + at as u16), line, scene.style(role));
        }
        if cut && room > 0 {
            let more = format!("{} {} lines more", scene.glyphs.ellipsis, verdict.len() + 1 - room);
            paint::put_cut(scene, buffer, inner, (1, y + room as u16 - 1), &more, scene.style(Role::Dim));
        }
        if inner.height > 3 {
            let hint = "Enter goes on   Tab the next field   ctrl-u empties it   Esc leaves";
            paint::put_cut(scene, buffer, inner, (1, inner.height - 1), hint, scene.style(Role::Dim));
        }
    }
}
