//! What a path says of a file: whether it is infrastructure, and whether it stands aside (a test, an example, a template).

use crate::rulebook::{
    policy::Policy,
    tree::{File, Kind, base_name},
};

/// Folders whose files are not the real thing.
const ASIDE: [&str; 18] = [
    "test",
    "tests",
    "testdata",
    "__tests__",
    "spec",
    "specs",
    "fixtures",
    "testfixtures",
    "examples",
    "example",
    "samples",
    "sample",
    "templates",
    "template",
    "vendor",
    "third_party",
    "node_modules",
    "site-packages",
];

/// Whether a file is a test, an example, a template or somebody else's.
pub fn is_aside(path: &str) -> bool {
    let mut parts: Vec<&str> = path.split('/').collect();
    let name = parts.pop().unwrap_or_default().to_ascii_lowercase();
    let has = |word: &&str| name.split(['.', '-', '_']).any(|part| part == *word);
    let is_sample = ["example", "examples", "sample", "template", "tmpl", "tpl", "dist", "j2"].iter().any(has);
    let is_test =
        name.starts_with("test_") || name.contains("_test.") || name.contains(".test.") || name.contains(".spec.");
    is_sample || is_test || parts.iter().any(|part| ASIDE.contains(&part.to_ascii_lowercase().as_str()))
}

/// Whether a path lies in a folder, at whatever depth; a folder `.` or without a name holds everything.
pub fn is_within(path: &str, folder: &str) -> bool {
    let folder = folder.trim_start_matches("./").trim_end_matches('/');
    folder.is_empty() || folder == "." || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether a file is infrastructure: it lies in one of the policy's folders for it, or is of a kind that deploys something. Pages are
/// not, nor are tests and examples.
pub fn is_infrastructure(file: &File, policy: &Policy) -> bool {
    let is_page = matches!(file.kind, Kind::Markdown | Kind::Changelog | Kind::PortRegistry | Kind::Codeowners);
    if is_page || file.is_aside() && !matches!(file.kind, Kind::HelmTemplate) {
        return false;
    }
    let layout = &policy.layout;
    let is_kind = matches!(
        file.kind,
        Kind::Dockerfile
            | Kind::Compose
            | Kind::Kubernetes
            | Kind::HelmTemplate
            | Kind::HelmChart
            | Kind::HelmValues
            | Kind::Kustomization
            | Kind::PrometheusRules
            | Kind::Hcl
            | Kind::DaemonJson
    );
    is_kind || file.path == layout.deploy || layout.infrastructure.iter().any(|folder| is_within(&file.path, folder))
}

/// Whether a page is about the folder it lies in as a whole: a README, an index.
pub fn is_front_page(path: &str) -> bool {
    let name = base_name(path).to_ascii_lowercase();
    let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
    matches!(stem, "readme" | "index" | "_index" | "summary" | "_sidebar" | "overview") || stem.contains("template")
}

/// A path of a folder's file with its `.` and `..` resolved; one that begins with `/` begins at the root. Nothing where it leaves the root.
pub fn resolved(folder: &str, path: &str) -> Option<String> {
    below(if path.starts_with('/') { "" } else { folder }, path)
}

/// The same of a path that lies below the folder in any case.
pub fn below(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_say_what_they_are() {
        assert!(
            is_aside("tests/compose.yaml")
                && is_aside(".env.example")
                && is_aside("a/test_x.py")
                && is_aside("x.template.yaml")
        );
        assert!(!is_aside("deploy/compose.yaml") && !is_aside("contest/a.yaml") && !is_aside("latest.yaml"));
        assert!(is_within("a/b/c", "a/b") && is_within("a", "") && is_within("a", ".") && !is_within("ab/c", "a"));
        assert!(
            is_front_page("docs/README.md") && is_front_page("adr/0000-template.md") && !is_front_page("docs/web.md")
        );
    }

    #[test]
    fn paths_are_resolved() {
        assert_eq!(resolved("docs/a", "../b/./c.md").as_deref(), Some("docs/b/c.md"));
        assert_eq!(resolved("docs", "/b.md").as_deref(), Some("b.md"));
        assert_eq!(resolved("docs", "../..").as_deref(), None);
        assert_eq!(resolved("", "a/").as_deref(), Some("a"));
        assert_eq!(resolved("docs", "..").as_deref(), Some(""));
        assert_eq!(below("docs", "/b.md").as_deref(), Some("docs/b.md"));
        assert_eq!(below("", "../x").as_deref(), None);
    }
}
