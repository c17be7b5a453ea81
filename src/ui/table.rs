//! Draws a list: heading, the rows of the viewport, and nothing else. The cost follows the area, not the data.

use super::{paint, scene::Scene, theme::Role};
use crate::{
    keymap::Scope,
    model::text,
    view::{
        columns::{self, Place},
        list::ListState,
        order::Branch,
        table::{Table, Unit, Value, severity_column},
    },
};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
};
use unicode_width::UnicodeWidthChar;

/// Rows of a pane of this height that show data: all but the heading.
pub const fn body_height(height: u16) -> u16 {
    height.saturating_sub(1)
}

/// A list's state for the right end of its frame: how many rows; once moved, which one of how many; and what is filtered and
/// marked: `12/34 of 345 «web» 2 marked`.
pub fn status(scene: &Scene<'_>, pane: &str) -> String {
    let list = &scene.view.pane(pane).list;
    let shown = list.order.len();
    let mut words = if list.moved && shown > 0 { format!("{}/{shown}", list.cursor + 1) } else { shown.to_string() };
    if !list.filter.is_empty() {
        // Of a tree the rows that only lead to others are counted too: the figure is what is on the screen.
        words += &format!(" of {} «{}»", list.total, list.filter);
    }
    if !list.marked.is_empty() {
        words += &format!(" {} marked", list.marked.len());
    }
    words
}

/// What is the same for all rows of a drawing.
struct Drawing<'a> {
    scene: &'a Scene<'a>,
    table: &'a dyn Table,
    state: &'a ListState,
    places: Vec<Place>,
    /// Column that is indented in a tree.
    trunk: Option<usize>,
    severity: Option<usize>,
}

/// Draws the table's viewport into the area.
pub fn draw(scene: &Scene<'_>, table: &dyn Table, state: &ListState, area: Rect, buffer: &mut Buffer) {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return;
    }
    let shown = state.shown_in(table, scene.world);
    let places = columns::place(table, &shown, area.width, state.scroll_x);
    let severity = severity_column(table.columns());
    let words =
        || places.iter().map(|p| p.index).filter(|i| table.columns()[*i].unit == Unit::Text && Some(*i) != severity);
    let trunk =
        table.tree_column().or_else(|| words().find(|index| table.columns()[*index].grows)).or_else(|| words().next());
    let drawing =
        Drawing { scene, table, state, trunk: trunk.filter(|_| !state.branches.is_empty()), severity, places };
    drawing.heading(area, buffer);
    if state.order.is_empty() {
        empty(scene, table, state, area, buffer);
        return;
    }
    let rows = usize::from(body_height(area.height));
    let total = table.len(scene.world);
    for line in 0..rows {
        let at = state.offset + line;
        let Some((row, depth)) = state.order.get(at).copied() else { break };
        if (row as usize) < total {
            let line = Rect { y: area.y + 1 + line as u16, height: 1, ..area };
            drawing.row(at, row as usize, depth, line, buffer);
        }
    }
}

/// What an empty list says: why it is empty, and what to do about it.
fn empty(scene: &Scene<'_>, table: &dyn Table, state: &ListState, area: Rect, buffer: &mut Buffer) {
    let text = if !table.is_known(scene.world) {
        "waiting for the first answer".to_owned()
    } else if state.filter.is_empty() || state.total == 0 {
        "nothing here".to_owned()
    } else {
        let keys = scene.keymap.keys_for(&[Scope::List, Scope::Global], "filter-clear");
        let keys: Vec<String> = keys.unwrap_or_default().iter().map(ToString::to_string).collect();
        let way = if keys.is_empty() { String::new() } else { format!(": {} clears the filter", keys.join(" ")) };
        format!("nothing of {} matches «{}»{way}", state.total, state.filter)
    };
    paint::put_cut(scene, buffer, area, (columns::GUTTER, 1), &text, scene.style(Role::Dim));
}

impl Drawing<'_> {
    fn heading(&self, area: Rect, buffer: &mut Buffer) {
        let (sorted, descending) = self.state.sorting(self.table);
        for place in &self.places {
            let column = &self.table.columns()[place.index];
            let mut style = self.scene.style(Role::Header);
            if self.scene.focused && self.state.column == Some(place.index) {
                style = style.patch(self.scene.style(Role::Selected));
            }
            let mut title = column.title.to_owned();
            if sorted == place.index {
                let arrow = if descending { self.scene.glyphs.descending } else { self.scene.glyphs.ascending };
                let room = usize::from(place.width + place.skip).saturating_sub(1);
                title = title.chars().take(room).chain([arrow]).collect();
            }
            self.cell(*place, &title, column.unit.is_figure(), style, Rect { height: 1, ..area }, buffer);
        }
    }

    fn row(&self, at: usize, row: usize, depth: u16, line: Rect, buffer: &mut Buffer) {
        let scene = self.scene;
        let old = self.table.is_old(scene.world, row);
        let mut style = scene.style(if old { Role::Dim } else { Role::Text });
        let marked = !self.state.marked.is_empty() && self.state.marked.contains(&self.table.key(scene.world, row));
        if marked {
            style = style.patch(scene.style(Role::Marked));
        }
        let selected = at == self.state.cursor;
        if selected && scene.focused {
            style = style.patch(scene.style(Role::Selected));
            paint::fill(buffer, line, style);
        } else if selected {
            // Where another pane has the focus, the place is kept in mind quietly.
            style = style.add_modifier(Modifier::BOLD);
        }
        if marked {
            let glyph = scene.glyphs.mark.encode_utf8(&mut [0; 4]).to_owned();
            paint::put(buffer, line, (0, 0), &glyph, style.patch(scene.style(Role::Marked)));
        } else if self.severity.is_none() {
            // Without a column for it, how the row is doing stands where marks do.
            let place = Place { index: 0, x: 0, width: columns::GUTTER, skip: 0 };
            self.sign(place, row, selected, style, line, buffer);
        }
        for place in &self.places {
            if Some(place.index) == self.severity {
                self.sign(*place, row, selected, style, line, buffer);
            } else {
                let branch = self.state.branches.get(at).copied().unwrap_or_default();
                self.value(*place, row, (depth, branch), style, line, buffer);
            }
        }
    }

    /// The severity: a sign in its colour, and its word where there is room.
    fn sign(&self, place: Place, row: usize, selected: bool, style: Style, line: Rect, buffer: &mut Buffer) {
        let Some(severity) = self.table.severity(self.scene.world, row) else { return };
        let mut text = self.scene.glyphs.severity(severity).to_string();
        if place.width > 2 {
            text.push(' ');
            text += severity.word();
        }
        let role = self.scene.style(Scene::severity_role(severity));
        // On the selected row the background stays the selection's.
        let style = if selected && self.scene.focused { role.patch(style) } else { style.patch(role) };
        self.cell(place, &text, false, style, line, buffer);
    }

    fn value(&self, place: Place, row: usize, tree: (u16, Branch), style: Style, line: Rect, buffer: &mut Buffer) {
        let column = &self.table.columns()[place.index];
        let value = self.table.value(self.scene.world, row, place.index);
        let style = match value {
            Value::Unknown => style.patch(self.scene.style(Role::Unknown).add_modifier(Modifier::DIM)),
            _ => style,
        };
        let printed = value.printed(column.unit, self.scene.now);
        if self.trunk == Some(place.index) {
            let text = self.indented(&printed, tree, place);
            self.cell(place, &text, false, style, line, buffer);
        } else {
            self.cell(place, &printed, column.unit.is_figure(), style, line, buffer);
        }
    }

    /// A text behind its branch; the indent takes at most half of the column.
    fn indented(&self, text: &str, (depth, branch): (u16, Branch), place: Place) -> String {
        let sign = match branch {
            Branch::Leaf => ' ',
            Branch::Open => self.scene.glyphs.open,
            Branch::Folded => self.scene.glyphs.folded,
        };
        let indent = usize::from(depth.saturating_mul(2).min((place.width + place.skip) / 2));
        format!("{:indent$}{sign} {}", "", text::clean_to(text, 1_024))
    }

    /// One cell: a figure at the right end of its column, a text at the left, less what is scrolled away.
    fn cell(&self, place: Place, printed: &str, figure: bool, style: Style, line: Rect, buffer: &mut Buffer) {
        let area = Rect { x: line.x + place.x, width: place.width, ..line };
        let whole = place.width + place.skip;
        let lead = if figure { whole.saturating_sub(paint::width(printed)) } else { 0 };
        let x = lead.saturating_sub(place.skip);
        let away = place.skip.saturating_sub(lead);
        if away == 0 {
            paint::put_cut(self.scene, buffer, area, (x, 0), printed, style);
        } else if figure {
            // The last digits of a figure would be read as another figure.
            paint::put(buffer, area, (0, 0), self.scene.glyphs.ellipsis.encode_utf8(&mut [0; 4]), style);
        } else {
            let text = text::clean_to(printed, usize::from(whole) + 1);
            paint::put_cut(self.scene, buffer, area, (x, 0), &behind(&text, usize::from(away)), style);
        }
    }
}

/// What is left of a text behind its first columns; half of a wide character becomes a blank.
fn behind(text: &str, mut columns: usize) -> String {
    let mut chars = text.chars();
    while columns > 0 {
        let Some(c) = chars.next() else { break };
        match c.width().unwrap_or(0) {
            width if width > columns => return " ".repeat(width - columns) + chars.as_str(),
            width => columns -= width,
        }
    }
    chars.as_str().to_owned()
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
