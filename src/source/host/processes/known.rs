//! What seldom changes about a process: arguments, user, control group. It is read when a process is first seen and then
//! rarely, each process in its own turn, because it costs three more files each.

use super::super::{
    bytes::lossy,
    cgroup_fs::telling_path,
    cgroup_path,
    read::{read_at, read_record_at},
    users::Users,
};
use crate::model::redact;
use compact_str::{CompactString, format_compact};
use rustix::{
    fd::{BorrowedFd, OwnedFd},
    fs::AtFlags,
};
use std::time::{Duration, Instant};

/// Longest command line that is kept, in bytes.
const COMMAND_LIMIT: usize = 4096;
/// How long what was read is good for; a new process is looked at again soon, because it may be on its way to another program.
const KEEP: Duration = Duration::from_secs(30);
const KEEP_NEW: Duration = Duration::from_secs(3);

/// One process and what was last read of it.
#[derive(Debug)]
pub struct Known {
    pub start_ticks: u64,
    pub name: CompactString,
    pub command: CompactString,
    pub uid: Option<u32>,
    pub user: Option<CompactString>,
    pub cgroup: Option<CompactString>,
    pub unit: Option<CompactString>,
    pub container: Option<CompactString>,
    /// Clock ticks of CPU, and storage bytes, when last seen.
    pub ticks: Option<u64>,
    pub read_bytes: Option<u64>,
    pub written_bytes: Option<u64>,
    /// The round in which it was last seen.
    pub round: u64,
    /// `/proc/PID/stat`, kept open: opening it costs more than reading it. It is this process's and of no other that gets its
    /// number.
    pub stat: Option<OwnedFd>,
    due: Instant,
}

impl Known {
    /// A process that was not seen before.
    pub fn new(start_ticks: u64, name: &[u8], now: Instant) -> Self {
        Self {
            start_ticks,
            name: lossy(name),
            command: CompactString::default(),
            uid: None,
            user: None,
            cgroup: None,
            unit: None,
            container: None,
            ticks: None,
            read_bytes: None,
            written_bytes: None,
            round: 0,
            stat: None,
            due: now,
        }
    }

    /// Reads again what is due, or what another name makes doubtful.
    pub fn refresh(&mut self, look: &mut Look<'_>, pid: i32, name: &[u8]) {
        let is_renamed = self.name.as_bytes() != name && self.name != lossy(name);
        if look.now < self.due && !is_renamed {
            return;
        }
        let is_new = self.command.is_empty() && self.uid.is_none();
        if is_renamed {
            self.name = lossy(name);
        }
        // Spread by pid, so that not all are due at once.
        let spread = Duration::from_millis(pid.unsigned_abs() as u64 % 16 * 1000);
        self.due = look.now + if is_new || is_renamed { KEEP_NEW } else { KEEP - Duration::from_secs(8) + spread };
        self.uid = look.uid(pid);
        self.user = self.uid.map(|uid| look.users.name(look.now, uid));
        if let Some(command) = look.command(pid) {
            self.command = command;
        }
        let cgroup = look.cgroup(pid);
        if cgroup != self.cgroup {
            let owner = cgroup.as_deref().map(cgroup_path::owner).unwrap_or_default();
            (self.cgroup, self.unit, self.container) = (cgroup, owner.unit, owner.container);
        }
    }
}

/// Where and when a process is looked at.
pub struct Look<'a> {
    pub proc: BorrowedFd<'a>,
    pub now: Instant,
    pub users: &'a mut Users,
    pub buffer: &'a mut Vec<u8>,
}

impl Look<'_> {
    /// The effective user: the owner of the folder, whatever hides the files in it (proc(5), `/proc/pid`).
    fn uid(&self, pid: i32) -> Option<u32> {
        rustix::fs::statat(self.proc, format_compact!("{pid}").as_str(), AtFlags::empty()).ok().map(|stat| stat.st_uid)
    }

    /// The arguments, joined by blanks, without secrets.
    fn command(&mut self, pid: i32) -> Option<CompactString> {
        read_at(self.proc, format_compact!("{pid}/cmdline").as_str(), self.buffer).ok()?;
        Some(command(self.buffer))
    }

    fn cgroup(&mut self, pid: i32) -> Option<CompactString> {
        read_record_at(self.proc, format_compact!("{pid}/cgroup").as_str(), self.buffer).ok()?;
        telling_path(self.buffer)
    }

    /// Bytes that went to storage: read and written (`/proc/PID/io`). Only root may see those of others.
    pub fn io(&mut self, pid: i32) -> Option<(Option<u64>, Option<u64>)> {
        read_record_at(self.proc, format_compact!("{pid}/io").as_str(), self.buffer).ok()?;
        let value = |key: &[u8]| super::super::bytes::value_of(self.buffer, key);
        Some((value(b"read_bytes"), value(b"write_bytes")))
    }
}

/// The text of `/proc/PID/cmdline` as one line, without secrets.
pub fn command(text: &[u8]) -> CompactString {
    let cut = &text[..text.len().min(COMMAND_LIMIT)];
    let arguments = arguments(cut);
    let mut line = CompactString::default();
    for argument in redact::arguments(arguments.iter().map(CompactString::as_str)) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&argument);
    }
    line
}

/// The arguments of `/proc/PID/cmdline`. A program that wrote over its arguments leaves one text, padded with zeros.
pub fn arguments(text: &[u8]) -> Vec<CompactString> {
    let end = text.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    if end == 0 {
        return Vec::new();
    }
    text[..end].split(|byte| *byte == 0).map(lossy).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_joined_without_secrets() {
        assert_eq!(command(b"app\0--token\0abc\0x\xff\0"), "app --token [redacted] x\u{fffd}");
        assert_eq!(command(b"nginx: master process\0\0\0\0"), "nginx: master process");
        assert_eq!(command(b""), "");
        assert_eq!(arguments(b"a\0\0b\0"), ["a", "", "b"]);
        assert!(command(&b"a".repeat(1 << 20)).len() <= COMMAND_LIMIT);
    }
}
