//! What is erased is gone from every file, and chains fit all the same.

use super::{
    server::Server,
    shared::{connected, machine},
    *,
};
use crate::journal::answer::block_on;
use crate::model::journal::EventId;
use std::fs;

fn erase(journal: &Journal, event: EventId) -> Result<Written, JournalError> {
    block_on(journal.erase(event, "it held a password".into(), ada()), LONG).unwrap()
}

fn expire(journal: &Journal, before: Timestamp, whose: Whose) -> u64 {
    block_on(journal.expire(before, whose, "older than 30 days".into()), LONG).unwrap().unwrap()
}

fn holds(folder: &Path, words: &str) -> bool {
    ["j.db", "j.db-wal"].iter().any(|name| {
        let bytes = fs::read(folder.join(name)).unwrap_or_default();
        bytes.windows(words.len()).any(|window| window == words.as_bytes())
    })
}

#[test]
fn a_secret_is_erased_from_the_file_and_the_chain_fits() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    let incident = declare(&journal, 0, 1);
    let secret = one(&journal, note(Some(incident), 1, "the password is hunter2-hunter2")).header;
    one(&journal, note(Some(incident), 2, "harmless"));
    assert!(holds(folder.path(), "hunter2"));
    let erased = erase(&journal, secret.id).unwrap();
    assert_eq!(erased.header.incident, Some(incident), "the timeline shows that something was erased");
    assert!(!holds(folder.path(), "hunter2"));
    let entry = journal.event(secret.id).wait(LONG).unwrap().unwrap();
    assert_eq!((entry.event.header, entry.event.body), (secret, None));
    let summary = fits(&journal);
    assert_eq!((summary.events, summary.erased), (4, 1));
    // What proves others stays.
    let error = erase(&journal, erased.header.id).unwrap_err();
    assert!(error.to_string().contains("is not erased: it proves"), "{error}");
    let nothing = EventId(uuid::Uuid::from_bytes([1; 16]));
    assert!(matches!(erase(&journal, nothing), Err(JournalError::Missing(_))));
    close(&journal);
    assert!(!holds(folder.path(), "hunter2"));
}

#[test]
fn what_has_served_its_time_goes_and_incidents_and_what_they_are_stay() {
    let folder = tempfile::tempdir().unwrap();
    let now = Now::new(|| at(5000));
    let journal = Journal::open(Options { now, checkpoint_every: 10, ..options(folder.path()) }).unwrap();
    let incident = declare(&journal, 0, 1);
    for second in 0..40 {
        one(&journal, note(None, second * 100, &format!("ambient {second:02} of long ago")));
        one(&journal, note(Some(incident), second * 100, "of the incident"));
    }
    one(&journal, note(None, 90_000, "in times to come"));
    // Written down too late for having expired.
    assert_eq!(expire(&journal, at(4000), Whose::Own), 0);
    close(&journal);
    let journal = Journal::open(Options { now: Now::new(|| at(100_000)), ..options(folder.path()) }).unwrap();
    assert_eq!(expire(&journal, at(99_000), Whose::Own), 41);
    let entries = journal.since(0, u32::MAX).wait(LONG).unwrap();
    let left = texts(&entries);
    assert_eq!(left.len(), 40);
    assert!(left.iter().all(|text| text == "of the incident"));
    assert!(!holds(folder.path(), "of long ago"));
    let said: Vec<_> = entries.iter().filter(|entry| entry.event.header.kind == "expired").collect();
    assert_eq!(said.len(), 1, "one event says it for all");
    let Some(Body::Expired(body)) = &said[0].event.body else { panic!("{said:?}") };
    assert_eq!((body.count, body.before), (41, at(99_000)));
    assert_eq!(fits(&journal).erased, 41);
    assert_eq!(expire(&journal, at(99_000), Whose::Own), 0, "there is nothing left");
    close(&journal);
}

#[test]
fn what_is_erased_on_one_machine_is_erased_on_all_and_does_not_come_back() {
    let Some(server) = Server::start("erasing everywhere") else { return };
    let folder = tempfile::tempdir().unwrap();
    let [here, there] = ["one", "two"].map(|name| machine(folder.path(), name, &server.url()));
    let secret = one(&here, note(None, 0, "hunter2-hunter2")).header;
    for second in 1..6 {
        one(&here, note(None, second, "ambient of long ago"));
        one(&there, note(None, second, "another's of long ago"));
    }
    let mut news = there.news();
    let wait_until = |news: &mut NewsStream, journal: &Journal, what: &dyn Fn(&[Entry]) -> bool| {
        while !what(&journal.since(0, 999).wait(LONG).unwrap()) {
            wait_for(news, "events", |piece| matches!(piece, JournalNews::Events(_)));
        }
    };
    wait_until(&mut news, &there, &|entries| texts(entries).len() == 11);
    // Erased by the other machine, and then those that the first one's retention says.
    erase(&there, secret.id).unwrap();
    let mut first = here.news();
    wait_until(&mut first, &here, &|entries| !texts(entries).iter().any(|text| text.starts_with("hunter2")));
    assert_eq!(expire(&here, crate::clock::now(), Whose::Own), 5);
    one(&here, note(None, 9, "afterwards"));
    wait_until(&mut news, &there, &|entries| texts(entries).contains(&"afterwards".to_owned()));
    // Bodies that have served their time go in a turn of their own, after the event that says so.
    let deadline = crate::clock::instant() + LONG;
    let has_ambient = |texts: &[String]| texts.iter().any(|text| text == "ambient of long ago");
    let left = loop {
        let left = texts(&there.since(0, 999).wait(LONG).unwrap());
        if !has_ambient(&left) || crate::clock::instant() > deadline {
            break left;
        }
    };
    assert_eq!(
        left.iter().filter(|text| *text == "another's of long ago").count(),
        5,
        "what others write is theirs to keep"
    );
    assert!(!has_ambient(&left), "{left:?}");
    assert_eq!(
        server.sql(
            "postgres",
            "SELECT count(*) FROM flightdeck.bodies b WHERE convert_from(json, 'UTF8') ~ 'hunter2|ambient'"
        ),
        "0"
    );
    fits(&here);
    fits(&there);
    close(&here);
    close(&there);
    // Even a store that is made anew by a machine that still had them does not bring them back.
    let there = machine(folder.path(), "two", &server.url());
    wait_for(&mut there.news(), "a connection", connected);
    assert!(!holds(&folder.path().join("two"), "hunter2"));
    fits(&there);
    close(&there);
}
