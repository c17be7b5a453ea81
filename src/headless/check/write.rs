//! `flightdeck check --waive`, `--attest`, `--accept`: additions to the files of the rules, made by the same code and through the same gate as in
//! the cockpit. The difference goes to standard output.

use super::{
    Judged, Surroundings,
    named::{By, Meant, Named},
    print,
};
use crate::{
    cli::{exit, rules::WriteArguments},
    clock,
    model::{
        Timestamp,
        finding::{Finding, Level, Status},
        object::{ObjectKind, ObjectRef},
    },
    ops::{
        execute::execute,
        gate::Gate,
        offer::finding::last_day,
        operation::{Operation, RuleChange},
    },
    rulebook::{
        policy::{
            Waiver,
            addition::{ATTESTATION_DAYS, Accepted, Addition, Covers, NewWaiver, RuleFile, WAIVER_DAYS, day_after},
            attest::{ATTESTED, Attestation, attested_of},
            settle::covered,
            waiver::expiry,
        },
        report::Report,
    },
    runtime::journal::Records,
    source::repo::{book, draft},
    world::World,
};
use std::{
    io::{self, Write},
    path::Path,
};

/// Why nothing is written, and the exit code.
struct Refused(u8, String);

/// What is to be added, and what is to be said of it.
type Made = Result<(Addition, Vec<String>), Refused>;

fn usage<T>(why: impl Into<String>) -> Result<T, Refused> {
    Err(Refused(exit::USAGE, why.into()))
}

/// Writes what is asked for, prints the difference, and returns the exit code. `judge` says what is found now, for what is not named.
pub fn write(
    asked: &WriteArguments,
    root: Option<&Path>,
    around: &Surroundings<'_>,
    judge: &mut dyn FnMut(&mut dyn Write) -> io::Result<Judged>,
    (out, errors): (&mut dyn Write, &mut dyn Write),
) -> io::Result<u8> {
    let made = match (&asked.attest, known(asked, root, around)) {
        (Some(rule), _) => attestation(rule, asked, around, clock::now()),
        (None, Err(refused)) => Err(refused),
        (None, Ok(())) => match judge(errors)? {
            Ok(report) if asked.accept.is_empty() => waivers(asked, &report, around, clock::now()),
            Ok(report) => accepted(asked, &report),
            Err(code) => return Ok(code),
        },
    };
    let done = made.and_then(|(addition, doubts)| {
        let file = file(asked, root, around)?;
        let draft = draft::draft(&file, &addition, around.words, clock::now());
        let draft = draft.map_err(|why| Refused(exit::USAGE, why))?;
        let target = ObjectRef::new(ObjectKind::Violation, "");
        Ok((RuleChange { target, file, addition, draft: Some(draft) }, doubts))
    });
    let (change, doubts) = match done {
        Ok(made) => made,
        Err(Refused(code, why)) => {
            print::note(errors, &why)?;
            return Ok(code);
        }
    };
    for doubt in &doubts {
        print::note(errors, &format!("{doubt}; it is written all the same, for what may be found elsewhere or later"))?;
    }
    let draft = change.draft.as_ref().expect("was just made");
    for line in draft.diff.lines() {
        writeln!(out, "{}", print::clean(line))?;
    }
    let path = draft.path.display().to_string();
    if asked.dry_run {
        print::note(errors, &format!("{path}: not written (--dry-run)"))?;
        return Ok(exit::OK);
    }
    let permit = match Gate::permit(Operation::Rules(Box::new(change)), &World::at(clock::now()), around.gate) {
        Ok(permit) => permit,
        Err(why) => {
            print::note(errors, &format!("refused: {why}"))?;
            return Ok(exit::REFUSED);
        }
    };
    let records = around.journal.clone().map_or_else(|| Records::none("no journal"), Records::open);
    let done = execute(permit, around.clients, &|_| {}, &*records.ledger());
    if let Some(lost) = records.close() {
        print::note(errors, &lost)?;
    }
    match done {
        Ok(deed) => print::note(errors, &deed.text).map(|()| exit::OK),
        Err(why) => print::note(errors, &why).map(|()| exit::FINDINGS),
    }
}

fn file(asked: &WriteArguments, root: Option<&Path>, around: &Surroundings<'_>) -> Result<RuleFile, Refused> {
    match (root.filter(|_| !asked.own), &around.words.user) {
        (Some(root), _) => Ok(RuleFile::Repository(root.into())),
        (None, Some(user)) => Ok(RuleFile::User(user.clone())),
        (None, None) => usage("there is no repository here, and no home with a configuration of your own"),
    }
}

/// Looks whether there are the checks that are named, before anything is judged.
fn known(asked: &WriteArguments, root: Option<&Path>, around: &Surroundings<'_>) -> Result<(), Refused> {
    let known = book::customs(root, around.words).known;
    let wrong = asked.waive.iter().chain(&asked.accept).find_map(|text| known.rule(Named::of(text).check).err());
    wrong.map_or(Ok(()), usage)
}

/// The end that is asked for, or the usual one.
fn end(asked: &WriteArguments, days: i64, now: Timestamp) -> Result<String, Refused> {
    match &asked.expires {
        Some(text) => {
            last_day(text, now, 0).map_err(|wrong| Refused(exit::USAGE, format!("--expires {text}: {}", wrong.why)))
        }
        None => Ok(day_after(now, days)),
    }
}

fn waivers(asked: &WriteArguments, report: &Report, around: &Surroundings<'_>, now: Timestamp) -> Made {
    let expires = end(asked, WAIVER_DAYS, now)?;
    let reason = asked.reason.clone().unwrap_or_default();
    if reason.trim().is_empty() {
        return usage("--reason: say why it is accepted, and what will end it");
    }
    let (mut all, mut doubts) = (Addition::Waive(Vec::new()), Vec::new());
    for text in &asked.waive {
        let named = Named::of(text);
        let meant = meant(&named, report)?;
        let mut new = new_waivers(&named, &meant);
        for new in &mut new {
            let is_of = |finding: &&&Finding| covered(&new.waiver, std::iter::once(**finding)) > 0;
            let owned = || meant.findings.iter().find(is_of)?.owner.clone();
            new.waiver.owner = asked
                .owner
                .clone()
                .or_else(|| Some(owned()?.into()))
                .unwrap_or_else(|| around.gate.actor.name.to_string());
            (new.waiver.reason, new.waiver.expires) = (reason.clone(), expires.clone());
        }
        // They are all waivers.
        let _ = all.join(Addition::Waive(new));
        doubts.extend(meant.doubt);
    }
    Ok((all, doubts))
}

/// The waivers of what is meant. Who answers for it, why and until when has to be said.
fn new_waivers(named: &Named<'_>, meant: &Meant<'_>) -> Vec<NewWaiver> {
    let findings = &meant.findings;
    let target = match &meant.by {
        By::Each(covers) => return findings.iter().map(|finding| NewWaiver::of(finding, *covers)).collect(),
        By::Target(target) => target.clone(),
    };
    let about = match findings.as_slice() {
        [one] => NewWaiver::of(one, Covers::Place).about,
        _ => String::new(),
    };
    let blocks = findings.iter().any(|finding| finding.level == Level::Block);
    let waiver = Waiver { rule: named.check.into(), target, ..Waiver::default() };
    vec![NewWaiver { waiver, about, blocks, covers: findings.len() }]
}

fn meant<'f>(named: &Named<'_>, report: &'f Report) -> Result<Meant<'f>, Refused> {
    named.meant(report).map_err(|why| Refused(exit::FINDINGS, why))
}

fn accepted(asked: &WriteArguments, report: &Report) -> Made {
    let mut all = Vec::new();
    for text in &asked.accept {
        let Meant { findings, doubt, .. } = meant(&Named::of(text), report)?;
        let open = findings.into_iter().filter(|finding| finding.status != Status::Waived);
        let open: Vec<_> = open.map(Accepted::of).collect();
        if open.is_empty() {
            let why = doubt.unwrap_or_else(|| format!("{text}: all of it is accepted already"));
            return Err(Refused(exit::FINDINGS, why));
        }
        all.extend(open);
    }
    Ok((Addition::Accept(all), Vec::new()))
}

fn attestation(rule: &str, asked: &WriteArguments, around: &Surroundings<'_>, now: Timestamp) -> Made {
    let (rule, subject) = rule.split_once(':').unwrap_or((rule, ""));
    let Some(attested) = rule.trim().parse().ok().and_then(attested_of) else {
        let known: Vec<_> = ATTESTED.iter().map(|attested| format!("{} ({})", attested.rule, attested.what)).collect();
        return usage(format!(
            "--attest {rule}: nobody vouches for that; rules that are vouched for: {}",
            known.join(", ")
        ));
    };
    if attested.needs_second && asked.requested_by.is_none() {
        return usage(format!("--attest {rule}: name who asked for it (--requested-by): it must be another person"));
    }
    let until = end(asked, ATTESTATION_DAYS, now)?;
    let at = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let attestation = Attestation {
        rule: attested.rule,
        subject: subject.trim().into(),
        by: asked.by.clone().unwrap_or_else(|| around.gate.actor.name.to_string()),
        role: asked.role.clone().unwrap_or_default(),
        at: at.to_string(),
        evidence: asked.evidence.clone().unwrap_or_default(),
        sha256: asked.sha256.clone(),
        expires: expiry(&until).map_or(until, |end| end.to_string()),
        requested_by: asked.requested_by.clone(),
    };
    Ok((Addition::Attest(Box::new(attestation)), Vec::new()))
}
