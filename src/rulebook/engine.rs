//! Keeps the verdict on a repository current. What sees one file was asked once of each, and is asked again only of those that changed;
//! what sees the whole is asked again whenever a part of it changed.

use super::{
    check::Check,
    checks::CHECKS,
    custom::CustomRules,
    policy::Policy,
    report::Note,
    resource::Resource,
    run::{Subject, Verdict, judge},
    subject::{change::Change, container::containers, live::Live},
    tree::{File, Tree},
};
use crate::model::{
    Timestamp,
    finding::{Finding, Scope},
};
use compact_str::CompactString;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
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

/// The rules as they apply here.
#[derive(Debug, Clone, Default)]
pub struct Book {
    pub policy: Arc<Policy>,
    pub custom: Arc<CustomRules>,
}

impl Book {
    /// The checks that look into a scope and are not switched off, with their places in the list.
    fn checks(&self, scope: Scope) -> impl Iterator<Item = (u16, &'static dyn Check)> + '_ {
        let all = (0_u16..).zip(CHECKS.iter().copied());
        all.filter(move |(_, check)| check.meta().scopes.contains(&scope) && self.policy.is_enabled(check.meta().id))
    }

    fn judge(&self, subject: Subject<'_>, scope: Scope, now: Timestamp, part: &mut Part) {
        let keep = |verdict: Verdict, findings: &mut Vec<Finding>| {
            findings.extend(verdict.findings);
            verdict.passed
        };
        for (at, check) in self.checks(scope) {
            let passed = keep(judge(check, subject, scope, &self.policy, now), &mut part.findings);
            part.passed.extend(std::iter::repeat_n(at, passed));
        }
        for rule in self.custom.rules.iter().filter(|rule| self.policy.is_enabled(&rule.id)) {
            let passed = keep(rule.judge(subject, scope, &self.policy, now), &mut part.findings);
            if passed > 0 {
                part.own_passed.push((rule.id.clone(), passed));
            }
        }
    }

    fn judge_resource(&self, resource: &Resource, now: Timestamp, part: &mut Part) {
        self.judge(Subject::Resource(resource), resource.scope, now, part);
        for container in containers(resource) {
            self.judge(Subject::Container(&container), resource.scope, now, part);
        }
    }

    fn judge_file(&self, file: &File, now: Timestamp) -> Part {
        let mut part = Part::default();
        self.judge(Subject::File(file), Scope::Repo, now, &mut part);
        for resource in &file.resources {
            self.judge_resource(resource, now, &mut part);
        }
        part
    }

    /// Judges what changed since a base.
    pub fn change(&self, change: &Change, tree: &Tree, now: Timestamp) -> Tally {
        let mut part = Part::default();
        self.judge(Subject::Change(change, tree), Scope::Diff, now, &mut part);
        tally(&part)
    }

    /// Judges live objects by themselves.
    pub fn objects<'r>(&self, resources: impl IntoIterator<Item = &'r Resource>, now: Timestamp) -> Tally {
        let mut part = Part::default();
        for resource in resources {
            self.judge_resource(resource, now, &mut part);
        }
        tally(&part)
    }

    /// Judges what is live in a scope together, and together with the tree.
    pub fn live(&self, live: &Live<'_>, tree: Option<&Tree>, scope: Scope, now: Timestamp) -> Tally {
        let mut part = Part::default();
        self.judge(Subject::Live(live, tree), scope, now, &mut part);
        tally(&part)
    }
}

fn tally(part: &Part) -> Tally {
    let mut tally = Tally::default();
    tally.add(part);
    tally
}

/// The verdict on one repository.
#[derive(Debug, Default)]
pub struct Engine {
    pub book: Book,
    files: BTreeMap<CompactString, Part>,
    whole: Part,
}

impl Engine {
    /// One that has judged nothing yet.
    pub fn new(book: Book) -> Self {
        Self { book, ..Self::default() }
    }

    /// Judges everything, on as many threads as there are cores.
    pub fn judge(&mut self, tree: &Tree, now: Timestamp) {
        let files: Vec<&Arc<File>> = tree.files.values().collect();
        let threads = thread::available_parallelism().map_or(1, usize::from).min(8);
        let size = files.len().div_ceil(threads).max(1);
        let book = &self.book;
        let judge = |files: &[&Arc<File>]| -> Vec<(CompactString, Part)> {
            files.iter().map(|file| (file.path.clone(), book.judge_file(file, now))).collect()
        };
        let mut judged = Vec::with_capacity(files.len());
        thread::scope(|scope| {
            let mut chunks = files.chunks(size);
            let own = chunks.next().unwrap_or_default();
            let others: Vec<_> = chunks.map(|chunk| scope.spawn(move || judge(chunk))).collect();
            judged.extend(judge(own));
            for other in others {
                // A check does not panic; if one does, so does the whole, rather than that files are left out.
                judged.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
        });
        self.files = judged.into_iter().collect();
        self.judge_whole(tree, now);
    }

    /// Judges again what became of these files, and the whole.
    pub fn judge_again(&mut self, tree: &Tree, touched: &BTreeSet<CompactString>, now: Timestamp) {
        for path in touched {
            match tree.file(path) {
                Some(file) => drop(self.files.insert(path.clone(), self.book.judge_file(file, now))),
                None => drop(self.files.remove(path)),
            }
        }
        self.judge_whole(tree, now);
    }

    fn judge_whole(&mut self, tree: &Tree, now: Timestamp) {
        let mut part = Part::default();
        for service in tree.services() {
            self.book.judge_resource(service, now, &mut part);
        }
        self.book.judge(Subject::Tree(tree), Scope::Repo, now, &mut part);
        self.whole = part;
    }

    /// Everything that was found.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        self.files.values().chain([&self.whole]).for_each(|part| tally.add(part));
        tally
    }
}

/// What of the tree could not be read.
pub fn notes(tree: &Tree) -> Vec<Note> {
    let note = |(path, why): &(CompactString, String)| Note { source: path.clone(), message: why.clone() };
    tree.unread.iter().map(note).collect()
}
