//! The history of one or two figures, in Braille, blocks or ASCII.
//!
//! Written for few bytes: the picture moves by whole cells and seldom ([`Window`]), values are cut to what one dot can show, and
//! areas are filled, so that a move changes the edge of the curve and not what lies below it. A value that is known has at least
//! one dot; a gap has none.

use super::{glyphs, paint, scene::Scene, theme::Role};
use crate::{
    model::{
        Timestamp,
        series::{Fold, Series},
        units,
    },
    view::{
        GRAPH_SPANS,
        graph::{GraphMode, Window, nice_binary, nice_decimal},
    },
};
use ratatui::{buffer::Buffer, layout::Rect};

/// What the figures of a graph mean; decides its ceiling and how they are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// 0–1; the ceiling is always 100 %.
    Ratio,
    BytesPerSecond,
    Number,
    /// A number of any size: what somebody else measures.
    Any,
    Celsius,
    Watts,
    /// CPU time; 1.0 is one core, printed as percent of one.
    Cores,
    Bytes,
}

impl Scale {
    fn ceiling(self, max: f64) -> f64 {
        match self {
            Self::Ratio => 1.0,
            Self::BytesPerSecond => nice_binary(max),
            Self::Number => nice_decimal(max, 1.0),
            Self::Any => nice_decimal(max, 1e-9),
            Self::Cores => nice_decimal(max, 0.1),
            Self::Bytes => nice_binary(max),
            Self::Celsius | Self::Watts => nice_decimal(max, 100.0),
        }
    }

    /// A figure as it is printed.
    pub fn print(self, value: f64) -> String {
        match self {
            Self::Ratio => units::percent(value),
            Self::BytesPerSecond => units::bytes_per_second(value),
            Self::Cores => units::percent_fine(value),
            Self::Bytes => units::bytes(value),
            Self::Number => format!("{value:.1}"),
            Self::Any => units::figure(value),
            Self::Celsius => format!("{value:.0} °C"),
            Self::Watts => format!("{value:.0} W"),
        }
    }
}

/// How a second series shares the area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Second {
    /// On top of the first: both are parts of one whole.
    Stacked,
    /// In its own half below, with the same ceiling.
    Below,
}

/// A graph: one or two series with a word for each.
#[derive(Clone, Copy)]
pub struct Graph<'a> {
    pub scale: Scale,
    pub first: (&'a str, Option<&'a Series>),
    pub second: Option<(&'a str, Option<&'a Series>, Second)>,
}

impl<'a> Graph<'a> {
    /// A graph of one series.
    pub const fn of(scale: Scale, word: &'a str, series: Option<&'a Series>) -> Self {
        Self { scale, first: (word, series), second: None }
    }

    /// With a second series.
    #[must_use]
    pub const fn with(mut self, word: &'a str, series: Option<&'a Series>, second: Second) -> Self {
        self.second = Some((word, series, second));
        self
    }
}

/// From this height on, the last row says how far back the graph reaches.
const AXIS_FROM: u16 = 5;

type Points = Vec<Option<f64>>;

/// Draws the graph into the area. The cost follows the area.
pub fn draw(scene: &Scene<'_>, graph: &Graph<'_>, area: Rect, buffer: &mut Buffer) {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return;
    }
    let mode = if scene.glyphs.ascii { GraphMode::Ascii } else { scene.view.graph_mode };
    let window = window(scene, graph.first.1, area.width, mode);
    let first = points(graph.first.1, &window);
    let second = graph.second.map(|(word, series, how)| (word, points(series, &window), how));
    let max = second.iter().flat_map(|(_, points, _)| points).chain(&first).flatten().copied().fold(0.0, f64::max);
    let ceiling = graph.scale.ceiling(max);
    let axis = u16::from(area.height >= AXIS_FROM);
    let plot = Rect { height: area.height - axis, ..area };
    let brush = Brush { scene, mode, ceiling, per_cell: window.per_cell };
    let mut below = plot.bottom();
    match &second {
        Some((word, second, Second::Below)) if plot.height > 1 => {
            let upper = Rect { height: plot.height.div_ceil(2), ..plot };
            let lower = Rect { y: upper.bottom(), height: plot.height - upper.height, ..plot };
            below = lower.y;
            brush.fill(&first, None, upper, Role::Graph1, buffer);
            brush.fill(second, None, lower, Role::Graph2, buffer);
            paint::put(buffer, lower, (0, 0), word, scene.style(Role::Dim));
        }
        Some((_, second, Second::Stacked)) => brush.fill(&first, Some(second), plot, Role::Graph1, buffer),
        _ => brush.fill(&first, None, plot, Role::Graph1, buffer),
    }
    let ceiling = match graph.scale {
        // The ceiling of a ratio is always the same, and need not be said.
        Scale::Ratio => graph.first.0.to_owned(),
        scale => format!("{} ≤{}", graph.first.0, scale.print(ceiling)).trim_start().to_owned(),
    };
    let label = if scene.glyphs.ascii { ceiling.replace('≤', "<") } else { ceiling };
    if plot.height > 1 {
        paint::put(buffer, plot, (0, 0), &label, scene.style(Role::Dim));
    }
    if axis > 0 {
        draw_axis(scene, &window, Rect { y: plot.bottom(), height: 1, ..area }, buffer);
    }
    let upper = Rect { height: below - plot.y, ..plot };
    draw_cursor(scene, graph, &window, (&first, second.as_ref().map(|(_, points, _)| points)), (plot, upper), buffer);
}

/// A history in one row, without label or axis.
pub fn spark(scene: &Scene<'_>, series: Option<&Series>, scale: Scale, area: Rect, buffer: &mut Buffer) {
    let area = Rect { height: area.height.min(1), ..area }.intersection(buffer.area);
    if area.is_empty() {
        return;
    }
    let window = window(scene, series, area.width, GraphMode::Block);
    let points = points(series, &window);
    let ceiling = scale.ceiling(points.iter().flatten().copied().fold(0.0, f64::max));
    let mode = if scene.glyphs.ascii { GraphMode::Ascii } else { GraphMode::Block };
    Brush { scene, mode, ceiling, per_cell: 1 }.fill(&points, None, area, Role::Graph1, buffer);
}

/// While the past is shown, the picture stays that of now and the cursor moves in it: the newest point says when now is.
fn window(scene: &Scene<'_>, series: Option<&Series>, width: u16, mode: GraphMode) -> Window {
    let cursor = scene.view.cursor.map(Timestamp::as_millisecond);
    let mut now = scene.now.as_millisecond();
    if cursor.is_some()
        && let Some((newest, _)) = series.and_then(|series| series.between(now, i64::MAX).last())
    {
        now = newest;
    }
    let span = GRAPH_SPANS.get(scene.view.graph_span).or(GRAPH_SPANS.last()).copied().unwrap_or(600);
    Window::new(now, cursor, span, usize::from(width), mode.per_cell())
}

/// The series in points of the window. A figure that comes seldom holds until the next one is due; a longer silence is a gap.
fn points(series: Option<&Series>, window: &Window) -> Points {
    let filled = window.filled();
    let Some(series) = series.filter(|_| filled > 0) else { return Vec::new() };
    let last_point = window.start + (filled as i64 - 1) * window.point_ms;
    let end = window.now.min(last_point + window.point_ms - 1);
    let mut points = series.buckets(end, window.point_ms, filled, Fold::Max);
    let (mut first, mut last, mut n) = (0, 0, 0i64);
    for (at, _) in series.between(window.start, end) {
        if n == 0 {
            first = at;
        }
        last = at;
        n += 1;
    }
    let interval = if n > 1 { (last - first) / (n - 1) } else { window.point_ms };
    let patience = (interval * 5 / 2 / window.point_ms) as usize;
    let mut held: Option<(f64, usize)> = None;
    for (at, point) in points.iter_mut().enumerate() {
        match (*point, held) {
            (Some(value), _) => held = Some((value, at)),
            (None, Some((value, since))) if at - since <= patience => *point = Some(value),
            (None, _) => {}
        }
    }
    points
}

struct Brush<'a> {
    scene: &'a Scene<'a>,
    mode: GraphMode,
    ceiling: f64,
    per_cell: usize,
}

impl Brush<'_> {
    /// Steps that one cell has from bottom to top.
    const fn steps(&self) -> usize {
        match self.mode {
            GraphMode::Braille => 4,
            GraphMode::Block | GraphMode::Ascii => 8,
        }
    }

    /// Height of a value in steps.
    fn level(&self, value: f64, height: u16) -> usize {
        let all = self.steps() * usize::from(height);
        ((value / self.ceiling).clamp(0.0, 1.0) * all as f64).round() as usize
    }

    fn fill(&self, points: &Points, stacked: Option<&Points>, area: Rect, role: Role, buffer: &mut Buffer) {
        for cell in 0..area.width {
            let from = usize::from(cell) * self.per_cell;
            let levels = |sum: bool| {
                [0, 1].map(|part| {
                    let at = from + part.min(self.per_cell - 1);
                    let first = points.get(at).copied().flatten()?;
                    let more = stacked.filter(|_| sum).and_then(|stacked| stacked.get(at).copied().flatten());
                    Some(self.level(first + more.unwrap_or(0.0), area.height).max(1))
                })
            };
            let (all, below) = (levels(true), levels(false));
            for row in 0..area.height {
                let floor = usize::from(area.height - 1 - row) * self.steps();
                let Some(sign) = self.sign(all.map(|level| level.map_or(0, |level| level.saturating_sub(floor))))
                else {
                    continue;
                };
                let is_first = below.iter().flatten().any(|level| *level > floor);
                let role = if is_first { role } else { Role::Graph2 };
                buffer[(area.x + cell, area.y + row)].set_char(sign).set_style(self.scene.style(role));
            }
        }
    }

    /// The sign of a cell whose two halves are filled by so many steps; `None` for an empty one.
    fn sign(&self, [left, right]: [usize; 2]) -> Option<char> {
        let steps = self.steps();
        let (left, right) = (left.min(steps), right.min(steps));
        if left + right == 0 {
            return None;
        }
        match self.mode {
            GraphMode::Braille => {
                const LEFT: [u32; 5] = [0, 0x40, 0x44, 0x46, 0x47];
                const RIGHT: [u32; 5] = [0, 0x80, 0xa0, 0xb0, 0xb8];
                char::from_u32(0x2800 + LEFT[left] + RIGHT[right])
            }
            GraphMode::Block => Some(glyphs::UNICODE.bars[left]),
            GraphMode::Ascii => Some(glyphs::ASCII.bars[left]),
        }
    }
}

fn draw_axis(scene: &Scene<'_>, window: &Window, area: Rect, buffer: &mut Buffer) {
    let style = scene.style(Role::Dim);
    let left = format!("-{}", units::span(window.seconds() as f64));
    let took = paint::put(buffer, area, (0, 0), &left, style);
    let right = if window.start + window.seconds() * 1000 >= window.now { "now" } else { "" };
    if took + 5 < area.width {
        paint::put_right(buffer, area, (0, 0), right, style);
    }
}

/// The vertical mark of the shared time cursor, with the figures at it.
fn draw_cursor(
    scene: &Scene<'_>,
    graph: &Graph<'_>,
    window: &Window,
    (first, second): (&Points, Option<&Points>),
    (plot, upper): (Rect, Rect),
    buffer: &mut Buffer,
) {
    let Some(cursor) = scene.view.cursor else { return };
    let Some(cell) = window.cell_of(cursor.as_millisecond()) else { return };
    let (x, style) = (cell as u16, scene.style(Role::Cursor));
    for y in plot.top()..plot.bottom() {
        let target = &mut buffer[(plot.x + x, y)];
        if target.symbol() == " " {
            target.set_char(if scene.glyphs.ascii { '|' } else { '│' });
        }
        target.set_style(style);
    }
    let at = ((cursor.as_millisecond() - window.start) / window.point_ms) as usize;
    let figure = |points: &Points| points.get(at).copied().flatten().map_or("?".into(), |v| graph.scale.print(v));
    let mut text = figure(first);
    if let Some(second) = second {
        text = format!("{text} / {}", figure(second));
    }
    let width = paint::width(&text);
    let at = if x + 1 + width < upper.width { x + 1 } else { x.saturating_sub(width) };
    paint::put(buffer, upper, (at, upper.height.saturating_sub(1).min(1)), &text, style);
}

#[cfg(test)]
mod tests;
