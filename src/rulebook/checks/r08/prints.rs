//! 08c: `print` in a module whose words belong into a log.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        fixture::NOT_BELOW,
        out::Out,
        subject::script::is_below,
        syntax::python::Module,
        tree::{File, Parsed},
    },
};

pub struct Prints;

static META: Meta = Meta {
    id: "08c",
    title: "print where logging belongs",
    level: Level::Warn,
    scopes: &[Scope::Repo],
    why: "A print has no time, no level and no place; it cannot be turned off, and often not be found.",
    fix: "Take `logger = logging.getLogger(__name__)` and `logger.info(…)`.",
    precedent: &["T201"],
    references: &["https://docs.python.org/3/howto/logging.html"],
    parameters: &[NOT_BELOW],
};

impl Check for Prints {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn file(&self, file: &File, out: &mut Out<'_>) -> Judged {
        let Parsed::Python(module) = &file.parsed else { return Judged::No };
        if file.is_test() || file.is_foreign() || file.is_docs() || speaks_to_a_person(file, module) {
            return Judged::No;
        }
        for call in module.calls.iter().filter(|call| call.callee == "print" && call.keyword("file").is_none()) {
            let function = call.function.and_then(|function| module.functions.get(function));
            let place = function.map_or("the module", |function| function.name.as_str());
            out.at(file, call.span).observed(format!("print in {place}")).expected("a logger").fail();
        }
        Judged::Yes
    }
}

/// Whether a module is a script or a command, the output of which is what it is for.
fn speaks_to_a_person(file: &File, module: &Module) -> bool {
    let interfaces = ["argparse", "click", "typer", "docopt", "fire", "optparse", "getopt", "rich", "cmd", "sys.argv"];
    let names = [
        "setup.py",
        "cli.py",
        "__main__.py",
        "manage.py",
        "noxfile.py",
        "fabfile.py",
        "tasks.py",
        "console.py",
        "main.py",
    ];
    module.main.is_some()
        || module.has_shebang
        || interfaces.iter().any(|interface| module.imports(interface))
        || names.contains(&file.name())
        || is_below(&file.path, &["cli", "commands", "scripts", "bin", "tools", "notebooks", "hack", "ci"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    #[test]
    fn prints_of_a_library() {
        let text = "import logging\nlogger = logging.getLogger(__name__)\ndef f():\n    print('x')\nprint(1)\n";
        assert_eq!(
            told(&Prints, &[("app/store.py", text)]),
            ["app/store.py:4:5 print in f", "app/store.py:5:1 print in the module"]
        );
    }

    #[test]
    fn prints_that_are_meant() {
        let text = "def f():\n    print('x')\n";
        let main = format!("{text}if __name__ == '__main__':\n    f()\n");
        assert!(
            told(
                &Prints,
                &[
                    ("app/run.py", &main),
                    ("app/cmd.py", &format!("import argparse\n{text}")),
                    ("app/cli.py", text),
                    ("scripts/x.py", text),
                    ("tests/x.py", text),
                    ("app/err.py", "import sys\nprint('x', file=sys.stderr)\n"),
                    ("app/log.py", "pprint(1)\nself.print(2)\n"),
                ]
            )
            .is_empty()
        );
    }
}
