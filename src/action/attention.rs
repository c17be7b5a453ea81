//! What can be asked of the attention list.

use super::{Action, actions};
use crate::keymap::Scope;

pub static ACTIONS: &[Action] = actions! { Scope::Pane("attention");
    "why" "why" "Says why the selected object is on the list: opens its page." 8 => |app| app.open_why(),
};
