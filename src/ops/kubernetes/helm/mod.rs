//! Helm releases, by what Helm keeps of them in the cluster: one Secret a revision. The program `helm` is not needed.

pub mod manifest;
pub mod release;
mod rollback;
mod state;

pub use rollback::{rollback, would_change};
pub use state::{State, state};

use super::failure;
use crate::ops::execute::Failure;
use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, ListParams},
    core::GroupVersionKind,
    discovery::{self, Scope},
};
use manifest::Item;
use release::{KIND, OURS, Release};
use std::collections::HashMap;

/// What releases are called among a cluster's resources: there is none of that name, Helm keeps them in Secrets.
pub const RESOURCE: &str = "releases.helm.sh";

/// A revision as its Secret's labels tell it.
#[derive(Debug, Clone)]
pub struct Kept {
    pub version: u64,
    pub status: String,
    pub secret: DynamicObject,
}

impl Kept {
    /// Reads it whole.
    ///
    /// # Errors
    /// It is not what Helm writes.
    pub fn read(&self) -> Result<Release, Failure> {
        let read = Release::read(&self.secret).map_err(|why| {
            let name = self.secret.metadata.name.as_deref().unwrap_or_default();
            Failure::failed(format!("revision {} of the release (Secret {name}) cannot be read: {why}", self.version))
        })?;
        if read.version() != self.version {
            return Err(Failure::failed(format!(
                "revision {} says that it is revision {}",
                self.version,
                read.version()
            )));
        }
        Ok(read)
    }

    /// The revision that a rollback which was begun here, and has not come to its end, goes back to.
    fn begun_here(&self) -> Option<u64> {
        let mark = self.secret.metadata.annotations.as_ref()?.get(OURS)?;
        (self.status == "pending-rollback").then(|| mark.parse().ok())?
    }
}

/// The revisions of a release.
#[derive(Debug, Clone)]
pub struct History {
    /// By number, the highest last, and without the one that was begun here and has not come to its end.
    pub revisions: Vec<Kept>,
    /// That one, and what it goes back to.
    pub unfinished: Option<(Kept, u64)>,
}

impl History {
    /// Reads the revisions; none where there is no such release.
    ///
    /// # Errors
    /// Where the server does not tell.
    pub async fn read(client: &Client, namespace: &str, name: &str) -> Result<Self, Failure> {
        let selector = format!("owner=helm,name={name}");
        let listed =
            secrets(client, namespace).list(&ListParams::default().labels(&selector)).await.map_err(failure)?;
        let mut revisions: Vec<_> = listed.items.into_iter().filter_map(kept).collect();
        revisions.sort_by_key(|kept| kept.version);
        let mark = revisions.last().and_then(Kept::begun_here);
        let unfinished = mark.and_then(|to| Some((revisions.pop()?, to)));
        Ok(Self { revisions, unfinished })
    }

    /// The newest.
    pub fn newest(&self) -> Option<&Kept> {
        self.revisions.last()
    }

    /// A revision by its number; 0 is the one before the newest.
    ///
    /// # Errors
    /// There is none, and which there are.
    pub fn revision(&self, number: u64) -> Result<&Kept, String> {
        let found = match number {
            0 => self.revisions.len().checked_sub(2).and_then(|at| self.revisions.get(at)),
            number => self.revisions.iter().find(|kept| kept.version == number),
        };
        found.ok_or_else(|| {
            let known: Vec<_> = self.revisions.iter().map(|kept| kept.version.to_string()).collect();
            match (number, known.as_slice()) {
                (_, []) => "there is no such release".into(),
                (0, _) => "there is no revision before this one".into(),
                _ => format!("there is no revision {number}; its history has {}", known.join(", ")),
            }
        })
    }
}

fn kept(secret: DynamicObject) -> Option<Kept> {
    let labels = secret.metadata.labels.as_ref()?;
    let version = labels.get("version")?.parse().ok()?;
    let status = labels.get("status")?.clone();
    let is_helms = secret.data.get("type").and_then(serde_json::Value::as_str) == Some(KIND);
    is_helms.then_some(Kept { version, status, secret })
}

/// The names of the releases of a namespace.
///
/// # Errors
/// Where the server does not tell.
pub async fn names(client: &Client, namespace: &str) -> Result<Vec<String>, Failure> {
    let found = ListParams::default().labels("owner=helm");
    let listed = secrets(client, namespace).list_metadata(&found).await.map_err(failure)?;
    let label = |labels: std::collections::BTreeMap<String, String>| labels.get("name").cloned();
    let mut names: Vec<_> = listed.items.into_iter().filter_map(|secret| label(secret.metadata.labels?)).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

fn secrets(client: &Client, namespace: &str) -> Api<DynamicObject> {
    let secret = ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "Secret"));
    Api::namespaced_with(client.clone(), namespace, &secret)
}

/// From the objects of manifests to their APIs; every kind is asked for once.
struct Apis<'a> {
    client: &'a Client,
    known: HashMap<(String, String), (ApiResource, Scope)>,
}

impl<'a> Apis<'a> {
    fn new(client: &'a Client) -> Self {
        Self { client, known: HashMap::new() }
    }

    async fn of(&mut self, item: &Item) -> Result<Api<DynamicObject>, Failure> {
        let key = (item.api_version.clone(), item.kind.clone());
        let (found, scope) = match self.known.get(&key) {
            Some(known) => known.clone(),
            None => {
                let (group, version) = item.api_version.split_once('/').unwrap_or(("", &item.api_version));
                let kind = GroupVersionKind::gvk(group, version, &item.kind);
                let (found, can) = match discovery::pinned_kind(self.client, &kind).await {
                    Ok(found) => found,
                    Err(kube::Error::Discovery(_)) => {
                        return Err(Failure::failed(format!(
                            "not there any more: the server has no {} {}",
                            item.api_version, item.kind
                        )));
                    }
                    Err(error) => return Err(failure(error)),
                };
                self.known.insert(key, (found.clone(), can.scope.clone()));
                (found, can.scope)
            }
        };
        Ok(match scope {
            Scope::Cluster => Api::all_with(self.client.clone(), &found),
            Scope::Namespaced => Api::namespaced_with(self.client.clone(), &item.namespace, &found),
        })
    }
}
