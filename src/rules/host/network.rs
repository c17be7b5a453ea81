//! Interfaces: errors and drops against the packets that went through.

use super::condition;
use crate::{
    model::{
        attention::{Condition, Severity},
        object::ObjectKind,
        topic::Topic,
        units,
    },
    rules::{Check, Context},
};

/// More than one packet in a hundred with an error or dropped, for a minute, on an interface that is in use.
pub struct NetworkErrors;

impl Check for NetworkErrors {
    fn id(&self) -> &'static str {
        "network-errors"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Gauges)
    }
    fn raise_after_seconds(&self) -> f64 {
        60.0
    }
    fn clear_after_seconds(&self) -> f64 {
        60.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        for network in context.observed.gauges.iter().flat_map(|gauges| &gauges.networks) {
            let good =
                network.received_packets_per_second.unwrap_or(0.0) + network.sent_packets_per_second.unwrap_or(0.0);
            let bad = network.errors_per_second.unwrap_or(0.0) + network.drops_per_second.unwrap_or(0.0);
            // Broken frames are not among the packets: an interface that gets nothing but those is the worst.
            let packets = good + bad;
            if packets < 10.0 || bad / packets <= 0.01 {
                continue;
            }
            let cause = format!("{} of packets dropped or broken", units::percent_fine(bad / packets));
            let object = (ObjectKind::Network, network.name.as_str(), network.name.as_str());
            found.push(condition(
                self.id(),
                Severity::Warn,
                object,
                cause,
                "check cable, driver and ring buffers: ethtool -S",
            ));
        }
    }
}
