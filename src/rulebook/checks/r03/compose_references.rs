//! 03d: a compose service that refers to what is not there, and services that wait for each other.

use crate::{
    model::finding::{Level, Scope, Span},
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        resource::Resource,
        subject::compose::{Project, short},
        syntax::node::{Node, step},
        tree::{Kind, Tree},
    },
};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// 03d.
pub struct ComposeReferences;

static META: Meta = Meta {
    id: "03d",
    title: "compose service refers to what is not there",
    level: Level::Error,
    scopes: &[Scope::Repo],
    why: "Compose refuses the whole project when a service, network, volume, secret or config that is named is not defined, or when services wait for each other in a circle.",
    fix: "Define what is named, correct the name, or break the circle.",
    precedent: &["dclint"],
    references: &[
        "https://docs.docker.com/reference/compose-file/services/#depends_on",
        "https://docs.docker.com/reference/compose-file/networks/",
    ],
    parameters: &[],
};

impl Check for ComposeReferences {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        if tree.projects().is_empty() {
            return Judged::No;
        }
        let mut told = HashSet::new();
        for project in tree.projects() {
            for problem in project.problems.iter().filter(|problem| problem.what != "twice") {
                let is_new = told.insert((&problem.file, problem.span, &problem.observed));
                if let Some(file) = tree.file(&problem.file).filter(|_| is_new) {
                    let draft = out.at(file, problem.span).observed(problem.observed.clone());
                    draft.expected(problem.expected.clone()).fail();
                }
            }
            let defined = Defined::of(project);
            for service in project.told() {
                undefined(project, &defined, service, out);
            }
            circles(project, out);
        }
        Judged::Yes
    }

    fn reads(&self) -> Option<&'static [Kind]> {
        Some(&[Kind::Compose])
    }
}

/// Something that a service names.
struct Reference {
    what: What,
    name: String,
    pointer: String,
    /// The place of a key; that of the pointer otherwise.
    span: Option<Span>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum What {
    /// A service that has to be there and to start before.
    Service,
    Network,
    Volume,
    Secret,
    Config,
}

impl What {
    const fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Network => "network",
            Self::Volume => "volume",
            Self::Secret => "secret",
            Self::Config => "config",
        }
    }
}

/// What a project defines, by what it is and its name.
struct Defined<'p>(HashSet<(What, &'p str)>);

impl<'p> Defined<'p> {
    fn of(project: &'p Project) -> Self {
        let services = project.services.iter().map(|service| (What::Service, service.name.as_str()));
        let mut all: HashSet<_> = services.chain([(What::Network, "default")]).collect();
        for what in [What::Network, What::Volume, What::Secret, What::Config] {
            let entries = project.whole.at(&format!("/{}s", what.word())).map(Node::entries).unwrap_or_default();
            all.extend(entries.iter().map(|entry| (what, entry.key.as_str())));
        }
        Self(all)
    }
}

fn undefined(project: &Project, defined: &Defined<'_>, service: &Resource, out: &mut Out<'_>) {
    for reference in references(service) {
        let name = reference.name.as_str();
        if defined.0.contains(&(reference.what, name)) {
            continue;
        }
        let word = reference.what.word();
        let draft = out.on(service, &reference.pointer).span(reference.span);
        let draft = draft.expected(format!("a {word} {name} in the project"));
        if project.is_open {
            draft.key(name).unknown(format!("{word} {name} is not defined in the files that are known"));
        } else {
            draft.observed(format!("{word} {name} is not defined")).fail();
        }
    }
}

/// Whatever a service names of its project.
fn references(service: &Resource) -> Vec<Reference> {
    let mut all = Vec::new();
    let mut add = |what, name: &str, pointer: String, span| {
        if !name.is_empty() && !name.contains('$') {
            all.push(Reference { what, name: name.to_owned(), pointer, span });
        }
    };
    for (what, field) in [(What::Service, "/depends_on"), (What::Network, "/networks")] {
        for (at, name) in texts(service, field) {
            add(what, &name, at, None);
        }
        for entry in service.at(field).map(Node::entries).unwrap_or_default() {
            // What is not required may be missing.
            let is_optional = entry.value.get("required").and_then(Node::as_bool) == Some(false);
            if !is_optional {
                add(what, &entry.key, step(field, &entry.key), entry.key_span);
            }
        }
    }
    for (field, prefix) in [("/links", ""), ("/volumes_from", "container")] {
        for (at, text) in texts(service, field) {
            let name = text.split(':').next().unwrap_or_default();
            if prefix.is_empty() || name != prefix {
                add(What::Service, name, at, None);
            }
        }
    }
    for field in ["/network_mode", "/pid", "/ipc"] {
        let text = service.at(field).and_then(Node::as_str).unwrap_or_default();
        add(What::Service, text.strip_prefix("service:").unwrap_or_default(), field.to_owned(), None);
    }
    for (at, node) in items(service, "/volumes") {
        if let Some(source) = volume(node) {
            add(What::Volume, &source, at, None);
        }
    }
    for (what, field) in [(What::Secret, "/secrets"), (What::Config, "/configs")] {
        for (at, node) in items(service, field) {
            let source = node.as_str().or_else(|| node.get("source")?.as_str()).unwrap_or_default();
            let at = if node.as_str().is_some() { at } else { at + "/source" };
            add(what, source, at, None);
        }
    }
    all
}

/// The name of a volume that is mounted; nothing for a path and for a volume without a name.
fn volume(node: &Node) -> Option<String> {
    match node.as_str() {
        Some(text) => short::volume(text).source.filter(|source| short::is_path(source) == Some(false)),
        None if node.get("type")?.as_str()? == "volume" => node.get("source")?.as_str().map(str::to_owned),
        None => None,
    }
}

fn items<'r>(service: &'r Resource, field: &str) -> impl Iterator<Item = (String, &'r Node)> + use<'r> {
    let items = service.at(field).map(Node::items).unwrap_or_default();
    let field = field.to_owned();
    items.iter().enumerate().map(move |(at, node)| (format!("{field}/{at}"), node))
}

fn texts(service: &Resource, field: &str) -> Vec<(String, String)> {
    items(service, field).filter_map(|(at, node)| Some((at, node.as_str()?.to_owned()))).collect()
}

/// Services that wait for each other: each circle is told once, where its first step is written.
fn circles(project: &Project, out: &mut Out<'_>) {
    let mut waits: BTreeMap<&str, BTreeMap<String, Reference>> = BTreeMap::new();
    for service in &project.services {
        let named = references(service).into_iter().filter(|one| one.what == What::Service);
        let named = named.filter(|one| project.service(&one.name).is_some());
        waits.insert(&service.name, named.map(|one| (one.name.clone(), one)).collect());
    }
    let mut left: BTreeSet<&str> = peeled(waits.keys().copied().collect(), &waits);
    while let Some(first) = left.first().copied() {
        // Every service that is left waits for one that is left, so this comes back to where it was.
        let mut path = vec![first];
        let mut places: BTreeMap<&str, usize> = [(first, 0)].into();
        let circle = loop {
            let last = path[path.len() - 1];
            let next = waits[last].keys().find_map(|name| left.get(name.as_str()).copied());
            let Some(next) = next else { break &path[..0] };
            if let Some(from) = places.get(next) {
                break &path[*from..];
            }
            places.insert(next, path.len());
            path.push(next);
        };
        tell(project, circle, &waits, out);
        let circle: BTreeSet<&str> = if circle.is_empty() { [first].into() } else { circle.iter().copied().collect() };
        left.retain(|name| !circle.contains(name));
        left = peeled(left, &waits);
    }
}

/// The services that are left when those are taken away, again and again, that wait for none of the others.
fn peeled<'p>(all: BTreeSet<&'p str>, waits: &BTreeMap<&'p str, BTreeMap<String, Reference>>) -> BTreeSet<&'p str> {
    let mut waiting: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for name in &all {
        let needs = waits[name].keys().filter_map(|need| all.get(need.as_str()).copied());
        let needs: Vec<&str> = needs.collect();
        count.insert(name, needs.len());
        for need in needs {
            waiting.entry(need).or_default().push(name);
        }
    }
    let mut free: Vec<&str> = count.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect();
    let mut left = all;
    while let Some(name) = free.pop() {
        left.remove(name);
        for other in waiting.get(name).into_iter().flatten() {
            let count = count.entry(other).or_default();
            *count = count.saturating_sub(1);
            if *count == 0 {
                free.push(other);
            }
        }
    }
    left
}

fn tell(project: &Project, circle: &[&str], waits: &BTreeMap<&str, BTreeMap<String, Reference>>, out: &mut Out<'_>) {
    // Begins at its first name, so that it stays the same circle.
    let Some(start) = (0..circle.len()).min_by_key(|at| circle[*at]) else { return };
    let names: Vec<&str> = (0..=circle.len()).map(|at| circle[(start + at) % circle.len()]).collect();
    for step in names.windows(2) {
        let (Some(service), Some(reference)) = (project.service(step[0]), waits[step[0]].get(step[1])) else {
            continue;
        };
        if service.is_told(&reference.pointer) {
            let draft = out.on(service, &reference.pointer).span(reference.span).observed(names.join(" → "));
            draft.expected("services that do not wait for each other").fail();
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    fn compose(text: &str) -> Vec<String> {
        told(&ComposeReferences, &[("compose.yaml", text)])
    }

    #[test]
    fn what_is_not_there() {
        let text = "services:\n  web:\n    image: a\n    depends_on: [db, nobody]\n    networks:\n      front:\n      back: {}\n      default:\n    volumes: ['data:/a', './x:/b', /c, 'gone:/d', '${V}:/e']\n    secrets:\n      - key\n      - source: none\n    configs: [conf]\n    links: ['db:x', 'no:y']\n    network_mode: service:nope\n    volumes_from: ['container:x', 'vv:ro']\n  db: {image: b}\nnetworks: {front: }\nvolumes: {data: }\nsecrets: {key: {file: x}}\nconfigs: {conf: {file: x}}\n";
        assert_eq!(
            compose(text),
            [
                "compose.yaml:4:22 service nobody is not defined",
                "compose.yaml:7:7 network back is not defined",
                "compose.yaml:14:21 service no is not defined",
                "compose.yaml:16:35 service vv is not defined",
                "compose.yaml:15:19 service nope is not defined",
                "compose.yaml:9:40 volume gone is not defined",
                "compose.yaml:12:17 secret none is not defined",
            ]
        );
        assert!(
            compose("services:\n  a: {image: a, depends_on: {b: {condition: service_started, required: false}}}\n")
                .is_empty()
        );
    }

    #[test]
    fn files_are_seen_together() {
        let base = "services:\n  web: {image: a, networks: [n], depends_on: [gone]}\nnetworks: {n: }\n";
        let layer = "services:\n  web: {depends_on: [x]}\n  x: {image: b, networks: [n, m]}\n";
        assert_eq!(
            told(&ComposeReferences, &[("docker-compose.yml", base), ("docker-compose.prod.yml", layer)]),
            [
                "docker-compose.yml:2:47 service gone is not defined",
                "docker-compose.prod.yml:3:31 network m is not defined"
            ]
        );
        let over = "services:\n  gone: {image: x}\n";
        assert!(
            told(&ComposeReferences, &[("docker-compose.yml", base), ("docker-compose.override.yml", over)]).is_empty()
        );
        let included = [
            ("compose.yml", "include: [db/c.yml]\nservices: {w: {image: a, depends_on: [db], networks: [n]}}\n"),
            ("db/c.yml", "services: {db: {image: b}}\nnetworks: {n: }\n"),
        ];
        assert!(told(&ComposeReferences, &included).is_empty());
        assert_eq!(
            compose("include: [../o.yml]\nservices:\n  w: {image: a, depends_on: [db]}\n"),
            ["? compose.yaml:3:30 service db is not defined in the files that are known"]
        );
    }

    #[test]
    fn circles_are_told_once() {
        let text = "services:\n  c: {image: i, depends_on: [a]}\n  a: {image: i, depends_on: {b: {condition: service_started}}}\n  b: {image: i, depends_on: [c]}\n  d: {image: i, depends_on: [a]}\n  e: {image: i, depends_on: [e]}\n";
        assert_eq!(compose(text), ["compose.yaml:3:30 a → b → c → a", "compose.yaml:6:30 e → e"]);
        assert!(
            compose(
                "services:\n  a: {image: i, depends_on: [b, c]}\n  b: {image: i, depends_on: [c]}\n  c: {image: i}\n"
            )
            .is_empty()
        );
        let base = "services:\n  a: {image: i, depends_on: [b]}\n  b: {image: i}\n";
        let over = "services:\n  b: {depends_on: [a]}\n";
        assert_eq!(
            told(&ComposeReferences, &[("compose.yml", base), ("compose.x.yml", over)]),
            ["compose.x.yml:2:20 a → b → a"]
        );
    }

    #[test]
    fn what_is_extended_has_to_be_there() {
        assert_eq!(compose("services:\n  a: {extends: {service: b}, image: i}\n"), ["compose.yaml:2:26 extends b"]);
        assert_eq!(compose("services:\n  a: {extends: b}\n  b: {extends: a}\n").len(), 2);
    }
}
