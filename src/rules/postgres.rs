//! PostgreSQL clusters that are not as they should be, as [`health`] judges them: one check a rule.

use super::{Check, Context};
use crate::model::{
    attention::Condition,
    postgres::health::{self, Rule},
    topic::{Topic, TopicSet},
};

/// One of [`health::RULES`].
pub struct Postgres(pub Rule);

impl Check for Postgres {
    fn id(&self) -> &'static str {
        self.0.id
    }
    fn judges_only(&self) -> Option<TopicSet> {
        Some(Topic::Postgres.into())
    }
    fn raise_after_seconds(&self) -> f64 {
        self.0.raise_after_seconds
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        let all = context.observed.postgres.values().flat_map(|cluster| health::conditions(cluster));
        found.extend(all.filter(|condition| condition.rule == self.0.id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{Timestamp, observed::Observed},
        source::postgres::recorded::cluster,
    };
    use std::sync::Arc;

    #[test]
    fn each_rule_tells_its_own() {
        let mut observed = Observed::default();
        observed.postgres.insert("orders".into(), Arc::new(cluster("leader-lost-paused")));
        let mut found = Vec::new();
        let context = Context::at(Timestamp::UNIX_EPOCH, &observed);
        Postgres(health::PAUSED).examine(&context, &mut found);
        let rules: Vec<_> = found.iter().map(|condition| condition.rule.as_str()).collect();
        assert_eq!(rules, ["postgres-paused"]);
        let all = health::RULES.map(|rule| {
            found.clear();
            Postgres(rule).examine(&context, &mut found);
            found.len()
        });
        assert_eq!(all.iter().sum::<usize>(), health::conditions(&observed.postgres["orders"]).len());
    }
}
