//! Patroni's REST interface (<https://patroni.readthedocs.io/en/latest/rest_api.html>): what it tells is asked here, what changes a
//! cluster is in [`act`] alone. Any member answers for the whole cluster.

pub mod act;
pub mod read;
#[cfg(test)]
mod tests;

use super::http::{Auth, Http, HttpError, Server};
use crate::model::{
    Timestamp,
    postgres::patroni::{Config, HistoryLine, Member, MemberStatus, Scheduled},
};
use compact_str::CompactString;
use futures_util::future::join_all;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// What a member says of the cluster.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClusterAnswer {
    /// Told by newer versions only.
    pub scope: Option<CompactString>,
    pub members: Vec<Member>,
    pub is_paused: bool,
    pub scheduled: Option<Scheduled>,
}

/// The first answer of several addresses, and why others gave none.
#[derive(Debug, Clone, PartialEq)]
pub struct First<T> {
    /// Whose answer it is.
    pub answer: Option<(CompactString, T)>,
    pub failed: Vec<(CompactString, String)>,
}

/// A client that only asks, without credentials: Patroni wants none of who only asks, and members' addresses come from its answers.
#[derive(Debug, Clone)]
pub struct Patroni {
    /// What all of them have in common.
    like: Server,
    patience: Duration,
    /// Connections, by address.
    clients: Arc<Mutex<HashMap<CompactString, Http>>>,
}

/// Longest answer that is read.
const LONGEST: usize = 4 << 20;
/// More addresses than a cluster has: when there are as many, connections are made anew.
const CLIENTS: usize = 200;

/// The address of a member as others are put together from it: `http://10.0.0.1:8008`, without a path or a stroke at the end. `None` for
/// what is no such address.
pub fn base(url: &str) -> Option<CompactString> {
    let url = url.trim().trim_end_matches('/');
    let url = url.strip_suffix("/patroni").unwrap_or(url);
    let uri: http::Uri = url.parse().ok()?;
    let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
    let is_bare = uri.path() == "/" && uri.query().is_none() && !uri.authority()?.as_str().contains('@');
    (is_web && is_bare && uri.host().is_some_and(|host| !host.is_empty())).then(|| url.into())
}

impl Patroni {
    /// One that asks members that are reached like this server, and waits so long for each.
    pub fn new(like: &Server, patience: Duration) -> Self {
        let like = Server { url: String::new(), auth: Auth::None, ..like.clone() };
        Self { like, patience, clients: Arc::default() }
    }

    fn client(&self, base: &str) -> Result<Http, String> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = clients.get(base) {
            return Ok(known.clone());
        }
        let server = Server { url: base.into(), ..self.like.clone() };
        let made = Http::to(&server, self.patience, LONGEST).map_err(|error| error.reason)?;
        if clients.len() >= CLIENTS {
            clients.clear();
        }
        clients.insert(base.into(), made.clone());
        Ok(made)
    }

    /// `GET /cluster`.
    ///
    /// # Errors
    /// Why there is no answer, in words.
    pub async fn cluster(&self, base: &str) -> Result<ClusterAnswer, String> {
        read::cluster(&self.json(base, "/cluster").await?).map_err(|error| format!("/cluster: {error}"))
    }

    /// [`Patroni::cluster`] of the first that answers: the first address alone, and where it does not answer all others at once.
    pub async fn cluster_of_any(&self, bases: &[CompactString]) -> First<ClusterAnswer> {
        let mut failed = Vec::new();
        let Some((first, others)) = bases.split_first() else { return First { answer: None, failed } };
        match self.cluster(first).await {
            Ok(answer) => return First { answer: Some((first.clone(), answer)), failed },
            Err(why) => failed.push((first.clone(), why)),
        }
        let answers = join_all(others.iter().map(|base| self.cluster(base))).await;
        let mut found = None;
        for (base, answer) in others.iter().zip(answers) {
            match answer {
                Ok(answer) => found = found.or(Some((base.clone(), answer))),
                Err(why) => failed.push((base.clone(), why)),
            }
        }
        First { answer: found, failed }
    }

    /// `GET /history`: the ends of timelines, the oldest first.
    ///
    /// # Errors
    /// Why there is no answer, in words.
    pub async fn history(&self, base: &str) -> Result<Vec<HistoryLine>, String> {
        read::history(&self.json(base, "/history").await?).map_err(|error| format!("/history: {error}"))
    }

    /// `GET /config`.
    ///
    /// # Errors
    /// Why there is no answer, in words.
    pub async fn config(&self, base: &str) -> Result<Config, String> {
        read::config(&self.json(base, "/config").await?).map_err(|error| format!("/config: {error}"))
    }

    /// `GET /patroni`: what the member itself says, stamped with `at`.
    ///
    /// # Errors
    /// Why there is no answer, in words.
    pub async fn status(&self, base: &str, at: Timestamp) -> Result<MemberStatus, String> {
        read::status(&self.json(base, "/patroni").await?, at).map_err(|error| format!("/patroni: {error}"))
    }

    /// `GET /primary`: whether the member leads and takes writes.
    ///
    /// # Errors
    /// Why there is no answer, in words.
    pub async fn is_primary(&self, base: &str) -> Result<bool, String> {
        self.is(base, "/primary").await
    }

    /// `GET /replica?lag=`: whether the member is a replica that is well and not further behind than so many bytes.
    ///
    /// # Errors
    /// Why there is no answer, in words.
    pub async fn is_replica(&self, base: &str, lag_bytes: u64) -> Result<bool, String> {
        self.is(base, &format!("/replica?lag={lag_bytes}")).await
    }

    /// Health checks say it by the status: 200 or 503.
    async fn is(&self, base: &str, path: &str) -> Result<bool, String> {
        let client = self.client(base)?;
        let answer = client.look(&format!("{base}{path}")).await.map_err(|error| error.to_string())?;
        match answer.status {
            200 => Ok(true),
            503 => Ok(false),
            status => Err(format!("{path}: {}", HttpError::Status(status))),
        }
    }

    async fn json(&self, base: &str, path: &str) -> Result<bytes::Bytes, String> {
        let client = self.client(base)?;
        client.get(&format!("{base}{path}")).await.map_err(|error| format!("{path}: {error}"))
    }
}
