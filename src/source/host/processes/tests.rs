//! The process table, of fixtures and of this machine.

use super::*;
use crate::model::topic::TopicSet;
use std::{
    ffi::OsString,
    os::unix::{ffi::OsStringExt, process::CommandExt},
    process::{Child, Command},
};

fn collect(source: &mut ProcessesSource, wanted: TopicSet) -> Vec<Process> {
    let request = Request { at: clock::now(), wanted, ..Request::default() };
    match source.collect(&request).expect("answers").pop() {
        Some(Update::Processes(rows)) => rows,
        other => panic!("not processes: {other:?}"),
    }
}

/// Ends the child whatever happens.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const SCALE: Scale = Scale { ticks_per_second: 100.0, page_bytes: 4096, booted_at: Some(1000) };

fn line(name: &str, ticks: u64, start: u64) -> String {
    format!("7 ({name}) R 1 7 7 0 -1 0 0 0 0 0 {ticks} 0 0 0 20 0 3 0 {start} 0 25 0\n")
}

#[test]
fn cpu_is_of_the_interval() {
    let text = line("a", 150, 250);
    let stat = stat::parse(text.as_bytes()).expect("a line");
    let mut known = Known::new(250, b"a", clock::instant());
    assert_eq!(derive(7, &known, &stat, None, &SCALE, 2.0).cpu_ratio, None);
    known.ticks = Some(50);
    known.read_bytes = Some(100);
    let row = derive(7, &known, &stat, Some((Some(300), None)), &SCALE, 2.0);
    assert_eq!(row.cpu_ratio, Some(0.5));
    assert_eq!((row.read_bytes_per_second, row.write_bytes_per_second), (Some(100.0), None));
    assert_eq!(row.memory_bytes, Some(25 * 4096));
    assert_eq!(row.started_at, Timestamp::from_millisecond(1_002_500).ok());
    known.ticks = Some(500);
    assert_eq!(derive(7, &known, &stat, None, &SCALE, 2.0).cpu_ratio, None);
}

#[test]
fn a_number_that_is_used_again_is_another_process() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let process = folder.path().join("proc/7");
    std::fs::create_dir_all(&process).expect("made");
    // One that ended between listing and reading, one that cannot be read, and what is no process.
    for name in ["8", "9/stat", "self", "12x"] {
        std::fs::create_dir_all(folder.path().join("proc").join(name)).expect("made");
    }
    let write = |name: &str, text: &str| std::fs::write(process.join(name), text).expect("written");
    write("stat", &line("first", 100, 5));
    write("cmdline", "first\0--password=x\0");
    write("cgroup", "0::/system.slice/a.service\n");
    let mut source = ProcessesSource::new(Root::at(folder.path()));
    let rows = collect(&mut source, TopicSet::EMPTY);
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].name.as_str(), rows[0].command.as_str()), ("first", "first --password=[redacted]"));
    assert_eq!(rows[0].unit.as_deref(), Some("a.service"));
    write("stat", &line("second", 500, 9));
    write("cmdline", "second\0");
    let rows = collect(&mut source, TopicSet::EMPTY);
    assert_eq!((rows[0].command.as_str(), rows[0].cpu_ratio), ("second", None));
    write("stat", "7 (second");
    assert!(collect(&mut source, TopicSet::EMPTY).is_empty());
}

#[test]
fn this_machine_is_read() {
    let mut source = ProcessesSource::new(Root::real());
    collect(&mut source, TopicSet::EMPTY);
    let rows = collect(&mut source, Topic::ProcessIo.into());
    let own = rows.iter().find(|row| row.pid == std::process::id() as i32).expect("we are there");
    assert!(own.cpu_ratio.is_some() && own.memory_bytes.is_some() && own.started_at.is_some());
    assert_eq!(own.uid, Some(rustix::process::geteuid().as_raw()));
    assert!(!own.command.is_empty() && own.cgroup.is_some() && !own.kernel_thread);
    assert!(own.started_at.expect("known") <= clock::now());
    assert!(rows.windows(2).all(|pair| pair[0].pid < pair[1].pid));
    let rows = collect(&mut source, Topic::ProcessIo.into());
    let own = rows.iter().find(|row| row.pid == std::process::id() as i32).expect("we are there");
    assert!(own.read_bytes_per_second.is_some());
}

#[test]
fn hostile_names_appear_without_failing() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let name = OsString::from_vec(b"\x1b[2J\n) R \xff\xfe".to_vec());
    let program = folder.path().join(&name);
    std::fs::copy("/bin/sleep", &program).expect("copied");
    let hostile_argument = OsString::from_vec(b"\x1b]0;x\x07\xff\n--password=hunter2".to_vec());
    let spawned = Command::new(&program).arg0(&hostile_argument).arg("60").spawn();
    let child = Killed(spawned.expect("started"));
    let mut source = ProcessesSource::new(Root::real());
    let rows = collect(&mut source, TopicSet::EMPTY);
    let row = rows.iter().find(|row| row.pid == child.0.id() as i32).expect("is listed");
    assert_eq!(row.name, "\u{1b}[2J\n) R \u{fffd}\u{fffd}");
    assert!(row.command.ends_with(" 60") && row.command.starts_with("\u{1b}]0;x"));
    assert!(!row.command.contains("hunter2"), "{}", row.command);
    drop(child);
    let rows = collect(&mut source, TopicSet::EMPTY);
    assert!(rows.iter().all(|row| !row.name.starts_with('\u{1b}')));
}
