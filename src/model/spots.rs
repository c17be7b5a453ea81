//! TOML with the place of everything in it, so that one bad entry spoils nothing else and is named by file and line: as single entries
//! ([`read`]), or table by table, asking for what is known ([`fields`]).

pub mod fields;
mod lines;

use super::text::clean_to;
use lines::Lines;
use std::fmt;
use toml::{
    Spanned, Value,
    de::{DeTable, DeValue},
};

/// Where something was written: a file with line and column, or a name (an environment variable, a flag).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    pub file: String,
    /// Line and column, counted from 1.
    pub at: Option<(usize, usize)>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some((line, column)) => write!(f, "{}:{line}:{column}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

/// Something that is wrong in a configuration, a theme or a key map. The rest of it works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub place: Place,
    /// The key, with dots; empty where the file as a whole is meant.
    pub key: String,
    /// What is wrong, and what to write instead.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.text)
    }
}

/// One entry of a file: a key that holds no table, an empty table, or one element of an array of tables.
#[derive(Debug, Clone, PartialEq)]
pub struct Spot {
    /// Keys from the outermost inwards.
    pub path: Vec<String>,
    /// Whether it is one element of the array that the path names.
    pub element: bool,
    pub place: Place,
    pub value: Value,
}

impl Spot {
    /// The path with dots, as it is shown.
    pub fn key(&self) -> String {
        self.path.join(".")
    }

    /// A problem with this entry.
    pub fn problem(&self, text: impl Into<String>) -> Problem {
        Problem { place: self.place.clone(), key: self.key(), text: text.into() }
    }
}

/// Every entry of a TOML text, in the order of the text.
///
/// # Errors
/// The text is no TOML: what, and where.
pub fn read(file: &str, text: &str) -> Result<Vec<Spot>, Problem> {
    let lines = Lines::of(text);
    let table = DeTable::parse(text).map_err(|error| {
        let (offset, text) = no_toml(&error);
        Problem { place: Place { file: file.into(), at: offset.map(|at| lines.place(at)) }, key: String::new(), text }
    })?;
    let mut spots = Vec::new();
    walk(table.get_ref(), &mut Vec::new(), &mut |offset, path, element, value| {
        let place = Place { file: file.into(), at: Some(lines.place(offset)) };
        spots.push((offset, Spot { path: path.to_vec(), element, place, value }));
    });
    spots.sort_by_key(|(offset, _)| *offset);
    Ok(spots.into_iter().map(|(_, spot)| spot).collect())
}

type Visit<'a> = &'a mut dyn FnMut(usize, &[String], bool, Value);

fn walk(table: &DeTable<'_>, path: &mut Vec<String>, visit: Visit<'_>) {
    for (key, value) in table.iter() {
        path.push(key.get_ref().to_string());
        match value.get_ref() {
            DeValue::Table(inner) if !inner.is_empty() => walk(inner, path, visit),
            DeValue::Array(elements) if is_tables(elements) => {
                for element in elements.iter() {
                    visit(element.span().start, path, true, plain(element));
                }
            }
            _ => visit(key.span().start, path, false, plain(value)),
        }
        path.pop();
    }
}

fn is_tables(elements: &[Spanned<DeValue<'_>>]) -> bool {
    !elements.is_empty() && elements.iter().all(|element| element.get_ref().is_table())
}

/// The value without its places.
pub fn plain(value: &Spanned<DeValue<'_>>) -> Value {
    match value.get_ref() {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::String(number.to_string()), Value::Integer),
        DeValue::Float(number) => number.as_str().parse().map_or(Value::Float(f64::NAN), Value::Float),
        DeValue::Boolean(truth) => Value::Boolean(*truth),
        DeValue::Datetime(time) => Value::Datetime(*time),
        DeValue::Array(elements) => Value::Array(elements.iter().map(plain).collect()),
        DeValue::Table(table) => {
            Value::Table(table.iter().map(|(key, value)| (key.get_ref().to_string(), plain(value))).collect())
        }
    }
}

/// Line and column of an offset in bytes, counted from 1, columns in characters. For one place: where many are asked for, `Lines` is quicker.
pub fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    Lines::of(text).place(offset)
}

/// Where a text stops being TOML, and why it is none.
pub fn no_toml(error: &toml::de::Error) -> (Option<usize>, String) {
    let message = error.message().lines().collect::<Vec<_>>().join(", ");
    (error.span().map(|span| span.start), format!("this is no TOML: {}", clean_to(&message, 300)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn entries_know_their_places() {
        let text = "a = 1\n[b]\nc = \"x\"\n  d.e = [1, 2]\n[[f]]\ng = 1\n[[f]]\ng = 2\n";
        let spots = read("x.toml", text).expect("is TOML");
        let found: Vec<_> = spots.iter().map(|s| format!("{} {} {}", s.place, s.key(), s.element)).collect();
        assert_eq!(
            found,
            [
                "x.toml:1:1 a false",
                "x.toml:3:1 b.c false",
                "x.toml:4:5 b.d.e false",
                "x.toml:5:1 f true",
                "x.toml:7:1 f true"
            ]
        );
    }

    #[test]
    fn what_is_no_toml_says_where() {
        let problem = read("x.toml", "a = 1\nb = = 2\n").expect_err("is no TOML");
        assert!(problem.to_string().starts_with("x.toml:2:5: this is no TOML: "), "{problem}");
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "[a-z\\[\\]=\"'\\n#.,{} 0-9éü]{0,60}") {
            let _ = read("x", &text);
        }
    }
}
