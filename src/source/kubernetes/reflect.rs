//! Keeps up with one kind of resource: lists it, watches it from there, lists anew where that got too old, and tells what changed
//! in batches.

use super::{
    api::{Api, ListMeta, Listing, Trouble},
    printer::Dialect,
};
use crate::{
    clock,
    model::{
        Timestamp,
        kubernetes::{Cluster, KubePart},
        rows::{Delta, Keyed},
        topic::TopicSet,
    },
    source::{
        live::Gone,
        supervisor::{Demand, backoff},
    },
};
use compact_str::CompactString;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

/// The first page of a list: a screenful, at once.
const FIRST_PAGE: u32 = 500;
/// Rows of a list that is still being read are told in chunks of so many.
const CHUNK: usize = 2_000;
/// What changes is told this often while it is shown, and else.
const SHOWN: Duration = Duration::from_millis(250);
const HIDDEN: Duration = Duration::from_secs(1);
/// How often judgements are renewed that time changes.
const JUDGED: Duration = Duration::from_secs(15);
/// How often it is tried again what was denied or is not there.
const DENIED: Duration = Duration::from_secs(60);
/// The server ends a watch after so many seconds.
const WATCH_SECONDS: u32 = 290;

/// A kind of resource, and how its objects become rows.
pub trait Kind: Send + Sync + 'static {
    /// The row.
    type Row: Keyed + Clone + PartialEq + Send + Sync + 'static;
    /// Its name in paths: `pods`.
    const RESOURCE: &'static str;
    /// Group and version that are tried, the best first: `/apis/batch/v1`.
    const PATHS: &'static [&'static str];
    /// Whether its objects are in namespaces.
    const NAMESPACED: bool = true;
    /// Whether there are so many of it that the whole list is asked for together with its first page: the server takes long to write it.
    const NUMEROUS: bool = false;

    /// Reads an object.
    ///
    /// # Errors
    /// Where it is not what the API promises.
    fn read(origin: &Origin, json: &[u8]) -> Result<Read<Self::Row>, serde_json::Error>;
    /// Judges a row again as time has passed.
    fn judge(_row: &mut Self::Row, _now: Timestamp) {}
    /// The news that carries such rows.
    fn part(delta: Delta<Self::Row>) -> KubePart;
    /// Which rows are too many, by key.
    fn excess(_rows: &HashMap<CompactString, Arc<Self::Row>>) -> Vec<CompactString> {
        Vec::new()
    }
}

/// Where rows come from.
#[derive(Debug, Clone)]
pub struct Origin {
    pub context: CompactString,
    /// What is asked for one by one where the whole cluster is denied.
    pub namespaces: Arc<[CompactString]>,
    pub dialect: Dialect,
}

/// An object that was read.
pub struct Read<T> {
    pub row: T,
    pub version: CompactString,
}

/// What a part of the source tells the whole.
pub enum Told {
    /// News.
    Part(KubePart),
    /// How a list stands.
    List { resource: CompactString, namespace: CompactString, state: ListState },
    /// Something about the cluster itself.
    About(Box<dyn FnOnce(&mut Cluster) + Send>),
}

/// How a list stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListState {
    /// Being read: how many rows are here, and how many there are, where the server told.
    Loading { here: u64, of: Option<u64> },
    /// Here, and watched.
    Here,
    /// Not allowed: the verb.
    Denied(&'static str),
    /// Wrong somehow; tried again.
    Failed(Trouble),
}

impl ListState {
    /// Nothing is here yet.
    pub const LOADING: Self = Self::Loading { here: 0, of: None };
}

/// What all parts of a source share.
#[derive(Clone)]
pub struct Shared {
    pub api: Api,
    pub origin: Origin,
    pub demand: watch::Receiver<Demand>,
    /// Counts how often the server came back: what waits then tries at once.
    pub returned: watch::Receiver<u64>,
    pub told: mpsc::Sender<Told>,
}

impl Shared {
    /// Tells the source.
    ///
    /// # Errors
    /// [`Gone`] where the source has ended.
    pub async fn tell(&self, told: Told) -> Result<(), Gone> {
        self.told.send(told).await.map_err(|_| Gone)
    }

    /// Waits before another try: less where the server comes back.
    pub async fn pause(&mut self, pause: Duration) {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = self.returned.changed() => {}
        }
    }
}

/// Why a list or watch ended.
enum End {
    Gone,
    Trouble(Trouble, &'static str),
}

impl From<Gone> for End {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

/// Keeps up with one kind, in the whole cluster or in one namespace.
pub struct Reflector<K: Kind> {
    shared: Shared,
    /// Empty for the whole cluster.
    namespace: CompactString,
    topics: TopicSet,
    /// Which of [`Kind::PATHS`] the server has.
    path: usize,
    rows: HashMap<CompactString, Arc<K::Row>>,
    /// Keys of rows that changed, and of those that are gone, and were not told yet.
    changed: HashSet<CompactString>,
    gone: HashSet<CompactString>,
    /// Where the watch goes on; empty where a list is needed.
    version: CompactString,
    /// Whether the server's cache was too old, so that the list has to come from its store.
    stale_cache: bool,
    /// How many rows there are, while a list is read whose first page told.
    expected: Option<u64>,
}

impl<K: Kind> Reflector<K> {
    /// One that knows nothing yet. Changes are told quickly while one of `topics` is shown.
    pub fn new(shared: Shared, namespace: CompactString, topics: TopicSet) -> Self {
        let (rows, changed, gone) = (HashMap::new(), HashSet::new(), HashSet::new());
        let version = CompactString::default();
        Self { shared, namespace, topics, path: 0, rows, changed, gone, version, stale_cache: false, expected: None }
    }

    /// Lists and watches until nobody listens.
    pub async fn run(mut self) {
        let mut failures = 0;
        loop {
            let (trouble, verb) = match self.once().await {
                Ok(()) => {
                    failures = 0;
                    continue;
                }
                Err(End::Gone) => return,
                Err(End::Trouble(trouble, verb)) => (trouble, verb),
            };
            failures += 1;
            let (state, pause) = match trouble {
                Trouble::Gone => {
                    self.version = CompactString::default();
                    self.stale_cache = true;
                    if failures < 3 {
                        continue;
                    }
                    (ListState::Failed(Trouble::Gone), backoff(Duration::from_secs(1), failures))
                }
                Trouble::Missing if self.path + 1 < K::PATHS.len() => {
                    self.path += 1;
                    continue;
                }
                Trouble::Missing => {
                    self.path = 0;
                    (ListState::Here, DENIED)
                }
                Trouble::Denied(_) => (ListState::Denied(verb), DENIED),
                trouble => (ListState::Failed(trouble), backoff(Duration::from_secs(1), failures)),
            };
            if self.say(state).await.is_err() {
                return;
            }
            self.shared.pause(pause).await;
        }
    }

    async fn say(&self, state: ListState) -> Result<(), Gone> {
        let resource = super::resource_name(K::PATHS[self.path], K::RESOURCE);
        self.shared.tell(Told::List { resource, namespace: self.namespace.clone(), state }).await
    }

    async fn once(&mut self) -> Result<(), End> {
        if self.version.is_empty() {
            self.list().await?;
        }
        self.say(ListState::Here).await?;
        self.watch().await
    }

    fn url(&self, query: &str) -> String {
        let (path, resource) = (K::PATHS[self.path], K::RESOURCE);
        if self.namespace.is_empty() || !K::NAMESPACED {
            format!("{path}/{resource}?{query}")
        } else {
            format!("{path}/namespaces/{}/{resource}?{query}", self.namespace)
        }
    }

    /// Reads the list: the first page at once, where there are more the whole of it, from the server's cache, which is
    /// much quicker than page after page.
    async fn list(&mut self) -> Result<(), End> {
        self.say(self.loading()).await?;
        let mut seen = HashSet::new();
        let mut version = None;
        let mut whole = JoinSet::new();
        if self.rows.is_empty() {
            if K::NUMEROUS {
                whole.spawn(self.ask_for_all());
            }
            let page =
                self.ask(&format!("limit={FIRST_PAGE}")).await.map_err(|trouble| End::Trouble(trouble, "list"))?;
            let page = self.read_list(page, &mut seen).await?;
            self.expected = page.remaining_item_count.map(|rest| rest + self.rows.len() as u64);
            version = page.next.is_empty().then_some(page.resource_version);
        }
        let version = match version {
            Some(version) => version,
            None => {
                self.say(self.loading()).await?;
                seen.clear();
                let asked = match whole.join_next().await {
                    Some(Ok(asked)) => asked,
                    _ => self.ask_for_all().await,
                };
                let listing = asked.map_err(|trouble| End::Trouble(trouble, "list"))?;
                self.read_list(listing, &mut seen).await?.resource_version
            }
        };
        self.stale_cache = false;
        self.expected = None;
        let missing: Vec<_> = self.rows.keys().filter(|key| !seen.contains(*key)).cloned().collect();
        for key in missing {
            self.forget(key);
        }
        self.flush().await?;
        self.version = version;
        Ok(())
    }

    fn loading(&self) -> ListState {
        ListState::Loading { here: self.rows.len() as u64, of: self.expected }
    }

    /// Asks for all of it.
    fn ask_for_all(&self) -> impl Future<Output = Result<Listing, Trouble>> + use<K> {
        self.ask(if self.stale_cache { "" } else { "resourceVersion=0" })
    }

    fn ask(&self, query: &str) -> impl Future<Output = Result<Listing, Trouble>> + use<K> {
        let (api, url) = (self.shared.api.clone(), self.url(query));
        async move { api.list(&url).await }
    }

    /// Reads a list, telling its rows as they come.
    async fn read_list(&mut self, mut listing: Listing, seen: &mut HashSet<CompactString>) -> Result<ListMeta, End> {
        let failed = |trouble| End::Trouble(trouble, "list");
        let mut more = true;
        while more {
            let origin = &self.shared.origin;
            let mut fresh = Vec::new();
            let mut on_item = |json: &[u8]| match K::read(origin, json) {
                Ok(read) => fresh.push(read.row),
                Err(error) => tracing::warn!(resource = K::RESOURCE, %error, "an object could not be read"),
            };
            more = listing.frame(&mut on_item).await.map_err(failed)?;
            for row in fresh {
                seen.insert(row.key());
                self.take(row);
            }
            if !more || self.changed.len() >= CHUNK {
                self.flush().await?;
                self.say(self.loading()).await?;
            }
        }
        listing.finish().map_err(failed)
    }

    fn take(&mut self, row: K::Row) {
        let key = row.key();
        self.gone.remove(&key);
        if self.rows.get(&key).is_some_and(|known| **known == row) {
            return;
        }
        self.changed.insert(key.clone());
        self.rows.insert(key, Arc::new(row));
    }

    fn forget(&mut self, key: CompactString) {
        self.changed.remove(&key);
        if self.rows.remove(&key).is_some() {
            self.gone.insert(key);
        }
    }

    /// Tells what changed.
    async fn flush(&mut self) -> Result<(), Gone> {
        for key in K::excess(&self.rows) {
            self.forget(key);
        }
        if self.changed.is_empty() && self.gone.is_empty() {
            return Ok(());
        }
        let changed: Vec<_> = self.changed.drain().filter_map(|key| self.rows.get(&key).cloned()).collect();
        let delta = if self.gone.is_empty() && changed.len() == self.rows.len() {
            Delta::More(changed)
        } else {
            Delta::Changed { changed, gone: self.gone.drain().collect() }
        };
        self.shared.tell(Told::Part(K::part(delta))).await
    }

    /// Judges every row anew: some turn bad by time alone.
    fn judge_again(&mut self) {
        let now = clock::now();
        for (key, row) in &mut self.rows {
            let mut judged = K::Row::clone(row);
            K::judge(&mut judged, now);
            if **row != judged {
                *row = Arc::new(judged);
                self.changed.insert(key.clone());
            }
        }
    }

    async fn watch(&mut self) -> Result<(), End> {
        let query = format!(
            "watch=true&allowWatchBookmarks=true&timeoutSeconds={WATCH_SECONDS}&resourceVersion={}",
            self.version
        );
        let url = self.url(&query);
        let failed = |trouble| End::Trouble(trouble, "watch");
        let api = self.shared.api.clone();
        let mut stream = api.stream(&url, "application/json").await.map_err(failed)?;
        let mut rest = Vec::new();
        let mut judge_at = clock::instant() + JUDGED;
        // When what changed is told.
        let mut due: Option<Instant> = None;
        self.shared.returned.mark_unchanged();
        loop {
            tokio::select! {
                frame = stream.next() => {
                    let Some(frame) = frame.map_err(failed)? else { break };
                    self.take_frame(&mut rest, &frame).map_err(failed)?;
                }
                () = tokio::time::sleep_until(due.unwrap_or(judge_at).min(judge_at).into()) => {
                    if clock::instant() >= judge_at {
                        judge_at = clock::instant() + JUDGED;
                        self.judge_again();
                    }
                    self.flush().await?;
                    due = None;
                }
                // The server came back: this stream may be a dead one.
                _ = self.shared.returned.changed() => break,
            }
            if due.is_none() && !(self.changed.is_empty() && self.gone.is_empty()) {
                let shown = self.shared.demand.borrow().visible.intersects(self.topics);
                let step = if shown { SHOWN } else { HIDDEN };
                due = Some(clock::instant() + clock::until_multiple_of(step));
            }
        }
        self.flush().await?;
        Ok(())
    }

    /// Takes what arrived of a watch: a line an event.
    fn take_frame(&mut self, rest: &mut Vec<u8>, frame: &[u8]) -> Result<(), Trouble> {
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', frame) {
            let line = &frame[from..end];
            from = end + 1;
            if rest.is_empty() {
                self.take_line(line)?;
            } else {
                rest.extend_from_slice(line);
                let line = std::mem::take(rest);
                self.take_line(&line)?;
            }
        }
        rest.extend_from_slice(&frame[from..]);
        Ok(())
    }

    fn take_line(&mut self, line: &[u8]) -> Result<(), Trouble> {
        if line.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        let event: Event = serde_json::from_slice(line).map_err(|error| Trouble::Refused(error.to_string()))?;
        let object = event.object.get().as_bytes();
        match event.kind {
            "ERROR" => {
                let status: super::api::ApiStatus = serde_json::from_slice(object).unwrap_or_default();
                Err(if status.code == 410 { Trouble::Gone } else { Trouble::Refused(status.message) })
            }
            "BOOKMARK" => {
                let bookmark: Bookmark = serde_json::from_slice(object).unwrap_or_default();
                if !bookmark.metadata.resource_version.is_empty() {
                    self.version = bookmark.metadata.resource_version;
                }
                Ok(())
            }
            kind => {
                match K::read(&self.shared.origin, object) {
                    Ok(read) => {
                        self.version = read.version;
                        if kind == "DELETED" { self.forget(read.row.key()) } else { self.take(read.row) }
                    }
                    Err(error) => tracing::warn!(resource = K::RESOURCE, %error, "an object could not be read"),
                }
                Ok(())
            }
        }
    }
}

/// A line of a watch.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    object: &'a RawValue,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Bookmark {
    metadata: Version,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Version {
    resource_version: CompactString,
}
