//! Draws a list: heading, the rows of the viewport, and nothing else.

use super::{paint, scene::Scene, theme::Role};
use crate::view::{list::ListState, table::Table};
use ratatui::{buffer::Buffer, layout::Rect};

/// Rows of a pane of this height that show data: all but the heading.
pub const fn body_height(height: u16) -> u16 {
    height.saturating_sub(1)
}

/// Draws the table's viewport into the area. The cost follows the area, not the data.
pub fn draw(scene: &Scene<'_>, table: &dyn Table, state: &ListState, area: Rect, buffer: &mut Buffer) {
    let mut x = 0;
    for (index, column) in table.columns().iter().enumerate().filter(|(_, c)| c.shown) {
        paint::put(buffer, area, (x, 0), column.title, scene.style(Role::Header));
        for (line, (row, _)) in
            state.order.iter().skip(state.offset).take(usize::from(body_height(area.height))).enumerate()
        {
            let value = table.value(scene.world, *row as usize, index);
            let role = if state.cursor == state.offset + line { Role::Selected } else { Role::Text };
            let cell = Rect { width: (x + column.width).min(area.width), ..area };
            paint::put(buffer, cell, (x, 1 + line as u16), &value.printed(column.unit, scene.now), scene.style(role));
        }
        x += column.width + 1;
    }
}
