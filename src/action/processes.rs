//! What can be asked of the process list and of lists that can be trees.

use super::{Action, actions};
use crate::{app::App, keymap::Scope, modals, model::attention::Severity};

pub static ACTIONS: &[Action] = actions! { Scope::Pane("processes");
    "signal" "signal" "Sends a signal to the marked processes or the selected one, through the gate." 3 => |app| modals::signal::open(app),
};

pub static TREES: &[Action] = actions! { Scope::List;
    "tree-toggle" "tree" "Shows the list as a tree, or the tree as a list." 4 => toggle_tree,
};

fn toggle_tree(app: &mut App) {
    let Some((name, table)) = app.focused_table() else { return };
    if !table.can_be_tree() {
        return app.notice(Severity::Info, "this list has no tree");
    }
    let state = app.view.pane_mut(name);
    state.tree = !state.tree;
    app.refresh_lists();
}
