//! What keeps pods running, or runs them to their end: Deployments, StatefulSets, DaemonSets, ReplicaSets, Jobs, CronJobs.

use super::{
    fields::{self, fields},
    k8s,
    kube_list::{KubeList, ObjectTable},
};
use crate::{
    model::{
        health::Health,
        kubernetes::{Owner, Workload},
        object::{ObjectKind, ObjectRef},
        topic::Topic,
    },
    view::table::Value,
    world::World,
};
use compact_str::{CompactString, format_compact};
use std::borrow::Cow;

fields! { Workload;
    "severity" "" Text 1 [] "how it is doing" => |x, _| fields::severity(x.health.severity()),
    "context" "CONTEXT" Text 12 [] "context of its cluster; left out where there is one only" => |x, _| Value::text(&x.context),
    "namespace" "NAMESPACE" Text 11 [] "its namespace" => |x, _| Value::text(&x.namespace),
    "kind" "KIND" Text 11 [] "deployment, statefulset, daemonset, replicaset, job or cronjob" => |x, _| Value::text(x.kind.word()),
    "name" "NAME" Text 24 [grow] "its name" => |x, _| Value::text(&x.name),
    "ready" "READY" Text 7 [] "pods that are ready, of what is asked for; of a job those that succeeded; of a cron job those that run" => ready,
    "updated" "UP-TO-DATE" Number 10 [] "pods of the newest template" => |x, _| counted(x, x.updated),
    "available" "AVAILABLE" Number 9 [] "pods that have been ready for long enough" => |x, _| counted(x, x.available),
    "age" "AGE" Time 5 [] "since when it exists" => |x, _| x.created_at.map_or(Value::Unknown, Value::Time),
    "reason" "REASON" Text 24 [grow] "why it is not well, in words" => reason,
    "revision" "REV" Number 4 [] "revision of the newest template" => |x, _| x.revision.map_or(Value::None, |n| Value::Number(n as f64)),
    "images" "IMAGES" Text 30 [] "images of its template" => images,
    "owner" "OWNER" Text 20 [hide] "what controls it" => |x, _| k8s::owner(x.owner.as_ref()),
    "schedule" "SCHEDULE" Text 14 [hide] "when a cron job runs" => |x, _| k8s::text(&x.schedule),
    "last" "LAST" Time 5 [hide] "when a cron job ran last, when a job ended" => |x, _| x.last_at.map_or(Value::None, Value::Time),
    "labels" "LABELS" Text 30 [hide] "labels; label:app=web and -l app=web select by them" => |x, _| k8s::labels(&x.labels),
}

/// Jobs have no template that rolls.
fn counted(workload: &Workload, count: Option<u32>) -> Value<'static> {
    match workload.kind {
        ObjectKind::Job | ObjectKind::CronJob => Value::None,
        _ => Value::number(count),
    }
}

/// `1/3`; of a cron job how many run.
pub(crate) fn ready_text(workload: &Workload) -> Option<String> {
    match (workload.ready, workload.desired) {
        _ if workload.kind == ObjectKind::CronJob => workload.current.map(|count| format!("{count} run")),
        (ready, Some(desired)) => Some(format!("{}/{desired}", ready.map_or_else(|| "?".into(), |n| n.to_string()))),
        (_, None) => None,
    }
}

fn ready<'w>(workload: &'w Workload, _: &'w World) -> Value<'w> {
    ready_text(workload).map_or(Value::Unknown, |text| Value::Text(Cow::Owned(text)))
}

/// Why it is not well; otherwise that it is paused, or when a cron job runs.
fn reason<'w>(workload: &'w Workload, _: &'w World) -> Value<'w> {
    match (workload.paused, workload.kind) {
        _ if !workload.reason.is_empty() => Value::text(&workload.reason),
        (true, ObjectKind::Job | ObjectKind::CronJob) => Value::text("suspended"),
        (true, _) => Value::text("paused"),
        (false, _) => k8s::text(&workload.schedule),
    }
}

fn images<'w>(workload: &'w Workload, _: &'w World) -> Value<'w> {
    match workload.images.as_slice() {
        [] => Value::None,
        [image] => Value::text(image),
        images => Value::Text(Cow::Owned(images.join(","))),
    }
}

/// Identity among all workloads: `context/kind/namespace/name`.
pub(crate) fn key(context: &str, kind: &str, namespace: &str, name: &str) -> CompactString {
    format_compact!("{context}/{kind}/{namespace}/{name}")
}

/// Identity of what controls an object of this namespace.
pub(super) fn owner_key(context: &str, namespace: &str, owner: &Owner) -> CompactString {
    key(context, &owner.kind.to_lowercase(), namespace, &owner.name)
}

/// Identity of a workload.
pub(super) fn own_key(workload: &Workload) -> CompactString {
    key(&workload.context, workload.kind.word(), &workload.namespace, &workload.name)
}

/// The object that a workload is.
pub(super) fn object(workload: &Workload) -> ObjectRef {
    ObjectRef::in_cluster(workload.kind, &workload.context, &workload.namespace, &workload.name)
}

/// Whether nobody misses it: an older ReplicaSet of a Deployment, or a Job of a CronJob that has done its work.
pub(super) fn is_idle(workload: &Workload) -> bool {
    let old =
        workload.kind == ObjectKind::ReplicaSet && workload.desired == Some(0) && workload.current.unwrap_or(0) == 0;
    let done = workload.kind == ObjectKind::Job && workload.health == Health::Done && workload.owner.is_some();
    old || done
}

/// What somebody asked for comes before what it is made of, what is on its way before what is well, what is done last.
fn urgency(workload: &Workload) -> f64 {
    let part = if workload.owner.is_some() { 0.0 } else { 0.05 };
    part + match workload.health {
        Health::Failing | Health::Degraded | Health::Progressing => 0.8,
        Health::Done => 0.1,
        _ => 0.4,
    }
}

static TABLE: ObjectTable<Workload> = ObjectTable {
    columns: COLUMNS,
    read: READ,
    sort: ("severity", true),
    fixed_columns: 5,
    // Images, revision, what is counted twice, reason, age.
    first_to_go: &[11, 10, 7, 6, 9, 8],
    rows: |world| &world.observed.kube.workloads,
    object: |_, workload| object(workload),
    severity: |workload| workload.health.severity(),
    urgency,
    labels: |workload| &workload.labels,
    is_within: Some(|workload, within| within.holds(&workload.namespace) && (within.idle || !is_idle(workload))),
    parent: Some(|workload| Some(owner_key(&workload.context, &workload.namespace, workload.owner.as_ref()?))),
};

/// The list of workloads.
pub static PANE: KubeList = KubeList {
    name: "workloads",
    title: "Workloads",
    about: "Deployments, StatefulSets, DaemonSets, ReplicaSets, Jobs and CronJobs, the worst first. Ready is counted against what is asked for. ReplicaSets of no replicas and finished Jobs of CronJobs are left out; o shows them. t shows what owns what, w says why one is not well.",
    topics: &[Topic::Pods, Topic::Workloads],
    resources: &[
        "deployments.apps",
        "statefulsets.apps",
        "daemonsets.apps",
        "replicasets.apps",
        "jobs.batch",
        "cronjobs.batch",
    ],
    none: "no workload",
    table: &TABLE,
    reason_below: true,
};
