//! Whole files.

use super::*;
use proptest::prelude::*;

fn read(text: &str) -> Dockerfile {
    parse(text).expect("has instructions")
}

/// Every instruction in a line: place, keyword, flags, words or pairs.
fn told(file: &Dockerfile) -> Vec<String> {
    let pair = |pair: &Pair| match &pair.value {
        Some(value) => format!("{}={}", pair.name, shown(value)),
        None => pair.name.clone(),
    };
    let flag = |flag: &Flag| format!("--{}={}", flag.name, flag.value.as_ref().map_or(String::new(), shown));
    let line = |found: &Instruction| {
        let mut parts = vec![format!("{}:{}", found.span.line, found.keyword.word())];
        parts.extend(found.flags.iter().map(flag));
        parts.extend(found.words.iter().map(shown));
        parts.extend(found.pairs.iter().map(pair));
        parts.extend(found.heredocs.iter().map(|heredoc| format!("<{}>", heredoc.name)));
        parts.join(" ")
    };
    file.instructions.iter().map(line).collect()
}

fn shown(word: &Word) -> String {
    word.partial.replace(UNKNOWN, "¿")
}

fn faults(text: &str) -> Vec<String> {
    let place = |span: Option<Span>| span.map_or(String::new(), |span| format!("{}:{} ", span.line, span.column));
    read(text).faults.iter().map(|fault| format!("{}{}", place(fault.span), fault.message)).collect()
}

#[test]
fn lines_go_on_over_comments_and_blanks() {
    let file = read(
        "# syntax=docker/dockerfile:1\n\nfrom a\nENV A=1 \\\n  # a comment\n\n    B=2 \\  \n C=3\nexpose 80 \\\\\nUSER x\r\n",
    );
    assert_eq!(file.directives[0].value, "docker/dockerfile:1");
    assert_eq!(told(&file), ["3:FROM a", "4:ENV A=1 B=2 C=3", "9:EXPOSE 80 \\", "10:USER x"]);
    let b = &file.instructions[1].pairs[1];
    assert_eq!(
        (b.name_span, b.value.as_ref().map(|value| value.span)),
        (Span::on_line(7, 5, 1), Some(Span::on_line(7, 7, 1)))
    );
}

#[test]
fn the_escape_sign_can_be_changed() {
    let file = read(
        "# escape=`\n# check=skip=all\nFROM mcr.microsoft.com/windows/nanoserver:1\nCOPY a `\n  C:\\b\\\nRUN dir\n",
    );
    assert_eq!(told(&file)[1..], ["4:COPY a C:\\b\\", "6:RUN"]);
    assert_eq!(file.directives.len(), 2);
    assert!(file.runs().is_empty(), "not for sh");
    let late = read("# no directive\n# escape=`\nFROM a\nENV A=x `\n");
    assert!(late.directives.is_empty(), "directives stand first");
    assert_eq!(
        faults("# escape=x\n# escape=`\nFROM a\n"),
        ["1:1 `escape` is neither a backslash nor a backtick", "2:1 the directive `escape` stands twice"]
    );
}

#[test]
fn flags_and_forms() {
    let file = read(
        "FROM --platform=$BUILDPLATFORM golang:1.22 AS Build\nCOPY --from=build --chown=1:1 [\"a b\", \"/x\"]\nHEALTHCHECK --interval=5s \\\n CMD [\"x\", \"y\"]\nHEALTHCHECK NONE\nCMD [\"a\\\"b\"]\nCMD ['a']\nENV OLD the rest  of it\nLABEL a.b=\"c d\" e=f\nVOLUME /a /b\nONBUILD USER app\n",
    );
    assert_eq!(
        told(&file),
        [
            "1:FROM --platform=¿ golang:1.22 AS Build",
            "2:COPY --from=build --chown=1:1 a b /x",
            "3:HEALTHCHECK --interval=5s CMD x y",
            "5:HEALTHCHECK NONE",
            "6:CMD a\"b",
            "7:CMD ['a']",
            "8:ENV OLD=the rest  of it",
            "9:LABEL a.b=c d e=f",
            "10:VOLUME /a /b",
            "11:USER app",
        ]
    );
    let exec: Vec<bool> = file.instructions.iter().map(|instruction| instruction.is_exec).collect();
    assert_eq!(exec, [false, true, true, false, true, false, false, false, false, false]);
    assert!(file.instructions[9].is_on_build);
    assert_eq!(file.instructions[1].words[1].span, Span::on_line(2, 39, 4));
}

#[test]
fn heredocs() {
    let file = read(
        "FROM a\nCOPY <<EOF <<-\"E 2\" /dst/\n$HOME\nEOF\nUSER no\n\tE 2\nRUN 3<<EOF cat <<X | y\nFROM no\nEOF\nX\nRUN echo \"<<no\" $((1 << 2)) a<<b\nRUN [\"<<EOF\"]\nCOPY <<E /empty\nE\nONBUILD RUN <<E\necho\nE\nUSER yes\n",
    );
    assert_eq!(
        told(&file),
        [
            "1:FROM a",
            "2:COPY /dst/ <EOF> <E 2>",
            "7:RUN <EOF> <X>",
            "11:RUN",
            "12:RUN <<EOF",
            "13:COPY /empty <E>",
            "15:RUN <E>",
            "18:USER yes",
        ]
    );
    let [first, second] = file.instructions[1].heredocs.as_slice() else { panic!("two") };
    assert_eq!(
        (first.body.text.as_str(), first.expands, first.variables[0].span),
        ("$HOME\n", true, Span::on_line(3, 1, 5))
    );
    assert_eq!((second.body.text.as_str(), second.expands), ("USER no\n", false));
    assert_eq!(faults("FROM a\nRUN <<EOF\nUSER x\n"), ["2:5 `EOF` does not end: no line is `EOF`"]);
}

#[test]
fn shell_texts_keep_their_places() {
    let file = read(
        "FROM a\nRUN --mount=type=cache,target=/x \\\n  # why\n  a && \\\n\n  b\nRUN <<EOF\nset -e\nc\nEOF\nRUN <<EOF python3\nprint()\nEOF\nRUN <<EOF\n#!/usr/bin/env python3\nEOF\nONBUILD RUN d\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nRUN é \\\n",
    );
    let runs = file.runs();
    let texts: Vec<_> = runs.iter().map(|run| (run.line, run.text.as_str())).collect();
    assert_eq!(
        texts,
        [
            (2, "\\\n\\\n  a && \\\n\\\n  b\n"),
            (8, "set -e\nc\n"),
            (11, "    <<EOF python3\nprint()\nEOF\n"),
            (17, "            d\n"),
            (19, "    é \\\n"),
        ]
    );
    assert_eq!(runs[0].shell, ["/bin/sh", "-c"]);
    assert_eq!(runs[4].shell, ["/bin/bash", "-o", "pipefail", "-c"]);
    let names: Vec<_> = file.instructions[1].commands().iter().map(|command| command.words[0].span.line).collect();
    assert_eq!(names, [4, 6]);
}

#[test]
fn stages_and_their_bases() {
    let file = read(
        "ARG V=3.20\nARG REG\nFROM alpine:${V} AS base-amd64\nUSER app\nFROM base-${TARGETARCH} AS mid\nFROM ${REG}/img:1\nFROM scratch\nFROM BASE-AMD64 as last\nRUN x\n",
    );
    let bases: Vec<_> = file.stages.iter().map(|stage| stage.base.clone()).collect();
    let unknown = format!("{UNKNOWN}/img:1");
    assert_eq!(
        bases,
        [
            Base::Image("alpine:3.20".into()),
            Base::SomeStage(vec![0]),
            Base::Image(unknown),
            Base::Scratch,
            Base::Stage(0)
        ]
    );
    let last = file.final_stage().expect("there");
    assert_eq!(file.last_of(last, Keyword::User).map(|user| user.span.line), Some(4));
    assert_eq!(file.root_of(last), Some(&Base::Image("alpine:3.20".into())));
    assert!(file.stage_named("MID").is_some() && file.stage_named("0").is_some() && file.stage_named("9").is_none());
}

#[test]
fn variables_and_their_values() {
    let file = read(
        "ARG G=g\nFROM a AS one\nARG G\nARG N\nARG D=d E=$D\nENV A=a B=$A C=${G}-$N\nWORKDIR /$A/$B/$C/${N:-n}/$E\nFROM one\nWORKDIR $A\nARG A=other\nWORKDIR $A$TARGETOS\nFROM b\nARG TARGETOS\nWORKDIR $G$A${TARGETOS:-linux}\n",
    );
    let words: Vec<_> = file
        .instructions
        .iter()
        .filter(|found| found.keyword == Keyword::Workdir)
        .map(|found| shown(&found.words[0]))
        .collect();
    assert_eq!(words, ["/a/¿/g-¿/n/d", "a", "a¿", "¿¿¿"]);
}

#[test]
fn undefined_variables() {
    let told = |text: &str| -> Vec<String> {
        let file = read(text);
        let line = |found: &Undefined| {
            let maybe = if found.may_be_inherited { "?" } else { "" };
            format!("{}:{} {}{maybe}", found.span.line, found.span.column, found.name)
        };
        file.undefined_variables().iter().map(line).collect()
    };
    assert_eq!(told("FROM alpine\nCOPY Dockerfile$foo .\n"), ["2:16 foo"]);
    assert_eq!(
        told("ARG foo\nFROM alpine\nCOPY $foo .\nARG foo\nCOPY $foo ."),
        ["3:6 foo"],
        "a stage has to ask for it"
    );
    assert_eq!(told("FROM scratch\nENV PATH=$PAHT:/x\nENV PATH=$PATH:/y"), ["2:10 PAHT"]);
    assert_eq!(told("FROM eclipse-temurin:21\nENV P=$JAVA_HOME/x Q=$MINE"), ["2:7 JAVA_HOME?", "2:22 MINE"]);
    assert_eq!(told("FROM ghcr.io/a/b:1 AS x\nENV P=$MINE\nFROM x\nUSER $U"), ["2:7 MINE?", "4:6 U?"]);
    assert_eq!(told("FROM alpine:$V\nFROM $TARGETPLATFORM"), ["1:13 V"], "no image is below it");
    assert_eq!(told("FROM a\nENV A=1 B=$A\nENV C=$A\nLABEL l='$no' m=\\$no"), ["2:11 A"]);
    assert_eq!(
        told("FROM a\nRUN $x\nCMD $x\nENTRYPOINT [\"$x\"]\nHEALTHCHECK CMD $x\nONBUILD USER $x"),
        Vec::<String>::new()
    );
    assert_eq!(told("FROM a\nUSER ${x:-1}${y:+2}${z?no}\nWORKDIR ${x#y}"), ["3:9 x"]);
    assert_eq!(told("FROM a\nCOPY <<E <<'F' /\n a $uri \\$uri\nE\n$uri\nF\nRUN <<E\n$uri\nE"), ["3:4 uri"]);
    assert_eq!(
        told("FROM a\nCOPY bin-$TARGETARCH /\nARG TARGETARCH\nCOPY bin-$TARGETARCH $HTTP_PROXY"),
        ["2:10 TARGETARCH"]
    );
    assert_eq!(told("FROM a\nENV X=\"a \\\n   $no\""), ["3:4 no"], "on its own line");
    assert_eq!(told("FROM a\nCOPY [\"$no\", \"/\"]\nCOPY --chown=$u a b\n"), ["2:8 no", "3:14 u"]);
}

#[test]
fn what_is_wrong_does_not_hide_the_rest() {
    let text = "FROM a\nRUNN x\nENV A\nUSER y\nENV B=1 C\nSHELL bash\nFROM b AS\nCMD [1]\nONBUILD FROM x\nLABEL\n";
    assert_eq!(
        faults(text),
        [
            "2:1 `RUNN` is no instruction",
            "3:5 a name without a value",
            "5:9 neither a name with a value nor part of one: `=` is missing",
            "6:7 `SHELL` takes a JSON list",
            "7:1 `FROM` takes an image, or an image `AS` a name",
            "8:5 the list holds something that is no text",
            "9:9 `ONBUILD` cannot hold a `FROM`",
            "10:1 `LABEL` of nothing",
        ]
    );
    assert_eq!(told(&read(text)), ["1:FROM a", "4:USER y"]);
    assert_eq!(faults("RUN x\nFROM a\n"), ["1:1 `RUN` before the first `FROM`"]);
    assert_eq!(faults("ARG A\n"), ["no `FROM` is in it"]);
    assert!(parse("# nothing\n\n").is_err());
    assert!(parse("nonsense here\n").expect_err("nothing in it").span.is_some());
}

#[test]
fn hostile_files_end() {
    let doubling: String = (0..200).map(|_| "ENV A=$A$A\n".to_owned()).collect();
    let cases = [
        format!("FROM a\nENV A=xx\n{doubling}"),
        (0..20_000).map(|n| format!("FROM s{n} AS s{}\n", n + 1)).collect(),
        format!("FROM a\nRUN {}\n", "x ".repeat(500_000)),
        format!("FROM a\nRUN {}\n", "<<A ".repeat(50_000)),
        format!("FROM a\nENV {}\n", "A=$B ".repeat(100_000)),
        format!("FROM a\nRUN {}", "\\\n".repeat(200_000)),
        format!("FROM a\nCMD {}", "[".repeat(200_000)),
        format!("FROM a\nWORKDIR {}", "${A:-".repeat(100_000)),
        "ONBUILD ".repeat(100_000),
        format!("FROM a\n{}", "RUN <<A\nA\n".repeat(20_000)),
    ];
    for text in cases {
        let file = parse(&text);
        let _ = file.map(|file| file.runs().len());
    }
}

proptest! {
    #[test]
    fn any_text_is_read(text in "(?s).{0,200}") {
        let _ = parse(&text);
    }

    #[test]
    fn any_mixture_is_read(parts in prop::collection::vec(prop::sample::select(vec![
        "FROM ", "a", " AS b", "\n", "RUN ", "<<EOF", "EOF", "\\\n", "# c", " ", "ENV ", "A=", "$A", "${A:-", "}", "\"", "'", "COPY ",
        "--from=", "[", "]", ",", "é", "\t", "ONBUILD ", "`", "\r\n", "ARG ", "TOKEN", "apk add ", "id_rsa ", "HEALTHCHECK ", "CMD ", "\u{feff}", "\0", "<<-", "3",
    ]), 0..60)) {
        let text: String = parts.concat();
        for check in crate::rulebook::checks::CHECKS {
            let _ = crate::rulebook::run::told(*check, &[("Dockerfile", &text)]);
        }
        if let Ok(file) = parse(&text) {
            let lines = text.split('\n').count() as u32;
            for found in &file.instructions {
                let _ = found.commands();
                for span in found.words.iter().map(|word| word.span).chain([found.span, found.keyword_span]) {
                    prop_assert!(span.line >= 1 && span.column >= 1 && span.end_line <= lines, "{span:?}");
                }
            }
        }
    }
}
