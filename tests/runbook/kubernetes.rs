//! Workloads of a cluster.

use crate::bed::{Home, IMAGE, Namespace, set, testbed, wait_for};
use serde_json::Value;

pub const CLUSTER: &str = "kubernetes/kubeconfig";

/// Variables of a rollback that settles soon.
pub fn rollback(space: &Namespace, name: &str) -> Vec<String> {
    [
        "context=testbed".to_owned(),
        format!("namespace={}", space.name),
        format!("name={name}"),
        "settle=2s".into(),
        "patience=240s".into(),
    ]
    .into()
}

fn image(space: &Namespace, what: &str) -> String {
    space.get(what, "{.spec.template.spec.containers[0].image}")
}

#[test]
fn a_bad_image_in_a_stuck_rollout_is_rolled_back_and_verified() {
    let Some(bed) = testbed("kubernetes::a_bad_image_in_a_stuck_rollout_is_rolled_back_and_verified", CLUSTER) else {
        return;
    };
    let (home, space) = (Home::new(Some(&bed)), Namespace::new(&bed, "stuck"));
    space.with_bad_image("web");
    wait_for("a stuck rollout", || {
        space.get("deployment/web", "{.status.conditions[?(@.type==\"Progressing\")].reason}")
            == "ProgressDeadlineExceeded"
    });
    let values = rollback(&space, "web");
    let (code, plan, errors) = home.json(&[&["plan", "k8s-rollback", "--json"][..], &set(&values)].concat());
    assert_eq!(code, 0, "{plan:#}{errors}");
    let hash = plan["plan_hash"].as_str().expect("a hash").to_owned();
    assert!(plan["preflight"].as_array().expect("a list").iter().all(|it| it["ok"] == true), "{plan:#}");
    let apply = plan["steps"].as_array().expect("a list").iter().find(|it| it["id"] == "apply").expect("there");
    assert_eq!(apply["operation"]["parameters"]["revision"], 1);
    assert!(apply["diff"].as_str().expect("a diff").contains("-"), "{apply:#}");
    let before = space.generation("deployment/web");

    // Nobody confirms: it pauses, and nothing is done.
    let run = ["run", "k8s-rollback", "--json"];
    let paused = home.said(&[&run[..], &set(&values)].concat());
    assert_eq!((paused.code, paused.outcome()), (1, "paused"), "{}", paused.all());
    assert!(paused.last()["text"].as_str().expect("a text").contains("--yes"), "{}", paused.all());
    assert_eq!(space.generation("deployment/web"), before);

    // A plan that is not this one is refused.
    let other = home.said(&[&run[..], &set(&values), &["--yes", "--plan-hash", &"0".repeat(64)]].concat());
    assert_eq!((other.code, other.outcome()), (4, "refused"), "{}", other.all());

    let done = home.said(&["resume", paused.run(), "--yes", "--json"]);
    assert_eq!((done.code, done.outcome()), (0, "succeeded"), "{}", done.all());
    assert_eq!((image(&space, "deployment/web"), space.generation("deployment/web")), (IMAGE.into(), before + 1));
    assert!(done.events.iter().all(|event| event["run"] == paused.run()), "{}", done.all());
    // A run that is over is undone by nobody who may not act, and not by the way.
    let undo = ["resume", paused.run(), "--choose", "way-back", "--json"];
    for flags in [&["--read-only", "--yes"][..], &[]] {
        let output = home.command("ops-a", &undo).args(flags).output().expect("it runs");
        assert_eq!(output.status.code(), Some(4), "{flags:?}: {}", String::from_utf8_lossy(&output.stdout));
    }
    assert_eq!(space.generation("deployment/web"), before + 1);
    // What runs now is what is asked for: there is nothing to go back to.
    let again = home.said(&[&run[..], &set(&values), &["--set", "revision=3", "--yes"]].concat());
    assert_eq!((again.code, again.outcome()), (4, "refused"), "{}", again.all());
    assert_ne!(hash, again.last()["plan_hash"], "{}", again.all());
    let (_, history, _) = home.json(&["history", "k8s-rollback", "--json"]);
    assert_eq!(history[history.as_array().map_or(0, Vec::len) - 1]["outcome"], "succeeded", "{history:#}");
}

#[test]
fn what_is_paused_protected_or_read_only_is_refused_and_untouched() {
    let Some(bed) = testbed("kubernetes::what_is_paused_protected_or_read_only_is_refused_and_untouched", CLUSTER)
    else {
        return;
    };
    let (home, space) = (Home::new(Some(&bed)), Namespace::new(&bed, "refused"));
    space.with_bad_image("web");
    let values = rollback(&space, "web");
    let run = [&["run", "k8s-rollback", "--yes", "--json"][..], &set(&values)].concat();
    let before = space.generation("deployment/web");
    let why = |said: &crate::bed::Said| format!("{}{}", said.last()["text"].as_str().unwrap_or_default(), said.errors);

    let mut command = home.command("ops-a", &run);
    let output = command.arg("--read-only").output().expect("it runs");
    assert_eq!(output.status.code(), Some(4), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stderr).contains("READ-ONLY"));

    home.write("config.toml", "[[protect]]\nkind = \"deployment\"\nname = \"web\"\nreason = \"it is frozen\"\n");
    let protected = home.said(&run);
    assert_eq!((protected.code, protected.outcome()), (4, "refused"), "{}", protected.all());
    assert!(why(&protected).contains("it is frozen"), "{}", protected.all());
    home.write("config.toml", "");

    space.kubectl(&["rollout", "pause", "deployment/web"]);
    let paused = home.said(&run);
    assert_eq!((paused.code, paused.outcome()), (4, "refused"), "{}", paused.all());
    assert!(why(&paused).contains("resume them first"), "{}", paused.all());
    let gone =
        home.said(&[&["run", "k8s-rollback", "--yes", "--json"][..], &set(&rollback(&space, "nobody"))].concat());
    assert_eq!((gone.code, gone.outcome()), (4, "refused"), "{}", gone.all());
    // Pausing is a change of ours; nothing else has changed it.
    assert_eq!(space.generation("deployment/web"), before + 1);
}

#[test]
fn a_rule_that_blocks_refuses_a_run_says_who_waives_it_and_is_waived() {
    let Some(bed) = testbed("kubernetes::a_rule_that_blocks_refuses_a_run_says_who_waives_it_and_is_waived", CLUSTER)
    else {
        return;
    };
    let (home, space) = (Home::new(Some(&bed)), Namespace::new(&bed, "rule"));
    space.sleeper("Deployment", "web", 1, IMAGE);
    space.kubectl(&["set", "env", "deployment/web", "DB_PASSWORD=hunter2-planted"]);
    space.kubectl(&["set", "image", "deployment/web", "app=testbed/not-there:9"]);
    let before = space.generation("deployment/web");
    let values = rollback(&space, "web");
    let run = [&["run", "k8s-rollback", "--yes", "--json"][..], &set(&values)].concat();
    let refused = home.said(&run);
    let text = refused.last()["text"].as_str().unwrap_or_default();
    assert_eq!((refused.code, refused.outcome()), (4, "refused"), "{}", refused.all());
    assert!(text.contains("rule 05b is violated") && text.contains("flightdeck check --waive 05b"), "{text}");
    assert!(!refused.all().contains("hunter2"), "{}", refused.all());
    assert_eq!(space.generation("deployment/web"), before, "nothing was done");

    // As it says: whoever answers for it accepts it for a time, and says why.
    let place = format!("05b:Deployment {}/web", space.name);
    home.plain(&["check", "--waive", &place, "--reason", "it moves to a Secret tomorrow", "--own"]);
    let done = home.said(&run);
    assert_eq!((done.code, done.outcome()), (0, "succeeded"), "{}", done.all());
    assert_eq!((image(&space, "deployment/web"), space.generation("deployment/web")), (IMAGE.into(), before + 1));
}

#[test]
fn what_does_not_come_up_is_brought_back() {
    let Some(bed) = testbed("kubernetes::what_does_not_come_up_is_brought_back", CLUSTER) else { return };
    let (home, space) = (Home::new(Some(&bed)), Namespace::new(&bed, "back"));
    // The revision before is broken: a rollback to it cannot be verified.
    space.sleeper("Deployment", "web", 1, "testbed/not-there:1");
    space.kubectl(&["set", "image", "deployment/web", &format!("app={IMAGE}")]);
    space.kubectl(&["rollout", "status", "--timeout=240s", "deployment/web"]);
    space.kubectl(&["patch", "deployment", "web", "-p", "{\"spec\": {\"progressDeadlineSeconds\": 10}}"]);
    let values = rollback(&space, "web");
    let failed = home.said(&[&["run", "k8s-rollback", "--yes", "--json"][..], &set(&values)].concat());
    assert_eq!((failed.code, failed.outcome()), (1, "paused"), "{}", failed.all());
    let text = failed.last()["text"].as_str().expect("a text");
    assert!(text.contains("way-back") && text.contains("the rollout does not get on"), "{text}");
    assert_eq!(image(&space, "deployment/web"), "testbed/not-there:1");

    let back = home.said(&["resume", failed.run(), "--choose", "way-back", "--json"]);
    assert_eq!((back.code, back.outcome()), (1, "failed"), "{}", back.all());
    assert!(back.last()["text"].as_str().expect("a text").contains("undone and verified"), "{}", back.all());
    assert_eq!(image(&space, "deployment/web"), IMAGE);
}

#[test]
fn a_stateful_set_that_is_wedged_and_a_daemon_set_are_rolled_back() {
    let Some(bed) = testbed("kubernetes::a_stateful_set_that_is_wedged_and_a_daemon_set_are_rolled_back", CLUSTER)
    else {
        return;
    };
    let (home, space) = (Home::new(Some(&bed)), Namespace::new(&bed, "sets"));
    space.sleeper("StatefulSet", "db", 2, IMAGE);
    space.sleeper("DaemonSet", "agent", 0, IMAGE);
    space.kubectl(&["rollout", "status", "--timeout=240s", "statefulset/db"]);
    space.kubectl(&["rollout", "status", "--timeout=240s", "daemonset/agent"]);
    for what in ["statefulset/db", "daemonset/agent"] {
        space.kubectl(&["set", "image", what, "app=testbed/not-there:9"]);
    }
    wait_for("the wedged pod", || {
        space.get("pod/db-1", "{.status.containerStatuses[0].state.waiting.reason}") == "ErrImageNeverPull"
    });
    for (kind, name) in [("statefulset", "db"), ("daemonset", "agent")] {
        let mut values = rollback(&space, name);
        values.push(format!("kind={kind}"));
        let what = format!("{kind}/{name}");
        let before = space.generation(&what);
        let done = home.said(&[&["run", "k8s-rollback", "--yes", "--json"][..], &set(&values)].concat());
        assert_eq!((done.code, done.outcome()), (0, "succeeded"), "{}", done.all());
        assert_eq!((image(&space, &what), space.generation(&what)), (IMAGE.into(), before + 1));
    }
}

#[test]
fn a_workload_is_restarted_within_an_incident() {
    let Some(bed) = testbed("kubernetes::a_workload_is_restarted_within_an_incident", CLUSTER) else { return };
    let (home, space) = (Home::new(Some(&bed)), Namespace::new(&bed, "again"));
    space.sleeper("Deployment", "web", 2, IMAGE);
    space.kubectl(&["rollout", "status", "--timeout=240s", "deployment/web"]);
    let incident = |arguments: &[&str]| {
        let mut command = home.command("ops-a", &[]);
        // The same home, another command.
        let mut other = std::process::Command::new(command.get_program());
        other.envs(command.get_envs().filter_map(|(key, value)| Some((key, value?))));
        let _ = command.args(arguments);
        let output = other.arg("incident").args(arguments).output().expect("it runs");
        serde_json::from_slice::<Value>(&output.stdout).expect("JSON")
    };
    let declared = incident(&["declare", "--title", "web hangs", "--severity", "sev3", "--json"]);
    let before = space.generation("deployment/web");
    let values = rollback(&space, "web");
    let said = home
        .said(&[&["run", "restart-workload", "--yes", "--incident", "INC-1", "--json"][..], &set(&values)].concat());
    assert_eq!((said.code, said.outcome()), (0, "succeeded"), "{}", said.all());
    assert_eq!(said.last()["incident"], declared["id"], "{}", said.all());
    assert_eq!(space.generation("deployment/web"), before + 1);
    let shown = incident(&["show", "INC-1", "--all", "--json"]).to_string();
    assert!(shown.contains("restart-workload") && shown.contains("mitigated"), "{shown}");
}

#[test]
fn a_node_is_drained_and_put_back_into_service() {
    let Some(bed) = testbed("kubernetes::a_node_is_drained_and_put_back_into_service", CLUSTER) else { return };
    let (home, space) = (Home::new(Some(&bed)), Namespace::new(&bed, "drain"));
    let node = format!("{}-node", space.name);
    space.node(&node);
    let get = |path: &str| space.get(&format!("node/{node}"), path);
    let values = ["context=testbed".to_owned(), format!("node={node}"), "restart=false".into(), "patience=1m".into()];
    let said = home.said(&[&["run", "drain-node", "--yes", "--json"][..], &set(&values)].concat());
    assert_eq!((said.code, said.outcome()), (1, "paused"), "{}", said.all());
    assert!(said.last()["text"].as_str().expect("a text").contains("--done work"), "{}", said.all());
    assert_eq!(get("{.spec.unschedulable}"), "true");
    let done = home.said(&["resume", said.run(), "--done", "work", "--json"]);
    assert_eq!((done.code, done.outcome()), (0, "succeeded"), "{}", done.all());
    assert_eq!(get("{.spec.unschedulable}"), "");
    space.kubectl(&["delete", "node", &node]);
}
