//! A small report and the checks of it, for the tests of every form and of the policy.

use super::{Attestation, Note, Report};
use crate::{
    model::{
        Timestamp,
        finding::{Finding, Level, Scope, Span, Status, WaiverNote},
    },
    rulebook::{
        check::{Meta, Parameter, Value},
        policy::attest,
    },
};

/// Three checks of rule 11.
pub static METAS: [Meta; 3] = [
    Meta {
        id: "11a",
        title: "image without tag, or `latest`",
        level: Level::Error,
        scopes: &[Scope::Repo, Scope::Docker, Scope::Kube],
        why: "What runs tomorrow is not what was tested today.",
        fix: "Name a version.",
        precedent: &["DL3006", "POP-100"],
        references: &["https://docs.docker.com/build/building/best-practices/"],
        parameters: &[
            Parameter { name: "allowed", about: "Tags that may move.", default: Value::Texts(&["stable"]) },
            Parameter { name: "most", about: "Most images.", default: Value::Number(3.0) },
            Parameter { name: "registry", about: "Own registry.", default: Value::Text("") },
        ],
    },
    Meta {
        id: "11b",
        title: "image not pinned by digest",
        level: Level::Info,
        scopes: &[Scope::Repo],
        why: "A tag can be moved.",
        fix: "Add the digest.",
        precedent: &[],
        references: &[],
        parameters: &[],
    },
    Meta {
        id: "11f",
        title: "container runs privileged",
        level: Level::Block,
        scopes: &[Scope::Repo, Scope::Docker],
        why: "It can take over the host.",
        fix: "Remove privileged.",
        precedent: &["CIS 5.5"],
        references: &["https://docs.docker.com/engine/security/"],
        parameters: &[],
    },
];

/// A time, in short.
pub fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// A violation of a check in line 2 of a file.
pub fn finding(check: &str, file: &str, observed: &str) -> Finding {
    let meta = METAS.iter().find(|meta| meta.id == check).unwrap_or(&METAS[0]);
    Finding {
        check: check.into(),
        fingerprint: fingerprint(check, file, observed),
        title: meta.title.into(),
        level: meta.level,
        status: Status::Fail,
        scope: Scope::Repo,
        resource: "service web".into(),
        origin: file.into(),
        file: Some(file.into()),
        span: Some(Span::on_line(2, 5, 4)),
        pointer: None,
        observed: observed.into(),
        expected: String::new(),
        fix: meta.fix.into(),
        owner: None,
        waiver: None,
    }
}

/// A violation of a live object.
pub fn live(check: &str, resource: &str, origin: &str, observed: &str) -> Finding {
    Finding {
        scope: Scope::Docker,
        resource: resource.into(),
        origin: origin.into(),
        file: None,
        span: None,
        pointer: Some("/HostConfig/Privileged".into()),
        ..finding(check, &format!("{origin}/{resource}"), observed)
    }
}

/// FNV-1a: the same with every version of the standard library.
fn fingerprint(check: &str, place: &str, value: &str) -> compact_str::CompactString {
    let bytes = [check, place, value].join("\0").into_bytes();
    let hash = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    compact_str::format_compact!("{hash:016x}")
}

/// Six findings of each status, level and kind of place.
pub fn report() -> Report {
    let waived = |mut finding: Finding, owner: &str, expires: Option<&str>| {
        finding.status = Status::Waived;
        finding.waiver =
            Some(WaiverNote { owner: owner.into(), reason: "moves in May".into(), expires: expires.map(time) });
        finding
    };
    let mut first = finding("11a", "deploy/compose.yml", "nginx:latest");
    first.owner = Some("@ops/web".into());
    first.expected = "a tag that names a version".into();
    let unknown = Finding {
        status: Status::Unknown,
        span: None,
        ..finding("11a", "charts/web.yaml", "the image is a template: {{ .Values.image }}")
    };
    let odd = Finding {
        title: "odd | check".into(),
        level: Level::Warn,
        span: Some(Span { line: 0, column: 0, end_line: 0, end_column: 0 }),
        ..finding("05z", "a b/ü#.yml", "evil \u{1b}[2J <b>|`x`\n::error::")
    };
    let odd = waived(odd, "@sec", Some("2026-06-01T00:00:00Z"));
    let findings = vec![
        first,
        unknown,
        live("11f", "container web", "local", "Privileged: true"),
        waived(finding("11a", "old/compose.yml", "redis"), "baseline", None),
        finding("11b", "deploy/compose.yml", "nginx:1.27"),
        odd,
    ];
    let fingerprint = findings[0].fingerprint.clone();
    let mut findings = findings;
    findings[3].level = Level::Warn;
    Report {
        started_at: time("2026-05-01T10:00:00Z"),
        finished_at: time("2026-05-01T10:00:01.5Z"),
        scopes: vec![Scope::Repo, Scope::Docker],
        checks: METAS.iter().collect(),
        findings,
        passed: [("11a".into(), 3), ("11b".into(), 2)].into(),
        attestations: vec![Attestation {
            rule: 5,
            subject: "restore of the backup tested".into(),
            state: attest::State::Expired,
            by: Some("ada".into()),
            at: Some(time("2026-01-01T00:00:00Z")),
            expires: Some(time("2026-04-01T00:00:00Z")),
        }],
        notes: vec![Note { source: "kube prod".into(), message: "connection refused".into() }],
        waivers: Vec::new(),
        lowered: Vec::new(),
        since: None,
        first_seen: [(fingerprint, time("2026-04-29T10:00:01Z"))].into(),
    }
}
