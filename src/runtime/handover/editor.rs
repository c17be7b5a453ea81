//! Editing an object of a cluster: its YAML in a private file, the user's editor, the server's dry run, and the differences to be
//! confirmed. What was written is never lost: the file stays until it was applied, and whoever is refused gets it back with the reason.
//! And opening a file of a repository at a line.

use super::{editor_line, open_terminal};
use crate::{
    app::event::Answer,
    client::Clients,
    ops::{
        execute::{Deed, Failure},
        gate::Permit,
        kubernetes::edit,
        operation::{KubeAct, OpenFile, Operation},
    },
};
use rustix::fs::OFlags;
use std::{
    env, fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The comment lines that we put at the top, and take away again.
const MARK: &str = "# flightdeck: ";

/// Edits, and returns what is to be confirmed.
pub fn edit(permit: &Permit, clients: &Clients, drafts: &Path) -> Result<(Deed, Option<Answer>), Failure> {
    let Operation::Kube { target, .. } = permit.operation() else {
        return Err(Failure::failed("only objects of clusters are edited"));
    };
    let original = edit::fetch(target, clients)?;
    let file = draft(drafts, permit)?;
    let mut text = format!(
        "{MARK}{}\n{MARK}save and leave to go on; leave it as it is to change nothing\n{}",
        permit.operation(),
        original
    );
    loop {
        write(&file, &text)?;
        run(&command(), &[file.display().to_string()])
            .map_err(|why| Failure::Failed(format!("{why}: nothing was changed; the text is in {}", file.display())))?;
        let written =
            fs::read_to_string(&file).map_err(|error| Failure::failed(format!("{}: {error}", file.display())))?;
        let body = without_marks(&written);
        if body.trim() == original.trim() {
            let _ = fs::remove_file(&file);
            return Ok(("nothing was changed".into(), None));
        }
        if written == text || body.trim().is_empty() {
            let why = if body.trim().is_empty() { "nothing is left of it" } else { "it was left as it was refused" };
            return Ok((format!("{why}: nothing was changed; the text is in {}", file.display()).into(), None));
        }
        match edit::check(target, &body, permit.at(), clients) {
            Ok(manifest) => {
                let diff = edit::diff(target, &original, &body);
                let act = KubeAct::Apply { manifest, diff, file: file.display().to_string() };
                let operation = Operation::Kube { target: target.clone(), act };
                let text = format!("the server's dry run accepts it; to be confirmed, and kept in {}", file.display());
                return Ok((text.into(), Some(Answer::Edited(operation))));
            }
            Err(why) => {
                let mut head = String::new();
                for line in why.lines() {
                    head.push_str(&format!("{MARK}refused: {line}\n"));
                }
                text = format!("{head}{MARK}correct it, or leave it as it is to give up\n{body}");
            }
        }
    }
}

fn without_marks(text: &str) -> String {
    text.split_inclusive('\n').filter(|line| !line.starts_with(MARK)).collect()
}

/// A new file that its user alone can read.
fn draft(folder: &Path, permit: &Permit) -> Result<PathBuf, Failure> {
    let failed = |path: &Path, error: std::io::Error| Failure::Failed(format!("{}: {error}", path.display()));
    let folder = folder.join("edits");
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|error| failed(&folder, error))?;
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-.".contains(c) { c } else { '_' };
    let name: String = permit.operation().target_name().chars().map(plain).take(60).collect();
    let stamp = permit.at().as_millisecond();
    for attempt in 0..100 {
        let path = folder.join(format!("{name}-{stamp}-{attempt}.yaml"));
        match fs::File::options().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(_) => return Ok(path),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(&path, error)),
        }
    }
    Err(Failure::failed(format!("no new file could be made in {}", folder.display())))
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    let open = fs::File::options().write(true).truncate(true).open(file);
    let written = open.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| Failure::Failed(format!("{}: {error}", file.display())))
}

/// The user's editor, as a vector of arguments.
fn command() -> Vec<String> {
    let named =
        ["VISUAL", "EDITOR"].into_iter().find_map(|name| env::var(name).ok().filter(|value| !value.trim().is_empty()));
    let words = named.and_then(|named| shell_words::split(&named).ok()).filter(|words| !words.is_empty());
    words.unwrap_or_else(|| vec!["vi".into()])
}

/// Runs the editor on the terminal.
///
/// # Errors
/// It could not be run, or ended badly.
fn run(words: &[String], arguments: &[String]) -> Result<(), String> {
    let terminal = || open_terminal(OFlags::empty()).map(Stdio::from);
    let failed = |error: std::io::Error| format!("{} cannot be run: {error}", words[0]);
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).args(arguments);
    command.stdin(terminal().map_err(failed)?).stdout(terminal().map_err(failed)?).stderr(terminal().map_err(failed)?);
    let status = command.status().map_err(failed)?;
    if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", words[0])) }
}

/// Opens a file of a repository at its line, and waits for the editor to be left.
pub fn open(file: &OpenFile) -> Result<Deed, Failure> {
    let path = inside(&file.root, &file.path()).map_err(Failure::Failed)?;
    let words = command();
    run(&words, &editor_line::arguments(&words, &path, (file.line, file.column))).map_err(Failure::Failed)?;
    Ok("left".into())
}

/// The file itself, which has to lie in the repository: a link may lead out of it.
fn inside(root: &Path, path: &Path) -> Result<PathBuf, String> {
    let failed = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    let root = root.canonicalize().map_err(|error| failed(root, error))?;
    let real = path.canonicalize().map_err(|error| failed(path, error))?;
    if !real.starts_with(&root) {
        return Err(format!("{} leads out of {}: it is not opened", path.display(), root.display()));
    }
    if real.is_file() { Ok(real) } else { Err(format!("{} is no file", path.display())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_repository_are_opened() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("repo");
        fs::create_dir_all(root.join("a")).expect("made");
        fs::write(root.join("a/x.yml"), "x")
            .and_then(|()| fs::write(folder.path().join("other"), "x"))
            .expect("written");
        std::os::unix::fs::symlink("../../other", root.join("a/out")).expect("made");
        assert!(inside(&root, &root.join("a/x.yml")).is_ok_and(|path| path.is_absolute()));
        for (path, why) in [("a/out", "leads out"), ("a", "is no file"), ("a/none", "No such file")] {
            let refused = inside(&root, &root.join(path)).expect_err(path);
            assert!(refused.contains(why), "{refused}");
        }
    }

    #[test]
    fn our_own_lines_are_taken_away_and_no_others() {
        let text = format!("{MARK}refused: x\n# mine\na: 1\n");
        assert_eq!(without_marks(&text), "# mine\na: 1\n");
    }
}
