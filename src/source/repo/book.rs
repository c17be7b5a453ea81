//! The rules as they apply to a repository: its `.flightdeck.toml` over the user's and the system's words, rules of one's own, and the old
//! debt that is accepted.

use crate::rulebook::{
    custom::{self, CustomRules},
    engine::Book,
    policy::{BASELINE, Policy, baseline::Baseline, catalogue::Catalogue},
};
use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The repository's own policy.
pub const FILE: &str = ".flightdeck.toml";
/// The folder of its own rules.
pub const RULES: &str = ".flightdeck/rules";
/// The section of the user's and the system's configuration that is a policy.
pub const SECTION: &[&str] = &["rules"];

/// What the user and the system say: files of the configuration with their texts, the weakest first, and files of rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    pub policies: Vec<(PathBuf, String)>,
    pub rules: Vec<(PathBuf, String)>,
    /// The user's file, which need not be there: where the user's own waivers are written.
    pub user: Option<PathBuf>,
}

impl Words {
    /// The same as the files say it now. What cannot be read any more counts as it did: a rule must not go by itself.
    #[must_use]
    pub fn fresh(&self) -> Self {
        let now = |(path, text): &(PathBuf, String)| {
            (path.clone(), std::fs::read_to_string(path).unwrap_or_else(|_| text.clone()))
        };
        let mut policies: Vec<_> = self.policies.iter().map(now).collect();
        if let Some(user) = self.user.as_ref().filter(|user| policies.iter().all(|(path, _)| path != *user)) {
            policies.extend(std::fs::read_to_string(user).ok().map(|text| (user.clone(), text)));
        }
        Self { policies, rules: self.rules.iter().map(now).collect(), user: self.user.clone() }
    }
}

/// Rules of one's own, and what can be named by a policy.
pub struct Customs {
    pub rules: CustomRules,
    pub known: Catalogue,
    pub problems: Vec<String>,
}

/// Reads the rules of one's own, of the user and of a repository.
pub fn customs(root: Option<&Path>, words: &Words) -> Customs {
    let mut problems = Vec::new();
    let mut files = words.rules.clone();
    if let Some(root) = root {
        files.extend(tomls(root, &mut problems));
    }
    let texts: Vec<(String, &str)> =
        files.iter().map(|(path, text)| (path.display().to_string(), text.as_str())).collect();
    let texts: Vec<(&str, &str)> = texts.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let (rules, faults) = custom::load(&texts);
    problems.extend(faults.iter().map(ToString::to_string));
    let mut known = Catalogue::built_in();
    for rule in &rules.rules {
        known.add_custom(rule);
    }
    Customs { rules, known, problems }
}

/// Reads the book for a repository, or for live objects alone. What is wrong is said, with file, line and column; the rest is in force.
pub fn read(root: Option<&Path>, words: &Words) -> (Book, Vec<String>) {
    let Customs { rules, known, mut problems } = customs(root, words);
    let own = root.and_then(|root| own_text(root, &mut problems));
    let policy = layered(words, own.as_deref(), &known, &mut problems);
    let baseline = root.and_then(|root| baseline(root, &policy, &mut problems));
    (Book { policy: Arc::new(policy), custom: Arc::new(rules), baseline: baseline.map(Arc::new) }, problems)
}

/// One policy over the other: the repository's text over what user and system say.
pub fn layered(words: &Words, own: Option<&str>, known: &Catalogue, problems: &mut Vec<String>) -> Policy {
    let mut policy = Policy::default();
    let mut lay = |text: &str, file: &str, section: &[&str]| {
        let (layer, faults) = Policy::read(text, file, section, known);
        problems.extend(faults.iter().map(ToString::to_string));
        policy = layer.over(std::mem::take(&mut policy));
    };
    for (path, text) in &words.policies {
        lay(text, &path.display().to_string(), SECTION);
    }
    if let Some(text) = own {
        lay(text, FILE, &[]);
    }
    policy
}

fn own_text(root: &Path, problems: &mut Vec<String>) -> Option<String> {
    match std::fs::read_to_string(root.join(FILE)) {
        Ok(text) => Some(text),
        Err(error) => {
            if error.kind() != ErrorKind::NotFound {
                problems.push(format!("{FILE}: cannot be read: {error}"));
            }
            None
        }
    }
}

/// Where a repository's old debt is written.
pub fn baseline_path(root: &Path, policy: &Policy) -> PathBuf {
    root.join(policy.baseline.as_deref().unwrap_or(BASELINE))
}

/// The old debt that a repository accepts. One that is named has to be there.
fn baseline(root: &Path, policy: &Policy, problems: &mut Vec<String>) -> Option<Baseline> {
    let path = baseline_path(root, policy);
    let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
    let read = match std::fs::read_to_string(&path) {
        Ok(text) => Baseline::read(&text).map_err(|error| error.to_string()),
        Err(error) if error.kind() == ErrorKind::NotFound && policy.baseline.is_none() => return None,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(format!("it is not there; flightdeck check --write-baseline {name} makes it"))
        }
        Err(error) => Err(format!("cannot be read: {error}")),
    };
    read.map_err(|why| problems.push(format!("{name}: {why}"))).ok()
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
