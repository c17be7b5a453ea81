//! Tests of applying a policy.

use super::*;
use crate::rulebook::policy::catalogue::Catalogue;
use crate::rulebook::report::sample::{METAS, finding, live, time};
use proptest::prelude::*;

fn policy(text: &str) -> Policy {
    let (policy, faults) = Policy::read(text, "f", &[], &Catalogue::of(&METAS));
    assert_eq!(faults, []);
    policy
}

fn settle(text: &str, findings: Vec<Finding>) -> Settled {
    policy(text).settle(findings, &Circumstances::at(time("2026-05-01T00:00:00Z")))
}

fn waiver(rule: &str, target: &str, expires: &str) -> String {
    format!(
        "[[waiver]]\nrule = \"{rule}\"\ntarget = '{target}'\nowner = \"ada\"\nreason = \"moves\"\nexpires = \"{expires}\"\n"
    )
}

#[test]
fn what_is_off_or_excluded_is_left_out_and_levels_are_set() {
    let all = || {
        vec![finding("11a", "a/x.yml", "1"), finding("11f", "b/x.yml", "2"), live("11f", "container web", "local", "3")]
    };
    let kept = |text: &str| -> Vec<String> {
        settle(text, all())
            .findings
            .iter()
            .map(|finding| format!("{} {} {}", finding.check, finding.observed, finding.level.word()))
            .collect()
    };
    assert_eq!(kept(""), ["11a 1 error", "11f 2 block", "11f 3 block"]);
    assert_eq!(kept("[checks.11f]\nenabled = false"), ["11a 1 error"]);
    assert_eq!(kept("[checks.11f]\nlevel = \"warn\"\nexclude = [\"b\"]"), ["11a 1 error", "11f 3 warn"]);
    assert_eq!(kept("exclude = [\"a/\", \"container w*\"]"), ["11f 2 block"]);
    assert_eq!(kept("exclude = [\"local: *\"]"), ["11a 1 error", "11f 2 block"]);
    assert_eq!(kept("[packs]\nenable = [\"docs\"]\n[checks.11a]\nenabled = true"), ["11a 1 error"]);
    assert_eq!(kept("[packs]\nenable = [\"security\"]"), ["11f 2 block", "11f 3 block"]);
}

#[test]
fn owners_come_from_the_policy_then_codeowners_then_labels() {
    let policy = policy("[owners]\n\"a/\" = \"policy\"");
    let mut labelled = live("11f", "container web", "local", "x");
    labelled.owner = Some("label".into());
    let mut both = finding("11a", "b/x", "x");
    both.owner = Some("label".into());
    let findings = vec![finding("11a", "a/x", "x"), both, labelled, finding("11a", "c/x", "x")];
    let at = Circumstances {
        codeowners: &|path| (!path.starts_with('c')).then(|| "codeowners".into()),
        ..Circumstances::at(Timestamp::UNIX_EPOCH)
    };
    let settled = policy.settle(findings, &at);
    let owners: Vec<Option<&str>> = settled.findings.iter().map(|finding| finding.owner.as_deref()).collect();
    assert_eq!(owners, [Some("policy"), Some("codeowners"), Some("label"), None]);
}

#[test]
fn a_waiver_holds_for_its_target_until_its_day() {
    let one = || vec![finding("11f", "deploy/x.yml", "privileged: true")];
    let status = |text: &str| settle(text, one()).findings[0].status;
    let id = one()[0].fingerprint.clone();
    for target in ["deploy/x.yml", "deploy/*", "deploy/", "**", "service web", "service *", &id] {
        assert_eq!(status(&waiver("11f", target, "2026-05-01")), Status::Waived, "{target}");
    }
    assert_eq!(status(&waiver("11", "**", "2026-05-01T00:00:00Z")), Status::Waived, "to the very second");
    for target in ["x.yml", "deploy", "*.yml", "service", "web", "local: service web"] {
        assert_eq!(status(&waiver("11f", target, "2026-05-01")), Status::Fail, "{target}");
    }
    assert_eq!(status(&waiver("11a", "**", "2026-05-01")), Status::Fail, "another check");
    let itself = Finding { resource: "deploy/x.yml".into(), origin: "deploy/x.yml".into(), ..one()[0].clone() };
    for (target, waived) in [("*.yml", false), ("deploy/*.yml", true), ("*", false)] {
        let told = settle(
            &waiver("11f", target, "2026-05-01"),
            vec![itself.clone(), Finding { file: None, ..itself.clone() }],
        );
        let expected = if waived { Status::Waived } else { Status::Fail };
        assert!(told.findings.iter().all(|finding| finding.status == expected), "{target}");
    }
    let note = settle(&waiver("11f", "**", "2026-05-01"), one()).findings[0].waiver.clone().expect("a note");
    assert_eq!(
        (note.owner.as_str(), note.reason.as_str(), note.expires),
        ("ada", "moves", Some(time("2026-05-01T23:59:59Z")))
    );
    let cluster =
        vec![live("11f", "Deployment shop/web", "prod", "x"), live("11f", "Deployment shop/web", "test", "x")];
    let settled = settle(&waiver("11f", "prod: Deployment shop/*", "2027-01-01"), cluster);
    assert_eq!(
        settled.findings.iter().map(|finding| finding.status).collect::<Vec<_>>(),
        [Status::Waived, Status::Fail]
    );
}

#[test]
fn an_expired_waiver_waives_nothing_and_says_so() {
    let one = || vec![finding("11f", "a", "privileged: true")];
    let told = |text: &str| {
        let settled = settle(text, one());
        assert_eq!((settled.findings[0].status, &settled.findings[0].waiver), (Status::Fail, &None));
        (settled.findings[0].observed.clone(), settled.waivers[0].to_string())
    };
    let (observed, waivers) = told(&waiver("11f", "a", "2026-04-30"));
    assert_eq!(observed, "privileged: true (waiver of 11f expired on 2026-04-30)");
    assert_eq!(waivers, "f:1:1: waiver of 11f for «a» (ada) expired on 2026-04-30; 1 of its findings are still there");
    let (observed, waivers) = told(&waiver("11f", "a", "30.4.2027"));
    assert_eq!(observed, "privileged: true (waiver of 11f counts as expired: its date «30.4.2027» cannot be read)");
    assert!(
        waivers.ends_with("counts as expired: «30.4.2027» is no date: write 2026-12-31 or 2026-12-31T12:00:00Z"),
        "{waivers}"
    );
    let both = format!("{}{}", waiver("11f", "a", "2026-04-30"), waiver("11", "a", "2026-06-01"));
    assert_eq!(settle(&both, one()).findings[0].observed, "privileged: true", "another one holds");
}

#[test]
fn waivers_that_lack_something_waive_nothing_however_they_came() {
    let mut policy = Policy::default();
    for at in 0..5 {
        let mut words = ["11f", "a", "ada", "moves", "2099-01-01"].map(String::from);
        words[at].clear();
        let [rule, target, owner, reason, expires] = words;
        policy.waivers.push(Waiver { rule, target, owner, reason, expires, ..Waiver::default() });
    }
    let settled = policy.settle(vec![finding("11f", "a", "x")], &Circumstances::at(time("2026-05-01T00:00:00Z")));
    assert_eq!((settled.findings[0].status, settled.findings[0].observed.as_str()), (Status::Fail, "x"));
    assert!(settled.waivers.iter().all(|used| used.standing == Standing::Incomplete));
    assert!(settled.waivers[3].to_string().ends_with("waives nothing: it lacks reason"));
}

#[test]
fn waivers_are_listed_with_what_came_of_them() {
    let text = format!("{}{}", waiver("11f", "a", "2027-01-01"), waiver("11a", "gone.yml", "2027-01-01"));
    let settled = settle(&text, vec![finding("11f", "a", "1"), finding("11f", "a", "2")]);
    let told: Vec<(bool, String)> = settled.waivers.iter().map(|used| (used.is_notable(), used.to_string())).collect();
    assert_eq!(told[0], (false, "f:1:1: waiver of 11f for «a» (ada) waives 2 until 2027-01-01".into()));
    assert_eq!(
        told[1],
        (
            true,
            "f:7:1: waiver of 11a for «gone.yml» (ada) waived nothing in this run: remove it if that stays so".into()
        )
    );
}

#[test]
fn a_repository_waives_nothing_that_the_user_blocks() {
    let repository = || {
        policy(&format!(
            "exclude = [\"**\"]\n[checks.11f]\nlevel = \"info\"\nexclude = [\"**\"]\n{}",
            waiver("11", "**", "2099-01-01")
        ))
    };
    let findings = || vec![finding("11f", "a", "x"), finding("11a", "a", "x")];
    let at = Circumstances::at(time("2026-05-01T00:00:00Z"));
    let settled = repository().over(policy("[checks.11f]\nlevel = \"block\"")).settle(findings(), &at);
    assert_eq!(settled.findings.len(), 1, "the other one is excluded");
    assert_eq!((settled.findings[0].status, settled.findings[0].level), (Status::Fail, Level::Block));
    assert_eq!(settled.waivers[0].standing, Standing::Overruled);
    let user = policy(&format!("[checks.11f]\nlevel = \"block\"\n{}", waiver("11f", "a", "2099-01-01")));
    let settled = repository().over(user).settle(findings(), &at);
    assert_eq!(settled.findings[0].status, Status::Waived, "the user's own waiver counts");
    assert_eq!(
        settled.waivers.iter().map(|used| (used.standing, used.matched)).collect::<Vec<_>>(),
        [(Standing::Valid, 1), (Standing::Overruled, 0)]
    );
}

#[test]
fn the_baseline_comes_after_the_waivers() {
    let debt = vec![finding("11a", "a", "1"), finding("11a", "a", "2")];
    let baseline = Baseline::of(&debt);
    let at = Circumstances { baseline: Some(&baseline), ..Circumstances::at(time("2026-05-01T00:00:00Z")) };
    let policy = policy(&waiver("11a", &debt[0].fingerprint, "2027-01-01"));
    let mut now = debt;
    now.push(finding("11a", "a", "3"));
    let settled = policy.settle(now, &at);
    let notes: Vec<Option<&str>> =
        settled.findings.iter().map(|finding| Some(finding.waiver.as_ref()?.owner.as_str())).collect();
    assert_eq!(notes, [Some("ada"), Some("baseline"), Some("baseline")], "by count");
    assert!(settled.lowered.is_empty());
}

proptest! {
    #[test]
    fn order_does_not_matter_and_nothing_is_waived_without_a_note(
        picks in prop::collection::vec((0..3_usize, 0..3_usize, 0..3_usize), 0..20), turn in any::<prop::sample::Index>(),
    ) {
        let text = format!("{}{}", waiver("11f", "a", "2099-01-01"), waiver("11", "b", "2020-01-01"));
        let findings: Vec<Finding> = picks
            .iter()
            .map(|(check, file, value)| finding(["11a", "11b", "11f"][*check], ["a", "b", "c"][*file], ["1", "2", "3"][*value]))
            .collect();
        let mut turned = findings.clone();
        if !turned.is_empty() {
            let at = turn.index(turned.len());
            turned.rotate_left(at);
        }
        let key = |finding: &Finding| (finding.fingerprint.clone(), finding.status, finding.observed.clone());
        let mut one: Vec<_> = settle(&text, findings.clone()).findings.iter().map(key).collect();
        let mut other: Vec<_> = settle(&text, turned).findings.iter().map(key).collect();
        one.sort();
        other.sort();
        prop_assert_eq!(one.len(), findings.len());
        prop_assert_eq!(one, other);
        for finding in settle(&text, findings).findings {
            prop_assert_eq!(finding.status == Status::Waived, finding.waiver.is_some());
        }
    }
}

#[test]
fn a_repositorys_own_baseline_accepts_nothing_that_the_user_blocks() {
    let both = policy("").over(policy("[checks.11f]\nlevel = \"block\"\n"));
    let found = || vec![finding("11f", "a.yml", "1"), finding("11a", "a.yml", "1")];
    let baseline = Baseline::of(&found());
    let status = |is_own_baseline| {
        let at = Circumstances {
            baseline: Some(&baseline),
            is_own_baseline,
            ..Circumstances::at(time("2026-05-01T00:00:00Z"))
        };
        both.settle(found(), &at).findings.into_iter().map(|finding| finding.status).collect::<Vec<_>>()
    };
    assert_eq!(status(false), [Status::Waived, Status::Waived], "who asks with one has the word");
    assert_eq!(status(true), [Status::Fail, Status::Waived]);
}

#[test]
fn what_a_waiver_would_name_is_counted_before() {
    let all = [finding("11f", "a/x.yml", "1"), finding("11f", "a/y.yml", "2"), finding("11a", "a/x.yml", "1")];
    let count = |rule: &str, target: &str| {
        covered(&Waiver { rule: rule.into(), target: target.into(), ..Waiver::default() }, all.iter())
    };
    assert_eq!((count("11f", "a/x.yml"), count("11f", "a/"), count("11", "**"), count("11f", "b")), (1, 2, 3, 0));
    assert_eq!(count("11f", &all[0].fingerprint), 1);
}
