//! Tests of the form for a terminal.

use super::{super::sample, *};
use crate::{
    model::text::is_harmless,
    rulebook::policy::{
        baseline::Lowered,
        since::{Comparison, StoredRun},
        waiver::{Standing, Waiver, WaiverUse},
    },
};
use proptest::prelude::*;

const TOP: &str = "\
BLOCK  1 finding
  11f container runs privileged
    local: container web  Privileged: true
    fix: Remove privileged.

ERROR  2 findings, 1 of them unknown
  11a image without tag, or `latest`
    charts/web.yaml         unknown: the image is a template: {{ .Values.image }} (service web)
    deploy/compose.yml:2:5  nginx:latest (service web, owner @ops/web, for 2 d)
    fix: Name a version.

INFO  1 finding
  11b image not pinned by digest
    deploy/compose.yml:2:5  nginx:1.27 (service web)
    fix: Add the digest.

WAIVED  2 findings
  05z odd | check
    a b/ü#.yml  @sec until 2026-06-01T00:00:00Z: moves in May
  11a image without tag, or `latest`
    old/compose.yml:2:5  baseline: moves in May

RULES                                       pass   fail  unknown  waived
 1 real implementation only                    -      -        -       -
";

const END: &str = "
20 protected critical servers                  -      -        -       -

NOT READ, SO UNKNOWN
  kube prod: connection refused

WAIVERS TO LOOK AT
  .flightdeck.toml:3:1: waiver of 11f for «x» (ada) expired on 2026-01-01; 0 of its findings are still there

BASELINE
  the baseline of 11a in x can be lowered from 2 to 1

ATTESTATIONS
  5 professional standards: restore of the backup tested: expired at 2026-04-01T00:00:00Z

since 2026-05-01T10:00:00Z: 4 new, 0 gone, 0 changed, 2 unchanged

3 violations (1 block, 1 error, 1 info), 1 unknown, 2 waived, 5 passed in 1.5 s
failed: 3 at or above error (--fail-on), what is unknown counted in
";

#[test]
fn a_person_reads_what_weighs_most_first() {
    let mut report = sample::report();
    let text = write(&report, &Style::default());
    assert!(text.starts_with(TOP), "{text}");
    assert!(text.contains("\n11 container standards                         5      3        1       1\n"), "{text}");
    let waiver = Waiver {
        rule: "11f".into(),
        target: "x".into(),
        owner: "ada".into(),
        expires: "2026-01-01".into(),
        place: ".flightdeck.toml:3:1".into(),
        ..Waiver::default()
    };
    report.waivers = vec![WaiverUse { waiver, standing: Standing::Expired, matched: 0 }];
    report.lowered = vec![Lowered { check: "11a".into(), place: "x".into(), accepted: 2, found: 1 }];
    let before = StoredRun::of(&report.findings[..2], None, report.started_at, &|_| true);
    report.since = Some(Comparison::of(&before, &report.findings, report.finished_at, &|_| true));
    let text = write(&report, &Style { width: 120, ..Style::default() });
    assert!(text.ends_with(END), "{text}");
    assert!(text.contains("Privileged: true (new)"), "{text}");
}

#[test]
fn nothing_found_is_said_in_a_word() {
    let text = write(&sample_of_nothing(), &Style { fail_on: Level::Info, ..Style::default() });
    assert!(text.starts_with("RULES "), "{text}");
    assert!(
        text.ends_with(
            "\n0 violations, 0 unknown, 0 waived, 0 passed in 0.0 s\npassed: nothing at or above info (--fail-on)\n"
        ),
        "{text}"
    );
}

fn sample_of_nothing() -> Report {
    Report::default()
}

#[test]
fn a_fix_of_its_own_stands_below_its_finding() {
    let mut report = sample::report();
    report.findings.retain(|finding| finding.check == "11a" && finding.status == Status::Fail);
    let mut other = report.findings[0].clone();
    other.file = Some("z.yml".into());
    other.fix = "Ask ada.".into();
    report.findings.push(other);
    let text = write(&report, &Style::default());
    let end = "    z.yml:2:5               nginx:latest (service web, owner @ops/web, for 2 d)\n        fix: Ask ada.\n    fix: Name a version.\n";
    assert!(text.contains(end), "{text}");
}

#[test]
fn colour_is_added_and_nothing_else() {
    let report = sample::report();
    let plain = write(&report, &Style::default());
    let coloured = write(&report, &Style { colour: true, ..Style::default() });
    assert!(coloured.starts_with("\u{1b}[1;7;31mBLOCK\u{1b}[0m  1 finding\n"), "{coloured}");
    let mut bare = String::new();
    for (at, part) in coloured.split("\u{1b}[").enumerate() {
        bare.push_str(if at == 0 { part } else { part.split_once('m').expect("a code").1 });
    }
    assert_eq!(bare, plain);
}

#[test]
fn ages_are_short() {
    let now = sample::time("2026-05-01T00:00:00Z");
    let of = |from: &str| age(sample::time(from), now);
    assert_eq!(of("2026-04-30T23:59:30Z"), None);
    assert_eq!(of("2026-05-02T00:00:00Z"), None, "a clock that went back");
    assert_eq!(of("2026-04-30T23:00:00Z").as_deref(), Some("60 min"));
    assert_eq!(of("2026-04-30T00:00:00Z").as_deref(), Some("24 h"));
    assert_eq!(of("2026-01-01T00:00:00Z").as_deref(), Some("120 d"));
}

proptest! {
    #[test]
    fn whatever_was_found_no_line_harms_a_terminal_or_is_too_wide(text in any::<String>(), cells in 40_usize..120) {
        let mut report = sample::report();
        let words = text.clone();
        let finding = &mut report.findings[0];
        finding.observed.clone_from(&words);
        finding.fix = words.as_str().into();
        finding.owner = Some(words.as_str().into());
        finding.resource = words.as_str().into();
        report.notes[0].message.clone_from(&words);
        let written = write(&report, &Style { width: cells, ..Style::default() });
        let is_harmless = written.chars().all(|c| c == '\n' || is_harmless(c));
        prop_assert!(is_harmless);
        for line in written.lines() {
            let cells_of: usize = line.chars().map(|c| unicode_width::UnicodeWidthChar::width(c).unwrap_or(0)).sum();
            prop_assert!(cells_of <= cells, "{}", line);
        }
        let mut report = sample::report();
        report.findings[0].title = text.as_str().into();
        report.findings[0].check = text.as_str().into();
        report.findings[0].file = Some(text.as_str().into());
        let written = write(&report, &Style::default());
        let is_harmless = written.chars().all(|c| c == '\n' || self::is_harmless(c));
        prop_assert!(is_harmless);
    }
}
