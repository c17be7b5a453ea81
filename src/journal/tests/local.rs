//! What is written is there, once, and after the file is opened again.

use super::*;
use crate::model::journal::EventId;
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

#[test]
fn what_is_written_is_read_again_after_it_was_closed() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    let incident = declare(&journal, 0, 1);
    let mut draft = note(Some(incident), 5, "first");
    draft.object = Some(crate::model::object::ObjectRef::new(crate::model::object::ObjectKind::Pod, "prod/shop/web-1"));
    (draft.run, draft.step, draft.key) = (Some("run-1".into()), Some("s".into()), Some("k".into()));
    let written = append(&journal, vec![draft.clone(), note(None, 6, "ambient")]);
    assert_eq!(written[0].header.sequence + 1, written[1].header.sequence);
    assert_eq!(written[0].header.hash, written[1].header.previous);
    close(&journal);
    assert_eq!(journal.append(vec![draft.clone()]).unwrap_err().error, JournalError::Closed);

    let journal = open(folder.path());
    let entries = journal.incident(incident).wait(LONG).unwrap();
    assert_eq!(entries.len(), 2);
    let entry = &entries[1];
    assert_eq!(entry.event.header, written[0].header);
    assert_eq!(entry.event.body.as_ref(), Some(&draft.body));
    assert_eq!(entry.event.header.object, draft.object);
    assert_eq!(journal.run("run-1".into()).wait(LONG).unwrap(), vec![entry.clone()]);
    assert_eq!(journal.event(entry.event.header.id).wait(LONG).unwrap().as_ref(), Some(entry));
    assert_eq!(journal.incidents().wait(LONG).unwrap(), entries[..1]);
    assert_eq!(journal.newest().wait(LONG), Ok(3));
    assert_eq!(journal.since(2, 10).wait(LONG).unwrap().len(), 1);
    let counts = journal.counts(incident).wait(LONG).unwrap();
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), [("declared".into(), 1), ("note".into(), 1)]);
    // The chain goes on, by the same writer.
    let next = one(&journal, note(None, 7, "later"));
    assert_eq!((next.header.previous, next.header.sequence), (written[1].header.hash, 4));
    assert_eq!(next.header.writer, written[0].header.writer);
    assert_eq!(fits(&journal).events, 4);
    close(&journal);
}

#[test]
fn a_key_or_an_identity_is_written_once() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    let mut keyed = note(None, 0, "once");
    keyed.key = Some("deploy/7".into());
    let first = one(&journal, keyed.clone());
    let again = append(&journal, vec![keyed.clone(), keyed.clone()]);
    assert!(!first.existed && again.iter().all(|written| written.existed && written.header == first.header));

    let mut named = note(None, 1, "named");
    named.id = Some(EventId(uuid::Uuid::from_bytes([7; 16])));
    let first = one(&journal, named.clone());
    assert_eq!(one(&journal, named.clone()), Written { existed: true, ..first });
    // Another event of the same identity is refused, with everything that was to be written along with it.
    named.occurred_at = at(2);
    let error = journal.append_blocking(vec![note(None, 3, "along"), named.clone()], LONG).unwrap_err();
    assert_eq!(error, JournalError::Taken(named.id.unwrap()));
    assert_eq!(journal.newest().wait(LONG), Ok(2));
    assert_eq!(fits(&journal).events, 2);
    close(&journal);
}

#[test]
fn what_cannot_be_an_event_is_handed_back() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    let drafts = vec![note(None, 0, "good"), note(None, 0, &"x".repeat(MAX_BODY_BYTES))];
    let refused = journal.append(drafts.clone()).unwrap_err();
    assert_eq!(refused.drafts, drafts);
    assert!(matches!(refused.error, JournalError::Invalid(_)));
    assert_eq!(journal.newest().wait(LONG), Ok(0));
    close(&journal);
}

#[test]
fn the_clock_of_events_never_goes_back_though_the_machines_does_across_restarts_too() {
    let folder = tempfile::tempdir().unwrap();
    let second = Arc::new(AtomicI64::new(1000));
    let told = second.clone();
    let now = Now::new(move || at(told.load(Ordering::Relaxed)));
    let with_clock = || Journal::open(Options { now: now.clone(), ..options(folder.path()) }).unwrap();
    let journal = with_clock();
    let mut clocks = vec![one(&journal, note(None, 0, "a")).header.clock];
    second.store(10, Ordering::Relaxed);
    let back = one(&journal, note(None, 0, "b")).header;
    assert_eq!(back.recorded_at, at(10), "what the machine's clock said stays to be seen");
    clocks.push(back.clock);
    close(&journal);
    let journal = with_clock();
    clocks.push(one(&journal, note(None, 0, "c")).header.clock);
    second.store(2000, Ordering::Relaxed);
    clocks.push(one(&journal, note(None, 0, "d")).header.clock);
    assert!(clocks.is_sorted_by(|one, other| one < other), "{clocks:?}");
    assert_eq!(clocks[3].wall_ms, at(2000).as_millisecond());
    fits(&journal);
    close(&journal);
}

#[test]
fn a_copied_file_and_one_whose_key_is_lost_begin_writers_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    let first = one(&journal, note(None, 0, "a")).header;
    close(&journal);
    let copy = folder.path().join("copy");
    std::fs::create_dir(&copy).unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap()) {
        if file.path().is_file() {
            std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
        }
    }
    let copied = open(&copy);
    let other = one(&copied, note(None, 1, "in the copy")).header;
    assert_ne!(other.writer, first.writer);
    assert_eq!(other.sequence, 1);
    assert_eq!(fits(&copied).writers.len(), 2);
    close(&copied);

    let moved = Journal::open(Options { machine: Some("machine-2".into()), ..options(folder.path()) }).unwrap();
    let on_other = one(&moved, note(None, 2, "on another machine")).header;
    assert!(on_other.writer != first.writer && on_other.writer != other.writer);
    close(&moved);

    // Back where it was begun, it goes on; without its key, another is begun.
    let journal = open(folder.path());
    assert_eq!(one(&journal, note(None, 3, "b")).header.previous, first.hash);
    close(&journal);
    std::fs::remove_file(folder.path().join(format!("j.db.{}.key", first.writer))).unwrap();
    let journal = open(folder.path());
    assert_ne!(one(&journal, note(None, 4, "c")).header.writer, first.writer);
    let summary = fits(&journal);
    assert_eq!((summary.events, summary.writers.len()), (4, 3));
    close(&journal);
}

#[test]
fn news_tell_of_every_event_once_and_in_order_whoever_wrote_it() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    one(&journal, note(None, 0, "before anybody listened"));
    let other = open(folder.path());
    let mut news = journal.news();
    for index in 0..50 {
        one(if index % 2 == 0 { &journal } else { &other }, note(None, index, &index.to_string()));
    }
    let mut seen = Vec::new();
    while seen.len() < 50 {
        if let JournalNews::Events(entries) =
            wait_for(&mut news, "events", |piece| matches!(piece, JournalNews::Events(_)))
        {
            seen.extend(entries.iter().cloned());
        }
    }
    assert_eq!(texts(&seen), (0..50).map(|index| index.to_string()).collect::<Vec<_>>());
    assert!(seen.is_sorted_by(|one, other| one.local < other.local));
    close(&journal);
    close(&other);
}

#[test]
fn a_file_and_all_beside_it_are_closed_to_others() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("state/flightdeck");
    let journal = open(&inner);
    one(&journal, note(None, 0, "a"));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&inner), 0o700);
    let files: Vec<_> = std::fs::read_dir(&inner).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 4, "file, log, index and key: {files:?}");
    assert!(files.iter().all(|file| mode(file) == 0o600), "{files:?}");
    close(&journal);
}

#[test]
fn checkpoints_are_signed_now_and_then_and_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(Options { checkpoint_every: 10, ..options(folder.path()) }).unwrap();
    assert_eq!(journal.checkpoint().wait(LONG), Ok(None));
    for index in 0..25 {
        one(&journal, note(None, index, "x"));
    }
    let summary = fits(&journal);
    // 10 and a checkpoint, 10 and a checkpoint, 5.
    assert_eq!((summary.events, summary.writers[0].checkpoint.as_ref().map(|known| known.size)), (27, Some(21)));
    let asked = journal.checkpoint().wait(LONG).unwrap().unwrap();
    assert_eq!((asked.body.size, asked.header.sequence), (27, 28));
    assert_eq!(journal.checkpoint().wait(LONG).unwrap(), Some(asked.clone()), "nothing is new");
    close(&journal);
    let journal = open(folder.path());
    assert_eq!(journal.checkpoint().wait(LONG).unwrap(), Some(asked.clone()));
    one(&journal, note(None, 0, "y"));
    let later = journal.checkpoint().wait(LONG).unwrap().unwrap();
    assert_eq!(later.body.size, 29);
    let anchors = [asked, later].map(|signed| Anchor { writer: signed.header.writer, checkpoint: signed.body });
    assert!(matches!(journal.verify(anchors.to_vec()).wait(LONG), Ok(Verdict::Fits(_))));
    close(&journal);
}
