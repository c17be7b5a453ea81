//! Reads a runbook: part by part, so that every fault is found in one go, each with its place.

use super::{
    Definition,
    fault::{Fault, Part, Source},
    lint,
    settle::settle,
    step::Step,
    written,
};
use crate::{
    model::{finding::Level, nearest::did_you_mean},
    runbook::{
        target::TargetForm,
        template::{Template, is_word},
    },
};
use serde::de::DeserializeOwned;
use std::path::Path;
use toml::{
    Spanned,
    de::{DeTable, DeValue, ValueDeserializer},
};

/// Bytes that a runbook may have.
const LARGEST: usize = 1 << 20;
/// Steps that a runbook may have.
const MOST_STEPS: usize = 200;
/// Keys of the whole file.
const KEYS: &[&str] =
    &["title", "about", "drill-days", "typed", "target", "variable", "preflight", "step", "stop", "fits"];

/// Reads a runbook. Its name is that of its file. There is none where one of the faults is an error.
pub fn read(file: &str, text: &str) -> (Option<Definition>, Vec<Fault>) {
    let mut source = Source::new(file, text);
    let definition = whole(&mut source);
    if let Some(definition) = &definition {
        lint::examine(definition, &mut source);
    }
    source.faults.sort_by_key(|fault| (fault.line, fault.column));
    (definition.filter(|_| !source.has_errors()), source.faults)
}

fn whole(source: &mut Source<'_>) -> Option<Definition> {
    let id = Path::new(source.file).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
    if !is_word(&id) {
        source.fault_at(
            Level::Error,
            0,
            format!("«{id}» is no name for a runbook: name the file with small letters, digits and `-`"),
        );
    }
    if source.text.len() > LARGEST {
        source.fault_at(Level::Error, 0, format!("larger than {} KiB: make several runbooks of it", LARGEST >> 10));
        return None;
    }
    let table = match DeTable::parse(source.text) {
        Ok(table) => table.into_inner(),
        Err(error) => {
            let message = error.message().lines().next().unwrap_or_default().to_owned();
            source.fault_at(
                Level::Error,
                error.span().map_or(0, |span| span.start),
                format!("this is no TOML: {message}"),
            );
            return None;
        }
    };
    let mut parts = Parts::default();
    for (key, value) in table {
        parts.take(source, &key, value);
    }
    parts.settle(id, source)
}

/// What has been read.
#[derive(Default)]
struct Parts {
    /// Keys that stand there, also such as could not be read.
    seen: Vec<String>,
    title: Option<Template>,
    about: Option<String>,
    drill_days: Option<u32>,
    typed: Option<Template>,
    target: Option<TargetForm>,
    variables: Vec<super::Variable>,
    preflight: Vec<super::Preflight>,
    steps: Vec<Option<Step>>,
    stops: Vec<super::Stop>,
    fits: Vec<super::Fits>,
}

impl Parts {
    fn take(&mut self, source: &mut Source<'_>, key: &Spanned<std::borrow::Cow<'_, str>>, value: Spanned<DeValue<'_>>) {
        let at = key.span().start;
        self.seen.push(key.get_ref().to_string());
        match key.get_ref().as_ref() {
            "title" => self.title = one(source, value),
            "about" => self.about = one(source, value),
            "drill-days" => self.drill_days = one(source, value),
            "typed" => self.typed = one(source, value),
            "target" => {
                source.begins(Part::Target, value.span().start);
                self.target = one(source, value);
            }
            "variable" => {
                self.variables = many(source, "variable", value, Part::Variable).into_iter().flatten().collect()
            }
            "preflight" => {
                self.preflight = many(source, "preflight", value, Part::Preflight).into_iter().flatten().collect()
            }
            "stop" => self.stops = many(source, "stop", value, Part::Stop).into_iter().flatten().collect(),
            "fits" => self.fits = many(source, "fits", value, Part::Fits).into_iter().flatten().collect(),
            "step" => {
                let written: Vec<Option<written::Step>> = many(source, "step", value, Part::Step);
                let steps = written.into_iter().enumerate();
                self.steps =
                    steps.map(|(index, step)| step.and_then(|step| settle(step, Part::Step(index), source))).collect();
            }
            other => {
                let near = did_you_mean(other, KEYS.iter().copied());
                source.fault_at(
                    Level::Error,
                    at,
                    format!("there is no key «{other}»{near}; known: {}", KEYS.join(", ")),
                );
            }
        }
    }

    fn settle(self, id: String, source: &mut Source<'_>) -> Option<Definition> {
        for (key, what) in [
            ("title", "`title = \"…\"`: what it does, in one line"),
            ("about", "`about = \"…\"`: what it is for, and when not to use it"),
            ("target", "`[target]`: what it acts on"),
            ("step", "`[[step]]`: what is done"),
        ] {
            if !self.seen.iter().any(|seen| seen == key) {
                source.fault_at(Level::Error, 0, format!("`{key}` is missing: write {what}"));
            }
        }
        if self.steps.len() > MOST_STEPS {
            source.error(
                Part::Step(MOST_STEPS),
                "",
                format!("more than {MOST_STEPS} steps: make several runbooks of it"),
            );
        }
        let steps: Option<Vec<Step>> = self.steps.into_iter().collect();
        Some(Definition {
            id,
            title: self.title?,
            about: self.about?,
            target: self.target?,
            typed: self.typed,
            drill_days: self.drill_days,
            variables: self.variables,
            preflight: self.preflight,
            steps: steps.filter(|steps| !steps.is_empty() && steps.len() <= MOST_STEPS)?,
            stops: self.stops,
            fits: self.fits,
        })
    }
}

/// One value.
fn one<T: DeserializeOwned>(source: &mut Source<'_>, value: Spanned<DeValue<'_>>) -> Option<T> {
    let place = value.span();
    match T::deserialize(ValueDeserializer::from(value)) {
        Ok(value) => Some(value),
        Err(error) => {
            source.fault_at(Level::Error, error.span().unwrap_or(place).start, explain(error.message()));
            None
        }
    }
}

/// The tables of a list of tables; `None` for one that has a fault.
fn many<T: DeserializeOwned>(
    source: &mut Source<'_>,
    key: &str,
    value: Spanned<DeValue<'_>>,
    part: impl Fn(usize) -> Part,
) -> Vec<Option<T>> {
    let at = value.span().start;
    let DeValue::Array(items) = value.into_inner() else {
        source.fault_at(Level::Error, at, format!("write [[{key}]], with two brackets"));
        return Vec::new();
    };
    let starts: Vec<usize> = items.iter().map(|item| item.span().start).collect();
    for (index, start) in starts.into_iter().enumerate() {
        source.begins(part(index), start);
    }
    items.into_iter().map(|item| one(source, item)).collect()
}

/// What the reader of TOML says, for a person.
fn explain(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let quoted: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
    let known = || quoted.iter().skip(1).copied();
    match quoted.first() {
        Some(word) if line.starts_with("unknown field") => {
            format!(
                "there is no key «{word}» here{}; known: {}",
                did_you_mean(word, known()),
                known().collect::<Vec<_>>().join(", ")
            )
        }
        Some(word) if line.starts_with("unknown variant") => {
            format!(
                "there is no «{word}» here{}; known: {}",
                did_you_mean(word, known()),
                known().collect::<Vec<_>>().join(", ")
            )
        }
        Some(word) if line.starts_with("missing field") => format!("`{word}` is missing"),
        _ => line.to_owned(),
    }
}
