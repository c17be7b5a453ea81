//! The incident that is shown, in a few lines: who is who, what is due next.

use super::{Pane, fields::draw_text, incidents};
use crate::{
    incident::Incident,
    model::{
        Timestamp,
        attention::Severity,
        journal::{Role as Part, Sev},
        object::{ObjectKind, ObjectRef},
        slo::percent,
        source::SourceState,
        topic::{Topic, TopicSet},
        units,
    },
    ui::{lines::Line, scene::Scene, theme::Role},
};
use compact_str::format_compact;
use ratatui::{buffer::Buffer, layout::Rect};

/// Error budgets that are told.
const MOST_BUDGETS: usize = 3;

/// The pane.
pub struct IncidentNowPane;

impl Pane for IncidentNowPane {
    fn name(&self) -> &'static str {
        "incident-now"
    }
    fn title(&self) -> &'static str {
        "Incident"
    }
    fn about(&self) -> &'static str {
        "The incident that is shown: how bad, since when, who commands, when the next status update is due, what is to be done, who else looks at it. i writes a note, a in the incident panes lists what can be done."
    }
    fn topics(&self) -> TopicSet {
        Topic::Journal.into()
    }
    fn lines(&self, scene: &Scene<'_>) -> usize {
        text(scene).len()
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        draw_text(scene, self.name(), &text(scene), area, buffer);
    }
}

fn text(scene: &Scene<'_>) -> Vec<Line> {
    let incidents = &scene.world.incidents;
    let mut lines = match incidents.shown() {
        None if incidents.is_known() => none_open(scene),
        None => vec![Line::of(Role::Unknown, super::unknown(scene.world, Topic::Journal))],
        Some(incident) => of_incident(scene, incident),
    };
    if let Some(trouble) = incidents.trouble() {
        lines.push(Line::of(Role::Warn, trouble));
    }
    if let Some(shared) = &incidents.state().shared {
        let role = if shared.state == SourceState::Ok { Role::Dim } else { Role::Warn };
        let reason = shared.reason.as_deref().map_or_else(String::new, |why| format!(": {why}"));
        let unsent = if shared.unsent > 0 { format!(", {} unsent", shared.unsent) } else { String::new() };
        lines.push(Line::of(role, format!("shared journal {}{unsent}{reason}", shared.state.word())));
    }
    for attached in incidents.attached() {
        let from = attached.from.as_deref().map_or_else(String::new, |from| format!(" from {from}"));
        let since = units::age(scene.now, attached.since);
        lines.push(Line::of(Role::Dim, format!("{}@{}{from} looks on since {since}", attached.person, attached.host)));
    }
    lines
}

/// That none is open; and the last, of which somebody may still want to see something.
fn none_open(scene: &Scene<'_>) -> Vec<Line> {
    let mut lines = vec![Line::of(Role::Dim, "no incident is open; I declares one")];
    let over = scene.world.incidents.all().iter().filter(|incident| incident.resolved.is_some());
    if let Some(last) = over.max_by_key(|incident| incident.resolved.as_ref().map(|resolved| resolved.at)) {
        lines.push(Line::of(Role::Dim, format!("{} {}: {}", last.name, since(last, scene.now), last.title)));
        lines.push(Line::of(Role::Dim, "Enter on its row shows it"));
    }
    lines
}

fn of_incident(scene: &Scene<'_>, incident: &Incident) -> Vec<Line> {
    let role = incidents::severity(incident).map_or(Role::Dim, Scene::severity_role);
    let sev = incident.severity.map_or(units::UNKNOWN, Sev::word);
    let drill = if incident.drill { " DRILL" } else { "" };
    let object = ObjectRef::new(ObjectKind::Incident, format_compact!("{}", incident.id));
    let mut lines = vec![
        Line::of(role, format!("{} {sev}{drill}", incident.name))
            .and(Role::Text, format!(" {} ", incident.title))
            .leading_to(object, "Summary", "page"),
        Line::of(Role::Text, how_far(incident, scene.now)),
        roles(incident),
    ];
    if let Some(due) = scene.world.incidents.due() {
        let role = if due.seconds_left(scene.now) < 0.0 { Role::Warn } else { Role::Text };
        lines.push(Line::of(role, due.words(scene.now)));
    }
    lines.extend(spent(scene, incident));
    lines.extend(on_call(scene));
    let open: Vec<_> = incident.tasks.iter().filter(|task| task.is_open()).collect();
    for task in &open {
        let due = task.due.map_or_else(String::new, |due| format!(" by {}", units::day_or_minute(scene.now, due)));
        let role = if task.is_overdue(scene.now) { Role::Warn } else { Role::Text };
        lines.push(Line::of(role, format!("□ {} ({}{due})", task.title, task.owner)));
    }
    lines
}

/// Its phase, and since when; that it is resolved says itself.
fn how_far(incident: &Incident, now: Timestamp) -> String {
    let since = since(incident, now);
    if incident.resolved.is_some() { since } else { format!("{} · {since}", incident.phase.word()) }
}

fn since(incident: &Incident, now: Timestamp) -> String {
    match &incident.resolved {
        Some(resolved) => format!("resolved {} ago by {}", units::age(now, resolved.at), resolved.by),
        None => format!("declared {} ago by {}", units::age(now, incident.declared_at), incident.declared_by.name),
    }
}

fn roles(incident: &Incident) -> Line {
    let words =
        [(Part::Commander, "IC"), (Part::Deputy, "deputy"), (Part::Scribe, "scribe"), (Part::Communications, "comms")];
    let named = |(part, word): (Part, &str)| match incident.holder(part) {
        Some(person) => Some(format!("{word} {person}")),
        None if matches!(part, Part::Commander | Part::Communications) => Some(format!("{word} free")),
        None => None,
    };
    let text = words.into_iter().filter_map(named).collect::<Vec<_>>().join(" · ");
    let role = if incident.is_open() && incident.holder(Part::Commander).is_none() { Role::Warn } else { Role::Text };
    Line::of(role, text)
}

/// What it has spent of error budgets, the most first, while it goes on.
fn spent(scene: &Scene<'_>, incident: &Incident) -> Vec<Line> {
    let objectives = scene.world.observed.watch.objectives();
    let of_it = objectives.filter_map(|slo| {
        let spent = slo.incident.as_ref().filter(|spent| incident.is_running() && spent.since == incident.began())?;
        Some((spent.share.filter(|share| *share > 0.0)?, slo))
    });
    let mut all: Vec<_> = of_it.collect();
    all.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let words = all.into_iter().take(MOST_BUDGETS).map(|(share, slo)| {
        let role = if share >= 0.1 { Role::Warn } else { Role::Text };
        let text = format!("{} of the error budget of {} spent since", percent(share), slo.title);
        Line::of(role, format!("{text} {}", units::clock_minutes(incident.began())))
    });
    words.collect()
}

/// Who is on call, by the rotas.
fn on_call(scene: &Scene<'_>) -> Option<Line> {
    let rotas = scene.world.incidents.manners().on_call.rotas.iter();
    let words: Vec<_> =
        rotas.map(|rota| format!("{} {}", rota.name, rota.who(scene.now).person().unwrap_or("nobody"))).collect();
    (!words.is_empty()).then(|| Line::of(Role::Text, format!("on call: {}", words.join(" · "))))
}

/// The same in one line, for the strip above the panes.
pub(crate) fn strip(scene: &Scene<'_>) -> Option<(Severity, String)> {
    let incident = scene.world.incidents.running()?;
    let sev = incident.severity.map_or(units::UNKNOWN, Sev::word);
    let drill = if incident.drill { " DRILL" } else { "" };
    let mut words =
        vec![format!("{} {sev}{drill} {}", incident.name, incident.title), units::age(scene.now, incident.declared_at)];
    let others = scene.world.incidents.all().iter().filter(|other| other.is_running()).count().saturating_sub(1);
    if others > 0 {
        words.insert(1, format!("+{others} more"));
    }
    if let Some(due) = scene.world.incidents.due() {
        let left = due.seconds_left(scene.now);
        words.push(if left < 0.0 { "update overdue".into() } else { format!("update in {}", units::span(left)) });
    }
    words.push(format!("IC {}", incident.holder(Part::Commander).unwrap_or("free")));
    Some((incidents::severity(incident)?, words.join(" · ")))
}
