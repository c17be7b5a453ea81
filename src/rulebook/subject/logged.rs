//! What a change says of itself: the entries that it adds to the CHANGELOG.

use super::{change::Change, words::has_word};
use crate::rulebook::{
    syntax::changelog::{Changelog, Entry},
    tree::{File, Kind, Parsed, base_name},
};
use std::{collections::HashSet, sync::Arc};

/// A new entry, and the CHANGELOG that it is in.
#[derive(Debug, Clone)]
pub struct Logged {
    pub file: Arc<File>,
    pub entry: Entry,
}

impl Logged {
    /// Whether the entry names a file: by its path, by its name without folders, or by a folder that it lies in (`old/`).
    pub fn names_file(&self, path: &str) -> bool {
        let text = self.entry.text.as_str();
        let mut folders = path.match_indices('/').map(|(at, _)| &path[..=at]);
        has_word(text, path) || has_word(text, base_name(path)) || folders.any(|folder| is_folder_named(text, folder))
    }
}

/// Whether a folder stands in a text as such, and not as the beginning of a longer path.
fn is_folder_named(text: &str, folder: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '.');
    text.match_indices(folder).any(|(at, _)| {
        let before = &text[..at];
        // A full stop ends the sentence, unless it begins the name of a file.
        let after = text[at + folder.len()..].trim_start_matches('.');
        (!before.ends_with(joins) || before.ends_with("./")) && !after.starts_with(|c: char| joins(c) && c != '/')
    })
}

/// The entries that a change adds: their first line is new, and none of the same text was there before.
pub fn new_entries(change: &Change) -> Vec<Logged> {
    let mut found = Vec::new();
    for changed in &change.files {
        let Some(file) = changed.new.as_ref().filter(|file| file.kind == Kind::Changelog) else { continue };
        let (Parsed::Markdown(page), old) = (&file.parsed, changed.old.as_deref()) else { continue };
        let before: HashSet<String> = match old.map(|old| &old.parsed) {
            Some(Parsed::Markdown(page)) => {
                Changelog::of(page).entries().map(|(_, entry)| entry.text.clone()).collect()
            }
            _ => HashSet::new(),
        };
        let added: HashSet<u32> = changed.added_lines.iter().copied().collect();
        for (_, entry) in Changelog::of(page).entries() {
            let is_new = old.is_none() || (entry.span.line..=entry.span.end_line).any(|line| added.contains(&line));
            if is_new && !before.contains(&entry.text) {
                found.push(Logged { file: file.clone(), entry: entry.clone() });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::tree::Tree;

    #[test]
    fn only_new_entries_count() {
        let old = Tree::of(&[("CHANGELOG.md", "## Unreleased\n- one\n- two\n")]);
        let new =
            Tree::of(&[("CHANGELOG.md", "## Unreleased\n- three\n- one\n- two\n"), ("a/CHANGELOG.md", "- four\n")]);
        let entries = new_entries(&Change::between(&old, &new));
        let texts: Vec<&str> = entries.iter().map(|logged| logged.entry.text.as_str()).collect();
        assert_eq!(texts, ["three", "four"]);
    }

    #[test]
    fn files_are_named_by_path_name_or_folder() {
        let logged = |text: &str| {
            let tree = Tree::of(&[("CHANGELOG.md", text)]);
            new_entries(&Change::between(&Tree::default(), &tree)).remove(0)
        };
        assert!(logged("- removed `a/b/x.sh`").names_file("a/b/x.sh"));
        assert!(logged("- removed x.sh.").names_file("a/b/x.sh"));
        assert!(logged("- removed all of a/b/.").names_file("a/b/x.sh"));
        assert!(!logged("- removed a/b/y.sh").names_file("a/b/x.sh"));
        assert!(!logged("- removed data/b/").names_file("a/b/x.sh"));
    }
}
