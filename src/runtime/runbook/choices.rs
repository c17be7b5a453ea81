//! What may be chosen for a variable, as far as it has been observed here.

use super::House;
use crate::{model::object::ObjectKind, ops::look, runbook::definition::Variable, world::World};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// What may be chosen, given the values that are there already; `None` where nobody here knows.
pub fn choices(house: &House, variable: &Variable, values: &BTreeMap<String, Json>) -> Option<Vec<String>> {
    if !variable.options.is_empty() {
        return Some(variable.options.clone());
    }
    let value = |name: &str| values.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let found = match variable.choices.as_deref()? {
        "contexts" => house.clients.kube.all().iter().map(|context| context.name.to_string()).collect(),
        "engines" => house.clients.docker.iter().map(|engine| engine.name.to_string()).collect(),
        "patroni-clusters" => {
            house.clients.postgres.iter().filter_map(|cluster| cluster.patroni.first().cloned()).collect()
        }
        "postgres-servers" => super::look::server::all(house),
        "patroni-candidates" => return candidates(house, &value),
        "revisions" => return revisions(house, &value),
        "helm-releases" => {
            return look::releases(&value("context"), &value("namespace"), &house.clients).ok();
        }
        "helm-revisions" => {
            let (context, namespace, release) = (value("context"), value("namespace"), value("release"));
            let place = look::Place { context: &context, namespace: &namespace, release: &release };
            let found = look::revisions(place, &house.clients).ok()?;
            return Some(found.iter().map(ToString::to_string).collect());
        }
        query => house.saw(|world| observed(world, query, &value))?,
    };
    Some(found)
}

fn observed(world: &World, query: &str, value: &dyn Fn(&str) -> String) -> Option<Vec<String>> {
    let (kube, engines) = (&world.observed.kube, &world.observed.containers);
    let of_context = |context: &str| context == value("context");
    let all: BTreeSet<String> = match query {
        "namespaces" => {
            kube.workloads.iter().filter(|row| of_context(&row.context)).map(|row| row.namespace.to_string()).collect()
        }
        "workloads" => kube
            .workloads
            .iter()
            .filter(|row| {
                of_context(&row.context) && row.namespace == value("namespace") && row.kind.word() == value("kind")
            })
            .map(|row| row.name.to_string())
            .collect(),
        "cronjobs" => kube
            .workloads
            .iter()
            .filter(|row| {
                of_context(&row.context) && row.namespace == value("namespace") && row.kind == ObjectKind::CronJob
            })
            .map(|row| row.name.to_string())
            .collect(),
        "nodes" => kube.nodes.iter().filter(|row| of_context(&row.context)).map(|row| row.name.to_string()).collect(),
        "containers" => engines
            .containers
            .iter()
            .filter(|row| row.engine == value("engine"))
            .map(|row| row.name.to_string())
            .collect(),
        "images" => engines
            .images
            .iter()
            .filter(|row| row.engine == value("engine"))
            .map(|row| row.tags.first().map_or_else(|| row.id.to_string(), ToString::to_string))
            .collect(),
        "compose-projects" => engines
            .containers
            .iter()
            .filter(|row| row.engine == value("engine"))
            .filter_map(|row| Some(row.compose.as_ref()?.project.to_string()))
            .collect(),
        "compose-services" => engines
            .containers
            .iter()
            .filter(|row| row.engine == value("engine"))
            .filter_map(|row| row.compose.as_ref().filter(|compose| compose.project == value("project")))
            .map(|compose| compose.service.to_string())
            .collect(),
        "mounts" => world.observed.mounts.as_ref()?.iter().map(|mount| mount.mount.to_string()).collect(),
        "slos" => world.observed.watch.objectives().map(|slo| slo.name.to_string()).collect(),
        _ => return None,
    };
    Some(all.into_iter().collect())
}

/// Members that may become leader.
fn candidates(house: &House, value: &dyn Fn(&str) -> String) -> Option<Vec<String>> {
    let target = crate::runbook::target::Target::Patroni { endpoint: value("endpoint") };
    let name = super::look::database::cluster_of(house, &target).ok()?.name.clone();
    house.saw(|world| {
        let members = world.observed.postgres.get(name.as_str())?.members().iter();
        let may_lead = members.filter(|member| !member.role.leads() && !member.tags.nofailover);
        Some(may_lead.map(|member| member.name.to_string()).collect())
    })
}

fn revisions(house: &House, value: &dyn Fn(&str) -> String) -> Option<Vec<String>> {
    let target = crate::runbook::target::Target::Object {
        context: value("context"),
        kind: value("kind"),
        namespace: value("namespace"),
        name: value("name"),
    };
    let rollout = look::cluster(&target.object()?, &look::Cluster::Rollout, house.now(), &house.clients).ok()?;
    let all = rollout.get("revisions")?.as_array()?;
    Some(all.iter().rev().map(ToString::to_string).collect())
}
