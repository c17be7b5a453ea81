//! What can be asked for anywhere.

use super::{Action, actions};
use crate::{
    app::{App, effect::Effect},
    keymap::Scope,
};

pub static ACTIONS: &[Action] = actions! { Scope::Global;
    "quit" "quit" "Leaves the cockpit; nothing that runs is touched. In the past it returns to now first." 1 => leave,
    "back" "back" "Closes what is open: an object's page, the zoom, the past." 0 => |app| app.back(),
    "focus-next" "next pane" "Moves the focus to the next pane." 0 => |app| app.move_focus(1),
    "focus-previous" "previous pane" "Moves the focus to the pane before." 0 => |app| app.move_focus(-1),
    "focus-1" "pane 1" "Moves the focus to the first pane of the page, in the order of Tab." 0 => |app| app.focus_nth(0),
    "focus-2" "pane 2" "Moves the focus to the second pane of the page, in the order of Tab." 0 => |app| app.focus_nth(1),
    "focus-3" "pane 3" "Moves the focus to the third pane of the page, in the order of Tab." 0 => |app| app.focus_nth(2),
    "focus-4" "pane 4" "Moves the focus to the fourth pane of the page, in the order of Tab." 0 => |app| app.focus_nth(3),
    "focus-5" "pane 5" "Moves the focus to the fifth pane of the page, in the order of Tab." 0 => |app| app.focus_nth(4),
    "focus-6" "pane 6" "Moves the focus to the sixth pane of the page, in the order of Tab." 0 => |app| app.focus_nth(5),
    "focus-7" "pane 7" "Moves the focus to the seventh pane of the page, in the order of Tab." 0 => |app| app.focus_nth(6),
    "focus-8" "pane 8" "Moves the focus to the eighth pane of the page, in the order of Tab." 0 => |app| app.focus_nth(7),
    "focus-9" "pane 9" "Moves the focus to the ninth pane of the page, in the order of Tab." 0 => |app| app.focus_nth(8),
    "zoom" "zoom" "Lets the focused pane fill the screen, or gives it its place back." 2 => |app| app.toggle_zoom(),
    "repaint" "repaint" "Draws every cell anew, after something else wrote over the screen." 0 => |app| app.ask(Effect::Repaint),
    "suspend" "suspend" "Gives the terminal back to the shell; fg returns." 0 => |app| app.ask(Effect::Suspend),
    "page-1" "page 1" "Shows the first page." 0 => |app| app.show_page_of_key('1'),
    "page-2" "page 2" "Shows the second page." 0 => |app| app.show_page_of_key('2'),
    "page-3" "page 3" "Shows the third page." 0 => |app| app.show_page_of_key('3'),
    "page-4" "page 4" "Shows the fourth page." 0 => |app| app.show_page_of_key('4'),
    "page-5" "page 5" "Shows the fifth page." 0 => |app| app.show_page_of_key('5'),
    "page-6" "page 6" "Shows the sixth page." 0 => |app| app.show_page_of_key('6'),
    "page-7" "page 7" "Shows the seventh page." 0 => |app| app.show_page_of_key('7'),
    "page-8" "page 8" "Shows the eighth page." 0 => |app| app.show_page_of_key('8'),
    "page-9" "page 9" "Shows the ninth page." 0 => |app| app.show_page_of_key('9'),
    "page-alerts" "alerts" "Shows the page of alerts, silences, objectives and hosts of Prometheus." 0 => |app| app.show_page_of_key('!'),
};

/// A tired hand that only wants out of the past must not lose the half hour that it was looking into.
fn leave(app: &mut App) {
    if app.moment.is_some() { app.go_to(None) } else { app.quit() }
}
