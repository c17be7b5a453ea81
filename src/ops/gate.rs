//! The one place that decides whether an operation may be done, and how it has to be confirmed. Its answer says why.

use super::operation::{Operation, Signal};
use crate::{
    model::{process::Process, source::SourceState, topic::Topic},
    world::World,
};
use serde::{Deserialize, Serialize};

/// What the configuration, the flags and the user's own hand allow.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Policy {
    /// Whether the user armed the cockpit. It starts read-only.
    pub armed: bool,
    /// Read-only by flag or configuration: it cannot be armed.
    pub locked: bool,
    /// Whether the screen shows the past or a recording: nothing can be done to it.
    pub past: bool,
    /// Process names that are never signalled, beside those that the gate protects itself.
    pub protected_processes: Vec<String>,
    /// The cockpit's own pid.
    pub own_pid: i32,
    /// Who is acting, for the record of operations.
    #[serde(default)]
    pub actor: String,
}

/// How an allowed operation has to be confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Confirmation {
    YesNo,
    /// Type the target's name.
    TypeName,
}

/// The gate's answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Decision {
    /// Allowed once it is confirmed like this.
    Allowed(Confirmation),
    /// Refused, and why, and what would change that.
    Refused(String),
}

/// Proof that the gate let this operation pass. Nothing else can make one, and executing needs one.
#[derive(Debug)]
pub struct Permit {
    operation: Operation,
    actor: String,
}

impl Permit {
    /// What was permitted.
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// Who asked for it.
    pub fn actor(&self) -> &str {
        &self.actor
    }
}

/// The gate.
#[derive(Debug)]
pub struct Gate;

impl Gate {
    /// Decides on an operation, given what is known now.
    pub fn decide(operation: &Operation, world: &World, policy: &Policy) -> Decision {
        if policy.past {
            return Decision::Refused("this is the past, and nothing can be done to it: time-now (0) goes back".into());
        }
        if policy.locked {
            return Decision::Refused("READ-ONLY by flag or configuration: start without --read-only to act".into());
        }
        if !policy.armed {
            return Decision::Refused("READ-ONLY: arm the cockpit first (arm, A)".into());
        }
        match operation {
            Operation::SignalProcess { pid, start_ticks, signal, .. } => {
                decide_signal(*pid, *start_ticks, *signal, world, policy)
            }
        }
    }

    /// Makes the permit for an operation that was confirmed. Decides once more: the world may have changed meanwhile.
    ///
    /// # Errors
    /// The reason of the refusal.
    pub fn permit(operation: Operation, world: &World, policy: &Policy) -> Result<Permit, String> {
        match Self::decide(&operation, world, policy) {
            Decision::Allowed(_) => Ok(Permit { operation, actor: policy.actor.clone() }),
            Decision::Refused(why) => Err(why),
        }
    }
}

fn decide_signal(pid: i32, start_ticks: u64, signal: Signal, world: &World, policy: &Policy) -> Decision {
    let refused = |why: String| Decision::Refused(why);
    if pid <= 1 {
        return refused("pid 1 holds the machine up: it is never signalled".into());
    }
    let Some(processes) = &world.observed.processes else {
        return refused("the process table is not known: nothing is signalled blindly".into());
    };
    let source = world.observed.sources.values().find(|s| s.report.topics.contains(Topic::Processes));
    if source.is_some_and(|source| source.state(world.now) != SourceState::Ok) {
        return refused("the process table is old: wait until its source answers".into());
    }
    if ancestors(processes, policy.own_pid).any(|ancestor| ancestor == pid) {
        return refused("it is the cockpit itself or one of its parents".into());
    }
    let Some(process) = processes.iter().find(|p| p.pid == pid && p.start_ticks == start_ticks) else {
        return refused(format!("process {pid} has ended"));
    };
    if process.kernel_thread {
        return refused("a kernel thread takes no signals".into());
    }
    if policy.protected_processes.iter().any(|name| *name == process.name) {
        return refused(format!("{} is protected by the configuration", process.name));
    }
    Decision::Allowed(if signal == Signal::Kill { Confirmation::TypeName } else { Confirmation::YesNo })
}

/// `pid` and its parents, up to the root.
fn ancestors(processes: &[Process], pid: i32) -> impl Iterator<Item = i32> + '_ {
    let parent =
        move |pid: &i32| processes.iter().find(|p| p.pid == *pid).map(|p| p.parent).filter(|parent| *parent > 0);
    // A table read while processes come and go might hold a circle; no chain is longer than the table.
    std::iter::successors(Some(pid), parent).take(processes.len() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Timestamp, update::Update};

    fn world() -> World {
        let process = |pid, parent, name: &str| Process {
            pid,
            parent,
            start_ticks: 7,
            name: name.into(),
            state: 'S',
            ..Process::default()
        };
        let mut world = World::default();
        let mut kthread = process(9, 2, "kworker");
        kthread.kernel_thread = true;
        let table = vec![
            process(1, 0, "init"),
            process(50, 1, "sshd"),
            process(60, 50, "bash"),
            process(70, 60, "flightdeck"),
            process(80, 1, "nginx"),
            process(81, 1, "etcd"),
            kthread,
        ];
        world.apply(Timestamp::UNIX_EPOCH, "host/processes", vec![Update::Processes(table)]);
        world
    }

    fn armed() -> Policy {
        Policy { armed: true, own_pid: 70, protected_processes: vec!["etcd".into()], ..Policy::default() }
    }

    fn signal(pid: i32, signal: Signal) -> Operation {
        Operation::SignalProcess { pid, start_ticks: 7, name: "x".into(), signal }
    }

    #[test]
    fn only_an_armed_cockpit_that_shows_the_present_acts() {
        let world = world();
        let operation = signal(80, Signal::Term);
        assert_eq!(Gate::decide(&operation, &world, &armed()), Decision::Allowed(Confirmation::YesNo));
        for policy in
            [Policy { armed: false, ..armed() }, Policy { locked: true, ..armed() }, Policy { past: true, ..armed() }]
        {
            assert!(matches!(Gate::decide(&operation, &world, &policy), Decision::Refused(_)), "{policy:?}");
            assert!(Gate::permit(operation.clone(), &world, &policy).is_err());
        }
    }

    #[test]
    fn what_holds_the_machine_or_the_cockpit_up_is_never_signalled() {
        let world = world();
        for pid in [-1, 0, 1, 50, 60, 70, 9, 81, 4711] {
            let decision = Gate::decide(&signal(pid, Signal::Term), &world, &armed());
            assert!(matches!(decision, Decision::Refused(_)), "pid {pid}: {decision:?}");
        }
    }

    #[test]
    fn a_pid_that_was_used_again_is_another_process() {
        let operation =
            Operation::SignalProcess { pid: 80, start_ticks: 8, name: "nginx".into(), signal: Signal::Term };
        assert!(matches!(Gate::decide(&operation, &world(), &armed()), Decision::Refused(_)));
    }

    #[test]
    fn kill_needs_the_name() {
        assert_eq!(
            Gate::decide(&signal(80, Signal::Kill), &world(), &armed()),
            Decision::Allowed(Confirmation::TypeName)
        );
    }

    #[test]
    fn an_unknown_table_permits_nothing() {
        assert!(matches!(Gate::decide(&signal(80, Signal::Term), &World::default(), &armed()), Decision::Refused(_)));
    }
}
