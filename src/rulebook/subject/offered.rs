//! What a file offers to others: services, their ports, volumes, outputs. Whoever takes one away breaks somebody.

use crate::rulebook::{
    syntax::node::{Node, step},
    tree::{File, Kind},
};
use regex::Regex;
use std::sync::LazyLock;

/// Something that others may rely on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// `service`, `port`, `volume`, `output`.
    pub kind: &'static str,
    /// `web`, `8080/tcp`.
    pub name: String,
    /// What it is part of: the service of a port; empty for none.
    pub owner: String,
    /// Which document of the file, and where in it.
    pub document: usize,
    pub pointer: String,
}

impl Offer {
    /// Whether it is the same thing, wherever it is written.
    pub fn is_same(&self, other: &Self) -> bool {
        self.kind == other.kind && self.name == other.name
    }

    /// What a person calls it.
    pub fn label(&self) -> String {
        if self.owner.is_empty() {
            format!("{} `{}`", self.kind, self.name)
        } else {
            format!("{} `{}` of `{}`", self.kind, self.name, self.owner)
        }
    }
}

/// Everything that a file offers.
pub fn offers(file: &File) -> Vec<Offer> {
    let documents = file.documents().iter().enumerate();
    match file.kind {
        Kind::Compose => documents.flat_map(|(at, document)| compose(at, document)).collect(),
        Kind::Kubernetes => documents.flat_map(|(at, document)| kubernetes(at, document)).collect(),
        Kind::Hcl => outputs(file.text()),
        Kind::Dockerfile => exposed(file.text()),
        _ => Vec::new(),
    }
}

fn compose(document: usize, root: &Node) -> Vec<Offer> {
    let mut found = Vec::new();
    for entry in root.get("services").map(Node::entries).unwrap_or_default() {
        let service = step("/services", &entry.key);
        let ports = entry.value.get("ports").map(Node::items).unwrap_or_default();
        found.extend(ports.iter().filter_map(compose_port).map(|name| Offer {
            kind: "port",
            name,
            owner: entry.key.to_string(),
            document,
            pointer: format!("{service}/ports"),
        }));
        let (owner, name) = (String::new(), entry.key.to_string());
        found.push(Offer { kind: "service", name, owner, document, pointer: service });
    }
    for entry in root.get("volumes").map(Node::entries).unwrap_or_default() {
        let pointer = step("/volumes", &entry.key);
        found.push(Offer { kind: "volume", name: entry.key.to_string(), owner: String::new(), document, pointer });
    }
    found
}

/// The port of the host, or where any is taken that of the container (<https://docs.docker.com/reference/compose-file/services/#ports>).
fn compose_port(port: &Node) -> Option<String> {
    if !port.entries().is_empty() {
        let of = |key| port.get(key).and_then(Node::scalar);
        let protocol = of("protocol").unwrap_or_else(|| "tcp".into());
        return of("published").or_else(|| of("target")).map(|number| format!("{number}/{protocol}"));
    }
    let text = port.scalar()?;
    let (ports, protocol) = text.rsplit_once('/').unwrap_or((&text, "tcp"));
    // `${PORT:-80}:80` holds colons that part nothing.
    let mut depth = 0;
    let parts: Vec<&str> = ports
        .split(|c| {
            depth += i32::from(c == '{' || c == '[') - i32::from(c == '}' || c == ']');
            c == ':' && depth == 0
        })
        .collect();
    let host = parts.get(parts.len().saturating_sub(2))?;
    Some(format!("{host}/{protocol}"))
}

fn kubernetes(document: usize, object: &Node) -> Vec<Offer> {
    let text = |pointer| object.at(pointer).and_then(Node::scalar).unwrap_or_default();
    let (kind, name) = (text("/kind"), text("/metadata/name"));
    let whole =
        |kind| Offer { kind, name: name.clone(), owner: String::new(), document, pointer: "/metadata/name".into() };
    match kind.as_str() {
        "Service" => {
            let ports = object.at("/spec/ports").map(Node::items).unwrap_or_default().iter();
            let port = |port: &Node| {
                let protocol = port.get("protocol").and_then(Node::scalar).unwrap_or_else(|| "TCP".into());
                let number = port.get("port").and_then(Node::scalar)?;
                Some(Offer {
                    kind: "port",
                    name: format!("{number}/{}", protocol.to_lowercase()),
                    owner: name.clone(),
                    document,
                    pointer: "/spec/ports".into(),
                })
            };
            ports.filter_map(port).chain([whole("service")]).collect()
        }
        "PersistentVolumeClaim" | "PersistentVolume" => vec![whole("volume")],
        _ => Vec::new(),
    }
}

fn outputs(text: &str) -> Vec<Offer> {
    static OUTPUT: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"(?m)^[ \t]*output[ \t]+"?([\w-]+)"?[ \t]*\{"#).expect("is an expression"));
    OUTPUT.captures_iter(text).map(|found| plain("output", &found[1])).collect()
}

fn exposed(text: &str) -> Vec<Offer> {
    static EXPOSE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?mi)^[ \t]*EXPOSE[ \t]+([^#\r\n]+)").expect("is an expression"));
    let with_protocol = |port: &str| if port.contains('/') { port.to_lowercase() } else { format!("{port}/tcp") };
    let ports = EXPOSE.captures_iter(text).flat_map(|found| {
        let ports: Vec<String> = found[1].split_whitespace().map(with_protocol).collect();
        ports
    });
    ports.map(|port| plain("port", &port)).collect()
}

fn plain(kind: &'static str, name: &str) -> Offer {
    Offer { kind, name: name.into(), owner: String::new(), document: 0, pointer: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::tree::Tree;

    fn labels(path: &str, text: &str) -> Vec<String> {
        let tree = Tree::of(&[(path, text)]);
        offers(&tree.files[path]).iter().map(Offer::label).collect()
    }

    #[test]
    fn what_is_offered() {
        let compose = "services:\n  web:\n    ports: ['8080:80', '127.0.0.1:53:53/udp', 9000, '${P:-1}:2', {target: 80, published: 81}]\nvolumes:\n  data:\n";
        assert_eq!(
            labels("compose.yaml", compose),
            [
                "port `8080/tcp` of `web`",
                "port `53/udp` of `web`",
                "port `9000/tcp` of `web`",
                "port `${P:-1}/tcp` of `web`",
                "port `81/tcp` of `web`",
                "service `web`",
                "volume `data`"
            ]
        );
        let service = "apiVersion: v1\nkind: Service\nmetadata: {name: api}\nspec: {ports: [{port: 80}]}\n";
        assert_eq!(labels("a.yaml", service), ["port `80/tcp` of `api`", "service `api`"]);
        assert_eq!(labels("a.tf", "output \"url\" {\n}\n# output \"x\" {\n"), ["output `url`"]);
        assert_eq!(labels("Dockerfile", "FROM a\nEXPOSE 80 53/UDP\n"), ["port `80/tcp`", "port `53/udp`"]);
    }
}
