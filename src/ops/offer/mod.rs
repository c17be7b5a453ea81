//! What can be offered for an object: the table that menu, actions and the read-only test are made from. An operation that is not in it
//! cannot be asked for.

mod alertmanager;
mod engine;
pub mod finding;
mod kubernetes;
mod postgres;
pub mod value;

use super::operation::{AlertAct, EngineAct, KubeAct, Operation, PostgresAct, engine_of};
use crate::{
    model::object::{ObjectKind, ObjectRef},
    world::World,
};
use std::borrow::Cow;

/// Something that can be done to objects of some kinds.
pub struct Offer {
    /// The act's word.
    pub word: &'static str,
    /// Its letter in the menu.
    pub key: char,
    /// A word or two.
    pub title: &'static str,
    /// Whether it means something for this object.
    pub fits: fn(&ObjectRef) -> bool,
    /// Whether it is for one object at a time.
    pub single: bool,
    /// What has to be said before, with what is so now; for this object.
    pub fields: fn(&ObjectRef, &World) -> Vec<Field>,
    /// The act, from what was said.
    pub build: fn(&[&str]) -> Result<Act, Wrong>,
}

/// What is to be done, whatever it is done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Engine(EngineAct),
    /// To the engine itself, whatever of it was chosen.
    WholeEngine(EngineAct),
    Kube(KubeAct),
    /// About a finding of the rule book.
    Rule(finding::Said),
    Alertmanager(AlertAct),
    Postgres(PostgresAct),
}

/// Something to be said before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Field {
    pub label: Cow<'static, str>,
    /// What stands there first.
    pub value: String,
    /// What may be written.
    pub hint: String,
}

/// What is wrong with what was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Index of the field.
    pub field: usize,
    pub why: String,
}

impl Field {
    /// A field, with what stands there first and what may be written.
    pub fn new(label: impl Into<Cow<'static, str>>, value: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { label: label.into(), value: value.into(), hint: hint.into() }
    }
}

impl Offer {
    /// Something that can be done to many objects at once, with nothing to be said before.
    const fn new(
        word: &'static str,
        key: char,
        title: &'static str,
        fits: fn(&ObjectRef) -> bool,
        build: fn(&[&str]) -> Result<Act, Wrong>,
    ) -> Self {
        Self { word, key, title, fits, single: false, fields: |_, _| Vec::new(), build }
    }

    /// Something has to be said before.
    const fn asking(mut self, fields: fn(&ObjectRef, &World) -> Vec<Field>) -> Self {
        self.fields = fields;
        self
    }

    /// It is for one object at a time.
    const fn for_one(mut self) -> Self {
        self.single = true;
        self
    }

    /// The operation on this object.
    ///
    /// # Errors
    /// What is wrong with what was said.
    pub fn operation(&self, target: &ObjectRef, world: &World, values: &[&str]) -> Result<Operation, Wrong> {
        Ok(match (self.build)(values)? {
            Act::Engine(act) => Operation::Engine { target: target.clone(), name: name(world, target), act },
            Act::WholeEngine(act) => {
                let engine = engine_of(target);
                Operation::Engine { target: ObjectRef::new(ObjectKind::Engine, engine), name: engine.into(), act }
            }
            Act::Kube(act) => Operation::Kube { target: target.clone(), act },
            Act::Rule(said) => finding::operation(said, target, world)?,
            Act::Postgres(act) => {
                let (target, act) = postgres::on(target, world, act);
                Operation::Postgres { target, act }
            }
            Act::Alertmanager(act) => Operation::Alertmanager {
                target: target.clone(),
                name: name(world, target),
                act: alertmanager::on(target, world, act),
            },
        })
    }

    /// What stands in its fields first.
    pub fn defaults(&self, target: &ObjectRef, world: &World) -> Vec<String> {
        (self.fields)(target, world).into_iter().map(|field| field.value).collect()
    }
}

/// Everything that can be offered.
pub fn all() -> impl Iterator<Item = &'static Offer> {
    let own = finding::OFFERS.iter().chain(alertmanager::OFFERS).chain(postgres::OFFERS);
    engine::OFFERS.iter().chain(kubernetes::OFFERS).chain(own)
}

/// What can be offered for an object.
pub fn of(target: &ObjectRef) -> impl Iterator<Item = &'static Offer> {
    all().filter(|offer| (offer.fits)(target))
}

/// What can be offered for an object under this word.
pub fn find(word: &str, target: &ObjectRef) -> Option<&'static Offer> {
    of(target).find(|offer| offer.word == word)
}

/// The name that a person knows an object of an engine or of an Alertmanager by.
pub fn name(world: &World, target: &ObjectRef) -> String {
    let watch = &world.observed.watch;
    if let Some(alert) = watch.alert(target) {
        return alert.name().to_owned();
    }
    if let Some(silence) = watch.silence(target) {
        return silence.text();
    }
    let engines = &world.observed.containers;
    let found = target.engine_and_id().and_then(|(engine, id)| match target.kind {
        ObjectKind::Container => engines.containers.get(engine, id).map(|row| row.name.to_string()),
        ObjectKind::Image => engines.images.get(engine, id).and_then(|row| row.tags.first().map(ToString::to_string)),
        ObjectKind::EngineNetwork => engines.networks.get(engine, id).map(|row| row.name.to_string()),
        _ => None,
    });
    found.unwrap_or_else(|| {
        let id = target.engine_and_id().map_or(target.id.as_str(), |(_, id)| id);
        let bare = id.trim_start_matches("sha256:");
        if target.kind == ObjectKind::Volume || bare.len() <= 12 {
            bare.into()
        } else {
            bare.chars().take(12).collect()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::operation::rules;
    use std::collections::BTreeSet;

    #[test]
    fn every_act_is_offered() {
        let offered: BTreeSet<_> = all().map(|offer| offer.word).collect();
        // What the editor's text becomes is not offered: it follows from the edit.
        let words = EngineAct::WORDS.iter().chain(KubeAct::WORDS).chain(rules::WORDS).chain(AlertAct::WORDS);
        let words = words.chain(PostgresAct::WORDS);
        // What only a runbook's plan makes safe is done by a runbook alone.
        const RUNBOOKS: &[&str] = &[
            "apply",
            "rollback",
            "delete-wedged",
            "helm-rollback",
            "recreate",
            "tag",
            "set-secret",
            "promote-cluster",
            "checkpoint",
            "canary",
            "fence",
            "unfence",
            "sql",
        ];
        assert_eq!(offered, words.copied().filter(|word| !RUNBOOKS.contains(word)).collect());
    }

    #[test]
    fn a_letter_means_one_thing_for_a_kind() {
        let kinds = [
            ObjectRef::in_engine(ObjectKind::Container, "e", "c"),
            ObjectRef::in_engine(ObjectKind::Image, "e", "c"),
            ObjectRef::new(ObjectKind::Engine, "e"),
            ObjectRef::in_cluster(ObjectKind::Pod, "c", "n", "p"),
            ObjectRef::in_cluster(ObjectKind::Deployment, "c", "n", "p"),
            ObjectRef::in_cluster(ObjectKind::Node, "c", "", "p"),
            ObjectRef::in_cluster(ObjectKind::CronJob, "c", "n", "p"),
            ObjectRef::resource("c", "secrets", "n", "s"),
            ObjectRef::resource("c", "services", "n", "s"),
            ObjectRef::new(ObjectKind::Violation, "x:1"),
            ObjectRef::new(ObjectKind::Alert, "a/1"),
            ObjectRef::new(ObjectKind::Silence, "a/1"),
            ObjectRef::new(ObjectKind::Postgres, "c"),
            ObjectRef::new(ObjectKind::Postgres, "c/m"),
        ];
        for target in kinds {
            let keys: Vec<_> = of(&target).map(|offer| offer.key).collect();
            let once: BTreeSet<_> = keys.iter().collect();
            assert!(!keys.is_empty() && once.len() == keys.len(), "{target}: {keys:?}");
            assert!(!keys.contains(&'q') && !keys.contains(&'j'), "letters that leave or move: {target}: {keys:?}");
        }
    }
}
