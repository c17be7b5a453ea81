//! A file is gone, and another one still speaks of it.

use crate::{
    model::finding::{Level, Scope, Span},
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        subject::{
            change::{Change, What},
            places::{is_within, resolved},
            runbooks::decisions,
        },
        tree::{File, Kind, Tree, base_name},
    },
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// 10b: deleted file still referenced.
pub struct Dangling;

static META: Meta = Meta {
    id: "10b",
    title: "deleted file still referenced",
    level: Level::Block,
    scopes: &[Scope::Diff],
    why: "Whoever follows the reference, a script or a person, finds nothing, and often at the worst time.",
    fix: "Take the reference out, point it to what replaces the file, or keep the file.",
    precedent: &[],
    references: &[],
    parameters: &[],
};

/// Names that many folders have: only a path tells which one is meant.
const COMMON: [&str; 24] = [
    "readme.md",
    "index.md",
    "index.html",
    "main.tf",
    "variables.tf",
    "outputs.tf",
    "versions.tf",
    "providers.tf",
    "__init__.py",
    "main.py",
    "makefile",
    "dockerfile",
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
    "kustomization.yaml",
    "values.yaml",
    "chart.yaml",
    "config.yaml",
    "config.json",
    ".env",
    ".gitignore",
    "changelog.md",
];

impl Check for Dangling {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn change(&self, change: &Change, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let gone = Gone::of(change, tree);
        if gone.by_name.is_empty() {
            return Judged::No;
        }
        let records: HashSet<&str> =
            decisions(tree, out.policy).into_iter().map(|(file, _)| file.path.as_str()).collect();
        for file in tree.files.values() {
            // History may speak of what is gone.
            let is_history = file.kind == Kind::Changelog || records.contains(file.path.as_str());
            if is_history || is_within(&file.path, &out.policy.layout.archive) {
                continue;
            }
            for (path, mention) in gone.mentioned_in(file) {
                let observed = format!("`{}` is gone: {path}", mention.word);
                out.at(file, mention.span).observed(observed).key(path).expected("a file that is there").fail();
            }
        }
        Judged::Yes
    }
}

/// A place that speaks of a file.
struct Mention {
    word: String,
    span: Option<Span>,
}

/// The paths that are no longer there.
struct Gone<'c> {
    /// By their last part.
    by_name: HashMap<&'c str, Vec<&'c str>>,
    /// The names that another file of the tree still has.
    still: HashSet<&'c str>,
    tree: &'c Tree,
}

impl<'c> Gone<'c> {
    fn of(change: &'c Change, tree: &'c Tree) -> Self {
        let paths = change.files.iter().filter_map(|changed| match changed.what {
            What::Deleted => Some(changed.path.as_str()),
            What::Renamed => changed.old_path.as_deref(),
            _ => None,
        });
        let mut by_name: HashMap<&str, Vec<&str>> = HashMap::new();
        for path in paths.filter(|path| tree.file(path).is_none()) {
            by_name.entry(base_name(path)).or_default().push(path);
        }
        let names = tree.files.keys().map(|path| base_name(path));
        let still = names.filter(|name| by_name.contains_key(name)).collect();
        Self { by_name, still, tree }
    }

    /// The first mention in a file of each path that is gone.
    fn mentioned_in(&self, file: &File) -> BTreeMap<&'c str, Mention> {
        let mut found = BTreeMap::new();
        if file.text.is_none() {
            // Its text is not kept; that it holds the name is known.
            for (name, paths) in self.by_name.iter().filter(|(name, _)| !self.is_common(name) && file.mentions(name)) {
                for path in paths {
                    found.insert(*path, Mention { word: (*name).to_owned(), span: None });
                }
            }
        }
        for (line, number) in file.text().lines().zip(1u32..) {
            let mut at = 0;
            for word in line.split(|c: char| !is_path(c)) {
                let mut start = at;
                at += word.len();
                at += line[at..].chars().next().map_or(0, char::len_utf8);
                let mut word = word.trim_end_matches(['.', '/']);
                // `$DIR/util.sh`: what the variable says is not known.
                if line[..start].ends_with('$') {
                    let cut = word.find('/').unwrap_or(word.len());
                    (start, word) = (start + cut, &word[cut..]);
                }
                let Some(path) = self.meant(word, file) else { continue };
                found.entry(path).or_insert_with(|| {
                    let column = u32::try_from(line[..start].chars().count()).unwrap_or(u32::MAX - 1) + 1;
                    let length = u32::try_from(word.chars().count()).unwrap_or(1);
                    Mention { word: word.to_owned(), span: Some(Span::on_line(number, column, length)) }
                });
            }
        }
        found
    }

    fn is_common(&self, name: &str) -> bool {
        COMMON.contains(&name.to_ascii_lowercase().as_str()) || self.still.contains(name) || name.len() < 4
    }

    /// The path that is gone which a word means, if it does.
    fn meant(&self, word: &str, file: &File) -> Option<&'c str> {
        let name = base_name(word);
        let paths = self.by_name.get(name)?;
        let bare = word.trim_start_matches("./").trim_start_matches('/');
        let by_path = |path: &&&'c str| {
            let is_resolved = |folder| resolved(folder, bare_of(word)).is_some_and(|seen| seen == ***path);
            is_resolved(file.folder()) || is_resolved("") || (path.contains('/') && word.ends_with(&format!("/{path}")))
        };
        // A path that leads to a file that is there means that one.
        let is_there = |folder| resolved(folder, bare_of(word)).is_some_and(|seen| self.tree.file(&seen).is_some());
        if is_there(file.folder()) || is_there("") {
            return None;
        }
        let is_bare = !bare.contains('/');
        let same_folder = |path: &&&'c str| {
            !word.contains('/')
                || path.rsplit_once('/').is_none_or(|(folder, _)| folder == file.folder())
                || word.starts_with('/')
        };
        paths
            .iter()
            .find(by_path)
            .or_else(|| paths.iter().find(|path| is_bare && !self.is_common(name) && same_folder(path)))
            .copied()
    }
}

/// A path without the stroke at its beginning, which in a repository is its root.
fn bare_of(word: &str) -> &str {
    word.trim_start_matches('/')
}

fn is_path(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | '@' | '+' | '~')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{policy::Policy, run::told_change};

    fn said(gone: &[&str], rest: &[(&str, &str)]) -> Vec<String> {
        let mut old = rest.to_vec();
        old.extend(gone.iter().map(|path| (*path, "gone\n")));
        told_change(&Dangling, &old, rest, &Policy::default())
    }

    #[test]
    fn references_are_told_at_their_place() {
        assert_eq!(
            said(&["scripts/backup.sh"], &[("README.md", "# A\n\nRun `./scripts/backup.sh` daily, or backup.sh.\n")]),
            ["README.md:3:6 `./scripts/backup.sh` is gone: scripts/backup.sh"]
        );
        assert_eq!(
            said(&["a/nginx.conf"], &[("a/compose.yaml", "volumes: ['./nginx.conf:/etc/x']\n")]),
            ["a/compose.yaml:1:12 `./nginx.conf` is gone: a/nginx.conf"]
        );
        assert_eq!(
            said(&["lib/util.sh"], &[("deploy.sh", "#!/bin/sh\n. \"$DIR/util.sh\"\n")]),
            ["deploy.sh:2:8 `/util.sh` is gone: lib/util.sh"]
        );
        assert_eq!(
            said(&["docs/README.md"], &[("a.md", "[x](docs/README.md)\n")]),
            ["a.md:1:5 `docs/README.md` is gone: docs/README.md"]
        );
    }

    #[test]
    fn a_renamed_file_is_gone_from_its_old_place() {
        let old = [("a/run.sh", "echo\n"), ("b.md", "a/run.sh")];
        let new = [("c/run.sh", "echo\n"), ("b.md", "a/run.sh")];
        assert_eq!(told_change(&Dangling, &old, &new, &Policy::default()), ["b.md:1:1 `a/run.sh` is gone: a/run.sh"]);
    }

    #[test]
    fn near_misses_are_left_alone() {
        let log = ("CHANGELOG.md", "- removed scripts/backup.sh\n");
        assert_eq!(
            said(&["scripts/backup.sh"], &[log, ("archive/a.md", "backup.sh"), ("docs/adr/1.md", "backup.sh")]),
            [""; 0]
        );
        assert_eq!(said(&["a/README.md"], &[("b.md", "see README.md and b/README.md\n")]), [""; 0]);
        assert_eq!(said(&["a/run.sh"], &[("b/run.sh", "x"), ("b/x.md", "run.sh and ./run.sh")]), [""; 0]);
        assert_eq!(
            said(&["backup.sh"], &[("x.md", "my-backup.sh backup.shx db_backup.sh other/backup.sh\n")]),
            [""; 0]
        );
    }
}
