//! What the cockpit itself costs: its processor time, its memory, its output.

use super::{
    bytes::{fields, number},
    read::Root,
};
use crate::{
    clock,
    model::{
        own::{OwnCounters, OwnUsage},
        topic::Topic,
        update::Update,
    },
    source::{Request, Source, SourceError, Spec},
};
use rustix::time::{ClockId, clock_gettime};
use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

/// Counters of one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    pub taken: Instant,
    /// Processor time of all threads since the start.
    pub cpu: Duration,
    pub memory_bytes: Option<u64>,
    pub output_bytes: u64,
    pub recorder_bytes: u64,
}

/// Cost between two samples.
pub fn derive(before: Option<&Sample>, now: &Sample) -> OwnUsage {
    let seconds = before.map_or(0.0, |before| now.taken.saturating_duration_since(before.taken).as_secs_f64());
    let per_second = |rise: Option<f64>| rise.filter(|_| seconds > 0.0).map(|rise| rise / seconds);
    let cpu = before.and_then(|before| now.cpu.checked_sub(before.cpu)).map(|cpu| cpu.as_secs_f64());
    let output = before.and_then(|before| now.output_bytes.checked_sub(before.output_bytes)).map(|bytes| bytes as f64);
    OwnUsage {
        cpu_ratio: per_second(cpu),
        memory_bytes: now.memory_bytes,
        output_bytes_per_second: per_second(output),
        recorder_bytes: Some(now.recorder_bytes),
    }
}

/// The source of [`OwnUsage`].
#[derive(Debug)]
pub struct OwnSource {
    root: Root,
    counters: Arc<OwnCounters>,
    before: Option<Sample>,
}

impl OwnSource {
    /// The source for this process, with what it counts itself.
    pub fn new(root: Root, counters: Arc<OwnCounters>) -> Self {
        Self { root, counters, before: None }
    }

    fn read(&self) -> Sample {
        // Finer than the 10 ms ticks of /proc/self/stat, which would be 0.2 % of a core here.
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        Sample {
            taken: clock::instant(),
            cpu: Duration::try_from(cpu).unwrap_or_default(),
            memory_bytes: self.root.read("proc/self/statm").and_then(|text| resident(&text)),
            output_bytes: self.counters.output_bytes.load(Ordering::Relaxed),
            recorder_bytes: self.counters.recorder_bytes.load(Ordering::Relaxed),
        }
    }
}

/// The second field of `/proc/PID/statm`: resident pages.
fn resident(text: &[u8]) -> Option<u64> {
    number(fields(text).nth(1)?)?.checked_mul(procfs::page_size())
}

impl Source for OwnSource {
    fn spec(&self) -> Spec {
        Spec {
            name: "host/own".into(),
            kind: "host".into(),
            topics: Topic::Own.into(),
            foreground: Duration::from_secs(5),
            background: Some(Duration::from_secs(5)),
            deadline: Duration::from_secs(2),
        }
    }

    fn collect(&mut self, _request: &Request) -> Result<Vec<Update>, SourceError> {
        let now = self.read();
        let usage = derive(self.before.as_ref(), &now);
        self.before = Some(now);
        Ok(vec![Update::Own(usage)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cost_is_of_the_interval() {
        let taken = clock::instant();
        let sample = |seconds, cpu, output| Sample {
            taken: taken + Duration::from_secs(seconds),
            cpu: Duration::from_millis(cpu),
            memory_bytes: Some(1),
            output_bytes: output,
            recorder_bytes: 9,
        };
        let usage = derive(Some(&sample(0, 100, 1000)), &sample(5, 110, 3000));
        assert_eq!((usage.cpu_ratio, usage.output_bytes_per_second), (Some(0.002), Some(400.0)));
        assert_eq!((usage.memory_bytes, usage.recorder_bytes), (Some(1), Some(9)));
        let first = derive(None, &sample(0, 100, 1000));
        assert_eq!((first.cpu_ratio, first.output_bytes_per_second), (None, None));
    }

    #[test]
    fn this_process_has_a_size() {
        let source = OwnSource::new(Root::real(), Arc::default());
        let sample = source.read();
        assert!(sample.memory_bytes > Some(1 << 20) && sample.cpu > Duration::ZERO);
    }
}
