//! What is known by way of Prometheus and Alertmanager.

use super::{
    Timestamp,
    alert::{Alert, Alertmanager, Silence},
    fleet::Instance,
    metric::{AlertRule, Labels, Prometheus},
    object::{ObjectKind, ObjectRef},
    slo::Slo,
};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// Everything, by the names of the configuration.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Watched {
    pub alertmanagers: BTreeMap<CompactString, Arc<Alertmanager>>,
    pub prometheus: BTreeMap<CompactString, Arc<Prometheus>>,
    /// By the Prometheus that is asked for them.
    pub slos: BTreeMap<CompactString, Arc<Vec<Slo>>>,
    /// Hosts by the Prometheus that knows them, the worst first.
    pub fleets: BTreeMap<CompactString, Arc<Vec<Instance>>>,
    /// The newest graph that was asked for.
    pub graph: Option<Arc<Graph>>,
}

/// News of a Prometheus. Each replaces what was known of its kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrometheusNews {
    /// As the configuration calls it.
    pub name: CompactString,
    pub part: PrometheusPart,
}

/// What the news are about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrometheusPart {
    About(Prometheus),
    Slos(Vec<Slo>),
    Fleet(Vec<Instance>),
    Graph(Graph),
}

/// What a graph is asked for: an expression at a Prometheus, and which of its series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphAsked {
    pub prometheus: CompactString,
    /// What it belongs to.
    pub object: ObjectRef,
    pub expression: String,
    /// The series with these labels is the one.
    pub labels: Labels,
}

/// An expression over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    pub asked: GraphAsked,
    /// Values that can be drawn, oldest first.
    pub points: Vec<(Timestamp, f64)>,
    /// How many series the expression has.
    pub series: u32,
    /// What the server says against it, or why there is none.
    pub problems: Vec<String>,
}

impl Watched {
    /// Takes the news of a Prometheus.
    pub fn apply(&mut self, news: PrometheusNews) {
        let PrometheusNews { name, part } = news;
        match part {
            PrometheusPart::About(about) => drop(self.prometheus.insert(name, Arc::new(about))),
            PrometheusPart::Slos(slos) => drop(self.slos.insert(name, Arc::new(slos))),
            PrometheusPart::Fleet(fleet) => drop(self.fleets.insert(name, Arc::new(fleet))),
            PrometheusPart::Graph(graph) => self.graph = Some(Arc::new(graph)),
        }
    }

    /// Forgets what a source said that is asked no more.
    pub fn forget(&mut self, kind: &str, name: &str) {
        if kind == "alertmanager" {
            self.alertmanagers.remove(name);
        } else {
            self.prometheus.remove(name);
            self.slos.remove(name);
            self.fleets.remove(name);
        }
    }

    /// Every alert of every Alertmanager.
    pub fn alerts(&self) -> impl Iterator<Item = &Arc<Alert>> {
        self.alertmanagers.values().flat_map(|manager| &manager.alerts)
    }

    /// The alert of that name.
    pub fn alert(&self, object: &ObjectRef) -> Option<&Arc<Alert>> {
        let (place, fingerprint) = object.in_watch().filter(|_| object.kind == ObjectKind::Alert)?;
        self.alertmanagers.get(place)?.alert(fingerprint)
    }

    /// The silence of that name.
    pub fn silence(&self, object: &ObjectRef) -> Option<&Arc<Silence>> {
        let (place, id) = object.in_watch().filter(|_| object.kind == ObjectKind::Silence)?;
        self.alertmanagers.get(place)?.silence(id)
    }

    /// Every objective with the Prometheus that is asked for it.
    pub fn objectives(&self) -> impl Iterator<Item = &Slo> {
        self.slos.values().flat_map(|slos| slos.iter())
    }

    /// The objective of that name.
    pub fn slo(&self, object: &ObjectRef) -> Option<&Slo> {
        let (place, name) = object.in_watch().filter(|_| object.kind == ObjectKind::Slo)?;
        self.slos.get(place)?.iter().find(|slo| slo.name == name)
    }

    /// The host of that name.
    pub fn instance(&self, object: &ObjectRef) -> Option<&Instance> {
        let (place, _) = object.in_watch().filter(|_| object.kind == ObjectKind::Instance)?;
        self.fleets.get(place)?.iter().find(|instance| instance.object(place) == *object)
    }

    /// The rule that made an alert, and the Prometheus that has it: of its name, and with no label that contradicts it.
    pub fn rule(&self, alert: &Alert) -> Option<(&CompactString, &AlertRule)> {
        let fits = |rule: &&AlertRule| {
            let same = |(name, value): (&CompactString, &CompactString)| {
                // A template is filled in for each alert.
                value.contains("{{") || alert.labels.get(name).is_none_or(|own| own == value)
            };
            rule.name == alert.name() && rule.labels.iter().all(same)
        };
        let mut all = self.prometheus.iter().flat_map(|(name, known)| known.rules.iter().map(move |rule| (name, rule)));
        all.find(|(_, rule)| fits(rule))
    }

    /// What to ask for where a graph of this object is wanted.
    pub fn graph_for(&self, object: &ObjectRef) -> Option<GraphAsked> {
        let alert = self.alert(object)?;
        let (prometheus, rule) = self.rule(alert)?;
        Some(GraphAsked {
            prometheus: prometheus.clone(),
            object: object.clone(),
            expression: rule.query.clone(),
            labels: alert.labels.clone(),
        })
    }
}
