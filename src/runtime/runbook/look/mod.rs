//! Answers the questions of runs and plans. It changes nothing.

pub mod about;
pub mod database;
mod gate;
mod outside;
pub mod server;

use super::{House, act};
use crate::{
    ops::look::{self, Cluster, Engine},
    runbook::{
        ask::{Answer, Ask, DockerAsk, HelmAsk, KubernetesAsk},
        target::Target,
    },
};
use serde_json::Value as Json;

/// The answer to a question about a target, or why there is none.
pub fn answer(house: &House, target: &Target, ask: &Ask) -> Answer {
    match asked(house, target, ask) {
        // What only looks like a secret stays: answers are compared.
        Ok(answer) => Answer::Known(house.redacted_answer(answer, |text| text.into())),
        Err(why) => Answer::Silent(house.redacted(&why)),
    }
}

fn asked(house: &House, target: &Target, ask: &Ask) -> Result<Json, String> {
    match ask {
        Ask::Kubernetes(ask) => kubernetes(house, target, ask),
        Ask::Docker(ask) => docker(house, target, ask),
        Ask::Gate(ask) => gate::gate(house, target, ask),
        Ask::About(ask) => about::about(house, target, ask),
        Ask::Http(http) => outside::http(house, http),
        Ask::PromQl(query) => outside::promql(house, query),
        Ask::Command(command) => outside::command(house, command),
        Ask::Helm(ask) => helm(house, target, ask),
        Ask::Patroni(ask) => database::patroni(house, target, ask),
        Ask::Postgres(ask) => server::postgres(house, target, ask),
        Ask::Sql(sql) => server::sql(house, target, sql),
    }
}

fn kubernetes(house: &House, target: &Target, ask: &KubernetesAsk) -> Result<Json, String> {
    let object = act::object(target)?;
    let asked = match ask {
        KubernetesAsk::Object => Cluster::Object,
        KubernetesAsk::Rollout => Cluster::Rollout,
        KubernetesAsk::Revision { revision } => Cluster::Revision(*revision),
        KubernetesAsk::RollbackDryRun { revision } => Cluster::RollbackDryRun(*revision),
        KubernetesAsk::Access { verb, subresource } => Cluster::Access { verb, subresource },
        KubernetesAsk::Wedged => Cluster::Wedged,
        KubernetesAsk::Node => Cluster::Node,
        KubernetesAsk::Job => Cluster::Job,
    };
    look::cluster(&object, &asked, house.now(), &house.clients)
}

fn helm(house: &House, target: &Target, ask: &HelmAsk) -> Result<Json, String> {
    let Target::Release { context, namespace, release } = target else { return Err(format!("{target} is no release")) };
    let asked = match ask {
        HelmAsk::Release => look::Helm::Release,
        HelmAsk::Revision { revision } => look::Helm::Revision(*revision),
        HelmAsk::Resources => look::Helm::Resources,
    };
    look::helm(look::Place { context, namespace, release }, asked, house.now(), &house.clients)
}

fn docker(house: &House, target: &Target, ask: &DockerAsk) -> Result<Json, String> {
    let asked = match (ask, target) {
        (DockerAsk::Container, Target::Container { name, .. }) => Engine::Container(name),
        (DockerAsk::Service, Target::Service { project, service, .. }) => Engine::Service { project, service },
        (DockerAsk::Image { image }, _) => Engine::Image(image),
        (DockerAsk::Disk, _) => Engine::Disk,
        _ => return Err(format!("that cannot be asked about {target}")),
    };
    look::engine(act::engine_of(target)?, &asked, house.now(), &house.clients)
}
