//! The lines of a file around a finding, to be shown: few, short, and without secrets.

use super::tree::base_name;
use crate::model::{finding::Span, redact, ruling::SourceLines, text::clean_to};
use std::borrow::Cow;

/// Lines before and behind the stretch.
const AROUND: u32 = 3;
/// Most lines of the stretch itself.
const MOST: u32 = 12;
/// Longest line, in characters.
const LONGEST: usize = 200;

/// The lines around a stretch of a file; the beginning where there is no stretch. Nothing where the file holds nothing but secrets.
pub fn excerpt(path: &str, text: &str, span: Option<Span>) -> Option<SourceLines> {
    let name = base_name(path);
    if is_all_secret(name) || text.is_empty() {
        return None;
    }
    let shown = redact::lines(text);
    let shown = if is_environment(name) { Cow::Owned(without_values(&shown)) } else { without_secret_objects(shown) };
    let (from, to) = span.map_or((1, 1), |span| (span.line.max(1), last_line(span)));
    let first = from.saturating_sub(AROUND).max(1);
    let last = to.min(from + MOST - 1).saturating_add(AROUND);
    let count = last.saturating_sub(first) + 1;
    let lines: Vec<String> = shown.lines().skip(first as usize - 1).take(count as usize).map(short).collect();
    let marked = span.map(|_| (from, to));
    (!lines.is_empty()).then_some(SourceLines { first, lines, marked })
}

/// The last line of a stretch, whose end is exclusive.
fn last_line(span: Span) -> u32 {
    let ends_before = span.end_column <= 1 && span.end_line > span.line;
    if ends_before { span.end_line - 1 } else { span.end_line.max(span.line) }
}

fn short(line: &str) -> String {
    clean_to(&line.trim_end().replace('\t', "    "), LONGEST).into_owned()
}

/// Files of which nothing is shown: keys, and states that hold every password.
fn is_all_secret(name: &str) -> bool {
    let ends = [".pem", ".key", ".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".tfstate", ".tfstate.backup"];
    ends.iter().any(|end| name.ends_with(end))
        || name.starts_with("id_") && !name.ends_with(".pub")
        || name == ".htpasswd"
}

/// Files of environments: whatever a name in them says, its value is nobody's business.
fn is_environment(name: &str) -> bool {
    name == ".env" || name.starts_with(".env.") || name.ends_with(".env")
}

fn without_values(text: &str) -> String {
    let line = |line: &str| match line.split_once('=') {
        Some((name, value)) if !value.trim().is_empty() && !line.trim_start().starts_with('#') => {
            format!("{name}={}\n", redact::REDACTED)
        }
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

/// Keys of a Secret's manifest whose values say nothing.
const OPEN: &[&str] = &["apiVersion", "kind", "name", "namespace", "type", "immutable", "metadata"];

/// Without the values of Secrets of clusters: base64 hides nothing.
fn without_secret_objects(text: Cow<'_, str>) -> Cow<'_, str> {
    let is_secret =
        |line: &str| line.trim().trim_start_matches("- ") == "kind: Secret" || line.contains(r#""kind": "Secret""#);
    if !text.lines().any(is_secret) {
        return text;
    }
    let mut shown = String::with_capacity(text.len());
    let mut document: Vec<&str> = Vec::new();
    for line in text.lines().chain(["---"]) {
        if line.trim_end() != "---" {
            document.push(line);
            continue;
        }
        let hides = document.iter().any(|line| is_secret(line));
        for line in document.drain(..) {
            shown.push_str(&if hides { without_value(line) } else { Cow::Borrowed(line) });
            shown.push('\n');
        }
        shown.push_str("---\n");
    }
    Cow::Owned(shown)
}

fn without_value(line: &str) -> Cow<'_, str> {
    let body = line.trim();
    if body.is_empty() || body.starts_with('#') || matches!(body, "{" | "}" | "}," | "]" | "],") {
        return Cow::Borrowed(line);
    }
    match line.split_once(':') {
        Some((name, value)) => {
            let key = name.trim().trim_start_matches("- ").trim_matches('"');
            let opens = matches!(value.trim(), "" | "{" | "[");
            if opens || OPEN.contains(&key) {
                Cow::Borrowed(line)
            } else {
                Cow::Owned(format!("{name}: {}", redact::REDACTED))
            }
        }
        // A value over several lines.
        None => {
            let indent = line.len() - line.trim_start().len();
            Cow::Owned(format!("{}{}", &line[..indent], redact::REDACTED))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(path: &str, text: &str, line: u32) -> Vec<String> {
        excerpt(path, text, Some(Span::on_line(line, 1, 3))).map_or_else(Vec::new, |shown| shown.lines)
    }

    #[test]
    fn a_stretch_is_shown_with_what_is_around_it() {
        let text: String = (1..=40).map(|n| format!("line {n}\n")).collect();
        let shown =
            excerpt("a.yml", &text, Some(Span { line: 10, column: 1, end_line: 12, end_column: 1 })).expect("lines");
        assert_eq!((shown.first, shown.marked), (7, Some((10, 11))));
        assert_eq!((shown.lines.len(), shown.lines[7].as_str()), (8, "line 14"));
        let long =
            excerpt("a.yml", &text, Some(Span { line: 2, column: 1, end_line: 40, end_column: 9 })).expect("lines");
        assert_eq!((long.first, long.lines.len(), long.marked), (1, 16, Some((2, 40))));
        assert!(excerpt("a.yml", &text, Some(Span::on_line(99, 1, 1))).is_none(), "the file is shorter now");
        let head = excerpt("a.yml", &text, None).expect("lines");
        assert_eq!((head.first, head.lines.len(), head.marked), (1, 4, None));
    }

    #[test]
    fn secrets_are_not_in_it() {
        let body = "MIIEpAIBAAKCAQEAn3Jx0y2mG5dO9cQhVbWn8sLk7Rr6TfPzXyUa4EwBqIuNvC1o";
        let key = format!("-----BEGIN RSA PRIVATE KEY-----\n{body}\n{body}\n-----END RSA PRIVATE KEY-----\nafter: 1\n");
        let shown = lines("a.yml", &key, 3);
        assert_eq!(shown, ["[redacted]", "", "", "", "after: 1"], "lines keep their numbers");
        let shown = lines("a.yml", "a: 1\nDB_PASSWORD: hunter2hunter2\n", 2);
        assert!(
            shown.iter().any(|line| line.contains("DB_PASSWORD")) && !shown.concat().contains("hunter2"),
            "{shown:?}"
        );
        assert_eq!(lines("x/.env", "USER=bob\n# a=b\nEMPTY=\n", 1), ["USER=[redacted]", "# a=b", "EMPTY="]);
        assert!(excerpt("tls/server.key", "x", None).is_none() && excerpt("terraform.tfstate", "x", None).is_none());
    }

    #[test]
    fn values_of_secret_objects_are_hidden_and_nothing_else() {
        let text = "kind: ConfigMap\ndata:\n  user: bob\n---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  user: Ym9i\n  more: |\n    abc\n";
        let shown = lines("a.yml", text, 8).join("\n");
        assert_eq!(
            shown,
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  user: [redacted]\n  more: [redacted]"
        );
        assert!(lines("a.yml", text, 12).concat().contains("    [redacted]"));
        assert!(lines("a.yml", text, 3).concat().contains("user: bob"));
    }

    proptest! {
        #[test]
        fn any_text_is_cut_out(text in any::<String>(), line in 0u32..20, end in 0u32..20) {
            let span = Span { line, column: 1, end_line: line + end, end_column: 1 };
            if let Some(shown) = excerpt("a.yml", &text, Some(span)) {
                prop_assert!(shown.first >= 1 && shown.lines.len() <= (MOST + 2 * AROUND) as usize);
                prop_assert!(shown.lines.iter().all(|line| line.chars().count() <= LONGEST + 1));
            }
        }
    }
}
