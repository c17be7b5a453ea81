//! CPU time from `/proc/stat`, load, and frequency (<https://docs.kernel.org/filesystems/proc.html#miscellaneous-kernel-statistics-in-proc-stat>).

use super::super::{
    bytes::{decimal, fields, lines, number, only_number},
    read::{Kept, Root},
};
use crate::{clock, model::host::Cpu};
use std::time::{Duration, Instant};

/// Cumulated ticks of one processor, or of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    pub user: u64,
    pub system: u64,
    pub idle: u64,
    pub iowait: u64,
    pub steal: u64,
}

/// What `/proc/stat` told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sample {
    pub all: Option<Times>,
    /// By number; `None` is a processor that is offline.
    pub cores: Vec<Option<Times>>,
    pub running: Option<u32>,
    pub blocked: Option<u32>,
    pub context_switches: Option<u64>,
    pub forks: Option<u64>,
}

/// More processors than this are not believed.
const CORES: u64 = 8192;

/// Reads `/proc/stat`.
pub fn parse(text: &[u8]) -> Sample {
    let mut sample = Sample::default();
    for line in lines(text) {
        let mut fields = fields(line);
        let Some(key) = fields.next() else { continue };
        let mut value = || fields.next().and_then(number);
        match key {
            b"cpu" => sample.all = times(fields),
            b"ctxt" => sample.context_switches = value(),
            b"processes" => sample.forks = value(),
            b"procs_running" => sample.running = value().and_then(|count| count.try_into().ok()),
            b"procs_blocked" => sample.blocked = value().and_then(|count| count.try_into().ok()),
            [b'c', b'p', b'u', core @ ..] => {
                let Some(core) = number(core).filter(|core| *core < CORES) else { continue };
                sample.cores.resize(sample.cores.len().max(core as usize + 1), None);
                sample.cores[core as usize] = times(fields);
            }
            _ => {}
        }
    }
    sample
}

/// Fields: user nice system idle iowait irq softirq steal; guest time is in user already. Old kernels have fewer.
fn times<'a>(fields: impl Iterator<Item = &'a [u8]>) -> Option<Times> {
    let mut ticks = [0u64; 8];
    let mut found = 0;
    for (slot, field) in ticks.iter_mut().zip(fields) {
        *slot = number(field)?;
        found += 1;
    }
    let [user, nice, system, idle, iowait, irq, softirq, steal] = ticks;
    (found >= 4).then_some(Times { user: user + nice, system: system + irq + softirq, idle, iowait, steal })
}

/// Reads `/proc/loadavg`.
pub fn parse_load(text: &[u8]) -> Option<[f64; 3]> {
    let mut fields = fields(text).map(decimal);
    Some([fields.next()??, fields.next()??, fields.next()??])
}

/// Shares of the interval between two readings of the same processor.
#[derive(Debug, Clone, Copy, Default)]
struct Shares {
    used: Option<f64>,
    user: Option<f64>,
    system: Option<f64>,
    iowait: Option<f64>,
    steal: Option<f64>,
}

/// Only the wait for I/O may fall, as the kernel's documentation says; its share is unknown then. Any other counter that
/// falls makes the interval unknown.
fn shares(before: Option<Times>, now: Option<Times>) -> Option<Shares> {
    let (before, now) = (before?, now?);
    let user = now.user.checked_sub(before.user)?;
    let system = now.system.checked_sub(before.system)?;
    let idle = now.idle.checked_sub(before.idle)?;
    let steal = now.steal.checked_sub(before.steal)?;
    let iowait = now.iowait.checked_sub(before.iowait);
    let used = user + system + steal;
    let total = used + idle + iowait.unwrap_or(0);
    let share = |ticks: u64| (total > 0).then(|| ticks as f64 / total as f64);
    Some(Shares {
        used: share(used),
        user: share(user),
        system: share(system),
        iowait: iowait.and_then(share),
        steal: share(steal),
    })
}

/// CPU shares between two samples.
pub fn derive(before: Option<&Sample>, now: &Sample, frequency_hertz: Option<u64>) -> Cpu {
    let all = shares(before.and_then(|before| before.all), now.all).unwrap_or_default();
    let core = |(at, times): (usize, &Option<Times>)| {
        let before = before.and_then(|before| before.cores.get(at).copied().flatten());
        shares(before, *times).and_then(|shares| shares.used)
    };
    Cpu {
        used_ratio: all.used,
        user_ratio: all.user,
        system_ratio: all.system,
        iowait_ratio: all.iowait,
        steal_ratio: all.steal,
        per_core: now.cores.iter().enumerate().map(core).collect(),
        frequency_hertz,
        running: now.running,
        blocked: now.blocked,
    }
}

/// Mean frequency, from cpufreq. Some drivers ask the hardware and take milliseconds a core: those are asked once and never
/// again.
#[derive(Debug)]
pub struct Frequency {
    policies: Vec<Kept>,
    value: Option<u64>,
    asked: Option<Instant>,
}

impl Frequency {
    /// Between two readings.
    const KEEP: Duration = Duration::from_secs(5);
    /// What a reading may take, all policies together.
    const BUDGET: Duration = Duration::from_millis(1);

    /// Lists the policies; reads none.
    pub fn new(root: &Root) -> Self {
        let folder = root.join("sys/devices/system/cpu/cpufreq");
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let is_policy = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with("policy");
        let paths = entries.filter(|entry| is_policy(&entry.file_name())).map(|entry| entry.path());
        Self {
            policies: paths.map(|path| Kept::new(path.join("scaling_cur_freq"))).collect(),
            value: None,
            asked: None,
        }
    }

    /// The mean of the policies, in hertz; `None` where it is not cheap to know.
    pub fn read(&mut self, now: Instant) -> Option<u64> {
        let is_fresh = self.asked.is_some_and(|asked| now.saturating_duration_since(asked) < Self::KEEP);
        if self.policies.is_empty() || is_fresh {
            return self.value;
        }
        self.asked = Some(now);
        let (start, mut buffer) = (clock::instant(), Vec::new());
        let (mut sum, mut count) = (0, 0);
        for policy in &mut self.policies {
            if let Some(kilohertz) = policy.read(&mut buffer).and_then(only_number) {
                (sum, count) = (sum + kilohertz * 1000, count + 1);
            }
            if start.elapsed() > Self::BUDGET {
                self.policies.clear();
                self.value = None;
                return None;
            }
        }
        self.value = (count > 0).then(|| sum / count);
        self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &[u8] =
        b"cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 50 0 25 400 25 0 0 0 0 0\ncpu2 50 0 25 400 25 0 0 0 0 0\n\
        intr 5 1 2\nctxt 1000\nbtime 1\nprocesses 10\nprocs_running 2\nprocs_blocked 1\n";
    const AFTER: &[u8] =
        b"cpu  120 10 60 840 60 3 7 10 0 0\ncpu0 70 10 35 420 35 3 7 10 0 0\ncpu2 50 0 25 420 25 0 0 0 0 0\n\
        ctxt 1500\nprocesses 20\nprocs_running 1\nprocs_blocked 0\n";

    #[test]
    fn shares_are_of_the_interval() {
        let cpu = derive(Some(&parse(BEFORE)), &parse(AFTER), None);
        // 30 user and nice, 20 system with interrupts, 10 stolen, 40 idle, 10 waiting: 110 in all.
        let near = |value: Option<f64>, ticks: f64| (value.expect("known") - ticks / 110.0).abs() < 1e-9;
        assert!(near(cpu.used_ratio, 60.0) && near(cpu.user_ratio, 30.0) && near(cpu.system_ratio, 20.0));
        assert!(near(cpu.iowait_ratio, 10.0) && near(cpu.steal_ratio, 10.0));
        assert_eq!(cpu.per_core.len(), 3);
        assert_eq!((cpu.per_core[1], cpu.per_core[2]), (None, Some(0.0)));
        assert_eq!((cpu.running, cpu.blocked), (Some(1), Some(0)));
    }

    #[test]
    fn one_sample_has_no_shares() {
        let cpu = derive(None, &parse(BEFORE), None);
        assert_eq!((cpu.used_ratio, cpu.per_core), (None, vec![None, None, None]));
    }

    #[test]
    fn counters_that_fall_are_unknown() {
        assert_eq!(derive(Some(&parse(AFTER)), &parse(BEFORE), None).used_ratio, None);
        let before = Times { iowait: 9, idle: 0, ..Times::default() };
        let now = Times { iowait: 5, idle: 10, ..Times::default() };
        let shares = shares(Some(before), Some(now)).expect("the rest is known");
        assert_eq!((shares.iowait, shares.used), (None, Some(0.0)));
    }

    #[test]
    fn odd_lines_are_passed_over() {
        let sample = parse(b"cpu x\ncpu9999999 1 2 3 4\ncpux 1 2 3 4\n\nctxt\nprocs_running -1\n");
        assert_eq!(sample, Sample::default());
        assert_eq!(parse_load(b"0.5 1.25 2.00 1/2 3\n"), Some([0.5, 1.25, 2.0]));
        assert_eq!(parse_load(b"0.5 x\n"), None);
    }
}
