//! Bars of one moment: a horizontal gauge, and one sign a core for any number of cores.

use super::{paint, scene::Scene, theme::Role};
use crate::model::units;
use ratatui::{buffer::Buffer, layout::Rect};

/// A horizontal gauge in the first row of the area. Whole cells only, so that noise changes nothing.
pub fn bar(scene: &Scene<'_>, ratio: Option<f64>, role: Role, area: Rect, buffer: &mut Buffer) {
    let area = Rect { height: area.height.min(1), ..area }.intersection(buffer.area);
    let Some(ratio) = ratio else {
        paint::put(buffer, area, (0, 0), units::UNKNOWN, scene.style(Role::Unknown));
        return;
    };
    let full = (ratio.clamp(0.0, 1.0) * f64::from(area.width)).round() as u16;
    for x in 0..area.width {
        let (sign, role) = if x < full { (scene.glyphs.gauge.0, role) } else { (scene.glyphs.gauge.1, Role::Dim) };
        buffer[(area.x + x, area.y)].set_char(sign).set_style(scene.style(role));
    }
}

/// One upright bar of one cell.
pub fn sign(scene: &Scene<'_>, ratio: Option<f64>) -> char {
    // A core that is known never has a blank: blank is nothing.
    ratio.map_or('?', |ratio| scene.glyphs.bars[((ratio.clamp(0.0, 1.0) * 8.0).round() as usize).max(1)])
}

/// Columns of a labelled bar: number, bar, figure.
const LABELLED: u16 = 17;

/// Rows that [`cores`] uses of an area of this size.
pub fn cores_height(count: usize, width: u16, height: u16) -> u16 {
    let rows = |columns: u16| count.div_ceil(usize::from(columns.max(1))) as u16;
    let labelled = rows(width / LABELLED);
    if labelled <= height && width >= LABELLED { labelled } else { rows(width).min(height) }
}

/// A bar for each core: labelled ones where they all fit, otherwise one sign a core, as many as fit.
pub fn cores(scene: &Scene<'_>, ratios: &[Option<f64>], area: Rect, buffer: &mut Buffer) {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return;
    }
    let columns = area.width / LABELLED;
    if columns > 0 && ratios.len().div_ceil(usize::from(columns)) <= usize::from(area.height) {
        for (core, ratio) in ratios.iter().enumerate() {
            let (column, row) = (core as u16 % columns, core as u16 / columns);
            let cell = Rect { x: area.x + column * LABELLED, y: area.y + row, width: LABELLED - 1, height: 1 };
            labelled(scene, core, *ratio, cell, buffer);
        }
        return;
    }
    let room = usize::from(area.width) * usize::from(area.height);
    let all_fit = ratios.len() <= room;
    for (core, ratio) in ratios.iter().take(room).enumerate() {
        let (x, y) = (core as u16 % area.width, core as u16 / area.width);
        let last = !all_fit && core + 1 == room;
        let sign = if last { scene.glyphs.ellipsis } else { sign(scene, *ratio) };
        buffer[(area.x + x, area.y + y)].set_char(sign).set_style(scene.style(Role::Graph1));
    }
}

fn labelled(scene: &Scene<'_>, core: usize, ratio: Option<f64>, cell: Rect, buffer: &mut Buffer) {
    paint::put(buffer, cell, (0, 0), &format!("{core:>3}"), scene.style(Role::Dim));
    bar(scene, ratio, Role::Graph1, Rect { x: cell.x + 4, width: 6, ..cell }, buffer);
    let text = ratio.map_or(units::UNKNOWN.into(), units::percent);
    paint::put_right(buffer, cell, (0, 0), &text, scene.style(Role::Text));
}
