//! Reads rule files. A rule with a fault is left out and the fault told; the others are kept.

use super::{
    CustomRule, CustomRules, RuleFault,
    cel::{self, Assertion},
    matcher::{Matcher, Test, node_of},
    message::Message,
    place,
    select::{Globs, Select},
    subject::{CONTAINER_FIELDS, FILE_FIELDS, Kind},
    written,
};
use crate::{
    model::{finding::Scope, nearest::did_you_mean},
    rulebook::syntax::node::{Data, Entry, Node},
};
use serde::Deserialize;
use std::ops::Range;
use toml::{
    Spanned,
    de::{DeTable, DeValue, ValueDeserializer},
};

/// Bytes that a rule file may have.
const LARGEST: usize = 1 << 20;
/// Characters that a rule's name may have.
const LONGEST_ID: usize = 64;

/// Reads rule files, each a path (for a person) and its text.
pub fn load(files: &[(&str, &str)]) -> (CustomRules, Vec<RuleFault>) {
    let mut rules = CustomRules::default();
    let mut faults = Vec::new();
    for (path, text) in files {
        let mut reader = Reader { path, text, rule: None, faults: &mut faults };
        let written = reader.file();
        for rule in written {
            reader.rule = Some(rule.id.get_ref().clone());
            let Some(rule) = reader.rule(rule) else { continue };
            match rules.rules.iter().find(|other| other.id == rule.id) {
                Some(first) => {
                    let place = first.place;
                    let message = format!(
                        "a second rule with this id; the first is in {}:{}:{}. Give one of them another id",
                        first.path, place.line, place.column
                    );
                    reader.faults.push(RuleFault { span: rule.place, ..reader.fault(0..0, message) });
                }
                None => rules.rules.push(rule),
            }
        }
    }
    (rules, faults)
}

struct Reader<'a> {
    path: &'a str,
    text: &'a str,
    /// The rule that is being read.
    rule: Option<String>,
    faults: &'a mut Vec<RuleFault>,
}

impl Reader<'_> {
    fn fault(&self, bytes: Range<usize>, message: impl Into<String>) -> RuleFault {
        RuleFault {
            path: self.path.into(),
            span: place::span(self.text, bytes),
            rule: self.rule.clone(),
            message: message.into(),
        }
    }

    fn tell(&mut self, bytes: Range<usize>, message: impl Into<String>) {
        let fault = self.fault(bytes, message);
        self.faults.push(fault);
    }

    /// The rules of the file, as they are written.
    fn file(&mut self) -> Vec<written::Rule> {
        if self.text.len() > LARGEST {
            self.tell(0..0, format!("larger than {} MiB; make several files of it", LARGEST >> 20));
            return Vec::new();
        }
        let table = match DeTable::parse(self.text) {
            Ok(table) => table.into_inner(),
            Err(error) => {
                let message = format!("no TOML, so that none of its rules is read: {}", first_line(error.message()));
                self.tell(error.span().unwrap_or(0..0), message);
                return Vec::new();
            }
        };
        let mut written = Vec::new();
        for (key, value) in table {
            if *key.get_ref() != "rule" {
                let hint = did_you_mean(key.get_ref(), ["rule"]);
                self.tell(key.span(), format!("«{}» is not known here{hint}; a file holds [[rule]]s", key.get_ref()));
                continue;
            }
            let place = value.span();
            let DeValue::Array(items) = value.into_inner() else {
                self.tell(place, "rules are written as [[rule]], with two brackets");
                continue;
            };
            for item in items {
                written.extend(self.written(item));
            }
        }
        written
    }

    fn written(&mut self, item: Spanned<DeValue<'_>>) -> Option<written::Rule> {
        let place = item.span();
        let id = item.get_ref().get("id").and_then(|id| id.get_ref().as_str()).map(str::to_owned);
        match written::Rule::deserialize(ValueDeserializer::from(item)) {
            Ok(rule) => Some(rule),
            Err(error) => {
                self.rule = id;
                let message = explain(error.message());
                self.tell(error.span().unwrap_or(place), message);
                self.rule = None;
                None
            }
        }
    }

    /// A rule, made ready; nothing where a fault was told.
    fn rule(&mut self, written: written::Rule) -> Option<CustomRule> {
        let before = self.faults.len();
        self.id(&written.id);
        let select = self.select(&written.select);
        let kind = written.select.subject;
        let params = Node::of(Data::Map(
            written
                .params
                .iter()
                .map(|(name, value)| Entry { key: name.as_str().into(), key_span: None, value: node_of(value) })
                .collect(),
        ));
        if written.matches.is_empty() && written.assert.is_none() {
            self.tell(written.id.span(), "it says nothing that has to be so; add a [[rule.match]] or `assert`");
        }
        let matchers = written.matches.iter().filter_map(|matcher| self.matcher(matcher, kind, &params)).collect();
        let assertion = written.assert.as_ref().and_then(|source| self.assertion(source, kind));
        let message = self.message(written.message.as_ref(), kind, &params);
        let at = written.at.as_ref().map(|at| self.pointer(at)).unwrap_or_default();
        for case in &written.test {
            self.case(case, kind);
        }
        if self.faults.len() > before {
            return None;
        }
        Some(CustomRule {
            place: place::span(self.text, written.id.span()),
            cases: written.test.into_iter().map(|case| (place::span(self.text, case.name.span()), case)).collect(),
            id: written.id.into_inner().into(),
            path: self.path.into(),
            title: written.title,
            level: written.severity.into(),
            why: written.why,
            fix: written.fix,
            references: written.references,
            select: select?,
            matchers,
            assertion,
            at,
            message,
            params,
        })
    }

    fn id(&mut self, id: &Spanned<String>) {
        let text = id.get_ref();
        let is_sound = text.strip_prefix("x-").is_some_and(|rest| {
            let words = rest.split('-');
            words.clone().all(|word| !word.is_empty())
                && rest.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        });
        if !is_sound || text.len() > LONGEST_ID {
            let message = format!(
                "the id «{text}» has to be `x-` and words of small letters and digits with `-` between them, as x-team-labels, \
                 at most {LONGEST_ID} characters: names without `x-` are the built-in checks'"
            );
            self.tell(id.span(), message);
        }
    }

    fn select(&mut self, written: &written::Select) -> Option<Select> {
        let subject = written.subject;
        let possible: &[Scope] =
            if subject == Kind::File { &[Scope::Repo] } else { &[Scope::Repo, Scope::Docker, Scope::Kube] };
        let mut scopes: Vec<Scope> = written.scope.iter().map(|&scope| scope.into()).collect();
        if scopes.is_empty() {
            scopes = possible.to_vec();
        }
        if let Some(scope) = scopes.iter().find(|scope| !possible.contains(scope)) {
            self.tell(
                self.id_place(),
                format!("a rule about files cannot look at {}; its scope is \"repo\"", scope.word()),
            );
        }
        for (what, given) in [("kind", &written.kind), ("namespace", &written.namespace), ("name", &written.name)] {
            if let (Kind::File, Some(given)) = (subject, given) {
                self.tell(given.span(), format!("a file has no {what} to select it by; use `path`"));
            }
        }
        if let (Some(given), true) = (&written.container, subject != Kind::Container) {
            self.tell(given.span(), "`container` selects containers; add subject = \"container\"");
        }
        let mut labels = Vec::new();
        for (key, value) in &written.labels {
            match Globs::new(std::slice::from_ref(value.get_ref()), false) {
                Ok(globs) => labels.push((key.clone(), globs)),
                Err(message) => self.tell(value.span(), message),
            }
            if subject == Kind::File {
                self.tell(value.span(), "a file has no labels to select it by; use `path`");
            }
        }
        Some(Select {
            subject,
            scopes,
            kinds: self.globs(written.kind.as_ref(), false)?,
            namespaces: self.globs(written.namespace.as_ref(), false)?,
            names: self.globs(written.name.as_ref(), false)?,
            containers: self.globs(written.container.as_ref(), false)?,
            labels,
            paths: self.globs(written.path.as_ref(), true)?,
        })
    }

    /// Where the rule that is being read has its name.
    fn id_place(&self) -> Range<usize> {
        let id = self.rule.as_deref().unwrap_or_default();
        self.text.find(id).map_or(0..0, |at| at..at + id.len())
    }

    fn globs(&mut self, written: Option<&Spanned<written::Patterns>>, are_paths: bool) -> Option<Globs> {
        let Some(written) = written else { return Some(Globs::default()) };
        Globs::new(written.get_ref().list(), are_paths).map_err(|message| self.tell(written.span(), message)).ok()
    }

    fn matcher(&mut self, written: &written::Matcher, kind: Kind, params: &Node) -> Option<Matcher> {
        let before = self.faults.len();
        if let Some(field) = &written.field {
            self.field(field, kind);
        }
        let each = written.each.as_ref();
        let pointers: Vec<String> = each.map(|each| each.get_ref().list().to_vec()).unwrap_or_default();
        for pointer in &pointers {
            let place = each.map_or(0..0, Spanned::span);
            self.is_pointer(pointer, place);
        }
        let pointer = written.pointer.as_ref().map(|pointer| self.pointer(pointer)).unwrap_or_default();
        if written.field.is_none() && each.is_none() && pointer.is_empty() {
            let place = self.id_place();
            self.tell(place, "a [[rule.match]] without `pointer`, `each` or `field`: say which value it is about");
        }
        let tests = self.tests(written);
        if tests.is_empty() {
            let place =
                written.pointer.as_ref().or(written.field.as_ref()).map_or_else(|| self.id_place(), Spanned::span);
            let message = "a [[rule.match]] that says nothing of its value; add one of exists, absent, equals, not-equals, in, \
                           not-in, matches, not-matches, min, max";
            self.tell(place, message);
        }
        let message = self.message(written.message.as_ref(), kind, params);
        let field = written.field.as_ref().map(|field| field.get_ref().clone());
        let is_sound = self.faults.len() == before;
        is_sound.then_some(Matcher { field, each: pointers, pointer, tests, is_optional: written.optional, message })
    }

    fn field(&mut self, field: &Spanned<String>, kind: Kind) {
        let known: Vec<&str> = match kind {
            Kind::Resource => Vec::new(),
            Kind::Container => CONTAINER_FIELDS.to_vec(),
            Kind::File => [FILE_FIELDS, &["text", "line"]].concat(),
        };
        let name = field.get_ref().as_str();
        if known.contains(&name) {
            return;
        }
        let message = if kind == Kind::Resource {
            "a resource has no fields; use `pointer`, or subject = \"container\"".into()
        } else {
            let hint = did_you_mean(name, known.iter().copied());
            format!("a {} has no field «{name}»{hint}; there are {}", kind.word(), known.join(", "))
        };
        self.tell(field.span(), message);
    }

    fn tests(&mut self, written: &written::Matcher) -> Vec<Test> {
        let nodes = |values: &Vec<toml::Value>| values.iter().map(node_of).collect();
        let exists = |wanted: bool| if wanted { Test::Exists } else { Test::Absent };
        let mut tests: Vec<Test> = Vec::new();
        tests.extend(written.exists.map(exists));
        tests.extend(written.absent.map(|absent| exists(!absent)));
        tests.extend(written.equals.as_ref().map(|value| Test::Equals(node_of(value))));
        tests.extend(written.not_equals.as_ref().map(|value| Test::NotEquals(node_of(value))));
        tests.extend(written.one_of.as_ref().map(|values| Test::In(nodes(values))));
        tests.extend(written.none_of.as_ref().map(|values| Test::NotIn(nodes(values))));
        tests.extend(written.min.map(Test::Min));
        tests.extend(written.max.map(Test::Max));
        for (pattern, test) in
            [(&written.matches, Test::Matches as fn(_) -> _), (&written.not_matches, Test::NotMatches as fn(_) -> _)]
        {
            let Some(pattern) = pattern else { continue };
            match cel::regex(pattern.get_ref()) {
                Ok(regex) => tests.push(test(regex)),
                Err(message) => self.tell(pattern.span(), format!("no regular expression: {message}")),
            }
        }
        tests
    }

    fn pointer(&mut self, pointer: &Spanned<String>) -> String {
        self.is_pointer(pointer.get_ref(), pointer.span());
        pointer.get_ref().clone()
    }

    fn is_pointer(&mut self, pointer: &str, place: Range<usize>) {
        if !pointer.is_empty() && !pointer.starts_with('/') {
            let meant = format!("/{}", pointer.replace('.', "/"));
            self.tell(
                place,
                format!("«{pointer}» is no JSON pointer, which begins with a stroke: did you mean «{meant}»?"),
            );
        }
    }

    fn assertion(&mut self, source: &Spanned<String>, kind: Kind) -> Option<Assertion> {
        match Assertion::compile(source.get_ref(), kind) {
            Ok(assertion) => Some(assertion),
            Err(fault) => {
                let at = place::in_string(self.text, source.span(), fault.offset);
                self.tell(at..at + 1, format!("assert: {}", fault.message));
                None
            }
        }
    }

    fn message(&mut self, written: Option<&Spanned<String>>, kind: Kind, params: &Node) -> Option<Message> {
        let written = written?;
        match Message::new(written.get_ref(), kind, params) {
            Ok(message) => Some(message),
            Err((offset, message)) => {
                let at = place::in_string(self.text, written.span(), offset);
                self.tell(at..at + 1, format!("message: {message}"));
                None
            }
        }
    }

    fn case(&mut self, case: &written::Case, kind: Kind) {
        let message = match (&case.yaml, &case.file) {
            (None, None) => "a test without `yaml` or `file`: say what the rule is shown",
            (Some(_), Some(_)) => "a test with both `yaml` and `file`: make two of it",
            (Some(_), None) if kind == Kind::File => "a rule about files is shown a `file`",
            (None, Some(_)) if case.kind.is_some() => "`kind` says what the objects of `yaml` are",
            _ => return,
        };
        self.tell(case.name.span(), message);
    }
}

fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}

/// What the reader of TOML says, with what is meant where that is near.
fn explain(message: &str) -> String {
    let message = first_line(message);
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match quoted.split_first() {
        Some((word, known)) if message.starts_with("unknown ") => {
            format!("{message}{}", did_you_mean(word, known.iter().copied()))
        }
        _ => message.to_owned(),
    }
}
