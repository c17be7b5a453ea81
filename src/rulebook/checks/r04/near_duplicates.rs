//! 04a: two scripts or manifests that are nearly the same.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta, Parameter, Value},
        fixture::NOT_BELOW,
        out::Out,
        tree::{File, Kind, Tree},
    },
};
use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasherDefault, DefaultHasher, Hasher},
    sync::Arc,
};

pub struct NearDuplicates;

static META: Meta = Meta {
    id: "04a",
    title: "nearly the same as another file",
    level: Level::Warn,
    scopes: &[Scope::Repo],
    why: "A mistake that is found in one is not mended in the other.",
    fix: "Make one of them, with what differs as a parameter, an overlay or a variable.",
    precedent: &[],
    references: &["https://en.wikipedia.org/wiki/MinHash"],
    parameters: &[
        NOT_BELOW,
        Parameter {
            name: "alike-percent",
            about: "how much of the lines has to be the same",
            default: Value::Number(90.0),
        },
        Parameter {
            name: "least-lines",
            about: "shorter files are left out; comments and empty lines do not count",
            default: Value::Number(12.0),
        },
    ],
};

/// Hashes of a signature, and how many of them make a band: two files whose lines are to four fifths the same share a band with a
/// probability of 99.99 %, and such that have a third in common with one of 18 %.
const BANDS: usize = 16;
const ROWS: usize = 4;
/// With how many files of a band one is compared at most.
const MOST_COMPARED: usize = 40;

impl Check for NearDuplicates {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let least = out.number("least-lines").max(1.0) as usize;
        let alike = out.number("alike-percent").clamp(1.0, 100.0);
        let compared =
            |file: &'_ Arc<File>| Some((group_of(file).filter(|_| !out.leaves_out(&file.path))?, file.kept(Lines::of)));
        let files: Vec<(&File, Group, Arc<Lines>)> = tree
            .files
            .values()
            .filter_map(|file| compared(file).map(|(group, lines)| (&**file, group, lines)))
            .filter(|(_, _, lines)| lines.hashes.len() >= least)
            .collect();
        let shared = shared_keys(&files);
        let mut kept: Vec<(&File, &Lines)> = Vec::new();
        let mut bands: HashMap<u64, Vec<usize>, Plain> = HashMap::default();
        for (file, group, lines) in &files {
            let keys: Vec<u64> = lines.keys(*group).filter(|key| shared.contains(key)).collect();
            let mut near: Vec<usize> =
                keys.iter().flat_map(|key| bands.get(key).into_iter().flatten().copied()).collect();
            near.sort_unstable();
            near.dedup();
            let twin = near.into_iter().find_map(|at| Some((at, percent(&kept[at].1.hashes, &lines.hashes, alike)?)));
            if let Some((at, percent)) = twin {
                let first = kept[at].0;
                let draft = out.at(file, None).observed(format!("{percent:.0} % the same as {}", first.path));
                draft.key(first.path.as_str()).expected("one file, with parameters").fail();
                continue;
            }
            for key in keys {
                let same = bands.entry(key).or_default();
                if same.len() < MOST_COMPARED {
                    same.push(kept.len());
                }
            }
            kept.push((*file, &**lines));
        }
        if files.is_empty() { Judged::No } else { Judged::Yes }
    }

    fn reads(&self) -> Option<&'static [Kind]> {
        Some(&[
            Kind::Shell,
            Kind::Python,
            Kind::Dockerfile,
            Kind::Compose,
            Kind::Kubernetes,
            Kind::HelmTemplate,
            Kind::PrometheusRules,
            Kind::Hcl,
        ])
    }
}

/// The keys that several files have: most have one that nobody shares.
fn shared_keys(files: &[(&File, Group, Arc<Lines>)]) -> HashSet<u64, Plain> {
    let mut all: Vec<u64> = files.iter().flat_map(|(_, group, lines)| lines.keys(*group)).collect();
    all.sort_unstable();
    all.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect()
}

/// For keys that are as good as random by themselves.
type Plain = BuildHasherDefault<Itself>;

#[derive(Default)]
struct Itself(u64);

impl Hasher for Itself {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

/// Kinds of files that are compared with each other.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Group {
    Shell,
    Python,
    Dockerfile,
    Compose,
    Manifest,
    Hcl,
}

fn group_of(file: &File) -> Option<Group> {
    let path = &file.path;
    if file.is_test() || file.is_foreign() || file.is_docs() {
        return None;
    }
    match file.kind {
        Kind::Shell => Some(Group::Shell),
        Kind::Python => Some(Group::Python),
        Kind::Dockerfile => Some(Group::Dockerfile),
        Kind::Compose => Some(Group::Compose),
        Kind::Kubernetes | Kind::HelmTemplate | Kind::PrometheusRules => Some(Group::Manifest),
        Kind::Hcl if !path.ends_with(".lock.hcl") => Some(Group::Hcl),
        _ => None,
    }
}

/// The lines of a file.
struct Lines {
    hashes: Vec<u64>,
    bands: Vec<u64>,
}

impl Lines {
    fn of(file: &File) -> Self {
        let mut hashes = lines_of(file);
        hashes.shrink_to_fit();
        let bands = if hashes.is_empty() { Vec::new() } else { band_keys(&hashes) };
        Self { hashes, bands }
    }

    /// One number for the group, the band and its key.
    fn keys(&self, group: Group) -> impl Iterator<Item = u64> {
        self.bands.iter().enumerate().map(move |(band, key)| mix(key ^ ((group as u64) << 32 | band as u64)))
    }
}

/// The hashes of the lines that say something, sorted. Blanks around and within a line do not count.
fn lines_of(file: &File) -> Vec<u64> {
    let head: String = file.text().lines().take(5).collect::<Vec<_>>().join(" ").to_ascii_lowercase();
    if head.contains("generated")
        && (head.contains("do not edit") || head.contains("code generated") || head.contains("auto"))
    {
        return Vec::new();
    }
    let is_comment = |line: &str| line.starts_with('#') || line.starts_with("//");
    let lines = file.text().lines().map(str::trim).filter(|line| line.len() > 2 && !is_comment(line));
    let mut hashes: Vec<u64> = lines.map(hash_of).collect();
    hashes.sort_unstable();
    hashes
}

/// The hash of a line with one blank between its words.
fn hash_of(line: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    for (at, word) in line.split_whitespace().enumerate() {
        if at > 0 {
            hasher.write_u8(b' ');
        }
        hasher.write(word.as_bytes());
    }
    // As texts are hashed.
    hasher.write_u8(0xff);
    hasher.finish()
}

/// The bands of the signature: the smallest of the lines' hashes under so many orders, in groups.
fn band_keys(lines: &[u64]) -> Vec<u64> {
    let smallest = |order: usize| {
        let salt = (order as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        lines.iter().map(|line| mix(line ^ salt)).min().unwrap_or_default()
    };
    (0..BANDS).map(|band| (0..ROWS).fold(0, |key, row| mix(key ^ smallest(band * ROWS + row)))).collect()
}

/// The finaliser of SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>).
fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// How much of the lines of two files is the same, in percent, where that is as much as `least`; both are sorted.
fn percent(a: &[u64], b: &[u64], least: f64) -> Option<f64> {
    let total = a.len() + b.len();
    let share = |same: usize| 200.0 * same as f64 / total as f64;
    // The fewest that are enough.
    let about = (least * total as f64 / 200.0) as usize;
    let wanted = (about.saturating_sub(1)..=about + 1).find(|same| share(*same) >= least)?;
    let (mut i, mut j, mut same) = (0, 0, 0_usize);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        // Most are out after a few lines that only one of them has.
        if same + (a.len() - i).min(b.len() - j) < wanted {
            return None;
        }
        match x.cmp(y) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                same += 1;
                i += 1;
                j += 1;
            }
        }
    }
    Some(share(same)).filter(|share| *share >= least)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    fn script(lines: usize, other: &[usize]) -> String {
        let line = |n: usize| format!("step-{} --number {n}\n", if other.contains(&n) { "other" } else { "one" });
        (0..lines).fold("#!/bin/sh\n# about\n\n".to_owned(), |text, n| text + &line(n))
    }

    #[test]
    fn what_is_nearly_the_same_is_told_at_the_second() {
        let (a, b, c) = (script(40, &[]), script(40, &[3, 7]), script(40, &[1, 2, 3, 4, 5, 6]));
        assert_eq!(
            told(&NearDuplicates, &[("a.sh", &a), ("b.sh", &format!("# more\n\n{b}")), ("c.sh", &c)]),
            ["b.sh 95 % the same as a.sh"]
        );
        assert_eq!(told(&NearDuplicates, &[("a.sh", &a), ("b.sh", &a), ("c.sh", &a)]).len(), 2, "one a file");
    }

    #[test]
    fn blanks_do_not_count() {
        assert_eq!(hash_of(" a\t b  c"), crate::rulebook::tree::name_hash("a b c"));
    }

    #[test]
    fn what_is_not() {
        let (a, short) = (script(40, &[]), script(8, &[]));
        assert!(
            told(
                &NearDuplicates,
                &[
                    ("a.sh", &a),
                    ("tests/a.sh", &a),
                    ("vendor/a.sh", &a),
                    ("a.py", "x = 1\n"),
                    ("s.sh", &short),
                    ("t.sh", &short),
                    ("Dockerfile", &a),
                ]
            )
            .is_empty()
        );
    }

    #[test]
    fn many_files_are_compared_soon() {
        let texts: Vec<(String, String)> = (0..1_000)
            .map(|n| {
                (
                    format!("s{n:04}.yaml"),
                    format!(
                        "apiVersion: v1\nkind: ConfigMap\ndata:\n{}",
                        (0..20).map(|m| format!("  k{m}: v{}\n", n * 20 + m)).collect::<String>()
                    ),
                )
            })
            .collect();
        let files: Vec<(&str, &str)> = texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        assert!(told(&NearDuplicates, &files).is_empty());
    }
}
