//! What can be asked of graphs and of the time that they show.

use super::{Action, actions};
use crate::{app::App, keymap::Scope, model::attention::Severity, view::GRAPH_SPANS};

pub static ACTIONS: &[Action] = actions! { Scope::Graph;
    "graph-zoom-in" "zoom in" "Shows a shorter stretch of time, in every graph." 5 => |app| zoom(app, -1),
    "graph-zoom-out" "zoom out" "Shows a longer stretch of time, in every graph." 0 => |app| zoom(app, 1),
    "graph-earlier" "earlier" "Moves the time cursor back, in every pane." 6 => |app| step(app, -1),
    "graph-later" "later" "Moves the time cursor forward, in every pane." 0 => |app| step(app, 1),
    "graph-now" "now" "Brings every pane back to now." 0 => |app| app.go_to(None),
    "graph-mode" "signs" "Draws graphs in Braille, blocks or ASCII, one after another." 0 => mode,
};

/// Steps of the time cursor from one end of a graph to the other.
const STEPS: u32 = 60;

fn zoom(app: &mut App, step: isize) {
    app.view.graph_span = app.view.graph_span.saturating_add_signed(step).min(GRAPH_SPANS.len() - 1);
    app.touch();
}

fn step(app: &mut App, direction: i64) {
    let span = GRAPH_SPANS.get(app.view.graph_span).copied().unwrap_or(STEPS);
    app.step_time(direction * i64::from((span / STEPS).max(1)));
}

fn mode(app: &mut App) {
    app.view.graph_mode = app.view.graph_mode.next();
    let word = app.view.graph_mode.word();
    app.notice(Severity::Info, format!("graphs are drawn in {word} signs"));
}
