//! Containers: what their engine says of each, as judged in `model::container_health`. Containers of pods are left to the checks of
//! clusters: a kubelet replaces what ends, and leaves it lying for its log.

use super::{Check, Context};
use crate::model::{
    Timestamp,
    attention::{Condition, Severity},
    container::{CheckState, Container, ContainerState},
    container_health::LOOP_RESTARTS,
    health::Health,
    object::{ObjectKind, ObjectRef},
    topic::Topic,
};

/// A container that ended longer ago is history, and not what is wrong now.
const NEWS_SECONDS: i64 = 24 * 3_600;

/// A container whose health check fails.
pub struct ContainerUnhealthy;
/// A container that ends again and again, and is restarted each time.
pub struct ContainerLooping;
/// A container that was restarted a moment ago.
pub struct ContainerRestarted;
/// A container that the kernel killed for want of memory, and that is not running.
pub struct ContainerOom;
/// A container that ended with a failure, or could not be started.
pub struct ContainerExited;
/// A container that is frozen, or that its engine could not remove.
pub struct ContainerStuck;

macro_rules! check {
    ($($type:ident $id:literal clear $clear:literal => $found:expr,)*) => {$(
        impl Check for $type {
            fn id(&self) -> &'static str {
                $id
            }
            fn topic(&self) -> Option<Topic> {
                // Engines are silent one by one: the rule's engine asks for each object's own source.
                None
            }
            fn clear_after_seconds(&self) -> f64 {
                $clear
            }
            fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
                let find: fn(&Container, Timestamp) -> Option<Found> = $found;
                let rows = context.observed.containers.containers.iter();
                for container in rows.filter(|row| row.health >= Health::Degraded && row.pod_of().is_none()) {
                    found.extend(find(container, context.now).map(|what| what.condition(self.id(), container)));
                }
            }
        }
    )*};
}

check! {
    ContainerUnhealthy "container-unhealthy" clear 0.0 => unhealthy,
    // A loop is quiet for as long as the container runs between two failures.
    ContainerLooping "container-looping" clear 60.0 => looping,
    ContainerRestarted "container-restarted" clear 0.0 => restarted,
    ContainerOom "container-oom" clear 0.0 => oom,
    ContainerExited "container-exited" clear 0.0 => exited,
    ContainerStuck "container-stuck" clear 0.0 => stuck,
}

/// What is wrong with a container; the cause is its reason.
struct Found {
    severity: Severity,
    next: &'static str,
    since: Option<Timestamp>,
}

impl Found {
    fn condition(self, rule: &'static str, container: &Container) -> Condition {
        let image = container.image_title();
        let cause = if image.is_empty() { container.reason.clone() } else { format!("{} ({image})", container.reason) };
        Condition {
            rule: rule.into(),
            severity: self.severity,
            kind: "container".into(),
            object: ObjectRef::in_engine(ObjectKind::Container, &container.engine, &container.id),
            name: container.title().into(),
            cause,
            next_step: self.next.into(),
            count: 1,
            since: self.since,
        }
    }
}

fn unhealthy(container: &Container, _: Timestamp) -> Option<Found> {
    let fails = container.state == ContainerState::Running && container.check == CheckState::Unhealthy;
    let next = "why (w) shows the last runs of its check; see its log (l) for what it waits for";
    fails.then_some(Found { severity: Severity::Error, next, since: container.unhealthy_since })
}

fn loops(container: &Container, now: Timestamp) -> bool {
    let restarting = container.state == ContainerState::Restarting;
    restarting || (container.is_young(now) && container.restarts >= Some(LOOP_RESTARTS))
}

fn looping(container: &Container, now: Timestamp) -> Option<Found> {
    let next = if container.oom_killed {
        "raise its memory limit, or find what grows: History"
    } else {
        "see its last words (l) and what changed before: configuration, image"
    };
    loops(container, now).then_some(Found { severity: Severity::Error, next, since: None })
}

fn restarted(container: &Container, now: Timestamp) -> Option<Found> {
    let only_once = container.is_young(now) && !loops(container, now);
    let next = "see its last words (l) before it ended";
    only_once.then_some(Found { severity: Severity::Warn, next, since: container.started_at })
}

/// Whether it ended a short time ago; where nobody knows when, it counts as news.
fn is_news(container: &Container, now: Timestamp) -> bool {
    container.finished_at.is_none_or(|at| now.duration_since(at).as_secs() < NEWS_SECONDS)
}

fn oom(container: &Container, now: Timestamp) -> Option<Found> {
    let killed = container.state == ContainerState::Exited && container.oom_killed && is_news(container, now);
    let next = "raise its memory limit, or find what grows; then start it again";
    killed.then_some(Found { severity: Severity::Error, next, since: container.finished_at })
}

/// What was meant to run weighs more than what somebody ran once.
fn exited(container: &Container, now: Timestamp) -> Option<Found> {
    let ended = matches!(container.state, ContainerState::Exited | ContainerState::Created);
    if !ended || container.oom_killed || !is_news(container, now) {
        return None;
    }
    let meant_to_run = container.compose.is_some() || !matches!(container.restart_policy.as_str(), "" | "no");
    let severity = if container.health == Health::Failing && meant_to_run { Severity::Error } else { Severity::Warn };
    let next = "see its log (l); start it again when the cause is gone, or remove it";
    Some(Found { severity, next, since: container.finished_at.or(container.created_at) })
}

fn stuck(container: &Container, _: Timestamp) -> Option<Found> {
    match container.state {
        ContainerState::Paused => {
            Some(Found { severity: Severity::Warn, next: "unpause it, or find out who paused it", since: None })
        }
        ContainerState::Dead => {
            let next = "remove it by force; a mount that is busy keeps its files";
            Some(Found { severity: Severity::Error, next, since: container.finished_at })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        container::{EngineNews, EnginePart},
        container_health::judge,
        observed::Observed,
        rows::Delta,
    };
    use std::sync::Arc;

    fn now() -> Timestamp {
        "2026-11-23T02:00:00Z".parse().expect("a time")
    }

    fn found(check: &dyn Check, mut container: Container) -> Vec<(Severity, String)> {
        container.engine = "docker".into();
        (container.health, container.reason) = judge(&container, now());
        let mut observed = Observed::default();
        let part = EnginePart::Containers(Delta::All(vec![Arc::new(container)]));
        observed.containers.apply(EngineNews { engine: "docker".into(), part });
        let mut found = Vec::new();
        check.examine(&Context::at(now(), &observed), &mut found);
        found.into_iter().map(|condition| (condition.severity, condition.cause)).collect()
    }

    fn ended(code: i64) -> Container {
        let finished_at = Some("2026-11-23T01:30:00Z".parse().expect("a time"));
        let exit_code = Some(code);
        Container { state: ContainerState::Exited, exit_code, finished_at, restarts: Some(0), ..Container::default() }
    }

    #[test]
    fn each_fault_has_its_rule() {
        let sick = Container { state: ContainerState::Running, check: CheckState::Unhealthy, ..Container::default() };
        assert_eq!(found(&ContainerUnhealthy, sick.clone()), [(Severity::Error, "health check fails".into())]);
        assert_eq!(found(&ContainerExited, sick), []);
        let looping = Container { state: ContainerState::Restarting, restarts: Some(9), ..Container::default() };
        assert_eq!(found(&ContainerLooping, looping.clone()), [(Severity::Error, "restarting: 9 restarts".into())]);
        assert_eq!(found(&ContainerRestarted, looping), []);
        let oom = Container { oom_killed: true, ..ended(137) };
        assert_eq!(found(&ContainerOom, oom.clone()).len(), 1);
        assert_eq!(found(&ContainerExited, oom), []);
        let paused = Container { state: ContainerState::Paused, restarts: Some(0), ..Container::default() };
        assert_eq!(found(&ContainerStuck, paused)[0].0, Severity::Warn);
    }

    #[test]
    fn what_was_meant_to_run_weighs_more() {
        assert_eq!(found(&ContainerExited, ended(1))[0].0, Severity::Warn);
        let of_project = Container { compose: Some(Default::default()), image: "web:1".into(), ..ended(1) };
        assert_eq!(found(&ContainerExited, of_project), [(Severity::Error, "ended with exit 1 (web:1)".into())]);
        assert_eq!(found(&ContainerExited, ended(0)), []);
        let old = Container { finished_at: Some("2026-11-20T00:00:00Z".parse().expect("a time")), ..ended(1) };
        assert_eq!(found(&ContainerExited, old), []);
    }
}
