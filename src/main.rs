//! Arguments, mode, exit code; nothing else.

use flightdeck::{
    app::settings::Settings,
    keymap::{Keymap, Scope},
    model::input::Key,
    ops::gate::Policy,
    runtime::cockpit,
    source,
    ui::{glyphs, theme::Theme},
    view::layout::{Cell, Layout, Page},
};
use std::{process::ExitCode, time::Duration};

fn settings() -> Settings {
    let mut keymap = Keymap::default();
    for (key, action) in
        [("q", "quit"), ("z", "zoom"), ("tab", "focus-next"), ("ctrl-z", "suspend"), ("ctrl-l", "repaint")]
    {
        if let Ok(key) = key.parse::<Key>() {
            keymap.bind(Scope::Global, vec![key], action);
        }
    }
    let leaf = |name: &str| Cell { panes: vec![name.into()], ..Cell::default() };
    Settings {
        config: flightdeck::config::Config::default(),
        theme: Theme::monochrome(),
        themes: vec![],
        glyphs: glyphs::UNICODE,
        keymap,
        pages: vec![Page {
            name: "overview".into(),
            title: "Overview".into(),
            short: None,
            key: '1',
            layouts: vec![Layout {
                min_columns: 0,
                min_rows: 0,
                cell: Cell { columns: vec![leaf("attention"), leaf("changes")], ..Cell::default() },
            }],
        }],
        warnings: vec![],
    }
}

fn main() -> ExitCode {
    let counters = std::sync::Arc::default();
    let options = cockpit::Options {
        feed: cockpit::Feed::Live,
        record: None,
        settings: settings(),
        policy: Policy::default(),
        sources: source::all(std::sync::Arc::clone(&counters)),
        counters,
        state_folder: "/tmp/flightdeck".into(),
        log_file: None,
        log_level: tracing::Level::INFO,
        reload: Box::new(settings),
        frame_interval: Duration::from_millis(33),
    };
    match cockpit::run(options) {
        Ok(_) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
