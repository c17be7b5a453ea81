//! What answers mean: burn, pairs of windows, and what is left of the budget
//! (<https://sre.google/workbook/alerting-on-slos/#6-multiwindow-multi-burn-rate-alerts>).

use super::definition::{Counted, Definition};
use crate::model::{
    Timestamp,
    slo::{Pair, Reading, Slo, Urgency, Window},
    units,
};

/// A pair of windows: who is told, which share of the budget is gone at the threshold, and both lengths in seconds.
const PAIRS: [(Urgency, f64, u64, u64); 4] = [
    (Urgency::Page, 0.02, 3_600, 300),
    (Urgency::Page, 0.05, 6 * 3_600, 1_800),
    (Urgency::Ticket, 0.10, 86_400, 2 * 3_600),
    (Urgency::Ticket, 0.10, 3 * 86_400, 6 * 3_600),
];
/// A threshold that is this little below 1 is 1.
const EPSILON: f64 = 1e-9;

/// What both queries of a window answered: a number, or nothing at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    pub part: Result<Option<f64>, String>,
    pub total: Result<Option<f64>, String>,
}

impl Definition {
    /// The pairs that make sense for its period, and what is to be said of the others.
    fn pairs(&self) -> (Vec<Pair>, Vec<String>) {
        let (mut pairs, mut warnings) = (Vec::new(), Vec::new());
        // Where every event is bad, nothing burns faster.
        let fastest = 1.0 / (1.0 - self.target);
        for (urgency, share, long_seconds, short_seconds) in PAIRS {
            let threshold = share * self.period_seconds as f64 / long_seconds as f64;
            let windows = format!("{} & {}", units::span(long_seconds as f64), units::span(short_seconds as f64));
            if threshold < 1.0 - EPSILON {
                warnings.push(format!(
                    "the windows {windows} are left out: their threshold of {threshold:.2} is no danger"
                ));
                continue;
            }
            let is_reachable = threshold < fastest;
            if !is_reachable {
                warnings.push(format!(
                    "the windows {windows} can never fire: a target of {} burns at {fastest:.1} at most, the threshold is {threshold:.1}",
                    crate::model::slo::percent(self.target)
                ));
            }
            pairs.push(Pair {
                urgency,
                long_seconds,
                short_seconds,
                threshold,
                long_burn: None,
                short_burn: None,
                is_reachable,
            });
        }
        (pairs, warnings)
    }

    /// Lengths of all windows that have to be asked for, in seconds, the shortest first; the last is the whole period.
    pub fn windows(&self) -> Vec<u64> {
        let pairs = self.pairs().0;
        let mut all: Vec<_> = pairs.iter().flat_map(|pair| [pair.short_seconds, pair.long_seconds]).collect();
        // Without a pair there is still a budget, and a burn that leads to its end.
        all.extend([3_600, self.period_seconds]);
        all.sort_unstable();
        all.dedup();
        all
    }

    /// What was counted in a window.
    pub fn reading(&self, counts: &Counts) -> Reading {
        let total = match &counts.total {
            Err(why) => return Reading::Failed(format!("total: {why}")),
            Ok(None) => return Reading::Absent("total".into()),
            Ok(Some(total)) => *total,
        };
        // 0/0 is how a ratio of an idle service reads.
        if total.is_nan() || total <= 0.0 {
            return Reading::Idle;
        }
        let word = self.counted.word();
        let part = match &counts.part {
            Err(why) => return Reading::Failed(format!("{word}: {why}")),
            Ok(None) => return Reading::Absent(word.into()),
            Ok(Some(part)) => *part,
        };
        if !part.is_finite() || !total.is_finite() {
            return Reading::Failed(format!("{word} is {part}, total is {total}: no counts"));
        }
        // Both are extrapolated, each by itself, so that a part may come out a little larger than the whole.
        let bad = match self.counted {
            Counted::Good => total - part,
            Counted::Bad => part,
        };
        let bad = bad.clamp(0.0, total);
        if total < self.min_events {
            return Reading::Few { bad, total, least: self.min_events };
        }
        Reading::Events { bad, total }
    }
}

/// Judges an objective by the windows that were asked for; `None` for one that was not yet.
pub fn judge(definition: &Definition, prometheus: &str, counted: &[(u64, Option<(Timestamp, Counts)>)]) -> Slo {
    let (pairs, mut warnings) = definition.pairs();
    warnings.extend(definition.cautions());
    let window = |(seconds, counted): &(u64, Option<(Timestamp, Counts)>)| Window {
        seconds: *seconds,
        at: counted.as_ref().map(|(at, _)| *at),
        reading: counted.as_ref().map_or(Reading::Waiting, |(_, counts)| definition.reading(counts)),
    };
    let mut slo = Slo {
        name: definition.name.as_str().into(),
        title: definition.title.as_str().into(),
        service: definition.service.as_str().into(),
        prometheus: prometheus.into(),
        target: definition.target,
        period_seconds: definition.period_seconds,
        windows: counted.iter().map(window).collect(),
        pairs,
        warnings,
        place: definition.place.to_string(),
        ..Slo::default()
    };
    for at in 0..slo.pairs.len() {
        let (long, short) = (slo.burn(slo.pairs[at].long_seconds), slo.burn(slo.pairs[at].short_seconds));
        (slo.pairs[at].long_burn, slo.pairs[at].short_burn) = (long, short);
    }
    slo.budget_left = slo.burn(definition.period_seconds).map(|burn| 1.0 - burn);
    slo.exhausted_in_seconds = exhausted(&slo);
    slo
}

/// How long the rest of the budget lasts at the present burn: left · P / B.
fn exhausted(slo: &Slo) -> Option<f64> {
    let left = slo.budget_left.filter(|left| *left > 0.0)?;
    let burn = slo.present_burn().map(|(burn, _)| burn).or_else(|| slo.burn(3_600)).filter(|burn| *burn > 0.0)?;
    Some(left * slo.period_seconds as f64 / burn)
}

/// Share of the whole budget that bad events have spent: those of an incident's interval, of all events of a period. Above 1 it was
/// more than all.
pub fn spent(target: f64, bad: f64, total_of_period: f64) -> Option<f64> {
    (total_of_period > 0.0).then(|| bad / ((1.0 - target) * total_of_period))
}
