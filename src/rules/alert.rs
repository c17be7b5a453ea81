//! Alerts that fire and somebody is told of, and alerting rules that cannot fire because they cannot be evaluated.

use super::{Check, Context};
use crate::model::{
    alert::Alert,
    attention::{Condition, Severity},
    object::{ObjectKind, ObjectRef},
    topic::{Topic, TopicSet},
};
use compact_str::format_compact;

/// An alert that is neither silenced nor inhibited nor muted. What only informs (a watchdog that always fires) stands on the page of the alerts.
pub struct AlertFiring;

impl Check for AlertFiring {
    fn id(&self) -> &'static str {
        "alert"
    }
    fn judges_only(&self) -> Option<TopicSet> {
        Some(Topic::Alerts.into())
    }
    fn clear_after_seconds(&self) -> f64 {
        0.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        let loud = context.observed.watch.alerts().filter(|alert| alert.is_loud() && alert.severity > Severity::Info);
        found.extend(loud.map(|alert| condition(self.id(), alert)));
    }
}

fn condition(rule: &'static str, alert: &Alert) -> Condition {
    let target = alert.target();
    let gap = if target.is_empty() { "" } else { " " };
    let runbook = ["runbook_url", "runbook"].iter().find_map(|name| alert.annotations.get(*name));
    Condition {
        rule: rule.into(),
        severity: alert.severity,
        kind: "alert".into(),
        object: alert.object(),
        name: format_compact!("{}{gap}{target}", if alert.name().is_empty() { "?" } else { alert.name() }),
        cause: alert.summary(),
        next_step: runbook
            .map_or_else(|| "Enter shows its expression, a silences it".into(), |page| format!("see {page}")),
        count: 1,
        since: alert.starts_at,
    }
}

/// An alerting rule that cannot be evaluated: nobody would be told. For two minutes, for a rule may be between two versions.
pub struct AlertRuleBroken;

impl Check for AlertRuleBroken {
    fn id(&self) -> &'static str {
        "alert-rule-broken"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::MetricRules)
    }
    fn raise_after_seconds(&self) -> f64 {
        120.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        for (name, known) in &context.observed.watch.prometheus {
            for rule in &known.rules {
                let Some(why) = &rule.problem else { continue };
                found.push(Condition {
                    rule: self.id().into(),
                    severity: Severity::Warn,
                    kind: "rule".into(),
                    object: ObjectRef::new(ObjectKind::Source, format_compact!("prometheus/{name}")),
                    name: format_compact!("{name} {}", rule.name),
                    cause: format!("the alerting rule cannot be evaluated: {why}"),
                    next_step: format!("repair {} of {}", rule.group, rule.file),
                    count: 1,
                    since: None,
                });
                // One a Prometheus: an object has one row of a rule.
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Timestamp,
        alert::{AlertState, Alertmanager, severity},
        metric::{AlertRule, Labels, Prometheus},
        observed::Observed,
    };
    use crate::{model::lookback::Lookback, rules::engine::Raised};
    use std::sync::Arc;

    fn alert(fingerprint: &str, word: &str, state: AlertState) -> Arc<Alert> {
        let labels: Labels = [("alertname", "Down"), ("instance", "web-1"), ("severity", word)]
            .map(|(name, value)| (name.into(), value.into()))
            .into();
        Arc::new(Alert {
            fingerprint: fingerprint.into(),
            place: "prod".into(),
            severity: severity(Some(word)),
            state,
            labels,
            annotations: [("summary".into(), "web-1 does not answer".into())].into(),
            starts_at: Timestamp::from_second(100).ok(),
            ends_at: None,
            updated_at: None,
            silenced_by: Vec::new(),
            inhibited_by: Vec::new(),
            muted_by: Vec::new(),
            receivers: Vec::new(),
            generator_url: None,
        })
    }

    fn found(check: &dyn Check, observed: &Observed) -> Vec<Condition> {
        let mut found = Vec::new();
        let lookback = Lookback::default();
        let context = Context { now: Timestamp::UNIX_EPOCH, observed, lookback: &lookback, raised: Raised::default() };
        check.examine(&context, &mut found);
        found
    }

    #[test]
    fn what_is_quiet_or_only_informs_is_left_out() {
        let alerts = vec![
            alert("1", "page", AlertState::Active),
            alert("2", "page", AlertState::Suppressed),
            alert("3", "none", AlertState::Active),
            alert("4", "warning", AlertState::Unprocessed),
        ];
        let mut observed = Observed::default();
        let manager = Alertmanager { name: "prod".into(), alerts, ..Alertmanager::default() };
        observed.watch.alertmanagers.insert("prod".into(), Arc::new(manager));
        let rows = found(&AlertFiring, &observed);
        let told: Vec<_> = rows.iter().map(|row| (row.object.to_string(), row.severity)).collect();
        assert_eq!(
            told,
            [("alert prod/1".to_owned(), Severity::Critical), ("alert prod/4".to_owned(), Severity::Warn)]
        );
        assert_eq!((rows[0].name.as_str(), rows[0].cause.as_str()), ("Down instance=web-1", "web-1 does not answer"));
        assert_eq!(rows[0].since.map(|at| at.as_second()), Some(100));
    }

    #[test]
    fn a_rule_that_cannot_be_evaluated_is_said() {
        let rule = AlertRule {
            name: "Down".into(),
            group: "g".into(),
            file: "/etc/r.yml".into(),
            query: "x".into(),
            for_seconds: 0.0,
            labels: Labels::new(),
            firing: 0,
            pending: 0,
            problem: Some("many-to-many matching".into()),
        };
        let known = Prometheus { rules: vec![rule], ..Prometheus::default() };
        let mut observed = Observed::default();
        observed.watch.prometheus.insert("prod".into(), Arc::new(known));
        let rows = found(&AlertRuleBroken, &observed);
        assert_eq!(rows[0].cause, "the alerting rule cannot be evaluated: many-to-many matching");
        assert_eq!(rows[0].next_step, "repair g of /etc/r.yml");
    }
}
