//! A tree of values with the place of each: YAML, JSON and whatever is made into one. Pointers are those of RFC 6901.

use crate::model::finding::Span;
use compact_str::CompactString;
use serde_json::Value;
use std::{borrow::Cow, sync::Arc};

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// `None` where it came from no file.
    pub span: Option<Span>,
    pub data: Data,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Data {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(CompactString),
    /// Shared, so that an object and its file, and what an alias repeats, are one in memory.
    List(Arc<[Node]>),
    Map(Arc<[Entry]>),
    /// A value that cannot be known from the file: `${IMAGE}` without a default, a template's expression. The text as it stands. A
    /// check that meets one says unknown, or nothing; never pass because of it.
    /// Boxed, so that [`Data`] is no larger than its texts.
    Opaque(Box<str>),
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub key: CompactString,
    pub key_span: Option<Span>,
    pub value: Node,
}

impl Node {
    /// A value from no file.
    pub const fn of(data: Data) -> Self {
        Self { span: None, data }
    }

    /// The value of a key, in a map.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// A key with its value, in a map. Of a key that stands twice, the last.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().rev().find(|entry| entry.key == key)
    }

    /// The keys with their values; nothing where it is no map.
    pub fn entries(&self) -> &[Entry] {
        if let Data::Map(entries) = &self.data { entries } else { &[] }
    }

    /// The items; nothing where it is no list.
    pub fn items(&self) -> &[Self] {
        if let Data::List(items) = &self.data { items } else { &[] }
    }

    /// The text of a text.
    pub fn as_str(&self) -> Option<&str> {
        if let Data::Text(text) = &self.data { Some(text) } else { None }
    }

    /// The text of a text, or of what cannot be known as it stands.
    pub fn text(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) => Some(text),
            Data::Opaque(text) => Some(text),
            _ => None,
        }
    }

    /// The truth of a truth; `None` for anything else, also for `"true"`.
    pub const fn as_bool(&self) -> Option<bool> {
        if let Data::Bool(truth) = self.data { Some(truth) } else { None }
    }

    /// The number, where it is a whole one.
    pub const fn as_int(&self) -> Option<i64> {
        if let Data::Int(number) = self.data { Some(number) } else { None }
    }

    /// The number.
    pub const fn as_f64(&self) -> Option<f64> {
        match self.data {
            Data::Int(number) => Some(number as f64),
            Data::Float(number) => Some(number),
            _ => None,
        }
    }

    /// Whether it cannot be known from the file.
    pub const fn is_opaque(&self) -> bool {
        matches!(self.data, Data::Opaque(_))
    }

    /// Whether it is null, which most systems take for not given.
    pub const fn is_null(&self) -> bool {
        matches!(self.data, Data::Null)
    }

    /// A value that has no parts as a text: `80`, `true`, `web`.
    pub fn scalar(&self) -> Option<String> {
        match &self.data {
            Data::Bool(truth) => Some(truth.to_string()),
            Data::Int(number) => Some(number.to_string()),
            Data::Float(number) => Some(number.to_string()),
            Data::Text(text) => Some(text.to_string()),
            Data::Opaque(text) => Some(text.to_string()),
            Data::Null | Data::List(_) | Data::Map(_) => None,
        }
    }

    /// What is at a pointer: `/spec/containers/0/image`; the empty pointer is the whole.
    pub fn at(&self, pointer: &str) -> Option<&Self> {
        steps(pointer).try_fold(self, |node, step| node.step(&step))
    }

    /// What is at one step of a pointer, escaped as it is there.
    pub fn below(&self, step: &str) -> Option<&Self> {
        self.step(&unescaped(step))
    }

    fn step(&self, step: &str) -> Option<&Self> {
        match &self.data {
            Data::Map(_) => self.get(step),
            Data::List(items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        }
    }

    /// Where what a pointer names stands; where it is not there, the key of the nearest part above it.
    pub fn span_of(&self, pointer: &str) -> Option<Span> {
        let (mut node, mut span) = (self, self.span);
        for step in steps(pointer) {
            let Some(next) = node.step(&step) else { return span };
            let is_scalar = next.entries().is_empty() && next.items().is_empty() && !next.is_null();
            let key = node.entry(&step).and_then(|entry| entry.key_span);
            // The key is where a person looks for a block; a plain value is its own place.
            span = if is_scalar { next.span.or(key) } else { key.or(next.span) }.or(span);
            node = next;
        }
        span
    }

    /// Every value below it and itself, with its pointer, parents first.
    pub fn walk(&self, visit: &mut impl FnMut(&str, &Self)) {
        fn go(node: &Node, pointer: &mut String, visit: &mut impl FnMut(&str, &Node)) {
            visit(pointer, node);
            let length = pointer.len();
            for entry in node.entries() {
                push_step(pointer, &entry.key);
                go(&entry.value, pointer, visit);
                pointer.truncate(length);
            }
            for (at, item) in node.items().iter().enumerate() {
                push_step(pointer, &at.to_string());
                go(item, pointer, visit);
                pointer.truncate(length);
            }
        }
        go(self, &mut String::new(), visit);
    }

    /// As JSON; what cannot be known becomes its text.
    pub fn to_json(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Bool(truth) => (*truth).into(),
            Data::Int(number) => (*number).into(),
            Data::Float(number) => (*number).into(),
            Data::Text(text) => Value::String(text.to_string()),
            Data::Opaque(text) => Value::String(text.to_string()),
            Data::List(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Data::Map(entries) => {
                Value::Object(entries.iter().map(|entry| (entry.key.to_string(), entry.value.to_json())).collect())
            }
        }
    }
}

impl From<Value> for Node {
    /// A value from no file: a live object.
    fn from(value: Value) -> Self {
        Self::of(match value {
            Value::Null => Data::Null,
            Value::Bool(truth) => Data::Bool(truth),
            Value::Number(number) => match number.as_i64() {
                Some(whole) => Data::Int(whole),
                None => Data::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => Data::Text(text.into()),
            Value::Array(items) => Data::List(items.into_iter().map(Self::from).collect()),
            Value::Object(map) => Data::Map(
                map.into_iter()
                    .map(|(key, value)| Entry { key: key.into(), key_span: None, value: value.into() })
                    .collect(),
            ),
        })
    }
}

/// The steps of a pointer, unescaped.
fn steps(pointer: &str) -> impl Iterator<Item = Cow<'_, str>> {
    pointer.split('/').skip(1).map(unescaped)
}

fn unescaped(step: &str) -> Cow<'_, str> {
    if step.contains('~') { step.replace("~1", "/").replace("~0", "~").into() } else { step.into() }
}

/// Adds a step to a pointer, escaped.
pub fn push_step(pointer: &mut String, step: &str) {
    pointer.push('/');
    if step.contains(['~', '/']) {
        pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
    } else {
        pointer.push_str(step);
    }
}

/// `pointer` with one more step.
pub fn step(pointer: &str, step: &str) -> String {
    let mut longer = pointer.to_owned();
    push_step(&mut longer, step);
    longer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_small() {
        assert_eq!((size_of::<Data>(), size_of::<Node>(), size_of::<Entry>()), (24, 48, 96));
    }
}
