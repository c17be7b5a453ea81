//! When runbooks last passed as drills, against the days within which they should.

use super::Surroundings;
use crate::{
    journal::Journal,
    model::{Timestamp, units},
    runbook::run::{Mode, Outcome},
    runtime::runbook::store::{self, Line},
};
use jiff::SignedDuration;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// The last drill of each runbook that passed.
pub struct Drills {
    now: Timestamp,
    /// When, and in which run; `None` where the journal cannot say.
    passed: Option<BTreeMap<String, (Timestamp, String)>>,
}

impl Drills {
    /// What the journal of this machine knows; where none was ever written, nothing passed.
    pub fn read(around: &Surroundings<'_>, now: Timestamp) -> Self {
        let passed = match &around.journal {
            Ok(options) if !options.path.exists() && options.shared.is_none() => Some(BTreeMap::new()),
            Ok(options) => {
                Journal::open(options.clone()).ok().and_then(|journal| store::list(&journal).ok()).map(|runs| of(&runs))
            }
            Err(_) => None,
        };
        Self { now, passed }
    }

    /// What these runs say.
    pub fn of(runs: &[Line], now: Timestamp) -> Self {
        Self { now, passed: Some(of(runs)) }
    }

    /// As JSON: `null` for what need not be drilled.
    pub fn json(&self, runbook: &str, days: Option<u32>) -> Json {
        let Some(days) = days else { return Json::Null };
        let last = self.last(runbook);
        let due = last.map(|(at, _)| due(*at, days));
        let overdue = self.passed.as_ref().map(|_| due.is_none_or(|due| due < self.now));
        json!({
            "every_days": days,
            "last_passed_at": last.map(|(at, _)| at),
            "last_passed_days_ago": last.map(|(at, _)| self.days_since(*at)),
            "run": last.map(|(_, run)| run),
            "due_at": due,
            "overdue": overdue,
        })
    }

    /// In words: `drill passed 12 days ago`, `no drill passed yet`; nothing for what need not be drilled.
    pub fn words(&self, runbook: &str, days: Option<u32>) -> String {
        let Some(days) = days else { return String::new() };
        match (&self.passed, self.last(runbook)) {
            (None, _) => format!("drill {}: the journal cannot be read", units::UNKNOWN),
            (_, None) => format!("no drill passed yet: due every {days} days"),
            (_, Some((at, run))) => {
                let ago = self.days_since(*at);
                let late = if due(*at, days) < self.now { ", overdue" } else { "" };
                format!("drill last passed {ago} days ago ({run}){late}")
            }
        }
    }

    fn last(&self, runbook: &str) -> Option<&(Timestamp, String)> {
        self.passed.as_ref()?.get(runbook)
    }

    fn days_since(&self, at: Timestamp) -> i64 {
        self.now.duration_since(at).as_hours().max(0) / 24
    }
}

fn due(at: Timestamp, days: u32) -> Timestamp {
    at.saturating_add(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MAX)
}

fn of(runs: &[Line]) -> BTreeMap<String, (Timestamp, String)> {
    let mut passed: BTreeMap<String, (Timestamp, String)> = BTreeMap::new();
    let drills = runs.iter().filter(|run| run.mode == Mode::Drill && run.outcome == Some(Outcome::Succeeded));
    for run in drills {
        let Some(at) = run.ended_at else { continue };
        let known = passed.entry(run.runbook.clone()).or_insert_with(|| (at, run.run.to_string()));
        if at >= known.0 {
            *known = (at, run.run.to_string());
        }
    }
    passed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(runbook: &str, name: &str, mode: Mode, outcome: Outcome, ended: &str) -> Line {
        let at: Timestamp = ended.parse().expect("a time");
        Line {
            run: name.into(),
            runbook: runbook.into(),
            target: "t".into(),
            mode,
            begun_at: at,
            ended_at: Some(at),
            by: "ann".into(),
            outcome: Some(outcome),
            text: String::new(),
            incident: None,
        }
    }

    #[test]
    fn the_last_drill_that_passed_counts() {
        let runs = [
            run("a", "1", Mode::Drill, Outcome::Succeeded, "2026-10-01T00:00:00Z"),
            run("a", "2", Mode::Drill, Outcome::Succeeded, "2026-11-11T00:00:00Z"),
            run("a", "3", Mode::Drill, Outcome::Failed, "2026-11-12T00:00:00Z"),
            run("a", "4", Mode::Live, Outcome::Succeeded, "2026-11-13T00:00:00Z"),
            run("b", "5", Mode::Drill, Outcome::Succeeded, "2026-10-01T00:00:00Z"),
        ];
        let drills = Drills::of(&runs, "2026-11-23T12:00:00Z".parse().expect("a time"));
        assert_eq!(drills.words("a", Some(31)), "drill last passed 12 days ago (2)");
        assert_eq!(drills.words("b", Some(31)), "drill last passed 53 days ago (5), overdue");
        assert_eq!(drills.words("c", Some(31)), "no drill passed yet: due every 31 days");
        assert_eq!(drills.words("c", None), "");
        let json = drills.json("a", Some(31));
        assert_eq!(
            (&json["last_passed_days_ago"], &json["overdue"], &json["run"]),
            (&12.into(), &false.into(), &"2".into())
        );
        assert_eq!(drills.json("c", Some(31))["overdue"], true);
        assert_eq!(drills.json("c", None), Json::Null);
    }
}
