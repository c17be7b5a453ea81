//! A page that is older than the code that it says it is about.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta, Parameter, Value},
        out::Out,
        subject::{
            places::{is_within, resolved},
            words::fits,
        },
        syntax::node::Node,
        tree::{File, Parsed, Tree},
    },
};
use std::sync::Arc;

/// 15b: document older than what it covers.
pub struct Stale;

static META: Meta = Meta {
    id: "15b",
    title: "document older than what it covers",
    level: Level::Warn,
    scopes: &[Scope::Repo],
    why: "The code has changed since, and the page may tell what was true before.",
    fix: "Read the page against the code, and change what differs; or take the path out of its `covers:`.",
    precedent: &[],
    references: &[],
    parameters: &[Parameter {
        name: "grace-hours",
        about: "hours that a page may be older than the code that it covers",
        default: Value::Number(1.0),
    }],
};

impl Check for Stale {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let mut judged = Judged::No;
        for file in tree.files.values() {
            let Parsed::Markdown(page) = &file.parsed else { continue };
            let Some(covers) = page.front.as_ref().and_then(|front| front.get("covers")) else { continue };
            judged = Judged::Yes;
            let items = if covers.items().is_empty() { std::slice::from_ref(covers) } else { covers.items() };
            for item in items {
                judge(file, item, tree, out);
            }
        }
        judged
    }
}

fn judge(file: &Arc<File>, item: &Node, tree: &Tree, out: &mut Out<'_>) {
    let Some(pattern) = item.as_str() else { return };
    let covered: Vec<&Arc<File>> = covered(file, pattern, tree);
    if covered.is_empty() {
        out.at(file, item.span)
            .key(pattern)
            .unknown(format!("`{pattern}` names no file, so the age of the page cannot be judged"));
        return;
    }
    let newest = covered.iter().filter_map(|code| Some((code.listed.modified_at?, code))).max_by_key(|(at, _)| *at);
    let (Some((changed, code)), Some(written)) = (newest, file.listed.modified_at) else { return };
    let seconds = changed.duration_since(written).as_secs();
    if seconds as f64 > out.number("grace-hours") * 3_600.0 {
        let age =
            if seconds >= 172_800 { format!("{} days", seconds / 86_400) } else { format!("{} h", seconds / 3_600) };
        let seen = format!("{} changed {age} after this page", code.path);
        out.at(file, item.span).observed(seen).key(pattern).expected("a page as new as what it covers").fail();
    }
}

/// The files that a path or pattern names, from the root or from the page's folder.
fn covered<'t>(file: &File, pattern: &str, tree: &'t Tree) -> Vec<&'t Arc<File>> {
    let near = resolved(file.folder(), pattern);
    let root = resolved("", pattern);
    let patterns: Vec<String> = [root, near].into_iter().flatten().filter(|pattern| !pattern.is_empty()).collect();
    let is_named = |path: &str| patterns.iter().any(|pattern| fits(pattern, path) || is_within(path, pattern));
    tree.files.values().filter(|other| other.path != file.path && is_named(&other.path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{
        policy::Policy,
        run::{Subject, judge, line},
        tree::{Listed, base_name, name_hash},
    };

    fn said(files: &[(&str, &str, &str)]) -> Vec<String> {
        let names = files.iter().map(|(path, ..)| name_hash(base_name(path))).collect();
        let file = |(path, at, text): &(&str, &str, &str)| {
            let modified_at = format!("{at}T00:00:00Z").parse().ok();
            let listed =
                Listed { path: (*path).into(), size_bytes: text.len() as u64, modified_at, ..Listed::default() };
            ((*path).into(), Arc::new(File::new(listed, text.as_bytes(), &names)))
        };
        let tree = Tree::new("/r".into(), files.iter().map(file).collect(), Vec::new());
        let now = "2026-01-01T00:00:00Z".parse().expect("a time");
        judge(&Stale, Subject::Tree(&tree), Scope::Repo, &Policy::default(), now).findings.iter().map(line).collect()
    }

    #[test]
    fn a_page_older_than_its_code_is_told() {
        let page = "---\ncovers:\n  - src/*.rs\n  - ../deploy\n---\n# X\n";
        let code =
            [("src/a.rs", "2025-03-05", ""), ("deploy/x/a.yaml", "2025-03-02", ""), ("docs/a.md", "2025-03-01", page)];
        assert_eq!(
            said(&code),
            [
                "docs/a.md:3:5 src/a.rs changed 4 days after this page",
                "docs/a.md:4:5 deploy/x/a.yaml changed 24 h after this page"
            ]
        );
    }

    #[test]
    fn newer_pages_pass_and_empty_patterns_are_unknown() {
        let page = "---\ncovers: src\n---\n# X\n";
        assert_eq!(said(&[("src/a.rs", "2025-03-01", ""), ("docs/a.md", "2025-03-01", page)]), [""; 0]);
        assert_eq!(
            said(&[("docs/a.md", "2025-03-01", page)]),
            ["? docs/a.md:2:9 `src` names no file, so the age of the page cannot be judged"]
        );
        assert_eq!(said(&[("a.md", "2025-03-01", "covers: src\n"), ("src/a", "2025-04-01", "")]), [""; 0]);
    }
}
