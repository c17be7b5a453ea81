//! Reads a service out of a project's compose files, and out of what they lead to: files that are included, services that are extended,
//! files of variables. Sources: the Compose specification, "Merge", "Extend", "Include" and "Services: env_file"
//! (<https://docs.docker.com/reference/compose-file/>). Profiles decide what is started, not how: a container that exists is compared
//! whatever its profiles are.

use super::{
    compose::{self, Service, environment, scalar},
    read, words,
};
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

type Variables = BTreeMap<String, String>;
type Document = Map<String, Value>;

/// Files that lead to each other without end are followed so far.
const DEEPEST: usize = 8;

/// Compose files that are merged: a project's, or those of one `include`.
pub(super) struct Set {
    pub files: Vec<PathBuf>,
    /// Where relative paths begin.
    pub folder: PathBuf,
    pub variables: Variables,
}

/// Where a document stands: its file, and where its relative paths begin.
#[derive(Clone, Copy)]
struct Place<'a> {
    file: &'a Path,
    folder: &'a Path,
    variables: &'a Variables,
}

/// Reads a service of a project, with everything that its files lead to.
///
/// # Errors
/// What is wrong with the files.
pub(super) async fn service(set: &Set, name: &str, project: &str) -> Result<Service, String> {
    let mut named = Service::default();
    let Some(mut service) = of_set(set, (name, project), DEEPEST, &mut named).await? else {
        let names: Vec<_> = set.files.iter().map(|file| file.display().to_string()).collect();
        return Err(format!("{} has no service {name} any more", names.join(", ")));
    };
    service.volumes = named.volumes;
    take_env_files(&mut service, &set.variables).await;
    Ok(service)
}

/// The service of a set, or of what the set includes; `named` takes the volumes of all of them.
async fn of_set(
    set: &Set,
    (name, project): (&str, &str),
    depth: usize,
    named: &mut Service,
) -> Result<Option<Service>, String> {
    let mut merged = Service::default();
    let (mut found, mut included) = (false, Vec::new());
    for file in &set.files {
        let document = compose::document(&file.display().to_string(), &read(file).await?)?;
        named.name_volumes(&document, project);
        included.extend(includes(&document, set));
        let place = Place { file, folder: &set.folder, variables: &set.variables };
        if let Some(service) = extended(place, &document, name, DEEPEST).await {
            merged.lay_over(service);
            found = true;
        }
    }
    for part in included {
        let part = match part {
            Ok(include) if depth > 0 => match include.read().await {
                Ok(part) => Box::pin(of_set(&part, (name, project), depth - 1, named)).await,
                Err(why) => Err(why),
            },
            Ok(_) => Err("files include each other without end".into()),
            Err(why) => Err(why),
        };
        match part {
            // What stands in the files themselves comes first: compose refuses what stands in both.
            Ok(Some(service)) if !found => (merged, found) = (service, true),
            Ok(_) => {}
            Err(why) if !found => return Err(format!("include: {why}")),
            Err(why) => tracing::debug!("include: {why}"),
        }
    }
    Ok(found.then_some(merged))
}

/// The service of one document, with what it extends below it.
async fn extended(place: Place<'_>, document: &Document, name: &str, depth: usize) -> Option<Service> {
    let mut own = Service::of(document, name, place.variables)?;
    rebase(&mut own.fields, place.folder);
    let Some(extends) = own.fields.remove("extends") else { return Some(own) };
    match base(place, document, &extends, depth).await {
        Ok(mut base) => {
            base.lay_over(own);
            Some(base)
        }
        Err(why) => {
            own.unknown.insert("extends".into(), why);
            Some(own)
        }
    }
}

/// The service that one extends.
async fn base(place: Place<'_>, document: &Document, extends: &Value, depth: usize) -> Result<Service, String> {
    let name = extends.as_str().or_else(|| extends.get("service")?.as_str()).ok_or("it names no service")?;
    if depth == 0 {
        return Err("services extend each other without end".into());
    }
    let missing = |file: &Path| format!("{} has no service {name}", file.display());
    let Some(file) = extends.get("file").and_then(Value::as_str) else {
        return Box::pin(extended(place, document, name, depth - 1)).await.ok_or_else(|| missing(place.file));
    };
    let file = place.folder.join(file);
    let document = compose::document(&file.display().to_string(), &read(&file).await?)?;
    // What is relative in it is so to where it lies.
    let folder = file.parent().unwrap_or(place.folder);
    let there = Place { file: &file, folder, variables: place.variables };
    Box::pin(extended(there, &document, name, depth - 1)).await.ok_or_else(|| missing(&file))
}

/// Makes paths whole that are relative to the file in which they stand.
fn rebase(fields: &mut Document, folder: &Path) {
    let whole = |path: &str| folder.join(path).display().to_string();
    for volume in fields.get_mut("volumes").and_then(Value::as_array_mut).into_iter().flatten() {
        let source = match volume {
            Value::Object(map) => map.get_mut("source"),
            text => Some(text),
        };
        if let Some(Value::String(source)) = source
            && source.starts_with('.')
        {
            *source = whole(source);
        }
    }
    if let Some(files) = fields.get_mut("env_file") {
        let files_of = match files.take() {
            Value::Array(list) => list,
            Value::Null => Vec::new(),
            one => vec![one],
        };
        let file = |file: &Value| {
            let path = file.as_str().or_else(|| file.get("path")?.as_str())?;
            let required = file.get("required").and_then(Value::as_bool).unwrap_or(true);
            Some(json!({ "path": whole(path), "required": required }))
        };
        *files = files_of.iter().filter_map(file).collect();
    }
}

/// What a document includes.
struct Include {
    files: Vec<PathBuf>,
    folder: PathBuf,
    env_files: Vec<PathBuf>,
    /// Variables of who includes it, which have the last word.
    variables: Variables,
}

/// What a document includes, each by itself.
fn includes(document: &Document, set: &Set) -> Vec<Result<Include, String>> {
    let one = |include: &Value| {
        let paths = |value: Option<&Value>| -> Result<Vec<PathBuf>, String> {
            let list = match value {
                Some(Value::Array(list)) => list.iter().filter_map(scalar).collect(),
                value => value.and_then(scalar).into_iter().collect::<Vec<_>>(),
            };
            let path = |text: String| words::interpolated(&text, &set.variables).map(|text| set.folder.join(text));
            list.into_iter()
                .map(path)
                .collect::<Result<_, _>>()
                .map_err(|name| format!("the variable {name} is not in .env"))
        };
        let files = paths(if include.is_object() { include.get("path") } else { Some(include) })?;
        let first = files.first().ok_or("it names no file")?;
        let folder = paths(include.get("project_directory"))?.pop();
        let folder = folder.unwrap_or_else(|| first.parent().unwrap_or(&set.folder).to_owned());
        let mut env_files = paths(include.get("env_file"))?;
        if env_files.is_empty() {
            env_files.push(folder.join(".env"));
        }
        Ok(Include { files, folder, env_files, variables: set.variables.clone() })
    };
    document.get("include").and_then(Value::as_array).into_iter().flatten().map(one).collect()
}

impl Include {
    /// Reads its variables.
    async fn read(self) -> Result<Set, String> {
        let mut variables = Variables::new();
        for file in &self.env_files {
            // The usual one may be missing.
            variables.extend(read(file).await.map(|text| compose::variables(&text)).unwrap_or_default());
        }
        variables.extend(self.variables);
        Ok(Set { files: self.files, folder: self.folder, variables })
    }
}

/// Puts the variables of a service's files under its environment.
async fn take_env_files(service: &mut Service, variables: &Variables) {
    let Some(files) = service.fields.remove("env_file") else { return };
    let mut all: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut known = variables.clone();
    for file in files.as_array().into_iter().flatten() {
        let path = file["path"].as_str().unwrap_or_default();
        let text = match read(Path::new(path)).await {
            Ok(text) => text,
            Err(_) if file["required"] == Value::Bool(false) => continue,
            Err(why) => {
                service.unknown.insert("env_file".into(), why);
                continue;
            }
        };
        for line in compose::assignments(&text) {
            let value = match line.value {
                Some(value) if !line.literal => match words::interpolated(&value, &known) {
                    Ok(value) => Some(value),
                    Err(name) => {
                        let why = format!("the variable {name} is not in .env");
                        service.unknown.insert(format!("environment.{}", line.name), why);
                        None
                    }
                },
                value => value,
            };
            known.extend(value.clone().map(|value| (line.name.clone(), value)));
            all.insert(line.name, value);
        }
    }
    // The service's own value is in force, whatever the files have.
    for (name, value) in service.fields.get("environment").map(environment).unwrap_or_default() {
        if value.is_some() {
            service.unknown.remove(&format!("environment.{name}"));
        }
        all.insert(name, value);
    }
    let value = |value: Option<String>| value.map_or(Value::Null, Value::String);
    let all = all.into_iter().map(|(name, text)| (name, value(text))).collect();
    service.fields.insert("environment".into(), Value::Object(all));
}
