//! What flags say for a person, and what is to be done where they say nothing.

use crate::{
    cli::runbook::Answers,
    model::{
        journal::{Actor, KnownBy},
        nearest::did_you_mean,
    },
    runbook::{
        definition::{Kind, ValueKind, Variable},
        plan::Plan,
        run::{Asking, Choice, Input, Question, Reply, Run},
    },
    runtime::runbook::{House, carry},
};
use std::collections::{BTreeMap, BTreeSet};

/// Looks whether the flags speak of steps and inputs that the plan has: what nobody asks for would be passed over in silence.
///
/// # Errors
/// Which flag does not, and what there is.
pub fn known(plan: &Plan, flags: &Answers) -> Result<(), String> {
    for (name, _) in &flags.answer {
        let (step, input) = name.split_once('.').unwrap_or((name, ""));
        let Kind::Input(fields) = kind(plan, &format!("--answer {name}"), step)? else {
            return Err(format!("--answer {name}: nothing is filled in at the step {step}"));
        };
        if !fields.iter().any(|field| field.name == input) {
            let names: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
            let near = did_you_mean(input, names.iter().copied());
            return Err(format!("--answer {name}: {step} has no input «{input}»{near}; it has {}", names.join(", ")));
        }
    }
    for step in &flags.done {
        kind(plan, &format!("--done {step}"), step)?;
    }
    for (step, takes) in &flags.way {
        if !matches!(kind(plan, &format!("--way {step}"), step)?, Kind::Branch(_)) {
            return Err(format!("--way {step}: no ways part at this step"));
        }
        if way(takes).is_none() {
            return Err(format!("--way {step}={takes}: write yes or no"));
        }
    }
    Ok(())
}

/// The kind of the step that a flag names.
fn kind<'p>(plan: &'p Plan, flag: &str, step: &str) -> Result<&'p Kind, String> {
    let known = || plan.steps.iter().map(|planned| planned.step.id.as_str());
    plan.step(step).map(|planned| &planned.step.kind).ok_or_else(|| {
        let (near, all) = (did_you_mean(step, known()), known().collect::<Vec<_>>().join(", "));
        format!("{flag}: there is no such step{near}; the steps are {all}")
    })
}

/// Which way a word takes.
fn way(word: &str) -> Option<bool> {
    match word {
        "yes" | "true" => Some(true),
        "no" | "false" => Some(false),
        _ => None,
    }
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// The answer.
    Reply(Input),
    /// It is waited for; what is to be said of that, the first time.
    Wait(Option<String>),
    /// Nobody speaks for the person: why, and the way to go on.
    Nothing(String),
}

/// Answers by flags.
pub struct Speaker<'a> {
    flags: &'a Answers,
    by: Actor,
    /// Whether the choice has been used.
    has_chosen: bool,
    answered: BTreeSet<u64>,
}

impl<'a> Speaker<'a> {
    /// Who says what these flags say.
    pub const fn new(flags: &'a Answers, by: Actor) -> Self {
        Self { flags, by, has_chosen: false, answered: BTreeSet::new() }
    }

    /// The command that goes on with the run. Who was named for this one is not known to the next.
    fn resume(&self, run: &str) -> String {
        let actor = match self.by.known_by {
            KnownBy::Stated => format!("--actor {} ", shell_words::quote(&self.by.name)),
            _ => String::new(),
        };
        format!("flightdeck {actor}runbook resume {run}")
    }

    /// The answer to a question, where the flags have one.
    pub fn answer(&mut self, run: &Run, question: &Question, house: &House) -> Said {
        let resume = self.resume(run.id());
        if !self.answered.insert(question.ticket) && !matches!(question.asking, Asking::Approval { .. }) {
            return Said::Nothing(format!("the answer was not taken; {resume}"));
        }
        let step = question.step.clone().unwrap_or_default();
        match &question.asking {
            Asking::Confirm { text, typed } if self.flags.yes => {
                let _ = text;
                self.reply(question, Reply::Typed(typed.clone()))
            }
            Asking::Confirm { text, typed } => {
                Said::Nothing(format!("{step}: {text}\nto confirm {typed}: {resume} --yes"))
            }
            Asking::TalkThrough { .. } if self.flags.yes => self.reply(question, Reply::Done),
            Asking::TalkThrough { text } => Said::Nothing(format!("{step}: {text}\nto go on: {resume} --yes")),
            Asking::Manual { .. } if self.flags.done.contains(&step) => self.reply(question, Reply::Done),
            Asking::Manual { text } => {
                Said::Nothing(format!("{step}: to be done by hand: {text}\nonce it is done: {resume} --done {step}"))
            }
            Asking::Way { text, then, otherwise } => match self.way(&step) {
                Some(takes) => self.reply(question, Reply::Takes(takes)),
                None => Said::Nothing(format!(
                    "{step}: {text}\nwith yes it goes on at {then}, with no at {otherwise}: {resume} --way {step}=yes"
                )),
            },
            Asking::Input { fields } => self.form(question, &step, fields, house, &resume),
            Asking::Approval { text, binding, people, given, .. } => {
                if self.flags.wait {
                    let is_new = self.answered.insert(u64::MAX);
                    let text = format!(
                        "{step}: waits for somebody else: flightdeck --actor NAME runbook approve {}",
                        run.id()
                    );
                    return Said::Wait(is_new.then_some(text));
                }
                Said::Nothing(format!(
                    "{step}: {text}\n{} of {people} have approved; somebody else approves plan {binding} by: flightdeck --actor NAME runbook approve {}\nand then: {resume} --yes",
                    given.len(),
                    run.id()
                ))
            }
            Asking::Choose { text, choices, .. } => self.choice(question, text, choices, &resume),
        }
    }

    fn reply(&self, question: &Question, reply: Reply) -> Said {
        Said::Reply(Input::Answered { ticket: question.ticket, by: self.by.clone(), reply })
    }

    fn way(&self, step: &str) -> Option<bool> {
        self.flags.way.iter().find(|(known, _)| known == step).and_then(|(_, takes)| way(takes))
    }

    fn form(&self, question: &Question, step: &str, fields: &[Variable], house: &House, resume: &str) -> Said {
        let (mut values, mut secrets, mut missing) = (BTreeMap::new(), Vec::new(), Vec::new());
        for field in fields {
            let name = format!("{step}.{}", field.name);
            if field.kind == ValueKind::Secret {
                if house.secret(&format!("steps.{name}")).is_some() {
                    secrets.push(field.name.clone());
                } else {
                    missing.push(format!("{}: {} (--secret steps.{name}=FILE)", field.name, field.title));
                }
                continue;
            }
            match self.flags.answer.iter().rev().find(|(known, _)| *known == name) {
                Some((_, text)) => match field.parse(text) {
                    Ok(value) => {
                        values.insert(field.name.clone(), value);
                    }
                    Err(why) => missing.push(why),
                },
                None if field.default.is_some() => {}
                None => missing.push(format!("{}: {} (--answer {name}=…)", field.name, field.title)),
            }
        }
        if missing.is_empty() {
            return self.reply(question, Reply::Filled { values, secrets });
        }
        Said::Nothing(format!("{step}: to be filled in:\n{}\n{resume} with these", missing.join("\n")))
    }

    fn choice(&mut self, question: &Question, text: &str, choices: &[Choice], resume: &str) -> Said {
        let wanted = self.flags.choose.as_deref().filter(|_| !self.has_chosen);
        let chosen = wanted.map(|word| carry::choice(word, choices));
        match chosen {
            Some(Ok(choice)) => {
                self.has_chosen = true;
                self.reply(question, Reply::Chosen { choice, text: self.flags.reason.clone() })
            }
            other => {
                let wrong = other.and_then(Result::err).map_or_else(String::new, |why| format!("{why}\n"));
                let lines: Vec<_> = choices
                    .iter()
                    .map(|choice| format!("{resume} --choose {:<12} {}", choice.word(), choice.meaning()))
                    .collect();
                Said::Nothing(format!("{wrong}paused: {text}\n{}", lines.join("\n")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::sample;

    fn plan() -> Plan {
        sample::plan(&sample::built_in("daily-check"), &[], &[]).expect("a plan")
    }

    fn flags(answer: &[(&str, &str)], done: &[&str], way: &[(&str, &str)]) -> Answers {
        let pairs = |all: &[(&str, &str)]| all.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let done = done.iter().map(ToString::to_string).collect();
        Answers { answer: pairs(answer), done, way: pairs(way), ..Answers::default() }
    }

    #[test]
    fn flags_that_nobody_asks_for_are_refused() {
        let plan = plan();
        let wrong = |flags: Answers| known(&plan, &flags).expect_err("is wrong");
        assert!(wrong(flags(&[("nosuch.x", "1")], &[], &[])).starts_with("--answer nosuch.x: there is no such step"));
        let near = wrong(flags(&[("findings.remark", "x")], &[], &[]));
        assert!(near.contains("has no input «remark» (did you mean «remarks»?); it has remarks"), "{near}");
        assert!(wrong(flags(&[("sources.x", "1")], &[], &[])).contains("nothing is filled in at the step sources"));
        assert!(wrong(flags(&[], &["sign"], &[])).starts_with("--done sign: there is no such step"));
        assert!(wrong(flags(&[], &[], &[("sources", "yes")])).contains("no ways part"));
        assert!(wrong(flags(&[], &[], &[("sources-down", "maybe")])).contains("write yes or no"));
        let right = flags(&[("findings.remarks", "x")], &["sign-off"], &[("sources-down", "no")]);
        assert_eq!(known(&plan, &right), Ok(()));
    }
}
