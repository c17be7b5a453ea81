//! Runs checks over subjects and counts what passed.

use super::{
    check::{Check, Judged},
    out::Out,
    policy::Policy,
    resource::Resource,
    subject::{change::Change, container::Container, live::Live},
    tree::{File, Tree},
};
use crate::model::{
    Timestamp,
    finding::{Finding, Scope},
};

/// What came of a run: the findings, and how many judgements passed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Verdict {
    pub findings: Vec<Finding>,
    pub passed: usize,
}

impl Verdict {
    /// Adds another's.
    pub fn take(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.passed += other.passed;
    }
}

/// What a check is shown.
#[derive(Clone, Copy)]
pub enum Subject<'a> {
    File(&'a File),
    Resource(&'a Resource),
    Container(&'a Container<'a>),
    Tree(&'a Tree),
    Change(&'a Change, &'a Tree),
    Live(&'a Live<'a>, Option<&'a Tree>),
}

/// Shows one subject to one check.
pub fn judge(check: &dyn Check, subject: Subject<'_>, scope: Scope, policy: &Policy, now: Timestamp) -> Verdict {
    let mut findings = Vec::new();
    let mut out = Out::new(check.meta(), scope, policy, now, &mut findings);
    if path_of(&subject).is_some_and(|path| out.leaves_out(path)) {
        return Verdict::default();
    }
    let judged = match subject {
        Subject::File(file) => check.file(file, &mut out),
        Subject::Resource(resource) => check.resource(resource, &mut out),
        Subject::Container(container) => check.container(container, &mut out),
        Subject::Tree(tree) => check.tree(tree, &mut out),
        Subject::Change(change, tree) => check.change(change, tree, &mut out),
        Subject::Live(live, tree) => check.live(live, tree, &mut out),
    };
    let passed = usize::from(judged == Judged::Yes && findings.is_empty());
    Verdict { findings, passed }
}

/// The file in which a subject stands, where it stands in one.
fn path_of<'s>(subject: &Subject<'s>) -> Option<&'s str> {
    match subject {
        Subject::File(file) => Some(&file.path),
        Subject::Resource(resource) => resource.file.as_deref(),
        Subject::Container(container) => container.resource.file.as_deref(),
        Subject::Tree(_) | Subject::Change(..) | Subject::Live(..) => None,
    }
}

/// For tests: what a check says of a tree, file by file, object by object and as a whole. Each as `file:line:column observed`, with
/// `? ` before what is unknown.
#[cfg(test)]
pub fn told(check: &dyn Check, files: &[(&str, &str)]) -> Vec<String> {
    told_by(check, files, &Policy::default())
}

/// The same with a policy.
#[cfg(test)]
pub fn told_by(check: &dyn Check, files: &[(&str, &str)], policy: &Policy) -> Vec<String> {
    let tree = Tree::of(files);
    let now = "2026-01-01T00:00:00Z".parse().expect("a time");
    let mut all = Verdict::default();
    for file in tree.files.values() {
        all.take(judge(check, Subject::File(file), Scope::Repo, policy, now));
        for resource in &file.resources {
            all.take(judge(check, Subject::Resource(resource), Scope::Repo, policy, now));
            for container in super::subject::container::containers(resource) {
                all.take(judge(check, Subject::Container(&container), Scope::Repo, policy, now));
            }
        }
    }
    for service in tree.services() {
        all.take(judge(check, Subject::Resource(service), Scope::Repo, policy, now));
        for container in super::subject::container::containers(service) {
            all.take(judge(check, Subject::Container(&container), Scope::Repo, policy, now));
        }
    }
    all.take(judge(check, Subject::Tree(&tree), Scope::Repo, policy, now));
    all.findings.iter().map(line).collect()
}

/// For tests: what a check says of an object and its containers, live or not.
#[cfg(test)]
pub fn told_of(check: &dyn Check, resource: &Resource) -> Vec<String> {
    let (policy, now) = (Policy::default(), "2026-01-01T00:00:00Z".parse().expect("a time"));
    let mut all = judge(check, Subject::Resource(resource), resource.scope, &policy, now);
    for container in super::subject::container::containers(resource) {
        all.take(judge(check, Subject::Container(&container), resource.scope, &policy, now));
    }
    all.findings.iter().map(line).collect()
}

/// For tests: what a check says of what is live, together with a tree.
#[cfg(test)]
pub fn told_live(check: &dyn Check, live: &Live<'_>, scope: Scope, files: &[(&str, &str)]) -> Vec<String> {
    let (tree, now) = (Tree::of(files), "2026-01-01T00:00:00Z".parse().expect("a time"));
    let all = judge(check, Subject::Live(live, Some(&tree)), scope, &Policy::default(), now);
    all.findings.iter().map(line).collect()
}

/// A finding in a line, for tests.
#[cfg(test)]
pub fn line(finding: &Finding) -> String {
    let place = finding.span.map_or_else(String::new, |span| format!(":{}:{}", span.line, span.column));
    let unknown = if finding.status == crate::model::finding::Status::Unknown { "? " } else { "" };
    let file = finding.file.as_deref().unwrap_or(&finding.resource);
    format!("{unknown}{file}{place} {}", finding.observed)
}

/// For tests: what a check says of the change from one tree to another.
#[cfg(test)]
pub fn told_change(check: &dyn Check, old: &[(&str, &str)], new: &[(&str, &str)], policy: &Policy) -> Vec<String> {
    let (old, new) = (Tree::of(old), Tree::of(new));
    let now = "2026-01-01T00:00:00Z".parse().expect("a time");
    let change = Change::between(&old, &new);
    let verdict = judge(check, Subject::Change(&change, &new), Scope::Diff, policy, now);
    verdict.findings.iter().map(line).collect()
}
