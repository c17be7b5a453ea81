//! Many writers on one file, in one process and in several.

use super::*;
use std::{
    collections::HashSet,
    process::{Child, Command, Stdio},
    thread,
};

#[test]
fn sixteen_threads_write_thousands_of_events_and_none_is_lost_or_doubled() {
    let folder = tempfile::tempdir().unwrap();
    // Four handles, as of four processes, and four threads on each.
    let journals: Vec<_> = (0..4).map(|_| open(folder.path())).collect();
    let ids: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|thread| {
                let journal = &journals[thread % 4];
                scope.spawn(move || {
                    (0..150)
                        .map(|index| one(journal, note(None, index, &format!("{thread} {index}"))).header.id)
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let entries = journals[0].since(0, u32::MAX).wait(LONG).unwrap();
    let there: HashSet<_> = entries.iter().map(|entry| entry.event.header.id).collect();
    assert_eq!(ids.len(), 2400);
    assert!(ids.iter().all(|id| there.contains(id)));
    assert_eq!(texts(&entries).into_iter().collect::<HashSet<_>>().len(), 2400);
    let summary = fits(&journals[0]);
    assert_eq!(summary.writers.len(), 1, "they are one writer, and one chain");
    assert_eq!(summary.events as usize, entries.len());
    journals.iter().for_each(close);
}

/// Tells a process of this test binary what it is to do.
const TASK: &str = "FLIGHTDECK_JOURNAL_TEST";

/// Begins this test binary as another process, which runs the test of this name with a task.
pub fn process(test: &str, folder: &Path, task: &str) -> Child {
    let name = format!("journal::tests::{test}");
    Command::new(std::env::current_exe().unwrap())
        .args([name.as_str(), "--exact", "--nocapture", "--test-threads", "1"])
        .env(TASK, format!("{task} {}", folder.display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// What this process was begun for: a task and a folder.
pub fn task() -> Option<(String, std::path::PathBuf)> {
    let task = std::env::var(TASK).ok()?;
    let (task, folder) = task.split_once(' ')?;
    Some((task.to_owned(), folder.into()))
}

#[test]
fn processes_that_begin_a_file_at_once_share_one_chain() {
    if let Some((task, folder)) = task() {
        let journal = open(&folder);
        for index in 0..100 {
            one(&journal, note(None, index, &format!("{task} {index}")));
        }
        close(&journal);
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let name = "many::processes_that_begin_a_file_at_once_share_one_chain";
    let processes: Vec<_> = (0..4).map(|index| process(name, folder.path(), &index.to_string())).collect();
    for process in processes {
        assert!(process.wait_with_output().unwrap().status.success());
    }
    let journal = open(folder.path());
    let entries = journal.since(0, u32::MAX).wait(LONG).unwrap();
    assert_eq!(texts(&entries).into_iter().collect::<HashSet<_>>().len(), 400);
    assert_eq!(fits(&journal).writers.len(), 1);
    close(&journal);
}
