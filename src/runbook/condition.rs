//! Conditions on answers and values. There are three answers: yes, no, and that it cannot be said; the last is never taken for a yes.

use super::{
    field::{Templated, Visit},
    template::{Template, Unbound},
};
use regex::RegexBuilder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Bytes that a compiled pattern may take.
const LARGEST_PATTERN: usize = 1 << 18;

/// Something that has to be so: of an answer (`path`) or of a value (`value`). Everything that it says has to hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Condition {
    /// A part of the answer: `leader`, `members.0.name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// In place of a path: a value that is looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Template>,
    /// It is this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is: Option<Template>,
    /// It is known, and not this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_not: Option<Template>,
    /// It is one of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub one_of: Option<Vec<Template>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Template>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Template>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above: Option<Template>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below: Option<Template>,
    /// A regular expression fits it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matches: Option<String>,
    /// Another part of the same answer has the same value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_as: Option<String>,
    /// Another part of the same answer is a number that is not larger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least_path: Option<String>,
    /// Whether it has a value at all; here one that is missing is an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<bool>,
    /// What to say where it does not hold: what that means, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<Template>,
}

/// Whether something is so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Truth {
    Yes,
    /// It is not, and what is instead.
    No(String),
    /// Nobody can say, and why.
    Unknown(String),
}

/// What stands behind the comparisons of a condition, each with its word.
type Numeric = (&'static str, fn(f64, f64) -> bool);

const AT_LEAST: Numeric = ("below", |a, b| a >= b);
const AT_MOST: Numeric = ("above", |a, b| a <= b);
const ABOVE: Numeric = ("not above", |a, b| a > b);
const BELOW: Numeric = ("not below", |a, b| a < b);

impl Condition {
    /// Whether it holds of an answer.
    pub fn judge(&self, answer: &Json) -> Truth {
        let truth = self.compare(answer);
        match (truth, &self.otherwise) {
            (Truth::No(what), Some(otherwise)) => Truth::No(format!("{otherwise} ({what})")),
            (truth, _) => truth,
        }
    }

    /// What it is about, as a person reads it.
    pub fn subject(&self) -> String {
        match (&self.path, &self.value) {
            (Some(path), _) => path.clone(),
            (None, Some(value)) => value.to_string(),
            (None, None) => String::new(),
        }
    }

    /// Whether it says anything, and about something.
    ///
    /// # Errors
    /// What is missing.
    pub fn check(&self) -> Result<(), String> {
        if self.path.is_some() == self.value.is_some() {
            return Err("a condition has either a `path` into the answer or a `value`".into());
        }
        let bounds = [&self.is, &self.is_not, &self.at_least, &self.at_most, &self.above, &self.below];
        let says = bounds.iter().any(|bound| bound.is_some())
            || self.one_of.is_some()
            || self.matches.is_some()
            || self.same_as.is_some()
            || self.at_least_path.is_some()
            || self.known.is_some();
        if !says {
            return Err(
                "a condition needs a comparison: is, is-not, one-of, at-least, at-most, above, below, matches, same-as, \
                 at-least-path or known"
                    .into(),
            );
        }
        if self.value.is_some() && (self.same_as.is_some() || self.at_least_path.is_some()) {
            return Err("`same-as` and `at-least-path` name parts of an answer: they go with `path`".into());
        }
        self.matches.as_deref().map_or(Ok(()), |pattern| pattern_of(pattern).map(drop))
    }

    /// The first parts of the paths that it looks at.
    pub fn roots(&self) -> impl Iterator<Item = &str> {
        [&self.path, &self.same_as, &self.at_least_path].into_iter().flatten().map(|path| root(path))
    }

    fn compare(&self, answer: &Json) -> Truth {
        let found = match self.find(answer) {
            Ok(found) => found,
            Err(why) => return Truth::Unknown(why),
        };
        let subject = self.subject();
        let is_known = !found.is_null();
        if let Some(known) = self.known {
            if known != is_known {
                let what = if is_known { "is there" } else { "is not there" };
                return Truth::No(format!("{subject} {what}"));
            }
            if !is_known {
                return Truth::Yes;
            }
        }
        if !is_known {
            return Truth::Unknown(format!("{subject} is not known"));
        }
        self.texts(&found, &subject)
            .and(|| self.numbers(&found, &subject))
            .and(|| self.others(answer, &found, &subject))
    }

    fn find(&self, answer: &Json) -> Result<Json, String> {
        match (&self.path, &self.value) {
            (Some(path), _) => Ok(lookup(answer, path).cloned().unwrap_or(Json::Null)),
            (None, Some(value)) => match value.text() {
                Ok(text) => Ok(Json::String(text)),
                Err(why) => Err(why.to_string()),
            },
            (None, None) => Ok(Json::Null),
        }
    }

    fn texts(&self, found: &Json, subject: &str) -> Truth {
        let shown = shown(found);
        let fits = |wanted: &Template| wanted.text().map(|text| same(&shown, &text)).map_err(|why| why.to_string());
        let no = |what: String| Truth::No(format!("{subject} is {shown}{what}"));
        let is = self.is.as_ref().map_or(Ok(true), fits);
        let is_not = self.is_not.as_ref().map_or(Ok(false), fits);
        let one_of = self
            .one_of
            .as_ref()
            .map_or(Ok(true), |all| all.iter().map(fits).try_fold(false, |any, one| Ok::<_, String>(any | one?)));
        match (is, is_not, one_of) {
            (Err(why), ..) | (_, Err(why), _) | (.., Err(why)) => Truth::Unknown(why),
            (Ok(false), ..) => no(format!(", not {}", self.is.as_ref().map_or_else(String::new, ToString::to_string))),
            (_, Ok(true), _) => no(String::new()),
            (.., Ok(false)) => {
                let all = self.one_of.iter().flatten().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                no(format!(", none of {all}"))
            }
            _ => match &self.matches {
                Some(pattern) => match pattern_of(pattern) {
                    Ok(regex) if regex.is_match(&shown) => Truth::Yes,
                    Ok(_) => no(format!(", which {pattern} does not fit")),
                    Err(why) => Truth::Unknown(why),
                },
                None => Truth::Yes,
            },
        }
    }

    fn numbers(&self, found: &Json, subject: &str) -> Truth {
        let bounds = [(&self.at_least, AT_LEAST), (&self.at_most, AT_MOST), (&self.above, ABOVE), (&self.below, BELOW)];
        bounds.into_iter().filter_map(|(bound, kind)| Some((bound.as_ref()?, kind))).fold(Truth::Yes, |truth, bound| {
            truth.and(|| {
                let (wanted, kind) = bound;
                match wanted.text() {
                    Ok(text) => by_number(found, &Json::String(text), subject, kind),
                    Err(why) => Truth::Unknown(why.to_string()),
                }
            })
        })
    }

    fn others(&self, answer: &Json, found: &Json, subject: &str) -> Truth {
        let other = |path: &str| lookup(answer, path).filter(|other| !other.is_null());
        let missing = |path: &str| Truth::Unknown(format!("{path} is not known"));
        let same_as = self.same_as.as_ref().map_or(Truth::Yes, |path| match other(path) {
            None => missing(path),
            Some(other) if same(&shown(found), &shown(other)) => Truth::Yes,
            Some(other) => Truth::No(format!("{subject} is {}, {path} is {}", shown(found), shown(other))),
        });
        same_as.and(|| {
            self.at_least_path.as_ref().map_or(Truth::Yes, |path| match other(path) {
                None => missing(path),
                Some(other) => by_number(found, other, subject, AT_LEAST),
            })
        })
    }
}

impl Truth {
    /// This one, and the other where this is a yes.
    #[must_use]
    pub fn and(self, other: impl FnOnce() -> Self) -> Self {
        if self == Self::Yes { other() } else { self }
    }

    /// Whether all conditions hold. One that does not hold weighs more than one that is not known: waiting may help against the latter.
    pub fn all<'a>(conditions: impl IntoIterator<Item = &'a Condition>, answer: &Json) -> Self {
        let mut unknown = None;
        for condition in conditions {
            match condition.judge(answer) {
                Self::Yes => {}
                Self::No(what) => return Self::No(what),
                Self::Unknown(why) => unknown = unknown.or(Some(why)),
            }
        }
        unknown.map_or(Self::Yes, Self::Unknown)
    }
}

impl Templated for Condition {
    fn each(&mut self, visit: Visit<'_>) -> Result<(), Unbound> {
        let Self { value, is, is_not, at_least, at_most, above, below, otherwise, one_of, .. } = self;
        for template in [value, is, is_not, at_least, at_most, above, below, otherwise] {
            template.each(visit)?;
        }
        one_of.each(visit)
    }
}

/// A part of an answer.
pub fn lookup<'a>(answer: &'a Json, path: &str) -> Option<&'a Json> {
    path.split('.').try_fold(answer, |value, part| match value {
        Json::Array(items) => items.get(part.parse::<usize>().ok()?),
        other => other.get(part),
    })
}

/// The first part of a path.
pub fn root(path: &str) -> &str {
    path.split('.').next().unwrap_or(path)
}

/// A value as it is compared and shown.
pub fn shown(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null => crate::model::units::UNKNOWN.to_owned(),
        other => other.to_string(),
    }
}

/// Whether two values are the same: as texts, or as numbers.
fn same(a: &str, b: &str) -> bool {
    a == b || matches!((a.parse::<f64>(), b.parse::<f64>()), (Ok(a), Ok(b)) if a == b)
}

fn number_of(value: &Json) -> Option<f64> {
    match value {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    }
    .filter(|number| number.is_finite())
}

fn by_number(found: &Json, wanted: &Json, subject: &str, (word, holds): Numeric) -> Truth {
    match (number_of(found), number_of(wanted)) {
        (Some(a), Some(b)) if holds(a, b) => Truth::Yes,
        (Some(_), Some(_)) => Truth::No(format!("{subject} is {}, {word} {}", shown(found), shown(wanted))),
        (None, _) => Truth::Unknown(format!("{subject} is {}, which is no number", shown(found))),
        (_, None) => Truth::Unknown(format!("«{}» is no number", shown(wanted))),
    }
}

/// Compiles a pattern, within bounds.
///
/// # Errors
/// What is wrong with it, in one line.
pub fn pattern_of(pattern: &str) -> Result<regex::Regex, String> {
    RegexBuilder::new(pattern).size_limit(LARGEST_PATTERN).dfa_size_limit(LARGEST_PATTERN).build().map_err(|error| {
        let text = error.to_string();
        format!("`{pattern}` is no regular expression: {}", text.lines().last().unwrap_or_default().trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn judge(condition: Json, answer: &Json) -> Truth {
        let condition: Condition = serde_json::from_value(condition).expect("is a condition");
        condition.check().expect("says something");
        condition.judge(answer)
    }

    #[test]
    fn answers_are_compared() {
        let answer = json!({ "leader": "n1", "lag": 500, "desired": 3, "updated": 3, "ratio": 0.5, "paused": false,
            "members": [{ "name": "n1" }], "gone": null });
        for condition in [
            json!({ "path": "leader", "is": "n1" }),
            json!({ "path": "paused", "is": false }),
            json!({ "path": "members.0.name", "one-of": ["n2", "n1"] }),
            json!({ "path": "lag", "at-most": 500, "at-least": "500", "above": 499, "below": 501.5 }),
            json!({ "path": "updated", "same-as": "desired", "at-least-path": "desired" }),
            json!({ "path": "leader", "matches": "^n[0-9]$" }),
            json!({ "path": "gone", "known": false }),
            json!({ "path": "ratio", "known": true, "is-not": 1 }),
        ] {
            assert_eq!(judge(condition.clone(), &answer), Truth::Yes, "{condition}");
        }
        for (condition, text) in [
            (json!({ "path": "leader", "is": "n2" }), "leader is n1, not n2"),
            (json!({ "path": "lag", "at-most": 100 }), "lag is 500, above 100"),
            (json!({ "path": "lag", "above": 500, "otherwise": "too near" }), "too near (lag is 500, not above 500)"),
            (json!({ "path": "gone", "known": true }), "gone is not there"),
            (json!({ "path": "paused", "is-not": false }), "paused is false"),
            (json!({ "path": "leader", "one-of": ["a", "b"] }), "leader is n1, none of a, b"),
        ] {
            assert_eq!(judge(condition.clone(), &answer), Truth::No(text.into()), "{condition}");
        }
    }

    #[test]
    fn what_is_not_known_is_neither_yes_nor_no() {
        let answer = json!({ "gone": null, "name": "x" });
        for condition in [
            json!({ "path": "gone", "is": 0 }),
            json!({ "path": "gone", "is-not": "x" }),
            json!({ "path": "nowhere.at.all", "at-most": 5 }),
            json!({ "path": "name", "at-most": 5 }),
            json!({ "path": "name", "same-as": "gone" }),
            json!({ "value": "{{steps.read.value}}", "is": "x" }),
            json!({ "path": "name", "is": "{{steps.read.value}}" }),
        ] {
            assert!(matches!(judge(condition.clone(), &answer), Truth::Unknown(_)), "{condition}");
        }
        let conditions: Vec<Condition> = [json!({ "path": "gone", "is": 0 }), json!({ "path": "name", "is": "y" })]
            .map(|condition| serde_json::from_value(condition).expect("is a condition"))
            .into();
        assert!(matches!(Truth::all(&conditions, &answer), Truth::No(_)), "a no weighs more");
    }

    #[test]
    fn a_condition_has_to_say_something() {
        for wrong in [
            json!({}),
            json!({ "path": "a" }),
            json!({ "is": 1 }),
            json!({ "path": "a", "value": "b", "is": 1 }),
            json!({ "path": "a", "matches": "(" }),
            json!({ "value": "a", "same-as": "b" }),
        ] {
            let condition: Condition = serde_json::from_value(wrong.clone()).expect("reads");
            assert!(condition.check().is_err(), "{wrong}");
        }
    }
}
