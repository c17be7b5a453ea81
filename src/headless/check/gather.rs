//! Reads what is to be judged, and has it judged: the repository, its change, engines, clusters, this host.

use super::{
    Surroundings,
    host::{ThisHost, not_judged},
    print,
};
use crate::{
    client::Clients,
    clock,
    journal::{self, Journal},
    model::{Timestamp, finding::Scope},
    rulebook::{
        check::Meta,
        checks,
        engine::{self, Book, Engine, Tally},
        out::Out,
        policy::attest,
        report::{Attestation, Note},
        resource::Resource,
        subject::live::{Live, LiveChange},
        syntax::codeowners::Codeowners,
        tree::{Kind, Tree},
    },
    source::{
        kubernetes::api::{Api, Trouble},
        objects::{self, Objects, usage::Uses},
        repo::{Repo, walk::Exclude},
        rules::changes::changes,
    },
};
use compact_str::{CompactString, format_compact};
use std::{
    collections::BTreeSet,
    io::{self, Write as _},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// What to do where there is no way to an engine or a cluster.
const FIX_UNREACHABLE: &str = "Bring it up, or name one that answers (--docker, --context); `flightdeck doctor` says what was tried, and \
    --scope leaves it out.";
/// What to do where an engine or a cluster does not show everything.
const FIX_UNREAD: &str = "Allow whoever checks to list and get them, or leave them out by --scope.";

/// What was asked for.
pub struct Wanted<'a> {
    pub root: Option<&'a Path>,
    pub base: Option<&'a str>,
    /// Nothing is every scope that can be reached.
    pub scopes: &'a [Scope],
}

impl Wanted<'_> {
    fn has(&self, scope: Scope) -> bool {
        self.scopes.is_empty() || self.scopes.contains(&scope)
    }

    fn is_named(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
}

/// What came of it.
#[derive(Default)]
pub struct Gathered {
    pub tally: Tally,
    pub scopes: Vec<Scope>,
    pub notes: Vec<Note>,
    /// Origins that did not answer.
    pub silent: BTreeSet<CompactString>,
    /// Whether one of them was asked for by name.
    pub named_silent: bool,
    pub codeowners: Option<Arc<Codeowners>>,
    /// What people vouch for, and what they should.
    pub attestations: Vec<Attestation>,
    /// The files of the repository.
    pub tree: Option<Tree>,
}

/// Reads and judges.
///
/// # Errors
/// What was asked for and makes no sense, in words.
pub fn gather(book: &Book, wanted: &Wanted<'_>, around: &Surroundings<'_>) -> Result<Gathered, String> {
    let mut gathered = Gathered::default();
    let now = clock::now();
    let needs_tree = wanted.has(Scope::Repo) || wanted.has(Scope::Diff);
    let tree = match wanted.root.filter(|_| needs_tree || wanted.has(Scope::Docker) || wanted.has(Scope::Kube)) {
        Some(root) => Some(repository(book, wanted, (root, now), &mut gathered)?),
        None if wanted.is_named(Scope::Repo) || wanted.base.is_some() => {
            return Err("there is no repository here: name its folder, or go into it".into());
        }
        None => None,
    };
    gathered.attestations = attestations(book, tree.as_ref(), now);
    let mut live = Live::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("no event loop: {error}"))?;
    if wanted.has(Scope::Docker) {
        live.docker = runtime.block_on(docker(around.clients, now, &mut gathered, wanted.is_named(Scope::Docker)));
    }
    if wanted.has(Scope::Kube) {
        let named = wanted.is_named(Scope::Kube);
        (live.kube, live.listed) = runtime.block_on(kube(around.clients, now, &mut gathered, named));
    }
    let host = wanted.has(Scope::Host).then(|| ThisHost::read(book, wanted.root, around, &runtime));
    // A backup may lie where nothing answers: who looks there is left behind.
    let unexplained = around
        .journal
        .as_ref()
        .filter(|options| options.path.is_file())
        .and_then(|options| unexplained(options, &runtime, now));
    runtime.shutdown_background();
    if let Some(host) = &host {
        gathered.scopes.push(Scope::Host);
        gathered.notes.push(not_judged());
        (live.listening, live.files, live.backups) = (&host.listening, &host.files, &host.backups);
        live.host = Some(&host.view);
    }
    live.unexplained = unexplained.as_deref();
    for scope in [Scope::Docker, Scope::Kube, Scope::Host] {
        if gathered.scopes.contains(&scope) {
            let objects: Vec<&Resource> =
                live.docker.iter().chain(&live.kube).map(|resource| &**resource).filter(|r| r.scope == scope).collect();
            gathered.tally.take(book.objects(objects, now));
            gathered.tally.take(book.live(&live, tree.as_ref(), scope, now));
        }
    }
    gathered.scopes.sort_unstable();
    gathered.tree = tree;
    Ok(gathered)
}

/// What changed and nothing in the journal explains; `None` where it cannot be read.
fn unexplained(
    options: &journal::Options,
    runtime: &tokio::runtime::Runtime,
    now: Timestamp,
) -> Option<Vec<LiveChange>> {
    let journal = Journal::open(options.clone()).ok()?;
    runtime.block_on(changes(&journal, now)).ok()
}

/// How it stands with what is required, and with what is vouched for besides.
fn attestations(book: &Book, tree: Option<&Tree>, now: Timestamp) -> Vec<Attestation> {
    let policy = &book.policy;
    let all = attest::standings(&policy.require, &policy.attestation, tree, now);
    all.into_iter()
        .map(|standing| Attestation {
            rule: standing.rule,
            subject: standing.subject,
            state: standing.state,
            by: standing.by.map(Into::into),
            at: standing.at,
            expires: standing.expires,
        })
        .collect()
}

fn repository(
    book: &Book,
    wanted: &Wanted<'_>,
    (root, now): (&Path, Timestamp),
    gathered: &mut Gathered,
) -> Result<Tree, String> {
    let repo = Repo::open(root).map_err(|error| error.to_string())?;
    let exclude = Exclude::new(book.policy.unread().iter().map(String::as_str));
    let progress = Progress { shown: rustix::termios::isatty(rustix::stdio::stderr()), last: AtomicUsize::new(0) };
    let tree = repo.read(&exclude, &|done, of| progress.tell(done, of)).map_err(|error| error.to_string())?;
    progress.end();
    gathered.codeowners = tree.of_kind(Kind::Codeowners).next().map(|file| Arc::new(Codeowners::parse(file.text())));
    if wanted.has(Scope::Repo) {
        gathered.scopes.push(Scope::Repo);
        let mut engine = Engine::new(book.clone());
        engine.judge(&tree, now);
        gathered.tally.take(engine.tally());
        gathered.notes.extend(engine::notes(&tree));
    }
    let base = wanted.base.or(if wanted.is_named(Scope::Diff) { Some("HEAD") } else { None });
    if let Some(base) = base.filter(|_| wanted.has(Scope::Diff)) {
        let change = repo.change(base, &tree).map_err(|error| error.to_string())?;
        gathered.scopes.push(Scope::Diff);
        gathered.tally.take(book.change(&change, &tree, now));
    }
    Ok(tree)
}

/// Says on a terminal how far reading is, where that takes long.
struct Progress {
    shown: bool,
    last: AtomicUsize,
}

impl Progress {
    /// Files between two words.
    const STEP: usize = 2_000;

    fn tell(&self, done: usize, of: usize) {
        let step = done / Self::STEP;
        if self.shown && step > self.last.fetch_max(step, Ordering::Relaxed) {
            let _ = write!(io::stderr(), "\rreading: {done} of {of} files");
        }
    }

    fn end(&self) {
        if self.last.load(Ordering::Relaxed) > 0 {
            let _ = write!(io::stderr(), "\r\u{1b}[K");
        }
    }
}

impl Gathered {
    /// A source that should answer and does not: what it holds is unknown.
    fn silent(&mut self, scope: Scope, origin: &str, why: &str, is_named: bool) {
        self.silent.insert(origin.into());
        self.named_silent |= is_named;
        let what = if scope == Scope::Docker { "engine" } else { "cluster" };
        let unread = Unread { resource: &format_compact!("{what} {origin}"), origin, why };
        self.unknown(scope, &unread, ("an engine or a cluster that cannot be reached", FIX_UNREACHABLE));
        self.notes.push(Note {
            source: origin.into(),
            message: format!("{} could not be read: {}", what, print::clean(why)),
        });
    }

    fn unknown(&mut self, scope: Scope, unread: &Unread<'_>, (title, fix): (&str, &str)) {
        let Some(meta) = unreadable() else { return };
        let policy = crate::rulebook::policy::Policy::default();
        let mut out = Out::new(meta, scope, &policy, clock::now(), &mut self.tally.findings);
        let Unread { resource, origin, why } = *unread;
        // The check speaks of files: nothing of an engine is mended by its syntax.
        out.about(resource, origin).title(title).fix(fix).key("unreadable").unknown(why);
    }

    fn take(&mut self, scope: Scope, origin: &str, objects: Objects) -> Vec<Arc<Resource>> {
        for (what, why) in objects.unread {
            let unread = Unread { resource: &what, origin, why: &why };
            self.unknown(scope, &unread, ("objects that cannot be read", FIX_UNREAD));
        }
        objects.resources
    }
}

/// Something live that could not be read.
struct Unread<'a> {
    resource: &'a str,
    origin: &'a str,
    why: &'a str,
}

/// The check that says what could not be read.
fn unreadable() -> Option<&'static Meta> {
    checks::find("00a").map(crate::rulebook::check::Check::meta)
}

async fn docker(clients: &Clients, at: Timestamp, gathered: &mut Gathered, is_named: bool) -> Vec<Arc<Resource>> {
    let mut all = Vec::new();
    for endpoint in clients.docker.iter().filter(|endpoint| endpoint.chosen) {
        match endpoint.connect().await {
            Ok(docker) => {
                let objects = objects::docker::objects(&docker, &endpoint.name, at).await;
                all.extend(gathered.take(Scope::Docker, &endpoint.name, objects));
            }
            Err(error) => gathered.silent(Scope::Docker, &endpoint.name, &error.to_string(), is_named),
        }
        push_once(&mut gathered.scopes, Scope::Docker);
    }
    if is_named && all.is_empty() && !gathered.scopes.contains(&Scope::Docker) {
        let why = "no container engine is known here; --docker names one, `flightdeck doctor` says where was looked";
        gathered.silent(Scope::Docker, "docker", why, true);
    }
    all
}

/// The objects of every context that is chosen, and which kinds of each were listed whole.
async fn kube(
    clients: &Arc<Clients>,
    at: Timestamp,
    gathered: &mut Gathered,
    is_named: bool,
) -> (Vec<Arc<Resource>>, Vec<(CompactString, CompactString)>) {
    let (mut all, mut listed) = (Vec::new(), Vec::new());
    for context in clients.kube.all().iter().filter(|context| context.chosen) {
        let api = Api { clients: Arc::clone(clients), context: context.name.clone() };
        match objects::kube::objects(&api, at, &mut Uses::default()).await {
            Ok(objects) => {
                listed.extend(objects.listed.iter().map(|kind| (context.name.clone(), kind.clone())));
                all.extend(gathered.take(Scope::Kube, &context.name, objects));
            }
            Err(trouble) => gathered.silent(Scope::Kube, &context.name, &words(&trouble), is_named),
        }
        push_once(&mut gathered.scopes, Scope::Kube);
    }
    if is_named && !gathered.scopes.contains(&Scope::Kube) {
        let why = format!("{}; `flightdeck doctor` says which contexts there are", clients.kube.why_none());
        gathered.silent(Scope::Kube, "kube", &why, true);
    }
    (all, listed)
}

fn words(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Unreachable { reason, hint } => format!("{reason}: {hint}"),
        other => other.words(),
    }
}

fn push_once(scopes: &mut Vec<Scope>, scope: Scope) {
    if !scopes.contains(&scope) {
        scopes.push(scope);
    }
}
