//! What is written into the journal: from the command to the event, without touching anything.

use super::{sense, session::Session};
use crate::{
    cli::incident::{IncidentCommand, RoleWord, When},
    incident::{Incident, handover, sentence::is_meant},
    model::{
        Timestamp,
        journal::{Actor, Body, Draft, EventId, IncidentId, LinkKind, Milestone, Phase, RoleChange, TaskState},
        moment::{self, Towards},
        object::{ObjectKind, ObjectRef},
        units,
    },
};

/// The events that a command writes. The first is the one that is told.
///
/// # Errors
/// What is wrong with what was said, and what to write.
pub fn drafts(
    command: &IncidentCommand,
    session: &Session,
    actor: &Actor,
    now: Timestamp,
) -> Result<Vec<Draft>, String> {
    let desk = Desk { session, actor, now };
    let drafts = desk.drafts(command)?;
    drafts.iter().try_for_each(|draft| sense::check(draft, session, now))?;
    Ok(drafts)
}

impl Desk<'_> {
    fn drafts(&self, command: &IncidentCommand) -> Result<Vec<Draft>, String> {
        let (desk, session, actor, now) = (self, self.session, self.actor, self.now);
        match command {
            IncidentCommand::Declare { title, severity, drill, started, .. } => {
                let number = session.incidents().next_number();
                let title = title.trim();
                if title.is_empty() {
                    return Err("a title is a few words on what is wrong: --title \"checkout is down\"".into());
                }
                let body = Body::Declared { title: title.into(), severity: *severity, number, drill: *drill };
                desk.declaration(body, started.as_deref())
            }
            IncidentCommand::Note { incident, text, when, supersedes } => {
                let mut draft = desk.say(incident, Body::Note { text: text.clone() })?;
                desk.set(&mut draft, when)?;
                draft.supersedes = supersedes.as_deref().map(|id| session.event(id)).transpose()?;
                Ok(vec![draft])
            }
            IncidentCommand::Deploy { text, object, from, to, when } => {
                let body = Body::Deploy { text: text.clone(), from: from.clone(), to: to.clone(), revision: None };
                let mut draft = Draft::new(None, now, actor.clone(), body);
                draft.object = object.as_deref().map(read_object).transpose()?;
                desk.set(&mut draft, when)?;
                Ok(vec![draft])
            }
            IncidentCommand::Set { incident, title, severity, reason } => {
                let title = title.clone().map(|title| Body::Title { title });
                let severity = severity.map(|severity| Body::Severity { severity, reason: reason.clone() });
                title.into_iter().chain(severity).map(|body| desk.say(incident, body)).collect()
            }
            other => desk.one(other).map(|draft| vec![draft]),
        }
    }
}

/// Shortest part of an identity that names a task.
const SHORTEST_TASK: usize = 4;

/// What every draft needs.
struct Desk<'a> {
    session: &'a Session,
    actor: &'a Actor,
    now: Timestamp,
}

impl Desk<'_> {
    fn say(&self, incident: &str, body: Body) -> Result<Draft, String> {
        let id = self.session.incident(incident)?.id;
        Ok(Draft::new(Some(id), self.now, self.actor.clone(), body))
    }

    fn set(&self, draft: &mut Draft, when: &When) -> Result<(), String> {
        if let Some(at) = &when.at {
            draft.occurred_at = moment::read(at, self.now, Towards::Past)?;
        }
        draft.key = when.key.as_deref().map(Into::into);
        Ok(())
    }

    fn declaration(&self, body: Body, started: Option<&str>) -> Result<Vec<Draft>, String> {
        let mut declared = Draft::new(None, self.now, self.actor.clone(), body);
        let Some(started) = started else { return Ok(vec![declared]) };
        let at = moment::read(started, self.now, Towards::Past)?;
        let id = EventId::new(self.now);
        declared.id = Some(id);
        let milestone = Body::Milestone { milestone: Milestone::ImpactStarted, at, proposed: false };
        let began = Draft::new(Some(IncidentId(id.0)), self.now, self.actor.clone(), milestone);
        Ok(vec![declared, began])
    }

    /// Commands that write one event about an incident.
    fn one(&self, command: &IncidentCommand) -> Result<Draft, String> {
        let (incident, body) = match command {
            IncidentCommand::Status { phase: Phase::Resolved, .. } => {
                return Err("incident resolve says that it is over".into());
            }
            IncidentCommand::Status { incident, phase, text } => {
                (incident, Body::Status { phase: *phase, text: text.clone() })
            }
            IncidentCommand::Milestone { incident, milestone, time } => {
                let at = moment::read(time, self.now, Towards::Past)?;
                (incident, Body::Milestone { milestone: *milestone, at, proposed: false })
            }
            IncidentCommand::Update { incident, text: Some(text), audience } => {
                (incident, Body::Update { audience: audience.as_str().into(), text: text.clone() })
            }
            IncidentCommand::Merge { incident, into } => {
                (incident, Body::Merged { into: self.session.incident(into)?.id })
            }
            IncidentCommand::Resolve { incident, text } => (incident, Body::Resolved { text: text.clone() }),
            IncidentCommand::Reopen { incident, reason } => (incident, Body::Reopened { reason: reason.clone() }),
            IncidentCommand::Pin { incident, event, remove } => {
                (incident, Body::Pin { event: self.session.event(event)?, pinned: !remove })
            }
            IncidentCommand::Link { incident, target, kind } => (incident, self.link(target, *kind)),
            IncidentCommand::Withdraw { incident, event, reason } => {
                let mut draft = self.say(incident, Body::Withdrawn { reason: reason.clone() })?;
                draft.supersedes = Some(self.session.event(event)?);
                return Ok(draft);
            }
            IncidentCommand::Role { .. } => return self.role(command),
            IncidentCommand::Task { .. } => return self.task(command),
            _ => return Err("this writes nothing".into()),
        };
        self.say(incident, body)
    }

    fn link(&self, target: &str, kind: Option<LinkKind>) -> Body {
        let incident = self.session.incident(target).ok().map(|incident| incident.id);
        let usual = if incident.is_some() { LinkKind::Related } else { LinkKind::Page };
        Body::Link { link: kind.unwrap_or(usual), incident, target: target.into() }
    }

    fn role(&self, command: &IncidentCommand) -> Result<Draft, String> {
        let IncidentCommand::Role { incident, change, role, person, brief } = command else {
            return Err("this is no role".into());
        };
        let found = self.session.incident(incident)?;
        let change = match change {
            RoleWord::Claim => RoleChange::Claimed,
            RoleWord::Release => RoleChange::Released,
            RoleWord::Offer => RoleChange::Offered,
            RoleWord::Accept => RoleChange::Accepted,
        };
        if change == RoleChange::Offered && person.is_none() {
            return Err("to whom? --person NAME".into());
        }
        let brief = match (brief, change) {
            (Some(brief), _) => brief.clone(),
            (None, RoleChange::Offered) => self.brief(found),
            _ => String::new(),
        };
        let person = person.as_deref().unwrap_or(&self.actor.name).into();
        let after = found.roles.get(role).and_then(|state| state.newest);
        self.say(incident, Body::Role { role: *role, change, person, after, brief })
    }

    fn brief(&self, incident: &Incident) -> String {
        let names = self.session.incidents().names();
        handover::brief(incident, &self.session.record(), names, &self.session.cadence, self.now).text()
    }

    fn task(&self, command: &IncidentCommand) -> Result<Draft, String> {
        let IncidentCommand::Task { incident, task, owner, due, kind, done, dropped } = command else {
            return Err("this is no task".into());
        };
        let found = self.session.incident(incident)?;
        let due = due.as_deref().map(|due| moment::read(due, self.now, Towards::Future)).transpose()?;
        let named = found.tasks.iter().filter(|known| is_meant(known.id, task));
        let known: Vec<_> = named.filter(|_| task.len() >= SHORTEST_TASK).collect();
        let state = match (done, dropped) {
            (true, _) => TaskState::Done,
            (_, true) => TaskState::Dropped,
            _ => TaskState::Open,
        };
        match known.as_slice() {
            [] if state != TaskState::Open => {
                Err(format!("{} has no task «{task}»: incident tasks --incident {} lists them", found.name, found.name))
            }
            [] if is_identity(task) => Err(format!(
                "{} has no task «{task}»: incident tasks lists them; a new one has a few words",
                found.name
            )),
            [] => {
                let owner = owner.as_deref().unwrap_or(&self.actor.name).into();
                self.say(incident, Body::Task { title: task.clone(), owner, due, state, action: *kind })
            }
            [known] => {
                let owner = owner.as_deref().map_or_else(|| known.owner.clone(), Into::into);
                let body = Body::Task {
                    title: known.title.clone(),
                    owner,
                    due: due.or(known.due),
                    state,
                    action: kind.or(known.action),
                };
                let mut draft = self.say(incident, body)?;
                draft.supersedes = Some(known.id);
                Ok(draft)
            }
            several => Err(format!("«{task}» names {} tasks: write more of it", several.len())),
        }
    }
}

/// Of clock times that mean another day than today, which day was taken.
pub fn days_taken(command: &IncidentCommand, now: Timestamp) -> Vec<String> {
    let (text, towards) = match command {
        IncidentCommand::Note { when, .. } | IncidentCommand::Deploy { when, .. } => {
            (when.at.as_deref(), Towards::Past)
        }
        IncidentCommand::Declare { started, .. } => (started.as_deref(), Towards::Past),
        IncidentCommand::Milestone { time, .. } => (Some(time.as_str()), Towards::Past),
        IncidentCommand::Task { due, .. } => (due.as_deref(), Towards::Future),
        _ => return Vec::new(),
    };
    let Some(text) = text else { return Vec::new() };
    let taken = moment::other_day(text, now, towards);
    taken.into_iter().map(|(at, day)| format!("{} is taken as {}, {day}", text.trim(), units::date_clock(at))).collect()
}

/// Whether a text is a part of an identity, and no words.
fn is_identity(text: &str) -> bool {
    text.len() >= 8
        && text.contains(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

/// `deployment prod/shop/web`.
fn read_object(text: &str) -> Result<ObjectRef, String> {
    let (kind, id) = text.split_once(' ').unwrap_or((text, ""));
    let kind = serde_json::from_value::<ObjectKind>(serde_json::Value::String(kind.to_ascii_lowercase()));
    let kind = kind.map_err(|_| {
        format!("«{text}» names no object: write its kind and where it is, as in `deployment CONTEXT/NAMESPACE/NAME`")
    })?;
    Ok(ObjectRef::new(kind, id.trim()))
}
