//! The rule book, live: a repository whose files are watched, engines whose containers are judged as they start, clusters that are
//! looked through now and then. What is told are findings.

mod cluster;
mod engine;
pub(super) mod repo;
mod watcher;

use super::{
    Spec,
    live::Live,
    repo::book::{self, Words},
};
use crate::{
    client::Clients,
    clock,
    model::{
        Timestamp,
        finding::{Finding, Scope},
        ruling::{CheckFacts, ProtectedTarget, RuleNews, Ruling},
        topic::Topic,
    },
    rulebook::{
        checks,
        engine::{Book, Tally},
        policy::settle::Circumstances,
        syntax::codeowners::Codeowners,
    },
};
use compact_str::CompactString;
use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

/// What the rule book looks at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// Folder of the repository that is watched.
    pub root: Option<PathBuf>,
    /// What user and system say of the rules.
    pub words: Words,
}

/// Every source that judges.
pub fn all(clients: &Arc<Clients>, options: &Options) -> Vec<Box<dyn Live>> {
    let options = Arc::new(options.clone());
    let mut all: Vec<Box<dyn Live>> = vec![Box::new(repo::RepoRules::new(Arc::clone(&options)))];
    let engines = clients.docker.iter();
    all.extend(engines.map(|endpoint| -> Box<dyn Live> {
        Box::new(engine::EngineRules::new(endpoint.clone(), Arc::clone(&options)))
    }));
    let contexts = clients.kube.all().iter();
    all.extend(contexts.map(|context| -> Box<dyn Live> {
        Box::new(cluster::ClusterRules::new(Arc::clone(clients), context.clone(), Arc::clone(&options)))
    }));
    all
}

/// What every source that judges is: one of its family, asked so often whether anybody looks or not.
fn spec(name: CompactString, every: Duration, deadline: Duration) -> Spec {
    let topics = Topic::Rules.into();
    Spec { name, kind: "rules".into(), topics, foreground: every, background: Some(every), deadline }
}

/// Most findings that are told; the lightest are left out, and counted.
const MOST: usize = 5_000;

/// Makes news of tallies, and remembers since when each finding is there.
#[derive(Debug, Default)]
struct Clerk {
    source: CompactString,
    book: Book,
    problems: Vec<String>,
    root: Option<String>,
    first_seen: HashMap<CompactString, Timestamp>,
    has_told: bool,
}

impl Clerk {
    /// One for a source, with the rules as they are now.
    fn new(source: CompactString, options: &Options) -> Self {
        let (book, problems) = book::read(options.root.as_deref(), &options.words);
        let root = options.root.as_ref().map(|root| root.display().to_string());
        Self { source, book, problems, root, ..Self::default() }
    }

    /// Reads the rules again; what was found keeps its age.
    fn read_again(&mut self, options: &Options) {
        (self.book, self.problems) = book::read(options.root.as_deref(), &options.words);
    }

    fn news(&mut self, tally: Tally, scopes: &[Scope], codeowners: Option<&Codeowners>) -> RuleNews {
        let now = clock::now();
        let around = Circumstances {
            codeowners: &|path| codeowners.and_then(|owners| owners.owner_of(path)),
            scopes,
            ..Circumstances::at(now)
        };
        let mut findings = self.book.policy.settle(tally.findings, &around).findings;
        findings.sort_by(|a, b| {
            b.level.cmp(&a.level).then_with(|| a.check.cmp(&b.check)).then_with(|| place(a).cmp(&place(b)))
        });
        let mut problems = self.problems.clone();
        if findings.len() > MOST {
            problems
                .push(format!("{} more findings are not shown; flightdeck check has them all", findings.len() - MOST));
            findings.truncate(MOST);
        }
        let before = std::mem::take(&mut self.first_seen);
        let rulings: Vec<Ruling> = findings
            .into_iter()
            .map(|finding| {
                let known = before.get(&finding.fingerprint).copied();
                let first_seen = known.unwrap_or(now);
                self.first_seen.insert(finding.fingerprint.clone(), first_seen);
                Ruling { is_new: self.has_told && known.is_none(), first_seen, finding }
            })
            .collect();
        self.has_told = true;
        let found: BTreeSet<CompactString> = rulings.iter().map(|ruling| ruling.finding.check.clone()).collect();
        RuleNews {
            source: self.source.clone(),
            root: self.root.clone(),
            checks: found.into_iter().map(|check| (check.clone(), self.facts(&check))).collect(),
            rulings,
            passed: tally.passed,
            problems,
            protected: self.protected(),
        }
    }

    fn facts(&self, check: &str) -> CheckFacts {
        if let Some(rule) = self.book.custom.find(check) {
            return CheckFacts { why: rule.why.clone(), references: rule.references.clone(), ..CheckFacts::default() };
        }
        checks::find(check).map_or_else(CheckFacts::default, |check| {
            let meta = check.meta();
            let references = meta.references.iter().map(|page| (*page).to_owned()).collect();
            CheckFacts { why: meta.why.into(), precedent: meta.precedent.join(", "), references }
        })
    }

    fn protected(&self) -> Vec<ProtectedTarget> {
        let all = self.book.policy.protected.iter();
        all.map(|server| ProtectedTarget {
            kind: server.kind.clone(),
            namespace: server.namespace.clone(),
            name: server.name.clone(),
            reason: server.reason.clone(),
            authority: server.authority.clone(),
        })
        .collect()
    }
}

fn place(finding: &Finding) -> (&str, u32, &str) {
    let file = finding.file.as_deref().unwrap_or(&finding.origin);
    (file, finding.span.map_or(0, |span| span.line), &finding.resource)
}
