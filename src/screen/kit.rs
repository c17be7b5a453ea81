//! A cockpit to draw, and what stands in its lines.

use super::draw;
use crate::{
    app::{
        App,
        effect::Effect,
        event::{Event, EventKind},
        settings::{self, Terminal},
    },
    config::layers::{Layer, resolve},
    model::{host::HostFacts, input::Key, update::Update},
    ops::gate::Policy,
    runbook::definition::Catalogue,
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::sync::Arc;

const PAGES: &str = r#"
[[pages]]
name = "overview"
title = "Overview"
key = "1"
[[pages.layouts]]
columns = [{ weight = 2, panes = ["attention"] }, { panes = ["changes"] }]
[[pages]]
name = "host"
title = "Host"
key = "2"
[[pages.layouts]]
panes = ["changes"]
[[pages]]
name = "gpu"
title = "GPU"
key = "3"
layouts = []
[[pages]]
name = "containers"
title = "Containers"
short = "Cont"
key = "4"
layouts = []
[[pages]]
name = "kubernetes"
title = "Kubernetes"
short = "K8s"
key = "5"
layouts = []
"#;

/// A cockpit of this size at 02:14:07, with five pages.
pub fn app(size: (u16, u16)) -> App {
    let loaded = resolve(&[Layer::File { path: "test".into(), text: PAGES.into() }]);
    let terminal = Terminal { term: "xterm-256color".into(), ..Terminal::default() };
    let mut settings = settings::build(&loaded, &terminal);
    let names = ["overview", "host", "gpu", "containers", "kubernetes"];
    settings.pages.retain(|page| names.contains(&page.name.as_str()));
    settings.pages.sort_by_key(|page| page.key);
    settings.warnings.clear();
    let now = "2026-11-23T02:14:07Z".parse().expect("a time");
    let mut app = App::new(settings, Policy::default(), now, size);
    app.world.runbooks = Some(Arc::new(Catalogue::built_in()));
    let facts = HostFacts { hostname: "bastion-1".into(), ..HostFacts::default() };
    let updates = vec![Update::Facts(Box::new(facts))];
    app.update(Event { at: now, kind: EventKind::Updates { source: "host/facts".into(), updates } });
    app
}

/// Presses keys with blanks between them; what the cockpit asks for then.
pub fn press(app: &mut App, keys: &str) -> Vec<Effect> {
    let keys = keys.split_whitespace().map(|key| key.parse::<Key>().expect("a key"));
    keys.flat_map(|key| app.update(Event { at: app.now, kind: EventKind::Key(key) })).collect()
}

/// Types a text, sign by sign.
pub fn types(app: &mut App, text: &str) {
    for sign in text.chars() {
        app.update(Event { at: app.now, kind: EventKind::Key(Key::char(sign)) });
    }
}

/// What was said last.
pub fn notice(app: &App) -> &str {
    app.view.notices.last().map_or("", |notice| &notice.text)
}

/// The whole screen as one text, without the blanks at the ends of its lines.
pub fn drawn(app: &App) -> String {
    let lines: Vec<_> = screen(app).iter().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

/// The lines of the whole screen.
pub fn screen(app: &App) -> Vec<String> {
    let (width, height) = app.view.size;
    let mut buffer = Buffer::empty(Rect { x: 0, y: 0, width, height });
    draw(app, &mut buffer);
    let row = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    (0..height).map(row).collect()
}

/// One line of the screen, without the blanks at its end.
pub fn line(app: &App, y: usize) -> String {
    screen(app)[y].trim_end().to_owned()
}
