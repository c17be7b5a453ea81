//! The cockpit while its terminal is lent to a session or to the editor.

use super::{Cockpit, work::Worked};
use crate::{
    app::event::EventKind,
    clock,
    ops::gate::Permit,
    runtime::{
        handover::{self, Back, Kind},
        terminal,
    },
};
use std::sync::Arc;

impl Cockpit {
    /// Lends the terminal. Until it is back the cockpit neither reads keys nor draws.
    pub(super) fn lend(&mut self, permit: Permit) {
        if self.lent.is_some() {
            return;
        }
        let kind = Kind::of(permit.operation());
        self.lent = Some(kind);
        self.output.abandon();
        match kind {
            // It stays raw, and is given back raw: a session sets nothing up.
            Kind::Session => drop(self.output.write(&terminal::lend_bytes())),
            Kind::Editor => terminal::give_back(),
        }
        let teller = self.work.teller();
        let back = move |back| {
            // Nobody listens any more only when the cockpit is leaving.
            let _ = teller.blocking_send(Worked::HandedBack(Box::new(back)));
        };
        let (clients, ledger) = (Arc::clone(&self.clients), self.journal.ledger());
        handover::lend(permit, clients, ledger, self.state_folder.clone(), back);
    }

    /// Takes the terminal back, and says how it went; says whether to leave.
    pub(super) fn take_back(&mut self, back: Back) -> bool {
        let kind = self.lent.take();
        if kind == Some(Kind::Session) {
            let _ = self.output.write(&terminal::reset_bytes());
        }
        if self.take_terminal_back().is_err() {
            return true;
        }
        let now = clock::now();
        let leave = self.take(EventKind::Done(back.done), now);
        back.answer.is_some_and(|answer| self.take(EventKind::Answer(Box::new(answer)), now)) || leave
    }
}
