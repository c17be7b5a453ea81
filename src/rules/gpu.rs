//! GPUs that are not as they should be, as [`health`] judges each: one row a GPU, with the worst of what is wrong.

use super::{Check, Context};
use crate::model::{
    attention::Condition,
    gpu::health::{self, GpuFinding},
    object::{ObjectKind, ObjectRef},
    topic::Topic,
};
use compact_str::format_compact;

/// What does not pass by itself: errors, what the driver asks for, a GPU that does not answer.
pub struct GpuHealth;

impl Check for GpuHealth {
    fn id(&self) -> &'static str {
        "gpu-health"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::GpuHealth)
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        examine(self.id(), context, found, |finding| !finding.passing);
    }
}

/// What may pass by itself, for half a minute: heat, power, a narrow link.
pub struct GpuSlow;

impl Check for GpuSlow {
    fn id(&self) -> &'static str {
        "gpu-slow"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::GpuHealth)
    }
    fn raise_after_seconds(&self) -> f64 {
        30.0
    }
    fn clear_after_seconds(&self) -> f64 {
        60.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        examine(self.id(), context, found, |finding| finding.passing);
    }
}

fn examine(rule: &'static str, context: &Context<'_>, found: &mut Vec<Condition>, told: impl Fn(&GpuFinding) -> bool) {
    for gpu in context.observed.gpus.iter() {
        let findings = health::findings(gpu, context.now);
        let mut told = findings.into_iter().filter(&told);
        let Some(worst) = told.next() else { continue };
        let others = told.count();
        let others = if others > 0 { format!("; {others} more") } else { String::new() };
        found.push(Condition {
            rule: rule.into(),
            severity: worst.severity,
            kind: "gpu".into(),
            object: ObjectRef::new(ObjectKind::Gpu, gpu.id.clone()),
            name: format_compact!("{} {}", gpu.index, gpu.name),
            cause: format!("{}: {}{others}", worst.evidence, worst.meaning),
            next_step: worst.next_step,
            count: 1,
            since: worst.since,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Timestamp,
        attention::Severity,
        gpu::{Gpu, GpuNews, Recovery, Throttle, Xid},
        observed::Observed,
    };

    fn conditions(check: &dyn Check, gpu: Gpu) -> Vec<Condition> {
        let mut observed = Observed::default();
        observed.gpus.apply(GpuNews { source: "gpu/nvml".into(), gpus: vec![gpu], ..GpuNews::default() });
        let mut found = Vec::new();
        check.examine(&Context::at(Timestamp::from_second(1_000).expect("in range"), &observed), &mut found);
        found
    }

    #[test]
    fn a_gpu_is_one_row_with_the_worst_of_it() {
        let mut gpu = Gpu { id: "GPU-1".into(), index: 3, name: "H100".into(), ..Gpu::default() };
        assert!(conditions(&GpuHealth, gpu.clone()).is_empty());
        gpu.ecc.volatile.uncorrected = Some(2);
        gpu.recovery = Some(Recovery::DrainAndReset);
        gpu.throttle = vec![Throttle::Idle, Throttle::HardwareThermal];
        let at = Timestamp::from_second(940).expect("in range");
        gpu.xids = vec![Xid { at, code: 94, pid: None, text: "".into() }];
        let found = conditions(&GpuHealth, gpu.clone());
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].severity, found[0].name.as_str()), (Severity::Error, "3 H100"));
        assert_eq!(found[0].cause, "recovery action: drain-and-reset: the driver asks for it; 2 more");
        let slow = conditions(&GpuSlow, gpu);
        assert_eq!(slow[0].cause, "slowed down: too hot (hardware limit): it does not run as fast as it could");
    }
}
