//! What Patroni clusters say, asked right now. Only clusters that the configuration names are asked: it says how they are spoken with.

use crate::{
    client::{
        patroni::{Patroni as Client, base},
        postgres::ClusterOptions,
    },
    clock,
    model::{
        object::{ObjectKind, ObjectRef},
        postgres::{
            patroni::{Member, Patroni, Role},
            rpo::{self, Budget},
        },
        units,
    },
    ops::execute::{Failure, within},
    runbook::{ask::PatroniAsk, target::Target},
    runtime::runbook::House,
};
use compact_str::CompactString;
use futures_util::future::join_all;
use serde_json::{Value as Json, json};
use std::{collections::BTreeSet, time::Duration};

/// How long a member may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The cluster that a target is, as the configuration names it.
///
/// # Errors
/// It is none, or is not in the configuration.
pub fn cluster_of<'h>(house: &'h House, target: &Target) -> Result<&'h ClusterOptions, String> {
    let Target::Patroni { endpoint } = target else { return Err(format!("{target} is no Patroni cluster")) };
    let wanted = base(endpoint);
    let is_it = |options: &&ClusterOptions| {
        options.name == *endpoint || wanted.is_some() && options.patroni.iter().any(|url| base(url) == wanted)
    };
    house.clients.postgres.iter().find(is_it).ok_or_else(|| {
        format!("{endpoint} is in no [[postgres]] of the configuration: name it there, in patroni = [\"{endpoint}\"]")
    })
}

/// The cluster as an object of the cockpit.
///
/// # Errors
/// Those of [`cluster_of`].
pub fn object_of(house: &House, target: &Target) -> Result<ObjectRef, String> {
    Ok(ObjectRef::new(ObjectKind::Postgres, cluster_of(house, target)?.name.as_str()))
}

/// The answer to a question about a Patroni cluster.
///
/// # Errors
/// Nobody answers for it, and why.
pub fn patroni(house: &House, target: &Target, ask: &PatroniAsk) -> Result<Json, String> {
    let options = cluster_of(house, target)?;
    let client = Client::new(&options.api, PATIENCE);
    let seen = blocking(read(options, &client))?;
    match ask {
        PatroniAsk::Cluster => Ok(whole(&seen)),
        PatroniAsk::Member { member } => {
            let Some(found) = find(&seen, member) else { return Ok(absent(member)) };
            let asked = found.api_url.clone().map(|base| {
                blocking(async {
                    Ok(futures_util::join!(client.is_primary(&base), client.is_replica(&base, u64::MAX)))
                })
            });
            let (primary, replica) = match asked {
                Some(Ok((primary, replica))) => (primary.ok(), replica.ok()),
                _ => (None, None),
            };
            let mut answer = of_member(found);
            answer["is_primary"] = json!(primary);
            answer["is_replica"] = json!(replica);
            Ok(answer)
        }
        PatroniAsk::Candidate { candidate, max_lag } => {
            let Some(found) = find(&seen, candidate) else { return Ok(absent(candidate)) };
            let ready = found
                .api_url
                .clone()
                .map(|base| blocking(async { client.is_replica(&base, *max_lag).await.map_err(Failure::Failed) }));
            let lost = lost(house, options, found, Budget { bytes: *max_lag, seconds: None });
            let mut answer = of_member(found);
            answer["is_ready"] = json!(ready.and_then(Result::ok));
            answer["is_sync"] = json!(matches!(found.role, Role::SyncStandby | Role::QuorumStandby));
            answer["no_failover"] = json!(found.tags.nofailover);
            answer["rpo"] = json!(lost);
            Ok(answer)
        }
    }
}

/// What would be lost if a member took over, in words: by what was seen of the leader here; where nobody watched it, by the position that
/// it wrote into Patroni's store last, which is the least that can be missing.
fn lost(house: &House, options: &ClusterOptions, member: &Member, budget: Budget) -> String {
    let now = house.now();
    let estimate = house.saw(|world| {
        let known = world.observed.postgres.get(options.name.as_str())?;
        Some(rpo::estimate(known, &member.name, now))
    });
    match (estimate, member.lag_bytes) {
        (Some(estimate), None) => estimate.check(budget).detail,
        (Some(estimate), _) if estimate.known_bytes.is_some() => estimate.check(budget).detail,
        (_, Some(lag)) => format!(
            "at least {}, by the last position that the leader wrote into Patroni's store; nobody here watched it, so what it wrote after that is not known",
            units::bytes(lag as f64)
        ),
        (None, None) => "nobody has watched the leader: what would be lost is not known".into(),
    }
}

fn blocking<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, String> {
    within(work).map_err(Failure::into_why)
}

/// What the first member that answers says of all, and every member of itself.
async fn read(options: &ClusterOptions, client: &Client) -> Result<Patroni, Failure> {
    let bases: Vec<CompactString> = options.patroni.iter().filter_map(|url| base(url)).collect();
    let first = client.cluster_of_any(&bases).await;
    let Some((answered_by, answer)) = first.answer else {
        let why = first.failed.iter().map(|(base, why)| format!("{base}: {why}")).collect::<Vec<_>>().join("; ");
        return Err(Failure::failed(format!("nobody answers for the cluster {} ({why})", options.name)));
    };
    let at = clock::now();
    let own = answer.members.iter().map(|member| async {
        match &member.api_url {
            Some(base) => client.status(base, at).await.ok(),
            None => None,
        }
    });
    let own = join_all(own).await;
    let config = client.config(&answered_by).await.ok();
    let members = answer.members.into_iter().zip(own).map(|(member, own)| Member { own, ..member }).collect();
    Ok(Patroni {
        scope: answer.scope,
        answered_by: Some(answered_by),
        members,
        is_paused: answer.is_paused,
        scheduled: answer.scheduled,
        config,
        ..Patroni::default()
    })
}

fn find<'p>(seen: &'p Patroni, name: &str) -> Option<&'p Member> {
    seen.members.iter().find(|member| member.name == name)
}

fn absent(name: &str) -> Json {
    json!({ "exists": false, "reason": format!("the cluster has no member {name}") })
}

fn system_of(member: &Member) -> Option<&CompactString> {
    member.own.as_ref()?.system_identifier.as_ref()
}

fn of_member(member: &Member) -> Json {
    json!({
        "exists": true,
        "role": member.role.word(),
        "state": member.state,
        "timeline": member.timeline,
        "lag_bytes": member.lag_bytes,
        "system_id": system_of(member),
        "reason": member.own.is_none().then(|| format!("{} itself does not answer", member.name)),
    })
}

/// What a standby leader has of what the other cluster wrote, in words: more is not known on this side.
fn behind(leader: &Member) -> String {
    let own = leader.own.as_ref();
    let received = own.and_then(|own| own.position());
    let Some(received) = received else { return format!("{} does not say how far it has the log", leader.name) };
    let last = own
        .and_then(|own| own.replayed_at)
        .map_or_else(String::new, |at| format!(", its last transaction committed at {}", units::date_clock(at)));
    format!(
        "all after {received}{last}: what {} has received; what was written there after that is not known here",
        leader.name
    )
}

fn whole(seen: &Patroni) -> Json {
    let leader = seen.leader();
    let replicas: Vec<&Member> = seen.members.iter().filter(|member| !member.role.leads()).collect();
    // Those that take writes, whatever the cluster says of them: there must be one.
    let primaries: BTreeSet<&str> = (seen.members.iter())
        .filter(|member| member.role.leads() || member.own.as_ref().is_some_and(|own| own.is_primary == Some(true)))
        .map(|member| member.name.as_str())
        .collect();
    let timelines: BTreeSet<u32> = seen.members.iter().filter_map(|member| member.timeline).collect();
    let lags: Option<Vec<u64>> = replicas.iter().map(|member| member.lag_bytes).collect();
    let streaming = replicas.iter().filter(|member| seen.is_streaming(member) == Some(true)).count();
    let may_lead = replicas.iter().filter(|member| !member.tags.nofailover);
    let position = |member: &&&Member| member.own.as_ref().and_then(|own| own.position());
    let best = may_lead.max_by_key(position);
    let is_sync = |member: &&&Member| matches!(member.role, Role::SyncStandby | Role::QuorumStandby);
    json!({
        "scope": seen.scope.clone().or_else(|| seen.members.iter().find_map(|member| member.own.as_ref()?.scope.clone())),
        "system_id": seen.members.iter().find_map(system_of),
        "leader": leader.map(|member| &member.name),
        "leaders": primaries.len(),
        "members": seen.members.len(),
        "replicas": replicas.len(),
        "streaming": streaming,
        "timeline": leader.and_then(|member| member.timeline).or_else(|| timelines.last().copied()),
        "timelines": timelines.len(),
        "max_lag_bytes": lags.map(|lags| lags.into_iter().max().unwrap_or(0)),
        "paused": seen.is_paused,
        "scheduled": seen.scheduled.is_some(),
        "synchronous": seen.config_or_default().is_synchronous,
        "sync_standbys": replicas.iter().filter(is_sync).map(|member| &member.name).collect::<Vec<_>>(),
        "standby_cluster": seen.config.as_ref().map(|config| config.is_standby_cluster),
        "rpo": leader.filter(|leader| leader.role == Role::StandbyLeader).map(behind),
        "best_candidate": best.map(|member| &member.name),
        "reason": leader.is_none().then_some("there is no leader"),
    })
}
