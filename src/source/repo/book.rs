//! The rules as they apply to a repository: its `.flightdeck.toml` over the user's and the system's words, and rules of one's own.

use crate::rulebook::{
    custom,
    engine::Book,
    policy::{Policy, catalogue::Catalogue},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// The repository's own policy.
pub const FILE: &str = ".flightdeck.toml";
/// The folder of its own rules.
pub const RULES: &str = ".flightdeck/rules";

/// What the user and the system say: files of the configuration with their texts, the weakest first, and files of rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    pub policies: Vec<(PathBuf, String)>,
    pub rules: Vec<(PathBuf, String)>,
}

/// Reads the book for a repository, or for live objects alone. What is wrong is said, with file, line and column; the rest is in force.
pub fn read(root: Option<&Path>, words: &Words) -> (Book, Vec<String>) {
    let mut problems = Vec::new();
    let mut rules = words.rules.clone();
    let mut own = None;
    if let Some(root) = root {
        match std::fs::read_to_string(root.join(FILE)) {
            Ok(text) => own = Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => problems.push(format!("{FILE}: cannot be read: {error}")),
        }
        rules.extend(tomls(root, &mut problems));
    }
    let texts: Vec<(String, &str)> =
        rules.iter().map(|(path, text)| (path.display().to_string(), text.as_str())).collect();
    let texts: Vec<(&str, &str)> = texts.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let (custom, faults) = custom::load(&texts);
    problems.extend(faults.iter().map(ToString::to_string));

    let mut known = Catalogue::built_in();
    for rule in &custom.rules {
        known.add_custom(rule);
    }
    let mut policy = Policy::default();
    for (path, text) in &words.policies {
        let (layer, faults) = Policy::read(text, &path.display().to_string(), &["rules"], &known);
        problems.extend(faults.iter().map(ToString::to_string));
        policy = layer.over(policy);
    }
    if let Some(text) = own {
        let (layer, faults) = Policy::read(&text, FILE, &[], &known);
        problems.extend(faults.iter().map(ToString::to_string));
        policy = layer.over(policy);
    }
    (Book { policy: Arc::new(policy), custom: Arc::new(custom) }, problems)
}

fn tomls(root: &Path, problems: &mut Vec<String>) -> Vec<(PathBuf, String)> {
    let Ok(entries) = std::fs::read_dir(root.join(RULES)) else { return Vec::new() };
    let mut names: Vec<_> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.retain(|name| name.ends_with(".toml"));
    names.sort();
    let mut files = Vec::new();
    for name in names {
        let path = format!("{RULES}/{name}");
        match std::fs::read_to_string(root.join(&path)) {
            Ok(text) => files.push((path.into(), text)),
            Err(error) => problems.push(format!("{path}: cannot be read: {error}")),
        }
    }
    files
}

/// The folder of the repository that a path is in: the nearest above it with `.flightdeck.toml` or `.git`.
pub fn root_above(path: &Path) -> Option<PathBuf> {
    let path = path.canonicalize().ok()?;
    let mut folders = path.ancestors();
    folders.find(|folder| folder.join(FILE).is_file() || folder.join(".git").exists()).map(ToOwned::to_owned)
}
