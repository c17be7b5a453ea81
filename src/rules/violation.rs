//! What the rule book found, in the attention list: one row a check and place, with the first of what it found.

use super::{Check, Context};
use crate::model::{
    attention::{Condition, Severity},
    finding::{Level, Status},
    object::{ObjectKind, ObjectRef},
    ruling::Ruling,
    topic::Topic,
};
use compact_str::{CompactString, format_compact};
use std::collections::BTreeMap;

/// What is unhealthy stands in the list by itself, with its cause.
const UNHEALTHY: &str = "12d";

/// A violated rule that blocks, or is an error. What is lighter stands on the page of the rules only.
pub struct RuleViolated;

impl Check for RuleViolated {
    fn id(&self) -> &'static str {
        "rule-violated"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Rules)
    }
    fn clear_after_seconds(&self) -> f64 {
        0.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        for news in context.observed.rulings.news() {
            let mut groups: BTreeMap<&str, Vec<&Ruling>> = BTreeMap::new();
            for ruling in &news.rulings {
                let is_heavy = ruling.finding.level >= Level::Error && ruling.finding.status != Status::Waived;
                if is_heavy && ruling.finding.check != UNHEALTHY {
                    groups.entry(&ruling.finding.check).or_default().push(ruling);
                }
            }
            found.extend(groups.into_values().map(|group| condition(self.id(), &news.source, &group)));
        }
    }
}

fn condition(rule: &'static str, source: &str, group: &[&Ruling]) -> Condition {
    // The first is the one that a person looks at: a violation before what could not be judged.
    let is_unknown = |ruling: &&&Ruling| ruling.finding.status == Status::Unknown;
    let first = group.iter().find(|ruling| !is_unknown(ruling)).copied().unwrap_or(group[0]);
    let finding = &first.finding;
    let severity = match (finding.status, finding.level) {
        (Status::Unknown, _) => Severity::Unknown,
        (_, Level::Block) => Severity::Error,
        _ => Severity::Warn,
    };
    let more = match group.len() {
        1 => String::new(),
        count => format!(", and {} more", count - 1),
    };
    Condition {
        rule: rule.into(),
        severity,
        kind: "rule".into(),
        object: ObjectRef::new(ObjectKind::Violation, first.key()),
        name: format_compact!("{} {}", finding.check, place(source, first)),
        cause: format!("{}: {}{more}", finding.title, finding.observed),
        next_step: finding.fix.to_string(),
        count: 1,
        since: group.iter().map(|ruling| ruling.first_seen).min(),
    }
}

fn place(source: &str, ruling: &Ruling) -> CompactString {
    let place = ruling.place();
    if place.is_empty() { source.into() } else { place.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Timestamp,
        finding::{Finding, Scope},
        observed::Observed,
        ruling::RuleNews,
    };

    fn ruling(check: &str, level: Level, status: Status, file: &str) -> Ruling {
        let finding = Finding {
            check: check.into(),
            fingerprint: file.into(),
            title: "container runs privileged".into(),
            level,
            status,
            scope: Scope::Repo,
            resource: file.into(),
            origin: file.into(),
            file: Some(file.into()),
            span: None,
            pointer: None,
            observed: "privileged".into(),
            expected: String::new(),
            fix: "take it away".into(),
            owner: None,
            waiver: None,
        };
        Ruling { finding, first_seen: Timestamp::UNIX_EPOCH, is_new: false, history: Vec::new() }
    }

    #[test]
    fn blocking_and_wrong_is_told_once_a_check() {
        let rulings = vec![
            ruling("11f", Level::Block, Status::Unknown, "c"),
            ruling("11f", Level::Block, Status::Fail, "a"),
            ruling("11f", Level::Block, Status::Waived, "w"),
            ruling("11a", Level::Error, Status::Fail, "b"),
            ruling("11b", Level::Info, Status::Fail, "b"),
        ];
        let mut observed = Observed::default();
        observed.rulings.apply(RuleNews { source: "rules/repo".into(), rulings, ..RuleNews::default() });
        let mut found = Vec::new();
        RuleViolated.examine(&Context::at(Timestamp::UNIX_EPOCH, &observed), &mut found);
        let told: Vec<_> = found.iter().map(|row| format!("{:?} {}: {}", row.severity, row.name, row.cause)).collect();
        assert_eq!(
            told,
            [
                "Warn 11a b: container runs privileged: privileged",
                "Error 11f a: container runs privileged: privileged, and 1 more"
            ]
        );
    }
}
