//! How long it took: to detect, to acknowledge, to mitigate, to resolve; of one incident, and of those of a time.
//!
//! MTTD, MTTM and MTTR run from the start of the impact, MTTA from the detection. Drills, and incidents that were merged or withdrawn, do not
//! count. A milestone that is missing makes no figure, and never one of zero; one before its beginning makes none either, and is told of.

use super::state::Incident;
use crate::model::{
    Timestamp,
    journal::{IncidentId, Milestone, Sev},
};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// One of the four figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Figure {
    /// Detected less impact started.
    Mttd,
    /// Acknowledged less detected.
    Mtta,
    /// Mitigated less impact started.
    Mttm,
    /// Resolved less impact started.
    Mttr,
}

impl Figure {
    /// Every figure, in the order of tables.
    pub const ALL: [Self; 4] = [Self::Mttd, Self::Mtta, Self::Mttm, Self::Mttr];

    /// `MTTD`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mttd => "MTTD",
            Self::Mtta => "MTTA",
            Self::Mttm => "MTTM",
            Self::Mttr => "MTTR",
        }
    }

    /// What it is the time to.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Mttd => "time to detect",
            Self::Mtta => "time to acknowledge",
            Self::Mttm => "time to mitigate",
            Self::Mttr => "time to resolve",
        }
    }

    /// The milestones that it runs between.
    pub const fn between(self) -> (Milestone, Milestone) {
        match self {
            Self::Mttd => (Milestone::ImpactStarted, Milestone::Detected),
            Self::Mtta => (Milestone::Detected, Milestone::Acknowledged),
            Self::Mttm => (Milestone::ImpactStarted, Milestone::Mitigated),
            Self::Mttr => (Milestone::ImpactStarted, Milestone::Resolved),
        }
    }
}

/// A figure of one incident.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Took {
    Seconds(f64),
    /// The end lies so many seconds before the beginning: one of the two is wrong.
    Negative(f64),
    /// This milestone is not known.
    Missing(Milestone),
}

impl Took {
    /// Seconds, where there is a figure.
    pub fn seconds(self) -> Option<f64> {
        match self {
            Self::Seconds(seconds) => Some(seconds),
            _ => None,
        }
    }
}

/// `null` where there is no figure.
impl Serialize for Took {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.seconds().serialize(serializer)
    }
}

/// The four figures of one incident.
pub type Figures = BTreeMap<Figure, Took>;

/// The figures of one incident, whether it counts or not.
pub fn of(incident: &Incident) -> Figures {
    Figure::ALL.into_iter().map(|figure| (figure, took(incident, figure))).collect()
}

fn took(incident: &Incident, figure: Figure) -> Took {
    let (from, to) = figure.between();
    let at = |milestone| incident.milestones.get(&milestone).map(|moment| moment.at).ok_or(milestone);
    let (from, to) = match (at(from), at(to)) {
        (Ok(from), Ok(to)) => (from, to),
        (Err(missing), _) | (_, Err(missing)) => return Took::Missing(missing),
    };
    let seconds = to.duration_since(from).as_secs_f64();
    if seconds < 0.0 { Took::Negative(-seconds) } else { Took::Seconds(seconds) }
}

/// One figure over many incidents, in seconds.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Spread {
    /// How many incidents have it.
    pub count: usize,
    pub mean: Option<f64>,
    pub median: Option<f64>,
    pub worst: Option<f64>,
    /// The incident with the worst.
    pub worst_of: Option<IncidentId>,
    /// How many lack a milestone for it.
    pub missing: usize,
    /// How many have milestones in the wrong order.
    pub negative: usize,
}

impl Spread {
    fn of<'a>(incidents: impl IntoIterator<Item = &'a Incident>, figure: Figure) -> Self {
        let mut spread = Self::default();
        let mut taken: Vec<(f64, IncidentId)> = Vec::new();
        for incident in incidents {
            match took(incident, figure) {
                Took::Seconds(seconds) => taken.push((seconds, incident.id)),
                Took::Negative(_) => spread.negative += 1,
                Took::Missing(_) => spread.missing += 1,
            }
        }
        taken.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(&a.1)));
        spread.count = taken.len();
        let Some((worst, of)) = taken.last() else { return spread };
        (spread.worst, spread.worst_of) = (Some(*worst), Some(*of));
        spread.mean = Some(taken.iter().map(|(seconds, _)| seconds).sum::<f64>() / taken.len() as f64);
        let (low, high) = (taken[(taken.len() - 1) / 2].0, taken[taken.len() / 2].0);
        spread.median = Some(low.midpoint(high));
        spread
    }
}

/// The figures of one severity, or of all.
pub type Table = BTreeMap<Figure, Spread>;

fn table(incidents: &[&Incident]) -> Table {
    Figure::ALL.into_iter().map(|figure| (figure, Spread::of(incidents.iter().copied(), figure))).collect()
}

/// The figures of the incidents of a time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub from: Timestamp,
    pub to: Timestamp,
    /// How many incidents count.
    pub incidents: usize,
    pub drills_left_out: usize,
    pub merged_left_out: usize,
    pub withdrawn_left_out: usize,
    pub all: Table,
    /// By the worst severity that each ever had.
    pub by_severity: BTreeMap<Sev, Table>,
    /// How many of each severity count.
    pub counts: BTreeMap<Sev, usize>,
}

/// The figures of the incidents that were declared in a time, its end exclusive.
pub fn over<'a>(incidents: impl IntoIterator<Item = &'a Incident>, from: Timestamp, to: Timestamp) -> Report {
    let mut report = Report {
        from,
        to,
        incidents: 0,
        drills_left_out: 0,
        merged_left_out: 0,
        withdrawn_left_out: 0,
        all: Table::new(),
        by_severity: BTreeMap::new(),
        counts: BTreeMap::new(),
    };
    let mut counted: Vec<&Incident> = Vec::new();
    for incident in incidents.into_iter().filter(|incident| incident.declared_at >= from && incident.declared_at < to) {
        if incident.withdrawn.is_some() {
            report.withdrawn_left_out += 1;
        } else if incident.drill {
            report.drills_left_out += 1;
        } else if incident.merged_into.is_some() {
            report.merged_left_out += 1;
        } else {
            counted.push(incident);
        }
    }
    report.incidents = counted.len();
    report.all = table(&counted);
    let mut by_severity: BTreeMap<Sev, Vec<&Incident>> = BTreeMap::new();
    for incident in counted {
        if let Some(severity) = incident.worst_severity() {
            by_severity.entry(severity).or_default().push(incident);
        }
    }
    report.counts = by_severity.iter().map(|(severity, incidents)| (*severity, incidents.len())).collect();
    report.by_severity = by_severity.iter().map(|(severity, incidents)| (*severity, table(incidents))).collect();
    report
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::{
        Incidents, Record,
        sample::{Story, at},
    };
    use crate::model::journal::Body;
    use proptest::prelude::*;

    /// An incident with these milestones, in minutes after 02:00.
    fn incident(story: &mut Story, severity: Sev, drill: bool, milestones: [Option<u32>; 5]) -> IncidentId {
        let id = story.declared_as("02:00", "x", 1, severity, drill);
        for (milestone, minutes) in Milestone::ALL.into_iter().zip(milestones) {
            if let Some(minutes) = minutes {
                let at = at(&format!("{:02}:{:02}", 2 + minutes / 60, minutes % 60));
                story.says("09:00", "ops-a", Body::Milestone { milestone, at, proposed: false });
            }
        }
        id
    }

    fn incidents(story: Story) -> Incidents {
        let events = story.events();
        Incidents::of(&Record::of(&events))
    }

    #[test]
    fn the_figures_of_one_incident() {
        let mut story = Story::new();
        let id = incident(&mut story, Sev::Sev2, false, [Some(0), Some(4), Some(6), Some(30), Some(45)]);
        let incidents = incidents(story);
        let figures = of(incidents.get(id).expect("is declared"));
        let seconds: Vec<_> = figures.values().map(|took| took.seconds()).collect();
        assert_eq!(seconds, [240.0, 120.0, 1800.0, 2700.0].map(Some));
    }

    #[test]
    fn what_is_missing_is_missing_and_what_is_negative_is_told() {
        let mut story = Story::new();
        let id = incident(&mut story, Sev::Sev2, false, [Some(10), Some(4), None, None, None]);
        let incidents = incidents(story);
        let figures = of(incidents.get(id).expect("is declared"));
        assert_eq!(figures[&Figure::Mttd], Took::Negative(360.0));
        assert_eq!(figures[&Figure::Mtta], Took::Missing(Milestone::Acknowledged));
        assert_eq!(figures[&Figure::Mttr], Took::Missing(Milestone::Resolved));
        let written = serde_json::to_string(&figures).expect("writes");
        assert_eq!(written, r#"{"mttd":null,"mtta":null,"mttm":null,"mttr":null}"#);
    }

    #[test]
    fn figures_over_a_time_by_severity_without_drills() {
        let mut story = Story::new();
        for minutes in [10, 20, 90] {
            incident(&mut story, Sev::Sev1, false, [Some(0), Some(2), Some(3), Some(5), Some(minutes)]);
        }
        incident(&mut story, Sev::Sev3, false, [Some(0), None, Some(3), Some(60), Some(30)]);
        incident(&mut story, Sev::Sev1, true, [Some(0), Some(2), Some(3), Some(5), Some(600)]);
        let into = incident(&mut story, Sev::Sev2, false, [None; 5]);
        let merged = incident(&mut story, Sev::Sev1, false, [Some(0), Some(2), Some(3), Some(5), Some(600)]);
        story.in_incident(Some(merged)).says("09:00", "ops-a", Body::Merged { into });
        let incidents = incidents(story);
        let report = over(incidents.all(), at("02:00"), at("03:00"));
        assert_eq!((report.incidents, report.drills_left_out, report.merged_left_out), (5, 1, 1));
        let resolve = &report.by_severity[&Sev::Sev1][&Figure::Mttr];
        assert_eq!(
            (resolve.count, resolve.mean, resolve.median, resolve.worst),
            (3, Some(2400.0), Some(1200.0), Some(5400.0))
        );
        let all = &report.all[&Figure::Mttr];
        assert_eq!((all.count, all.missing, all.median), (4, 1, Some(1500.0)), "of an even number the middle of two");
        assert_eq!(report.counts[&Sev::Sev1], 3);
        assert_eq!(report.by_severity[&Sev::Sev2][&Figure::Mttr].mean, None);
        assert_eq!(over(incidents.all(), at("02:01"), at("03:00")).incidents, 0);
    }

    proptest! {
        #[test]
        fn the_middle_lies_between_the_ends(minutes in prop::collection::vec(0..2000_u32, 1..20)) {
            let mut story = Story::new();
            for minutes in &minutes {
                incident(&mut story, Sev::Sev1, false, [Some(0), None, None, None, Some(*minutes % 1200)]);
            }
            let incidents = incidents(story);
            let report = over(incidents.all(), at("00:00"), at("23:00"));
            let spread = &report.all[&Figure::Mttr];
            let (mean, median, worst) = (spread.mean.unwrap(), spread.median.unwrap(), spread.worst.unwrap());
            prop_assert!(median <= worst && mean <= worst && median >= 0.0);
            prop_assert_eq!(spread.count, minutes.len());
        }
    }
}
