//! The reader against answers in the forms of Prometheus, Thanos and VictoriaMetrics, and against what is none.

use super::*;
use crate::{
    client::http::{Http, Server, sample::Served},
    model::{
        Timestamp,
        metric::{Evaluated, Steps, Value},
    },
};
use std::time::Duration;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

use super::api_of as api;

fn always(status: &'static str, body: &'static str) -> Served {
    Served::by(move |_, _| (status.into(), body.into()))
}

#[tokio::test]
async fn every_kind_of_result_is_read() {
    let vector = r#"{"status":"success","data":{"resultType":"vector","result":[
        {"metric":{"__name__":"up","job":"x"},"value":[1000.5,"1"]},{"metric":{},"value":[1000,"NaN"]},{"metric":{"a":"b"},"value":[1000,2.5]},
        {"metric":{"h":"1"},"histogram":[1000,{"count":"5","sum":"1"}]},{"metric":{},"value":[1000,"many"]},{"metric":{}}]},
        "warnings":["store 2 did not answer"],"infos":["metric might not be a counter"]}"#;
    let reply = api(&always("200 OK", vector)).query("up", at(1_000)).await.expect("an answer");
    assert_eq!(reply.warnings, ["store 2 did not answer", "metric might not be a counter"]);
    let Evaluated::Vector(samples) = reply.result else { panic!("a vector") };
    assert_eq!(
        samples.iter().map(|sample| sample.point.value.words()).collect::<Vec<_>>(),
        ["1", "NaN", "2.5", "native histogram (not shown)"]
    );
    assert_eq!((samples[0].point.at.as_millisecond(), samples[0].labels["job"].as_str()), (1_000_500, "x"));

    let matrix = r#"{"status":"success","isPartial":true,"data":{"resultType":"matrix","result":[{"metric":{"a":"b"},
        "values":[[1000,"1"],[1060,"+Inf"],[1120,"-Inf"]],"histograms":[[1030,{}]]}]}}"#;
    let steps = Steps { start: 1_000, end: 1_120, step: 60 };
    let reply = api(&always("200 OK", matrix)).query_range("x", steps).await.expect("an answer");
    assert_eq!(reply.warnings, ["the answer is partial: some stores did not answer"]);
    let Evaluated::Matrix(series) = reply.result else { panic!("a matrix") };
    let values: Vec<_> = series[0].points.iter().map(|point| point.value).collect();
    assert_eq!(
        values,
        [1.0, 0.0, f64::INFINITY, f64::NEG_INFINITY]
            .map(Value::Number)
            .map(|value| { if value == Value::Number(0.0) { Value::Histogram } else { value } })
    );

    let scalar = r#"{"status":"success","data":{"resultType":"scalar","result":[1000,"7"]}}"#;
    assert_eq!(api(&always("200 OK", scalar)).query("7", at(1_000)).await.expect("an answer").number(), Ok(Some(7.0)));
    let string = r#"{"status":"success","data":{"resultType":"string","result":[1000,"x"]}}"#;
    let reply = api(&always("200 OK", string)).query("\"x\"", at(1_000)).await.expect("an answer");
    assert_eq!(reply.result, Evaluated::Text("x".into()));
}

#[tokio::test]
async fn what_the_server_says_is_wrong_is_said() {
    let failed = |status: &'static str, body: &'static str| async move {
        let served = always(status, body);
        api(&served).query("x", at(1_000)).await.expect_err("no answer")
    };
    let bad = r#"{"status":"error","errorType":"bad_data","error":"1:3: parse error: unexpected <EOF>"}"#;
    let expected = "/api/v1/query: it cannot read the question: 1:3: parse error: unexpected <EOF>";
    assert_eq!(failed("400 Bad Request", bad).await, expected);
    let victoria = r#"{"status":"error","errorType":"422","error":"too many series"}"#;
    assert_eq!(failed("422 Unprocessable Entity", victoria).await, "/api/v1/query: it says 422: too many series");
    let slow = r#"{"status":"error","errorType":"timeout","error":"query timed out"}"#;
    assert_eq!(
        failed("503 Service Unavailable", slow).await,
        "/api/v1/query: the query took too long: query timed out"
    );
    assert_eq!(
        failed("502 Bad Gateway", "<html>").await,
        "/api/v1/query: it answers 502 (what stands before the server cannot reach it)"
    );
    assert!(failed("200 OK", "<html>").await.ends_with("is the address right?"));
    let other = r#"{"status":"success","data":{"resultType":"tensor","result":[]}}"#;
    assert!(failed("200 OK", other).await.contains("«tensor»"));
    assert!(failed("200 OK", r#"{"status":"success"}"#).await.contains("no result"));
    let many = Steps { start: 0, end: 11_000, step: 1 };
    let refused = api(&always("200 OK", "")).query_range("x", many).await.expect_err("too many");
    assert!(refused.contains("11001 points"), "{refused}");
}

#[tokio::test]
async fn long_questions_go_into_the_body() {
    let answer = r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;
    let served = always("200 OK", answer);
    let api = api(&served);
    api.query("up{a=\"b c\"}", at(1_000)).await.expect("an answer");
    let long = format!("up{{a=\"{}\"}}", "x".repeat(2_000));
    api.query(&long, at(1_000)).await.expect("an answer");
    let asked = served.asked();
    assert_eq!(asked[0].what(), "GET /api/v1/query?query=up%7Ba%3D%22b+c%22%7D&time=1000.000&timeout=5s");
    assert_eq!(asked[1].what(), "POST /api/v1/query");
    assert_eq!(asked[1].header("content-type"), Some("application/x-www-form-urlencoded"));
    assert!(asked[1].body.starts_with("query=up%7Ba%3D%22xxx") && asked[1].body.ends_with("&time=1000.000&timeout=5s"));
}

const RULES: &str = r#"{"status":"success","data":{"groups":[{"name":"g","file":"/etc/r.yml","rules":[
    {"type":"recording","name":"a:b","query":"x"},
    {"type":"alerting","name":"Quiet","query":"vector(0) > 1","duration":300,"labels":{"severity":"warning"},"alerts":[],"health":"ok"},
    {"type":"alerting","name":"Broken","query":"x","health":"err","lastError":"many-to-many matching"},
    {"type":"alerting","name":"Always","query":"vector(1)","duration":0,"alerts":[{"state":"firing"},{"state":"pending"},{"state":"firing"}],"health":"ok"}]}]}}"#;
const TARGETS: &str = r#"{"status":"success","data":{"activeTargets":[
    {"discoveredLabels":{"__address__":"a"},"labels":{"job":"node","instance":"a:9100"},"health":"up","lastError":""},
    {"labels":{"job":"node","instance":"b:9100"},"health":"down","lastError":"Get \"http://me:hunter2@b:9100/metrics\": refused","lastScrape":"2026-11-28T20:00:00Z"},
    {"labels":{"job":"node","instance":"c:9100"}}],"droppedTargets":[]}}"#;

#[tokio::test]
async fn rules_and_targets_tell_what_is_wrong_first() {
    let served = Served::by(|asked, _| {
        let body = match asked.what() {
            "GET /api/v1/rules" => RULES,
            "GET /api/v1/targets?state=active" => TARGETS,
            _ => r#"{"status":"success","data":{"version":"2.42.0"}}"#,
        };
        ("200 OK".into(), body.into())
    });
    let (seen, _) = read("prod", &api(&served), None).await.expect("an answer");
    assert_eq!(seen.version.as_deref(), Some("2.42.0"));
    assert_eq!(seen.rules.iter().map(|rule| rule.name.as_str()).collect::<Vec<_>>(), ["Always", "Quiet", "Broken"]);
    assert_eq!((seen.rules[0].firing, seen.rules[0].pending, seen.recording_rules), (2, 1, 1));
    assert_eq!((seen.rules[1].for_seconds, seen.rules[1].problem.as_deref()), (300.0, None));
    assert_eq!(seen.rules[2].problem.as_deref(), Some("many-to-many matching"));
    assert_eq!((seen.targets, seen.targets_down.len()), (3, 2));
    let down = &seen.targets_down[0];
    assert_eq!((down.instance.as_str(), down.health.as_str()), ("b:9100", "down"));
    assert!(down.problem.as_deref().is_some_and(|why| why.contains("refused") && !why.contains("hunter2")), "{down:?}");
    assert_eq!(seen.targets_down[1].health, "unknown");
}

#[tokio::test]
async fn a_server_that_has_less_is_taken_as_it_is() {
    let served = Served::by(|asked, _| match asked.what() {
        "GET /api/v1/status/buildinfo" => ("404 Not Found".into(), "404 page not found".into()),
        "GET /api/v1/rules" => ("200 OK".into(), RULES.into()),
        _ => ("400 Bad Request".into(), "unsupported path".into()),
    });
    let (seen, _) = read("vm", &api(&served), None).await.expect("an answer");
    assert_eq!((seen.version, seen.rules.len()), (None, 3));
    assert_eq!(seen.problems, ["/api/v1/targets: it answers 400"]);
    let silent = Api::new(Server::at("http://127.0.0.1:1"), Http::new(Duration::from_secs(10), 10), 5);
    assert!(read("gone", &silent, None).await.is_err_and(|why| why.starts_with("/api/v1/status/buildinfo: ")));
}
