//! What flags say for a person, and what is to be done where they say nothing.

use crate::{
    cli::runbook::Answers,
    model::journal::{Actor, KnownBy},
    runbook::{
        definition::{ValueKind, Variable},
        run::{Asking, Choice, Input, Question, Reply, Run},
    },
    runtime::runbook::{House, carry},
};
use std::collections::{BTreeMap, BTreeSet};

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
        let said = self.flags.way.iter().find(|(known, _)| known == step)?;
        match said.1.as_str() {
            "yes" | "true" => Some(true),
            "no" | "false" => Some(false),
            _ => None,
        }
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
