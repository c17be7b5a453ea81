//! Tests of the pen: what stood there stays, sign for sign, and what is added is read as it was meant.

use super::*;
use proptest::prelude::*;

fn waiver(target: &str) -> Waiver {
    Waiver {
        rule: "11f".into(),
        target: target.into(),
        owner: "ops-a".into(),
        reason: "the \"profiler\" needs it".into(),
        expires: "2027-01-31".into(),
        ..Waiver::default()
    }
}

fn attestation() -> Attestation {
    Attestation {
        rule: 5,
        subject: "orders".into(),
        by: "ann".into(),
        role: "dba".into(),
        at: "2026-11-28T10:00:00Z".into(),
        evidence: "docs/restore.md".into(),
        sha256: Some("9f".repeat(32)),
        expires: "2027-02-28T00:00:00Z".into(),
        requested_by: None,
    }
}

fn written(text: &str, section: &[&str]) -> Result<(String, Policy), PenError> {
    let known = Catalogue::built_in();
    write(text, ("f.toml", section), &known, (&[(waiver("a.yml"), "a note\nof two lines".into())], &[attestation()]))
}

/// What was put in is one stretch: before and behind it stands what stood there.
fn is_kept(before: &str, after: &str) -> bool {
    let head = before.bytes().zip(after.bytes()).take_while(|(a, b)| a == b).count();
    let tail = before.bytes().rev().zip(after.bytes().rev()).take_while(|(a, b)| a == b).count();
    head + tail >= before.len()
}

#[test]
fn an_empty_file_gets_just_the_entries() {
    let (text, policy) = written("", &[]).expect("written");
    let expected = "# a note of two lines\n[[waiver]]\nrule = \"11f\"\ntarget = \"a.yml\"\nowner = \"ops-a\"\nreason = 'the \"profiler\" needs it'\nexpires = 2027-01-31\n";
    assert!(text.starts_with(expected), "{text}");
    let second =
        "\n[[attestation]]\nrule = 5\nsubject = \"orders\"\nby = \"ann\"\nrole = \"dba\"\nat = 2026-11-28T10:00:00Z\n";
    assert!(text.contains(second), "{text}");
    assert_eq!((policy.waivers.len(), policy.attestation), (1, vec![attestation()]));
}

#[test]
fn comments_and_order_stay_as_they_are() {
    let text = "# head\n[[waiver]] # why\nrule = 11\ntarget = \"x\"\nowner = \"o\"\nreason = \"r\"\nexpires = 2026-12-31 # end\n\n[layout]\n\
                docs   =   \"handbook\"\n# the last word, without a break";
    let (after, policy) = written(text, &[]).expect("written");
    assert!(after.starts_with(&format!("{text}\n\n# a note")), "{after}");
    assert_eq!((policy.waivers.len(), policy.layout.docs.as_str()), (2, "handbook"));
}

#[test]
fn line_ends_are_those_of_the_file() {
    let (after, _) = written("[layout]\r\ndocs = \"d\"\r\n", &[]).expect("written");
    assert!(!after.replace("\r\n", "").contains('\n'), "{after:?}");
}

#[test]
fn lists_in_one_value_are_gone_on_with() {
    let one = r#"{ rule = "11a", target = "x", owner = "o", reason = "r", expires = 2026-12-31 }"#;
    for text in [
        format!("waiver = [{one}]\n[layout]\ndocs = \"d\"\n"),
        format!("waiver = [\n  {one}, # why\n]\n"),
        "waiver = [ ]\n".to_owned(),
    ] {
        let (after, policy) = written(&text, &[]).expect("written");
        assert!(is_kept(&text, after.split("\n[[attestation]]").next().expect("there")), "{after}");
        assert_eq!(policy.waivers.last().map(|waiver| waiver.target.as_str()), Some("a.yml"), "{after}");
    }
}

#[test]
fn a_section_of_another_file_is_written_into() {
    let whole = [
        ("theme = \"light\"\n", "[[rules.waiver]]\n"),
        ("theme = \"light\"\n[rules.checks.11a]\nlevel = \"warn\"\n[log]\nlevel = \"info\"\n", "[[rules.waiver]]\n"),
        ("rules.checks.11a.level = \"warn\"\n", "[[rules.waiver]]\n"),
        ("rules = { exclude = [\"x\"] }\ntheme = \"light\"\n", "rules = { exclude = [\"x\"], waiver = [{ rule"),
        ("rules = { }\n", "rules = { waiver = [{ rule"),
    ];
    for (text, expected) in whole {
        let known = Catalogue::built_in();
        let new = [(waiver("a.yml"), String::new())];
        let (after, policy) = write(text, ("c.toml", &["rules"]), &known, (&new, &[])).expect(text);
        assert!(after.contains(expected) && is_kept(text, &after), "{after}");
        assert_eq!(policy.waivers.len(), 1, "{after}");
    }
}

#[test]
fn what_cannot_be_read_whole_is_left_alone() {
    let refused = written("[checks.11z]\nlevel = \"warn\"\n", &[]).expect_err("wrong");
    assert!(refused.to_string().contains("f.toml:1:") && matches!(refused, PenError::Unread(_)), "{refused}");
    assert!(matches!(written("[layout\n", &[]), Err(PenError::Unread(_))));
    assert!(matches!(written("waiver = 3\n", &[]), Err(PenError::Unread(_))));
}

proptest! {
    #[test]
    fn whatever_is_said_is_read_again(
        reason in any::<String>(), owner in "\\PC{1,20}", target in "[a-z/ .:*-]{1,20}", tail in "(# [a-z ]{0,9})?\n?",
    ) {
        let text = format!("[owners]\n\"a\" = \"b\"\n{tail}");
        let new = Waiver { reason, owner, ..waiver(&format!("x{target}")) };
        let known = Catalogue::built_in();
        let is_whole = new.missing().is_empty();
        match write(&text, ("f.toml", &[]), &known, (&[(new.clone(), String::new())], &[])) {
            Ok((after, policy)) => {
                prop_assert!(after.starts_with(&text) && is_whole);
                prop_assert_eq!(&without_places(policy).waivers[0], &plain_waiver(&new));
            }
            Err(why) => prop_assert!(!is_whole && matches!(why, PenError::NoPlace { .. }), "{}", why),
        }
    }
}
