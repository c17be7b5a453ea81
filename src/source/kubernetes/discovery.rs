//! What a server has: its namespaces and its kinds of resources.

use super::{
    api::{Api, Trouble},
    reflect::{Shared, Told},
    slim::{self, Meta},
};
use crate::model::kubernetes::ApiResource;
use compact_str::CompactString;
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::sync::watch;

/// How often namespaces are asked for, and after how many times the kinds of resources again.
const PAUSE: Duration = Duration::from_secs(30);
const ROUNDS: u32 = 10;
/// Groups that are asked at once.
const AT_ONCE: usize = 4;

/// Objects of which only the metadata is wanted.
pub const METADATA: &str = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json";
/// All groups in one answer, from servers that can (1.26).
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
    application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

/// Tells namespaces and resources, again and again.
pub async fn run(mut shared: Shared, found: watch::Sender<Arc<Vec<ApiResource>>>) {
    let mut round = 0;
    loop {
        match namespaces(&shared.api).await {
            Ok(names) => {
                let change = Told::About(Box::new(move |cluster| cluster.namespaces = names));
                if shared.tell(change).await.is_err() {
                    return;
                }
            }
            Err(trouble) => tracing::debug!(context = %shared.origin.context, "namespaces: {}", trouble.words()),
        }
        if round % ROUNDS == 0 {
            match resources(&shared.api).await {
                Ok(resources) => {
                    let all = resources.clone();
                    found.send_replace(Arc::new(resources));
                    let change = Told::About(Box::new(move |cluster| cluster.resources = all));
                    if shared.tell(change).await.is_err() {
                        return;
                    }
                    round += 1;
                }
                Err(trouble) => tracing::warn!(context = %shared.origin.context, "resources: {}", trouble.words()),
            }
        } else {
            round += 1;
        }
        shared.pause(PAUSE).await;
    }
}

#[derive(Deserialize)]
struct MetaList {
    #[serde(default, deserialize_with = "slim::or_default")]
    items: Vec<OnlyMeta>,
}

#[derive(Deserialize)]
struct OnlyMeta {
    metadata: Meta,
}

async fn namespaces(api: &Api) -> Result<Vec<CompactString>, Trouble> {
    let list: MetaList = api.json_as("/api/v1/namespaces", METADATA).await?;
    let mut names: Vec<_> = list.items.into_iter().map(|item| item.metadata.name).collect();
    names.sort();
    Ok(names)
}

/// An answer of either sort: aggregated, or the names of groups alone.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Groups {
    kind: String,
    #[serde(deserialize_with = "slim::or_default")]
    items: Vec<GroupItem>,
    #[serde(deserialize_with = "slim::or_default")]
    groups: Vec<Group>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GroupItem {
    metadata: Meta,
    versions: Vec<VersionItem>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct VersionItem {
    version: CompactString,
    #[serde(deserialize_with = "slim::or_default")]
    resources: Vec<ResourceItem>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ResourceItem {
    resource: CompactString,
    response_kind: Kind,
    scope: CompactString,
    #[serde(deserialize_with = "slim::or_default")]
    verbs: Vec<CompactString>,
    #[serde(deserialize_with = "slim::or_default")]
    short_names: Vec<CompactString>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Kind {
    kind: CompactString,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Group {
    preferred_version: GroupVersion,
    #[serde(deserialize_with = "slim::or_default")]
    versions: Vec<GroupVersion>,
}

#[derive(Clone, PartialEq, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct GroupVersion {
    group_version: CompactString,
}

/// `/api/v1`, `/apis/apps/v1`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Resources {
    #[serde(deserialize_with = "slim::or_default")]
    resources: Vec<Resource>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Resource {
    name: CompactString,
    kind: CompactString,
    namespaced: bool,
    #[serde(deserialize_with = "slim::or_default")]
    verbs: Vec<CompactString>,
    #[serde(deserialize_with = "slim::or_default")]
    short_names: Vec<CompactString>,
}

/// Every kind of resource once, in the version that the server likes best, by name.
async fn resources(api: &Api) -> Result<Vec<ApiResource>, Trouble> {
    let groups: Groups = api.json_as("/apis", AGGREGATED).await?;
    let mut found = if groups.kind == "APIGroupDiscoveryList" {
        let core: Groups = api.json_as("/api", AGGREGATED).await?;
        core.items.into_iter().chain(groups.items).flat_map(aggregated).collect()
    } else {
        one_by_one(api, groups.groups).await?
    };
    let mut seen = BTreeSet::new();
    found.retain(|resource| !resource.plural.contains('/') && seen.insert(resource.name()));
    found.sort_by_cached_key(ApiResource::name);
    Ok(found)
}

fn aggregated(group: GroupItem) -> impl Iterator<Item = ApiResource> {
    let name = group.metadata.name;
    group.versions.into_iter().flat_map(move |version| {
        let name = name.clone();
        version.resources.into_iter().map(move |resource| ApiResource {
            group: name.clone(),
            version: version.version.clone(),
            kind: resource.response_kind.kind,
            plural: resource.resource,
            short_names: resource.short_names,
            namespaced: resource.scope == "Namespaced",
            verbs: resource.verbs,
        })
    })
}

/// Asks each group by itself. A group whose own server is gone is left out.
async fn one_by_one(api: &Api, groups: Vec<Group>) -> Result<Vec<ApiResource>, Trouble> {
    let versions = groups.into_iter().flat_map(|group| {
        let others = group.versions.iter().filter(|version| **version != group.preferred_version).cloned();
        let mut versions = vec![group.preferred_version.clone()];
        versions.extend(others);
        versions
    });
    let paths: Vec<_> = versions.map(|version| format!("/apis/{}", version.group_version)).collect();
    let core = of_version(api, "/api/v1".into()).await?;
    let ask = |path: String| async move {
        let found = of_version(api, path).await;
        found.inspect_err(|trouble| tracing::debug!("discovery: {}", trouble.words())).unwrap_or_default()
    };
    let others: Vec<Vec<ApiResource>> = stream::iter(paths).map(ask).buffered(AT_ONCE).collect().await;
    Ok(core.into_iter().chain(others.into_iter().flatten()).collect())
}

async fn of_version(api: &Api, path: String) -> Result<Vec<ApiResource>, Trouble> {
    let list: Resources = api.json(&path).await?;
    let (group, version) = path.strip_prefix("/apis/").and_then(|rest| rest.split_once('/')).unwrap_or(("", "v1"));
    let resource = |resource: Resource| ApiResource {
        group: group.into(),
        version: version.into(),
        kind: resource.kind,
        plural: resource.name,
        short_names: resource.short_names,
        namespaced: resource.namespaced,
        verbs: resource.verbs,
    };
    Ok(list.resources.into_iter().map(resource).collect())
}

/// Where the objects of a resource are: `/apis/apps/v1/namespaces/shop/deployments`.
pub fn path_of(resource: &ApiResource, namespace: &str) -> String {
    let root = if resource.group.is_empty() {
        format!("/api/{}", resource.version)
    } else {
        format!("/apis/{}/{}", resource.group, resource.version)
    };
    if namespace.is_empty() || !resource.namespaced {
        format!("{root}/{}", resource.plural)
    } else {
        format!("{root}/namespaces/{namespace}/{}", resource.plural)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The testbed's server is older. The shape is that of `staging/src/k8s.io/api/apidiscovery/v2/types.go` of Kubernetes 1.30, where
    /// the core group's metadata has no name, and a group whose own server is gone is `Stale` and may have no resources.
    #[test]
    fn aggregated_groups_of_newer_servers_are_read() {
        let text = r#"{"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": [
            {"metadata": {"creationTimestamp": null}, "versions": [{"version": "v1", "freshness": "Current", "resources": [
                {"resource": "pods", "responseKind": {"group": "", "version": "v1", "kind": "Pod"}, "scope": "Namespaced",
                 "singularResource": "pod", "verbs": ["get", "list", "watch"], "shortNames": ["po"], "categories": ["all"],
                 "subresources": [{"subresource": "log", "responseKind": {"group": "", "version": "v1", "kind": "Pod"}, "verbs": ["get"]}]}]}]},
            {"metadata": {"name": "metrics.k8s.io"}, "versions": [{"version": "v1beta1", "freshness": "Stale", "resources": null}]},
            {"metadata": {"name": "apps"}, "versions": [{"version": "v1", "freshness": "Current", "resources": [
                {"resource": "deployments", "responseKind": {"group": "", "version": "", "kind": "Deployment"},
                 "scope": "Cluster", "singularResource": "deployment", "verbs": ["list"]}]}]}]}"#;
        let groups: Groups = serde_json::from_str(text).expect("reads");
        assert_eq!(groups.kind, "APIGroupDiscoveryList");
        let found: Vec<_> = groups.items.into_iter().flat_map(aggregated).collect();
        assert_eq!(
            found.iter().map(|r| path_of(r, "shop")).collect::<Vec<_>>(),
            ["/api/v1/namespaces/shop/pods", "/apis/apps/v1/deployments"]
        );
        assert_eq!((found[0].kind.as_str(), found[0].short_names[0].as_str(), found[0].verbs.len()), ("Pod", "po", 3));
    }

    #[test]
    fn paths() {
        let deployments = ApiResource {
            group: "apps".into(),
            version: "v1".into(),
            plural: "deployments".into(),
            namespaced: true,
            ..ApiResource::default()
        };
        assert_eq!(path_of(&deployments, "shop"), "/apis/apps/v1/namespaces/shop/deployments");
        assert_eq!(path_of(&deployments, ""), "/apis/apps/v1/deployments");
        let nodes = ApiResource { version: "v1".into(), plural: "nodes".into(), ..ApiResource::default() };
        assert_eq!(path_of(&nodes, "x"), "/api/v1/nodes");
    }
}
