//! What changed in a repository since a base.

use crate::rulebook::tree::File;
use compact_str::CompactString;
use std::sync::Arc;

/// A change: every file that differs between the base and the tree.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// The base as it was named: `origin/main`.
    pub base: CompactString,
    pub files: Vec<Changed>,
}

/// A file that differs.
#[derive(Debug, Clone)]
pub struct Changed {
    pub path: CompactString,
    /// Where it was, if it was renamed.
    pub old_path: Option<CompactString>,
    pub what: What,
    /// As it was at the base; `None` where it was not there.
    pub old: Option<Arc<File>>,
    /// As it is now; `None` where it is gone.
    pub new: Option<Arc<File>>,
    /// Numbers of the lines of `new` that are new or differ.
    pub added_lines: Vec<u32>,
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Added,
    Modified,
    Deleted,
    Renamed,
}

impl Change {
    /// The files that are gone: deleted, and at no other place now. What moved with all that is in it is not gone.
    pub fn gone(&self) -> impl Iterator<Item = (&Changed, &Arc<File>)> {
        let texts: std::collections::HashSet<&str> = self
            .files
            .iter()
            .filter(|changed| changed.what == What::Added)
            .filter_map(|changed| changed.new.as_ref().map(|new| new.text()))
            .filter(|text| !text.trim().is_empty())
            .collect();
        self.files.iter().filter(|changed| changed.what == What::Deleted).filter_map(move |changed| {
            let old = changed.old.as_ref()?;
            (!texts.contains(old.text())).then_some((changed, old))
        })
    }

    /// What differs between two trees, for tests. A file that is elsewhere with the same text was renamed.
    #[cfg(test)]
    pub fn between(old: &crate::rulebook::tree::Tree, new: &crate::rulebook::tree::Tree) -> Self {
        let mut files = Vec::new();
        let moved = |text: &str| {
            let of_old =
                |(path, file): &(&CompactString, &Arc<File>)| !new.files.contains_key(*path) && file.text() == text;
            old.files.iter().find(of_old).filter(|_| !text.is_empty())
        };
        let mut renamed = Vec::new();
        for (path, file) in &new.files {
            let was = old.files.get(path);
            if was.is_some_and(|was| was.text() == file.text()) {
                continue;
            }
            let from = if was.is_none() { moved(file.text()) } else { None };
            renamed.extend(from.map(|(path, _)| path.clone()));
            let before = was.or(from.map(|(_, file)| file)).cloned();
            let old_lines: Vec<&str> = before.as_ref().map(|file| file.text().lines().collect()).unwrap_or_default();
            let lines = file.text().lines().zip(1..);
            let added_lines = lines.filter(|(line, _)| !old_lines.contains(line)).map(|(_, number)| number).collect();
            let what = match (&was, &from) {
                (Some(_), _) => What::Modified,
                (None, Some(_)) => What::Renamed,
                (None, None) => What::Added,
            };
            let old_path = from.map(|(path, _)| path.clone());
            files.push(Changed {
                path: path.clone(),
                old_path,
                what,
                old: before,
                new: Some(file.clone()),
                added_lines,
            });
        }
        for (path, file) in
            old.files.iter().filter(|(path, _)| !new.files.contains_key(*path) && !renamed.contains(path))
        {
            let (what, old) = (What::Deleted, Some(file.clone()));
            files.push(Changed { path: path.clone(), old_path: None, what, old, new: None, added_lines: Vec::new() });
        }
        Self { base: "base".into(), files }
    }
}
