//! Certificates for engines over TLS, as Docker's client lays them down.

use std::path::{Path, PathBuf};

/// A folder with `ca.pem`, `cert.pem` and `key.pem`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    pub folder: PathBuf,
}

impl Tls {
    /// The certificate of the authority, one's own, and its key.
    pub fn files(&self) -> [PathBuf; 3] {
        ["ca.pem", "cert.pem", "key.pem"].map(|name| self.folder.join(name))
    }

    /// Those in a folder, if the three are there.
    pub fn in_folder(folder: &Path) -> Option<Self> {
        let tls = Self { folder: folder.into() };
        tls.files().iter().all(|file| file.is_file()).then_some(tls)
    }

    /// The files that are missing, in words.
    pub fn missing(folder: &Path) -> String {
        let tls = Self { folder: folder.into() };
        let missing = tls.files().into_iter().filter(|file| !file.is_file());
        missing.map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
    }
}
