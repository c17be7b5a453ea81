//! What can be asked while a recording is played, or while the live cockpit shows the past.

use super::{Action, actions};
use crate::keymap::Scope;

pub static ACTIONS: &[Action] = actions! { Scope::Player;
    "player-toggle" "play/pause" "Plays or pauses the recording; in the live cockpit it returns to now." 9 => |app| app.toggle_play(),
    "player-forward" "10 s forward" "Goes 10 seconds forward." 7 => |app| app.step_time(10),
    "player-back" "10 s back" "Goes 10 seconds back." 8 => |app| app.step_time(-10),
    "player-step" "step" "Goes to the next event." 6 => |app| app.step_events(1),
    "player-step-back" "step back" "Goes to the event before." 5 => |app| app.step_events(-1),
    "player-faster" "faster" "Plays twice as fast, up to 64 times." 4 => |app| app.change_speed(2.0),
    "player-slower" "slower" "Plays half as fast, down to a quarter." 3 => |app| app.change_speed(0.5),
    "player-start" "start" "Goes to the recording's start, or to the oldest moment kept." 0 => |app| app.go_to_oldest(),
    "player-end" "to the end, or now" "Goes to the recording's end, or back to now." 10 => |app| app.go_to(None),
};
