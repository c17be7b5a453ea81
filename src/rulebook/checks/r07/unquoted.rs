//! 07c: a variable that is not quoted where it is split into words, and a `cd` whose failure nobody notices.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        fixture::NOT_BELOW,
        out::Out,
        subject::script::script,
        syntax::shell::{Command, Dialect, Expands, Expansion, Redirect, Script, Switch, Word},
        tree::File,
    },
};
use std::collections::{HashMap, HashSet};

pub struct Unquoted;

static META: Meta = Meta {
    id: "07c",
    title: "unquoted variable, or unchecked cd",
    level: Level::Error,
    scopes: &[Scope::Repo],
    why: "A value with a blank or a star in it becomes several words: `rm -r $dir` removes something else. After a `cd` that failed everything happens in the wrong folder.",
    fix: "Write \"$name\" in double quotes; write `cd … || exit`.",
    precedent: &["SC2086", "SC2068", "SC2164"],
    references: &["https://www.shellcheck.net/wiki/SC2086", "https://www.shellcheck.net/wiki/SC2164"],
    parameters: &[NOT_BELOW],
};

impl Check for Unquoted {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn file(&self, file: &File, out: &mut Out<'_>) -> Judged {
        let Some(script) = script(file).filter(|_| !file.is_foreign()) else { return Judged::No };
        if matches!(script.dialect, Dialect::Other | Dialect::Zsh) {
            // zsh does not split what it expands.
            return Judged::No;
        }
        let harmless = Harmless::of(script);
        let split_is_meant = Meant::of(script, &["SC2086", "SC2068", "SC2048"]);
        let cd_is_meant = Meant::of(script, &["SC2164"]);
        let goes_on = !script.sets(Switch::ErrExit);
        for command in &script.commands {
            for (expansion, shown) in split(command).filter(|(expansion, _)| !harmless.is(expansion)) {
                if !split_is_meant.covers(command) {
                    out.at(file, expansion.span).observed(shown.clone()).expected(format!("\"{shown}\"")).fail();
                }
            }
            if goes_on && is_unchecked_cd(script, command) && !cd_is_meant.covers(command) {
                let text = command.words.iter().map(|word| word.written(file.text())).collect::<Vec<_>>().join(" ");
                let draft = out.at(file, command.words[0].span).title("unchecked cd").observed(text.clone());
                draft.expected(format!("{text} || exit")).fail();
            }
        }
        Judged::Yes
    }
}

/// What a command expands where it is split into words, and how it is written.
fn split(command: &Command) -> impl Iterator<Item = (&Expansion, String)> {
    let name = command.name().unwrap_or_default();
    let assigns = matches!(name, "export" | "local" | "readonly" | "declare" | "typeset");
    // Only a number can be meant, and more than one word is told as an error.
    let takes_number = matches!(name, "exit" | "return" | "shift" | "let");
    let is_assignment = move |word: &Word| {
        let sign = word.bare.find('=').unwrap_or_default();
        assigns && sign > 0 && word.bare[..sign].bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
    };
    // The first word is the command: `$SUDO apt-get` means to be split.
    let words = command.words.iter().skip(1).filter(move |word| !takes_number && !is_assignment(word));
    let is_file = |redirect: &&Redirect| !redirect.operator.starts_with("<<") && !redirect.operator.ends_with('&');
    let targets = command.redirects.iter().filter(is_file).map(|redirect| &redirect.target);
    let parts = words.chain(targets).flat_map(|word| &word.expansions).filter(|expansion| !expansion.is_quoted);
    parts.filter_map(|expansion| Some((expansion, splits(expansion)?)))
}

/// How an expansion is written, if its value may be split.
fn splits(expansion: &Expansion) -> Option<String> {
    let Expands::Parameter { name, sign, operator } = &expansion.kind else { return None };
    let is_number = matches!(name.as_str(), "#" | "?" | "$" | "!" | "-" | "") || *sign == Some('#');
    // `${x:+…}` is there to give no word or several; `: ${x:=…}` assigns.
    let is_meant = operator.starts_with([':', '+', '='])
        && matches!(operator.trim_start_matches(':').chars().next(), Some('+' | '='));
    if is_number || is_meant {
        return None;
    }
    let sign = sign.map(String::from).unwrap_or_default();
    let is_plain = operator.is_empty() && sign.is_empty();
    Some(if is_plain { format!("${name}") } else { format!("${{{sign}{name}{operator}}}") })
}

/// Variables that hold only what cannot be split, wherever they are assigned in the script.
struct Harmless<'s>(HashMap<&'s str, bool>);

impl<'s> Harmless<'s> {
    fn of(script: &'s Script) -> Self {
        let mut known: HashMap<&str, bool> = HashMap::new();
        let mut note = |name: &'s str, is_harmless: bool| {
            let all = known.entry(name).or_insert(true);
            *all &= is_harmless;
        };
        for command in &script.commands {
            for assignment in &command.assignments {
                note(&assignment.name, assignment.items.is_none() && is_plain(&assignment.value));
            }
            match command.name() {
                Some("export" | "local" | "readonly" | "declare" | "typeset") => {
                    for word in command.words.iter().skip(1) {
                        if let Some((name, value)) = word.bare.split_once('=') {
                            note(name, word.expansions.iter().all(is_number) && value.bytes().all(is_plain_byte));
                        }
                    }
                }
                Some("read" | "mapfile" | "readarray" | "getopts" | "printf") => {
                    for word in command.words.iter().skip(1) {
                        note(&word.bare, false);
                    }
                }
                _ => {}
            }
        }
        Self(known)
    }

    fn is(&self, expansion: &Expansion) -> bool {
        matches!(&expansion.kind, Expands::Parameter { name, operator, .. }
            if operator.is_empty() && self.0.get(name.as_str()).copied().unwrap_or(false))
    }
}

/// Whether a value has nothing that is split or matched with files.
fn is_plain(value: &Word) -> bool {
    value.expansions.iter().all(is_number) && (!value.expansions.is_empty() || value.bare.bytes().all(is_plain_byte))
}

fn is_plain_byte(byte: u8) -> bool {
    !matches!(byte, b' ' | b'\t' | b'\n' | b'*' | b'?' | b'[' | b'$')
}

fn is_number(expansion: &Expansion) -> bool {
    match &expansion.kind {
        Expands::Arithmetic => true,
        Expands::Parameter { name, sign, operator } => {
            *sign == Some('#') || matches!(name.as_str(), "#" | "?" | "$" | "!") && operator.is_empty()
        }
        Expands::Command | Expands::Process => false,
    }
}

fn is_unchecked_cd(script: &Script, command: &Command) -> bool {
    if !matches!(command.name(), Some("cd" | "pushd")) || command.place.is_handled {
        return false;
    }
    // What is sourced lives by the options of the one who sources it.
    if script.shebang.is_none() {
        return false;
    }
    let target = command.words.iter().skip(1).find(|word| !word.starts_with("-") || word.bare == "-");
    target.is_some_and(|target| !is_always_there(target))
}

/// `..`, `/`, `~`: there is no reason to fear for these.
fn is_always_there(target: &Word) -> bool {
    target.bare.split('/').all(|part| matches!(part, "" | "." | ".."))
        || matches!(target.bare.as_str(), "-" | "~" | "$HOME" | "/tmp")
}

/// The lines on which a comment for shellcheck says that something is meant (<https://www.shellcheck.net/wiki/Directive>).
struct Meant {
    everywhere: bool,
    lines: HashSet<u32>,
}

impl Meant {
    fn of(script: &Script, codes: &[&str]) -> Self {
        let first = script.commands.first().map_or(0, |first| first.span.line);
        let is_for = |text: &str| text.contains("shellcheck disable=") && codes.iter().any(|code| text.contains(code));
        let comments = script.comments.iter().filter(|comment| is_for(&comment.text));
        let lines: HashSet<u32> = comments.map(|comment| comment.span.line).collect();
        // Right above the first command it is for that one only.
        Self { everywhere: lines.iter().any(|line| line + 1 < first), lines }
    }

    fn covers(&self, command: &Command) -> bool {
        self.everywhere || self.lines.contains(&command.span.line.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    fn of(text: &str) -> Vec<String> {
        told(&Unquoted, &[("a.sh", &format!("#!/bin/bash\n{text}\n"))])
    }

    #[test]
    fn variables_that_are_split() {
        assert_eq!(of("rm -r $dir/x ${a%/}"), ["a.sh:2:7 $dir", "a.sh:2:14 ${a%/}"]);
        assert_eq!(of("echo $1 \"$2\" > $out"), ["a.sh:2:6 $1", "a.sh:2:16 $out"]);
        assert_eq!(of("run $@ ${list[@]} --x=$y"), ["a.sh:2:5 $@", "a.sh:2:8 ${list[@]}", "a.sh:2:23 $y"]);
        assert_eq!(of("if [ -n $x ]; then x=$(cat $f); fi"), ["a.sh:2:9 $x", "a.sh:2:28 $f"]);
        assert_eq!(of("read x\nx=1\nkill $x"), ["a.sh:4:6 $x"]);
    }

    #[test]
    fn variables_that_are_not() {
        for text in [
            "[[ -n $x && $y == a* ]]",
            "x=$y; export A=$b; local c=$d",
            "case $x in a) ;; esac",
            "for x in $list; do echo \"$x\"; done",
            "echo $# $? $$ $! ${#x} ${#l[@]}",
            "run \"${a[@]}\" \"$x\"",
            "cat <<EOF\n$x\nEOF",
            "cat <<< $x",
            "((i = $x + 1)); echo $((i + $x))",
            "$SUDO apt-get update",
            "run ${x:+--x \"$x\"} ${y+\"$y\"}",
            ": ${x:=1}",
            "n=5; rc=$?; m=$((n + 1)); run $n $rc $m",
            "exit $rc",
            "echo 'a $x' \\$y",
            "# shellcheck disable=SC2086\nrun $options",
            "x=\"`run \\\"$y\\\"`\"",
            "echo x >&$fd",
        ] {
            assert_eq!(of(text), [""; 0], "{text}");
        }
        assert!(told(&Unquoted, &[("a", "#!/bin/zsh\nrm $x\n")]).is_empty());
    }

    #[test]
    fn a_cd_whose_failure_is_not_noticed() {
        assert_eq!(of("cd \"$x\"\nrm a"), ["a.sh:2:1 cd \"$x\""]);
        assert_eq!(of("(cd build; make)"), ["a.sh:2:2 cd build"]);
        for text in [
            "cd x || exit",
            "cd x && make",
            "if cd x; then y; fi",
            "set -e\ncd x",
            "cd ..; cd; cd -; cd ~",
            "{ cd x; y; } || exit 1",
            "x=$(cd \"$y\" && pwd)",
        ] {
            assert_eq!(of(text), [""; 0], "{text}");
        }
    }
}
