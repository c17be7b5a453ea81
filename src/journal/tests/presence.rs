//! Who is here is seen on the same machine and on others, and no longer when they have left.

use super::{server::Server, shared::shared, *};

fn attendee(name: &str, looks_at: &str) -> Attendee {
    let actor = Actor { name: name.into(), known_by: KnownBy::Login, from: None };
    Attendee { actor, host: format!("host of {name}").into(), at: looks_at.into() }
}

/// Waits until these are here, and answers what they look at.
fn wait_for_names(news: &mut NewsStream, names: &[&str]) -> Vec<String> {
    let list = |piece: &JournalNews| match piece {
        JournalNews::Presence(present) => Some(present.clone()),
        _ => None,
    };
    let here = |piece: &JournalNews| {
        let present = list(piece);
        present.is_some_and(|present| {
            let mut found: Vec<_> = present.iter().map(|present| present.attendee.actor.name.as_str()).collect();
            found.sort_unstable();
            found == names
        })
    };
    let piece = wait_for(news, "who is here", here);
    list(&piece).unwrap().iter().map(|present| present.attendee.at.to_string()).collect()
}

#[test]
fn cockpits_on_one_machine_see_each_other_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let with = |name: &str| Options { attendee: Some(attendee(name, "")), ..options(folder.path()) };
    let ada = Journal::open(with("ada")).unwrap();
    wait_for_names(&mut ada.news(), &["ada"]);
    let bob = Journal::open(with("bob")).unwrap();
    let mut news = bob.news();
    wait_for_names(&mut news, &["ada", "bob"]);
    bob.attend(attendee("bob", "INC-7"));
    let JournalNews::Presence(present) =
        wait_for(&mut news, "what he looks at", |piece| matches!(piece, JournalNews::Presence(_)))
    else {
        unreachable!()
    };
    let own: Vec<_> =
        present.iter().filter(|present| present.own).map(|present| present.attendee.at.as_str()).collect();
    assert_eq!(own, ["INC-7"]);
    close(&ada);
    bob.attend(attendee("bob", "INC-8"));
    assert_eq!(wait_for_names(&mut news, &["bob"]), ["INC-8"]);
    // They stand in no chain.
    assert_eq!(bob.newest().wait(LONG), Ok(0));
    close(&bob);
}

#[test]
fn cockpits_on_other_machines_are_seen_through_the_server() {
    let Some(server) = Server::start("presence") else { return };
    let folder = tempfile::tempdir().unwrap();
    let with = |name: &str| Options {
        attendee: Some(attendee(name, "")),
        shared: Some(shared(&server.url())),
        machine: Some(name.to_owned()),
        ..options(&folder.path().join(name))
    };
    let ada = Journal::open(with("ada")).unwrap();
    wait_for(&mut ada.news(), "a connection", super::shared::connected);
    let bob = Journal::open(with("bob")).unwrap();
    let mut news = bob.news();
    wait_for_names(&mut news, &["ada", "bob"]);
    close(&ada);
    bob.attend(attendee("bob", "INC-8"));
    wait_for_names(&mut news, &["bob"]);
    close(&bob);
}
