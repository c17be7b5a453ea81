//! `runbook history` and `runbook approve`.

use super::{Ended, Surroundings, drill::Drills, failed, line, note, print_json, report::Report, usage};
use crate::{
    cli::{
        exit,
        runbook::{HistoryFormat, RunbookCommand},
    },
    clock,
    incident::{Incidents, Record},
    journal::Journal,
    model::{
        journal::{Actor, Body, Draft, IncidentId, KnownBy},
        redact, units,
    },
    runbook::run::{Entry, Outcome, Run},
    runtime::runbook::store::{self, Line},
};
use serde_json::{Value as Json, json};
use std::{io::Write, time::Duration};

/// How long the journal may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long the end waits for what is to be sent to the shared journal.
const SENDING: Duration = Duration::from_secs(5);

fn open(around: &Surroundings<'_>) -> Result<Journal, Ended> {
    Journal::open(around.journal.clone().map_err(failed)?).map_err(failed)
}

/// `runbook history`.
pub fn history(
    around: &Surroundings<'_>,
    name: Option<&str>,
    format: HistoryFormat,
    out: &mut dyn Write,
    errors: &mut dyn Write,
) -> Result<u8, Ended> {
    let journal = open(around)?;
    let all = store::list(&journal).map_err(failed)?;
    if let Some(name) = name.filter(|name| all.iter().any(|line| line.run == **name)) {
        return one(&journal, name, format, out);
    }
    if let Some(name) = name
        && let Err(why) = around.catalogue.find(name)
    {
        return match store::read(&journal, name) {
            Ok(_) => one(&journal, name, format, out),
            Err(_) => Err(usage(format!("«{name}» is neither a run nor a runbook: {why}"))),
        };
    }
    if format == HistoryFormat::Markdown {
        return Err(usage("a report in Markdown is of one run: runbook history RUN --format markdown"));
    }
    let of_name = |line: &&Line| name.is_none_or(|name| line.runbook == name);
    let mut lines: Vec<_> = all.iter().filter(of_name).collect();
    lines.reverse();
    if format == HistoryFormat::Json {
        print_json(out, &Json::Array(lines.into_iter().map(listed).collect()))?;
        return Ok(exit::OK);
    }
    if let Some(name) = name {
        let days = around.catalogue.find(name).ok().and_then(|definition| definition.drill_days);
        let drill = Drills::of(&all, clock::now()).words(name, days);
        if !drill.is_empty() {
            line(out, &drill)?;
        }
    }
    if lines.is_empty() {
        // Silence would leave open whether anything was read.
        let none = match name {
            Some(name) => format!("the journal has no run of {name}"),
            None => "the journal has no runs yet".to_owned(),
        };
        note(errors, &none).map_err(failed)?;
    }
    for one in lines {
        let word = one.outcome.map_or("open", Outcome::word);
        let mode = one.mode.word();
        let text = format!(
            "{}  {:<10} {mode:<8} {word:<10} {} by {}",
            units::date_clock(one.begun_at),
            one.run,
            one.target,
            one.by
        );
        line(out, &text)?;
    }
    Ok(exit::OK)
}

fn listed(line: &Line) -> Json {
    json!({
        "run": line.run,
        "runbook": line.runbook,
        "target": line.target,
        "mode": line.mode,
        "begun_at": line.begun_at,
        "ended_at": line.ended_at,
        "by": line.by,
        "outcome": line.outcome,
        "text": line.text,
        "incident": line.incident.map(|id| id.to_string()),
    })
}

fn one(journal: &Journal, name: &str, format: HistoryFormat, out: &mut dyn Write) -> Result<u8, Ended> {
    let kept = store::read(journal, name).map_err(usage)?;
    let run = Run::restore(&kept.entries, Actor::program()).map_err(failed)?;
    let name = run.id();
    let mut entries: Vec<&Entry> = kept.entries.iter().collect();
    entries.sort_by_key(|entry| (entry.token, entry.sequence));
    let report = Report::of(&run, &entries);
    if format == HistoryFormat::Markdown {
        write!(
            out,
            "{}",
            report.markdown(&format!("{name}: {}", run.plan().title), &head(journal, &run, kept.incident))
        )
        .map_err(failed)?;
        return Ok(exit::OK);
    }
    if format == HistoryFormat::Json {
        let shown = entries.iter().map(|entry| {
            json!({ "at": entry.at, "by": entry.by, "sequence": entry.sequence, "step": entry.key().map(|key| key.step), "text": entry.text() })
        });
        let shown: Vec<_> = shown.collect();
        print_json(
            out,
            &json!({
                "run": name, "plan": run.plan().report(), "state": run.state(), "view": run.view(), "outcome": run.outcome(),
                "incident": kept.incident.map(|id| id.to_string()), "entries": shown, "report": report.json(),
            }),
        )?;
        return Ok(exit::OK);
    }
    line(out, &format!("{name}: {}", run.plan().title))?;
    for entry in entries {
        let step = entry.key().map_or_else(String::new, |key| key.step);
        line(out, &format!("{}  {:<10} {step:<14} {}", units::clock(entry.at), entry.by.name, entry.text()))?;
    }
    let word = run.outcome().map_or("open", Outcome::word);
    line(out, &format!("{word}: {}", run.view().next))?;
    if let Some(seconds) = report.recovery_seconds {
        line(out, &format!("recovery time {} from its beginning", units::span(seconds)))?;
    }
    if let Some(lost) = &report.recovery_point {
        line(out, &format!("recovery point: {lost}"))?;
    }
    Ok(exit::OK)
}

/// What ran, for a report.
fn head(journal: &Journal, run: &Run, incident: Option<IncidentId>) -> Vec<(&'static str, String)> {
    let (plan, state) = (run.plan(), run.state());
    let mut head = vec![
        ("Runbook", plan.runbook.clone()),
        ("Target", plan.target.to_string()),
        ("Mode", state.mode.word().to_owned()),
        ("By", state.requester.name.to_string()),
        ("Outcome", format!("{}: {}", run.outcome().map_or("open", Outcome::word), run.view().next)),
        ("Plan", plan.plan_hash.to_string()),
    ];
    head.extend(state.begun_at.map(|at| ("Begun", units::date_clock(at))));
    head.extend(incident.map(|id| ("Incident", named(journal, id))));
    head
}

/// `INC-7`; its identity where the journal cannot say.
fn named(journal: &Journal, id: IncidentId) -> String {
    let entries = journal.incidents().wait(PATIENCE).unwrap_or_default();
    let events: Vec<_> = entries.into_iter().map(|entry| entry.event).collect();
    let incidents = Incidents::of(&Record::of(&events));
    incidents.get(id).map_or_else(|| id.to_string(), |incident| incident.name.to_string())
}

/// `runbook approve`.
pub fn approve(around: &Surroundings<'_>, command: &RunbookCommand, out: &mut dyn Write) -> Result<u8, Ended> {
    let RunbookCommand::Approve { run: name, decline, plan_hash, text, form } = command else {
        return Err(usage("that is no approval"));
    };
    let journal = open(around)?;
    let kept = store::read(&journal, name).map_err(usage)?;
    let run = Run::restore(&kept.entries, Actor::program()).map_err(failed)?;
    let (name, actor) = (run.id(), &around.policy.actor);
    if run.outcome().is_some_and(|outcome| outcome != Outcome::Paused) {
        return Err((exit::REFUSED, format!("{name} is over: there is nothing to approve")));
    }
    let binding = run.binding();
    if let Some(hash) = plan_hash.as_deref().filter(|hash| *hash != binding.to_string()) {
        return Err((exit::REFUSED, format!("what would be done is {binding} now, and not {hash}: look at it again")));
    }
    let is_own = run.state().operators.iter().any(|one| one.may_be(actor));
    if !decline && (is_own || actor.known_by == KnownBy::Program) {
        let why = format!("{} asked for this run or carries it on: somebody else has to approve it", actor.name);
        return Err((exit::REFUSED, why));
    }
    let body =
        Body::Approval { plan: binding.to_string().into(), approved: !decline, text: redact::text(text).into_owned() };
    let mut draft = Draft::new(kept.incident, clock::now(), actor.clone(), body);
    draft.run = Some(name.into());
    draft.object = run.plan().target.object();
    journal.append_blocking(vec![draft], PATIENCE).map_err(failed)?;
    let _ = journal.close(SENDING).wait(SENDING * 2);
    let word = if *decline { "not approved" } else { "approved" };
    if form.json {
        print_json(out, &json!({ "run": name, "plan": binding, "approved": !decline, "by": actor }))?;
    } else {
        line(out, &format!("{word}: {} (plan {binding})", run.plan().title))?;
    }
    Ok(exit::OK)
}
