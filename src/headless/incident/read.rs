//! Prints what the journal says of incidents.

use super::{
    Ended, failed, line, print_json,
    session::{PATIENCE, Session},
    usage,
};
use crate::{
    cli::{exit, incident::Form},
    clock,
    incident::{
        Incident, Incidents, Record,
        export::json,
        figures,
        manners::Manners,
        milestones::Known,
        sentence::{Cites, one_line},
        timeline::{self, Look},
    },
    model::{
        Timestamp,
        journal::{EventId, IncidentId, Sev},
        moment::{self, Towards},
        units,
    },
    panes::timeline::badges,
};
use std::io::Write;

/// `incident list`.
pub fn list(
    session: &mut Session,
    open: bool,
    since: Option<&str>,
    form: Form,
    out: &mut Vec<u8>,
) -> Result<u8, Ended> {
    let now = clock::now();
    let since = since.map(|since| moment::read(since, now, Towards::Past)).transpose().map_err(usage)?;
    if let Some(since) = since.filter(|since| *since > now) {
        return Err(usage(format!("{} has not come yet: --since lies in the past", units::date_clock(since))));
    }
    if form.json {
        session.read_since(since.unwrap_or(Timestamp::MIN)).map_err(failed)?;
    }
    let wanted = |incident: &&Incident| {
        (!open || incident.is_running()) && since.is_none_or(|since| incident.declared_at >= since)
    };
    let mut found: Vec<_> = session.incidents().all().iter().filter(wanted).collect();
    found.reverse();
    if form.json {
        print_json(out, &json::list(found, &session.cadence, now))?;
        return Ok(exit::OK);
    }
    for incident in found {
        let sev = incident.severity.map_or(units::UNKNOWN, Sev::word);
        let drill = if incident.drill { "  drill" } else { "" };
        let declared = units::date_clock(incident.declared_at);
        let phase = incident.phase.word();
        line(out, &format!("{:<8} {sev}  {phase:<13}  {declared}  {}{drill}", incident.name, incident.title))?;
    }
    Ok(exit::OK)
}

/// What `incident declare` prints.
pub fn declared(session: &Session, id: EventId, form: Form, out: &mut Vec<u8>) -> Result<(), Ended> {
    let entries = session.journal.incident(IncidentId(id.0)).wait(PATIENCE).map_err(failed)?;
    let known = session.journal.incidents().wait(PATIENCE).map_err(failed)?;
    let events: Vec<_> = entries.into_iter().chain(known).map(|entry| entry.event).collect();
    let incidents = Incidents::of(&Record::of(&events));
    let incident = incidents.get(IncidentId(id.0)).ok_or_else(|| failed("the declaration is not in the journal"))?;
    if form.json {
        return print_json(out, &json::listed(incident, &session.cadence, clock::now()));
    }
    line(out, &format!("{} {}", incident.name, incident.id))
}

/// `incident show`.
pub fn show(session: &mut Session, text: &str, all: bool, form: Form, out: &mut Vec<u8>) -> Result<u8, Ended> {
    let id = session.incident(text).map_err(usage)?.id;
    session.read_whole(id).map_err(failed)?;
    let record = session.record();
    let incident = session.incidents().get(id).ok_or_else(|| failed("it is not in the journal any more"))?;
    let names = session.incidents().names();
    if form.json {
        print_json(out, &json::shown(incident, &record, names, &session.cadence, clock::now()))?;
        return Ok(exit::OK);
    }
    let look = Look { all, ..Look::default() };
    let rows = timeline::rows(incident, &record, names, &look);
    let whole = timeline::rows(incident, &record, names, &Look { all: true, ..Look::default() }).len();
    let left_out = whole.saturating_sub(rows.len());
    head(incident, out)?;
    let mut day = None;
    for row in rows {
        let date = units::day(row.at);
        if day.as_ref() != Some(&date) {
            line(out, "")?;
            line(out, &format!("{date} (UTC)"))?;
            day = Some(date);
        }
        let badges = badges(&row);
        let badges = if badges.is_empty() { String::new() } else { format!("  [{badges}]") };
        line(out, &format!("{}  {}{badges}", units::clock(row.at), row.text))?;
    }
    if left_out > 0 {
        line(out, "")?;
        line(out, &format!("{left_out} more that did not turn it: incident show {} --all", incident.name))?;
    }
    Ok(exit::OK)
}

fn head(incident: &Incident, out: &mut Vec<u8>) -> Result<(), Ended> {
    let sev = incident.severity.map_or(units::UNKNOWN, Sev::word);
    let drill = if incident.drill { ", a drill" } else { "" };
    line(out, &format!("{} {} ({sev}, {}{drill})", incident.name, incident.title, incident.phase.word()))?;
    line(out, &format!("declared {} by {}", units::date_clock(incident.declared_at), incident.declared_by.name))?;
    for (milestone, moment) in &incident.milestones {
        let guess = if moment.known == Known::Set { "" } else { ", as it seems: " };
        let why = if guess.is_empty() { String::new() } else { one_line(&moment.why) };
        line(out, &format!("{:<16} {}{guess}{why}", milestone.words(), units::date_clock(moment.at)))?;
    }
    for (role, state) in &incident.roles {
        if let Some(person) = state.holder() {
            line(out, &format!("{:<16} {person}", role.word()))?;
        }
    }
    let cites = Cites::of(incident.tasks.iter().map(|task| task.id));
    for task in incident.tasks.iter().filter(|task| task.is_open()) {
        let due = task.due.map_or_else(String::new, |due| format!(", by {}", units::date_clock(due)));
        line(
            out,
            &format!(
                "{} {}    {} ({}{due})",
                task.action.map_or("task", |action| action.word()),
                cites.cite(task.id),
                task.title,
                task.owner
            ),
        )?;
    }
    Ok(())
}

/// `incident figures`.
pub fn figures(session: &mut Session, since: &str, form: Form, out: &mut Vec<u8>) -> Result<u8, Ended> {
    let now = clock::now();
    let since = moment::read(since, now, Towards::Past).map_err(usage)?;
    if since > now {
        return Err(usage(format!("{} has not come yet: --since lies in the past", units::date_clock(since))));
    }
    session.read_since(since).map_err(failed)?;
    let figures = figures::over(session.incidents().all(), since, now);
    if form.json {
        print_json(out, &json::report(&figures))?;
    } else {
        figures_text(&figures, out)?;
    }
    Ok(exit::OK)
}

fn counted(incidents: usize) -> String {
    if incidents == 1 { "1 incident".into() } else { format!("{incidents} incidents") }
}

fn figures_text(report: &figures::Report, out: &mut Vec<u8>) -> Result<(), Ended> {
    let (from, to) = (units::date_clock(report.from), units::date_clock(report.to));
    let left_out = report.drills_left_out + report.merged_left_out + report.withdrawn_left_out;
    line(
        out,
        &format!("{} from {from} to {to}; {left_out} left out (drills, merged, withdrawn)", counted(report.incidents)),
    )?;
    let span = |seconds: Option<f64>| seconds.map_or_else(|| units::UNKNOWN.into(), units::span);
    line(out, &format!("{:<27} {:>8} {:>8} {:>8} {:>3}", "", "mean", "median", "worst", "of"))?;
    for (figure, spread) in &report.all {
        let (mean, median, worst) = (span(spread.mean), span(spread.median), span(spread.worst));
        let name = format!("{} {}", figure.word(), figure.words());
        let row = format!("{name:<27} {mean:>8} {median:>8} {worst:>8} {:>3}{}", spread.count, without_figure(spread));
        line(out, &row)?;
    }
    Ok(())
}

/// Why incidents have no figure, where some have none.
fn without_figure(spread: &figures::Spread) -> String {
    let why = [(spread.missing, "lack one of its milestones"), (spread.negative, "end before they begin")];
    let words: Vec<_> =
        why.iter().filter(|(count, _)| *count > 0).map(|(count, why)| format!("{count} {why}")).collect();
    if words.is_empty() { String::new() } else { format!("  {}", words.join(", ")) }
}

/// `incident update` without a text.
pub fn update_text(
    session: &Session,
    text: &str,
    audience: &str,
    manners: &Manners,
    out: &mut Vec<u8>,
) -> Result<u8, Ended> {
    let incident = session.incident(text).map_err(usage)?;
    let template = manners.template(audience).map_err(usage)?;
    let text = template.fill(incident, &manners.cadence, "", clock::now());
    writeln!(out, "{text}").map_err(failed)?;
    Ok(exit::OK)
}

/// `incident on-call`.
pub fn on_call(at: Option<&str>, form: Form, manners: &Manners, out: &mut Vec<u8>) -> Result<u8, Ended> {
    let now = clock::now();
    let at: Timestamp = match at {
        Some(at) => moment::read(at, now, Towards::Past).map_err(usage)?,
        None => now,
    };
    if manners.on_call.rotas.is_empty() && manners.names_on_call {
        return Err(usage(
            "nobody is known to be on call: no rota could be read of the file that the configuration names",
        ));
    }
    if manners.on_call.rotas.is_empty() {
        return Err(usage("no rota is configured: name its file as `on-call` in [incidents] of the configuration"));
    }
    let rotas = manners.on_call.rotas.iter();
    if form.json {
        let who = rotas.map(|rota| {
            let person = rota.who(at).person().map(ToOwned::to_owned);
            serde_json::json!({ "rota": rota.name, "person": person, "until": rota.next_change(at) })
        });
        let who: Vec<_> = who.collect();
        print_json(out, &serde_json::json!({ "at": at, "on_call": who }))?;
    } else {
        for rota in rotas {
            let until = rota.next_change(at).map_or_else(String::new, |at| format!(" until {}", units::date_clock(at)));
            line(out, &format!("{}: {}{until}", rota.name, rota.who(at).person().unwrap_or("nobody")))?;
        }
    }
    Ok(exit::OK)
}
