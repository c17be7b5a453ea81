//! Writes incidents out, and proves the journal.

use super::{Ended, failed, line, print_json, session::Session, usage};
use crate::{
    cli::{
        exit,
        incident::{ExportFormat, Form, IncidentCommand},
    },
    clock,
    incident::{
        Incident,
        export::{cloudevents, markdown},
        postmortem::{self, Postmortem, wording},
    },
    journal::{self, BundleRequest, BundleVerdict, JournalError, Misfit, Summary, Verdict},
    model::{journal::IncidentId, text::escaped_json},
    world::runs,
};
use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    time::Duration,
};

/// How long proving a journal may take: a million events are read whole.
const PROVING: Duration = Duration::from_secs(600);

/// `incident export` and `incident postmortem`.
pub fn export(session: &mut Session, command: &IncidentCommand, out: &mut Vec<u8>) -> Result<u8, Ended> {
    let (text, output) = match command {
        IncidentCommand::Export { incident, format, output } => {
            let id = read(session, incident)?;
            if *format == ExportFormat::Bundle {
                return bundle(session, id, output.as_deref(), out);
            }
            (written(session, id, *format)?, output)
        }
        IncidentCommand::Postmortem { incident, json, output, .. } => {
            let id = read(session, incident)?;
            (postmortem(session, id, *json)?, output)
        }
        _ => return Err(usage("this writes nothing out")),
    };
    match output {
        Some(file) => {
            create(file, text.as_bytes())?;
            line(out, &file.display().to_string())?;
        }
        None => out.extend_from_slice(text.as_bytes()),
    }
    Ok(exit::OK)
}

fn read(session: &mut Session, text: &str) -> Result<IncidentId, Ended> {
    let id = session.incident(text).map_err(usage)?.id;
    session.read_whole(id).map_err(failed)?;
    Ok(id)
}

fn found(session: &Session, id: IncidentId) -> Result<&Incident, Ended> {
    session.incidents().get(id).ok_or_else(|| failed("the incident is not in the journal any more"))
}

fn written(session: &Session, id: IncidentId, format: ExportFormat) -> Result<String, Ended> {
    let (incident, record, names) = (found(session, id)?, session.record(), session.incidents().names());
    Ok(match format {
        ExportFormat::Jsonl => cloudevents::jsonl(incident, &record, names),
        _ => markdown::incident(incident, &record, names, clock::now()),
    })
}

fn postmortem(session: &Session, id: IncidentId, json: bool) -> Result<String, Ended> {
    let (record, names) = (session.record(), session.incidents().names());
    let made = Postmortem::of(found(session, id)?, &record, names, runs::measured(id, &record), clock::now());
    if json {
        let text = serde_json::to_string_pretty(&postmortem::json(&made)).map_err(failed)?;
        return Ok(escaped_json(&text) + "\n");
    }
    Ok(postmortem::markdown(&made))
}

/// A new file that its user alone can read.
fn create(path: &Path, content: &[u8]) -> Result<(), Ended> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let made = File::options().write(true).create_new(true).mode(0o600).open(path);
    let written = made.and_then(|mut file| file.write_all(content));
    written.map_err(|error| failed(format!("{} is not written: {error}", path.display())))
}

fn bundle(session: &Session, id: IncidentId, output: Option<&Path>, out: &mut Vec<u8>) -> Result<u8, Ended> {
    let file = output.ok_or_else(|| usage("a bundle needs a file: --output FILE"))?;
    if file.exists() {
        return Err(usage(format!("{} is there already", file.display())));
    }
    let (from, to) = found(session, id)?.window();
    let ambient = Some((from, to.unwrap_or_else(clock::now)));
    let request = BundleRequest { incident: id, ambient, path: file.to_owned() };
    let bundled = wait(session.journal.bundle(request))?;
    line(out, &format!("{}: {} events, {} of them proven", file.display(), bundled.events, bundled.proved))?;
    Ok(exit::OK)
}

/// Waits for the journal on this thread.
fn wait<T>(asked: impl Future<Output = Result<T, JournalError>>) -> Result<T, Ended> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    runtime.block_on(asked).map_err(failed)
}

/// `incident verify` of the journal.
pub fn verify(session: &Session, form: Form, out: &mut Vec<u8>) -> Result<u8, Ended> {
    // What has been written since the last checkpoint is signed first, so that it can be kept elsewhere.
    if let Err(error) = session.journal.checkpoint().wait(PROVING) {
        line(out, &format!("no new checkpoint is signed: {error}"))?;
    }
    told(session.journal.verify(Vec::new()).wait(PROVING).map_err(failed)?, form, out)
}

/// `incident verify FILE`.
pub fn verify_bundle(bundle: &Path, form: Form, out: &mut Vec<u8>) -> Result<u8, Ended> {
    let contents = match journal::verify_bundle(bundle, &[]).map_err(failed)? {
        BundleVerdict::Broken(first) => return told(Verdict::Broken { first, chains: 1 }, form, out),
        BundleVerdict::Fits(contents) => contents,
    };
    let (incident, events) = (contents.incident, contents.events.len());
    if form.json {
        let made = serde_json::json!({ "incident": incident, "events": events, "made_at": contents.made_at });
        print_json(out, &serde_json::json!({ "fits": true, "bundle": made }))?;
    } else {
        line(out, &format!("every event fits: {events} events of incident {incident}, bundled {}", contents.made_at))?;
    }
    Ok(exit::OK)
}

fn told(verdict: Verdict, form: Form, out: &mut Vec<u8>) -> Result<u8, Ended> {
    match verdict {
        Verdict::Fits(summary) if form.json => {
            print_json(out, &serde_json::json!({ "fits": true, "summary": summary }))?;
            Ok(exit::OK)
        }
        Verdict::Fits(summary) => fits(&summary, out),
        Verdict::Broken { first, chains } if form.json => {
            print_json(out, &serde_json::json!({ "fits": false, "first": first, "chains": chains }))?;
            Ok(exit::FINDINGS)
        }
        Verdict::Broken { first, chains } => broken(&first, chains, out),
    }
}

fn fits(summary: &Summary, out: &mut Vec<u8>) -> Result<u8, Ended> {
    line(out, &format!("every event fits: {} events, {} of them erased", summary.events, summary.erased))?;
    for writer in &summary.writers {
        line(
            out,
            &format!("writer {} ({}): {} events, head {}", writer.writer, writer.host, writer.events, writer.head),
        )?;
        if let Some(checkpoint) = &writer.checkpoint {
            line(out, &format!("  checkpoint of {} events, root {}", checkpoint.size, checkpoint.root))?;
            line(out, &format!("  signed {} by {}", checkpoint.signature, checkpoint.public_key))?;
        }
    }
    Ok(exit::OK)
}

fn broken(first: &Misfit, chains: usize, out: &mut Vec<u8>) -> Result<u8, Ended> {
    line(out, &format!("does not fit: {first}"))?;
    if chains > 1 {
        line(out, &format!("{} other chains do not fit either", chains - 1))?;
    }
    Ok(exit::FINDINGS)
}

/// `incident erase`.
pub fn erase(
    session: &Session,
    event: &str,
    reason: &str,
    actor: &crate::model::journal::Actor,
    out: &mut Vec<u8>,
) -> Result<u8, Ended> {
    let id = session.event(event).map_err(usage)?;
    wait(session.journal.erase(id, reason.to_owned(), actor.clone()))?;
    line(out, &format!("{id} is erased; that it was, and why, stands in the journal"))?;
    Ok(exit::OK)
}

/// `incident postmortem --check`.
pub fn check_wording(document: &Path, out: &mut Vec<u8>) -> Result<u8, Ended> {
    let text = fs::read_to_string(document).map_err(|error| usage(format!("{}: {error}", document.display())))?;
    let remarks = wording::check(&text, &[]);
    for remark in &remarks {
        let place = format!("{}:{}:{}", document.display(), remark.line, remark.column);
        line(out, &format!("{place}: «{}»: {}; instead: {}", remark.found, remark.why, remark.instead))?;
    }
    Ok(if remarks.is_empty() { exit::OK } else { exit::FINDINGS })
}
