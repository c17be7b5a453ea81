//! What the gate says of operations on the objects of clusters.

use super::rules;
use crate::{
    model::{
        Timestamp,
        kubernetes::{Access, Kube, Pod, Workload, path as key_of},
        object::{KubePath, ObjectKind, ObjectRef},
    },
    ops::operation::{KubeAct, path_of},
    world::World,
};
use compact_str::format_compact;

/// The pod at a path.
pub fn pod<'w>(kube: &'w Kube, path: KubePath<'_>) -> Option<&'w Pod> {
    kube.pods.get(path.context, &key_of(path.namespace, path.name)).map(|pod| &**pod)
}

/// The workload that an object names.
pub fn workload<'w>(kube: &'w Kube, target: &ObjectRef) -> Option<&'w Workload> {
    let path = target.in_kube()?;
    let key = format_compact!("{}/{}/{}", target.kind.word(), path.namespace, path.name);
    kube.workloads.get(path.context, &key).map(|workload| &**workload)
}

/// Why this must not be done now, where it must not.
pub fn refusal(target: &ObjectRef, act: &KubeAct, world: &World) -> Option<String> {
    let Some(path) = target.in_kube() else { return Some("that is not in a cluster".into()) };
    let kube = &world.observed.kube;
    let is_open = || kube.details.as_ref().is_some_and(|details| details.object == *target);
    let gone = || Some(format!("{} {} is gone, or was never seen", target.kind.word(), path.name));
    match target.kind {
        ObjectKind::Pod => match pod(kube, path) {
            Some(pod) => pod_refusal(pod, act),
            None if is_open() => None,
            None => gone(),
        },
        ObjectKind::Node => match kube.nodes.get(path.context, path.name) {
            Some(node) => match act {
                KubeAct::Cordon if node.unschedulable => Some("it is cordoned already".into()),
                KubeAct::Uncordon if !node.unschedulable => Some("it is not cordoned".into()),
                _ => None,
            },
            None if is_open() => None,
            None => gone(),
        },
        // The server knows; its rows are those that the resource table shows, and may be of another kind by now.
        ObjectKind::Resource => None,
        _ => match workload(kube, target) {
            Some(workload) => workload_refusal(workload, act),
            None if is_open() => None,
            None => gone(),
        },
    }
}

fn pod_refusal(pod: &Pod, act: &KubeAct) -> Option<String> {
    let container = match act {
        KubeAct::Exec { container, .. } | KubeAct::Attach { container } => container,
        KubeAct::CopyIn { container, .. } | KubeAct::CopyOut { container, .. } => container,
        _ => return None,
    };
    let found = pod.containers.iter().find(|found| container.is_empty() || found.name == *container);
    match found {
        None => Some(format!("the pod has no container {container}")),
        Some(found) if !found.state.is_empty() && found.state != "running" => {
            let reason = if found.reason.is_empty() { String::new() } else { format!(" ({})", found.reason) };
            Some(format!("container {} is {}{reason}", found.name, found.state))
        }
        Some(_) => None,
    }
}

fn workload_refusal(workload: &Workload, act: &KubeAct) -> Option<String> {
    let said = match act {
        KubeAct::Restart | KubeAct::Rollback { .. } if workload.paused => "its rollouts are paused: resume them first",
        KubeAct::Pause if workload.paused => "its rollouts are paused already",
        KubeAct::Resume if !workload.paused => "its rollouts are not paused",
        KubeAct::Suspend if workload.paused => "it is suspended already",
        KubeAct::Unsuspend if !workload.paused => "it is not suspended",
        KubeAct::Scale { replicas } if workload.desired == Some(*replicas) => "it is scaled to that already",
        KubeAct::SetImage { image, .. } if workload.images.len() == 1 && workload.images[0] == *image => {
            "it has that image already"
        }
        _ => return None,
    };
    Some(said.into())
}

/// The refusal of what the API server is known not to allow; otherwise what it has not said yet.
pub fn permission(target: &ObjectRef, act: &KubeAct, world: &World) -> Result<Vec<Access>, String> {
    let path = path_of(target);
    let mut unknown = Vec::new();
    for need in act.needs(path) {
        match answer(world, path.context, &need) {
            Some(true) => {}
            None => unknown.push(need),
            Some(false) => {
                let cluster = world.observed.kube.clusters.get(path.context);
                let user = cluster.map(|cluster| cluster.user.as_str()).filter(|user| !user.is_empty());
                let user = user.map_or_else(String::new, |user| format!(" as {user}"));
                return Err(format!(
                    "you may not {}{user} ({}): the verb «{}» is missing",
                    need.words(),
                    path.context,
                    need.verb
                ));
            }
        }
    }
    Ok(unknown)
}

/// What the API server said, where it did and the answer is fresh.
pub fn answer(world: &World, context: &str, need: &Access) -> Option<bool> {
    let answer = world.observed.kube.access.get(context)?.get(&need.key())?;
    let age = |at: Timestamp| world.now.duration_since(at).as_secs();
    (age(answer.at) < Access::FRESH_SECONDS).then_some(answer.allowed)
}

/// Labels and annotations by which tools mark what is theirs, and the tools.
const KEEPERS: &[(&str, &str, &str)] = &[
    ("argocd.argoproj.io/instance", "", "Argo CD"),
    ("kustomize.toolkit.fluxcd.io/name", "", "Flux"),
    ("helm.toolkit.fluxcd.io/name", "", "Flux"),
    ("app.kubernetes.io/managed-by", "Helm", "Helm"),
];

/// What a person has to know before this is done, though it is allowed.
pub fn warnings(target: &ObjectRef, act: &KubeAct, world: &World) -> Vec<String> {
    let kube = &world.observed.kube;
    let mut warnings = Vec::new();
    let labels = rules::labels(world, target);
    let changes = matches!(
        act,
        KubeAct::Scale { .. }
            | KubeAct::SetImage { .. }
            | KubeAct::Apply { .. }
            | KubeAct::Edit
            | KubeAct::Rollback { .. }
    );
    let keeper = KEEPERS
        .iter()
        .find(|(key, value, _)| labels.iter().any(|(k, v)| k == key && (value.is_empty() || v == value)))
        .filter(|_| changes);
    if let Some((_, _, tool)) = keeper {
        warnings.push(format!("{tool} keeps it: what is changed here may be undone"));
    }
    let pod = target.in_kube().filter(|_| target.kind == ObjectKind::Pod).and_then(|path| pod(kube, path));
    if matches!(act, KubeAct::Delete { .. } | KubeAct::Evict { .. }) && pod.is_some_and(|pod| pod.owner.is_none()) {
        warnings.push("nothing makes this pod anew".into());
    }
    warnings
}
