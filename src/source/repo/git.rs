//! What git says of a repository. The program `git` is asked, with argument vectors; settings of the repository that would run other programs
//! (hooks, filters, monitors, external diffs) are switched off.

use super::RepoError;
use crate::rulebook::subject::change::What;
use compact_str::CompactString;
use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A repository that git knows.
#[derive(Debug, Clone)]
pub struct Git {
    root: PathBuf,
}

/// Paths that git tracks.
#[derive(Debug, Clone, Default)]
pub struct Tracked {
    pub all: HashSet<CompactString>,
    /// Those of them that `.gitignore` names.
    pub ignored: Vec<CompactString>,
}

/// A path that differs from a base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub path: CompactString,
    pub old_path: Option<CompactString>,
    pub what: What,
}

impl Git {
    /// The repository that a folder belongs to; `None` where there is none, or no git.
    pub fn find(root: &Path) -> Option<Self> {
        let git = Self { root: root.to_path_buf() };
        git.ask(&["rev-parse", "--is-inside-work-tree"])
            .ok()
            .filter(|answer| answer.trim_ascii() == b"true")
            .map(|_| git)
    }

    /// What it tracks below the folder.
    ///
    /// # Errors
    /// Where git says no.
    pub fn tracked(&self) -> Result<Tracked, RepoError> {
        let all = self.ask(&["ls-files", "-z"])?;
        let ignored = self.ask(&["ls-files", "-z", "--cached", "--ignored", "--exclude-standard"])?;
        Ok(Tracked { all: paths(&all).collect(), ignored: paths(&ignored).collect() })
    }

    /// Whether it tracks a path.
    pub fn is_tracked(&self, path: &str) -> bool {
        self.ask(&["ls-files", "-z", "--", path]).is_ok_and(|answer| !answer.is_empty())
    }

    /// The commit that a name stands for, where it and what is checked out have a common one: that, as a branch is compared with what it left.
    ///
    /// # Errors
    /// Where there is no such name.
    pub fn commit(&self, name: &str) -> Result<String, RepoError> {
        // A name that begins with a dash would be taken for an option.
        let named = self.ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{name}^{{commit}}")]);
        let commit = named.map_err(|_| RepoError::Git {
            command: "rev-parse".into(),
            why: format!("there is no commit «{name}»; name a branch, a tag or a hash (--base REV)"),
        })?;
        let commit = text(&commit);
        let common = self.ask(&["merge-base", &commit, "HEAD"]).ok().map(|answer| text(&answer));
        Ok(common.filter(|common| !common.is_empty()).unwrap_or(commit))
    }

    /// What differs between a commit and the files on disk.
    ///
    /// # Errors
    /// Where git says no.
    pub fn changed(&self, commit: &str) -> Result<Vec<Entry>, RepoError> {
        let mut diff = vec!["diff"];
        diff.extend(PLAIN);
        diff.extend(["--name-status", "-z", "--find-renames", "--relative", commit, "--"]);
        let mut entries = entries(&self.ask(&diff)?);
        let untracked = self.ask(&["ls-files", "-z", "--others", "--exclude-standard"])?;
        entries.extend(paths(&untracked).map(|path| Entry { path, old_path: None, what: What::Added }));
        Ok(entries)
    }

    /// The numbers of the lines that are new or differ, by path.
    ///
    /// # Errors
    /// Where git says no.
    pub fn added_lines(&self, commit: &str) -> Result<HashMap<CompactString, Vec<u32>>, RepoError> {
        let mut diff = vec!["-c", "core.quotePath=false", "diff"];
        diff.extend(PLAIN);
        diff.extend(["--unified=0", "--no-color", "--find-renames", "--relative", "--dst-prefix=b/", commit, "--"]);
        Ok(hunks(&String::from_utf8_lossy(&self.ask(&diff)?)))
    }

    /// A file as it was; `None` where it was not there.
    pub fn blob(&self, commit: &str, path: &str) -> Option<Vec<u8>> {
        // `./` makes it relative to where we are.
        self.ask(&["cat-file", "blob", &format!("{commit}:./{path}")]).ok()
    }

    fn ask(&self, arguments: &[&str]) -> Result<Vec<u8>, RepoError> {
        let name =
            arguments.iter().find(|word| !word.starts_with('-') && !word.contains('=')).copied().unwrap_or_default();
        let wrong = |why: String| RepoError::Git { command: name.into(), why };
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.root).args(SAFE).args(arguments);
        command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C").stdin(Stdio::null());
        let output = command.output().map_err(|error| wrong(error.to_string()))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        Err(wrong(String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or("it failed").to_owned()))
    }
}

/// Settings with which a repository could have git run something.
const SAFE: [&str; 6] = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "diff.external="];
/// The same for a comparison.
const PLAIN: [&str; 2] = ["--no-ext-diff", "--no-textconv"];

fn text(answer: &[u8]) -> String {
    String::from_utf8_lossy(answer.trim_ascii()).into_owned()
}

/// Paths with a zero behind each.
fn paths(answer: &[u8]) -> impl Iterator<Item = CompactString> + '_ {
    answer
        .split(|byte| *byte == 0)
        .filter(|path| !path.is_empty())
        .map(|path| String::from_utf8_lossy(path).as_ref().into())
}

/// `M\0path\0`, `R093\0old\0new\0`.
fn entries(answer: &[u8]) -> Vec<Entry> {
    let mut words = paths(answer);
    let mut entries = Vec::new();
    while let (Some(status), Some(first)) = (words.next(), words.next()) {
        let (what, old_path, path) = match status.chars().next() {
            Some('A') => (What::Added, None, first),
            Some('D') => (What::Deleted, None, first),
            Some('R') => match words.next() {
                Some(new) => (What::Renamed, Some(first), new),
                None => break,
            },
            Some('C') => match words.next() {
                Some(new) => (What::Added, None, new),
                None => break,
            },
            _ => (What::Modified, None, first),
        };
        entries.push(Entry { path, old_path, what });
    }
    entries
}

/// Reads `+++ b/path` and `@@ -1,2 +3,4 @@`.
fn hunks(diff: &str) -> HashMap<CompactString, Vec<u32>> {
    let mut found: HashMap<CompactString, Vec<u32>> = HashMap::new();
    let mut path: Option<CompactString> = None;
    // Lines of files that look like heads are told by how many lines a hunk has.
    let mut left = 0_u32;
    for line in diff.lines() {
        if left > 0 && line.starts_with(['+', '-']) {
            left -= 1;
        } else if let Some(name) = line.strip_prefix("+++ ") {
            let name = name.trim_end_matches('\t').trim_matches('"');
            path = name.strip_prefix("b/").map(CompactString::from);
        } else if let Some(hunk) = line.strip_prefix("@@ ") {
            let mut ranges = hunk.split(' ').map(|word| range(word.trim_start_matches(['-', '+'])));
            let (Some((_, old)), Some((first, new))) = (ranges.next().flatten(), ranges.next().flatten()) else {
                continue;
            };
            left = old.saturating_add(new);
            if let Some(path) = &path {
                found.entry(path.clone()).or_default().extend(first..first.saturating_add(new));
            }
        }
    }
    found
}

/// `3,4` as first line and number of lines; without a number it is one.
fn range(text: &str) -> Option<(u32, u32)> {
    match text.split_once(',') {
        Some((first, count)) => Some((first.parse().ok()?, count.parse().ok()?)),
        None => Some((text.parse().ok()?, 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_and_hunks() {
        let told: Vec<_> = entries(b"M\0a\0R090\0b\0c d\0D\0e\0A\0f\0")
            .into_iter()
            .map(|entry| format!("{:?} {} {}", entry.what, entry.old_path.unwrap_or_default(), entry.path))
            .collect();
        assert_eq!(told, ["Modified  a", "Renamed b c d", "Deleted  e", "Added  f"]);
        let diff = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n-a\n+++ b/not-a-head\n+c\n@@ -9,2 +10,0 @@\n-y\n-z\n--- a/q\n+++ /dev/null\n@@ -1 +0,0 @@\n-q\n";
        let found = hunks(diff);
        assert_eq!(found.get("x"), Some(&vec![1, 2]));
        assert_eq!(found.len(), 1);
    }
}
