//! Runbooks in the cockpit, as somebody on call goes through them: by keys, in a terminal, on a cluster that is real.

use crate::{
    bed::{Home, IMAGE, Namespace, testbed, wait_for},
    kubernetes::CLUSTER,
    pty::{Pty, Setup},
    wait::PATIENCE,
};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const ENTER: &str = "\r";

/// A Deployment whose newest revision has an image that is not there, and of which nothing is left.
fn broken(space: &Namespace) {
    space.sleeper("Deployment", "api", 2, IMAGE);
    space.kubectl(&[
        "patch",
        "deployment",
        "api",
        "--type=json",
        "-p",
        &json!([{ "op": "replace", "path": "/spec/strategy", "value": { "type": "Recreate" } }]).to_string(),
    ]);
    space.kubectl(&["rollout", "status", "--timeout=240s", "deployment/api"]);
    space.roll_out("api", "testbed/not-there:9");
}

/// The configuration of somebody who is on call for one namespace, and may see nothing else.
fn on_call(space: &Namespace, home: &Home) -> PathBuf {
    space.kubectl(&["create", "rolebinding", "oncall", "--clusterrole=admin", "--user=oncall"]);
    let mut config: Value =
        serde_json::from_str(&space.kubectl(&["config", "view", "--raw", "-o", "json"])).expect("JSON");
    let current = config["current-context"].clone();
    let context =
        config["contexts"].as_array().expect("a list").iter().find(|it| it["name"] == current).expect("there");
    let (user, cluster) = (context["context"]["user"].clone(), context["context"]["cluster"].clone());
    let mut who =
        config["users"].as_array().expect("a list").iter().find(|it| it["name"] == user).expect("there").clone();
    who["name"] = "oncall".into();
    who["user"]["as"] = "oncall".into();
    config["users"] = json!([who]);
    config["contexts"] = json!([{ "name": "shift", "context": { "cluster": cluster, "user": "oncall" } }]);
    config["current-context"] = "shift".into();
    home.write("config.toml", &format!("contexts = [\"shift\"]\n[namespaces]\nshift = [\"{}\"]\n", space.name));
    let file = home.path().join("kubeconfig");
    std::fs::write(&file, config.to_string()).expect("written");
    file
}

fn cockpit(home: &Home, kubeconfig: &Path, actor: &str) -> Pty {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    Setup::new()
        .size(100, 30)
        .env("XDG_STATE_HOME", &text(home.path()))
        .env("XDG_CONFIG_HOME", &text(&home.path().join("config")))
        .env("KUBECONFIG", &text(kubeconfig))
        .flightdeck(&["--docker", "none", "--actor", actor])
}

fn until(pty: &Pty, words: &str) {
    let begun = std::time::Duration::from_secs(200);
    let end = flightdeck::clock::instant() + begun;
    wait_for(&format!("«{words}» on the screen"), || {
        let shown = pty.seen().screen().contents();
        assert!(!pty.seen().closed, "the cockpit has left before «{words}»\n{shown}");
        assert!(flightdeck::clock::instant() < end, "no «{words}» on\n{shown}");
        shown.contains(words)
    });
}

/// Closes the screen of the run, and leaves.
fn leave(pty: &mut Pty) {
    pty.send("q");
    pty.wait_for("what lies below", |seen| !seen.shows("┌ Run ─"));
    pty.send("q");
    pty.ends_well(PATIENCE);
}

/// Keys that were pressed.
struct Fingers<'p> {
    pty: &'p Pty,
    pressed: Vec<String>,
}

impl Fingers<'_> {
    fn press(&mut self, key: &str) {
        self.pty.send(key);
        self.pressed.push(key.escape_debug().to_string());
    }

    /// Goes to the row of the attention list that names this: the worst and newest is there already.
    fn go_to(&mut self, name: &str) {
        let screen = self.pty.seen().screen().contents();
        let rows: Vec<_> = screen.lines().skip_while(|line| !line.contains("OBJECT")).skip(1).collect();
        let at = rows.iter().position(|line| line.contains(name)).unwrap_or_else(|| panic!("no {name} in\n{screen}"));
        for _ in 0..at {
            self.press("j");
        }
    }
}

/// Events of the incident that runs, as `flightdeck incident export` writes them.
fn story(home: &Home) -> Vec<Value> {
    let text = home.plain(&["incident", "export", "--format", "jsonl", "1"]);
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn from_a_cold_start_to_a_verified_rollback_by_few_keys() {
    let test = "cockpit::from_a_cold_start_to_a_verified_rollback_by_few_keys";
    let Some(bed) = testbed(test, CLUSTER) else { return };
    let (home, space) = (Home::new(Some(&bed)), Namespace::new(&bed, "keys"));
    let kubeconfig = on_call(&space, &home);
    broken(&space);
    home.plain(&["incident", "declare", "--title", "api is down", "--severity", "sev2"]);
    let mut pty = cockpit(&home, &kubeconfig, "ann");
    pty.wait_for_cockpit();
    until(&pty, &format!("{}/api", space.name));
    let mut fingers = Fingers { pty: &pty, pressed: Vec::new() };
    fingers.go_to(&format!("{}/api", space.name));
    fingers.press("A");
    fingers.press("r");
    until(&pty, "all is as it has to be");
    fingers.press(ENTER);
    until(&pty, "type api to go on");
    for key in ["a", "p", "i", ENTER] {
        fingers.press(key);
    }
    until(&pty, "succeeded:");
    // Rows above ours are the host's, where this machine is not well itself.
    let keys: Vec<_> = fingers.pressed.iter().filter(|key| *key != "j").collect();
    assert!(keys.len() <= 8, "{keys:?}");
    assert_eq!(space.get("deployment/api", "{.spec.template.spec.containers[0].image}"), IMAGE);
    assert_eq!(space.get("deployment/api", "{.status.availableReplicas}"), "2");
    leave(&mut pty);
    // The incident holds the whole story: who began it, what was done, that it was verified, when users were well again.
    let story = story(&home);
    let text: Vec<_> = story.iter().map(ToString::to_string).collect();
    let all = text.join("\n");
    for words in ["begins (live)", "\"intended\"", "\"done\"", "everything was done and verified", "mitigated"] {
        assert!(text.iter().any(|line| line.contains(words)), "«{words}» is not in\n{all}");
    }
}

#[test]
fn a_run_whose_cockpit_was_killed_is_gone_on_with_in_another() {
    let test = "cockpit::a_run_whose_cockpit_was_killed_is_gone_on_with_in_another";
    let Some(bed) = testbed(test, CLUSTER) else { return };
    let (home, space) = (Home::new(Some(&bed)), Namespace::new(&bed, "other"));
    let kubeconfig = on_call(&space, &home);
    broken(&space);
    let before = space.generation("deployment/api");
    let mut first = cockpit(&home, &kubeconfig, "ann");
    first.wait_for_cockpit();
    until(&first, &format!("{}/api", space.name));
    let mut fingers = Fingers { pty: &first, pressed: Vec::new() };
    fingers.go_to(&format!("{}/api", space.name));
    fingers.press("A");
    fingers.press("r");
    until(&first, "all is as it has to be");
    fingers.press(ENTER);
    until(&first, "type api to go on");
    ["a", "p", "i", ENTER].into_iter().for_each(|key| fingers.press(key));
    until(&first, "waiting whether it stays so");
    first.signal(Signal::KILL);
    first.exit(PATIENCE);

    let mut second = cockpit(&home, &kubeconfig, "bea");
    second.wait_for_cockpit();
    // Who only watches sees what was done, and changes nothing while read-only.
    second.send("8");
    // The runbook of that name stands on this page in any case; the target is told by the run alone.
    until(&second, &format!("deployment {}/api", space.name));
    second.send(ENTER);
    until(&second, "another does, or it broke off");
    second.send(ENTER);
    until(&second, "this cockpit is read-only");
    second.send("\tA\t");
    until(&second, "ARMED");
    second.send(ENTER);
    until(&second, "succeeded:");
    assert_eq!(space.generation("deployment/api"), before + 1, "it was changed once");
    leave(&mut second);
    let runs: Value = serde_json::from_str(&home.plain(&["runbook", "history", "--json"])).expect("JSON");
    assert_eq!((runs[0]["outcome"].as_str(), runs.as_array().map(Vec::len)), (Some("succeeded"), Some(1)), "{runs}");
}

#[test]
fn what_does_not_come_up_is_undone_from_the_screen() {
    let test = "cockpit::what_does_not_come_up_is_undone_from_the_screen";
    let Some(bed) = testbed(test, CLUSTER) else { return };
    let (home, space) = (Home::new(Some(&bed)), Namespace::new(&bed, "back"));
    let kubeconfig = on_call(&space, &home);
    broken(&space);
    // The one before is no better, and the one that runs now is.
    space.roll_out("api", IMAGE);
    space.kubectl(&["rollout", "status", "--timeout=240s", "deployment/api"]);
    let mut pty = cockpit(&home, &kubeconfig, "ann");
    pty.wait_for_cockpit();
    pty.send("A5");
    until(&pty, "ARMED");
    pty.send(":");
    pty.send("workloads");
    pty.send(ENTER);
    until(&pty, "api");
    pty.send("r");
    until(&pty, "k8s-rollback");
    if pty.seen().shows("Runbooks that fit") {
        pty.send("1");
    }
    until(&pty, "all is as it has to be");
    pty.send(ENTER);
    until(&pty, "type api to go on");
    pty.send("api\r");
    until(&pty, "the rollout does not get on");
    until(&pty, "way-back");
    let screen = pty.seen().screen().contents();
    let line = screen.lines().find(|line| line.contains(" way-back ")).expect("offered");
    let digit = line.chars().find(char::is_ascii_digit).expect("a digit before it");
    pty.send(digit.to_string());
    pty.send(ENTER);
    until(&pty, "type api to take the way-back");
    pty.send("api\r");
    until(&pty, "failed:");
    assert_eq!(space.get("deployment/api", "{.spec.template.spec.containers[0].image}"), IMAGE);
    leave(&mut pty);
}
