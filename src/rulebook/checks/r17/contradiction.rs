//! A page, a compose file or an object of a cluster that states another port, version or value than the authority.

use crate::{
    model::finding::{Level, Scope, Span},
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        subject::{
            facts::{Aspect, agrees, facts},
            places::is_within,
            runbooks::decisions,
        },
        syntax::{
            markdown::Page,
            node::{Node, step},
        },
        tree::{File, Kind, Parsed, Tree},
    },
};
use regex::Regex;
use std::{
    collections::{BTreeMap, HashSet},
    sync::LazyLock,
};

/// 17b: contradicts the authority.
pub struct Contradiction;

static META: Meta = Meta {
    id: "17b",
    title: "contradicts the authority",
    level: Level::Error,
    scopes: &[Scope::Repo],
    why: "Of two documents that differ one is wrong, and whoever reads the wrong one acts on it. The authority's is the right one.",
    fix: "Correct this place; or, if the authority is out of date, change that first, with an entry in the CHANGELOG.",
    precedent: &[],
    references: &[],
    parameters: &[],
};

/// What the authority states: by aspect and name its values, and where.
type Stated<'t> = BTreeMap<(Aspect, String), (Vec<String>, &'t File)>;

/// What a place states of a name: all its values together, and where.
struct Claim {
    aspect: Aspect,
    name: String,
    values: Vec<String>,
    span: Option<Span>,
}

impl Check for Contradiction {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let policy = out.policy;
        let Some(authority) = &policy.authority else { return Judged::No };
        let mut stated: Stated<'_> = BTreeMap::new();
        for file in authority.documents(tree) {
            let Parsed::Markdown(page) = &file.parsed else { continue };
            for fact in facts(page) {
                stated.entry((fact.aspect, fact.name)).or_insert_with(|| (Vec::new(), file)).0.push(fact.value);
            }
        }
        if stated.is_empty() {
            return Judged::No;
        }
        let records: HashSet<&str> = decisions(tree, policy).into_iter().map(|(file, _)| file.path.as_str()).collect();
        for file in tree.files.values() {
            // History tells what was true then.
            let is_history = file.kind == Kind::Changelog
                || records.contains(file.path.as_str())
                || is_within(&file.path, &policy.layout.archive);
            if !is_history && !file.is_aside() && !is_within(&file.path, &authority.folder) {
                judge(file, &stated, out);
            }
        }
        Judged::Yes
    }
}

fn judge(file: &File, stated: &Stated<'_>, out: &mut Out<'_>) {
    let claims = match &file.parsed {
        Parsed::Markdown(page) => of_page(file, page),
        Parsed::Yaml(documents) if file.kind == Kind::Compose => documents.iter().flat_map(of_compose).collect(),
        Parsed::Yaml(documents) if file.kind == Kind::Kubernetes => documents.iter().flat_map(of_object).collect(),
        _ => return,
    };
    for claim in claims {
        let key = (claim.aspect, claim.name);
        let Some((right, source)) = stated.get(&key) else { continue };
        let is_right = |value: &String| right.iter().any(|right| agrees(claim.aspect, right, value));
        if claim.values.is_empty() || claim.values.iter().any(is_right) {
            continue;
        }
        let (aspect, name) = (claim.aspect.word(), key.1);
        let seen = format!("{aspect} {} of `{name}`", claim.values.join(", "));
        let expected = format!("{aspect} {}, as {} says", right.join(", "), source.path);
        out.at(file, claim.span).observed(seen).expected(expected).fail();
    }
}

/// What a page states: in tables, lists and front matter, and in sentences such as `web listens on port 8080`.
fn of_page(file: &File, page: &Page) -> Vec<Claim> {
    let mut claims: Vec<Claim> = Vec::new();
    for fact in facts(page) {
        // Several values in one place are one statement.
        match claims.last_mut() {
            Some(last) if last.span == fact.span && last.name == fact.name && last.aspect == fact.aspect => {
                last.values.push(fact.value)
            }
            _ => claims.push(Claim { aspect: fact.aspect, name: fact.name, values: vec![fact.value], span: fact.span }),
        }
    }
    claims.extend(sentences(file.text(), page));
    claims
}

fn sentences(text: &str, page: &Page) -> Vec<Claim> {
    static PORT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)(?:^|[^\w.-])[`*]*([\w][\w.-]*\w)[`*]*(?:\s+(?:service|server|container))?(?:\s+(?:is|listens|runs|serves|available|reachable|exposed|published))*\s+(?:on|at|uses)(?:\s+the)?\s+port\s+[`*]*(\d{1,5})\b",
        )
        .expect("is an expression")
    });
    static VERSION: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)(?:^|[^\w.-])[`*]*([\w][\w.-]*\w)[`*]*\s+(?:is\s+(?:at\s+)?|runs\s+|in\s+|uses\s+)?version\s+[`*]*v?(\d+(?:\.\d+)+)\b")
            .expect("is an expression")
    });
    let mut lines: Vec<u32> = page.blocks.iter().flat_map(|block| block.span.line..=block.span.end_line).collect();
    lines.dedup();
    let is_code = |line: u32| page.code.iter().any(|code| (code.span.line..=code.span.end_line).contains(&line));
    let texts: Vec<&str> = text.lines().collect();
    let mut claims = Vec::new();
    for number in lines.into_iter().filter(|number| !is_code(*number)) {
        let Some(line) = usize::try_from(number).ok().and_then(|number| texts.get(number - 1)) else { continue };
        if !line.contains("port") && !line.contains("ersion") {
            continue;
        }
        for (aspect, sentence) in [(Aspect::Port, &PORT), (Aspect::Version, &VERSION)] {
            for found in sentence.captures_iter(line) {
                let (Some(name), Some(value)) = (found.get(1), found.get(2)) else { continue };
                let column = u32::try_from(line[..value.start()].chars().count()).unwrap_or(u32::MAX - 1) + 1;
                claims.push(Claim {
                    aspect,
                    name: name.as_str().to_lowercase(),
                    values: vec![value.as_str().to_owned()],
                    span: Some(Span::on_line(number, column, u32::try_from(value.len()).unwrap_or(1))),
                });
            }
        }
    }
    claims
}

/// What a compose file states of its services: their ports, on either side, and the versions of their images.
fn of_compose(document: &Node) -> Vec<Claim> {
    let mut claims = Vec::new();
    for entry in document.get("services").map(Node::entries).unwrap_or_default() {
        let at = step("/services", &entry.key);
        let ports = entry.value.get("ports").map(Node::items).unwrap_or_default();
        let numbers: Option<Vec<Vec<String>>> = ports.iter().map(compose_port).collect();
        if let Some(numbers) = numbers.filter(|numbers| !numbers.is_empty()) {
            let pointer = if ports.len() == 1 { format!("{at}/ports/0") } else { format!("{at}/ports") };
            let (name, values) = (entry.key.to_lowercase(), numbers.concat());
            claims.push(Claim { aspect: Aspect::Port, name: name.into(), values, span: document.span_of(&pointer) });
        }
        claims.extend(entry.value.get("image").into_iter().flat_map(|image| of_image(image, Some(&entry.key))));
    }
    claims
}

/// The numbers in a port of compose; nothing where one of them is not a plain number.
fn compose_port(port: &Node) -> Option<Vec<String>> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !port.entries().is_empty() {
        let numbers: Vec<String> = ["published", "target"].iter().filter_map(|key| port.get(key)?.scalar()).collect();
        return numbers.iter().all(|number| is_number(number)).then_some(numbers);
    }
    let text = port.scalar()?;
    let text = text.split('/').next()?;
    let numbers: Vec<String> = text.rsplit(':').take(2).map(str::to_owned).collect();
    numbers.iter().all(|number| is_number(number)).then_some(numbers)
}

/// What an object of a cluster states: the ports of a Service, the versions of images.
fn of_object(object: &Node) -> Vec<Claim> {
    let text = |pointer| object.at(pointer).and_then(Node::as_str);
    let mut claims = Vec::new();
    let ports = object.at("/spec/ports").map(Node::items).unwrap_or_default();
    if let (Some("Service"), Some(name), false) = (text("/kind"), text("/metadata/name"), ports.is_empty()) {
        let keys = ["port", "targetPort", "nodePort"];
        let values = ports
            .iter()
            .flat_map(|port| keys.iter().filter_map(|key| port.get(key)?.as_int()))
            .map(|number| number.to_string());
        let span = object.span_of(if ports.len() == 1 { "/spec/ports/0/port" } else { "/spec/ports" });
        claims.push(Claim { aspect: Aspect::Port, name: name.to_lowercase(), values: values.collect(), span });
    }
    object.walk(&mut |pointer, node| {
        if pointer.ends_with("/image") && pointer.contains("ontainers/") {
            claims.extend(of_image(node, None));
        }
    });
    claims
}

/// The version of an image by its tag, where that is one: of what the image is called, and of the service that it is for.
fn of_image(image: &Node, service: Option<&str>) -> Vec<Claim> {
    static TAG: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:[^@]*/)?([^/:@]+):v?(\d+(?:\.\d+)*)(?:-[\w.-]+)?(?:@.*)?$").expect("is an expression")
    });
    let Some(found) = image.as_str().and_then(|text| TAG.captures(text)) else { return Vec::new() };
    let (name, version) = (found[1].to_lowercase(), found[2].to_owned());
    let mut names = vec![name];
    names.extend(service.map(str::to_lowercase).filter(|service| *service != names[0]));
    let claim = |name| Claim { aspect: Aspect::Version, name, values: vec![version.clone()], span: image.span };
    names.into_iter().map(claim).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{policy::Policy, run::told_by};

    const AUTHORITY: (&str, &str) = (
        "authority/ports.md",
        "# Canon\n\n| Service | Port | Version |\n|-|-|-|\n| web | 8080 | 1.2 |\n| postgres | 5432 | 16.2 |\n\n| Key | Value |\n|-|-|\n| region | eu |\n",
    );

    fn said(path: &str, text: &str) -> Vec<String> {
        let policy: Policy = toml::from_str("[authority]\nfolder = 'authority'\n").expect("is a policy");
        told_by(&Contradiction, &[AUTHORITY, (path, text)], &policy)
    }

    #[test]
    fn contradictions_are_told_at_the_value() {
        assert_eq!(said("a.md", "| Name | Port |\n|-|-|\n| web | 9090 |\n"), ["a.md:3:9 port 9090 of `web`"]);
        assert_eq!(said("a.md", "# A\n\nThe `web` service listens on port 9090.\n"), ["a.md:3:35 port 9090 of `web`"]);
        assert_eq!(said("a.md", "postgres version 15.1 is used\n"), ["a.md:1:18 version 15.1 of `postgres`"]);
        assert_eq!(said("a.md", "| Setting | Value |\n|-|-|\n| region | us |\n"), ["a.md:3:12 value us of `region`"]);
        assert_eq!(said("a.md", "## Ports\n- web: 81\n"), ["a.md:2:1 port 81 of `web`"]);
        assert_eq!(
            said("compose.yaml", "services:\n  web:\n    ports: ['9090:80']\n  db:\n    image: postgres:15-alpine\n"),
            ["compose.yaml:3:13 port 80, 9090 of `web`", "compose.yaml:5:12 version 15 of `postgres`"]
        );
        let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  ports:\n    - port: 81\n";
        assert_eq!(said("s.yaml", service), ["s.yaml:6:13 port 81 of `web`"]);
    }

    #[test]
    fn what_agrees_or_is_about_something_else_is_left_alone() {
        for (path, text) in [
            ("a.md", "| Name | Port |\n|-|-|\n| web | 8080 |\n| api | 1 |\n| postgres | any |\n"),
            (
                "a.md",
                "The web service listens on port 8080; open port 22. The port 9090 was web's.\n```\nweb on port 9090\n```\n",
            ),
            (
                "compose.yaml",
                "services:\n  web:\n    ports: ['9090:8080']\n  x:\n    image: postgres:16\n    ports: ['1:2']\n",
            ),
            ("compose.yaml", "services:\n  web:\n    ports: ['${PORT}:80']\n    image: web:latest\n"),
            ("CHANGELOG.md", "- web listens on port 9090\n"),
            ("tests/a.md", "web listens on port 9090\n"),
            ("authority/b.md", "web listens on port 9090\n"),
        ] {
            assert_eq!(said(path, text), [""; 0], "{path} {text}");
        }
        assert_eq!(told_by(&Contradiction, &[AUTHORITY], &Policy::default()), [""; 0]);
    }
}
