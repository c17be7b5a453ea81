//! A rule file as it is written. Its doc comments are what the JSON schema tells editors.

use super::subject::Kind;
use crate::model::finding::{Level, Scope};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// A file of rules.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "only its schema is used: rules are read one by one, so that a bad one does not lose the others"
)]
pub struct RuleFile {
    /// The rules.
    #[serde(default)]
    pub rule: Vec<Rule>,
}

/// A rule.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rule {
    /// Its name, which begins with `x-`: `x-team-labels`.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// What is wrong, in a few words.
    pub title: String,
    /// How much a violation weighs.
    pub severity: Severity,
    /// Why it matters.
    pub why: String,
    /// What to do.
    pub fix: String,
    /// Pages that say more.
    #[serde(default)]
    pub references: Vec<String>,
    /// What it looks at.
    #[serde(default)]
    pub select: Select,
    /// What has to be so. Each that is not makes a finding.
    #[serde(default, rename = "match")]
    pub matches: Vec<Matcher>,
    /// An expression in CEL that has to be true. Of a resource: object, metadata, spec, labels, annotations, kind, api_version,
    /// namespace, name, path; of a container also container; of a file: file, path, text, lines, documents; always params.
    #[schemars(with = "Option<String>")]
    pub assert: Option<Spanned<String>>,
    /// The place that the assertion is about: a JSON pointer, below the container where it is about one.
    #[schemars(with = "Option<String>")]
    pub at: Option<Spanned<String>>,
    /// What to say where the assertion is not true. `{/spec/replicas}`, `{name}`, `{params.limit}` stand for values; `{{` for a brace.
    #[schemars(with = "Option<String>")]
    pub message: Option<Spanned<String>>,
    /// Values that the assertion reads as `params.…`, and that the configuration can set.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub params: BTreeMap<String, toml::Value>,
    /// Cases that show what it does, for `flightdeck check --test-rules`.
    #[serde(default)]
    pub test: Vec<Case>,
}

/// How much a violation weighs.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Warn,
    Error,
    /// Stops the line: an operation that it concerns is refused.
    Block,
}

impl From<Severity> for Level {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self::Info,
            Severity::Warn => Self::Warn,
            Severity::Error => Self::Error,
            Severity::Block => Self::Block,
        }
    }
}

/// Where a rule looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// Files of a repository.
    Repo,
    /// Live objects of container engines.
    Docker,
    /// Live objects of clusters.
    Kube,
}

impl From<Place> for Scope {
    fn from(place: Place) -> Self {
        match place {
            Place::Repo => Self::Repo,
            Place::Docker => Self::Docker,
            Place::Kube => Self::Kube,
        }
    }
}

/// What a rule looks at. In patterns `*` stands for any text, `?` for one sign; a `!` before a pattern leaves out what it fits.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Select {
    /// A resource unless it is given.
    pub subject: Kind,
    /// Everywhere unless it is given.
    pub scope: Vec<Place>,
    /// Kinds of objects: `Deployment`, `*Set`, `service` (of a compose project), `container`, `image`.
    #[schemars(with = "Patterns")]
    pub kind: Option<Spanned<Patterns>>,
    /// Namespaces, or compose projects.
    #[schemars(with = "Patterns")]
    pub namespace: Option<Spanned<Patterns>>,
    /// Names of objects.
    #[schemars(with = "Patterns")]
    pub name: Option<Spanned<Patterns>>,
    /// Names of containers.
    #[schemars(with = "Patterns")]
    pub container: Option<Spanned<Patterns>>,
    /// Labels that the object has, with a pattern for the value of each.
    #[schemars(with = "BTreeMap<String, String>")]
    pub labels: BTreeMap<String, Spanned<String>>,
    /// Paths of files: `docker/**`. One without a stroke fits the file's name in every folder.
    #[schemars(with = "Patterns")]
    pub path: Option<Spanned<Patterns>>,
}

/// One pattern or several.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Patterns {
    One(String),
    Several(Vec<String>),
}

impl Default for Patterns {
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

impl Patterns {
    /// Them as a list.
    pub fn list(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(several) => several,
        }
    }
}

/// What has to be so of a value.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Matcher {
    /// A field of the container or the file: `image`, `path`, `line` (each line by itself).
    #[schemars(with = "Option<String>")]
    pub field: Option<Spanned<String>>,
    /// Pointer to a list (or a map) whose every item is looked at; several go one into the other.
    #[serde(default)]
    #[schemars(with = "Patterns")]
    pub each: Option<Spanned<Patterns>>,
    /// JSON pointer to the value, from the item or the object: `/metadata/labels/team`.
    #[schemars(with = "Option<String>")]
    pub pointer: Option<Spanned<String>>,
    /// It is there.
    pub exists: Option<bool>,
    /// It is not there.
    pub absent: Option<bool>,
    /// It is this.
    #[schemars(with = "Option<serde_json::Value>")]
    pub equals: Option<toml::Value>,
    /// It is not this.
    #[schemars(with = "Option<serde_json::Value>")]
    pub not_equals: Option<toml::Value>,
    /// It is one of these.
    #[serde(rename = "in")]
    #[schemars(with = "Option<Vec<serde_json::Value>>")]
    pub one_of: Option<Vec<toml::Value>>,
    /// It is none of these.
    #[serde(rename = "not-in")]
    #[schemars(with = "Option<Vec<serde_json::Value>>")]
    pub none_of: Option<Vec<toml::Value>>,
    /// A regular expression fits somewhere in it: `^registry\.example\.com/`.
    #[schemars(with = "Option<String>")]
    pub matches: Option<Spanned<String>>,
    /// A regular expression fits nowhere in it.
    #[schemars(with = "Option<String>")]
    pub not_matches: Option<Spanned<String>>,
    /// It is at least this.
    pub min: Option<f64>,
    /// It is at most this.
    pub max: Option<f64>,
    /// It may be missing; without this a value that is missing fits only what is said of what it is not.
    #[serde(default)]
    pub optional: bool,
    /// What to say where it is not so; `{value}` is the value.
    #[schemars(with = "Option<String>")]
    pub message: Option<Spanned<String>>,
}

/// A case that shows what a rule does.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Case {
    /// What it shows.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// Objects, as YAML.
    pub yaml: Option<String>,
    /// What the objects are, where they do not say so themselves: `service`, `container`.
    pub kind: Option<String>,
    /// A file.
    pub file: Option<CaseFile>,
    /// What has to come of it.
    pub expect: Expect,
    /// How many findings there are.
    pub count: Option<usize>,
}

/// A file of a case.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CaseFile {
    pub path: String,
    pub text: String,
    #[serde(default)]
    pub executable: bool,
}

/// What comes of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Expect {
    Pass,
    Fail,
    Unknown,
    NotApplicable,
}

impl Expect {
    /// The word in rule files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::NotApplicable => "not-applicable",
        }
    }
}
