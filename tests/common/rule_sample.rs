//! Findings of the rule book over a small repository, an engine and a cluster. Made up.
//!
//! The including module has `model` in scope.

use super::model::{
    Timestamp,
    finding::{Finding, Level, Scope, Span, Status, WaiverNote},
    preflight::{Item, Last, Preflight, State},
    ruling::{CheckFacts, RuleLines, RuleNews, Ruling, SourceLines, Turn, What},
    source::{SourceReport, SourceState},
    topic::Topic,
    update::Update,
};
use std::collections::BTreeMap;

/// The source that tells of them.
pub fn report() -> SourceReport {
    SourceReport {
        name: "rules/repo".into(),
        kind: "rules".into(),
        topics: Topic::Rules.into(),
        state: SourceState::Ok,
        reason: None,
        hint: None,
        cadence_seconds: Some(60.0),
    }
}

/// What it tells.
pub fn news(now: Timestamp) -> Vec<Update> {
    let ago = |minutes: i64| now.checked_sub(jiff::SignedDuration::from_mins(minutes)).expect("in range");
    let rulings = vec![
        ruling(
            ("11f", "container runs privileged", Level::Block),
            Scope::Repo,
            "deploy/compose.yml",
            14,
            "privileged",
            ago(3),
        ),
        ruling(
            ("11g", "socket of the container engine mounted", Level::Block),
            Scope::Docker,
            "container dbg-1",
            0,
            "/var/run/docker.sock",
            ago(9),
        ),
        ruling(
            ("11a", "image without a tag, or latest", Level::Error),
            Scope::Kube,
            "Deployment shop/checkout",
            0,
            "nginx:latest",
            ago(47),
        ),
        ruling(("07c", "unquoted variable", Level::Error), Scope::Repo, "scripts/rotate.sh", 31, "$TARGET", ago(300)),
        ruling(
            ("15b", "document older than the code that it covers", Level::Warn),
            Scope::Repo,
            "docs/runbooks/orders.md",
            1,
            "41 days older than deploy/orders.yml",
            ago(2000),
        ),
        ruling(
            ("11b", "image not pinned by digest", Level::Info),
            Scope::Repo,
            "deploy/compose.yml",
            12,
            "nginx:1.27.3",
            ago(2000),
        ),
    ];
    let mut rulings: Vec<Ruling> = rulings;
    rulings[0].is_new = true;
    rulings[0].first_seen = ago(4000);
    rulings[0].history = vec![
        Turn { at: ago(4000), what: What::Seen },
        Turn { at: ago(1200), what: What::Gone },
        Turn { at: ago(3), what: What::Back },
    ];
    rulings[3].finding.status = Status::Unknown;
    rulings[3].finding.observed = "the script cannot be read: unclosed quote".into();
    rulings[4].finding.status = Status::Waived;
    rulings[4].finding.waiver =
        Some(WaiverNote { owner: "ops-a".into(), reason: "rewritten with the migration".into(), expires: Some(now) });
    let facts = CheckFacts {
        why: "A privileged container is root on its host: whoever breaks into it has the machine.".into(),
        precedent: "CIS 5.5, KSV-0017".into(),
        references: vec!["https://docs.docker.com/engine/containers/run/".into()],
    };
    let passed = [("11a", 14), ("11f", 22), ("07c", 9), ("05a", 120), ("15a", 31)];
    let lines = [
        "  dbg:",
        "    image: nginx:1.27.3",
        "    command: sleep infinity",
        "    privileged: true",
        "    environment:",
    ];
    let lines = SourceLines {
        first: 11,
        lines: lines.iter().map(|line| (*line).to_owned()).chain(["      DB_PASSWORD: [redacted]".into()]).collect(),
        marked: Some((14, 14)),
    };
    let news = RuleNews {
        source: "rules/repo".into(),
        root: Some("/srv/infra".into()),
        user: Some("/home/ann/.config/flightdeck/config.toml".into()),
        rulings,
        passed: passed.into_iter().map(|(check, count)| (check.into(), count)).collect(),
        checks: BTreeMap::from([("11f".into(), facts)]),
        preflight: Some(preflight(ago(1500))),
        ..RuleNews::default()
    };
    let lines = RuleLines { key: first().into(), lines };
    vec![Update::Rules(Box::new(news)), Update::RuleLines(Box::new(lines))]
}

/// The list that is gone through before work begins.
fn preflight(last: Timestamp) -> Preflight {
    let item = |(id, title, state, evidence): (&str, &str, State, &str)| Item {
        id: id.into(),
        title: title.into(),
        state,
        evidence: evidence.into(),
    };
    let items = [
        (
            "authority",
            "the authority's documents are there, and as they were locked",
            State::Ok,
            "4 documents in docs/authority/",
        ),
        ("read", "the authority's documents are read", State::Open, "SHA-256 of all of them: 9f86d081884c7d65…"),
        ("changelog", "there is a CHANGELOG", State::Ok, "CHANGELOG.md"),
        ("searched", "existing solutions are searched for", State::Open, "nothing like it is there already"),
        ("placeholders", "no placeholder is left in", State::Violated, "deploy/orders.yml:7: CHANGEME"),
    ];
    let last = Last { at: last, actor: "ops-b".into(), passed: true };
    Preflight { items: items.map(item).into(), documents: Some("9f".repeat(32)), last: Some(last) }
}

/// Name of the first finding.
pub fn first() -> &'static str {
    "11f-deploy/compose.yml:14"
}

fn ruling(
    (check, title, level): (&str, &str, Level),
    scope: Scope,
    place: &str,
    line: u32,
    observed: &str,
    first_seen: Timestamp,
) -> Ruling {
    let finding = Finding {
        check: check.into(),
        fingerprint: format!("{check}-{place}").into(),
        title: title.into(),
        level,
        status: Status::Fail,
        scope,
        resource: place.into(),
        origin: if scope == Scope::Repo { place } else { "prod-eu" }.into(),
        file: (scope == Scope::Repo).then(|| place.into()),
        span: (line > 0).then(|| Span::on_line(line, 5, 10)),
        pointer: None,
        observed: observed.into(),
        expected: String::new(),
        fix: "Take it away, and add the one capability that is needed.".into(),
        owner: Some("team-platform".into()),
        waiver: None,
    };
    Ruling { finding, first_seen, is_new: false, history: Vec::new() }
}
