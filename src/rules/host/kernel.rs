//! The kernel's tables and its clock.

use super::{Named, above, condition, gauges};
use crate::{
    model::{
        attention::{Condition, Severity},
        host::ratio,
        object::ObjectKind,
        topic::Topic,
        units,
    },
    rules::{Check, Context, Limit},
};

const HOST: Named<'_> = (ObjectKind::Host, "", "this host");

/// Connection tracking table above 75 and 90 percent: new connections are dropped when it is full.
pub struct Conntrack;

impl Check for Conntrack {
    fn id(&self) -> &'static str {
        "conntrack"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Gauges)
    }
    fn clear_after_seconds(&self) -> f64 {
        60.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        const LIMITS: &[Limit] = &[Limit::new(0.75, 0.70, Severity::Warn), Limit::new(0.90, 0.85, Severity::Error)];
        let Some(kernel) = gauges(context).map(|gauges| gauges.kernel) else { return };
        let Some(used) = ratio(kernel.conntrack_used, kernel.conntrack_max) else { return };
        if let Some(severity) = above(context, HOST, used, LIMITS) {
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
    fn clear_after_seconds(&self) -> f64 {
        60.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        const LIMITS: &[Limit] = &[Limit::new(0.70, 0.65, Severity::Warn), Limit::new(0.90, 0.87, Severity::Critical)];
        let Some(kernel) = gauges(context).map(|gauges| gauges.kernel) else { return };
        let Some(used) = ratio(kernel.files_used, kernel.files_max) else { return };
        if let Some(severity) = above(context, HOST, used, LIMITS) {
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
    fn clear_after_seconds(&self) -> f64 {
        60.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        const OFF: &[Limit] = &[Limit::new(0.05, 0.04, Severity::Warn)];
        let Some(clock) = gauges(context).map(|gauges| gauges.clock) else { return };
        let off = clock.offset_seconds.map(f64::abs).filter(|off| above(context, HOST, *off, OFF).is_some());
        let cause = match (clock.synchronized, off) {
            (Some(false), _) => "clock is not synchronised".to_owned(),
            (_, Some(off)) => format!("clock is off by {}", units::latency(off)),
            _ => return,
        };
        found.push(condition(self.id(), Severity::Warn, HOST, cause, "check chrony or systemd-timesyncd"));
    }
}
