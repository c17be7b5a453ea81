//! A value of compose files that are merged: like a [`Node`], and each part knows its file.

use crate::{
    model::finding::Span,
    rulebook::syntax::{
        interpolate,
        node::{Data, Entry, Node, push_step},
    },
};
use compact_str::CompactString;
use std::collections::{BTreeMap, HashMap};

/// Variables by name.
pub type Variables = BTreeMap<String, String>;

/// A file by its number among those that are loaded together.
pub type FileId = u32;

/// A value, and the file in which it stands.
#[derive(Debug, Clone)]
pub struct Piece {
    pub file: FileId,
    pub span: Option<Span>,
    pub tag: Tag,
    pub what: What,
}

/// What a value is.
#[derive(Debug, Clone)]
pub enum What {
    Scalar(Data),
    List(Vec<Piece>),
    Map(Vec<Field>),
}

/// A key with its value; both stand in the value's file.
#[derive(Debug, Clone)]
pub struct Field {
    pub key: CompactString,
    pub key_span: Option<Span>,
    pub value: Piece,
}

/// What a tag says of how a value lies over another
/// (<https://docs.docker.com/reference/compose-file/merge/#reset-value>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    None,
    /// `!reset`: what was there before is gone.
    Reset,
    /// `!override`: what was there before is replaced whole.
    Override,
}

/// How the values of a file are read.
pub struct Reading<'a> {
    pub file: FileId,
    /// Tags by the place of their value.
    pub tags: &'a HashMap<(u32, u32), CompactString>,
    pub variables: &'a Variables,
    /// Whether variables are filled in also where they may hold secrets.
    pub fills_all: bool,
}

/// Fields of a service whose values may hold secrets: a variable's value is not filled in, and they stay as they are written.
const KEPT: [&str; 9] =
    ["environment", "command", "entrypoint", "labels", "annotations", "healthcheck", "build", "post_start", "pre_stop"];

impl Reading<'_> {
    /// A service: a map of fields, whatever they hold.
    pub fn service(&self, node: &Node) -> Piece {
        let fields = node.entries().iter().map(|entry| Field {
            key: entry.key.clone(),
            key_span: entry.key_span,
            value: self.piece(&entry.value, KEPT.contains(&entry.key.as_str())),
        });
        // A service of no fields is written as nothing.
        Piece { file: self.file, span: node.span, tag: self.tag(node), what: What::Map(unique(fields)) }
    }

    /// What a document has beside its services and includes.
    pub fn rest(&self, document: &Node) -> Piece {
        let others = document.entries().iter().filter(|entry| !matches!(entry.key.as_str(), "services" | "include"));
        let fields = others.map(|entry| Field {
            key: entry.key.clone(),
            key_span: entry.key_span,
            value: self.piece(&entry.value, false),
        });
        Piece { file: self.file, span: document.span, tag: Tag::None, what: What::Map(unique(fields)) }
    }

    /// A value with its variables filled in; `keep` says that only defaults are.
    pub fn piece(&self, node: &Node, keep: bool) -> Piece {
        let what = match &node.data {
            Data::List(items) => What::List(items.iter().map(|item| self.piece(item, keep)).collect()),
            Data::Map(entries) => What::Map(unique(entries.iter().map(|entry| Field {
                key: entry.key.clone(),
                key_span: entry.key_span,
                value: self.piece(&entry.value, keep),
            }))),
            Data::Text(text) if text.contains('$') => What::Scalar(self.filled(text, keep)),
            data => What::Scalar(data.clone()),
        };
        Piece { file: self.file, span: node.span, tag: self.tag(node), what }
    }

    fn filled(&self, text: &str, keep: bool) -> Data {
        let filled = interpolate::fill(text, &|name| self.variables.get(name).cloned());
        match filled.value {
            Some(value) if self.fills_all || !(keep && filled.took_variable) => Data::Text(value.into()),
            _ => Data::Opaque(text.into()),
        }
    }

    fn tag(&self, node: &Node) -> Tag {
        let tag = node.span.and_then(|span| self.tags.get(&(span.line, span.column)));
        match tag.map(CompactString::as_str) {
            Some("reset") => Tag::Reset,
            Some("override") => Tag::Override,
            _ => Tag::None,
        }
    }
}

/// The last of each key, at the place of the first.
fn unique(fields: impl Iterator<Item = Field>) -> Vec<Field> {
    let mut all: Vec<Field> = Vec::new();
    let mut places: HashMap<CompactString, usize> = HashMap::new();
    for field in fields {
        match places.get(&field.key) {
            Some(at) => all[*at] = field,
            None => {
                places.insert(field.key.clone(), all.len());
                all.push(field);
            }
        }
    }
    all
}

impl Piece {
    /// A value of its own at the place of this one.
    pub fn with(&self, what: What) -> Self {
        Self { file: self.file, span: self.span, tag: Tag::None, what }
    }

    /// A map without keys.
    pub const fn empty(file: FileId) -> Self {
        Self { file, span: None, tag: Tag::None, what: What::Map(Vec::new()) }
    }

    /// The value of a key, in a map.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.fields().iter().find(|field| field.key == key).map(|field| &field.value)
    }

    /// The keys with their values; nothing where it is no map.
    pub fn fields(&self) -> &[Field] {
        if let What::Map(fields) = &self.what { fields } else { &[] }
    }

    /// The items; nothing where it is no list.
    pub fn items(&self) -> &[Self] {
        if let What::List(items) = &self.what { items } else { &[] }
    }

    /// The text of a text that is known.
    pub fn as_str(&self) -> Option<&str> {
        if let What::Scalar(Data::Text(text)) = &self.what { Some(text) } else { None }
    }

    /// A scalar as text, also one that is not known.
    pub fn scalar(&self) -> Option<String> {
        if let What::Scalar(data) = &self.what { Node::of(data.clone()).scalar() } else { None }
    }

    /// Whether it is given as nothing.
    pub const fn is_null(&self) -> bool {
        matches!(self.what, What::Scalar(Data::Null))
    }

    /// Takes a key away.
    pub fn remove(&mut self, key: &str) -> Option<Field> {
        let What::Map(fields) = &mut self.what else { return None };
        let at = fields.iter().position(|field| field.key == key)?;
        Some(fields.remove(at))
    }

    /// As a node. `files` takes the files of the parts that stand in another file than the part above them, by pointer.
    pub fn into_node(self, above: FileId, pointer: &mut String, files: &mut Vec<(String, FileId)>) -> Node {
        let file = self.file;
        if file != above {
            files.push((pointer.clone(), file));
        }
        let length = pointer.len();
        let data = match self.what {
            What::Scalar(data) => data,
            What::List(items) => {
                let node = |(at, item): (usize, Self)| {
                    push_step(pointer, &at.to_string());
                    let node = item.into_node(file, pointer, files);
                    pointer.truncate(length);
                    node
                };
                Data::List(items.into_iter().enumerate().map(node).collect())
            }
            What::Map(fields) => {
                let entry = |field: Field| {
                    push_step(pointer, &field.key);
                    let value = field.value.into_node(file, pointer, files);
                    pointer.truncate(length);
                    Entry { key: field.key, key_span: field.key_span, value }
                };
                Data::Map(fields.into_iter().map(entry).collect())
            }
        };
        Node { span: self.span, data }
    }
}
