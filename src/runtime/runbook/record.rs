//! What a step writes into the record: notes, parts of the postmortem, what somebody vouches for. The journal takes the same entry once,
//! however often it is told.

use super::{House, act::Outcome};
use crate::{
    incident::{Incidents, Record},
    model::{
        journal::{Body, Draft, IncidentId, TaskState},
        redact,
    },
    runbook::{act::RecordAct, run::Order, target::Target},
};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use std::time::Duration;

/// How long the journal may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Writes it.
pub fn write(house: &House, order: &Order, act: &RecordAct, incident: Option<IncidentId>) -> Outcome {
    let incident = match &order.target {
        Target::Incident { incident } => match named(house, incident) {
            Ok(incident) => Some(incident),
            Err(why) => return Outcome::refused(why),
        },
        _ => incident,
    };
    let body = match body(act) {
        Ok(body) => body,
        Err(why) => return Outcome::refused(why),
    };
    let mut draft = Draft::new(incident, house.now(), house.actor.clone(), body);
    draft.object = order.target.object();
    (draft.run, draft.step) = (Some(order.run.clone()), Some(order.step.as_str().into()));
    draft.key = Some(format!("run:{}", order.key).into());
    match house.journal.append_blocking(vec![draft], PATIENCE) {
        Ok(_) => Outcome::done("it is written down"),
        Err(error) => {
            Outcome { result: crate::runbook::run::ActResult::Unknown, text: error.to_string(), answer: None }
        }
    }
}

fn named(house: &House, text: &str) -> Result<IncidentId, String> {
    let entries = house.journal.incidents().wait(PATIENCE).map_err(|error| error.to_string())?;
    let events: Vec<_> = entries.into_iter().map(|entry| entry.event).collect();
    let incidents = Incidents::of(&Record::of(&events));
    incidents.resolve(text).map(|incident| incident.id).map_err(|error| error.to_string())
}

/// A word that the journal knows (`in-review`, `repair`).
fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(Json::String(text.to_owned())).map_err(|error| error.to_string())
}

fn body(act: &RecordAct) -> Result<Body, String> {
    let plain = |text: &str| redact::text(text).into_owned();
    Ok(match act {
        RecordAct::Note { text } => Body::Note { text: plain(text) },
        RecordAct::Section { section, text } => Body::Account { section: word(section)?, text: plain(text) },
        RecordAct::Action { kind, title, owner, due } => Body::Task {
            title: plain(title),
            owner: owner.as_str().into(),
            due: Some(day(due)?),
            state: TaskState::Open,
            action: Some(word(kind)?),
        },
        RecordAct::Review { state } => Body::Review { state: word(state)?, text: String::new() },
        RecordAct::HandOver { to, brief } => {
            Body::Note { text: format!("the shift is handed over to {}: {}", plain(to), plain(brief)) }
        }
        RecordAct::SignOff { what, text } => {
            Body::Note { text: format!("{} is signed off: {}", plain(what), plain(text)) }
        }
    })
}

/// The end of a day (2026-01-31), in UTC.
fn day(text: &str) -> Result<jiff::Timestamp, String> {
    let day: jiff::civil::Date = text.parse().map_err(|_| format!("«{text}» is no day: write it as 2026-01-31"))?;
    let end = day.at(23, 59, 59, 0).to_zoned(jiff::tz::TimeZone::UTC).map_err(|error| error.to_string())?;
    Ok(end.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_days_are_read() {
        assert_eq!(day("2026-01-31").expect("a day").to_string(), "2026-01-31T23:59:59Z");
        assert!(day("soon").is_err());
        let action = RecordAct::Action {
            kind: "repair".into(),
            title: "t".into(),
            owner: "ann".into(),
            due: "2026-01-31".into(),
        };
        assert!(matches!(body(&action), Ok(Body::Task { action: Some(_), .. })));
        assert!(body(&RecordAct::Review { state: "later".into() }).is_err());
    }
}
