//! One Deployment, StatefulSet, DaemonSet, ReplicaSet, Job or CronJob: its rollout, its pods, its revisions.

use super::{Details, k8s, yaml};
use crate::{
    model::{
        kubernetes::{Pod, Workload},
        object::{ObjectKind, ObjectRef},
        units,
    },
    panes::workloads,
    ui::{lines::Line, scene::Scene, theme::Role},
    world::World,
};
use compact_str::format_compact;

/// One workload.
pub struct WorkloadPage;

/// Most pods that the page lists.
const MOST: usize = 30;

fn find<'w>(world: &'w World, object: &ObjectRef) -> Option<&'w Workload> {
    let path = object.in_kube()?;
    let key = format_compact!("{}/{}/{}", object.kind.word(), path.namespace, path.name);
    world.observed.kube.workloads.get(path.context, &key).map(AsRef::as_ref)
}

/// What it owns directly: ReplicaSets of a Deployment, Jobs of a CronJob.
fn owned<'w>(world: &'w World, workload: &'w Workload) -> impl Iterator<Item = &'w Workload> {
    let all = world.observed.kube.workloads.of(&workload.context).iter().map(AsRef::as_ref);
    all.filter(|other: &&Workload| {
        let owner = other.owner.as_ref();
        other.namespace == workload.namespace
            && owner.is_some_and(|o| o.name == workload.name && o.kind.eq_ignore_ascii_case(workload.kind.word()))
    })
}

/// Its pods: those that it owns, or that what it owns does; the worst first.
fn pods<'w>(world: &'w World, workload: &'w Workload) -> Vec<&'w Pod> {
    let owners: Vec<(&str, &str)> = owned(world, workload)
        .map(|owned| (owned.kind.word(), owned.name.as_str()))
        .chain([(workload.kind.word(), workload.name.as_str())])
        .collect();
    let is_ours = |pod: &&Pod| {
        pod.namespace == workload.namespace
            && pod.owner.as_ref().is_some_and(|owner| {
                owners.iter().any(|(kind, name)| owner.name == *name && owner.kind.eq_ignore_ascii_case(kind))
            })
    };
    let all = world.observed.kube.pods.of(&workload.context).iter().map(AsRef::as_ref);
    let mut pods: Vec<&Pod> = all.filter(is_ours).collect();
    pods.sort_by_key(|pod| std::cmp::Reverse(pod.health));
    pods
}

fn counts(workload: &Workload) -> Vec<Line> {
    let number = |label, count: Option<u32>| Line::maybe(label, count, |count| count.to_string());
    match workload.kind {
        ObjectKind::CronJob => vec![
            Line::pair("schedule", &workload.schedule),
            Line::pair("suspended", if workload.paused { "yes" } else { "no" }),
            number("jobs that run", workload.current),
        ],
        ObjectKind::Job => vec![
            number("completions", workload.desired),
            number("succeeded", workload.ready),
            number("failed", workload.failed),
            number("active", workload.current),
        ],
        _ => vec![
            number("asked for", workload.desired),
            number("ready", workload.ready),
            number("up to date", workload.updated),
            number("available", workload.available),
            number("there are", workload.current),
        ],
    }
}

fn pod_line(scene: &Scene<'_>, pod: &Pod) -> Line {
    let role = Scene::health_role(pod.health);
    let object = ObjectRef::in_cluster(ObjectKind::Pod, &pod.context, &pod.namespace, &pod.name);
    let age = pod.created_at.map_or_else(|| units::UNKNOWN.into(), |at| units::age(scene.now, at));
    let restarts = if pod.restarts > 0 { format!(", {} restarts", pod.restarts) } else { String::new() };
    Line::of(role, format!("{:<18} ", pod.status))
        .and(Role::Text, format!("{}/{}{restarts}, {age} old ", pod.ready, pod.total))
        .and(Role::Dim, format!("{} ", pod.node))
        .leading_to(object, if pod.reason.is_empty() { "Summary" } else { "Why" }, &pod.name)
}

fn owned_line(scene: &Scene<'_>, workload: &Workload) -> Line {
    let object = ObjectRef::in_cluster(workload.kind, &workload.context, &workload.namespace, &workload.name);
    let age = workload.created_at.map_or_else(|| units::UNKNOWN.into(), |at| units::age(scene.now, at));
    let revision = workload.revision.map_or_else(String::new, |revision| format!("rev {revision} "));
    let ready = workloads::ready_text(workload).unwrap_or_else(|| units::UNKNOWN.into());
    Line::of(Role::Text, format!("{revision}{ready} ready, {age} old "))
        .and(Role::Dim, format!("{} ", workload.images.join(", ")))
        .leading_to(object.clone(), "Summary", &k8s::short(&object))
}

impl Details for WorkloadPage {
    fn kinds(&self) -> &'static [ObjectKind] {
        use ObjectKind::{CronJob, DaemonSet, Deployment, Job, ReplicaSet, StatefulSet};
        &[Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob]
    }
    fn name(&self, world: &World, object: &ObjectRef) -> String {
        k8s::name(world, object)
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        let Some(workload) = find(scene.world, object) else { return units::UNKNOWN.into() };
        let ready = workloads::ready_text(workload).unwrap_or_else(|| units::UNKNOWN.into());
        let revision = workload.revision.map_or_else(String::new, |revision| format!("  rev {revision}"));
        let age = k8s::details(scene.world, object).and_then(|d| d.revisions.first()?.created_at);
        let age = age.map_or_else(String::new, |at| format!(" · {}", units::age(scene.now, at)));
        format!("{ready} ready{revision}{age}")
    }
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>> {
        let workload = find(scene.world, object)?;
        let role = Scene::health_role(workload.health);
        let mut lines = vec![Line::pair("state", "").and(role, workload.health.word())];
        if !workload.reason.is_empty() {
            lines.push(Line::pair("reason", "").and(role, &workload.reason));
        }
        lines.extend(counts(workload));
        if workload.paused && workload.kind != ObjectKind::CronJob {
            lines.push(Line::pair("paused", "").and(Role::Warn, "yes: it does not roll out"));
        }
        lines.push(k8s::moment(scene, "created", workload.created_at));
        if workload.last_at.is_some() {
            lines.push(k8s::moment(scene, "last", workload.last_at));
        }
        lines.push(k8s::owner(scene, object, workload.owner.as_ref()));
        lines.extend(workload.images.iter().map(|image| Line::pair("image", image)));
        lines.extend(k8s::asking(scene, object));
        let pods = pods(scene.world, workload);
        if !pods.is_empty() {
            lines.extend([Line::empty(), Line::heading(&format!("pods ({})", pods.len()))]);
            lines.extend(pods.iter().take(MOST).map(|pod| pod_line(scene, pod)));
            if pods.len() > MOST {
                lines.push(Line::of(Role::Dim, format!("… {} more in the pane Pods", pods.len() - MOST)));
            }
        }
        let mut owned: Vec<_> = owned(scene.world, workload).collect();
        owned.sort_by_key(|owned| std::cmp::Reverse((owned.revision, owned.created_at)));
        if !owned.is_empty() {
            lines.extend([Line::empty(), Line::heading(&format!("{}s", owned[0].kind.word()))]);
            lines.extend(owned.iter().take(MOST).map(|owned| owned_line(scene, owned)));
        }
        lines.extend(k8s::conditions(scene, &workload.conditions));
        let json = k8s::details(scene.world, object).map(|details| &details.json);
        if let Some(json) = json {
            let mut spec = json["spec"].clone();
            if let Some(spec) = spec.as_object_mut() {
                spec.remove("template");
                spec.remove("selector");
            }
            lines.extend(k8s::part("specification", &spec));
            lines.extend(k8s::part("template", &json["spec"]["template"]["spec"]));
        }
        lines.extend(k8s::labels("selects pods by", &workload.selector));
        lines.extend(k8s::labels("labels", &workload.labels));
        lines.extend(json.map(k8s::annotations).unwrap_or_default());
        Some(lines)
    }
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String> {
        k8s::yaml(world, object, find(world, object).and_then(yaml::of))
    }
    fn why(&self, scene: &Scene<'_>, object: &ObjectRef) -> Vec<Line> {
        let Some(workload) = find(scene.world, object) else { return k8s::why(scene, object, Vec::new()) };
        let role = Scene::health_role(workload.health);
        let mut known = Vec::new();
        if !workload.reason.is_empty() {
            known.push(Line::of(role, &workload.reason));
        }
        let ill = pods(scene.world, workload).into_iter().filter(|pod| pod.health.severity().is_some());
        known.extend(ill.take(MOST).map(|pod| pod_line(scene, pod)));
        k8s::why(scene, object, known)
    }
    fn events(&self, scene: &Scene<'_>, object: &ObjectRef) -> Vec<Line> {
        k8s::events(scene, object)
    }
    fn has_logs(&self) -> bool {
        true
    }
    fn has_revisions(&self) -> bool {
        true
    }
    fn revisions(&self, scene: &Scene<'_>, object: &ObjectRef) -> Vec<Line> {
        k8s::revisions(scene, object)
    }
}
