//! Judges subjects by rules of one's own, as the built-in checks judge them.

use super::{
    CustomRule,
    cel::Variables,
    matcher::{Matcher, Outcome, Test, node_of},
    message::{Message, Values, last, shown},
    select::Selected,
    subject::{self, Kind},
};
use crate::{
    model::{
        Timestamp,
        finding::{Level, Scope, Span},
    },
    rulebook::{
        check::Meta,
        out::{Draft, Out},
        policy::Policy,
        resource::Resource,
        run::{Subject, Verdict},
        subject::container::Container,
        syntax::node::{Data, Node},
        tree::{File, Parsed},
    },
};
use std::sync::Arc;

/// What stands for the static description of a check; the rule's own words go over it.
static META: Meta = Meta {
    id: "x",
    title: "a rule of one's own",
    level: Level::Warn,
    scopes: &[Scope::Repo, Scope::Docker, Scope::Kube],
    why: "",
    fix: "",
    precedent: &[],
    references: &[],
    parameters: &[],
};

/// Findings that a rule makes of one file; the last says that there are more.
const MOST: usize = 100;

/// Shows one subject to one rule.
pub fn judge(rule: &CustomRule, subject: Subject<'_>, scope: Scope, policy: &Policy, now: Timestamp) -> Verdict {
    let Some(seen) = Seen::new(rule, subject, scope) else { return Verdict::default() };
    let selected = match seen.about {
        About::Resource(resource) => rule.select.resource(resource),
        About::Container(container, _) => rule.select.container(container),
        About::File(file) => rule.select.file(file),
    };
    let params = params(rule, policy);
    let mut findings = Vec::new();
    let out = Out::new(&META, scope, policy, now, &mut findings);
    let mut judge = Judge { rule, seen, params: &params, out };
    match selected {
        Selected::No => return Verdict::default(),
        Selected::Unknown(why) => judge.unknown("", None, why),
        Selected::Yes => {
            for matcher in &rule.matchers {
                judge.matcher(matcher);
            }
            judge.assertion();
        }
    }
    let passed = usize::from(findings.is_empty());
    Verdict { findings, passed }
}

/// The rule's parameters, with what the policy sets of them.
fn params(rule: &CustomRule, policy: &Policy) -> Node {
    let mut params = rule.params.clone();
    if let Data::Map(entries) = &mut params.data {
        for entry in Arc::make_mut(entries) {
            if let Some(set) = policy.parameter(&rule.id, &entry.key) {
                entry.value = node_of(set);
            }
        }
    }
    params
}

/// What a rule is shown.
struct Seen<'a> {
    about: About<'a>,
    /// The container or the file as a map of its fields.
    fields: Option<Node>,
    /// Where the fields of a container stand in its object.
    places: Vec<(String, String)>,
}

#[derive(Clone, Copy)]
enum About<'a> {
    Resource(&'a Resource),
    /// With the part of the object that is the container.
    Container(&'a Container<'a>, Option<&'a Node>),
    File(&'a File),
}

impl<'a> Seen<'a> {
    /// What a subject is to a rule; nothing where the rule is about others.
    fn new(rule: &CustomRule, subject: Subject<'a>, scope: Scope) -> Option<Self> {
        if !rule.select.scopes.contains(&scope) {
            return None;
        }
        let (about, fields, places) = match (rule.select.subject, subject) {
            (Kind::Resource, Subject::Resource(resource)) => (About::Resource(resource), None, Vec::new()),
            (Kind::Container, Subject::Container(container)) => {
                let (fields, places) = subject::of_container(container);
                (About::Container(container, container.resource.at(&container.pointer)), Some(fields), places)
            }
            (Kind::File, Subject::File(file)) => (About::File(file), Some(subject::of_file(file)), Vec::new()),
            _ => return None,
        };
        Some(Self { about, fields, places })
    }

    fn resource(&self) -> Option<&'a Resource> {
        match self.about {
            About::Resource(resource) => Some(resource),
            About::Container(container, _) => Some(container.resource),
            About::File(_) => None,
        }
    }

    /// What pointers begin at.
    fn root(&self) -> Option<&'a Node> {
        match self.about {
            About::Resource(resource) => Some(&resource.spec),
            About::Container(_, root) => root,
            About::File(_) => None,
        }
    }

    /// A pointer of the object, for one below the subject.
    fn whole(&self, pointer: &str) -> String {
        match self.about {
            About::Container(container, _) => format!("{}{pointer}", container.pointer),
            About::Resource(_) | About::File(_) => pointer.to_owned(),
        }
    }

    /// Where a field of a container stands in its object: it, or the nearest part around it.
    fn place_of(&self, field: &str) -> String {
        let around =
            |known: &str| field.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let nearest = self.places.iter().filter(|(known, _)| around(known)).max_by_key(|(known, _)| known.len());
        nearest.map_or_else(|| self.whole(""), |(_, pointer)| pointer.clone())
    }
}

struct Judge<'a, 'o> {
    rule: &'a CustomRule,
    seen: Seen<'a>,
    params: &'a Node,
    out: Out<'o>,
}

/// The values for a message.
struct Found<'f> {
    seen: &'f Seen<'f>,
    params: &'f Node,
    value: Option<&'f Node>,
}

impl Values for Found<'_> {
    fn pointer(&self, pointer: &str) -> Option<&Node> {
        self.seen.root()?.at(pointer)
    }

    fn word(&self, word: &str) -> Option<Node> {
        if word == "value" {
            return self.value.cloned();
        }
        if let Some(field) = self.seen.fields.as_ref().and_then(|fields| fields.get(word)) {
            return Some(field.clone());
        }
        let resource = self.seen.resource()?;
        let text = match word {
            "kind" => &resource.kind,
            "namespace" => &resource.namespace,
            "name" => &resource.name,
            "path" => resource.file.as_ref()?,
            _ => return None,
        };
        Some(Node::of(Data::Text(text.as_str().into())))
    }

    fn param(&self, name: &str) -> Option<&Node> {
        self.params.get(name)
    }
}

impl<'a, 'o> Judge<'a, 'o> {
    /// A finding of the rule at a pointer of the object or a place in the file.
    fn draft(&mut self, pointer: &str, span: Option<Span>) -> Draft<'_, 'o> {
        let draft = match self.seen.about {
            About::File(file) => self.out.at(file, span),
            About::Resource(resource) => self.out.on(resource, pointer),
            About::Container(container, _) => self.out.on(container.resource, pointer),
        };
        draft.of(&self.rule.id).title(self.rule.title.as_str()).level(self.rule.level).fix(self.rule.fix.as_str())
    }

    fn unknown(&mut self, pointer: &str, span: Option<Span>, why: String) {
        self.draft(pointer, span).unknown(why);
    }

    fn told(&self, message: Option<&Message>, value: Option<&Node>) -> Option<String> {
        message.map(|message| message.fill(&Found { seen: &self.seen, params: self.params, value }))
    }

    fn matcher(&mut self, matcher: &Matcher) {
        match (self.seen.about, matcher.field.as_deref()) {
            (About::File(file), Some(field @ ("line" | "text"))) => self.text(matcher, file, field),
            (About::File(file), None) => self.documents(matcher, file),
            (_, Some(field)) => {
                let Some(fields) = self.seen.fields.clone() else { return };
                let base = format!("/{field}");
                match fields.get(field) {
                    Some(root) => {
                        for (pointer, value) in matcher.values(root) {
                            let whole = format!("{base}{pointer}");
                            let place = self.seen.place_of(&whole);
                            self.value(matcher, value, last(&whole), &place, None);
                        }
                    }
                    // A list that is missing has no items.
                    None if matcher.each.is_empty() => {
                        let place = self.seen.place_of(&base);
                        self.value(matcher, None, field, &place, None);
                    }
                    None => {}
                }
            }
            (_, None) => {
                let Some(root) = self.seen.root() else { return };
                for (pointer, value) in matcher.values(root) {
                    let place = self.seen.whole(&pointer);
                    self.value(matcher, value, name_at(root, &pointer), &place, None);
                }
            }
        }
    }

    /// Judges one value. `name` is what it stands under, which tells whether it may be a secret.
    fn value(&mut self, matcher: &Matcher, value: Option<&Node>, name: &str, pointer: &str, span: Option<Span>) {
        match matcher.judge(value) {
            Outcome::Holds => {}
            Outcome::Unknown(why) => self.unknown(pointer, span, why),
            Outcome::Fails => {
                let observed = shown(name, value);
                let text = self.told(matcher.message.as_ref(), value).unwrap_or_else(|| observed.clone());
                // A message may hold other values, which do not make it another finding.
                self.draft(pointer, span).observed(text).key(observed).expected(matcher.expected()).fail();
            }
        }
    }

    /// Judges a file's text, or each line of it.
    fn text(&mut self, matcher: &Matcher, file: &File, field: &str) {
        let Some(text) = &file.text else {
            let why = "the text of this file is not read: it is binary, too large or of no known kind";
            return self.unknown("", None, why.into());
        };
        let node = |text: &str| Node::of(Data::Text(text.into()));
        if field == "text" {
            let span = text_span(matcher, text);
            return self.value(matcher, Some(&node(text)), field, "", span);
        }
        let mut found = 0;
        for (number, line) in (1..).zip(text.lines()) {
            let value = node(line);
            if matcher.judge(Some(&value)) == Outcome::Holds {
                continue;
            }
            found += 1;
            let (column, length) = stretch(matcher, line);
            let span = Span::on_line(number, column, length);
            if found > MOST {
                return self.draft("", Some(span)).observed(format!("and more than {MOST} lines in all")).fail();
            }
            self.value(matcher, Some(&value), field, "", Some(span));
        }
    }

    /// Judges each document of a file of YAML or JSON.
    fn documents(&mut self, matcher: &Matcher, file: &File) {
        match &file.parsed {
            Parsed::Yaml(documents) => {
                for document in documents {
                    for (pointer, value) in matcher.values(document) {
                        let span = document.span_of(&pointer);
                        self.value(matcher, value, name_at(document, &pointer), "", span);
                    }
                }
            }
            Parsed::Broken(fault) => self.unknown("", fault.span, format!("the file cannot be read: {fault}")),
            _ => self.unknown("", None, "the file is no YAML or JSON, where a pointer could lead".into()),
        }
    }

    fn assertion(&mut self) {
        let Some(assertion) = &self.rule.assertion else { return };
        let variables = Variables {
            resource: self.seen.resource(),
            container: self.seen.fields.as_ref(),
            file: if let About::File(file) = self.seen.about { Some(file) } else { None },
            about_file: self.seen.fields.as_ref(),
            params: self.params,
            names: &assertion.names,
        };
        let pointer = self.seen.whole(&self.rule.at);
        let is_true = assertion.holds(variables);
        match is_true {
            Ok(true) => {}
            Ok(false) => {
                let value = self.seen.root().and_then(|root| root.at(&self.rule.at));
                let text = self.told(self.rule.message.as_ref(), value).unwrap_or_else(|| self.rule.title.clone());
                let expected = assertion.source.split_whitespace().collect::<Vec<_>>().join(" ");
                self.draft(&pointer, None).observed(text).key("assert").expected(expected).fail();
            }
            Err(why) => {
                self.draft(&pointer, None).key("assert").unknown(why);
            }
        }
    }
}

/// What a value stands under: the last step of its pointer, or of `value` the `name` beside it, as environments of pods have it.
fn name_at<'n>(root: &'n Node, pointer: &'n str) -> &'n str {
    let beside = pointer.strip_suffix("/value").and_then(|above| root.at(above)?.get("name")?.as_str());
    beside.unwrap_or_else(|| last(pointer))
}

/// Where what must not be in a line is in it; the whole line where something is missing.
fn stretch(matcher: &Matcher, line: &str) -> (u32, u32) {
    let found = matcher.tests.iter().find_map(|test| match test {
        Test::NotMatches(regex) => regex.find(line),
        _ => None,
    });
    let count = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    match found {
        Some(found) => (count(&line[..found.start()]) + 1, count(found.as_str()).max(1)),
        None => (1, count(line).max(1)),
    }
}

/// Where what must not be in a text is in it.
fn text_span(matcher: &Matcher, text: &str) -> Option<Span> {
    let found = matcher.tests.iter().find_map(|test| match test {
        Test::NotMatches(regex) => regex.find(text),
        _ => None,
    })?;
    Some(super::place::span(text, found.range()))
}
