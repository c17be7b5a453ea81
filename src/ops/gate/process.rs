//! What the gate says of signals to processes.

use super::Policy;
use crate::{
    model::{
        process::{Process, by_pid},
        source::SourceState,
        topic::Topic,
    },
    world::World,
};

/// Why the process must not be signalled, where it must not.
pub fn refusal(pid: i32, start_ticks: u64, world: &World, policy: &Policy) -> Option<String> {
    if pid <= 1 {
        return Some("pid 1 holds the machine up: it is never signalled".into());
    }
    let Some(processes) = &world.observed.processes else {
        return Some("the process table is not known: nothing is signalled blindly".into());
    };
    let source = world.observed.sources.values().find(|s| s.report.topics.contains(Topic::Processes));
    if source.is_some_and(|source| source.state(world.now) != SourceState::Ok) {
        return Some("the process table is old: wait until its source answers".into());
    }
    if ancestors(processes, policy.own_pid).any(|ancestor| ancestor == pid) {
        return Some("it is the cockpit itself or one of its parents".into());
    }
    let Some(process) = processes.iter().find(|p| p.pid == pid && p.start_ticks == start_ticks) else {
        return Some(format!("process {pid} has ended"));
    };
    if process.kernel_thread {
        return Some("a kernel thread takes no signals".into());
    }
    let protected = policy.protected_processes.iter().any(|name| *name == process.name);
    protected.then(|| format!("{} is protected by the configuration", process.name))
}

/// `pid` and its parents, up to the root.
fn ancestors(processes: &[Process], pid: i32) -> impl Iterator<Item = i32> + '_ {
    let parent = move |pid: &i32| by_pid(processes, *pid).map(|p| p.parent).filter(|parent| *parent > 0);
    // A table read while processes come and go might hold a circle; no chain is longer than the table.
    std::iter::successors(Some(pid), parent).take(processes.len() + 1)
}
