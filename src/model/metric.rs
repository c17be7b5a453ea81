//! Metrics as Prometheus and what speaks its language answer them (<https://prometheus.io/docs/prometheus/latest/querying/api/>).

use super::Timestamp;
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Names and values that tell one series, or one alert, from others.
pub type Labels = BTreeMap<CompactString, CompactString>;

/// What a query evaluates to.
#[derive(Debug, Clone, PartialEq)]
pub enum Evaluated {
    /// One value of each series.
    Vector(Vec<Sample>),
    /// Many values of each series.
    Matrix(Vec<Stretch>),
    Scalar(Point),
    Text(CompactString),
}

impl Evaluated {
    /// The word of the API.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Vector(_) => "vector",
            Self::Matrix(_) => "matrix",
            Self::Scalar(_) => "scalar",
            Self::Text(_) => "string",
        }
    }
}

/// A value at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub at: Timestamp,
    pub value: Value,
}

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// Any number, NaN and the infinities among them.
    Number(f64),
    /// A native histogram, which is not read.
    Histogram,
}

impl Value {
    /// The number, if it is one that can be counted with.
    pub fn finite(self) -> Option<f64> {
        match self {
            Self::Number(number) if number.is_finite() => Some(number),
            _ => None,
        }
    }

    /// As screens show it.
    pub fn words(self) -> String {
        match self {
            Self::Number(number) if number.is_nan() => "NaN".into(),
            Self::Number(number) if number.is_infinite() => if number > 0.0 { "+Inf" } else { "-Inf" }.into(),
            Self::Number(number) => number.to_string(),
            Self::Histogram => "native histogram (not shown)".into(),
        }
    }
}

/// One series' value.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub labels: Labels,
    pub point: Point,
}

/// One series' values over time, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    pub labels: Labels,
    pub points: Vec<Point>,
}

/// A server's answer to a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    pub result: Evaluated,
    /// What the server says against it: a store that did not answer, a rate of what is no counter.
    pub warnings: Vec<String>,
}

impl Reply {
    /// The one number that it comes to: that of a scalar, or of the only series. `None` where there is no series: absent is not zero.
    ///
    /// # Errors
    /// Where it is not one number.
    pub fn number(&self) -> Result<Option<f64>, String> {
        let value = match &self.result {
            Evaluated::Scalar(point) => point.value,
            Evaluated::Vector(samples) => match samples.as_slice() {
                [] => return Ok(None),
                [one] => one.point.value,
                many => return Err(format!("{} series instead of one: sum them up", many.len())),
            },
            other => return Err(format!("a {} instead of one number", other.word())),
        };
        match value {
            Value::Number(number) => Ok(Some(number)),
            Value::Histogram => Err("a native histogram instead of a number".into()),
        }
    }
}

/// A graph's times: from, to and how far apart, in seconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    pub start: i64,
    pub end: i64,
    pub step: i64,
}

impl Steps {
    /// Steps that people count in, in seconds: 1 s to 1 d.
    const NICE: [i64; 18] =
        [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400];

    /// Times of a graph that shows the last `seconds` in so many columns: no more points than columns, on multiples of the step, so that the
    /// graph moves by whole steps.
    pub fn of_graph(now: Timestamp, seconds: i64, columns: usize) -> Self {
        let columns = i64::try_from(columns.max(1)).unwrap_or(i64::MAX);
        let seconds = seconds.max(1);
        let up = |number: i64, by: i64| number / by + i64::from(number % by != 0);
        let least = up(seconds, columns);
        let day = Self::NICE[Self::NICE.len() - 1];
        let step = Self::NICE.into_iter().find(|step| *step >= least).unwrap_or(up(least, day) * day);
        let end = now.as_second().div_euclid(step) * step;
        Self { start: end - (seconds / step).min(columns - 1).max(0) * step, end, step }
    }

    /// How many points a series can have.
    pub const fn count(self) -> i64 {
        (self.end - self.start) / self.step + 1
    }
}

/// A rule of a Prometheus that makes alerts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertRule {
    /// Label `alertname` of its alerts.
    pub name: CompactString,
    pub group: CompactString,
    pub file: CompactString,
    /// Its expression.
    pub query: String,
    /// How long it has to hold, in seconds.
    pub for_seconds: f64,
    pub labels: Labels,
    /// Firing and pending alerts of it.
    pub firing: u32,
    pub pending: u32,
    /// Why it cannot be evaluated.
    pub problem: Option<String>,
}

/// What is scraped and does not answer, or has not yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    pub job: CompactString,
    pub instance: CompactString,
    /// `up`, `down` or `unknown`.
    pub health: CompactString,
    /// Why it does not answer, without secrets.
    pub problem: Option<String>,
    pub scraped_at: Option<Timestamp>,
}

/// What a Prometheus, or what speaks as one, says of itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Prometheus {
    /// As the configuration calls it.
    pub name: CompactString,
    /// Scheme, host and port.
    pub address: CompactString,
    pub version: Option<CompactString>,
    /// Alerting rules, those with alerts first.
    pub rules: Vec<AlertRule>,
    /// Recording rules.
    pub recording_rules: u32,
    /// How many targets it has.
    pub targets: u32,
    /// Those that are not up.
    pub targets_down: Vec<Target>,
    /// What it could not be asked, in words.
    pub problems: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    #[test]
    fn steps_follow_the_width_of_the_graph() {
        // An hour in 80 columns: 45 s would be needed, 60 s is taken.
        let steps = Steps::of_graph(at(1_000_030), 3_600, 80);
        assert_eq!((steps.step, steps.end, steps.start, steps.count()), (60, 1_000_020, 996_420, 61));
        // Half a minute later the times are the same.
        assert_eq!(Steps::of_graph(at(1_000_050), 3_600, 80), steps);
        assert_eq!(Steps::of_graph(at(1_000_030), 3_600, 4_000).step, 1);
        assert_eq!(Steps::of_graph(at(1_000_030), 30 * 86_400, 120).step, 21_600);
        // Never more points than columns.
        for (seconds, columns) in [(1, 1), (3_600, 60), (7, 7), (86_400 * 365, 10), (86_400, 0)] {
            let steps = Steps::of_graph(at(1_000_000), seconds, columns);
            assert!(steps.count() >= 1 && steps.count() <= columns.max(1) as i64, "{seconds} {columns}: {steps:?}");
        }
    }

    #[test]
    fn one_number_is_one_number() {
        let sample =
            |number| Sample { labels: Labels::new(), point: Point { at: at(0), value: Value::Number(number) } };
        let reply = |result| Reply { result, warnings: Vec::new() };
        assert_eq!(reply(Evaluated::Vector(vec![])).number(), Ok(None));
        assert_eq!(reply(Evaluated::Vector(vec![sample(2.5)])).number(), Ok(Some(2.5)));
        assert!(reply(Evaluated::Vector(vec![sample(1.0), sample(2.0)])).number().is_err());
        assert!(reply(Evaluated::Vector(vec![sample(f64::NAN)])).number().expect("one").expect("there").is_nan());
        let histogram = Sample { labels: Labels::new(), point: Point { at: at(0), value: Value::Histogram } };
        assert!(reply(Evaluated::Vector(vec![histogram])).number().is_err());
        assert!(reply(Evaluated::Text("x".into())).number().is_err());
        assert_eq!(Value::Number(f64::NEG_INFINITY).words(), "-Inf");
    }
}
