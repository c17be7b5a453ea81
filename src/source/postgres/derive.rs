//! What a cluster's answers say together, and with what was seen before: who is missing, where the primary was last, since when there is
//! none. Pure: the time is told, nothing is asked.

use crate::{
    client::patroni::ClusterAnswer,
    model::{
        Timestamp,
        postgres::{
            Cluster, Limits, Sample,
            patroni::{Config, HistoryLine, Member, MemberStatus, Missing, Patroni, Role, Silent},
            server::Server,
        },
    },
    source::SourceError,
};
use compact_str::CompactString;
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// Everything that was answered at one time.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// `None` where there is no Patroni.
    pub patroni: Option<PatroniAnswers>,
    pub servers: Vec<Server>,
}

/// What Patroni answered.
#[derive(Debug)]
pub(super) struct PatroniAnswers {
    /// Who answered for the cluster and what, or why nobody did.
    pub cluster: Result<(CompactString, ClusterAnswer), String>,
    pub history: Option<Vec<HistoryLine>>,
    pub config: Option<Config>,
    /// What members say of themselves, by address.
    pub statuses: BTreeMap<CompactString, Result<MemberStatus, String>>,
    /// Addresses of the configuration.
    pub named: Vec<CompactString>,
}

/// What is known from before.
#[derive(Debug)]
pub(super) struct Memory {
    name: CompactString,
    limits: Limits,
    members: Vec<Member>,
    /// Members that were seen: when, and their addresses.
    seen: BTreeMap<CompactString, (Timestamp, Option<CompactString>)>,
    history: Vec<HistoryLine>,
    config: Option<Config>,
    sample: Option<Sample>,
    lost_at: Option<Timestamp>,
    /// Since when servers do not answer.
    silent: BTreeMap<CompactString, Timestamp>,
}

/// A member that was not seen for so long was taken out on purpose.
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(1);

impl Memory {
    pub fn new(name: CompactString, limits: Limits) -> Self {
        Self {
            name,
            limits,
            members: Vec::new(),
            seen: BTreeMap::new(),
            history: Vec::new(),
            config: None,
            sample: None,
            lost_at: None,
            silent: BTreeMap::new(),
        }
    }

    /// The members of the last answer.
    pub fn members(&self) -> &[Member] {
        &self.members
    }
}

/// Puts a cluster together.
///
/// # Errors
/// [`SourceError::Down`] where nothing of it answers.
pub(super) fn derive(memory: &mut Memory, answers: Answers, at: Timestamp) -> Result<Cluster, SourceError> {
    let patroni = answers.patroni.map(|taken| patroni(memory, taken, at)).transpose()?;
    let servers = servers(memory, answers.servers, at);
    if patroni.is_none() && servers.iter().all(|server| server.state.is_none()) {
        let why = servers.iter().filter_map(|server| Some(format!("{}: {}", server.name, server.problem.as_ref()?)));
        let reason = format!("no server answers ({})", why.collect::<Vec<_>>().join("; "));
        return Err(SourceError::Down { reason, hint: "see their machines, and whether we may connect".into() });
    }
    let (name, limits) = (memory.name.clone(), memory.limits);
    let sample = memory.sample.clone();
    let mut cluster = Cluster { name, at, patroni, servers, sample, limits, ..Cluster::default() };
    note_primary(memory, &cluster, at);
    (cluster.sample, cluster.primary_lost_at) = (memory.sample.clone(), memory.lost_at);
    Ok(cluster)
}

fn patroni(memory: &mut Memory, taken: PatroniAnswers, at: Timestamp) -> Result<Patroni, SourceError> {
    let PatroniAnswers { cluster, history, config, mut statuses, named } = taken;
    let mut patroni = Patroni::default();
    match cluster {
        Ok((by, answer)) => {
            memory.members = answer.members;
            memory.history = history.unwrap_or_else(|| std::mem::take(&mut memory.history));
            memory.config = config.or(memory.config.take());
            for member in &memory.members {
                memory.seen.insert(member.name.clone(), (at, member.api_url.clone()));
            }
            (patroni.answered_by, patroni.scope) = (Some(by), answer.scope);
            (patroni.is_paused, patroni.scheduled) = (answer.is_paused, answer.scheduled);
        }
        Err(why) if statuses.values().any(Result::is_ok) => patroni.store_problem = Some(why),
        Err(why) => {
            let hint = "see the members' machines, and the addresses in the configuration".into();
            return Err(SourceError::Down { reason: format!("no member answers ({why})"), hint });
        }
    }
    patroni.members = memory.members.iter().map(|member| with_own(member, &mut statuses)).collect();
    if patroni.store_problem.is_some() {
        patroni.members.iter_mut().for_each(by_itself);
    }
    (patroni.history, patroni.config) = (memory.history.clone(), memory.config.clone());
    let told = patroni.members.iter().filter_map(|member| member.own.as_ref()).next();
    patroni.version = told.and_then(|own| own.patroni_version.clone());
    patroni.scope = patroni.scope.or_else(|| told.and_then(|own| own.scope.clone()));
    missing(memory, &mut patroni, statuses, &named, at);
    Ok(patroni)
}

/// The member with what it says of itself.
fn with_own(member: &Member, statuses: &mut BTreeMap<CompactString, Result<MemberStatus, String>>) -> Member {
    let mut member = member.clone();
    match member.api_url.as_ref().and_then(|base| statuses.remove(base)) {
        Some(Ok(own)) => (member.own, member.problem) = (Some(own), None),
        Some(Err(why)) => (member.own, member.problem) = (None, Some(why)),
        None => (member.own, member.problem) = (None, Some("its address is not known".into())),
    }
    member
}

/// Nobody says who leads: what a member is, it says itself.
fn by_itself(member: &mut Member) {
    member.role = match member.own.as_ref().and_then(|own| own.is_primary) {
        Some(true) => Role::Leader,
        Some(false) => Role::Replica,
        None => Role::Unknown,
    };
    member.lag_bytes = None;
    if let Some(own) = &member.own {
        member.state.clone_from(&own.state);
    }
}

/// Who was there before, and which of the configuration's addresses are silent. `statuses` are of those that are no member.
fn missing(
    memory: &mut Memory,
    patroni: &mut Patroni,
    statuses: BTreeMap<CompactString, Result<MemberStatus, String>>,
    named: &[CompactString],
    at: Timestamp,
) {
    if patroni.store_problem.is_none() {
        memory.seen.retain(|_, (seen_at, _)| at.duration_since(*seen_at) < FORGOTTEN_AFTER);
    }
    let gone = memory.seen.iter().filter(|(name, _)| !patroni.members.iter().any(|member| member.name == **name));
    let mut of_gone = Vec::new();
    for (name, (seen_at, address)) in gone {
        patroni.missing.push(Missing { name: name.clone(), seen_at: *seen_at });
        of_gone.extend(address.clone());
    }
    for (address, status) in statuses {
        // One that is missing is told of by its name.
        if let (Err(problem), true, false) = (status, named.contains(&address), of_gone.contains(&address)) {
            patroni.silent.push(Silent { address, problem });
        }
    }
}

fn servers(memory: &mut Memory, mut servers: Vec<Server>, at: Timestamp) -> Vec<Server> {
    for server in &mut servers {
        if server.problem.is_some() {
            server.problem_since = Some(*memory.silent.entry(server.name.clone()).or_insert(at));
        } else {
            memory.silent.remove(&server.name);
        }
    }
    servers
}

/// Notes where the primary is now, or that there is none.
fn note_primary(memory: &mut Memory, cluster: &Cluster, at: Timestamp) {
    let leader = cluster.patroni.as_ref().and_then(|patroni| patroni.leader()).map(|leader| leader.name.as_str());
    let primaries = cluster.primaries();
    // Where several take writes, the one with the key counts, or the one on the newest timeline.
    let with_key = primaries.iter().find(|name| Some(**name) == leader);
    let newest = primaries.iter().max_by_key(|name| cluster.timeline_of(name));
    let Some(name) = with_key.or(newest) else {
        memory.lost_at = memory.lost_at.or(Some(at));
        return;
    };
    memory.lost_at = None;
    let Some(lsn) = cluster.position_of(name) else { return };
    let timeline = cluster.timeline_of(name);
    let before = memory.sample.as_ref().filter(|before| before.server == *name && before.timeline == timeline);
    let rate = before.and_then(|before| {
        let seconds = at.duration_since(before.at).as_secs_f64();
        (seconds > 0.0).then(|| lsn.bytes_ahead_of(before.lsn) as f64 / seconds)
    });
    memory.sample = Some(Sample { server: (*name).into(), at, lsn, timeline, bytes_per_second: rate });
}
