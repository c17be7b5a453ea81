//! Lends the terminal: to a session in a container, which is raw, or to the editor. Both run on a thread of their own, so that the
//! cockpit goes on listening to its sources meanwhile; it neither reads keys nor draws until the terminal is back.

mod editor;
mod editor_line;
mod far;
mod session;

use super::tty;
use crate::{
    app::event::{Answer, Done},
    client::Clients,
    ops::{
        execute::Deed,
        gate::Permit,
        ledger::{Ledger, Record},
        operation::{KubeAct, Operation},
    },
};
use rustix::fs::OFlags;
use std::{io, os::fd::OwnedFd, panic::AssertUnwindSafe, path::PathBuf, sync::Arc, thread};

/// What the terminal is lent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A program in a container. The terminal stays raw.
    Session,
    /// The editor, which sets the terminal up itself.
    Editor,
}

impl Kind {
    /// What an operation lends it to.
    pub fn of(operation: &Operation) -> Self {
        match operation {
            Operation::Kube { act: KubeAct::Edit, .. } | Operation::OpenFile(_) => Self::Editor,
            _ => Self::Session,
        }
    }
}

/// The terminal is back.
#[derive(Debug)]
pub struct Back {
    pub done: Done,
    /// What came of it, to be confirmed.
    pub answer: Option<Answer>,
}

/// Lends the terminal; `back` is called when it is given back, whatever happened.
pub fn lend(
    permit: Permit,
    clients: Arc<Clients>,
    ledger: Arc<dyn Ledger>,
    drafts: PathBuf,
    back: impl FnOnce(Back) + Send + 'static,
) {
    let run = move || {
        let target = permit.operation().target();
        let record = Record::begin(&permit, &*ledger);
        let lent = std::panic::catch_unwind(AssertUnwindSafe(|| match Kind::of(permit.operation()) {
            Kind::Editor => match permit.operation() {
                Operation::OpenFile(file) => editor::open(file).map(|deed| (deed, None)),
                _ => editor::edit(&permit, &clients, &drafts),
            },
            Kind::Session => session::run(&permit, &clients).map(|text| (Deed::from(text), None)),
        }));
        let lent = lent.unwrap_or_else(|_| {
            Err(crate::ops::execute::Failure::failed("the session failed (a fault in this program; see the log)"))
        });
        let (outcome, answer) = match lent {
            Ok((deed, answer)) => (Ok(deed), answer),
            Err(failure) => (Err(failure), None),
        };
        let (ok, text) = match record.end(&*ledger, outcome) {
            Ok(deed) => (true, deed.text),
            Err(text) => (false, text),
        };
        back(Back { done: Done { target: Some(target), ..Done::new(ok, text) }, answer });
    };
    if let Err(error) = thread::Builder::new().name("terminal".into()).spawn(run) {
        tracing::error!(%error, "no thread to lend the terminal to");
    }
}

/// Opens the terminal anew, so that how it is read concerns nobody else.
fn open_terminal(flags: OFlags) -> io::Result<OwnedFd> {
    tty::again(rustix::stdio::stdin(), OFlags::RDWR | flags)
}
