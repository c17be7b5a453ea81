//! The journal as a whole, on real files.

mod bundles;
mod damage;
mod faults;
mod leases;
mod local;
mod many;
mod pages;
mod presence;
mod retention;
mod server;
mod shared;

use super::*;
use crate::{
    clock,
    model::{
        Timestamp,
        journal::{Actor, Body, Draft, IncidentId, KnownBy, Sev},
    },
};
use std::{path::Path, time::Duration};

/// Longer than anything here takes; a test that waits this long has failed.
pub const LONG: Duration = Duration::from_secs(30);

/// A time, in seconds after one that is past.
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

pub fn ada() -> Actor {
    Actor { name: "ada".into(), known_by: KnownBy::Login, from: Some("10.0.0.9".into()) }
}

pub fn note(incident: Option<IncidentId>, second: i64, text: &str) -> Draft {
    Draft::new(incident, at(second), ada(), Body::Note { text: text.to_owned() })
}

pub fn declared(second: i64, number: u32) -> Draft {
    let body = Body::Declared { title: format!("incident {number}"), severity: Sev::Sev2, number, drill: false };
    Draft::new(None, at(second), ada(), body)
}

pub fn options(folder: &Path) -> Options {
    Options { machine: Some("machine-1".into()), poll: Duration::from_millis(20), ..Options::new(folder.join("j.db")) }
}

pub fn open(folder: &Path) -> Journal {
    Journal::open(options(folder)).unwrap()
}

pub fn append(journal: &Journal, drafts: Vec<Draft>) -> Vec<Written> {
    journal.append_blocking(drafts, LONG).unwrap()
}

pub fn one(journal: &Journal, draft: Draft) -> Written {
    append(journal, vec![draft]).remove(0)
}

/// Declares an incident.
pub fn declare(journal: &Journal, second: i64, number: u32) -> IncidentId {
    one(journal, declared(second, number)).header.incident.unwrap()
}

pub fn close(journal: &Journal) {
    assert_eq!(journal.close(LONG).wait(LONG).unwrap().unwritten, []);
}

/// The verdict on a file that fits.
pub fn fits(journal: &Journal) -> Summary {
    match journal.verify(vec![]).wait(LONG).unwrap() {
        Verdict::Fits(summary) => summary,
        Verdict::Broken { first, .. } => panic!("{first}"),
    }
}

/// Texts of notes, in the order in which they stand there.
pub fn texts(entries: &[Entry]) -> Vec<String> {
    entries
        .iter()
        .filter_map(|entry| match &entry.event.body {
            Some(Body::Note { text }) => Some(text.clone()),
            _ => None,
        })
        .collect()
}

/// Waits for a piece of news that fits.
pub fn wait_for(news: &mut NewsStream, what: &str, mut fits: impl FnMut(&JournalNews) -> bool) -> JournalNews {
    let mut seen = Vec::new();
    let end = clock::instant() + LONG;
    loop {
        match news.wait(end.saturating_duration_since(clock::instant())) {
            Some(piece) if fits(&piece) => return piece,
            Some(piece) => seen.push(format!("{piece:?}").chars().take(300).collect::<String>()),
            None => panic!("no news of {what}, but {seen:#?}"),
        }
    }
}

/// Tests that lack what they need say so, past the test runner, which keeps what passing tests print to itself; they fail where it has
/// to be there.
pub fn left_out(test: &str, why: &str) {
    use std::io::Write;
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "NOT RUN: {test}: {why}");
    let _ = writeln!(std::io::stderr(), "NOT RUN: {test}: {why}");
}
