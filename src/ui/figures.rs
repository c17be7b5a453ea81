//! Labelled figures in a row, as many as fit, on as many rows as there are.

use super::{paint, scene::Scene, theme::Role};
use crate::model::units;
use ratatui::{buffer::Buffer, layout::Rect};

/// A word and its figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    pub label: &'static str,
    pub value: String,
    pub role: Role,
    /// Columns kept for the figure, so that the neighbours stand still when it gets another digit.
    pub width: u16,
}

impl Figure {
    /// A figure as text; the role says whether it deviates.
    pub fn new(label: &'static str, value: String, width: u16) -> Self {
        Self { label, value, role: Role::Text, width }
    }

    /// A figure that may be unknown.
    pub fn of<T>(label: &'static str, value: Option<T>, print: impl Fn(T) -> String, width: u16) -> Self {
        value.map_or_else(
            || Self { role: Role::Unknown, ..Self::new(label, units::UNKNOWN.into(), width) },
            |value| Self::new(label, print(value), width),
        )
    }

    /// 0–1 as percent.
    pub fn ratio(label: &'static str, value: Option<f64>) -> Self {
        Self::of(label, value, units::percent, 4)
    }

    /// 0–1 as percent with a decimal.
    pub fn fine(label: &'static str, value: Option<f64>) -> Self {
        Self::of(label, value, units::percent_fine, 5)
    }

    /// A size.
    pub fn bytes(label: &'static str, value: Option<u64>) -> Self {
        Self::of(label, value, |value| units::bytes(value as f64), 7)
    }

    /// Bytes a second.
    pub fn rate(label: &'static str, value: Option<f64>) -> Self {
        Self::of(label, value, units::bytes_per_second, 9)
    }

    /// A whole number.
    pub fn whole(label: &'static str, value: Option<impl Into<u64>>) -> Self {
        Self::of(label, value, |value| value.into().to_string(), 4)
    }

    /// In another role, unless it is unknown.
    #[must_use]
    pub fn role(mut self, role: Role) -> Self {
        if self.role != Role::Unknown {
            self.role = role;
        }
        self
    }

    fn columns(&self) -> u16 {
        let label = paint::width(self.label);
        label + u16::from(label > 0) + paint::width(&self.value).max(self.width)
    }

    fn draw(&self, scene: &Scene<'_>, area: Rect, (x, y): (u16, u16), buffer: &mut Buffer) {
        let took = paint::put(buffer, area, (x, y), self.label, scene.style(Role::Dim));
        let pad = self.width.saturating_sub(paint::width(&self.value));
        let x = x.saturating_add(took + u16::from(took > 0) + pad);
        paint::put(buffer, area, (x, y), &self.value, scene.style(self.role));
    }
}

/// Places of the figures in an area of this width: column and row. A figure is never broken.
fn places(figures: &[Figure], width: u16) -> Vec<(u16, u16)> {
    let (mut x, mut y) = (0u16, 0u16);
    let mut places = Vec::with_capacity(figures.len());
    for figure in figures {
        let columns = figure.columns();
        if x > 0 && x.saturating_add(columns) > width {
            (x, y) = (0, y.saturating_add(1));
        }
        places.push((x, y));
        x = x.saturating_add(columns + 2);
    }
    places
}

/// Rows that the figures take at this width.
pub fn height(figures: &[Figure], width: u16) -> u16 {
    places(figures, width).last().map_or(0, |(_, y)| y + 1)
}

/// Draws the figures and returns the rows that they took.
pub fn draw(scene: &Scene<'_>, figures: &[Figure], area: Rect, buffer: &mut Buffer) -> u16 {
    for (figure, at) in figures.iter().zip(places(figures, area.width)) {
        figure.draw(scene, area, at, buffer);
    }
    height(figures, area.width).min(area.height)
}
