//! Live objects in little memory: of ten thousand pods most parts are alike, and each is kept once (hash consing).

use super::node::{Data, Entry, Node};
use serde_json::Value;
use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher},
    sync::Arc,
};

/// Lists and maps that were met, by what is in them. It is needed while objects are read, not afterwards.
#[derive(Debug, Default)]
pub struct Alike {
    lists: HashMap<u64, Arc<[Node]>>,
    maps: HashMap<u64, Arc<[Entry]>>,
}

impl Alike {
    /// As `Node::from`, with each list and map that was met before in one place with it.
    pub fn node(&mut self, value: Value) -> Node {
        match value {
            Value::Array(items) => {
                let items = items.into_iter().map(|item| self.node(item)).collect();
                Node::of(Data::List(shared(&mut self.lists, items)))
            }
            Value::Object(map) => {
                let entry =
                    |(key, value): (String, Value)| Entry { key: key.into(), key_span: None, value: self.node(value) };
                let entries = map.into_iter().map(entry).collect();
                Node::of(Data::Map(shared(&mut self.maps, entries)))
            }
            plain => plain.into(),
        }
    }
}

/// The parts as they are known, or they are from now on. Two that are not alike and have one hash stay two.
fn shared<P: Part>(known: &mut HashMap<u64, Arc<[P]>>, parts: Vec<P>) -> Arc<[P]> {
    let mut hasher = DefaultHasher::new();
    parts.iter().for_each(|part| part.tell(&mut hasher));
    let hash = hasher.finish();
    match known.get(&hash) {
        Some(met) if is_same(met, &parts) => Arc::clone(met),
        Some(_) => parts.into(),
        None => {
            let new: Arc<[P]> = parts.into();
            known.insert(hash, Arc::clone(&new));
            new
        }
    }
}

fn is_same<P: Part>(one: &[P], other: &[P]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.is_same(other))
}

/// An item of a list, or a key with its value. What it holds is shared already, and known by where it lies.
trait Part {
    fn tell(&self, hasher: &mut DefaultHasher);
    fn is_same(&self, other: &Self) -> bool;
}

impl Part for Node {
    fn tell(&self, hasher: &mut DefaultHasher) {
        std::mem::discriminant(&self.data).hash(hasher);
        match &self.data {
            Data::Null => {}
            Data::Bool(truth) => truth.hash(hasher),
            Data::Int(whole) => whole.hash(hasher),
            Data::Float(number) => number.to_bits().hash(hasher),
            Data::Text(text) => text.hash(hasher),
            Data::List(items) => items.as_ptr().hash(hasher),
            Data::Map(entries) => entries.as_ptr().hash(hasher),
            Data::Opaque(text) => text.hash(hasher),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        match (&self.data, &other.data) {
            (Data::List(one), Data::List(other)) => Arc::ptr_eq(one, other),
            (Data::Map(one), Data::Map(other)) => Arc::ptr_eq(one, other),
            (one, other) => one == other,
        }
    }
}

impl Part for Entry {
    fn tell(&self, hasher: &mut DefaultHasher) {
        self.key.hash(hasher);
        self.value.tell(hasher);
    }

    fn is_same(&self, other: &Self) -> bool {
        self.key == other.key && self.value.is_same(&other.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn pod(name: &str) -> Value {
        json!({ "metadata": { "name": name, "labels": { "app": "web" } },
            "spec": { "containers": [{ "name": "app", "image": "web:1", "ports": [{ "containerPort": 80 }] }], "nodeName": name } })
    }

    #[test]
    fn what_is_alike_is_one_in_memory() {
        let mut alike = Alike::default();
        let (one, other) = (alike.node(pod("a")), alike.node(pod("b")));
        let list = |node: &Node| match node.at("/spec/containers").map(|found| &found.data) {
            Some(Data::List(items)) => Arc::clone(items),
            found => panic!("{found:?}"),
        };
        assert!(Arc::ptr_eq(&list(&one), &list(&other)));
        assert_ne!(one, other);
        assert_eq!(one, Node::from(pod("a")));
    }

    /// Any JSON value.
    fn values() -> impl Strategy<Value = Value> {
        let plain = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (0..3_i64).prop_map(Value::from),
            "[ab]{0,2}".prop_map(Value::from),
        ];
        plain.prop_recursive(4, 40, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[ab]{1,2}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn nothing_is_changed_by_it(values in prop::collection::vec(values(), 1..6)) {
            let mut alike = Alike::default();
            for value in values {
                prop_assert_eq!(alike.node(value.clone()), Node::from(value));
            }
        }
    }
}
