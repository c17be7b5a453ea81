//! Putting a long list in order again where it changed only: of ten thousand rows a few hundred change in a second.

use super::{
    list::ListState,
    order::{self, Keys},
    table::{Table, severity_column},
    within::Within,
};
use crate::world::World;

/// Where more than one row in so many changed, all are sorted.
const FEW: usize = 4;
/// Stands for a row that is gone or changed.
const NOBODY: u32 = u32::MAX;

/// What an order was made from.
#[derive(Debug, Clone, Default)]
pub(super) struct MadeFrom {
    /// Of each row, as [`Table::stamps`] has them.
    stamps: Vec<u64>,
    by: (usize, bool),
    within: Within,
}

impl MadeFrom {
    /// What an order of this list is made from now, where it can be repaired later: what it is sorted by follows from each row alone, and
    /// no filter asks for more.
    pub fn now(list: &ListState, table: &dyn Table, world: &World, tree: bool) -> Option<Self> {
        let by = list.sorting(table);
        let can_be =
            !(tree && table.can_be_tree()) && list.query.is_empty() && severity_column(table.columns()) == Some(by.0);
        let stamps = can_be.then(|| table.stamps(world)).flatten()?;
        Some(Self { stamps, by, within: list.within.clone() })
    }

    /// The order that is right now, from one that was right before; `None` where all rows have to be sorted.
    pub fn repair(
        &self,
        before: &Self,
        order: &[(u32, u16)],
        keys: &Keys<'_>,
        fits: impl Fn(u32) -> bool,
    ) -> Option<Vec<u32>> {
        if (self.by, &self.within) != (before.by, &before.within) {
            return None;
        }
        let (places, fresh) = self.follow(before)?;
        let kept: Vec<u32> = order.iter().map(|(row, _)| places[*row as usize]).filter(|row| *row != NOBODY).collect();
        let fresh = fresh.into_iter().filter(|row| fits(*row)).collect();
        Some(order::merge(&kept, fresh, keys, self.by))
    }

    /// Where each row of before stands now, and which rows are new or changed. Rows that stay keep their order, and what is new is known by its stamp.
    fn follow(&self, before: &Self) -> Option<(Vec<u32>, Vec<u32>)> {
        let newest = before.stamps.iter().copied().max().unwrap_or(0);
        let mut places = vec![NOBODY; before.stamps.len()];
        let mut old = before.stamps.iter().zip(&mut places);
        let mut fresh = Vec::new();
        for (row, stamp) in self.stamps.iter().enumerate() {
            if *stamp > newest {
                fresh.push(row as u32);
                if fresh.len() * FEW > self.stamps.len() {
                    return None;
                }
            } else {
                // Rows of another world: a moment of the past.
                let (_, place) = old.find(|(known, _)| *known == stamp)?;
                *place = row as u32;
            }
        }
        Some((places, fresh))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{
            attention::Severity,
            health::Health,
            kubernetes::{KubeNews, KubePart, Pod},
            object::ObjectRef,
            rows::{Delta, Keyed},
            update::Update,
        },
        view::table::{Column, Unit, Value},
    };
    use compact_str::CompactString;
    use jiff::Timestamp;
    use proptest::prelude::*;
    use std::sync::Arc;

    /// Pods, the worst first.
    struct Pods;

    static COLUMNS: [Column; 1] = [Column {
        name: "severity",
        title: "",
        unit: Unit::Text,
        width: 1,
        grows: false,
        shown: true,
        about: "how it is doing",
    }];

    impl Table for Pods {
        fn columns(&self) -> &'static [Column] {
            &COLUMNS
        }
        fn default_sort(&self) -> (usize, bool) {
            (0, true)
        }
        fn len(&self, world: &World) -> usize {
            world.observed.kube.pods.len()
        }
        fn key(&self, world: &World, row: usize) -> CompactString {
            world.observed.kube.pods[row].key()
        }
        fn stamps(&self, world: &World) -> Option<Vec<u64>> {
            Some(world.observed.kube.pods.stamps().collect())
        }
        fn object(&self, _: &World, _: usize) -> Option<ObjectRef> {
            None
        }
        fn value<'w>(&self, _: &'w World, _: usize, _: usize) -> Value<'w> {
            Value::Unknown
        }
        fn severity(&self, world: &World, row: usize) -> Option<Severity> {
            world.observed.kube.pods[row].health.severity()
        }
        fn urgency(&self, world: &World, row: usize) -> f64 {
            f64::from(world.observed.kube.pods[row].restarts % 3) / 4.0
        }
        fn can_be_narrowed(&self) -> bool {
            true
        }
        fn is_within(&self, world: &World, row: usize, within: &Within) -> bool {
            within.holds(&world.observed.kube.pods[row].namespace)
        }
    }

    fn pod((name, health, restarts): (u8, u8, u32)) -> Arc<Pod> {
        let health = [Health::Ok, Health::Degraded, Health::Failing][usize::from(health % 3)];
        let (namespace, name) = (["a", "b"][usize::from(name % 2)].into(), compact_str::format_compact!("p{name}"));
        Arc::new(Pod { context: "c".into(), namespace, name, health, restarts, ..Pod::default() })
    }

    /// Pods that change (name, health, restarts), one that goes, and whether the list is narrowed to a namespace.
    type Step = (Vec<(u8, u8, u32)>, u8, bool);

    fn step() -> impl Strategy<Value = Step> {
        (prop::collection::vec((0_u8..60, 0_u8..3, 0_u32..9), 0..9), 0_u8..60, prop::bool::weighted(0.2))
    }

    fn names(list: &ListState, world: &World) -> Vec<CompactString> {
        list.order.iter().map(|(row, _)| Pods.key(world, *row as usize)).collect()
    }

    fn take(world: &mut World, changed: Vec<(u8, u8, u32)>, gone: u8) {
        let gone = vec![pod((gone, 0, 0)).key()];
        let delta = Delta::Changed { changed: changed.into_iter().map(pod).collect(), gone };
        let news = KubeNews { context: "c".into(), part: KubePart::Pods(delta) };
        world.apply(Timestamp::UNIX_EPOCH, "kube/c", vec![Update::Kube(Box::new(news))]);
    }

    proptest! {
        #[test]
        fn a_repaired_order_is_the_order(steps in prop::collection::vec(step(), 1..30)) {
            let (mut world, mut list) = (World::default(), ListState::default());
            for (changed, gone, narrow) in steps {
                take(&mut world, changed, gone);
                list.within.namespaces = narrow.then(|| "a".into()).into_iter().collect();
                list.refresh(&Pods, &world, false, 5);
                let mut anew = ListState { within: list.within.clone(), ..ListState::default() };
                anew.refresh(&Pods, &world, false, 5);
                prop_assert_eq!(names(&list, &world), names(&anew, &world));
                prop_assert_eq!(list.total, anew.total);
            }
        }
    }

    #[test]
    fn only_few_changes_are_repaired() {
        let (mut world, mut list) = (World::default(), ListState::default());
        take(&mut world, (0..40).map(|n| (n, n % 3, 0)).collect(), 99);
        list.refresh(&Pods, &world, false, 5);
        let can_be_repaired = |list: &ListState, world: &World| {
            let now = MadeFrom::now(list, &Pods, world, false).expect("sorted by how bad they are");
            let before = list.made_from.as_ref().expect("made so");
            now.repair(before, &list.order, &Keys::of(&Pods, world), |_| true).is_some()
        };
        take(&mut world, vec![(3, 2, 1), (50, 1, 1)], 7);
        assert!(can_be_repaired(&list, &world));
        let other_world = serde_json::from_value(serde_json::to_value(&world).expect("written")).expect("read");
        assert!(!can_be_repaired(&list, &other_world), "none of its rows is known");
        take(&mut world, (0..20).map(|n| (n, 2, 5)).collect(), 99);
        assert!(!can_be_repaired(&list, &world), "too many");
        list.query = crate::view::query::Query::parse("p1", &COLUMNS).expect("a filter");
        assert!(MadeFrom::now(&list, &Pods, &world, false).is_none(), "a filter may ask for anything");
    }
}
