//! Tests of comparing runs.

use super::*;
use crate::rulebook::report::sample::{finding, live, time};
use proptest::prelude::*;

const FIRST: &str = "2026-01-01T00:00:00Z";
const SECOND: &str = "2026-02-01T00:00:00Z";

fn values(list: &[Stored]) -> Vec<String> {
    list.iter().map(|stored| format!("{} {}", stored.check, stored.first_seen)).collect()
}

#[test]
fn what_differs_is_told_and_ages_are_kept() {
    let old = [
        finding("11a", "a", "1"),
        finding("11a", "a", "2"),
        finding("11f", "a", "3"),
        live("11b", "container web", "local", "4"),
    ];
    let first = StoredRun::of(&old, None, time(FIRST), &|_| true);
    let mut now = vec![finding("11a", "a", "1"), finding("11f", "a", "3"), finding("11b", "a", "5")];
    now[1].status = Status::Waived;
    let was_seen = |stored: &Stored| stored.scope == Scope::Repo;
    let compared = Comparison::of(&first, &now, time(SECOND), &was_seen);
    assert_eq!(values(&compared.new), [format!("11b {SECOND}")]);
    assert_eq!(values(&compared.gone), [format!("11a {FIRST}")]);
    assert_eq!(values(&compared.unchanged), [format!("11a {FIRST}")]);
    assert_eq!(
        (compared.changed.len(), compared.changed[0].0, compared.changed[0].1.status),
        (1, Status::Fail, Status::Waived)
    );
    assert_eq!(values(&compared.unseen), [format!("11b {FIRST}")], "not looked at");
    let changes = compared.changes();
    let of = |finding: &Finding| changes.get(finding.fingerprint.as_str()).copied();
    assert_eq!(
        now.iter().map(of).collect::<Vec<_>>(),
        [Some(Change::Unchanged), Some(Change::Changed), Some(Change::New)]
    );

    let second = StoredRun::of(&now, Some(&first), time(SECOND), &was_seen);
    let ages = second.first_seen();
    assert_eq!(second.findings.len(), 4, "what was not looked at is kept");
    assert_eq!(ages[&now[0].fingerprint], time(FIRST));
    assert_eq!(ages[&now[2].fingerprint], time(SECOND));
    assert_eq!(ages[&old[3].fingerprint], time(FIRST));
    assert!(!ages.contains_key(&old[1].fingerprint));
}

#[test]
fn one_fingerprint_may_stand_several_times() {
    let one = finding("11a", "a", "1");
    let first = StoredRun::of(&[one.clone(), one.clone()], None, time(FIRST), &|_| true);
    let waived = Finding { status: Status::Waived, ..one.clone() };
    let compared = Comparison::of(&first, &[waived, one.clone(), one], time(SECOND), &|_| true);
    assert_eq!(
        (compared.unchanged.len(), compared.changed.len(), compared.new.len(), compared.gone.len()),
        (2, 0, 1, 0)
    );
}

#[test]
fn the_file_is_read_back() {
    let run = StoredRun::of(
        &[finding("11a", "a", "1"), live("11f", "container web", "local", "2")],
        None,
        time(FIRST),
        &|_| true,
    );
    assert_eq!(StoredRun::read(&run.write()), Ok(run));
    assert_eq!(StoredRun::read("{\"version\": 2}"), Err(StoredRunError::Version(2)));
    assert!(
        StoredRun::read("{\"version\": 1}")
            .is_err_and(|error| error.to_string().starts_with("this is no stored run (line 1"))
    );
}

fn any_findings() -> impl Strategy<Value = Vec<Finding>> {
    let one = (0..2_usize, 0..4_usize, 0..3_usize).prop_map(|(file, value, status)| {
        let mut finding = finding("11a", ["a", "b"][file], ["1", "2", "3", "4"][value]);
        finding.status = [Status::Fail, Status::Unknown, Status::Waived][status];
        finding
    });
    prop::collection::vec(one, 0..20)
}

proptest! {
    #[test]
    fn nothing_is_lost_and_order_does_not_matter(
        old in any_findings(), now in any_findings(), turn in any::<prop::sample::Index>(), seen in any::<bool>(),
    ) {
        let before = StoredRun::of(&old, None, time(FIRST), &|_| true);
        let compared = Comparison::of(&before, &now, time(SECOND), &|_| seen);
        let kept = compared.unchanged.len() + compared.changed.len();
        prop_assert_eq!(kept + compared.new.len(), now.len());
        prop_assert_eq!(kept + compared.gone.len() + compared.unseen.len(), old.len());
        let mut turned = now.clone();
        if !turned.is_empty() {
            let at = turn.index(turned.len());
            turned.rotate_left(at);
        }
        prop_assert_eq!(&Comparison::of(&before, &turned, time(SECOND), &|_| seen), &compared);
        let stored = StoredRun::of(&turned, Some(&before), time(SECOND), &|_| seen);
        prop_assert_eq!(stored.findings.len(), now.len() + compared.unseen.len());
        prop_assert_eq!(StoredRun::read(&stored.write()), Ok(stored));
        let same = Comparison::of(&before, &old, time(SECOND), &|_| seen);
        prop_assert_eq!((same.unchanged.len(), same.new.len(), same.changed.len()), (old.len(), 0, 0));
    }
}
