//! Nothing is lost or doubled when processes are killed, disks are full, and files locked, read-only or gone.

use super::{
    many::{process, task},
    *,
};
use crate::model::journal::EventId;
use rustix::mount::{MountFlags, mount, mount_remount};
use sqlx::Connection;
use std::{
    collections::HashSet,
    fs,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
};

#[test]
fn what_was_acknowledged_survives_that_its_process_is_killed() {
    if let Some((task, folder)) = task() {
        let journal = Journal::open(Options { checkpoint_every: 7, ..options(&folder) }).unwrap();
        let mut out = std::io::stdout();
        for index in 0.. {
            let id = one(&journal, note(None, index, &format!("{task} {index}"))).header.id;
            writeln!(out, "ack {id}").unwrap();
            out.flush().unwrap();
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let name = "faults::what_was_acknowledged_survives_that_its_process_is_killed";
    let mut acknowledged = Vec::new();
    for round in 0..12 {
        let mut child = process(name, folder.path(), &round.to_string());
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Killed while it is about to acknowledge, or to write, the next one.
        let acks = lines.by_ref().filter_map(|line| line.unwrap().strip_prefix("ack ").map(str::to_owned));
        acknowledged.extend(acks.take(1 + round * 5 % 17));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged
            .extend(lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("ack ").map(str::to_owned)));
    }
    let journal = open(folder.path());
    let entries = journal.since(0, u32::MAX).wait(LONG).unwrap();
    let there: HashSet<String> = entries.iter().map(|entry| entry.event.header.id.to_string()).collect();
    assert!(acknowledged.len() > 90);
    assert!(acknowledged.iter().all(|id| there.contains(id)));
    let texts = texts(&entries);
    assert_eq!(texts.iter().collect::<HashSet<_>>().len(), texts.len(), "none is there twice");
    assert_eq!(fits(&journal).writers.len(), 1);
    close(&journal);
}

/// A file system in memory of a few megabytes, which is gone again at the end.
struct Small(tempfile::TempDir);

impl Small {
    fn new(test: &str, size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let data = std::ffi::CString::new(format!("size={size}")).unwrap();
        match mount("tmpfs", folder.path(), "tmpfs", MountFlags::empty(), data.as_c_str()) {
            Ok(()) => Some(Self(folder)),
            Err(error) => {
                left_out(test, &format!("no file system can be mounted ({error}); it needs root"));
                None
            }
        }
    }

    fn remount(&self, flags: MountFlags, size: &str) {
        mount_remount(self.0.path(), flags, format!("size={size}")).unwrap();
    }

    fn path(&self) -> PathBuf {
        self.0.path().to_owned()
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = rustix::mount::unmount(self.0.path(), rustix::mount::UnmountFlags::DETACH);
    }
}

fn unwritable(piece: &JournalNews) -> bool {
    matches!(piece, JournalNews::Local(LocalState::Unwritable { .. }))
}

fn good(piece: &JournalNews) -> bool {
    matches!(piece, JournalNews::Local(LocalState::Ok))
}

#[test]
fn a_full_disk_is_told_at_once_and_everything_is_written_when_there_is_room() {
    let Some(small) = Small::new("a full disk", "1m") else { return };
    let journal = open(&small.path());
    let mut news = journal.news();
    wait_for(&mut news, "how it is", good);
    let big = "x".repeat(20_000);
    let answers: Vec<_> =
        (0..80).map(|index| journal.append(vec![note(None, index, &format!("{index} {big}"))]).unwrap()).collect();
    let told = wait_for(&mut news, "a full disk", unwritable);
    let JournalNews::Local(LocalState::Unwritable { why, kept, .. }) = told else { unreachable!() };
    assert!(why.contains("disk is full") && kept > 0, "{why}");
    // What is there can be read, and what comes is kept.
    let before = journal.newest().wait(LONG).unwrap();
    assert!((1..80).contains(&before), "{before} were written");
    let later = journal.append(vec![note(None, 500, "later")]).unwrap();
    small.remount(MountFlags::empty(), "64m");
    wait_for(&mut news, "room", good);
    for answer in answers.into_iter().chain([later]) {
        assert!(!answer.wait(LONG).unwrap()[0].existed);
    }
    let entries = journal.since(0, u32::MAX).wait(LONG).unwrap();
    let seconds: Vec<_> = entries.iter().map(|entry| entry.event.header.occurred_at).collect();
    let expected: Vec<_> = (0..80).chain([500]).map(at).collect();
    assert_eq!(seconds, expected, "in order, each once, with the times at which they happened");
    fits(&journal);
    close(&journal);
}

#[test]
fn a_read_only_disk_keeps_what_comes_and_shows_what_was() {
    let Some(small) = Small::new("a read-only disk", "8m") else { return };
    let journal = open(&small.path());
    one(&journal, note(None, 0, "before"));
    close(&journal);
    small.remount(MountFlags::RDONLY, "8m");
    let journal = open(&small.path());
    let LocalState::Unwritable { why, .. } = journal.local_state() else { panic!("it is read-only") };
    assert!(why.contains("read-only"), "{why}");
    assert_eq!(texts(&journal.since(0, 9).wait(LONG).unwrap()), ["before"]);
    fits(&journal);
    let mut news = journal.news();
    let answer = journal.append(vec![note(None, 1, "meanwhile")]).unwrap();
    let asked = journal.checkpoint().wait(LONG);
    assert!(matches!(asked, Err(JournalError::Local { .. })), "{asked:?}");
    wait_for(&mut news, "what is kept", |piece| {
        matches!(piece, JournalNews::Local(LocalState::Unwritable { kept: 1, .. }))
    });
    small.remount(MountFlags::empty(), "8m");
    wait_for(&mut news, "that it can be written", good);
    assert_eq!(answer.wait(LONG).unwrap()[0].header.sequence, 2);
    close(&journal);
}

/// Another program's connection to the file.
struct Other {
    runtime: tokio::runtime::Runtime,
    connection: sqlx::SqliteConnection,
}

impl Other {
    fn new(folder: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("j.db"));
        let connection = runtime.block_on(sqlx::SqliteConnection::connect_with(&options)).unwrap();
        Self { runtime, connection }
    }

    fn run(&mut self, sql: &'static str) {
        self.runtime.block_on(sqlx::raw_sql(sql).execute(&mut self.connection)).unwrap();
    }
}

#[test]
fn a_lock_that_lasts_is_told_and_waited_out_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(Options { busy: Duration::from_millis(50), ..options(folder.path()) }).unwrap();
    one(&journal, note(None, 0, "0"));
    let mut news = journal.news();
    let mut other = Other::new(folder.path());
    other.run("BEGIN IMMEDIATE");
    let answers: Vec<_> =
        (1..30).map(|index| journal.append(vec![note(None, index, &index.to_string())]).unwrap()).collect();
    let told = wait_for(&mut news, "a lock", unwritable);
    assert!(format!("{told:?}").contains("holds it locked"), "{told:?}");
    other.run("COMMIT");
    wait_for(&mut news, "no lock", good);
    for answer in answers {
        answer.wait(LONG).unwrap();
    }
    let expected: Vec<_> = (0..30).map(|index| index.to_string()).collect();
    assert_eq!(texts(&journal.since(0, 99).wait(LONG).unwrap()), expected);
    close(&journal);
}

#[test]
fn closing_hands_back_what_could_not_be_written_and_it_can_be_written_later() {
    let folder = tempfile::tempdir().unwrap();
    let journal =
        Journal::open(Options { busy: Duration::from_millis(20), keep: 3, ..options(folder.path()) }).unwrap();
    one(&journal, note(None, 0, "0"));
    let mut other = Other::new(folder.path());
    other.run("BEGIN IMMEDIATE");
    let waiting = journal.append(vec![note(None, 1, "1"), note(None, 2, "2")]).unwrap();
    let full = journal.append_blocking(vec![note(None, 3, "3"), note(None, 4, "4")], LONG);
    assert_eq!(full, Err(JournalError::Full { waiting: 2 }));
    let left = journal.close(Duration::from_millis(100)).wait(LONG).unwrap().unwritten;
    assert_eq!(waiting.wait(LONG), Err(JournalError::Closed));
    assert_eq!(left.len(), 2);
    assert!(left.iter().all(|draft| draft.id.is_some()), "they keep their identity");
    other.run("COMMIT");
    let journal = open(folder.path());
    assert!(append(&journal, left.clone()).iter().all(|written| !written.existed));
    assert!(append(&journal, left).iter().all(|written| written.existed));
    assert_eq!(texts(&journal.since(0, 9).wait(LONG).unwrap()), ["0", "1", "2"]);
    close(&journal);
}

#[test]
fn a_file_that_is_taken_away_is_noticed_before_anything_is_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    let first = one(&journal, note(None, 0, "in the old one")).header;
    let mut news = journal.news();
    for name in ["j.db", "j.db-wal", "j.db-shm"] {
        fs::remove_file(folder.path().join(name)).unwrap();
    }
    let answer = journal.append(vec![note(None, 1, "in the new one")]).unwrap();
    let told = wait_for(&mut news, "that it is gone", unwritable);
    assert!(format!("{told:?}").contains("it is gone"), "{told:?}");
    let written = answer.wait(LONG).unwrap().remove(0).header;
    wait_for(&mut news, "a new one", good);
    assert_ne!(written.writer, first.writer);
    wait_for(
        &mut news,
        "the event",
        |piece| matches!(piece, JournalNews::Events(entries) if texts(entries) == ["in the new one"]),
    );
    assert_eq!(texts(&journal.since(0, 9).wait(LONG).unwrap()), ["in the new one"]);
    close(&journal);
}

#[test]
fn an_answer_that_was_lost_doubles_nothing() {
    // What is tried again after a failure may have been written by the first attempt: it is known by its identity.
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    let mut draft = note(None, 0, "once");
    draft.id = Some(EventId(uuid::Uuid::from_bytes([3; 16])));
    drop(journal.append(vec![draft.clone()]).unwrap());
    assert!(one(&journal, draft).existed);
    assert_eq!(journal.newest().wait(LONG), Ok(1));
    close(&journal);
}

#[test]
fn other_files_and_those_of_newer_versions_are_refused_in_clear_words() {
    let folder = tempfile::tempdir().unwrap();
    let refused = || Journal::open(options(folder.path())).err().expect("it is refused").to_string();
    let file = folder.path().join("j.db");
    fs::write(&file, "this is some other file, and long enough to be looked at".repeat(20)).unwrap();
    assert!(refused().contains("not a database"), "{}", refused());
    fs::remove_file(&file).unwrap();

    fs::write(&file, "").unwrap();
    Other::new(folder.path()).run("CREATE TABLE cookies (id)");
    assert!(refused().contains("something else"), "{}", refused());
    fs::remove_file(&file).unwrap();

    close(&open(folder.path()));
    let mut other = Other::new(folder.path());
    other.run("PRAGMA user_version = 99");
    let words = refused();
    assert!(words.contains("newer Flightdeck") && words.contains("form 99"), "{words}");
    other.run("PRAGMA user_version = 1");
    // A journal that is open when a newer version takes the file over writes no more.
    let journal = open(folder.path());
    one(&journal, note(None, 0, "a"));
    other.run("PRAGMA user_version = 2");
    let mut news = journal.news();
    drop(journal.append(vec![note(None, 1, "b")]).unwrap());
    let told = wait_for(&mut news, "a newer form", unwritable);
    assert!(format!("{told:?}").contains("form 2"), "{told:?}");
    assert_eq!(journal.close(Duration::from_millis(50)).wait(LONG).unwrap().unwritten.len(), 1);
}
