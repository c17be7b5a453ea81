//! What can be asked of an object's page.

use super::{Action, actions};
use crate::{app::App, keymap::Scope, modals, pages};

pub static ACTIONS: &[Action] = actions! { Scope::Object;
    "tab-next" "next tab" "Shows the next tab of the object's page." 8 => |app| turn(app, 1),
    "tab-previous" "previous tab" "Shows the tab before." 0 => |app| turn(app, -1),
    "tab-why" "why" "Shows the tab that says what is wrong with the object." 7 => why,
    "link-follow" "follow" "Opens what the selected line of the page leads to." 0 => |app| app.follow_link(),
    "link-next" "next link" "Selects the next line of the page that leads to another object." 0 => |app| app.choose_link(1),
    "link-previous" "link before" "Selects the line before that leads to another object." 0 => |app| app.choose_link(-1),
    "object-logs" "logs" "Shows the lines that the object writes." 4 => |app| app.open_logs(),
    "object-copy" "copy" "Copies the text of the page that is shown." 0 => |app| app.copy_page(),
    "object-signal" "signal" "Sends a signal to the process whose page is open, through the gate." 0 => |app| modals::signal::open(app),
};

/// Turns to another tab of the page that is shown.
pub(super) fn turn(app: &mut App, step: isize) {
    let Some(page) = app.view.stack.last_mut() else { return };
    app.view.links.remove(&page.object);
    let tabs = pages::tabs(&page.object).len().max(1) as isize;
    page.tab = (page.tab.min(tabs as usize - 1) as isize + step).rem_euclid(tabs) as usize;
    page.scroll = 0;
    app.touch();
}

fn why(app: &mut App) {
    let Some(page) = app.view.stack.last_mut() else { return };
    app.view.links.remove(&page.object);
    page.tab = pages::why_tab(&page.object);
    page.scroll = 0;
    app.touch();
}
