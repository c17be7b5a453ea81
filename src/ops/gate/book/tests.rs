//! The gate with violations and protected servers.

use super::*;
use crate::{
    model::{
        Timestamp,
        container::{Container, ContainerState, EngineNews, EnginePart},
        finding::{Finding, Level},
        object::ObjectKind,
        rows::Delta,
        ruling::RuleNews,
        update::Update,
    },
    ops::operation::EngineAct,
};
use std::sync::Arc;

fn finding(check: &str, level: Level, status: Status) -> Finding {
    Finding {
        check: check.into(),
        fingerprint: check.into(),
        title: "container runs privileged".into(),
        level,
        status,
        scope: Scope::Docker,
        resource: "container dbg".into(),
        origin: "docker".into(),
        file: None,
        span: None,
        pointer: None,
        observed: "privileged".into(),
        expected: String::new(),
        fix: Default::default(),
        owner: Some("team-a".into()),
        waiver: None,
    }
}

/// A world with the container `dbg`, what is found of it, and what is protected.
fn world(finding: Finding, protected: Vec<ProtectedTarget>) -> World {
    let mut world = World::default();
    let container = Container {
        engine: "docker".into(),
        id: "abc".into(),
        name: "dbg".into(),
        state: ContainerState::Running,
        ..Container::default()
    };
    let delta = Delta::All(vec![Arc::new(container)]);
    let engine = EngineNews { engine: "docker".into(), part: EnginePart::Containers(delta) };
    let ruling = Ruling { finding, first_seen: Timestamp::UNIX_EPOCH, is_new: false, history: Vec::new() };
    let news =
        RuleNews { source: "rules/docker/docker".into(), rulings: vec![ruling], protected, ..RuleNews::default() };
    let updates = vec![Update::Engine(Box::new(engine)), Update::Rules(Box::new(news))];
    world.apply(Timestamp::UNIX_EPOCH, "docker/docker", updates);
    world
}

fn act(act: EngineAct) -> Operation {
    let target = ObjectRef::in_engine(ObjectKind::Container, "docker", "abc");
    Operation::Engine { target, name: "dbg".into(), act }
}

fn restart() -> Operation {
    act(EngineAct::Restart { grace_seconds: 10 })
}

#[test]
fn what_violates_a_blocking_rule_is_not_started_and_may_be_stopped() {
    let world = world(finding("11f", Level::Block, Status::Fail), vec![]);
    let why = refusal(&restart(), &world).expect("refused").why;
    assert!(why.starts_with("rule 11f is violated by container dbg") && why.contains("team-a"), "{why}");
    for way_out in [act(EngineAct::Stop { grace_seconds: 10 }), act(EngineAct::Remove { force: true, volumes: false })]
    {
        assert_eq!(refusal(&way_out, &world), None);
    }
}

#[test]
fn unknown_blocks_too_and_waived_or_lighter_does_not() {
    let with = |level, status| refusal(&restart(), &world(finding("11f", level, status), vec![]));
    assert!(with(Level::Block, Status::Unknown).is_some_and(|stop| stop.why.contains("cannot be judged")));
    assert_eq!(with(Level::Block, Status::Waived), None);
    assert_eq!(with(Level::Error, Status::Fail), None);
    let unwell = world(finding("12d", Level::Block, Status::Fail), vec![]);
    assert_eq!(refusal(&restart(), &unwell), None, "what is unhealthy is mended by a restart");
}

#[test]
fn a_protected_server_is_left_alone() {
    let server = |name: &str, kind: Option<&str>| ProtectedTarget {
        kind: kind.map(Into::into),
        name: name.into(),
        reason: "the MCP server".into(),
        authority: Some("ops-lead".into()),
        ..ProtectedTarget::default()
    };
    let calm = finding("11b", Level::Info, Status::Fail);
    let why = refusal(&restart(), &world(calm.clone(), vec![server("db*", None), server("d?g", Some("Container"))]))
        .map(|stop| stop.why);
    assert_eq!(why.as_deref(), Some("rule 20a: dbg is protected (the MCP server): ops-lead has to authorise it"));
    assert_eq!(refusal(&restart(), &world(calm, vec![server("dbg", Some("Deployment"))])), None);
}
