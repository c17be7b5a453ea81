//! Prints the report in the form that was asked for.

use super::Surroundings;
use crate::{
    cli::{CheckArguments, CheckFormat},
    model::text::clean_to,
    rulebook::report::{Report, json, junit, markdown, sarif, text},
};
use std::io::{self, Write};

/// Longest line of ours on standard error.
const LONGEST: usize = 2_000;

/// Text from outside, made harmless.
pub fn clean(text: &str) -> String {
    clean_to(text, LONGEST).into_owned()
}

/// Says something on standard error.
pub fn note(errors: &mut dyn Write, text: &str) -> io::Result<()> {
    writeln!(errors, "flightdeck: {}", clean(text))
}

/// Writes the report to standard output, or into the file that is named. Returns whether it stands there.
pub fn report(
    arguments: &CheckArguments,
    report: &Report,
    around: &Surroundings<'_>,
    out: &mut dyn Write,
    errors: &mut dyn Write,
) -> io::Result<bool> {
    let text = match arguments.format {
        CheckFormat::Text => {
            let colour = around.colour && arguments.output.is_none();
            let style =
                text::Style { width: around.terminal.unwrap_or(100), colour, fail_on: arguments.fail_on.level() };
            text::write(report, &style)
        }
        CheckFormat::Json => json::write(report),
        CheckFormat::Sarif => sarif::write(report),
        CheckFormat::Junit => junit::write(report, arguments.fail_on.level()),
        CheckFormat::Markdown => markdown::write(report, &markdown::Style::default()),
    };
    match &arguments.output {
        Some(file) => match std::fs::write(file, text) {
            Ok(()) => Ok(true),
            Err(error) => {
                note(errors, &format!("{}: the report cannot be written: {error}", file.display()))?;
                Ok(false)
            }
        },
        None => out.write_all(text.as_bytes()).map(|()| true),
    }
}
