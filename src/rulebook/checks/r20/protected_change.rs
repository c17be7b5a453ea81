//! A change that touches a critical server, without the leave of whoever may give it.

use crate::{
    model::finding::{Level, Scope, Span},
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        policy::Protected,
        subject::{
            change::{Change, Changed},
            logged::{Logged, new_entries},
            places::is_within,
            words::{fits, has_word},
        },
        syntax::node::{Node, step},
        tree::{File, Kind, Parsed, Tree},
    },
};
use std::{collections::HashSet, sync::Arc};

/// 20a: protected server changed without authorisation.
pub struct ProtectedChange;

static META: Meta = Meta {
    id: "20a",
    title: "protected server changed without authorisation",
    level: Level::Block,
    scopes: &[Scope::Diff],
    why: "Critical servers serve everybody; a change to one is decided by who answers for it, before it is made.",
    fix: "Get the authorisation, and add an entry to the CHANGELOG that names the server and says `Authorised-by:`.",
    precedent: &[],
    references: &[],
    parameters: &[],
};

/// A protected server that a change touches.
struct Touched {
    name: String,
    what: String,
    file: Arc<File>,
    span: Option<Span>,
}

impl Check for ProtectedChange {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn change(&self, change: &Change, _tree: &Tree, out: &mut Out<'_>) -> Judged {
        let policy = out.policy;
        if policy.protected.is_empty() {
            return Judged::No;
        }
        let entries = new_entries(change);
        let mut told = HashSet::new();
        for changed in &change.files {
            for protected in &policy.protected {
                if let Some(file) = unreadable(changed, protected) {
                    let why = format!("{} cannot be read, and names the protected {}", file.path, protected.name);
                    out.at(file, None).key(protected.name.as_str()).unknown(why);
                    continue;
                }
                for touched in touched(changed, protected) {
                    let Some(lacks) = lacking(&entries, protected, &touched.name) else { continue };
                    // Two patterns may protect the same server.
                    if !told.insert((changed.path.clone(), touched.what.clone())) {
                        continue;
                    }
                    let draft =
                        out.at(&touched.file, touched.span).observed(format!("{} changed, and {lacks}", touched.what));
                    let who = protected.authority.as_ref().map_or_else(String::new, |who| format!(" {who}"));
                    let expected = format!("a new entry that names {} and says `Authorised-by:{who}`", touched.name);
                    draft.key(touched.name).expected(expected).fail();
                }
            }
        }
        Judged::Yes
    }
}

/// A version of a file that cannot be read, where the protected name stands in it.
fn unreadable<'c>(changed: &'c Changed, protected: &Protected) -> Option<&'c Arc<File>> {
    let plain = protected.name.trim_matches(['*', '?']);
    let is_one = |file: &&Arc<File>| {
        matches!(file.parsed, Parsed::Broken(_)) && !file.is_aside() && file.text().contains(plain) && !plain.is_empty()
    };
    [&changed.new, &changed.old].into_iter().flatten().find(is_one)
}

/// What the change of a file does to a protected server.
fn touched(changed: &Changed, protected: &Protected) -> Vec<Touched> {
    let Some(file) = changed.new.as_ref().or(changed.old.as_ref()) else { return Vec::new() };
    let is_page = matches!(file.kind, Kind::Markdown | Kind::Changelog | Kind::PortRegistry | Kind::Codeowners);
    if is_page || file.is_aside() {
        return Vec::new();
    }
    let (old, new) = (named(changed.old.as_ref(), protected), named(changed.new.as_ref(), protected));
    let mut found = Vec::new();
    for object in &new {
        let same = old.iter().find(|before| before.name == object.name && before.what == object.what);
        if same.is_none_or(|before| before.node.to_json() != object.node.to_json()) {
            let (name, what) = (object.name.clone(), object.what.clone());
            found.push(Touched { name, what, file: file.clone(), span: object.span });
        }
    }
    for object in old.iter().filter(|before| !new.iter().any(|now| now.name == before.name && now.what == before.what))
    {
        let (name, what) = (object.name.clone(), object.what.clone());
        found.push(Touched { name, what, file: file.clone(), span: None });
    }
    if found.is_empty() && old.is_empty() && new.is_empty() {
        let paths = [Some(&changed.path), changed.old_path.as_ref()];
        if let Some(name) = paths.into_iter().flatten().find_map(|path| in_path(path, protected)) {
            let what = format!("{} of the protected {name}", changed.path);
            found.push(Touched { name, what, file: file.clone(), span: None });
        }
    }
    found
}

/// An object of a protected name.
struct Named<'f> {
    name: String,
    what: String,
    node: &'f Node,
    span: Option<Span>,
}

fn named<'f>(file: Option<&'f Arc<File>>, protected: &Protected) -> Vec<Named<'f>> {
    let Some(file) = file else { return Vec::new() };
    let is_kind = |kinds: &[&str]| {
        protected.kind.as_deref().is_none_or(|kind| kinds.iter().any(|known| kind.eq_ignore_ascii_case(known)))
    };
    let mut found = Vec::new();
    for document in file.documents() {
        if file.kind == Kind::Compose && is_kind(&["container", "service"]) {
            for entry in document.get("services").map(Node::entries).unwrap_or_default() {
                let container = entry.value.get("container_name").and_then(Node::as_str);
                let names = [Some(entry.key.as_str()), container];
                let Some(name) = names.into_iter().flatten().find(|name| fits(&protected.name, name)) else { continue };
                let span = document.span_of(&step("/services", &entry.key));
                found.push(Named {
                    name: name.to_owned(),
                    what: format!("service `{name}`"),
                    node: &entry.value,
                    span,
                });
            }
        } else if let (Some(kind), Some(name)) =
            (document.get("kind").and_then(Node::as_str), document.at("/metadata/name").and_then(Node::as_str))
        {
            let namespace = document.at("/metadata/namespace").and_then(Node::as_str);
            let is_there = match (&protected.namespace, namespace) {
                // An object without a namespace may be put into any.
                (Some(wanted), Some(namespace)) => fits(wanted, namespace),
                _ => true,
            };
            if is_kind(&[kind]) && is_there && fits(&protected.name, name) {
                let span = document.span_of("/metadata/name");
                found.push(Named { name: name.to_owned(), what: format!("{kind} `{name}`"), node: document, span });
            }
        }
    }
    found
}

/// The protected name that a path is about: it is a pattern of paths, or a folder or a file is called like it.
fn in_path(path: &str, protected: &Protected) -> Option<String> {
    let name = protected.name.as_str();
    let is_kind = protected.kind.as_deref().is_none_or(|kind| {
        ["path", "file", "folder", "container", "service"].contains(&kind.to_ascii_lowercase().as_str())
    });
    if !is_kind || name.trim_matches(['*', '?']).is_empty() {
        return None;
    }
    if name.contains('/') {
        return (fits(name, path) || is_within(path, name)).then(|| name.to_owned());
    }
    let mut parts = path.split('/');
    let found = parts.find(|part| {
        let stem = part.split('.').find(|stem| !stem.is_empty()).unwrap_or(part);
        fits(name, part) || fits(name, stem)
    })?;
    Some(if name.contains(['*', '?']) { found.split('.').next().unwrap_or(found).to_owned() } else { name.to_owned() })
}

/// What is lacking for the change to be authorised; nothing where it is.
fn lacking(entries: &[Logged], protected: &Protected, name: &str) -> Option<String> {
    let mut lacks = "no new entry of the CHANGELOG names it".to_owned();
    for Logged { entry, .. } in entries {
        if !has_word(&entry.text, name) && !has_word(&entry.text, &protected.name) {
            continue;
        }
        match (&entry.fields.authorised_by, &protected.authority) {
            (None, _) => lacks = "its entry says no `Authorised-by:`".to_owned(),
            (Some(by), Some(wanted)) if !by.to_lowercase().contains(&wanted.to_lowercase()) => {
                lacks = format!("`Authorised-by:` is not {wanted}");
            }
            (Some(_), _) => return None,
        }
    }
    Some(lacks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{policy::Policy, run::told_change};

    fn policy() -> Policy {
        toml::from_str("[[protected]]\nname = 'mcp-*'\nreason = 'x'\nauthority = 'cto'\n[[protected]]\nkind = 'Deployment'\nnamespace = 'prod'\nname = 'api'\nreason = 'y'\n")
            .expect("is a policy")
    }

    fn said(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<String> {
        told_change(&ProtectedChange, old, new, &policy())
    }

    const OLD: (&str, &str) = ("compose.yaml", "services:\n  web: {image: a}\n  mcp-git: {image: b}\n");
    const NEW: (&str, &str) = ("compose.yaml", "services:\n  web: {image: a}\n\n  mcp-git: {image: c}\n");

    #[test]
    fn a_change_of_a_protected_server_needs_leave() {
        assert_eq!(
            said(&[OLD], &[NEW]),
            ["compose.yaml:4:3 service `mcp-git` changed, and no new entry of the CHANGELOG names it"]
        );
        let with = |log| said(&[OLD], &[NEW, ("CHANGELOG.md", log)]);
        assert_eq!(
            with("- mcp-git updated\n"),
            ["compose.yaml:4:3 service `mcp-git` changed, and its entry says no `Authorised-by:`"]
        );
        assert_eq!(
            with("- mcp-git updated. Authorised-by: me\n"),
            ["compose.yaml:4:3 service `mcp-git` changed, and `Authorised-by:` is not cto"]
        );
        assert_eq!(with("- mcp-git updated. Authorized-by: the CTO\n"), [""; 0]);
        assert_eq!(
            said(&[OLD], &[]),
            ["compose.yaml service `mcp-git` changed, and no new entry of the CHANGELOG names it"]
        );
        assert_eq!(said(&[], &[("servers/mcp-git/run.sh", "x")]).len(), 1);
        let api = |namespace: &str| {
            format!("apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: api, namespace: {namespace}}}\n")
        };
        assert_eq!(said(&[], &[("k8s/a.yaml", &api("prod"))]).len(), 1);
        assert_eq!(
            said(&[OLD], &[("compose.yaml", "services: [mcp-git\n")]),
            ["? compose.yaml compose.yaml cannot be read, and names the protected mcp-*"]
        );
    }

    #[test]
    fn what_is_not_touched_is_left_alone() {
        let moved = ("compose.yaml", "# a line\nservices:\n  mcp-git: {image: b}\n  web: {image: z}\n");
        assert_eq!(said(&[OLD], &[moved]), [""; 0]);
        let stage = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api, namespace: stage}\n";
        assert_eq!(said(&[], &[("a.yaml", stage), ("docs/mcp-git.md", "x"), ("src/api.rs", "x")]), [""; 0]);
    }
}
