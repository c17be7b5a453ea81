//! `flightdeck check --preflight`: the list that is gone through before work begins, with what a person confirms by `--confirm`.

use super::{Surroundings, print};
use crate::{
    cli::{CheckArguments, CheckFormat, exit},
    clock,
    headless::render,
    model::{
        finding::Finding,
        preflight::{Kept, State},
    },
    rulebook::{engine::Book, preflight, tree::Tree},
    source::repo::preflights,
};
use std::{
    io::{self, Write},
    path::Path,
};

/// Goes through the list, prints and keeps it, and returns the exit code: 1 where something is violated, unknown or not confirmed.
pub fn run(
    arguments: &CheckArguments,
    (book, tree, findings): (&Book, &Tree, &[Finding]),
    root: &Path,
    around: &Surroundings<'_>,
    (out, errors): (&mut dyn Write, &mut dyn Write),
) -> io::Result<u8> {
    let now = clock::now();
    let list = preflight::list(findings.iter(), &book.policy, tree, now);
    let confirmed: Vec<&str> = arguments.confirm.iter().map(|point| point.word()).collect();
    let root = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
    let kept = list.confirmed(&confirmed).into_kept(now, &around.gate.actor.name, &root.display().to_string());
    if arguments.format == CheckFormat::Json {
        render::json_line(&serde_json::json!({ "preflight": kept }).to_string(), out)?;
    } else {
        text(&kept, out)?;
    }
    let passed = kept.passed;
    if let Some(state) = &around.state {
        match preflights::keep(state, kept) {
            Ok(path) => print::note(errors, &format!("kept in {}", path.display()))?,
            Err(why) => print::note(errors, &format!("it cannot be kept: {why}"))?,
        }
    }
    Ok(if passed { exit::OK } else { exit::FINDINGS })
}

fn text(kept: &Kept, out: &mut dyn Write) -> io::Result<()> {
    for item in &kept.items {
        let how = match item.state {
            State::Open => format!("; --confirm {} confirms it", item.id),
            _ => String::new(),
        };
        writeln!(out, "{:<10} {}", item.state.word(), item.title)?;
        writeln!(out, "           {}{how}", print::clean(&item.evidence))?;
    }
    let word = if kept.passed { "passed" } else { "not passed" };
    writeln!(out, "\npre-flight {word}, {} {}", kept.at, print::clean(&kept.actor))
}
