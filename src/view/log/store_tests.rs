//! Bounds, merging and judging of what is held.

use super::*;
use crate::model::logs::{Level, LineKind};
use proptest::prelude::*;

fn line(second: i64, origin: u16, text: &str) -> LogLine {
    LogLine {
        at: Timestamp::from_second(1_795_000_000 + second).expect("a time"),
        origin,
        kind: LineKind::Out,
        level: Level::Unknown,
        json: false,
        text: text.into(),
        inks: Box::default(),
    }
}

fn texts(store: &Store) -> Vec<&str> {
    store.shown().iter().map(|number| &*store.line(*number).expect("held").text).collect()
}

fn judge(filter: &str, find: &str) -> Judge {
    let mut judge = Judge::default();
    judge.set_filter(filter).expect("a filter");
    judge.set_find(find).expect("a pattern");
    judge
}

#[test]
fn the_oldest_go_and_are_counted() {
    let mut store = Store::new(Limits { lines: 3, bytes: 1 << 20 });
    for at in 0..5 {
        store.add(vec![line(at, 0, &at.to_string())], 0, &Judge::default());
    }
    assert_eq!((texts(&store), store.dropped, store.end()), (vec!["2", "3", "4"], 2, 5));
    let mut store = Store::new(Limits { lines: 100, bytes: 1_000 });
    store.add((0..50).map(|at| line(at, 0, "some text")).collect(), 7, &Judge::default());
    assert!(store.bytes() <= 1_000 && store.len() < 20, "{}", store.len());
    assert_eq!((store.dropped + store.len() as u64, store.lost), (50, 7));
}

#[test]
fn origins_are_merged_by_time() {
    let mut store = Store::new(Limits::default());
    let judge = judge("", "b");
    store.add(vec![line(1, 0, "a1"), line(5, 0, "a5"), line(9, 0, "a9")], 0, &judge);
    let moved = store.add(vec![line(0, 1, "b0"), line(5, 1, "b5"), line(7, 1, "b7")], 0, &judge);
    assert_eq!(texts(&store), ["b0", "a1", "a5", "b5", "b7", "a9"]);
    assert_eq!([0, 1, 2, 3].map(|number| moved.now(number)), [1, 2, 5, 6]);
    assert_eq!(store.hits(), &[0, 3, 4]);
}

#[test]
fn a_filter_judges_in_slices_the_newest_first() {
    let mut store = Store::new(Limits::default());
    let all = SLICE as i64 * 2 + 10;
    let lines = (0..all).map(|at| line(at, 0, if at % 2 == 0 { "even" } else { "odd" })).collect();
    store.add(lines, 0, &Judge::default());
    let judge = judge("even", "even");
    store.judge_anew(&judge);
    assert!(store.is_judging());
    assert_eq!(store.shown().len(), SLICE as usize / 2);
    // Lines that come meanwhile, in time and late.
    store.add(vec![line(all, 0, "even")], 0, &judge);
    store.add(vec![line(3, 1, "even late"), line(all, 1, "odd")], 0, &judge);
    while store.is_judging() {
        store.judge_some(&judge);
    }
    assert_eq!(store.shown().len(), all as usize / 2 + 2);
    assert_eq!(store.hits().len(), store.shown().len());
    assert!(texts(&store).contains(&"even late"));
}

proptest! {
    #[test]
    fn lines_lie_in_order_and_lists_are_right(
        batches in prop::collection::vec(prop::collection::vec((0i64..50, "[ab]"), 0..8), 0..12),
        filters in prop::collection::vec(prop::sample::select(vec!["", "a", "!a"]), 0..3),
    ) {
        let mut store = Store::new(Limits { lines: 40, bytes: 1 << 20 });
        let mut judge = Judge::default();
        let mut filters = filters.into_iter();
        for batch in batches {
            if let Some(filter) = filters.next() {
                judge.set_filter(filter).expect("a filter");
                store.judge_anew(&judge);
            }
            store.add(batch.iter().map(|(at, text)| line(*at, 0, text)).collect(), 0, &judge);
            let times: Vec<_> = store.lines.iter().map(|kept| kept.line.at).collect();
            prop_assert!(times.is_sorted());
            let expected: Vec<u64> =
                (store.base..store.end()).filter(|n| judge.both(store.line(*n).expect("held")).0).collect();
            prop_assert_eq!(store.shown().iter().copied().collect::<Vec<_>>(), expected);
            prop_assert_eq!(store.bytes(), store.lines.iter().map(|kept| kept.line.bytes()).sum::<usize>());
        }
    }
}
