//! Graphs as text.

use super::*;
use crate::{
    app::App,
    model::series::Metric,
    ops::gate::Policy,
    panes::tests::{app_of, at, noon, text_of},
    ui::glyphs,
    world::World,
};

/// A cockpit whose CPU went from nothing to all in a minute, was not seen for the next, and stood at a half in the third.
fn app() -> App {
    let mut app = app_of(World::at(noon()), Policy::default(), (80, 24));
    for second in 0..180 {
        let value = match second {
            0..60 => Some(f64::from(second) / 59.0),
            60..120 => None,
            _ => Some(0.5),
        };
        app.world.series.push(Metric::CpuUsed, at(i64::from(second) - 180), value);
    }
    app.view.graph_span = 1;
    app
}

fn drawn(app: &App, width: u16, height: u16) -> String {
    let scene = app.scene();
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    draw(&scene, &Graph::of(Scale::Ratio, "", scene.history(Metric::CpuUsed)), buffer.area, &mut buffer);
    text_of(&buffer)
}

#[test]
fn a_rise_a_gap_and_a_plateau() {
    let mut app = app();
    let picture = [
        "                ⣠⣾",
        "              ⢀⣴⣿⣿",
        "             ⣠⣾⣿⣿⣿     ⢸⣿⣿⣿⣿⣿⣿",
        "           ⢀⣴⣿⣿⣿⣿⣿     ⢸⣿⣿⣿⣿⣿⣿",
        "-5m                        now",
    ];
    assert_eq!(drawn(&app, 30, 5), picture.join("\n"));
    app.settings.glyphs = glyphs::ASCII;
    println!("{}", drawn(&app, 30, 5));
    assert!(drawn(&app, 30, 5).is_ascii());
}

#[test]
fn the_cursor_marks_its_column_and_says_the_value() {
    let mut app = app();
    app.view.cursor = Some(at(-30));
    let text = drawn(&app, 30, 5);
    println!("{text}");
    assert!(text.contains('│') && text.contains("50 %"), "{text}");
    app.view.cursor = Some(at(-90));
    let text = drawn(&app, 30, 5);
    assert!(text.contains('?'), "a gap has no value: {text}");
    // Further back than the graph reaches: the window goes there.
    app.view.graph_span = 0;
    app.view.cursor = Some(at(-170));
    assert!(drawn(&app, 30, 5).contains('│'));
}

#[test]
fn noise_below_a_dot_and_time_within_a_cell_change_nothing() {
    let mut app = app();
    let before = drawn(&app, 30, 5);
    for second in 0..3 {
        app.world.series.push(Metric::CpuUsed, at(second), Some(0.5 + 0.01 * second as f64));
    }
    app.now = at(2);
    let after = drawn(&app, 30, 5);
    let changed = before.chars().zip(after.chars()).filter(|(a, b)| a != b).count();
    assert!(changed <= 3, "{changed} cells\n{before}\n{after}");
}

#[test]
fn two_series_share_the_area() {
    let mut app = app();
    for second in -100..0 {
        app.world.series.push(Metric::Load1, at(second), Some(3.0));
    }
    let scene = app.scene();
    let (one, two) = (scene.history(Metric::CpuUsed), scene.history(Metric::Load1));
    let mut buffer = Buffer::empty(Rect::new(0, 0, 40, 9));
    let graph = Graph::of(Scale::Number, "rx", one).with("tx", two, Second::Below);
    draw(&scene, &graph, buffer.area, &mut buffer);
    let text = text_of(&buffer);
    println!("{text}");
    assert!(text.starts_with("rx ≤5.0") && text.contains("\ntx"), "{text}");
}

#[test]
fn actions_zoom_and_move_in_time() {
    let mut app = app();
    for _ in 0..9 {
        app.run("graph-zoom-out");
    }
    assert_eq!(app.view.graph_span, GRAPH_SPANS.len() - 1);
    for _ in 0..9 {
        app.run("graph-zoom-in");
    }
    assert_eq!(app.view.graph_span, 0);
    app.run("graph-earlier");
    assert_eq!(app.view.cursor, Some(at(-1)));
    app.run("graph-mode");
    assert_eq!(app.view.graph_mode, GraphMode::Block);
    println!("{}", drawn(&app, 30, 5));
}
