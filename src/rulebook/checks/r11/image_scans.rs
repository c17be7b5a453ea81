//! 11q: the report of a scan says that an image is critical, or is old.

use crate::{
    model::{
        Timestamp,
        finding::{Level, Scope},
    },
    rulebook::{
        check::{Check, Judged, Meta, Parameter, Value},
        out::Out,
        subject::{container::containers, live::Live},
        syntax::{
            node::Node,
            scan::{self, Scan},
        },
        tree::{File, Parsed, Tree},
    },
};
use globset::Glob;
use std::collections::{BTreeMap, BTreeSet};

/// 11q. Of a tree: reports in it of images that it declares. Live (scope `docker`): reports in the tree of images that run and that it
/// does not declare. Live containers are read for `Config.Image` and `Image`, images for `RepoTags`, `RepoDigests` and `Id`.
pub struct ImageScans;

static META: Meta = Meta {
    id: "11q",
    title: "scan of an image is critical or old",
    level: Level::Error,
    scopes: &[Scope::Repo, Scope::Docker],
    why: "A critical vulnerability has a known way in. A scan that is old knows nothing of what was found since.",
    fix: "Build or pull a newer image and scan it again; where there is no newer one, waive the vulnerability by name, with an end.",
    precedent: &["CIS 4.4"],
    references: &["https://trivy.dev/latest/docs/target/container_image/"],
    parameters: &[
        Parameter {
            name: "reports",
            about: "files that are reports: Trivy's or Grype's JSON, or SARIF",
            default: Value::Text("reports/**"),
        },
        Parameter { name: "days", about: "days after which a scan is old", default: Value::Number(30.0) },
        Parameter {
            name: "critical",
            about: "critical vulnerabilities that are let pass",
            default: Value::Number(0.0),
        },
    ],
};

impl Check for ImageScans {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let reports = reports(tree, out);
        if reports.is_empty() {
            return Judged::No;
        }
        for (file, fault) in &reports.broken {
            let draft = out.at(file, fault.span).expected("a report that can be read").key("broken");
            draft.unknown(format!("the report cannot be read: {}", fault.message));
        }
        let declared = declared(tree);
        reports.judge(|scan| is_of(scan, &declared), out)
    }

    fn live(&self, live: &Live<'_>, tree: Option<&Tree>, out: &mut Out<'_>) -> Judged {
        let Some(tree) = tree.filter(|_| out.scope == Scope::Docker) else { return Judged::No };
        let (declared, mut running) = (declared(tree), BTreeSet::new());
        for object in &live.docker {
            let text = |pointer: &str| object.at(pointer).and_then(Node::as_str).map(str::to_owned);
            match object.kind.as_str() {
                "container" => running
                    .extend([text("/Config/Image"), text("/Image")].into_iter().flatten().map(|name| normal(&name))),
                "image" => {
                    let lists = ["/RepoTags", "/RepoDigests"].into_iter().filter_map(|pointer| object.at(pointer));
                    running.extend(lists.flat_map(Node::items).filter_map(Node::as_str).map(normal));
                    running.extend(text("/Id"));
                }
                _ => {}
            }
        }
        reports(tree, out).judge(|scan| is_of(scan, &running) && !is_of(scan, &declared), out)
    }
}

/// Images that a tree declares.
fn declared(tree: &Tree) -> BTreeSet<String> {
    let containers = tree.resources().chain(tree.services()).flat_map(|resource| containers(resource));
    containers.filter_map(|container| container.image.get().map(|image| normal(image))).collect()
}

/// Whether a scan is one of those images, by any of its names.
fn is_of(scan: &Scan, images: &BTreeSet<String>) -> bool {
    images.contains(&normal(&scan.image)) || scan.digests.iter().any(|name| images.contains(&normal(name)))
}

/// An image's name in full: `nginx` is `docker.io/library/nginx:latest`. With a digest the tag says nothing.
fn normal(image: &str) -> String {
    if image.starts_with("sha256:") {
        return image.to_owned();
    }
    let (name, digest) = image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    let (path, tag) = match name.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, tag),
        _ => (name, "latest"),
    };
    let first = path.split('/').next().unwrap_or_default();
    let has_registry = path.contains('/') && (first.contains(['.', ':']) || first == "localhost");
    let path = match (has_registry, path.contains('/')) {
        (true, _) => path.replace("index.docker.io/", "docker.io/"),
        (false, true) => format!("docker.io/{path}"),
        (false, false) => format!("docker.io/library/{path}"),
    };
    digest.map_or_else(|| format!("{path}:{tag}"), |digest| format!("{path}@{digest}"))
}

/// The reports of a tree.
#[derive(Default)]
struct Reports<'t> {
    scans: Vec<(&'t File, Scan)>,
    broken: Vec<(&'t File, crate::rulebook::syntax::Fault)>,
}

fn reports<'t>(tree: &'t Tree, out: &Out<'_>) -> Reports<'t> {
    let Ok(glob) = Glob::new(out.text("reports")) else { return Reports::default() };
    let glob = glob.compile_matcher();
    let mut reports = Reports::default();
    for file in tree.files.values().filter(|file| glob.is_match(file.path.as_str())) {
        match &file.parsed {
            Parsed::Yaml(documents) => {
                reports.scans.extend(documents.iter().flat_map(scan::read).map(|scan| (&**file, scan)));
            }
            Parsed::Broken(fault) if file.path.ends_with(".json") || file.path.ends_with(".sarif") => {
                reports.broken.push((file, fault.clone()));
            }
            _ => {}
        }
    }
    reports
}

impl Reports<'_> {
    fn is_empty(&self) -> bool {
        self.scans.is_empty() && self.broken.is_empty()
    }

    /// Judges the newest report of each image that is asked for.
    fn judge(&self, is_asked: impl Fn(&Scan) -> bool, out: &mut Out<'_>) -> Judged {
        let mut newest: BTreeMap<String, (Option<Timestamp>, &File, &Scan)> = BTreeMap::new();
        for (file, scan) in self.scans.iter().filter(|(_, scan)| is_asked(scan)) {
            let at = scan.at.or(file.listed.modified_at);
            let entry = newest.entry(normal(&scan.image)).or_insert((at, file, scan));
            if at > entry.0 {
                *entry = (at, file, scan);
            }
        }
        for (at, file, scan) in newest.values() {
            critical(file, scan, out);
            age(*at, file, scan, out);
        }
        if newest.is_empty() { Judged::No } else { Judged::Yes }
    }
}

fn critical(file: &File, scan: &Scan, out: &mut Out<'_>) {
    let mut names: Vec<&str> = scan.critical.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() || names.len() as f64 <= out.number("critical") {
        return;
    }
    let more = names.len().saturating_sub(3);
    let shown = names[..names.len().min(3)].join(", ");
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let place = scan.critical.first().and_then(|(_, span)| *span);
    let draft = out.at(file, place).observed(format!("{}: {} critical: {shown}{more}", scan.image, names.len()));
    draft.key(format!("critical {}", scan.image)).expected("no critical vulnerability").fail();
}

fn age(at: Option<Timestamp>, file: &File, scan: &Scan, out: &mut Out<'_>) {
    let Some(at) = at else {
        let draft = out.at(file, scan.image_span).key(format!("age {}", scan.image));
        draft
            .expected("the time of the scan")
            .unknown(format!("{}: the report does not tell when it was made", scan.image));
        return;
    };
    let days = out.now.duration_since(at).as_secs() / 86_400;
    let limit = out.number("days");
    if days as f64 > limit {
        let draft =
            out.at(file, scan.at_span.or(scan.image_span)).observed(format!("{}: scanned {days} days ago", scan.image));
        draft
            .key(format!("age {}", scan.image))
            .expected(format!("a scan of the last {limit} days"))
            .fix("Scan it again.")
            .fail();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{
        resource::live_object,
        run::{told, told_live},
    };
    use std::sync::Arc;

    const COMPOSE: (&str, &str) = ("compose.yml", "services: {web: {image: 'nginx:1.25'}}\n");

    fn trivy(image: &str, at: &str, severity: &str) -> String {
        format!(
            "{{\n  \"SchemaVersion\": 2,\n  \"CreatedAt\": \"{at}\",\n  \"ArtifactName\": \"{image}\",\n  \"ArtifactType\": \"container_image\",\n  \"Results\": [{{\"Vulnerabilities\": [\n    {{\"VulnerabilityID\": \"CVE-1\", \"Severity\": \"{severity}\"}}\n  ]}}]\n}}\n"
        )
    }

    #[test]
    fn critical_and_old_reports() {
        let report = |text: &str| told(&ImageScans, &[COMPOSE, ("reports/web.json", text)]);
        assert_eq!(
            report(&trivy("nginx:1.25", "2025-12-30T00:00:00Z", "CRITICAL")),
            ["reports/web.json:7:46 nginx:1.25: 1 critical: CVE-1"]
        );
        assert_eq!(
            report(&trivy("docker.io/library/nginx:1.25", "2025-11-01T00:00:00.123456789+01:00", "HIGH")),
            ["reports/web.json:3:16 docker.io/library/nginx:1.25: scanned 61 days ago"]
        );
        for text in [
            trivy("nginx:1.25", "2025-12-30T00:00:00Z", "HIGH"),
            trivy("nginx:1.26", "2020-01-01T00:00:00Z", "CRITICAL"),
            "{}".into(),
            "[1]".into(),
        ] {
            assert!(report(&text).is_empty(), "{text}");
        }
        assert!(
            told(&ImageScans, &[COMPOSE, ("other/web.json", &trivy("nginx:1.25", "2020-01-01T00:00:00Z", "CRITICAL"))])
                .is_empty()
        );
        assert!(report("{\"ArtifactName\": ")[0].starts_with("? reports/web.json:"));
    }

    #[test]
    fn the_newest_report_counts() {
        let (old, new) = (
            trivy("nginx:1.25", "2025-01-01T00:00:00Z", "CRITICAL"),
            trivy("nginx:1.25", "2025-12-31T00:00:00Z", "LOW"),
        );
        assert!(told(&ImageScans, &[COMPOSE, ("reports/b.json", &old), ("reports/a.json", &new)]).is_empty());
    }

    #[test]
    fn other_formats() {
        let sarif = "{\"version\": \"2.1.0\", \"runs\": [{\"tool\": {\"driver\": {\"rules\": [{\"id\": \"CVE-2\", \"properties\": {\"security-severity\": \"9.8\"}}, {\"id\": \"CVE-3\", \"properties\": {\"security-severity\": \"7.5\", \"tags\": [\"HIGH\"]}}]}},\n\"results\": [{\"ruleId\": \"CVE-2\"}, {\"ruleId\": \"CVE-3\"}],\n\"properties\": {\"imageName\": \"nginx:1.25\"}}]}\n";
        assert_eq!(
            told(&ImageScans, &[COMPOSE, ("reports/web.sarif", sarif)]),
            [
                "reports/web.sarif:2:24 nginx:1.25: 1 critical: CVE-2",
                "? reports/web.sarif:3:29 nginx:1.25: the report does not tell when it was made"
            ]
        );
        let grype = "{\"matches\": [{\"vulnerability\": {\"id\": \"CVE-4\", \"severity\": \"Critical\"}}],\n\"source\": {\"target\": {\"userInput\": \"nginx:1.25\"}}, \"descriptor\": {\"timestamp\": \"2025-12-31T00:00:00Z\"}}\n";
        assert_eq!(
            told(&ImageScans, &[COMPOSE, ("reports/x/web.json", grype)]),
            ["reports/x/web.json:1:60 nginx:1.25: 1 critical: CVE-4"]
        );
    }

    #[test]
    fn live_images() {
        let container =
            live_object("container", "w", serde_json::json!({"Config": {"Image": "redis:7"}, "Image": "sha256:1"}));
        let live = Live { docker: vec![Arc::new(container)], ..Live::default() };
        let (redis, nginx) = (
            trivy("redis:7", "2025-12-31T00:00:00Z", "CRITICAL"),
            trivy("nginx:1.25", "2025-12-31T00:00:00Z", "CRITICAL"),
        );
        let files = [COMPOSE, ("reports/r.json", redis.as_str()), ("reports/n.json", nginx.as_str())];
        assert_eq!(
            told_live(&ImageScans, &live, Scope::Docker, &files),
            ["reports/r.json:7:46 redis:7: 1 critical: CVE-1"]
        );
    }

    #[test]
    fn names_in_full() {
        for (name, full) in [
            ("nginx", "docker.io/library/nginx:latest"),
            ("a/b:1", "docker.io/a/b:1"),
            ("localhost:5000/x", "localhost:5000/x:latest"),
            ("ghcr.io/a/b:1@sha256:2", "ghcr.io/a/b@sha256:2"),
        ] {
            assert_eq!(normal(name), full);
        }
    }
}
