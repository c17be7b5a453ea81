//! The journal as a source: its events as they come, whoever wrote them, and how it is doing.

use super::{
    SourceError, Spec,
    live::{Gone, Live},
    supervisor::{Demand, Teller},
};
use crate::{
    clock,
    journal::{
        Desk, Entry, Filter, Journal, JournalNews as Told, LocalState, NewsStream, Options, PageRequest, Place,
        Present, SharedState as Store, Whose,
    },
    model::{
        Timestamp,
        journal::{
            Event, drills,
            news::{Attached, JournalNews, JournalState, SharedState, Stretch, StretchFrom, StretchWanted},
        },
        source::SourceState,
        topic::Topic,
        update::Update,
    },
};
use compact_str::CompactString;
use futures_util::future::LocalBoxFuture;
use jiff::SignedDuration;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::sync::{mpsc, watch};

/// How often it gives a sign of life.
const SIGN: Duration = Duration::from_secs(30);
/// How far back events that belong to no incident are read at first.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24);
/// Events that belong to no incident, at first.
const FIRST: u32 = 500;
/// Events of a stretch of a timeline.
const STRETCH: u32 = 2_000;
/// Wait before a journal that could not be read is read again.
const AGAIN: Duration = Duration::from_secs(2);

/// The source.
pub struct JournalSource {
    desk: Desk,
    options: Options,
    wanted: mpsc::Receiver<StretchWanted>,
    /// Place in the file of the newest event that was told.
    told: u64,
    state: JournalState,
    /// For how long what was seen outside of incidents keeps its words; `None` is for good.
    keep: Option<SignedDuration>,
}

impl JournalSource {
    /// The source of what a desk writes to; stretches of timelines are asked for through `wanted`.
    pub fn new(
        desk: Desk,
        options: Options,
        keep: Option<SignedDuration>,
        wanted: mpsc::Receiver<StretchWanted>,
    ) -> Self {
        Self { desk, options, wanted, told: 0, state: JournalState::default(), keep }
    }

    async fn opened(&self) -> Result<Journal, SourceError> {
        let (desk, options) = (self.desk.clone(), self.options.clone());
        let opened = tokio::task::spawn_blocking(move || desk.open(options)).await;
        let why = match opened {
            Ok(Ok(journal)) => return Ok(journal),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        let hint = "nothing is recorded: name another file in [journal] of the configuration, or mend this one";
        Err(SourceError::Down { reason: why, hint: hint.into() })
    }

    /// What incidents are, and the newest of what belongs to none.
    async fn first(&mut self, journal: &Journal) -> Result<JournalNews, String> {
        self.told = journal.newest().await.map_err(|error| error.to_string())?;
        let mut entries = journal.incidents().await.map_err(|error| error.to_string())?;
        let now = clock::now();
        let since = now.saturating_sub(LOOK_BACK).unwrap_or(now);
        let request = PageRequest {
            incident: None,
            ambient: Some((since, Timestamp::MAX)),
            filter: Filter::default(),
            place: Place::Newest,
            limit: FIRST,
        };
        let page = journal.page(request).await.map_err(|error| error.to_string())?;
        entries.extend(page.entries);
        entries.extend(page.edits);
        let runs = journal.runs().await.map_err(|error| error.to_string())?;
        let drills = Some(drills::passed(runs.iter().map(|entry| &entry.event)));
        let (events, runs, state) = (events(entries), events(runs), Some(self.state.clone()));
        Ok(JournalNews { events, runs, state, drills, ..JournalNews::default() })
    }

    async fn stretch(&mut self, journal: &Journal, wanted: StretchWanted) -> Option<JournalNews> {
        let place = match wanted.from {
            StretchFrom::Newest => Place::Newest,
            StretchFrom::Oldest => Place::Oldest,
            StretchFrom::Before(order) => Place::Before(order),
            StretchFrom::After(order) => Place::After(order),
        };
        let request = PageRequest {
            incident: Some(wanted.incident),
            ambient: Some(wanted.window),
            filter: Filter::default(),
            place,
            limit: STRETCH,
        };
        let page = match journal.page(request).await {
            Ok(page) => page,
            Err(error) => {
                tracing::warn!(%error, "a timeline could not be read");
                return None;
            }
        };
        let (has_earlier, has_later) = (page.more_before, page.more_after);
        let entries = page.entries.into_iter().chain(page.edits).collect();
        let stretch = Stretch { incident: wanted.incident, events: events(entries), has_earlier, has_later };
        Some(JournalNews { stretch: Some(stretch), ..JournalNews::default() })
    }

    /// Makes the cockpit's news of the journal's.
    async fn news(&mut self, journal: &Journal, told: Told) -> Option<JournalNews> {
        match told {
            Told::Events(entries) => Some(self.came(journal, entries.to_vec()).await),
            Told::Conflict(why) => {
                tracing::error!(why = &*why, "the shared journal does not fit ours");
                self.state.conflict = Some(why.to_string());
                Some(JournalNews { state: Some(self.state.clone()), ..JournalNews::default() })
            }
            Told::Missed => {
                let entries = journal.since(self.told, STRETCH).await.ok()?;
                Some(self.came(journal, entries).await)
            }
            Told::Local(local) => Some(self.local(local)),
            Told::Shared(store) => Some(self.shared(store)),
            Told::Presence(present) => {
                let attached = Some(present.iter().map(attached).collect());
                Some(JournalNews { attached, ..JournalNews::default() })
            }
        }
    }

    async fn came(&mut self, journal: &Journal, entries: Vec<Entry>) -> JournalNews {
        let has_end = entries.iter().any(|entry| drills::ends_run(&entry.event));
        let drills = if has_end { drilled(journal).await } else { None };
        self.told = entries.iter().map(|entry| entry.local).max().unwrap_or(0).max(self.told);
        JournalNews { events: events(entries), drills, ..JournalNews::default() }
    }

    fn local(&mut self, local: LocalState) -> JournalNews {
        (self.state.problem, self.state.unwritten) = match local {
            LocalState::Ok => (None, 0),
            LocalState::Unwritable { why, kept, .. } => (Some(why), kept),
        };
        JournalNews { state: Some(self.state.clone()), ..JournalNews::default() }
    }

    fn shared(&mut self, store: Store) -> JournalNews {
        let now = clock::now();
        let state = |state, since, reason, unsent| Some(SharedState { state, since, reason, unsent });
        self.state.shared = match store {
            Store::Off => None,
            Store::Connecting => state(SourceState::Waiting, now, None, 0),
            Store::Connected => state(SourceState::Ok, now, None, 0),
            Store::Behind { unpushed, .. } => state(SourceState::Ok, now, None, unpushed),
            Store::Down { why, since } => state(SourceState::Down, since, Some(why), 0),
        };
        JournalNews { state: Some(self.state.clone()), ..JournalNews::default() }
    }

    /// Erases what has served its time: of this file's own writers, once a start.
    async fn expire(&self, journal: &Journal) {
        let Some(keep) = self.keep else { return };
        let before = clock::now().saturating_sub(keep).unwrap_or(Timestamp::MIN);
        let reason = format!("kept for {} days", keep.as_hours() / 24);
        match journal.expire(before, Whose::Own, reason).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "events outside of incidents have served their time"),
            Err(error) => tracing::warn!(%error, "what has served its time could not be erased"),
        }
    }

    async fn follow(&mut self, journal: &Journal, mut stream: NewsStream, teller: &mut Teller) -> Result<(), Gone> {
        loop {
            let news = tokio::select! {
                told = stream.next() => match told {
                    Some(told) => self.news(journal, told).await,
                    None => return Ok(()),
                },
                Some(wanted) = self.wanted.recv() => self.stretch(journal, wanted).await,
                () = tokio::time::sleep(SIGN) => Some(JournalNews::default()),
            };
            if let Some(news) = news {
                teller.tell(vec![Update::Journal(Box::new(news))]).await?;
            }
        }
    }
}

/// When runbooks last passed as drills; `None` where the journal cannot say.
async fn drilled(journal: &Journal) -> Option<BTreeMap<CompactString, Timestamp>> {
    let runs = journal.runs().await.ok()?;
    Some(drills::passed(runs.iter().map(|entry| &entry.event)))
}

impl Live for JournalSource {
    fn spec(&self) -> Spec {
        let topics = Topic::Journal.into();
        let kind = "journal".into();
        Spec { name: "journal".into(), kind, topics, foreground: SIGN, background: Some(SIGN), deadline: AGAIN }
    }

    fn place(&self) -> String {
        self.options.path.display().to_string()
    }

    fn watch<'a>(
        &'a mut self,
        mut demand: watch::Receiver<Demand>,
        teller: &'a mut Teller,
    ) -> LocalBoxFuture<'a, Result<(), Gone>> {
        Box::pin(async move {
            let journal = match self.opened().await {
                Ok(journal) => journal,
                Err(error) => {
                    teller.error(&error, None).await?;
                    // It does not open by itself; the cockpit is started anew once it is mended.
                    while demand.changed().await.is_ok() {}
                    return Err(Gone);
                }
            };
            self.expire(&journal).await;
            loop {
                let stream = journal.news();
                match self.first(&journal).await {
                    Ok(news) => {
                        teller.send(clock::now(), vec![Update::Journal(Box::new(news))]).await?;
                        self.follow(&journal, stream, teller).await?;
                    }
                    Err(reason) => {
                        let hint = "mend its file, or name another in [journal] of the configuration; it is read again by itself".into();
                        teller.error(&SourceError::Down { reason, hint }, Some(AGAIN)).await?;
                    }
                }
                tokio::time::sleep(AGAIN).await;
            }
        })
    }
}

fn events(entries: Vec<Entry>) -> Vec<Arc<Event>> {
    entries.into_iter().map(|entry| Arc::new(entry.event)).collect()
}

fn attached(present: &Present) -> Attached {
    let attendee = &present.attendee;
    Attached {
        person: attendee.actor.name.clone(),
        host: attendee.host.clone(),
        from: attendee.actor.from.clone(),
        since: present.since,
    }
}
