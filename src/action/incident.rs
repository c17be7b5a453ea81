//! What can be asked about incidents.

use super::{Action, actions};
use crate::{
    app::App,
    keymap::Scope,
    modals::{
        incident::{self, INCIDENTS, MENU},
        picker, postmortem,
    },
    model::journal::TaskState,
};

pub static ACTIONS: &[Action] = actions! { Scope::Global;
    "incident-declare" "declare" "Declares an incident: title, severity and start are proposed from what is wrong now; Enter takes them." 0 => |app| incident::declare(app),
    "incident-note" "incident" "Writes a note about the selected object into the incident that is shown; declares one where there is none." 3 => |app| incident::note(app),
    "incident-menu" "incident …" "Lists what can be done in the incident that is shown: severity, roles, tasks, milestones, updates, resolve." 0 => |app| picker::open(app, &MENU),
    "incident-postmortem" "postmortem" "Opens the postmortem of the incident whose page is open, which is selected or shown: what the record fills in, and what people write, until it is reviewed." 0 => |app| postmortem::open(app),
    "incident-dismiss" "no incident" "Says no to the incident that is proposed; what goes on is not proposed again within the hour." 0 => |app| app.dismiss_proposal(),
    "incident-choose" "choose incident" "Chooses the incident that is shown." 0 => |app| picker::open(app, &INCIDENTS),
};

pub static OF_TIMELINE: &[Action] = actions! { Scope::Pane("timeline");
    "timeline-all" "all events" "Shows every event, or only the story: updates, pins, milestones, operations, deploys." 8 => |app| all_events(app),
    "timeline-earlier" "older events" "Reads older events of the timeline from the journal." 0 => |app| app.read_timeline(true),
    "timeline-moment" "that moment" "Shows the whole cockpit as it was at the selected event, as far as that is kept; 0 comes back." 7 => |app| incident::show_moment(app),
    "timeline-pin" "pin" "Pins the selected event, so that it stands in the story, or takes the pin away." 6 => |app| incident::pin(app),
    "timeline-edit" "edit" "Writes another version of the selected note; the old one stays to be seen." 5 => |app| incident::edit(app),
    "timeline-withdraw" "strike out" "Strikes out the selected event, which was a mistake; it stays to be seen." 0 => |app| incident::withdraw(app),
};

pub static OF_ACTIONS: &[Action] = actions! { Scope::Pane("actions");
    "action-done" "done" "Says that the selected or the marked actions are done." 8 => |app| incident::close(app, TaskState::Done),
    "action-drop" "drop" "Says that nobody is going to do the selected or the marked actions." 0 => |app| incident::close(app, TaskState::Dropped),
    "action-edit" "edit" "Gives the selected action another owner, day or wording; what it was stays to be seen." 7 => |app| incident::edit_action(app),
    "action-new" "new action" "Asks for an action of the incident that is shown." 6 => |app| incident::action(app),
};

fn all_events(app: &mut App) {
    let all = !app.world.incidents.shows_all();
    app.world.incidents.show_all(all);
    app.refresh_lists();
    app.touch();
}
