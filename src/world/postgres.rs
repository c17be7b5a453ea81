//! What changed in a PostgreSQL cluster: who leads it, and whether it is paused.

use super::World;
use crate::model::{
    Timestamp,
    attention::Severity,
    change::{Change, ChangeKind},
    postgres::{Cluster, row::rows},
    series::{Metric, SeriesKey, SeriesStore},
};

impl World {
    pub(super) fn note_postgres(&mut self, at: Timestamp, now: &Cluster) {
        let Some(before) = self.observed.postgres.get(&now.name) else { return };
        let mut texts = Vec::new();
        let last = before.sample.as_ref().map(|sample| sample.server.as_str());
        let line = now.sample.as_ref().and_then(|sample| sample.timeline);
        let line = line.map_or_else(String::new, |line| format!(", timeline {line}"));
        match (leads(before).or(last), leads(now)) {
            (Some(old), Some(new)) if old != new => texts.push(format!("{new} leads now, after {old}{line}")),
            (Some(old), Some(_)) if leads(before).is_none() => texts.push(format!("{old} leads again{line}")),
            _ => {}
        }
        let paused = |cluster: &Cluster| cluster.patroni.as_ref().map(|patroni| patroni.is_paused);
        match (paused(before), paused(now)) {
            (Some(false), Some(true)) => texts.push("paused: automatic failover is off".to_owned()),
            (Some(true), Some(false)) => texts.push("resumed: automatic failover is on".to_owned()),
            _ => {}
        }
        for text in texts {
            self.push_change(Change::new(at, ChangeKind::Observed, Severity::Info, now.object(), text));
        }
    }
}

/// How far each is behind, and how fast the log grows.
pub(super) fn keep(series: &mut SeriesStore, at: Timestamp, cluster: &Cluster) {
    for row in rows(cluster).iter().filter(|row| !row.leads()) {
        series.push(
            SeriesKey::new(Metric::PostgresLag, row.object.id.clone()),
            at,
            row.lag_bytes.map(|lag| lag as f64),
        );
    }
    // A position that is told of again is no news of how fast it moves.
    let now = cluster.sample.as_ref().filter(|sample| sample.at == cluster.at);
    let rate = now.and_then(|sample| sample.bytes_per_second);
    series.push(SeriesKey::new(Metric::PostgresWritten, cluster.name.clone()), at, rate);
}

/// Who takes writes; `None` where nobody does, or several do.
fn leads(cluster: &Cluster) -> Option<&str> {
    let leader = cluster.patroni.as_ref().and_then(|patroni| patroni.leader());
    let leader = leader.filter(|leader| leader.own.as_ref().is_some_and(|own| own.is_primary == Some(true)));
    leader.map(|leader| leader.name.as_str()).or_else(|| match cluster.primaries().as_slice() {
        [only] => Some(*only),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::update::Update, source::postgres::recorded::Watcher};

    #[test]
    fn a_leader_that_moves_and_a_pause_are_told() {
        let mut watcher = Watcher::new();
        let mut world = World::default();
        for (second, state) in
            [(1_000, "well"), (1_010, "leader-silent"), (1_020, "failed-over"), (1_030, "well"), (1_040, "paused")]
        {
            let cluster = watcher.see(state, second);
            world.apply(cluster.at, "postgres/orders", vec![Update::Postgres(Box::new(cluster))]);
        }
        let told = world.changes.iter().rev().filter(|change| change.kind == ChangeKind::Observed);
        let told: Vec<_> = told.map(|change| change.text.as_str()).collect();
        assert_eq!(
            told,
            [
                "n3 leads now, after n1, timeline 4",
                "n1 leads now, after n3, timeline 2",
                "paused: automatic failover is off"
            ]
        );
        let rows = &world.observed.postgres["orders"].rows;
        assert_eq!(
            rows.iter().map(|row| row.object.id.as_str()).collect::<Vec<_>>(),
            ["orders", "orders/n1", "orders/n2", "orders/n3"]
        );
    }
}
