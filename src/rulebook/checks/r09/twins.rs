//! 09b: two live services that do the same.

use crate::model::finding::{Level, Scope};
use crate::rulebook::{
    check::{Check, Judged, Meta},
    out::Out,
    resource::Resource,
    subject::{
        kubernetes::is,
        live::Live,
        objects::{Objects, is_owned, is_system_namespace},
    },
    syntax::node::Node,
    tree::Tree,
};
use std::collections::BTreeMap;

/// Two live services of one role.
///
/// Of a cluster: Services of a namespace with the same selector, the same type and a port in common; a headless one beside one with an
/// address is a pair by design. Of an engine: running containers of one image and one compose service, in projects whose names are variants
/// of one (`shop`, `shop-old`); the same database image in two unrelated projects is not one role, and neither are `shop` and `shop-test`.
pub struct Twins;

static META: Meta = Meta {
    id: "09b",
    title: "two live services of one role",
    level: Level::Warn,
    scopes: &[Scope::Docker, Scope::Kube],
    why: "Clients are spread over both, changes are made to one, and nobody knows which is the right one.",
    fix: "Decide which of the two stays, move the clients, and retire the other.",
    precedent: &[],
    references: &["https://kubernetes.io/docs/concepts/services-networking/service/"],
    parameters: &[],
};

impl Check for Twins {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn live(&self, live: &Live<'_>, _tree: Option<&Tree>, out: &mut Out<'_>) -> Judged {
        let mut judged = Judged::No;
        // Each scope tells of its own, where it is asked by itself.
        if out.scope != Scope::Docker {
            for objects in Objects::of_live(live).values() {
                services(objects, out, &mut judged);
            }
        }
        if out.scope != Scope::Kube {
            containers(live, out, &mut judged);
        }
        judged
    }
}

fn services(objects: &Objects<'_>, out: &mut Out<'_>, judged: &mut Judged) {
    let mut roles: BTreeMap<(&str, String), Vec<&Resource>> = BTreeMap::new();
    let all = objects.all.iter().filter(|one| is(one, "", "Service") && !is_owned(one));
    for service in all.filter(|one| !is_system_namespace(&one.namespace)) {
        let pairs = service.at("/spec/selector").map(Node::entries).unwrap_or_default();
        let is_headless = service.at("/spec/clusterIP").and_then(Node::as_str) == Some("None");
        if pairs.is_empty() || is_headless {
            continue;
        }
        *judged = Judged::Yes;
        let mut selector: Vec<String> =
            pairs.iter().map(|pair| format!("{}={}", pair.key, pair.value.scalar().unwrap_or_default())).collect();
        selector.sort_unstable();
        let kind = service.at("/spec/type").and_then(Node::as_str).unwrap_or("ClusterIP");
        roles.entry((&service.namespace, format!("{} {kind}", selector.join(", ")))).or_default().push(service);
    }
    for ((_, role), mut twins) in roles {
        twins.sort_by_key(|service| (created(service), service.name.clone()));
        for (nth, service) in twins.iter().enumerate() {
            let Some(first) = twins[..nth].iter().find(|first| shares_a_port(first, service)) else { continue };
            out.on(service, "/spec/selector")
                .key(first.name.as_str())
                .observed(format!("selects the pods of Service {} on the same port: {role}", first.name))
                .expected("one Service of a role")
                .fail();
        }
    }
}

fn created(resource: &Resource) -> String {
    resource.at("/metadata/creationTimestamp").and_then(Node::scalar).unwrap_or_default()
}

fn shares_a_port(a: &Resource, b: &Resource) -> bool {
    let ports = |service: &Resource| -> Vec<String> {
        let ports = service.at("/spec/ports").map(Node::items).unwrap_or_default();
        ports.iter().filter_map(|port| port.get("port")?.scalar()).collect()
    };
    let own = ports(b);
    ports(a).iter().any(|port| own.contains(port))
}

/// Words by which the projects of two environments differ.
const ENVIRONMENTS: &[&str] =
    &["dev", "test", "testing", "stage", "staging", "qa", "uat", "demo", "preview", "ci", "prod", "production", "live"];

/// Engine, compose service and image.
type Role<'a> = (&'a str, &'a str, &'a str);

fn containers(live: &Live<'_>, out: &mut Out<'_>, judged: &mut Judged) {
    let mut roles: BTreeMap<Role<'_>, Vec<(&str, &Resource)>> = BTreeMap::new();
    for container in live.docker.iter().filter(|one| one.kind == "container") {
        let text = |pointer: &str| container.at(pointer).and_then(Node::as_str);
        let labels = container.at("/Config/Labels");
        let label = |name: &str| labels.and_then(|labels| labels.get(name)).and_then(Node::as_str);
        let (Some(project), Some(service), Some(image)) =
            (label("com.docker.compose.project"), label("com.docker.compose.service"), text("/Config/Image"))
        else {
            continue;
        };
        if text("/State/Status") == Some("running") {
            *judged = Judged::Yes;
            roles.entry((&container.origin, service, image)).or_default().push((project, container));
        }
    }
    for ((_, service, image), mut twins) in roles {
        twins.sort_by_key(|(project, container)| (project.len(), *project, container.name.clone()));
        for (nth, (project, container)) in twins.iter().enumerate() {
            let Some((first, _)) = twins[..nth].iter().find(|(first, _)| is_variant(first, project)) else { continue };
            out.on(container, "/Config/Labels/com.docker.compose.project")
                .key(format!("{service} {first}"))
                .observed(format!("{service} of {image} also runs in the project {first}"))
                .expected("one project with this service")
                .fail();
        }
    }
}

/// Whether a project's name is another's with something behind it that names no environment.
fn is_variant(first: &str, longer: &str) -> bool {
    let Some(rest) = longer.strip_prefix(first).filter(|rest| !rest.is_empty()) else { return false };
    let words = rest.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let is_apart = rest.starts_with(|c: char| !c.is_ascii_alphabetic());
    is_apart && !words.into_iter().any(|word| ENVIRONMENTS.contains(&word.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{
        policy::Policy,
        run::{Subject, judge, line},
        subject::objects::{live_object, told_live},
    };
    use serde_json::json;

    fn service(name: &str, spec: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{selector: {{app: web}}, ports: [{{port: 80}}]{spec}}}\n"
        )
    }

    fn pair(spec: &str) -> Vec<String> {
        told_live(&Twins, &format!("{}---\n{}", service("web", ""), service("web2", spec)), &[])
    }

    #[test]
    fn services_that_select_the_same() {
        assert_eq!(
            pair(""),
            ["Service shop/web2 /spec/selector selects the pods of Service web on the same port: app=web ClusterIP"]
        );
        assert_eq!(pair(", clusterIP: None"), [""; 0], "the headless one of a StatefulSet");
        assert_eq!(pair(", type: LoadBalancer"), [""; 0], "inside and outside");
        let other = service("metrics", "").replace("port: 80", "port: 9090");
        assert_eq!(told_live(&Twins, &format!("{}---\n{other}", service("web", "")), &[]), [""; 0]);
    }

    #[test]
    fn containers_in_variants_of_a_project() {
        let container = |project: &str, status: &str| {
            live_object(json!({"kind": "container", "metadata": {"name": format!("{project}-web-1")},
                "State": {"Status": status}, "Config": {"Image": "web:1", "Labels": {
                "com.docker.compose.project": project, "com.docker.compose.service": "web"}}}))
        };
        let told = |second: &str, status: &str| -> Vec<String> {
            let live =
                Live { docker: vec![container(second, status), container("shop", "running")], ..Live::default() };
            let now = "2026-01-01T00:00:00Z".parse().expect("a time");
            let verdict = judge(&Twins, Subject::Live(&live, None), Scope::Docker, &Policy::default(), now);
            verdict.findings.iter().map(line).collect()
        };
        assert_eq!(
            told("shop-old", "running"),
            ["container shop-old-web-1 web of web:1 also runs in the project shop"]
        );
        assert_eq!(told("shop2", "running").len(), 1);
        for other in ["shop-staging", "blog", "shopping"] {
            assert_eq!(told(other, "running"), [""; 0], "{other}");
        }
        assert_eq!(told("shop-old", "exited"), [""; 0]);
    }
}
