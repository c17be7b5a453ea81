//! 01c: a script, a compose file or a Dockerfile names a file that does not exist.

use crate::{
    model::finding::{Level, Scope, Span},
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        tree::{File, Kind, Tree, base_name, folder_of, name_hash},
    },
};
use std::{collections::HashSet, sync::Arc};

mod compose;
mod dockerfile;
mod shell;

pub struct MissingPath;

static META: Meta = Meta {
    id: "01c",
    title: "referenced path does not exist",
    level: Level::Error,
    scopes: &[Scope::Repo],
    why: "It fails at the moment when it is needed, or a container engine makes an empty folder of that name and mounts it.",
    fix: "Correct the path, or add the file.",
    precedent: &["SC1091"],
    references: &["https://docs.docker.com/reference/compose-file/", "https://www.shellcheck.net/wiki/SC1091"],
    parameters: &[],
};

/// A path that is named and not there.
struct Missing {
    span: Option<Span>,
    path: String,
    /// What names it: `source`, `env_file`.
    by: &'static str,
}

impl Check for MissingPath {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let known = Known::of(tree);
        let mut verdict = Judged::No;
        for file in tree.files.values().filter(|file| is_judged(file)) {
            let mut missing = match file.kind {
                Kind::Shell => shell::missing(file, &known),
                Kind::Compose => compose::missing(file, &known),
                Kind::Dockerfile => dockerfile::missing(file, &known),
                _ => continue,
            };
            verdict = Judged::Yes;
            missing.sort_by_key(|missing| missing.span);
            for Missing { span, path, by } in missing {
                out.at(file, span)
                    .observed(format!("{by} {path}"))
                    .expected("a file that exists")
                    .key(format!("{by} {path}"))
                    .fail();
            }
        }
        verdict
    }
}

fn is_judged(file: &File) -> bool {
    !file.is_foreign() && !file.is_test() && !file.is_docs()
}

/// The files and folders of a tree.
struct Known<'t> {
    tree: &'t Tree,
    paths: Arc<Paths>,
}

/// Hashes of paths ([`name_hash`]).
struct Paths {
    folders: HashSet<u64>,
    /// Every end of a path that begins at a `/`: `b/c.sh` and `c.sh` of `a/b/c.sh`. Of folders, too.
    ends: HashSet<u64>,
}

impl<'t> Known<'t> {
    fn of(tree: &'t Tree) -> Self {
        Self { tree, paths: tree.kept_of_paths(Paths::of) }
    }

    fn has(&self, path: &str) -> bool {
        path.is_empty() || self.tree.file(path).is_some() || self.paths.folders.contains(&name_hash(path))
    }

    /// Whether there is anything whose path ends like this.
    fn has_end(&self, path: &str) -> bool {
        path.is_empty() || self.paths.ends.contains(&name_hash(path))
    }
}

impl Paths {
    fn of(tree: &Tree) -> Self {
        let (mut folders, mut ends) = (HashSet::new(), HashSet::new());
        for path in tree.files.keys() {
            add_ends(path, &mut ends);
            let mut folder = folder_of(path);
            while !folder.is_empty() && folders.insert(name_hash(folder)) {
                add_ends(folder, &mut ends);
                folder = folder_of(folder);
            }
        }
        Self { folders, ends }
    }
}

fn add_ends(path: &str, ends: &mut HashSet<u64>) {
    ends.insert(name_hash(path));
    ends.extend(path.match_indices('/').map(|(at, _)| name_hash(&path[at + 1..])));
}

/// Whether a path is one that can be judged: relative, without variables and patterns.
fn is_plain(path: &str) -> bool {
    !path.is_empty()
        && !path.starts_with(['/', '~', '-'])
        && !path.contains(['$', '*', '?', '[', '{', '`', '<', '%', '@', '\\', ' ', '\n'])
        && !path.contains("://")
}

/// Whether a path is likely made by a build, or kept out of git with reason: secrets, environments.
fn is_made_elsewhere(path: &str) -> bool {
    let folders = [
        "venv",
        ".venv",
        "env",
        ".env",
        "node_modules",
        "build",
        "dist",
        "target",
        "out",
        "output",
        ".next",
        "tmp",
        "temp",
        "cache",
        ".cache",
        "coverage",
        "secrets",
        "certs",
        "data",
        "logs",
    ];
    let endings = [
        "jar", "war", "whl", "tgz", "gz", "xz", "zip", "tar", "bin", "exe", "so", "pem", "key", "crt", "cert", "pub",
        "db", "sqlite", "log", "sock", "pid", "deb", "rpm", "pkg", "apk", "wasm",
    ];
    let extension = base_name(path).rsplit_once('.').map_or("", |(_, extension)| extension);
    path.split('/').any(|part| folders.contains(&part)) || endings.contains(&extension)
}

#[cfg(test)]
#[path = "missing_path/tests.rs"]
mod tests;
