//! Emptying a node: no new pods, then an eviction of each that is there, as `kubectl drain` does it. PodDisruptionBudgets are honoured.

use super::{MANAGER, evict, failure, resource};
use crate::{
    model::object::ObjectRef,
    ops::{
        execute::{Deed, Failure, Progress},
        operation::{KubeAct, path_of},
    },
};
use kube::{
    Client,
    api::{DynamicObject, ListParams, Patch, PatchParams},
};
use serde_json::{Value, json};
use std::time::Duration;

/// Pause between two tries of evictions that a budget holds up, as kubectl makes it.
const RETRY: Duration = Duration::from_secs(5);
/// Pause between two looks at whether evicted pods are gone.
const LOOK: Duration = Duration::from_secs(1);

/// Why a pod forbids the drain that belongs to nobody.
const UNMANAGED: &str = "nothing makes it anew";

/// What becomes of a pod of the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Evicted,
    /// It stays, and why.
    Stays(&'static str),
    /// It forbids the whole drain, and why.
    Blocks(&'static str),
}

/// A pod of the node.
#[derive(Debug, Clone)]
pub struct OnNode {
    pub namespace: String,
    pub name: String,
    uid: String,
    pub fate: Fate,
}

/// The pods of a node, and what becomes of each.
///
/// # Errors
/// Where they cannot be listed.
pub async fn plan(client: &Client, target: &ObjectRef, act: &KubeAct) -> Result<Vec<OnNode>, Failure> {
    let KubeAct::Drain { unmanaged, local_data, .. } = act else { return Ok(Vec::new()) };
    let pods = resource::api_of(client, "pods", "").await?;
    let field = format!("spec.nodeName={}", path_of(target).name);
    let listed = pods.list(&ListParams::default().fields(&field)).await.map_err(failure)?;
    let on_node = |pod: DynamicObject| OnNode {
        fate: fate(&pod, *unmanaged, *local_data),
        namespace: pod.metadata.namespace.unwrap_or_default(),
        name: pod.metadata.name.unwrap_or_default(),
        uid: pod.metadata.uid.unwrap_or_default(),
    };
    Ok(listed.items.into_iter().map(on_node).collect())
}

fn fate(pod: &DynamicObject, unmanaged: bool, local_data: bool) -> Fate {
    let text = |pointer: &str| pod.data.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let annotations = pod.metadata.annotations.as_ref();
    if annotations.is_some_and(|all| all.contains_key("kubernetes.io/config.mirror")) {
        return Fate::Stays("the kubelet's own");
    }
    if matches!(text("/status/phase"), "Succeeded" | "Failed") {
        return Fate::Evicted;
    }
    let controller = pod.metadata.owner_references.iter().flatten().find(|owner| owner.controller == Some(true));
    match controller.map(|owner| owner.kind.as_str()) {
        Some("DaemonSet") => return Fate::Stays("of a DaemonSet"),
        None if !unmanaged => return Fate::Blocks(UNMANAGED),
        _ => {}
    }
    let volumes = pod.data.pointer("/spec/volumes").and_then(Value::as_array);
    let has_local = volumes.into_iter().flatten().any(|volume| volume.get("emptyDir").is_some());
    if has_local && !local_data { Fate::Blocks("its emptyDir data would be lost") } else { Fate::Evicted }
}

/// How many pods of a node would do what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fates {
    pub all: usize,
    pub evictable: usize,
    /// Nothing makes them anew.
    pub unmanaged: usize,
    pub with_local_data: usize,
    /// A budget would refuse their eviction now.
    pub blocked_by_budget: usize,
}

/// Counts what would become of the pods of a node.
///
/// # Errors
/// Where they cannot be listed.
pub async fn fates(client: &Client, target: &ObjectRef, act: &KubeAct) -> Result<Fates, Failure> {
    let pods = plan(client, target, act).await?;
    let mut fates = Fates { all: pods.len(), ..Fates::default() };
    for pod in &pods {
        match pod.fate {
            Fate::Evicted => {
                fates.evictable += 1;
                let api = resource::api_of(client, "pods", &pod.namespace).await?;
                if let Err(Failure::Failed(why)) = evict(&api, &pod.namespace, &pod.name, None, true).await
                    && why.starts_with("held up")
                {
                    fates.blocked_by_budget += 1;
                }
            }
            Fate::Blocks(UNMANAGED) => fates.unmanaged += 1,
            Fate::Blocks(_) => fates.with_local_data += 1,
            Fate::Stays(_) => {}
        }
    }
    Ok(fates)
}

/// What forbids the drain, in words.
pub fn blocked(pods: &[OnNode]) -> Option<String> {
    let blocks = |pod: &OnNode| match pod.fate {
        Fate::Blocks(why) => Some(format!("{}/{}: {why}", pod.namespace, pod.name)),
        _ => None,
    };
    let all: Vec<_> = pods.iter().filter_map(blocks).collect();
    let more = if all.len() > 3 { format!(" and {} more", all.len() - 3) } else { String::new() };
    (!all.is_empty()).then(|| format!("{}{more}", all[..all.len().min(3)].join("; ")))
}

pub(super) async fn drain(
    client: &Client,
    target: &ObjectRef,
    act: &KubeAct,
    progress: Progress<'_>,
) -> Result<Deed, Failure> {
    let KubeAct::Drain { grace_seconds, .. } = act else { return Err(Failure::failed("that is no drain")) };
    let name = path_of(target).name;
    let pods = plan(client, target, act).await?;
    if let Some(why) = blocked(&pods) {
        return Err(Failure::Failed(format!("nothing was done: {why}")));
    }
    let cordon = json!({"spec": {"unschedulable": true}});
    let params = PatchParams { field_manager: Some(MANAGER.into()), ..PatchParams::default() };
    let nodes = resource::api_of(client, "nodes", "").await?;
    nodes.patch(name, &params, &Patch::Merge(cordon)).await.map_err(failure)?;
    let leaving: Vec<_> = pods.iter().filter(|pod| pod.fate == Fate::Evicted).collect();
    let mut open = leaving.clone();
    let mut held = String::new();
    while !open.is_empty() {
        let mut left = Vec::new();
        for pod in open {
            let api = resource::api_of(client, "pods", &pod.namespace).await?;
            match evict(&api, &pod.namespace, &pod.name, *grace_seconds, false).await {
                Ok(()) => {}
                Err(Failure::Failed(why)) if why.starts_with("not there") => {}
                Err(Failure::Failed(why)) if why.starts_with("held up") => {
                    held = format!("{}/{} is {why}", pod.namespace, pod.name);
                    left.push(pod);
                }
                Err(Failure::Failed(why)) => {
                    return Err(Failure::Failed(format!(
                        "the node stays cordoned; {}/{}: {why}",
                        pod.namespace, pod.name
                    )));
                }
                Err(unknown) => return Err(unknown),
            }
        }
        let done = leaving.len() - left.len();
        let words = if left.is_empty() { String::new() } else { format!(", {held}") };
        progress(format!("drain {name}: {done} of {} evicted{words}", leaving.len()));
        open = left;
        if !open.is_empty() {
            tokio::time::sleep(RETRY).await;
        }
    }
    wait_until_gone(client, target, act, &leaving, progress).await?;
    Ok(format!("{} pods evicted, {} stay", leaving.len(), pods.len() - leaving.len()).into())
}

async fn wait_until_gone(
    client: &Client,
    target: &ObjectRef,
    act: &KubeAct,
    leaving: &[&OnNode],
    progress: Progress<'_>,
) -> Result<(), Failure> {
    let mut told = usize::MAX;
    loop {
        let now = plan(client, target, act).await?;
        let left = leaving.iter().filter(|pod| now.iter().any(|other| other.uid == pod.uid)).count();
        if left == 0 {
            return Ok(());
        }
        if left != told {
            progress(format!("drain {}: {left} pods are still ending", path_of(target).name));
            told = left;
        }
        tokio::time::sleep(LOOK).await;
    }
}
