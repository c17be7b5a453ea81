//! History of figures: what graphs draw and what rules look back on.

use super::Timestamp;
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// What a series measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Metric {
    CpuUsed,
    CpuIowait,
    CpuSteal,
    /// Instance: number of the core.
    CoreUsed,
    Load1,
    MemoryUsed,
    SwapUsed,
    PressureCpu,
    PressureMemory,
    PressureIo,
    /// Instance: device.
    DeviceRead,
    DeviceWrite,
    DeviceBusy,
    /// Instance: interface.
    NetworkReceived,
    NetworkSent,
    /// Instance: mount point.
    MountUsed,
    /// Instance: sensor.
    Temperature,
    /// Instance: GPU.
    GpuUsed,
    GpuMemory,
    GpuTemperature,
    GpuPower,
    /// Instance: engine and container id. 1.0 is one core.
    ContainerCpu,
    ContainerMemory,
    /// What an alert's rule measures. Instance: the alert's object.
    AlertValue,
    /// Burn over the window of the budget's fastest pair. Instance: the objective's object.
    SloBurn,
    /// What is left of an error budget. Instance: the objective's object.
    SloBudget,
    /// How far a replica is behind, in bytes. Instance: the object of the member, or of the cluster for the most of its members.
    PostgresLag,
    /// How fast a primary writes its log. Instance: the cluster.
    PostgresWritten,
}

/// Identity of a series.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SeriesKey {
    pub metric: Metric,
    /// Which of several; empty where there is one.
    pub instance: CompactString,
}

impl SeriesKey {
    pub fn new(metric: Metric, instance: impl Into<CompactString>) -> Self {
        Self { metric, instance: instance.into() }
    }
}

impl From<Metric> for SeriesKey {
    fn from(metric: Metric) -> Self {
        Self::new(metric, "")
    }
}

#[derive(Debug, Clone, Copy)]
struct Point {
    /// Milliseconds since the Unix epoch.
    at: i64,
    value: f32,
}

/// One figure over time, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Series(VecDeque<Point>);

/// How the points that fall into one bucket become one figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// The largest: a spike stays visible however far the graph is zoomed out.
    Max,
    Mean,
}

impl Series {
    /// The newest value.
    pub fn last(&self) -> Option<f64> {
        self.0.back().map(|point| point.value.into())
    }

    /// Points between the two times, both inclusive, as (milliseconds, value).
    pub fn between(&self, from: i64, to: i64) -> impl Iterator<Item = (i64, f64)> + '_ {
        let start = self.0.partition_point(|point| point.at < from);
        self.0.range(start..).take_while(move |point| point.at <= to).map(|point| (point.at, f64::from(point.value)))
    }

    /// `count` buckets of `width_ms` each, the last one being the one that holds `end` (milliseconds). Buckets lie on multiples of
    /// their width, so that a graph moves by whole buckets and not with every sample. A bucket without a point is `None`.
    pub fn buckets(&self, end: i64, width_ms: i64, count: usize, fold: Fold) -> Vec<Option<f64>> {
        let width = width_ms.max(1);
        let last = end.div_euclid(width);
        let first = last - count as i64 + 1;
        let mut sums = vec![(0.0f64, 0u32); count];
        for (at, value) in self.between(first * width, end) {
            let slot = usize::try_from(at.div_euclid(width) - first).unwrap_or(0);
            let Some((sum, n)) = sums.get_mut(slot) else { continue };
            *sum = match fold {
                Fold::Max if *n > 0 => sum.max(value),
                Fold::Max => value,
                Fold::Mean => *sum + value,
            };
            *n += 1;
        }
        sums.into_iter()
            .map(|(sum, n)| match (n, fold) {
                (0, _) => None,
                (_, Fold::Max) => Some(sum),
                (n, Fold::Mean) => Some(sum / f64::from(n)),
            })
            .collect()
    }

    /// Number of points held.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no point.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// All series, each kept for [`SeriesStore::KEEP_MS`] unless told otherwise.
#[derive(Debug, Clone)]
pub struct SeriesStore {
    series: BTreeMap<SeriesKey, Series>,
    keep_ms: i64,
}

impl Default for SeriesStore {
    fn default() -> Self {
        Self::keeping(Self::KEEP_MS)
    }
}

impl SeriesStore {
    /// How long a point is kept: 30 minutes, as the flight recorder.
    pub const KEEP_MS: i64 = 30 * 60 * 1000;

    /// An empty store that keeps points for longer: a recording's history reaches over all of it.
    pub const fn keeping(keep_ms: i64) -> Self {
        Self { series: BTreeMap::new(), keep_ms }
    }

    /// Adds a point; `None` adds nothing, so that a gap stays a gap. A time before the newest point is ignored.
    pub fn push(&mut self, key: impl Into<SeriesKey>, at: Timestamp, value: Option<f64>) {
        let Some(value) = value else { return };
        let at = at.as_millisecond();
        let series = &mut self.series.entry(key.into()).or_default().0;
        if series.back().is_some_and(|last| last.at >= at) {
            return;
        }
        series.push_back(Point { at, value: value as f32 });
        while series.front().is_some_and(|first| first.at < at - self.keep_ms) {
            series.pop_front();
        }
    }

    /// The series of this name, if it has ever had a point.
    pub fn get(&self, key: &SeriesKey) -> Option<&Series> {
        self.series.get(key)
    }

    /// Drops points after `at`: after the clock was set back they lie in the future, and newer ones would not be taken.
    pub fn forget_after(&mut self, at: Timestamp) {
        let at = at.as_millisecond();
        for series in self.series.values_mut() {
            series.0.truncate(series.0.partition_point(|point| point.at <= at));
        }
    }

    /// Drops series that have had no point since `before`: devices and mounts that are gone. A store that keeps longer waits as
    /// much longer.
    pub fn forget_before(&mut self, before: Timestamp) {
        let before = before.as_millisecond().saturating_sub(self.keep_ms - Self::KEEP_MS);
        self.series.retain(|_, series| series.0.back().is_some_and(|last| last.at >= before));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).expect("in range")
    }

    #[test]
    fn buckets_lie_on_multiples_of_their_width() {
        let mut store = SeriesStore::default();
        for s in 0..20 {
            store.push(Metric::CpuUsed, at(s * 1000), Some(s as f64));
        }
        let series = store.get(&Metric::CpuUsed.into()).expect("pushed");
        let whole = series.buckets(19_999, 5_000, 4, Fold::Max);
        assert_eq!(whole, [Some(4.0), Some(9.0), Some(14.0), Some(19.0)]);
        assert_eq!(series.buckets(16_000, 5_000, 2, Fold::Mean), [Some(12.0), Some(15.5)]);
        assert_eq!(series.buckets(40_000, 5_000, 2, Fold::Max), [None, None]);
    }

    #[test]
    fn old_points_and_dead_series_go() {
        let mut store = SeriesStore::default();
        store.push(Metric::Load1, at(0), Some(1.0));
        store.push(Metric::Load1, at(SeriesStore::KEEP_MS + 1), Some(2.0));
        store.push(Metric::Load1, at(5), Some(9.0));
        assert_eq!(store.get(&Metric::Load1.into()).map(Series::len), Some(1));
        store.forget_before(at(SeriesStore::KEEP_MS * 3));
        assert!(store.get(&Metric::Load1.into()).is_none());
    }
}
