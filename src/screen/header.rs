//! The first line: where we are, the pages, whether a key can do harm, and the time. What fits is shown, the least important
//! left out first.

use crate::{
    app::App,
    model::units,
    ui::{paint, scene::Scene, theme::Role},
};
use ratatui::{buffer::Buffer, layout::Rect};

/// A word of the header at its place.
#[derive(Debug, Clone, PartialEq)]
struct Piece {
    x: u16,
    text: String,
    role: Role,
    /// The page that it stands for.
    page: Option<usize>,
}

/// How much of each part is shown.
#[derive(Debug, Clone, Copy)]
struct Stage {
    brand: bool,
    host: bool,
    pages: Titles,
    long_mode: bool,
    clock: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Titles {
    Full,
    Short,
    /// The word of the page that is shown, and the digits of the others.
    Digits,
    /// The page that is shown, and nothing else.
    One,
}

/// From everything to next to nothing; the first that fits is used.
const STAGES: [Stage; 12] = {
    use Titles::{Digits, Full, One, Short};
    const fn stage(brand: bool, host: bool, pages: Titles, long_mode: bool, clock: bool) -> Stage {
        Stage { brand, host, pages, long_mode, clock }
    }
    [
        stage(true, true, Full, true, true),
        stage(true, true, Short, true, true),
        stage(false, true, Short, true, true),
        stage(false, true, Short, false, true),
        stage(false, false, Short, true, true),
        stage(false, false, Short, false, true),
        stage(false, true, Digits, true, true),
        stage(false, true, Digits, false, true),
        stage(false, false, Digits, true, true),
        stage(false, false, Digits, false, true),
        stage(false, false, One, false, true),
        stage(false, false, One, false, false),
    ]
};

/// Longest host name that is shown whole.
const HOST: usize = 24;

fn left(app: &App, stage: Stage) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut x = 0;
    let mut add = |text: String, role, page, gap: u16| {
        let width = paint::width(&text);
        pieces.push(Piece { x, text, role, page });
        x += width + gap;
    };
    if stage.brand {
        add("flightdeck".into(), Role::Title, None, 2);
    }
    let facts = app.shown().observed.facts.as_ref();
    if let Some(facts) = facts.filter(|facts| stage.host && !facts.hostname.is_empty()) {
        let name: String = facts.hostname.chars().take(HOST).collect();
        add(name, Role::Text, None, 2);
    }
    for (index, page) in app.settings.pages.iter().enumerate() {
        let shown = index == app.view.page;
        let short = page.short.as_deref().unwrap_or(&page.title);
        let text = match stage.pages {
            Titles::Full => format!(" {} {} ", page.key, page.title),
            Titles::Short => format!(" {} {short} ", page.key),
            Titles::Digits if !shown => format!(" {} ", page.key),
            Titles::One if !shown => continue,
            Titles::Digits | Titles::One => format!(" {} {short} ", page.key),
        };
        add(text, if shown { Role::Selected } else { Role::Dim }, Some(index), 0);
    }
    pieces
}

/// Mode and clock, from left to right.
fn right(app: &App, stage: Stage) -> Vec<(String, Role)> {
    let scene = app.scene();
    let mut parts = vec![mode(app, stage.long_mode)];
    if stage.clock {
        let past = app.moment.is_some() || app.player.is_some();
        let clock = if past || app.ticks() { units::clock(scene.now) } else { units::clock_minutes(scene.now) };
        parts.push((clock, if past { Role::Past } else { Role::Text }));
    }
    parts
}

/// What can be done to what is shown, and how far it is from now.
fn mode(app: &App, long: bool) -> (String, Role) {
    if let Some(player) = app.player {
        let seconds = |from, to: crate::model::Timestamp| duration(to.duration_since(from).as_secs());
        let place = seconds(player.first, player.position);
        // What is not now says so at every width.
        let all = if long { format!(" of {}", seconds(player.first, player.last)) } else { String::new() };
        let text = format!("REPLAY {place}{all}");
        return (text, Role::Past);
    }
    if let Some(moment) = &app.moment {
        let age = units::age(app.now, moment.now);
        return (if long { format!("PAST {age} ago") } else { format!("PAST {age}") }, Role::Past);
    }
    match (app.policy.past.is_some(), app.policy.armed, long) {
        (true, ..) => ("PAST".into(), Role::Past),
        (_, true, _) => ("ARMED".into(), Role::Armed),
        (_, _, true) => ("READ-ONLY".into(), Role::ReadOnly),
        (_, _, false) => ("RO".into(), Role::ReadOnly),
    }
}

/// `3:07`, `1:02:03`.
pub fn duration(seconds: i64) -> String {
    let s = seconds.max(0);
    if s < 3_600 {
        format!("{}:{:02}", s / 60, s % 60)
    } else {
        format!("{}:{:02}:{:02}", s / 3_600, s / 60 % 60, s % 60)
    }
}

/// The first stage that fits this width, laid out.
fn plan(app: &App, width: u16) -> Vec<Piece> {
    let lay = |stage: Stage| {
        let mut pieces = left(app, stage);
        let used = pieces.last().map_or(0, |piece| piece.x + paint::width(&piece.text));
        let right = right(app, stage);
        let wanted: u16 = right.iter().map(|(text, _)| paint::width(text) + 2).sum();
        let mut x = (width + 2).saturating_sub(wanted);
        let fits = used + wanted <= width + 1;
        for (text, role) in right {
            let next = x + paint::width(&text) + 2;
            pieces.push(Piece { x, text, role, page: None });
            x = next;
        }
        (fits, pieces)
    };
    let mut last = Vec::new();
    for stage in STAGES {
        let (fits, pieces) = lay(stage);
        if fits {
            return pieces;
        }
        last = pieces;
    }
    last
}

/// The page whose title lies at a column of the header.
pub fn page_at(app: &App, column: u16) -> Option<usize> {
    let pieces = plan(app, app.view.size.0);
    let hit = pieces.iter().find(|piece| (piece.x..piece.x + paint::width(&piece.text)).contains(&column));
    hit.and_then(|piece| piece.page)
}

/// Draws the header.
pub fn draw(app: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    for piece in plan(app, area.width) {
        paint::put(buffer, area, (piece.x, 0), &piece.text, scene.style(piece.role));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::event::{Event, EventKind},
        model::{
            source::{SourceReport, SourceState},
            topic::Topic,
        },
        screen::kit::{app, line},
    };

    fn header(width: u16) -> String {
        let app = app((width, 24));
        line(&app, 0)
    }

    #[test]
    fn what_fits_is_shown_and_the_mode_always() {
        let wide = header(160);
        assert!(
            wide.starts_with("flightdeck  bastion-1   1 Overview  2 Host  3 GPU  4 Containers  5 Kubernetes   "),
            "{wide}"
        );
        assert!(wide.ends_with("  READ-ONLY  02:14Z") && paint::width(&wide) == 160, "{wide}");
        assert_eq!(
            header(80),
            "bastion-1   1 Overview  2 Host  3 GPU  4 Cont  5 K8s           READ-ONLY  02:14Z",
            "the brand goes first"
        );
        assert_eq!(header(40), " 1 Overview  2  3  4  5       RO  02:14Z");
        assert_eq!(header(20), " 1 Overview       RO");
        for width in 1..200 {
            let text = header(width);
            assert!(width < 15 || text.contains("RO") || text.contains("READ-ONLY"), "{width}: {text}");
        }
    }

    #[test]
    fn a_title_that_is_shown_can_be_pressed() {
        let app = app((80, 24));
        let text = line(&app, 0);
        let column = |word: &str| text[..text.find(word).expect(word)].chars().count() as u16;
        assert_eq!(page_at(&app, column("3 GPU")), Some(2));
        assert_eq!(page_at(&app, column("bastion")), None);
    }

    #[test]
    fn the_clock_shows_seconds_only_while_they_cost_nothing() {
        let mut app = app((120, 24));
        let report = SourceReport {
            name: "host/gauges".into(),
            kind: "host".into(),
            topics: Topic::Gauges.into(),
            state: SourceState::Ok,
            reason: None,
            hint: None,
            cadence_seconds: Some(1.0),
        };
        app.update(Event { at: app.now, kind: EventKind::Report(report) });
        let updates = EventKind::Updates { source: "host/gauges".into(), updates: vec![] };
        app.update(Event { at: app.now, kind: updates });
        assert!(line(&app, 0).ends_with("02:14:07Z"), "{}", line(&app, 0));
        app.now = app.now.checked_add(jiff::SignedDuration::from_secs(5)).expect("a time");
        assert!(line(&app, 0).ends_with("02:14Z"), "{}", line(&app, 0));
    }

    #[test]
    fn the_mode_says_what_a_key_can_do() {
        let mut app = app((120, 24));
        app.policy.armed = true;
        assert!(line(&app, 0).contains("ARMED"));
        app.moment = Some(Box::new(crate::world::World::at("2026-11-23T02:02:07Z".parse().expect("a time"))));
        assert!(line(&app, 0).ends_with("PAST 12m ago  02:02:07Z"), "{}", line(&app, 0));
    }
}
