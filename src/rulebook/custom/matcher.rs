//! Simple statements about a value: it is there, it is this, it fits a pattern.

use super::message::Message;
use crate::rulebook::syntax::node::{Data, Node, push_step};
use regex::Regex;

/// What has to be so of a value.
#[derive(Debug, Clone)]
pub struct Matcher {
    pub field: Option<String>,
    pub each: Vec<String>,
    pub pointer: String,
    pub tests: Vec<Test>,
    pub is_optional: bool,
    pub message: Option<Message>,
}

/// One statement.
#[derive(Debug, Clone)]
pub enum Test {
    Exists,
    Absent,
    Equals(Node),
    NotEquals(Node),
    In(Vec<Node>),
    NotIn(Vec<Node>),
    Matches(Regex),
    NotMatches(Regex),
    Min(f64),
    Max(f64),
}

/// What comes of a statement.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    Holds,
    Fails,
    Unknown(String),
}

impl Matcher {
    /// The values that it is about, with their pointers: one, or with `each` as many as there are items. A value that is missing
    /// counts, a list that is missing has no items.
    pub fn values<'n>(&self, root: &'n Node) -> Vec<(String, Option<&'n Node>)> {
        let mut places = vec![(String::new(), Some(root))];
        for each in &self.each {
            places = places.into_iter().flat_map(|(base, node)| items(&base, node, each)).collect();
        }
        for (pointer, node) in &mut places {
            pointer.push_str(&self.pointer);
            *node = node.and_then(|node| node.at(&self.pointer)).filter(|node| !node.is_null());
        }
        places
    }

    /// Whether it holds for a value.
    pub fn judge(&self, value: Option<&Node>) -> Outcome {
        if value.is_none() && self.is_optional {
            return Outcome::Holds;
        }
        let mut unknown = None;
        for test in &self.tests {
            match test.judge(value) {
                Outcome::Holds => {}
                Outcome::Fails => return Outcome::Fails,
                Outcome::Unknown(why) => unknown = Some(why),
            }
        }
        unknown.map_or(Outcome::Holds, Outcome::Unknown)
    }

    /// What it asks for, for a person.
    pub fn expected(&self) -> String {
        self.tests.iter().map(Test::describe).collect::<Vec<_>>().join(", ")
    }
}

/// The items of the list or map at a pointer. A value that is unknown stays one item, so that it is judged as unknown.
fn items<'n>(base: &str, node: Option<&'n Node>, each: &str) -> Vec<(String, Option<&'n Node>)> {
    let Some(list) = node.and_then(|node| node.at(each)) else { return Vec::new() };
    let pointer = format!("{base}{each}");
    let below = |step: &str| {
        let mut longer = pointer.clone();
        push_step(&mut longer, step);
        longer
    };
    match &list.data {
        Data::List(items) => items.iter().enumerate().map(|(at, item)| (below(&at.to_string()), Some(item))).collect(),
        Data::Map(entries) => entries.iter().map(|entry| (below(&entry.key), Some(&entry.value))).collect(),
        Data::Opaque(_) => vec![(pointer, Some(list))],
        _ => Vec::new(),
    }
}

impl Test {
    fn judge(&self, value: Option<&Node>) -> Outcome {
        let Some(value) = value else {
            // Nothing there: only what it must not be is fulfilled.
            return is(matches!(self, Self::Absent | Self::NotEquals(_) | Self::NotIn(_) | Self::NotMatches(_)));
        };
        match self {
            Self::Exists => return Outcome::Holds,
            Self::Absent => return Outcome::Fails,
            _ if has_opaque(value) => {
                let text = value.scalar().map_or_else(|| "a part of it".into(), |text| format!("«{text}»"));
                return Outcome::Unknown(format!("{text} cannot be known from here"));
            }
            _ => {}
        }
        match self {
            Self::Exists | Self::Absent => Outcome::Holds,
            Self::Equals(other) => is(same(value, other)),
            Self::NotEquals(other) => is(!same(value, other)),
            Self::In(others) => is(others.iter().any(|other| same(value, other))),
            Self::NotIn(others) => is(!others.iter().any(|other| same(value, other))),
            Self::Matches(regex) => text(value, |text| regex.is_match(text)),
            Self::NotMatches(regex) => text(value, |text| !regex.is_match(text)),
            Self::Min(least) => number(value, |number| number >= *least),
            Self::Max(most) => number(value, |number| number <= *most),
        }
    }

    fn describe(&self) -> String {
        let word = |node: &Node| node.to_json().to_string();
        let words = |nodes: &[Node]| nodes.iter().map(word).collect::<Vec<_>>().join(", ");
        match self {
            Self::Exists => "a value".into(),
            Self::Absent => "no value".into(),
            Self::Equals(other) => word(other),
            Self::NotEquals(other) => format!("not {}", word(other)),
            Self::In(others) => format!("one of {}", words(others)),
            Self::NotIn(others) => format!("none of {}", words(others)),
            Self::Matches(regex) => format!("a text that fits {}", regex.as_str()),
            Self::NotMatches(regex) => format!("a text that does not fit {}", regex.as_str()),
            Self::Min(least) => format!("at least {least}"),
            Self::Max(most) => format!("at most {most}"),
        }
    }
}

const fn is(holds: bool) -> Outcome {
    if holds { Outcome::Holds } else { Outcome::Fails }
}

fn text(value: &Node, holds: impl Fn(&str) -> bool) -> Outcome {
    match value.scalar() {
        Some(text) => is(holds(&text)),
        None => Outcome::Unknown("a list or map, where a text is looked for; name its items with `each`".into()),
    }
}

fn number(value: &Node, holds: impl Fn(f64) -> bool) -> Outcome {
    match value.as_f64() {
        Some(number) => is(holds(number)),
        None => Outcome::Unknown("no number, so that it cannot be compared with one".into()),
    }
}

/// Whether two values are the same, wherever they stand. Whole numbers and others are compared by their value.
fn same(a: &Node, b: &Node) -> bool {
    match (&a.data, &b.data) {
        (Data::List(a), Data::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b)),
        (Data::Map(a), Data::Map(_)) => {
            a.len() == b.entries().len()
                && a.iter().all(|entry| b.get(&entry.key).is_some_and(|b| same(&entry.value, b)))
        }
        (Data::Int(_) | Data::Float(_), Data::Int(_) | Data::Float(_)) => a.as_f64() == b.as_f64(),
        (a, b) => a == b,
    }
}

fn has_opaque(node: &Node) -> bool {
    let mut found = false;
    node.walk(&mut |_, node| found |= node.is_opaque());
    found
}

/// A value of TOML.
pub fn node_of(value: &toml::Value) -> Node {
    Node::of(match value {
        toml::Value::String(text) => Data::Text(text.as_str().into()),
        toml::Value::Integer(number) => Data::Int(*number),
        toml::Value::Float(number) => Data::Float(*number),
        toml::Value::Boolean(truth) => Data::Bool(*truth),
        toml::Value::Datetime(time) => Data::Text(time.to_string().into()),
        toml::Value::Array(items) => Data::List(items.iter().map(node_of).collect()),
        toml::Value::Table(table) => Data::Map(
            table
                .iter()
                .map(|(key, value)| crate::rulebook::syntax::node::Entry {
                    key: key.as_str().into(),
                    key_span: None,
                    value: node_of(value),
                })
                .collect(),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn judged(test: Test, value: Option<serde_json::Value>) -> Outcome {
        test.judge(value.map(Node::from).as_ref())
    }

    #[test]
    fn what_is_missing_is_only_not_what_it_must_not_be() {
        let node = || Node::from(json!("a"));
        let regex = || Regex::new("a").expect("is one");
        for holds in [Test::Absent, Test::NotEquals(node()), Test::NotIn(vec![node()]), Test::NotMatches(regex())] {
            assert_eq!(judged(holds, None), Outcome::Holds);
        }
        for fails in
            [Test::Exists, Test::Equals(node()), Test::In(vec![node()]), Test::Matches(regex()), Test::Min(0.0)]
        {
            assert_eq!(judged(fails, None), Outcome::Fails);
        }
    }

    #[test]
    fn values_are_compared_with_their_types() {
        assert_eq!(judged(Test::Equals(json!("80").into()), Some(json!(80))), Outcome::Fails);
        assert_eq!(judged(Test::Equals(json!(80.0).into()), Some(json!(80))), Outcome::Holds);
        assert_eq!(
            judged(Test::Equals(json!({"a": [1], "b": 2}).into()), Some(json!({"b": 2, "a": [1]}))),
            Outcome::Holds
        );
        assert_eq!(judged(Test::Max(3.0), Some(json!(3))), Outcome::Holds);
        assert!(matches!(judged(Test::Max(3.0), Some(json!("3"))), Outcome::Unknown(_)));
        assert!(matches!(
            judged(Test::Matches(Regex::new("a").expect("one")), Some(json!(["a"]))),
            Outcome::Unknown(_)
        ));
    }

    #[test]
    fn what_cannot_be_known_is_unknown_but_there() {
        let opaque = Node::of(Data::Opaque("${X}".into()));
        assert!(matches!(Test::Equals(json!("a").into()).judge(Some(&opaque)), Outcome::Unknown(_)));
        assert_eq!(Test::Exists.judge(Some(&opaque)), Outcome::Holds);
        assert_eq!(Test::Absent.judge(Some(&opaque)), Outcome::Fails);
    }

    #[test]
    fn items_of_lists_in_lists() {
        let root = Node::from(json!({"c": [{"p": [{"n": 1}, {}]}, {"p": []}, {}], "m": {"x/y": 2}}));
        let matcher = |each: &[&str], pointer: &str| Matcher {
            field: None,
            each: each.iter().map(|&each| each.into()).collect(),
            pointer: pointer.into(),
            tests: vec![Test::Exists],
            is_optional: false,
            message: None,
        };
        let nested = matcher(&["/c", "/p"], "/n");
        let values: Vec<_> = nested.values(&root).into_iter().map(|(at, value)| (at, value.is_some())).collect();
        assert_eq!(values, [("/c/0/p/0/n".into(), true), ("/c/0/p/1/n".into(), false)]);
        assert_eq!(matcher(&["/m"], "").values(&root)[0].0, "/m/x~1y");
        assert!(matcher(&["/none"], "").values(&root).is_empty());
        assert_eq!(matcher(&[], "/none").values(&root).len(), 1);
    }
}
