//! Where the program keeps its log, and what cannot be written into the current folder.

use rustix::process::{Uid, getuid};
use std::{
    env,
    fs::{self, DirBuilder, Permissions},
    io::ErrorKind,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// The folder, and whether it may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateFolder {
    pub path: PathBuf,
    /// Why it must not be used.
    pub problem: Option<String>,
}

impl StateFolder {
    /// `$XDG_STATE_HOME/flightdeck`; without a home a folder for temporary files that is ours alone.
    pub fn find() -> Self {
        let state = directories::BaseDirs::new().and_then(|dirs| dirs.state_dir().map(ToOwned::to_owned));
        match state {
            Some(state) => Self { path: state.join("flightdeck"), problem: None },
            None => Self::temporary(&env::temp_dir(), getuid()),
        }
    }

    /// A user's folder where everybody may make folders: made for its user alone, and used only if it is no one else's.
    fn temporary(folder: &Path, user: Uid) -> Self {
        let path = folder.join(format!("flightdeck-{}", user.as_raw()));
        let problem = own(&path, user).err();
        Self { path, problem }
    }

    /// Where files may be put; `None` where they must not be.
    pub fn usable(&self) -> Option<&Path> {
        self.problem.is_none().then_some(self.path.as_path())
    }
}

/// Makes a folder for its user alone, or makes sure that it is one.
fn own(path: &Path, user: Uid) -> Result<(), String> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(format!("cannot be made: {error}")),
        _ => {}
    }
    let found = fs::symlink_metadata(path).map_err(|error| format!("cannot be examined: {error}"))?;
    if !found.is_dir() {
        return Err("is no folder: set XDG_STATE_HOME to one".into());
    }
    if found.uid() != user.as_raw() {
        return Err("belongs to another user: set XDG_STATE_HOME to a folder of your own".into());
    }
    if found.mode() & 0o077 != 0 {
        // It is ours, and nobody else can put a link in its place: the folder above keeps others from it (sticky bit).
        fs::set_permissions(path, Permissions::from_mode(0o700))
            .map_err(|error| format!("is open to others: {error}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_temporary_folder_is_the_users_alone() {
        let above = tempfile::tempdir().expect("a folder");
        let first = StateFolder::temporary(above.path(), getuid());
        assert_eq!(first.path, above.path().join(format!("flightdeck-{}", getuid().as_raw())));
        assert_eq!(first.usable(), Some(first.path.as_path()));
        let mode = || fs::metadata(&first.path).expect("there").mode() & 0o777;
        assert_eq!(mode(), 0o700);
        fs::set_permissions(&first.path, Permissions::from_mode(0o755)).expect("set");
        assert_eq!(StateFolder::temporary(above.path(), getuid()).problem, None);
        assert_eq!(mode(), 0o700);
    }

    #[test]
    fn a_folder_that_another_laid_out_is_not_used() {
        let above = tempfile::tempdir().expect("a folder");
        let stranger = Uid::from_raw(getuid().as_raw() + 1);
        fs::create_dir(above.path().join(format!("flightdeck-{}", stranger.as_raw()))).expect("made");
        let found = StateFolder::temporary(above.path(), stranger);
        assert!(found.usable().is_none() && found.problem.is_some_and(|why| why.contains("another user")));

        fs::create_dir(above.path().join("other")).expect("made");
        symlink("other", above.path().join(format!("flightdeck-{}", getuid().as_raw()))).expect("made");
        let found = StateFolder::temporary(above.path(), getuid());
        assert!(found.usable().is_none(), "{found:?}");
    }
}
