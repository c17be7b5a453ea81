//! Loads compose files that belong together, with the services that they extend and the files that they include. Sources:
//! <https://docs.docker.com/reference/compose-file/include/> and <https://docs.docker.com/reference/compose-file/services/#extends>.

use super::{
    Lead, Problem,
    merge::lay_over,
    piece::{FileId, Piece, Reading, Tag, Variables, What},
};
use crate::{
    model::finding::Span,
    rulebook::{
        subject::places::below,
        syntax::{dotenv, node::Node, yaml},
        tree::{File, folder_of},
    },
};
use compact_str::CompactString;
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap},
    rc::Rc,
    sync::Arc,
};

/// Services that extend each other, and files that include each other, are followed so far.
const DEEPEST: usize = 16;
/// Files that the includes of a project may lead to.
const MOST_INCLUDED: usize = 200;

/// Files that are merged, each over those before it.
#[derive(Debug, Clone)]
pub struct Set {
    pub files: Vec<CompactString>,
    /// Where relative paths begin.
    pub folder: CompactString,
    pub variables: Variables,
}

/// A service of a set.
#[derive(Debug, Clone)]
pub struct Service {
    pub key_span: Option<Span>,
    pub piece: Piece,
}

/// What was loaded.
#[derive(Debug, Default)]
pub struct Loaded {
    pub services: BTreeMap<CompactString, Service>,
    /// Everything else of the documents.
    pub rest: Option<Piece>,
    /// Files that the services come from, less those of services that are extended.
    pub files: BTreeSet<CompactString>,
    pub leads: BTreeSet<Lead>,
    pub problems: Vec<Problem>,
    /// Whether something that it includes could not be read, so that it may have more than is known.
    pub is_open: bool,
}

/// A file as it is read, once for all that lead to it.
#[derive(Debug, Default)]
struct Source {
    tags: HashMap<(u32, u32), CompactString>,
    /// Document and entry of each service.
    services: HashMap<CompactString, (usize, usize)>,
}

/// The numbers of a file, by the folder where its relative paths begin.
type Numbers = Vec<(CompactString, FileId)>;

/// Reads files of a tree.
pub struct Loader<'t> {
    pub files: &'t BTreeMap<CompactString, Arc<File>>,
    scope: Scope,
    /// By number: the path of a file, and where relative paths in it begin. That is the folder of who reads it, so that a file may have
    /// several numbers.
    ids: RefCell<Vec<(CompactString, CompactString)>>,
    sources: RefCell<HashMap<CompactString, (Rc<Source>, Numbers)>>,
    /// What was looked for and is not there.
    lacked: RefCell<BTreeMap<CompactString, Need>>,
    /// Variables that any file had.
    named: RefCell<BTreeSet<String>>,
}

/// What is loaded, and from where.
#[derive(Debug, Clone)]
enum Scope {
    /// Everything, of the files of a repository. Variables are not filled in where they may be secret.
    Tree,
    /// One service, of files anywhere on a machine, whose root is that of the tree; all variables are filled in.
    Machine(CompactString),
}

/// What a file is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    Compose,
    Variables,
}

/// Where a service is read.
struct Place<'a> {
    file: &'a str,
    folder: &'a str,
    variables: &'a Variables,
}

impl<'t> Loader<'t> {
    pub fn new(files: &'t BTreeMap<CompactString, Arc<File>>) -> Self {
        Self::of(files, Scope::Tree)
    }

    /// Loads one service of files that may lie anywhere: those of a machine, with paths that begin at its root, without the stroke.
    pub fn of_machine(files: &'t BTreeMap<CompactString, Arc<File>>, service: &str) -> Self {
        Self::of(files, Scope::Machine(service.into()))
    }

    fn of(files: &'t BTreeMap<CompactString, Arc<File>>, scope: Scope) -> Self {
        let (ids, sources, lacked, named) = Default::default();
        Self { files, scope, ids, sources, lacked, named }
    }

    /// The path of a file by its number.
    pub fn name(&self, file: FileId) -> CompactString {
        self.ids.borrow().get(file as usize).map(|(path, _)| path.clone()).unwrap_or_default()
    }

    /// Where relative paths of a file begin.
    pub fn folder(&self, file: FileId) -> CompactString {
        self.ids.borrow().get(file as usize).map(|(_, folder)| folder.clone()).unwrap_or_default()
    }

    /// What was looked for so far and is not there.
    pub fn lacked(&self) -> BTreeMap<CompactString, Need> {
        self.lacked.borrow().clone()
    }

    /// Whether a file had a variable of this name, be it of another file's project.
    pub fn is_named(&self, variable: &str) -> bool {
        self.named.borrow().contains(variable)
    }

    /// A path that is written where relative ones begin in a folder; `None` where it leads out.
    pub fn path(&self, folder: &str, written: &str) -> Option<CompactString> {
        match (&self.scope, written.strip_prefix('/')) {
            (Scope::Tree, _) => join(folder, written),
            (Scope::Machine(_), _) if written.starts_with('~') => None,
            (Scope::Machine(_), Some(absolute)) => climb("", absolute),
            (Scope::Machine(_), None) => climb(folder, written),
        }
    }

    fn find(&self, path: &CompactString, need: Need) -> Option<&'t Arc<File>> {
        let found = self.files.get(path);
        if found.is_none() {
            self.lacked.borrow_mut().insert(path.clone(), need);
        }
        found
    }

    fn reading<'r>(&self, file: FileId, source: &'r Source, variables: &'r Variables) -> Reading<'r> {
        Reading { file, tags: &source.tags, variables, fills_all: matches!(self.scope, Scope::Machine(_)) }
    }

    /// The variables of a folder's `.env`, those of who asks over them.
    pub fn variables(&self, folder: &str, over: &Variables) -> Variables {
        let path = self.path(folder, ".env").unwrap_or_default();
        let file = self.find(&path, Need::Variables);
        let mut all = file.map(|file| dotenv::variables(file.text(), over)).unwrap_or_default();
        all.extend(over.clone());
        all
    }

    /// Loads a set, with everything that it leads to.
    pub fn load(&self, set: &Set) -> Loaded {
        let mut loaded = Loaded::default();
        self.add(set, &mut loaded, &mut Vec::new());
        loaded
    }

    fn add(&self, set: &Set, loaded: &mut Loaded, within: &mut Vec<CompactString>) {
        let mut own: BTreeMap<CompactString, Service> = BTreeMap::new();
        let mut includes = Vec::new();
        let outside = within.len();
        let wanted = self.wanted(set);
        for path in &set.files {
            let file = self.find(path, Need::Compose);
            let Some(file) = file.filter(|file| !file.documents().is_empty()) else { continue };
            loaded.files.insert(path.clone());
            within.push(path.clone());
            let (id, source) = self.source(file, &set.folder);
            let reading = self.reading(id, &source, &set.variables);
            for document in file.documents() {
                self.take_services(file, document, (set, &wanted), loaded, &mut own);
                includes.extend(document.get("include").into_iter().flat_map(Node::items).map(|node| (path, node)));
                let rest = reading.rest(document);
                loaded.rest = Some(match loaded.rest.take() {
                    Some(before) => lay_over(before, rest, ""),
                    None => rest,
                });
            }
        }
        for (path, node) in includes {
            self.include(path, node, set, loaded, within);
        }
        within.truncate(outside);
        for (name, service) in own {
            if let Some(included) = loaded.services.get(&name) {
                let observed = format!("service {name} is also in {}", self.name(included.piece.file));
                let file = self.name(service.piece.file);
                let expected = "included files with services of other names".to_owned();
                loaded.problems.push(Problem { file, span: service.key_span, observed, expected, what: "twice" });
            }
            loaded.services.insert(name, service);
        }
    }

    /// The services of a set that matter: of a machine only the one that is asked for, and those of the same files that it extends.
    fn wanted(&self, set: &Set) -> Option<BTreeSet<CompactString>> {
        let Scope::Machine(name) = &self.scope else { return None };
        let documents = || set.files.iter().filter_map(|path| self.files.get(path)).flat_map(|file| file.documents());
        let (mut wanted, mut open) = (BTreeSet::new(), vec![name.clone()]);
        while let Some(name) = open.pop().filter(|_| wanted.len() <= DEEPEST) {
            if !wanted.insert(name.clone()) {
                continue;
            }
            let extends = documents().filter_map(|document| document.get("services")?.get(&name)?.get("extends"));
            open.extend(extends.filter_map(|one| one.as_str().or_else(|| one.get("service")?.as_str())?.parse().ok()));
        }
        Some(wanted)
    }

    fn take_services(
        &self,
        file: &File,
        document: &Node,
        (set, wanted): (&Set, &Option<BTreeSet<CompactString>>),
        loaded: &mut Loaded,
        own: &mut BTreeMap<CompactString, Service>,
    ) {
        let place = Place { file: &file.path, folder: &set.folder, variables: &set.variables };
        let services = document.get("services").map(Node::entries).unwrap_or_default();
        let is_wanted = |name: &CompactString| wanted.as_ref().is_none_or(|wanted| wanted.contains(name));
        for entry in services.iter().filter(|entry| !entry.key.starts_with("x-") && is_wanted(&entry.key)) {
            let piece = self.extended(&place, &entry.key, &entry.value, (own, loaded), &mut Vec::new());
            let service = match own.remove(&entry.key) {
                _ if piece.tag == Tag::Reset => continue,
                Some(before) if file.path == self.name(before.piece.file) && is_same(file, before.piece.span) => {
                    // A key that stands twice in one document: the last counts.
                    Service { key_span: entry.key_span, piece }
                }
                Some(before) => Service { key_span: before.key_span, piece: lay_over(before.piece, piece, "") },
                None => Service { key_span: entry.key_span, piece },
            };
            own.insert(entry.key.clone(), service);
        }
    }

    /// A service with what it extends below it. Where that cannot be read, its `extends` stays in it.
    fn extended(
        &self,
        place: &Place<'_>,
        name: &str,
        node: &Node,
        (own, loaded): (&BTreeMap<CompactString, Service>, &mut Loaded),
        within: &mut Vec<(CompactString, CompactString)>,
    ) -> Piece {
        let Some(file) = self.files.get(place.file) else { return Piece::empty(0) };
        let (id, source) = self.source(file, place.folder);
        let piece = self.reading(id, &source, place.variables).service(node);
        let Some(extends) = piece.get("extends").cloned() else { return piece };
        let service = extends.as_str().or_else(|| extends.get("service")?.as_str()).unwrap_or_default();
        let other = match extends.get("file").map(|file| (file.as_str(), file.span)) {
            None => Some(CompactString::from(place.file)),
            Some((None, _)) => None,
            Some((Some(text), span)) => self.lead("extends", (place.file, span), (place.folder, text, true), loaded),
        };
        let Some(other) = other.filter(|_| !service.is_empty()) else { return piece };
        let span = extends.get("service").map_or(extends.span, |service| service.span);
        let mut problem = |observed: String, expected: &str| {
            let (file, expected) = (place.file.into(), expected.to_owned());
            loaded.problems.push(Problem { file, span, observed, expected, what: "extends" });
        };
        within.push((place.file.into(), name.into()));
        let step = (other.clone(), CompactString::from(service));
        if within.contains(&step) || within.len() > DEEPEST {
            problem(
                format!("{name} extends {service}, which extends it again"),
                "services that do not extend each other",
            );
            return piece;
        }
        let base = match self.node(&other, service) {
            Some(base) => {
                let folder = if other == place.file { place.folder } else { folder_of(&other) };
                let there = Place { file: &other, folder, variables: place.variables };
                self.extended(&there, service, base, (own, loaded), within)
            }
            // An override extends what the file below it has.
            None => match own.get(service).filter(|_| other == place.file) {
                Some(base) => base.piece.clone(),
                None => {
                    problem(format!("extends {service}"), &format!("a service of that name in {other}"));
                    return piece;
                }
            },
        };
        let (span, tag) = (piece.span, piece.tag);
        let mut own_part = piece;
        if base.get("extends").is_none() {
            own_part.remove("extends");
        }
        own_part.tag = Tag::None;
        let what = lay_over(base, own_part, "").what;
        Piece { file: id, span, tag, what }
    }

    fn node(&self, path: &str, service: &str) -> Option<&'t Node> {
        let file = self.files.get(path)?;
        let (_, source) = self.source(file, "");
        let (document, entry) = *source.services.get(service)?;
        Some(&file.documents().get(document)?.get("services")?.entries().get(entry)?.value)
    }

    fn include(
        &self,
        path: &CompactString,
        node: &Node,
        set: &Set,
        loaded: &mut Loaded,
        within: &mut Vec<CompactString>,
    ) {
        let Some(file) = self.files.get(path) else { return };
        let (id, source) = self.source(file, &set.folder);
        let include = self.reading(id, &source, &set.variables).piece(node, false);
        let listed = include.get("path").unwrap_or(&include);
        let paths = if listed.items().is_empty() { std::slice::from_ref(listed) } else { listed.items() };
        let mut files = Vec::new();
        for piece in paths {
            let found = piece
                .as_str()
                .and_then(|text| self.lead("include", (path, piece.span), (&set.folder, text, true), loaded));
            let Some(found) = found else {
                loaded.is_open = true;
                continue;
            };
            if within.contains(&found) || within.len() > DEEPEST {
                let observed = format!("includes {found}, which includes it again");
                let expected = "files that do not include each other".to_owned();
                let problem = Problem { file: path.clone(), span: piece.span, observed, expected, what: "include" };
                loaded.problems.push(problem);
            } else if loaded.files.len() < MOST_INCLUDED {
                files.push(found);
            }
        }
        let Some(first) = files.first() else { return };
        let folder = match include.get("project_directory").map(Piece::as_str) {
            Some(text) => text.and_then(|text| self.path(&set.folder, text)).unwrap_or_default(),
            None => folder_of(first).into(),
        };
        let mut variables = self.variables(&folder, &set.variables);
        if let Some(list) = include.get("env_file") {
            variables = set.variables.clone();
            let list = if list.items().is_empty() { std::slice::from_ref(list) } else { list.items() };
            for piece in list {
                let lead = |text| self.lead("env_file", (path, piece.span), (&set.folder, text, true), loaded);
                let file = piece.as_str().and_then(lead).and_then(|file| self.files.get(&file));
                variables.extend(file.map(|file| dotenv::variables(file.text(), &variables)).unwrap_or_default());
            }
            variables.extend(set.variables.clone());
        }
        if let Scope::Machine(_) = self.scope {
            self.named.borrow_mut().extend(variables.keys().cloned());
        }
        self.add(&Set { files, folder, variables }, loaded, within);
    }

    /// Notes that a file leads to another; the other, if it is in the tree and can be read.
    pub fn lead(
        &self,
        what: &'static str,
        (file, span): (&str, Option<Span>),
        (folder, text, is_required): (&str, &str, bool),
        loaded: &mut Loaded,
    ) -> Option<CompactString> {
        let path = self.path(folder, text);
        let need = if what == "env_file" { Need::Variables } else { Need::Compose };
        let found = path.clone().filter(|path| self.find(path, need).is_some());
        let lead =
            Lead { what, file: file.into(), span, written: text.into(), path, is_there: found.is_some(), is_required };
        loaded.leads.insert(lead);
        found.filter(|path| what == "env_file" || self.files.get(path).is_some_and(|file| !file.documents().is_empty()))
    }

    /// What is read once of a file, and its number for a folder in which its relative paths begin.
    fn source(&self, file: &File, folder: &str) -> (FileId, Rc<Source>) {
        let mut sources = self.sources.borrow_mut();
        let (source, numbers) =
            sources.entry(file.path.clone()).or_insert_with(|| (Rc::new(Source::of(file)), Numbers::new()));
        let known = numbers.iter().find(|(of, _)| of == folder).map(|(_, id)| *id);
        let id = known.unwrap_or_else(|| {
            let mut ids = self.ids.borrow_mut();
            let id = FileId::try_from(ids.len()).unwrap_or(FileId::MAX);
            ids.push((file.path.clone(), folder.into()));
            numbers.push((folder.into(), id));
            id
        });
        (id, source.clone())
    }
}

impl Source {
    fn of(file: &File) -> Self {
        let text = file.text();
        let has_tags = text.contains("!reset") || text.contains("!override");
        let mut source = Self::default();
        if has_tags {
            // The file was read already, so this cannot fail.
            source.tags = yaml::tags(text).unwrap_or_default();
        }
        for (at, document) in file.documents().iter().enumerate() {
            let services = document.get("services").map(Node::entries).unwrap_or_default();
            source.services.extend(services.iter().enumerate().map(|(entry, one)| (one.key.clone(), (at, entry))));
        }
        source
    }
}

/// Whether a place is in the only document of a file.
fn is_same(file: &File, span: Option<Span>) -> bool {
    span.is_some() && file.documents().len() == 1
}

/// The files that the services of a set name for their environment.
pub fn env_files(loader: &Loader<'_>, loaded: &mut Loaded) {
    let mut found = Vec::new();
    for service in loaded.services.values() {
        let Some(list) = service.piece.get("env_file") else { continue };
        let list = if list.items().is_empty() { std::slice::from_ref(list) } else { list.items() };
        for piece in list {
            let path = piece.get("path").unwrap_or(piece);
            let is_required = !matches!(piece.get("required").map(|node| &node.what), Some(What::Scalar(data)) if Node::of(data.clone()).as_bool() == Some(false));
            if let Some(text) = path.as_str() {
                found.push((path.file, path.span, text.to_owned(), is_required));
            }
        }
    }
    for (file, span, text, is_required) in found {
        let (name, folder) = (loader.name(file), loader.folder(file));
        loader.lead("env_file", (&name, span), (&folder, &text, is_required), loaded);
    }
}

/// A path that is written in a folder's file; `None` where it leads out of the tree.
pub fn join(folder: &str, written: &str) -> Option<CompactString> {
    if written.starts_with(['/', '~']) || written.contains('$') {
        return None;
    }
    climb(folder, written)
}

/// The same of any relative path.
fn climb(folder: &str, written: &str) -> Option<CompactString> {
    below(folder, written).map(CompactString::from)
}
