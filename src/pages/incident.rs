//! An incident: how it stands, who is who, what it is about.

use super::{Details, yaml};
use crate::{
    incident::{Incident, figures, postmortem},
    keymap::{self, Scope},
    model::{
        journal::{Milestone, ReviewState, Sev},
        object::{ObjectKind, ObjectRef},
        units,
    },
    ui::{lines::Line, scene::Scene, theme::Role},
    world::World,
};
use compact_str::format_compact;
use std::sync::Arc;

/// An incident.
pub struct IncidentPage;

fn find<'w>(world: &'w World, object: &ObjectRef) -> Option<&'w Arc<Incident>> {
    world.incidents.get(&object.id)
}

impl Details for IncidentPage {
    fn kinds(&self) -> &'static [ObjectKind] {
        &[ObjectKind::Incident]
    }
    fn name(&self, world: &World, object: &ObjectRef) -> String {
        find(world, object)
            .map_or_else(|| object.id.to_string(), |incident| format!("{} {}", incident.name, incident.title))
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        let Some(incident) = find(scene.world, object) else { return "unknown".into() };
        let sev = incident.severity.map_or(units::UNKNOWN, Sev::word);
        let drill = if incident.drill { ", a drill" } else { "" };
        format!("{sev}, {}{drill}", incident.phase.word())
    }
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>> {
        let incident = find(scene.world, object)?;
        let mut lines = vec![Line::pair("title", &incident.title), Line::pair("declared", declared(scene, incident))];
        if let Some(resolved) = &incident.resolved {
            let how = if resolved.text.is_empty() { String::new() } else { format!(": {}", resolved.text) };
            lines.push(Line::pair("resolved", format!("{} by {}{how}", units::date_clock(resolved.at), resolved.by)));
        }
        if let Some(status) = &incident.status {
            lines.push(Line::pair("status", format!("{}: {}", status.phase.word(), status.text)));
        }
        lines.extend(review(scene, incident));
        if let Some(into) = incident.merged_into {
            let object = ObjectRef::new(ObjectKind::Incident, format_compact!("{into}"));
            lines.push(Line::pair("goes on as", "").leading_to(object, "Summary", "that incident"));
        }
        lines.push(Line::empty());
        lines.extend(milestones(incident));
        lines.push(Line::empty());
        lines.extend(people(incident));
        lines.extend(tasks(scene, incident));
        for link in &incident.links {
            lines.push(Line::pair("link", &link.target));
        }
        for file in &incident.files {
            lines.push(Line::pair("file", format!("{}: {}", file.what, file.path)));
        }
        for object in &incident.objects {
            let name = super::name(scene.world, object);
            let line = Line::pair("about", format!("{} {name} ", object.kind.word()));
            lines.push(line.leading_to(object.clone(), "Summary", "open"));
        }
        Some(lines)
    }
    fn why(&self, scene: &Scene<'_>, object: &ObjectRef) -> Vec<Line> {
        let Some(incident) = find(scene.world, object) else { return Vec::new() };
        let concerned = scene.world.attention.iter();
        let concerned = concerned.filter(|row| row.members.iter().any(|member| incident.names(member)));
        let line = |row: &crate::model::attention::Attention| {
            Line::of(Scene::severity_role(row.condition.severity), format!("{} ", row.condition.cause)).leading_to(
                row.condition.object.clone(),
                "Why",
                &row.condition.name,
            )
        };
        let lines: Vec<_> = concerned.map(line).collect();
        if lines.is_empty() { vec![Line::of(Role::Dim, "nothing that it names is wrong now")] } else { lines }
    }
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String> {
        yaml::of(&**find(world, object)?)
    }
}

fn declared(scene: &Scene<'_>, incident: &Incident) -> String {
    let (at, by) = (incident.declared_at, &incident.declared_by);
    let from = by.from.as_deref().map_or_else(String::new, |from| format!(" from {from}"));
    format!("{} by {}{from}", units::moment(scene.now, at), by.name)
}

/// How far the postmortem is, and when it is due, of what is over.
fn review(scene: &Scene<'_>, incident: &Incident) -> Option<Line> {
    let review = &incident.postmortem;
    if incident.is_open() && !review.is_begun() {
        return None;
    }
    let due = postmortem::due(incident).filter(|_| review.state() < ReviewState::Reviewed);
    let late = due.is_some_and(|due| due < scene.now);
    let by = due.map_or_else(String::new, |due| format!(", due {}", units::date_clock(due)));
    let key = scene.keymap.keys_for(&[Scope::Global], "incident-postmortem");
    let key = key.map_or_else(String::new, |keys| format!("  ({})", keymap::shown(keys)));
    let state = format!("{}{by}{}", review.state().word(), if late { ": overdue" } else { "" });
    let role = if late { Role::Warn } else { Role::Text };
    Some(Line::pair("postmortem", "").and(role, state).and(Role::Dim, key))
}

fn milestones(incident: &Incident) -> Vec<Line> {
    let line = |milestone: Milestone| match incident.milestones.get(&milestone) {
        Some(moment) => {
            Line::pair(milestone.words(), units::date_clock(moment.at)).and(Role::Dim, format!("  {}", moment.why))
        }
        None => Line::pair(milestone.words(), "").and(Role::Unknown, units::UNKNOWN),
    };
    let mut lines: Vec<_> = Milestone::ALL.into_iter().map(line).collect();
    for (figure, took) in figures::of(incident) {
        if let Some(seconds) = took.seconds() {
            lines.push(Line::pair(figure.words(), units::span(seconds)));
        }
    }
    lines
}

fn people(incident: &Incident) -> Vec<Line> {
    let mut lines = Vec::new();
    for (role, state) in &incident.roles {
        let word = role.word();
        for holder in &state.holders {
            lines.push(Line::pair(word, format!("{} since {}", holder.person, units::clock(holder.since))));
        }
        if let Some(offer) = &state.offer {
            lines.push(Line::pair(word, format!("offered to {} by {}", offer.to, offer.by)));
        }
        lines.extend(state.without_effect.iter().map(|late| Line::pair(word, "").and(Role::Warn, &late.why)));
    }
    let names: Vec<_> = incident.participants.iter().map(|person| person.name.as_str()).collect();
    lines.push(Line::pair("took part", names.join(", ")));
    lines
}

fn tasks(scene: &Scene<'_>, incident: &Incident) -> Vec<Line> {
    let line = |task: &crate::incident::tasks::Task| {
        let due = task.due.map_or_else(String::new, |due| format!(", by {}", units::date_clock(due)));
        let state = if task.is_overdue(scene.now) {
            "overdue"
        } else if task.is_open() {
            "open"
        } else {
            "done"
        };
        let role = if task.is_overdue(scene.now) { Role::Warn } else { Role::Text };
        Line::pair("task", "").and(role, format!("{} ({}{due}): {state}", task.title, task.owner))
    };
    incident.tasks.iter().map(line).collect()
}
