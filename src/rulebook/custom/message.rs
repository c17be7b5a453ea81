//! Messages with values in them: `replicas are {/spec/replicas}, at most {params.most}`.

use super::subject::{CONTAINER_FIELDS, FILE_FIELDS, Kind};
use crate::{
    model::{nearest::did_you_mean, secrets, text::clean_to},
    rulebook::syntax::node::{Data, Node},
};

/// Characters of a value that are shown.
const LONGEST_VALUE: usize = 120;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// A value: of the object at a pointer, of the container or file by name, a parameter.
    Pointer(String),
    Word(String),
    Param(String),
}

/// Where a message finds its values.
pub trait Values {
    /// What is at a pointer of the object.
    fn pointer(&self, pointer: &str) -> Option<&Node>;
    /// What stands under a word.
    fn word(&self, word: &str) -> Option<Node>;
    /// A parameter.
    fn param(&self, name: &str) -> Option<&Node>;
}

impl Message {
    /// Reads a message of a rule about a kind of subject that has these parameters.
    ///
    /// # Errors
    /// The byte at which something is wrong, and what.
    pub fn new(text: &str, kind: Kind, params: &Node) -> Result<Self, (usize, String)> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            let rest = &text[at..];
            if rest.starts_with("{{") || rest.starts_with("}}") {
                plain.push(c);
                at += 2;
            } else if c == '{' {
                let Some(end) = rest.find('}') else {
                    return Err((at, "a `{` without its `}`; write `{{` for a brace".into()));
                };
                if !plain.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                }
                parts.push(part(rest[1..end].trim(), kind, params).map_err(|message| (at, message))?);
                at += end + 1;
            } else {
                plain.push(c);
                at += c.len_utf8();
            }
        }
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self { parts })
    }

    /// The message with its values.
    pub fn fill(&self, values: &impl Values) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Pointer(pointer) => text.push_str(&shown(last(pointer), values.pointer(pointer))),
                Part::Word(word) => text.push_str(&shown(word, values.word(word).as_ref())),
                Part::Param(name) => text.push_str(&shown(name, values.param(name))),
            }
        }
        text
    }
}

fn part(name: &str, kind: Kind, params: &Node) -> Result<Part, String> {
    if name.starts_with('/') {
        return if kind == Kind::File {
            Err("a file has no pointers here; there are {value}, {path} and {params.…}".into())
        } else {
            Ok(Part::Pointer(name.into()))
        };
    }
    if let Some(param) = name.strip_prefix("params.") {
        let known: Vec<&str> = params.entries().iter().map(|entry| entry.key.as_str()).collect();
        return if known.contains(&param) {
            Ok(Part::Param(param.into()))
        } else {
            Err(format!(
                "no parameter «{param}»{}; add it to [rule.params]",
                did_you_mean(param, known.iter().copied())
            ))
        };
    }
    let common: &[&str] = match kind {
        Kind::File => &["value"],
        Kind::Resource => &["value", "kind", "namespace", "name", "path"],
        Kind::Container => &["value", "kind", "namespace", "path"],
    };
    let fields = match kind {
        Kind::File => FILE_FIELDS,
        Kind::Container => CONTAINER_FIELDS,
        Kind::Resource => &[],
    };
    let mut known = common.iter().chain(fields).copied();
    if known.clone().any(|word| word == name) {
        return Ok(Part::Word(name.into()));
    }
    let hint = did_you_mean(name, known.clone());
    let first: Vec<String> = known.by_ref().take(6).map(|word| format!("{{{word}}}")).collect();
    Err(format!("no «{{{name}}}»{hint}; there are {} … and {{params.…}}", first.join(", ")))
}

/// The last step of a pointer.
pub fn last(pointer: &str) -> &str {
    pointer.rsplit('/').next().unwrap_or(pointer)
}

/// A value for a person. What may be a secret is not shown: by the name that it stands under, or by itself.
pub fn shown(name: &str, value: Option<&Node>) -> String {
    let Some(value) = value.filter(|value| !value.is_null()) else { return "(absent)".into() };
    match &value.data {
        Data::List(items) => format!("a list of {}", items.len()),
        Data::Map(entries) => format!("a map of {}", entries.len()),
        _ => {
            let text = value.scalar().unwrap_or_default();
            // Compose writes an environment as `NAME=value`.
            let pair = text.split_once('=').and_then(|(name, value)| secrets::of_pair(name, value));
            if pair.or_else(|| secrets::of_pair(name, &text)).is_some() || !secrets::find(&text).is_empty() {
                return "(hidden)".into();
            }
            clean_to(&text, LONGEST_VALUE).into_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;
    impl Values for Fixed {
        fn pointer(&self, pointer: &str) -> Option<&Node> {
            static FIVE: Node = Node::of(Data::Int(5));
            (pointer == "/spec/replicas").then_some(&FIVE)
        }
        fn word(&self, word: &str) -> Option<Node> {
            Some(Node::of(Data::Text(format!("the {word}").into())))
        }
        fn param(&self, _: &str) -> Option<&Node> {
            None
        }
    }

    fn filled(text: &str) -> String {
        let params = Node::from(serde_json::json!({"most": 3}));
        Message::new(text, Kind::Resource, &params).expect("is a message").fill(&Fixed)
    }

    #[test]
    fn values_are_put_in() {
        assert_eq!(filled("{name}: {/spec/replicas} of { params.most } {{ü}}"), "the name: 5 of (absent) {ü}");
        assert_eq!(filled(""), "");
        assert_eq!(filled("{/a/b}"), "(absent)");
    }

    #[test]
    fn what_is_wrong_is_told() {
        let fault = |text, kind| Message::new(text, kind, &Node::of(Data::Null)).expect_err("is wrong");
        assert_eq!(fault("ab {name", Kind::Resource).0, 3);
        assert!(fault("{nam}", Kind::Resource).1.contains("did you mean «name»"));
        assert!(fault("{params.x}", Kind::Resource).1.contains("[rule.params]"));
        assert!(fault("{/spec}", Kind::File).1.contains("no pointers"));
        assert!(fault("{imag}", Kind::Container).1.contains("«image»"));
    }
}
