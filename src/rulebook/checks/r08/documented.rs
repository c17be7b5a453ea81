//! 08b: a public function that does not say what it does, or what it takes and gives.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        subject::script::{is_below, is_docs, is_foreign, is_test},
        syntax::python::Function,
        tree::{File, Parsed},
    },
};

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
    parameters: &[],
};

impl Check for Documented {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn file(&self, file: &File, out: &mut Out<'_>) -> Judged {
        let Parsed::Python(module) = &file.parsed else { return Judged::No };
        let path = &file.path;
        if is_test(path) || is_foreign(path) || is_docs(path) || is_below(path, &["migrations", "versions", "alembic"])
        {
            return Judged::No;
        }
        for function in module.functions.iter().filter(|function| is_judged(function)) {
            let missing = missing(function);
            if !missing.is_empty() {
                let observed = format!("{}: without {}", name(function), missing.join(", "));
                out.at(file, function.span)
                    .observed(observed)
                    .expected("a docstring and type hints")
                    .key(name(function))
                    .fail();
            }
        }
        Judged::Yes
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
