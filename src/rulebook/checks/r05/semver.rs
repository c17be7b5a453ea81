//! 05f: versions that are not SemVer: of a chart, of a heading in the CHANGELOG, in the label of an object.

use crate::model::finding::{Level, Scope, Span};
use crate::rulebook::{
    check::{Check, Judged, Meta},
    out::Out,
    resource::Resource,
    subject::workload::is_open,
    syntax::node::Node,
    tree::{File, Kind},
};
use regex::Regex;
use std::sync::LazyLock;

/// A version that is not SemVer.
pub struct SemVer;

static META: Meta = Meta {
    id: "05f",
    title: "version that is not SemVer",
    level: Level::Warn,
    scopes: &[Scope::Repo],
    why: "Nobody can tell from it whether an update breaks something, and tools cannot order it.",
    fix: "Write MAJOR.MINOR.PATCH, as in 1.4.0.",
    precedent: &["DL3056", "helm lint"],
    references: &["https://semver.org/", "https://helm.sh/docs/topics/charts/", "https://keepachangelog.com/en/1.1.0/"],
    parameters: &[],
};

impl Check for SemVer {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn file(&self, file: &File, out: &mut Out<'_>) -> Judged {
        match file.kind {
            Kind::HelmChart => chart(file, out),
            Kind::Changelog => changelog(file, out),
            _ => Judged::No,
        }
    }

    fn resource(&self, resource: &Resource, out: &mut Out<'_>) -> Judged {
        let pointer = "/metadata/labels/app.kubernetes.io~1version";
        let label = resource.at(pointer).filter(|_| resource.scope == Scope::Repo && resource.is_kubernetes());
        let Some(version) = label.filter(|node| !is_open(node)).and_then(Node::scalar) else { return Judged::No };
        // The label may be a revision too; a word without a number tells nothing at all.
        if !version.chars().any(|c| c.is_ascii_digit()) && !is_revision(&version) {
            out.on(resource, pointer).observed(version).expected("a version, as in 1.4.0, or a revision").fail();
        }
        Judged::Yes
    }
}

fn is_revision(text: &str) -> bool {
    text.len() >= 7 && text.chars().all(|c| c.is_ascii_hexdigit())
}

fn chart(file: &File, out: &mut Out<'_>) -> Judged {
    let Some(chart) = file.documents().first() else { return Judged::No };
    let Some(node) = chart.get("version").filter(|node| !node.is_null()) else {
        let span = chart.get("name").and_then(|name| name.span);
        out.at(file, span).observed("no version").expected("version: 1.4.0").fail();
        return Judged::Yes;
    };
    if is_open(node) {
        return Judged::No;
    }
    let version = written(file, node);
    if semver::Version::parse(&version).is_err() {
        out.at(file, node.span).observed(version).expected("MAJOR.MINOR.PATCH, as in 1.4.0").fail();
    }
    Judged::Yes
}

/// A value as it is written: `1.10` is no number.
fn written(file: &File, node: &Node) -> String {
    let text = node.span.and_then(|span| {
        let line = file.text().lines().nth(span.line as usize - 1)?;
        let length = span.end_column.checked_sub(span.column).filter(|_| span.line == span.end_line)?;
        Some(line.chars().skip(span.column as usize - 1).take(length as usize).collect::<String>())
    });
    match node.as_str() {
        Some(text) => text.to_owned(),
        None => text.or_else(|| node.scalar()).unwrap_or_default(),
    }
}

/// `## [1.4.0] - 2026-01-31`: what stands in the brackets; without them what stands before the date.
static HEADING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^#{2,3} +(?:\[([^\]]{1,100})\]|v?(\d+(?:\.\d+)+[^\s\]]*) +[-–—(] *\d{4}-\d{2})")
        .expect("the pattern is well formed")
});
static DATE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\d{4}[-./]\d{2}([-./]\d{2}([T ].*)?)?$").expect("the pattern is well formed"));

fn changelog(file: &File, out: &mut Out<'_>) -> Judged {
    let mut judged = Judged::No;
    let mut fence: Option<&str> = None;
    for (at, line) in file.text().lines().enumerate() {
        let start = line.trim_start();
        if let Some(mark) = ["```", "~~~"].into_iter().find(|mark| start.starts_with(mark)) {
            fence = match fence {
                None => Some(mark),
                Some(open) if open == mark => None,
                open => open,
            };
            continue;
        }
        let Some(version) =
            HEADING.captures(line).and_then(|found| found.get(1).or_else(|| found.get(2))).filter(|_| fence.is_none())
        else {
            continue;
        };
        let text = version.as_str().trim();
        let number = text.strip_prefix(['v', 'V']).unwrap_or(text);
        // Words (`Unreleased`, a section) and days are no versions, and do not want to be.
        if !number.starts_with(|c: char| c.is_ascii_digit()) || DATE.is_match(text) {
            continue;
        }
        judged = Judged::Yes;
        if semver::Version::parse(number).is_err() {
            let column = line[..version.start()].chars().count() + 1;
            let (line, column) = (u32::try_from(at + 1).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(1));
            let length = u32::try_from(version.as_str().chars().count()).unwrap_or(1);
            out.at(file, Span::on_line(line, column, length))
                .observed(text)
                .expected("MAJOR.MINOR.PATCH, as in 1.4.0")
                .fail();
        }
    }
    judged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    #[test]
    fn charts() {
        let of = |version: &str| told(&SemVer, &[("c/Chart.yaml", &format!("apiVersion: v2\nname: a\n{version}"))]);
        assert_eq!(of("version: 1.10\n"), ["c/Chart.yaml:3:10 1.10"]);
        assert_eq!(of("version: v1.2.3\n"), ["c/Chart.yaml:3:10 v1.2.3"]);
        assert_eq!(of("version: 1.2\n"), ["c/Chart.yaml:3:10 1.2"]);
        assert_eq!(of("appVersion: latest\n"), ["c/Chart.yaml:2:7 no version"]);
        for good in ["1.2.3", "'1.2.3-rc.1+build.5'", "0.0.0", "{{ x }}", "${VERSION}"] {
            let found = of(&format!("version: {good}\nappVersion: '2024'\n"));
            assert!(found.is_empty() || good.starts_with('{'), "{good}: {found:?}");
        }
    }

    #[test]
    fn changelogs() {
        let text = "# Changelog\n\n## [Unreleased]\n## [1.2] - 2026-01-01\n## [v1.2.0](https://example.com)\n## [2026-01-01]\n### [Added]\n```\n## [9]\n```\n## [1.2.3-rc.1]\n## [01.2.3]\n";
        assert_eq!(told(&SemVer, &[("CHANGELOG.md", text)]), ["CHANGELOG.md:4:5 1.2", "CHANGELOG.md:12:5 01.2.3"]);
    }

    #[test]
    fn labels_are_taken_lightly() {
        let of = |version: &str| {
            let text = format!(
                "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  labels:\n    app.kubernetes.io/version: {version}\n"
            );
            told(&SemVer, &[("a.yaml", &text)])
        };
        assert_eq!(of("latest"), ["a.yaml:6:32 latest"]);
        for good in ["'1.2'", "v3", "deadbeefcafe", "2024-01-01", "${TAG}"] {
            assert_eq!(of(good), [""; 0], "{good}");
        }
    }
}
