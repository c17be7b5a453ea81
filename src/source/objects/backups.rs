//! When what the policy protects was backed up last, by files: the newest of those that a pattern names, or a marker that is touched.
//!
//! Backups lie where a file system may be dead. Each is looked for on a thread that may stay behind; one that has not answered is not asked again.

use crate::{
    model::Timestamp,
    rulebook::{
        policy::{Policy, Protected},
        subject::live::Backup,
    },
};
use globset::GlobBuilder;
use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read},
    path::{Component, Path, PathBuf},
    time::Duration,
};
use tokio::task::JoinHandle;

/// How long one may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// Most entries that are looked at for one pattern.
const MOST: usize = 20_000;
/// Endings of what is still being written.
const UNFINISHED: &[&str] = &[".tmp", ".part", ".partial", ".incomplete"];
/// Longest part of a marker that is read.
const MARKER: u64 = 4_096;

/// Looks for backups, and remembers who has not answered.
#[derive(Debug, Default)]
pub struct Backups {
    open: BTreeMap<String, JoinHandle<Vec<Backup>>>,
}

impl Backups {
    /// The last backups of what the policy names. Relative paths begin in `root`.
    pub async fn look(&mut self, policy: &Policy, root: Option<&Path>) -> Vec<Backup> {
        let wanted = policy.protected.iter().filter(|protected| protected.has_backup_here());
        let wanted: Vec<(String, Protected)> = wanted.map(|protected| (key(protected), protected.clone())).collect();
        self.open.retain(|name, _| wanted.iter().any(|(wanted, _)| wanted == name));
        for (key, protected) in &wanted {
            let (protected, root) = (protected.clone(), root.map(Path::to_path_buf));
            let look = || tokio::task::spawn_blocking(move || last(&protected, root.as_deref()));
            self.open.entry(key.clone()).or_insert_with(look);
        }
        let mut found = Vec::new();
        for (key, protected) in wanted {
            let Some(mut asked) = self.open.remove(&key) else { continue };
            match tokio::time::timeout(PATIENCE, &mut asked).await {
                Ok(Ok(told)) => found.extend(told),
                Ok(Err(error)) => found.push(unread(&protected, format!("looking for it failed: {error}"))),
                Err(_) => {
                    self.open.insert(key, asked);
                    found.push(unread(&protected, format!("no answer within {} s", PATIENCE.as_secs())));
                }
            }
        }
        found
    }
}

fn key(protected: &Protected) -> String {
    let part = |part: &Option<String>| part.clone().unwrap_or_default();
    [protected.name.clone(), part(&protected.backup_file), part(&protected.backup_marker)].join("\n")
}

fn place(protected: &Protected) -> String {
    protected.backup_file.as_ref().or(protected.backup_marker.as_ref()).cloned().unwrap_or_default()
}

fn unread(protected: &Protected, why: String) -> Backup {
    Backup { name: protected.name.clone(), file: place(protected), at: None, problem: None, unread: Some(why) }
}

/// What files say of one server.
fn last(protected: &Protected, root: Option<&Path>) -> Vec<Backup> {
    let told = |file: &str, found: Result<Timestamp, Trouble>| {
        let mut backup =
            Backup { name: protected.name.clone(), file: file.to_owned(), at: None, problem: None, unread: None };
        match found {
            Ok(at) => backup.at = Some(at),
            Err(Trouble::Bad(problem)) => backup.problem = Some(problem),
            Err(Trouble::Unread(why)) => backup.unread = Some(why),
        }
        backup
    };
    let at = |path: &str| root.unwrap_or_else(|| Path::new("/")).join(path);
    let file = protected.backup_file.as_ref().map(|path| told(path, newest(&at(path))));
    let marker = protected.backup_marker.as_ref().map(|path| told(path, marker(&at(path))));
    file.into_iter().chain(marker).collect()
}

/// What a backup's time could not be told for.
#[derive(Debug, PartialEq, Eq)]
enum Trouble {
    /// There is no good one.
    Bad(String),
    /// It cannot be known.
    Unread(String),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound {
            Self::Bad("there is none".into())
        } else {
            Self::Unread(error.to_string())
        }
    }
}

fn time(metadata: &fs::Metadata) -> Result<Timestamp, Trouble> {
    let at = metadata.modified()?;
    Timestamp::try_from(at).map_err(|error| Trouble::Unread(error.to_string()))
}

/// A marker's time: that in its first line, or its own.
fn marker(path: &Path) -> Result<Timestamp, Trouble> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(Trouble::Unread("it is no file".into()));
    }
    let mut text = Vec::new();
    fs::File::open(path)?.take(MARKER).read_to_end(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    let first = text.lines().next().unwrap_or_default().trim();
    first.parse().map_or_else(|_| time(&metadata), Ok)
}

/// The time of the newest file that a path or a pattern names; in a folder, of what lies in it.
fn newest(path: &Path) -> Result<Timestamp, Trouble> {
    let (base, rest) = split(path);
    let mut found = Newest::default();
    if rest.as_os_str().is_empty() {
        let metadata = fs::metadata(&base)?;
        if metadata.is_dir() {
            for entry in fs::read_dir(&base)? {
                found.take(&entry?.path())?;
            }
        } else {
            found.take(&base)?;
        }
    } else {
        let pattern = path.to_str().ok_or_else(|| Trouble::Unread("the pattern is no text".into()))?;
        let glob = GlobBuilder::new(pattern).literal_separator(true).build();
        let glob = glob.map_err(|error| Trouble::Unread(format!("it is no pattern: {}", error.kind())))?;
        let matcher = glob.compile_matcher();
        let depth = if pattern.contains("**") { usize::MAX } else { rest.components().count() };
        walk(&base, depth, &mut |path| if matcher.is_match(path) { found.take(path) } else { Ok(()) }, &mut 0)?;
    }
    found.told()
}

/// The part of a path before the first sign of a pattern, and the rest.
fn split(path: &Path) -> (PathBuf, PathBuf) {
    let is_pattern = |part: &Component<'_>| part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']);
    let parts: Vec<Component<'_>> = path.components().collect();
    let plain = parts.iter().position(is_pattern).unwrap_or(parts.len());
    (parts[..plain].iter().collect(), parts[plain..].iter().collect())
}

/// Calls for everything below a folder, so many folders deep. Links are not followed.
fn walk(
    folder: &Path,
    depth: usize,
    look: &mut impl FnMut(&Path) -> Result<(), Trouble>,
    seen: &mut usize,
) -> Result<(), Trouble> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        *seen += 1;
        if *seen > MOST {
            return Err(Trouble::Unread(format!("there are more than {MOST} files: name them more closely")));
        }
        look(&entry.path())?;
        if depth > 1 && entry.file_type()?.is_dir() {
            walk(&entry.path(), depth - 1, look, seen)?;
        }
    }
    Ok(())
}

/// The newest of several.
#[derive(Default)]
struct Newest {
    at: Option<Timestamp>,
    /// Whether it holds nothing.
    is_empty: bool,
}

impl Newest {
    fn take(&mut self, path: &Path) -> Result<(), Trouble> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') || UNFINISHED.iter().any(|end| name.ends_with(end)) {
            return Ok(());
        }
        // What is deleted meanwhile was not the newest.
        let metadata = match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        let at = time(&metadata)?;
        if self.at.is_none_or(|before| before < at) {
            self.at = Some(at);
            let is_bare = || fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
            self.is_empty = if metadata.is_dir() { is_bare() } else { metadata.len() == 0 };
        }
        Ok(())
    }

    fn told(self) -> Result<Timestamp, Trouble> {
        match self.at {
            None => Err(Trouble::Bad("there is none".into())),
            Some(at) if self.is_empty => Err(Trouble::Bad(format!("the last one is empty ({at})"))),
            Some(at) => Ok(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    fn write(folder: &Path, name: &str, text: &str, hours_old: u64) -> Timestamp {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("has one")).expect("made");
        fs::write(&path, text).expect("written");
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 - hours_old * 3_600);
        fs::File::options().write(true).open(&path).expect("there").set_modified(at).expect("set");
        Timestamp::try_from(at).expect("in range")
    }

    #[test]
    fn the_newest_of_a_pattern_a_folder_or_a_file_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = folder.path();
        write(at, "db/mon/a.dump", "x", 30);
        let newest_dump = write(at, "db/tue/b.dump", "x", 6);
        write(at, "db/tue/c.log", "x", 1);
        write(at, "db/tue/d.dump.partial", "x", 0);
        assert_eq!(newest(&at.join("db/*/*.dump")), Ok(newest_dump));
        assert_eq!(newest(&at.join("db/**/*.dump")), Ok(newest_dump));
        assert_eq!(newest(&at.join("db/mon/*.zip")), Err(Trouble::Bad("there is none".into())));
        assert_eq!(newest(&at.join("db/tue/b.dump")), Ok(newest_dump));
        assert_eq!(newest(&at.join("db/wed")), Err(Trouble::Bad("there is none".into())));
        assert!(newest(&at.join("db/tue")).is_ok_and(|found| found > newest_dump));
        assert!(matches!(newest(&at.join("db/[")), Err(Trouble::Unread(_))));
    }

    #[test]
    fn an_empty_backup_is_none_and_an_empty_marker_is_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = write(folder.path(), "dump", "", 2);
        assert_eq!(newest(&folder.path().join("dump")), Err(Trouble::Bad(format!("the last one is empty ({at})"))));
        assert_eq!(marker(&folder.path().join("dump")), Ok(at));
        write(folder.path(), "told", "2026-01-01T02:03:04Z nightly\n", 2);
        assert!(marker(&folder.path().join("told")).is_ok_and(|found| found.to_string() != "2026-01-01T02:03:04Z"));
        write(folder.path(), "told", "2026-01-01T02:03:04Z\nrest", 2);
        assert_eq!(marker(&folder.path().join("told")).map(|at| at.to_string()), Ok("2026-01-01T02:03:04Z".into()));
        assert_eq!(marker(&folder.path().join("gone")), Err(Trouble::Bad("there is none".into())));
    }

    #[tokio::test]
    async fn each_server_is_told_of_and_relative_paths_begin_in_the_repository() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = write(folder.path(), "backup/db.dump", "x", 2);
        let policy: Policy = toml::from_str(
            "[[protected]]\nname = 'db'\nreason = 'x'\nbackup-file = 'backup/*.dump'\nbackup-marker = 'none'\n[[protected]]\nname = 'web'\nreason = 'x'\n",
        )
        .expect("is a policy");
        let found = Backups::default().look(&policy, Some(folder.path())).await;
        let told: Vec<_> = found.iter().map(|one| (one.name.as_str(), one.at, one.problem.as_deref())).collect();
        assert_eq!(told, [("db", Some(at), None), ("db", None, Some("there is none"))]);
    }
}
