//! Paths that a script runs or sources.

use super::{Known, Missing, is_made_elsewhere, is_plain};
use crate::rulebook::{
    subject::{places::below, script::script},
    syntax::shell::{Command, Script, Word},
    tree::{File, base_name, folder_of},
};
use std::collections::HashSet;

pub(super) fn missing(file: &File, known: &Known<'_>) -> Vec<Missing> {
    let Some(script) = script(file) else { return Vec::new() };
    if !file.kept(|_| Refers(script.commands.iter().any(|command| referenced(command).is_some()))).0 {
        return Vec::new();
    }
    let tested = tested(script, file.text());
    let mut made: HashSet<&str> = HashSet::new();
    let mut found = Vec::new();
    for command in &script.commands {
        if let Some((word, by)) = referenced(command) {
            let path = word.bare.as_str();
            let name = base_name(path);
            let is_known = made.contains(name) || tested.contains(name) || command.place.is_handled && by == "source";
            if !is_known && !is_made_elsewhere(path) && !is_there(path, file, known) {
                found.push(Missing { span: word.span, path: path.to_owned(), by });
            }
        }
        if leads_away(command, file, known) || brings_files(command) {
            // From here on nobody knows what is there.
            break;
        }
        note_made(command, &mut made);
    }
    found
}

/// Whether a script runs or sources any path.
struct Refers(bool);

/// The path that a command runs or sources, where it can be judged.
fn referenced(command: &Command) -> Option<(&Word, &'static str)> {
    let program = command.program()?;
    let first = || program.arguments.iter().find(|word| !word.starts_with("-"));
    let has_option = |letter: char| {
        program.arguments.first().is_some_and(|word| word.starts_with("-") && word.bare.contains(letter))
    };
    let (word, by) = match program.name {
        "source" | "." => (program.arguments.first()?, "source"),
        "bash" | "sh" | "dash" | "zsh" if !has_option('c') && !has_option('s') => (first()?, "run"),
        _ if program.word.bare.contains('/') => (program.word, "run"),
        _ => return None,
    };
    let path = word.literal()?;
    let extension = base_name(path).rsplit_once('.').map_or("", |(_, extension)| extension);
    let is_script = matches!(extension, "sh" | "bash" | "py" | "pl" | "rb" | "zsh");
    // Without an ending it may be a program that is built.
    (is_script && is_plain(path)).then_some((word, by))
}

/// Whether a path is there from any folder that the script may be run in.
fn is_there(path: &str, file: &File, known: &Known<'_>) -> bool {
    let mut folder = file.folder();
    loop {
        match below(folder, path) {
            Some(whole) if known.has(&whole) => return true,
            _ if folder.is_empty() => break,
            _ => folder = folder_of(folder),
        }
    }
    // It may be run in any other folder, too.
    let end: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "." | ".." | "")).collect();
    known.has_end(&end.join("/"))
}

/// Names of files that the script asks for before it uses them: `[ -f x.sh ] && . x.sh`.
fn tested<'t>(script: &'t Script, text: &'t str) -> HashSet<&'t str> {
    let tests = script.commands.iter().filter(|command| matches!(command.name(), Some("[" | "test")));
    let mut names: HashSet<&str> = tests.flat_map(|command| &command.words).map(|word| base_name(&word.bare)).collect();
    for line in text.lines().filter(|line| line.contains("[[")) {
        let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '/' | ';');
        names.extend(line.split(is_end));
    }
    names
}

/// Whether the script goes where the tree does not tell what is there.
fn leads_away(command: &Command, file: &File, known: &Known<'_>) -> bool {
    if !matches!(command.name(), Some("cd" | "pushd")) || command.place.subshells > 0 {
        return false;
    }
    let Some(target) = command.words.iter().skip(1).find(|word| !word.starts_with("-")) else { return true };
    let goes_home = ["$0", "BASH_SOURCE", "SCRIPT_DIR", "DIR", "ROOT", "git rev-parse", "dirname"]
        .iter()
        .any(|own| target.bare.contains(own));
    let is_here = is_plain(&target.bare)
        && (below(file.folder(), &target.bare).is_some_and(|folder| known.has(&folder))
            || known.has_end(target.bare.trim_matches('/')));
    !goes_home && !is_here
}

/// Whether a command brings files that only it knows.
fn brings_files(command: &Command) -> bool {
    let Some(program) = command.program() else { return false };
    let first = program.plain().next().map_or("", |word| word.bare.as_str());
    match program.name {
        "tar" | "unzip" | "7z" | "gunzip" | "rsync" | "scp" | "make" | "cmake" | "ninja" | "wget" | "unsquashfs"
        | "cpio" => true,
        "curl" => program.arguments.iter().any(|word| {
            word.starts_with("-") && !word.starts_with("--") && word.bare.contains('O')
                || word.starts_with("--remote-name")
        }),
        "git" => matches!(first, "clone" | "checkout" | "pull" | "submodule" | "worktree"),
        "npm" | "yarn" | "pnpm" | "cargo" | "go" | "pip" | "pip3" => true,
        "docker" | "kubectl" => first == "cp",
        "aws" | "gsutil" | "az" | "gcloud" => true,
        _ => false,
    }
}

/// Notes the names of files that a command makes: those it writes to, and those it is given where it makes or copies.
fn note_made<'s>(command: &'s Command, made: &mut HashSet<&'s str>) {
    let outputs = command.redirects.iter().filter(|redirect| redirect.operator.contains('>'));
    made.extend(outputs.map(|redirect| base_name(&redirect.target.bare)));
    let makes = [
        "mkdir", "touch", "tee", "cp", "mv", "ln", "curl", "install", "sed", "openssl", "envsubst", "cat", "python",
        "python3", "dd",
    ];
    if command.program().is_some_and(|program| makes.contains(&program.name)) {
        made.extend(command.words.iter().map(|word| base_name(word.bare.trim_end_matches('/'))));
    }
}
