//! 04b: a container's name or a service twice across compose projects.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        resource::Resource,
        subject::compose::{Project, folder_at},
        syntax::node::Node,
        tree::{File, Kind, Tree, base_name},
    },
};
use compact_str::CompactString;
use std::collections::{BTreeMap, HashMap};

/// 04b. Files of one folder are layers or variants of one project, and are not held against each other.
pub struct ServiceTwice;

static META: Meta = Meta {
    id: "04b",
    title: "service or container name twice",
    level: Level::Error,
    scopes: &[Scope::Repo],
    why: "The engine refuses a second container of the same name. The same service in two projects is kept up twice, and one of them is forgotten.",
    fix: "Keep one, and let the other project reach it (`include`, `extends`, an external network); or give it a name of its own.",
    precedent: &["dclint no-duplicate-container-names"],
    references: &[
        "https://docs.docker.com/reference/compose-file/services/#container_name",
        "https://docs.docker.com/reference/compose-file/include/",
    ],
    parameters: &[],
};

impl Check for ServiceTwice {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let mut judged = Judged::No;
        for file in tree.of_kind(Kind::Compose) {
            judged = Judged::Yes;
            keys(file, out);
        }
        let mut seen = Seen::default();
        // Layers last: what they lie over has the first word.
        let (layers, mains): (Vec<_>, Vec<_>) = tree.projects().iter().partition(|project| project.is_layer);
        for project in mains.into_iter().chain(layers) {
            for problem in project.problems.iter().filter(|problem| problem.what == "twice") {
                if let Some(file) = tree.file(&problem.file) {
                    let draft = out.at(file, problem.span).observed(problem.observed.clone());
                    draft.expected(problem.expected.clone()).fail();
                }
            }
            for service in project.told() {
                seen.container_name(project, service, out);
                seen.service(project, service, out);
            }
        }
        judged
    }
}

/// A service that stands twice in one file.
fn keys(file: &File, out: &mut Out<'_>) {
    for document in file.documents() {
        let mut seen = HashMap::new();
        for entry in document.get("services").map(Node::entries).unwrap_or_default() {
            if let Some(line) = seen.insert(&entry.key, entry.key_span.map_or(0, |span| span.line)) {
                let observed = format!("service {} is also in line {line}", entry.key);
                let draft = out.at(file, entry.key_span).observed(observed).key(format!("twice {}", entry.key));
                draft.expected("each service once").fail();
            }
        }
    }
}

/// What was met so far.
#[derive(Default)]
struct Seen<'t> {
    names: BTreeMap<String, Vec<(&'t Project, &'t Resource)>>,
    services: BTreeMap<&'t CompactString, Vec<(&'t Project, &'t Resource)>>,
}

impl<'t> Seen<'t> {
    fn container_name(&mut self, project: &'t Project, service: &'t Resource, out: &mut Out<'_>) {
        const POINTER: &str = "/container_name";
        let Some(name) = service.at(POINTER).filter(|node| !node.is_opaque()).and_then(Node::scalar) else { return };
        let known = self.names.entry(name.clone()).or_default();
        let clashes = |(other, before): &&(&Project, &Resource)| {
            let is_one = *other == project
                || (is_variant(other, project) && project.is_layer && other.files[0] == project.files[0]);
            if is_one { before.name != service.name } else { !is_variant(other, project) }
        };
        if let Some((_, before)) = known.iter().find(clashes) {
            let observed = format!("container name {name} is also that of service {}, {}", before.name, before.origin);
            out.on(service, POINTER).observed(observed).expected("a name that no other container has").fail();
        }
        known.push((project, service));
    }

    fn service(&mut self, project: &'t Project, service: &'t Resource, out: &mut Out<'_>) {
        let known = self.services.entry(&service.name).or_default();
        // To extend the other is not to have it twice.
        let merged = service.merged.as_ref().map(|merged| merged.elsewhere.as_slice()).unwrap_or_default();
        let is_extended = |other: &Resource| other.file.as_ref().is_some_and(|file| merged.contains(file));
        let others: Vec<_> =
            known.iter().filter(|(of, other)| !is_variant(of, project) && !is_extended(other)).collect();
        let same = others.iter().find(|(_, other)| runs(other).is_some() && runs(other) == runs(service));
        if let Some((_, other)) = same.or(others.first()) {
            // Of another image it may well be another thing.
            let level = if same.is_some() { Level::Error } else { Level::Warn };
            let draft = out
                .on(service, "")
                .level(level)
                .observed(format!("service {} is also in {}", service.name, other.origin));
            draft.expected("each service once").fail();
        }
        known.push((project, service));
    }
}

/// Whether two projects are layers or variants of one: they are of one folder, and not both what compose takes there by itself.
fn is_variant(one: &Project, other: &Project) -> bool {
    let is_base = |project: &Project| {
        let name = project.files.first().map_or("", |file| base_name(file));
        !project.is_layer
            && matches!(name, "compose.yaml" | "compose.yml" | "docker-compose.yml" | "docker-compose.yaml")
    };
    one.folder == other.folder && (std::ptr::eq(one, other) || !(is_base(one) && is_base(other)))
}

/// What a service runs: its image without the tag, or the folder that it is built from.
fn runs(service: &Resource) -> Option<String> {
    if let Some(build) = service.at("/build") {
        let context = build.as_str().or_else(|| build.get("context")?.as_str())?;
        return Some(format!("{}/{context}", folder_at(service, "/build")));
    }
    let image = service.at("/image").and_then(Node::scalar)?;
    let image = image.split('@').next().unwrap_or_default();
    let (path, name) = image.rsplit_once('/').unwrap_or(("", image));
    Some(format!("{path}/{}", name.split(':').next().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    const WEB: &str = "services:\n  web:\n    image: a:1\n    container_name: w\n";

    #[test]
    fn across_projects() {
        let files = [
            ("a/compose.yml", WEB),
            ("b/docker-compose.yml", "services:\n  web: {image: 'a:2'}\n  x:\n    image: x\n    container_name: w\n"),
        ];
        assert_eq!(
            told(&ServiceTwice, &files),
            [
                "b/docker-compose.yml:2:3 service web is also in a/compose.yml",
                "b/docker-compose.yml:5:21 container name w is also that of service web, a/compose.yml"
            ]
        );
        let both =
            [("compose.yaml", "services: {db: {image: a}}\n"), ("docker-compose.yml", "services:\n  db: {image: a}\n")];
        assert_eq!(told(&ServiceTwice, &both), ["docker-compose.yml:2:3 service db is also in compose.yaml"]);
    }

    #[test]
    fn within_a_project() {
        let text = "services:\n  a: {image: i, container_name: x}\n  b: {image: i, container_name: x}\n";
        assert_eq!(
            told(&ServiceTwice, &[("compose.yml", text)]),
            ["compose.yml:3:33 container name x is also that of service a, compose.yml"]
        );
        let twice = "services:\n  a: {image: i}\n  b: {image: i}\n  a: {image: j}\n";
        assert_eq!(told(&ServiceTwice, &[("compose.yml", twice)]).len(), 1);
        let included = [
            ("compose.yml", "include: [x/c.yml]\nservices:\n  db: {image: a}\n"),
            ("x/c.yml", "services: {db: {image: a}}\n"),
        ];
        assert_eq!(told(&ServiceTwice, &included), ["compose.yml:3:3 service db is also in x/c.yml"]);
    }

    #[test]
    fn near_misses() {
        let prod = "services:\n  web: {container_name: w, user: '1'}\n";
        for other in ["docker-compose.override.yml", "docker-compose.prod.yml"] {
            assert!(told(&ServiceTwice, &[("docker-compose.yml", WEB), (other, prod)]).is_empty());
        }
        assert!(told(&ServiceTwice, &[("docker-compose.dev.yml", WEB), ("docker-compose.prod.yml", WEB)]).is_empty());
        assert!(told(&ServiceTwice, &[("local.yml", WEB), ("production.yml", WEB)]).is_empty());
        let extends = [
            ("common.yml", WEB),
            ("a/compose.yml", "services: {web: {extends: {file: ../common.yml, service: web}}}\n"),
        ];
        assert!(told(&ServiceTwice, &extends).is_empty());
        let extends = [
            ("a/compose.yml", WEB),
            ("b/compose.yml", "services: {web: {extends: {file: ../a/compose.yml, service: web}}}\n"),
        ];
        assert_eq!(told(&ServiceTwice, &extends), Vec::<String>::new());
        let unknown = "services: {a: {image: i, container_name: 'x${N}'}, b: {image: i, container_name: 'x${N}'}}\n";
        assert!(told(&ServiceTwice, &[("compose.yml", unknown)]).is_empty());
    }
}
