//! 08a: a line of a requirements file that takes whatever version is newest.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        fixture::NOT_BELOW,
        out::Out,
        syntax::requirements::{self, Line, What, is_fixed},
        tree::{File, Kind},
    },
};

pub struct ExactVersions;

static META: Meta = Meta {
    id: "08a",
    title: "requirement without ==",
    level: Level::Error,
    scopes: &[Scope::Repo],
    why: "The next installation takes another version than the one that was tested.",
    fix: "Write name==version, or let `pip-compile` write the file.",
    precedent: &["DL3013"],
    references: &["https://pip.pypa.io/en/stable/topics/repeatable-installs/"],
    parameters: &[NOT_BELOW],
};

impl Check for ExactVersions {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn file(&self, file: &File, out: &mut Out<'_>) -> Judged {
        if file.kind != Kind::Requirements || file.is_foreign() {
            return Judged::No;
        }
        for line in requirements::parse(file.text()) {
            if let Some(observed) = open(&line) {
                out.at(file, line.span).observed(observed).expected("name==version").fail();
            }
        }
        Judged::Yes
    }
}

/// What a line asks for, if that is not one thing for ever.
fn open(line: &Line) -> Option<String> {
    match &line.what {
        What::Package(package) if !line.has_hash && !package.is_pinned() => {
            let versions: Vec<String> =
                package.versions.iter().map(|(operator, version)| format!("{operator}{version}")).collect();
            let url = package.url.as_deref().map(|url| format!(" @ {url}")).unwrap_or_default();
            Some(format!("{}{}{url}", package.name, versions.join(",")))
        }
        What::Place { target, is_editable: false } if !line.has_hash && !is_fixed(target) => Some(target.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    #[test]
    fn lines_that_take_what_is_newest() {
        let text = "flask\nrequests>=2,<3\n  numpy ~= 1.2\nx==1.*\ngit+https://h/x.git\ny @ git+https://h/y@main\n";
        assert_eq!(
            told(&ExactVersions, &[("requirements.txt", text)]),
            [
                "requirements.txt:1:1 flask",
                "requirements.txt:2:1 requests>=2,<3",
                "requirements.txt:3:3 numpy~=1.2",
                "requirements.txt:4:1 x==1.*",
                "requirements.txt:5:1 git+https://h/x.git",
                "requirements.txt:6:1 y @ git+https://h/y@main"
            ]
        );
    }

    #[test]
    fn lines_that_take_one() {
        let text = "# flask\n-r base.txt\n-c c.txt\n--index-url https://h\nflask==3.0 ; python_version > '3'\nuvicorn[standard]==0.1\n\
            x==1 \\\n  --hash=sha256:aa\n-e .\n./x.whl\nz @ https://h/z-1.0.tar.gz\ngit+https://h/x@0123456789abcdef0123456789abcdef01234567\ny===1\n";
        assert!(told(&ExactVersions, &[("requirements-dev.txt", text)]).is_empty());
    }
}
