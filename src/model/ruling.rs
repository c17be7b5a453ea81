//! What the rule book says of a repository, an engine, a cluster or this host, as the cockpit holds it.

use super::{
    Timestamp,
    finding::{Finding, Level, Scope, Status},
    object::{ObjectKind, ObjectRef},
    observed::Observed,
    preflight::Preflight,
};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// By the name of the source that judges: `rules/repo`, `rules/docker/NAME`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rulings(BTreeMap<CompactString, RuleNews>);

/// What one source says; it replaces what that source said before.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleNews {
    pub source: CompactString,
    /// Folder of the repository, where it is one.
    pub root: Option<String>,
    /// The user's own configuration, where waivers of what belongs to no repository are written.
    pub user: Option<String>,
    /// As the policy has settled them, the heaviest first.
    pub rulings: Vec<Ruling>,
    /// How many judgements of each check passed.
    pub passed: BTreeMap<CompactString, usize>,
    /// What is told of the checks that found something, by name.
    pub checks: BTreeMap<CompactString, CheckFacts>,
    /// What is wrong with the policy or with rules of one's own.
    pub problems: Vec<String>,
    /// Critical servers: nothing is done to them without authorisation.
    pub protected: Vec<ProtectedTarget>,
    /// What is gone through before work begins, where it is a repository.
    pub preflight: Option<Preflight>,
}

/// A finding and since when it is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ruling {
    pub finding: Finding,
    pub first_seen: Timestamp,
    /// Whether it came after the first look.
    pub is_new: bool,
    /// When it came, went and came back, as far as that was seen here, the newest last.
    #[serde(default)]
    pub history: Vec<Turn>,
}

/// Something that became of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Turn {
    pub at: Timestamp,
    pub what: What,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// It was seen, for the first time.
    Seen,
    /// It was looked for and not found.
    Gone,
    /// It was found again.
    Back,
}

/// Lines of a file around a finding. Secrets are not in them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SourceLines {
    /// Number of the first of them.
    pub first: u32,
    pub lines: Vec<String>,
    /// The first and the last line of what was found; `None` where the whole file is meant.
    pub marked: Option<(u32, u32)>,
}

/// The lines of the finding whose page is open.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RuleLines {
    /// Name of the finding.
    pub key: CompactString,
    pub lines: SourceLines,
}

/// What a person has to know of a check.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CheckFacts {
    pub why: String,
    pub precedent: String,
    pub references: Vec<String>,
}

/// A critical server, as the policy names it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ProtectedTarget {
    pub kind: Option<String>,
    pub namespace: Option<String>,
    /// `*` stands for any text, `?` for one sign.
    pub name: String,
    pub reason: String,
    /// Who may authorise.
    pub authority: Option<String>,
}

impl Rulings {
    /// Takes what a source says.
    pub fn apply(&mut self, news: RuleNews) {
        self.0.insert(news.source.clone(), news);
    }

    /// Forgets a source that is off.
    pub fn forget(&mut self, source: &str) {
        self.0.remove(source);
    }

    /// What each source says.
    pub fn news(&self) -> impl Iterator<Item = &RuleNews> + Clone {
        self.0.values()
    }

    /// Every finding, by source.
    pub fn iter(&self) -> impl Iterator<Item = &Ruling> + Clone {
        self.0.values().flat_map(|news| &news.rulings)
    }

    /// The finding at a place among all of them: what a list asks for every cell.
    pub fn at(&self, place: usize) -> Option<&Ruling> {
        let mut left = place;
        for news in self.0.values() {
            match left.checked_sub(news.rulings.len()) {
                Some(beyond) => left = beyond,
                None => return news.rulings.get(left),
            }
        }
        None
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.values().map(|news| news.rulings.len()).sum()
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether no source has said anything yet.
    pub fn is_unknown(&self) -> bool {
        self.0.is_empty()
    }

    /// The finding of this name, and what is told of its check.
    pub fn get(&self, key: &str) -> Option<(&Ruling, Option<&CheckFacts>)> {
        self.told_by(key).map(|(news, ruling)| (ruling, news.checks.get(&ruling.finding.check)))
    }

    /// The finding of this name, and all that the source says that tells of it.
    pub fn told_by(&self, key: &str) -> Option<(&RuleNews, &Ruling)> {
        self.0.values().find_map(|news| Some((news, news.rulings.iter().find(|ruling| ruling.is_called(key))?)))
    }
}

impl Ruling {
    /// Its name: the fingerprint, with its place where one fingerprint stands several times.
    pub fn key(&self) -> CompactString {
        let line = self.finding.span.map_or(0, |span| span.line);
        compact_str::format_compact!("{}:{line}", self.finding.fingerprint)
    }

    /// Whether that is its name, without making it.
    fn is_called(&self, key: &str) -> bool {
        key.strip_prefix(self.finding.fingerprint.as_str()).is_some_and(|_| self.key() == key)
    }

    /// Where it is, for a person: `k8s/web.yaml:12:5`, `container web on docker`.
    pub fn place(&self) -> String {
        let finding = &self.finding;
        match (&finding.file, finding.span) {
            (Some(file), Some(span)) => format!("{file}:{}:{}", span.line, span.column),
            (Some(file), None) => file.to_string(),
            (None, _) if finding.origin.is_empty() => finding.resource.to_string(),
            (None, _) => format!("{} on {}", finding.resource, finding.origin),
        }
    }

    /// Whether it stops the line: a violation of a blocking check, or one that could not be judged.
    pub fn blocks(&self) -> bool {
        self.finding.level == Level::Block && self.finding.status != Status::Waived
    }

    /// The live object that it is about, where that is known here.
    pub fn object(&self, observed: &Observed) -> Option<ObjectRef> {
        let finding = &self.finding;
        let (kind, name) = finding.resource.split_once(' ')?;
        match finding.scope {
            Scope::Docker => in_engine(kind, name, &finding.origin, observed),
            Scope::Kube => {
                let (namespace, name) = name.split_once('/').unwrap_or(("", name));
                if let Some((_, kind)) = KINDS.iter().find(|(word, _)| *word == kind) {
                    return Some(ObjectRef::in_cluster(*kind, &finding.origin, namespace, name));
                }
                let (_, plural) = RESOURCES.iter().find(|(word, _)| *word == kind)?;
                Some(ObjectRef::resource(&finding.origin, plural, namespace, name))
            }
            _ => None,
        }
    }
}

/// Kinds of a cluster that have a page of their own.
const KINDS: &[(&str, ObjectKind)] = &[
    ("Pod", ObjectKind::Pod),
    ("Deployment", ObjectKind::Deployment),
    ("StatefulSet", ObjectKind::StatefulSet),
    ("DaemonSet", ObjectKind::DaemonSet),
    ("ReplicaSet", ObjectKind::ReplicaSet),
    ("Job", ObjectKind::Job),
    ("CronJob", ObjectKind::CronJob),
    ("Node", ObjectKind::Node),
];

/// Other kinds that checks look at, and what the API calls them.
const RESOURCES: &[(&str, &str)] = &[
    ("Service", "services"),
    ("ConfigMap", "configmaps"),
    ("Secret", "secrets"),
    ("ServiceAccount", "serviceaccounts"),
    ("PersistentVolumeClaim", "persistentvolumeclaims"),
    ("Ingress", "ingresses.networking.k8s.io"),
    ("NetworkPolicy", "networkpolicies.networking.k8s.io"),
    ("HorizontalPodAutoscaler", "horizontalpodautoscalers.autoscaling"),
    ("PodDisruptionBudget", "poddisruptionbudgets.policy"),
    ("Role", "roles.rbac.authorization.k8s.io"),
    ("RoleBinding", "rolebindings.rbac.authorization.k8s.io"),
    ("ClusterRole", "clusterroles.rbac.authorization.k8s.io"),
    ("ClusterRoleBinding", "clusterrolebindings.rbac.authorization.k8s.io"),
];

/// What an engine holds under a name.
fn in_engine(kind: &str, name: &str, engine: &str, observed: &Observed) -> Option<ObjectRef> {
    let all = &observed.containers;
    let (kind, id) = match kind {
        "container" => {
            let row = all.containers.iter().find(|row| row.engine == engine && row.name == name)?;
            (ObjectKind::Container, row.id.clone())
        }
        "image" => {
            let is_it = |row: &&std::sync::Arc<super::container::Image>| {
                row.engine == engine && (row.id == name || row.tags.iter().any(|tag| tag == name))
            };
            (ObjectKind::Image, all.images.iter().find(is_it)?.id.clone())
        }
        "volume" => {
            (ObjectKind::Volume, all.volumes.iter().find(|row| row.engine == engine && row.name == name)?.name.clone())
        }
        "network" => (
            ObjectKind::EngineNetwork,
            all.networks.iter().find(|row| row.engine == engine && row.name == name)?.id.clone(),
        ),
        _ => return None,
    };
    Some(ObjectRef::in_engine(kind, engine, &id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Span;

    fn ruling(fingerprint: &str, line: u32) -> Ruling {
        let finding = Finding {
            check: "11f".into(),
            fingerprint: fingerprint.into(),
            title: "t".into(),
            level: Level::Block,
            status: Status::Fail,
            scope: Scope::Repo,
            resource: "a".into(),
            origin: "a".into(),
            file: None,
            span: Some(Span::on_line(line, 1, 1)),
            pointer: None,
            observed: String::new(),
            expected: String::new(),
            fix: CompactString::default(),
            owner: None,
            waiver: None,
        };
        Ruling { finding, first_seen: Timestamp::UNIX_EPOCH, is_new: false, history: Vec::new() }
    }

    #[test]
    fn places_and_names_lead_to_the_same_findings_as_going_through_all() {
        let mut all = Rulings::default();
        for (source, rulings) in
            [("a", vec![ruling("x", 1), ruling("x", 2)]), ("b", vec![]), ("c", vec![ruling("xy", 1)])]
        {
            all.apply(RuleNews { source: source.into(), rulings, ..RuleNews::default() });
        }
        let told: Vec<_> = (0..4).map(|place| all.at(place).map(Ruling::key)).collect();
        assert_eq!(told, [Some("x:1".into()), Some("x:2".into()), Some("xy:1".into()), None]);
        for one in all.iter() {
            assert_eq!(all.get(&one.key()).map(|(found, _)| found), Some(one));
        }
        assert!(all.get("x:3").is_none());
    }
}
