//! `incident tasks`: what is to be done after incidents, of all of them.

use super::{Ended, line, print_json, session::Session, usage};
use crate::{
    cli::{
        exit,
        incident::{IncidentCommand, TaskWord},
    },
    clock,
    incident::{
        duties::{Followed, followed},
        sentence::Cites,
    },
    model::{Timestamp, units},
};
use serde_json::{Value as Json, json};
use std::cmp::Reverse;

/// `incident tasks`.
pub fn tasks(session: &Session, command: &IncidentCommand, out: &mut Vec<u8>) -> Result<u8, Ended> {
    let IncidentCommand::Tasks { incident, state, owner, kind, form } = command else {
        return Err(usage("this lists nothing"));
    };
    let now = clock::now();
    let only = incident.as_deref().map(|text| session.incident(text).map(|one| one.id)).transpose().map_err(usage)?;
    let wanted = |one: &Followed| {
        only.is_none_or(|id| one.incident == id)
            && owner.as_deref().is_none_or(|owner| one.task.owner.eq_ignore_ascii_case(owner))
            && kind.is_none_or(|kind| one.task.action == Some(kind))
            && is_in(*state, one, now)
    };
    let mut found = followed(session.incidents().all());
    let cites = Cites::of(found.iter().map(|one| one.task.id));
    found.retain(wanted);
    found.sort_by_key(|one| (Reverse(one.state(now)), one.task.due.unwrap_or(Timestamp::MAX), one.task.id));
    if form.json {
        let listed: Vec<_> = found.iter().map(|one| listed(one, now)).collect();
        print_json(out, &Json::Array(listed))?;
        return Ok(exit::OK);
    }
    for one in &found {
        let owner = if one.task.owner.is_empty() { "nobody yet" } else { one.task.owner.as_str() };
        let due = one.task.due.map_or_else(|| "no day".to_owned(), units::date_clock);
        let cite = cites.cite(one.task.id);
        let (state, kind, name) = (one.state(now), one.kind(), &one.name);
        line(out, &format!("{cite}  {state:<8} {kind:<11} {due:<21} {owner:<12} {name:<8} {}", one.task.title))?;
    }
    Ok(exit::OK)
}

fn is_in(state: TaskWord, one: &Followed, now: Timestamp) -> bool {
    match state {
        TaskWord::All => true,
        TaskWord::Open => one.task.is_open(),
        TaskWord::Overdue | TaskWord::Done | TaskWord::Dropped => one.state(now) == state.word(),
    }
}

fn listed(one: &Followed, now: Timestamp) -> Json {
    let task = &one.task;
    json!({
        "id": task.id,
        "incident": { "id": one.incident, "name": one.name, "title": one.about },
        "kind": one.kind(),
        "title": task.title,
        "owner": Some(&task.owner).filter(|owner| !owner.is_empty()),
        "due": task.due,
        "state": one.state(now),
        "opened_at": task.opened_at,
        "opened_by": task.opened_by,
        "closed_at": task.closed_at,
        "drill": one.drill,
    })
}
