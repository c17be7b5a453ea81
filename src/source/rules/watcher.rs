//! Tells which files of a folder changed, as the kernel sees it (inotify), folder by folder, so that what git ignores costs no watch.

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};
use tokio::sync::mpsc;

/// A watch over folders.
pub struct Watcher {
    inner: RecommendedWatcher,
    watched: BTreeSet<PathBuf>,
    changed: mpsc::Receiver<Vec<PathBuf>>,
}

/// Batches of changes that wait; where more come, the whole is read again.
const WAITING: usize = 256;

impl Watcher {
    /// A watch over nothing yet.
    ///
    /// # Errors
    /// Where the system gives none, in words.
    pub fn new() -> Result<Self, String> {
        let (told, changed) = mpsc::channel(WAITING);
        let inner = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let paths = match event {
                // Who only reads changes nothing.
                Ok(event) if event.kind.is_access() => return,
                Ok(event) => event.paths,
                // What was lost is not known: the whole is looked at.
                Err(_) => Vec::new(),
            };
            // A full queue holds changes enough for the whole to be read again.
            let _ = told.try_send(paths);
        });
        Ok(Self { inner: inner.map_err(|error| error.to_string())?, watched: BTreeSet::new(), changed })
    }

    /// Watches these folders and no others. Returns why some cannot be watched.
    pub fn watch(&mut self, root: &Path, folders: &BTreeSet<PathBuf>) -> Option<String> {
        let wanted: BTreeSet<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
        for gone in self.watched.difference(&wanted).cloned().collect::<Vec<_>>() {
            let _ = self.inner.unwatch(&gone);
            self.watched.remove(&gone);
        }
        let mut problem = None;
        for new in wanted.difference(&self.watched).cloned().collect::<Vec<_>>() {
            match self.inner.watch(&new, RecursiveMode::NonRecursive) {
                Ok(()) => drop(self.watched.insert(new)),
                Err(error) => problem = Some(error.to_string()),
            }
        }
        problem
    }

    /// The next changes; an empty list where it is not known what changed. May be dropped at any time.
    pub async fn next(&mut self) -> Vec<PathBuf> {
        match self.changed.recv().await {
            Some(paths) => paths,
            None => std::future::pending().await,
        }
    }

    /// What else has come meanwhile.
    pub fn more(&mut self) -> Option<Vec<PathBuf>> {
        self.changed.try_recv().ok()
    }
}
