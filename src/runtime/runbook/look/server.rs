//! What PostgreSQL servers say by SQL, asked right now. Only servers that the configuration names are asked.

use crate::{
    client::postgres::{ClusterOptions, Login, Purpose, Session},
    model::{
        object::{ObjectKind, ObjectRef},
        postgres::{
            rpo,
            server::{Sender, ServerState},
        },
    },
    ops::execute::{Failure, in_time, within},
    runbook::{act::Sql, ask::PostgresAsk, target::Target},
    runtime::runbook::House,
};
use compact_str::format_compact;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use std::{
    net::{SocketAddr, ToSocketAddrs as _},
    time::Duration,
};
use uuid::Uuid;

/// How long a server may take to let one in.
const PATIENCE: Duration = Duration::from_secs(4);
/// How long an answer may take altogether.
const ALTOGETHER: Duration = Duration::from_secs(15);

/// A server that the configuration names, by its cluster and its own name.
pub struct Named<'h> {
    pub options: &'h ClusterOptions,
    pub name: String,
}

/// The server that a target is: `CLUSTER/SERVER`, a name that only one cluster has, or the address of one without Patroni.
///
/// # Errors
/// It is none, or is not in the configuration.
pub fn named<'h>(house: &'h House, target: &Target) -> Result<Named<'h>, String> {
    let Target::Postgres { server } = target else { return Err(format!("{target} is no PostgreSQL server")) };
    find(&house.clients.postgres, server)
}

/// The server of this name or address.
fn find<'h>(all: &'h [ClusterOptions], wanted: &str) -> Result<Named<'h>, String> {
    if let Some((cluster, name)) = wanted.split_once('/').filter(|_| !wanted.contains("://")) {
        let options = all.iter().find(|options| options.name == cluster);
        let options = options.ok_or_else(|| format!("there is no [[postgres]] of the name {cluster}"))?;
        return Ok(Named { options, name: name.to_owned() });
    }
    let is_it =
        |options: &ClusterOptions, name: &str, url: &String| name == wanted || options.login(url).address() == wanted;
    let found: Vec<_> = all
        .iter()
        .flat_map(|options| options.servers.iter().map(move |(name, url)| (options, name, url)))
        .filter(|(options, name, url)| is_it(options, name, url))
        .collect();
    match found.as_slice() {
        [(options, name, _)] => Ok(Named { options, name: (*name).clone() }),
        [] => Err(format!(
            "{wanted} is in no [[postgres]] of the configuration: write CLUSTER/SERVER, with its servers or its member-url named there"
        )),
        _ => Err(format!("there are several servers {wanted}: write CLUSTER/SERVER")),
    }
}

/// The server as an object of the cockpit.
///
/// # Errors
/// Those of [`named`].
pub fn object_of(house: &House, target: &Target) -> Result<ObjectRef, String> {
    let Named { options, name } = named(house, target)?;
    Ok(ObjectRef::new(ObjectKind::Postgres, format_compact!("{}/{name}", options.name)))
}

/// The token of a canary, as the table has it: the first half of the text's SHA-256, marked as of one's own making
/// (<https://www.rfc-editor.org/rfc/rfc9562#section-5.8>).
pub fn token(text: &str) -> Uuid {
    let digest = Sha256::digest(text.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Everything that can be chosen for a server: `CLUSTER/SERVER`. Members are those that were seen.
pub fn all(house: &House) -> Vec<String> {
    let mut all = Vec::new();
    for options in &house.clients.postgres {
        all.extend(options.servers.iter().map(|(name, _)| format!("{}/{name}", options.name)));
        if options.member_url.is_some() {
            all.extend(house.saw(|world| {
                let known = world.observed.postgres.get(options.name.as_str());
                let members = known.into_iter().flat_map(|known| known.members());
                members.map(|member| format!("{}/{}", options.name, member.name)).collect::<Vec<_>>()
            }));
        }
    }
    all
}

/// The answer to a question about a server.
///
/// # Errors
/// It does not answer, and why.
pub fn postgres(house: &House, target: &Target, ask: &PostgresAsk) -> Result<Json, String> {
    let server = named(house, target)?;
    match ask {
        PostgresAsk::Status => asked(status(house, &server)),
        PostgresAsk::LagBehind { primary } => asked(behind(house, &server, primary)),
        PostgresAsk::Canary { token } => asked(canary(&server, token)),
        PostgresAsk::Reach => asked(reach(&server)),
    }
}

/// The answer to a statement that reads.
///
/// # Errors
/// It does not answer, and why.
pub fn sql(house: &House, target: &Target, sql: &Sql) -> Result<Json, String> {
    let server = named(house, target)?;
    let parameters = sql.parameters.iter().map(|sealed| sealed.unseal(&|name| house.secret(name)));
    let parameters = parameters.collect::<Result<Vec<_>, _>>()?;
    asked(async {
        let login = login(&server).await?;
        let login = sql.database.as_ref().map_or(Ok(login.clone()), |name| login.in_database(name))?;
        let mut session = connect(&login).await?;
        let found = session.query(&sql.statement, &parameters).await?;
        session.close().await;
        Ok(json!({ "value": found.value(), "rows": found.rows, "columns": found.columns }))
    })
}

/// Waits for an answer, and no longer than is well.
fn asked(work: impl Future<Output = Result<Json, String>>) -> Result<Json, String> {
    within(in_time(ALTOGETHER, async { work.await.map_err(Failure::Failed) })).map_err(Failure::into_why)
}

async fn login(server: &Named<'_>) -> Result<Login, String> {
    Ok(server.options.logins_of(&server.name, PATIENCE).await?.0)
}

async fn connect(login: &Login) -> Result<Session, String> {
    login.connect(Purpose::Look, PATIENCE).await.map_err(|error| format!("{}; {}", error.reason, error.hint))
}

async fn status(house: &House, server: &Named<'_>) -> Result<Json, String> {
    let mut session = connect(&login(server).await?).await?;
    let state = session.state(house.now()).await?;
    let sessions = session.sessions().await?;
    session.close().await;
    let streams = |sender: &&Sender| sender.state == "streaming";
    Ok(json!({
        "in_recovery": state.in_recovery,
        "read_only": state.in_recovery || state.is_read_only,
        "timeline": state.timeline,
        "system_id": state.system_identifier,
        "current_lsn": state.written,
        "receive_lsn": state.received,
        "replay_lsn": state.replayed,
        "replay_paused": state.in_recovery.then_some(state.is_replay_paused).flatten(),
        "standbys": state.senders.len(),
        "streaming": state.senders.iter().filter(streams).count(),
        "clients": sessions.clients,
        "old_clients": sessions.old,
        "version": state.version,
    }))
}

/// How far a standby is behind the last position that its primary was seen at, and whether it is a standby of that primary.
async fn behind(house: &House, server: &Named<'_>, primary: &str) -> Result<Json, String> {
    let other = find(&house.clients.postgres, primary)?;
    let mut session = connect(&login(server).await?).await?;
    let state = session.state(house.now()).await?;
    let follows = session.follows().await?;
    session.close().await;
    let other_login = login(&other).await?;
    let same_system = match system_of(&other_login, house).await {
        Some(theirs) => Some(state.system_identifier == Some(theirs)),
        // PostgreSQL itself compares them before it streams.
        None => follows.map(|way| is_at(&way.host, way.port, &other_login.address())).filter(|is_at| *is_at),
    };
    let now = house.now();
    let seen = house.saw(|world| {
        let known = world.observed.postgres.get(server.options.name.as_str())?;
        let sample = known.sample.clone().filter(|sample| sample.server == other.name);
        let lost = rpo::estimate(known, &server.name, now).words;
        Some((sample, lost))
    });
    let (sample, words) = seen.map_or((None, None), |(sample, words)| (sample, Some(words)));
    let lag = sample.as_ref().zip(state.position()).map(|(sample, position)| sample.lsn.bytes_ahead_of(position));
    Ok(json!({
        "lag_bytes": lag,
        "sample_age_seconds": sample.as_ref().map(|sample| now.duration_since(sample.at).as_secs()),
        "primary_lsn": sample.as_ref().map(|sample| sample.lsn),
        "receive_lsn": state.received,
        "same_system": same_system,
        "rpo": words.unwrap_or_else(|| "nobody has watched the primary: what would be lost is not known".into()),
    }))
}

async fn system_of(login: &Login, house: &House) -> Option<compact_str::CompactString> {
    let mut session = connect(login).await.ok()?;
    let state: ServerState = session.state(house.now()).await.ok()?;
    session.close().await;
    state.system_identifier
}

async fn canary(server: &Named<'_>, text: &str) -> Result<Json, String> {
    let mut session = connect(&login(server).await?).await?;
    let found = match session.read_canary(&server.options.name).await {
        // Nobody has ever written one.
        Err(why) if why.contains("does not exist") => None,
        found => found?,
    };
    session.close().await;
    let found = found.filter(|(read, _)| *read == token(text));
    Ok(json!({ "found": found.is_some(), "written_at": found.map(|(_, at)| at.to_string()) }))
}

/// From how many places a server is seen: from here, by its port; and from each standby that answers and follows it, by whether it receives.
async fn reach(server: &Named<'_>) -> Result<Json, String> {
    let address = login(server).await?.address();
    let here = tokio::time::timeout(PATIENCE, tokio::net::TcpStream::connect(&address)).await;
    let mut from = vec![("here".to_owned(), matches!(here, Ok(Ok(_))))];
    for (name, url) in server.options.servers.iter().filter(|(name, _)| *name != server.name) {
        let Ok(mut session) = connect(&server.options.login(url)).await else { continue };
        if let Ok(Some(way)) = session.follows().await
            && is_at(&way.host, way.port, &address)
        {
            from.push((name.clone(), way.receives));
        }
        session.close().await;
    }
    let sees: Vec<_> = from.iter().filter(|(_, sees)| *sees).map(|(name, _)| name).collect();
    let places: Vec<_> = from.iter().map(|(name, _)| name).collect();
    Ok(json!({ "asked_from": places.len(), "reachable_from": sees.len(), "places": places, "seen_from": sees }))
}

/// Whether a host and port lead to this address. Names are looked up: one server has many.
fn is_at(host: &str, port: u16, address: &str) -> bool {
    if format!("{host}:{port}") == address {
        return true;
    }
    let resolve = |at: std::io::Result<std::vec::IntoIter<SocketAddr>>| at.map(Iterator::collect).unwrap_or_default();
    let ours: Vec<SocketAddr> = resolve((host, port).to_socket_addrs());
    let theirs: Vec<SocketAddr> = resolve(address.to_socket_addrs());
    ours.iter().any(|at| theirs.contains(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_found_by_name_and_address() {
        let cluster = |name: &str, servers: &[(&str, &str)]| ClusterOptions {
            name: name.into(),
            servers: servers.iter().map(|(name, url)| ((*name).to_owned(), (*url).to_owned())).collect(),
            ..ClusterOptions::default()
        };
        let all = [
            cluster("a", &[("db1", "postgres://u@h1:5433/d"), ("db2", "postgres://u@h2/d")]),
            cluster("b", &[("db1", "postgres://u@h3/d")]),
        ];
        let found = |wanted: &str| find(&all, wanted).map(|named| format!("{}/{}", named.options.name, named.name));
        assert_eq!(found("b/db1"), Ok("b/db1".into()));
        assert_eq!(found("db2"), Ok("a/db2".into()));
        assert_eq!(found("h1:5433"), Ok("a/db1".into()));
        assert!(found("db1").is_err_and(|why| why.contains("several")));
        assert!(found("db9").is_err_and(|why| why.contains("no [[postgres]]")));
        assert!(found("c/db1").is_err());
    }

    #[test]
    fn a_token_is_the_same_for_the_same_run() {
        assert_eq!(token("postgres-promote-1"), token("postgres-promote-1"));
        assert_ne!(token("postgres-promote-1"), token("postgres-promote-2"));
    }
}
