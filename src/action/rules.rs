//! What can be asked of the rule book.

use super::{Action, actions};
use crate::{keymap::Scope, modals::preflight};

pub static ACTIONS: &[Action] = actions! { Scope::Global;
    "violations-view" "by …" "Looks at the violations by severity, by rule, by owner, by resource, one after the other; the scoreboard counts by the same." 4 => |app| app.next_violations_view(),
    "preflight" "pre-flight" "Goes through the list before work begins: what is seen stands there with its evidence, what a person knows is confirmed; who and when is kept." 3 => |app| preflight::open(app),
};
