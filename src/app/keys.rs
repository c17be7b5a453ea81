//! From keys and mouse to actions.

use super::App;
use crate::{
    keymap::{Lookup, Scope},
    model::{
        Timestamp,
        attention::Severity,
        input::{Key, KeyCode, Mouse, MouseKind},
    },
    panes,
};

/// After this pause the keys that can follow are shown.
const WHICH_KEY_MS: i64 = 400;
/// After this pause an incomplete sequence is forgotten.
const FORGET_SECONDS: i64 = 10;

impl App {
    /// Scopes in which a key is looked up now, the narrowest first.
    pub fn scopes(&self) -> Vec<Scope> {
        let mut scopes = Vec::new();
        if self.view.stack.is_empty() {
            if let Some(pane) = self.view.focused().and_then(panes::find) {
                scopes.push(Scope::Pane(pane.name()));
                if pane.table().is_some() {
                    scopes.push(Scope::List);
                } else {
                    scopes.push(Scope::Text);
                }
                if pane.has_graph() {
                    scopes.push(Scope::Graph);
                }
            }
        } else {
            if self.shows_logs() {
                scopes.push(Scope::Logs);
            }
            scopes.extend([Scope::Object, Scope::Text]);
        }
        if self.player.is_some() || self.moment.is_some() {
            scopes.insert(0, Scope::Player);
        }
        scopes.push(Scope::Global);
        scopes
    }

    pub(super) fn take_key(&mut self, key: Key) {
        let esc = key == Key::plain(KeyCode::Esc);
        if esc && !self.pending.is_empty() {
            self.pending.clear();
            return;
        }
        self.pending.push(key);
        self.pending_since = self.now;
        match self.settings.keymap.look_up(&self.scopes(), &self.pending) {
            Lookup::Action(action) => {
                self.pending.clear();
                self.run(action);
            }
            Lookup::More => {}
            Lookup::Nothing => {
                let typed: Vec<String> = self.pending.drain(..).map(|key| key.to_string()).collect();
                if typed.len() > 1 {
                    self.notice(Severity::Info, format!("{} means nothing here; ? shows what does", typed.join(" ")));
                }
            }
        }
    }

    /// When the keys that can follow are shown.
    pub(super) fn which_key_at(&self) -> Timestamp {
        self.pending_since.checked_add(jiff::SignedDuration::from_millis(WHICH_KEY_MS)).unwrap_or(self.now)
    }

    /// Whether the keys that can follow are shown now.
    pub fn shows_which_key(&self) -> bool {
        !self.pending.is_empty() && self.now >= self.which_key_at()
    }

    pub(super) fn forget_pending(&mut self, at: Timestamp) {
        if !self.pending.is_empty() && at.duration_since(self.pending_since).as_secs() >= FORGET_SECONDS {
            self.pending.clear();
            self.dirty = true;
        }
    }

    pub(super) fn point(&mut self, mouse: Mouse) {
        if !self.view.stack.is_empty() {
            return self.point_at_page(mouse);
        }
        let hit = self.view.placed.iter().position(|placed| placed.area.holds(mouse.column, mouse.row));
        let Some(name) = hit.and_then(|at| self.view.shown_in(&self.view.placed[at])) else {
            if mouse.kind == MouseKind::Press {
                self.point_at_bar(mouse);
            }
            return;
        };
        match mouse.kind {
            MouseKind::Press => {
                self.focus(name);
                self.point_at_row(name, mouse);
            }
            MouseKind::ScrollUp => self.scroll_pane(name, -3),
            MouseKind::ScrollDown => self.scroll_pane(name, 3),
            MouseKind::Drag | MouseKind::Release => {}
        }
    }
}
