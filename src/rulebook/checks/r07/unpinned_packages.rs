//! 07g: a package of the distribution is installed in whatever version there is.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        fixture::NOT_BELOW,
        out::Out,
        syntax::dockerfile::{
            Command, Keyword, ShellWord,
            packages::{Manager, packages},
        },
        tree::{File, Parsed},
    },
};

/// See the module.
pub struct UnpinnedPackages;

static META: Meta = Meta {
    id: "07g",
    title: "apt or apk package without a version",
    level: Level::Info,
    scopes: &[Scope::Repo],
    why: "Two builds of the same file a week apart install different versions. What was tested is then not what runs, and going back to \
          an old commit does not bring the old package back.",
    fix: "Name the version: `curl=7.88.1-10+deb12u8` for apt, `curl=~8.9` for apk.",
    precedent: &["DL3008", "DL3018"],
    references: &[
        "https://github.com/hadolint/hadolint/wiki/DL3008",
        "https://github.com/hadolint/hadolint/wiki/DL3018",
        "https://docs.docker.com/build/building/best-practices/#apt-get",
    ],
    parameters: &[NOT_BELOW],
};

impl Check for UnpinnedPackages {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn file(&self, file: &File, out: &mut Out<'_>) -> Judged {
        let Parsed::Dockerfile(dockerfile) = &file.parsed else { return Judged::No };
        let runs = dockerfile.instructions.iter().filter(|instruction| instruction.keyword == Keyword::Run);
        let commands: Vec<Command> = runs.flat_map(|run| run.commands()).collect();
        let installs = commands.iter().filter_map(packages).filter(|found| !found.removes);
        let mut judged = Judged::No;
        for install in installs {
            let (is_unpinned, example): (fn(&ShellWord) -> bool, _) = match install.manager {
                Manager::Apt => (is_unpinned_apt, "=<version>"),
                Manager::Apk => (is_unpinned_apk, "=~<version>"),
                Manager::Dnf => continue,
            };
            judged = Judged::Yes;
            for package in install.named.into_iter().filter(|word| !word.is_partial && is_unpinned(word)) {
                out.at(file, package.span)
                    .observed(package.text.as_str())
                    .expected(format!("{}{example}", package.text))
                    .fail();
            }
        }
        judged
    }
}

/// Of apt: a name, without `=version` or `/release`; no file, and not `name-`, which removes.
fn is_unpinned_apt(word: &ShellWord) -> bool {
    let text = word.text.as_str();
    !text.contains(['=', '/', '$', '<']) && !text.ends_with('-') && !text.ends_with(".deb") && is_name(text)
}

/// Of apk: a name, without `=`, `~`, `<` or `>`; no file, no group (`.deps`), and not `!name`, which forbids.
fn is_unpinned_apk(word: &ShellWord) -> bool {
    let text = word.text.as_str();
    !text.contains(['=', '~', '<', '>', '/', '$']) && !text.ends_with(".apk") && is_name(text)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    fn of(text: &str) -> Vec<String> {
        let text = format!("FROM debian:12\n{text}\n");
        let lines = told(&UnpinnedPackages, &[("Dockerfile", &text)]);
        lines.iter().map(|line| line.trim_start_matches("Dockerfile:").to_owned()).collect()
    }

    #[test]
    fn every_package_is_told_at_its_place() {
        assert_eq!(of("RUN apt-get update && apt-get install python"), ["2:39 python"]);
        assert_eq!(
            of(
                "RUN apt-get update && \\\n  # tools\n  apt-get install -y --no-install-recommends \\\n    git=1:2.39* \\\n    curl \\\n    wget"
            ),
            ["6:5 curl", "7:5 wget"]
        );
        assert_eq!(of("RUN <<EOF\napt-get update\napt install -y jq\nEOF"), ["4:16 jq"]);
        assert_eq!(of("RUN [\"apt-get\", \"install\", \"-y\", \"curl\"]"), ["2:34 curl"]);
        assert_eq!(of("ONBUILD RUN apk add flex"), ["2:21 flex"]);
        assert_eq!(of("RUN set -eux; if true; then DEBIAN_FRONTEND=x sudo -E apt-get -y install a; fi"), ["2:74 a"]);
        assert_eq!(of("RUN apk add --no-cache \\\nflex=2.6.4-r1 \\\nlibffi \\\npython2=2.7.13-r1"), ["4:1 libffi"]);
        assert_eq!(
            of("RUN apk --no-cache add --virtual .deps gcc git@edge 'make'"),
            ["2:40 gcc", "2:44 git@edge", "2:53 make"]
        );
    }

    #[test]
    fn what_is_pinned_or_no_package() {
        for text in [
            "RUN apt-get -yqq --no-install-recommends install nodejs=0.10",
            "RUN apt-get install -y -t jessie-backports openjdk-8-jdk=8u131-b11-1~bpo8+1",
            "RUN apt-get install -y --target-release sid a=1 b/stable",
            "RUN apt-get install -y ./wkhtmltox.deb /tmp/x.deb y.deb a- $PACKAGES $(cat list) \"$X\"-dev > /dev/null 2>&1",
            "RUN apt-get update && apt-get upgrade -y && apt-get purge -y gcc && apt-cache show git",
            "RUN echo apt-get install git && echo 'apt-get install git'",
            "RUN cat <<EOF > x\napt-get install git\nEOF",
            "COPY <<EOF /x\napt-get install git\nEOF",
            "RUN apk add flex=2.6 git~2.52.0 'curl>8' -X https://x/y --repository=https://x/y jq=1 my-1.1.1.apk",
            "RUN apk add --virtual deps a=1 && apk del deps && apk update && apk upgrade",
            "RUN --mount=type=cache,target=/var/cache/apt apt-get install -y a=1 # and git",
            "CMD apt-get install git",
            "RUN yum install -y git && pip install x",
            "RUN xargs -a list apt-get install -y",
        ] {
            assert_eq!(of(text), Vec::<String>::new(), "{text}");
        }
    }
}
