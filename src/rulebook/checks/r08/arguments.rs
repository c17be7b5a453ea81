//! 08e: a script that takes no arguments, or takes them by hand.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        fixture::NOT_BELOW,
        out::Out,
        syntax::python::Module,
        tree::{File, Parsed},
    },
};
use std::collections::HashSet;

pub struct Arguments;

static META: Meta = Meta {
    id: "08e",
    title: "__main__ without an argument parser",
    level: Level::Warn,
    scopes: &[Scope::Repo],
    why: "A script that cannot be asked with --help runs at once, with whatever is written in it.",
    fix: "Read the arguments with argparse (or click, typer); then --help comes by itself.",
    precedent: &[],
    references: &["https://docs.python.org/3/library/argparse.html"],
    parameters: &[NOT_BELOW],
};

impl Check for Arguments {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn file(&self, file: &File, out: &mut Out<'_>) -> Judged {
        let Parsed::Python(module) = &file.parsed else { return Judged::No };
        let Some(main) = &module.main else { return Judged::No };
        if file.is_test() || file.is_foreign() || file.is_docs() {
            return Judged::No;
        }
        if !parses(module) && !hands_over(module) {
            out.at(file, main.span).observed("no argument parser").expected("argparse, click or typer").fail();
        }
        Judged::Yes
    }
}

/// Whether it takes its arguments with a library for that.
fn parses(module: &Module) -> bool {
    let parsers = [
        "argparse",
        "click",
        "typer",
        "docopt",
        "fire",
        "optparse",
        "getopt",
        "absl",
        "plac",
        "cyclopts",
        "tyro",
        "simple_parsing",
        "jsonargparse",
        "configargparse",
        "hydra",
        "clize",
        "defopt",
        "invoke",
        "cleo",
        "cliff",
        "tap",
        "asyncclick",
        "rich_click",
        "pydantic_settings",
        "streamlit",
    ];
    parsers.iter().any(|parser| module.imports(parser))
}

/// Whether what runs is of another module, which has the parser, or is a server or a runner of tests, which have one of their own.
fn hands_over(module: &Module) -> bool {
    let standard = [
        "sys",
        "os",
        "asyncio",
        "logging",
        "time",
        "json",
        "pathlib",
        "signal",
        "dotenv",
        "trio",
        "anyio",
        "re",
        "datetime",
        "subprocess",
    ];
    let runners = ["unittest.main", "pytest.main", "uvicorn.run", "execute_from_command_line", "nox.main"];
    let imported: HashSet<&str> = module.imports.iter().map(|import| import.full.as_str()).collect();
    let has_web =
        ["flask", "fastapi", "bottle", "mcp", "fastmcp", "dash", "gradio"].iter().any(|web| module.imports(web));
    module.calls.iter().filter(|call| call.is_in_main).any(|call| {
        let first = call.callee.split('.').find(|part| !part.is_empty()).unwrap_or_default();
        let mut ends = call.callee.match_indices('.').map(|(at, _)| at).chain([call.callee.len()]).take(20);
        let is_imported = ends.any(|end| imported.contains(&call.callee[..end]));
        let is_server = call.callee.ends_with(".run") && has_web;
        runners.iter().any(|runner| call.callee.ends_with(runner))
            || is_server
            || is_imported && !standard.contains(&first)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    #[test]
    fn scripts_that_run_at_once() {
        let text =
            "import sys\n\ndef main():\n    return sys.argv[1]\n\nif __name__ == \"__main__\":\n    sys.exit(main())\n";
        assert_eq!(told(&Arguments, &[("job.py", text)]), ["job.py:6:1 no argument parser"]);
    }

    #[test]
    fn scripts_that_can_be_asked_and_others() {
        let main = "if __name__ == '__main__':\n";
        assert!(
            told(
                &Arguments,
                &[
                    ("a.py", &format!("import argparse\n{main}    main()\n")),
                    ("b.py", &format!("from click import command\n{main}    main()\n")),
                    ("c.py", &format!("from .cli import main\n{main}    main()\n")),
                    ("d.py", &format!("import unittest\n{main}    unittest.main()\n")),
                    ("e.py", &format!("import uvicorn\n{main}    uvicorn.run(app)\n")),
                    ("f.py", &format!("from flask import Flask\napp = Flask('x')\n{main}    app.run()\n")),
                    ("g.py", "def main(): pass\n"),
                    ("test_h.py", &format!("{main}    main()\n")),
                ]
            )
            .is_empty()
        );
    }
}
