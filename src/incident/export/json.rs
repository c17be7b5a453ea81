//! What `incident list --json` and `incident show --json` print. Times are RFC 3339, durations seconds; what is not known is null.

use super::redacted;
use crate::incident::{
    figures::{self, Figure},
    names::Names,
    record::Record,
    roles::RoleState,
    state::Incident,
    timeline::{Look, Row, RowId, rows},
    update::{Cadence, due},
};
use crate::model::{
    Timestamp,
    journal::{Role, Sev},
};
use serde_json::{Map, Value, json};

/// One incident in a list.
pub fn listed(incident: &Incident, cadence: &Cadence, now: Timestamp) -> Value {
    let figures = figures::of(incident);
    let figure = |figure: Figure| figures.get(&figure).and_then(|took| took.seconds());
    redacted(json!({
        "id": incident.id,
        "name": incident.name,
        "number": incident.number,
        "title": incident.title,
        "severity": incident.severity,
        "worst_severity": incident.worst_severity(),
        "phase": incident.phase,
        "open": incident.is_open(),
        "drill": incident.drill,
        "withdrawn": incident.withdrawn,
        "merged_into": incident.merged_into,
        "declared_at": incident.declared_at,
        "declared_by": incident.declared_by.name,
        "resolved_at": incident.resolved.as_ref().map(|resolved| resolved.at),
        "open_seconds": incident.open_seconds(now),
        "commander": incident.holder(Role::Commander),
        "update_due_at": due(incident, cadence).map(|due| due.at),
        "tasks_open": incident.tasks.iter().filter(|task| task.is_open()).count(),
        "tasks_overdue": incident.tasks.iter().filter(|task| task.is_overdue(now)).count(),
        "mttd_seconds": figure(Figure::Mttd),
        "mtta_seconds": figure(Figure::Mtta),
        "mttm_seconds": figure(Figure::Mttm),
        "mttr_seconds": figure(Figure::Mttr),
    }))
}

/// A list of incidents, in the order in which they come.
pub fn list<'a>(incidents: impl IntoIterator<Item = &'a Incident>, cadence: &Cadence, now: Timestamp) -> Value {
    incidents.into_iter().map(|incident| listed(incident, cadence, now)).collect()
}

/// Everything of one incident, with its timeline.
pub fn shown(incident: &Incident, record: &Record<'_>, names: &Names, cadence: &Cadence, now: Timestamp) -> Value {
    let Value::Object(mut shown) = listed(incident, cadence, now) else { return Value::Null };
    let look = Look { all: true, unfolded: true, ..Look::default() };
    let timeline: Vec<Value> = rows(incident, record, names, &look).iter().map(row).collect();
    let more = json!({
        "status": incident.status,
        "severities": incident.severities,
        "spells": incident.spells,
        "resolved": incident.resolved,
        "roles": roles(incident),
        "tasks": incident.tasks,
        "milestones": incident.milestones,
        "updates": incident.updates,
        "links": incident.links,
        "files": incident.files,
        "participants": incident.participants,
        "objects": incident.objects,
        "escalations": incident.escalations,
        "pins": incident.pins,
        "postmortem": {"state": incident.postmortem.state(), "sections": incident.postmortem.sections},
        "entries": incident.entries,
        "timeline": timeline,
    });
    if let Value::Object(more) = redacted(more) {
        shown.extend(more);
    }
    Value::Object(shown)
}

fn roles(incident: &Incident) -> Value {
    let state = |(role, state): (&Role, &RoleState)| {
        let holders: Vec<_> = state.holders.iter().map(|holder| &holder.person).collect();
        (
            role.word().to_owned(),
            json!({
                "holders": holders,
                "offered_to": state.offer.as_ref().map(|offer| &offer.to),
                "newest": state.newest,
                "history": state.history,
                "without_effect": state.without_effect,
            }),
        )
    };
    Value::Object(incident.roles.iter().map(state).collect::<Map<_, _>>())
}

fn row(row: &Row) -> Value {
    let event = match row.id {
        RowId::Event(event) => Some(event),
        RowId::Milestone(_) => None,
    };
    json!({
        "event": event,
        "at": row.at,
        "kind": row.kind,
        "text": row.text,
        "actor": (!row.actor.is_empty()).then_some(&row.actor),
        "by_program": row.by_program,
        "object": row.object,
        "late_seconds": row.late_seconds,
        "skew_seconds": row.skew_seconds,
        "edited": row.edited,
        "withdrawn": row.withdrawn,
        "pinned": row.pinned,
        "own": row.own,
        "without_effect": row.without_effect,
        "count": row.count,
    })
}

/// The figures of a time, as `incident list --json` gives them beside the list.
pub fn report(report: &figures::Report) -> Value {
    let table = |table: &figures::Table| {
        let field = |(figure, spread): (&Figure, &figures::Spread)| {
            (format!("{}_seconds", figure.word().to_lowercase()), json!(spread))
        };
        Value::Object(table.iter().map(field).collect())
    };
    let of = |(severity, figures): (&Sev, &figures::Table)| {
        let mut figures = table(figures);
        figures["incidents"] = json!(report.counts.get(severity));
        (severity.word().to_owned(), figures)
    };
    json!({
        "from": report.from,
        "to": report.to,
        "incidents": report.incidents,
        "left_out": {
            "drills": report.drills_left_out,
            "merged": report.merged_left_out,
            "withdrawn": report.withdrawn_left_out,
        },
        "all": table(&report.all),
        "by_severity": report.by_severity.iter().map(of).collect::<Map<_, _>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::{
        Incidents,
        sample::{Story, at, golden, outage},
    };
    use crate::model::journal::Body;

    #[test]
    fn the_shape_of_both() {
        let events = outage();
        let record = Record::of(&events);
        let incidents = Incidents::of(&record);
        let cadence = Cadence::default();
        let list = list(incidents.all(), &cadence, at("24 09:00"));
        golden("list.json", &(serde_json::to_string_pretty(&list).expect("writes") + "\n"));
        let mut shown = shown(&incidents.all()[0], &record, incidents.names(), &cadence, at("24 09:00"));
        assert_eq!(shown["id"], list[0]["id"]);
        let timeline = shown["timeline"].as_array_mut().expect("is a list");
        assert!(timeline.len() > 20);
        timeline.truncate(3);
        golden("show.json", &(serde_json::to_string_pretty(&shown).expect("writes") + "\n"));
    }

    #[test]
    fn what_is_not_known_is_null_and_what_is_secret_is_hidden() {
        let mut story = Story::new();
        story.declared("02:00", "password=hunter2");
        story.says("02:01", "ops-a", Body::Note { text: "token: abcdefg".into() });
        let events = story.events();
        let record = Record::of(&events);
        let incidents = Incidents::of(&record);
        let shown = shown(&incidents.all()[0], &record, incidents.names(), &Cadence::default(), at("02:10"));
        for field in ["resolved_at", "commander", "mttr_seconds", "mttd_seconds", "merged_into", "status"] {
            assert!(shown[field].is_null(), "{field}");
        }
        let text = shown.to_string();
        assert!(!text.contains("hunter2") && !text.contains("abcdefg"), "{text}");
    }

    #[test]
    fn figures_over_a_time() {
        let events = outage();
        let incidents = Incidents::of(&Record::of(&events));
        let figures = report(&figures::over(incidents.all(), at("00:00"), at("24 00:00")));
        assert_eq!(figures["incidents"], 1);
        assert_eq!(figures["by_severity"]["sev1"]["incidents"], 1);
        assert_eq!(figures["all"]["mttr_seconds"]["count"], 1);
        assert_eq!(figures["left_out"]["drills"], 1);
    }
}
