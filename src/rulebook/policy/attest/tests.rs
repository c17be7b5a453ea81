//! Attestations that hold, expire and are missing.

use super::*;
use crate::rulebook::policy::Policy;

fn stand(text: &str) -> Vec<(State, String)> {
    let policy: Policy = toml::from_str(text).expect("is a policy");
    let tree = Tree::of(&[("proof.txt", "test")]);
    let now = "2026-01-01T00:00:00Z".parse().expect("a time");
    let standings = standings(&policy.require, &policy.attestation, Some(&tree), now);
    standings.into_iter().map(|standing| (standing.state, standing.why)).collect()
}

fn made(more: &str) -> String {
    format!("[[attestation]]\nrule = 2\nby = 'ann'\nrole = 'sre'\nevidence = 'https://x.org/1'\n{more}\n")
}

const HOLDS: &str = "at = '2025-12-01T00:00:00Z'\nexpires = '2026-02-01T00:00:00Z'";

#[test]
fn states_follow_the_time() {
    assert_eq!(stand(&made(HOLDS)), [(State::Valid, String::new())]);
    let over = stand(&made("at = '2025-12-01T00:00:00Z'\nexpires = '2025-12-31T00:00:00Z'"));
    assert_eq!(over, [(State::Expired, "it held until 2025-12-31T00:00:00Z".into())]);
    for times in [
        "at = '2025-12-01T00:00:00Z'\nexpires = 'never'",
        "at = '2025-12-01T00:00:00+02:00'\nexpires = '2027-01-01T00:00:00Z'",
    ] {
        assert_eq!(stand(&made(times))[0].0, State::Expired, "a malformed time is over: {times}");
    }
    assert_eq!(stand(&made("at = '2026-12-01T00:00:00Z'\nexpires = '2027-01-01T00:00:00Z'"))[0].0, State::Missing);
}

#[test]
fn what_is_required_and_not_there_is_missing() {
    let text = format!(
        "[[require]]\nrule = 2\n[[require]]\nrule = 2\nrole = 'cto'\n[[require]]\nrule = 5\nsubject = 'db'\n{}",
        made(HOLDS)
    );
    let states: Vec<State> = stand(&text).into_iter().map(|(state, _)| state).collect();
    assert_eq!(states, [State::Valid, State::Missing, State::Missing]);
}

#[test]
fn nobody_signs_off_for_oneself() {
    let signed = |who: &str| stand(&made(&format!("{HOLDS}\n{who}")).replace("rule = 2", "rule = 14"))[0].0;
    assert_eq!(signed("requested-by = 'bob'"), State::Valid);
    assert_eq!(signed("requested-by = '@Ann'"), State::Missing);
    assert_eq!(signed(""), State::Missing);
}

#[test]
fn a_proof_in_the_tree_is_held_to_its_hash() {
    let with = |hash: &str| stand(&made(&format!("{HOLDS}\n{hash}")).replace("https://x.org/1", "proof.txt"))[0].0;
    assert_eq!(with("sha256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'"), State::Valid);
    assert_eq!(with("sha256 = 'abc'"), State::Expired);
    assert_eq!(with(""), State::Missing);
    assert_eq!(stand(&made(HOLDS).replace("https://x.org/1", "gone.txt"))[0].0, State::Missing);
}
