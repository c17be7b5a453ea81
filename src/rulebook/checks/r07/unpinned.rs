//! 07f: a package that is installed in whatever version is newest that day.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        fixture::NOT_BELOW,
        out::Out,
        subject::script::scripts,
        syntax::{
            hcl::modules::{Pin, modules as calls_of},
            node::Node,
            requirements::{self, What, is_fixed},
            shell::{Program, Word},
        },
        tree::{File, Kind, Parsed},
    },
};

pub struct Unpinned;

static META: Meta = Meta {
    id: "07f",
    title: "unpinned module or package",
    level: Level::Error,
    scopes: &[Scope::Repo],
    why: "The same file gives another result tomorrow: what was tested is not what runs, and a hijacked release is taken at once.",
    fix: "Name the version: pip `name==1.2`, npm `name@1.2.3`, gem `name:1.2`, go `module@v1.2.3`, or install from a lock file.",
    precedent: &["CKV_TF_1", "CKV_TF_2", "DL3013", "DL3016", "DL3028", "DL3062"],
    references: &[
        "https://github.com/hadolint/hadolint/wiki/DL3013",
        "https://github.com/hadolint/hadolint/wiki/DL3016",
        "https://developer.hashicorp.com/terraform/language/modules/sources",
    ],
    parameters: &[NOT_BELOW],
};

impl Check for Unpinned {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn file(&self, file: &File, out: &mut Out<'_>) -> Judged {
        match file.kind {
            Kind::Shell | Kind::Dockerfile if !file.is_foreign() => shell(file, out),
            Kind::Hcl if !file.is_foreign() => modules(file, out),
            _ => Judged::No,
        }
    }
}

fn shell(file: &File, out: &mut Out<'_>) -> Judged {
    let mut verdict = Judged::No;
    for script in scripts(file) {
        for program in script.commands.iter().filter_map(|command| command.program()) {
            let Some(install) = install(&program) else { continue };
            verdict = Judged::Yes;
            for word in
                install.packages.into_iter().filter(|word| !is_decided(word) && (install.is_unpinned)(&word.bare))
            {
                out.at(file, word.place())
                    .observed(format!("{} {}", install.tool, word.bare))
                    .expected(install.expected)
                    .fail();
            }
        }
    }
    verdict
}

/// Modules of Terraform: of a registry without a version, of git without a `ref`. A range of versions is what its authors ask for, and
/// where only the run tells the source nothing is said.
fn modules(file: &File, out: &mut Out<'_>) -> Judged {
    let Parsed::Hcl(body) = &file.parsed else { return Judged::No };
    let calls = calls_of(body);
    for call in calls.iter().filter(|call| call.pin == Pin::None) {
        let source = call.source.and_then(Node::as_str).unwrap_or_default();
        let is_git = source.contains("git") || source.starts_with("hg::");
        let draft = out.at(file, call.span()).observed(format!("module {}: {}", call.name, shown(source)));
        let draft = draft.key(format!("module {}", call.name));
        draft.expected(if is_git { "?ref= with a tag or a commit" } else { "version = \"1.2.3\"" }).fail();
    }
    if calls.is_empty() { Judged::No } else { Judged::Yes }
}

/// An address without what stands before its host: that may be a password.
fn shown(source: &str) -> String {
    let Some((scheme, rest)) = source.split_once("://") else { return source.to_owned() };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}/{path}")
}

/// Whether only the run decides what is installed, or it is something that lies here.
fn is_decided(word: &Word) -> bool {
    let is_path = word.starts_with(".") || word.starts_with("/") || word.starts_with("~");
    word.bare.contains('$') || word.bare.is_empty() || is_path
}

/// What is installed, and by whom.
struct Install<'w> {
    tool: &'static str,
    packages: Vec<&'w Word>,
    is_unpinned: fn(&str) -> bool,
    expected: &'static str,
}

fn install<'w>(program: &Program<'w>) -> Option<Install<'w>> {
    let plain: Vec<&str> = program.plain().map(|word| word.bare.as_str()).collect();
    let verb = |words: &[&str]| plain.first().is_some_and(|first| words.contains(first));
    match program.name {
        name if is_pip(name) => pip(program.arguments),
        name if name.starts_with("python")
            && program.arguments.first()?.bare == "-m"
            && is_pip(&program.arguments.get(1)?.bare) =>
        {
            pip(&program.arguments[2..])
        }
        "uv" if program.arguments.first()?.bare == "pip" => pip(&program.arguments[1..]),
        "pipx" if verb(&["install"]) => pip(program.arguments),
        "npm" | "pnpm" if verb(&["install", "i", "add"]) => Some(npm(packages(program.arguments, NPM_VALUES, 1))),
        "yarn" if verb(&["add"]) => Some(npm(packages(program.arguments, NPM_VALUES, 1))),
        "yarn" if verb(&["global"]) && plain.get(1) == Some(&"add") => {
            Some(npm(packages(program.arguments, NPM_VALUES, 2)))
        }
        "gem" if verb(&["install", "i"]) && program.option(Some('v'), "--version").is_none() => Some(Install {
            tool: "gem",
            packages: packages(
                program.arguments,
                &["-i", "--install-dir", "-n", "--bindir", "-s", "--source", "-P"],
                1,
            ),
            is_unpinned: |gem| !gem.contains(':') && !gem.ends_with(".gem"),
            expected: "name:1.2.3, or --version 1.2.3",
        }),
        "go" if verb(&["install", "get"]) => Some(Install {
            tool: "go",
            packages: packages(program.arguments, &["-ldflags", "-tags", "-o", "-C", "-p", "-gcflags", "-modfile"], 1),
            is_unpinned: |module| {
                let version = module.rsplit_once('@').map(|(_, version)| version);
                version.is_some_and(|version| {
                    matches!(version, "latest" | "upgrade" | "patch" | "main" | "master" | "HEAD")
                })
            },
            expected: "module@v1.2.3",
        }),
        _ => None,
    }
}

fn is_pip(name: &str) -> bool {
    name.strip_prefix("pip").is_some_and(|version| version.bytes().all(|byte| byte == b'.' || byte.is_ascii_digit()))
}

/// Options of pip that take the next word (<https://pip.pypa.io/en/stable/cli/pip_install/>).
const PIP_VALUES: &[&str] = &[
    "-e",
    "--editable",
    "-t",
    "--target",
    "--prefix",
    "--root",
    "--src",
    "-i",
    "--index-url",
    "--extra-index-url",
    "-f",
    "--find-links",
    "--trusted-host",
    "--platform",
    "--python-version",
    "--python",
    "--abi",
    "--implementation",
    "--upgrade-strategy",
    "--no-binary",
    "--only-binary",
    "--progress-bar",
    "--config-settings",
    "-C",
    "--global-option",
    "--log",
    "--proxy",
    "--retries",
    "--timeout",
    "--cache-dir",
    "--cert",
    "--report",
    "--root-user-action",
    "--exists-action",
    "--use-feature",
    "--index",
    "--default-index",
    "--suffix",
    "--pip-args",
];

const NPM_VALUES: &[&str] = &[
    "--prefix",
    "--registry",
    "--cache",
    "--loglevel",
    "-C",
    "--dir",
    "--cwd",
    "--omit",
    "--include",
    "-w",
    "--workspace",
    "--tag",
];

fn pip(arguments: &[Word]) -> Option<Install<'_>> {
    let is_install = arguments.iter().find(|word| !word.starts_with("-"))?.bare == "install";
    // Constraints may name the version of each package.
    let is_constrained = |word: &Word| word.starts_with("--constraint") || word.starts_with("-c");
    if !is_install || arguments.iter().any(is_constrained) {
        return None;
    }
    let mut values = PIP_VALUES.to_vec();
    values.extend(["-r", "--requirement", "-c", "--constraint"]);
    Some(Install {
        tool: "pip",
        packages: packages(arguments, &values, 1),
        is_unpinned: |package| match requirements::package(package) {
            What::Package(package) => !package.is_pinned(),
            What::Place { target, .. } => !is_fixed(&target),
            _ => false,
        },
        expected: "name==1.2.3",
    })
}

fn npm(packages: Vec<&Word>) -> Install<'_> {
    Install {
        tool: "npm",
        packages,
        is_unpinned: |package| {
            let is_place = package.contains("://")
                || package.ends_with(".tgz")
                || package.starts_with("file:")
                || package.starts_with("git");
            let name = package.strip_prefix('@').unwrap_or(package);
            let version = name.split_once('@').map(|(_, version)| version);
            // `user/repository` is one of GitHub; a name with a scope has its stroke, too.
            let is_repository = !package.starts_with('@') && name.contains('/');
            !is_place
                && !is_repository
                && !version.is_some_and(|version| version.bytes().any(|byte| byte.is_ascii_digit()))
        },
        expected: "name@1.2.3",
    }
}

/// The arguments that name packages: without options and their values, and without so many words of command.
fn packages<'w>(arguments: &'w [Word], valued: &[&str], verbs: usize) -> Vec<&'w Word> {
    let mut found = Vec::new();
    let mut takes_value = false;
    for word in arguments {
        if takes_value {
            takes_value = false;
        } else if word.starts_with("-") {
            takes_value = valued.contains(&word.bare.as_str());
        } else {
            found.push(word);
        }
    }
    found.split_off(verbs.min(found.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    fn of(text: &str) -> Vec<String> {
        told(&Unpinned, &[("a.sh", text)])
    }

    #[test]
    fn packages_without_a_version() {
        assert_eq!(
            of("pip install flask 'requests>=2' six==1.16"),
            ["a.sh:1:13 pip flask", "a.sh:1:19 pip requests>=2"]
        );
        assert_eq!(of("sudo python3 -m pip install --no-cache-dir --upgrade pip"), ["a.sh:1:54 pip pip"]);
        assert_eq!(of("uv pip install -i https://x black[d]"), ["a.sh:1:29 pip black[d]"]);
        assert_eq!(of("pip install git+https://h/x.git@main"), ["a.sh:1:13 pip git+https://h/x.git@main"]);
        assert_eq!(
            of("npm install -g yarn @a/b x@latest y@1.2 @a/c@2"),
            ["a.sh:1:16 npm yarn", "a.sh:1:21 npm @a/b", "a.sh:1:26 npm x@latest"]
        );
        assert_eq!(of("gem install bundler"), ["a.sh:1:13 gem bundler"]);
        assert_eq!(of("go install h/x/y@latest"), ["a.sh:1:12 go h/x/y@latest"]);
    }

    #[test]
    fn modules_of_terraform() {
        let of = |lines: &str| told(&Unpinned, &[("main.tf", &format!("module \"m\" {{\n{lines}\n}}\n"))]);
        assert_eq!(
            of("  source = \"terraform-aws-modules/vpc/aws\""),
            ["main.tf:2:12 module m: terraform-aws-modules/vpc/aws"]
        );
        assert_eq!(
            of("  source = \"git::https://u:p@h/x.git?ref=main\""),
            ["main.tf:2:12 module m: git::https://h/x.git?ref=main"]
        );
        for lines in [
            "source = \"./vpc\"",
            "source = \"a/b/c\"\nversion = \"~> 5.0\"",
            "source = \"git::https://h/x.git?ref=v1.2\"",
            "source = var.source",
        ] {
            assert_eq!(of(lines), [""; 0], "{lines}");
        }
    }

    #[test]
    fn packages_with_one() {
        for text in [
            "pip install -r requirements.txt",
            "pip install .",
            "pip install -e . ./x '.[dev]'",
            "pip install \"$PKG\" pkg==$V",
            "pip install -c c.txt flask",
            "pip install ./dist/x.whl x-1.0-py3-none-any.whl",
            "pip install 'x @ git+https://h/x.git@v1.0'",
            "pip --version; pip freeze; pip uninstall x",
            "npm install; npm ci; npm i ./x",
            "npm install --prefix web",
            "gem install x -v 1.2; gem install y:1.0",
            "go install ./...; go install h/x@v1.2.3; go get h/x",
            "echo pip install x",
            "# pip install x",
        ] {
            assert_eq!(of(text), [""; 0], "{text}");
        }
    }
}
