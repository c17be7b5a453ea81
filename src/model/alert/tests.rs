//! Matchers, silences and merging by what Alertmanager does.

use super::*;
use crate::model::redact::REDACTED;
use proptest::prelude::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

fn alert(fingerprint: &str, pairs: &[(&str, &str)], state: AlertState) -> Alert {
    let labels = labels(pairs);
    Alert {
        fingerprint: fingerprint.into(),
        place: "prod".into(),
        severity: severity(labels.get("severity").map(CompactString::as_str)),
        state,
        labels,
        annotations: Labels::new(),
        starts_at: Some(at(1_000)),
        ends_at: None,
        updated_at: Some(at(1_000)),
        silenced_by: Vec::new(),
        inhibited_by: Vec::new(),
        muted_by: Vec::new(),
        receivers: vec!["team".into()],
        generator_url: None,
    }
}

fn known() -> Vec<Arc<Alert>> {
    [
        alert("1", &[("alertname", "Down"), ("instance", "web-1"), ("severity", "page")], AlertState::Active),
        alert("2", &[("alertname", "Down"), ("instance", "web-2"), ("severity", "page")], AlertState::Suppressed),
        alert("3", &[("alertname", "Slow"), ("instance", "web-1"), ("severity", "warning")], AlertState::Active),
        alert("4", &[("alertname", "Disk"), ("instance", "db-1")], AlertState::Unprocessed),
    ]
    .map(Arc::new)
    .into()
}

fn fits(text: &str) -> Vec<String> {
    let preview = preview(&known(), &matchers(text).expect("read")).expect("compiles");
    let mut ids: Vec<_> = preview.fits.iter().map(|alert| alert.fingerprint.to_string()).collect();
    ids.sort();
    ids
}

#[test]
fn matchers_are_anchored_and_a_missing_label_is_empty() {
    assert_eq!(fits(r#"alertname="Down""#), ["1", "2"]);
    assert_eq!(fits(r#"instance=~"web""#), [""; 0]);
    assert_eq!(fits(r#"instance=~"web-.*""#), ["1", "2", "3"]);
    assert_eq!(fits(r#"instance=~"web-1|db-1""#), ["1", "3", "4"]);
    assert_eq!(fits("instance!~web-.*"), ["4"]);
    assert_eq!(fits("alertname!=Down, severity!=warning"), ["4"]);
    assert_eq!(fits(r#"severity="""#), ["4"]);
    assert_eq!(fits(r#"severity=~"page|""#), ["1", "2", "4"]);
    assert_eq!(fits(r#"{alertname="Down",instance="web-1",}"#), ["1"]);
}

#[test]
fn a_preview_says_what_would_surprise() {
    let preview = |text: &str| super::preview(&known(), &matchers(text).expect("read")).expect("compiles");
    let all = preview(r#"alertname=~".+""#);
    assert_eq!((all.fits.len(), all.loud, all.of), (4, 3, 4));
    assert_eq!(all.words(), "silences 3 alerts of 4; 1 more are quiet already");
    assert_eq!(
        all.warnings,
        [
            "it fits everything: all 4 alerts that are known",
            "it fits alerts of 3 names: Disk, Down, Slow",
            "1 of them is critical"
        ]
    );
    assert_eq!(all.fits[0].severity, Severity::Critical, "the worst first");
    let none = preview(r#"alertname="Dwon""#);
    assert_eq!(none.words(), "fits none of 4 alerts that are known");
    assert_eq!(none.warnings, [r#"nothing that is known fits alertname="Dwon": it would silence only what comes"#]);
    assert_eq!(preview("alertname=Slow").warnings, [""; 0]);
    assert!(
        preview("alertname!=Down").warnings.iter().any(|warning| warning.starts_with("it only says what is left out"))
    );
    let bad = super::preview(&known(), &matchers("alertname=~\"a)(\"").expect("read"));
    assert!(bad.as_ref().is_err_and(|why| why.starts_with("the pattern of alertname cannot be read: ")), "{bad:?}");
}

#[test]
fn matchers_are_read_as_people_write_them() {
    let read = |text: &str| matchers(text).map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
    assert_eq!(
        read(r#" a = "b" , c!=d, e=~f.* ,g !~ "h,\"i\"\d" "#).as_deref(),
        Ok(r#"a="b" c!="d" e=~"f.*" g!~"h,\"i\"\\d""#)
    );
    assert_eq!(read("").as_deref(), Ok(""));
    assert_eq!(read("{}").as_deref(), Ok(""));
    assert_eq!(read("a=").as_deref(), Ok(r#"a="""#));
    for (text, fault) in [
        ("a", "=, !=, =~ or !~ is missing after a (character 2)"),
        ("a>b", "=, !=, =~ or !~ is missing after a>b (character 4)"),
        ("=b", "the name of a label is missing (character 1)"),
        ("a=\"b", "the text that begins here has no closing \" (character 3)"),
        ("a=b c=d}", "a , between two matchers is missing (character 8)"),
        ("{a=b", "a , or the closing } is missing (character 5)"),
        ("a=\"b\" c=d", "a , between two matchers is missing (character 7)"),
    ] {
        assert_eq!(read(text), Err(fault.into()), "{text}");
    }
}

fn draft(text: &str) -> Draft {
    Draft {
        id: None,
        matchers: matchers(text).expect("read"),
        starts_at: at(2_000),
        ends_at: at(5_600),
        created_by: "ann".into(),
        comment: "disk is being replaced".into(),
    }
}

#[test]
fn a_silence_is_checked_before_it_is_sent() {
    let draft = draft("alertname=Down, instance!=web-1");
    let refused = |draft: Draft, now| draft.check(at(now)).expect_err("refused");
    assert_eq!(draft.check(at(2_000)), Ok(()));
    assert!(refused(Draft { comment: " ".into(), ..draft.clone() }, 2_000).starts_with("say why"));
    assert!(refused(Draft { created_by: "".into(), ..draft.clone() }, 2_000).starts_with("say who"));
    assert_eq!(refused(Draft { ends_at: at(2_000), ..draft.clone() }, 1_000), "it would end before it begins");
    assert_eq!(refused(draft.clone(), 6_000), "its end lies in the past");
    assert!(refused(Draft { matchers: vec![], ..draft.clone() }, 2_000).starts_with("there is no matcher: "));
    let loose = Draft { matchers: matchers("a!=b, c=~\".*\"").expect("read"), ..draft.clone() };
    assert!(refused(loose, 2_000).starts_with("every matcher also fits a label that is not there: "));
    assert_eq!(
        draft.body(),
        serde_json::json!({
            "matchers": [
                {"name": "alertname", "value": "Down", "isRegex": false, "isEqual": true},
                {"name": "instance", "value": "web-1", "isRegex": false, "isEqual": false},
            ],
            "startsAt": "1970-01-01T00:33:20Z", "endsAt": "1970-01-01T01:33:20Z",
            "createdBy": "ann", "comment": "disk is being replaced",
        })
    );
    assert_eq!(Draft { id: Some("s-1".into()), ..draft }.body()["id"], "s-1");
}

#[test]
fn other_matchers_make_another_silence() {
    let change = draft("alertname=Down, instance=web-1");
    let old = Silence {
        id: "s-1".into(),
        state: SilenceState::Active,
        matchers: matchers("instance=web-1, alertname=Down").expect("read"),
        starts_at: Some(at(2_000)),
        ends_at: Some(at(3_000)),
        updated_at: Some(at(2_000)),
        created_by: "bob".into(),
        comment: "x".into(),
    };
    assert_eq!(change.edits(&old, at(2_500)), Edited::Same, "only its end is another");
    let other = Draft { matchers: matchers("alertname=Down").expect("read"), ..change.clone() };
    assert_eq!(other.edits(&old, at(2_500)), Edited::New("other matchers"));
    assert_eq!(change.edits(&old, at(3_000)), Edited::New("the old one has ended"));
    let begun = Draft { starts_at: at(2_400), ..change.clone() };
    assert!(matches!(begun.edits(&old, at(2_500)), Edited::New(_)));
    let pending = Silence { state: SilenceState::Pending, ..old };
    assert_eq!(Draft { starts_at: at(1_900), ..change }.edits(&pending, at(1_800)), Edited::Same);
}

#[test]
fn members_of_a_cluster_tell_each_alert_once() {
    let one = alert("1", &[("alertname", "Down"), ("severity", "page")], AlertState::Suppressed);
    let other = Alert {
        state: AlertState::Active,
        updated_at: Some(at(2_000)),
        starts_at: Some(at(1_500)),
        receivers: vec!["pager".into()],
        ..one.clone()
    };
    let one = Alert { silenced_by: vec!["s-1".into()], ..one };
    let only = alert("2", &[("alertname", "Slow")], AlertState::Active);
    let group = |alerts: &[&str]| AlertGroup {
        labels: labels(&[("alertname", "Down")]),
        receiver: "team".into(),
        alerts: alerts.iter().copied().map(CompactString::from).collect(),
    };
    let held = vec![
        Some((vec![one], vec![group(&["1"])], vec![])),
        None,
        Some((vec![only, other], vec![group(&["1", "2"])], vec![])),
    ];
    let whole = merged("prod", vec![Member::default(); 3], held, vec![]);
    assert_eq!(whole.alerts.iter().map(|alert| alert.fingerprint.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    let first = &whole.alerts[0];
    assert_eq!((first.state, first.hush().as_str()), (AlertState::Active, ""), "one still tells somebody");
    assert_eq!((first.starts_at, first.updated_at), (Some(at(1_000)), Some(at(2_000))));
    assert_eq!(first.receivers, ["pager", "team"]);
    assert_eq!(whole.groups, [group(&["1", "2"])]);
    assert_eq!(whole.problems, ["1 alerts are known to some of the 2 members only"]);
}

#[test]
fn severities_are_the_words_in_use() {
    for (word, expected) in [
        (Some("page"), Severity::Critical),
        (Some("CRITICAL"), Severity::Critical),
        (Some("error"), Severity::Error),
        (Some("warning"), Severity::Warn),
        (Some("none"), Severity::Info),
        (Some("banana"), Severity::Unknown),
        (None, Severity::Unknown),
    ] {
        assert_eq!(severity(word), expected, "{word:?}");
    }
}

#[test]
fn an_alert_prefills_the_matchers_of_its_silence() {
    let mut alert =
        alert("1", &[("alertname", "Down"), ("instance", "web-1"), ("severity", "page")], AlertState::Active);
    alert.labels.insert("api_token".into(), REDACTED.into());
    assert_eq!(
        alert.matchers().iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["alertname=\"Down\"", "instance=\"web-1\"", "severity=\"page\""]
    );
    assert_eq!(alert.target(), format!("api_token={REDACTED}, instance=web-1"));
    assert_eq!(alert.summary(), alert.target());
    alert.annotations.insert("summary".into(), "\n web-1 is down\nsince noon".into());
    assert_eq!(alert.summary(), "web-1 is down");
}

proptest! {
    #[test]
    fn matchers_read_back(pairs in prop::collection::vec(("[a-z_]{1,8}", any::<String>(), any::<bool>()), 0..4)) {
        let all: Vec<_> = pairs
            .into_iter()
            .map(|(name, value, is_equal)| Matcher { is_equal, ..Matcher::equal(name, value) })
            .collect();
        let text = all.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        prop_assert_eq!(matchers(&text), Ok(all));
    }

    #[test]
    fn no_text_fails(text in any::<String>()) {
        if let Ok(all) = matchers(&text) {
            let _ = preview(&known(), &all);
        }
    }
}
