//! Makes news of what was judged, and knows since when each finding is there.

use super::{Options, memory::Memory};
use crate::{
    clock,
    model::{
        Timestamp,
        finding::{Finding, Scope},
        ruling::{CheckFacts, ProtectedTarget, RuleNews, Ruling, What},
    },
    rulebook::{
        checks,
        engine::{Book, Tally},
        policy::settle::Circumstances,
        syntax::codeowners::Codeowners,
    },
    source::repo::book,
};
use compact_str::CompactString;
use std::collections::BTreeSet;

/// Most findings that are told; the lightest are left out, and counted.
const MOST: usize = 5_000;

/// Makes news of tallies, and remembers since when each finding is there.
#[derive(Debug, Default)]
pub(super) struct Clerk {
    source: CompactString,
    pub book: Book,
    pub problems: Vec<String>,
    root: Option<String>,
    user: Option<String>,
    memory: Memory,
    /// When it first told something.
    begun: Option<Timestamp>,
}

impl Clerk {
    /// One for a source, with the rules as they are now.
    pub fn new(source: CompactString, options: &Options) -> Self {
        let (book, problems) = book::read(options.root.as_deref(), &options.words);
        let root = options.root.as_ref().map(|root| root.display().to_string());
        let user = options.words.user.as_ref().map(|file| file.display().to_string());
        let memory = Memory::open(options.state.as_deref(), &source, options.root.as_deref());
        Self { source, book, problems, root, user, memory, begun: None }
    }

    /// Reads the rules again; what was found keeps its age.
    pub fn read_again(&mut self, options: &Options) {
        (self.book, self.problems) = book::read(options.root.as_deref(), &options.words.fresh());
    }

    /// Whether it has told anything.
    pub const fn has_told(&self) -> bool {
        self.begun.is_some()
    }

    pub fn news(&mut self, tally: Tally, scopes: &[Scope], codeowners: Option<&Codeowners>) -> RuleNews {
        let now = clock::now();
        let around = Circumstances {
            codeowners: &|path| codeowners.and_then(|owners| owners.owner_of(path)),
            baseline: self.book.baseline.as_deref(),
            is_own_baseline: true,
            first_seen: &|fingerprint| self.memory.first_seen(fingerprint),
            scopes,
            ..Circumstances::at(now)
        };
        let mut findings = self.book.policy.settle(tally.findings, &around).findings;
        findings.sort_by(|a, b| {
            b.level.cmp(&a.level).then_with(|| a.check.cmp(&b.check)).then_with(|| place(a).cmp(&place(b)))
        });
        let mut problems = self.problems.clone();
        // Where something could not be read, what is not found may be there all the same.
        problems.extend(self.memory.note(&findings, self.problems.is_empty(), now).err());
        if findings.len() > MOST {
            problems
                .push(format!("{} more findings are not shown; flightdeck check has them all", findings.len() - MOST));
            findings.truncate(MOST);
        }
        let begun = *self.begun.get_or_insert(now);
        let rulings: Vec<Ruling> = findings.into_iter().map(|finding| self.ruling(finding, begun, now)).collect();
        let found: BTreeSet<CompactString> = rulings.iter().map(|ruling| ruling.finding.check.clone()).collect();
        RuleNews {
            source: self.source.clone(),
            root: self.root.clone(),
            user: self.user.clone(),
            checks: found.into_iter().map(|check| (check.clone(), self.facts(&check))).collect(),
            rulings,
            passed: tally.passed,
            problems,
            protected: self.protected(),
            preflight: None,
        }
    }

    fn ruling(&self, finding: Finding, begun: Timestamp, now: Timestamp) -> Ruling {
        let history = self.memory.turns(&finding.fingerprint);
        let is_new = history.last().is_some_and(|turn| turn.what != What::Gone && turn.at > begun);
        let first_seen = history.first().map_or(now, |turn| turn.at);
        Ruling { first_seen, is_new, history: history.to_vec(), finding }
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
