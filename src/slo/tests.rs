//! Numbers that were worked out by hand, and definitions that are wrong in every way.

use super::*;
use crate::model::{
    Timestamp,
    attention::Severity,
    duration,
    slo::{Reading, Slo, Urgency},
};
use proptest::prelude::*;

const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;

fn at() -> Timestamp {
    Timestamp::from_second(1_000_000).expect("in range")
}

fn file(target: &str, period: &str, part: &str) -> String {
    format!(
        "[[slo]]\nname = \"checkout\"\ntarget = {target}\ntimeWindow = \"{period}\"\n\
         ratioMetric.{part} = 'sum(increase(requests_total{{code=~\"5..\"}}[{{{{window}}}}]))'\nratioMetric.total = 'requests_total{{job=\"shop\"}}'\n"
    )
}

fn definition(target: &str, period: &str, part: &str) -> Definition {
    let (mut all, problems) = read("slo.toml", &file(target, period, part));
    assert_eq!(problems, []);
    all.pop().expect("one")
}

fn counts(part: f64, total: f64) -> Counts {
    Counts { part: Ok(Some(part)), total: Ok(Some(total)) }
}

/// Judged by (bad, total) of some windows; the others are idle.
fn judged(definition: &Definition, told: &[(u64, f64, f64)]) -> Slo {
    let of = |seconds: u64| {
        let known = told.iter().find(|(window, ..)| *window == seconds);
        let counts = known.map_or_else(|| counts(0.0, 0.0), |(_, bad, total)| counts(*bad, *total));
        (seconds, Some((at(), counts)))
    };
    let asked: Vec<_> = definition.windows().into_iter().map(of).collect();
    judge(definition, "prod", &asked)
}

fn near(value: Option<f64>, expected: f64) {
    assert!(
        value.is_some_and(|value| (value - expected).abs() < 1e-6 * expected.abs().max(1.0)),
        "{value:?} {expected}"
    );
}

#[test]
fn burn_and_budget_by_hand() {
    let definition = definition("0.999", "30d", "bad");
    assert_eq!(definition.windows(), [300, 1_800, HOUR, 2 * HOUR, 6 * HOUR, DAY, 3 * DAY, 30 * DAY]);
    let slo = judged(
        &definition,
        &[
            // 16 of 800 are 2 %, twenty times the 0.1 % that are allowed.
            (300, 16.0, 800.0),
            // 150 of 10,000 are 1.5 %: a burn of 15, above 14.4.
            (HOUR, 150.0, 10_000.0),
            // 180 of 60,000 are 0.3 %: a burn of 3, below 6.
            (6 * HOUR, 180.0, 60_000.0),
            (1_800, 75.0, 5_000.0),
            // 3,600 of 7,200,000 are 0.05 %: half the budget is gone.
            (30 * DAY, 3_600.0, 7_200_000.0),
        ],
    );
    let thresholds: Vec<_> =
        slo.pairs.iter().map(|pair| (pair.urgency, (pair.threshold * 1e6).round() / 1e6)).collect();
    assert_eq!(
        thresholds,
        [(Urgency::Page, 14.4), (Urgency::Page, 6.0), (Urgency::Ticket, 3.0), (Urgency::Ticket, 1.0)]
    );
    near(slo.pairs[0].long_burn, 15.0);
    near(slo.pairs[0].short_burn, 20.0);
    near(slo.pairs[1].long_burn, 3.0);
    assert!(slo.pairs[0].fires() && !slo.pairs[1].fires());
    near(slo.budget_left, 0.5);
    // Half of 30 d at 15 times the pace: 30 d · 0.5 / 15 = 1 d.
    near(slo.exhausted_in_seconds, 86_400.0);
    assert_eq!(slo.severity(), Some(Severity::Critical));
    assert_eq!(slo.words(), "burning 15.0× over 1h, page at 14.4×, 50 % of the budget left, gone in 1d");
    assert_eq!(slo.warnings, [""; 0]);
}

#[test]
fn both_windows_of_a_pair_have_to_exceed() {
    let definition = definition("0.99", "30d", "bad");
    // The hour is bad, and it is over: a burn of 20 against 14.4, and of 1 in the last five minutes.
    let over = judged(&definition, &[(HOUR, 200.0, 1_000.0), (300, 1.0, 100.0)]);
    assert_eq!((over.firing(), over.severity()), (None, None));
    // It has only begun: a burn of 30, and of 5 over the hour.
    let begun = judged(&definition, &[(HOUR, 50.0, 1_000.0), (300, 30.0, 100.0)]);
    assert_eq!(begun.firing(), None);
    // A ticket: 4 % and 5 % are burns of 4 and 5, above 3.
    let slow = judged(&definition, &[(DAY, 40.0, 1_000.0), (2 * HOUR, 5.0, 100.0), (30 * DAY, 1.0, 1_000.0)]);
    assert_eq!(
        (slow.firing().map(|pair| pair.urgency), slow.severity()),
        (Some(Urgency::Ticket), Some(Severity::Warn))
    );
    // 0.9 of the budget at a burn of 4: 30 d · 0.9 / 4 = 6.75 d.
    near(slow.exhausted_in_seconds, 583_200.0);
}

#[test]
fn an_overspent_budget_is_said() {
    let slo = judged(&definition("0.99", "30d", "bad"), &[(30 * DAY, 30.0, 1_000.0), (HOUR, 0.0, 10.0)]);
    near(slo.budget_left, -2.0);
    assert_eq!((slo.exhausted_in_seconds, slo.severity()), (None, Some(Severity::Error)));
    assert_eq!(slo.words(), "burn 0.0× over 1h, budget overspent by 200 %");
    // 45 bad events of a million in the period, of 1,000 that 99.9 % allow: 4.5 % of the budget.
    near(spent(0.999, 45.0, 1_000_000.0), 0.045);
    assert_eq!(spent(0.999, 1.0, 0.0), None);
}

#[test]
fn thresholds_follow_the_period() {
    let thresholds = |definition: &Definition| {
        let slo = judged(definition, &[]);
        (slo.pairs.iter().map(|pair| (pair.threshold * 1_000.0).round() / 1_000.0).collect::<Vec<_>>(), slo)
    };
    // 90 d: 0.02 · 2,160 h = 43.2, 0.05 · 360 = 18, 0.1 · 90 = 9, 0.1 · 30 = 3.
    let (quarter, slo) = thresholds(&definition("0.999", "90d", "bad"));
    assert_eq!((quarter, slo.warnings.len()), (vec![43.2, 18.0, 9.0, 3.0], 0));
    // 7 d: 0.02 · 168 = 3.36, 0.05 · 28 = 1.4, and 0.7 and 0.233 are no danger.
    let (week, slo) = thresholds(&definition("0.999", "7d", "bad"));
    assert_eq!(week, [3.36, 1.4]);
    assert_eq!(
        slo.warnings,
        [
            "the windows 1d & 2h are left out: their threshold of 0.70 is no danger",
            "the windows 3d & 6h are left out: their threshold of 0.23 is no danger"
        ]
    );
    // A target of 90 % burns at 10 at most, so 14.4 is never reached.
    let (_, slo) = thresholds(&definition("0.9", "30d", "bad"));
    assert_eq!(slo.pairs.iter().map(|pair| pair.is_reachable).collect::<Vec<_>>(), [false, true, true, true]);
    assert_eq!(
        slo.warnings,
        ["the windows 1h & 5m can never fire: a target of 90 % burns at 10.0 at most, the threshold is 14.4"]
    );
    let down = judged(&definition("0.9", "30d", "bad"), &[(HOUR, 10.0, 10.0), (300, 1.0, 1.0)]);
    assert!(!down.pairs[0].fires());
}

#[test]
fn absent_is_not_zero_and_idle_is_not_good() {
    let bad = definition("0.99", "30d", "bad");
    let read = |part, total| bad.reading(&Counts { part, total });
    assert_eq!(read(Ok(None), Ok(Some(10.0))), Reading::Absent("bad".into()));
    assert_eq!(read(Ok(Some(1.0)), Ok(None)), Reading::Absent("total".into()));
    assert_eq!(read(Ok(None), Ok(Some(0.0))), Reading::Idle);
    assert_eq!(read(Ok(Some(f64::NAN)), Ok(Some(f64::NAN))), Reading::Idle);
    assert_eq!(read(Ok(Some(1.0)), Err("no answer".into())), Reading::Failed("total: no answer".into()));
    assert!(matches!(read(Ok(Some(f64::INFINITY)), Ok(Some(1.0))), Reading::Failed(_)));
    // Extrapolation makes a part larger than the whole.
    assert_eq!(read(Ok(Some(10.4)), Ok(Some(10.0))), Reading::Events { bad: 10.0, total: 10.0 });
    let good = definition("0.99", "30d", "good");
    assert_eq!(good.reading(&counts(97.0, 100.0)), Reading::Events { bad: 3.0, total: 100.0 });
    assert_eq!(good.reading(&counts(100.2, 100.0)), Reading::Events { bad: 0.0, total: 100.0 });
    let slo =
        judge(&bad, "prod", &[(30 * DAY, Some((at(), Counts { part: Ok(None), total: Ok(Some(9.0)) }))), (300, None)]);
    assert_eq!((slo.budget_left, slo.severity()), (None, Some(Severity::Unknown)));
    assert!(slo.words().contains("absent is not zero"), "{}", slo.words());
    let idle = judged(&bad, &[]);
    assert_eq!((idle.severity(), idle.words().as_str()), (None, "no events yet to judge"));
}

#[test]
fn few_events_are_not_judged() {
    let (mut all, problems) = read("slo.toml", &format!("{}minEvents = 50\n", file("0.99", "30d", "bad")));
    assert_eq!(problems, []);
    let definition = all.pop().expect("one");
    // One failure of two requests at night would be a burn of 50.
    let slo = judged(&definition, &[(HOUR, 1.0, 2.0), (300, 1.0, 1.0)]);
    assert_eq!(slo.firing(), None);
    let hour = slo.windows.iter().find(|window| window.seconds == HOUR).expect("there");
    assert_eq!(hour.reading, Reading::Few { bad: 1.0, total: 2.0, least: 50.0 });
    assert_eq!(hour.reading.obstacle().as_deref(), Some("2 events, 50 are asked for"));
}

#[test]
fn questions_carry_the_window() {
    let [part, total] = definition("0.99", "30d", "bad").questions(HOUR);
    assert_eq!(part.expression, "sum(increase(requests_total{code=~\"5..\"}[1h]))");
    assert_eq!(total.expression, "sum(increase(requests_total{job=\"shop\"}[1h]))");
    for (seconds, text) in [(300, "5m"), (30 * DAY, "30d"), (90, "90s"), (5_400, "90m"), (36 * HOUR, "36h")] {
        assert_eq!(duration::prometheus(seconds), text);
        assert_eq!(duration::seconds(text), Some(seconds));
    }
    assert_eq!(
        (duration::seconds("1M"), duration::seconds("1h30m"), duration::seconds("4w")),
        (Some(30 * DAY), Some(5_400), Some(28 * DAY))
    );
    for text in ["", "30", "d", "1x", "-1d", "0d", "99999999999999999999d"] {
        assert_eq!(duration::seconds(text), None, "{text}");
    }
}

const OPENSLO: &str = "\
apiVersion: openslo/v1
kind: SLI
metadata: {name: answers}
spec:
  ratioMetric:
    counter: true
    good:
      metricSource: {type: Prometheus, metricSourceRef: prod, spec: {query: 'requests_total{code!~\"5..\"}'}}
    total:
      metricSource: {type: prometheus, spec: {query: 'sum(increase(requests_total[{{ .window }}]))'}}
---
apiVersion: openslo/v1
kind: Service
metadata: {name: shop}
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: checkout
  displayName: Checkout
  annotations: {flightdeck/minEvents: \"25\"}
spec:
  service: shop
  indicatorRef: answers
  budgetingMethod: Occurrences
  timeWindow: [{duration: 28d, isRolling: true}]
  objectives:
    - target: 0.999
    - {displayName: strict, targetPercent: 99.99}
";

#[test]
fn openslo_is_read() {
    let (all, problems) = read("slo.yaml", OPENSLO);
    assert_eq!(problems, []);
    let [first, second] = all.as_slice() else { panic!("two: {all:?}") };
    assert_eq!((first.name.as_str(), first.title.as_str(), first.service.as_str()), ("checkout/1", "Checkout", "shop"));
    assert_eq!(
        (second.name.as_str(), second.title.as_str(), first.target, second.target),
        ("checkout/2", "strict", 0.999, 0.9999)
    );
    assert_eq!((first.counted, first.min_events, first.period_seconds), (Counted::Good, 25.0, 28 * DAY));
    assert_eq!((first.prometheus.as_deref(), first.place.to_string().as_str()), (Some("prod"), "slo.yaml:28:7"));
    let [part, total] = first.questions(300);
    assert_eq!(part.expression, "sum(increase(requests_total{code!~\"5..\"}[5m]))");
    assert_eq!(total.expression, "sum(increase(requests_total[5m]))");
}

#[test]
fn what_is_wrong_is_said_where_it_stands() {
    let wrong = |name: &str, text: &str| {
        let (_, problems) = read(name, text);
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let toml = "[[slo]]\nname = \"a\"\ntarget = 99.9\ntimeWindow = \"30x\"\ntargget = 1\n[slo.ratioMetric]\ngood = \"sum(rate(x[5m]))\"\ntotal = 7\n";
    assert_eq!(
        wrong("s.toml", toml),
        "s.toml:3:10: target: write a share between 0 and 1, such as 0.999\n\
         s.toml:4:14: timeWindow: «30x» is no period from an hour to a year: write one such as \"30d\"\n\
         s.toml:5:1: targget: there is no key «targget» (did you mean «target»?)\n\
         s.toml:7:8: good: the query does not say where its range stands: write {{window}}, as in sum(increase(requests_total[{{window}}]))\n\
         s.toml:8:9: total: write a PromQL expression as a text"
    );
    assert!(wrong("s.toml", "[[slo]\n").starts_with("s.toml:1:"), "{}", wrong("s.toml", "[[slo]\n"));
    assert!(wrong("s.toml", "[[slo]]\nname = \"a\"\n").contains("s.toml:1:1: ratioMetric: «a» lacks it"));
    assert!(wrong("s.toml", "[[sl]]\n").contains("write [[slo]]"));
    assert!(
        wrong("s.toml", &file("1.0", "30d", "bad"))
            .contains("s.toml:3:10: target: write a share between 0 and 1, such as 0.999: a target of all")
    );
    let twice = format!("{0}{0}", file("0.9", "30d", "bad"));
    assert_eq!(wrong("s.toml", &twice), "s.toml:7:1: name: «checkout» is defined already, at s.toml:1:1");

    let yaml = |old: &str, new: &str| wrong("s.yaml", &OPENSLO.replace(old, new));
    assert_eq!(
        yaml("indicatorRef: answers", "indicatorRef: other"),
        "s.yaml:24:17: spec.indicatorRef: no SLI of that name stands in this file"
    );
    assert_eq!(
        yaml("isRolling: true", "isRolling: false"),
        "s.yaml:26:16: spec.timeWindow: only rolling periods are counted: write isRolling: true and no calendar"
    );
    assert_eq!(yaml("Occurrences", "Timeslices"), "s.yaml:25:20: spec.budgetingMethod: only Occurrences are counted");
    assert_eq!(yaml("type: Prometheus", "type: Datadog"), "s.yaml:8:28: metricSource.type: only Prometheus is asked");
    assert_eq!(
        yaml("target: 0.999", "target: 1.5"),
        "s.yaml:28:15: target: write a share between 0 and 1, such as 0.999"
    );
    assert!(wrong("s.yaml", "a: [").contains("this is no YAML"));
    assert!(wrong("s.yaml", "kind: SLO").contains("write apiVersion: openslo/v1"));
    let rate = file("0.99", "30d", "bad").replace("increase(", "rate(") + "minEvents = 5\n";
    let (all, _) = read("s.toml", &rate);
    assert!(judged(&all[0], &[]).warnings.iter().any(|warning| warning.starts_with("minEvents counts events")));
}

proptest! {
    #[test]
    fn no_text_fails(text in any::<String>(), cut in 0_usize..900) {
        let _ = read("a.toml", &text);
        let _ = read("a.yaml", &text);
        let whole = file("0.999", "30d", "bad");
        let _ = read("a.toml", &whole[..whole.floor_char_boundary(cut.min(whole.len()))]);
        let _ = read("a.yaml", &OPENSLO[..OPENSLO.floor_char_boundary(cut.min(OPENSLO.len()))]);
    }

    /// What is left and what is burnt are always the whole.
    #[test]
    fn the_budget_adds_up(bad in 0_u32..1_000, total in 1_u32..1_000_000, target in 0.5_f64..0.99999) {
        let definition = Definition { target, ..definition("0.99", "30d", "bad") };
        let slo = judged(&definition, &[(30 * DAY, f64::from(bad), f64::from(total))]);
        let share = f64::from(bad.min(total)) / f64::from(total);
        let left = slo.budget_left.expect("judged");
        prop_assert!((left + share / (1.0 - target) - 1.0).abs() < 1e-6);
    }
}
