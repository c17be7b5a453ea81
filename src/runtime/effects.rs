//! Does what `App` asks for, and says how it went.

use crate::{
    app::{
        effect::CLIPBOARD_BYTES,
        event::{Answer, Done, EventKind},
    },
    client::Clients,
    clock,
    model::{Timestamp, kubernetes::Access, preflight::Kept},
    ops::{
        self,
        ledger::Ledger,
        operation::{Operation, RuleChange},
        rehearse::Rehearsal,
    },
    source::repo::{book::Words, draft, preflights},
};
use base64::Engine as _;
use compact_str::CompactString;
use std::{
    env, fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::mpsc::Sender;

/// Where what effects have to say goes.
pub type Told = Sender<EventKind>;

/// Bytes that put text into the clipboard by way of the terminal (OSC 52, xterm's control sequences), also from inside tmux,
/// which passes it on only in its own wrapping unless it is set to understand it.
///
/// # Errors
/// Where the text is longer than terminals take.
pub fn copy_bytes(text: &str, tmux: bool) -> Result<Vec<u8>, String> {
    if text.len() > CLIPBOARD_BYTES {
        return Err(format!(
            "{} bytes are more than a terminal copies ({CLIPBOARD_BYTES}): export a file instead",
            text.len()
        ));
    }
    let coded = base64::engine::general_purpose::STANDARD.encode(text);
    let plain = format!("\x1b]52;c;{coded}\x07");
    let wrapped = if tmux { format!("\x1bPtmux;{}\x1b\\", plain.replace('\x1b', "\x1b\x1b")) } else { String::new() };
    Ok((plain + &wrapped).into_bytes())
}

/// Runs something that may block on a thread of its own, and reports how it went.
pub fn spawn(told: Told, work: impl FnOnce() -> Result<String, String> + Send + 'static) {
    tokio::task::spawn_blocking(move || {
        let (ok, text) = match work() {
            Ok(text) => (true, text),
            Err(text) => (false, text),
        };
        // Nobody listens any more only when the cockpit is leaving.
        let _ = told.blocking_send(EventKind::Done(Done::new(ok, text)));
    });
}

/// Executes what the gate permitted.
pub fn execute(told: Told, permit: ops::gate::Permit, clients: &Arc<Clients>, ledger: &Arc<dyn Ledger>) {
    let target = permit.operation().target();
    let (clients, ledger) = (Arc::clone(clients), Arc::clone(ledger));
    tokio::task::spawn_blocking(move || {
        let progress = |text: String| {
            let done = Done { target: Some(target.clone()), progress: true, ..Done::new(true, text) };
            // How far it has come may be left out where the cockpit is behind.
            let _ = told.try_send(EventKind::Done(done));
        };
        let outcome = ops::execute::execute(permit, &clients, &progress, &*ledger);
        let (ok, text, revealed) = match outcome {
            Ok(deed) => (true, deed.text, deed.revealed),
            Err(text) => (false, text, None),
        };
        let _ = told.blocking_send(EventKind::Done(Done { target: Some(target), ..Done::new(ok, text) }));
        if let Some(revealed) = revealed {
            let _ = told.blocking_send(EventKind::Answer(Box::new(Answer::Revealed(revealed))));
        }
    });
}

/// Asks what would happen.
pub fn rehearse(told: Told, trial: ops::gate::Trial, clients: &Arc<Clients>, words: &Words) {
    let (clients, words) = (Arc::clone(clients), words.clone());
    tokio::task::spawn_blocking(move || {
        let rehearsal = match trial.operation() {
            Operation::Rules(change) => drafted(change, &words, trial.at()),
            _ => ops::rehearse::rehearse(&trial, &clients),
        };
        let _ = told.blocking_send(EventKind::Answer(Box::new(Answer::Rehearsed(rehearsal))));
    });
}

/// Keeps that somebody went through the pre-flight list.
pub fn keep_preflight(told: Told, kept: Kept, state: PathBuf) {
    spawn(told, move || {
        let word = if kept.passed { "passed" } else { "not passed" };
        let path =
            preflights::keep(&state, kept).map_err(|why| format!("the pre-flight list cannot be kept: {why}"))?;
        Ok(format!("pre-flight {word}, kept in {}", path.display()))
    });
}

/// What a file of the rules would be: it is read, and nothing is written.
fn drafted(change: &RuleChange, words: &Words, now: Timestamp) -> Rehearsal {
    let operation = Operation::Rules(Box::new(change.clone()));
    match draft::draft(&change.file, &change.addition, words, now) {
        Ok(draft) => {
            let exact = RuleChange { draft: Some(draft), ..change.clone() };
            Rehearsal { operation, outcome: Ok(Vec::new()), exact: Some(Operation::Rules(Box::new(exact))) }
        }
        Err(why) => Rehearsal { operation, outcome: Err(why), exact: None },
    }
}

/// Asks an API server what it would allow.
pub fn review(told: Told, context: CompactString, wanted: Vec<Access>, clients: &Arc<Clients>) {
    let clients = Arc::clone(clients);
    tokio::task::spawn_blocking(move || {
        let said = ops::access::review(&context, wanted.clone(), &clients);
        let _ = told.blocking_send(EventKind::Access { context, asked: wanted, said });
    });
}

/// Writes a new file into the current folder or, where that cannot be written, into `fallback`. `{stamp}` becomes the time.
pub fn write_file(done: Told, name: &Path, content: String, what: String, fallback: PathBuf) {
    let stamp = clock::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let name = PathBuf::from(name.to_string_lossy().replace("{stamp}", &stamp));
    spawn(done, move || {
        let here = env::current_dir().unwrap_or_default();
        let mut errors = Vec::new();
        for folder in [here, fallback] {
            let path = folder.join(&name);
            match create(&path, &content) {
                Ok(()) => return Ok(format!("{what} written to {}", path.display())),
                Err(error) => errors.push(format!("{}: {error}", path.display())),
            }
        }
        Err(format!("{what} not written: {}", errors.join("; ")))
    });
}

/// A new file that its user alone can read: it may hold what a list showed to root.
fn create(path: &Path, content: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut file = fs::File::options().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copying_inside_tmux_is_wrapped_too() {
        assert_eq!(copy_bytes("hi", false).as_deref(), Ok(&b"\x1b]52;c;aGk=\x07"[..]));
        let both = String::from_utf8(copy_bytes("hi", true).expect("short")).expect("ASCII");
        assert!(both.ends_with("\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\"), "{both:?}");
        assert!(copy_bytes(&"x".repeat(CLIPBOARD_BYTES + 1), false).is_err());
    }

    #[test]
    fn what_is_written_is_for_its_user_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state/x.csv");
        create(&path, "a").expect("written");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&folder.path().join("state"))), (0o600, 0o700));
        assert!(create(&path, "b").is_err(), "nothing is overwritten");
    }
}
