//! Stopping as a job of a shell (SIGTSTP). The kernel stops nobody whom no shell could continue, an orphaned process group; who
//! catches the signal to give the terminal back has to judge that alone.

use procfs::process::{Process, Stat};
use rustix::process::{self, Signal};

/// Stops this process; returns when it was continued.
pub fn stop() {
    let _ = process::kill_process(process::getpid(), Signal::STOP);
}

/// Whether somebody of this session, but not of this process group, stands over us. As in the kernel's rule, a parent outside
/// the group counts; only those of our own line are looked at, and in doubt nobody is there.
pub fn can_be_continued() -> bool {
    let Some(own) = standing(process::getpid().as_raw_nonzero().get()) else { return false };
    let mut parent = own.ppid;
    // A line of ancestors within one group is short; the bound is for a table that changes while it is read.
    for _ in 0..64 {
        let Some(other) = standing(parent) else { return false };
        if !same_session(&own, &other) {
            return false;
        }
        if other.pgrp != own.pgrp {
            return true;
        }
        parent = other.ppid;
    }
    false
}

/// What the kernel tells of a process. Read from `/proc`, since a group or a session whose leader is outside of our pid namespace
/// (`docker exec`, `nsenter`) has the number 0, which the system calls' wrappers do not expect.
fn standing(pid: i32) -> Option<Stat> {
    Process::new(pid).ok()?.stat().ok()
}

/// Sessions from outside all have the number 0; a terminal belongs to one session only and tells them apart.
fn same_session(own: &Stat, other: &Stat) -> bool {
    own.session == other.session && (own.session != 0 || (own.tty_nr != 0 && own.tty_nr == other.tty_nr))
}
