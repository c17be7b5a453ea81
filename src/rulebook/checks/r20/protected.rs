//! 20b: a critical server that is not there, or not well.

use crate::model::finding::{Level, Scope};
use crate::rulebook::{
    check::{Check, Judged, Meta, Parameter, Value},
    out::Out,
    policy::Protected,
    resource::Resource,
    subject::{
        health::{self, Health},
        live::Live,
        objects::is_repeated,
    },
    syntax::node::Node,
    tree::Tree,
};

/// A protected server absent or unhealthy.
pub struct ProtectedServer;

static META: Meta = Meta {
    id: "20b",
    title: "protected server absent or unhealthy",
    level: Level::Error,
    scopes: &[Scope::Docker, Scope::Kube],
    why: "Others cannot work without it; that is why it is on the list of protected servers.",
    fix: "Find out who stopped it and bring it back; if it was retired on purpose, take it off the list.",
    precedent: &[],
    references: &[],
    parameters: &[Parameter {
        name: "settle-seconds",
        about: "seconds after a change in availability before it is judged",
        default: Value::Number(60.0),
    }],
};

impl Check for ProtectedServer {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn live(&self, live: &Live<'_>, _tree: Option<&Tree>, out: &mut Out<'_>) -> Judged {
        let mut judged = Judged::No;
        for protected in &out.policy.protected {
            let all = live.docker.iter().chain(&live.kube).map(|resource| &**resource);
            let mut found: Vec<&Resource> = all.filter(|resource| is_meant(protected, resource)).collect();
            if found.iter().any(|resource| !is_repeated(resource)) {
                found.retain(|resource| !is_repeated(resource));
            }
            let home = home(protected, &found, live);
            if matches!(out.scope, Scope::Docker | Scope::Kube) && out.scope != home {
                continue;
            }
            judged = Judged::Yes;
            if found.is_empty() {
                absent(protected, live, home, out);
            }
            for resource in found {
                one(protected, resource, out);
            }
        }
        judged
    }
}

/// Says that nothing of that name is live; where nothing at all is known to be live, that it cannot be said.
fn absent(protected: &Protected, live: &Live<'_>, home: Scope, out: &mut Out<'_>) {
    let is_seen = !if home == Scope::Docker { &live.docker } else { &live.kube }.is_empty();
    let kind = protected.kind.as_deref().unwrap_or("server");
    let label = match &protected.namespace {
        Some(namespace) => format!("{kind} {namespace}/{}", protected.name),
        None => format!("{kind} {}", protected.name),
    };
    let draft = out.about(label, home.word()).key("absent").expected(format!("it runs: {}", protected.reason));
    if is_seen {
        draft.observed("absent").fail();
    } else {
        draft.unknown("nothing live is known where it would be");
    }
}

fn one(protected: &Protected, resource: &Resource, out: &mut Out<'_>) {
    let expected = format!("it is well: {}", protected.reason);
    match health::of(resource, out.now, out.number("settle-seconds")) {
        Health::Down(pointer, seen) => out.on(resource, pointer).key("down").observed(seen).expected(expected).fail(),
        Health::Unsettled(pointer, seen) => out.on(resource, pointer).key("unsettled").expected(expected).unknown(seen),
        Health::Up | Health::None => {}
    }
}

/// Whether it would be at an engine or in a cluster.
fn home(protected: &Protected, found: &[&Resource], live: &Live<'_>) -> Scope {
    let by_kind = match protected.kind.as_deref() {
        Some("container" | "service" | "image" | "volume" | "network") => Some(Scope::Docker),
        Some(_) => Some(Scope::Kube),
        None if protected.namespace.is_some() => Some(Scope::Kube),
        None => None,
    };
    let by_seen = if live.docker.is_empty() { Scope::Kube } else { Scope::Docker };
    by_kind.or_else(|| found.first().map(|resource| resource.scope)).unwrap_or(by_seen)
}

/// Kinds that are servers where the policy names none: not a Service or ConfigMap that happens to bear the name.
const SERVERS: &[&str] = &["container", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod", "Rollout"];

fn is_meant(protected: &Protected, resource: &Resource) -> bool {
    let name = resource.name.trim_start_matches('/');
    let is_kind = match &protected.kind {
        Some(kind) => kind == "*" || kind.eq_ignore_ascii_case(&resource.kind),
        None => SERVERS.contains(&&*resource.kind),
    };
    let is_gone = resource.kind == "Pod"
        && resource.at("/status/phase").and_then(Node::as_str).is_some_and(|phase| phase == "Succeeded");
    is_kind
        && !is_gone
        && fits(&protected.name, name)
        && protected.namespace.as_ref().is_none_or(|namespace| fits(namespace, &resource.namespace))
}

/// Whether a text fits a pattern: `*` is any text, `?` one sign.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where to go on, if what follows the last star does not fit: the star ate one sign more.
    let mut again: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                again = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((star, eaten)) = again else { return false };
                again = Some((star, eaten + 1));
                (p, t) = (star + 1, eaten + 1);
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{
        policy::Policy,
        run::{Subject, judge, line},
        subject::objects::live_object,
    };
    use serde_json::json;

    fn told(kind: Option<&str>, name: &str, live: &Live<'_>) -> Vec<String> {
        let protected = Protected {
            kind: kind.map(str::to_owned),
            name: name.into(),
            reason: "of all".into(),
            ..Protected::default()
        };
        let policy = Policy { protected: vec![protected], ..Policy::default() };
        let now = "2026-01-01T00:00:00Z".parse().expect("a time");
        let of = |scope| judge(&ProtectedServer, Subject::Live(live, None), scope, &policy, now).findings;
        [of(Scope::Docker), of(Scope::Kube)].iter().flatten().map(line).collect()
    }

    fn deployment(available: i64) -> std::sync::Arc<Resource> {
        live_object(
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "mcp-hub", "namespace": "ai"},
            "spec": {"replicas": 2}, "status": {"availableReplicas": available, "updatedReplicas": available}}),
        )
    }

    #[test]
    fn absent_unhealthy_and_well() {
        let live = Live { kube: vec![deployment(2)], ..Live::default() };
        assert_eq!(told(Some("Deployment"), "mcp-*", &live), [""; 0]);
        assert_eq!(told(None, "mcp-???", &live), [""; 0]);
        assert_eq!(told(Some("Deployment"), "other", &live), ["Deployment other absent"]);
        let live = Live { kube: vec![deployment(1)], ..Live::default() };
        assert_eq!(told(None, "mcp-hub", &live), ["Deployment ai/mcp-hub 1 of 2 replicas available"]);
    }

    #[test]
    fn containers_too_and_nothing_known_is_unknown() {
        let container = |status: &str, health: &str| {
            let mut resource = (*live_object(json!({"kind": "container", "metadata": {"name": "mcp"},
                "State": {"Status": status, "Health": {"Status": health}}})))
            .clone();
            resource.scope = Scope::Docker;
            Live { docker: vec![resource.into()], ..Live::default() }
        };
        assert_eq!(told(Some("container"), "mcp", &container("running", "healthy")), [""; 0]);
        assert_eq!(told(None, "mcp", &container("running", "unhealthy")), ["container mcp unhealthy"]);
        assert_eq!(told(None, "mcp", &container("exited", "")), ["container mcp exited"]);
        assert_eq!(
            told(Some("container"), "mcp", &Live::default()),
            ["? container mcp nothing live is known where it would be"]
        );
    }

    #[test]
    fn patterns() {
        assert!(fits("*", "") && fits("a*c", "abbc") && fits("a?c", "abc") && fits("*b*", "abc"));
        assert!(!fits("a", "ab") && !fits("a?", "a") && !fits("", "a"));
        assert!(!fits(&"*a".repeat(50), &"b".repeat(2_000)));
    }
}
