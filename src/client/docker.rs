//! Container engines: Docker, and Podman by its compatible socket.

use super::{NONE, Unreachable};
use bollard::{API_DEFAULT_VERSION, Docker};
use compact_str::CompactString;
use std::{env, path::Path, time::Duration};

/// An engine that may be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Short and unique: `docker`, a host's name.
    pub name: CompactString,
    /// `unix:///…`, `tcp://…`, `ssh://…`.
    pub url: String,
}

/// The longest that an answer may take, streams aside.
const PATIENCE: Duration = Duration::from_secs(10);
const DEFAULT: &str = "unix:///var/run/docker.sock";

/// The engines that are named or, where none is, those that this machine and the environment lead to.
pub fn discover(wanted: &[String]) -> Vec<Endpoint> {
    if wanted.iter().any(|url| url == NONE) {
        return Vec::new();
    }
    let mut urls = wanted.to_vec();
    if urls.is_empty() {
        urls.extend(env::var("DOCKER_HOST").ok().filter(|url| !url.is_empty()));
    }
    if urls.is_empty() && Path::new(DEFAULT.trim_start_matches("unix://")).exists() {
        urls.push(DEFAULT.into());
    }
    urls.into_iter().map(|url| Endpoint { name: "docker".into(), url }).collect()
}

impl Endpoint {
    /// Connects, and agrees on a version of the API.
    ///
    /// # Errors
    /// Why it cannot be reached, and what to do.
    pub async fn connect(&self) -> Result<Docker, Unreachable> {
        let failed = |error: bollard::errors::Error| Unreachable {
            reason: error.to_string(),
            hint: format!("is the engine running, and may you use {}?", self.url),
        };
        let docker = Docker::connect_with_host(&self.url).map_err(failed)?.with_timeout(PATIENCE);
        let _ = API_DEFAULT_VERSION;
        docker.negotiate_version().await.map_err(failed)
    }
}
