//! Questions about Helm releases.

use crate::{
    client::Clients,
    model::Timestamp,
    ops::{
        execute::{Failure, in_time, within},
        kubernetes::{connect, helm},
    },
};
use helm::{History, Kept};
use serde_json::{Value, json};
use std::time::Duration;

/// How long an answer may take: a manifest may have many objects.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a release is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    pub context: &'a str,
    pub namespace: &'a str,
    pub release: &'a str,
}

/// What is asked about a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Helm {
    Release,
    /// A revision of it; 0 is the one before.
    Revision(u64),
    /// Whether the objects of its manifest are ready.
    Resources,
}

/// Asks.
///
/// # Errors
/// Why nobody answers.
pub fn helm(place: Place<'_>, asked: Helm, now: Timestamp, clients: &Clients) -> Result<Value, String> {
    let answer = within(in_time(PATIENCE, async {
        let client = connect(place.context, clients).await?;
        let history = History::read(&client, place.namespace, place.release).await?;
        let Some(newest) = history.newest() else { return Ok(json!({ "exists": false })) };
        match asked {
            Helm::Revision(number) => match history.revision(number) {
                Ok(kept) => revision(&history, kept, place.namespace, now),
                Err(_) => Ok(json!({ "exists": false })),
            },
            Helm::Release | Helm::Resources => {
                let state = helm::state(&client, place.namespace, &history).await?.unwrap_or_default();
                if asked == Helm::Release {
                    return release(&history, newest, state.keeper);
                }
                Ok(json!({
                    "total": state.total,
                    "ready": state.ready,
                    "not_ready": state.not_ready,
                    "reason": (!state.not_ready.is_empty()).then(|| state.not_ready.join("; ")),
                }))
            }
        }
    }));
    answer.map_err(Failure::into_why)
}

/// As it was before a rollback that was begun here and has not come to its end: that one is gone on with, and is not done before.
fn release(history: &History, newest: &Kept, keeper: Option<&str>) -> Result<Value, Failure> {
    let read = newest.read()?;
    // It is superseded the moment before the new one is deployed.
    let was_superseded = history.unfinished.is_some() && newest.status == "superseded";
    let status = if was_superseded { "deployed" } else { newest.status.as_str() };
    Ok(json!({
        "exists": true,
        "revision": newest.version,
        "previous_revision": history.revision(0).ok().map(|kept| kept.version),
        "status": status,
        "chart": read.chart(),
        "app_version": read.app_version(),
        "description": read.description(),
        "updated_at": read.updated_at(),
        "managed_by": keeper,
        "unfinished": history.unfinished.as_ref().map(|(kept, _)| kept.version),
    }))
}

fn revision(history: &History, kept: &Kept, namespace: &str, now: Timestamp) -> Result<Value, Failure> {
    let read = kept.read()?;
    let made = read.updated_at().and_then(|text| text.parse::<Timestamp>().ok());
    Ok(json!({
        "exists": true,
        "revision": kept.version,
        "status": kept.status,
        "chart": read.chart(),
        "app_version": read.app_version(),
        "age_seconds": made.map(|at| now.duration_since(at).as_secs()),
        "diff": helm::would_change(history, namespace, kept.version).ok(),
    }))
}

/// The names of the releases of a namespace.
///
/// # Errors
/// Why nobody answers.
pub fn releases(context: &str, namespace: &str, clients: &Clients) -> Result<Vec<String>, String> {
    let found = within(in_time(PATIENCE, async {
        let client = connect(context, clients).await?;
        helm::names(&client, namespace).await
    }));
    found.map_err(Failure::into_why)
}

/// The numbers of a release's revisions, the newest first.
///
/// # Errors
/// Why nobody answers.
pub fn revisions(place: Place<'_>, clients: &Clients) -> Result<Vec<u64>, String> {
    let found = within(in_time(PATIENCE, async {
        let client = connect(place.context, clients).await?;
        History::read(&client, place.namespace, place.release).await
    }));
    let history = found.map_err(Failure::into_why)?;
    Ok(history.revisions.iter().rev().map(|kept| kept.version).collect())
}
