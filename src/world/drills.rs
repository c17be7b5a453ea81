//! Which drills are owed: those of the runbooks that move or promote a database, where a cluster for them is configured.

use super::World;
use crate::model::{
    Timestamp,
    duty::{Duty, DutyKind},
    object::{ObjectKind, ObjectRef},
    postgres::Cluster,
    units,
};
use compact_str::CompactString;
use jiff::SignedDuration;
use std::{collections::BTreeMap, sync::Arc};

/// Within so many days each of them should pass as a drill: the monthly rule, as `drill-days` of these runbooks.
const DRILL_DAYS: i64 = 31;

impl World {
    /// Looks anew at which drills are owed.
    pub(super) fn owe_drills(&mut self) {
        let owed = self.incidents.drills().map(|passed| owed(&self.observed.postgres, passed)).unwrap_or_default();
        let duties = &mut self.observed.duties;
        duties.retain(|duty| duty.kind != DutyKind::Drill);
        duties.extend(owed);
    }
}

/// Runbooks for disasters of a cluster.
fn runbooks(cluster: &Cluster) -> &'static [&'static str] {
    if let Some(patroni) = &cluster.patroni {
        if patroni.config_or_default().is_standby_cluster {
            return &["patroni-promote-cluster"];
        }
        &["patroni-failover", "patroni-switchover"]
    } else if cluster.servers.len() > 1 {
        &["postgres-promote"]
    } else {
        &[]
    }
}

/// One of each runbook, for the first cluster that it is for.
fn owed(clusters: &BTreeMap<CompactString, Arc<Cluster>>, passed: &BTreeMap<CompactString, Timestamp>) -> Vec<Duty> {
    let mut of_runbook: BTreeMap<&str, &CompactString> = BTreeMap::new();
    for (name, cluster) in clusters {
        for runbook in runbooks(cluster) {
            of_runbook.entry(runbook).or_insert(name);
        }
    }
    let duty = |(runbook, cluster): (&str, &CompactString)| {
        let last = passed.get(runbook);
        Duty {
            kind: DutyKind::Drill,
            object: ObjectRef::new(ObjectKind::Postgres, cluster.clone()),
            name: runbook.into(),
            text: match last {
                Some(at) => format!("{runbook} last passed as a drill on {}", units::day(*at)),
                None => format!("{runbook} never passed as a drill"),
            },
            due: last.and_then(|at| at.checked_add(SignedDuration::from_hours(24 * DRILL_DAYS)).ok()),
        }
    };
    of_runbook.into_iter().map(duty).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        journal::news::JournalNews,
        postgres::{patroni::Patroni, server::Server},
        update::Update,
    };

    #[test]
    fn what_never_passed_stands_in_the_attention_list() {
        let at: Timestamp = "2026-11-23T00:00:00Z".parse().expect("a time");
        let mut world = World::at(at);
        let orders = Cluster { name: "orders".into(), patroni: Some(Patroni::default()), ..Cluster::default() };
        world.apply(at, "postgres/orders", vec![Update::Postgres(Box::new(orders))]);
        let told = |world: &World| {
            let rows = world.attention.iter().filter(|row| row.condition.kind == "drill");
            rows.map(|row| row.condition.cause.clone()).collect::<Vec<_>>()
        };
        assert_eq!(told(&world), [""; 0], "the journal has not been read yet");
        let news =
            |drills| vec![Update::Journal(Box::new(JournalNews { drills: Some(drills), ..JournalNews::default() }))];
        world.apply(at, "journal", news(BTreeMap::new()));
        assert_eq!(told(&world), ["patroni-failover never passed as a drill, and 1 more"]);
        let passed = ["patroni-failover", "patroni-switchover"].map(|runbook| (runbook.into(), at));
        let later = at + SignedDuration::from_secs(2);
        world.apply(later, "journal", news(BTreeMap::from(passed)));
        assert_eq!(told(&world), [""; 0]);
    }

    #[test]
    fn drills_are_owed_where_a_cluster_is_configured() {
        let at: Timestamp = "2026-11-01T00:00:00Z".parse().expect("a time");
        let passed = BTreeMap::from([("patroni-failover".into(), at)]);
        let cluster = |patroni: Option<Patroni>, servers: usize| {
            Arc::new(Cluster { patroni, servers: vec![Server::default(); servers], ..Cluster::default() })
        };
        let mut clusters = BTreeMap::from([("ledger".into(), cluster(None, 1))]);
        assert_eq!(owed(&clusters, &passed), [], "one server has nothing to fail over to");
        clusters.insert("orders".into(), cluster(Some(Patroni::default()), 0));
        clusters.insert("stock".into(), cluster(None, 2));
        let owed = owed(&clusters, &passed);
        let told: Vec<_> = owed.iter().map(|duty| (duty.name.as_str(), &*duty.object.id, duty.due.is_some())).collect();
        let expected = [
            ("patroni-failover", "orders", true),
            ("patroni-switchover", "orders", false),
            ("postgres-promote", "stock", false),
        ];
        assert_eq!(told, expected);
        let soon: Timestamp = "2026-12-02T00:00:00Z".parse().expect("a time");
        assert!(!owed[0].is_overdue(soon), "31 days are not over");
        assert!(owed[0].is_overdue("2026-12-03T00:00:00Z".parse().expect("a time")) && owed[1].is_overdue(soon));
    }
}
