//! What containers belong to together: a compose project, or a pod of a kubelet that runs on the engine.

use super::{
    container::{Container, ContainerState},
    health::Health,
    rows::Rows,
};
use compact_str::{CompactString, format_compact};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::BTreeMap};

/// Containers that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ContainerGroup {
    pub engine: CompactString,
    /// Name of the project, or `namespace/pod`.
    pub name: CompactString,
    /// Whether it is a pod.
    pub pod: bool,
    /// Places of its containers among the rows.
    pub members: Vec<u32>,
    pub running: u32,
    /// Containers that fail or are degraded.
    pub unwell: u32,
    /// The worst of its containers.
    pub health: Health,
}

impl ContainerGroup {
    /// Identity, unlike that of any container.
    pub fn key(&self) -> CompactString {
        let kind = if self.pod { "pod" } else { "project" };
        format_compact!("{kind} {}/{}", self.engine, self.name)
    }
}

/// A kubelet's word on a container, from its labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PodOf<'a> {
    pub namespace: &'a str,
    pub pod: &'a str,
    /// `POD` for the one that holds the pod's network.
    pub container: &'a str,
}

impl Container {
    /// The pod that it belongs to, where a kubelet made it.
    pub fn pod_of(&self) -> Option<PodOf<'_>> {
        let label = |name: &str| self.labels.get(name).map(String::as_str);
        Some(PodOf {
            namespace: label("io.kubernetes.pod.namespace")?,
            pod: label("io.kubernetes.pod.name")?,
            container: label("io.kubernetes.container.name")?,
        })
    }

    /// The name for a person: that of a pod's container without what the kubelet adds to keep it apart.
    pub fn title(&self) -> Cow<'_, str> {
        match self.pod_of() {
            Some(PodOf { namespace, pod, container }) => Cow::Owned(format!("{container} {namespace}/{pod}")),
            None => Cow::Borrowed(&self.name),
        }
    }

    /// The image for a person: a name rather than an id, and an id short.
    pub fn image_title(&self) -> &str {
        let image = self.image_tag.as_deref().unwrap_or(&self.image);
        let id = image.strip_prefix("sha256:").unwrap_or(image);
        let is_id = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_id { &id[..12] } else { image }
    }

    /// The group that it belongs to, as [`ContainerGroup::key`] names it.
    pub fn group_key(&self) -> Option<CompactString> {
        let (pod, name) = self.group()?;
        let kind = if pod { "pod" } else { "project" };
        Some(format_compact!("{kind} {}/{name}", self.engine))
    }

    /// Whether it is a pod, and the name.
    fn group(&self) -> Option<(bool, CompactString)> {
        if let Some(compose) = &self.compose {
            return Some((false, compose.project.clone()));
        }
        self.pod_of().map(|of| (true, format_compact!("{}/{}", of.namespace, of.pod)))
    }
}

/// The groups of all rows, by engine and name.
pub fn groups(rows: &Rows<Container>) -> Vec<ContainerGroup> {
    let mut groups: BTreeMap<(CompactString, bool, CompactString), ContainerGroup> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        let Some((pod, name)) = row.group() else { continue };
        let key = (row.engine.clone(), pod, name.clone());
        let group = groups.entry(key).or_insert_with(|| ContainerGroup {
            engine: row.engine.clone(),
            name,
            pod,
            health: Health::Ok,
            ..ContainerGroup::default()
        });
        group.members.push(at as u32);
        group.running += u32::from(row.state == ContainerState::Running);
        group.unwell += u32::from(row.health >= Health::Degraded);
        group.health = group.health.max(row.health);
    }
    groups.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{container::Compose, rows::Delta};
    use std::sync::Arc;

    #[test]
    fn projects_and_pods_are_groups() {
        let of_project = |id: &str, health| {
            let compose = Some(Compose { project: "shop".into(), ..Compose::default() });
            Container { engine: "docker".into(), id: id.into(), compose, health, ..Container::default() }
        };
        let mut pod =
            Container { engine: "docker".into(), id: "c".into(), name: "k8s_app_x".into(), ..Container::default() };
        for (name, value) in [("pod.namespace", "shop"), ("pod.name", "web-1"), ("container.name", "app")] {
            pod.labels.insert(format_compact!("io.kubernetes.{name}"), value.into());
        }
        pod.state = ContainerState::Running;
        pod.image = format_compact!("sha256:{}", "ab".repeat(32));
        assert_eq!((pod.title().as_ref(), pod.image_title()), ("app shop/web-1", "abababababab"));
        let mut rows = Rows::default();
        let all = [of_project("a", Health::Ok), of_project("b", Health::Failing), pod, Container::default()];
        rows.apply("docker", Delta::All(all.into_iter().map(Arc::new).collect()));
        let groups = groups(&rows);
        let told: Vec<_> = groups.iter().map(|g| (g.key(), g.members.len(), g.running, g.unwell, g.health)).collect();
        assert_eq!(
            told,
            [
                ("project docker/shop".into(), 2, 0, 1, Health::Failing),
                ("pod docker/shop/web-1".into(), 1, 1, 0, Health::Unknown),
            ]
        );
        assert_eq!(rows.get("docker", "c").and_then(|row| row.group_key()).as_deref(), Some("pod docker/shop/web-1"));
    }
}
