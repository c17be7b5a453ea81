//! Pages of a certain purpose: runbooks and decision records.

use super::places::{is_front_page, is_within};
use crate::rulebook::{
    policy::Policy,
    syntax::markdown::Page,
    tree::{File, Parsed, Tree},
};
use std::sync::Arc;

/// Every runbook: a page in the folder for them, in one of that name, or with that word in its name. A README there is none.
pub fn runbooks<'t>(tree: &'t Tree, policy: &Policy) -> Vec<(&'t Arc<File>, &'t Page)> {
    let is_runbook = |file: &File| {
        let name = file.name().to_ascii_lowercase();
        is_within(&file.path, &policy.layout.runbooks)
            || file
                .folder()
                .split('/')
                .any(|part| matches!(part.to_ascii_lowercase().as_str(), "runbooks" | "playbooks"))
            || name.contains("runbook")
    };
    pages(tree).filter(|(file, _)| is_runbook(file)).collect()
}

/// Every decision record: a page in the folder for them, or in one called `adr` or `decisions`.
pub fn decisions<'t>(tree: &'t Tree, policy: &Policy) -> Vec<(&'t Arc<File>, &'t Page)> {
    let is_decision = |file: &File| {
        let folder = file.folder().rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        is_within(&file.path, &policy.layout.decisions) || matches!(folder.as_str(), "adr" | "adrs" | "decisions")
    };
    pages(tree).filter(|(file, _)| is_decision(file)).collect()
}

fn pages(tree: &Tree) -> impl Iterator<Item = (&Arc<File>, &Page)> {
    tree.files.values().filter_map(|file| match &file.parsed {
        Parsed::Markdown(page) if !is_front_page(&file.path) && !file.is_aside() => Some((file, page.as_ref())),
        _ => None,
    })
}
