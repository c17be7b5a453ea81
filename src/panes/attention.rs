//! What is not as it should be: worst and newest first, each row with its cause in words, its age and the next step. When all
//! is well it says what is being watched, and since when it has been quiet; what has not answered is never called quiet.

use super::Pane;
use crate::{
    model::{
        attention::Severity,
        object::ObjectRef,
        source::SourceState,
        topic::{Topic, TopicSet},
        units,
    },
    ui::{paint, scene::Scene, table, theme::Role},
    view::table::{Column, Table, Unit, Value},
    world::World,
};
use compact_str::CompactString;
use ratatui::{buffer::Buffer, layout::Rect};
use std::collections::BTreeMap;

/// The attention list.
pub struct AttentionPane;

struct AttentionTable;

const fn column(name: &'static str, title: &'static str, unit: Unit, width: u16, about: &'static str) -> Column {
    Column { name, title, unit, width, grows: false, shown: true, about }
}

static COLUMNS: &[Column] = &[
    column("severity", "", Unit::Text, 1, "how bad it is"),
    column("kind", "KIND", Unit::Text, 8, "what sort of thing"),
    column("object", "OBJECT", Unit::Text, 20, "which one"),
    Column { grows: true, ..column("cause", "CAUSE", Unit::Text, 30, "what is wrong, in words") },
    column("age", "AGE", Unit::Time, 7, "since when"),
    Column { grows: true, ..column("next", "NEXT STEP", Unit::Text, 30, "what to do about it") },
];

/// Index of the next step in [`COLUMNS`].
const NEXT: usize = 5;

impl Table for AttentionTable {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (0, true)
    }
    fn len(&self, world: &World) -> usize {
        world.attention.len()
    }
    fn key(&self, world: &World, row: usize) -> CompactString {
        let condition = &world.attention[row].condition;
        compact_str::format_compact!("{} {}", condition.rule, condition.object)
    }
    fn object(&self, world: &World, row: usize) -> Option<ObjectRef> {
        Some(world.attention[row].condition.object.clone())
    }
    fn value<'w>(&self, world: &'w World, row: usize, column: usize) -> Value<'w> {
        let item = &world.attention[row];
        match COLUMNS[column].name {
            "severity" => Value::text(item.condition.severity.word()),
            "kind" => Value::text(&item.condition.kind),
            "object" => Value::text(&item.condition.name),
            "cause" => Value::text(&item.condition.cause),
            "age" => Value::Time(item.began),
            _ => Value::text(&item.condition.next_step),
        }
    }
    fn severity(&self, world: &World, row: usize) -> Option<Severity> {
        Some(world.attention[row].condition.severity)
    }
    /// The world keeps it worst first, then newest first.
    fn is_ordered(&self) -> bool {
        true
    }
    fn fixed_columns(&self) -> usize {
        3
    }
    fn first_to_go(&self) -> &'static [usize] {
        &[NEXT]
    }
}

impl Pane for AttentionPane {
    fn name(&self) -> &'static str {
        "attention"
    }
    fn title(&self) -> &'static str {
        "Attention"
    }
    fn about(&self) -> &'static str {
        "Everything that is not as it should be, worst and newest first. Enter opens the object, w says why. Much has to hold for a while before it \
         stands here: how much does and has not held for as long, the frame says."
    }
    fn status(&self, scene: &Scene<'_>) -> String {
        let (rows, held_back) = (table::status(scene, self.name()), scene.world.held_back().count());
        if held_back > 0 { format!("{rows}, {held_back} not yet") } else { rows }
    }
    fn topics(&self) -> TopicSet {
        TopicSet::of(&[Topic::Gauges, Topic::Mounts, Topic::Facts])
    }
    fn rows_below(&self, width: u16, height: u16) -> u16 {
        u16::from(height > 3 && (width < NEXT_FROM || height >= ROOMY))
    }
    fn table(&self) -> Option<&'static dyn Table> {
        Some(&AttentionTable)
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        if scene.world.attention.is_empty() {
            let (glyph, text, role) = calm(scene);
            paint::put(buffer, area, (1, 0), &glyph.to_string(), scene.style(role));
            let role = if role == Role::Ok { Role::Text } else { role };
            paint::put_cut(scene, buffer, area, (3, 0), &text, scene.style(role));
            paint::put_cut(scene, buffer, area, (3, 1), &watched(scene), scene.style(Role::Dim));
            for (at, pending) in (2..area.height).zip(held_back(scene)) {
                paint::put_cut(scene, buffer, area, (3, at), &pending, scene.style(Role::Dim));
            }
        } else {
            let list = &scene.view.pane(self.name()).list;
            let below = self.rows_below(area.width, area.height);
            let rows = Rect { height: area.height - below, ..area };
            table::draw(scene, &AttentionTable, list, rows, buffer);
            if below > 0 {
                let at = Rect { y: rows.bottom(), height: 1, ..area };
                next_step(scene, list.row(), at, buffer);
            }
        }
    }
}

/// Narrower lists have no room for the column of the next step: the selected row's stands below the list.
const NEXT_FROM: u16 = 100;
/// Lists of so many lines have room for it below in any case, where it is not cut.
const ROOMY: u16 = 12;

fn next_step(scene: &Scene<'_>, row: Option<usize>, area: Rect, buffer: &mut Buffer) {
    let Some(item) = row.and_then(|row| scene.world.attention.get(row)) else { return };
    let took = paint::put(buffer, area, (1, 0), "next: ", scene.style(Role::Dim));
    paint::put_cut(scene, buffer, area, (1 + took, 0), &item.condition.next_step, scene.style(Role::Text));
}

/// What an empty list means: all quiet only where every source answers.
fn calm(scene: &Scene<'_>) -> (char, String, Role) {
    let world = scene.world;
    let states = || world.observed.sources.iter().map(|(name, status)| (name, status.state(scene.now)));
    let silent: Vec<_> = states().filter(|(_, state)| !matches!(state, SourceState::Ok | SourceState::Off)).collect();
    let answering = states().filter(|(_, state)| *state == SourceState::Ok).count();
    let (first, all) = (silent.first(), silent.len() + answering);
    match (first, answering) {
        (None, 0) => (scene.glyphs.waiting, "nothing is being watched yet".into(), Role::Unknown),
        (None, _) => {
            let since = world.quiet_since.map_or_else(String::new, |since| {
                format!(" since {} ({})", units::clock_minutes(since), units::age(scene.now, since))
            });
            (scene.glyphs.ok, format!("all quiet{since}"), Role::Ok)
        }
        (Some((name, state)), _) => {
            let others = if silent.len() > 1 { format!(" and {} more", silent.len() - 1) } else { String::new() };
            let word = if *state == SourceState::Waiting { "no answer yet" } else { state.word() };
            let text =
                format!("nothing found, but {} of {all} sources are not heard: {name} ({word}){others}", silent.len());
            (scene.glyphs.unknown, text, Role::Unknown)
        }
    }
}

/// What holds and has not held for long enough, the soonest first.
fn held_back(scene: &Scene<'_>) -> Vec<String> {
    let mut all: Vec<_> = scene.world.held_back().collect();
    all.sort_by(|a, b| a.raised_at.cmp(&b.raised_at).then_with(|| a.row.condition.object.cmp(&b.row.condition.object)));
    let words = all.iter().map(|pending| {
        let condition = &pending.row.condition;
        let left = pending.raised_at.duration_since(scene.now).as_secs_f64();
        format!("not yet: {} {} (told in {})", condition.subject(), condition.cause, units::span(left))
    });
    words.collect()
}

/// Kinds of sources, and how many of each answer.
fn watched(scene: &Scene<'_>) -> String {
    let mut kinds: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for status in scene.world.observed.sources.values() {
        let (ok, all) = kinds.entry(&status.report.kind).or_default();
        match status.state(scene.now) {
            SourceState::Ok => (*ok, *all) = (*ok + 1, *all + 1),
            SourceState::Off => {}
            _ => *all += 1,
        }
    }
    let words = kinds.iter().map(|(kind, (ok, all))| match all {
        0 => format!("{kind} off"),
        all => format!("{kind} {ok}/{all}"),
    });
    let words: Vec<_> = words.collect();
    if words.is_empty() { String::new() } else { format!("watching {}", words.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        keymap::Keymap,
        model::{
            Timestamp,
            attention::{Attention, Condition},
            object::ObjectKind,
            source::SourceReport,
        },
        ui::{glyphs, theme::Theme},
        view::View,
    };

    const START: i64 = 1_800_000_000;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(START + second).expect("in range")
    }

    fn drawn(world: &World, size: (u16, u16)) -> Vec<String> {
        let (mut view, theme, keymap) = (View::default(), Theme::monochrome(), Keymap::default());
        view.pane_mut("attention").list.refresh(&AttentionTable, world, false, 9);
        let scene = Scene {
            world,
            series: &world.series,
            view: &view,
            theme: &theme,
            glyphs: &glyphs::UNICODE,
            keymap: &keymap,
            now: at(720),
            focused: true,
        };
        let mut buffer = Buffer::empty(Rect::new(0, 0, size.0, size.1));
        AttentionPane.draw(&scene, buffer.area, &mut buffer);
        let text = |row: &[ratatui::buffer::Cell]| row.iter().map(|cell| cell.symbol()).collect::<String>();
        buffer.content().chunks(usize::from(size.0)).map(|row| text(row).trim_end().to_owned()).collect()
    }

    fn source(world: &mut World, name: &str, kind: &str, state: SourceState) {
        let report = SourceReport {
            name: name.into(),
            kind: kind.into(),
            topics: Topic::Gauges.into(),
            state,
            reason: None,
            hint: None,
            cadence_seconds: None,
        };
        world.report(at(0), report);
    }

    fn item(severity: Severity, kind: &str, name: &str, cause: &str, next: &str, began: i64) -> Attention {
        let object = ObjectRef::new(ObjectKind::Mount, name);
        let condition = Condition {
            rule: kind.into(),
            severity,
            kind: kind.into(),
            object: object.clone(),
            name: name.into(),
            cause: cause.into(),
            next_step: next.into(),
            count: 1,
            since: None,
        };
        Attention { condition, began: at(began), members: vec![object] }
    }

    #[test]
    fn calm_says_what_is_watched_and_since_when() {
        let mut world = World::at(at(0));
        assert_eq!(drawn(&world, (60, 2))[0], " ○ nothing is being watched yet");
        source(&mut world, "host/gauges", "host", SourceState::Ok);
        source(&mut world, "host/mounts", "host", SourceState::Ok);
        source(&mut world, "docker", "docker", SourceState::Off);
        assert_eq!(drawn(&world, (60, 2)), [" ✓ all quiet since 08:00Z (12m)", "   watching docker off, host 2/2"]);
        source(&mut world, "host/units", "host", SourceState::Waiting);
        assert_eq!(
            drawn(&world, (80, 2)),
            [
                " ? nothing found, but 1 of 3 sources are not heard: host/units (no answer yet)",
                "   watching docker off, host 2/3"
            ]
        );
    }

    #[test]
    fn the_next_step_goes_before_a_word_of_the_cause() {
        let mut world = World::at(at(720));
        world.attention = vec![
            item(Severity::Critical, "disk", "/var", "94 % used, full in 3h 10m", "free space", 0),
            item(Severity::Warn, "memory", "swap", "61 % of swap is used", "find who swaps", 600),
            item(Severity::Warn, "cpu", "\u{1b}[31mload", "load 4.1 a core", "find who works", 60),
        ];
        assert_eq!(
            drawn(&world, (110, 4)),
            [
                " ▾ KIND     OBJECT               CAUSE                                  AGE NEXT STEP",
                " ✖ disk     /var                 94 % used, full in 3h 10m              12m free space",
                " ▲ memory   swap                 61 % of swap is used                    2m find who swaps",
                " ▲ cpu      �[31mload            load 4.1 a core                        11m find who works",
            ]
        );
        assert_eq!(
            drawn(&world, (78, 2)),
            [
                " ▾ KIND     OBJECT               CAUSE                                     AGE",
                " ✖ disk     /var                 94 % used, full in 3h 10m                 12m",
            ]
        );
        assert_eq!(drawn(&world, (110, 12))[11], " next: free space");
        // The selected row's next step stands below a narrow list.
        assert_eq!(drawn(&world, (78, 5))[4], " next: free space");
        assert_eq!(drawn(&world, (60, 2))[1], " ✖ disk     /var                 94 % used, full in…     12m");
        assert_eq!(drawn(&world, (50, 2))[1], " ✖ disk     /var                 94 % used, full …");
    }
}
