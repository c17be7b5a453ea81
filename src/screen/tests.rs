//! The built-in pages: every pane is there, every cell has room, and the whole screen is drawn at every size.

use crate::{
    app::{App, event::Event, event::EventKind},
    ops::gate::Policy,
    panes::{
        self,
        tests::{app_of, at, world},
    },
    screen::{self, kit::drawn},
    view::layout::{Area, Cell, Page, Placed},
};
use ratatui::{buffer::Buffer, layout::Rect};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    page: Vec<Page>,
}

fn pages() -> Vec<Page> {
    toml::from_str::<File>(include_str!("../../assets/layouts.toml")).expect("the built-in layouts are read").page
}

fn names(cell: &Cell, all: &mut Vec<String>) {
    all.extend(cell.panes.iter().cloned());
    cell.rows.iter().chain(&cell.columns).for_each(|cell| names(cell, all));
}

#[test]
fn every_named_pane_exists_and_every_cell_has_room() {
    for page in pages() {
        for layout in &page.layouts {
            let mut all = Vec::new();
            names(&layout.cell, &mut all);
            assert!(!all.is_empty(), "{}", page.name);
            assert!(all.iter().all(|name| panes::known(name).is_some()), "{}: {all:?}", page.name);
            let (width, height) = (layout.min_columns.max(1), layout.min_rows.max(3));
            let (top, bottom) = crate::app::layout_bars(height);
            let area = Area { x: 0, y: top, width, height: height - top - bottom };
            let placed = layout.cell.arrange(area, &panes::known);
            let count: usize = placed.iter().map(|placed| placed.panes.len()).sum();
            assert_eq!(count, all.len(), "{} at {width}×{height}: a cell has no room", page.name);
            let cells: u32 = placed.iter().map(|p| u32::from(p.area.width) * u32::from(p.area.height)).sum();
            assert_eq!(cells, u32::from(width) * u32::from(area.height), "{} at {width}×{height}", page.name);
            assert!(
                placed.len() == 1 || placed.iter().all(|p| (p.area.height >= 4 || is_strip(p)) && p.area.width >= 20)
            );
        }
        assert!(page.layouts.last().is_some_and(|last| last.min_columns == 0 && last.min_rows == 0));
    }
}

fn app(size: (u16, u16)) -> App {
    let mut app = app_of(world(), Policy::default(), size);
    app.settings.pages = pages();
    app.relayout();
    app
}

#[test]
fn every_page_is_drawn_at_every_size() {
    for size in [(0, 0), (1, 1), (20, 3), (40, 10), (60, 15), (80, 24), (120, 40), (200, 50), (300, 100)] {
        let mut app = app(size);
        for page in 0..app.settings.pages.len() {
            app.show_page(page);
            let text = drawn(&app);
            if [(80, 24), (40, 10), (120, 40)].contains(&size) {
                println!("{text}");
            }
            app.open_selected();
            drawn(&app);
        }
    }
}

/// Bytes that a terminal gets for the host page in a minute, counted as ratatui's crossterm backend would write them: what a
/// changed cell holds, and a move of the cursor where the cell before it did not change.
#[test]
fn the_gauges_of_the_host_page_cost_few_bytes() {
    let mut app = app((120, 40));
    app.show_page(1);
    let frame = |app: &App| {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 120, 40));
        screen::draw(app, &mut buffer);
        buffer
    };
    let mut before = frame(&app);
    let mut bytes = 0;
    for second in 1..=60 {
        let updates = vec![panes::tests::gauges_at(second)];
        app.update(Event { at: at(second), kind: EventKind::Updates { source: "host/gauges".into(), updates } });
        let after = frame(&app);
        let mut next = None;
        for (x, y, cell) in before.diff(&after) {
            if next != Some((x, y)) {
                bytes += 8;
            }
            bytes += cell.symbol().len();
            next = Some((x + 1, y));
        }
        before = after;
    }
    println!("{} bytes a second", bytes / 60);
    assert!(bytes / 60 <= 400, "{} bytes a second", bytes / 60);
}

/// Panes without a list can say what they have to say in one line.
fn is_strip(placed: &Placed) -> bool {
    placed.area.height == 1
        && placed.panes.iter().all(|pane| panes::find(pane).is_some_and(|pane| pane.table().is_none()))
}
