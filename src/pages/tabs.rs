//! The tabs that say the same of every kind of object: why, events, and that it is gone.

use crate::{
    model::{object::ObjectRef, units},
    ui::{lines::Line, scene::Scene, theme::Role},
    view::ObjectPage,
    world::Pending,
};

/// Whether the attention list has something on the object.
pub fn has_why(scene: &Scene<'_>, object: &ObjectRef) -> bool {
    scene.world.rows_about(object).next().is_some()
}

/// What is wrong with the object: cause, since when, next step.
pub fn why(scene: &Scene<'_>, object: &ObjectRef) -> Vec<Line> {
    let rows: Vec<_> = scene.world.rows_about(object).collect();
    let held_back: Vec<Pending> =
        scene.world.held_back().filter(|pending| pending.row.condition.object == *object).collect();
    if rows.is_empty() && held_back.is_empty() {
        return vec![Line::of(Role::Text, "nothing is known to be wrong with it")];
    }
    let mut lines = Vec::new();
    for (at, item) in rows.into_iter().enumerate() {
        let condition = &item.condition;
        let role = Scene::severity_role(condition.severity);
        let sign = format!("{} {} {} ", at + 1, scene.glyphs.severity(condition.severity), condition.severity.word());
        lines.push(Line::of(role, sign).and(Role::Text, &condition.cause));
        if item.members.len() > 1 {
            let text = format!("  {} and {} others alike", condition.name, item.members.len() - 1);
            lines.push(Line::of(Role::Dim, text));
        }
        let since = units::moment(scene.now, item.began);
        lines.push(Line::of(Role::Dim, "  since     ").and(Role::Text, since));
        lines.push(Line::of(Role::Dim, "  next step ").and(Role::Text, &condition.next_step));
        lines.push(Line::of(Role::Dim, "  rule      ").and(Role::Dim, &condition.rule));
        lines.push(Line::empty());
    }
    held_back.iter().for_each(|pending| lines.extend(not_yet(scene, pending)));
    lines
}

/// What holds and has not held for long enough.
fn not_yet(scene: &Scene<'_>, pending: &Pending) -> [Line; 6] {
    let (row, condition) = (&pending.row, &pending.row.condition);
    let sign = format!("{} not yet ", scene.glyphs.waiting);
    let since = units::moment(scene.now, row.began);
    let told = format!("{}, if it goes on", units::date_clock(pending.raised_at));
    [
        Line::of(Role::Dim, sign).and(Role::Text, &condition.cause),
        Line::of(Role::Dim, "  since     ").and(Role::Text, since),
        Line::of(Role::Dim, "  told at   ").and(Role::Text, told),
        Line::of(Role::Dim, "  next step ").and(Role::Text, &condition.next_step),
        Line::of(Role::Dim, "  rule      ").and(Role::Dim, &condition.rule),
        Line::empty(),
    ]
}

/// What changed about the object, newest first.
pub fn events(scene: &Scene<'_>, object: &ObjectRef) -> Vec<Line> {
    let changes = scene.world.changes.iter().filter(|change| change.object == *object);
    let lines: Vec<_> = changes
        .map(|change| {
            let when = format!("{}  {:>7} ago  ", units::date_clock(change.at), units::age(scene.now, change.at));
            let sign = format!("{} ", scene.glyphs.change(change.kind, change.severity));
            Line::of(Role::Dim, when).and(Scene::severity_role(change.severity), sign).and(Role::Text, &change.text)
        })
        .collect();
    if lines.is_empty() {
        vec![Line::of(Role::Dim, "nothing about it has changed since the cockpit looks")]
    } else {
        lines
    }
}

/// That the object is not there, and when it was last heard of.
pub fn gone(scene: &Scene<'_>, page: &ObjectPage) -> Vec<Line> {
    let object = &page.object;
    let mut lines = vec![
        Line::of(Role::Warn, format!("this {} is not there any more, or was not seen yet", object.kind.word())),
        Line::of(Role::Dim, object.to_string()),
    ];
    if let Some(change) = scene.world.changes.iter().find(|change| change.object == *object) {
        let when = units::moment(scene.now, change.at);
        lines.push(Line::pair("last heard of", when).and(Role::Dim, format!("  {}", change.text)));
    }
    lines.push(Line::of(Role::Dim, "Esc goes back"));
    lines
}
