//! From a resource's name to the API that serves it.

use super::failure;
use crate::{model::object::KubePath, ops::execute::Failure};
use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject},
    core::GroupVersionKind,
    discovery,
};

/// Resources whose versions every server of these years has, so that they need not be asked for.
const KNOWN: &[(&str, &str, &str, &str)] = &[
    ("pods", "", "v1", "Pod"),
    ("nodes", "", "v1", "Node"),
    ("secrets", "", "v1", "Secret"),
    ("configmaps", "", "v1", "ConfigMap"),
    ("services", "", "v1", "Service"),
    ("persistentvolumeclaims", "", "v1", "PersistentVolumeClaim"),
    ("namespaces", "", "v1", "Namespace"),
    ("deployments.apps", "apps", "v1", "Deployment"),
    ("statefulsets.apps", "apps", "v1", "StatefulSet"),
    ("daemonsets.apps", "apps", "v1", "DaemonSet"),
    ("replicasets.apps", "apps", "v1", "ReplicaSet"),
    ("jobs.batch", "batch", "v1", "Job"),
];

/// The API of what is at a path.
///
/// # Errors
/// Where the server has no such resource, or does not answer.
pub async fn api(client: &Client, path: KubePath<'_>) -> Result<Api<DynamicObject>, Failure> {
    api_of(client, path.resource, path.namespace).await
}

/// The API of a resource, `plural` or `plural.group`, in a namespace; of the whole cluster where that is empty.
///
/// # Errors
/// Where the server has no such resource, or does not answer.
pub async fn api_of(client: &Client, resource: &str, namespace: &str) -> Result<Api<DynamicObject>, Failure> {
    let found = find(client, resource).await?;
    Ok(if namespace.is_empty() {
        Api::all_with(client.clone(), &found)
    } else {
        Api::namespaced_with(client.clone(), namespace, &found)
    })
}

/// What the server calls a resource, in the version that it prefers among those that have it.
async fn find(client: &Client, resource: &str) -> Result<ApiResource, Failure> {
    let (plural, group) = resource.split_once('.').unwrap_or((resource, ""));
    if let Some((_, group, version, kind)) = KNOWN.iter().find(|(name, ..)| *name == resource) {
        return Ok(ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural));
    }
    let known = discovery::group(client, group).await.map_err(failure)?;
    let preferred = known.preferred_version_or_latest();
    let versions = std::iter::once(preferred).chain(known.versions());
    let mut found = versions.flat_map(|version| known.versioned_resources(version)).map(|(resource, _)| resource);
    found.find(|found| found.plural == plural).ok_or_else(|| Failure::failed(format!("the server has no {resource}")))
}
