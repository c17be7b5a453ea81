//! What can be said about a runbook before it is run: names that nothing has, steps that cannot be reached or never end, and acts that
//! lack what makes them safe. All of it is found when the runbook is read.

mod names;
mod parts;

use super::{
    Definition, Fault,
    fault::{Part, Source},
    flow::{self, Flow},
    read,
    step::{Deed, Kind, Step, Undo},
};
use crate::{
    model::nearest::did_you_mean,
    runbook::{act::CommandForm, condition::pattern_of},
};
use names::Names;

/// Everything that is wrong with a runbook.
pub fn lint(file: &str, text: &str) -> Vec<Fault> {
    read(file, text).1
}

/// Programs that read one of their arguments as a line of commands.
const SHELLS: &[&str] = &["sh", "bash", "dash", "zsh", "ksh", "fish", "busybox", "eval", "su", "script", "xargs"];

/// Looks through a runbook that could be read.
pub(super) fn examine(definition: &Definition, source: &mut Source<'_>) {
    let flow = Flow::of(&definition.steps);
    let mut names = Names::of(definition, &flow);
    identities(definition, source);
    parts::variables(definition, source);
    parts::target(definition, &mut names, source);
    parts::preflight(definition, &mut names, source);
    parts::stops(definition, &mut names, source);
    fits(definition, source);
    leads(definition, &flow, source);
    for (index, step) in definition.steps.iter().enumerate() {
        parts::step(definition, index, step, &mut names, source);
        safety(step, Part::Step(index), source);
        commands(step, Part::Step(index), source);
    }
    confirmed(definition, source);
    order(definition, &flow, source);
    for (index, variable) in definition.variables.iter().enumerate() {
        if !names.is_used(&variable.name) {
            let text = format!("the variable «{}» is not used: use it, or take it away", variable.name);
            source.warn(Part::Variable(index), &variable.name, text);
        }
    }
}

/// Names that are there twice.
fn identities(definition: &Definition, source: &mut Source<'_>) {
    let mut seen: Vec<&str> = Vec::new();
    let variables =
        definition.variables.iter().enumerate().map(|(index, it)| (Part::Variable(index), it.name.as_str()));
    let preflight = definition.preflight.iter().enumerate().map(|(index, it)| (Part::Preflight(index), it.id.as_str()));
    for (part, name) in variables.chain(preflight) {
        if seen.contains(&name) {
            source.error(
                part,
                name,
                format!("a second «{name}»: variables and preflight questions have names of their own each"),
            );
        }
        seen.push(name);
    }
    let mut seen: Vec<&str> = Vec::new();
    for (index, step) in definition.steps.iter().enumerate() {
        if seen.contains(&step.id.as_str()) {
            source.error(
                Part::Step(index),
                &step.id,
                format!("a second step «{}»: give one of them another name", step.id),
            );
        }
        seen.push(&step.id);
    }
}

fn fits(definition: &Definition, source: &mut Source<'_>) {
    for (index, fits) in definition.fits.iter().enumerate() {
        let part = Part::Fits(index);
        for name in fits.fill.keys().filter(|name| definition.variable(name).is_none()) {
            let near = did_you_mean(name, definition.variables.iter().map(|variable| variable.name.as_str()));
            source.error(part, name, format!("`fill` names the variable «{name}», which there is not{near}"));
        }
        for pattern in fits.alerts.iter().chain(&fits.cause) {
            if let Err(why) = pattern_of(pattern) {
                source.error(part, pattern, why);
            }
        }
        for template in fits.fill.values() {
            for name in template.names().filter(|name| !name.starts_with("object.") && !name.starts_with("alert.")) {
                source.error(part, name, format!("«{name}» has no value here: an occasion knows object.… and alert.…"));
            }
        }
    }
}

/// Where steps lead: every name has to be that of a step.
fn leads(definition: &Definition, flow: &Flow, source: &mut Source<'_>) {
    let steps = &definition.steps;
    for (index, step) in steps.iter().enumerate() {
        let part = Part::Step(index);
        let named: Vec<&String> = match &step.kind {
            Kind::Branch(branch) => vec![&branch.then, &branch.otherwise],
            Kind::Parallel(members) => members.iter().collect(),
            _ => Vec::new(),
        };
        for id in named.into_iter().chain(&step.next) {
            match flow::place(steps, id) {
                None => {
                    let near = did_you_mean(id, steps.iter().map(|step| step.id.as_str()));
                    source.error(part, id, format!("{}: there is no step «{id}»{near}", step.id));
                }
                Some(Some(at)) if !matches!(step.kind, Kind::Parallel(_)) && flow.leader(at).is_some() => {
                    let text = format!("{}: «{id}» goes on beside others, and cannot be led to by itself", step.id);
                    source.error(part, id, text);
                }
                Some(None) if matches!(step.kind, Kind::Parallel(_)) => {
                    source.error(part, id, format!("{}: `end` is no step that could go on beside others", step.id));
                }
                _ => {}
            }
        }
        if let Kind::Parallel(members) = &step.kind {
            parallel(definition, step, members, part, source);
        }
        if let Kind::Branch(_) = &step.kind
            && step.next.is_some()
        {
            source.error(part, "next", format!("{}: a branch says itself where it leads: take `next` away", step.id));
        }
    }
}

fn parallel(definition: &Definition, step: &Step, members: &[String], part: Part, source: &mut Source<'_>) {
    if members.len() < 2 {
        source.error(part, "parallel", format!("{}: name at least two steps that go on side by side", step.id));
    }
    for member in members {
        let leaders = definition
            .steps
            .iter()
            .filter(|other| matches!(&other.kind, Kind::Parallel(others) if others.contains(member)));
        if leaders.count() > 1 || members.iter().filter(|other| *other == member).count() > 1 {
            source.error(part, member, format!("{}: «{member}» goes on beside others twice", step.id));
        }
        let Some(at) = definition.step_at(member) else { continue };
        let inner = &definition.steps[at];
        if inner.asks_person() || matches!(inner.kind, Kind::Branch(_) | Kind::Parallel(_) | Kind::Note(_)) {
            let text = format!("{}: a `{}` cannot go on beside others: put it before or after", step.id, inner.word);
            source.error(part, member, text);
        }
        if inner.next.is_some() {
            source.error(Part::Step(at), "next", format!("{member}: it goes on beside others: take `next` away"));
        }
    }
}

/// What makes an act safe: a limit, a look afterwards, a look after a crash, a way back.
fn safety(step: &Step, part: Part, source: &mut Source<'_>) {
    let id = &step.id;
    let waits = step.answering().is_some() || matches!(step.kind, Kind::Do(_));
    if waits && step.timeout.is_none() {
        source.error(part, "", format!("{id}: `timeout` is missing: nothing is waited for without an end"));
    }
    if !step.changes() {
        return;
    }
    if step.verify.is_empty() {
        source.error(
            part,
            "",
            format!("{id}: it changes something, and `[[step.verify]]` is missing: how is one to know that it worked?"),
        );
    }
    if step.observe.is_none() && step.act().is_some_and(|act| !act.repeats_safely()) {
        let text = format!("{id}: `[step.observe]` is missing: how is one to know after a crash whether it was done?");
        source.error(part, "", text);
    }
    match &step.undo {
        None => {
            let text =
                format!("{id}: it changes something: write `[step.undo]`, or `no-undo = \"…\"` with why there is none");
            source.error(part, "", text);
        }
        Some(Undo::Way(way)) => {
            if way.verify.is_empty() {
                source.error(
                    part,
                    "undo",
                    format!("{id}: `[[step.undo.verify]]` is missing: how is one to know that the way back worked?"),
                );
            }
            if way.observe.is_none() && matches!(&way.deed, Deed::Act(act) if !act.repeats_safely()) {
                let text = format!(
                    "{id}: `[step.undo.observe]` is missing: how is one to know after a crash whether it was done?"
                );
                source.error(part, "undo", text);
            }
        }
        Some(Undo::None(_)) => {}
    }
}

/// Arguments stay arguments: nothing that was put in may become part of a line that a shell reads.
fn commands(step: &Step, part: Part, source: &mut Source<'_>) {
    use crate::runbook::{act::ActForm, ask::AskForm};
    let mut found: Vec<&CommandForm> = Vec::new();
    let checks = step.answering().into_iter().chain(&step.verify).map(|check| &check.ask);
    let observed = step.observe.iter().map(|observe| &observe.ask);
    found.extend(checks.chain(observed).filter_map(|ask| match ask {
        AskForm::Command(command) => Some(command),
        _ => None,
    }));
    let undone = match &step.undo {
        Some(Undo::Way(way)) => Some(&way.deed),
        _ => None,
    };
    let done = if let Kind::Do(deed) = &step.kind { Some(deed) } else { None };
    found.extend(done.into_iter().chain(undone).filter_map(|deed| match deed {
        Deed::Act(ActForm::Command(command)) => Some(command),
        _ => None,
    }));
    for command in found {
        if command.argv.is_empty() {
            source.error(part, "argv", format!("{}: `argv` is empty: name the program and its arguments", step.id));
        }
        if let Some(argument) = shell_fault(command) {
            let text = format!(
                "{}: {argument} would become part of a line that a shell reads: call the program itself, each argument by itself",
                step.id
            );
            source.error(part, "argv", text);
        }
    }
}

/// An argument with values in it that a shell would read.
fn shell_fault(command: &CommandForm) -> Option<String> {
    let program = |text: &str| text.rsplit('/').next().unwrap_or(text).to_owned();
    let words: Vec<String> = command.argv.iter().map(|argument| program(&argument.to_string())).collect();
    let has_values = |at: usize| command.argv.get(at).is_some_and(|argument| argument.names().next().is_some());
    let shell = words.iter().position(|word| SHELLS.contains(&word.as_str()));
    if let Some(at) = shell {
        return (at..words.len()).find(|at| has_values(*at)).map(|at| command.argv[at].to_string());
    }
    // What follows the host becomes a line for the shell there.
    let ssh = words.iter().position(|word| word == "ssh")?;
    let host = words.iter().skip(ssh).position(|word| word == "--").map(|at| ssh + at + 1);
    (ssh..words.len()).find(|at| has_values(*at) && Some(*at) != host).map(|at| command.argv[at].to_string())
}

/// A person says yes before the first act.
fn confirmed(definition: &Definition, source: &mut Source<'_>) {
    let asked = definition.steps.iter().position(|step| matches!(step.kind, Kind::Confirm(_)));
    let acts = definition.steps.iter().position(|step| step.changes() && step.act().is_some());
    if let Some(first) = acts
        && asked.is_none_or(|asked| asked > first)
    {
        let id = &definition.steps[first].id;
        source.warn(
            Part::Step(first),
            id,
            format!("{id}: nobody has confirmed before it: put a `confirm` before the first act"),
        );
    }
}

fn order(definition: &Definition, flow: &Flow, source: &mut Source<'_>) {
    let steps = &definition.steps;
    for index in flow.unreachable(steps) {
        let id = &steps[index].id;
        source.error(Part::Step(index), id, format!("{id}: no way leads to it"));
    }
    if let Some(index) = flow.endless(steps) {
        let id = &steps[index].id;
        let text = format!("{id}: the way back to it has no end: give the branch on it `at-most = 3`");
        source.error(Part::Step(index), id, text);
    }
}
