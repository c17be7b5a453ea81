//! The control-group tree, of the v2 hierarchy or of the v1 controllers merged by path.

pub mod tree;
pub mod v1;
pub mod v2;

use super::{
    bytes::{rate, rise},
    cgroup_fs::Hierarchies,
    cgroup_path,
    read::Root,
};
use crate::{
    clock,
    model::{
        cgroup::{Cgroup, Cgroups},
        host::Pressures,
        topic::Topic,
        update::Update,
    },
    source::{Request, Source, SourceError, Spec},
};
use compact_str::CompactString;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// Groups that are read; the rest is counted.
pub const CAP: usize = 4_000;
/// How long limits are good for: they change seldom, and cost a third of the files.
const KEEP_LIMITS: Duration = Duration::from_secs(30);

/// Limits of one group; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Limits {
    pub cpu_cores: Option<f64>,
    pub memory_bytes: Option<u64>,
    pub pids: Option<u64>,
}

/// Counters and levels of one group.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sample {
    pub cpu_nanoseconds: Option<u64>,
    /// Scheduling periods that had a quota, and those of them in which it ran out.
    pub periods: Option<u64>,
    pub throttled_periods: Option<u64>,
    pub memory_bytes: Option<u64>,
    pub oom_kills: Option<u64>,
    pub read_bytes: Option<u64>,
    pub written_bytes: Option<u64>,
    pub pids: Option<u64>,
    pub pressure: Pressures,
}

/// A group from two samples, `seconds` apart.
pub fn derive(before: &Sample, now: &Sample, limits: &Limits, seconds: f64) -> Cgroup {
    let periods = rise(before.periods, now.periods).filter(|periods| *periods > 0 && seconds > 0.0);
    let throttled = rise(before.throttled_periods, now.throttled_periods);
    Cgroup {
        cpu_ratio: rate(before.cpu_nanoseconds, now.cpu_nanoseconds, seconds).map(|nanoseconds| nanoseconds / 1e9),
        cpu_limit_cores: limits.cpu_cores,
        throttled_ratio: periods.zip(throttled).map(|(periods, throttled)| throttled as f64 / periods as f64),
        memory_bytes: now.memory_bytes,
        memory_limit_bytes: limits.memory_bytes,
        oom_kills: now.oom_kills,
        read_bytes_per_second: rate(before.read_bytes, now.read_bytes, seconds),
        write_bytes_per_second: rate(before.written_bytes, now.written_bytes, seconds),
        pids: now.pids,
        pids_limit: limits.pids,
        pressure: now.pressure,
        ..Cgroup::default()
    }
}

/// What is remembered of a group.
#[derive(Debug)]
struct Known {
    sample: Sample,
    limits: Limits,
    limits_due: Instant,
    owner: cgroup_path::Owner,
    round: u64,
}

/// The source of [`Cgroups`].
#[derive(Debug)]
pub struct CgroupsSource {
    root: Root,
    known: HashMap<CompactString, Known>,
    before: Option<Instant>,
    round: u64,
    buffer: Vec<u8>,
}

impl CgroupsSource {
    /// The source for the machine below `root`.
    pub fn new(root: Root) -> Self {
        Self { root, known: HashMap::new(), before: None, round: 0, buffer: Vec::new() }
    }

    fn read(&mut self, hierarchies: &Hierarchies, version: u8) -> Cgroups {
        let now = clock::instant();
        let seconds = self.before.map_or(0.0, |before| now.saturating_duration_since(before).as_secs_f64());
        (self.before, self.round) = (Some(now), self.round + 1);
        let tree = tree::walk(hierarchies, version, CAP);
        let mut groups = Vec::with_capacity(tree.groups.len());
        for group in &tree.groups {
            groups.push(self.group(hierarchies, version, group, now, seconds));
        }
        let round = self.round;
        self.known.retain(|_, known| known.round == round);
        Cgroups { version: Some(version), groups, left_out: tree.left_out }
    }

    fn group(
        &mut self,
        hierarchies: &Hierarchies,
        version: u8,
        group: &tree::Group,
        now: Instant,
        seconds: f64,
    ) -> Cgroup {
        let read = if version == 2 { v2::read } else { v1::read };
        let read_limits = if version == 2 { v2::limits } else { v1::limits };
        let sample = read(hierarchies, &group.path, &mut self.buffer);
        let known = self.known.entry(group.path.clone()).or_insert_with(|| Known {
            sample: Sample::default(),
            limits: Limits::default(),
            limits_due: now,
            owner: cgroup_path::owner(&group.path),
            round: 0,
        });
        if known.limits_due <= now {
            known.limits = read_limits(hierarchies, &group.path, &mut self.buffer);
            known.limits_due = now + KEEP_LIMITS;
        }
        let row = derive(&known.sample, &sample, &known.limits, seconds);
        (known.sample, known.round) = (sample, self.round);
        Cgroup {
            path: group.path.clone(),
            depth: group.depth,
            unit: known.owner.unit.clone(),
            container: known.owner.container.clone(),
            ..row
        }
    }
}

impl Source for CgroupsSource {
    fn spec(&self) -> Spec {
        Spec {
            name: "host/cgroups".into(),
            kind: "host".into(),
            topics: Topic::Cgroups.into(),
            foreground: Duration::from_secs(5),
            background: Some(Duration::from_secs(30)),
            deadline: Duration::from_secs(5),
        }
    }

    fn collect(&mut self, _request: &Request) -> Result<Vec<Update>, SourceError> {
        let hierarchies = Hierarchies::find(&self.root);
        let cgroups = match hierarchies.version() {
            Some(version) => self.read(&hierarchies, version),
            None => Cgroups::default(),
        };
        Ok(vec![Update::Cgroups(Box::new(cgroups))])
    }
}

#[cfg(test)]
mod tests;
