//! Reads tables of TOML key by key, so that every fault is found in one go and named with its place.

use super::{Lines, Place, Problem, plain};
use crate::model::{nearest::did_you_mean, text::clean_to};
use toml::{
    Spanned, Value,
    de::{DeTable, DeValue},
};

/// More are not listed: whoever made so many has read the wrong file.
const MOST_FAULTS: usize = 100;

/// Collects what is wrong in a file.
#[derive(Debug)]
pub struct Reader<'t> {
    file: &'t str,
    lines: Lines<'t>,
    /// What is wrong, in the order in which it was met.
    pub faults: Vec<Problem>,
    /// How many there were, also beyond those that are listed.
    pub count: usize,
}

/// A value with its place.
pub type Written<'t, 's> = &'t Spanned<DeValue<'s>>;

/// A table that is being read. Whatever is not asked for is unknown.
pub struct Fields<'t, 's> {
    table: &'t DeTable<'s>,
    /// The keys that lead to it, with a dot at the end; empty for the whole file.
    path: String,
    /// The byte where it begins.
    pub start: usize,
    asked: Vec<&'static str>,
}

impl<'t> Reader<'t> {
    /// For a file of this name, with this text.
    pub fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, lines: Lines::of(text), faults: Vec::new(), count: 0 }
    }

    /// Where a byte of the file stands.
    pub fn place(&self, offset: usize) -> Place {
        Place { file: self.file.into(), at: Some(self.lines.place(offset)) }
    }

    /// Notes a fault.
    pub fn fault(&mut self, offset: usize, key: impl Into<String>, message: impl Into<String>) {
        self.count += 1;
        if self.faults.len() < MOST_FAULTS {
            let (place, key, text) = (self.place(offset), key.into(), message.into());
            self.faults.push(Problem { place, key, text });
        }
    }

    fn misfit(&mut self, key: &str, spot: Written<'_, '_>, wanted: &str) {
        let message = format!("{} does not fit: write {wanted}", shown(spot));
        self.fault(spot.span().start, key, message);
    }

    /// A value as a text.
    pub fn text(&mut self, key: &str, spot: Written<'_, '_>, wanted: &str) -> Option<String> {
        let text = spot.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.misfit(key, spot, wanted);
        }
        text
    }

    /// A value as a list, each with its place. One text alone is taken for a list of one.
    pub fn list(&mut self, key: &str, spot: Written<'_, '_>, wanted: &str) -> Vec<(usize, String)> {
        match spot.get_ref() {
            DeValue::String(text) => vec![(spot.span().start, text.to_string())],
            DeValue::Array(items) => {
                let texts = items.iter().map(|item| Some((item.span().start, self.text(key, item, wanted)?)));
                texts.collect::<Vec<_>>().into_iter().flatten().collect()
            }
            _ => {
                self.misfit(key, spot, wanted);
                Vec::new()
            }
        }
    }

    /// A value as a number.
    pub fn number(&mut self, key: &str, spot: Written<'_, '_>) -> Option<f64> {
        let number = match plain(spot) {
            Value::Integer(whole) => Some(whole as f64),
            Value::Float(number) if number.is_finite() => Some(number),
            _ => None,
        };
        if number.is_none() {
            self.misfit(key, spot, "a number");
        }
        number
    }
}

impl<'t, 's> Fields<'t, 's> {
    /// Of a table, to which this path leads, and which begins at this byte.
    pub fn new(table: &'t DeTable<'s>, path: impl Into<String>, start: usize) -> Self {
        Self { table, path: path.into(), start, asked: Vec::new() }
    }

    /// The whole name of a key of this table.
    pub fn key(&self, name: &str) -> String {
        format!("{}{name}", self.path)
    }

    /// The table's own name.
    pub fn name(&self) -> &str {
        self.path.strip_suffix('.').unwrap_or(&self.path)
    }

    /// A value, and the name that it has in messages.
    pub fn spot(&mut self, name: &'static str) -> Option<(String, Written<'t, 's>)> {
        self.asked.push(name);
        Some((self.key(name), self.table.get(name)?))
    }

    /// Every key with its value, where the keys are the user's own words.
    pub fn entries(&self) -> impl Iterator<Item = (&'t str, usize, Written<'t, 's>)> {
        let table = self.table;
        table.iter().map(|(key, value)| (key.get_ref().as_ref(), key.span().start, value))
    }

    /// A value as a text.
    pub fn text(&mut self, reader: &mut Reader<'_>, name: &'static str) -> Option<String> {
        let (key, spot) = self.spot(name)?;
        reader.text(&key, spot, "a text in quotes")
    }

    /// A value as a list, each with its place.
    pub fn list(&mut self, reader: &mut Reader<'_>, name: &'static str) -> Option<Vec<(usize, String)>> {
        let (key, spot) = self.spot(name)?;
        Some(reader.list(&key, spot, "a list of texts: [\"…\"]"))
    }

    /// A value as a number.
    pub fn number(&mut self, reader: &mut Reader<'_>, name: &'static str) -> Option<f64> {
        let (key, spot) = self.spot(name)?;
        reader.number(&key, spot)
    }

    /// A value as true or false.
    pub fn truth(&mut self, reader: &mut Reader<'_>, name: &'static str) -> Option<bool> {
        let (key, spot) = self.spot(name)?;
        let truth = spot.get_ref().as_bool();
        if truth.is_none() {
            reader.misfit(&key, spot, "true or false");
        }
        truth
    }

    /// A table in this one.
    pub fn table(&mut self, reader: &mut Reader<'_>, name: &'static str) -> Option<Fields<'t, 's>> {
        let (key, spot) = self.spot(name)?;
        inner(reader, &key, spot, &format!("a table: [{key}]"))
    }

    /// The tables of a list of tables.
    pub fn tables(&mut self, reader: &mut Reader<'_>, name: &'static str) -> Vec<Fields<'t, 's>> {
        let Some((key, spot)) = self.spot(name) else { return Vec::new() };
        let wanted = format!("tables: [[{key}]]");
        match spot.get_ref() {
            DeValue::Array(items) => {
                let tables = items.iter().map(|item| inner(reader, &key, item, &wanted));
                tables.collect::<Vec<_>>().into_iter().flatten().collect()
            }
            _ => {
                reader.misfit(&key, spot, &wanted);
                Vec::new()
            }
        }
    }

    /// Names the keys that nobody asked for.
    pub fn finish(self, reader: &mut Reader<'_>, passed_over: &[&str]) {
        for (name, start, _) in self.entries().filter(|(name, ..)| !passed_over.contains(name)) {
            if !self.asked.contains(&name) {
                let known = self.asked.join(", ");
                let near = did_you_mean(name, self.asked.iter().copied());
                let message = format!("there is no key «{}»{near}; known: {known}", clean_to(name, 60));
                reader.fault(start, self.key(name), message);
            }
        }
    }
}

/// A value as a table.
pub fn inner<'t, 's>(
    reader: &mut Reader<'_>,
    key: &str,
    spot: Written<'t, 's>,
    wanted: &str,
) -> Option<Fields<'t, 's>> {
    match spot.get_ref() {
        DeValue::Table(table) => Some(Fields::new(table, format!("{key}."), spot.span().start)),
        _ => {
            reader.misfit(key, spot, wanted);
            None
        }
    }
}

/// A value in a message.
pub fn shown(spot: Written<'_, '_>) -> String {
    clean_to(&plain(spot).to_string(), 40).into_owned()
}
