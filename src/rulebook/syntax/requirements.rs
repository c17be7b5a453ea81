//! Lines of pip's requirements files (<https://pip.pypa.io/en/stable/reference/requirements-file-format/>,
//! <https://packaging.python.org/en/latest/specifications/dependency-specifiers/>). Anything is taken: a line that is no requirement is
//! kept as [`What::Other`].

use crate::model::finding::Span;

/// A line, with those that continue it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Of the requirement, without options and comment.
    pub span: Span,
    pub what: What,
    /// Whether a `--hash` follows it.
    pub has_hash: bool,
}

/// What a line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// `name[extra]==1.2; marker`.
    Package(Package),
    /// A URL or a path, and whether it is editable: `git+https://…@tag`, `./wheel.whl`, `-e .`.
    Place { target: String, is_editable: bool },
    /// `-r other.txt`.
    Include(String),
    /// `-c constraints.txt`.
    Constraint(String),
    /// Another option, or what cannot be understood.
    Other,
}

/// A package by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    pub name: String,
    /// Operators and versions: `("==", "1.2")`.
    pub versions: Vec<(String, String)>,
    /// `name @ url`.
    pub url: Option<String>,
    pub marker: Option<String>,
}

/// Reads a text.
pub fn parse(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut rest = text.lines().enumerate();
    while let Some((number, first)) = rest.next() {
        let mut whole = String::new();
        let mut next = Some(first.trim_end_matches('\r'));
        // A continued line ends in `\`; a comment line does not go on.
        while let Some(line) = next.take() {
            let head = without_comment(line);
            match head.strip_suffix('\\').filter(|_| head.len() == line.len()) {
                Some(head) => {
                    whole.push_str(head);
                    whole.push(' ');
                    next = rest.next().map(|(_, line)| line.trim_end_matches('\r'));
                }
                None => whole.push_str(head),
            }
        }
        let number = u32::try_from(number + 1).unwrap_or(u32::MAX);
        lines.extend(line(&whole, first, number));
    }
    lines
}

/// What stands before a `#` that begins a comment: at the begin, or behind a blank.
fn without_comment(line: &str) -> &str {
    let begins = |at: &usize| *at == 0 || line.as_bytes()[at - 1].is_ascii_whitespace();
    let comment = line.match_indices('#').map(|(at, _)| at).find(begins);
    comment.map_or(line, |at| &line[..at])
}

/// A line with its continuations; `first` is how it begins in the file.
fn line(whole: &str, first: &str, number: u32) -> Option<Line> {
    let text = whole.trim();
    if text.is_empty() {
        return None;
    }
    let indent = first.chars().take_while(|c| c.is_whitespace()).count();
    let head = option_at(text).map_or(text, |at| text[..at].trim_end());
    let head = if head.is_empty() { text } else { head };
    let available = first.trim().trim_end_matches('\\').trim_end().chars().count();
    let length = head.chars().count().min(available).max(1);
    let number_of = |count: usize| u32::try_from(count).unwrap_or(u32::MAX - 1);
    let span = Span::on_line(number, number_of(indent).saturating_add(1), number_of(length).min(1 << 20));
    Some(Line { span, what: what(head), has_hash: text.contains("--hash") })
}

/// Where the options behind a requirement begin.
fn option_at(text: &str) -> Option<usize> {
    if text.starts_with('-') {
        return None;
    }
    text.match_indices(" --").map(|(at, _)| at).next()
}

fn what(text: &str) -> What {
    let value = |names: &[&str]| {
        names.iter().find_map(|name| {
            let rest = text.strip_prefix(name)?;
            let is_end = rest.starts_with([' ', '\t', '=']) || !name.starts_with("--") && !rest.is_empty();
            is_end.then(|| rest.trim_start_matches('=').trim().to_owned())
        })
    };
    if let Some(target) = value(&["-r", "--requirement"]) {
        return What::Include(target);
    }
    if let Some(target) = value(&["-c", "--constraint"]) {
        return What::Constraint(target);
    }
    if let Some(target) = value(&["-e", "--editable"]) {
        return What::Place { target, is_editable: true };
    }
    if text.starts_with('-') {
        return What::Other;
    }
    package(text)
}

/// A requirement as pip takes it, from a file or a command line: a package, a URL or a path.
pub fn package(text: &str) -> What {
    let in_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let length = text.find(|c| !in_name(c)).unwrap_or(text.len());
    let name = &text[..length];
    let mut rest = text[length..].trim_start();
    let is_file = [".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz"].iter().any(|ending| text.ends_with(ending));
    let is_place = name.is_empty() || name.starts_with('.') || rest.starts_with(['/', ':', '+', '\\']);
    if is_place || is_file && !rest.starts_with('@') {
        let target = text.split(" ;").next().unwrap_or(text).trim().to_owned();
        let is_known = text.contains(['/', '.', ':', '\\']);
        return if is_known { What::Place { target, is_editable: false } } else { What::Other };
    }
    if let Some(extras) = rest.strip_prefix('[') {
        rest = extras.split_once(']').map_or("", |(_, after)| after.trim_start());
    }
    if let Some(url) = rest.strip_prefix('@') {
        let (url, marker) = url.split_once(" ;").map_or((url, None), |(url, marker)| (url, Some(marker)));
        let marker = marker.map(|marker| marker.trim().to_owned());
        return What::Package(Package {
            name: name.into(),
            versions: Vec::new(),
            url: Some(url.trim().into()),
            marker,
        });
    }
    let (versions, marker) = rest.split_once(';').map_or((rest, None), |(versions, marker)| (versions, Some(marker)));
    let versions = versions.trim().trim_start_matches('(').trim_end_matches(')');
    let mut found = Vec::new();
    for part in versions.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let end = part.find(|c| !matches!(c, '=' | '<' | '>' | '!' | '~')).unwrap_or(part.len());
        if end == 0 {
            return What::Other;
        }
        found.push((part[..end].to_owned(), part[end..].trim().to_owned()));
    }
    What::Package(Package {
        name: name.into(),
        versions: found,
        url: None,
        marker: marker.map(|text| text.trim().into()),
    })
}

impl Package {
    /// Whether it names one version, and no other can be taken.
    pub fn is_pinned(&self) -> bool {
        match &self.url {
            Some(url) => is_fixed(url),
            None => self.versions.iter().any(|(operator, version)| {
                operator == "===" || operator == "==" && !version.is_empty() && !version.contains('*')
            }),
        }
    }
}

/// Whether a URL leads to the same thing tomorrow: a repository with a commit or a tag of a version, or a file. What cannot be known
/// (a variable in it) counts as fixed.
pub fn is_fixed(url: &str) -> bool {
    if url.contains('$')
        || !(url.starts_with("git+") || url.starts_with("hg+") || url.contains(".git@") || url.ends_with(".git"))
    {
        return true;
    }
    let path = url.split('#').next().unwrap_or(url).split_once("://").map_or(url, |(_, path)| path);
    let after_host = path.split_once('/').map_or("", |(_, after)| after);
    let Some((_, reference)) = after_host.rsplit_once('@') else { return false };
    let is_commit = reference.len() >= 7 && reference.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_version = reference.bytes().any(|byte| byte.is_ascii_digit()) && reference.contains('.');
    is_commit || is_version
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(text: &str) -> Vec<String> {
        let lines = parse(text);
        let what = |line: &Line| match &line.what {
            What::Package(package) => format!("{} {:?} {}", package.name, package.versions, package.is_pinned()),
            What::Place { target, is_editable } => format!("at {target} {is_editable} {}", is_fixed(target)),
            What::Include(target) => format!("-r {target}"),
            What::Constraint(target) => format!("-c {target}"),
            What::Other => "other".into(),
        };
        lines.iter().map(|line| format!("{}:{} {}", line.span.line, line.span.column, what(line))).collect()
    }

    #[test]
    fn lines_of_every_kind() {
        let text = "# all\n\nflask==3.0.0  # web\n  requests[socks]>=2,<3 ; python_version < '3.9'\nnumpy\npandas==2.* \n-r base.txt\n-c c.txt\n\
            --index-url https://x\n-e .\n./w.whl\nclick @ git+https://h/x.git@v1.2.3\ngit+ssh://git@h/x.git@main#egg=x\nattrs==23.1 \\\n    --hash=sha256:aa\n";
        assert_eq!(
            told(text),
            [
                "3:1 flask [(\"==\", \"3.0.0\")] true",
                "4:3 requests [(\">=\", \"2\"), (\"<\", \"3\")] false",
                "5:1 numpy [] false",
                "6:1 pandas [(\"==\", \"2.*\")] false",
                "7:1 -r base.txt",
                "8:1 -c c.txt",
                "9:1 other",
                "10:1 at . true true",
                "11:1 at ./w.whl false true",
                "12:1 click [] true",
                "13:1 at git+ssh://git@h/x.git@main#egg=x false false",
                "14:1 attrs [(\"==\", \"23.1\")] true",
            ]
        );
        let lines = parse(text);
        assert!(lines[11].has_hash);
        assert_eq!(lines[0].span, Span::on_line(3, 1, 12));
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in any::<String>()) {
            parse(&text);
        }

        #[test]
        fn any_signs_are_taken(text in "[a=<>~!;@#\\[\\],.:/+ \n\\\\é-]{0,60}") {
            for line in parse(&text) {
                prop_assert!(line.span.line >= 1 && line.span.column >= 1);
            }
        }
    }

    #[test]
    fn hostile_texts_end_soon() {
        for piece in ["\\\n", "a,", " #", "[", "==", " --", ";", "a\n"] {
            parse(&piece.repeat(200_000));
        }
    }
}
