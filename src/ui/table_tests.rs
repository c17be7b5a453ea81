//! Tests of the drawing of lists: what stands where, that it is harmless, and that the cost follows the viewport.

use super::*;
use crate::{
    keymap::Keymap,
    model::{attention::Severity, object::ObjectRef},
    ui::{glyphs, theme::Theme},
    view::{
        View,
        sample::{Made, MadeRow, SAMPLE, world},
        table::Column,
    },
    world::World,
};
use compact_str::CompactString;
use proptest::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

fn drawn(world: &World, table: &dyn Table, list: &ListState, size: (u16, u16)) -> Buffer {
    let (view, theme, mut keymap) = (View::default(), Theme::monochrome(), Keymap::default());
    keymap.bind(Scope::List, vec![crate::model::input::Key::char('x')], "filter-clear");
    let scene = Scene {
        world,
        series: &world.series,
        view: &view,
        theme: &theme,
        glyphs: &glyphs::UNICODE,
        keymap: &keymap,
        now: world.now,
        focused: true,
    };
    let mut buffer = Buffer::empty(Rect::new(0, 0, size.0, size.1));
    draw(&scene, table, list, buffer.area, &mut buffer);
    buffer
}

fn lines(buffer: &Buffer) -> Vec<String> {
    let rows = buffer.content().chunks(usize::from(buffer.area.width.max(1)));
    rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned()).collect()
}

fn list(table: &dyn Table, world: &World, tree: bool) -> ListState {
    let mut list = ListState::default();
    list.refresh(table, world, tree, 6);
    list
}

#[test]
fn figures_stand_right_and_words_left() {
    let world = world();
    let mut list = list(&SAMPLE, &world, false);
    list.toggle_mark(&SAMPLE, &world);
    let buffer = drawn(&world, &SAMPLE, &list, (72, 7));
    assert_eq!(
        lines(&buffer),
        [
            "     PID NAME       USER      CPU▾      MEM     AGE TEXT",
            "▌✖     9 db         pg       320 %   61 GiB   1d 1h out of memory",
            "       8 web-10     ops     97.0 %  1.5 GiB     50m serves",
            " ▲     7 web-1      root    50.0 %  100 MiB      1m serves",
            "       1 init       root     0.0 %  9.0 MiB 10d 10h /usr/bin/init",
            "      10 Web-2      ops          ?        ?         =HYPERLINK(\"x\")",
            " ?  4711 ghost      ?            ?        ?         �[2Jescape�",
        ]
    );
    for x in 0..72 {
        assert!(buffer[(x, 1)].modifier.contains(Modifier::REVERSED), "the selection is as wide as the list: {x}");
        assert!(!buffer[(x, 2)].modifier.contains(Modifier::REVERSED));
    }
}

#[test]
fn a_list_scrolled_sideways_keeps_who_it_is_about() {
    let world = world();
    let mut list = list(&SAMPLE, &world, false);
    list.scroll_x = 3;
    let drawn_at = |list: &ListState| lines(&drawn(&world, &SAMPLE, list, (30, 3)));
    assert_eq!(
        drawn_at(&list),
        ["     PID E       USER     CPU▾", " ✖     9         pg      320 %", "       8 -10     ops    97.0 %"]
    );
    list.scroll_x = 20;
    assert_eq!(drawn_at(&list)[1..], [" ✖     9 320 %   61 GiB  1d 1h", "       8 …      1.5 GiB    50m"]);
}

#[test]
fn a_tree_shows_its_branches() {
    let world = world();
    let table = Made::tree(&[(1, 0), (2, 1), (3, 2), (4, 0)]);
    let mut list = list(&table, &world, true);
    assert_eq!(
        lines(&drawn(&world, &table, &list, (34, 5)))[1..],
        [
            " 4             4   row 4",
            " 1             1 ▾ row 1",
            " 2             2   ▾ row 2",
            " 3             3       row 3",
        ]
    );
    list.fold_all(&table, &world);
    list.refresh(&table, &world, true, 6);
    assert_eq!(lines(&drawn(&world, &table, &list, (34, 5)))[2..], [" 1             1 ▸ row 1", "", ""]);
}

#[test]
fn an_empty_list_says_why() {
    let world = world();
    let table = Made::of(&[(1, 1.0)]);
    let mut filtered = list(&table, &world, false);
    filtered.set_filter("zzz", &table, &world, false, 6).expect("a filter");
    assert_eq!(
        lines(&drawn(&world, &table, &filtered, (60, 3)))[1],
        " nothing of 1 matches «zzz»: x clears the filter"
    );
    let none = Made::default();
    assert_eq!(lines(&drawn(&world, &none, &list(&none, &world, false), (60, 3)))[1], " nothing here");
}

#[test]
fn the_status_counts_what_is_shown() {
    let world = world();
    let (mut view, theme, keymap) = (View::default(), Theme::monochrome(), Keymap::default());
    let table = Made::of(&[(1, 3.0), (2, 2.0), (3, 1.0)]);
    let state = &mut view.pane_mut("attention").list;
    state.refresh(&table, &world, false, 6);
    state.set_filter("figure>1.5", &table, &world, false, 6).expect("a filter");
    state.move_to(1, &table, &world, 6);
    state.toggle_mark(&table, &world);
    let scene = Scene {
        world: &world,
        series: &world.series,
        view: &view,
        theme: &theme,
        glyphs: &glyphs::ASCII,
        keymap: &keymap,
        now: world.now,
        focused: false,
    };
    assert_eq!(status(&scene, "attention"), "2/2 of 3 «figure>1.5» 1 marked");
    assert_eq!(status(&scene, "changes"), "0");
}

/// Counts how often it is asked.
struct Counting(Made, AtomicUsize);

impl Table for Counting {
    fn columns(&self) -> &'static [Column] {
        self.0.columns()
    }
    fn default_sort(&self) -> (usize, bool) {
        self.0.default_sort()
    }
    fn len(&self, world: &World) -> usize {
        self.0.len(world)
    }
    fn key(&self, world: &World, row: usize) -> CompactString {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.key(world, row)
    }
    fn object(&self, _: &World, _: usize) -> Option<ObjectRef> {
        None
    }
    fn value<'w>(&self, world: &'w World, row: usize, column: usize) -> Value<'w> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.value(world, row, column)
    }
    fn severity(&self, _: &World, row: usize) -> Option<Severity> {
        self.1.fetch_add(1, Ordering::Relaxed);
        (row == 1).then_some(Severity::Warn)
    }
}

#[test]
fn the_cost_follows_the_viewport() {
    let asked = |rows: u16| {
        let world = World::default();
        let table = Counting(Made::of(&(0..rows).map(|n| (n, 1.0)).collect::<Vec<_>>()), AtomicUsize::new(0));
        let mut list = list(&table, &world, false);
        list.toggle_mark(&table, &world);
        table.1.store(0, Ordering::Relaxed);
        drawn(&world, &table, &list, (80, 20));
        table.1.load(Ordering::Relaxed)
    };
    assert_eq!(asked(10_000), asked(100));
}

#[test]
fn without_a_column_the_severity_stands_before_the_row() {
    let world = World::default();
    let table = Counting(Made::of(&[(1, 2.0), (2, 1.0)]), AtomicUsize::new(0));
    let list = list(&table, &world, false);
    assert_eq!(
        lines(&drawn(&world, &table, &list, (34, 3)))[1..],
        [" 1             2 row 1", "▲2             1 row 2"]
    );
}

proptest! {
    #[test]
    fn hostile_text_never_reaches_a_cell(texts in prop::collection::vec(any::<String>(), 1..6), width in 0u16..60, height in 0u16..9, scroll in 0usize..70, tree in any::<bool>()) {
        let world = World::default();
        let rows = texts.iter().enumerate().map(|(n, text)| MadeRow {
            key: n as u16,
            parent: (n as u16).checked_sub(1),
            figure: None,
            text: text.clone(),
        });
        let table = Made(rows.collect());
        let mut list = list(&table, &world, tree);
        list.scroll_x = scroll;
        for cell in drawn(&world, &table, &list, (width, height)).content() {
            prop_assert!(cell.symbol().chars().all(text::is_harmless), "{:?}", cell.symbol());
        }
    }

    #[test]
    fn any_state_is_drawn_at_any_size(width in 0u16..200, height in 0u16..40, offset in 0usize..40, cursor in 0usize..40, scroll in any::<usize>(), toggled in prop::collection::btree_set(0usize..9, 0..9)) {
        let world = world();
        let mut list = list(&SAMPLE, &world, false);
        (list.offset, list.cursor, list.scroll_x, list.toggled) = (offset, cursor, scroll, toggled);
        drawn(&world, &SAMPLE, &list, (width, height));
    }
}
