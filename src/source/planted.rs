//! Secrets of every kind, put where sources read: none of them is in what is told of it, in the world, in what is exported, or in a
//! recording.

use super::{Request, Source, docker, host::processes, kubernetes};
use crate::{
    app::event::{Event, EventKind},
    headless::snapshot::snapshot_of,
    model::{
        Timestamp,
        own::OwnCounters,
        secrets::planted::{self, Planted},
        topic::TopicSet,
        update::Update,
    },
    runtime::recorder::{Limits, Recorder, file::FileSink, format},
    world::World,
};
use std::{path::Path, sync::Arc, time::Duration};

fn at() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().expect("a time")
}

/// The process table of a machine on which a process has the secret among its arguments.
fn of_host(planted: &Planted, folder: &Path) -> Vec<Update> {
    let process = folder.join("proc/7");
    std::fs::create_dir_all(&process).expect("made");
    let flag = format!("--{}", planted.name);
    let arguments = ["app", &planted.line(), &planted.variable(), &flag, &planted.value].join("\0");
    std::fs::write(process.join("stat"), "7 (app) R 1 7 7 0 -1 0 0 0 0 0 5 0 0 0 20 0 3 0 9 0 25 0\n")
        .expect("written");
    std::fs::write(process.join("cmdline"), arguments).expect("written");
    std::fs::write(process.join("environ"), format!("{}\0A=b\0", planted.variable())).expect("written");
    let root = super::host::read::Root::at(folder);
    let (wanted, visible) = (TopicSet::EMPTY, TopicSet::EMPTY);
    let request = Request { at: at(), wanted, visible, open: None, graph: None, incident_since: None };
    let mut told = processes::ProcessesSource::new(root.clone()).collect(&request).expect("answers");
    let page = super::host::process::details(&root, "7/9");
    assert!(!page.arguments.is_empty() && page.environment.len() == 2, "the page is read: {:?}", page.unreadable);
    told.push(Update::ProcessDetails(Box::new(page)));
    told
}

/// The bytes of a recording of this news, unpacked.
fn recorded(updates: &[Update], before: &World, folder: &Path) -> String {
    let path = folder.join("recording");
    let _ = std::fs::remove_file(&path);
    let mut recorder = Recorder::new(Limits::default(), Arc::new(OwnCounters::default()));
    let header = format::Header::new(at(), None);
    recorder.start_file(FileSink::create(&path, &header, 64 << 20).expect("made"));
    let kind = EventKind::Updates { source: "x".into(), updates: updates.to_vec() };
    recorder.record(&Event { at: at(), kind }, before);
    recorder.stop_file().expect("was begun").expect("is written");
    let bytes = std::fs::read(&path).expect("is there");
    let (places, lost) = format::scan(&bytes, header.to_bytes().len());
    assert!(places.len() == 1 && lost == 0, "one chunk is in it");
    String::from_utf8(places[0].unpack(&bytes).expect("is whole")).expect("is JSON")
}

#[test]
fn no_secret_leaves_a_source() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut secrets = planted::all();
    secrets.dedup_by_key(|planted| planted.kind);
    for planted in secrets {
        let mut updates = of_host(&planted, folder.path());
        updates.extend(docker::planted::news(&planted));
        updates.extend(kubernetes::planted::news(&planted));
        let mut world = World::at(at());
        world.apply(at(), "x", updates.clone());
        let exported = snapshot_of(&world, Duration::ZERO);
        let exported = serde_json::to_string(&exported).expect("is JSON");
        assert!(exported.contains("größe=1"), "what is around the secret is shown: {exported}");
        let recording = recorded(&updates, &world, folder.path());
        assert!(recording.contains("größe=1") && recording.contains("process-details"), "{recording}");
        for (what, text) in [("exported", exported), ("recorded", recording)] {
            // JSON writes a line's end, a quote and a stroke with a stroke before it.
            for text in [text.replace("\\n", "\n").replace("\\\"", "\"").replace("\\\\", "\\"), text] {
                assert!(!planted.survives(&text), "{}: {} is {what}", planted.kind, planted.line());
            }
        }
    }
}
