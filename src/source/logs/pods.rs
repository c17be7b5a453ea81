//! Which pods are read: one, or all of a workload, those that come later too. Each container is read by a task of its own, which is
//! told how its container stands.

use super::{kubernetes, sink::Sink};
use crate::{
    client::Clients,
    model::{
        logs::{LogRequest, LogTarget, OriginState},
        object::ObjectKind,
    },
    source::supervisor::backoff,
};
use futures_util::TryStreamExt as _;
use k8s_openapi::{
    api::{
        apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet},
        batch::v1::Job,
        core::v1::{ContainerState, ContainerStatus, Pod},
    },
    apimachinery::pkg::apis::meta::v1::LabelSelector,
};
use kube::{
    Api, Client,
    api::{ListParams, WatchEvent, WatchParams},
};
use std::{collections::BTreeMap, rc::Rc, time::Duration};
use tokio::{sync::watch, task::JoinHandle};

/// The first wait before a server is asked again.
const AGAIN: Duration = Duration::from_millis(500);
/// Containers that are read at once for one target: each is a connection.
const MOST: usize = 100;
/// Seconds after which the server ends a watch.
const WATCH_SECONDS: u32 = 290;

/// How a container stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Instance {
    /// The run's id; empty where it never ran.
    pub(super) id: String,
    pub(super) runs: bool,
    /// Exit code and reason of this run, or of the one before it.
    pub(super) ended: Option<(i32, String)>,
    /// Whether its pod is gone.
    pub(super) gone: bool,
}

/// A container that is being read.
struct Feed {
    told: watch::Sender<Instance>,
    task: JoinHandle<()>,
}

/// Why there is no answer.
pub(super) enum Failed {
    /// Asking again is of no use.
    Final(String),
    Again(String),
}

/// What an error of a server means.
pub(super) fn failed(error: kube::Error) -> Failed {
    match error {
        kube::Error::Api(status) if matches!(status.code, 401 | 403) => {
            Failed::Final(format!("denied: {}", status.message))
        }
        kube::Error::Api(status) if status.code == 404 => Failed::Final(status.message.clone()),
        kube::Error::Api(status) => Failed::Again(status.message.clone()),
        other => Failed::Again(other.to_string()),
    }
}

/// Reads and follows the pods of a target.
pub(super) async fn read(clients: &Clients, target: &LogTarget, request: &Rc<LogRequest>, sink: &Rc<Sink>) {
    let (context, namespace, name) = match target {
        LogTarget::Pod { context, namespace, name } | LogTarget::Workload { context, namespace, name, .. } => {
            (context.as_str(), namespace.as_str(), name.as_str())
        }
        _ => return,
    };
    let client = match clients.kube.client(context).await {
        Ok(client) => client,
        Err(error) => {
            let writer = sink.origin(name);
            writer.marker(&format!("context {context} cannot be reached: {}", error.reason));
            return writer.state(OriginState::Ended);
        }
    };
    let mut pods = Pods {
        api: Api::namespaced(client.clone(), namespace),
        jobs: Api::namespaced(client.clone(), namespace),
        cron_job: None,
        owned: BTreeMap::new(),
        alone: matches!(target, LogTarget::Pod { .. }) && request.targets.len() == 1,
        feeds: BTreeMap::new(),
        more: 0,
        request: Rc::clone(request),
        sink: Rc::clone(sink),
    };
    // Says what goes wrong with the whole; has no lines of its own.
    let mut voice = None;
    let mut failures = 0;
    loop {
        let error = match select(&client, target, &mut pods).await {
            Ok(selection) => pods.follow(&selection).await,
            Err(error) => Err(error),
        };
        let voice = match &error {
            Ok(()) => {
                failures = 0;
                continue;
            }
            Err(_) => voice.get_or_insert_with(|| sink.origin(name)),
        };
        match error {
            Err(Failed::Final(why)) => {
                voice.marker(&why);
                voice.state(OriginState::Ended);
                return std::future::pending().await;
            }
            Err(Failed::Again(why)) => voice.down(&why),
            Ok(()) => {}
        }
        failures += 1;
        tokio::time::sleep(backoff(AGAIN, failures)).await;
    }
}

/// Which pods the server is asked for.
enum Selection {
    Field(String),
    Labels(String),
}

/// The pods of a target, as its selector says now.
async fn select(client: &Client, target: &LogTarget, pods: &mut Pods) -> Result<Selection, Failed> {
    let LogTarget::Workload { kind, namespace, name, .. } = target else {
        let LogTarget::Pod { name, .. } = target else { return Err(Failed::Final("not in a cluster".into())) };
        return Ok(Selection::Field(format!("metadata.name={name}")));
    };
    macro_rules! selector {
        ($kind:ty) => {{
            let object = Api::<$kind>::namespaced(client.clone(), namespace).get(name).await.map_err(failed)?;
            object.spec.map(|spec| spec.selector)
        }};
    }
    let selector: Option<LabelSelector> = match kind {
        ObjectKind::Deployment => selector!(Deployment),
        ObjectKind::StatefulSet => selector!(StatefulSet),
        ObjectKind::DaemonSet => selector!(DaemonSet),
        ObjectKind::ReplicaSet => selector!(ReplicaSet),
        ObjectKind::Job => selector!(Job).flatten(),
        ObjectKind::CronJob => {
            pods.cron_job = Some(name.to_string());
            return Ok(Selection::Labels("job-name".into()));
        }
        other => return Err(Failed::Final(format!("a {} has no pods", other.word()))),
    };
    match selector.map(|selector| written(&selector)).filter(|selector| !selector.is_empty()) {
        Some(selector) => Ok(Selection::Labels(selector)),
        None => Err(Failed::Final(format!("{} {name} selects no pods", kind.word()))),
    }
}

/// A selector as queries write it.
fn written(selector: &LabelSelector) -> String {
    let equal = selector.match_labels.iter().flatten().map(|(key, value)| format!("{key}={value}"));
    let expressions = selector.match_expressions.iter().flatten().filter_map(|wanted| {
        let values = wanted.values.as_deref().unwrap_or_default().join(",");
        Some(match wanted.operator.as_str() {
            "In" => format!("{} in ({values})", wanted.key),
            "NotIn" => format!("{} notin ({values})", wanted.key),
            "Exists" => wanted.key.clone(),
            "DoesNotExist" => format!("!{}", wanted.key),
            _ => return None,
        })
    });
    equal.chain(expressions).collect::<Vec<_>>().join(",")
}

struct Pods {
    api: Api<Pod>,
    jobs: Api<Job>,
    /// Only pods of Jobs of this CronJob.
    cron_job: Option<String>,
    /// Whether a Job is the CronJob's.
    owned: BTreeMap<String, bool>,
    /// Whether one pod is read alone, so that its containers need no other name.
    alone: bool,
    /// By pod and container.
    feeds: BTreeMap<(String, String), Feed>,
    /// Containers that are not read because there are too many.
    more: usize,
    request: Rc<LogRequest>,
    sink: Rc<Sink>,
}

impl Pods {
    /// Follows the pods until the server ends it, in peace or not.
    async fn follow(&mut self, selection: &Selection) -> Result<(), Failed> {
        let (list, watch) = match selection {
            Selection::Field(field) => (ListParams::default().fields(field), WatchParams::default().fields(field)),
            Selection::Labels(labels) => (ListParams::default().labels(labels), WatchParams::default().labels(labels)),
        };
        let found = self.api.list(&list).await.map_err(failed)?;
        let version = found.metadata.resource_version.clone().unwrap_or_default();
        let names: Vec<_> = found.items.iter().filter_map(|pod| pod.metadata.name.clone()).collect();
        if let (Selection::Field(_), []) = (selection, names.as_slice())
            && self.feeds.is_empty()
        {
            return Err(Failed::Final("there is no such pod (any more)".into()));
        }
        for pod in &found.items {
            self.take(pod).await;
        }
        self.feeds.iter().filter(|((pod, _), _)| !names.contains(pod)).for_each(|(_, feed)| feed.is_gone());
        if !self.request.follow {
            for feed in self.feeds.values_mut() {
                let _ = (&mut feed.task).await;
            }
            return std::future::pending().await;
        }
        let watch = watch.timeout(WATCH_SECONDS);
        let mut events = std::pin::pin!(self.api.watch(&watch, &version).await.map_err(failed)?);
        while let Some(event) = events.try_next().await.map_err(failed)? {
            match event {
                WatchEvent::Added(pod) | WatchEvent::Modified(pod) => self.take(&pod).await,
                WatchEvent::Deleted(pod) => {
                    let name = pod.metadata.name.unwrap_or_default();
                    self.feeds.iter().filter(|((pod, _), _)| *pod == name).for_each(|(_, feed)| feed.is_gone());
                }
                // Too old a version: the list is asked for anew.
                WatchEvent::Error(status) if status.code == 410 => return Ok(()),
                WatchEvent::Error(status) => return Err(Failed::Again(status.message.clone())),
                WatchEvent::Bookmark(_) => {}
            }
        }
        Ok(())
    }

    /// Tells the readers of a pod how it stands; a container that is seen for the first time gets a reader.
    async fn take(&mut self, pod: &Pod) {
        let name = pod.metadata.name.clone().unwrap_or_default();
        if !self.is_wanted(pod).await {
            return;
        }
        let Some(spec) = &pod.spec else { return };
        // Readers of pods that are gone make room for others.
        self.feeds.retain(|_, feed| !(feed.task.is_finished() && feed.told.borrow().gone));
        let init = spec.init_containers.iter().flatten().map(|container| &container.name);
        let main = spec.containers.iter().map(|container| &container.name);
        let late = spec.ephemeral_containers.iter().flatten().map(|container| &container.name);
        let all: Vec<&String> = init.chain(main).chain(late).collect();
        for container in &all {
            let instance = instance(pod, container);
            let key = (name.clone(), (*container).clone());
            match self.feeds.get(&key) {
                // A pod of this name came again, as those of a StatefulSet do.
                Some(feed) if !feed.task.is_finished() || feed.told.borrow().id == instance.id => feed.tell(instance),
                _ if self.feeds.len() >= MOST => self.note_more(),
                _ => {
                    let feed = self.begin(&name, container, all.len() > 1, instance);
                    self.feeds.insert(key, feed);
                }
            }
        }
    }

    fn note_more(&mut self) {
        self.more += 1;
        if self.more == 1 {
            let writer = self.sink.origin("…");
            writer.marker(&format!("only the first {MOST} containers are read: choose fewer pods"));
            writer.state(OriginState::Ended);
        }
    }

    fn begin(&self, pod: &str, container: &str, several: bool, instance: Instance) -> Feed {
        let name = match (self.alone, several) {
            (true, _) => container.to_owned(),
            (false, true) => format!("{pod}/{container}"),
            (false, false) => pod.to_owned(),
        };
        let (told, standing) = watch::channel(instance);
        let reader = kubernetes::Reader {
            api: self.api.clone(),
            pod: pod.to_owned(),
            container: container.to_owned(),
            request: Rc::clone(&self.request),
            writer: self.sink.origin(name),
            standing,
        };
        Feed { told, task: tokio::task::spawn_local(reader.run()) }
    }

    /// Whether a pod belongs to the CronJob that is wanted, by way of its Job.
    async fn is_wanted(&mut self, pod: &Pod) -> bool {
        let Some(cron_job) = &self.cron_job else { return true };
        let owners = pod.metadata.owner_references.iter().flatten();
        let Some(job) = owners.into_iter().find(|owner| owner.kind == "Job").map(|owner| owner.name.clone()) else {
            return false;
        };
        if let Some(known) = self.owned.get(&job) {
            return *known;
        }
        let Ok(found) = self.jobs.get_metadata(&job).await else { return false };
        let mut owners = found.metadata.owner_references.iter().flatten();
        let is = owners.any(|owner| owner.kind == "CronJob" && owner.name == *cron_job);
        self.owned.insert(job, is);
        is
    }
}

impl Feed {
    fn tell(&self, instance: Instance) {
        self.told.send_if_modified(|told| {
            let differs = *told != instance;
            if differs {
                *told = instance;
            }
            differs
        });
    }

    fn is_gone(&self) {
        self.told.send_modify(|told| told.gone = true);
    }
}

/// How a container of a pod stands.
fn instance(pod: &Pod, name: &str) -> Instance {
    let Some(status) = &pod.status else { return Instance::default() };
    let lists = [&status.init_container_statuses, &status.container_statuses, &status.ephemeral_container_statuses];
    let found = lists.into_iter().flatten().flatten().find(|status| status.name == name);
    found.map_or_else(Instance::default, of_status)
}

fn of_status(status: &ContainerStatus) -> Instance {
    let end = |state: &Option<ContainerState>| {
        let ended = state.as_ref()?.terminated.as_ref()?;
        Some((ended.exit_code, ended.reason.clone().unwrap_or_default()))
    };
    let runs = status.state.as_ref().is_some_and(|state| state.running.is_some());
    Instance {
        id: status.container_id.clone().unwrap_or_default(),
        runs,
        ended: end(&status.state).or_else(|| end(&status.last_state)),
        gone: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_written_as_queries() {
        let selector = serde_json::json!({
            "matchLabels": {"app": "web"},
            "matchExpressions": [
                {"key": "tier", "operator": "In", "values": ["a", "b"]},
                {"key": "x", "operator": "DoesNotExist"},
            ],
        });
        let selector: LabelSelector = serde_json::from_value(selector).expect("a selector");
        assert_eq!(written(&selector), "app=web,tier in (a,b),!x");
    }
}
