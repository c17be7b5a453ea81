//! Containers of an engine.

use crate::{
    bed::{Home, IMAGE, read_until, set, testbed, wait_for},
    heads::{head, verified},
    need,
    outside::stopped,
};
use serde_json::Value;
use std::{collections::BTreeMap, path::Path, process::Command};

const ENGINE: &str = "docker/docker.sock";
const OLDER: &str = "testbed/busybox:1.36";

fn docker(bed: &Path, arguments: &[&str]) -> String {
    let socket = format!("unix://{}", bed.join(ENGINE).display());
    let done = Command::new("docker").args(["-H", &socket]).args(arguments).output().expect("docker runs");
    assert!(done.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("UTF-8").trim().to_owned()
}

/// Containers of ours, which are gone at the end of the test.
struct Containers<'b>(&'b Path, String);

impl Drop for Containers<'_> {
    fn drop(&mut self) {
        let socket = format!("unix://{}", self.0.join(ENGINE).display());
        let filter = format!("name={}", self.1);
        let listed = Command::new("docker").args(["-H", &socket, "ps", "-aq", "--filter", &filter]).output();
        let listed = listed.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        for id in listed.split_whitespace() {
            let _ = Command::new("docker").args(["-H", &socket, "rm", "-fv", id]).output();
        }
        let _ = Command::new("docker").args(["-H", &socket, "volume", "rm", &format!("{}-data", self.1)]).output();
    }
}

/// What of a container has to be the same afterwards. A volume without a name is bound by its name then: the mount is the same.
fn configuration(bed: &Path, name: &str) -> Value {
    let all: Value = serde_json::from_str(&docker(bed, &["inspect", name])).expect("JSON");
    let one = &all[0];
    let networks: Vec<_> = one["NetworkSettings"]["Networks"].as_object().expect("networks").keys().collect();
    // An engine tells mounts in no order.
    let mounts = one["Mounts"].as_array().expect("mounts").iter();
    let mounts: BTreeMap<String, Value> =
        mounts.map(|it| (it["Destination"].to_string(), it["Name"].clone())).collect();
    serde_json::json!({
        "env": one["Config"]["Env"], "cmd": one["Config"]["Cmd"], "user": one["Config"]["User"],
        "health": one["Config"]["Healthcheck"], "memory": one["HostConfig"]["Memory"], "restart": one["HostConfig"]["RestartPolicy"], "networks": networks,
        "mounts": mounts,
        "tier": one["Config"]["Labels"]["tier"],
    })
}

#[test]
fn a_container_is_made_anew_from_an_earlier_image_with_the_same_configuration() {
    let Some(bed) =
        testbed("docker::a_container_is_made_anew_from_an_earlier_image_with_the_same_configuration", ENGINE)
    else {
        return;
    };
    let home = Home::new(Some(&bed));
    let name = format!("rb-web-{}", std::process::id());
    let _gone = Containers(&bed, name.clone());
    let health = ["--health-cmd", "true", "--health-interval", "1s"];
    let options = [
        "-e",
        "MODE=production",
        "-m",
        "64m",
        "--label",
        "tier=front",
        "--restart",
        "on-failure:3",
        "-v",
        "/anonymous",
        "-v",
        &format!("{name}-data:/data"),
        "--network",
        "used-net",
        "--stop-timeout",
        "1",
    ];
    docker(&bed, &[&["run", "-d", "--name", &name][..], &health, &options, &[IMAGE, "sleep", "1000000"]].concat());
    docker(&bed, &["network", "connect", "bridge", &name]);
    docker(&bed, &["exec", &name, "sh", "-c", "echo kept > /anonymous/file"]);
    let before = configuration(&bed, &name);
    let (was, id) =
        (docker(&bed, &["inspect", "-f", "{{.Image}}", &name]), docker(&bed, &["inspect", "-f", "{{.Id}}", &name]));
    let wanted = docker(&bed, &["image", "inspect", "-f", "{{.Id}}", OLDER]);
    let values = [format!("name={name}"), format!("image={OLDER}"), "settle=1s".into(), "patience=60s".into()];
    let said = home.said(&[&["run", "container-rollback", "--yes", "--json"][..], &set(&values)].concat());
    assert_eq!((said.code, said.outcome()), (0, "succeeded"), "{}", said.all());
    assert_eq!(docker(&bed, &["inspect", "-f", "{{.Image}} {{.State.Status}}", &name]), format!("{wanted} running"));
    assert_ne!(docker(&bed, &["inspect", "-f", "{{.Id}}", &name]), id);
    assert_eq!(configuration(&bed, &name), before);
    assert_eq!(docker(&bed, &["exec", &name, "cat", "/anonymous/file"]), "kept");
    // The image of before is kept under a name of its own, and the container of before is gone.
    let kept = docker(
        &bed,
        &["images", "--no-trunc", "--format", "{{.ID}}", &format!("flightdeck/kept:{name}-{}", &was[7..19])],
    );
    assert_eq!(kept, was);
    assert_eq!(docker(&bed, &["ps", "-aq", "--filter", &format!("name={name}")]).split_whitespace().count(), 1);
    docker(&bed, &["volume", "inspect", &format!("{name}-data")]);
    let again = home.said(&[&["run", "container-rollback", "--yes", "--json"][..], &set(&values)].concat());
    assert_eq!((again.code, again.outcome()), (4, "refused"), "{}", again.all());
}

#[test]
fn what_does_not_start_is_put_back() {
    let Some(bed) = testbed("docker::what_does_not_start_is_put_back", ENGINE) else { return };
    let home = Home::new(Some(&bed));
    let name = format!("rb-back-{}", std::process::id());
    let _gone = Containers(&bed, name.clone());
    // An image without the program that the container was told to run.
    let tag = format!("rb-empty:{}", std::process::id());
    let made = docker(&bed, &["create", "--name", &format!("{name}-seed"), IMAGE, "true"]);
    let folder = home.path().join("empty");
    std::fs::create_dir_all(folder.join("x")).expect("made");
    let tar = home.path().join("empty.tar");
    assert!(Command::new("tar").arg("-cf").arg(&tar).arg("-C").arg(&folder).arg(".").status().expect("tar").success());
    docker(&bed, &["import", &tar.to_string_lossy(), &tag]);
    docker(&bed, &["rm", &made]);
    docker(&bed, &["run", "-d", "--name", &name, "--stop-timeout", "1", IMAGE, "sleep", "1000000"]);
    let id = docker(&bed, &["inspect", "-f", "{{.Id}}", &name]);
    let values = [format!("name={name}"), format!("image={tag}"), "settle=1s".into(), "patience=20s".into()];
    let said = home.said(&[&["run", "container-rollback", "--yes", "--json"][..], &set(&values)].concat());
    assert_eq!((said.code, said.outcome()), (1, "paused"), "{}", said.all());
    assert!(said.last()["text"].as_str().expect("a text").contains("the old one was put back"), "{}", said.all());
    assert_eq!(docker(&bed, &["inspect", "-f", "{{.Id}} {{.State.Status}}", &name]), format!("{id} running"));
    docker(&bed, &["rmi", &tag]);
}

#[test]
fn what_nobody_can_tell_pauses_until_a_person_has_looked() {
    let Some(bed) = testbed("docker::what_nobody_can_tell_pauses_until_a_person_has_looked", ENGINE) else { return };
    let home = Home::new(Some(&bed));
    let name = format!("rb-doubt-{}", std::process::id());
    let _gone = Containers(&bed, name.clone());
    docker(&bed, &["run", "-d", "--name", &name, "--stop-timeout", "1", IMAGE, "sleep", "1000000"]);
    // Nobody answers there: that is neither well nor broken.
    let values = [
        format!("name={name}"),
        format!("image={OLDER}"),
        "settle=1s".into(),
        "patience=20s".into(),
        "url=http://127.0.0.1:1/".into(),
    ];
    let said = home.said(&[&["run", "container-rollback", "--yes", "--json"][..], &set(&values)].concat());
    assert_eq!((said.code, said.outcome()), (1, "paused"), "{}", said.all());
    let text = said.last()["text"].as_str().expect("a text");
    assert!(text.contains("--choose look-again") && text.contains("--choose accept"), "{text}");
    let wrong = home.said(&["resume", said.run(), "--choose", "was-done", "--json"]);
    assert!(wrong.last()["text"].as_str().expect("a text").contains("is no choice here"), "{}", wrong.all());
    let done = home.said(&["resume", said.run(), "--choose", "accept", "--reason", "it serves nothing", "--json"]);
    assert_eq!((done.code, done.outcome()), (0, "succeeded"), "{}", done.all());
}

#[test]
fn a_container_that_turns_unhealthy_stops_a_run_that_waits() {
    let Some(bed) = testbed("docker::a_container_that_turns_unhealthy_stops_a_run_that_waits", ENGINE) else { return };
    let home = Home::new(Some(&bed));
    let name = format!("rb-health-{}", std::process::id());
    let _gone = Containers(&bed, name.clone());
    let health = ["--health-cmd", "test ! -e /bad", "--health-interval", "1s", "--health-retries", "1"];
    let named = ["run", "-d", "--name", &name, "--stop-timeout", "1"];
    docker(&bed, &[&named[..], &health, &[IMAGE, "sleep", "1000000"]].concat());
    wait_for("a container that is well", || {
        docker(&bed, &["inspect", "-f", "{{.State.Health.Status}}", &name]) == "healthy"
    });
    let stop = format!(
        "on = {{ container = {{ engine = \"docker\", name = \"{name}\" }} }}\nask = {{ docker = \"container\" }}\n\
         when = [{{ path = \"health\", is = \"unhealthy\" }}]"
    );
    home.write("runbooks/wait.toml", &stopped(&home.path().join("acted"), &stop, "100s"));
    let (mut child, mut out) = home.begin(&["run", "wait", "--yes", "--json"]);
    read_until(&mut out, |event| event["step"] == "wait").expect("it comes so far");
    docker(&bed, &["exec", &name, "touch", "/bad"]);
    let last = read_until(&mut out, |event| event["outcome"].is_string()).expect("it ends");
    child.wait().expect("ended");
    assert_eq!(last["outcome"], "paused", "{last}");
    assert!(last["text"].as_str().expect("a text").contains("it is too much"), "{last}");
}

#[test]
fn a_compose_service_is_rolled_back_whole() {
    let Some(bed) = testbed("docker::a_compose_service_is_rolled_back_whole", ENGINE) else { return };
    let home = Home::new(Some(&bed));
    let project = format!("rb-shop-{}", std::process::id());
    let _gone = Containers(&bed, project.clone());
    for number in ["1", "2"] {
        let labels = [format!("com.docker.compose.project={project}"), "com.docker.compose.service=web".into()];
        let labels: Vec<&str> = labels.iter().flat_map(|label| ["--label", label]).collect();
        docker(
            &bed,
            &[
                &["run", "-d", "--stop-timeout", "1", "--name", &format!("{project}-web-{number}")][..],
                &labels,
                &[IMAGE, "sleep", "1000000"],
            ]
            .concat(),
        );
    }
    let values = [
        format!("project={project}"),
        "service=web".into(),
        format!("image={OLDER}"),
        "settle=1s".into(),
        "patience=60s".into(),
    ];
    let said = home.said(&[&["run", "compose-rollback", "--yes", "--json"][..], &set(&values)].concat());
    assert_eq!((said.code, said.outcome()), (0, "succeeded"), "{}", said.all());
    let wanted = docker(&bed, &["image", "inspect", "-f", "{{.Id}}", OLDER]);
    for number in ["1", "2"] {
        let name = format!("{project}-web-{number}");
        assert_eq!(
            docker(&bed, &["inspect", "-f", "{{.Image}} {{.State.Status}}", &name]),
            format!("{wanted} running")
        );
    }
}

/// A small file system of its own, which is gone at the end.
struct Small(tempfile::TempDir);

impl Small {
    fn mounted() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=48m", "tmpfs"]).arg(folder.path()).status();
        mounted.is_ok_and(|status| status.success()).then_some(Self(folder))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_file_system_is_freed_of_what_nothing_uses() {
    const TEST: &str = "docker::a_full_file_system_is_freed_of_what_nothing_uses";
    let Some(bed) = testbed(TEST, ENGINE) else { return };
    let Some(small) = Small::mounted() else {
        return need::not_run(&format!("{TEST}: nothing can be mounted"));
    };
    let filler = small.0.path().join("filler");
    std::fs::write(&filler, vec![1; 40 << 20]).expect("written");
    // An image without a name that nothing uses.
    let tar = small.0.path().join("image.tar");
    std::fs::write(small.0.path().join("content"), std::process::id().to_string()).expect("written");
    assert!(
        Command::new("tar")
            .arg("-cf")
            .arg(&tar)
            .arg("-C")
            .arg(small.0.path())
            .arg("content")
            .status()
            .expect("tar")
            .success()
    );
    let dangling = docker(&bed, &["import", &tar.to_string_lossy()]);
    let home = Home::new(Some(&bed));
    let values = [format!("path={}", small.0.path().display()), "wanted=30MiB".into(), "engine=docker".into()];
    let (mut child, mut out) = home.begin(&[&["run", "disk-full", "--yes", "--json"][..], &set(&values)].concat());
    let seen = crate::bed::read_until(&mut out, |event| event["step"] == "enough" || event["outcome"].is_string());
    assert_eq!(seen.as_ref().map(|event| &event["step"]), Some(&"enough".into()), "{seen:?}");
    // What filled it goes: the run waits for that.
    std::fs::remove_file(&filler).expect("removed");
    let last = crate::bed::read_until(&mut out, |event| event["outcome"].is_string()).expect("it ends");
    child.wait().expect("ended");
    assert_eq!(last["outcome"], "succeeded", "{last}");
    let images = docker(&bed, &["images", "-aq", "--no-trunc"]);
    assert!(!images.contains(&dangling), "it was pruned: {images}");
}

const TAG: &str = r#"
[[step]]
id = "tag"
title = "Name it"
timeout = "30s"
docker = { tag = { image = "testbed/busybox:1.35", name = "{{name}}" } }
no-undo = "a name stays"
"#;

#[test]
fn an_image_is_given_another_name() {
    let Some(bed) = testbed("docker::an_image_is_given_another_name", ENGINE) else { return };
    let home = Home::new(Some(&bed));
    let known = verified(r#"{ docker = { image = { image = "{{name}}" } } }"#, "exists", ["true", "false"]);
    let text =
        head("Name an image", Some("docker"), r#"engine = { engine = "docker" }"#, &[("name", "")]) + TAG + &known;
    home.write("runbooks/name-it.toml", &text);
    let name = format!("localhost:5000/rb-named-{}:kept", std::process::id());
    let said = home.said(&["run", "name-it", "--yes", "--json", "--set", &format!("name={name}")]);
    assert_eq!((said.code, said.outcome()), (0, "succeeded"), "{}", said.all());
    let id = |name: &str| docker(&bed, &["image", "inspect", "-f", "{{.Id}}", name]);
    assert_eq!(id(&name), id(IMAGE));
    docker(&bed, &["rmi", &name]);
}
