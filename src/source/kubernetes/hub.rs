//! A cluster as a whole: connects, starts what keeps up with its parts, gives signs of life, and tells everything.

use super::{
    ALIVE,
    api::{Api, Trouble},
    details, discovery,
    node::{Events, Nodes},
    pod::Pods,
    printer::Dialect,
    reflect::{Kind, ListState, Origin, Reflector, Shared, Told},
    resource_name, table, usage,
    workload::{CronJobs, DaemonSets, Deployments, Jobs, ReplicaSets, StatefulSets},
};
use crate::{
    client::{Clients, kubernetes::ContextInfo},
    model::{
        kubernetes::{Cluster, Denied, KubeNews, KubePart},
        rows::Delta,
        topic::Topic,
        update::Update,
    },
    source::{
        SourceError,
        live::Gone,
        supervisor::{Demand, Teller, backoff},
    },
};
use compact_str::CompactString;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::Instant,
};

/// How many tellings may wait.
const QUEUE: usize = 64;
/// While a server is gone it is asked at least this often.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Failures in a row from which a server counts as down though it was there just now.
const PATIENCE: Duration = Duration::from_secs(4);

/// A resource that is kept up with.
struct Kept {
    resource: fn() -> CompactString,
    namespaced: bool,
    start: fn(Shared, CompactString) -> BoxFuture<'static, ()>,
}

macro_rules! kept {
    ($($kind:ident: $topic:ident),*) => {
        &[$(Kept {
            resource: || resource_name($kind::PATHS[0], $kind::RESOURCE),
            namespaced: $kind::NAMESPACED,
            start: |shared, namespace| Box::pin(Reflector::<$kind>::new(shared, namespace, Topic::$topic.into()).run()),
        }),*]
    };
}

/// The pods first: their first page is the first screenful.
static KEPT: &[Kept] = kept![
    Pods: Pods, Deployments: Workloads, ReplicaSets: Workloads, StatefulSets: Workloads, DaemonSets: Workloads,
    Jobs: Workloads, CronJobs: Workloads, Nodes: Nodes, Events: KubeEvents
];

/// `/version`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Version {
    git_version: CompactString,
    minor: CompactString,
}

impl Version {
    fn dialect(&self) -> Dialect {
        // Some providers write `27+`.
        let digits = self.minor.trim_end_matches(|c: char| !c.is_ascii_digit());
        digits.parse().map_or(Dialect::NEWEST, Dialect::of)
    }
}

/// Watches a cluster until nobody listens.
pub async fn run(
    clients: Arc<Clients>,
    context: ContextInfo,
    demand: watch::Receiver<Demand>,
    teller: &mut Teller,
) -> Result<(), Gone> {
    let api = Api { clients, context: context.name.clone() };
    let version = connect(&api, teller).await?;
    let namespace = if context.namespace.is_empty() { "default".into() } else { context.namespace.clone() };
    let mut namespaces = vec![namespace];
    namespaces.extend(context.namespaces.iter().filter(|name| **name != namespaces[0]).cloned().collect::<Vec<_>>());
    let origin = Origin { context: context.name.clone(), namespaces: namespaces.into(), dialect: version.dialect() };
    let (told, queue) = mpsc::channel(QUEUE);
    let (returned_in, returned) = watch::channel(0);
    let shared = Shared { api, origin, demand, returned, told };
    let cluster = Cluster {
        context: context.name,
        cluster: context.cluster,
        user: context.user,
        file: context.file,
        server: context.server,
        current: context.current,
        namespace: context.namespace,
        // Until it is known which there are, and for who may not list them.
        namespaces: context.namespaces,
        version: version.git_version,
        ..Cluster::default()
    };
    Hub {
        shared,
        cluster,
        told: None,
        lists: BTreeMap::new(),
        tasks: JoinSet::new(),
        returned: returned_in,
        queue,
        held: Vec::new(),
    }
    .run(teller)
    .await
}

/// Asks for the version until there is an answer.
async fn connect(api: &Api, teller: &mut Teller) -> Result<Version, Gone> {
    let mut failures = 0;
    loop {
        match api.json::<Version>("/version").await {
            Ok(version) => return Ok(version),
            // It is there, and keeps this to itself.
            Err(Trouble::Denied(_) | Trouble::Missing) => return Ok(Version::default()),
            Err(trouble) => {
                teller.error(&down(&trouble), Some(ALIVE)).await?;
                failures += 1;
                tokio::time::sleep(backoff(Duration::from_secs(1), failures).min(LONGEST_PAUSE)).await;
            }
        }
    }
}

fn down(trouble: &Trouble) -> SourceError {
    let (reason, hint) = match trouble {
        Trouble::Unreachable { reason, hint } => (reason.clone(), hint.clone()),
        Trouble::Unauthorized(words) => {
            (format!("the credentials are not taken: {words}"), "sign in again as for kubectl".into())
        }
        other => (other.words(), "it is asked again by itself".into()),
    };
    SourceError::Down { reason, hint }
}

struct Hub {
    shared: Shared,
    cluster: Cluster,
    /// As it was told last.
    told: Option<Cluster>,
    /// How each list stands, by resource and namespace.
    lists: BTreeMap<(CompactString, CompactString), ListState>,
    /// Whatever runs here ends with this.
    tasks: JoinSet<()>,
    returned: watch::Sender<u64>,
    queue: mpsc::Receiver<Told>,
    /// News that are told when the server is back.
    held: Vec<Update>,
}

impl Hub {
    async fn run(mut self, teller: &mut Teller) -> Result<(), Gone> {
        // What was known before a pause is read anew.
        let empty = [
            KubePart::Pods(Delta::All(Vec::new())),
            KubePart::Workloads(Delta::All(Vec::new())),
            KubePart::Nodes(Delta::All(Vec::new())),
            KubePart::Events(Delta::All(Vec::new())),
        ];
        for kept in KEPT {
            self.start(kept, CompactString::default());
        }
        let (found, resources) = watch::channel(Arc::default());
        self.tasks.spawn(discovery::run(self.shared.clone(), found));
        self.tasks.spawn(usage::run(self.shared.clone()));
        self.tasks.spawn(table::run(self.shared.clone(), resources.clone()));
        self.tasks.spawn(details::run(self.shared.clone(), resources));
        let mut updates: Vec<_> = empty.into_iter().map(|part| self.news(part)).collect();
        updates.extend(self.renewed());
        teller.tell(updates).await?;
        let mut failures = 0;
        let mut ask_at = Instant::from_std(crate::clock::instant() + ALIVE);
        loop {
            tokio::select! {
                told = self.queue.recv() => {
                    let Some(told) = told else { return Ok(()) };
                    let mut updates = Vec::new();
                    let mut suspicious = self.take(told, &mut updates);
                    while let Ok(told) = self.queue.try_recv() {
                        suspicious |= self.take(told, &mut updates);
                    }
                    updates.extend(self.renewed());
                    if suspicious && failures == 0 {
                        ask_at = Instant::from_std(crate::clock::instant());
                    }
                    // While it is down, what was on its way waits: told, it would count as an answer. Watches end within minutes then.
                    self.held.append(&mut updates);
                    if failures == 0 && !self.held.is_empty() {
                        teller.tell(std::mem::take(&mut self.held)).await?;
                    }
                }
                () = tokio::time::sleep_until(ask_at) => {
                    failures = self.ask(failures, teller).await?;
                    let pause = if failures == 0 { ALIVE } else { backoff(Duration::from_secs(1), failures).min(LONGEST_PAUSE) };
                    ask_at = Instant::from_std(crate::clock::instant() + pause);
                }
                Some(ended) = self.tasks.join_next() => {
                    if let Err(error) = ended && error.is_panic() {
                        let reason = "a part of the source failed (a fault in this program)".into();
                        let hint = "see the log pane, and report it".into();
                        teller.error(&SourceError::Down { reason, hint }, None).await?;
                    }
                }
            }
        }
    }

    /// Asks for a sign of life; returns how often in a row there was none.
    async fn ask(&mut self, failures: u32, teller: &mut Teller) -> Result<u32, Gone> {
        let answer = tokio::time::timeout(PATIENCE, self.shared.api.json::<Version>("/version")).await;
        let answer = answer.unwrap_or_else(|_| {
            let reason = format!("no answer within {} s", PATIENCE.as_secs());
            Err(Trouble::Unreachable { reason, hint: "is the API server overloaded, or the network slow?".into() })
        });
        match answer {
            Ok(_) | Err(Trouble::Denied(_) | Trouble::Missing) => {
                if failures > 0 {
                    self.returned.send_modify(|times| *times += 1);
                }
                teller.tell(std::mem::take(&mut self.held)).await?;
                Ok(0)
            }
            Err(trouble) => {
                teller.error(&down(&trouble), Some(ALIVE)).await?;
                Ok(failures + 1)
            }
        }
    }

    fn start(&mut self, kept: &Kept, namespace: CompactString) {
        let list = ((kept.resource)(), namespace.clone());
        if self.lists.contains_key(&list) {
            return;
        }
        self.lists.insert(list, ListState::LOADING);
        self.tasks.spawn((kept.start)(self.shared.clone(), namespace));
    }

    fn news(&self, part: KubePart) -> Update {
        Update::Kube(Box::new(KubeNews { context: self.cluster.context.clone(), part }))
    }

    /// Takes what a part tells; says whether it sounds as if the server were gone.
    fn take(&mut self, told: Told, updates: &mut Vec<Update>) -> bool {
        match told {
            Told::Part(part) => {
                updates.push(self.news(part));
                false
            }
            Told::About(change) => {
                change(&mut self.cluster);
                false
            }
            Told::List { resource, namespace, state } => {
                if matches!(state, ListState::Denied(_)) && namespace.is_empty() {
                    self.fall_back(&resource);
                }
                let lost = matches!(&state, ListState::Failed(Trouble::Unreachable { .. } | Trouble::Unauthorized(_)));
                if let ListState::Failed(trouble) = &state {
                    tracing::warn!(context = %self.cluster.context, %resource, "{}", trouble.words());
                }
                self.lists.insert((resource, namespace), state);
                lost
            }
        }
    }

    /// What may not be listed in the whole cluster may be so in the context's namespace, and in those that the configuration names.
    fn fall_back(&mut self, resource: &str) {
        let Some(kept) = KEPT.iter().find(|kept| kept.namespaced && (kept.resource)() == resource) else { return };
        for namespace in self.shared.origin.namespaces.clone().iter() {
            self.start(kept, namespace.clone());
        }
    }

    /// The cluster, where something about it changed.
    fn renewed(&mut self) -> Option<Update> {
        let (mut denied, mut loading, mut expected, mut partly) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for ((resource, namespace), state) in &self.lists {
            if !namespace.is_empty() && !matches!(state, ListState::Denied(_) | ListState::Loading { here: 0, .. }) {
                partly.push((resource.clone(), namespace.clone()));
            }
            match state {
                ListState::Denied(verb) => {
                    let (resource, verb, namespace) = (resource.clone(), (*verb).into(), namespace.clone());
                    denied.push(Denied { resource, verb, namespace });
                }
                ListState::Loading { here, of } => {
                    loading.push((resource.clone(), *here));
                    expected.extend(of.map(|of| (resource.clone(), of)));
                }
                ListState::Here | ListState::Failed(_) => {}
            }
        }
        (self.cluster.denied, self.cluster.loading, self.cluster.expected, self.cluster.partly) =
            (denied, loading, expected, partly);
        if self.told.as_ref() == Some(&self.cluster) {
            return None;
        }
        self.told = Some(self.cluster.clone());
        Some(self.news(KubePart::Cluster(Box::new(self.cluster.clone()))))
    }
}
