//! Walks the hierarchies: every group once, depth first, siblings by name.

use super::super::cgroup_fs::{Hierarchies, Hierarchy};
use compact_str::{CompactString, format_compact};
use std::path::PathBuf;

/// One group's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// `/`, or `/a/b`.
    pub path: CompactString,
    pub depth: u16,
}

/// All groups up to a cap.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    pub groups: Vec<Group>,
    /// Groups beyond the cap.
    pub left_out: u64,
}

/// Walks the v2 hierarchy, or all v1 hierarchies at once.
pub fn walk(hierarchies: &Hierarchies, version: u8, cap: usize) -> Tree {
    let mut folders: Vec<PathBuf> = match version {
        2 => hierarchies.unified.iter().map(|hierarchy| hierarchy.folder.clone()).collect(),
        _ => hierarchies.controllers.iter().map(|(_, Hierarchy { folder, .. })| folder.clone()).collect(),
    };
    folders.sort_unstable();
    folders.dedup();
    let mut tree = Tree::default();
    let mut waiting = vec![(Group { path: "/".into(), depth: 0 }, folders)];
    while let Some((group, folders)) = waiting.pop() {
        let mut names: Vec<std::ffi::OsString> = folders.iter().flat_map(children).collect();
        names.sort_unstable();
        names.dedup();
        // The last one in is the first one out.
        for name in names.into_iter().rev() {
            let parent = group.path.trim_end_matches('/');
            let path = format_compact!("{parent}/{}", name.to_string_lossy());
            let child = Group { path, depth: group.depth.saturating_add(1) };
            waiting.push((child, folders.iter().map(|folder| folder.join(&name)).collect()));
        }
        if tree.groups.len() < cap { tree.groups.push(group) } else { tree.left_out += 1 }
    }
    tree
}

/// Names of the folders in a folder; of none where it is not in this hierarchy.
fn children(folder: &PathBuf) -> impl Iterator<Item = std::ffi::OsString> + use<> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.file_name())
}
