//! Cuts a list that is still arriving into its items, so that it never stands in memory as a whole.

use memchr::memchr2;

/// What is done with each item.
pub type OnItem<'a> = &'a mut (dyn FnMut(&[u8]) + Send);

/// Cuts the JSON of a list: `{"kind": …, "metadata": {…}, "items": [ …, … ]}`, with its keys in any order.
#[derive(Debug, Default)]
pub struct Splitter {
    /// What has arrived and is not used up: the item that is being read.
    item: Vec<u8>,
    /// Everything but the items, as JSON of its own.
    shell: Vec<u8>,
    depth: u32,
    in_string: bool,
    escaped: bool,
    /// Where the last string at depth 1 began in the shell; it may be a key.
    key_at: usize,
    /// Whether the last string at depth 1 is `"items"`, and its value is next.
    items_next: bool,
    /// Inside the array of items; [`Self::depth`] counts from it.
    in_items: bool,
}

impl Splitter {
    /// Takes what arrived, and hands out each item that is complete with it.
    pub fn feed(&mut self, bytes: &[u8], on_item: OnItem<'_>) {
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = if self.in_items { self.feed_items(rest, on_item) } else { self.feed_shell(rest) };
        }
    }

    /// The list without its items.
    pub fn into_shell(self) -> Vec<u8> {
        self.shell
    }

    /// Goes on inside a string and returns how many bytes belong to it.
    fn skip_string(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        if self.escaped && !bytes.is_empty() {
            self.escaped = false;
            at = 1;
        }
        while let Some(found) = bytes.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
            at += found + 1;
            if bytes[at - 1] == b'"' {
                self.in_string = false;
                return at;
            }
            if at == bytes.len() {
                self.escaped = true;
                return at;
            }
            at += 1;
        }
        bytes.len()
    }

    fn feed_items<'a>(&mut self, bytes: &'a [u8], on_item: OnItem<'_>) -> &'a [u8] {
        // Start of the item that is being read, where it began in these bytes.
        let mut start = 0;
        let mut at = 0;
        while at < bytes.len() {
            if self.in_string {
                at += self.skip_string(&bytes[at..]);
                continue;
            }
            match bytes[at] {
                b'"' => self.in_string = true,
                b'{' | b'[' => {
                    if self.depth == 0 {
                        start = at;
                    }
                    self.depth += 1;
                }
                b']' if self.depth == 0 => {
                    self.in_items = false;
                    self.depth = 1;
                    self.shell.push(b']');
                    return &bytes[at + 1..];
                }
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        self.hand_out(&bytes[start..=at], on_item);
                        start = at + 1;
                    }
                }
                _ => {}
            }
            at += 1;
        }
        if self.depth > 0 {
            self.item.extend_from_slice(&bytes[start..]);
        }
        &[]
    }

    fn hand_out(&mut self, end: &[u8], on_item: OnItem<'_>) {
        if self.item.is_empty() {
            on_item(end);
        } else {
            self.item.extend_from_slice(end);
            on_item(&self.item);
            self.item.clear();
        }
    }

    fn feed_shell<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let mut at = 0;
        while at < bytes.len() {
            if self.in_string {
                let length = self.skip_string(&bytes[at..]);
                self.shell.extend_from_slice(&bytes[at..at + length]);
                at += length;
                if !self.in_string && self.depth == 1 {
                    self.items_next = &self.shell[self.key_at..] == b"\"items\"";
                }
                continue;
            }
            let byte = bytes[at];
            at += 1;
            self.shell.push(byte);
            match byte {
                b'"' => {
                    self.in_string = true;
                    self.key_at = self.shell.len() - 1;
                }
                b'[' if self.depth == 1 && self.items_next => {
                    (self.in_items, self.depth, self.items_next) = (true, 0, false);
                    return &bytes[at..];
                }
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                b',' => self.items_next = false,
                _ => {}
            }
        }
        &[]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn split(text: &str, step: usize) -> (Vec<Value>, Value) {
        let (mut splitter, mut items) = (Splitter::default(), Vec::new());
        for part in text.as_bytes().chunks(step) {
            splitter.feed(part, &mut |item| items.push(serde_json::from_slice(item).expect("an item is JSON")));
        }
        (items, serde_json::from_slice(&splitter.into_shell()).expect("the shell is JSON"))
    }

    #[test]
    fn items_come_one_by_one_and_the_rest_is_left() {
        let text = r#"{"kind":"PodList","metadata":{"resourceVersion":"7","items":["no"]},
            "items":[{"a":"]}\"\\"},{"items":[{"b":[1]}]}, {} ],"x":"items"}"#;
        for step in [1, 2, 3, 7, 1000] {
            let (items, shell) = split(text, step);
            assert_eq!(items, [json!({"a": "]}\"\\"}), json!({"items": [{"b": [1]}]}), json!({})]);
            assert_eq!(
                shell,
                json!({"kind": "PodList", "metadata": {"resourceVersion": "7", "items": ["no"]}, "items": [], "x": "items"})
            );
        }
        assert_eq!(split(r#"{"items":null,"metadata":{}}"#, 4).0, Vec::<Value>::new());
        assert_eq!(split(r#"{"kind":"Status","code":403}"#, 4).1["code"], 403);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::from),
            "[a-z\"\\\\{}\\[\\],:]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("items|[a-z\"\\\\]{0,4}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_list_is_cut_right(
            values in prop::collection::vec(prop::collection::btree_map("[a-z]{1,3}", any_json(), 0..4), 0..6),
            other in any_json(),
            first in any::<bool>(),
            step in 1_usize..50,
        ) {
            let items: Vec<Value> = values.into_iter().map(|map| Value::Object(map.into_iter().collect())).collect();
            let (items_text, other_text) = (Value::from(items.clone()).to_string(), other.to_string());
            let text = if first {
                format!(r#"{{"items":{items_text},"metadata":{other_text}}}"#)
            } else {
                format!(r#"{{"metadata":{other_text} , "items" : {items_text} }}"#)
            };
            let (found, shell) = split(&text, step);
            prop_assert_eq!(found, items);
            prop_assert_eq!(shell, json!({"items": [], "metadata": other}));
        }
    }
}
