//! Lists the files of a repository: by `.gitignore`, without `.git`, and with what git tracks although it is ignored.

use super::git::Tracked;
use crate::{model::Timestamp, rulebook::tree::Listed};
use compact_str::CompactString;
use globset::{Glob, GlobSet, GlobSetBuilder};
use ignore::WalkBuilder;
use std::{collections::BTreeMap, fs::Metadata, os::unix::fs::PermissionsExt, path::Path};

/// Paths that are left out.
#[derive(Debug, Clone, Default)]
pub struct Exclude(GlobSet);

impl Exclude {
    /// By globs as `.flightdeck.toml` has them; what is no glob is left to the policy to say.
    pub fn new<'a>(globs: impl IntoIterator<Item = &'a str>) -> Self {
        let mut set = GlobSetBuilder::new();
        for glob in globs {
            if let Ok(glob) = Glob::new(glob) {
                set.add(glob);
            }
        }
        Self(set.build().unwrap_or_default())
    }

    /// Whether a path is left out.
    pub fn has(&self, path: &str) -> bool {
        self.0.is_match(path)
    }
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// By path.
    pub files: Vec<Listed>,
    /// What could not be listed, and why.
    pub unread: Vec<(CompactString, String)>,
}

/// Lists a folder.
pub fn list(root: &Path, tracked: Option<&Tracked>, exclude: &Exclude) -> Listing {
    let mut files: BTreeMap<CompactString, Listed> = BTreeMap::new();
    let mut unread = Vec::new();
    let walk = WalkBuilder::new(root)
        .hidden(false)
        .git_global(false)
        .require_git(false)
        .follow_links(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .build();
    for entry in walk {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                unread.push((CompactString::default(), error.to_string()));
                continue;
            }
        };
        // Links are neither followed nor read: what they lead to is judged where it is.
        if !entry.file_type().is_some_and(|kind| kind.is_file()) {
            continue;
        }
        let Some(path) = relative(root, entry.path()) else { continue };
        if exclude.has(&path) {
            continue;
        }
        if let Ok(metadata) = entry.metadata() {
            let is_tracked = tracked.map(|tracked| tracked.all.contains(&path));
            files.insert(path.clone(), Listed { is_tracked, ..of(path, &metadata) });
        }
    }
    // Tracked all the same: what `.gitignore` names was meant to stay out.
    for path in tracked.into_iter().flat_map(|tracked| &tracked.ignored) {
        if let (false, Some(listed)) = (exclude.has(path), listed(root, path)) {
            files.insert(path.clone(), Listed { is_tracked: Some(true), is_ignored: true, ..listed });
        }
    }
    Listing { files: files.into_values().collect(), unread }
}

/// One file, as it is now.
pub fn listed(root: &Path, path: &str) -> Option<Listed> {
    let metadata = std::fs::symlink_metadata(root.join(path)).ok()?;
    metadata.is_file().then(|| of(path.into(), &metadata))
}

/// A path below the root, with `/` between its parts.
pub fn relative(root: &Path, path: &Path) -> Option<CompactString> {
    let path = path.strip_prefix(root).ok()?.to_string_lossy();
    (!path.is_empty()).then(|| path.as_ref().into())
}

fn of(path: CompactString, metadata: &Metadata) -> Listed {
    Listed {
        path,
        size_bytes: metadata.len(),
        is_executable: metadata.permissions().mode() & 0o111 != 0,
        modified_at: metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok()),
        ..Listed::default()
    }
}
