//! What both stages draw: the frame, rows beside a text, and how the screen is divided among them.

use crate::{
    app::App,
    pages,
    runbook::{run::Mode, target::Target},
    ui::{
        lines::{self, Line},
        paint,
        scene::Scene,
        theme::Role,
    },
};
use ratatui::{buffer::Buffer, layout::Rect};

/// From so many columns on the rows and the text stand side by side.
const WIDE: u16 = 110;

/// The areas of the screen.
pub struct Places {
    pub head: Rect,
    pub rows: Rect,
    pub panel: Rect,
    /// What waits for a person.
    pub prompt: Rect,
    pub hint: Rect,
    pub is_wide: bool,
}

/// Divides the inside of the frame: `rows` are there, and the prompt takes so many lines.
pub fn divide(inner: Rect, rows: usize, prompt: u16) -> Places {
    let line = |y: u16| Rect { y: inner.y + y.min(inner.height), height: u16::from(y < inner.height), ..inner };
    let hint = line(inner.height.saturating_sub(1));
    let prompt_height = prompt.min(inner.height.saturating_sub(3));
    let prompt = Rect { y: hint.y.saturating_sub(prompt_height), height: prompt_height, ..inner };
    let body = Rect { y: inner.y + 1.min(inner.height), height: prompt.y.saturating_sub(inner.y + 1), ..inner };
    let is_wide = inner.width >= WIDE;
    let (rows, panel) = if is_wide {
        let width = inner.width * 9 / 20;
        (Rect { width, ..body }, Rect { x: body.x + width + 1, width: body.width - width - 1, ..body })
    } else {
        // On a low screen the text beside the rows has more than half of it.
        let most = (body.height * 2 / 5).max(1);
        let height = u16::try_from(rows).unwrap_or(u16::MAX).min(most).min(body.height);
        (Rect { height, ..body }, Rect { y: body.y + height, height: body.height - height, ..body })
    };
    Places { head: line(0), rows, panel, prompt, hint, is_wide }
}

/// One row of the list.
pub struct Row {
    pub sign: char,
    pub role: Role,
    pub text: String,
    /// A word or two at its right end.
    pub right: String,
    /// Whether it is what everything else waits for now.
    pub is_now: bool,
}

/// Draws rows so that the chosen one is among them.
pub fn draw_rows(scene: &Scene<'_>, rows: &[Row], chosen: usize, area: Rect, buffer: &mut Buffer) {
    let height = usize::from(area.height).max(1);
    let first = chosen.saturating_sub(height / 2).min(rows.len().saturating_sub(height));
    for (y, (at, row)) in rows.iter().enumerate().skip(first).take(usize::from(area.height)).enumerate() {
        let is_chosen = at == chosen;
        let place = Rect { y: area.y + y as u16, height: 1, ..area };
        let style = |role| scene.style(if is_chosen { Role::Selected } else { role });
        if is_chosen {
            paint::fill(buffer, place, style(Role::Selected));
        }
        let (now, sign) = (if row.is_now { scene.glyphs.folded } else { ' ' }, row.sign);
        let mut x = paint::put(buffer, place, (0, 0), &format!("{now}{sign} "), style(row.role));
        let right = paint::width(&row.right).min(area.width / 2);
        let room = Rect { width: area.width.saturating_sub(right + u16::from(right > 0)), ..place };
        let role = if row.is_now { Role::Title } else { Role::Text };
        x += paint::put_cut(scene, buffer, room, (x, 0), &row.text, style(role));
        if right > 0 && x < area.width {
            paint::put_cut(scene, buffer, place, (area.width - right, 0), &row.right, style(row.role));
        }
    }
}

/// Draws a text with a title in the panel, scrolled. Returns nothing: what does not fit is counted at its end.
pub fn draw_panel(
    scene: &Scene<'_>,
    places: &Places,
    title: &str,
    text: Vec<Line>,
    scroll: usize,
    buffer: &mut Buffer,
) {
    let area = places.panel;
    if area.height == 0 {
        return;
    }
    let inner = if places.is_wide {
        paint::frame(scene, buffer, area, title, "")
    } else {
        let rule = if scene.glyphs.ascii { "-" } else { "─" };
        let words = format!("{rule}{rule} {title} ");
        let took = paint::put_cut(scene, buffer, area, (0, 0), &words, scene.style(Role::Title));
        let rest = rule.repeat(usize::from(area.width.saturating_sub(took)));
        paint::put(buffer, area, (took, 0), &rest, scene.style(Role::Border));
        Rect { y: area.y + 1, height: area.height - 1, ..area }
    };
    let wrapped = lines::wrap(text, inner.width);
    let first = lines::clamp(scroll, wrapped.len(), inner.height);
    lines::draw(scene, &wrapped, first, inner, buffer);
    let below = wrapped.len().saturating_sub(first + usize::from(inner.height));
    if below > 0 && inner.height > 0 {
        let last = Rect { y: inner.bottom() - 1, height: 1, ..inner };
        let words = format!(" {below} more lines: PgDn ");
        paint::put_right(buffer, last, (0, 0), &words, scene.style(Role::Key));
    }
}

/// Lines that the panel's text has at most to be scrolled by.
pub fn panel_lines(places: &Places, text: Vec<Line>) -> usize {
    lines::wrap(text, places.panel.width.saturating_sub(2)).len()
}

/// The first line: what it is, and at the right how it is meant.
pub fn draw_head(scene: &Scene<'_>, area: Rect, title: &str, right: &[(Role, String)], buffer: &mut Buffer) {
    let width: u16 = right.iter().map(|(_, text)| paint::width(text) + 2).sum();
    let room = Rect { width: area.width.saturating_sub(width), ..area };
    paint::put_cut(scene, buffer, room, (0, 0), title, scene.style(Role::Title));
    let mut x = area.width.saturating_sub(width);
    for (role, text) in right {
        x += 2;
        x += paint::put_cut(scene, buffer, area, (x, 0), text, scene.style(*role));
    }
}

/// How a mode is shown: what is done for real stands out.
pub fn mode(mode: Mode) -> (Role, String) {
    match mode {
        Mode::Live => (Role::Armed, "LIVE".into()),
        Mode::Drill => (Role::Info, "DRILL".into()),
        Mode::Tabletop => (Role::Dim, "TABLETOP".into()),
    }
}

/// How what is acted on is doing now, as far as it is watched.
pub fn target_now(app: &App, scene: &Scene<'_>, target: &Target) -> Option<Line> {
    let object = app.target_object(target)?;
    let state = pages::state(scene, &object).filter(|state| !state.is_empty())?;
    let severity = crate::panes::severity_of(scene.world, object.kind, &object.id);
    let role = severity.map_or(Role::Text, Scene::severity_role);
    Some(Line::of(Role::Dim, "target now  ").and(role, state))
}
