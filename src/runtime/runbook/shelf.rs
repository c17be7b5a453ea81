//! The runbooks on the disk: the user's, beside the configuration, and the repository's, in `.flightdeck/runbooks`.

use crate::runbook::definition::{Catalogue, Layer};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Bytes that a runbook may have.
const LARGEST: u64 = 1 << 20;

/// Where the runbooks of the user lie: beside the configuration.
pub fn of_user(config: &Path) -> PathBuf {
    config.parent().unwrap_or(config).join("runbooks")
}

/// Where those of a repository lie.
pub fn of_repository(root: &Path) -> PathBuf {
    root.join(".flightdeck/runbooks")
}

/// All of them: those that come with the program, overlaid by the user's and the repository's. What cannot be read is said.
pub fn all(user: Option<&Path>, repository: Option<&Path>) -> (Catalogue, Vec<String>) {
    let mut catalogue = Catalogue::built_in();
    let mut problems = Vec::new();
    for (layer, folder) in [(Layer::User, user), (Layer::Repository, repository)] {
        let Some(folder) = folder.filter(|folder| folder.is_dir()) else { continue };
        match files(folder) {
            Ok(files) => {
                for file in files {
                    match read(&file) {
                        Ok(text) => catalogue.add(layer, &file.to_string_lossy(), &text),
                        Err(why) => problems.push(format!("{}: {why}", file.display())),
                    }
                }
            }
            Err(error) => problems.push(format!("{}: runbooks cannot be listed: {error}", folder.display())),
        }
    }
    (catalogue, problems)
}

fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The text of a runbook.
///
/// # Errors
/// Why it cannot be read.
pub fn read(file: &Path) -> Result<String, String> {
    let size = fs::metadata(file).map_err(|error| error.to_string())?.len();
    if size > LARGEST {
        return Err(format!("{size} bytes are more than a runbook may have ({LARGEST})"));
    }
    fs::read_to_string(file).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_goes_before_the_user_who_goes_before_the_program() {
        let folder = tempfile::tempdir().expect("a folder");
        let (user, repository) = (folder.path().join("user"), of_repository(folder.path()));
        fs::create_dir_all(&user).and_then(|()| fs::create_dir_all(&repository)).expect("made");
        let text = |title: &str| {
            format!(
                "title = \"{title}\"\nabout = \"x\"\n[target]\nhost = {{ host = \"h\" }}\n[[step]]\nid = \"n\"\ntitle = \"n\"\nnote = \"n\"\n"
            )
        };
        fs::write(user.join("drain-node.toml"), text("the user's")).expect("written");
        fs::write(user.join("own.toml"), text("own")).expect("written");
        fs::write(repository.join("own.toml"), text("the repository's")).expect("written");
        fs::write(user.join("notes.txt"), "no runbook").expect("written");
        let (catalogue, problems) = all(Some(&user), Some(&repository));
        assert!(problems.is_empty(), "{problems:?}");
        let title = |name: &str| catalogue.find(name).expect("there").title.to_string();
        assert_eq!((title("drain-node"), title("own")), ("the user's".into(), "the repository's".into()));
        assert!(catalogue.find("k8s-rollback").is_ok() && catalogue.find("notes").is_err());
    }
}
