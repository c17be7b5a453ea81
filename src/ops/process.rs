//! Signals to processes of this host.

use super::operation::Signal;
use rustix::process::{Pid, PidfdFlags, pidfd_open, pidfd_send_signal};
use std::fs;

/// Opens a handle to the process first and compares its start time after: the handle then cannot lead to another process that
/// has come to bear the same pid (pidfd_open(2)).
pub(super) fn signal(pid: i32, start_ticks: u64, signal: Signal) -> Result<(), String> {
    let pid = Pid::from_raw(pid).filter(|pid| !pid.is_init()).ok_or("no such process")?;
    let handle = pidfd_open(pid, PidfdFlags::empty()).map_err(|e| format!("cannot be opened: {e}"))?;
    if start_ticks_of(pid).ok_or("has ended")? != start_ticks {
        return Err("has ended, and its pid belongs to another process now; nothing was sent".into());
    }
    let number = match signal {
        Signal::Term => rustix::process::Signal::TERM,
        Signal::Int => rustix::process::Signal::INT,
        Signal::Hup => rustix::process::Signal::HUP,
        Signal::Usr1 => rustix::process::Signal::USR1,
        Signal::Usr2 => rustix::process::Signal::USR2,
        Signal::Stop => rustix::process::Signal::STOP,
        Signal::Cont => rustix::process::Signal::CONT,
        Signal::Kill => rustix::process::Signal::KILL,
    };
    pidfd_send_signal(handle, number).map_err(|e| format!("cannot be signalled: {e}"))
}

/// Field 22 of `/proc/PID/stat`. The name in field 2 may hold anything, so fields are counted from its last parenthesis.
fn start_ticks_of(pid: Pid) -> Option<u64> {
    let stat = fs::read(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    let after = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = String::from_utf8_lossy(&stat[after + 1..]);
    rest.split_ascii_whitespace().nth(19)?.parse().ok()
}
