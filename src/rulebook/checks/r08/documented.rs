//! 08b: a public function that does not say what it does, or what it takes and gives.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta, Parameter, Value},
        fixture::NOT_BELOW,
        out::Out,
        policy::Policy,
        subject::script::{is_below, is_docs, is_foreign, is_test},
        syntax::python::{Function, Module},
        tree::{File, Parsed, Tree, folder_of},
    },
};
use std::collections::HashSet;

pub struct Documented;

static META: Meta = Meta {
    id: "08b",
    title: "public function without docstring or type hints",
    level: Level::Warn,
    scopes: &[Scope::Repo],
    why: "Who has to change it next cannot see what it promises; a type checker cannot, either.",
    fix: "Write a docstring of a sentence, and the types of parameters and result.",
    precedent: &["D102", "D103", "ANN001", "ANN201"],
    references: &["https://peps.python.org/pep-0257/", "https://peps.python.org/pep-0484/"],
    parameters: &[
        NOT_BELOW,
        Parameter {
            name: "most",
            about: "how many functions of a file are told one by one; of more the file is told once",
            default: Value::Number(5.0),
        },
    ],
};

impl Check for Documented {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let libraries = Libraries::of(tree);
        let most = out.number("most").max(1.0) as usize;
        let mut verdict = Judged::No;
        for file in tree.files.values() {
            let Parsed::Python(module) = &file.parsed else { continue };
            if is_left_out(file) || out.leaves_out(&file.path) || !is_operated(file, module, &libraries, out.policy) {
                continue;
            }
            verdict = Judged::Yes;
            let judged = module.functions.iter().filter(|function| is_judged(function));
            let all = judged.clone().count();
            let found: Vec<_> = judged
                .map(|function| (function, missing(function)))
                .filter(|(_, missing)| !missing.is_empty())
                .collect();
            tell(file, &found, all, most, out);
        }
        verdict
    }
}

/// One finding a function; where they are many one finding a file, because a person then decides about the file.
fn tell(file: &File, found: &[(&Function, Vec<String>)], all: usize, most: usize, out: &mut Out<'_>) {
    if let Some((first, _)) = found.first().filter(|_| found.len() > most) {
        let observed = format!("{} of {all} public functions, the first is {}", found.len(), name(first));
        let draft = out.at(file, first.span).observed(observed).key("many");
        draft.expected("docstrings and type hints").fail();
        return;
    }
    for (function, missing) in found {
        let observed = format!("{}: without {}", name(function), missing.join(", "));
        let draft = out.at(file, function.span).observed(observed).key(name(function));
        draft.expected("a docstring and type hints").fail();
    }
}

/// Tests, examples, migrations, and what says that a program wrote it.
fn is_left_out(file: &File) -> bool {
    let path = &file.path;
    let is_generated = || {
        let mut head = file.text().lines().take(8).map(str::to_ascii_lowercase);
        head.any(|line| line.starts_with('#') && line.contains("generated"))
    };
    is_test(path)
        || is_foreign(path)
        || is_docs(path)
        || is_below(path, &["migrations", "versions", "alembic", "bench", "benches", "benchmarks"])
        || is_generated()
}

/// Whether a module is operated: it lies where scripts and infrastructure do, it is run by itself, or it is no part of a library. What a
/// library promises is for its own checks to say.
fn is_operated(file: &File, module: &Module, libraries: &Libraries<'_>, policy: &Policy) -> bool {
    let layout = &policy.layout;
    let is_in = |folder: &String| file.path.starts_with(&format!("{}/", folder.trim_matches('/')));
    layout.scripts.iter().chain(&layout.infrastructure).any(is_in)
        || module.has_shebang && !libraries.is_package(file.folder())
        || !libraries.hold(&file.path)
}

/// Folders of packages of Python.
struct Libraries<'t> {
    all: HashSet<&'t str>,
    packages: HashSet<&'t str>,
}

impl<'t> Libraries<'t> {
    fn of(tree: &'t Tree) -> Self {
        let is_sign = |name: &str| matches!(name, "__init__.py" | "setup.py" | "setup.cfg" | "pyproject.toml");
        let signs = tree.files.values().filter(|file| is_sign(file.name()) || file.name() == "PKG-INFO");
        let packages = tree.files.values().filter(|file| file.name() == "__init__.py");
        Self { all: signs.map(|file| file.folder()).collect(), packages: packages.map(|file| file.folder()).collect() }
    }

    /// Whether a folder is a package: what is in it is imported, whatever its first line says.
    fn is_package(&self, folder: &str) -> bool {
        self.packages.contains(folder)
    }

    /// Whether a file lies in one of them, at whatever depth.
    fn hold(&self, path: &str) -> bool {
        let folders =
            std::iter::successors(Some(folder_of(path)), |folder| (!folder.is_empty()).then(|| folder_of(folder)));
        folders.into_iter().any(|folder| self.all.contains(folder))
    }
}

fn name(function: &Function) -> String {
    function.class.as_ref().map_or_else(|| function.name.clone(), |class| format!("{}.{}", class.name, function.name))
}

/// Public, and not one whose docstring is elsewhere: an overload, a setter, an override, what is only there to be overridden.
fn is_judged(function: &Function) -> bool {
    let said_elsewhere = ["overload", "setter", "deleter", "override", "overrides", "abstractmethod", "fixture"];
    let is_protocol = function
        .class
        .as_ref()
        .is_some_and(|class| class.bases.iter().any(|base| base.ends_with("Protocol") || base.ends_with("TestCase")));
    function.is_public()
        && !said_elsewhere.iter().any(|decorator| function.is_decorated(decorator))
        && !function.is_stub
        && !is_protocol
        && !function.name.starts_with("test")
}

fn missing(function: &Function) -> Vec<String> {
    let mut missing = Vec::new();
    if !function.has_docstring {
        missing.push("docstring".to_owned());
    }
    let is_static = function.is_decorated("staticmethod");
    let own = usize::from(function.class.is_some() && !is_static);
    // The values of `*args` and `**kwargs` are often anything.
    let untyped = function
        .parameters
        .iter()
        .skip(own)
        .filter(|any| !any.is_annotated && !any.is_variadic && !any.name.starts_with('_'));
    let names: Vec<&str> = untyped.map(|parameter| parameter.name.as_str()).collect();
    if !names.is_empty() {
        missing.push(format!("type of {}", names.join(", ")));
    }
    if !function.has_return_type {
        missing.push("type of its result".to_owned());
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    #[test]
    fn what_is_missing_is_named() {
        let text = "def fetch(url, timeout: int):\n    return 1\n\nclass Pool:\n    async def take(self):\n        \"\"\"Takes.\"\"\"\n        return 1\n";
        assert_eq!(
            told(&Documented, &[("app/a.py", text)]),
            [
                "app/a.py:1:5 fetch: without docstring, type of url, type of its result",
                "app/a.py:5:15 Pool.take: without type of its result"
            ]
        );
    }

    #[test]
    fn libraries_and_what_a_program_wrote_are_left_alone() {
        let bad = "def f(x): return x\n";
        let of = |files: &[(&str, &str)]| told(&Documented, files);
        assert!(of(&[("lib/__init__.py", ""), ("lib/sub/a.py", bad)]).is_empty());
        assert!(of(&[("pyproject.toml", ""), ("src/a.py", bad)]).is_empty());
        assert!(
            of(&[("app/a_pb2.py", "# Generated by the protocol buffer compiler.\ndef f(x): return x\n")]).is_empty()
        );
        assert_eq!(of(&[("pyproject.toml", ""), ("scripts/a.py", bad)]).len(), 1);
        assert_eq!(of(&[("pyproject.toml", ""), ("run.py", "#!/usr/bin/env python3\ndef f(x): return x\n")]).len(), 1);
    }

    #[test]
    fn many_are_told_once() {
        let text: String = (0..7).map(|at| format!("def f{at}(x):\n    return x\n")).collect();
        assert_eq!(
            told(&Documented, &[("app/a.py", &text)]),
            ["app/a.py:1:5 7 of 7 public functions, the first is f0"]
        );
    }

    #[test]
    fn functions_that_need_none() {
        let text = "def _own(x): return 1\n\nclass A:\n    def __init__(self, x): self.x = x\n    @property\n    def a(self) -> int:\n        \"\"\"A.\"\"\"\n        return 1\n\
            \x20   @a.setter\n    def a(self, x): self.x = x\n    @abc.abstractmethod\n    def b(self, x): ...\n    @override\n    def c(self, x): return x\n\
            \x20   @staticmethod\n    def d(x: int, *args, **kwargs) -> int:\n        'D'\n        return 1\n\n@overload\ndef f(x: int) -> int: ...\n\n\
            def g(x: int) -> int:\n    \"\"\"G.\"\"\"\n    def inner(y): return y\n    return inner(x)\n\nclass _P:\n    def q(self): return 1\n";
        assert_eq!(told(&Documented, &[("app/a.py", text)]), [""; 0]);
        assert!(
            told(&Documented, &[("tests/a.py", "def f(x): return x\n"), ("test_a.py", "def g(x): return x\n")])
                .is_empty()
        );
    }
}
