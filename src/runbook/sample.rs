//! Runbooks, facts and plans for tests.

use super::{
    ask::Answer,
    definition::{Catalogue, Definition, Layer},
    plan::{Facts, Plan, Unplanned, Variables, make, questions, settle},
};
use crate::model::{Timestamp, journal::Actor};
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, sync::LazyLock};

/// A point in time that tests begin at.
pub fn start() -> Timestamp {
    "2026-11-23T02:00:00Z".parse().expect("a time")
}

/// Somebody, logged in from somewhere of their own.
pub fn person(name: &str) -> Actor {
    Actor { name: name.into(), from: Some(format!("{name}'s terminal").into()), ..Actor::default() }
}

/// A runbook that comes with the program.
pub fn built_in(name: &str) -> Definition {
    static ALL: LazyLock<Catalogue> = LazyLock::new(Catalogue::built_in);
    ALL.find(name).expect("is sound").clone()
}

/// A runbook that a test has written.
pub fn written(text: &str) -> Definition {
    let mut catalogue = Catalogue::default();
    catalogue.add(Layer::User, "sample.toml", text);
    catalogue.find("sample").expect("is sound").clone()
}

/// Variables as they are given on the command line.
pub fn variables(definition: &Definition, given: &[(&str, &str)]) -> Result<Variables, Vec<String>> {
    let parsed: Result<BTreeMap<_, _>, _> = given
        .iter()
        .map(|(name, text)| {
            let value = definition.variable(name).map_or_else(|| Ok(json!(text)), |variable| variable.parse(text));
            value.map(|value| ((*name).to_owned(), value))
        })
        .collect();
    settle(definition, &parsed.map_err(|why| vec![why])?, [])
}

/// A plan, with these answers to the preflight questions. Every question is asked as the house asks: those that can be asked, until none
/// is left.
pub fn plan(definition: &Definition, given: &[(&str, &str)], answers: &[(&str, Json)]) -> Result<Plan, Unplanned> {
    plan_with(definition, given, &|id| {
        let found = answers.iter().find(|(name, _)| *name == id);
        found.map_or_else(|| Answer::Silent("nobody answers".into()), |(_, answer)| Answer::Known(answer.clone()))
    })
}

/// A plan, with answers from anywhere.
pub fn plan_with(
    definition: &Definition,
    given: &[(&str, &str)],
    answer: &dyn Fn(&str) -> Answer,
) -> Result<Plan, Unplanned> {
    let variables = variables(definition, given).map_err(|faults| Unplanned { faults, preflight: Vec::new() })?;
    let mut facts = Facts::default();
    loop {
        let open = questions(definition, &variables, &facts)?;
        if open.is_empty() {
            return make(definition, &variables, &facts);
        }
        facts.answers.extend(open.into_iter().map(|question| {
            let answer = answer(&question.id);
            (question.id, answer)
        }));
    }
}

/// What is given to the rollback of a Deployment.
pub const ROLLBACK: &[(&str, &str)] = &[("context", "prod-eu"), ("namespace", "shop"), ("name", "checkout")];

/// What a cluster says of a stuck rollout of a Deployment.
pub fn rollback_answers() -> Vec<(&'static str, Json)> {
    let rollout = json!({
        "exists": true, "uid": "u-1", "resource_version": "900", "generation": 31, "observed_generation": 31, "paused": false,
        "desired": 6, "updated": 4, "total": 8, "available": 2, "ready": 2, "revision": 31, "previous_revision": 30, "revisions": 5,
        "template_hash": "aaaa", "deadline_exceeded": true, "failing": 0, "stuck": true, "images": ["registry/checkout:1.4.3"], "managed_by": null,
    });
    let to = json!({
        "exists": true, "revision": 30, "images": ["registry/checkout:1.4.2"], "is_current": false, "template_hash": "bbbb",
        "asked_for_seconds": 532_800, "age_seconds": 600_000, "change_cause": null,
        "was": "registry/checkout:1.4.2; it was asked for during 6d 4h",
    });
    vec![
        ("rollout", rollout.clone()),
        ("to", to),
        ("owner", rollout),
        ("access", json!({ "allowed": true, "reason": null })),
        ("dry-run", json!({ "accepted": true, "reason": null, "diff": "- image: 1.4.3\n+ image: 1.4.2" })),
        ("rules", json!({ "clear": true, "reason": null, "blocking": [], "burn_rate": null, "firing": [] })),
    ]
}

/// What is given to a switchover.
pub const SWITCHOVER: &[(&str, &str)] =
    &[("endpoint", "http://127.0.0.1:8008"), ("candidate", "n2"), ("server", "postgres://127.0.0.1:5432")];

/// What a cluster of three says.
pub fn switchover_answers() -> Vec<(&'static str, Json)> {
    let cluster = json!({
        "scope": "pg-orders", "system_id": "7001", "leader": "n1", "leaders": 1, "members": 3, "replicas": 2, "streaming": 2,
        "timeline": 4, "timelines": 1, "max_lag_bytes": 0, "paused": false, "scheduled": false, "best_candidate": "n2",
    });
    let candidate = json!({
        "exists": true, "is_ready": true, "lag_bytes": 0, "timeline": 4, "is_sync": false, "no_failover": false,
        "rpo": "nothing: it has received all that was written", "reason": null,
    });
    vec![
        ("cluster", cluster),
        ("candidate-state", candidate),
        ("rules", json!({ "clear": true, "reason": null, "blocking": [], "burn_rate": null, "firing": [] })),
    ]
}

/// Compares JSON with what is kept in `golden/`; `UPDATE_GOLDEN=1 cargo test --lib runbook` keeps it anew: look at what git shows then.
pub fn golden(name: &str, found: &Json) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/runbook/golden").join(name);
    let found = serde_json::to_string_pretty(found).expect("is written") + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().expect("has a folder")).expect("is made");
        std::fs::write(&path, &found).expect("is written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == found, "{} is not what it was:\n{found}", path.display());
}
