//! What can be asked of runbooks.

use super::{Action, actions};
use crate::{
    app::App,
    keymap::Scope,
    modals::{picker, wizard},
    model::attention::Severity,
};

pub static ACTIONS: &[Action] = actions! { Scope::Global;
    "runbook" "runbook" "Opens the runbook that fits the selected object, its variables filled in; nothing is done before its plan was seen and begun." 4 => |app| app.with_runbooks(fitting),
    "run-newest" "newest run" "Shows the newest run that goes on or waits." 0 => newest,
};

fn fitting(app: &mut App) {
    match app.fitting() {
        Err(why) => app.notice(Severity::Info, why),
        Ok(found) => match found.as_slice() {
            [] => app.notice(Severity::Info, "no runbook fits this; page 8 lists all of them"),
            [best, rest @ ..] if rest.iter().all(|other| other.weight < best.weight) => {
                wizard::prepare(app, &best.runbook.clone(), best.values.clone());
            }
            _ => picker::open(app, wizard::FITTING),
        },
    }
}

fn newest(app: &mut App) {
    let open = app.shown().runs.all().iter().find(|row| !row.is_over());
    match open.map(|row| row.run.id().to_owned()) {
        Some(run) => wizard::watch(app, &run),
        None => app.notice(Severity::Info, "no run goes on; page 8 lists those that are over"),
    }
}
