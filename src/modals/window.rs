//! What modals share: a window that adapts to small terminals, a line to type into, moving about, and text in lines.

use super::Modal;
use crate::{
    app::App,
    keymap::{Lookup, Scope},
    model::{
        input::{Key, KeyCode, Mouse, MouseKind},
        text,
    },
    ui::{paint, scene::Scene, theme::Role},
};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};
use unicode_segmentation::UnicodeSegmentation;

/// Narrower terminals, and lower ones, give a modal the whole screen.
const SMALL: (u16, u16) = (50, 12);

/// Clears the last line of the screen, where something is typed, and the one above for a hint, which a screen of one line has no room
/// for; `None` where there is no screen.
pub fn last_lines(scene: &Scene<'_>, buffer: &mut Buffer, area: Rect) -> Option<(Rect, Option<Rect>)> {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return None;
    }
    let bottom = Rect { y: area.bottom() - 1, height: 1, ..area };
    let above = (area.height > 1).then(|| Rect { y: bottom.y - 1, ..bottom });
    for line in [Some(bottom), above].into_iter().flatten() {
        paint::fill(buffer, line, scene.style(Role::Text));
    }
    Some((bottom, above))
}

/// Where a window of at most this size lies: in the middle, or everywhere on a small terminal.
pub fn place(area: Rect, (width, height): (u16, u16)) -> Rect {
    if area.width < SMALL.0 || area.height < SMALL.1 {
        return area;
    }
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 3, width, height }
}

/// What is inside a window's frame.
pub fn inside(window: Rect) -> Rect {
    if window.height < 3 || window.width < 6 {
        return window;
    }
    Rect { x: window.x + 1, y: window.y + 1, width: window.width - 2, height: window.height - 2 }
}

/// Draws an empty window, with a title at the left of its frame and a few words at the right. Returns what is inside.
pub fn draw(scene: &Scene<'_>, buffer: &mut Buffer, window: Rect, title: &str, right: &str) -> Rect {
    let scene = Scene { focused: true, ..*scene };
    paint::fill(buffer, window, scene.style(Role::Text));
    paint::frame(&scene, buffer, window, title, right);
    inside(window)
}

/// Whether a key closes a modal: Esc, and what the key map has for going back, unless it would type something.
pub fn closes(key: Key, app: &App) -> bool {
    let back = || app.settings.keymap.look_up(&[Scope::Global], &[key]) == Lookup::Action("back");
    key == Key::plain(KeyCode::Esc) || (key.typed().is_none() && back())
}

/// A step in a list or a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    By(isize),
    Pages(isize),
    First,
    Last,
}

impl Motion {
    /// The step that a key means: by the key map, and the arrows whatever it says. While text is typed, letters are letters.
    pub fn of(key: Key, app: &App, typing: bool) -> Option<Self> {
        if typing && key.typed().is_some() {
            return None;
        }
        if let Lookup::Action(action) = app.settings.keymap.look_up(&[Scope::Text, Scope::List], &[key]) {
            match action {
                "row-down" => return Some(Self::By(1)),
                "row-up" => return Some(Self::By(-1)),
                "rows-page-down" => return Some(Self::Pages(1)),
                "rows-page-up" => return Some(Self::Pages(-1)),
                "row-first" => return Some(Self::First),
                "row-last" => return Some(Self::Last),
                _ => {}
            }
        }
        match key.code {
            KeyCode::Down => Some(Self::By(1)),
            KeyCode::Up => Some(Self::By(-1)),
            KeyCode::Char('n') if key.ctrl => Some(Self::By(1)),
            KeyCode::Char('p') if key.ctrl => Some(Self::By(-1)),
            KeyCode::PageDown => Some(Self::Pages(1)),
            KeyCode::PageUp => Some(Self::Pages(-1)),
            KeyCode::Home => Some(Self::First),
            KeyCode::End => Some(Self::Last),
            _ => None,
        }
    }

    /// The step that the mouse means.
    pub const fn of_mouse(mouse: Mouse) -> Option<Self> {
        match mouse.kind {
            MouseKind::ScrollDown => Some(Self::By(3)),
            MouseKind::ScrollUp => Some(Self::By(-3)),
            _ => None,
        }
    }

    /// Where the step leads from `at`, with `last` the last place and `page` rows on the screen.
    pub fn from(self, at: usize, last: usize, page: usize) -> usize {
        let to = match self {
            Self::By(step) => at.saturating_add_signed(step),
            Self::Pages(step) => at.saturating_add_signed(step * page.saturating_sub(1).max(1) as isize),
            Self::First => 0,
            Self::Last => last,
        };
        to.min(last)
    }
}

/// A line of text being typed. Its end is where one types.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line(pub String);

/// Longest text that can be typed.
const LONGEST: usize = 2_000;

impl Line {
    /// Takes a key; says whether the text changed.
    pub fn on_key(&mut self, key: Key) -> bool {
        let before = self.0.len();
        match key.code {
            KeyCode::Backspace => {
                self.0.pop();
            }
            KeyCode::Char('u') if key.ctrl => self.0.clear(),
            KeyCode::Char('w') if key.ctrl => {
                let end = self.0.trim_end().rfind(' ').map_or(0, |at| at + 1);
                self.0.truncate(end);
            }
            _ => self.add(key.typed().as_slice()),
        }
        self.0.len() != before
    }

    /// Takes pasted text; of several lines makes one, with blanks in between.
    pub fn paste(&mut self, text: &str) {
        let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
        let blank = |c: char| if c == '\t' { ' ' } else { c };
        self.add(&lines.chars().map(blank).filter(|c| !c.is_control()).collect::<Vec<_>>());
    }

    fn add(&mut self, chars: &[char]) {
        let room = LONGEST.saturating_sub(self.0.chars().count());
        self.0.extend(chars.iter().take(room));
    }

    /// Draws the line with a sign before it and the place where one types after it; a long one shows its end.
    pub fn draw(&self, scene: &Scene<'_>, buffer: &mut Buffer, area: Rect, sign: &str) {
        let room = area.width.saturating_sub(paint::width(sign) + 2);
        let shown = end_of(&self.0, room);
        let mut x = paint::put(buffer, area, (0, 0), sign, scene.style(Role::Key));
        x += paint::put(buffer, area, (x, 0), shown, scene.style(Role::Text));
        paint::put(buffer, area, (x, 0), if scene.glyphs.ascii { "_" } else { "▏" }, scene.style(Role::Key));
    }
}

/// The end of a text that fits into so many columns.
fn end_of(text: &str, room: u16) -> &str {
    // Every character but those without a width takes a column at least, so that no more of a long text is looked at.
    let begins = text.char_indices().rev().map(|(at, _)| at);
    let fit = begins.take_while(|at| paint::width(&text[*at..]) <= room).last();
    fit.map_or("", |at| &text[at..])
}

/// A line of a text field, without anything that moves the cursor.
pub fn harmless(line: &str) -> String {
    line.chars().map(|c| if text::is_harmless(c) { c } else { ' ' }).collect()
}

/// A key as text fields take it.
pub fn field_input(key: Key) -> tui_textarea::Input {
    tui_textarea::Input { key: field_key(key.code), ctrl: key.ctrl, alt: key.alt, shift: key.shift }
}

/// A key without its modifiers as text fields take it.
const fn field_key(code: KeyCode) -> tui_textarea::Key {
    use tui_textarea::Key as Field;
    match code {
        KeyCode::Char(c) => Field::Char(c),
        KeyCode::Enter => Field::Enter,
        KeyCode::Backspace => Field::Backspace,
        KeyCode::Delete => Field::Delete,
        KeyCode::Left => Field::Left,
        KeyCode::Right => Field::Right,
        KeyCode::Up => Field::Up,
        KeyCode::Down => Field::Down,
        KeyCode::Home => Field::Home,
        KeyCode::End => Field::End,
        KeyCode::PageUp => Field::PageUp,
        KeyCode::PageDown => Field::PageDown,
        _ => Field::Null,
    }
}

/// Divides a text into lines of at most this width, between words where it can.
pub fn wrap(text: &str, width: u16) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut word = word.to_owned();
        let line = lines.last().map_or(0, |line| paint::width(line));
        if line > 0 && line + 1 + paint::width(&word) > width {
            lines.push(String::new());
        }
        while paint::width(&word) > width {
            let (head, tail) = split(&word, width);
            lines.pop_if(|line| line.is_empty());
            lines.extend([head, String::new()]);
            word = tail;
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() && !word.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
    }
    lines
}

/// The part of a word that fits, at least one sign of it, and the rest.
fn split(word: &str, width: u16) -> (String, String) {
    let mut head = String::new();
    for sign in word.graphemes(true) {
        if !head.is_empty() && paint::width(&head) + paint::width(sign) > width {
            break;
        }
        head.push_str(sign);
    }
    let tail = word[head.len()..].to_owned();
    (head, tail)
}

/// A list in a window, one line a row. It scrolls so that the selected row, the `cursor`, is on the screen.
#[derive(Debug, Clone, Copy)]
pub struct List {
    pub area: Rect,
    /// How many rows there are in all.
    pub rows: usize,
}

impl List {
    fn first(self, cursor: usize) -> usize {
        offset(cursor, self.rows, usize::from(self.area.height))
    }

    /// The rows that are on the screen, each with its line.
    pub fn shown(self, cursor: usize) -> impl Iterator<Item = (usize, Rect)> {
        let lines = (self.area.y..self.area.bottom()).map(move |y| Rect { y, height: 1, ..self.area });
        (self.first(cursor)..self.rows).zip(lines)
    }

    /// The row that a step leads to.
    pub fn step(self, cursor: usize, motion: Motion) -> usize {
        motion.from(cursor, self.rows.saturating_sub(1), usize::from(self.area.height))
    }

    /// The row that is there on the screen.
    pub fn at(self, cursor: usize, place: Position) -> Option<usize> {
        let at = self.area.contains(place).then(|| self.first(cursor) + usize::from(place.y - self.area.y))?;
        (at < self.rows).then_some(at)
    }
}

/// First row on the screen, so that the row at `cursor` is on it.
fn offset(cursor: usize, rows: usize, height: usize) -> usize {
    let height = height.max(1);
    cursor.saturating_sub(height / 2).min(rows.saturating_sub(height))
}

/// Where a modal is drawn.
pub fn screen(app: &App) -> Rect {
    Rect::from(app.work_area())
}

/// Opens a modal over everything else, closing one of the same name: pressing its key twice does not stack it.
pub fn open(app: &mut App, modal: Box<dyn Modal>) {
    app.modals.retain(|other| other.name() != modal.name());
    app.open_modal(modal);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_is_typed_and_corrected() {
        let mut line = Line::default();
        for c in "one two".chars() {
            assert!(line.on_key(Key::char(c)));
        }
        assert!(line.on_key("ctrl-w".parse().expect("a key")));
        assert_eq!(line.0, "one ");
        assert!(!line.on_key("ctrl-x".parse().expect("a key")));
        line.paste("a\u{1b}b \n\r\n\tc\n");
        assert_eq!(line.0, "one ab  c");
        assert!(line.on_key("ctrl-u".parse().expect("a key")));
        assert!(line.0.is_empty());
    }

    #[test]
    fn a_long_line_shows_its_end() {
        assert_eq!(["", "abc", "abcd", "abcde"].map(|text| end_of(text, 4)), ["", "abc", "abcd", "bcde"]);
        assert_eq!(
            (end_of("ab\u{6f22}\u{5b57}", 3), end_of("abe\u{301}", 2), end_of("abc", 0)),
            ("\u{5b57}", "be\u{301}", "")
        );
    }

    #[test]
    fn words_are_wrapped() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(wrap("", 4), [""]);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_it_may_be(text in "[a-zé漢 ]{0,60}", width in 2u16..20) {
            let lines = wrap(&text, width);
            prop_assert!(lines.iter().all(|line| paint::width(line) <= width), "{lines:?}");
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }

        #[test]
        fn the_cursor_is_on_the_screen(cursor in 0usize..50, rows in 1usize..50, height in 1usize..20) {
            let cursor = cursor.min(rows - 1);
            let first = offset(cursor, rows, height);
            prop_assert!(first <= cursor && cursor < first + height);
        }
    }
}
