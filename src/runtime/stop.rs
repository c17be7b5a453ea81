//! Stopping as a job of a shell (SIGTSTP). The kernel stops nobody whom no shell could continue, an orphaned process group; who
//! catches the signal to give the terminal back has to judge that alone.

use rustix::process::{self, Pid, Signal};
use std::fs;

/// Stops this process; returns when it was continued.
pub fn stop() {
    let _ = process::kill_process(process::getpid(), Signal::STOP);
}

/// Whether somebody of this session, but not of this process group, stands over us. As in the kernel's rule, a parent outside
/// the group counts; only those of our own line are looked at, and in doubt nobody is there.
pub fn can_be_continued() -> bool {
    let (group, session) = (process::getpgrp(), process::getsid(None).ok());
    let mut parent = process::getppid();
    // A line of ancestors within one group is short; the bound is for a table that changes while it is read.
    for _ in 0..64 {
        let Some(pid) = parent else { return false };
        if process::getsid(Some(pid)).ok() != session {
            return false;
        }
        match process::getpgid(Some(pid)) {
            Ok(other) if other != group => return true,
            Ok(_) => parent = parent_of(pid),
            Err(_) => return false,
        }
    }
    false
}

fn parent_of(pid: Pid) -> Option<Pid> {
    let status = fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    Pid::from_raw(line.trim().parse().ok()?)
}
