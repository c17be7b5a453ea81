//! Clusters, by the contexts of the kubeconfig, which is read as kubectl reads it.

use super::{NONE, Tried, Unreachable, proxy};
use crate::model::nearest;
use compact_str::CompactString;
use kube::{
    Client, Config,
    config::{ExecInteractiveMode, KubeConfigOptions, Kubeconfig},
};
use std::{
    collections::{BTreeMap, HashMap},
    env,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
    thread::ThreadId,
    time::{Duration, SystemTime},
};

/// The word with which a flag or the configuration asks for every context.
const ALL: &str = "all";
/// Name of the only context inside a cluster, where there is no kubeconfig.
const IN_CLUSTER: &str = "in-cluster";
/// Where a pod finds its own account.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";
/// How problems begin that lie in our own configuration.
const OF_CONFIGURATION: &str = "configuration: ";
/// A way that is not there after this long is none.
const CONNECT: Duration = Duration::from_secs(5);

/// The contexts that the kubeconfig has, and clients for them.
#[derive(Default)]
pub struct Contexts {
    all: Vec<ContextInfo>,
    problems: Vec<String>,
    /// Whether there are contexts at all; clients read the files again where they changed.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    loaded: Option<Loaded>,
    /// By context and thread: a client's connections live on the event loop of the thread that made it.
    clients: HashMap<(CompactString, ThreadId), Client>,
}

/// A kubeconfig with when its files were changed last.
#[derive(Clone)]
struct Loaded {
    config: Kubeconfig,
    stamps: Vec<(PathBuf, Option<SystemTime>)>,
}

/// A context.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContextInfo {
    pub name: CompactString,
    pub cluster: CompactString,
    pub user: CompactString,
    pub namespace: CompactString,
    /// Namespaces that are asked too where the whole cluster may not be.
    pub namespaces: Vec<CompactString>,
    /// Where its cluster is reached.
    pub server: CompactString,
    /// The file that has it.
    pub file: CompactString,
    /// Whether the kubeconfig has it as the current one.
    pub current: bool,
    /// Whether it is watched from the start.
    pub chosen: bool,
}

impl std::fmt::Debug for Contexts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contexts").field("all", &self.all).field("problems", &self.problems).finish_non_exhaustive()
    }
}

impl Contexts {
    /// Reads the kubeconfig; `wanted` names contexts, or is `all` or `none`. Connects to nothing.
    pub fn discover(wanted: &[String]) -> Self {
        if wanted.iter().any(|name| name == NONE) {
            return Self::default();
        }
        let files = files();
        let found = Self::from_files(wanted, &files);
        let nowhere = found.all.is_empty() && found.problems.is_empty();
        if nowhere && std::path::Path::new(ACCOUNT).exists() && env::var_os("KUBERNETES_SERVICE_HOST").is_some() {
            return Self { all: vec![in_cluster()], ..Self::default() };
        }
        found
    }

    /// The same from these files, the first having the first word.
    pub fn from_files(wanted: &[String], files: &[PathBuf]) -> Self {
        let (loaded, mut problems) = read(files);
        let config = &loaded.config;
        let current = config.current_context.clone().unwrap_or_default();
        let chosen = |name: &str| {
            if wanted.is_empty() {
                name == current
            } else {
                wanted.iter().any(|wanted| wanted == ALL || wanted == name)
            }
        };
        let all: Vec<_> = config
            .contexts
            .iter()
            .map(|named| {
                let context = named.context.clone().unwrap_or_default();
                let cluster = config.clusters.iter().find(|cluster| cluster.name == context.cluster);
                let server = cluster.and_then(|cluster| cluster.cluster.as_ref()?.server.clone());
                ContextInfo {
                    name: named.name.as_str().into(),
                    cluster: context.cluster.into(),
                    user: context.user.unwrap_or_default().into(),
                    namespace: context.namespace.unwrap_or_default().into(),
                    namespaces: Vec::new(),
                    server: server.unwrap_or_default().into(),
                    file: file_of(&named.name, files).into(),
                    current: named.name == current,
                    chosen: chosen(&named.name),
                }
            })
            .collect();
        for name in wanted.iter().filter(|name| *name != ALL && !all.iter().any(|context| context.name == **name)) {
            let near = nearest::did_you_mean(name, all.iter().map(|context| context.name.as_str()));
            problems.push(format!("no context is called {name} in {}{near}", named(files)));
        }
        let state = State { loaded: Some(loaded), ..State::default() };
        Self { all, problems, state: Mutex::new(state) }
    }

    /// The same, knowing which namespaces to ask one by one where the whole cluster may not be, by context.
    #[must_use]
    pub fn with_namespaces(mut self, namespaces: &BTreeMap<String, Vec<String>>) -> Self {
        for (name, namespaces) in namespaces {
            match self.all.iter_mut().find(|context| context.name == *name) {
                Some(context) => context.namespaces = namespaces.iter().map(CompactString::from).collect(),
                None => {
                    let near = nearest::did_you_mean(name, self.all.iter().map(|context| context.name.as_str()));
                    self.problems.push(format!("{OF_CONFIGURATION}namespaces.{name}: no context is called so{near}"));
                }
            }
        }
        self
    }

    /// All of them, in the order of the kubeconfig.
    pub fn all(&self) -> &[ContextInfo] {
        &self.all
    }

    /// What is wrong with the kubeconfig or with the names that were asked for, in words.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Why none is chosen, and what to do: there is no kubeconfig, it has no context, not the one that was named, or no current one.
    pub fn why_none(&self) -> String {
        let state = self.state();
        // Whoever wants none has none read.
        let Some(loaded) = &state.loaded else {
            return "no context is chosen: --context none leaves every cluster out".into();
        };
        let files: Vec<_> = loaded.stamps.iter().map(|(path, _)| path.clone()).collect();
        let place = named(&files);
        if !files.iter().any(|path| path.exists()) {
            let place = if files.is_empty() { "HOME is not set".into() } else { place };
            return format!("there is no kubeconfig ({place}): write one, or name its file in KUBECONFIG");
        }
        match self.problems.iter().find(|problem| !problem.starts_with(OF_CONFIGURATION)) {
            Some(problem) => problem.clone(),
            None if self.all.is_empty() => {
                format!("{place} has no context: see `kubectl config view`, or name another file in KUBECONFIG")
            }
            None if self.all.iter().any(|context| context.chosen) => {
                "the sources of the contexts that are chosen are switched off ([sources] in the configuration)".into()
            }
            None => "no context is the current one, and none was named: --context names one".into(),
        }
    }

    /// Where contexts were looked for, and which were found.
    pub fn tried(&self) -> Vec<Tried> {
        let file = |(path, _): &(PathBuf, _)| {
            let place = path.display().to_string();
            let contexts = self.all.iter().filter(|context| context.file == place).count();
            let found = match contexts {
                _ if !path.exists() => "not there".to_owned(),
                1 => "1 context".to_owned(),
                contexts => format!("{contexts} contexts"),
            };
            Tried { place, found }
        };
        let files: Vec<_> = self.state().loaded.iter().flat_map(|loaded| loaded.stamps.iter().map(file)).collect();
        let context = |context: &ContextInfo| {
            let word = if context.chosen { "" } else { ", known and not chosen" };
            let place = format!("context {}", context.name);
            Tried { place, found: format!("{}{word}", context.server) }
        };
        files.into_iter().chain(self.all.iter().map(context)).collect()
    }

    /// Where a context's cluster is reached.
    pub fn server(&self, context: &str) -> Option<&str> {
        self.all
            .iter()
            .find(|info| info.name == context)
            .map(|info| info.server.as_str())
            .filter(|server| !server.is_empty())
    }

    /// A client for a context: the one of before, or a new one where the kubeconfig changed since. Call it on the event loop that
    /// will use it.
    ///
    /// # Errors
    /// Why there is none, and what to do.
    pub async fn client(&self, context: &str) -> Result<Client, Unreachable> {
        let thread = std::thread::current().id();
        let key = (CompactString::from(context), thread);
        let loaded = {
            let mut state = self.state();
            let changed =
                state.loaded.as_ref().is_some_and(|loaded| loaded.stamps.iter().any(|(path, at)| stamp(path) != *at));
            if changed {
                let files: Vec<_> =
                    state.loaded.iter().flat_map(|loaded| &loaded.stamps).map(|(path, _)| path.clone()).collect();
                let (loaded, problems) = read(&files);
                problems.iter().for_each(|problem| tracing::warn!("{problem}"));
                (state.loaded, state.clients) = (Some(loaded), HashMap::new());
            }
            if let Some(client) = state.clients.get(&key) {
                return Ok(client.clone());
            }
            state.loaded.clone()
        };
        let client = make(loaded, context, true).await?;
        self.state().clients.insert(key, client.clone());
        Ok(client)
    }

    /// A client that is used once, on an event loop that does not last: it is not kept. It repeats nothing by itself, for what it sends
    /// may change something.
    ///
    /// # Errors
    /// Why there is none, and what to do.
    pub async fn client_for_once(&self, context: &str) -> Result<Client, Unreachable> {
        let loaded = self.state().loaded.as_ref().map(|loaded| {
            let files: Vec<_> = loaded.stamps.iter().map(|(path, _)| path.clone()).collect();
            read(&files).0
        });
        make(loaded, context, false).await
    }

    /// Forgets a context's clients, so that the next one gets new credentials.
    pub fn forget(&self, context: &str) {
        self.state().clients.retain(|(name, _), _| name != context);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A new client: by the kubeconfig, or by the account of the pod that we run in.
async fn make(loaded: Option<Loaded>, context: &str, retry: bool) -> Result<Client, Unreachable> {
    let mut config = match loaded {
        Some(loaded) => from_kubeconfig(loaded, context).await?,
        None => Config::incluster().map_err(|error| Unreachable {
            reason: format!("the account of this pod cannot be used: {error}"),
            hint: format!("is {ACCOUNT} mounted?"),
        })?,
    };
    config.connect_timeout = Some(CONNECT);
    config.default_retry = retry;
    let failed = |reason: String| Unreachable {
        reason,
        hint: "see `kubectl config view`, and try kubectl with this context".into(),
    };
    // A plugin that fetches credentials may take its time; it must not keep the event loop.
    let made = tokio::task::spawn_blocking(move || Client::try_from(config)).await;
    made.map_err(|error| failed(error.to_string()))?.map_err(|error| failed(words(&error)))
}

/// A context inside the cluster.
fn in_cluster() -> ContextInfo {
    let namespace = std::fs::read_to_string(ACCOUNT.replace("token", "namespace")).unwrap_or_default();
    let host = env::var("KUBERNETES_SERVICE_HOST").unwrap_or_default();
    ContextInfo {
        name: IN_CLUSTER.into(),
        cluster: IN_CLUSTER.into(),
        namespace: namespace.trim().into(),
        server: format!("https://{host}").into(),
        file: ACCOUNT.into(),
        current: true,
        chosen: true,
        ..ContextInfo::default()
    }
}

async fn from_kubeconfig(loaded: Loaded, context: &str) -> Result<Config, Unreachable> {
    let files: Vec<_> = loaded.stamps.iter().map(|(path, _)| path.clone()).collect();
    let options = KubeConfigOptions { context: Some(context.into()), ..KubeConfigOptions::default() };
    let proxy_named = proxy_of(&loaded.config, context);
    let made = Config::from_custom_kubeconfig(loaded.config, &options).await;
    let mut config = made.map_err(|error| Unreachable {
        reason: format!("the context {context} in {} cannot be used: {}", named(&files), words(&error)),
        hint: "see `kubectl config view`".into(),
    })?;
    // The library compares NO_PROXY with the proxy's own address.
    config.proxy_url = proxy::to(&config.cluster_url, proxy_named.as_deref(), |name| env::var(name).ok());
    Ok(config)
}

/// The proxy that a context's cluster names.
fn proxy_of(config: &Kubeconfig, context: &str) -> Option<String> {
    let context = config.contexts.iter().find(|named| named.name == context)?.context.as_ref()?;
    let cluster = config.clusters.iter().find(|cluster| cluster.name == context.cluster)?;
    cluster.cluster.as_ref()?.proxy_url.clone()
}

/// The files that kubectl reads: those of `KUBECONFIG`, else the one at home.
fn files() -> Vec<PathBuf> {
    let listed = env::var_os("KUBECONFIG").unwrap_or_default();
    let listed: Vec<_> = env::split_paths(&listed).filter(|path| !path.as_os_str().is_empty()).collect();
    if listed.is_empty() {
        env::var_os("HOME").map(|home| PathBuf::from(home).join(".kube/config")).into_iter().collect()
    } else {
        listed
    }
}

/// Reads and merges files; one that cannot be read is left out, and said so. One that is not there is as if it was empty, as with
/// kubectl.
fn read(files: &[PathBuf]) -> (Loaded, Vec<String>) {
    let (mut merged, mut problems, mut stamps) = (Kubeconfig::default(), Vec::new(), Vec::new());
    for path in files {
        stamps.push((path.clone(), stamp(path)));
        if !path.exists() {
            continue;
        }
        let tried = Kubeconfig::read_from(path).and_then(|config| merged.clone().merge(config));
        match tried {
            Ok(config) => merged = config,
            Err(error) => problems.push(format!("kubeconfig {}: {}", path.display(), words(&error))),
        }
    }
    for user in merged.auth_infos.iter_mut().filter_map(|named| named.auth_info.as_mut()) {
        if let Some(exec) = &mut user.exec {
            // The terminal is the cockpit's: a plugin that asks on it would be talking into the screen.
            exec.interactive_mode = Some(ExecInteractiveMode::Never);
        }
    }
    (Loaded { config: merged, stamps }, problems)
}

fn stamp(path: &PathBuf) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

/// The file that a context stands in first.
fn file_of(context: &str, files: &[PathBuf]) -> String {
    let has = |path: &&PathBuf| {
        Kubeconfig::read_from(path).is_ok_and(|config| config.contexts.iter().any(|named| named.name == context))
    };
    let only = if files.len() == 1 { files.first() } else { files.iter().find(has) };
    only.map_or_else(String::new, |path| path.display().to_string())
}

fn named(files: &[PathBuf]) -> String {
    let names: Vec<_> = files.iter().map(|path| path.display().to_string()).collect();
    if names.is_empty() { "no kubeconfig".into() } else { names.join(", ") }
}

/// An error with its causes, each said once.
fn words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
#[path = "kubernetes_tests.rs"]
mod tests;
