//! Keeps the verdict on a repository current. What sees one file was asked once of each, and is asked again only of those that changed;
//! what sees the whole is asked again whenever a part of it changed that it reads.

use super::{
    check::Check,
    checks::CHECKS,
    custom::{CustomRule, CustomRules},
    policy::{Policy, baseline::Baseline},
    report::Note,
    resource::Resource,
    run::{Subject, judge},
    subject::{change::Change, compose::Project, container::containers, live::Live},
    tree::{File, Kind, Tree},
};
use crate::model::{
    Timestamp,
    finding::{Finding, Scope},
};
use compact_str::CompactString;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Findings, and how many judgements of each check passed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tally {
    pub findings: Vec<Finding>,
    /// By the check's name.
    pub passed: BTreeMap<CompactString, usize>,
}

impl Tally {
    /// Adds another's.
    pub fn take(&mut self, other: Self) {
        self.findings.extend(other.findings);
        for (check, count) in other.passed {
            *self.passed.entry(check).or_default() += count;
        }
    }

    fn add(&mut self, part: &Part) {
        self.findings.extend(part.findings.iter().cloned());
        for at in &part.passed {
            *self.passed.entry(name_of(*at)).or_default() += 1;
        }
        for (rule, count) in &part.own_passed {
            *self.passed.entry(rule.clone()).or_default() += count;
        }
    }
}

fn name_of(at: u16) -> CompactString {
    CHECKS.get(usize::from(at)).map(|check| check.meta().id.into()).unwrap_or_default()
}

/// What came of one subject. There are as many as files, so it is small.
#[derive(Debug, Clone, Default)]
struct Part {
    findings: Vec<Finding>,
    /// Places in the list of checks, of those that passed.
    passed: Vec<u16>,
    /// The same of rules of one's own, by name.
    own_passed: Vec<(CompactString, usize)>,
}

/// A service, and what came of it.
type Judged = (Arc<Resource>, Arc<Part>);

/// The rules as they apply here.
#[derive(Debug, Clone, Default)]
pub struct Book {
    pub policy: Arc<Policy>,
    pub custom: Arc<CustomRules>,
    /// The old debt that the repository itself accepts.
    pub baseline: Option<Arc<Baseline>>,
}

impl Book {
    /// The checks that look into a scope and are not switched off, with their places in the list.
    fn checks(&self, scope: Scope) -> impl Iterator<Item = (u16, &'static dyn Check)> + '_ {
        let all = (0_u16..).zip(CHECKS.iter().copied());
        all.filter(move |(_, check)| check.meta().scopes.contains(&scope) && self.policy.is_enabled(check.meta().id))
    }

    /// What is asked in a scope.
    fn asked(&self, scope: Scope) -> Asked<'_> {
        let own = self.custom.rules.iter().filter(|rule| self.policy.is_enabled(&rule.id)).collect();
        Asked { book: self, scope, checks: self.checks(scope).collect(), own }
    }

    /// Judges what changed since a base.
    pub fn change(&self, change: &Change, tree: &Tree, now: Timestamp) -> Tally {
        let mut part = Part::default();
        self.asked(Scope::Diff).judge(Subject::Change(change, tree), now, &mut part);
        tally([&part])
    }

    /// Judges live objects by themselves, on as many threads as there are cores.
    pub fn objects<'r>(&self, resources: impl IntoIterator<Item = &'r Resource>, now: Timestamp) -> Tally {
        let resources: Vec<&Resource> = resources.into_iter().collect();
        let chunks: Vec<&[&Resource]> = resources.chunks(CHUNK).collect();
        let parts = side_by_side(chunks.len(), |at| {
            let (mut part, mut asked) = (Part::default(), None);
            for resource in chunks[at] {
                let same = asked.take().filter(|asked: &Asked<'_>| asked.scope == resource.scope);
                asked
                    .insert(same.unwrap_or_else(|| self.asked(resource.scope)))
                    .judge_resource(resource, now, &mut part);
            }
            part
        });
        tally(&parts)
    }

    /// Judges what is live in a scope together, and together with the tree.
    pub fn live(&self, live: &Live<'_>, tree: Option<&Tree>, scope: Scope, now: Timestamp) -> Tally {
        let parts = self.asked(scope).judge_whole(Subject::Live(live, tree), now);
        tally(&parts)
    }
}

/// What is asked of the subjects of one scope: chosen once for all of them.
struct Asked<'b> {
    book: &'b Book,
    scope: Scope,
    checks: Vec<(u16, &'static dyn Check)>,
    own: Vec<&'b CustomRule>,
}

impl Asked<'_> {
    fn judge(&self, subject: Subject<'_>, now: Timestamp, part: &mut Part) {
        (0..self.len()).for_each(|place| self.ask(place, subject, now, part));
    }

    fn len(&self) -> usize {
        self.checks.len() + self.own.len()
    }

    /// Asks one of them, by its place.
    fn ask(&self, place: usize, subject: Subject<'_>, now: Timestamp, part: &mut Part) {
        let policy = &self.book.policy;
        if let Some((at, check)) = self.checks.get(place) {
            let verdict = judge(*check, subject, self.scope, policy, now);
            part.findings.extend(verdict.findings);
            part.passed.extend(std::iter::repeat_n(*at, verdict.passed));
        } else if let Some(rule) = self.own.get(place - self.checks.len()) {
            let verdict = rule.judge(subject, self.scope, policy, now);
            part.findings.extend(verdict.findings);
            if verdict.passed > 0 {
                part.own_passed.push((rule.id.clone(), verdict.passed));
            }
        }
    }

    /// Whether one of them reads any of these kinds of files; rules of one's own may read all.
    fn reads(&self, place: usize, kinds: &HashSet<Kind>) -> bool {
        let read = self.checks.get(place).and_then(|(_, check)| check.reads());
        read.is_none_or(|read| read.iter().any(|kind| kinds.contains(kind)))
    }

    /// Asks those again that read any of these kinds, side by side; the others said before what they say.
    fn judge_whole_again(&self, tree: &Tree, now: Timestamp, kinds: &HashSet<Kind>, whole: &mut [Part]) {
        let places: Vec<usize> = (0..self.len()).filter(|place| self.reads(*place, kinds)).collect();
        let parts = side_by_side(places.len(), |at| {
            let mut part = Part::default();
            self.ask(places[at], Subject::Tree(tree), now, &mut part);
            part
        });
        for (place, part) in places.into_iter().zip(parts) {
            whole[place] = part;
        }
    }

    /// Asks all of them of the whole, side by side.
    fn judge_whole(&self, subject: Subject<'_>, now: Timestamp) -> Vec<Part> {
        side_by_side(self.len(), |place| {
            let mut part = Part::default();
            self.ask(place, subject, now, &mut part);
            part
        })
    }

    fn judge_resource(&self, resource: &Resource, now: Timestamp, part: &mut Part) {
        self.judge(Subject::Resource(resource), now, part);
        for container in containers(resource) {
            self.judge(Subject::Container(&container), now, part);
        }
    }

    fn judge_file(&self, file: &File, now: Timestamp) -> Part {
        let mut part = Part::default();
        self.judge(Subject::File(file), now, &mut part);
        for resource in &file.resources {
            self.judge_resource(resource, now, &mut part);
        }
        part
    }
}

fn tally<'p>(parts: impl IntoIterator<Item = &'p Part>) -> Tally {
    let mut tally = Tally::default();
    parts.into_iter().for_each(|part| tally.add(part));
    tally
}

/// Subjects that a thread takes at once.
const CHUNK: usize = 128;

/// Does so many jobs on as many threads as there are cores, and gives what came of them in their order.
fn side_by_side<T: Send + Sync>(jobs: usize, job: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let done: Vec<OnceLock<T>> = (0..jobs).map(|_| OnceLock::new()).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(place) = done.get(at) else { return };
            drop(place.set(job(at)));
        }
    };
    let others = thread::available_parallelism().map_or(1, usize::from).min(8).min(jobs).saturating_sub(1);
    // A check does not panic; if one does, so does the whole, rather than that something is left out.
    thread::scope(|scope| {
        (0..others).for_each(|_| drop(scope.spawn(work)));
        work();
    });
    done.into_iter().filter_map(OnceLock::into_inner).collect()
}

/// The verdict on one repository.
#[derive(Debug, Default)]
pub struct Engine {
    pub book: Book,
    files: BTreeMap<CompactString, (Kind, Part)>,
    /// Its compose projects, and what came of their services, in their order.
    projects: Option<Arc<[Project]>>,
    services: Vec<Judged>,
    /// By the place of who was asked.
    whole: Vec<Part>,
}

impl Engine {
    /// One that has judged nothing yet.
    pub fn new(book: Book) -> Self {
        Self { book, ..Self::default() }
    }

    /// Judges everything, on as many threads as there are cores.
    pub fn judge(&mut self, tree: &Tree, now: Timestamp) {
        let asked = self.book.asked(Scope::Repo);
        let files: Vec<&Arc<File>> = tree.files.values().collect();
        let chunks: Vec<&[&Arc<File>]> = files.chunks(CHUNK).collect();
        let judged = side_by_side(chunks.len(), |at| -> Vec<(CompactString, (Kind, Part))> {
            chunks[at].iter().map(|file| (file.path.clone(), (file.kind, asked.judge_file(file, now)))).collect()
        });
        let whole = asked.judge_whole(Subject::Tree(tree), now);
        self.files = judged.into_iter().flatten().collect();
        self.services.clear();
        self.judge_services(tree, now);
        self.whole = whole;
    }

    /// Judges again what became of these files, and the whole as far as it depends on them.
    pub fn judge_again(&mut self, tree: &Tree, touched: &BTreeSet<CompactString>, now: Timestamp) {
        let asked = self.book.asked(Scope::Repo);
        let mut kinds = HashSet::new();
        // Who looks at the whole may look at the paths of all files.
        let mut is_same_paths = true;
        for path in touched {
            let before = match tree.file(path) {
                Some(file) => {
                    kinds.insert(file.kind);
                    self.files.insert(path.clone(), (file.kind, asked.judge_file(file, now)))
                }
                None => self.files.remove(path),
            };
            is_same_paths &= before.is_some() && tree.file(path).is_some();
            kinds.extend(before.map(|(kind, _)| kind));
        }
        // What a kustomization names as a patch is no object any more, and a project is made up of files of many kinds.
        if kinds.contains(&Kind::Kustomization) {
            kinds.insert(Kind::Kubernetes);
        }
        let is_same_projects = self.projects.as_ref().is_some_and(|known| Arc::ptr_eq(known, &tree.shared_projects()));
        if !is_same_projects {
            kinds.insert(Kind::Compose);
        }
        if is_same_paths && self.whole.len() == asked.len() {
            let mut whole = std::mem::take(&mut self.whole);
            asked.judge_whole_again(tree, now, &kinds, &mut whole);
            self.whole = whole;
        } else {
            self.whole = asked.judge_whole(Subject::Tree(tree), now);
        }
        if !is_same_projects {
            self.judge_services(tree, now);
        }
    }

    fn judge_services(&mut self, tree: &Tree, now: Timestamp) {
        let asked = self.book.asked(Scope::Repo);
        // Projects are put together anew each time; a service that came out as before was judged before.
        let mut before: HashMap<(&str, &str), Vec<&Judged>> = HashMap::new();
        for known in &self.services {
            before.entry((&known.0.origin, &known.0.name)).or_default().push(known);
        }
        let services: Vec<&Arc<Resource>> = tree.services().collect();
        let chunks: Vec<&[&Arc<Resource>]> = services.chunks(CHUNK).collect();
        let judged = side_by_side(chunks.len(), |at| -> Vec<Judged> {
            let one = |service: &&Arc<Resource>| {
                let known = before.get(&(&*service.origin, &*service.name)).into_iter().flatten();
                let same = known.copied().find(|(resource, _)| Arc::ptr_eq(resource, service) || resource == *service);
                let part = same.map_or_else(
                    || {
                        let mut part = Part::default();
                        asked.judge_resource(service, now, &mut part);
                        Arc::new(part)
                    },
                    |(_, part)| part.clone(),
                );
                (Arc::clone(service), part)
            };
            chunks[at].iter().map(one).collect()
        });
        self.services = judged.into_iter().flatten().collect();
        self.projects = Some(tree.shared_projects());
    }

    /// Everything that was found.
    pub fn tally(&self) -> Tally {
        let services = self.services.iter().map(|(_, part)| &**part);
        tally(self.files.values().map(|(_, part)| part).chain(services).chain(&self.whole))
    }
}

/// What of the tree could not be read.
pub fn notes(tree: &Tree) -> Vec<Note> {
    let note = |(path, why): &(CompactString, String)| Note { source: path.clone(), message: why.clone() };
    tree.unread.iter().map(note).collect()
}
