//! Text onto the screen. Everything that is drawn passes [`put`], so everything is made harmless and nothing leaves its area.

use super::{scene::Scene, theme::Role};
use crate::{model::text, view::layout::Area};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use unicode_width::UnicodeWidthStr;

impl From<Area> for Rect {
    fn from(area: Area) -> Self {
        Self { x: area.x, y: area.y, width: area.width, height: area.height }
    }
}

impl From<Rect> for Area {
    fn from(area: Rect) -> Self {
        Self { x: area.x, y: area.y, width: area.width, height: area.height }
    }
}

/// Longest text that is looked at for one cell; anything longer cannot be on a screen.
const LONGEST: usize = 1_024;

/// Writes `text` at a place in the area, made harmless and cut at the area's right edge. Returns the columns that it took.
pub fn put(buffer: &mut Buffer, area: Rect, (x, y): (u16, u16), text: &str, style: Style) -> u16 {
    let area = area.intersection(buffer.area);
    if x >= area.width || y >= area.height {
        return 0;
    }
    let room = area.width - x;
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return put_ascii(
            buffer,
            (area.x + x, area.y + y),
            &text.as_bytes()[..text.len().min(usize::from(room))],
            style,
        );
    }
    let clean = text::clean_to(text, LONGEST);
    let (end, _) = buffer.set_stringn(area.x + x, area.y + y, clean, usize::from(room), style);
    end - (area.x + x)
}

/// Printable ASCII, which most text is: one byte is one cell, so nothing has to be measured or cut at graphemes.
fn put_ascii(buffer: &mut Buffer, (x, y): (u16, u16), text: &[u8], style: Style) -> u16 {
    let first = buffer.index_of(x, y);
    for (cell, byte) in buffer.content[first..first + text.len()].iter_mut().zip(text) {
        cell.set_char(char::from(*byte)).set_style(style);
    }
    text.len() as u16
}

/// [`put`], and where it does not fit, an ellipsis in the last column.
pub fn put_cut(scene: &Scene<'_>, buffer: &mut Buffer, area: Rect, at: (u16, u16), text: &str, style: Style) -> u16 {
    let took = put(buffer, area, at, text, style);
    let area = area.intersection(buffer.area);
    if at.0 < area.width && at.1 < area.height && width(text) > took {
        let last = area.x + area.width - 1;
        buffer[(last, area.y + at.1)].set_char(scene.glyphs.ellipsis).set_style(style);
    }
    took
}

/// [`put`] with its end at the area's right edge less `from_right`.
pub fn put_right(buffer: &mut Buffer, area: Rect, (from_right, y): (u16, u16), text: &str, style: Style) {
    let width = width(text).min(area.width);
    let x = area.width.saturating_sub(width).saturating_sub(from_right);
    put(buffer, area, (x, y), text, style);
}

/// Columns that the text takes once it is made harmless.
pub fn width(text: &str) -> u16 {
    u16::try_from(text::clean_to(text, LONGEST).width()).unwrap_or(u16::MAX)
}

/// Fills the area with a style, and with blanks.
pub fn fill(buffer: &mut Buffer, area: Rect, style: Style) {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return;
    }
    for y in area.top()..area.bottom() {
        let first = buffer.index_of(area.left(), y);
        for cell in &mut buffer.content[first..first + usize::from(area.width)] {
            cell.reset();
            cell.set_style(style);
        }
    }
}

/// Replaces what a terminal without Unicode cannot show, whatever wrote it: signs of ours by their ASCII likeness, letters from
/// outside by `?`. The last thing that is done to a buffer.
pub fn to_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if cell.symbol().is_ascii() {
            continue;
        }
        let likeness = match cell.symbol() {
            "°" | "\u{a0}" => ' ',
            "«" | "»" | "“" | "”" => '"',
            "’" => '\'',
            "·" => '.',
            "…" => '~',
            "×" => 'x',
            "–" | "—" | "−" | "─" => '-',
            "│" => '|',
            _ => '?',
        };
        cell.set_char(likeness);
    }
}

/// Fewer columns are no room for the words at a frame's right end.
const LEAST_STATUS: u16 = 12;

/// Draws the words at the right end of a frame's first line, behind what took so many columns. Where there is no room for all of them
/// they are cut: what narrows a list stands at their beginning, and must not be missing for want of room.
pub fn put_status(scene: &Scene<'_>, buffer: &mut Buffer, line: Rect, took: u16, words: &str) {
    let room = line.width.saturating_sub(took + 1);
    if !words.is_empty() && width(words) + 2 <= room {
        put_right(buffer, line, (0, 0), &format!(" {words} "), scene.style(Role::Dim));
    } else if !words.is_empty() && room >= LEAST_STATUS {
        let place = Rect { x: line.right() - room, width: room - 1, ..line };
        put_cut(scene, buffer, place, (0, 0), &format!(" {words}"), scene.style(Role::Dim));
    }
}

/// Draws a frame with a title and returns what is inside. Areas of less than three rows get a title line without a frame, so
/// that small terminals show content.
pub fn frame(scene: &Scene<'_>, buffer: &mut Buffer, area: Rect, title: &str, right: &str) -> Rect {
    let area = area.intersection(buffer.area);
    if area.height < 3 || area.width < 6 {
        return area;
    }
    let border = scene.style(if scene.focused { Role::BorderFocused } else { Role::Border });
    let signs =
        if scene.glyphs.ascii { ['+', '+', '+', '+', '-', '|'] } else { ['┌', '┐', '└', '┘', '─', '│'] };
    let (left, top, end, bottom) = (area.left(), area.top(), area.right() - 1, area.bottom() - 1);
    for x in left..=end {
        buffer[(x, top)].set_char(signs[4]).set_style(border);
        buffer[(x, bottom)].set_char(signs[4]).set_style(border);
    }
    for y in top..=bottom {
        buffer[(left, y)].set_char(signs[5]).set_style(border);
        buffer[(end, y)].set_char(signs[5]).set_style(border);
    }
    for ((x, y), sign) in [(left, top), (end, top), (left, bottom), (end, bottom)].into_iter().zip(signs) {
        buffer[(x, y)].set_char(sign).set_style(border);
    }
    let inner = Rect { x: left + 1, width: area.width - 2, ..area };
    let role = if scene.focused { Role::Title } else { Role::Dim };
    let took = put(buffer, inner, (0, 0), &format!(" {title} "), scene.style(role));
    put_status(scene, buffer, inner, took, right);
    Rect { x: left + 1, y: top + 1, width: area.width - 2, height: area.height - 2 }
}
