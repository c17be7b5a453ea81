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
use compact_str::{CompactString, format_compact};

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
        let told: Vec<_> = restarted.iter().map(|pod| self.restart(at, context, pod)).collect();
        let (first, more) = told.split_at(told.len().min(AT_ONCE));
        first.iter().for_each(|change| self.push_change(change.clone()));
        // The column has a row for the rest; who records them knows each.
        more.iter().for_each(|change| self.capture(change.clone()));
        if !more.is_empty() {
            let text = format!("{} more pods restarted", more.len());
            let object = ObjectRef::new(ObjectKind::Cluster, context);
            self.show_change(Change::new(at, ChangeKind::Restart, Severity::Warn, object, text));
        }
    }

    fn restart(&self, at: Timestamp, context: &str, pod: &Pod) -> Change {
        let path = pod.key();
        let why = why(pod);
        let kind = if why.as_ref().is_some_and(|(_, oom)| *oom) { ChangeKind::Oom } else { ChangeKind::Restart };
        let why = why.map_or_else(String::new, |(why, _)| format!(": {why}"));
        let text = format!("pod {path} restarted{why}, {} times so far", pod.restarts);
        let object = ObjectRef::in_cluster(ObjectKind::Pod, context, &pod.namespace, &pod.name);
        let when = pod.restarted_at.filter(|when| *when <= at).unwrap_or(at);
        let mut change = Change::new(when, kind, Severity::Warn, object, text);
        change.facts.mark = format_compact!("{}:{}", pod.uid, pod.restarts);
        change.facts.owner = self.owner_of(context, pod);
        change
    }

    /// What keeps a pod running: the Deployment above its ReplicaSet.
    fn owner_of(&self, context: &str, pod: &Pod) -> Option<ObjectRef> {
        use ObjectKind::{CronJob, DaemonSet, Deployment, Job, ReplicaSet, StatefulSet};
        let known = [Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob];
        let object = |kind: &str, name: &str| {
            let kind = known.into_iter().find(|known| known.word().eq_ignore_ascii_case(kind))?;
            Some(ObjectRef::in_cluster(kind, context, &pod.namespace, name))
        };
        let owner = pod.owner.as_ref()?;
        let workloads = self.observed.kube.workloads.of(context);
        let is_it = |workload: &&std::sync::Arc<Workload>| {
            workload.kind == ReplicaSet && workload.namespace == pod.namespace && workload.name == owner.name
        };
        let above =
            workloads.iter().find(is_it).filter(|_| owner.kind == "ReplicaSet").and_then(|set| set.owner.as_ref());
        let above = above.unwrap_or(owner);
        object(&above.kind, &above.name)
    }

    fn note_workloads(&mut self, at: Timestamp, context: &str, delta: &Delta<Workload>) {
        let Some(changed) = changed(delta) else { return };
        for workload in changed.iter().filter(|workload| workload.kind != ObjectKind::ReplicaSet) {
            let Some(before) = self.observed.kube.workloads.get(context, &workload.key()).cloned() else { continue };
            let what = format!("{} {}/{}", workload.kind.word(), workload.namespace, workload.name);
            let object = ObjectRef::in_cluster(workload.kind, context, &workload.namespace, &workload.name);
            let mut texts = Vec::new();
            if let Some(text) = deployed(&before, workload) {
                let mut change =
                    Change::new(at, ChangeKind::Deploy, Severity::Info, object.clone(), format!("{what}: {text}"));
                let words =
                    |images: &[CompactString]| Some(images.join(", ")).filter(|_| before.images != workload.images);
                (change.facts.from, change.facts.to) = (words(&before.images), words(&workload.images));
                change.facts.revision = workload.revision.map(|revision| revision.to_string());
                change.facts.mark =
                    format_compact!("{}:{:?}:{}", workload.uid, workload.revision, workload.images.join(","));
                self.push_change(change);
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
            let text = format!("node {} is {}", node.name, node.status);
            self.push_change(Change::new(at, ChangeKind::Node, severity, object, text));
        }
    }

    fn note(&mut self, at: Timestamp, severity: Severity, object: ObjectRef, text: String) {
        self.push_change(Change::new(at, ChangeKind::Observed, severity, object, text));
    }
}

/// What is new or different in rows that are known already; a list that is read for the first time changes nothing.
fn changed<T>(delta: &Delta<T>) -> Option<&[std::sync::Arc<T>]> {
    match delta {
        Delta::Changed { changed, .. } | Delta::More(changed) => Some(changed),
        Delta::All(_) => None,
    }
}

/// What was rolled out, where something was.
fn deployed(before: &Workload, now: &Workload) -> Option<String> {
    if before.images != now.images {
        let revision = now.revision.map_or_else(String::new, |n| format!(", rev {n}"));
        return Some(format!("{}{revision}", images(&before.images, &now.images)));
    }
    let revision = now.revision.map_or_else(|| "?".to_owned(), |n| n.to_string());
    (before.revision.is_some() && before.revision != now.revision).then(|| format!("new template, rev {revision}"))
}

/// How the container that ended last ended, and whether that was for want of memory.
fn why(pod: &Pod) -> Option<(String, bool)> {
    let ended = pod.containers.iter().filter_map(|container| Some((container, container.last.as_ref()?)));
    let (container, end) = ended.max_by_key(|(_, end)| end.finished_at)?;
    let how = match (end.reason.as_str(), end.signal) {
        ("OOMKilled", _) => "OOM killed".to_owned(),
        (_, signal) if signal != 0 => format!("signal {signal}"),
        _ => format!("exit {}", end.exit_code),
    };
    Some((format!("container {} {how}", container.name), end.reason == "OOMKilled"))
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
