//! Checks of this host. Thresholds are those of node-exporter's mixin, netdata and systemd-oomd where they agree.

pub mod cpu;
pub mod device;
pub mod kernel;
pub mod memory;
pub mod mount;
pub mod network;
pub mod sensors;
pub mod units;

use crate::model::{
    attention::{Condition, Severity},
    object::{ObjectKind, ObjectRef},
};

/// A condition with the parts that most host checks share.
fn condition(
    rule: &'static str,
    severity: Severity,
    (object, id, name): (ObjectKind, &str, &str),
    cause: String,
    next_step: &str,
) -> Condition {
    Condition {
        rule: rule.into(),
        severity,
        kind: object.word().into(),
        object: ObjectRef::new(object, id),
        name: name.into(),
        cause,
        next_step: next_step.into(),
        count: 1,
        since: None,
    }
}

/// The severity of the highest limit that `value` exceeds; limits go from mild to severe.
fn above(value: f64, limits: &[(f64, Severity)]) -> Option<Severity> {
    limits.iter().rev().find(|(limit, _)| value > *limit).map(|(_, severity)| *severity)
}
