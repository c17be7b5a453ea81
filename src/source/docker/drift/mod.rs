//! Where a container differs from its compose file, field by field. What cannot be compared is said.

mod compare;
mod compose;
mod files;
mod words;

use super::wire::{Inspect, Labels};
use crate::model::container::Drift;
use compose::Service;
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
        variables.extend(read(&folder.join(file)).await.map(|text| compose::variables(&text)).unwrap_or_default());
    }
    let files = files.split(',').map(|file| folder.join(file)).collect();
    let set = files::Set { files, folder: folder.to_owned(), variables };
    let service = files::service(&set, name, project).await?;
    Ok(compare(&service, inspect, image, folder))
}

fn compare(service: &Service, inspect: &Inspect, image: Option<&ImageDefaults>, folder: &Path) -> Compared {
    let mut comparison = compare::Comparison::new(service, inspect, image, folder);
    comparison.run();
    comparison.compared
}

#[cfg(test)]
mod tests;
