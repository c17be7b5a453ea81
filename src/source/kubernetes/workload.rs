//! Workloads: from the API's JSON to rows.

use super::{
    health::{self, Facts},
    reflect::{Kind, Origin, Read},
    slim::{self, Meta, Pairs, Selector, SlimCondition, SlimContainer},
};
use crate::model::{
    Timestamp,
    health::Health,
    kubernetes::{Condition, KubePart, Workload},
    object::ObjectKind,
    rows::Delta,
};
use compact_str::CompactString;
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Slim {
    metadata: Meta,
    spec: Spec,
    status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    replicas: Option<u32>,
    paused: bool,
    suspend: Option<bool>,
    completions: Option<u32>,
    parallelism: Option<u32>,
    schedule: CompactString,
    #[serde(deserialize_with = "slim::or_default")]
    selector: Selector,
    template: Template,
    job_template: JobTemplate,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Template {
    spec: TemplateSpec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TemplateSpec {
    #[serde(deserialize_with = "slim::or_default")]
    containers: Vec<SlimContainer>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct JobTemplate {
    spec: JobSpec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct JobSpec {
    template: Template,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    observed_generation: Option<i64>,
    replicas: u32,
    ready_replicas: u32,
    updated_replicas: u32,
    available_replicas: Option<u32>,
    desired_number_scheduled: u32,
    current_number_scheduled: u32,
    number_ready: u32,
    number_available: u32,
    updated_number_scheduled: u32,
    update_revision: CompactString,
    current_revision: CompactString,
    /// A number of a Job, a list of a CronJob.
    active: Option<Box<RawValue>>,
    succeeded: u32,
    failed: u32,
    #[serde(deserialize_with = "slim::time")]
    last_schedule_time: Option<Timestamp>,
    #[serde(deserialize_with = "slim::time")]
    completion_time: Option<Timestamp>,
    #[serde(deserialize_with = "slim::or_default")]
    conditions: Vec<SlimCondition>,
}

impl Status {
    fn active(&self) -> u32 {
        let Some(active) = &self.active else { return 0 };
        let number = active.get().parse().ok();
        number
            .unwrap_or_else(|| serde_json::from_str::<Vec<&RawValue>>(active.get()).map_or(0, |list| list.len() as u32))
    }
}

/// One after the other: Rust has no kinds as arguments of types.
macro_rules! kinds {
    ($($name:ident: $kind:ident, $resource:literal, [$($path:literal),+], $fill:ident;)*) => {$(
        #[doc = concat!("The resource `", $resource, "`, for the reflector.")]
        pub struct $name;

        impl Kind for $name {
            type Row = Workload;
            const RESOURCE: &'static str = $resource;
            const PATHS: &'static [&'static str] = &[$($path),+];

            fn read(origin: &Origin, json: &[u8]) -> Result<Read<Workload>, serde_json::Error> {
                read(origin, json, ObjectKind::$kind, $fill)
            }
            fn part(delta: Delta<Workload>) -> KubePart {
                KubePart::Workloads(delta)
            }
        }
    )*};
}

kinds! {
    Deployments: Deployment, "deployments", ["/apis/apps/v1"], deployment;
    StatefulSets: StatefulSet, "statefulsets", ["/apis/apps/v1"], stateful_set;
    DaemonSets: DaemonSet, "daemonsets", ["/apis/apps/v1"], daemon_set;
    ReplicaSets: ReplicaSet, "replicasets", ["/apis/apps/v1"], replica_set;
    Jobs: Job, "jobs", ["/apis/batch/v1"], job;
    CronJobs: CronJob, "cronjobs", ["/apis/batch/v1", "/apis/batch/v1beta1"], cron_job;
}

/// Fills in counts, and judges.
type Fill = fn(&mut Workload, &Spec, &Status, bool);

fn read(origin: &Origin, json: &[u8], kind: ObjectKind, fill: Fill) -> Result<Read<Workload>, serde_json::Error> {
    let slim: Slim = serde_json::from_slice(json)?;
    let Slim { metadata, mut spec, mut status } = slim;
    let templates = spec.template.spec.containers.iter().chain(&spec.job_template.spec.template.spec.containers);
    let images = templates.map(|container| container.image.clone()).collect();
    let conditions: Vec<Condition> = std::mem::take(&mut status.conditions).into_iter().map(Into::into).collect();
    let seen = status.observed_generation.is_none_or(|seen| seen >= metadata.generation);
    let mut row = Workload {
        context: origin.context.clone(),
        kind,
        revision: metadata.revision(),
        owner: metadata.owner(),
        namespace: metadata.namespace,
        name: metadata.name,
        uid: metadata.uid,
        desired: None,
        ready: None,
        updated: None,
        available: None,
        current: None,
        failed: None,
        health: Health::Unknown,
        reason: CompactString::default(),
        created_at: metadata.creation_timestamp,
        paused: spec.paused || spec.suspend == Some(true),
        images,
        selector: std::mem::take(&mut spec.selector.match_labels) as Pairs,
        labels: metadata.labels,
        conditions,
        schedule: std::mem::take(&mut spec.schedule),
        last_at: None,
    };
    fill(&mut row, &spec, &status, seen);
    Ok(Read { row, version: metadata.resource_version })
}

/// The facts of a row whose counts are filled in.
fn facts(row: &Workload, seen: bool) -> Facts<'_> {
    let count = |count: Option<u32>| count.unwrap_or(0);
    Facts {
        desired: count(row.desired),
        current: count(row.current),
        ready: count(row.ready),
        updated: count(row.updated),
        available: count(row.available),
        failed: count(row.failed),
        seen,
        paused: row.paused,
        conditions: &row.conditions,
    }
}

fn deployment(row: &mut Workload, spec: &Spec, status: &Status, seen: bool) {
    row.desired = Some(spec.replicas.unwrap_or(1));
    row.current = Some(status.replicas);
    row.ready = Some(status.ready_replicas);
    row.updated = Some(status.updated_replicas);
    row.available = Some(status.available_replicas.unwrap_or(0));
    (row.health, row.reason) = health::deployment(&facts(row, seen));
}

fn replica_set(row: &mut Workload, spec: &Spec, status: &Status, seen: bool) {
    row.desired = Some(spec.replicas.unwrap_or(1));
    row.current = Some(status.replicas);
    row.ready = Some(status.ready_replicas);
    row.available = Some(status.available_replicas.unwrap_or(0));
    (row.health, row.reason) = health::replica_set(&facts(row, seen));
}

fn stateful_set(row: &mut Workload, spec: &Spec, status: &Status, seen: bool) {
    row.desired = Some(spec.replicas.unwrap_or(1));
    row.current = Some(status.replicas);
    row.ready = Some(status.ready_replicas);
    // Counted only while a rollout goes on.
    let rolled_out = status.update_revision == status.current_revision;
    row.updated = Some(if rolled_out { status.replicas } else { status.updated_replicas });
    // Servers before 1.22 do not count it.
    row.available = Some(status.available_replicas.filter(|n| *n > 0).unwrap_or(status.ready_replicas));
    (row.health, row.reason) = health::stateful_set(&facts(row, seen));
}

fn daemon_set(row: &mut Workload, _: &Spec, status: &Status, seen: bool) {
    row.desired = Some(status.desired_number_scheduled);
    row.current = Some(status.current_number_scheduled);
    row.ready = Some(status.number_ready);
    row.updated = Some(status.updated_number_scheduled);
    row.available = Some(status.number_available);
    (row.health, row.reason) = health::daemon_set(&facts(row, seen));
}

fn job(row: &mut Workload, spec: &Spec, status: &Status, seen: bool) {
    row.desired = Some(spec.completions.or(spec.parallelism).unwrap_or(1));
    row.current = Some(status.active());
    row.ready = Some(status.succeeded);
    row.failed = Some(status.failed);
    let failed = row.conditions.iter().find(|c| c.kind == "Failed" && c.status == "True").and_then(|c| c.since);
    row.last_at = status.completion_time.or(failed);
    (row.health, row.reason) = health::job(&facts(row, seen));
}

fn cron_job(row: &mut Workload, _: &Spec, status: &Status, seen: bool) {
    row.current = Some(status.active());
    row.last_at = status.last_schedule_time;
    (row.health, row.reason) = health::cron_job(&facts(row, seen));
}
