//! 13b: what an engine keeps and nobody uses.

use crate::{
    model::{
        Timestamp,
        finding::{Level, Scope},
    },
    rulebook::{
        check::{Check, Judged, Meta, Parameter, Value},
        out::Out,
        resource::Resource,
        subject::live::Live,
        syntax::node::Node,
        tree::Tree,
    },
};

/// 13b. Judges live objects of these kinds, by these fields (`UsedBy` is the names of the containers that use it; where it is missing,
/// nothing is said of use):
/// - `image`: `RepoTags` (none, or `<none>:<none>`), `UsedBy`, `Size` in bytes;
/// - `container`: `State.Status`, `State.FinishedAt`, `Created`, as `inspect` tells them;
/// - `volume`: `UsedBy`, or `UsageData.RefCount`.
pub struct EngineWaste;

static META: Meta = Meta {
    id: "13b",
    title: "kept by the engine and not used",
    level: Level::Warn,
    scopes: &[Scope::Docker],
    why: "Images without a name, containers that ended long ago and volumes that nothing mounts fill the disk until a deploy fails.",
    fix: "Look at what it holds, then remove it (`docker image prune`, `docker rm`, `docker volume rm`).",
    precedent: &["CIS 6.1", "CIS 6.2"],
    references: &["https://docs.docker.com/engine/manage-resources/pruning/"],
    parameters: &[Parameter {
        name: "stopped-days",
        about: "days after which a container that does not run is waste",
        default: Value::Number(14.0),
    }],
};

impl Check for EngineWaste {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn live(&self, live: &Live<'_>, _tree: Option<&Tree>, out: &mut Out<'_>) -> Judged {
        if out.scope != Scope::Docker || live.docker.is_empty() {
            return Judged::No;
        }
        for object in &live.docker {
            match object.kind.as_str() {
                "image" => image(object, out),
                "container" => container(object, out),
                "volume" => volume(object, out),
                _ => {}
            }
        }
        Judged::Yes
    }
}

/// How many use it; `None` where that is not told.
fn users(object: &Resource) -> Option<usize> {
    object.at("/UsedBy").filter(|node| !node.is_null()).map(|node| node.items().len())
}

fn image(image: &Resource, out: &mut Out<'_>) {
    let mut tags = image.at("/RepoTags").map(Node::items).unwrap_or_default().iter().filter_map(Node::as_str);
    if tags.any(|tag| tag != "<none>:<none>") || users(image).is_some_and(|users| users > 0) {
        return;
    }
    let size =
        image.at("/Size").and_then(Node::as_f64).map(|bytes| format!(", {:.0} MB", bytes / 1e6)).unwrap_or_default();
    let draft = out.on(image, "/RepoTags").observed(format!("image without a name{size}")).key("dangling");
    draft.expected("a name, or no image").fail();
}

fn container(container: &Resource, out: &mut Out<'_>) {
    let text = |pointer: &str| container.at(pointer).and_then(Node::as_str).unwrap_or_default();
    let status = text("/State/Status");
    if !matches!(status, "exited" | "dead" | "created") {
        return;
    }
    // A container that never ran ended in the year 1.
    let ended = [text("/State/FinishedAt"), text("/Created")]
        .into_iter()
        .find(|time| !time.is_empty() && !time.starts_with("0001-"));
    let Some(ended) = ended.and_then(|time| time.parse::<Timestamp>().ok()) else { return };
    let days = out.now.duration_since(ended).as_secs() / 86_400;
    if days as f64 >= out.number("stopped-days") {
        let draft = out.on(container, "/State/Status").observed(format!("{status} for {days} days")).key(status);
        draft.expected("containers that run, or none").fail();
    }
}

fn volume(volume: &Resource, out: &mut Out<'_>) {
    let count = volume.at("/UsageData/RefCount").and_then(Node::as_int).and_then(|count| usize::try_from(count).ok());
    if users(volume).or(count) == Some(0) {
        out.on(volume, "/UsedBy").observed("no container uses it").expected("a volume that is used, or none").fail();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{resource::live_object, run::told_live};
    use serde_json::{Value as Json, json};
    use std::sync::Arc;

    fn live(kind: &str, spec: Json) -> Vec<String> {
        let live = Live { docker: vec![Arc::new(live_object(kind, "x", spec))], ..Live::default() };
        told_live(&EngineWaste, &live, Scope::Docker, &[])
    }

    #[test]
    fn images() {
        assert_eq!(
            live("image", json!({"RepoTags": [], "UsedBy": [], "Size": 12_000_000})),
            ["image x image without a name, 12 MB"]
        );
        assert_eq!(live("image", json!({"RepoTags": ["<none>:<none>"]})).len(), 1);
        assert!(live("image", json!({"RepoTags": null, "UsedBy": ["web"]})).is_empty());
        assert!(live("image", json!({"RepoTags": ["a:1"], "UsedBy": []})).is_empty());
    }

    #[test]
    fn containers() {
        let state = |status: &str, ended: &str| {
            live(
                "container",
                json!({"State": {"Status": status, "FinishedAt": ended}, "Created": "2025-01-01T00:00:00Z"}),
            )
        };
        assert_eq!(state("exited", "2025-12-01T00:00:00.5Z"), ["container x exited for 30 days"]);
        assert_eq!(state("created", "0001-01-01T00:00:00Z"), ["container x created for 365 days"]);
        assert!(state("exited", "2025-12-30T00:00:00Z").is_empty());
        assert!(state("running", "2025-01-01T00:00:00Z").is_empty());
        assert!(state("exited", "never").is_empty());
    }

    #[test]
    fn volumes() {
        assert_eq!(live("volume", json!({"UsedBy": []})), ["volume x no container uses it"]);
        assert_eq!(live("volume", json!({"UsageData": {"RefCount": 0}})).len(), 1);
        for used in
            [json!({"UsedBy": ["web"]}), json!({}), json!({"UsageData": {"RefCount": -1}}), json!({"UsedBy": null})]
        {
            assert!(live("volume", used).is_empty());
        }
    }
}
