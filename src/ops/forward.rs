//! Forwarding of ports in the background: connections to a port of 127.0.0.1 are led on to a port of a pod, until it is stopped.

use super::{
    execute::Failure,
    gate::Permit,
    kubernetes::{connect, failure, resource},
    operation::{KubeAct, Operation, path_of},
};
use crate::{client::Clients, model::object::ObjectKind, model::object::ObjectRef};
use futures_util::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, Client,
    api::{DynamicObject, ListParams},
};
use serde_json::Value;
use std::{cell::Cell, sync::Arc};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

/// The state of a port that is forwarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardState {
    /// Number of the forward, unique in this cockpit.
    pub id: u64,
    pub target: ObjectRef,
    /// Port on 127.0.0.1; 0 while it is not bound.
    pub local: u16,
    pub remote: u16,
    pub running: bool,
    /// Connections that are open.
    pub open: u32,
    /// Connections that there were.
    pub total: u64,
    /// What went wrong last.
    pub problem: Option<String>,
}

/// Connections at once; more wait.
const MOST: usize = 128;

/// Forwards until it is stopped, telling its state whenever that changes.
///
/// # Errors
/// Why it could not begin.
pub async fn run(
    id: u64,
    permit: &Permit,
    clients: &Arc<Clients>,
    stop: oneshot::Receiver<()>,
    tell: &dyn Fn(ForwardState),
) -> Result<String, Failure> {
    let Operation::Kube { target, act: KubeAct::PortForward { local, remote } } = permit.operation() else {
        return Err(Failure::failed("that forwards no port"));
    };
    let client = connect(path_of(target).context, clients).await?;
    // Says now, not at the first connection, that there is nothing to lead to.
    let first = pod_of(&client, target, *remote).await?;
    let listener = TcpListener::bind(("127.0.0.1", *local)).await;
    let listener = listener.map_err(|error| Failure::failed(format!("127.0.0.1:{local}: {error}")))?;
    let bound = listener.local_addr().map_or(0, |address| address.port());
    let state = ForwardState {
        id,
        target: target.clone(),
        local: bound,
        remote: *remote,
        running: true,
        open: 0,
        total: 0,
        problem: None,
    };
    tracing::info!(operation = %permit.operation(), local = bound, pod = first.0, "forwarding");
    serve(&client, target, listener, stop, state, tell).await;
    Ok(format!("127.0.0.1:{bound} is closed"))
}

async fn serve(
    client: &Client,
    target: &ObjectRef,
    listener: TcpListener,
    stop: oneshot::Receiver<()>,
    mut state: ForwardState,
    tell: &dyn Fn(ForwardState),
) {
    let mut stop = stop.fuse();
    let mut open = FuturesUnordered::new();
    tell(state.clone());
    loop {
        tokio::select! {
            // Dropping the sender stops it too: the cockpit is leaving.
            _ = &mut stop => return,
            accepted = listener.accept(), if open.len() < MOST => match accepted {
                Ok((stream, _)) => {
                    open.push(lead(client, target, state.remote, stream));
                    state.total += 1;
                }
                Err(error) => state.problem = Some(error.to_string()),
            },
            Some(ended) = open.next(), if !open.is_empty() => {
                if let Err(why) = ended {
                    state.problem = Some(why);
                }
            }
        }
        state.open = u32::try_from(open.len()).unwrap_or(u32::MAX);
        tell(state.clone());
    }
}

/// Leads one connection to the pod; a workload's pod is looked up anew each time, for the one of before may be gone.
async fn lead(client: &Client, target: &ObjectRef, remote: u16, mut stream: TcpStream) -> Result<(), String> {
    let (pod, port) = pod_of(client, target, remote).await.map_err(|failure| failure.to_string())?;
    let pods: Api<Pod> = Api::namespaced(client.clone(), path_of(target).namespace);
    let forwarded = pods.portforward(&pod, &[port]).await.map_err(|error| failure(error).to_string());
    let mut forwarder = forwarded.map_err(|why| format!("pod {pod}: {why}"))?;
    let mut upstream = forwarder.take_stream(port).ok_or("no stream came")?;
    let refused = Cell::new(None);
    let watch = async {
        if let Some(error) = forwarder.take_error(port)
            && let Some(why) = error.await
        {
            refused.set(Some(why));
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        // How a connection ends is its own matter; that the pod refused it is not.
        _ = copy_bidirectional(&mut stream, &mut upstream) => {}
        () = watch => {}
    }
    drop(upstream);
    refused.take().map_or(Ok(()), |why| Err(format!("pod {pod}: {}", why.trim())))
}

/// The pod that stands for an object now, and the pod's port.
async fn pod_of(client: &Client, target: &ObjectRef, remote: u16) -> Result<(String, u16), Failure> {
    let path = path_of(target);
    if target.kind == ObjectKind::Pod {
        return Ok((path.name.to_owned(), remote));
    }
    let object = resource::api(client, path).await?.get(path.name).await.map_err(failure)?;
    let is_service = path.resource == "services";
    let pointer = if is_service { "/spec/selector" } else { "/spec/selector/matchLabels" };
    let labels = object.data.pointer(pointer).and_then(Value::as_object);
    let pair = |(key, value): (&String, &Value)| format!("{key}={}", value.as_str().unwrap_or_default());
    let selector: Vec<_> = labels.into_iter().flatten().map(pair).collect();
    if selector.is_empty() {
        return Err(Failure::failed("it names no pods by their labels"));
    }
    let pods = resource::api_of(client, "pods", path.namespace).await?;
    let found = pods.list(&ListParams::default().labels(&selector.join(","))).await.map_err(failure)?;
    let pod = found.items.into_iter().find(is_ready).ok_or_else(|| Failure::failed("none of its pods is ready"))?;
    let port = if is_service { target_port(&object, &pod, remote)? } else { remote };
    Ok((pod.metadata.name.unwrap_or_default(), port))
}

fn is_ready(pod: &DynamicObject) -> bool {
    let conditions = pod.data.pointer("/status/conditions").and_then(Value::as_array);
    let ready = |condition: &Value| condition["type"] == "Ready" && condition["status"] == "True";
    pod.metadata.deletion_timestamp.is_none() && conditions.is_some_and(|all| all.iter().any(ready))
}

/// The port of the pod behind a port of a service.
fn target_port(service: &DynamicObject, pod: &DynamicObject, port: u16) -> Result<u16, Failure> {
    let ports = service.data.pointer("/spec/ports").and_then(Value::as_array);
    let known = ports.into_iter().flatten().find(|known| known["port"] == port);
    let known = known.ok_or_else(|| Failure::failed(format!("the service has no port {port}")))?;
    let number = |value: &Value| value.as_u64().and_then(|number| u16::try_from(number).ok());
    match &known["targetPort"] {
        Value::String(name) => {
            let containers = pod.data.pointer("/spec/containers").and_then(Value::as_array);
            let mut ports = containers.into_iter().flatten().filter_map(|c| c["ports"].as_array()).flatten();
            let found = ports.find(|port| port["name"] == *name).and_then(|port| number(&port["containerPort"]));
            found.ok_or_else(|| Failure::failed(format!("the pod has no port named {name}")))
        }
        value => Ok(number(value).unwrap_or(port)),
    }
}
