//! Where a container differs from its compose file, field by field. What cannot be compared is said.

mod compare;

use super::wire::{Inspect, Labels};
use crate::{
    model::container::Drift,
    rulebook::{
        subject::compose::machine::{self, Asked, Known, Looked, Service},
        syntax::dotenv,
    },
};
use futures_util::future::join_all;
use std::{collections::BTreeMap, path::Path, time::Duration};

/// What an image brings where the file says nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ImageDefaults {
    pub environment: Vec<String>,
    pub command: Vec<String>,
    pub entrypoint: Vec<String>,
}

/// What the comparison came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Compared {
    pub drift: Vec<Drift>,
    /// Why some fields could not be compared, in words.
    pub left_out: Vec<String>,
}

/// A file on a mount that hangs must not hold up the rest.
const PATIENCE: Duration = Duration::from_secs(2);
/// Longer files are no compose files.
const LONGEST: u64 = 4 << 20;
/// So many files are read at most, and so many bytes.
const MOST: usize = 200;
const MOST_BYTES: usize = 32 << 20;

fn label<'a>(labels: &'a Labels, name: &str) -> Option<&'a str> {
    let text = labels.get(&format!("com.docker.compose.{name}"))?;
    (!text.is_empty()).then_some(text)
}

async fn read(path: &Path) -> Result<String, String> {
    let problem = |why: String| format!("{} cannot be read: {why}", path.display());
    let reading = async {
        let size = tokio::fs::metadata(path).await?.len();
        if size > LONGEST {
            return Err(std::io::Error::other("it is too long"));
        }
        tokio::fs::read_to_string(path).await
    };
    let read = tokio::time::timeout(PATIENCE, reading).await.map_err(|_| problem("no answer".into()))?;
    read.map_err(|error| problem(error.to_string()))
}

/// Compares a container with the compose files that its labels lead to. `local` says whether the engine runs on this machine, so that
/// its files can be here.
///
/// # Errors
/// Why there is nothing to compare with.
pub(super) async fn of(inspect: &Inspect, image: Option<&ImageDefaults>, local: bool) -> Result<Compared, String> {
    let labels = &inspect.config.labels;
    let project = label(labels, "project").ok_or("it belongs to no compose project")?;
    let name = label(labels, "service").ok_or("its labels name no service")?;
    let files = label(labels, "project.config_files").ok_or("its labels name no compose file")?;
    if !local {
        return Err(format!("its compose file lies on the engine's machine: {files}"));
    }
    let folder = label(labels, "project.working_dir").map(Path::new).unwrap_or(Path::new("/"));
    let mut variables = BTreeMap::from([("COMPOSE_PROJECT_NAME".to_owned(), project.to_owned())]);
    for file in label(labels, "project.environment_file").unwrap_or(".env").split(',') {
        if let Ok(text) = read(&folder.join(file)).await {
            variables = dotenv::variables(&text, &variables);
        }
    }
    let asked = Asked {
        files: files.split(',').map(|file| folder.join(file).display().to_string()).collect(),
        folder: folder.display().to_string(),
        variables,
        project: project.into(),
        service: name.into(),
    };
    let service = service(&asked).await?;
    Ok(compare(&service, inspect, image, folder))
}

/// Reads a service of a project, with everything that its files lead to. Profiles decide what is started, not how: a container that
/// exists is compared whatever its profiles are.
async fn service(asked: &Asked) -> Result<Service, String> {
    let mut known = Known::default();
    let (mut count, mut bytes) = (0, 0);
    loop {
        let needed = match machine::look(asked, &known)? {
            Looked::Is(service) => return Ok(*service),
            Looked::Needs(needed) => needed,
        };
        count += needed.len();
        if count > MOST || bytes > MOST_BYTES {
            return Err("its files lead to too many others".into());
        }
        let texts = join_all(needed.iter().map(|one| read(Path::new(&one.path)))).await;
        for (one, text) in needed.into_iter().zip(texts) {
            bytes += text.as_ref().map_or(0, String::len);
            known.take(one, text);
        }
    }
}

fn compare(service: &Service, inspect: &Inspect, image: Option<&ImageDefaults>, folder: &Path) -> Compared {
    let mut comparison = compare::Comparison::new(service, inspect, image, folder);
    comparison.run();
    comparison.compared
}

#[cfg(test)]
mod tests;
