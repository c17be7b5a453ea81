//! A list as text: tab-separated for the clipboard, CSV and JSON for files.
//!
//! The clipboard gets what the screen shows, made harmless. Files get raw values: bytes as numbers, ratios 0–1, times in
//! RFC 3339, and what is not known as nothing (CSV) or `null` (JSON).

use super::{
    list::ListState,
    table::{Column, Table, Value, severity_column},
};
use crate::{
    model::{Timestamp, text},
    world::World,
};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// Rows and columns of a table, by index, that are to be written.
#[derive(Clone, Copy)]
pub struct Selection<'a> {
    pub table: &'a dyn Table,
    pub world: &'a World,
    pub rows: &'a [usize],
    pub columns: &'a [usize],
    /// The time from which ages count.
    pub now: Timestamp,
}

/// The rows that a list shows, in order.
pub fn shown_rows(table: &dyn Table, world: &World, list: &ListState) -> Vec<usize> {
    let total = table.len(world);
    list.order.iter().map(|(row, _)| *row as usize).filter(|row| *row < total).collect()
}

/// A cell as the screen shows it, made harmless; the severity as a word.
pub fn cell(selection: &Selection<'_>, row: usize, column: usize) -> String {
    let value = value(selection, row, column);
    text::clean(&value.printed(selection.table.columns()[column].unit, selection.now)).into_owned()
}

/// What stands in a cell; the severity is its word, whatever the table says.
fn value<'a>(selection: &Selection<'a>, row: usize, column: usize) -> Value<'a> {
    let Selection { table, world, .. } = *selection;
    if severity_column(table.columns()) == Some(column) {
        return table.severity(world, row).map_or(Value::None, |severity| Value::text(severity.word()));
    }
    table.value(world, row, column)
}

/// Tab-separated text as the screen shows it, for the clipboard; with the headings where there is more than one row.
pub fn tsv(selection: &Selection<'_>) -> String {
    let mut lines = Vec::with_capacity(selection.rows.len() + 1);
    if selection.rows.len() > 1 {
        let names: Vec<_> = columns(selection).map(|column| column.name).collect();
        lines.push(names.join("\t"));
    }
    for row in selection.rows {
        let cells: Vec<_> = selection.columns.iter().map(|column| cell(selection, *row, *column)).collect();
        lines.push(cells.join("\t"));
    }
    lines.join("\n")
}

/// CSV with raw values. Texts that a spreadsheet would take for a formula get a `'` before them.
///
/// # Errors
/// Where the writer fails, which writing into memory does not.
pub fn csv(selection: &Selection<'_>) -> Result<String, String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: csv::Error| format!("the table could not be written as CSV: {error}");
    writer.write_record(columns(selection).map(|column| column.name)).map_err(failed)?;
    for row in selection.rows {
        let cells = selection.columns.iter().map(|column| csv_cell(value(selection, *row, *column)));
        writer.write_record(cells).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(error.into_error().into()))?;
    String::from_utf8(bytes).map_err(|error| format!("the table is not UTF-8: {error}"))
}

fn csv_cell(value: Value<'_>) -> String {
    match value {
        Value::Unknown | Value::None => String::new(),
        Value::Number(value) if !value.is_finite() => String::new(),
        Value::Number(value) => value.to_string(),
        Value::Time(at) => at.to_string(),
        Value::Text(text) => {
            let clean = text::clean(&text).into_owned();
            if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{clean}") } else { clean }
        }
    }
}

/// JSON with raw values: an array of one object a row, its keys the names of the columns. Texts are exact; characters that
/// could harm a terminal are written as `\u` escapes.
///
/// # Errors
/// Where the writer fails, which writing into memory does not.
pub fn json(selection: &Selection<'_>) -> Result<String, String> {
    let rows: Vec<_> = selection.rows.iter().map(|row| JsonRow { selection, row: *row }).collect();
    let json = serde_json::to_string_pretty(&rows)
        .map_err(|error| format!("the table could not be written as JSON: {error}"))?;
    Ok(text::escaped_json(&json) + "\n")
}

struct JsonRow<'a> {
    selection: &'a Selection<'a>,
    row: usize,
}

impl Serialize for JsonRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Selection { table, columns, .. } = *self.selection;
        let mut map = serializer.serialize_map(Some(columns.len()))?;
        for column in columns {
            let name = table.columns()[*column].name;
            match value(self.selection, self.row, *column) {
                Value::Unknown | Value::None => map.serialize_entry(name, &())?,
                Value::Text(text) => map.serialize_entry(name, &text)?,
                Value::Time(at) => map.serialize_entry(name, &at)?,
                // Whole numbers are written without a fraction, as far as they are exact.
                Value::Number(value) if value.fract() == 0.0 && value.abs() < 9e15 => {
                    map.serialize_entry(name, &(value as i64))?;
                }
                Value::Number(value) => map.serialize_entry(name, &value)?,
            }
        }
        map.end()
    }
}

fn columns<'a>(selection: &Selection<'a>) -> impl Iterator<Item = &'static Column> + use<'a> {
    let all = selection.table.columns();
    selection.columns.iter().map(|index| &all[*index])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::sample::{COLUMNS, SAMPLE, world};

    fn with<T>(rows: &[usize], columns: &[usize], write: impl Fn(&Selection<'_>) -> T) -> T {
        let world = world();
        write(&Selection { table: &SAMPLE, world: &world, rows, columns, now: world.now })
    }

    #[test]
    fn files_hold_raw_values() {
        let csv = with(&[1, 3], &[1, 2, 4, 5, 6, 7], |s| csv(s).expect("writes"));
        assert_eq!(
            csv,
            "pid,name,cpu,memory,age,text\n8,web-10,0.97,1610612736,2027-01-15T07:10:00Z,serves\n10,Web-2,,,,\"'=HYPERLINK(\"\"x\"\")\"\n"
        );
        let json = with(&[1, 3], &[1, 4, 5, 6, 7], |s| json(s).expect("writes"));
        let read: serde_json::Value = serde_json::from_str(&json).expect("is JSON");
        assert_eq!(
            read,
            serde_json::json!([
                {"pid": 8, "cpu": 0.97, "memory": 1_610_612_736_u64, "age": "2027-01-15T07:10:00Z", "text": "serves"},
                {"pid": 10, "cpu": null, "memory": null, "age": null, "text": "=HYPERLINK(\"x\")"},
            ])
        );
        assert!(json.find("\"pid\"") < json.find("\"cpu\""), "keys keep the order of the columns");
    }

    #[test]
    fn nothing_that_is_written_can_harm_a_terminal() {
        let rows: Vec<usize> = (0..6).collect();
        let columns: Vec<usize> = (0..COLUMNS.len()).collect();
        for written in [
            with(&rows, &columns, tsv),
            with(&rows, &columns, |s| csv(s).expect("writes")),
            with(&rows, &columns, |s| json(s).expect("writes")),
        ] {
            assert!(written.chars().all(|c| matches!(c, '\n' | '\t') || text::is_harmless(c)), "{written:?}");
        }
        let json = with(&[4], &[7], |s| json(s).expect("writes"));
        let read: serde_json::Value = serde_json::from_str(&json).expect("is JSON");
        assert_eq!(read[0]["text"], "\u{1b}[2Jescape\u{202e}", "JSON is exact");
    }

    #[test]
    fn the_clipboard_gets_what_the_screen_shows() {
        assert_eq!(with(&[1], &[1, 2, 4, 5, 6], tsv), "8\tweb-10\t97.0 %\t1.5 GiB\t50m");
        assert_eq!(with(&[0, 3], &[2, 4], tsv), "name\tcpu\nweb-1\t50.0 %\nWeb-2\t?");
    }
}
