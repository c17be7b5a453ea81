//! One thing that happened, what it is one of, and the words for several.

use crate::incident::related::{plural, short_name};
use crate::model::{
    Timestamp,
    attention::Severity,
    change::{Change, ChangeKind, Facts},
    journal::Body,
    object::{ObjectKind, ObjectRef},
    redact,
};
use compact_str::{CompactString, format_compact};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many objects an event names at most; it counts all.
pub const MEMBERS: usize = 8;

/// Without anything better, what happens to one object within so many seconds is the same for two who look.
const SAME_SECONDS: i64 = 60;

/// What sort of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Sort {
    /// A condition of the attention list holds.
    Wrong,
    /// It is over.
    Over,
    /// It goes and comes.
    Flapping,
    Restart,
    Oom,
    Deploy,
    Node,
    Xid,
    /// Anything else that was observed.
    Seen,
}

impl Sort {
    const fn word(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Over => "over",
            Self::Flapping => "flapping",
            Self::Restart => "restart",
            Self::Oom => "oom",
            Self::Deploy => "deploy",
            Self::Node => "node",
            Self::Xid => "xid",
            Self::Seen => "seen",
        }
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Item {
    pub sort: Sort,
    pub at: Timestamp,
    pub severity: Severity,
    pub object: ObjectRef,
    pub owner: Option<ObjectRef>,
    /// What tells it from other changes of the object; empty where that is its time alone.
    pub mark: CompactString,
    /// In words, with the object's name.
    pub text: String,
    /// The cause alone.
    pub cause: String,
    /// The check that tells it; empty for what was only observed.
    pub check: CompactString,
    pub began: Option<Timestamp>,
    /// How often it came back before, with the same mark.
    pub again: u32,
    pub facts: Facts,
}

impl Item {
    /// `None` for what comes another way: what the attention list tells, and operations.
    pub fn of_change(change: &Change) -> Option<Self> {
        let sort = match change.kind {
            ChangeKind::Problem | ChangeKind::Cleared | ChangeKind::Operation => return None,
            ChangeKind::Observed => Sort::Seen,
            ChangeKind::Deploy => Sort::Deploy,
            ChangeKind::Restart => Sort::Restart,
            ChangeKind::Oom => Sort::Oom,
            ChangeKind::Node => Sort::Node,
            ChangeKind::Xid => Sort::Xid,
        };
        let text = redact::text(&change.text).into_owned();
        Some(Self {
            sort,
            at: change.at,
            severity: change.severity,
            object: change.object.clone(),
            owner: change.facts.owner.clone(),
            mark: change.facts.mark.clone(),
            cause: text.clone(),
            text,
            check: CompactString::default(),
            began: None,
            again: 0,
            facts: change.facts.clone(),
        })
    }

    /// Whether both tell of one change of one object.
    pub fn is_same(&self, other: &Self) -> bool {
        let marks = !self.mark.is_empty() || self.text == other.text;
        (self.sort, &self.object, &self.mark, &self.check) == (other.sort, &other.object, &other.mark, &other.check)
            && marks
            && self.severity == other.severity
    }

    /// What it is counted with: its sort, and what it is one of.
    pub fn lane(&self, place: &Place) -> CompactString {
        let owner = self.owner.as_ref().map_or_else(|| place.around(&self.object), |owner| place.identity(owner));
        format_compact!("{}/{}/{}/{owner}", self.sort.word(), self.check, self.object.kind.word())
    }

    /// The idempotency key of it alone.
    pub fn key(&self, place: &Place) -> CompactString {
        let mark = if self.mark.is_empty() {
            format_compact!("~{}", self.at.as_second().div_euclid(SAME_SECONDS))
        } else {
            self.mark.clone()
        };
        let severity = if self.sort == Sort::Wrong { self.severity.word() } else { "" };
        let again = if self.again > 0 { format_compact!("+{}", self.again) } else { CompactString::default() };
        let (sort, check) = (self.sort.word(), &self.check);
        // Of one object several things may be observed in a minute: interfaces, limits, names.
        let words = if self.sort == Sort::Seen { self.text.as_str() } else { "" };
        format_compact!("{sort}/{check}/{}/{mark}{again}{severity}{words}", place.identity(&self.object))
    }
}

/// Where the cockpit looks from: what tells its things from those of other hosts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Place {
    host: CompactString,
    /// By context.
    clusters: BTreeMap<CompactString, CompactString>,
}

impl Place {
    pub fn of(host: &str) -> Self {
        Self { host: host.into(), clusters: BTreeMap::new() }
    }

    pub fn know_cluster(&mut self, context: &str, identity: &str) {
        self.clusters.insert(context.into(), identity.into());
    }

    fn cluster<'a>(&'a self, context: &'a str) -> &'a str {
        self.clusters.get(context).map_or(context, CompactString::as_str)
    }

    /// A name that is the same for whoever looks, from wherever.
    pub fn identity(&self, object: &ObjectRef) -> CompactString {
        if let Some(path) = object.in_kube() {
            let cluster = self.cluster(path.context);
            return format_compact!("{cluster}/{}/{}/{}", path.resource, path.namespace, path.name);
        }
        match (object.kind, object.engine_and_id()) {
            // Identities of containers are made at random, and engines are called by everybody as he likes.
            (ObjectKind::Container, Some((_, id))) => format_compact!("container/{id}"),
            (ObjectKind::Cluster, _) => format_compact!("cluster/{}", self.cluster(&object.id)),
            _ => format_compact!("{}/{}/{}", self.host, object.kind.word(), object.id),
        }
    }

    /// What is around an object of which nobody says what it is one of: its namespace, its engine, its host.
    fn around(&self, object: &ObjectRef) -> CompactString {
        if let Some(path) = object.in_kube() {
            return format_compact!("{}/{}", self.cluster(path.context), path.namespace);
        }
        match object.engine_and_id() {
            Some((engine, _)) => format_compact!("{}/{engine}", self.host),
            None => self.host.clone(),
        }
    }
}

/// The object that an event for these is about: the only one, what all are one of, or what is around them.
pub(super) fn object(items: &[Item]) -> ObjectRef {
    let Some(first) = items.first() else { return ObjectRef::new(ObjectKind::Host, "") };
    if items.iter().all(|item| item.object == first.object) {
        return first.object.clone();
    }
    if let Some(owner) =
        first.owner.as_ref().filter(|owner| items.iter().all(|item| item.owner.as_ref() == Some(*owner)))
    {
        return owner.clone();
    }
    if let Some(path) = first.object.in_kube() {
        return if path.namespace.is_empty() {
            ObjectRef::new(ObjectKind::Cluster, path.context)
        } else {
            ObjectRef::resource(path.context, "namespaces", "", path.namespace)
        };
    }
    match first.object.engine_and_id() {
        Some((engine, _)) => ObjectRef::new(ObjectKind::Engine, engine),
        None => ObjectRef::new(ObjectKind::Host, ""),
    }
}

/// What an event for these says.
pub(super) fn body(items: &[Item], count: u32, more: bool) -> Body {
    let first = &items[0];
    let alone = items.len() == 1 && count == 1 && !more;
    let text = if alone { first.text.clone() } else { words(items, count, more) };
    if first.sort == Sort::Deploy {
        let Facts { from, to, revision, .. } = if alone { first.facts.clone() } else { Facts::default() };
        return Body::Deploy { text, from, to, revision };
    }
    let mut members: Vec<_> = items.iter().map(|item| item.object.clone()).collect();
    members.dedup();
    members.truncate(MEMBERS);
    Body::Health {
        severity: items.iter().map(|item| item.severity).max().unwrap_or(Severity::Info),
        cleared: first.sort == Sort::Over,
        text,
        check: first.check.clone(),
        began: items.iter().filter_map(|item| item.began).min(),
        count: count.max(1),
        members: if alone { Vec::new() } else { members },
    }
}

/// `12 pods of shop/web restarted`.
fn words(items: &[Item], count: u32, more: bool) -> String {
    let first = &items[0];
    let kinds = if items.iter().all(|item| item.object.kind == first.object.kind) {
        plural(first.object.kind)
    } else {
        "things".into()
    };
    let more = if more { " more" } else { "" };
    let around = object(items);
    let (of, times) = if items.iter().all(|item| item.object == first.object) {
        (short_name(&first.object).to_string(), format!(" {count}{more} times"))
    } else if around.kind == ObjectKind::Host {
        (format!("{count}{more} {kinds}"), String::new())
    } else {
        (format!("{count}{more} {kinds} of {}", short_name(&around)), String::new())
    };
    match first.sort {
        Sort::Restart => format!("{of} restarted{times}"),
        Sort::Oom => format!("{of} OOM killed{times}"),
        Sort::Over => format!("{of}: over{times}"),
        Sort::Flapping => format!("{of} go and come{times}"),
        Sort::Deploy => {
            let names: Vec<_> = items.iter().take(3).map(|item| short_name(&item.object)).collect();
            let and = if count as usize > names.len() { " and others" } else { "" };
            format!("{count}{more} deploys in {}: {}{and}", short_name(&around), names.join(", "))
        }
        Sort::Wrong | Sort::Node | Sort::Xid | Sort::Seen => {
            let differ = items.iter().any(|item| item.cause != first.cause);
            format!("{of}: {}{}{times}", first.cause, if differ { ", and the like" } else { "" })
        }
    }
}
