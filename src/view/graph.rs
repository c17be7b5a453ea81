//! Which stretch of time a graph shows, and in what signs. Pure arithmetic: nothing here draws.

/// What a graph is drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GraphMode {
    /// 2×4 dots a cell: the finest picture.
    #[default]
    Braille,
    /// `▁▂▃▄▅▆▇█`: for fonts without Braille.
    Block,
    /// `.:=#`: for terminals without Unicode.
    Ascii,
}

impl GraphMode {
    /// The mode after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Braille => Self::Block,
            Self::Block => Self::Ascii,
            Self::Ascii => Self::Braille,
        }
    }

    /// The word for notices.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Braille => "braille",
            Self::Block => "block",
            Self::Ascii => "ASCII",
        }
    }

    /// Points side by side in one cell.
    pub const fn per_cell(self) -> usize {
        match self {
            Self::Braille => 2,
            Self::Block | Self::Ascii => 1,
        }
    }
}

/// A graph does not move more often than this: every move costs bytes to a terminal that may be far away.
const MOVE_MS: i64 = 10_000;

/// The stretch of time that a graph of so many cells shows. It begins on a multiple of the cell's width and moves by whole cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Time at the left edge, in milliseconds.
    pub start: i64,
    /// Width of one point.
    pub point_ms: i64,
    pub per_cell: usize,
    pub cells: usize,
    /// Up to where there can be data.
    pub now: i64,
}

impl Window {
    /// The window that ends near `now` and reaches back over `span_seconds`. Where the time cursor lies before it, the window is
    /// moved so that the cursor is in its middle.
    pub fn new(now: i64, cursor: Option<i64>, span_seconds: u32, cells: usize, per_cell: usize) -> Self {
        let cells = cells.max(1);
        let points = (cells * per_cell) as i64;
        // A multiple of 50 ms keeps the arithmetic whole; finer than that no source is.
        let steps = i64::from(span_seconds) * 1000 / 50;
        let point_ms = (steps / points + i64::from(steps % points != 0)).max(1) * 50;
        let cell_ms = point_ms * per_cell as i64;
        // A short window moves more often: never by more than a quarter of it.
        let jump = (MOVE_MS / cell_ms + i64::from(MOVE_MS % cell_ms != 0)).min(cells as i64 / 4).max(1);
        let step = cell_ms * jump;
        let length = cell_ms * cells as i64;
        let end_after = |at: i64| (at.div_euclid(step) + 1) * step;
        let mut end = end_after(now);
        if let Some(cursor) = cursor.filter(|cursor| *cursor < end - length) {
            end = end_after(cursor + length / 2);
        }
        Self { start: end - length, point_ms, per_cell, cells, now }
    }

    /// Seconds that the whole window reaches over.
    pub const fn seconds(&self) -> i64 {
        self.point_ms * (self.per_cell * self.cells) as i64 / 1000
    }

    /// Points from the left edge up to the one that holds the newest time that there can be data of.
    pub fn filled(&self) -> usize {
        let points = (self.per_cell * self.cells) as i64;
        ((self.now - self.start).div_euclid(self.point_ms) + 1).clamp(0, points) as usize
    }

    /// The cell that holds a time.
    pub fn cell_of(&self, at: i64) -> Option<usize> {
        let cell = (at - self.start).div_euclid(self.point_ms * self.per_cell as i64);
        usize::try_from(cell).ok().filter(|cell| *cell < self.cells)
    }
}

/// The smallest of 1, 2, 5, 10, 20, 50 … that is not below `value`; at least `least`. Depends on nothing but the value, so that
/// a scale changes only when what is shown does.
pub fn nice_decimal(value: f64, least: f64) -> f64 {
    let value = value.max(least);
    if !value.is_finite() || value <= 0.0 {
        return least;
    }
    let magnitude = 10f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|step| step * magnitude)
        .find(|step| *step >= value * 0.999_999)
        .unwrap_or(value)
}

/// As [`nice_decimal`], in steps of binary units: 1, 2, 5 … 500 KiB, 1 MiB …
pub fn nice_binary(value: f64) -> f64 {
    let mut unit = 1024.0;
    while value > unit * 500.0 && unit < 1e18 {
        unit *= 1024.0;
    }
    nice_decimal(value / unit, 1.0) * unit
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn scales_step_by_1_2_5() {
        assert_eq!(nice_binary(0.0), 1024.0);
        assert_eq!(nice_binary(1025.0), 2048.0);
        assert_eq!(nice_binary(400.0 * 1024.0), 500.0 * 1024.0);
        assert_eq!(nice_binary(700.0 * 1024.0), 1024.0 * 1024.0);
        assert_eq!(nice_decimal(3.2, 1.0), 5.0);
        assert_eq!(nice_decimal(10.0, 1.0), 10.0);
        assert_eq!(nice_decimal(0.2, 1.0), 1.0);
    }

    #[test]
    fn it_stands_still_between_moves() {
        let windows: Vec<_> = (0..60).map(|s| Window::new(1_000_000_000 + s * 1000, None, 60, 100, 2).start).collect();
        let moves = windows.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(moves <= 6, "{moves} moves in a minute");
        assert!(windows.windows(2).all(|pair| (pair[1] - pair[0]) % 600 == 0 || pair[0] == pair[1]));
    }

    proptest! {
        #[test]
        fn now_and_cursor_are_always_in_it(
            now in 1_000_000_000i64..2_000_000_000, back in 0i64..1_800_000, span in 1u32..2000, cells in 0usize..300,
            per_cell in 1usize..3,
        ) {
            let plain = Window::new(now, None, span, cells, per_cell);
            prop_assert!(plain.cell_of(now).is_some());
            prop_assert!(plain.filled() >= 1);
            prop_assert!(plain.start % (plain.point_ms * per_cell as i64) == 0);
            let past = Window::new(now, Some(now - back), span, cells, per_cell);
            prop_assert!(past.cell_of(now - back).is_some() || cells < 2);
        }
    }
}
