//! Error budgets that burn too fast, are overspent, or cannot be judged.

use super::{Check, Context};
use crate::model::{attention::Condition, slo::Slo, topic::Topic};
use compact_str::format_compact;

/// An objective whose pair of windows fires, whose budget is gone, or whose queries answer with nothing.
pub struct SloBurning;

impl Check for SloBurning {
    fn id(&self) -> &'static str {
        "slo"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Slos)
    }
    /// One round of questions may be answered between two.
    fn clear_after_seconds(&self) -> f64 {
        30.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        for slo in context.observed.watch.objectives() {
            let Some(severity) = slo.severity() else { continue };
            found.push(Condition {
                rule: self.id().into(),
                severity,
                kind: "slo".into(),
                object: slo.object(),
                name: format_compact!("{} {}", slo.title, slo.target_words()),
                cause: slo.words(),
                next_step: next_step(slo),
                count: 1,
                since: None,
            });
        }
    }
}

fn next_step(slo: &Slo) -> String {
    if slo.firing().is_some() {
        "find what began with it: changes, alerts, deploys of its service".into()
    } else if slo.budget_left.is_some_and(|left| left <= 0.0) {
        "stop risky changes until the budget has come back".into()
    } else {
        format!("see its definition, {}", slo.place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Timestamp,
        attention::Severity,
        observed::Observed,
        slo::{Pair, Reading, Urgency, Window},
    };
    use crate::{model::lookback::Lookback, rules::engine::Raised};
    use std::sync::Arc;

    fn slo(name: &str, burn: f64, left: f64) -> Slo {
        let pair = Pair {
            urgency: Urgency::Page,
            long_seconds: 3_600,
            short_seconds: 300,
            threshold: 14.4,
            long_burn: Some(burn),
            short_burn: Some(burn),
            is_reachable: true,
        };
        Slo {
            name: name.into(),
            title: name.into(),
            prometheus: "prod".into(),
            target: 0.999,
            period_seconds: 30 * 86_400,
            pairs: vec![pair],
            budget_left: Some(left),
            exhausted_in_seconds: Some(6_600.0),
            ..Slo::default()
        }
    }

    #[test]
    fn burning_overspent_and_unjudged_objectives_are_told() {
        let absent = Window { seconds: 300, at: None, reading: Reading::Absent("total".into()) };
        let unknown = Slo { windows: vec![absent], budget_left: None, ..slo("c", 0.0, 1.0) };
        let all = vec![slo("a", 22.0, 0.5), slo("b", 1.0, -0.1), unknown, slo("d", 0.5, 0.9)];
        let mut observed = Observed::default();
        observed.watch.slos.insert("prod".into(), Arc::new(all));
        let mut found = Vec::new();
        let lookback = Lookback::default();
        let context =
            Context { now: Timestamp::UNIX_EPOCH, observed: &observed, lookback: &lookback, raised: Raised::default() };
        SloBurning.examine(&context, &mut found);
        let told: Vec<_> = found.iter().map(|row| (row.name.as_str(), row.severity)).collect();
        assert_eq!(
            told,
            [("a 99.9 %", Severity::Critical), ("b 99.9 %", Severity::Error), ("c 99.9 %", Severity::Unknown)]
        );
        assert_eq!(found[0].cause, "burning 22.0× over 1h, page at 14.4×, 50 % of the budget left, gone in 1h 50m");
        assert_eq!(found[0].object.source().as_deref(), Some("prometheus/prod"));
    }
}
