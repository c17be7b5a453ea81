//! Tests of plans.

use crate::runbook::{
    ask::Answer,
    definition::BUILT_IN,
    plan::{Facts, Plan, questions},
    sample::{
        ROLLBACK, SWITCHOVER, built_in, golden, plan, plan_with, rollback_answers, switchover_answers, variables,
        written,
    },
    target::Target,
};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn rollback() -> Plan {
    plan(&built_in("k8s-rollback"), ROLLBACK, &rollback_answers()).expect("a plan")
}

/// The answers, with one field of one of them changed.
fn changed(id: &str, field: &str, value: Json) -> Vec<(&'static str, Json)> {
    let mut answers = rollback_answers();
    let (_, answer) = answers.iter_mut().find(|(name, _)| *name == id).expect("is asked");
    answer[field] = value;
    answers
}

#[test]
fn plans_are_reported_as_scripts_read_them() {
    golden("k8s-rollback.json", &rollback().report());
    let switchover = plan(&built_in("patroni-switchover"), SWITCHOVER, &switchover_answers()).expect("a plan");
    golden("patroni-switchover.json", &switchover.report());
}

#[test]
fn the_hash_is_of_what_is_done_and_of_what_it_rests_on() {
    let one = rollback();
    let again = rollback();
    assert_eq!(one.plan_hash, again.plan_hash);
    assert!(one.is_intact());
    // What may change while nobody acts is not in it.
    let later = plan(&built_in("k8s-rollback"), ROLLBACK, &changed("rollout", "available", json!(3))).expect("a plan");
    assert_eq!(later.plan_hash, one.plan_hash);
    let other = plan(&built_in("k8s-rollback"), ROLLBACK, &changed("rollout", "template_hash", json!("cccc")));
    assert_ne!(other.expect("a plan").plan_hash, one.plan_hash);
    let given: Vec<_> = ROLLBACK.iter().copied().chain([("settle", "5m")]).collect();
    let other = plan(&built_in("k8s-rollback"), &given, &rollback_answers()).expect("a plan");
    assert_ne!(other.plan_hash, one.plan_hash);
    let mut forged = one;
    forged.target = Target::Fleet;
    assert!(!forged.is_intact());
}

#[test]
fn a_plan_is_kept_as_json_and_is_the_same() {
    let plan = rollback();
    let text = serde_json::to_string(&plan).expect("is written");
    let back: Plan = serde_json::from_str(&text).expect("is read");
    assert_eq!(back, plan);
    assert!(back.is_intact());
}

#[test]
fn steps_that_do_not_apply_are_left_out() {
    let ids = |plan: &Plan| -> Vec<String> {
        let steps = plan.report()["steps"].as_array().cloned().unwrap_or_default();
        steps.iter().filter_map(|step| step["id"].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(ids(&rollback()), ["confirm", "apply", "settled"]);
    let given: Vec<_> = ROLLBACK.iter().copied().chain([("kind", "statefulset"), ("slo", "checkout")]).collect();
    let all = plan(&built_in("k8s-rollback"), &given, &rollback_answers()).expect("a plan");
    assert_eq!(
        ids(&all),
        ["confirm", "apply", "wedged", "is-wedged", "confirm-wedged", "delete-wedged", "settled", "slo"]
    );
}

#[test]
fn a_preflight_that_fails_says_what_and_the_plan_stands() {
    let plan = plan(&built_in("k8s-rollback"), ROLLBACK, &changed("rollout", "paused", json!(true))).expect("a plan");
    let asked = &plan.preflight[0];
    assert_eq!(asked.ok, Some(false));
    assert_eq!(asked.detail, "its rollouts are halted: resume them first (paused is true, not false)");
    let lag = crate::runbook::sample::plan(&built_in("patroni-switchover"), SWITCHOVER, &{
        let mut answers = switchover_answers();
        answers[1].1["lag_bytes"] = json!(73_400_320);
        answers
    });
    let lag = lag.expect("a plan");
    assert!(lag.preflight[1].detail.contains("lag_bytes is 73400320, above 1048576"), "{:?}", lag.preflight[1]);
}

#[test]
fn what_cannot_be_planned_says_why() {
    let definition = built_in("k8s-rollback");
    let why = variables(&definition, &[("context", "x"), ("nmae", "y")]).expect_err("is wrong");
    let all = why.join("\n");
    assert!(all.contains("there is no variable «nmae» (did you mean «name»?)"), "{all}");
    assert!(all.contains("namespace is not given"), "{all}");
    let why = variables(&definition, &[("namespace", "a/../b")]).expect_err("is wrong").join("\n");
    assert!(why.contains("does not fit"), "{why}");
    // A target that is not there.
    let answers = vec![("rollout", json!({ "exists": false }))];
    let why = plan(&definition, ROLLBACK, &answers).expect_err("no plan");
    assert_eq!(why.preflight[0].1, Some(false));
    assert!(why.preflight[0].2.contains("there is no such workload"), "{why}");
    // A cluster that does not answer.
    let why = plan(&definition, ROLLBACK, &[]).expect_err("no plan").to_string();
    assert!(why.contains("nobody answers"), "{why}");
}

#[test]
fn questions_wait_for_the_answers_that_they_need() {
    let definition = built_in("k8s-rollback");
    let variables = variables(&definition, ROLLBACK).expect("are given");
    let asked = |facts: &Facts| -> Vec<String> {
        questions(&definition, &variables, facts).expect("can be asked").into_iter().map(|one| one.id).collect()
    };
    let mut facts = Facts::default();
    assert_eq!(asked(&facts), ["rollout", "to", "owner", "access", "rules"]);
    facts
        .answers
        .extend(rollback_answers().into_iter().take(2).map(|(id, answer)| (id.to_owned(), Answer::Known(answer))));
    assert_eq!(asked(&facts), ["owner", "access", "dry-run", "rules"]);
}

const COMMAND: &str = r#"
title = "x"
about = "x"
[target]
host = { host = "{{host}}" }
[[variable]]
name = "host"
title = "host"
[[step]]
id = "ask"
title = "ask"
timeout = "5s"
command = { argv = ["ping", "{{host}}"] }
changes = false
"#;

#[test]
fn a_value_never_becomes_an_option() {
    let definition = written(COMMAND);
    let why = plan(&definition, &[("host", "-f")], &[]).expect_err("is an option").to_string();
    assert!(why.contains("«-f» would be taken for an option"), "{why}");
    plan(&definition, &[("host", "db-1")], &[]).expect("a plan");
    let behind = COMMAND.replace("\"ping\", ", "\"ping\", \"--\", ");
    plan(&written(&behind), &[("host", "-f")], &[]).expect("a plan");
}

#[test]
fn a_secret_is_in_no_plan() {
    let text = COMMAND
        .replace("[[step]]", "[[variable]]\nname = \"key\"\ntitle = \"key\"\ntype = \"secret\"\n[[step]]")
        .replace("command = {", "command = { environment = { KEY = \"{{key}}\" },");
    let definition = written(&text);
    let values = [("host".to_owned(), json!("db-1"))].into();
    let given = super::settle(&definition, &values, ["key".to_owned()]).expect("are given");
    let plan = super::make(&definition, &given, &Facts::default()).expect("a plan");
    let text = serde_json::to_string(&plan).expect("is written");
    assert!(text.contains(r#"{"secret":"key"}"#), "{text}");
    assert!(super::settle(&definition, &values, []).is_err(), "it has to be given");
}

proptest! {
    /// Whatever systems answer, there is a plan or a reason, and no panic.
    #[test]
    fn any_answers_give_a_plan_or_a_reason(seed in prop::collection::vec(0_u8..6, 40), which in 0..BUILT_IN.len()) {
        let definition = built_in(BUILT_IN[which].0);
        let given: Vec<(String, String)> = definition.variables.iter()
            .filter(|variable| variable.default.is_none())
            .map(|variable| (variable.name.clone(), "x".to_owned()))
            .collect();
        let given: Vec<(&str, &str)> = given.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = |id: &str| {
            let ask = &definition.preflight.iter().find(|one| one.id == id).expect("is asked").ask;
            let fields = ask.fields().iter().enumerate().map(|(index, field)| {
                let value = match seed[(index + id.len()) % seed.len()] {
                    0 => Json::Null,
                    1 => json!(true),
                    2 => json!(false),
                    3 => json!(7),
                    4 => json!("x"),
                    _ => json!(["x", { "y": 1 }]),
                };
                ((*field).to_owned(), value)
            });
            if seed[id.len() % seed.len()] == 0 { Answer::Silent("x".into()) } else { Answer::Known(Json::Object(fields.collect())) }
        };
        match plan_with(&definition, &given, &answer) {
            Ok(plan) => prop_assert!(plan.is_intact()),
            Err(why) => prop_assert!(!why.faults.is_empty() || why.preflight.iter().any(|(_, ok, _)| *ok != Some(true))),
        }
    }
}
