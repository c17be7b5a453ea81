//! Executes what the gate permitted. Every function here takes a [`Permit`] by value: one permit, one deed.

use crate::client::Clients;

use super::{
    gate::Permit,
    operation::{Operation, Signal},
};

use rustix::process::{Pid, PidfdFlags, pidfd_open, pidfd_send_signal};
use std::{fs, sync::Arc};

/// Does it, and says in words how it went. Intent and outcome go to the log until the journal exists.
///
/// # Errors
/// What was being done, on what, and what went wrong.
pub fn execute(permit: Permit, _clients: &Arc<Clients>) -> Result<String, String> {
    let (operation, actor) = (permit.operation(), permit.actor());
    tracing::info!(operation = %operation, ?actor, "intended");
    let outcome = match operation {
        Operation::SignalProcess { pid, start_ticks, signal, .. } => signal_process(*pid, *start_ticks, *signal),
    };
    match &outcome {
        Ok(()) => tracing::info!(operation = %operation, ?actor, "done"),
        Err(why) => tracing::error!(operation = %operation, ?actor, why, "failed"),
    }
    outcome.map(|()| format!("{operation}: done")).map_err(|why| format!("{operation}: {why}"))
}

/// Opens a handle to the process first and compares its start time after: the handle then cannot lead to another process that
/// has come to bear the same pid (pidfd_open(2)).
fn signal_process(pid: i32, start_ticks: u64, signal: Signal) -> Result<(), String> {
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

#[cfg(test)]
mod tests {
    use super::{
        super::gate::{Gate, Policy},
        *,
    };
    use crate::{
        model::{Timestamp, process::Process, update::Update},
        world::World,
    };
    use std::{
        fmt::Debug,
        sync::{Arc, Mutex},
    };
    use tracing::field::{Field, Visit};
    use tracing_subscriber::{Layer, layer::Context, layer::SubscriberExt};

    /// Keeps the fields of every event.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<String>>>);

    impl Visit for Kept {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            self.0.lock().expect("sound").push(format!("{field}={value:?}"));
        }
    }

    impl<S: tracing::Subscriber> Layer<S> for Kept {
        fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
            event.record(&mut self.clone());
        }
    }

    #[test]
    fn the_log_says_who_acted() {
        // A start time that no process has: nothing can be hit.
        let (pid, start_ticks) = (i32::MAX, u64::MAX);
        let process = Process { pid, start_ticks, name: "x".into(), parent: 1, ..Process::default() };
        let mut world = World::default();
        world.apply(Timestamp::UNIX_EPOCH, "host/processes", vec![Update::Processes(vec![process])]);
        let policy = Policy { armed: true, own_pid: 70, actor: "ann b".into(), ..Policy::default() };
        let operation = Operation::SignalProcess { pid, start_ticks, name: "x".into(), signal: Signal::Term };
        let permit = Gate::permit(operation, &world, &policy).expect("permitted");
        let kept = Kept::default();
        let outcome = tracing::subscriber::with_default(tracing_subscriber::registry().with(kept.clone()), || {
            execute(permit, &Arc::default())
        });
        assert!(outcome.is_err(), "{outcome:?}");
        let fields = kept.0.lock().expect("sound");
        assert_eq!(fields.iter().filter(|field| *field == "actor=\"ann b\"").count(), 2, "{fields:?}");
    }
}
