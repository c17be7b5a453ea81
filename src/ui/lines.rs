//! Text in lines of spans, each with a role: what text panes and object pages are made of.

use super::{paint, scene::Scene, theme::Role};
use crate::model::{object::ObjectRef, text, units};
use ratatui::{buffer::Buffer, layout::Rect};
use std::borrow::Cow;
use unicode_width::UnicodeWidthChar;

/// One line: pieces of text, each in a role; some lead to an object.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Line(pub Vec<(Role, String)>, Option<Box<Link>>);

/// Where a line leads.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    pub object: ObjectRef,
    /// Word of the tab to show: `Summary`, `Why`, `Logs`.
    pub tab: &'static str,
}

/// Columns of the labels in lines of label and value.
const LABEL: usize = 18;

impl Line {
    /// An empty line.
    pub const fn empty() -> Self {
        Self(Vec::new(), None)
    }

    /// A line of one piece. Text from outside is made harmless here.
    pub fn of(role: Role, text: impl AsRef<str>) -> Self {
        Self::empty().and(role, text)
    }

    /// With another piece at its end.
    #[must_use]
    pub fn and(mut self, role: Role, piece: impl AsRef<str>) -> Self {
        self.0.push((role, text::clean(piece.as_ref()).into_owned()));
        self
    }

    /// The same line, leading to an object; the sign of it stands at its end.
    #[must_use]
    pub fn leading_to(self, object: ObjectRef, tab: &'static str, words: &str) -> Self {
        let mut line = self.and(Role::Key, format!("→ {words}"));
        line.1 = Some(Box::new(Link { object, tab }));
        line
    }

    /// Where it leads.
    pub fn link(&self) -> Option<&Link> {
        self.1.as_deref()
    }

    /// The same text, all of it in one role.
    #[must_use]
    pub fn all_in(mut self, role: Role) -> Self {
        self.0.iter_mut().for_each(|piece| piece.0 = role);
        self
    }

    /// A heading.
    pub fn heading(text: &str) -> Self {
        Self::of(Role::Header, text)
    }

    /// A label and its value.
    pub fn pair(label: &str, value: impl AsRef<str>) -> Self {
        Self::of(Role::Dim, format!("{label:<LABEL$} ")).and(Role::Text, value)
    }

    /// A label and a value that may be unknown.
    pub fn maybe<T>(label: &str, value: Option<T>, print: impl Fn(T) -> String) -> Self {
        match value {
            Some(value) => Self::pair(label, print(value)),
            None => Self::pair(label, "").and(Role::Unknown, units::UNKNOWN),
        }
    }

    /// The text without roles.
    pub fn plain(&self) -> String {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }
}

/// Breaks lines that are wider than `width`, so that nothing is lost behind the right edge.
pub fn wrap(lines: Vec<Line>, width: u16) -> Vec<Line> {
    let width = usize::from(width.max(1));
    let mut wrapped = Vec::with_capacity(lines.len());
    for line in lines {
        let fits = line.0.iter().map(|(_, text)| usize::from(paint::width(text))).sum::<usize>() <= width
            && line.0.iter().all(|(_, text)| text.len() < 1_024);
        if fits {
            wrapped.push(line);
        } else {
            break_line(&line, width, &mut wrapped);
        }
    }
    wrapped
}

fn break_line(line: &Line, width: usize, wrapped: &mut Vec<Line>) {
    // What follows a label stands below what followed it before.
    let label = line.0.first().map_or(0, |(_, text)| usize::from(paint::width(text)));
    let indent = if width > LABEL * 2 && line.0.len() > 1 { label.min(LABEL + 1) } else { 0 };
    let all: Vec<(Role, char)> = line.0.iter().flat_map(|(role, text)| text.chars().map(|c| (*role, c))).collect();
    let mut rest = all.as_slice();
    while !rest.is_empty() {
        let first = rest.len() == all.len();
        let room = if first { width } else { width - indent };
        let (now, later) = rest.split_at(fitting(rest, room, if first { indent } else { 0 }));
        let mut broken = if first { Line::empty() } else { Line::of(Role::Dim, " ".repeat(indent)) };
        for (role, c) in now {
            match broken.0.last_mut().filter(|(last, _)| last == role) {
                Some((_, text)) => text.push(*c),
                None => broken.0.push((*role, c.to_string())),
            }
        }
        if first {
            broken.1.clone_from(&line.1);
        }
        wrapped.push(broken);
        rest = later;
    }
}

/// How many characters go into a line of this width: up to the last blank, unless that would leave more than half of it empty.
/// At least one, so that every line gets on. The first `label` characters are never broken.
fn fitting(text: &[(Role, char)], width: usize, label: usize) -> usize {
    let mut x = 0;
    let fits = text.iter().take_while(|(_, c)| {
        x += c.width().unwrap_or(0);
        x <= width
    });
    let most = fits.count().max(1);
    if most == text.len() {
        return most;
    }
    let blank = text[..most].iter().rposition(|(_, c)| *c == ' ').map_or(0, |at| at + 1);
    if blank > label && blank * 2 > most { blank } else { most }
}

/// Draws the lines from `first` on. The cost follows the area.
pub fn draw(scene: &Scene<'_>, lines: &[Line], first: usize, area: Rect, buffer: &mut Buffer) {
    for (y, line) in lines.iter().skip(first).take(usize::from(area.height)).enumerate() {
        let mut x = 0;
        for (role, text) in &line.0 {
            if x >= area.width {
                break;
            }
            x += paint::put_cut(scene, buffer, area, (x, y as u16), text, scene.style(*role));
        }
    }
}

/// The first line to show so that no more than the area's height is left blank at the end.
pub fn clamp(scroll: usize, lines: usize, height: u16) -> usize {
    scroll.min(lines.saturating_sub(usize::from(height)))
}

/// `text`, or `?` where there is none.
pub fn known(text: Option<&str>) -> Cow<'_, str> {
    text.map_or(Cow::Borrowed(units::UNKNOWN), Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_and_nothing_is_lost() {
        let line = Line::of(Role::Text, "abcdefghij").and(Role::Dim, "klmno");
        let wrapped = wrap(vec![line], 6);
        assert_eq!(wrapped.iter().map(Line::plain).collect::<Vec<_>>(), ["abcdef", "ghijkl", "mno"]);
        let words = wrap(vec![Line::of(Role::Text, "systemd unit failed, again")], 14);
        assert_eq!(words.iter().map(Line::plain).collect::<Vec<_>>(), ["systemd unit ", "failed, again"]);
        assert_eq!(wrap(vec![Line::of(Role::Text, "\u{1b}[2J")], 80)[0].plain(), "\u{fffd}[2J");
    }

    proptest::proptest! {
        #[test]
        fn no_line_is_too_wide_and_no_sign_is_lost(label in "[a-z ]{0,20}", text in "[a-z 漢]{0,120}", width in 2u16..60) {
            let line = Line::of(Role::Dim, &label).and(Role::Text, &text);
            let whole = line.plain().replace(' ', "");
            let wrapped = wrap(vec![line], width);
            proptest::prop_assert!(wrapped.iter().all(|line| paint::width(&line.plain()) <= width));
            let joined: String = wrapped.iter().map(Line::plain).collect();
            proptest::prop_assert_eq!(joined.replace(' ', ""), whole);
        }
    }
}
