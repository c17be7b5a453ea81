//! Interfaces: errors over an hour and drops over ten minutes, as shares of the packets that went through in that time.

use super::{above, condition, gauges};
use crate::{
    model::{
        attention::{Condition, Severity},
        host::Network,
        lookback::Carried,
        object::ObjectKind,
        topic::Topic,
        units,
    },
    rules::{Check, Context, Limit},
};

/// What is looked at, and from how many packets on it says something.
struct Span {
    seconds: i64,
    least_packets: u64,
}

/// A handful of broken packets on a line that nobody uses is no share of anything.
const ERRORS: Span = Span { seconds: 3_600, least_packets: 1_000 };
const DROPS: Span = Span { seconds: 600, least_packets: 10_000 };

/// More than one packet in a hundred broken over an hour.
pub struct NetworkErrors;

impl Check for NetworkErrors {
    fn id(&self) -> &'static str {
        "network-errors"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Gauges)
    }
    fn clear_after_seconds(&self) -> f64 {
        60.0
    }
    fn looks_back(&self) -> bool {
        true
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        const LIMITS: &[Limit] = &[Limit::new(0.01, 0.005, Severity::Warn)];
        for (network, carried) in carried(context, &ERRORS) {
            let object = (ObjectKind::Network, network.name.as_str(), network.name.as_str());
            let Some(ratio) = carried.error_ratio() else { continue };
            let Some(severity) = above(context, object, ratio, LIMITS) else { continue };
            let cause = format!("{} of packets broken over the last hour", units::percent_fine(ratio));
            found.push(condition(self.id(), severity, object, cause, "check cable, optics and driver: ethtool -S"));
        }
    }
}

/// Two packets in a hundred or more dropped over ten minutes, of ten thousand at least.
pub struct NetworkDrops;

impl Check for NetworkDrops {
    fn id(&self) -> &'static str {
        "network-drops"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Gauges)
    }
    fn clear_after_seconds(&self) -> f64 {
        60.0
    }
    fn looks_back(&self) -> bool {
        true
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        // Two in a hundred are enough.
        const LIMITS: &[Limit] = &[Limit::new(0.02_f64.next_down(), 0.01, Severity::Warn)];
        for (network, carried) in carried(context, &DROPS) {
            let object = (ObjectKind::Network, network.name.as_str(), network.name.as_str());
            let Some(ratio) = carried.drop_ratio() else { continue };
            let Some(severity) = above(context, object, ratio, LIMITS) else { continue };
            let cause = format!("{} of packets dropped over the last 10 m", units::percent_fine(ratio));
            let next = "check ring buffers and who cannot keep up: ethtool -g, ethtool -S";
            found.push(condition(self.id(), severity, object, cause, next));
        }
    }
}

/// Interfaces of which it is known for as long what they carried, and enough of it.
fn carried<'a>(context: &Context<'a>, span: &Span) -> impl Iterator<Item = (&'a Network, Carried)> {
    let networks = gauges(context).map(|gauges| &gauges.networks[..]).unwrap_or_default();
    let (lookback, now) = (context.lookback, context.now);
    let (seconds, least) = (span.seconds, span.least_packets);
    let known = move |network: &'a Network| Some((network, lookback.carried(network, now, seconds)?));
    let is_enough = move |carried: &Carried| carried.packets + carried.errors.max(carried.drops) >= least;
    networks.iter().filter_map(known).filter(move |(_, carried)| is_enough(carried))
}
