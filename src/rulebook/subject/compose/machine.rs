//! One service as compose would run it, of files that lie anywhere on a machine: with everything that they extend and include, their
//! files of variables, and every variable filled in. Nothing is read here: what is needed is named, and whoever has it gives it.

use super::{
    load::{Loaded, Loader, Need, Set, env_files},
    piece::{Field, Piece, Variables, What},
};
use crate::rulebook::{
    syntax::{
        dotenv, interpolate,
        node::{Data, Node},
    },
    tree::{File, Kind, Parsed},
};
use compact_str::CompactString;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, sync::Arc};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The project's files, each over those before it, with whole paths.
    pub files: Vec<String>,
    /// Where relative paths begin, as a whole path.
    pub folder: String,
    pub variables: BTreeMap<String, String>,
    pub project: String,
    pub service: String,
}

/// A service, merged.
#[derive(Debug, Clone, Default)]
pub struct Service {
    /// Its fields; paths of the machine are whole, `environment` is a map with what its files of variables have.
    pub fields: Map<String, Value>,
    /// Names that volumes of the files have at the engine.
    pub volumes: BTreeMap<String, String>,
    /// Fields that cannot be told, with the reason.
    pub unknown: BTreeMap<String, String>,
}

/// Files that are known, or known not to be readable, by their path without its first stroke.
#[derive(Debug, Default)]
pub struct Known {
    files: BTreeMap<CompactString, Arc<File>>,
    failed: BTreeMap<CompactString, String>,
}

/// What became of it.
#[derive(Debug)]
pub enum Looked {
    /// These files, with whole paths, have to be given first.
    Needs(Vec<Needed>),
    Is(Box<Service>),
}

/// A file that is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needed {
    pub path: String,
    kind: Kind,
}

impl Known {
    /// Takes what is in a file, or why it cannot be read.
    pub fn take(&mut self, needed: Needed, text: Result<String, String>) {
        let path: CompactString = inner(&needed.path).into();
        match text {
            Ok(text) => drop(self.files.insert(path, Arc::new(File::of_kind(needed.kind, inner(&needed.path), &text)))),
            Err(why) => drop(self.failed.insert(path, why)),
        }
    }

    /// Why a compose file tells nothing.
    fn fault(&self, path: &str) -> Option<String> {
        if let Some(why) = self.failed.get(path) {
            return Some(why.clone());
        }
        match &self.files.get(path)?.parsed {
            Parsed::Broken(fault) => Some(format!("/{path} is no YAML: {}", fault.message)),
            Parsed::Yaml(documents) if documents.iter().any(|one| !one.entries().is_empty()) => None,
            _ => Some(format!("/{path} is no compose file")),
        }
    }
}

/// A whole path as the tree has it.
fn inner(path: &str) -> &str {
    path.trim_start_matches('/')
}

/// Puts the service together, as far as its files are known.
///
/// # Errors
/// What is wrong with the files, in words.
pub fn look(asked: &Asked, known: &Known) -> Result<Looked, String> {
    let loader = Loader::of_machine(&known.files, &asked.service);
    let files: Option<Vec<_>> = asked.files.iter().map(|path| loader.path("", path)).collect();
    let files = files.ok_or("a path of its files leads out of the machine")?;
    let folder = loader.path("", &asked.folder).ok_or("its folder leads out of the machine")?;
    let set = Set { files, folder, variables: asked.variables.clone() };
    let mut loaded = loader.load(&set);
    if let Some(why) = set.files.iter().find_map(|path| known.fault(path)) {
        return Err(why);
    }
    loaded.services.retain(|name, _| *name == asked.service);
    env_files(&loader, &mut loaded);
    let is_new = |(path, _): &(CompactString, Need)| !known.failed.contains_key(path);
    let needed: Vec<_> =
        loader.lacked().into_iter().filter(is_new).map(|(path, need)| Needed::of(&path, need)).collect();
    if !needed.is_empty() {
        return Ok(Looked::Needs(needed));
    }
    let Some(found) = loaded.services.remove(asked.service.as_str()) else {
        return Err(lost(asked, known, &loaded));
    };
    let mut service = Service { volumes: volumes(&loaded, &asked.project), ..Service::default() };
    let teller = Teller { loader: &loader, known, asked };
    teller.fields(&found.piece, &mut service);
    if found.piece.get("extends").is_some() {
        service.unknown.insert("extends".into(), broken_off(known, &loaded, "extends"));
        service.fields.remove("extends");
    }
    teller.environment(found.piece, &mut service);
    Ok(Looked::Is(Box::new(service)))
}

impl Needed {
    fn of(path: &str, need: Need) -> Self {
        let kind = if need == Need::Compose { Kind::Compose } else { Kind::DotEnv };
        Self { path: format!("/{path}"), kind }
    }
}

/// Why the service is not there.
fn lost(asked: &Asked, known: &Known, loaded: &Loaded) -> String {
    let is_cut = loaded.is_open
        || loaded.problems.iter().any(|problem| problem.what == "include")
        || loaded.leads.iter().any(|lead| lead.what == "include" && is_dead(known, lead.path.as_deref()));
    if is_cut {
        return format!("include: {}", broken_off(known, loaded, "include"));
    }
    format!("{} has no service {} any more", asked.files.join(", "), asked.service)
}

fn is_dead(known: &Known, path: Option<&str>) -> bool {
    path.is_none_or(|path| known.fault(path).is_some())
}

/// Why what `extends` or `include` leads to is not known.
fn broken_off(known: &Known, loaded: &Loaded, what: &str) -> String {
    let problem = loaded.problems.iter().find(|problem| problem.what == what);
    let problem = problem.map(|problem| match problem.observed.strip_prefix("extends ") {
        Some(name) if !problem.observed.contains(',') => format!("there is {} ({name} is none)", problem.expected),
        _ => format!("/{} {}", problem.file, problem.observed),
    });
    let dead = loaded.leads.iter().filter(|lead| lead.what == what).find_map(|lead| match &lead.path {
        Some(path) => known.fault(path),
        None => Some(format!("{} cannot be followed", lead.written)),
    });
    dead.or(problem).unwrap_or_else(|| "a variable in it is not in .env".into())
}

/// Names that volumes have at the engine.
fn volumes(loaded: &Loaded, project: &str) -> BTreeMap<String, String> {
    let declared = loaded.rest.as_ref().and_then(|rest| rest.get("volumes")).map(Piece::fields).unwrap_or_default();
    let name = |field: &Field| {
        let own = field.value.get("name").and_then(Piece::as_str);
        let external = field.value.get("external").map(|piece| &piece.what);
        let is_external = matches!(external, Some(What::Scalar(Data::Bool(true)) | What::Map(_)));
        let usual = if is_external { field.key.to_string() } else { format!("{project}_{}", field.key) };
        (field.key.to_string(), own.map_or(usual, str::to_owned))
    };
    declared.iter().map(name).collect()
}

/// Tells a service that was merged.
struct Teller<'a> {
    loader: &'a Loader<'a>,
    known: &'a Known,
    asked: &'a Asked,
}

impl Teller<'_> {
    fn fields(&self, piece: &Piece, service: &mut Service) {
        for field in piece.fields().iter().filter(|field| !matches!(field.key.as_str(), "environment" | "env_file")) {
            let mut value = self.value(&field.value, &field.key, service);
            if field.key == "volumes" {
                self.make_whole(&field.value, &mut value);
            }
            service.fields.insert(field.key.to_string(), value);
        }
    }

    /// A value; a field with a variable in it that nobody knows is unknown.
    fn value(&self, piece: &Piece, field: &str, service: &mut Service) -> Value {
        match &piece.what {
            What::Scalar(Data::Opaque(text)) => {
                service.unknown.insert(field.to_owned(), self.missing(text));
                Value::Null
            }
            What::Scalar(data) => Node::of(data.clone()).to_json(),
            What::List(items) => items.iter().map(|item| self.value(item, field, service)).collect(),
            What::Map(fields) => {
                let value = |one: &Field| (one.key.to_string(), self.value(&one.value, field, service));
                Value::Object(fields.iter().map(value).collect())
            }
        }
    }

    /// Why a text is not known: the first variable in it that nobody has.
    fn missing(&self, text: &str) -> String {
        let known = |name: &str| self.asked.variables.get(name).cloned();
        let missing = interpolate::fill(text, &known).missing;
        // What an included file's own variables fill in is not what is missing.
        let first = missing.iter().find(|one| !self.loader.is_named(&one.name)).or(missing.first());
        let name = first.map_or(text, |missing| &missing.name);
        format!("the variable {name} is not in .env")
    }

    /// Makes the paths of mounts whole.
    fn make_whole(&self, piece: &Piece, value: &mut Value) {
        for (item, shown) in piece.items().iter().zip(value.as_array_mut().into_iter().flatten()) {
            let (at, source) = match shown {
                Value::Object(map) => (item.get("source").map(|source| source.file), map.get_mut("source")),
                text => (Some(item.file), Some(text)),
            };
            if let (Some(at), Some(Value::String(source))) = (at, source)
                && source.starts_with('.')
            {
                *source = format!("/{}/{source}", self.loader.folder(at));
            }
        }
    }

    /// Its environment: what its files of variables have, and over that its own.
    fn environment(&self, mut piece: Piece, service: &mut Service) {
        let mut all: BTreeMap<String, Value> = BTreeMap::new();
        let files = piece.remove("env_file");
        for file in files.iter().flat_map(|field| listed(&field.value)) {
            self.take_variables(file, &mut all, service);
        }
        let own = piece.remove("environment");
        for (name, value) in own.iter().flat_map(|field| pairs(&field.value)) {
            let field = format!("environment.{name}");
            // The service's own value is in force, whatever the files have.
            service.unknown.remove(&field);
            let value = match value {
                Data::Opaque(text) => {
                    service.unknown.insert(field, self.missing(&text));
                    Value::Null
                }
                data => Node::of(data).scalar().map_or(Value::Null, Value::String),
            };
            all.insert(name, value);
        }
        if files.is_some() || own.is_some() {
            service.fields.insert("environment".into(), Value::Object(all.into_iter().collect()));
        }
    }

    /// The variables of one file, over those before it.
    fn take_variables(&self, file: &Piece, all: &mut BTreeMap<String, Value>, service: &mut Service) {
        let written = file.get("path").unwrap_or(file);
        let is_optional = matches!(file.get("required").map(|one| &one.what), Some(What::Scalar(Data::Bool(false))));
        let Some(text) = written.as_str() else {
            let why = self.missing(&written.scalar().unwrap_or_default());
            service.unknown.insert("env_file".into(), why);
            return;
        };
        let path = self.loader.path(&self.loader.folder(written.file), text).unwrap_or_default();
        let Some(file) = self.known.files.get(&path) else {
            if !is_optional {
                let why = self.known.failed.get(&path).cloned().unwrap_or_else(|| format!("{text} cannot be followed"));
                service.unknown.insert("env_file".into(), why);
            }
            return;
        };
        let before = all.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        let mut known: Variables = self.asked.variables.clone();
        known.extend(before);
        for line in dotenv::parse(file.text()) {
            let field = format!("environment.{}", line.name);
            service.unknown.remove(&field);
            let value = match line.value {
                Some(value) if !line.is_literal => {
                    let filled = interpolate::fill(&value, &|name| known.get(name).cloned());
                    if let Some(missing) = filled.missing.first() {
                        service.unknown.insert(field, format!("the variable {} is not in .env", missing.name));
                    }
                    filled.value
                }
                value => value,
            };
            known.extend(value.clone().map(|value| (line.name.clone(), value)));
            all.insert(line.name, value.map_or(Value::Null, Value::String));
        }
    }
}

/// One, or each of several.
fn listed(piece: &Piece) -> &[Piece] {
    match &piece.what {
        What::List(items) => items,
        What::Scalar(Data::Null) => &[],
        _ => std::slice::from_ref(piece),
    }
}

/// An environment, written as a map or as a list; a name alone has no value.
fn pairs(piece: &Piece) -> Vec<(String, Data)> {
    if !piece.fields().is_empty() {
        let scalar = |piece: &Piece| if let What::Scalar(data) = &piece.what { data.clone() } else { Data::Null };
        return piece.fields().iter().map(|field| (field.key.to_string(), scalar(&field.value))).collect();
    }
    let one = |item: &Piece| {
        let (text, is_opaque) = (item.scalar()?, matches!(item.what, What::Scalar(Data::Opaque(_))));
        Some(match text.split_once('=') {
            Some((name, value)) if is_opaque && value.contains('$') => (name.to_owned(), Data::Opaque(value.into())),
            Some((name, value)) => (name.to_owned(), Data::Text(value.into())),
            None => (text, Data::Null),
        })
    };
    piece.items().iter().filter_map(one).collect()
}
