//! Writes a file of the rules: what was looked at, whole, and only where the file is still the one that it was made from.

use super::{
    execute::{Deed, Failure},
    operation::RuleChange,
};
use crate::{model::text::hex, rulebook::policy::addition::Draft};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File, Permissions},
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
};

/// Writes what was confirmed.
pub(super) fn write(change: &RuleChange) -> Result<Deed, Failure> {
    let Some(draft) = &change.draft else {
        return Err(Failure::failed("what would be written is not known: nothing was written"));
    };
    let failed = |error: io::Error| Failure::Failed(format!("{}: {error}; nothing was written", draft.path.display()));
    // A link stays one: what it leads to is written.
    let path = draft.path.canonicalize().unwrap_or_else(|_| draft.path.clone());
    let (was, permissions) = now(&path).map_err(failed)?;
    if was != draft.was {
        let text = format!("{} has changed since it was shown: nothing was written, begin again", draft.path.display());
        return Err(Failure::Failed(text));
    }
    replace(&path, draft, permissions).map_err(failed)?;
    Ok("written".into())
}

/// The hash of what stands there, and who may do what with it; nothing where there is no such file.
fn now(path: &Path) -> io::Result<(Option<String>, Option<Permissions>)> {
    match fs::read(path) {
        Ok(bytes) => Ok((Some(hex(&Sha256::digest(bytes))), Some(fs::metadata(path)?.permissions()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok((None, None)),
        Err(error) => Err(error),
    }
}

/// Writes beside the old file, and then in its place, so that one of both is always whole.
fn replace(path: &Path, draft: &Draft, permissions: Option<Permissions>) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let new = beside(path);
    let written = File::options().write(true).create_new(true).open(&new).and_then(|mut file| {
        file.write_all(draft.text.as_bytes())?;
        if let Some(permissions) = permissions {
            file.set_permissions(permissions)?;
        }
        file.sync_all()
    });
    let written = written.and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}

fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{name}.{}.new", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::object::{ObjectKind, ObjectRef},
        rulebook::policy::addition::{Addition, RuleFile},
    };
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn change(path: &Path, was: Option<&str>) -> RuleChange {
        let was = was.map(|text| hex(&Sha256::digest(text)));
        RuleChange {
            target: ObjectRef::new(ObjectKind::Violation, "x:1"),
            file: RuleFile::User(path.into()),
            addition: Addition::Waive(Vec::new()),
            draft: Some(Draft { path: path.into(), was, text: "new\n".into(), diff: String::new() }),
        }
    }

    #[test]
    fn what_was_looked_at_is_written_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(".flightdeck/x.toml");
        assert_eq!(write(&change(&path, None)), Ok("written".into()), "folders are made");
        assert_eq!(fs::read_to_string(&path).expect("there"), "new\n");
        fs::write(&path, "by another\n").expect("written");
        let refused = write(&change(&path, Some("new\n"))).expect_err("changed meanwhile");
        assert!(refused.to_string().contains("has changed since it was shown"), "{refused}");
        assert!(write(&change(&path, None)).is_err(), "it was not there, and is now");
        assert_eq!(fs::read_to_string(&path).expect("there"), "by another\n");
        assert!(write(&RuleChange { draft: None, ..change(&path, None) }).is_err());
        assert_eq!(fs::read_dir(path.parent().expect("has one")).expect("a folder").count(), 1, "nothing is left over");
    }

    #[test]
    fn links_and_permissions_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, link) = (folder.path().join("real.toml"), folder.path().join("link.toml"));
        fs::write(&path, "old\n").expect("written");
        fs::set_permissions(&path, Permissions::from_mode(0o640)).expect("set");
        symlink("real.toml", &link).expect("made");
        write(&change(&link, Some("old\n"))).expect("written");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        let mode = fs::metadata(&path).expect("there").permissions().mode() & 0o777;
        assert_eq!((fs::read_to_string(&path).expect("there").as_str(), mode), ("new\n", 0o640));
    }
}
