//! `flightdeck incident`: the record of incidents for scripts and other tools. It writes into the same journal as the cockpit.

mod export;
mod read;
mod sense;
mod session;
mod tasks;
mod write;

use super::{
    ended::{Ended, failed, line, print_json, usage},
    render,
};
use crate::{
    cli::{exit, incident::IncidentCommand},
    client::Clients,
    clock,
    incident::manners::Manners,
    journal::{Options, Written},
    model::{
        Timestamp,
        journal::{Actor, Body, Draft},
        redact,
        text::clean_to,
    },
    ops::gate::Policy,
    runtime::{journal::ledger_of, notifier::Notifier},
};
use session::{PATIENCE, Session};
use std::{
    io::{self, Read as _, Write},
    sync::Arc,
    time::Duration,
};

/// What the command needs besides its arguments.
pub struct Surroundings<'a> {
    /// Where the journal is, or why there is none.
    pub options: Result<Options, String>,
    pub actor: &'a Actor,
    pub manners: &'a Manners,
    /// Who is told of what is written.
    pub clients: &'a Arc<Clients>,
    /// What may leave, and who says so.
    pub policy: &'a Policy,
}

/// How long a command tries to tell those outside.
const TELLING: Duration = Duration::from_secs(5);
/// How long the end waits for what is to be sent to the shared journal.
const SENDING: Duration = Duration::from_secs(5);
/// Longest line of ours on standard error.
const LONGEST: usize = 2_000;
/// Longest note that is read from standard input.
const LONGEST_NOTE: u64 = 256 * 1024;

/// Does what the command says; returns the exit code.
///
/// # Errors
/// Where nothing can be printed.
pub fn incident(
    command: &IncidentCommand,
    around: &Surroundings<'_>,
    out: &mut dyn Write,
    errors: &mut dyn Write,
) -> io::Result<u8> {
    let mut text = Vec::new();
    let code = match run(command, around, &mut text, errors) {
        Ok(code) => code,
        Err((code, why)) => {
            writeln!(errors, "flightdeck: {}", clean_to(&why, LONGEST))?;
            code
        }
    };
    // Silence would leave open whether anything was read.
    if let (true, exit::OK, Some(what)) = (text.is_empty(), code, listed(command)) {
        writeln!(errors, "flightdeck: the journal has no {what}")?;
    }
    render::bytes(&text, out)?;
    Ok(code)
}

/// What a list is of.
const fn listed(command: &IncidentCommand) -> Option<&'static str> {
    match command {
        IncidentCommand::List { .. } => Some("such incident"),
        IncidentCommand::Tasks { .. } => Some("such task"),
        _ => None,
    }
}

fn run(
    command: &IncidentCommand,
    around: &Surroundings<'_>,
    out: &mut Vec<u8>,
    errors: &mut dyn Write,
) -> Result<u8, Ended> {
    match command {
        IncidentCommand::OnCall { at, form } => return read::on_call(at.as_deref(), *form, around.manners, out),
        IncidentCommand::Verify { bundle: Some(bundle), form } => return export::verify_bundle(bundle, *form, out),
        IncidentCommand::Postmortem { check: Some(document), .. } => return export::check_wording(document, out),
        _ => {}
    }
    let options = around.options.clone().map_err(failed)?;
    let mut session = Session::open(options, around.manners.cadence).map_err(failed)?;
    if let IncidentCommand::Pin { event, .. }
    | IncidentCommand::Withdraw { event, .. }
    | IncidentCommand::Erase { event, .. }
    | IncidentCommand::Note { supersedes: Some(event), .. } = command
    {
        session.read_for(event).map_err(failed)?;
    }
    match command {
        IncidentCommand::List { open, since, form } => read::list(&mut session, *open, since.as_deref(), *form, out),
        IncidentCommand::Show { incident, all, form } => read::show(&mut session, incident, *all, *form, out),
        IncidentCommand::Tasks { .. } => tasks::tasks(&session, command, out),
        IncidentCommand::Figures { since, form } => read::figures(&mut session, since, *form, out),
        IncidentCommand::Update { incident, text: None, audience } => {
            read::update_text(&session, incident, audience, around.manners, out)
        }
        IncidentCommand::Export { .. } | IncidentCommand::Postmortem { .. } => {
            export::export(&mut session, command, out)
        }
        IncidentCommand::Verify { bundle: None, form } => export::verify(&session, *form, out),
        IncidentCommand::Erase { event, reason } => export::erase(&session, event, reason, around.actor, out),
        _ => write(command, &session, around, (out, errors)),
    }
}

/// Writes what the command says, and waits until it is on the disk.
fn write(
    command: &IncidentCommand,
    session: &Session,
    around: &Surroundings<'_>,
    (out, errors): (&mut Vec<u8>, &mut dyn Write),
) -> Result<u8, Ended> {
    let command = with_text(command).map_err(usage)?;
    let began = clock::now();
    let mut drafts = write::drafts(&command, session, around.actor, clock::now()).map_err(usage)?;
    drafts.iter_mut().for_each(redact_words);
    for day in write::days_taken(&command, began) {
        writeln!(errors, "flightdeck: {}", clean_to(&day, LONGEST)).map_err(failed)?;
    }
    let written = session.journal.append_blocking(drafts, PATIENCE).map_err(failed)?;
    let first = written.first().ok_or_else(|| failed("nothing was written"))?;
    told(&command, session, first, out)?;
    let untold = tell_outside(session, around, began);
    // What is for others is sent now; where the server is away, a cockpit sends it later.
    let closed = session.journal.close(SENDING).wait(SENDING * 2).map_err(failed)?;
    if !closed.unwritten.is_empty() {
        return Err(failed("it could not be written to the end"));
    }
    if let Err(why) = untold {
        // It stands all the same: a script that tried again would write it twice.
        writeln!(errors, "flightdeck: {}", clean_to(&why, LONGEST)).map_err(failed)?;
    }
    Ok(exit::OK)
}

/// Tells those outside who are to know. What is written stands, whoever could not be told.
fn tell_outside(session: &Session, around: &Surroundings<'_>, began: Timestamp) -> Result<(), String> {
    if !Notifier::has_work(around.clients, around.policy) {
        return Ok(());
    }
    let journal = session.journal.clone();
    let ledger = ledger_of(journal.clone());
    let mut notifier = Notifier::new(journal, ledger, Arc::clone(around.clients), around.policy.clone());
    notifier.began = began;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("nobody was told of it: no event loop: {error}"))?;
    match runtime.block_on(notifier.run_once(TELLING)) {
        Ok(silent) if silent.is_empty() => Ok(()),
        Ok(silent) => {
            let all: Vec<_> = silent.iter().map(|(name, why)| format!("{name}: {why}")).collect();
            Err(format!("not told yet: {}; a cockpit that knows them and this journal goes on trying", all.join("; ")))
        }
        Err(error) => Err(format!("nobody was told of it: {error}")),
    }
}

/// A note of `-` stands on standard input.
fn with_text(command: &IncidentCommand) -> Result<IncidentCommand, String> {
    let mut command = command.clone();
    if let IncidentCommand::Note { text, .. } = &mut command {
        if text == "-" {
            text.clear();
            let read = io::stdin().take(LONGEST_NOTE).read_to_string(text);
            read.map_err(|error| format!("the note could not be read from standard input: {error}"))?;
        }
        if text.trim().is_empty() {
            return Err("a note needs some words".into());
        }
    }
    Ok(command)
}

/// Secrets that were typed or piped by mistake do not reach the disk.
fn redact_words(draft: &mut Draft) {
    let text = match &mut draft.body {
        Body::Note { text } | Body::Update { text, .. } | Body::Status { text, .. } | Body::Resolved { text } => text,
        Body::Declared { title, .. } | Body::Title { title } | Body::Task { title, .. } => title,
        Body::Deploy { text, .. } => text,
        _ => return,
    };
    *text = redact::text(text).into_owned();
}

/// Says what was written: the incident, or the event.
fn told(command: &IncidentCommand, session: &Session, first: &Written, out: &mut Vec<u8>) -> Result<(), Ended> {
    let id = first.header.id;
    let text = match command {
        IncidentCommand::Declare { form, .. } => return read::declared(session, id, *form, out),
        _ if first.existed => format!("{id} was written before"),
        _ => id.to_string(),
    };
    writeln!(out, "{text}").map_err(failed)
}
