//! The cockpit's way to the journal: what is to be recorded goes in here, and stretches of timelines are asked for.

use super::notifier::Notifier;
use crate::{
    app::incident::declared,
    client::Clients,
    clock,
    incident::declare::{Declaration, Proposal},
    journal::{Desk, Journal, Options},
    model::{
        Timestamp,
        journal::{Actor, Body, Digest, Draft, EventId, IncidentId, news::StretchWanted},
    },
    ops::{gate::Policy, ledger::Ledger},
    source::{AnySource, journal::JournalSource, rules},
};
use jiff::SignedDuration;
use sha2::{Digest as _, Sha256};
use std::{
    fs::File,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::Arc,
    thread,
    time::Duration,
};
use tokio::sync::mpsc;

/// How long an operation waits until its intent is on the disk; then it is kept in memory, and the screen says so.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long leaving waits for what is not written yet.
const LEAVING: Duration = Duration::from_secs(2);
/// How long a journal may take to open: a migration copies it first.
const OPENING: Duration = Duration::from_secs(300);
/// Requests for stretches that may wait.
const WANTED: usize = 16;

/// A recording, and the times from which to which it goes.
pub type Dump = (Vec<u8>, Timestamp, Timestamp);

/// The way to the journal.
#[derive(Clone)]
pub struct Records {
    desk: Desk,
    wanted: Option<mpsc::Sender<StretchWanted>>,
}

impl Records {
    /// Nothing is recorded, and why.
    pub fn none(why: &str) -> Self {
        Self { desk: Desk::closed(why), wanted: None }
    }

    /// A journal that is opened now: for a single command, without a source that tells of it.
    pub fn open(options: Options) -> Self {
        let desk = Desk::default();
        match desk.open(options) {
            Ok(_) => Self { desk, wanted: None },
            Err(error) => Self::none(&error.to_string()),
        }
    }

    /// A journal with these options, which is opened by the source that tells of it; beside it stands the one that compares what changed with it. `keep` is how long what was seen outside of
    /// incidents keeps its words.
    pub fn new(options: Options, keep: Option<SignedDuration>, rules: rules::Options) -> (Self, Vec<AnySource>) {
        let desk = Desk::default();
        let (wanted, requests) = mpsc::channel(WANTED);
        let journal = JournalSource::new(desk.clone(), options, keep, requests);
        let changes = rules::changes::ChangeRules::new(desk.clone(), rules);
        let sources = vec![AnySource::Live(Box::new(journal)), AnySource::Live(Box::new(changes))];
        (Self { desk, wanted: Some(wanted) }, sources)
    }

    /// Begins to tell people outside what becomes of incidents, on a thread of its own, where there is somebody to be told.
    pub fn tell_outside(&self, clients: &Arc<Clients>, policy: &Policy) {
        if !Notifier::has_work(clients, policy) {
            return;
        }
        let (desk, ledger, clients, policy) = (self.desk.clone(), self.ledger(), Arc::clone(clients), policy.clone());
        let tell = move || {
            let Some(journal) = desk.opened(OPENING) else { return };
            let notifier = Notifier::new(journal, ledger, clients, policy);
            match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime.block_on(notifier.run()),
                Err(error) => tracing::error!(%error, "nobody can be told of incidents: no event loop"),
            }
        };
        if let Err(error) = thread::Builder::new().name("notify".into()).spawn(tell) {
            tracing::error!(%error, "nobody can be told of incidents: no thread");
        }
    }

    /// The journal, once it is open; nothing where it is not within this time, or never will be.
    pub fn opened(&self, deadline: Duration) -> Option<Journal> {
        self.desk.opened(deadline)
    }

    /// Where operations are recorded.
    pub fn ledger(&self) -> Arc<dyn Ledger> {
        Arc::new(JournalLedger(self.desk.clone()))
    }

    /// Writes events.
    pub fn record(&self, drafts: Vec<Draft>) {
        self.desk.write(drafts);
    }

    /// Declares an incident; says which it has become.
    pub fn declare(&self, (mut declaration, proposal): (Declaration, Proposal)) -> IncidentId {
        declaration.id = EventId::new(clock::now());
        let incident = IncidentId(declaration.id.0);
        self.desk.write(declared(declaration, &proposal));
        incident
    }

    /// Keeps what the flight recorder holds beside an incident, in a file that `flightdeck replay` plays, and writes down where it lies.
    /// Waits for the disk.
    ///
    /// # Errors
    /// Why there is no file, in words.
    pub fn attach(&self, incident: IncidentId, past: &Dump, folder: &Path) -> Result<(), String> {
        let (bytes, from, to) = past;
        let path = folder.join(format!("incident-{incident}-{}.flightdeck", to.strftime("%Y%m%dT%H%M%SZ")));
        write_new(&path, bytes).map_err(|error| format!("{} could not be written: {error}", path.display()))?;
        let body = Body::Attached {
            what: "the flight recorder until the declaration".into(),
            path: path.display().to_string(),
            digest: Digest(Sha256::digest(bytes).into()),
            from: Some(*from),
            to: Some(*to),
        };
        self.desk.write(vec![Draft::new(Some(incident), clock::now(), Actor::program(), body)]);
        Ok(())
    }

    /// Asks for a stretch of a timeline.
    pub fn ask(&self, wanted: StretchWanted) {
        if let Some(wanted_in) = &self.wanted {
            // Where many are asked for at once the last one is asked for again.
            let _ = wanted_in.try_send(wanted);
        }
    }

    /// Waits until everything is written, but not for ever; says what is not.
    pub fn close(&self) -> Option<String> {
        let lost = self.desk.journal()?.close(LEAVING).wait(LEAVING * 2);
        match lost {
            Ok(closed) if closed.unwritten.is_empty() => None,
            Ok(closed) => {
                let count = closed.unwritten.len();
                Some(format!("{count} events could not be written into the journal and are lost"))
            }
            Err(error) => Some(error.to_string()),
        }
    }
}

/// A new file that only its owner can read.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_data()
}

/// Where operations are recorded by a journal that is open.
pub fn ledger_of(journal: Journal) -> Arc<dyn Ledger> {
    Arc::new(JournalLedger(Desk::of(journal)))
}

struct JournalLedger(Desk);

impl Ledger for JournalLedger {
    fn now(&self) -> Timestamp {
        clock::now()
    }
    fn record(&self, draft: Draft) -> Option<EventId> {
        self.0.write_and_wait(draft, PATIENCE)
    }
}
