//! Names of images: `registry:5000/team/app:1.2@sha256:…`
//! (<https://github.com/distribution/reference/blob/main/reference.go>).

use crate::rulebook::syntax::dockerfile::UNKNOWN;

/// A name taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Image<'t> {
    /// With the registry: `registry:5000/team/app`.
    pub name: &'t str,
    pub tag: Option<&'t str>,
    /// `sha256:…`
    pub digest: Option<&'t str>,
}

/// What a name says of the version that it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pin {
    /// No tag: `latest` is meant.
    Untagged,
    Latest,
    Tag,
    Digest,
    /// A variable gives it.
    Unknown,
}

impl<'t> Image<'t> {
    /// Takes a name apart.
    pub fn of(reference: &'t str) -> Self {
        let (rest, digest) = reference.split_once('@').map_or((reference, None), |(rest, digest)| (rest, Some(digest)));
        // What stands before a stroke after a colon is the port of a registry.
        match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => Self { name, tag: Some(tag), digest },
            _ => Self { name: rest, tag: None, digest },
        }
    }

    /// What it says of its version. [`UNKNOWN`] in it stands for what cannot be known.
    pub fn pin(&self) -> Pin {
        // An engine names an image by its own digest, or the beginning of it, where it has no name.
        let is_id =
            self.tag.is_none() && self.name.len() >= 12 && self.name.bytes().all(|byte| byte.is_ascii_hexdigit());
        if self.digest.is_some() || self.name == "sha256" || is_id {
            return Pin::Digest;
        }
        match self.tag {
            Some("latest") => Pin::Latest,
            Some(tag) if may_be(tag, "latest") => Pin::Unknown,
            Some(_) => Pin::Tag,
            // The variable may hold a tag with the last part of the name.
            None if self.name.rsplit('/').next().unwrap_or_default().contains(UNKNOWN) => Pin::Unknown,
            None => Pin::Untagged,
        }
    }

    /// The last part of its name: `app`.
    pub fn short_name(&self) -> &'t str {
        self.name.rsplit('/').next().unwrap_or(self.name)
    }
}

/// Whether a text with unknown parts can be this one.
fn may_be(partial: &str, text: &str) -> bool {
    let Some((before, rest)) = partial.split_once(UNKNOWN) else { return partial == text };
    let after = rest.rsplit(UNKNOWN).next().unwrap_or_default();
    text.len() >= before.len() + after.len() && text.starts_with(before) && text.ends_with(after)
}

/// A name as a person reads it, `…` for what cannot be known.
pub fn readable(partial: &str) -> String {
    partial.replace(UNKNOWN, "…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (reference, pin) in [
            ("alpine", Pin::Untagged),
            ("host:5000/img", Pin::Untagged),
            ("host:5000/img:1", Pin::Tag),
            ("host:5000/img:latest", Pin::Latest),
            ("img:latest@sha256:ab", Pin::Digest),
            ("img@sha256:ab", Pin::Digest),
            ("sha256:abcdef", Pin::Digest),
            ("4bcdff3ac1f5", Pin::Digest),
            ("img:latest-alpine", Pin::Tag),
            ("img:\0", Pin::Unknown),
            ("img:\0-slim", Pin::Tag),
            ("img:1.\0", Pin::Tag),
            ("\0", Pin::Unknown),
            ("\0/img", Pin::Untagged),
            ("host/\0", Pin::Unknown),
        ] {
            assert_eq!(Image::of(reference).pin(), pin, "{reference:?}");
        }
        assert_eq!(Image::of("a:1/b/c:2@d"), Image { name: "a:1/b/c", tag: Some("2"), digest: Some("d") });
        assert_eq!(Image::of("a:1/b/c:2").short_name(), "c");
    }
}
