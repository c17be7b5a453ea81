//! Rolling a release back, as `helm rollback` does it without hooks
//! (<https://github.com/helm/helm/blob/main/pkg/action/rollback.go>): a new revision is written down first, then its objects are applied,
//! then it is deployed. Whatever is written is written onto what was read.

use super::{
    Apis, History, Kept, manifest,
    manifest::{Item, prune},
    release::{KIND, OURS, Release, told},
    secrets,
};
use crate::{
    model::{Timestamp, object::ObjectRef, redact},
    ops::{
        execute::{Deed, Failure, Progress},
        kubernetes::{MANAGER, failure},
        operation::path_of,
    },
};
use kube::{
    Api, Client, Error,
    api::{DeleteParams, DynamicObject, Patch, PatchParams, PostParams, Preconditions},
};
use serde_json::{Value, json};

/// How often an object that somebody else changes meanwhile is read again.
const TRIES: usize = 5;

/// What is gone from, and what is gone to.
struct Path {
    current: Release,
    target: Release,
    from: Vec<Item>,
    to: Vec<Item>,
}

impl Path {
    fn of(history: &History, namespace: &str, revision: u64) -> Result<Self, Failure> {
        let newest = history.newest().ok_or_else(|| Failure::failed("not there any more: there is no such release"))?;
        let target = history.revision(revision).map_err(Failure::Failed)?;
        let (current, target) = (newest.read()?, target.read()?);
        let items = |release: &Release| {
            manifest::items(release.manifest(), namespace)
                .map_err(|why| Failure::Failed(format!("revision {}: {why}", release.version())))
        };
        let (from, to) = (items(&current)?, items(&target)?);
        if let Some((item, tool)) = from.iter().chain(&to).find_map(|item| Some((item, item.keeper()?))) {
            return Err(Failure::Failed(format!("{tool} keeps {} and would undo this: roll back there", item.words())));
        }
        Ok(Self { current, target, from, to })
    }

    /// What only the newer manifest has, the last first; and what of it stays, with why.
    fn leftovers(&self) -> (Vec<&Item>, Vec<String>) {
        let gone = self.from.iter().rev().filter(|item| !self.to.iter().any(|other| other.is(item)));
        let (stay, go): (Vec<_>, Vec<_>) = gone.partition(|item| item.is_kept() || item.is_definition());
        let why = |item: &Item| {
            if item.is_kept() { "its policy is keep" } else { "all objects of its kind would go with it" }
        };
        (go, stay.into_iter().map(|item| format!("{} stays, {}", item.words(), why(item))).collect())
    }
}

/// What would change, as a unified diff of both manifests; nothing where there is no such revision.
///
/// # Errors
/// What is kept cannot be read.
pub fn would_change(history: &History, namespace: &str, revision: u64) -> Result<String, Failure> {
    let path = Path::of(history, namespace, revision)?;
    Ok(manifest::diff(&path.from, &path.to))
}

/// Does it, or asks the server what it would say to every object. A rollback to the same revision that was begun here, and has not come to
/// its end, is gone on with.
///
/// # Errors
/// What stands against it, or what the server says. Where nobody can say what was done the new revision stays pending.
pub async fn rollback(
    client: &Client,
    target: &ObjectRef,
    revision: u64,
    at: Timestamp,
    dry: bool,
    progress: Progress<'_>,
) -> Result<Deed, Failure> {
    let place = path_of(target);
    let history = History::read(client, place.namespace, place.name).await?;
    let path = Path::of(&history, place.namespace, revision)?;
    is_free(&history, &path)?;
    let mut apis = Apis::new(client);
    let work = Work { path: &path, namespace: place.namespace, name: place.name, progress };
    work.rehearse(&mut apis).await.map_err(super::super::refused_before)?;
    if dry {
        return Ok("the server's dry run accepts every object".into());
    }
    let secrets = secrets(client, place.namespace);
    let (number, mut begun) = work.begin(&secrets, &history, at).await?;
    let done = match work.apply(&mut apis).await {
        Ok(done) => done,
        Err(Failure::Failed(why)) => {
            let why = redact::text(&why).into_owned();
            let said = format!("Rollback \"{}\" failed: {why}", place.name);
            mark(&secrets, &mut begun, "failed", Some(&said)).await?;
            return Err(Failure::Failed(format!("{why}; revision {number} is marked as failed")));
        }
        Err(unknown) => return Err(unknown),
    };
    for old in history.revisions.iter().filter(|old| old.status == "deployed") {
        mark(&secrets, &mut old.clone(), "superseded", None).await?;
    }
    mark(&secrets, &mut begun, "deployed", None).await?;
    Ok(format!("revision {number} is deployed: {done}").into())
}

/// Whether nobody else is at it.
fn is_free(history: &History, path: &Path) -> Result<(), Failure> {
    if let Some((pending, to)) = &history.unfinished {
        return if *to == path.target.version() {
            Ok(())
        } else {
            Err(Failure::Failed(format!(
                "revision {} is a rollback to {to} that has not come to its end: go on with that one first",
                pending.version
            )))
        };
    }
    let status = history.newest().map_or("", |newest| newest.status.as_str());
    if ["deployed", "failed", "superseded"].contains(&status) {
        return Ok(());
    }
    Err(Failure::Failed(format!(
        "revision {} is {status}: an operation is under way, or broke off",
        path.current.version()
    )))
}

struct Work<'a> {
    path: &'a Path,
    namespace: &'a str,
    name: &'a str,
    progress: Progress<'a>,
}

impl Work<'_> {
    /// An object with what Helm writes onto every object of a release, so that it takes it for its own.
    fn owned(&self, item: &Item) -> Value {
        let mut body = item.body.clone();
        body["metadata"]["labels"]["app.kubernetes.io/managed-by"] = "Helm".into();
        body["metadata"]["annotations"]["meta.helm.sh/release-name"] = self.name.into();
        body["metadata"]["annotations"]["meta.helm.sh/release-namespace"] = self.namespace.into();
        body
    }

    /// What the server would refuse is refused before anything is done. What the manifest itself makes room for cannot be asked yet.
    async fn rehearse(&self, apis: &mut Apis<'_>) -> Result<(), Failure> {
        let makes_room = self.path.to.iter().any(|item| item.is_definition() || item.kind == "Namespace");
        for item in &self.path.to {
            match self.put(apis, item, true).await {
                Err(Failure::Failed(why)) if makes_room && why.starts_with("not there") => {}
                done => done.map(drop)?,
            }
        }
        let delete = DeleteParams { dry_run: true, ..DeleteParams::default() };
        for item in self.path.leftovers().0 {
            let gone = match apis.of(item).await {
                Ok(api) => api.delete(&item.name, &delete).await.map(drop).map_err(failure),
                Err(why) => Err(why),
            };
            missing_is_fine(gone).map_err(|why| on(item, why))?;
        }
        Ok(())
    }

    /// Writes the new revision down, unless it was before.
    async fn begin(
        &self,
        secrets: &Api<DynamicObject>,
        history: &History,
        at: Timestamp,
    ) -> Result<(u64, Kept), Failure> {
        if let Some((pending, _)) = &history.unfinished {
            return Ok((pending.version, pending.clone()));
        }
        let (current, target) = (&self.path.current, &self.path.target);
        let version = current.version() + 1;
        let name = format!("sh.helm.release.v1.{}.v{version}", self.name);
        let data = target.begun_again(current, version, at).encode().map_err(Failure::Failed)?;
        let old = history.revision(target.version()).map_err(Failure::Failed)?;
        let mut labels = old.secret.metadata.labels.clone().unwrap_or_default();
        labels.insert("version".into(), version.to_string());
        labels.insert("status".into(), "pending-rollback".into());
        labels.insert("modifiedAt".into(), at.as_second().to_string());
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "type": KIND,
            "metadata": { "name": name, "namespace": self.namespace, "labels": labels,
                "annotations": { OURS: target.version().to_string() } },
            "data": { "release": data },
        });
        let secret: DynamicObject =
            serde_json::from_value(secret).map_err(|error| Failure::failed(error.to_string()))?;
        let post = PostParams { dry_run: false, field_manager: Some(MANAGER.into()) };
        let secret = secrets.create(&post, &secret).await.map_err(failure)?;
        Ok((version, Kept { version, status: "pending-rollback".into(), secret }))
    }

    /// Applies every object of the older manifest and deletes what only the newer one has; says what was done.
    async fn apply(&self, apis: &mut Apis<'_>) -> Result<String, Failure> {
        let count = self.path.to.len();
        for (at, item) in self.path.to.iter().enumerate() {
            (self.progress)(format!("{} of {count}: {}", at + 1, item.words()));
            self.put(apis, item, false).await?;
        }
        let (go, stay) = self.path.leftovers();
        for item in &go {
            missing_is_fine(remove(apis, item).await).map_err(|why| on(item, why))?;
        }
        let hooks = match self.path.target.hooks() {
            0 => String::new(),
            hooks => format!("; {hooks} hooks were not run"),
        };
        let stay = if stay.is_empty() { String::new() } else { format!("; {}", stay.join("; ")) };
        Ok(format!("{}, {count} objects applied, {} deleted{stay}{hooks}", told(self.path.target.version()), go.len()))
    }

    /// Applies an object. Where the newer manifest has put something into it that the older one does not have, that is taken out by the
    /// same request: other owners of its fields would keep it.
    async fn put(&self, apis: &mut Apis<'_>, item: &Item, dry: bool) -> Result<(), Failure> {
        let api = apis.of(item).await.map_err(|why| on(item, why))?;
        let newer = self.path.from.iter().find(|other| other.is(item));
        for _ in 0..TRIES {
            match self.put_once(&api, item, newer, dry).await {
                Err(Error::Api(status)) if status.code == 409 && !dry => {}
                done => return done.map_err(|error| on(item, failure(error))),
            }
        }
        Err(Failure::Failed(format!("{}: it changes faster than it can be read", item.words())))
    }

    async fn put_once(
        &self,
        api: &Api<DynamicObject>,
        item: &Item,
        newer: Option<&Item>,
        dry: bool,
    ) -> Result<(), Error> {
        let apply = PatchParams { dry_run: true, ..PatchParams::apply(MANAGER).force() };
        let body = self.owned(item);
        let merged = api.patch(&item.name, &apply, &Patch::Apply(&body)).await?;
        let mut whole = serde_json::to_value(&merged).map_err(Error::SerdeError)?;
        if newer.is_some_and(|newer| prune(&self.owned(newer), &body, &mut whole)) {
            let object: DynamicObject = serde_json::from_value(whole).map_err(Error::SerdeError)?;
            let post = PostParams { dry_run: dry, field_manager: Some(MANAGER.into()) };
            return api.replace(&item.name, &post, &object).await.map(drop);
        }
        if !dry {
            let apply = PatchParams { dry_run: false, ..apply };
            api.patch(&item.name, &apply, &Patch::Apply(&body)).await?;
        }
        Ok(())
    }
}

async fn remove(apis: &mut Apis<'_>, item: &Item) -> Result<(), Failure> {
    let api = apis.of(item).await?;
    let Some(found) = api.get_opt(&item.name).await.map_err(failure)? else { return Ok(()) };
    // Only what was looked at, not what has come in its place.
    let same = Preconditions { uid: found.metadata.uid.clone(), resource_version: None };
    let delete = DeleteParams { preconditions: Some(same), ..DeleteParams::background() };
    api.delete(&item.name, &delete).await.map(drop).map_err(failure)
}

/// What was to go and is not there has gone.
fn missing_is_fine(done: Result<(), Failure>) -> Result<(), Failure> {
    match done {
        Err(Failure::Failed(why)) if why.starts_with("not there") => Ok(()),
        done => done,
    }
}

/// With the object's name.
fn on(item: &Item, why: Failure) -> Failure {
    match why {
        Failure::Failed(why) => Failure::Failed(format!("{}: {why}", item.words())),
        Failure::Unknown(why) => Failure::Unknown(format!("{}: {why}", item.words())),
    }
}

/// Gives a revision another status, in its labels and in what it keeps, if nobody has changed it since it was read.
async fn mark(
    secrets: &Api<DynamicObject>,
    kept: &mut Kept,
    status: &str,
    description: Option<&str>,
) -> Result<(), Failure> {
    let data = kept.read()?.with_status(status, description).encode().map_err(Failure::Failed)?;
    let mut secret = kept.secret.clone();
    secret.metadata.labels.get_or_insert_default().insert("status".into(), status.into());
    secret.data["data"]["release"] = data.into();
    let name = secret.metadata.name.clone().unwrap_or_default();
    let post = PostParams { dry_run: false, field_manager: Some(MANAGER.into()) };
    kept.secret = secrets.replace(&name, &post, &secret).await.map_err(failure)?;
    kept.status = status.into();
    Ok(())
}
