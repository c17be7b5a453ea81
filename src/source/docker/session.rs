//! One connection to an engine, from its first answer to its end: the list, the events, and whatever is asked for meanwhile.
//!
//! Everything that is waited for is a future in one set, polled by one task: when the connection is dropped nothing is left behind.

use super::{
    Ended, SIGN_OF_LIFE, details, read,
    rows::{Asks, Known, Remembered},
    store::{self, Disk, Sizes, Stores},
    streams::{Sampled, Streams},
    wanted::Wanted,
    wire::{Event, ImageSummary, Info, Inspect, Summary, Version},
};
use crate::{
    client::docker::{Endpoint, PATIENCE, raw, raw::Lines, unreachable},
    clock,
    model::{
        container::{ContainerDetails, ContainerState, Engine, EngineNews, EnginePart},
        object::{ObjectKind, ObjectRef},
        topic::Topic,
        update::Update,
    },
    source::{
        live::Gone,
        supervisor::{Demand, Teller},
    },
};
use bollard::{Docker, errors::Error};
use compact_str::{CompactString, format_compact};
use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use std::{
    collections::BTreeSet,
    convert::Infallible,
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// Answers in a row that may be late before the connection counts as lost.
const LATE: u32 = 3;
/// Containers that are inspected at the same time.
const INSPECT_AT_ONCE: usize = 8;
/// Changes that come within this time are told together.
const TOGETHER: Duration = Duration::from_millis(100);
/// The same while the first round of inspecting goes on.
const TOGETHER_AT_FIRST: Duration = Duration::from_millis(300);
/// How often the whole list is asked for though the events tell of every change.
const RELIST: Duration = Duration::from_secs(300);
/// For how long the first whole answer waits for usage.
const PATIENCE_FOR_USAGE: Duration = Duration::from_secs(5);

/// What is being waited for.
pub(super) type Asked = FuturesUnordered<BoxFuture<'static, Fact>>;

/// What came.
pub(super) enum Fact {
    Event(Option<Result<Event, Error>>, Box<Lines<Event>>),
    Listed(Result<Vec<Summary>, Error>),
    Images(Result<Vec<ImageSummary>, Error>),
    Inspected(CompactString, Result<Box<Inspect>, Error>),
    Sampled(Sampled),
    Alive(Result<(), Error>),
    Stores(Result<Box<Stores>, Error>),
    Disk(Result<Box<Disk>, Error>),
    Detailed(ObjectRef, Box<ContainerDetails>),
    Nothing,
}

struct Session<'a> {
    name: CompactString,
    url: String,
    docker: Docker,
    engine: Engine,
    demand: watch::Receiver<Demand>,
    teller: &'a mut Teller,
    asked: Asked,
    known: Known<'a>,
    streams: Streams,
    /// Containers of which a rate was told.
    rates: BTreeSet<CompactString>,
    begun: Instant,
    /// Whether the list has come, and whether it was told.
    listed: bool,
    told: bool,
    complete: bool,
    inspecting: usize,
    tell_at: Option<Instant>,
    tick_at: Instant,
    /// When the engine was heard last, and when that was told.
    heard_at: Instant,
    told_at: Instant,
    /// Answers in a row that did not come in time.
    late: u32,
    list_at: Instant,
    alive_asked: bool,
    stores: Wanted,
    disk: Wanted,
    sizes: Sizes,
    details: Wanted,
    told_details: Option<(ObjectRef, Box<ContainerDetails>)>,
}

/// Speaks with the engine until the connection breaks or nobody listens.
pub(super) async fn run(
    endpoint: &Endpoint,
    remembered: &mut Remembered,
    demand: watch::Receiver<Demand>,
    teller: &mut Teller,
) -> Result<Infallible, Ended> {
    let docker = endpoint.connect().await?;
    let failed = |error: Error| Ended::Trouble(unreachable(&endpoint.url, &error));
    let version: Version = raw::json(&docker, "/version").await.map_err(failed)?;
    let info: Info = raw::json(&docker, "/info").await.map_err(failed)?;
    let api = format_compact!("{}", docker.client_version());
    let engine = read::engine((&endpoint.name, &endpoint.url), api, version, info);
    let now = clock::instant();
    let mut session = Session {
        name: endpoint.name.clone(),
        url: endpoint.url.clone(),
        docker,
        engine,
        demand,
        teller,
        asked: Asked::new(),
        known: Known::new(endpoint.name.clone(), remembered),
        streams: Streams::to(&endpoint.url),
        rates: BTreeSet::new(),
        begun: now,
        listed: false,
        told: false,
        complete: false,
        inspecting: 0,
        tell_at: None,
        tick_at: now,
        heard_at: now,
        told_at: now,
        late: 0,
        list_at: now,
        alive_asked: false,
        stores: Wanted::default(),
        disk: Wanted::default(),
        sizes: Sizes::new(),
        details: Wanted::default(),
        told_details: None,
    };
    session.begin().await?;
    loop {
        session.step().await?;
    }
}

fn events_path() -> String {
    // What happens while the list is read is told twice rather than never.
    let since = clock::now().as_second() - 2;
    let kinds = raw::encoded(r#"{"type":["container","image","volume","network"]}"#);
    format!("/events?since={since}&filters={kinds}")
}

impl Session<'_> {
    async fn begin(&mut self) -> Result<(), Ended> {
        self.tell(vec![EnginePart::Engine(Box::new(self.engine.clone()))]).await?;
        let lines = Box::new(raw::lines(&self.docker, &events_path()));
        self.wait_for_event(lines);
        self.ask_images();
        self.ask_list();
        Ok(())
    }

    /// Waits for whatever comes first, and does what follows.
    async fn step(&mut self) -> Result<(), Ended> {
        let due = self.tell_at.map_or(self.tick_at, |at| at.min(self.tick_at));
        let wait = due.saturating_duration_since(clock::instant());
        tokio::select! {
            Some(fact) = self.asked.next() => self.take(fact).await?,
            changed = self.demand.changed() => {
                changed.map_err(|_| Gone)?;
                self.demand_changed();
            }
            () = tokio::time::sleep(wait) => {}
        }
        let now = clock::instant();
        self.inspect_more();
        if self.tick_at <= now {
            self.tick(now).await?;
        }
        if self.tell_at.is_some_and(|at| at <= now) {
            self.tell_at = None;
            self.tell_rows().await?;
        }
        Ok(())
    }

    fn ask(&self, fact: impl Future<Output = Fact> + Send + 'static) {
        self.asked.push(Box::pin(fact));
    }

    fn wait_for_event(&self, mut lines: Box<Lines<Event>>) {
        self.ask(async move { Fact::Event(lines.next().await, lines) });
    }

    fn ask_list(&mut self) {
        self.list_at = clock::instant() + RELIST;
        let docker = self.docker.clone();
        self.ask(async move { Fact::Listed(raw::json(&docker, "/containers/json?all=true").await) });
    }

    fn ask_images(&self) {
        let docker = self.docker.clone();
        self.ask(async move { Fact::Images(raw::json(&docker, "/images/json").await) });
    }

    fn inspect_more(&mut self) {
        while self.inspecting < INSPECT_AT_ONCE {
            let Some(id) = self.known.next_to_inspect() else { return };
            self.inspecting += 1;
            let docker = self.docker.clone();
            self.ask(async move {
                let answer = raw::json(&docker, &format!("/containers/{id}/json")).await;
                Fact::Inspected(id, answer.map(Box::new))
            });
        }
    }

    /// An answer that came. One that did not in time is no lost engine as long as the connection on which it tells its events stands: it
    /// is said what is slow, and asked again, a few times.
    async fn in_time<T>(&mut self, what: &str, answer: Result<T, Error>) -> Result<Option<T>, Ended> {
        match answer {
            Ok(answer) => {
                self.heard();
                Ok(Some(answer))
            }
            Err(Error::RequestTimeoutError) if self.told && self.late < LATE => {
                self.late += 1;
                let reason = format!("{what} did not come within {} s", PATIENCE.as_secs());
                let hint =
                    "the engine is there and slow: see the load of its machine, and its log (journalctl -u docker)";
                self.teller.slow(reason, hint.into()).await?;
                Ok(None)
            }
            Err(error) => Err(self.trouble(&error)),
        }
    }

    fn heard(&mut self) {
        (self.heard_at, self.late) = (clock::instant(), 0);
    }

    /// What is wrong with the connection.
    fn trouble(&self, error: &Error) -> Ended {
        Ended::Trouble(unreachable(&self.url, error))
    }

    async fn take(&mut self, fact: Fact) -> Result<(), Ended> {
        match fact {
            Fact::Event(event, lines) => self.take_event(event, lines)?,
            Fact::Listed(list) => {
                let Some(list) = self.in_time("the list of containers", list).await? else {
                    self.list_at = clock::instant() + SIGN_OF_LIFE;
                    return Ok(());
                };
                self.known.take_list(list, clock::now());
                self.listed = true;
                self.tell_later(Duration::ZERO);
            }
            Fact::Images(images) => {
                self.known.set_images(store::names(images.unwrap_or_default()), clock::now());
                self.tell_later(TOGETHER);
            }
            Fact::Inspected(id, answer) => self.take_inspected(id, answer),
            Fact::Sampled(sampled) => self.streams.take(sampled, &self.docker, &self.asked),
            Fact::Alive(answer) => {
                self.alive_asked = false;
                if self.in_time("a sign of life (/_ping)", answer).await?.is_some() {
                    self.tell(Vec::new()).await?;
                }
            }
            Fact::Stores(stores) => {
                self.stores.done();
                if let Ok(stores) = stores {
                    let parts = stores.parts(&self.name, self.known.rows(), &self.sizes);
                    self.tell(parts).await?;
                }
            }
            Fact::Disk(disk) => {
                self.disk.done();
                if let Ok(disk) = disk {
                    self.sizes = disk.sizes();
                    self.engine.disk = Some(disk.totals);
                    let mut parts = vec![EnginePart::Engine(Box::new(self.engine.clone()))];
                    let volumes =
                        disk.volumes.map(|all| store::volumes(&self.name, all, self.known.rows(), &self.sizes));
                    parts.extend(volumes);
                    self.tell(parts).await?;
                }
            }
            Fact::Detailed(object, read) => self.take_details(object, read).await?,
            Fact::Nothing => {}
        }
        Ok(())
    }

    fn take_event(&mut self, event: Option<Result<Event, Error>>, lines: Box<Lines<Event>>) -> Result<(), Ended> {
        let event = match event {
            Some(Ok(event)) => event,
            Some(Err(error)) => return Err(self.trouble(&error)),
            None => {
                return Err(Ended::Trouble(crate::client::Unreachable {
                    reason: "the engine closed the connection".into(),
                    hint: "it was stopped or restarted; it is tried again (systemctl status docker)".into(),
                }));
            }
        };
        self.heard();
        let asks = self.known.take_event(&event);
        if asks == Asks::Stores {
            (self.stores.fresh, self.disk.fresh) = (false, false);
            if event.kind == "image" {
                self.ask_images();
            }
        }
        if asks != Asks::Nothing {
            if self.demand.borrow().open.as_ref().is_some_and(|open| open.id.ends_with(&event.actor.id)) {
                self.details = Wanted { asked: self.details.asked, ..Wanted::default() };
            }
            self.tell_later(TOGETHER);
        }
        self.wait_for_event(lines);
        Ok(())
    }

    fn take_inspected(&mut self, id: CompactString, answer: Result<Box<Inspect>, Error>) {
        self.inspecting -= 1;
        match answer {
            Ok(inspect) => self.known.take_inspected(&inspect, clock::now()),
            Err(Error::DockerResponseServerError { status_code: 404, .. }) => self.known.remove(&id),
            // One that cannot be inspected keeps what the list said of it: what is not known stays unknown.
            Err(error) => tracing::debug!(engine = %self.name, %id, %error, "not inspected"),
        }
        self.tell_later(if self.complete { TOGETHER } else { TOGETHER_AT_FIRST });
        if self.inspecting == 0 && !self.known.has_to_inspect() {
            self.tell_later(Duration::ZERO);
        }
    }

    fn tell_later(&mut self, wait: Duration) {
        let at = clock::instant() + wait;
        self.tell_at = Some(self.tell_at.map_or(at, |before| before.min(at)));
    }

    /// Tells parts of news; none at all are a sign of life. As long as the first answer is not whole, nothing is said of how the
    /// engine stands.
    async fn tell(&mut self, parts: Vec<EnginePart>) -> Result<(), Gone> {
        let news = |part| Update::Engine(Box::new(EngineNews { engine: self.name.clone(), part }));
        let updates = parts.into_iter().map(news).collect();
        self.told_at = clock::instant();
        if self.complete { self.teller.tell(updates).await } else { self.teller.send(clock::now(), updates).await }
    }

    async fn tell_rows(&mut self) -> Result<(), Ended> {
        if !self.listed {
            return Ok(());
        }
        let mut parts = Vec::new();
        if !self.told {
            self.told = true;
            parts.push(EnginePart::Containers(self.known.all()));
        } else if self.known.has_news() {
            parts.push(EnginePart::Containers(self.known.news()));
        }
        self.follow_usage();
        if !parts.is_empty() {
            self.tell(parts).await?;
        }
        self.look_whether_complete().await
    }

    async fn look_whether_complete(&mut self) -> Result<(), Ended> {
        if self.complete || !self.listed || self.inspecting > 0 || self.known.has_to_inspect() {
            return Ok(());
        }
        let waited = self.begun.elapsed() >= PATIENCE_FOR_USAGE;
        if waited || self.streams.is_whole(&self.rates) {
            self.complete = true;
            self.known.answered();
            self.tell(Vec::new()).await?;
        }
        Ok(())
    }

    fn demand_changed(&mut self) {
        self.tick_at = clock::instant();
        let open = self.open();
        if self.told_details.as_ref().map(|(object, _)| object) != open.as_ref() {
            self.details = Wanted { asked: self.details.asked, ..Wanted::default() };
        }
    }

    /// The object of this engine that is open on the screen.
    fn open(&self) -> Option<ObjectRef> {
        let demand = self.demand.borrow();
        let open = demand.open.as_ref()?;
        let (engine, _) = open.engine_and_id()?;
        (engine == self.name).then(|| open.clone())
    }

    fn wants(&self, topic: Topic) -> bool {
        self.demand.borrow().visible.contains(topic)
    }

    /// Usage of all that run while a list of it is seen, of the one that is open otherwise.
    fn follow_usage(&mut self) {
        let open = self.open().filter(|open| open.kind == ObjectKind::Container);
        let all = self.wants(Topic::ContainerUsage);
        let is_open = |id: &str| open.as_ref().and_then(ObjectRef::engine_and_id).is_some_and(|(_, open)| open == id);
        let running = |state| matches!(state, ContainerState::Running | ContainerState::Paused);
        let running = self.known.rows().filter(|row| running(row.state));
        let wanted = running.filter(|row| all || is_open(&row.id)).map(|row| row.id.clone()).collect();
        self.streams.follow(wanted, &self.docker, &self.asked);
    }

    /// What is done every second while something is looked at, and every few seconds otherwise.
    async fn tick(&mut self, now: Instant) -> Result<(), Ended> {
        self.follow_usage();
        if let Some(usage) = self.streams.news() {
            self.rates.extend(usage.iter().filter(|(_, usage)| usage.cpu_ratio.is_some()).map(|(id, _)| id.clone()));
            self.tell(vec![EnginePart::Usage(usage)]).await?;
        }
        self.known.rejudge(clock::now());
        if self.known.has_news() {
            self.tell_later(Duration::ZERO);
        }
        self.look_whether_complete().await?;
        if self.heard_at > self.told_at && now.saturating_duration_since(self.told_at) >= SIGN_OF_LIFE {
            // Events that change nothing are signs of life too.
            self.tell(Vec::new()).await?;
        }
        // Asked early enough for an answer that takes as long as it may to come before the engine counts as silent.
        if now.saturating_duration_since(self.heard_at) >= SIGN_OF_LIFE / 2 && !self.alive_asked {
            self.alive_asked = true;
            let docker = self.docker.clone();
            self.ask(async move { Fact::Alive(raw::bytes(&docker, "/_ping").await.map(drop)) });
        }
        if now >= self.list_at {
            self.ask_list();
        }
        self.read_what_is_seen(now);
        let is_looked_at = self.open().is_some() || self.wants(Topic::ContainerUsage) || !self.complete;
        let step = if is_looked_at { Duration::from_secs(1) } else { SIGN_OF_LIFE };
        self.tick_at = now + clock::until_multiple_of(step);
        Ok(())
    }

    fn read_what_is_seen(&mut self, now: Instant) {
        let open = self.open();
        let of_store = |open: &ObjectRef| open.kind != ObjectKind::Container;
        if self.wants(Topic::EngineStores) || open.as_ref().is_some_and(of_store) {
            if self.stores.is_due(now) {
                self.stores.ask();
                let docker = self.docker.clone();
                self.ask(async move { Fact::Stores(store::read(&docker).await.map(Box::new)) });
            }
            if self.disk.is_due(now) {
                self.disk.ask();
                let docker = self.docker.clone();
                self.ask(async move { Fact::Disk(store::disk(&docker).await.map(Box::new)) });
            }
        }
        if let Some(object) = open {
            // Processes and lines have no events: they are read again and again while they are seen.
            self.details.fresh = false;
            if self.details.is_due(now) {
                self.details.ask();
                let (docker, engine) = (self.docker.clone(), self.name.clone());
                let local = self.url.starts_with("unix://");
                self.ask(async move {
                    let read = details::read(&docker, &engine, &object, local).await;
                    Fact::Detailed(object, Box::new(read))
                });
            }
        }
    }

    async fn take_details(&mut self, object: ObjectRef, read: Box<ContainerDetails>) -> Result<(), Ended> {
        self.details.done();
        if self.open().as_ref() != Some(&object) {
            self.details.read_at = None;
            self.tick_at = clock::instant();
            return Ok(());
        }
        let same = self.told_details.as_ref().is_some_and(|(told, before)| *told == object && *before == read);
        if !same {
            self.tell(vec![EnginePart::Details(read.clone())]).await?;
            self.told_details = Some((object, read));
        }
        Ok(())
    }
}
