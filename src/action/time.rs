//! The shared time cursor, and recording: what can be asked for anywhere.

use super::{Action, actions};
use crate::keymap::Scope;

pub static ACTIONS: &[Action] = actions! { Scope::Global;
    "time-back" "time back" "Shows the cockpit as it was 10 seconds before; nothing can be changed there." 0 => |app| app.step_time(-10),
    "time-forward" "time forward" "Goes 10 seconds towards now." 0 => |app| app.step_time(10),
    "time-now" "now" "Returns from the past to now." 0 => |app| app.go_to(None),
    "record-toggle" "record" "Starts or stops writing all that happens into a file." 0 => |app| app.toggle_recording(),
};
