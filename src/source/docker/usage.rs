//! What a container uses, from two samples of its counters.

use crate::model::{Timestamp, container::ContainerUsage};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A sample, as far as it is read: a line of `GET /containers/ID/stats`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sample {
    pub read: String,
    pub cpu_stats: CpuStats,
    pub memory_stats: MemoryStats,
    pub pids_stats: PidsStats,
    pub blkio_stats: BlkioStats,
    pub networks: Option<BTreeMap<String, NetworkStats>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct CpuStats {
    pub cpu_usage: CpuUsage,
    pub throttling_data: Throttling,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct CpuUsage {
    /// Nanoseconds.
    pub total_usage: Option<u64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Throttling {
    pub periods: Option<u64>,
    pub throttled_periods: Option<u64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct MemoryStats {
    pub usage: Option<u64>,
    pub limit: Option<u64>,
    pub stats: MemoryParts,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct MemoryParts {
    /// Of the whole tree, cgroup v1.
    pub total_inactive_file: Option<u64>,
    /// Cgroup v2.
    pub inactive_file: Option<u64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct PidsStats {
    pub current: Option<u64>,
    pub limit: Option<u64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct BlkioStats {
    pub io_service_bytes_recursive: Option<Vec<BlkioEntry>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct BlkioEntry {
    pub op: String,
    pub value: u64,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct NetworkStats {
    pub rx_bytes: Option<u64>,
    pub tx_bytes: Option<u64>,
}

/// The counters of one moment.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Counters {
    at: Option<Timestamp>,
    cpu_nanoseconds: Option<u64>,
    periods: Option<u64>,
    throttled: Option<u64>,
    received: Option<u64>,
    sent: Option<u64>,
    read: Option<u64>,
    written: Option<u64>,
}

impl Sample {
    /// Whether it says anything at all: one of a container that has ended says nothing.
    pub fn is_alive(&self) -> bool {
        self.cpu_stats.cpu_usage.total_usage.is_some_and(|total| total > 0) || self.memory_stats.usage.is_some()
    }

    pub fn counters(&self) -> Counters {
        let networks = self.networks.as_ref().map(|networks| networks.values());
        let sum = |of: fn(&NetworkStats) -> Option<u64>| networks.clone().map(|all| all.filter_map(of).sum());
        let blkio = self.blkio_stats.io_service_bytes_recursive.as_ref();
        // Cgroup v1 writes `Read`, v2 `read`. Without an entry nothing was read yet.
        let bytes = |op: &str| {
            blkio.map(|all| all.iter().filter(|entry| entry.op.eq_ignore_ascii_case(op)).map(|entry| entry.value).sum())
        };
        Counters {
            at: super::read::time(&self.read),
            cpu_nanoseconds: self.cpu_stats.cpu_usage.total_usage,
            periods: self.cpu_stats.throttling_data.periods,
            throttled: self.cpu_stats.throttling_data.throttled_periods,
            received: sum(|network| network.rx_bytes),
            sent: sum(|network| network.tx_bytes),
            read: bytes("read"),
            written: bytes("write"),
        }
    }

    /// Usage less the page cache that can be dropped, as `docker stats` and the kubelet count it. Of cgroup v1 the sum over the tree is
    /// taken: its plain figure is that of the group alone.
    fn working_set(&self) -> Option<u64> {
        let parts = &self.memory_stats.stats;
        let inactive = parts.total_inactive_file.or(parts.inactive_file).unwrap_or(0);
        self.memory_stats.usage.map(|usage| usage.saturating_sub(inactive))
    }
}

/// What it uses now, with rates since the sample before.
pub(super) fn usage(sample: &Sample, before: Option<&Counters>) -> ContainerUsage {
    let now = sample.counters();
    let unlimited = |limit: &u64| *limit > 0 && *limit < 1 << 60;
    let mut usage = ContainerUsage {
        memory_bytes: sample.working_set(),
        memory_limit_bytes: sample.memory_stats.limit.filter(unlimited),
        pids: sample.pids_stats.current,
        pids_limit: sample.pids_stats.limit.filter(unlimited),
        ..ContainerUsage::default()
    };
    let Some(before) = before else { return usage };
    let Some(seconds) = now.at.zip(before.at).map(|(now, then)| now.duration_since(then).as_secs_f64()) else {
        return usage;
    };
    if seconds <= 0.0 {
        return usage;
    }
    // A counter that fell belongs to another life of the container: its rate is not known.
    let rise = |now: Option<u64>, then: Option<u64>| now?.checked_sub(then?);
    let rate = |now, then| rise(now, then).map(|rise| rise as f64 / seconds);
    usage.cpu_ratio = rate(now.cpu_nanoseconds, before.cpu_nanoseconds).map(|rate| rate / 1e9);
    usage.received_bytes_per_second = rate(now.received, before.received);
    usage.sent_bytes_per_second = rate(now.sent, before.sent);
    usage.read_bytes_per_second = rate(now.read, before.read);
    usage.written_bytes_per_second = rate(now.written, before.written);
    let periods = rise(now.periods, before.periods).filter(|periods| *periods > 0);
    let throttled = rise(now.throttled, before.throttled);
    usage.throttled_ratio = throttled.zip(periods).map(|(throttled, periods)| throttled as f64 / periods as f64);
    usage
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sample(at: &str, cpu: u64, value: serde_json::Value) -> Sample {
        let mut whole = json!({ "read": at, "cpu_stats": { "cpu_usage": { "total_usage": cpu } } });
        whole.as_object_mut().expect("an object").extend(value.as_object().expect("an object").clone());
        serde_json::from_value(whole).expect("a sample")
    }

    const ONE: &str = "2026-11-23T02:00:00.000000001Z";
    const TWO: &str = "2026-11-23T02:00:02.000000001Z";

    #[test]
    fn one_core_is_one() {
        let before = sample(ONE, 5_000_000_000, json!({})).counters();
        let after = sample(TWO, 8_000_000_000, json!({}));
        assert_eq!(usage(&after, None).cpu_ratio, None);
        assert_eq!(usage(&after, Some(&before)).cpu_ratio, Some(1.5));
        let restarted = sample(TWO, 1_000, json!({}));
        assert_eq!(usage(&restarted, Some(&before)).cpu_ratio, None, "a counter that fell is no rate");
        assert_eq!(usage(&after, Some(&after.counters())).cpu_ratio, None, "no time has passed");
    }

    /// Version two cannot be had on the testbed: its figures are those of `calculateMemUsageUnixNoCache` in Docker's client
    /// (`cli/command/container/stats_helpers.go`), which names the key of each version.
    #[test]
    fn working_set_of_both_cgroup_versions() {
        let v1 = json!({ "memory_stats": { "usage": 1000, "limit": 9223372036854771712_u64,
            "stats": { "total_inactive_file": 300, "inactive_file": 100 } } });
        let v2 = json!({ "memory_stats": { "usage": 1000, "limit": 4096, "stats": { "inactive_file": 200 } } });
        let v1 = usage(&sample(ONE, 1, v1), None);
        assert_eq!((v1.memory_bytes, v1.memory_limit_bytes), (Some(700), None));
        let v2 = usage(&sample(ONE, 1, v2), None);
        assert_eq!((v2.memory_bytes, v2.memory_limit_bytes), (Some(800), Some(4096)));
        assert_eq!(usage(&sample(ONE, 1, json!({ "memory_stats": {} })), None).memory_bytes, None);
    }

    #[test]
    fn all_interfaces_and_devices_count() {
        let net = |n: u64| json!({ "a": { "rx_bytes": n, "tx_bytes": 1 }, "b": { "rx_bytes": n, "tx_bytes": n } });
        let io = |n: u64| {
            json!({ "io_service_bytes_recursive": [{ "op": "Read", "value": n }, { "op": "write", "value": 7 },
            { "op": "read", "value": n }] })
        };
        let throttled = |n: u64| {
            json!({ "cpu_usage": { "total_usage": 1 },
            "throttling_data": { "periods": n * 10, "throttled_periods": n } })
        };
        let all = |n| json!({ "networks": net(n), "blkio_stats": io(n), "cpu_stats": throttled(n), "pids_stats": { "current": 3 } });
        let before = sample(ONE, 1, all(100)).counters();
        let usage = usage(&sample(TWO, 1, all(200)), Some(&before));
        assert_eq!((usage.received_bytes_per_second, usage.sent_bytes_per_second), (Some(100.0), Some(50.0)));
        assert_eq!((usage.read_bytes_per_second, usage.written_bytes_per_second), (Some(100.0), Some(0.0)));
        assert_eq!((usage.throttled_ratio, usage.pids, usage.pids_limit), (Some(0.1), Some(3), None));
        let none = sample(ONE, 1, json!({ "blkio_stats": { "io_service_bytes_recursive": null } })).counters();
        assert_eq!((none.read, none.received), (None, None));
    }
}
