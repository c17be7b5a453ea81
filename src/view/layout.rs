//! Pages and how their panes share the screen. A layout is data (`assets/layouts.toml`, overlaid by the configuration).

use serde::{Deserialize, Serialize};

/// A rectangle of cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Area {
    pub x: u16,
    pub y: u16,
    pub width: u16,
    pub height: u16,
}

impl Area {
    /// Whether the cell lies inside.
    pub const fn holds(self, column: u16, row: u16) -> bool {
        column >= self.x && row >= self.y && column - self.x < self.width && row - self.y < self.height
    }
}

/// A page: one tab of the cockpit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Name in the configuration.
    pub name: String,
    /// Word in the tab bar.
    pub title: String,
    /// Shorter word for narrow terminals.
    #[serde(default)]
    pub short: Option<String>,
    /// Digit that opens it.
    pub key: char,
    /// From wide to narrow: the first that fits is used.
    pub layouts: Vec<Layout>,
}

/// One arrangement of a page's panes, for terminals of at least this size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// Columns that the terminal must have.
    #[serde(default)]
    pub min_columns: u16,
    /// Rows that the terminal must have.
    #[serde(default)]
    pub min_rows: u16,
    #[serde(flatten)]
    pub cell: Cell,
}

/// A part of the screen: a stack of rows, a row of columns, or panes (several: one is shown, the others are tabs).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Cell {
    /// Share of what is left after the fixed sizes; 1 where it is not given.
    #[serde(default)]
    pub weight: Option<u16>,
    /// Fixed rows (in a stack) or columns (in a row).
    #[serde(default)]
    pub size: Option<u16>,
    #[serde(default)]
    pub rows: Vec<Cell>,
    #[serde(default)]
    pub columns: Vec<Cell>,
    #[serde(default)]
    pub panes: Vec<String>,
}

/// A cell on the screen with the panes that it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    pub area: Area,
    pub panes: Vec<&'static str>,
}

impl Page {
    /// The first layout that fits a terminal of this size; the last one if none does.
    pub fn layout_for(&self, (columns, rows): (u16, u16)) -> Option<&Layout> {
        let fits = |layout: &&Layout| layout.min_columns <= columns && layout.min_rows <= rows;
        self.layouts.iter().find(fits).or_else(|| self.layouts.last())
    }
}

impl Page {
    /// Whether a layout of it names the pane.
    pub fn names(&self, pane: &str) -> bool {
        self.layouts.iter().any(|layout| layout.cell.names(pane))
    }

    /// Adds a pane as a tab to every cell that holds `other`.
    pub fn add_beside(&mut self, other: &str, pane: &str) {
        self.layouts.iter_mut().for_each(|layout| layout.cell.add_beside(other, pane));
    }
}

impl Cell {
    fn names(&self, pane: &str) -> bool {
        let below = self.rows.iter().chain(&self.columns).any(|cell| cell.names(pane));
        below || self.panes.iter().any(|name| name == pane)
    }

    fn add_beside(&mut self, other: &str, pane: &str) {
        if self.panes.iter().any(|name| name == other) {
            self.panes.push(pane.into());
        }
        self.rows.iter_mut().chain(&mut self.columns).for_each(|cell| cell.add_beside(other, pane));
    }

    /// Divides the area. `known` gives the static name of a pane; unknown names are left out (the configuration names them).
    pub fn arrange(&self, area: Area, known: &dyn Fn(&str) -> Option<&'static str>) -> Vec<Placed> {
        let mut placed = Vec::new();
        self.place(area, known, &mut placed);
        placed
    }

    fn place(&self, area: Area, known: &dyn Fn(&str) -> Option<&'static str>, placed: &mut Vec<Placed>) {
        if area.width == 0 || area.height == 0 {
            return;
        }
        let panes: Vec<_> = self.panes.iter().filter_map(|name| known(name)).collect();
        if !panes.is_empty() {
            placed.push(Placed { area, panes });
        }
        let mut y = area.y;
        for (cell, height) in self.rows.iter().zip(shares(&self.rows, area.height)) {
            cell.place(Area { y, height, ..area }, known, placed);
            y += height;
        }
        let mut x = area.x;
        for (cell, width) in self.columns.iter().zip(shares(&self.columns, area.width)) {
            cell.place(Area { x, width, ..area }, known, placed);
            x += width;
        }
    }
}

/// Divides `total` among the cells: fixed sizes first, then by weight, what is left over to the last weighted one.
fn shares(cells: &[Cell], total: u16) -> Vec<u16> {
    let mut left = total;
    let mut sizes: Vec<u16> = cells
        .iter()
        .map(|cell| {
            let size = cell.size.unwrap_or(0).min(left);
            left -= size;
            size
        })
        .collect();
    let weight = |cell: &Cell| if cell.size.is_some() { 0 } else { u32::from(cell.weight.unwrap_or(1)) };
    let weights: u32 = cells.iter().map(weight).sum();
    let mut rest = left;
    let last = cells.iter().rposition(|cell| weight(cell) > 0);
    for (at, cell) in cells.iter().enumerate().filter(|(_, cell)| weight(cell) > 0) {
        let share = if Some(at) == last { rest } else { (u32::from(left) * weight(cell) / weights) as u16 };
        sizes[at] = share;
        rest -= share;
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn known(name: &str) -> Option<&'static str> {
        ["a", "b", "c"].into_iter().find(|known| *known == name)
    }

    fn leaf(pane: &str, weight: Option<u16>, size: Option<u16>) -> Cell {
        Cell { weight, size, panes: vec![pane.into()], ..Cell::default() }
    }

    #[test]
    fn weights_and_fixed_sizes_fill_the_area() {
        let cell = Cell {
            rows: vec![
                leaf("a", Some(2), None),
                Cell {
                    columns: vec![leaf("b", None, None), leaf("c", None, Some(10))],
                    weight: Some(1),
                    ..Cell::default()
                },
            ],
            ..Cell::default()
        };
        let placed = cell.arrange(Area { x: 0, y: 1, width: 30, height: 10 }, &known);
        let areas: Vec<_> =
            placed.iter().map(|p| (p.panes[0], p.area.x, p.area.y, p.area.width, p.area.height)).collect();
        assert_eq!(areas, [("a", 0, 1, 30, 6), ("b", 0, 7, 20, 4), ("c", 20, 7, 10, 4)]);
    }

    #[test]
    fn a_pane_stands_beside_another_wherever_that_is() {
        let cell = Cell { rows: vec![leaf("a", None, None), leaf("b", None, None)], ..Cell::default() };
        let layout = |cell| Layout { min_columns: 0, min_rows: 0, cell };
        let layouts = vec![layout(cell), layout(leaf("a", None, None)), layout(leaf("b", None, None))];
        let mut page = Page { name: "p".into(), title: "p".into(), short: None, key: '1', layouts };
        assert!(page.names("b") && !page.names("c"));
        page.add_beside("b", "c");
        let cells = page.layouts.iter().map(|layout| &layout.cell);
        let held: Vec<_> = cells.map(|cell| cell.rows.last().unwrap_or(cell).panes.join(" ")).collect();
        assert_eq!((held, page.names("c")), (vec!["b c".to_owned(), "a".into(), "b c".into()], true));
    }

    #[test]
    fn an_unknown_pane_is_left_out() {
        assert!(leaf("nobody", None, None).arrange(Area { x: 0, y: 0, width: 9, height: 9 }, &known).is_empty());
    }

    proptest! {
        #[test]
        fn no_cell_leaves_the_area(width in 0u16..300, height in 0u16..100, sizes in prop::collection::vec((0u16..50, 0u16..5), 1..6)) {
            let rows = sizes.iter().map(|(size, weight)| leaf("a", Some(*weight), (*size > 25).then_some(*size))).collect();
            let cell = Cell { rows, ..Cell::default() };
            let placed = cell.arrange(Area { x: 3, y: 2, width, height }, &known);
            let sum: u32 = placed.iter().map(|p| u32::from(p.area.height)).sum();
            prop_assert!(sum <= u32::from(height));
            for p in placed {
                prop_assert!(p.area.y >= 2 && p.area.y + p.area.height <= 2 + height);
            }
        }
    }
}
