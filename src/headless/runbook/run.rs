//! `runbook run` and `runbook resume`.

use super::{
    Ended, Surroundings,
    answers::{self, Said, Speaker},
    failed, line, note,
    plan::{self, NoPlan, Prepared},
    setting::{self, Setting},
    usage,
};
use crate::{
    cli::{
        exit,
        runbook::{Answers, RunbookCommand},
    },
    clock,
    headless::render,
    incident::{Incidents, Record},
    model::{journal::IncidentId, units},
    runbook::run::{Choice, Entry, Input, Mode, Outcome, Record as Happened, Run},
    runtime::runbook::{
        House,
        carry::{Carrier, End, Next, Told, new_name},
        refused, store,
    },
};
use serde_json::{Value as Json, json};
use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::SyncSender,
    },
    thread,
    time::Duration,
};

/// How long the journal may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long the end waits for what is to be sent to the shared journal.
const SENDING: Duration = Duration::from_secs(5);

/// The end of a run, as its last line says it.
struct Verdict {
    run: Option<String>,
    outcome: Outcome,
    incident: Option<IncidentId>,
    text: String,
}

impl Verdict {
    fn json(&self) -> Json {
        json!({
            "run": self.run,
            "outcome": self.outcome,
            "incident": self.incident.map(|id| id.to_string()),
            "text": self.text,
        })
    }

    const fn code(&self) -> u8 {
        match self.outcome {
            Outcome::Succeeded => exit::OK,
            Outcome::Refused => exit::REFUSED,
            Outcome::Failed | Outcome::Paused | Outcome::Unknown => exit::FINDINGS,
        }
    }
}

/// `runbook run`.
pub fn run(
    around: &Surroundings<'_>,
    command: &RunbookCommand,
    out: &mut dyn Write,
    errors: &mut dyn Write,
) -> Result<u8, Ended> {
    let RunbookCommand::Run { name, values, plan_hash, mode, incident, answers } = command else {
        return Err(usage("that is no run"));
    };
    let prepared = match plan::prepare(around, name, values) {
        Ok(prepared) => prepared,
        Err(no) => return unplanned(no, answers, out),
    };
    let Prepared { setting, plan, gate } = prepared;
    answers::known(&plan, answers).map_err(usage)?;
    let incident = incident.as_deref().map(|text| named(&setting.house, text)).transpose()?;
    let wanted = plan_hash.as_deref().filter(|hash| *hash != plan.plan_hash.to_string());
    let mode = mode.mode();
    let against = match (wanted, gate) {
        (Some(hash), _) => Some(format!(
            "the plan is {} now, and not {hash}: something has changed since it was looked at; plan again",
            plan.plan_hash
        )),
        (None, Err((step, refusal))) if mode != Mode::Tabletop => {
            refused::document(&setting.house, &plan, &step, &refusal, incident);
            Some(format!("{step}: {}", refusal.words()))
        }
        _ => None,
    };
    if let Some(text) = against {
        let verdict = Verdict { run: None, outcome: Outcome::Refused, incident, text };
        return end(&verdict, answers, out).map_err(|(_, why)| failed(why)).and_then(|code| Err((code, verdict.text)));
    }
    let id = new_name(name, clock::now());
    let run = Run::new(id, plan, mode, setting.house.actor.clone());
    carry(&setting, run, incident, None, answers, out, errors)
}

/// `runbook resume`.
pub fn resume(
    around: &Surroundings<'_>,
    run: &str,
    secret: &[String],
    answers: &Answers,
    out: &mut dyn Write,
    errors: &mut dyn Write,
) -> Result<u8, Ended> {
    let secrets = setting::secrets(secret)?;
    let options = around.journal.clone().map_err(failed)?;
    let journal = crate::journal::Journal::open(options).map_err(failed)?;
    let kept = store::read(&journal, run).map_err(usage)?;
    drop(journal.close(Duration::ZERO));
    let run = Run::restore(&kept.entries, around.policy.actor.clone()).map_err(failed)?;
    answers::known(run.plan(), answers).map_err(usage)?;
    let lacking = run.plan().variables.secrets.iter().find(|name| !secrets.contains_key(*name));
    if let Some(name) = lacking {
        return Err(usage(format!("the secret {name} is kept nowhere: give it again with --secret {name}=FILE")));
    }
    let way_back = answers.choose.as_deref() == Some(Choice::WayBack.word());
    let is_over = run.outcome().is_some_and(|outcome| outcome != Outcome::Paused);
    if let Some(text) = kept_back(around.policy.locked, run.state().mode, is_over && way_back && !answers.yes) {
        // The run stands as it stood: nothing is written.
        let verdict =
            Verdict { run: Some(run.id().to_owned()), outcome: Outcome::Refused, incident: kept.incident, text };
        return end(&verdict, answers, out);
    }
    let target = run.plan().target.clone();
    let wanted = |source: &str| {
        source == "rules/repo"
            || source.starts_with("prometheus/")
            || source.starts_with("alertmanager/")
            || setting::is_of_target(source, &target)
    };
    let setting = Setting::open(around, &wanted, secrets)?;
    let first = (is_over && way_back).then(|| Input::WayBack { by: setting.house.actor.clone() });
    if is_over && first.is_none() {
        let outcome = run.outcome().unwrap_or(Outcome::Unknown);
        let text = format!("it is over already, so nothing was done now: {}", run.view().next);
        let verdict = Verdict { run: Some(run.id().to_owned()), outcome, incident: kept.incident, text };
        return end(&verdict, answers, out);
    }
    carry(&setting, run, kept.incident, first, answers, out, errors)
}

/// Why a run is not gone on with at all.
fn kept_back(is_locked: bool, mode: Mode, is_unconfirmed: bool) -> Option<String> {
    if is_locked && mode != Mode::Tabletop {
        return Some("READ-ONLY by flag or configuration: start without --read-only to go on with a run".into());
    }
    let unconfirmed = "the run is over: --choose way-back undoes what it did, which --yes confirms";
    is_unconfirmed.then(|| unconfirmed.into())
}

fn unplanned(no: NoPlan, answers: &Answers, out: &mut dyn Write) -> Result<u8, Ended> {
    if no.code != exit::USAGE {
        let verdict = Verdict { run: None, outcome: Outcome::Refused, incident: None, text: no.why.clone() };
        end(&verdict, answers, out)?;
    }
    Err((no.code, no.why))
}

fn named(house: &House, text: &str) -> Result<IncidentId, Ended> {
    let entries = house.journal.incidents().wait(PATIENCE).map_err(failed)?;
    let events: Vec<_> = entries.into_iter().map(|entry| entry.event).collect();
    let incidents = Incidents::of(&Record::of(&events));
    incidents.resolve(text).map(|incident| incident.id).map_err(usage)
}

/// Carries a run on until it is over, or nobody speaks for the person that it waits for.
fn carry(
    setting: &Setting,
    run: Run,
    incident: Option<IncidentId>,
    first: Option<Input>,
    answers: &Answers,
    out: &mut dyn Write,
    errors: &mut dyn Write,
) -> Result<u8, Ended> {
    let house = &setting.house;
    for source in &setting.silent {
        note(errors, &format!("{source} has not answered yet")).map_err(failed)?;
    }
    let name = run.id().to_owned();
    if !answers.form.json {
        line(out, &format!("{name}: {}", run.plan().title))?;
    }
    let mut carrier = Carrier::new(Arc::clone(house), run, incident);
    let interrupted = Arc::new(AtomicBool::new(false));
    on_interrupt(Arc::clone(&interrupted), carrier.door(), house);
    if let Some(input) = first {
        carrier.say(input);
    }
    let mut speaker = Speaker::new(answers, house.actor.clone());
    let mut way_on = None;
    let mut broken = None;
    let ended = carrier.carry(&mut |run, told| {
        let (next, shown) = match told {
            Told::Entry(entry) => (Next::On, entry_line(entry, answers.form.json)),
            Told::Remark(text) => (Next::On, remark(run, text, answers.form.json)),
            Told::Unasked | Told::Moved => (Next::On, None),
            Told::Question(question) => match speaker.answer(run, question, house) {
                Said::Reply(input) => (Next::Say(input), None),
                Said::Wait(text) => (Next::On, text.and_then(|text| remark(run, &text, answers.form.json))),
                Said::Nothing(text) => {
                    way_on = Some(text);
                    let asked = answers
                        .form
                        .json
                        .then(|| json!({ "run": run.id(), "what": "question", "question": question }).to_string());
                    (Next::Leave, asked)
                }
            },
        };
        if let Some(text) = shown
            && broken.is_none()
        {
            let printed = if answers.form.json { render::json_line(&text, out) } else { render::line(&text, out) };
            // A reader who has left is no reason to leave a run half done.
            broken = printed.err();
        }
        next
    });
    let run = carrier.run();
    let (outcome, text) = match &ended {
        End::Stands(outcome) => (*outcome, way_on.unwrap_or_else(|| run.view().next)),
        End::Elsewhere(why) => (run.outcome().unwrap_or(Outcome::Unknown), format!("it is in other hands: {why}")),
        End::Unwritten(why) => (
            Outcome::Unknown,
            format!(
                "what was decided cannot be written down, so nothing more was done: {why}; flightdeck runbook resume {name}"
            ),
        ),
    };
    let verdict = Verdict { run: Some(name), outcome, incident, text };
    // What is for others is sent now; where the server is away, a cockpit sends it later.
    let _ = house.journal.close(SENDING).wait(SENDING * 2);
    let code = end(&verdict, answers, out)?;
    Ok(if interrupted.load(Ordering::Relaxed) { exit::INTERRUPTED } else { code })
}

/// An interrupt calls the run off: what is in flight is waited for, and nothing more is begun.
fn on_interrupt(interrupted: Arc<AtomicBool>, door: SyncSender<Input>, house: &House) {
    let by = house.actor.clone();
    let watch = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async {
            while tokio::signal::ctrl_c().await.is_ok() {
                interrupted.store(true, Ordering::Relaxed);
                if door.send(Input::Cancel { by: by.clone() }).is_err() {
                    return;
                }
            }
        });
    };
    // Without it an interrupt ends the process, and the run is gone on with by `resume`.
    let _ = thread::Builder::new().name("runbook-interrupt".into()).spawn(watch);
}

fn remark(run: &Run, text: &str, json: bool) -> Option<String> {
    Some(if json {
        json!({ "run": run.id(), "what": "remark", "text": text }).to_string()
    } else {
        format!("          {text}")
    })
}

/// An entry as it is printed. The plan, which the beginning holds, is named by its hash.
fn entry_line(entry: &Entry, json: bool) -> Option<String> {
    let key = entry.key();
    if json {
        let mut value = serde_json::to_value(entry).ok()?;
        let fields = value.as_object_mut()?;
        if let Happened::Begun { plan, .. } = &entry.record {
            fields.remove("plan");
            fields.insert("runbook".into(), json!(plan.runbook));
            fields.insert("plan_hash".into(), json!(plan.plan_hash));
            fields.insert("target".into(), json!(plan.target.to_string()));
        }
        fields.remove("key");
        fields.insert("step".into(), json!(key.as_ref().map(|key| &key.step)));
        fields.insert("back".into(), json!(key.as_ref().is_some_and(|key| key.back)));
        fields.insert("text".into(), json!(entry.text()));
        return Some(value.to_string());
    }
    let step = key.map_or_else(String::new, |key| if key.back { format!("{} (back)", key.step) } else { key.step });
    let word = match &entry.record {
        Happened::Begun { .. } | Happened::StepBegun { .. } => "begins",
        Happened::Acted { result, .. } => {
            return Some(format!("{}  {step:<14} {}: {}", units::clock(entry.at), result_word(*result), entry.text()));
        }
        Happened::Judged { verdict, .. } => match verdict {
            crate::runbook::run::Verdict::Verified => "verified",
            crate::runbook::run::Verdict::Failed => "NOT so",
            crate::runbook::run::Verdict::Inconclusive => "unknown",
        },
        Happened::Paused { .. } => "paused",
        Happened::Finished { outcome, .. } => {
            return Some(format!("{}  {}: {}", units::clock(entry.at), outcome.word(), entry.text()));
        }
        _ => "",
    };
    let word = if word.is_empty() { String::new() } else { format!("{word}: ") };
    Some(format!("{}  {step:<14} {word}{}", units::clock(entry.at), entry.text()))
}

const fn result_word(result: crate::runbook::run::ActResult) -> &'static str {
    use crate::runbook::run::ActResult;
    match result {
        ActResult::Done => "done",
        ActResult::Failed => "FAILED",
        ActResult::Refused => "REFUSED",
        ActResult::Unknown => "UNKNOWN",
    }
}

/// Prints the last line.
fn end(verdict: &Verdict, answers: &Answers, out: &mut dyn Write) -> Result<u8, Ended> {
    if answers.form.json {
        render::json_line(&verdict.json().to_string(), out).map_err(failed)?;
    } else {
        let run = verdict.run.as_deref().unwrap_or("no run");
        line(out, &format!("{run}: {}", verdict.outcome.word()))?;
        for text in verdict.text.lines() {
            line(out, text)?;
        }
    }
    Ok(verdict.code())
}
