//! Reads the answers of Prometheus's API, and of what speaks as it does: Thanos, Mimir, VictoriaMetrics. What is missing or odd is left out,
//! and never a reason to lose the rest.

use crate::model::{
    Timestamp,
    metric::{AlertRule, Evaluated, Labels, Point, Reply, Sample, Stretch, Target, Value as Number},
    redact,
};
use compact_str::{CompactString, ToCompactString};
use serde_json::Value;

/// What an answer carries: its data, and what the server says against it.
#[derive(Debug)]
pub struct Carried {
    pub data: Value,
    pub warnings: Vec<String>,
}

/// Opens an answer.
///
/// # Errors
/// What the server says is wrong, in words; `None` where it is no answer of this API.
pub fn open(body: &[u8]) -> Result<Carried, Option<String>> {
    let mut answer: Value = serde_json::from_slice(body).map_err(|_| None)?;
    let status = answer.get("status").and_then(Value::as_str);
    match status {
        Some("success") => {}
        Some("error") => {
            let word = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default();
            return Err(Some(fault(word("errorType"), word("error"))));
        }
        _ => return Err(None),
    }
    let texts = |name: &str| {
        let all = answer.get(name).and_then(Value::as_array);
        all.into_iter().flatten().filter_map(Value::as_str).map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    let mut warnings = texts("warnings");
    warnings.extend(texts("infos"));
    if answer.get("isPartial").and_then(Value::as_bool) == Some(true) {
        warnings.push("the answer is partial: some stores did not answer".into());
    }
    let data = answer.get_mut("data").map(Value::take).unwrap_or_default();
    Ok(Carried { data, warnings })
}

/// An error of the API in words (<https://github.com/prometheus/prometheus/blob/main/web/api/v1/api.go>, `errorType`).
fn fault(kind: &str, text: &str) -> String {
    let what = match kind {
        "bad_data" => "it cannot read the question",
        "timeout" => "the query took too long",
        "canceled" => "the query was called off",
        "execution" => "the query failed",
        "unavailable" => "it is not ready",
        "not_found" => "it has no such thing",
        "internal" => "it failed",
        "" => "it says",
        // VictoriaMetrics writes its status here.
        other => return format!("it says {other}: {}", redact::text(text)),
    };
    format!("{what}: {}", redact::text(text))
}

/// What a query evaluates to.
///
/// # Errors
/// What it is instead.
pub fn reply(carried: Carried) -> Result<Reply, String> {
    let Carried { data, warnings } = carried;
    let kind = data.get("resultType").and_then(Value::as_str).unwrap_or_default();
    let result = data.get("result").ok_or("the answer has no result")?;
    let series = || result.as_array().ok_or_else(|| format!("the {kind} of the answer is no list"));
    let result = match kind {
        "vector" => Evaluated::Vector(series()?.iter().filter_map(sample).collect()),
        "matrix" => Evaluated::Matrix(series()?.iter().map(stretch).collect()),
        "scalar" => Evaluated::Scalar(point(result).ok_or("the scalar of the answer is no number")?),
        "string" => Evaluated::Text(result.get(1).and_then(Value::as_str).unwrap_or_default().into()),
        other => return Err(format!("the answer is of a kind that is not known: «{other}»")),
    };
    Ok(Reply { result, warnings })
}

fn sample(entry: &Value) -> Option<Sample> {
    let value = entry.get("value").and_then(point);
    let histogram = || Some(Point { at: time(entry.get("histogram")?.get(0)?)?, value: Number::Histogram });
    Some(Sample { labels: labels(entry.get("metric")), point: value.or_else(histogram)? })
}

fn stretch(entry: &Value) -> Stretch {
    let list = |name: &str| entry.get(name).and_then(Value::as_array).into_iter().flatten();
    let mut points: Vec<_> = list("values").filter_map(point).collect();
    let at = |histogram: &Value| Some(Point { at: time(histogram.get(0)?)?, value: Number::Histogram });
    points.extend(list("histograms").filter_map(at));
    points.sort_by_key(|point| point.at);
    Stretch { labels: labels(entry.get("metric")), points }
}

/// `[time, "value"]`; some servers write the value as a number.
fn point(pair: &Value) -> Option<Point> {
    Some(Point { at: time(pair.get(0)?)?, value: Number::Number(number(pair.get(1)?)?) })
}

fn number(value: &Value) -> Option<f64> {
    match value {
        // `NaN`, `+Inf` and `-Inf` are read as well.
        Value::String(text) => text.parse().ok(),
        other => other.as_f64(),
    }
}

/// Seconds since the epoch, with a fraction.
fn time(value: &Value) -> Option<Timestamp> {
    let seconds = number(value).filter(|seconds| seconds.is_finite())?;
    Timestamp::from_millisecond((seconds * 1_000.0).round() as i64).ok()
}

fn labels(value: Option<&Value>) -> Labels {
    let fields = value.and_then(Value::as_object).into_iter().flatten();
    fields.map(|(name, value)| (name.into(), text(Some(value)))).collect()
}

fn text(value: Option<&Value>) -> CompactString {
    match value {
        Some(Value::String(text)) => text.into(),
        Some(other @ (Value::Number(_) | Value::Bool(_))) => other.to_compact_string(),
        _ => CompactString::default(),
    }
}

/// Alerting rules of `/api/v1/rules`, and how many recording rules stand beside them.
pub fn rules(data: &Value) -> (Vec<AlertRule>, u32) {
    let groups = data.get("groups").and_then(Value::as_array);
    let (mut rules, mut recording) = (Vec::new(), 0);
    for group in groups.into_iter().flatten() {
        let own = group.get("rules").and_then(Value::as_array);
        for entry in own.into_iter().flatten() {
            if entry.get("type").and_then(Value::as_str) == Some("recording") {
                recording += 1;
            } else if entry.get("query").is_some() {
                rules.push(rule(group, entry));
            }
        }
    }
    // Those with alerts first; the sort keeps the order of the files otherwise.
    rules.sort_by_key(|rule| (rule.firing == 0, rule.pending == 0));
    (rules, recording)
}

fn rule(group: &Value, entry: &Value) -> AlertRule {
    let alerts = entry.get("alerts").and_then(Value::as_array);
    let count = |state: &str| {
        let of_state = |alert: &&Value| alert.get("state").and_then(Value::as_str) == Some(state);
        u32::try_from(alerts.into_iter().flatten().filter(of_state).count()).unwrap_or(u32::MAX)
    };
    let error = text(entry.get("lastError"));
    let is_bad = entry.get("health").and_then(Value::as_str) == Some("err") || !error.is_empty();
    AlertRule {
        name: text(entry.get("name")),
        group: text(group.get("name")),
        file: text(group.get("file")),
        query: redact::text(&text(entry.get("query"))).into_owned(),
        for_seconds: entry.get("duration").and_then(number).filter(|seconds| seconds.is_finite()).unwrap_or(0.0),
        labels: labels(entry.get("labels")),
        firing: count("firing"),
        pending: count("pending"),
        problem: is_bad.then(|| redact::text(&error).into_owned()),
    }
}

/// Active targets of `/api/v1/targets`: how many there are, and those that are not up.
pub fn targets(data: &Value) -> (u32, Vec<Target>) {
    let all: &[Value] = data.get("activeTargets").and_then(Value::as_array).map_or(&[], Vec::as_slice);
    let down = all.iter().filter(|entry| entry.get("health").and_then(Value::as_str) != Some("up")).map(target);
    (u32::try_from(all.len()).unwrap_or(u32::MAX), down.collect())
}

fn target(entry: &Value) -> Target {
    let label = |name: &str| text(entry.get("labels").and_then(|labels| labels.get(name)));
    let error = text(entry.get("lastError"));
    let scraped: Option<Timestamp> = entry.get("lastScrape").and_then(Value::as_str).and_then(|text| text.parse().ok());
    let health = text(entry.get("health"));
    Target {
        job: label("job"),
        instance: label("instance"),
        health: if health.is_empty() { "unknown".into() } else { health },
        problem: (!error.is_empty()).then(|| redact::text(&error).into_owned()),
        scraped_at: scraped.filter(|at| *at > Timestamp::UNIX_EPOCH),
    }
}

/// The version of `/api/v1/status/buildinfo`.
pub fn version(data: &Value) -> Option<CompactString> {
    Some(text(data.get("version"))).filter(|version| !version.is_empty())
}
