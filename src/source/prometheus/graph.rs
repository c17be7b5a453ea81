//! What an alert's rule measures, over time.

use super::Api;
use crate::model::{
    Timestamp,
    metric::{Evaluated, Labels, Steps, Stretch},
    watch::{Graph, GraphAsked},
};
use jiff::SignedDuration;

/// How often it is asked for while it is shown.
pub(super) const EVERY: SignedDuration = SignedDuration::from_secs(10);
/// How far it reaches back: as far as history is kept.
const SECONDS: i64 = 30 * 60;
/// Points of it.
const POINTS: usize = 180;

/// Asks for it. Why there is none is part of the answer.
pub(super) async fn read(api: &Api, asked: &GraphAsked, now: Timestamp) -> Graph {
    let mut graph = Graph { asked: asked.clone(), points: Vec::new(), series: 0, problems: Vec::new() };
    match api.query_range(&asked.expression, Steps::of_graph(now, SECONDS, POINTS)).await {
        Err(why) => graph.problems.push(why),
        Ok(reply) => {
            graph.problems = reply.warnings;
            match reply.result {
                Evaluated::Matrix(all) => {
                    graph.series = u32::try_from(all.len()).unwrap_or(u32::MAX);
                    if let Some(own) = nearest(&all, &asked.labels) {
                        let number = |point: &crate::model::metric::Point| Some((point.at, point.value.finite()?));
                        graph.points = own.points.iter().filter_map(number).collect();
                    }
                }
                other => graph.problems.push(format!("a {} cannot be drawn", other.word())),
            }
        }
    }
    graph
}

/// The series that shares most labels with the alert and contradicts none of them.
fn nearest<'s>(all: &'s [Stretch], labels: &Labels) -> Option<&'s Stretch> {
    let shared = |series: &Stretch| {
        let mut own = series.labels.iter().filter(|(name, _)| *name != "__name__");
        own.try_fold(0_usize, |sum, (name, value)| match labels.get(name) {
            Some(known) if known == value => Some(sum + 1),
            Some(_) => None,
            None => Some(sum),
        })
    };
    all.iter()
        .filter_map(|series| Some((shared(series)?, series)))
        .max_by_key(|(shared, _)| *shared)
        .map(|(_, series)| series)
}
