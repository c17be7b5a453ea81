//! Machines that share a PostgreSQL server end with the same events, whatever happened on the way.

use super::{
    server::{Server, Way},
    *,
};
use std::{collections::BTreeSet, fs, thread};

pub fn shared(url: &str) -> SharedOptions {
    SharedOptions {
        deadline: Duration::from_secs(20),
        interval: Duration::from_millis(200),
        longest_backoff: Duration::from_millis(200),
        ..SharedOptions::new(url)
    }
}

/// A journal of a machine of this name.
pub fn machine(folder: &Path, name: &str, url: &str) -> Journal {
    let folder = folder.join(name);
    Journal::open(Options {
        machine: Some(name.to_owned()),
        host: name.to_owned(),
        shared: Some(shared(url)),
        checkpoint_every: 50,
        ..options(&folder)
    })
    .unwrap()
}

fn all(journal: &Journal) -> Vec<Entry> {
    journal.since(0, u32::MAX).wait(LONG).unwrap()
}

/// Waits until these journals hold this many notes each, and answers the notes of one.
pub fn wait_until_all_have(journals: &[&Journal], notes: usize) -> Vec<String> {
    for journal in journals {
        let mut news = journal.news();
        while texts(&all(journal)).len() < notes {
            wait_for(&mut news, "events", |piece| matches!(piece, JournalNews::Events(_) | JournalNews::Missed));
        }
    }
    let mut found = texts(&all(journals[0]));
    found.sort();
    found
}

/// That these hold the same events, and every chain fits.
fn assert_same(journals: &[&Journal]) {
    let sets: Vec<BTreeSet<String>> = journals
        .iter()
        .map(|journal| all(journal).iter().map(|entry| entry.event.header.hash.to_string()).collect())
        .collect();
    assert!(sets.windows(2).all(|pair| pair[0] == pair[1]));
    for journal in journals {
        assert_eq!(fits(journal).events as usize, sets[0].len());
    }
}

pub fn connected(piece: &JournalNews) -> bool {
    matches!(piece, JournalNews::Shared(SharedState::Connected))
}

pub fn down(piece: &JournalNews) -> bool {
    matches!(piece, JournalNews::Shared(SharedState::Down { .. }))
}

#[test]
fn what_one_machine_writes_others_read_and_one_that_comes_later_reads_everything() {
    let Some(server) = Server::start("two machines") else { return };
    let folder = tempfile::tempdir().unwrap();
    let [one_, two] = ["one", "two"].map(|name| machine(folder.path(), name, &server.url()));
    let mut news = two.news();
    let incident = declare(&one_, 0, 1);
    let heard = wait_for(&mut news, "the incident", |piece| matches!(piece, JournalNews::Events(_)));
    let JournalNews::Events(entries) = heard else { unreachable!() };
    assert_eq!(entries[0].event.header.incident, Some(incident));
    // What is written knowing of it comes after it, whatever the clocks say.
    let answer = one(&two, note(Some(incident), 1, "from two")).header;
    assert!(answer.clock > entries[0].event.header.clock);
    wait_until_all_have(&[&one_, &two], 1);
    let late = machine(folder.path(), "three", &server.url());
    wait_until_all_have(&[&late], 1);
    assert_same(&[&one_, &two, &late]);
    assert_eq!(late.incidents().wait(LONG).unwrap().len(), 1);
    let hosts: BTreeSet<_> = late.writers().wait(LONG).unwrap().into_iter().map(|writer| writer.host).collect();
    assert!(hosts.contains("one") && hosts.contains("two"), "{hosts:?}");
    one(&one_, note(None, 9, "right before the end"));
    let closed = one_.close(LONG).wait(LONG).unwrap();
    assert_eq!(closed, Closed { unwritten: vec![], unpushed: Some(0) });
    wait_until_all_have(&[&two, &late], 2);
    close(&two);
    close(&late);
}

#[test]
fn what_was_written_while_there_was_no_server_is_merged_when_there_is_one() {
    let Some(mut server) = Server::prepare("merging") else { return };
    let folder = tempfile::tempdir().unwrap();
    let [one_, two] = ["one", "two"].map(|name| machine(folder.path(), name, &server.url()));
    let mut news = one_.news();
    wait_for(&mut news, "that there is none", down);
    for index in 0..30 {
        one(&one_, note(None, index, &format!("one {index}")));
        one(&two, note(None, index, &format!("two {index}")));
    }
    // One is closed before, and its events wait in its file.
    assert_eq!(two.close(LONG).wait(LONG).unwrap().unpushed, None);
    server.run();
    wait_for(&mut news, "that there is one", connected);
    let two = machine(folder.path(), "two", &server.url());
    wait_until_all_have(&[&one_, &two], 60);
    assert_same(&[&one_, &two]);
    let order = |journal: &Journal| {
        let ambient = Some((at(0), at(100)));
        let request =
            PageRequest { incident: None, ambient, filter: Filter::default(), place: Place::Oldest, limit: 99 };
        texts(&journal.page(request).wait(LONG).unwrap().entries)
    };
    assert_eq!(order(&one_), order(&two), "they are shown in the same order");
    close(&one_);
    close(&two);
}

#[test]
fn a_server_that_is_killed_and_started_again_loses_and_doubles_nothing() {
    let Some(mut server) = Server::start("a killed server") else { return };
    let folder = tempfile::tempdir().unwrap();
    let journals: Vec<_> = (0..3).map(|name| machine(folder.path(), &name.to_string(), &server.url())).collect();
    let mut news = journals[0].news();
    wait_for(&mut news, "a connection", connected);
    for round in 0..3 {
        thread::scope(|scope| {
            for (name, journal) in journals.iter().enumerate() {
                scope.spawn(move || {
                    (0..40).for_each(|index| drop(one(journal, note(None, index, &format!("{name} {round} {index}")))))
                });
            }
            server.kill();
        });
        wait_for(&mut news, "that it is gone", down);
        // Writing has gone on, and reading too.
        assert!(texts(&all(&journals[0])).len() >= 40 * (round + 1));
        server.run();
        wait_for(&mut news, "that it is back", connected);
    }
    let journals: Vec<_> = journals.iter().collect();
    let found = wait_until_all_have(&journals, 360);
    assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 360);
    assert_same(&journals);
    journals.into_iter().for_each(close);
}

#[test]
fn behind_a_cut_network_writing_goes_on_and_everything_comes_after_it_was_mended() {
    let Some(server) = Server::start("a cut network") else { return };
    let folder = tempfile::tempdir().unwrap();
    let way = Way::to(server.port);
    let cut_off = folder.path().join("cut off");
    let options = Options {
        shared: Some(SharedOptions {
            deadline: Duration::from_millis(300),
            ..shared(&server.url_as("postgres", way.port))
        }),
        ..options(&cut_off)
    };
    let far = Journal::open(options).unwrap();
    let near = machine(folder.path(), "near", &server.url());
    let mut news = far.news();
    wait_for(&mut news, "a connection", connected);
    one(&near, note(None, 0, "before"));
    wait_until_all_have(&[&far], 1);
    for round in 0..2 {
        way.cut();
        for index in 0..20 {
            one(&far, note(None, index, &format!("far {round} {index}")));
            one(&near, note(None, index, &format!("near {round} {index}")));
        }
        let told = wait_for(&mut news, "that it is cut off", down);
        assert!(format!("{told:?}").contains("no answer within"), "{told:?}");
        assert_eq!(far.local_state(), LocalState::Ok);
        way.mend();
        wait_until_all_have(&[&far, &near], 1 + 40 * (round + 1));
    }
    wait_for(&mut news, "that it is mended", connected);
    assert_same(&[&far, &near]);
    close(&far);
    close(&near);
}

#[test]
fn sixteen_machines_that_write_at_once_lose_nothing_to_the_order_of_commits() {
    let Some(server) = Server::start("sixteen machines") else { return };
    let folder = tempfile::tempdir().unwrap();
    let reader = machine(folder.path(), "reader", &server.url());
    let journals: Vec<_> = (0..16).map(|name| machine(folder.path(), &name.to_string(), &server.url())).collect();
    thread::scope(|scope| {
        for (name, journal) in journals.iter().enumerate() {
            scope.spawn(move || {
                (0..50).for_each(|index| drop(one(journal, note(None, index, &format!("{name} {index}")))))
            });
        }
    });
    let found = wait_until_all_have(&[&reader], 800);
    assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 800);
    assert!(fits(&reader).events >= 800);
    let order = server.sql(
        "postgres",
        "SELECT count(*) FROM flightdeck.events a JOIN flightdeck.events b ON b.writer = a.writer AND b.sequence = a.sequence + 1 \
         WHERE b.number < a.number",
    );
    assert_eq!(order, "0", "numbers follow each chain");
    journals.iter().for_each(close);
    close(&reader);
}

#[test]
fn large_bodies_and_long_histories_come_in_pieces() {
    let Some(server) = Server::start("large bodies") else { return };
    let folder = tempfile::tempdir().unwrap();
    let one_ = machine(folder.path(), "one", &server.url());
    let big = "x".repeat(200_000);
    append(&one_, (0..60).map(|index| note(None, index, &format!("{index} {big}"))).collect());
    append(&one_, (0..1200).map(|index| note(None, index, &index.to_string())).collect());
    let two = machine(folder.path(), "two", &server.url());
    wait_until_all_have(&[&two], 1260);
    assert_same(&[&one_, &two]);
    close(&one_);
    close(&two);
}

#[test]
fn a_role_that_may_only_insert_can_do_everything_but_change_and_delete() {
    let Some(server) = Server::start("an insert-only role") else { return };
    let folder = tempfile::tempdir().unwrap();
    server.sql("postgres", "CREATE ROLE ops LOGIN; REVOKE CREATE ON DATABASE postgres FROM PUBLIC");
    let ops = server.url_as("ops", server.port);
    // Before there is a schema it says what is missing.
    let early = machine(folder.path(), "early", &ops);
    let told = wait_for(&mut early.news(), "that it may not", down);
    assert!(format!("{told:?}").contains("permission denied"), "{told:?}");
    let admin = machine(folder.path(), "admin", &server.url());
    wait_for(&mut admin.news(), "a connection", connected);
    server.sql("postgres", &grants_sql("ops"));
    let mut news = early.news();
    wait_for(&mut news, "that it may", connected);
    let written = one(&early, note(None, 0, "by ops"));
    wait_until_all_have(&[&admin], 1);
    // Erasing goes through the event that says why.
    let reason = "a password".to_owned();
    let erased = Body::Erased { event: written.header.id, reason };
    one(&early, Draft::new(None, at(1), ada(), erased));
    let mut news = admin.news();
    while all(&admin)[0].event.body.is_some() {
        wait_for(&mut news, "the erasure", |piece| matches!(piece, JournalNews::Events(_)));
    }
    assert_same(&[&early, &admin]);
    assert_eq!(
        server.sql(
            "postgres",
            "SELECT count(*) FROM flightdeck.bodies WHERE json::text LIKE '%' || encode('by ops', 'hex') || '%'"
        ),
        "0"
    );
    let refused = |sql: &str| {
        let wrapped = format!(
            "SET ROLE ops; DO $$ BEGIN {sql}; RAISE NOTICE 'done'; EXCEPTION WHEN OTHERS THEN \
             CREATE TEMP TABLE said AS SELECT sqlerrm AS words; END $$; SELECT words FROM said"
        );
        server.sql("postgres", &wrapped)
    };
    for sql in [
        "UPDATE flightdeck.events SET actor = 'mallory'",
        "DELETE FROM flightdeck.events",
        "DELETE FROM flightdeck.bodies",
        "TRUNCATE flightdeck.events CASCADE",
        "DELETE FROM flightdeck.leases",
        "UPDATE flightdeck.store SET form = 9",
        "ALTER TABLE flightdeck.events DISABLE TRIGGER ALL",
    ] {
        let words = refused(sql);
        assert!(words.contains("permission denied") || words.contains("must be owner"), "{sql}: {words}");
    }
    // Not even who made it can by mistake.
    for (sql, words) in [
        ("UPDATE flightdeck.events SET actor = 'mallory'", "never changed or deleted"),
        ("DELETE FROM flightdeck.bodies", "only after an event has said why"),
        ("UPDATE flightdeck.bodies SET json = ''", "never changed or deleted"),
    ] {
        assert!(refused(&format!("RESET ROLE; {sql}")).contains(words), "{sql}");
    }
    close(&early);
    close(&admin);
}

#[test]
fn a_changed_event_is_left_out_and_told_and_the_rest_comes() {
    let Some(server) = Server::start("a changed event") else { return };
    let folder = tempfile::tempdir().unwrap();
    let one_ = machine(folder.path(), "one", &server.url());
    let written: Vec<_> = (0..3).map(|index| one(&one_, note(None, index, &index.to_string()))).collect();
    close(&one_);
    let id = written[1].header.id;
    server.sql(
        "postgres",
        &format!(
            "ALTER TABLE flightdeck.bodies DISABLE TRIGGER ALL; \
             UPDATE flightdeck.bodies SET json = convert_to('{{\"kind\":\"note\",\"text\":\"forged\"}}', 'UTF8') WHERE event = '{id}'"
        ),
    );
    let two = machine(folder.path(), "two", &server.url());
    let mut news = two.news();
    let told = wait_for(&mut news, "a conflict", |piece| matches!(piece, JournalNews::Conflict(_)));
    let JournalNews::Conflict(why) = told else { unreachable!() };
    assert!(why.contains(&id.to_string()) && why.contains("its body is not the one"), "{why}");
    assert_eq!(wait_until_all_have(&[&two], 2), ["0", "2"]);
    close(&two);
}

#[test]
fn a_chain_that_went_on_in_two_places_is_told_and_goes_on_under_a_new_name() {
    let Some(server) = Server::start("a forked chain") else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("one/j.db");
    let one_ = machine(folder.path(), "one", &server.url());
    let first = one(&one_, note(None, 0, "kept")).header;
    close(&one_);
    let old = fs::read(&file).unwrap();
    let one_ = machine(folder.path(), "one", &server.url());
    one(&one_, note(None, 1, "lost with the disk"));
    close(&one_);
    // An old state is put back into the same file, so that nothing shows that it is a copy.
    fs::write(&file, old).unwrap();
    let one_ =
        Journal::open(Options { shared: None, machine: Some("one".into()), ..options(&folder.path().join("one")) })
            .unwrap();
    assert_eq!(one(&one_, note(None, 2, "forked")).header.writer, first.writer);
    close(&one_);
    let one_ = machine(folder.path(), "one", &server.url());
    let mut news = one_.news();
    let told = wait_for(&mut news, "a conflict", |piece| matches!(piece, JournalNews::Conflict(_)));
    assert!(format!("{told:?}").contains("two machines have gone on with one chain"), "{told:?}");
    wait_for(&mut news, "a connection", connected);
    assert_ne!(one(&one_, note(None, 3, "afterwards")).header.writer, first.writer);
    let two = machine(folder.path(), "two", &server.url());
    assert_eq!(wait_until_all_have(&[&two], 3), ["afterwards", "kept", "lost with the disk"]);
    close(&one_);
    close(&two);
}

#[test]
fn a_store_that_was_lost_is_made_again_from_what_machines_have() {
    let Some(server) = Server::start("a lost store") else { return };
    let folder = tempfile::tempdir().unwrap();
    let [one_, two] = ["one", "two"].map(|name| machine(folder.path(), name, &server.url()));
    for index in 0..10 {
        one(if index % 2 == 0 { &one_ } else { &two }, note(None, index, &index.to_string()));
    }
    wait_until_all_have(&[&one_, &two], 10);
    close(&two);
    server.sql("postgres", "DROP SCHEMA flightdeck CASCADE");
    one(&one_, note(None, 10, "10"));
    let three = machine(folder.path(), "three", &server.url());
    wait_until_all_have(&[&one_, &three], 11);
    assert_same(&[&one_, &three]);
    close(&one_);
    close(&three);

    server.sql("postgres", "UPDATE flightdeck.store SET form = 99");
    let four = machine(folder.path(), "four", &server.url());
    let told = wait_for(&mut four.news(), "a newer form", down);
    assert!(format!("{told:?}").contains("a newer Flightdeck made it (form 99"), "{told:?}");
    close(&four);
    assert!(server.path().exists());
}
