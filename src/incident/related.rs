//! Whether two objects have to do with one another: a pod with what it is one of.

use crate::model::object::{ObjectKind, ObjectRef};
use compact_str::CompactString;

/// Whether two names mean the same thing, a pod and the workload that runs it, or two pods that one controller made.
pub fn related(a: &ObjectRef, b: &ObjectRef) -> bool {
    if a == b {
        return true;
    }
    let (Some(in_a), Some(in_b)) = (a.in_kube(), b.in_kube()) else { return false };
    if (in_a.context, in_a.namespace) != (in_b.context, in_b.namespace) || in_a.namespace.is_empty() {
        return false;
    }
    match (a.kind == ObjectKind::Pod, b.kind == ObjectKind::Pod) {
        (true, true) => without_ends(in_a.name, 1).is_some_and(|stem| without_ends(in_b.name, 1) == Some(stem)),
        (true, false) => is_pod_of(in_a.name, b.kind, in_b.name),
        (false, true) => is_pod_of(in_b.name, a.kind, in_a.name),
        (false, false) => false,
    }
}

/// Whether a pod is called as the controller of a workload calls its pods: the workload's name and one or two endings
/// (<https://kubernetes.io/docs/concepts/workloads/controllers/deployment/>).
fn is_pod_of(pod: &str, kind: ObjectKind, workload: &str) -> bool {
    let endings: &[usize] = match kind {
        ObjectKind::Deployment | ObjectKind::CronJob => &[2],
        ObjectKind::StatefulSet | ObjectKind::DaemonSet | ObjectKind::ReplicaSet | ObjectKind::Job => &[1],
        _ => return false,
    };
    endings.iter().any(|count| without_ends(pod, *count) == Some(workload))
}

/// A name without so many of its endings, which begin with a `-`.
fn without_ends(name: &str, count: usize) -> Option<&str> {
    (0..count).try_fold(name, |name, _| name.rsplit_once('-').map(|(stem, _)| stem))
}

/// The short name of an object, for a sentence: `shop/checkout`, `node-7`, `/var`.
pub fn short_name(object: &ObjectRef) -> CompactString {
    if let Some(path) = object.in_kube() {
        return if path.namespace.is_empty() {
            path.name.into()
        } else {
            compact_str::format_compact!("{}/{}", path.namespace, path.name)
        };
    }
    match object.engine_and_id() {
        Some((_, id)) => id.chars().take(12).collect(),
        None if object.id.is_empty() => object.kind.word().into(),
        None => object.id.clone(),
    }
}

/// The word for several of a kind: `pods`, `processes`, `GPUs`.
pub fn plural(kind: ObjectKind) -> CompactString {
    let word = kind.word();
    match word {
        "memory" | "logs" => word.into(),
        "gpu" => "GPUs".into(),
        "process" => "processes".into(),
        _ if word.ends_with('y') => compact_str::format_compact!("{}ies", &word[..word.len() - 1]),
        _ if word.ends_with('s') => compact_str::format_compact!("{word}es"),
        _ => compact_str::format_compact!("{word}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(kind: ObjectKind, name: &str) -> ObjectRef {
        ObjectRef::in_cluster(kind, "prod", "shop", name)
    }

    #[test]
    fn a_pod_belongs_to_its_workload() {
        use ObjectKind::{Deployment, Pod, StatefulSet};
        let web = named(Deployment, "web");
        assert!(related(&web, &named(Pod, "web-7d9f-x2k")));
        assert!(related(&named(Pod, "web-7d9f-x2k"), &web));
        assert!(!related(&web, &named(Pod, "web-admin-7d9f-x2k")), "another workload whose name begins alike");
        assert!(related(&named(StatefulSet, "db"), &named(Pod, "db-0")));
        assert!(related(&named(Pod, "web-7d9f-x2k"), &named(Pod, "web-7d9f-abc")));
        assert!(!related(&named(Pod, "web-7d9f-x2k"), &named(Pod, "api-7d9f-abc")));
        let elsewhere = ObjectRef::in_cluster(Pod, "prod", "other", "web-7d9f-x2k");
        assert!(!related(&web, &elsewhere));
        let node = |name| ObjectRef::in_cluster(ObjectKind::Node, "prod", "", name);
        assert!(related(&node("n-1"), &node("n-1")) && !related(&node("n-1"), &node("n-2")));
    }

    #[test]
    fn names_in_sentences() {
        assert_eq!(short_name(&named(ObjectKind::Deployment, "web")), "shop/web");
        assert_eq!(short_name(&ObjectRef::in_cluster(ObjectKind::Node, "prod", "", "n1")), "n1");
        assert_eq!(short_name(&ObjectRef::in_engine(ObjectKind::Container, "docker", &"a".repeat(64))), "a".repeat(12));
        assert_eq!(short_name(&ObjectRef::new(ObjectKind::Memory, "")), "memory");
        assert_eq!(
            [ObjectKind::Pod, ObjectKind::Process, ObjectKind::Memory].map(plural),
            ["pods", "processes", "memory"]
        );
    }
}
