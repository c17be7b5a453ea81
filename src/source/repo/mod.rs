//! A repository: its files as the rule book judges them, read from disk, and what git says of them.

pub mod book;
pub mod draft;
pub mod git;
pub mod preflights;
pub mod runs;
pub mod walk;

use crate::rulebook::{
    subject::change::{Change, Changed, What},
    tree::{BEGINNING, File, LARGEST, Listed, Tree, base_name, name_hash},
};
use compact_str::CompactString;
use git::Git;
use std::{
    collections::HashSet,
    io::Read,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Why a repository could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RepoError {
    #[error("{path}: {why}")]
    Unreadable { path: String, why: String },
    #[error("git {command}: {why}")]
    Git { command: String, why: String },
}

/// A repository on disk.
#[derive(Debug, Clone)]
pub struct Repo {
    root: PathBuf,
    git: Option<Git>,
}

impl Repo {
    /// The folder at `path`. Where git knows it, `.gitignore` and what git tracks count.
    ///
    /// # Errors
    /// Where it is no folder that can be read.
    pub fn open(path: &Path) -> Result<Self, RepoError> {
        let wrong = |why: String| RepoError::Unreadable { path: path.display().to_string(), why };
        let root = path.canonicalize().map_err(|error| wrong(error.to_string()))?;
        if !root.is_dir() {
            return Err(wrong("it is no folder; name the folder of the repository".into()));
        }
        let git = Git::find(&root);
        Ok(Self { root, git })
    }

    /// Where it lies.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Reads all of it. `progress` is told how many files of how many are read.
    ///
    /// # Errors
    /// Where git is there and cannot be asked.
    pub fn read(&self, exclude: &walk::Exclude, progress: &(dyn Fn(usize, usize) + Sync)) -> Result<Tree, RepoError> {
        let tracked = self.git.as_ref().map(Git::tracked).transpose()?;
        let listed = walk::list(&self.root, tracked.as_ref(), exclude);
        let names: HashSet<u64> = listed.files.iter().map(|file| name_hash(base_name(&file.path))).collect();
        let files = read_all(&self.root, listed.files, &names, progress);
        let files = files.into_iter().map(|file| (file.path.clone(), file)).collect();
        Ok(Tree::new(self.root.display().to_string(), files, listed.unread))
    }

    /// Reads one file anew; `None` where it is gone or left out.
    pub fn read_file(&self, path: &str, names: &HashSet<u64>) -> Option<Arc<File>> {
        let mut listed = walk::listed(&self.root, path)?;
        listed.is_tracked = self.git.as_ref().map(|git| git.is_tracked(path));
        Some(read(&self.root, listed, names))
    }

    /// What differs between a base and what is on disk, files that git does not track yet included.
    ///
    /// # Errors
    /// Where there is no git, or no such base.
    pub fn change(&self, base: &str, tree: &Tree) -> Result<Change, RepoError> {
        let no_git = || RepoError::Git { command: "diff".into(), why: "this folder is no git repository".into() };
        let git = self.git.as_ref().ok_or_else(no_git)?;
        let base_commit = git.commit(base)?;
        let names: HashSet<u64> = tree.files.keys().map(|path| name_hash(base_name(path))).collect();
        let mut files = Vec::new();
        let mut added = git.added_lines(&base_commit)?;
        for entry in git.changed(&base_commit)? {
            let old_path = entry.old_path.clone().unwrap_or_else(|| entry.path.clone());
            let old = if entry.what == What::Added { None } else { git.blob(&base_commit, &old_path) };
            let new = tree.file(&entry.path).cloned();
            // What is excluded, and what is not there although it was changed (a link), is no part of the tree.
            if new.is_none() && entry.what != What::Deleted {
                continue;
            }
            files.push(Changed {
                old: old.map(|bytes| old_file(&old_path, &bytes, &names)),
                added_lines: added
                    .remove(entry.path.as_str())
                    .unwrap_or_else(|| all_lines(&entry.what, new.as_deref())),
                new,
                path: entry.path,
                old_path: entry.old_path,
                what: entry.what,
            });
        }
        Ok(Change { base: base.into(), files })
    }
}

/// Every line of a file that is new and that git does not know of yet.
fn all_lines(what: &What, new: Option<&File>) -> Vec<u32> {
    match (what, new) {
        (What::Added, Some(file)) => (1..).zip(file.text().lines()).map(|(line, _)| line).collect(),
        _ => Vec::new(),
    }
}

fn old_file(path: &CompactString, bytes: &[u8], names: &HashSet<u64>) -> Arc<File> {
    let listed =
        Listed { path: path.clone(), size_bytes: bytes.len() as u64, is_tracked: Some(true), ..Listed::default() };
    Arc::new(File::new(listed, bytes, names))
}

fn read(root: &Path, mut listed: Listed, names: &HashSet<u64>) -> Arc<File> {
    // Of what is too large the beginning tells whether it is a text. A file may have grown since it was listed.
    let most = if listed.size_bytes > LARGEST { BEGINNING } else { LARGEST + 1 };
    let mut bytes = Vec::with_capacity(usize::try_from(most.min(listed.size_bytes + 1)).unwrap_or_default());
    let file = std::fs::File::open(root.join(&listed.path));
    match file.and_then(|file| file.take(most).read_to_end(&mut bytes)) {
        Ok(_) => {
            listed.size_bytes = listed.size_bytes.max(bytes.len() as u64);
            Arc::new(File::new(listed, &bytes, names))
        }
        Err(error) => Arc::new(File::unreadable(listed, &error.to_string())),
    }
}

/// Reads files on as many threads as there are cores, each taking the next one.
fn read_all(
    root: &Path,
    listed: Vec<Listed>,
    names: &HashSet<u64>,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Vec<Arc<File>> {
    let (next, total) = (AtomicUsize::new(0), listed.len());
    let threads = thread::available_parallelism().map_or(1, usize::from).min(8);
    let work = || {
        let mut files = Vec::with_capacity(total / threads + 1);
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(listed) = listed.get(at) else { return files };
            files.push(read(root, listed.clone(), names));
            progress(at + 1, total);
        }
    };
    let mut files: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut files = work();
        for thread in threads {
            // A reader of syntax does not panic; if one does, so does the whole, rather than that files are left out.
            files.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        files
    });
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

#[cfg(test)]
mod tests;
