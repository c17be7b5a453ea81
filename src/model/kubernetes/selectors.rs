//! Selectors by which an API server narrows a list, as they are typed for kubectl.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// A label selector and a field selector; what is empty narrows nothing. The server judges them, not this type.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Selectors {
    /// `app=web,tier!=db`.
    pub labels: CompactString,
    /// `status.phase=Running`.
    pub fields: CompactString,
}

/// What announces a selector, and whether it is one of fields.
const FLAGS: &[(&str, bool)] = &[
    ("--field-selector=", true),
    ("--field-selector", true),
    ("--selector=", false),
    ("--selector", false),
    ("field:", true),
    ("label:", false),
    ("-l", false),
];

/// Where the fields of an object begin: what starts so without a flag before it is a field, all else a label.
const FIELDS: &[&str] = &["metadata.", "spec.", "status."];

impl Selectors {
    /// Reads a line: `-l app=web --field-selector status.phase=Running`, `label:app=web field:status.phase=Running`, or just
    /// `app=web`. Several of one sort must all hold.
    pub fn read(line: &str) -> Self {
        let mut parts: Vec<(bool, String)> = Vec::new();
        for word in line.split_whitespace() {
            let flag = FLAGS.iter().find_map(|(flag, fields)| Some((word.strip_prefix(flag)?, *fields)));
            match (flag, parts.last_mut()) {
                (Some((rest, fields)), _) => parts.push((fields, rest.to_owned())),
                (None, Some((_, part))) => {
                    part.push(' ');
                    part.push_str(word);
                }
                (None, None) => parts.push((FIELDS.iter().any(|start| word.starts_with(start)), word.to_owned())),
            }
        }
        let of = |fields: bool| {
            let of_sort = parts.iter().filter(|(sort, _)| *sort == fields);
            let texts =
                of_sort.map(|(_, text)| text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\'' | '"')));
            texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(",").into()
        };
        Self { labels: of(false), fields: of(true) }
    }

    /// Whether nothing is narrowed.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// As it would be typed.
    pub fn words(&self) -> String {
        let part = |flag: &str, selector: &str| (!selector.is_empty()).then(|| format!("{flag} {selector}"));
        let parts = [part("-l", &self.labels), part("--field-selector", &self.fields)];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_read_as_kubectl_takes_them() {
        for (line, labels, fields) in [
            ("", "", ""),
            ("app=web", "app=web", ""),
            ("-l app=web,tier!=db", "app=web,tier!=db", ""),
            ("-lapp=web", "app=web", ""),
            ("-l 'app in (a, b)' ", "app in (a, b)", ""),
            ("label:app=web field:status.phase=Running", "app=web", "status.phase=Running"),
            ("--field-selector=spec.nodeName=n1 -l app", "app", "spec.nodeName=n1"),
            ("--selector app=web -l tier=db", "app=web,tier=db", ""),
            ("status.phase!=Running", "", "status.phase!=Running"),
            ("-l status.phase=x", "status.phase=x", ""),
            ("-l", "", ""),
        ] {
            let read = Selectors::read(line);
            assert_eq!((read.labels.as_str(), read.fields.as_str()), (labels, fields), "{line}");
            assert_eq!(Selectors::read(&read.words()), read, "{line}");
        }
        assert_eq!(
            Selectors::read("a=b status.phase=c").words(),
            "-l a=b status.phase=c",
            "the server says what is wrong"
        );
    }
}
