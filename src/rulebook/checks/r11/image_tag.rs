//! 11a: an image without a tag, or with `latest`.

use crate::{
    model::finding::{Level, Scope, Span},
    rulebook::{
        check::{Check, Judged, Meta},
        fixture::NOT_BELOW,
        out::{Draft, Out},
        subject::{
            container::{Container, Known},
            image::{Image, Pin, readable},
        },
        syntax::dockerfile::{Base, Dockerfile, Instruction, Keyword},
        tree::{File, Parsed},
    },
};

/// See the module.
pub struct ImageTag;

static META: Meta = Meta {
    id: "11a",
    title: "image without a tag, or latest",
    level: Level::Error,
    scopes: &[Scope::Repo, Scope::Docker, Scope::Kube],
    why: "`latest` is another image tomorrow. A restart or a second host can bring a version that nobody tested, and there is no version \
          to go back to.",
    fix: "Name the version that you tested: `nginx:1.27.3`.",
    precedent: &["DL3006", "DL3007", "DS-0001", "POP-100", "POP-101", "kl latest-tag"],
    references: &[
        "https://docs.docker.com/build/building/best-practices/#pin-base-image-versions",
        "https://kubernetes.io/docs/concepts/containers/images/#image-names",
    ],
    parameters: &[NOT_BELOW],
};

impl Check for ImageTag {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn file(&self, file: &File, out: &mut Out<'_>) -> Judged {
        let Parsed::Dockerfile(dockerfile) = &file.parsed else { return Judged::No };
        let mut judged = Judged::No;
        for stage in &dockerfile.stages {
            let (Base::Image(image), Some(word)) = (&stage.base, dockerfile.base_word(stage)) else { continue };
            judged = Judged::Yes;
            // What is written there is what a person looks for; what it comes to is added where that differs.
            let key = if word.raw == *image { word.raw.clone() } else { format!("{} ({})", word.raw, readable(image)) };
            say(Image::of(image).pin(), &key, || out.at(file, word.span));
        }
        for (image, span) in copied_from(dockerfile) {
            judged = Judged::Yes;
            say(Image::of(&image).pin(), &readable(&image), || out.at(file, span));
        }
        judged
    }

    fn container(&self, container: &Container<'_>, out: &mut Out<'_>) -> Judged {
        if container.is_built {
            // Its name is one for what is built here, and nothing is pulled.
            return Judged::No;
        }
        let image = &container.image;
        match &image.value {
            Known::Absent => return Judged::No,
            Known::Is(name) => say(Image::of(name).pin(), name, || out.on(container.resource, &image.pointer)),
            Known::Unknown => out
                .on(container.resource, &image.pointer)
                .unknown(format!("the image of {} is given by a variable without a value", container.name)),
        }
        Judged::Yes
    }
}

/// Adds a finding where there is one.
fn say<'o, 'a: 'o>(pin: Pin, image: &str, draft: impl FnOnce() -> Draft<'o, 'a>) {
    match pin {
        Pin::Tag | Pin::Digest => {}
        Pin::Untagged => draft().observed(image).expected("a tag; without one it is latest").fail(),
        Pin::Latest => draft().observed(image).expected("a tag that names a version").fail(),
        Pin::Unknown => draft().unknown(format!("{image}: a variable without a value gives the tag")),
    }
}

/// Images that `COPY --from` and `RUN --mount=from` take files of. A plain name may also be one that the build gives to another folder, so
/// only a name that can be nothing but an image's is told.
fn copied_from(dockerfile: &Dockerfile) -> impl Iterator<Item = (String, Span)> {
    let froms = dockerfile.instructions.iter().flat_map(sources);
    froms.filter(|(image, _)| {
        let is_stage = dockerfile.stage_named(image).is_some();
        let parts = Image::of(image);
        let is_image = parts.tag.is_some() || parts.name.contains('/');
        is_image && !is_stage && matches!(parts.pin(), Pin::Untagged | Pin::Latest)
    })
}

fn sources(instruction: &Instruction) -> impl Iterator<Item = (String, Span)> {
    instruction.flags.iter().filter_map(move |flag| {
        let value = flag.value.as_ref()?;
        match (instruction.keyword, flag.name.as_str()) {
            (Keyword::Copy, "from") => Some((value.partial.clone(), value.span)),
            (Keyword::Run, "mount") => {
                let from = value.raw.split(',').find_map(|part| part.strip_prefix("from="))?;
                (!from.contains('$')).then(|| (from.to_owned(), value.span))
            }
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{
        run::told,
        subject::{
            container::Declared,
            sample::{is, told_of},
        },
    };

    fn of(text: &str) -> Vec<String> {
        let lines = told(&ImageTag, &[("Dockerfile", text)]);
        lines.iter().map(|line| line.replace("Dockerfile:", "")).collect()
    }

    #[test]
    fn no_tag_or_latest() {
        assert_eq!(of("FROM debian\n"), ["1:6 debian"]);
        assert_eq!(of("FROM debian:latest AS builder\n"), ["1:6 debian:latest"]);
        assert_eq!(of("FROM golang:1.9 AS build\nFROM node as test\nFROM alpine:3.7\n"), ["2:6 node"]);
        assert_eq!(of("FROM --platform=linux/amd64 host:5000/img"), ["1:29 host:5000/img"]);
        assert_eq!(of("ARG TAG=latest\nFROM a:${TAG}\n"), ["2:6 a:${TAG} (a:latest)"]);
        assert_eq!(of("ARG R\nFROM ${R}/a\n"), ["2:6 ${R}/a (…/a)"]);
        assert_eq!(
            of("FROM a:1\nCOPY --from=ghcr.io/x/uv:latest /uv /\nCOPY --from=ghcr.io/x/y a b"),
            ["2:13 ghcr.io/x/uv:latest", "3:13 ghcr.io/x/y"]
        );
        assert_eq!(of("FROM a:1\nRUN --mount=type=bind,from=x/y:latest,target=/x ls"), ["2:13 x/y:latest"]);
    }

    #[test]
    fn tags_digests_and_what_is_no_image() {
        for text in [
            "FROM ruby@sha256:f1dbca0f5dbc9",
            "FROM ruby:2",
            "FROM scratch",
            "FROM host:5000/img:1",
            "FROM golang:1 AS Build\nFROM build AS test\nFROM BUILD",
            "ARG V=3.7\nFROM alpine:${V}",
            "ARG V\nFROM python:${V}-slim",
            "ARG V\nFROM alpine:${V:-3.20}",
            "ARG D\nFROM alpine@${D}",
            "FROM a:1 AS base-amd64\nFROM a:2 AS base-arm64\nFROM base-${TARGETARCH}",
            "FROM a:1 AS b\nFROM a:1\nCOPY --from=b x y\nCOPY --from=0 x y\nCOPY --from=context x y\nCOPY --from=nginx:1.27 x y",
            "FROM a:1\nCOPY --from=$X a b\nRUN --mount=type=cache,target=/latest ls",
            "FROM a:latest-alpine",
        ] {
            assert_eq!(of(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_variable_without_a_value_is_unknown() {
        let told = of("ARG IMAGE\nFROM ${IMAGE}\nFROM a:${TAG}\n");
        assert_eq!(told.len(), 2);
        assert!(told.iter().all(|line| line.starts_with("? ")), "{told:?}");
        assert!(told[0].contains("2:6"));
    }

    #[test]
    fn containers() {
        let of = |image: Known<String>, is_built: bool| {
            told_of(&ImageTag, Declared::Compose, |container| {
                container.image.value = image;
                container.is_built = is_built;
            })
        };
        assert_eq!(of(is("nginx".into()), false), ["/image nginx"]);
        assert_eq!(of(is("host:5000/nginx:latest".into()), false), ["/image host:5000/nginx:latest"]);
        assert_eq!(of(is("nginx:1".into()), false), ["passed"]);
        assert_eq!(of(is("nginx".into()), true), [""; 0], "a name for what is built");
        assert_eq!(of(Known::Absent, false), [""; 0]);
        assert_eq!(of(Known::Unknown, false), ["? /image the image of web is given by a variable without a value"]);
    }
}
