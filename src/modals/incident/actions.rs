//! What is done to rows of the list of actions: done, dropped, another owner or day.

use super::{wrong, yes};
use crate::{
    app::App,
    incident::{duties::Followed, sentence::one_line},
    modals::ask::{Ask, Kept},
    model::{
        attention::Severity,
        journal::{Body, TaskState},
        moment::{self, Towards},
        redact,
    },
    ops::offer::{Field, Wrong},
};

/// The pane that the rows are of.
const PANE: &str = "actions";

/// The marked rows that its filter shows, otherwise the selected one.
fn chosen(app: &App) -> Vec<Followed> {
    let (list, world) = (&app.view.pane(PANE).list, app.shown());
    let Some(table) = crate::panes::find(PANE).and_then(|pane| pane.table()) else { return Vec::new() };
    let rows = if list.marked.is_empty() { list.row().into_iter().collect() } else { list.marked_rows(table, world) };
    rows.into_iter().filter_map(|row| world.incidents.actions().get(row).cloned()).collect()
}

/// Says that they are done, or that nobody is going to do them.
pub fn close(app: &mut App, state: TaskState) {
    if app.is_past() {
        return;
    }
    let open: Vec<_> = chosen(app).into_iter().filter(|one| one.task.is_open()).collect();
    if open.is_empty() {
        return app.notice(Severity::Info, "no open action is selected");
    }
    for one in &open {
        let body = body(one, state);
        app.supersede(Some(one.incident), one.task.id, app.now, body);
    }
    let what = match open.as_slice() {
        [one] => one.task.title.clone(),
        several => format!("{} actions", several.len()),
    };
    app.notice(Severity::Info, format!("{}: {what}", state.word()));
}

/// The task as it is, in another state.
fn body(one: &Followed, state: TaskState) -> Body {
    let task = &one.task;
    Body::Task { title: task.title.clone(), owner: task.owner.clone(), due: task.due, state, action: task.action }
}

/// Asks what the selected one is to be from now on.
pub fn edit(app: &mut App) {
    if app.is_past() {
        return;
    }
    let Some(one) = chosen(app).into_iter().next() else {
        return app.notice(Severity::Info, "no action is selected");
    };
    let due = one.task.due.map_or_else(String::new, |due| due.to_string());
    let open = if one.task.is_open() { "yes" } else { "no" };
    let fields = vec![
        Field::new("what", one.task.title.clone(), "what is to be done, so that one can tell when it is"),
        Field::new("owner", one.task.owner.to_string(), "one person"),
        Field::new("due", due, "by when: 14d, 2026-12-31T12:00:00Z"),
        Field::new("open", open, "no: it is done"),
    ];
    let kept = Kept::all(format!("action {}", one.task.id));
    let title = format!("{} {}: {} {}", one.name, one.about, one.kind(), one_line(&one.task.title));
    let take = move |values: &[&str], app: &mut App| {
        let changed = read(values, &one, app)?;
        app.supersede(Some(one.incident), one.task.id, app.now, changed);
        Ok(())
    };
    Ask::open(app, kept, (title, "What it was stays to be seen."), fields, Box::new(take));
}

fn read(values: &[&str], one: &Followed, app: &App) -> Result<Body, Wrong> {
    let [title, owner, due, open] = values else { return Err(wrong(0, "a few words")) };
    let title = redact::text(title.trim()).into_owned();
    if title.is_empty() {
        return Err(wrong(0, "a few words"));
    }
    if owner.trim().is_empty() {
        return Err(wrong(1, "an action needs one owner"));
    }
    let due = match due.trim() {
        "" => return Err(wrong(2, "an action needs a day")),
        text => moment::read(text, app.now, Towards::Future).map_err(|why| wrong(2, why))?,
    };
    let state = match yes(open).ok_or_else(|| wrong(3, "yes or no"))? {
        true => TaskState::Open,
        false if one.task.is_open() => TaskState::Done,
        false => one.task.state,
    };
    Ok(Body::Task { title, owner: owner.trim().into(), due: Some(due), state, action: one.task.action })
}

#[cfg(test)]
mod tests {
    use crate::{
        app::{
            App,
            effect::Effect,
            event::{Event, EventKind},
        },
        incident::sample::{at, outage},
        model::{
            journal::{Body, Draft, TaskState, news::JournalNews},
            update::Update,
        },
        screen::kit::{self, drawn, press, types},
        view::layout::{Cell, Layout},
    };
    use std::sync::Arc;

    /// The list of actions after the outage of the sample, on the day after it.
    fn app() -> App {
        let mut app = kit::app((120, 30));
        let cell = Cell { panes: vec!["actions".into()], ..Cell::default() };
        app.settings.pages[0].layouts = vec![Layout { min_columns: 0, min_rows: 0, cell }];
        app.relayout();
        let news = JournalNews { events: outage().into_iter().map(Arc::new).collect(), ..JournalNews::default() };
        let kind = EventKind::Updates { source: "journal".into(), updates: vec![Update::Journal(Box::new(news))] };
        app.update(Event { at: at("24 09:00"), kind });
        app
    }

    fn recorded(effects: Vec<Effect>) -> Vec<Draft> {
        let drafts = effects.into_iter().filter_map(|effect| match effect {
            Effect::Record(drafts) => Some(drafts),
            _ => None,
        });
        drafts.flatten().collect()
    }

    #[test]
    fn what_is_overdue_comes_first_and_stands_in_the_attention_list() {
        let app = app();
        let screen = drawn(&app);
        let place = |words: &str| screen.find(words).unwrap_or_else(|| panic!("{words}: {screen}"));
        assert!(place("tell the shop's team") < place("raise the limit"), "{screen}");
        assert!(screen.contains("overdue") && screen.contains("prevent"), "{screen}");
        let rows: Vec<_> = app.world.attention.iter().filter(|row| row.condition.kind == "action").collect();
        let [row] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!(row.condition.cause, "overdue by 1h: tell the shop's team (ops-b)");
        // What people owe is no outage: nothing is proposed for it.
        assert_eq!(app.proposal().rows, []);
    }

    #[test]
    fn a_key_says_that_it_is_done() {
        let mut app = app();
        let drafts = recorded(press(&mut app, "d"));
        let [Draft { supersedes: Some(_), body: Body::Task { title, owner, state, .. }, .. }] = drafts.as_slice()
        else {
            panic!("{drafts:?}")
        };
        assert_eq!((title.as_str(), owner.as_str(), *state), ("tell the shop's team", "ops-b", TaskState::Done));
        assert_eq!(recorded(press(&mut app, "M d")).len(), 3, "all that are marked");
    }

    #[test]
    fn an_action_is_given_on() {
        let mut app = app();
        press(&mut app, "E tab");
        types(&mut app, "ann");
        let drafts = recorded(press(&mut app, "enter"));
        let [Draft { body: Body::Task { owner, state, due: Some(due), .. }, .. }] = drafts.as_slice() else {
            panic!("{drafts:?}")
        };
        assert_eq!((owner.as_str(), *state, *due), ("ann", TaskState::Open, at("24 08:00")));
    }
}
