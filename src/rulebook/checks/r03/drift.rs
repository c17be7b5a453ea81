//! 03a: live objects that are no longer as their manifest says.

mod compare;
mod container;

use crate::model::finding::{Level, Scope};
use crate::rulebook::{
    check::{Check, Judged, Meta},
    out::Out,
    resource::Resource,
    subject::{
        compose::is_partial,
        container::containers,
        declared::Declared,
        kubernetes::group_of,
        live::Live,
        objects::{is_owned, shares_namespace},
        services::{ComesFrom, comes_from},
    },
    syntax::node::Node,
    tree::Tree,
};
use compare::{Difference, compare};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// A live object that drifts from its manifest.
///
/// Compared is what the manifest gives, and nothing that the API server or a controller adds. What a kustomization changes on the way, what
/// an autoscaler sets, and what is filled in later is not compared. A container is compared with the service of compose that its labels name.
pub struct Drift;

static META: Meta = Meta {
    id: "03a",
    title: "live object drifts from its manifest",
    level: Level::Error,
    scopes: &[Scope::Docker, Scope::Kube],
    why: "Somebody changed it by hand. The next deploy takes that back without asking, or nobody knows any more what is right.",
    fix: "Bring the change into the manifest, or apply the manifest again (`kubectl diff -f` shows both, `docker compose up -d` makes a container anew).",
    precedent: &["kubectl diff", "Argo CD OutOfSync"],
    references: &["https://kubernetes.io/docs/concepts/overview/working-with-objects/object-management/"],
    parameters: &[],
};

/// Places named in a finding; more are counted.
const NAMED: usize = 5;

impl Check for Drift {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn live(&self, live: &Live<'_>, tree: Option<&Tree>, out: &mut Out<'_>) -> Judged {
        let Some(tree) = tree else { return Judged::No };
        if out.scope == Scope::Docker {
            return at_engines(live, tree, out);
        }
        let declared = Declared::of(tree);
        let mut counts: HashMap<(&str, &str, &str), usize> = HashMap::new();
        for resource in &live.kube {
            *counts.entry((&resource.origin, &resource.kind, &resource.name)).or_default() += 1;
        }
        let scaled = scaled(live, &declared);
        let mut judged = Judged::No;
        for resource in live.kube.iter().filter(|resource| !is_owned(resource)) {
            let is_only = counts.get(&(&*resource.origin, &*resource.kind, &*resource.name)) == Some(&1);
            let mut sources = declared.sources(resource);
            sources.retain(|source| is_meant(source, resource, &declared, is_only));
            if sources.is_empty() || declared.changes.patches(&resource.kind, &sources[0].name) {
                continue;
            }
            judged = Judged::Yes;
            one(resource, &sources, &declared, &scaled, out);
        }
        judged
    }
}

/// Containers against the services that they come from.
fn at_engines(live: &Live<'_>, tree: &Tree, out: &mut Out<'_>) -> Judged {
    let mut judged = Judged::No;
    for resource in live.docker.iter().filter(|resource| resource.kind == "container") {
        let ComesFrom::Services(services) = comes_from(resource, tree) else { continue };
        let Some(is) = containers(resource).into_iter().next() else { continue };
        let compared = |service: &&Arc<Resource>| {
            let wanted = containers(service).into_iter().next().filter(|_| !is_partial(service))?;
            Some((container::compare(&wanted, &is), Arc::clone(service)))
        };
        let all: Vec<_> = services.iter().filter_map(compared).collect();
        let Some((least, service)) = all.iter().min_by_key(|(found, _)| found.len()) else { continue };
        judged = Judged::Yes;
        let Some(first) = least.first() else { continue };
        let told = shortened(least.iter().map(|difference| difference.told.clone()).collect());
        let (file, span) = service.place_of(&first.wanted);
        let line = span.map_or_else(String::new, |span| format!(":{}", span.line));
        let pointers: Vec<&str> = least.iter().map(|difference| difference.pointer.as_str()).collect();
        let draft = out
            .on(resource, &first.pointer)
            .key(pointers.join(" "))
            .expected(format!("as in {}{line}", file.map_or(service.origin.as_str(), |file| file.as_str())));
        if all.len() > 1 {
            draft.unknown(format!("{} files declare it, and it is as none of them: {told}", all.len()));
        } else {
            draft.observed(told).fail();
        }
    }
    judged
}

/// The first few, and how many more.
fn shortened(mut told: Vec<String>) -> String {
    let all = told.len();
    if all > NAMED {
        told.truncate(NAMED);
        told.push(format!("{} more", all - NAMED));
    }
    told.join("; ")
}

/// Whether a manifest without a namespace is meant for the one that the object is in.
fn is_meant(source: &Resource, live: &Resource, declared: &Declared<'_>, is_only: bool) -> bool {
    source.api_version == live.api_version
        && (source.namespace == live.namespace
            || is_only
            || live.namespace == "default"
            || declared.changes.namespaces.iter().any(|namespace| *namespace == live.namespace))
}

fn one(live: &Resource, sources: &[&Resource], declared: &Declared<'_>, scaled: &Scaled, out: &mut Out<'_>) {
    let differences = |source: &&Resource| {
        let mut found = compare(&source.spec, &live.spec, &live.kind);
        found.retain(|difference| !is_expected(difference, live, declared, scaled));
        found
    };
    let all: Vec<(Vec<Difference>, &Resource)> = sources.iter().map(|source| (differences(source), *source)).collect();
    let Some((least, source)) = all.iter().min_by_key(|(found, _)| found.len()) else { return };
    let Some(first) = least.first() else { return };
    let told = shortened(least.iter().map(Difference::told).collect());
    let pointers: Vec<&str> = least.iter().map(|difference| difference.pointer.as_str()).collect();
    let line = source.spec.span_of(&first.wanted).map_or_else(String::new, |span| format!(":{}", span.line));
    let draft = out
        .on(live, &first.pointer)
        .key(pointers.join(" "))
        .expected(format!("as in {}{line}", source.file.as_deref().unwrap_or(&source.origin)));
    if all.len() > 1 {
        draft.unknown(format!("{} manifests declare it, and it is as none of them: {}", all.len(), told));
    } else {
        draft.observed(told).fail();
    }
}

/// Kind and name of what something scales, with the namespace.
type Scaled = HashSet<(String, String, String)>;

fn scaled(live: &Live<'_>, declared: &Declared<'_>) -> Scaled {
    let all = live.kube.iter().map(|resource| &**resource).chain(declared.objects.all.iter().copied());
    let scalers = all.filter(|resource| {
        matches!(group_of(&resource.api_version), "autoscaling" | "keda.sh")
            && resource.at("/spec/scaleTargetRef/name").is_some()
    });
    let text = |resource: &Resource, pointer: &str| resource.at(pointer).and_then(Node::scalar);
    scalers
        .map(|scaler| {
            let kind = text(scaler, "/spec/scaleTargetRef/kind").unwrap_or_else(|| "Deployment".into());
            let name = text(scaler, "/spec/scaleTargetRef/name").unwrap_or_default();
            (kind, scaler.namespace.to_string(), name)
        })
        .collect()
}

/// Whether a difference comes about in a way that is meant.
fn is_expected(difference: &Difference, live: &Resource, declared: &Declared<'_>, scaled: &Scaled) -> bool {
    let changes = &declared.changes;
    let pointer = difference.pointer.as_str();
    let last = pointer.rsplit('/').next().unwrap_or_default();
    match last {
        "replicas" => {
            let is_scaled = scaled.iter().any(|(kind, namespace, name)| {
                *kind == live.kind && *name == live.name && shares_namespace(namespace, &live.namespace)
            });
            let is_listed = changes.replicas.iter().any(|(name, _)| live.name.contains(name.as_str()));
            is_scaled || is_listed
        }
        "image" => changes.changes_images,
        "namespace" => !changes.namespaces.is_empty(),
        // Names of what is generated get a hash, and all names what kustomizations put before and after them.
        "name" | "secretName" | "claimName" | "serviceName" | "serviceAccountName" | "serviceAccount" => {
            let is_affixed = changes.affixes.iter().any(|(before, after)| !(before.is_empty() && after.is_empty()));
            is_affixed || changes.generated.iter().any(|(_, _, name)| difference.manifest.as_deref() == Some(name))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::subject::objects::told_live;

    const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: shop\n  labels: {app: web}\nspec:\n  replicas: 3\n  template:\n    spec:\n      containers:\n      - name: c\n        image: web:1\n        env:\n        - {name: TOKEN, value: abc}\n        resources: {limits: {cpu: 1000m, memory: 1Gi}}\n        ports: [{containerPort: 80}]\n";
    const LIVE: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: shop\n  uid: x\n  labels: {app: web, more: x}\nspec:\n  replicas: 3\n  progressDeadlineSeconds: 600\n  template:\n    spec:\n      restartPolicy: Always\n      containers:\n      - {name: injected, image: proxy}\n      - name: c\n        image: web:1\n        env:\n        - {name: TOKEN, value: abc}\n        resources: {limits: {cpu: '1', memory: 1024Mi}}\n        ports: [{containerPort: 80, protocol: TCP}]\nstatus: {replicas: 3}\n";

    fn of(live: &str, files: &[(&str, &str)]) -> Vec<String> {
        told_live(&Drift, live, files)
    }

    #[test]
    fn what_the_server_adds_is_no_drift() {
        assert_eq!(of(LIVE, &[("a.yaml", WEB)]), [""; 0]);
        assert_eq!(of(LIVE, &[]), [""; 0]);
    }

    #[test]
    fn what_somebody_changed_is_told_once() {
        let live = LIVE
            .replace("replicas: 3\n  p", "replicas: 5\n  p")
            .replace("image: web:1", "image: web:2")
            .replace("value: abc", "value: xyz");
        let found = of(&live, &[("a.yaml", WEB)]);
        assert_eq!(
            found,
            [
                "Deployment shop/web /spec/replicas /spec/replicas is 5 and not 3; /spec/template/spec/containers/1/image is web:2 and not web:1; /spec/template/spec/containers/1/env/0/value differs"
            ]
        );
        assert!(!found[0].contains("xyz") && !found[0].contains("abc"), "values of variables are not told");
    }

    #[test]
    fn what_scales_or_kustomizes_has_its_way() {
        let live = LIVE.replace("replicas: 3\n  p", "replicas: 5\n  p");
        let scaler = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h, namespace: shop}\nspec: {scaleTargetRef: {kind: Deployment, name: web}}\n";
        assert_eq!(of(&format!("{live}---\n{scaler}"), &[("a.yaml", WEB)]), [""; 0]);
        let patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 5}\n";
        assert_eq!(
            of(&live, &[("a.yaml", WEB), ("kustomization.yaml", "patches: [{path: p.yaml}]\n"), ("p.yaml", patch)]),
            [""; 0]
        );
        let image = LIVE.replace("image: web:1", "image: web:2");
        assert_eq!(of(&image, &[("a.yaml", WEB), ("kustomization.yaml", "images: [{name: web}]\n")]), [""; 0]);
    }

    #[test]
    fn a_manifest_without_a_namespace_is_meant_where_only_one_can_be() {
        let open = WEB.replace("  namespace: shop\n", "");
        let live = LIVE.replace("replicas: 3\n  p", "replicas: 5\n  p");
        assert_eq!(of(&live, &[("a.yaml", &open)]).len(), 1);
        let second = live.replace("namespace: shop", "namespace: other");
        assert_eq!(of(&format!("{live}---\n{second}"), &[("a.yaml", &open)]), [""; 0]);
    }

    const COMPOSE: &str = "services:\n  web:\n    image: web:1\n    restart: always\n    ports: ['8080:80']\n    environment: {MODE: live, DB_PASSWORD: secret}\n    mem_limit: 64m\n    volumes: ['./conf:/etc/web:ro', 'data:/data']\n";

    fn web() -> serde_json::Value {
        serde_json::json!({
            "Config": {"Image": "docker.io/library/web:1", "Env": ["PATH=/bin", "MODE=live", "DB_PASSWORD=(redacted)"]},
            "HostConfig": {"RestartPolicy": {"Name": "always"}, "Memory": 67_108_864, "PidsLimit": 2_048,
                "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}},
            "Mounts": [{"Type": "bind", "Source": "/repo/conf", "Destination": "/etc/web", "RW": false},
                {"Type": "volume", "Name": "data", "Destination": "/data", "RW": true}],
        })
    }

    fn at_engine(spec: serde_json::Value, files: &[(&str, &str)]) -> Vec<String> {
        use crate::rulebook::{
            policy::Policy,
            run::{Subject, judge},
        };
        let tree = Tree::of(files);
        let container = crate::rulebook::subject::services::of_compose("repo", "web", "", spec);
        let live = Live { docker: vec![container.into()], ..Live::default() };
        let now = "2026-01-01T00:00:00Z".parse().expect("a time");
        let told = judge(&Drift, Subject::Live(&live, Some(&tree)), Scope::Docker, &Policy::default(), now).findings;
        told.iter().map(crate::rulebook::run::line).collect()
    }

    #[test]
    fn a_container_is_as_its_service_says() {
        assert_eq!(at_engine(web(), &[("compose.yaml", COMPOSE)]), [""; 0]);
        assert_eq!(at_engine(web(), &[]), [""; 0]);
        let mut other = web();
        other["Config"]["Image"] = "web:2".into();
        other["Config"]["Env"] = serde_json::json!(["MODE=test"]);
        other["HostConfig"]["Privileged"] = true.into();
        other["HostConfig"]["Memory"] = 0.into();
        other["HostConfig"]["RestartPolicy"]["Name"] = "no".into();
        other["HostConfig"]["PortBindings"] = serde_json::json!({"80/tcp": [{"HostIp": "", "HostPort": "9090"}]});
        let told = at_engine(other, &[("compose.yaml", COMPOSE)]);
        assert_eq!(
            told,
            [
                "container repo-web-1 image is web:2 and not web:1; privileged is on; memory limit is none and not 67108864; restart is no and not always; port 9090:80/tcp is published and not 8080:80/tcp; 1 more"
            ]
        );
        assert!(!told[0].contains("test") && !told[0].contains("secret"));
    }

    #[test]
    fn what_the_file_leaves_open_is_not_compared() {
        let open = "services:\n  web: {build: ., image: mine}\n";
        let mut spec = web();
        spec["Mounts"] = serde_json::json!([]);
        spec["HostConfig"]["PortBindings"] = serde_json::json!({});
        spec["HostConfig"]["Memory"] = 0.into();
        assert_eq!(at_engine(spec.clone(), &[("compose.yaml", open)]), [""; 0]);
        spec["Mounts"] = serde_json::json!([{"Type": "bind", "Source": "/", "Destination": "/host", "RW": true}]);
        assert_eq!(
            at_engine(spec, &[("compose.yaml", open)]),
            ["container repo-web-1 a path of the host is mounted at /host"]
        );
    }

    #[test]
    fn several_manifests_make_it_unknown() {
        let live = LIVE.replace("replicas: 3\n  p", "replicas: 5\n  p");
        let other = WEB.replace("replicas: 3", "replicas: 5");
        assert_eq!(of(&live, &[("a.yaml", WEB), ("b.yaml", &other)]), [""; 0], "it is as one of them");
        assert!(of(&live, &[("a.yaml", WEB), ("b.yaml", WEB)])[0].starts_with("? "));
    }
}
