//! 05d: the state of Terraform lies on one machine, or nothing keeps two runs from writing it at once.

use crate::{
    model::finding::{Level, Scope, Span},
    rulebook::{
        check::{Check, Judged, Meta, Parameter, Value},
        out::Out,
        subject::places::below,
        syntax::{
            hcl::{
                Block, Body,
                modules::{Pin, modules},
            },
            node::Node,
        },
        tree::{File, Kind, Parsed, Tree, folder_of},
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// 05d.
pub struct TerraformBackend;

static META: Meta = Meta {
    id: "05d",
    title: "Terraform state local or without locking",
    level: Level::Error,
    scopes: &[Scope::Repo],
    why: "A local state is lost with its machine and nobody else sees it; without a lock two runs at once can destroy it.",
    fix: "Declare a backend that is shared and locks: `backend \"s3\"` with `use_lockfile = true`, `gcs`, `azurerm`, `http` with `lock_address`, \
          or `cloud`.",
    precedent: &[],
    references: &[
        "https://developer.hashicorp.com/terraform/language/backend",
        "https://developer.hashicorp.com/terraform/language/state/locking",
        "https://developer.hashicorp.com/terraform/language/backend/s3",
    ],
    parameters: &[Parameter {
        name: "not-roots",
        about: "Names of folders below which nothing is deployed from: modules for others, examples, tests",
        default: Value::Texts(&[
            "modules",
            "module",
            "examples",
            "example",
            "tests",
            "test",
            "testdata",
            "fixtures",
            ".terraform",
        ]),
    }],
};

impl Check for TerraformBackend {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let mut folders: BTreeMap<&str, Vec<&File>> = BTreeMap::new();
        for file in tree.of_kind(Kind::Hcl).filter(|file| file.path.ends_with(".tf")) {
            folders.entry(file.folder()).or_default().push(file);
        }
        let children = children(tree);
        let not_roots: Vec<String> = out.texts("not-roots").iter().map(|name| (*name).to_owned()).collect();
        let mut judged = Judged::No;
        for (folder, files) in folders {
            let is_apart = folder.split('/').any(|part| not_roots.iter().any(|name| name == part));
            if is_apart || children.contains(folder) || is_wrapped(tree, folder) {
                continue;
            }
            if root(&files, out) == Judged::Yes {
                judged = Judged::Yes;
            }
        }
        judged
    }

    fn reads(&self) -> Option<&'static [Kind]> {
        Some(&[Kind::Hcl])
    }
}

/// Folders that a module of the tree is called from: what they declare belongs to who calls.
fn children(tree: &Tree) -> BTreeSet<String> {
    let mut children = BTreeSet::new();
    for file in tree.of_kind(Kind::Hcl) {
        let Some(body) = body(file) else { continue };
        for call in modules(body).into_iter().filter(|call| call.pin == Pin::Local) {
            let source = call.source.and_then(Node::as_str).unwrap_or_default();
            children.extend(below(file.folder(), source.split('?').next().unwrap_or_default()));
        }
    }
    children
}

/// Whether Terragrunt writes the backend: its file lies in the folder or above it.
fn is_wrapped(tree: &Tree, folder: &str) -> bool {
    let names = ["terragrunt.hcl", "root.hcl"];
    let mut folder = folder;
    loop {
        let path = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        if names.iter().any(|name| tree.file(&path(name)).is_some()) {
            return true;
        }
        if folder.is_empty() {
            return false;
        }
        folder = folder_of(folder);
    }
}

fn body(file: &File) -> Option<&Body> {
    if let Parsed::Hcl(body) = &file.parsed { Some(body) } else { None }
}

/// Judges a folder that Terraform is run in.
fn root(files: &[&File], out: &mut Out<'_>) -> Judged {
    let bodies = || files.iter().filter_map(|file| Some((*file, body(file)?)));
    let settings = || bodies().flat_map(|(file, body)| body.blocks_of("terraform").map(move |block| (file, block)));
    // A file named `…override.tf` goes over the others.
    let backends =
        settings().flat_map(|(file, block)| block.body.blocks_of("backend").map(move |backend| (file, backend)));
    let backend = backends.max_by_key(|(file, _)| file.path.ends_with("override.tf"));
    if let Some((file, backend)) = backend {
        judge(file, backend, out);
        return Judged::Yes;
    }
    if settings().any(|(_, block)| block.body.blocks_of("cloud").next().is_some()) {
        return Judged::Yes;
    }
    let is_used = |block: &&Block| matches!(block.kind.as_str(), "resource" | "provider");
    let Some((file, first)) = bodies().find_map(|(file, body)| Some((file, body.blocks.iter().find(is_used)?))) else {
        return Judged::No;
    };
    if let Some(broken) = files.iter().find(|file| matches!(file.parsed, Parsed::Broken(_))) {
        let why = format!("no backend in what can be read; {} cannot be read", broken.path);
        out.at(file, first.kind_span).expected("a shared backend that locks").key("broken").unknown(why);
        return Judged::Yes;
    }
    let (file, span) = settings().next().map_or((file, first.kind_span), |(file, block)| (file, block.kind_span));
    out.at(file, span).observed("no backend: the state is a local file").expected("a shared backend that locks").fail();
    Judged::Yes
}

/// What makes a backend lock.
enum Lock {
    /// It always does.
    Itself,
    /// When one of these is given.
    With(&'static [&'static str]),
    /// Unless this one is false.
    Unless(&'static str),
    Never,
}

fn lock(backend: &str) -> Option<Lock> {
    Some(match backend {
        "azurerm" | "gcs" | "remote" | "kubernetes" | "pg" | "cos" | "oci" => Lock::Itself,
        "s3" => Lock::With(&["use_lockfile", "dynamodb_table"]),
        "http" => Lock::With(&["lock_address"]),
        "oss" => Lock::With(&["tablestore_table"]),
        "consul" => Lock::Unless("lock"),
        "artifactory" | "etcd" | "manta" => Lock::Never,
        _ => return None,
    })
}

fn judge(file: &File, backend: &Block, out: &mut Out<'_>) {
    let kind = backend.label(0);
    let label: Option<Span> = backend.labels.first().and_then(|label| label.span).or(backend.kind_span);
    let expected = "a shared backend that locks";
    if kind == "local" {
        out.at(file, label).observed("backend \"local\"").expected(expected).fail();
        return;
    }
    match lock(kind) {
        Some(Lock::Itself) => {}
        Some(Lock::Never) => {
            out.at(file, label).observed(format!("backend \"{kind}\" has no locking")).expected(expected).fail()
        }
        Some(Lock::Unless(name)) => {
            let Some(set) = backend.body.attribute(name).filter(|set| set.value.as_bool() == Some(false)) else {
                return;
            };
            out.at(file, set.value.span).observed(format!("{name} = false")).expected(format!("{name} = true")).fail();
        }
        Some(Lock::With(names)) => needs(file, backend, names, label, out),
        None => {
            out.at(file, label).expected(expected).unknown(format!("whether the backend \"{kind}\" locks is not known"))
        }
    }
}

/// Judges a backend that locks only when one of these is given.
fn needs(file: &File, backend: &Block, names: &[&str], label: Option<Span>, out: &mut Out<'_>) {
    let kind = backend.label(0);
    let given: Vec<_> = names.iter().filter_map(|name| backend.body.attribute(name)).collect();
    let is_on = |value: &Node| !value.is_null() && value.as_bool() != Some(false) && value.as_str() != Some("");
    let expected = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ");
    if given.iter().any(|entry| is_on(&entry.value) && !entry.value.is_opaque()) {
        return;
    }
    if let Some(entry) = given.iter().find(|entry| entry.value.is_opaque()) {
        return out.at(file, entry.value.span).expected(expected).unknown(format!("{} is computed", entry.key));
    }
    if let Some(entry) = given.first() {
        let observed = format!("backend \"{kind}\" without a lock: {} is off", entry.key);
        return out.at(file, entry.value.span.or(entry.key_span)).observed(observed).expected(expected).fail();
    }
    // What is not written here may be given by `-backend-config` when it is initialised.
    let is_whole = ["bucket", "address"].iter().any(|name| backend.body.attribute(name).is_some());
    if is_whole {
        out.at(file, label).observed(format!("backend \"{kind}\" without a lock")).expected(expected).fail();
    } else {
        let why = format!("backend \"{kind}\" is configured elsewhere (-backend-config)");
        out.at(file, label).expected(expected).unknown(why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    fn one(text: &str) -> Vec<String> {
        told(&TerraformBackend, &[("infra/main.tf", text)])
    }

    fn backend(lines: &str) -> Vec<String> {
        one(&format!("terraform {{\n  {lines}\n}}\nprovider \"aws\" {{}}\n"))
    }

    #[test]
    fn backends_that_do_not_lock() {
        let s3 = "backend \"s3\" {\n    bucket = \"b\"\n    key = \"k\"\n";
        assert_eq!(backend(&format!("{s3}  }}")), ["infra/main.tf:2:11 backend \"s3\" without a lock"]);
        assert_eq!(
            backend(&format!("{s3}    use_lockfile = false\n  }}")),
            ["infra/main.tf:5:20 backend \"s3\" without a lock: use_lockfile is off"]
        );
        assert_eq!(backend("backend \"local\" {}"), ["infra/main.tf:2:11 backend \"local\""]);
        assert_eq!(
            backend("backend \"http\" {\n    address = \"https://a\"\n  }"),
            ["infra/main.tf:2:11 backend \"http\" without a lock"]
        );
        assert_eq!(backend("backend \"consul\" {\n    lock = false\n  }"), ["infra/main.tf:3:12 lock = false"]);
        assert_eq!(
            backend("required_version = \">= 1.5\""),
            ["infra/main.tf:1:1 no backend: the state is a local file"]
        );
        assert_eq!(
            one("# x\nresource \"aws_instance\" \"a\" {}\n"),
            ["infra/main.tf:2:1 no backend: the state is a local file"]
        );
    }

    #[test]
    fn backends_that_lock() {
        for lines in [
            "backend \"s3\" {\n    bucket = \"b\"\n    dynamodb_table = \"locks\"\n  }",
            "backend \"s3\" {\n    bucket = \"b\"\n    use_lockfile = true\n  }",
            "backend \"gcs\" {\n    bucket = \"b\"\n  }",
            "backend \"azurerm\" {}",
            "backend \"http\" {\n    address = \"https://a\"\n    lock_address = \"https://a/lock\"\n  }",
            "backend \"remote\" {}",
            "backend \"consul\" {}",
            "cloud {\n    organization = \"o\"\n  }",
        ] {
            assert!(backend(lines).is_empty(), "{lines}");
        }
    }

    #[test]
    fn what_is_told_elsewhere_is_unknown() {
        let part = backend("backend \"s3\" {}");
        assert_eq!(part, ["? infra/main.tf:2:11 backend \"s3\" is configured elsewhere (-backend-config)"]);
        assert!(
            backend("backend \"s3\" {\n    bucket = \"b\"\n    use_lockfile = var.lock\n  }")[0]
                .starts_with("? infra/main.tf:4:20")
        );
        let files = [("a/main.tf", "resource \"x\" \"y\" {}\n"), ("a/backend.tf", "terraform {\n")];
        assert_eq!(
            told(&TerraformBackend, &files),
            ["? a/main.tf:1:1 no backend in what can be read; a/backend.tf cannot be read"]
        );
    }

    #[test]
    fn only_folders_that_it_is_run_in_are_judged() {
        let resource = "resource \"aws_instance\" \"a\" {}\n";
        let files = [
            (
                "live/main.tf",
                "terraform {\n  backend \"gcs\" {}\n}\nmodule \"vpc\" {\n  source = \"../parts/vpc\"\n}\n",
            ),
            ("parts/vpc/main.tf", resource),
            ("modules/db/main.tf", resource),
            ("vpc/examples/full/main.tf", resource),
            ("outputs/main.tf", "output \"x\" {\n  value = 1\n}\n"),
            ("grunt/terragrunt.hcl", "remote_state {\n  backend = \"s3\"\n}\n"),
            ("grunt/app/main.tf", resource),
            ("split/backend.tf", "terraform {\n  backend \"gcs\" {}\n}\n"),
            ("split/main.tf", resource),
        ];
        assert_eq!(told(&TerraformBackend, &files), Vec::<String>::new());
    }
}
