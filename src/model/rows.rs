//! Rows of a list that is watched: sorted by key, each shared, so that a copy of the whole costs a pointer a row. What is asked of
//! all of them again and again (did it change, how is it doing) lies beside them: of ten thousand rows all over the heap, most of
//! the time is spent on the way there.

use super::health::Health;
use compact_str::CompactString;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{
    cmp::Ordering,
    collections::BTreeSet,
    ops::{Deref, Range},
    sync::{
        Arc,
        atomic::{self, AtomicU64},
    },
};

/// A row with an identity.
pub trait Keyed {
    /// Where it comes from: an engine, a context. Rows of one origin come and go together.
    fn origin(&self) -> &str;
    /// The parts of its identity within the origin, those that it has: for Kubernetes objects namespace and name.
    fn key_parts(&self) -> [&str; 3];
    /// Identity within the origin: the parts with slashes between them.
    fn key(&self) -> CompactString {
        let mut key = CompactString::default();
        for part in self.key_parts().into_iter().filter(|part| !part.is_empty()) {
            if !key.is_empty() {
                key.push('/');
            }
            key.push_str(part);
        }
        key
    }
    /// How it is doing, for rows that have a say in that.
    fn health(&self) -> Health {
        Health::Unknown
    }
}

/// Compares a key that is in parts with one that is whole, byte by byte, without joining them.
fn compare(parts: [&str; 3], key: &str) -> Ordering {
    let mut rest = key.as_bytes();
    let mut between = "";
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        for bytes in [between, part].map(str::as_bytes) {
            let (same, after) = rest.split_at(bytes.len().min(rest.len()));
            let ordering = bytes.cmp(same);
            if ordering.is_ne() {
                return ordering;
            }
            rest = after;
        }
        between = "/";
    }
    if rest.is_empty() { Ordering::Equal } else { Ordering::Less }
}

/// What changed in the rows of one origin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", bound(deserialize = "T: Deserialize<'de>", serialize = "T: Serialize"))]
pub enum Delta<T> {
    /// These are all there are.
    All(Vec<Arc<T>>),
    /// These are there too, as far as is known: a list that is still being read.
    More(Vec<Arc<T>>),
    /// These are new or different, and those (by key) are gone.
    Changed { changed: Vec<Arc<T>>, gone: Vec<CompactString> },
}

/// What lies beside a row.
#[derive(Debug, Clone, Copy)]
struct Mark {
    /// Another one for every row that was ever taken by this process, rising.
    stamp: u64,
    health: Health,
}

impl Mark {
    fn of(row: &impl Keyed) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self { stamp: NEXT.fetch_add(1, atomic::Ordering::Relaxed), health: row.health() }
    }
}

/// Leaves out what stands at these places.
fn retain<V>(all: &mut Vec<V>, without: &BTreeSet<usize>) {
    let mut without = without.iter().copied().peekable();
    let mut at = 0;
    all.retain(|_| {
        let here = at;
        at += 1;
        without.next_if_eq(&here).is_none()
    });
}

/// Rows, sorted by origin and key.
#[derive(Debug, Clone)]
pub struct Rows<T> {
    rows: Vec<Arc<T>>,
    /// One for each row.
    marks: Vec<Mark>,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), marks: Vec::new() }
    }
}

impl<T> Deref for Rows<T> {
    type Target = [Arc<T>];
    fn deref(&self) -> &[Arc<T>] {
        &self.rows
    }
}

impl<T: PartialEq> PartialEq for Rows<T> {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows
    }
}

impl<T: Serialize> Serialize for Rows<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rows.serialize(serializer)
    }
}

impl<'de, T: Keyed + Deserialize<'de>> Deserialize<'de> for Rows<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from)
    }
}

impl<T: Keyed> From<Vec<Arc<T>>> for Rows<T> {
    /// Rows that are in order.
    fn from(rows: Vec<Arc<T>>) -> Self {
        let marks = rows.iter().map(|row| Mark::of(&**row)).collect();
        Self { rows, marks }
    }
}

impl<T: Keyed> Rows<T> {
    /// Takes what changed in an origin.
    pub fn apply(&mut self, origin: &str, delta: Delta<T>) {
        match delta {
            Delta::All(mut rows) => {
                rows.sort_by_cached_key(|row| row.key());
                self.replace(self.range(origin), rows.into());
            }
            Delta::More(rows) => self.change(origin, rows, &[]),
            Delta::Changed { changed, gone } => self.change(origin, changed, &gone),
        }
    }

    /// Forgets an origin.
    pub fn forget(&mut self, origin: &str) {
        self.replace(self.range(origin), Self::default());
    }

    /// The row with this identity.
    pub fn get(&self, origin: &str, key: &str) -> Option<&Arc<T>> {
        self.position(origin, key).map(|at| &self.rows[at])
    }

    /// Where the row with this identity stands.
    pub fn position(&self, origin: &str, key: &str) -> Option<usize> {
        self.find(origin, key).ok()
    }

    /// The rows of one origin.
    pub fn of(&self, origin: &str) -> &[Arc<T>] {
        &self.rows[self.range(origin)]
    }

    /// How the rows of one origin are doing.
    pub fn health_of(&self, origin: &str) -> impl Iterator<Item = Health> + '_ {
        self.marks[self.range(origin)].iter().map(|mark| mark.health)
    }

    /// Those rows that do like this, with their places, in order.
    pub fn that_are(&self, like: impl Fn(Health) -> bool) -> impl Iterator<Item = (usize, &Arc<T>)> {
        self.rows
            .iter()
            .zip(&self.marks)
            .enumerate()
            .filter(move |(_, (_, mark))| like(mark.health))
            .map(|(at, (row, _))| (at, row))
    }

    /// A number for each row, in order. A row that changed has a greater one than any row had before.
    pub fn stamps(&self) -> impl ExactSizeIterator<Item = u64> + '_ {
        self.marks.iter().map(|mark| mark.stamp)
    }

    fn range(&self, origin: &str) -> Range<usize> {
        let from = self.rows.partition_point(|row| row.origin() < origin);
        from..from + self.rows[from..].partition_point(|row| row.origin() == origin)
    }

    fn find(&self, origin: &str, key: &str) -> Result<usize, usize> {
        let by = |row: &Arc<T>| row.origin().cmp(origin).then_with(|| compare(row.key_parts(), key));
        self.rows.binary_search_by(by)
    }

    fn replace(&mut self, range: Range<usize>, by: Self) {
        self.rows.splice(range.clone(), by.rows);
        self.marks.splice(range, by.marks);
    }

    fn change(&mut self, origin: &str, changed: Vec<Arc<T>>, gone: &[CompactString]) {
        self.remove(origin, gone);
        let mut new = Vec::new();
        for row in changed {
            match self.find(origin, &row.key()) {
                Ok(at) => {
                    self.marks[at] = Mark::of(&*row);
                    self.rows[at] = row;
                }
                Err(_) => new.push(row),
            }
        }
        self.insert(origin, new);
    }

    fn remove(&mut self, origin: &str, gone: &[CompactString]) {
        if gone.is_empty() {
            return;
        }
        let gone: BTreeSet<usize> = gone.iter().filter_map(|key| self.position(origin, key)).collect();
        retain(&mut self.rows, &gone);
        retain(&mut self.marks, &gone);
    }

    /// Takes rows that are not there yet.
    fn insert(&mut self, origin: &str, new: Vec<Arc<T>>) {
        if new.is_empty() {
            return;
        }
        let range = self.range(origin);
        let known = self.rows[range.clone()].iter().cloned().zip(self.marks[range.clone()].iter().copied());
        let marked = |row: Arc<T>| {
            let mark = Mark::of(&*row);
            (row, mark)
        };
        let mut all: Vec<_> = known.chain(new.into_iter().map(marked)).collect();
        // Of one that came twice the later stands.
        all.sort_by_cached_key(|(row, _)| row.key());
        all.reverse();
        all.dedup_by_key(|(row, _)| row.key());
        all.reverse();
        let (rows, marks) = all.into_iter().unzip();
        self.replace(range, Self { rows, marks });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, PartialEq)]
    struct Row(&'static str, &'static str, u32);

    impl Keyed for Row {
        fn origin(&self) -> &str {
            self.0
        }
        fn key_parts(&self) -> [&str; 3] {
            ["", "", self.1]
        }
    }

    fn rows(rows: &[(&'static str, &'static str, u32)]) -> Vec<Arc<Row>> {
        rows.iter().map(|(origin, key, n)| Arc::new(Row(origin, key, *n))).collect()
    }

    #[test]
    fn parts_compare_as_if_joined() {
        let all = [
            ["", "shop", "web-1"],
            ["", "", "x"],
            ["a", "", ""],
            ["deployment", "shop", "web"],
            ["", "a-b", "c"],
            ["", "", ""],
        ];
        for parts in all {
            for key in [
                "shop/web-1",
                "shop/web-10",
                "shop/web",
                "shop-2/web-1",
                "/x",
                "",
                "a",
                "a/",
                "deployment/shop/wea",
                "a/c",
            ] {
                let joined: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
                assert_eq!(compare(parts, key), joined.join("/").as_str().cmp(key), "{parts:?} and {key}");
            }
        }
    }

    #[test]
    fn origins_come_and_go_apart() {
        let mut all = Rows::default();
        all.apply("b", Delta::All(rows(&[("b", "2", 1), ("b", "1", 1)])));
        all.apply("a", Delta::More(rows(&[("a", "9", 1)])));
        all.apply("a", Delta::More(rows(&[("a", "8", 1), ("a", "9", 2)])));
        let keys: Vec<_> = all.iter().map(|row| (row.0, row.1, row.2)).collect();
        assert_eq!(keys, [("a", "8", 1), ("a", "9", 2), ("b", "1", 1), ("b", "2", 1)]);
        let changed = rows(&[("b", "3", 5), ("b", "2", 6), ("b", "3", 7)]);
        all.apply("b", Delta::Changed { changed, gone: vec!["1".into(), "x".into()] });
        let keys: Vec<_> = all.of("b").iter().map(|row| (row.1, row.2)).collect();
        assert_eq!(keys, [("2", 6), ("3", 7)]);
        assert_eq!(all.get("a", "8").map(|row| row.2), Some(1));
        assert_eq!(all.get("b", "8"), None);
        assert_eq!(all.stamps().len(), all.len());
        all.apply("a", Delta::All(Vec::new()));
        all.forget("b");
        assert!(all.is_empty());
    }

    #[test]
    fn what_changed_has_a_greater_stamp_than_all_before() {
        let mut all = Rows::default();
        all.apply("a", Delta::All(rows(&[("a", "1", 1), ("a", "2", 1), ("a", "3", 1)])));
        let before: Vec<_> = all.stamps().collect();
        let newest = *before.iter().max().expect("three rows");
        let changed = rows(&[("a", "2", 5), ("a", "25", 5)]);
        all.apply("a", Delta::Changed { changed, gone: vec!["1".into()] });
        let after: Vec<_> = all.stamps().collect();
        assert_eq!(after[2], before[2], "nobody touched it");
        assert!(after[0] > newest && after[1] > newest && after[0] != after[1]);
        assert_eq!(all.clone().stamps().collect::<Vec<_>>(), after, "a copy is the same");
        let again: Rows<Row> = all.to_vec().into();
        assert!(again.stamps().min() > after.into_iter().max(), "what was read anew is new");
    }
}
