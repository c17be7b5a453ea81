//! Whether a link of a page leads somewhere within the repository. Addresses of other hosts are not asked.

use super::{places::resolved, words::fits};
use crate::{
    model::nearest::nearest,
    rulebook::{
        policy::Policy,
        syntax::markdown::Page,
        tree::{File, Parsed, Tree, base_name, folder_of},
    },
};
use compact_str::CompactString;
use regex::Regex;
use std::{
    cell::OnceCell,
    collections::HashMap,
    sync::{Arc, LazyLock},
};

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leads {
    /// There, or nowhere that can be judged.
    Somewhere,
    /// Nowhere: what is wrong, and what may have been meant.
    Nowhere { seen: String, meant: Option<String> },
    /// Into a folder that could not be read.
    Unread(String),
}

/// The links of a tree's pages are judged by it.
pub struct Links<'t> {
    tree: &'t Tree,
    policy: &'t Policy,
    known: HashMap<&'t str, &'t Arc<File>>,
    /// Made when a link leads nowhere.
    paths: OnceCell<Paths<'t>>,
    /// Whether something makes a site of the pages, with paths of its own.
    has_generator: bool,
    /// Whether that is Sphinx, whose anchors may be set in any page and named from every other.
    has_sphinx: bool,
}

/// What makes a site of the pages.
struct Made {
    has_generator: bool,
    has_sphinx: bool,
}

impl Made {
    fn of(tree: &Tree) -> Self {
        let is_config = |name: &str| {
            matches!(
                name,
                "mkdocs.yml"
                    | "mkdocs.yaml"
                    | "_config.yml"
                    | "hugo.toml"
                    | "hugo.yaml"
                    | "book.toml"
                    | "antora.yml"
                    | "conf.py"
                    | "_sidebar.md"
            ) || name.starts_with("docusaurus.config.")
                || name.starts_with("astro.config.")
        };
        let has_generator = tree.files.keys().any(|path| is_config(base_name(path)) || path.contains(".vitepress/"));
        let has_sphinx = tree.files.keys().any(|path| base_name(path) == "conf.py");
        Self { has_generator, has_sphinx }
    }
}

/// A link of a page that leads, or should, to something within the repository.
pub struct Local {
    /// Its place among the page's links.
    pub at: usize,
    /// As it is written, decoded, and below the root. `None` for the page itself.
    path: Option<(CompactString, CompactString)>,
    anchor: Option<CompactString>,
}

/// The local links of a file's page.
pub fn local(file: &File, page: &Page) -> Arc<Vec<Local>> {
    file.kept(|file| {
        let all = page.links.iter().enumerate();
        let mut all: Vec<Local> = all.filter_map(|(at, link)| local_one(file, at, &link.target)).collect();
        all.shrink_to_fit();
        all
    })
}

fn local_one(file: &File, at: usize, target: &str) -> Option<Local> {
    static ELSEWHERE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:[A-Za-z][A-Za-z0-9+.-]*:|//)|\{\{|\{%|\$\{|\$\(|^<|^\S+@\S+$").expect("is an expression")
    });
    let target = target.trim();
    if ELSEWHERE.is_match(target) {
        return None;
    }
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let path = decoded(path.split('?').next().unwrap_or(path));
    let anchor = anchor.map(CompactString::from);
    if path.is_empty() {
        return Some(Local { at, path: None, anchor });
    }
    // Above the root are the pages of the host: `../../issues`.
    let full = resolved(file.folder(), &path).filter(|full| !full.is_empty())?;
    Some(Local { at, path: Some((path.into(), full.into())), anchor })
}

/// The paths of a tree, looked up by what may be wrong in a link.
struct Paths<'t> {
    /// By their lower case, for mistakes of case.
    lower: HashMap<String, &'t str>,
    /// Names by their folder, in order.
    beside: HashMap<&'t str, Vec<&'t str>>,
    /// By name: the only one, or nothing where there are several.
    only: HashMap<&'t str, Option<&'t str>>,
}

impl<'t> Paths<'t> {
    fn of(tree: &'t Tree) -> Self {
        let lower = tree.files.keys().map(|path| (path.as_str().to_lowercase(), path.as_str())).collect();
        let mut paths = Self { lower, beside: HashMap::new(), only: HashMap::new() };
        for path in tree.files.keys() {
            paths.beside.entry(folder_of(path)).or_default().push(base_name(path));
            paths.only.entry(base_name(path)).and_modify(|only| *only = None).or_insert(Some(path));
        }
        paths
    }
}

impl<'t> Links<'t> {
    /// Prepares to judge links.
    pub fn of(tree: &'t Tree, policy: &'t Policy) -> Self {
        let made = tree.kept_of_paths(Made::of);
        let known = tree.files.iter().map(|(path, file)| (path.as_str(), file)).collect();
        Self {
            tree,
            policy,
            known,
            paths: OnceCell::new(),
            has_generator: made.has_generator,
            has_sphinx: made.has_sphinx,
        }
    }

    /// Where a link of a page leads, that is one of its [`local`] ones.
    pub fn judge(&self, file: &File, page: &Page, link: &Local) -> Leads {
        let anchor = link.anchor.as_deref();
        let Some((path, full)) = &link.path else {
            return anchor.map_or(Leads::Somewhere, |anchor| self.to_anchor(file, page, anchor));
        };
        if let Some(found) = self.known.get(full.as_str()) {
            return match (&found.parsed, anchor) {
                (Parsed::Markdown(page), Some(anchor)) if !self.tree.has_folder(full) => {
                    self.to_anchor(found, page, anchor)
                }
                _ => Leads::Somewhere,
            };
        }
        if self.tree.has_folder(full) { Leads::Somewhere } else { self.missing(file, path, full) }
    }

    fn missing(&self, file: &File, path: &str, full: &str) -> Leads {
        if let Some((folder, _)) = self.tree.unread.iter().find(|(folder, _)| full.starts_with(folder.as_str())) {
            return Leads::Unread(folder.to_string());
        }
        if self.policy.exclude.iter().any(|pattern| fits(pattern, full)) {
            return Leads::Somewhere;
        }
        let with_end = ["", ".md", ".mdx", ".html", ".adoc", "/index.md", "/README.md", "/_index.md", "/index.mdx"];
        let page_of =
            |path: &str| with_end.iter().map(|end| format!("{path}{end}")).find(|path| self.tree.file(path).is_some());
        let trimmed = full.trim_end_matches(".html");
        if self.has_generator && (path.starts_with('/') || page_of(trimmed).is_some() || !is_file_name(base_name(full)))
        {
            return Leads::Somewhere;
        }
        // Only a site has addresses that end so; where its maker is configured elsewhere its pages tell.
        if path.ends_with('/') && page_of(full).is_some() {
            return Leads::Somewhere;
        }
        let seen = format!("`{path}` is not there");
        if let Some(other) = self.paths().lower.get(&full.to_lowercase()) {
            let seen = format!("`{path}` is not there, but `{other}` is: upper and lower case differ");
            return Leads::Nowhere { seen, meant: Some((*other).to_owned()) };
        }
        let meant = page_of(full).or_else(|| self.near(full, file));
        Leads::Nowhere { seen, meant }
    }

    fn paths(&self) -> &Paths<'t> {
        self.paths.get_or_init(|| Paths::of(self.tree))
    }

    /// The file that was meant: one of a like name in the same folder, or the only one of its name anywhere.
    fn near(&self, full: &str, file: &File) -> Option<String> {
        let (folder, name) = (folder_of(full), base_name(full));
        let beside = self.paths().beside.get(folder).into_iter().flatten().copied();
        if let Some(found) = nearest(name, beside.filter(|other| *other != file.name())) {
            return Some(if folder.is_empty() { found.to_owned() } else { format!("{folder}/{found}") });
        }
        let only = self.paths().only.get(name).copied().flatten()?;
        Some(only.to_owned())
    }

    /// Whether a page has an anchor.
    fn to_anchor(&self, file: &File, page: &Page, anchor: &str) -> Leads {
        static LINE: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"^(?:L\d+(?:C\d+)?(?:-L?\d+(?:C\d+)?)?|fn(?:ref)?[-:]?\w*|:~:.*|top|readme)?$")
                .expect("is an expression")
        });
        let name = decoded(anchor);
        let name = name.strip_prefix("user-content-").unwrap_or(&name);
        if LINE.is_match(name)
            || page.has_anchor(name)
            || self.has_sphinx
            || (self.has_generator && may_be_made(file, page, name))
        {
            return Leads::Somewhere;
        }
        let path = &file.path;
        let lower = name.to_lowercase();
        if page.has_anchor(&lower) {
            let seen = format!("`#{name}` is not in {path}, but `#{lower}` is: upper and lower case differ");
            return Leads::Nowhere { seen, meant: Some(format!("#{lower}")) };
        }
        let meant =
            nearest(name, page.headings.iter().map(|heading| heading.slug.as_str())).map(|near| format!("#{near}"));
        Leads::Nowhere { seen: format!("`#{name}` is not in {path}"), meant }
    }
}

/// Whether a name is one of a file, and not of something that a maker of sites resolves: `Class.method`, `guide`.
fn is_file_name(name: &str) -> bool {
    let kinds = [
        "md", "mdx", "rst", "html", "png", "jpg", "jpeg", "gif", "svg", "webp", "pdf", "yaml", "yml", "json", "toml",
        "sh", "py", "tf", "txt",
    ];
    name.rsplit_once('.').is_some_and(|(_, kind)| kinds.contains(&kind.to_ascii_lowercase().as_str()))
}

/// Whether a maker of sites may give a page an anchor: from code that the page takes in (`:::`), or by joining blanks otherwise than
/// GitHub.
fn may_be_made(file: &File, page: &Page, name: &str) -> bool {
    let joined =
        |text: &str| text.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-").to_lowercase();
    let takes_in = file
        .text()
        .lines()
        .any(|line| line.starts_with(":::") || line.starts_with("```{") || line.starts_with("--8<--"));
    takes_in || page.headings.iter().any(|heading| joined(&heading.slug) == joined(name))
}

/// `%20` and the like as what they stand for (<https://www.rfc-editor.org/rfc/rfc3986#section-2.1>).
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
