//! Carries out what a step orders: every act becomes operations, and each of them passes the gate.

use super::{
    House, Refusal,
    ledger::RunLedger,
    look::{database, server},
    record,
};
use crate::{
    clock,
    model::{
        Timestamp,
        concealed::Concealed,
        journal::IncidentId,
        object::{ObjectKind, ObjectRef},
        redact,
    },
    ops::{
        execute::{Failure, perform},
        gate::Permit,
        kubernetes::helm,
        ledger::{Ledger as _, refused},
        look,
        operation::{EngineAct, Errand, KubeAct, Operation, PostgresAct, Prune, What},
    },
    runbook::{
        self,
        act::{Act, DockerAct, HelmAct, KubernetesAct, PatroniAct},
        field::Sealed,
        run::{ActResult, Order},
        target::Target,
    },
};
use compact_str::format_compact;
use std::time::Duration;

/// How long a program or a request may take where the run does not say.
const ERRAND: Duration = Duration::from_secs(60);
/// How long before the run gives up an errand is called off, so that what came of it is still heard.
const MARGIN: Duration = Duration::from_secs(8);
/// How long the gate may take to see what was changed a moment ago.
const CATCHING_UP: Duration = Duration::from_secs(10);

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
        Ok(operations) => {
            let operations = operations.into_iter().map(|operation| within_time(operation, order, house.now()));
            let begin = clock::instant();
            let outcome = all(house, order, incident, operations.collect());
            let seconds = clock::instant().saturating_duration_since(begin).as_secs_f64();
            let told = |answer| {
                let mut answer = house.redacted_answer(answer, redact::text);
                if matches!(order.act, Act::Command(_) | Act::Http(_)) {
                    answer["seconds"] = seconds.into();
                }
                answer
            };
            Outcome { answer: outcome.answer.map(told), ..outcome }
        }
    }
}

/// An errand ends before the run takes its outcome to be unknown.
fn within_time(mut operation: Operation, order: &Order, now: Timestamp) -> Operation {
    if let Operation::Errand(errand) = &mut operation {
        let left = Duration::try_from(order.until.duration_since(now)).unwrap_or_default();
        errand.limit_seconds = left.saturating_sub(MARGIN).max(left / 2).as_secs().max(1);
    }
    operation
}

/// The operations that an act is.
///
/// # Errors
/// Why it cannot be done here.
pub fn operations(house: &House, target: &Target, act: &Act) -> Result<Vec<Operation>, String> {
    match act {
        Act::Kubernetes(act) => {
            let target = object(target)?;
            Ok(vec![Operation::Kube { target, act: kube(house, act)? }])
        }
        Act::Docker(act) => docker(house, target, act),
        Act::Helm(HelmAct::Rollback { revision, patience }) => {
            let timeout_seconds = u32::try_from(*patience).map_err(|_| format!("{patience} s is too long"))?;
            let act = KubeAct::RollbackRelease { revision: *revision, timeout_seconds };
            Ok(vec![Operation::Kube { target: release(target)?, act }])
        }
        Act::Patroni(act) => patroni(house, target, act),
        Act::Postgres(act) => server(house, target, act),
        Act::Sql(sql) => {
            let parameters =
                sql.parameters.iter().map(|sealed| Ok(Concealed::new(sealed.unseal(&|name| house.secret(name))?)));
            let act = PostgresAct::Sql {
                statement: sql.statement.clone(),
                parameters: parameters.collect::<Result<_, String>>()?,
                database: sql.database.clone(),
            };
            Ok(vec![Operation::Postgres { target: server::object_of(house, target)?, act }])
        }
        Act::Command(command) => {
            let (environment, input) = concealed(house, command)?;
            let (argv, directory) = (command.argv.clone(), command.directory.clone());
            Ok(vec![errand(house, target, What::Command { argv, environment, input, directory })])
        }
        Act::Http(http) => {
            let unseal = |sealed: &Sealed| Ok::<_, String>(Concealed::new(sealed.unseal(&|name| house.secret(name))?));
            let headers = http.headers.iter().map(|(name, value)| Ok((name.clone(), unseal(value)?)));
            let what = What::Request {
                method: http.method.clone().unwrap_or_else(|| "GET".into()),
                url: http.url.clone(),
                headers: headers.collect::<Result<_, String>>()?,
                body: http.body.as_ref().map(unseal).transpose()?,
            };
            Ok(vec![errand(house, target, what)])
        }
        Act::Record(_) => Ok(Vec::new()),
    }
}

/// What a program is told beside its arguments.
pub type Told = (Vec<(String, Concealed)>, Option<Concealed>);

/// The environment and the input of a program, with their secrets.
///
/// # Errors
/// A secret that is not known here.
pub fn concealed(house: &House, command: &runbook::act::Command) -> Result<Told, String> {
    let unseal = |sealed: &Sealed| Ok::<_, String>(Concealed::new(sealed.unseal(&|name| house.secret(name))?));
    let environment = command.environment.iter().map(|(name, value)| Ok((name.clone(), unseal(value)?)));
    let input = command.input.as_ref().map(unseal).transpose()?;
    Ok((environment.collect::<Result<_, String>>()?, input))
}

/// About an object of the cockpit, so that what protects it protects it here, too; otherwise about this host.
fn errand(house: &House, target: &Target, what: What) -> Operation {
    let about = target.object().unwrap_or_else(|| ObjectRef::new(ObjectKind::Host, ""));
    let limit_seconds = ERRAND.as_secs();
    Operation::Errand(Box::new(Errand {
        target: about,
        name: target.name().to_owned(),
        what,
        hidden: house.all_secrets(),
        limit_seconds,
    }))
}

/// The object of a cluster that a target is.
///
/// # Errors
/// It is none.
pub fn object(target: &Target) -> Result<ObjectRef, String> {
    let Target::Object { .. } = target else { return Err(format!("{target} is no object of a cluster")) };
    target.object().ok_or_else(|| format!("{target} is not known here"))
}

/// The Helm release that a target is, as an object of its cluster.
///
/// # Errors
/// It is none.
pub fn release(target: &Target) -> Result<ObjectRef, String> {
    let Target::Release { context, namespace, release } = target else { return Err(format!("{target} is no release")) };
    Ok(ObjectRef::resource(context, helm::RESOURCE, namespace, release))
}

fn kube(house: &House, act: &KubernetesAct) -> Result<KubeAct, String> {
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
        KubernetesAct::SetSecret { key, value } => {
            KubeAct::SetSecret { key: key.clone(), value: Concealed::new(value.unseal(&|name| house.secret(name))?) }
        }
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
        PatroniAct::PromoteCluster { fenced } => (cluster, PostgresAct::PromoteCluster { fenced: fenced.clone() }),
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

fn server(house: &House, target: &Target, act: &runbook::act::PostgresAct) -> Result<Vec<Operation>, String> {
    use runbook::act::PostgresAct as Wanted;
    let act = match act {
        // The run has fenced the old primary, or somebody has; what would be lost was told to two people, who said yes to it.
        Wanted::Promote { wait } => PostgresAct::Promote {
            fenced: "fenced as the runbook says".into(),
            max_loss_bytes: u64::MAX,
            wait_seconds: u32::try_from(*wait).map_err(|_| format!("{wait} s is too long"))?,
        },
        Wanted::Checkpoint => PostgresAct::Checkpoint,
        Wanted::CanaryWrite { token } => PostgresAct::Canary { token: server::token(token) },
        Wanted::Fence => PostgresAct::Fence,
        Wanted::Unfence => PostgresAct::Unfence,
    };
    Ok(vec![Operation::Postgres { target: server::object_of(house, target)?, act }])
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
        DockerAct::Tag { image, name } => EngineAct::Tag { image: image.clone(), name: name.clone() },
    };
    let engine = engine_of(target)?;
    if matches!(act, EngineAct::Pull { .. } | EngineAct::Prune { .. } | EngineAct::Tag { .. }) {
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
    let (mut texts, mut answer) = (Vec::new(), None);
    for operation in operations {
        let is_first = texts.is_empty();
        let permit = match permit(house, &operation) {
            Ok(permit) => permit,
            Err(refusal) => {
                documented(house, &operation, &refusal, &ledger);
                let result = if is_first { ActResult::Refused } else { ActResult::Failed };
                texts.push(refusal.words());
                return Outcome::new(result, texts.join("; "));
            }
        };
        match perform(permit, &house.clients, &|_| {}, &ledger) {
            Ok(deed) => {
                texts.push(deed.text);
                answer = deed.answer.or(answer);
            }
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
    Outcome { answer, ..Outcome::done(texts.join("; ")) }
}

/// The permit. What an earlier step of the run has changed is seen a moment later: until then the gate may refuse by what was before.
fn permit(house: &House, operation: &Operation) -> Result<Permit, Refusal> {
    let end = clock::instant() + CATCHING_UP;
    loop {
        match house.around.permit(operation.clone()) {
            Err(refusal) if !refusal.lasts && clock::instant() < end => {
                if !house.around.wait_for_news(CATCHING_UP / 10) {
                    return Err(refusal);
                }
            }
            decided => return decided,
        }
    }
}

/// Whether its server does it whole or not at all, so that a no means that nothing was done.
fn is_whole(operation: &Operation) -> bool {
    match operation {
        Operation::Kube { act, .. } => {
            !matches!(act, KubeAct::Drain { .. } | KubeAct::DeleteWedged | KubeAct::RollbackRelease { .. })
        }
        Operation::Engine { act, .. } => !matches!(
            act,
            EngineAct::Recreate { .. } | EngineAct::Restart { .. } | EngineAct::Prune { .. } | EngineAct::Pull { .. }
        ),
        Operation::Postgres { act, .. } => act.is_by_sql() && *act != PostgresAct::Fence,
        _ => false,
    }
}

/// What the rule book refuses is written down, with whom it was taken to.
fn documented(house: &House, operation: &Operation, refusal: &Refusal, ledger: &RunLedger) {
    if let Some(stop) = &refusal.stop {
        ledger.record(refused(operation, stop, house.actor.clone(), house.now()));
    }
}
