//! What can be offered for findings of the rule book.

use super::{
    Act, Field, Offer, Wrong,
    value::{given, text, wrong},
};
use crate::{
    model::{
        Timestamp,
        finding::{Scope, Status},
        object::{ObjectKind, ObjectRef},
        ruling::{RuleNews, Ruling},
    },
    ops::operation::{OpenFile, Operation, RuleChange},
    rulebook::policy::{
        addition::{ATTESTATION_DAYS, Accepted, Addition, Covers, NewWaiver, RuleFile, WAIVER_DAYS, day_after},
        attest::{ATTESTED, Attestation, attested_of},
        settle::covered,
        waiver::expiry,
    },
    world::World,
};

/// What stands for whoever acts in the fields of a form: the cockpit knows the name.
pub const ACTOR: &str = "{actor}";

/// The words for the file that a waiver goes into.
const REPOSITORY: &str = "repository";
const OWN: &str = "own";

/// What was said about a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Waive { reason: String, owner: String, expires: String, covers: String, file: String },
    Attest(Box<Attestation>),
    Accept,
    Open,
}

pub static OFFERS: &[Offer] = &[
    Offer::new("waive", 'w', "waive", finding, |values| {
        Ok(Act::Rule(Said::Waive {
            reason: given(values, 0, "a reason")?,
            owner: given(values, 1, "who answers for it")?,
            expires: given(values, 2, "its last day")?,
            covers: given(values, 3, "what it covers")?,
            file: text(values, 4).into(),
        }))
    })
    .asking(waiver_fields),
    Offer::new("attest", 't', "attest", finding, attestation).asking(attestation_fields).for_one(),
    Offer::new("accept", 'b', "accept as old debt", finding, |_| Ok(Act::Rule(Said::Accept))),
    Offer::new("edit", 'e', "open in the editor", finding, |_| Ok(Act::Rule(Said::Open))).for_one(),
];

fn finding(target: &ObjectRef) -> bool {
    target.kind == ObjectKind::Violation
}

fn found<'w>(target: &ObjectRef, world: &'w World) -> Option<(&'w RuleNews, &'w Ruling)> {
    world.observed.rulings.told_by(&target.id)
}

fn waiver_fields(target: &ObjectRef, world: &World) -> Vec<Field> {
    let found = found(target, world);
    let owner = found.and_then(|(_, ruling)| ruling.finding.owner.clone()).map_or(ACTOR.into(), String::from);
    let file =
        found.map_or(REPOSITORY, |(news, ruling)| if is_for_repository(news, ruling) { REPOSITORY } else { OWN });
    vec![
        Field::new("reason", "", "why it is accepted, and what will end it"),
        Field::new("owner", owner, "who answers for it"),
        Field::new("expires", day_after(world.now, WAIVER_DAYS), "its last day in UTC, or days from now: 30d"),
        Field::new("covers", "place", "place: all of this check there; finding: this alone; or a pattern"),
        Field::new("file", file, "repository: its .flightdeck.toml; own: your own configuration"),
    ]
}

/// Whether a waiver of it belongs into the repository.
fn is_for_repository(news: &RuleNews, ruling: &Ruling) -> bool {
    let of_files = matches!(ruling.finding.scope, Scope::Repo | Scope::Diff);
    news.root.is_some() && (of_files || news.user.is_none())
}

fn attestation(values: &[&str]) -> Result<Act, Wrong> {
    let rule = text(values, 0).parse::<u8>().ok().filter(|rule| attested_of(*rule).is_some());
    let Some(rule) = rule else { return wrong(0, format!("write a rule that is vouched for: {}", attested_rules())) };
    let asked = text(values, 5);
    Ok(Act::Rule(Said::Attest(Box::new(Attestation {
        rule,
        subject: text(values, 1).into(),
        evidence: given(values, 2, "the evidence")?,
        by: given(values, 3, "who vouches")?,
        role: given(values, 4, "the role")?,
        requested_by: (!asked.is_empty()).then(|| asked.into()),
        expires: given(values, 6, "an end")?,
        ..Attestation::default()
    }))))
}

fn attested_rules() -> String {
    ATTESTED.iter().map(|attested| attested.rule.to_string()).collect::<Vec<_>>().join(", ")
}

fn attestation_fields(target: &ObjectRef, world: &World) -> Vec<Field> {
    let finding = found(target, world).map(|(_, ruling)| &ruling.finding);
    let attested = finding.and_then(|finding| attested_of(finding.rule()));
    let is_missing = |check: &str| check.ends_with("-attested");
    // What is asked for by name stands in the finding; without a name it is the whole.
    let named = finding.filter(|finding| is_missing(&finding.check)).map(|finding| finding.resource.as_str());
    let subject = named.filter(|name| attested.is_none_or(|attested| attested.what != *name)).unwrap_or_default();
    let what = attested.map_or_else(|| format!("one of {}", attested_rules()), |attested| attested.what.into());
    vec![
        Field::new("rule", attested.map_or_else(String::new, |attested| attested.rule.to_string()), what),
        Field::new("subject", subject, "what it is about: a service, a change; nothing: the whole"),
        Field::new("evidence", "", "a file of the repository, which is hashed, or https://…"),
        Field::new("by", ACTOR, "who vouches"),
        Field::new("role", "", "security, architecture, on-call …"),
        Field::new("requested by", "", "rules 14 and 20: who asked for it, which must be another person"),
        Field::new("expires", day_after(world.now, ATTESTATION_DAYS), "its last day in UTC, or days from now: 90d"),
    ]
}

/// The operation on a finding, from what was said.
///
/// # Errors
/// What is wrong with what was said, or that it cannot be done to this finding.
pub fn operation(said: Said, target: &ObjectRef, world: &World) -> Result<Operation, Wrong> {
    let Some((news, ruling)) = found(target, world) else { return wrong(0, "the violation is gone") };
    let is_accepted = ruling.finding.status == Status::Waived;
    match said {
        Said::Open => open(target, news, ruling),
        Said::Waive { .. } | Said::Accept if is_accepted => wrong(0, "it is accepted already"),
        Said::Waive { reason, owner, expires, covers, file } => {
            let mut new = match covers.as_str() {
                "place" => NewWaiver::of(&ruling.finding, Covers::Place),
                "finding" => NewWaiver::of(&ruling.finding, Covers::Finding),
                pattern => {
                    let mut new = NewWaiver::of(&ruling.finding, Covers::Place);
                    new.waiver.target = pattern.into();
                    new
                }
            };
            (new.waiver.reason, new.waiver.owner) = (reason, owner);
            new.waiver.expires = last_day(&expires, world.now, 2)?;
            let all = world.observed.rulings.iter().map(|ruling| &ruling.finding);
            new.covers = covered(&new.waiver, all.filter(|finding| finding.status != Status::Waived));
            change(target, file_of(&file, news, ruling, 4)?, Addition::Waive(vec![new]))
        }
        Said::Attest(attestation) => {
            let now = Timestamp::from_second(world.now.as_second()).unwrap_or(world.now);
            let end = last_day(&attestation.expires, world.now, 6)?;
            let expires = expiry(&end).map_or(end, |end| end.to_string());
            let attestation = Attestation { at: now.to_string(), expires, ..*attestation };
            let file = file_of(if news.root.is_some() { REPOSITORY } else { OWN }, news, ruling, 0)?;
            change(target, file, Addition::Attest(Box::new(attestation)))
        }
        Said::Accept => {
            let Some(root) = &news.root else { return wrong(0, "it belongs to no repository: waive it") };
            let addition = Addition::Accept(vec![Accepted::of(&ruling.finding)]);
            change(target, RuleFile::Repository(root.into()), addition)
        }
    }
}

fn change(target: &ObjectRef, file: RuleFile, addition: Addition) -> Result<Operation, Wrong> {
    Ok(Operation::Rules(Box::new(RuleChange { target: target.clone(), file, addition, draft: None })))
}

fn file_of(word: &str, news: &RuleNews, ruling: &Ruling, field: usize) -> Result<RuleFile, Wrong> {
    let is_own = match word {
        REPOSITORY => false,
        OWN => true,
        "" => !is_for_repository(news, ruling),
        _ => return wrong(field, format!("write {REPOSITORY} or {OWN}")),
    };
    match (is_own, &news.root, &news.user) {
        (false, Some(root), _) => Ok(RuleFile::Repository(root.into())),
        (false, None, _) => wrong(field, format!("there is no repository here: write {OWN}")),
        (true, _, Some(user)) => Ok(RuleFile::User(user.into())),
        (true, _, None) => wrong(field, "there is no configuration of your own (no home): write repository"),
    }
}

/// A day or a time that is still to come: as it is written, or so many days from now.
///
/// # Errors
/// It is none.
pub fn last_day(text: &str, now: Timestamp, field: usize) -> Result<String, Wrong> {
    let text = text.trim();
    if let Some(days) = text.strip_suffix('d').and_then(|days| days.trim().parse::<u16>().ok()) {
        return Ok(day_after(now, days.into()));
    }
    match expiry(text) {
        Some(end) if end > now => Ok(text.into()),
        Some(_) => wrong(field, "that is over already"),
        None => wrong(field, "write a day like 2026-12-31, or days from now like 30d"),
    }
}

fn open(target: &ObjectRef, news: &RuleNews, ruling: &Ruling) -> Result<Operation, Wrong> {
    let (Some(root), Some(file)) = (&news.root, &ruling.finding.file) else {
        return wrong(0, "it is in no file of a repository");
    };
    let (line, column) = ruling.finding.span.map_or((1, 1), |span| (span.line, span.column));
    Ok(Operation::OpenFile(Box::new(OpenFile {
        target: target.clone(),
        root: root.into(),
        file: file.as_str().into(),
        line,
        column,
    })))
}

#[cfg(test)]
#[path = "finding_tests.rs"]
mod tests;
