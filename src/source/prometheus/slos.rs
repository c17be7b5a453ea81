//! When the windows of objectives are asked for: short ones often, long ones seldom, for they are dear and change slowly.

use super::{Api, is_due};
use crate::{
    client::named::Named,
    model::{
        Timestamp,
        slo::{Reading, Slo, Spent},
    },
    slo::{Counts, Definition, judge, spent},
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

/// How often it is asked what an incident has spent.
const INCIDENT_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// The objectives of one Prometheus, and what was counted of them.
pub(super) struct Schedule {
    prometheus: String,
    objectives: Vec<Objective>,
    /// When the impact of the incident began that was asked for, and when it was asked for last.
    incident: Option<(Timestamp, Timestamp)>,
}

struct Objective {
    definition: Definition,
    windows: Vec<(u64, Option<(Timestamp, Counts)>)>,
    /// Events since the impact of the incident began.
    incident: Option<Counts>,
}

impl Schedule {
    pub(super) fn new(prometheus: &str, definitions: Vec<Definition>) -> Self {
        let objective = |definition: Definition| {
            let windows = definition.windows().into_iter().map(|seconds| (seconds, None)).collect();
            Objective { definition, windows, incident: None }
        };
        let objectives = definitions.into_iter().map(objective).collect();
        Self { prometheus: prometheus.into(), objectives, incident: None }
    }

    /// Asks for what is due, and judges. That there is no objective is an answer too.
    pub(super) async fn ask(&mut self, api: &Api, now: Timestamp, incident: Option<Timestamp>) -> Vec<Slo> {
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
        self.ask_of_incident(api, now, incident).await;
        let since = self.incident.map(|(since, _)| since);
        let judged = |objective: &Objective| {
            let Objective { definition, windows, incident } = objective;
            let slo = judge(definition, &self.prometheus, windows);
            let share = incident.as_ref().and_then(|counts| spent_since(definition, counts, windows));
            Slo { incident: since.map(|since| Spent { since, share }), ..slo }
        };
        self.objectives.iter().map(judged).collect()
    }

    /// Asks what was counted since the impact of the incident that goes on began.
    async fn ask_of_incident(&mut self, api: &Api, now: Timestamp, incident: Option<Timestamp>) {
        let Some(since) = incident else {
            self.incident = None;
            return;
        };
        let known = self.incident.filter(|(of, _)| *of == since);
        if known.is_some_and(|(_, asked)| !is_due(Some(asked), now, INCIDENT_EVERY)) {
            return;
        }
        self.incident = Some((since, now));
        let seconds = now.duration_since(since).as_secs().max(60).cast_unsigned();
        let all = self.objectives.iter().take(MOST / 2).map(|objective| {
            let definition = &objective.definition;
            // The budget is that of a period: what is longer ago is no longer in it.
            async move { counts(api, definition, seconds.min(definition.period_seconds), now).await }
        });
        let counted = tokio::time::timeout(ROUND, futures_util::future::join_all(all)).await;
        let mut counted = counted.unwrap_or_default().into_iter();
        for objective in &mut self.objectives {
            objective.incident = counted.next();
        }
    }
}

/// Which share of the budget was spent by what was counted; `None` where one of both cannot be told.
fn spent_since(
    definition: &Definition,
    counts: &Counts,
    windows: &[(u64, Option<(Timestamp, Counts)>)],
) -> Option<f64> {
    let period = windows.iter().find(|(seconds, _)| *seconds == definition.period_seconds)?.1.as_ref()?;
    let events = |counts: &Counts| match definition.reading(counts) {
        Reading::Events { bad, total } | Reading::Few { bad, total, .. } => Some((bad, total)),
        _ => None,
    };
    let ((bad, _), (_, total)) = (events(counts)?, events(&period.1)?);
    spent(definition.target, bad, total)
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
