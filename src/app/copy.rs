//! Lists as text: what goes into the clipboard, and what is written into files.

use super::{
    App,
    effect::{CLIPBOARD_BYTES, Effect},
};
use crate::{
    model::attention::Severity,
    pages,
    view::{
        export::{self, Selection},
        table::Table,
    },
};

/// Said where rows are marked and none of them is shown.
const ALL_HIDDEN: &str = "the filter hides every marked row: clear the filter or the marks first";

/// Which rows of a list are meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rows {
    Selected,
    MarkedOrShown,
}

/// What a list writes.
struct Written {
    text: String,
    rows: usize,
    /// Marked rows that a filter hides.
    hidden: usize,
}

impl App {
    /// Copies the chosen column of the selected row.
    pub fn copy_cell(&mut self) {
        let Some((name, table)) = self.focused_table() else { return };
        let column = self.view.pane(name).list.chosen_column(table);
        let written = self.written(name, table, Rows::Selected, Some(column), |s| Ok(export::tsv(s)));
        self.copy(written, |_| format!("the cell {}", table.columns()[column].name));
    }

    /// Copies the selected row.
    pub fn copy_row(&mut self) {
        let Some((name, table)) = self.focused_table() else { return };
        let written = self.written(name, table, Rows::Selected, None, |s| Ok(export::tsv(s)));
        self.copy(written, |_| "the row".into());
    }

    /// Copies the text of the object's page that is shown.
    pub fn copy_page(&mut self) {
        let Some(page) = self.view.stack.last() else { return };
        let text = pages::text(&self.scene(), page);
        if text.trim().is_empty() {
            return self.notice(Severity::Info, "nothing is shown that could be copied");
        }
        if text.len() > CLIPBOARD_BYTES {
            return self.notice(Severity::Warn, "the page is too much for the clipboard");
        }
        self.ask(Effect::Copy { text, what: "the page".into() });
    }

    /// Copies the marked rows, or all that are shown.
    pub fn copy_table(&mut self) {
        let Some((name, table)) = self.focused_table() else { return };
        let written = self.written(name, table, Rows::MarkedOrShown, None, |s| Ok(export::tsv(s)));
        self.copy(written, rows);
    }

    /// Writes the marked rows, or all that are shown, into a CSV file.
    pub fn export_csv(&mut self) {
        self.export("csv", "CSV", export::csv);
    }

    /// Writes the marked rows, or all that are shown, into a JSON file.
    pub fn export_json(&mut self) {
        self.export("json", "JSON", export::json);
    }

    fn export(&mut self, ending: &str, kind: &str, write: impl Fn(&Selection<'_>) -> Result<String, String>) {
        let Some((name, table)) = self.focused_table() else { return };
        match self.written(name, table, Rows::MarkedOrShown, None, write) {
            Ok(written) if written.rows == 0 && written.hidden > 0 => self.notice(Severity::Warn, ALL_HIDDEN),
            Ok(written) if written.rows == 0 => self.notice(Severity::Info, "nothing is shown that could be written"),
            Ok(written) => {
                let what = format!("{} of {name} as {kind}", rows(written.rows));
                let file = format!("flightdeck-{name}-{{stamp}}.{ending}");
                self.ask(Effect::Write { name: file.into(), content: written.text, what });
            }
            Err(error) => self.notice(Severity::Error, error),
        }
    }

    fn written(
        &self,
        name: &str,
        table: &'static dyn Table,
        which: Rows,
        column: Option<usize>,
        write: impl Fn(&Selection<'_>) -> Result<String, String>,
    ) -> Result<Written, String> {
        let (list, world) = (&self.view.pane(name).list, self.shown());
        let marked = if which == Rows::MarkedOrShown { list.marked_rows(table, world) } else { Vec::new() };
        let hidden = if which == Rows::MarkedOrShown { list.marked.len() - marked.len() } else { 0 };
        let rows = match which {
            Rows::Selected => list.row().filter(|row| *row < table.len(world)).into_iter().collect(),
            _ if !list.marked.is_empty() && which == Rows::MarkedOrShown => marked,
            _ => export::shown_rows(table, world, list),
        };
        let columns = column.map_or_else(|| list.shown_in(table, world), |column| vec![column]);
        let now = self.scene().now;
        let selection = Selection { table, world, rows: &rows, columns: &columns, now };
        Ok(Written { text: write(&selection)?, rows: rows.len(), hidden })
    }

    fn copy(&mut self, written: Result<Written, String>, what: impl Fn(usize) -> String) {
        match written {
            Ok(written) if written.rows == 0 && written.hidden > 0 => {
                self.notice(Severity::Warn, ALL_HIDDEN);
            }
            Ok(written) if written.rows == 0 => self.notice(Severity::Info, "nothing is shown that could be copied"),
            Ok(written) if written.text.len() > CLIPBOARD_BYTES => {
                let text = format!("{} are too much for the clipboard: filter, or export them", rows(written.rows));
                self.notice(Severity::Warn, text);
            }
            Ok(written) => {
                let hidden = if written.hidden > 0 {
                    format!(" (without {} marked that the filter hides)", written.hidden)
                } else {
                    String::new()
                };
                let what = what(written.rows) + &hidden;
                self.ask(Effect::Copy { text: written.text, what });
            }
            Err(error) => self.notice(Severity::Error, error),
        }
    }
}

fn rows(count: usize) -> String {
    if count == 1 { "1 row".into() } else { format!("{count} rows") }
}
