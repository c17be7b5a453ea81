//! Secrets of a file: what [`crate::model::secrets`] finds in its text, and what the file's path says of it. In some files nothing is
//! looked for: they are lists of hashes, or made by a machine from what is looked into elsewhere.

use super::{
    fixture::{is_fixture, tests_from},
    tree::base_name,
};
use crate::model::secrets::{Secret, find};

/// The secrets of a file: none in lists of hashes (lock files, checksums) and in what a packer made.
pub fn of_file(path: &str, text: &str) -> Vec<Secret> {
    if is_left_out(path, text) {
        return Vec::new();
    }
    let mut found = find(text);
    if !found.is_empty() {
        let from = if is_fixture(path) { Some(0) } else { tests_from(path, text) };
        for secret in &mut found {
            secret.is_fixture = from.is_some_and(|from| secret.span.line >= from);
        }
    }
    found
}

/// Lock files of package managers, in lower case.
const LOCKS: &str = "\
    cargo.lock package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock bun.lockb deno.lock \
    poetry.lock pipfile.lock uv.lock pdm.lock pylock.toml composer.lock gemfile.lock go.sum go.work.sum flake.lock \
    mix.lock pubspec.lock podfile.lock package.resolved packages.lock.json gradle.lockfile \
    verification-metadata.xml .terraform.lock.hcl conda-lock.yml requirements.lock chart.lock cabal.project.freeze \
    stack.yaml.lock .secrets.baseline asset-manifest.json build-manifest.json sha256sums sha512sums md5sums checksums.txt sha256sums.txt";

/// Endings of lists of hashes, of pictures in text and of what a packer made.
const ENDINGS: &str = "\
    .lock .sha1 .sha256 .sha512 .md5 .svg .map .min.js .min.css .bundle.js .pub .crt .sum .ipynb_checkpoints";

/// Whether secrets are not looked for in a file.
pub(super) fn is_left_out(path: &str, text: &str) -> bool {
    let lower = base_name(path).to_ascii_lowercase();
    let is_by_name =
        LOCKS.split(' ').any(|name| name == lower) || ENDINGS.split(' ').any(|ending| lower.ends_with(ending));
    // A certificate's file may hold its key as well, and that counts.
    (is_by_name && !text.contains("PRIVATE KEY")) || is_packed(&lower, text)
}

/// Whether it is a bundle of scripts or styles, made by a packer: its lines have no end.
fn is_packed(name: &str, text: &str) -> bool {
    const PACKED: &[&str] = &[".js", ".mjs", ".cjs", ".css", ".html"];
    let is_kind = PACKED.iter().any(|ending| name.ends_with(ending));
    is_kind && text.len() > 5_000 && text.lines().take(50).any(|line| line.len() > 5_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_hashes_and_bundles_are_left_out() {
        let long = "x".repeat(6_000);
        for (path, text) in [
            ("a/Cargo.lock", ""),
            ("go.sum", ""),
            ("env.py-3.11.lock", ""),
            (".secrets.baseline", ""),
            ("SHA256SUMS", ""),
            ("web/app.js", long.as_str()),
            ("a.min.js", ""),
        ] {
            assert!(is_left_out(path, text), "{path}");
        }
        for (path, text) in
            [("app.js", "let a = 1;"), ("a.json", long.as_str()), ("server.crt", "-----BEGIN PRIVATE KEY-----")]
        {
            assert!(!is_left_out(path, text), "{path}");
        }
    }
}
