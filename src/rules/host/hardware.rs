//! Hardware that goes on with less than it should have: arrays of disks, bonds of interfaces, memory with errors.

use super::condition;
use crate::{
    model::{
        attention::{Condition, Severity},
        hardware::Array,
        object::ObjectKind,
        topic::Topic,
        units,
    },
    rules::{Check, Context},
};

/// An array that lacks a disk, or does not run at all.
pub struct ArrayDegraded;

impl Check for ArrayDegraded {
    fn id(&self) -> &'static str {
        "array-degraded"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Hardware)
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        for array in context.observed.hardware.iter().flat_map(|hardware| &hardware.arrays) {
            let object = (ObjectKind::Device, array.name.as_str(), array.name.as_str());
            let missing = array.missing.unwrap_or(0);
            let (severity, cause) = if array.is_stopped() {
                (Severity::Critical, format!("array is {}: it serves nothing", array.state))
            } else if missing > 0 {
                (Severity::Error, degraded(array, missing))
            } else {
                continue;
            };
            let next = format!("mdadm --detail /dev/{}; replace what failed and watch it rebuild", array.name);
            found.push(condition(self.id(), severity, object, cause, &next));
        }
    }
}

/// `raid1 with 1 of 2 disks, recover 12 %`.
fn degraded(array: &Array, missing: u32) -> String {
    let disks = array.members.map_or_else(
        || format!("lacks {missing} disks"),
        |members| format!("with {} of {members} disks", members.saturating_sub(missing)),
    );
    let work = array.work.as_ref().map_or_else(String::new, |work| {
        let done = work.done_ratio.map_or_else(String::new, |done| format!(" {}", units::percent_whole(done)));
        format!(", {}{done}", work.name)
    });
    format!("{} {disks}{work}", array.level)
}

/// A bond of which an interface is down, for a minute.
pub struct BondDegraded;

impl Check for BondDegraded {
    fn id(&self) -> &'static str {
        "bond-degraded"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Hardware)
    }
    fn raise_after_seconds(&self) -> f64 {
        60.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        for bond in context.observed.hardware.iter().flat_map(|hardware| &hardware.bonds) {
            let down: Vec<_> = bond.members.iter().filter(|member| !member.is_up).map(|member| &*member.name).collect();
            if down.is_empty() {
                continue;
            }
            let (up, all) = (bond.members.len() - down.len(), bond.members.len());
            let severity = if up == 0 { Severity::Critical } else { Severity::Warn };
            let cause = format!("{up} of {all} interfaces up, {} down", down.join(", "));
            let object = (ObjectKind::Network, bond.name.as_str(), bond.name.as_str());
            let next = format!("check cable and switch port of {}; cat /proc/net/bonding/{}", down[0], bond.name);
            found.push(condition(self.id(), severity, object, cause, &next));
        }
    }
}

/// Memory errors since boot that could not be corrected.
pub struct MemoryUncorrected;

impl Check for MemoryUncorrected {
    fn id(&self) -> &'static str {
        "memory-uncorrected"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Hardware)
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        for controller in context.observed.hardware.iter().flat_map(|hardware| &hardware.controllers) {
            let Some(errors) = controller.uncorrected.filter(|errors| *errors > 0) else { continue };
            let count = if errors == 1 { "1 memory error".into() } else { format!("{errors} memory errors") };
            let cause = format!("{count} since boot that could not be corrected ({})", controller.name);
            let object = (ObjectKind::Memory, controller.name.as_str(), "memory");
            let next = "find the module (edac-util, ras-mc-ctl --errors), drain this machine and replace it";
            found.push(condition(self.id(), Severity::Error, object, cause, next));
        }
    }
}
