//! How a container is doing, and why: the one judgement, from what its engine says of it.

use super::{
    Timestamp,
    container::{CheckState, Container, ContainerState},
    health::Health,
    units,
};

/// Seconds after a restart for which a container is not yet called well.
pub const YOUNG_SECONDS: i64 = 60;
/// Restarts from which a container that was just restarted is said to loop.
pub const LOOP_RESTARTS: u32 = 3;

/// The signals whose exit codes an operator sees most: 128 and the signal's number.
const fn signal(code: i64) -> Option<&'static str> {
    Some(match code {
        129 => "SIGHUP",
        130 => "SIGINT",
        131 => "SIGQUIT",
        134 => "SIGABRT",
        135 => "SIGBUS",
        136 => "SIGFPE",
        137 => "SIGKILL",
        139 => "SIGSEGV",
        141 => "SIGPIPE",
        143 => "SIGTERM",
        _ => return None,
    })
}

/// An exit code in words: `exit 1`, `exit 137 (SIGKILL)`, `exit 127 (command not found)`.
pub fn exit_words(code: i64) -> String {
    let word = match code {
        125 => Some("the engine could not run it"),
        126 => Some("the command cannot be executed"),
        127 => Some("command not found"),
        code => signal(code),
    };
    word.map_or_else(|| format!("exit {code}"), |word| format!("exit {code} ({word})"))
}

impl Container {
    /// Whether its restart policy would have started it again, had nobody stopped it.
    fn would_be_restarted(&self) -> bool {
        matches!(self.restart_policy.as_str(), "always" | "unless-stopped")
    }

    /// Whether it runs and was restarted a moment ago.
    pub fn is_young(&self, now: Timestamp) -> bool {
        let up = self.started_at.map(|at| now.duration_since(at).as_secs());
        self.state == ContainerState::Running
            && self.restarts.is_some_and(|restarts| restarts > 0)
            && up.is_some_and(|up| up < YOUNG_SECONDS)
    }
}

/// Health and reason at a time; the reason is empty where all is well.
///
/// An engine does not say who ended a container. One that is gone with SIGKILL or SIGTERM counts as stopped where somebody was seen
/// to ask for it, where its restart policy would have brought it back otherwise, and for SIGTERM always: nothing else sends that.
/// For SIGKILL nobody can tell, and it is said so.
pub fn judge(container: &Container, now: Timestamp) -> (Health, String) {
    // The list alone says neither whether memory ran out nor what the engine answered to a start.
    if container.restarts.is_none() && container.state != ContainerState::Running {
        return (Health::Unknown, "not inspected yet".into());
    }
    match container.state {
        ContainerState::Running => running(container, now),
        ContainerState::Restarting => (Health::Failing, looping(container, "restarting")),
        ContainerState::Paused => (Health::Degraded, "paused: its processes are frozen".into()),
        ContainerState::Created => match &container.error {
            Some(error) => (Health::Failing, format!("could not be started: {error}")),
            None => (Health::Done, "created and never started".into()),
        },
        ContainerState::Exited => exited(container),
        ContainerState::Removing => (Health::Progressing, "being removed".into()),
        ContainerState::Dead => (Health::Failing, "dead: the engine could not remove it whole".into()),
        ContainerState::Unknown => (Health::Unknown, "in a state that is not known".into()),
    }
}

fn running(container: &Container, now: Timestamp) -> (Health, String) {
    if container.check == CheckState::Unhealthy {
        return (Health::Failing, failed_check(container));
    }
    if container.is_young(now) {
        if container.restarts >= Some(LOOP_RESTARTS) {
            return (Health::Failing, looping(container, "crash loop"));
        }
        return (Health::Degraded, looping(container, "just restarted"));
    }
    match container.check {
        CheckState::Starting => (Health::Progressing, "its health check has not passed yet".into()),
        _ => (Health::Ok, String::new()),
    }
}

fn failed_check(container: &Container) -> String {
    let times = container.failing_streak.map_or_else(String::new, |times| format!(" {times} times in a row"));
    match container.probes.last() {
        Some(probe) if !probe.output.is_empty() => format!("health check fails{times}: {}", probe.output),
        Some(probe) => format!("health check fails{times}, without a word{}", probe_end(probe.exit_code)),
        None => format!("health check fails{times}"),
    }
}

fn probe_end(code: Option<i64>) -> String {
    code.map_or_else(String::new, |code| format!(" ({})", exit_words(code)))
}

/// `crash loop: exit 1, 17 restarts`.
fn looping(container: &Container, word: &str) -> String {
    let mut parts = Vec::new();
    if container.oom_killed {
        parts.push(oom(container));
    } else if let Some(code) = container.exit_code {
        parts.push(exit_words(code));
    }
    match container.restarts {
        Some(1) => parts.push("1 restart".into()),
        Some(restarts) => parts.push(format!("{restarts} restarts")),
        None => {}
    }
    parts.extend(container.error.clone());
    if parts.is_empty() { word.into() } else { format!("{word}: {}", parts.join(", ")) }
}

fn oom(container: &Container) -> String {
    let limit = container.memory_limit_bytes.map(|bytes| format!(", limit {}", units::bytes(bytes as f64)));
    format!("killed for want of memory (OOM){}", limit.unwrap_or_default())
}

fn exited(container: &Container) -> (Health, String) {
    if let Some(error) = &container.error {
        return (Health::Failing, format!("could not be started: {error}"));
    }
    if container.oom_killed {
        return (Health::Failing, oom(container));
    }
    let Some(code) = container.exit_code else {
        return (Health::Unknown, "ended, and its exit code is not known".into());
    };
    let words = exit_words(code);
    let asked = container.stop_seen || container.would_be_restarted();
    match code {
        0 => (Health::Done, "ended with exit 0".into()),
        137 | 143 if asked => (Health::Done, format!("stopped: {words}")),
        130 | 143 => (Health::Done, format!("ended by a signal as by docker stop: {words}")),
        137 => (Health::Degraded, format!("{words}: by docker stop or kill, or by the kernel; nobody recorded which")),
        _ => (Health::Failing, format!("ended with {words}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::container::Probe;

    fn now() -> Timestamp {
        "2026-11-23T02:00:00Z".parse().expect("a time")
    }

    fn ended(code: i64) -> Container {
        Container { state: ContainerState::Exited, exit_code: Some(code), restarts: Some(0), ..Container::default() }
    }

    fn told(container: &Container) -> (Health, String) {
        judge(container, now())
    }

    #[test]
    fn a_failing_check_is_told_with_its_last_words() {
        let probe = |output: &str| Probe { at: None, exit_code: Some(1), output: output.into() };
        let mut sick = Container {
            state: ContainerState::Running,
            check: CheckState::Unhealthy,
            failing_streak: Some(12),
            probes: vec![probe("old"), probe("connection refused")],
            ..Container::default()
        };
        assert_eq!(told(&sick), (Health::Failing, "health check fails 12 times in a row: connection refused".into()));
        sick.probes = vec![probe("")];
        assert!(told(&sick).1.ends_with("without a word (exit 1)"));
        sick.check = CheckState::Starting;
        assert_eq!(told(&sick).0, Health::Progressing);
        sick.check = CheckState::Healthy;
        assert_eq!(told(&sick), (Health::Ok, String::new()));
    }

    #[test]
    fn how_it_ended_tells_whether_it_was_meant() {
        assert_eq!(told(&ended(0)).0, Health::Done);
        assert_eq!(told(&ended(1)), (Health::Failing, "ended with exit 1".into()));
        assert!(told(&ended(127)).1.contains("command not found"));
        assert_eq!(told(&ended(139)), (Health::Failing, "ended with exit 139 (SIGSEGV)".into()));
        assert_eq!(told(&ended(143)).0, Health::Done);
        let (health, reason) = told(&ended(137));
        assert_eq!(health, Health::Degraded);
        assert!(reason.contains("nobody recorded which"), "{reason}");
        assert_eq!(told(&Container { stop_seen: true, ..ended(137) }).0, Health::Done);
        assert_eq!(told(&Container { restart_policy: "always".into(), ..ended(137) }).0, Health::Done);
        assert_eq!(told(&Container { exit_code: None, ..ended(0) }).0, Health::Unknown);
        let oom = Container { oom_killed: true, memory_limit_bytes: Some(64 << 20), ..ended(137) };
        assert_eq!(told(&oom), (Health::Failing, "killed for want of memory (OOM), limit 64 MiB".into()));
        let broken = Container { error: Some("no such file".into()), ..ended(127) };
        assert_eq!(told(&broken), (Health::Failing, "could not be started: no such file".into()));
    }

    #[test]
    fn loops_are_told_while_restarting_and_just_after() {
        let mut container = Container {
            state: ContainerState::Restarting,
            exit_code: Some(1),
            restarts: Some(17),
            ..Container::default()
        };
        assert_eq!(told(&container), (Health::Failing, "restarting: exit 1, 17 restarts".into()));
        container.state = ContainerState::Running;
        container.started_at = now().checked_sub(jiff::SignedDuration::from_secs(4)).ok();
        assert_eq!(told(&container), (Health::Failing, "crash loop: exit 1, 17 restarts".into()));
        container.restarts = Some(1);
        assert_eq!(told(&container), (Health::Degraded, "just restarted: exit 1, 1 restart".into()));
        container.started_at = now().checked_sub(jiff::SignedDuration::from_secs(61)).ok();
        assert_eq!(told(&container), (Health::Ok, String::new()));
    }

    #[test]
    fn the_other_states() {
        let state = |state| told(&Container { state, restarts: Some(0), ..Container::default() }).0;
        assert_eq!(state(ContainerState::Paused), Health::Degraded);
        assert_eq!(state(ContainerState::Created), Health::Done);
        assert_eq!(state(ContainerState::Removing), Health::Progressing);
        assert_eq!(state(ContainerState::Dead), Health::Failing);
        assert_eq!(state(ContainerState::Unknown), Health::Unknown);
    }
}
