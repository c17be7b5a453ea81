//! What a check is.

use super::{
    out::Out,
    resource::Resource,
    subject::{change::Change, container::Container, live::Live},
    tree::{File, Kind, Tree},
};
use crate::model::finding::{Level, Scope, rule_of};

/// What is known of a check without running it: for reports, `explain` and the pane.
#[derive(Debug)]
pub struct Meta {
    /// Its rule's number and a letter: `11f`.
    pub id: &'static str,
    /// What is wrong, in a few words: `container runs privileged`.
    pub title: &'static str,
    pub level: Level,
    pub scopes: &'static [Scope],
    /// Why it matters, in a sentence or two.
    pub why: &'static str,
    /// What to do, in a sentence.
    pub fix: &'static str,
    /// Checks of the same meaning elsewhere: `CIS 5.5`, `KSV-0017`.
    pub precedent: &'static [&'static str],
    /// Pages that say more.
    pub references: &'static [&'static str],
    /// What the configuration can set.
    pub parameters: &'static [Parameter],
}

impl Meta {
    /// The number of its rule.
    pub fn rule(&self) -> u8 {
        rule_of(self.id)
    }
}

/// Something that the configuration can set for a check.
#[derive(Debug)]
pub struct Parameter {
    pub name: &'static str,
    pub about: &'static str,
    pub default: Value,
}

/// A parameter's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    Number(f64),
    Text(&'static str),
    Texts(&'static [&'static str]),
}

/// Whether a check had anything to say about what it was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Judged {
    /// Looked at: passed, unless it added a finding.
    Yes,
    /// Not for this check.
    No,
}

/// One check of the rule book. It implements the methods for the subjects that it knows; the others are not for it.
///
/// [`Check::file`], [`Check::resource`] and [`Check::container`] see one subject each and are asked again only when that changed.
/// The others see the whole, and are asked again whenever a part of it changed that they read ([`Check::reads`]): they have to be quick.
#[allow(unused_variables)]
pub trait Check: Sync {
    /// What it is.
    fn meta(&self) -> &'static Meta;
    /// Judges a file by itself.
    fn file(&self, file: &File, out: &mut Out<'_>) -> Judged {
        Judged::No
    }
    /// Judges an object, written in a file or live: of a cluster (`Deployment`), of an engine (`image`, `volume`).
    fn resource(&self, resource: &Resource, out: &mut Out<'_>) -> Judged {
        Judged::No
    }
    /// Judges a container, however it was declared: a compose service, a container of a pod template, a live one.
    fn container(&self, container: &Container<'_>, out: &mut Out<'_>) -> Judged {
        Judged::No
    }
    /// Judges the files together.
    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        Judged::No
    }
    /// The kinds of files that [`Check::tree`] takes anything from, but for their paths: a change of others leaves its verdict as it is.
    /// All of them unless it says so. Objects of clusters count with [`Kind::Kubernetes`], compose projects with [`Kind::Compose`], whatever
    /// files make them up.
    fn reads(&self) -> Option<&'static [Kind]> {
        None
    }
    /// Judges what changed in the tree since a base.
    fn change(&self, change: &Change, tree: &Tree, out: &mut Out<'_>) -> Judged {
        Judged::No
    }
    /// Judges what is live, also together with the tree; either may be missing.
    fn live(&self, live: &Live<'_>, tree: Option<&Tree>, out: &mut Out<'_>) -> Judged {
        Judged::No
    }
}
