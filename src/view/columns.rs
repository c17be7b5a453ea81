//! Which columns fit, and where.
//!
//! The columns that identify a row stay. Columns that grow share what is left over. Where room is short, in this order: the
//! columns go that the table names as dispensable; columns that grow give way down to half of what they want; the other
//! columns go from the right. Once the list is scrolled sideways nothing is dropped: every column has the width that it wants,
//! growing ones as much as the screen has.

use super::table::{Column, Table};

/// Cells left of the first column, for marks.
pub const GUTTER: u16 = 1;
/// Cells between columns.
const GAP: u16 = 1;

/// A column on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Which column.
    pub index: usize,
    /// First cell, counted from the list's left edge.
    pub x: u16,
    /// Cells that are on the screen.
    pub width: u16,
    /// Cells of the column that lie beyond the left edge of the part that scrolls.
    pub skip: u16,
}

/// Places the shown columns on `width` cells, scrolled sideways by `scroll` cells.
pub fn place(table: &dyn Table, shown: &[usize], width: u16, scroll: usize) -> Vec<Place> {
    let scroll = scroll.min(most_scroll(table, shown, width));
    if scroll > 0 { scrolled(table, shown, width, scroll) } else { fitted(table, shown, width) }
}

/// How far the columns can be scrolled sideways.
pub fn most_scroll(table: &dyn Table, shown: &[usize], width: u16) -> usize {
    let (fixed, room) = fixed_part(table, shown, width);
    let strip = &shown[fixed..];
    let long: usize = strip.iter().map(|index| usize::from(strip_width(&table.columns()[*index], room) + GAP)).sum();
    long.saturating_sub(usize::from(GAP)).saturating_sub(usize::from(room))
}

/// How many of the shown columns stay, and the cells that are left for the others.
fn fixed_part(table: &dyn Table, shown: &[usize], width: u16) -> (usize, u16) {
    let fixed = shown.iter().take_while(|index| **index < table.fixed_columns()).count();
    let used: u16 = shown[..fixed].iter().map(|index| table.columns()[*index].width.max(1) + GAP).sum();
    (fixed, width.saturating_sub(GUTTER + used))
}

fn strip_width(column: &Column, room: u16) -> u16 {
    let wanted = column.width.max(1);
    if column.grows { wanted.max(room) } else { wanted }
}

fn scrolled(table: &dyn Table, shown: &[usize], width: u16, scroll: usize) -> Vec<Place> {
    let columns = table.columns();
    let (fixed, room) = fixed_part(table, shown, width);
    let mut places = Vec::with_capacity(shown.len());
    let mut x = GUTTER;
    for index in &shown[..fixed] {
        push_clipped(&mut places, *index, x, columns[*index].width.max(1), width);
        x += columns[*index].width.max(1) + GAP;
    }
    let (first, last) = (scroll, scroll + usize::from(room));
    let mut from = 0;
    for index in &shown[fixed..] {
        let to = from + usize::from(strip_width(&columns[*index], room));
        let (begin, end) = (from.max(first), to.min(last));
        if begin < end {
            let (x, skip) = (x + (begin - first) as u16, (begin - from) as u16);
            places.push(Place { index: *index, x, width: (end - begin) as u16, skip });
        }
        from = to + usize::from(GAP);
    }
    places
}

fn push_clipped(places: &mut Vec<Place>, index: usize, x: u16, wanted: u16, width: u16) {
    if x < width {
        places.push(Place { index, x, width: wanted.min(width - x), skip: 0 });
    }
}

fn fitted(table: &dyn Table, shown: &[usize], width: u16) -> Vec<Place> {
    let columns = table.columns();
    let room = u32::from(width.saturating_sub(GUTTER));
    let mut chosen = shown.to_vec();
    let wanted = |index: usize| columns[index].width.max(1);
    let least = |index: usize| if columns[index].grows { wanted(index).div_ceil(2) } else { wanted(index) };
    for index in table.first_to_go() {
        if sum(&chosen, &wanted) > room {
            chosen.retain(|other| other != index);
        }
    }
    while sum(&chosen, &least) > room {
        let fixed = table.fixed_columns();
        let goes = chosen.iter().rposition(|index| *index >= fixed && !columns[*index].grows);
        let Some(goes) = goes else { break };
        chosen.remove(goes);
    }
    let fits = sum(&chosen, &wanted) <= room;
    let base: &dyn Fn(usize) -> u16 = if fits { &wanted } else { &least };
    let left = room.saturating_sub(sum(&chosen, base)) as u16;
    let growing = chosen.iter().filter(|index| columns[**index].grows).count() as u16;
    let mut places = Vec::with_capacity(chosen.len());
    let (mut x, mut grown) = (GUTTER, 0);
    for index in chosen {
        let mut cells = base(index);
        if columns[index].grows {
            // The first growing columns take what cannot be divided.
            cells += left / growing + u16::from(grown < left % growing);
            grown += 1;
        }
        push_clipped(&mut places, index, x, cells, width);
        x = x.saturating_add(cells + GAP);
    }
    places
}

fn sum(chosen: &[usize], width: &dyn Fn(usize) -> u16) -> u32 {
    let gaps = chosen.len().saturating_sub(1) as u32 * u32::from(GAP);
    chosen.iter().map(|index| u32::from(width(*index))).sum::<u32>() + gaps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::sample::{COLUMNS, SAMPLE};
    use proptest::prelude::*;

    fn all() -> Vec<usize> {
        (0..COLUMNS.len()).collect()
    }

    fn names(width: u16, scroll: usize) -> Vec<(&'static str, u16)> {
        let places = place(&SAMPLE, &all(), width, scroll);
        places.iter().map(|place| (COLUMNS[place.index].name, place.width)).collect()
    }

    #[test]
    fn growing_columns_take_the_rest_and_give_way_first() {
        assert_eq!(names(100, 0).last(), Some(&("text", 48)));
        assert_eq!(names(72, 0).last(), Some(&("text", 20)));
        assert_eq!(names(62, 0).last(), Some(&("text", 10)));
        let narrow: Vec<_> = names(60, 0).iter().map(|(name, _)| *name).collect();
        assert_eq!(narrow, ["severity", "pid", "name", "user", "cpu", "memory", "text"]);
        let tiny: Vec<_> = names(20, 0).iter().map(|(name, _)| *name).collect();
        assert_eq!(tiny, ["severity", "pid", "text"]);
    }

    #[test]
    fn scrolled_columns_keep_their_widths_and_the_identity_stays() {
        let places = place(&SAMPLE, &all(), 40, 4);
        assert_eq!(places[0], Place { index: 0, x: 1, width: 1, skip: 0 });
        assert_eq!(places[1], Place { index: 1, x: 3, width: 5, skip: 0 });
        assert_eq!(places[2], Place { index: 2, x: 9, width: 6, skip: 4 });
        assert_eq!(places[3], Place { index: 3, x: 16, width: 6, skip: 0 });
        let most = most_scroll(&SAMPLE, &all(), 40);
        assert_eq!(place(&SAMPLE, &all(), 40, usize::MAX), place(&SAMPLE, &all(), 40, most));
        assert_eq!(place(&SAMPLE, &all(), 40, most).last().map(|p| (p.index, p.width)), Some((7, 31)));
    }

    proptest! {
        #[test]
        fn columns_never_overlap_nor_leave_the_area(width in 0u16..250, scroll in 0usize..400, shown in prop::sample::subsequence(all(), 1..=COLUMNS.len())) {
            let places = place(&SAMPLE, &shown, width, scroll);
            let mut end = 0;
            for place in &places {
                prop_assert!(place.x >= end && place.width > 0);
                end = place.x + place.width;
                prop_assert!(end <= width);
            }
        }
    }
}
