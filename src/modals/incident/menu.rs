//! The menu of what can be done in an incident, and the incidents to choose from.

use super::{ask, read, wrong};
use crate::{
    app::App,
    incident::{Incident, export::markdown, handover},
    modals::picker::{self, Choices, Item},
    model::{
        attention::Severity,
        journal::{Body, IncidentId, LinkKind, Milestone, Phase, Role, RoleChange, Sev, TaskState},
        moment::{self, Towards},
        units,
    },
    ops::offer::Field,
};

/// The incidents to choose from.
pub struct AllIncidents;
/// What can be done in the incident that is shown.
pub struct Menu;
/// Open tasks of it.
struct Tasks;

pub static INCIDENTS: AllIncidents = AllIncidents;
pub static MENU: Menu = Menu;
static TASKS: Tasks = Tasks;

impl Choices for AllIncidents {
    fn name(&self) -> &'static str {
        "incidents"
    }
    fn title(&self) -> &'static str {
        "Incidents"
    }
    fn items(&self, app: &App) -> Vec<Item> {
        let incidents = app.shown().incidents.all().iter();
        let item = |incident: &std::sync::Arc<Incident>| Item {
            value: incident.id.to_string(),
            title: format!("{} {}", incident.name, incident.title),
            detail: format!("{} {}", incident.severity.map_or("?", Sev::word), incident.phase.word()),
            on: None,
        };
        incidents.map(item).collect()
    }
    fn choose(&self, app: &mut App, value: &str) {
        let found = app.shown().incidents.all().iter().find(|incident| incident.id.to_string() == value);
        let id = found.map(|incident| incident.id);
        app.show_incident(id);
    }
    fn none(&self) -> &'static str {
        "no incident has been declared"
    }
}

/// Name, title, what it does, and how it begins.
type Entry = (&'static str, &'static str, &'static str, fn(&mut App));

const ENTRIES: &[Entry] = &[
    ("severity", "severity", "sev1 is the worst", severity),
    ("status", "status", "investigating, identified, mitigating, monitoring", status),
    ("claim", "take a role", "commander, deputy, scribe, communications, subject-expert", claim),
    ("release", "give a role back", "nobody has it then", release),
    ("offer", "hand a role over", "with a brief, made from the record; the other one accepts it", offer),
    ("accept", "accept a role", "that was offered to you", accept),
    ("task", "new task", "with an owner and a due time", task),
    ("task-done", "task done", "or dropped", |app| picker::open(app, &TASKS)),
    ("update", "status update", "what went out to whom; the countdown begins anew", send_update),
    ("milestone", "milestone", "impact-started, detected, acknowledged, mitigated, resolved", milestone),
    ("title", "title", "what is wrong, in a few words", title),
    ("link", "link", "another incident, a ticket, a document", link),
    ("merge", "merge", "it is the same as another, where it goes on", merge),
    ("resolve", "resolve", "it is over", resolve),
    ("reopen", "reopen", "it is not over after all", reopen),
    ("export", "export as Markdown", "into a file in this folder", write_out),
    ("postmortem", "postmortem", "what the record fills in, and what people write", crate::modals::postmortem::open),
    ("action", "new action", "investigate, mitigate, repair, detect, prevent: with an owner and a day", super::action),
    ("choose", "choose another", "the incident that is shown", |app| picker::open(app, &INCIDENTS)),
];

impl Choices for Menu {
    fn name(&self) -> &'static str {
        "incident-menu"
    }
    fn title(&self) -> &'static str {
        "Incident"
    }
    fn items(&self, app: &App) -> Vec<Item> {
        let Some(incident) = app.incident() else { return Vec::new() };
        // Every place keeps its digit: fingers learn them.
        let fits = |entry: &&Entry| match entry.0 {
            "reopen" => !incident.is_open(),
            "resolve" => incident.is_open(),
            _ => true,
        };
        let item = |(value, title, detail, _): &Entry| Item {
            value: (*value).into(),
            title: (*title).into(),
            detail: (*detail).into(),
            on: None,
        };
        ENTRIES.iter().filter(fits).map(item).collect()
    }
    fn choose(&self, app: &mut App, value: &str) {
        if let Some(entry) = ENTRIES.iter().find(|entry| entry.0 == value) {
            (entry.3)(app);
        }
    }
    fn none(&self) -> &'static str {
        "there is no incident: incident-declare (I) declares one"
    }
}

impl Choices for Tasks {
    fn name(&self) -> &'static str {
        "incident-tasks"
    }
    fn title(&self) -> &'static str {
        "Which task is done"
    }
    fn items(&self, app: &App) -> Vec<Item> {
        let Some(incident) = app.incident() else { return Vec::new() };
        let open = incident.tasks.iter().filter(|task| task.is_open());
        let item = |task: &crate::incident::tasks::Task| Item {
            value: task.id.to_string(),
            title: task.title.clone(),
            detail: format!("{} {}", task.owner, task.due.map_or_else(String::new, units::date_clock)),
            on: None,
        };
        open.map(item).collect()
    }
    fn choose(&self, app: &mut App, value: &str) {
        let Some(incident) = app.incident() else { return };
        let Some(task) = incident.tasks.iter().find(|task| task.id.to_string() == value) else { return };
        let (title, owner, due) = (task.title.clone(), task.owner.clone(), task.due);
        let body = Body::Task { title, owner, due, state: TaskState::Done, action: task.action };
        app.supersede(Some(incident.id), task.id, app.now, body);
    }
    fn none(&self) -> &'static str {
        "no task is open"
    }
}

fn severity(app: &mut App) {
    let Some(incident) = app.incident() else { return };
    let fields = vec![
        Field::new("severity", incident.severity.map_or("", Sev::word), "sev1 … sev4"),
        Field::new("reason", "", "why it is another now"),
    ];
    let take = |values: &[&str], app: &mut App| {
        let [severity, reason] = values else { return Ok(()) };
        let severity = read::<Sev>(severity).ok_or_else(|| wrong(0, "sev1, sev2, sev3 or sev4"))?;
        app.say(Body::Severity { severity, reason: (*reason).into() }, severity.word());
        Ok(())
    };
    ask(app, "severity", "", fields, Box::new(take));
}

fn status(app: &mut App) {
    let Some(incident) = app.incident() else { return };
    let fields = vec![
        Field::new("phase", incident.phase.word(), "investigating, identified, mitigating, monitoring"),
        Field::new("in words", "", "what is known, what is being done"),
    ];
    let take = |values: &[&str], app: &mut App| {
        let [phase, text] = values else { return Ok(()) };
        let phase = read::<Phase>(phase).filter(|phase| *phase != Phase::Resolved);
        let phase = phase.ok_or_else(|| wrong(0, "investigating, identified, mitigating or monitoring"))?;
        app.say(Body::Status { phase, text: (*text).into() }, phase.word());
        Ok(())
    };
    ask(app, "status", "", fields, Box::new(take));
}

const ROLES: &str = "commander, deputy, scribe, communications, subject-expert";

/// Writes a change of a role, after the newest one that is known.
fn change_role(app: &mut App, role: Role, change: RoleChange, person: &str, brief: &str) {
    let Some(incident) = app.incident() else { return };
    let after = incident.roles.get(&role).and_then(|state| state.newest);
    let body = Body::Role { role, change, person: person.into(), after, brief: brief.into() };
    app.say(body, format!("{} {}", role.word(), changed(change)));
}

const fn changed(change: RoleChange) -> &'static str {
    match change {
        RoleChange::Claimed => "taken",
        RoleChange::Released => "given back",
        RoleChange::Offered => "offered",
        RoleChange::Accepted => "accepted",
    }
}

fn role_of(values: &[&str]) -> Result<Role, crate::ops::offer::Wrong> {
    values.first().and_then(|word| read::<Role>(word)).ok_or_else(|| wrong(0, ROLES))
}

fn claim(app: &mut App) {
    let take = |values: &[&str], app: &mut App| {
        let role = role_of(values)?;
        let person = app.policy.actor.name.clone();
        change_role(app, role, RoleChange::Claimed, &person, "");
        Ok(())
    };
    ask(app, "take a role", "", vec![Field::new("role", "commander", ROLES)], Box::new(take));
}

fn release(app: &mut App) {
    let take = |values: &[&str], app: &mut App| {
        let role = role_of(values)?;
        let person = app.policy.actor.name.clone();
        change_role(app, role, RoleChange::Released, &person, "");
        Ok(())
    };
    ask(app, "give a role back", "", vec![Field::new("role", "commander", ROLES)], Box::new(take));
}

fn accept(app: &mut App) {
    let Some(incident) = app.incident() else { return };
    let me = &app.policy.actor.name;
    let offered = incident.roles.iter().find(|(_, state)| state.offer.as_ref().is_some_and(|offer| offer.to == *me));
    let Some((role, brief)) =
        offered.map(|(role, state)| (*role, state.offer.as_ref().map(|offer| offer.brief.clone())))
    else {
        return app.notice(Severity::Info, "no role is offered to you");
    };
    let take = |values: &[&str], app: &mut App| {
        let role = role_of(values)?;
        let person = app.policy.actor.name.clone();
        change_role(app, role, RoleChange::Accepted, &person, "");
        Ok(())
    };
    let fields = vec![Field::new("role", role.word(), "Enter accepts it")];
    ask(app, "accept a role", &brief.unwrap_or_default(), fields, Box::new(take));
}

fn offer(app: &mut App) {
    let Some(incident) = app.incident() else { return };
    let incidents = &app.shown().incidents;
    let brief =
        handover::brief(&incident, &incidents.whole_record(), incidents.names(), &incidents.cadence(), app.now).text();
    let fields = vec![
        Field::new("role", "commander", ROLES),
        Field::new("to", "", "who takes it over"),
        Field::new("to add", "", "what the brief below does not say"),
    ];
    let text = brief.clone();
    let take = move |values: &[&str], app: &mut App| {
        let role = role_of(values)?;
        let [_, person, more] = values else { return Ok(()) };
        if person.trim().is_empty() {
            return Err(wrong(1, "the name of who takes it over"));
        }
        let brief = if more.trim().is_empty() { text.clone() } else { format!("{}\n{text}", more.trim()) };
        change_role(app, role, RoleChange::Offered, person.trim(), &brief);
        Ok(())
    };
    ask(app, "hand a role over", &brief, fields, Box::new(take));
}

fn task(app: &mut App) {
    let me = app.policy.actor.name.clone();
    let fields = vec![
        Field::new("task", "", "what is to be done"),
        Field::new("owner", me, "who does it"),
        Field::new("due", "1h", "by when: 1h, 14:30, 2026-11-28T14:30:00Z"),
    ];
    let take = |values: &[&str], app: &mut App| {
        let [title, owner, due] = values else { return Ok(()) };
        if title.trim().is_empty() {
            return Err(wrong(0, "a few words"));
        }
        if owner.trim().is_empty() {
            return Err(wrong(1, "a task needs an owner"));
        }
        let due = moment::read(due, app.now, Towards::Future).map_err(|why| wrong(2, why))?;
        let (title, owner) = (title.trim().to_owned(), owner.trim().into());
        app.say(
            Body::Task { title: title.clone(), owner, due: Some(due), state: TaskState::Open, action: None },
            title,
        );
        Ok(())
    };
    ask(app, "new task", "", fields, Box::new(take));
}

fn send_update(app: &mut App) {
    let Some(incident) = app.incident() else { return };
    let manners = &app.settings.manners;
    let template = manners.templates.first();
    let text = template.map(|template| template.fill(&incident, &manners.cadence, "", app.now)).unwrap_or_default();
    let text = text.replace('\n', " ");
    let fields = vec![
        Field::new("to", "internal", "who read it: internal, customers"),
        Field::new("text", text, "what was sent; this is recorded, not sent"),
    ];
    let take = |values: &[&str], app: &mut App| {
        let [audience, text] = values else { return Ok(()) };
        if text.trim().is_empty() {
            return Err(wrong(1, "what was sent"));
        }
        let body = Body::Update { audience: audience.trim().into(), text: text.trim().into() };
        app.say(body, format!("update to {}", audience.trim()));
        Ok(())
    };
    ask(app, "status update", "", fields, Box::new(take));
}

fn milestone(app: &mut App) {
    let fields = vec![
        Field::new("milestone", "mitigated", "impact-started, detected, acknowledged, mitigated, resolved"),
        Field::new("at", "0m", "when it was: 02:10, 20m ago"),
    ];
    let take = |values: &[&str], app: &mut App| {
        let [name, at] = values else { return Ok(()) };
        let milestone = read::<Milestone>(name)
            .ok_or_else(|| wrong(0, "impact-started, detected, acknowledged, mitigated or resolved"))?;
        let at = moment::read(at, app.now, Towards::Past).map_err(|why| wrong(1, why))?;
        app.say(
            Body::Milestone { milestone, at, proposed: false },
            format!("{} {}", milestone.words(), units::clock(at)),
        );
        Ok(())
    };
    ask(app, "milestone", "", fields, Box::new(take));
}

fn title(app: &mut App) {
    let Some(incident) = app.incident() else { return };
    let take = |values: &[&str], app: &mut App| match values.first().map(|title| title.trim()) {
        None | Some("") => Err(wrong(0, "a few words")),
        Some(title) => {
            app.say(Body::Title { title: title.into() }, title);
            Ok(())
        }
    };
    ask(app, "title", "", vec![Field::new("title", incident.title.clone(), "a few words")], Box::new(take));
}

/// The other incident that is meant.
fn other(app: &App, text: &str) -> Result<IncidentId, String> {
    app.shown().incidents.resolve(text)
}

fn link(app: &mut App) {
    let take = |values: &[&str], app: &mut App| {
        let target = values.first().map(|target| target.trim()).unwrap_or_default();
        if target.is_empty() {
            return Err(wrong(0, "INC-7, or an address"));
        }
        let incident = other(app, target).ok();
        let link = if incident.is_some() { LinkKind::Related } else { LinkKind::Page };
        app.say(Body::Link { link, incident, target: target.into() }, format!("linked to {target}"));
        Ok(())
    };
    ask(app, "link", "", vec![Field::new("to", "", "INC-7, a ticket, the address of a document")], Box::new(take));
}

fn merge(app: &mut App) {
    let take = |values: &[&str], app: &mut App| {
        let text = values.first().map(|target| target.trim()).unwrap_or_default();
        let into = other(app, text).map_err(|why| wrong(0, why))?;
        if app.incident().is_some_and(|incident| incident.id == into) {
            return Err(wrong(0, "that is this incident"));
        }
        app.say(Body::Merged { into }, format!("goes on as {text}"));
        app.show_incident(Some(into));
        Ok(())
    };
    ask(
        app,
        "merge",
        "This incident ends; the other one goes on.",
        vec![Field::new("into", "", "INC-7")],
        Box::new(take),
    );
}

fn resolve(app: &mut App) {
    let take = |values: &[&str], app: &mut App| {
        let text = values.first().map(|text| text.trim()).unwrap_or_default();
        app.say(Body::Resolved { text: text.into() }, "resolved");
        Ok(())
    };
    ask(app, "resolve", "", vec![Field::new("how", "", "what ended it; may be empty")], Box::new(take));
}

fn reopen(app: &mut App) {
    let take = |values: &[&str], app: &mut App| match values.first().map(|text| text.trim()) {
        None | Some("") => Err(wrong(0, "why it is not over")),
        Some(reason) => {
            app.say(Body::Reopened { reason: reason.into() }, "open again");
            Ok(())
        }
    };
    ask(app, "reopen", "", vec![Field::new("why", "", "what came back")], Box::new(take));
}

fn write_out(app: &mut App) {
    let Some(incident) = app.incident() else { return };
    let incidents = &app.shown().incidents;
    let text = markdown::incident(&incident, &incidents.whole_record(), incidents.names(), app.now);
    let name = format!("{}-{{stamp}}.md", incident.name.to_lowercase()).into();
    app.ask(crate::app::effect::Effect::Write { name, content: text, what: incident.name.to_string() });
}
