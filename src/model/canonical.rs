//! One form for one content, so that equal contents have equal hashes: keys in order, no blanks
//! (the order of RFC 8785, JSON Canonicalization Scheme, for keys of plain letters).

use super::journal::Digest;
use serde::Serialize;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// SHA-256 of something's canonical JSON.
pub fn hash(content: &impl Serialize) -> Digest {
    // These are plain data with texts for keys: they always have a JSON form.
    let json = serde_json::to_value(content).unwrap_or(Json::Null);
    let mut text = String::new();
    write(&json, &mut text);
    Digest(Sha256::digest(text.as_bytes()).into())
}

fn write(value: &Json, text: &mut String) {
    match value {
        Json::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| *key);
            text.push('{');
            for (index, (key, value)) in fields.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                let _ = write!(text, "{}:", Json::String(key.clone()));
                write(value, text);
            }
            text.push('}');
        }
        Json::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(item, text);
            }
            text.push(']');
        }
        plain => {
            let _ = write!(text, "{plain}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_order_of_keys_says_nothing_and_values_say_all() {
        let mut text = String::new();
        write(&json!({ "b": [1, "x\n"], "a": { "d": null, "c": true } }), &mut text);
        assert_eq!(text, r#"{"a":{"c":true,"d":null},"b":[1,"x\n"]}"#);
        assert_ne!(hash(&json!({ "a": 1 })), hash(&json!({ "a": 2 })));
        assert_eq!(hash(&"").to_string(), format!("{}", Digest(Sha256::digest(b"\"\"").into())));
    }
}
