//! Forms of every receiver, the queue by hand, and a real server that fails first.

use super::{
    queue::{Limits, Queue},
    *,
};
use crate::{
    client::http::sample::Served,
    model::{Timestamp, attention::Severity},
};
use serde_json::{Value, json};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

fn message(kind: Kind, key: &str) -> Message {
    Message {
        event: "e1".into(),
        kind,
        key: key.into(),
        at: at(1_000),
        severity: Severity::Critical,
        summary: "checkout <!channel> & co: password=hunter2\u{1b}[2J".into(),
        source: "prod-eu".into(),
        details: [("service".to_owned(), "checkout".to_owned()), ("api_token".to_owned(), "abc".to_owned())].into(),
        link: Some("https://wiki.example.org/checkout".into()),
    }
}

fn secret(folder: &tempfile::TempDir, text: &str) -> SecretFrom {
    let path = folder.path().join("secret");
    std::fs::write(&path, text).expect("written");
    SecretFrom::File(path)
}

fn body(way: &Way, message: &Message) -> Value {
    serde_json::from_str(&way.request(message).expect("ready").body).expect("JSON")
}

#[test]
fn pagerduty_gets_what_it_takes() {
    let folder = tempfile::tempdir().expect("a folder");
    let way = Way::PagerDuty { url: PAGERDUTY.into(), routing_key: secret(&folder, "R0UT1NGK3Y\n") };
    let raised = body(&way, &message(Kind::Raised, "checkout"));
    assert_eq!(
        raised,
        json!({
            "routing_key": "R0UT1NGK3Y", "event_action": "trigger", "dedup_key": "checkout", "client": "Flightdeck",
            "payload": {
                "summary": "checkout <!channel> & co: password=[redacted]", "source": "prod-eu", "severity": "critical",
                "timestamp": "1970-01-01T00:16:40Z", "custom_details": {"service": "checkout", "api_token": "[redacted]"},
            },
            "links": [{"href": "https://wiki.example.org/checkout", "text": "more"}],
        })
    );
    let cleared = body(&way, &message(Kind::Cleared, "checkout"));
    assert_eq!(cleared, json!({"routing_key": "R0UT1NGK3Y", "event_action": "resolve", "dedup_key": "checkout"}));
    assert_eq!(body(&way, &message(Kind::Acknowledged, "c"))["event_action"], "acknowledge");
    // Limits of the API.
    let long = Message { summary: "ä".repeat(2_000), ..message(Kind::Raised, &"k".repeat(300)) };
    let long = body(&way, &long);
    assert_eq!(long["payload"]["summary"].as_str().map(|text| text.chars().count()), Some(1_024));
    let key = long["dedup_key"].as_str().expect("a text").to_owned();
    assert!(key.len() <= 255 && key.starts_with("kkk"), "{key}");
    let other = body(&way, &message(Kind::Cleared, &format!("{}x", "k".repeat(299))));
    assert_ne!(other["dedup_key"], key, "long keys stay different");
    let outgoing = way.request(&message(Kind::Raised, "c")).expect("ready");
    assert!(!format!("{outgoing:?} {way:?}").contains("R0UT1NGK3Y"));
}

#[test]
fn slack_gets_text_that_calls_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let way =
        Way::Slack { address: Address::Secret(secret(&folder, "https://hooks.example.org/services/T0/B0/s3cr3t")) };
    let raised = body(&way, &message(Kind::Raised, "c"));
    assert_eq!(raised["text"], "[critical] checkout &lt;!channel&gt; &amp; co: password=[redacted]");
    let attachment = &raised["attachments"][0];
    assert_eq!((&attachment["color"], &attachment["ts"]), (&json!("danger"), &json!(1_000)));
    assert_eq!(attachment["fields"][0], json!({"title": "source", "value": "prod-eu", "short": true}));
    let cleared = body(&way, &message(Kind::Cleared, "c"));
    assert_eq!((&cleared["attachments"][0]["color"], way.takes(Kind::Acknowledged)), (&json!("good"), false));
    assert!(cleared["text"].as_str().is_some_and(|text| text.starts_with("[cleared] ")));
    let outgoing = format!("{:?}", way.request(&message(Kind::Raised, "c")).expect("ready"));
    assert!(outgoing.contains("https://hooks.example.org") && !outgoing.contains("s3cr3t"), "{outgoing}");
    let gone = Way::Slack { address: Address::Secret(SecretFrom::Variable("FLIGHTDECK_NO_SUCH".into())) };
    assert!(gone.request(&message(Kind::Raised, "c")).is_err_and(|why| why.contains("FLIGHTDECK_NO_SUCH")));
}

#[test]
fn a_template_is_filled_in_and_keeps_its_form() {
    let webhook = |template: &str| Way::Webhook {
        address: Address::Plain("https://hook.example.org/x".into()),
        auth: Auth::None,
        template: Template::parse(template).expect("reads"),
    };
    let mut told = Message { summary: "a \"b\"\\ {{key}}".into(), link: None, ..message(Kind::Raised, "k") };
    told.details.insert("title".into(), "checkout".into());
    let filled = body(
        &webhook(
            r#"{"title": "{{ severity }}: {{summary}}", "all": "{{details}}", "list": ["{{details.title}}", "{{details.called}}", 5, "{{link}}"], "{{key}}": "{{link}}!"}"#,
        ),
        &told,
    );
    assert_eq!(
        filled,
        json!({
            "title": "critical: a \"b\"\\ {{key}}",
            "all": {"title": "checkout", "service": "checkout", "api_token": "[redacted]"},
            "list": ["checkout", "", 5, null],
            "{{key}}": "!",
        })
    );
    let whole =
        Way::Webhook { address: Address::Plain("http://x".into()), auth: Auth::None, template: Template::default() };
    let whole = body(&whole, &told);
    assert_eq!(
        (&whole["kind"], &whole["key"], &whole["at"]),
        (&json!("raised"), &json!("k"), &json!("1970-01-01T00:16:40Z"))
    );
    assert_eq!((&whole["link"], &whole["details"]["service"]), (&Value::Null, &json!("checkout")));
    assert!(Template::parse("{").is_err_and(|why| why.starts_with("the template is no JSON")));
    let unknown = Template::parse(r#"["{{sumary}}"]"#);
    assert_eq!(unknown, Err("the template names «sumary», which there is not (did you mean «summary»?)".into()));
    let unknown = Template::parse(r#"["{{details.comander}}"]"#);
    let why = "the template names «details.comander», which there is not (did you mean «commander»?)";
    assert_eq!(unknown, Err(why.into()));
}

fn ids(queue: &mut Queue, now: i64) -> Vec<(u64, String)> {
    queue.due(at(now)).into_iter().map(|attempt| (attempt.id, attempt.message.key)).collect()
}

fn again(after: Option<u64>) -> Outcome {
    Outcome::Again { why: "it answers 503".into(), after: after.map(Duration::from_secs) }
}

#[test]
fn what_fails_is_tried_again_ever_later_and_given_up_at_last() {
    let mut queue = Queue::new(Limits { max_age: Duration::from_secs(100), ..Limits::default() });
    queue.push(at(0), "chat", message(Kind::Raised, "a"));
    assert_eq!(ids(&mut queue, 0), [(1, "a".to_owned())]);
    assert!(ids(&mut queue, 0).is_empty() && queue.next_wake().is_none(), "it is on its way");
    // 2 s, with half of the spread.
    queue.finished(at(1), 1, again(None), 0.5);
    assert_eq!(queue.next_wake(), Some(at(3)));
    assert!(ids(&mut queue, 2).is_empty());
    assert_eq!(ids(&mut queue, 3).len(), 1);
    // 4 s, with all of it: 6.
    queue.finished(at(3), 1, again(None), 1.0);
    assert_eq!(queue.next_wake(), Some(at(9)));
    assert_eq!(ids(&mut queue, 9).len(), 1);
    // The receiver says when.
    queue.finished(at(9), 1, again(Some(60)), 0.0);
    assert_eq!(queue.next_wake(), Some(at(69)));
    assert_eq!(ids(&mut queue, 69).len(), 1);
    queue.finished(at(70), 1, again(None), 0.5);
    assert!(ids(&mut queue, 101).is_empty() && queue.is_empty());
    let gone = queue.take_given_up();
    assert_eq!((gone[0].attempts, gone[0].why.as_str()), (4, "it is too old; last: it answers 503"));
    assert!(queue.take_given_up().is_empty());
    // A no stays a no, and a late answer to what is gone is none.
    queue.push(at(200), "chat", message(Kind::Raised, "b"));
    let id = ids(&mut queue, 200)[0].0;
    queue.finished(at(200), id, Outcome::Refused("it answers 404".into()), 0.5);
    queue.finished(at(201), id, Outcome::Taken, 0.5);
    assert_eq!(queue.take_given_up()[0].why, "it answers 404");
}

#[test]
fn one_thing_is_told_in_order_and_not_twice() {
    let mut queue = Queue::new(Limits::default());
    queue.push(at(0), "chat", message(Kind::Raised, "a"));
    queue.push(at(0), "chat", Message { severity: Severity::Error, ..message(Kind::Raised, "a") });
    queue.push(at(0), "pager", message(Kind::Raised, "a"));
    queue.push(at(0), "chat", message(Kind::Raised, "b"));
    assert_eq!(queue.len(), 3, "the newer word on the same thing takes the place of the older");
    // It is over before anybody heard of it.
    queue.push(at(1), "chat", message(Kind::Cleared, "b"));
    assert_eq!(queue.len(), 2);
    let first = queue.due(at(1));
    assert_eq!(
        first.iter().map(|attempt| attempt.message.severity).collect::<Vec<_>>(),
        [Severity::Error, Severity::Critical]
    );
    // Over while the first is on its way: it follows, and not before.
    queue.push(at(2), "chat", message(Kind::Cleared, "a"));
    assert!(queue.due(at(2)).is_empty());
    queue.finished(at(2), first[0].id, again(None), 0.0);
    assert!(queue.due(at(2)).is_empty(), "nobody knows whether the first was heard, so it goes first");
    assert_eq!(queue.due(at(3))[0].message.kind, Kind::Raised);
    queue.finished(at(3), first[0].id, Outcome::Taken, 0.0);
    assert_eq!(queue.due(at(3))[0].message.kind, Kind::Cleared);
    // Who looks after it says nothing to those who have not heard that it began.
    queue.push(at(4), "chat", message(Kind::Raised, "c"));
    queue.push(at(4), "chat", message(Kind::Acknowledged, "c"));
    let first = queue.due(at(4)).remove(0);
    assert_eq!(first.message.kind, Kind::Raised);
    queue.finished(at(4), first.id, Outcome::Taken, 0.0);
    assert_eq!(queue.due(at(4))[0].message.kind, Kind::Acknowledged);
    // What overflows goes, the oldest first.
    let mut small = Queue::new(Limits { most: 2, ..Limits::default() });
    for key in ["a", "b", "c"] {
        small.push(at(0), "chat", message(Kind::Raised, key));
    }
    assert_eq!(small.take_given_up().iter().map(|gone| gone.message.key.as_str()).collect::<Vec<_>>(), ["a"]);
}

#[tokio::test]
async fn a_server_that_fails_first_is_told_in_the_end() {
    let served = Served::by(|_, count| match count {
        0 => ("503 Service Unavailable\r\nretry-after: 30".into(), String::new()),
        1 => ("429 Too Many Requests".into(), String::new()),
        _ => ("202 Accepted".into(), r#"{"status":"success"}"#.into()),
    });
    let folder = tempfile::tempdir().expect("a folder");
    let way = Way::PagerDuty { url: format!("{}/v2/enqueue", served.url), routing_key: secret(&folder, "R0UT1NGK3Y") };
    let mut queue = Queue::new(Limits::default());
    let mut now = at(0);
    queue.push(now, "pager", message(Kind::Raised, "a"));
    let mut waits = Vec::new();
    while let Some(wake) = queue.next_wake() {
        // Time passes by being said.
        waits.push(wake.duration_since(now).as_secs());
        now = wake;
        for attempt in queue.due(now) {
            let outgoing = way.request(&attempt.message).expect("ready");
            let outcome = send(&outgoing, Duration::from_secs(30)).await;
            queue.finished(now, attempt.id, outcome, 0.5);
        }
    }
    assert_eq!(waits, [0, 30, 4]);
    assert!(queue.is_empty() && queue.take_given_up().is_empty());
    let asked = served.asked();
    assert_eq!((asked.len(), asked[2].what()), (3, "POST /v2/enqueue"));
    assert!(asked.iter().all(|asked| asked.body.contains("\"dedup_key\":\"a\"")));
    // A no is a no; and nobody who listens is a reason to wait.
    let no = Served::by(|_, _| ("400 Bad Request".into(), String::new()));
    let refused = Way::Slack { address: Address::Plain(format!("{}/s3cr3t", no.url)) };
    let outcome = send(&refused.request(&message(Kind::Raised, "a")).expect("ready"), Duration::from_secs(30)).await;
    assert_eq!(outcome, Outcome::Refused("it answers 400".into()));
    let gone = Way::Slack { address: Address::Plain("http://127.0.0.1:1/s3cr3t".into()) };
    let outcome = send(&gone.request(&message(Kind::Raised, "a")).expect("ready"), Duration::from_secs(30)).await;
    assert!(matches!(&outcome, Outcome::Again { why, .. } if !why.contains("s3cr3t")), "{outcome:?}");
}
