//! Paths that a compose file names: they are relative to its folder (<https://docs.docker.com/reference/compose-file/>).

use super::{Known, Missing, is_made_elsewhere, is_plain};
use crate::rulebook::{
    subject::places::below,
    syntax::node::{Data, Node},
    tree::{File, base_name},
};

pub(super) fn missing(file: &File, known: &Known<'_>) -> Vec<Missing> {
    let mut seek = Seek { file, known, found: Vec::new() };
    for document in file.documents() {
        for service in document.get("services").map(Node::entries).unwrap_or_default() {
            seek.service(&service.value);
        }
        for config in document.get("configs").map(Node::entries).unwrap_or_default() {
            if let Some(path) = config.value.get("file") {
                seek.file(path, "config file");
            }
        }
        for included in each(document.get("include")) {
            for path in each(included.get("path").or(Some(included))) {
                seek.file(path, "include");
            }
        }
    }
    seek.found
}

/// The items of a list, or the one value.
fn each(node: Option<&Node>) -> impl Iterator<Item = &Node> {
    node.into_iter().flat_map(|node| match &node.data {
        Data::List(items) => items,
        _ => std::slice::from_ref(node),
    })
}

struct Seek<'a> {
    file: &'a File,
    known: &'a Known<'a>,
    found: Vec<Missing>,
}

impl Seek<'_> {
    fn service(&mut self, service: &Node) {
        for item in each(service.get("env_file")) {
            let is_optional = item.get("required").and_then(Node::as_bool) == Some(false);
            let path = item.get("path").unwrap_or(item);
            if !is_optional && !self.has_example(path) {
                self.file(path, "env_file");
            }
        }
        if let Some(path) = service.at("/extends/file") {
            self.file(path, "extends");
        }
        if let Some(build) = service.get("build") {
            self.build(build);
        }
        for volume in each(service.get("volumes")) {
            self.volume(volume);
        }
    }

    /// Whether a file of variables is kept out of git with reason: there is an example of it, or it has the name that all keep out.
    fn has_example(&self, path: &Node) -> bool {
        let Some(path) = path.as_str() else { return false };
        let beside = |ending: &str| {
            below(self.file.folder(), &format!("{path}{ending}")).is_some_and(|path| self.known.has(&path))
        };
        let is_usual = matches!(base_name(path), ".env" | ".env.local");
        is_usual
            || [".example", ".sample", ".template", ".dist", "-example", ".tmpl", ".j2", ".tpl", ".enc", ".sops"]
                .iter()
                .any(|ending| beside(ending))
    }

    fn build(&mut self, build: &Node) {
        let context = build.get("context").unwrap_or(build);
        let folder = match &context.data {
            Data::Text(path) if is_plain(path) && !path.ends_with(".git") && !path.contains(':') => &**path,
            Data::Map(_) => ".",
            _ => return,
        };
        let Some(folder) = below(self.file.folder(), folder) else { return };
        if !self.known.has(&folder) {
            self.found.push(Missing { span: context.span, path: text(context), by: "build context" });
            return;
        }
        if build.get("dockerfile_inline").is_some() {
            return;
        }
        let named = build.get("dockerfile");
        let name = match named.map(|named| &named.data) {
            None => "Dockerfile",
            Some(Data::Text(name)) if is_plain(name) => name,
            Some(_) => return,
        };
        let is_there = |name: &str| below(&folder, name).is_none_or(|path| self.known.has(&path));
        if !is_there(name) && (named.is_some() || !is_there("Containerfile")) {
            let span = named.and_then(|named| named.span).or(context.span);
            self.found.push(Missing { span, path: name.to_owned(), by: "dockerfile" });
        }
    }

    /// A file that is mounted. A folder is made where it is missing, and may be meant to be.
    fn volume(&mut self, volume: &Node) {
        let (place, source) = match &volume.data {
            Data::Text(text) => (volume, text.split(':').next().unwrap_or_default()),
            Data::Map(_) if volume.get("type").and_then(Node::as_str) == Some("bind") => match volume.get("source") {
                Some(source) => (source, source.as_str().unwrap_or_default()),
                None => return,
            },
            _ => return,
        };
        let extension = base_name(source).rsplit_once('.').map_or("", |(_, extension)| extension);
        let is_written_by_hand = matches!(
            extension,
            "conf"
                | "cfg"
                | "yml"
                | "yaml"
                | "toml"
                | "ini"
                | "sh"
                | "sql"
                | "py"
                | "js"
                | "xml"
                | "properties"
                | "cnf"
                | "lua"
                | "tmpl"
                | "html"
                | "rules"
        );
        if is_written_by_hand && (source.starts_with("./") || source.starts_with("../")) {
            self.path(place, source, "volume");
        }
    }

    fn file(&mut self, node: &Node, by: &'static str) {
        if let Some(path) = node.as_str() {
            self.path(node, path, by);
        }
    }

    fn path(&mut self, node: &Node, path: &str, by: &'static str) {
        if !is_plain(path) || is_made_elsewhere(path) {
            return;
        }
        if below(self.file.folder(), path).is_some_and(|whole| !self.known.has(&whole)) {
            self.found.push(Missing { span: node.span, path: path.to_owned(), by });
        }
    }
}

fn text(node: &Node) -> String {
    node.scalar().unwrap_or_default()
}
