//! What a check says goes through here: it fills in what the check need not know (identity, policy, the span of a pointer).

use super::{
    check::{Meta, Value},
    fixture::{NOT_BELOW, is_among},
    policy::{Policy, owners::owner_label},
    resource::Resource,
    tree::File,
};
use crate::model::{
    Timestamp,
    finding::{Finding, Level, Scope, Span, Status},
};
use compact_str::CompactString;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// Where one check's findings go, with what the policy says to it.
pub struct Out<'a> {
    pub meta: &'static Meta,
    /// The scope that is being looked at.
    pub scope: Scope,
    pub policy: &'a Policy,
    /// The time of the run, by which things are old or expired.
    pub now: Timestamp,
    pub(super) found: &'a mut Vec<Finding>,
    /// How many were found in each file.
    of_file: HashMap<CompactString, usize>,
}

/// Findings of one check in one file that are listed. Nobody reads more, and a file of megabytes may hold a million.
const MOST_OF_A_FILE: usize = 500;

impl<'a> Out<'a> {
    /// Where findings of `meta` in `scope` go.
    pub fn new(
        meta: &'static Meta,
        scope: Scope,
        policy: &'a Policy,
        now: Timestamp,
        found: &'a mut Vec<Finding>,
    ) -> Self {
        Self { meta, scope, policy, now, found, of_file: HashMap::new() }
    }

    /// A finding at a place in a file. Where the whole file is meant there is no span.
    pub fn at(&mut self, file: &File, span: impl Into<Option<Span>>) -> Draft<'_, 'a> {
        let path = file.path.clone();
        let mut draft = self.about(path.clone(), path.clone());
        draft.finding.file = Some(path);
        draft.finding.span = span.into();
        draft
    }

    /// A finding at a pointer of an object; its place in the file follows from the pointer. Where what it points at is not there, the
    /// nearest part above it is the place. What another object tells already is left out ([`Resource::is_told`]).
    pub fn on(&mut self, resource: &Resource, pointer: &str) -> Draft<'_, 'a> {
        let mut draft = self.about(resource.label(), resource.origin.clone());
        let (file, span) = resource.place_of(pointer);
        draft.finding.file = file.cloned();
        draft.finding.span = span;
        draft.finding.pointer = Some(pointer.into());
        draft.finding.owner = owner_label(resource);
        draft.is_told = resource.is_told(pointer);
        draft
    }

    /// A finding about something else: the tree, the host. `resource` is what a person calls it, `origin` where it lives.
    pub fn about(&mut self, resource: impl Into<CompactString>, origin: impl Into<CompactString>) -> Draft<'_, 'a> {
        let meta = self.meta;
        let finding = Finding {
            check: CompactString::const_new(meta.id),
            fingerprint: CompactString::default(),
            // What does not change is not copied.
            title: CompactString::const_new(meta.title),
            level: meta.level,
            status: Status::Fail,
            scope: self.scope,
            resource: resource.into(),
            origin: origin.into(),
            file: None,
            span: None,
            pointer: None,
            observed: String::new(),
            expected: String::new(),
            fix: CompactString::const_new(meta.fix),
            owner: None,
            waiver: None,
        };
        Draft { out: self, finding, key: None, is_told: true }
    }

    /// A number that the configuration can set; the check has declared it.
    pub fn number(&self, name: &str) -> f64 {
        let set = self
            .policy
            .parameter(self.meta.id, name)
            .and_then(|value| value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64)));
        set.unwrap_or_else(|| match self.declared(name) {
            Value::Number(number) => number,
            _ => unreachable!("{}: {name} is declared as a number", self.meta.id),
        })
    }

    /// A text that the configuration can set.
    pub fn text(&self, name: &str) -> &str {
        self.policy.parameter(self.meta.id, name).and_then(toml::Value::as_str).unwrap_or_else(|| {
            match self.declared(name) {
                Value::Text(text) => text,
                _ => unreachable!("{}: {name} is declared as a text", self.meta.id),
            }
        })
    }

    /// Texts that the configuration can set.
    pub fn texts(&self, name: &str) -> Vec<&str> {
        match self.policy.parameter(self.meta.id, name).and_then(toml::Value::as_array) {
            Some(set) => set.iter().filter_map(toml::Value::as_str).collect(),
            None => match self.declared(name) {
                Value::Texts(texts) => texts.to_vec(),
                _ => unreachable!("{}: {name} is declared as texts", self.meta.id),
            },
        }
    }

    /// Whether a file lies where this check does not judge ([`NOT_BELOW`]); never for a check that has not declared it.
    pub fn leaves_out(&self, path: &str) -> bool {
        let declares = self.meta.parameters.iter().any(|parameter| parameter.name == NOT_BELOW.name);
        declares && path.contains('/') && is_among(path, &self.texts(NOT_BELOW.name))
    }

    fn declared(&self, name: &str) -> Value {
        let declared = self.meta.parameters.iter().find(|parameter| parameter.name == name);
        declared.unwrap_or_else(|| unreachable!("{} declares {name}", self.meta.id)).default
    }
}

/// A finding that is being written.
#[must_use = "it is added by `fail` or `unknown`"]
pub struct Draft<'o, 'a> {
    out: &'o mut Out<'a>,
    finding: Finding,
    key: Option<String>,
    /// Whether it is told here: what is found in a file that is judged elsewhere is not.
    is_told: bool,
}

impl Draft<'_, '_> {
    /// What was seen. Never a secret.
    pub fn observed(mut self, observed: impl Into<String>) -> Self {
        self.finding.observed = observed.into();
        self
    }

    /// What should be there.
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.finding.expected = expected.into();
        self
    }

    /// What to do, where that differs from what the check says in general.
    pub fn fix(mut self, fix: impl Into<CompactString>) -> Self {
        self.finding.fix = fix.into();
        self
    }

    /// Another place than that of the pointer: a key, not its value.
    pub fn span(mut self, span: impl Into<Option<Span>>) -> Self {
        self.finding.span = span.into().or(self.finding.span);
        self
    }

    /// Another title than the check's.
    pub fn title(mut self, title: impl Into<CompactString>) -> Self {
        self.finding.title = title.into();
        self
    }

    /// Another name than the check's: that of a rule of one's own, for which there is no [`Meta`].
    pub(super) fn of(mut self, check: &str) -> Self {
        self.finding.check = check.into();
        self
    }

    /// Another weight than the check's; the policy's word still goes over it.
    pub fn level(mut self, level: Level) -> Self {
        self.finding.level = level;
        self
    }

    /// The value that gives it its identity, where what was observed holds something that changes by itself.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Adds it as a violation.
    pub fn fail(self) {
        self.add(Status::Fail);
    }

    /// Adds it as something that could not be judged; `observed` says why.
    pub fn unknown(self, why: impl Into<String>) {
        self.observed(why).add(Status::Unknown);
    }

    fn add(mut self, status: Status) {
        if !self.is_told || !self.has_room() {
            return;
        }
        self.finding.status = status;
        let key = self.key.as_deref().unwrap_or(&self.finding.observed);
        self.finding.fingerprint = fingerprint(&self.finding, key);
        self.out.found.push(self.finding);
    }
}

impl Draft<'_, '_> {
    /// Whether another one of its file is listed. The first that is not is said.
    fn has_room(&mut self) -> bool {
        let Some(file) = &self.finding.file else { return true };
        let count = self.out.of_file.entry(file.clone()).or_default();
        *count += 1;
        if *count == MOST_OF_A_FILE + 1 {
            let mut more = Finding { span: None, pointer: None, status: Status::Unknown, ..self.finding.clone() };
            more.observed =
                format!("there are more than {MOST_OF_A_FILE} of this in the file; the others are not listed");
            more.fingerprint = fingerprint(&more, "more");
            self.out.found.push(more);
        }
        *count <= MOST_OF_A_FILE
    }
}

/// Check, resource, origin, pointer and value, hashed: the identity that stays while a file moves its lines.
fn fingerprint(finding: &Finding, key: &str) -> CompactString {
    let mut hash = Sha256::new();
    let pointer = finding.pointer.as_deref().unwrap_or_default();
    for part in [finding.check.as_str(), &finding.origin, &finding.resource, pointer, key] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digest = hash.finalize();
    digest[..8].iter().fold(CompactString::default(), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
        }
        text
    })
}
