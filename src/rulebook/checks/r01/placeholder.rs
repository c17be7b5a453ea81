//! Values that were to be filled in, and were not.

use crate::{
    model::finding::{Level, Scope, Span},
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        syntax::node::Node,
        tree::{File, Kind},
    },
};
use regex::Regex;
use std::sync::LazyLock;

/// 01a: placeholder value left in.
pub struct Placeholder;

static META: Meta = Meta {
    id: "01a",
    title: "placeholder value left in",
    level: Level::Error,
    scopes: &[Scope::Repo],
    why: "A value that was to be filled in reaches production as it is: a service that does not start, or a password that anybody can guess.",
    fix: "Set the real value, or a variable that is set at deploy time; keep placeholders in `.example` files.",
    precedent: &[],
    references: &["https://12factor.net/config"],
    parameters: &[],
};

/// A word that is a placeholder wherever it stands in a value that is one word.
static WITHIN: LazyLock<Regex> = LazyLock::new(|| {
    let change = r"(?:change|replace)[-_]?(?:me|this)";
    let your = r"your[-_](?:\w+[-_])*(?:password|passwd|secret|key|token|domain|username|user|email|api|id|host|url|registry|org|name)(?:[-_]here)?";
    Regex::new(&format!(
        r"(?ix)<(?:your|insert|replace|change|enter|add|put)[-_\x20][^<>\s][^<>]*>|(?:^|[^A-Za-z0-9])(?P<word>{change}|your[-_]\w[\w-]*[-_]here|{your}|insert[-_]\w[\w-]*[-_]here)(?:[^A-Za-z0-9_-]|$)"
    ))
    .expect("is an expression")
});

/// A value that is nothing but a placeholder.
static WHOLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?x)^(?:(?i:change[-_\x20]?(?:me|this)(?:[-_\x20]?(?:please|now|\d+|!+))?|replace[-_\x20]?(?:me|this)|placeholder|to[-_\x20]?be[-_\x20]?(?:defined|determined|done))|TODO|FIXME|TBD|TBC|XXX+|<[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+>|(?:TODO|FIXME|TBD)[:\x20(_-].*)$")
        .expect("is an expression")
});

/// Keys whose values are words for people, or lists of such words for tools.
static NOT_A_SETTING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:description|summary|title|comment|message|notes?|help|keywords?|patterns?|regexp?|forbid\w*|deny\w*|disallow\w*|blacklist|blocklist|banned|labels?|tags?|placeholders?|examples?)$")
        .expect("is an expression")
});

/// The placeholder in a value, with its offset in it.
fn placeholder(value: &str) -> Option<(usize, &str)> {
    let inner = value.trim();
    if inner.is_empty() || inner.contains('\n') || inner.len() > 2_000 {
        return None;
    }
    let start = value.len() - value.trim_start().len();
    if WHOLE.is_match(inner) {
        let words = inner.find([':', ' ', '(']).map_or(inner, |end| &inner[..end]);
        return Some((start, if words.len() > 2 && inner.starts_with(['T', 'F']) { words } else { inner }));
    }
    // In a sentence or a command it may be compared with, or spoken of.
    let found = WITHIN.captures(inner)?;
    let word = found.name("word").or_else(|| found.get(0))?;
    let is_one_word = !inner.contains(char::is_whitespace) || (word.start() == 0 && word.end() == inner.len());
    is_one_word.then(|| (start + word.start(), word.as_str()))
}

impl Check for Placeholder {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn file(&self, file: &File, out: &mut Out<'_>) -> Judged {
        if file.is_aside()
            || file.path.starts_with("docs/")
            || file.name() == ".flightdeck.toml"
            || file.path.contains("ISSUE_TEMPLATE")
        {
            return Judged::No;
        }
        if !file.documents().is_empty() {
            for document in file.documents() {
                values(document, file, out);
            }
            return Judged::Yes;
        }
        match file.kind {
            Kind::DotEnv | Kind::Toml | Kind::Hcl | Kind::Shell | Kind::Dockerfile => {
                assignments(file, out);
                Judged::Yes
            }
            _ => Judged::No,
        }
    }
}

/// Looks at the values of maps, and at items that say `NAME=value`.
fn values(document: &Node, file: &File, out: &mut Out<'_>) {
    document.walk(&mut |pointer, node| {
        let Some(text) = node.text() else { return };
        let last = pointer.rsplit('/').next().unwrap_or_default();
        let above = pointer.rsplit('/').find(|step| step.parse::<usize>().is_err()).unwrap_or_default();
        if NOT_A_SETTING.is_match(above) || pointer.contains("example") {
            return;
        }
        if text.trim_end().contains('\n') {
            // Elsewhere a text of several lines is prose or a script.
            let is_file = ["/data/", "/stringData/", "/configs/"].iter().any(|part| pointer.contains(part));
            if is_file {
                lines_within(text, node.span, pointer, file, out);
            }
            return;
        }
        let is_item = last.parse::<usize>().is_ok();
        let value = match (is_item, text.split_once('=')) {
            (true, Some((name, value))) if !name.contains(char::is_whitespace) => value,
            (true, _) => return,
            (false, _) => text,
        };
        if let Some((_, word)) = placeholder(value) {
            report(file, node.span, word, pointer, out);
        }
    });
}

/// The settings in a text of several lines, such as a file in a ConfigMap.
fn lines_within(text: &str, span: Option<Span>, pointer: &str, file: &File, out: &mut Out<'_>) {
    static SETTING: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"^\s*[\w."'-]+\s*[:=]\s*(.*?)\s*$"#).expect("is an expression"));
    let value = |line| {
        SETTING
            .captures(line)
            .and_then(|found| found.get(1))
            .map(|value| value.as_str().trim_matches(['"', '\'', ',', ';']))
    };
    let found = text.lines().filter_map(value).find_map(placeholder);
    if let Some((_, word)) = found {
        report(file, span, word, pointer, out);
    }
}

/// Looks at lines that set something: `NAME=value`, `name = "value"`, `ENV NAME=value`.
fn assignments(file: &File, out: &mut Out<'_>) {
    static ASSIGNED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"^\s*(?:(?:export|local|readonly|ENV|ARG|set)\s+|(?:declare|typeset)\s+(?:-\w+\s+)*)?["']?(?P<key>[\w.-]+)["']?(?P<gap>\s*)=(?P<after>\s*)(?P<value>[^=\s].*)$"#)
            .expect("is an expression")
    });
    let is_spaced = matches!(file.kind, Kind::Toml | Kind::Hcl);
    let mut is_comment = false;
    for (line, number) in file.text().lines().zip(1u32..) {
        is_comment |= file.kind == Kind::Hcl && line.trim_start().starts_with("/*");
        let was_comment = is_comment;
        is_comment &= !line.contains("*/");
        if was_comment || line.len() > 10_000 {
            continue;
        }
        let Some(found) = ASSIGNED.captures(line) else { continue };
        let is_shell_like = found["gap"].is_empty() && found["after"].is_empty();
        if NOT_A_SETTING.is_match(&found["key"]) || !(is_spaced || is_shell_like || file.kind == Kind::DotEnv) {
            continue;
        }
        let Some(written) = found.name("value") else { continue };
        let (skipped, value) = unquoted(written.as_str());
        if let Some((at, word)) = placeholder(value) {
            let column = line[..written.start() + skipped + at].chars().count();
            let span = Span::on_line(
                number,
                u32::try_from(column).unwrap_or(u32::MAX - 1) + 1,
                word.chars().count().try_into().unwrap_or(1),
            );
            report(file, Some(span), word, &found["key"], out);
        }
    }
}

/// What is between the quotes, or the first word; with the bytes before it.
fn unquoted(written: &str) -> (usize, &str) {
    for quote in ['"', '\''] {
        if let Some(inner) = written.strip_prefix(quote) {
            return (1, inner.find(quote).map_or(inner, |end| &inner[..end]));
        }
    }
    // `TODO: fill in` without quotes goes on to the comment; anything else is a word.
    let end = written.find(" #").or_else(|| written.find(';')).unwrap_or(written.len());
    (0, written[..end].trim_end())
}

fn report(file: &File, span: Option<Span>, word: &str, name: &str, out: &mut Out<'_>) {
    let word: String = word.chars().take(60).collect();
    out.at(file, span)
        .observed(format!("the placeholder `{word}`"))
        .key(format!("{name} {word}"))
        .expected("a real value, or a variable")
        .fail();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    fn said(path: &str, text: &str) -> Vec<String> {
        told(&Placeholder, &[(path, text)])
    }

    #[test]
    fn values_left_in_are_found() {
        assert_eq!(said("app.yaml", "db:\n  password: CHANGEME\n"), ["app.yaml:2:13 the placeholder `CHANGEME`"]);
        assert_eq!(
            said("compose.yaml", "services:\n  a:\n    environment:\n      - PASS=changeme\n"),
            ["compose.yaml:4:9 the placeholder `changeme`"]
        );
        assert_eq!(said("a.json", "{\"token\": \"<your-token>\"}"), ["a.json:1:11 the placeholder `<your-token>`"]);
        assert_eq!(said(".env", "# x\nURL=postgres://u:CHANGE_ME@db/x\n"), [".env:2:18 the placeholder `CHANGE_ME`"]);
        assert_eq!(said("a.toml", "key = \"your-api-key-here\"\n"), ["a.toml:1:8 the placeholder `your-api-key-here`"]);
        assert_eq!(said("a.tf", "  password = \"TODO\" # x\n"), ["a.tf:1:15 the placeholder `TODO`"]);
        assert_eq!(
            said("a.sh", "export TOKEN=FIXME\nP=${P:-changeme}\n"),
            ["a.sh:1:14 the placeholder `FIXME`", "a.sh:2:8 the placeholder `changeme`"]
        );
        assert_eq!(
            said("a.yaml", "owner: 'TODO: who?'\npw: your-password-here\n"),
            ["a.yaml:1:8 the placeholder `TODO`", "a.yaml:2:5 the placeholder `your-password-here`"]
        );
        assert_eq!(said("cm.yaml", "data:\n  a.ini: |\n    x=1\n    password=CHANGEME\n").len(), 1);
    }

    #[test]
    fn near_misses_are_left_alone() {
        for (path, text) in [
            ("a.yaml", "# TODO: later\nhost: example.com\n"),
            ("a.yaml", "keywords: [TODO, FIXME]\ndescription: 'TODO: write'\n"),
            ("a.yaml", "items: [TODO]\nname: todo-app\nimage: todo:1\nx: changemen\n"),
            ("a.sh", "if [ \"$P\" = \"CHANGEME\" ]; then exit 1; fi\n[[ $P == CHANGEME ]] && exit 1\n# P=CHANGEME\n"),
            ("a.yaml", "command: [\"sh\", \"-c\", \"test $P != CHANGEME\"]\nrun: test \"$P\" != CHANGEME\n"),
            ("a.yaml", "guide: |\n  text\n  a=CHANGEME\nexamples:\n  - token: CHANGEME\n"),
            ("a.json", "{\"html\": \"<b>x</b>\", \"xml\": \"<Your>\"}"),
            (".env.example", "PASS=CHANGEME\n"),
            ("docs/a.yaml", "a: CHANGEME\n"),
            ("tests/a.yaml", "a: CHANGEME\n"),
            ("README.md", "set a: CHANGEME\n"),
            ("a.tf", "# x = \"CHANGEME\"\n/* y\nz = \"CHANGEME\"\n*/\ncondition = var.x != \"CHANGEME\"\n"),
            ("a.yaml", "greeting: your name is nice\nurl: https://yourdomain.example.com\n"),
        ] {
            assert_eq!(said(path, text), [""; 0], "{path}: {text}");
        }
    }
}
