//! What several tests need.
#![allow(dead_code, reason = "each test uses a part of it")]

use flightdeck::{
    app::settings::Settings,
    config::Config,
    keymap::{Keymap, Scope},
    ui::{glyphs, theme::Theme},
    view::layout::{Cell, Layout, Page},
};

/// Settings of a page with the attention list and the time column.
pub fn settings() -> Settings {
    let mut keymap = Keymap::default();
    for (key, action) in
        [("tab", "focus-next"), ("z", "zoom"), ("[", "time-back"), ("]", "time-forward"), ("n", "time-now")]
    {
        keymap.bind(Scope::Global, vec![key.parse().expect("a key")], action);
    }
    let leaf = |name: &str| Cell { panes: vec![name.into()], ..Cell::default() };
    let cell = Cell { columns: vec![leaf("attention"), leaf("changes")], ..Cell::default() };
    Settings {
        config: Config::default(),
        theme: Theme::monochrome(),
        themes: vec![],
        glyphs: glyphs::UNICODE,
        keymap,
        manners: Default::default(),
        pages: vec![Page {
            name: "overview".into(),
            title: "Overview".into(),
            short: None,
            key: '1',
            layouts: vec![Layout { min_columns: 0, min_rows: 0, cell }],
        }],
        warnings: vec![],
    }
}
