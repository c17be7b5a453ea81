//! What is counted over all pods, once for each change of them and only when somebody looks.

use super::{
    Kube, Pod, Resources,
    unwell::{self, Unwell},
};
use compact_str::CompactString;
use std::{collections::HashMap, sync::OnceLock};

/// What the pods of a node ask for together.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct NodeLoad {
    /// Pods that have not ended.
    pub pods: u32,
    /// Sums of what they request, as the scheduler counts them.
    pub requests: Resources,
}

/// Counted when it is first asked for; a copy counts anew.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Containers of all pods before each pod, and of all at the end.
    containers: OnceLock<Vec<u32>>,
    /// By context, then node.
    nodes: OnceLock<HashMap<CompactString, HashMap<CompactString, NodeLoad>>>,
    unwell: OnceLock<Vec<Unwell>>,
}

impl Index {
    /// Forgets what follows from who controls whom.
    pub(super) fn forget_owners(&mut self) {
        self.unwell.take();
    }
}

impl Clone for Index {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// What is derived is no part of what is known.
impl PartialEq for Index {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Pod {
    /// Whether it has ended for good and holds nothing of its node any more.
    pub fn has_ended(&self) -> bool {
        matches!(self.phase.as_str(), "Succeeded" | "Failed")
    }
}

impl Kube {
    /// Containers of all pods.
    pub fn container_count(&self) -> usize {
        self.containers_before().last().copied().unwrap_or(0) as usize
    }

    /// The pod and the place in it of a container, counted over all pods.
    pub fn container_at(&self, at: usize) -> Option<(&Pod, usize)> {
        let before = self.containers_before();
        let at = u32::try_from(at).ok()?;
        let pod = before.partition_point(|first| *first <= at).checked_sub(1)?;
        Some((<[_]>::get(&self.pods, pod)?, (at - before[pod]) as usize))
    }

    /// What the pods of a node ask for.
    pub fn load_of(&self, context: &str, node: &str) -> NodeLoad {
        let nodes = self.index.nodes.get_or_init(|| {
            let mut nodes: HashMap<CompactString, HashMap<CompactString, NodeLoad>> = HashMap::new();
            for pod in self.pods.iter().filter(|pod| !pod.node.is_empty() && !pod.has_ended()) {
                if !nodes.contains_key(&pod.context) {
                    nodes.insert(pod.context.clone(), HashMap::new());
                }
                let Some(of_context) = nodes.get_mut(&pod.context) else { continue };
                match of_context.get_mut(&pod.node) {
                    Some(load) => load.add(pod),
                    None => of_context.entry(pod.node.clone()).or_default().add(pod),
                }
            }
            nodes
        });
        nodes.get(context).and_then(|nodes| nodes.get(node)).copied().unwrap_or_default()
    }

    /// The pods that are not well, in groups.
    pub fn unwell(&self) -> &[Unwell] {
        self.index.unwell.get_or_init(|| unwell::group(self))
    }

    fn containers_before(&self) -> &[u32] {
        self.index.containers.get_or_init(|| {
            let mut sum = 0;
            let sums = self.pods.iter().map(|pod| {
                sum += pod.containers.len() as u32;
                sum
            });
            std::iter::once(0).chain(sums).collect()
        })
    }
}

impl NodeLoad {
    fn add(&mut self, pod: &Pod) {
        self.pods += 1;
        let requests = &mut self.requests;
        requests.cpu_cores = add(requests.cpu_cores, pod.requests.cpu_cores);
        requests.memory_bytes = add(requests.memory_bytes, pod.requests.memory_bytes);
    }
}

fn add<T: std::ops::Add<Output = T>>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a + b),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use crate::model::rows::Delta;
    use std::sync::Arc;

    fn news(pods: &[(&str, usize)]) -> KubeNews {
        let pod = |(name, containers): &(&str, usize)| {
            Arc::new(Pod {
                context: "c".into(),
                name: (*name).into(),
                node: "n".into(),
                requests: Resources { cpu_cores: Some(0.5), memory_bytes: None },
                containers: vec![PodContainer::default(); *containers],
                ..Pod::default()
            })
        };
        KubeNews { context: "c".into(), part: KubePart::Pods(Delta::All(pods.iter().map(pod).collect())) }
    }

    #[test]
    fn containers_are_counted_through_and_anew_after_a_change() {
        let mut kube = Kube::default();
        assert_eq!((kube.container_count(), kube.container_at(0)), (0, None));
        kube.apply(news(&[("a", 2), ("b", 0), ("c", 1)]));
        let found: Vec<_> =
            (0..4).map(|at| kube.container_at(at).map(|(pod, place)| (pod.name.to_string(), place))).collect();
        assert_eq!(found, [Some(("a".into(), 0)), Some(("a".into(), 1)), Some(("c".into(), 0)), None]);
        assert_eq!(kube.load_of("c", "n").requests.cpu_cores, Some(1.5));
        kube.apply(news(&[("a", 1)]));
        assert_eq!((kube.container_count(), kube.load_of("c", "n").pods, kube.load_of("c", "m").pods), (1, 1, 0));
    }
}
