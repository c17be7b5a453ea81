//! What pods and nodes use: from the metrics API where it is served, else from each node's kubelet.

use super::{
    api::{Api, Trouble},
    reflect::{ListState, Shared, Told},
    slim::{self, Meta, Quantity},
};
use crate::model::{
    kubernetes::{KubePart, NodeUsage, Usage, path},
    topic::Topic,
};
use compact_str::CompactString;
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

/// How often, while it is shown.
const PAUSE: Duration = Duration::from_secs(15);
/// Kubelets that are asked at once, and how long each may take.
const AT_ONCE: usize = 8;
const PATIENCE: Duration = Duration::from_secs(3);
/// A kubelet that did not answer is left alone for so many rounds.
const REST: u32 = 20;
/// How the list of usage is called among those that are being read.
const NAME: &str = "usage";

type Pods = BTreeMap<CompactString, Usage>;
type Nodes = BTreeMap<CompactString, NodeUsage>;

/// Tells usage while somebody needs it.
pub async fn run(mut shared: Shared) {
    // Rounds until a node is asked again.
    let mut resting: HashMap<CompactString, u32> = HashMap::new();
    let mut first = true;
    loop {
        let needed = shared
            .demand
            .wait_for(|demand| demand.visible.contains(Topic::PodUsage) || demand.background.contains(Topic::PodUsage));
        if needed.await.is_err() {
            return;
        }
        let state = |state| Told::List { resource: NAME.into(), namespace: CompactString::default(), state };
        if first && shared.tell(state(ListState::LOADING)).await.is_err() {
            return;
        }
        let found = ask(&shared.api, &mut resting).await;
        let from = match found {
            Ok((from, pods, nodes)) => {
                for part in [KubePart::PodUsage(pods), KubePart::NodeUsage(nodes)] {
                    if shared.tell(Told::Part(part)).await.is_err() {
                        return;
                    }
                }
                from
            }
            Err(why) => why,
        };
        let change = Told::About(Box::new(move |cluster| cluster.usage_from = from));
        if shared.tell(change).await.is_err() || shared.tell(state(ListState::Here)).await.is_err() {
            return;
        }
        first = false;
        shared.pause(PAUSE).await;
    }
}

async fn ask(
    api: &Api,
    resting: &mut HashMap<CompactString, u32>,
) -> Result<(CompactString, Pods, Nodes), CompactString> {
    match metrics(api).await {
        Ok((pods, nodes)) => return Ok(("metrics-server".into(), pods, nodes)),
        Err(Trouble::Unreachable { reason, .. }) => return Err(reason.into()),
        Err(_) => {}
    }
    kubelets(api, resting).await.map(|(pods, nodes)| ("kubelet".into(), pods, nodes))
}

#[derive(Deserialize)]
struct Metrics {
    #[serde(default, deserialize_with = "slim::or_default")]
    items: Vec<Metric>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metric {
    metadata: Meta,
    usage: Amounts,
    #[serde(deserialize_with = "slim::or_default")]
    containers: Vec<ContainerMetric>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ContainerMetric {
    usage: Amounts,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Amounts {
    cpu: Quantity,
    memory: Quantity,
}

/// metrics.k8s.io, where memory is the working set.
async fn metrics(api: &Api) -> Result<(Pods, Nodes), Trouble> {
    let pods: Metrics = api.json("/apis/metrics.k8s.io/v1beta1/pods").await?;
    let nodes: Metrics = api.json("/apis/metrics.k8s.io/v1beta1/nodes").await.unwrap_or(Metrics { items: Vec::new() });
    let pods = pods.items.into_iter().map(|item| {
        let sum = |of: fn(&Amounts) -> Option<f64>| sum(item.containers.iter().map(|c| of(&c.usage)));
        let cpu_cores = sum(|amounts| amounts.cpu.0);
        let memory_bytes = sum(|amounts| amounts.memory.0).map(|bytes| bytes as u64);
        (path(&item.metadata.namespace, &item.metadata.name), Usage { cpu_cores, memory_bytes })
    });
    let nodes = nodes.items.into_iter().map(|item| {
        let memory_bytes = item.usage.memory.0.map(|bytes| bytes as u64);
        (item.metadata.name, NodeUsage { cpu_cores: item.usage.cpu.0, memory_bytes, ..NodeUsage::default() })
    });
    Ok((pods.collect(), nodes.collect()))
}

#[derive(Deserialize)]
struct NodeList {
    #[serde(default, deserialize_with = "slim::or_default")]
    items: Vec<NodeItem>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NodeItem {
    metadata: Meta,
    status: NodeStatus,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NodeStatus {
    daemon_endpoints: Endpoints,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Endpoints {
    kubelet_endpoint: Port,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Port {
    port: u16,
}

/// `stats/summary` of a kubelet
/// (<https://github.com/kubernetes/kubelet/blob/master/pkg/apis/stats/v1alpha1/types.go>).
#[derive(Default, Deserialize)]
#[serde(default)]
struct Summary {
    node: Stats,
    #[serde(deserialize_with = "slim::or_default")]
    pods: Vec<PodStats>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Stats {
    cpu: Cpu,
    memory: Memory,
    fs: Fs,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PodStats {
    pod_ref: Meta,
    cpu: Cpu,
    memory: Memory,
    #[serde(deserialize_with = "slim::or_default")]
    containers: Vec<Stats>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Cpu {
    usage_nano_cores: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Memory {
    working_set_bytes: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Fs {
    used_bytes: Option<u64>,
    capacity_bytes: Option<u64>,
}

/// The sum, where every part is known and there is one.
fn sum<T: std::iter::Sum>(parts: impl Iterator<Item = Option<T>>) -> Option<T> {
    let parts: Vec<T> = parts.collect::<Option<_>>()?;
    (!parts.is_empty()).then(|| parts.into_iter().sum())
}

fn cores(nano: Option<u64>) -> Option<f64> {
    nano.map(|nano| nano as f64 / 1e9)
}

async fn kubelets(api: &Api, resting: &mut HashMap<CompactString, u32>) -> Result<(Pods, Nodes), CompactString> {
    let list: NodeList = api.json("/api/v1/nodes?resourceVersion=0").await.map_err(|trouble| match trouble {
        Trouble::Denied(_) => CompactString::from("no metrics-server, and nodes may not be listed"),
        other => other.words().into(),
    })?;
    resting.retain(|_, rounds| {
        *rounds -= 1;
        *rounds > 0
    });
    // One without a kubelet's port has no kubelet.
    let has_kubelet = |node: &NodeItem| node.status.daemon_endpoints.kubelet_endpoint.port != 0;
    let names = list.items.into_iter().filter(has_kubelet).map(|node| node.metadata.name);
    let names: Vec<_> = names.filter(|name| !resting.contains_key(name)).collect();
    let ask = |name: CompactString| async move {
        let path = format!("/api/v1/nodes/{name}/proxy/stats/summary");
        let answer = tokio::time::timeout(PATIENCE, api.json::<Summary>(&path)).await;
        (name, answer.unwrap_or_else(|_| Err(Trouble::Refused("no answer in time".into()))))
    };
    let answers: Vec<_> = stream::iter(names).map(ask).buffer_unordered(AT_ONCE).collect().await;
    let (mut pods, mut nodes, mut problem) = (Pods::new(), Nodes::new(), None);
    for (name, answer) in answers {
        match answer {
            Ok(summary) => add(name, summary, &mut pods, &mut nodes),
            Err(trouble) => {
                problem.get_or_insert_with(|| match trouble {
                    Trouble::Denied(_) => {
                        "no metrics-server, and the kubelets may not be asked (get nodes/proxy)".into()
                    }
                    other => compact_str::format_compact!("no metrics-server, and {name} says: {}", other.words()),
                });
                resting.insert(name, REST);
            }
        }
    }
    match problem {
        Some(problem) if nodes.is_empty() => Err(problem),
        _ => Ok((pods, nodes)),
    }
}

fn add(name: CompactString, summary: Summary, pods: &mut Pods, nodes: &mut Nodes) {
    let Summary { node, pods: of_node } = summary;
    let usage = NodeUsage {
        cpu_cores: cores(node.cpu.usage_nano_cores),
        memory_bytes: node.memory.working_set_bytes,
        disk_used_bytes: node.fs.used_bytes,
        disk_total_bytes: node.fs.capacity_bytes,
    };
    nodes.insert(name, usage);
    for pod in of_node {
        // Of a pod that runs, what its containers use tells where the kubelet has no sum.
        let cpu = pod.cpu.usage_nano_cores.or_else(|| sum(pod.containers.iter().map(|c| c.cpu.usage_nano_cores)));
        let memory =
            pod.memory.working_set_bytes.or_else(|| sum(pod.containers.iter().map(|c| c.memory.working_set_bytes)));
        let usage = Usage { cpu_cores: cores(cpu), memory_bytes: memory };
        pods.insert(path(&pod.pod_ref.namespace, &pod.pod_ref.name), usage);
    }
}
