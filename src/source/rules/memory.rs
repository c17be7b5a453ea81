//! Keeps what became of findings in the state folder, one file a source, so that a cockpit that is started anew knows since when they are there.

use crate::{
    model::{Timestamp, finding::Finding, ruling::Turn},
    rulebook::policy::history::History,
    source::repo::runs,
};
use compact_str::CompactString;
use std::{
    collections::BTreeMap,
    fs,
    io::{self, ErrorKind},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

/// A history and its file.
#[derive(Debug, Default)]
pub(super) struct Memory {
    history: History,
    /// `None` where nothing may be written.
    file: Option<PathBuf>,
    /// What `flightdeck check` saw before.
    before: BTreeMap<CompactString, Timestamp>,
}

impl Memory {
    /// The memory of a source that judges in a repository, or of what is live alone.
    pub fn open(state: Option<&Path>, source: &str, root: Option<&Path>) -> Self {
        let Some(state) = state else { return Self::default() };
        let plain = |c: char| if c.is_ascii_alphanumeric() || "-.".contains(c) { c } else { '_' };
        let name: String = source.chars().map(plain).collect();
        let file = state.join("findings").join(format!("{name}-{}.json", runs::name(root)));
        let before = runs::read(state, root).ok().flatten().map(|run| run.first_seen()).unwrap_or_default();
        Self { history: read(&file).unwrap_or_default(), file: Some(file), before }
    }

    /// Takes note of what is found, and keeps it.
    ///
    /// # Errors
    /// It cannot be kept, in words.
    pub fn note(&mut self, findings: &[Finding], is_whole: bool, now: Timestamp) -> Result<(), String> {
        let before = &self.before;
        let has_turned = self.history.note(findings, is_whole, &|fingerprint| before.get(fingerprint).copied(), now);
        match &self.file {
            Some(file) if has_turned => {
                // Another cockpit may have written meanwhile.
                if let Some(theirs) = read(file) {
                    self.history.merge(theirs);
                }
                write(file, &self.history.write()).map_err(|error| {
                    format!("since when findings are there cannot be kept: {}: {error}", file.display())
                })
            }
            _ => Ok(()),
        }
    }

    pub fn first_seen(&self, fingerprint: &str) -> Option<Timestamp> {
        self.history.first_seen(fingerprint)
    }

    pub fn turns(&self, fingerprint: &str) -> &[Turn] {
        self.history.turns(fingerprint)
    }
}

fn read(file: &Path) -> Option<History> {
    History::read(&fs::read_to_string(file).ok()?)
}

/// Beside the old one, and then in its place, so that one of both is always whole.
fn write(file: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        match fs::DirBuilder::new().recursive(true).mode(0o700).create(folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    let new = file.with_extension(format!("{}.new", std::process::id()));
    let written = fs::write(&new, text).and_then(|()| fs::rename(&new, file));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::report::sample::finding;
    use std::slice::from_ref;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    #[test]
    fn a_cockpit_that_is_started_anew_knows_since_when() {
        let folder = tempfile::tempdir().expect("a folder");
        let one = finding("11a", "a", "1");
        let open = || Memory::open(Some(folder.path()), "rules/docker/x y", None);
        let mut memory = open();
        memory.note(from_ref(&one), true, at(100)).expect("kept");
        memory.note(&[], true, at(200)).expect("kept");
        let mut again = open();
        again.note(from_ref(&one), true, at(300)).expect("kept");
        assert_eq!((again.first_seen(&one.fingerprint), again.turns(&one.fingerprint).len()), (Some(at(100)), 3));
        assert!(
            Memory::open(Some(folder.path()), "rules/repo", Some(folder.path())).turns(&one.fingerprint).is_empty()
        );
    }

    #[test]
    fn where_nothing_can_be_kept_that_is_said_and_nothing_else_changes() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("findings"), "in the way").expect("written");
        let mut memory = Memory::open(Some(folder.path()), "rules/repo", None);
        let one = finding("11a", "a", "1");
        assert!(memory.note(from_ref(&one), true, at(1)).is_err());
        assert_eq!(memory.first_seen(&one.fingerprint), Some(at(1)));
        let mut nowhere = Memory::open(None, "rules/repo", None);
        assert!(nowhere.note(&[one], true, at(1)).is_ok());
    }
}
