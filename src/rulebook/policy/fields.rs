//! Reads tables of TOML key by key, so that every fault is found in one go and named with its place.

use super::fault::{Lines, PolicyFault};
use crate::model::{nearest::did_you_mean, text::clean_to};
use toml::{
    Spanned, Value,
    de::{DeTable, DeValue},
};

/// More are not listed: whoever made so many has read the wrong file.
const MOST_FAULTS: usize = 100;

/// Collects what is wrong in a file.
pub(super) struct Reader<'t> {
    file: &'t str,
    lines: Lines<'t>,
    pub(super) faults: Vec<PolicyFault>,
    /// How many there were, also beyond those that are listed.
    pub(super) count: usize,
}

/// A value with its place.
pub(super) type Spot<'t, 's> = &'t Spanned<DeValue<'s>>;

/// A table that is being read. Whatever is not asked for is unknown.
pub(super) struct Fields<'t, 's> {
    table: &'t DeTable<'s>,
    /// The keys that lead to it, with a dot at the end; empty for the whole file.
    path: String,
    /// The byte where it begins.
    pub(super) start: usize,
    asked: Vec<&'static str>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, lines: Lines::of(text), faults: Vec::new(), count: 0 }
    }

    /// Line and column of a byte.
    pub(super) fn place(&self, offset: usize) -> (u32, u32) {
        self.lines.place(offset)
    }

    /// Notes a fault.
    pub(super) fn fault(&mut self, offset: usize, key: impl Into<String>, message: impl Into<String>) {
        self.count += 1;
        if self.faults.len() < MOST_FAULTS {
            let (line, column) = self.lines.place(offset);
            self.faults.push(PolicyFault {
                file: self.file.into(),
                line,
                column,
                key: key.into(),
                message: message.into(),
            });
        }
    }

    fn misfit(&mut self, key: &str, spot: Spot<'_, '_>, wanted: &str) {
        let message = format!("{} does not fit: write {wanted}", shown(spot));
        self.fault(spot.span().start, key, message);
    }

    /// A value as a text.
    pub(super) fn text(&mut self, key: &str, spot: Spot<'_, '_>, wanted: &str) -> Option<String> {
        let text = spot.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.misfit(key, spot, wanted);
        }
        text
    }

    /// A value as a list, each with its place. One text alone is taken for a list of one.
    pub(super) fn list(&mut self, key: &str, spot: Spot<'_, '_>, wanted: &str) -> Vec<(usize, String)> {
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
    pub(super) fn number(&mut self, key: &str, spot: Spot<'_, '_>) -> Option<f64> {
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
    pub(super) fn new(table: &'t DeTable<'s>, path: impl Into<String>, start: usize) -> Self {
        Self { table, path: path.into(), start, asked: Vec::new() }
    }

    /// The whole name of a key of this table.
    pub(super) fn key(&self, name: &str) -> String {
        format!("{}{name}", self.path)
    }

    /// The table's own name.
    pub(super) fn name(&self) -> &str {
        self.path.strip_suffix('.').unwrap_or(&self.path)
    }

    /// A value, and the name that it has in messages.
    pub(super) fn spot(&mut self, name: &'static str) -> Option<(String, Spot<'t, 's>)> {
        self.asked.push(name);
        Some((self.key(name), self.table.get(name)?))
    }

    /// Every key with its value, where the keys are the user's own words.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'t str, usize, Spot<'t, 's>)> {
        let table = self.table;
        table.iter().map(|(key, value)| (key.get_ref().as_ref(), key.span().start, value))
    }

    pub(super) fn text(&mut self, reader: &mut Reader<'_>, name: &'static str) -> Option<String> {
        let (key, spot) = self.spot(name)?;
        reader.text(&key, spot, "a text in quotes")
    }

    pub(super) fn list(&mut self, reader: &mut Reader<'_>, name: &'static str) -> Option<Vec<(usize, String)>> {
        let (key, spot) = self.spot(name)?;
        Some(reader.list(&key, spot, "a list of texts: [\"…\"]"))
    }

    pub(super) fn number(&mut self, reader: &mut Reader<'_>, name: &'static str) -> Option<f64> {
        let (key, spot) = self.spot(name)?;
        reader.number(&key, spot)
    }

    pub(super) fn truth(&mut self, reader: &mut Reader<'_>, name: &'static str) -> Option<bool> {
        let (key, spot) = self.spot(name)?;
        let truth = spot.get_ref().as_bool();
        if truth.is_none() {
            reader.misfit(&key, spot, "true or false");
        }
        truth
    }

    /// A table in this one.
    pub(super) fn table(&mut self, reader: &mut Reader<'_>, name: &'static str) -> Option<Fields<'t, 's>> {
        let (key, spot) = self.spot(name)?;
        inner(reader, &key, spot, &format!("a table: [{key}]"))
    }

    /// The tables of a list of tables.
    pub(super) fn tables(&mut self, reader: &mut Reader<'_>, name: &'static str) -> Vec<Fields<'t, 's>> {
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
    pub(super) fn finish(self, reader: &mut Reader<'_>, passed_over: &[&str]) {
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
pub(super) fn inner<'t, 's>(
    reader: &mut Reader<'_>,
    key: &str,
    spot: Spot<'t, 's>,
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
pub(super) fn shown(spot: Spot<'_, '_>) -> String {
    clean_to(&plain(spot).to_string(), 40).into_owned()
}

/// The value without its places.
pub(super) fn plain(spot: Spot<'_, '_>) -> Value {
    match spot.get_ref() {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::String(number.to_string()), Value::Integer),
        DeValue::Float(number) => number.as_str().parse().map_or(Value::Float(f64::NAN), Value::Float),
        DeValue::Boolean(truth) => Value::Boolean(*truth),
        DeValue::Datetime(time) => Value::Datetime(*time),
        DeValue::Array(items) => Value::Array(items.iter().map(plain).collect()),
        DeValue::Table(table) => {
            Value::Table(table.iter().map(|(key, value)| (key.get_ref().to_string(), plain(value))).collect())
        }
    }
}
