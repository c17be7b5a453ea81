//! 07b: a shell script that goes on after a failure.

use crate::{
    model::finding::{Level, Scope, Span},
    rulebook::{
        check::{Check, Judged, Meta},
        fixture::NOT_BELOW,
        out::Out,
        subject::script::{is_library, script, sourced},
        syntax::shell::{Dialect, Script, Switch},
        tree::{File, Tree},
    },
};
use std::collections::HashMap;

pub struct Strict;

static META: Meta = Meta {
    id: "07b",
    title: "shell script goes on after a failure",
    level: Level::Error,
    scopes: &[Scope::Repo],
    why: "Without `set -euo pipefail` a script goes on after a command that failed, with variables that are empty, and ends as if all was well.",
    fix: "Put `set -euo pipefail` (`set -eu` in a POSIX shell) below the first line.",
    precedent: &["DL4006"],
    references: &["https://www.gnu.org/software/bash/manual/html_node/The-Set-Builtin.html"],
    parameters: &[NOT_BELOW],
};

impl Check for Strict {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn file(&self, file: &File, out: &mut Out<'_>) -> Judged {
        let Some(script) = judged(file).filter(|_| sourced(file).0.is_empty()) else { return Judged::No };
        tell(file, &missing(script), out);
        Judged::Yes
    }

    /// Scripts that source another file: that one may set the options.
    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let mut verdict = Judged::No;
        let mut setters: HashMap<&str, Vec<&Script>> = HashMap::new();
        for file in tree.files.values() {
            let sets = |script: &&Script| file.kept(|_| Sets(!script.settings().is_empty())).0;
            if let Some(script) = script(file).filter(sets) {
                setters.entry(file.name()).or_default().push(script);
            }
        }
        for file in tree.files.values() {
            if script(file).is_none() || sourced(file).0.is_empty() || out.leaves_out(&file.path) {
                continue;
            }
            let Some(script) = judged(file) else { continue };
            verdict = Judged::Yes;
            let mut missing = missing(script);
            let sourced = sourced(file);
            for other in sourced.0.iter().flat_map(|name| setters.get(&**name).into_iter().flatten()) {
                missing.retain(|switch| !other.sets(*switch));
            }
            tell(file, &missing, out);
        }
        verdict
    }
}

/// The script that a file is, if it is one that runs by itself.
fn judged(file: &File) -> Option<&Script> {
    let script = script(file)?;
    let is_shell = !matches!(script.dialect, Dialect::Other | Dialect::Zsh);
    // Without a first line, and not to be executed by itself: it is sourced, or is a completion.
    let name = file.name();
    let is_part = script.shebang.is_none() && (name.ends_with(".bash") || name.contains("complet"));
    let runs = !script.commands.is_empty() && !is_library(script) && !is_part;
    // Tests of `bats` handle failures by themselves.
    let is_bats = script.shebang.as_ref().is_some_and(|shebang| shebang.interpreter == "bats");
    (is_shell && runs && !is_bats && !file.is_foreign()).then_some(script)
}

/// Whether a script sets any option.
struct Sets(bool);

fn missing(script: &Script) -> Vec<Switch> {
    let mut wanted = vec![Switch::ErrExit, Switch::NoUnset];
    // Without a pipe there is nothing whose failure it would keep.
    if script.dialect != Dialect::Posix && !script.pipelines.is_empty() {
        wanted.push(Switch::PipeFail);
    }
    wanted.retain(|switch| !script.sets(*switch));
    wanted
}

fn tell(file: &File, missing: &[Switch], out: &mut Out<'_>) {
    if missing.is_empty() {
        return;
    }
    let name = |switch: &Switch| match switch {
        Switch::ErrExit => "-e",
        Switch::NoUnset => "-u",
        Switch::PipeFail => "pipefail",
    };
    let names: Vec<&str> = missing.iter().map(name).collect();
    let script = script(file);
    let shebang = script.and_then(|script| script.shebang.as_ref()).map(|shebang| shebang.span);
    let place = shebang.or_else(|| script?.commands.first().map(|first| first.span)).unwrap_or(Span::on_line(1, 1, 1));
    let is_posix = script.is_some_and(|script| script.dialect == Dialect::Posix);
    let expected = if is_posix { "set -eu" } else { "set -euo pipefail" };
    out.at(file, place).observed(format!("without {}", names.join(", "))).expected(expected).fail();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(told(&Strict, &[("a.sh", "#!/bin/bash\nset -e\nrun | x\n")]), ["a.sh:1:1 without -u, pipefail"]);
        assert_eq!(told(&Strict, &[("a.sh", "#!/bin/sh\nrun\n")]), ["a.sh:1:1 without -e, -u"]);
        assert_eq!(told(&Strict, &[("a.sh", "# no first line\nrun\n")]), ["a.sh:2:1 without -e, -u"]);
        assert_eq!(
            told(&Strict, &[("a.sh", "#!/bin/bash\nset +e\nx=$(set -euo pipefail)\nrun | x\n")]),
            ["a.sh:1:1 without -e, -u, pipefail"]
        );
    }

    #[test]
    fn every_way_to_say_it() {
        for text in [
            "#!/bin/bash\nset -euo pipefail\nrun\n",
            "#!/bin/bash -eu\nset -o pipefail\nrun\n",
            "#!/usr/bin/env bash\nset -o errexit\nset -o nounset\nset -o pipefail\nrun\n",
            "#!/bin/bash\necho first\nset -Eeuo pipefail\n",
            "#!/bin/sh -eu\nrun | x\n",
            "#!/bin/bash\nset -eu\nrun || x\n",
            "#!/bin/dash\nset -e -u\nrun\n",
            "#!/bin/bash\nshopt -so errexit nounset pipefail\nrun\n",
        ] {
            assert!(told(&Strict, &[("a.sh", text)]).is_empty(), "{text}");
        }
    }

    #[test]
    fn tests_and_completions_are_not_judged() {
        let text = "#!/bin/bash\nrun\n";
        assert!(
            told(&Strict, &[("tests/a.sh", text), ("x/vendor/a.sh", text), ("x/tool-completion.bash", "a | b\n")])
                .is_empty()
        );
    }

    #[test]
    fn what_is_sourced_is_not_judged_and_counts() {
        assert!(told(&Strict, &[("lib.sh", "# helpers\nexport A=1\nf() { run; }\n")]).is_empty());
        let main = "#!/bin/bash\n. \"$(dirname \"$0\")/common.sh\"\nrun\n";
        assert!(told(&Strict, &[("a.sh", main), ("lib/common.sh", "set -euo pipefail\nf() { a; }\n")]).is_empty());
        assert_eq!(told(&Strict, &[("a.sh", main), ("lib/common.sh", "f() { a; }\n")]), ["a.sh:1:1 without -e, -u"]);
        assert!(told(&Strict, &[("a", "#!/usr/bin/fish\nrun\n"), ("b", "#!/usr/bin/env zsh\nrun\n")]).is_empty());
    }
}
