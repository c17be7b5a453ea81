//! Carries a run out: asks, acts, writes and waits as its effects say, and tells what happens to who listens.
//!
//! One run is one thread here. Questions and orders have threads of their own, so that a server that hangs holds up neither the lease nor a
//! person; what they find comes back through one queue.

use super::{House, Incident, act, look, store};
use crate::{
    clock,
    journal::{JournalError, Lease},
    model::{Timestamp, journal::EventId, nearest, units},
    runbook::run::{ActResult, Asking, Effect, Entry, Glance, Input, Order, Outcome, Question, Run, drafts},
};
use compact_str::{CompactString, format_compact};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

/// How long a lease is taken for. After a crash somebody else waits as long.
const LEASE: Duration = Duration::from_secs(15);
/// How often it is renewed.
const RENEW: Duration = Duration::from_secs(4);
/// How long one waits for a lease that another holds: until it has run out, if nobody renews it.
const LEASE_PATIENCE: Duration = Duration::from_secs(20);
/// How long the journal may take for one entry.
const WRITING: Duration = Duration::from_secs(30);
/// How often one looks for approvals from elsewhere.
const LOOK: Duration = Duration::from_secs(2);
/// Inputs that may wait.
const QUEUE: usize = 256;

/// What happens to a run.
#[derive(Debug)]
pub enum Told<'a> {
    /// It is written down.
    Entry(&'a Entry),
    /// A person is asked.
    Question(&'a Question),
    /// There is no question any more.
    Unasked,
    /// The person is told.
    Remark(&'a str),
    /// It stands otherwise than before, perhaps: something came in.
    Moved,
}

/// What who listens wants.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// To go on.
    On,
    /// To say this.
    Say(Input),
    /// To leave the run as it stands, as soon as nothing is in flight.
    Leave,
}

/// How carrying a run on ended.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// The run is over, or waits for a person.
    Stands(Outcome),
    /// Another process has it.
    Elsewhere(String),
    /// What was decided could not be written down: nothing more was done.
    Unwritten(String),
}

/// Carries one run.
pub struct Carrier {
    house: Arc<House>,
    run: Run,
    incident: Incident,
    holder: CompactString,
    lease: Option<Lease>,
    renew_at: Option<Timestamp>,
    wake_at: Option<Timestamp>,
    look_at: Option<Timestamp>,
    inputs: Receiver<Input>,
    sender: SyncSender<Input>,
    ready: VecDeque<Input>,
    approvals: BTreeSet<EventId>,
    is_leaving: bool,
    end: Option<End>,
}

impl Carrier {
    /// For a run that is new, or was restored.
    pub fn new(house: Arc<House>, run: Run, incident: Incident) -> Self {
        let (sender, inputs) = sync_channel(QUEUE);
        let holder = format_compact!("{}:{}", house.actor.name, EventId::new(clock::now()));
        Self {
            house,
            run,
            incident,
            holder,
            lease: None,
            renew_at: None,
            wake_at: None,
            look_at: None,
            inputs,
            sender,
            ready: VecDeque::from([Input::Start]),
            approvals: BTreeSet::new(),
            is_leaving: false,
            end: None,
        }
    }

    /// Where people say something to it: answers, notes, that it is called off.
    pub fn door(&self) -> SyncSender<Input> {
        self.sender.clone()
    }

    /// The run.
    pub const fn run(&self) -> &Run {
        &self.run
    }

    /// Says something to it before it goes on, such as that a run which is over has to be undone.
    pub fn say(&mut self, input: Input) {
        self.ready.push_back(input);
    }

    /// Carries it on until it is over, waits for a person whom who listens does not speak for, or another has it.
    pub fn carry(&mut self, listen: &mut dyn FnMut(&Run, Told<'_>) -> Next) -> End {
        loop {
            while let Some(input) = self.ready.pop_front() {
                for effect in self.run.advance(input, clock::now()) {
                    self.effect(effect, listen);
                }
            }
            let next = listen(&self.run, Told::Moved);
            self.next(next);
            if let Some(end) = self.ended() {
                self.let_go();
                return end;
            }
            self.wait();
            self.keep_lease();
            self.look_for_approvals(listen);
        }
    }

    fn ended(&mut self) -> Option<End> {
        if let Some(end) = self.end.take() {
            return Some(end);
        }
        let outcome = self.run.outcome();
        match outcome {
            Some(outcome) if outcome != Outcome::Paused && self.lease.is_none() => Some(End::Stands(outcome)),
            Some(Outcome::Paused) if self.is_leaving && !self.run.is_in_flight() => Some(End::Stands(Outcome::Paused)),
            _ => None,
        }
    }

    /// Waits for the next thing, and no longer than until something is due.
    fn wait(&mut self) {
        let now = clock::now();
        let due = [self.wake_at, self.renew_at, self.look_at].into_iter().flatten().min();
        let time = due.map_or(RENEW, |at| Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO));
        match self.inputs.recv_timeout(time) {
            Ok(input) => {
                self.ready.push_back(input);
                self.ready.extend(self.inputs.try_iter());
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
        if self.wake_at.is_some_and(|at| clock::now() >= at) {
            self.wake_at = None;
            self.ready.push_back(Input::Tick);
        }
    }

    fn effect(&mut self, effect: Effect, listen: &mut dyn FnMut(&Run, Told<'_>) -> Next) {
        match effect {
            Effect::TakeLease { key, above } => self.take_lease(&key, above, listen),
            Effect::ReleaseLease { .. } => self.let_go(),
            Effect::Journal(entry) => self.write(&entry, listen),
            Effect::Execute(order) => self.execute(*order),
            Effect::Look(glance) => self.look(*glance),
            Effect::Ask(question) => self.ask(&question, listen),
            Effect::Unask => {
                self.look_at = None;
                let next = listen(&self.run, Told::Unasked);
                self.next(next);
            }
            Effect::WakeAt(at) => self.wake_at = Some(at),
            Effect::Tell(text) => {
                let next = listen(&self.run, Told::Remark(&text));
                self.next(next);
            }
        }
    }

    fn next(&mut self, next: Next) {
        match next {
            Next::On => {}
            Next::Say(input) => self.ready.push_back(input),
            Next::Leave => self.is_leaving = true,
        }
    }

    /// Takes the lease; where another holds it, waits as long as it would take to run out.
    fn take_lease(&mut self, key: &str, above: u64, listen: &mut dyn FnMut(&Run, Told<'_>) -> Next) {
        let begun = clock::instant();
        let mut has_told = false;
        let name = format_compact!("runbook/{key}");
        loop {
            let taken = self.house.journal.acquire_lease_blocking(name.clone(), self.holder.clone(), LEASE, WRITING);
            match taken {
                // One that lies elsewhere may count lower than what was written already.
                Ok(lease) if lease.token <= above => {}
                Ok(lease) => {
                    let token = lease.token;
                    self.lease = Some(lease);
                    self.renew_at = clock::now().checked_add(RENEW).ok();
                    return self.ready.push_back(Input::Leased { token });
                }
                Err(JournalError::Held { holder, until, .. })
                    if clock::instant().saturating_duration_since(begun) < LEASE_PATIENCE =>
                {
                    if !has_told {
                        let text = format!(
                            "{} holds the lease until {}: it is waited for",
                            holder_name(&holder),
                            units::clock(until)
                        );
                        let _ = listen(&self.run, Told::Remark(&text));
                        has_told = true;
                    }
                    // Nothing else comes in before the run has its lease, but what people say.
                    if let Ok(input) = self.inputs.recv_timeout(Duration::from_millis(500)) {
                        self.ready.push_back(input);
                    }
                }
                Err(error) => {
                    let why = error.to_string();
                    self.ready.push_back(Input::LeaseRefused { why: why.clone() });
                    self.end = Some(End::Elsewhere(why));
                    return;
                }
            }
        }
    }

    /// Renews the lease where that is due, or says that it is lost.
    fn keep_lease(&mut self) {
        let is_due = self.renew_at.is_some_and(|at| clock::now() >= at);
        if is_due {
            self.renew();
        }
    }

    /// Renews the lease. Returns whether it is held for sure.
    fn renew(&mut self) -> bool {
        let Some(lease) = self.lease.clone() else { return false };
        let expires_at = lease.expires_at;
        match crate::ops::execute::within(async { Ok(self.house.journal.renew_lease(lease, LEASE).await) }) {
            Ok(Ok(lease)) => {
                self.lease = Some(lease);
                self.renew_at = clock::now().checked_add(RENEW).ok();
                true
            }
            Ok(Err(JournalError::Lost { .. })) => {
                self.lost("its lease has run out, or another has it");
                false
            }
            // It cannot be reached just now: it is held as long as it was promised.
            _ if clock::now() < expires_at => {
                self.renew_at = clock::now().checked_add(Duration::from_secs(1)).ok();
                true
            }
            _ => {
                self.lost("its lease could not be renewed in time");
                false
            }
        }
    }

    fn lost(&mut self, why: &str) {
        (self.lease, self.renew_at) = (None, None);
        self.ready.push_back(Input::LeaseLost { why: why.to_owned() });
        self.end = Some(End::Elsewhere(why.to_owned()));
    }

    fn let_go(&mut self) {
        self.renew_at = None;
        if let Some(lease) = self.lease.take() {
            // It runs out by itself where it cannot be given back.
            let _ = crate::ops::execute::within(async { Ok(self.house.journal.release_lease(lease).await) });
        }
    }

    /// Writes an entry down. Where that cannot be done nothing goes on: what is not written was not decided.
    fn write(&mut self, entry: &Entry, listen: &mut dyn FnMut(&Run, Told<'_>) -> Next) {
        let drafts = drafts(entry, self.run.plan(), self.incident);
        match self.house.journal.append_blocking(drafts, WRITING) {
            Ok(_) => {
                let next = listen(&self.run, Told::Entry(entry));
                self.next(next);
                self.ready.push_back(Input::Journaled { sequence: entry.sequence });
            }
            Err(error) => self.end = Some(End::Unwritten(error.to_string())),
        }
    }

    fn execute(&mut self, order: Order) {
        // Whoever was away for a while may have been taken for dead.
        if !self.renew() {
            return;
        }
        let (house, incident) = (Arc::clone(&self.house), self.incident);
        let ticket = order.ticket;
        let work = move || {
            let outcome = act::perform_order(&house, &order, incident);
            let text = house.redacted(&outcome.text);
            Input::Executed { ticket, result: outcome.result, text, answer: outcome.answer }
        };
        let failed = Input::Executed {
            ticket,
            result: ActResult::Refused,
            text: "there is no thread for it".into(),
            answer: None,
        };
        self.aside("runbook-act", work, failed);
    }

    fn look(&mut self, glance: Glance) {
        let house = Arc::clone(&self.house);
        let ticket = glance.ticket;
        let work = move || Input::Looked { ticket, answer: look::answer(&house, &glance.target, &glance.ask) };
        let failed =
            Input::Looked { ticket, answer: crate::runbook::ask::Answer::Silent("there is no thread for it".into()) };
        self.aside("runbook-look", work, failed);
    }

    /// Does something on a thread of its own.
    fn aside(&mut self, name: &str, work: impl FnOnce() -> Input + Send + 'static, failed: Input) {
        let sender = self.sender.clone();
        let begun = thread::Builder::new().name(name.to_owned()).spawn(move || {
            // Nobody listens any more only when the run was left.
            let _ = sender.send(work());
        });
        if begun.is_err() {
            self.ready.push_back(failed);
        }
    }

    fn ask(&mut self, question: &Question, listen: &mut dyn FnMut(&Run, Told<'_>) -> Next) {
        if matches!(question.asking, Asking::Approval { .. }) {
            // They may have been given while nobody carried the run on.
            if self.take_approvals() {
                self.look_at = Some(clock::now());
                return;
            }
            self.look_at = clock::now().checked_add(LOOK).ok();
        }
        let next = listen(&self.run, Told::Question(question));
        self.next(next);
    }

    /// Hands the approvals of the journal in that are new. Returns whether there are any.
    fn take_approvals(&mut self) -> bool {
        let found = match store::approvals(&self.house.journal, self.run.id()) {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "approvals could not be looked for");
                return false;
            }
        };
        let before = self.approvals.len();
        for (id, input) in found {
            if self.approvals.insert(id) {
                self.ready.push_back(input);
            }
        }
        self.approvals.len() > before
    }

    /// Looks for approvals from elsewhere; where none is new, who listens is asked what to do about the question that is open.
    fn look_for_approvals(&mut self, listen: &mut dyn FnMut(&Run, Told<'_>) -> Next) {
        if self.look_at.is_none_or(|at| clock::now() < at) {
            return;
        }
        self.look_at = clock::now().checked_add(LOOK).ok();
        if !self.take_approvals()
            && self.ready.is_empty()
            && let Some(question) = self.run.question().cloned()
        {
            let next = listen(&self.run, Told::Question(&question));
            self.next(next);
        }
    }
}

/// Who holds a lease: a person, without what tells their processes apart.
fn holder_name(holder: &str) -> &str {
    holder.rsplit_once(':').map_or(holder, |(name, _)| name)
}

/// A name for a new run: what it does, when, and four signs that tell it from others of the same second.
pub fn new_name(runbook: &str, now: Timestamp) -> CompactString {
    let unique = EventId::new(now).to_string();
    let tail = &unique[unique.len().saturating_sub(4)..];
    format_compact!("{runbook}-{}-{tail}", now.strftime("%Y%m%dT%H%M%SZ"))
}

/// What may be meant by a choice's word.
///
/// # Errors
/// There is none of that word here.
pub fn choice(word: &str, choices: &[crate::runbook::run::Choice]) -> Result<crate::runbook::run::Choice, String> {
    choices.iter().copied().find(|choice| choice.word() == word).ok_or_else(|| {
        let known = choices.iter().map(|choice| choice.word());
        let near = nearest::did_you_mean(word, known.clone());
        format!("«{word}» is no choice here{near}; there are {}", known.collect::<Vec<_>>().join(", "))
    })
}
