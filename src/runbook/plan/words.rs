//! Steps and checks in words.

use crate::{
    model::units,
    runbook::{
        condition::Condition,
        definition::{Check, Deed, Kind, Step},
        field::{Field as _, Period},
    },
};

/// The effect of a step, in one sentence.
pub fn step_effect(step: &Step, on: &str) -> String {
    match &step.kind {
        Kind::Confirm(confirm) => {
            let typed = confirm.typed.as_ref().map_or_else(|| "the target's name".to_owned(), ToString::to_string);
            format!("A person confirms by typing {typed}.")
        }
        Kind::Input(fields) => {
            let names: Vec<_> = fields.iter().map(|field| field.title.as_str()).collect();
            format!("A person fills in: {}.", names.join("; "))
        }
        Kind::Look(check) => format!("Asks about {on}: {}.", check.ask.words()),
        Kind::WaitUntil(check) => format!("Waits until {}.", check_words(check)),
        Kind::Gate(check) => format!("Waits for {} to be clear of {on}.", check.ask.words()),
        Kind::Do(Deed::Act(act)) => act.effect(on),
        Kind::Do(Deed::Manual(text)) => format!("A person does by hand: {text}"),
        Kind::Branch(branch) => {
            let when: Vec<_> = branch.when.iter().map(condition_words).collect();
            format!("Goes on at {} where {}, otherwise at {}.", branch.then, when.join(" and "), branch.otherwise)
        }
        Kind::Parallel(members) => format!("Goes on with {} side by side.", members.join(", ")),
        Kind::Timer(period) => format!("Waits for {}.", period_words(period)),
        Kind::Approval(approval) => {
            let role = approval.role.as_ref().map_or_else(String::new, |role| format!(" ({role})"));
            let people = if approval.people == 1 {
                "Another person".into()
            } else {
                format!("{} other people", approval.people)
            };
            format!("{people}{role} approves this plan; that holds for {}.", period_words(&approval.valid))
        }
        Kind::Note(text) => text.to_string(),
    }
}

/// What a check asks and expects.
pub fn check_words(check: &Check) -> String {
    let expected: Vec<_> = check.expect.iter().map(condition_words).collect();
    let mut words = if check.title.is_empty() {
        match expected.as_slice() {
            [] => check.ask.words(),
            expected => format!("{}: {}", check.ask.words(), expected.join(", ")),
        }
    } else {
        check.title.to_string()
    };
    if let Some(within) = &check.within {
        words += &format!(", within {}", period_words(within));
    }
    if let Some(settle) = &check.settle {
        words += &format!(", and for {} on end", period_words(settle));
    }
    words
}

fn condition_words(condition: &Condition) -> String {
    let mut words = Vec::new();
    let bounds = [
        ("is", &condition.is),
        ("is not", &condition.is_not),
        ("at least", &condition.at_least),
        ("at most", &condition.at_most),
        ("above", &condition.above),
        ("below", &condition.below),
    ];
    words.extend(bounds.into_iter().filter_map(|(word, bound)| bound.as_ref().map(|bound| format!("{word} {bound}"))));
    let others = [
        ("fits", &condition.matches),
        ("is the same as", &condition.same_as),
        ("is at least", &condition.at_least_path),
    ];
    words.extend(others.into_iter().filter_map(|(word, other)| other.as_ref().map(|other| format!("{word} {other}"))));
    if let Some(all) = &condition.one_of {
        let all: Vec<_> = all.iter().map(ToString::to_string).collect();
        words.push(format!("is one of {}", all.join(", ")));
    }
    if let Some(known) = condition.known {
        words.push(if known { "is there".into() } else { "is not there".into() });
    }
    format!("{} {}", condition.subject(), words.join(" and "))
}

fn period_words(period: &Period) -> String {
    period.ready().map_or_else(|_| period.to_string(), |seconds| units::span(seconds as f64))
}
