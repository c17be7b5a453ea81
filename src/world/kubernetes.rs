//! What changed in a cluster and is worth a row in the time column: deploys, restarts, nodes.

use super::World;
use crate::model::{
    Timestamp,
    attention::Severity,
    change::{Change, ChangeKind},
    kubernetes::{KubeNews, KubePart, Node, Pod, Workload},
    object::{ObjectKind, ObjectRef},
    rows::{Delta, Keyed},
};
use compact_str::CompactString;

/// More rows of one sort at once become one.
const AT_ONCE: usize = 3;

impl World {
    /// Compares news of a cluster with what was known of it.
    pub(super) fn note_cluster(&mut self, at: Timestamp, news: &KubeNews) {
        let context = &news.context;
        match &news.part {
            KubePart::Pods(delta) => self.note_pods(at, context, delta),
            KubePart::Workloads(delta) => self.note_workloads(at, context, delta),
            KubePart::Nodes(delta) => self.note_nodes(at, context, delta),
            _ => {}
        }
    }

    fn note_pods(&mut self, at: Timestamp, context: &str, delta: &Delta<Pod>) {
        let Some(changed) = changed(delta) else { return };
        let restarted: Vec<_> = changed
            .iter()
            .filter(|pod| {
                let before = self.observed.kube.pods.get(context, &pod.key());
                before.is_some_and(|before| before.uid == pod.uid && before.restarts < pod.restarts)
            })
            .collect();
        for pod in restarted.iter().take(AT_ONCE) {
            let path = pod.key();
            let why = why(pod).map_or_else(String::new, |why| format!(": {why}"));
            let text = format!("pod {path} restarted{why}, {} times so far", pod.restarts);
            let object = ObjectRef::in_cluster(ObjectKind::Pod, context, &pod.namespace, &pod.name);
            let when = pod.restarted_at.filter(|when| *when <= at).unwrap_or(at);
            self.note(when, Severity::Warn, object, text);
        }
        if restarted.len() > AT_ONCE {
            let text = format!("{} more pods restarted", restarted.len() - AT_ONCE);
            self.note(at, Severity::Warn, ObjectRef::new(ObjectKind::Cluster, context), text);
        }
    }

    fn note_workloads(&mut self, at: Timestamp, context: &str, delta: &Delta<Workload>) {
        let Some(changed) = changed(delta) else { return };
        for workload in changed.iter().filter(|workload| workload.kind != ObjectKind::ReplicaSet) {
            let Some(before) = self.observed.kube.workloads.get(context, &workload.key()).cloned() else { continue };
            let what = format!("{} {}/{}", workload.kind.word(), workload.namespace, workload.name);
            let object = ObjectRef::in_cluster(workload.kind, context, &workload.namespace, &workload.name);
            let mut texts = Vec::new();
            if before.images != workload.images {
                let revision = workload.revision.map_or_else(String::new, |n| format!(", rev {n}"));
                texts.push(format!("{what}: {}{revision}", images(&before.images, &workload.images)));
            } else if before.revision.is_some() && before.revision != workload.revision {
                let revision = workload.revision.map_or_else(|| "?".to_owned(), |n| n.to_string());
                texts.push(format!("{what}: new template, rev {revision}"));
            }
            let counted = !matches!(workload.kind, ObjectKind::DaemonSet | ObjectKind::Job);
            if let (Some(old), Some(new)) = (before.desired, workload.desired)
                && counted
                && old != new
            {
                texts.push(format!("{what}: scaled {old} → {new}"));
            }
            if before.paused != workload.paused {
                texts.push(format!("{what}: {}", if workload.paused { "paused" } else { "resumed" }));
            }
            for text in texts {
                self.note(at, Severity::Info, object.clone(), text);
            }
        }
    }

    fn note_nodes(&mut self, at: Timestamp, context: &str, delta: &Delta<Node>) {
        let Some(changed) = changed(delta) else { return };
        let other: Vec<_> = changed
            .iter()
            .filter(|node| {
                let before = self.observed.kube.nodes.get(context, &node.name);
                before.is_some_and(|before| before.status != node.status)
            })
            .collect();
        for node in other {
            let severity = if node.status.starts_with("NotReady") { Severity::Error } else { Severity::Info };
            let object = ObjectRef::in_cluster(ObjectKind::Node, context, "", &node.name);
            self.note(at, severity, object, format!("node {} is {}", node.name, node.status));
        }
    }

    fn note(&mut self, at: Timestamp, severity: Severity, object: ObjectRef, text: String) {
        self.push_change(Change { at, kind: ChangeKind::Observed, severity, object, text });
    }
}

/// What is new or different in rows that are known already; a list that is read for the first time changes nothing.
fn changed<T>(delta: &Delta<T>) -> Option<&[std::sync::Arc<T>]> {
    match delta {
        Delta::Changed { changed, .. } | Delta::More(changed) => Some(changed),
        Delta::All(_) => None,
    }
}

/// How the container that ended last ended.
fn why(pod: &Pod) -> Option<String> {
    let ended = pod.containers.iter().filter_map(|container| Some((container, container.last.as_ref()?)));
    let (container, end) = ended.max_by_key(|(_, end)| end.finished_at)?;
    let how = match (end.reason.as_str(), end.signal) {
        ("OOMKilled", _) => "OOM killed".to_owned(),
        (_, signal) if signal != 0 => format!("signal {signal}"),
        _ => format!("exit {}", end.exit_code),
    };
    Some(format!("container {} {how}", container.name))
}

/// `image web:1 → web:2`, of those that differ.
fn images(old: &[CompactString], new: &[CompactString]) -> String {
    let differ: Vec<_> = old.iter().zip(new).filter(|(old, new)| old != new).collect();
    match differ.as_slice() {
        [(old, new)] => format!("image {old} → {new}"),
        [] => format!("{} containers instead of {}", new.len(), old.len()),
        several => {
            let each: Vec<_> = several.iter().map(|(old, new)| format!("{old} → {new}")).collect();
            format!("images {}", each.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{kubernetes::PodContainer, kubernetes::Run, update::Update};
    use std::sync::Arc;

    fn tell(world: &mut World, part: KubePart) -> Vec<String> {
        let before = world.changes.len();
        let news = KubeNews { context: "c".into(), part };
        world.apply(Timestamp::UNIX_EPOCH, "kube/c", vec![Update::Kube(Box::new(news))]);
        world.changes.iter().take(world.changes.len() - before).map(|change| change.text.clone()).collect()
    }

    fn pods(restarts: u32, count: usize) -> KubePart {
        let end = Run { exit_code: 137, reason: "OOMKilled".into(), ..Run::default() };
        let container = PodContainer { name: "app".into(), last: Some(end), ..PodContainer::default() };
        let pod = |n| {
            let containers = vec![container.clone()];
            let name = compact_str::format_compact!("p{n}");
            Arc::new(Pod { context: "c".into(), namespace: "n".into(), name, restarts, containers, ..Pod::default() })
        };
        KubePart::Pods(Delta::Changed { changed: (0..count).map(pod).collect(), gone: vec![] })
    }

    #[test]
    fn restarts_are_told_and_many_in_one_row() {
        let mut world = World::default();
        assert!(tell(&mut world, pods(3, 1)).is_empty(), "what is seen first is no change");
        assert_eq!(tell(&mut world, pods(4, 1)), ["pod n/p0 restarted: container app OOM killed, 4 times so far"]);
        tell(&mut world, pods(4, 9));
        let told = tell(&mut world, pods(5, 9));
        assert_eq!((told.len(), told[0].as_str()), (AT_ONCE + 1, "6 more pods restarted"));
    }

    #[test]
    fn images() {
        let images = |old: &[&str], new: &[&str]| {
            let words = |words: &[&str]| words.iter().map(|word| CompactString::from(*word)).collect::<Vec<_>>();
            super::images(&words(old), &words(new))
        };
        assert_eq!(images(&["web:1"], &["web:2"]), "image web:1 → web:2");
        assert_eq!(images(&["a:1", "b:1"], &["a:1", "b:2"]), "image b:1 → b:2");
        assert_eq!(images(&["a:1", "b:1"], &["a:2", "b:2"]), "images a:1 → a:2, b:1 → b:2");
        assert_eq!(images(&["a:1"], &["a:1", "b:2"]), "2 containers instead of 1");
    }
}
