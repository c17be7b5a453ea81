//! Waiting for conditions.

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open},
};
use std::{
    fmt::Debug,
    sync::mpsc::sync_channel,
    time::{Duration, Instant},
};

/// How long anything may take that takes a moment on an idle machine: generous, because tests share their cores.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The time by the wall; tests measure real processes.
#[allow(clippy::disallowed_methods, reason = "real processes take real time")]
pub fn now() -> Instant {
    Instant::now()
}

/// Asks again and again until there is an answer, for things that cannot wake us (another program's screen).
///
/// # Panics
/// When the deadline passes, with what `seen` shows then.
pub fn until<T, S: Debug>(what: &str, mut answer: impl FnMut() -> Option<T>, seen: impl Fn() -> S) -> T {
    within(PATIENCE, Duration::from_millis(15), || answer().ok_or(()))
        .unwrap_or_else(|()| panic!("not within {PATIENCE:?}: {what}\n{:#?}", seen()))
}

/// Looks again and again until it is so, for as long as the patience lasts; what was seen last where it never was.
///
/// # Errors
/// When the deadline passes.
pub fn within<T, S>(patience: Duration, pause: Duration, mut look: impl FnMut() -> Result<T, S>) -> Result<T, S> {
    let deadline = now() + patience;
    let (_keep, never) = sync_channel::<()>(0);
    loop {
        match look() {
            Err(_) if now() < deadline => {
                // Nobody sends: this is the pause between two looks.
                let _ = never.recv_timeout(pause);
            }
            told => return told,
        }
    }
}

/// Waits until a look from outside finds something, at other programs, which tell nobody.
///
/// # Panics
/// When the patience is over.
pub fn found(what: &str, patience: Duration, mut look: impl FnMut() -> bool) {
    let told = within(patience, Duration::from_millis(300), || look().then_some(()).ok_or(()));
    assert!(told.is_ok(), "waited in vain: {what}");
}

/// Waits until a process has ended, which need not be a child of ours; says how long that took, or `None` at the deadline.
pub fn process_end(pid: i32, patience: Duration) -> Option<Duration> {
    let began = now();
    let Ok(fd) = pidfd_open(Pid::from_raw(pid).expect("a pid is not 0"), PidfdFlags::empty()) else {
        return Some(Duration::ZERO);
    };
    let timeout = Timespec { tv_sec: patience.as_secs() as i64, tv_nsec: i64::from(patience.subsec_nanos()) };
    let mut fds = [PollFd::new(&fd, PollFlags::IN)];
    let ready = poll(&mut fds, Some(&timeout)).expect("a pidfd can be polled");
    (ready > 0).then(|| began.elapsed())
}

/// Sends a signal to one process.
pub fn signal(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).expect("a pid is not 0"), signal).expect("the process is ours and alive");
}

/// Ends one process whatever it does; for cleaning up.
pub fn end(pid: i32) {
    if let Some(pid) = Pid::from_raw(pid) {
        let _ = kill_process(pid, Signal::KILL);
    }
}
