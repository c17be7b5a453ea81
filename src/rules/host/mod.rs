//! Checks of this host. Thresholds are those of node-exporter's mixin, netdata, awesome-prometheus-alerts and systemd-oomd where they agree; each
//! is over a little below where it is raised.

use super::{Check, Context, Limit};
use crate::model::{
    attention::{Condition, Severity},
    host::Gauges,
    object::{ObjectKind, ObjectRef},
};

checks! {
    mount { MountSpace, MountInodes, MountSilent, }
    fills { MountFull, MountFills, InodesFill, }
    memory { MemoryUsed, SwapUsed, MajorFaults, MemoryPressure, OomKill, }
    cpu { CpuUsed, CpuPressure, Load, Steal, }
    device { DeviceLatency, DeviceQueue, }
    network { NetworkErrors, NetworkDrops, }
    kernel { Conntrack, OpenFiles, ClockUnsynchronized, }
    units { FailedUnits, }
    sensors { Temperature, }
    hardware { ArrayDegraded, BondDegraded, MemoryUncorrected, }
}

/// Kind, identity and name of what a condition is about.
type Named<'n> = (ObjectKind, &'n str, &'n str);

/// A condition with the parts that most host checks share.
fn condition(
    rule: &'static str,
    severity: Severity,
    (object, id, name): Named<'_>,
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

/// The worst limit that a figure is above, with what was raised of the object already.
fn above(context: &Context<'_>, (kind, id, _): Named<'_>, value: f64, limits: &[Limit]) -> Option<Severity> {
    context.above(&ObjectRef::new(kind, id), value, limits)
}

/// The gauges of now.
fn gauges<'a>(context: &Context<'a>) -> Option<&'a Gauges> {
    context.observed.gauges.as_ref()
}
