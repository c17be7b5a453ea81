//! What can be asked of the log viewer.

use super::{Action, actions, object};
use crate::{
    app::App,
    keymap::Scope,
    modals::{
        log_choice::{self, Choice},
        logs::{self, Purpose},
    },
};

const SIDEWAYS: isize = 16;

pub static ACTIONS: &[Action] = actions! { Scope::Logs;
    "logs-filter" "filter" "Shows only lines that match: text \"two words\" !not /regex/i level>=warn from:web." 9 => |app| logs::open(app, Purpose::Filter),
    "logs-filter-clear" "clear filter" "Shows every line again." 0 => clear_filter,
    "logs-find" "find" "Searches: text or /regex/; what is found is lit." 8 => |app| logs::open(app, Purpose::Find),
    "logs-find-next" "next" "Goes to the next line that is found." 7 => |app| app.go_to_log_hit(true),
    "logs-find-previous" "previous" "Goes to the line before that is found." 0 => |app| app.go_to_log_hit(false),
    "logs-level" "level" "Shows only lines of at least warn, then of error, then all." 6 => |app| app.turn_log_level(),
    "logs-wrap" "wrap" "Breaks long lines, or cuts them." 5 => |app| app.change_log_taste(|taste| taste.wrap = !taste.wrap),
    "logs-times" "times" "Shows the time of each line (UTC), then its age, then neither." 5 => |app| app.change_log_taste(|taste| taste.times = taste.times.next()),
    "logs-since" "since" "Reads the last 1,000 lines, or those of 1 minute, 5 minutes, 1 hour, or all that are kept." 4 => |app| app.turn_log_reach(),
    "logs-previous" "previous run" "Shows the run of the container before this one, or this one again." 4 => |app| app.toggle_previous_logs(),
    "logs-containers" "containers" "Chooses of which containers and pods lines are shown." 3 => |app| log_choice::open(app, Choice::Origins),
    "logs-columns" "JSON" "Shows lines that are JSON objects as columns, or as they are." 3 => |app| app.change_log_taste(|taste| taste.columns = !taste.columns),
    "logs-fields" "fields" "Chooses the fields of JSON lines that get a column." 0 => |app| log_choice::open(app, Choice::Fields),
    "logs-colours" "colours" "Shows the colours that the writer chose, or none." 0 => |app| app.change_log_taste(|taste| taste.inks = !taste.inks),
    "logs-time" "at time" "Goes to a time: 02:14, 02:14:07 (UTC), or RFC 3339." 2 => |app| logs::open(app, Purpose::Time),
    "logs-mark" "mark" "Marks the line, or takes its mark away." 0 => |app| app.mark_log_line(),
    "logs-mark-next" "next mark" "Goes to the next marked line." 0 => |app| app.go_to_log_mark(),
    "logs-mark-clear" "clear marks" "Takes every mark away." 0 => clear_marks,
    "logs-copy" "copy" "Copies the marked lines, or the one where one stands." 2 => |app| app.copy_log_lines(),
    "logs-save" "save" "Writes the lines that are shown into a file, with a head that says what they are." 2 => |app| app.save_logs(),
    "logs-clear" "clear" "Forgets the lines that are shown here; what is written from now on follows." 0 => clear,
    "logs-left" "left" "Scrolls long lines back to their begin; from there shows the tab before." 0 => |app| sideways(app, -1),
    "logs-right" "right" "Scrolls long lines to their end; where lines are wrapped, or none is there, shows the next tab." 0 => |app| sideways(app, 1),
};

fn sideways(app: &mut App, direction: isize) {
    if !app.scroll_log(direction * SIDEWAYS) {
        object::turn(app, direction);
    }
}

fn clear_filter(app: &mut App) {
    app.with_logs(|viewer, _, _| {
        viewer.judge.least = crate::model::logs::Level::Unknown;
        viewer.judge.hidden.clear();
        // The empty filter has no fault.
        let _ = viewer.judge.set_filter("");
        viewer.judge_anew();
    });
}

fn clear_marks(app: &mut App) {
    app.with_logs(|viewer, _, _| viewer.marks.clear());
}

fn clear(app: &mut App) {
    app.with_logs(|viewer, _, _| viewer.clear());
}
