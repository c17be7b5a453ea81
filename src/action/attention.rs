//! What can be asked of whatever is not well.

use super::{Action, actions};
use crate::keymap::Scope;

pub static ACTIONS: &[Action] = actions! { Scope::List;
    "why" "why" "Says why the selected object is not well: opens its page there." 8 => |app| app.open_why(),
};
