//! What can be asked of the process list.

use super::{Action, actions};
use crate::{keymap::Scope, modals};

pub static ACTIONS: &[Action] = actions! { Scope::Pane("processes");
    "signal" "signal" "Sends a signal to the marked processes or the selected one, through the gate." 3 => |app| modals::signal::open(app),
};
