//! Memory: use, swap, pressure, and what the kernel killed for want of it.

use super::{above, condition};
use crate::{
    model::{
        attention::{Condition, Severity},
        object::ObjectKind,
        topic::Topic,
        units,
    },
    rules::{Check, Context},
};

const MEMORY: (ObjectKind, &str, &str) = (ObjectKind::Memory, "", "memory");

/// Used memory above 90 and 95 percent for a minute, of the machine or of the limit that we run under.
pub struct MemoryUsed;

impl Check for MemoryUsed {
    fn id(&self) -> &'static str {
        "memory-used"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Gauges)
    }
    fn raise_after_seconds(&self) -> f64 {
        60.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        let Some(gauges) = &context.observed.gauges else { return };
        let memory = &gauges.memory;
        let limited = crate::model::host::ratio(memory.limit_used_bytes, memory.limit_bytes);
        let Some(used) = limited.into_iter().chain(memory.used_ratio()).reduce(f64::max) else { return };
        if let Some(severity) = above(used, &[(0.90, Severity::Warn), (0.95, Severity::Error)]) {
            let free =
                memory.available_bytes.map_or_else(String::new, |b| format!(", {} available", units::bytes(b as f64)));
            let cause = format!("{} used{free}", units::percent(used));
            found.push(condition(
                self.id(),
                severity,
                MEMORY,
                cause,
                "see which process or cgroup grew: 2 Host, sort by memory",
            ));
        }
    }
}

/// Swap used above 80 percent for two minutes.
pub struct SwapUsed;

impl Check for SwapUsed {
    fn id(&self) -> &'static str {
        "swap-used"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Gauges)
    }
    fn raise_after_seconds(&self) -> f64 {
        120.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        let Some(used) = context.observed.gauges.as_ref().and_then(|gauges| gauges.memory.swap_ratio()) else { return };
        if used > 0.80 {
            let cause = format!("swap {} used", units::percent(used));
            found.push(condition(
                self.id(),
                Severity::Warn,
                MEMORY,
                cause,
                "see which process grew; add memory or move work",
            ));
        }
    }
}

/// Memory pressure: all tasks stalled above 40 percent, or some above 60 percent, for 30 seconds (systemd-oomd's default
/// acts at 60 percent over 30 s).
pub struct MemoryPressure;

impl Check for MemoryPressure {
    fn id(&self) -> &'static str {
        "memory-pressure"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Gauges)
    }
    fn raise_after_seconds(&self) -> f64 {
        30.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        let Some(gauges) = &context.observed.gauges else { return };
        let pressure = gauges.pressure.memory;
        let some = pressure.some10.filter(|some| *some > 0.60).map(|some| (Severity::Critical, some, "some task"));
        let full = pressure.full10.filter(|full| *full > 0.40).map(|full| (Severity::Warn, full, "every task"));
        if let Some((severity, share, who)) = some.or(full) {
            let cause = format!("{who} waited for memory {} of the last 10 s", units::percent(share));
            found.push(condition(
                self.id(),
                severity,
                MEMORY,
                cause,
                "stop or move the largest process before the kernel does",
            ));
        }
    }
}

/// The kernel killed a process for want of memory. The source reports the running total; `World` remembers when it rose.
pub struct OomKill;

impl Check for OomKill {
    fn id(&self) -> &'static str {
        "oom-kill"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Gauges)
    }
    fn clear_after_seconds(&self) -> f64 {
        30.0 * 60.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        let Some(seen) = &context.observed.oom else { return };
        if seen.last_rise_at == Some(context.now) {
            let cause = format!("{} killed for want of memory", units_of(seen.rise));
            found.push(condition(
                self.id(),
                Severity::Error,
                MEMORY,
                cause,
                "see the kernel log for the victim and its limit",
            ));
        }
    }
}

fn units_of(kills: u64) -> String {
    if kills == 1 { "1 process".into() } else { format!("{kills} processes") }
}
