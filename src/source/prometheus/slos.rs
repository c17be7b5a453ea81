//! When the windows of objectives are asked for: short ones often, long ones seldom, for they are dear and change slowly.

use super::{Api, is_due};
use crate::{
    client::named::Named,
    model::{Timestamp, slo::Slo},
    slo::{Counts, Definition, judge},
    source::named::near,
};
use futures_util::{StreamExt, stream};
use jiff::SignedDuration;
use std::time::Duration;

/// Questions that are asked at once.
const AT_ONCE: usize = 6;
/// Questions of one round at most; what is left is asked in the next.
const MOST: usize = 400;
/// How long a round may take.
const ROUND: Duration = Duration::from_secs(30);
/// A window is asked for this many times while it passes, but never more often than every 15 s and never less than every five minutes.
const TIMES: u64 = 60;

/// The objectives of one Prometheus, and what was counted of them.
pub(super) struct Schedule {
    prometheus: String,
    objectives: Vec<Objective>,
}

struct Objective {
    definition: Definition,
    windows: Vec<(u64, Option<(Timestamp, Counts)>)>,
}

impl Schedule {
    pub(super) fn new(prometheus: &str, definitions: Vec<Definition>) -> Self {
        let objective = |definition: Definition| {
            let windows = definition.windows().into_iter().map(|seconds| (seconds, None)).collect();
            Objective { definition, windows }
        };
        Self { prometheus: prometheus.into(), objectives: definitions.into_iter().map(objective).collect() }
    }

    /// Asks for what is due, and judges. That there is no objective is an answer too.
    pub(super) async fn ask(&mut self, api: &Api, now: Timestamp) -> Vec<Slo> {
        let mut due: Vec<(u64, usize, usize)> = Vec::new();
        for (of, objective) in self.objectives.iter().enumerate() {
            for (at, (seconds, asked)) in objective.windows.iter().enumerate() {
                if is_due(asked.as_ref().map(|(at, _)| *at), now, every(*seconds)) {
                    due.push((*seconds, of, at));
                }
            }
        }
        // The short ones first: they say what happens now.
        due.sort_unstable();
        due.truncate(MOST / 2);
        let objectives = &self.objectives;
        let count = |(seconds, of, at): (u64, usize, usize)| async move {
            (of, at, counts(api, &objectives[of].definition, seconds, now).await)
        };
        let mut asked = stream::iter(due).map(count).buffer_unordered(AT_ONCE);
        let mut answers = Vec::new();
        let all = async {
            while let Some(answer) = asked.next().await {
                answers.push(answer);
            }
        };
        // What was answered until then counts; the rest is asked for in the next round.
        let _ = tokio::time::timeout(ROUND, all).await;
        drop(asked);
        for (of, at, counts) in answers {
            self.objectives[of].windows[at].1 = Some((now, counts));
        }
        let judged = |objective: &Objective| judge(&objective.definition, &self.prometheus, &objective.windows);
        self.objectives.iter().map(judged).collect()
    }
}

/// How often a window of that length is asked for.
fn every(seconds: u64) -> SignedDuration {
    SignedDuration::from_secs((seconds / TIMES).clamp(15, 300) as i64)
}

async fn counts(api: &Api, definition: &Definition, seconds: u64, at: Timestamp) -> Counts {
    let [part, total] = definition.questions(seconds).map(|question| question.expression);
    let ask = |expression: String| async move { api.query(&expression, at).await?.number() };
    let (part, total) = futures_util::join!(ask(part), ask(total));
    Counts { part, total }
}

/// Which objectives are asked of which Prometheus, and what is wrong with those that are asked of none.
pub fn assigned(definitions: &[Definition], servers: &[Named]) -> (Vec<Vec<Definition>>, Vec<String>) {
    let mut all = vec![Vec::new(); servers.len()];
    let mut problems = Vec::new();
    for definition in definitions {
        let at = match &definition.prometheus {
            Some(name) => servers.iter().position(|server| server.name == *name),
            None => (servers.len() == 1).then_some(0),
        };
        match (at, &definition.prometheus) {
            (Some(at), _) => all[at].push(definition.clone()),
            (None, _) if servers.is_empty() => problems.push(format!(
                "{}: «{}» cannot be asked for: no [[prometheus]] is configured",
                definition.place, definition.name
            )),
            (None, Some(name)) => problems.push(format!(
                "{}: metricSourceRef: no [[prometheus]] is called «{name}»{}",
                definition.place,
                near(name, servers)
            )),
            (None, None) => problems.push(format!(
                "{}: «{}» does not say which Prometheus is asked: write metricSourceRef",
                definition.place, definition.name
            )),
        }
    }
    (all, problems)
}
