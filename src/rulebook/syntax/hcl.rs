//! HCL (Terraform): attributes and blocks with their places (<https://developer.hashicorp.com/terraform/language/syntax/configuration>).
//!
//! Values that stand in the file are [`Node`]s; what is computed (`var.region`, `"${var.name}-x"`) is [`Data::Opaque`] with its text.

pub mod modules;

use super::{
    Fault,
    node::{Data, Entry, Node},
    places::Places,
};
use crate::model::finding::Span;
use compact_str::CompactString;
use hcl_edit::{
    Span as _,
    expr::{Expression, ObjectKey, UnaryOperator},
    structure::Structure,
    template::{Element, Template},
};

/// What stands between the braces of a block, or in a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Body {
    pub attributes: Vec<Entry>,
    pub blocks: Vec<Block>,
}

/// A block: `resource "aws_instance" "web" { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// `resource`.
    pub kind: CompactString,
    pub kind_span: Option<Span>,
    pub labels: Vec<Label>,
    pub body: Body,
}

/// A label of a block, with the place of the whole word, quotes included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    pub text: CompactString,
    pub span: Option<Span>,
}

impl Body {
    /// The attribute of a name.
    pub fn attribute(&self, name: &str) -> Option<&Entry> {
        self.attributes.iter().find(|entry| entry.key == name)
    }

    /// The text of an attribute, where it is one and stands in the file.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.attribute(name)?.value.as_str()
    }

    /// The blocks of a kind directly in it.
    pub fn blocks_of<'b>(&'b self, kind: &'b str) -> impl Iterator<Item = &'b Block> {
        self.blocks.iter().filter(move |block| block.kind == kind)
    }
}

impl Block {
    /// The text of a label, counted from 0; empty where there is none.
    pub fn label(&self, at: usize) -> &str {
        self.labels.get(at).map_or("", |label| &label.text)
    }
}

/// Reads a text.
///
/// # Errors
/// What is no HCL, with its place; also what is nested without end.
pub fn parse(text: &str) -> Result<Body, Fault> {
    // Editors of another system begin a file with a mark that is no sign of it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let places = Places::of(text);
    if let Some(at) = too_deep(text) {
        let place = places.span(at, at + 1);
        return Err(Fault::at(place, format!("nested deeper than {DEEPEST}; it is not read")));
    }
    let parsed = hcl_edit::parser::parse_body(text).map_err(|error| {
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX).max(1);
        let (line, column) = (number(error.location().line()), number(error.location().column()));
        Fault::at(Span::on_line(line, column, 1), error.message())
    })?;
    Ok(Reader { text, places }.body(&parsed))
}

/// How deep brackets may be nested: the parser goes down once for each, and takes some 30 KiB of the stack where it is not optimised.
const DEEPEST: usize = 32;

/// Where brackets are nested too deep, wherever they stand: those in texts are few, and mostly closed.
fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    text.bytes().position(|byte| {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > DEEPEST
    })
}

/// Makes our values of the parser's.
struct Reader<'t> {
    text: &'t str,
    places: Places<'t>,
}

impl Reader<'_> {
    fn span(&self, of: &impl hcl_edit::Span) -> Option<Span> {
        of.span().map(|range| self.places.span(range.start, range.end))
    }

    fn body(&self, body: &hcl_edit::structure::Body) -> Body {
        let mut read = Body::default();
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => read.attributes.push(Entry {
                    key: attribute.key.as_str().into(),
                    key_span: self.span(&attribute.key),
                    value: self.node(&attribute.value),
                }),
                Structure::Block(block) => read.blocks.push(Block {
                    kind: block.ident.as_str().into(),
                    kind_span: self.span(&block.ident),
                    labels: block
                        .labels
                        .iter()
                        .map(|label| Label { text: label.as_str().into(), span: self.span(label) })
                        .collect(),
                    body: self.body(&block.body),
                }),
            }
        }
        read
    }

    fn node(&self, expression: &Expression) -> Node {
        let data = match expression {
            Expression::Null(_) => Data::Null,
            Expression::Bool(truth) => Data::Bool(**truth),
            Expression::Number(number) => number_of(number),
            Expression::String(text) => Data::Text(text.as_str().into()),
            Expression::Array(array) => Data::List(array.iter().map(|item| self.node(item)).collect()),
            Expression::Object(object) => Data::Map(
                object
                    .iter()
                    .map(|(key, value)| {
                        let (key, key_span) = self.key(key);
                        Entry { key, key_span, value: self.node(value.expr()) }
                    })
                    .collect(),
            ),
            Expression::StringTemplate(template) => literal(template).unwrap_or_else(|| self.opaque(expression)),
            Expression::HeredocTemplate(heredoc) => {
                literal(&heredoc.template).unwrap_or_else(|| self.opaque(expression))
            }
            Expression::Parenthesis(inner) => self.node(inner.inner()).data,
            Expression::UnaryOp(operation) if *operation.operator.value() == UnaryOperator::Neg => {
                match self.node(&operation.expr).data {
                    Data::Int(number) => Data::Int(number.saturating_neg()),
                    Data::Float(number) => Data::Float(-number),
                    _ => self.opaque(expression),
                }
            }
            _ => self.opaque(expression),
        };
        Node { span: self.span(expression), data }
    }

    fn key(&self, key: &ObjectKey) -> (CompactString, Option<Span>) {
        match key {
            ObjectKey::Ident(name) => (name.as_str().into(), self.span(name)),
            ObjectKey::Expression(Expression::String(text)) => (text.as_str().into(), self.span(text)),
            ObjectKey::Expression(expression) => (self.source(expression).into(), self.span(expression)),
        }
    }

    /// A value that is computed.
    fn opaque(&self, expression: &Expression) -> Data {
        Data::Opaque(self.source(expression).into())
    }

    fn source(&self, expression: &Expression) -> &str {
        expression.span().and_then(|range| self.text.get(range)).unwrap_or_default().trim()
    }
}

fn number_of(number: &hcl_edit::Number) -> Data {
    number.as_i64().map_or_else(|| Data::Float(number.as_f64().unwrap_or(f64::NAN)), Data::Int)
}

/// The text of a template in which nothing is computed.
fn literal(template: &Template) -> Option<Data> {
    let part = |element: &Element| match element {
        Element::Literal(text) => Some(text.to_string()),
        _ => None,
    };
    template.iter().map(part).collect::<Option<String>>().map(|text| Data::Text(text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = r#"
# a comment with ( and ä
terraform {
  backend "s3" {
    bucket       = "state"
    use_lockfile = true
  }
}
resource "aws_instance" "web" {
  ami   = var.ami
  name  = "${var.name}-x"
  tags  = { Name = "ä", "other key" = 2, (var.k) = -1.5 }
  list  = ["a", local.b]
  text  = <<-EOT
    one
  EOT
}
"#;

    #[test]
    fn blocks_attributes_and_their_places() {
        let body = parse(TEXT).expect("is HCL");
        let backend = &body.blocks[0].body.blocks[0];
        assert_eq!((backend.kind.as_str(), backend.label(0)), ("backend", "s3"));
        let span = backend.labels[0].span.expect("has a place");
        assert_eq!((span.line, span.column, span.end_column), (4, 11, 15));
        assert_eq!(backend.body.text("bucket"), Some("state"));
        let lock = backend.body.attribute("use_lockfile").expect("is there");
        assert_eq!(lock.value.as_bool(), Some(true));
        assert_eq!(lock.value.span.map(|span| (span.line, span.column, span.end_column)), Some((6, 20, 24)));
        let web = &body.blocks_of("resource").next().expect("is there").body;
        let value = |name: &str| &web.attribute(name).expect("is there").value;
        assert_eq!(value("ami").data, Data::Opaque("var.ami".into()));
        assert_eq!(value("name").data, Data::Opaque("\"${var.name}-x\"".into()));
        assert_eq!(value("tags").get("Name").and_then(Node::as_str), Some("ä"));
        assert_eq!(value("tags").get("other key").and_then(Node::as_int), Some(2));
        assert_eq!(value("tags").get("(var.k)").and_then(Node::as_f64), Some(-1.5));
        assert_eq!(value("tags").entry("other key").and_then(|entry| entry.key_span).map(|span| span.column), Some(25));
        assert!(value("list").items()[1].is_opaque());
        assert_eq!(value("text").as_str().map(str::trim), Some("one"));
    }

    #[test]
    fn what_is_wrong_has_a_place() {
        let fault = parse("a = 1\nb = [1\n").expect_err("is no HCL");
        assert!(fault.span.is_some_and(|span| span.line >= 2), "{fault:?}");
        assert!(parse("\u{feff}a = 1\r\nb = 2\r\n").is_ok());
    }

    #[test]
    fn hostile_texts_are_refused_or_read_in_time() {
        for open in [
            "[",
            "{a=",
            "(",
            "!",
            "-",
            "\"${",
            "a ? b : ",
            "[for x in ",
            "f(",
            "a.b[",
            "\"%{if ",
            "1+",
            "a ? ",
            "x[*]",
            "<<E\n${",
        ] {
            for times in [31, 32, 63, 5_000] {
                let _ = parse(&format!("a = {}1", open.repeat(times)));
            }
        }
        for part in ["a {\n", "a = [\n", "a = \"", "a = <<E\n", "/*", "#", "a \"b\" ", "ä"] {
            let _ = parse(&part.repeat(100_000 / part.len()));
        }
        assert!(parse(&format!("a = [{}]", "\"ä\", 1, ".repeat(20_000))).is_ok());
        assert!(parse(&"a {\n".repeat(5_000)).expect_err("too deep").message.contains("nested"));
    }

    proptest! {
        #[test]
        fn no_text_fails(text in any::<String>(), parts in prop::collection::vec(
            "[a-z]{1,3}|=| |\n|\"|\\{|\\}|\\[|\\]|\\$\\{|%\\{|<<-?E\n|E\n|[0-9]|#|/\\*|\\*/|ä|:|\\?|,", 0..30,
        )) {
            let _ = parse(&text);
            let _ = parse(&parts.concat());
        }
    }
}
