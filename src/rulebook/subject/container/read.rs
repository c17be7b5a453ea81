//! Reads values of an object with the place of each.

use super::{Known, Prop};
use crate::rulebook::{
    resource::Resource,
    syntax::node::{Data, Node},
};

/// Reads an object, or a part of it.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub resource: &'a Resource,
    /// Where that part is.
    pub base: &'a str,
    /// What is there.
    pub root: Option<&'a Node>,
    /// Whether more of it is written somewhere that is not known: what is not here may be there.
    pub is_partial: bool,
}

impl<'a> Reader<'a> {
    pub fn new(resource: &'a Resource, base: &'a str) -> Self {
        Self { resource, base, root: resource.spec.at(base), is_partial: false }
    }

    /// The same for a part of the object.
    pub fn of_part<'b>(&self, base: &'b str) -> Reader<'b>
    where
        'a: 'b,
    {
        Reader { is_partial: self.is_partial, ..Reader::new(self.resource, base) }
    }

    /// A pointer of the part as one of the object.
    pub fn pointer(&self, pointer: &str) -> String {
        format!("{}{pointer}", self.base)
    }

    /// What stands there; null is nothing, and what cannot be known stands for all that is below it.
    pub fn node(&self, pointer: &str) -> Option<&'a Node> {
        let mut node = self.root?;
        for step in pointer.split('/').skip(1) {
            if node.is_opaque() {
                return Some(node);
            }
            node = node.below(step)?;
        }
        (!node.is_null()).then_some(node)
    }

    /// A value, as `read` makes it of what stands there. What it makes nothing of is unknown.
    pub fn prop<T>(&self, pointer: &str, read: impl FnOnce(&Node) -> Option<T>) -> Prop<T> {
        let value = match self.node(pointer) {
            None => self.absent(),
            Some(node) if node.is_opaque() => Known::Unknown,
            Some(node) => read(node).map_or(Known::Unknown, Known::Is),
        };
        Prop { value, pointer: self.pointer(pointer) }
    }

    /// The first of several places where something stands; the first place where nothing does.
    pub fn first<T>(&self, pointers: &[&str], read: impl Fn(&Node) -> Option<T>) -> Prop<T> {
        let given = pointers.iter().find(|pointer| self.node(pointer).is_some());
        self.prop(given.or(pointers.first()).copied().unwrap_or_default(), read)
    }

    pub fn truth(&self, pointer: &str) -> Prop<bool> {
        self.prop(pointer, truth)
    }

    pub fn text(&self, pointer: &str) -> Prop<String> {
        self.prop(pointer, Node::scalar)
    }

    /// Whether a text is one of those.
    pub fn is(&self, pointer: &str, text: &str) -> Prop<bool> {
        self.prop(pointer, |node| node.scalar().map(|value| value == text))
    }

    /// What is not given: the system's default is in force.
    pub fn absent<T>(&self) -> Known<T> {
        if self.is_partial { Known::Unknown } else { Known::Absent }
    }

    /// A value that nothing can give.
    pub fn none<T>(&self, pointer: &str) -> Prop<T> {
        Prop { value: self.absent(), pointer: self.pointer(pointer) }
    }

    /// The items of a list, each with its pointer in the part.
    pub fn items(&self, pointer: &str) -> impl Iterator<Item = (String, &'a Node)> + use<'a> {
        let items = self.node(pointer).map(Node::items).unwrap_or_default();
        let pointer = pointer.to_owned();
        items.iter().enumerate().map(move |(at, node)| (format!("{pointer}/{at}"), node))
    }

    /// Capabilities in capitals, without `CAP_`.
    pub fn capabilities(&self, pointer: &str) -> Vec<Prop<String>> {
        let one = |(pointer, _): (String, &Node)| {
            self.prop(&pointer, |node| {
                let name = node.as_str()?.to_ascii_uppercase();
                Some(name.strip_prefix("CAP_").unwrap_or(&name).to_owned())
            })
        };
        self.items(pointer).map(one).collect()
    }
}

/// A truth, also one that is written as a text: variables are.
pub(super) fn truth(node: &Node) -> Option<bool> {
    match &node.data {
        Data::Bool(truth) => Some(*truth),
        Data::Text(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some(true),
            "false" | "no" | "off" | "0" | "" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A whole number, also one that is written as a text.
pub(super) fn whole(node: &Node) -> Option<i64> {
    node.as_int().or_else(|| node.as_str()?.trim().parse().ok())
}

/// A number, also one that is written as a text.
pub(super) fn number(node: &Node) -> Option<f64> {
    node.as_f64().or_else(|| node.as_str()?.trim().parse().ok())
}

/// The words of a command: a list, or a text that a shell would split.
pub(super) fn words(node: Option<&Node>) -> Vec<String> {
    match node {
        Some(node) if node.items().is_empty() => {
            node.as_str().map(crate::rulebook::subject::compose::short::words).unwrap_or_default()
        }
        Some(node) => node.items().iter().filter_map(Node::scalar).collect(),
        None => Vec::new(),
    }
}
