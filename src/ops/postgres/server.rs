//! What is done to one PostgreSQL server by SQL: a promotion, a checkpoint, a canary, a fence of words, a statement.

use super::{PATIENCE, told};
use crate::{
    client::postgres::{ClusterOptions, Login, Purpose, Session},
    model::concealed::Concealed,
    ops::{
        execute::{Deed, Failure, Progress},
        gate::Permit,
        operation::PostgresAct,
    },
};
use serde_json::json;
use std::time::Duration;
use uuid::Uuid;

/// How long a statement or a checkpoint may take.
const LONG: Duration = Duration::from_secs(600);

/// How long it may take; after that nobody knows what came of it.
pub(super) fn limit(act: &PostgresAct) -> Duration {
    match act {
        PostgresAct::Promote { wait_seconds, .. } => Duration::from_secs(u64::from(*wait_seconds)) + 6 * PATIENCE,
        PostgresAct::Checkpoint | PostgresAct::Sql { .. } => LONG,
        _ => 6 * PATIENCE,
    }
}

/// Does it.
pub(super) async fn execute(
    permit: &Permit,
    options: &ClusterOptions,
    name: &str,
    act: &PostgresAct,
    progress: Progress<'_>,
) -> Result<Deed, Failure> {
    if let PostgresAct::Promote { wait_seconds, .. } = act {
        return promote(permit, options, name, *wait_seconds, progress).await;
    }
    let (watcher, operator) = options.logins_of(name, PATIENCE).await.map_err(Failure::Failed)?;
    match act {
        PostgresAct::Checkpoint => told(&connect(&operator).await?.checkpoint().await, "written"),
        // Whoever watches owns the canaries.
        PostgresAct::Canary { token } => canary(&watcher, &options.name, *token).await,
        PostgresAct::Fence => {
            progress("fencing".into());
            told(&connect(&operator).await?.fence().await, "fenced")
        }
        PostgresAct::Unfence => told(&connect(&operator).await?.unfence().await, "takes writes again"),
        PostgresAct::Sql { statement, parameters, database } => {
            let login = match database {
                Some(database) => operator.in_database(database).map_err(Failure::Failed)?,
                None => operator,
            };
            sql(&login, statement, parameters).await
        }
        _ => Err(Failure::failed("that is done to a cluster")),
    }
}

async fn connect(login: &Login) -> Result<Session, Failure> {
    let connected = login.connect(Purpose::Change, PATIENCE).await;
    connected.map_err(|error| Failure::failed(format!("{}; {}", error.reason, error.hint)))
}

/// Writes a canary. Where the connection breaks nobody knows whether it was.
async fn canary(login: &Login, cluster: &str, token: Uuid) -> Result<Deed, Failure> {
    let mut session = connect(login).await?;
    let written = session.write_canary(cluster, token).await.map_err(Failure::Unknown)?;
    session.close().await;
    Ok(format!("written at {}, at {}", written.written_at, written.lsn).into())
}

async fn sql(login: &Login, statement: &str, parameters: &[Concealed]) -> Result<Deed, Failure> {
    let mut session = connect(login).await?;
    let parameters: Vec<_> = parameters.iter().map(|parameter| parameter.reveal().to_owned()).collect();
    let (count, found) = match session.write(statement, &parameters).await {
        Ok(done) => done,
        Err(outcome) => return told(&outcome, "done"),
    };
    session.close().await;
    let answer = json!({ "count": count, "value": found.value(), "rows": found.rows, "columns": found.columns });
    Ok(Deed { answer: Some(answer), ..format!("{count} rows").into() })
}

/// Promotes a standby, if no other server takes writes at this very moment, and has a checkpoint made: `pg_rewind` of the old primary
/// needs the new timeline in the control file. One that begins every transaction read-only was fenced by words, and the gate has said so.
async fn promote(
    permit: &Permit,
    options: &ClusterOptions,
    name: &str,
    wait_seconds: u32,
    progress: Progress<'_>,
) -> Result<Deed, Failure> {
    let url = options.servers.iter().find(|(known, _)| known == name).map(|(_, url)| url);
    let url = url.ok_or_else(|| Failure::failed(format!("{} has no server {name}", options.name)))?;
    for (other, url) in options.servers.iter().filter(|(other, _)| other != name) {
        let Ok(mut session) = options.login(url).connect(Purpose::Look, PATIENCE).await else { continue };
        if session.state(permit.at()).await.is_ok_and(|state| !state.in_recovery && !state.is_read_only) {
            return Err(Failure::failed(format!("{other} answers and takes writes: nothing was promoted")));
        }
        session.close().await;
    }
    let mut session = connect(&options.operator_login(url)).await?;
    progress("promoting".into());
    let outcome = session.promote(wait_seconds).await;
    let deed = told(&outcome, &format!("{name} takes writes"))?;
    let checkpoint = session.checkpoint().await;
    session.close().await;
    Ok(match checkpoint {
        crate::model::postgres::outcome::Outcome::Done { .. } => deed,
        other => format!("{}; its checkpoint is still due: {}", deed.text, other.said()).into(),
    })
}
