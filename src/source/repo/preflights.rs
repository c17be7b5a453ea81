//! Keeps who went through the list before work began, and how it stood then: one file a repository, the newest last.

use super::runs;
use crate::model::preflight::{Kept, Last};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::ErrorKind,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

/// The version of the file that is written and read.
const VERSION: u32 = 1;
/// How many are kept.
const MOST: usize = 100;

#[derive(Debug, Default, Serialize, Deserialize)]
struct File {
    version: u32,
    kept: Vec<Kept>,
}

fn path(state: &Path, root: &Path) -> PathBuf {
    state.join("preflight").join(format!("{}.json", runs::name(Some(root))))
}

fn read(path: &Path) -> Option<File> {
    let file: File = serde_json::from_str(&fs::read_to_string(path).ok()?).ok()?;
    (file.version == VERSION).then_some(file)
}

/// The last time that somebody went through the list.
pub fn last(state: &Path, root: &Path) -> Option<Last> {
    let kept = read(&path(state, root))?.kept.pop()?;
    Some(Last { at: kept.at, actor: kept.actor, passed: kept.passed })
}

/// Keeps one more.
///
/// # Errors
/// It cannot be kept, in words.
pub fn keep(state: &Path, kept: Kept) -> Result<PathBuf, String> {
    let path = path(state, Path::new(&kept.root));
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut file = read(&path).unwrap_or_default();
    file.version = VERSION;
    file.kept.push(kept);
    let excess = file.kept.len().saturating_sub(MOST);
    file.kept.drain(..excess);
    let text = serde_json::to_string_pretty(&file).map_err(|error| error.to_string())?;
    if let Some(folder) = path.parent() {
        match fs::DirBuilder::new().recursive(true).mode(0o700).create(folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(failed(error)),
            _ => {}
        }
    }
    let new = path.with_extension(format!("{}.new", std::process::id()));
    fs::write(&new, text).and_then(|()| fs::rename(&new, &path)).map_err(failed)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Timestamp, preflight::Preflight};

    #[test]
    fn the_last_is_known_and_the_oldest_are_forgotten() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("repo");
        fs::create_dir(&root).expect("made");
        assert_eq!(last(folder.path(), &root), None);
        for second in 0..(MOST as i64 + 3) {
            let at = Timestamp::from_second(second).expect("in range");
            let kept = Preflight::default().into_kept(at, "ann", root.to_str().expect("UTF-8"));
            keep(folder.path(), kept).expect("kept");
        }
        let found = last(folder.path(), &root).expect("kept");
        assert_eq!((found.at.as_second(), found.actor.as_str(), found.passed), (MOST as i64 + 2, "ann", false));
        assert_eq!(read(&path(folder.path(), &root)).map(|file| file.kept.len()), Some(MOST));
    }
}
