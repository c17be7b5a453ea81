//! 00a: what cannot be read is said, so that no check passes because it saw nothing.

use crate::model::finding::{Level, Scope};
use crate::rulebook::{
    check::{Check, Judged, Meta},
    fixture::is_fixture,
    out::Out,
    subject::kubernetes,
    tree::{File, Kind, Parsed, Tree},
};

/// A file that cannot be read or understood.
pub struct Unreadable;

static META: Meta = Meta {
    id: "00a",
    title: "a file that cannot be read or understood",
    level: Level::Error,
    scopes: &[Scope::Repo],
    why: "No check can look into it: whatever is wrong in there stays unseen, and that is not a pass.",
    fix: "Repair the syntax at this place; leave the file out by `exclude` if it is not meant to be read.",
    precedent: &["kubeconform", "checkov#3065"],
    references: &["https://yaml.org/spec/1.2.2/"],
    parameters: &[],
};

impl Check for Unreadable {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn file(&self, file: &File, out: &mut Out<'_>) -> Judged {
        match &file.parsed {
            Parsed::Nothing => Judged::No,
            Parsed::Broken(_) if has_comments_by_custom(&file.path) || is_broken_on_purpose(file) => Judged::No,
            Parsed::Broken(fault) => {
                let what = if is_template(file.text()) { "a template that is not rendered: " } else { "" };
                out.at(file, fault.span).key("unreadable").unknown(format!("{what}{fault}"));
                Judged::Yes
            }
            Parsed::Yaml(documents) if file.kind == Kind::Kubernetes => {
                for (nth, fault) in kubernetes::read(&file.path, documents).faults.into_iter().enumerate() {
                    out.at(file, fault.span).key(format!("{} {nth}", fault.message)).unknown(fault.message);
                }
                Judged::Yes
            }
            Parsed::Dockerfile(dockerfile) => {
                if is_template(file.text())
                    && let Some(fault) = dockerfile.faults.first()
                {
                    let why = format!("a template that is not rendered: {fault}");
                    out.at(file, fault.span).key("unreadable").unknown(why);
                    return Judged::Yes;
                }
                for (nth, fault) in dockerfile.faults.iter().enumerate() {
                    out.at(file, fault.span).key(format!("{} {nth}", fault.message)).unknown(fault.to_string());
                }
                Judged::Yes
            }
            _ => Judged::Yes,
        }
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        for (path, why) in &tree.unread {
            out.about(path.clone(), path.clone())
                .key("folder")
                .fix("Make the folder readable, or leave it out by `exclude`.")
                .unknown(format!("the folder cannot be read: {why}"));
        }
        if tree.unread.is_empty() { Judged::No } else { Judged::Yes }
    }
}

/// Data and code of tests: what is broken there most often has to be. What deploys something is told all the same.
fn is_broken_on_purpose(file: &File) -> bool {
    matches!(file.kind, Kind::Yaml | Kind::Shell | Kind::Python) && is_fixture(&file.path)
}

/// Files of editors and compilers that hold JSON with comments, by custom.
fn has_comments_by_custom(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_json = name.ends_with(".json");
    let folder = |part: &str| path.starts_with(&format!("{part}/")) || path.contains(&format!("/{part}/"));
    is_json
        && (folder(".vscode")
            || folder(".devcontainer")
            || name.starts_with("tsconfig")
            || name.starts_with("jsconfig"))
        || matches!(name, ".eslintrc.json" | "devcontainer.json" | ".devcontainer.json" | "api-extractor.json")
}

/// Whether a text is written for Go's or Jinja's templates.
fn is_template(text: &str) -> bool {
    text.contains("{%") || text.contains("{{ ") || text.contains("{{-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    #[test]
    fn what_is_broken_is_unknown_at_its_place() {
        let found = told(&Unreadable, &[("a.yaml", "a: 1\nb: 'x\n"), ("b.yaml", "a: 1\n")]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("? a.yaml:"), "{found:?}");
        assert!(!found[0].contains(":0"), "never line 0");
    }

    #[test]
    fn objects_without_a_name_are_unknown() {
        let found =
            told(&Unreadable, &[("a.yaml", "apiVersion: v1\nkind: Pod\nspec: {}\n---\napiVersion: v1\nkind: [x]\n")]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("? a.yaml:1:1 an object without a name"), "{found:?}");
        assert!(found[1].starts_with("? a.yaml:6:7 no object of a cluster: its `kind`"), "{found:?}");
    }

    #[test]
    fn what_tests_need_broken_is_left_alone() {
        assert_eq!(told(&Unreadable, &[("tests/fail1.json", "{a: ]\n")]), [""; 0]);
        assert_eq!(told(&Unreadable, &[("tests/compose.yaml", "a: [\n")]).len(), 1);
        assert_eq!(told(&Unreadable, &[("Dockerfile", "FROM a\n{% if x %}\nUSER b\n{% endif %}\n")]).len(), 1);
    }

    #[test]
    fn lines_of_a_dockerfile_that_cannot_be_understood() {
        let found =
            told(&Unreadable, &[("Dockerfile", "FROM a:1\nRUNN x\nUSER app\n"), ("b/Dockerfile", "FROM a:1\n")]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("? Dockerfile:2:1 "), "{found:?}");
    }

    #[test]
    fn json_with_comments_is_left_to_its_tool() {
        assert_eq!(
            told(&Unreadable, &[("tsconfig.json", "{\n// no\n\"a\": }\n"), (".vscode/x.json", "{ /* */ : ] }")]),
            [""; 0]
        );
    }

    #[test]
    fn a_template_is_called_one() {
        let found = told(&Unreadable, &[("roles/x.yaml", "{% if a %}\nb: c\n{% endif %}\n")]);
        assert!(found[0].contains("a template that is not rendered"), "{found:?}");
    }
}
