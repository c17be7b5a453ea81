//! Tests of a list's order, selection, marks and tree.

use super::*;
use crate::view::sample::{Made, MadeRow, SAMPLE, world};
use proptest::prelude::*;

fn keys(list: &ListState, table: &dyn Table) -> Vec<String> {
    let world = World::default();
    list.order.iter().map(|(row, _)| table.key(&world, *row as usize).to_string()).collect()
}

fn refreshed(table: &Made) -> ListState {
    let mut list = ListState::default();
    list.refresh(table, &World::default(), false, 4);
    list
}

#[test]
fn the_unknown_stands_last_in_both_directions() {
    let world = world();
    let mut list = ListState::default();
    let names = |list: &ListState| list.order.iter().map(|(row, _)| SAMPLE.name(*row as usize)).collect::<Vec<_>>();
    list.refresh(&SAMPLE, &world, false, 9);
    assert_eq!(names(&list), ["db", "web-10", "web-1", "init", "Web-2", "ghost"], "cpu, by default descending");
    list.sort_by(4, &SAMPLE);
    list.refresh(&SAMPLE, &world, false, 9);
    assert_eq!(names(&list), ["init", "web-1", "web-10", "db", "Web-2", "ghost"]);
    list.sort_by(2, &SAMPLE);
    list.refresh(&SAMPLE, &world, false, 9);
    assert_eq!(names(&list), ["db", "ghost", "init", "web-1", "Web-2", "web-10"]);
    list.sort_by(0, &SAMPLE);
    list.refresh(&SAMPLE, &world, false, 9);
    assert_eq!(names(&list)[..3], ["db", "ghost", "web-1"], "worst first");
    list.sort_by(6, &SAMPLE);
    list.refresh(&SAMPLE, &world, false, 9);
    assert_eq!(names(&list)[..3], ["init", "db", "web-10"], "the oldest first");
}

#[test]
fn an_unmoved_cursor_watches_the_top_and_a_moved_one_its_row() {
    let world = World::default();
    let mut list = refreshed(&Made::of(&[(1, 9.0), (2, 8.0), (3, 7.0)]));
    assert_eq!((list.cursor, list.selected.as_deref()), (0, Some("1")));
    let turned = Made::of(&[(1, 1.0), (2, 8.0), (3, 7.0)]);
    list.refresh(&turned, &world, false, 4);
    assert_eq!((list.cursor, list.selected.as_deref()), (0, Some("2")), "pinned to the first line");
    list.move_to(1, &turned, &world, 4);
    let again = Made::of(&[(1, 9.0), (2, 8.0), (3, 1.0)]);
    list.refresh(&again, &world, false, 4);
    assert_eq!((list.cursor, list.selected.as_deref()), (2, Some("3")), "followed its row");
    list.move_home(&again, &world, 4);
    list.refresh(&turned, &world, false, 4);
    assert_eq!((list.cursor, list.selected.as_deref()), (0, Some("2")), "home pins it again");
}

#[test]
fn where_the_row_vanishes_the_cursor_keeps_its_place() {
    let world = World::default();
    let mut list = refreshed(&Made::of(&[(1, 9.0), (2, 8.0), (3, 7.0)]));
    list.move_to(1, &Made::of(&[(1, 9.0), (2, 8.0), (3, 7.0)]), &world, 4);
    list.refresh(&Made::of(&[(1, 9.0), (3, 7.0)]), &world, false, 4);
    assert_eq!((list.cursor, list.selected.as_deref()), (1, Some("3")));
    list.refresh(&Made::default(), &world, false, 4);
    assert_eq!((list.cursor, list.row()), (0, None));
    list.refresh(&Made::of(&[(1, 9.0), (3, 7.0)]), &world, false, 4);
    assert_eq!((list.cursor, list.selected.as_deref()), (1, Some("3")), "back after a gap");
}

#[test]
fn a_row_that_was_left_and_came_back_while_something_lay_over_the_list_is_selected_again() {
    let world = World::default();
    let (all, without) = (Made::of(&[(1, 9.0), (2, 8.0), (3, 7.0)]), Made::of(&[(1, 9.0), (3, 7.0)]));
    let mut list = refreshed(&all);
    list.move_to(1, &all, &world, 4);
    for is_covered in [true, false] {
        for table in [&without, &all] {
            list.hold(is_covered);
            list.refresh(table, &world, false, 4);
        }
        let expected = if is_covered { "2" } else { "3" };
        assert_eq!(list.selected.as_deref(), Some(expected), "covered: {is_covered}");
    }
}

#[test]
fn a_row_that_leaves_the_screen_keeps_its_line() {
    let world = World::default();
    let rows: Vec<_> = (0..100).map(|n| (n, f64::from(200 - n))).collect();
    let mut list = refreshed(&Made::of(&rows));
    list.move_to(2, &Made::of(&rows), &world, 10);
    let mut sunk = rows.clone();
    sunk[2].1 = 150.5;
    list.refresh(&Made::of(&sunk), &world, false, 10);
    assert_eq!((list.cursor, list.offset), (49, 47));
    let mut slightly = sunk.clone();
    slightly[2].1 = 149.5;
    list.refresh(&Made::of(&slightly), &world, false, 10);
    assert_eq!((list.cursor, list.offset), (50, 47), "the screen stands still while the row is on it");
}

#[test]
fn a_filter_with_a_fault_changes_nothing() {
    let world = World::default();
    let table = Made::of(&[(1, 9.0), (2, 8.0), (30, 7.0)]);
    let mut list = refreshed(&table);
    list.set_filter("figure>7.5", &table, &world, false, 4).expect("a filter");
    assert_eq!(keys(&list, &table), ["1", "2"]);
    assert!(list.set_filter("/row [", &table, &world, false, 4).is_err());
    assert_eq!((list.filter.as_str(), list.order.len()), ("figure>7.5", 2));
    list.move_to(1, &table, &world, 4);
    list.set_filter("row 30", &table, &world, false, 4).expect("a filter");
    assert_eq!((list.cursor, list.selected.as_deref()), (0, Some("30")), "the best row that passes");
    list.remember_filter();
    list.remember_filter();
    assert_eq!(list.filters, ["row 30"]);
}

#[test]
fn marks_belong_to_rows() {
    let world = World::default();
    let table = Made::of(&[(1, 9.0), (2, 8.0), (3, 7.0)]);
    let mut list = refreshed(&table);
    list.toggle_mark(&table, &world);
    list.move_to(2, &table, &world, 4);
    list.toggle_mark(&table, &world);
    let turned = Made::of(&[(1, 1.0), (2, 8.0), (3, 7.0)]);
    list.refresh(&turned, &world, false, 4);
    assert_eq!(list.marked_rows(&turned, &world), [2, 0], "in the order of the screen");
    list.refresh(&Made::of(&[(1, 1.0), (2, 8.0)]), &world, false, 4);
    assert_eq!(list.marked.len(), 1, "a mark goes with its row");
    list.refresh(&table, &world, false, 4);
    list.mark_shown(&table, &world);
    assert_eq!(list.marked.len(), 3);
    list.set_filter("\"row 2\"", &table, &world, false, 4).expect("a filter");
    assert_eq!(list.marked_rows(&table, &world), [1], "what is hidden is not acted upon");
    list.mark_shown(&table, &world);
    assert_eq!(list.marked.len(), 2);
    list.clear_marks();
    assert!(list.marked.is_empty());
}

#[test]
fn columns_are_chosen_among_those_shown_and_never_all_hidden() {
    let table = Made::default();
    let mut list = ListState::default();
    assert_eq!(list.chosen_column(&table), 1, "the sorted one");
    list.choose_column(1, &table);
    assert_eq!(list.chosen_column(&table), 2);
    list.choose_column(1, &table);
    assert_eq!(list.chosen_column(&table), 0);
    for column in 0..3 {
        list.toggle_column(column, table.columns());
    }
    assert_eq!(list.shown_columns(table.columns()), [2], "the last one stays");
}

fn tree_of(list: &ListState, table: &Made) -> Vec<(String, u16)> {
    keys(list, table).into_iter().zip(list.order.iter().map(|(_, depth)| *depth)).collect()
}

fn lines(expected: &[(&str, u16)]) -> Vec<(String, u16)> {
    expected.iter().map(|(key, depth)| ((*key).to_owned(), *depth)).collect()
}

#[test]
fn a_tree_has_parents_before_children_and_children_sorted() {
    let world = World::default();
    let table = Made::tree(&[(3, 1), (1, 0), (5, 3), (4, 1), (2, 0), (6, 99)]);
    let mut list = ListState::default();
    list.refresh(&table, &world, true, 9);
    assert_eq!(tree_of(&list, &table), lines(&[("6", 0), ("2", 0), ("1", 0), ("4", 1), ("3", 1), ("5", 2)]));
    assert_eq!(list.branches[2], Branch::Open);
    list.move_to(4, &table, &world, 9);
    list.toggle_fold(&table, &world);
    list.refresh(&table, &world, true, 9);
    assert_eq!(tree_of(&list, &table), lines(&[("6", 0), ("2", 0), ("1", 0), ("4", 1), ("3", 1)]));
    assert_eq!(list.branches[4], Branch::Folded);
    list.set_filter("\"row 5\"", &table, &world, true, 9).expect("a filter");
    assert_eq!(tree_of(&list, &table), lines(&[("1", 0), ("3", 1), ("5", 2)]), "with its ancestors, unfolded");
    list.set_filter("", &table, &world, true, 9).expect("a filter");
    list.move_to(3, &table, &world, 9);
    list.toggle_fold(&table, &world);
    list.refresh(&table, &world, true, 9);
    assert_eq!(list.selected.as_deref(), Some("1"), "a leaf folds the branch that it lies on");
    assert_eq!(list.order.len(), 3);
    list.folded.clear();
    list.refresh(&table, &world, true, 9);
    list.move_to(5, &table, &world, 9);
    list.fold_all(&table, &world);
    list.refresh(&table, &world, true, 9);
    assert_eq!((list.order.len(), list.selected.as_deref()), (3, Some("1")), "the root above the row");
}

#[test]
fn circles_lose_no_row() {
    let world = World::default();
    let table = Made::tree(&[(1, 2), (2, 3), (3, 1), (4, 4), (5, 3)]);
    let mut list = ListState::default();
    list.refresh(&table, &world, true, 9);
    assert_eq!(tree_of(&list, &table), lines(&[("4", 0), ("1", 0), ("3", 1), ("5", 2), ("2", 2)]));
}

#[test]
fn a_chain_of_ten_thousand_is_no_recursion() {
    let table = Made::tree(&(1..10_000).map(|n| (n, n - 1)).collect::<Vec<_>>());
    let mut list = ListState::default();
    list.refresh(&table, &World::default(), true, 9);
    assert_eq!(list.order.len(), 9_999);
}

/// What can happen to a list.
#[derive(Debug, Clone)]
enum Step {
    Data(Vec<MadeRow>),
    Move(usize),
    Home,
    Sort(usize),
    Filter(&'static str),
    Mark,
    MarkShown,
    Fold,
    FoldAll,
    Height(usize),
    Tree(bool),
}

fn row() -> impl Strategy<Value = MadeRow> {
    (0_u16..40, prop::option::of(0_u16..40), prop::option::of(prop_oneof![Just(f64::NAN), -3.0..3.0]), "[a-c]{0,3}")
        .prop_map(|(key, parent, figure, text)| MadeRow { key, parent, figure, text })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        prop::collection::vec(row(), 0..40).prop_map(Step::Data),
        (0_usize..60).prop_map(Step::Move),
        Just(Step::Home),
        (0_usize..4).prop_map(Step::Sort),
        prop::sample::select(vec!["", "a", "!b", "figure>0", "figure=?", "key=3", "zzz", "/("]).prop_map(Step::Filter),
        Just(Step::Mark),
        Just(Step::MarkShown),
        Just(Step::Fold),
        Just(Step::FoldAll),
        (0_usize..30).prop_map(Step::Height),
        any::<bool>().prop_map(Step::Tree),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_the_cursor_is_on_the_screen(steps in prop::collection::vec(step(), 1..40)) {
        let world = World::default();
        let (mut table, mut list, mut tree, mut height) = (Made::default(), ListState::default(), false, 5);
        for step in steps {
            match step {
                Step::Data(rows) => table = Made(rows),
                Step::Move(at) => list.move_to(at, &table, &world, height),
                Step::Home => list.move_home(&table, &world, height),
                Step::Sort(column) => list.sort_by(column, &table),
                Step::Filter(filter) => {
                    let _ = list.set_filter(filter, &table, &world, tree, height);
                }
                Step::Mark => list.toggle_mark(&table, &world),
                Step::MarkShown => list.mark_shown(&table, &world),
                Step::Fold => list.toggle_fold(&table, &world),
                Step::FoldAll => list.fold_all(&table, &world),
                Step::Height(new) => height = new,
                Step::Tree(new) => tree = new,
            }
            list.refresh(&table, &world, tree, height);
            let (rows, screen) = (list.order.len(), height.max(1));
            prop_assert!(rows == 0 && list.cursor == 0 || list.cursor < rows);
            prop_assert!(list.offset <= list.cursor && list.cursor < list.offset + screen);
            prop_assert!(list.offset == 0 || list.offset + screen <= rows);
            prop_assert!(list.moved || list.cursor == 0);
            let mut seen: Vec<u32> = list.order.iter().map(|(row, _)| *row).collect();
            seen.sort_unstable();
            seen.dedup();
            prop_assert_eq!(seen.len(), rows, "no row twice");
            if list.query.is_empty() && (!tree || list.folded.is_empty()) {
                prop_assert_eq!(rows, table.0.len(), "no row lost");
            }
            if let Some(row) = list.row() {
                let key = table.key(&world, row);
                prop_assert_eq!(list.selected.as_ref(), Some(&key));
            }
        }
    }

    #[test]
    fn the_order_does_not_depend_on_the_former_one(rows in prop::collection::vec(row(), 0..40), shuffled in prop::collection::vec(any::<prop::sample::Index>(), 40)) {
        let world = World::default();
        let mut unique: Vec<MadeRow> = Vec::new();
        for row in rows {
            if unique.iter().all(|other| other.key != row.key) {
                unique.push(row);
            }
        }
        let first = Made(unique.clone());
        let mut list = refreshed(&first);
        let expected = keys(&list, &first);
        for index in shuffled {
            if !unique.is_empty() {
                let at = index.index(unique.len());
                unique.swap(0, at);
            }
        }
        let second = Made(unique);
        list.refresh(&second, &world, false, 4);
        prop_assert_eq!(keys(&list, &second), expected);
    }
}
