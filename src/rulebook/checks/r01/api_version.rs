//! 01e: API versions that are no longer served, or may go at any time.

use crate::model::finding::{Level, Scope};
use crate::rulebook::{
    check::{Check, Judged, Meta},
    out::Out,
    resource::Resource,
    subject::kubernetes::{group_of, is_built_in},
};

/// A removed or alpha API version.
pub struct ApiVersion;

static META: Meta = Meta {
    id: "01e",
    title: "removed or alpha apiVersion",
    level: Level::Warn,
    scopes: &[Scope::Repo, Scope::Kube],
    why: "The API server refuses a version that it no longer serves: the manifest worked once, and fails at the next upgrade or in the next cluster.",
    fix: "Move the manifest to the version that replaced it; fields may have changed too.",
    precedent: &["kube-linter no-extensions-v1beta", "POP-403"],
    references: &["https://kubernetes.io/docs/reference/using-api/deprecation-guide/"],
    parameters: &[],
};

/// What was removed: version, kinds (`*` is all), the release that removed it, what took its place.
/// From <https://kubernetes.io/docs/reference/using-api/deprecation-guide/>.
const REMOVED: &[(&str, &[&str], &str, &str)] = &[
    ("extensions/v1beta1", &["Ingress"], "1.22", "networking.k8s.io/v1"),
    ("extensions/v1beta1", &["NetworkPolicy"], "1.16", "networking.k8s.io/v1"),
    ("extensions/v1beta1", &["PodSecurityPolicy"], "1.16", "Pod Security Admission"),
    ("extensions/v1beta1", &["*"], "1.16", "apps/v1"),
    ("apps/v1beta1", &["*"], "1.16", "apps/v1"),
    ("apps/v1beta2", &["*"], "1.16", "apps/v1"),
    (
        "admissionregistration.k8s.io/v1beta1",
        &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
        "1.22",
        "admissionregistration.k8s.io/v1",
    ),
    ("apiextensions.k8s.io/v1beta1", &["*"], "1.22", "apiextensions.k8s.io/v1"),
    ("apiregistration.k8s.io/v1beta1", &["*"], "1.22", "apiregistration.k8s.io/v1"),
    ("authentication.k8s.io/v1beta1", &["TokenReview"], "1.22", "authentication.k8s.io/v1"),
    ("authorization.k8s.io/v1beta1", &["*"], "1.22", "authorization.k8s.io/v1"),
    ("certificates.k8s.io/v1beta1", &["CertificateSigningRequest"], "1.22", "certificates.k8s.io/v1"),
    ("coordination.k8s.io/v1beta1", &["Lease"], "1.22", "coordination.k8s.io/v1"),
    ("networking.k8s.io/v1beta1", &["Ingress", "IngressClass"], "1.22", "networking.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", &["*"], "1.22", "rbac.authorization.k8s.io/v1"),
    ("scheduling.k8s.io/v1beta1", &["*"], "1.22", "scheduling.k8s.io/v1"),
    (
        "storage.k8s.io/v1beta1",
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"],
        "1.22",
        "storage.k8s.io/v1",
    ),
    ("storage.k8s.io/v1beta1", &["CSIStorageCapacity"], "1.27", "storage.k8s.io/v1"),
    ("batch/v1beta1", &["*"], "1.25", "batch/v1"),
    ("discovery.k8s.io/v1beta1", &["*"], "1.25", "discovery.k8s.io/v1"),
    ("events.k8s.io/v1beta1", &["*"], "1.25", "events.k8s.io/v1"),
    ("node.k8s.io/v1beta1", &["*"], "1.25", "node.k8s.io/v1"),
    ("policy/v1beta1", &["PodSecurityPolicy"], "1.25", "Pod Security Admission"),
    ("policy/v1beta1", &["*"], "1.25", "policy/v1"),
    ("autoscaling/v2beta1", &["*"], "1.25", "autoscaling/v2"),
    ("autoscaling/v2beta2", &["*"], "1.26", "autoscaling/v2"),
    ("flowcontrol.apiserver.k8s.io/v1beta1", &["*"], "1.26", "flowcontrol.apiserver.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta2", &["*"], "1.29", "flowcontrol.apiserver.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta3", &["*"], "1.32", "flowcontrol.apiserver.k8s.io/v1"),
];

impl Check for ApiVersion {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn resource(&self, resource: &Resource, out: &mut Out<'_>) -> Judged {
        let version = &resource.api_version;
        let group = group_of(version);
        if version.is_empty() || !is_built_in(group) {
            // An extension's alpha version is often the only one it has.
            return Judged::No;
        }
        let removed = REMOVED.iter().find(|(removed, kinds, ..)| {
            removed == version && (kinds.contains(&"*") || kinds.contains(&&*resource.kind))
        });
        if let Some((_, _, release, instead)) = removed {
            let observed = format!("{version} {}, removed in Kubernetes {release}", resource.kind);
            out.on(resource, "/apiVersion").observed(observed).expected(*instead).fail();
        } else if is_alpha(version) {
            let observed = format!("{version} {}, an alpha version", resource.kind);
            out.on(resource, "/apiVersion").observed(observed).expected("a beta or stable version").fail();
        }
        Judged::Yes
    }
}

/// Whether a version is an alpha one: `v1alpha1`, `v2alpha3`.
fn is_alpha(api_version: &str) -> bool {
    let version = api_version.rsplit('/').next().unwrap_or(api_version);
    version.starts_with('v') && version.contains("alpha")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    fn of(version: &str, kind: &str) -> Vec<String> {
        told(&ApiVersion, &[("a.yaml", &format!("kind: {kind}\napiVersion: {version}\nmetadata: {{name: a}}\n"))])
    }

    #[test]
    fn removed_versions_with_the_release() {
        assert_eq!(
            of("extensions/v1beta1", "Ingress"),
            ["a.yaml:2:13 extensions/v1beta1 Ingress, removed in Kubernetes 1.22"]
        );
        assert_eq!(
            of("extensions/v1beta1", "Deployment"),
            ["a.yaml:2:13 extensions/v1beta1 Deployment, removed in Kubernetes 1.16"]
        );
        assert_eq!(of("batch/v1beta1", "CronJob"), ["a.yaml:2:13 batch/v1beta1 CronJob, removed in Kubernetes 1.25"]);
        assert_eq!(of("autoscaling/v2beta2", "HorizontalPodAutoscaler").len(), 1);
        assert_eq!(of("resource.k8s.io/v1alpha3", "ResourceClaim").len(), 1);
    }

    #[test]
    fn what_is_served_and_what_extensions_serve_passes() {
        for (version, kind) in [
            ("apps/v1", "Deployment"),
            ("v1", "Service"),
            ("argoproj.io/v1alpha1", "Application"),
            ("storage.k8s.io/v1beta1", "VolumeAttributesClass"),
            ("networking.k8s.io/v1beta1", "IPAddress"),
            ("snapshot.storage.k8s.io/v1beta1", "VolumeSnapshot"),
        ] {
            assert_eq!(of(version, kind), [""; 0], "{version} {kind}");
        }
    }
}
