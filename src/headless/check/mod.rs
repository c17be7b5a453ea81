//! `flightdeck check`: the daily ops check and the gate of CI. Every scope that can be reached is judged by the rule book; what cannot be read is
//! unknown, never a pass.

mod gather;
mod host;
mod named;
mod preflight;
mod print;
mod store;
mod write;

use crate::{
    cli::{CheckArguments, exit},
    client::Clients,
    clock, journal,
    model::{
        Timestamp,
        finding::{Finding, Scope},
    },
    ops::gate::Policy,
    rulebook::{
        checks::CHECKS,
        custom::run_tests,
        engine::Book,
        policy::{
            baseline::Baseline,
            settle::Circumstances,
            since::{Comparison, Stored, StoredRun},
        },
        report::{Report, exit_code, explain},
        tree::Tree,
    },
    source::{
        gpu,
        repo::book::{self, Words},
    },
};
use compact_str::CompactString;
use gather::{Gathered, Wanted};
use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

/// What the command needs besides its arguments.
pub struct Surroundings<'a> {
    pub clients: &'a Arc<Clients>,
    /// What user and system say of the rules.
    pub words: &'a Words,
    /// How GPUs of this host are read.
    pub gpu: gpu::Options,
    /// What may be written, and by whom.
    pub gate: &'a Policy,
    /// Where runs are kept for `--since-last`; `None` where nothing may be written.
    pub state: Option<PathBuf>,
    /// Where what changed is recorded. Only what writes makes one that is not there.
    pub journal: Option<journal::Options>,
    /// Width of the terminal that is printed to, where it is one.
    pub terminal: Option<usize>,
    pub colour: bool,
}

/// Checks, prints and returns the exit code.
///
/// # Errors
/// Where nothing can be printed.
pub fn check(
    arguments: &CheckArguments,
    around: &Surroundings<'_>,
    out: &mut dyn Write,
    errors: &mut dyn Write,
) -> io::Result<u8> {
    if let Some(id) = &arguments.explain {
        return explained(id, out, errors);
    }
    let ready = match ready(arguments, around, errors)? {
        Ok(ready) => ready,
        Err(why) => return refused(&why, errors),
    };
    if arguments.test_rules {
        let report = run_tests(&ready.book.custom.rules);
        out.write_all(report.text().as_bytes())?;
        return Ok(if report.failed() > 0 || ready.is_broken { exit::FINDINGS } else { exit::OK });
    }
    let root = ready.root.as_deref();
    if arguments.write.is_asked() {
        let mut found = |errors: &mut dyn Write| match judge(arguments, &ready, around, errors)? {
            Ok(settled) => Ok(Ok(settled.report)),
            Err(why) => refused(&why, errors).map(Err),
        };
        return write::write(&arguments.write, root, around, &mut found, (out, errors));
    }
    let settled = match judge(arguments, &ready, around, errors)? {
        Ok(settled) => settled,
        Err(why) => return refused(&why, errors),
    };
    let findings = &settled.report.findings;
    if let (true, Some(root), Some(tree)) = (arguments.preflight, root, &settled.tree) {
        return preflight::run(arguments, (&ready.book, tree, findings), root, around, (out, errors));
    }
    if let Some(file) = &arguments.write_baseline {
        return write_baseline(file, findings, errors);
    }
    let is_printed = print::report(arguments, &settled.report, around, out, errors)?;
    store::write(around.state.as_deref(), root, &settled.run, errors)?;
    // Who reads the file would take the last one, or none, for this run's.
    if !is_printed {
        return Ok(exit::USAGE);
    }
    let level = arguments.fail_on.level();
    let is_violated = findings.iter().any(|finding| finding.is_violation() && finding.level >= level);
    // Who asked for a source by name learns that it is not there, unless there is something worse to tell.
    let is_silent = settled.is_silent && !is_violated;
    Ok(if is_silent { exit::UNREACHABLE } else { exit_code(&settled.report, level) })
}

/// What is judged, and by which rules.
struct Ready {
    root: Option<PathBuf>,
    book: Book,
    /// Whether some of the rules could not be read.
    is_broken: bool,
    baseline: Option<Baseline>,
}

/// Reads the rules; nothing is judged by a part of them.
fn ready(
    arguments: &CheckArguments,
    around: &Surroundings<'_>,
    errors: &mut dyn Write,
) -> io::Result<Result<Ready, String>> {
    if arguments.write.is_lost() {
        return Ok(Err("--expires, --own and --dry-run go with --waive, --attest or --accept".into()));
    }
    let root = match root(arguments) {
        Ok(root) => root,
        Err(why) => return Ok(Err(why)),
    };
    let (book, problems) = book::read(root.as_deref(), around.words);
    for problem in &problems {
        print::note(errors, problem)?;
    }
    let is_broken = !problems.is_empty();
    if is_broken && !arguments.test_rules {
        let why = "the rules cannot be read whole, so nothing was checked: a rule that is lost would pass in silence";
        return Ok(Err(why.into()));
    }
    let baseline = arguments.baseline.as_deref().filter(|_| !arguments.test_rules);
    Ok(baseline.map(read_baseline).transpose().map(|baseline| Ready { root, book, is_broken, baseline }))
}

/// Looks at everything that is asked for, and judges it.
fn judge(
    arguments: &CheckArguments,
    ready: &Ready,
    around: &Surroundings<'_>,
    errors: &mut dyn Write,
) -> io::Result<Result<Settled, String>> {
    let root = ready.root.as_deref();
    // The list is about the files.
    let scopes = if arguments.preflight { &[Scope::Repo][..] } else { &arguments.scope };
    let wanted = Wanted { root, base: arguments.base.as_deref(), scopes };
    let started_at = clock::now();
    let gathered = match gather::gather(&ready.book, &wanted, around) {
        Ok(gathered) => gathered,
        Err(why) => return Ok(Err(why)),
    };
    if arguments.preflight && gathered.tree.is_none() {
        let why = "there is no repository here: the pre-flight list is about one; name its folder, or go into it";
        return Ok(Err(why.into()));
    }
    let before = store::read(around.state.as_deref(), root, errors)?;
    Ok(Ok(settle(arguments, ready, gathered, (started_at, before.as_ref()))))
}

/// Says why nothing was checked.
fn refused(why: &str, errors: &mut dyn Write) -> io::Result<u8> {
    print::note(errors, why)?;
    Ok(exit::USAGE)
}

/// What is found, or the exit code of why nothing is known.
type Judged = Result<Report, u8>;

fn explained(id: &str, out: &mut dyn Write, errors: &mut dyn Write) -> io::Result<u8> {
    match explain::explain(id) {
        Ok(text) => {
            out.write_all(text.as_bytes())?;
            Ok(exit::OK)
        }
        Err(why) => refused(&why, errors),
    }
}

/// The repository: the one that is named, or the one that we are in. Without any, only what is live is looked at.
fn root(arguments: &CheckArguments) -> Result<Option<PathBuf>, String> {
    match &arguments.path {
        Some(path) if path.is_dir() => Ok(Some(path.clone())),
        Some(path) if path.exists() => {
            Err(format!("{}: is no folder; name the folder of the repository", path.display()))
        }
        Some(path) => Err(format!("{}: is not there", path.display())),
        None => Ok(book::root_above(Path::new("."))),
    }
}

fn read_baseline(file: &Path) -> Result<Baseline, String> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        format!("{}: {error}; flightdeck check --write-baseline {} makes one", file.display(), file.display())
    })?;
    Baseline::read(&text).map_err(|error| format!("{}: {error}", file.display()))
}

fn write_baseline(file: &Path, findings: &[Finding], errors: &mut dyn Write) -> io::Result<u8> {
    let baseline = Baseline::of(findings);
    match std::fs::write(file, baseline.write()) {
        Ok(()) => {
            let count = baseline.entries().len();
            print::note(
                errors,
                &format!("{}: {count} places of old debt are accepted by --baseline now", file.display()),
            )?;
            Ok(exit::OK)
        }
        Err(error) => refused(&format!("{}: {error}", file.display()), errors),
    }
}

/// What has come of looking.
struct Settled {
    report: Report,
    /// What is to be kept of it.
    run: StoredRun,
    /// Whether a source was silent that was asked for by name.
    is_silent: bool,
    /// The files that were read.
    tree: Option<Tree>,
}

fn settle(
    arguments: &CheckArguments,
    ready: &Ready,
    gathered: Gathered,
    (started_at, before): (Timestamp, Option<&StoredRun>),
) -> Settled {
    let (book, baseline) = (&ready.book, ready.baseline.as_ref());
    let finished_at = clock::now();
    let first_seen: BTreeMap<CompactString, _> = before.map(StoredRun::first_seen).unwrap_or_default();
    let owners = gathered.codeowners.clone();
    let around = Circumstances {
        now: finished_at,
        codeowners: &|path| owners.as_ref().and_then(|owners| owners.owner_of(path)),
        baseline: baseline.or(book.baseline.as_deref()),
        is_own_baseline: baseline.is_none(),
        first_seen: &|fingerprint| first_seen.get(fingerprint).copied(),
        scopes: &gathered.scopes,
    };
    let settled = book.policy.settle(gathered.tally.findings, &around);
    let seen = |stored: &Stored| gathered.scopes.contains(&stored.scope) && !gathered.silent.contains(&stored.origin);
    let run = StoredRun::of(&settled.findings, before, finished_at, &seen);
    let since = before.filter(|_| arguments.since_last);
    let since = since.map(|before| Comparison::of(before, &settled.findings, finished_at, &seen));
    let is_looked_at = |scopes: &[Scope]| scopes.iter().any(|scope| gathered.scopes.contains(scope));
    let report = Report {
        started_at,
        finished_at,
        checks: CHECKS.iter().map(|check| check.meta()).filter(|meta| is_looked_at(meta.scopes)).collect(),
        scopes: gathered.scopes.clone(),
        findings: settled.findings,
        passed: gathered.tally.passed,
        attestations: gathered.attestations,
        notes: gathered.notes,
        waivers: settled.waivers,
        lowered: settled.lowered,
        since,
        first_seen: run.first_seen(),
    };
    Settled { report, run, is_silent: gathered.named_silent, tree: gathered.tree }
}
