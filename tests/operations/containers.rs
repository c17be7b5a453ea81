//! Operations on containers, seen by docker.

use crate::bed::{Container, armed, on_testbed, read};
use flightdeck::{
    model::object::{ObjectKind, ObjectRef},
    ops::{
        gate::{Confirmation, Decision, Gate, rules::Protect},
        rehearse::rehearse,
    },
};

#[test]
fn a_container_is_restarted() {
    on_testbed("containers::a_container_is_restarted", |bed| {
        let container = Container::run(bed, "restart", &[], &["sleep", "10000"]);
        let before = container.inspect("{{.State.StartedAt}}");
        // `sleep` as pid 1 ignores SIGTERM: the grace is used up.
        let deed = bed.act("restart", &container.target(), &[]).expect("done");
        assert!(deed.text.contains("restart container") && deed.text.contains("done"), "{}", deed.text);
        assert_ne!(container.inspect("{{.State.StartedAt}}"), before);
        assert_eq!(container.inspect("{{.State.Running}}"), "true");
    });
}

#[test]
fn a_container_lives_through_its_states() {
    on_testbed("containers::a_container_lives_through_its_states", |bed| {
        let mut container = Container::run(bed, "states", &["--stop-signal", "KILL"], &["sleep", "10000"]);
        let target = container.target();
        let state = |container: &Container<'_>| container.inspect("{{.State.Status}}");
        bed.act("pause", &target, &[]).expect("paused");
        assert_eq!(state(&container), "paused");
        assert!(bed.act("pause", &target, &[]).expect_err("refused").contains("the container is paused"));
        bed.act("unpause", &target, &[]).expect("unpaused");
        assert_eq!(state(&container), "running");
        let renamed = format!("{}-new", container.name);
        bed.act("rename", &target, &[&renamed]).expect("renamed");
        container.name = renamed;
        assert_eq!(state(&container), "running");
        bed.act("limits", &target, &["0.5", "64MiB"]).expect("limited");
        assert_eq!(container.inspect("{{.HostConfig.NanoCpus}} {{.HostConfig.Memory}}"), "500000000 67108864");
        bed.act("limits", &target, &["", "96MiB"]).expect("limited");
        assert_eq!(container.inspect("{{.HostConfig.NanoCpus}} {{.HostConfig.Memory}}"), "500000000 100663296");
        assert!(bed.act("remove", &target, &["no", "no"]).expect_err("refused").contains("stop it first"));
        bed.act("stop", &target, &["1"]).expect("stopped");
        assert_eq!(state(&container), "exited");
        bed.act("start", &target, &[]).expect("started");
        assert_eq!(state(&container), "running");
        bed.act("kill", &target, &["KILL"]).expect("killed");
        bed.wait_for("its end", || state(&container) == "exited");
        bed.act("remove", &target, &["no", "no"]).expect("removed");
        assert!(!bed.docker(&["ps", "-a", "--format", "{{.Names}}"]).contains(&container.name));
        assert!(bed.act("start", &target, &[]).is_err(), "gone is gone");
    });
}

#[test]
fn files_are_copied_both_ways() {
    on_testbed("containers::files_are_copied_both_ways", |bed| {
        let container = Container::run(
            bed,
            "copy",
            &[],
            &["sh", "-c", "mkdir -p /data/in; echo there > /data/in/x; ln -s /etc/passwd /data/link; exec sleep 10000"],
        );
        let here = tempfile::tempdir().expect("a folder");
        let to = here.path().display().to_string();
        bed.wait_for("the file", || bed.docker(&["exec", &container.name, "ls", "/data"]).contains("link"));
        let deed = bed.act("copy-out", &container.target(), &["/data", &to]).expect("copied");
        assert!(deed.text.contains("1 files") && deed.text.contains("1 links"), "{}", deed.text);
        assert_eq!(read(&here.path().join("data/in/x")), "there\n");
        std::fs::write(here.path().join("big"), vec![b'7'; 3 << 20]).expect("written");
        bed.act("copy-in", &container.target(), &[&format!("{to}/big"), "/tmp"]).expect("copied");
        assert_eq!(bed.docker(&["exec", &container.name, "wc", "-c", "/tmp/big"]).trim(), "3145728 /tmp/big");
        let missing = bed.act("copy-out", &container.target(), &["/nowhere", &to]).expect_err("there is none");
        assert!(missing.contains("nowhere"), "{missing}");
    });
}

#[test]
fn what_a_prune_would_remove_is_listed_before() {
    on_testbed("containers::what_a_prune_would_remove_is_listed_before", |bed| {
        let ended = Container::run(bed, "ended", &[], &["true"]);
        bed.wait_for("its end", || ended.inspect("{{.State.Status}}") == "exited");
        let world = bed.world();
        let engine = ObjectRef::new(ObjectKind::Engine, bed.engine());
        for (what, held) in [
            ("containers", ended.name.as_str()),
            ("images", "image "),
            ("volumes", ""),
            ("networks", ""),
            ("dangling-images", ""),
        ] {
            let operation = bed.operation(&world, "prune", &engine, &[what]);
            let Decision::Allowed(terms) = Gate::decide(&operation, &world, &armed()) else { panic!("{operation}") };
            assert_eq!(terms.confirmation, Confirmation::TypeName);
            let trial = Gate::trial(operation, &world, &armed()).expect("allowed");
            let lines = rehearse(&trial, &bed.clients).outcome.expect("listed");
            assert!(held.is_empty() || lines.iter().any(|line| line.contains(held)), "{what}: {lines:?}");
        }
        assert_eq!(ended.inspect("{{.State.Status}}"), "exited", "nothing is gone yet");
    });
}

#[test]
fn stores_are_removed_one_by_one() {
    on_testbed("containers::stores_are_removed_one_by_one", |bed| {
        let name = format!("ops-store-{}", std::process::id());
        bed.docker(&["volume", "create", &name]);
        bed.docker(&["network", "create", &name]);
        bed.docker(&["tag", crate::bed::IMAGE, &format!("{name}:1")]);
        let network = bed.docker(&["network", "inspect", "-f", "{{.Id}}", &name]);
        bed.act("remove", &ObjectRef::in_engine(ObjectKind::Volume, bed.engine(), &name), &["no"]).expect("removed");
        bed.act("remove", &ObjectRef::in_engine(ObjectKind::EngineNetwork, bed.engine(), network.trim()), &[])
            .expect("removed");
        assert!(!bed.docker(&["volume", "ls"]).contains(&name) && !bed.docker(&["network", "ls"]).contains(&name));
        let used = bed.docker(&["image", "inspect", "-f", "{{.Id}}", crate::bed::IMAGE]);
        let refused = bed.act("remove", &ObjectRef::in_engine(ObjectKind::Image, bed.engine(), used.trim()), &["no"]);
        assert!(refused.expect_err("it is used and has two names").contains("conflict"));
        bed.docker(&["rmi", &format!("{name}:1")]);
        let builtin = bed.docker(&["network", "inspect", "-f", "{{.Id}}", "bridge"]);
        let refused =
            bed.act("remove", &ObjectRef::in_engine(ObjectKind::EngineNetwork, bed.engine(), builtin.trim()), &[]);
        assert!(refused.expect_err("refused").contains("makes this network itself"));
    });
}

#[test]
fn a_pull_says_what_went_wrong() {
    on_testbed("containers::a_pull_says_what_went_wrong", |bed| {
        let engine = ObjectRef::new(ObjectKind::Engine, bed.engine());
        // Nothing listens there: the testbed has no registry.
        let failed = bed.act("pull", &engine, &["127.0.0.1:1/nothing:1"]).expect_err("there is no registry");
        assert!(failed.contains("pull of 127.0.0.1:1/nothing:1") && failed.contains("refused"), "{failed}");
    });
}

#[test]
fn what_is_protected_is_refused() {
    on_testbed("containers::what_is_protected_is_refused", |bed| {
        let container = Container::run(bed, "kept", &["--label", "keep=always"], &["sleep", "10000"]);
        let rules = [
            Protect { name: "ops-kept-*".into(), reason: "tests".into(), ..Protect::default() },
            Protect { kind: "container".into(), label: "keep=al*".into(), ..Protect::default() },
            Protect { context: bed.engine().into(), ..Protect::default() },
        ];
        for rule in rules {
            let mut policy = armed();
            policy.protect = vec![rule.clone()];
            let refused = bed.act_under(&policy, "restart", &container.target(), &[]).expect_err("refused");
            assert!(refused.contains("protected by the configuration"), "{rule:?}: {refused}");
        }
        assert_eq!(container.inspect("{{.State.Running}}"), "true");
    });
}

#[test]
fn an_engine_that_is_gone_refuses_before_anything_is_sent() {
    on_testbed("containers::an_engine_that_is_gone_refuses_before_anything_is_sent", |bed| {
        let container = Container::run(bed, "gone", &[], &["sleep", "10000"]);
        let mut world = bed.world();
        let name = format!("docker/{}", bed.engine());
        let mut report = world.observed.sources[name.as_str()].report.clone();
        report.state = flightdeck::model::source::SourceState::Down;
        world.report(world.now, report);
        let operation = bed.operation(&world, "restart", &container.target(), &[]);
        assert!(Gate::permit(operation, &world, &armed()).expect_err("refused").contains("is down"));
    });
}
