//! Questions to a Prometheus, or to what speaks as one (<https://prometheus.io/docs/prometheus/latest/querying/api/>).

use super::wire::{self, Carried};
use crate::{
    client::http::{Answer, Http, HttpError, Server, form},
    model::{
        Timestamp,
        metric::{AlertRule, Reply, Steps, Target},
    },
};
use compact_str::CompactString;

/// An address is no longer than this; what is longer is asked by a form. Some proxies take no more.
const LONGEST_ADDRESS: usize = 2_000;
/// Points of one series that Prometheus gives at most.
const MOST_POINTS: i64 = 11_000;

/// A server that can be asked.
#[derive(Debug, Clone)]
pub struct Api {
    server: Server,
    http: Http,
    /// Seconds after which the server itself shall give up on a query.
    patience: u64,
}

impl Api {
    /// Questions to a server; it gives up on a query after so many seconds by itself.
    pub fn new(server: Server, http: Http, patience: u64) -> Self {
        Self { server, http, patience }
    }

    /// Scheme, host and port.
    pub fn place(&self) -> String {
        self.server.place()
    }

    /// What an expression evaluates to at a time.
    ///
    /// # Errors
    /// Why there is no answer, in words.
    pub async fn query(&self, expression: &str, at: Timestamp) -> Result<Reply, String> {
        let (at, timeout) = (seconds(at), format!("{}s", self.patience));
        let fields = [("query", expression), ("time", &at), ("timeout", &timeout)];
        wire::reply(self.ask("/api/v1/query", &fields).await?)
    }

    /// What an expression evaluates to over time.
    ///
    /// # Errors
    /// Why there is no answer, in words.
    pub async fn query_range(&self, expression: &str, steps: Steps) -> Result<Reply, String> {
        if steps.count() > MOST_POINTS {
            return Err(format!("{} points of a series are more than {MOST_POINTS}: take longer steps", steps.count()));
        }
        let timeout = format!("{}s", self.patience);
        let (start, end, step) = (steps.start.to_string(), steps.end.to_string(), steps.step.to_string());
        let fields = [("query", expression), ("start", &start), ("end", &end), ("step", &step), ("timeout", &timeout)];
        wire::reply(self.ask("/api/v1/query_range", &fields).await?)
    }

    /// Alerting rules, and the number of recording rules.
    ///
    /// # Errors
    /// Why there is no answer, in words.
    pub async fn rules(&self) -> Result<(Vec<AlertRule>, u32), String> {
        Ok(wire::rules(&self.ask("/api/v1/rules", &[]).await?.data))
    }

    /// The number of targets, and those that are not up.
    ///
    /// # Errors
    /// Why there is no answer, in words.
    pub async fn targets(&self) -> Result<(u32, Vec<Target>), String> {
        Ok(wire::targets(&self.ask("/api/v1/targets", &[("state", "active")]).await?.data))
    }

    /// The version; `None` where the server tells none.
    ///
    /// # Errors
    /// Why there is no answer at all, in words.
    pub async fn version(&self) -> Result<Option<CompactString>, String> {
        let path = "/api/v1/status/buildinfo";
        let answer = self.http.look(&self.server.below(path)).await.map_err(|error| format!("{path}: {error}"))?;
        match wire::open(&answer.body) {
            Ok(carried) => Ok(wire::version(&carried.data)),
            // Not all of them have it.
            Err(_) if matches!(answer.status, 200..=299 | 400 | 404 | 405 | 501) => Ok(None),
            Err(why) => Err(words(path, &answer, why)),
        }
    }

    async fn ask(&self, path: &str, fields: &[(&str, &str)]) -> Result<Carried, String> {
        let asked = form(fields);
        let answer = if asked.len() > LONGEST_ADDRESS {
            self.http.look_by_form(&self.server.below(path), fields).await
        } else {
            let gap = if asked.is_empty() { "" } else { "?" };
            self.http.look(&self.server.below(&format!("{path}{gap}{asked}"))).await
        };
        let answer = answer.map_err(|error| format!("{path}: {error}"))?;
        wire::open(&answer.body).map_err(|why| words(path, &answer, why))
    }
}

/// Why an answer is none.
fn words(path: &str, answer: &Answer, why: Option<String>) -> String {
    match why {
        Some(why) => format!("{path}: {why}"),
        None if answer.is_success() => format!("{path}: the answer is none of Prometheus's API: is the address right?"),
        None => format!("{path}: {}", HttpError::Status(answer.status)),
    }
}

/// Seconds since the epoch, with a fraction, as the API takes them.
fn seconds(at: Timestamp) -> String {
    let ms = at.as_millisecond();
    format!("{}.{:03}", ms.div_euclid(1_000), ms.rem_euclid(1_000))
}
