//! Tests of the reader of shell.

use super::*;
use proptest::prelude::*;
use std::fmt::Write;

fn read(text: &str) -> Script {
    parse(text).expect("is shell")
}

fn commands(text: &str) -> Vec<String> {
    let line = |command: &Command| {
        let mut line = format!("{}:{} ", command.span.line, command.span.column);
        for assignment in &command.assignments {
            write!(line, "{}={} ", assignment.name, assignment.value.bare).expect("writes");
        }
        let words: Vec<&str> = command.words.iter().map(|word| word.bare.as_str()).collect();
        line + &words.join("|")
    };
    read(text).commands.iter().map(line).collect()
}

fn unquoted(text: &str) -> Vec<String> {
    let script = read(text);
    let words = script.commands.iter().flat_map(|command| &command.words);
    let open = words.flat_map(|word| &word.expansions).filter(|expansion| !expansion.is_quoted);
    open.map(|expansion| format!("{}:{}-{}", expansion.span.line, expansion.span.column, expansion.span.end_column))
        .collect()
}

#[test]
fn commands_and_their_words() {
    assert_eq!(
        commands("a b 'c d' \"e $f\"g\n  A=1 B=\"x y\" run \\\n    now # no\n"),
        ["1:1 a|b|c d|e $fg", "2:3 A=1 B=x y run|now"]
    );
    assert_eq!(
        commands("if a; then b; elif c; then d; else e; fi; for x in 1 2; do f; done"),
        ["1:4 a", "1:12 b", "1:20 c", "1:28 d", "1:36 e", "1:60 f"]
    );
    assert_eq!(
        commands("case $1 in (a|b) x ;; *) y;; esac\n( z )\n{ w; } > out\n[[ a =~ ^(b|c)$ ]] && v\n((i++)) || u"),
        ["1:18 x", "1:26 y", "2:3 z", "3:3 w", "3:7 ", "4:23 v", "5:12 u"]
    );
    assert_eq!(
        commands("x=$(a \"$(b)\"; c `d`)\necho $((1 + $(f))) $( (g) )"),
        [
            "1:1 x=$(a \"$(b)\"; c `d`) ",
            "1:5 a|$(b)",
            "1:10 b",
            "1:15 c|`d`",
            "1:18 d",
            "2:1 echo|$((1 + $(f)))|$( (g) )",
            "2:24 g"
        ]
    );
}

#[test]
fn places_are_those_of_characters() {
    assert_eq!(unquoted("é $a \"$b\" ${c} x$d"), ["1:3-5", "1:11-15", "1:17-19"]);
    assert_eq!(unquoted("a \\\n $b \"`c \\\"$d\\\"`\" `e $f`"), ["2:2-4", "2:18-24", "2:21-23"]);
    let script = parse_from("run $x", 7).expect("is shell");
    assert_eq!(script.commands[0].words[1].place(), Span::on_line(7, 5, 2));
}

#[test]
fn heredocs_are_no_commands() {
    let script = read("cat <<EOF > a\nrm $x\nEOF\ncat <<-'E' | sh\n\tone\n\tE\nnext\n");
    assert_eq!(script.heredocs[0].text, "rm $x\n");
    assert_eq!((script.heredocs[1].text.as_str(), script.heredocs[1].line), ("\tone\n", 5));
    assert!(script.heredocs[1].is_quoted);
    assert_eq!(script.commands.last().map(|last| last.span.line), Some(7));
    assert_eq!(script.commands.len(), 4);
    assert_eq!(script.pipelines, [vec![1..2, 2..3]]);
}

#[test]
fn functions_cases_and_arrays() {
    let script = read("f() {\n a\n}\nfunction g-h { b; }\nl=(1 '2 3' $x)\ncase \"$1\" in --help|-h) ;; esac\n");
    let names: Vec<&str> = script.functions.iter().map(|function| function.name.as_str()).collect();
    assert_eq!(names, ["f", "g-h"]);
    assert_eq!(script.functions[1].commands, 1..2);
    assert_eq!(script.commands[0].place.function, Some(0));
    assert_eq!(script.commands[2].assignments[0].items.as_ref().map(Vec::len), Some(3));
    assert_eq!(script.cases[0].patterns.len(), 2);
}

#[test]
fn whether_a_failure_is_handled() {
    let handled = |text: &str| read(text).commands.iter().map(|command| command.place.is_handled).collect::<Vec<_>>();
    assert_eq!(handled("a || b"), [true, false]);
    assert_eq!(handled("a && b; c"), [true, false, false]);
    assert_eq!(handled("if a; then b; fi; while c; do d; done; ! e"), [true, false, true, false, true]);
    assert_eq!(handled("{ a; b; } || c; x=$(d) || e"), [true, true, false, true, true, false]);
}

#[test]
fn options_and_interpreters() {
    for text in [
        "#!/bin/bash -eu\nset -o pipefail",
        "set -euo pipefail",
        "set -o errexit -o nounset -o pipefail",
        "set -Eeuo pipefail",
    ] {
        let script = read(text);
        assert!(
            [Switch::ErrExit, Switch::NoUnset, Switch::PipeFail].into_iter().all(|switch| script.sets(switch)),
            "{text}"
        );
    }
    assert!(!read("set +e; set -- -e; x=$(set -e)").sets(Switch::ErrExit));
    let env = read("#!/usr/bin/env -S bash -e\n").shebang.expect("there");
    assert_eq!((env.interpreter.as_str(), env.arguments.len()), ("bash", 1));
    assert_eq!(read("#!/bin/dash\n").dialect, Dialect::Posix);
    assert_eq!(read("# shellcheck shell=bash\n").dialect, Dialect::Bash);
    assert!(read("#!/usr/bin/fish\nif a; b; end").commands.is_empty());
}

#[test]
fn the_program_behind_others() {
    let program = |text: &str| {
        let script = read(text);
        script.commands[0].program().map(|program| format!("{} {}", program.name, program.arguments.len()))
    };
    assert_eq!(program("sudo -u me -E /usr/bin/pip install x").as_deref(), Some("pip 2"));
    assert_eq!(program("A=1 env B=2 timeout 5 curl x").as_deref(), Some("curl 1"));
    assert_eq!(program("command -v curl").as_deref(), Some("command 2"));
    assert_eq!(program("exec \"$@\"").as_deref(), None);
    assert_eq!(program("sudo").as_deref(), Some("sudo 0"));
}

#[test]
fn what_is_wrong_has_a_place() {
    let at = |text: &str| parse(text).expect_err("is wrong").span.map(|span| (span.line, span.column));
    assert_eq!(at("a\nb 'c\n"), Some((2, 3)));
    assert_eq!(at("if a; then\n b\n"), Some((1, 1)));
    assert_eq!(at("x=\"$(a\""), Some((1, 7)));
    assert!(parse("fi; done; ) } ;; esac; a").is_ok(), "closes nothing");
}

#[test]
fn hostile_texts_end_soon() {
    let pieces = [
        "$(",
        "( ",
        "((",
        "{ ",
        "if ",
        "\"$(",
        "$((",
        "${a:-",
        "case a in a) ",
        "`",
        "\"`",
        "[[ ( ",
        "<(",
        "a@(",
        "for x in ",
        "f() ",
        "! ",
        "a=( ",
        "x && ",
        "<<A ",
        "\\\n",
        "a[",
        ";",
        "&",
        "$(a|",
        "time ",
        "é",
        "$((x) ",
        "\r",
    ];
    for piece in pieces {
        let _ = parse(&piece.repeat(20_000));
        let _ = parse(&format!("{}\n", piece.repeat(20_000)).repeat(3));
    }
    assert!(parse(&format!("echo {}x{}", "$(echo ".repeat(100), ")".repeat(100))).is_err());
    assert!(parse(&format!("echo {}x{}", "$(echo ".repeat(12), ")".repeat(12))).is_ok());
}

proptest! {
    #[test]
    fn any_text_is_taken(text in any::<String>()) {
        let _ = parse(&text);
    }

    #[test]
    fn any_signs_are_taken(text in "[a\"'`$(){}|&;<># \n\\\\=!\\[\\]*?@é-]{0,60}") {
        if let Ok(script) = parse(&text) {
            for word in script.commands.iter().flat_map(|command| &command.words) {
                prop_assert!(word.span.is_some_and(|span| span.line >= 1 && span.column >= 1));
            }
        }
    }
}
