//! Where runs of `flightdeck check` are kept: one file a repository.

use crate::{model::text::hex, rulebook::policy::since::StoredRun};
use sha2::{Digest, Sha256};
use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

/// A name for a repository that every run finds again; `live` for what belongs to none.
pub fn name(root: Option<&Path>) -> String {
    root.and_then(|root| root.canonicalize().ok()).map_or_else(
        || "live".to_owned(),
        |root| {
            let digest = Sha256::digest(root.to_string_lossy().as_bytes());
            hex(&digest[..8])
        },
    )
}

/// The file of a repository's last run.
pub fn file(state: &Path, root: Option<&Path>) -> PathBuf {
    state.join("checks").join(format!("{}.json", name(root)))
}

/// The last run; `None` where there was none.
///
/// # Errors
/// It cannot be read, in words.
pub fn read(state: &Path, root: Option<&Path>) -> Result<Option<StoredRun>, String> {
    let file = file(state, root);
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("the last run cannot be read: {}: {error}", file.display())),
    };
    let run = StoredRun::read(&text);
    run.map(Some)
        .map_err(|error| format!("the last run cannot be read, and is begun anew: {}: {error}", file.display()))
}
