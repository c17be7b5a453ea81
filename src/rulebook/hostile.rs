//! The whole rule book on what somebody made to break it: any bytes, nesting without end, aliases that multiply, endless lines, in a file
//! of every kind. Each is read, judged or refused with a reason; nothing panics, and nothing takes the time or the memory of more than
//! its size.

use super::{
    custom::CustomRules,
    engine::{Book, Engine},
    policy::{Policy, catalogue::Catalogue, settle::Circumstances},
    subject::compose::machine,
    syntax::{
        changelog::Changelog, codeowners::Codeowners, dockerfile, dotenv, hcl, markdown, python, requirements, shell,
        yaml,
    },
    tree::{File, LARGEST, Listed, Tree, base_name, name_hash},
};
use crate::model::finding::{Finding, Status};
use proptest::prelude::*;
use std::{collections::HashSet, sync::Arc};

/// A path of every kind of file.
const PATHS: &[&str] = &[
    "Dockerfile",
    "compose.yaml",
    "k8s/pod.yaml",
    "chart/Chart.yaml",
    "chart/values.yaml",
    "chart/templates/pod.yaml",
    "kustomization.yaml",
    "alerts.yaml",
    ".gitlab-ci.yml",
    ".github/workflows/ci.yml",
    "data.json",
    "scan.sarif",
    "daemon.json",
    "pyproject.toml",
    "main.tf",
    "terraform.tfstate",
    "tool.sh",
    "tool.py",
    "requirements.txt",
    "README.md",
    "CHANGELOG.md",
    "docs/PORTREGISTRY.md",
    "docs/runbooks/db.md",
    ".env",
    "CODEOWNERS",
    "authority.lock",
    "key.pem",
    "notes.txt",
];

/// How a text begins that is to be taken for what its name says, where the name is not enough.
const BEGINNINGS: &[(&str, &str)] = &[
    ("Dockerfile", "FROM debian:12\nRUN "),
    ("compose.yaml", "services:\n  web:\n    image: a\n    environment: "),
    ("k8s/pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: "),
    ("alerts.yaml", "groups:\n- rules:\n  - expr: "),
    ("data.json", "{\"a\": "),
    ("main.tf", "resource \"a\" \"b\" {\n  c = "),
    ("tool.sh", "#!/bin/bash\nset -e\n"),
    ("tool.py", "def work():\n    return "),
    ("README.md", "# Title\n\n"),
    ("CHANGELOG.md", "# Changelog\n\n## [1.0.0] - 2026-01-01\n\n### Added\n\n- "),
    ("notes.txt", "-----BEGIN PRIVATE KEY-----\n"),
];

/// What opens something in one of the formats, or goes on with it.
const OPENERS: &[&str] = &[
    "[",
    "{",
    "(",
    "- ",
    "? ",
    "{a: ",
    "[a,",
    "&a ",
    "*a ",
    "!t ",
    "<<: *a\n",
    "\"",
    "'",
    "`",
    "$(",
    "${",
    "$((",
    "\"$(",
    "\"${a:-",
    "<(",
    "if true; then\n",
    "while a; do ",
    "case a in b) ",
    "f() {\n",
    "cat <<A\n",
    "def f():\n",
    "lambda: ",
    "not ",
    "-",
    "x if x else ",
    "await ",
    "a.b(",
    "f\"{",
    "@a\n",
    "class A:\n",
    "try:\n",
    "> ",
    "* ",
    "1. ",
    "<div>",
    "![",
    "](",
    "**",
    "*_",
    "| a ",
    "# a\n",
    "<!--",
    "---\n",
    "a: |\n",
    "RUN ",
    "FROM a\n",
    "ONBUILD ",
    "\\\n",
    "ENV A=${A}${A}\n",
    "-r a\n",
    "{{",
    "%{if a}",
    "<<E\n${",
    "a \"b\" {\n",
    "a ? b : ",
    "1+",
    "!",
    "/*",
    "\n",
    " ",
    "a",
    "a: a\n",
    "A=\"\n",
    "1,",
    "=eyJ",
    "password=",
    "u://a:b@c ",
    "-----BEGIN PRIVATE KEY-----\n",
    "sudo ",
    "a && ",
    "a | ",
    "[a](b) ",
    "[a]: b\n",
    "## [1.0.0] - 2026-01-01\n",
    "* @a\n",
    "../",
    "*/",
    "\u{0}",
    "\u{feff}",
    "ä",
    "\r",
    "\\",
];

fn file(path: &str, bytes: &[u8], names: &HashSet<u64>) -> Arc<File> {
    let listed =
        Listed { path: path.into(), size_bytes: bytes.len() as u64, is_tracked: Some(true), ..Listed::default() };
    Arc::new(File::new(listed, bytes, names))
}

/// What the whole rule book says of these files.
fn judged<'f>(files: impl IntoIterator<Item = (&'f str, Vec<u8>)>) -> Vec<Finding> {
    let names = PATHS.iter().map(|path| name_hash(base_name(path))).collect();
    let files = files.into_iter().map(|(path, bytes)| (path.into(), file(path, &bytes, &names)));
    let tree = Tree::new("/repo".into(), files.collect(), Vec::new());
    let now = "2026-01-31T00:00:00Z".parse().expect("a time");
    let policy = Policy::default();
    let mut engine = Engine::new(Book {
        policy: Arc::new(policy.clone()),
        custom: Arc::new(CustomRules::default()),
        baseline: None,
    });
    engine.judge(&tree, now);
    policy.settle(engine.tally().findings, &Circumstances::at(now)).findings
}

/// The same text in a file of every kind, by itself and behind what makes it one of that kind.
fn judged_everywhere(text: &str) {
    judged(PATHS.iter().map(|path| (*path, text.as_bytes().to_vec())));
    judged(BEGINNINGS.iter().map(|(path, beginning)| (*path, format!("{beginning}{text}").into_bytes())));
}

/// The reasons why a file of this path cannot be told about.
fn unknown(path: &str, text: String) -> Vec<String> {
    let findings = judged([(path, text.into_bytes())]);
    findings.into_iter().filter(|one| one.status == Status::Unknown).map(|one| one.observed.to_string()).collect()
}

/// Every reader of a text, by itself.
fn read(text: &str) {
    let _ = yaml::parse(text);
    let _ = yaml::tags(text);
    let _ = dockerfile::parse(text);
    let _ = shell::parse(text);
    let _ = python::parse(text);
    let _ = hcl::parse(text);
    if let Ok(page) = markdown::parse(text) {
        Changelog::of(&page);
    }
    Codeowners::parse(text);
    dotenv::parse(text);
    requirements::parse(text);
    Policy::read(text, "p.toml", &[], &Catalogue::built_in());
}

#[test]
fn nesting_without_end_is_refused_or_read() {
    for opener in ["[", "{", "(", "- ", "? ", "$(", "> ", "* ", "{a: ", "[a,"] {
        read(&opener.repeat(100_000));
    }
    for opener in OPENERS {
        read(&opener.repeat(20_000 / opener.len()));
    }
}

#[test]
fn repeats_of_anything_are_judged() {
    for opener in OPENERS {
        judged_everywhere(&opener.repeat(6_000 / opener.len()));
    }
}

#[test]
fn lines_further_and_further_in_are_refused_or_read() {
    for line in ["a:\n", "- a:\n", "if a:\n", "- a\n", "> a\n", "if a; then\n", "a {\n"] {
        let nested = |depth| -> String { (0..depth).map(|at| format!("{}{line}", " ".repeat(at))).collect() };
        read(&nested(1_000));
        judged_everywhere(&nested(150));
    }
}

#[test]
fn deep_nesting_is_unknown_with_a_reason() {
    for (path, text) in [
        ("k8s/pod.yaml", format!("a: {}", "[".repeat(100_000))),
        ("compose.yaml", format!("services: {}1{}", "{a: ".repeat(100_000), "}".repeat(100_000))),
        ("data.json", format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))),
        ("main.tf", format!("a = {}1{}", "[".repeat(100_000), "]".repeat(100_000))),
        ("tool.sh", format!("echo {}a{}", "$(".repeat(100_000), ")".repeat(100_000))),
        ("tool.py", format!("a = {}1{}", "(".repeat(100_000), ")".repeat(100_000))),
    ] {
        let said = unknown(path, text);
        assert!(said.iter().any(|why| why.contains("nested") || why.contains("deep")), "{path}: {said:?}");
    }
    // Quotes within quotes and lists within lists are no fault of Markdown: what lies deeper is text.
    unknown("README.md", "> ".repeat(100_000));
    unknown("README.md", "- ".repeat(100_000));
}

/// Aliases of aliases: ten levels of ten are ten thousand million values.
fn bomb(step: impl Fn(usize, &str) -> String) -> String {
    let mut text = step(0, "x, x, x, x, x, x, x, x, x, x");
    for level in 1..10 {
        text += &step(level, &vec![format!("*a{}", level - 1); 10].join(", "));
    }
    text
}

#[test]
fn aliases_that_multiply_are_unknown_with_a_reason() {
    let lists = bomb(|level, items| format!("a{level}: &a{level} [{items}]\n"));
    let maps = bomb(|level, items| {
        let items: Vec<_> = items.split(", ").enumerate().map(|(at, item)| format!("k{at}: {item}")).collect();
        format!("a{level}: &a{level} {{{}}}\n", items.join(", "))
    });
    let merges = bomb(|level, items| match level {
        0 => "a0: &a0 {x: 1}\n".to_owned(),
        _ => format!("a{level}: &a{level} {{<<: [{items}], y{level}: {{<<: [{items}]}}}}\n"),
    });
    for text in [lists, maps] {
        for path in ["k8s/pod.yaml", "compose.yaml", "chart/values.yaml", "kustomization.yaml", ".gitlab-ci.yml"] {
            let said = unknown(path, text.clone());
            assert!(said.iter().any(|why| why.contains("aliases included")), "{path}: {said:?}");
        }
    }
    judged_everywhere(&merges);
    judged_everywhere("a: &a [*a]\nb: &b {<<: *b}\n");
}

#[test]
fn what_is_too_large_is_unknown_with_a_reason() {
    let names = HashSet::new();
    for (path, begins) in [("k8s/pod.yaml", "a: 1\n"), ("tool.sh", "#!/bin/sh\n"), ("dump.sql", "insert into a\n")] {
        let listed = Listed { path: path.into(), size_bytes: 50 << 20, ..Listed::default() };
        let tree = Tree::new(
            "/repo".into(),
            [(path.into(), Arc::new(File::new(listed, begins.as_bytes(), &names)))].into(),
            Vec::new(),
        );
        let mut engine = Engine::new(Book::default());
        engine.judge(&tree, "2026-01-31T00:00:00Z".parse().expect("a time"));
        let findings = engine.tally().findings;
        let said: Vec<_> =
            findings.iter().filter(|one| one.status == Status::Unknown).map(|one| &one.observed).collect();
        assert!(said.iter().any(|why| why.contains("larger than 4 MiB")), "{path}: {said:?}");
    }
}

#[test]
fn what_is_found_a_million_times_is_listed_as_far_as_anybody_reads() {
    let findings = judged([("README.md", "[a](gone.md) ".repeat(20_000).into_bytes())]);
    let said = findings.iter().filter(|one| one.status == Status::Unknown && one.observed.contains("more than 500"));
    assert!(findings.len() < 2_000 && said.count() == 1, "{}", findings.len());
}

/// The largest that is read, in one line, and in as many lines as there are bytes.
#[test]
fn the_largest_files_are_read() {
    for sign in ["a", "\n", " ", "a b ", "[", "\"", "a: a\n", "a=b\n"] {
        read(&sign.repeat(LARGEST as usize / sign.len() / 16));
    }
}

/// Pieces of which texts are made that one of the readers takes for its own.
fn mixtures() -> impl Strategy<Value = String> {
    let words: &[&str] = &[
        "services",
        "image",
        "kind",
        "Pod",
        "apiVersion",
        "v1",
        "spec",
        "containers",
        "env",
        "name",
        "value",
        "FROM",
        "RUN",
        "COPY",
        "ARG",
        "a",
        "b",
        "c:1",
        "\"x\"",
        "'y'",
        "$A",
        "${A:-b}",
        "$(c)",
        "true",
        "null",
        "1",
        "-",
        ":",
        ": ",
        "=",
        "\n",
        "\n  ",
        "\n    ",
        "\n      ",
        " ",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        ",",
        "|",
        ">",
        "&",
        ";",
        "#",
        "*",
        "@",
        "!",
        "\\",
        "if",
        "then",
        "fi",
        "do",
        "done",
        "def f():",
        "import os",
        "return",
        "except:",
        "resource",
        "{{ x }}",
        "<<EOF",
        "EOF",
        "sudo",
        "curl http://a.b",
        "| sh",
        "extends",
        "include",
        "env_file",
        "x-a",
        "&a",
        "*a",
        "<<: *a",
        "!reset",
        "volumes",
        "ports",
        "80:80",
        "password",
        "hunter22x",
        "## [1.0.0] - 2026-01-01",
        "[a](b.md)",
        "é",
    ];
    prop::collection::vec(prop::sample::select(words), 0..60).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_judged(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        judged(PATHS.iter().map(|path| (*path, bytes.clone())));
        read(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_mixture_is_judged(text in mixtures()) {
        judged_everywhere(&text);
        read(&text);
    }

    #[test]
    fn any_compose_file_is_put_together(first in mixtures(), second in mixtures()) {
        let asked = machine::Asked {
            files: vec!["/a/compose.yaml".into(), "/a/over.yaml".into()],
            folder: "/a".into(),
            variables: [("A".to_owned(), "1".to_owned())].into(),
            project: "a".into(),
            service: "a".into(),
        };
        let mut known = machine::Known::default();
        // Each answer adds what was needed, so that there is an end to it.
        for _ in 0..64 {
            let Ok(machine::Looked::Needs(needed)) = machine::look(&asked, &known) else { return Ok(()) };
            for (at, one) in needed.into_iter().enumerate() {
                let text = if at % 2 == 0 { &first } else { &second };
                known.take(one, Ok(format!("services:\n  a: {{extends: {{file: ../b/{at}.yaml, service: a}}}}\n{text}")));
            }
        }
        prop_assert!(false, "no end");
    }
}
