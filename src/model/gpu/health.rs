//! How a GPU is doing, and what to do about it: the one judgement, from what its driver says.
//!
//! The thresholds are those of DCGM's health checks (<https://docs.nvidia.com/datacenter/dcgm/latest/user-guide/feature-overview.html>):
//! a double-bit error, a failed remap, a link that is down or had to recover, and whatever the driver itself wants done are failures;
//! corrected link errors, heat, power and worn memory are warnings.

use super::{
    Gpu, GpuState, Recovery, Throttle,
    xid::{self, Action},
};
use crate::model::{Timestamp, attention::Severity, health::Health};
use serde::Serialize;

/// Remaps of uncorrectable errors from which memory counts as worn.
const WORN_REMAPS: u64 = 512;
/// Seconds for which an error of an application is shown.
const APPLICATION_SECONDS: i64 = 15 * 60;
/// Seconds for which an error of the GPU is shown where the driver does not say whether it is over.
const GPU_SECONDS: i64 = 24 * 3600;

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GpuFinding {
    pub severity: Severity,
    /// What was observed, with its figure.
    pub evidence: String,
    pub meaning: String,
    pub next_step: String,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
    /// Whether it may pass by itself, so that it has to hold for a while before anybody is told.
    #[serde(skip)]
    pub passing: bool,
}

impl GpuFinding {
    fn new(
        severity: Severity,
        evidence: impl Into<String>,
        meaning: impl Into<String>,
        next_step: impl Into<String>,
    ) -> Self {
        let (evidence, meaning, next_step) = (evidence.into(), meaning.into(), next_step.into());
        Self { severity, evidence, meaning, next_step, since: None, passing: false }
    }

    fn fail(evidence: impl Into<String>, meaning: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self::new(Severity::Error, evidence, meaning, next_step)
    }

    fn warn(evidence: impl Into<String>, meaning: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self::new(Severity::Warn, evidence, meaning, next_step)
    }

    fn since(mut self, since: Option<Timestamp>) -> Self {
        self.since = since;
        self
    }

    fn passing(mut self) -> Self {
        self.passing = true;
        self
    }
}

const RESET: &str = "drain the GPU and reset it";
const REBOOT: &str = "drain the node and restart the machine; call for hardware if the GPU does not come back";
const HARDWARE: &str = "drain the GPU and call for hardware";

/// Everything that is wrong with a GPU, the worst first; what the driver wants done stands before what is concluded here.
pub fn findings(gpu: &Gpu, now: Timestamp) -> Vec<GpuFinding> {
    let mut found = Vec::new();
    found.extend(state(gpu).map(|finding| finding.since(gpu.state_since)));
    found.extend(recovery(gpu));
    memory(gpu, &mut found);
    xids(gpu, now, &mut found);
    links(gpu, &mut found);
    heat(gpu, &mut found);
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}

/// How the GPU is doing as a whole, and everything that is wrong with it, the worst first. One that does not answer is unknown.
pub fn judge(gpu: &Gpu, now: Timestamp) -> (Health, Vec<GpuFinding>) {
    let findings = findings(gpu, now);
    let health = match findings.first().map(|worst| worst.severity) {
        Some(Severity::Error | Severity::Critical) => Health::Failing,
        Some(Severity::Unknown) => Health::Unknown,
        Some(Severity::Warn) => Health::Degraded,
        Some(Severity::Info) | None => Health::Ok,
    };
    (health, findings)
}

/// The word for the health in JSON: DCGM's.
pub const fn word(health: Health) -> &'static str {
    match health {
        Health::Ok | Health::Done | Health::Progressing => "ok",
        Health::Degraded => "warn",
        Health::Failing => "fail",
        Health::Unknown => "unknown",
    }
}

fn state(gpu: &Gpu) -> Option<GpuFinding> {
    let words = |words: &str| gpu.problem.as_deref().unwrap_or(words).to_owned();
    Some(match gpu.state {
        GpuState::Ready => return None,
        GpuState::Lost => {
            GpuFinding::fail(words("the GPU is lost"), "it fell off the bus or is otherwise out of reach", REBOOT)
        }
        GpuState::ResetRequired => {
            GpuFinding::fail(words("the GPU requires a reset"), "it cannot be used before that", RESET)
        }
        GpuState::Silent => {
            let next = "look at the kernel log; restart the machine if it stays so";
            GpuFinding::new(Severity::Unknown, "no answer", "a call to its driver hangs", next)
        }
        GpuState::Denied => {
            let next = "run as a user who may open /dev/nvidia*";
            GpuFinding::new(Severity::Unknown, words("no permission"), "it may not be asked by this user", next)
        }
        GpuState::Failed => {
            let next = "look at the kernel log and at nvidia-smi";
            GpuFinding::new(Severity::Unknown, words("an error"), "the driver does not answer as it should", next)
        }
    })
}

fn recovery(gpu: &Gpu) -> Option<GpuFinding> {
    let action = gpu.recovery.filter(|action| *action != Recovery::None)?;
    let next = match action {
        Recovery::Reboot => REBOOT,
        Recovery::DrainP2p => "end the work that GPUs share with this one, then look again",
        Recovery::DrainAndReset => "end all work on the GPU, then reset it",
        Recovery::None | Recovery::Reset => RESET,
        Recovery::Other => "see what nvidia-smi -q says of its recovery action",
    };
    Some(GpuFinding::fail(format!("recovery action: {}", action.word()), "the driver asks for it", next))
}

fn memory(gpu: &Gpu, found: &mut Vec<GpuFinding>) {
    if let Some(errors) = gpu.ecc.volatile.uncorrected.filter(|errors| *errors > 0) {
        let evidence = format!("{errors} double-bit {} since the driver was loaded", plural(errors, "error", "errors"));
        found.push(GpuFinding::fail(
            evidence,
            "memory gave wrong data",
            "drain the GPU and reset it; call for hardware if it happens again",
        ));
    }
    let Some(remapped) = gpu.remapped else { return pages(gpu, found) };
    if remapped.failed == Some(true) {
        found.push(GpuFinding::fail("a row remap failed", "no spare rows are left for a damaged one", HARDWARE));
    }
    if remapped.pending == Some(true) {
        found.push(GpuFinding::warn(
            "a row remap is pending",
            "a damaged row is replaced at the next reset",
            "reset the GPU when it is idle",
        ));
    }
    if let Some(rows) = remapped.uncorrectable.filter(|rows| *rows >= WORN_REMAPS) {
        let evidence = format!("{rows} rows replaced after uncorrectable errors");
        found.push(GpuFinding::warn(evidence, "its memory is worn", "plan to replace the GPU"));
    }
}

fn pages(gpu: &Gpu, found: &mut Vec<GpuFinding>) {
    if gpu.pages_pending == Some(true) {
        found.push(GpuFinding::warn(
            "pages wait to be retired",
            "damaged memory is left out after the next reset",
            "reset the GPU when it is idle",
        ));
    }
}

/// The newest of each code. One that the GPU needed a recovery for is shown for a while only where the driver says that none is needed any
/// more.
fn xids(gpu: &Gpu, now: Timestamp, found: &mut Vec<GpuFinding>) {
    let mut seen = Vec::new();
    for xid in &gpu.xids {
        if seen.contains(&xid.code) {
            continue;
        }
        seen.push(xid.code);
        let meaning = xid::meaning(xid.code);
        let (severity, lasts) = match meaning.map(|meaning| meaning.action) {
            Some(Action::Ignore) => continue,
            Some(Action::RestartApplication | Action::Follow) | None => (Severity::Warn, APPLICATION_SECONDS),
            Some(_) if gpu.recovery == Some(Recovery::None) && gpu.state == GpuState::Ready => {
                (Severity::Error, APPLICATION_SECONDS)
            }
            Some(_) => (Severity::Error, GPU_SECONDS),
        };
        let age = now.duration_since(xid.at).as_secs();
        if age > lasts {
            continue;
        }
        let count = gpu.xids.iter().filter(|other| other.code == xid.code).count();
        let times = if count > 1 { format!(", {count} times") } else { String::new() };
        let evidence = format!("XID {}{times}", xid.code);
        let title = meaning.map_or("not in the catalogue", |meaning| meaning.title);
        let next = meaning.map_or("look it up in NVIDIA's XID catalogue", |meaning| meaning.next_step);
        found.push(GpuFinding::new(severity, evidence, title, next).since(Some(xid.at)));
    }
}

fn links(gpu: &Gpu, found: &mut Vec<GpuFinding>) {
    let ends = "reset the GPUs at both ends; call for hardware if it happens again";
    let sum = |of: fn(&super::NvLink) -> Option<u64>| gpu.nvlinks.iter().filter_map(of).sum::<u64>();
    // Where none is up the links are not in use; where some are, one that is not has failed.
    let down: Vec<_> =
        gpu.nvlinks.iter().filter(|link| link.is_active == Some(false)).map(|link| link.link.to_string()).collect();
    if !down.is_empty() && gpu.nvlinks.iter().any(|link| link.is_active == Some(true)) {
        let evidence = format!("NVLink {} is down", down.join(", "));
        found.push(GpuFinding::fail(evidence, "traffic with other GPUs is slower or fails", ends));
    }
    let repaired = [("replays", sum(|link| link.replay_errors)), ("recoveries", sum(|link| link.recovery_errors))];
    for (what, count) in repaired.into_iter().filter(|(_, count)| *count > 0) {
        found.push(GpuFinding::fail(format!("{count} NVLink {what}"), "a link between GPUs is not reliable", ends));
    }
    let crc = sum(|link| link.crc_errors);
    if crc > 0 {
        found.push(GpuFinding::warn(
            format!("{crc} NVLink CRC errors"),
            "data between GPUs had to be sent again",
            "watch whether it grows",
        ));
    }
    if let Some(replays) = gpu.pcie.replays_recent.filter(|replays| *replays > 0) {
        let evidence = format!("{replays} PCIe replays in the last ten minutes");
        found.push(GpuFinding::warn(
            evidence,
            "packets to and from the GPU had to be sent again",
            "watch whether it grows; reseat the GPU",
        ));
    }
    if let (Some(width), Some(max)) = (gpu.pcie.width, gpu.pcie.max_width)
        && width < max
        && width > 0
    {
        let evidence = format!("PCIe x{width} of x{max}");
        found.push(
            GpuFinding::warn(
                evidence,
                "the link to the host is narrower than it could be",
                "reseat the GPU or its riser",
            )
            .passing(),
        );
    }
}

fn heat(gpu: &Gpu, found: &mut Vec<GpuFinding>) {
    let now = gpu.temperature.gpu_celsius;
    let at_least = |limit: Option<f64>| now.zip(limit).filter(|(now, limit)| now >= limit);
    let cool = "check fans and air flow; move work away";
    if let Some((now, limit)) = at_least(gpu.temperature.shutdown_celsius) {
        found.push(
            GpuFinding::fail(
                format!("{now:.0} °C, switches off at {limit:.0} °C"),
                "it is about to switch itself off",
                cool,
            )
            .passing(),
        );
    } else if let Some((now, limit)) = at_least(gpu.temperature.slowdown_celsius) {
        found.push(
            GpuFinding::warn(format!("{now:.0} °C, slows down at {limit:.0} °C"), "it is too hot for full speed", cool)
                .passing(),
        );
    }
    let bad: Vec<_> = gpu.throttle.iter().filter(|reason| reason.is_bad()).map(|reason| reason.word()).collect();
    if !bad.is_empty() {
        let power = gpu.throttle.contains(&Throttle::PowerBrake);
        let next = if power { "check the power supplies" } else { cool };
        found.push(
            GpuFinding::warn(format!("slowed down: {}", bad.join(", ")), "it does not run as fast as it could", next)
                .passing(),
        );
    }
}

fn plural(count: u64, one: &'static str, many: &'static str) -> &'static str {
    if count == 1 { one } else { many }
}
