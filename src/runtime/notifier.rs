//! Tells people outside what becomes of incidents: what the journal holds and nobody has told yet, whoever wrote it. Of all cockpits that share a
//! journal one does it at a time, by a lease; what was told stands in the journal, so that another goes on where it stopped. Each receiver
//! is told at least once.

use crate::{
    client::{
        Clients,
        receiver::{
            Outcome, Receiver,
            queue::{Attempt, Limits, Queue},
        },
    },
    clock,
    incident::{
        Incidents, Record,
        notices::{Notice, notices},
    },
    journal::{Journal, JournalError, JournalNews, Lease},
    model::{
        Timestamp,
        journal::{Actor, Body, IncidentId, OperationStage},
    },
    ops::{
        gate::{Gate, Policy},
        ledger::Ledger,
        operation::{Operation, Telling, told_key},
        tell::{OnItsWay, attempt},
    },
    world::World,
};
use compact_str::{CompactString, format_compact};
use jiff::SignedDuration;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use tokio::{task::JoinSet, time::Instant};

/// The lease of who tells.
const LEASE: &str = "notify";
/// How long it is held without being renewed.
const HELD: Duration = Duration::from_secs(60);
/// How often it is renewed, or asked for where another holds it.
const TURN: Duration = Duration::from_secs(20);

/// Who tells.
pub struct Notifier {
    pub journal: Journal,
    pub ledger: Arc<dyn Ledger>,
    pub clients: Arc<Clients>,
    /// What is allowed here: a cockpit that is read-only by flag or configuration tells nobody.
    pub policy: Policy,
    pub limits: Limits,
    /// Whoever was never told anything before is told of what was written down from here on: who is new in the configuration is not called
    /// for what is past.
    pub began: Timestamp,
    state: State,
}

#[derive(Default)]
struct State {
    lease: Option<Lease>,
    queue: Queue,
    /// What was put into the queue, or told already: receiver and event.
    known: HashSet<CompactString>,
    /// Receivers that messages were meant for before.
    acquainted: HashSet<String>,
    incidents: HashMap<String, IncidentId>,
    on_their_way: HashMap<u64, OnItsWay>,
    in_flight: JoinSet<(u64, Outcome)>,
}

impl Notifier {
    /// One that has looked at nothing yet.
    pub fn new(journal: Journal, ledger: Arc<dyn Ledger>, clients: Arc<Clients>, policy: Policy) -> Self {
        let limits = Limits::default();
        // Nobody presses a key for it, and nobody has set to work by it.
        let policy = Policy { actor: Actor::program(), ..policy };
        let began = clock::now();
        Self {
            began,
            journal,
            ledger,
            clients,
            policy,
            limits,
            state: State { queue: Queue::new(limits), ..State::default() },
        }
    }

    /// Whether there is anybody to be told, and anything may leave.
    pub fn has_work(clients: &Clients, policy: &Policy) -> bool {
        !clients.receivers.is_empty() && !policy.locked && policy.past.is_none()
    }

    /// Tells, for good.
    pub async fn run(mut self) {
        let mut news = self.journal.news();
        let mut turn = tokio::time::interval(TURN);
        loop {
            let wake = self.next_wake();
            let look = tokio::select! {
                told = news.next() => match told {
                    Some(JournalNews::Events(entries)) => entries.iter().any(|entry| entry.event.header.incident.is_some()),
                    Some(JournalNews::Missed) => true,
                    Some(_) => false,
                    None => return,
                },
                _ = turn.tick() => self.hold().await,
                Some(done) = self.state.in_flight.join_next() => { self.finish(done.ok()); false },
                () = tokio::time::sleep_until(wake) => false,
            };
            if self.state.lease.is_some() {
                if look && let Err(error) = self.look().await {
                    tracing::warn!(%error, "what is to be told of incidents could not be read");
                }
                self.send();
            }
        }
    }

    /// Tells what there is to tell now, each receiver once, and gives up waiting at a deadline: for a single command. Returns who has not taken
    /// it and why; a cockpit tells them later.
    ///
    /// # Errors
    /// The journal could not be read.
    pub async fn run_once(mut self, deadline: Duration) -> Result<BTreeMap<String, String>, JournalError> {
        let end = Instant::from_std(clock::instant()) + deadline;
        // Where a cockpit holds the lease it tells.
        if !self.hold().await {
            return Ok(BTreeMap::new());
        }
        self.look().await?;
        self.send();
        while !self.state.in_flight.is_empty() {
            tokio::select! {
                Some(done) = self.state.in_flight.join_next() => self.finish(done.ok()),
                () = tokio::time::sleep_until(end) => break,
            }
            // What waits for one before it; what is to be tried again is left to a cockpit.
            self.send();
        }
        if let Some(lease) = self.state.lease.take() {
            let _ = self.journal.release_lease(lease).await;
        }
        let silent = self
            .state
            .on_their_way
            .values()
            .map(|one| (one.telling().receiver.clone(), one.why().unwrap_or("it has not answered yet").to_owned()));
        Ok(silent.collect())
    }

    /// Takes or renews the lease; whether it was taken just now, so that everything has to be looked at.
    async fn hold(&mut self) -> bool {
        if let Some(lease) = self.state.lease.take() {
            self.state.lease = self.journal.renew_lease(lease, HELD).await.ok();
            if self.state.lease.is_some() {
                return false;
            }
        }
        // Meanwhile another may have told, and what waited here with it.
        self.state = State { queue: Queue::new(self.limits), ..State::default() };
        let holder = format_compact!("{}/{}", rustix::process::getpid().as_raw_nonzero(), clock::now().as_nanosecond());
        match self.journal.acquire_lease(LEASE.into(), holder, HELD).await {
            Ok(lease) => self.state.lease = Some(lease),
            Err(JournalError::Held { .. }) => {}
            Err(error) => tracing::warn!(%error, "nobody can be told of incidents from here"),
        }
        self.state.lease.is_some()
    }

    /// Reads what is to be told, and puts what nobody has told into the queue.
    async fn look(&mut self) -> Result<(), JournalError> {
        let events: Vec<_> = self.journal.incidents().await?.into_iter().map(|entry| entry.event).collect();
        let record = Record::of(&events);
        let now = clock::now();
        let age = SignedDuration::try_from(self.limits.max_age).unwrap_or(SignedDuration::MAX);
        let all = notices(&Incidents::of(&record), &record, now.saturating_sub(age).unwrap_or(now));
        let clients = Arc::clone(&self.clients);
        let wanted = all.iter().flat_map(|notice| clients.receivers.iter().map(move |receiver| (receiver, notice)));
        let wanted: Vec<_> = wanted.filter(|(receiver, notice)| wants(receiver, notice)).collect();
        let new = |known: &HashSet<CompactString>, (receiver, notice): &(&Receiver, &Notice)| {
            !known.contains(&told_key(&receiver.name, &notice.message.event))
        };
        let asked: HashSet<IncidentId> =
            wanted.iter().filter(|one| new(&self.state.known, one)).map(|(_, notice)| notice.incident).collect();
        for incident in asked {
            self.read_told(incident).await?;
        }
        for (receiver, notice) in wanted {
            let is_news = notice.written >= self.began || self.state.acquainted.contains(&receiver.name);
            if is_news && self.state.known.insert(told_key(&receiver.name, &notice.message.event)) {
                self.state.incidents.insert(notice.message.event.clone(), notice.incident);
                self.state.queue.push(now, &receiver.name, notice.message.clone());
            }
        }
        Ok(())
    }

    /// Reads what was told of an incident, whoever told it.
    async fn read_told(&mut self, incident: IncidentId) -> Result<(), JournalError> {
        for entry in self.journal.incident(incident).await? {
            if let Some(Body::Operation { data: Some(data), .. }) = &entry.event.body
                && let Ok(Operation::Notify(telling)) = serde_json::from_value(data.clone())
            {
                self.state.acquainted.insert(telling.receiver);
            }
            if let (Some(Body::Operation { stage: OperationStage::Done, .. }), Some(key)) =
                (&entry.event.body, entry.event.header.key)
            {
                self.state.known.insert(key);
            }
        }
        Ok(())
    }

    /// Sends what is due.
    fn send(&mut self) {
        let now = clock::now();
        for Attempt { id, receiver, message } in self.state.queue.due(now) {
            let Some(incident) = self.state.incidents.get(&message.event).copied() else { continue };
            let operation = Operation::Notify(Box::new(Telling { receiver, incident, message }));
            let permit = match Gate::permit(operation, &World::at(now), &self.policy) {
                Ok(permit) => permit,
                Err(why) => {
                    self.state.queue.finished(now, id, Outcome::Refused(why), 0.0);
                    continue;
                }
            };
            let known = self.state.on_their_way.remove(&id);
            let Some(one) = known.or_else(|| OnItsWay::begin(&permit, &*self.ledger)) else { continue };
            let (telling, clients) = (one.telling().clone(), Arc::clone(&self.clients));
            self.state.on_their_way.insert(id, one);
            self.state.in_flight.spawn(async move { (id, attempt(&telling, &clients).await) });
        }
        for lost in self.state.queue.take_given_up() {
            tracing::error!(receiver = lost.receiver, why = lost.why, "somebody was not told of an incident");
            let is_it = |one: &OnItsWay| {
                one.telling().receiver == lost.receiver && one.telling().message.event == lost.message.event
            };
            let found = self.state.on_their_way.iter().find(|(_, one)| is_it(one)).map(|(id, _)| *id);
            if let Some(mut one) = found.and_then(|id| self.state.on_their_way.remove(&id)) {
                one.take(&Outcome::Refused(lost.why), &*self.ledger);
            }
        }
    }

    /// Takes what became of an attempt; `None` where it broke, so that nothing is known of it.
    fn finish(&mut self, done: Option<(u64, Outcome)>) {
        let Some((id, outcome)) = done else { return };
        if let Some(one) = self.state.on_their_way.get_mut(&id) {
            if let Outcome::Again { why, .. } = &outcome {
                tracing::warn!(receiver = one.telling().receiver, why, "a message about an incident was not taken yet");
            }
            if one.take(&outcome, &*self.ledger) {
                self.state.on_their_way.remove(&id);
            }
        }
        let nanoseconds = clock::now().subsec_nanosecond();
        self.state.queue.finished(clock::now(), id, outcome, f64::from(nanoseconds % 1_000) / 1_000.0);
    }

    fn next_wake(&self) -> Instant {
        let wait = self.state.queue.next_wake().map(|at| at.duration_since(clock::now()));
        let wait = wait.map_or(TURN, |wait| Duration::try_from(wait).unwrap_or_default());
        Instant::from_std(clock::instant()) + wait.min(TURN)
    }
}

fn wants(receiver: &Receiver, notice: &Notice) -> bool {
    let is_its = receiver.severities.contains(&notice.severity) && receiver.way.takes(notice.message.kind);
    is_its && (!notice.drill || receiver.drills)
}

#[cfg(test)]
#[path = "notifier_tests.rs"]
mod tests;
