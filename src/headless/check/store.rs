//! Keeps each run's findings, so that the next one knows what is new, and since when the others are there. One file a repository.

use super::print;
use crate::rulebook::policy::since::StoredRun;
use sha2::{Digest, Sha256};
use std::{
    fs,
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

fn file(state: &Path, root: Option<&Path>) -> PathBuf {
    let name = root.and_then(|root| root.canonicalize().ok()).map_or_else(
        || "live".to_owned(),
        |root| {
            let digest = Sha256::digest(root.to_string_lossy().as_bytes());
            digest[..8].iter().map(|byte| format!("{byte:02x}")).collect()
        },
    );
    state.join("checks").join(format!("{name}.json"))
}

/// The run before; `None` where there was none, or where it cannot be read, which is said.
pub fn read(state: Option<&Path>, root: Option<&Path>, errors: &mut dyn Write) -> io::Result<Option<StoredRun>> {
    let Some(file) = state.map(|state| file(state, root)) else { return Ok(None) };
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            print::note(errors, &format!("the last run cannot be read: {}: {error}", file.display()))?;
            return Ok(None);
        }
    };
    match StoredRun::read(&text) {
        Ok(run) => Ok(Some(run)),
        Err(error) => {
            print::note(
                errors,
                &format!("the last run cannot be read, and is begun anew: {}: {error}", file.display()),
            )?;
            Ok(None)
        }
    }
}

/// Keeps a run: beside the old one, and then in its place, so that one of both is always whole.
pub fn write(state: Option<&Path>, root: Option<&Path>, run: &StoredRun, errors: &mut dyn Write) -> io::Result<()> {
    let Some(file) = state.map(|state| file(state, root)) else { return Ok(()) };
    let new = file.with_extension(format!("{}.new", std::process::id()));
    let written = file.parent().map_or(Ok(()), fs::create_dir_all);
    let written = written.and_then(|()| fs::write(&new, run.write())).and_then(|()| fs::rename(&new, &file));
    match written {
        Ok(()) => Ok(()),
        Err(error) => {
            let _ = fs::remove_file(&new);
            print::note(errors, &format!("this run cannot be kept for --since-last: {}: {error}", file.display()))
        }
    }
}
