//! What can be asked of a list.

use super::{Action, actions};
use crate::keymap::Scope;

pub static ACTIONS: &[Action] = actions! { Scope::List;
    "open" "open" "Opens the page of the selected object." 9 => |app| app.open_selected(),
    "logs" "logs" "Follows the lines of the selected object, or of all marked ones at once: containers, pods, workloads, units, the host." 5 => |app| app.open_logs(),
    "row-down" "down" "Moves to the next row." 0 => |app| app.move_rows(1),
    "row-up" "up" "Moves to the row before." 0 => |app| app.move_rows(-1),
    "rows-page-down" "page down" "Moves down by a screen." 0 => |app| app.move_pages(1),
    "rows-page-up" "page up" "Moves up by a screen." 0 => |app| app.move_pages(-1),
    "row-first" "first" "Moves to the first row and stays there, whatever comes to stand in it." 0 => |app| app.move_first(),
    "row-last" "last" "Moves to the last row." 0 => |app| app.move_last(),
    "scroll-left" "left" "Scrolls the columns back to the left." 0 => |app| app.scroll_columns(-1),
    "scroll-right" "right" "Scrolls to columns that do not fit; those that identify a row stay." 0 => |app| app.scroll_columns(1),
    "filter" "filter" "Narrows the list while you type: text, \"quoted\", /regex/i, !not, cpu>50% user=root mem>1GiB, -l app=web." 6 => |app| app.open_filter(),
    "filter-clear" "clear filter" "Shows every row again." 0 => |app| app.clear_filter(),
    "sort-by" "sort" "Sorts by the chosen column; once more turns the order round." 5 => |app| app.sort_by_chosen(),
    "sort-column-next" "next column" "Chooses the next column, for sorting and copying." 0 => |app| app.choose_column(1),
    "sort-column-previous" "previous column" "Chooses the column before, for sorting and copying." 0 => |app| app.choose_column(-1),
    "sort-menu" "columns" "Shows all columns: which to show, and which to sort by." 0 => |app| app.open_columns(),
    "mark" "mark" "Marks the selected row, or takes its mark away, and moves down." 0 => |app| app.mark_row(),
    "mark-all" "mark all" "Marks every row that is shown; where all are, takes the marks away." 0 => |app| app.mark_shown(),
    "mark-clear" "clear marks" "Takes every mark away." 0 => |app| app.clear_marks(),
    "tree-toggle" "tree" "Shows the list as a tree, or the tree as a list." 2 => |app| app.toggle_tree(),
    "fold" "fold" "Folds the selected branch of a tree, or opens it." 0 => |app| app.toggle_fold(),
    "fold-all" "fold all" "Folds every branch of the tree." 0 => |app| app.fold_all(),
    "unfold-all" "unfold all" "Opens every branch of the tree." 0 => |app| app.unfold_all(),
    "copy-cell" "copy cell" "Copies the chosen column of the selected row." 0 => |app| app.copy_cell(),
    "copy-row" "copy row" "Copies the selected row." 0 => |app| app.copy_row(),
    "copy-table" "copy table" "Copies the marked rows, or all that are shown." 0 => |app| app.copy_table(),
    "export-csv" "export CSV" "Writes the marked rows, or all that are shown, into a CSV file, with raw values." 0 => |app| app.export_csv(),
    "export-json" "export JSON" "Writes the marked rows, or all that are shown, into a JSON file, with raw values." 0 => |app| app.export_json(),
};
