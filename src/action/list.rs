//! What can be asked of a list.

use super::{Action, actions};
use crate::keymap::Scope;

pub static ACTIONS: &[Action] = actions! { Scope::List;
    "open" "open" "Opens the page of the selected object." 9 => |app| app.open_selected(),
    "row-down" "down" "Moves to the next row." 0 => |app| app.move_rows(1),
    "row-up" "up" "Moves to the row before." 0 => |app| app.move_rows(-1),
    "rows-page-down" "page down" "Moves down by a screen." 0 => |app| app.move_pages(1),
    "rows-page-up" "page up" "Moves up by a screen." 0 => |app| app.move_pages(-1),
};
