//! `flightdeck completions` and `flightdeck man`: made from the declaration of commands and flags.

use crate::cli::Cli;
use clap::{Arg, Command, CommandFactory};
use clap_complete::Shell;
use std::io::{self, Write};

/// The completion script of a shell. It is made whole first: the generator panics where it cannot write.
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "flightdeck", &mut script);
    script
}

/// Writes the manual page: one page with every command.
///
/// # Errors
/// The output could not be written.
pub fn man(out: &mut dyn Write) -> io::Result<()> {
    let mut command = Cli::command();
    command.build();
    let page = clap_mangen::Man::new(command.clone());
    page.render_title(out)?;
    page.render_name_section(out)?;
    writeln!(out, ".SH SYNOPSIS\n{}", escaped(&usage(&command)))?;
    page.render_description_section(out)?;
    page.render_options_section(out)?;
    writeln!(out, ".SH COMMANDS")?;
    commands(&command, out)?;
    for paragraph in super::AFTER.split("\n\n") {
        let (heading, text) = paragraph.split_once(": ").unwrap_or(("notes", paragraph));
        writeln!(out, ".SH \"{}\"\n{}", heading.to_uppercase(), escaped(text))?;
    }
    page.render_version_section(out)
}

/// One subsection a command, those below it included.
fn commands(command: &Command, out: &mut dyn Write) -> io::Result<()> {
    for command in command.get_subcommands().filter(|command| command.get_name() != "help") {
        if command.has_subcommands() {
            commands(command, out)?;
            continue;
        }
        writeln!(out, ".SS \"{}\"", escaped(&usage(command)))?;
        writeln!(out, "{}", escaped(&command.get_about().map(ToString::to_string).unwrap_or_default()))?;
        for argument in
            command.get_arguments().filter(|argument| !argument.is_global_set() && argument.get_id() != "help")
        {
            writeln!(out, ".TP\n{}", escaped(&name(argument)))?;
            writeln!(out, "{}", escaped(&help(argument)))?;
        }
    }
    Ok(())
}

/// How a command is written, in one line.
fn usage(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    usage.trim_start_matches("Usage: ").to_owned()
}

/// What it does, and what may be written.
fn help(argument: &Arg) -> String {
    let mut text = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let words: Vec<_> = argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    if argument.get_action().takes_values() && !words.is_empty() {
        text.push_str(&format!(" [{}]", words.join(", ")));
    }
    text
}

fn name(argument: &Arg) -> String {
    let value =
        || argument.get_value_names().and_then(|names| names.first()).map(ToString::to_string).unwrap_or_default();
    match argument.get_long() {
        Some(long) if argument.get_action().takes_values() => format!("--{long} {}", value()),
        Some(long) => format!("--{long}"),
        None => value(),
    }
}

/// Text as roff reads it: no line begins with a command, and hyphens stay hyphens.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('"', "\\(dq").replace('\n', " ");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_has_a_script() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish] {
            let text = String::from_utf8(completions(shell)).expect("text");
            assert!(text.contains("snapshot") && text.contains("read-only"), "{shell}");
        }
    }

    #[test]
    fn the_manual_names_every_command() {
        let mut out = Vec::new();
        man(&mut out).expect("written");
        let text = String::from_utf8(out).expect("text");
        for word in [
            ".TH flightdeck 1",
            "flightdeck snapshot",
            "\\-\\-wait TIME",
            "flightdeck config check",
            "EXIT STATUS",
            ".SH \"FILES\"",
        ] {
            assert!(text.contains(word), "{word}\n{text}");
        }
    }
}
