//! Secrets that lead to servers: tokens, passwords, addresses that are secret themselves. The configuration names where one is, in a file
//! or in a variable of the environment; it is read when it is needed, so that one that was renewed is taken, and it is never shown.

use std::{fmt, io::Read, path::PathBuf};

/// Longest secret that is read: a token with many claims is a few KiB.
const LONGEST: u64 = 64 << 10;

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretFrom {
    File(PathBuf),
    /// A variable of the environment that the program was started with.
    Variable(String),
}

/// A secret. Its debug form does not hold it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// One that is at hand.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for who sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl SecretFrom {
    /// Reads it, without the line break that editors leave at the end.
    ///
    /// # Errors
    /// Where it was looked for, and what is wrong there.
    pub fn read(&self) -> Result<Secret, String> {
        let text = match self {
            Self::Variable(name) => {
                std::env::var(name).map_err(|_| format!("the variable {name} of the environment is not set"))?
            }
            Self::File(path) => {
                let mut text = String::new();
                let read = std::fs::File::open(path).and_then(|file| file.take(LONGEST).read_to_string(&mut text));
                read.map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
                text
            }
        };
        match text.trim() {
            "" => Err(format!("{self} is empty")),
            text => Ok(Secret::new(text)),
        }
    }
}

impl fmt::Display for SecretFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => write!(f, "the variable {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_and_not_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        std::fs::write(&path, "hunter2\n").expect("written");
        let secret = SecretFrom::File(path.clone()).read().expect("is there");
        assert_eq!((secret.reveal(), format!("{secret:?}")), ("hunter2", "[redacted]".to_owned()));
        std::fs::write(&path, "\n").expect("written");
        assert_eq!(SecretFrom::File(path.clone()).read(), Err(format!("{} is empty", path.display())));
        std::fs::remove_file(&path).expect("removed");
        assert!(SecretFrom::File(path).read().is_err_and(|why| why.contains("token cannot be read")));
        let missing = SecretFrom::Variable("FLIGHTDECK_NO_SUCH_SECRET".into()).read();
        assert_eq!(missing, Err("the variable FLIGHTDECK_NO_SUCH_SECRET of the environment is not set".into()));
    }
}
