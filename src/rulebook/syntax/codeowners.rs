//! CODEOWNERS: who owns which path. The last line that matches wins; within GitLab's sections each section has its own last line, and
//! all of them own (<https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners>,
//! <https://docs.gitlab.com/user/project/codeowners/reference/>).

use super::Fault;
use crate::model::finding::Span;
use compact_str::CompactString;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Lines that a file may have; GitHub reads no file above 3 MB either.
const MOST_RULES: usize = 10_000;
/// Patterns are shorter.
const LONGEST: usize = 1_024;

/// What was read. A line that cannot be read is left out, as both systems do.
#[derive(Debug, Clone, Default)]
pub struct Codeowners {
    rules: Vec<Rule>,
    /// Two for each rule: what it names, and what lies below that.
    globs: GlobSet,
    /// The rule of each glob.
    rule_of: Vec<usize>,
    /// Lines that cannot be read, and why.
    pub faults: Vec<Fault>,
}

/// A line: a pattern and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub pattern: CompactString,
    /// `@user`, `@org/team`, an address. None takes the path from those who owned it by a line above.
    pub owners: Vec<CompactString>,
    pub line: u32,
    /// The section's number; 0 before the first, and in files without any.
    section: usize,
    /// GitLab: takes what matches out of its section (`!pattern`).
    is_exclusion: bool,
}

impl Codeowners {
    /// Reads a text; it never fails as a whole.
    pub fn parse(text: &str) -> Self {
        let mut reader = Reader::default();
        for (at, line) in text.lines().enumerate() {
            reader.line(line, u32::try_from(at + 1).unwrap_or(u32::MAX));
        }
        let Reader { rules, globs, rule_of, mut faults, .. } = reader;
        let globs = globs.build().unwrap_or_else(|error| {
            faults.push(Fault::at(None, error.to_string()));
            GlobSet::empty()
        });
        Self { rules, globs, rule_of, faults }
    }

    /// The owners of a path (below the root, with `/`), separated by blanks; `None` where nobody owns it.
    pub fn owner_of(&self, path: &str) -> Option<CompactString> {
        let owners = self.owners_of(path);
        (!owners.is_empty()).then(|| owners.join(" ").into())
    }

    /// The owners of a path, each once.
    pub fn owners_of(&self, path: &str) -> Vec<&str> {
        // The last one of each section, by its number.
        let mut winners: Vec<Option<usize>> = Vec::new();
        for glob in self.globs.matches(path) {
            let Some(rule) = self.rule_of.get(glob).copied() else { continue };
            let section = self.rules[rule].section;
            winners.resize(winners.len().max(section + 1), None);
            let is_excluded = winners[section].is_some_and(|winner| self.rules[winner].is_exclusion);
            if !is_excluded {
                let is_final = self.rules[rule].is_exclusion;
                winners[section] = if is_final { Some(rule) } else { winners[section].max(Some(rule)) };
            }
        }
        let mut owners: Vec<&str> = Vec::new();
        for rule in winners.into_iter().flatten().map(|winner| &self.rules[winner]).filter(|rule| !rule.is_exclusion) {
            for owner in &rule.owners {
                if !owners.contains(&owner.as_str()) {
                    owners.push(owner);
                }
            }
        }
        owners
    }

    /// The lines, in their order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}

struct Reader {
    rules: Vec<Rule>,
    globs: GlobSetBuilder,
    rule_of: Vec<usize>,
    faults: Vec<Fault>,
    /// Names of the sections, in lower case; those of one name are one.
    sections: Vec<String>,
    section: usize,
    defaults: Vec<CompactString>,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            globs: GlobSetBuilder::new(),
            rule_of: Vec::new(),
            faults: Vec::new(),
            sections: vec![String::new()],
            section: 0,
            defaults: Vec::new(),
        }
    }
}

impl Reader {
    fn line(&mut self, line: &str, number: u32) {
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.is_empty() || line.starts_with('#') {
            return;
        }
        if self.rules.len() >= MOST_RULES || line.len() > LONGEST * 8 {
            return self.fault(number, "too long; it is not read");
        }
        if let Some((name, owners)) = section(line) {
            let name = name.to_lowercase();
            self.section = self.sections.iter().position(|other| *other == name).unwrap_or_else(|| {
                self.sections.push(name);
                self.sections.len() - 1
            });
            self.defaults = owners_in(owners);
            return;
        }
        let (pattern, rest) = pattern(line);
        let owners = owners_in(rest);
        let is_exclusion = pattern.starts_with('!');
        let owners = if owners.is_empty() && !is_exclusion { self.defaults.clone() } else { owners };
        let pattern = pattern.trim_start_matches('!');
        let rule = Rule { pattern: pattern.into(), owners, line: number, section: self.section, is_exclusion };
        let globs: Option<Vec<_>> = if pattern.len() > LONGEST || pattern.is_empty() { None } else { globs(pattern) };
        let Some(globs) = globs else { return self.fault(number, "no pattern; the line is left out") };
        for glob in globs {
            self.globs.add(glob);
            self.rule_of.push(self.rules.len());
        }
        self.rules.push(rule);
    }

    fn fault(&mut self, line: u32, message: &str) {
        self.faults.push(Fault::at(Span::on_line(line, 1, 1), message));
    }
}

/// GitLab's `[Section]`, `^[Section][2] @default`: its name and what follows.
fn section(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.strip_prefix('^').unwrap_or(line).strip_prefix('[')?.split_once(']')?;
    let rest = match rest.strip_prefix('[').and_then(|count| count.split_once(']')) {
        Some((count, rest)) if count.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => rest,
    };
    // `[ab].txt @me` is a pattern.
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then_some((name, rest))
}

/// The pattern, in which a blank may stand after a `\`, and what follows.
fn pattern(line: &str) -> (String, &str) {
    let mut pattern = String::new();
    let mut chars = line.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, escaped @ (' ' | '#'))) => pattern.push(escaped),
                Some((_, other)) => pattern.extend(['\\', other]),
                None => {}
            },
            c if c.is_whitespace() => return (pattern, &line[at..]),
            c => pattern.push(c),
        }
    }
    (pattern, "")
}

fn owners_in(text: &str) -> Vec<CompactString> {
    let text = text.split(" #").next().unwrap_or_default();
    text.split_whitespace()
        .take_while(|word| !word.starts_with('#'))
        .filter(|word| word.contains('@'))
        .map(CompactString::from)
        .collect()
}

/// A pattern as globs over whole paths: as in `.gitignore`, but that `docs/*` does not reach below `docs`, and that brackets and braces
/// stand for themselves.
fn globs(pattern: &str) -> Option<Vec<globset::Glob>> {
    let is_folder = pattern.ends_with('/');
    let trimmed = pattern.trim_end_matches('/');
    let is_anchored = trimmed.trim_start_matches("**/").contains('/');
    let trimmed = trimmed.trim_start_matches('/');
    let mut glob = if is_anchored || trimmed.starts_with("**/") { String::new() } else { "**/".to_owned() };
    for c in trimmed.chars() {
        if matches!(c, '[' | ']' | '{' | '}') {
            glob.push('\\');
        }
        glob.push(c);
    }
    if trimmed.is_empty() {
        glob = "**".into();
    }
    let is_flat = is_anchored && trimmed.ends_with("/*") && !is_folder;
    let mut texts = Vec::new();
    if !is_folder || trimmed.is_empty() {
        texts.push(glob.clone());
    }
    if !is_flat {
        texts.push(format!("{glob}/**"));
    }
    let build = |text: &String| GlobBuilder::new(text).literal_separator(true).backslash_escape(true).build().ok();
    texts.iter().map(build).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GITHUB: &str = "\
# everything
*       @org/all
*.js    @js-owner # inline
/build/logs/ @doctocat
docs/*  docs@example.com
apps/ @octocat
/scripts/deploy.sh @ops @sre
**/logs @logs
/apps/github
with\\ blank.txt @blank
a[1].txt @bracket
";

    #[test]
    fn the_last_match_wins() {
        let owners = Codeowners::parse(GITHUB);
        for (path, owner) in [
            ("README.md", Some("@org/all")),
            ("src/deep/x.js", Some("@js-owner")),
            ("build/logs/deep/x", Some("@logs")),
            ("docs/guide.md", Some("docs@example.com")),
            ("docs/build/guide.md", Some("@org/all")),
            ("apps/x/y", Some("@octocat")),
            ("src/apps/y", Some("@octocat")),
            ("apps/github", None),
            ("apps/github/x", None),
            ("scripts/deploy.sh", Some("@ops @sre")),
            ("deep/logs/x", Some("@logs")),
            ("with blank.txt", Some("@blank")),
            ("a[1].txt", Some("@bracket")),
            ("a1.txt", Some("@org/all")),
        ] {
            assert_eq!(owners.owner_of(path).as_deref(), owner, "{path}");
        }
        assert!(owners.faults.is_empty());
        assert_eq!(Codeowners::parse("").owner_of("a"), None);
    }

    #[test]
    fn sections_own_together() {
        let owners = Codeowners::parse(
            "* @all\n[Docs] @docs\n*.md\nsecret.md @security\n^[Ops][2] @ops\n/infra/\n!/infra/readme.md\n[DOCS]\n/infra/x.md @more\n",
        );
        for (path, owner) in [
            ("a.txt", "@all"),
            ("a.md", "@all @docs"),
            ("secret.md", "@all @security"),
            ("infra/a.tf", "@all @ops"),
            ("infra/readme.md", "@all @docs"),
            ("infra/x.md", "@all @more @ops"),
        ] {
            assert_eq!(owners.owner_of(path).as_deref(), Some(owner), "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_text_fails(text in any::<String>(), parts in prop::collection::vec("\\*|/|\\[|\\]|a|@b| |\n|!|\\\\|\\{|#|\\?|\\^", 0..40)) {
            for text in [text, parts.concat()] {
                let owners = Codeowners::parse(&text);
                owners.owner_of("a/b/c");
            }
        }
    }
}
