//! What can be asked of container engines: which are watched.

use super::Action;
use crate::{
    app::App,
    keymap::Scope,
    modals::{engines::ENGINES, picker},
    model::source::SourceState,
    panes::engines,
};
use compact_str::format_compact;

pub static ACTIONS: &[Action] = &[
    Action {
        name: "engines",
        title: "engines",
        doc: "Chooses the container engines that are watched; several can be.",
        scope: Scope::Global,
        hint: 0,
        run: |app| picker::open(app, &ENGINES),
    },
    Action {
        name: "engine-toggle",
        title: "watch",
        doc: "Watches the selected engine, or stops watching it.",
        scope: Scope::Pane("engines"),
        hint: 9,
        run: toggle_selected,
    },
];

fn toggle_selected(app: &mut App) {
    let row = app.view.pane("engines").list.row();
    let name = row.and_then(|row| engines::rows(app.shown()).nth(row).map(|source| engines::name(source).to_owned()));
    if let Some(name) = name {
        toggle(app, &name);
    }
}

/// Watches an engine, or stops watching it.
pub fn toggle(app: &mut App, engine: &str) {
    let watched = watched(app, engine);
    app.view.chosen.insert(format_compact!("docker/{engine}"), !watched);
    app.touch();
}

/// Whether an engine is watched, or will be as soon as its source has heard of it.
pub fn watched(app: &App, engine: &str) -> bool {
    let name = format_compact!("docker/{engine}");
    let chosen = app.view.chosen.get(&name).copied();
    let source = app.world.observed.sources.get(&name);
    chosen.unwrap_or_else(|| source.is_some_and(|source| source.report.state != SourceState::Off))
}
