//! 11b: an image that is not named by its digest.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        fixture::NOT_BELOW,
        out::Out,
        subject::{
            container::{Container, Declared, Known},
            image::{Image, Pin, readable},
        },
        syntax::dockerfile::{Base, UNKNOWN},
        tree::{File, Parsed},
    },
};

/// See the module.
pub struct ImageDigest;

static META: Meta = Meta {
    id: "11b",
    title: "image not pinned by digest",
    level: Level::Info,
    scopes: &[Scope::Repo, Scope::Kube],
    why: "A tag can be moved to another image at any time, by its maker or by somebody who took over the account. A digest is always the \
          same bytes.",
    fix: "Add the digest to the tag: `nginx:1.27.3@sha256:…`, and let a bot raise both.",
    precedent: &["CKV_K8S_43"],
    references: &[
        "https://docs.docker.com/build/building/best-practices/#pin-base-image-versions",
        "https://kubernetes.io/docs/concepts/containers/images/#image-pull-policy",
    ],
    parameters: &[NOT_BELOW],
};

impl Check for ImageDigest {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn file(&self, file: &File, out: &mut Out<'_>) -> Judged {
        let Parsed::Dockerfile(dockerfile) = &file.parsed else { return Judged::No };
        let mut judged = Judged::No;
        for stage in &dockerfile.stages {
            let (Base::Image(image), Some(word)) = (&stage.base, dockerfile.base_word(stage)) else { continue };
            // A digest may come with the variable that ends it.
            if image.ends_with(UNKNOWN) && !image.contains('@') {
                continue;
            }
            judged = Judged::Yes;
            if lacks_digest(image) {
                out.at(file, word.span).observed(readable(image)).expected("…@sha256:…").fail();
            }
        }
        judged
    }

    fn container(&self, container: &Container<'_>, out: &mut Out<'_>) -> Judged {
        // What runs at an engine was resolved to one image already.
        if container.is_built || container.declared == Declared::Engine {
            return Judged::No;
        }
        let Known::Is(image) = &container.image.value else { return Judged::No };
        if lacks_digest(image) {
            let draft = out.on(container.resource, &container.image.pointer);
            draft.observed(image.as_str()).expected("…@sha256:…").fail();
        }
        Judged::Yes
    }
}

/// Whether an image has a tag and no digest. One that has not even a tag is told by 11a.
fn lacks_digest(image: &str) -> bool {
    matches!(Image::of(image).pin(), Pin::Tag | Pin::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{
        run::told,
        subject::sample::{is, told_of},
    };

    #[test]
    fn digests() {
        let text = "ARG V=1\nARG W\nFROM a:$V AS x\nFROM a:1@sha256:ab\nFROM x\nFROM scratch\nFROM b:$W\nFROM c@$W\nFROM $W-d:1-slim\n";
        assert_eq!(told(&ImageDigest, &[("Dockerfile", text)]), ["Dockerfile:3:6 a:1", "Dockerfile:9:6 …-d:1-slim"]);
    }

    #[test]
    fn containers() {
        let of = |image: &str, declared| {
            told_of(&ImageDigest, declared, |container| container.image.value = is(image.to_owned()))
        };
        assert_eq!(of("nginx:1", Declared::Pod), ["/image nginx:1"]);
        assert_eq!(of("nginx:1@sha256:ab", Declared::Pod), ["passed"]);
        assert_eq!(of("nginx:1", Declared::Engine), [""; 0]);
        assert_eq!(told_of(&ImageDigest, Declared::Pod, |_| {}), [""; 0]);
    }
}
