//! XIDs in the kernel log, which also has those of before we were started: `NVRM: Xid (PCI:0000:1b:00): 79, pid=1234, name=python, …`.
//! Where the log may not be read it is left out: the driver's events remain.

use crate::{
    model::{Timestamp, gpu::Xid},
    source::host::{bytes, read::Root},
};
use compact_str::CompactString;
use jiff::SignedDuration;
use rustix::{
    fd::OwnedFd,
    fs::{CWD, Mode, OFlags},
    io::Errno,
};

/// More than the longest record of the kernel's log.
const RECORD: usize = 16 << 10;
/// Most of a record's words that is kept.
const WORDS: usize = 300;

/// The kernel log, open for as long as somebody asks.
#[derive(Debug)]
pub struct KernelLog {
    file: Option<OwnedFd>,
    booted_at: Option<Timestamp>,
    /// What is not yet a whole line.
    rest: Vec<u8>,
}

impl KernelLog {
    /// Opens it; without permission it has nothing to tell.
    pub fn open(root: &Root) -> Self {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::openat(CWD, root.join("dev/kmsg"), flags, Mode::empty()).ok();
        let seconds = root.read("proc/stat").and_then(|text| bytes::value_of(&text, b"btime"));
        let booted_at = seconds.and_then(|seconds| Timestamp::from_second(seconds.try_into().ok()?).ok());
        Self { file, booted_at, rest: Vec::new() }
    }

    /// What came since it was asked last: the PCI address, without its function, and the error.
    pub fn heard(&mut self) -> Vec<(CompactString, Xid)> {
        let mut heard = Vec::new();
        let (Some(file), Some(booted_at)) = (&self.file, self.booted_at) else { return heard };
        let mut buffer = [0; RECORD];
        loop {
            match rustix::io::read(file, &mut buffer) {
                Ok(0) => break,
                Ok(length) => self.rest.extend_from_slice(&buffer[..length]),
                // Records that were overwritten before they were read.
                Err(Errno::PIPE | Errno::INTR) => continue,
                Err(_) => break,
            }
            let whole = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            heard.extend(bytes::lines(&self.rest[..whole]).filter_map(|line| record(line, booted_at)));
            self.rest.drain(..whole);
            if self.rest.len() > RECORD {
                self.rest.clear();
            }
        }
        heard
    }
}

/// An XID in a record of `/dev/kmsg`: `4,1234,5678901,-;NVRM: Xid …`, with microseconds since boot.
fn record(line: &[u8], booted_at: Timestamp) -> Option<(CompactString, Xid)> {
    let at = memchr::memchr(b';', line)?;
    let (head, text) = (&line[..at], &line[at + 1..]);
    let micros = bytes::number(head.split(|byte| *byte == b',').nth(2)?)?;
    let at = booted_at.checked_add(SignedDuration::from_micros(micros.try_into().ok()?)).ok()?;
    let at = Timestamp::from_millisecond(at.as_millisecond()).ok()?;
    let found = parse(text)?;
    Some((found.address, Xid { at, code: found.code, pid: found.pid, text: found.text }))
}

/// What a line of the kernel log says of an XID.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    /// `0000:1b:00`.
    address: CompactString,
    code: u32,
    pid: Option<i32>,
    text: CompactString,
}

/// Reads `NVRM: Xid (PCI:0000:1b:00): 79, …`, or without `PCI:` as old drivers write it; `None` for any other line.
fn parse(line: &[u8]) -> Option<Line> {
    let rest = line.strip_prefix(b"NVRM: Xid (")?;
    let rest = rest.strip_prefix(b"PCI:").unwrap_or(rest);
    let close = memchr::memchr(b')', rest)?;
    let address = std::str::from_utf8(&rest[..close]).ok().filter(|address| is_address(address))?;
    let rest = rest[close + 1..].strip_prefix(b":")?.trim_ascii_start();
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let code = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
    let text = rest[digits..].strip_prefix(b",").unwrap_or(&rest[digits..]).trim_ascii();
    let text = bytes::lossy(text);
    let pid = text.split(',').find_map(|part| pid_of(part.trim()));
    Some(Line { address: address.to_ascii_lowercase().into(), code, pid, text: text.chars().take(WORDS).collect() })
}

/// The number in `pid=1234` or `pid='1234'`.
fn pid_of(part: &str) -> Option<i32> {
    part.strip_prefix("pid=")?.trim_matches('\'').parse().ok().filter(|pid| *pid > 0)
}

fn is_address(text: &str) -> bool {
    (1..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::host::read::fixture;

    fn parsed(line: &str) -> Option<(String, u32, Option<i32>, String)> {
        parse(line.as_bytes()).map(|line| (line.address.into(), line.code, line.pid, line.text.into()))
    }

    #[test]
    fn lines_of_new_and_old_drivers_are_read() {
        let line = "NVRM: Xid (PCI:0000:1B:00): 79, pid=1234, name=python, GPU has fallen off the bus.";
        let words = "pid=1234, name=python, GPU has fallen off the bus.";
        assert_eq!(parsed(line), Some(("0000:1b:00".into(), 79, Some(1234), words.into())));
        let line = "NVRM: Xid (0000:03:00): 31, Ch 00000008, engmask 00000101";
        assert_eq!(parsed(line), Some(("0000:03:00".into(), 31, None, "Ch 00000008, engmask 00000101".into())));
        let line = "NVRM: Xid (PCI:0000:1b:00): 94, pid='<unknown>', name=<unknown>, Contained";
        assert_eq!(parsed(line).map(|line| (line.1, line.2)), Some((94, None)));
        assert_eq!(parsed("NVRM: Xid (PCI:0000:1b:00): 48").map(|line| line.1), Some(48));
    }

    #[test]
    fn other_and_hostile_lines_are_left() {
        for line in [
            "NVRM: loading NVIDIA UNIX x86_64 Kernel Module",
            "NVRM: Xid (PCI:0000:1b:00",
            "NVRM: Xid (PCI:): 79",
            "NVRM: Xid (PCI:../../etc): 79",
            "NVRM: Xid (PCI:0000:1b:00): ",
            "NVRM: Xid (PCI:0000:1b:00): 99999999999999, x",
            "user: NVRM: Xid (PCI:0000:1b:00): 79, forged by a message of somebody else",
        ] {
            assert_eq!(parsed(line), None, "{line}");
        }
        let odd = [&b"NVRM: Xid (PCI:0000:1b:00): 13, \xff\xfe\x1b["[..], &[0x80; 9000]].concat();
        assert!(parse(&odd).is_some_and(|line| line.code == 13 && line.text.chars().count() <= WORDS));
        assert_eq!(parse(b"NVRM: Xid (\xff): 1"), None);
    }

    #[test]
    fn records_are_read_once_with_their_times() {
        let log = "6,1,1000000,-;something else\n SUBSYSTEM=pci\n4,2,61500000,-;NVRM: Xid (PCI:0000:1b:00): 48, pid=9, x\nbroken\n\
                   4,3,x,-;NVRM: Xid (PCI:0000:1b:00): 63, y\n";
        let (_folder, root) = fixture(&[("dev/kmsg", log), ("proc/stat", "cpu 1\nbtime 1000\n")]);
        let mut kernel = KernelLog::open(&root);
        let heard = kernel.heard();
        let told: Vec<_> = heard.iter().map(|(at, xid)| (at.as_str(), xid.at.as_millisecond(), xid.code)).collect();
        assert_eq!(told, [("0000:1b:00", 1_061_500, 48)]);
        assert!(kernel.heard().is_empty(), "once");
        let (_folder, root) = fixture(&[("proc/stat", "btime 1000\n")]);
        assert!(KernelLog::open(&root).heard().is_empty(), "none that may be read");
    }
}
