//! `flightdeck runbook`: runbooks and their runs for scripts, drills and the shell. The engine, the gate and the journal are those of the
//! cockpit.

mod answers;
mod drill;
mod history;
mod library;
mod plan;
mod report;
mod run;
mod setting;

use super::ended::{Ended, failed, how_much_is_wrong, line, print_json, usage};
use crate::{
    cli::runbook::{HistoryFormat, RunbookCommand},
    client::{Clients, named::Named},
    journal::Options,
    model::text::clean_to,
    ops::gate::Policy,
    runbook::definition::Catalogue,
    source::AnySource,
};
use std::{
    io::{self, Write},
    sync::Arc,
};

/// What the command needs besides its arguments.
pub struct Surroundings<'a> {
    pub clients: Arc<Clients>,
    pub prometheus: Vec<Named>,
    /// Where the journal is, or why there is none.
    pub journal: Result<Options, String>,
    pub policy: Policy,
    pub catalogue: Catalogue,
    /// What could not be read of runbooks.
    pub problems: Vec<String>,
    /// Patterns of targets that a drill may act on.
    pub isolated: Vec<String>,
    /// All sources; those that are needed are taken out of them.
    pub sources: &'a dyn Fn() -> Vec<AnySource>,
}

/// Longest line of ours on standard error.
const LONGEST: usize = 8_000;

/// Does what the command says; returns the exit code. Data go to `out` as they come.
///
/// # Errors
/// Where nothing can be printed.
pub fn runbook(
    command: &RunbookCommand,
    around: &Surroundings<'_>,
    out: &mut dyn Write,
    errors: &mut dyn Write,
) -> io::Result<u8> {
    for problem in &around.problems {
        note(errors, problem)?;
    }
    let done = match command {
        RunbookCommand::List { form } => library::list(around, *form, out),
        RunbookCommand::Show { name, values, form } => library::show(around, name, values, *form, out),
        RunbookCommand::Lint { files, form } => library::lint(around, files, *form, (out, errors)),
        RunbookCommand::Schema => library::schema(out),
        RunbookCommand::Plan { name, values, form } => plan::plan(around, name, values, *form, out),
        RunbookCommand::Run { .. } => run::run(around, command, out, errors),
        RunbookCommand::Resume { run, secret, answers } => run::resume(around, run, secret, answers, out, errors),
        RunbookCommand::Approve { .. } => history::approve(around, command, out),
        RunbookCommand::History { name, format, form } => {
            let format = if form.json { HistoryFormat::Json } else { *format };
            history::history(around, name.as_deref(), format, out, errors)
        }
    };
    match done {
        Ok(code) => Ok(code),
        Err((code, why)) => {
            for line in why.lines() {
                note(errors, line)?;
            }
            Ok(code)
        }
    }
}

/// Says something on standard error, made harmless.
fn note(errors: &mut dyn Write, text: &str) -> io::Result<()> {
    writeln!(errors, "flightdeck: {}", clean_to(text, LONGEST))
}
