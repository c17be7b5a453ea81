//! Reading the files of the configuration. Everything else about it is done without the disk.

use super::layers::{Layer, Loaded, resolve};
use crate::model::spots::{Place, Problem};
use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

/// What is said where a configuration that cannot be read whole locks the cockpit.
pub const LOCKED: &str = "the cockpit stays READ-ONLY until that is mended: what cannot be read may ask for it";

/// The system's file.
pub const SYSTEM: &str = "/etc/flightdeck/config.toml";

/// Where the configuration comes from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Origin {
    /// The system's file, which need not exist.
    pub system: PathBuf,
    /// The user's file, with `themes/` and `keymaps/` beside it; `None` where there is no home.
    pub user: Option<PathBuf>,
    /// Whether the user's file was named by a flag, so that it has to exist.
    pub named: bool,
    /// The environment.
    pub variables: Vec<(String, String)>,
    /// What flags say, as a table of the same keys.
    pub flags: toml::Table,
}

impl Origin {
    /// The usual files and this process's environment, with `file` in place of the user's file.
    pub fn usual(file: Option<PathBuf>, flags: toml::Table) -> Self {
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self {
            system: SYSTEM.into(),
            named: file.is_some(),
            user: file.or_else(user_file),
            variables: variables.collect(),
            flags,
        }
    }
}

/// `$XDG_CONFIG_HOME/flightdeck/config.toml`.
pub fn user_file() -> Option<PathBuf> {
    directories::BaseDirs::new().map(|dirs| dirs.config_dir().join("flightdeck").join("config.toml"))
}

/// Reads the files and lays the layers over each other. A file that is missing is none, unless it was named.
pub fn load(origin: &Origin) -> Loaded {
    let mut problems = Vec::new();
    let mut layers = Vec::new();
    let mut unread = false;
    let files = [(Some(&origin.system), false), (origin.user.as_ref(), origin.named)];
    for (path, required) in files.into_iter().filter_map(|(path, required)| Some((path?, required))) {
        match std::fs::read_to_string(path) {
            Ok(text) => layers.push(Layer::File { path: path.clone(), text }),
            Err(error) if error.kind() == ErrorKind::NotFound && !required => {}
            Err(error) => {
                problems.push(unreadable(path, &error));
                unread = true;
            }
        }
    }
    layers.push(Layer::Variables(origin.variables.clone()));
    layers.push(Layer::Flags(origin.flags.clone()));
    let mut loaded = resolve(&layers);
    loaded.broken |= unread;
    lock_if_in_doubt(&mut loaded);
    let folder = origin.user.as_ref().and_then(|file| file.parent());
    loaded.themes = folder.map_or_else(Vec::new, |folder| tomls(&folder.join("themes"), &mut problems));
    let mut named = |file: &Option<PathBuf>| {
        let path = file.as_ref()?;
        match std::fs::read_to_string(path) {
            Ok(text) => Some((path.clone(), text)),
            Err(error) => {
                problems.push(unreadable(path, &error));
                None
            }
        }
    };
    (loaded.on_call, loaded.updates) =
        (named(&loaded.config.incidents.on_call), named(&loaded.config.incidents.updates));
    loaded.rules = folder.map_or_else(Vec::new, |folder| tomls(&folder.join("rules"), &mut problems));
    loaded.slos = texts(super::watch::files(&loaded.config, folder), &mut problems);
    loaded.keymaps = folder.map_or_else(Vec::new, |folder| tomls(&folder.join("keymaps"), &mut problems));
    loaded.warnings.splice(0..0, problems);
    loaded
}

/// A file that could not be understood may have said read-only: what is in doubt is forbidden.
fn lock_if_in_doubt(loaded: &mut Loaded) {
    // So may a rule that protects something, or forbids it.
    let guards = ["read-only", "protect", "confirm", "protected-processes"];
    let is_guard = |key: &str| guards.iter().any(|guard| key.split(['.', '[']).next() == Some(guard));
    let in_doubt = loaded.broken || loaded.warnings.iter().any(|problem| is_guard(&problem.key));
    if in_doubt && !loaded.config.read_only {
        loaded.config.read_only = true;
        loaded.warnings.push(Problem {
            place: Place { file: "configuration".into(), at: None },
            key: "read-only".into(),
            text: LOCKED.into(),
        });
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    let place = Place { file: path.display().to_string(), at: None };
    Problem { place, key: String::new(), text: format!("cannot be read: {error}") }
}

/// Every `.toml` file of a folder, by name.
fn tomls(folder: &Path, problems: &mut Vec<Problem>) -> Vec<(PathBuf, String)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    texts(paths, problems)
}

/// Files with their text.
fn texts(paths: Vec<PathBuf>, problems: &mut Vec<Problem>) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for path in paths {
        match std::fs::read_to_string(&path) {
            Ok(text) => files.push((path, text)),
            Err(error) => problems.push(unreadable(&path, &error)),
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_said_read_only_is_read_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let user = folder.path().join("config.toml");
        let origin = Origin { user: Some(user.clone()), ..Origin::default() };
        for (text, locked) in [("mouse = false", false), ("read-only = true\ntheme = ", true), ("read-only = 1", true)]
        {
            std::fs::write(&user, text).expect("written");
            let loaded = load(&origin);
            assert_eq!(loaded.config.read_only, locked, "{text}");
            assert_eq!(loaded.warnings.iter().any(|w| w.text.contains("READ-ONLY")), locked, "{text}");
        }
        std::fs::write(&user, b"\xff\xfe").expect("written");
        assert!(load(&origin).config.read_only, "a file that cannot be read");
    }

    #[test]
    fn files_are_read_where_they_are() {
        let folder = tempfile::tempdir().expect("a folder");
        let user = folder.path().join("config.toml");
        std::fs::create_dir(folder.path().join("themes")).expect("made");
        std::fs::write(folder.path().join("themes/mine.toml"), "inherits = \"dark\"").expect("written");
        std::fs::write(folder.path().join("themes/notes.txt"), "x").expect("written");
        let origin = Origin { system: folder.path().join("none.toml"), user: Some(user.clone()), ..Origin::default() };
        let loaded = load(&origin);
        assert_eq!((loaded.files.len(), loaded.warnings.len(), loaded.themes.len()), (0, 0, 1));

        let named = load(&Origin { named: true, ..origin.clone() });
        assert!(named.warnings[0].to_string().contains("config.toml: cannot be read: "), "{}", named.warnings[0]);

        std::fs::write(&user, "theme = \"light\"").expect("written");
        let loaded = load(&origin);
        assert_eq!((loaded.files, loaded.config.theme), (vec![user], "light".into()));
    }
}
