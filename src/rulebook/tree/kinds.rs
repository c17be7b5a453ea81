//! What a file is, by its name and by what stands in it.

use super::{Kind, Parsed, base_name};
use crate::rulebook::syntax::{Fault, dockerfile, hcl, markdown, node::Node, python, shell, yaml};
use std::sync::Arc;

/// Endings of programs and data: `dockerfile.rs` is one, and no Dockerfile.
const SOURCES: &[&str] =
    &["rs", "py", "go", "js", "ts", "rb", "java", "c", "h", "sh", "json", "yaml", "yml", "toml", "html", "css"];

/// What a file is by its path, and where that does not tell by how its text begins.
pub fn kind_of(path: &str, text: &str) -> Kind {
    let name = base_name(path);
    let lower = name.to_ascii_lowercase();
    let extension = lower.rsplit_once('.').map_or("", |(_, extension)| extension);
    let is_yaml = matches!(extension, "yaml" | "yml");
    let is_template = path.split('/').rev().nth(1) == Some("templates") || path.contains("/templates/");
    if is_yaml && !is_template && (lower.starts_with("values-") || lower.starts_with("values.")) {
        return Kind::HelmValues;
    }
    match lower.as_str() {
        "codeowners" => return Kind::Codeowners,
        "daemon.json" => return Kind::DaemonJson,
        "portregistry.md" => return Kind::PortRegistry,
        "changelog.md" => return Kind::Changelog,
        "authority.lock" => return Kind::AuthorityLock,
        "chart.yaml" | "chart.yml" => return Kind::HelmChart,
        "kustomization.yaml" | "kustomization.yml" | "kustomization" => return Kind::Kustomization,
        "dockerfile" | "containerfile" => return Kind::Dockerfile,
        _ => {}
    }
    let is_named_so =
        lower.starts_with("dockerfile.") || lower.starts_with("containerfile.") || lower.ends_with(".dockerfile");
    if is_named_so && !SOURCES.contains(&extension) {
        let is_other = matches!(extension, "md" | "txt" | "tmpl" | "j2" | "dockerignore" | "bak" | "orig");
        return if is_other { Kind::Other } else { Kind::Dockerfile };
    }
    if is_yaml
        && (lower.starts_with("docker-compose") || lower.starts_with("compose.") || lower.starts_with("compose-"))
    {
        return Kind::Compose;
    }
    if lower == ".env" || lower.starts_with(".env.") || lower.ends_with(".env") {
        return Kind::DotEnv;
    }
    if lower.starts_with("requirements") && extension == "txt" {
        return Kind::Requirements;
    }
    if lower.ends_with(".tfstate") || lower.ends_with(".tfstate.backup") {
        return Kind::TerraformState;
    }
    match extension {
        "yaml" | "yml" | "json" | "tpl" if is_template && text.contains("{{") => Kind::HelmTemplate,
        // SARIF is JSON: reports of scanners.
        "yaml" | "yml" | "json" | "sarif" => Kind::Yaml,
        "toml" => Kind::Toml,
        "tf" | "hcl" => Kind::Hcl,
        "md" | "markdown" => Kind::Markdown,
        "py" => Kind::Python,
        "sh" | "bash" => Kind::Shell,
        _ if text.starts_with("-----BEGIN ") && text[..text.floor_char_boundary(80)].contains("PRIVATE KEY") => {
            Kind::PrivateKey
        }
        _ if text.starts_with("#!") => match text.lines().next().unwrap_or_default() {
            line if line.contains("python") => Kind::Python,
            line if line.ends_with("sh") || line.contains("sh ") => Kind::Shell,
            _ => Kind::Other,
        },
        _ => Kind::Other,
    }
}

/// Reads a text as what it seems to be; YAML may turn out to be something more special.
pub(super) fn understand(kind: Kind, text: &str) -> (Kind, Parsed) {
    match kind {
        Kind::HelmValues => match yaml::parse(text) {
            // An object may be called so too.
            Ok(documents) if kind_of_documents(&documents) == Kind::Kubernetes => {
                (Kind::Kubernetes, Parsed::Yaml(documents))
            }
            Ok(documents) => (kind, Parsed::Yaml(documents)),
            Err(fault) => (kind, Parsed::Broken(fault)),
        },
        Kind::Compose | Kind::HelmChart | Kind::Kustomization | Kind::DaemonJson => match yaml::parse(text) {
            Ok(documents) => (kind, Parsed::Yaml(documents)),
            Err(fault) => (kind, Parsed::Broken(fault)),
        },
        Kind::Yaml => match yaml::parse(text) {
            Ok(documents) => (kind_of_documents(&documents), Parsed::Yaml(documents)),
            Err(fault) => (kind, Parsed::Broken(fault)),
        },
        Kind::Dockerfile => (kind, read(dockerfile::parse(text), |read| Parsed::Dockerfile(Arc::new(read)))),
        Kind::Shell => (kind, read(shell::parse(text), |read| Parsed::Shell(Arc::new(read)))),
        Kind::Python => (kind, read(python::parse(text), |read| Parsed::Python(Arc::new(read)))),
        Kind::Markdown | Kind::Changelog | Kind::PortRegistry => {
            (kind, read(markdown::parse(text), |read| Parsed::Markdown(Arc::new(read))))
        }
        Kind::Hcl => (kind, read(hcl::parse(text), |read| Parsed::Hcl(Arc::new(read)))),
        _ => (kind, Parsed::Nothing),
    }
}

fn read<T>(read: Result<T, Fault>, parsed: impl Fn(T) -> Parsed) -> Parsed {
    read.map_or_else(Parsed::Broken, parsed)
}

fn kind_of_documents(documents: &[Node]) -> Kind {
    let has = |keys: &[&str]| documents.iter().any(|document| keys.iter().all(|key| document.get(key).is_some()));
    if has(&["apiVersion", "kind"]) {
        Kind::Kubernetes
    } else if documents.iter().any(|document| {
        let groups = document.get("groups").map(Node::items).unwrap_or_default();
        groups.iter().any(|group| group.get("rules").is_some())
    }) {
        Kind::PrometheusRules
    } else if documents.iter().any(has_services) {
        Kind::Compose
    } else {
        Kind::Yaml
    }
}

/// Whether a document is a compose file, whatever its name is: all of its services are maps, and one of them has something to run.
fn has_services(document: &Node) -> bool {
    let services = document.get("services").map(Node::entries).unwrap_or_default();
    let is_run =
        |service: &Node| service.get("image").and_then(Node::as_str).is_some() || service.get("build").is_some();
    services.iter().all(|entry| !entry.value.entries().is_empty() || entry.value.is_null())
        && services.iter().any(|entry| is_run(&entry.value))
}
