//! 04b: a container's name or a service twice across compose projects.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        fixture::NOT_BELOW,
        out::Out,
        resource::Resource,
        subject::{
            compose::{Project, folder_at},
            places::resolved,
        },
        syntax::node::Node,
        tree::{File, Kind, Tree, base_name},
    },
};
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet, HashMap};

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
    parameters: &[NOT_BELOW],
};

impl Check for ServiceTwice {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let mut judged = Judged::No;
        for file in tree.of_kind(Kind::Compose) {
            if out.leaves_out(&file.path) {
                continue;
            }
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
            // In the order of the file: the later one is told.
            let mut services: Vec<_> = project.told().collect();
            services.sort_by_key(|service| service.spec.span_of("").map(|span| span.line));
            for service in services {
                if out.leaves_out(&service.origin) {
                    continue;
                }
                seen.container_name(project, service, out);
                seen.service(project, service, out);
            }
        }
        judged
    }

    fn reads(&self) -> Option<&'static [Kind]> {
        Some(&[Kind::Compose])
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
    services: BTreeMap<&'t CompactString, Same<'t>>,
}

/// Services of one name.
#[derive(Default)]
struct Same<'t> {
    all: Vec<(&'t Project, &'t Resource)>,
    /// Their places by what links them with others.
    by_link: HashMap<Link, Vec<usize>>,
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
        let is_other = |(of, other): &&(&Project, &Resource)| !is_variant(of, project) && !is_extended(other);
        let links = links(project, service);
        // Each project has services of its own, and a `db` in two is two databases. It is the same thing where both run what one folder
        // builds, where one takes in the other, or where both are one project by name: by these links it is looked for.
        let linked: BTreeSet<usize> =
            links.iter().filter_map(|link| known.by_link.get(link)).flatten().copied().collect();
        if let Some((_, other)) = linked.into_iter().map(|at| &known.all[at]).find(is_other) {
            let draft = out.on(service, "").observed(format!("service {} is also in {}", service.name, other.origin));
            draft.expected("each service once").fail();
        }
        for link in links {
            known.by_link.entry(link).or_default().push(known.all.len());
        }
        known.all.push((project, service));
    }
}

/// What makes two services of one name the same thing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Link {
    /// Built from one folder.
    Built(String),
    Folder(CompactString),
    File(CompactString),
    /// A name that the project gives itself: the engine takes two of them for one.
    Name(CompactString),
}

fn links(project: &Project, service: &Resource) -> Vec<Link> {
    let is_named = project.name != base_name(&project.folder) && !project.name.is_empty();
    let built = service.at("/build").and_then(|_| runs(service)).map(Link::Built);
    let named = is_named.then(|| Link::Name(project.name.clone()));
    let files = project.files.iter().map(|file| Link::File(file.clone()));
    built.into_iter().chain(named).chain([Link::Folder(project.folder.clone())]).chain(files).collect()
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
        let folder = folder_at(service, "/build");
        return resolved(folder, context).or_else(|| Some(format!("{folder}/{context}")));
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
            ["b/docker-compose.yml:5:21 container name w is also that of service web, a/compose.yml"]
        );
        let both =
            [("compose.yaml", "services: {db: {image: a}}\n"), ("docker-compose.yml", "services:\n  db: {image: a}\n")];
        assert_eq!(told(&ServiceTwice, &both), ["docker-compose.yml:2:3 service db is also in compose.yaml"]);
    }

    #[test]
    fn services_of_projects_are_their_own() {
        let of = |one: &str, other: &str| told(&ServiceTwice, &[("a/compose.yml", one), ("b/compose.yml", other)]);
        let web = "services: {web: {image: 'a:1'}}\n";
        assert_eq!(of(web, web), [""; 0]);
        let named = "name: shop\nservices: {web: {image: 'a:1'}}\n";
        assert_eq!(of(named, web), [""; 0]);
        assert_eq!(of(named, named), ["b/compose.yml:2:12 service web is also in a/compose.yml"]);
        let built = "services: {web: {build: ../web}}\n";
        assert_eq!(of(built, built), ["b/compose.yml:1:12 service web is also in a/compose.yml"]);
        let twice = "services: {web: {image: a, container_name: w}}\n";
        assert!(told(&ServiceTwice, &[("tests/a/compose.yml", twice), ("tests/b/compose.yml", twice)]).is_empty());
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
