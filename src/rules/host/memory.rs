//! Memory: use, swap, pressure, and what the kernel killed for want of it.

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

const MEMORY: Named<'_> = (ObjectKind::Memory, "", "memory");

/// Used memory above 90 and 95 percent for a quarter of an hour, of the machine or of the limit that we run under.
pub struct MemoryUsed;

impl Check for MemoryUsed {
    fn id(&self) -> &'static str {
        "memory-used"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Gauges)
    }
    fn raise_after_seconds(&self) -> f64 {
        900.0
    }
    fn clear_after_seconds(&self) -> f64 {
        30.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        const LIMITS: &[Limit] = &[Limit::new(0.90, 0.88, Severity::Warn), Limit::new(0.95, 0.93, Severity::Error)];
        let Some(memory) = gauges(context).map(|gauges| &gauges.memory) else { return };
        let limited = ratio(memory.limit_used_bytes, memory.limit_bytes);
        let Some(used) = limited.into_iter().chain(memory.used_ratio()).reduce(f64::max) else { return };
        if let Some(severity) = above(context, MEMORY, used, LIMITS) {
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
    fn clear_after_seconds(&self) -> f64 {
        30.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        const LIMITS: &[Limit] = &[Limit::new(0.80, 0.75, Severity::Warn)];
        let Some(used) = gauges(context).and_then(|gauges| gauges.memory.swap_ratio()) else { return };
        if let Some(severity) = above(context, MEMORY, used, LIMITS) {
            let cause = format!("swap {} used", units::percent(used));
            let next = "see which process grew; add memory or move work";
            found.push(condition(self.id(), severity, MEMORY, cause, next));
        }
    }
}

/// More than 500 pages a second read back from disk because a task waited for them, for a quarter of an hour.
pub struct MajorFaults;

impl Check for MajorFaults {
    fn id(&self) -> &'static str {
        "major-faults"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Gauges)
    }
    fn raise_after_seconds(&self) -> f64 {
        900.0
    }
    fn clear_after_seconds(&self) -> f64 {
        60.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        const LIMITS: &[Limit] = &[Limit::new(500.0, 400.0, Severity::Warn)];
        let Some(rate) = gauges(context).and_then(|gauges| gauges.memory.major_faults_per_second) else { return };
        if let Some(severity) = above(context, MEMORY, rate, LIMITS) {
            let cause = format!("{} pages a second are read back from disk", units::count(rate));
            let next = "memory is short for what runs: see which process grew, or give it more";
            found.push(condition(self.id(), severity, MEMORY, cause, next));
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
    fn clear_after_seconds(&self) -> f64 {
        30.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        const SOME: &[Limit] = &[Limit::new(0.60, 0.50, Severity::Critical)];
        const FULL: &[Limit] = &[Limit::new(0.40, 0.30, Severity::Warn)];
        let Some(pressure) = gauges(context).map(|gauges| gauges.pressure.memory) else { return };
        let judge = |share: Option<f64>, limits, who| {
            let severity = above(context, MEMORY, share?, limits)?;
            Some((severity, share?, who))
        };
        let some = judge(pressure.some10, SOME, "some task");
        if let Some((severity, share, who)) = some.or_else(|| judge(pressure.full10, FULL, "every task")) {
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

/// Seconds for which a kill is remembered.
const OOM_SECONDS: f64 = 1_800.0;

/// The kernel killed a process for want of memory in the last half hour. The source reports the running total; `World` remembers when it rose.
pub struct OomKill;

impl Check for OomKill {
    fn id(&self) -> &'static str {
        "oom-kill"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Gauges)
    }
    fn clear_after_seconds(&self) -> f64 {
        0.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        let Some(seen) = &context.observed.oom else { return };
        let Some(at) = seen.last_rise_at.filter(|at| context.now.duration_since(*at).as_secs_f64() < OOM_SECONDS)
        else {
            return;
        };
        let cause = format!("{} killed for want of memory", units_of(seen.rise));
        let next = "see the kernel log for the victim and its limit";
        found.push(Condition { since: Some(at), ..condition(self.id(), Severity::Error, MEMORY, cause, next) });
    }
}

fn units_of(kills: u64) -> String {
    if kills == 1 { "1 process".into() } else { format!("{kills} processes") }
}
