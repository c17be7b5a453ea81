//! Keeps each run's findings, so that the next one knows what is new, and since when the others are there. One file a repository.

use super::print;
use crate::{rulebook::policy::since::StoredRun, source::repo::runs};
use std::{
    fs,
    io::{self, Write},
    path::Path,
};

/// The run before; `None` where there was none, or where it cannot be read, which is said.
pub fn read(state: Option<&Path>, root: Option<&Path>, errors: &mut dyn Write) -> io::Result<Option<StoredRun>> {
    let Some(state) = state else { return Ok(None) };
    match runs::read(state, root) {
        Ok(run) => Ok(run),
        Err(why) => {
            print::note(errors, &why)?;
            Ok(None)
        }
    }
}

/// Keeps a run: beside the old one, and then in its place, so that one of both is always whole.
pub fn write(state: Option<&Path>, root: Option<&Path>, run: &StoredRun, errors: &mut dyn Write) -> io::Result<()> {
    let Some(file) = state.map(|state| runs::file(state, root)) else { return Ok(()) };
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
