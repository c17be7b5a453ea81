//! Compose projects: the files of a tree that belong together, merged as compose would, with the place of every value.
//!
//! The files of one folder are one project: `compose.yaml` (or `docker-compose.yml`) with its override. Another file there, such as
//! `docker-compose.prod.yml`, lies over the first and makes a project of its own, in which only what it adds is told. Source:
//! <https://docs.docker.com/compose/intro/compose-application-model/#the-compose-file>.

mod load;
pub mod machine;
mod merge;
mod piece;
pub mod short;
#[cfg(test)]
mod tests;

use crate::{
    model::finding::{Scope, Span},
    rulebook::{
        resource::{Merged, Resource},
        syntax::node::Node,
        tree::{File, Kind, base_name, folder_of},
    },
};
use compact_str::CompactString;
use load::{Loaded, Loader, Set};
use piece::Variables;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A project.
#[derive(Debug, Clone, PartialEq)]
pub struct Project {
    /// Its `name`, or that of its folder; empty in the root of the tree.
    pub name: CompactString,
    pub folder: CompactString,
    /// The files that are merged, each over those before it.
    pub files: Vec<CompactString>,
    /// Whether its last file lies over a project that is told of by itself.
    pub is_layer: bool,
    /// Every service, by name: kind `service`. Of a layer also those that it leaves as they are.
    pub services: Vec<Arc<Resource>>,
    /// What its files have beside services, merged: kind `project`.
    pub whole: Arc<Resource>,
    /// Files that it leads to.
    pub leads: Vec<Lead>,
    pub problems: Vec<Problem>,
    /// Whether it may have services, networks and volumes that are not known: a file that it includes is missing, or a service of it has
    /// no image, so that its files are meant to lie over others.
    pub is_open: bool,
}

/// A file that a compose file leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lead {
    /// `include`, `extends` or `env_file`.
    pub what: &'static str,
    /// Where it is written.
    pub file: CompactString,
    pub span: Option<Span>,
    pub written: CompactString,
    /// In the tree; `None` where it leads out of it, or a variable is in it.
    pub path: Option<CompactString>,
    pub is_there: bool,
    pub is_required: bool,
}

/// What keeps a project from being put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `include` or `extends`; `twice` for a service that also an included file has.
    pub what: &'static str,
    pub file: CompactString,
    pub span: Option<Span>,
    pub observed: String,
    pub expected: String,
}

impl Project {
    /// A service by its name.
    pub fn service(&self, name: &str) -> Option<&Arc<Resource>> {
        self.services.binary_search_by(|service| service.name.as_str().cmp(name)).ok().map(|at| &self.services[at])
    }

    /// The services that are told of here, wholly or in part.
    pub fn told(&self) -> impl Iterator<Item = &Arc<Resource>> {
        self.services.iter().filter(|service| {
            let Some(merged) = &service.merged else { return true };
            let is_own = |file: &CompactString| !merged.elsewhere.contains(file);
            service.file.as_ref().is_some_and(is_own) || merged.files.values().any(is_own)
        })
    }
}

/// Puts the projects of a tree's files together.
pub fn projects(files: &BTreeMap<CompactString, Arc<File>>) -> Vec<Project> {
    let loader = Loader::new(files);
    let compose: Vec<&Arc<File>> =
        files.values().filter(|file| file.kind == Kind::Compose && !file.documents().is_empty()).collect();
    let (included, extended) = led_to(&compose);
    let mut folders: BTreeMap<&str, Vec<&CompactString>> = BTreeMap::new();
    for file in compose.iter().filter(|file| !included.contains(&file.path)) {
        folders.entry(file.folder()).or_default().push(&file.path);
    }
    let tellers = compose.iter().filter(|file| !extended.contains_key(&file.path));
    let tellers = tellers.map(|file| file.path.clone()).collect();
    let mut builder = Builder { loader: &loader, extended: &extended, tellers, told: BTreeMap::new(), all: Vec::new() };
    let mut layers = Vec::new();
    for (folder, paths) in folders {
        builder.folder(folder, paths, &mut layers);
    }
    for (folder, base, layer) in layers {
        builder.layer(folder, base, layer);
    }
    // Files that include each other, so that none of them is the first.
    for file in compose {
        if !builder.told.contains_key(&file.path) && included.contains(&file.path) {
            builder.project(file.folder(), vec![file.path.clone()], None);
        }
    }
    builder.all
}

/// What files lead to: files that are included; and files of services that others extend, with those services.
fn led_to(compose: &[&Arc<File>]) -> (BTreeSet<CompactString>, BTreeMap<CompactString, BTreeSet<CompactString>>) {
    let mut included = BTreeSet::new();
    let mut extended: BTreeMap<CompactString, BTreeSet<CompactString>> = BTreeMap::new();
    let mut templates = BTreeSet::new();
    for file in compose {
        let path = |node: &Node| load::join(file.folder(), node.as_str()?).filter(|path| *path != file.path);
        for document in file.documents() {
            for include in document.get("include").map(Node::items).unwrap_or_default() {
                let listed = include.get("path").unwrap_or(include);
                let paths = if listed.items().is_empty() { std::slice::from_ref(listed) } else { listed.items() };
                included.extend(paths.iter().filter_map(path));
            }
            for service in document.get("services").map(Node::entries).unwrap_or_default() {
                let Some(extends) = service.value.get("extends") else { continue };
                let name = extends.as_str().or_else(|| extends.get("service")?.as_str());
                let path = extends.get("file").map_or_else(|| Some(file.path.clone()), path);
                if let (Some(path), Some(name)) = (path, name) {
                    extended.entry(path.clone()).or_default().insert(name.into());
                    if path != file.path {
                        templates.insert(path);
                    }
                }
            }
        }
    }
    extended.retain(|path, _| templates.contains(path) && !matches!(part_of(path), Part::Base(_)));
    (included, extended)
}

/// What a file's name says of its part in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// By the order in which compose looks for them.
    Base(u8),
    Override(u8),
    /// Lies over the base, if there is one.
    Layer,
    Alone,
}

fn part_of(path: &str) -> Part {
    let name = base_name(path).to_ascii_lowercase();
    match name.as_str() {
        "compose.yaml" => Part::Base(0),
        "compose.yml" => Part::Base(1),
        "docker-compose.yml" => Part::Base(2),
        "docker-compose.yaml" => Part::Base(3),
        "compose.override.yml" => Part::Override(0),
        "compose.override.yaml" => Part::Override(1),
        "docker-compose.override.yml" => Part::Override(2),
        "docker-compose.override.yaml" => Part::Override(3),
        name => {
            let rest = name.strip_prefix("docker-").unwrap_or(name).strip_prefix("compose");
            if rest.is_some_and(|rest| rest.starts_with(['.', '-', '_'])) { Part::Layer } else { Part::Alone }
        }
    }
}

struct Builder<'b, 't> {
    loader: &'b Loader<'t>,
    extended: &'b BTreeMap<CompactString, BTreeSet<CompactString>>,
    /// Files that are told of in a project of their own, sooner or later.
    tellers: BTreeSet<CompactString>,
    /// Files that are told of, with the files that go into the project that tells of them.
    told: BTreeMap<CompactString, Arc<BTreeSet<CompactString>>>,
    all: Vec<Project>,
}

/// A folder, the files of its first project, and a file that lies over them.
type Layered<'t> = (&'t str, Vec<CompactString>, CompactString);

impl<'t> Builder<'_, 't> {
    /// Makes the projects of a folder, but for the layers: what they lie over has to be known first.
    fn folder(&mut self, folder: &'t str, mut paths: Vec<&'t CompactString>, layers: &mut Vec<Layered<'t>>) {
        paths.sort_by_key(|path| (part_of(path), (*path).clone()));
        let main = self.main(folder, &paths);
        if !main.is_empty() {
            self.project(folder, main.clone(), None);
        }
        let base: Vec<CompactString> = match main.as_slice() {
            [base, over] if matches!(part_of(over), Part::Override(_)) => vec![base.clone()],
            main => main.to_vec(),
        };
        for path in paths.into_iter().filter(|path| !main.contains(path)) {
            let lies_over =
                matches!(part_of(path), Part::Layer | Part::Override(_)) && !self.extended.contains_key(path);
            if lies_over && !base.is_empty() {
                layers.push((folder, base.clone(), path.clone()));
            } else {
                self.project(folder, vec![path.clone()], None);
            }
        }
    }

    /// The files that compose takes in a folder when none is named.
    fn main(&self, folder: &str, paths: &[&CompactString]) -> Vec<CompactString> {
        let variables = self.loader.variables(folder, &Variables::new());
        // <https://docs.docker.com/compose/how-tos/environment-variables/envvars/#compose_file>
        if let Some(listed) = variables.get("COMPOSE_FILE") {
            let separator = variables.get("COMPOSE_PATH_SEPARATOR").map_or(":", String::as_str);
            let named: Option<Vec<_>> = listed.split(separator).map(|path| load::join(folder, path)).collect();
            if let Some(named) = named.filter(|named| named.iter().all(|path| paths.contains(&path))) {
                return named;
            }
        }
        let first = |is: fn(&Part) -> bool| paths.iter().find(|path| is(&part_of(path)));
        let base = first(|part| matches!(part, Part::Base(_)));
        let over = first(|part| matches!(part, Part::Override(_))).filter(|_| base.is_some());
        base.into_iter().chain(over).map(|path| (*path).clone()).collect()
    }

    /// Makes the project of a file that lies over others.
    fn layer(&mut self, folder: &str, mut files: Vec<CompactString>, layer: CompactString) {
        let below: BTreeSet<CompactString> = files
            .iter()
            .filter_map(|file| self.told.get(file))
            .flat_map(|files| files.iter().cloned())
            .filter(|file| *file != layer)
            .collect();
        files.push(layer);
        self.project(folder, files, Some(below));
    }

    /// Makes a project of files; `below` are those of the project that the last one lies over.
    fn project(&mut self, folder: &str, files: Vec<CompactString>, below: Option<BTreeSet<CompactString>>) {
        let variables = self.loader.variables(folder, &Variables::new());
        let set = Set { files: files.clone(), folder: folder.into(), variables };
        let mut loaded = self.loader.load(&set);
        load::env_files(self.loader, &mut loaded);
        // Services that others extend are told of there.
        if let ([file], None) = (files.as_slice(), &below)
            && let Some(extended) = self.extended.get(file)
        {
            loaded.services.retain(|name, _| !extended.contains(name));
            if loaded.services.is_empty() {
                return;
            }
        }
        let mut maker = Maker::new(self, &loaded, below.as_ref(), folder);
        let own_files = maker.own.clone();
        let services: Vec<_> = std::mem::take(&mut loaded.services)
            .into_iter()
            .map(|(name, service)| maker.resource("service", name, service.piece, service.key_span))
            .collect();
        let rest = loaded.rest.take().unwrap_or_else(|| piece::Piece::empty(0));
        let whole = maker.resource("project", maker.name.clone(), rest, None);
        let (name, touched) = (maker.name.clone(), Arc::new(maker.touched));
        for file in own_files.into_iter().filter(|file| !self.extended.contains_key(file)) {
            self.told.entry(file).or_insert_with(|| touched.clone());
        }
        let is_incomplete = services.iter().any(|service| is_partial(service));
        let tells = |file: &CompactString| below.as_ref().is_none_or(|below| !below.contains(file));
        loaded.problems.retain(|problem| tells(&problem.file));
        self.all.push(Project {
            name,
            folder: folder.into(),
            files,
            is_layer: below.is_some(),
            services,
            whole,
            leads: loaded.leads.into_iter().filter(|lead| tells(&lead.file)).collect(),
            problems: loaded.problems,
            is_open: loaded.is_open || is_incomplete,
        });
    }
}

/// Whether more of a service is written somewhere that is not known: it has nothing to run, or extends what could not be read.
pub fn is_partial(service: &Resource) -> bool {
    let has = |key: &str| service.spec.get(key).is_some_and(|node| !node.is_null());
    has("extends") || !(has("image") || has("build") || has("provider"))
}

/// The files that are told of in another project: those that another one tells of sooner or later, those that are told of already, and
/// what this one lies over.
struct Elsewhere<'b, 't> {
    builder: &'b Builder<'b, 't>,
    /// The project's own files.
    files: BTreeSet<CompactString>,
    below: Option<BTreeSet<CompactString>>,
}

impl Elsewhere<'_, '_> {
    fn contains(&self, file: &CompactString) -> bool {
        let will_be = self.builder.tellers.contains(file) && !self.files.contains(file);
        will_be || self.builder.told.contains_key(file) || self.below.as_ref().is_some_and(|below| below.contains(file))
    }
}

/// Makes resources of what was merged.
struct Maker<'b, 't> {
    loader: &'b Loader<'t>,
    name: CompactString,
    /// Where it lives: the last of the project's own files.
    own: BTreeSet<CompactString>,
    elsewhere: Elsewhere<'b, 't>,
    touched: BTreeSet<CompactString>,
}

impl<'b, 't> Maker<'b, 't> {
    fn new(
        builder: &'b Builder<'b, 't>,
        loaded: &Loaded,
        below: Option<&BTreeSet<CompactString>>,
        folder: &str,
    ) -> Self {
        let given = loaded.rest.as_ref().and_then(|rest| rest.get("name")?.as_str());
        let name = given.unwrap_or_else(|| base_name(folder)).into();
        let elsewhere = Elsewhere { builder, files: loaded.files.clone(), below: below.cloned() };
        let own = loaded.files.iter().filter(|file| !elsewhere.contains(file)).cloned().collect();
        Self { loader: builder.loader, name, own, elsewhere, touched: loaded.files.clone() }
    }

    fn resource(
        &mut self,
        kind: &'static str,
        name: CompactString,
        piece: piece::Piece,
        key_span: Option<Span>,
    ) -> Arc<Resource> {
        let root = piece.file;
        let mut parts = Vec::new();
        let mut spec = piece.into_node(root, &mut String::new(), &mut parts);
        // What a service lacks is looked for at its name.
        spec.span = key_span.or(spec.span);
        let file = self.loader.name(root);
        let files: BTreeMap<String, CompactString> =
            parts.into_iter().map(|(pointer, file)| (pointer, self.loader.name(file))).collect();
        let involved: BTreeSet<&CompactString> = files.values().chain([&file]).collect();
        let elsewhere: Vec<_> =
            involved.iter().filter(|file| self.elsewhere.contains(file)).map(|file| (*file).clone()).collect();
        let origin = involved.iter().find(|file| self.own.contains(**file)).map_or(&file, |file| *file).clone();
        self.touched.extend(involved.into_iter().cloned());
        let merged = (!files.is_empty() || !elsewhere.is_empty()).then(|| Arc::new(Merged { files, elsewhere }));
        Arc::new(Resource {
            scope: Scope::Repo,
            kind: kind.into(),
            api_version: CompactString::default(),
            origin,
            namespace: self.name.clone(),
            name,
            file: Some(file),
            spec: Arc::new(spec),
            observed_at: None,
            merged,
        })
    }
}

/// The folder of the file in which a part of a service stands: where its relative paths begin.
pub fn folder_at<'r>(service: &'r Resource, pointer: &str) -> &'r str {
    service.file_of(pointer).map_or("", |file| folder_of(file))
}
