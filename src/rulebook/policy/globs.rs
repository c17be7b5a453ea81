//! Patterns of paths and of labels: `*` any text within a folder, `**` also across folders, `?` one sign, `[ab]` one of these,
//! `{a,b}` one of those.
//!
//! In lists (`exclude`, `[owners]`) they are read as git reads its own (<https://git-scm.com/docs/gitignore>): without a stroke in
//! it a pattern holds at any depth, and the name of a folder holds for everything in it. The target of a waiver is read as it stands,
//! from the root, so that it accepts no more than it seems to.

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use std::collections::HashMap;

/// Longer patterns are refused.
const LONGEST: usize = 1_000;

fn glob(pattern: &str, literal_separator: bool) -> Result<Glob, String> {
    if pattern.chars().count() > LONGEST {
        return Err(format!("the pattern is longer than {LONGEST} signs"));
    }
    let mut builder = GlobBuilder::new(pattern);
    builder.literal_separator(literal_separator).backslash_escape(true).empty_alternates(true);
    builder.build().map_err(|error| format!("it is no pattern: {}", error.kind()))
}

/// What one pattern of a list stands for.
fn as_git_reads(pattern: &str) -> Result<Vec<Glob>, String> {
    if pattern.trim().is_empty() {
        return Err("the pattern is empty".into());
    }
    if pattern.starts_with('!') {
        return Err("«!» does not take back here: name what is meant".into());
    }
    let body = pattern.strip_prefix("./").unwrap_or(pattern);
    let is_folder = body.ends_with('/');
    let body = body.trim_end_matches('/');
    let rooted = body.contains('/');
    let body = body.trim_start_matches('/');
    if body.is_empty() {
        return Ok(vec![glob("**", true)?]);
    }
    let base = if rooted || body.starts_with("**") { body.to_owned() } else { format!("**/{body}") };
    let below = glob(&format!("{base}/**"), true)?;
    Ok(if is_folder { vec![below] } else { vec![glob(&base, true)?, below] })
}

/// Whether something can be a pattern of a list.
///
/// # Errors
/// Why not.
pub(super) fn check(pattern: &str) -> Result<(), String> {
    as_git_reads(pattern).map(drop)
}

/// Whether something can be the target of a waiver.
///
/// # Errors
/// Why not.
pub(super) fn check_target(pattern: &str) -> Result<(), String> {
    target(pattern).map(drop)
}

/// Patterns of a list.
#[derive(Debug, Clone)]
pub struct Patterns {
    paths: GlobSet,
    labels: GlobSet,
    /// Which pattern each of `paths` came from.
    from: Vec<usize>,
}

impl Patterns {
    /// Compiles patterns. What is no pattern matches nothing: whoever reads the policy has named it.
    pub fn new<'p>(patterns: impl IntoIterator<Item = &'p str>) -> Self {
        let (mut paths, mut labels, mut from) = (GlobSetBuilder::new(), GlobSetBuilder::new(), Vec::new());
        for (at, pattern) in patterns.into_iter().enumerate() {
            for path in as_git_reads(pattern).unwrap_or_default() {
                paths.add(path);
                from.push(at);
            }
            if let Ok(label) = glob(pattern, false) {
                labels.add(label);
            }
        }
        Self { paths: build(&paths), labels: build(&labels), from }
    }

    /// Whether a path matches.
    pub fn has_path(&self, path: &str) -> bool {
        self.paths.is_match(path)
    }

    /// Whether the label of an object matches: `container web`.
    pub fn has_label(&self, label: &str) -> bool {
        self.labels.is_match(label)
    }

    /// Which patterns a path matches, by their number.
    pub fn which(&self, path: &str) -> impl Iterator<Item = usize> {
        self.paths.matches(path).into_iter().filter_map(|at| self.from.get(at).copied())
    }
}

/// The globs of a target: as a path, and as a label.
fn target(pattern: &str) -> Result<(Glob, Glob), String> {
    if pattern.trim().is_empty() {
        return Err("the pattern is empty".into());
    }
    let path = pattern.strip_prefix("./").unwrap_or(pattern);
    let path = if path.ends_with('/') { format!("{path}**") } else { path.to_owned() };
    Ok((glob(&path, true)?, glob(pattern, false)?))
}

/// Targets of waivers, each with a number of the caller's.
#[derive(Debug, Clone)]
pub struct Targets {
    paths: GlobSet,
    labels: GlobSet,
    /// The number of each glob, in both sets.
    numbers: Vec<usize>,
    /// As they are written: fingerprints, and labels that hold the signs of patterns.
    written: HashMap<String, Vec<usize>>,
}

impl Targets {
    /// Compiles targets. What is no pattern names nothing.
    pub fn new<'p>(targets: impl IntoIterator<Item = (usize, &'p str)>) -> Self {
        let (mut paths, mut labels) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        let (mut numbers, mut written) = (Vec::new(), HashMap::<String, Vec<usize>>::new());
        for (number, text) in targets {
            if let Ok((path, label)) = target(text) {
                paths.add(path);
                labels.add(label);
                numbers.push(number);
                written.entry(text.to_owned()).or_default().push(number);
            }
        }
        Self { paths: build(&paths), labels: build(&labels), numbers, written }
    }

    /// Which of them a path matches.
    pub fn with_path(&self, path: &str) -> impl Iterator<Item = usize> {
        self.paths.matches(path).into_iter().filter_map(|at| self.numbers.get(at).copied())
    }

    /// Which of them a label matches.
    pub fn with_label(&self, label: &str) -> impl Iterator<Item = usize> {
        let matching = self.labels.matches(label).into_iter().filter_map(|at| self.numbers.get(at).copied());
        matching.chain(self.written(label))
    }

    /// Which of them are written just so.
    pub fn written(&self, text: &str) -> impl Iterator<Item = usize> {
        self.written.get(text).into_iter().flatten().copied()
    }
}

/// Patterns that are too large together match nothing: nothing is excluded or waived by what cannot be understood.
fn build(builder: &GlobSetBuilder) -> GlobSet {
    builder.build().unwrap_or_else(|_| GlobSet::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(pattern: &str, path: &str) -> bool {
        Patterns::new([pattern]).has_path(path)
    }

    #[test]
    fn lists_read_as_git_reads() {
        for (pattern, path) in [
            ("vendor", "vendor/a/b.yml"),
            ("vendor", "x/vendor/b.yml"),
            ("vendor/", "vendor/b.yml"),
            ("/vendor", "vendor/b.yml"),
            ("./deploy/x.yml", "deploy/x.yml"),
            ("vendor/**", "vendor/a/b.yml"),
            ("*.md", "docs/a.md"),
            ("docs/*.md", "docs/a.md"),
            ("**/test/*", "a/b/test/x"),
            ("{a,b}/x", "b/x"),
            ("/", "anything/at/all"),
            ("**", "a"),
        ] {
            assert!(has(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("/vendor", "x/vendor/b.yml"),
            ("docs/*.md", "docs/a/b.md"),
            ("vendor/", "vendor"),
            ("vendor", "vendored/a"),
            ("docs/a.md", "x/docs/a.md"),
            ("[", "["),
            ("!a", "a"),
        ] {
            assert!(!has(pattern, path), "{pattern} {path}");
        }
        assert!(check("[").is_err_and(|why| why.starts_with("it is no pattern: ")));
        assert!(
            check("{a").is_err() && check("").is_err() && check("!x").is_err() && check(&"x".repeat(2_000)).is_err()
        );
    }

    #[test]
    fn targets_accept_no_more_than_they_say() {
        let path = |target: &str, path: &str| Targets::new([(7, target)]).with_path(path).eq([7]);
        let label = |target: &str, label: &str| Targets::new([(7, target)]).with_label(label).next() == Some(7);
        assert!(path("compose.yml", "compose.yml") && path("./a.yml", "a.yml") && path("deploy/", "deploy/a/x"));
        assert!(!path("compose.yml", "old/compose.yml") && !path("deploy", "deploy/x") && !path("*.yml", "a/x.yml"));
        assert!(label("Deployment shop/*", "Deployment shop/web") && label("container *", "container a/b"));
        assert!(label("image a[1]", "image a[1]"), "as it is written");
        assert!(Targets::new([(1, "00ff"), (2, "["), (3, "00ff")]).written("00ff").eq([1, 3]));
    }

    #[test]
    fn hostile_patterns_end() {
        for pattern in ["{".repeat(900), "*".repeat(900), "[".repeat(900), "**/".repeat(300), "{a,".repeat(300)] {
            let _ = check(&pattern);
            let _ = Patterns::new([pattern.as_str()]).has_path(&"a/".repeat(500));
        }
    }
}
