//! A text of several lines that is written in place, with what its wording should be looked at for.

use super::parts::remark_lines;
use crate::{
    incident::postmortem::{
        guidance,
        wording::{Remark, Wording},
    },
    modals::window,
    model::{
        input::{Key, KeyCode},
        journal::{EventId, Section},
        text,
    },
    ui::{lines, lines::Line, paint, scene::Scene, theme::Role},
};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
    widgets::Widget,
};
use tui_textarea::{CursorMove, TextArea, WrapMode};

/// Longest text of a section, in bytes.
const LONGEST: usize = 64 * 1024;
/// Rows that remarks may take of the area, at most a third of it.
const MOST_REMARKS: u16 = 6;

/// What is being written.
pub struct Editor {
    pub section: Section,
    /// The version that the text began from.
    pub over: Option<EventId>,
    area: TextArea<'static>,
    remarks: Vec<Remark>,
    /// Whether it is asked what becomes of a text that is not saved.
    pub leaving: bool,
}

impl Editor {
    /// A text to go on with.
    pub fn new(section: Section, text: &str, over: Option<EventId>, (wording, style): (&Wording, Style)) -> Self {
        let mut area = TextArea::new(text.lines().map(window::harmless).collect());
        area.set_style(style);
        area.set_cursor_style(style.add_modifier(Modifier::REVERSED));
        area.set_cursor_line_style(Style::new());
        area.set_wrap_mode(WrapMode::WordOrGlyph);
        area.move_cursor(CursorMove::Bottom);
        area.move_cursor(CursorMove::End);
        Self { section, over, area, remarks: wording.check(text), leaving: false }
    }

    /// What stands there.
    pub fn text(&self) -> String {
        self.area.lines().join("\n").trim_end().to_owned()
    }

    /// Takes a key that writes or moves; says whether the text is another now.
    pub fn on_key(&mut self, key: Key, wording: &Wording) -> bool {
        let changed = match key.code {
            KeyCode::Tab => self.area.insert_str("  "),
            KeyCode::Char('u' | 'z') if key.ctrl => self.area.undo(),
            KeyCode::Char(c) if key.typed().is_some() && !text::is_harmless(c) => false,
            _ if self.is_full() && key.typed().is_some() => false,
            _ => self.area.input(window::field_input(key)),
        };
        self.look(changed, wording)
    }

    /// Takes pasted text, as far as there is room.
    pub fn on_paste(&mut self, text: &str, wording: &Wording) -> bool {
        let room = LONGEST.saturating_sub(self.text().len());
        let lines: Vec<_> = text.lines().map(window::harmless).collect();
        let mut text = lines.join("\n");
        let end = (0..=room.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        let changed = self.area.insert_str(text);
        self.look(changed, wording)
    }

    fn is_full(&self) -> bool {
        self.area.lines().iter().map(|line| line.len() + 1).sum::<usize>() >= LONGEST
    }

    fn look(&mut self, changed: bool, wording: &Wording) -> bool {
        if changed {
            self.remarks = wording.check(&self.text());
        }
        changed
    }

    /// Draws guidance, text and remarks, one below the other. `beside` is said above the text, where there is something to say.
    pub fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer, beside: Option<&str>) {
        let mut above = vec![Line::of(Role::Dim, guidance(self.section))];
        above.extend(beside.map(|words| Line::of(Role::Warn, words)));
        let above = lines::wrap(above, area.width);
        let below = self.remarks.iter().flat_map(|remark| remark_lines(scene, remark)).collect();
        let below: Vec<Line> = lines::wrap(below, area.width);
        let rows_below = (below.len() as u16).min(MOST_REMARKS).min(area.height / 3);
        let rows_above = (above.len() as u16 + 1).min(area.height / 3);
        lines::draw(scene, &above, 0, Rect { height: rows_above, ..area }, buffer);
        let height = area.height - rows_above - rows_below;
        let middle = Rect { y: area.y + rows_above, height, ..area };
        self.area.render(middle, buffer);
        let under = Rect { y: middle.bottom(), height: rows_below, ..area };
        paint::fill(buffer, under, scene.style(Role::Text));
        lines::draw(scene, &below, 0, under, buffer);
        if below.len() > usize::from(rows_below) && rows_below > 0 {
            let more = format!(" {} lines more ", below.len() - usize::from(rows_below));
            let last = Rect { y: under.bottom() - 1, height: 1, ..under };
            paint::put_right(buffer, last, (0, 0), &more, scene.style(Role::Dim));
        }
    }
}
