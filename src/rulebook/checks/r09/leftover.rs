//! Copies, old versions and experiments that lie beside the real thing; by their names.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        subject::places::is_within,
        tree::{File, Kind, Tree, base_name},
    },
};
use regex::Regex;
use std::{
    cell::LazyCell,
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Deref,
    sync::LazyLock,
};

/// 09a: copy, old version or experiment beside the real thing.
pub struct Leftover;

static META: Meta = Meta {
    id: "09a",
    title: "copy, old version or experiment beside the real thing",
    level: Level::Warn,
    scopes: &[Scope::Repo],
    why: "Of two that look alike somebody will edit, deploy or restore the wrong one. Git keeps the old one.",
    fix: "Keep one, delete the other with an entry in the CHANGELOG; what must stay goes to the archive folder.",
    precedent: &[],
    references: &["https://en.wikipedia.org/wiki/Single_source_of_truth"],
    parameters: &[],
};

/// Names of files and folders that say so whatever lies beside them.
static OLD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?ix)(?:\.(?:bak|bkp|backup|orig|rej|old|save|swp)\d?|~|\x20(?:-\x20)?\(?copy\)?(?:\x20?\(?\d+\)?)?|\x20\(\d+\)|[._-](?:old|bak|bkp)\d?)$")
        .expect("is an expression")
});

/// Folders of experiments.
static EXPERIMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?ix)^(?:(?:.*[._-])?(?:poc|pocs|proof[ _-]?of[ _-]?concept)(?:[._-].*)?|old|deprecated|obsolete)$")
        .expect("is an expression")
});

/// `deploy-v2`; not `v2` alone, which is an interface's version.
static VERSIONED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)^(.+)[_-]v\d{1,2}$").expect("is an expression"));

/// Names whose versions are part of what they describe.
static INTERFACE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:^|[._-])(?:api|apis|schema|proto|spec|swagger|openapi|graphql|crd|protocol|format|migration|model)s?(?:[._-]|$)")
        .expect("is an expression")
});

impl Check for Leftover {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let folders = LazyCell::new(|| children(tree));
        let mut told: BTreeSet<&str> = BTreeSet::new();
        let mut judged: HashMap<&str, bool> = HashMap::new();
        for file in tree.files.values() {
            let path = file.path.as_str();
            if file.is_aside()
                || is_within(path, &out.policy.layout.archive)
                || path.split('/').any(|part| part.starts_with('.') && part.len() > 1 && !part.contains(".bak"))
            {
                continue;
            }
            let ends = path.match_indices('/').map(|(at, _)| &path[..at]);
            let mut found = None;
            for folder in ends {
                if *judged.entry(folder).or_insert_with(|| is_leftover_folder(folder, &folders)) {
                    found = Some(folder);
                    break;
                }
            }
            let Some(folder) = found else {
                if let Some(why) = leftover(file, &folders) {
                    let draft = out.at(file, None).observed(format!("`{}` {why}", file.name()));
                    draft.expected("one file, under its plain name").fail();
                }
                continue;
            };
            if told.insert(folder) {
                let draft = out
                    .about(folder, folder)
                    .observed(format!("folder `{folder}/` is a copy, an old version or an experiment"));
                draft.expected("one folder, under its plain name").fail();
            }
        }
        if tree.files.is_empty() { Judged::No } else { Judged::Yes }
    }
}

/// What lies in each folder, files and folders.
fn children(tree: &Tree) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for path in tree.files.keys() {
        let mut rest = path.as_str();
        loop {
            let (folder, name) = rest.rsplit_once('/').unwrap_or(("", rest));
            if !found.entry(folder).or_default().insert(name) || folder.is_empty() {
                break;
            }
            rest = folder;
        }
    }
    found
}

type Folders<'t> = BTreeMap<&'t str, BTreeSet<&'t str>>;

fn is_leftover_folder<'t>(path: &str, folders: &impl Deref<Target = Folders<'t>>) -> bool {
    let name = base_name(path);
    OLD.is_match(name)
        || EXPERIMENT.is_match(name)
        || (is_version_beside(path, name, "", folders) && !INTERFACE.is_match(name))
}

/// What the name of a file says.
enum Says {
    Nothing,
    Old,
    /// It is a version; of something deployed that is enough.
    Version {
        is_deployed: bool,
    },
}

/// Why a file is a leftover, if it is one.
fn leftover<'t>(file: &File, folders: &impl Deref<Target = Folders<'t>>) -> Option<&'static str> {
    match &*file.kept(|file| said_by_name(&file.path, file.kind)) {
        Says::Nothing => None,
        Says::Old => Some("is a copy or an old version"),
        Says::Version { is_deployed } => {
            let (stem, extension) = parts(file.name());
            (*is_deployed || is_version_beside(&file.path, stem, extension, folders))
                .then_some("is a second version by its name")
        }
    }
}

fn parts(name: &str) -> (&str, &str) {
    name.split_once('.').filter(|(stem, _)| !stem.is_empty()).unwrap_or((name, ""))
}

fn said_by_name(path: &str, kind: Kind) -> Says {
    let name = base_name(path);
    let (stem, extension) = parts(name);
    // Steps of a migration are named by what they do: `004_drop_old.sql`.
    let is_step =
        extension.ends_with("sql") || path.split('/').any(|part| matches!(part, "migrations" | "versions" | "alembic"));
    // Terraform's own copy of its state is told by the check of tracked state.
    if is_step || name.contains(".tfstate") {
        return Says::Nothing;
    }
    if OLD.is_match(name) || OLD.is_match(stem) {
        return Says::Old;
    }
    if INTERFACE.is_match(stem) || matches!(extension, "proto" | "md" | "graphql" | "avsc" | "xsd" | "wsdl") {
        return Says::Nothing;
    }
    let is_deployed = matches!(
        kind,
        Kind::Shell | Kind::Compose | Kind::Dockerfile | Kind::Hcl | Kind::Kubernetes | Kind::HelmTemplate
    );
    if VERSIONED.is_match(stem) { Says::Version { is_deployed } } else { Says::Nothing }
}

/// Whether what a name is the second version of lies beside it: `x-v2` and `x`, or `x-v1`.
fn is_version_beside<'t>(path: &str, stem: &str, extension: &str, folders: &impl Deref<Target = Folders<'t>>) -> bool {
    let Some(found) = VERSIONED.captures(stem) else { return false };
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let dot = if extension.is_empty() { "" } else { "." };
    let own = base_name(path);
    folders.get(folder).into_iter().flatten().filter(|name| **name != own).any(|name| {
        let other = name.strip_suffix(extension).and_then(|stem| stem.strip_suffix(dot)).unwrap_or_default();
        other == &found[1] || VERSIONED.captures(other).is_some_and(|version| version[1] == found[1])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    fn said(paths: &[&str]) -> Vec<String> {
        let files: Vec<(&str, &str)> = paths.iter().map(|path| (*path, "x\n")).collect();
        told(&Leftover, &files)
    }

    #[test]
    fn leftovers_are_told() {
        for path in [
            "nginx.conf.bak",
            "a/deploy_old.sh",
            "a/deploy.sh.old",
            "compose.yaml.orig",
            "run~",
            "deploy-v2.sh",
            "docker-compose-v2.yaml",
            "notes copy.txt",
            "main (1).tf",
            "values_old.yaml",
            "CHANGELOG_old.md",
            "app.conf-bak",
        ] {
            assert_eq!(said(&[path]).len(), 1, "{path}");
        }
        assert_eq!(
            said(&["a/conf.json", "a/conf-v2.json"]),
            ["a/conf-v2.json `conf-v2.json` is a second version by its name"]
        );
        assert_eq!(
            said(&["poc/a.sh", "poc/b/c_old.sh"]),
            ["poc folder `poc/` is a copy, an old version or an experiment"]
        );
        assert_eq!(said(&["x/kafka-poc/a.sh", "web/a", "web-v2/a", "terraform.bak/a.tf"]).len(), 3);
    }

    #[test]
    fn near_misses_are_left_alone() {
        let paths = [
            "api/v2/users.yaml",
            "foo-v2.proto",
            "v2/go.mod",
            "threshold.yaml",
            "folder/a",
            "docs/api-v2.md",
            "openapi-v2.yaml",
            "conf-v2.json",
            "db_backup.sh",
            "backup/run.sh",
            "archive/x_old.sh",
            "db/migrations/004_drop_old.sql",
            "scaffold.sh",
            "hold",
            "gold.tf",
            "bold_marigold.py",
            "tests/a.bak",
            "epoch.py",
            "photocopy.sh",
            "model_v2.py",
            "provider_v2.py",
            "deep_copy.py",
            "is_deprecated.py",
            "microcopy.md",
            "web-v2/a",
        ];
        assert_eq!(said(&paths), [""; 0]);
        assert_eq!(said(&["terraform.tfstate.backup"]), [""; 0]);
    }
}
