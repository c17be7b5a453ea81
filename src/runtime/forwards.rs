//! The ports that are forwarded while the cockpit runs: each on a thread of its own, ended by its number or by the cockpit's end.

use super::effects::Told;
use crate::{
    app::event::{Answer, Done, EventKind},
    client::Clients,
    ops::{
        execute::{Deed, within},
        forward::{self, ForwardState},
        gate::Permit,
        ledger::{Ledger, Record},
        operation::{KubeAct, Operation},
    },
};
use std::{cell::RefCell, collections::BTreeMap, sync::Arc, thread};
use tokio::sync::oneshot;

/// The forwards of this cockpit.
#[derive(Debug, Default)]
pub struct Forwards {
    last: u64,
    /// Dropping one stops it.
    stops: BTreeMap<u64, oneshot::Sender<()>>,
}

impl Forwards {
    /// Whether an operation is done here.
    pub fn is_one(&self, permit: &Permit) -> bool {
        matches!(permit.operation(), Operation::Kube { act: KubeAct::PortForward { .. }, .. })
    }

    /// Begins to forward, and tells its state whenever that changes.
    pub fn start(&mut self, told: Told, permit: Permit, clients: &Arc<Clients>, ledger: &Arc<dyn Ledger>) {
        self.last += 1;
        let (id, clients, ledger) = (self.last, Arc::clone(clients), Arc::clone(ledger));
        let (stop, stopped) = oneshot::channel();
        self.stops.retain(|_, stop| !stop.is_closed());
        self.stops.insert(id, stop);
        let failed = told.clone();
        let run = move || {
            let target = permit.operation().target();
            let record = Record::begin(&permit, &*ledger);
            let last = RefCell::new(None);
            let tell = |state: ForwardState| {
                if last.replace(Some(state.clone())).is_none() {
                    let text =
                        format!("127.0.0.1:{} is forwarded: {}; alt-p lists them", state.local, permit.operation());
                    let begun = Done { target: Some(state.target.clone()), ..Done::new(true, text) };
                    let _ = told.try_send(EventKind::Done(begun));
                }
                // One may be left out where the cockpit is behind: the next says it all.
                let _ = told.try_send(EventKind::Answer(Box::new(Answer::Forward(state))));
            };
            let outcome = within(forward::run(id, &permit, &clients, stopped, &tell));
            if let Some(state) = last.take() {
                let ended = ForwardState { running: false, open: 0, ..state };
                let _ = told.blocking_send(EventKind::Answer(Box::new(Answer::Forward(ended))));
            }
            let (ok, text) = match record.end(&*ledger, outcome.map(Deed::from)) {
                Ok(deed) => (true, deed.text),
                Err(text) => (false, text),
            };
            let done = Done { target: Some(target), ..Done::new(ok, text) };
            let _ = told.blocking_send(EventKind::Done(done));
        };
        if let Err(error) = thread::Builder::new().name(format!("forward {id}")).spawn(run) {
            let done = Done::new(false, format!("no thread for the port: {error}"));
            let _ = failed.try_send(EventKind::Done(done));
        }
    }

    /// Stops one.
    pub fn stop(&mut self, id: u64) {
        self.stops.remove(&id);
    }
}
