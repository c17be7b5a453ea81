//! The container engines that are known, to be watched or not.

use super::picker::{Choices, Item};
use crate::{
    action::engines::{toggle, watched},
    app::App,
    model::source::SourceState,
    panes::engines,
};

/// The engines that are watched.
pub struct Engines;

pub static ENGINES: Engines = Engines;

impl Choices for Engines {
    fn name(&self) -> &'static str {
        "engines"
    }
    fn title(&self) -> &'static str {
        "Container engines"
    }
    fn items(&self, app: &App) -> Vec<Item> {
        let world = app.shown();
        let item = |source: &crate::model::observed::SourceStatus| {
            let (name, state) = (engines::name(source), source.state(world.now));
            let mut words = vec![state.word().to_owned()];
            match (state, world.observed.containers.engines.get(name)) {
                (SourceState::Ok, Some(engine)) => {
                    words.push(format!("{} {}", engine.product, engine.version));
                    words.push(engine.endpoint.to_string());
                }
                _ => words.extend(source.report.reason.as_ref().map(ToString::to_string)),
            }
            words.retain(|word| !word.trim().is_empty());
            let on = Some(watched(app, name));
            Item { value: name.into(), title: name.into(), detail: words.join("  "), on }
        };
        engines::rows(world).map(item).collect()
    }
    /// Only this one.
    fn choose(&self, app: &mut App, value: &str) {
        let names: Vec<String> = engines::rows(app.shown()).map(|source| engines::name(source).to_owned()).collect();
        for name in names {
            if watched(app, &name) != (name == value) {
                toggle(app, &name);
            }
        }
    }
    fn toggle(&self, app: &mut App, value: &str) -> bool {
        toggle(app, value);
        true
    }
    fn none(&self) -> &'static str {
        "no engine was found: name one with --docker"
    }
}
