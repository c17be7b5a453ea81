//! PostgreSQL: what moves a leader, restarts or rebuilds a member, and what is done to one server by SQL (`server`). Each request is sent
//! once; what is not known to have been done is said to be unknown, with what is seen afterwards.

mod server;

use super::{
    execute::{Deed, Failure, Progress, in_time},
    gate::Permit,
    operation::PostgresAct,
};
use crate::{
    client::{
        Clients,
        http::Auth,
        patroni::{
            Patroni,
            act::{self, PatroniWriter},
            base,
        },
        postgres::ClusterOptions,
    },
    model::{
        object::ObjectRef,
        postgres::{outcome::Outcome, patroni::Member},
        units,
    },
};
use compact_str::CompactString;
use std::time::Duration;

/// How long a member or server is waited for that only tells.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a restart or a rebuild may take to be answered.
const LONG: Duration = Duration::from_secs(120);

/// Does it.
pub(super) async fn execute(
    permit: &Permit,
    target: &ObjectRef,
    act: &PostgresAct,
    clients: &Clients,
    progress: Progress<'_>,
) -> Result<Deed, Failure> {
    let (name, member) = target.in_postgres().unwrap_or((&target.id, None));
    let options = clients.postgres.iter().find(|cluster| cluster.name == name);
    let options = options.ok_or_else(|| Failure::failed(format!("there is no PostgreSQL cluster {name}")))?;
    if act.is_by_sql() {
        let limit = server::limit(act);
        return in_time(limit, server::execute(permit, options, member.unwrap_or_default(), act, progress)).await;
    }
    let cluster = Reached::new(options);
    match act {
        PostgresAct::Switchover { from, candidate, max_lag_bytes } => {
            cluster.switchover(from, candidate, *max_lag_bytes, progress).await
        }
        PostgresAct::Failover { candidate, .. } => cluster.failover(candidate, progress).await,
        PostgresAct::PromoteCluster { .. } => {
            let written = act::promote_cluster(&cluster.writer(PATIENCE * 2), &cluster.bases).await;
            told(&written, "no longer a standby cluster: its leader ends recovery")
        }
        PostgresAct::Pause => told(&act::pause(&cluster.writer(PATIENCE * 2), &cluster.bases).await, "paused"),
        PostgresAct::Resume => told(&act::resume(&cluster.writer(PATIENCE * 2), &cluster.bases).await, "resumed"),
        PostgresAct::Restart { only_pending, .. } => {
            let base = cluster.base_of(member.unwrap_or_default()).await?;
            progress("restarting".into());
            told(&act::restart(&cluster.writer(LONG), &base, *only_pending).await, "restarted")
        }
        PostgresAct::Reinitialize => {
            let base = cluster.base_of(member.unwrap_or_default()).await?;
            told(&act::reinitialize(&cluster.writer(LONG), &base, false).await, "begun")
        }
        _ => Err(Failure::failed("that is done to a server, by SQL")),
    }
}

/// A cluster under Patroni, and the ways to it.
struct Reached<'a> {
    options: &'a ClusterOptions,
    /// Addresses that the configuration names: what changes something goes to these.
    bases: Vec<CompactString>,
    client: Patroni,
}

impl<'a> Reached<'a> {
    fn new(options: &'a ClusterOptions) -> Self {
        let bases = options.patroni.iter().filter_map(|url| base(url)).collect();
        Self { options, bases, client: Patroni::new(&options.api, PATIENCE) }
    }

    fn writer(&self, patience: Duration) -> PatroniWriter {
        PatroniWriter::new(&self.options.api, patience)
    }

    /// How long a move may take to be answered.
    async fn patience(&self) -> Duration {
        let mut config = None;
        for base in &self.bases {
            config = self.client.config(base).await.ok();
            if config.is_some() {
                break;
            }
        }
        act::patience(&config.unwrap_or_default())
    }

    async fn members(&self) -> Result<Vec<Member>, Failure> {
        let first = self.client.cluster_of_any(&self.bases).await;
        let why = || first.failed.iter().map(|(base, why)| format!("{base}: {why}")).collect::<Vec<_>>().join("; ");
        let failed = || Failure::failed(format!("nobody answers for the cluster ({})", why()));
        Ok(first.answer.as_ref().ok_or_else(failed)?.1.members.clone())
    }

    /// Where a member's Patroni answers. Its address comes from an answer: credentials go where the configuration says, or to who
    /// proves who it is.
    async fn base_of(&self, name: &str) -> Result<CompactString, Failure> {
        let members = self.members().await?;
        let member = members.into_iter().find(|member| member.name == name);
        let base = member.and_then(|member| member.api_url);
        let base = base.ok_or_else(|| Failure::failed(format!("there is no member {name}, or it has no address")))?;
        let may = self.options.api.auth == Auth::None || self.bases.contains(&base) || base.starts_with("https://");
        let refused = || {
            let why = format!("{base} is none of the addresses in the configuration: no password is sent there");
            Failure::failed(format!("{why}; name it in patroni = […] of «{}»", self.options.name))
        };
        may.then_some(base.clone()).ok_or_else(refused)
    }

    /// What holds at this very moment is asked once more: what the gate saw may be seconds old.
    async fn switchover(
        &self,
        from: &str,
        candidate: &str,
        max_lag_bytes: u64,
        progress: Progress<'_>,
    ) -> Result<Deed, Failure> {
        let leader = leader(&self.members().await?);
        if leader.as_deref() != Some(from) {
            let leader = leader.as_deref().unwrap_or("nobody");
            return Err(Failure::failed(format!("{leader} leads now, not {from}: nothing was asked for")));
        }
        let base = self.base_to_ask(candidate).await?;
        let ready = self.client.is_replica(&base, max_lag_bytes).await.map_err(Failure::Failed)?;
        if !ready {
            let most = units::bytes(max_lag_bytes as f64);
            return Err(Failure::failed(format!(
                "{candidate} is not ready, or more than {most} behind: nothing was asked for"
            )));
        }
        progress(format!("asked for {candidate} to take over"));
        let writer = self.writer(self.patience().await);
        let outcome = act::switchover(&writer, &self.bases, from, candidate, None).await;
        self.moved(outcome, candidate).await
    }

    async fn failover(&self, candidate: &str, progress: Progress<'_>) -> Result<Deed, Failure> {
        let members = self.members().await?;
        if let Some(leader) = leader(&members) {
            return Err(Failure::failed(format!(
                "{leader} holds the leader's key: ask for a switchover where it answers, or wait until its key ends; nothing was asked for"
            )));
        }
        progress(format!("asked for {candidate} to take over"));
        let writer = self.writer(self.patience().await);
        let outcome = act::failover(&writer, &self.bases, candidate).await;
        self.moved(outcome, candidate).await
    }

    /// A member's address, for who only asks.
    async fn base_to_ask(&self, name: &str) -> Result<CompactString, Failure> {
        let member = self.members().await?.into_iter().find(|member| member.name == name);
        let base = member.and_then(|member| member.api_url);
        base.ok_or_else(|| Failure::failed(format!("there is no member {name}, or it has no address")))
    }

    /// What a move came to. Where that is not known, who leads afterwards is said beside it.
    async fn moved(&self, outcome: Outcome, candidate: &str) -> Result<Deed, Failure> {
        if !matches!(outcome, Outcome::Unknown { .. }) {
            return told(&outcome, &format!("{candidate} leads"));
        }
        let seen = match self.members().await.map(|members| leader(&members)) {
            Ok(Some(leader)) if leader == candidate => {
                return Ok(format!("{candidate} leads now, though the answer was: {}", outcome.said()).into());
            }
            Ok(Some(leader)) => format!("{leader} leads now"),
            Ok(None) => "nobody leads now".into(),
            Err(_) => "nobody answers now".into(),
        };
        Err(Failure::Unknown(format!("{}; {seen}", outcome.said())))
    }
}

fn leader(members: &[Member]) -> Option<CompactString> {
    members.iter().find(|member| member.role.leads()).map(|member| member.name.clone())
}

/// What came of it, in words; `done` is what it is called when it went as it was asked for.
fn told(outcome: &Outcome, done: &str) -> Result<Deed, Failure> {
    let said = outcome.said();
    match outcome {
        Outcome::Done { .. } => Ok(format!("{done}: {said}").into()),
        Outcome::Accepted { .. } => Ok(format!("accepted, and it goes on by itself: {said}").into()),
        Outcome::Elsewhere { leader, wanted, .. } => {
            Ok(format!("the leader moved, but to {leader} instead of {wanted}: {said}").into())
        }
        Outcome::NotStarted { .. } | Outcome::Failed { .. } => Err(Failure::failed(said)),
        Outcome::Unknown { .. } => Err(Failure::Unknown(said.into())),
    }
}
