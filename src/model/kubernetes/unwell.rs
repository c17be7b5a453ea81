//! Pods that are not well, by the workload at the top of those that control them: one cause is one group.

use super::{Kube, Owner, Pod};
use crate::model::{
    health::Health,
    object::{ObjectKind, ObjectRef},
};
use compact_str::{CompactString, format_compact};
use std::collections::HashMap;

/// Pods that are not well and have the same workload above them, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unwell {
    pub context: CompactString,
    pub namespace: CompactString,
    /// Kind and name of the workload; `None` where nothing that is known here controls them.
    pub workload: Option<(ObjectKind, CompactString)>,
    /// Places among the pods.
    places: Vec<u32>,
}

impl Unwell {
    /// The pods, in order.
    pub fn pods<'a>(&'a self, kube: &'a Kube) -> impl Iterator<Item = &'a Pod> + Clone {
        self.places.iter().filter_map(|place| <[_]>::get(&kube.pods, *place as usize).map(|pod| &**pod))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.places.len()
    }
}

/// Groups the pods. Those of one workload mostly lie side by side, since a pod's name begins with its workload's.
pub(super) fn group(kube: &Kube) -> Vec<Unwell> {
    let mut groups: Vec<Unwell> = Vec::new();
    let mut known = HashMap::new();
    let mut last: Option<(&Pod, usize)> = None;
    for (place, pod) in kube.pods.that_are(Health::is_unwell) {
        let beside = last.filter(|(before, _)| are_siblings(before, pod)).map(|(_, at)| at);
        let at = beside.unwrap_or_else(|| {
            let workload = pod.owner.as_ref().and_then(|owner| top(kube, pod, owner));
            let key = (&*pod.context, &*pod.namespace, workload);
            *known.entry(key).or_insert_with_key(|key| {
                groups.push(Unwell {
                    context: key.0.into(),
                    namespace: key.1.into(),
                    workload: key.2.map(|(kind, name)| (kind, name.into())),
                    places: Vec::new(),
                });
                groups.len() - 1
            })
        });
        groups[at].places.push(place as u32);
        last = Some((pod, at));
    }
    groups
}

fn are_siblings(a: &Pod, b: &Pod) -> bool {
    a.owner == b.owner && a.namespace == b.namespace && a.context == b.context
}

impl Kube {
    /// The pod of this name.
    pub fn pod(&self, object: &ObjectRef) -> Option<&Pod> {
        let path = object.in_kube()?;
        self.pods.get(path.context, &super::path(path.namespace, path.name)).map(AsRef::as_ref)
    }

    /// The workload at the top of those that control a pod; nothing where none is known here.
    pub fn above(&self, pod: &Pod) -> Option<ObjectRef> {
        let (kind, name) = top(self, pod, pod.owner.as_ref()?)?;
        Some(ObjectRef::in_cluster(kind, &pod.context, &pod.namespace, name))
    }
}

/// What is at the top of those that control a pod, among the kinds that are known here.
fn top<'a>(kube: &'a Kube, pod: &'a Pod, owner: &'a Owner) -> Option<(ObjectKind, &'a str)> {
    let direct = (kind_of(&owner.kind)?, owner.name.as_str());
    if direct.0 != ObjectKind::ReplicaSet {
        return Some(direct);
    }
    let set = kube.workloads.get(&pod.context, &format_compact!("replicaset/{}/{}", pod.namespace, direct.1));
    let above = set.and_then(|set| set.owner.as_ref());
    Some(above.and_then(|above| Some((kind_of(&above.kind)?, above.name.as_str()))).unwrap_or(direct))
}

fn kind_of(word: &str) -> Option<ObjectKind> {
    Some(match word {
        "ReplicaSet" => ObjectKind::ReplicaSet,
        "Deployment" => ObjectKind::Deployment,
        "StatefulSet" => ObjectKind::StatefulSet,
        "DaemonSet" => ObjectKind::DaemonSet,
        "Job" => ObjectKind::Job,
        _ => return None,
    })
}
