//! 08d: an `except` that catches everything, and commands that go through a shell.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        fixture::NOT_BELOW,
        out::Out,
        syntax::python::{Call, Value},
        tree::{File, Parsed},
    },
};

pub struct Swallowed;

static META: Meta = Meta {
    id: "08d",
    title: "bare except, or shell=True",
    level: Level::Error,
    scopes: &[Scope::Repo],
    why: "A bare `except` also catches Ctrl-C and typing mistakes, and hides them. With `shell=True` a blank or a `;` in a value becomes part of the command.",
    fix: "Catch the exception that is expected; give the command as a list, without shell=True.",
    precedent: &["E722", "S602", "B602"],
    references: &[
        "https://docs.astral.sh/ruff/rules/bare-except/",
        "https://docs.python.org/3/library/subprocess.html#security-considerations",
    ],
    parameters: &[NOT_BELOW],
};

impl Check for Swallowed {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn file(&self, file: &File, out: &mut Out<'_>) -> Judged {
        let Parsed::Python(module) = &file.parsed else { return Judged::No };
        if file.is_foreign() {
            return Judged::No;
        }
        // One that raises again only cleans up.
        for handler in module.handlers.iter().filter(|handler| handler.catches.is_none() && !handler.raises) {
            out.at(file, handler.span).title("bare except").observed("except:").expected("except SomeError:").fail();
        }
        let has_subprocess = module.imports("subprocess");
        for call in module.calls.iter().filter(|call| !file.is_test() && runs_a_command(call, has_subprocess)) {
            if let Some(shell) = call.keyword("shell").filter(|shell| shell.value == Value::Bool(true)) {
                let draft = out.at(file, shell.span).title("command through a shell");
                draft
                    .observed(format!("{}(shell=True)", call.callee))
                    .expected("a list of arguments, without a shell")
                    .fail();
            }
        }
        Judged::Yes
    }
}

fn runs_a_command(call: &Call, has_subprocess: bool) -> bool {
    let last = call.callee.rsplit('.').next().unwrap_or_default();
    call.callee.starts_with("subprocess.")
        || has_subprocess && matches!(last, "run" | "call" | "Popen" | "check_call" | "check_output")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    #[test]
    fn what_swallows_and_what_splits() {
        let text = "import subprocess as sp\nfrom subprocess import run\ntry:\n  a()\nexcept:\n  pass\nsp.Popen(c, shell=True)\nrun(c, shell=True, check=True)\n";
        assert_eq!(
            told(&Swallowed, &[("a.py", text)]),
            ["a.py:5:1 except:", "a.py:7:13 subprocess.Popen(shell=True)", "a.py:8:8 subprocess.run(shell=True)"]
        );
    }

    #[test]
    fn what_does_not() {
        let text = "import subprocess\ntry:\n  a()\nexcept Exception:\n  pass\ntry:\n  b()\nexcept:\n  log()\n  raise\n\
            subprocess.run(c, shell=False)\nsubprocess.run(['a'])\nrender(shell=True)\n# except:\nx = 'except:'\n";
        assert_eq!(told(&Swallowed, &[("a.py", text)]), [""; 0]);
    }
}
