//! Whether the rule book, service levels and alerts let one go on.

use crate::{
    model::{
        alert::AlertState,
        object::{ObjectKind, ObjectRef},
        source::SourceState,
    },
    ops::{
        gate::Gate,
        operation::{EngineAct, KubeAct, Operation, PostgresAct},
    },
    runbook::{ask, target::Target},
    runtime::runbook::{House, act, look::database},
    world::World,
};
use serde_json::{Value as Json, json};

/// What is found in the world.
#[derive(Default)]
struct Found {
    /// What stands against it, each in words.
    against: Vec<String>,
    blocking: Vec<String>,
    burn: Option<f64>,
    firing: Vec<String>,
    /// What nobody can say.
    unknown: Option<String>,
}

/// The answer to a runbook's question `gate`.
///
/// # Errors
/// What nobody can say.
pub fn gate(house: &House, target: &Target, ask: &ask::Gate) -> Result<Json, String> {
    let operations = if ask.rules { probes(house, target)? } else { Vec::new() };
    let found = house.saw(|world| {
        let mut found = Found::default();
        if ask.rules {
            rules(world, target, &operations, &mut found);
        }
        ask.slo.iter().filter(|name| !name.is_empty()).for_each(|name| slo(world, name, &mut found));
        if ask.alerts {
            alerts(world, target, &mut found);
        }
        found
    });
    match found.unknown {
        // What stands against it weighs more than what is not known.
        Some(why) if found.against.is_empty() => Err(why),
        _ => Ok(json!({
            "clear": found.against.is_empty(),
            "reason": (!found.against.is_empty()).then(|| found.against.join("; ")),
            "blocking": found.blocking,
            "burn_rate": found.burn,
            "firing": found.firing,
        })),
    }
}

/// Operations that roll the target out, as the rule book judges them.
fn probes(house: &House, target: &Target) -> Result<Vec<Operation>, String> {
    match target {
        Target::Object { .. } => {
            let target = act::object(target)?;
            Ok(vec![Operation::Kube { target, act: KubeAct::Rollback { revision: 0 } }])
        }
        Target::Container { .. } | Target::Service { .. } => act::operations(
            house,
            target,
            &crate::runbook::act::Act::Docker(crate::runbook::act::DockerAct::Recreate { image: String::new() }),
        ),
        Target::Engine { engine } => Ok(vec![Operation::Engine {
            target: ObjectRef::new(ObjectKind::Engine, engine),
            name: engine.clone(),
            act: EngineAct::Start,
        }]),
        Target::Release { .. } => {
            let act = KubeAct::RollbackRelease { revision: 0, timeout_seconds: 0 };
            Ok(vec![Operation::Kube { target: act::release(target)?, act }])
        }
        // Of a failover and a switchover alike: what the rule book and the configuration protect.
        Target::Patroni { .. } => {
            let target = database::object_of(house, target)?;
            Ok(vec![Operation::Postgres { target, act: PostgresAct::Resume }])
        }
        _ => Ok(Vec::new()),
    }
}

/// The source that judges what the target is in.
fn judge(target: &Target) -> Option<String> {
    match target {
        Target::Object { context, .. } | Target::Release { context, .. } => Some(format!("rules/kube/{context}")),
        Target::Container { engine, .. } | Target::Service { engine, .. } | Target::Engine { engine } => {
            Some(format!("rules/docker/{engine}"))
        }
        _ => None,
    }
}

fn rules(world: &World, target: &Target, operations: &[Operation], found: &mut Found) {
    if let Some(name) = judge(target) {
        let state = world.observed.sources.get(name.as_str()).map(|source| source.state(world.now));
        let has_judged = world.observed.rulings.news().any(|news| news.source == name);
        match state {
            // It was switched off by the configuration.
            Some(SourceState::Off) => {}
            _ if has_judged => {}
            _ => {
                found.unknown =
                    Some(format!("{name} has not judged yet: nobody can say whether a rule stands against it"));
            }
        }
    }
    for operation in operations {
        if let Some(stop) = Gate::stopped(operation, world) {
            found.blocking.push(stop.why.clone());
            found.against.push(stop.why);
        }
    }
}

fn slo(world: &World, name: &str, found: &mut Found) {
    let Some(slo) = world.observed.watch.objectives().find(|slo| slo.name == name) else {
        found.unknown = Some(format!("the service level {name} is not known: no Prometheus has answered for it"));
        return;
    };
    if let Some(why) = slo.obstacle() {
        found.unknown = Some(format!("{name}: {why}"));
    }
    let burn = slo.present_burn().map(|(burn, _)| burn);
    found.burn = [found.burn, burn].into_iter().flatten().reduce(f64::max);
    if let Some(pair) = slo.firing() {
        found.against.push(format!("{name} burns its budget ({})", pair.urgency.word()));
    }
}

fn alerts(world: &World, target: &Target, found: &mut Found) {
    let Some(object) = target.object() else { return };
    let path = object.in_kube();
    let is_about = |labels: &[(String, String)]| {
        path.is_some_and(|path| {
            let has = |key: &str, value: &str| labels.iter().any(|(k, v)| k == key && v == value);
            has("namespace", path.namespace)
                && labels.iter().any(|(_, value)| value == path.name || value.starts_with(&format!("{}-", path.name)))
        })
    };
    for alert in world.observed.watch.alerts().filter(|alert| alert.state == AlertState::Active) {
        let labels: Vec<_> = alert.labels.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        if is_about(&labels) {
            let name =
                labels.iter().find(|(key, _)| key == "alertname").map_or("an alert", |(_, value)| value.as_str());
            found.firing.push(name.to_owned());
            found.against.push(format!("{name} fires"));
        }
    }
}
