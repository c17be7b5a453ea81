//! The kernel's tables and its clock.

use super::{above, condition};
use crate::{
    model::{
        attention::{Condition, Severity},
        host::ratio,
        object::ObjectKind,
        topic::Topic,
        units,
    },
    rules::{Check, Context},
};

const HOST: (ObjectKind, &str, &str) = (ObjectKind::Host, "", "this host");

/// Connection tracking table above 75 and 90 percent: new connections are dropped when it is full.
pub struct Conntrack;

impl Check for Conntrack {
    fn id(&self) -> &'static str {
        "conntrack"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Gauges)
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        let Some(kernel) = context.observed.gauges.as_ref().map(|gauges| gauges.kernel) else { return };
        let Some(used) = ratio(kernel.conntrack_used, kernel.conntrack_max) else { return };
        if let Some(severity) = above(used, &[(0.75, Severity::Warn), (0.90, Severity::Error)]) {
            let cause = format!("connection table {} full: new ones are dropped at 100 %", units::percent(used));
            found.push(condition(
                self.id(),
                severity,
                HOST,
                cause,
                "raise net.netfilter.nf_conntrack_max, find who opens them",
            ));
        }
    }
}

/// Open files of the whole machine above 70 and 90 percent of the kernel's limit.
pub struct OpenFiles;

impl Check for OpenFiles {
    fn id(&self) -> &'static str {
        "open-files"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Gauges)
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        let Some(kernel) = context.observed.gauges.as_ref().map(|gauges| gauges.kernel) else { return };
        let Some(used) = ratio(kernel.files_used, kernel.files_max) else { return };
        if let Some(severity) = above(used, &[(0.70, Severity::Warn), (0.90, Severity::Critical)]) {
            let cause = format!("{} of the kernel's file handles in use", units::percent(used));
            found.push(condition(
                self.id(),
                severity,
                HOST,
                cause,
                "find the process that leaks them; raise fs.file-max",
            ));
        }
    }
}

/// The clock unsynchronised, or off by more than 50 ms, for ten minutes. Logs and certificates depend on it.
pub struct ClockUnsynchronized;

impl Check for ClockUnsynchronized {
    fn id(&self) -> &'static str {
        "clock"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Gauges)
    }
    fn raise_after_seconds(&self) -> f64 {
        600.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        let Some(clock) = context.observed.gauges.as_ref().map(|gauges| gauges.clock) else { return };
        let off = clock.offset_seconds.filter(|offset| offset.abs() > 0.05);
        let cause = match (clock.synchronized, off) {
            (Some(false), _) => "clock is not synchronised".to_owned(),
            (_, Some(offset)) => format!("clock is off by {}", units::latency(offset.abs())),
            _ => return,
        };
        found.push(condition(self.id(), Severity::Warn, HOST, cause, "check chrony or systemd-timesyncd"));
    }
}
