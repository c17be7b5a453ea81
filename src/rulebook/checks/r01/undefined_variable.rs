//! 01b: a variable that a compose file or a Dockerfile uses and nobody defines.

use crate::{
    model::finding::{Level, Scope, Span},
    rulebook::{
        check::{Check, Judged, Meta, Parameter, Value},
        out::Out,
        subject::compose::Project,
        syntax::{dotenv, interpolate, node::Data},
        tree::{File, Kind, Parsed, Tree, base_name},
    },
};
use globset::{Glob, GlobSet, GlobSetBuilder};
use std::collections::HashSet;

/// 01b. One finding a file and variable, at its first use.
pub struct UndefinedVariable;

static META: Meta = Meta {
    id: "01b",
    title: "variable used and defined nowhere",
    level: Level::Error,
    scopes: &[Scope::Repo],
    why: "Nothing is put in the place of a variable that is not set: an image without its tag, a path that ends too early, a password that \
          is empty.",
    fix: "Give it a default (`${NAME:-value}`), define it in `.env` or `.env.example` beside the file, or demand it (`${NAME:?why}`).",
    precedent: &["buildkit UndefinedVar"],
    references: &[
        "https://docs.docker.com/reference/compose-file/interpolation/",
        "https://docs.docker.com/reference/build-checks/undefined-var/",
    ],
    parameters: &[Parameter {
        name: "environment",
        about: "variables that the shell or CI gives; `*` stands for any text",
        default: Value::Texts(&[
            "HOME",
            "USER",
            "UID",
            "GID",
            "PWD",
            "PATH",
            "HOSTNAME",
            "SHELL",
            "LANG",
            "TZ",
            "TMPDIR",
            "DISPLAY",
            "XDG_*",
            "SSH_AUTH_SOCK",
            "CI",
            "CI_*",
            "GITHUB_*",
            "GITLAB_*",
            "RUNNER_*",
            "BUILDKITE_*",
            "COMPOSE_*",
            "DOCKER_*",
        ]),
    }],
};

impl Check for UndefinedVariable {
    fn meta(&self) -> &'static Meta {
        &META
    }

    /// A Dockerfile. What the image below may define is left out.
    fn file(&self, file: &File, out: &mut Out<'_>) -> Judged {
        let Parsed::Dockerfile(dockerfile) = &file.parsed else { return Judged::No };
        let mut names = HashSet::new();
        let undefined = dockerfile.undefined_variables().iter().filter(|used| !used.may_be_inherited);
        for used in undefined.filter(|used| names.insert(&used.name)) {
            let draft =
                out.at(file, used.span).observed(format!("${{{}}}", used.name)).expected("an ARG or ENV above it");
            draft.fix(format!("Declare it in this stage, above its use: `ARG {}=…`.", used.name)).fail();
        }
        Judged::Yes
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let given = globs(&out.texts("environment"));
        let mut defined: Option<HashSet<String>> = None;
        let mut judged = Judged::No;
        for file in tree.of_kind(Kind::Compose) {
            let mut local = None;
            for used in &file.kept(Uses::of).0 {
                judged = Judged::Yes;
                if used.is_required || given.is_match(&used.name) {
                    continue;
                }
                let local = local.get_or_insert_with(|| files_of_variables(tree, file));
                let defined = defined.get_or_insert_with(|| elsewhere(tree));
                if local.contains(&used.name) || defined.contains(&used.name) {
                    continue;
                }
                let draft = out.at(file, used.span).observed(format!("${{{}}}", used.name));
                draft.expected("a default, or a definition").fail();
            }
        }
        judged
    }
}

/// Variables of a file whose place within their value is looked for: in a machine's huge files, that of the value has to do.
const MOST_PLACES: usize = 1_000;

/// The first use of a variable that has no default.
struct Use {
    name: String,
    span: Option<Span>,
    is_required: bool,
}

/// See [`uses`].
struct Uses(Vec<Use>);

impl Uses {
    fn of(file: &File) -> Self {
        Self(uses(file))
    }
}

/// The first use of each variable in the values of a file; what stands in comments is none.
fn uses(file: &File) -> Vec<Use> {
    let mut all = Vec::new();
    let (mut seen, mut names) = (HashSet::new(), HashSet::new());
    let lines: Vec<&str> = file.text().lines().collect();
    for document in file.documents() {
        document.walk(&mut |_, node| {
            let Data::Text(text) = &node.data else { return };
            // What is repeated by an alias stands in one place.
            let is_new = node.span.is_none_or(|span| seen.insert((span.line, span.column)));
            if !text.contains('$') || !is_new {
                return;
            }
            for missing in interpolate::fill(text, &|_| None).missing {
                if !names.insert(missing.name.clone()) {
                    continue;
                }
                let is_placed = all.len() < MOST_PLACES;
                let span = node.span.map(|span| if is_placed { place(&lines, span, &missing.written) } else { span });
                all.push(Use { name: missing.name, span, is_required: missing.is_required });
            }
        });
    }
    all
}

/// Where a variable stands within a value.
fn place(lines: &[&str], whole: Span, written: &str) -> Span {
    let mut column = whole.column;
    for line in whole.line..=whole.end_line {
        let text = lines.get(line as usize - 1).copied().unwrap_or_default();
        let start = text.char_indices().nth(column as usize - 1).map_or(text.len(), |(at, _)| at);
        let found = text[start..].match_indices(written).map(|(at, _)| start + at).find(|at| {
            // `$TAG` is not found in `$TAGS`, nor in `$$TAG`.
            let after = text[at + written.len()..].chars().next();
            after.is_none_or(|c| !(c.is_ascii_alphanumeric() || c == '_')) && !text[..*at].ends_with('$')
        });
        if let Some(at) = found {
            let count = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
            let closing =
                text[at..].find('}').filter(|_| written.starts_with("${")).map_or(written.len(), |end| end + 1);
            return Span::on_line(line, count(&text[..at]) + 1, count(&text[at..at + closing]));
        }
        column = 1;
    }
    whole
}

/// Variables of the files beside a compose file: `.env`, `.env.example` and the like, there and in the folders above; of the project that
/// the file is part of; and those that its services name for their environment, which are often given to compose too.
fn files_of_variables(tree: &Tree, file: &File) -> HashSet<String> {
    let mut names = HashSet::new();
    let mut take = |file: &File| names.extend(dotenv::parse(file.text()).into_iter().map(|one| one.name));
    let is_in = |project: &&Project| {
        project.files.contains(&file.path) || project.leads.iter().any(|lead| leads_to(lead.path.as_deref(), file))
    };
    let folders: Vec<&str> = tree.projects().iter().filter(is_in).map(|project| project.folder.as_str()).collect();
    for dotenv in tree.of_kind(Kind::DotEnv) {
        let folder = dotenv.folder();
        let is_above = |below: &str| folder.is_empty() || below == folder || below.starts_with(&format!("{folder}/"));
        let is_sample = base_name(&dotenv.path).starts_with(".env");
        if (is_sample && is_above(file.folder())) || folder == file.folder() || folders.contains(&folder) {
            take(dotenv);
        }
    }
    for lead in tree.projects().iter().filter(is_in).flat_map(|project| &project.leads) {
        if lead.what == "env_file"
            && let Some(file) = lead.path.as_ref().and_then(|path| tree.file(path))
        {
            take(file);
        }
    }
    names
}

fn leads_to(path: Option<&str>, file: &File) -> bool {
    path == Some(file.path.as_str())
}

/// Variables that scripts set, and that CI gives its jobs: what starts compose may have them from there.
fn elsewhere(tree: &Tree) -> HashSet<String> {
    let mut names = HashSet::new();
    for file in tree.files.values() {
        match &file.parsed {
            _ if file.kind == Kind::Shell => names.extend(assigned(file.text())),
            Parsed::Yaml(documents) if is_ci(&file.path) => {
                for document in documents {
                    document.walk(&mut |pointer, node| {
                        if matches!(base_name(pointer), "env" | "variables" | "environment") {
                            names.extend(node.entries().iter().map(|entry| entry.key.to_string()));
                        }
                    });
                }
            }
            _ => {}
        }
    }
    names
}

fn is_ci(path: &str) -> bool {
    path.starts_with(".github/")
        || path.starts_with(".gitlab")
        || path.contains("circleci")
        || path.contains("pipeline")
}

/// Names that a script gives a value: `NAME=`, also after `export`, and before a command.
fn assigned(text: &str) -> impl Iterator<Item = String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, ';' | '(' | '"' | '\''));
    words.filter_map(move |word| {
        let (name, _) = word.split_once('=')?;
        (!name.is_empty() && name.chars().all(is_name)).then(|| name.to_owned())
    })
}

fn globs(patterns: &[&str]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns.iter().filter_map(|pattern| Glob::new(pattern).ok()) {
        set.add(pattern);
    }
    set.build().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    const TEXT: &str = "# ${COMMENT}\nservices:\n  web:\n    image: 'a:${TAG}' # ${X}\n    user: $WHO-${TAG}\n    command: ${A:-b} ${B-} ${C:?no} ${D:+x} $$E $${F} ${G:-${H}}\n    environment:\n      - P=${HOME}/${GITHUB_SHA}\n";

    #[test]
    fn each_is_told_once_at_its_first_use() {
        assert_eq!(
            told(&UndefinedVariable, &[("compose.yml", TEXT)]),
            ["compose.yml:4:15 ${TAG}", "compose.yml:5:11 ${WHO}", "compose.yml:6:60 ${H}"]
        );
        let block = "services:\n  web:\n    image: a\n    command: |\n      echo one\n      echo é ${LATE}\n";
        assert_eq!(told(&UndefinedVariable, &[("compose.yml", block)]), ["compose.yml:6:14 ${LATE}"]);
        let alias = "x-a: &a ['${Q}']\nservices: {a: {image: i, command: *a}, b: {image: i, command: *a}}\n";
        assert_eq!(told(&UndefinedVariable, &[("compose.yml", alias)]), ["compose.yml:1:11 ${Q}"]);
    }

    #[test]
    fn dockerfiles() {
        let text = "ARG TAG=1\nFROM scratch AS a\nCOPY $DIR/x ${DIR} /\nENV A=$TAG B=${C:-d}\nFROM own/base:1\nCOPY $THEIRS /\n";
        assert_eq!(
            told(&UndefinedVariable, &[("Dockerfile", text)]),
            ["Dockerfile:3:6 ${DIR}", "Dockerfile:4:7 ${TAG}"]
        );
        let text = "ARG TAG=1\nFROM a:$TAG\nARG TAG\nRUN echo $TAG $ANY\nCOPY $TAG /\n";
        assert_eq!(told(&UndefinedVariable, &[("Dockerfile", text)]), Vec::<String>::new());
    }

    #[test]
    fn hostile_files_take_no_long_time() {
        let names: String = (0..20_000).map(|at| format!("${{V{at}}} $W ")).collect();
        let text = format!("services: {{web: {{image: '{names}'}}}}\n");
        // As many as are listed, and that there are more.
        assert_eq!(told(&UndefinedVariable, &[("compose.yml", &text)]).len(), 501);
    }

    #[test]
    fn definitions_are_found() {
        let text = "services: {web: {image: 'a:${TAG}', env_file: [conf/web.env]}}\n";
        for (path, definition) in [
            (".env", "TAG=1\n"),
            ("app/.env", "export TAG=1\n"),
            ("app/.env.example", "TAG=\n"),
            (".env.sample", "TAG=\n"),
            ("app/conf/web.env", "TAG=1\n"),
            ("deploy.sh", "#!/bin/sh\nexport TAG=$(git describe)\n"),
            (".github/workflows/x.yml", "env: {TAG: 1}\njobs: {}\n"),
        ] {
            assert_eq!(
                told(&UndefinedVariable, &[("app/compose.yml", text), (path, definition)]),
                Vec::<String>::new(),
                "{path}"
            );
        }
        for (path, definition) in
            [("other/.env", "TAG=1\n"), (".env", "# TAG=1\nTAGS=2\n"), ("x.yml", "env: {TAG: 1}\n")]
        {
            assert_eq!(told(&UndefinedVariable, &[("app/compose.yml", text), (path, definition)]).len(), 1, "{path}");
        }
    }
}
