//! Incidents, the newest first.

use super::{
    fields::{self, fields},
    host_list::HostList,
};
use crate::{
    incident::{Incident, postmortem},
    model::{
        attention::Severity,
        journal::{KnownBy, Milestone, Role, Sev},
        object::{ObjectKind, ObjectRef},
        topic::Topic,
        units,
    },
    view::table::{Column, Table, Value},
    world::World,
};
use compact_str::{CompactString, format_compact};
use std::borrow::Cow;

fields! { Incident;
    "severity" "" Text 1 [] "open, and how bad" => |i, _| fields::severity(severity(i)),
    "name" "NAME" Text 8 [] "its number; two that were declared while their journals could not hear each other have a letter" => |i, _| Value::text(&i.name),
    "sev" "SEV" Text 4 [] "sev1, the worst, to sev4" => |i, _| i.severity.map_or(Value::Unknown, |sev| Value::text(sev.word())),
    "title" "TITLE" Text 30 [grow] "what is wrong" => |i, _| Value::text(&i.title),
    "phase" "PHASE" Text 13 [] "how far the work is" => |i, _| Value::text(i.phase.word()),
    "commander" "COMMANDER" Text 12 [] "who commands" => |i, _| holder(i, Role::Commander),
    "declared" "AGE" Time 6 [] "since it was declared" => |i, _| Value::Time(i.declared_at),
    "tasks" "TASKS" Count 5 [] "open tasks" => |i, _| Value::Number(i.tasks.iter().filter(|task| task.is_open()).count() as f64),
    "drill" "DRILL" Text 5 [hide] "practice; left out of the figures" => |i, _| if i.drill { Value::text("drill") } else { Value::None },
    "detect" "DETECT" Seconds 7 [hide] "from the start of impact until it was detected" => |i, _| between(i, Milestone::ImpactStarted, Milestone::Detected),
    "mitigate" "MITIGATE" Seconds 8 [hide] "from the start of impact until it was mitigated" => |i, _| between(i, Milestone::ImpactStarted, Milestone::Mitigated),
    "resolve" "RESOLVE" Seconds 8 [hide] "from the start of impact until it was resolved" => |i, _| between(i, Milestone::ImpactStarted, Milestone::Resolved),
    "postmortem" "POSTMORTEM" Text 10 [hide] "of what is over: draft, in-review, reviewed, closed" => |i, _| if i.is_open() { Value::None } else { Value::text(i.postmortem.state().word()) },
    "post-due" "POST DUE" Text 10 [hide] "the day by which the postmortem is to be reviewed" => |i, _| postmortem::due(i).map_or(Value::None, |due| Value::Text(Cow::Owned(units::day(due)))),
    "objects" "OBJECTS" Text 30 [hide] "what it is about" => |i, _| Value::Text(Cow::Owned(i.objects.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))),
}

/// How bad an open incident is; one that is over is not bad any more.
pub(crate) fn severity(incident: &Incident) -> Option<Severity> {
    let severity = match incident.severity {
        Some(Sev::Sev1) => Severity::Critical,
        Some(Sev::Sev2) => Severity::Error,
        Some(Sev::Sev3) => Severity::Warn,
        Some(Sev::Sev4) => Severity::Info,
        None => Severity::Unknown,
    };
    incident.is_open().then_some(severity)
}

fn holder(incident: &Incident, role: Role) -> Value<'_> {
    match incident.roles.get(&role).and_then(|state| state.holder()) {
        Some(person) => Value::text(person),
        None if incident.is_open() => Value::text("nobody"),
        None => Value::None,
    }
}

fn between(incident: &Incident, from: Milestone, to: Milestone) -> Value<'static> {
    let at = |milestone| incident.milestones.get(&milestone).map(|moment| moment.at);
    match (at(from), at(to)) {
        (Some(from), Some(to)) => Value::Number(to.duration_since(from).as_secs_f64()),
        _ => Value::None,
    }
}

fn row(world: &World, at: usize) -> &Incident {
    &world.incidents.all()[at]
}

struct IncidentsTable;

impl Table for IncidentsTable {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (fields::index(COLUMNS, "declared"), false)
    }
    fn len(&self, world: &World) -> usize {
        world.incidents.all().len()
    }
    fn key(&self, world: &World, at: usize) -> CompactString {
        format_compact!("{}", row(world, at).id)
    }
    fn object(&self, world: &World, at: usize) -> Option<ObjectRef> {
        Some(ObjectRef::new(ObjectKind::Incident, self.key(world, at)))
    }
    fn value<'w>(&self, world: &'w World, at: usize, column: usize) -> Value<'w> {
        READ[column](row(world, at), world)
    }
    fn severity(&self, world: &World, at: usize) -> Option<Severity> {
        severity(row(world, at))
    }
    fn first_to_go(&self) -> &'static [usize] {
        &[7, 5, 4]
    }
}

/// How many are open, and what is wrong with the journal.
fn words(world: &World) -> String {
    let open = world.incidents.all().iter().filter(|incident| incident.is_open()).count();
    let mut words = if open > 0 { vec![format!("{open} open")] } else { Vec::new() };
    words.extend(world.incidents.trouble());
    words.join(", ")
}

/// The list of incidents.
pub static PANE: HostList = HostList {
    name: "incidents",
    title: "Incidents",
    about: "Every incident in the journal. I declares one, with title, severity and start proposed from what is wrong now. Enter opens one; a lists what can be done in the one that is shown: roles, tasks, milestones, status updates, merge, resolve, export, actions; V opens its postmortem. The timeline beside it shows the chosen one, or the newest that is open.",
    topics: &[Topic::Journal],
    table: &IncidentsTable,
    is_known: |world| world.incidents.is_known(),
    none: "no incident has been declared; I declares one",
    words,
    dear: &[],
};

/// How it is known who somebody is.
pub(crate) const fn known_word(known: KnownBy) -> &'static str {
    match known {
        KnownBy::Stated => "by their own word",
        KnownBy::Login => "by the login",
        KnownBy::Ssh => "by the login over SSH",
        KnownBy::Program => "seen by the cockpit itself",
    }
}
