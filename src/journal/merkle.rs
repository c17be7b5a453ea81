//! Merkle trees over event hashes, as RFC 6962 (Certificate Transparency), section 2.1, defines them:
//! <https://www.rfc-editor.org/rfc/rfc6962#section-2.1>. A leaf is an event's hash.

use super::encode::sha256;
use crate::model::journal::Digest;

/// Hash of a leaf: SHA-256(0x00 ‖ leaf).
pub fn leaf(hash: &Digest) -> Digest {
    sha256(&[&[0], &hash.0])
}

/// Hash of a node: SHA-256(0x01 ‖ left ‖ right).
fn node(left: &Digest, right: &Digest) -> Digest {
    sha256(&[&[1], &left.0, &right.0])
}

/// A tree that grows by leaves and is asked for its root: of each complete subtree only the top is kept, the largest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    tops: Vec<Digest>,
}

impl Frontier {
    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds the next event's hash.
    pub fn push(&mut self, hash: &Digest) {
        let mut top = leaf(hash);
        // As many subtrees are completed as the old size has ones at its end.
        for _ in 0..self.size.trailing_ones() {
            let left = self.tops.pop().expect("there is a top for each one in the size");
            top = node(&left, &top);
        }
        self.tops.push(top);
        self.size += 1;
    }

    /// The root: MTH of section 2.1. That of no leaves is SHA-256 of nothing.
    pub fn root(&self) -> Digest {
        let mut tops = self.tops.iter().rev();
        match tops.next() {
            None => sha256(&[]),
            Some(last) => tops.fold(*last, |right, left| node(left, &right)),
        }
    }

    /// What it takes to go on later: the tops, 32 bytes each.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.tops.iter().flat_map(|top| top.0).collect()
    }

    /// A tree that goes on; `None` where size and tops do not fit together.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Option<Self> {
        let (tops, rest) = bytes.as_chunks::<32>();
        let fits = rest.is_empty() && tops.len() == size.count_ones() as usize;
        fits.then(|| Self { size, tops: tops.iter().map(|top| Digest(*top)).collect() })
    }
}

/// All layers of a tree, for audit paths.
#[derive(Debug, Clone)]
pub struct Tree {
    /// Tops of all complete subtrees of 2^level leaves.
    levels: Vec<Vec<Digest>>,
}

impl Tree {
    /// The tree over these event hashes.
    pub fn new(hashes: &[Digest]) -> Self {
        let mut levels = vec![hashes.iter().map(leaf).collect::<Vec<_>>()];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            let level = below.as_chunks::<2>().0.iter().map(|[left, right]| node(left, right)).collect();
            levels.push(level);
        }
        Self { levels }
    }

    /// MTH over the leaves from `from` on, `count` of them; `from` is a multiple of the largest power of two below `count`, or 0.
    fn range(&self, from: usize, count: usize) -> Digest {
        if count.is_power_of_two() {
            let level = count.trailing_zeros() as usize;
            return self.levels[level][from >> level];
        }
        let split = split(count);
        node(&self.range(from, split), &self.range(from + split, count - split))
    }

    /// The audit path of a leaf, from 0, the sibling nearest to it first: PATH of section 2.1.1. Empty for a leaf that is not there.
    pub fn path(&self, leaf: usize) -> Vec<Digest> {
        let mut path = Vec::new();
        let (mut from, mut count, mut index) = (0, self.levels[0].len(), leaf);
        if leaf >= count {
            return path;
        }
        while count > 1 {
            let split = split(count);
            if index < split {
                path.push(self.range(from + split, count - split));
                count = split;
            } else {
                path.push(self.range(from, split));
                (from, count, index) = (from + split, count - split, index - split);
            }
        }
        path.reverse();
        path
    }
}

/// The largest power of two below `count`, which is at least 2.
fn split(count: usize) -> usize {
    1 << (count - 1).ilog2()
}

/// The root that a leaf's audit path leads to, in a tree of `size` leaves; `None` where the path's length does not fit. As in RFC 9162,
/// section 2.1.3.2: <https://www.rfc-editor.org/rfc/rfc9162#section-2.1.3.2>.
pub fn root_of_path(hash: &Digest, index: u64, size: u64, path: &[Digest]) -> Option<Digest> {
    let mut last = size.checked_sub(1).filter(|last| index <= *last)?;
    let (mut at, mut root) = (index, leaf(hash));
    for sibling in path {
        if last == 0 {
            return None;
        }
        if at & 1 == 1 || at == last {
            root = node(sibling, &root);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            root = node(&root, sibling);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    (last == 0).then_some(root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Section 2.1, word for word.
    fn plain(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => sha256(&[]),
            [one] => leaf(one),
            _ => {
                let (left, right) = leaves.split_at(split(leaves.len()));
                node(&plain(left), &plain(right))
            }
        }
    }

    fn hashes(count: usize) -> Vec<Digest> {
        (0..count).map(|index| sha256(&[&index.to_be_bytes()])).collect()
    }

    #[test]
    fn roots_are_those_of_the_definition() {
        let all = hashes(70);
        let mut frontier = Frontier::default();
        for size in 0..=all.len() {
            assert_eq!(frontier.root(), plain(&all[..size]), "size {size}");
            assert_eq!(Frontier::from_bytes(frontier.size(), &frontier.to_bytes()), Some(frontier.clone()));
            assert_eq!(Frontier::from_bytes(frontier.size() + 1, &frontier.to_bytes()).is_some(), {
                (size as u64 + 1).count_ones() == (size as u64).count_ones()
            });
            if let Some(next) = all.get(size) {
                frontier.push(next);
            }
        }
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Frontier::default().root().to_string(), empty);
    }

    #[test]
    fn every_leaf_of_every_size_can_be_proved_and_no_other() {
        for size in 1..=40 {
            let all = hashes(size);
            let (tree, root) = (Tree::new(&all), plain(&all));
            for (index, hash) in all.iter().enumerate() {
                let path = tree.path(index);
                let lead = |hash: &Digest, index: usize, size: usize, path: &[Digest]| {
                    root_of_path(hash, index as u64, size as u64, path)
                };
                assert_eq!(lead(hash, index, size, &path), Some(root), "{index} of {size}");
                assert_ne!(lead(&sha256(&[b"other"]), index, size, &path), Some(root));
                assert_ne!(lead(hash, index + 1, size, &path), Some(root));
                assert_eq!(lead(hash, index, size, &[path, vec![root]].concat()), None);
            }
        }
    }

    proptest! {
        #[test]
        fn a_path_that_was_tampered_with_leads_elsewhere(size in 2usize..300, index: prop::sample::Index, bit in 0usize..256) {
            let all = hashes(size);
            let index = index.index(size);
            let mut path = Tree::new(&all).path(index);
            let at = bit % path.len();
            path[at].0[bit / 8] ^= 1 << (bit % 8);
            prop_assert_ne!(root_of_path(&all[index], index as u64, size as u64, &path), Some(plain(&all)));
        }
    }
}
