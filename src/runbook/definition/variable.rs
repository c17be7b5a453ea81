//! Variables: what a runbook has to be told, of which kind, and what may be chosen.

use super::super::{amount, condition::pattern_of};
use crate::model::{
    nearest::did_you_mean,
    text::{clean_to, is_harmless},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Characters that a value may have, where it is not written by a person at length.
const LONGEST: usize = 1_024;
/// Characters that a text of several lines may have.
const LONGEST_TEXT: usize = 32_768;

/// What kind of value a variable has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ValueKind {
    /// One line of text.
    #[default]
    String,
    /// Several lines, written by a person.
    Text,
    /// A whole number, not negative.
    Integer,
    /// A size: `16MiB`.
    Bytes,
    /// A span of time: `10m`.
    Duration,
    /// `true` or `false`.
    Boolean,
    /// One of `options`.
    Enum,
    /// The name of an object; `objects` says of which kinds.
    Object,
    /// It is neither shown, written nor kept, and has no place in a plan.
    Secret,
}

/// A variable of a runbook, or a field of one of its forms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Variable {
    pub name: String,
    /// What is meant, for a person.
    pub title: String,
    #[serde(rename = "type", default)]
    pub kind: ValueKind,
    /// What it is where nobody says otherwise. A variable without one has to be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Json>,
    /// The query that finds what may be chosen: one of `DISCOVERIES`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choices: Option<String>,
    /// What may be chosen, of an `enum`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Kinds of objects, of an `object`: `deployment`, `node`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<String>,
    /// A regular expression that the whole value has to fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matches: Option<String>,
    /// The least value of a number, a size (bytes) or a span (seconds).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<u64>,
    /// The largest value of a number, a size (bytes) or a span (seconds).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u64>,
}

/// What the house can find out for the choices of a variable, and the variables that narrow it down.
pub const DISCOVERIES: &[(&str, &[&str])] = &[
    ("contexts", &[]),
    ("namespaces", &["context"]),
    ("workloads", &["context", "kind", "namespace"]),
    ("revisions", &["context", "kind", "namespace", "name"]),
    ("nodes", &["context"]),
    ("cronjobs", &["context", "namespace"]),
    ("secrets", &["context", "namespace"]),
    ("helm-releases", &["context", "namespace"]),
    ("helm-revisions", &["context", "namespace", "release"]),
    ("engines", &[]),
    ("containers", &["engine"]),
    ("images", &["engine"]),
    ("compose-projects", &["engine"]),
    ("compose-services", &["engine", "project"]),
    ("patroni-clusters", &[]),
    ("patroni-candidates", &["endpoint"]),
    ("standby-leaders", &["endpoint"]),
    ("postgres-servers", &[]),
    ("member-servers", &["endpoint", "candidate"]),
    ("mounts", &[]),
    ("gpus", &[]),
    ("endpoints", &[]),
    ("incidents", &[]),
    ("people", &[]),
    ("slos", &[]),
];

impl Variable {
    /// A value that was written: after `--set name=`, or into a field.
    ///
    /// # Errors
    /// Why it does not do, and what would.
    pub fn parse(&self, text: &str) -> Result<Json, String> {
        let value = match self.kind {
            ValueKind::Integer => text
                .trim()
                .parse::<u64>()
                .map(Json::from)
                .map_err(|_| format!("«{}» is no whole number", clean_to(text, 40))),
            ValueKind::Bytes => amount::bytes(text).map(Json::from),
            ValueKind::Duration => amount::seconds(text).map(Json::from),
            ValueKind::Boolean => text
                .trim()
                .parse::<bool>()
                .map(Json::from)
                .map_err(|_| format!("«{}» is neither true nor false", clean_to(text, 40))),
            _ => Ok(Json::String(text.to_owned())),
        };
        let value = value.map_err(|why| format!("{}: {why}", self.name))?;
        self.check(&value)?;
        Ok(value)
    }

    /// Whether a value does.
    ///
    /// # Errors
    /// Why it does not, and what would.
    pub fn check(&self, value: &Json) -> Result<(), String> {
        self.fault(value).map_or(Ok(()), |why| Err(format!("{}: {why}", self.name)))
    }

    fn fault(&self, value: &Json) -> Option<String> {
        match (self.kind, value) {
            (ValueKind::Integer | ValueKind::Bytes | ValueKind::Duration, Json::Number(number)) => {
                let Some(number) = number.as_u64() else { return Some(format!("{number} is no whole number")) };
                if self.min.is_some_and(|min| number < min) || self.max.is_some_and(|max| number > max) {
                    return Some(format!("{number} is not {}", self.range()));
                }
                None
            }
            (ValueKind::Boolean, Json::Bool(_)) => None,
            (ValueKind::Integer | ValueKind::Bytes | ValueKind::Duration | ValueKind::Boolean, other) => {
                Some(format!("{} does not fit: it is {}", clean_to(&other.to_string(), 40), self.wanted()))
            }
            (_, Json::String(text)) => self.text_fault(text),
            (_, other) => Some(format!("{} is no text", clean_to(&other.to_string(), 40))),
        }
    }

    fn text_fault(&self, text: &str) -> Option<String> {
        let is_long = matches!(self.kind, ValueKind::Text);
        let limit = if is_long { LONGEST_TEXT } else { LONGEST };
        if text.chars().count() > limit {
            return Some(format!("longer than {limit} characters"));
        }
        if !text.chars().all(|c| is_harmless(c) || is_long && matches!(c, '\n' | '\t')) {
            return Some("it holds control characters, or such that cannot be seen".into());
        }
        if self.kind == ValueKind::Secret {
            return if text.is_empty() { Some("it is empty".into()) } else { None };
        }
        let shown = clean_to(text, 40);
        if self.kind == ValueKind::Enum && !self.options.iter().any(|option| option == text) {
            let near = did_you_mean(text, self.options.iter().map(String::as_str));
            return Some(format!("«{shown}» is none of {}{near}", self.options.join(", ")));
        }
        let pattern = self.matches.as_ref()?;
        match pattern_of(&format!("^(?:{pattern})$")) {
            Ok(regex) if regex.is_match(text) => None,
            Ok(_) => Some(format!("«{shown}» does not fit {pattern}")),
            Err(why) => Some(why),
        }
    }

    fn range(&self) -> String {
        match (self.min, self.max) {
            (Some(min), Some(max)) => format!("between {min} and {max}"),
            (Some(min), None) => format!("at least {min}"),
            (None, Some(max)) => format!("at most {max}"),
            (None, None) => "a number".into(),
        }
    }

    /// What is wanted, in words.
    pub const fn wanted(&self) -> &'static str {
        match self.kind {
            ValueKind::String | ValueKind::Text => "a text",
            ValueKind::Integer => "a whole number",
            ValueKind::Bytes => "a size (16MiB)",
            ValueKind::Duration => "a span of time (10m)",
            ValueKind::Boolean => "true or false",
            ValueKind::Enum => "one of its options",
            ValueKind::Object => "the name of an object",
            ValueKind::Secret => "a secret",
        }
    }

    /// What is wrong with the variable itself.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let name = &self.name;
        if !super::super::template::is_word(name) || ["run", "steps", "object", "alert"].contains(&name.as_str()) {
            faults.push(format!(
                "«{name}» cannot be the name of a variable: small letters, digits, `_` and `-`, and not run, steps, object or alert"
            ));
        }
        if (self.kind == ValueKind::Enum) == self.options.is_empty() {
            faults.push(format!("{name}: `options` goes with `type = \"enum\"`, and only with that"));
        }
        if self.kind == ValueKind::Secret && self.default.is_some() {
            faults.push(format!("{name}: a secret has no default; it is given when it is needed"));
        }
        if let Some(query) = &self.choices
            && !DISCOVERIES.iter().any(|(known, _)| known == query)
        {
            let known = DISCOVERIES.iter().map(|(known, _)| *known);
            let near = did_you_mean(query, known.clone());
            let all = known.collect::<Vec<_>>().join(", ");
            faults.push(format!("{name}: there is no query «{query}»{near}; there are {all}"));
        }
        if let Some(Err(why)) = self.matches.as_deref().map(pattern_of) {
            faults.push(format!("{name}: {why}"));
        } else if let Some(Err(why)) = self.default_value().map(|value| value.and_then(|value| self.check(&value))) {
            faults.push(format!("the default does not do: {why}"));
        }
        faults
    }

    /// The default as a value: sizes and spans may be written as people write them.
    pub fn default_value(&self) -> Option<Result<Json, String>> {
        let default = self.default.as_ref()?;
        Some(match (self.kind, default) {
            (ValueKind::Bytes, Json::String(text)) => amount::bytes(text).map(Json::from),
            (ValueKind::Duration, Json::String(text)) => amount::seconds(text).map(Json::from),
            (_, other) => Ok(other.clone()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(rest: &str) -> Variable {
        toml::from_str(&format!("name = \"x\"\ntitle = \"X\"\n{rest}")).expect("is a variable")
    }

    #[test]
    fn values_are_read_by_their_kind() {
        for (rest, text, value) in [
            ("type = \"integer\"", "30", Json::from(30)),
            ("type = \"bytes\"", "16MiB", Json::from(16 << 20)),
            ("type = \"duration\"", "10m", Json::from(600)),
            ("type = \"boolean\"", "true", Json::from(true)),
            ("type = \"enum\"\noptions = [\"a\", \"b\"]", "b", Json::from("b")),
            ("matches = \"[a-z]+\"", "abc", Json::from("abc")),
            ("type = \"text\"", "two\nlines", Json::from("two\nlines")),
        ] {
            assert_eq!(variable(rest).parse(text), Ok(value), "{rest}");
        }
        for (rest, text, why) in [
            ("type = \"integer\"", "-1", "x: «-1» is no whole number"),
            ("type = \"integer\"\nmin = 1\nmax = 3", "4", "x: 4 is not between 1 and 3"),
            (
                "type = \"enum\"\noptions = [\"deployment\"]",
                "deploymnet",
                "x: «deploymnet» is none of deployment (did you mean «deployment»?)",
            ),
            ("matches = \"[a-z]+\"", "a;b", "x: «a;b» does not fit [a-z]+"),
            ("", "a\nb", "x: it holds control characters, or such that cannot be seen"),
            ("type = \"secret\"", "", "x: it is empty"),
        ] {
            assert_eq!(variable(rest).parse(text), Err(why.into()), "{rest}");
        }
    }

    #[test]
    fn a_variable_has_to_make_sense() {
        for rest in [
            "type = \"enum\"",
            "options = [\"a\"]",
            "type = \"secret\"\ndefault = \"x\"",
            "choices = \"pods\"",
            "matches = \"(\"",
            "type = \"integer\"\nmax = 3\ndefault = 4",
            "type = \"bytes\"\ndefault = \"much\"",
        ] {
            assert_eq!(variable(rest).faults().len(), 1, "{rest}");
        }
        assert!(variable("type = \"bytes\"\ndefault = \"16MiB\"").faults().is_empty());
        let run = Variable { name: "run".into(), ..variable("") };
        assert_eq!(run.faults().len(), 1);
    }
}
