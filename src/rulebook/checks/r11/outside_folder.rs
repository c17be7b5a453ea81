//! 11p: configuration of containers outside the folders that it belongs into.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta, Parameter, Value},
        out::Out,
        tree::{Kind, Tree},
    },
};

/// 11p. A file in the root is let pass, as tools look for it there, unless one of its kind already lies in the folder.
pub struct OutsideFolder;

static META: Meta = Meta {
    id: "11p",
    title: "container configuration outside its folder",
    level: Level::Warn,
    scopes: &[Scope::Repo],
    why: "Configuration that lies about is missed when all of it has to change, and is deployed by nobody or by everybody.",
    fix: "Move it into one of the folders for it (`[rules.layout] docker`), or name its folder there.",
    precedent: &[],
    references: &["https://docs.docker.com/compose/intro/compose-application-model/#the-compose-file"],
    parameters: &[Parameter {
        name: "ignored-folders",
        about: "folders in which such files are no configuration of this repository's own services",
        default: Value::Texts(&[
            "examples",
            "example",
            "samples",
            "test",
            "tests",
            "testdata",
            "fixtures",
            "vendor",
            "third_party",
            "node_modules",
            ".devcontainer",
            ".github",
            "archive",
        ]),
    }],
};

impl Check for OutsideFolder {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let folders = out.policy.layout.docker.clone();
        let ignored: Vec<String> = out.texts("ignored-folders").into_iter().map(str::to_owned).collect();
        let mut judged = Judged::No;
        for kind in [Kind::Compose, Kind::Dockerfile] {
            let is_ignored = |folder: &str| folder.split('/').any(|part| ignored.iter().any(|ignored| ignored == part));
            let files: Vec<_> = tree.of_kind(kind).filter(|file| !is_ignored(file.folder())).collect();
            let is_inside = |folder: &str| folders.iter().any(|wanted| is_within(folder, wanted));
            let some_inside = files.iter().any(|file| is_inside(file.folder()));
            for file in files {
                judged = Judged::Yes;
                let is_root = file.folder().is_empty();
                if is_inside(file.folder()) || (is_root && !some_inside) {
                    continue;
                }
                let place = if is_root { "the root" } else { file.folder() };
                let draft = out.at(file, None).observed(format!("in {place}"));
                draft.expected(format!("in {}", folders.join(", "))).fail();
            }
        }
        judged
    }
}

/// Whether a folder is, or lies in, a wanted one, anywhere in the tree: `docker`, `services/web/docker`.
fn is_within(folder: &str, wanted: &str) -> bool {
    let wanted = wanted.trim_matches('/');
    !wanted.is_empty() && format!("/{folder}/").contains(&format!("/{wanted}/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    const COMPOSE: &str = "services: {web: {image: a}}\n";

    #[test]
    fn outside() {
        assert_eq!(told(&OutsideFolder, &[("misc/docker-compose.yml", COMPOSE)]), ["misc/docker-compose.yml in misc"]);
        assert_eq!(told(&OutsideFolder, &[("web/Dockerfile", "FROM a\n")]), ["web/Dockerfile in web"]);
        let both = [("docker/compose.yml", COMPOSE), ("compose.yml", COMPOSE)];
        assert_eq!(told(&OutsideFolder, &both), ["compose.yml in the root"]);
    }

    #[test]
    fn near_misses() {
        for path in [
            "compose.yml",
            "docker-compose.prod.yml",
            "docker/compose.yml",
            "deploy/web/compose.yml",
            "web/docker/compose.yml",
            "examples/compose.yml",
            "a/tests/compose.yml",
        ] {
            assert!(told(&OutsideFolder, &[(path, COMPOSE)]).is_empty(), "{path}");
        }
        assert!(told(&OutsideFolder, &[("Dockerfile", "FROM a\n"), ("docker/compose.yml", COMPOSE)]).is_empty());
        assert_eq!(told(&OutsideFolder, &[("dockerfiles/compose.yml", COMPOSE)]).len(), 1);
    }
}
