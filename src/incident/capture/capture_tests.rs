//! Tests of what is written down by itself.

use super::*;
use crate::incident::sample::{at, deployment, pod, row};
use crate::model::{
    attention::Severity,
    change::ChangeKind,
    journal::{Body, KnownBy},
    object::{ObjectKind, ObjectRef},
};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn capture() -> Capture {
    Capture::new("bastion-1", Limits::default())
}

fn restart(when: &str, name: &str, count: u32) -> Change {
    let text = format!("pod shop/{name} restarted: exit 1, {count} times so far");
    let mut change = Change::new(at(when), ChangeKind::Restart, Severity::Warn, pod(name), text);
    change.facts.mark = format_compact!("{count}");
    change.facts.owner = Some(deployment("web"));
    change
}

fn said(draft: &Draft) -> String {
    match &draft.body {
        Body::Health { text, .. } | Body::Deploy { text, .. } => text.clone(),
        other => panic!("nothing else is captured: {other:?}"),
    }
}

/// Lets time pass from wake to wake until nothing is due any more, and tells what was written and when.
fn run(capture: &mut Capture, until: &str) -> Vec<(Timestamp, Draft)> {
    let mut told = Vec::new();
    while let Some(wake) = capture.next_wake().filter(|wake| *wake <= at(until)) {
        told.extend(capture.due(wake).into_iter().map(|draft| (wake, draft)));
    }
    told
}

fn texts(told: &[(Timestamp, Draft)]) -> Vec<String> {
    told.iter().map(|(_, draft)| said(draft)).collect()
}

#[test]
fn many_alike_are_one_event_with_a_count() {
    let mut capture = capture();
    for n in 0..12 {
        capture.change(at("02:00:03"), &restart("02:00:02", &format!("web-7d9f-{n:02}"), 4));
        capture.change(at("02:00:03"), &restart("02:00:02", &format!("web-7d9f-{n:02}"), 4));
    }
    assert!(capture.due(at("02:00:05")).is_empty(), "stragglers are waited for");
    let told = run(&mut capture, "02:10");
    assert_eq!(texts(&told), ["12 pods of shop/web restarted"]);
    let (when, draft) = &told[0];
    assert_eq!(*when, at("02:00:12"));
    assert_eq!(
        (draft.occurred_at, draft.incident, draft.object.clone()),
        (at("02:00:02"), None, Some(deployment("web")))
    );
    assert_eq!(draft.actor.known_by, KnownBy::Program);
    let Body::Health { count, members, severity, .. } = &draft.body else { panic!("it is health") };
    assert_eq!((*count, members.len(), *severity), (12, MEMBERS, Severity::Warn));
    assert_eq!(capture.next_wake(), None);
}

#[test]
fn a_few_are_told_one_by_one_with_the_objects_own_mark() {
    let mut capture = capture();
    capture.change(at("02:00:03"), &restart("02:00:02", "web-7d9f-a", 4));
    capture.change(at("02:00:04"), &restart("02:00:03", "web-7d9f-b", 2));
    let told = run(&mut capture, "02:10");
    assert_eq!(texts(&told).len(), 2);
    let keys: Vec<_> = told.iter().map(|(_, draft)| draft.key.clone().unwrap_or_default()).collect();
    assert_eq!(keys[0], "restart//prod-eu/pods/shop/web-7d9f-a/4");
    // The same again, as after a list was read anew.
    capture.change(at("02:05"), &restart("02:00:02", "web-7d9f-a", 4));
    assert!(run(&mut capture, "02:10").is_empty());
}

#[test]
fn a_deploy_says_what_was_and_what_is() {
    let mut capture = capture();
    let text = "deployment shop/checkout: image checkout:1.4.2 → checkout:1.4.3, rev 31";
    let mut change = Change::new(at("02:02"), ChangeKind::Deploy, Severity::Info, deployment("checkout"), text);
    (change.facts.from, change.facts.to) = (Some("checkout:1.4.2".into()), Some("checkout:1.4.3".into()));
    (change.facts.revision, change.facts.mark) = (Some("31".into()), "rev 31".into());
    capture.change(at("02:02"), &change);
    let told = run(&mut capture, "02:10");
    let Body::Deploy { from, to, revision, .. } = &told[0].1.body else { panic!("it is a deploy") };
    assert_eq!(
        (from.as_deref(), to.as_deref(), revision.as_deref()),
        (Some("checkout:1.4.2"), Some("checkout:1.4.3"), Some("31"))
    );
    assert_eq!(told[0].1.key.as_deref(), Some("deploy//prod-eu/deployments.apps/shop/checkout/rev 31"));
}

#[test]
fn a_storm_is_counted_and_never_floods() {
    let mut capture = capture();
    let mut told = Vec::new();
    // One restart of one pod every second, for two minutes.
    for second in 0..120 {
        let when = format!("02:{:02}:{:02}", second / 60, second % 60);
        capture.change(at(&when), &restart(&when, &format!("web-7d9f-{second:03}"), 1));
        told.extend(capture.due(at(&when)).into_iter().map(|draft| (at(&when), draft)));
    }
    told.extend(run(&mut capture, "02:10"));
    let count: u32 =
        told.iter().map(|(_, draft)| if let Body::Health { count, .. } = draft.body { count } else { 0 }).sum();
    assert_eq!(count, 120, "each is counted");
    assert!(told.len() <= 13, "{} events", told.len());
    // The same with single ones that cannot be grouped.
    let limits = Limits { group_from: 1000, ..Limits::default() };
    let mut capture = Capture::new("bastion-1", limits);
    for n in 0..50 {
        capture.change(at("02:00:01"), &restart("02:00:01", &format!("web-7d9f-{n:02}"), 1));
    }
    let told = run(&mut capture, "02:10");
    assert_eq!(told.len(), 7);
    assert_eq!(said(&told[6].1), "44 more pods of shop/web restarted");
    assert_eq!(told[6].0, at("02:01"));
}

fn listed(object: ObjectRef) -> Attention {
    row("deploy", Severity::Error, "01:59", object, "shop/checkout", "2/6 ready: OOM kill")
}

#[test]
fn what_is_raised_and_over_is_told_once_each() {
    let mut capture = capture();
    let rows = [listed(deployment("checkout"))];
    capture.attention(at("02:00:00"), &rows);
    capture.attention(at("02:00:05"), &rows);
    let told = run(&mut capture, "02:05");
    assert_eq!(texts(&told), ["deploy shop/checkout: 2/6 ready: OOM kill"]);
    let Body::Health { check, began, cleared, .. } = &told[0].1.body else { panic!("it is health") };
    assert_eq!((check.as_str(), *began, *cleared), ("check-deploy", Some(at("01:59")), false));
    assert_eq!(told[0].1.occurred_at, at("02:00"), "it happened when it was seen, and had begun before");
    capture.attention(at("02:05:00"), &[]);
    assert_eq!(capture.next_wake(), Some(at("02:05:10")));
    let told = run(&mut capture, "02:10");
    assert_eq!(texts(&told), ["deploy shop/checkout: over"]);
    assert_eq!(told[0].1.occurred_at, at("02:05"));
    assert!(matches!(told[0].1.body, Body::Health { cleared: true, .. }));
}

#[test]
fn what_gets_worse_is_told_again() {
    let mut capture = capture();
    let mut rows =
        [row("disk", Severity::Warn, "02:00", ObjectRef::new(ObjectKind::Mount, "/var"), "/var", "90 % used")];
    capture.attention(at("02:00"), &rows);
    run(&mut capture, "02:05");
    rows[0].condition.cause = "96 % used".into();
    capture.attention(at("02:06"), &rows);
    assert!(run(&mut capture, "02:10").is_empty(), "figures change all the time");
    rows[0].condition.severity = Severity::Error;
    capture.attention(at("02:11"), &rows);
    assert_eq!(texts(&run(&mut capture, "02:15")), ["disk /var: 96 % used"]);
}

#[test]
fn a_row_for_many_is_followed_object_by_object() {
    let mut capture = capture();
    let pods: Vec<_> = (0..5).map(|n| pod(&format!("web-7d9f-{n}"))).collect();
    let mut many =
        row("pod", Severity::Error, "02:00", pods[0].clone(), "shop/web-7d9f-0 and 4 more", "CrashLoopBackOff");
    many.members = pods.clone();
    capture.attention(at("02:00"), &[many.clone()]);
    assert_eq!(texts(&run(&mut capture, "02:05")), ["5 pods of shop: CrashLoopBackOff"]);
    // One of them is well: the others are not told anew.
    many.members.pop();
    capture.attention(at("02:06"), &[many]);
    assert_eq!(texts(&run(&mut capture, "02:10")), ["pod shop/web-7d9f-4: over"]);
}

#[test]
fn what_goes_and_comes_is_told_once() {
    let mut capture = capture();
    let rows = [listed(deployment("checkout"))];
    let mut told = Vec::new();
    // In the list for twenty seconds of every forty, for ten minutes.
    for step in 0..30 {
        let when = at("02:00").checked_add(SignedDuration::from_secs(step * 20)).expect("in range");
        while let Some(wake) = capture.next_wake().filter(|wake| *wake < when) {
            told.extend(capture.due(wake).into_iter().map(|draft| (wake, draft)));
        }
        capture.attention(when, if step % 2 == 0 { &rows } else { &[] });
    }
    told.extend(run(&mut capture, "03:00"));
    assert_eq!(
        texts(&told),
        [
            "deploy shop/checkout: 2/6 ready: OOM kill",
            "deploy shop/checkout: over",
            "deploy shop/checkout: 2/6 ready: OOM kill",
            "deploy shop/checkout: over",
            "deploy shop/checkout: 2/6 ready: OOM kill",
            "deploy shop/checkout: over",
            "deploy shop/checkout goes and comes: 2/6 ready: OOM kill",
            "deploy shop/checkout: over, after it came back 14 times",
        ]
    );
    let keys: BTreeSet<_> = told.iter().map(|(_, draft)| draft.key.clone()).collect();
    assert_eq!(keys.len(), told.len(), "each has a key of its own");
}

#[test]
fn a_gap_that_is_short_is_none() {
    let mut capture = capture();
    let rows = [listed(deployment("checkout"))];
    capture.attention(at("02:00:00"), &rows);
    run(&mut capture, "02:01");
    capture.attention(at("02:02:00"), &[]);
    capture.attention(at("02:02:05"), &rows);
    assert!(run(&mut capture, "02:10").is_empty());
}

#[test]
fn what_comes_another_way_is_not_written_twice() {
    let mut capture = capture();
    for kind in [ChangeKind::Problem, ChangeKind::Cleared, ChangeKind::Operation] {
        capture.change(at("02:00"), &Change::new(at("02:00"), kind, Severity::Error, deployment("web"), "x"));
    }
    assert_eq!(capture.next_wake(), None);
}

#[test]
fn keys_name_what_two_who_look_have_in_common() {
    let keys = |host: &str, context: &str, engine: &str| {
        let mut capture = Capture::new(host, Limits::default());
        capture.know_cluster(context, "uid-1");
        let objects = [
            ObjectRef::in_cluster(ObjectKind::Pod, context, "shop", "web-0"),
            ObjectRef::in_engine(ObjectKind::Container, engine, "abc"),
            ObjectRef::new(ObjectKind::Mount, "/var"),
        ];
        for object in objects {
            capture.change(at("02:00"), &Change::new(at("02:00"), ChangeKind::Observed, Severity::Info, object, "x"));
        }
        let told = run(&mut capture, "02:10");
        told.into_iter().filter_map(|(_, draft)| draft.key).collect::<BTreeSet<_>>()
    };
    let (a, b) = (keys("bastion-1", "prod", "docker"), keys("bastion-2", "prod-eu", "podman"));
    let common: Vec<_> = a.intersection(&b).map(CompactString::as_str).collect();
    let minute = at("02:00").as_second() / 60;
    assert_eq!(common, [format!("seen//container/abc/~{minute}x"), format!("seen//uid-1/pods/shop/web-0/~{minute}x")]);
    assert_eq!((a.len(), b.len()), (3, 3), "what is on two hosts is two things");
}

#[test]
fn secrets_are_not_written() {
    let mut capture = capture();
    let change =
        Change::new(at("02:00"), ChangeKind::Observed, Severity::Info, deployment("web"), "env PASSWORD=hunter2");
    capture.change(at("02:00"), &change);
    let mut rows = [listed(deployment("checkout"))];
    rows[0].condition.cause = "token: abcdef".into();
    capture.attention(at("02:00"), &rows);
    let told = texts(&run(&mut capture, "02:10"));
    assert!(
        told.iter().all(|text| text.contains("[redacted]") && !text.contains("hunter2") && !text.contains("abcdef")),
        "{told:?}"
    );
}

/// What happens: seconds after 02:00, which pod, its count of restarts.
fn happenings() -> impl Strategy<Value = Vec<(i64, u8, u32)>> {
    prop::collection::vec((0..600_i64, 0..20_u8, 1..4_u32), 0..80)
}

fn second(second: i64) -> Timestamp {
    at("02:00").checked_add(SignedDuration::from_secs(second)).expect("in range")
}

fn told(happenings: &[(i64, u8, u32)], delays: &[i64], limits: Limits) -> Vec<(Timestamp, Draft)> {
    let mut capture = Capture::new("bastion-1", limits);
    let delay = |place: usize| delays.get(place % delays.len().max(1)).copied().unwrap_or(0);
    let mut arrivals: Vec<_> =
        happenings.iter().enumerate().map(|(place, what)| (what.0 * 1000 + delay(place), *what)).collect();
    arrivals.sort();
    let mut told = Vec::new();
    for (millis, (happened, name, count)) in arrivals {
        let now = at("02:00").checked_add(SignedDuration::from_millis(millis)).expect("in range");
        while let Some(wake) = capture.next_wake().filter(|wake| *wake <= now) {
            told.extend(capture.due(wake).into_iter().map(|draft| (wake, draft)));
        }
        let mut change = restart("02:00", &format!("web-7d9f-{name:02}"), count);
        change.at = second(happened);
        capture.change(now, &change);
    }
    let text = serde_json::to_string(&capture).expect("writes");
    assert_eq!(serde_json::from_str::<Capture>(&text).expect("reads"), capture);
    told.extend(run(&mut capture, "05:00"));
    told
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn two_who_see_the_same_give_it_the_same_keys(what in happenings(), delays in prop::collection::vec(0..1500_i64, 1..8)) {
        // Without a limit, which counts by each one's own clock.
        let limits = Limits { per_minute: 10_000, ..Limits::default() };
        let keys = |told: Vec<(Timestamp, Draft)>| told.into_iter().filter_map(|(_, draft)| draft.key).collect::<BTreeSet<_>>();
        prop_assert_eq!(keys(told(&what, &[0], limits)), keys(told(&what, &delays, limits)));
    }

    #[test]
    fn never_more_than_so_many_a_minute_and_every_one_counted(what in happenings(), per_minute in 1..5_u32) {
        let limits = Limits { per_minute, ..Limits::default() };
        let told = told(&what, &[0], limits);
        let mut by_minute = std::collections::BTreeMap::<i64, u32>::new();
        let mut counted = 0;
        for (when, draft) in &told {
            *by_minute.entry(when.as_second().div_euclid(60)).or_default() += 1;
            counted += if let Body::Health { count, .. } = draft.body { count } else { 0 };
        }
        prop_assert!(by_minute.values().all(|count| *count <= per_minute), "{:?}", by_minute);
        // The same restart of the same pod in another piece of time is told apart only where it is alone.
        let distinct: BTreeSet<_> = what.iter().map(|(at, name, count)| (at / 10, *name, *count)).collect();
        prop_assert!(counted as usize <= distinct.len());
        let once: BTreeSet<_> = what.iter().map(|(_, name, count)| (*name, *count)).collect();
        prop_assert!(counted as usize >= once.len());
    }

    #[test]
    fn what_is_told_wrong_is_told_over(steps in prop::collection::vec((1..40_i64, any::<bool>(), any::<bool>()), 1..40)) {
        let mut capture = capture();
        let (mut now, mut told) = (0, Vec::new());
        for (seconds, a, b) in steps {
            now += seconds;
            while let Some(wake) = capture.next_wake().filter(|wake| *wake <= second(now)) {
                told.extend(capture.due(wake));
            }
            let rows = [(a, "a"), (b, "b")].into_iter().filter(|(is, _)| *is);
            let rows: Vec<_> = rows.map(|(_, name)| listed(deployment(name))).collect();
            capture.attention(second(now), &rows);
        }
        capture.attention(second(now + 1), &[]);
        told.extend(run(&mut capture, "23:00").into_iter().map(|(_, draft)| draft));
        for name in ["a", "b"] {
            let of: Vec<_> = told.iter().filter(|draft| draft.object == Some(deployment(name))).collect();
            let ends = of.last().is_none_or(|draft| matches!(draft.body, Body::Health { cleared: true, .. }));
            prop_assert!(ends, "{:?}", of.iter().map(|draft| said(draft)).collect::<Vec<_>>());
        }
        prop_assert!(capture.next_wake().is_none());
    }
}
