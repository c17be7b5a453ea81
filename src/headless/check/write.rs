//! `flightdeck check --waive`, `--attest`, `--accept`: additions to the files of the rules, made by the same code and through the same gate as in
//! the cockpit. The difference goes to standard output.

use super::{Judged, Surroundings, print};
use crate::{
    cli::{exit, rules::WriteArguments},
    clock,
    model::{
        Timestamp,
        finding::{Finding, Status},
        object::{ObjectKind, ObjectRef},
    },
    ops::{
        execute::execute,
        gate::Gate,
        offer::finding::last_day,
        operation::{Operation, RuleChange},
    },
    rulebook::policy::{
        Waiver,
        addition::{ATTESTATION_DAYS, Accepted, Addition, Covers, NewWaiver, RuleFile, WAIVER_DAYS, day_after},
        attest::{ATTESTED, Attestation, attested_of},
        settle::covered,
        waiver::expiry,
    },
    runtime::journal::Records,
    source::repo::draft,
    world::World,
};
use std::{
    io::{self, Write},
    path::Path,
};

/// Why nothing is written, and the exit code.
struct Refused(u8, String);

type Made = Result<Addition, Refused>;

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
    let needs_findings = !asked.accept.is_empty() || asked.waive.iter().any(|waive| !waive.contains(':'));
    let findings = if needs_findings {
        match judge(errors)? {
            Ok(findings) => findings,
            Err(code) => return Ok(code),
        }
    } else {
        Vec::new()
    };
    let done = addition(asked, &findings, around).and_then(|addition| {
        let file = file(asked, root, around)?;
        let draft = draft::draft(&file, &addition, around.words, clock::now());
        let draft = draft.map_err(|why| Refused(exit::USAGE, why))?;
        let target = ObjectRef::new(ObjectKind::Violation, "");
        Ok(RuleChange { target, file, addition, draft: Some(draft) })
    });
    let change = match done {
        Ok(change) => change,
        Err(Refused(code, why)) => {
            print::note(errors, &why)?;
            return Ok(code);
        }
    };
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

fn addition(asked: &WriteArguments, findings: &[Finding], around: &Surroundings<'_>) -> Made {
    let now = clock::now();
    match &asked.attest {
        Some(rule) => attestation(rule, asked, around, now),
        None if asked.accept.is_empty() => waivers(asked, findings, around, now),
        None => accepted(asked, findings),
    }
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

fn waivers(asked: &WriteArguments, findings: &[Finding], around: &Surroundings<'_>, now: Timestamp) -> Made {
    let expires = end(asked, WAIVER_DAYS, now)?;
    let reason = asked.reason.clone().unwrap_or_default();
    if reason.trim().is_empty() {
        return usage("--reason: say why it is accepted, and what will end it");
    }
    let mut all = Addition::Waive(Vec::new());
    for named in &asked.waive {
        let mut new: Vec<NewWaiver> = match named.split_once(':') {
            Some((check, target)) => vec![NewWaiver {
                waiver: Waiver { rule: check.trim().into(), target: target.trim().into(), ..Waiver::default() },
                about: String::new(),
                blocks: false,
                covers: 0,
            }],
            None => open(named, findings).map(|finding| NewWaiver::of(finding, Covers::Place)).collect(),
        };
        if new.is_empty() {
            return Err(Refused(
                exit::FINDINGS,
                format!("{named} finds nothing now that could be waived; {named}:TARGET waives by name"),
            ));
        }
        for new in &mut new {
            let owned =
                || findings.iter().find(|finding| covered(&new.waiver, std::iter::once(*finding)) > 0)?.owner.clone();
            new.waiver.owner = asked
                .owner
                .clone()
                .or_else(|| Some(owned()?.into()))
                .unwrap_or_else(|| around.gate.actor.name.to_string());
            (new.waiver.reason, new.waiver.expires) = (reason.clone(), expires.clone());
        }
        // They are all waivers.
        let _ = all.join(Addition::Waive(new));
    }
    Ok(all)
}

/// The findings of a check, or of a rule, that are not accepted yet.
fn open<'f>(named: &str, findings: &'f [Finding]) -> impl Iterator<Item = &'f Finding> {
    let by_check = Waiver { rule: named.trim().into(), ..Waiver::default() };
    findings.iter().filter(move |finding| finding.status != Status::Waived && by_check.names(&finding.check))
}

fn accepted(asked: &WriteArguments, findings: &[Finding]) -> Made {
    let mut all = Vec::new();
    for named in &asked.accept {
        let (check, target) = named.split_once(':').unwrap_or((named, ""));
        let by_target = Waiver { rule: check.trim().into(), target: target.trim().into(), ..Waiver::default() };
        let is_meant = |finding: &&Finding| target.is_empty() || covered(&by_target, std::iter::once(*finding)) > 0;
        let before = all.len();
        all.extend(open(check, findings).filter(is_meant).map(Accepted::of));
        if all.len() == before {
            return Err(Refused(exit::FINDINGS, format!("{named}: nothing is found now that could be accepted")));
        }
    }
    Ok(Addition::Accept(all))
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
    Ok(Addition::Attest(Box::new(Attestation {
        rule: attested.rule,
        subject: subject.trim().into(),
        by: asked.by.clone().unwrap_or_else(|| around.gate.actor.name.to_string()),
        role: asked.role.clone().unwrap_or_default(),
        at: at.to_string(),
        evidence: asked.evidence.clone().unwrap_or_default(),
        sha256: asked.sha256.clone(),
        expires: expiry(&until).map_or(until, |end| end.to_string()),
        requested_by: asked.requested_by.clone(),
    })))
}
