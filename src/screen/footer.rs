//! The last line: what can be done here, how fresh each source is, and what the cockpit costs.

use super::header::duration;
use crate::{
    action,
    app::App,
    keymap::{shown, written},
    model::{
        attention::Severity,
        finding::{Level, Status},
        own::OwnUsage,
        source::SourceState,
        units,
    },
    ui::{paint, scene::Scene, theme::Role},
};
use compact_str::CompactString;
use ratatui::{buffer::Buffer, layout::Rect};
use std::collections::BTreeMap;

type Pieces = Vec<(String, Role)>;

/// Draws the footer: the newest notice while it is fresh, otherwise the hints; at the right, the state of things.
pub fn draw(app: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let status = status(app, scene, area.width);
    let taken = width(&status);
    let mut room = Rect { width: area.width.saturating_sub(taken + u16::from(taken > 0) * 2), ..area };
    if let Some(notice) = app.current_notice() {
        let text = format!("{} {}", scene.glyphs.severity(notice.severity), notice.text);
        // A message that needs the whole line gets it for as long as it is shown.
        if paint::width(&text) > room.width {
            room = area;
        } else {
            put(buffer, area, area.width - taken, &status, scene);
        }
        let role = Scene::severity_role(notice.severity);
        paint::put_cut(scene, buffer, room, (0, 0), &text, scene.style(role));
        return;
    }
    put(buffer, area, area.width.saturating_sub(taken), &status, scene);
    if !app.pending.is_empty() {
        let text = format!("{} {}", written(&app.pending), scene.glyphs.ellipsis);
        paint::put(buffer, room, (0, 0), &text, scene.style(Role::Key));
        return;
    }
    let mut x = 0;
    for (keys, title) in hints(app) {
        let wanted = paint::width(&keys) + 1 + paint::width(title);
        if x + wanted > room.width {
            break;
        }
        paint::put(buffer, room, (x, 0), &keys, scene.style(Role::Key));
        paint::put(buffer, room, (x + paint::width(&keys) + 1, 0), title, scene.style(Role::Dim));
        x += wanted + 2;
    }
}

/// Keys and titles of the actions that the footer names, the most important first.
fn hints(app: &App) -> Vec<(String, &'static str)> {
    let scopes = app.scopes();
    let mut actions: Vec<_> =
        action::all().filter(|a| a.hint > 0 && scopes.contains(&a.scope) && app.has_use_for(a.name)).collect();
    actions.sort_by_key(|action| std::cmp::Reverse(action.hint));
    let keys = |name| app.settings.keymap.keys_for(&scopes, name).map(shown);
    actions.into_iter().filter_map(|action| Some((keys(action.name)?, action.title))).collect()
}

/// The right end of the line: as much of it as leaves half of the line to the hints.
fn status(app: &App, scene: &Scene<'_>, columns: u16) -> Pieces {
    let families = families(scene);
    let troubled: Pieces = families.iter().filter(|(_, role)| *role != Role::Ok).cloned().collect();
    let own = vec![(cost(&app.world.observed.own), Role::Dim)];
    let doing = doing(app, scene);
    let counts = violations(scene);
    let stages = [
        [doing.clone(), families.clone(), counts.clone(), own.clone()].concat(),
        [doing.clone(), families.clone(), counts].concat(),
        [doing.clone(), families.clone(), own].concat(),
        [doing.clone(), families].concat(),
        [doing.clone(), troubled].concat(),
        doing,
    ];
    stages.into_iter().find(|pieces| width(pieces) <= columns * 3 / 5).unwrap_or_default()
}

/// Recording and playing.
fn doing(app: &App, scene: &Scene<'_>) -> Pieces {
    let mut pieces = Vec::new();
    if app.recording {
        pieces.push((format!("{} REC", scene.glyphs.info), Role::Error));
    }
    if let Some(player) = app.player {
        const CELLS: i64 = 12;
        let whole = player.last.duration_since(player.first).as_secs().max(1);
        let at = player.position.duration_since(player.first).as_secs().clamp(0, whole);
        let full = (at * CELLS / whole) as usize;
        let mut bar: String = (0..CELLS as usize)
            .map(|cell| if cell < full { scene.glyphs.gauge.0 } else { scene.glyphs.gauge.1 })
            .collect();
        if app.reading {
            bar = format!("reading history{}", scene.glyphs.ellipsis);
        }
        let word = if player.playing { "playing" } else { "paused" };
        pieces.push((format!("{word} {}x {bar} {} / {}", player.speed, duration(at), duration(whole)), Role::Past));
    }
    pieces
}

/// One sign a family of sources, and the age of those that are not well.
fn families(scene: &Scene<'_>) -> Pieces {
    let mut families: BTreeMap<&CompactString, (SourceState, Option<f64>)> = BTreeMap::new();
    for source in scene.world.observed.sources.values() {
        let state = source.state(scene.now);
        // Nobody asks it now, so it says nothing about its family.
        if source.report.cadence_seconds.is_none() && state != SourceState::Down {
            continue;
        }
        let since = || scene.now.duration_since(source.since).as_secs_f64();
        let age = source.age_seconds(scene.now).or_else(|| Some(since()));
        let entry = families.entry(&source.report.kind).or_insert((state, age));
        if rank(state) > rank(entry.0) {
            *entry = (state, age);
        }
    }
    let shown = families.into_iter().filter(|(_, (state, _))| *state != SourceState::Off);
    let pieces = shown.map(|(kind, (state, age))| {
        let age = age.filter(|_| state.is_silent()).map(units::span);
        let text = format!("{kind} {}{}", scene.glyphs.source(state), age.unwrap_or_default());
        (text, Scene::source_role(state))
    });
    pieces.collect()
}

/// How many violations there are of each weight: `2 block ✖13 ▲7 ?1`. Nothing where there is none; what is only worth knowing is not
/// counted here.
fn violations(scene: &Scene<'_>) -> Pieces {
    let (mut block, mut error, mut warn, mut unknown) = (0, 0, 0, 0);
    for ruling in scene.world.observed.rulings.iter() {
        *match (ruling.finding.status, ruling.finding.level) {
            (Status::Unknown, _) => &mut unknown,
            (Status::Fail, Level::Block) => &mut block,
            (Status::Fail, Level::Error) => &mut error,
            (Status::Fail, Level::Warn) => &mut warn,
            (Status::Waived, _) | (Status::Fail, Level::Info) => continue,
        } += 1;
    }
    let glyph = |severity| scene.glyphs.severity(severity);
    let counts = [
        (block, format!("{block} block"), Role::Critical),
        (error, format!("{}{error}", glyph(Severity::Error)), Role::Error),
        (warn, format!("{}{warn}", glyph(Severity::Warn)), Role::Warn),
        (unknown, format!("{}{unknown}", glyph(Severity::Unknown)), Role::Unknown),
    ];
    let found: Vec<_> = counts.into_iter().filter(|(count, ..)| *count > 0).collect();
    let Some((_, _, role)) = found.first() else { return Vec::new() };
    vec![(found.iter().map(|(_, text, _)| text.as_str()).collect::<Vec<_>>().join(" "), *role)]
}

/// How much a state weighs in its family: the worst one is the family's.
const fn rank(state: SourceState) -> u8 {
    match state {
        SourceState::Off => 0,
        SourceState::Ok => 1,
        SourceState::Waiting => 2,
        SourceState::Stale => 3,
        SourceState::Down => 4,
    }
}

/// `0.2 % 11 MB 0 B/s`: so few digits that it seldom changes.
pub fn cost(own: &OwnUsage) -> String {
    let unknown = || units::UNKNOWN.to_owned();
    let cpu = own.cpu_ratio.map_or_else(unknown, |ratio| format!("{:.1}", ratio * 100.0));
    let memory = own.memory_bytes.map_or_else(unknown, |bytes| (bytes / 1_000_000).to_string());
    let output = own.output_bytes_per_second.map_or_else(|| "? B/s".to_owned(), rough_rate);
    format!("{cpu} % {memory} MB {output}")
}

/// A rate with two digits that count: `0 B/s`, `37 B/s`, `420 B/s`, `1.3 kB/s`, `23 kB/s`.
fn rough_rate(rate: f64) -> String {
    let rate = rate.max(0.0);
    let digits = if rate < 1.0 { 0.0 } else { 10_f64.powf(rate.log10().floor() - 1.0).max(1.0) };
    let rough = if digits > 0.0 { (rate / digits).round() * digits } else { rate.round() };
    match rough {
        r if r < 1e3 => format!("{r:.0} B/s"),
        r if r < 1e4 => format!("{:.1} kB/s", r / 1e3),
        r if r < 1e6 => format!("{:.0} kB/s", r / 1e3),
        r => format!("{:.1} MB/s", r / 1e6),
    }
}

/// Columns that pieces take, with two blanks between them.
fn width(pieces: &Pieces) -> u16 {
    pieces.iter().map(|(text, _)| paint::width(text) + 2).sum::<u16>().saturating_sub(2)
}

fn put(buffer: &mut Buffer, area: Rect, mut x: u16, pieces: &Pieces, scene: &Scene<'_>) {
    for (text, role) in pieces {
        x += paint::put(buffer, area, (x, 0), text, scene.style(*role)) + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::event::{Event, EventKind, PlayerState},
        model::{source::SourceReport, topic::Topic, update::Update},
        screen::kit::{app, line},
    };

    fn report(app: &mut App, name: &str, kind: &str, state: SourceState) {
        let report = SourceReport {
            name: name.into(),
            kind: kind.into(),
            topics: Topic::Own.into(),
            state,
            reason: None,
            hint: None,
            cadence_seconds: Some(1.0),
        };
        app.update(Event { at: app.now, kind: EventKind::Report(report) });
    }

    #[test]
    fn hints_and_status_share_the_line() {
        let mut app = app((120, 24));
        report(&mut app, "host/a", "host", SourceState::Waiting);
        app.update(Event { at: app.now, kind: EventKind::Updates { source: "host/a".into(), updates: vec![] } });
        report(&mut app, "prom/a", "prom", SourceState::Down);
        let own = OwnUsage {
            cpu_ratio: Some(0.0021),
            memory_bytes: Some(11_400_000),
            output_bytes_per_second: Some(0.2),
            recorder_bytes: None,
        };
        app.update(Event {
            at: app.now,
            kind: EventKind::Updates { source: "x".into(), updates: vec![Update::Own(own)] },
        });
        let text = line(&app, 23);
        assert!(text.starts_with("Enter open  "), "{text}");
        assert!(text.ends_with("host ●  prom ✖0s  0.2 % 11 MB 0 B/s"), "{text}");
        app.view.size = (40, 24);
        let text = line(&app, 23);
        assert!(text.starts_with("Enter open") && text.ends_with("host ●  prom ✖0s"), "{text}");
    }

    #[test]
    fn violations_are_counted_by_their_weight() {
        let mut app = app((120, 24));
        let ruling = |level: &str, status: &str| {
            serde_json::json!({
                "finding": {
                    "check": "11f", "fingerprint": "f", "title": "t", "level": level, "status": status, "scope": "repo", "resource": "a",
                    "origin": "a", "file": null, "span": null, "pointer": null, "observed": "", "expected": "", "fix": "", "owner": null,
                    "waiver": null,
                },
                "first_seen": "2026-11-23T02:00:00Z", "is_new": false,
            })
        };
        let all = [("block", "fail"), ("error", "fail"), ("error", "fail"), ("warn", "fail"), ("info", "fail")];
        let all = all.into_iter().chain([("block", "waived"), ("error", "unknown")]);
        let rulings: Vec<_> = all.map(|(level, status)| ruling(level, status)).collect();
        let news = serde_json::from_value(serde_json::json!({ "source": "rules/repo", "rulings": rulings }));
        let updates = vec![Update::Rules(Box::new(news.expect("news")))];
        app.update(Event { at: app.now, kind: EventKind::Updates { source: "rules/repo".into(), updates } });
        assert!(line(&app, 23).contains("1 block ✖2 ▲1 ?1"), "{}", line(&app, 23));
    }

    #[test]
    fn a_notice_takes_the_place_of_the_hints() {
        let mut app = app((60, 24));
        app.notice(Severity::Warn, "mind the gap");
        assert!(line(&app, 23).starts_with("▲ mind the gap"));
        app.notice(Severity::Warn, "x".repeat(80));
        assert!(line(&app, 23).ends_with("x…"), "{}", line(&app, 23));
    }

    #[test]
    fn a_recording_shows_where_it_stands() {
        let mut app = app((120, 24));
        let time = |text: &str| text.parse().expect("a time");
        app.player = Some(PlayerState {
            first: time("2026-11-23T02:00:00Z"),
            last: time("2026-11-23T02:10:00Z"),
            position: time("2026-11-23T02:05:00Z"),
            playing: true,
            speed: 2.0,
        });
        app.recording = true;
        app.set_reading(true);
        assert!(line(&app, 23).contains("playing 2x reading history… 5:00"), "{}", line(&app, 23));
        let history = EventKind::History(Box::default());
        app.update(Event { at: app.now, kind: history });
        assert!(line(&app, 23).contains("● REC  playing 2x ██████░░░░░░ 5:00 / 10:00"), "{}", line(&app, 23));
    }

    #[test]
    fn rates_are_rough() {
        for (rate, text) in [
            (0.0, "0 B/s"),
            (0.4, "0 B/s"),
            (37.2, "37 B/s"),
            (423.0, "420 B/s"),
            (1_312.0, "1.3 kB/s"),
            (23_456.0, "23 kB/s"),
            (999_999.0, "1.0 MB/s"),
        ] {
            assert_eq!(rough_rate(rate), text);
        }
        assert_eq!(cost(&OwnUsage::default()), "? % ? MB ? B/s");
    }
}
