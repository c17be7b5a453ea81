//! The one place that decides whether an operation may be done, and how it has to be confirmed. Its answer says why.

mod alertmanager;
mod book;
mod engine;
pub mod kubernetes;
mod paper;
mod postgres;
mod process;
pub mod rules;

pub use book::Stop;

use super::operation::Operation;
use crate::{
    model::{Timestamp, journal::Actor, kubernetes::Access, source::SourceState},
    world::World,
};
use rules::{ConfirmRule, Protect};
use serde::{Deserialize, Serialize};

/// What the configuration, the flags and the user's own hand allow.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Policy {
    /// Whether the user armed the cockpit. It starts read-only.
    pub armed: bool,
    /// Read-only by flag or configuration: it cannot be armed.
    pub locked: bool,
    /// Whether the screen shows what is not now: nothing can be done to it.
    pub past: Option<Past>,
    /// Process names that are never signalled, beside those that the gate protects itself.
    pub protected_processes: Vec<String>,
    /// Targets that nothing may be done to.
    #[serde(default)]
    pub protect: Vec<Protect>,
    /// How operations have to be confirmed, before the built-in rules.
    #[serde(default)]
    pub confirm: Vec<ConfirmRule>,
    /// The cockpit's own pid.
    pub own_pid: i32,
    /// Who is acting, for the record of operations.
    #[serde(default)]
    pub actor: Actor,
}

/// How an allowed operation has to be confirmed, the mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Confirmation {
    /// Not at all: it changes nothing by itself, or what is to be done was just typed.
    None,
    YesNo,
    /// Type the target's name.
    TypeName,
}

/// On what terms an operation is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    pub confirmation: Confirmation,
    /// Why it is asked for like this; empty where that is the usual way.
    pub why: String,
    /// What a person has to know before.
    pub warnings: Vec<String>,
    /// What the API server has not said yet whether it is allowed.
    pub unknown: Vec<Access>,
}

/// The gate's answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Decision {
    /// Allowed on these terms.
    Allowed(Terms),
    /// Refused, and why, and what would change that.
    Refused(String),
}

/// Proof that the gate let this operation pass. Nothing else can make one, and executing needs one.
#[derive(Debug)]
pub struct Permit {
    operation: Operation,
    actor: Actor,
    at: Timestamp,
}

impl Permit {
    /// What was permitted.
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// Who asked for it.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// When it was permitted.
    pub fn at(&self) -> Timestamp {
        self.at
    }
}

/// What is not now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Past {
    /// An earlier moment of what is watched.
    Earlier,
    /// A recording, at any moment.
    Recorded,
}

impl Past {
    /// That nothing can be done or written there, and where it can.
    pub fn words(self) -> String {
        match self {
            Self::Earlier => {
                "this is the past, and nothing is done to it or written into it: time-now (0) goes back".into()
            }
            Self::Recorded => "nothing is done to a recording: start flightdeck without it to act".into(),
        }
    }
}

/// Proof that the gate would let this operation pass, so that its dry run may be asked for. It cannot be executed.
#[derive(Debug)]
pub struct Trial {
    operation: Operation,
    at: Timestamp,
}

impl Trial {
    /// What is to be tried.
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// When it was allowed.
    pub fn at(&self) -> Timestamp {
        self.at
    }
}

/// The gate.
#[derive(Debug)]
pub struct Gate;

/// More targets than these at once are never confirmed by one key.
const FEW: usize = 5;

impl Gate {
    /// Decides on an operation, given what is known now.
    pub fn decide(operation: &Operation, world: &World, policy: &Policy) -> Decision {
        match Self::refusal(operation, world, policy) {
            Err(why) => Decision::Refused(why),
            Ok(terms) => Decision::Allowed(terms),
        }
    }

    /// Decides on several operations at once. One that is refused refuses all: a person who marked it by mistake may have marked
    /// others by mistake. The strictest confirmation stands for all.
    pub fn decide_all(operations: &[Operation], world: &World, policy: &Policy) -> Decision {
        let mut all = Terms { confirmation: Confirmation::None, why: String::new(), warnings: vec![], unknown: vec![] };
        for operation in operations {
            match Self::refusal(operation, world, policy) {
                Err(why) if operations.len() == 1 => return Decision::Refused(why),
                Err(why) => {
                    return Decision::Refused(format!(
                        "{operation}: {why}; nothing is done to any of the {}",
                        operations.len()
                    ));
                }
                Ok(terms) => all.take(terms),
            }
        }
        let count: usize = operations.iter().map(Operation::count).sum();
        if let Some((most, rule)) = rules::at_most(&policy.confirm, operations)
            && count > most as usize
        {
            let text = format!("{count} targets are more than the {most} that the configuration allows ({rule})");
            return Decision::Refused(text);
        }
        if count > FEW && all.confirmation == Confirmation::YesNo {
            all.confirmation = Confirmation::TypeName;
            all.why = format!("{count} targets at once");
        }
        Decision::Allowed(all)
    }

    /// What the rule book says against an operation, where it stops it: that is documented and taken to the owners, not only said.
    pub fn stopped(operation: &Operation, world: &World) -> Option<Stop> {
        book::refusal(operation, world)
    }

    fn refusal(operation: &Operation, world: &World, policy: &Policy) -> Result<Terms, String> {
        if let Some(past) = policy.past {
            return Err(past.words());
        }
        if policy.locked {
            return Err("READ-ONLY by flag or configuration: start without --read-only to act".into());
        }
        if !policy.armed && !operation.is_standing_order() {
            return Err("READ-ONLY: arm the cockpit first (arm, A)".into());
        }
        if let Some(why) = rules::protected(&policy.protect, operation, world) {
            return Err(why);
        }
        if let Some(stop) = book::refusal(operation, world) {
            return Err(stop.why);
        }
        stale(operation, world)?;
        let (refusal, warnings) = match operation {
            Operation::SignalProcess { pid, start_ticks, .. } => {
                (process::refusal(*pid, *start_ticks, world, policy), Vec::new())
            }
            Operation::Engine { target, act, .. } => (engine::refusal(target, act, world), Vec::new()),
            Operation::Alertmanager { target, act, .. } => {
                (alertmanager::refusal(target, act, world), alertmanager::warnings(target, act, world))
            }
            Operation::Postgres { target, act } => {
                (postgres::refusal(target, act, world), postgres::warnings(target, act, world))
            }
            Operation::Kube { target, act } => {
                (kubernetes::refusal(target, act, world), kubernetes::warnings(target, act, world))
            }
            Operation::Rules(change) => (paper::refusal(change, world), paper::warnings(change, world)),
            Operation::OpenFile(file) => (paper::file_refusal(file), Vec::new()),
            Operation::Notify(_) | Operation::Errand(_) => (None, Vec::new()),
        };
        if let Some(why) = refusal {
            return Err(why);
        }
        let (confirmation, why) =
            rules::asked(&policy.confirm, operation).unwrap_or_else(|| Ok(rules::built_in(operation)))?;
        let unknown = match operation {
            Operation::Kube { target, act } => kubernetes::permission(target, act, world)?,
            _ => Vec::new(),
        };
        Ok(Terms { confirmation, why, warnings, unknown })
    }

    /// Makes the permit for an operation that was confirmed. Decides once more: the world may have changed meanwhile.
    ///
    /// # Errors
    /// The reason of the refusal.
    pub fn permit(operation: Operation, world: &World, policy: &Policy) -> Result<Permit, String> {
        Self::refusal(&operation, world, policy)?;
        Ok(Permit { operation, actor: policy.actor.clone(), at: world.now })
    }

    /// Makes the proof with which an operation may be tried without being done.
    ///
    /// # Errors
    /// The reason of the refusal.
    pub fn trial(operation: Operation, world: &World, policy: &Policy) -> Result<Trial, String> {
        Self::refusal(&operation, world, policy)?;
        Ok(Trial { operation, at: world.now })
    }
}

impl Terms {
    fn take(&mut self, other: Self) {
        if other.confirmation > self.confirmation {
            (self.confirmation, self.why) = (other.confirmation, other.why);
        }
        self.warnings.extend(other.warnings);
        self.warnings.dedup();
        self.unknown.extend(other.unknown);
    }
}

/// Refuses what would act on data that are not of now.
fn stale(operation: &Operation, world: &World) -> Result<(), String> {
    let Some(name) = operation.target().source() else { return Ok(()) };
    let Some(source) = world.observed.sources.get(&name) else {
        return Err(format!("{name} has not been heard yet: nothing is done blindly"));
    };
    match source.state(world.now) {
        SourceState::Ok => Ok(()),
        state => {
            let why = source.report.reason.as_deref().map_or_else(String::new, |why| format!(" ({why})"));
            Err(format!("{name} is {}{why}: what is shown may be old, and nothing is done by it", state.word()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::operation::Signal, *};
    use crate::model::{process::Process, update::Update};

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

    fn confirmation(operation: &Operation, world: &World) -> Option<Confirmation> {
        match Gate::decide(operation, world, &armed()) {
            Decision::Allowed(terms) => Some(terms.confirmation),
            Decision::Refused(_) => None,
        }
    }

    fn signal(pid: i32, signal: Signal) -> Operation {
        Operation::SignalProcess { pid, start_ticks: 7, name: "x".into(), signal }
    }

    #[test]
    fn only_an_armed_cockpit_that_shows_the_present_acts() {
        let world = world();
        let operation = signal(80, Signal::Term);
        assert_eq!(confirmation(&operation, &world), Some(Confirmation::YesNo));
        for policy in [
            Policy { armed: false, ..armed() },
            Policy { locked: true, ..armed() },
            Policy { past: Some(Past::Earlier), ..armed() },
        ] {
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
        assert_eq!(confirmation(&signal(80, Signal::Kill), &world()), Some(Confirmation::TypeName));
    }

    #[test]
    fn an_unknown_table_permits_nothing() {
        assert!(matches!(Gate::decide(&signal(80, Signal::Term), &World::default(), &armed()), Decision::Refused(_)));
    }
}
