//! One holder at a time, and tokens that only grow.

use super::{
    server::Server,
    shared::{connected, down, machine},
    *,
};
use crate::journal::answer::block_on;
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    thread,
};

const MINUTE: Duration = Duration::from_secs(60);

fn acquire(journal: &Journal, holder: &str) -> Result<Lease, JournalError> {
    journal.acquire_lease_blocking("failover".into(), holder.into(), MINUTE, LONG)
}

fn renew(journal: &Journal, lease: &Lease) -> Result<Lease, JournalError> {
    block_on(journal.renew_lease(lease.clone(), MINUTE), LONG).unwrap()
}

fn release(journal: &Journal, lease: &Lease) -> Result<(), JournalError> {
    block_on(journal.release_lease(lease.clone()), LONG).unwrap()
}

#[test]
fn a_lease_is_held_by_one_until_it_is_given_back_or_runs_out() {
    let folder = tempfile::tempdir().unwrap();
    let second = Arc::new(AtomicI64::new(0));
    let told = second.clone();
    let now = Now::new(move || at(told.load(Ordering::Relaxed)));
    let journal = Journal::open(Options { now: now.clone(), ..options(folder.path()) }).unwrap();
    let other = Journal::open(Options { now, ..options(folder.path()) }).unwrap();
    let first = acquire(&journal, "a").unwrap();
    assert_eq!((first.token, first.place, first.expires_at), (1, LeasePlace::Local, at(60)));
    let held = acquire(&other, "b").unwrap_err();
    assert_eq!(held, JournalError::Held { name: "failover".into(), holder: "a".into(), until: at(60) });
    second.store(30, Ordering::Relaxed);
    let first = renew(&journal, &first).unwrap();
    assert_eq!((first.token, first.expires_at), (1, at(90)));
    // The same holder after a crash: what it did before can be told from what it does now.
    let again = acquire(&journal, "a").unwrap();
    assert_eq!(again.token, 2);
    assert_eq!(renew(&journal, &first), Err(JournalError::Lost { name: "failover".into(), token: 1 }));
    second.store(90, Ordering::Relaxed);
    assert!(renew(&journal, &again).is_err(), "it has run out");
    let taken = acquire(&other, "b").unwrap();
    assert_eq!(taken.token, 3);
    assert!(release(&journal, &again).is_err());
    release(&other, &taken).unwrap();
    assert_eq!(acquire(&journal, "a").unwrap().token, 4);
    close(&journal);
    close(&other);
}

#[test]
fn of_many_that_want_it_at_once_one_gets_it() {
    let folder = tempfile::tempdir().unwrap();
    let journals: Vec<_> = (0..4).map(|_| open(folder.path())).collect();
    let taken: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|holder| {
                let journal = &journals[holder % 4];
                scope.spawn(move || acquire(journal, &holder.to_string()))
            })
            .collect();
        threads.into_iter().filter_map(|thread| thread.join().unwrap().ok()).collect()
    });
    assert_eq!(taken.len(), 1);
    journals.iter().for_each(close);
}

#[test]
fn a_shared_lease_holds_for_all_machines_and_a_local_one_says_that_it_does_not() {
    let Some(mut server) = Server::start("shared leases") else { return };
    let folder = tempfile::tempdir().unwrap();
    let [one, two] = ["one", "two"].map(|name| machine(folder.path(), name, &server.url()));
    let (mut news, mut others) = (one.news(), two.news());
    wait_for(&mut news, "a connection", connected);
    wait_for(&mut others, "a connection", connected);
    let first = acquire(&one, "a").unwrap();
    assert_eq!((first.token, first.place), (1, LeasePlace::Shared));
    assert!(matches!(acquire(&two, "b"), Err(JournalError::Held { holder, .. }) if holder == "a"));
    assert!(renew(&one, &first).unwrap().expires_at >= first.expires_at);
    release(&one, &first).unwrap();
    let second = acquire(&two, "b").unwrap();
    assert_eq!(second.token, 2);
    assert_eq!(renew(&one, &first), Err(JournalError::Lost { name: "failover".into(), token: 1 }));
    // While the server is gone a lease cannot be renewed, and another lies here only, with a greater token.
    server.kill();
    wait_for(&mut others, "that it is gone", down);
    assert!(matches!(renew(&two, &second), Err(JournalError::Shared { .. })));
    let local = acquire(&two, "b").unwrap();
    assert_eq!((local.token, local.place), (3, LeasePlace::Local));
    server.run();
    wait_for(&mut others, "that it is back", connected);
    // What is held here keeps others here from taking the shared one.
    assert!(matches!(acquire(&two, "c"), Err(JournalError::Held { holder, .. }) if holder == "b"));
    release(&two, &local).unwrap();
    let back = acquire(&two, "b").unwrap();
    assert_eq!((back.token, back.place), (4, LeasePlace::Shared));
    close(&one);
    close(&two);
}
