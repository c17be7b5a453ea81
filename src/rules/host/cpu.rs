//! CPU: saturation, load, and time that the hypervisor gave to others.

use super::{Named, above, condition, gauges};
use crate::{
    model::{
        attention::{Condition, Severity},
        object::ObjectKind,
        process::Process,
        topic::Topic,
        units,
    },
    rules::{Check, Context, Limit},
};

const CPU: Named<'_> = (ObjectKind::Cpu, "", "cpu");

/// CPU above 90 percent for a quarter of an hour: told, not alarmed about.
pub struct CpuUsed;

impl Check for CpuUsed {
    fn id(&self) -> &'static str {
        "cpu-used"
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
        const LIMITS: &[Limit] = &[Limit::new(0.90, 0.80, Severity::Info)];
        let Some(used) = gauges(context).and_then(|gauges| gauges.cpu.used_ratio) else { return };
        if let Some(severity) = above(context, CPU, used, LIMITS) {
            let cause = format!("{} busy", units::percent(used));
            found.push(condition(self.id(), severity, CPU, cause, "see which process: 2 Host, sort by cpu"));
        }
    }
}

/// CPU pressure: some task waited for a CPU in more than half of the last ten seconds, for a minute. Names who uses most.
pub struct CpuPressure;

impl Check for CpuPressure {
    fn id(&self) -> &'static str {
        "cpu-pressure"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Gauges)
    }
    fn raise_after_seconds(&self) -> f64 {
        60.0
    }
    fn clear_after_seconds(&self) -> f64 {
        30.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        const LIMITS: &[Limit] = &[Limit::new(0.50, 0.40, Severity::Warn)];
        let Some(some) = gauges(context).and_then(|gauges| gauges.pressure.cpu.some10) else { return };
        let Some(severity) = above(context, CPU, some, LIMITS) else { return };
        let by_cpu = |process: &&Process| process.cpu_ratio;
        let busiest = context.observed.processes.iter().flatten().filter(|process| by_cpu(process).is_some());
        let busiest = busiest.max_by(|a, b| a.cpu_ratio.unwrap_or(0.0).total_cmp(&b.cpu_ratio.unwrap_or(0.0)));
        let most = busiest.map_or_else(String::new, |process| {
            format!(", most by {} ({})", process.name, units::percent(process.cpu_ratio.unwrap_or(0.0)))
        });
        let cause = format!("tasks waited for a CPU {} of the last 10 s{most}", units::percent(some));
        found.push(condition(self.id(), severity, CPU, cause, "see which process: 2 Host, sorted by cpu"));
    }
}

/// Load above two a core for a quarter of an hour.
pub struct Load;

impl Check for Load {
    fn id(&self) -> &'static str {
        "load"
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
        const LIMITS: &[Limit] = &[Limit::new(2.0, 1.8, Severity::Warn)];
        let Some((load, cores)) = load_and_cores(context) else { return };
        if let Some(severity) = above(context, CPU, load / cores, LIMITS) {
            let cause = format!("load {load:.1} on {cores:.0} cores");
            found.push(condition(self.id(), severity, CPU, cause, "see what waits: processes in state R or D"));
        }
    }
}

fn load_and_cores(context: &Context<'_>) -> Option<(f64, f64)> {
    let facts = context.observed.facts.as_ref().filter(|facts| facts.cores > 0)?;
    let load = gauges(context)?.load?;
    Some((load[0], f64::from(facts.cores)))
}

/// Steal above ten percent for five minutes.
pub struct Steal;

impl Check for Steal {
    fn id(&self) -> &'static str {
        "cpu-steal"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Gauges)
    }
    fn raise_after_seconds(&self) -> f64 {
        300.0
    }
    fn clear_after_seconds(&self) -> f64 {
        60.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        const LIMITS: &[Limit] = &[Limit::new(0.10, 0.08, Severity::Warn)];
        let Some(steal) = gauges(context).and_then(|gauges| gauges.cpu.steal_ratio) else { return };
        if let Some(severity) = above(context, CPU, steal, LIMITS) {
            let cause = format!("{} of the time went to other guests", units::percent(steal));
            found.push(condition(self.id(), severity, CPU, cause, "move this machine, or ask who shares its host"));
        }
    }
}
