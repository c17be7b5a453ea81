//! What may be chosen for a variable, as far as it has been observed here.

use super::{House, look::about};
use crate::{
    client::{Clients, named::Named, postgres::ClusterOptions},
    incident::Incident,
    model::{
        gpu::Gpu,
        object::ObjectKind,
        postgres::patroni::{Member, Role},
    },
    ops::look,
    runbook::{definition::Variable, target::Target},
    world::World,
};
use http::Uri;
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
        "patroni-candidates" => {
            return members(house, &value, &|member| !member.role.leads() && !member.tags.nofailover);
        }
        "standby-leaders" => return members(house, &value, &|member| member.role == Role::StandbyLeader),
        "member-servers" => return member_servers(house, &value),
        "incidents" => about::incidents(house).ok()?.all().iter().map(|one| one.name.to_string()).collect(),
        "people" => people(about::incidents(house).ok()?.all()),
        "endpoints" => endpoints(&house.clients, &house.prometheus),
        "revisions" => return revisions(house, &value),
        "secrets" => {
            let (context, namespace) = (value("context"), value("namespace"));
            // Without a namespace all of the cluster would be meant.
            let is_known = !context.is_empty() && !namespace.is_empty();
            return is_known.then(|| look::secrets(&context, &namespace, &house.clients).ok()).flatten();
        }
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
        "gpus" => {
            if world.observed.gpus.is_unknown() {
                return None;
            }
            let name = |gpu: &Gpu| gpu.uuid.as_ref().or(gpu.pci_address.as_ref()).unwrap_or(&gpu.id).to_string();
            world.observed.gpus.iter().map(name).collect()
        }
        "slos" => world.observed.watch.objectives().map(|slo| slo.name.to_string()).collect(),
        _ => return None,
    };
    Some(all.into_iter().collect())
}

/// The server that a member of a Patroni cluster is for SQL, where the configuration says how it is logged in to.
fn member_servers(house: &House, value: &dyn Fn(&str) -> String) -> Option<Vec<String>> {
    let cluster = cluster_of(house, value)?;
    let member = value("candidate");
    let is_known = cluster.member_url.is_some() || cluster.servers.iter().any(|(name, _)| *name == member);
    Some(if is_known && !member.is_empty() { vec![format!("{}/{member}", cluster.name)] } else { Vec::new() })
}

/// Everybody who has worked on an incident.
fn people(incidents: &[Incident]) -> Vec<String> {
    let people = incidents.iter().flat_map(|incident| &incident.participants);
    people.map(|person| person.name.to_string()).collect::<BTreeSet<_>>().into_iter().collect()
}

fn cluster_of<'h>(house: &'h House, value: &dyn Fn(&str) -> String) -> Option<&'h ClusterOptions> {
    super::look::database::cluster_of(house, &Target::Patroni { endpoint: value("endpoint") }).ok()
}

/// Members of a Patroni cluster that will do.
fn members(house: &House, value: &dyn Fn(&str) -> String, will_do: &dyn Fn(&Member) -> bool) -> Option<Vec<String>> {
    let name = cluster_of(house, value)?.name.clone();
    house.saw(|world| {
        let members = world.observed.postgres.get(name.as_str())?.members().iter();
        Some(members.filter(|member| will_do(member)).map(|member| member.name.to_string()).collect())
    })
}

fn revisions(house: &House, value: &dyn Fn(&str) -> String) -> Option<Vec<String>> {
    let target = Target::Object {
        context: value("context"),
        kind: value("kind"),
        namespace: value("namespace"),
        name: value("name"),
    };
    let rollout = look::cluster(&target.object()?, &look::Cluster::Rollout, house.now(), &house.clients).ok()?;
    let (all, current) = (rollout.get("revisions")?.as_array()?, rollout.get("revision"));
    // Nothing goes back to what is asked for.
    Some(all.iter().rev().filter(|revision| Some(*revision) != current).map(ToString::to_string).collect())
}

/// Host and port of every server that is spoken to over TLS, as configuration, flags and environment name them.
fn endpoints(clients: &Clients, prometheus: &[Named]) -> Vec<String> {
    let engines = clients.docker.iter().filter(|engine| engine.tls.is_some()).map(|engine| engine.url.as_str());
    let contexts = clients.kube.all().iter().map(|context| context.server.as_str());
    let named = clients.alertmanagers.iter().chain(prometheus).flat_map(|named| &named.servers);
    let patroni = clients.postgres.iter().flat_map(|cluster| &cluster.patroni).map(String::as_str);
    let web = contexts.chain(named.map(|server| server.url.as_str())).chain(patroni);
    let all: BTreeSet<_> =
        engines.filter_map(place).chain(web.filter(|url| url.starts_with("https://")).filter_map(place)).collect();
    all.into_iter().collect()
}

/// `host:port` of a URL; without a port that of HTTPS.
fn place(url: &str) -> Option<String> {
    let url: Uri = url.parse().ok()?;
    Some(format!("{}:{}", url.host()?, url.port_u16().unwrap_or(443)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{docker, http::Server};

    #[test]
    fn what_is_spoken_to_over_tls_has_a_certificate() {
        let engine = |url: &str, tls| docker::Endpoint { url: url.into(), tls, ..docker::Endpoint::default() };
        let named = |urls: &[&str]| Named { name: "n".into(), servers: urls.iter().copied().map(Server::at).collect() };
        let clients = Clients {
            docker: vec![
                engine("unix:///run/docker.sock", None),
                engine("tcp://far:2375", None),
                engine("tcp://far:2376", Some(docker::Tls { folder: "/certs".into() })),
            ],
            alertmanagers: vec![named(&["http://plain:9093", "https://ops:secret@alerts.example/am"])],
            ..Clients::default()
        };
        let prometheus = [named(&["https://[2001:db8::1]:9090", "https://alerts.example"])];
        let found = endpoints(&clients, &prometheus);
        assert_eq!(found, ["[2001:db8::1]:9090", "alerts.example:443", "far:2376"]);
    }
}
