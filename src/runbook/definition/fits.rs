//! Which runbook fits what: from an object that is not well, a finding or an alert to a runbook with its variables filled in.

use super::{Catalogue, Definition};
use crate::{
    model::object::ObjectRef,
    runbook::{
        condition::pattern_of,
        template::{Found, Scope, Template},
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// What a runbook is offered for. Everything that it names has to fit.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Fits {
    /// Kinds of objects: `deployment`, `container`.
    pub objects: Vec<String>,
    /// Checks of the attention list, or of the rule book: `kube-workload`, `mount-space`, `12d`.
    pub checks: Vec<String>,
    /// Regular expressions, one of which fits the name of an alert.
    pub alerts: Vec<String>,
    /// A regular expression that fits what is said about it.
    pub cause: Option<String>,
    /// Variables and what they are then: `{{object.context}}`, `{{object.namespace}}`, `{{object.name}}`, `{{object.kind}}`,
    /// `{{object.engine}}`, `{{object.id}}`, `{{object.endpoint}}` of a Patroni cluster, `{{alert.LABEL}}`.
    pub fill: BTreeMap<String, Template>,
}

/// Something that somebody wants a runbook for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Occasion {
    pub object: Option<ObjectRef>,
    /// Name of the object as people know it: of a container its name, not its identity.
    pub name: String,
    /// The check of the attention list or the rule book.
    pub check: String,
    pub alert: String,
    /// Labels of the alert.
    pub labels: BTreeMap<String, String>,
    /// What is said about it.
    pub cause: String,
    /// Where the Patroni of a cluster answers.
    pub endpoint: String,
}

/// A runbook that fits.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion<'a> {
    pub definition: &'a Definition,
    pub variables: BTreeMap<String, Json>,
    /// How much of the occasion it names: the more, the better it fits.
    pub weight: u32,
}

impl Catalogue {
    /// Runbooks that fit, the best first.
    pub fn suggestions(&self, occasion: &Occasion) -> Vec<Suggestion<'_>> {
        let mut found: Vec<_> = self.sound().filter_map(|definition| suggestion(definition, occasion)).collect();
        found.sort_by(|a, b| b.weight.cmp(&a.weight).then_with(|| a.definition.id.cmp(&b.definition.id)));
        found
    }
}

fn suggestion<'a>(definition: &'a Definition, occasion: &Occasion) -> Option<Suggestion<'a>> {
    let fitting = definition.fits.iter().filter_map(|fits| Some((fits.weight(occasion)?, fits)));
    let (weight, fits) = fitting.max_by_key(|(weight, _)| *weight)?;
    let variables = fits.fill.iter().filter_map(|(name, template)| {
        let mut template = template.clone();
        template.bind(occasion).ok()?;
        let value = definition.variable(name)?.parse(&template.text().ok()?).ok()?;
        Some((name.clone(), value))
    });
    Some(Suggestion { definition, variables: variables.collect(), weight })
}

impl Fits {
    /// How much of the occasion it names; `None` where something that it names does not fit.
    fn weight(&self, occasion: &Occasion) -> Option<u32> {
        let mut weight = 0;
        let mut name = |named: bool, fits: &dyn Fn() -> bool, by: u32| {
            if !named {
                return true;
            }
            weight += by;
            fits()
        };
        let kind = occasion.object.as_ref().map(|object| object.kind.word());
        let fits = |pattern: &String, text: &str| pattern_of(pattern).is_ok_and(|regex| regex.is_match(text));
        let all = name(!self.objects.is_empty(), &|| self.objects.iter().any(|word| Some(word.as_str()) == kind), 1)
            && name(!self.checks.is_empty(), &|| self.checks.contains(&occasion.check), 2)
            && name(!self.alerts.is_empty(), &|| self.alerts.iter().any(|pattern| fits(pattern, &occasion.alert)), 4)
            && name(self.cause.is_some(), &|| self.cause.iter().any(|pattern| fits(pattern, &occasion.cause)), 4);
        (all && weight > 0).then_some(weight)
    }
}

impl Scope for Occasion {
    fn find(&self, name: &str) -> Found {
        let missing = || Found::Missing("the occasion does not say".into());
        let text = |text: &str| Found::Value(Json::String(text.to_owned()));
        if let Some(label) = name.strip_prefix("alert.") {
            return self.labels.get(label).map_or_else(missing, |value| text(value));
        }
        let Some(object) = &self.object else { return missing() };
        let path = object.in_kube();
        match name {
            "object.kind" => text(object.kind.word()),
            "object.id" => text(&object.id),
            "object.endpoint" if !self.endpoint.is_empty() => text(&self.endpoint),
            "object.context" => path.map_or_else(missing, |path| text(path.context)),
            "object.namespace" => path.map_or_else(missing, |path| text(path.namespace)),
            "object.engine" => object.engine_and_id().map_or_else(missing, |(engine, _)| text(engine)),
            "object.name" if !self.name.is_empty() => text(&self.name),
            "object.name" => path.map_or_else(missing, |path| text(path.name)),
            _ => missing(),
        }
    }
}
