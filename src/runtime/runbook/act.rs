//! Carries out what a step orders: every act becomes operations, and each of them passes the gate.

use super::{House, Refusal, ledger::RunLedger, look::database, record};
use crate::{
    model::{
        journal::IncidentId,
        object::{ObjectKind, ObjectRef},
    },
    ops::{
        execute::{Failure, perform},
        ledger::{Ledger as _, refused},
        look,
        operation::{EngineAct, KubeAct, Operation, PostgresAct, Prune},
    },
    runbook::{
        act::{Act, DockerAct, KubernetesAct, PatroniAct},
        run::{ActResult, Order},
        target::Target,
    },
};
use compact_str::format_compact;

/// What came of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub result: ActResult,
    pub text: String,
    pub answer: Option<serde_json::Value>,
}

impl Outcome {
    fn new(result: ActResult, text: impl Into<String>) -> Self {
        Self { result, text: text.into(), answer: None }
    }

    /// Nothing of it was done.
    pub(super) fn refused(text: impl Into<String>) -> Self {
        Self::new(ActResult::Refused, text)
    }

    pub(super) fn done(text: impl Into<String>) -> Self {
        Self::new(ActResult::Done, text)
    }
}

/// Carries an order out.
pub fn perform_order(house: &House, order: &Order, incident: Option<IncidentId>) -> Outcome {
    if let Act::Record(act) = &order.act {
        return record::write(house, order, act, incident);
    }
    match operations(house, &order.target, &order.act) {
        Err(why) => Outcome::refused(why),
        Ok(operations) if operations.is_empty() => Outcome::done("there was nothing to do"),
        Ok(operations) => all(house, order, incident, operations),
    }
}

/// The operations that an act is.
///
/// # Errors
/// Why it cannot be done here.
pub fn operations(house: &House, target: &Target, act: &Act) -> Result<Vec<Operation>, String> {
    match act {
        Act::Kubernetes(act) => {
            let target = object(target)?;
            Ok(vec![Operation::Kube { target, act: kube(act)? }])
        }
        Act::Docker(act) => docker(house, target, act),
        Act::Helm(_) => Err("this version rolls no Helm release back: `helm rollback` does".into()),
        Act::Patroni(act) => patroni(house, target, act),
        Act::Postgres(_) | Act::Sql(_) => Err("this version does nothing by SQL: do it by hand".into()),
        Act::Command(_) | Act::Http(_) => {
            Err("this version runs no programs and sends no requests that change something".into())
        }
        Act::Record(_) => Ok(Vec::new()),
    }
}

/// The object of a cluster that a target is.
///
/// # Errors
/// It is none.
pub fn object(target: &Target) -> Result<ObjectRef, String> {
    let Target::Object { .. } = target else { return Err(format!("{target} is no object of a cluster")) };
    target.object().ok_or_else(|| format!("{target} is not known here"))
}

fn kube(act: &KubernetesAct) -> Result<KubeAct, String> {
    let small = |number: u64| u32::try_from(number).map_err(|_| format!("{number} is too large"));
    Ok(match act {
        KubernetesAct::Rollback { revision } => KubeAct::Rollback { revision: *revision },
        KubernetesAct::DeleteWedged => KubeAct::DeleteWedged,
        KubernetesAct::Restart => KubeAct::Restart,
        KubernetesAct::Scale { replicas } => KubeAct::Scale { replicas: small(*replicas)? },
        KubernetesAct::SetImage { container, image } => {
            KubeAct::SetImage { container: container.clone(), image: image.clone() }
        }
        KubernetesAct::Pause => KubeAct::Pause,
        KubernetesAct::Resume => KubeAct::Resume,
        KubernetesAct::Cordon => KubeAct::Cordon,
        KubernetesAct::Uncordon => KubeAct::Uncordon,
        KubernetesAct::Drain { grace, unmanaged, local_data, patience } => KubeAct::Drain {
            grace_seconds: grace.map(small).transpose()?,
            unmanaged: *unmanaged,
            local_data: *local_data,
            timeout_seconds: small(*patience)?,
        },
        KubernetesAct::Delete { grace } => {
            KubeAct::Delete { grace_seconds: grace.map(small).transpose()?, force: false }
        }
        KubernetesAct::Trigger => KubeAct::Trigger,
        // What an operation says is recorded, and a secret must not be.
        KubernetesAct::SetSecret { .. } => return Err("this version sets no keys of Secrets: do it by hand".into()),
    })
}

fn patroni(house: &House, target: &Target, act: &PatroniAct) -> Result<Vec<Operation>, String> {
    let cluster = database::object_of(house, target)?;
    let of_member = |member: &str| ObjectRef::new(ObjectKind::Postgres, format_compact!("{}/{member}", cluster.id));
    let leads = |member: &str| {
        house.saw(|world| {
            let known = world.observed.postgres.get(cluster.id.as_str())?;
            Some(known.member(member)?.role.leads())
        })
    };
    let (target, act) = match act {
        PatroniAct::Switchover { leader, candidate } => {
            let most = house.saw(|world| {
                let patroni = world.observed.postgres.get(cluster.id.as_str())?.patroni.as_ref()?;
                Some(patroni.config_or_default().maximum_lag_on_failover_bytes)
            });
            let most = most.ok_or_else(|| format!("{target} has not been seen yet"))?;
            let (from, candidate) = (leader.clone(), candidate.clone());
            (cluster, PostgresAct::Switchover { from, candidate, max_lag_bytes: most })
        }
        // What would be lost was told to two people, who said yes to it.
        PatroniAct::Failover { candidate } => {
            (cluster, PostgresAct::Failover { candidate: candidate.clone(), max_loss_bytes: u64::MAX })
        }
        PatroniAct::Restart { member } => {
            let leads = leads(member).ok_or_else(|| format!("{target} has no member {member}"))?;
            (of_member(member), PostgresAct::Restart { only_pending: false, leads })
        }
        PatroniAct::Reinitialise { member } => (of_member(member), PostgresAct::Reinitialize),
        PatroniAct::Pause => (cluster, PostgresAct::Pause),
        PatroniAct::Resume => (cluster, PostgresAct::Resume),
    };
    Ok(vec![Operation::Postgres { target, act }])
}

fn docker(house: &House, target: &Target, act: &DockerAct) -> Result<Vec<Operation>, String> {
    let small = |number: u64| u32::try_from(number).map_err(|_| format!("{number} is too large"));
    let act = match act {
        DockerAct::Recreate { image } => EngineAct::Recreate { image: image.clone() },
        DockerAct::Restart { grace } => EngineAct::Restart { grace_seconds: small(*grace)? },
        DockerAct::Start => EngineAct::Start,
        DockerAct::Stop { grace } => EngineAct::Stop { grace_seconds: small(*grace)? },
        DockerAct::Pull { image } => EngineAct::Pull { image: image.clone() },
        DockerAct::Prune { what } => {
            let what = Prune::parse(what).ok_or_else(|| format!("this version does not prune {what}"))?;
            EngineAct::Prune { what }
        }
        DockerAct::Tag { .. } => return Err("this version gives no names to images: `docker tag` does".into()),
    };
    let engine = engine_of(target)?;
    if matches!(act, EngineAct::Pull { .. } | EngineAct::Prune { .. }) {
        let target = ObjectRef::new(ObjectKind::Engine, engine);
        return Ok(vec![Operation::Engine { target, name: engine.to_owned(), act }]);
    }
    let containers = containers(house, target)?;
    let operation = |(id, name): (String, String)| Operation::Engine {
        target: ObjectRef::in_engine(ObjectKind::Container, engine, &id),
        name,
        act: act.clone(),
    };
    Ok(containers.into_iter().map(operation).collect())
}

/// The engine of a target.
///
/// # Errors
/// It has none.
pub fn engine_of(target: &Target) -> Result<&str, String> {
    match target {
        Target::Container { engine, .. } | Target::Service { engine, .. } | Target::Engine { engine } => Ok(engine),
        other => Err(format!("{other} is not in an engine")),
    }
}

/// The containers that a target is, as the engine has them now: identity and name.
fn containers(house: &House, target: &Target) -> Result<Vec<(String, String)>, String> {
    let asked = match target {
        Target::Container { name, .. } => look::Engine::Container(name),
        Target::Service { project, service, .. } => look::Engine::Service { project, service },
        other => return Err(format!("{other} is neither a container nor a service")),
    };
    let all = look::members(engine_of(target)?, &asked, &house.clients)?;
    if all.is_empty() { Err(format!("{target} is not there")) } else { Ok(all) }
}

/// Does one after the other. What has to be said of the whole is what has to be said of the worst.
fn all(house: &House, order: &Order, incident: Option<IncidentId>, operations: Vec<Operation>) -> Outcome {
    let ledger = RunLedger::new(house.journal.clone(), incident, order);
    let mut texts = Vec::new();
    for operation in operations {
        let is_first = texts.is_empty();
        let permit = match house.around.permit(operation.clone()) {
            Ok(permit) => permit,
            Err(refusal) => {
                documented(house, &operation, &refusal, &ledger);
                let result = if is_first { ActResult::Refused } else { ActResult::Failed };
                texts.push(refusal.words());
                return Outcome::new(result, texts.join("; "));
            }
        };
        match perform(permit, &house.clients, &|_| {}, &ledger) {
            Ok(deed) => texts.push(deed.text),
            Err(Failure::Unknown(why)) => {
                texts.push(why);
                return Outcome::new(ActResult::Unknown, texts.join("; "));
            }
            Err(Failure::Failed(why)) => {
                texts.push(why);
                let result = if is_first && is_whole(&operation) { ActResult::Refused } else { ActResult::Failed };
                return Outcome::new(result, texts.join("; "));
            }
        }
    }
    Outcome::done(texts.join("; "))
}

/// Whether its server does it whole or not at all, so that a no means that nothing was done.
const fn is_whole(operation: &Operation) -> bool {
    match operation {
        Operation::Kube { act, .. } => !matches!(act, KubeAct::Drain { .. } | KubeAct::DeleteWedged),
        Operation::Engine { act, .. } => !matches!(
            act,
            EngineAct::Recreate { .. } | EngineAct::Restart { .. } | EngineAct::Prune { .. } | EngineAct::Pull { .. }
        ),
        _ => false,
    }
}

/// What the rule book refuses is written down, with whom it was taken to.
fn documented(house: &House, operation: &Operation, refusal: &Refusal, ledger: &RunLedger) {
    if let Some(stop) = &refusal.stop {
        ledger.record(refused(operation, stop, house.actor.clone(), house.now()));
    }
}
