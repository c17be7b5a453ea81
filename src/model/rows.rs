//! Rows of a list that is watched: sorted by key, each shared, so that a copy of the whole costs a pointer a row.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use std::{cmp::Ordering, collections::BTreeSet, ops::Deref, sync::Arc};

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

/// Rows, sorted by origin and key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent, bound(deserialize = "T: Deserialize<'de>", serialize = "T: Serialize"))]
pub struct Rows<T>(Vec<Arc<T>>);

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Deref for Rows<T> {
    type Target = [Arc<T>];
    fn deref(&self) -> &[Arc<T>] {
        &self.0
    }
}

impl<T: Keyed> Rows<T> {
    /// Takes what changed in an origin.
    pub fn apply(&mut self, origin: &str, delta: Delta<T>) {
        match delta {
            Delta::All(mut rows) => {
                rows.sort_by_cached_key(|row| row.key());
                let (from, to) = self.range(origin);
                self.0.splice(from..to, rows);
            }
            Delta::More(rows) => self.change(origin, rows, &[]),
            Delta::Changed { changed, gone } => self.change(origin, changed, &gone),
        }
    }

    /// Forgets an origin.
    pub fn forget(&mut self, origin: &str) {
        let (from, to) = self.range(origin);
        self.0.drain(from..to);
    }

    /// The row with this identity.
    pub fn get(&self, origin: &str, key: &str) -> Option<&Arc<T>> {
        self.position(origin, key).map(|at| &self.0[at])
    }

    /// Where the row with this identity stands.
    pub fn position(&self, origin: &str, key: &str) -> Option<usize> {
        self.find(origin, key).ok()
    }

    /// The rows of one origin.
    pub fn of(&self, origin: &str) -> &[Arc<T>] {
        let (from, to) = self.range(origin);
        &self.0[from..to]
    }

    fn range(&self, origin: &str) -> (usize, usize) {
        let from = self.0.partition_point(|row| row.origin() < origin);
        let to = from + self.0[from..].partition_point(|row| row.origin() == origin);
        (from, to)
    }

    fn find(&self, origin: &str, key: &str) -> Result<usize, usize> {
        let by = |row: &Arc<T>| row.origin().cmp(origin).then_with(|| compare(row.key_parts(), key));
        self.0.binary_search_by(by)
    }

    fn change(&mut self, origin: &str, changed: Vec<Arc<T>>, gone: &[CompactString]) {
        if !gone.is_empty() {
            let (from, to) = self.range(origin);
            let gone: BTreeSet<&str> = gone.iter().map(CompactString::as_str).collect();
            let kept = self.0[from..to].iter().filter(|row| !gone.contains(row.key().as_str())).cloned();
            let kept: Vec<_> = kept.collect();
            self.0.splice(from..to, kept);
        }
        let mut new = Vec::new();
        for row in changed {
            match self.find(origin, &row.key()) {
                Ok(at) => self.0[at] = row,
                Err(_) => new.push(row),
            }
        }
        if !new.is_empty() {
            let (from, to) = self.range(origin);
            let mut all: Vec<_> = self.0[from..to].to_vec();
            all.append(&mut new);
            // Of one that came twice the later stands.
            all.sort_by_cached_key(|row| row.key());
            all.reverse();
            all.dedup_by_key(|row| row.key());
            all.reverse();
            self.0.splice(from..to, all);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
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
        all.apply("a", Delta::All(Vec::new()));
        all.forget("b");
        assert!(all.is_empty());
    }
}
