//! The table of keys for the README, made from the actions and the built-in key maps.

use crate::{
    action::{self, Action},
    keymap::{Keymap, Scope, file, shown},
};
use std::fmt::Write;

/// Every action with its keys in each built-in key map and its sentence, as a Markdown table. An action that has keys in several
/// scopes has a line for each: a key may mean something else in the next.
pub fn markdown_table() -> String {
    let names = action::names();
    let maps: Vec<Keymap> = file::BUILT_IN.iter().map(|(name, _)| file::built_in(name, &names).0).collect();
    let names: Vec<_> = maps.iter().map(|map| map.name.as_str()).collect();
    let mut table = format!("| where | action | {} | what it does |\n", names.join(" | "));
    let _ = writeln!(table, "| --- | --- {}| --- |", "| --- ".repeat(maps.len()));
    for action in action::all() {
        for scope in scopes(&maps, action) {
            let keys: Vec<_> = maps.iter().map(|map| cell(map, scope, action.name)).collect();
            let _ = writeln!(table, "| {} | `{}` | {} | {} |", place(scope), action.name, keys.join(" | "), action.doc);
        }
    }
    table
}

/// The scopes in which an action has keys, its own first; its own where it has none.
fn scopes(maps: &[Keymap], action: &Action) -> Vec<Scope> {
    let mut scopes: Vec<_> = maps.iter().flat_map(|map| map.scopes_of(action.name)).collect();
    scopes.sort_by_key(|scope| (*scope != action.scope, *scope));
    scopes.dedup();
    if scopes.is_empty() { vec![action.scope] } else { scopes }
}

fn cell(map: &Keymap, scope: Scope, action: &str) -> String {
    let keys: Vec<_> = map.keys_in(scope, action).into_iter().map(|keys| code(&shown(keys))).collect();
    keys.join(", ")
}

/// As code in a cell of a table, where a stroke would end the cell.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

/// Line before the table in the README; what follows up to [`END`] is made.
const BEGIN: &str = "<!-- keys: made by `cargo run --example keys`; a test notices when it is stale -->\n";
/// Line after it.
const END: &str = "<!-- /keys -->";

/// The README with a fresh table between its marks; `None` where the marks are not there.
pub fn with_table(readme: &str) -> Option<String> {
    let (before, rest) = readme.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{}\n{END}{after}", markdown_table()))
}

/// Where a scope is, in words.
pub fn place(scope: Scope) -> &'static str {
    match scope {
        Scope::Pane(name) => name,
        Scope::List => "lists",
        Scope::Graph => "graphs",
        Scope::Text => "text",
        Scope::Logs => "log lines",
        Scope::Object => "an object's page",
        Scope::Player => "the past",
        Scope::Global => "everywhere",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_is_fresh() {
        let readme = include_str!("../../README.md");
        let fresh = with_table(readme).expect("the README has the marks");
        assert!(fresh == readme, "the README's keys are stale: cargo run --example keys");
    }

    #[test]
    fn every_action_has_a_row() {
        let table = markdown_table();
        for action in action::all() {
            assert!(table.contains(&format!("| `{}` |", action.name)), "{}", action.name);
        }
        assert!(table.contains("| everywhere | `quit` | `q`, `^c` |"), "{table}");
    }

    #[test]
    fn keys_stand_beside_the_scope_in_which_they_work() {
        let table = markdown_table();
        assert!(table.contains("| lists | `rows-page-down` | `PgDn` |"), "in lists the space bar marks: {table}");
        assert!(table.contains("| text | `rows-page-down` | `PgDn`, `Space` |"), "{table}");
    }
}
