//! Texts with names in double braces: `roll back {{name}}`. A value that is put in is never read as a template again, and a name
//! without a value is an error: nothing is left out silently.
//!
//! Names are variables (`namespace`), answers to preflight questions (`rollout.revision`), answers of earlier steps
//! (`steps.read.value`), and what a run knows of itself (`run.id`). Two pairs of braces, `{{{{`, stand for `{{`.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::Value as Json;
use std::{borrow::Cow, fmt};

/// What stands on screens for a secret.
pub const HIDDEN: &str = crate::model::redact::REDACTED;

/// One piece of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Piece {
    Text(String),
    /// Stands for a value that is not there yet.
    Name(String),
    /// A secret, by the name of its variable. Its value is put in by who uses it, at the last moment.
    Secret(String),
}

/// A text with names in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template(Vec<Piece>);

/// Whether there is a value for a name.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    Value(Json),
    /// A secret, by the name of its variable.
    Secret(String),
    /// There will be one, while the run goes on.
    Later,
    /// There is none, and why.
    Missing(String),
}

/// Knows values by name.
pub trait Scope {
    /// The value of this name.
    fn find(&self, name: &str) -> Found;
}

/// Why a template does not give what is needed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unbound {
    /// There is no such value.
    #[error("«{name}» has no value: {why}")]
    Missing { name: String, why: String },
    /// The value will be there later.
    #[error("«{name}» is not known yet")]
    Later { name: String },
    /// A secret where it would be shown or written down.
    #[error(
        "«{name}» is a secret: secrets may stand in headers, parameters, environment variables and standard input only"
    )]
    Secret { name: String },
    /// A value of another kind than what is needed.
    #[error("«{text}» is no {wanted}")]
    Shape { text: String, wanted: &'static str },
}

impl Template {
    /// A text without names.
    pub fn literal(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self(Vec::new()) } else { Self(vec![Piece::Text(text)]) }
    }

    /// Reads a template.
    ///
    /// # Errors
    /// Braces that are not closed, or hold no name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("{{") {
            plain.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(after) = rest.strip_prefix("{{{{") {
                plain.push_str("{{");
                rest = after;
            } else if rest.starts_with("{{{") {
                plain.push('{');
                rest = &rest[1..];
            } else {
                let (name, after) = rest[2..]
                    .split_once("}}")
                    .ok_or("`{{` is not closed by `}}`; write `{{{{` where two braces are meant")?;
                let name = name.trim();
                if !is_name(name) {
                    return Err(format!(
                        "`{{{{{name}}}}}` holds no name: small letters, digits, `_` and `-`, parted by dots; write `{{{{{{{{` where two \
                         braces are meant"
                    ));
                }
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(Piece::Name(name.to_owned()));
                rest = after;
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self(pieces))
    }

    /// The names that have no value yet.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Name(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The secrets in it.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Secret(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Whether it gives an empty text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts in the values that the scope knows; what comes later stays.
    ///
    /// # Errors
    /// A name without a value.
    pub fn bind(&mut self, scope: &dyn Scope) -> Result<(), Unbound> {
        let mut bound: Vec<Piece> = Vec::with_capacity(self.0.len());
        for piece in &self.0 {
            let next = match piece {
                Piece::Name(name) => match scope.find(name) {
                    Found::Value(value) => Piece::Text(text_of(name, &value)?),
                    Found::Secret(secret) => Piece::Secret(secret),
                    Found::Later => piece.clone(),
                    Found::Missing(why) => return Err(Unbound::Missing { name: name.clone(), why }),
                },
                other => other.clone(),
            };
            match (bound.last_mut(), next) {
                (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
                (_, Piece::Text(text)) if text.is_empty() => {}
                (_, next) => bound.push(next),
            }
        }
        self.0 = bound;
        Ok(())
    }

    /// The text that it gives.
    ///
    /// # Errors
    /// A value that is not there yet, or a secret.
    pub fn text(&self) -> Result<String, Unbound> {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => Ok(text.as_str()),
                Piece::Name(name) => Err(Unbound::Later { name: name.clone() }),
                Piece::Secret(name) => Err(Unbound::Secret { name: name.clone() }),
            })
            .collect()
    }

    /// Its pieces.
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }
}

/// A value as text.
fn text_of(name: &str, value: &Json) -> Result<String, Unbound> {
    let missing = |why: &str| Err(Unbound::Missing { name: name.to_owned(), why: why.to_owned() });
    match value {
        Json::String(text) => Ok(text.clone()),
        Json::Number(_) | Json::Bool(_) => Ok(value.to_string()),
        Json::Null => missing("it is not known"),
        Json::Array(_) | Json::Object(_) => missing("it is a list or a group of values; name one of them"),
    }
}

/// Whether a text is a name: parts parted by dots.
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.split('.').all(is_word)
}

/// Whether a text is one part of a name.
pub fn is_word(text: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    text.starts_with(|c: char| c.is_ascii_alphanumeric() && !c.is_ascii_uppercase()) && text.chars().all(is_inner)
}

/// As a person sees it: values that come later as `‹name›`, secrets hidden.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Name(name) => write!(f, "‹{name}›"),
            Piece::Secret(_) => f.write_str(HIDDEN),
        })
    }
}

/// A text where it is one without braces, otherwise the pieces: so a value that looks like a template stays a value.
impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [] => serializer.serialize_str(""),
            [Piece::Text(text)] if !text.contains("{{") => serializer.serialize_str(text),
            pieces => pieces.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> serde::de::Visitor<'de> for Reader {
            type Value = Template;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text in quotes")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Template, E> {
                Template::parse(text).map_err(E::custom)
            }
            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Template, E> {
                Ok(Template::literal(number.to_string()))
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Template, E> {
                Ok(Template::literal(number.to_string()))
            }
            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Template, E> {
                Ok(Template::literal(number.to_string()))
            }
            fn visit_bool<E: serde::de::Error>(self, truth: bool) -> Result<Template, E> {
                Ok(Template::literal(truth.to_string()))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Template, A::Error> {
                let mut pieces = Vec::new();
                while let Some(piece) = items.next_element::<Piece>()? {
                    if matches!(&piece, Piece::Name(name) if !is_name(name)) {
                        return Err(A::Error::custom("a piece of a template is no name"));
                    }
                    pieces.push(piece);
                }
                Ok(Template(pieces))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl JsonSchema for Template {
    fn schema_name() -> Cow<'static, str> {
        "Template".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": ["string", "number", "boolean"],
            "description": "A text; `{{name}}` stands for a value."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Known;

    impl Scope for Known {
        fn find(&self, name: &str) -> Found {
            match name {
                "name" => Found::Value("we{{b}}".into()),
                "count" => Found::Value(3.into()),
                "gone" => Found::Value(Json::Null),
                "key" => Found::Secret("key".into()),
                "run.id" => Found::Later,
                _ => Found::Missing("no such variable".into()),
            }
        }
    }

    fn bound(text: &str) -> Result<Template, Unbound> {
        let mut template = Template::parse(text).expect("is a template");
        template.bind(&Known)?;
        Ok(template)
    }

    #[test]
    fn values_are_put_in_and_never_read_again() {
        assert_eq!(bound("a {{name}} b {{ count }}").expect("bound").text().expect("text"), "a we{{b}} b 3");
        let template = bound("{{name}}").expect("bound");
        let json = serde_json::to_string(&template).expect("writes");
        assert_eq!(serde_json::from_str::<Template>(&json).expect("reads"), template, "{json}");
    }

    #[test]
    fn what_has_no_value_is_an_error() {
        assert_eq!(bound("{{nmae}}").expect_err("missing").to_string(), "«nmae» has no value: no such variable");
        assert!(bound("{{gone}}").is_err());
        let late = bound("x {{run.id}}").expect("later");
        assert_eq!(late.text(), Err(Unbound::Later { name: "run.id".into() }));
        assert_eq!(late.to_string(), "x ‹run.id›");
        let secret = bound("Bearer {{key}}").expect("bound");
        assert!(matches!(secret.text(), Err(Unbound::Secret { .. })));
        assert_eq!(secret.to_string(), format!("Bearer {HIDDEN}"));
    }

    #[test]
    fn braces_can_be_meant() {
        for (written, text) in [("{{{{.State}}", "{{.State}}"), ("{x}", "{x}"), ("{{{count}}", "{3"), ("}}", "}}")] {
            assert_eq!(bound(written).expect("bound").text().expect("text"), text, "{written}");
        }
        for wrong in ["{{", "{{a", "{{ }}", "{{A}}", "{{a..b}}", "{{a b}}", "{{.x}}"] {
            assert!(Template::parse(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "[a-z{}. 0-9é-]{0,40}") {
            let _ = Template::parse(&text);
        }

        #[test]
        fn what_is_written_reads_back(pieces in prop::collection::vec(
            prop_oneof![
                any::<String>().prop_map(Piece::Text),
                "[a-z][a-z0-9_-]{0,5}(\\.[a-z0-9]{1,3}){0,2}".prop_map(Piece::Name),
                "[a-z]{1,5}".prop_map(Piece::Secret),
            ], 0..4))
        {
            let template = Template(pieces);
            let json = serde_json::to_string(&template).expect("writes");
            let back: Template = serde_json::from_str(&json).expect("reads");
            prop_assert_eq!(back.to_string(), template.to_string());
        }
    }
}
