//! The files of a repository, read and understood: what the checks of the scope `repo` look at.

mod kinds;

use super::{
    kept::Kept,
    resource::Resource,
    secrets,
    subject::{
        compose::{self, Project},
        kubernetes, kustomize, places, script,
    },
    syntax::{Fault, dockerfile, hcl, markdown, node::Node, python, shell},
};
use crate::model::{Timestamp, secrets::Secret};
use compact_str::CompactString;
pub use kinds::kind_of;
use kinds::understand;
use sha2::{Digest, Sha256};
use std::{
    any::Any,
    collections::{BTreeMap, HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

/// What is known of a file before it is read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Listed {
    /// Below the root, with `/` between the parts.
    pub path: CompactString,
    pub size_bytes: u64,
    pub is_executable: bool,
    /// Whether git tracks it; `None` where there is no git.
    pub is_tracked: Option<bool>,
    /// Whether `.gitignore` names it: such a file is listed only where git tracks it all the same.
    pub is_ignored: bool,
    pub modified_at: Option<Timestamp>,
}

/// A file.
#[derive(Debug, Clone)]
pub struct File {
    pub listed: Listed,
    pub path: CompactString,
    pub kind: Kind,
    /// Its text; `None` where it is binary, too large, or of no kind that a check looks into again ([`Kind::Other`]).
    pub text: Option<Arc<str>>,
    /// SHA-256 of its bytes, of any kind of file; `None` where it is too large to be read.
    pub sha256: Option<[u8; 32]>,
    pub parsed: Parsed,
    /// Objects that it declares: of clusters. Compose services are in the tree's projects, because files are merged there.
    pub resources: Vec<Arc<Resource>>,
    /// What would be its objects, if no kustomization listed the file as a patch: parts of objects, not to be judged as whole ones.
    pub patches: Vec<Arc<Resource>>,
    /// Secrets in its text, also where the text itself is not kept.
    pub secrets: Vec<Secret>,
    /// Names of other files that stand in it, hashed and sorted.
    mentions: Vec<u64>,
    kept: Kept,
    path_says: PathSays,
}

/// What a path says of a file, asked of most files by many checks.
#[derive(Debug, Clone, Copy, Default)]
struct PathSays {
    is_aside: bool,
    is_test: bool,
    is_foreign: bool,
    is_docs: bool,
    is_ci: bool,
}

impl PathSays {
    fn of(path: &str) -> Self {
        Self {
            is_aside: places::is_aside(path),
            is_test: script::is_test(path),
            is_foreign: script::is_foreign(path),
            is_docs: script::is_docs(path),
            is_ci: script::is_ci(path),
        }
    }
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Dockerfile,
    Compose,
    /// Objects of a cluster.
    Kubernetes,
    /// A template of a Helm chart: no YAML until it is rendered.
    HelmTemplate,
    HelmChart,
    HelmValues,
    Kustomization,
    /// Alerting or recording rules of Prometheus.
    PrometheusRules,
    /// YAML or JSON of another kind.
    Yaml,
    Toml,
    Hcl,
    TerraformState,
    Shell,
    Python,
    Requirements,
    Markdown,
    Changelog,
    PortRegistry,
    DotEnv,
    Codeowners,
    DaemonJson,
    PrivateKey,
    /// Hashes of the documents that go before all others.
    AuthorityLock,
    Other,
}

/// A file's meaning.
#[derive(Debug, Clone, Default)]
pub enum Parsed {
    /// Not a kind that is read, or not read yet.
    #[default]
    Nothing,
    /// YAML or JSON, whatever it says.
    Yaml(Vec<Node>),
    Dockerfile(Arc<dockerfile::Dockerfile>),
    Shell(Arc<shell::Script>),
    Python(Arc<python::Module>),
    /// Also the CHANGELOG and the registry of ports.
    Markdown(Arc<markdown::Page>),
    Hcl(Arc<hcl::Body>),
    /// It should be of its kind, and cannot be read.
    Broken(Fault),
}

/// Larger files are listed, and not read.
pub const LARGEST: u64 = 4 << 20;
/// So many bytes tell whether a file is a text, and by its first line what kind of one.
pub const BEGINNING: u64 = 8_000;

impl File {
    /// Reads what a file means. `names` are the hashes of all file names of the tree ([`name_hash`]), for what it mentions.
    pub fn new(listed: Listed, bytes: &[u8], names: &HashSet<u64>) -> Self {
        let path = listed.path.clone();
        let is_whole = bytes.len() as u64 == listed.size_bytes;
        let sha256 = is_whole.then(|| Sha256::digest(bytes).into());
        let beginning = &bytes[..bytes.len().min(BEGINNING as usize)];
        if memchr::memchr(0, beginning).is_some() {
            return Self { sha256, ..Self::without_text(listed, Kind::Other, Parsed::Nothing) };
        }
        if listed.size_bytes > LARGEST {
            let kind = kind_of(&path, &String::from_utf8_lossy(beginning));
            let so = match kind {
                Kind::Other if secrets::is_left_out(&path, "") => None,
                Kind::Other => Some("it is not searched for secrets"),
                _ => Some("it is not read"),
            };
            let broken = |so| Parsed::Broken(Fault::at(None, format!("larger than {} MiB; {so}", LARGEST >> 20)));
            return Self { sha256, ..Self::without_text(listed, kind, so.map_or(Parsed::Nothing, broken)) };
        }
        let text = String::from_utf8_lossy(bytes);
        let kind = kind_of(&path, &text);
        let (kind, parsed) = understand(kind, &text);
        let mentions = mentions(&text, names);
        let secrets = secrets::of_file(&path, &text);
        let text = (kind != Kind::Other).then(|| Arc::from(&*text));
        let resources = match &parsed {
            Parsed::Yaml(documents) if kind == Kind::Kubernetes => kubernetes::read(&path, documents).objects,
            _ => Vec::new(),
        };
        let resources = resources.into_iter().map(Arc::new).collect();
        Self { text, sha256, resources, secrets, mentions, ..Self::without_text(listed, kind, parsed) }
    }

    /// A text that is known to be of a kind, whatever its file is called; only what it means is read.
    pub fn of_kind(kind: Kind, path: &str, text: &str) -> Self {
        let listed = Listed { path: path.into(), size_bytes: text.len() as u64, ..Listed::default() };
        let (kind, parsed) = understand(kind, text);
        Self { text: Some(Arc::from(text)), ..Self::without_text(listed, kind, parsed) }
    }

    /// A file that is there and cannot be read, and why.
    pub fn unreadable(listed: Listed, why: &str) -> Self {
        let parsed = Parsed::Broken(Fault::at(None, format!("cannot be read: {why}")));
        Self::without_text(listed, Kind::Other, parsed)
    }

    fn without_text(listed: Listed, kind: Kind, parsed: Parsed) -> Self {
        Self {
            path: listed.path.clone(),
            kind,
            text: None,
            sha256: None,
            parsed,
            resources: Vec::new(),
            patches: Vec::new(),
            secrets: Vec::new(),
            mentions: Vec::new(),
            kept: Kept::default(),
            path_says: PathSays::of(&listed.path),
            listed,
        }
    }

    /// Its text, or nothing.
    pub fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }

    /// Its name without the folders.
    pub fn name(&self) -> &str {
        base_name(&self.path)
    }

    /// The folder that it lies in, without a stroke at the end; empty for the root.
    pub fn folder(&self) -> &str {
        folder_of(&self.path)
    }

    /// Whether the name of another file (without folders) stands in it as a word.
    pub fn mentions(&self, name: &str) -> bool {
        self.mentions.binary_search(&name_hash(name)).is_ok()
    }

    /// See [`places::is_aside`].
    pub const fn is_aside(&self) -> bool {
        self.path_says.is_aside
    }

    /// See [`script::is_test`].
    pub const fn is_test(&self) -> bool {
        self.path_says.is_test
    }

    /// See [`script::is_foreign`].
    pub const fn is_foreign(&self) -> bool {
        self.path_says.is_foreign
    }

    /// See [`script::is_docs`].
    pub const fn is_docs(&self) -> bool {
        self.path_says.is_docs
    }

    /// See [`script::is_ci`].
    pub const fn is_ci(&self) -> bool {
        self.path_says.is_ci
    }

    /// What a check takes from this file by itself, for a judgement of the whole: made once. It must not depend on which of its objects
    /// are patches ([`Tree::settle`]), nor on anything beside the file.
    pub fn kept<T: Any + Send + Sync>(&self, take: impl FnOnce(&Self) -> T) -> Arc<T> {
        self.kept.get(|| take(self))
    }

    /// The names of other files that stand in it, hashed ([`name_hash`]) and sorted.
    pub fn mentioned(&self) -> &[u64] {
        &self.mentions
    }

    /// Its documents, where it is YAML or JSON.
    pub fn documents(&self) -> &[Node] {
        if let Parsed::Yaml(documents) = &self.parsed { documents } else { &[] }
    }
}

/// The last part of a path.
pub fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What stands before the last part of a path.
pub fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The hash by which names are compared.
pub fn name_hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

/// Words that are names of files of the tree.
fn mentions(text: &str, names: &HashSet<u64>) -> Vec<u64> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    let words = text.split(|c| !is_word(c)).filter(|word| word.len() > 2);
    // A full stop may end the sentence and not the name.
    let hashes = words.flat_map(|word| {
        let bare = word.trim_end_matches('.');
        [Some(name_hash(word)), (bare.len() < word.len()).then(|| name_hash(bare))].into_iter().flatten()
    });
    let mut found: Vec<u64> = hashes.filter(|hash| names.contains(hash)).collect();
    found.sort_unstable();
    found.dedup();
    found.shrink_to_fit();
    found
}

/// The files of a repository.
#[derive(Debug, Default)]
pub struct Tree {
    /// Where it lies, for a person.
    pub root: String,
    /// By path.
    pub files: BTreeMap<CompactString, Arc<File>>,
    /// Folders that could not be read, and why.
    pub unread: Vec<(CompactString, String)>,
    /// Its compose projects, as of the last [`Tree::settle`].
    projects: Arc<[Project]>,
    /// The files of each kind by path, as of then.
    by_kind: HashMap<Kind, Vec<Arc<File>>>,
    kept: Kept,
    kept_of_paths: Kept,
    /// The files as of then, by path.
    settled: Vec<Arc<File>>,
}

/// A tree that is changed while somebody still looks at the one before: the files are shared, and what follows from their paths.
impl Clone for Tree {
    fn clone(&self) -> Self {
        Self {
            root: self.root.clone(),
            files: self.files.clone(),
            unread: self.unread.clone(),
            projects: self.projects.clone(),
            by_kind: self.by_kind.clone(),
            kept: Kept::default(),
            kept_of_paths: self.kept_of_paths.share(),
            settled: self.settled.clone(),
        }
    }
}

impl Tree {
    /// A tree of files.
    pub fn new(root: String, files: BTreeMap<CompactString, Arc<File>>, unread: Vec<(CompactString, String)>) -> Self {
        let mut tree = Self { root, files, unread, ..Self::default() };
        tree.settle();
        tree
    }

    /// Puts together again what several files make up. To be called when files were changed, and before any check looks.
    pub fn settle(&mut self) {
        self.by_kind.clear();
        self.kept = Kept::default();
        if !self.settled.iter().map(|file| &file.path).eq(self.files.keys()) {
            self.kept_of_paths = Kept::default();
        }
        if self.may_change_projects() {
            self.projects = compose::projects(&self.files).into();
        }
        self.settled.clear();
        self.settle_patches();
        self.settled = self.files.values().cloned().collect();
        for file in self.files.values().filter(|file| file.kind != Kind::Other) {
            self.by_kind.entry(file.kind).or_default().push(file.clone());
        }
    }

    /// Whether anything changed that a compose project may be made of: files came or went, or another one has the place of a compose
    /// file, of variables, or of something that a project leads to.
    fn may_change_projects(&self) -> bool {
        if self.settled.len() != self.files.len() {
            return true;
        }
        let leads = || self.projects.iter().flat_map(|project| &project.leads).filter_map(|lead| lead.path.as_ref());
        let is_part = |file: &File| matches!(file.kind, Kind::Compose | Kind::DotEnv | Kind::Yaml);
        self.settled.iter().zip(self.files.values()).any(|(old, new)| {
            !Arc::ptr_eq(old, new)
                && (old.path != new.path || is_part(old) || is_part(new) || leads().any(|path| *path == new.path))
        })
    }

    /// What follows from the tree by itself and is asked for by several checks: made once, until it is settled again.
    pub fn kept<T: Any + Send + Sync>(&self, take: impl FnOnce(&Self) -> T) -> Arc<T> {
        self.kept.get(|| take(self))
    }

    /// The same for what follows from the paths of the files alone: it stays while none comes or goes.
    pub fn kept_of_paths<T: Any + Send + Sync>(&self, take: impl FnOnce(&Self) -> T) -> Arc<T> {
        self.kept_of_paths.get(|| take(self))
    }

    /// The compose projects.
    pub fn projects(&self) -> &[Project] {
        &self.projects
    }

    /// The same, to see later whether they were put together anew.
    pub fn shared_projects(&self) -> Arc<[Project]> {
        self.projects.clone()
    }

    /// Every service of its compose projects: kind `service`.
    pub fn services(&self) -> impl Iterator<Item = &Arc<Resource>> {
        self.projects.iter().flat_map(Project::told)
    }

    /// The file at a path.
    pub fn file(&self, path: &str) -> Option<&Arc<File>> {
        self.files.get(path)
    }

    /// The files of a kind by path, as of the last [`Tree::settle`]. Of [`Kind::Other`] there are none.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Arc<File>> {
        self.by_kind.get(&kind).into_iter().flatten()
    }

    /// Takes out of the objects what kustomizations list as patches, and back what they list no more. Whoever puts a tree together or
    /// changes one calls this last.
    fn settle_patches(&mut self) {
        let patches = kustomize::patch_files(&self.files);
        for file in self.files.values_mut() {
            let is_patch = patches.contains(&file.path);
            if is_patch && !file.resources.is_empty() {
                let file = Arc::make_mut(file);
                file.patches = std::mem::take(&mut file.resources);
            } else if !is_patch && !file.patches.is_empty() {
                let file = Arc::make_mut(file);
                file.resources = std::mem::take(&mut file.patches);
            }
        }
    }

    /// Every object of a cluster that is declared.
    pub fn resources(&self) -> impl Iterator<Item = &Arc<Resource>> {
        self.files.values().flat_map(|file| &file.resources)
    }

    /// Whether a folder holds a file.
    pub fn has_folder(&self, folder: &str) -> bool {
        let prefix = CompactString::from(format!("{folder}/"));
        self.files.range(prefix.clone()..).next().is_some_and(|(path, _)| path.starts_with(prefix.as_str()))
    }

    /// Files in which the name of another one stands.
    pub fn mentioning<'t>(&'t self, name: &'t str) -> impl Iterator<Item = &'t Arc<File>> {
        self.files.values().filter(move |file| file.mentions(name))
    }

    /// A tree of texts, for tests: every path with what is in it.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let names = files.iter().map(|(path, _)| name_hash(base_name(path))).collect();
        let file = |(path, text): &(&str, &str)| {
            let listed = Listed {
                path: (*path).into(),
                size_bytes: text.len() as u64,
                is_tracked: Some(true),
                ..Listed::default()
            };
            ((*path).into(), Arc::new(File::new(listed, text.as_bytes(), &names)))
        };
        Self::new("/repo".into(), files.iter().map(file).collect(), Vec::new())
    }
}
