//! Container engines: Docker, and Podman by its compatible socket.

mod discover;
pub mod raw;
mod ssh;
mod tls;
mod trouble;

pub use discover::discover;
pub use tls::Tls;
pub use trouble::unreachable;

use super::Unreachable;
use bollard::{API_DEFAULT_VERSION, ClientVersion, Docker};
use compact_str::CompactString;
use std::{path::Path, time::Duration};

/// An engine that may be reached.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Endpoint {
    /// Short and unique: `docker`, `podman`, a Docker context's name, a host's name.
    pub name: CompactString,
    /// `unix:///…`, `tcp://…`, `https://…`, `ssh://…`.
    pub url: String,
    /// Certificates for a server that is spoken to over TLS.
    pub tls: Option<Tls>,
    /// Whether it is watched from the start; others are known, and watched when they are chosen.
    pub chosen: bool,
    /// What led to it, in words: `DOCKER_HOST`, `Docker context prod`.
    pub found_by: String,
    /// Why there is no way to it, where that is known before it is tried.
    pub problem: Option<Unreachable>,
}

/// The longest that an answer may take, streams aside.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// The oldest version of the API that is spoken: Docker 20.10, Podman 4.
const OLDEST: ClientVersion = ClientVersion { major_version: 1, minor_version: 41 };

impl Endpoint {
    /// Connects, and agrees on a version of the API.
    ///
    /// # Errors
    /// Why it cannot be reached, and what to do.
    pub async fn connect(&self) -> Result<Docker, Unreachable> {
        if let Some(problem) = &self.problem {
            return Err(problem.clone());
        }
        let failed = |error: bollard::errors::Error| unreachable(&self.url, &error);
        let docker = self.client().map_err(failed)?.with_timeout(PATIENCE);
        let docker = docker.negotiate_version().await.map_err(failed)?;
        let spoken = docker.client_version();
        if spoken < OLDEST {
            return Err(Unreachable {
                reason: format!("the engine speaks version {spoken} of the API, and {OLDEST} is the oldest understood"),
                hint: "upgrade it to Docker 20.10 or Podman 4, or later".into(),
            });
        }
        Ok(docker)
    }

    fn client(&self) -> Result<Docker, bollard::errors::Error> {
        let seconds = PATIENCE.as_secs();
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("unix", &self.url));
        match (scheme, &self.tls) {
            ("unix", _) => Docker::connect_with_unix(rest, seconds, API_DEFAULT_VERSION),
            ("ssh", _) => ssh::client(&self.url, seconds, API_DEFAULT_VERSION),
            ("tcp" | "http", None) => Docker::connect_with_http(&format!("tcp://{rest}"), seconds, API_DEFAULT_VERSION),
            ("tcp" | "https", Some(tls)) => {
                let [ca, cert, key] = tls.files();
                Docker::connect_with_ssl(&format!("tcp://{rest}"), &key, &cert, &ca, seconds, API_DEFAULT_VERSION)
            }
            // Any other scheme is refused by the library in its words.
            _ => Docker::connect_with_host(&self.url),
        }
    }

    /// The socket's path, where it is one.
    pub fn socket(&self) -> Option<&Path> {
        self.url.strip_prefix("unix://").map(Path::new)
    }
}

#[cfg(test)]
mod tests;
