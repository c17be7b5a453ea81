//! The reader against answers that are whole, odd and hostile. The first is what Alertmanager 0.25 answered.

use super::*;
use crate::{
    client::http::sample::Served,
    model::{
        alert::{AlertState, SilenceState},
        attention::Severity,
    },
};
use std::time::Duration;

const STATUS: &str = r#"{"cluster":{"name":"01H","peers":[{"address":"10.0.0.1:9094","name":"01H"},{"address":"10.0.0.2:9094","name":"01J"}],"status":"ready"},
"config":{"original":"global: {}\n"},"uptime":"2026-11-28T20:00:00.000Z","versionInfo":{"branch":"debian/sid","version":"0.25.0"}}"#;
const ALERTS: &str = r#"[{"annotations":{"summary":"it burns\u001b[2J","runbook":"https://me:hunter2@wiki/x"},"endsAt":"2026-11-28T20:10:00.000Z","fingerprint":"8d06cbb6b6c2d1a1",
"receivers":[{"name":"team"}],"startsAt":"2026-11-28T20:00:00.123456Z","status":{"inhibitedBy":[],"silencedBy":["d3a1-4"],"state":"suppressed"},
"updatedAt":"2026-11-28T20:06:00.000Z","generatorURL":"http://prom:9090/graph?g0.expr=vector%281%29","labels":{"alertname":"Always","severity":"page"}},
{"labels":{"alertname":"Odd","n":5},"status":{"state":"sleeping"},"startsAt":"0001-01-01T00:00:00Z","receivers":7},
{"labels":{}}, 3]"#;
const GROUPS: &str = r#"[{"alerts":[{"fingerprint":"8d06cbb6b6c2d1a1","labels":{}}],"labels":{"alertname":"Always"},"receiver":{"name":"team"}}, null]"#;
const SILENCES: &str = r#"[{"id":"d3a1-4","status":{"state":"active"},"updatedAt":"2026-11-28T20:05:00.000Z","comment":"token=abcdefgh","createdBy":"ann",
"endsAt":"2026-11-28T21:05:00.000Z","startsAt":"2026-11-28T20:05:00.000Z","matchers":[{"isRegex":true,"name":"alertname","value":"Alw.*"},{"value":"x"}]}]"#;

fn serve(alerts: &'static str) -> Served {
    Served::by(move |asked, _| {
        let body = match asked.what().split('?').next().unwrap_or_default() {
            "GET /am/api/v2/status" => STATUS,
            "GET /am/api/v2/alerts" => alerts,
            "GET /am/api/v2/alerts/groups" => GROUPS,
            "GET /am/api/v2/silences" => SILENCES,
            _ => return ("404 Not Found".into(), String::new()),
        };
        ("200 OK".into(), body.into())
    })
}

fn member(url: &str) -> (Server, Http) {
    let server = Server::at(format!("{url}/am/"));
    let http = Http::to(&server, Duration::from_secs(10), 1 << 20).expect("usable");
    (server, http)
}

#[tokio::test]
async fn answers_are_read_and_what_is_odd_stays_unknown() {
    let served = serve(ALERTS);
    let whole = read("prod", &[member(&served.url)]).await.expect("answers");
    let [always, odd] = whole.alerts.as_slice() else { panic!("two alerts: {:?}", whole.alerts) };
    let (always, odd) = if always.name() == "Always" { (always, odd) } else { (odd, always) };
    assert_eq!((always.severity, always.state), (Severity::Critical, AlertState::Suppressed));
    assert_eq!(always.starts_at.map(|at| at.to_string()).as_deref(), Some("2026-11-28T20:00:00.123Z"));
    assert_eq!((always.hush().as_str(), always.receivers[0].as_str()), ("silenced by d3a1", "team"));
    assert_eq!(always.annotations["summary"], "it burns\u{1b}[2J", "text stays text");
    assert_eq!(always.annotations["runbook"], "https://me:[redacted]@wiki/x");
    assert_eq!((odd.state, odd.severity, odd.starts_at), (AlertState::Unknown, Severity::Unknown, None));
    assert_eq!((odd.labels["n"].as_str(), odd.fingerprint.len(), odd.is_loud()), ("5", 16, true));
    assert_eq!(whole.groups.len(), 1);
    let silence = &whole.silences[0];
    assert_eq!((silence.state, silence.text().as_str()), (SilenceState::Active, r#"alertname=~"Alw.*""#));
    assert_eq!(silence.comment, "token=[redacted]");
    assert_eq!((whole.members[0].version.as_deref(), whole.members[0].peers), (Some("0.25.0"), Some(2)));
    let place = served.url.clone();
    assert_eq!(
        whole.problems,
        [format!("{place}: 2 alerts could not be read"), format!("{place}: 1 groups could not be read")]
    );
}

#[tokio::test]
async fn a_member_that_is_silent_does_not_hide_the_others() {
    let served = serve(ALERTS);
    let gone = "http://127.0.0.1:1";
    let whole = read("prod", &[member(gone), member(&served.url)]).await.expect("one answers");
    assert!(whole.members[0].problem.as_deref().is_some_and(|why| why.starts_with("/api/v2/status: ")));
    assert_eq!((whole.members[1].problem.as_deref(), whole.alerts.len()), (None, 2));
    let silent = read("prod", &[member(gone)]).await.expect_err("none answers");
    assert!(silent.starts_with("http://127.0.0.1:1: /api/v2/status: "), "{silent}");
    let strange = serve("{\"alerts\": 1}");
    let refused = read("prod", &[member(&strange.url)]).await.expect_err("no list");
    assert!(refused.ends_with("the answer is no list"), "{refused}");
}
