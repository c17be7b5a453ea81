//! The process table. Of each process one file is read every time, `/proc/PID/stat`; the rest is remembered.

pub mod known;
pub mod stat;

use super::{
    bytes::{number, rate, value_of},
    read::{Root, open_at, read_record},
    users::Users,
};
use crate::{
    clock,
    model::{Timestamp, process::Process, topic::Topic, update::Update},
    source::{Request, Source, SourceError, Spec},
};
use known::{Known, Look};
use rustix::{
    fd::{AsFd, OwnedFd},
    fs::{Mode, OFlags, RawDir},
};
use stat::Stat;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// Sizes of this machine that turn the kernel's units into ours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    pub ticks_per_second: f64,
    pub page_bytes: u64,
    /// Boot, in seconds after the Unix epoch.
    pub booted_at: Option<u64>,
}

impl Scale {
    /// The scale of the machine below `root`.
    pub fn read(root: &Root) -> Self {
        let booted_at = root.read("proc/stat").and_then(|text| value_of(&text, b"btime"));
        Self { ticks_per_second: procfs::ticks_per_second() as f64, page_bytes: procfs::page_size(), booted_at }
    }

    /// When a process started.
    pub fn started_at(&self, start_ticks: u64) -> Option<Timestamp> {
        let seconds = self.booted_at? as f64 + start_ticks as f64 / self.ticks_per_second;
        Timestamp::from_millisecond((seconds * 1000.0) as i64).ok()
    }
}

/// Most files that are kept open.
const FILES_KEPT: usize = 1024;

/// Storage bytes of a process: read and written.
type Io = (Option<u64>, Option<u64>);

/// A row from what was known before and what is read now; `seconds` lie between.
pub fn derive(pid: i32, known: &Known, stat: &Stat<'_>, io: Option<Io>, scale: &Scale, seconds: f64) -> Process {
    let (read_bytes, written_bytes) = io.unwrap_or((None, None));
    Process {
        pid,
        start_ticks: stat.start_ticks,
        parent: stat.parent,
        name: known.name.clone(),
        command: known.command.clone(),
        uid: known.uid,
        user: known.user.clone(),
        cpu_ratio: rate(known.ticks, Some(stat.ticks), seconds).map(|ticks| ticks / scale.ticks_per_second),
        memory_bytes: stat.resident_pages.and_then(|pages| pages.checked_mul(scale.page_bytes)),
        threads: stat.threads,
        state: stat.state,
        nice: stat.nice,
        started_at: scale.started_at(stat.start_ticks),
        kernel_thread: stat.kernel_thread,
        cgroup: known.cgroup.clone(),
        unit: known.unit.clone(),
        container: known.container.clone(),
        read_bytes_per_second: rate(known.read_bytes, read_bytes, seconds),
        write_bytes_per_second: rate(known.written_bytes, written_bytes, seconds),
    }
}

/// The source of [`Process`]es.
#[derive(Debug)]
pub struct ProcessesSource {
    root: Root,
    table: Table,
    pids: Vec<i32>,
    /// Text of `/proc/PID/stat`, and the listing of `/proc`.
    text: Vec<u8>,
}

/// What is remembered of all processes.
#[derive(Debug)]
struct Table {
    scale: Option<Scale>,
    users: Users,
    known: HashMap<i32, Known>,
    buffer: Vec<u8>,
    before: Option<Instant>,
    round: u64,
    /// Files that are kept open, and how many may be.
    kept: usize,
    may_keep: usize,
}

impl ProcessesSource {
    /// The source for the machine below `root`.
    pub fn new(root: Root) -> Self {
        let table = Table {
            scale: None,
            users: Users::new(root.clone()),
            known: HashMap::new(),
            buffer: Vec::new(),
            before: None,
            round: 0,
            kept: 0,
            may_keep: files_to_keep(),
        };
        Self { root, table, pids: Vec::new(), text: Vec::new() }
    }

    fn open(&self) -> Result<OwnedFd, SourceError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::open(self.root.join("proc"), flags, Mode::empty()).map_err(|error| SourceError::Down {
            reason: format!("cannot open /proc: {}", std::io::Error::from(error)),
            hint: "check that /proc is mounted".into(),
        })
    }

    /// Lists the pids, in the kernel's order: ascending.
    fn list(&mut self, proc: &OwnedFd) {
        self.pids.clear();
        self.text.clear();
        self.text.reserve(32 << 10);
        let mut entries = RawDir::new(proc, self.text.spare_capacity_mut());
        while let Some(entry) = entries.next() {
            let Ok(entry) = entry else { return };
            self.pids.extend(number(entry.file_name().to_bytes()).and_then(|pid| i32::try_from(pid).ok()));
        }
    }

    /// Reads the listed processes. One that has ended meanwhile is passed over.
    fn rows(&mut self, proc: &OwnedFd, wants_io: bool) -> Vec<Process> {
        let mut rows = Vec::with_capacity(self.pids.len());
        let scale = *self.table.scale.get_or_insert_with(|| Scale::read(&self.root));
        let seconds = self.table.begin();
        for &pid in &self.pids {
            let kept = self.table.known.get_mut(&pid).and_then(|known| known.stat.take());
            let kept = kept.filter(|file| read_record(file, &mut self.text).is_ok());
            let Some(file) = kept.or_else(|| open_stat(proc, pid, &mut self.text)) else { continue };
            let Some(stat) = stat::parse(&self.text) else { continue };
            rows.push(self.table.row(proc, pid, &stat, &scale, wants_io, seconds));
            self.table.keep(pid, file);
        }
        self.table.end();
        rows
    }
}

/// Opens and reads a process's line; `None` where it has ended, or does not tell.
fn open_stat(proc: &OwnedFd, pid: i32, text: &mut Vec<u8>) -> Option<OwnedFd> {
    let file = open_at(proc, compact_str::format_compact!("{pid}/stat").as_str()).ok()?;
    read_record(&file, text).ok().map(|()| file)
}

/// How many files may be kept open: a quarter of what this process may have.
fn files_to_keep() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.map_or(FILES_KEPT, |limit| FILES_KEPT.min(limit as usize / 4))
}

impl Table {
    /// Begins a round; how many seconds after the one before.
    fn begin(&mut self) -> f64 {
        let now = clock::instant();
        self.round += 1;
        self.kept = 0;
        self.before.replace(now).map_or(0.0, |before| now.saturating_duration_since(before).as_secs_f64())
    }

    fn row(
        &mut self,
        proc: &OwnedFd,
        pid: i32,
        stat: &Stat<'_>,
        scale: &Scale,
        wants_io: bool,
        seconds: f64,
    ) -> Process {
        let now = self.before.unwrap_or_else(clock::instant);
        let mut look = Look { proc: proc.as_fd(), now, users: &mut self.users, buffer: &mut self.buffer };
        let known = self.known.entry(pid).or_insert_with(|| Known::new(stat.start_ticks, stat.name, now));
        if known.start_ticks != stat.start_ticks {
            // The number was given to another process.
            *known = Known::new(stat.start_ticks, stat.name, now);
        }
        known.refresh(&mut look, pid, stat.name);
        let io = if wants_io { look.io(pid) } else { None };
        let row = derive(pid, known, stat, io, scale, seconds);
        known.ticks = Some(stat.ticks);
        (known.read_bytes, known.written_bytes) = io.unwrap_or_default();
        known.round = self.round;
        row
    }

    /// Keeps a file open for the next round, while there are not too many.
    fn keep(&mut self, pid: i32, file: OwnedFd) {
        if self.kept < self.may_keep
            && let Some(known) = self.known.get_mut(&pid)
        {
            known.stat = Some(file);
            self.kept += 1;
        }
    }

    /// Forgets processes that were not there in this round.
    fn end(&mut self) {
        let round = self.round;
        self.known.retain(|_, known| known.round == round);
    }
}

impl Source for ProcessesSource {
    fn spec(&self) -> Spec {
        Spec {
            name: "host/processes".into(),
            kind: "host".into(),
            topics: Topic::Processes.into(),
            foreground: Duration::from_secs(2),
            background: Some(Duration::from_secs(10)),
            deadline: Duration::from_secs(5),
        }
    }

    fn collect(&mut self, request: &Request) -> Result<Vec<Update>, SourceError> {
        let proc = self.open()?;
        self.list(&proc);
        let rows = self.rows(&proc, request.wanted.contains(Topic::ProcessIo));
        Ok(vec![Update::Processes(rows)])
    }
}

#[cfg(test)]
mod tests;
