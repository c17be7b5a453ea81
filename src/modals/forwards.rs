//! Ports that are forwarded: where they lead, how many connections there are, what went wrong; and stopping them.

use super::{
    Modal, Outcome,
    window::{self, Motion},
};
use crate::{
    app::{App, effect::Effect},
    model::input::Key,
    ops::{
        forward::ForwardState,
        operation::{on, path_of},
    },
    ui::{paint, scene::Scene, theme::Role},
};
use ratatui::{buffer::Buffer, layout::Rect};

/// Lists the forwards.
#[derive(Debug, Default)]
pub struct Forwards {
    chosen: usize,
}

fn line(forward: &ForwardState) -> (Role, String) {
    let target = on(forward.target.kind, path_of(&forward.target));
    let ports = format!("127.0.0.1:{} → {}", forward.local, forward.remote);
    let problem = forward.problem.as_ref().map_or_else(String::new, |why| format!("  {why}"));
    if forward.running {
        let role = if problem.is_empty() { Role::Text } else { Role::Warn };
        (role, format!("{ports:<26} {target}  {} open, {} in all{problem}", forward.open, forward.total))
    } else {
        (Role::Dim, format!("{ports:<26} {target}  ended after {} connections{problem}", forward.total))
    }
}

impl Modal for Forwards {
    fn name(&self) -> &'static str {
        "port-forwards"
    }

    fn draw(&self, app: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let forwards = &app.desk.forwards;
        let window = window::place(area, (110, forwards.len().max(1) as u16 + 4));
        let inner = window::draw(scene, buffer, window, "Forwarded ports", "");
        if forwards.is_empty() {
            let text = "no port is forwarded: do … (a) on a pod, workload or service does it";
            paint::put_cut(scene, buffer, inner, (1, 0), text, scene.style(Role::Dim));
        }
        let rows = usize::from(inner.height.saturating_sub(1).max(1));
        let first = (self.chosen + 1).saturating_sub(rows);
        for (y, (at, forward)) in forwards.iter().enumerate().skip(first).take(rows).enumerate() {
            let (role, text) = line(forward);
            let role = if at == self.chosen { Role::Selected } else { role };
            paint::put_cut(scene, buffer, inner, (0, y as u16), &format!(" {text} "), scene.style(role));
        }
        if inner.height > 2 {
            let hint = "x stops the selected one   Esc leaves; the cockpit's end stops all";
            paint::put_cut(scene, buffer, inner, (1, inner.height - 1), hint, scene.style(Role::Dim));
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Outcome {
        if window::closes(key, app) || key.typed() == Some('q') {
            return Outcome::Close;
        }
        if matches!(key.typed(), Some('x' | 'd')) {
            let chosen = app.desk.forwards.get(self.chosen).filter(|forward| forward.running).map(|forward| forward.id);
            if let Some(id) = chosen {
                app.ask(Effect::StopForward(id));
            }
        } else if let Some(motion) = Motion::of(key, app, false) {
            self.step(motion, app);
        }
        Outcome::Stay
    }

    fn step(&mut self, motion: Motion, app: &mut App) {
        self.chosen = motion.from(self.chosen, app.desk.forwards.len().saturating_sub(1), 10);
    }
}
