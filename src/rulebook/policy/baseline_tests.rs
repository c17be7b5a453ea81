//! Tests of the baseline.

use super::*;
use crate::rulebook::report::sample::{finding, live, time};
use proptest::prelude::*;

fn never(_: &str) -> Option<Timestamp> {
    None
}

fn violations(findings: &[Finding]) -> Vec<&str> {
    findings.iter().filter(|finding| finding.is_violation()).map(|finding| finding.observed.as_str()).collect()
}

#[test]
fn old_debt_is_accepted_and_new_refused() {
    let baseline = Baseline::of(&[finding("11a", "a", "1"), finding("11a", "a", "2")]);
    let mut now = vec![
        finding("11a", "a", "3"),
        finding("11a", "a", "2"),
        finding("11a", "a", "1"),
        finding("11a", "b", "1"),
        finding("11f", "a", "1"),
    ];
    baseline.accept(&mut now, &never, &|_| true);
    assert_eq!(violations(&now), ["3", "1", "1"], "what it does not know, another place, another check");
    let note = now[1].waiver.as_ref().expect("a note");
    assert_eq!((note.owner.as_str(), note.expires), ("baseline", None));
}

#[test]
fn of_what_it_does_not_know_the_newest_is_refused() {
    let text = Baseline::of(&[finding("11a", "a", "x"), finding("11a", "a", "y")]).write();
    let mut baseline = Baseline::read(&text).expect("reads");
    baseline.entries[0].fingerprints.clear();
    let mut now = vec![finding("11a", "a", "1"), finding("11a", "a", "2"), finding("11a", "a", "3")];
    let seen = [time("2026-03-01T00:00:00Z"), time("2026-02-01T00:00:00Z"), time("2026-01-01T00:00:00Z")];
    let ids: Vec<_> = now.iter().map(|finding| finding.fingerprint.clone()).collect();
    let first_seen = |id: &str| ids.iter().position(|known| known == id).map(|at| seen[at]);
    baseline.accept(&mut now, &first_seen, &|_| true);
    assert_eq!(violations(&now), ["1"]);
}

#[test]
fn what_could_not_be_judged_leaves_no_room_for_violations() {
    let unknown = |value: &str| Finding { status: Status::Unknown, ..finding("11a", "a", value) };
    let baseline = Baseline::of(&[unknown("1"), unknown("2")]);
    let mut now = vec![finding("11a", "a", "1"), unknown("2")];
    baseline.accept(&mut now, &never, &|_| true);
    assert_eq!((now[0].status, now[1].status), (Status::Fail, Status::Waived));
    assert_eq!(Baseline::of(&now).entries[0].unknown, 1, "and is still that when a baseline is made again");
}

#[test]
fn a_baseline_accepts_nothing_that_a_waiver_does() {
    let mut waived = finding("11a", "a", "1");
    waived.status = Status::Waived;
    waived.waiver =
        Some(WaiverNote { owner: "ada".into(), reason: "r".into(), expires: Some(time("2027-01-01T00:00:00Z")) });
    assert!(Baseline::of(&[waived]).entries().is_empty());
}

#[test]
fn falling_counts_can_be_lowered_where_somebody_looked() {
    let baseline =
        Baseline::of(&[finding("11a", "a", "1"), finding("11a", "a", "2"), live("11f", "container web", "local", "x")]);
    let mut now = vec![finding("11a", "a", "2")];
    baseline.accept(&mut now, &never, &|_| true);
    let told = |scopes: &[Scope]| baseline.lowered(&now, scopes).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(told(&[Scope::Repo]), ["the baseline of 11a in a can be lowered from 2 to 1"]);
    assert_eq!(
        told(&[Scope::Repo, Scope::Docker])[1],
        "the baseline of 11f in local: container web can be lowered from 1 to 0"
    );
}

#[test]
fn the_file_is_stable_and_read_back() {
    let findings = [finding("11f", "b", "1"), live("11a", "container web", "local", "2"), finding("11a", "a", "3")];
    let text = Baseline::of(&findings).write();
    let start = "{\n  \"version\": 1,\n  \"entries\": [\n    {\n      \"check\": \"11a\",\n      \"scope\": \"repo\",\n      \"place\": \"a\",\n      \"fail\": 1,\n      \"fingerprints\": [\n";
    assert!(text.starts_with(start), "{text}");
    assert_eq!(Baseline::read(&text).map(|read| read.write()), Ok(text));
    assert_eq!(Baseline::read("{\"version\": 9, \"more\": 1}"), Err(BaselineError::Version(9)));
    assert!(
        Baseline::read("{")
            .is_err_and(|error| error.to_string().starts_with("this is no baseline (line 1, column 1): "))
    );
    assert!(Baseline::read("{}").is_err() && Baseline::read("[]").is_err());
}

fn any_findings() -> impl Strategy<Value = Vec<Finding>> {
    let one = (0..2_usize, 0..3_usize, 0..4_usize, any::<bool>()).prop_map(|(check, file, value, unknown)| {
        let mut finding = finding(["11a", "11f"][check], ["a", "b", "c"][file], ["1", "2", "3", "4"][value]);
        if unknown {
            finding.status = Status::Unknown;
        }
        finding
    });
    prop::collection::vec(one, 0..25)
}

proptest! {
    #[test]
    fn its_own_findings_are_accepted_all_and_order_does_not_matter(findings in any_findings(), turn in any::<prop::sample::Index>()) {
        let baseline = Baseline::of(&findings);
        let mut turned = findings.clone();
        if !turned.is_empty() {
            let at = turn.index(turned.len());
            turned.rotate_left(at);
        }
        prop_assert_eq!(&Baseline::of(&turned), &baseline);
        baseline.accept(&mut turned, &never, &|_| true);
        prop_assert!(turned.iter().all(|finding| finding.status == Status::Waived));
        prop_assert!(baseline.lowered(&turned, &Scope::ALL).is_empty());
        prop_assert_eq!(&Baseline::of(&turned), &baseline, "made again it is the same");
        prop_assert_eq!(Baseline::read(&baseline.write()), Ok(baseline));
    }

    #[test]
    fn as_many_are_accepted_as_it_counts_and_none_is_lost(old in any_findings(), now in any_findings()) {
        let baseline = Baseline::of(&old);
        let mut settled = now.clone();
        baseline.accept(&mut settled, &never, &|_| true);
        prop_assert_eq!(settled.len(), now.len());
        let count = |list: &[Finding], key: &Key, status| list.iter().filter(|f| super::key(f) == *key && f.status == status).count();
        for key in now.iter().map(super::key).collect::<BTreeSet<_>>() {
            for status in [Status::Fail, Status::Unknown] {
                let (was, is, left) = (count(&old, &key, status), count(&now, &key, status), count(&settled, &key, status));
                prop_assert_eq!(left, is.saturating_sub(was));
            }
        }
    }
}

#[test]
fn what_is_accepted_later_is_counted_to_what_was() {
    let old = [finding("11a", "a", "1"), finding("11a", "a", "2")];
    let mut baseline = Baseline::of(&old[..1]);
    baseline.accept_more([&Accepted::of(&old[1]), &Accepted::of(&finding("11f", "b", "1"))]);
    let mut now = vec![old[0].clone(), old[1].clone(), finding("11a", "a", "3"), finding("11f", "b", "1")];
    baseline.accept(&mut now, &never, &|_| true);
    assert_eq!(violations(&now), ["3"]);
    assert_eq!(Baseline::read(&baseline.write()).as_ref(), Ok(&baseline));
    let mut none = Baseline::none();
    none.accept_more(&[Accepted::of(&old[0])]);
    assert_eq!(none, Baseline::of(&old[..1]));
}
