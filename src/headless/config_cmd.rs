//! `flightdeck config`: where files are, what can stand in them, and what is wrong in them.

use super::ended::how_much_is_wrong;
use crate::{
    app::settings::{self, Terminal},
    cli::{ConfigCommand, exit},
    config::{
        self, example,
        layers::Loaded,
        load::{self, Origin},
        schema,
    },
    model::text::clean,
    rulebook::report::plural,
};
use std::{
    io::{self, Write},
    path::Path,
};

/// Does what was asked for. Returns the exit code.
///
/// # Errors
/// The output could not be written.
pub fn run(
    command: ConfigCommand,
    origin: &Origin,
    terminal: &Terminal,
    out: &mut dyn Write,
    notes: &mut dyn Write,
) -> io::Result<u8> {
    match command {
        ConfigCommand::Path => path(origin, out)?,
        ConfigCommand::Default => out.write_all(example::default_file().as_bytes())?,
        ConfigCommand::Schema => {
            serde_json::to_writer_pretty(&mut *out, schema::json())?;
            writeln!(out)?;
        }
        ConfigCommand::Check => return check(&load::load(origin), terminal, out, notes),
    }
    Ok(0)
}

/// One line a place: what it is, where, and what is there.
fn path(origin: &Origin, out: &mut dyn Write) -> io::Result<()> {
    let state = |there: bool| if there { "there" } else { "not there" };
    let mut line = |what: &str, path: &Path, state: &str| writeln!(out, "{what}\t{}\t{state}", path.display());
    line("system", &origin.system, state(origin.system.is_file()))?;
    let Some(user) = &origin.user else { return Ok(()) };
    line("user", user, state(user.is_file()))?;
    for folder in ["themes", "keymaps", "rules", "runbooks", "slos"] {
        let path = user.parent().unwrap_or(Path::new("")).join(folder);
        line(folder, &path, state(path.is_dir()))?;
    }
    Ok(())
}

/// Everything that is wrong with the configuration, a line each.
pub fn problems(loaded: &Loaded, terminal: &Terminal) -> Vec<String> {
    let mut problems = settings::build(loaded, terminal).warnings;
    problems.extend(config::watch::watch(&loaded.config, &loaded.slos).problems);
    problems.extend(config::receivers::receivers(&loaded.config).1);
    problems.extend(config::postgres::clusters(&loaded.config).1);
    problems
}

/// Writes one line a problem, and how many files were read.
fn check(loaded: &Loaded, terminal: &Terminal, out: &mut dyn Write, notes: &mut dyn Write) -> io::Result<u8> {
    let problems = problems(loaded, terminal);
    for problem in &problems {
        writeln!(out, "{}", clean(problem))?;
    }
    let files = loaded.files.len() + loaded.themes.len() + loaded.keymaps.len();
    // That the cockpit is locked comes of what is wrong, and is nothing more to mend.
    let wrong = problems.iter().filter(|problem| !problem.ends_with(load::LOCKED)).count();
    writeln!(notes, "{} read: {}", plural(files, "file"), how_much_is_wrong(wrong))?;
    Ok(if problems.is_empty() { exit::OK } else { exit::USAGE })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(command: ConfigCommand, origin: &Origin) -> (u8, String, String) {
        let (mut out, mut notes) = (Vec::new(), Vec::new());
        let code = run(command, origin, &Terminal::default(), &mut out, &mut notes).expect("written");
        (code, String::from_utf8(out).expect("text"), String::from_utf8(notes).expect("text"))
    }

    fn origin(text: &str) -> (tempfile::TempDir, Origin) {
        let folder = tempfile::tempdir().expect("a folder");
        let user = folder.path().join("config.toml");
        std::fs::write(&user, text).expect("written");
        let origin = Origin { system: folder.path().join("none.toml"), user: Some(user), ..Origin::default() };
        (folder, origin)
    }

    #[test]
    fn what_is_wrong_is_named_with_file_and_line() {
        let (folder, origin) = origin("mouse = \"yes\"\n\ntheme = \"drak\"\n");
        let (code, out, notes) = ran(ConfigCommand::Check, &origin);
        let file = folder.path().join("config.toml");
        let file = file.display();
        assert_eq!(code, 2);
        assert!(out.contains(&format!("{file}:1:1: mouse: \"yes\" does not fit: write true or false\n")), "{out}");
        assert!(out.contains(&format!("{file}:3:1: theme: there is no theme «drak» (did you mean «dark»?)")), "{out}");
        assert!(notes.starts_with("1 file read: "), "{notes}");
    }

    #[test]
    fn what_comes_of_a_fault_is_said_in_words_and_not_counted() {
        let folder = tempfile::tempdir().expect("a folder");
        let nowhere = Some(folder.path().join("nope.toml"));
        let origin = Origin { user: nowhere, named: true, system: folder.path().join("none"), ..Origin::default() };
        let (code, out, notes) = ran(ConfigCommand::Check, &origin);
        assert_eq!((code, notes.as_str()), (2, "0 files read: 1 thing is wrong\n"));
        assert!(out.contains("nope.toml: cannot be read: "), "{out}");
        assert!(out.contains("the cockpit stays READ-ONLY until that is mended: what cannot be read may ask"), "{out}");
    }

    #[test]
    fn the_default_file_passes_the_check() {
        let (_folder, origin) = origin(&ran(ConfigCommand::Default, &Origin::default()).1);
        let (_, out, _) = ran(ConfigCommand::Check, &origin);
        assert!(!out.contains("config.toml"), "{out}");
    }

    #[test]
    fn the_schema_is_json_and_paths_are_listed() {
        let (_folder, origin) = origin("");
        let schema: serde_json::Value = serde_json::from_str(&ran(ConfigCommand::Schema, &origin).1).expect("is JSON");
        assert_eq!(schema["properties"]["recorder"]["properties"]["minutes"]["default"], 30);
        let (code, out, _) = ran(ConfigCommand::Path, &origin);
        assert_eq!((code, out.lines().count()), (0, 7));
        assert!(out.lines().next().is_some_and(|line| line.starts_with("system\t") && line.ends_with("\tnot there")));
    }
}
