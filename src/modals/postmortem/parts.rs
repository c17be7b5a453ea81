//! The parts of a postmortem, and what each says: those that the record fills in cite their events.

use crate::{
    app::App,
    incident::{
        Incident, figures,
        postmortem::{Cited, Postmortem, guidance, lacks_for, next},
        timeline::{Row, RowId},
    },
    model::{
        Timestamp,
        journal::{Milestone, ReviewState, Role as Of, Section},
        text, units,
    },
    ui::{lines::Line, scene::Scene, theme::Role},
};

/// A part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// How far it is, and what is missing.
    State,
    /// What people write.
    Written(Section),
    Times,
    Severity,
    People,
    Timeline,
    Alerts,
    Deploys,
    Operations,
    Actions,
}

/// Every part: first how it stands, then what people write, then what the record fills in.
pub const PARTS: [Part; 15] = [
    Part::State,
    Part::Written(Section::Summary),
    Part::Written(Section::Impact),
    Part::Written(Section::ContributingFactors),
    Part::Written(Section::WentWell),
    Part::Written(Section::WentBadly),
    Part::Written(Section::Luck),
    Part::Actions,
    Part::Times,
    Part::Severity,
    Part::People,
    Part::Timeline,
    Part::Alerts,
    Part::Deploys,
    Part::Operations,
];

impl Part {
    /// Its name.
    pub const fn title(self) -> &'static str {
        match self {
            Self::State => "State",
            Self::Written(section) => section.title(),
            Self::Times => "Times and figures",
            Self::Severity => "Severity",
            Self::People => "Who was what",
            Self::Timeline => "Timeline",
            Self::Alerts => "Alerts",
            Self::Deploys => "What was rolled out",
            Self::Operations => "Operations and runs",
            Self::Actions => "Actions",
        }
    }

    /// What stands before its name: whether it is written, whether something about it is to be looked at, how much of it there is.
    pub fn sign(self, app: &App, scene: &Scene<'_>, postmortem: &Postmortem<'_>) -> (Role, String) {
        let glyphs = scene.glyphs;
        let count = |count: usize| (Role::Dim, count.to_string());
        let incident = &*postmortem.incident;
        match self {
            Self::State if postmortem.is_overdue() => (Role::Warn, glyphs.warn.to_string()),
            Self::State if incident.postmortem.state() >= ReviewState::Reviewed => (Role::Ok, glyphs.ok.to_string()),
            Self::State => (Role::Dim, glyphs.waiting.to_string()),
            Self::Written(section) => {
                if app.unsaved(incident, section).is_some_and(|unsaved| !unsaved.sent) {
                    (Role::Warn, "+".into())
                } else if postmortem.remarks.iter().any(|(of, _)| *of == section) {
                    (Role::Warn, glyphs.warn.to_string())
                } else if !text_of(app, incident, section).trim().is_empty() {
                    (Role::Ok, glyphs.ok.to_string())
                } else {
                    (Role::Dim, glyphs.off.to_string())
                }
            }
            Self::Times => count(incident.milestones.len()),
            Self::Severity => count(postmortem.severities.len()),
            Self::People => count(incident.roles.values().map(|state| state.history.len()).sum()),
            Self::Timeline => count(postmortem.timeline.len()),
            Self::Alerts => count(postmortem.alerts.len()),
            Self::Deploys => count(postmortem.deploys.len()),
            Self::Operations => count(postmortem.operations.len()),
            Self::Actions => count(incident.tasks.iter().filter(|task| task.action.is_some()).count()),
        }
    }

    /// What it says.
    pub fn lines(self, app: &App, scene: &Scene<'_>, postmortem: &Postmortem<'_>) -> Vec<Line> {
        match self {
            Self::State => state(app, scene, postmortem),
            Self::Written(section) => written(app, scene, postmortem, section),
            Self::Times => times(postmortem),
            Self::Severity => severities(postmortem),
            Self::People => people(&postmortem.incident),
            Self::Timeline => timeline(scene, postmortem),
            Self::Alerts => cited(postmortem, &postmortem.alerts, "no alert fired"),
            Self::Deploys => {
                let none = "nothing that is known was rolled out in the 24 hours before or while it lasted";
                cited(postmortem, &postmortem.deploys, none)
            }
            Self::Operations => cited(postmortem, &postmortem.operations, "nothing was done through flightdeck"),
            Self::Actions => actions(scene, &postmortem.incident),
        }
    }
}

/// What stands in a section: what was just sent into the journal, or what the record has.
fn text_of<'a>(app: &'a App, incident: &'a Incident, section: Section) -> &'a str {
    let sent = app.unsaved(incident, section).filter(|unsaved| unsaved.sent).map(|unsaved| unsaved.text.as_str());
    let stands = incident.postmortem.sections.get(&section).map(|written| written.text.as_str());
    sent.or(stands).unwrap_or_default()
}

/// When it is due, in words; of what is not due, why.
pub fn due(postmortem: &Postmortem<'_>) -> (Role, String) {
    let now = postmortem.now;
    match postmortem.due {
        _ if postmortem.incident.postmortem.state() >= ReviewState::Reviewed => (Role::Dim, "it was reviewed".into()),
        Some(due) if due < now => {
            (Role::Warn, format!("overdue by {}: it was due {}", units::age(now, due), units::date_clock(due)))
        }
        Some(due) => (Role::Text, format!("due {}, in {}", units::date_clock(due), units::age(due, now))),
        None if postmortem.incident.is_running() => (Role::Dim, "due once it is resolved".into()),
        None => (Role::Dim, "no day is set: sev1 has 3 days, sev2 has 5 working days".into()),
    }
}

fn state(app: &App, scene: &Scene<'_>, postmortem: &Postmortem<'_>) -> Vec<Line> {
    let incident = &*postmortem.incident;
    let state = incident.postmortem.state();
    let (role, due) = due(postmortem);
    let all = ReviewState::ALL.map(|one| if one == state { format!("[{}]", one.word()) } else { one.word().into() });
    let way = if scene.glyphs.ascii { " > " } else { " → " };
    let mut lines = vec![Line::of(Role::Text, all.join(way)), Line::of(role, due), Line::empty()];
    for step in &incident.postmortem.steps {
        let text = if step.text.is_empty() { String::new() } else { format!(": {}", step.text) };
        let by = format!("{} by {}{text} ", units::date_clock(step.at), step.by);
        lines.push(Line::pair(step.to.word(), by).and(Role::Dim, postmortem.cite(step.event)));
    }
    let Some(to) = next(state) else { return lines };
    let lacks = lacks_for(incident, to);
    lines.push(match lacks.is_empty() {
        true => Line::of(Role::Ok, format!("nothing is missing before it is {}: n takes it there", to.word())),
        false => Line::heading(&format!("What is missing before it is {}", to.word())),
    });
    let sign = scene.glyphs.waiting;
    lines.extend(lacks.iter().map(|lack| Line::of(Role::Warn, format!("{sign} {lack}"))));
    let later = postmortem.lacks.iter().filter(|lack| !lacks.contains(lack));
    lines.extend(later.map(|lack| Line::of(Role::Dim, format!("{sign} later: {lack}"))));
    let unsaved = PARTS.iter().filter_map(|part| match part {
        Part::Written(section) => app.unsaved(incident, *section).filter(|unsaved| !unsaved.sent).map(|_| *section),
        _ => None,
    });
    lines.extend(unsaved.map(|section| Line::of(Role::Warn, format!("{sign} {} is not saved", section.title()))));
    if !postmortem.remarks.is_empty() {
        lines.push(Line::empty());
        lines.push(Line::heading("Wording to look at (a hint, no hindrance)"));
    }
    for (section, remark) in &postmortem.remarks {
        let place = format!("{}, line {}: ", section.title(), remark.line);
        lines.push(
            Line::of(Role::Dim, place).and(Role::Warn, format!("«{}» ", remark.found)).and(Role::Text, remark.why),
        );
    }
    lines
}

fn written(app: &App, scene: &Scene<'_>, postmortem: &Postmortem<'_>, section: Section) -> Vec<Line> {
    let incident = &*postmortem.incident;
    let mut lines = vec![Line::of(Role::Dim, guidance(section)), Line::empty()];
    let unsaved = app.unsaved(incident, section);
    if unsaved.is_some_and(|unsaved| !unsaved.sent) {
        lines.push(Line::of(Role::Warn, "not saved yet: Enter goes on with it"));
        lines.push(Line::empty());
    }
    let text = text_of(app, incident, section);
    if text.trim().is_empty() {
        lines.push(Line::of(Role::Dim, "nothing is written yet: Enter begins"));
        return lines;
    }
    lines.extend(text.lines().map(|line| Line::of(Role::Text, line)));
    lines.push(Line::empty());
    if unsaved.is_some_and(|unsaved| unsaved.sent) {
        lines.push(Line::of(Role::Dim, "on its way into the journal"));
    } else if let Some(of) = incident.postmortem.sections.get(&section) {
        let often = if of.versions > 1 { format!(", version {}", of.versions) } else { String::new() };
        let by = format!("written by {} at {}{often} ", of.by, units::date_clock(of.at));
        lines.push(Line::of(Role::Dim, by).and(Role::Dim, postmortem.cite(of.event)));
    }
    for (_, remark) in postmortem.remarks.iter().filter(|(of, _)| *of == section) {
        lines.extend(remark_lines(scene, remark));
    }
    lines
}

/// What is said of words that blame.
pub fn remark_lines(scene: &Scene<'_>, remark: &crate::incident::postmortem::wording::Remark) -> [Line; 2] {
    let found = format!("{} line {}: «{}» ", scene.glyphs.warn, remark.line, remark.found);
    [
        Line::of(Role::Warn, found).and(Role::Text, remark.why),
        Line::of(Role::Dim, format!("  better: {}", remark.instead)),
    ]
}

fn times(postmortem: &Postmortem<'_>) -> Vec<Line> {
    let incident = &*postmortem.incident;
    let line = |milestone: Milestone| match incident.milestones.get(&milestone) {
        Some(moment) => {
            let cite = postmortem.cite(moment.event);
            let line = Line::pair(milestone.words(), units::date_clock(moment.at));
            line.and(Role::Dim, format!("  {} {cite}", moment.why))
        }
        None => Line::maybe(milestone.words(), None::<Timestamp>, units::date_clock),
    };
    let mut lines: Vec<_> = Milestone::ALL.into_iter().map(line).collect();
    lines.push(Line::empty());
    let took = figures::of(incident).into_iter();
    lines.extend(took.map(|(figure, took)| Line::maybe(figure.words(), took.seconds(), units::span)));
    lines.push(Line::empty());
    let measured = &postmortem.measured;
    lines.push(Line::maybe("error budget spent", measured.error_budget_spent_ratio, units::percent));
    lines.push(Line::maybe("RTO reached", measured.recovery_time_seconds, units::span));
    lines.push(Line::maybe("RPO reached", measured.recovery_point.as_deref(), |lost| text::clean(lost).into_owned()));
    lines
}

fn severities(postmortem: &Postmortem<'_>) -> Vec<Line> {
    let line = |one: &crate::incident::postmortem::SeverityInterval| {
        let until = one.to.map_or_else(|| "now".to_owned(), units::date_clock);
        let text = format!("{} to {until} ", units::date_clock(one.from));
        Line::pair(one.severity.word(), text).and(Role::Dim, postmortem.cite(one.event))
    };
    postmortem.severities.iter().map(line).collect()
}

fn people(incident: &Incident) -> Vec<Line> {
    let mut lines = Vec::new();
    for role in Of::ALL {
        for held in incident.roles.get(&role).map_or(&[][..], |state| &state.history) {
            let until = held.until.map_or_else(|| "the end".to_owned(), units::date_clock);
            let text = format!("{} from {} to {until}", held.person, units::date_clock(held.since));
            lines.push(Line::pair(role.word(), text));
        }
    }
    let names: Vec<_> = incident.participants.iter().map(|person| person.name.as_str()).collect();
    lines.push(Line::pair("took part", names.join(", ")));
    lines
}

fn timeline(scene: &Scene<'_>, postmortem: &Postmortem<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    if scene.world.incidents.has_earlier() {
        lines.push(Line::of(Role::Warn, "the journal has older events that are not here yet: o reads them"));
    }
    let mut day = String::new();
    for row in &postmortem.timeline {
        let date = units::day(row.at);
        if date != day {
            lines.push(Line::heading(&format!("{date} UTC")));
            day = date;
        }
        lines.push(told(postmortem, row));
    }
    lines
}

fn told(postmortem: &Postmortem<'_>, row: &Row) -> Line {
    let role = if matches!(row.id, RowId::Milestone(_)) { Role::Title } else { Role::Text };
    let role = if row.withdrawn.is_some() { Role::Dim } else { role };
    let line = Line::of(Role::Dim, format!("{} ", units::clock(row.at))).and(role, format!("{} ", row.text));
    line.and(Role::Dim, postmortem.cite(row.members[0]))
}

fn cited(postmortem: &Postmortem<'_>, found: &[Cited], none: &str) -> Vec<Line> {
    if found.is_empty() {
        return vec![Line::of(Role::Dim, none)];
    }
    let line = |one: &Cited| {
        let line = Line::of(Role::Dim, format!("{} ", units::date_clock(one.at)));
        line.and(Role::Text, format!("{} ", one.text)).and(Role::Dim, postmortem.cite(one.event))
    };
    found.iter().map(line).collect()
}

fn actions(scene: &Scene<'_>, incident: &Incident) -> Vec<Line> {
    let line = |task: &crate::incident::tasks::Task| {
        let late = task.is_overdue(scene.now);
        let state = if late { "overdue" } else { task.state.word() };
        let owner = if task.owner.is_empty() { "nobody yet" } else { task.owner.as_str() };
        let due = task.due.map_or_else(|| "no day".to_owned(), |due| due.strftime("%Y-%m-%d %H:%MZ").to_string());
        let role = if late || !task.lacks().is_empty() { Role::Warn } else { Role::Text };
        let kind = task.action.map_or("task", |action| action.word());
        Line::of(Role::Dim, format!("{kind:<12} "))
            .and(Role::Text, &task.title)
            .and(role, format!(" ({owner}, {due}) {state}"))
    };
    let (actions, tasks): (Vec<_>, Vec<_>) = incident.tasks.iter().partition(|task| task.action.is_some());
    let mut lines: Vec<_> = actions.into_iter().map(line).collect();
    if lines.is_empty() {
        let ask =
            "What is to change, each to investigate, mitigate, repair, detect or prevent, with one owner and a date.";
        lines.push(Line::of(Role::Dim, ask));
        lines.push(Line::of(Role::Dim, "there is no action yet: t adds one"));
    }
    if !tasks.is_empty() {
        lines.push(Line::empty());
        lines.push(Line::heading("Tasks of the incident itself"));
        lines.extend(tasks.into_iter().map(line));
    }
    lines
}
