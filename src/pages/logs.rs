//! The log viewer: the Logs tab of a page, and the page of several objects whose lines are read together.

use super::{Details, name as name_of};
use crate::{
    model::{
        logs::{self, Ink, InkColour, Level, LineKind, LogLine, OriginState},
        object::{ObjectKind, ObjectRef},
        units,
    },
    ui::{
        lines::Line,
        paint,
        scene::Scene,
        theme::{
            Role,
            colour::{self, Depth},
        },
    },
    view::log::{
        Times, Viewer,
        columns::{self, Piece},
        rows_of,
    },
    world::World,
};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier, Style},
};
use unicode_width::UnicodeWidthChar;

/// Several objects whose lines are read together.
pub struct LogsDetails;

impl Details for LogsDetails {
    fn kinds(&self) -> &'static [ObjectKind] {
        &[ObjectKind::Logs]
    }
    fn name(&self, world: &World, object: &ObjectRef) -> String {
        let all = logs::apart(object);
        let names: Vec<_> = all.iter().take(3).map(|object| name_of(world, object)).collect();
        let more = if all.len() > 3 { ", …" } else { "" };
        format!("of {}: {}{more}", all.len(), names.join(", "))
    }
    fn state(&self, _: &Scene<'_>, _: &ObjectRef) -> String {
        String::new()
    }
    fn summary(&self, _: &Scene<'_>, _: &ObjectRef) -> Option<Vec<Line>> {
        None
    }
    fn yaml(&self, _: &World, _: &ObjectRef) -> Option<String> {
        None
    }
    fn has_logs(&self) -> bool {
        true
    }
}

/// Columns and rows for lines, in a body of this size.
pub const fn size((width, height): (u16, u16)) -> (u16, u16) {
    (width, height.saturating_sub(1))
}

/// Draws the viewer: a line on how it stands, and the lines.
pub fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let Some(viewer) = &scene.view.logs else { return };
    if area.is_empty() {
        return;
    }
    draw_standing(scene, viewer, Rect { height: 1, ..area }, buffer);
    let (width, height) = size((area.width, area.height));
    let body = Rect { y: area.y + 1, width, height, ..area };
    if viewer.store.shown().is_empty() {
        return draw_nothing(scene, viewer, body, buffer);
    }
    let taste = &scene.view.log_taste;
    let first = viewer.first_place(taste, (width, height));
    let shown: Vec<u64> = viewer.store.shown().range(first..).take(usize::from(height)).copied().collect();
    let folded = if taste.columns {
        columns::fold(shown.iter().filter_map(|number| viewer.store.line(*number)), &taste.fields)
    } else {
        Vec::new()
    };
    let mut y = 0;
    for (at, number) in shown.iter().enumerate() {
        let Some(line) = viewer.store.line(*number).filter(|_| y < height) else { break };
        let pieces = folded.get(at).and_then(Option::as_deref);
        let rest = Rect { y: body.y + y, height: height - y, ..body };
        y += draw_line(scene, viewer, (*number, line), pieces, rest, buffer);
    }
}

fn draw_nothing(scene: &Scene<'_>, viewer: &Viewer, area: Rect, buffer: &mut Buffer) {
    let text = match viewer.note {
        Some(note) => note,
        None if viewer.store.is_judging() => "filtering",
        None if !viewer.store.is_empty() => "no line passes the filter: / changes it",
        None if viewer.origins.iter().all(|origin| origin.state == OriginState::Waiting) => {
            "waiting for the first line"
        }
        None => "nothing written yet",
    };
    paint::put_cut(scene, buffer, area, (1, 0), text, scene.style(Role::Dim));
}

type Words = Vec<(String, Role)>;

fn draw_standing(scene: &Scene<'_>, viewer: &Viewer, area: Rect, buffer: &mut Buffer) {
    let left = standing(scene, viewer);
    let right = counts(viewer);
    let width = |words: &Words| words.iter().map(|(text, _)| paint::width(text) + 2).sum::<u16>().saturating_sub(2);
    let mut put = |mut x: u16, words: &Words| {
        for (text, role) in words {
            x += paint::put_cut(scene, buffer, area, (x, 0), text, scene.style(*role)) + 2;
        }
    };
    put(0, &left);
    let taken = width(&right);
    if width(&left) + 2 + taken <= area.width {
        put(area.width - taken, &right);
    }
}

/// How it stands: what is said first must be seen at every width.
fn standing(scene: &Scene<'_>, viewer: &Viewer) -> Words {
    let taste = &scene.view.log_taste;
    let mut words = Vec::new();
    let past = scene.view.cursor.filter(|_| viewer.note.is_none());
    if let Some(at) = past {
        // Lines are not kept with the moments: whoever looks at the past must not take what is written now for it.
        let clock = units::clock(at);
        words.push(match viewer.held {
            Some(_) if viewer.reaches(at) => {
                (format!("held at {clock}, later lines below are not of the past"), Role::Past)
            }
            Some(_) => (format!("no line here is as old as {clock}: s reaches further back"), Role::Past),
            None => (format!("live lines, not those of {clock}"), Role::Past),
        });
    }
    if let (None, Some(at)) = (past, viewer.held) {
        // Opened for an event of a timeline.
        let clock = units::clock(at);
        words.push(if viewer.reaches(at) {
            (format!("held at {clock}"), Role::Past)
        } else {
            (format!("no line here is as old as {clock}: s reaches further back"), Role::Past)
        });
    }
    words.push(match (viewer.previous, viewer.follow) {
        (true, _) => ("previous".to_owned(), Role::Past),
        (false, true) => ("following".to_owned(), Role::Ok),
        (false, false) => ("paused".to_owned(), Role::Warn),
    });
    let lost = viewer.store.lost;
    if lost > 0 {
        words.push((format!("{} too fast, dropped", units::count(lost as f64)), Role::Warn));
    }
    let down = viewer.count(OriginState::Down);
    if down > 0 {
        words.push((format!("{down} of {} silent", viewer.origins.len()), Role::Error));
    } else if viewer.origins.len() > 1 {
        words.push((format!("{} of {} open", viewer.count(OriginState::Open), viewer.origins.len()), Role::Dim));
    }
    let judge = &viewer.judge;
    if !judge.filter.is_empty() {
        words.push((format!("/{}", judge.filter), Role::Key));
    }
    if judge.least != Level::Unknown {
        words.push((format!("level>={}", judge.least.word()), Role::Key));
    }
    if !judge.hidden.is_empty() {
        words.push((format!("{} hidden", judge.hidden.len()), Role::Key));
    }
    if !judge.find.is_empty() {
        let (at, of) = viewer.hit_of();
        let at = at.map_or_else(|| "-".to_owned(), |at| at.to_string());
        words.push((format!("«{}» {at}/{of}", judge.find), Role::Match));
    }
    words.push((taste.reach.to_string(), Role::Dim));
    words
}

fn counts(viewer: &Viewer) -> Words {
    let store = &viewer.store;
    let mut text = match viewer.judge.hides() {
        true => format!("{} of {} lines", store.shown().len(), store.len()),
        false => format!("{} lines", store.len()),
    };
    if store.is_judging() {
        text = format!("filtering, {text}");
    }
    if store.dropped > 0 {
        text = format!("{text}, {} older dropped", units::count(store.dropped as f64));
    }
    vec![(text, Role::Dim)]
}

/// Draws a line from the area's first row on; returns the rows that it took.
fn draw_line(
    scene: &Scene<'_>,
    viewer: &Viewer,
    (number, line): (u64, &LogLine),
    pieces: Option<&[Piece]>,
    area: Rect,
    buffer: &mut Buffer,
) -> u16 {
    let taste = &scene.view.log_taste;
    let margin = viewer.margin(taste, area.width);
    let room = Rect { x: area.x + margin, width: area.width - margin, ..area };
    let wraps = taste.wrap && !taste.columns;
    let rows = if wraps { rows_of(&line.text, usize::from(room.width)).len() } else { 1 };
    let rows = u16::try_from(rows).unwrap_or(u16::MAX).min(area.height).max(1);
    let is_here = !viewer.follow && number == viewer.cursor;
    let is_marked = viewer.marks.contains(&number);
    if is_here || is_marked {
        let role = if is_here { Role::Selected } else { Role::Marked };
        paint::fill(buffer, Rect { height: rows, ..area }, scene.style(role));
    }
    let over = |style: Style| match (is_here, is_marked) {
        (true, _) => scene.style(Role::Selected),
        (false, true) => scene.style(Role::Marked),
        _ => style,
    };
    draw_margin(scene, viewer, (number, line), Rect { width: margin, height: 1, ..area }, &over, buffer);
    let text = match pieces {
        Some(pieces) => Styled::of_pieces(scene, line, pieces),
        None => Styled::of_line(scene, line),
    };
    let found = text.found(viewer);
    if wraps {
        for (y, (from, to)) in rows_of(&text.text, usize::from(room.width)).into_iter().enumerate().take(rows.into()) {
            text.put(scene, (from, to), &found, (0, y as u16), room, &over, buffer);
        }
    } else {
        let from = skipped(&text.text, viewer.shift);
        text.put(scene, (from, text.text.len()), &found, (0, 0), Rect { height: 1, ..room }, &over, buffer);
        if from > 0 && room.width > 0 {
            paint::put(buffer, room, (0, 0), &scene.glyphs.ellipsis.to_string(), over(scene.style(Role::Dim)));
        }
    }
    rows
}

/// The mark, the time and the origin before a line.
fn draw_margin(
    scene: &Scene<'_>,
    viewer: &Viewer,
    (number, line): (u64, &LogLine),
    area: Rect,
    over: &dyn Fn(Style) -> Style,
    buffer: &mut Buffer,
) {
    if viewer.marks.contains(&number) {
        paint::put(buffer, area, (0, 0), &scene.glyphs.mark.to_string(), scene.style(Role::Marked));
    }
    let times = scene.view.log_taste.times;
    let time = match times {
        Times::Hidden => String::new(),
        Times::Clock => line.at.strftime("%H:%M:%S%.3f").to_string(),
        Times::Age => format!("{:>6}", units::age(scene.now, line.at)),
    };
    paint::put(buffer, area, (1, 0), &time, over(scene.style(Role::Dim)));
    let width = viewer.name_width();
    if width > 0
        && let Some(origin) = viewer.origins.get(usize::from(line.origin))
    {
        const ROLES: [Role; 6] = [Role::Graph1, Role::Graph2, Role::Graph3, Role::Info, Role::Ok, Role::Header];
        let role = ROLES[usize::from(line.origin) % ROLES.len()];
        let x = 1 + times.width();
        let room = Rect { width: (x + width - 1).min(area.width.saturating_sub(1)), ..area };
        paint::put_cut(
            scene,
            buffer,
            room,
            (x, 0),
            tail_of(viewer.short_name(origin), width - 1),
            over(scene.style(role)),
        );
    }
}

/// The end of a name that is too long: pods of one workload differ there.
fn tail_of(name: &str, width: u16) -> &str {
    let excess = name.chars().count().saturating_sub(usize::from(width));
    name.char_indices().nth(excess).map_or("", |(at, _)| &name[at..])
}

/// Bytes of a text that are scrolled out to the left.
fn skipped(text: &str, columns: usize) -> usize {
    let mut used = 0;
    let first = text.char_indices().find(|(_, c)| {
        let out = used < columns;
        used += c.width().unwrap_or(0);
        !out
    });
    if columns == 0 { 0 } else { first.map_or(text.len(), |(at, _)| at) }
}

/// A text and the styles of its parts, each from a byte on.
struct Styled {
    text: String,
    parts: Vec<(usize, Style)>,
}

/// Longest text that is searched whole for one row.
const SEARCHED: usize = 8_192;

impl Styled {
    fn of_line(scene: &Scene<'_>, line: &LogLine) -> Self {
        let base = scene.style(role_of(line));
        let mut parts = vec![(0, base)];
        let has_colours = scene.style(Role::Error).fg.is_some();
        if scene.view.log_taste.inks && has_colours {
            parts.extend(line.inks.iter().map(|span| (span.from as usize, inked(scene, span.ink))));
        }
        Self { text: line.text.to_string(), parts }
    }

    fn of_pieces(scene: &Scene<'_>, line: &LogLine, pieces: &[Piece]) -> Self {
        let mut styled = Self { text: String::new(), parts: Vec::new() };
        for piece in pieces {
            match piece {
                Piece::Column(text) => styled.add(text, scene.style(Role::Header)),
                Piece::Message(text) => styled.add(text, scene.style(role_of(line))),
                Piece::Rest(name, value) => {
                    styled.add(&format!("  {name}="), scene.style(Role::Dim));
                    styled.add(value, scene.style(Role::Text));
                }
            }
        }
        styled
    }

    fn add(&mut self, text: &str, style: Style) {
        self.parts.push((self.text.len(), style));
        self.text.push_str(text);
    }

    fn found(&self, viewer: &Viewer) -> Vec<(usize, usize)> {
        let mut end = self.text.len().min(SEARCHED);
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        viewer.judge.found_in(&self.text[..end])
    }

    /// Puts a part of the text at a place.
    #[allow(clippy::too_many_arguments, reason = "a place, a text and what lies over it")]
    fn put(
        &self,
        scene: &Scene<'_>,
        (from, to): (usize, usize),
        found: &[(usize, usize)],
        (mut x, y): (u16, u16),
        area: Rect,
        over: &dyn Fn(Style) -> Style,
        buffer: &mut Buffer,
    ) {
        let bounds = self.parts.iter().map(|(at, _)| *at).chain(found.iter().flat_map(|(a, b)| [*a, *b]));
        let mut bounds: Vec<usize> = bounds.filter(|at| (from..to).contains(at)).chain([from, to]).collect();
        bounds.sort_unstable();
        bounds.dedup();
        for pair in bounds.windows(2) {
            let (start, end) = (pair[0], pair[1]);
            let part =
                self.parts.iter().rev().find(|(at, _)| *at <= start).map_or_else(Style::new, |(_, style)| *style);
            let is_found = found.iter().any(|(a, b)| (*a..*b).contains(&start));
            let style = over(part);
            let style = if is_found { style.patch(scene.style(Role::Match)) } else { style };
            let text = &self.text[start..end];
            x += paint::put(buffer, area, (x, y), text, style);
            if x >= area.width {
                if paint::width(&self.text[start..to]) > 0 && end < to || paint::width(text) > area.width {
                    paint::put(buffer, area, (area.width - 1, y), &scene.glyphs.ellipsis.to_string(), over(part));
                }
                break;
            }
        }
    }
}

/// The role of a line's text: a colour only where it is grave.
fn role_of(line: &LogLine) -> Role {
    match (line.kind, line.level) {
        (LineKind::Marker, _) => Role::Info,
        (_, Level::Fatal) => Role::Critical,
        (_, Level::Error) => Role::Error,
        (_, Level::Warn) => Role::Warn,
        (_, Level::Trace | Level::Debug) => Role::Dim,
        _ => Role::Text,
    }
}

/// The style for a colour that a writer chose: one of the sixteen, and none that may be the background.
fn inked(scene: &Scene<'_>, ink: Ink) -> Style {
    let color = match ink.colour {
        InkColour::Plain => None,
        InkColour::Indexed(at @ 0..16) => Some(colour::NAMED[usize::from(at)].1),
        InkColour::Indexed(at) => Some(colour::fit(Color::Indexed(at), Depth::Sixteen)),
        InkColour::Rgb(r, g, b) => Some(colour::fit(Color::Rgb(r, g, b), Depth::Sixteen)),
    };
    let base = scene.style(Role::Text);
    let style = match color {
        Some(Color::Black | Color::White | Color::Gray) | None => base,
        Some(color) => base.fg(color),
    };
    if ink.bold { style.add_modifier(Modifier::BOLD) } else { style }
}
