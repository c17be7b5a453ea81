//! A bundle proves itself on another machine, and no byte of it can be changed unnoticed.

use super::{
    server::Server,
    shared::{machine, wait_until_all_have},
    *,
};
use crate::journal::answer::block_on;
use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Write},
    path::PathBuf,
};

fn bundle(journal: &Journal, incident: IncidentId, ambient: Option<(Timestamp, Timestamp)>, path: &Path) -> Bundled {
    let request = BundleRequest { incident, ambient, path: path.to_owned() };
    block_on(journal.bundle(request), LONG).unwrap().unwrap()
}

fn contents(path: &Path, anchors: &[Anchor]) -> BundleContents {
    match verify_bundle(path, anchors).unwrap() {
        BundleVerdict::Fits(contents) => *contents,
        BundleVerdict::Broken(misfit) => panic!("{misfit}"),
    }
}

/// A journal with two incidents and a good deal between, one erased note, and the bundle of the first.
fn bundled(folder: &Path) -> (Journal, IncidentId, PathBuf, Bundled) {
    let journal = Journal::open(Options { checkpoint_every: 7, ..options(folder) }).unwrap();
    let incident = declare(&journal, 0, 1);
    let other = declare(&journal, 0, 2);
    for second in 0..20 {
        one(&journal, note(Some(incident), second, &format!("note {second} \"with\" → signs\n")));
        one(&journal, note(Some(other), second, "another incident"));
        one(&journal, note(None, second, "ambient"));
    }
    let secret = one(&journal, note(Some(incident), 30, "hunter2")).header.id;
    block_on(journal.erase(secret, "a password".into(), ada()), LONG).unwrap().unwrap();
    let path = folder.join("incident.tar.zst");
    let done = bundle(&journal, incident, Some((at(5), at(9))), &path);
    (journal, incident, path, done)
}

#[test]
fn a_bundle_holds_the_incident_and_proves_every_event_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, incident, path, done) = bundled(folder.path());
    // The declaration, 20 notes, an erased one and why, and 5 of no incident.
    assert_eq!((done.events, done.proved), (28, 28));
    assert_eq!(done.bytes, fs::metadata(&path).unwrap().len());
    let contents = contents(&path, &[]);
    assert_eq!((contents.incident, contents.erased, contents.known_keys), (incident, 1, 0));
    assert!(contents.unproved.is_empty());
    let whole = journal.incident(incident).wait(LONG).unwrap();
    let own: Vec<_> = contents.events.iter().filter(|event| event.header.incident.is_some()).collect();
    assert!(own.into_iter().eq(whole.iter().map(|entry| &entry.event)));
    assert_eq!(contents.events.iter().filter(|event| event.header.incident.is_none()).count(), 5);
    // With a checkpoint that was kept elsewhere it is shown whose it is.
    let signed = journal.checkpoint().wait(LONG).unwrap().unwrap();
    let anchor = Anchor { writer: signed.header.writer, checkpoint: signed.body };
    assert_eq!(self::contents(&path, std::slice::from_ref(&anchor)).known_keys, 1);
    // One of another journal, in the same writer's name, does not fit.
    let elsewhere = tempfile::tempdir().unwrap();
    let (other, ..) = bundled(elsewhere.path());
    let forged = other.checkpoint().wait(LONG).unwrap().unwrap().body;
    let forged = Anchor { writer: anchor.writer, checkpoint: forged };
    let BundleVerdict::Broken(misfit) = verify_bundle(&path, &[forged]).unwrap() else { panic!("it is forged") };
    assert!(misfit.what.contains("is not signed with its key"), "{misfit}");
    let nothing = BundleRequest { incident: IncidentId(uuid::Uuid::from_bytes([1; 16])), ambient: None, path };
    assert!(matches!(block_on(journal.bundle(nothing), LONG).unwrap(), Err(JournalError::Missing(_))));
    close(&journal);
    close(&other);
}

fn unpack(path: &Path) -> BTreeMap<String, String> {
    let mut archive = tar::Archive::new(zstd::Decoder::new(fs::File::open(path).unwrap()).unwrap());
    let mut files = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        files.insert(entry.path().unwrap().display().to_string(), text);
    }
    files
}

fn pack(path: &Path, files: &BTreeMap<String, String>) {
    let mut archive = tar::Builder::new(zstd::Encoder::new(Vec::new(), 1).unwrap());
    for (name, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        archive.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    fs::File::create(path).unwrap().write_all(&archive.into_inner().unwrap().finish().unwrap()).unwrap();
}

#[test]
fn whatever_is_changed_in_a_bundle_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _, path, _) = bundled(folder.path());
    close(&journal);
    let good = unpack(&path);
    assert_eq!(good.keys().collect::<Vec<_>>(), ["events.jsonl", "manifest.json", "writers.jsonl"]);
    let line = good["events.jsonl"].lines().find(|line| line.contains("note 7")).unwrap();
    let value: serde_json::Value = serde_json::from_str(line).unwrap();
    let sequence = value["sequence"].as_u64().unwrap();
    let sibling = value["path"][2].as_str().unwrap();
    let other = "0".repeat(64);
    let without_reason: String = good["events.jsonl"]
        .lines()
        .filter(|line| !line.contains("a password"))
        .map(|line| format!("{line}\n"))
        .collect();
    let changed = |from: &str, to: &str| good["events.jsonl"].replacen(from, to, 1);
    let cases = [
        (changed(line, &line.replace("note 7", "note 8")), "its body is not the one"),
        (changed(line, &line.replace(sibling, &other)), "its proof does not lead"),
        (changed(line, &line.replace(&format!("\"sequence\":{sequence}"), "\"sequence\":3")), "it stands elsewhere"),
        (without_reason, "no event says why"),
    ];
    for (text, words) in cases {
        let bad = folder.path().join("bad");
        assert_ne!(good["events.jsonl"], text, "{words}");
        pack(&bad, &BTreeMap::from_iter(good.clone().into_iter().chain([("events.jsonl".to_owned(), text)])));
        let BundleVerdict::Broken(misfit) = verify_bundle(&bad, &[]).unwrap() else { panic!("{words}") };
        assert!(misfit.what.contains(words), "{words}: {misfit}");
    }
    // A checkpoint that nobody signed.
    let mut forged: serde_json::Value = serde_json::from_str(&good["writers.jsonl"]).unwrap();
    forged["checkpoint"]["size"] = 3.into();
    let bad = folder.path().join("bad");
    pack(
        &bad,
        &BTreeMap::from_iter(good.clone().into_iter().chain([("writers.jsonl".to_owned(), forged.to_string())])),
    );
    let BundleVerdict::Broken(misfit) = verify_bundle(&bad, &[]).unwrap() else { panic!("it is forged") };
    assert!(misfit.what.contains("the signature of its checkpoint is wrong"), "{misfit}");
}

#[test]
fn what_is_no_bundle_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _, path, _) = bundled(folder.path());
    close(&journal);
    let refused = |path: &Path| verify_bundle(path, &[]).unwrap_err().to_string();
    assert!(refused(&folder.path().join("none")).contains("cannot be read"));
    let bytes = fs::read(&path).unwrap();
    let bad = folder.path().join("bad");
    fs::write(&bad, &bytes[..bytes.len() / 2]).unwrap();
    assert!(refused(&bad).contains("the bundle"), "{}", refused(&bad));
    let mut files = unpack(&path);
    let manifest = files["manifest.json"].replace("bundle.v1", "bundle.v9");
    files.insert("manifest.json".to_owned(), manifest);
    pack(&bad, &files);
    assert!(refused(&bad).contains("flightdeck.bundle.v9"), "{}", refused(&bad));
    files.remove("manifest.json");
    pack(&bad, &files);
    assert!(refused(&bad).contains("has no manifest.json"), "{}", refused(&bad));
}

#[test]
fn events_of_other_machines_are_proved_as_far_as_those_have_signed() {
    let Some(server) = Server::start("a bundle of several machines") else { return };
    let folder = tempfile::tempdir().unwrap();
    let [here, there] = ["one", "two"].map(|name| machine(folder.path(), name, &server.url()));
    let incident = declare(&here, 0, 1);
    for second in 0..5 {
        one(&here, note(Some(incident), second, &format!("one {second}")));
        one(&there, note(Some(incident), second, &format!("two {second}")));
    }
    there.checkpoint().wait(LONG).unwrap().unwrap();
    let late = one(&there, note(Some(incident), 9, "two after its checkpoint")).header.id;
    wait_until_all_have(&[&here], 11);
    let path = folder.path().join("bundle");
    let done = bundle(&here, incident, None, &path);
    assert_eq!((done.events, done.proved), (12, 11));
    let contents = contents(&path, &[]);
    assert_eq!(contents.unproved, [late]);
    assert_eq!(contents.writers.len(), 2);
    close(&here);
    close(&there);
}
