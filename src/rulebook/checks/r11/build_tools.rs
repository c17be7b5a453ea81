//! 11o: compilers and their like are left in the image.

use crate::{
    model::finding::{Level, Scope, Span},
    rulebook::{
        check::{Check, Judged, Meta, Parameter, Value},
        fixture::NOT_BELOW,
        out::Out,
        subject::image::Image,
        syntax::dockerfile::{
            Base, Dockerfile, Keyword, Stage,
            packages::{Packages, bare_name, packages},
        },
        tree::{File, Parsed},
    },
};

/// See the module.
pub struct BuildTools;

static META: Meta = Meta {
    id: "11o",
    title: "build tools in the final stage",
    level: Level::Info,
    scopes: &[Scope::Repo],
    why: "A compiler is of no use to a program that runs, and of much use to whoever broke into it. It also makes the image large and \
          brings advisories of its own.",
    fix: "Build in a stage of its own and `COPY --from` it what was built, or remove the tools in the same RUN that installs them.",
    precedent: &[],
    references: &["https://docs.docker.com/build/building/multi-stage/"],
    parameters: &[
        NOT_BELOW,
        Parameter {
            name: "tools",
            about: "Packages that only a build needs.",
            default: Value::Texts(&[
                "autoconf",
                "automake",
                "build-base",
                "build-essential",
                "bison",
                "clang",
                "cmake",
                "flex",
                "g++",
                "gcc",
                "gcc-c++",
                "gfortran",
                "linux-headers",
                "make",
                "meson",
                "ninja-build",
                "pkg-config",
                "python3-dev",
                "python3-devel",
            ]),
        },
        Parameter {
            name: "builder-images",
            about: "Images, by the last part of their name or by the whole of it, that only a build needs.",
            default: Value::Texts(&["golang", "rust", "maven", "gradle", "gcc", "buildpack-deps", "dotnet/sdk"]),
        },
    ],
};

impl Check for BuildTools {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn file(&self, file: &File, out: &mut Out<'_>) -> Judged {
        let Parsed::Dockerfile(dockerfile) = &file.parsed else { return Judged::No };
        let Some(stage) = dockerfile.final_stage() else { return Judged::No };
        let expected = "an image without what only a build needs";
        let images = out.texts("builder-images");
        if let Some((image, span)) = builder_image(dockerfile, stage, &images) {
            out.at(file, span).observed(image).expected(expected).fail();
        }
        let tools = out.texts("tools");
        for (package, span) in left_in(dockerfile, stage, &tools) {
            out.at(file, span).observed(package).expected(expected).fail();
        }
        Judged::Yes
    }
}

/// The image that the last stage stands on, where it is one to build with.
fn builder_image(dockerfile: &Dockerfile, stage: &Stage, known: &[&str]) -> Option<(String, Span)> {
    let lowest = dockerfile.lineage(stage).last()?;
    let (Base::Image(image), Some(word)) = (&lowest.base, dockerfile.base_word(lowest)) else { return None };
    let parts = Image::of(image);
    let is_known = known.iter().any(|known| {
        let ends = parts.name.strip_suffix(known).is_some_and(|before| before.is_empty() || before.ends_with('/'));
        if known.contains('/') { ends } else { parts.short_name() == *known }
    });
    is_known.then(|| (image.clone(), word.span))
}

/// Tools that the stage installs, itself or in a stage below it, and does not remove.
fn left_in(dockerfile: &Dockerfile, stage: &Stage, tools: &[&str]) -> Vec<(String, Span)> {
    let mut lineage: Vec<_> = dockerfile.lineage(stage).collect();
    lineage.reverse();
    let runs =
        lineage.into_iter().flat_map(|stage| dockerfile.of_stage(stage)).filter(|run| run.keyword == Keyword::Run);
    // What is installed now: the package, the group that it belongs to, its place.
    let mut left: Vec<(String, Option<String>, Span)> = Vec::new();
    for commands in runs.map(|run| run.commands()) {
        for found in commands.iter().filter_map(packages) {
            if found.removes {
                remove(&mut left, &found);
                continue;
            }
            let named = found.named.iter().filter(|word| !word.is_partial && tools.contains(&bare_name(&word.text)));
            let group = found.group.map(str::to_owned);
            left.extend(named.map(|word| (bare_name(&word.text).to_owned(), group.clone(), word.span)));
        }
    }
    left.into_iter().map(|(package, _, span)| (package, span)).collect()
}

fn remove(left: &mut Vec<(String, Option<String>, Span)>, found: &Packages<'_>) {
    // A list in a variable may name all of them.
    if found.named.iter().any(|word| word.is_partial || word.text.contains('*')) {
        left.clear();
    }
    left.retain(|(package, group, _)| {
        !found.named.iter().any(|word| bare_name(&word.text) == package || group.as_deref() == Some(word.text.as_str()))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    fn of(text: &str) -> Vec<String> {
        let lines = told(&BuildTools, &[("Dockerfile", text)]);
        lines.iter().map(|line| line.replace("Dockerfile:", "")).collect()
    }

    #[test]
    fn tools_that_stay() {
        assert_eq!(
            of("FROM a:1\nRUN apt-get install -y build-essential git curl g++=4:12\n"),
            ["2:24 build-essential", "2:49 g++"]
        );
        assert_eq!(of("FROM a:1\nRUN apk add --virtual .b gcc make && apk del gcc\n"), ["2:30 make"]);
        assert_eq!(of("FROM a:1 AS base\nRUN dnf install -y gcc\nFROM base\nRUN x\n"), ["2:20 gcc"]);
        assert_eq!(of("FROM golang:1.22\nRUN go build\n"), ["1:6 golang:1.22"]);
        assert_eq!(
            of("FROM mcr.microsoft.com/dotnet/sdk:8.0 AS x\nFROM x\n"),
            ["1:6 mcr.microsoft.com/dotnet/sdk:8.0"]
        );
    }

    #[test]
    fn tools_that_go_or_stay_elsewhere() {
        for text in [
            "FROM golang:1.22 AS build\nRUN apk add gcc\nFROM alpine:3\nCOPY --from=build /a /\n",
            "FROM a:1\nRUN apk add --virtual .b gcc make && make && apk del .b\n",
            "FROM a:1\nRUN apt-get install -y gcc && make && apt-get purge -y --auto-remove gcc\n",
            "FROM a:1\nRUN apt-get install -y gcc\nRUN apt-get remove -y $DEPS\n",
            "FROM a:1\nRUN deps='gcc make'; apt-get install -y $deps && apt-get purge -y $deps\n",
            "FROM a:1\nRUN make install && apt-get install -y libgcc-s1 makeself git curl\n",
            "FROM golang-migrate/migrate:v4\n",
            "FROM a:1\nONBUILD RUN apk add gcc\n",
        ] {
            assert_eq!(of(text), Vec::<String>::new(), "{text}");
        }
    }
}
