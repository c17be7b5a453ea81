//! What can be offered for PostgreSQL clusters and their members.

use super::{
    Act, Field, Offer, Wrong,
    value::{bytes, given, text, truth, wrong},
};
use crate::{
    model::{
        object::{ObjectKind, ObjectRef},
        postgres::Cluster,
    },
    ops::operation::{PROMOTION_SECONDS, PostgresAct},
    world::World,
};

pub static OFFERS: &[Offer] = &[
    Offer::new("switchover", 's', "switch over", is_any, switchover).asking(switchover_fields).for_one(),
    Offer::new("failover", 'f', "fail over", is_any, failover).asking(failover_fields).for_one(),
    Offer::new("pause", 'p', "pause failover", is_cluster, |_| Ok(Act::Postgres(PostgresAct::Pause))).for_one(),
    Offer::new("resume", 'u', "resume failover", is_cluster, |_| Ok(Act::Postgres(PostgresAct::Resume))).for_one(),
    Offer::new("restart", 'r', "restart", is_member, restart).asking(restart_fields).for_one(),
    Offer::new("reinitialize", 'i', "reinitialize", is_member, |_| Ok(Act::Postgres(PostgresAct::Reinitialize)))
        .for_one(),
    Offer::new("promote", 'm', "promote", is_member, promote).asking(promote_fields).for_one(),
];

/// How far behind a candidate may be, and what may be lost, where nothing else is said.
const USUAL: &str = "1MiB";

fn is_any(target: &ObjectRef) -> bool {
    target.kind == ObjectKind::Postgres
}

fn is_cluster(target: &ObjectRef) -> bool {
    matches!(target.in_postgres(), Some((_, None)))
}

fn is_member(target: &ObjectRef) -> bool {
    matches!(target.in_postgres(), Some((_, Some(_))))
}

fn cluster<'w>(target: &ObjectRef, world: &'w World) -> Option<&'w Cluster> {
    world.observed.postgres.get(target.in_postgres()?.0).map(AsRef::as_ref)
}

/// Who may take over: the member that was chosen, or the one that is furthest.
fn candidate(target: &ObjectRef, world: &World) -> Field {
    let Some(cluster) = cluster(target, world) else { return Field::new("candidate", "", "a replica") };
    let mut replicas: Vec<_> = cluster.members().iter().filter(|member| !member.role.leads()).collect();
    replicas.sort_by_key(|member| (member.tags.nofailover, std::cmp::Reverse(cluster.position_of(&member.name))));
    let names: Vec<_> = replicas.iter().map(|member| member.name.as_str()).collect();
    let chosen = target.in_postgres().and_then(|(_, member)| member).filter(|member| names.contains(member));
    let first = chosen.or(names.first().copied()).unwrap_or_default();
    Field::new("candidate", first, format!("one of {}", names.join(", ")))
}

fn switchover_fields(target: &ObjectRef, world: &World) -> Vec<Field> {
    vec![candidate(target, world), Field::new("most behind", USUAL, "bytes, such as 1MiB; 0 for nothing")]
}

fn failover_fields(target: &ObjectRef, world: &World) -> Vec<Field> {
    vec![candidate(target, world), Field::new("most lost", USUAL, "bytes, such as 1MiB; 0 for nothing")]
}

fn restart_fields(_: &ObjectRef, _: &World) -> Vec<Field> {
    vec![Field::new("only if pending", "no", "yes: only where a setting waits for a restart")]
}

fn promote_fields(_: &ObjectRef, _: &World) -> Vec<Field> {
    vec![
        Field::new("fenced", "", "how it is kept from writes: powered off, stopped, address taken away"),
        Field::new("most lost", USUAL, "bytes, such as 1MiB; 0 for nothing"),
    ]
}

/// An amount, of which nothing is one, too.
fn amount(values: &[&str], field: usize) -> Result<u64, Wrong> {
    if text(values, field) == "0" {
        return Ok(0);
    }
    bytes(values, field)?.map_or_else(|| wrong(field, "write an amount, such as 1MiB"), Ok)
}

fn switchover(values: &[&str]) -> Result<Act, Wrong> {
    let (candidate, max_lag_bytes) = (given(values, 0, "a candidate")?, amount(values, 1)?);
    Ok(Act::Postgres(PostgresAct::Switchover { from: String::new(), candidate, max_lag_bytes }))
}

fn failover(values: &[&str]) -> Result<Act, Wrong> {
    let (candidate, max_loss_bytes) = (given(values, 0, "a candidate")?, amount(values, 1)?);
    Ok(Act::Postgres(PostgresAct::Failover { candidate, max_loss_bytes }))
}

fn restart(values: &[&str]) -> Result<Act, Wrong> {
    Ok(Act::Postgres(PostgresAct::Restart { only_pending: truth(values, 0)?, leads: false }))
}

fn promote(values: &[&str]) -> Result<Act, Wrong> {
    let (fenced, max_loss_bytes) = (given(values, 0, "how the old primary is fenced")?, amount(values, 1)?);
    Ok(Act::Postgres(PostgresAct::Promote { fenced, max_loss_bytes, wait_seconds: PROMOTION_SECONDS }))
}

/// The target and the act with what it needs of it: who leads now.
pub(super) fn on(target: &ObjectRef, world: &World, act: PostgresAct) -> (ObjectRef, PostgresAct) {
    let cluster = cluster(target, world);
    let whole = cluster.filter(|_| act.is_of_cluster()).map(Cluster::object);
    let leader = cluster.and_then(|cluster| cluster.patroni.as_ref()?.leader()).map(|leader| leader.name.as_str());
    let member = target.in_postgres().and_then(|(_, member)| member);
    let act = match act {
        PostgresAct::Switchover { candidate, max_lag_bytes, .. } => {
            PostgresAct::Switchover { from: leader.unwrap_or_default().into(), candidate, max_lag_bytes }
        }
        PostgresAct::Restart { only_pending, .. } => {
            PostgresAct::Restart { only_pending, leads: member.is_some() && member == leader }
        }
        act => act,
    };
    (whole.unwrap_or_else(|| target.clone()), act)
}
